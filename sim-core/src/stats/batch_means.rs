//! Batch means: an interval for the mean of one long run, whose observations depend on each other.

use super::{Interval, Tally};

/// Observations of one run, cut into batches long enough that their means hardly depend on each other.
///
/// It keeps between `batches` and twice as many means, and doubles the batches' length when there are more: constant
/// memory, and no need to know the run's length beforehand.
///
/// Source: Law, "Simulation Modeling and Analysis", 5th ed., section 9.5.3; doubling the batch: Schmeiser, "Batch size
/// effects in the analysis of simulation output" (1982), and Pawlikowski's survey (1990).
#[derive(Clone, Debug, PartialEq)]
pub struct BatchMeans {
    batches: usize,
    size: u64,
    means: Vec<f64>,
    open: Tally,
}

impl BatchMeans {
    /// At least `batches` batches (2 or more) once there are enough observations; 20 to 30 are the usual number.
    #[must_use]
    pub fn new(batches: usize) -> Self {
        BatchMeans { batches: batches.max(2), size: 1, means: Vec::new(), open: Tally::new() }
    }

    /// Counts the next observation.
    pub fn record(&mut self, value: f64) {
        self.open.record(value);
        if self.open.count() < self.size {
            return;
        }
        self.means.extend(self.open.mean());
        self.open = Tally::new();
        if self.means.len() == 2 * self.batches {
            self.means = self.means.chunks_exact(2).map(|pair| 0.5 * (pair[0] + pair[1])).collect();
            self.size *= 2;
        }
    }

    /// The means of the full batches so far.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// Observations in a batch.
    pub fn batch_size(&self) -> u64 {
        self.size
    }

    /// The interval of the mean at confidence `level`, or none for fewer than two full batches. Observations of the
    /// open batch are left out.
    pub fn interval(&self, level: f64) -> Option<Interval> {
        Interval::from_samples(&self.means, level)
    }

    /// The correlation of each batch mean with the next, or none for fewer than three batches or without spread.
    /// Well above zero, it says that the batches are too short, and the interval too narrow.
    pub fn lag_one_correlation(&self) -> Option<f64> {
        let mean = self.means.iter().copied().collect::<Tally>().mean()?;
        let spread: f64 = self.means.iter().map(|m| (m - mean) * (m - mean)).sum();
        let along: f64 = self.means.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
        (self.means.len() > 2 && spread > 0.0).then_some(along / spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{Substream, Words};

    #[test]
    fn batches_double_and_keep_every_observation() {
        let mut batches = BatchMeans::new(4);
        for value in 0..32 {
            batches.record(f64::from(value));
        }
        assert_eq!((batches.batch_size(), batches.means()), (8, &[3.5, 11.5, 19.5, 27.5][..]));
    }

    #[test]
    fn a_correlated_run_gets_an_honest_interval() {
        // A first-order autoregression with correlation 0.9: its mean varies 19 times as much as of independent draws.
        let covered = (0..200_u64)
            .filter(|run| {
                let mut words = Substream::new(*run, 0);
                let (mut batches, mut x) = (BatchMeans::new(20), 0.0);
                for _ in 0..20_000 {
                    x = 0.9 * x + words.unit() - 0.5;
                    batches.record(x);
                }
                assert!(batches.lag_one_correlation().expect("twenty batches") < 0.6);
                batches.interval(0.9).expect("twenty batches").contains(0.0)
            })
            .count();
        // 180 of 200 expected, standard deviation 4.2.
        assert!((165..=195).contains(&covered), "{covered}");
    }
}
