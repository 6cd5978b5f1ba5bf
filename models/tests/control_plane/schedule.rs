//! Scheduled actions and forecasts, by the clock.

use crate::fixture::*;
use models::plan::*;
use models::result::{EventKind, RunResult};
use sim_core::dist::Dist;
use sim_core::{Duration, Time};

/// Adds an action of (minimum, maximum, desired) that is due at these seconds.
fn action(plan: &mut Plan, name: &str, sizes: [Option<u32>; 3], due: &[u64]) {
    let [min_size, max_size, desired_capacity] = sizes;
    let schedule = &mut group(plan).schedule;
    let index = schedule.actions.len() as u16;
    schedule.actions.push(ScheduledAction { name: name.into(), min_size, max_size, desired_capacity });
    schedule.due.extend(due.iter().map(|at| (Time::ZERO + secs(*at), index)));
    schedule.due.sort_unstable();
}

fn desired(result: &RunResult) -> Vec<String> {
    all(result, EventKind::DesiredCapacityChanged).iter().map(|event| event.detail.clone()).collect()
}

#[test]
fn a_scheduled_action_runs_at_its_time_each_time_and_sets_what_it_names() {
    let mut plan = plan();
    action(&mut plan, "up", [Some(6), None, None], &[600, 1_800]);
    action(&mut plan, "down", [Some(2), Some(8), Some(3)], &[1_200]);
    plan.duration = secs(2_400);
    let result = run(&plan);
    assert_close(&times(&result, EventKind::ScheduledAction), &[600.0, 1_200.0, 1_800.0]);
    assert_eq!(
        desired(&result),
        ["4 → 6 (minimum 6, maximum 16)", "6 → 3 (minimum 2, maximum 8)", "3 → 6 (minimum 6, maximum 8)"]
    );
    assert_close(&times(&result, EventKind::DesiredCapacityChanged), &[600.0, 1_200.0, 1_800.0]);
    let change = all(&result, EventKind::DesiredCapacityChanged)[0];
    assert_eq!(chain(&result, change), [EventKind::DesiredCapacityChanged, EventKind::ScheduledAction]);
    assert_eq!(result.summary.groups["web"].final_in_service, 6);
}

#[test]
fn actions_may_be_late_by_120_s_at_most_and_keep_their_order() {
    let mut plan = plan();
    // A delay that nobody would call seconds counts as two minutes.
    group(&mut plan).schedule.delay = Dist::Constant(1_000.0);
    action(&mut plan, "first", [None, None, Some(6)], &[600]);
    action(&mut plan, "second", [None, None, Some(8)], &[600, 660]);
    let result = run(&plan);
    assert_close(&times(&result, EventKind::ScheduledAction), &[720.0, 720.0, 780.0]);
    let names: Vec<&str> = all(&result, EventKind::ScheduledAction).iter().map(|e| &e.detail[..5]).collect();
    assert_eq!(names, ["first", "secon", "secon"]);
    assert!(all(&result, EventKind::ScheduledAction)[0].detail.ends_with("120.0 s late"));
}

#[test]
fn a_later_action_waits_for_an_earlier_one_that_is_late() {
    let mut plan = plan();
    group(&mut plan).schedule.delay = Dist::Uniform { low: 0.0, high: 120.0 };
    for at in (600..1_200).step_by(10) {
        action(&mut plan, &format!("at {at}"), [None, None, Some(3 + (at % 7) as u32)], &[at]);
    }
    let result = run(&plan);
    let found = all(&result, EventKind::ScheduledAction);
    assert_eq!(found.len(), 60);
    for (event, at) in found.iter().zip((600..1_200).step_by(10)) {
        assert!(event.detail.starts_with(&format!("at {at}:")), "order is kept: {}", event.detail);
        assert!(event.t_s >= at as f64 && event.t_s <= at as f64 + 120.0, "{} for {at}", event.t_s);
    }
}

#[test]
fn an_action_that_contradicts_the_bounds_is_refused_and_changes_nothing() {
    let mut plan = plan();
    action(&mut plan, "too much", [None, None, Some(17)], &[600]);
    action(&mut plan, "crossed", [Some(17), None, None], &[700]);
    let result = run(&plan);
    let refused: Vec<&str> = all(&result, EventKind::OperationRefused).iter().map(|e| e.detail.as_str()).collect();
    assert_eq!(refused, ["too much: 17 is outside 2 to 16", "crossed: a minimum of 17 is above the maximum of 16"]);
    assert!(desired(&result).is_empty());
}

#[test]
fn a_scheduled_action_heeds_no_cooldown_and_policies_heed_its_bounds() {
    // The spike doubles at some 920 s and would again after its cooldown of 300 s.
    let mut plan = spike(3_600);
    action(&mut plan, "cap", [None, Some(9), Some(9)], &[1_000]);
    let result = run(&plan);
    let found = desired(&result);
    assert_eq!(found, ["4 → 8 (minimum 2, maximum 16)", "8 → 9 (minimum 2, maximum 9)"]);
    let ignored = all(&result, EventKind::PolicyIgnored);
    assert!(ignored.iter().any(|event| event.detail.contains("already at the maximum of 9")), "{ignored:?}");
}

#[test]
fn other_activities_start_a_cooldown_only_if_asked_to() {
    for (every, expected) in [(false, 0), (true, 1)] {
        let mut plan = plan();
        action(&mut plan, "up", [None, None, Some(6)], &[600]);
        group(&mut plan).every_activity_cools_down = every;
        let result = run(&plan);
        // Six seconds to run, two to register, then the default cooldown.
        let cooldowns = times(&result, EventKind::CooldownStarted);
        assert_eq!(cooldowns.len(), expected);
        assert!(cooldowns.iter().all(|at| close(*at, 608.0)), "{cooldowns:?}");
    }
}

/// A day's load in whole hours: 100 at night, 450 from `from` for three hours; target 50 for one instance.
fn predictive(plan: &mut Plan, from: usize, days: usize, scales: bool, raises_max: Option<f64>) {
    let load = |hour: usize| if (from..from + 3).contains(&(hour % 24)) { 450.0 } else { 100.0 };
    let predictive = Predictive {
        pair: "ASGCPUUtilization",
        load: Metric::Cpu(WEB),
        counted: false,
        target: 50.0,
        scales,
        buffer: secs(300),
        raises_max,
        history: (0..24 * days).map(load).collect(),
    };
    let kind = PolicyKind::Predictive(Box::new(predictive));
    group(plan).policies.push(Policy { kind, ..policy("ahead", AdjustmentType::ChangeInCapacity, 0.0, 0) });
    plan.starts_at = 0;
}

#[test]
fn a_forecast_raises_capacity_before_its_hour_and_never_lowers_it() {
    let mut plan = plan();
    predictive(&mut plan, 2, 1, true, None);
    plan.duration = secs(6 * 3_600);
    let result = run(&plan);
    // Each six hours, the last at the very end of the run.
    assert_close(&times(&result, EventKind::ForecastMade)[..1], &[0.0]);
    let words = &all(&result, EventKind::ForecastMade)[0].detail;
    assert_eq!(words, "ahead: 2 to 9 instances in the next 48 h, most from 02:00 UTC on");
    assert_eq!(desired(&result), ["4 → 9 (minimum 2, maximum 16)"]);
    assert_close(&times(&result, EventKind::DesiredCapacityChanged), &[2.0 * 3_600.0 - 300.0]);
    let change = all(&result, EventKind::DesiredCapacityChanged)[0];
    let kinds = [EventKind::DesiredCapacityChanged, EventKind::PolicyInvoked, EventKind::ForecastMade];
    assert_eq!(chain(&result, change), kinds);
    let column = result.series.get("group.web.forecast").expect("a column for the forecast");
    assert_eq!((column.values[30], column.values[150], column.values[330]), (2.0, 9.0, 2.0));
}

#[test]
fn forecast_only_changes_nothing() {
    let mut plan = plan();
    predictive(&mut plan, 1, 2, false, None);
    plan.duration = secs(2 * 3_600);
    let result = run(&plan);
    assert_eq!(all(&result, EventKind::ForecastMade).len(), 1);
    assert!(desired(&result).is_empty());
}

#[test]
fn a_forecast_above_the_maximum_is_shortened_or_raises_it() {
    // A forecast of nine over a maximum of six.
    let table: [(Option<f64>, &str); 3] = [
        (None, "4 → 6 (minimum 2, maximum 6)"),
        (Some(0.0), "4 → 9 (minimum 2, maximum 9)"),
        (Some(15.0), "4 → 9 (minimum 2, maximum 11)"),
    ];
    for (raises_max, expected) in table {
        let mut plan = plan();
        predictive(&mut plan, 1, 1, true, raises_max);
        group(&mut plan).max_size = 6;
        plan.duration = secs(2 * 3_600);
        let result = run(&plan);
        assert_eq!(desired(&result), [expected], "{raises_max:?}");
        let ignored = all(&result, EventKind::PolicyIgnored);
        let told = ignored.iter().filter(|e| e.detail == "ahead: a forecast of 9 is above the maximum of 6").count();
        assert_eq!(told, usize::from(raises_max.is_none()));
    }
}

#[test]
fn c2_a_policy_may_not_take_away_what_the_forecast_asks_for() {
    let mut plan = plan();
    predictive(&mut plan, 1, 1, true, None);
    metric(&mut plan, &[(0, 50.0), (3_700, 10.0)]);
    group(&mut plan).policies.push(policy("shrink", AdjustmentType::ChangeInCapacity, -4.0, 60));
    plan.alarms = [alarm("load-low", Comparison::LessThan, 30.0, 1, 1)].into_iter().collect();
    plan.duration = secs(5 * 3_600);
    let result = run(&plan);
    let found = desired(&result);
    // Nine from 01:00 to 04:00; the hour ahead, buffer included, counts too.
    assert_eq!(
        found,
        ["4 → 9 (minimum 2, maximum 16)", "9 → 5 (minimum 2, maximum 16)", "5 → 2 (minimum 2, maximum 16)"]
    );
    assert!(times(&result, EventKind::DesiredCapacityChanged)[1] >= 4.0 * 3_600.0);
    let ignored = all(&result, EventKind::PolicyIgnored);
    let told = ignored.iter().filter(|e| e.detail == "shrink: the forecast asks for 9 in this hour").count();
    assert_eq!(told, 1, "each reason once");
}

#[test]
fn the_run_itself_is_history_once_it_is_a_day_long() {
    let mut plan = plan();
    predictive(&mut plan, 1, 0, true, None);
    // Enough work for a whole vCPU in the hour of 01:00, none else.
    let Arrivals::Open { rate, .. } = &mut plan.populations[PopulationId::new(0)].arrivals else { unreachable!() };
    let at = |seconds: u64| Time::ZERO + secs(seconds);
    rate.knots = vec![(at(0), 0.01), (at(3_600), 0.01), (at(3_600), 20.0), (at(7_200), 20.0), (at(7_200), 0.01)];
    plan.endpoints[EndpointId::new(0)].steps = vec![Step::Compute(Dist::Constant(0.1))];
    let PolicyKind::Predictive(predictive) = &mut group(&mut plan).policies[0].kind else { unreachable!() };
    predictive.target = 12.5;
    plan.duration = secs(26 * 3_600);
    plan.drain = Duration::ZERO;
    let result = run(&plan);
    let ignored: Vec<&str> = all(&result, EventKind::PolicyIgnored).iter().map(|e| e.detail.as_str()).collect();
    assert_eq!(ignored, ["ahead: a forecast needs 24 h of history, and has 0 h"]);
    // The first whole day of datapoints can be read a while after it has ended.
    let made = times(&result, EventKind::ForecastMade)[0];
    assert!((24.0 * 3_600.0..24.0 * 3_600.0 + 1_000.0).contains(&made), "{made}");
    // Twenty requests of 100 ms per second are two vCPUs of the eight that four instances have: 100 % over all of them, and
    // some for the checks. 100 / 12.5 is 8.
    let change = all(&result, EventKind::DesiredCapacityChanged)[0];
    assert!(close(change.t_s, 25.0 * 3_600.0 - 300.0), "{}", change.t_s);
    assert!(change.detail.starts_with("4 → 8 ") || change.detail.starts_with("4 → 9 "), "{}", change.detail);
}
