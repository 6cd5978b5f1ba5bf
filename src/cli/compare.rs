//! `sim compare`: two scenarios, or one with two sets of changes, under the same chance.
//!
//! ```text
//!  A, B ──► plans (or stored replications) ──same seed──► paired differences ──► words, table, limits, files
//! ```
//! # Models      a stored side is read from `replications.csv` of `sim run --replications`; the other is run with its seed
//! # Leaves out  more than two sides: that is a sweep

use super::options::{PageFormat, Study, assignment};
use super::run::{bar, stop_on_ctrl_c};
use super::terminal::Terminal;
use super::{Verdict, examples, print, source};
use crate::Failure;
use crate::experiment::compare::{Difference, Limit, Side, compare, full_name};
use crate::experiment::{Aggregate, Onlookers, Settings, replicate};
use crate::output::compare::{Page, files};
use crate::output::files::{Staging, default_folder};
use crate::output::json;
use crate::stored;
use models::result::Series;
use scenarios::Source;
use std::path::Path;

/// Compare two scenarios, or one with two sets of changes, under the same chance.
///
/// Both sides run with the same seed, so that they meet the same arrivals, demands and boot times, and differ by their settings
/// alone; what is told is the interval of the paired difference B − A.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim compare old.ron new.ron", "two files"),
    ("sim compare mine.ron --b auto_scaling_groups.web.max_size=8", "as it is, against one changed value"),
    ("sim compare mine.ron --a alarms.hot.above=60 --b alarms.hot.above=80", "two changes against each other"),
    ("sim compare out/mine mine.ron", "results stored by `sim run --replications`, against the file as it is now"),
    ("sim compare old.ron new.ron --fail-if 'p99 grows 10%'", "for CI: exit code 1 if it does"),
]))]
pub struct Args {
    /// Side A: a scenario file, the name of a built-in scenario, `-`, or a folder of results with replications
    #[arg(value_name = "A")]
    a: String,
    /// Side B [default: the same as A]
    #[arg(value_name = "B")]
    b: Option<String>,
    /// Set a value on side A alone; can be given several times
    #[arg(long = "a", value_name = "PATH=VALUE", value_parser = assignment)]
    set_a: Vec<(String, String)>,
    /// Set a value on side B alone; can be given several times
    #[arg(long = "b", value_name = "PATH=VALUE", value_parser = assignment)]
    set_b: Vec<(String, String)>,
    #[command(flatten)]
    study: Study,
    /// Exit with 1 if a figure changes for the worse by more than this and it is no luck: `p99 grows 10%`, `availability falls
    /// 0.001`; can be given several times
    #[arg(long = "fail-if", value_name = "LIMIT", value_parser = Limit::parse)]
    fail_if: Vec<Limit>,
}

/// The figures shown if nobody asks for others.
const SHOWN: [&str; 6] =
    ["availability", "latency_ms.p50", "latency_ms.p99", "requests.failed", "cost_usd.per_hour", "cost_usd.total"];

/// What a side is.
enum Given {
    /// To be run.
    Scenario(Box<Source>, Vec<(String, String)>),
    /// Results of replications, the scenario they came from, and the first of them.
    Stored(Box<Stored>),
}

/// What a folder of results holds.
struct Stored {
    aggregate: Aggregate,
    side: Side,
    /// None in folders of older versions.
    scenario: Option<Source>,
    series: Series,
}

/// Carries out the command.
pub fn run(args: &Args, terminal: &Terminal) -> Result<Verdict, Failure> {
    let b = args.b.as_deref().unwrap_or(&args.a);
    if args.b.is_none() && args.set_a.is_empty() && args.set_b.is_empty() {
        return Err(
            Failure::new("nothing to compare").help("name a second scenario, or change a value with `--b path=value`")
        );
    }
    let sides = [given(&args.a, &args.set_a, args, terminal)?, given(b, &args.set_b, args, terminal)?];
    let stored = sides.iter().find_map(|side| match side {
        Given::Stored(stored) => Some(&stored.aggregate),
        Given::Scenario(..) => None,
    });
    let replications = match (args.study.replications, stored) {
        (Some(n), _) => n,
        (None, Some(stored)) => stored.replications,
        (None, None) => 20,
    };
    let stop = stop_on_ctrl_c()?;
    let mut found: Vec<(String, Side, Series)> = Vec::new();
    let mut first_plan = None;
    let mut used_seed = args.study.seed.or(stored.map(|stored| stored.seed));
    for side in &sides {
        found.push(match side {
            Given::Stored(stored) => (stored.aggregate.scenario.clone(), stored.side.clone(), stored.series.clone()),
            Given::Scenario(source, set) => {
                let compiled = scenarios::compile(source, set)
                    .map_err(|report| Failure::Rendered(report.render(terminal.error_has_color())))?;
                let plan = compiled.plan;
                let seed = *used_seed.get_or_insert(plan.seed);
                let bar = bar(&plan, replications, terminal);
                let threads = args.study.threads;
                let settings = Settings { seed, replications, precision: None, threads, stop: &stop, bar: &bar };
                let experiment = replicate(&plan, &settings, Onlookers::default())?;
                bar.clear();
                let name = plan.name.clone();
                first_plan.get_or_insert(name.clone());
                let side = experiment.replications.into_iter().map(|one| one.metrics).collect();
                (name, side, experiment.first.series)
            }
        });
    }
    let [(name_a, side_a, series_a), (name_b, side_b, series_b)] = <[_; 2]>::try_from(found).unwrap_or_default();
    let differences = compare(&side_a, &side_b);
    let settings = differing(&sides);
    let show = &args.study.show;
    let metrics: Vec<String> = if show.metrics.is_empty() {
        SHOWN.map(String::from).to_vec()
    } else {
        show.metrics.iter().map(|name| full_name(name)).collect()
    };
    for name in
        metrics.iter().filter(|_| !show.metrics.is_empty()).chain(args.fail_if.iter().map(|limit| &limit.metric))
    {
        if !differences.iter().any(|difference| difference.metric == *name) {
            let names: Vec<&str> = differences.iter().map(|difference| difference.metric.as_str()).collect();
            let failure = Failure::new(format!("no figure named `{name}` on both sides"));
            return Err(match scenarios::diagnostic::nearest(name, &names) {
                Some(near) => failure.help(format!("there is `{near}`")),
                None => failure,
            });
        }
    }
    let broken: Vec<&Limit> = args
        .fail_if
        .iter()
        .filter(|limit| differences.iter().any(|d: &Difference| d.metric == limit.metric && limit.is_broken(d)))
        .collect();
    let folder = show.out.clone().unwrap_or_else(|| default_folder(&format!("{name_b}-compare")));
    let page = Page {
        names: (name_a, name_b),
        seed: used_seed.unwrap_or(1),
        replications: side_a.len().min(side_b.len()) as u32,
        settings: &settings,
        differences: &differences,
        metrics: &metrics,
        limits: &args.fail_if,
        series: [&series_a, &series_b],
    };
    let mut staging = Staging::begin(&folder)?;
    for (name, bytes) in files(&page, !show.no_plots) {
        staging.write(&name, &bytes)?;
    }
    let names = staging.files().to_vec();
    let folder = staging.commit()?;
    match show.format.format {
        PageFormat::Markdown => print(terminal, page.markdown().as_bytes())?,
        PageFormat::Json => print(terminal, &json::pretty(&page.json()))?,
        PageFormat::Text => {
            let mut text = Vec::new();
            page.write(&mut text, &folder, &names).map_err(|error| Failure::stdout(&error))?;
            print(terminal, &text)?;
        }
    }
    Ok(if broken.is_empty() { Verdict::Held } else { Verdict::NotHeld })
}

/// A side as it was named.
fn given(name: &str, own: &[(String, String)], args: &Args, terminal: &Terminal) -> Result<Given, Failure> {
    let folder = Path::new(name);
    if folder.is_dir() {
        if !own.is_empty() {
            return Err(Failure::new(format!("`{name}` is stored and cannot be changed any more"))
                .help("name its scenario instead"));
        }
        let (aggregate, side) = stored::replications(folder)?;
        let (scenario, series) = (stored::scenario(folder).ok(), stored::read(folder)?.series);
        return Ok(Given::Stored(Box::new(Stored { aggregate, side, scenario, series })));
    }
    let source = source::load(name).map_err(|report| Failure::Rendered(report.render(terminal.error_has_color())))?;
    let set = args.study.changes.assignments().into_iter().chain(own.iter().cloned()).collect();
    Ok(Given::Scenario(Box::new(source), set))
}

/// Settings that are not the same on both sides: path, A, B.
fn differing(sides: &[Given; 2]) -> Vec<(String, String, String)> {
    let flat = |side: &Given| match side {
        Given::Scenario(source, set) => scenarios::settings(source, set).ok(),
        Given::Stored(stored) => scenarios::settings(stored.scenario.as_ref()?, &[]).ok(),
    };
    let (Some(a), Some(b)) = (flat(&sides[0]), flat(&sides[1])) else { return Vec::new() };
    let of = |list: &[(String, String)], path: &str| {
        list.iter().find(|entry| entry.0 == path).map_or("–".to_string(), |entry| entry.1.clone())
    };
    let mut paths: Vec<&String> = a.iter().map(|entry| &entry.0).collect();
    paths.extend(b.iter().map(|entry| &entry.0).filter(|path| !a.iter().any(|entry| entry.0 == **path)));
    paths
        .into_iter()
        // What is expected of a run changes nothing in it, and both sides run with the same seed.
        .filter(|path| !matches!(path.as_str(), "name" | "description" | "seed") && !path.starts_with("expect"))
        .map(|path| (path.clone(), of(&a, path), of(&b, path)))
        .filter(|(_, a, b)| a != b)
        .collect()
}
