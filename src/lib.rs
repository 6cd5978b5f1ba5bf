//! The `sim` command: from a scenario's text to a page, a folder of results and an exit code.
//!
//! ```text
//!  arguments ──cli──► scenario ──compile──► Plan ──experiment──► RunResult(s) ──output──► page, files, report
//!                                                     ▲ watch: progress, Ctrl-C, trace
//! ```
//! # Models      nothing: `models` does; this crate asks, counts and tells
//! # Leaves out  drawing, which is in `plots`; the language, which is in `scenarios`

pub mod cli;
pub mod experiment;
pub mod output;
pub mod stored;

mod failure;
mod stopwatch;

pub use failure::Failure;
