//! `sim export`: the results of a run in the form of another tool.

use super::terminal::Terminal;
use super::{Verdict, examples, print};
use crate::output::export::{long, openmetrics, perfetto, wide};
use crate::output::files::Single;
use crate::{Failure, stored};
use clap::ValueEnum;
use std::path::PathBuf;

/// Give the results of a run to another tool: a trace viewer, Prometheus, a data frame.
///
/// Reads a folder that `sim run` wrote. A run with `--spans` shows in the trace where a sample of requests spent its time.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim export out/twitter-spike --to perfetto spike.json", "open it at ui.perfetto.dev"),
    ("sim export out/twitter-spike --to openmetrics --starts-at 1767225600", "for promtool, from 2026 on"),
    ("sim export out/twitter-spike --to csv | head", "one value a row, on standard output"),
]))]
pub struct Args {
    /// A folder that `sim run` wrote
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Where to write it; standard output if not given
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// In what form
    #[arg(long, value_enum, value_name = "FORM")]
    to: Form,
    /// Unix time of the run's start, in seconds, for OpenMetrics
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true)]
    starts_at: i64,
}

/// Forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Trace events in JSON, for ui.perfetto.dev and chrome://tracing: timeline, figures, and requests of `--spans`
    Perfetto,
    /// The series as OpenMetrics text, for Prometheus
    Openmetrics,
    /// The series as CSV, one value a row
    Csv,
    /// The series as a table with types, a row per interval, for DuckDB, pandas and polars
    Parquet,
}

/// Carries out the command.
pub fn run(args: &Args, terminal: &Terminal) -> Result<Verdict, Failure> {
    let result = stored::read(&args.folder)?;
    let file = args.file.as_deref().map(Single::begin).transpose()?;
    let bytes = match args.to {
        Form::Perfetto => perfetto::text(&result, &stored::spans(&args.folder)?).into_bytes(),
        Form::Openmetrics => openmetrics::text(&result.series, &result.summary.scenario, args.starts_at).into_bytes(),
        Form::Csv => long::text(&result.series).into_bytes(),
        Form::Parquet => wide::parquet(&result)?,
    };
    match file {
        Some(file) => file.commit(&bytes)?,
        None => print(terminal, &bytes)?,
    }
    Ok(Verdict::Held)
}
