//! Configuration management on machines in service: runs that come again and again, and when the fleet changes.
//!
//! ```text
//!  Up ─► phase ─► Converge ─► CPU load for the length of a run ─► its end (failed: an entry) ─► the next
//!  Up, Gone of another of the fleet ─► Converge at once (the Configure event)
//! ```
//! # Models      each machine by its own clock; runs that overlap add up their load
//! # Leaves out  what a run changes; agents that fall silent are seen to in `status`
//! # Source      AWS OpsWorks user guide, "AWS OpsWorks Stacks Lifecycle Events"; `aws/scaling.md` §7.2

use super::{Condition, Event, Instances};
use crate::event;
use crate::plan::Converge;
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use sim_core::{Duration, Words};

/// What a `Converge` event is about.
pub(super) mod stage {
    /// A run by the clock begins.
    pub const BY_CLOCK: u8 = 0;
    /// A run because the fleet has changed begins.
    pub const BY_CHANGE: u8 = 1;
    /// A run ends.
    pub const END: u8 = 2;
}

impl Instances {
    /// A machine has joined: its own clock starts, and all others are told.
    pub(super) fn joins(&mut self, instance: InstanceId, cx: &mut Cx) {
        let Some(converge) = &cx.template_of(instance).machine.converge else { return };
        // After a reboot its clock goes on.
        let first = !std::mem::replace(&mut self.rows[instance].clocked, true);
        if converge.every != Duration::MAX && first {
            let machine = self.rows[instance].machine;
            let purpose = format!("converge phase {machine}");
            let share = cx.stream(&cx.name_of(instance), &purpose).unit();
            let phase = Duration::from_secs_f64(converge.every.as_secs_f64() * share);
            let begin = Event::Converge { instance, machine, stage: stage::BY_CLOCK };
            cx.list.after(phase, event::Event::Instance(begin));
        }
        self.fleet_changed(instance, converge, cx);
    }

    /// A machine has left: the others are told.
    pub(super) fn leaves(&mut self, instance: InstanceId, cx: &mut Cx) {
        if let Some(converge) = &cx.template_of(instance).machine.converge {
            self.fleet_changed(instance, converge, cx);
        }
    }

    /// All machines of the fleet in service run at once, if they are told of changes.
    fn fleet_changed(&self, changed: InstanceId, converge: &Converge, cx: &mut Cx) {
        // What is there from the start has been configured before.
        if !converge.on_change || cx.now() == sim_core::Time::ZERO {
            return;
        }
        let fleet = cx.directory.facts(changed).fleet;
        for index in 0..cx.directory.len() {
            let instance = InstanceId::new(index);
            let Some(row) = self.rows.get(instance) else { continue };
            if cx.directory.facts(instance).fleet == fleet && row.condition() == Condition::Serving {
                let begin = Event::Converge { instance, machine: row.machine, stage: stage::BY_CHANGE };
                cx.list.soon(event::Event::Instance(begin));
            }
        }
    }

    /// A run begins or ends.
    pub(super) fn converge(&mut self, instance: InstanceId, machine: u32, stage: u8, cx: &mut Cx) {
        // A machine that went takes its runs with it.
        if self.rows.get(instance).is_none_or(|row| row.machine != machine) {
            return;
        }
        let Some(converge) = &cx.template_of(instance).machine.converge else { return };
        let vcpus = f64::from(self.rows[instance].vcpus) * converge.cpu;
        let again = |stage| event::Event::Instance(Event::Converge { instance, machine, stage });
        if stage == stage::END {
            self.stress(instance, -vcpus, cx);
            return;
        }
        let row = &mut self.rows[instance];
        row.converges += 1;
        let purpose = format!("converge {machine}.{}", row.converges);
        let mut luck = cx.stream(&cx.name_of(instance), &purpose);
        let length = converge.duration.sampler().duration(&mut luck);
        if luck.chance(converge.failure) {
            let (now, name, cause) = (cx.now(), cx.name_of(instance), cx.blame.of_instance(instance));
            let detail = format!("configuration management fails after {length}; the machine stays as it was");
            cx.timeline.record(now, EventKind::ConvergeFailed, name, detail, cause);
        }
        self.stress(instance, vcpus, cx);
        cx.list.after(length, again(stage::END));
        if stage == stage::BY_CLOCK {
            cx.list.after(converge.every, again(stage::BY_CLOCK));
        }
    }
}
