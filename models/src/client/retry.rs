//! Retries: how long to wait before another attempt.
//!
//! # Source      AWS Architecture Blog, "Exponential Backoff And Jitter"; `aws/network.md` §10.4

use super::Caller;
use crate::plan::{Backoff, Jitter};
use sim_core::{Duration, Words};

impl Caller {
    /// Wait before the attempt after `attempt`. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
    pub(super) fn backoff(&mut self, attempt: u32, previous_ns: u64) -> Duration {
        let (base, cap, jitter) = match self.retry.backoff {
            Backoff::Immediate => return Duration::ZERO,
            Backoff::Fixed(delay) => return delay,
            Backoff::Exponential { base, cap, jitter } => (base, cap, jitter),
        };
        let doubled = base.nanos().saturating_mul(1u64.checked_shl(attempt - 1).unwrap_or(u64::MAX));
        let most = Duration::from_nanos(doubled).min(cap).as_secs_f64();
        let unit = self.backoff.unit();
        Duration::from_secs_f64(match jitter {
            Jitter::None => most,
            Jitter::Full => most * unit,
            Jitter::Equal => most / 2.0 + most / 2.0 * unit,
            Jitter::Decorrelated => {
                let previous = Duration::from_nanos(previous_ns).max(base).as_secs_f64();
                let (low, high) = (base.as_secs_f64(), previous * 3.0);
                (low + (high - low) * unit).min(cap.as_secs_f64())
            }
        })
    }
}
