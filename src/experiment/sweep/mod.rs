//! Sweeps: a scenario run with many settings, each with the same chance, resumable, and in parts on many machines.
//!
//! ```text
//!  path=values ─axis─► Axis ─design─► cells ─run─► records on disk ─found─► estimates, Pareto front ─► files, plots, page
//!                                                       ▲ shards of other machines, merged
//! ```
//! # Models      common random numbers over all cells; whatever was killed goes on where it was
//! # Leaves out  choosing settings by results (tuning)

pub mod axis;
pub mod design;
pub mod found;
pub mod manifest;
pub mod run;
pub mod wish;
