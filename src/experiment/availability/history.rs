//! Years as they might be lived: rest, disturbance, rest, each year by itself, many at once.
//!
//! # Models      a year begins at rest, and a disturbance that outlives it belongs to it whole; years are folded in their order,
//!   so that the number of threads changes nothing
//! # Leaves out  a year that begins with something broken: the share of time that anything is broken is told

use super::cycle::{Dealing, cycle, pick};
use super::{Architecture, Cycle, YEAR_S};
use crate::Failure;
use rayon::prelude::*;
use sim_core::math::ln;
use sim_core::{Stream, Words};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// How long a look, and by which chance.
#[derive(Clone, Copy, Debug)]
pub struct Horizon<'a> {
    /// Years.
    pub years: u32,
    /// Seed of all streams.
    pub seed: u64,
    /// An outage is a stretch in which at least this share is lost.
    pub least_share: f64,
    /// Becomes true when the user breaks it off.
    pub stop: &'a AtomicBool,
}

/// What a cause has done: a mode, or several in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Deeds {
    /// Failures that began a disturbance; of several, times that they were to blame for a loss.
    pub times: u64,
    /// Outages that they were to blame for.
    pub outages: u64,
    /// Seconds lost by them.
    pub lost_s: f64,
    /// The longest of the outages.
    pub longest_s: f64,
}

/// An outage in its year.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    /// Year, from 0.
    pub year: u32,
    /// From the beginning of the year, in seconds.
    pub at_s: f64,
    /// In seconds.
    pub length_s: f64,
    /// Share × time, in seconds.
    pub lost_s: f64,
    /// The largest share lost.
    pub worst: f64,
    /// Modes that are to blame, in the order in which they failed.
    pub cause: Vec<u16>,
}

/// One year.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Year {
    /// Its length in seconds: longer than a year where a disturbance outlived it.
    pub length_s: f64,
    /// Of that, something was broken.
    pub disturbed_s: f64,
    /// Lost by one failure, in seconds.
    pub single_s: f64,
    /// Lost by several together.
    pub several_s: f64,
    /// Disturbances.
    pub disturbances: u64,
    /// Of these, put right by hand.
    pub by_hand: u64,
    /// Its outages.
    pub outages: Vec<Happened>,
    causes: BTreeMap<Vec<u16>, Deeds>,
}

/// All years.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// In order.
    pub years: Vec<Year>,
    /// By what had failed, in order.
    pub causes: BTreeMap<Vec<u16>, Deeds>,
}

/// Lives through so many years. `done` is told of each.
///
/// # Errors
/// If it was broken off, or something is broken all the time.
pub fn history<A: Architecture>(
    architecture: &A,
    rates: &[f64],
    horizon: &Horizon<'_>,
    done: &(dyn Fn(&Year) + Sync),
) -> Result<History, Failure> {
    let one = |year: u32| {
        if horizon.stop.load(Ordering::Relaxed) {
            return Err(Failure::Interrupted);
        }
        let lived = live(architecture, rates, horizon, year)?;
        done(&lived);
        Ok(lived)
    };
    let years: Result<Vec<Year>, Failure> = (0..horizon.years).into_par_iter().map(one).collect();
    let mut found = History { years: years?, causes: BTreeMap::new() };
    for year in &mut found.years {
        for (cause, deeds) in std::mem::take(&mut year.causes) {
            let sum = found.causes.entry(cause).or_default();
            sum.times += deeds.times;
            sum.outages += deeds.outages;
            sum.lost_s += deeds.lost_s;
            sum.longest_s = sum.longest_s.max(deeds.longest_s);
        }
    }
    Ok(found)
}

fn live<A: Architecture>(architecture: &A, rates: &[f64], horizon: &Horizon<'_>, number: u32) -> Result<Year, Failure> {
    let mut chance = Stream::new(horizon.seed, number, "availability", "failures");
    let worlds = Stream::new(horizon.seed, number, "availability", "worlds").word();
    let total: f64 = rates.iter().sum();
    let mut year = Year::default();
    let mut now_s = 0.0;
    for disturbance in 0.. {
        now_s -= ln(chance.unit()) / total;
        if now_s >= YEAR_S {
            break;
        }
        if horizon.stop.load(Ordering::Relaxed) {
            return Err(Failure::Interrupted);
        }
        let first = pick(rates, &mut chance);
        let one = cycle(architecture, (worlds, disturbance), first, &mut chance, Dealing::NATURAL, horizon.least_share);
        if one.endless {
            return Err(never_at_rest());
        }
        year.enter(number, now_s, &one);
        now_s += one.disturbed_s;
    }
    year.length_s = YEAR_S.max(year.length_s);
    Ok(year)
}

/// Why there are no years to speak of.
pub fn never_at_rest() -> Failure {
    Failure::new("something is broken all the time: a year passed without a moment of rest")
        .help("give longer times between failures or shorter repairs, or watch it with `sim run` and `Random` faults")
}

impl Year {
    fn enter(&mut self, number: u32, at_s: f64, one: &Cycle) {
        self.disturbances += 1;
        self.by_hand += u64::from(one.by_hand);
        self.disturbed_s += one.disturbed_s;
        self.length_s = at_s + one.disturbed_s;
        for (index, lost_s) in one.lost_s.iter().enumerate().filter(|entry| entry.0 == 0 || *entry.1 > 0.0) {
            if index == 0 {
                self.single_s += lost_s;
            } else {
                self.several_s += lost_s;
            }
            let deeds = self.causes.entry(one.strikes[..=index].to_vec()).or_default();
            deeds.times += 1;
            deeds.lost_s += lost_s;
        }
        for outage in &one.outages {
            let cause = one.strikes[..outage.strikes].to_vec();
            if let Some(deeds) = self.causes.get_mut(&cause) {
                deeds.outages += 1;
                deeds.longest_s = deeds.longest_s.max(outage.length_s);
            }
            self.outages.push(Happened {
                year: number,
                at_s: at_s + outage.from_s,
                length_s: outage.length_s,
                lost_s: outage.lost_s,
                worst: outage.worst,
                cause,
            });
        }
    }
}
