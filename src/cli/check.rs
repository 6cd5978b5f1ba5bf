//! `sim check`: the expectations of several scenarios, over as many runs as they take, for people and for CI.
//!
//! ```text
//!  FILE… ──compile──► plans ──each replication of each on any core──► verdicts ──► text, JSON, annotations, Markdown
//!                       └── one that cannot run is told, and the others go on           └──► JUnit XML, a page of HTML
//! ```
//! # Models      a scenario without expectations holds; without `--replications` each is run as often as its expectations
//!   take to be proven; what is not proven is not held
//! # Leaves out  files of results: `sim run` writes them

use super::options::{Changes, seed, threads};
use super::terminal::Terminal;
use super::{Verdict, examples, print, run, source};
use crate::Failure;
use crate::experiment::{Bar, Replication, Settings, runs_wanted, single, verdicts};
use crate::output::check::{Checked, Expected, Mistake, Outcome, Place, github, html, junit, markdown, text};
use crate::output::files::Single;
use crate::output::{json, units};
use models::Interrupted;
use rayon::prelude::*;
use scenarios::{Compiled, Report};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Check the expectations of scenarios, in parallel: what holds, what does not, and an exit code for CI.
///
/// Each scenario is run once, or as often as its `InRuns` and `Mean` take to be proven; what a number of runs does not prove is
/// told as such and counts as not held.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim check mine.ron other.ron", "0 if all held, 1 if some did not, 2 if one could not run"),
    ("sim check --all", "every built-in scenario"),
    ("sim check mine.ron --replications 10", "must hold in each of ten replications"),
    ("sim check *.ron --junit check.xml", "for the test report of a CI system"),
    ("sim check *.ron --format github", "annotations at the lines of the scenarios"),
]))]
pub struct Args {
    /// Scenario files, names of built-in scenarios, or `-` for standard input
    #[arg(value_name = "FILE", required_unless_present = "all")]
    files: Vec<String>,
    /// All built-in scenarios
    #[arg(long)]
    all: bool,
    /// Seed of all random streams, in place of the scenario's own
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// How many independent replications to run
    ///
    /// Default: one, or as many as the expectations take to be proven.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    replications: Option<u32>,
    /// On how many threads replications run; all cores if not given. Does not change any result
    #[arg(long, value_name = "N", value_parser = threads)]
    threads: Option<usize>,
    #[command(flatten)]
    changes: Changes,
    /// In what form to answer on standard output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Form,
    /// Write a report in JUnit XML, too
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a summary for a pull request in Markdown, too
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write a page of HTML, too
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// In what form to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON document on standard output and nothing else there.
    Json,
    /// Annotations of GitHub Actions.
    Github,
    /// A summary for a pull request.
    Markdown,
}

/// A scenario that is to be checked.
struct Wanted<'a> {
    file: &'a str,
    path: Option<String>,
    /// The scenario, or why it cannot run.
    compiled: Result<Compiled, Report>,
    seed: u64,
    replications: u32,
}

/// Carries out the command.
pub fn run(args: &Args, terminal: &Terminal) -> Result<Verdict, Failure> {
    let stop = run::stop_on_ctrl_c()?;
    let begin = |path: &Option<PathBuf>| path.as_deref().map(Single::begin).transpose();
    let (junit_file, markdown_file, report_file) = (begin(&args.junit)?, begin(&args.markdown)?, begin(&args.report)?);
    let mut files = args.files.clone();
    if args.all {
        files.extend(source::library().into_iter().map(|(name, _)| name.to_string()));
    }
    let wanted: Vec<Wanted<'_>> = files.iter().map(|file| wanted(file, args)).collect();
    for one in &wanted {
        if let Err(report) = &one.compiled {
            terminal.error(&Failure::Rendered(report.render(terminal.error_has_color())));
        }
    }
    let checked = check(&wanted, args, terminal, &stop)?;
    if let Some(file) = junit_file {
        file.commit(junit::report(&checked)?.as_bytes())?;
    }
    if let Some(file) = markdown_file {
        file.commit(markdown::summary(&checked).as_bytes())?;
    }
    if let Some(file) = report_file {
        file.commit(html::page(&checked).as_bytes())?;
    }
    let told = match args.format {
        Form::Text => text::page(&checked).into_bytes(),
        Form::Json => json::pretty(&checked),
        Form::Github => github::annotations(&checked).into_bytes(),
        Form::Markdown => markdown::summary(&checked).into_bytes(),
    };
    match print(terminal, &told) {
        // If nobody reads it, the verdict still counts.
        Ok(()) | Err(Failure::BrokenPipe) => {}
        Err(failure) => return Err(failure),
    }
    let failed = checked.iter().filter(|one| one.verdict == Outcome::Failed).count() as u64;
    match failed {
        0 if checked.iter().all(|one| one.verdict == Outcome::Held) => Ok(Verdict::Held),
        0 => Ok(Verdict::NotHeld),
        n => Err(Failure::new(format!(
            "{} of {} could not be run",
            units::count(n),
            units::plural(files.len() as u64, "scenario")
        ))),
    }
}

/// Reads a scenario.
fn wanted<'a>(file: &'a str, args: &Args) -> Wanted<'a> {
    let (path, compiled) = match source::load(file) {
        Ok(found) => {
            let path = found.dir.as_ref().filter(|_| Path::new(&found.name).is_file()).map(|_| found.name.clone());
            (path, scenarios::compile(&found, &args.changes.assignments()))
        }
        Err(report) => (Path::new(file).is_file().then(|| file.to_owned()), Err(report)),
    };
    let plan = compiled.as_ref().ok().map(|compiled| &compiled.plan);
    Wanted {
        file,
        path,
        seed: args.seed.or(plan.map(|plan| plan.seed)).unwrap_or_default(),
        replications: plan.map_or(0, |plan| args.replications.unwrap_or_else(|| runs_wanted(plan))),
        compiled,
    }
}

/// Runs every replication of every scenario that can run, on all cores, and says in order what came of each.
fn check(wanted: &[Wanted<'_>], args: &Args, terminal: &Terminal, stop: &AtomicBool) -> Result<Vec<Checked>, Failure> {
    let plans = || wanted.iter().filter_map(|one| Some((one, &one.compiled.as_ref().ok()?.plan)));
    let total_s = plans().map(|(one, plan)| plan.duration.as_secs_f64() * f64::from(one.replications)).sum();
    let bar = Bar::new(total_s, !terminal.is_watched());
    let runs: Vec<_> =
        plans().flat_map(|(one, plan)| (0..one.replications).map(move |index| (one, plan, index))).collect();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads.unwrap_or(0))
        .build()
        .map_err(|error| Failure::new(format!("cannot start the threads: {error}")))?;
    let found: Result<Vec<Replication>, Interrupted> = pool.install(|| {
        // One by one, since they are few and not alike; collected in order, whichever was first.
        let runs = runs.par_iter().with_max_len(1);
        runs.map(|(one, plan, index)| {
            let settings =
                Settings { seed: one.seed, replications: 1, precision: None, threads: None, stop, bar: &bar };
            single(plan, *index, &settings)
        })
        .collect()
    });
    bar.clear();
    let mut found = found.map_err(|Interrupted| Failure::Interrupted)?.into_iter();
    let mut checked = Vec::new();
    for one in wanted {
        let replications: Vec<Replication> = found.by_ref().take(one.replications as usize).collect();
        checked.push(match &one.compiled {
            Ok(compiled) => told(one, compiled, &replications, args),
            Err(report) => failed(one, report),
        });
    }
    Ok(checked)
}

/// What came of a scenario that was run.
fn told(one: &Wanted<'_>, compiled: &Compiled, replications: &[Replication], args: &Args) -> Checked {
    let text = &compiled.warnings.text;
    let places = compiled.expectations.iter().map(|span| {
        let ((line, column), (end_line, end_column)) = (source::place(text, span.start), source::place(text, span.end));
        Place { line, column, end_line, end_column }
    });
    let again = |replication| again(one.file, args, replication);
    let runs: Vec<_> = replications.iter().map(|one| (one.index, one.expectations.as_slice())).collect();
    let expectations: Vec<Expected> =
        verdicts(&runs).iter().zip(places).map(|(verdict, place)| Expected::of(verdict, place, &again)).collect();
    Checked {
        file: one.file.to_owned(),
        path: one.path.clone(),
        scenario: compiled.plan.name.clone(),
        verdict: Checked::worst(&expectations),
        seed: Some(one.seed),
        replications: one.replications,
        digest: replications.first().map(|first| first.digest.clone()),
        expectations,
        error: None,
        mistakes: Vec::new(),
    }
}

/// What came of one that could not be.
fn failed(one: &Wanted<'_>, report: &Report) -> Checked {
    let mistakes = source::diagnoses(report).into_iter().filter(|mistake| mistake.severity == "error");
    let mistakes = mistakes.map(|mistake| {
        let parts = [mistake.message, mistake.label].into_iter().chain(mistake.help).filter(|part| !part.is_empty());
        Mistake { line: mistake.line, column: mistake.column, message: parts.collect::<Vec<_>>().join("\n") }
    });
    Checked {
        file: one.file.to_owned(),
        path: one.path.clone(),
        scenario: String::new(),
        verdict: Outcome::Failed,
        seed: None,
        replications: 0,
        digest: None,
        expectations: Vec::new(),
        error: Some(report.render(false)),
        mistakes: mistakes.collect(),
    }
}

/// The command that makes one replication again.
fn again(file: &str, args: &Args, replication: u32) -> String {
    let mut words = vec!["sim".to_owned(), "run".to_owned(), quoted(file)];
    let mut option = |name: &str, value: &str| words.extend([name.to_owned(), quoted(value)]);
    for (path, value) in &args.changes.set {
        option("--set", &format!("{path}={value}"));
    }
    if let Some(duration) = &args.changes.duration {
        option("--duration", duration);
    }
    if let Some(seed) = args.seed {
        option("--seed", &seed.to_string());
    }
    if replication > 0 {
        option("--replication", &replication.to_string());
    }
    words.join(" ")
}

/// A word that a shell takes as it is.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_what_a_shell_takes_it_for() {
        let words = ["a/b.ron", "x=1", "", "it's", "a b", "$x", "~"].map(quoted);
        assert_eq!(words, ["a/b.ron", "x=1", "''", "'it'\\''s'", "'a b'", "'$x'", "'~'"]);
    }
}
