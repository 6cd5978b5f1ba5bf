//! Anomaly bands: what a metric is expected to be, learned from what it was.
//!
//! # Models      the mean of the same hour of the day over at most two weeks, ± so many standard deviations; as long as no
//!   earlier day is known, of all hours before this one, three at least. A modelling choice: AWS's model is not published,
//!   and takes up to three hours to its first band
//! # Leaves out  trends, weeks, excluded times
//! # Source      CloudWatch user guide, "Using CloudWatch anomaly detection"; `aws/scaling.md` §5.7

use std::collections::VecDeque;

const HOUR: u32 = 3600;
/// Hours of history.
const MOST: u32 = 14 * 24;
/// Hours before the first band.
const LEAST: usize = 3;

/// What was learned.
#[derive(Clone, Debug, Default)]
pub(super) struct Band {
    hours: VecDeque<Hour>,
    /// The newest period learned from ended then.
    learned: u32,
}

/// Values of one hour: how many, their sum, the sum of their squares.
#[derive(Clone, Copy, Debug)]
struct Hour {
    number: u32,
    count: f64,
    sum: f64,
    squares: f64,
}

impl Band {
    /// Takes in the value of the period that ended at second `end`, unless it overlaps the one before.
    pub fn learn(&mut self, end: u32, period: u32, value: f64) {
        if end < self.learned.saturating_add(period) {
            return;
        }
        self.learned = end;
        let number = (end - 1) / HOUR;
        if self.hours.back().is_none_or(|hour| hour.number != number) {
            self.hours.push_back(Hour { number, count: 0.0, sum: 0.0, squares: 0.0 });
            while self.hours.front().is_some_and(|first| first.number + MOST < number) {
                self.hours.pop_front();
            }
        }
        if let Some(hour) = self.hours.back_mut() {
            hour.count += 1.0;
            hour.sum += value;
            hour.squares += value * value;
        }
    }

    /// The band for a period that ended at second `end`: lower and upper bound; none before enough is known.
    pub fn at(&self, end: u32, deviations: f64) -> Option<(f64, f64)> {
        let number = end.checked_sub(1)? / HOUR;
        let earlier = self.hours.iter().filter(|hour| hour.number < number);
        let same = earlier.clone().filter(|hour| hour.number % 24 == number % 24);
        let total = match same.clone().next() {
            Some(_) => total(same),
            None if earlier.clone().count() >= LEAST => total(earlier),
            None => return None,
        };
        let mean = total.sum / total.count;
        let variance = (total.squares / total.count - mean * mean).max(0.0);
        let width = deviations * sim_core::math::sqrt(variance);
        Some((mean - width, mean + width))
    }
}

fn total<'a>(hours: impl Iterator<Item = &'a Hour>) -> Hour {
    hours.fold(Hour { number: 0, count: 0.0, sum: 0.0, squares: 0.0 }, |total, hour| Hour {
        number: hour.number,
        count: total.count + hour.count,
        sum: total.sum + hour.sum,
        squares: total.squares + hour.squares,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Learns minute by minute from hour to hour.
    fn learn(band: &mut Band, hours: std::ops::Range<u32>, value: impl Fn(u32) -> f64) {
        for minute in hours.start * 60..hours.end * 60 {
            band.learn((minute + 1) * 60, 60, value(minute));
        }
    }

    #[test]
    fn no_band_before_three_hours() {
        let mut band = Band::default();
        learn(&mut band, 0..3, |minute| f64::from(minute % 2));
        assert_eq!(band.at(3 * HOUR, 2.0), None, "the third hour itself has two before it");
        let (low, high) = band.at(3 * HOUR + 60, 2.0).unwrap();
        assert!((low + 0.5).abs() < 1e-9 && (high - 1.5).abs() < 1e-9, "{low} {high}");
    }

    #[test]
    fn the_same_hour_of_earlier_days_decides() {
        let mut band = Band::default();
        // By night 10, at noon 100 and 110 in turn.
        let value = |minute: u32| {
            if minute / 60 % 24 == 12 { 100.0 + 10.0 * f64::from(minute % 2) } else { 10.0 }
        };
        learn(&mut band, 0..48, value);
        let noon = 48 * HOUR + 12 * HOUR + 60;
        let (low, high) = band.at(noon, 2.0).unwrap();
        assert!((low - 95.0).abs() < 1e-9 && (high - 115.0).abs() < 1e-9, "{low} {high}");
        assert_eq!(band.at(49 * HOUR, 2.0), Some((10.0, 10.0)));
    }

    #[test]
    fn what_is_older_than_two_weeks_is_forgotten_and_overlapping_periods_count_once() {
        let mut band = Band::default();
        learn(&mut band, 0..24 * 20, |_| 1.0);
        assert!(band.hours.len() as u32 <= MOST + 1, "{}", band.hours.len());
        let before = band.hours.back().unwrap().count;
        band.learn(24 * 20 * HOUR + 30, 60, 5.0);
        assert_eq!(band.hours.back().unwrap().count, before);
    }
}
