//! `sim explain`: why something happened, from stored results or from a scenario run for the purpose.
//!
//! ```text
//!  DIR ──stored──► RunResult ──question──► Explanation ──► text │ JSON
//!  FILE ─run once─┘     └──knobs──► the scenario again, one setting changed at a time ──► table │ JSON
//! ```
//! # Models      a folder of results is read and never written; with `--knobs` its own `scenario.ron` is run again
//! # Leaves out  replications: what is explained is one run

use super::options::{Changes, Format, FormatOption, seed};
use super::run::{bar, stop_on_ctrl_c};
use super::terminal::Terminal;
use super::{Verdict, examples, print, source};
use crate::experiment::knobs::{self, Knobs, Tried};
use crate::experiment::{Onlookers, Settings, replicate};
use crate::output::explain::{self, Question, Told};
use crate::output::json;
use crate::{Failure, stored};
use models::result::RunResult;
use scenarios::Source;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Explain why something happened in a run: the chain of causes behind it, in words.
///
/// Ask about an event (`#12`), a moment (`41:20`) or a stretch of time (`50:03-50:47`), an incident (`incident 2`), or a name
/// (an instance, a group, an alarm, a database). Without a question it says what there is to ask about.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim explain out/twitter-spike", "the incidents, and how to ask"),
    ("sim explain out/twitter-spike incident 1", "its reaction chain, link by link"),
    ("sim explain out/twitter-spike 41:06", "why did the group grow at that time"),
    ("sim explain out/twitter-spike 50:03-50:47", "why did requests fail in between"),
    ("sim explain out/twitter-spike web/i-8", "why was this instance launched, and terminated"),
    ("sim explain cloudpulse incident 1 --knobs", "run the scenario, and say what each setting would save"),
]))]
pub struct Args {
    /// A folder of results, a scenario file, the name of a built-in scenario, or `-`
    #[arg(value_name = "DIR|FILE")]
    target: String,
    /// What to explain
    #[arg(value_name = "QUESTION")]
    question: Vec<String>,
    /// Run the scenario again with one setting changed at a time: what would each setting on the chain save
    #[arg(long)]
    knobs: bool,
    /// Seed of all random streams, in place of the scenario's own
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    format: FormatOption,
}

/// Carries out the command.
pub fn run(args: &Args, terminal: &Terminal) -> Result<Verdict, Failure> {
    let folder = Path::new(&args.target);
    let assignments = args.changes.assignments();
    if folder.is_dir() && (!assignments.is_empty() || args.seed.is_some()) {
        let text = format!("`{}` is stored and cannot be changed any more", args.target);
        return Err(Failure::new(text).help(format!("explain `{}/scenario.ron` instead", args.target)));
    }
    let stop = stop_on_ctrl_c()?;
    let question = Question::parse(&args.question);
    if args.knobs && !matches!(question, Question::Overview | Question::Incident(_)) {
        return Err(
            Failure::new("`--knobs` is about an incident").help("ask for `incident 1`, or for nothing: all of them")
        );
    }
    let (result, scenario) = match folder.is_dir() || folder.join("summary.json").is_file() {
        true => (stored::read(folder)?, stored_scenario(folder, args.knobs)?),
        false => {
            let found = source::load(&args.target)
                .map_err(|report| Failure::Rendered(report.render(terminal.error_has_color())))?;
            let result = once(&found, &assignments, args.seed, &stop, terminal)?;
            (result, Some((found, assignments)))
        }
    };
    if let Some((found, assignments)) = scenario.filter(|_| args.knobs) {
        let wanted = match question {
            Question::Incident(number) => Some(number),
            _ => None,
        };
        let tried = turn(&result, &found, &assignments, wanted, &stop, terminal)?;
        match args.format.format {
            Format::Json => print(terminal, &json::pretty(&tried))?,
            Format::Text => print(terminal, &text(&tried)?)?,
        }
        return Ok(Verdict::Held);
    }
    let answer = explain::answer(&Told { result: &result, name: &args.target }, &question)?;
    match args.format.format {
        Format::Json => print(terminal, &json::pretty(&answer))?,
        Format::Text => {
            let mut text = Vec::new();
            explain::write(&mut text, &answer).map_err(|error| Failure::stdout(&error))?;
            print(terminal, &text)?;
        }
    }
    Ok(Verdict::Held)
}

/// A scenario and what is changed in it.
type Changed = (Source, Vec<(String, String)>);

/// What is to be run again of stored results, if it is.
fn stored_scenario(folder: &Path, wanted: bool) -> Result<Option<Changed>, Failure> {
    wanted.then(|| Ok((stored::scenario(folder)?, Vec::new()))).transpose()
}

/// Runs a scenario once, to be explained.
fn once(
    found: &Source,
    assignments: &[(String, String)],
    seed: Option<u64>,
    stop: &AtomicBool,
    terminal: &Terminal,
) -> Result<RunResult, Failure> {
    let plan = source::compile_source(found.clone(), assignments, terminal)?.plan;
    let bar = bar(&plan, 1, terminal);
    let seed = seed.unwrap_or(plan.seed);
    let settings = Settings { seed, replications: 1, precision: None, threads: Some(1), stop, bar: &bar };
    let experiment = replicate(&plan, &settings, Onlookers::default())?;
    bar.clear();
    Ok(experiment.first)
}

/// Turns every knob on the chain of an incident, or of all.
pub fn turn(
    result: &RunResult,
    found: &Source,
    assignments: &[(String, String)],
    incident: Option<usize>,
    stop: &AtomicBool,
    terminal: &Terminal,
) -> Result<Vec<Tried>, Failure> {
    let plan = source::compile_source(found.clone(), assignments, terminal)?.plan;
    Knobs { source: found, assignments, plan: &plan, result }.try_all(incident, stop, !terminal.is_watched())
}

/// What each knob would save, for people.
pub fn text(tried: &[Tried]) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    knobs::write(&mut text, tried).map_err(|error| Failure::stdout(&error))?;
    Ok(text)
}
