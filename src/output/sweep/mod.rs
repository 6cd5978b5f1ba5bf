//! What a sweep leaves behind: tables for data frames, and a page on the terminal.
//!
//! ```text
//!  Found ──► runs.csv  runs.jsonl  sweep.parquet   one row per cell and replication
//!        ├─► cells.csv              one row per cell and figure, with its interval
//!        ├─► *.png  *.svg             figures against settings, and against cost
//!        └─► page (terminal)  report.html  Markdown
//! ```
//! # Models      every file follows from the records alone: the same bytes for one thread or many, one machine or many
//! # Leaves out  single runs: `sim run` with the settings of a cell gives all of one

pub mod page;
pub mod plots;
pub mod tables;

mod sheets;

use crate::experiment::sweep::found::Found;

/// The values that the cells have of an axis, each once, in the order of the cells.
pub fn values(found: &Found, axis: usize) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for value in found.cells.iter().filter_map(|cell| cell.record.values.get(axis)) {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    values
}

/// The last part of a path.
pub fn name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
