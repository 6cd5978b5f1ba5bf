//! `report.html`: one file that opens from the disk, without a network, and tells what broke, when the system knew, what it
//! did, how long each step took, what users lost and what it cost.
//!
//! ```text
//!  result ─► head · incidents · users · machinery · scenario ──(HTML, readable as it is)──┐
//!        └─► data (JSON) ─► assets/*.js: diagram that replays, charts, lists ─────────────┼─► report.html
//!  plots ──► pictures for those without scripts ──────────────────────────────────────────┘
//! ```
//! # Models      text first: everything that scripts draw is there without them, as text, tables or pictures. The scripts are
//!   plain JavaScript and SVG of our own, embedded as they stand: a diagram that replays a run is none of the charts that
//!   libraries have, and what is left (lines, stacks, lanes over one axis) is shorter than what a library would weigh
//! # Leaves out  anything from elsewhere: the policy in the head allows these very scripts and styles, by their hash

mod data;
mod head;
mod lives;
mod scenario;
mod sections;

use super::{headline, html};
use crate::experiment::Experiment;
use html::escape;
use models::Outcome;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What it looks like, beyond what all pages do.
const STYLE: &str = include_str!("assets/style.css");

/// What moves it, in the order in which one builds upon the other.
const SCRIPTS: [&str; 12] = [
    include_str!("assets/data.js"),
    include_str!("assets/view.js"),
    include_str!("assets/charts.js"),
    include_str!("assets/figures.js"),
    include_str!("assets/heat.js"),
    include_str!("assets/layout.js"),
    include_str!("assets/diagram.js"),
    include_str!("assets/player.js"),
    include_str!("assets/gantt.js"),
    include_str!("assets/events.js"),
    include_str!("assets/panel.js"),
    include_str!("assets/main.js"),
];

/// The report. `plots` are files by name, of which the SVG are shown where scripts do not run, or the PNG of those that have
/// no SVG; `scenario` is the text that was run, if it is known.
pub fn html(experiment: &Experiment, plots: &[(String, Vec<u8>)], scenario: Option<&str>) -> String {
    let result = &experiment.first;
    let mut body = String::new();
    navigation(&mut body, experiment);
    let _ = writeln!(body, "<main>");
    head::head(&mut body, experiment);
    stage(&mut body, result.architecture.fleets.is_empty() && result.architecture.stores.is_empty());
    sections::reactions(&mut body, &result.summary);
    charts(&mut body, plots, data::thinned(&result.series));
    sections::estimates(&mut body, experiment);
    sections::users(&mut body, experiment);
    sections::timeline(&mut body, result);
    sections::machinery(&mut body, result);
    scenario::provenance(&mut body, experiment, scenario);
    let _ = writeln!(body, "</main>");
    let causes: BTreeMap<&str, &str> =
        Outcome::ALL.iter().map(|outcome| (outcome.name(), headline::meaning(outcome.name()))).collect();
    for (id, value) in [("data", data::data(result)), ("causes", serde_json::json!(causes))] {
        let _ = writeln!(body, "<script type=\"application/json\" id=\"{id}\">{}</script>", data::embedded(&value));
    }
    // One scope of its own, so that the parts see each other and nothing else sees them.
    let script = format!("\"use strict\";\n(() => {{\n{}\n}})();\n", SCRIPTS.join("\n"));
    html::scripted(&result.summary.scenario, STYLE, &body, &script)
}

fn navigation(body: &mut String, experiment: &Experiment) {
    let result = &experiment.first;
    let summary = &result.summary;
    let links = [
        ("replay", "Replay", true),
        ("incidents", "Incidents", !summary.incidents.is_empty()),
        ("charts", "Charts", true),
        ("users", "Users", !summary.clients.is_empty()),
        ("events", "Events", !result.timeline.is_empty()),
        ("machinery", "Machinery", true),
        ("scenario", "Scenario", true),
    ];
    let _ = write!(body, "<nav class=\"top\" aria-label=\"Sections\"><b>{}</b>", escape(&summary.scenario));
    for (id, word, _) in links.iter().filter(|link| link.2) {
        let _ = write!(body, "<a href=\"#{id}\">{word}</a>");
    }
    let _ = writeln!(body, "</nav>");
}

/// Where the script puts the diagram, the player and what is told of a thing.
fn stage(body: &mut String, bare: bool) {
    let _ = writeln!(
        body,
        "<section id=\"replay\" class=\"needs-script\"><h2>Replay</h2>\n<p class=\"lede\">The run as it went. Play it, drag along the time, or click \
         a thing to see what became of it. Incidents are played slowly.</p>\n<div class=\"stage\"><div class=\"theatre\">{}\
         <p id=\"ticker\"></p>\n<div id=\"player\"></div></div>\n<aside id=\"panel\" aria-label=\"The chosen thing\"></aside></div>\n\
         <p id=\"announcer\" class=\"hidden-text\" aria-live=\"polite\"></p></section>",
        if bare { "" } else { "<div id=\"diagram\"></div>\n<div id=\"key\" class=\"key\"></div>\n" }
    );
}

/// Where the script puts the charts; the plots, where there is none.
fn charts(body: &mut String, plots: &[(String, Vec<u8>)], thinned: usize) {
    let _ = writeln!(
        body,
        "<section id=\"charts\"><h2>Charts</h2>\n<div class=\"needs-script\"><p class=\"lede\">One time axis for all. Drag to zoom, double-click for the \
         whole run, click to go to that moment. Shaded: users felt something. Dashed: a fault struck.</p>\n\
         <p id=\"keys\" class=\"hidden-text\">Arrow keys move in time, with shift further; plus and minus zoom; 0 shows the whole run.</p>\n\
         <div class=\"tools\"><span id=\"range\"></span><button type=\"button\" class=\"quiet\" id=\"zoom-in\">Zoom in</button>\
         <button type=\"button\" class=\"quiet\" id=\"zoom-out\">Zoom out</button><button type=\"button\" class=\"quiet\" id=\"zoom-all\">Whole run</button></div>\n\
         <div id=\"chart-list\"></div></div>"
    );
    if thinned > 1 {
        let _ = writeln!(
            body,
            "<p class=\"dim needs-script\">A point stands for {thinned} rows of <code>series.csv</code>: rates by their mean, latencies by their worst.</p>"
        );
    }
    let mut pictures = String::new();
    html::figures(&mut pictures, plots, |_| true);
    if !pictures.is_empty() {
        let _ = writeln!(body, "<noscript>{pictures}</noscript>");
    }
    let _ = writeln!(body, "</section>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::sample;

    fn report() -> String {
        let mut first = sample::result();
        first.summary.incidents[0].subject = "<script>alert(1)</script>".into();
        first.timeline[2].detail = "<img src=x onerror=alert(1)></script>".into();
        first.summary.warnings.push("<i>unwise</i>".into());
        first.architecture.fleets[0].name = "</script><script>alert(2)</script>".into();
        let experiment = Experiment { first, replications: vec![], aggregate: None, requests: 1, wall_s: 1.0 };
        let plots = [("latency.png", "P"), ("latency.svg", "<svg/>"), ("map.png", "M")]
            .map(|(name, bytes)| (name.to_string(), bytes.as_bytes().to_vec()));
        html(&experiment, &plots, Some("Scenario(name: \"<script>alert(3)</script>\")"))
    }

    #[test]
    fn nothing_from_a_scenario_becomes_markup() {
        let text = report();
        for bad in ["<script>alert", "<img src=x", "<i>", "sample <b>"] {
            assert!(!text.contains(bad), "{bad}");
        }
        assert!(text.contains("sample &lt;b&gt;&amp;&quot;"));
        // The data, what failures are called, and the page's own: no more elements can run or hold data.
        assert_eq!((text.matches("<script").count(), text.matches("</script>").count()), (3, 3));
    }

    #[test]
    fn each_plot_is_inside_once_and_nothing_is_fetched() {
        let text = report();
        assert_eq!(text.matches("<img").count(), 2);
        assert!(text.contains("data:image/svg+xml;base64,PHN2Zy8+") && text.contains("data:image/png;base64,TQ=="));
        // The one address is the name of SVG.
        assert!(!text.replace("http://www.w3.org/2000/svg", "").contains("://"));
    }

    #[test]
    fn the_policy_allows_these_scripts_and_styles_and_nothing_else() {
        let text = report();
        let policy = text.split("content=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
        let inside = |open: &str, close: &str| {
            let from = text.rfind(open).unwrap() + open.len();
            &text[from..from + text[from..].find(close).unwrap()]
        };
        for (directive, content) in
            [("script-src", inside("<script>", "</script>")), ("style-src", inside("<style>", "</style>"))]
        {
            assert!(policy.contains(&format!("{directive} '{}'", html::digest(content))), "{directive} in {policy}");
        }
    }
}
