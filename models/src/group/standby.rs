//! Out of service and back: standby, detaching and attaching, termination by hand, health and protection set by hand.
//!
//! ```text
//!  InService ─► EnteringStandby ─drained─► Standby ─ExitStandby─► Pending ─► InService, with a fresh grace period
//!  InService ─► Detaching ─drained─► Detached (runs on, outside) ─AttachInstances─► Pending ─► InService
//! ```
//! # Models      ShouldDecrementDesiredCapacity and its bounds; custom health; protection from scale-in; no hooks on these ways
//! # Leaves out  attaching instances that the group never launched
//! # Source      Amazon EC2 Auto Scaling user guide, "Temporarily remove instances", "Detach or attach instances", "Scale-in
//!   protection"; `aws/scaling.md` R5, R6, §1.3, §1.4, §1.8

use super::row::{Row, State};
use super::{Event, Groups, seconds, sent, settings};
use crate::fault::select;
use crate::plan::{FleetId, InstanceChange, OperationId, Selection};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;

impl Groups {
    /// A call about some of the instances; or why AWS would refuse it.
    pub(super) fn change_instances(
        &mut self,
        operation: OperationId,
        selection: &Selection,
        change: InstanceChange,
        cause: EntryId,
        cx: &mut Cx,
    ) -> Result<(), String> {
        let id = selection.fleet;
        let chosen = self.choose(operation, selection, change, cx)?;
        if settings(cx.plan, id).is_none() {
            return Ok(());
        }
        let desired = self.fleets[id].desired;
        let units = |one: &InstanceId| self.rows[*one].units();
        let n: u32 = chosen.iter().filter(|&&one| self.rows[one].counts()).map(units).sum();
        let all: u32 = chosen.iter().map(units).sum();
        let falls = |decrement: bool| match decrement {
            true if desired < self.fleets[id].min + n => Err(format!(
                "the desired capacity of {desired} would fall below the minimum of {}",
                self.fleets[id].min
            )),
            true => Ok(Some(desired - n)),
            false => Ok(None),
        };
        let rises = || {
            let wanted = desired + all;
            if wanted > self.fleets[id].max {
                return Err(format!(
                    "a desired capacity of {wanted} would be above the maximum of {}",
                    self.fleets[id].max
                ));
            }
            Ok(Some(wanted))
        };
        let wanted = match change {
            InstanceChange::EnterStandby { decrement } => {
                let wanted = falls(decrement)?;
                chosen.iter().for_each(|&one| self.leave(one, State::EnteringStandby, cause, cx));
                wanted
            }
            InstanceChange::Detach { decrement } => {
                let wanted = falls(decrement)?;
                chosen.iter().for_each(|&one| self.leave(one, State::Detaching, cause, cx));
                wanted
            }
            InstanceChange::Terminate { decrement } => {
                let wanted = falls(decrement)?;
                chosen.iter().for_each(|&one| self.terminate(one, "by hand", cause, cx));
                wanted
            }
            InstanceChange::ExitStandby | InstanceChange::Attach => {
                let wanted = rises()?;
                chosen.iter().for_each(|&one| self.come_back(one, cause, cx));
                wanted
            }
            InstanceChange::SetHealth { healthy, respect_grace_period } => {
                return self.set_health(id, &chosen, healthy, respect_grace_period, cause, cx);
            }
            InstanceChange::SetProtection { protected } => {
                chosen.iter().for_each(|&one| self.set_protection(one, protected, cause, cx));
                None
            }
        };
        match wanted.filter(|wanted| *wanted != desired) {
            Some(wanted) => self.change(id, wanted, None, cause, cx),
            None => self.reconcile(id, cause, cx),
        }
        Ok(())
    }

    /// The instances that a call is about: those chosen among the ones in a state that it is for.
    fn choose(
        &self,
        operation: OperationId,
        selection: &Selection,
        change: InstanceChange,
        cx: &Cx,
    ) -> Result<Vec<InstanceId>, String> {
        let fits = |row: &Row| match change {
            InstanceChange::EnterStandby { .. } | InstanceChange::Detach { .. } => {
                row.state == State::InService && !row.lost
            }
            InstanceChange::SetHealth { healthy: false, .. } => row.state == State::InService && !row.lost,
            InstanceChange::SetHealth { healthy: true, .. } => row.state == State::InService && row.marked.is_some(),
            InstanceChange::ExitStandby => row.state == State::Standby,
            InstanceChange::Attach => row.state == State::Detached && !row.lost,
            InstanceChange::SetProtection { protected } => row.counts() && row.protected != protected,
            InstanceChange::Terminate { .. } => row.counts() || row.state == State::Standby,
        };
        let fleet = &self.fleets[selection.fleet];
        let all = match change {
            InstanceChange::Attach => &fleet.detached,
            _ => &fleet.members,
        };
        let able = |_| all.iter().copied().filter(|&one| fits(&self.rows[one])).collect::<Vec<_>>();
        let settings = &cx.plan.operations[operation];
        let name = format!("operation {} {}", operation.index(), settings.name);
        let mut chosen = select(selection, &able, &mut cx.stream(&name, "choice"), cx);
        // A single one by its number is named whatever its state.
        chosen.retain(|&one| fits(&self.rows[one]));
        if chosen.is_empty() {
            return Err(format!("no such instance {}", wanted_state(change)));
        }
        Ok(chosen)
    }

    /// Out of its target groups, and then where `state` leads.
    fn leave(&mut self, instance: InstanceId, state: State, cause: EntryId, cx: &mut Cx) {
        let row = &mut self.rows[instance];
        row.state = state;
        row.entry = cause;
        if self.deregister(instance, cause, cx) {
            self.release(instance, cx);
        }
    }

    /// Drained: in standby. It runs, and is billed, and nobody looks at its health (rules R5, H4).
    pub(super) fn stand_by(&mut self, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        row.state = State::Standby;
        let id = row.fleet;
        self.fleets[id].counters.standby += 1;
        let (name, cause) = (cx.name_of(instance), self.rows[instance].entry);
        let detail = format!("out of service and running on; {}", self.summary(id));
        self.rows[instance].entry = cx.timeline.record(now, EventKind::StandbyEntered, name, detail, cause);
    }

    /// Drained: out of the group, and running on.
    pub(super) fn detached(&mut self, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        let (id, cause, lost) = (row.fleet, row.entry, row.lost);
        row.state = if lost { State::Gone } else { State::Detached };
        row.protected = false;
        let fleet = &mut self.fleets[id];
        fleet.members.retain(|one| *one != instance);
        if !lost {
            fleet.detached.push(instance);
        }
        let detail = "it leaves the group and runs on, to be billed all the same";
        let entry = cx.timeline.record(now, EventKind::InstanceDetached, cx.name_of(instance), detail, cause);
        self.rows[instance].entry = entry;
        cx.blame.instance(instance, entry);
    }

    /// Back from standby or from outside: on its way into service, without hooks.
    fn come_back(&mut self, instance: InstanceId, cause: EntryId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        let (id, from) = (row.fleet, row.state);
        row.come_back();
        let (kind, detail) = match from {
            State::Detached => (EventKind::InstanceAttached, "on its way into service"),
            _ => (EventKind::StandbyLeft, "on its way back into service"),
        };
        let entry = cx.timeline.record(now, kind, cx.name_of(instance), detail, cause);
        row.entry = entry;
        let lost = row.lost;
        cx.blame.instance(instance, entry);
        if from == State::Detached {
            let fleet = &mut self.fleets[id];
            fleet.detached.retain(|one| *one != instance);
            fleet.members.push(instance);
        }
        if lost {
            // It went while nobody looked; now somebody does.
            let (delay, stream) = &mut self.fleets[id].draws.loss_notice;
            let delay = delay.duration(stream);
            cx.list.after(delay, sent(Event::LossNoticed { instance, cause: entry }));
        } else {
            self.proceed(instance, cx);
        }
    }

    /// SetInstanceHealth: a mark that acts at once (rule P1), or takes one back (rule H5).
    fn set_health(
        &mut self,
        id: FleetId,
        chosen: &[InstanceId],
        healthy: bool,
        respect_grace_period: bool,
        cause: EntryId,
        cx: &mut Cx,
    ) -> Result<(), String> {
        let Some(group) = settings(cx.plan, id) else { return Ok(()) };
        let now = cx.now();
        let mut graced = None;
        let mut done = 0;
        for &instance in chosen {
            let row = &mut self.rows[instance];
            let name = cx.directory.name(cx.plan, instance);
            if healthy {
                (row.marked, row.custom) = (None, false);
                let detail = "SetInstanceHealth: its mark is taken back";
                cx.timeline.record(now, EventKind::InstanceMarkedHealthy, name, detail, cause);
                done += 1;
                continue;
            }
            let until = row.entered.map(|entered| entered.saturating_add(group.health_check_grace_period));
            if let Some(until) = until.filter(|until| respect_grace_period && now < *until) {
                graced = Some(format!("{name} is in its grace period for {} more", seconds(until - now)));
                continue;
            }
            let detail = "SetInstanceHealth: Unhealthy";
            let entry = cx.timeline.record(now, EventKind::InstanceMarkedUnhealthy, name, detail, cause);
            (row.marked, row.custom) = (Some((now, entry)), true);
            done += 1;
        }
        self.replace(id, cx);
        match graced.filter(|_| done == 0) {
            Some(why) => Err(why),
            None => Ok(()),
        }
    }

    fn set_protection(&mut self, instance: InstanceId, protected: bool, cause: EntryId, cx: &mut Cx) {
        let now = cx.now();
        self.rows[instance].protected = protected;
        let detail = if protected { "protected from scale-in" } else { "no longer protected from scale-in" };
        cx.timeline.record(now, EventKind::ProtectionChanged, cx.name_of(instance), detail, cause);
    }
}

/// What a call needs to find.
fn wanted_state(change: InstanceChange) -> &'static str {
    match change {
        InstanceChange::EnterStandby { .. } | InstanceChange::Detach { .. } => "in service",
        InstanceChange::SetHealth { healthy: false, .. } => "in service",
        InstanceChange::SetHealth { healthy: true, .. } => "in service and marked unhealthy",
        InstanceChange::ExitStandby => "in standby",
        InstanceChange::Attach => "that was detached and still runs",
        InstanceChange::SetProtection { protected: true } => "without protection",
        InstanceChange::SetProtection { protected: false } => "under protection",
        InstanceChange::Terminate { .. } => "in the group",
    }
}
