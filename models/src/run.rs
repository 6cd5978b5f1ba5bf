//! Running a plan: from a world at time zero to its result, with a watcher told how far it has got.

use crate::Outcome;
use crate::plan::Plan;
use crate::result::{Column, RunResult, TimelineEvent};
use crate::spans::{RequestSpans, Sampler};
use crate::world::World;
use sim_core::{Engine, Time};
use std::ops::ControlFlow;

/// How far a run has got.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Simulated time reached.
    pub now: Time,
    /// Simulated time at which the run ends (before draining).
    pub end: Time,
    /// Events handled.
    pub events: u64,
    /// Requests ended.
    pub requests: u64,
}

/// One ended request, for a trace.
#[derive(Clone, Copy, Debug)]
pub struct RequestRecord {
    /// Sent at.
    pub born: Time,
    /// Ended at.
    pub ended: Time,
    /// Index into `Plan::populations`.
    pub population: u16,
    /// Index into `Plan::endpoints`.
    pub endpoint: u16,
    /// Attempts made.
    pub attempts: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// Instance that served the last attempt, `u32::MAX` if none did.
    pub instance: u32,
}

/// Who watches a run. Watching cannot disturb it: nothing given to a watcher can be changed through it.
pub trait Watcher {
    /// Told every few ten thousand events; `Break` ends the run at once.
    fn progress(&mut self, progress: Progress) -> ControlFlow<()>;

    /// Told of every ended request, if [`Watcher::wants_requests`].
    fn request(&mut self, _record: RequestRecord) {}

    /// Whether [`Watcher::request`] is to be called. Default no.
    fn wants_requests(&self) -> bool {
        false
    }

    /// How many requests are to be followed through their spans. Default none.
    fn wants_spans(&self) -> usize {
        0
    }

    /// Given the spans of those that were followed, at the end of the run.
    fn spans(&mut self, _spans: Vec<RequestSpans>) {}

    /// Shown what there is so far, together with [`Watcher::progress`].
    fn glance(&mut self, _glance: Glance<'_>) {}

    /// Events between two calls of [`Watcher::progress`].
    fn events_between(&self) -> u64 {
        CHUNK
    }
}

/// Nobody watches.
impl Watcher for () {
    fn progress(&mut self, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// What a run has come to so far.
#[derive(Clone, Copy, Debug)]
pub struct Glance<'a> {
    /// The rows of the series that are full, by column.
    pub series: &'a [Column],
    /// What has happened.
    pub timeline: &'a [TimelineEvent],
}

/// The watcher ended the run before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// Events between two looks of the watcher.
const CHUNK: u64 = 65_536;

/// Runs one replication of `plan` under `seed`. A pure function of its arguments: the watcher only watches.
///
/// After the plan's duration no request is born, and those in flight get the plan's drain time to end.
///
/// # Errors
/// [`Interrupted`] if the watcher said `Break`.
pub fn simulate(plan: &Plan, seed: u64, replication: u32, watcher: &mut dyn Watcher) -> Result<RunResult, Interrupted> {
    let mut engine = Engine::new();
    let mut world = World::build(plan, seed, replication, watcher.wants_requests());
    let end = Time::ZERO + plan.duration;
    let last = end + plan.drain;
    let mut sampler = Some(watcher.wants_spans()).filter(|most| *most > 0).map(|most| Sampler::new(most, plan));
    loop {
        let target = if world.closed.is_none() { end } else { last };
        let chunk = watcher.events_between().max(1);
        let reached = match &mut sampler {
            None => engine.run_until(&mut world, target, chunk, &mut ()),
            Some(sampler) => followed(&mut engine, &mut world, target, chunk, sampler),
        };
        for record in world.shared.observe.take_records() {
            watcher.request(record);
        }
        let progress =
            Progress { now: world.shared.now(), end, events: engine.events, requests: world.shared.observe.ended };
        watcher.glance(Glance { series: world.series.columns(), timeline: world.shared.timeline.entries() });
        if watcher.progress(progress).is_break() {
            return Err(Interrupted);
        }
        let drained = world.closed.is_some() && world.shared.observe.in_flight == 0;
        if reached == sim_core::Progress::Empty || drained || (reached != sim_core::Progress::Limit && target == last) {
            if let Some(sampler) = sampler {
                watcher.spans(sampler.finish(world.shared.now()));
            }
            return Ok(world.finish(engine.digest.to_string(), progress));
        }
    }
}

/// The same loop with a probe in it, out of the way of the one without.
#[cold]
#[inline(never)]
fn followed(
    engine: &mut Engine,
    world: &mut World<'_>,
    target: Time,
    chunk: u64,
    sampler: &mut Sampler,
) -> sim_core::Progress {
    engine.run_until(world, target, chunk, sampler)
}
