//! The report in a real browser: opened from the disk, looked at, played, zoomed, clicked, filtered, printed.
//!
//! Where there is no Chromium with its driver on the path, the tests say so and do nothing.

mod driver;

use crate::room::Room;
use driver::Browser;
use std::path::PathBuf;

/// A page opened in a browser, and the room that it lies in.
struct Visit {
    browser: Browser,
    report: PathBuf,
    _room: Room,
}

/// Runs a scenario and opens its report; nothing if there is no browser.
fn visit(name: &str, text: Option<&str>) -> Option<Visit> {
    let browser = Browser::open()?;
    let room = Room::new();
    let file = match text {
        Some(text) => {
            room.write(&format!("{name}.ron"), text);
            format!("{name}.ron")
        }
        None => name.to_string(),
    };
    room.sim(&format!("run {file} --no-plots"));
    let report = room.path(&format!("out/{name}/report.html"));
    browser.visit(&report);
    // The charts are drawn last, from the top to the bottom.
    browser.until("return document.querySelectorAll('#chart-list .chart').length > 0");
    Some(Visit { browser, report, _room: room })
}

/// The moment of the replay, set by the scrubber as a hand would.
fn scrub(browser: &Browser, t_s: f64) {
    browser.script(&format!(
        "const range = document.querySelector('.scrub input'); range.value = {t_s}; range.dispatchEvent(new Event('input', {{bubbles: true}}))"
    ));
}

/// How many instances of the diagram are in a state, by its letter.
fn cells(browser: &Browser, letter: char) -> f64 {
    browser.number(&format!("return document.querySelectorAll('.architecture .cell.c-{letter}').length"))
}

fn quiet(browser: &Browser, after: &str) {
    assert_eq!(browser.complaints(), Vec::<String>::new(), "after {after}");
}

#[test]
fn the_report_of_a_spike_can_be_watched_and_searched() {
    let Some(Visit { browser, report, _room }) = visit("twitter-spike", None) else { return };
    let size = std::fs::metadata(&report).unwrap().len();
    assert!(size < 3_000_000, "three hours in {size} bytes");
    quiet(&browser, "opening");
    assert!(browser.text("return document.title").starts_with("twitter-spike"));
    replays(&browser);
    zooms(&browser);
    tells_of_a_thing(&browser);
    filters(&browser);
    quiet(&browser, "use");
    changes_its_colours(&browser);
    prints(&browser);
    is_narrow(&browser);
    quiet(&browser, "all");
}

/// The scrubber moves the diagram through the run: four serve, four come up, sixteen serve; the database changes its roles.
fn replays(browser: &Browser) {
    let roles =
        "return [...document.querySelectorAll('.architecture .role')].map((role) => role.textContent).join('|')";
    scrub(browser, 0.0);
    assert_eq!((cells(browser, 'h'), cells(browser, 'b')), (4.0, 0.0));
    assert_eq!(browser.text(roles), "primary|standby");
    // Scaling out: launched at 0:41:06, in service from 0:43:10 on.
    scrub(browser, 2550.0);
    assert_eq!((cells(browser, 'h'), cells(browser, 'b')), (4.0, 4.0));
    scrub(browser, 4202.0);
    assert!(browser.text(roles).starts_with("primary, down|"), "{}", browser.text(roles));
    scrub(browser, 5000.0);
    assert_eq!(browser.text(roles), "standby, not in sync|primary");
    assert_eq!(cells(browser, 'h'), 16.0);
    assert_eq!(browser.text("return document.querySelector('.clock').textContent"), "1:23:20");
    // Playing goes on from there, and stops when told to.
    browser.click(".play");
    browser.until("return parseFloat(document.querySelector('.scrub input').value) > 5010");
    browser.click(".play");
    let stopped = browser.number("return parseFloat(document.querySelector('.scrub input').value)");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(browser.number("return parseFloat(document.querySelector('.scrub input').value)"), stopped);
}

/// Dragging over one chart zooms all; a double click, or a key, shows the whole run again.
fn zooms(browser: &Browser) {
    let labels = "return [...document.querySelectorAll('#chart-latency .labels text')].map((text) => text.textContent).join(' ')";
    let range = "return document.getElementById('range').textContent";
    let whole = (browser.text(labels), browser.text(range));
    assert_eq!(whole.1, "0:00:00 – 3:00:00");
    browser.drag("#chart-traffic .plot", (300.0, 60.0), 150.0);
    let zoomed = (browser.text(labels), browser.text(range));
    assert!(zoomed.0 != whole.0 && zoomed.1 != whole.1, "{zoomed:?}");
    browser.script("document.querySelector('#chart-latency .plot').focus({preventScroll: true})");
    browser.press("0");
    assert_eq!((browser.text(labels), browser.text(range)), whole);
    // Keys move in time, for those who have no pointer, and what is there is said.
    let before = browser.text("return document.querySelector('.clock').textContent");
    browser.press("\u{e014}");
    assert_ne!(browser.text("return document.querySelector('.clock').textContent"), before);
    browser.until("return document.getElementById('announcer').textContent.includes('median')");
    // A line that is switched off is drawn no more.
    let lines = "return document.querySelectorAll('#chart-latency .plot path.line').length";
    let all = browser.number(lines);
    browser.click("#chart-latency .legend button");
    assert_eq!(browser.number(lines), all - 1.0);
}

/// A click on the database opens what is to be said of it, and a click on one of its events goes to that moment.
fn tells_of_a_thing(browser: &Browser) {
    let title = "return document.querySelector('#panel h3').textContent";
    assert_eq!(browser.text(title), "The whole run");
    scrub(browser, 4300.0);
    browser.click("[data-id='databases.orders'] .part-name");
    assert_eq!(browser.text(title), "orders");
    let panel = browser.text("return document.getElementById('panel').textContent");
    assert!(panel.contains("failover completed") && panel.contains("Multi-AZ"), "{panel}");
    browser.click("#panel .story button");
    assert!(browser.text("return document.querySelector('.clock').textContent").starts_with("1:10:"));
    browser.click("#panel .close");
    assert_eq!(browser.text(title), "The whole run");
    // By key as well.
    browser.script("document.querySelector(\"[data-id='fleets.web']\").focus({preventScroll: true})");
    browser.press("\u{e007}");
    assert_eq!(browser.text(title), "web");
}

/// A word reduces the list of events to those that have it.
fn filters(browser: &Browser) {
    let rows = "return document.querySelectorAll('#event-list tbody tr').length";
    let all = browser.number(rows);
    browser.click("#event-filter");
    browser.press("failover");
    let found = browser.number(rows);
    assert!(found > 0.0 && found < all, "{found} of {all}");
    let others = "return [...document.querySelectorAll('#event-list tbody tr')].filter((row) => !/failover/i.test(row.textContent)).length";
    assert_eq!(browser.number(others), 0.0);
}

fn changes_its_colours(browser: &Browser) {
    let background = "return getComputedStyle(document.body).backgroundColor";
    browser.prefer("prefers-color-scheme", "light");
    let light = browser.text(background);
    browser.prefer("prefers-color-scheme", "dark");
    assert_ne!(browser.text(background), light);
    browser.prefer("prefers-color-scheme", "light");
}

/// A PDF of several pages comes out, whatever the reader's colours.
fn prints(browser: &Browser) {
    let pdf = browser.print();
    assert!(pdf.starts_with("JVBERi0") && pdf.len() > 50_000, "{} characters of PDF", pdf.len());
}

/// On a telephone the page is as wide as the screen; what is wider scrolls by itself.
fn is_narrow(browser: &Browser) {
    browser.resize(400, 800);
    let wider = "return document.documentElement.scrollWidth";
    browser.until(&format!("{wider} <= 400"));
}

/// Everything that a scenario can name is text, and an architecture without traffic or regions has its report too.
#[test]
fn names_stay_text_and_a_run_without_traffic_has_a_report() {
    let text = r#"Scenario(schema: 1, name: "quiet", description: "<script>alert(1)</script>", duration: "10m",
        launch_templates: { "<img src=x onerror=alert(2)>": (instance_type: "m5.large") },
        auto_scaling_groups: { "</script><b>web": (launch_template: "<img src=x onerror=alert(2)>", min_size: 2, max_size: 4) },
        operations: [At("5m", SetDesiredCapacity("</script><b>web", 4))])"#;
    let Some(Visit { browser, .. }) = visit("quiet", Some(text)) else { return };
    quiet(&browser, "opening");
    assert_eq!(browser.text("return document.querySelector('.what').textContent"), "<script>alert(1)</script>");
    assert_eq!(browser.number("return document.querySelectorAll('main b b, main script, main img').length"), 0.0);
    assert_eq!(cells(&browser, 'h'), 2.0);
    scrub(&browser, 600.0);
    assert_eq!(cells(&browser, 'h'), 4.0);
    let name = browser.text("return document.querySelector('.architecture .part-name title').textContent");
    assert_eq!(name, "</script><b>web");
    quiet(&browser, "use");
}

/// Without scripts there are the same figures, and the plots.
#[test]
fn the_report_is_whole_without_scripts() {
    let Some(browser) = Browser::open() else { return };
    let room = Room::with_scenario();
    room.sim("run small.ron");
    browser.without_scripts();
    browser.visit(&room.path("out/small/report.html"));
    let height = |selector: &str| {
        let found = browser.number(&format!("return document.querySelectorAll('{selector}').length"));
        assert!(found > 0.0, "no {selector}");
        browser.number(&format!("return document.querySelector('{selector}').getBoundingClientRect().height"))
    };
    assert!(height(".verdict") > 20.0 && height("#machinery table") > 20.0 && height("#events table") > 20.0);
    assert!(height("noscript img") > 100.0);
    assert_eq!(height("#replay"), 0.0);
}
