//! Draws: a distribution with everything computed beforehand that does not depend on the draw.

use super::{Cut, Dist};
use crate::math::{exp, ln, normal_quantile, pow, sqrt};
use crate::stream::Words;
use crate::time::Duration;

/// A distribution ready to be drawn from.
///
/// A draw is the inverse of the distribution function at one uniform number, and so takes one word. In every family the
/// smaller word means the greater value: runs on common random numbers stay paired where they differ in a distribution.
/// Gamma and Erlang take more words, phases choose one by the same word.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampler(Kind);

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Constant {
        value: f64,
        duration: Duration,
    },
    Uniform {
        high: f64,
        width: f64,
    },
    /// Minus the mean.
    Exponential {
        minus_mean: f64,
    },
    Erlang {
        k: u32,
        minus_mean: f64,
    },
    Gamma {
        d: f64,
        c: f64,
        scale: f64,
        /// One over the shape where that is below 1, else zero.
        boost: f64,
    },
    Lognormal {
        mu: f64,
        sigma: f64,
    },
    Weibull {
        scale: f64,
        power: f64,
    },
    Pareto {
        low: f64,
        high: f64,
        /// What the power makes the greatest value of; of the least value it makes 1.
        least: f64,
        power: f64,
    },
    /// Probability and minus the mean of the first phase, minus the mean of the second.
    TwoPhases {
        p: f64,
        first: f64,
        second: f64,
    },
    /// The probability up to and with each phase, its own, and minus its mean.
    Phases(Box<[(f64, f64, f64)]>),
    TruncatedNormal(Box<Cut>),
    Empirical(Box<[(f64, f64)]>),
}

/// Up to so many phases an Erlang is the logarithm of a product of words; beyond, a gamma is shorter.
const ERLANG_PRODUCT: u32 = 8;

impl Sampler {
    pub(super) fn new(dist: &Dist) -> Sampler {
        // Of parameters that make no distribution some would be drawn from without end.
        let nothing = Dist::Constant(0.0);
        let dist = if dist.validate().is_ok() { dist } else { &nothing };
        let constant = |value: f64| Kind::Constant { value, duration: Duration::from_secs_f64(value) };
        Sampler(match dist {
            Dist::Constant(value) => constant(*value),
            Dist::Uniform { low, high } if low == high => constant(*low),
            Dist::Uniform { low, high } => Kind::Uniform { high: *high, width: high - low },
            Dist::Exponential { mean } => Kind::Exponential { minus_mean: -mean },
            Dist::Erlang { k: 1, mean } => Kind::Exponential { minus_mean: -mean },
            Dist::Erlang { k, mean } if *k <= ERLANG_PRODUCT => {
                Kind::Erlang { k: *k, minus_mean: -mean / f64::from(*k) }
            }
            Dist::Erlang { k, mean } => gamma(f64::from(*k), mean / f64::from(*k)),
            Dist::Gamma { mean, cv } => gamma(1.0 / (cv * cv), mean * cv * cv),
            Dist::Lognormal { .. } | Dist::LognormalQuantiles { .. } => {
                let (mu, sigma) = dist.log_normal();
                Kind::Lognormal { mu, sigma }
            }
            Dist::Weibull { shape, .. } | Dist::WeibullMean { shape, .. } => {
                Kind::Weibull { scale: dist.weibull_scale(), power: 1.0 / shape }
            }
            Dist::Pareto { low, high, shape } => {
                Kind::Pareto { low: *low, high: *high, least: pow(low / high, *shape), power: -1.0 / shape }
            }
            Dist::Hyperexponential { .. } | Dist::Phases(_) => phases(&dist.phases()),
            Dist::TruncatedNormal { mean, sd, low, high } => {
                Kind::TruncatedNormal(Box::new(Cut::new(*mean, *sd, *low, *high)))
            }
            Dist::Empirical { quantiles } => match (quantiles.first(), quantiles.last()) {
                (Some(first), Some(last)) if first.1 == last.1 => constant(first.1),
                (None, _) | (_, None) => constant(0.0),
                _ => Kind::Empirical(quantiles.clone().into()),
            },
        })
    }

    /// One value.
    #[inline]
    pub fn sample(&self, words: &mut impl Words) -> f64 {
        match &self.0 {
            Kind::Constant { value, .. } => *value,
            Kind::Exponential { minus_mean } => minus_mean * ln(words.unit()),
            Kind::Uniform { high, width } => high - width * words.unit(),
            Kind::Lognormal { mu, sigma } => exp(mu - sigma * normal_quantile(words.unit())),
            _ => self.sample_rare(words),
        }
    }

    /// One value, taken as seconds, to the nearest nanosecond.
    #[inline]
    pub fn duration(&self, words: &mut impl Words) -> Duration {
        match &self.0 {
            Kind::Exponential { minus_mean } => Duration::from_secs_f64(minus_mean * ln(words.unit())),
            Kind::Constant { duration, .. } => *duration,
            _ => self.duration_rare(words),
        }
    }

    #[inline(never)]
    #[cold]
    fn duration_rare(&self, words: &mut impl Words) -> Duration {
        Duration::from_secs_f64(self.sample(words))
    }

    /// The one value there is, taken as seconds, for a distribution without spread: such a delay belongs in a lane.
    pub fn constant(&self) -> Option<Duration> {
        match &self.0 {
            Kind::Constant { duration, .. } => Some(*duration),
            _ => None,
        }
    }

    /// The kinds that are drawn less often, or whose draw is long anyway, out of the way of the others.
    #[inline(never)]
    #[cold]
    fn sample_rare(&self, words: &mut impl Words) -> f64 {
        match &self.0 {
            Kind::Erlang { k, minus_mean } => {
                // Eight units are at least 2^-424, well within an `f64`.
                let product = (0..*k).fold(1.0, |product, _| product * words.unit());
                minus_mean * ln(product)
            }
            Kind::Gamma { d, c, scale, boost } => {
                let value = scale * marsaglia_tsang(*d, *c, words);
                if *boost > 0.0 { value * pow(words.unit(), *boost) } else { value }
            }
            Kind::Weibull { scale, power } => scale * pow(-ln(words.unit()), *power),
            Kind::Pareto { low, high, least, power } => {
                (low * pow(least + words.unit() * (1.0 - least), *power)).min(*high)
            }
            Kind::TwoPhases { p, first, second } => {
                let u = words.unit();
                // What is left of the unit once the phase is known is a unit again.
                if u < *p { first * ln(u / p) } else { second * ln(positive((u - p) / (1.0 - p))) }
            }
            Kind::Phases(phases) => {
                let u = words.unit();
                let at = phases.partition_point(|phase| phase.0 <= u).min(phases.len() - 1);
                let (upto, own, minus_mean) = phases[at];
                minus_mean * ln(positive((u - (upto - own)) / own).min(1.0))
            }
            Kind::TruncatedNormal(cut) => cut.quantile(1.0 - words.unit()),
            Kind::Empirical(quantiles) => between(quantiles, 1.0 - words.unit()),
            Kind::Constant { .. } | Kind::Exponential { .. } | Kind::Uniform { .. } | Kind::Lognormal { .. } => {
                self.sample(words)
            }
        }
    }
}

/// The least unit there is in place of nothing, which rounding may leave of a unit.
#[inline]
fn positive(u: f64) -> f64 {
    u.max(1.0 / (1_u64 << 53) as f64)
}

fn gamma(shape: f64, scale: f64) -> Kind {
    let (raised, boost) = if shape < 1.0 { (shape + 1.0, 1.0 / shape) } else { (shape, 0.0) };
    let d = raised - 1.0 / 3.0;
    Kind::Gamma { d, c: 1.0 / sqrt(9.0 * d), scale, boost }
}

fn phases(phases: &[(f64, f64)]) -> Kind {
    let possible: Vec<(f64, f64)> = phases.iter().copied().filter(|phase| phase.0 > 0.0).collect();
    match *possible {
        [] => Kind::Constant { value: 0.0, duration: Duration::ZERO },
        [(_, mean)] => Kind::Exponential { minus_mean: -mean },
        [(p, first), (_, second)] => Kind::TwoPhases { p, first: -first, second: -second },
        _ => {
            let mut upto = 0.0;
            let add = |(p, mean): (f64, f64)| {
                upto += p;
                (upto, p, -mean)
            };
            Kind::Phases(possible.into_iter().map(add).collect())
        }
    }
}

/// A gamma variable of scale 1 and shape d + 1/3.
///
/// Source: Marsaglia and Tsang, "A simple method for generating gamma variables" (2000).
fn marsaglia_tsang(d: f64, c: f64, words: &mut impl Words) -> f64 {
    loop {
        let x = normal_quantile(words.unit());
        let root = 1.0 + c * x;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        let u = words.unit();
        if u < 1.0 - 0.0331 * x * x * x * x || ln(u) < 0.5 * x * x + d * (1.0 - v + ln(v)) {
            return d * v;
        }
    }
}

/// The value at probability `p`, linear between the quantiles around it.
#[inline]
pub(super) fn between(quantiles: &[(f64, f64)], p: f64) -> f64 {
    let above = quantiles.partition_point(|point| point.0 <= p);
    match (above.checked_sub(1).and_then(|below| quantiles.get(below)), quantiles.get(above)) {
        (Some(&(p0, low)), Some(&(p1, high))) => low + (p - p0) / (p1 - p0) * (high - low),
        (Some(&(_, end)), None) | (None, Some(&(_, end))) => end,
        (None, None) => 0.0,
    }
}
