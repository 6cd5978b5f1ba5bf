//! Figures are drawn whatever the result holds, and say what a reader needs to know.

mod common;

use models::result::{Column, Incident, Series};
use plots::{Error, Format, Page, Tone, figures, render, render_all, render_replications};

/// A text of an SVG document: where its box is, and what it says.
#[derive(Debug)]
struct Text {
    x: f64,
    y: f64,
    width: f64,
    size: f64,
    anchor: String,
    turned: bool,
    says: String,
}

impl Text {
    fn left(&self) -> f64 {
        match self.anchor.as_str() {
            "start" => self.x,
            "middle" => self.x - self.width / 2.0,
            _ => self.x - self.width,
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        let (a, b) = (self.left(), other.left());
        let beside = a + self.width <= b || b + other.width <= a;
        // From the baseline, a capital reaches up 0.72 em, a descender down 0.2 em.
        let apart = self.y + 0.2 * self.size <= other.y - 0.72 * other.size
            || other.y + 0.2 * other.size <= self.y - 0.72 * self.size;
        !beside && !apart
    }
}

fn texts(svg: &[u8]) -> Vec<Text> {
    let svg = std::str::from_utf8(svg).unwrap();
    let attribute = |tag: &str, name: &str| -> String {
        let from = tag.find(&format!(" {name}=\"")).unwrap_or_else(|| panic!("{name} in {tag}")) + name.len() + 3;
        tag[from..].split('"').next().unwrap().to_owned()
    };
    let number = |tag: &str, name: &str| attribute(tag, name).parse::<f64>().unwrap();
    svg.split("<text")
        .skip(1)
        .map(|rest| {
            let (tag, tail) = rest.split_once('>').unwrap();
            Text {
                x: number(tag, "x"),
                y: number(tag, "y"),
                width: number(tag, "textLength"),
                size: number(tag, "font-size"),
                anchor: attribute(tag, "text-anchor"),
                turned: tag.contains("rotate"),
                says: tail.split("</text>").next().unwrap().replace("&lt;", "<").replace("&amp;", "&"),
            }
        })
        .collect()
}

fn svg(result: &models::result::RunResult, figure: &str) -> Vec<Text> {
    texts(&render(result, figure, Format::Svg, Page::default()).unwrap())
}

fn says(texts: &[Text], what: &str) -> bool {
    texts.iter().any(|text| text.says == what)
}

/// No two texts overlap and none leaves the sheet.
fn assert_tidy(texts: &[Text], name: &str) {
    for (i, a) in texts.iter().enumerate().filter(|(_, text)| !text.turned) {
        assert!(a.left() >= 0.0 && a.left() + a.width <= 1600.0, "{name}: {a:?} leaves the sheet");
        for b in texts[i + 1..].iter().filter(|text| !text.turned) {
            assert!(!a.overlaps(b), "{name}: {a:?} overlaps {b:?}");
        }
    }
}

#[test]
fn a_full_run_has_every_figure_in_both_formats() {
    let files = render_all(&common::spike(), &[Format::Png, Format::Svg]).unwrap();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let kinds = ["overview", "traffic", "latency", "instances", "cpu", "targets", "database", "cost", "reaction"];
    assert_eq!(names, kinds.iter().flat_map(|k| [format!("{k}.png"), format!("{k}.svg")]).collect::<Vec<_>>());
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("plots");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in &files {
        std::fs::write(folder.join(name), bytes).unwrap();
        let magic: &[u8] = if name.ends_with("png") { b"\x89PNG\r\n" } else { b"<svg " };
        assert!(bytes.starts_with(magic), "{name}");
        assert!(bytes.len() < 900_000, "{name} has {} bytes", bytes.len());
    }
}

#[test]
fn the_same_result_gives_the_same_bytes() {
    let result = common::spike();
    for format in [Format::Png, Format::Svg] {
        assert!(
            render(&result, "overview", format, Page::default())
                == render(&result, "overview", format, Page::default())
        );
    }
}

#[test]
fn every_figure_names_its_run_and_its_units() {
    let result = common::spike();
    for name in ["overview", "reaction"] {
        assert!(svg(&result, name)[0].says.starts_with("twitter-spike: "));
    }
    let units = [
        ("traffic", "requests per second (1/s)"),
        ("latency", "latency (ms)"),
        ("instances", "instances (count)"),
        ("cpu", "CPU utilisation (%)"),
        ("targets", "targets (count)"),
        ("database", "connections (count)"),
        ("cost", "cost (USD)"),
        ("overview", "CPU utilisation (%)"),
    ];
    for (name, unit) in units {
        let texts = svg(&result, name);
        assert!(texts[0].says.starts_with("twitter-spike: "), "{name}: {:?}", texts[0]);
        assert!(says(&texts, "seed 42 · replication 0 · sim 0.1.0 · digest 8c7f31d09ab2e456"), "{name}");
        assert!(says(&texts, unit) && says(&texts, "simulated time (h:mm)"), "{name}");
        assert!(says(&texts, "0:00") && says(&texts, "3:00"), "{name}");
    }
}

#[test]
fn legends_name_what_is_drawn() {
    let result = common::spike();
    let entries: [(&str, &[&str]); 5] = [
        ("traffic", &["offered", "succeeded", "failed: client timeout", "failed: database unavailable"]),
        ("latency", &["p50", "p95", "p99"]),
        ("instances", &["desired", "in service", "coming up", "pending", "unhealthy", "terminating"]),
        ("cpu", &["web", "cpu-high 90 %", "cpu-low 30 %", "ALARM", "OK", "newest datapoint"]),
        ("targets", &["healthy in use1-az1", "healthy in use1-az2", "registered in all"]),
    ];
    for (name, labels) in entries {
        let texts = svg(&result, name);
        for label in labels {
            assert!(says(&texts, label), "{name} does not say {label}");
        }
    }
}

#[test]
fn faults_are_named_on_every_figure_and_nothing_overlaps() {
    let result = common::spike();
    for figure in figures(&result).iter().filter(|figure| figure.name != "reaction") {
        let texts = svg(&result, figure.name);
        for label in ["FailPrimary orders", "KillInstance web/i-3", "degradation"] {
            assert!(says(&texts, label), "{}: {label}", figure.name);
        }
        assert_tidy(&texts, figure.name);
    }
}

#[test]
fn the_reaction_to_each_incident_is_told_in_seconds() {
    let texts = svg(&common::spike(), "reaction");
    assert!(says(&texts, "FailPrimary orders at 0:50:00") && says(&texts, "time since the fault (m:ss)"));
    for link in [
        "detected after 12 s",
        "decided after 12 s",
        "acted after 45 s",
        "restored after 46 s",
        "full strength after 20 min 0 s",
    ] {
        assert!(says(&texts, link), "{link}");
    }
    assert_tidy(&texts, "reaction");
}

#[test]
fn many_faults_at_once_stay_legible() {
    let mut result = common::spike();
    let incident = |i: u32| Incident {
        fault: "LoseInstance".into(),
        subject: format!("web/i-{i}"),
        t_s: 3000.0 + f64::from(i * i) * 9.0,
        restored_s: Some(3600.0 + f64::from(i * i) * 9.0),
        ..Incident::default()
    };
    result.summary.incidents = (0..30).map(incident).collect();
    for name in ["traffic", "overview"] {
        let texts = svg(&result, name);
        assert!(texts.iter().filter(|text| text.says.starts_with("LoseInstance")).count() >= 8);
        assert_tidy(&texts, name);
    }
}

#[test]
fn the_zone_of_the_primary_is_named() {
    let texts = svg(&common::spike(), "database");
    assert!(says(&texts, "use1-az1") && says(&texts, "use1-az2"));
    let mut elsewhere = common::spike();
    elsewhere.summary.databases.get_mut("orders").unwrap().primary_zone = "use1-az4".into();
    let texts = svg(&elsewhere, "database");
    assert!(says(&texts, "zone 0") && !says(&texts, "use1-az1"), "a name that does not fit is not guessed");
}

#[test]
fn odd_results_are_drawn_too() {
    let odd = [
        ("zero", common::changed(|_, _| 0.0)),
        ("all NaN", common::changed(|_, _| f64::NAN)),
        ("gaps", common::changed(|row, v| if row % 7 < 2 || row < 100 { f64::NAN } else { v })),
        ("huge", common::changed(|row, v| if row == 500 { 1e300 } else { v })),
        ("infinite", common::changed(|row, v| if row % 3 == 0 { f64::INFINITY } else { v })),
        ("negative", common::changed(|_, v| -v)),
        ("tiny", common::changed(|_, v| v * 1e-300)),
        ("one row", common::cut(1)),
        ("no rows", common::cut(0)),
    ];
    for (name, mut result) in odd {
        for (interval_s, formats) in
            [(10.0, &[Format::Svg, Format::Png][..]), (0.0, &[Format::Svg]), (f64::NAN, &[Format::Svg])]
        {
            result.series.interval_s = interval_s;
            for (file, bytes) in render_all(&result, formats).unwrap() {
                assert!(!bytes.is_empty(), "{name}: {file}");
                if file.ends_with("svg") {
                    assert!(!String::from_utf8(bytes).unwrap().contains("NaN"), "{name}: {file}");
                }
            }
        }
    }
}

#[test]
fn what_is_not_there_is_not_drawn() {
    let empty = common::empty();
    assert!(figures(&empty).is_empty() && render_all(&empty, &[Format::Svg]).unwrap().is_empty());
    assert_eq!(render(&empty, "cost", Format::Png, Page::default()), Err(Error::NothingToShow("cost".into())));
    assert_eq!(render(&empty, "prices", Format::Png, Page::default()), Err(Error::UnknownFigure("prices".into())));
    let mut few = common::spike();
    few.series.columns.retain(|column| column.name.starts_with("latency") || column.name.starts_with("group"));
    let names: Vec<&str> = figures(&few).iter().map(|figure| figure.name).collect();
    assert_eq!(names, ["overview", "latency", "instances", "reaction"]);
}

#[test]
fn sizes_are_kept_or_refused() {
    let result = common::spike();
    for size in [(100, 100), (400, 300), (1280, 720), (3200, 4000)] {
        let png = render(&result, "overview", Format::Png, Page { size: Some(size), ..Page::default() }).unwrap();
        let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        assert_eq!((side(16), side(20)), size);
    }
    for size in [(0, 500), (500, 99), (20_000, 500)] {
        assert_eq!(
            render(&result, "cost", Format::Svg, Page { size: Some(size), ..Page::default() }),
            Err(Error::Size(size.0, size.1))
        );
    }
}

#[test]
fn replications_show_their_mean_and_interval() {
    let one = |k: usize| {
        let values = (0..360)
            .map(|i| 40.0 + sim_core::math::sin(i as f64 / 30.0) * 10.0 + ((i * 31 + k * 17) % 13) as f64)
            .collect();
        Series { interval_s: 10.0, columns: vec![Column { name: "latency_ms.p99".into(), unit: "ms".into(), values }] }
    };
    let series: Vec<Series> = (0..12).map(one).collect();
    let caption = "twitter-spike · seed 42 · 12 replications";
    let texts = texts(&render_replications(&series, "latency_ms.p99", caption, Format::Svg, None).unwrap());
    assert!(
        says(&texts, "mean of 12 replications") && says(&texts, "95 % interval of the mean") && says(&texts, caption)
    );
    assert_tidy(&texts, "replications");
    let png = render_replications(&series, "latency_ms.p99", caption, Format::Png, None).unwrap();
    std::fs::write(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("replications.png"), png).unwrap();
    assert!(render_replications(&series, "none", caption, Format::Svg, None).is_err());
}

#[test]
fn a_dark_page_has_the_same_texts_in_other_colours() {
    let result = common::spike();
    let light = render(&result, "overview", Format::Svg, Page::default()).unwrap();
    let dark = render(&result, "overview", Format::Svg, Page { tone: Tone::Dark, ..Page::default() }).unwrap();
    let words = |svg: &[u8]| texts(svg).into_iter().map(|text| text.says).collect::<Vec<_>>();
    assert_eq!(words(&light), words(&dark));
    let (light, dark) = (String::from_utf8(light).unwrap(), String::from_utf8(dark).unwrap());
    assert!(light.contains("fill=\"#ffffff\"") && light.contains("#22262b"));
    assert!(!dark.contains("#ffffff") && !dark.contains("#22262b"), "nothing of the light page is left");
}
