//! Distributions of durations.

use crate::units::{Dur, Share};
use schemars::JsonSchema;
use serde::Deserialize;

/// How long something takes: a duration alone (`"90s"`) is constant; else one of these.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Dist {
    /// A duration in quotes: always the same.
    Text(Dur),
    /// Always the same.
    Constant {
        /// That value.
        value: Dur,
    },
    /// Exponential, by its mean.
    Exp {
        /// Mean.
        mean: Dur,
    },
    /// Uniform.
    Uniform {
        /// Smallest.
        low: Dur,
        /// Largest.
        high: Dur,
    },
    /// Sum of `k` exponentials.
    Erlang {
        /// Number of phases, 1 to 1000.
        k: u32,
        /// Mean of the sum.
        mean: Dur,
    },
    /// Gamma, by mean and coefficient of variation (standard deviation over mean).
    Gamma {
        /// Mean.
        mean: Dur,
        /// Coefficient of variation, above 0, at most 100.
        cv: f64,
    },
    /// Lognormal, by `mean` and `cv`, or by `median` and `p95`.
    Lognormal {
        /// Median (with `p95`).
        median: Option<Dur>,
        /// 95th percentile (with `median`).
        p95: Option<Dur>,
        /// Mean (with `cv`).
        mean: Option<Dur>,
        /// Coefficient of variation (with `mean`).
        cv: Option<f64>,
    },
    /// Weibull, by `shape` and either `scale` or `mean`; shape below 1 fails early, above 1 wears out.
    Weibull {
        /// Shape, 0.05 to 1000.
        shape: f64,
        /// Scale: 63.2 % are shorter.
        scale: Option<Dur>,
        /// Mean.
        mean: Option<Dur>,
    },
    /// Bounded Pareto: a power law cut at both ends.
    Pareto {
        /// Tail index, 0.05 to 1000; the smaller, the heavier the tail.
        shape: f64,
        /// Smallest.
        low: Dur,
        /// Largest.
        high: Dur,
    },
    /// Two exponentials with balanced means, for a coefficient of variation above 1.
    Hyperexponential {
        /// Mean.
        mean: Dur,
        /// Coefficient of variation, 1 to 100.
        cv: f64,
    },
    /// A mixture of exponentials: each with its probability and mean.
    Phases {
        /// `[("90%", "1ms"), ("10%", "20ms")]`: probabilities that add up to 1, and means.
        phases: Vec<(Share, Dur)>,
    },
    /// Normal, cut to a range.
    TruncatedNormal {
        /// Mean before the cut.
        mean: Dur,
        /// Standard deviation before the cut.
        sd: Dur,
        /// Smallest. Default 0.
        low: Option<Dur>,
        /// Largest. Default: the mean and eight standard deviations.
        high: Option<Dur>,
    },
    /// Measured: by `samples`, or by `quantiles`; straight lines between them.
    Empirical {
        /// Raw values.
        samples: Option<Vec<Dur>>,
        /// `[("0%", "1ms"), ("50%", "4ms"), ("100%", "90ms")]`: shares from 0 to 100 %, and the value each stays below.
        quantiles: Option<Vec<(Share, Dur)>>,
    },
}
