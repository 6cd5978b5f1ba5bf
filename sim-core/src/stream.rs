//! Random numbers: one stream per component and purpose, and the draws that belong to one request.
//!
//! ```text
//!  (seed, replication, "alb/www", "jitter") ──SHA-256──► key ──ChaCha8──► Stream ──► word, unit, below, chance
//!  a request's luck (one word) + the step it is at ──► Substream ──► the same draws under every policy
//! ```
//! # Models      common random numbers: adding a part, or changing a policy, shifts nobody else's draws
//! # Leaves out  antithetic variates; jumping ahead
//! # Source      streams keyed by seed, run and name: ns-3 manual, "Random Variables"; ChaCha: Bernstein (2008), eight
//!   rounds; SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014)

use rand_chacha::ChaCha8Core;
use rand_core::SeedableRng;
use rand_core::block::Generator;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A source of uniform words, and what is made of one word each.
pub trait Words {
    /// The next 64 uniform bits.
    fn word(&mut self) -> u64;

    /// A uniform number strictly between 0 and 1: an odd multiple of 2⁻⁵³, so that `u` and `1 − u` are alike, and the
    /// logarithm of neither is infinite.
    #[inline]
    fn unit(&mut self) -> f64 {
        // Signed, since machines turn signed integers into an `f64` in one step.
        ((self.word() >> 11) | 1) as i64 as f64 * UNIT
    }

    /// A uniform number among 0 … `n` − 1, and 0 where `n` is 0; one word, biased by less than 2⁻³².
    ///
    /// Source: Lemire, "Fast random integer generation in an interval" (2019), without the rejection, so that each
    /// draw takes one word and the draws after it stay in step.
    #[inline]
    fn below(&mut self, n: u32) -> u32 {
        ((u128::from(self.word()) * u128::from(n)) >> 64) as u32
    }

    /// True with probability `p`: never for 0 and below, always for 1 and above. Takes one word in every case.
    #[inline]
    fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
}

/// 2⁻⁵³.
const UNIT: f64 = 1.0 / (1_u64 << 53) as f64;

impl<W: Words + ?Sized> Words for &mut W {
    #[inline]
    fn word(&mut self) -> u64 {
        (**self).word()
    }
}

/// The draws of one component for one purpose, in one replication.
#[derive(Clone)]
pub struct Stream {
    core: ChaCha8Core,
    /// Four blocks, drawn at once.
    block: [u64; WORDS],
    next: usize,
}

/// Words in four blocks of ChaCha.
const WORDS: usize = 32;

impl Stream {
    /// The stream of these four names; different names give streams that have nothing in common.
    #[must_use]
    pub fn new(seed: u64, replication: u32, component: &str, purpose: &str) -> Self {
        // The lengths keep ("ab", "c") apart from ("a", "bc").
        let mut hash = Sha256::new();
        hash.update(b"sim stream 1\0");
        hash.update(seed.to_le_bytes());
        hash.update(replication.to_le_bytes());
        for name in [component, purpose] {
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name.as_bytes());
        }
        Stream { core: ChaCha8Core::from_seed(hash.finalize().into()), block: [0; WORDS], next: WORDS }
    }

    #[cold]
    #[inline(never)]
    fn refill(&mut self) {
        let mut halves = [0; 2 * WORDS];
        self.core.generate(&mut halves);
        for (word, half) in self.block.iter_mut().zip(halves.chunks_exact(2)) {
            *word = u64::from(half[0]) | u64::from(half[1]) << 32;
        }
        self.next = 0;
    }
}

impl Words for Stream {
    #[inline]
    fn word(&mut self) -> u64 {
        if self.next >= WORDS {
            self.refill();
        }
        let at = self.next;
        self.next = at + 1;
        self.block[at % WORDS]
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

/// The draws that belong to one step of one request: eight bytes, made in a nanosecond, and thrown away.
///
/// A request is born with one word of luck from a [`Stream`], and each of its steps draws from
/// `Substream::new(luck, step)`. What it asks of a server is then fixed at birth, whatever order requests are served in,
/// and whether or not the step is ever reached.
///
/// # Why this is sound
/// The luck is a word of ChaCha, so it is uniform and independent of every other request's. For a given step the state
/// is a one-to-one function of the luck, hence uniform too, and so is each word, a one-to-one function of its state.
/// Words of one substream are consecutive outputs of SplitMix64, which passes BigCrush. The steps of one request start
/// from states an odd multiple of the step apart, mixed once more, so that no step runs into the words of the next.
/// Two among n requests share their luck with probability n²/2⁶⁵: one pair in a run of six thousand million requests.
#[derive(Clone, Debug)]
pub struct Substream(u64);

impl Substream {
    /// The draws of this step of the request with this luck.
    #[inline]
    #[must_use]
    pub const fn new(luck: u64, step: u32) -> Self {
        Substream(mix(luck.wrapping_add((step as u64 + 1).wrapping_mul(0xd134_2543_de82_ef95))))
    }
}

impl Words for Substream {
    #[inline]
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }
}

/// The finishing mixer of SplitMix64 (variant 13 of Stafford), one-to-one.
#[inline]
const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives the words it is told.
    struct Told(u64);

    impl Words for Told {
        fn word(&mut self) -> u64 {
            self.0
        }
    }

    #[test]
    fn a_unit_is_never_nought_nor_one() {
        assert_eq!(Told(0).unit(), UNIT);
        assert_eq!(Told(u64::MAX).unit(), 1.0 - UNIT);
        assert!(!Told(0).chance(0.0));
        assert!(Told(u64::MAX).chance(1.0));
        assert!(!Told(7).chance(f64::NAN));
    }

    #[test]
    fn below_reaches_both_ends() {
        assert_eq!(Told(0).below(6), 0);
        assert_eq!(Told(u64::MAX).below(6), 5);
        assert_eq!(Told(u64::MAX).below(0), 0);
        assert_eq!(Told(u64::MAX).below(u32::MAX), u32::MAX - 1);
    }

    #[test]
    fn every_name_has_its_own_stream() {
        let streams = [
            (1, 0, "ab", "c"),
            (2, 0, "ab", "c"),
            (1, 1, "ab", "c"),
            (1, 0, "a", "bc"),
            (1, 0, "ab", ""),
            (1, 0, "abc", ""),
            (1, 0, "", "abc"),
        ];
        let words: Vec<u64> = streams.iter().map(|&(s, r, c, p)| Stream::new(s, r, c, p).word()).collect();
        for (index, word) in words.iter().enumerate() {
            assert!(!words[..index].contains(word), "{words:x?}");
        }
    }

    /// Any change here changes every run.
    #[test]
    fn streams_are_stored() {
        let mut stream = Stream::new(42, 7, "alb/www", "jitter");
        let first: Vec<String> = (0..3).map(|_| format!("{:016x}", stream.word())).collect();
        assert_eq!(first, ["a1027aa9365845a3", "87b83dc357333123", "52887d0741ceff5b"]);
        let later = (0..1_000).fold(0_u64, |sum, _| sum.rotate_left(7) ^ stream.word());
        assert_eq!(format!("{later:016x}"), "e602306ba099428b");
        assert_eq!((stream.below(1_000), stream.unit().to_bits()), (465, 4603665684927070903));
        let mut step = Substream::new(0x0123_4567_89ab_cdef, 3);
        let words: Vec<String> = (0..3).map(|_| format!("{:016x}", step.word())).collect();
        assert_eq!(words, ["04ccff77e8dd384f", "61a5f2224ef64c69", "047afd3df213b104"]);
    }

    /// The words are those of ChaCha as its authors publish them: the key stream of eight rounds, without a nonce.
    #[test]
    fn the_buffer_hands_out_every_word_in_order() {
        use rand_core::Rng;
        let mut plain = rand_chacha::ChaCha8Rng::from_seed([7; 32]);
        let mut stream = Stream { core: ChaCha8Core::from_seed([7; 32]), block: [0; WORDS], next: WORDS };
        assert!((0..1_000).all(|_| stream.word() == plain.next_u64()));
    }

    /// Buckets of 64 for each of the 64 places of six bits: χ² with 63 degrees of freedom, and its pairs of steps.
    #[test]
    fn substreams_of_neighbouring_lucks_and_steps_are_unlike() {
        let mut counts = [[0_u32; 64]; 10];
        let rounds = 64_000;
        for luck in 0..rounds {
            // Consecutive lucks are the hardest case; real ones are words of ChaCha.
            let (mut here, mut next) = (Substream::new(luck, 0), Substream::new(luck, 1));
            let (a, b) = (here.word(), next.word());
            let (c, d) = (here.word(), next.word());
            for (at, word) in
                [a, b, a ^ b, a.wrapping_add(b), a ^ c, b ^ c, c ^ d, a >> 6, b >> 20, c >> 58].into_iter().enumerate()
            {
                counts[at][(word & 63) as usize] += 1;
            }
        }
        for (at, counts) in counts.iter().enumerate() {
            let fair = rounds as f64 / 64.0;
            let chi: f64 = counts.iter().map(|&n| (f64::from(n) - fair) * (f64::from(n) - fair) / fair).sum();
            // The 0.1 % and 99.9 % points of χ² with 63 degrees of freedom, widened.
            assert!((30.0..112.0).contains(&chi), "{at}: {chi}");
        }
    }
}
