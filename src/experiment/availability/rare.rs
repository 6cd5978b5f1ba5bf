//! Rare combinations: what happens when a second part fails before the first is back, too seldom for any history to see.
//!
//! ```text
//!  first failure: half by its rate, half any mode alike ─► cycle with failures forced in ─► lost × likelihood ratio ─► mean
//! ```
//! # Models      importance sampling of regenerative cycles: balanced failure biasing (every mode alike gets a share of the forced
//!   failures) until all is lost, at a rate of 1 / (T + t) at a time t after the last failure, T the length of a usual
//!   disturbance: forced failures have a heavy tail, lest a long repair weigh exponentially much; a tenth of the cycles dealt
//!   as they come, so that no ratio exceeds ten and the variance stays finite (defensive mixture). Importance
//!   sampling rather than splitting, since the way to a rare state here is short, two or three failures in a row, and there
//!   is no level on the way at which to split
//! # Leaves out  repairs forced to be slow: biasing is of failures alone
//! # Source      Shahabuddin, "Importance sampling for the simulation of highly reliable Markovian systems" (1994); Nicola,
//!   Nakayama, Heidelberger, Goyal, "Fast simulation of highly dependable systems with general failure and repair
//!   processes" (1993); Hesterberg, "Weighted average importance sampling and defensive mixture distributions" (1995)

use super::cycle::{Dealing, cycle, pick};
use super::history::{Horizon, never_at_rest};
use super::{Architecture, Cycle, YEAR_S};
use crate::Failure;
use rayon::prelude::*;
use sim_core::{Stream, Tally, Words};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// Share of the cycles that are dealt as they come.
const NATURAL: f64 = 0.1;

/// Cycles of each mode from which the length of a usual disturbance is read.
const PILOT: u32 = 8;

/// What the forced disturbances say of losses for which several failures are to blame.
#[derive(Clone, Debug)]
pub struct Rare {
    /// Cycles.
    pub cycles: u32,
    /// Seconds lost per cycle by several together, with likelihood ratios.
    pub lost_s: Tally,
    /// Outages per cycle that they are to blame for.
    pub outages: Tally,
    /// By what had failed, in order.
    pub combinations: BTreeMap<Vec<u16>, Together>,
    /// Seconds lost by a failure of each mode alone, on average over a few.
    pub alone_s: Vec<f64>,
    /// Mean length of a disturbance as it comes, in seconds.
    pub disturbed_s: f64,
    /// Disturbances per year.
    pub per_year: f64,
}

/// What several failures did together, per cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Together {
    /// Times that they were to blame for a loss.
    pub times: f64,
    /// Outages.
    pub outages: f64,
    /// Seconds lost.
    pub lost_s: f64,
}

/// Looks at so many forced disturbances. `done` is told of each.
///
/// # Errors
/// If it was broken off, or something is broken all the time.
pub fn rare<A: Architecture>(
    architecture: &A,
    rates: &[f64],
    cycles: u32,
    horizon: &Horizon<'_>,
    done: &(dyn Fn() + Sync),
) -> Result<Rare, Failure> {
    let (lengths, alone_s): (Vec<f64>, Vec<f64>) = pilots(architecture, rates, horizon)?.into_iter().unzip();
    let total: f64 = rates.iter().sum();
    let able = rates.iter().filter(|rate| **rate > 0.0).count().max(1) as f64;
    let even = |rate: &f64| if *rate > 0.0 { 0.5 * rate / total + 0.5 / able } else { 0.0 };
    let first: Vec<f64> = rates.iter().map(even).collect();
    let one = |number: u32| -> Result<(Cycle, f64), Failure> {
        if horizon.stop.load(Ordering::Relaxed) {
            return Err(Failure::Interrupted);
        }
        let mut chance = Stream::new(horizon.seed, number, "availability", "forced failures");
        let world = chance.word();
        let mode = pick(&first, &mut chance);
        let dealing = Dealing { usual_s: lengths[mode], natural: chance.chance(NATURAL) };
        let found = cycle(architecture, (world, number), mode, &mut chance, dealing, horizon.least_share);
        if found.endless {
            return Err(never_at_rest());
        }
        // Density as it comes over that of the mixture from which it was dealt.
        let ratio = 1.0 / (NATURAL + (1.0 - NATURAL) / found.ratio);
        let weight = ratio * (rates[mode] / total) / first[mode];
        done();
        Ok((found, weight))
    };
    let all: Result<Vec<(Cycle, f64)>, Failure> = (0..cycles).into_par_iter().map(one).collect();
    let able_only = rates.iter().zip(&lengths).filter(|pair| *pair.0 > 0.0);
    let disturbed_s = able_only.map(|(rate, length)| rate / total * length).sum::<f64>();
    let per_year = YEAR_S / (1.0 / total + disturbed_s);
    let mut found = Rare {
        cycles,
        lost_s: Tally::new(),
        outages: Tally::new(),
        combinations: BTreeMap::new(),
        alone_s,
        disturbed_s,
        per_year,
    };
    for (one, weight) in all? {
        found.enter(&one, weight);
    }
    Ok(found)
}

impl Rare {
    fn enter(&mut self, one: &Cycle, weight: f64) {
        self.lost_s.record(weight * one.lost_s.iter().skip(1).sum::<f64>());
        let begun = one.outages.iter().filter(|outage| outage.strikes > 1);
        self.outages.record(weight * begun.clone().count() as f64);
        let share = weight / f64::from(self.cycles);
        for (index, lost_s) in one.lost_s.iter().enumerate().skip(1).filter(|entry| *entry.1 > 0.0) {
            let together = self.combinations.entry(one.strikes[..=index].to_vec()).or_default();
            together.times += share;
            together.lost_s += share * lost_s;
        }
        for outage in begun {
            self.combinations.entry(one.strikes[..outage.strikes].to_vec()).or_default().outages += share;
        }
    }

    /// Standard error over mean of what was lost; none if nothing was.
    pub fn relative_error(&self) -> Option<f64> {
        let mean = self.lost_s.mean().filter(|mean| *mean > 0.0)?;
        Some((self.lost_s.variance()? / self.lost_s.count() as f64).sqrt() / mean)
    }
}

/// Mean length of a disturbance that each mode begins, dealt as it comes, and the seconds lost before anything else fails.
fn pilots<A: Architecture>(architecture: &A, rates: &[f64], horizon: &Horizon<'_>) -> Result<Vec<(f64, f64)>, Failure> {
    let one = |mode: usize| -> Result<(f64, f64), Failure> {
        if rates[mode] <= 0.0 {
            return Ok((f64::INFINITY, 0.0));
        }
        let (mut length_s, mut lost_s) = (0.0, 0.0);
        for number in 0..PILOT {
            if horizon.stop.load(Ordering::Relaxed) {
                return Err(Failure::Interrupted);
            }
            let mut chance = Stream::new(horizon.seed, number, "availability", &format!("pilot {mode}"));
            let key = (chance.word(), number);
            let found = cycle(architecture, key, mode, &mut chance, Dealing::NATURAL, horizon.least_share);
            if found.endless {
                return Err(never_at_rest());
            }
            length_s += found.disturbed_s / f64::from(PILOT);
            lost_s += found.lost_s[0] / f64::from(PILOT);
        }
        Ok((length_s.max(1e-3), lost_s))
    };
    (0..rates.len()).into_par_iter().map(one).collect()
}
