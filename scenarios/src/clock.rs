//! The clock on the wall: moments as people write them, and what recurs by it.
//!
//! ```text
//!  "2026-03-02T08:00:00Z" │ "30m" ─► Moment      "0 8 * * MON-FRI" + "Europe/Berlin" ─► Cron ─► moments
//! ```
//! # Models      Unix cron of five fields, as Auto Scaling reads it: lists, ranges, steps, names of months and days; a day of
//!   the month or a day of the week, whichever comes, if both are given; time zones of the IANA data base with daylight
//!   saving time: an hour that is left out happens an hour later, one that comes twice happens the first time (a modelling
//!   choice)
//! # Leaves out  seconds and years, `@daily`, `L`, `W`, `#`; leap seconds
//! # Source      Amazon EC2 Auto Scaling user guide, "Scheduled scaling", "Recurring schedules"; crontab(5)

use crate::decode::with_help;
use crate::units;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A moment: a date and time with its offset, such as `"2026-03-02T08:00:00Z"`, or a time after the start such as `"30m"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// Seconds after the start of the run.
    After(f64),
    /// Seconds since 1970-01-01T00:00:00Z.
    Clock(i64),
}

impl Moment {
    /// Seconds since 1970, of a run that starts at `start`.
    pub fn clock(self, start: i64) -> i64 {
        match self {
            Moment::After(seconds) => start.saturating_add(seconds as i64),
            Moment::Clock(seconds) => seconds,
        }
    }
}

/// Reads a moment.
pub fn moment(text: &str) -> Result<Moment, String> {
    let dated = text.trim_start().as_bytes().get(4) == Some(&b'-');
    if !dated {
        if let Ok(seconds) = units::duration(text) {
            return Ok(Moment::After(seconds));
        }
    } else if let Ok(stamp) = text.trim().parse::<Timestamp>() {
        return Ok(Moment::Clock(stamp.as_second()));
    }
    Err(with_help(
        &format!("`{text}` is not a moment"),
        "write a date and time with `Z` or an offset, such as `\"2026-03-02T08:00:00Z\"`, or a time after the start such as \
         `\"30m\"`",
    ))
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl Visitor<'_> for Reads {
            type Value = Moment;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a moment such as \"2026-03-02T08:00:00Z\" or \"30m\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
                moment(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

impl JsonSchema for Moment {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "title": "moment" })
    }
}

/// The time zone of that name; none if there is none.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

/// A recurrence of five fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether the day of the month, and of the week, is left open (`*`).
    any_day: bool,
    any_weekday: bool,
}

/// A field of a recurrence: its name, its range, and names for its values from `first` on.
struct Field {
    name: &'static str,
    low: u32,
    high: u32,
    names: &'static [&'static str],
    first: u32,
}

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const FIELDS: [Field; 5] = [
    Field { name: "minute", low: 0, high: 59, names: &[], first: 0 },
    Field { name: "hour", low: 0, high: 23, names: &[], first: 0 },
    Field { name: "day of the month", low: 1, high: 31, names: &[], first: 0 },
    Field { name: "month", low: 1, high: 12, names: MONTHS, first: 1 },
    // Sunday is 0 and 7.
    Field { name: "day of the week", low: 0, high: 7, names: WEEKDAYS, first: 0 },
];

impl Field {
    /// The bits of the values that a text names.
    fn read(&self, text: &str) -> Result<u64, String> {
        let mut bits = 0;
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(step)),
                None => (part, None),
            };
            let every = match step {
                Some(step) => step
                    .parse()
                    .ok()
                    .filter(|step| (1..=self.high).contains(step))
                    .ok_or_else(|| format!("`{part}` in the {} has no step from 1 to {}", self.name, self.high))?,
                None => 1,
            };
            let (from, to) = match range.split_once('-') {
                _ if range == "*" => (self.low, self.high),
                Some((from, to)) => (self.value(from)?, self.value(to)?),
                // A step after a single value goes on to the end.
                None if step.is_some() => (self.value(range)?, self.high),
                None => (self.value(range)?, self.value(range)?),
            };
            if from > to {
                return Err(format!("`{part}` in the {} ends before it begins", self.name));
            }
            (from..=to).step_by(every as usize).for_each(|value| bits |= 1 << value);
        }
        Ok(bits)
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = match named {
            Some(index) => Some(self.first + index as u32),
            None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            None => None,
        };
        value
            .filter(|value| (self.low..=self.high).contains(value))
            .ok_or_else(|| format!("`{text}` is no {}: {} to {}", self.name, self.low, self.high))
    }
}

impl Cron {
    /// Reads five fields: minute, hour, day of the month, month, day of the week.
    pub fn read(text: &str) -> Result<Cron, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(format!("{} fields instead of five", fields.len()));
        };
        let weekdays = FIELDS[4].read(weekday)?;
        Ok(Cron {
            minutes: FIELDS[0].read(minute)?,
            hours: FIELDS[1].read(hour)?,
            days: FIELDS[2].read(day)?,
            months: FIELDS[3].read(month)?,
            weekdays: weekdays | weekdays >> 7,
            any_day: day.starts_with('*'),
            any_weekday: weekday.starts_with('*'),
        })
    }

    /// Whether it happens on that date.
    fn on(&self, date: Date) -> bool {
        let day = self.days >> date.day() & 1 == 1;
        let weekday = self.weekdays >> date.weekday().to_sunday_zero_offset() & 1 == 1;
        let fits = if self.any_day || self.any_weekday { day && weekday } else { day || weekday };
        self.months >> date.month() & 1 == 1 && fits
    }

    /// When it happens from `from` on and before or at `to`, in seconds since 1970; at most `most` times.
    pub fn moments(&self, zone: &TimeZone, from: i64, to: i64, most: usize) -> Vec<i64> {
        let mut moments = Vec::new();
        let (Ok(first), Ok(last)) = (Timestamp::from_second(from), Timestamp::from_second(to)) else { return moments };
        let mut date = zone.to_datetime(first).date();
        let end = zone.to_datetime(last).date();
        let set = |bits: u64, below: i8| (0..below).filter(move |value| bits >> value & 1 == 1);
        while date <= end && moments.len() <= most {
            if self.on(date) {
                for hour in set(self.hours, 24) {
                    for minute in set(self.minutes, 60) {
                        let stamp = zone.to_ambiguous_timestamp(date.at(hour, minute, 0, 0)).compatible();
                        let second = stamp.map_or(i64::MIN, Timestamp::as_second);
                        if (from..=to).contains(&second) {
                            moments.push(second);
                        }
                    }
                }
            }
            match date.tomorrow() {
                Ok(next) => date = next,
                Err(_) => break,
            }
        }
        // What a change of the clocks has moved may now come after, or together with, what follows.
        moments.sort_unstable();
        moments.dedup();
        moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        match moment(text).unwrap() {
            Moment::Clock(seconds) => seconds,
            Moment::After(_) => panic!("{text} is a date"),
        }
    }

    fn moments(cron: &str, zone: &str, from: &str, to: &str) -> Vec<String> {
        let cron = Cron::read(cron).unwrap();
        let found = cron.moments(&super::zone(zone).unwrap(), at(from), at(to), 1_000);
        found.into_iter().map(|second| Timestamp::from_second(second).unwrap().to_string()).collect()
    }

    #[test]
    fn moments_are_dates_with_an_offset_or_times_after_the_start() {
        assert_eq!(moment("30m"), Ok(Moment::After(1_800.0)));
        assert_eq!(moment("2026-03-02T08:00:00Z"), Ok(Moment::Clock(1_772_438_400)));
        assert_eq!(moment("2026-03-02T09:00:00+01:00"), Ok(Moment::Clock(1_772_438_400)));
        for text in ["", "08:00", "2026-03-02", "2026-03-02T08:00:00", "2026-02-30T08:00:00Z", "monday", "-5m", "2026"]
        {
            assert!(moment(text).is_err(), "{text}");
        }
        assert_eq!(Moment::After(60.0).clock(1_000), 1_060);
        assert_eq!(Moment::Clock(60).clock(1_000), 60);
    }

    #[test]
    fn a_recurrence_happens_at_its_minutes_both_ends_included() {
        let day = ("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z");
        let table: [(&str, &[&str]); 8] = [
            ("0 8 * * *", &["2026-03-02T08:00:00Z"]),
            ("0 0 * * *", &["2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"]),
            ("30 6,18 * * *", &["2026-03-02T06:30:00Z", "2026-03-02T18:30:00Z"]),
            ("0 */12 * * *", &["2026-03-02T00:00:00Z", "2026-03-02T12:00:00Z", "2026-03-03T00:00:00Z"]),
            ("15-45/15 9 2 MAR Mon", &["2026-03-02T09:15:00Z", "2026-03-02T09:30:00Z", "2026-03-02T09:45:00Z"]),
            ("0 20/2 * * *", &["2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z"]),
            ("0 8 * 4 *", &[]),
            ("0 8 * * SUN", &[]),
        ];
        for (cron, expected) in table {
            assert_eq!(moments(cron, "UTC", day.0, day.1), expected, "{cron}");
        }
    }

    #[test]
    fn a_day_of_the_month_and_one_of_the_week_are_alternatives() {
        // The 2nd of March 2026 is a Monday; Sunday is 0 and 7.
        let week = ("2026-03-02T00:00:00Z", "2026-03-08T23:59:59Z");
        let days = |cron: &str| -> Vec<String> {
            moments(cron, "UTC", week.0, week.1).iter().map(|text| text[8..10].to_owned()).collect()
        };
        assert_eq!(days("0 8 4 * SUN"), ["04", "08"]);
        assert_eq!(days("0 8 * * 0"), ["08"]);
        assert_eq!(days("0 8 * * 7"), ["08"]);
        assert_eq!(days("0 8 * * MON-FRI"), ["02", "03", "04", "05", "06"]);
        assert_eq!(days("0 8 3-5 * *"), ["03", "04", "05"]);
    }

    #[test]
    fn time_zones_keep_the_hour_of_the_wall_through_changes_of_the_clock() {
        // In Berlin the clocks go from 02:00 to 03:00 on 29 March 2026, and from 03:00 to 02:00 on 25 October.
        let spring = ("2026-03-28T00:00:00Z", "2026-03-30T00:00:00Z");
        let eight = moments("0 8 * * *", "Europe/Berlin", spring.0, spring.1);
        assert_eq!(eight, ["2026-03-28T07:00:00Z", "2026-03-29T06:00:00Z"]);
        let left_out = moments("30 2 * * *", "Europe/Berlin", spring.0, spring.1);
        assert_eq!(left_out, ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z"], "at 03:30 of the new time");
        let autumn = moments("30 2 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T12:00:00Z");
        assert_eq!(autumn, ["2026-10-25T00:30:00Z"], "the first of the two");
        assert!(zone("Europe/Atlantis").is_none());
    }

    #[test]
    fn what_is_no_recurrence_is_refused() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 13 *",
            "* * * * 8",
            "*/0 * * * *",
            "5-1 * * * *",
            "a * * * *",
            "1,,2 * * * *",
            "@daily",
            "* * * FOO *",
            "+5 * * * *",
            "1-2-3 * * * *",
            "*/61 * * * *",
            "* * L * *",
        ] {
            assert!(Cron::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_more_moments_than_asked_for() {
        let cron = Cron::read("* * * * *").unwrap();
        let found = cron.moments(&TimeZone::UTC, 0, 10 * 365 * 86_400, 5_000);
        assert!((5_001..7_000).contains(&found.len()), "{}", found.len());
    }
}
