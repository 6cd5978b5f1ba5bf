//! Replications of one plan on all cores, each with its own streams, folded in the order of their numbers.
//!
//! ```text
//!  Plan ─0──► simulate ──► whole result kept (summary.json, timeline, series, plots)
//!      ├─1──► simulate ──► figures kept, the rest dropped: memory grows with the figures alone
//!      └─2──► …
//! ```
//! # Models      a run may be broken off; then the others are too, and there is no result at all
//! # Leaves out  which figure matters

use super::precision::Precision;
use super::{Aggregate, Bar, metrics};
use crate::Failure;
use crate::output::Trace;
use crate::stopwatch::{self, Stopwatch};
use models::plan::Plan;
use models::result::{ExpectationResult, RunResult, Series};
use models::{Glance, Interrupted, Progress, RequestRecord, RequestSpans, Watcher};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Columns of the series that are kept of each replication, to be drawn as bands.
pub const BANDS: [&str; 3] = ["succeeded_per_s", "failed_per_s", "latency_ms.p99"];

/// Values beyond which no bands are kept, over all replications: 32 MiB.
const MOST_BAND_VALUES: usize = 4 << 20;

/// How a plan is to be run.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// Seed of all replications.
    pub seed: u64,
    /// How many, at least 1.
    pub replications: u32,
    /// How narrow an interval is to be, and the most replications for it; then `replications` are but the first.
    pub precision: Option<(&'a Precision, u32)>,
    /// On how many threads; all cores if not said.
    pub threads: Option<usize>,
    /// Becomes true when the user breaks it off.
    pub stop: &'a AtomicBool,
    /// Told how far it has got.
    pub bar: &'a Bar,
}

/// What was found.
#[derive(Debug)]
pub struct Experiment {
    /// Replication 0, whole.
    pub first: RunResult,
    /// The figures of all, in order; of one as well.
    pub replications: Vec<Replication>,
    /// What several say together.
    pub aggregate: Option<Aggregate>,
    /// Requests ended, over all.
    pub requests: u64,
    /// Wall time, for all.
    pub wall_s: f64,
}

/// What is kept of a replication.
#[derive(Clone, Debug, PartialEq)]
pub struct Replication {
    /// Its number, from 0.
    pub index: u32,
    /// Its digest.
    pub digest: String,
    /// Its figures.
    pub metrics: BTreeMap<String, f64>,
    /// Its expectations.
    pub expectations: Vec<ExpectationResult>,
    /// The columns named in [`BANDS`], if there are several replications and they are not too long.
    pub bands: Option<Series>,
}

impl Experiment {
    /// Whether every expectation held in every replication.
    pub fn held(&self) -> bool {
        self.replications.iter().all(|one| one.expectations.iter().all(|expectation| expectation.held))
    }
}

/// Who looks at replication 0 while it runs.
#[derive(Default)]
#[allow(missing_debug_implementations)]
pub struct Onlookers<'a> {
    /// Writes down every request.
    pub trace: Option<&'a mut Trace>,
    /// Follows a sample of them.
    pub spans: Option<&'a mut SpansOf>,
    /// Shows how it goes.
    pub live: Option<&'a mut (dyn Watcher + Send)>,
}

/// A sample of requests: how many are wanted, and what was found.
#[derive(Debug, Default)]
pub struct SpansOf {
    /// How many are wanted.
    pub most: usize,
    /// Those that were followed.
    pub found: Vec<RequestSpans>,
}

/// Runs a plan.
///
/// # Errors
/// If it was broken off, if the trace could not be written, or if there are no threads to be had.
pub fn replicate(plan: &Plan, settings: &Settings<'_>, onlookers: Onlookers<'_>) -> Result<Experiment, Failure> {
    let seed = settings.seed;
    replicate_with(settings, onlookers, &|replication, watcher| models::simulate(plan, seed, replication, watcher))
}

/// How one replication is run.
type Simulate<'a> = dyn Fn(u32, &mut dyn Watcher) -> Result<RunResult, Interrupted> + Sync + 'a;

fn replicate_with(
    settings: &Settings<'_>,
    onlookers: Onlookers<'_>,
    simulate: &Simulate<'_>,
) -> Result<Experiment, Failure> {
    let clock = Stopwatch::start();
    let onlookers = Mutex::new(onlookers);
    let one = |index: u32| -> Result<(Replication, Option<RunResult>, u64), Interrupted> {
        let first = if index == 0 { onlookers.lock().ok() } else { None };
        let onlookers = first.map(|mut onlookers| std::mem::take(&mut *onlookers)).unwrap_or_default();
        let (replication, result, requests) = watched(settings, index, onlookers, simulate)?;
        Ok((replication, (index == 0).then_some(result), requests))
    };
    let alone = settings.precision.is_none() && settings.replications <= 1 || settings.threads == Some(1);
    let pool = match alone {
        true => None,
        false => Some(
            rayon::ThreadPoolBuilder::new()
                .num_threads(settings.threads.unwrap_or(0))
                .build()
                .map_err(|error| Failure::new(format!("cannot start the threads: {error}")))?,
        ),
    };
    let mut first = None;
    let mut replications = Vec::new();
    let mut requests = 0;
    let mut wanted = settings.replications.max(1);
    while (replications.len() as u32) < wanted {
        let indices = replications.len() as u32..wanted;
        let all: Result<Vec<_>, Interrupted> = match &pool {
            None => indices.map(&one).collect(),
            // An indexed parallel iterator collects in order, whichever thread was first.
            Some(pool) => pool.install(|| indices.into_par_iter().map(&one).collect()),
        };
        for (replication, result, ended) in all.map_err(|Interrupted| Failure::Interrupted)? {
            replications.push(replication);
            first = first.or(result);
            requests += ended;
        }
        if let Some((precision, most)) = settings.precision {
            let values: Vec<f64> = replications
                .iter()
                .filter_map(|one: &Replication| one.metrics.get(&precision.metric).copied())
                .collect();
            if values.len() < replications.len() {
                let text = format!("no figure named `{}` in every replication", precision.metric);
                return Err(Failure::new(text).help("`replications.csv` of a run has their names"));
            }
            let needed = precision.needed(&values).min(most);
            settings.bar.expect(f64::from(needed) / f64::from(wanted.max(1)));
            wanted = wanted.max(needed);
        }
    }
    let first = first.ok_or_else(|| Failure::new("no replication was run"))?;
    let aggregate = (replications.len() > 1).then(|| Aggregate::fold(&first.summary, &replications));
    Ok(Experiment { first, replications, aggregate, requests, wall_s: clock.seconds() })
}

/// One replication of a plan, for those who fold by themselves; bands are not kept.
///
/// # Errors
/// If it was broken off.
pub fn single(plan: &Plan, index: u32, settings: &Settings<'_>) -> Result<Replication, Interrupted> {
    let alone = Settings { replications: 1, ..*settings };
    let simulate = |replication, watcher: &mut dyn Watcher| models::simulate(plan, settings.seed, replication, watcher);
    watched(&alone, index, Onlookers::default(), &simulate).map(|(replication, ..)| replication)
}

/// One replication with what is kept of it, all of it, and the requests that ended.
fn watched(
    settings: &Settings<'_>,
    index: u32,
    onlookers: Onlookers<'_>,
    simulate: &Simulate<'_>,
) -> Result<(Replication, RunResult, u64), Interrupted> {
    let mut watch = Watch { settings, onlookers, seen_s: 0.0, seen_requests: 0 };
    let clock = Stopwatch::start();
    let mut result = simulate(index, &mut watch)?;
    let requests = result.summary.requests.succeeded + result.summary.requests.failed;
    let run = &mut result.summary.run;
    run.wall_s = clock.seconds();
    run.requests_per_wall_s = requests as f64 / run.wall_s.max(1e-9);
    run.peak_rss_mb = stopwatch::peak_rss_mb();
    result.summary.version = env!("CARGO_PKG_VERSION").into();
    let replication = Replication {
        index,
        digest: result.summary.digest.clone(),
        metrics: metrics(&result.summary),
        expectations: result.summary.expectations.clone(),
        bands: bands(
            &result.series,
            settings.replications.max(settings.precision.map_or(0, |(_, most)| most.min(1000))),
        ),
    };
    Ok((replication, result, requests))
}

/// What is kept of a series for the bands.
fn bands(series: &Series, replications: u32) -> Option<Series> {
    let values = BANDS.len() * series.rows() * replications as usize;
    let columns = || BANDS.iter().filter_map(|name| series.get(name).cloned()).collect();
    (replications > 1 && values <= MOST_BAND_VALUES)
        .then(|| Series { interval_s: series.interval_s, columns: columns() })
}

/// Watches one replication.
struct Watch<'a, 'b> {
    settings: &'a Settings<'a>,
    onlookers: Onlookers<'b>,
    seen_s: f64,
    seen_requests: u64,
}

impl Watcher for Watch<'_, '_> {
    fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        // The time after the end, when the last requests drain, is no progress.
        let now_s = progress.now.as_secs_f64().min(progress.end.as_secs_f64());
        self.settings.bar.advance((now_s - self.seen_s).max(0.0), progress.requests.saturating_sub(self.seen_requests));
        (self.seen_s, self.seen_requests) = (now_s, progress.requests);
        let full = self.onlookers.trace.as_ref().is_some_and(|trace| trace.has_failed());
        let ended = self.onlookers.live.as_mut().is_some_and(|live| live.progress(progress).is_break());
        if full || ended || self.settings.stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn request(&mut self, record: RequestRecord) {
        if let Some(trace) = &mut self.onlookers.trace {
            trace.record(&record);
        }
    }

    fn wants_requests(&self) -> bool {
        self.onlookers.trace.is_some()
    }

    fn wants_spans(&self) -> usize {
        self.onlookers.spans.as_ref().map_or(0, |spans| spans.most)
    }

    fn spans(&mut self, found: Vec<RequestSpans>) {
        if let Some(spans) = &mut self.onlookers.spans {
            spans.found = found;
        }
    }

    fn glance(&mut self, glance: Glance<'_>) {
        if let Some(live) = &mut self.onlookers.live {
            live.glance(glance);
        }
    }

    fn events_between(&self) -> u64 {
        self.onlookers.live.as_ref().map_or(().events_between(), |live| live.events_between())
    }
}

impl std::fmt::Debug for Watch<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("seen_s", &self.seen_s).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::sample;
    use sim_core::Time;

    /// A plan is only handed on, so that replications can be made by hand: the later ones end first, and each differs.
    fn by_hand(replications: u32, threads: usize, stop: &AtomicBool) -> Result<Experiment, Failure> {
        let bar = Bar::new(1.0, true);
        let run = Settings { seed: 1, replications, precision: None, threads: Some(threads), stop, bar: &bar };
        replicate_with(&run, Onlookers::default(), &|index, watcher| {
            let now = Time::ZERO;
            if watcher.progress(Progress { now, end: now, events: 1, requests: 1 }).is_break() {
                return Err(Interrupted);
            }
            std::thread::sleep(std::time::Duration::from_millis(u64::from(8 - index.min(8))));
            let mut result = sample::result();
            result.summary.replication = index;
            result.summary.availability = 1.0 / (f64::from(index) + 3.0);
            result.summary.digest = format!("{index:016x}");
            Ok(result)
        })
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let stop = AtomicBool::new(false);
        let (one, many) = (by_hand(9, 1, &stop).unwrap(), by_hand(9, 4, &stop).unwrap());
        // As text, since a gap in a series is not equal to itself.
        assert_eq!(format!("{:?}", one.replications), format!("{:?}", many.replications));
        assert_eq!(one.aggregate, many.aggregate);
        let indices: Vec<u32> = many.replications.iter().map(|one| one.index).collect();
        assert_eq!(indices, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(many.first.summary.replication, 0);
    }

    #[test]
    fn one_run_has_no_interval() {
        let found = by_hand(1, 1, &AtomicBool::new(false)).unwrap();
        assert_eq!(found.aggregate, None);
        assert!(!found.held());
    }

    #[test]
    fn breaking_off_leaves_no_result() {
        assert!(matches!(by_hand(4, 2, &AtomicBool::new(true)), Err(Failure::Interrupted)));
    }
}
