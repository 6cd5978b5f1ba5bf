//! The tables of a sweep: `runs.csv`, `runs.jsonl`, `sweep.parquet` and `cells.csv`.
//!
//! # Models      tidy data: axes are columns under their paths; a figure that a run does not have is an empty field
//! # Source      Wickham, "Tidy data", 2014

use crate::Failure;
use crate::experiment::sweep::found::Found;
use crate::experiment::sweep::manifest::RunRecord;
use crate::output::csv::{field, number};
use crate::output::parquet::{Column, Table};
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

/// The same as a table with types: one row per cell and replication, one column per axis and figure; of a cell that could not run
/// one row with its error. An axis whose values are all numbers is a column of numbers, any other one of texts. The manifest of
/// the sweep stands in the file's metadata.
pub fn runs_table(found: &Found) -> Result<Table, Failure> {
    // Each run, or none for a cell that could not run.
    let runs = || {
        found.cells.iter().flat_map(|cell| {
            let failed = cell.record.error.is_some().then_some(None);
            cell.record.replications.iter().map(Some).chain(failed).map(move |run| (&cell.record, run))
        })
    };
    let mut table = Table::default();
    table.push("cell", Column::Whole(runs().map(|(cell, _)| Some(cell.cell as i64)).collect()));
    for (at, axis) in found.manifest.axes.iter().enumerate() {
        let numbers: Option<Vec<f64>> = runs().map(|(cell, _)| cell.values.get(at)?.parse().ok()).collect();
        let texts = || Column::Text(runs().map(|(cell, _)| cell.values.get(at).cloned()).collect());
        table.push(&axis.path, numbers.map_or_else(texts, Column::Number));
    }
    table.push("replication", Column::Whole(runs().map(|(_, run)| Some(i64::from(run?.replication))).collect()));
    table.push("digest", Column::Text(runs().map(|(_, run)| Some(run?.digest.clone())).collect()));
    table.push("error", Column::Text(runs().map(|(cell, _)| cell.error.clone()).collect()));
    for metric in found.metrics() {
        let value = |run: Option<&RunRecord>| run.and_then(|run| run.metrics.get(metric).copied()).unwrap_or(f64::NAN);
        table.push(metric, Column::Number(runs().map(|(_, run)| value(run)).collect()));
    }
    let manifest = serde_json::to_string(&found.manifest)
        .map_err(|error| Failure::new(format!("cannot write what the sweep is: {error}")))?;
    table.about.push(("sim.sweep".into(), manifest));
    Ok(table)
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
