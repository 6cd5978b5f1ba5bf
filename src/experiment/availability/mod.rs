//! Availability over years: failures as they come, each disturbance simulated, the rest between them skipped.
//!
//! ```text
//!  at rest ─Exp(Λ)─► first failure ─► Disturbance: control plane at full detail, traffic a rate ─► at rest again ─► …
//!     history:  years of that, in parallel            ─► downtime per year with its interval, by cause
//!     rare:     disturbances with failures forced in, each with its likelihood ratio ─► combinations nobody lives to see
//! ```
//! # Models      failures are Poisson processes, so that a world at rest has no memory: nothing is lost by skipping to the next
//!   failure, and disturbances are independent and alike (regenerative cycles)
//! # Leaves out  ageing; what a disturbance leaves behind once all is well (a primary in another zone)
//! # Source      regenerative cycles: Asmussen and Glynn, "Stochastic Simulation" (2007), chapter IV.4; rare events: see `rare`

pub mod arithmetic;
mod cycle;
pub mod figures;
mod history;
mod rare;

pub use cycle::{Cycle, Outage};
pub use figures::{Availability, Estimate};
pub use history::{History, Horizon, history};
pub use rare::{Rare, rare};

use crate::Failure;
use models::years::{Disturbance, Quiet, Stretch};

/// A year, in seconds: 365.25 days.
pub const YEAR_S: f64 = 365.25 * 86_400.0;

/// Something that is at rest until a part of it fails.
pub trait Architecture: Sync {
    /// It, from a failure on.
    type World<'a>: Disturbed
    where
        Self: 'a;

    /// Ways in which parts fail.
    fn modes(&self) -> usize;

    /// Failures per second of one part of a mode.
    fn rate(&self, mode: usize) -> f64;

    /// It at rest, with chance of its own.
    fn begin(&self, seed: u64, replication: u32) -> Self::World<'_>;
}

/// It, while something is broken.
pub trait Disturbed {
    /// Parts of a mode that can fail now.
    fn exposed(&self, mode: usize) -> f64;

    /// One of them fails.
    fn strike(&mut self, mode: usize);

    /// Goes on by at most so many seconds, as far as nothing changes.
    fn advance(&mut self, most_s: f64) -> Stretch;

    /// Whether it is as it was before.
    fn at_rest(&self) -> bool;

    /// Whether it has been put right by hand, since nothing else would.
    fn restored_by_hand(&self) -> bool;
}

impl Architecture for Quiet {
    type World<'a> = Disturbance<'a>;

    fn modes(&self) -> usize {
        Quiet::modes(self).len()
    }

    fn rate(&self, mode: usize) -> f64 {
        1.0 / Quiet::modes(self)[mode].mtbf_s
    }

    fn begin(&self, seed: u64, replication: u32) -> Disturbance<'_> {
        Disturbance::begin(self, seed, replication)
    }
}

impl Disturbed for Disturbance<'_> {
    fn exposed(&self, mode: usize) -> f64 {
        Disturbance::exposed(self, mode)
    }

    fn strike(&mut self, mode: usize) {
        Disturbance::strike(self, mode);
    }

    fn advance(&mut self, most_s: f64) -> Stretch {
        Disturbance::advance(self, most_s)
    }

    fn at_rest(&self) -> bool {
        Disturbance::at_rest(self)
    }

    fn restored_by_hand(&self) -> bool {
        Disturbance::restored_by_hand(self)
    }
}

/// Failures per second of each mode while all is well.
pub fn rates_at_rest<A: Architecture>(architecture: &A, seed: u64) -> Vec<f64> {
    let world = architecture.begin(seed, 0);
    (0..architecture.modes()).map(|mode| architecture.rate(mode) * world.exposed(mode)).collect()
}

/// Does `work` on so many threads; on all cores if not said.
///
/// # Errors
/// If they cannot be started, and those of `work`.
pub fn on_threads<T: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> Result<T, Failure> + Send,
) -> Result<T, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build();
    pool.map_err(|error| Failure::new(format!("cannot start the threads: {error}")))?.install(work)
}
