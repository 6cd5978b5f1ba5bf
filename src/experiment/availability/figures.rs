//! What the years say: availability and downtime with intervals, by cause; and what the rare combinations add.
//!
//! ```text
//!  History ─ lost while one part had failed ──────────────────┐
//!  Rare    ─ lost while several had (or History, without it) ─┴─► downtime per year ± ─► availability ─► nines
//! ```
//! # Models      Student's interval of the mean over years, or the bootstrap's where few years saw any loss; exact intervals of
//!   the number of outages; an upper bound where none was seen
//! # Source      Law, "Simulation Modeling and Analysis", section 4.5; percentile bootstrap: Efron and Tibshirani, "An
//!   Introduction to the Bootstrap" (1993), chapter 13; counts: Garwood, "Fiducial limits for the Poisson distribution" (1936)

use super::history::{Deeds, Happened};
use super::rare::Together;
use super::{History, Rare, YEAR_S};
use serde::Serialize;
use sim_core::math::{gamma_p_inverse, log10, student_t_quantile};
use sim_core::stats::quantile_of;
use sim_core::{Stream, Tally, Words};
use std::collections::BTreeMap;

/// Level of all intervals.
pub const LEVEL: f64 = 0.95;

/// Fewer years with any loss than this, and the bootstrap is asked.
const FEW: usize = 30;

/// Resamples of the bootstrap.
const RESAMPLES: usize = 2000;

/// Minutes in a year.
pub const YEAR_MIN: f64 = YEAR_S / 60.0;

/// A figure with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The best guess.
    pub mean: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What is found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Availability {
    /// Scenario.
    pub scenario: String,
    /// Version of the program.
    pub version: String,
    /// Seed.
    pub seed: u64,
    /// Years of history.
    pub years: u32,
    /// Requests per second, all year.
    pub requests_per_s: f64,
    /// Share of requests served.
    pub availability: Estimate,
    /// Nines: −log10 of the share lost; none where nothing was.
    pub nines: Option<f64>,
    /// Minutes a year, were all of what is lost lost at once.
    pub downtime_min_per_year: Estimate,
    /// How the interval was made: `student`, `bootstrap`, or `none seen`.
    pub interval: &'static str,
    /// An outage is a stretch in which at least this share of the requests is lost.
    pub outage_from_share: f64,
    /// Outages in the history.
    pub outages: u64,
    /// Outages a year.
    pub outages_per_year: Estimate,
    /// Lengths of the outages.
    pub outage_lengths: Option<Lengths>,
    /// The outage in which most was lost.
    pub worst: Option<Worst>,
    /// Times that something failed while all was well.
    pub disturbances: u64,
    /// Of these, put right by hand.
    pub restored_by_hand: u64,
    /// Share of the time in which anything was broken.
    pub disturbed_share: f64,
    /// By what had failed, one part at a time.
    pub causes: Vec<Cause>,
    /// What several failures at a time add.
    pub combinations: Combinations,
    /// The ways in which parts fail.
    pub modes: Vec<ModeFigures>,
}

/// Lengths of outages, in seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lengths {
    /// Half are shorter.
    pub p50_s: f64,
    /// Nine of ten are.
    pub p90_s: f64,
    /// 99 of 100 are.
    pub p99_s: f64,
    /// The longest.
    pub longest_s: f64,
    /// How many are no longer than each bound, and longer than the one before.
    pub histogram: Vec<Bin>,
}

/// Outages of one order of length.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// No longer than this, in seconds; none: any longer one.
    pub up_to_s: Option<f64>,
    /// How many.
    pub outages: u64,
}

/// The outage in which most was lost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Worst {
    /// Year, from 1.
    pub year: u32,
    /// In seconds.
    pub length_s: f64,
    /// Minutes lost, were all of what was lost lost at once.
    pub lost_min: f64,
    /// What had failed.
    pub cause: String,
}

/// What one part's failures do while nothing else is broken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cause {
    /// What failed.
    pub cause: String,
    /// Failures a year, with the exact interval of what was counted.
    pub failures_per_year: Estimate,
    /// Outages that followed, in the history.
    pub outages: u64,
    /// Minutes lost a year.
    pub downtime_min_per_year: f64,
    /// The longest outage, in seconds.
    pub longest_s: f64,
}

/// What several failures at a time add.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Combinations {
    /// Forced disturbances; 0: the history alone.
    pub cycles: u32,
    /// Minutes lost a year while several parts had failed.
    pub downtime_min_per_year: Estimate,
    /// The same as the history saw it.
    pub in_history_min_per_year: f64,
    /// Standard error over mean; none where nothing was lost.
    pub relative_error: Option<f64>,
    /// Outages a year that began then.
    pub outages_per_year: f64,
    /// Of the minutes, those lost by coincidence: one of the failures would have cost as much alone.
    pub coincidence_min_per_year: f64,
    /// The worst of the others.
    pub worst: Vec<Combination>,
}

/// Parts that failed one after the other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Combination {
    /// What failed, in order.
    pub cause: Vec<String>,
    /// Minutes lost a year.
    pub downtime_min_per_year: f64,
    /// Years between two outages of the kind; none where it causes none.
    pub once_in_years: Option<f64>,
    /// Whether the last of the failures would have cost as much alone.
    pub coincidence: bool,
}

/// A way in which parts fail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModeFigures {
    /// Its name.
    pub name: String,
    /// Parts that can fail so while all is well.
    pub parts: f64,
    /// Mean time between failures of one part, in years.
    pub mtbf_years: f64,
    /// Mean time to repair, where it is repaired and not replaced, in seconds.
    pub mttr_s: Option<f64>,
    /// Whether the time between failures is the default.
    pub assumed: bool,
}

/// Bounds of the orders of length, in seconds.
const BOUNDS_S: [f64; 6] = [60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0];

/// Combinations that are named.
const NAMED: usize = 12;

/// The names and settings that come with the figures.
#[derive(Debug)]
pub struct Setting<'a> {
    /// Scenario.
    pub scenario: &'a str,
    /// Seed.
    pub seed: u64,
    /// Requests per second.
    pub requests_per_s: f64,
    /// Share from which on it is an outage.
    pub least_share: f64,
    /// The ways in which parts fail, in the order of their numbers.
    pub modes: Vec<ModeFigures>,
}

/// All figures.
pub fn figures(setting: Setting<'_>, history: &History, rare: Option<&Rare>) -> Availability {
    let name = |mode: &u16| setting.modes[*mode as usize].name.clone();
    let years = history.years.len() as f64;
    let span: f64 = history.years.iter().map(|year| year.length_s).sum::<f64>() / YEAR_S;
    // Minutes per year, by year; what rare cycles say better is left to them.
    let minutes = |year: &super::history::Year| {
        let several_s = if rare.is_some() { 0.0 } else { year.several_s };
        (year.single_s + several_s) / 60.0 * (YEAR_S / year.length_s)
    };
    let values: Vec<f64> = history.years.iter().map(minutes).collect();
    let in_history = history.years.iter().map(|year| year.several_s).sum::<f64>() / 60.0 / span;
    let combinations = combinations(rare, in_history, history, &setting.modes);
    let outages: Vec<&Happened> = history.years.iter().flat_map(|year| &year.outages).collect();
    let (downtime, interval) = downtime(&values, rare, &combinations, setting.seed);
    let share = |minutes: f64| (1.0 - minutes / YEAR_MIN).clamp(0.0, 1.0);
    let lost = downtime.mean / YEAR_MIN;
    let worst = outages.iter().copied().reduce(|a, b| if b.lost_s > a.lost_s { b } else { a });
    Availability {
        scenario: setting.scenario.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: setting.seed,
        years: years as u32,
        requests_per_s: setting.requests_per_s,
        availability: Estimate { mean: share(downtime.mean), low: share(downtime.high), high: share(downtime.low) },
        nines: (lost > 0.0).then(|| -log10(lost.min(1.0))),
        downtime_min_per_year: downtime,
        interval,
        outage_from_share: setting.least_share,
        outages: outages.len() as u64,
        outages_per_year: counted(outages.len() as u64, span),
        outage_lengths: lengths(&outages),
        worst: worst.map(|outage| Worst {
            year: outage.year + 1,
            length_s: outage.length_s,
            lost_min: outage.lost_s / 60.0,
            cause: outage.cause.iter().map(name).collect::<Vec<_>>().join(", then "),
        }),
        disturbances: history.years.iter().map(|year| year.disturbances).sum(),
        restored_by_hand: history.years.iter().map(|year| year.by_hand).sum(),
        disturbed_share: history.years.iter().map(|year| year.disturbed_s).sum::<f64>() / YEAR_S / span,
        causes: causes(&history.causes, span, &setting.modes),
        combinations,
        modes: setting.modes,
    }
}

/// Minutes a year with their interval, and how that was made.
fn downtime(values: &[f64], rare: Option<&Rare>, combinations: &Combinations, seed: u64) -> (Estimate, &'static str) {
    let tally: Tally = values.iter().copied().collect();
    let lived = tally.mean().unwrap_or(0.0);
    let added = if rare.is_some() { combinations.downtime_min_per_year.mean } else { 0.0 };
    let added_error = combinations.relative_error.map_or(0.0, |error| error * added);
    let mean = lived + added;
    let seen = values.iter().filter(|value| **value > 0.0).count();
    if seen == 0 && added == 0.0 {
        return (Estimate { mean: 0.0, low: 0.0, high: 0.0 }, "none seen");
    }
    let t = student_t_quantile((values.len().max(2) - 1) as f64, 0.5 + 0.5 * LEVEL);
    if seen >= FEW {
        let error = tally.variance().map_or(0.0, |variance| (variance / values.len() as f64).sqrt());
        let half = t * (error * error + added_error * added_error).sqrt();
        return (Estimate { mean, low: (mean - half).max(0.0), high: mean + half }, "student");
    }
    let means = resampled(values, seed);
    let end = |q: f64| quantile_of(&means, q).unwrap_or(lived);
    let (low, high) = (end(0.5 - 0.5 * LEVEL), end(0.5 + 0.5 * LEVEL));
    let widen = |side: f64| (side * side + t * t * added_error * added_error).sqrt();
    (Estimate { mean, low: (mean - widen(lived - low)).max(0.0), high: mean + widen(high - lived) }, "bootstrap")
}

/// Means of years drawn again and again from those that were lived.
fn resampled(values: &[f64], seed: u64) -> Vec<f64> {
    let mut chance = Stream::new(seed, 0, "availability", "bootstrap");
    let count = values.len() as u32;
    let mean = |_| (0..count).map(|_| values[chance.below(count) as usize]).sum::<f64>() / f64::from(count.max(1));
    (0..RESAMPLES).map(mean).collect()
}

/// A count over a span in years, as a rate with its exact interval; where nothing was counted, the upper end is the
/// one-sided bound.
pub fn counted(count: u64, span: f64) -> Estimate {
    let n = count as f64;
    let tail = 0.5 * (1.0 - LEVEL);
    let (low, high) = match count {
        0 => (0.0, gamma_p_inverse(1.0, LEVEL)),
        _ => (gamma_p_inverse(n, tail), gamma_p_inverse(n + 1.0, 1.0 - tail)),
    };
    Estimate { mean: n / span, low: low / span, high: high / span }
}

fn lengths(outages: &[&Happened]) -> Option<Lengths> {
    let values: Vec<f64> = outages.iter().map(|outage| outage.length_s).collect();
    let at = |q: f64| quantile_of(&values, q);
    let mut histogram: Vec<Bin> = BOUNDS_S.iter().map(|&bound| Bin { up_to_s: Some(bound), outages: 0 }).collect();
    histogram.push(Bin { up_to_s: None, outages: 0 });
    for value in &values {
        let bin = BOUNDS_S.iter().position(|bound| value <= bound).unwrap_or(BOUNDS_S.len());
        histogram[bin].outages += 1;
    }
    Some(Lengths { p50_s: at(0.5)?, p90_s: at(0.9)?, p99_s: at(0.99)?, longest_s: at(1.0)?, histogram })
}

/// What each mode's failures did by themselves, the worst first.
fn causes(found: &BTreeMap<Vec<u16>, Deeds>, span: f64, modes: &[ModeFigures]) -> Vec<Cause> {
    let of = |(index, mode): (usize, &ModeFigures)| {
        let deeds = found.get(&vec![index as u16]).copied().unwrap_or_default();
        Cause {
            cause: mode.name.clone(),
            failures_per_year: counted(deeds.times, span),
            outages: deeds.outages,
            downtime_min_per_year: deeds.lost_s / 60.0 / span,
            longest_s: deeds.longest_s,
        }
    };
    let mut causes: Vec<Cause> = modes.iter().enumerate().map(of).collect();
    causes.sort_by(|a, b| b.downtime_min_per_year.total_cmp(&a.downtime_min_per_year));
    causes
}

fn combinations(rare: Option<&Rare>, in_history: f64, history: &History, modes: &[ModeFigures]) -> Combinations {
    let name = |mode: &u16| modes[*mode as usize].name.clone();
    let span: f64 = history.years.iter().map(|year| year.length_s).sum::<f64>() / YEAR_S;
    // Per year, by what had failed.
    let mut found: Vec<(&Vec<u16>, Together)> = match rare {
        Some(rare) => {
            let yearly = |sums: &Together| Together {
                times: sums.times * rare.per_year,
                outages: sums.outages * rare.per_year,
                lost_s: sums.lost_s * rare.per_year,
            };
            rare.combinations.iter().map(|(cause, sums)| (cause, yearly(sums))).collect()
        }
        None => {
            let yearly = |deeds: &Deeds| Together {
                times: deeds.times as f64 / span,
                outages: deeds.outages as f64 / span,
                lost_s: deeds.lost_s / span,
            };
            let several = history.causes.iter().filter(|entry| entry.0.len() > 1);
            several.map(|(cause, deeds)| (cause, yearly(deeds))).collect()
        }
    };
    found.sort_by(|a, b| b.1.lost_s.total_cmp(&a.1.lost_s));
    let outages_per_year = found.iter().map(|entry| entry.1.outages).sum();
    let worst: Vec<Combination> = found
        .iter()
        .map(|(cause, sums)| Combination {
            cause: cause.iter().map(name).collect(),
            downtime_min_per_year: sums.lost_s / 60.0,
            once_in_years: (sums.outages > 0.0).then(|| 1.0 / sums.outages),
            coincidence: coincides(rare, history, cause, sums.lost_s / sums.times.max(f64::MIN_POSITIVE)),
        })
        .collect();
    let coincidence_min_per_year =
        worst.iter().filter(|one| one.coincidence).map(|one| one.downtime_min_per_year).sum();
    let worst = worst.into_iter().filter(|one| !one.coincidence).take(NAMED).collect();
    let relative_error = rare.and_then(Rare::relative_error);
    let mean = rare.map_or(in_history, |rare| rare.lost_s.mean().unwrap_or(0.0) / 60.0 * rare.per_year);
    let half = 1.96 * relative_error.unwrap_or(0.0) * mean;
    Combinations {
        cycles: rare.map_or(0, |rare| rare.cycles),
        downtime_min_per_year: Estimate { mean, low: (mean - half).max(0.0), high: mean + half },
        in_history_min_per_year: in_history,
        relative_error,
        outages_per_year,
        coincidence_min_per_year,
        worst,
    }
}

/// Whether parts that failed together lost about as much each time, `each_s` seconds, as the last of them loses alone.
fn coincides(rare: Option<&Rare>, history: &History, cause: &[u16], each_s: f64) -> bool {
    let Some(last) = cause.last() else { return false };
    let alone_s = match rare {
        Some(rare) => rare.alone_s[*last as usize],
        None => history.causes.get(&vec![*last]).map_or(0.0, |deeds| deeds.lost_s / deeds.times.max(1) as f64),
    };
    each_s <= 2.0 * alone_s
}
