//! A setting that is tried: its place in the space, its runs, and what became of it.

use crate::experiment::sweep::axis::Value;

/// A setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its number; 0 is the scenario as it is.
    pub id: usize,
    /// Where it comes from.
    pub origin: Origin,
    /// The round it came in.
    pub round: usize,
    /// Its place on each axis, from 0 to 1; none where the scenario as it is has a value that the axis has not.
    pub point: Vec<Option<f64>>,
    /// Its values; none for the scenario as it is.
    pub values: Option<Vec<Value>>,
    /// Figures of the search's replications, from 0 on.
    pub runs: Vec<Vec<f64>>,
    /// Figures of the fresh replications, from 0 on.
    pub fresh: Vec<Vec<f64>>,
    /// What became of it.
    pub fate: Fate,
}

/// Where a setting comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The scenario as it is.
    Baseline,
    /// A point of a design over the whole space.
    Spread,
    /// Bred from a better one.
    Near(usize),
    /// The winner with one parameter changed: the axis.
    Aside(usize),
}

/// What became of a setting.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// Still in the race, or out of it at the end only.
    Kept,
    /// Not among the better part after so many replications.
    Outranked(usize),
    /// Surely worse than another after so many replications.
    Worse(usize),
    /// Surely beyond a limit after so many replications: the constraint's number.
    Broken(usize, usize),
    /// It cannot run.
    Impossible(String),
}

impl Candidate {
    /// Whether it can run at all.
    pub fn is_possible(&self) -> bool {
        !matches!(self.fate, Fate::Impossible(_))
    }

    /// All figures of one column of some runs.
    pub fn column(runs: &[Vec<f64>], at: usize) -> Vec<f64> {
        runs.iter().map(|run| run[at]).filter(|value| value.is_finite()).collect()
    }
}
