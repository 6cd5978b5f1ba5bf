//! Deleting the warm-up: the part of a run that still remembers how it began.

/// What is left of a run's observations without the first share of them (0 to 1).
pub fn truncated(values: &[f64], share: f64) -> &[f64] {
    let cut = (values.len() as f64 * share.clamp(0.0, 1.0)).round() as usize;
    &values[cut.min(values.len())..]
}

/// How many observations to delete by MSER-5, or none where the run is too short to tell (the best cut lies beyond
/// its middle, or there are fewer than ten batches of five).
///
/// The observations are averaged in fives; the cut is where the standard error of what remains is least.
///
/// Source: White, Cobb and Spratt, "A comparison of five steady-state truncation heuristics for simulation" (2000);
/// Hoad, Robinson and Davies, "Automating warm-up length estimation" (2010), for the limit at the middle.
pub fn mser5(values: &[f64]) -> Option<usize> {
    let batches: Vec<f64> = values.chunks_exact(5).map(|five| five.iter().sum::<f64>() / 5.0).collect();
    if batches.len() < 10 {
        return None;
    }
    // From the end backwards, the sums over what remains after each cut are running sums.
    let (mut sum, mut squares, mut best, mut least) = (0.0, 0.0, 0, f64::INFINITY);
    // Around the last batch the squares stay small, and so exact.
    let origin = batches[batches.len() - 1];
    for cut in (0..batches.len()).rev() {
        let value = batches[cut] - origin;
        sum += value;
        squares += value * value;
        let left = (batches.len() - cut) as f64;
        // A few batches at the end are alike by chance; five are the least that are looked at.
        let statistic = (squares - sum * sum / left).max(0.0) / (left * left);
        if left >= 5.0 && statistic <= least {
            (best, least) = (cut, statistic);
        }
    }
    (best <= batches.len() / 2).then_some(5 * best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{Substream, Words};

    fn run(length: usize, start: f64, fade: f64) -> Vec<f64> {
        let mut words = Substream::new(7, 0);
        (0..length).map(|at| start * crate::math::exp(-(at as f64) / fade) + words.unit()).collect()
    }

    #[test]
    fn a_start_far_off_is_cut_away() {
        let cut = mser5(&run(2_000, 20.0, 40.0)).expect("the run is long");
        // After 150 the start has faded to half of the noise, after 400 to a thousandth.
        assert!((120..=400).contains(&cut), "{cut}");
    }

    #[test]
    fn a_run_without_warm_up_loses_little_and_a_short_one_is_not_judged() {
        assert!(mser5(&run(2_000, 0.0, 1.0)).is_some_and(|cut| cut < 600));
        assert_eq!(mser5(&run(200, 20.0, 100.0)), None);
        assert_eq!(mser5(&[1.0; 20]), None);
        assert_eq!(mser5(&[1.0; 500]), Some(0));
    }

    #[test]
    fn a_share_is_cut() {
        assert_eq!(truncated(&[1.0, 2.0, 3.0, 4.0], 0.25), [2.0, 3.0, 4.0]);
        assert!(truncated(&[1.0], 7.0).is_empty());
    }
}
