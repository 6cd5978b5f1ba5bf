//! Options that several commands share, so that they are spelled and explained the same everywhere.

use crate::experiment::objective::Objective;
use crate::experiment::sweep::wish::View;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// In what form to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON document on standard output and nothing else there.
    Json,
}

/// The form of the answer.
#[derive(Clone, Copy, Debug, Args)]
pub struct FormatOption {
    /// In what form to answer on standard output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: Format,
}

/// In what form to answer with a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON document on standard output and nothing else there.
    Json,
    /// For pull requests and wikis.
    Markdown,
}

/// The form of a page.
#[derive(Clone, Copy, Debug, Args)]
pub struct PageFormatOption {
    /// In what form to answer on standard output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: PageFormat,
}

/// What is wanted of figures.
#[derive(Clone, Debug, Args)]
pub struct Wanted {
    /// A figure of which less is better, such as `cost`; can be given several times
    #[arg(long, value_name = "METRIC")]
    pub minimize: Vec<String>,
    /// A figure of which more is better, such as `availability`; can be given several times
    #[arg(long, value_name = "METRIC")]
    pub maximize: Vec<String>,
    /// What the mean of a figure must keep: `availability >= 99.9%`, `p99 <= 300ms`; can be given several times
    #[arg(long = "subject-to", value_name = "LIMIT")]
    pub subject_to: Vec<String>,
}

impl Wanted {
    /// Puts what is wanted here in the place of what was asked before.
    pub fn over(&self, view: &mut View) {
        if !self.minimize.is_empty() || !self.maximize.is_empty() {
            let less = self.minimize.iter().map(|name| Objective::minimize(name));
            let more = self.maximize.iter().map(|name| Objective::maximize(name));
            view.objectives = less.chain(more).map(|objective| objective.to_string()).collect();
        }
        if !self.subject_to.is_empty() {
            view.subject_to.clone_from(&self.subject_to);
        }
    }
}

/// Changes to the scenario.
#[derive(Clone, Debug, Args)]
pub struct Changes {
    /// Set a value of the scenario, such as `auto_scaling_groups.web.max_size=8`; can be given several times
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
    /// Simulated time, such as `30m`; short for `--set duration="30m"`
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,
}

impl Changes {
    /// All of them as assignments.
    pub fn assignments(&self) -> Vec<(String, String)> {
        let duration =
            self.duration.iter().map(|text| ("duration".to_string(), format!("\"{}\"", text.replace(['"', '\\'], ""))));
        self.set.iter().cloned().chain(duration).collect()
    }
}

/// What chance and hardware are to be used.
#[derive(Clone, Copy, Debug, Args)]
pub struct Chance {
    /// Seed of all random streams, in place of the scenario's own
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// How many independent replications to run
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub replications: u32,
    /// On how many threads replications run; all cores if not given. Does not change any result
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
}

/// What is varied.
#[derive(Clone, Debug, Args)]
pub struct Vary {
    /// Vary a setting: `path=` a list `60s,120s`, a range `50..90:10`, `60s..600s:log5`, `0..1:lin3`, files `@a.ron,@b.ron`, or a
    /// distribution `~Uniform(50, 90)`; can be given several times
    ///
    /// Several axes of a sweep make a product. A search also takes anything between two ends: `60s..600s`, by ratio
    /// `1..1000:log`; ends without a decimal point mean whole numbers.
    #[arg(long = "vary", value_name = "PATH=VALUES")]
    pub vary: Vec<String>,
}

/// What an experiment of several settings takes.
#[derive(Clone, Debug, Args)]
pub struct Study {
    /// How many independent replications to run
    ///
    /// Of each cell of a sweep (default 10), of each side of a comparison (default 20, or as many as a stored side has), of the
    /// winner of a search.
    #[arg(long = "replications", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub replications: Option<u32>,
    /// Seed of all random streams, in place of the scenario's own
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// On how many threads replications run; all cores if not given. Does not change any result
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    #[command(flatten)]
    pub changes: Changes,
    #[command(flatten)]
    pub show: Show,
}

/// What is shown of an experiment of several settings, and where its results go.
#[derive(Clone, Debug, Args)]
pub struct Show {
    /// Figures to show, by their names in `cells.csv` [default: availability, p99 latency, failed requests, cost]
    #[arg(long = "metric", value_name = "NAME")]
    pub metrics: Vec<String>,
    /// Folder for the results
    ///
    /// Default: `out/<scenario>-` and the name of the command.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub format: PageFormatOption,
    /// Draw no plots
    #[arg(long)]
    pub no_plots: bool,
}

/// Any number a generator can start from.
pub fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("expected a whole number from 0 to {}", u64::MAX))
}

/// `path=value`.
pub fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((path, value)) if !path.trim().is_empty() => Ok((path.trim().into(), value.trim().into())),
        _ => Err("expected `path=value`".into()),
    }
}

/// A number of threads a machine could have.
pub fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=1024) => Ok(n),
        _ => Err("expected a number from 1 to 1024".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_contain_an_equals_sign() {
        assert_eq!(assignment("a.b = x=y").unwrap(), ("a.b".into(), "x=y".into()));
        assert!(assignment("=x").is_err() && assignment("x").is_err());
    }
}
