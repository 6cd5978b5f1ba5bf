//! Series from CSV files.
//!
//! # Models      a head line, a column of times (seconds, or dates), a column of values; rates or counts per interval
//! # Leaves out  zones and leap seconds: all times of a file are taken to be of one zone
//! # Source      days from a civil date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"

use super::context::Cx;
use crate::outline::Place;
use crate::schema::SeriesKind;
use models::plan::RateProfile;
use sim_core::{Duration, Time};
use std::path::Path;

/// Larger files are not traffic series.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Reads a file, or says what is wrong with it and in which line.
pub(crate) fn read<'a>(
    cx: &mut Cx<'a>,
    place: Place<'a>,
    path: &str,
    columns: (&str, &str),
    kind: Option<SeriesKind>,
    stretch: f64,
) -> RateProfile {
    let at = place.part("path", 0);
    let text = bytes(cx, path);
    let read = text.and_then(|bytes| points(&bytes, columns));
    match read {
        Ok(points) => knots(&points, kind.unwrap_or(SeriesKind::Rate), stretch),
        Err(message) => {
            let help = "paths start from the folder of the scenario; the file needs a head line that names its columns";
            cx.error(at, format!("cannot use `{path}`: {message}"), "this file", help);
            RateProfile::default()
        }
    }
}

/// Samples of a file, by time: seconds from the earliest, and values; rows without a value are gaps.
pub(crate) fn samples<'a>(
    cx: &mut Cx<'a>,
    place: Place<'a>,
    path: &str,
    columns: (Option<&str>, Option<&str>),
) -> Vec<(f64, f64)> {
    match bytes(cx, path).and_then(|bytes| rows(&bytes, columns)) {
        Ok(points) => points,
        Err(message) => {
            let help = "paths start from the folder of the scenario; the file needs a head line that names its columns";
            cx.error(place, format!("cannot use `{path}`: {message}"), "this file", help);
            Vec::new()
        }
    }
}

/// What a file holds, or why that cannot be told.
fn bytes(cx: &Cx<'_>, path: &str) -> Result<Vec<u8>, String> {
    let full = cx.dir.map_or_else(|| Path::new(path).to_owned(), |dir| dir.join(path));
    match std::fs::metadata(&full) {
        Ok(meta) if meta.is_dir() => Err("it is a folder".to_owned()),
        Ok(meta) if meta.len() > MOST_BYTES => Err("it is larger than 256 MiB".to_owned()),
        _ => std::fs::read(&full).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        }),
    }
}

/// Rows of a metric's file in order of time. An export may have them in any order.
fn rows(bytes: &[u8], (time, value): (Option<&str>, Option<&str>)) -> Result<Vec<(f64, f64)>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let head = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |named: Option<&str>, usual: &str, else_at: usize| {
        let name = named.unwrap_or(usual);
        let found = head.iter().position(|h| h.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name));
        let names: Vec<&str> = head.iter().collect();
        match (found, named) {
            (Some(found), _) => Ok(found),
            (None, None) if head.len() > else_at => Ok(else_at),
            _ => Err(format!("no column `{name}`; it has `{}`", names.join("`, `"))),
        }
    };
    let (time, value) = (column(time, "timestamp", 0)?, column(value, "value", 1)?);
    let mut rows: Vec<(f64, f64)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |column: usize| record.get(column).unwrap_or("");
        if field(value).is_empty() {
            continue;
        }
        let wrong = |what: &str, column: usize| format!("line {line}: `{}` is not {what}", field(column));
        let seconds = instant(field(time)).ok_or_else(|| wrong("a time", time))?;
        let number: f64 =
            field(value).parse().ok().filter(|v: &f64| v.is_finite()).ok_or_else(|| wrong("a number", value))?;
        rows.push((seconds, number));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let first = rows.first().ok_or("it has no rows")?.0;
    rows.iter_mut().for_each(|row| row.0 -= first);
    Ok(rows)
}

/// Times in seconds from the first, and values.
fn points(bytes: &[u8], (time, value): (&str, &str)) -> Result<Vec<(f64, f64)>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let head = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |name: &str| {
        let names: Vec<&str> = head.iter().collect();
        head.iter()
            .position(|h| h == name)
            .ok_or_else(|| format!("no column `{name}`; it has `{}`", names.join("`, `")))
    };
    let (time, value) = (column(time)?, column(value)?);
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut first = None;
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |column: usize| record.get(column).unwrap_or("");
        let wrong = |what: &str, column: usize| format!("line {line}: `{}` is not {what}", field(column));
        let seconds = instant(field(time)).ok_or_else(|| wrong("a time", time))?;
        let number: f64 =
            field(value).parse().ok().filter(|v: &f64| v.is_finite()).ok_or_else(|| wrong("a number", value))?;
        let from = *first.get_or_insert(seconds);
        if points.last().is_some_and(|last| last.0 > seconds - from) {
            return Err(format!("line {line}: times must ascend"));
        }
        points.push((seconds - from, number));
    }
    if points.is_empty() { Err("it has no rows".to_owned()) } else { Ok(points) }
}

fn knots(points: &[(f64, f64)], kind: SeriesKind, stretch: f64) -> RateProfile {
    let at = |seconds: f64| Time::ZERO + Duration::from_secs_f64(seconds * stretch);
    let mut knots = Vec::with_capacity(points.len() * 2);
    match kind {
        SeriesKind::Rate => knots.extend(points.iter().map(|point| (at(point.0), point.1))),
        SeriesKind::CountPerInterval => {
            // The last row has no next one; its interval is taken to be as long as the one before.
            let mut width = 60.0;
            for (index, point) in points.iter().enumerate() {
                let next = points.get(index + 1).map_or(point.0 + width, |next| next.0);
                if next <= point.0 {
                    continue;
                }
                width = next - point.0;
                let rate = point.1 / width;
                knots.push((at(point.0), rate));
                knots.push((at(next), rate));
            }
            if let Some(last) = knots.last().copied() {
                knots.push((last.0, 0.0));
            }
        }
    }
    RateProfile { knots }
}

/// Seconds of a number, or of a date such as `2014-04-10 00:04:00` or `2014-04-10T00:04:00.5Z`.
fn instant(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.parse::<f64>() {
        return seconds.is_finite().then_some(seconds);
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (text, east) = offset(text);
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let mut parts = time.splitn(3, ':').map(|part| part.parse::<f64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0.0))?);
    let sound = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0.0..24.0).contains(&hour)
        && (0.0..60.0).contains(&minute)
        && (0.0..61.0).contains(&second);
    sound.then(|| days(year, month, day) as f64 * 86400.0 + hour * 3600.0 + minute * 60.0 + second - east)
}

/// A time without its offset from UTC, such as `+00:00`, and that offset in seconds.
fn offset(text: &str) -> (&str, f64) {
    let at = text.len().checked_sub(6).filter(|at| *at > 10 && text.is_char_boundary(*at));
    let Some((time, offset)) = at.map(|at| text.split_at(at)) else { return (text, 0.0) };
    let sign = match offset.as_bytes()[0] {
        b'+' => 1.0,
        b'-' => -1.0,
        _ => return (text, 0.0),
    };
    let parts = offset[1..].split_once(':').and_then(|(h, m)| Some((h.parse::<f64>().ok()?, m.parse::<f64>().ok()?)));
    parts.map_or((text, 0.0), |(hours, minutes)| (time, sign * (hours * 3600.0 + minutes * 60.0)))
}

/// Days from 1970-01-01 to a civil date.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_seconds() {
        assert_eq!(instant("1970-01-02 00:00:01"), Some(86401.0));
        assert_eq!(instant("2000-02-29T12:00:00.5Z"), Some(951_825_600.5));
        assert_eq!(instant("2000-02-29T12:00:00+00:00"), Some(951_825_600.0));
        assert_eq!(instant("2000-02-29T12:00:00-01:30"), Some(951_825_600.0 + 5400.0));
        assert_eq!(instant("12.5"), Some(12.5));
        for text in ["", "x", "2014-13-01", "2014-01-01 25:00:00", "2014-01", "1-1-1-1", "NaN"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn a_count_per_interval_keeps_its_total() {
        let points = points(b"timestamp,value\n0,60\n60,120\n180,30\n", ("timestamp", "value")).unwrap();
        let profile = knots(&points, SeriesKind::CountPerInterval, 1.0);
        let total = super::super::profile::mean(&profile, 400.0) * 400.0;
        assert!((total - 210.0).abs() < 1e-6, "{total}");
        assert_eq!(profile.at(Time::ZERO + Duration::from_secs(61)), 1.0);
    }

    #[test]
    fn a_broken_file_is_named_by_its_line() {
        let error = |text: &str| points(text.as_bytes(), ("t", "v")).unwrap_err();
        assert!(error("t,v\n1,2\n2,x\n").contains("line 3"), "{}", error("t,v\n1,2\n2,x\n"));
        assert!(error("t,v\n5,1\n2,1\n").contains("line 3: times must ascend"));
        assert!(error("a,b\n1,2\n").contains("no column `t`"));
        assert!(error("t,v\n").contains("no rows"));
        assert!(error("t,v\n1\n").contains("line"));
    }

    #[test]
    fn a_metrics_file_may_be_out_of_order_and_have_gaps() {
        let read = |text: &str| rows(text.as_bytes(), (None, None));
        let export = "timestamp,value,unit\n2014-04-10T00:09:00+00:00,56.5,Count\n2014-04-10T00:04:00+00:00,94,Count\n";
        assert_eq!(read(export), Ok(vec![(0.0, 94.0), (300.0, 56.5)]));
        assert_eq!(read("t,v\n5,1\n6,\n7,3\n"), Ok(vec![(0.0, 1.0), (2.0, 3.0)]), "an empty value is a gap");
        assert_eq!(rows(b"a,b,c\n1,2,3\n", (Some("c"), Some("A"))), Ok(vec![(0.0, 1.0)]));
        assert!(rows(b"a,b\n1,2\n", (Some("x"), None)).unwrap_err().contains("no column `x`"));
        assert!(read("t,v\n1,x\n").unwrap_err().contains("line 2"));
        assert!(read("t,v\n").unwrap_err().contains("no rows"));
        assert!(read("t\n1\n").unwrap_err().contains("no column `value`"));
    }
}
