//! What each parameter does around the winner, in words.
//!
//! ```text
//!  winner's runs, paired with those of one value changed ──► same │ worse │ better │ breaks a limit ──► a sentence
//! ```
//! # Models      a difference matters if it is no luck and at least a hundredth; neighbouring values of which the same is to
//!   be said are told together
//! # Leaves out  two parameters at a time

use super::told::{Gap, Told};
use crate::experiment::tune::Constraint;
use crate::output::compare::{amount, words};
use crate::output::units;

/// A share of the objective below which nobody cares.
const MATTERS: f64 = 0.01;

/// One value of a parameter, the winner's own among them.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// As people read it.
    pub value: String,
    /// Where it lies, if it is a number.
    pub number: Option<f64>,
    /// The setting that was run with it.
    pub id: usize,
    /// The objective, minus that of the winner.
    pub gap: Option<Gap>,
    /// What that means.
    pub class: Class,
}

/// What a value does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It is the winner's own.
    Own,
    /// Nothing that matters.
    Same,
    /// The objective is worse.
    Worse,
    /// The objective is better and the limits are kept.
    Better,
    /// A limit is broken: its number.
    Breaks(usize),
}

/// All levels of a parameter, in their order.
pub fn levels(told: &Told<'_>, axis: usize) -> Vec<Level> {
    let (winner, goal) = (told.winner(), told.goal);
    let usual = told.estimate(&winner.fresh, 0).map_or(0.0, |estimate| estimate.mean.abs());
    let own = winner.values.as_ref().and_then(|values| values[axis].number);
    let mut levels =
        vec![Level { value: told.value(winner, axis), number: own, id: winner.id, gap: None, class: Class::Own }];
    for effect in told.tuned.effects.iter().filter(|effect| effect.axis == axis) {
        let one = &told.tuned.candidates[effect.id];
        if !one.is_possible() || one.fresh.is_empty() {
            continue;
        }
        let gap = Gap::of(&one.fresh, &winner.fresh, 0);
        let broken = goal.constraints.iter().position(|constraint| {
            let figure = goal.position(&constraint.metric);
            let mean = told.estimate(&one.fresh, figure).map_or(f64::NAN, |estimate| estimate.mean);
            // Where the winner itself keeps no limit, beyond it is no news.
            told.is_feasible() && constraint.excess(mean) > 0.0
        });
        let matters = gap.filter(|gap| gap.is_significant() && gap.mean.abs() >= MATTERS * usual);
        let class = match (broken, matters) {
            (Some(at), _) => Class::Breaks(at),
            (None, None) => Class::Same,
            (None, Some(gap)) if (gap.mean > 0.0) == goal.minimize => Class::Worse,
            (None, Some(_)) => Class::Better,
        };
        levels.push(Level { value: effect.value.shown.clone(), number: effect.value.number, id: one.id, gap, class });
    }
    if levels.iter().all(|level| level.number.is_some()) {
        levels.sort_by(|a, b| a.number.unwrap_or(0.0).total_cmp(&b.number.unwrap_or(0.0)));
    }
    levels
}

/// The sentence about a parameter.
pub fn sentence(told: &Told<'_>, axis: usize) -> String {
    let levels = levels(told, axis);
    let name = told.name(axis);
    if levels.len() < 2 {
        return format!("`{name}` was not looked at by itself: the budget was too small");
    }
    let ordered = levels.iter().all(|level| level.number.is_some());
    if levels.iter().all(|level| matches!(level.class, Class::Own | Class::Same)) {
        return format!("`{name}` hardly matters {}", span(&levels.iter().collect::<Vec<_>>(), ordered, "between"));
    }
    let mut groups: Vec<Vec<&Level>> = Vec::new();
    for level in &levels {
        let same = |other: &Level| kind(other.class) == kind(level.class);
        match groups.last_mut() {
            Some(group) if same(group[0]) => group.push(level),
            _ => groups.push(vec![level]),
        }
    }
    let parts: Vec<String> = groups.iter().filter_map(|group| part(told, group, ordered)).collect();
    format!("`{name}`: {}", parts.join("; "))
}

/// The winner's own value goes with those that are as good.
fn kind(class: Class) -> Class {
    if class == Class::Own { Class::Same } else { class }
}

/// What is to be said of some neighbouring values.
fn part(told: &Told<'_>, group: &[&Level], ordered: bool) -> Option<String> {
    let at = span(group, ordered, "from");
    let objective = words(told.goal.objective());
    let largest = group.iter().filter_map(|level| level.gap).max_by(|a, b| a.mean.abs().total_cmp(&b.mean.abs()));
    let by = largest.map(|gap| amount(told.goal.objective(), gap.mean.abs())).unwrap_or_default();
    let up_to = if group.len() > 1 { "up to " } else { "" };
    let higher = largest.is_some_and(|gap| gap.mean > 0.0);
    let direction = if higher { "higher" } else { "lower" };
    Some(match kind(group[0].class) {
        Class::Breaks(limit) => {
            let constraint = &told.goal.constraints[limit];
            let at_worst = if group.len() > 1 { " at worst" } else { "" };
            format!("{at} `{}` breaks ({}{at_worst})", constraint.text, worst(told, group, constraint))
        }
        Class::Worse => format!("{at} {objective} is {direction} by {up_to}{by}"),
        Class::Better => {
            format!("{at} {objective} is {direction} by {up_to}{by} and the limits are kept: worth a longer search")
        }
        // The winner alone: nothing to be said of it.
        _ if group.len() == 1 && group[0].class == Class::Own => return None,
        _ => format!("{at} it hardly matters"),
    })
}

/// The mean furthest beyond a limit.
fn worst(told: &Told<'_>, group: &[&Level], constraint: &Constraint) -> String {
    let figure = told.goal.position(&constraint.metric);
    let means =
        group.iter().filter_map(|level| Some(told.estimate(&told.tuned.candidates[level.id].fresh, figure)?.mean));
    let worst = means.max_by(|a, b| constraint.excess(*a).total_cmp(&constraint.excess(*b)));
    worst.map_or("–".into(), |mean| match constraint.metric.ends_with("availability") {
        true => units::percent(mean),
        false => amount(&constraint.metric, mean),
    })
}

/// Some values: `from 60s to 300s`, or `at x, y`.
fn span(group: &[&Level], ordered: bool, from: &str) -> String {
    let (first, last) = (&group[0].value, &group[group.len() - 1].value);
    match (group.len(), ordered, from) {
        (1, ..) => format!("at {first}"),
        (_, true, "between") => format!("between {first} and {last}"),
        (_, true, _) => format!("from {first} to {last}"),
        _ => format!("at {}", group.iter().map(|level| level.value.as_str()).collect::<Vec<_>>().join(", ")),
    }
}
