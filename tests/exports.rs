//! What other tools are given: spans of requests, traces, OpenMetrics, long tables.

use crate::room::Room;
use models::RequestSpans;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use serde_json::Value;

/// Two services, a store and branches, so that spans lie inside each other and beside each other.
const NESTED: &str = r#"Scenario(
    schema: 1,
    name: "nested",
    duration: "2m",
    regions: { "us-east-1": (zones: ["use1-az1", "use1-az2"]) },
    clients: { "users": (to: "www", arrivals: Poisson("15/s"), timeout: "300ms",
                         retry: Backoff(attempts: 3, base: "50ms", jitter: None)) },
    load_balancers: { "www": Application(forward_to: "web") },
    target_groups: { "web": () },
    launch_templates: { "any": (instance_type: "m5.large") },
    auto_scaling_groups: {
        "web": (launch_template: "any", target_groups: ["web"], min_size: 2, max_size: 2),
        "back": (launch_template: "any", min_size: 2, max_size: 2),
    },
    databases: { "db": Rds(instance_class: "db.m5.large") },
    services: {
        "web": (runs_on: "web", endpoints: { "page": (steps: [
            Compute(Exp(mean: "5ms")),
            Parallel([[Call("back", "item")], [Query("db", Read, Exp(mean: "4ms"))]]),
        ]) }),
        "back": (runs_on: "back", endpoints: { "item": (steps: [Compute(Exp(mean: "60ms"))]) }),
    },
)"#;

fn spans(room: &Room, folder: &str) -> Vec<RequestSpans> {
    let text = room.read(&format!("{folder}/spans.jsonl"));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn run_nested() -> (Room, Vec<RequestSpans>) {
    let room = Room::new();
    room.write("nested.ron", NESTED);
    room.sim_expecting(0, "run nested.ron --no-plots --spans 60");
    let spans = spans(&room, "out/nested");
    (room, spans)
}

#[test]
fn spans_are_as_many_as_asked_for_and_spread_over_the_run() {
    let (_room, requests) = run_nested();
    assert_eq!(requests.len(), 60);
    let ids: Vec<u32> = requests.iter().map(|request| request.id).collect();
    assert_eq!(ids, (1..=60).collect::<Vec<_>>());
    for (index, request) in requests.iter().enumerate() {
        // One in two seconds, the first request after its turn: fifteen a second come.
        let from_s = request.spans[0].from_s;
        assert!((from_s - 2.0 * index as f64).abs() < 4.0, "{index}: {from_s}");
        assert_eq!((request.client.as_str(), request.endpoint.as_str()), ("users", "web.page"));
    }
}

#[test]
fn spans_of_a_lane_lie_inside_each_other_or_apart() {
    let (_room, requests) = run_nested();
    for request in &requests {
        let whole = &request.spans[0];
        for (index, a) in request.spans.iter().enumerate() {
            assert!(a.from_s <= a.to_s && whole.from_s <= a.from_s && a.to_s <= whole.to_s, "{request:#?}");
            for b in request.spans[index + 1..].iter().filter(|b| b.lane == a.lane) {
                let inside = a.from_s <= b.from_s && b.to_s <= a.to_s;
                assert!(inside || b.from_s >= a.to_s, "{a:?} {b:?}");
            }
        }
    }
    let beside = requests.iter().filter(|request| request.spans.iter().any(|span| span.lane > 0)).count();
    assert!(beside > 50, "branches have lanes of their own: {beside}");
}

#[test]
fn an_attempt_is_its_way_its_work_and_its_answer_without_a_gap() {
    let (_room, requests) = run_nested();
    let mut looked_at = 0;
    for request in requests.iter().filter(|request| request.outcome.as_deref() == Some("ok")) {
        let of = |what: &str| request.spans.iter().find(|span| span.lane == 0 && span.what == what);
        if of("attempt 2").is_some() {
            continue;
        }
        let (attempt, sending, work) = (of("attempt 1").unwrap(), of("sending").unwrap(), of("work").unwrap());
        let back = request.spans.iter().rfind(|span| span.lane == 0 && span.what == "answer on its way").unwrap();
        assert_eq!((attempt.from_s, sending.to_s), (sending.from_s, work.from_s));
        assert_eq!((work.to_s, back.to_s), (back.from_s, attempt.to_s));
        assert!(work.at.starts_with("web/"), "{}", work.at);
        looked_at += 1;
    }
    assert!(looked_at > 30, "{looked_at}");
}

#[test]
fn a_request_that_is_retried_has_its_attempts_and_the_waits_between_them() {
    let (_room, requests) = run_nested();
    let retried: Vec<_> =
        requests.iter().filter(|request| request.spans.iter().any(|span| span.what == "attempt 2")).collect();
    // A twentieth of the calls take longer than 180 ms, so that with the rest some go over the 300 ms.
    for request in &retried {
        let at = |what: &str| request.spans.iter().find(|span| span.what == what).unwrap();
        let (first, wait, second) = (at("attempt 1"), at("backoff"), at("attempt 2"));
        assert_eq!(first.at, "timed_out");
        assert_eq!((first.to_s, wait.to_s), (wait.from_s, second.from_s));
        assert!((first.to_s - first.from_s - 0.3).abs() < 1e-9, "{first:?}");
    }
    let room = Room::new();
    room.write("nested.ron", NESTED);
    room.sim("run nested.ron --no-plots --spans 60 --set clients.users.timeout=60ms");
    let tight = spans(&room, "out/nested");
    let retried = tight.iter().filter(|request| request.spans.iter().any(|span| span.what == "attempt 2")).count();
    assert!(retried > 10, "{retried}");
    let for_nobody = tight.iter().flat_map(|request| &request.spans).filter(|span| span.what == "work for nobody");
    assert!(for_nobody.count() > 10, "servers do not know that nobody waits any more");
}

#[test]
fn following_requests_changes_nothing() {
    let (room, _) = run_nested();
    room.sim_expecting(0, "run nested.ron --no-plots --out plain");
    let digest = |folder: &str| {
        let summary: Value = serde_json::from_str(&room.read(&format!("{folder}/summary.json"))).unwrap();
        summary["digest"].as_str().unwrap().to_string()
    };
    assert_eq!(digest("out/nested"), digest("plain"));
    assert!(!room.path("plain/spans.jsonl").exists());
}

#[test]
fn a_perfetto_trace_has_the_timeline_the_figures_and_the_requests() {
    let (room, requests) = run_nested();
    room.sim_expecting(0, "export out/nested --to perfetto trace.json");
    let trace: Value = serde_json::from_str(&room.read("trace.json")).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let count = |process: u64, phase: &str| {
        events.iter().filter(|event| event["pid"] == process && event["ph"] == phase).count()
    };
    let timeline = room.read("out/nested/timeline.jsonl").lines().count();
    assert_eq!(count(1, "i") + count(1, "X"), timeline);
    assert!(count(2, "C") > 100);
    assert_eq!(count(3, "X"), requests.iter().map(|request| request.spans.len()).sum::<usize>());
    for event in events.iter().filter(|event| event["ph"] == "X") {
        assert!(event["dur"].as_f64().unwrap() >= 0.0 && event["name"].is_string(), "{event}");
    }
}

#[test]
fn open_metrics_and_long_tables_go_to_standard_output() {
    let (room, _) = run_nested();
    let text = room.sim_expecting(0, "export out/nested --to openmetrics --starts-at 1767225600").stdout;
    assert!(text.ends_with("# EOF\n"));
    let sample = text.lines().find(|line| line.starts_with("sim_group_desired{")).unwrap();
    assert_eq!(sample, "sim_group_desired{scenario=\"nested\",group=\"web\"} 2 1767225600");
    // Each family once, and every sample under its own.
    let mut family = "";
    let mut seen = Vec::new();
    for line in text.lines().filter(|line| *line != "# EOF") {
        match line.strip_prefix("# TYPE ") {
            Some(rest) => {
                family = rest.strip_suffix(" gauge").unwrap();
                assert!(!seen.contains(&family), "{family}");
                seen.push(family);
            }
            None => assert_eq!(line.split('{').next(), Some(family)),
        }
    }
    let rows = room.sim_expecting(0, "export out/nested --to csv").stdout;
    assert!(rows.starts_with("t_s,series,unit,value\n0,offered_per_s,1/s,"), "{rows:.80}");
}

#[test]
fn pictures_and_the_report_are_those_of_the_run_again() {
    let room = Room::with_scenario();
    room.sim_expecting(0, "run small.ron");
    let written = room.sim_expecting(0, "plot out/small --only overview,latency --out again").stdout;
    assert_eq!(written.lines().count(), 4, "{written}");
    for name in ["overview.png", "overview.svg", "latency.png", "latency.svg"] {
        let read = |folder: &str| std::fs::read(room.path(&format!("{folder}/{name}"))).unwrap();
        assert!(read("out/small") == read("again"), "{name}");
    }
    room.sim_expecting(0, "report out/small again.html");
    assert!(room.read("out/small/report.html") == room.read("again.html"));
    room.sim("plot out/small --only metrics").refused(&["nothing to show in `metrics`", "it has overview"]);
    room.sim_expecting(0, "run small.ron --no-plots --replications 2 --out two");
    room.sim("report two").refused(&["several replications"]);
}

#[test]
fn a_parquet_file_has_the_columns_of_the_series() {
    let (room, _) = run_nested();
    room.sim_expecting(0, "export out/nested --to parquet series.parquet");
    let file = std::fs::File::open(room.path("series.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let head = room.read("out/nested/series.csv").lines().next().unwrap().to_string();
    let named = reader.metadata().file_metadata().schema().get_fields().len();
    assert_eq!(named, head.split(',').count());
    let rows = room.read("out/nested/series.csv").lines().count() - 1;
    assert_eq!(reader.get_row_iter(None).unwrap().count(), rows);
    let first = reader.get_row_iter(None).unwrap().next().unwrap().unwrap();
    assert_eq!((first.get_column_iter().next().unwrap().0.as_str(), first.get_double(0).unwrap()), ("t_s", 0.0));
}

#[test]
fn what_is_no_folder_of_results_is_refused() {
    let room = Room::new();
    room.sim("export nothing --to csv").refused(&["nothing", "help"]);
    let (room, _) = run_nested();
    room.write("out/nested/spans.jsonl", "{\n");
    room.sim("export out/nested --to perfetto").refused(&["spans.jsonl:1"]);
    room.sim("export out/nested --to csv out").refused(&["out", "folder"]);
}
