//! `sim check`: the expectations of several scenarios, one line each, for CI.
//!
//! # Models      a scenario without expectations holds; one that cannot run makes the exit code 2, and the others run
//!   all the same
//! # Leaves out  files of results: `sim run` writes them

use super::options::{Chance, Changes, Format, FormatOption};
use super::terminal::Terminal;
use super::{Verdict, examples, print, run, source};
use crate::Failure;
use crate::experiment::{Experiment, Onlookers, Settings, replicate};
use crate::output::table::{BAD, CARE, DIM, GOOD, paint};
use crate::output::{json, page, units};
use models::result::ExpectationResult;
use serde::Serialize;
use std::fmt::Write;
use std::sync::atomic::AtomicBool;

/// Run the expectations of scenarios: one line each, and an exit code for CI.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim check mine.ron other.ron", "0 if all held, 1 if some did not, 2 if one could not run"),
    ("sim check --all", "every built-in scenario"),
    ("sim check mine.ron --replications 10", "must hold in each of ten replications"),
]))]
pub struct Args {
    /// Scenario files, names of built-in scenarios, or `-` for standard input
    #[arg(value_name = "FILE", required_unless_present = "all")]
    files: Vec<String>,
    /// All built-in scenarios
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    chance: Chance,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    format: FormatOption,
}

/// What came of one scenario.
#[derive(Debug, Serialize)]
struct Checked {
    file: String,
    scenario: String,
    /// `held`, `not_held` or `failed`.
    verdict: &'static str,
    digest: Option<String>,
    expectations: Vec<Expected>,
    error: Option<String>,
}

/// What came of one expectation.
#[derive(Debug, Serialize)]
struct Expected {
    text: String,
    /// Replications in which it held.
    held: usize,
    /// Of so many.
    of: usize,
    /// The first value that did not hold, or that of replication 0.
    value: Option<f64>,
}

impl Expected {
    /// The value in the unit that people think in.
    fn found(&self) -> String {
        page::found(&ExpectationResult { text: self.text.clone(), held: false, value: self.value })
    }
}

/// Carries out the command.
pub fn run(args: &Args, terminal: &Terminal) -> Result<Verdict, Failure> {
    let stop = run::stop_on_ctrl_c()?;
    let mut files = args.files.clone();
    if args.all {
        files.extend(source::library().into_iter().map(|(name, _)| name.to_string()));
    }
    let mut checked = Vec::new();
    let mut failed = 0;
    let mut silent = Ok(());
    for file in &files {
        let one = match check(file, args, terminal, &stop) {
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
            Ok(one) => one,
            Err(failure) => {
                failed += 1;
                terminal.error(&failure);
                let error = anstream::adapter::strip_str(&failure.to_string()).to_string();
                let (scenario, expectations) = (String::new(), Vec::new());
                Checked {
                    file: file.clone(),
                    scenario,
                    verdict: "failed",
                    digest: None,
                    expectations,
                    error: Some(error),
                }
            }
        };
        // One line as soon as it is known; if nobody reads it, the verdict still counts.
        if args.format.format == Format::Text && silent.is_ok() {
            silent = print(terminal, line(&one).as_bytes());
        }
        checked.push(one);
    }
    if args.format.format == Format::Json {
        silent = print(terminal, &json::pretty(&checked));
    }
    match silent {
        Ok(()) | Err(Failure::BrokenPipe) => {}
        Err(failure) => return Err(failure),
    }
    match failed {
        0 if checked.iter().all(|one| one.verdict == "held") => Ok(Verdict::Held),
        0 => Ok(Verdict::NotHeld),
        n => Err(Failure::new(format!(
            "{} of {} could not be run",
            units::count(n),
            units::plural(files.len() as u64, "scenario")
        ))),
    }
}

fn check(file: &str, args: &Args, terminal: &Terminal, stop: &AtomicBool) -> Result<Checked, Failure> {
    let compiled = source::compile(file, &args.changes.assignments(), terminal)?;
    let plan = &compiled.plan;
    let bar = run::bar(plan, args.chance.replications, terminal);
    let seed = args.chance.seed.unwrap_or(plan.seed);
    let Chance { replications, threads, .. } = args.chance;
    let experiment = replicate(
        plan,
        &Settings { seed, replications, precision: None, threads, stop, bar: &bar },
        Onlookers::default(),
    )?;
    bar.clear();
    Ok(Checked {
        file: file.into(),
        scenario: plan.name.clone(),
        verdict: if experiment.held() { "held" } else { "not_held" },
        digest: Some(experiment.first.summary.digest.clone()),
        expectations: expectations(&experiment),
        error: None,
    })
}

fn expectations(experiment: &Experiment) -> Vec<Expected> {
    let first = &experiment.first.summary.expectations;
    let of_all = |i: usize| experiment.replications.iter().filter_map(move |one| one.expectations.get(i));
    let one = |(i, expectation): (usize, &ExpectationResult)| Expected {
        text: expectation.text.clone(),
        held: of_all(i).filter(|one| one.held).count(),
        of: of_all(i).count(),
        value: of_all(i).find(|one| !one.held).unwrap_or(expectation).value,
    };
    first.iter().enumerate().map(one).collect()
}

/// `✓ twitter-spike  4 expectations held`, and below it those that did not.
fn line(one: &Checked) -> String {
    let name = units::plain(if one.scenario.is_empty() { &one.file } else { &one.scenario });
    // Two files may call themselves the same.
    let is_told = one.file.trim_end_matches(".ron") == name;
    let name = if is_told { name } else { format!("{name} ({})", units::plain(&one.file)) };
    let held = one.expectations.iter().filter(|expected| expected.held == expected.of).count();
    let all = units::plural(one.expectations.len() as u64, "expectation");
    let mut text = match one.verdict {
        "held" if one.expectations.is_empty() => {
            format!("{} {name}  {}\n", paint("–", CARE), paint("expects nothing", DIM))
        }
        "held" => format!("{} {name}  {}\n", paint("✓", GOOD), paint(&format!("{all} held"), DIM)),
        "not_held" => format!("{} {name}  {}\n", paint("✗", BAD), paint(&format!("{held} of {all} held"), BAD)),
        _ => format!("{} {name}  {}\n", paint("✗", BAD), paint("could not be run", BAD)),
    };
    for expected in one.expectations.iter().filter(|expected| expected.held < expected.of) {
        let found = expected.found();
        let _ = write!(text, "    {}  {found}", units::plain(&expected.text));
        if expected.of > 1 {
            let _ = write!(text, ", held in {} of {}", expected.held, expected.of);
        }
        text.push('\n');
    }
    text
}
