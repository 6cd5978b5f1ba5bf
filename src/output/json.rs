//! `summary.json`, `timeline.jsonl`, `architecture.json` and `replications.json`: the results as they stand, for machines.
//!
//! # Models      `summary.json` is [`Summary`]; each line of `timeline.jsonl` a [`TimelineEvent`]; `replications.json` an
//!   [`Aggregate`]. A figure that is not finite is `null`

use crate::experiment::Aggregate;
use models::RequestSpans;
use models::result::{Architecture, Summary, TimelineEvent};
use serde::Serialize;

/// `summary.json`.
pub fn summary(summary: &Summary) -> Vec<u8> {
    pretty(summary)
}

/// `timeline.jsonl`: one event a line.
pub fn timeline(events: &[TimelineEvent]) -> Vec<u8> {
    lines(events)
}

/// `spans.jsonl`: one request a line.
pub fn spans(requests: &[RequestSpans]) -> Vec<u8> {
    lines(requests)
}

fn lines(rows: &[impl Serialize]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rows.len() * 160);
    for row in rows {
        // Writing plain data to memory cannot fail.
        let _ = serde_json::to_writer(&mut bytes, row);
        bytes.push(b'\n');
    }
    bytes
}

/// `architecture.json`.
pub fn architecture(architecture: &Architecture) -> Vec<u8> {
    pretty(architecture)
}

/// `replications.json`.
pub fn aggregate(aggregate: &Aggregate) -> Vec<u8> {
    pretty(aggregate)
}

/// Indented, with a line's end at the end.
pub fn pretty(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
