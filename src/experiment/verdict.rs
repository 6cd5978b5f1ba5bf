//! Verdicts: whether expectations hold in the replications made, and what these prove of all the runs there could be.
//!
//! ```text
//!  replications ──each: its result──► in every run │ in a share of runs │ the mean ──► held, not proven, broken
//! ```
//! # Models      a share of runs is proven by Clopper and Pearson's exact lower bound, a mean by Student's interval; what the
//!   runs made do not show is broken, what they show without proving it is not proven, and says how many runs would
//! # Leaves out  looking again after more runs until it holds, which would prove too much

use models::plan::Plan;
use models::result::{ExpectationResult, Over};
use sim_core::stats::Interval;

/// Confidence of what is said of all runs where the expectation is about each one made.
const LEVEL: f64 = super::LEVEL;

/// More runs than this are not asked for.
const MOST_RUNS: u64 = 1_000_000;

/// More runs than this are not made unless they are asked for.
const MOST_UNASKED: u32 = 1000;

/// How many runs a mean takes at first.
const RUNS_FOR_A_MEAN: u32 = 10;

/// How an expectation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds.
    Held,
    /// It holds in the runs made, which are too few to say so of all.
    NotProven,
    /// It does not.
    Broken,
}

/// What the replications say of an expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// How it stands.
    pub standing: Standing,
    /// Replications in which it held.
    pub held: u32,
    /// Of so many.
    pub of: u32,
    /// The number of the replication that is shown: the first in which it did not hold, or the first of all.
    pub replication: u32,
    /// What was found there.
    pub shown: ExpectationResult,
    /// What is proven.
    pub proof: Proof,
}

/// What the replications prove.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Proof {
    /// It is required of each run that is made; of all there could be it holds in at least this share.
    Each {
        /// Share, at 95 %.
        share_at_least: f64,
    },
    /// It is required of a share of all runs.
    InRuns {
        /// The share required.
        share: f64,
        /// At this confidence.
        confidence: f64,
        /// The share proven.
        proven: f64,
        /// So many runs in all would prove it, if it held in all that are still to be made.
        needs: Option<u64>,
    },
    /// It is required of the mean.
    Mean {
        /// The mean of the runs made; none if some run has no such figure.
        mean: Option<f64>,
        /// Half the width of its interval; none of a single run.
        half_width: Option<f64>,
        /// At this confidence.
        confidence: f64,
        /// About so many runs in all would prove it, if they are like these.
        needs: Option<u64>,
    },
}

/// What several runs say of each expectation, in order; each run by its number and its results.
pub fn verdicts(runs: &[(u32, &[ExpectationResult])]) -> Vec<Verdict> {
    let first = runs.first().map_or(&[][..], |first| first.1);
    let one = |i: usize| {
        let of: Vec<(u32, &ExpectationResult)> =
            runs.iter().filter_map(|(index, results)| Some((*index, results.get(i)?))).collect();
        verdict(&of)
    };
    (0..first.len()).filter_map(one).collect()
}

/// What several results of one expectation say; nothing without any.
fn verdict(results: &[(u32, &ExpectationResult)]) -> Option<Verdict> {
    let (first, over) = results.first().map(|first| (first, first.1.over))?;
    let of = results.len() as u64;
    let held = results.iter().filter(|one| one.1.held).count() as u64;
    let (replication, shown) = results.iter().find(|one| !one.1.held).unwrap_or(first);
    let (standing, proof) = match over {
        Over::Each => {
            let standing = if held == of { Standing::Held } else { Standing::Broken };
            (standing, Proof::Each { share_at_least: Interval::share_at_least(held, of, LEVEL) })
        }
        Over::InRuns { share, confidence } => {
            let proven = Interval::share_at_least(held, of, confidence);
            let standing = match held as f64 / of as f64 {
                _ if proven >= share => Standing::Held,
                found if found >= share => Standing::NotProven,
                _ => Standing::Broken,
            };
            let needs = runs_for_share(share, confidence, of - held).filter(|_| standing == Standing::NotProven);
            (standing, Proof::InRuns { share, confidence, proven, needs })
        }
        Over::Mean { at_least, at_most, confidence } => {
            let values: Option<Vec<f64>> = results.iter().map(|one| one.1.value).collect();
            mean(values.as_deref(), (at_least, at_most), confidence)
        }
    };
    Some(Verdict {
        standing,
        held: held as u32,
        of: of as u32,
        replication: *replication,
        shown: (*shown).clone(),
        proof,
    })
}

/// Whether a mean lies within limits, and is proven to.
fn mean(values: Option<&[f64]>, limits: (Option<f64>, Option<f64>), confidence: f64) -> (Standing, Proof) {
    let Some(values) = values else {
        return (Standing::Broken, Proof::Mean { mean: None, half_width: None, confidence, needs: None });
    };
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let half_width = Interval::from_samples(values, confidence).map(|interval| interval.half_width);
    let within =
        |by: f64| limits.0.is_none_or(|least| mean - by >= least) && limits.1.is_none_or(|most| mean + by <= most);
    let standing = match half_width {
        _ if !within(0.0) => Standing::Broken,
        Some(half_width) if within(half_width) => Standing::Held,
        _ => Standing::NotProven,
    };
    // Half the width falls with the root of the number of runs.
    let room = [limits.0.map(|least| mean - least), limits.1.map(|most| most - mean)];
    let room = room.into_iter().flatten().fold(f64::INFINITY, f64::min);
    let needs = match half_width {
        Some(half_width) if room > 0.0 => {
            let times = half_width / room;
            Some((values.len() as f64 * times * times).ceil() as u64)
        }
        Some(_) => None,
        None => Some(u64::from(RUNS_FOR_A_MEAN)),
    };
    let needs = needs.filter(|needs| standing == Standing::NotProven && *needs <= MOST_RUNS);
    (standing, Proof::Mean { mean: Some(mean), half_width, confidence, needs })
}

/// The fewest runs that prove a share if so many of them fail.
fn runs_for_share(share: f64, confidence: f64, failures: u64) -> Option<u64> {
    let proves = |runs: u64| runs > failures && Interval::share_at_least(runs - failures, runs, confidence) >= share;
    let mut enough = failures + 1;
    while !proves(enough) {
        enough *= 2;
        if enough > MOST_RUNS {
            return None;
        }
    }
    // More runs with as many failures prove more.
    let (mut too_few, mut enough) = (enough / 2, enough);
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        if proves(middle) {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    Some(enough)
}

/// How many replications the expectations of a plan take at least before they can all be held to be true; a thousand if they
/// take more.
pub fn runs_wanted(plan: &Plan) -> u32 {
    let wanted = plan.expectations.iter().map(|expectation| match expectation.over {
        Over::Each => 1,
        Over::InRuns { share, confidence } => {
            runs_for_share(share, confidence, 0).and_then(|runs| u32::try_from(runs).ok()).unwrap_or(1)
        }
        Over::Mean { .. } => RUNS_FOR_A_MEAN,
    });
    wanted.max().unwrap_or(1).min(MOST_UNASKED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(over: Over, held: &[bool], values: &[f64]) -> Verdict {
        let results: Vec<ExpectationResult> = held
            .iter()
            .zip(values.iter().map(|value| Some(*value).filter(|value| value.is_finite())))
            .map(|(&held, value)| ExpectationResult { held, value, over, ..ExpectationResult::default() })
            .collect();
        let numbered: Vec<(u32, &ExpectationResult)> = (0..).zip(&results).collect();
        verdict(&numbered).unwrap()
    }

    fn in_runs(share: f64, held: usize, failed: usize) -> Verdict {
        let runs: Vec<bool> = std::iter::repeat_n(true, held).chain(std::iter::repeat_n(false, failed)).collect();
        let over = Over::InRuns { share, confidence: 0.95 };
        of(over, &runs, &vec![0.0; runs.len()])
    }

    /// 0.95^n falls to 0.05 between 58 and 59: the textbook's 59 runs for 95 % at 95 %.
    #[test]
    fn a_share_is_held_only_when_it_is_proven() {
        for (held, failed, standing, needs) in [
            (59, 0, Standing::Held, None),
            (58, 0, Standing::NotProven, Some(59)),
            (1, 0, Standing::NotProven, Some(59)),
            (0, 1, Standing::Broken, None),
            // 19 of 20 meet 95 % exactly, and prove 78.4 %; with one failure it takes 93.
            (19, 1, Standing::NotProven, Some(93)),
            (18, 2, Standing::Broken, None),
            (92, 1, Standing::Held, None),
            (91, 1, Standing::NotProven, Some(93)),
        ] {
            let verdict = in_runs(0.95, held, failed);
            let Proof::InRuns { needs: says, .. } = verdict.proof else { panic!("{verdict:?}") };
            assert_eq!((verdict.standing, says), (standing, needs), "{held} held, {failed} not");
            assert_eq!((verdict.held as usize, verdict.of as usize), (held, held + failed));
        }
        let Proof::InRuns { proven, .. } = in_runs(0.95, 19, 1).proof else { panic!() };
        assert!((proven - 0.784).abs() < 5e-4, "{proven}");
    }

    #[test]
    fn without_a_run_there_is_no_verdict() {
        assert_eq!(verdict(&[]), None);
        assert!(verdicts(&[]).is_empty());
    }

    #[test]
    fn the_first_run_that_broke_it_is_shown() {
        let verdict = of(Over::Each, &[true, false, false], &[3.0, 1.0, 2.0]);
        assert_eq!((verdict.standing, verdict.replication, verdict.shown.value), (Standing::Broken, 1, Some(1.0)));
        let verdict = of(Over::Each, &[true, true], &[3.0, 1.0]);
        assert_eq!((verdict.standing, verdict.replication), (Standing::Held, 0));
    }

    /// Mean 10, half width 1.9632 (see `aggregate`).
    #[test]
    fn a_mean_is_held_only_when_its_whole_interval_is() {
        let values = [8.0, 9.0, 10.0, 11.0, 12.0];
        for (at_least, at_most, standing) in [
            (Some(8.0), None, Standing::Held),
            (Some(8.1), None, Standing::NotProven),
            (Some(10.0), None, Standing::NotProven),
            (Some(10.1), None, Standing::Broken),
            (None, Some(12.0), Standing::Held),
            (None, Some(11.9), Standing::NotProven),
            (Some(8.0), Some(9.9), Standing::Broken),
        ] {
            let over = Over::Mean { at_least, at_most, confidence: 0.95 };
            assert_eq!(of(over, &[true; 5], &values).standing, standing, "{at_least:?} {at_most:?}");
        }
        let over = Over::Mean { at_least: Some(9.0), at_most: None, confidence: 0.95 };
        // (1.9632 / 1)² times 5 runs.
        let Proof::Mean { needs, .. } = of(over, &[true; 5], &values).proof else { panic!() };
        assert_eq!(needs, Some(20));
        let one = of(over, &[true], &[10.0]);
        assert_eq!(one.standing, Standing::NotProven);
        let alike = of(over, &[true; 2], &[9.0; 2]);
        assert_eq!(alike.standing, Standing::Held, "no spread, and the bound is part of what holds");
        let never = of(over, &[true, false], &[10.0, f64::INFINITY]);
        assert_eq!((never.standing, never.replication), (Standing::Broken, 1));
    }
}
