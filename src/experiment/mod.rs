//! Experiments: one run or many replications of a plan, watched, and folded into estimates.
//!
//! ```text
//!  Plan ──simulate(seed, 0..n)──► RunResult ──metrics──► Replication ──fold in index order──► Aggregate
//! ```
//! # Models      replications are spread over the cores and folded in the order of their numbers, so that the number of
//!   threads changes nothing but the time it takes
//! # Leaves out  spreading one run over several cores

pub(crate) mod aggregate;
pub mod availability;
pub mod compare;
pub mod formula;
pub mod knobs;
pub(crate) mod metrics;
pub mod objective;
pub mod precision;
mod progress;
pub(crate) mod replicate;
pub mod sweep;
pub mod tune;
mod verdict;

pub use aggregate::{Aggregate, Estimate, LEVEL, Tally};
pub use metrics::{Unit, metrics, more_is_better, unit};
pub use progress::Bar;
pub use replicate::{BANDS, Experiment, Onlookers, Replication, Settings, SpansOf, only, replicate, single};
pub use verdict::{Proof, Standing, Verdict, runs_wanted, verdicts};
