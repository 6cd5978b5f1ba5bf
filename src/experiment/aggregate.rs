//! Estimates over replications: `replications.json`.
//!
//! # Models      the mean of each figure with Student's confidence interval, lengthened where the figure is skewed, and quantiles
//!   over the replications, which are independent and alike; what never happened has a bound on how often it could (the rule of three)
//! # Leaves out  intervals of those quantiles

use super::Replication;
use super::metrics::is_zero_when_missing;
use models::result::Summary;
use serde::{Deserialize, Serialize};
use sim_core::stats::{Interval, quantile_of};
use std::collections::{BTreeMap, BTreeSet};

/// Confidence level of the intervals.
pub const LEVEL: f64 = 0.95;

/// What several replications say together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    /// Version of this shape.
    pub schema: u32,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of all replications.
    pub seed: u64,
    /// Version of `sim`.
    pub version: String,
    /// How many there were, numbered from 0.
    pub replications: u32,
    /// Confidence level of the intervals.
    pub level: f64,
    /// Digest of each, in the order of their numbers.
    pub digests: Vec<String>,
    /// Each figure; the names are those of `replications.csv`.
    pub metrics: BTreeMap<String, Estimate>,
    /// Each expectation.
    pub expectations: Vec<Tally>,
}

/// An estimate of one figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Mean over the replications that have the figure.
    pub mean: f64,
    /// Half the width of the confidence interval around the mean; `null` if one value is all there is.
    pub half_width: Option<f64>,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// The 5 % quantile over the replications: one run in twenty is below it.
    pub p05: f64,
    /// The median run.
    pub p50: f64,
    /// The 95 % quantile.
    pub p95: f64,
    /// Where the figure was nought in every replication: the share of runs in which it could still be more, at most, at the
    /// aggregate's confidence. Such a "0 ± 0" says nothing by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub some_in_at_most: Option<f64>,
    /// Replications that have the figure. Fewer than all if the thing did not happen in each.
    pub n: u32,
}

/// In how many replications an expectation held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// As written.
    pub text: String,
    /// Replications in which it held.
    pub held: u32,
    /// Of so many.
    pub of: u32,
    /// It holds in at least this share of all runs, at the aggregate's confidence.
    pub share_at_least: f64,
}

impl Aggregate {
    /// Folds replications, given in the order of their numbers. `first` is the summary of one of them.
    pub fn fold(first: &Summary, replications: &[Replication]) -> Aggregate {
        let names: BTreeSet<&String> = replications.iter().flat_map(|one| one.metrics.keys()).collect();
        let metrics = names
            .into_iter()
            .map(|name| {
                let zero = is_zero_when_missing(name).then_some(0.0);
                let values: Vec<f64> =
                    replications.iter().filter_map(|one| one.metrics.get(name).copied().or(zero)).collect();
                (name.clone(), Estimate::of(&values))
            })
            .collect();
        let expectations = first
            .expectations
            .iter()
            .enumerate()
            .map(|(i, expectation)| {
                let held = replications.iter().filter(|one| one.expectations.get(i).is_some_and(|e| e.held)).count();
                Tally {
                    text: expectation.text.clone(),
                    held: held as u32,
                    of: replications.len() as u32,
                    share_at_least: Interval::share_at_least(held as u64, replications.len() as u64, LEVEL),
                }
            })
            .collect();
        Aggregate {
            schema: 1,
            scenario: first.scenario.clone(),
            seed: first.seed,
            version: first.version.clone(),
            replications: replications.len() as u32,
            level: LEVEL,
            digests: replications.iter().map(|one| one.digest.clone()).collect(),
            metrics,
            expectations,
        }
    }

    /// The estimate of a figure.
    pub fn get(&self, name: &str) -> Option<&Estimate> {
        self.metrics.get(name)
    }
}

impl Estimate {
    /// The estimate from some values, at least one.
    pub fn of(values: &[f64]) -> Estimate {
        Estimate {
            mean: values.iter().sum::<f64>() / values.len().max(1) as f64,
            half_width: Interval::of_skewed(values, LEVEL).map(|interval| interval.half_width),
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            p05: quantile_of(values, 0.05).unwrap_or(f64::NAN),
            p50: quantile_of(values, 0.5).unwrap_or(f64::NAN),
            p95: quantile_of(values, 0.95).unwrap_or(f64::NAN),
            some_in_at_most: (values.len() > 1 && values.iter().all(|value| *value == 0.0))
                .then(|| Interval::share_at_most(0, values.len() as u64, LEVEL)),
            n: values.len() as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean 10, standard deviation 1.5811, t(0.975, 4) = 2.7764: half width 1.9632 (any table of Student's t).
    #[test]
    fn the_interval_of_an_even_figure_is_students() {
        let estimate = Estimate::of(&[8.0, 9.0, 10.0, 11.0, 12.0]);
        assert_eq!((estimate.mean, estimate.min, estimate.max, estimate.n), (10.0, 8.0, 12.0, 5));
        assert!((estimate.half_width.unwrap() - 1.9632).abs() < 1e-3, "{estimate:?}");
    }

    #[test]
    fn one_value_has_no_interval() {
        assert_eq!(Estimate::of(&[8.0]).half_width, None);
    }
}
