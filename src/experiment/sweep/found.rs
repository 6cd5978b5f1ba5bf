//! What a sweep found: estimates per cell, which cells keep what they must, and which of these nobody beats.
//!
//! # Models      intervals per cell, as of any estimate; the Pareto front of any number of objectives by the means; constraints on
//!   the means; formulas, reckoned for each replication
//! # Leaves out  comparisons of cells with each other, which are paired: `sim compare`

use super::manifest::{Manifest, Record, Store};
use super::wish::Wishes;
use crate::Failure;
use crate::experiment::aggregate::Estimate;
use crate::experiment::metrics::{is_zero_when_missing, more_is_better};
use crate::experiment::objective::{Goal, Objective};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// All cells of a sweep, in the order of their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What was swept.
    pub manifest: Manifest,
    /// Its cells.
    pub cells: Vec<CellFound>,
    /// What is asked of them.
    pub wishes: Wishes,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellFound {
    /// Its record.
    pub record: Record,
    /// Its figures.
    pub estimates: BTreeMap<String, Estimate>,
}

impl Found {
    /// Reads the finished cells of a folder, and reckons the formulas.
    ///
    /// # Errors
    /// If one is missing, or a formula bears the name of something else.
    pub fn read(manifest: &Manifest, store: &Store) -> Result<Found, Failure> {
        let wishes = manifest.view.read()?;
        let mut cells = Vec::new();
        for cell in manifest.own_cells() {
            let Some(mut record) = store.record(cell) else {
                let text = format!("cell {cell} is missing in `{}`", store.folder.display());
                return Err(Failure::new(text).help("run the sweep again: it goes on where it was"));
            };
            for run in &mut record.replications {
                for (name, formula) in &wishes.formulas {
                    // A name for a figure as it is may be the figure's own.
                    if let Some(value) = formula.of(&run.metrics)
                        && run.metrics.insert(name.clone(), value).is_some_and(|before| before != value)
                    {
                        return Err(Failure::new(format!("`{name}` is a figure already")).help("choose another name"));
                    }
                }
            }
            cells.push(CellFound { estimates: estimates(&record), record });
        }
        Ok(Found { manifest: manifest.clone(), cells, wishes })
    }

    /// Names of all figures, in order.
    pub fn metrics(&self) -> BTreeSet<&str> {
        let runs = self.cells.iter().flat_map(|cell| &cell.record.replications);
        runs.flat_map(|run| run.metrics.keys()).map(String::as_str).collect()
    }

    /// Cells that could not run.
    pub fn failed(&self) -> impl Iterator<Item = &CellFound> {
        self.cells.iter().filter(|cell| cell.record.error.is_some())
    }

    /// Whether anything has a price: where nothing has, there is nothing to weigh the others against.
    pub fn has_cost(&self, cost: &str) -> bool {
        self.cells.iter().filter_map(|cell| cell.estimates.get(cost)).any(|estimate| estimate.mean > 0.0)
    }

    /// What the front is of: the objectives, or the first figure shown against the cost, where both are there.
    pub fn objectives(&self, shown: &[String]) -> Vec<Objective> {
        if !self.wishes.objectives.is_empty() {
            return self.wishes.objectives.clone();
        }
        let there = |name: &str| self.cells.iter().any(|cell| cell.estimates.contains_key(name));
        match shown.iter().find(|name| name.as_str() != COST && there(name)) {
            Some(gain) if self.has_cost(COST) => vec![wanted(gain), Objective::minimize(COST)],
            _ => Vec::new(),
        }
    }

    /// Whether a cell keeps every constraint, by the means of its figures.
    pub fn keeps(&self, cell: &CellFound) -> bool {
        let mean = |metric: &str| cell.estimates.get(metric).map_or(f64::NAN, |estimate| estimate.mean);
        self.wishes.constraints.iter().all(|constraint| constraint.holds(mean(&constraint.metric)))
    }

    /// Numbers of the cells that keep the constraints and that no other such cell beats: as good in all objectives and better in
    /// one. Without objectives there is no front.
    pub fn front(&self, objectives: &[Objective]) -> BTreeSet<usize> {
        let gain = |cell: &CellFound, objective: &Objective| {
            let mean = cell.estimates.get(&objective.metric)?.mean;
            let gain = if objective.goal == Goal::Minimize { -mean } else { mean };
            gain.is_finite().then_some(gain)
        };
        let gains =
            |cell: &CellFound| objectives.iter().map(|objective| gain(cell, objective)).collect::<Option<Vec<_>>>();
        let mut points: Vec<(Vec<f64>, usize)> = self
            .cells
            .iter()
            .filter(|cell| !objectives.is_empty() && self.keeps(cell))
            .filter_map(|cell| Some((gains(cell)?, cell.record.cell)))
            .collect();
        // The best first objective first, then the second: what beats a cell then stands before it, and the first that does is on
        // the front itself.
        let order = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| b.total_cmp(a)).find(|order| order.is_ne());
        points.sort_by(|a, b| order(&a.0, &b.0).unwrap_or(Ordering::Equal));
        let mut front: Vec<(Vec<f64>, usize)> = Vec::new();
        for point in points {
            let beats = |other: &[f64]| other.iter().zip(&point.0).all(|(a, b)| a >= b) && other != point.0;
            if !front.iter().any(|(other, _)| beats(other)) {
                front.push(point);
            }
        }
        front.into_iter().map(|(_, cell)| cell).collect()
    }
}

/// Figure that the others are weighed against.
pub const COST: &str = "cost_usd.total";

/// What people wish of a figure.
pub fn wanted(metric: &str) -> Objective {
    if more_is_better(metric) { Objective::maximize(metric) } else { Objective::minimize(metric) }
}

/// The figures of a cell, over its replications.
fn estimates(record: &Record) -> BTreeMap<String, Estimate> {
    let names: BTreeSet<&String> = record.replications.iter().flat_map(|run| run.metrics.keys()).collect();
    let of = |name: &String| {
        let zero = is_zero_when_missing(name).then_some(0.0);
        let values: Vec<f64> =
            record.replications.iter().filter_map(|run| run.metrics.get(name).copied().or(zero)).collect();
        Estimate::of(&values)
    };
    names.into_iter().map(|name| (name.clone(), of(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::objective::Constraint;
    use crate::experiment::sweep::manifest::RunRecord;
    use crate::experiment::sweep::wish::View;

    /// One cell for each (availability, cost), of one replication.
    fn found(points: &[(f64, f64)]) -> Found {
        let cell = |(cell, &(availability, cost)): (usize, &(f64, f64))| {
            let metrics = BTreeMap::from([("availability".to_string(), availability), ("price".to_string(), cost)]);
            let run = RunRecord { replication: 0, digest: String::new(), metrics, expectations: vec![] };
            let record = Record { cell, values: vec![], error: None, replications: vec![run] };
            CellFound { estimates: estimates(&record), record }
        };
        let manifest = Manifest {
            schema: 1,
            version: String::new(),
            scenario: "x".into(),
            scenario_sha256: String::new(),
            seed: 1,
            replications: 1,
            set: vec![],
            axes: vec![],
            cells: points.len(),
            sampling: None,
            shard: None,
            view: View::default(),
        };
        Found { manifest, cells: points.iter().enumerate().map(cell).collect(), wishes: Wishes::default() }
    }

    fn front(found: &Found, objectives: &[&str]) -> Vec<usize> {
        let objectives: Vec<Objective> = objectives.iter().map(|text| Objective::parse(text).unwrap()).collect();
        found.front(&objectives).into_iter().collect()
    }

    #[test]
    fn the_front_is_what_nobody_beats_and_equals_stay() {
        let found = found(&[(0.9, 1.0), (0.99, 2.0), (0.95, 2.0), (0.99, 3.0), (0.99, 2.0), (0.8, 1.0)]);
        assert_eq!(front(&found, &["maximize availability", "minimize price"]), [0, 1, 4]);
        assert_eq!(front(&found, &["minimize price", "maximize availability"]), [0, 1, 4], "in any order");
        assert_eq!(front(&found, &["minimize availability", "minimize price"]), [5], "the least of both");
        assert_eq!(front(&found, &["maximize availability"]), [1, 3, 4]);
        assert_eq!(front(&found, &["minimize nothing"]), Vec::<usize>::new());
        assert_eq!(front(&found, &[]), Vec::<usize>::new());
    }

    #[test]
    fn what_breaks_a_constraint_is_not_on_the_front() {
        let mut found = found(&[(0.9, 1.0), (0.99, 2.0), (0.95, 1.5), (0.97, 1.5)]);
        found.wishes.constraints = vec![Constraint::parse("availability >= 95%").unwrap()];
        assert_eq!(front(&found, &["minimize price"]), [2, 3]);
        assert_eq!(front(&found, &["minimize price", "maximize availability"]), [1, 3]);
        found.wishes.constraints.push(Constraint::parse("gone <= 1").unwrap());
        assert_eq!(front(&found, &["minimize price"]), Vec::<usize>::new(), "what is not known keeps nothing");
    }
}
