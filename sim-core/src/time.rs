//! The clock's two types: a point in simulated time and a length of it, both in whole nanoseconds.
//!
//! ```text
//!  Time − Time ──► Duration        Time + Duration ──► Time        "1h30m" ──parse──► Duration ──display──► "1h30m"
//! ```
//! # Models      584 years from the start of a run, exact to the nanosecond, the same on every machine
//! # Leaves out  calendars, time zones, leap seconds; negative lengths
//! # Source      integer nanoseconds as the clock: ns-3 manual, "Events and Simulator"

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub, SubAssign};
use std::str::FromStr;

/// Nanoseconds in one second.
const SECOND: u64 = 1_000_000_000;

/// The units of a duration's text, longest first, each in nanoseconds; `µs` in both of its code points.
const UNITS: [(&str, u64); 10] = [
    ("w", 7 * 86_400 * SECOND),
    ("d", 86_400 * SECOND),
    ("h", 3_600 * SECOND),
    ("m", 60 * SECOND),
    ("s", SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ns", 1),
];

/// A point in simulated time: nanoseconds since the start of the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

/// A length of simulated time in nanoseconds, never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Time = Time(0);
    /// The last point the clock can show, 584 years in; stands for "never".
    pub const MAX: Time = Time(u64::MAX);

    /// The point this many nanoseconds after the start.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }

    /// Nanoseconds since the start.
    #[inline]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start, to the nearest `f64`; for output and statistics, never for scheduling.
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// This point moved on by `duration`, or [`Time::MAX`] where that lies beyond it.
    #[inline]
    pub const fn saturating_add(self, duration: Duration) -> Time {
        Time(self.0.saturating_add(duration.0))
    }
}

/// Saturates at [`Time::MAX`], so that "never" plus a delay is still "never".
impl Add<Duration> for Time {
    type Output = Time;
    #[inline]
    fn add(self, duration: Duration) -> Time {
        self.saturating_add(duration)
    }
}

impl AddAssign<Duration> for Time {
    #[inline]
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

/// The time since `earlier`; zero where `earlier` is later.
impl Sub<Time> for Time {
    type Output = Duration;
    #[inline]
    fn sub(self, earlier: Time) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

/// Hours, minutes, seconds and milliseconds (cut, not rounded), as in `1:02:03.250`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0 / 1_000_000;
        let (seconds, minutes, hours) = (millis / 1_000 % 60, millis / 60_000 % 60, millis / 3_600_000);
        f.pad(&format!("{hours}:{minutes:02}:{seconds:02}.{:03}", millis % 1_000))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Time({}ns)", self.0)
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration(0);
    /// The longest length, 584 years; stands for "without end".
    pub const MAX: Duration = Duration(u64::MAX);

    /// A length of `nanos` nanoseconds.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Duration {
        Duration(nanos)
    }

    /// A length of `micros` microseconds, saturating.
    #[inline]
    pub const fn from_micros(micros: u64) -> Duration {
        Duration(micros.saturating_mul(1_000))
    }

    /// A length of `millis` milliseconds, saturating.
    #[inline]
    pub const fn from_millis(millis: u64) -> Duration {
        Duration(millis.saturating_mul(1_000_000))
    }

    /// A length of `secs` seconds, saturating.
    #[inline]
    pub const fn from_secs(secs: u64) -> Duration {
        Duration(secs.saturating_mul(SECOND))
    }

    /// The nearest length to `secs` seconds: zero for a negative number or NaN, [`Duration::MAX`] for one too long.
    #[inline]
    pub fn from_secs_f64(secs: f64) -> Duration {
        Duration::from_nanos_f64(secs * SECOND as f64)
    }

    /// The nearest length to `nanos` nanoseconds, with the same limits.
    #[inline]
    pub fn from_nanos_f64(nanos: f64) -> Duration {
        // A cast from `f64` to an integer saturates and takes NaN to zero; half a nanosecond makes it round. Below 292
        // years the cast to a signed integer does, which takes half the time of the other.
        let nanos = nanos + 0.5;
        if nanos < i64::MAX as f64 { Duration((nanos as i64).max(0) as u64) } else { Duration(nanos as u64) }
    }

    /// The length in nanoseconds.
    #[inline]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// The length in seconds, to the nearest `f64`.
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// The length in milliseconds, to the nearest `f64`.
    #[inline]
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Whether this is no time at all.
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

/// Saturates at [`Duration::MAX`].
impl Add for Duration {
    type Output = Duration;
    #[inline]
    fn add(self, other: Duration) -> Duration {
        Duration(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Duration {
    #[inline]
    fn add_assign(&mut self, other: Duration) {
        *self = *self + other;
    }
}

/// Saturates at zero.
impl Sub for Duration {
    type Output = Duration;
    #[inline]
    fn sub(self, other: Duration) -> Duration {
        Duration(self.0.saturating_sub(other.0))
    }
}

impl SubAssign for Duration {
    #[inline]
    fn sub_assign(&mut self, other: Duration) {
        *self = *self - other;
    }
}

/// Saturates at [`Duration::MAX`].
impl Mul<u64> for Duration {
    type Output = Duration;
    #[inline]
    fn mul(self, times: u64) -> Duration {
        Duration(self.0.saturating_mul(times))
    }
}

/// Rounds down; a division by zero gives [`Duration::MAX`], the limit of ever smaller divisors.
impl Div<u64> for Duration {
    type Output = Duration;
    #[inline]
    fn div(self, parts: u64) -> Duration {
        Duration(self.0.checked_div(parts).unwrap_or(u64::MAX))
    }
}

impl Sum for Duration {
    fn sum<I: Iterator<Item = Duration>>(lengths: I) -> Duration {
        lengths.fold(Duration::ZERO, Add::add)
    }
}

/// The shortest exact text, which parses back to the same length: `1m30s`, `1.5s`, `2ms`, `250us`, `1h30m`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let mut rest = self.0;
        for (unit, nanos) in [("d", 86_400 * SECOND), ("h", 3_600 * SECOND), ("m", 60 * SECOND)] {
            if rest >= nanos {
                text.push_str(&format!("{}{unit}", rest / nanos));
                rest %= nanos;
            }
        }
        if rest > 0 {
            // Beside minutes a part of a second reads best as a decimal of it: `1m0.5s`.
            let (unit, nanos) = match rest {
                _ if rest >= SECOND || !text.is_empty() && rest.is_multiple_of(1_000_000) => ("s", SECOND),
                _ if rest >= 1_000_000 => ("ms", 1_000_000),
                _ if rest >= 1_000 => ("us", 1_000),
                _ => ("ns", 1),
            };
            text.push_str(&(rest / nanos).to_string());
            if !rest.is_multiple_of(nanos) {
                let digits = nanos.ilog10() as usize;
                let decimals = format!("{:0digits$}", rest % nanos);
                text.push('.');
                text.push_str(decimals.trim_end_matches('0'));
            }
            text.push_str(unit);
        } else if text.is_empty() {
            text.push_str("0s");
        }
        f.pad(&text)
    }
}

impl fmt::Debug for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Duration({self})")
    }
}

/// Why a text is not a [`Duration`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DurationError {
    /// The text is empty or blank.
    Empty,
    /// A number stands without a unit.
    NoUnit,
    /// The text is below zero.
    Negative,
    /// Something else stands where a number belongs.
    NotANumber(String),
    /// The unit is not one of those accepted.
    UnknownUnit(String),
    /// A unit comes twice, or after a smaller one.
    Order(String),
    /// The length is beyond [`Duration::MAX`].
    TooLong,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DurationError::Empty => write!(f, "a duration is missing, such as `90s`"),
            DurationError::NoUnit => write!(f, "a duration needs a unit, such as `90s`"),
            DurationError::Negative => write!(f, "a duration cannot be negative"),
            DurationError::NotANumber(text) => write!(f, "expected a number before `{text}`, as in `90s` or `1h30m`"),
            DurationError::UnknownUnit(unit) => {
                write!(f, "unknown unit `{unit}` of a duration, expected one of w, d, h, m, s, ms, us, ns")
            }
            DurationError::Order(unit) => {
                write!(f, "the unit `{unit}` comes after a smaller one or twice, units go from large to small: `1h30m`")
            }
            DurationError::TooLong => write!(f, "the duration is too long, at most 584 years fit"),
        }
    }
}

impl std::error::Error for DurationError {}

/// Reads `90s`, `2ms`, `250us`, `250µs`, `10ns`, `1h30m`, `1h 30m`, `1.5s`, `3d`, `2w`, exactly, to the nearest nanosecond.
impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Duration, DurationError> {
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(DurationError::Empty);
        }
        if rest.starts_with('-') {
            return Err(DurationError::Negative);
        }
        let mut total: u128 = 0;
        let mut smallest = u64::MAX;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
            let (unit, after) = after.split_at(end);
            let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
            if whole.is_empty() && decimals.is_empty() || decimals.contains('.') {
                return Err(DurationError::NotANumber(rest.to_string()));
            }
            if unit.is_empty() {
                // `90 %` or `9_0s`: what follows is neither a unit nor the end.
                return Err(if after.is_empty() {
                    DurationError::NoUnit
                } else {
                    DurationError::UnknownUnit(after.to_string())
                });
            }
            let Some(&(_, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
                return Err(DurationError::UnknownUnit(unit.to_string()));
            };
            if nanos >= smallest {
                return Err(DurationError::Order(unit.to_string()));
            }
            smallest = nanos;
            total = total.saturating_add(in_nanos(whole, decimals, nanos)?);
            rest = after.trim_start();
        }
        u64::try_from(total).map(Duration).map_err(|_| DurationError::TooLong)
    }
}

/// `whole.decimals` units of `nanos` nanoseconds each, to the nearest nanosecond.
fn in_nanos(whole: &str, decimals: &str, nanos: u64) -> Result<u128, DurationError> {
    let whole: u128 = match whole {
        "" => 0,
        digits => digits.parse::<u64>().map_err(|_| DurationError::TooLong)?.into(),
    };
    // Twenty decimals of a week are finer than a nanosecond, and fit; the digits after them cannot matter.
    let decimals = &decimals[..decimals.len().min(20)];
    let fraction: u128 = if decimals.is_empty() { 0 } else { decimals.parse().map_err(|_| DurationError::TooLong)? };
    let scale = 10_u128.pow(decimals.len() as u32);
    Ok(whole * u128::from(nanos) + (fraction * u128::from(nanos) + scale / 2) / scale)
}

#[cfg(feature = "serde")]
mod text {
    use super::Duration;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
    use std::fmt;

    impl Serialize for Duration {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for Duration {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
            deserializer.deserialize_str(Text)
        }
    }

    struct Text;

    impl de::Visitor<'_> for Text {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a duration such as \"90s\"")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
            text.parse().map_err(E::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<u64, DurationError> {
        text.parse::<Duration>().map(Duration::nanos)
    }

    #[test]
    fn durations_read_in_every_unit() {
        for (text, nanos) in [
            ("90s", 90_000_000_000),
            ("2ms", 2_000_000),
            ("250us", 250_000),
            ("250\u{b5}s", 250_000),
            ("250\u{3bc}s", 250_000),
            ("10ns", 10),
            ("1h30m", 5_400_000_000_000),
            (" 1h 30m ", 5_400_000_000_000),
            ("1.5s", 1_500_000_000),
            (".5s", 500_000_000),
            ("3d", 259_200_000_000_000),
            ("2w", 1_209_600_000_000_000),
            ("0s", 0),
            ("0.4ns", 0),
            ("0.5ns", 1),
            ("1.0000000005s", 1_000_000_001),
            ("18446744073709551615ns", u64::MAX),
        ] {
            assert_eq!(parse(text), Ok(nanos), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_a_reason() {
        for (text, message) in [
            ("", "a duration is missing, such as `90s`"),
            ("90", "a duration needs a unit, such as `90s`"),
            ("1h30", "a duration needs a unit, such as `90s`"),
            ("-3s", "a duration cannot be negative"),
            ("s", "expected a number before `s`, as in `90s` or `1h30m`"),
            ("1.2.3s", "expected a number before `1.2.3s`, as in `90s` or `1h30m`"),
            ("3 s", "unknown unit ` s` of a duration, expected one of w, d, h, m, s, ms, us, ns"),
            ("5min", "unknown unit `min` of a duration, expected one of w, d, h, m, s, ms, us, ns"),
            ("1s2m", "the unit `m` comes after a smaller one or twice, units go from large to small: `1h30m`"),
            ("18446744073709551616ns", "the duration is too long, at most 584 years fit"),
            ("99999999w", "the duration is too long, at most 584 years fit"),
        ] {
            let error = text.parse::<Duration>().expect_err(text);
            assert_eq!(error.to_string(), message, "{text}");
        }
    }

    #[test]
    fn text_is_short_and_exact() {
        for (nanos, text) in [
            (0, "0s"),
            (90 * SECOND, "1m30s"),
            (2_000_000, "2ms"),
            (2_500_000, "2.5ms"),
            (250_000, "250us"),
            (5_400 * SECOND, "1h30m"),
            (1_500_000_000, "1.5s"),
            (60 * SECOND + 500_000_000, "1m0.5s"),
            (60 * SECOND + 1, "1m1ns"),
            (1_000_000_001, "1.000000001s"),
            (14 * 86_400 * SECOND, "14d"),
        ] {
            assert_eq!(Duration(nanos).to_string(), text);
            assert_eq!(parse(text), Ok(nanos));
        }
        assert_eq!(format!("{:>6}|", Duration::from_millis(2)), "   2ms|");
    }

    #[test]
    fn points_of_time_read_like_a_clock() {
        assert_eq!(Time::from_nanos(3_723_250_999_999).to_string(), "1:02:03.250");
        assert_eq!(Time::ZERO.to_string(), "0:00:00.000");
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Time::from_nanos(3) - Time::from_nanos(5), Duration::ZERO);
        assert_eq!(Time::MAX + Duration::from_nanos(1), Time::MAX);
        assert_eq!(Duration::from_secs(u64::MAX), Duration::MAX);
        assert_eq!(Duration::from_nanos(7) / 2, Duration::from_nanos(3));
        assert_eq!(Duration::from_nanos(7) / 0, Duration::MAX);
        assert_eq!([Duration::MAX, Duration::MAX].into_iter().sum::<Duration>(), Duration::MAX);
    }

    #[test]
    fn seconds_round_to_the_nearest_nanosecond() {
        assert_eq!(Duration::from_secs_f64(1.5e-9).nanos(), 2);
        assert_eq!(Duration::from_secs_f64(1.4e-9).nanos(), 1);
        assert_eq!(Duration::from_secs_f64(-1.0), Duration::ZERO);
        assert_eq!(Duration::from_secs_f64(f64::NAN), Duration::ZERO);
        assert_eq!(Duration::from_secs_f64(f64::INFINITY), Duration::MAX);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_setting_is_text() {
        assert_eq!(serde_json::from_str::<Duration>("\"1h30m\"").expect("a duration"), Duration::from_secs(5_400));
        assert_eq!(serde_json::to_string(&Duration::from_millis(2)).expect("text"), "\"2ms\"");
        let error = serde_json::from_str::<Duration>("90").expect_err("no text").to_string();
        assert!(error.contains("expected a duration such as \"90s\""), "{error}");
        let error = serde_json::from_str::<Duration>("\"90\"").expect_err("no unit").to_string();
        assert!(error.contains("a duration needs a unit, such as `90s`"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn every_text_reads_back_to_the_same_length(nanos: u64, shift in 0_u32..64) {
            let length = Duration(nanos >> shift);
            proptest::prop_assert_eq!(length.to_string().parse::<Duration>(), Ok(length));
        }

        #[test]
        fn no_text_panics(text in "[0-9.a-zµ \\-]{0,24}") {
            let _ = text.parse::<Duration>();
        }
    }
}
