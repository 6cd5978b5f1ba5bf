use super::*;
use crate::stats::Tally;
use crate::stream::Stream;

#[test]
fn draws_have_the_mean_and_the_variance_of_the_closed_form() {
    for dist in every_kind() {
        assert_eq!(dist.validate(), Ok(()), "{dist:?}");
        let (mut words, sampler) = (Stream::new(1, 0, "test", "moments"), dist.sampler());
        let draws: Tally = (0..400_000).map(|_| sampler.sample(&mut words)).collect();
        let (mean, variance) = (draws.mean().expect("draws"), draws.variance().expect("draws"));
        let error = sqrt(dist.variance() / 400_000.0);
        assert!((mean - dist.mean()).abs() <= 4.0 * error, "{dist:?}: {mean} is not {}", dist.mean());
        assert!(
            (variance - dist.variance()).abs() <= 0.06 * dist.variance(),
            "{dist:?}: {variance} is not {}",
            dist.variance()
        );
    }
}

fn every_kind() -> Vec<Dist> {
    vec![
        Dist::Constant(0.25),
        Dist::Uniform { low: 1.0, high: 3.0 },
        Dist::Exponential { mean: 0.006 },
        Dist::Erlang { k: 1, mean: 2.0 },
        Dist::Erlang { k: 3, mean: 2.0 },
        Dist::Erlang { k: 20, mean: 2.0 },
        Dist::Gamma { mean: 2.0, cv: 0.5 },
        Dist::Gamma { mean: 2.0, cv: 1.6 },
        Dist::Lognormal { mean: 0.006, cv: 0.8 },
        Dist::LognormalQuantiles { median: 20.0, p95: 60.0 },
        Dist::Weibull { scale: 2.0, shape: 0.8 },
        Dist::WeibullMean { mean: 2.0, shape: 3.0 },
        Dist::Pareto { low: 1.0, high: 50.0, shape: 1.5 },
        Dist::Pareto { low: 1.0, high: 50.0, shape: 1.0 },
        Dist::Pareto { low: 1.0, high: 50.0, shape: 2.0 },
        Dist::Hyperexponential { mean: 2.0, cv: 1.0 },
        Dist::Hyperexponential { mean: 2.0, cv: 2.0 },
        Dist::Phases(vec![(0.5, 1.0), (0.25, 2.0), (0.25, 5.0)]),
        Dist::TruncatedNormal { mean: 5.0, sd: 2.0, low: 1.0, high: 8.0 },
        Dist::TruncatedNormal { mean: 0.0, sd: 1.0, low: 3.0, high: 9.0 },
        Dist::TruncatedNormal { mean: 9.0, sd: 1.0, low: 0.0, high: 6.0 },
        Dist::Empirical { quantiles: vec![(0.0, 1.0), (0.5, 2.0), (0.95, 4.0), (1.0, 20.0)] },
    ]
}
