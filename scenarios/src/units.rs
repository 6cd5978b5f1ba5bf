//! Units: durations, rates, sizes, money and shares as people write them.
//!
//! ```text
//!  "90s" ─► Dur    "250/s" ─► Rate    "4KiB" ─► Size    "0.096" ─► Money    "30%" ─► Share
//! ```
//! # Models      a number and its unit; a duration may join several (`"1h30m"`)
//! # Leaves out  bits, months, currencies other than USD

use crate::decode::with_help;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A duration such as `"90s"`, `"2ms"`, `"1h30m"`, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Dur(pub f64);

/// A rate such as `"250/s"`, `"3/min"`, `"1000/h"`, per second.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(pub f64);

/// A size such as `"4KiB"` or `"1.5GB"`, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Size(pub f64);

/// US dollars: a number or a text such as `"0.096"`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Money(pub f64);

/// A share from 0 to 1: a number, or a percentage such as `"30%"`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Share(pub f64);

/// A mean time between failures such as `"25y"`, `"180d"` or `"never"`, in seconds; never is infinite.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Mtbf(pub f64);

/// Longest duration that can be written: 20 years.
const LONGEST: f64 = 20.0 * 365.25 * 86400.0;

/// Splits `"1.5GB"` into its number and its unit.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let mut end =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_' | '+' | '-'))).unwrap_or(text.len());
    // `1e3s` is a number with an exponent; `1EiB` is not.
    if let Some(rest) = text[end..].strip_prefix(['e', 'E']) {
        let signed = rest.strip_prefix(['-', '+']).unwrap_or(rest);
        let digits = signed.find(|c: char| !c.is_ascii_digit()).unwrap_or(signed.len());
        if digits > 0 {
            end = text.len() - signed.len() + digits;
        }
    }
    let number: f64 = text[..end].replace('_', "").parse().ok()?;
    number.is_finite().then_some((number, text[end..].trim()))
}

/// Seconds of a duration.
pub fn duration(text: &str) -> Result<f64, String> {
    let wrong = || {
        with_help(
            &format!("`{text}` is not a duration"),
            "write a number and its unit, such as `\"90s\"`, `\"2ms\"`, `\"5m\"` or `\"1h30m\"`",
        )
    };
    let mut rest = text.trim();
    let mut seconds = 0.0;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E')).unwrap_or(rest.len());
        let unit_end = rest[number_end..].find(|c: char| !c.is_alphabetic()).map_or(rest.len(), |i| number_end + i);
        let (number, unit) = split(&rest[..unit_end]).ok_or_else(wrong)?;
        if number < 0.0 {
            return Err(with_help("a duration cannot be negative", "write zero or more"));
        }
        seconds += number
            * match unit {
                "ns" => 1e-9,
                "us" | "µs" | "μs" => 1e-6,
                "ms" => 1e-3,
                "s" | "sec" => 1.0,
                "m" | "min" => 60.0,
                "h" => 3600.0,
                "d" => 86400.0,
                "" if number == 0.0 => 1.0,
                "" => {
                    return Err(with_help(
                        &format!("`{text}` has no unit"),
                        &format!("write `\"{text}s\"` for seconds; other units: ns, us, ms, m, h, d"),
                    ));
                }
                _ => return Err(wrong()),
            };
        rest = rest[unit_end..].trim_start();
    }
    if seconds > LONGEST {
        return Err(with_help(&format!("`{text}` is longer than 20 years"), "check the unit"));
    }
    Ok(seconds)
}

/// Seconds between failures: a duration, in years too, or `never`.
pub fn mtbf(text: &str) -> Result<f64, String> {
    let text = text.trim();
    if text == "never" {
        return Ok(f64::INFINITY);
    }
    let years = ["years", "year", "y"].iter().find_map(|unit| text.strip_suffix(unit));
    let Some(years) = years else { return duration(text) };
    let help = "write years such as `\"25y\"`, a duration such as `\"180d\"`, or `\"never\"`";
    match split(years) {
        Some((number, "")) if (0.0..=1e9).contains(&number) => Ok(number * 365.25 * 86400.0),
        Some((number, "")) if number < 0.0 => Err(with_help("a time between failures cannot be negative", help)),
        Some((_, "")) => Err(with_help(&format!("`{text}` is longer than the Earth will last"), "write `\"never\"`")),
        _ => Err(with_help(&format!("`{text}` is not a time between failures"), help)),
    }
}

/// Events per second of a rate.
pub fn rate(text: &str) -> Result<f64, String> {
    let help = "write a number and `/s`, `/min`, `/h` or `/d`, such as `\"250/s\"`";
    let wrong = || with_help(&format!("`{text}` is not a rate"), help);
    let (number, per) = text.split_once('/').ok_or_else(wrong)?;
    let number = match split(number).ok_or_else(wrong)? {
        (number, "") => number,
        (number, "k" | "K") => number * 1e3,
        (number, "M") => number * 1e6,
        _ => return Err(wrong()),
    };
    let seconds = match per.trim() {
        "ms" => 1e-3,
        "s" | "sec" | "second" => 1.0,
        "m" | "min" | "minute" => 60.0,
        "h" | "hour" => 3600.0,
        "d" | "day" => 86400.0,
        _ => return Err(wrong()),
    };
    if number < 0.0 {
        return Err(with_help("a rate cannot be negative", "write zero or more"));
    }
    Ok(number / seconds)
}

/// Bytes of a size.
pub fn size(text: &str) -> Result<f64, String> {
    let wrong = || {
        with_help(&format!("`{text}` is not a size"), "write a number and its unit, such as `\"4KiB\"` or `\"1.5GB\"`")
    };
    let (number, unit) = split(text).ok_or_else(wrong)?;
    let bytes = match unit {
        "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "KiB" => 1024.0,
        "MiB" => 1_048_576.0,
        "GiB" => 1_073_741_824.0,
        "TiB" => 1_099_511_627_776.0,
        _ => return Err(wrong()),
    };
    if number < 0.0 {
        return Err(with_help("a size cannot be negative", "write zero or more"));
    }
    Ok(number * bytes)
}

/// A share of a percentage or a plain number.
pub fn share(text: &str) -> Result<f64, String> {
    let wrong = || {
        with_help(&format!("`{text}` is not a share"), "write a percentage such as `\"30%\"`, or a number from 0 to 1")
    };
    match split(text).ok_or_else(wrong)? {
        (number, "%") => in_unit(number / 100.0),
        (number, "") => in_unit(number),
        _ => Err(wrong()),
    }
}

fn in_unit(share: f64) -> Result<f64, String> {
    if (0.0..=1.0).contains(&share) {
        return Ok(share);
    }
    let help = if share > 1.0 && share <= 100.0 {
        format!("write `\"{share}%\"` for {share} percent")
    } else {
        "shares lie from 0 to 1, or `\"0%\"` to `\"100%\"`".to_owned()
    };
    Err(with_help("a share outside 0 to 1", &help))
}

fn money(text: &str) -> Result<f64, String> {
    match split(text.trim().trim_start_matches('$')) {
        Some((number, "" | "USD")) => positive_money(number),
        _ => Err(with_help(&format!("`{text}` is not an amount of money"), "write US dollars, such as `0.096`")),
    }
}

fn positive_money(number: f64) -> Result<f64, String> {
    if number.is_finite() && number >= 0.0 {
        Ok(number)
    } else {
        Err(with_help("a price cannot be negative", "write zero or more"))
    }
}

/// How a unit reads texts and numbers.
macro_rules! unit {
    ($type:ident, $name:literal, $what:literal, $text:expr, $number:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Reads;
                impl Visitor<'_> for Reads {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($what)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        $text(text).map($type).map_err(E::custom)
                    }
                    fn visit_f64<E: de::Error>(self, number: f64) -> Result<$type, E> {
                        let read: fn(f64) -> Result<f64, String> = $number;
                        read(number).map($type).map_err(E::custom)
                    }
                    fn visit_u64<E: de::Error>(self, number: u64) -> Result<$type, E> {
                        self.visit_f64(number as f64)
                    }
                    fn visit_i64<E: de::Error>(self, number: i64) -> Result<$type, E> {
                        self.visit_f64(number as f64)
                    }
                }
                deserializer.deserialize_any(Reads)
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "title": $name })
            }
        }
    };
}

unit!(Dur, "duration", "a duration such as \"90s\"", duration, |number| {
    if number == 0.0 {
        return Ok(0.0);
    }
    Err(with_help(&format!("a duration without a unit: `{number}`"), &format!("write `\"{number}s\"` for seconds")))
});
unit!(Mtbf, "mtbf", "a time between failures such as \"25y\"", mtbf, |number| {
    Err(with_help(&format!("a time without a unit: `{number}`"), &format!("write `\"{number}y\"` for years")))
});
unit!(Rate, "rate", "a rate such as \"250/s\"", rate, |number| {
    if number == 0.0 {
        return Ok(0.0);
    }
    Err(with_help(
        &format!("a rate without a unit: `{number}`"),
        &format!("write `\"{number}/s\"` for so many per second"),
    ))
});
unit!(Size, "size", "a size such as \"4KiB\"", size, |number| {
    Err(with_help(&format!("a size without a unit: `{number}`"), &format!("write `\"{number}B\"` for bytes")))
});
unit!(Money, "money", "an amount in USD such as 0.096", money, positive_money);
unit!(Share, "share", "a share such as \"30%\" or 0.3", share, in_unit);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_rates_sizes_and_shares_read_as_written() {
        let near =
            |a: Result<f64, String>, b: f64| assert!((a.clone().unwrap() - b).abs() <= 1e-12 * b.abs(), "{a:?} {b}");
        for (text, seconds) in [
            ("90s", 90.0),
            ("2ms", 0.002),
            ("1h30m", 5400.0),
            ("1.5h", 5400.0),
            ("0", 0.0),
            ("3d", 259_200.0),
            ("5 m", 300.0),
            ("1e3s", 1000.0),
            ("250us", 250e-6),
            ("2m 30s", 150.0),
            ("7min", 420.0),
        ] {
            near(duration(text), seconds);
        }
        for (text, per_second) in
            [("250/s", 250.0), ("3/min", 0.05), ("1000/h", 1000.0 / 3600.0), ("2k/s", 2000.0), ("1_000 / s", 1000.0)]
        {
            near(rate(text), per_second);
        }
        for (text, bytes) in [("4KiB", 4096.0), ("1.5GB", 1.5e9), ("10 MB", 1e7), ("512B", 512.0)] {
            near(size(text), bytes);
        }
        near(share("30%"), 0.3);
        near(share("0.3"), 0.3);
        near(money("$0.096"), 0.096);
    }

    #[test]
    fn what_is_not_a_unit_is_refused() {
        for text in
            ["", "s", "90", "-1s", "9 parsecs", "1h-30m", "NaNs", "infs", "1e999s", "100000d", "e", "1.2.3s", "٣s"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
        for text in ["", "250", "/s", "-1/s", "3/fortnight", "1//s"] {
            assert!(rate(text).is_err(), "{text}");
        }
        for text in ["", "4", "-1KiB", "4 kib"] {
            assert!(size(text).is_err(), "{text}");
        }
        for text in ["130%", "-0.1", "x", "30"] {
            assert!(share(text).is_err(), "{text}");
        }
    }
}
