//! A trace for ui.perfetto.dev and chrome://tracing: the control plane, the load, and a sample of requests on one time axis.
//!
//! ```text
//!  process "control plane"   a track per subject: entries of the timeline; faults and alarms as long as they lasted
//!  process "figures"         counters: load, latency, groups
//!  process "requests"        a track per request and lane, its parts inside each other
//! ```
//! # Models      times in microseconds of simulated time; an entry's id, detail and cause among its arguments, so that a
//!   search for `id 17` leads from an effect to its cause
//! # Source      "Trace Event Format" (the JSON form of Chrome's traces): phases M, X, i and C

use models::RequestSpans;
use models::result::{EventKind, RunResult, TimelineEvent};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const CONTROL: u32 = 1;
const FIGURES: u32 = 2;
const REQUESTS: u32 = 3;

/// Columns that are drawn as counters, by how their names begin.
const COUNTERS: [&str; 8] = [
    "offered_per_s",
    "succeeded_per_s",
    "failed_per_s",
    "latency_ms.",
    "in_flight",
    "group.",
    "cpu_percent.",
    "waiting.",
];

/// Lanes of a request beyond this share the last one.
const MOST_LANES: u32 = 64;

/// The document: an object with one array of events, one event a line.
pub fn text(result: &RunResult, spans: &[RequestSpans]) -> String {
    let mut events = Vec::new();
    for (process, name) in [(CONTROL, "control plane"), (FIGURES, "figures"), (REQUESTS, "requests")] {
        events.push(json!({"ph": "M", "name": "process_name", "pid": process, "args": {"name": name}}));
        events.push(json!({"ph": "M", "name": "process_sort_index", "pid": process, "args": {"sort_index": process}}));
    }
    control(&mut events, result);
    figures(&mut events, result);
    for request in spans {
        requests(&mut events, request);
    }
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    format!("{{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n{}\n]}}\n", lines.join(",\n"))
}

/// A track for each subject, in the order of its first entry.
fn control(events: &mut Vec<Value>, result: &RunResult) {
    let mut tracks: BTreeMap<&str, u32> = BTreeMap::new();
    for entry in &result.timeline {
        let known = tracks.len() as u32 + 1;
        let track = *tracks.entry(&entry.subject).or_insert_with(|| {
            events.push(track_name(CONTROL, known, &entry.subject));
            known
        });
        let name = serde_json::to_value(entry.kind).ok().and_then(|kind| Some(kind.as_str()?.replace('_', " ")));
        let (name, lasted) = match (entry.kind, ended(result, entry)) {
            (EventKind::FaultStarted, end) => (Some(format!("fault: {}", entry.detail)), Some(end)),
            (EventKind::AlarmState, end) if entry.detail.contains("→ ALARM") => {
                (Some("ALARM".to_string()), Some(end))
            }
            _ => (name, None),
        };
        let mut event = json!({
            "name": name, "cat": "control plane", "pid": CONTROL, "tid": track, "ts": micros(entry.t_s),
            "args": {"id": entry.id, "detail": entry.detail, "cause": entry.cause},
        });
        match lasted {
            Some(end) => {
                event["ph"] = json!("X");
                event["dur"] = json!(micros(end) - micros(entry.t_s));
            }
            None => {
                event["ph"] = json!("i");
                event["s"] = json!("t");
            }
        }
        events.push(event);
    }
}

/// When what an entry began was over: a fault by the entry that names it as its cause, an alarm by its next change.
fn ended(result: &RunResult, entry: &TimelineEvent) -> f64 {
    let later = || result.timeline.iter().filter(|later| later.id > entry.id);
    let end = match entry.kind {
        EventKind::FaultStarted => {
            later().find(|later| later.kind == EventKind::FaultEnded && later.cause == Some(entry.id))
        }
        _ => later().find(|later| later.kind == entry.kind && later.subject == entry.subject),
    };
    end.map_or(result.summary.duration_s, |end| end.t_s).max(entry.t_s)
}

fn figures(events: &mut Vec<Value>, result: &RunResult) {
    let wanted = |name: &str| COUNTERS.iter().any(|begin| name.starts_with(begin));
    for column in result.series.columns.iter().filter(|column| wanted(&column.name)) {
        let unit = Some(&column.unit).filter(|unit| *unit != "1").map_or(String::new(), |unit| format!(" [{unit}]"));
        let name = format!("{}{unit}", column.name);
        let values = column.values.iter().enumerate().filter(|(_, value)| value.is_finite());
        events.extend(values.map(|(row, value)| {
            let ts = micros(row as f64 * result.series.interval_s);
            json!({"ph": "C", "name": name, "pid": FIGURES, "ts": ts, "args": {"value": value}})
        }));
    }
}

fn requests(events: &mut Vec<Value>, request: &RequestSpans) {
    let mut named = Vec::new();
    for span in &request.spans {
        let lane = span.lane.min(MOST_LANES - 1);
        let track = request.id * MOST_LANES + lane;
        if !named.contains(&lane) {
            named.push(lane);
            let of = format!("{} {}", request.endpoint, request.id);
            events.push(track_name(REQUESTS, track, &if lane == 0 { of } else { format!("{of}, beside") }));
        }
        let name = if span.at.is_empty() { span.what.clone() } else { format!("{} · {}", span.what, span.at) };
        events.push(json!({
            "ph": "X", "name": name, "cat": "request", "pid": REQUESTS, "tid": track,
            "ts": micros(span.from_s), "dur": micros(span.to_s) - micros(span.from_s),
            "args": {"client": request.client, "outcome": request.outcome},
        }));
    }
}

fn track_name(process: u32, track: u32, name: &str) -> Value {
    json!({"ph": "M", "name": "thread_name", "pid": process, "tid": track, "args": {"name": name}})
}

/// Microseconds, to the nanosecond.
fn micros(seconds: f64) -> f64 {
    (seconds * 1e9).round() / 1e3
}
