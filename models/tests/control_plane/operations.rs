//! Calls of the API at a time: what each does, and when it is refused.

use crate::fixture::*;
use models::plan::*;
use models::result::EventKind;

#[test]
fn set_desired_capacity_acts_at_once_within_the_bounds_and_is_refused_outside_them() {
    let bounds = {
        let mut plan = plan();
        let group = group(&mut plan);
        (group.min_size, group.max_size)
    };
    for (capacity, refused) in
        [(bounds.0, false), (bounds.1, false), (bounds.0 - 1, true), (bounds.1 + 1, true), (4, false)]
    {
        let mut plan = plan();
        at(&mut plan, 100, ApiCall::SetDesiredCapacity { fleet: WEB, capacity, honor_cooldown: false });
        plan.duration = secs(300);
        let result = run(&plan);
        assert_close(&times(&result, EventKind::OperationCalled), &[100.0]);
        assert_eq!(!all(&result, EventKind::OperationRefused).is_empty(), refused, "{capacity}");
        let expected = if refused || capacity == 4 { vec![] } else { vec![format!("4 → {capacity}")] };
        assert_eq!(desired(&result), expected);
        if let Some(event) = all(&result, EventKind::DesiredCapacityChanged).first() {
            assert_eq!(chain(&result, event), [EventKind::DesiredCapacityChanged, EventKind::OperationCalled]);
        }
    }
}

#[test]
fn a_cooldown_blocks_by_hand_only_what_honours_it() {
    // The spike doubles at some 910 s to 970 s and cools down for 300 s from 8 s later.
    for (honor_cooldown, expected) in [(false, vec!["4 → 8", "8 → 9"]), (true, vec!["4 → 8"])] {
        let mut plan = spike(1_000);
        at(&mut plan, 1_100, ApiCall::SetDesiredCapacity { fleet: WEB, capacity: 9, honor_cooldown });
        plan.duration = secs(1_200);
        let result = run(&plan);
        assert_eq!(desired(&result), expected, "{honor_cooldown}");
        let refused = all(&result, EventKind::OperationRefused);
        assert_eq!(refused.len(), usize::from(honor_cooldown));
        assert!(refused.iter().all(|event| event.detail.contains("cooldown until")), "{refused:?}");
    }
}

#[test]
fn a_simple_policy_by_hand_adjusts_and_cools_down_afterwards() {
    for (honor_cooldown, expected) in [(false, vec!["4 → 8", "8 → 16"]), (true, vec!["4 → 8"])] {
        let mut plan = spike(700);
        let call = ApiCall::ExecutePolicy { fleet: WEB, policy: 0, honor_cooldown, breach: 0.0 };
        at(&mut plan, 100, call.clone());
        at(&mut plan, 200, call);
        plan.duration = secs(400);
        let result = run(&plan);
        assert_eq!(desired(&result), expected);
        assert_close(&times(&result, EventKind::CooldownStarted)[..1], &[108.0]);
        assert_eq!(all(&result, EventKind::OperationRefused).len(), usize::from(honor_cooldown));
    }
}

#[test]
fn a_step_policy_by_hand_goes_by_the_breach_it_is_told() {
    for (breach, expected) in [(0.0, vec!["4 → 5"]), (19.9, vec!["4 → 5"]), (20.0, vec!["4 → 8"]), (-1.0, vec![])]
    {
        let mut plan = plan();
        let steps = vec![
            StepAdjustment { lower: Some(0.0), upper: Some(20.0), adjustment: 1.0 },
            StepAdjustment { lower: Some(20.0), upper: None, adjustment: 4.0 },
        ];
        group(&mut plan).policies = vec![Policy {
            enabled: true,
            name: "steps".into(),
            adjustment_type: AdjustmentType::ChangeInCapacity,
            min_adjustment_magnitude: 0,
            kind: PolicyKind::Step { steps, warmup: None, aggregation: MetricAggregation::default() },
        }];
        at(&mut plan, 100, ApiCall::ExecutePolicy { fleet: WEB, policy: 0, honor_cooldown: false, breach });
        plan.duration = secs(300);
        let result = run(&plan);
        assert_eq!(desired(&result), expected, "{breach}");
        let refused = all(&result, EventKind::OperationRefused);
        assert_eq!(refused.len(), usize::from(expected.is_empty()), "{breach}");
        assert!(refused.iter().all(|event| event.detail.contains("no step adjustment")), "{refused:?}");
    }
}
