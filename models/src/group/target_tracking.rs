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
        if self.fleets[id].shrunk.is_some_and(|at| now < at.saturating_add(tracking.scale_in_pause)) {
            return Err(Refusal::Settling);
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

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::Time;

    const IDLE: Capacity = Capacity {
        desired: 10,
        min: 2,
        max: 30,
        warm: 10,
        warming: 0,
        leaving: 0,
        busy: false,
        cooldown_until: Time::ZERO,
    };

    fn tracking(target: f64) -> TargetTracking {
        TargetTracking {
            target,
            scale_in: true,
            warmup: None,
            scale_in_most: u32::MAX,
            scale_in_pause: sim_core::Duration::ZERO,
        }
    }

    #[test]
    fn t1_scale_out_is_in_proportion_and_fractions_round_up() {
        // (instances, metric, target, capacity); none: what is there is enough.
        let table = [
            (10, 75.0, 50.0, Some(15)),
            (10, 50.1, 50.0, Some(11)),
            (10, 50.0, 50.0, None),
            (3, 90.0, 40.0, Some(7)),
            (1, 100.0, 50.0, Some(2)),
            (10, 150.0, 50.0, Some(30)),
            (10, 500.0, 50.0, Some(30)),
            // Three times 0.7 by 0.7 is three, whatever the last bit says.
            (3, 0.7, 0.7, None),
            (7, 1.1, 1.1, None),
            (10, 1e300, 50.0, Some(30)),
        ];
        for (warm, metric, target, expected) in table {
            let capacity = Capacity { desired: warm, warm, ..IDLE };
            let found = decide(&tracking(target), capacity, metric, false);
            assert_eq!(found.ok(), expected, "{warm} × {metric} / {target}");
        }
    }

    #[test]
    fn t1_goes_by_what_is_warm_and_never_below_what_is_desired() {
        let warming = Capacity { desired: 15, warm: 10, warming: 5, ..IDLE };
        assert_eq!(decide(&tracking(50.0), warming, 75.0, false), Err(Refusal::Enough), "the same again");
        assert_eq!(decide(&tracking(50.0), warming, 74.0, false), Err(Refusal::Enough));
        assert_eq!(decide(&tracking(50.0), warming, 90.0, false), Ok(18), "the difference is added");
        let full = Capacity { desired: 30, warm: 30, ..IDLE };
        assert_eq!(decide(&tracking(50.0), full, 90.0, false), Err(Refusal::AtMax(30)));
        let cold = Capacity { desired: 4, warm: 0, warming: 4, ..IDLE };
        assert_eq!(decide(&tracking(50.0), cold, 90.0, false), Err(Refusal::Enough));
    }

    #[test]
    fn t2_scale_in_rounds_what_it_removes_down() {
        let table = [
            (10, 20.0, 50.0, Ok(4)),
            (10, 30.0, 50.0, Ok(6)),
            (10, 31.0, 50.0, Ok(7)),
            (10, 45.0, 50.0, Ok(9)),
            (10, 45.1, 50.0, Err(Refusal::Fraction)),
            (3, 34.0, 50.0, Err(Refusal::Fraction)),
            (3, 33.3, 50.0, Ok(2)),
            (10, 1.0, 50.0, Ok(2)),
            (10, 0.0, 50.0, Ok(2)),
            (10, -5.0, 50.0, Ok(2)),
            (2, 1.0, 50.0, Err(Refusal::AtMin(2))),
        ];
        for (warm, metric, target, expected) in table {
            let capacity = Capacity { desired: warm, warm, ..IDLE };
            assert_eq!(decide(&tracking(target), capacity, metric, true), expected, "{warm} × {metric} / {target}");
        }
    }

    #[test]
    fn t6_scale_in_waits_for_warm_up_and_scale_out_for_nothing() {
        let warming = Capacity { desired: 10, warm: 9, warming: 1, busy: true, cooldown_until: Time::MAX, ..IDLE };
        assert_eq!(decide(&tracking(50.0), warming, 10.0, true), Err(Refusal::Warming));
        assert_eq!(decide(&tracking(50.0), warming, 100.0, false), Ok(18));
    }

    #[test]
    fn c4_what_is_being_terminated_is_not_taken_away_twice() {
        let leaving = Capacity { desired: 4, warm: 4, leaving: 6, ..IDLE };
        assert_eq!(decide(&tracking(50.0), leaving, 20.0, true), Err(Refusal::Enough));
        assert_eq!(decide(&tracking(50.0), leaving, 15.0, true), Ok(3));
        let gone = Capacity { desired: 4, warm: 4, ..IDLE };
        assert_eq!(decide(&tracking(50.0), gone, 25.0, true), Ok(2));
    }

    #[test]
    fn no_value_changes_nothing_and_a_limit_shortens_a_scale_in() {
        for below in [false, true] {
            assert_eq!(decide(&tracking(50.0), IDLE, f64::NAN, below), Err(Refusal::NoValue));
        }
        let limited = TargetTracking { scale_in_most: 2, ..tracking(50.0) };
        assert_eq!(decide(&limited, IDLE, 10.0, true), Ok(8));
        assert_eq!(decide(&limited, IDLE, 45.0, true), Ok(9), "less than the limit stays as it is");
        assert_eq!(asks(&limited, IDLE, 20.0, true), "10 × 20.00 / 50 makes 4");
    }
}
