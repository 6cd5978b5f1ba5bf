//! What a sweep leaves behind: tables for data frames, and a page on the terminal.
//!
//! ```text
//!  Found ──► runs.csv  runs.jsonl  sweep.parquet   one row per cell and replication
//!        ├─► cells.csv              one row per cell and figure, with its interval
//!        ├─► *.png  *.svg             figures against settings, and against cost
//!        └─► page (terminal)
//! ```
//! # Models      every file follows from the records alone: the same bytes for one thread or many, one machine or many
//! # Leaves out  single runs: `sim run` with the settings of a cell gives all of one

pub mod page;
pub mod plots;
pub mod tables;
