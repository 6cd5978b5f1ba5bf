//! Zones: launches that fail in one, zonal shift (A2, A6).

use crate::fixture::*;
use models::plan::*;
use models::result::EventKind;
use models::simulate;
use sim_core::Duration;

const FIRST: ZoneId = ZoneId::new(0);

fn shift(plan: &mut Plan, seconds: u64, expires_in: u64) {
    let resource = Shifted::Group(WEB);
    at(plan, seconds, ApiCall::StartZonalShift { resource, away_from: FIRST, expires_in: secs(expires_in) });
}

fn cancel(plan: &mut Plan, seconds: u64) {
    at(plan, seconds, ApiCall::CancelZonalShift { resource: Shifted::Group(WEB) });
}

fn shiftable(behaviour: ImpairedZone) -> Plan {
    let mut plan = plan();
    group(&mut plan).lifecycle.zonal_shift = Some(behaviour);
    plan
}

#[test]
fn a2_a_request_that_fails_by_chance_is_tried_in_the_other_zones_under_best_effort() {
    let failed = |distribution: Distribution, share: f64| -> u32 {
        let mut plan = plan();
        group(&mut plan).distribution = distribution;
        plan.duration = secs(600);
        fault(&mut plan, 200, FaultAction::FailLaunches(WEB, share, secs(3_000)));
        fault(&mut plan, 300, FaultAction::TerminateInstances(everyone()));
        (1..=20)
            .map(|seed| simulate(&plan, seed, 0, &mut ()).expect("a run").summary.groups["web"].failed_launches)
            .sum()
    };
    let (best, only) = (failed(Distribution::BalancedBestEffort, 0.5), failed(Distribution::BalancedOnly, 0.5));
    // A quarter of the activities against a half of them, each followed by tries of the same kind.
    assert!(best * 3 < only * 2 && best > 0, "{best} and {only}");
    assert!(failed(Distribution::BalancedBestEffort, 1.0) >= 4 * 20);
}

#[test]
fn a2_the_zone_that_failed_is_named() {
    let mut plan = plan();
    fault(&mut plan, 200, FaultAction::FailLaunches(WEB, 0.5, secs(3_000)));
    fault(&mut plan, 300, FaultAction::TerminateInstances(everyone()));
    let told: Vec<String> = (1..=5)
        .flat_map(|seed| {
            let result = simulate(&plan, seed, 0, &mut ()).expect("a run");
            let launched = all(&result, EventKind::LaunchStarted);
            launched.iter().map(|event| event.detail.clone()).collect::<Vec<_>>()
        })
        .filter(|detail| detail.contains("the request failed in use1-az"))
        .collect();
    assert!(!told.is_empty());
    for detail in told {
        let failed = detail.split("failed in ").nth(1).expect("a zone");
        assert!(!detail.contains(&format!("in {failed};")), "launched where it failed: {detail}");
    }
}

#[test]
fn a6_during_a_shift_launches_go_elsewhere_and_the_balance_comes_back_after_it() {
    let mut plan = shiftable(ImpairedZone::ReplaceUnhealthy);
    shift(&mut plan, 300, 1_200);
    set_desired(&mut plan, 400, 8);
    let result = run(&plan);
    let launched = all(&result, EventKind::LaunchStarted);
    assert!(launched[..4].iter().all(|e| close(e.t_s, 400.0) && e.detail.contains("in use1-az2")), "{launched:?}");
    assert_close(&times(&result, EventKind::ZonalShiftStarted), &[300.0]);
    assert_close(&times(&result, EventKind::ZonalShiftEnded), &[1_500.0]);
    let balanced = times(&result, EventKind::RebalanceStarted);
    assert!((1_500.0..1_560.0).contains(&balanced[0]), "{balanced:?}");
    assert!(launched[4..].iter().all(|event| event.detail.contains("in use1-az1")), "{launched:?}");
    assert_eq!(result.summary.groups["web"].final_in_service, 8);
}

#[test]
fn a6_policies_do_not_scale_in_during_a_shift_and_people_do() {
    for (shifted, by_hand, last) in [(true, false, 4), (false, false, 2), (true, true, 3)] {
        let mut plan = shiftable(ImpairedZone::ReplaceUnhealthy);
        metric(&mut plan, &[(0, 50.0), (600, 5.0)]);
        group(&mut plan).policies = vec![policy("shrink", AdjustmentType::ChangeInCapacity, -2.0, 60)];
        plan.alarms = [alarm("load-low", Comparison::LessThan, 30.0, 2, 0)].into_iter().collect();
        if shifted {
            shift(&mut plan, 100, 7_200);
        }
        if by_hand {
            set_desired(&mut plan, 400, 3);
        }
        let result = run(&plan);
        let refused = all(&result, EventKind::PolicyIgnored);
        let told = refused.iter().any(|event| event.detail.contains("no scale-in during a zonal shift"));
        assert_eq!(told, shifted);
        assert_eq!(result.summary.groups["web"].final_in_service, last);
    }
}

#[test]
fn a6_policies_scale_out_during_a_shift() {
    let mut plan = spike(1_000);
    group(&mut plan).lifecycle.zonal_shift = Some(ImpairedZone::ReplaceUnhealthy);
    shift(&mut plan, 300, 4_000);
    let result = run(&plan);
    assert_eq!(desired(&result), ["4 → 8"]);
    assert!(all(&result, EventKind::LaunchStarted).iter().all(|event| event.detail.contains("in use1-az2")));
}

#[test]
fn a6_unhealthy_instances_of_the_zone_are_replaced_elsewhere_or_left_alone() {
    for (behaviour, replaced) in [(ImpairedZone::ReplaceUnhealthy, true), (ImpairedZone::IgnoreUnhealthy, false)] {
        let mut plan = shiftable(behaviour);
        shift(&mut plan, 300, 1_800);
        // Both of zone one: one is lost, one hangs; and one of zone two hangs, which is always replaced.
        fault(&mut plan, 400, FaultAction::TerminateInstances(nth(0)));
        fault(&mut plan, 500, FaultAction::HangInstances(nth(2), Duration::MAX));
        fault(&mut plan, 500, FaultAction::HangInstances(nth(3), Duration::MAX));
        let result = run(&plan);
        let during = |event: &&&models::result::TimelineEvent| event.t_s < 2_100.0;
        let marked = all(&result, EventKind::InstanceMarkedUnhealthy);
        let early: Vec<&str> = marked.iter().filter(during).map(|event| event.subject.as_str()).collect();
        assert_eq!(early.len(), if replaced { 3 } else { 1 }, "{early:?}");
        assert!(early.contains(&"web/i-3"));
        let launched = all(&result, EventKind::LaunchStarted);
        assert!(launched.iter().filter(during).all(|event| event.detail.contains("in use1-az2")), "{launched:?}");
        if !replaced {
            let late: Vec<&str> = marked.iter().skip(1).map(|event| event.subject.as_str()).collect();
            assert!(late.contains(&"web/i-0") && late.contains(&"web/i-2"), "seen to after the shift: {late:?}");
            let noticed = marked.iter().find(|event| event.subject == "web/i-0").expect("noticed").t_s;
            assert!(close(noticed, 2_103.0), "{noticed}");
        }
        assert_eq!(result.summary.groups["web"].final_in_service, 4);
    }
}

#[test]
fn a_shift_can_be_cancelled_and_its_end_then_means_nothing_to_the_next() {
    let mut plan = shiftable(ImpairedZone::ReplaceUnhealthy);
    shift(&mut plan, 300, 600);
    shift(&mut plan, 400, 600);
    cancel(&mut plan, 500);
    cancel(&mut plan, 550);
    shift(&mut plan, 600, 600);
    let result = run(&plan);
    assert_close(&times(&result, EventKind::ZonalShiftStarted), &[300.0, 600.0]);
    assert_close(&times(&result, EventKind::OperationRefused), &[400.0, 550.0]);
    assert_close(&times(&result, EventKind::ZonalShiftEnded), &[500.0, 1_200.0]);
}

#[test]
fn a_group_whose_only_zone_is_shifted_away_from_launches_nowhere() {
    let mut plan = shiftable(ImpairedZone::ReplaceUnhealthy);
    plan.fleets[WEB].zones = vec![FIRST];
    shift(&mut plan, 300, 300);
    set_desired(&mut plan, 400, 5);
    let result = run(&plan);
    let failed = all(&result, EventKind::LaunchFailed);
    assert!(failed[0].detail.contains("shifted away from use1-az1"), "{}", failed[0].detail);
    assert_close(&times(&result, EventKind::LaunchStarted), &[400.0 + 3.0 * 75.0]);
}
