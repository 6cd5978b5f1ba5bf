//! How many replications are enough: until an interval is as narrow as wished.
//!
//! ```text
//!  first replications ──spread──► how many in all (Stein) ──► run them ──interval narrow enough, and a margin?──► done
//!                                        ▲                                          └──no──► more
//!                                        └──────────────────────────────────────────────────────┘
//! ```
//! # Models      Stein's number of replications from the spread of those that there are, at most doubled at a time; the
//!   spread is taken a little larger than found, by 2/√n, since a sample that happens to be narrow would stop too early
//! # Leaves out  several figures at once
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
pub const FIRST: u32 = 20;

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

    /// The half width in the unit of the figure.
    fn wanted(&self, mean: f64) -> f64 {
        if self.relative { self.half_width * mean.abs() } else { self.half_width }
    }

    /// How many replications there should be in all, by those that there are: no more than these if they are enough.
    pub fn needed(&self, values: &[f64]) -> u32 {
        let n = values.len() as u32;
        if n < FIRST {
            return FIRST;
        }
        let Some(interval) = Interval::from_samples(values, LEVEL) else { return n };
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
        assert_eq!(wish(1.0).needed(&[5.0; 20]), 20, "no spread, no more");
        // Ten of 4 and ten of 6: s = 1.02598, t(0.975, 19) = 2.09302, half width 0.48016; with the margin 0.69488.
        let spread: Vec<f64> = (0..20).map(|i| if i % 2 == 0 { 4.0 } else { 6.0 }).collect();
        assert_eq!(wish(0.695).needed(&spread), 20);
        assert_eq!(wish(0.694).needed(&spread), 22, "a tenth more at least");
        // (2.09302 × 1.02598 / 0.4)² = 28.82.
        assert_eq!(wish(0.4).needed(&spread), 29);
        assert_eq!(wish(0.01).needed(&spread), 40, "twice as many at most");
    }

    /// How often the interval at which the rule stops covers the mean of 1, for draws of `of` from a share of 1.
    fn coverage(half_width: f64, of: fn(f64) -> f64) -> f64 {
        let wish = Precision { metric: "m".into(), half_width, relative: false };
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
            let interval = Interval::from_samples(&values, LEVEL).unwrap();
            assert!(interval.half_width <= half_width);
            covered += u32::from(interval.contains(1.0));
        }
        f64::from(covered) / f64::from(tries)
    }

    /// The rule is not optimistic: on figures that are about normal the interval covers as often as it says, and little
    /// less on figures as skewed as an exponential, where a fixed number of replications does no better than 0.93.
    #[test]
    fn stopping_is_not_optimistic() {
        let normal = coverage(0.25, |u| 1.0 + sim_core::math::normal_quantile(u.clamp(1e-12, 1.0 - 1e-12)));
        assert!(normal >= 0.935, "covered {normal}");
        let skewed = coverage(0.25, |u| -sim_core::math::ln(1.0 - u));
        assert!(skewed >= 0.9, "covered {skewed}");
    }
}
