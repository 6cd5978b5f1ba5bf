//! Target tracking: as many instances as bring a metric to its target.
//!
//! ```text
//!  AlarmHigh (3 of 3 above the target) ──each minute──► T1: out ┐
//!  AlarmLow (15 of 15 below a share) ───each minute──► T2: in ─┴─► wish ─► scaling (the largest wins)
//! ```
//! # Models      capacity in proportion to the metric, rounded up; scale-in by whole instances, when none warms up, and
//!   only if every policy that may scale in wants to; no change without data
//! # Leaves out  tuning of the alarms by AWS itself; metric math is the alarms' affair
//! # Source      Amazon EC2 Auto Scaling user guide, "Target tracking scaling policies"; `aws/scaling.md` §3.5, T1 to T7

use super::Groups;
use super::policy::{Capacity, Refusal, clamp, unchanged};
use super::scaling::{is_below, warmup};
use crate::alarm::State;
use crate::plan::{Action, AlarmId, AutoScaling, FleetId, Plan, PolicyKind, TargetTracking};
use crate::shared::Cx;

/// A share of an instance that is a rounding error and no instance.
const NOTHING: f64 = 1e-9;

/// What a policy makes of its metric's `value`; `below`: it is AlarmLow that asks.
pub fn decide(tracking: &TargetTracking, capacity: Capacity, value: f64, below: bool) -> Result<u32, Refusal> {
    if !value.is_finite() {
        return Err(Refusal::NoValue);
    }
    if !below {
        let wanted = needed(capacity.warm, value, tracking.target);
        let change = clamp(wanted, capacity);
        return if change > capacity.desired { Ok(change) } else { Err(unchanged(wanted, capacity)) };
    }
    if capacity.warming > 0 {
        return Err(Refusal::Warming);
    }
    // Rule C4: what is being terminated still counts, so that the same request is not applied twice.
    let there = i64::from(capacity.warm + capacity.leaving);
    let wanted = needed(capacity.warm + capacity.leaving, value, tracking.target);
    if wanted >= there && capacity.leaving == 0 {
        return Err(Refusal::Fraction);
    }
    let wanted = wanted.max(i64::from(capacity.desired) - i64::from(tracking.scale_in_most));
    let change = clamp(wanted, capacity);
    if change < capacity.desired { Ok(change) } else { Err(unchanged(wanted, capacity)) }
}

/// Rules T1 and T2: capacity times metric over target, rounded up; so what is taken away is rounded down.
fn needed(current: u32, value: f64, target: f64) -> i64 {
    (f64::from(current) * value / target - NOTHING).ceil() as i64
}

/// The arithmetic, in words.
pub(super) fn asks(tracking: &TargetTracking, capacity: Capacity, value: f64, below: bool) -> String {
    let current = if below { capacity.warm + capacity.leaving } else { capacity.warm };
    let needed = needed(current, value, tracking.target);
    format!("{current} × {value:.2} / {} makes {needed}", tracking.target)
}

/// AlarmLow of a policy, if it has one.
fn alarm_low(plan: &Plan, fleet: FleetId, policy: u16) -> Option<AlarmId> {
    let scale = Action::Scale { fleet, policy: policy as usize };
    let found =
        plan.alarms.iter().find(|(_, alarm)| is_below(alarm.comparison) && alarm.alarm_actions.contains(&scale));
    found.map(|(id, _)| id)
}

impl Groups {
    /// What a target tracking policy wishes, the others of its kind considered (rules T3, T4).
    pub(super) fn tracked(
        &self,
        id: FleetId,
        group: &AutoScaling,
        (index, tracking): (u16, &TargetTracking),
        alarm: AlarmId,
        cx: &Cx,
    ) -> Result<u32, Refusal> {
        let now = cx.now();
        let below = is_below(cx.plan.alarms[alarm].comparison);
        let capacity = self.capacity(id, warmup(&group.policies[index as usize], group), now);
        let mut wanted = decide(tracking, capacity, cx.datapoints.notified(alarm), below)?;
        if !below {
            return Ok(wanted);
        }
        for (other, policy) in (0_u16..).zip(&group.policies) {
            let PolicyKind::TargetTracking(tracking) = &policy.kind else { continue };
            if other == index || !policy.enabled || !tracking.scale_in {
                continue;
            }
            let Some(low) = alarm_low(cx.plan, id, other) else { continue };
            match cx.datapoints.state(low) {
                State::InsufficientData => return Err(Refusal::Unknown(other)),
                State::Ok => return Err(Refusal::Stays(other)),
                State::Alarm => {}
            }
            let capacity = self.capacity(id, warmup(policy, group), now);
            match decide(tracking, capacity, cx.datapoints.notified(low), true) {
                Ok(capacity) => wanted = wanted.max(capacity),
                Err(_) => return Err(Refusal::Stays(other)),
            }
        }
        Ok(wanted)
    }
}
