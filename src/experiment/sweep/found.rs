//! What a sweep found: estimates per cell, and which cells nobody beats.
//!
//! # Models      intervals per cell, as of any estimate; the Pareto front of two figures by their means
//! # Leaves out  comparisons of cells with each other, which are paired: `sim compare`

use super::manifest::{Manifest, Record, Store};
use crate::Failure;
use crate::experiment::aggregate::Estimate;
use crate::experiment::metrics::is_zero_when_missing;
use std::collections::{BTreeMap, BTreeSet};

/// All cells of a sweep, in the order of their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What was swept.
    pub manifest: Manifest,
    /// Its cells.
    pub cells: Vec<CellFound>,
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
    /// Reads the finished cells of a folder.
    ///
    /// # Errors
    /// If one is missing.
    pub fn read(manifest: &Manifest, store: &Store) -> Result<Found, Failure> {
        let mut cells = Vec::new();
        for cell in manifest.own_cells() {
            let Some(record) = store.record(cell) else {
                let text = format!("cell {cell} is missing in `{}`", store.folder.display());
                return Err(Failure::new(text).help("run the sweep again: it goes on where it was"));
            };
            cells.push(CellFound { estimates: estimates(&record), record });
        }
        Ok(Found { manifest: manifest.clone(), cells })
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

    /// Numbers of the cells that no other beats in `gain` (more is better if `more`) at no more of `cost`.
    pub fn front(&self, gain: &str, more: bool, cost: &str) -> Vec<usize> {
        let points: Vec<(usize, f64, f64)> = self
            .cells
            .iter()
            .filter_map(|cell| {
                let (gain, cost) = (cell.estimates.get(gain)?.mean, cell.estimates.get(cost)?.mean);
                Some((cell.record.cell, if more { gain } else { -gain }, cost))
            })
            .collect();
        let beaten = |one: &(usize, f64, f64)| {
            points.iter().any(|other| other.1 >= one.1 && other.2 <= one.2 && (other.1 > one.1 || other.2 < one.2))
        };
        points.iter().filter(|one| !beaten(one)).map(|one| one.0).collect()
    }
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
    use crate::experiment::sweep::manifest::RunRecord;

    /// One cell for each (availability, cost), of one replication.
    fn found(points: &[(f64, f64)]) -> Found {
        let cell = |(cell, &(availability, cost)): (usize, &(f64, f64))| {
            let metrics = BTreeMap::from([("availability".to_string(), availability), ("cost".to_string(), cost)]);
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
        };
        Found { manifest, cells: points.iter().enumerate().map(cell).collect() }
    }

    #[test]
    fn the_front_is_what_nobody_beats_and_equals_stay() {
        let found = found(&[(0.9, 1.0), (0.99, 2.0), (0.95, 2.0), (0.99, 3.0), (0.99, 2.0), (0.8, 1.0)]);
        assert_eq!(found.front("availability", true, "cost"), [0, 1, 4]);
        assert_eq!(found.front("availability", false, "cost"), [5], "the least of both");
        assert_eq!(found.front("nothing", true, "cost"), Vec::<usize>::new());
    }
}
