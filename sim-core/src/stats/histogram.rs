//! A histogram of nanoseconds whose buckets widen with the value, so that every quantile has one relative error.
//!
//! ```text
//!  value ──► octave and the `bits` bits below its highest ──► bucket        bits = 2:  8 9 10 11 … | 16·18·20·22·24 …
//! ```
//! # Models      quantiles of any mixture of microseconds and minutes within 2^−(bits+1) of the true value
//! # Leaves out  the order of observations; weights
//! # Source      the log-linear layout of Tene's HdrHistogram, <https://hdrhistogram.org>

/// Counts of values by bucket; the octaves between the least and the greatest value take memory, no others.
///
/// A quantile is off by at most 2^−(`bits` + 1) of itself: 0.4 % for 7 bits, 0.05 % for 10. Count, sum, mean, least and
/// greatest are exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    bits: u32,
    /// The number of the first bucket held, at the start of an octave.
    first: usize,
    counts: Vec<u64>,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
}

impl Histogram {
    /// An empty histogram whose octaves have 2^`bits` buckets each; `bits` from 1 to 14, brought into that range.
    #[must_use]
    pub const fn new(bits: u32) -> Self {
        let bits = if bits < 1 {
            1
        } else if bits > 14 {
            14
        } else {
            bits
        };
        Histogram { bits, first: 0, counts: Vec::new(), count: 0, sum: 0, min: u64::MAX, max: 0 }
    }

    /// Counts one value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let bucket = self.bucket(value);
        if let Some(count) = self.counts.get_mut(bucket.wrapping_sub(self.first)) {
            *count += 1;
        } else {
            self.grow(bucket);
            self.counts[bucket - self.first] += 1;
        }
        self.count += 1;
        self.sum += u128::from(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// The bucket of a value: values below 2^(bits + 1) have one each, then each octave has 2^bits.
    #[inline]
    const fn bucket(&self, value: u64) -> usize {
        let octave = (value | 1 << self.bits).ilog2() - self.bits;
        ((octave as usize) << self.bits) + (value >> octave) as usize
    }

    /// The least and the greatest value of a bucket.
    const fn range(&self, bucket: usize) -> (u64, u64) {
        let octave = (bucket >> self.bits).saturating_sub(1);
        let low = (bucket - (octave << self.bits)) as u64;
        (low << octave, (low << octave) + ((1 << octave) - 1))
    }

    /// Makes room for the octave of `bucket`, and those between it and the octaves held.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, bucket: usize) {
        let octave = bucket >> self.bits << self.bits;
        if self.counts.is_empty() {
            self.first = octave;
        } else if octave < self.first {
            let missing = self.first - octave;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = octave;
        }
        let needed = octave + (1 << self.bits) - self.first;
        if needed > self.counts.len() {
            self.counts.resize(needed, 0);
        }
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The sum of all values, exact.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The mean of all values, exact to an `f64`, or none without values.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The least value, exact, or none.
    pub fn min(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min)
    }

    /// The greatest value, exact, or none.
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// The value that a share `q` of all values does not exceed: the smallest with at least that share at or below it.
    ///
    /// It is the middle of that value's bucket, and so off by at most 2^−(bits + 1) of itself.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        let rank = ((q.clamp(0.0, 1.0) * self.count as f64).ceil() as u64).clamp(1, self.count);
        // The ends are known exactly.
        if rank == 1 || rank == self.count {
            return if rank == 1 { Some(self.min) } else { Some(self.max) };
        }
        let mut passed = 0;
        for (low, high, count) in self.iter() {
            passed += count;
            if passed >= rank {
                return Some((low + (high - low) / 2).clamp(self.min, self.max));
            }
        }
        Some(self.max)
    }

    /// How many values lie at or below `value`, to the precision of its bucket, which counts as a whole.
    pub fn count_at_most(&self, value: u64) -> u64 {
        let end = (self.bucket(value) + 1).saturating_sub(self.first).min(self.counts.len());
        self.counts[..end].iter().sum()
    }

    /// The buckets that hold something, in order: least and greatest value of each, and how many it holds.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        self.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(at, &count)| {
            let (low, high) = self.range(self.first + at);
            (low, high, count)
        })
    }

    /// Counts all values of another histogram too; where its `bits` differ, to the coarser precision of the two.
    pub fn merge(&mut self, other: &Histogram) {
        if other.bits < self.bits {
            let mut coarse = Histogram::new(other.bits);
            coarse.merge(self);
            *self = coarse;
        }
        for (low, _, count) in other.iter() {
            let bucket = self.bucket(low);
            if bucket < self.first || bucket - self.first >= self.counts.len() {
                self.grow(bucket);
            }
            self.counts[bucket - self.first] += count;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Forgets all values, but keeps the memory.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        (self.count, self.sum, self.min, self.max) = (0, 0, u64::MAX, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_histogram_has_no_figures() {
        let empty = Histogram::new(7);
        assert_eq!((empty.quantile(0.5), empty.mean(), empty.min(), empty.max()), (None, None, None, None));
        assert_eq!(empty.count_at_most(u64::MAX), 0);
    }

    #[test]
    fn the_extremes_of_the_range_are_held() {
        let mut histogram = Histogram::new(7);
        for value in [u64::MAX, 0, 1, u64::MAX - 1] {
            histogram.record(value);
        }
        assert_eq!((histogram.quantile(0.0), histogram.quantile(1.0)), (Some(0), Some(u64::MAX)));
        assert_eq!(histogram.sum(), 2 * u128::from(u64::MAX));
    }

    #[test]
    fn only_the_octaves_in_use_take_memory() {
        let mut histogram = Histogram::new(7);
        histogram.record(1 << 30);
        histogram.record((1 << 30) + 12_345_678);
        assert_eq!(histogram.counts.len(), 128);
        histogram.record(1 << 28);
        assert_eq!(histogram.counts.len(), 3 * 128);
    }

    fn values() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec((any::<u64>(), 0_u32..64).prop_map(|(value, shift)| value >> shift), 1..200)
    }

    proptest! {
        #[test]
        fn quantiles_are_within_the_stated_error(values in values(), q in 0.0..=1.0_f64, bits in 1_u32..=14) {
            let mut histogram = Histogram::new(bits);
            values.iter().for_each(|value| histogram.record(*value));
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let rank = ((q * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len());
            let (exact, found) = (sorted[rank - 1], histogram.quantile(q).expect("there are values"));
            let error = exact.abs_diff(found) as f64;
            prop_assert!(error <= exact as f64 / f64::from(1 << (bits + 1)), "{found} for {exact}");
            prop_assert_eq!(histogram.sum(), sorted.iter().map(|v| u128::from(*v)).sum::<u128>());
            prop_assert_eq!((histogram.min(), histogram.max()), (sorted.first().copied(), sorted.last().copied()));
        }

        #[test]
        fn buckets_follow_each_other_without_gap(value: u64, bits in 1_u32..=14) {
            let histogram = Histogram::new(bits);
            let (low, high) = histogram.range(histogram.bucket(value));
            prop_assert!(low <= value && value <= high);
            prop_assert!(high == u64::MAX || histogram.range(histogram.bucket(high + 1)).0 == high + 1);
        }

        #[test]
        fn parts_merge_to_the_whole(a in values(), b in values(), fine in 1_u32..=14, coarse in 1_u32..=14) {
            let of = |bits: u32, values: &[u64]| {
                let mut histogram = Histogram::new(bits);
                values.iter().for_each(|value| histogram.record(*value));
                histogram
            };
            let mut merged = of(fine, &a);
            merged.merge(&of(coarse, &b));
            let whole = of(fine.min(coarse), &[a, b].concat());
            prop_assert!(merged.iter().eq(whole.iter()));
            prop_assert_eq!((merged.count(), merged.sum(), merged.min(), merged.max()), (whole.count(), whole.sum(), whole.min(), whole.max()));
        }
    }
}
