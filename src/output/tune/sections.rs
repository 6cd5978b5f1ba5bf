//! What is told of a search, in its order: one content for the page, the Markdown summary and the report.
//!
//! # Models      sentences first, then the table they are of
//! # Leaves out  colours, columns, tags: `page` and `files` have them

use super::effects;
use super::told::{Gap, Told};
use crate::experiment::tune::{Budget, Candidate, Constraint, Fate, Method, Origin, Verdict};
use crate::output::compare::{amount, plus_minus, words};
use crate::output::units;
use std::collections::BTreeMap;

/// How something is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// As it should be.
    Good,
    /// As it should not be.
    Bad,
    /// Of less importance.
    Dim,
}

/// A part of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its title.
    pub title: String,
    /// Sentences.
    pub lines: Vec<(Tone, String)>,
    /// The first columns are names; empty titles and no rows: no table.
    pub table: Table,
    /// What is said below the table.
    pub notes: Vec<String>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Columns that are names.
    pub names: usize,
    /// How many of these, after the first, are left out where there is no room.
    pub spare: usize,
    /// Titles.
    pub titles: Vec<String>,
    /// Rows.
    pub rows: Vec<(Tone, Vec<String>)>,
}

/// Settings of the front that are shown one by one.
const ROWS: usize = 16;

/// What was searched, in one line.
pub fn what(told: &Told<'_>) -> String {
    let how = match told.method {
        Method::Race => "iterated racing",
        Method::Random => "random search",
    };
    let budget = match told.budget {
        Budget::Runs(runs) => format!("budget {}", units::plural(runs, "run")),
        Budget::Seconds(seconds) => format!("budget {}", units::seconds(seconds)),
    };
    format!("{how} · {budget} · seed {} · 95 % intervals · sim {}", told.seeds[0], env!("CARGO_PKG_VERSION"))
}

/// All parts.
pub fn all(told: &Told<'_>) -> Vec<Section> {
    let mut all = vec![found(told), settings(told), figures(told), front(told), sensitivity(told), tried(told)];
    all.retain(|section| !section.lines.is_empty() || !section.table.rows.is_empty());
    all
}

fn section(title: &str) -> Section {
    Section { title: title.into(), lines: Vec::new(), table: Table::default(), notes: Vec::new() }
}

/// A mean with its interval, in its own unit where that is short.
fn measured(told: &Told<'_>, runs: &[Vec<f64>], figure: usize) -> String {
    told.estimate(runs, figure).map_or("–".into(), |estimate| plus_minus(estimate.mean, estimate.half_width))
}

/// The headline: what was found, and what it is worth.
fn found(told: &Told<'_>) -> Section {
    let mut section = section("Found");
    let (objective, goal) = (told.goal.objective(), told.goal);
    let name = words(objective);
    let superlative = if goal.minimize { "lowest" } else { "highest" };
    let mean = |one: &Candidate| told.estimate(&one.fresh, 0).map_or("–".into(), |e| amount(objective, e.mean));
    let (winner, base) = (told.winner(), told.base());
    let limits = if goal.constraints.is_empty() { "" } else { " within the limits" };
    let text = match (told.tuned.verdict, winner.id) {
        (Verdict::None, _) => {
            let text = "no setting that was tried keeps all limits; the nearest one is shown below";
            section.lines.push((Tone::Bad, text.into()));
            format!("{name} is {} there, {} with the scenario as it is", mean(winner), mean(base))
        }
        (_, 0) => format!("nothing that was tried is better than the scenario as it is: {name} {}", mean(base)),
        _ => format!(
            "the {superlative} {name} found{limits} is {}, {}",
            mean(winner),
            against_base(Gap::of(&winner.fresh, &base.fresh, 0), objective, &mean(base))
        ),
    };
    let tone = if told.is_feasible() { Tone::Good } else { Tone::Plain };
    section.lines.push((tone, text));
    if told.tuned.verdict == Verdict::OnAverage {
        let text = "it keeps its limits on average, but an interval reaches beyond one: a larger budget would tell";
        section.lines.push((Tone::Plain, text.into()));
    }
    let broken: Vec<&str> = goal
        .constraints
        .iter()
        .filter(|limit| excess(told, base, limit) > 0.0)
        .map(|limit| limit.text.as_str())
        .collect();
    if winner.id != 0 && !broken.is_empty() {
        let text = format!("the scenario as it is does not keep `{}`", broken.join("` and `"));
        section.lines.push((Tone::Plain, text));
    }
    section
}

fn against_base(gap: Option<Gap>, objective: &str, base: &str) -> String {
    let Some(gap) = gap.filter(Gap::is_significant) else {
        return format!("not significantly different from the scenario as it is ({base})");
    };
    let half = gap.half.unwrap_or(0.0);
    let (low, high) = (gap.mean.abs() - half, gap.mean.abs() + half);
    let direction = if gap.mean < 0.0 { "less" } else { "more" };
    format!("{} to {} {direction} than the scenario as it is ({base})", amount(objective, low), amount(objective, high))
}

/// How far the mean of fresh replications is beyond a limit.
fn excess(told: &Told<'_>, one: &Candidate, limit: &Constraint) -> f64 {
    let figure = told.goal.position(&limit.metric);
    told.estimate(&one.fresh, figure).map_or(f64::NAN, |estimate| limit.excess(estimate.mean))
}

fn settings(told: &Told<'_>) -> Section {
    let mut section = section("Settings");
    section.table.names = 1;
    section.table.titles = ["", "as it is", "found"].map(String::from).to_vec();
    for (axis, varied) in told.axes.iter().enumerate() {
        let (base, own) = (told.value(told.base(), axis), told.value(told.winner(), axis));
        let tone = if base == own { Tone::Dim } else { Tone::Plain };
        section.table.rows.push((tone, vec![varied.path.clone(), base, own]));
    }
    section
}

fn figures(told: &Told<'_>) -> Section {
    let mut section = section("Figures");
    section.table.names = 1;
    section.table.titles = ["", "as it is", "found", "difference", "limit", ""].map(String::from).to_vec();
    let (winner, base) = (told.winner(), told.base());
    for (figure, metric) in told.goal.figures.iter().enumerate() {
        let gap = Gap::of(&winner.fresh, &base.fresh, figure);
        let difference = gap.map_or("–".into(), |gap| plus_minus(gap.mean, gap.half));
        let limits: Vec<&Constraint> = told.goal.constraints.iter().filter(|limit| limit.metric == *metric).collect();
        let shown: Vec<String> =
            limits.iter().map(|limit| format!("{} {}", if limit.at_least { "≥" } else { "≤" }, limit.limit)).collect();
        let broken = limits.iter().any(|limit| excess(told, winner, limit) > 0.0);
        let (tone, mark) = match (limits.is_empty(), broken) {
            (true, _) => (Tone::Plain, ""),
            (_, true) => (Tone::Bad, "✗"),
            _ => (Tone::Good, "✓"),
        };
        let cells = [
            metric.clone(),
            measured(told, &base.fresh, figure),
            measured(told, &winner.fresh, figure),
            difference,
            shown.join(", "),
            mark.to_string(),
        ];
        section.table.rows.push((tone, cells.to_vec()));
    }
    section.notes.push(format!(
        "of {} that the search never saw (seed {})",
        units::plural(winner.fresh.len() as u64, "replication"),
        told.seeds[1]
    ));
    section
}

fn front(told: &Told<'_>) -> Section {
    let mut section = section("The front");
    let mut figures: Vec<usize> = vec![0];
    for limit in &told.goal.constraints {
        let at = told.goal.position(&limit.metric);
        if !figures.contains(&at) {
            figures.push(at);
        }
    }
    if figures.len() < 2 {
        return section;
    }
    section.table.names = 1 + told.axes.len();
    section.table.spare = told.axes.len();
    let names = (0..told.axes.len()).map(|axis| told.name(axis));
    let metrics = figures.iter().map(|figure| told.goal.figures[*figure].clone());
    section.table.titles =
        std::iter::once(String::new()).chain(names).chain(metrics).chain(["runs".into(), String::new()]).collect();
    let rows = shown_of_front(told);
    for &id in &rows {
        let one = &told.tuned.candidates[id];
        let keeps = told.goal.holds_on_average(&one.runs);
        let mark = match (id == told.tuned.winner, id == 0) {
            (true, _) => "found",
            (_, true) => "as it is",
            _ => "",
        };
        let values = (0..told.axes.len()).map(|axis| told.value(one, axis));
        let means = figures.iter().map(|figure| measured(told, &one.runs, *figure));
        let cells = std::iter::once(id.to_string())
            .chain(values)
            .chain(means)
            .chain([one.runs.len().to_string(), mark.to_string()]);
        section.table.rows.push((if keeps { Tone::Good } else { Tone::Dim }, cells.collect()));
    }
    let objective = words(told.goal.objective());
    section.notes.push(format!(
        "no other setting that was tried is better in {objective} and no worse in the rest; dim ones are beyond a limit"
    ));
    let front = told.tuned.front.len();
    if front > rows.len() {
        section.notes.push(format!("{} of {front}; `tune.json` has all", rows.len()));
    }
    section
}

/// Those of the front that are shown: around the winner, where limits begin to be kept.
fn shown_of_front(told: &Told<'_>) -> Vec<usize> {
    let front = &told.tuned.front;
    let at = front.iter().position(|id| *id == told.tuned.winner).unwrap_or(0);
    let first = at.saturating_sub(ROWS / 2).min(front.len().saturating_sub(ROWS));
    front.iter().skip(first).take(ROWS).copied().collect()
}

fn sensitivity(told: &Told<'_>) -> Section {
    let mut section = section("Each parameter by itself, around what was found");
    if told.tuned.effects.is_empty() {
        return section;
    }
    section.lines = (0..told.axes.len()).map(|axis| (Tone::Plain, effects::sentence(told, axis))).collect();
    let runs = told.tuned.effects.first().map_or(0, |effect| told.tuned.candidates[effect.id].fresh.len());
    section.notes.push(format!(
        "each value in {}, paired with those of what was found",
        units::plural(runs as u64, "replication")
    ));
    section
}

fn tried(told: &Told<'_>) -> Section {
    let mut section = section("What was tried");
    let tuned = told.tuned;
    let tried: Vec<&Candidate> =
        tuned.candidates.iter().filter(|one| !matches!(one.origin, Origin::Aside(_) | Origin::Baseline)).collect();
    let possible = tried.iter().filter(|one| one.is_possible()).count();
    let rounds = units::plural(tuned.rounds.len() as u64, "round");
    section.lines.push((
        Tone::Plain,
        format!("{} in {rounds}, besides the scenario as it is", units::plural(possible as u64, "setting")),
    ));
    let mut stopped: BTreeMap<usize, usize> = BTreeMap::new();
    for one in &tried {
        if let Fate::Outranked(n) | Fate::Worse(n) | Fate::Broken(n, _) = one.fate {
            *stopped.entry(n).or_default() += 1;
        }
    }
    let stopped: Vec<String> = stopped.iter().map(|(n, count)| format!("{count} after {n}")).collect();
    if !stopped.is_empty() {
        section.lines.push((Tone::Plain, format!("stopped, by replications: {}", stopped.join(", "))));
    }
    let impossible: Vec<(&Candidate, &str)> = tried
        .iter()
        .filter_map(|one| if let Fate::Impossible(why) = &one.fate { Some((*one, why.as_str())) } else { None })
        .collect();
    if let Some((_, why)) = impossible.first() {
        let n = impossible.len();
        section.lines.push((Tone::Plain, format!("{n} more could not run, the first because {}", units::plain(why))));
    }
    let spent = tuned.spent;
    section.lines.push((
        Tone::Plain,
        format!(
            "{}: {} for the search, {} to know the front better, {} to confirm, {} for single parameters, {} for checks",
            units::plural(told.runs(), "run"),
            spent.search,
            spent.front,
            spent.confirmation,
            spent.sensitivity,
            told.checks
        ),
    ));
    if let Budget::Seconds(_) = told.budget {
        let text = "a budget in time depends on the machine: one in runs gives a result that can be had again";
        section.lines.push((Tone::Plain, text.into()));
    }
    section
}

/// How the winner is had again.
pub fn command(told: &Told<'_>) -> String {
    let quoted = |text: &str| {
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-=/%:".contains(c));
        if plain { text.to_string() } else { format!("'{}'", text.replace('\'', "'\\''")) }
    };
    let set: String =
        told.set.iter().map(|(path, value)| format!(" --set {}", quoted(&format!("{path}={value}")))).collect();
    let replications = told.winner().fresh.len();
    format!("sim run {} --seed {} --replications {replications}{set}", quoted(told.file), told.seeds[1])
}
