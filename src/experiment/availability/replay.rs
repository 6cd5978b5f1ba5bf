//! Failures played again with every request: what a rate cannot know.
//!
//! ```text
//!  a failure alone ─┬─ traffic as a rate ──────► seconds lost
//!                   └─ every request simulated ─► seconds lost     (the same repairs, the same luck)
//! ```
//! # Models      queues, workers held by a database that is gone, time-outs, retries that add load, health checks that fail
//!   because servers are busy, and groups that replace healthy instances for it
//! # Leaves out  failures of what is outside the world (regions, balancers, changes): the share that they lose is given
//! # Source      two levels of one estimate on common random numbers: Giles, "Multilevel Monte Carlo path simulation" (2008)

use super::cycle::{Dealing, cycle};
use super::history::Horizon;
use super::{Architecture, Cycle, YEAR_S};
use crate::Failure;
use models::years::{Disturbance, Quiet};
use rayon::prelude::*;
use serde::Serialize;
use sim_core::{Stream, Words};
use std::sync::atomic::Ordering;

/// Requests in one disturbance that are too many to play.
const MOST_REQUESTS: f64 = 2e7;

/// What a failure loses, as a rate and with every request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replay {
    /// What fails.
    pub cause: String,
    /// Times that it was played; 0: too many requests.
    pub times: u32,
    /// Minutes lost per failure, with traffic as a rate.
    pub as_rate_min: f64,
    /// Minutes lost per failure, with every request.
    pub with_requests_min: f64,
    /// Failures a year.
    pub failures_per_year: f64,
}

impl Replay {
    /// Minutes a year that requests lose more than the rate says.
    pub fn difference_min_per_year(&self) -> f64 {
        (self.with_requests_min - self.as_rate_min) * self.failures_per_year
    }
}

/// An architecture in which nothing fails but what is struck.
struct Alone<'a>(&'a Quiet);

impl Architecture for Alone<'_> {
    type World<'b>
        = Disturbance<'b>
    where
        Self: 'b;

    fn modes(&self) -> usize {
        Quiet::modes(self.0).len()
    }

    fn rate(&self, _: usize) -> f64 {
        0.0
    }

    fn begin(&self, seed: u64, replication: u32) -> Disturbance<'_> {
        Disturbance::begin(self.0, seed, replication)
    }
}

/// Plays each failure so many times, both ways. `done` is told of each mode.
///
/// # Errors
/// If it was broken off.
pub fn replays(
    quiet: &Quiet,
    loud: &Quiet,
    rates: &[f64],
    times: u32,
    horizon: &Horizon<'_>,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Replay>, Failure> {
    let one = |mode: usize| -> Result<Option<Replay>, Failure> {
        let failing = &quiet.modes()[mode];
        if rates[mode] <= 0.0 || quiet.is_outside(mode) {
            return Ok(None);
        }
        let name = failing.name.clone();
        let failures_per_year = rates[mode] * YEAR_S;
        let mut replay = Replay { cause: name, times, as_rate_min: 0.0, with_requests_min: 0.0, failures_per_year };
        for number in 0..times {
            let key = (Stream::new(horizon.seed, number, "availability", &format!("replay {mode}")).word(), number);
            let play = |quiet: &Quiet| -> Result<Cycle, Failure> {
                if horizon.stop.load(Ordering::Relaxed) {
                    return Err(Failure::Interrupted);
                }
                let mut chance = Stream::new(horizon.seed, number, "availability", "nothing else");
                Ok(cycle(&Alone(quiet), key, mode, &mut chance, Dealing::NATURAL, horizon.least_share))
            };
            let as_rate = play(quiet)?;
            if as_rate.disturbed_s * quiet.rate() > MOST_REQUESTS {
                return Ok(Some(Replay { times: 0, as_rate_min: 0.0, with_requests_min: 0.0, ..replay }));
            }
            let lost_min = |cycle: &Cycle| cycle.lost_s.iter().sum::<f64>() / 60.0 / f64::from(times);
            replay.as_rate_min += lost_min(&as_rate);
            replay.with_requests_min += lost_min(&play(loud)?);
        }
        Ok(Some(replay))
    };
    let all = (0..rates.len()).into_par_iter().map(|mode| {
        let found = one(mode);
        done();
        found
    });
    let all: Result<Vec<Option<Replay>>, Failure> = all.collect();
    Ok(all?.into_iter().flatten().collect())
}
