//! The tables of a sweep: `runs.csv`, `runs.jsonl` and `cells.csv`.
//!
//! # Models      tidy data: axes are columns under their paths; a figure that a run does not have is an empty field
//! # Source      Wickham, "Tidy data", 2014

use crate::experiment::sweep::found::Found;
use crate::output::csv::{field, number};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// One row per cell and replication, one column per figure.
pub fn runs_csv(found: &Found) -> String {
    let metrics = found.metrics();
    let mut text = String::from("cell");
    for axis in &found.manifest.axes {
        let _ = write!(text, ",{}", field(&axis.path));
    }
    text.push_str(",replication,digest");
    for metric in &metrics {
        let _ = write!(text, ",{}", field(metric));
    }
    text.push('\n');
    for cell in &found.cells {
        for run in &cell.record.replications {
            let _ = write!(text, "{}", cell.record.cell);
            for value in &cell.record.values {
                let _ = write!(text, ",{}", field(value));
            }
            let _ = write!(text, ",{},{}", run.replication, field(&run.digest));
            for metric in &metrics {
                text.push(',');
                number(&mut text, run.metrics.get(*metric).copied().unwrap_or(f64::NAN));
            }
            text.push('\n');
        }
    }
    text
}

/// One object per cell and replication; of a cell that could not run, one with its error.
pub fn runs_jsonl(found: &Found) -> String {
    let mut text = String::new();
    for cell in &found.cells {
        let axes: Map<String, Value> = found
            .manifest
            .axes
            .iter()
            .zip(&cell.record.values)
            .map(|(axis, value)| (axis.path.clone(), value.clone().into()))
            .collect();
        if let Some(error) = &cell.record.error {
            let _ = writeln!(text, "{}", json!({ "cell": cell.record.cell, "axes": axes, "error": error }));
        }
        for run in &cell.record.replications {
            let row = json!({
                "cell": cell.record.cell, "axes": axes, "replication": run.replication, "digest": run.digest,
                "metrics": run.metrics, "expectations": run.expectations,
            });
            let _ = writeln!(text, "{row}");
        }
    }
    text
}

/// One row per cell and figure: its mean with half the width of its 95 % interval.
pub fn cells_csv(found: &Found) -> String {
    let mut text = String::from("cell");
    for axis in &found.manifest.axes {
        let _ = write!(text, ",{}", field(&axis.path));
    }
    text.push_str(",metric,mean,half_width_95,min,max,n\n");
    for cell in &found.cells {
        let mut head = cell.record.cell.to_string();
        for value in &cell.record.values {
            let _ = write!(head, ",{}", field(value));
        }
        for (metric, estimate) in &cell.estimates {
            let _ = write!(text, "{head},{}", field(metric));
            for x in [estimate.mean, estimate.half_width.unwrap_or(f64::NAN), estimate.min, estimate.max] {
                text.push(',');
                number(&mut text, x);
            }
            let _ = writeln!(text, ",{}", estimate.n);
        }
    }
    text
}
