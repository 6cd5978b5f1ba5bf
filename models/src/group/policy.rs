//! Scaling policies: the arithmetic from an alarm's notification to a new desired capacity, or to a reason for none.
//!
//! # Models      simple and step scaling, the three adjustment types, percent rounding, minimum magnitude, the bounds of
//!   steps, warm-up and cooldown, clamping, the largest of several capacities
//! # Leaves out  target tracking (`target_tracking`), scheduled (`schedule`) and predictive scaling (`predictive`)
//! # Source      Amazon EC2 Auto Scaling user guide, "Step and simple scaling policies"; `aws/scaling.md` §2, §3.1 to §3.4

use crate::plan::{AdjustmentType, Policy, PolicyKind, StepAdjustment};
use sim_core::Time;

/// The group's capacity as a policy finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Desired capacity.
    pub desired: u32,
    /// MinSize.
    pub min: u32,
    /// MaxSize.
    pub max: u32,
    /// In service with their warm-up behind them.
    pub warm: u32,
    /// Coming up, or in service and warming.
    pub warming: u32,
    /// Being terminated by a scale-in.
    pub leaving: u32,
    /// Whether a scaling activity or a replacement is in progress.
    pub busy: bool,
    /// A simple policy's cooldown runs until then.
    pub cooldown_until: Time,
}

/// Why a policy changes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refusal {
    /// A cooldown runs until then.
    Cooldown(Time),
    /// A scaling activity or a replacement is in progress.
    Busy,
    /// At MaxSize.
    AtMax(u32),
    /// At MinSize.
    AtMin(u32),
    /// Scale-in waits while instances warm up (rule C3).
    Warming,
    /// What it asks for is under way or done (rules of §3.4, C4).
    Enough,
    /// No step is meant for the metric's value.
    NoStep,
    /// Another policy asked for more at the same time (rule C2).
    Outvoted(u32),
    /// The policy is not enabled.
    Disabled,
    /// Less than one instance is too much (rule T2).
    Fraction,
    /// The metric may not show yet what the last scale-in left.
    Settling,
    /// The target tracking policy of this number wants no scale-in (rule T3).
    Stays(u16),
    /// The target tracking policy of this number lacks data (rule T4).
    Unknown(u16),
    /// A forecast asks for so many in this hour (rule C2).
    Forecast(u32),
    /// The metric is no number.
    NoValue,
    /// A forecast is above MaxSize, which is honoured.
    AboveMax(u32, u32),
    /// The group's AlarmNotification process is suspended.
    Suspended,
    /// No policy scales in while the group is shifted away from a zone (rule A6).
    Shifted,
}

impl Refusal {
    /// In words, with the numbers.
    pub fn words(self, now: Time) -> String {
        match self {
            Refusal::Cooldown(until) => {
                let left = if until > now { (until - now).as_secs_f64() } else { 0.0 };
                format!("cooldown until {until} ({left:.0} s more)")
            }
            Refusal::Busy => "a scaling activity or a replacement is in progress".to_string(),
            Refusal::AtMax(max) => format!("already at the maximum of {max}"),
            Refusal::AtMin(min) => format!("already at the minimum of {min}"),
            Refusal::Warming => "no scale-in while instances warm up".to_string(),
            Refusal::Enough => "what it asks for is there already, or under way".to_string(),
            Refusal::NoStep => "no step adjustment for the metric's value".to_string(),
            Refusal::Outvoted(capacity) => format!("another policy asks for {capacity} at the same time"),
            Refusal::Disabled => "the policy is not enabled".to_string(),
            Refusal::Fraction => "less than one instance is too much".to_string(),
            Refusal::Settling => "the metric has yet to show what the last scale-in left".to_string(),
            Refusal::Stays(_) => "another policy does not want to scale in".to_string(),
            Refusal::Unknown(_) => "another policy has no data".to_string(),
            Refusal::Forecast(capacity) => format!("the forecast asks for {capacity} in this hour"),
            Refusal::NoValue => "the metric has no value".to_string(),
            Refusal::AboveMax(forecast, max) => format!("a forecast of {forecast} is above the maximum of {max}"),
            Refusal::Suspended => "AlarmNotification is suspended".to_string(),
            Refusal::Shifted => "no scale-in during a zonal shift".to_string(),
        }
    }

    /// Whether it is the same reason: the numbers may differ, but for the end of a cooldown.
    pub fn is_like(self, other: Refusal) -> bool {
        match (self, other) {
            (Refusal::Cooldown(one), Refusal::Cooldown(other)) => one == other,
            (one, other) => std::mem::discriminant(&one) == std::mem::discriminant(&other),
        }
    }
}

/// What a policy makes of a notification whose metric stands `offset` above the alarm's threshold (below: negative).
/// `below`: whether the alarm is one of the kind "less than".
pub fn decide(policy: &Policy, capacity: Capacity, offset: f64, below: bool, now: Time) -> Result<u32, Refusal> {
    let magnitude = policy.min_adjustment_magnitude;
    match &policy.kind {
        PolicyKind::Simple { adjustment, .. } => {
            // §3.3: the first of these that holds.
            if capacity.busy {
                return Err(Refusal::Busy);
            }
            if now < capacity.cooldown_until {
                return Err(Refusal::Cooldown(capacity.cooldown_until));
            }
            let wanted = adjusted(policy.adjustment_type, *adjustment, capacity.desired, magnitude);
            let change = clamp(wanted, capacity);
            if change == capacity.desired { Err(unchanged(wanted, capacity)) } else { Ok(change) }
        }
        PolicyKind::Step { steps, .. } => {
            let adjustment = step_of(steps, offset, below).ok_or(Refusal::NoStep)?;
            let out = match policy.adjustment_type {
                AdjustmentType::ExactCapacity => adjustment > f64::from(capacity.desired),
                _ => adjustment > 0.0,
            };
            if out {
                let wanted = adjusted(policy.adjustment_type, adjustment, capacity.warm, magnitude);
                let change = clamp(wanted, capacity);
                if change > capacity.desired { Ok(change) } else { Err(unchanged(wanted, capacity)) }
            } else if capacity.warming > 0 {
                Err(Refusal::Warming)
            } else {
                let wanted = adjusted(policy.adjustment_type, adjustment, capacity.warm + capacity.leaving, magnitude);
                let change = clamp(wanted, capacity);
                if change < capacity.desired { Ok(change) } else { Err(unchanged(wanted, capacity)) }
            }
        }
        // These have no steps: they are decided upon elsewhere.
        PolicyKind::TargetTracking(_) | PolicyKind::Predictive(_) => Err(Refusal::NoStep),
    }
}

/// Rule C1: a change is shortened to the bounds, not refused.
pub fn clamp(wanted: i64, capacity: Capacity) -> u32 {
    // A plan whose minimum exceeds its maximum is nobody's wish, but no reason to panic either.
    wanted.min(i64::from(capacity.max)).max(i64::from(capacity.min)) as u32
}

/// Why clamping left nothing to do.
pub fn unchanged(wanted: i64, capacity: Capacity) -> Refusal {
    if wanted > i64::from(capacity.desired) && capacity.desired >= capacity.max {
        Refusal::AtMax(capacity.max)
    } else if wanted < i64::from(capacity.desired) && capacity.desired <= capacity.min {
        Refusal::AtMin(capacity.min)
    } else {
        Refusal::Enough
    }
}

/// The capacity that an adjustment makes of `current`, before clamping.
pub fn adjusted(kind: AdjustmentType, adjustment: f64, current: u32, min_magnitude: u32) -> i64 {
    let current = i64::from(current);
    match kind {
        AdjustmentType::ExactCapacity => adjustment as i64,
        AdjustmentType::ChangeInCapacity => current.saturating_add(adjustment as i64),
        AdjustmentType::PercentChangeInCapacity => {
            let change = percent(current, adjustment);
            let magnitude = change.abs().max(i64::from(min_magnitude));
            let sign = if adjustment > 0.0 {
                1
            } else if adjustment < 0.0 {
                -1
            } else {
                0
            };
            current.saturating_add(sign * magnitude)
        }
    }
}

/// §3.2: beyond ±1 toward zero, between −1 and 1 away from it.
fn percent(current: i64, percent: f64) -> i64 {
    let change = current as f64 * percent / 100.0;
    if change > 0.0 && change < 1.0 {
        1
    } else if change < 0.0 && change > -1.0 {
        -1
    } else {
        change as i64
    }
}

/// The adjustment of the step that `offset` falls into.
///
/// At or above the threshold the lower bound belongs to a step and the upper does not; below it the other way round. The
/// threshold itself is on the side that the alarm's comparison is about.
pub fn step_of(steps: &[StepAdjustment], offset: f64, below: bool) -> Option<f64> {
    let under = offset < 0.0 || offset == 0.0 && below;
    let holds = |step: &&StepAdjustment| {
        let (lower, upper) = (step.lower.unwrap_or(f64::NEG_INFINITY), step.upper.unwrap_or(f64::INFINITY));
        if under { lower < offset && offset <= upper } else { lower <= offset && offset < upper }
    };
    steps.iter().find(holds).map(|step| step.adjustment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::Duration;

    const IDLE: Capacity = Capacity {
        desired: 10,
        min: 2,
        max: 16,
        warm: 10,
        warming: 0,
        leaving: 0,
        busy: false,
        cooldown_until: Time::ZERO,
    };

    fn simple(adjustment_type: AdjustmentType, adjustment: f64) -> Policy {
        let kind = PolicyKind::Simple { adjustment, cooldown: None };
        Policy { name: "simple".into(), enabled: true, adjustment_type, min_adjustment_magnitude: 0, kind }
    }

    fn stepped(adjustment_type: AdjustmentType, steps: &[(Option<f64>, Option<f64>, f64)]) -> Policy {
        let steps = steps.iter().map(|&(lower, upper, adjustment)| StepAdjustment { lower, upper, adjustment });
        let kind = PolicyKind::Step { steps: steps.collect(), warmup: None, aggregation: Default::default() };
        Policy { name: "step".into(), enabled: true, adjustment_type, min_adjustment_magnitude: 0, kind }
    }

    use AdjustmentType::{ChangeInCapacity, ExactCapacity, PercentChangeInCapacity};

    #[test]
    fn percent_rounding_of_3_2() {
        // x > 1 down, 0 < x < 1 up to 1, −1 < x < 0 to −1, x < −1 toward zero, whole numbers stay.
        let table = [
            (10, 10.0, 1),
            (10, 15.0, 1),
            (10, 19.9, 1),
            (10, 127.0, 12),
            (3, 10.0, 1),
            (3, -10.0, -1),
            (10, -66.7, -6),
            (10, -20.0, -2),
            (10, 0.0, 0),
            (0, 50.0, 0),
            (4, 100.0, 4),
            (1, -100.0, -1),
        ];
        for (current, by, expected) in table {
            assert_eq!(percent(current, by), expected, "{by} % of {current}");
        }
    }

    #[test]
    fn min_adjustment_magnitude_holds_for_percentages_alone() {
        assert_eq!(adjusted(PercentChangeInCapacity, 10.0, 4, 2), 6);
        assert_eq!(adjusted(PercentChangeInCapacity, -10.0, 4, 3), 1);
        assert_eq!(adjusted(PercentChangeInCapacity, 100.0, 4, 2), 8, "larger already");
        assert_eq!(adjusted(PercentChangeInCapacity, 50.0, 0, 2), 2, "from nothing");
        assert_eq!(adjusted(PercentChangeInCapacity, 0.0, 4, 2), 4, "no change asked for");
        assert_eq!(adjusted(ChangeInCapacity, 1.0, 4, 5), 5);
        assert_eq!(adjusted(ExactCapacity, 3.0, 4, 5), 3);
    }

    #[test]
    fn c1_a_change_is_shortened_to_the_bounds() {
        let table = [
            (simple(ChangeInCapacity, 100.0), Ok(16)),
            (simple(ChangeInCapacity, -100.0), Ok(2)),
            (simple(PercentChangeInCapacity, 100.0), Ok(16)),
            (simple(ExactCapacity, 0.0), Ok(2)),
            (simple(ExactCapacity, 10.0), Err(Refusal::Enough)),
        ];
        for (policy, expected) in table {
            assert_eq!(decide(&policy, IDLE, 1.0, false, Time::ZERO), expected, "{policy:?}");
        }
        let full = Capacity { desired: 16, warm: 16, ..IDLE };
        assert_eq!(decide(&simple(ChangeInCapacity, 1.0), full, 1.0, false, Time::ZERO), Err(Refusal::AtMax(16)));
        let least = Capacity { desired: 2, warm: 2, ..IDLE };
        assert_eq!(decide(&simple(ChangeInCapacity, -1.0), least, 1.0, false, Time::ZERO), Err(Refusal::AtMin(2)));
    }

    #[test]
    fn simple_scaling_waits_for_activities_and_for_the_cooldown_to_its_last_nanosecond() {
        let policy = simple(ChangeInCapacity, 1.0);
        let end = Time::ZERO + Duration::from_secs(300);
        let cooling = Capacity { cooldown_until: end, ..IDLE };
        let before = Time::from_nanos(end.nanos() - 1);
        assert_eq!(decide(&policy, cooling, 1.0, false, before), Err(Refusal::Cooldown(end)));
        assert_eq!(decide(&policy, cooling, 1.0, false, end), Ok(11));
        let busy = Capacity { busy: true, ..IDLE };
        assert_eq!(decide(&policy, busy, 1.0, false, Time::ZERO), Err(Refusal::Busy));
    }

    #[test]
    fn step_bounds_of_3_4() {
        let up = stepped(ChangeInCapacity, &[(Some(0.0), Some(10.0), 1.0), (Some(10.0), None, 3.0)]);
        let down = stepped(ChangeInCapacity, &[(None, Some(-10.0), -3.0), (Some(-10.0), Some(0.0), -1.0)]);
        let steps = |policy: &Policy| match &policy.kind {
            PolicyKind::Step { steps, .. } => steps.clone(),
            _ => Vec::new(),
        };
        // Above: the lower bound belongs to the step, the upper does not.
        for (offset, expected) in
            [(0.0, Some(1.0)), (9.99, Some(1.0)), (10.0, Some(3.0)), (1e9, Some(3.0)), (-0.1, None)]
        {
            assert_eq!(step_of(&steps(&up), offset, false), expected, "{offset} above");
        }
        // Below: the other way round.
        for (offset, expected) in
            [(0.0, Some(-1.0)), (-9.99, Some(-1.0)), (-10.0, Some(-3.0)), (-1e9, Some(-3.0)), (0.1, None)]
        {
            assert_eq!(step_of(&steps(&down), offset, true), expected, "{offset} below");
        }
        assert_eq!(step_of(&[], 1.0, false), None);
        assert_eq!(step_of(&steps(&up), f64::NAN, false), None, "no value, no step");
    }

    #[test]
    fn step_scaling_out_counts_what_is_warming_already() {
        // The user guide's example: 10 instances, 10 % from the threshold, 30 % from 10 above it.
        let policy = stepped(PercentChangeInCapacity, &[(Some(0.0), Some(10.0), 10.0), (Some(10.0), None, 30.0)]);
        assert_eq!(decide(&policy, IDLE, 0.0, false, Time::ZERO), Ok(11));
        let after = Capacity { desired: 11, warming: 1, ..IDLE };
        assert_eq!(decide(&policy, after, 5.0, false, Time::ZERO), Err(Refusal::Enough), "the same step again");
        assert_eq!(decide(&policy, after, 10.0, false, Time::ZERO), Ok(13), "a higher step adds the difference");
        let warmed = Capacity { desired: 13, warm: 13, ..IDLE };
        assert_eq!(decide(&policy, warmed, 10.0, false, Time::ZERO), Ok(16), "30 % of 13 is 3.9, so 3");
    }

    /// The user guide's walk with a threshold of 50: out at 60 and 70, in at 40 and 30, each instance warm by then.
    #[test]
    fn s3_4_the_user_guides_example_goes_from_10_to_14_and_back() {
        let steps = [
            (None, Some(-20.0), -30.0),
            (Some(-20.0), Some(-10.0), -10.0),
            (Some(-10.0), Some(0.0), 0.0),
            (Some(0.0), Some(10.0), 0.0),
            (Some(10.0), Some(20.0), 10.0),
            (Some(20.0), None, 30.0),
        ];
        let policy = stepped(PercentChangeInCapacity, &steps);
        // Metric, capacity before and after. The edges belong to the step farther from the threshold.
        let walk = [
            (50.0, 10, None),
            (59.9, 10, None),
            (60.0, 10, Some(11)),
            (70.0, 11, Some(14)),
            (69.9, 14, Some(15)),
            (50.0, 14, None),
            (40.1, 14, None),
            (40.0, 14, Some(13)),
            (30.0, 13, Some(10)),
            (30.1, 13, Some(12)),
            (0.0, 3, Some(2)),
        ];
        for (metric, before, after) in walk {
            let capacity = Capacity { desired: before, warm: before, ..IDLE };
            let found = decide(&policy, capacity, metric - 50.0, metric < 50.0, Time::ZERO);
            assert_eq!(found.ok(), after, "{metric} at {before}");
        }
    }

    #[test]
    fn step_scaling_needs_no_cooldown_and_goes_on_during_activities() {
        let policy = stepped(ChangeInCapacity, &[(Some(0.0), None, 2.0)]);
        let busy = Capacity { busy: true, cooldown_until: Time::MAX, ..IDLE };
        assert_eq!(decide(&policy, busy, 0.0, false, Time::ZERO), Ok(12));
    }

    #[test]
    fn c3_scale_in_is_blocked_while_any_instance_warms() {
        let policy = stepped(ChangeInCapacity, &[(None, Some(0.0), -2.0)]);
        let warming = Capacity { desired: 10, warm: 9, warming: 1, ..IDLE };
        assert_eq!(decide(&policy, warming, -1.0, true, Time::ZERO), Err(Refusal::Warming));
        assert_eq!(decide(&policy, IDLE, -1.0, true, Time::ZERO), Ok(8));
    }

    #[test]
    fn c4_what_is_being_terminated_still_counts_for_a_scale_in() {
        let policy = stepped(ChangeInCapacity, &[(None, Some(0.0), -2.0)]);
        let leaving = Capacity { desired: 8, warm: 8, leaving: 2, ..IDLE };
        assert_eq!(decide(&policy, leaving, -1.0, true, Time::ZERO), Err(Refusal::Enough), "not applied twice");
        let gone = Capacity { desired: 8, warm: 8, ..IDLE };
        assert_eq!(decide(&policy, gone, -1.0, true, Time::ZERO), Ok(6));
    }

    #[test]
    fn a_value_that_no_step_is_for_changes_nothing() {
        let policy = stepped(ChangeInCapacity, &[(Some(0.0), None, 2.0)]);
        assert_eq!(decide(&policy, IDLE, -3.0, false, Time::ZERO), Err(Refusal::NoStep));
        assert_eq!(decide(&policy, IDLE, f64::NAN, false, Time::ZERO), Err(Refusal::NoStep));
    }

    #[test]
    fn exact_capacity_steps_know_their_direction_from_the_desired_capacity() {
        let policy = stepped(ExactCapacity, &[(Some(0.0), None, 14.0), (None, Some(0.0), 4.0)]);
        assert_eq!(decide(&policy, IDLE, 1.0, false, Time::ZERO), Ok(14));
        assert_eq!(decide(&policy, IDLE, -1.0, true, Time::ZERO), Ok(4));
        let there = Capacity { desired: 14, warm: 14, ..IDLE };
        assert_eq!(decide(&policy, there, 1.0, false, Time::ZERO), Err(Refusal::Enough));
    }

    #[test]
    fn an_empty_group_and_bounds_the_wrong_way_round_do_not_panic() {
        let none = Capacity { desired: 0, min: 0, max: 0, warm: 0, ..IDLE };
        assert_eq!(decide(&simple(PercentChangeInCapacity, -50.0), none, 1.0, false, Time::ZERO), Err(Refusal::Enough));
        assert_eq!(decide(&simple(ChangeInCapacity, 1.0), none, 1.0, false, Time::ZERO), Err(Refusal::AtMax(0)));
        let odd = Capacity { min: 20, max: 5, ..IDLE };
        assert_eq!(decide(&simple(ChangeInCapacity, 1e300), odd, 1.0, false, Time::ZERO), Ok(20));
    }
}
