//! The winner: the best by the search, measured again on replications that the search never saw.
//!
//! ```text
//!  elites in order ──fresh replications──► keeps its limits for sure? ──► winner        else the next one, three at most
//! ```
//! # Models      the reported figures are of fresh replications, the same for the winner and the scenario as it is
//! # Leaves out  a second search, if none of the three keeps its limits: the nearest is shown and called so
//! # Source      Law, "Simulation Modeling and Analysis", 5th ed., section 10.4 (on the best of several systems)

use super::candidate::Candidate;
use super::goal::{Goal, Standing};
use super::lab::Lab;
use super::problem::{Chance, Problem};
use super::search::ERRORS;
use crate::Failure;
use crate::experiment::sweep::axis::Value;

/// Whether the winner keeps the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The one-sided 95 % interval of every figure is within its limit.
    Sure,
    /// The means are within the limits; an interval is not.
    OnAverage,
    /// No setting that was tried keeps them; the winner is the nearest.
    None,
}

/// The winner with one parameter changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Number of the axis.
    pub axis: usize,
    /// The other value.
    pub value: Value,
    /// The setting that was run.
    pub id: usize,
}

/// Level at which a limit is kept for sure.
pub const SURE: f64 = 0.95;

/// Settings that are confirmed at most.
const TRIES: usize = super::budget::CONFIRMED as usize - 1;

/// Who may win, the most promising first: those that surely keep their limits by the search's replications, by objective;
/// then the others.
pub fn order(goal: &Goal, candidates: &[Candidate], elites: &[usize], scales: &[f64]) -> Vec<usize> {
    let mut all: Vec<(bool, Standing, usize)> = elites
        .iter()
        .map(|id| {
            let runs = &candidates[*id].runs;
            (!goal.is_surely_feasible(runs, SURE), goal.standing(runs, runs.len(), scales, ERRORS), *id)
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.order(&b.1)).then(a.2.cmp(&b.2)));
    all.into_iter().map(|(.., id)| id).collect()
}

/// Measures the first ones again, and the scenario as it is beside them.
pub fn confirm<P: Problem>(
    goal: &Goal,
    candidates: &mut [Candidate],
    lab: &mut Lab<'_, P>,
    (order, fresh): (&[usize], usize),
    scales: &[f64],
) -> Result<(usize, Verdict), Failure> {
    lab.raise(candidates, &[0], Chance::Fresh, fresh)?;
    let mut tried = Vec::new();
    for &id in order.iter().take(TRIES) {
        lab.raise(candidates, &[id], Chance::Fresh, fresh)?;
        if goal.is_surely_feasible(&candidates[id].fresh, SURE) {
            return Ok((id, Verdict::Sure));
        }
        tried.push(id);
    }
    if let Some(&id) = tried.iter().find(|id| goal.holds_on_average(&candidates[**id].fresh)) {
        return Ok((id, Verdict::OnAverage));
    }
    let violation = |id: usize| goal.standing(&candidates[id].fresh, fresh, scales, 0.0);
    let nearest = tried.into_iter().min_by(|a, b| violation(*a).order(&violation(*b)).then(a.cmp(b)));
    Ok((nearest.unwrap_or(0), Verdict::None))
}
