//! Memory of the server process: what it takes, what it leaks, and its end when there is no more.
//!
//! ```text
//!  deliver ─► one more in flight ─► at the limit? ─┐
//!  time ────► leak ─► MemoryDue ──────────────────┴─► out of memory ─► killed, restarts │ machine hangs
//! ```
//! # Models      base use, use per request in flight, leaks per request and per hour; the out-of-memory killer and the restart
//!   by a supervisor; a machine that hangs instead; slowdown by swapping (with a margin, so that it does not flutter)
//! # Leaves out  garbage collectors; memory of other processes; what a full disk cache would have saved
//! # Source      Linux, `Documentation/admin-guide/mm`; `aws/scaling.md` M2, M6 (memory is no EC2 metric: an agent sends it)

use super::{Condition, Event, Instances};
use crate::event;
use crate::plan::{AtLimit, FleetId, Memory, StatusCheck};
use crate::request::InstanceId;
use crate::result::{EventKind, MemoryFigures};
use crate::shared::Cx;
use sim_core::{Duration, Time};

/// Swapping ends this far below where it began, as a share of that.
const SWAP_MARGIN: f64 = 0.95;

/// The memory of one process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Footprint {
    terms: Memory,
    /// Requests in flight.
    present: u32,
    /// Left behind by requests since the process started.
    leaked: f64,
    /// The process started.
    since: Time,
    /// When the limit was last announced to be reached by leaking alone, and how often that was.
    due: Time,
    epoch: u32,
    swapping: bool,
    /// It has run out: nothing more is asked for.
    ended: bool,
    peak: f64,
}

impl Footprint {
    /// Of a process that has not started.
    pub fn new(terms: Memory, now: Time) -> Footprint {
        Footprint {
            terms,
            present: 0,
            leaked: 0.0,
            since: now,
            due: Time::MAX,
            epoch: 0,
            swapping: false,
            ended: false,
            peak: 0.0,
        }
    }

    /// Takes over the announcements of the machine before it, which are none of its own.
    pub fn follows(&mut self, old: &Footprint) {
        self.epoch = old.epoch + 1;
    }

    fn used(&self, now: Time) -> f64 {
        let hours = (now - self.since).as_secs_f64() / 3_600.0;
        self.terms.base
            + self.terms.per_request * f64::from(self.present)
            + self.leaked
            + self.terms.leak_per_hour * hours
    }

    /// When leaking alone comes to the limit.
    fn full(&self, now: Time) -> Option<Time> {
        let left = self.terms.limit - self.used(now);
        let per_ns = self.terms.leak_per_hour / 3_600e9;
        (per_ns > 0.0).then(|| now.saturating_add(Duration::from_nanos((left / per_ns).max(0.0).ceil() as u64)))
    }
}

impl Instances {
    /// One more request in flight.
    pub(super) fn takes_memory(&mut self, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        let Some(memory) = &mut self.rows[instance].memory else { return };
        memory.present += 1;
        memory.leaked += memory.terms.leak_per_request;
        self.memory_changed(instance, now, cx);
    }

    /// One less.
    pub(super) fn gives_memory(&mut self, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        let Some(memory) = &mut row.memory else { return };
        memory.present = memory.present.saturating_sub(1);
        let swaps = memory.swapping;
        if swaps && memory.used(now) < memory.terms.swap_from * memory.terms.limit * SWAP_MARGIN {
            memory.swapping = false;
            self.disturb(instance, cx);
        }
    }

    /// The process starts, with nothing but its base.
    pub(super) fn fresh_memory(&mut self, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        let Some(memory) = &mut row.memory else { return };
        **memory = Footprint { epoch: memory.epoch + 1, peak: memory.peak, ..Footprint::new(memory.terms, now) };
        self.memory_changed(instance, now, cx);
    }

    /// Looks whether there is enough, and announces when leaking alone will have used it up.
    #[cold]
    fn memory_changed(&mut self, instance: InstanceId, now: Time, cx: &mut Cx) {
        let Some(memory) = &mut self.rows[instance].memory else { return };
        if memory.ended {
            return;
        }
        let used = memory.used(now);
        memory.peak = memory.peak.max(used);
        let starts_swapping = !memory.swapping && used > memory.terms.swap_from * memory.terms.limit;
        memory.swapping |= starts_swapping;
        let event = |memory: &Footprint| event::Event::Instance(Event::MemoryDue { instance, epoch: memory.epoch });
        if used > memory.terms.limit {
            // Not here: whoever is in the middle of something is to come to its end first.
            memory.epoch += 1;
            memory.due = now;
            cx.hand_over(event(memory));
        } else if let Some(full) = memory.full(now)
            && full < memory.due
        {
            memory.epoch += 1;
            memory.due = full;
            cx.list.at(full, event(memory));
        }
        if starts_swapping {
            self.disturb(instance, cx);
        }
    }

    /// Memory may have run out.
    pub(super) fn memory_due(&mut self, instance: InstanceId, epoch: u32, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        let serving = row.condition() == Condition::Serving;
        let Some(memory) = &mut row.memory else { return };
        if memory.epoch != epoch || !serving {
            return;
        }
        memory.due = Time::MAX;
        let (used, terms) = (memory.used(now), memory.terms);
        memory.peak = memory.peak.max(used);
        // What was in flight at the announcement may be gone; a byte is below anybody's notice.
        if used < terms.limit - 1e-6 {
            return self.memory_changed(instance, now, cx);
        }
        memory.epoch += 1;
        memory.ended = true;
        let (present, fleet) = (memory.present, cx.directory.facts(instance).fleet);
        let figures = &mut self.memory[fleet];
        figures.oom_kills += 1;
        figures.requests_lost += u64::from(present);
        let what = match terms.at_limit {
            AtLimit::Killed => format!("{present} requests in flight are lost; it restarts in {}", terms.restart),
            AtLimit::Hangs => "the machine stands still".to_string(),
        };
        let detail = format!("the process needs {used:.0} MiB of {:.0}: {what}", terms.limit);
        let cause = cx.blame.of_instance(instance);
        let entry = cx.timeline.record(now, EventKind::OutOfMemory, cx.name_of(instance), detail, cause);
        cx.blame.instance(instance, entry);
        match terms.at_limit {
            AtLimit::Killed => {
                self.end_process(instance, false, Condition::Refusing, cx);
                let life = self.rows[instance].life;
                cx.list.after(terms.restart, event::Event::Instance(Event::Restart { instance, life }));
            }
            AtLimit::Hangs => {
                self.freeze(instance, true, cx);
                self.ill(instance, StatusCheck::Instance, true, entry, cx);
            }
        }
    }

    /// Speed that swapping leaves.
    pub(super) fn swap_speed(&self, instance: InstanceId) -> f64 {
        match &self.rows[instance].memory {
            Some(memory) if memory.swapping => memory.terms.swap_speed,
            _ => 1.0,
        }
    }

    /// Memory used by the process now, in MiB; none if nobody asked or it does not run.
    pub fn memory_used(&self, instance: InstanceId, now: Time) -> Option<f64> {
        let row = self.rows.get(instance)?;
        let memory = row.memory.as_ref()?;
        (row.condition() == Condition::Serving).then(|| memory.used(now))
    }

    /// The same as an agent reports it, in percent.
    pub fn memory_percent(&self, instance: InstanceId, now: Time, cx: &Cx) -> Option<f64> {
        let terms = self.rows.get(instance)?.memory.as_ref()?.terms;
        let there = cx.plan.fleets[cx.directory.facts(instance).fleet].template.machine.memory_mib;
        let whole = if there > 0.0 { there } else { terms.limit };
        Some(100.0 * self.memory_used(instance, now)? / whole)
    }

    /// What memory has come to in a fleet; none if its service has no memory settings.
    pub fn memory_figures(&self, fleet: FleetId, now: Time, cx: &Cx) -> Option<MemoryFigures> {
        let service = cx.plan.services.values().find(|service| service.fleet == fleet)?;
        let terms = service.memory?;
        let mut figures = self.memory[fleet];
        figures.limit_mib = terms.limit;
        let (mut there, mut used) = (0, 0.0);
        for (instance, row) in self.rows.iter() {
            if cx.directory.facts(instance).fleet != fleet {
                continue;
            }
            if let Some(memory) = &row.memory {
                figures.peak_mib = figures.peak_mib.max(memory.peak);
            }
            if let Some(now) = self.memory_used(instance, now) {
                there += 1;
                used += now;
                figures.peak_mib = figures.peak_mib.max(now);
            }
        }
        figures.final_mib = used / f64::from(there.max(1));
        Some(figures)
    }

    /// Keeps the figures of a process whose machine is gone.
    pub(super) fn close_memory(&mut self, instance: InstanceId, fleet: FleetId) {
        if let Some(memory) = &self.rows[instance].memory {
            let figures = &mut self.memory[fleet];
            figures.peak_mib = figures.peak_mib.max(memory.peak);
        }
    }
}
