//! How many replications are enough: until an interval is as narrow as wished.
//!
//! ```text
//!  first replications ──spread──► how many in all (Stein) ──► run them ──interval narrow enough, and a margin?──► done
//!                                        ▲                                          └──no──► more
//!                                        └──────────────────────────────────────────────────────┘
//! ```
//! # Models      Stein's number of replications from the spread of those that there are, at least thirty and at most doubled at
//!   a time; the spread is taken a little larger than found, by 2/√n, since a sample that happens to be narrow would stop too
//!   early, and skewness lengthens the interval. So the interval at the end covers the mean about as often as it says: by
//!   experiment in 94 to 96 % of tries for normal figures, in 93 % and more for those as skewed as an exponential, in 91 %
//!   and more for lognormal ones as wide as their mean
//! # Leaves out  several figures at once; figures that vary so rarely that thirty replications are all the same
//! # Source      Stein, "A two-sample test for a linear hypothesis whose power is independent of the variance", 1945; Law,
//!   "Simulation Modeling and Analysis", 5th ed., section 9.4.1

use super::aggregate::LEVEL;
use super::compare::full_name;
use sim_core::stats::Interval;

/// A wish such as `availability ±0.0005` or `p99 ±5%`.
#[derive(Clone, Debug, PartialEq)]
pub struct Precision {
    /// The figure's full name.
    pub metric: String,
    /// Half the width that the interval may have at most.
    pub half_width: f64,
    /// Whether that is a share of the mean.
    pub relative: bool,
}

/// Replications before the spread is believed.
pub const FIRST: u32 = 30;

impl Precision {
    /// Reads `METRIC ±WIDTH`, in which `+-` may stand for `±`.
    ///
    /// # Errors
    /// In words, if it is none.
    pub fn parse(text: &str) -> Result<Precision, String> {
        let wrong = || format!("`{text}` is no precision: write `availability ±0.0005` or `p99 ±5%`");
        let plain = text.replace("+-", "±").replace("+/-", "±");
        let (metric, width) = plain.split_once('±').ok_or_else(wrong)?;
        let (number, relative) = match width.trim().strip_suffix('%') {
            Some(number) => (number.trim(), true),
            None => (width.trim(), false),
        };
        let width: f64 = number.parse().map_err(|_| wrong())?;
        if metric.trim().is_empty() || !width.is_finite() || width <= 0.0 {
            return Err(wrong());
        }
        let half_width = if relative { width / 100.0 } else { width };
        Ok(Precision { metric: full_name(metric.trim()), half_width, relative })
    }

    /// The half width in the unit of the figure. A share is one of the true mean, which may be at the near end of the interval:
    /// w / (1 + w) of the estimate is w of that end.
    fn wanted(&self, mean: f64) -> f64 {
        if self.relative { self.half_width / (1.0 + self.half_width) * mean.abs() } else { self.half_width }
    }

    /// What is to be said of replications that were as many as there may be, if their interval is still too wide.
    pub fn missed(&self, mean: f64, half_width: Option<f64>) -> Option<String> {
        let half_width = half_width.filter(|half| *half > self.wanted(mean))?;
        Some(format!(
            "the interval of `{}` is ± {half_width:.3e}, wider than the ± {:.3e} asked for: raise --max-replications",
            self.metric,
            self.wanted(mean)
        ))
    }

    /// How many replications there should be in all, by those that there are: no more than these if they are enough.
    pub fn needed(&self, values: &[f64]) -> u32 {
        let n = values.len() as u32;
        if n < FIRST {
            return FIRST;
        }
        let Some(interval) = Interval::of_skewed(values, LEVEL) else { return n };
        let wanted = self.wanted(interval.mean);
        let root = f64::from(n).sqrt();
        if interval.half_width * (1.0 + 2.0 / root) <= wanted {
            return n;
        }
        // Stein: (t s / d)^2, with t s as the half width times the root of n.
        let ratio = interval.half_width * root / wanted.max(f64::MIN_POSITIVE);
        let all = (ratio * ratio).ceil().min(2.0 * f64::from(n));
        // At least a tenth more, lest the end be approached one by one.
        let more = f64::from(n) * 1.1;
        all.max(more.ceil()).min(f64::from(u32::MAX)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::{Stream, Words};

    #[test]
    fn a_precision_is_read() {
        let read = Precision::parse("availability ±0.0005").unwrap();
        assert_eq!((read.metric.as_str(), read.half_width, read.relative), ("availability", 0.0005, false));
        let read = Precision::parse("p99 +- 5%").unwrap();
        assert_eq!((read.metric.as_str(), read.half_width, read.relative), ("latency_ms.p99", 0.05, true));
        for bad in ["availability", "±1", "availability ±0", "availability ±-1", "availability ±x", "availability ±inf"]
        {
            assert!(Precision::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn enough_is_enough_and_too_few_are_not() {
        let wish = |half_width| Precision { metric: "m".into(), half_width, relative: false };
        assert_eq!(wish(1.0).needed(&[1.0, 2.0]), FIRST);
        assert_eq!(wish(1.0).needed(&[5.0; 30]), 30, "no spread, no more");
        // Fifteen of 4 and fifteen of 6: s = 1.01710, t(0.975, 29) = 2.04523, half width 0.37979; with the margin 0.51847.
        let spread: Vec<f64> = (0..30).map(|i| if i % 2 == 0 { 4.0 } else { 6.0 }).collect();
        assert_eq!(wish(0.519).needed(&spread), 30);
        assert_eq!(wish(0.518).needed(&spread), 33, "a tenth more at least");
        // (2.04523 × 1.01710 / 0.3)² = 48.08.
        assert_eq!(wish(0.3).needed(&spread), 49);
        assert_eq!(wish(0.01).needed(&spread), 60, "twice as many at most");
    }

    #[test]
    fn a_wish_that_was_not_met_is_told() {
        let wish = Precision { metric: "m".into(), half_width: 0.1, relative: true };
        assert_eq!(wish.missed(11.0, Some(1.0)), None, "just met");
        assert_eq!(wish.missed(10.0, None), None);
        let told = wish.missed(11.0, Some(1.5)).unwrap();
        assert!(told.contains("`m` is ± 1.500e0") && told.contains("± 1.000e0"), "{told}");
    }

    /// How often the interval at which the rule stops covers the mean of 1, for draws of `of` from a share of 1.
    fn coverage(half_width: f64, relative: bool, of: fn(f64) -> f64) -> f64 {
        let wish = Precision { metric: "m".into(), half_width, relative };
        let (mut covered, tries) = (0, 1000);
        for attempt in 0..tries {
            let mut stream = Stream::new(7, attempt, "stopping", "draws");
            let mut values: Vec<f64> = Vec::new();
            loop {
                let needed = wish.needed(&values).min(5000) as usize;
                if needed <= values.len() {
                    break;
                }
                while values.len() < needed {
                    values.push(of(stream.unit()));
                }
            }
            let interval = Interval::of_skewed(&values, LEVEL).unwrap();
            assert!(interval.half_width <= wish.wanted(interval.mean));
            covered += u32::from(interval.contains(1.0));
        }
        f64::from(covered) / f64::from(tries)
    }

    /// The rule is not optimistic, for wishes that stop it at once and such as take hundreds of replications. Standard
    /// deviation of a share: 0.007.
    #[test]
    fn stopping_is_not_optimistic() {
        let normal = |u: f64| 1.0 + sim_core::math::normal_quantile(u.clamp(1e-12, 1.0 - 1e-12));
        let exponential = |u: f64| -sim_core::math::ln(1.0 - u);
        let downwards = |u: f64| 2.0 + sim_core::math::ln(1.0 - u);
        for (width, relative) in [(0.5, false), (0.35, false), (0.25, false), (0.15, false), (0.25, true)] {
            for (of, least) in [(normal as fn(f64) -> f64, 0.935), (exponential, 0.93), (downwards, 0.93)] {
                let covered = coverage(width, relative, of);
                assert!((least..=0.98).contains(&covered), "±{width} (relative: {relative}) covered {covered}");
            }
        }
    }
}
