//! How users fare, second by second: the stretches in which too many requests failed.
//!
//! # Models      a second is bad if more than one in a hundred of the requests that ended in it failed; bad seconds no
//!   more than ten seconds apart make one stretch. Both figures are modelling choices
//! # Leaves out  slow answers: they count as good

use crate::Outcome;
use sim_core::Time;

/// A second is bad above this share of failures.
pub const BAD_SHARE: f64 = 0.01;
/// Bad seconds this far apart still make one stretch, in seconds.
pub const GAP_S: f64 = 10.0;

/// A stretch of bad seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BadSpan {
    /// Start of the first bad second.
    pub start_s: f64,
    /// End of the last.
    pub end_s: f64,
    /// Bad seconds in it.
    pub bad_s: u32,
    /// Requests that failed in it.
    pub failed: u64,
}

/// How users fare.
#[derive(Clone, Debug, Default)]
pub struct Users {
    ok: u64,
    failed: u64,
    spans: Vec<BadSpan>,
}

impl Users {
    /// A request has ended.
    #[inline]
    pub fn ended(&mut self, outcome: Outcome) {
        if outcome.is_ok() {
            self.ok += 1;
        } else {
            self.failed += 1;
        }
    }

    /// A second is over.
    pub fn second(&mut self, now: Time) {
        let (ok, failed) = (std::mem::take(&mut self.ok), std::mem::take(&mut self.failed));
        if failed == 0 || (failed as f64) <= BAD_SHARE * (ok + failed) as f64 {
            return;
        }
        let end_s = now.as_secs_f64();
        match self.spans.last_mut() {
            Some(span) if end_s - 1.0 - span.end_s <= GAP_S => {
                span.end_s = end_s;
                span.bad_s += 1;
                span.failed += failed;
            }
            _ => self.spans.push(BadSpan { start_s: end_s - 1.0, end_s, bad_s: 1, failed }),
        }
    }

    /// All stretches so far.
    pub fn spans(&self) -> &[BadSpan] {
        &self.spans
    }
}
