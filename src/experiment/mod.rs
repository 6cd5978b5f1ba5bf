//! Experiments: one run or many replications of a plan, watched, and folded into estimates.
//!
//! ```text
//!  Plan ──simulate(seed, 0..n)──► RunResult ──metrics──► Replication ──fold in index order──► Aggregate
//! ```
//! # Models      replications are spread over the cores and folded in the order of their numbers, so that the number of
//!   threads changes nothing but the time it takes
//! # Leaves out  spreading one run over several cores

pub(crate) mod aggregate;
pub mod compare;
pub mod knobs;
mod metrics;
pub mod objective;
pub mod precision;
mod progress;
mod replicate;
pub mod sweep;

pub use aggregate::{Aggregate, Estimate, LEVEL, Tally};
pub use metrics::{Unit, metrics, unit};
pub use progress::Bar;
pub use replicate::{BANDS, Experiment, Replication, Settings, replicate};
