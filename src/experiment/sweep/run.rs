//! Running a sweep: every replication of every cell that is not done, on all cores.
//!
//! ```text
//!  (cell, replication) in order ──next──► thread ──simulate──► kept until the cell's last ──► record on disk
//!                                └──next──► thread ──simulate──►          │
//!                                                                 in the order of their numbers
//! ```
//! # Models      whichever thread is free takes the next replication, so that one long cell keeps no core waiting; a cell's
//!   record is the same for any number of threads
//! # Leaves out  results: they are read back from the records, whoever made them

use super::design::Cell;
use super::manifest::{Record, RunRecord, Store};
use crate::Failure;
use crate::experiment::replicate::single;
use crate::experiment::{Bar, Settings};
use models::plan::Plan;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What is to be done, and how.
pub struct Work<'a> {
    /// All cells that are wanted.
    pub cells: Vec<&'a Cell>,
    /// The plan of a cell, or why there is none.
    pub plan: &'a (dyn Fn(&Cell) -> Result<Plan, String> + Sync),
    /// Where finished cells are kept.
    pub store: &'a Store,
    /// Seed of all cells.
    pub seed: u64,
    /// Replications of each.
    pub replications: u32,
    /// On how many threads; all cores if not said.
    pub threads: Option<usize>,
    /// Becomes true when the user breaks it off.
    pub stop: &'a AtomicBool,
    /// Told how far it has got.
    pub bar: &'a Bar,
}

/// A cell in progress.
struct Pending<'a> {
    cell: &'a Cell,
    plan: Mutex<Option<Arc<Result<Plan, String>>>>,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    runs: Vec<RunRecord>,
    error: Option<String>,
    ended: u32,
}

/// Runs what is not done. What is done stays done, whatever happens.
///
/// # Errors
/// If it was broken off, or a record could not be written. A cell that cannot run is no error: its record says so.
pub fn run(work: &Work<'_>) -> Result<(), Failure> {
    let todo = |cell: &&&Cell| work.store.record(cell.index).is_none_or(|record| record.error.is_some());
    let pending: Vec<Pending<'_>> = work
        .cells
        .iter()
        .filter(todo)
        .map(|cell| Pending { cell, plan: Mutex::new(None), found: Mutex::new(Found::default()) })
        .collect();
    let replications = work.replications.max(1) as usize;
    work.bar.cells(work.cells.len(), work.cells.len() - pending.len());
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(work.threads.unwrap_or(0))
        .build()
        .map_err(|error| Failure::new(format!("cannot start the threads: {error}")))?;
    let (next, given_up) = (AtomicUsize::new(0), AtomicBool::new(false));
    let results: Vec<Result<(), Failure>> = pool.broadcast(|_| {
        loop {
            let task = next.fetch_add(1, Ordering::Relaxed);
            let Some(pending) = pending.get(task / replications) else { return Ok(()) };
            if given_up.load(Ordering::Relaxed) {
                return Ok(());
            }
            if let Err(failure) = replication(work, pending, (task % replications) as u32) {
                given_up.store(true, Ordering::Relaxed);
                return Err(failure);
            }
        }
    });
    let broken_off = work.stop.load(Ordering::Relaxed);
    // A disk that is full is the reason to tell, rather than that the others stopped for it.
    let (interrupted, failed): (Vec<_>, Vec<_>) =
        results.into_iter().filter_map(Result::err).partition(|failure| matches!(failure, Failure::Interrupted));
    match failed.into_iter().next() {
        Some(failure) => Err(failure),
        None if broken_off || !interrupted.is_empty() => Err(Failure::Interrupted),
        None => Ok(()),
    }
}

/// One replication of a cell; the last to end writes the record.
fn replication(work: &Work<'_>, pending: &Pending<'_>, index: u32) -> Result<(), Failure> {
    let plan = {
        let mut plan = pending.plan.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(plan.get_or_insert_with(|| Arc::new((work.plan)(pending.cell))))
    };
    let settings = Settings {
        seed: work.seed,
        replications: work.replications,
        precision: None,
        threads: Some(1),
        stop: work.stop,
        bar: work.bar,
    };
    let found = match plan.as_ref() {
        Err(error) => Err(error.clone()),
        // A mistake of ours in one cell is no reason to lose the others.
        Ok(plan) => match catch_unwind(AssertUnwindSafe(|| single(plan, index, &settings))) {
            Ok(Ok(run)) => Ok(RunRecord::from(run)),
            Ok(Err(models::Interrupted)) => return Err(Failure::Interrupted),
            Err(_) => Err(format!("replication {index} ended in a mistake of `sim` itself")),
        },
    };
    let mut all = pending.found.lock().unwrap_or_else(PoisonError::into_inner);
    all.ended += 1;
    match found {
        Ok(run) => all.runs.push(run),
        Err(error) => all.error = all.error.take().or(Some(error)),
    }
    if all.ended < work.replications.max(1) {
        return Ok(());
    }
    let found = std::mem::take(&mut *all);
    drop(all);
    let mut runs = found.runs;
    runs.sort_by_key(|run| run.replication);
    if found.error.is_some() {
        runs.clear();
    }
    let values = pending.cell.values.iter().map(|value| value.shown.clone()).collect();
    work.store.keep(&Record { cell: pending.cell.index, values, error: found.error, replications: runs })?;
    // Its plan is needed no more.
    pending.plan.lock().unwrap_or_else(PoisonError::into_inner).take();
    work.bar.cell_done();
    Ok(())
}
