//! What a run leaves behind: a page on the terminal, and a folder of files.
//!
//! ```text
//!  Experiment ──► page (terminal)
//!             └─► scenario.ron  summary.json  timeline.jsonl  series.csv  *.png *.svg  report.html   ──files──► out/<scenario>/
//!                 replications.json  replications.csv  trace.csv.gz  spans.jsonl
//! ```
//! # Models      every figure shown is one of the summary; nothing is computed here that a file does not hold
//! # Leaves out  drawing (`plots`)

pub mod availability;
pub mod brief;
pub mod check;
pub mod compare;
pub mod csv;
pub mod explain;
pub mod export;
pub mod files;
pub mod html;
pub mod json;
pub mod markdown;
pub mod page;
pub mod parquet;
pub mod plots;
pub mod report;
pub mod sheet;
pub mod sweep;
pub mod table;
pub mod tune;
pub mod units;

mod fleets;
mod happened;
mod headline;
pub mod incidents;
mod machines;
mod story;
mod trace;
mod verdicts;

#[cfg(test)]
pub mod sample;

pub use trace::{NAME as TRACE, Trace};
