//! `sim report`: the report of a stored run once more, by this version of the program.

use super::terminal::Terminal;
use super::{Verdict, examples, print};
use crate::experiment::{Experiment, Replication, metrics};
use crate::output::files::Single;
use crate::output::{plots, report};
use crate::{Failure, stored};
use std::path::PathBuf;

/// Write the report of a stored run again: one HTML file that opens anywhere.
///
/// Reads a folder that `sim run` wrote. Of several replications only `sim run` itself writes a report, since the folder holds the
/// course of the first alone.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim report out/twitter-spike", "into the folder, in place of the one there"),
    ("sim report out/twitter-spike review.html", "into a file of its own"),
]))]
pub struct Args {
    /// A folder that `sim run` wrote
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Where to write it; `report.html` in the folder if not given
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Carries out the command.
pub fn run(args: &Args, terminal: &Terminal) -> Result<Verdict, Failure> {
    let result = stored::read(&args.folder)?;
    if args.folder.join("replications.json").exists() {
        let text = format!("`{}` holds several replications", args.folder.display());
        return Err(Failure::new(text).help("`sim run` wrote their report; run it again for another"));
    }
    let scenario = stored::scenario(&args.folder).map(|source| source.text).ok();
    let file = args.file.clone().unwrap_or_else(|| args.folder.join("report.html"));
    let single = Single::begin(&file)?;
    let summary = &result.summary;
    let replication = Replication {
        index: summary.replication,
        digest: summary.digest.clone(),
        metrics: metrics(summary),
        expectations: summary.expectations.clone(),
        bands: None,
    };
    let requests = summary.requests.succeeded + summary.requests.failed;
    let wall_s = summary.run.wall_s;
    let experiment = Experiment { first: result, replications: vec![replication], aggregate: None, requests, wall_s };
    let (pictures, undrawn) = plots::draw(&experiment);
    undrawn.iter().for_each(|what| terminal.note(what));
    single.commit(report::html(&experiment, &pictures, scenario.as_deref()).as_bytes())?;
    print(terminal, format!("{}\n", file.display()).as_bytes())?;
    Ok(Verdict::Held)
}
