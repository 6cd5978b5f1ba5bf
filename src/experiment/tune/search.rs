//! The search: rounds of spreading, racing and breeding, and then what is said of the winner.
//!
//! ```text
//!  round 0: Sobol points, beside the scenario as it is ──race──► elites
//!  round k: children of the elites, and some more Sobol points ──race, to more replications──► elites
//!  then: front measured better, winner confirmed on fresh replications, each parameter moved by itself
//! ```
//! # Models      as in the head of `tune`; the result is a function of settings, seed and a budget in runs alone
//! # Leaves out  telling it: `output::tune`

use super::budget::{Budget, CONFIRMED, SEARCH_SHARE, Shares};
use super::candidate::{Candidate, Fate, Origin};
use super::chosen::{self, Effect, Verdict};
use super::front;
use super::goal::{Goal, Standing};
use super::lab::Lab;
use super::model::{Model, Seen};
use super::problem::{Chance, Problem};
use super::race::{self, affordable, cut, ranked, stages};
use super::random;
use super::space::Space;
use crate::Failure;
use crate::experiment::sweep::axis::Value;
use crate::stopwatch::Stopwatch;
use sim_core::{Stream, Words};
use std::collections::BTreeSet;

/// How a search is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Method {
    /// Iterated racing
    Race,
    /// Random search with four replications of each setting, to compare with
    Random,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long it may go on.
    pub budget: Budget,
    /// Seed of the search's own draws.
    pub seed: u64,
    /// On how many threads; all cores if not said.
    pub threads: Option<usize>,
    /// How.
    pub method: Method,
    /// Fresh replications of the winner; a twentieth of the budget if not said.
    pub fresh: Option<u32>,
    /// Values of the scenario as it is on each axis, as written; none where it leaves a default.
    pub written: Vec<Option<String>>,
}

/// One round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Its number, from 0.
    pub round: usize,
    /// New settings in it.
    pub new: usize,
    /// Runs it took.
    pub runs: u64,
    /// Replications of those that lasted.
    pub top: usize,
}

/// Runs, by what they were for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Finding.
    pub search: u64,
    /// Measuring the front better.
    pub front: u64,
    /// Fresh replications of the winner and of the scenario as it is.
    pub confirmation: u64,
    /// One parameter at a time.
    pub sensitivity: u64,
}

impl Spent {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.search + self.front + self.confirmation + self.sensitivity
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuned {
    /// All settings that were tried; 0 is the scenario as it is.
    pub candidates: Vec<Candidate>,
    /// The best setting, and what is to be said of it.
    pub winner: usize,
    /// Whether it keeps the limits.
    pub verdict: Verdict,
    /// Settings that nobody beats in the objective and all figures with a limit, by the objective.
    pub front: Vec<usize>,
    /// Each parameter moved by itself.
    pub effects: Vec<Effect>,
    /// The rounds.
    pub rounds: Vec<Round>,
    /// What the runs were for.
    pub spent: Spent,
}

/// Runs of a round: few, since each round knows what the last one found. Twice as many where the budget is a time.
const ROUND_RUNS: u64 = 28;
/// New settings that a round is to have at least.
const FEWEST: usize = 4;
/// Rounds after which the steps are wide again.
const CYCLE: usize = 10;
/// Share of new settings that come from the design rather than from the elites.
const SPREAD_SHARE: f64 = 0.2;

/// Children of which the one that looks best is run.
const LITTER: usize = 32;
/// Deviations by which a model's guess may be better than its mean.
const HOPE: f64 = 0.5;

/// An excess over a limit in units of what is usual, the large ones drawn together: that a setting is hopeless is enough to know.
fn compressed(excess: f64, scale: f64) -> f64 {
    let x = excess / if scale > 0.0 { scale } else { 1.0 };
    sim_core::math::ln_1p(x.abs()).copysign(x)
}

/// A search in progress.
pub struct Search<'a, P: Problem> {
    goal: &'a Goal,
    space: Space<'a>,
    settings: &'a Settings,
    lab: Lab<'a, P>,
    candidates: Vec<Candidate>,
    seen: BTreeSet<Vec<String>>,
    elites: Vec<usize>,
    scales: Vec<f64>,
    rounds: Vec<Round>,
    /// Points of the design that are taken.
    spread: u32,
    /// Runs that the search itself may take; none if the time decides.
    allowance: Option<u64>,
    since: Stopwatch,
}

/// Searches.
///
/// # Errors
/// If it was broken off, if the scenario as it is or all settings cannot run, or if the budget is too small.
pub fn tune<P: Problem>(problem: &P, goal: &Goal, space: Space<'_>, settings: &Settings) -> Result<Tuned, Failure> {
    let shares = match settings.budget {
        Budget::Runs(runs) => Some(Shares::of(runs, settings.fresh).map_err(Failure::new)?),
        Budget::Seconds(_) => None,
    };
    let mut search = Search {
        goal,
        space,
        settings,
        lab: Lab::new(problem, settings.threads)?,
        candidates: Vec::new(),
        seen: BTreeSet::new(),
        elites: Vec::new(),
        scales: vec![0.0; goal.constraints.len()],
        rounds: Vec::new(),
        spread: 0,
        allowance: shares.map(|shares| shares.search),
        since: Stopwatch::start(),
    };
    search.begin()?;
    match settings.method {
        Method::Race => search.rounds()?,
        Method::Random => random::random(&mut search)?,
    }
    let shares = match shares {
        Some(shares) => shares,
        // As if the runs so far had been their share of a budget in runs.
        None => Shares::of(((search.lab.runs as f64 / SEARCH_SHARE) as u64).max(super::budget::LEAST), settings.fresh)
            .map_err(Failure::new)?,
    };
    search.conclude(shares)
}

impl<'a, P: Problem> Search<'a, P> {
    /// The scenario as it is: the first to be beaten.
    fn begin(&mut self) -> Result<(), Failure> {
        let written = &self.settings.written;
        let place = |axis: usize| written.get(axis)?.as_deref().and_then(|text| self.space.place(axis, text));
        let point = (0..self.space.dimensions()).map(place).collect();
        self.candidates.push(Candidate {
            id: 0,
            origin: Origin::Baseline,
            round: 0,
            point,
            values: None,
            runs: vec![],
            fresh: vec![],
            fate: Fate::Kept,
        });
        self.raise(&[0], 1)?;
        match &self.candidates[0].fate {
            Fate::Impossible(why) => Err(Failure::new(format!("the scenario as it is cannot run: {why}"))),
            _ => Ok(()),
        }
    }

    /// Runs that are left for the search.
    pub fn left(&self) -> u64 {
        match (self.allowance, self.settings.budget) {
            (Some(allowance), _) => allowance.saturating_sub(self.lab.runs),
            (None, Budget::Seconds(seconds)) if self.since.seconds() < SEARCH_SHARE * seconds => self.round_runs(),
            (None, _) => 0,
        }
    }

    /// Runs so far.
    pub fn runs(&self) -> u64 {
        self.lab.runs
    }

    /// Runs of one round.
    fn round_runs(&self) -> u64 {
        match self.allowance {
            // Three rounds at least, lest there be nothing to breed from; forty at most, lest each be too small for many cores.
            Some(allowance) => allowance.div_ceil((allowance / ROUND_RUNS).clamp(3, 40)),
            None => 2 * ROUND_RUNS,
        }
    }

    /// Elites that breed.
    fn elite_count(&self) -> usize {
        3 + (self.space.dimensions().max(1) as u32).ilog2() as usize / 2
    }

    /// All rounds.
    fn rounds(&mut self) -> Result<(), Failure> {
        self.elites = vec![0];
        let mut top = 4;
        for round in 0.. {
            // What would be left for a last round of less than half the size goes to this one.
            let (left, usual) = (self.left(), self.round_runs());
            let budget = if left < usual + usual / 2 { left } else { usual };
            if budget < 6 {
                break;
            }
            let before = self.lab.runs;
            if round > 0 {
                // More replications for the best, as far as a quarter of the round goes.
                let more = (budget / 4 / self.elites.len().max(1) as u64) as usize;
                top += more.min(top).min(64_usize.saturating_sub(top));
            }
            let elites = self.elites.clone();
            self.raise(&elites, top)?;
            let left = budget.saturating_sub(self.lab.runs - before);
            // A race of few to many replications finds less than one of several to fewer.
            let reach = (1..=top).rev().find(|reach| affordable(left, *reach) >= FEWEST).unwrap_or(1);
            let new = affordable(left, reach);
            let ids = self.breed(new, round);
            if ids.is_empty() && self.lab.runs == before {
                // The space is exhausted, and everybody has run as often as can be wished for.
                break;
            }
            self.race(&ids, reach)?;
            self.note(Round { round, new: ids.len(), runs: self.lab.runs - before, top: reach });
        }
        if self.candidates.len() > 1 && self.candidates[1..].iter().all(|one| !one.is_possible()) {
            let why = match &self.candidates[1].fate {
                Fate::Impossible(why) => why.clone(),
                _ => String::new(),
            };
            return Err(Failure::new(format!("none of the settings can run: {why}")));
        }
        Ok(())
    }

    /// Notes a round.
    pub fn note(&mut self, round: Round) {
        self.rounds.push(round);
    }

    /// New settings of a round.
    fn breed(&mut self, new: usize, round: usize) -> Vec<usize> {
        if round == 0 {
            return self.fill(new, round, |search, space, _| {
                search.spread += 1;
                (space.spread(search.spread - 1, search.settings.seed), Origin::Spread)
            });
        }
        let width = (0.25 * sim_core::math::pow(0.75, ((round - 1) % CYCLE) as f64)).max(0.02);
        let elites = self.elites.clone();
        // The first of n is bred from n times as often as the last.
        let weight = |rank: usize| (elites.len() - rank) as f64;
        let total: f64 = (0..elites.len()).map(weight).sum();
        let models = self.models();
        self.fill(new, round, |search, space, stream| {
            if stream.chance(SPREAD_SHARE) {
                search.spread += 1;
                return (space.spread(search.spread - 1, search.settings.seed), Origin::Spread);
            }
            let child = |stream: &mut Stream| {
                let mut at = stream.unit() * total;
                let first = (0..elites.len()).find(|rank| {
                    at -= weight(*rank);
                    at < 0.0
                });
                let first = elites[first.unwrap_or(0)];
                let second = elites[stream.below(elites.len() as u32) as usize];
                let [a, b] = [first, second].map(|id| &search.candidates[id].point);
                (space.middle(&space.near(a, b, width, stream)), first)
            };
            let litter: Vec<(Vec<f64>, usize)> = (0..LITTER).map(|_| child(stream)).collect();
            let guessed = |point: &[f64]| search.guess(&models, point);
            let best = litter.into_iter().map(|(point, of)| (guessed(&point), point, of));
            let best = best.min_by(|a, b| a.0.order(&b.0));
            best.map_or_else(|| (space.anywhere(stream), Origin::Spread), |(_, point, of)| (point, Origin::Near(of)))
        })
    }

    /// A model of the objective, and one of each constraint's excess.
    fn models(&self) -> Vec<Option<Model>> {
        let scales: Vec<bool> = (0..self.space.dimensions()).map(|axis| self.space.is_scale(axis)).collect();
        let base = &self.candidates[0].runs;
        let model = |value: &dyn Fn(&Vec<f64>) -> f64| {
            let seen = self.candidates.iter().filter(|one| one.is_possible()).filter_map(|one| {
                let point: Option<Vec<f64>> = one.point.iter().copied().collect();
                let runs = one.runs.len().min(base.len());
                let sum: f64 = one.runs.iter().zip(base).map(|(own, base)| value(own) - value(base)).sum();
                let value = sum / runs as f64;
                value.is_finite().then_some(Seen { point: self.space.middle(&point?), value, runs })
            });
            Model::fit(&seen.collect::<Vec<_>>(), &scales)
        };
        let objective = model(&|run| self.goal.turned(run[0]));
        let constraints = self.goal.constraints.iter().enumerate().map(|(at, constraint)| {
            let figure = self.goal.position(&constraint.metric);
            model(&|run| compressed(constraint.excess(run[figure]), self.scales[at]))
        });
        std::iter::once(objective).chain(constraints).collect()
    }

    /// What the models think of a point.
    fn guess(&self, models: &[Option<Model>], point: &[f64]) -> Standing {
        let base = &self.candidates[0].runs;
        let mean = |value: &dyn Fn(&Vec<f64>) -> f64| base.iter().map(value).sum::<f64>() / base.len().max(1) as f64;
        let guess = |model: &Option<Model>| {
            model.as_ref().map_or(0.0, |model| {
                let (mean, deviation) = model.at(point);
                mean - HOPE * deviation
            })
        };
        let violation = self.goal.constraints.iter().enumerate().map(|(at, constraint)| {
            let figure = self.goal.position(&constraint.metric);
            let base = mean(&|run| compressed(constraint.excess(run[figure]), self.scales[at]));
            (base + guess(&models[1 + at])).max(0.0)
        });
        Standing { violation: violation.sum(), objective: guess(&models[0]) }
    }

    /// Adds so many settings that were not tried yet and can run; fewer where these are hard to find.
    pub fn fill(
        &mut self,
        new: usize,
        round: usize,
        mut draw: impl FnMut(&mut Self, Space<'a>, &mut Stream) -> (Vec<f64>, Origin),
    ) -> Vec<usize> {
        let mut stream = Stream::new(self.settings.seed, round as u32, "tune", "settings");
        let space = self.space;
        let mut ids: Vec<usize> = Vec::new();
        // A small space runs out of new settings, and one full of contradictions has few that can run.
        for _ in 0..6 {
            let wanted = new.saturating_sub(ids.len());
            let mut fresh = Vec::new();
            for _ in 0..20 * wanted {
                if fresh.len() == wanted {
                    break;
                }
                let (point, origin) = draw(self, space, &mut stream);
                let values = space.values(&point);
                if self.seen.insert(values.iter().map(|value| value.text.clone()).collect()) {
                    fresh.push(self.add(origin, round, point.into_iter().map(Some).collect(), values));
                }
            }
            if fresh.is_empty() {
                break;
            }
            self.lab.prepare(&mut self.candidates, &fresh);
            ids.extend(fresh.into_iter().filter(|id| self.candidates[*id].is_possible()));
        }
        ids
    }

    /// Adds a setting.
    fn add(&mut self, origin: Origin, round: usize, point: Vec<Option<f64>>, values: Vec<Value>) -> usize {
        let id = self.candidates.len();
        let values = Some(values);
        let (runs, fresh) = (vec![], vec![]);
        self.candidates.push(Candidate { id, origin, round, point, values, runs, fresh, fate: Fate::Kept });
        id
    }

    /// Runs the search's replications up to a number.
    pub fn raise(&mut self, ids: &[usize], to: usize) -> Result<(), Failure> {
        self.lab.raise(&mut self.candidates, ids, Chance::Search, to)
    }

    /// The race of a round, at the end of which there are new elites.
    fn race(&mut self, new: &[usize], top: usize) -> Result<(), Failure> {
        let mut runners = new.to_vec();
        let all = stages(top);
        for (at, stage) in all.iter().copied().enumerate() {
            self.raise(&runners, stage)?;
            if at == 0 {
                self.settle_scales();
            }
            let last = at + 1 == all.len();
            runners = cut(self.goal, &mut self.candidates, (&runners, &self.elites), (stage, last), &self.scales);
        }
        let contenders: Vec<usize> = self.elites.iter().copied().chain(runners).collect();
        self.elect(&contenders, top);
        Ok(())
    }

    /// The best of these become the elites.
    pub fn elect(&mut self, contenders: &[usize], top: usize) {
        let possible: Vec<usize> = contenders.iter().copied().filter(|id| self.candidates[*id].is_possible()).collect();
        let order = ranked(self.goal, &self.candidates, &possible, top, &self.scales);
        for &id in order.iter().skip(self.elite_count()) {
            if id != 0 {
                self.candidates[id].fate = Fate::Outranked(top);
            }
        }
        self.elites = order.into_iter().take(self.elite_count()).collect();
        self.lab.forget(&self.elites);
    }

    /// What a usual violation of each constraint is: the median of those there are. Settled once there is one.
    pub fn settle_scales(&mut self) {
        for (at, constraint) in self.goal.constraints.iter().enumerate() {
            if self.scales[at] > 0.0 {
                continue;
            }
            let figure = self.goal.position(&constraint.metric);
            let mut found: Vec<f64> = self
                .candidates
                .iter()
                .filter_map(|one| one.runs.first())
                .map(|run| constraint.excess(run[figure]))
                .filter(|excess| excess.is_finite() && *excess > 0.0)
                .collect();
            found.sort_by(f64::total_cmp);
            if let Some(middle) = found.get(found.len() / 2) {
                self.scales[at] = *middle;
            }
        }
    }

    /// What follows the search.
    fn conclude(mut self, shares: Shares) -> Result<Tuned, Failure> {
        let mut spent = Spent { search: self.lab.runs, ..Spent::default() };
        let front = front::measure(self.goal, &mut self.candidates, &mut self.lab, shares.front)?;
        spent.front = self.lab.runs - spent.search;
        let order = chosen::order(self.goal, &self.candidates, &self.elites, &self.scales);
        let fresh = shares.fresh as usize;
        let (winner, verdict) =
            chosen::confirm(self.goal, &mut self.candidates, &mut self.lab, (&order, fresh), &self.scales)?;
        spent.confirmation = self.lab.runs - spent.total();
        // What no other candidate for the first place needed goes to the parameters.
        let left = shares.sensitivity + (CONFIRMED * shares.fresh).saturating_sub(spent.confirmation);
        let effects = self.aside(winner, left, fresh)?;
        spent.sensitivity = self.lab.runs - spent.total();
        let Search { candidates, rounds, .. } = self;
        Ok(Tuned { candidates, winner, verdict, front, effects, rounds, spent })
    }

    /// Each parameter moved by itself, around the winner.
    fn aside(&mut self, winner: usize, runs: u64, fresh: usize) -> Result<Vec<Effect>, Failure> {
        let dimensions = self.space.dimensions();
        let point = self.candidates[winner].point.clone();
        let mut effects = Vec::new();
        // Five other values of each if there are runs for it, else three, else two.
        for most in [5, 3, 2] {
            let levels: Vec<Vec<Value>> =
                (0..dimensions).map(|axis| self.space.others(axis, point[axis], most)).collect();
            let count = levels.iter().map(Vec::len).sum::<usize>();
            let each = (runs as usize / count.max(1)).min(fresh);
            if each < 3 && most > 2 || each < 2 {
                continue;
            }
            for (axis, values) in levels.into_iter().enumerate() {
                for value in values {
                    let Some(all) = self.moved(winner, axis, value.clone()) else { continue };
                    let id = self.add(Origin::Aside(axis), self.rounds.len(), vec![None; dimensions], all);
                    effects.push(Effect { axis, value, id });
                }
            }
            let ids: Vec<usize> = effects.iter().map(|effect| effect.id).collect();
            self.lab.raise(&mut self.candidates, &ids, Chance::Fresh, each)?;
            break;
        }
        Ok(effects)
    }

    /// The winner's values with another on one axis; none if the winner is the scenario as it is and leaves a default that
    /// the axis has not.
    fn moved(&self, winner: usize, axis: usize, value: Value) -> Option<Vec<Value>> {
        let winner = &self.candidates[winner];
        let mut all = match &winner.values {
            Some(values) => values.clone(),
            None => {
                let point: Option<Vec<f64>> = winner.point.iter().copied().collect();
                self.space.values(&point?)
            }
        };
        all[axis] = value;
        Some(all)
    }
}

/// Standard errors by which a limit must be kept, for those who rank elsewhere.
pub(super) const ERRORS: f64 = race::ERRORS;

#[cfg(test)]
mod tests;
