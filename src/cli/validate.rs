//! `sim validate`: parse and resolve only; all mistakes, and settings that are legal but unwise.

use super::options::{Changes, Format, FormatOption};
use super::source::{self, Diagnosis};
use super::terminal::Terminal;
use super::{Verdict, examples, print};
use crate::Failure;
use crate::output::table::{BAD, DIM, GOOD, paint};
use crate::output::{json, units};
use serde::Serialize;

/// Check scenarios without running them: all mistakes at once, and unwise settings.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim validate mine.ron", "0 if it could run, 2 if not"),
    ("sim validate *.ron --format json", "places and helps for an editor"),
]))]
pub struct Args {
    /// Scenario files, names of built-in scenarios, or `-` for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    format: FormatOption,
}

/// What came of one file.
#[derive(Debug, Serialize)]
struct Validated {
    file: String,
    valid: bool,
    diagnostics: Vec<Diagnosis>,
}

/// Carries out the command.
pub fn run(args: &Args, terminal: &Terminal) -> Result<Verdict, Failure> {
    let assignments = args.changes.assignments();
    let mut all = Vec::new();
    for file in &args.files {
        let report = source::diagnose(file, &assignments);
        let diagnostics = report.as_ref().map(source::diagnoses).unwrap_or_default();
        let valid = diagnostics.iter().all(|one| one.severity != "error");
        if args.format.format == Format::Text {
            if let Some(report) = &report {
                terminal.note(&report.render(terminal.error_has_color()));
            }
            print(terminal, line(file, valid, diagnostics.len()).as_bytes())?;
        }
        all.push(Validated { file: file.clone(), valid, diagnostics });
    }
    if args.format.format == Format::Json {
        print(terminal, &json::pretty(&all))?;
    }
    match all.iter().filter(|one| !one.valid).count() as u64 {
        0 => Ok(Verdict::Held),
        n => Err(Failure::new(format!("{} of {} cannot run", n, units::plural(all.len() as u64, "scenario")))),
    }
}

/// `✓ mine.ron`, and how much there is to say about it.
fn line(file: &str, valid: bool, said: usize) -> String {
    let (mark, style) = if valid { ("✓", GOOD) } else { ("✗", BAD) };
    let remarks = match said {
        0 => String::new(),
        n => format!("  {}", paint(&units::plural(n as u64, if valid { "warning" } else { "message" }), DIM)),
    };
    format!("{} {}{remarks}\n", paint(mark, style), units::plain(file))
}
