//! The time average of a level: a queue's length, the slots in use, the CPU's load.

use crate::time::{Duration, Time};

/// A level that holds between changes, averaged over time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeWeighted {
    level: f64,
    max: f64,
    /// Level times seconds, up to the last change.
    integral: f64,
    since: Time,
    start: Time,
}

impl TimeWeighted {
    /// A level of `level` from `now` on.
    #[must_use]
    pub const fn new(level: f64, now: Time) -> Self {
        TimeWeighted { level, max: level, integral: 0.0, since: now, start: now }
    }

    /// The level is `level` from `now` on.
    #[inline]
    pub fn set(&mut self, level: f64, now: Time) {
        self.integral += self.level * (now - self.since).as_secs_f64();
        self.since = self.since.max(now);
        self.level = level;
        self.max = self.max.max(level);
    }

    /// The level changes by `delta` at `now`.
    #[inline]
    pub fn add(&mut self, delta: f64, now: Time) {
        self.set(self.level + delta, now);
    }

    /// The level as it is.
    #[inline]
    pub fn level(&self) -> f64 {
        self.level
    }

    /// The greatest level since the start or the last reset.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// Level times seconds since the start or the last reset.
    pub fn integral(&self, now: Time) -> f64 {
        self.integral + self.level * (now - self.since).as_secs_f64()
    }

    /// The average level since the start or the last reset; the level itself where no time has passed.
    pub fn mean(&self, now: Time) -> f64 {
        let elapsed = self.elapsed(now);
        if elapsed.is_zero() { self.level } else { self.integral(now) / elapsed.as_secs_f64() }
    }

    /// The time since the start or the last reset.
    pub fn elapsed(&self, now: Time) -> Duration {
        now - self.start
    }

    /// Forgets what was, but keeps the level: deletes the warm-up, or begins the next interval of a series.
    #[inline]
    pub fn reset(&mut self, now: Time) {
        *self = TimeWeighted::new(self.level, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_staircase_is_averaged_over_time() {
        let mut level = TimeWeighted::new(0.0, at(0));
        level.set(2.0, at(10));
        level.add(3.0, at(20));
        level.add(-4.0, at(25));
        assert_eq!(level.integral(at(45)), 20.0 + 25.0 + 20.0);
        assert_eq!((level.mean(at(45)), level.max(), level.level()), (65.0 / 45.0, 5.0, 1.0));
        level.reset(at(45));
        assert_eq!((level.mean(at(45)), level.max()), (1.0, 1.0));
        level.set(3.0, at(55));
        assert_eq!((level.mean(at(65)), level.elapsed(at(65))), (2.0, Duration::from_secs(20)));
    }
}
