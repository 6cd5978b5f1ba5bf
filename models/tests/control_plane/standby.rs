//! Standby, detaching and attaching, health and protection by hand, termination by hand.

use crate::fixture::*;
use models::plan::*;
use models::result::EventKind;
use sim_core::Duration;

const ENTER: InstanceChange = InstanceChange::EnterStandby { decrement: true };
const DETACH: InstanceChange = InstanceChange::Detach { decrement: true };
const UNHEALTHY: InstanceChange = InstanceChange::SetHealth { healthy: false, respect_grace_period: true };
const HEALTHY: InstanceChange = InstanceChange::SetHealth { healthy: true, respect_grace_period: true };

#[test]
fn r5_standby_drains_lowers_the_desired_capacity_and_comes_back() {
    let mut plan = plan();
    change(&mut plan, 300, nth(1), ENTER);
    change(&mut plan, 600, everyone(), InstanceChange::ExitStandby);
    let result = run(&plan);
    assert_close(&times(&result, EventKind::TargetDraining), &[300.0]);
    assert_close(&times(&result, EventKind::StandbyEntered), &[360.0]);
    assert_close(&times(&result, EventKind::StandbyLeft), &[600.0]);
    assert_close(&times(&result, EventKind::InstanceInService), &[602.0]);
    assert_eq!(whom(&result, EventKind::StandbyLeft), ["web/i-1"]);
    assert_eq!(desired(&result), ["4 → 3", "3 → 4"]);
    let web = &result.summary.groups["web"];
    assert_eq!((web.launches, web.terminations, web.min_in_service, web.final_in_service), (0, 0, 3, 4));
    assert_eq!(web.standby, 1);
    assert!(close(web.instance_hours, 4.0), "billed all the time: {}", web.instance_hours);
    let back = all(&result, EventKind::InstanceInService)[0];
    let path = [EventKind::InstanceInService, EventKind::StandbyLeft, EventKind::OperationCalled];
    assert_eq!(chain(&result, back), path);
}

#[test]
fn r5_without_the_decrement_a_replacement_is_launched_and_the_exit_raises_the_desired_capacity() {
    let mut plan = plan();
    change(&mut plan, 300, nth(1), InstanceChange::EnterStandby { decrement: false });
    change(&mut plan, 600, nth(1), InstanceChange::ExitStandby);
    let result = run(&plan);
    assert_close(&times(&result, EventKind::LaunchStarted), &[300.0]);
    assert_eq!(desired(&result), ["4 → 5"]);
    assert_eq!(result.summary.groups["web"].final_in_service, 5);
}

#[test]
fn r5_the_bounds_of_the_group_hold_for_standby_detaching_and_termination() {
    let terminate = InstanceChange::Terminate { decrement: true };
    // Of four, with a minimum of two.
    for what in [ENTER, DETACH, terminate] {
        for (count, refused) in [(1, false), (2, false), (3, true), (4, true)] {
            let mut plan = plan();
            change(&mut plan, 300, any(count), what);
            plan.duration = secs(500);
            let result = run(&plan);
            let told = all(&result, EventKind::OperationRefused);
            assert_eq!(told.len(), usize::from(refused), "{what:?} of {count}");
            assert!(told.iter().all(|event| event.detail.contains("below the minimum of 2")), "{told:?}");
            let left = if refused { 4 } else { 4 - count };
            assert_eq!(result.summary.groups["web"].final_in_service, left, "{what:?} of {count}");
        }
    }
    for (max, refused) in [(4, true), (5, false)] {
        let mut plan = plan();
        group(&mut plan).max_size = max;
        change(&mut plan, 300, nth(1), InstanceChange::EnterStandby { decrement: false });
        change(&mut plan, 600, nth(1), InstanceChange::ExitStandby);
        let told = run(&plan);
        let told = all(&told, EventKind::OperationRefused);
        assert_eq!(told.len(), usize::from(refused), "maximum {max}");
        assert!(told.iter().all(|event| event.detail.contains("above the maximum of 4")), "{told:?}");
    }
}

#[test]
fn an_instance_on_its_way_into_standby_cannot_leave_it() {
    let mut plan = plan();
    change(&mut plan, 300, nth(1), ENTER);
    change(&mut plan, 359, nth(1), InstanceChange::ExitStandby);
    let result = run(&plan);
    assert_close(&times(&result, EventKind::OperationRefused), &[359.0]);
    assert_close(&times(&result, EventKind::StandbyEntered), &[360.0]);
}

#[test]
fn h4_r6_nobody_looks_at_standby_and_the_way_back_begins_a_new_grace_period() {
    let mut plan = plan();
    change(&mut plan, 300, nth(1), ENTER);
    fault(&mut plan, 400, FaultAction::HangInstances(nth(1), Duration::MAX));
    change(&mut plan, 1_500, nth(1), InstanceChange::ExitStandby);
    let result = run(&plan);
    let marked = times(&result, EventKind::InstanceMarkedUnhealthy);
    assert_eq!(marked.len(), 1);
    assert!((1_802.0..=1_832.0).contains(&marked[0]), "300 s of grace from 1502 s on, then the next look: {marked:?}");
    let unhealthy = times(&result, EventKind::TargetUnhealthy);
    assert!(unhealthy[0] < 1_600.0, "its checks had failed long before: {unhealthy:?}");
}

#[test]
fn an_instance_lost_in_standby_is_noticed_when_it_comes_back() {
    let mut plan = plan();
    change(&mut plan, 300, nth(1), ENTER);
    fault(&mut plan, 500, FaultAction::TerminateInstances(nth(1)));
    change(&mut plan, 900, nth(1), InstanceChange::ExitStandby);
    let result = run(&plan);
    assert_close(&times(&result, EventKind::InstanceLost), &[500.0]);
    assert_close(&times(&result, EventKind::InstanceMarkedUnhealthy), &[903.0]);
    assert_close(&times(&result, EventKind::LaunchStarted), &[903.0]);
    assert_eq!(result.summary.groups["web"].final_in_service, 4);
}

#[test]
fn r6_detached_instances_run_on_and_can_be_attached_again() {
    let mut plan = plan();
    change(&mut plan, 300, nth(1), DETACH);
    change(&mut plan, 600, everyone(), InstanceChange::Attach);
    let result = run(&plan);
    assert_close(&times(&result, EventKind::InstanceDetached), &[360.0]);
    assert_close(&times(&result, EventKind::InstanceAttached), &[600.0]);
    assert_close(&times(&result, EventKind::InstanceInService), &[602.0]);
    assert_eq!(desired(&result), ["4 → 3", "3 → 4"]);
    let web = &result.summary.groups["web"];
    assert_eq!((web.launches, web.terminations, web.final_in_service), (0, 0, 4));
    assert!(close(web.instance_hours, 4.0), "billed outside the group too: {}", web.instance_hours);
}

#[test]
fn r6_a_detach_without_the_decrement_is_replaced_and_an_attach_needs_room() {
    for (max, refused, last) in [(4, true, 4), (5, false, 5)] {
        let mut plan = plan();
        group(&mut plan).max_size = max;
        change(&mut plan, 300, nth(1), InstanceChange::Detach { decrement: false });
        change(&mut plan, 600, everyone(), InstanceChange::Attach);
        let result = run(&plan);
        assert_close(&times(&result, EventKind::LaunchStarted), &[300.0]);
        assert_eq!(all(&result, EventKind::OperationRefused).len(), usize::from(refused));
        assert_eq!(result.summary.groups["web"].final_in_service, last);
    }
}

#[test]
fn a_detached_instance_that_is_lost_is_nobodys_and_cannot_be_attached() {
    let mut plan = plan();
    change(&mut plan, 300, nth(1), DETACH);
    fault(&mut plan, 500, FaultAction::TerminateInstances(nth(1)));
    change(&mut plan, 600, everyone(), InstanceChange::Attach);
    let result = run(&plan);
    assert_close(&times(&result, EventKind::OperationRefused), &[600.0]);
    assert!(all(&result, EventKind::InstanceMarkedUnhealthy).is_empty());
    let web = &result.summary.groups["web"];
    assert_eq!((web.launches, web.final_in_service), (0, 3));
    assert!(close(web.instance_hours, 3.0 + 500.0 / 3_600.0), "{}", web.instance_hours);
}

#[test]
fn p1_marks_by_hand_are_acted_on_at_once_without_batches() {
    let mut plan = plan();
    change(&mut plan, 307, everyone(), UNHEALTHY);
    let result = run(&plan);
    assert_close(&times(&result, EventKind::InstanceMarkedUnhealthy), &[307.0; 4]);
    assert_close(&times(&result, EventKind::InstanceTerminating), &[307.0; 4]);
    assert_close(&times(&result, EventKind::LaunchStarted), &[307.0; 4]);
    assert_eq!(result.summary.groups["web"].replacements, 4);
}

#[test]
fn a_mark_by_hand_respects_the_grace_period_unless_told_not_to() {
    // In service at 311 s, so its grace ends at 611 s.
    let table = [(610, true, false), (611, true, true), (610, false, true), (320, false, true)];
    for (when, respect_grace_period, marked) in table {
        let mut plan = plan();
        fault(&mut plan, 300, FaultAction::TerminateInstances(nth(0)));
        change(&mut plan, when, nth(4), InstanceChange::SetHealth { healthy: false, respect_grace_period });
        let result = run(&plan);
        let by_hand = all(&result, EventKind::InstanceMarkedUnhealthy);
        let by_hand = by_hand.iter().filter(|event| event.detail.contains("SetInstanceHealth")).count();
        assert_eq!(by_hand, usize::from(marked), "at {when} s, respecting it: {respect_grace_period}");
        assert_eq!(all(&result, EventKind::OperationRefused).len(), usize::from(!marked));
    }
}

#[test]
fn h5_only_set_instance_health_takes_a_mark_back_and_only_before_the_termination() {
    let held: ScalingProcesses = [ScalingProcess::ReplaceUnhealthy].into_iter().collect();
    for (taken_back, replaced) in [(true, vec![]), (false, vec![500.0])] {
        let mut plan = plan();
        at(&mut plan, 100, ApiCall::SuspendProcesses { fleet: WEB, processes: held });
        change(&mut plan, 300, nth(2), UNHEALTHY);
        if taken_back {
            change(&mut plan, 400, nth(2), HEALTHY);
        }
        at(&mut plan, 500, ApiCall::ResumeProcesses { fleet: WEB, processes: held });
        let result = run(&plan);
        assert_close(&times(&result, EventKind::InstanceTerminating), &replaced);
        assert_eq!(all(&result, EventKind::InstanceMarkedHealthy).len(), usize::from(taken_back));
    }
    let mut plan = plan();
    change(&mut plan, 300, nth(2), UNHEALTHY);
    change(&mut plan, 301, nth(2), HEALTHY);
    let result = run(&plan);
    assert_close(&times(&result, EventKind::OperationRefused), &[301.0]);
    assert_eq!(result.summary.groups["web"].replacements, 1);
}

#[test]
fn if_all_are_protected_the_desired_capacity_falls_and_nobody_goes_until_one_is_not() {
    let mut plan = plan();
    group(&mut plan).lifecycle.protected_from_scale_in = true;
    set_desired(&mut plan, 300, 2);
    change(&mut plan, 600, nth(3), InstanceChange::SetProtection { protected: false });
    let result = run(&plan);
    assert_eq!(desired(&result), ["4 → 2"]);
    assert_close(&times(&result, EventKind::ScaleInBlocked), &[300.0]);
    assert_close(&times(&result, EventKind::InstanceTerminating), &[600.0]);
    assert_eq!(whom(&result, EventKind::InstanceTerminating), ["web/i-3"]);
    assert_eq!(result.summary.groups["web"].final_in_service, 3);
}

#[test]
fn a_scale_in_takes_the_unprotected_ones_of_the_largest_zone_that_has_any() {
    let mut plan = plan();
    // Zone one has i-0 and i-2, zone two i-1 and i-3.
    change(&mut plan, 100, nth(0), InstanceChange::SetProtection { protected: true });
    change(&mut plan, 100, nth(2), InstanceChange::SetProtection { protected: true });
    set_desired(&mut plan, 300, 2);
    let result = run(&plan);
    let mut gone = whom(&result, EventKind::InstanceTerminating);
    gone.sort_unstable();
    assert_eq!(gone, ["web/i-1", "web/i-3"]);
    assert!(all(&result, EventKind::ScaleInBlocked).is_empty());
}

#[test]
fn h3_protection_is_from_scale_in_alone() {
    let mut plan = plan();
    group(&mut plan).lifecycle.protected_from_scale_in = true;
    fault(&mut plan, 300, FaultAction::TerminateInstances(nth(0)));
    change(&mut plan, 400, nth(1), UNHEALTHY);
    change(&mut plan, 500, nth(2), InstanceChange::Terminate { decrement: true });
    let result = run(&plan);
    assert_close(&times(&result, EventKind::InstanceTerminating), &[400.0, 500.0]);
    assert_eq!(result.summary.groups["web"].final_in_service, 3);
}

#[test]
fn a_termination_by_hand_is_replaced_unless_the_desired_capacity_falls_with_it() {
    for (decrement, launched, last) in [(false, vec![300.0], 4), (true, vec![], 3)] {
        let mut plan = plan();
        change(&mut plan, 300, nth(1), InstanceChange::Terminate { decrement });
        let result = run(&plan);
        assert_eq!(whom(&result, EventKind::InstanceTerminating), ["web/i-1"]);
        assert_close(&times(&result, EventKind::LaunchStarted), &launched);
        assert_close(&times(&result, EventKind::InstanceTerminated), &[385.0]);
        assert_eq!(result.summary.groups["web"].final_in_service, last);
    }
}

#[test]
fn an_instance_can_be_terminated_out_of_standby_and_then_counts_for_nothing() {
    let mut plan = plan();
    change(&mut plan, 300, nth(1), ENTER);
    change(&mut plan, 500, nth(1), InstanceChange::Terminate { decrement: true });
    let result = run(&plan);
    assert_eq!(desired(&result), ["4 → 3"]);
    assert_close(&times(&result, EventKind::InstanceTerminated), &[525.0]);
    assert_eq!(result.summary.groups["web"].launches, 0);
}
