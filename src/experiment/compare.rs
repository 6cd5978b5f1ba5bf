//! Two plans under the same chance: what differs, by how much, and whether it could be luck.
//!
//! ```text
//!  A ─seed, 0..n─► figures ┐
//!                          ├─ pair by replication ─► B − A ─► interval ─► words, limits
//!  B ─seed, 0..n─► figures ┘
//! ```
//! # Models      paired differences on common random numbers: what both share by chance cancels out; Student's interval of their
//!   mean, lengthened where they are skewed
//! # Leaves out  corrections for many comparisons at once: of twenty figures that do not differ, one will seem to at 95 %
//! # Source      Law, "Simulation Modeling and Analysis", 5th ed., section 10.2.1 (the paired-t interval)

use super::aggregate::{Estimate, LEVEL};
use super::metrics::is_zero_when_missing;
use sim_core::stats::Interval;
use std::collections::{BTreeMap, BTreeSet};

/// Figures of a side, one map for each replication, in the order of their numbers.
pub type Side = Vec<BTreeMap<String, f64>>;

/// One figure on both sides.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Difference {
    /// Its name.
    pub metric: String,
    /// On side A.
    pub a: Estimate,
    /// On side B.
    pub b: Estimate,
    /// Mean of B − A over the replications that both have.
    pub mean: f64,
    /// Half the width of its interval; none if one pair is all there is.
    pub half_width: Option<f64>,
    /// Pairs.
    pub n: u32,
}

impl Difference {
    /// Whether the interval leaves zero out; a difference that never varies is one if it is not zero.
    pub fn is_significant(&self) -> bool {
        self.half_width.is_some_and(|half| self.mean.abs() > half)
    }

    /// The interval's ends.
    pub fn ends(&self) -> Option<(f64, f64)> {
        self.half_width.map(|half| (self.mean - half, self.mean + half))
    }

    /// The mean as a share of A.
    pub fn relative(&self) -> Option<f64> {
        (self.a.mean != 0.0).then(|| self.mean / self.a.mean.abs())
    }
}

/// All figures that both sides have, by their names.
pub fn compare(a: &Side, b: &Side) -> Vec<Difference> {
    let names: BTreeSet<&String> = a.iter().chain(b).flat_map(BTreeMap::keys).collect();
    names.into_iter().filter_map(|name| difference(name, a, b)).collect()
}

fn difference(name: &str, a: &Side, b: &Side) -> Option<Difference> {
    let zero = is_zero_when_missing(name).then_some(0.0);
    let of = |side: &BTreeMap<String, f64>| side.get(name).copied().or(zero);
    let pairs: Vec<(f64, f64)> = a.iter().zip(b).filter_map(|(a, b)| Some((of(a)?, of(b)?))).collect();
    if pairs.is_empty() {
        return None;
    }
    let (firsts, seconds): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let differences: Vec<f64> = pairs.iter().map(|(a, b)| b - a).collect();
    Some(Difference {
        metric: name.to_string(),
        a: Estimate::of(&firsts),
        b: Estimate::of(&seconds),
        mean: differences.iter().sum::<f64>() / differences.len() as f64,
        half_width: Interval::of_skewed(&differences, LEVEL).map(|interval| interval.half_width),
        n: differences.len() as u32,
    })
}

/// A limit that a comparison must keep: `p99 grows 10%`, `availability falls 0.001`, `cost grows 5`.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// As written.
    pub text: String,
    /// The figure's full name.
    pub metric: String,
    /// Whether growing is what is not wanted, rather than falling.
    pub grows: bool,
    /// By how much.
    pub by: f64,
    /// Whether that is a share of A.
    pub relative: bool,
}

impl Limit {
    /// Reads a limit.
    ///
    /// # Errors
    /// In words, if it is none.
    pub fn parse(text: &str) -> Result<Limit, String> {
        let wrong =
            || format!("`{text}` is no limit: write `p99 grows 10%`, `availability falls 0.001` or `cost grows 5`");
        let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "by").collect();
        let [metric, verb, by] = words[..] else { return Err(wrong()) };
        let grows = match verb {
            "grows" | "rises" => true,
            "falls" | "shrinks" => false,
            _ => return Err(wrong()),
        };
        let (number, relative) = match by.strip_suffix('%') {
            Some(number) => (number, true),
            None => (by, false),
        };
        let by: f64 = number.parse().map_err(|_| wrong())?;
        if !by.is_finite() || by < 0.0 {
            return Err(format!("`{text}`: a limit is not negative"));
        }
        let by = if relative { by / 100.0 } else { by };
        Ok(Limit { text: text.into(), metric: full_name(metric), grows, by, relative })
    }

    /// Whether a difference is beyond the limit, and could not be luck.
    pub fn is_broken(&self, difference: &Difference) -> bool {
        let change = if self.relative { difference.relative() } else { Some(difference.mean) };
        let signed = change.map(|change| if self.grows { change } else { -change });
        // One pair alone has no interval: then the figure itself must do.
        let sure = difference.half_width.is_none() || difference.is_significant();
        sure && signed.is_some_and(|change| change > self.by)
    }
}

/// The full name of a figure that people call by a short one.
pub fn full_name(name: &str) -> String {
    // `p99_ms` says the unit as well.
    match name.strip_suffix("_ms").unwrap_or(name) {
        "mean" | "p50" | "p90" | "p95" | "p99" | "p999" | "max" => {
            format!("latency_ms.{}", name.trim_end_matches("_ms"))
        }
        "cost" => "cost_usd.total".into(),
        "failed" => "requests.failed".into(),
        "goodput" => "goodput_per_s".into(),
        _ => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(values: &[f64]) -> Side {
        values.iter().map(|value| BTreeMap::from([("m".to_string(), *value)])).collect()
    }

    /// Differences 1, 2, 3: mean 2, standard deviation 1, t(0.975, 2) = 4.3027: half width 2.4841.
    #[test]
    fn the_interval_is_of_the_pairs() {
        let found = compare(&side(&[10.0, 20.0, 30.0]), &side(&[11.0, 22.0, 33.0]));
        let one = &found[0];
        assert_eq!((one.mean, one.n), (2.0, 3));
        assert!((one.half_width.unwrap() - 2.4841).abs() < 1e-3, "{one:?}");
        assert!(!one.is_significant());
        let sure = &compare(&side(&[10.0, 20.0, 30.0]), &side(&[12.0, 22.1, 31.9]))[0];
        assert!(sure.is_significant());
    }

    #[test]
    fn pairing_finds_what_independent_runs_would_not() {
        // The sides vary by 10, their difference by 0.1.
        let a = side(&[5.0, 15.0, 25.0, 35.0]);
        let b = side(&[5.9, 16.0, 26.1, 36.0]);
        let one = &compare(&a, &b)[0];
        assert!(one.is_significant() && one.a.half_width.unwrap() > 10.0 * one.half_width.unwrap());
    }

    #[test]
    fn nothing_against_nothing_is_no_difference() {
        let same = &compare(&side(&[1.0, 2.0]), &side(&[1.0, 2.0]))[0];
        assert!(!same.is_significant() && same.mean == 0.0);
        assert!(compare(&side(&[]), &side(&[])).is_empty());
        let once = &compare(&side(&[1.0]), &side(&[2.0]))[0];
        assert!(!once.is_significant() && once.half_width.is_none());
    }

    #[test]
    fn limits_are_read_and_kept() {
        let limit = Limit::parse("p99 grows by 10%").unwrap();
        assert_eq!((limit.metric.as_str(), limit.grows, limit.by, limit.relative), ("latency_ms.p99", true, 0.1, true));
        let grown = &compare(&side(&[100.0, 100.0]), &side(&[111.0, 111.0]))[0];
        let just = &compare(&side(&[100.0, 100.0]), &side(&[110.0, 110.0]))[0];
        assert!(limit.is_broken(grown) && !limit.is_broken(just), "the limit itself is kept");
        let luck = &compare(&side(&[100.0, 100.0]), &side(&[100.0, 140.0]))[0];
        assert!(!limit.is_broken(luck), "what could be luck breaks nothing");
        let falls = Limit::parse("availability falls 0.001").unwrap();
        assert!(falls.is_broken(&compare(&side(&[0.999, 0.999]), &side(&[0.99, 0.99]))[0]));
        assert!(!falls.is_broken(&compare(&side(&[0.99, 0.99]), &side(&[0.999, 0.999]))[0]));
        for bad in ["p99", "p99 grows", "p99 grows much", "p99 swells 10%", "p99 grows -1", "p99 grows inf%"] {
            assert!(Limit::parse(bad).is_err(), "{bad}");
        }
    }
}
