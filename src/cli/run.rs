//! `sim run`: one scenario, one or many replications, a page and a folder of results.
//!
//! ```text
//!  FILE ──► Plan ──► Staging (fails now rather than after the run) ──► replicate ──► files ──commit──► page
//! ```
//! # Models      results appear whole or not at all, also when broken off with Ctrl-C
//! # Leaves out  sweeps and comparisons

use super::options::{Chance, Changes, PageFormat, PageFormatOption};
use super::terminal::Terminal;
use super::{Verdict, examples, explain, print, source};
use crate::Failure;
use crate::experiment::precision::{FIRST, Precision};
use crate::experiment::{Bar, Experiment, Onlookers, Settings, SpansOf, only, replicate};
use crate::output::files::{SCENARIO, SPANS, Staging, default_folder};
use crate::output::{TRACE, Trace, brief, csv, json, page::Page, plots, report};
use models::plan::Plan;
use scenarios::Bundle;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Run a scenario: a page on the terminal, results and plots in a folder.
///
/// The folder appears when everything in it is complete, and replaces the results of an earlier run. It holds
/// `scenario.ron` (as it was run), `summary.json`, `timeline.jsonl`, `series.csv`, `latency_map.csv` (how many requests were how
/// slow, over time), `architecture.json` (what there was), `report.html` and plots; with replications also `replications.json`
/// (intervals) and `replications.csv`; everything else then is of replication 0.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim run twitter-spike", "a built-in scenario"),
    ("sim run mine.ron --seed 7 --out seven", "another seed, another folder"),
    ("sim run mine.ron --replications 40", "intervals, on all cores"),
    ("sim run mine.ron --precision 'availability ±0.0005'", "as many as that takes"),
    ("sim run mine.ron --replication 17", "one of them alone, such as one that `sim check` names"),
    ("sim run mine.ron --set auto_scaling_groups.web.max_size=8", "one value changed"),
    ("sim run mine.ron --format json | jq .availability", "for scripts"),
    ("sim run mine.ron --format markdown | gh pr comment --body-file -", "for a pull request"),
]))]
pub struct Args {
    /// A scenario file, the name of a built-in scenario, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: String,
    #[command(flatten)]
    chance: Chance,
    #[command(flatten)]
    changes: Changes,
    /// Folder for the results
    ///
    /// Default: `out/<scenario>`.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    format: PageFormatOption,
    /// Draw no plots
    #[arg(long)]
    no_plots: bool,
    /// Add replications until an interval is as narrow as this: `availability ±0.0005`, `p99 ±5%`
    #[arg(long, value_name = "FIGURE ±WIDTH", value_parser = Precision::parse)]
    precision: Option<Precision>,
    /// The most replications for `--precision`
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    max_replications: u32,
    /// Run the scenario again with one setting changed at a time: what would each setting on the chain save
    #[arg(long)]
    knobs: bool,
    /// Run this one replication alone, by its number from 0
    #[arg(long, value_name = "N", conflicts_with_all = ["replications", "precision"])]
    replication: Option<u32>,
    /// Write every request to trace.csv.gz (of replication 0, or of that of `--replication`)
    #[arg(long)]
    trace: bool,
    /// Follow so many requests, spread evenly over the run, through every hop and step into spans.jsonl (of replication 0)
    ///
    /// `sim export DIR --to perfetto` shows them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    spans: Option<u32>,
}

/// Carries out the command.
pub fn run(args: &Args, terminal: &Terminal) -> Result<Verdict, Failure> {
    if args.knobs && args.format.format != PageFormat::Text {
        let help = "`sim explain DIR --knobs --format json` gives the knobs of stored results";
        return Err(Failure::new("with `--knobs` the answer would be two documents in one").help(help));
    }
    let compiled = source::compile(&args.file, &args.changes.assignments(), terminal)?;
    let plan = &compiled.plan;
    let stop = stop_on_ctrl_c()?;
    let folder = args.out.clone().unwrap_or_else(|| default_folder(&plan.name));
    let mut staging = Staging::begin(&folder)?;
    let mut trace = if args.trace { Some(Trace::new(staging.create(TRACE)?, plan)) } else { None };

    let bar = bar(plan, args.chance.replications, terminal);
    let settings = Settings {
        seed: args.chance.seed.unwrap_or(plan.seed),
        replications: match args.precision {
            Some(_) => args.chance.replications.max(FIRST).min(args.max_replications),
            None => args.chance.replications,
        },
        precision: args.precision.as_ref().map(|precision| (precision, args.max_replications)),
        threads: args.chance.threads,
        stop: &stop,
        bar: &bar,
    };
    let bundle = compiled.bundle(settings.seed, terminal)?;
    let mut spans = args.spans.map(|most| SpansOf { most: most as usize, found: Vec::new() });
    let onlookers = Onlookers { trace: trace.as_mut(), spans: spans.as_mut(), live: None };
    let found = match args.replication {
        Some(index) => only(plan, index, &settings, onlookers),
        None => replicate(plan, &settings, onlookers),
    };
    if let Some(trace) = trace {
        // A trace that could not be written ends the run; its own reason is the one to tell.
        trace.finish().map_err(|error| staging.failure(TRACE, &error))?;
    }
    let mut experiment = found?;
    let cautions = compiled.warnings.iter().chain(&experiment.first.summary.warnings).cloned().collect();
    experiment.first.summary.warnings = cautions;
    if let (Some(precision), Some(aggregate)) = (&args.precision, &experiment.aggregate)
        && let Some(estimate) = aggregate.get(&precision.metric)
    {
        experiment.first.summary.warnings.extend(precision.missed(estimate.mean, estimate.half_width));
    }

    bar.say("drawing and writing");
    let (pictures, undrawn) = if args.no_plots { Default::default() } else { plots::draw(&experiment) };
    experiment.first.summary.warnings.extend(undrawn);
    write_files(&mut staging, &experiment, &pictures, &bundle)?;
    if let Some(spans) = &spans {
        staging.write(SPANS, &json::spans(&spans.found))?;
    }
    if stop.load(Ordering::Relaxed) {
        return Err(Failure::Interrupted);
    }
    let files = staging.files().to_vec();
    let folder = shown(staging.commit()?, folder);
    bar.clear();

    let knobs = match args.knobs {
        true => {
            let (found, sets) = compiled.written();
            explain::text(&explain::turn(&experiment.first, found, sets, None, &stop, terminal)?)?
        }
        false => Vec::new(),
    };
    let verdict = if experiment.held() { Verdict::Held } else { Verdict::NotHeld };
    let told = match args.format.format {
        PageFormat::Markdown => print(terminal, brief::markdown(&experiment).as_bytes()),
        PageFormat::Json => print(terminal, &json::summary(&experiment.first.summary)),
        PageFormat::Text => {
            let mut text = Vec::new();
            let page = Page { experiment: &experiment, folder: &folder, files: &files };
            page.write(&mut text).map_err(|error| Failure::stdout(&error))?;
            if !knobs.is_empty() {
                text.push(b'\n');
                text.extend(knobs);
            }
            print(terminal, &text)
        }
    };
    match told {
        // Whoever read the page has read enough; the verdict stands.
        Ok(()) | Err(Failure::BrokenPipe) => Ok(verdict),
        Err(failure) => Err(failure),
    }
}

/// Writes everything that a run leaves behind.
fn write_files(
    staging: &mut Staging,
    experiment: &Experiment,
    pictures: &[(String, Vec<u8>)],
    bundle: &Bundle,
) -> Result<(), Failure> {
    let result = &experiment.first;
    staging.write(SCENARIO, bundle.text.as_bytes())?;
    for (name, bytes) in &bundle.files {
        staging.write(name, bytes)?;
    }
    staging.write("summary.json", &json::summary(&result.summary))?;
    staging.write("timeline.jsonl", &json::timeline(&result.timeline))?;
    staging.write("series.csv", csv::series(&result.series).as_bytes())?;
    if let Some(map) = csv::latency_map(&result.latency_map) {
        staging.write("latency_map.csv", map.as_bytes())?;
    }
    staging.write("architecture.json", &json::architecture(&result.architecture))?;
    if let Some(aggregate) = &experiment.aggregate {
        staging.write("replications.json", &json::aggregate(aggregate))?;
        staging.write("replications.csv", csv::replications(&experiment.replications).as_bytes())?;
    }
    staging.write("report.html", report::html(experiment, pictures, Some(&bundle.text)).as_bytes())?;
    for (name, bytes) in pictures {
        staging.write(name, bytes)?;
    }
    Ok(())
}

/// A bar for that many replications.
pub fn bar(plan: &Plan, replications: u32, terminal: &Terminal) -> Bar {
    Bar::new(plan.duration.as_secs_f64() * f64::from(replications), !terminal.is_watched())
}

/// The folder as the user wrote it, if they wrote one that leads there.
fn shown(real: PathBuf, written: PathBuf) -> PathBuf {
    if written.exists() { written } else { real }
}

/// Becomes true at Ctrl-C (or a polite kill); at the second one the process ends on the spot.
pub fn stop_on_ctrl_c() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .map_err(|error| Failure::new(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(stop)
}
