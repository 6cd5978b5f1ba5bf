//! The bench on which settings are run: replications of several at a time on all cores, written down in their order.
//!
//! ```text
//!  (candidate, replication) … ──► pool ──► figures, in the order asked for ──► the candidates' records
//! ```
//! # Models      whichever thread was first changes nothing; a setting that cannot run costs no run and is out
//! # Leaves out  what is to be run: the race and what follows it say so

use super::candidate::{Candidate, Fate};
use super::problem::{Chance, Problem, Stopped};
use crate::Failure;
use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The bench.
pub struct Lab<'a, P: Problem> {
    problem: &'a P,
    pool: rayon::ThreadPool,
    /// Settings that are ready to run, by their numbers.
    ready: Vec<Option<Arc<P::Ready>>>,
    /// Runs so far.
    pub runs: u64,
}

impl<'a, P: Problem> Lab<'a, P> {
    /// A bench with so many threads; all cores if not said.
    pub fn new(problem: &'a P, threads: Option<usize>) -> Result<Lab<'a, P>, Failure> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build();
        let pool = pool.map_err(|error| Failure::new(format!("cannot start the threads: {error}")))?;
        Ok(Lab { problem, pool, ready: Vec::new(), runs: 0 })
    }

    /// Makes settings ready; what cannot be is marked so.
    pub fn prepare(&mut self, candidates: &mut [Candidate], ids: &[usize]) {
        self.ready.resize_with(self.ready.len().max(candidates.len()), || None);
        let wanted: Vec<usize> =
            ids.iter().copied().filter(|id| self.ready[*id].is_none() && candidates[*id].is_possible()).collect();
        let problem = self.problem;
        let read: &[Candidate] = candidates;
        let made: Vec<Result<P::Ready, String>> =
            self.pool.install(|| wanted.par_iter().map(|id| problem.prepare(read[*id].values.as_deref())).collect());
        for (id, made) in wanted.into_iter().zip(made) {
            match made {
                Ok(ready) => self.ready[id] = Some(Arc::new(ready)),
                Err(why) => candidates[id].fate = Fate::Impossible(why),
            }
        }
    }

    /// What settings that are out of the race were made of is needed no more.
    pub fn forget(&mut self, keep: &[usize]) {
        for (id, ready) in self.ready.iter_mut().enumerate() {
            if !keep.contains(&id) {
                *ready = None;
            }
        }
    }

    /// Runs what is missing until each of the settings has `to` replications.
    pub fn raise(
        &mut self,
        candidates: &mut [Candidate],
        ids: &[usize],
        chance: Chance,
        to: usize,
    ) -> Result<(), Failure> {
        self.prepare(candidates, ids);
        let mut tasks: Vec<(usize, u32, Arc<P::Ready>)> = Vec::new();
        for &id in ids {
            let Some(ready) = &self.ready[id] else { continue };
            let has = record(&mut candidates[id], chance).len();
            tasks.extend((has..to).map(|replication| (id, replication as u32, Arc::clone(ready))));
        }
        let problem = self.problem;
        // A mistake of ours in one setting is no reason to lose the others.
        let one = |(_, replication, ready): &(usize, u32, Arc<P::Ready>)| {
            catch_unwind(AssertUnwindSafe(|| problem.run(ready, chance, *replication)))
                .unwrap_or_else(|_| Err(Stopped::Broken("it ended in a mistake of `sim` itself".into())))
        };
        // An indexed parallel iterator collects in order, whichever thread was first.
        let found: Vec<Result<Vec<f64>, Stopped>> = self.pool.install(|| tasks.par_iter().map(one).collect());
        for ((id, ..), found) in tasks.into_iter().zip(found) {
            self.runs += 1;
            match found {
                Ok(figures) => record(&mut candidates[id], chance).push(figures),
                Err(Stopped::Interrupted) => return Err(Failure::Interrupted),
                Err(Stopped::Broken(why)) => {
                    if candidates[id].is_possible() {
                        candidates[id].fate = Fate::Impossible(why);
                    }
                    self.ready[id] = None;
                }
            }
        }
        Ok(())
    }
}

/// The runs of a setting.
fn record(candidate: &mut Candidate, chance: Chance) -> &mut Vec<Vec<f64>> {
    match chance {
        Chance::Search => &mut candidate.runs,
        Chance::Fresh => &mut candidate.fresh,
    }
}
