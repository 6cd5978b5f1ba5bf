//! All that is told of a search, and the figures that every telling needs.
//!
//! # Models      intervals are of 95 %, differences paired by replication
//! # Leaves out  words and layout

use crate::experiment::sweep::axis::Axis;
use crate::experiment::tune::{Budget, Candidate, Goal, Method, Tuned, Verdict};
use crate::experiment::{Estimate, LEVEL};
use crate::output::units;
use sim_core::stats::Interval;

/// All that is told.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// Name of the scenario.
    pub scenario: &'a str,
    /// How a command names it.
    pub file: &'a str,
    /// Seeds of the search and of the fresh replications.
    pub seeds: [u64; 2],
    /// What was given.
    pub budget: Budget,
    /// How it was searched.
    pub method: Method,
    /// What was wanted.
    pub goal: &'a Goal,
    /// What was varied.
    pub axes: &'a [Axis],
    /// Values of the scenario as it is, where it says them.
    pub written: &'a [Option<String>],
    /// What was found.
    pub tuned: &'a Tuned,
    /// All assignments of the winner, those made in all settings included.
    pub set: &'a [(String, String)],
    /// The winner's settings as a piece of the scenario.
    pub fragment: &'a str,
    /// The scenario with the winner's settings, as a flat list.
    pub flat: &'a [(String, String)],
    /// Runs that looked whether figures are there, and whether the fragment is right.
    pub checks: u64,
    /// Digest of the winner's fresh replication 0, if what was read back from the fragment ran to the same figures.
    pub digest: Option<String>,
}

/// A paired difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Its mean.
    pub mean: f64,
    /// Half the width of its interval; none if one pair is all there is.
    pub half: Option<f64>,
}

impl Gap {
    /// Of pairs of runs, the first minus the second.
    pub fn of(one: &[Vec<f64>], other: &[Vec<f64>], figure: usize) -> Option<Gap> {
        let gaps: Vec<f64> = one
            .iter()
            .zip(other)
            .map(|(one, other)| one[figure] - other[figure])
            .filter(|gap| gap.is_finite())
            .collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len().max(1) as f64;
        let half = Interval::from_samples(&gaps, LEVEL).map(|interval| interval.half_width);
        (!gaps.is_empty()).then_some(Gap { mean, half })
    }

    /// Whether it is no luck.
    pub fn is_significant(&self) -> bool {
        self.half.is_some_and(|half| self.mean.abs() > half)
    }
}

impl<'a> Told<'a> {
    /// The winner.
    pub fn winner(&self) -> &'a Candidate {
        &self.tuned.candidates[self.tuned.winner]
    }

    /// The scenario as it is.
    pub fn base(&self) -> &'a Candidate {
        &self.tuned.candidates[0]
    }

    /// Whether the winner keeps its limits, at least on average.
    pub fn is_feasible(&self) -> bool {
        self.tuned.verdict != Verdict::None
    }

    /// The estimate of a figure from some runs; none if no run has it.
    pub fn estimate(&self, runs: &[Vec<f64>], figure: usize) -> Option<Estimate> {
        let values = Candidate::column(runs, figure);
        (!values.is_empty()).then(|| Estimate::of(&values))
    }

    /// A candidate's value on an axis, as people read it.
    pub fn value(&self, candidate: &Candidate, axis: usize) -> String {
        match &candidate.values {
            Some(values) => units::plain(&values[axis].shown),
            None => self
                .written
                .get(axis)
                .cloned()
                .flatten()
                .map_or("(default)".into(), |text| units::plain(text.trim_matches('"'))),
        }
    }

    /// The end of an axis's path: as short as tells it from the others.
    pub fn name(&self, axis: usize) -> String {
        let parts = |axis: &'a Axis| axis.path.split('.').collect::<Vec<_>>();
        let own = parts(&self.axes[axis]);
        let tail = |parts: &[&str], n: usize| parts[parts.len().saturating_sub(n)..].join(".");
        let unique = |n: &usize| {
            let name = tail(&own, *n);
            let same = self.axes.iter().filter(|other| tail(&parts(other), *n) == name).count();
            // A number alone says nothing.
            same == 1 && !own[own.len().saturating_sub(*n)].starts_with(|c: char| c.is_ascii_digit())
        };
        // The last part alone is a word that several things have: `cooldown`, `period`.
        let first = if own.len() > 2 { 2 } else { 1 };
        tail(&own, (first..own.len()).find(unique).unwrap_or(own.len()))
    }

    /// Runs in all.
    pub fn runs(&self) -> u64 {
        self.tuned.spent.total() + self.checks
    }
}
