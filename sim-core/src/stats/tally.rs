//! A tally of observations, one per entity: number, mean, variance, extremes.

/// Observations counted one by one; eight words, whatever their number.
///
/// Source: Welford, "Note on a method for calculating corrected sums of squares and products" (1962); the merging of two
/// tallies: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm" (1979).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tally {
    count: u64,
    mean: f64,
    /// The sum of squared distances from the mean.
    squares: f64,
    min: f64,
    max: f64,
}

impl Tally {
    /// A tally of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Tally { count: 0, mean: 0.0, squares: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }

    /// Counts one observation.
    #[inline]
    pub fn record(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Counts all observations of another tally too.
    pub fn merge(&mut self, other: &Tally) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (mine, theirs) = (self.count as f64, other.count as f64);
        let apart = other.mean - self.mean;
        let all = mine + theirs;
        self.mean += apart * theirs / all;
        self.squares += other.squares + apart * apart * mine * theirs / all;
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// How many observations were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean, or none without observations.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// Their sum.
    pub fn sum(&self) -> f64 {
        self.mean * self.count as f64
    }

    /// The unbiased estimate of their variance, or none for fewer than two.
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).max(0.0))
    }

    /// The square root of the variance, or none for fewer than two.
    pub fn standard_deviation(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// The least observation, or none.
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min)
    }

    /// The greatest observation, or none.
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }
}

impl Default for Tally {
    fn default() -> Self {
        Tally::new()
    }
}

impl FromIterator<f64> for Tally {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        let mut tally = Tally::new();
        values.into_iter().for_each(|value| tally.record(value));
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_sample_is_summed_up() {
        let tally: Tally = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter().collect();
        assert_eq!((tally.count(), tally.mean(), tally.min(), tally.max()), (8, Some(5.0), Some(2.0), Some(9.0)));
        assert!((tally.variance().expect("eight observations") - 32.0 / 7.0).abs() < 1e-14);
        assert_eq!(tally.sum(), 40.0);
    }

    #[test]
    fn nothing_has_no_mean_and_one_no_variance() {
        let mut tally = Tally::new();
        assert_eq!((tally.mean(), tally.variance(), tally.min()), (None, None, None));
        tally.record(3.0);
        assert_eq!((tally.mean(), tally.variance(), tally.max()), (Some(3.0), None, Some(3.0)));
    }

    proptest::proptest! {
        #[test]
        fn parts_merge_to_the_whole(values in proptest::collection::vec(-1e3..1e3_f64, 0..60), cut in 0_usize..60) {
            let cut = cut.min(values.len());
            let whole: Tally = values.iter().copied().collect();
            let mut merged: Tally = values[..cut].iter().copied().collect();
            merged.merge(&values[cut..].iter().copied().collect());
            proptest::prop_assert_eq!((whole.count, whole.min, whole.max), (merged.count, merged.min, merged.max));
            proptest::prop_assert!((whole.mean - merged.mean).abs() < 1e-9);
            proptest::prop_assert!((whole.squares - merged.squares).abs() < 1e-6);
        }
    }
}
