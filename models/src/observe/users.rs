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

/// Most buckets of losses; with more, each becomes twice as wide.
const MOST_BUCKETS: usize = 8192;

/// How users fare.
#[derive(Clone, Debug, Default)]
pub struct Users {
    ok: u64,
    failed: u64,
    spans: Vec<BadSpan>,
    /// Requests that failed in bad seconds.
    pub losses: Losses,
}

/// Requests that failed, by the second; by longer buckets if there are very many.
#[derive(Clone, Debug, Default)]
pub struct Losses {
    /// Seconds per bucket are 2 to this power.
    wide: u32,
    /// Number of the bucket, and what failed in it; only those in which something did.
    buckets: Vec<(u64, u64)>,
}

impl Losses {
    fn note(&mut self, second: u64, failed: u64) {
        let at = second >> self.wide;
        match self.buckets.last_mut() {
            Some(last) if last.0 == at => last.1 += failed,
            _ => self.buckets.push((at, failed)),
        }
        if self.buckets.len() > MOST_BUCKETS {
            self.wide += 1;
            let fine = std::mem::take(&mut self.buckets);
            for (at, failed) in fine {
                match self.buckets.last_mut() {
                    Some(last) if last.0 == at / 2 => last.1 += failed,
                    _ => self.buckets.push((at / 2, failed)),
                }
            }
        }
    }

    /// The middles of the buckets between two moments, and what failed in each.
    pub fn between(&self, from_s: f64, to_s: f64) -> impl Iterator<Item = (f64, u64)> + '_ {
        let width = (1u64 << self.wide) as f64;
        let middle = move |at: u64| (at as f64 + 0.5) * width;
        let first = self.buckets.partition_point(|bucket| middle(bucket.0) < from_s);
        let rest = self.buckets[first..].iter().map(move |bucket| (middle(bucket.0), bucket.1));
        rest.take_while(move |bucket| bucket.0 <= to_s)
    }
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
        self.losses.note((now.nanos() / 1_000_000_000).saturating_sub(1), failed);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_of_a_short_trouble_are_known_by_the_second() {
        let mut losses = Losses::default();
        for (second, failed) in [(3, 5), (4, 1), (9, 2)] {
            losses.note(second, failed);
        }
        assert_eq!(losses.between(3.0, 5.0).collect::<Vec<_>>(), [(3.5, 5), (4.5, 1)]);
        assert_eq!(losses.between(4.6, 9.5).collect::<Vec<_>>(), [(9.5, 2)]);
        assert_eq!(losses.between(10.0, 20.0).count(), 0);
    }

    #[test]
    fn losses_of_a_week_take_no_more_room_and_none_is_lost() {
        let mut losses = Losses::default();
        let week = 7 * 86_400;
        (0..week).for_each(|second| losses.note(second, 1));
        assert!(losses.buckets.len() <= MOST_BUCKETS);
        assert_eq!(losses.between(0.0, week as f64 + 1000.0).map(|bucket| bucket.1).sum::<u64>(), week);
    }
}
