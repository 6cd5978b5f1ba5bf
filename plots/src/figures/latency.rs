//! Latency percentiles of succeeded requests over time.

use crate::sheet::{Curve, Panel};
use crate::theme::{BLUE, MUTED, ORANGE, RED};
use models::result::RunResult;

/// One panel, or none without latencies.
pub(crate) fn panels(result: &RunResult) -> Vec<Panel<'_>> {
    let mut panel = Panel { may_be_log: true, ..Panel::new("", "latency (ms)") };
    let known = [("p99", RED), ("p95", ORANGE), ("p50", BLUE)];
    for (name, colour) in known {
        if let Some(column) = result.series.get(&format!("latency_ms.{name}")) {
            panel.curves.push(Curve::new(name, colour, &column.values));
        }
    }
    if panel.curves.is_empty()
        && let Some(column) = result.series.get("latency_ms.mean")
    {
        panel.curves.push(Curve::new("mean", MUTED, &column.values));
    }
    if panel.curves.is_empty() { Vec::new() } else { vec![panel] }
}
