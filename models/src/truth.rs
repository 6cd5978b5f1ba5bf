//! When something was true: the course of a condition over a run, as the stretches in which it held.
//!
//! ```text
//!  note(t, holds) ──► changes ──stretches(true, from, until)──► [start, end) … in order, clipped to what is judged
//! ```
//! # Models      what holds at the start of a stretch and no more at its end; of several notes of one moment the last counts
//! # Leaves out  why

use sim_core::Time;

/// The course of something that is true or false.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Truth {
    /// From when on which; each differs from the one before. The first goes back to the very beginning.
    changes: Vec<(Time, bool)>,
}

/// A stretch of time: from its start up to its end, which is no part of it.
pub type Stretch = (Time, Time);

impl Truth {
    /// From `at` on it is so. Times never fall.
    pub fn note(&mut self, at: Time, holds: bool) {
        while self.changes.last().is_some_and(|last| last.0 >= at) {
            self.changes.pop();
        }
        if self.changes.last().is_none_or(|last| last.1 != holds) {
            self.changes.push((at, holds));
        }
    }

    /// Whether it is so at a moment; not, if nothing is known at all.
    pub fn at(&self, at: Time) -> bool {
        let after = self.changes.partition_point(|change| change.0 <= at);
        self.changes.get(after.saturating_sub(1)).is_some_and(|change| change.1)
    }

    /// The stretches of `from` to `until` in which it is `holds`, in order.
    pub fn stretches(&self, holds: bool, from: Time, until: Time) -> Vec<Stretch> {
        let ends = self.changes.iter().skip(1).map(|change| change.0).chain([until]);
        let mut stretches = Vec::new();
        for (index, (&(start, is), end)) in self.changes.iter().zip(ends).enumerate() {
            let start = if index == 0 { from } else { start.max(from) };
            let end = end.min(until);
            if is == holds && start < end {
                stretches.push((start, end));
            }
        }
        if self.changes.is_empty() && !holds && from < until {
            stretches.push((from, until));
        }
        stretches
    }

    /// The opposite.
    pub fn not(&self) -> Truth {
        Truth { changes: self.changes.iter().map(|&(at, holds)| (at, !holds)).collect() }
    }

    /// Whether all (or any) of them are so.
    pub fn joined(parts: &[Truth], all: bool) -> Truth {
        let mut times: Vec<Time> = parts.iter().flat_map(|part| &part.changes).map(|change| change.0).collect();
        times.sort_unstable();
        times.dedup();
        let mut joined = Truth::default();
        for at in times {
            let holds = if all { parts.iter().all(|part| part.at(at)) } else { parts.iter().any(|part| part.at(at)) };
            joined.note(at, holds);
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::Duration;

    fn at(s: u64) -> Time {
        Time::ZERO + Duration::from_secs(s)
    }

    fn truth(changes: &[(u64, bool)]) -> Truth {
        let mut truth = Truth::default();
        changes.iter().for_each(|&(s, holds)| truth.note(at(s), holds));
        truth
    }

    #[test]
    fn stretches_are_clipped_and_the_first_goes_back_to_the_beginning() {
        let one = truth(&[(1, true), (10, false), (20, true)]);
        assert_eq!(one.stretches(true, at(0), at(30)), [(at(0), at(10)), (at(20), at(30))]);
        assert_eq!(one.stretches(false, at(12), at(18)), [(at(12), at(18))]);
        assert_eq!(one.stretches(true, at(10), at(20)), []);
        assert_eq!(Truth::default().stretches(false, at(0), at(5)), [(at(0), at(5))]);
        assert!(one.at(at(0)) && one.at(at(9)) && !one.at(at(10)) && one.at(at(20)));
    }

    #[test]
    fn of_one_moment_the_last_note_counts() {
        assert_eq!(truth(&[(0, true), (5, false), (5, true)]), truth(&[(0, true)]));
        assert_eq!(truth(&[(0, true), (5, false), (5, false), (6, false)]), truth(&[(0, true), (5, false)]));
    }

    #[test]
    fn conditions_are_joined_moment_by_moment() {
        let (a, b) = (truth(&[(0, true), (10, false)]), truth(&[(0, false), (5, true), (15, false)]));
        let parts = [a.clone(), b];
        assert_eq!(Truth::joined(&parts, true), truth(&[(0, false), (5, true), (10, false)]));
        assert_eq!(Truth::joined(&parts, false), truth(&[(0, true), (15, false)]));
        assert_eq!(a.not(), truth(&[(0, false), (10, true)]));
    }
}
