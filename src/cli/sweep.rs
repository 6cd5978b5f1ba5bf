//! `sim sweep`: one scenario with many settings, and `sim merge`: parts of a sweep from several machines made one.
//!
//! ```text
//!  FILE, --vary ──► axes ──► cells ──► records in the folder (resumed, or begun) ──► tables, page
//! ```
//! # Models      a sweep killed at any moment goes on where it was; parts merged give the bytes of one machine
//! # Leaves out  searching (`sim tune`)

use super::options::{PageFormat, Show, Study, Vary, Wanted};
use super::run::stop_on_ctrl_c;
use super::study_file::{self, StudyFile};
use super::terminal::Terminal;
use super::vary::Varied;
use super::{Verdict, examples, print};
use crate::Failure;
use crate::experiment::Bar;
use crate::experiment::compare::full_name;
use crate::experiment::sweep::axis::Axis;
use crate::experiment::sweep::design::{Cell, Sampling, lay_out};
use crate::experiment::sweep::found::Found;
use crate::experiment::sweep::manifest::{AxisRecord, Manifest, Shard, Store, hash};
use crate::experiment::sweep::run::{Work, run as sweep};
use crate::experiment::sweep::wish::View;
use crate::output::files::default_folder;
use crate::output::json;
use crate::output::sweep::{page::Page, plots, tables};
use std::path::PathBuf;

/// Run a scenario with many settings: every combination, with intervals, resumable.
///
/// All cells meet the same chance (common random numbers), so that they differ by their settings alone. Finished cells are kept in
/// the folder as they come: killed at any moment, the same command goes on where it was. FILE may also be a sweep file, which
/// names its scenario: `Sweep(scenario: "mine.ron", vary: {"path": "values"}, replications: 30)`.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim sweep mine.ron --vary auto_scaling_groups.web.policies.out.cooldown=60s,120s,300s", "a list"),
    ("sim sweep mine.ron --vary alarms.hot.above=50..90:10 --vary auto_scaling_groups.web.max_size=8,16", "a product"),
    ("sim sweep mine.ron --vary auto_scaling_groups.web.policies=@a.ron,@b.ron", "whole blocks, from files"),
    ("sim sweep mine.ron --vary 'alarms.hot.above=~Uniform(50, 90)' --points 40", "a Latin hypercube"),
    ("sim sweep mine.ron --vary alarms.hot.above=50..90:10 --minimize cost --subject-to 'availability >= 99.9%'", "the best"),
    ("sim sweep mine.ron --vary alarms.hot.above=50..90:10 --shard 2/8", "the third of eight parts"),
]))]
pub struct Args {
    /// A scenario or sweep file, the name of a built-in scenario, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: String,
    #[command(flatten)]
    vary: Vary,
    /// Points to draw on the axes given as distributions [default: 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    points: Option<u32>,
    /// How those points are spread [default: lhs]
    #[arg(long, value_enum, value_name = "HOW")]
    sampling: Option<SamplingOption>,
    #[command(flatten)]
    study: Study,
    #[command(flatten)]
    wanted: Wanted,
    /// Run one part of several only, counted from 0; `auto/N` takes the index that Slurm, AWS Batch or Kubernetes gives. `sim merge`
    /// joins the parts
    #[arg(long, value_name = "I/N", value_parser = ShardOption::parse)]
    shard: Option<ShardOption>,
}

/// How points are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SamplingOption {
    /// Latin hypercube
    Lhs,
    /// Sobol's sequence, scrambled
    Sobol,
}

/// A part, as the user asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardOption {
    /// None: whatever the scheduler says.
    index: Option<usize>,
    of: usize,
}

/// Where schedulers put the index of a job of an array: Slurm, AWS Batch, Kubernetes.
const INDICES: [&str; 3] = ["SLURM_ARRAY_TASK_ID", "AWS_BATCH_JOB_ARRAY_INDEX", "JOB_COMPLETION_INDEX"];

impl ShardOption {
    fn parse(text: &str) -> Result<ShardOption, String> {
        let wrong = "expected `2/8` (the third of eight parts) or `auto/8`";
        let (index, of) = text.split_once('/').ok_or(wrong)?;
        let of = of.parse().ok().filter(|of| (1..=1_000_000).contains(of)).ok_or(wrong)?;
        let index = if index == "auto" { None } else { Some(index.parse().map_err(|_| wrong)?) };
        match index {
            Some(index) if index >= of => Err(format!("parts are counted from 0: the last of {of} is {}", of - 1)),
            _ => Ok(ShardOption { index, of }),
        }
    }

    fn shard(self) -> Result<Shard, Failure> {
        let found = |name: &&'static str| Some((*name, std::env::var(name).ok()?));
        let index = match self.index {
            Some(index) => index,
            None => {
                let (name, text) = INDICES.iter().find_map(found).ok_or_else(|| {
                    Failure::new(format!("no scheduler says which part this is: none of {} is set", INDICES.join(", ")))
                        .help(format!("write `--shard 0/{}`", self.of))
                })?;
                let index = text.parse().ok().filter(|index| *index < self.of);
                index.ok_or_else(|| {
                    Failure::new(format!("{name} is `{text}`, which is none of 0 to {}", self.of - 1))
                        .help("count the jobs of the array from 0")
                })?
            }
        };
        Ok(Shard { index, of: self.of })
    }
}

/// The figures shown if nobody asks for others.
const SHOWN: [&str; 4] = ["availability", "latency_ms.p99", "requests.failed", "cost_usd.total"];

/// Carries out `sim sweep`.
pub fn run(args: &Args, terminal: &Terminal) -> Result<Verdict, Failure> {
    let file: Option<StudyFile<study_file::Sweep>> = study_file::load(&args.file, terminal)?;
    let Study { replications, seed, threads, changes, show } = &args.study;
    let varied = Varied::load(&args.file, file.as_ref(), (&args.vary.vary, changes), Axis::of, terminal)?;
    let Varied { source, set, axes } = &varied;
    let body = file.as_ref().map(|file| &file.body);
    let points = args.points.or(body.and_then(|sweep| sweep.points)).unwrap_or(20);
    let sampling = match args.sampling {
        Some(SamplingOption::Lhs) => Sampling::Lhs,
        Some(SamplingOption::Sobol) => Sampling::Sobol,
        None => body.map_or(Sampling::Lhs, study_file::Sweep::sampling),
    };
    let replications = replications.or(body.and_then(|sweep| sweep.replications)).unwrap_or(10);
    let base = varied.base(terminal)?;
    let seed = seed.or(body.and_then(|sweep| sweep.seed)).unwrap_or(base.plan.seed);
    let cells = lay_out(axes, points as usize, sampling, seed).map_err(Failure::new)?;
    let shard = args.shard.map(ShardOption::shard).transpose()?;
    let manifest = Manifest {
        schema: 1,
        version: env!("CARGO_PKG_VERSION").into(),
        scenario: base.plan.name.clone(),
        // The plan holds what the text refers to: series of files.
        scenario_sha256: hash(&[source.text.as_bytes(), format!("{:?}", base.plan).as_bytes()]),
        seed,
        replications,
        set: set.clone(),
        axes: axes.iter().map(AxisRecord::of).collect(),
        cells: cells.len(),
        sampling: axes.iter().any(|axis| axis.listed().is_none()).then(|| format!("{sampling:?}").to_lowercase()),
        shard,
        view: view(body.map(study_file::Sweep::view).unwrap_or_default(), show, &args.wanted)?,
    };
    let plan = |cell: &Cell| varied.plan(&cell.values);
    let wanted: Vec<&Cell> = cells.iter().filter(|cell| shard.is_none_or(|shard| shard.has(cell.index))).collect();
    varied.check(|axis| Box::new(cells.iter().map(move |cell| &cell.values[axis])), terminal)?;
    let name = match shard {
        Some(shard) => format!("{}-sweep-{}-of-{}", base.plan.name, shard.index, shard.of),
        None => format!("{}-sweep", base.plan.name),
    };
    let folder = show.out.clone().unwrap_or_else(|| default_folder(&name));
    let store = Store::open(&folder, &manifest)?;
    let stop = stop_on_ctrl_c()?;
    let left =
        wanted.iter().filter(|cell| store.record(cell.index).is_none_or(|record| record.error.is_some())).count();
    if left < wanted.len() && terminal.is_watched() {
        terminal.note(&format!("{} of {} cells are done already", wanted.len() - left, wanted.len()));
    }
    let total_s = base.plan.duration.as_secs_f64() * f64::from(replications) * left as f64;
    let bar = Bar::new(total_s, !terminal.is_watched());
    let work = Work {
        cells: wanted,
        plan: &plan,
        store: &store,
        seed,
        replications,
        threads: *threads,
        stop: &stop,
        bar: &bar,
    };
    sweep(&work)?;
    bar.clear();
    if shard.is_some() {
        let text = format!(
            "{} of {} cells in {}; `sim merge` joins the parts\n",
            work.cells.len(),
            cells.len(),
            folder.display()
        );
        print(terminal, text.as_bytes())?;
        store.tidy();
        let found = Found::read(&manifest, &store)?;
        return verdict(&found);
    }
    conclude(&manifest, &store, show, terminal)
}

/// What is asked, of which the options have the last word; read once, so that a mistake in it is told before anything runs.
fn view(mut view: View, show: &Show, wanted: &Wanted) -> Result<View, Failure> {
    if !show.metrics.is_empty() {
        let own = |name: &String| if view.formulas.contains_key(name) { name.clone() } else { full_name(name) };
        view.metrics = show.metrics.iter().map(own).collect();
    }
    wanted.over(&mut view);
    view.read()?;
    Ok(view)
}

/// Tables and page from the records of all cells.
fn conclude(manifest: &Manifest, store: &Store, show: &Show, terminal: &Terminal) -> Result<Verdict, Failure> {
    let found = Found::read(manifest, store)?;
    store.tidy();
    let metrics = match manifest.view.metrics.is_empty() {
        true => SHOWN.map(String::from).to_vec(),
        false => manifest.view.metrics.clone(),
    };
    let known = found.metrics();
    let asked = metrics.iter().map(String::as_str).chain(found.wishes.figures());
    if let Some(unknown) = asked.into_iter().find(|name| !known.contains(name))
        && !known.is_empty()
    {
        let names: Vec<&str> = known.iter().copied().collect();
        let help = match scenarios::diagnostic::nearest(unknown, &names) {
            Some(near) => format!("there is `{near}`; `cells.csv` has all"),
            None => "`cells.csv` has all".into(),
        };
        write_tables(&found, store)?;
        return Err(Failure::new(format!("no figure named `{unknown}`")).help(help));
    }
    let mut files = write_tables(&found, store)?;
    let (drawn, undrawn) = if show.no_plots { Default::default() } else { plots::draw(&found, &metrics) };
    undrawn.iter().for_each(|what| terminal.note(&format!("not drawn: {what}")));
    let page = Page::new(&found, &metrics);
    store.write("report.html", page.html(&drawn).as_bytes())?;
    files.push("report.html".into());
    for (name, bytes) in drawn {
        store.write(&name, &bytes)?;
        files.push(name);
    }
    match show.format.format {
        PageFormat::Markdown => print(terminal, page.markdown().as_bytes())?,
        PageFormat::Json => {
            let cells: Vec<serde_json::Value> = found
                .cells
                .iter()
                .map(|cell| {
                    serde_json::json!({ "cell": cell.record.cell, "values": cell.record.values, "error": cell.record.error, "metrics": cell.estimates })
                })
                .collect();
            print(terminal, &json::pretty(&serde_json::json!({ "sweep": manifest, "cells": cells })))?;
        }
        PageFormat::Text => {
            let mut text = Vec::new();
            page.write(&mut text, &store.folder, &files).map_err(|error| Failure::stdout(&error))?;
            print(terminal, &text)?;
        }
    }
    verdict(&found)
}

/// Writes what follows from the records.
fn write_tables(found: &Found, store: &Store) -> Result<Vec<String>, Failure> {
    let tables = [
        ("cells.csv", tables::cells_csv(found).into_bytes()),
        ("runs.csv", tables::runs_csv(found).into_bytes()),
        ("runs.jsonl", tables::runs_jsonl(found).into_bytes()),
        ("sweep.parquet", tables::runs_table(found)?.bytes()?),
    ];
    for (name, bytes) in &tables {
        store.write(name, bytes)?;
    }
    Ok(tables.iter().map(|(name, _)| (*name).to_string()).collect())
}

/// A cell that could not run means that the command could not be carried out in full.
fn verdict(found: &Found) -> Result<Verdict, Failure> {
    match found.failed().count() {
        0 => Ok(Verdict::Held),
        n => Err(Failure::new(format!("{n} of {} cells could not run", found.cells.len()))
            .help("the page and `runs.jsonl` say why; the others are complete")),
    }
}

/// Join the parts of a sweep: the same bytes as one machine would have written.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim merge out/mine-sweep-*-of-8", "eight parts into out/mine-sweep"),
    ("sim merge parts/* --out whole", "into another folder"),
]))]
pub struct MergeArgs {
    /// Folders of the parts
    #[arg(value_name = "DIR", required = true)]
    parts: Vec<PathBuf>,
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    show: Show,
}

/// Carries out `sim merge`.
pub fn merge(args: &MergeArgs, terminal: &Terminal) -> Result<Verdict, Failure> {
    let mut whole: Option<Manifest> = None;
    let mut stores = Vec::new();
    for part in &args.parts {
        let manifest = Store::read_manifest(part)?.ok_or_else(|| {
            Failure::new(format!("`{}` holds no sweep", part.display()))
                .help("name folders that `sim sweep --shard` wrote")
        })?;
        if let Some(why) = whole.as_ref().and_then(|whole| manifest.whole().differs(whole)) {
            let text = format!("`{}` is of another sweep than `{}`: {why}", part.display(), args.parts[0].display());
            return Err(Failure::new(text));
        }
        whole.get_or_insert_with(|| manifest.whole());
        stores.push(Store { folder: part.clone() });
    }
    let mut manifest = whole.ok_or_else(|| Failure::new("no parts"))?;
    manifest.view = view(manifest.view, &args.show, &args.wanted)?;
    let find = |cell: usize| stores.iter().find_map(|store| store.record(cell));
    let missing: Vec<usize> = (0..manifest.cells).filter(|cell| find(*cell).is_none()).collect();
    if let Some(first) = missing.first() {
        let text = format!("{} of {} cells are missing, the first of them {first}", missing.len(), manifest.cells);
        return Err(Failure::new(text).help("run the parts that lack them again: each goes on where it was"));
    }
    let folder = args.show.out.clone().unwrap_or_else(|| default_folder(&format!("{}-sweep", manifest.scenario)));
    let store = Store::open(&folder, &manifest)?;
    for cell in 0..manifest.cells {
        if let Some(record) = find(cell) {
            store.keep(&record)?;
        }
    }
    conclude(&manifest, &store, &args.show, terminal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_from_nought() {
        assert_eq!(ShardOption::parse("2/8"), Ok(ShardOption { index: Some(2), of: 8 }));
        assert_eq!(ShardOption::parse("auto/8"), Ok(ShardOption { index: None, of: 8 }));
        for bad in ["8/8", "1", "a/8", "1/0", "1/", "/3", "-1/3"] {
            assert!(ShardOption::parse(bad).is_err(), "{bad}");
        }
    }
}
