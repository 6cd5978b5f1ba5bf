//! Statistics: what is counted during a run, and what may be said of it afterwards.
//!
//! ```text
//!  per entity ──► Tally, Histogram          per state ──► TimeWeighted
//!       └──────── figures of one run ──► warm_up, BatchMeans ──┐
//!                 figures of all replications ─────────────────┴──► Interval
//! ```
//! # Models      constant memory per figure, whatever the number of observations
//! # Leaves out  the names and units of figures: those belong to whoever counts
//! # Source      Law, "Simulation Modeling and Analysis", 5th ed., chapter 9

mod batch_means;
mod histogram;
mod interval;
mod tally;
mod time_weighted;
mod warm_up;

pub use batch_means::BatchMeans;
pub use histogram::Histogram;
pub use interval::{Interval, quantile_of};
pub use tally::Tally;
pub use time_weighted::TimeWeighted;
pub use warm_up::{mser5, truncated};
