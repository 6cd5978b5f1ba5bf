//! Policies: from an alarm to a new capacity, and what holds them back.

use crate::fixture::*;
use models::plan::*;
use models::result::{EventKind, TimelineEvent};

#[test]
fn a_spike_goes_from_metric_to_service_link_by_link() {
    let result = run(&spike(1_000));
    // Five periods from 600 s end at 900 s; the last datapoint can be read at 910 s, and the alarm looks once a minute.
    let raised = all(&result, EventKind::AlarmState).into_iter().find(|e| e.detail.contains("→ ALARM")).unwrap();
    assert!((910.0..970.0).contains(&raised.t_s), "{}", raised.t_s);
    let t0 = raised.t_s + 5.0;
    assert_close(&times(&result, EventKind::PolicyInvoked)[..1], &[t0]);
    assert_close(&times(&result, EventKind::DesiredCapacityChanged)[..1], &[t0]);
    assert_close(&times(&result, EventKind::LaunchStarted), &[t0; 4]);
    assert_close(&times(&result, EventKind::InstanceRunning), &[t0 + 6.0; 4]);
    // Rule R1: in service long before the application is up.
    assert_close(&times(&result, EventKind::InstanceInService), &[t0 + 8.0; 4]);
    assert_close(&times(&result, EventKind::InstanceBooted), &[t0 + 26.0; 4]);
    assert_close(&times(&result, EventKind::BootstrapDone), &[t0 + 116.0; 4]);
    let healthy: Vec<&TimelineEvent> = all(&result, EventKind::TargetHealthy);
    assert_eq!(healthy.len(), 4);
    for target in healthy {
        assert!(target.t_s >= t0 + 116.0 && target.t_s < t0 + 160.0, "{}", target.t_s);
        let kinds = chain(&result, target);
        assert_eq!(kinds.last(), Some(&EventKind::AlarmState), "{kinds:?}");
        assert!(kinds.contains(&EventKind::DesiredCapacityChanged), "{kinds:?}");
    }
    let web = &result.summary.groups["web"];
    assert_eq!((web.max_in_service, web.final_in_service, web.launches, web.failed_launches), (8, 8, 4, 0));
}

#[test]
fn the_cooldown_starts_in_service_blocks_for_its_length_and_says_so_once() {
    let result = run(&spike(3_600));
    let invoked = times(&result, EventKind::PolicyInvoked);
    let [first, second] = invoked[..] else { panic!("4 → 8 → 16 and no more: {invoked:?}") };
    let cooldowns = times(&result, EventKind::CooldownStarted);
    assert_close(&cooldowns, &[first + 8.0, second + 8.0]);
    // Repeated each minute: the first repeat after the cooldown's end.
    assert!(second >= cooldowns[0] + 300.0 && second < cooldowns[0] + 360.0, "{second}");
    assert!(close((second - first) % 60.0, 0.0) || close((second - first) % 60.0, 60.0), "whole minutes apart");
    let ignored: Vec<&str> = all(&result, EventKind::PolicyIgnored).iter().map(|e| e.detail.as_str()).collect();
    assert_eq!(ignored.len(), 3, "each reason once: {ignored:?}");
    assert!(ignored[0].contains("cooldown until"), "{ignored:?}");
    assert!(ignored[1].contains("cooldown until"), "{ignored:?}");
    assert!(ignored[2].contains("already at the maximum of 16"), "{ignored:?}");
    let desired: Vec<&str> =
        all(&result, EventKind::DesiredCapacityChanged).iter().map(|e| e.detail.split(' ').next().unwrap()).collect();
    assert_eq!(desired, ["4", "8"]);
}

/// Falls below 30 at 600 s; takes two away.
fn shrink(after_drain: bool) -> Plan {
    let mut plan = plan();
    metric(&mut plan, &[(0, 50.0), (600, 10.0), (1_000, 50.0)]);
    let group = group(&mut plan);
    group.policies = vec![policy("shrink", AdjustmentType::ChangeInCapacity, -1.0, 100)];
    group.cooldown_after_drain = after_drain;
    plan.alarms = [alarm("load-low", Comparison::LessThan, 30.0, 1, 0)].into_iter().collect();
    plan
}

#[test]
fn a_scale_in_drains_and_its_cooldown_starts_as_either_text_says() {
    for (after_drain, cooldown_from) in [(false, 0.0), (true, 60.0)] {
        let result = run(&shrink(after_drain));
        let t0 = times(&result, EventKind::PolicyInvoked)[0];
        assert!(close(times(&result, EventKind::InstanceTerminating)[0], t0));
        assert!(close(times(&result, EventKind::TargetDeregistered)[0], t0 + 60.0));
        assert!(close(times(&result, EventKind::InstanceTerminated)[0], t0 + 85.0));
        assert!(close(times(&result, EventKind::CooldownStarted)[0], t0 + cooldown_from), "{after_drain}");
        // The repeats, on whole minutes: at 60 s busy, at 120 s free unless the cooldown began at the end of draining.
        let next = times(&result, EventKind::PolicyInvoked)[1];
        assert!(close(next, t0 + if after_drain { 180.0 } else { 120.0 }), "{after_drain}: {next} after {t0}");
        assert_eq!(result.summary.groups["web"].final_in_service, 2);
    }
}

#[test]
fn scale_in_takes_from_the_largest_zone() {
    let mut plan = shrink(false);
    group(&mut plan).desired_capacity = 3;
    let result = run(&plan);
    let gone = all(&result, EventKind::InstanceTerminating);
    assert_eq!(gone.len(), 1, "3 → 2, the minimum");
    assert!(["web/i-0", "web/i-2"].contains(&gone[0].subject.as_str()), "one of use1-az1: {}", gone[0].subject);
}

#[test]
fn step_scaling_goes_by_the_size_of_the_breach_and_counts_what_is_warming() {
    let mut plan = plan();
    metric(&mut plan, &[(0, 50.0), (600, 75.0), (840, 95.0)]);
    let steps = vec![
        StepAdjustment { lower: Some(0.0), upper: Some(20.0), adjustment: 1.0 },
        StepAdjustment { lower: Some(20.0), upper: None, adjustment: 4.0 },
    ];
    group(&mut plan).policies = vec![Policy {
        name: "steps".into(),
        enabled: true,
        adjustment_type: AdjustmentType::ChangeInCapacity,
        min_adjustment_magnitude: 0,
        kind: PolicyKind::Step { steps, warmup: Some(secs(1_000)), aggregation: MetricAggregation::default() },
    }];
    plan.alarms = [alarm("load-high", Comparison::GreaterThan, 70.0, 1, 0)].into_iter().collect();
    plan.duration = secs(1_500);
    let result = run(&plan);
    let desired: Vec<&str> =
        all(&result, EventKind::DesiredCapacityChanged).iter().map(|e| e.detail.split(" (").next().unwrap()).collect();
    // Four warm instances and one warming: the higher step wants 4 + 4, so three more.
    assert_eq!(desired, ["4 → 5", "5 → 8"]);
    assert_eq!(result.summary.groups["web"].final_in_service, 8);
    let ignored = all(&result, EventKind::PolicyIgnored);
    assert!(ignored.iter().all(|e| e.detail.contains("under way")), "{ignored:?}");
    assert!(all(&result, EventKind::CooldownStarted).is_empty());
}

#[test]
fn c2_of_policies_invoked_at_one_instant_the_largest_capacity_wins() {
    let mut plan = spike(700);
    group(&mut plan).policies = vec![
        policy("little", AdjustmentType::ChangeInCapacity, 1.0, 300),
        policy("much", AdjustmentType::ChangeInCapacity, 3.0, 300),
        policy("less", AdjustmentType::ChangeInCapacity, -1.0, 300),
    ];
    let raise = |policy| alarm("load-high", Comparison::GreaterThan, 90.0, 1, policy);
    // Alarms of one name look at the same second.
    plan.alarms = [raise(0), raise(1), raise(2)].into_iter().collect();
    plan.duration = secs(900);
    let result = run(&plan);
    let desired = all(&result, EventKind::DesiredCapacityChanged);
    assert!(desired.len() == 1 && desired[0].detail.starts_with("4 → 7"), "{desired:?}");
    let ignored: Vec<&str> = all(&result, EventKind::PolicyIgnored).iter().map(|e| e.detail.as_str()).collect();
    assert!(ignored[0].starts_with("little: another policy asks for 7"), "{ignored:?}");
    assert!(ignored[1].starts_with("less: another policy asks for 7"), "{ignored:?}");
}
