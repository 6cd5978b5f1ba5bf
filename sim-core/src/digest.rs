//! The digest of a run: one number that stands for every event, its time and its order.
//!
//! ```text
//!  run loop ──(time, fingerprint of the event)──► Digest ──► 16 hex digits in every summary
//! ```
//! # Models      two runs with one digest took the same events at the same times in the same order
//! # Leaves out  defence against an opponent: it finds accidents, not forgeries
//! # Source      folded 128-bit products: Wang Yi, wyhash, <https://github.com/wangyi-fudan/wyhash>

use crate::time::Time;
use std::fmt;

/// Constants without pattern: the fraction bits of √2 (made odd), √3, √5, √7, √11 and √13.
const ROOTS: [u64; 6] = [
    0x6a09_e667_f3bc_c909,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
];

/// A rolling hash over the record of events, the same on every platform and in every build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    chain: u64,
    sum: u64,
}

impl Digest {
    /// The digest of a run in which nothing happened.
    #[must_use]
    pub const fn new() -> Self {
        Digest { chain: ROOTS[0], sum: ROOTS[1] }
    }

    /// Adds one event: when it was, and two words that stand for what it was.
    #[inline]
    pub fn record(&mut self, time: Time, words: (u64, u64)) {
        let time = time.nanos();
        // The two products do not wait for the chain; only one multiplication per event does.
        let event =
            fold(time ^ ROOTS[2], words.0 ^ ROOTS[3]) ^ fold(words.1 ^ ROOTS[4], time.rotate_left(32) ^ ROOTS[5]);
        self.chain = fold(self.chain ^ event, ROOTS[0]);
        // The second half keeps what a product by chance might lose.
        self.sum = self.sum.rotate_left(29).wrapping_add(event);
    }

    /// The digest so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        fold(self.chain ^ ROOTS[2], self.sum ^ ROOTS[4])
    }
}

impl Default for Digest {
    fn default() -> Self {
        Digest::new()
    }
}

/// Sixteen hex digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:016x}", self.value()))
    }
}

/// The upper and the lower half of the product, one over the other.
#[inline]
const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(events: &[(u64, u64, u64)]) -> u64 {
        let mut digest = Digest::new();
        for &(time, a, b) in events {
            digest.record(Time::from_nanos(time), (a, b));
        }
        digest.value()
    }

    #[test]
    fn order_time_and_content_all_count() {
        let all = [
            of(&[]),
            of(&[(0, 0, 0)]),
            of(&[(0, 0, 0), (0, 0, 0)]),
            of(&[(1, 2, 3)]),
            of(&[(1, 3, 2)]),
            of(&[(2, 1, 3)]),
            of(&[(1, 2, 3), (1, 2, 4)]),
            of(&[(1, 2, 4), (1, 2, 3)]),
        ];
        for (index, value) in all.iter().enumerate() {
            assert!(!all[..index].contains(value), "{all:x?}");
        }
    }

    /// Any change here changes the digest of every run ever noted.
    #[test]
    fn the_digest_is_stored() {
        assert_eq!(Digest::new().to_string(), "cc9388f1735709df");
        let mut digest = Digest::new();
        (0..1_000).for_each(|at: u64| digest.record(Time::from_nanos(at * at), (at % 7, at << 40)));
        assert_eq!(digest.to_string(), "2c0aa81734cdf126");
    }

    #[test]
    fn a_flipped_bit_flips_half_of_the_digest() {
        let base = of(&[(5, 6, 7), (8, 9, 10)]);
        let mut flipped = 0;
        for bit in 0..64 {
            flipped += (base ^ of(&[(5 ^ (1 << bit), 6, 7), (8, 9, 10)])).count_ones();
            flipped += (base ^ of(&[(5, 6 ^ (1 << bit), 7), (8, 9, 10)])).count_ones();
            flipped += (base ^ of(&[(5, 6, 7 ^ (1 << bit)), (8, 9, 10)])).count_ones();
        }
        // 192 trials of 64 fair bits: mean 6144, standard deviation 55.
        assert!((5_870..6_420).contains(&flipped), "{flipped}");
    }
}
