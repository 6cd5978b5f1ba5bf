//! The front: settings that no other beats in the objective and in every figure with a limit.
//!
//! # Models      means over the replications that a setting has; those on the front that have few get some more, since the best
//!   of many by few replications are partly lucky
//! # Leaves out  a search for the front itself: it is read off what was tried for the objective

use super::candidate::{Candidate, Origin};
use super::goal::Goal;
use super::lab::Lab;
use super::problem::{Chance, Problem};
use crate::Failure;

/// Replications that a setting on the front should have.
const ENOUGH: usize = 6;

/// The front, with some runs spent on measuring it better; sorted by the objective.
pub fn measure<P: Problem>(
    goal: &Goal,
    candidates: &mut [Candidate],
    lab: &mut Lab<'_, P>,
    runs: u64,
) -> Result<Vec<usize>, Failure> {
    let end = lab.runs + runs;
    loop {
        let front = of(goal, candidates, 1);
        // The least known first.
        let Some(&id) = front
            .iter()
            .filter(|id| candidates[**id].runs.len() < ENOUGH && candidates[**id].is_possible())
            .min_by_key(|id| candidates[**id].runs.len())
        else {
            break;
        };
        let has = candidates[id].runs.len();
        let to = ENOUGH.min(has + end.saturating_sub(lab.runs) as usize);
        if to == has {
            break;
        }
        lab.raise(candidates, &[id], Chance::Search, to)?;
    }
    // Of those known well enough, if there are some.
    let front = of(goal, candidates, 4);
    Ok(if front.len() > 1 { front } else { of(goal, candidates, 1) })
}

/// The front of the settings with at least so many replications.
pub fn of(goal: &Goal, candidates: &[Candidate], least: usize) -> Vec<usize> {
    let points: Vec<(usize, Vec<f64>)> = candidates
        .iter()
        .filter(|one| !matches!(one.origin, Origin::Aside(_)) && one.is_possible() && one.runs.len() >= least)
        .map(|one| (one.id, figures(goal, &one.runs)))
        .collect();
    let beaten = |one: &[f64]| {
        points.iter().any(|(_, other)| {
            other.iter().zip(one).all(|(other, one)| other <= one)
                && other.iter().zip(one).any(|(other, one)| other < one)
        })
    };
    let mut front: Vec<&(usize, Vec<f64>)> = points.iter().filter(|(_, one)| !beaten(one)).collect();
    front.sort_by(|a, b| a.1[0].total_cmp(&b.1[0]).then(a.0.cmp(&b.0)));
    // Several settings with the same figures are one point: the oldest stands for them.
    front.dedup_by(|b, a| a.1 == b.1);
    front.into_iter().map(|(id, _)| *id).collect()
}

/// Means of the objective and of the figures with a limit, turned so that less is better.
fn figures(goal: &Goal, runs: &[Vec<f64>]) -> Vec<f64> {
    let mean = |value: &dyn Fn(&Vec<f64>) -> f64| {
        let sum: f64 = runs.iter().map(value).sum::<f64>() / runs.len() as f64;
        if sum.is_finite() { sum } else { f64::INFINITY }
    };
    let mut all = vec![mean(&|run| goal.turned(run[0]))];
    let mut seen = vec![0];
    for constraint in &goal.constraints {
        let at = goal.position(&constraint.metric);
        if !seen.contains(&at) {
            seen.push(at);
            all.push(mean(&|run| constraint.excess(run[at])));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::candidate::Fate;
    use super::super::goal::Constraint;
    use super::*;

    #[test]
    fn the_front_is_what_nobody_beats() {
        let goal = Goal::new("cost", true, vec![Constraint::parse("availability >= 0.9").unwrap()], &[]);
        let one = |(id, (cost, availability)): (usize, &(f64, f64))| Candidate {
            id,
            origin: Origin::Spread,
            round: 0,
            point: vec![],
            values: Some(vec![]),
            runs: vec![vec![*cost, *availability]; 2],
            fresh: vec![],
            fate: Fate::Kept,
        };
        let points = [(5.0, 0.99), (3.0, 0.95), (4.0, 0.95), (1.0, 0.5), (3.0, 0.95), (9.0, f64::NAN)];
        let all: Vec<Candidate> = points.iter().enumerate().map(one).collect();
        assert_eq!(of(&goal, &all, 1), [3, 1, 0], "by cost; of equals the first; the dominated and the broken are not");
        assert_eq!(of(&goal, &all, 3), Vec::<usize>::new());
    }
}
