//! Replacement within a maintenance policy, forced replacement, and the maximum lifetime (P1 to P6, §1.12).

use crate::fixture::*;
use models::plan::*;
use models::result::{EventKind, RunResult};
use sim_core::Duration;

fn within(min: u32, max: u32) -> Plan {
    let mut plan = plan();
    group(&mut plan).lifecycle.maintenance =
        Some(Maintenance { min_healthy_percentage: min, max_healthy_percentage: max });
    plan
}

fn hang(plan: &mut Plan, number: u32) {
    fault(plan, 600, FaultAction::HangInstances(nth(number), Duration::MAX));
}

/// When the first was marked.
fn marked(result: &RunResult) -> f64 {
    times(result, EventKind::InstanceMarkedUnhealthy)[0]
}

#[test]
fn p4_a_minimum_of_100_launches_first_and_terminates_when_the_new_one_has_settled() {
    for max in [100, 110, 150, 200] {
        let mut plan = within(100, max);
        hang(&mut plan, 2);
        let result = run(&plan);
        let t0 = marked(&result);
        assert_close(&times(&result, EventKind::LaunchStarted), &[t0]);
        let gone = times(&result, EventKind::InstanceTerminating);
        let healthy = times(&result, EventKind::TargetHealthy)[0];
        assert!(gone.len() == 1 && gone[0] >= healthy && gone[0] <= healthy + 30.0, "{gone:?} after {healthy}");
        assert_eq!(whom(&result, EventKind::InstanceTerminating), ["web/i-2"]);
        let web = &result.summary.groups["web"];
        assert_eq!((web.max_in_service, web.min_in_service, web.final_in_service, web.launches), (5, 4, 4, 1));
        assert_eq!(web.replacements, 1);
        let why = all(&result, EventKind::InstanceTerminating)[0];
        assert!(why.detail.contains("replaced by web/i-4"), "{}", why.detail);
    }
}

#[test]
fn p4_a_minimum_of_100_is_as_fast_as_its_maximum_allows() {
    for (max, at_once) in [(110, 1), (125, 1), (150, 2), (200, 3)] {
        let mut plan = within(100, max);
        (0..3).for_each(|number| hang(&mut plan, number));
        let result = run(&plan);
        let t0 = times(&result, EventKind::LaunchStarted)[0];
        let first = times(&result, EventKind::LaunchStarted).iter().filter(|t| **t <= t0 + 60.0).count();
        assert_eq!(first, at_once, "maximum {max}");
        let web = &result.summary.groups["web"];
        assert_eq!((web.min_in_service, web.max_in_service), (4, 4 + at_once as u32), "maximum {max}");
        assert_eq!((web.final_in_service, web.replacements), (4, 3), "maximum {max}");
    }
}

#[test]
fn p4_a_maximum_of_100_terminates_and_launches_together() {
    for (min, at_once) in [(90, 1), (75, 1), (50, 2), (0, 3)] {
        let mut plan = within(min, 100);
        (0..3).for_each(|number| hang(&mut plan, number));
        let result = run(&plan);
        let gone = times(&result, EventKind::InstanceTerminating);
        let first = gone.iter().filter(|t| **t <= gone[0] + 60.0).count();
        assert_eq!(first, at_once, "minimum {min}");
        assert_close(&times(&result, EventKind::LaunchStarted), &gone);
        let web = &result.summary.groups["web"];
        assert_eq!((web.max_in_service, web.final_in_service), (4, 4), "minimum {min}");
    }
}

#[test]
fn p4_with_both_bounds_loose_some_go_first_and_some_come_first() {
    let mut plan = within(75, 125);
    (0..3).for_each(|number| hang(&mut plan, number));
    let result = run(&plan);
    let t0 = times(&result, EventKind::ReplacementStarted)[0];
    let started = all(&result, EventKind::ReplacementStarted);
    let early: Vec<&str> = started.iter().filter(|e| e.t_s <= t0 + 60.0).map(|e| e.detail.as_str()).collect();
    assert_eq!(early.len(), 2, "{early:?}");
    assert!(early.iter().any(|detail| detail.contains("launched first")), "{early:?}");
    assert!(early.iter().any(|detail| detail.contains("terminated and replaced")), "{early:?}");
    assert_eq!(result.summary.groups["web"].final_in_service, 4);
}

#[test]
fn p5_a_loss_is_replaced_at_once_whatever_the_policy() {
    let mut plan = within(100, 110);
    fault(&mut plan, 300, FaultAction::TerminateInstances(everyone()));
    let result = run(&plan);
    assert_close(&times(&result, EventKind::LaunchStarted), &[303.0; 4]);
}

#[test]
fn one_that_dies_while_its_replacement_comes_up_is_not_replaced_twice() {
    let mut plan = within(100, 110);
    hang(&mut plan, 2);
    let t0 = marked(&run(&plan));
    fault(&mut plan, t0 as u64 + 10, FaultAction::TerminateInstances(nth(2)));
    let result = run(&plan);
    let web = &result.summary.groups["web"];
    assert_eq!((web.launches, web.final_in_service), (1, 4));
    assert!(all(&result, EventKind::InstanceTerminating).is_empty());
}

#[test]
fn a_replacement_that_dies_is_launched_again() {
    let mut plan = within(100, 110);
    hang(&mut plan, 2);
    let t0 = marked(&run(&plan));
    fault(&mut plan, t0 as u64 + 50, FaultAction::TerminateInstances(nth(4)));
    let result = run(&plan);
    assert_eq!(result.summary.groups["web"].launches, 2);
    assert_eq!(whom(&result, EventKind::InstanceTerminating), ["web/i-2"]);
    assert_eq!(result.summary.groups["web"].final_in_service, 4);
}

#[test]
fn one_whose_mark_is_taken_back_stays_and_the_new_one_or_another_goes() {
    let mut plan = within(100, 110);
    fault(&mut plan, 600, FaultAction::HangInstances(nth(2), secs(60)));
    let t0 = marked(&run(&plan));
    let healthy = InstanceChange::SetHealth { healthy: true, respect_grace_period: true };
    change(&mut plan, t0 as u64 + 60, nth(2), healthy);
    let result = run(&plan);
    let web = &result.summary.groups["web"];
    assert_eq!((web.launches, web.final_in_service), (1, 4));
    assert_eq!(all(&result, EventKind::InstanceTerminating).len(), 1, "five are one too many");
}

/// Hours of light traffic: a lifetime is a day at least.
fn days(capacity: u32, lifetime: u64, duration: u64) -> Plan {
    let mut plan = plan();
    plan.populations[PopulationId::new(0)].arrivals =
        Arrivals::Open { rate: RateProfile::constant(0.01), process: Process::Poisson };
    plan.target_groups[TargetGroupId::new(0)].health_check.interval = secs(300);
    plan.duration = secs(duration);
    plan.series_interval = secs(600);
    let group = group(&mut plan);
    (group.max_size, group.desired_capacity) = (capacity + 10, capacity);
    group.lifecycle.max_instance_lifetime = Some(secs(lifetime));
    plan
}

#[test]
fn instances_that_reach_their_lifetime_are_replaced_one_an_hour() {
    let result = run(&days(4, 86_400, 86_400 + 6 * 3_600));
    let replaced = times(&result, EventKind::ReplacementStarted);
    assert_eq!(replaced.len(), 4, "{replaced:?}");
    assert!((86_400.0..90_000.0).contains(&replaced[0]), "{replaced:?}");
    assert!(replaced.windows(2).all(|pair| close(pair[1] - pair[0], 3_600.0)), "{replaced:?}");
    // Terminated and launched together (rule P6).
    assert_close(&times(&result, EventKind::InstanceTerminating), &replaced);
    assert_close(&times(&result, EventKind::LaunchStarted), &replaced);
    let told = all(&result, EventKind::ReplacementStarted)[0];
    assert!(told.detail.contains("1 of 4 at a time"), "{}", told.detail);
}

#[test]
fn many_that_reach_it_together_go_by_tenths() {
    let result = run(&days(20, 86_400, 86_400 + 2 * 3_600));
    let replaced = times(&result, EventKind::ReplacementStarted);
    assert_eq!(replaced.len(), 4, "{replaced:?}");
    assert!(close(replaced[0], replaced[1]) && close(replaced[2] - replaced[1], 3_600.0), "{replaced:?}");
}

#[test]
fn p4_the_lifetime_keeps_the_maintenance_policy_too() {
    let mut plan = days(4, 86_400, 86_400 + 3_600);
    group(&mut plan).lifecycle.maintenance =
        Some(Maintenance { min_healthy_percentage: 100, max_healthy_percentage: 125 });
    let result = run(&plan);
    let (launched, gone) = (times(&result, EventKind::LaunchStarted), times(&result, EventKind::InstanceTerminating));
    assert!(launched.len() == 1 && gone.len() == 1 && gone[0] > launched[0] + 100.0, "{launched:?} {gone:?}");
    assert_eq!(result.summary.groups["web"].min_in_service, 4);
}

#[test]
fn the_lifetime_rests_while_launching_is_suspended() {
    let mut plan = days(4, 86_400, 86_400 + 4 * 3_600);
    group(&mut plan).lifecycle.suspended = [ScalingProcess::Launch].into_iter().collect();
    let result = run(&plan);
    assert!(all(&result, EventKind::InstanceTerminating).is_empty());
}
