//! The natural logarithm, for draws: faster than the general one, and as exact as they need.
//!
//! ```text
//!  x = 2^k · z,  z in one of 128 intervals with centre c:   ln x = k · ln 2 + ln c + ln(1 + r),   r = (z − c) / c
//! ```
//! # Models      two units in the last place from the general one at most, by `+`, `−`, `·` and one look-up, so every
//!   machine agrees
//! # Leaves out  correct rounding
//! # Source      Tang, "Table-driven implementation of the logarithm function in IEEE floating-point arithmetic" (1990);
//!   intervals that begin below 1, so that nothing cancels there: Arm's optimized routines, `math/log.c`

/// Intervals of the mantissa, each of 2^45 neighbouring numbers.
const INTERVALS: usize = 128;

/// How many bits of the mantissa count within an interval.
const WITHIN: u32 = 45;

/// The bits of the least z, about 0.69. From here every multiple of 2^45 is the centre of an interval, 1 among them.
const START: u64 = 0x3fe6_1000_0000_0000;

/// ln 2 in two parts; the upper has 32 bits, so that `k` times it is exact.
const LN_2_UPPER: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN_2_LOWER: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);

/// One over the centre of each interval, and its logarithm.
static CENTRES: [(f64, f64); INTERVALS] = centres();

/// The natural logarithm.
#[inline]
pub fn ln(x: f64) -> f64 {
    const LEAST: u64 = f64::MIN_POSITIVE.to_bits();
    let bits = x.to_bits();
    if bits.wrapping_sub(LEAST) >= f64::INFINITY.to_bits() - LEAST {
        return rare(x);
    }
    let offset = bits.wrapping_sub(START);
    let k = (offset as i64 >> 52) as f64;
    let (inverse, logarithm) = CENTRES[(offset >> WITHIN) as usize % INTERVALS];
    let z = bits.wrapping_sub(offset & (0xfff << 52));
    let centre = (z + (1 << (WITHIN - 1))) & !((1 << WITHIN) - 1);
    // The difference is exact, and |r| at most 2^-8: the first term left out of the series is below 2^-66.
    let r = (f64::from_bits(z) - f64::from_bits(centre)) * inverse;
    let square = r * r;
    // Added up so that little waits for little: the time of a draw is the length of its longest chain.
    let low = (square * (-1.0 / 2.0 + r * (1.0 / 3.0)) + k * LN_2_LOWER)
        + square * square * ((-1.0 / 4.0 + r * (1.0 / 5.0)) + square * (-1.0 / 6.0 + r * (1.0 / 7.0)));
    ((k * LN_2_UPPER + logarithm) + r) + low
}

/// Zero and below, the smallest numbers above it, infinity, and what is no number.
#[cold]
fn rare(x: f64) -> f64 {
    libm::log(x)
}

/// Worked out by the compiler in whole numbers, so that the table is right to the last bit.
const fn centres() -> [(f64, f64); INTERVALS] {
    let mut table = [(0.0, 0.0); INTERVALS];
    let mut interval = 0;
    while interval < INTERVALS {
        let bits = START + ((interval as u64) << WITHIN) + (1 << (WITHIN - 1));
        // A centre is a multiple of 1/256.
        let centre = (f64::from_bits(bits) * 256.0) as u128;
        table[interval] = (256.0 / centre as f64, log_of_256ths(centre));
        interval += 1;
    }
    table
}

/// ln(n / 256) = 2 artanh((n − 256) / (n + 256)), its series summed up in units of 2^-100.
const fn log_of_256ths(n: u128) -> f64 {
    let (above, below) = (n.abs_diff(256), n + 256);
    let mut power = (above << 100) / below;
    let (mut sum, mut term) = (0, 1);
    while power > 0 {
        sum += power / term;
        power = power * above * above / (below * below);
        term += 2;
    }
    let size = sum as f64 * f64::from_bits((1023 - 99) << 52);
    if n < 256 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{Substream, Words};

    /// The error of `ln(x)` against `libm::log`, itself below 1 unit, in units of the last place of the result.
    fn error(x: f64) -> f64 {
        let right = libm::log(x);
        let unit = f64::from_bits(right.abs().to_bits() + 1) - right.abs();
        ((ln(x) - right) / unit).abs()
    }

    #[test]
    fn it_agrees_with_the_general_logarithm() {
        let mut words = Substream::new(1, 0);
        let mut worst = (0.0, 0.0);
        for round in 0..1_000_000 {
            let unit = words.unit();
            let x = match round % 4 {
                0 => unit,
                1 => 1.0 + (unit - 0.5) / (1_u64 << (round % 48)) as f64,
                2 => 1.0 - libm::exp2(-60.0 * unit),
                _ => f64::from_bits((words.word() % 0x7ff0_0000_0000_0000).max(1)),
            };
            if x != 1.0 {
                worst = if error(x) > worst.0 { (error(x), x) } else { worst };
            }
        }
        assert!(worst.0 <= 2.0, "{worst:?}");
        assert!(worst.0 > 0.0, "two different methods do not agree to every bit");
    }

    #[test]
    fn the_borders_of_the_intervals_are_met() {
        for step in 0..=INTERVALS as u64 {
            for near in 0..3 {
                let x = f64::from_bits(START + (step << WITHIN) + near - 1);
                assert!(error(x) <= 2.0, "{x}: {} is not {}", ln(x), libm::log(x));
            }
        }
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(1.0 + f64::EPSILON), libm::log(1.0 + f64::EPSILON));
        assert_eq!(ln(1.0 - f64::EPSILON / 2.0), -f64::EPSILON / 2.0);
    }

    #[test]
    fn what_has_no_logarithm_has_none() {
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
        assert_eq!(ln(f64::INFINITY), f64::INFINITY);
        assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan());
        assert_eq!(ln(f64::from_bits(1)), libm::log(f64::from_bits(1)));
    }

    /// Any change here changes every run.
    #[test]
    fn the_bits_are_stored() {
        let mut words = Substream::new(2, 0);
        let sum = (0..100_000).fold(0_u64, |sum, _| sum.rotate_left(5) ^ ln(words.unit()).to_bits());
        assert_eq!(format!("{sum:016x}"), "9df316a4e5b7b787");
    }
}
