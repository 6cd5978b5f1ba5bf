//! Statistics: how the datapoints of a window become one value.
//!
//! # Models      Average, Sum, Minimum, Maximum, SampleCount; percentiles; trimmed and winsorized means, trimmed counts and
//!   sums, percentile ranks, with bounds in percent or in values; over samples and over histograms
//! # Leaves out  the interpolation that AWS does between ranks: a percentile is the smallest value with that share at or
//!   below it
//! # Source      CloudWatch user guide, "Statistics definitions"; `aws/scaling.md` §5.1, §5.6

use super::{Datapoint, Values};
use crate::plan::{Bounds, Statistic, Within};
use sim_core::Histogram;

/// The statistic over the datapoints of one window; none without any.
pub(super) fn aggregate<'a>(window: impl Iterator<Item = &'a Datapoint> + Clone, statistic: Statistic) -> Option<f64> {
    let count: f64 = window.clone().map(|point| point.count).sum();
    window.clone().next()?;
    let sum = window.clone().map(|point| point.sum).sum::<f64>();
    Some(match statistic {
        Statistic::Average => sum / count,
        Statistic::Sum => sum,
        Statistic::SampleCount => count,
        Statistic::Minimum => window.map(|point| point.min).fold(f64::INFINITY, f64::min),
        Statistic::Maximum => window.map(|point| point.max).fold(f64::NEG_INFINITY, f64::max),
        Statistic::Percentile(percent) => percentile(window, percent / 100.0)?,
        Statistic::Within(what, bounds) => within(&values(window), what, bounds)?,
    })
}

/// Whether a percentile of so many samples may change a state where few samples are to be ignored (§5.6).
pub fn enough_samples(statistic: Statistic, samples: f64) -> bool {
    let Statistic::Percentile(percent) = statistic else { return true };
    let p = percent / 100.0;
    let least = if p >= 0.5 { 10.0 / (1.0 - p) } else { 10.0 / p };
    // p100 (and p0) would ask for samples without end.
    samples >= least - 1e-9
}

/// The smallest value with at least that share of all values at or below it.
fn percentile<'a>(window: impl Iterator<Item = &'a Datapoint>, share: f64) -> Option<f64> {
    let mut samples: Vec<f64> = Vec::new();
    let mut merged: Option<(Histogram, f64)> = None;
    for point in window {
        match (&point.values, &mut merged) {
            (Values::Samples(values), _) => samples.extend(values),
            (Values::Histogram(histogram, _), Some((all, _))) => all.merge(histogram),
            (Values::Histogram(histogram, scale), none) => *none = Some((histogram.clone(), *scale)),
            (Values::Dropped, _) => {}
        }
    }
    if let Some((histogram, scale)) = merged {
        return Some(histogram.quantile(share)? as f64 * scale);
    }
    samples.sort_unstable_by(f64::total_cmp);
    let rank = ((share.clamp(0.0, 1.0) * samples.len() as f64).ceil() as usize).max(1);
    samples.get(rank - 1).copied()
}

/// All values of a window with how often each is there, ascending.
fn values<'a>(window: impl Iterator<Item = &'a Datapoint>) -> Vec<(f64, f64)> {
    let mut values: Vec<(f64, f64)> = Vec::new();
    for point in window {
        match &point.values {
            Values::Samples(samples) => values.extend(samples.iter().map(|&sample| (sample, 1.0))),
            Values::Histogram(histogram, scale) => {
                let (least, most) = (histogram.min().unwrap_or(0), histogram.max().unwrap_or(0));
                let middle = |low: u64, high: u64| (low + (high - low) / 2).clamp(least, most) as f64 * scale;
                values.extend(histogram.iter().map(|(low, high, count)| (middle(low, high), count as f64)));
            }
            Values::Dropped => {}
        }
    }
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    values
}

/// A statistic of the samples within bounds; none where it is a mean of nothing.
fn within(values: &[(f64, f64)], what: Within, bounds: Bounds) -> Option<f64> {
    let all: f64 = values.iter().map(|value| value.1).sum();
    if all == 0.0 {
        return None;
    }
    // Each value with how much of it lies inside, below and above.
    let (mut inside, mut below, mut above) = (Vec::with_capacity(values.len()), 0.0, 0.0);
    let mut passed = 0.0;
    for &(value, count) in values {
        let (out_low, out_high) = match bounds {
            Bounds::Values(low, _) if value <= low => (count, 0.0),
            Bounds::Values(_, high) if value > high => (0.0, count),
            Bounds::Values(..) => (0.0, 0.0),
            Bounds::Percent(low, high) => {
                // So many of the least are cut, and so many are left in all; neither cuts a sample in two.
                let (first, last) = ((low / 100.0 * all + 1e-9).floor(), (high / 100.0 * all - 1e-9).ceil());
                ((first - passed).clamp(0.0, count), (passed + count - last).clamp(0.0, count))
            }
        };
        passed += count;
        below += out_low;
        above += out_high;
        inside.push((value, (count - out_low - out_high).max(0.0)));
    }
    let count: f64 = inside.iter().map(|one| one.1).sum();
    let sum: f64 = inside.iter().map(|one| one.0 * one.1).sum();
    match what {
        Within::TrimmedCount => Some(count),
        Within::TrimmedSum => Some(sum),
        Within::PercentileRank => Some(100.0 * count / all),
        Within::TrimmedMean => (count > 0.0).then(|| sum / count),
        Within::WinsorizedMean => {
            let mut left = inside.iter().filter(|one| one.1 > 0.0);
            let least = left.next()?.0;
            let most = left.next_back().map_or(least, |one| one.0);
            Some((sum + below * least + above * most) / all)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: &[f64], statistic: Statistic) -> Option<f64> {
        let point = Datapoint::of_samples(samples)?;
        aggregate([&point].into_iter(), statistic)
    }

    fn ten() -> Vec<f64> {
        // Not in order, for none is asked for.
        vec![50.0, 10.0, 90.0, 30.0, 70.0, 20.0, 100.0, 40.0, 80.0, 60.0]
    }

    #[test]
    fn statistics_within_bounds_over_ten_samples() {
        use Bounds::{Percent, Values};
        use Within::*;
        let table = [
            (TrimmedMean, Percent(10.0, 90.0), Some(55.0)),
            (TrimmedMean, Percent(0.0, 90.0), Some(50.0)),
            (TrimmedMean, Percent(25.0, 75.0), Some(55.0)),
            (TrimmedMean, Percent(0.0, 100.0), Some(55.0)),
            (TrimmedMean, Values(20.0, 40.0), Some(35.0)),
            (TrimmedMean, Values(200.0, f64::INFINITY), None),
            (WinsorizedMean, Percent(10.0, 90.0), Some(55.0)),
            (WinsorizedMean, Percent(0.0, 50.0), Some((10.0 + 20.0 + 30.0 + 40.0 + 6.0 * 50.0) / 10.0)),
            (TrimmedCount, Percent(10.0, 90.0), Some(8.0)),
            (TrimmedCount, Percent(5.0, 95.0), Some(10.0)),
            (TrimmedCount, Values(f64::NEG_INFINITY, 30.0), Some(3.0)),
            (TrimmedCount, Values(30.0, f64::INFINITY), Some(7.0)),
            (TrimmedSum, Percent(80.0, 100.0), Some(190.0)),
            (TrimmedSum, Values(500.0, 900.0), Some(0.0)),
            (PercentileRank, Values(f64::NEG_INFINITY, 30.0), Some(30.0)),
            (PercentileRank, Values(10.0, 20.0), Some(10.0)),
        ];
        for (what, bounds, expected) in table {
            let found = of(&ten(), Statistic::Within(what, bounds));
            let same = match (found, expected) {
                (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
                (found, expected) => found == expected,
            };
            assert!(same, "{what:?} {bounds:?}: {found:?}, expected {expected:?}");
        }
    }

    #[test]
    fn histograms_count_each_value_as_often_as_it_was() {
        let mut histogram = Histogram::new(7);
        [1, 1, 1, 9].into_iter().for_each(|value| histogram.record(value * 1_000_000_000));
        let point = Datapoint::of_histogram(&histogram, 1e-9).unwrap();
        let trimmed = Statistic::Within(Within::TrimmedMean, Bounds::Percent(0.0, 75.0));
        let found = aggregate([&point].into_iter(), trimmed).unwrap();
        assert!((found - 1.0).abs() < 0.01, "{found}");
    }

    #[test]
    fn few_samples_of_5_6() {
        // p ≥ 0.5: 10 / (1 − p); below: 10 / p.
        let table = [(50.0, 20.0), (90.0, 100.0), (99.0, 1000.0), (25.0, 40.0), (10.0, 100.0)];
        for (percent, least) in table {
            let statistic = Statistic::Percentile(percent);
            assert!(enough_samples(statistic, least), "p{percent} of {least}");
            assert!(!enough_samples(statistic, least - 1.0), "p{percent} of one less than {least}");
        }
        assert!(!enough_samples(Statistic::Percentile(100.0), 1e9));
        assert!(enough_samples(Statistic::Average, 0.0), "it is a rule of percentiles");
    }
}
