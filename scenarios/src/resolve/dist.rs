//! Distributions, from durations in text to seconds.

use crate::schema;
use crate::units::Dur;
use sim_core::Dist;

/// The distribution, or why it is none.
pub(crate) fn resolve(dist: &schema::Dist) -> Result<Dist, String> {
    let dist = convert(dist)?;
    dist.validate().map_err(|error| error.to_string())?;
    Ok(dist)
}

fn convert(dist: &schema::Dist) -> Result<Dist, String> {
    use schema::Dist as Written;
    Ok(match dist {
        Written::Text(value) | Written::Constant { value } => Dist::Constant(value.0),
        Written::Exp { mean } => Dist::Exponential { mean: mean.0 },
        Written::Uniform { low, high } => Dist::Uniform { low: low.0, high: high.0 },
        Written::Erlang { k, .. } if *k > 1000 => {
            return Err("`k` of an Erlang distribution is at most 1000".to_owned());
        }
        Written::Erlang { k, mean } => Dist::Erlang { k: *k, mean: mean.0 },
        Written::Gamma { mean, cv } => Dist::Gamma { mean: mean.0, cv: *cv },
        Written::Lognormal { median: Some(median), p95: Some(p95), mean: None, cv: None } => {
            Dist::LognormalQuantiles { median: median.0, p95: p95.0 }
        }
        Written::Lognormal { median: None, p95: None, mean: Some(mean), cv: Some(cv) } => {
            Dist::Lognormal { mean: mean.0, cv: *cv }
        }
        Written::Lognormal { .. } => return Err("a lognormal needs `median` and `p95`, or `mean` and `cv`".to_owned()),
        Written::Weibull { shape, scale: Some(scale), mean: None } => Dist::Weibull { scale: scale.0, shape: *shape },
        Written::Weibull { shape, scale: None, mean: Some(mean) } => Dist::WeibullMean { mean: mean.0, shape: *shape },
        Written::Weibull { .. } => return Err("a Weibull needs `shape`, and `scale` or `mean`".to_owned()),
        Written::Pareto { shape, low, high } => Dist::Pareto { low: low.0, high: high.0, shape: *shape },
        Written::Hyperexponential { mean, cv } => Dist::Hyperexponential { mean: mean.0, cv: *cv },
        Written::Phases { phases } => Dist::Phases(phases.iter().map(|(share, mean)| (share.0, mean.0)).collect()),
        Written::TruncatedNormal { mean, sd, low, high } => {
            let high = high.unwrap_or(Dur(mean.0 + 8.0 * sd.0)).0;
            Dist::TruncatedNormal { mean: mean.0, sd: sd.0, low: low.map_or(0.0, |low| low.0), high }
        }
        Written::Empirical { samples: Some(samples), quantiles: None } => {
            let samples: Vec<f64> = samples.iter().map(|sample| sample.0).collect();
            Dist::from_samples(&samples).map_err(|error| error.to_string())?
        }
        Written::Empirical { samples: None, quantiles: Some(quantiles) } => {
            Dist::Empirical { quantiles: quantiles.iter().map(|(share, value)| (share.0, value.0)).collect() }
        }
        Written::Empirical { .. } => return Err("an empirical distribution needs `samples` or `quantiles`".to_owned()),
    })
}

/// Lognormal by median and 95th percentile, in seconds.
pub(crate) fn lognormal(median: f64, p95: f64) -> Dist {
    Dist::LognormalQuantiles { median, p95 }
}

/// Uniform, in seconds.
pub(crate) fn uniform(low: f64, high: f64) -> Dist {
    Dist::Uniform { low, high }
}
