//! Results read back from a folder that `sim run` wrote: what was written is what is read.
//!
//! ```text
//!  out/x/ ── summary.json ──────► Summary ┐
//!         ├─ timeline.jsonl ────► events  ├──► RunResult
//!         ├─ series.csv ────────► Series  │
//!         ├─ latency_map.csv ───► LatencyMap      (of runs with traffic)
//!         ├─ architecture.json ─► Architecture    ┘
//!         ├─ scenario.ron ──────► Source            (to run it again)
//!         └─ replications.* ────► Aggregate, Side   (of `--replications`)
//! ```
//! # Models      a folder is read whole or refused with the file, the line and the reason
//! # Leaves out  plots and the report, which are drawn anew; figures that are not finite, which files hold as nothing

use crate::Failure;
use crate::experiment::Aggregate;
use crate::experiment::compare::Side;
use crate::output::files::{SCENARIO, SPANS};
use models::RequestSpans;
use models::result::{Architecture, Column, LatencyMap, RunResult, SCHEMA, Series, Summary, TimelineEvent};
use scenarios::Source;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What to do about a folder that holds no results.
const HELP: &str = "name a folder that `sim run` wrote, such as `out/twitter-spike`";

/// Reads the results of a run.
///
/// # Errors
/// If there is no such folder, it holds no results, they are of another version, or a line of them is damaged.
pub fn read(folder: &Path) -> Result<RunResult, Failure> {
    let summary = summary(folder)?;
    let timeline = timeline(&folder.join("timeline.jsonl"))?;
    let series = series(&folder.join("series.csv"), summary.duration_s)?;
    let latency_map = latency_map(&folder.join("latency_map.csv"), series.interval_s)?;
    let path = folder.join("architecture.json");
    let architecture = if path.exists() { parse(&path, &text(&path)?)? } else { Architecture::default() };
    Ok(RunResult { summary, timeline, series, latency_map, architecture })
}

/// The requests that were followed; none if the run had no `--spans`.
///
/// # Errors
/// If a line is damaged.
pub fn spans(folder: &Path) -> Result<Vec<RequestSpans>, Failure> {
    let path = folder.join(SPANS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = text(&path)?;
    let line = |(number, line)| serde_json::from_str(line).map_err(|error| damaged(&path, number + 1, &reason(&error)));
    text.lines().enumerate().map(line).collect()
}

/// Whether a folder looks as if `sim run` had written it.
pub fn is_results(folder: &Path) -> bool {
    folder.join("summary.json").is_file()
}

/// The scenario that was run, with the changes and the seed that it was run with.
///
/// # Errors
/// If the folder does not hold it.
pub fn scenario(folder: &Path) -> Result<Source, Failure> {
    let path = folder.join(SCENARIO);
    if folder.is_dir() && !path.exists() {
        let text = format!("`{}` does not hold the scenario it came from", folder.display());
        return Err(Failure::new(text).help("run the scenario again with this version of `sim`"));
    }
    Ok(Source { name: path.display().to_string(), text: text(&path)?, dir: Some(folder.to_owned()) })
}

/// Results that `sim run --replications` has left: what they say together, and the figures one by one.
///
/// # Errors
/// If the folder holds none, or a line of them is damaged.
pub fn replications(folder: &Path) -> Result<(Aggregate, Side), Failure> {
    let help = "name a folder that `sim run --replications N` wrote";
    let path = folder.join("replications.json");
    let aggregate: Aggregate = parse(&path, &text(&path).map_err(|failure| failure.help(help))?)?;
    let path = folder.join("replications.csv");
    let rows = text(&path).map_err(|failure| failure.help(help))?;
    let mut side: Side = vec![BTreeMap::new(); aggregate.replications as usize];
    for (number, line) in rows.lines().enumerate().skip(1) {
        let wrong = || damaged(&path, number + 1, "not a row of replications");
        let (head, value) = line.rsplit_once(',').ok_or_else(wrong)?;
        let (index, metric) = head.split_once(',').ok_or_else(wrong)?;
        let run = index.parse().ok().and_then(|index: usize| side.get_mut(index)).ok_or_else(wrong)?;
        if let Ok(value) = value.parse() {
            run.insert(metric.trim_matches('"').replace("\"\"", "\""), value);
        }
    }
    Ok((aggregate, side))
}

/// The summary, of this version and no other.
fn summary(folder: &Path) -> Result<Summary, Failure> {
    if !folder.exists() {
        return Err(Failure::new(format!("there is no folder `{}`", folder.display())).help(HELP));
    }
    if !folder.is_dir() {
        return Err(Failure::new(format!("`{}` is a file, and results are a folder", folder.display())).help(HELP));
    }
    let path = folder.join("summary.json");
    if !path.is_file() {
        let what = format!("`{}` holds no results of a run: it has no `summary.json`", folder.display());
        return Err(Failure::new(what).help(HELP));
    }
    let text = text(&path)?;
    // First the version: another one may well have other fields.
    let value: serde_json::Value = parse(&path, &text)?;
    match value.get("schema").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(SCHEMA) => parse(&path, &text),
        Some(version) => {
            let what =
                format!("`{}` holds results of version {version}; this program reads {SCHEMA}", folder.display());
            Err(Failure::new(what).help("run the scenario again, or use the program that wrote them"))
        }
        None => {
            Err(Failure::new(format!("`{}` is no summary of a run: it has no `schema`", path.display())).help(HELP))
        }
    }
}

fn timeline(path: &Path) -> Result<Vec<TimelineEvent>, Failure> {
    let text = text(path)?;
    let mut events: Vec<TimelineEvent> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let wrong = |what: &str| damaged(path, number + 1, what);
        let event: TimelineEvent = serde_json::from_str(line).map_err(|error| wrong(&reason(&error)))?;
        if events.last().is_some_and(|before| before.id >= event.id) {
            return Err(wrong("ids must ascend"));
        }
        if event.cause.is_some_and(|cause| cause >= event.id) {
            return Err(wrong("its cause comes after it"));
        }
        events.push(event);
    }
    Ok(events)
}

/// The series. How long the last row is does not stand in the file; a single one is as long as the run.
fn series(path: &Path, duration_s: f64) -> Result<Series, Failure> {
    let text = text(path)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let wrong = |error: &csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        damaged(path, line as usize, "not a row of the table: another number of fields")
    };
    let head = reader.headers().map_err(|error| wrong(&error))?.clone();
    if head.get(0) != Some("t_s") {
        return Err(damaged(path, 1, "the first column must be `t_s`"));
    }
    let mut columns: Vec<Column> = head.iter().skip(1).map(column).collect();
    let mut starts: Vec<f64> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(&error))?;
        let line = record.position().map_or(0, csv::Position::line) as usize;
        let number =
            |field: &str| field.parse::<f64>().map_err(|_| damaged(path, line, &format!("`{field}` is not a number")));
        let mut fields = record.iter();
        starts.push(number(fields.next().unwrap_or_default())?);
        for (column, field) in columns.iter_mut().zip(fields) {
            column.values.push(if field.is_empty() { f64::NAN } else { number(field)? });
        }
    }
    Ok(Series { interval_s: starts.get(1).copied().unwrap_or(duration_s), columns })
}

/// The latency map; an empty one where there is no file, for want of traffic.
fn latency_map(path: &Path, interval_s: f64) -> Result<LatencyMap, Failure> {
    if !path.exists() {
        return Ok(LatencyMap::default());
    }
    let text = text(path)?;
    let mut lines = text.lines().enumerate();
    let head = lines.next().map_or("", |(_, head)| head).strip_prefix("t_s,");
    let wrong = |number: usize| damaged(path, number + 1, "not a row of the latency map");
    let bands: Vec<&str> = head.ok_or_else(|| wrong(0))?.split(',').collect();
    let edge = |band: &&str| band.strip_prefix("up to ")?.strip_suffix(" ms")?.parse::<f64>().ok();
    let edges_ms: Vec<f64> = bands.iter().map_while(edge).collect();
    if edges_ms.len() + usize::from(bands.last() == Some(&"more")) != bands.len() {
        return Err(wrong(0));
    }
    let mut rows = Vec::new();
    for (number, line) in lines {
        let counts: Result<Vec<u32>, _> = line.split(',').skip(1).map(str::parse).collect();
        let mut row = counts.ok().filter(|row| row.len() == bands.len()).ok_or_else(|| wrong(number))?;
        row.resize(edges_ms.len() + 1, 0);
        rows.push(if row.iter().all(|count| *count == 0) { Vec::new() } else { row });
    }
    Ok(LatencyMap { interval_s, edges_ms, rows })
}

/// A column from its head: `latency_ms.p99 [ms]`, or a plain name.
fn column(head: &str) -> Column {
    let (name, unit) = head.strip_suffix(']').and_then(|head| head.rsplit_once(" [")).unwrap_or((head, "1"));
    Column { name: name.into(), unit: unit.into(), values: Vec::new() }
}

fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            let folder = path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            Failure::new(format!("`{}` is not complete: it has no `{name}`", folder.display())).help(HELP)
        }
        ErrorKind::InvalidData => Failure::new(format!("`{}` is not a text in UTF-8", path.display())),
        _ => Failure::io("read", path, &error),
    })
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| damaged(path, error.line(), &reason(&error)))
}

/// What is wrong, without the place, which is told in its own words.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(reason, _)| reason.to_string())
}

fn damaged(path: &Path, line: usize, what: &str) -> Failure {
    Failure::new(format!("{}:{line}: {what}", path.display())).help("the file is damaged: run the scenario again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{csv, json, sample};
    use std::fs;

    fn write(folder: &Path, result: &RunResult) {
        fs::write(folder.join("summary.json"), json::summary(&result.summary)).unwrap();
        fs::write(folder.join("timeline.jsonl"), json::timeline(&result.timeline)).unwrap();
        fs::write(folder.join("series.csv"), csv::series(&result.series)).unwrap();
        fs::write(folder.join("latency_map.csv"), csv::latency_map(&result.latency_map).unwrap()).unwrap();
        fs::write(folder.join("architecture.json"), json::architecture(&result.architecture)).unwrap();
    }

    fn room() -> tempfile::TempDir {
        let room = tempfile::tempdir().unwrap();
        write(room.path(), &sample::result());
        room
    }

    fn told(failure: Result<RunResult, Failure>, wanted: &[&str]) {
        let text = failure.unwrap_err().to_string();
        assert!(wanted.iter().all(|part| text.contains(part)), "{wanted:?} in {text}");
    }

    #[test]
    fn what_was_written_is_read_back_equal() {
        let room = tempfile::tempdir().unwrap();
        let mut result = sample::result();
        let awkward = ["group.a [b].desired", "metric.odd [x]", "metric.with, comma \"quoted\""];
        for name in awkward {
            let values = vec![0.1 + 0.2, f64::NAN, 1e-300];
            result.series.columns.push(Column { name: name.into(), unit: "1".into(), values });
        }
        write(room.path(), &result);
        // As text, since a gap in a series is not equal to itself.
        assert_eq!(format!("{:?}", read(room.path()).unwrap()), format!("{result:?}"));
    }

    #[test]
    fn a_folder_that_is_none_or_holds_no_results_is_refused() {
        let room = tempfile::tempdir().unwrap();
        told(read(&room.path().join("gone")), &["there is no folder", "gone", "sim run"]);
        told(read(room.path()), &["holds no results", "summary.json"]);
        fs::write(room.path().join("file"), "x").unwrap();
        told(read(&room.path().join("file")), &["is a file"]);
    }

    #[test]
    fn results_of_another_version_are_refused_before_their_fields_are_looked_at() {
        let room = room();
        fs::write(room.path().join("summary.json"), r#"{"schema": 99}"#).unwrap();
        told(read(room.path()), &["version 99", "reads 1"]);
        fs::write(room.path().join("summary.json"), "{}").unwrap();
        told(read(room.path()), &["no `schema`"]);
    }

    #[test]
    fn damage_is_told_with_file_and_line() {
        type Damage = fn(&str) -> String;
        let cases: [(&str, Damage, &[&str]); 10] = [
            (
                "summary.json",
                |text| text.replace("\"seed\": 1", "\"seed\": \"one\""),
                &["summary.json:5", "invalid type"],
            ),
            ("summary.json", |text| text[..text.len() / 2].to_string(), &["summary.json:", "EOF"]),
            ("timeline.jsonl", |text| text.replace("alarm_state", "alarm_sate"), &["timeline.jsonl:3", "alarm_sate"]),
            ("timeline.jsonl", |text| text.replace("\"id\":5", "\"id\":2"), &["timeline.jsonl:5", "ascend"]),
            ("timeline.jsonl", |text| text.replace("\"cause\":4", "\"cause\":5"), &["timeline.jsonl:5", "after it"]),
            ("series.csv", |text| text.replace("60,121", "60,x"), &["series.csv:3", "`x` is not a number"]),
            ("series.csv", |text| text.replace("60,121", "60"), &["series.csv:3", "number of fields"]),
            ("latency_map.csv", |text| text.replace("up to 10 ms", "10"), &["latency_map.csv:1"]),
            ("latency_map.csv", |text| text.replace("60,4000", "60"), &["latency_map.csv:3", "row of the latency map"]),
            ("architecture.json", |text| text.replace("\"zone\": 1", "\"zone\": -1"), &["architecture.json:"]),
        ];
        for (name, damage, wanted) in cases {
            let room = room();
            let path = room.path().join(name);
            let whole = fs::read_to_string(&path).unwrap();
            let broken = damage(&whole);
            assert_ne!(whole, broken, "{name}: the damage must do some");
            fs::write(&path, broken).unwrap();
            told(read(room.path()), wanted);
        }
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        for name in ["timeline.jsonl", "series.csv"] {
            let room = room();
            fs::remove_file(room.path().join(name)).unwrap();
            told(read(room.path()), &["not complete", name]);
        }
    }

    #[test]
    fn results_of_a_run_without_traffic_have_no_latency_map() {
        let room = room();
        fs::remove_file(room.path().join("latency_map.csv")).unwrap();
        assert_eq!(read(room.path()).unwrap().latency_map, LatencyMap::default());
    }

    #[test]
    fn a_series_of_one_row_is_as_long_as_the_run() {
        let room = room();
        let mut result = sample::result();
        result.series.interval_s = result.summary.duration_s;
        result.series.columns.iter_mut().for_each(|column| column.values.truncate(1));
        write(room.path(), &result);
        assert_eq!(read(room.path()).unwrap().series.interval_s, result.summary.duration_s);
    }

    #[test]
    fn results_without_their_scenario_say_so() {
        let room = room();
        let text = scenario(room.path()).unwrap_err().to_string();
        assert!(text.contains("does not hold the scenario") && text.contains("run the scenario again"), "{text}");
        fs::write(room.path().join(SCENARIO), "Scenario()").unwrap();
        let source = scenario(room.path()).unwrap();
        assert_eq!((source.text.as_str(), source.dir.as_deref()), ("Scenario()", Some(room.path())));
    }
}
