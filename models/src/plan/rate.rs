//! Rate profiles: a rate as a function of time, piecewise linear, so that its integral and the inverse are exact.

use sim_core::{Duration, Time};

/// A rate over time as straight lines between knots, constant before the first and after the last.
///
/// Two knots at the same time make a jump. Curved shapes (sinusoids) become knots close enough that the error is
/// below a thousandth of the amplitude; all else is exact.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RateProfile {
    /// `(time, rate per second)`, times ascending (equal times allowed: a jump), rates finite and not negative.
    pub knots: Vec<(Time, f64)>,
}

impl RateProfile {
    /// The same rate for ever.
    pub fn constant(rate: f64) -> Self {
        RateProfile { knots: vec![(Time::ZERO, rate)] }
    }

    /// The rate at `time`; at a jump, the value after it.
    pub fn at(&self, time: Time) -> f64 {
        let after = self.knots.partition_point(|knot| knot.0 <= time);
        match (after.checked_sub(1).map(|i| self.knots[i]), self.knots.get(after)) {
            (None, None) => 0.0,
            (None, Some(next)) => next.1,
            (Some(last), None) => last.1,
            (Some(last), Some(next)) => {
                let share = (time - last.0).as_secs_f64() / (next.0 - last.0).as_secs_f64();
                last.1 + (next.1 - last.1) * share
            }
        }
    }

    /// The average rate from 0 to `end`; at `end` zero, the rate there.
    pub fn mean(&self, end: Time) -> f64 {
        let length = (end - Time::ZERO).as_secs_f64();
        if length <= 0.0 {
            return self.at(end);
        }
        let inside = self.knots.iter().map(|knot| knot.0).filter(|time| *time < end);
        let mut times: Vec<Time> = [Time::ZERO, end].into_iter().chain(inside).collect();
        times.sort_unstable();
        // Between neighbours the rate is a straight line: after a jump at the one, before a jump at the other.
        let pieces = times
            .windows(2)
            .map(|pair| 0.5 * (self.at(pair[0]) + self.before(pair[1])) * (pair[1] - pair[0]).as_secs_f64());
        pieces.sum::<f64>() / length
    }

    /// The largest rate from 0 to `end`.
    pub fn peak(&self, end: Time) -> f64 {
        let inside = self.knots.iter().filter(|knot| knot.0 <= end).map(|knot| knot.1);
        inside.fold(self.at(Time::ZERO).max(self.at(end)), f64::max)
    }

    /// The sum of both, knots of both kept.
    pub fn plus(&self, other: &RateProfile) -> RateProfile {
        let mut times: Vec<Time> = self.knots.iter().chain(&other.knots).map(|knot| knot.0).collect();
        times.sort_unstable();
        times.dedup();
        let mut knots = Vec::with_capacity(times.len());
        for time in times {
            let (before, after) = (self.before(time) + other.before(time), self.at(time) + other.at(time));
            if before != after {
                knots.push((time, before));
            }
            knots.push((time, after));
        }
        RateProfile { knots }
    }

    /// Every rate times `factor`.
    pub fn scaled(mut self, factor: f64) -> RateProfile {
        self.knots.iter_mut().for_each(|knot| knot.1 *= factor);
        self
    }

    /// Every time times `factor` (the rates stay).
    pub fn stretched(mut self, factor: f64) -> RateProfile {
        self.knots.iter_mut().for_each(|knot| {
            knot.0 = Time::ZERO + Duration::from_secs_f64(knot.0.as_secs_f64() * factor);
        });
        self
    }

    /// The limit of the rate just before `time`.
    fn before(&self, time: Time) -> f64 {
        let first = self.knots.partition_point(|knot| knot.0 < time);
        match (first.checked_sub(1).map(|i| self.knots[i]), self.knots.get(first)) {
            (None, None) => 0.0,
            (None, Some(next)) => next.1,
            (Some(last), None) => last.1,
            (Some(last), Some(next)) => {
                let share = (time - last.0).as_secs_f64() / (next.0 - last.0).as_secs_f64();
                last.1 + (next.1 - last.1) * share
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RateProfile;
    use sim_core::{Duration, Time};

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn the_mean_of_a_profile_is_its_integral_over_its_length() {
        // Up a ramp, a jump down, and flat.
        let profile = RateProfile { knots: vec![(at(10), 0.0), (at(20), 100.0), (at(20), 10.0)] };
        for (end, mean) in [(0, 0.0), (10, 0.0), (15, 12.5 * 10.0 / 15.0), (20, 25.0), (40, 17.5)] {
            assert!((profile.mean(at(end)) - mean).abs() < 1e-9, "{end} s: {}", profile.mean(at(end)));
        }
        assert_eq!(RateProfile::constant(7.0).mean(at(100)), 7.0);
        assert_eq!(RateProfile::default().mean(at(100)), 0.0);
    }
}
