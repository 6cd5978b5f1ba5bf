//! Distributions: how long things take, as a user writes it, and as a run draws it.
//!
//! ```text
//!  settings ──► Dist ──validate──► Dist::sampler ──► Sampler ──one word of a stream──► value or Duration
//!                └──► mean, variance, quantile: for advice and for analytic checks
//! ```
//! # Models      values that are never negative, in the user's unit: seconds where a `Duration` is drawn
//! # Leaves out  correlation between draws; fitting of parametric families to data
//! # Source      Law, "Simulation Modeling and Analysis", 5th ed., section 6.2.2 for the families and section 8.3 for the
//!   draws; each variant names what differs

mod error;
mod sampler;

pub use error::DistError;
pub use sampler::Sampler;

use crate::math::{self, exp, gamma_p_inverse, ln, normal_cdf, normal_quantile, pow, sqrt};

/// A distribution of values that are not negative.
#[derive(Clone, Debug, PartialEq)]
pub enum Dist {
    /// Always this value.
    Constant(f64),
    /// Any value between the two, all alike.
    Uniform {
        /// The least value.
        low: f64,
        /// The greatest value.
        high: f64,
    },
    /// Without memory: what is left is as long as the whole.
    Exponential {
        /// Mean, above zero.
        mean: f64,
    },
    /// The sum of `k` exponentials of one mean.
    Erlang {
        /// How many, 1 or more.
        k: u32,
        /// Mean of the sum, above zero.
        mean: f64,
    },
    /// Gamma by its mean and its coefficient of variation (standard deviation over mean).
    Gamma {
        /// Mean, above zero.
        mean: f64,
        /// Coefficient of variation, above zero.
        cv: f64,
    },
    /// Lognormal by its mean and its coefficient of variation.
    Lognormal {
        /// Mean, above zero.
        mean: f64,
        /// Coefficient of variation, above zero.
        cv: f64,
    },
    /// Lognormal by two quantiles, as one reads them off a dashboard.
    LognormalQuantiles {
        /// The value half stay below, above zero.
        median: f64,
        /// The value 95 % stay below, above the median.
        p95: f64,
    },
    /// Weibull by scale and shape.
    Weibull {
        /// The value 63.2 % stay below, above zero.
        scale: f64,
        /// Below 1 a falling failure rate, 1 exponential, above 1 a rising one; above zero.
        shape: f64,
    },
    /// Weibull by mean and shape.
    WeibullMean {
        /// Mean, above zero.
        mean: f64,
        /// As above.
        shape: f64,
    },
    /// Pareto between two bounds: sizes that span orders of magnitude.
    Pareto {
        /// The least value, above zero.
        low: f64,
        /// The greatest value, above the least.
        high: f64,
        /// The power by which the tail falls, above zero; the smaller, the heavier.
        shape: f64,
    },
    /// Two exponential phases that carry equal shares of the mean: more variable than exponential.
    ///
    /// Source: balanced means, Whitt, "Approximating a point process by a renewal process" (1982).
    Hyperexponential {
        /// Mean, above zero.
        mean: f64,
        /// Coefficient of variation, 1 or more.
        cv: f64,
    },
    /// One of several exponential phases: probability and mean of each; the probabilities add up to 1.
    Phases(Vec<(f64, f64)>),
    /// Normal, cut to a range.
    TruncatedNormal {
        /// Mean before the cut.
        mean: f64,
        /// Standard deviation before the cut, above zero.
        sd: f64,
        /// The least value.
        low: f64,
        /// The greatest value, above the least.
        high: f64,
    },
    /// Measured: pairs of probability and quantile from probability 0 to 1, linear between them.
    Empirical {
        /// Probabilities rising from 0 to 1, each with the value that share stays below; the values never fall.
        quantiles: Vec<(f64, f64)>,
    },
}

impl Dist {
    /// The empirical distribution of raw samples, the least at probability 0 and the greatest at 1.
    ///
    /// # Errors
    /// Where there are no samples, or one is negative or not finite.
    pub fn from_samples(samples: &[f64]) -> Result<Dist, DistError> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let quantiles = match *sorted {
            [] => return Err(DistError::Empty),
            [only] => vec![(0.0, only), (1.0, only)],
            _ => {
                let last = (sorted.len() - 1) as f64;
                sorted.iter().enumerate().map(|(rank, value)| (rank as f64 / last, *value)).collect()
            }
        };
        let dist = Dist::Empirical { quantiles };
        dist.validate()?;
        Ok(dist)
    }

    /// Whether the parameters make a distribution.
    ///
    /// # Errors
    /// The first parameter that does not, with its value and its range.
    pub fn validate(&self) -> Result<(), DistError> {
        use error::{above_zero, finite, not_negative, rising};
        match self {
            Dist::Constant(value) => not_negative("value", *value),
            Dist::Uniform { low, high } => {
                not_negative("low", *low)?;
                finite("high", *high)?;
                if low > high { Err(DistError::Order { low: *low, high: *high }) } else { Ok(()) }
            }
            Dist::Exponential { mean } => above_zero("mean", *mean),
            Dist::Erlang { k, mean } => {
                above_zero("k", f64::from(*k))?;
                above_zero("mean", *mean)
            }
            Dist::Gamma { mean, cv } | Dist::Lognormal { mean, cv } => {
                above_zero("mean", *mean)?;
                above_zero("cv", *cv)?;
                if *cv > 100.0 { Err(DistError::TooVariable { cv: *cv }) } else { Ok(()) }
            }
            Dist::LognormalQuantiles { median, p95 } => {
                above_zero("median", *median)?;
                finite("p95", *p95)?;
                if p95 > median { Ok(()) } else { Err(DistError::Quantiles { median: *median, p95: *p95 }) }
            }
            Dist::Weibull { scale, shape } => {
                above_zero("scale", *scale)?;
                error::shape(*shape)
            }
            Dist::WeibullMean { mean, shape } => {
                above_zero("mean", *mean)?;
                error::shape(*shape)
            }
            Dist::Pareto { low, high, shape } => {
                above_zero("low", *low)?;
                finite("high", *high)?;
                error::shape(*shape)?;
                if low < high { Ok(()) } else { Err(DistError::Order { low: *low, high: *high }) }
            }
            Dist::Hyperexponential { mean, cv } => {
                above_zero("mean", *mean)?;
                finite("cv", *cv)?;
                match *cv {
                    cv if cv < 1.0 => Err(DistError::TooRegular { cv }),
                    cv if cv > 100.0 => Err(DistError::TooVariable { cv }),
                    _ => Ok(()),
                }
            }
            Dist::Phases(phases) => {
                if phases.is_empty() {
                    return Err(DistError::Empty);
                }
                for (p, mean) in phases {
                    not_negative("probability", *p)?;
                    above_zero("mean", *mean)?;
                }
                let sum: f64 = phases.iter().map(|phase| phase.0).sum();
                if (sum - 1.0).abs() > 1e-6 { Err(DistError::Sum { sum }) } else { Ok(()) }
            }
            Dist::TruncatedNormal { mean, sd, low, high } => {
                finite("mean", *mean)?;
                above_zero("sd", *sd)?;
                not_negative("low", *low)?;
                finite("high", *high)?;
                if low >= high {
                    return Err(DistError::Order { low: *low, high: *high });
                }
                // Farther out the cut would be told by rounding errors.
                let held = Cut::new(*mean, *sd, *low, *high).held();
                if held < 1e-9 { Err(DistError::Tail { held }) } else { Ok(()) }
            }
            Dist::Empirical { quantiles } => rising(quantiles),
        }
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        match self {
            Dist::Constant(value) => *value,
            Dist::Uniform { low, high } => 0.5 * (low + high),
            Dist::Exponential { mean }
            | Dist::Erlang { mean, .. }
            | Dist::Gamma { mean, .. }
            | Dist::Lognormal { mean, .. }
            | Dist::WeibullMean { mean, .. }
            | Dist::Hyperexponential { mean, .. } => *mean,
            Dist::LognormalQuantiles { median, p95 } => {
                let sigma = spread(*median, *p95);
                median * exp(0.5 * sigma * sigma)
            }
            Dist::Weibull { scale, shape } => scale * gamma(1.0 + 1.0 / shape),
            Dist::Pareto { low, high, shape } => pareto_moment(1.0, *low, *high, *shape),
            Dist::Phases(phases) => phases.iter().map(|(p, mean)| p * mean).sum(),
            Dist::TruncatedNormal { mean, sd, low, high } => Cut::new(*mean, *sd, *low, *high).mean(),
            Dist::Empirical { quantiles } => pieces(quantiles).map(|(p, a, b)| p * 0.5 * (a + b)).sum(),
        }
    }

    /// The variance.
    pub fn variance(&self) -> f64 {
        let by_cv = |mean: f64, cv: f64| mean * mean * cv * cv;
        match self {
            Dist::Constant(_) => 0.0,
            Dist::Uniform { low, high } => (high - low) * (high - low) / 12.0,
            Dist::Exponential { mean } => mean * mean,
            Dist::Erlang { k, mean } => mean * mean / f64::from(*k),
            Dist::Gamma { mean, cv } | Dist::Lognormal { mean, cv } | Dist::Hyperexponential { mean, cv } => {
                by_cv(*mean, *cv)
            }
            Dist::LognormalQuantiles { median, p95 } => {
                let sigma = spread(*median, *p95);
                let mean = self.mean();
                mean * mean * math::exp_m1(sigma * sigma)
            }
            Dist::Weibull { shape, .. } | Dist::WeibullMean { shape, .. } => {
                let (mean, first) = (self.mean(), gamma(1.0 + 1.0 / shape));
                mean * mean * (gamma(1.0 + 2.0 / shape) / (first * first) - 1.0)
            }
            Dist::Pareto { low, high, shape } => {
                let mean = self.mean();
                pareto_moment(2.0, *low, *high, *shape) - mean * mean
            }
            Dist::Phases(phases) => {
                let mean = self.mean();
                phases.iter().map(|(p, m)| p * 2.0 * m * m).sum::<f64>() - mean * mean
            }
            Dist::TruncatedNormal { mean, sd, low, high } => Cut::new(*mean, *sd, *low, *high).variance(),
            Dist::Empirical { quantiles } => {
                let mean = self.mean();
                // Each piece is uniform: its own variance, and how far its middle lies from the mean.
                let piece = |(p, a, b): (f64, f64, f64)| {
                    let (wide, off) = (b - a, 0.5 * (a + b) - mean);
                    p * (wide * wide / 12.0 + off * off)
                };
                pieces(quantiles).map(piece).sum()
            }
        }
    }

    /// The value that stays unexceeded with probability `p` (0 to 1, brought into that range).
    pub fn quantile(&self, p: f64) -> f64 {
        let p = p.clamp(0.0, 1.0);
        match self {
            Dist::Constant(value) => *value,
            Dist::Uniform { low, high } => low + p * (high - low),
            Dist::Exponential { mean } => -mean * math::ln_1p(-p),
            Dist::Erlang { k, mean } => gamma_p_inverse(f64::from(*k), p) * mean / f64::from(*k),
            Dist::Gamma { mean, cv } => gamma_p_inverse(1.0 / (cv * cv), p) * mean * cv * cv,
            Dist::Lognormal { .. } | Dist::LognormalQuantiles { .. } => {
                let (mu, sigma) = self.log_normal();
                exp(mu + sigma * normal_quantile(p))
            }
            Dist::Weibull { shape, .. } | Dist::WeibullMean { shape, .. } => {
                self.weibull_scale() * pow(-math::ln_1p(-p), 1.0 / shape)
            }
            Dist::Pareto { low, high, shape } => {
                // 1 at p = 0, (low / high)^shape at p = 1.
                let left = 1.0 - p * (1.0 - pow(low / high, *shape));
                (low * pow(left, -1.0 / shape)).min(*high)
            }
            Dist::Hyperexponential { .. } | Dist::Phases(_) => {
                let phases = self.phases();
                if p >= 1.0 {
                    return f64::INFINITY;
                }
                if p <= 0.0 {
                    return 0.0;
                }
                math::root(self.mean(), |x| {
                    phases.iter().map(|(w, mean)| -w * math::exp_m1(-x / mean)).sum::<f64>() - p
                })
            }
            Dist::TruncatedNormal { mean, sd, low, high } => Cut::new(*mean, *sd, *low, *high).quantile(p),
            Dist::Empirical { quantiles } => sampler::between(quantiles, p),
        }
    }

    /// The form that draws fast, made once per use.
    ///
    /// Parameters that [`Dist::validate`] refuses make a sampler of zeros.
    pub fn sampler(&self) -> Sampler {
        Sampler::new(self)
    }

    /// Mean and standard deviation of the logarithm of a lognormal; zeros for the others.
    fn log_normal(&self) -> (f64, f64) {
        match self {
            Dist::Lognormal { mean, cv } => {
                let square = math::ln_1p(cv * cv);
                (ln(*mean) - 0.5 * square, sqrt(square))
            }
            Dist::LognormalQuantiles { median, p95 } => (ln(*median), spread(*median, *p95)),
            _ => (0.0, 0.0),
        }
    }

    /// The scale of a Weibull; zero for the others.
    fn weibull_scale(&self) -> f64 {
        match self {
            Dist::Weibull { scale, .. } => *scale,
            Dist::WeibullMean { mean, shape } => mean / gamma(1.0 + 1.0 / shape),
            _ => 0.0,
        }
    }

    /// The phases of a hyperexponential, probability and mean of each; none for the others.
    fn phases(&self) -> Vec<(f64, f64)> {
        match self {
            Dist::Hyperexponential { mean, cv } => {
                let square = cv * cv;
                let p = 0.5 * (1.0 + sqrt((square - 1.0).max(0.0) / (square + 1.0)));
                // Written so that a share of nearly nought keeps its digits.
                let q = 1.0 / ((square + 1.0) * 2.0 * p);
                vec![(p, 0.5 * mean / p), (q, 0.5 * mean / q)]
            }
            Dist::Phases(phases) => phases.clone(),
            _ => Vec::new(),
        }
    }
}

/// The standard deviation of the logarithm of a lognormal with this median and 95 % point.
fn spread(median: f64, p95: f64) -> f64 {
    ln(p95 / median) / normal_quantile(0.95)
}

/// The gamma function.
fn gamma(x: f64) -> f64 {
    exp(math::ln_gamma(x))
}

/// The mean of the `k`-th power of a bounded Pareto.
fn pareto_moment(k: f64, low: f64, high: f64, shape: f64) -> f64 {
    // In units of the least value: ∫ shape · x^(k − 1 − shape) dx from 1 to `ratio`, over the share that is left.
    let ratio = ln(high / low);
    let rise = k - shape;
    let integral = if (rise * ratio).abs() < 1e-9 { ratio } else { math::exp_m1(rise * ratio) / rise };
    pow(low, k) * shape * integral / -math::exp_m1(-shape * ratio)
}

/// The pieces of an empirical distribution: probability, value at the beginning, value at the end.
fn pieces(quantiles: &[(f64, f64)]) -> impl Iterator<Item = (f64, f64, f64)> {
    quantiles.windows(2).map(|pair| (pair[1].0 - pair[0].0, pair[0].1, pair[1].1))
}

/// A normal distribution cut to a range, mirrored where the range lies above the mean, since the lower tail is exact.
///
/// Source: Johnson, Kotz and Balakrishnan, "Continuous Univariate Distributions", volume 1, section 10.1.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cut {
    mean: f64,
    /// Negative where mirrored.
    sd: f64,
    /// The ends in standard deviations, and the probabilities below them.
    a: f64,
    b: f64,
    below_a: f64,
    below_b: f64,
    low: f64,
    high: f64,
}

impl Cut {
    fn new(mean: f64, sd: f64, low: f64, high: f64) -> Cut {
        let (a, b) = ((low - mean) / sd, (high - mean) / sd);
        let (a, b, sd) = if a > 0.0 { (-b, -a, -sd) } else { (a, b, sd) };
        Cut { mean, sd, a, b, below_a: normal_cdf(a), below_b: normal_cdf(b), low, high }
    }

    fn held(&self) -> f64 {
        self.below_b - self.below_a
    }

    fn densities(&self) -> (f64, f64) {
        let density = |x: f64| exp(-0.5 * x * x) / sqrt(2.0 * std::f64::consts::PI);
        (density(self.a), density(self.b))
    }

    fn mean(&self) -> f64 {
        let (at_a, at_b) = self.densities();
        self.mean + self.sd * (at_a - at_b) / self.held()
    }

    fn variance(&self) -> f64 {
        let (at_a, at_b) = self.densities();
        let shift = (at_a - at_b) / self.held();
        let square = 1.0 + (self.a * at_a - self.b * at_b) / self.held() - shift * shift;
        self.sd * self.sd * square.max(0.0)
    }

    #[inline]
    fn quantile(&self, p: f64) -> f64 {
        let p = if self.sd < 0.0 { 1.0 - p } else { p };
        let x = normal_quantile(self.below_a + p * self.held());
        (self.mean + self.sd * x).max(self.low).min(self.high)
    }
}

#[cfg(test)]
mod tests;
