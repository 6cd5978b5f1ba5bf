//! What a sweep's folder says about itself: what is swept, and which cells are done.
//!
//! ```text
//!  sweep.json          what is swept: scenario (by its hash), version, seed, axes, replications, part
//!  cells/000012.json   one finished cell, written aside and renamed: there whole or not at all
//! ```
//! # Models      a folder is gone on with only by the very sweep that began it
//! # Leaves out  two processes at work in one folder: each repeats what the other does, and both write the same

use super::axis::{Axis, Values};
use super::wish::View;
use crate::Failure;
use crate::experiment::Replication;
use models::result::ExpectationResult;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// `sweep.json`.
pub const MANIFEST: &str = "sweep.json";
/// The folder of finished cells.
pub const CELLS: &str = "cells";

/// What is swept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this shape.
    pub schema: u32,
    /// Version of `sim`.
    pub version: String,
    /// Name of the scenario.
    pub scenario: String,
    /// SHA-256 over its text, its changes, and everything it reads.
    pub scenario_sha256: String,
    /// Seed of all cells: they meet the same chance.
    pub seed: u64,
    /// Replications of each cell.
    pub replications: u32,
    /// Changes made in all cells.
    pub set: Vec<(String, String)>,
    /// What is varied.
    pub axes: Vec<AxisRecord>,
    /// Cells of the whole sweep.
    pub cells: usize,
    /// How drawn axes are spread; none if there are none.
    pub sampling: Option<String>,
    /// Which part of the cells this folder is for; none: all.
    pub shard: Option<Shard>,
    /// What is asked of it; another question makes no other sweep.
    #[serde(default)]
    pub view: View,
}

/// One axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AxisRecord {
    /// Path of the setting.
    pub path: String,
    /// Its values, or its distribution.
    pub values: Vec<String>,
}

/// One part of several: the cells whose number leaves this index when divided by the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// From 0.
    pub index: usize,
    /// At least 1.
    pub of: usize,
}

impl Shard {
    /// Whether a cell is in this part.
    pub fn has(self, cell: usize) -> bool {
        cell % self.of == self.index
    }
}

/// A finished cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number.
    pub cell: usize,
    /// Its values, as people read them, in the order of the axes.
    pub values: Vec<String>,
    /// Why it could not run.
    pub error: Option<String>,
    /// What its replications found, in the order of their numbers.
    pub replications: Vec<RunRecord>,
}

/// One replication of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its number.
    pub replication: u32,
    /// Its digest.
    pub digest: String,
    /// Its figures.
    pub metrics: BTreeMap<String, f64>,
    /// Its expectations.
    pub expectations: Vec<ExpectationResult>,
}

impl From<Replication> for RunRecord {
    fn from(run: Replication) -> RunRecord {
        RunRecord { replication: run.index, digest: run.digest, metrics: run.metrics, expectations: run.expectations }
    }
}

impl AxisRecord {
    /// What a manifest says of an axis.
    pub fn of(axis: &Axis) -> AxisRecord {
        let values = match &axis.values {
            Values::Listed(values) => values.iter().map(|value| value.text.clone()).collect(),
            Values::Drawn(drawn) => vec![drawn.shown()],
        };
        AxisRecord { path: axis.path.clone(), values }
    }
}

impl Manifest {
    /// What makes another sweep of two manifests, if anything does.
    pub fn differs(&self, other: &Manifest) -> Option<String> {
        let versions = (self.schema, &self.version) != (other.schema, &other.version);
        let differences = [
            (versions, format!("it was begun by sim {}, and this is {}", self.version, other.version)),
            (self.scenario != other.scenario, format!("it is of `{}`", self.scenario)),
            (self.seed != other.seed, format!("its seed is {}", self.seed)),
            (self.replications != other.replications, format!("it has {} replications a cell", self.replications)),
            (
                self.axes != other.axes || self.cells != other.cells || self.sampling != other.sampling,
                "its axes are others".into(),
            ),
            (self.set != other.set, "other settings are changed in it".into()),
            (self.scenario_sha256 != other.scenario_sha256, "the scenario has changed since".into()),
            (self.shard != other.shard, "it is another part of the sweep".into()),
        ];
        differences.into_iter().find(|(differs, _)| *differs).map(|(_, what)| what)
    }

    /// The same for all parts.
    pub fn whole(&self) -> Manifest {
        Manifest { shard: None, ..self.clone() }
    }

    /// Numbers of the cells that this folder is for.
    pub fn own_cells(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.cells).filter(|cell| self.shard.is_none_or(|shard| shard.has(*cell)))
    }
}

/// The hash of what a scenario is made of.
pub fn hash(parts: &[&[u8]]) -> String {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update((part.len() as u64).to_le_bytes());
        sha.update(part);
    }
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A sweep's folder.
#[derive(Clone, Debug)]
pub struct Store {
    /// Where it is.
    pub folder: PathBuf,
}

impl Store {
    /// Opens the folder of a sweep: a new one, or one that the same sweep has begun.
    ///
    /// # Errors
    /// If it belongs to another sweep or to something else, or cannot be written.
    pub fn open(folder: &Path, manifest: &Manifest) -> Result<Store, Failure> {
        let store = Store { folder: folder.to_path_buf() };
        let elsewhere = "choose another folder with `--out`, or remove it";
        match fs::read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::io("write to", folder, &error).help(elsewhere)),
            Ok(entries) => {
                let found = Store::read_manifest(folder)?;
                let names =
                    entries.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned());
                let stranger = names.into_iter().find(|name| !is_beginning(name));
                match (found, stranger) {
                    (Some(found), _) => {
                        if let Some(why) = found.differs(manifest) {
                            let text = format!("`{}` holds another sweep: {why}", folder.display());
                            return Err(Failure::new(text).help(elsewhere));
                        }
                        if found.view != manifest.view {
                            store.write(MANIFEST, &crate::output::json::pretty(manifest))?;
                        }
                        return Ok(store);
                    }
                    (None, Some(name)) => {
                        let text = format!("`{}` holds `{name}` and no sweep", folder.display());
                        return Err(Failure::new(text).help(elsewhere));
                    }
                    (None, None) => {}
                }
            }
        }
        let cells = folder.join(CELLS);
        fs::create_dir_all(&cells).map_err(|error| Failure::io("make the folder", &cells, &error).help(elsewhere))?;
        store.write(MANIFEST, &crate::output::json::pretty(manifest))?;
        Ok(store)
    }

    /// What a folder says about itself; none if it says nothing.
    ///
    /// # Errors
    /// If it says something that is no manifest.
    pub fn read_manifest(folder: &Path) -> Result<Option<Manifest>, Failure> {
        let path = folder.join(MANIFEST);
        match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::io("read", &path, &error)),
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(manifest) => Ok(Some(manifest)),
                Err(error) => Err(Failure::new(format!("`{}` is no manifest of a sweep: {error}", path.display()))),
            },
        }
    }

    /// A finished cell, if it is there. One that could not run is not: it gets another try.
    pub fn record(&self, cell: usize) -> Option<Record> {
        let bytes = fs::read(self.folder.join(name(cell))).ok()?;
        let record: Record = serde_json::from_slice(&bytes).ok()?;
        (record.cell == cell).then_some(record)
    }

    /// Puts a finished cell down.
    ///
    /// # Errors
    /// If the disk will not have it.
    pub fn keep(&self, record: &Record) -> Result<(), Failure> {
        self.write(&name(record.cell), &crate::output::json::pretty(record))
    }

    /// Takes away what killed processes were writing aside, when nobody is at work any more.
    pub fn tidy(&self) {
        for folder in [self.folder.clone(), self.folder.join(CELLS)] {
            let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
            for entry in entries.filter(|entry| entry.file_name().to_string_lossy().contains(".partial-")) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Writes a file of the folder aside and gives it its name when all of it is on the disk.
    ///
    /// # Errors
    /// If it cannot be written; what was there before is there still.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.folder.join(name);
        let aside = path.with_extension(format!("partial-{}", std::process::id()));
        let written = File::create(&aside)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&aside, &path));
        written.map_err(|error| {
            let _ = fs::remove_file(&aside);
            Failure::io("write", &path, &error)
        })
    }
}

/// Whether a sweep that was killed before its manifest was down leaves something of that name.
fn is_beginning(name: &str) -> bool {
    name == CELLS || name.starts_with("sweep.partial-")
}

fn name(cell: usize) -> String {
    format!("{CELLS}/{cell:06}.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            schema: 1,
            version: "0".into(),
            scenario: "x".into(),
            scenario_sha256: hash(&[b"x"]),
            seed: 1,
            replications: 2,
            set: vec![],
            axes: vec![AxisRecord { path: "a".into(), values: vec!["1".into(), "2".into()] }],
            cells: 2,
            sampling: None,
            shard: None,
            view: View::default(),
        }
    }

    #[test]
    fn a_folder_is_gone_on_with_by_its_own_sweep_alone() {
        let room = tempfile::tempdir().unwrap();
        let folder = room.path().join("sweep");
        let store = Store::open(&folder, &manifest()).unwrap();
        let metrics = BTreeMap::from([("m".to_string(), 0.1 + 0.2)]);
        let run = RunRecord { replication: 0, digest: "d".into(), metrics, expectations: vec![] };
        let record = Record { cell: 1, values: vec!["2".into()], error: None, replications: vec![run] };
        store.keep(&record).unwrap();
        let again = Store::open(&folder, &manifest()).unwrap();
        assert_eq!((again.record(1), again.record(0)), (Some(record), None), "to the last bit");
        for (other, why) in [
            (Manifest { seed: 2, ..manifest() }, "seed is 1"),
            (Manifest { scenario_sha256: hash(&[b"y"]), ..manifest() }, "has changed"),
            (Manifest { replications: 3, ..manifest() }, "2 replications"),
            (Manifest { shard: Some(Shard { index: 0, of: 2 }), ..manifest() }, "another part"),
        ] {
            let failure = Store::open(&folder, &other).unwrap_err().to_string();
            assert!(failure.contains(why), "{failure}");
        }
    }

    #[test]
    fn a_folder_of_something_else_is_never_touched() {
        let room = tempfile::tempdir().unwrap();
        fs::write(room.path().join("thesis.txt"), "years of work").unwrap();
        let failure = Store::open(room.path(), &manifest()).unwrap_err().to_string();
        assert!(failure.contains("thesis.txt"), "{failure}");
        assert_eq!(fs::read_dir(room.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_in_which_a_sweep_was_killed_at_once_is_as_good_as_new() {
        let room = tempfile::tempdir().unwrap();
        fs::create_dir(room.path().join(CELLS)).unwrap();
        fs::write(room.path().join("sweep.partial-7"), "{").unwrap();
        let store = Store::open(room.path(), &manifest()).unwrap();
        store.tidy();
        assert!(!room.path().join("sweep.partial-7").exists() && room.path().join(MANIFEST).exists());
    }

    #[test]
    fn a_record_cut_short_is_none() {
        let room = tempfile::tempdir().unwrap();
        let store = Store::open(&room.path().join("s"), &manifest()).unwrap();
        fs::write(store.folder.join(name(0)), b"{\"cell\": 0, \"val").unwrap();
        assert_eq!(store.record(0), None);
    }

    #[test]
    fn parts_share_out_all_cells() {
        let parts = (0..3).map(|index| Manifest { cells: 7, shard: Some(Shard { index, of: 3 }), ..manifest() });
        let mut all: Vec<usize> = parts.flat_map(|part| part.own_cells().collect::<Vec<_>>()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..7).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_hashed_cannot_be_shifted_from_part_to_part() {
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
    }
}
