//! How many replications are enough: until an interval is as narrow as wished.
//!
//! ```text
//!  first replications ──spread──► how many in all (Stein) ──► run them ──Student's interval narrow enough?──► done
//!                                        ▲                                          └──no──► more
//!                                        └──────────────────────────────────────────────────────┘
//! ```
//! # Models      Stein's two stages: the number follows from the spread of the first replications alone, so that stopping does
//!   not pick a lucky moment; afterwards more are added for as long as the interval of all is wider than wished
//! # Leaves out  several figures at once
//! # Source      Stein, "A two-sample test for a linear hypothesis whose power is independent of the variance", 1945; Law,
//!   "Simulation Modeling and Analysis", 5th ed., section 9.4.1

use super::aggregate::LEVEL;
use super::compare::full_name;
use sim_core::math::student_t_quantile;
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
pub const FIRST: u32 = 10;

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
        if interval.half_width <= wanted {
            return n;
        }
        // Stein: (t s / d)^2, with t and s of the first stage; t s is the half width times the root of n.
        let t = student_t_quantile(f64::from(n - 1), 1.0 - (1.0 - LEVEL) / 2.0);
        let spread = interval.half_width / t * f64::from(n).sqrt();
        let ratio = t * spread / wanted.max(f64::MIN_POSITIVE);
        let all = (ratio * ratio).ceil();
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
        let wish = Precision { metric: "m".into(), half_width: 1.0, relative: false };
        assert_eq!(wish.needed(&[1.0, 2.0]), FIRST);
        assert_eq!(wish.needed(&[5.0; 10]), 10, "no spread, no more");
        let wide: Vec<f64> = (0..10).map(|i| f64::from(i) * 10.0).collect();
        // s = 30.277, t(0.975, 9) = 2.2622: (2.2622 × 30.277)² = 4691.1.
        assert_eq!(wish.needed(&wide), 4692);
    }

    /// The rule is not optimistic: the interval at which it stops covers the mean as often as it says.
    #[test]
    fn stopping_is_not_optimistic() {
        let wish = Precision { metric: "m".into(), half_width: 0.25, relative: false };
        let (mut covered, tries) = (0, 1000);
        for attempt in 0..tries {
            let mut stream = Stream::new(7, attempt, "stopping", "normal");
            // An exponential is as skewed as the figures of runs get.
            let mut draw = || -sim_core::math::ln(1.0 - stream.unit());
            let mut values: Vec<f64> = Vec::new();
            loop {
                let needed = wish.needed(&values).min(5000) as usize;
                if needed <= values.len() {
                    break;
                }
                while values.len() < needed {
                    values.push(draw());
                }
            }
            let interval = Interval::from_samples(&values, LEVEL).unwrap();
            assert!(interval.half_width <= 0.25);
            covered += u32::from(interval.contains(1.0));
        }
        let share = f64::from(covered) / f64::from(tries);
        assert!(share >= 0.92, "covered {share}");
    }
}
