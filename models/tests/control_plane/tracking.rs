//! Target tracking end to end: two alarms, the arithmetic of several policies, warm-up, and what is not done.

use crate::fixture::*;
use models::plan::*;
use models::result::{EventKind, RunResult};
use sim_core::Duration;

/// A policy that keeps the n-th custom metric at 50, with its two alarms as the language makes them.
fn track(plan: &mut Plan, index: usize, name: &str, metric: usize, scale_in: bool) {
    let tracking = TargetTracking {
        target: 50.0,
        scale_in,
        warmup: Some(secs(120)),
        scale_in_most: u32::MAX,
        scale_in_pause: Duration::ZERO,
    };
    let kind = PolicyKind::TargetTracking(tracking);
    group(plan).policies.push(Policy { kind, ..policy(name, AdjustmentType::ChangeInCapacity, 0.0, 0) });
    let of = |which: &str, comparison, threshold, periods| Alarm {
        metric: Metric::Custom(CustomMetricId::new(metric)),
        ..alarm(&format!("{name}-{which}"), comparison, threshold, periods, index)
    };
    plan.alarms.push(of("AlarmHigh", Comparison::GreaterThan, 50.0, 3));
    if scale_in {
        plan.alarms.push(of("AlarmLow", Comparison::LessThan, 35.0, 15));
    }
}

/// The course of a further metric.
fn second(plan: &mut Plan, course: &[(u64, f64)]) {
    let mut other = crate::fixture::plan();
    metric(&mut other, course);
    plan.custom_metrics.push(other.custom_metrics.values().next().unwrap().clone());
}

fn desired(result: &RunResult) -> Vec<String> {
    let words = |detail: &str| detail.split(" (").next().unwrap_or_default().to_owned();
    all(result, EventKind::DesiredCapacityChanged).iter().map(|event| words(&event.detail)).collect()
}

fn ignored(result: &RunResult) -> Vec<&str> {
    all(result, EventKind::PolicyIgnored).iter().map(|event| event.detail.as_str()).collect()
}

fn raised(result: &RunResult, alarm: &str) -> f64 {
    let found = all(result, EventKind::AlarmState);
    found.iter().find(|e| e.subject == alarm && e.detail.contains("→ ALARM")).unwrap().t_s
}

#[test]
fn three_periods_above_scale_out_and_fifteen_below_scale_in() {
    let mut plan = plan();
    metric(&mut plan, &[(0, 50.0), (600, 80.0), (780, 40.0), (1_800, 20.0)]);
    track(&mut plan, 0, "half", 0, true);
    plan.duration = secs(3_300);
    let result = run(&plan);
    // The third datapoint above ends at 780 s, is there at 790 s, and the alarm looks once a minute.
    let high = raised(&result, "half-AlarmHigh");
    assert!((790.0..850.0).contains(&high), "{high}");
    // The fifteenth below ends at 2700 s. 40 is below the target, and above AlarmLow's threshold: nothing happens (T5).
    let low = raised(&result, "half-AlarmLow");
    assert!((2_710.0..2_770.0).contains(&low), "{low}");
    // 4 × 80 / 50 is 6.4; 7 × 20 / 50 is 2.8. The metric does not answer to capacity here: 3 × 20 / 50 is 1.2, the
    // minimum is 2.
    assert_eq!(desired(&result), ["4 → 7", "7 → 3", "3 → 2"]);
    let changes = times(&result, EventKind::DesiredCapacityChanged);
    assert_close(&changes[..2], &[high + 5.0, low + 5.0]);
    let invoked = all(&result, EventKind::PolicyInvoked);
    assert_eq!(invoked[0].detail, "half: 4 × 80.00 / 50 makes 7");
    assert_eq!(chain(&result, invoked[0]), [EventKind::PolicyInvoked, EventKind::AlarmState]);
}

#[test]
fn t1_the_same_again_while_warming_adds_nothing_and_more_adds_the_difference() {
    let mut plan = plan();
    metric(&mut plan, &[(0, 50.0), (600, 80.0), (780, 120.0)]);
    track(&mut plan, 0, "half", 0, true);
    plan.duration = secs(960);
    let result = run(&plan);
    // Four are warm for 120 s after the first seven are in service: 4 × 120 / 50 is 9.6.
    assert_eq!(desired(&result)[..2], ["4 → 7", "7 → 10"]);
    assert_eq!(all(&result, EventKind::CooldownStarted).len(), 0, "T6");
}

#[test]
fn t6_no_scale_in_while_warming_and_the_reason_is_told_once() {
    let mut plan = plan();
    metric(&mut plan, &[(0, 20.0)]);
    track(&mut plan, 0, "half", 0, true);
    group(&mut plan).desired_capacity = 8;
    // A hand launches two shortly before the alarm may act.
    let call = ApiCall::SetDesiredCapacity { fleet: WEB, capacity: 10, honor_cooldown: false };
    plan.operations.push(Operation { name: "by hand".into(), at: secs(880), call });
    plan.duration = secs(1_200);
    let result = run(&plan);
    let changes = times(&result, EventKind::DesiredCapacityChanged);
    let (up, down) = (changes[0], changes[1]);
    assert_eq!(desired(&result)[..2], ["8 → 10", "10 → 4"]);
    // Two minutes of warm-up from being in service, 8 s after the launch.
    assert!(down >= up + 8.0 + 120.0 && down < up + 8.0 + 190.0, "{down}");
    assert_eq!(ignored(&result)[0], "half: no scale-in while instances warm up");
    assert_eq!(ignored(&result).iter().filter(|words| words.contains("warm up")).count(), 1);
}

#[test]
fn the_pause_after_a_scale_in_lets_the_metric_catch_up() {
    for (pause, changes) in [(0, 2), (600, 1)] {
        let mut plan = plan();
        metric(&mut plan, &[(0, 25.0)]);
        track(&mut plan, 0, "half", 0, true);
        group(&mut plan).desired_capacity = 12;
        let PolicyKind::TargetTracking(tracking) = &mut group(&mut plan).policies[0].kind else { unreachable!() };
        tracking.scale_in_pause = secs(pause);
        plan.duration = secs(1_120);
        let result = run(&plan);
        assert_eq!(desired(&result)[0], "12 → 6");
        // Terminated 85 s later; then the stale 25 would halve it again.
        assert_eq!(desired(&result).len(), changes, "{:?}", desired(&result));
        assert_eq!(ignored(&result).iter().any(|words| words.contains("has yet to show")), pause > 0);
    }
}

#[test]
fn t3_out_if_any_wants_out_and_in_only_if_all_want_in() {
    // (second metric, whether the second policy scales in, what comes of it while the first metric stands at 20)
    let table: [(f64, bool, &[&str]); 5] = [
        (20.0, true, &["4 → 2"]),
        // 4 × 30 / 50 is 2.4: the larger of both.
        (30.0, true, &["4 → 3"]),
        (45.0, true, &[]),
        (45.0, false, &["4 → 2"]),
        (60.0, true, &["4 → 5"]),
    ];
    for (value, scale_in, expected) in table {
        let mut plan = plan();
        metric(&mut plan, &[(0, 20.0)]);
        second(&mut plan, &[(0, value)]);
        track(&mut plan, 0, "one", 0, true);
        track(&mut plan, 1, "other", 1, scale_in);
        plan.duration = secs(1_060);
        let result = run(&plan);
        // The metrics do not answer to capacity, so more may follow; the first decision is what this is about.
        let first: Vec<String> = desired(&result).into_iter().take(1).collect();
        assert_eq!(first, expected, "{value} {scale_in}");
        if value == 45.0 && scale_in {
            assert_eq!(ignored(&result), ["one: other does not want to scale in"]);
        }
    }
}

#[test]
fn t4_without_data_nothing_happens_and_nobody_else_scales_in() {
    let mut plan = plan();
    metric(&mut plan, &[(0, 20.0)]);
    second(&mut plan, &[(0, 20.0)]);
    track(&mut plan, 0, "one", 0, true);
    track(&mut plan, 1, "other", 1, true);
    // A metric of errors that never are: no datapoint ever.
    let silent = Metric::Target5xx(TargetGroupId::new(0));
    let other = |alarm: &&mut Alarm| alarm.name.starts_with("other");
    plan.alarms.iter_mut().map(|entry| entry.1).filter(other).for_each(|alarm| alarm.metric = silent);
    plan.duration = secs(1_500);
    let result = run(&plan);
    assert_eq!(desired(&result), Vec::<String>::new());
    assert_eq!(ignored(&result), ["one: other has no data"]);
}

#[test]
fn t7_a_step_policy_scales_in_whatever_target_tracking_wants() {
    let mut plan = plan();
    metric(&mut plan, &[(0, 45.0)]);
    track(&mut plan, 0, "half", 0, true);
    let steps = vec![StepAdjustment { lower: None, upper: Some(0.0), adjustment: -1.0 }];
    let kind = PolicyKind::Step { steps, warmup: None, aggregation: MetricAggregation::default() };
    group(&mut plan).policies.push(Policy { kind, ..policy("steps", AdjustmentType::ChangeInCapacity, 0.0, 0) });
    plan.alarms.push(alarm("load-low", Comparison::LessThan, 48.0, 1, 1));
    plan.duration = secs(300);
    assert_eq!(desired(&run(&plan))[0], "4 → 3");
}

#[test]
fn a_policy_that_is_not_enabled_does_nothing_and_says_so_once() {
    let mut plan = spike(3_600);
    group(&mut plan).policies[0].enabled = false;
    let result = run(&plan);
    assert_eq!(desired(&result), Vec::<String>::new());
    assert_eq!(ignored(&result), ["double: the policy is not enabled"]);
}

#[test]
fn cpu_of_instances_that_warm_up_is_kept_out_of_the_metric_for_the_policys_own_warm_up() {
    let mut plan = plan();
    metric(&mut plan, &[(0, 50.0)]);
    track(&mut plan, 0, "half", 0, true);
    for alarm in plan.alarms.iter_mut().map(|entry| entry.1) {
        alarm.metric = Metric::Cpu(WEB);
        alarm.statistic = Statistic::SampleCount;
        alarm.threshold = if alarm.comparison == Comparison::LessThan { 0.5 } else { 4.5 };
        alarm.evaluation_periods = 1;
        alarm.datapoints_to_alarm = 1;
    }
    let call = ApiCall::SetDesiredCapacity { fleet: WEB, capacity: 5, honor_cooldown: false };
    plan.operations.push(Operation { name: "by hand".into(), at: secs(300), call });
    plan.duration = secs(900);
    let high = raised(&run(&plan), "half-AlarmHigh");
    // In service at 308 s, warm at 428 s: the first full period with five samples ends at 540 s (its first sample marks the
    // beginning), and is there at 600 s.
    assert!((540.0..=661.0).contains(&high), "{high}");
}
