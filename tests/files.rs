//! What a run leaves behind: whole, well-formed, and the same every time.

use crate::room::{Room, names};
use serde_json::Value;
use std::io::Read;

/// Fields that `summary.json` has at least, for the whole.
const FIELDS: &str = "schema scenario seed version digest requests.offered requests.succeeded requests.failed \
    requests.in_flight outcomes availability goodput_per_s latency_ms.mean latency_ms.p50 latency_ms.p90 latency_ms.p95 \
    latency_ms.p99 latency_ms.p999 latency_ms.max endpoints clients queueing_ms groups alarms incidents databases \
    cost_usd.total cost_usd.by_part expectations run.events run.requests_per_wall_s run.wall_s run.peak_rss_mb";

fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, name| value.get(name).unwrap_or_else(|| panic!("no {path}")))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A summary without what is about the run and not about the simulated world.
fn without_run(text: &str) -> Value {
    let mut summary = json(text);
    summary.as_object_mut().unwrap().remove("run");
    summary
}

#[test]
fn a_run_leaves_its_files_and_nothing_else() {
    let room = Room::with_scenario();
    room.sim_expecting(0, "run small.ron");
    assert_eq!(room.names(), ["out", "small.ron"]);
    assert_eq!(names(&room.path("out")), ["small"]);
    let files = names(&room.path("out/small"));
    let written = [
        "architecture.json",
        "latency_map.csv",
        "report.html",
        "scenario.ron",
        "series.csv",
        "summary.json",
        "timeline.jsonl",
    ];
    for file in written {
        assert!(files.iter().any(|name| name == file), "{files:?}");
    }
    let count = |end: &str| files.iter().filter(|name| name.ends_with(end)).count();
    assert!(count(".png") > 0 && count(".png") == count(".svg"), "{files:?}");
    room.sim_expecting(0, "run small.ron --no-plots");
    let files = names(&room.path("out/small"));
    assert_eq!(files, written);
}

#[test]
fn the_scenario_beside_the_results_gives_the_same_run_again() {
    let room = Room::with_scenario();
    let read = |name: &str| json(&room.read(&format!("out/{name}/summary.json")));
    room.sim("run small.ron --no-plots --seed 77 --duration 5m --out out/first");
    room.sim("run out/first/scenario.ron --no-plots --out out/again");
    let (first, again) = (read("first"), read("again"));
    assert_eq!((&first["seed"], &first["duration_s"]), (&77.into(), &300.0.into()));
    assert_eq!(first["digest"], again["digest"]);
    assert_eq!(room.read("out/first/scenario.ron"), room.read("out/again/scenario.ron"));
}

#[test]
fn the_data_that_a_scenario_reads_comes_along() {
    let room = Room::new();
    room.write("points.csv", "timestamp,value\n0,40\n600,95\n");
    room.write(
        "replay.ron",
        r#"Scenario(schema: 1, name: "replay", duration: "20m", metrics: {"load": (csv: "points.csv")},
            alarms: {"hot": (metric: Custom("load"), period: "60s", evaluation_periods: 1, above: 90)})"#,
    );
    room.sim_expecting(0, "run replay.ron --no-plots");
    assert_eq!(room.read("out/replay/scenario.1.csv"), room.read("points.csv"));
    room.sim_expecting(0, "run out/replay/scenario.ron --no-plots --out elsewhere");
    let digest = |folder: &str| json(&room.read(&format!("{folder}/summary.json")))["digest"].clone();
    assert_eq!(digest("out/replay"), digest("elsewhere"));
}

#[test]
fn the_summary_has_every_field() {
    let room = Room::with_scenario();
    let printed = room.sim_expecting(0, "run small.ron --no-plots --format json").stdout;
    assert_eq!(printed, room.read("out/small/summary.json"), "what is printed is what is written");
    let summary = json(&printed);
    for field in FIELDS.split_whitespace() {
        assert!(!at(&summary, field).is_null(), "{field} is null");
    }
    for part in ["endpoints", "clients"] {
        let all = summary[part].as_object().unwrap();
        assert!(!all.is_empty(), "no {part}");
        for (name, traffic) in all {
            for field in ["requests.offered", "outcomes", "availability", "latency_ms.p999"] {
                assert!(!at(traffic, field).is_null(), "{part}.{name}.{field}");
            }
        }
    }
    let queues = summary["queueing_ms"].as_object().unwrap();
    assert!(!queues.is_empty());
    for queue in queues.values() {
        let share = |name: &str| at(queue, name).as_f64().unwrap();
        assert!((0.0..=1.0).contains(&share("probability_of_wait")) && (0.0..=1.0).contains(&share("utilisation")));
    }
    let requests = &summary["requests"];
    let count = |name: &str| requests[name].as_u64().unwrap();
    assert!(count("offered") > 100);
    assert_eq!(count("offered"), count("succeeded") + count("failed") + count("in_flight"));
    let outcomes: u64 = summary["outcomes"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(outcomes, count("succeeded") + count("failed"));
    let digest = summary["digest"].as_str().unwrap();
    assert!(digest.len() == 16 && digest.chars().all(|c| c.is_ascii_hexdigit()), "{digest}");
}

#[test]
fn the_series_is_rectangular() {
    let room = Room::with_scenario();
    room.sim_expecting(0, "run small.ron --no-plots");
    let text = room.read("out/small/series.csv");
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(head[0], "t_s");
    assert!(head.contains(&"offered_per_s [1/s]"), "{head:?}");
    let mut before = f64::NEG_INFINITY;
    let mut rows = 0;
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!(fields.len(), head.len(), "{line}");
        assert!(fields.iter().all(|field| field.is_empty() || field.parse::<f64>().unwrap().is_finite()), "{line}");
        let t_s: f64 = fields[0].parse().unwrap();
        assert!(t_s > before);
        (before, rows) = (t_s, rows + 1);
    }
    assert!(rows > 5, "{rows}");
}

#[test]
fn the_timeline_is_in_order_and_every_cause_came_before() {
    let room = Room::new();
    // One in which an instance is lost and replaced.
    room.sim("run anatomy --no-plots");
    let text = room.read("out/anatomy/timeline.jsonl");
    let mut before = (0, 0.0);
    let mut caused = 0;
    for line in text.lines() {
        let event = json(line);
        let (id, t_s) = (event["id"].as_u64().unwrap(), event["t_s"].as_f64().unwrap());
        assert!(id == before.0 + 1 && t_s >= before.1, "{line}");
        if let Some(cause) = event["cause"].as_u64() {
            assert!((1..id).contains(&cause), "{line}");
            caused += 1;
        }
        before = (id, t_s);
    }
    assert!(caused > 5, "{text}");
}

#[test]
fn the_report_stands_alone() {
    let room = Room::with_scenario();
    room.sim_expecting(0, "run small.ron");
    let report = room.read("out/small/report.html");
    assert!(report.contains("data:image/svg+xml;base64,") && report.contains("</html>"));
    // Links lead to places of the page, and scripts stand in it.
    let links = report.split("href=\"").skip(1);
    assert!(links.clone().count() > 3 && links.clone().all(|link| link.starts_with('#')), "a link leads elsewhere");
    assert!(!report.contains("<script src") && !report.contains("<link") && !report.contains("src=\"http"));
}

#[test]
fn the_same_seed_gives_the_same_files() {
    let room = Room::with_scenario();
    let run = "run small.ron --no-plots";
    room.sim_expecting(0, &format!("{run} --out one"));
    room.sim_expecting(0, &format!("{run} --out two --trace"));
    room.sim_expecting(0, &format!("{run} --out other --seed 987654321"));
    for file in ["series.csv", "timeline.jsonl"] {
        assert_eq!(room.read(&format!("one/{file}")), room.read(&format!("two/{file}")), "{file}");
    }
    let summary = |folder: &str| without_run(&room.read(&format!("{folder}/summary.json")));
    assert_eq!(summary("one"), summary("two"));
    assert_ne!(summary("one")["digest"], summary("other")["digest"]);
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let room = Room::with_scenario();
    let run = "run small.ron --no-plots --duration 6m --replications 5";
    let (one, four) =
        (room.sim(&format!("{run} --threads 1 --out one")), room.sim(&format!("{run} --threads 4 --out four")));
    assert_eq!(one.code, four.code);
    for file in ["replications.json", "replications.csv", "series.csv", "timeline.jsonl"] {
        assert_eq!(room.read(&format!("one/{file}")), room.read(&format!("four/{file}")), "{file}");
    }
    let summary = |folder: &str| without_run(&room.read(&format!("{folder}/summary.json")));
    assert_eq!(summary("one"), summary("four"));

    let aggregate = json(&room.read("one/replications.json"));
    let latency = &aggregate["metrics"]["latency_ms.mean"];
    assert_eq!((&aggregate["replications"], &latency["n"]), (&5.into(), &5.into()));
    let figure = |name: &str| latency[name].as_f64().unwrap();
    assert!(
        figure("min") < figure("mean") && figure("mean") < figure("max") && figure("half_width") > 0.0,
        "{latency}"
    );
    assert_eq!(summary("one")["digest"], aggregate["digests"][0]);
    let rows = room.read("one/replications.csv");
    assert!(rows.starts_with("replication,metric,value\n") && rows.contains("\n4,latency_ms.mean,"), "{rows}");
}

#[test]
fn the_trace_has_every_ended_request() {
    let room = Room::with_scenario();
    room.sim("run small.ron --no-plots --trace --duration 6m --set warm_up=\"0s\"");
    let file = std::fs::File::open(room.path("out/small/trace.csv.gz")).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    assert!(text.starts_with("born_s,ended_s,population,endpoint,attempts,outcome,instance\n"));
    let requests = &json(&room.read("out/small/summary.json"))["requests"];
    let ended = requests["succeeded"].as_u64().unwrap() + requests["failed"].as_u64().unwrap();
    assert_eq!(text.lines().count() as u64 - 1, ended);
    let fields: Vec<&str> = text.lines().nth(1).unwrap().split(',').collect();
    assert_eq!(fields.len(), 7);
    assert!(fields[1].parse::<f64>().unwrap() >= fields[0].parse::<f64>().unwrap());
}

#[test]
fn a_value_can_be_set() {
    let room = Room::with_scenario();
    room.sim("run small.ron --no-plots --set duration=\"7m\" --out set");
    room.sim("run small.ron --no-plots --duration 7m --out short");
    let summary = |folder: &str| without_run(&room.read(&format!("{folder}/summary.json")));
    assert_eq!(summary("set")["duration_s"], 420.0);
    assert_eq!(summary("set"), summary("short"));
}
