//! Suspended processes: what a group has been told to leave alone, by hand or, after a day of failed launches, by AWS.
//!
//! # Models      the nine processes and what each suspension stops; what follows from resuming; administrative suspension
//! # Leaves out  nothing of the table; other parts ask [`Groups::suspended`] for the processes that are theirs
//! # Source      Amazon EC2 Auto Scaling user guide, "Suspend and resume processes"; `aws/scaling.md` §1.9, F2

use super::row::State;
use super::{Event, Groups, sent, settings};
use crate::plan::{FleetId, ImpairedZone, ScalingProcess, ScalingProcesses};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::Time;

impl Groups {
    /// Whether a process of the group is suspended.
    pub(super) fn suspended(&self, id: FleetId, process: ScalingProcess) -> bool {
        self.fleets[id].suspended.contains(process)
    }

    /// SuspendProcesses.
    pub(super) fn suspend(&mut self, id: FleetId, processes: ScalingProcesses, why: &str, cause: EntryId, cx: &mut Cx) {
        let (now, name) = (cx.now(), cx.plan.fleets[id].name.as_str());
        let fleet = &mut self.fleets[id];
        let new = processes.without(fleet.suspended);
        fleet.suspended = fleet.suspended.with(processes);
        if !new.is_empty() {
            let detail = format!("{}{why}", new.names());
            cx.timeline.record(now, EventKind::ProcessesSuspended, name, detail, cause);
        }
    }

    /// ResumeProcesses: what was held back is done now.
    pub(super) fn resume(
        &mut self,
        id: FleetId,
        processes: ScalingProcesses,
        cause: EntryId,
        cx: &mut Cx,
    ) -> Result<(), String> {
        let (now, name) = (cx.now(), cx.plan.fleets[id].name.as_str());
        let fleet = &mut self.fleets[id];
        let back = processes.both(fleet.suspended);
        if back.is_empty() {
            return Err("none of them is suspended".to_string());
        }
        fleet.suspended = fleet.suspended.without(back);
        // A group that AWS suspended has a day again.
        fleet.failing_since = None;
        let entry = cx.timeline.record(now, EventKind::ProcessesResumed, name, back.names(), cause);
        self.catch_up(id, entry, cx);
        Ok(())
    }

    /// Acts on what was not acted on: losses, marks, missing instances, instances too many.
    pub(super) fn catch_up(&mut self, id: FleetId, cause: EntryId, cx: &mut Cx) {
        for instance in self.fleets[id].members.clone() {
            let row = &self.rows[instance];
            if !row.lost || !matches!(row.state, State::Pending | State::Waiting | State::InService) {
                continue;
            }
            let entry = row.entry;
            match row.marked {
                Some((_, mark)) => self.loss_noticed(instance, mark, cx),
                None => {
                    let (delay, stream) = &mut self.fleets[id].draws.loss_notice;
                    let delay = delay.duration(stream);
                    cx.list.after(delay, sent(Event::LossNoticed { instance, cause: entry }));
                }
            }
        }
        self.replace(id, cx);
        self.reconcile(id, cause, cx);
    }

    /// Whether the group heeds the health of an instance: not while the process is suspended, nor, if it has been told so,
    /// in a zone that is shifted away from.
    pub(super) fn heeds(&self, instance: InstanceId, cx: &Cx) -> bool {
        let row = &self.rows[instance];
        let Some(group) = settings(cx.plan, row.fleet) else { return true };
        let ignores = group.lifecycle.zonal_shift == Some(ImpairedZone::IgnoreUnhealthy);
        let shifted = self.fleets[row.fleet].shift.as_ref().is_some_and(|shift| row.zone == Some(shift.zone));
        let deaf = self.suspended(row.fleet, ScalingProcess::HealthCheck);
        !(deaf || ignores && shifted)
    }

    /// Whether the group may replace what is unhealthy.
    pub(super) fn may_replace(&self, id: FleetId) -> bool {
        !self.suspended(id, ScalingProcess::ReplaceUnhealthy) && !self.suspended(id, ScalingProcess::Terminate)
    }

    /// A launch has failed; whether AWS suspends launching now, after so long of nothing else (rule F2).
    pub(super) fn fails_for_good(&mut self, id: FleetId, now: Time, cx: &Cx) -> bool {
        let Some(group) = settings(cx.plan, id) else { return false };
        let since = *self.fleets[id].failing_since.get_or_insert(now);
        now - since >= group.lifecycle.administrative_suspension
    }
}
