//! Calls of a group's API, made by hand: what each does, or why AWS would refuse it.
//!
//! # Models      SetDesiredCapacity, ExecutePolicy, with HonorCooldown
//! # Source      Amazon EC2 Auto Scaling API reference; `aws/scaling.md` §3.8

use super::policy::{self, Refusal};
use super::scaling::{asks, warmup};
use super::{Groups, settings};
use crate::plan::{ApiCall, FleetId, OperationId, PolicyKind};
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::Time;

impl Groups {
    /// Somebody calls the API.
    pub(super) fn operate(&mut self, id: FleetId, operation: OperationId, cause: EntryId, cx: &mut Cx) {
        let plan = cx.plan;
        let done = match plan.operations[operation].call {
            ApiCall::SetDesiredCapacity { capacity, honor_cooldown, .. } => {
                self.set_desired_capacity(id, capacity, honor_cooldown, cause, cx)
            }
            ApiCall::ExecutePolicy { policy, honor_cooldown, breach, .. } => {
                self.execute_policy(id, policy, honor_cooldown, breach, cause, cx)
            }
            ApiCall::StartInstanceRefresh { template, .. } => self.start_refresh(id, operation, template, cause, cx),
            ApiCall::CancelInstanceRefresh { .. } => self.cancel_refresh(id, cause, cx),
            ApiCall::RollbackInstanceRefresh { .. } => self.rollback_refresh(id, cause, cx),
            ApiCall::Instances { ref selection, change } => {
                self.change_instances(operation, selection, change, cause, cx)
            }
            ApiCall::SuspendProcesses { processes, .. } => {
                self.suspend(id, processes, "", cause, cx);
                Ok(())
            }
            ApiCall::ResumeProcesses { processes, .. } => self.resume(id, processes, cause, cx),
            ApiCall::StartZonalShift { away_from, expires_in, .. } => {
                self.start_shift(id, away_from, expires_in, cause, cx)
            }
            ApiCall::CancelZonalShift { .. } => self.cancel_shift(id, cause, cx),
            // For the instances, not for the group.
            ApiCall::ModifyCreditSpecification { .. } | ApiCall::RebootInstances { .. } => Ok(()),
        };
        if let Err(why) = done {
            let (now, name) = (cx.now(), cx.plan.fleets[id].name.as_str());
            cx.timeline.record(now, EventKind::OperationRefused, name, why, cause);
        }
    }

    fn set_desired_capacity(
        &mut self,
        id: FleetId,
        capacity: u32,
        honor_cooldown: bool,
        cause: EntryId,
        cx: &mut Cx,
    ) -> Result<(), String> {
        if settings(cx.plan, id).is_none() {
            return Ok(());
        }
        let fleet = &self.fleets[id];
        let (now, until) = (cx.now(), fleet.cooldown_until);
        if capacity < fleet.min || capacity > fleet.max {
            return Err(format!("{capacity} is outside {} to {}", fleet.min, fleet.max));
        }
        if honor_cooldown && now < until {
            return Err(Refusal::Cooldown(until).words(now));
        }
        if capacity != self.fleets[id].desired {
            self.change(id, capacity, None, cause, cx);
        }
        Ok(())
    }

    fn execute_policy(
        &mut self,
        id: FleetId,
        policy: usize,
        honor_cooldown: bool,
        breach: f64,
        cause: EntryId,
        cx: &mut Cx,
    ) -> Result<(), String> {
        let Some(group) = settings(cx.plan, id) else { return Ok(()) };
        let now = cx.now();
        let policy = &group.policies[policy];
        if !policy.enabled {
            return Err(Refusal::Disabled.words(now));
        }
        let mut capacity = self.capacity(id, warmup(policy, group), now);
        if !honor_cooldown && matches!(policy.kind, PolicyKind::Simple { .. }) {
            capacity.busy = false;
            capacity.cooldown_until = Time::ZERO;
        }
        let wanted = self
            .permitted(id, policy::decide(policy, capacity, breach, breach < 0.0, now))
            .map_err(|refusal| refusal.words(now))?;
        let name = cx.plan.fleets[id].name.as_str();
        let detail = format!("{}: {}", policy.name, asks(policy, breach, breach < 0.0));
        let entry = cx.timeline.record(now, EventKind::PolicyInvoked, name, detail, cause);
        self.change(id, wanted, Some(policy), entry, cx);
        Ok(())
    }
}
