//! Rules that several kinds of policy share: what a cooldown holds back, who wins, what is written down.

use crate::fixture::*;
use models::plan::*;
use models::result::{EventKind, RunResult};
use sim_core::dist::Dist;
use sim_core::{Duration, Time};

fn desired(result: &RunResult) -> Vec<String> {
    let words = |detail: &str| detail.split(" (").next().unwrap_or_default().to_owned();
    all(result, EventKind::DesiredCapacityChanged).iter().map(|event| words(&event.detail)).collect()
}

fn ignored(result: &RunResult) -> Vec<&str> {
    all(result, EventKind::PolicyIgnored).iter().map(|event| event.detail.as_str()).collect()
}

fn stepped(name: &str, steps: &[(Option<f64>, Option<f64>, f64)], aggregation: MetricAggregation) -> Policy {
    let step = |&(lower, upper, adjustment)| StepAdjustment { lower, upper, adjustment };
    let kind = PolicyKind::Step { steps: steps.iter().map(step).collect(), warmup: Some(Duration::ZERO), aggregation };
    Policy { kind, ..policy(name, AdjustmentType::ChangeInCapacity, 0.0, 0) }
}

#[test]
fn a_cooldown_holds_back_simple_policies_of_both_directions_and_no_step_policy() {
    // The spike doubles at some 920 s; its cooldown lasts until some 1230 s. At 1000 s the metric falls.
    let mut plan = spike(960);
    metric(&mut plan, &[(0, 50.0), (600, 95.0), (960, 10.0)]);
    group(&mut plan).policies.push(policy("shrink", AdjustmentType::ChangeInCapacity, -1.0, 300));
    group(&mut plan).policies.push(stepped("steps", &[(None, Some(0.0), -2.0)], MetricAggregation::default()));
    plan.alarms.push(alarm("load-low", Comparison::LessThan, 30.0, 1, 1));
    plan.alarms.push(alarm("load-lower", Comparison::LessThan, 30.0, 1, 2));
    plan.duration = secs(1_180);
    let result = run(&plan);
    let cooldown = times(&result, EventKind::CooldownStarted)[0];
    let changes = times(&result, EventKind::DesiredCapacityChanged);
    assert_eq!(desired(&result)[..2], ["4 → 8", "8 → 6"]);
    assert!(changes[1] > cooldown && changes[1] < cooldown + 300.0, "within the cooldown: {changes:?} {cooldown}");
    let blocked = ignored(&result).into_iter().filter(|words| words.starts_with("shrink: cooldown until")).count();
    assert_eq!(blocked, 1, "{:?}", ignored(&result));
}

#[test]
fn c2_a_scheduled_action_and_a_policy_at_one_instant_the_larger_capacity_wins() {
    let raised = times(&run(&spike(1_000)), EventKind::PolicyInvoked)[0];
    let at = Time::from_nanos((raised * 1e9).round() as u64);
    for (wanted, expected, told) in [(5, "4 → 8", true), (12, "4 → 12", true), (3, "4 → 8", true)] {
        let mut plan = spike(1_000);
        let schedule = &mut group(&mut plan).schedule;
        let desired_capacity = Some(wanted);
        schedule.actions =
            vec![ScheduledAction { name: "plan".into(), min_size: None, max_size: None, desired_capacity }];
        schedule.due = vec![(at, 0)];
        plan.duration = secs(1_000);
        let result = run(&plan);
        assert_eq!(desired(&result), [expected], "{wanted}");
        let loser = if wanted > 8 { "double: another policy asks for 12" } else { "plan: another policy asks for 8" };
        assert_eq!(ignored(&result).iter().any(|words| words.starts_with(loser)), told, "{:?}", ignored(&result));
    }
}

#[test]
fn the_metric_of_a_step_policy_is_aggregated_over_the_alarms_newest_periods() {
    // 80, 85, 90, 95, 100: each minute one more step. One instance from 70 on, four from 90 on.
    let course: Vec<(u64, f64)> = std::iter::once((0, 50.0))
        .chain((0..5_u32).map(|i| (600 + 60 * u64::from(i), 80.0 + 5.0 * f64::from(i))))
        .collect();
    let steps = [(Some(0.0), Some(20.0), 1.0), (Some(20.0), None, 4.0)];
    use MetricAggregationType::{Average, Maximum, Minimum};
    // Five of five, so that the first look sees 80 to 100.
    let table = [
        (Average, 1, "4 → 8", "100.00"),
        (Average, 5, "4 → 8", "90.00"),
        (Minimum, 5, "4 → 5", "80.00"),
        (Maximum, 5, "4 → 8", "100.00"),
        (Minimum, 2, "4 → 8", "95.00"),
    ];
    for (of, periods, expected, value) in table {
        let mut plan = plan();
        metric(&mut plan, &course);
        group(&mut plan).policies = vec![stepped("steps", &steps, MetricAggregation { of, periods })];
        plan.alarms = [alarm("load-high", Comparison::GreaterThan, 70.0, 5, 0)].into_iter().collect();
        plan.duration = secs(975);
        let result = run(&plan);
        assert_eq!(desired(&result)[0], expected, "{of:?} of {periods}");
        let words = &all(&result, EventKind::PolicyInvoked)[0].detail;
        assert!(words.ends_with(&format!("load-high is at {value}")), "{of:?} of {periods}: {words}");
    }
}

#[test]
fn a_reason_is_written_down_once_while_the_alarm_stays_even_if_others_come_between() {
    // At the maximum, with instances lost now and then: busy, at the maximum, busy again, at the maximum again.
    let mut plan = spike(3_600);
    let group = group(&mut plan);
    (group.max_size, group.desired_capacity) = (4, 4);
    // Long enough for a look while the replacement comes up.
    plan.fleets[WEB].template.pending = phase(200.0);
    for (at, ordinal) in [(1_200, 0), (2_000, 1), (2_800, 2)] {
        fault(&mut plan, at, FaultAction::TerminateInstances(nth(ordinal)));
    }
    let result = run(&plan);
    let found = ignored(&result);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0], "double: already at the maximum of 4");
    assert_eq!(found[1], "double: a scaling activity or a replacement is in progress");
}

#[test]
fn c5_the_warm_up_is_the_policys_own_else_the_groups_else_its_cooldown() {
    // A second notification a minute after the first: with the first instance warm it adds another, else it is enough.
    // (own warm-up, the group's, its cooldown, when the second instance comes at the earliest after the first in service)
    let table = [
        (Some(100), Some(500), 900, 100.0),
        (None, Some(200), 900, 200.0),
        (None, None, 300, 300.0),
        (Some(0), None, 900, 0.0),
    ];
    for (own, default, cooldown, expected) in table {
        let mut plan = spike(3_600);
        let mut policy = stepped("steps", &[(Some(0.0), None, 1.0)], MetricAggregation::default());
        let PolicyKind::Step { warmup, .. } = &mut policy.kind else { unreachable!() };
        *warmup = own.map(secs);
        let group = group(&mut plan);
        group.policies = vec![policy];
        group.default_instance_warmup = default.map(secs);
        group.default_cooldown = secs(cooldown);
        plan.duration = secs(1_400);
        let result = run(&plan);
        let in_service = times(&result, EventKind::InstanceInService)[0];
        let second = times(&result, EventKind::DesiredCapacityChanged)[1];
        let waited = second - in_service;
        assert!(waited >= expected && waited < expected + 60.0, "{own:?} {default:?} {cooldown}: {waited}");
    }
}

/// Instances that the group's CPU metric counts, minute by minute as an alarm sees them.
fn counted(mut plan: Plan) -> Vec<f64> {
    plan.duration = secs(2_400);
    plan.cloudwatch.ec2_delay = Dist::Constant(1.0);
    let watch = Alarm { statistic: Statistic::SampleCount, ..Alarm::new("n", Metric::Cpu(WEB), 1e9) };
    plan.alarms = [watch].into_iter().collect();
    run(&plan).series.get("alarm.n.value").expect("a column").values.clone()
}

#[test]
fn c6_after_standby_and_after_attaching_an_instance_warms_up_before_its_metrics_count() {
    let back = |leave: InstanceChange, come_back: InstanceChange, warmup: Option<u64>| {
        let mut plan = plan();
        group(&mut plan).default_instance_warmup = warmup.map(secs);
        change(&mut plan, 300, nth(1), leave);
        change(&mut plan, 900, if come_back == InstanceChange::Attach { everyone() } else { nth(1) }, come_back);
        counted(plan)
    };
    let standby = || (InstanceChange::EnterStandby { decrement: true }, InstanceChange::ExitStandby);
    let detached = || (InstanceChange::Detach { decrement: true }, InstanceChange::Attach);
    for ((leave, come_back), what) in [(standby(), "standby"), (detached(), "attached")] {
        // In service at 902 s. Without a warm-up the first full period ends at 1020 s; with 300 s it warms until 1202 s.
        let at_once = back(leave, come_back, None);
        let warmed = back(leave, come_back, Some(300));
        let row = |values: &[f64], seconds: usize| values[seconds / 60];
        assert_eq!([row(&at_once, 240), row(&warmed, 240)], [4.0, 4.0], "{what} before");
        assert_eq!([row(&at_once, 720), row(&warmed, 720)], [3.0, 3.0], "{what} while away");
        let first =
            |values: &[f64]| values.iter().skip(720 / 60).position(|n| *n == 4.0).expect("it counts again") * 60 + 720;
        assert!((1_020..=1_140).contains(&first(&at_once)), "{what}: {}", first(&at_once));
        assert!((1_320..=1_440).contains(&first(&warmed)), "{what}: {}", first(&warmed));
        assert_eq!(first(&warmed) - first(&at_once), 300, "{what}: the warm-up, to the period");
    }
}

#[test]
fn c6_the_first_sample_after_standby_is_of_one_period() {
    // All its CPU is busy from 1000 s on, while it warms up: never more than 100 %.
    let mut plan = plan();
    plan.duration = secs(2_400);
    group(&mut plan).default_instance_warmup = Some(secs(600));
    change(&mut plan, 300, nth(1), InstanceChange::EnterStandby { decrement: true });
    change(&mut plan, 900, nth(1), InstanceChange::ExitStandby);
    fault(&mut plan, 400, FaultAction::CpuStress(nth(1), 100.0, Duration::MAX));
    plan.cloudwatch.ec2_delay = Dist::Constant(1.0);
    let watch = Alarm { statistic: Statistic::Maximum, ..Alarm::new("most", Metric::Cpu(WEB), 1e9) };
    plan.alarms = [watch].into_iter().collect();
    let result = run(&plan);
    let most = |values: &[f64]| values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let seen = most(&result.series.get("alarm.most.value").expect("a column").values);
    assert!((99.0..=100.0 + 1e-6).contains(&seen), "{seen}");
    let drawn = most(&result.series.get("cpu_percent.web").expect("a column").values);
    assert!(drawn <= 100.0, "{drawn}");
}
