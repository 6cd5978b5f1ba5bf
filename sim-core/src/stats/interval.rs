//! What several replications say together: means with intervals, and bounds for shares.

use super::Tally;
use crate::math::{beta_inc_inverse, student_t_quantile};
use std::fmt;

/// A mean with the half width of its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The mean of the samples.
    pub mean: f64,
    /// Half of the interval's width, in the unit of the mean.
    pub half_width: f64,
    /// The confidence level, such as 0.95.
    pub level: f64,
    /// How many samples there are.
    pub n: u64,
}

impl Interval {
    /// The interval of the mean of independent samples, by Student's t; none for fewer than two samples, or a level
    /// that is not between 0 and 1.
    ///
    /// Source: Law, "Simulation Modeling and Analysis", 5th ed., equation 4.12.
    pub fn from_samples(samples: &[f64], level: f64) -> Option<Interval> {
        Interval::from_tally(&samples.iter().copied().collect(), level)
    }

    /// The same from a tally of the samples.
    pub fn from_tally(tally: &Tally, level: f64) -> Option<Interval> {
        if !(level > 0.0 && level < 1.0) {
            return None;
        }
        let n = tally.count();
        let error = (tally.variance()? / n as f64).sqrt();
        let t = student_t_quantile((n - 1) as f64, 0.5 + 0.5 * level);
        Some(Interval { mean: tally.mean()?, half_width: t * error, level, n })
    }

    /// The lower end.
    pub fn low(&self) -> f64 {
        self.mean - self.half_width
    }

    /// The upper end.
    pub fn high(&self) -> f64 {
        self.mean + self.half_width
    }

    /// Whether the interval holds `value`.
    pub fn contains(&self, value: f64) -> bool {
        self.low() <= value && value <= self.high()
    }

    /// The half width as a share of the mean, or none where the mean is zero.
    pub fn relative(&self) -> Option<f64> {
        (self.mean != 0.0).then(|| (self.half_width / self.mean).abs())
    }

    /// The two-sided bounds of a share at confidence `level`, from `events` in `trials` independent trials. They hold
    /// at any number of trials, and are never too narrow.
    ///
    /// Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial"
    /// (1934), with the beta quantiles of its closed form.
    pub fn share(events: u64, trials: u64, level: f64) -> (f64, f64) {
        let tail = 0.5 * (1.0 - level);
        (lower(events, trials, tail), upper(events, trials, tail))
    }

    /// The one-sided upper bound of a share at confidence `level`; for no events in n trials at 0.95 about 3/n, the rule
    /// of three.
    ///
    /// Source: Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?" (1983).
    pub fn share_at_most(events: u64, trials: u64, level: f64) -> f64 {
        upper(events, trials, 1.0 - level)
    }

    /// The one-sided lower bound of a share at confidence `level`.
    pub fn share_at_least(events: u64, trials: u64, level: f64) -> f64 {
        lower(events, trials, 1.0 - level)
    }
}

fn lower(events: u64, trials: u64, tail: f64) -> f64 {
    let events = events.min(trials);
    if events == 0 { 0.0 } else { beta_inc_inverse(events as f64, (trials - events) as f64 + 1.0, tail) }
}

fn upper(events: u64, trials: u64, tail: f64) -> f64 {
    let events = events.min(trials);
    if events == trials { 1.0 } else { beta_inc_inverse(events as f64 + 1.0, (trials - events) as f64, 1.0 - tail) }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(3);
        write!(f, "{:.digits$} ± {:.digits$}", self.mean, self.half_width)
    }
}

/// The quantile `q` of the figures of replications, linear between neighbours; none without figures.
///
/// Source: Hyndman and Fan, "Sample quantiles in statistical packages" (1996), definition 7.
pub fn quantile_of(samples: &[f64], q: f64) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let place = q.clamp(0.0, 1.0) * last as f64;
    let below = (place as usize).min(last);
    let above = (below + 1).min(last);
    Some(sorted[below] + (place - below as f64) * (sorted[above] - sorted[below]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{Substream, Words};

    #[test]
    fn a_worked_example_of_the_textbook() {
        // Law, example 4.26: ten observations, 90 % interval 1.34 ± 0.24.
        let samples = [1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09];
        let interval = Interval::from_samples(&samples, 0.9).expect("ten samples");
        assert_eq!(format!("{interval:.2}"), "1.34 ± 0.24");
        assert!(interval.contains(1.5) && !interval.contains(1.6));
    }

    #[test]
    fn too_little_gives_no_interval() {
        assert_eq!(Interval::from_samples(&[1.0], 0.95), None);
        assert_eq!(Interval::from_samples(&[1.0, 2.0], 1.0), None);
        assert_eq!(Interval::from_samples(&[1.0, 2.0], f64::NAN), None);
    }

    #[test]
    fn the_mean_is_inside_as_often_as_the_level_says() {
        let covered = (0..2_000_u64)
            .filter(|trial| {
                let mut words = Substream::new(*trial, 3);
                let samples: Vec<f64> = (0..8).map(|_| words.unit() + words.unit() + words.unit()).collect();
                Interval::from_samples(&samples, 0.95).expect("eight samples").contains(1.5)
            })
            .count();
        // 1900 expected, standard deviation 9.7.
        assert!((1_865..=1_935).contains(&covered), "{covered}");
    }

    #[test]
    fn bounds_of_a_share_meet_the_tables() {
        let near = |value: f64, expected: f64| assert!((value - expected).abs() < 5e-7, "{value} is not {expected}");
        // No events: 1 − 0.05^(1/n) exactly, and the rule of three nearly.
        near(Interval::share_at_most(0, 100, 0.95), 1.0 - crate::math::pow(0.05, 0.01));
        assert!((Interval::share_at_most(0, 1_000, 0.95) - 0.003).abs() < 1e-5);
        // Five of ten, 95 %: 0.1871 to 0.8129 in every table.
        let (low, high) = Interval::share(5, 10, 0.95);
        near(low, 0.187_086_0);
        near(high, 1.0 - low);
        assert_eq!(Interval::share(10, 10, 0.95).1, 1.0);
        assert_eq!(Interval::share_at_least(0, 10, 0.95), 0.0);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile_of(&[4.0, 1.0, 3.0, 2.0], 0.5), Some(2.5));
        assert_eq!(quantile_of(&[4.0, 1.0], 1.0), Some(4.0));
        assert_eq!(quantile_of(&[], 0.5), None);
    }
}
