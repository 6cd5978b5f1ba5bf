use super::*;
use crate::stats::Tally;
use crate::stream::Stream;
use crate::stream::{Substream, Words};
use crate::time::Duration;

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

/// The share of draws at or below each value against what the quantile function says, Kolmogorov and Smirnov's greatest
/// distance. It must stay below the value that a true sample exceeds once in ten thousand: 2.23 / √n, Law, table 6.13.
#[test]
fn draws_follow_the_quantile_function() {
    let draws = 20_000;
    for dist in every_kind().into_iter().filter(|dist| !matches!(dist, Dist::Constant(_))) {
        let (mut words, sampler) = (Stream::new(2, 0, "test", "ks"), dist.sampler());
        let mut values: Vec<f64> = (0..draws).map(|_| sampler.sample(&mut words)).collect();
        values.sort_by(f64::total_cmp);
        // At each of 999 probabilities, the draws at or below the quantile.
        let distance = (1..1_000)
            .map(|step| {
                let p = f64::from(step) / 1_000.0;
                let below = values.partition_point(|value| *value <= dist.quantile(p));
                (below as f64 / f64::from(draws) - p).abs()
            })
            .fold(0.0, f64::max);
        assert!(distance < 2.23 / sqrt(f64::from(draws)), "{dist:?}: {distance}");
        assert!(distance > 0.0, "{dist:?}: the draws are not random");
    }
}

#[test]
fn quantiles_meet_closed_forms() {
    #[track_caller]
    fn near(dist: Dist, p: f64, expected: f64) {
        let value = dist.quantile(p);
        assert!((value - expected).abs() <= 1e-9 * expected.abs(), "{dist:?} at {p}: {value} is not {expected}");
    }
    near(Dist::Exponential { mean: 2.0 }, 0.95, 2.0 * ln(20.0));
    near(Dist::LognormalQuantiles { median: 20.0, p95: 60.0 }, 0.95, 60.0);
    near(Dist::LognormalQuantiles { median: 20.0, p95: 60.0 }, 0.5, 20.0);
    near(Dist::Weibull { scale: 3.0, shape: 2.0 }, 0.5, 3.0 * sqrt(ln(2.0)));
    near(Dist::Pareto { low: 1.0, high: 100.0, shape: 1.0 }, 0.5, 1.0 / (1.0 - 0.5 * 0.99));
    near(Dist::Hyperexponential { mean: 2.0, cv: 1.0 }, 0.95, 2.0 * ln(20.0));
    near(Dist::Uniform { low: 1.0, high: 3.0 }, 0.25, 1.5);
    // Half of χ² with six degrees of freedom, whose 95 % point is 12.591587244 in every table.
    near(Dist::Erlang { k: 3, mean: 3.0 }, 0.95, 6.295_793_621_872);
    near(Dist::Gamma { mean: 1.0, cv: 1.0 }, 0.5, ln(2.0));
    // Symmetric about its mean.
    near(Dist::TruncatedNormal { mean: 5.0, sd: 2.0, low: 1.0, high: 9.0 }, 0.5, 5.0);
    near(Dist::Empirical { quantiles: vec![(0.0, 1.0), (0.5, 2.0), (1.0, 6.0)] }, 0.75, 4.0);
    assert_eq!(Dist::Exponential { mean: 1.0 }.quantile(1.0), f64::INFINITY);
    assert_eq!(Dist::Phases(vec![(0.5, 1.0), (0.5, 2.0)]).quantile(0.0), 0.0);
}

#[test]
fn moments_meet_closed_forms() {
    #[track_caller]
    fn near(value: f64, expected: f64) {
        assert!((value - expected).abs() <= 1e-12 * expected.abs(), "{value} is not {expected}");
    }
    near(Dist::Weibull { scale: 2.0, shape: 1.0 }.mean(), 2.0);
    near(Dist::Weibull { scale: 2.0, shape: 2.0 }.mean(), sqrt(std::f64::consts::PI));
    near(Dist::WeibullMean { mean: 2.0, shape: 1.0 }.variance(), 4.0);
    near(Dist::Pareto { low: 1.0, high: 2.0, shape: 1.0 }.mean(), 2.0 * ln(2.0));
    near(Dist::Pareto { low: 1.0, high: 2.0, shape: 2.0 }.mean(), 4.0 / 3.0);
    let two = Dist::Phases(Dist::Hyperexponential { mean: 2.0, cv: 3.0 }.phases());
    near(two.mean(), 2.0);
    near(two.variance(), 36.0);
    // A normal distribution cut in half is half-normal.
    let half = Dist::TruncatedNormal { mean: 0.0, sd: 1.0, low: 0.0, high: 30.0 };
    near(half.mean(), sqrt(2.0 / std::f64::consts::PI));
    near(half.variance(), 1.0 - 2.0 / std::f64::consts::PI);
    near(Dist::from_samples(&[3.0, 1.0, 2.0]).expect("samples").mean(), 2.0);
}

/// Any change here changes every run.
#[test]
fn draws_are_stored() {
    let draws: Vec<String> = every_kind()
        .iter()
        .map(|dist| {
            let (mut words, sampler) = (Stream::new(3, 0, "test", "pins"), dist.sampler());
            let bits = (0..1_000).fold(0_u64, |sum, _| sum.rotate_left(7) ^ sampler.sample(&mut words).to_bits());
            format!("{bits:016x}")
        })
        .collect();
    assert_eq!(draws, PINS);
}

const PINS: [&str; 22] = [
    "f19c993264c9ec78",
    "a328a6d9dadda7c3",
    "4e99f1dd7d3b74d0",
    "72b50b38188f6d04",
    "460f94f513dec394",
    "ee6b3792cc26445e",
    "ca4d6b1ffd1a557c",
    "975f676fade1a369",
    "051a7c0c82884200",
    "372d84c31ab86bbe",
    "90044e3f0bdf5098",
    "5019c50bdd221665",
    "234f20e46106d120",
    "56797e5868044a23",
    "acccafc9ac013219",
    "8b4a6515a57b3b20",
    "53bc6469aa75ff98",
    "d18e12b62e820032",
    "0013c25557eeccdd",
    "abc63e63ba242244",
    "0bd0c2771aeaddce",
    "fdbf16b69a570140",
];

#[test]
fn without_spread_there_is_one_duration_and_no_draw() {
    let same = Dist::Empirical { quantiles: vec![(0.0, 0.002), (1.0, 0.002)] };
    for dist in [Dist::Constant(0.002), Dist::Uniform { low: 0.002, high: 0.002 }, same] {
        let sampler = dist.sampler();
        assert_eq!(sampler.constant(), Some(Duration::from_millis(2)));
        let mut words = Substream::new(1, 1);
        assert_eq!((sampler.duration(&mut words), sampler.sample(&mut words)), (Duration::from_millis(2), 0.002));
        assert_eq!(words.word(), Substream::new(1, 1).word());
    }
    assert_eq!(Dist::Exponential { mean: 1.0 }.sampler().constant(), None);
}

/// With the words 0 and all ones, the least and the greatest that can come, no draw leaves its range.
#[test]
fn the_ends_of_luck_stay_in_range() {
    struct Told(u64);
    impl Words for Told {
        fn word(&mut self) -> u64 {
            self.0
        }
    }
    for dist in every_kind() {
        // A gamma that rejects would ask the same word for ever.
        if matches!(dist, Dist::Gamma { .. } | Dist::Erlang { k: 20, .. }) {
            continue;
        }
        for word in [0, u64::MAX] {
            let value = dist.sampler().sample(&mut Told(word));
            assert!(value.is_finite() && value >= 0.0, "{dist:?}: {value}");
            assert!(value >= dist.quantile(0.0) && value <= dist.quantile(1.0), "{dist:?}: {value}");
        }
    }
}

#[test]
fn what_is_no_distribution_is_refused_with_a_reason() {
    for (dist, message) in [
        (Dist::Constant(-1.0), "`value` must not be negative, but is -1"),
        (Dist::Constant(f64::NAN), "`value` must be a finite number, not NaN"),
        (Dist::Uniform { low: 3.0, high: 1.0 }, "`low` must be below `high`, but 3 is not below 1"),
        (Dist::Exponential { mean: 0.0 }, "`mean` must be above 0, not 0"),
        (Dist::Erlang { k: 0, mean: 1.0 }, "`k` must be above 0, not 0"),
        (Dist::Lognormal { mean: 1.0, cv: 1e9 }, "`cv` must be at most 100, not 1000000000"),
        (Dist::LognormalQuantiles { median: 60.0, p95: 20.0 }, "`p95` must be above `median`, but 20 is not above 60"),
        (Dist::Weibull { scale: 1.0, shape: 0.0 }, "`shape` must be from 0.05 to 1000, not 0"),
        (
            Dist::Hyperexponential { mean: 1.0, cv: 0.5 },
            "`cv` of a hyperexponential must be at least 1, not 0.5; below 1 use Gamma or Erlang",
        ),
        (Dist::Phases(vec![(0.5, 1.0)]), "the probabilities must add up to 1, not to 0.5"),
        (Dist::Phases(vec![]), "at least one sample, quantile or phase is needed"),
        (
            Dist::TruncatedNormal { mean: 0.0, sd: 1.0, low: 50.0, high: 60.0 },
            "from `low` to `high` must lie at least 1e-9 of the normal distribution, not 0e0",
        ),
        (
            Dist::Empirical { quantiles: vec![(0.5, 1.0), (0.99, 2.0)] },
            "quantiles must go from probability 0 to 1, not from 0.5 to 0.99",
        ),
        (
            Dist::Empirical { quantiles: vec![(0.0, 2.0), (1.0, 1.0)] },
            "values of quantiles must not fall, but 1 comes after 2",
        ),
    ] {
        assert_eq!(dist.validate().expect_err("not valid").to_string(), message);
        assert_eq!(dist.sampler().duration(&mut Substream::new(1, 1)), Duration::ZERO);
    }
    assert_eq!(Dist::from_samples(&[]), Err(DistError::Empty));
    assert!(Dist::from_samples(&[1.0, f64::NAN]).is_err());
}

#[test]
fn a_smaller_word_is_a_greater_value_in_every_family() {
    struct Told(u64);
    impl Words for Told {
        fn word(&mut self) -> u64 {
            self.0
        }
    }
    for dist in every_kind() {
        let several_words = matches!(dist, Dist::Gamma { .. } | Dist::Erlang { .. });
        if several_words || matches!(dist, Dist::Hyperexponential { .. } | Dist::Phases(_)) {
            continue;
        }
        let sampler = dist.sampler();
        let values: Vec<f64> = (0..1_000).map(|step| sampler.sample(&mut Told(step << 54))).collect();
        assert!(values.is_sorted_by(|a, b| a >= b), "{dist:?}");
    }
}
