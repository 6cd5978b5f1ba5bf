//! `sim tune`: the settings of a scenario that are best for an objective under constraints.
//!
//! ```text
//!  FILE, --vary, --minimize, --subject-to ──► space, goal ──search──► winner ──► winner.ron read back and run again ──► files, page
//! ```
//! # Models      a budget in runs gives the same bytes for any number of threads; a budget in time decides how many rounds are made
//! # Leaves out  going on with a search that was broken off: give it the budget again

use super::options::{PageFormat, Study, Vary};
use super::run::stop_on_ctrl_c;
use super::study_file::{self, StudyFile};
use super::terminal::Terminal;
use super::vary::Varied;
use super::{Verdict, examples, print};
use crate::Failure;
use crate::experiment::compare::full_name;
use crate::experiment::metrics::is_zero_when_missing;
use crate::experiment::replicate::single;
use crate::experiment::sweep::axis::{Axis, Value, Values};
use crate::experiment::tune::{Budget, Chance, Constraint, Goal, Method, Problem, Settings, Space, Stopped, tune};
use crate::experiment::{self, Bar, Replication};
use crate::output::files::{Staging, default_folder};
use crate::output::json;
use crate::output::tune::{Told, files, page, plots};
use models::plan::Plan;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Search settings: the least (or most) of a figure, with others kept within limits.
///
/// Settings are raced on common random numbers: hopeless ones are stopped early, promising ones run more often and breed others
/// near them. The winner is measured again on fresh replications beside the scenario as it is. FILE may also be a tune file, which names its
/// scenario: `Tune(scenario: "mine.ron", vary: {"path": "60s..600s"}, minimize: "cost_usd.total", subject_to: ["availability >= 0.999"])`.
#[derive(Debug, clap::Args)]
#[command(after_help = examples(&[
    ("sim tune tuning", "the built-in example"),
    ("sim tune mine.ron --vary alarms.hot.above=40..90 --minimize cost --subject-to 'availability >= 0.999'", "one setting"),
    ("sim tune search.ron --budget 2000runs", "a tune file, and a longer search"),
    ("sim tune search.ron --budget 10m", "as much as ten minutes allow"),
]))]
pub struct Args {
    /// A scenario or tune file, the name of a built-in scenario, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: String,
    #[command(flatten)]
    vary: Vary,
    /// The figure of which less is better, such as `cost_usd.total`
    #[arg(long, value_name = "METRIC", conflicts_with = "maximize")]
    minimize: Option<String>,
    /// The figure of which more is better, such as `goodput_per_s`
    #[arg(long, value_name = "METRIC")]
    maximize: Option<String>,
    /// What the mean of a figure must keep: `availability >= 0.999`, `p99_ms <= 500`; can be given several times
    #[arg(long = "subject-to", value_name = "LIMIT", value_parser = Constraint::parse)]
    subject_to: Vec<Constraint>,
    /// How long to search: simulated runs in all, such as `400runs`, or a time, such as `10m` [default: 400runs]
    ///
    /// A budget in runs gives the same result whenever and wherever it is searched. One in time depends on the machine.
    #[arg(long, value_name = "BUDGET", value_parser = Budget::parse)]
    budget: Option<Budget>,
    /// How to search
    #[arg(long, value_enum, default_value = "race", value_name = "METHOD")]
    method: Method,
    #[command(flatten)]
    study: Study,
}

/// The budget if nobody gives one.
const BUDGET: Budget = Budget::Runs(400);

/// Runs besides the search: the first, that there are figures, and the last, that what is pasted is what was found.
const CHECKS: u64 = 2;

/// Figures shown besides the objective and those with a limit.
const SHOWN: [&str; 3] = ["availability", "latency_ms.p99", "cost_usd.total"];

/// Tune files that are built in, by the names of their scenarios.
const BUILT_IN: [(&str, &str); 1] = [("tuning", include_str!("../../scenarios/tune/tuning.ron"))];

/// Carries out the command.
pub fn run(args: &Args, terminal: &Terminal) -> Result<Verdict, Failure> {
    let file = find(args, terminal)?;
    let body = file.as_ref().map(|file| &file.body);
    let Study { replications, seed, threads, changes, show } = &args.study;
    let varied = Varied::load(&args.file, file.as_ref(), (&args.vary.vary, changes), Axis::searched, terminal)?;
    let goal = goal(args, body)?;
    let base = varied.base(terminal)?.plan;
    let tried: Vec<Vec<Value>> = varied.axes.iter().map(samples).collect();
    varied.check(|axis| Box::new(tried[axis].iter()), terminal)?;
    let stop = stop_on_ctrl_c()?;
    let seed = seed.or(body.and_then(|body| body.seed)).unwrap_or(base.seed);
    let budget = match (args.budget, body.and_then(|body| body.budget.as_deref())) {
        (Some(budget), _) => budget,
        (None, Some(text)) => Budget::parse(text).map_err(Failure::new)?,
        (None, None) => BUDGET,
    };
    let name = base.name.clone();
    let folder = show.out.clone().unwrap_or_else(|| default_folder(&format!("{name}-tune")));
    let mut staging = Staging::begin(&folder)?;
    let (total, timed) = match budget {
        Budget::Runs(runs) => (runs as f64, false),
        Budget::Seconds(_) => (1.0, true),
    };
    let bar = Bar::new(base.duration.as_secs_f64() * total, timed || !terminal.is_watched());
    if let (Budget::Seconds(seconds), true) = (budget, terminal.is_watched()) {
        terminal.note(&format!("searching for about {}", crate::output::units::seconds(seconds)));
    }
    let problem = Simulated {
        varied: &varied,
        base: &base,
        goal: &goal,
        seeds: [seed, seed.wrapping_add(1)],
        stop: &stop,
        bar: &bar,
    };
    problem.check_figures()?;
    let settings = Settings {
        budget: match budget {
            Budget::Runs(runs) => Budget::Runs(runs.saturating_sub(CHECKS)),
            seconds => seconds,
        },
        seed,
        threads: *threads,
        method: args.method,
        fresh: replications.or(body.and_then(|body| body.replications)),
        written: written(&varied, terminal)?,
    };
    let tuned = tune(&problem, &goal, Space { axes: &varied.axes }, &settings)?;
    let values = tuned.candidates[tuned.winner].values.clone();
    let set = values.as_deref().map_or_else(|| varied.set.clone(), |values| varied.assignments(values));
    let paths: Vec<String> = varied.axes.iter().map(|axis| axis.path.clone()).collect();
    let rendered = |report: scenarios::Report| super::vary::rendered(&report, terminal);
    let fragment = scenarios::fragment(&varied.source, &set, &paths).map_err(rendered)?;
    let flat = scenarios::settings(&varied.source, &set).map_err(rendered)?;
    let told = Told {
        scenario: &name,
        file: if varied.source.dir.is_some() { &varied.source.name } else { &name },
        seeds: problem.seeds,
        budget,
        method: args.method,
        goal: &goal,
        axes: &varied.axes,
        written: &settings.written,
        tuned: &tuned,
        set: &set,
        fragment: &fragment,
        flat: &flat,
        checks: CHECKS,
        digest: problem.again(&fragment, &paths, &tuned.candidates[tuned.winner].fresh)?,
    };
    for (name, bytes) in files::all(&told) {
        staging.write(&name, &bytes)?;
    }
    if !show.no_plots {
        let (drawn, undrawn) = plots::draw(&told);
        for (name, bytes) in drawn {
            staging.write(&name, &bytes)?;
        }
        undrawn.iter().for_each(|what| terminal.note(&format!("not drawn: {what}")));
    }
    let names = staging.files().to_vec();
    let folder = staging.commit()?;
    bar.clear();
    match show.format.format {
        PageFormat::Markdown => print(terminal, files::markdown(&told).as_bytes())?,
        PageFormat::Json => print(terminal, &json::pretty(&files::json(&told)))?,
        PageFormat::Text => {
            let mut text = Vec::new();
            page::write(&told, &mut text, &folder, &names).map_err(|error| Failure::stdout(&error))?;
            print(terminal, &text)?;
        }
    }
    Ok(if told.is_feasible() { Verdict::Held } else { Verdict::NotHeld })
}

/// The tune file: a file, or the one that is built in with a scenario, if nothing is asked that it would have to say.
fn find(args: &Args, terminal: &Terminal) -> Result<Option<StudyFile<study_file::Tune>>, Failure> {
    if let Some(file) = study_file::load(&args.file, terminal)? {
        return Ok(Some(file));
    }
    let asked = !args.vary.vary.is_empty() || args.minimize.is_some() || args.maximize.is_some();
    let name = args.file.strip_suffix(".ron").unwrap_or(&args.file);
    match BUILT_IN.iter().find(|(known, _)| *known == name && !asked && !Path::new(&args.file).exists()) {
        Some((_, text)) => study_file::read(&args.file, (*text).to_string(), PathBuf::new(), terminal),
        None => Ok(None),
    }
}

/// What is wanted; the command line has the last word over the file.
fn goal(args: &Args, body: Option<&study_file::Tune>) -> Result<Goal, Failure> {
    let of = |minimize: Option<&String>, maximize: Option<&String>| match (minimize, maximize) {
        (Some(_), Some(_)) => {
            Err(Failure::new("`minimize` and `maximize` are both given").help("a search has one objective"))
        }
        (Some(name), None) => Ok(Some((name.clone(), true))),
        (None, Some(name)) => Ok(Some((name.clone(), false))),
        (None, None) => Ok(None),
    };
    let asked = of(args.minimize.as_ref(), args.maximize.as_ref())?;
    let filed = body.map_or(Ok(None), |body| of(body.minimize.as_ref(), body.maximize.as_ref()))?;
    let Some((objective, minimize)) = asked.or(filed) else {
        return Err(Failure::new("nothing to minimize").help("say what with `--minimize cost_usd.total`"));
    };
    let mut constraints = args.subject_to.clone();
    for text in body.into_iter().flat_map(|body| &body.subject_to) {
        let constraint = Constraint::parse(text).map_err(Failure::new)?;
        if !constraints.iter().any(|own| own.metric == constraint.metric && own.at_least == constraint.at_least) {
            constraints.push(constraint);
        }
    }
    let shown = match (&args.study.show.metrics, body.and_then(|body| body.metrics.as_ref())) {
        (asked, _) if !asked.is_empty() => asked.clone(),
        (_, Some(filed)) => filed.clone(),
        _ => SHOWN.map(String::from).to_vec(),
    };
    let shown: Vec<String> = shown.iter().map(|name| full_name(name)).collect();
    Ok(Goal::new(&objective, minimize, constraints, &shown))
}

/// A few values of an axis, to see whether it can be set.
fn samples(axis: &Axis) -> Vec<Value> {
    match &axis.values {
        Values::Listed(values) => values.clone(),
        Values::Drawn(drawn) => drawn.samples(),
    }
}

/// The values of the scenario as it is, where it says them.
fn written(varied: &Varied, terminal: &Terminal) -> Result<Vec<Option<String>>, Failure> {
    let one = |axis: &Axis| {
        let fragment = scenarios::fragment(&varied.source, &varied.set, std::slice::from_ref(&axis.path))
            .map_err(|report| super::vary::rendered(&report, terminal))?;
        let found = scenarios::read_back(&fragment, std::slice::from_ref(&axis.path));
        Ok(found.into_iter().next().map(|(_, text)| text.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    varied.axes.iter().map(one).collect()
}

/// A scenario as something to be tuned.
struct Simulated<'a> {
    varied: &'a Varied,
    base: &'a Plan,
    goal: &'a Goal,
    /// Of the search, and of the fresh replications.
    seeds: [u64; 2],
    stop: &'a AtomicBool,
    bar: &'a Bar,
}

impl Problem for Simulated<'_> {
    type Ready = Plan;

    fn prepare(&self, values: Option<&[Value]>) -> Result<Plan, String> {
        values.map_or_else(|| Ok(self.base.clone()), |values| self.varied.plan(values))
    }

    fn run(&self, plan: &Plan, chance: Chance, replication: u32) -> Result<Vec<f64>, Stopped> {
        let run = self.replication(plan, chance, replication).map_err(|models::Interrupted| Stopped::Interrupted)?;
        Ok(self.figures(&run.metrics))
    }
}

impl Simulated<'_> {
    fn replication(&self, plan: &Plan, chance: Chance, index: u32) -> Result<Replication, models::Interrupted> {
        let seed = self.seeds[usize::from(chance == Chance::Fresh)];
        let settings = experiment::Settings {
            seed,
            replications: 1,
            precision: None,
            threads: Some(1),
            stop: self.stop,
            bar: self.bar,
        };
        single(plan, index, &settings)
    }

    fn figures(&self, metrics: &BTreeMap<String, f64>) -> Vec<f64> {
        let figure = |name: &String| {
            let zero = if is_zero_when_missing(name) { 0.0 } else { f64::NAN };
            metrics.get(name).copied().unwrap_or(zero)
        };
        self.goal.figures.iter().map(figure).collect()
    }

    /// Whether the scenario as it is has all the figures that are asked for.
    fn check_figures(&self) -> Result<(), Failure> {
        let run = self.replication(self.base, Chance::Search, 0).map_err(|models::Interrupted| Failure::Interrupted)?;
        for name in &self.goal.figures {
            if !run.metrics.contains_key(name) && !is_zero_when_missing(name) {
                let known: Vec<&str> = run.metrics.keys().map(String::as_str).collect();
                let help = match scenarios::diagnostic::nearest(name, &known) {
                    Some(near) => format!("there is `{near}`; `replications.csv` of a run has all"),
                    None => "`replications.csv` of a run has all".into(),
                };
                return Err(Failure::new(format!("no figure named `{name}`")).help(help));
            }
        }
        Ok(())
    }

    /// Runs the winner again from what `winner.ron` will say, and gives its digest: what is pasted is what was found.
    fn again(&self, fragment: &str, paths: &[String], fresh: &[Vec<f64>]) -> Result<Option<String>, Failure> {
        let read = scenarios::read_back(fragment, paths);
        let set: Vec<(String, String)> = self.varied.set.iter().cloned().chain(read).collect();
        let Ok(compiled) = scenarios::compile(&self.varied.source, &set) else { return Ok(None) };
        let run =
            self.replication(&compiled.plan, Chance::Fresh, 0).map_err(|models::Interrupted| Failure::Interrupted)?;
        // Bit for bit, and what is not a number is like itself.
        let bits = |figures: &[f64]| figures.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let same = fresh.first().is_some_and(|fresh| bits(fresh) == bits(&self.figures(&run.metrics)));
        Ok(same.then_some(run.digest))
    }
}
