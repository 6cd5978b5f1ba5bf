//! A race: settings run against each other on the same replications, the lesser half dropped each time these double.
//!
//! ```text
//!  new ones ──1──► two thirds ──2──► half ──4──► half, and nobody surely worse ──8──► … ──► top: compared with the elites
//! ```
//! # Models      dropped by rank (successive halving), so that the cost of a race is known beforehand; from four replications on
//!   also by tests (F-race): who is surely beyond a limit, or surely worse than the best, goes at once and frees its
//!   runs. The elites of earlier rounds are dropped only when the others have as many replications
//! # Leaves out  corrections for the many tests of a race: a good setting lost is bred again
//! # Source      as in the head of `tune`

use super::candidate::{Candidate, Fate};
use super::goal::{Goal, Standing};

/// Level of the one-sided tests that drop a setting.
const LEVEL: f64 = 0.95;

/// Replications before a test is believed.
const TESTED_FROM: usize = 4;

/// Standard errors by which a limit must be kept to count as kept.
pub const ERRORS: f64 = 1.0;

/// Replications at which a race looks at its runners, up to `top`.
pub fn stages(top: usize) -> Vec<usize> {
    let mut stages: Vec<usize> = std::iter::successors(Some(1), |n| Some(n * 2)).take_while(|n| *n < top).collect();
    stages.push(top.max(1));
    stages
}

/// How many of so many go on after a stage.
fn going_on(runners: usize, stage: usize) -> usize {
    // One replication says less than those that follow.
    if stage == 1 { (2 * runners).div_ceil(3) } else { runners.div_ceil(2) }
}

/// Runs that a race of so many new settings takes at most.
pub fn cost(new: usize, top: usize) -> u64 {
    let (mut runs, mut runners, mut before) = (0, new, 0);
    for stage in stages(top) {
        runs += runners * (stage - before);
        (runners, before) = (going_on(runners, stage), stage);
    }
    runs as u64
}

/// New settings that a race can take for so many runs.
pub fn affordable(runs: u64, top: usize) -> usize {
    (1..).take_while(|new| cost(*new, top) <= runs).last().unwrap_or(0)
}

/// The standings of all on the first `n` replications.
pub fn standings(goal: &Goal, candidates: &[Candidate], ids: &[usize], n: usize, scales: &[f64]) -> Vec<Standing> {
    ids.iter().map(|id| goal.standing(&candidates[*id].runs, n, scales, ERRORS)).collect()
}

/// Numbers from the best to the worst on the first `n` replications; of equals the older one first.
pub fn ranked(goal: &Goal, candidates: &[Candidate], ids: &[usize], n: usize, scales: &[f64]) -> Vec<usize> {
    let mut order: Vec<(Standing, usize)> =
        standings(goal, candidates, ids, n, scales).into_iter().zip(ids.iter().copied()).collect();
    order.sort_by(|a, b| a.0.order(&b.0).then(a.1.cmp(&b.1)));
    order.into_iter().map(|(_, id)| id).collect()
}

/// Drops runners after a stage: marks their fate and gives back who goes on. At the `last` stage only tests drop.
pub fn cut(
    goal: &Goal,
    candidates: &mut [Candidate],
    (runners, elites): (&[usize], &[usize]),
    (stage, last): (usize, bool),
    scales: &[f64],
) -> Vec<usize> {
    let possible: Vec<usize> = runners.iter().copied().filter(|id| candidates[*id].is_possible()).collect();
    let order = ranked(goal, candidates, &possible, stage, scales);
    let keep = if last { order.len() } else { going_on(order.len(), stage) };
    let all: Vec<usize> = order.iter().chain(elites).copied().collect();
    let best = ranked(goal, candidates, &all, stage, scales).first().copied();
    // Against a best that itself keeps no limit nobody is hopeless.
    let best = best.filter(|id| goal.standing(&candidates[*id].runs, stage, scales, ERRORS).is_feasible());
    let mut on = Vec::new();
    for (rank, &id) in order.iter().enumerate() {
        let fate = match best {
            Some(best) if stage >= TESTED_FROM && best != id => test(goal, candidates, id, best, stage),
            _ => None,
        };
        match fate {
            Some(fate) => candidates[id].fate = fate,
            None if rank >= keep => candidates[id].fate = Fate::Outranked(stage),
            None => on.push(id),
        }
    }
    on
}

/// Whether one is surely out, against the best.
fn test(goal: &Goal, candidates: &[Candidate], id: usize, best: usize, stage: usize) -> Option<Fate> {
    let runs = |id: usize| &candidates[id].runs[..stage.min(candidates[id].runs.len())];
    if let Some(broken) = goal.surely_broken(runs(id), LEVEL) {
        let at = goal.constraints.iter().position(|constraint| constraint == broken).unwrap_or(0);
        return Some(Fate::Broken(stage, at));
    }
    goal.is_surely_worse(runs(id), runs(best), LEVEL).then_some(Fate::Worse(stage))
}

#[cfg(test)]
mod tests {
    use super::super::candidate::Origin;
    use super::super::goal::Constraint;
    use super::*;

    #[test]
    fn a_race_costs_what_was_reckoned() {
        assert_eq!(stages(1), [1]);
        assert_eq!(stages(4), [1, 2, 4]);
        assert_eq!(stages(12), [1, 2, 4, 8, 12]);
        // 12 once, 8 once more, 4 twice more.
        assert_eq!(cost(12, 4), 12 + 8 + 8);
        assert_eq!(affordable(28, 4), 12);
        assert_eq!(affordable(0, 4), 0);
    }

    fn candidate(id: usize, runs: &[(f64, f64)]) -> Candidate {
        Candidate {
            id,
            origin: Origin::Spread,
            round: 0,
            point: vec![],
            values: Some(vec![]),
            runs: runs.iter().map(|(cost, availability)| vec![*cost, *availability]).collect(),
            fresh: vec![],
            fate: Fate::Kept,
        }
    }

    fn goal() -> Goal {
        Goal::new("cost", true, vec![Constraint::parse("availability >= 0.9").unwrap()], &[])
    }

    #[test]
    fn the_hopeless_go_and_the_better_half_stays() {
        let same = |cost: f64, availability: f64| vec![(cost, availability); 4];
        let wave = |cost: f64| -> Vec<(f64, f64)> { (0..4).map(|i| (cost + f64::from(i % 2), 0.95)).collect() };
        let mut all = vec![
            candidate(0, &wave(5.0)),
            candidate(1, &same(1.0, 0.5)),
            candidate(2, &wave(4.0)),
            candidate(3, &[(2.0, 0.95), (9.0, 0.95), (1.0, 0.95), (6.5, 0.95)]),
        ];
        let on = cut(&goal(), &mut all, (&[0, 1, 2, 3], &[]), (4, false), &[0.1]);
        assert_eq!(on, [2, 3], "the cheapest that holds, and one that could be as good");
        assert_eq!(all[0].fate, Fate::Worse(4), "pair by pair a whole dollar dearer");
        assert_eq!(all[1].fate, Fate::Broken(4, 0), "cheap, and beyond its limit for sure");
    }

    #[test]
    fn before_there_are_enough_replications_only_ranks_count() {
        let mut all: Vec<Candidate> = (0..6).map(|i| candidate(i, &[(i as f64, 0.95)])).collect();
        let on = cut(&goal(), &mut all, (&[0, 1, 2, 3, 4, 5], &[]), (1, false), &[0.1]);
        assert_eq!(on, [0, 1, 2, 3]);
        assert!(all[4..].iter().all(|c| c.fate == Fate::Outranked(1)));
    }

    #[test]
    fn where_nothing_keeps_its_limits_the_nearest_go_on() {
        let mut all: Vec<Candidate> = (0..4).map(|i| candidate(i, &[(1.0, 0.5 + 0.1 * i as f64); 4])).collect();
        let on = cut(&goal(), &mut all, (&[0, 1, 2, 3], &[]), (4, false), &[0.1]);
        assert_eq!(on, [3, 2]);
    }
}
