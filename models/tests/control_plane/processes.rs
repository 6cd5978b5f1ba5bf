//! Suspended processes: what each suspension stops, and what follows from resuming (§1.9, F2).

use crate::fixture::*;
use models::plan::*;
use models::result::EventKind;
use sim_core::Duration;

fn set(processes: &[ScalingProcess]) -> ScalingProcesses {
    processes.iter().copied().collect()
}

fn suspend(plan: &mut Plan, seconds: u64, process: ScalingProcess) {
    at(plan, seconds, ApiCall::SuspendProcesses { fleet: WEB, processes: set(&[process]) });
}

fn resume(plan: &mut Plan, seconds: u64, process: ScalingProcess) {
    at(plan, seconds, ApiCall::ResumeProcesses { fleet: WEB, processes: set(&[process]) });
}

#[test]
fn without_launch_unhealthy_instances_go_and_all_that_is_missing_comes_at_once_on_resuming() {
    let mut plan = plan();
    suspend(&mut plan, 100, ScalingProcess::Launch);
    set_desired(&mut plan, 200, 6);
    fault(&mut plan, 300, FaultAction::TerminateInstances(nth(0)));
    fault(&mut plan, 400, FaultAction::HangInstances(nth(1), Duration::MAX));
    resume(&mut plan, 1_500, ScalingProcess::Launch);
    let result = run(&plan);
    assert_eq!(whom(&result, EventKind::InstanceTerminating), ["web/i-1"]);
    assert_eq!(desired(&result), ["4 → 6"]);
    assert_close(&times(&result, EventKind::LaunchStarted), &[1_500.0; 4]);
    let web = &result.summary.groups["web"];
    assert_eq!((web.min_in_service, web.final_in_service, web.failed_launches), (2, 6, 0));
    let launched = all(&result, EventKind::LaunchStarted)[0];
    assert_eq!(chain(&result, launched)[1..], [EventKind::ProcessesResumed, EventKind::OperationCalled]);
}

#[test]
fn without_terminate_nobody_goes_and_marks_wait_for_the_resuming() {
    let mut plan = plan();
    suspend(&mut plan, 100, ScalingProcess::Terminate);
    fault(&mut plan, 200, FaultAction::HangInstances(nth(2), Duration::MAX));
    fault(&mut plan, 400, FaultAction::TerminateInstances(nth(0)));
    set_desired(&mut plan, 600, 3);
    resume(&mut plan, 1_500, ScalingProcess::Terminate);
    let result = run(&plan);
    let marked = times(&result, EventKind::InstanceMarkedUnhealthy);
    assert!(marked.len() == 2 && marked.contains(&403.0) && marked[0] < 300.0, "marks go on: {marked:?}");
    assert!(all(&result, EventKind::LaunchStarted).iter().all(|event| event.t_s >= 1_500.0));
    // The lost one is taken off the books, the ill one is replaced, and one less is desired.
    assert_eq!(times(&result, EventKind::InstanceTerminating)[0], 1_500.0);
    assert_eq!(result.summary.groups["web"].final_in_service, 3);
}

#[test]
fn without_terminate_rebalancing_grows_the_group_to_a_tenth_above_its_maximum() {
    // Both of zone one are lost while it has no capacity: none and four, until it comes back.
    for (max, most) in [(4, 5), (16, 7)] {
        let mut plan = plan();
        group(&mut plan).max_size = max;
        suspend(&mut plan, 500, ScalingProcess::Terminate);
        fault(&mut plan, 100, FaultAction::InsufficientCapacity(ZoneId::new(0), secs(900)));
        let zone = Selection { fleet: WEB, zone: Some(ZoneId::new(0)), mode: SelectionMode::All };
        fault(&mut plan, 200, FaultAction::TerminateInstances(zone));
        let result = run(&plan);
        assert!(all(&result, EventKind::InstanceTerminating).is_empty());
        assert_eq!(result.summary.groups["web"].final_in_service, most, "maximum {max}");
    }
}

#[test]
fn without_add_to_load_balancer_new_instances_are_not_registered_nor_later() {
    let mut plan = plan();
    suspend(&mut plan, 100, ScalingProcess::AddToLoadBalancer);
    set_desired(&mut plan, 200, 5);
    resume(&mut plan, 600, ScalingProcess::AddToLoadBalancer);
    set_desired(&mut plan, 700, 6);
    let result = run(&plan);
    assert_eq!(whom(&result, EventKind::InstanceInService), ["web/i-4", "web/i-5"]);
    assert_eq!(whom(&result, EventKind::TargetRegistered), ["web/i-5"]);
    assert!(all(&result, EventKind::InstanceMarkedUnhealthy).is_empty(), "no verdict, no mark");
}

#[test]
fn without_alarm_notification_policies_rest_and_an_alarm_still_in_breach_is_heard_on_resuming() {
    let mut plan = spike(3_000);
    suspend(&mut plan, 100, ScalingProcess::AlarmNotification);
    resume(&mut plan, 1_500, ScalingProcess::AlarmNotification);
    let result = run(&plan);
    let ignored = all(&result, EventKind::PolicyIgnored);
    assert!(ignored[0].detail.contains("AlarmNotification is suspended"), "{}", ignored[0].detail);
    assert!(ignored[0].t_s < 1_000.0);
    let invoked = times(&result, EventKind::PolicyInvoked)[0];
    assert!((1_500.0..1_566.0).contains(&invoked), "repeated each minute: {invoked}");
}

#[test]
fn without_az_rebalance_a_skew_stays_and_launches_still_go_where_fewest_are() {
    for (suspended, moved) in [(true, false), (false, true)] {
        let mut plan = plan();
        if suspended {
            group(&mut plan).lifecycle.suspended = set(&[ScalingProcess::AzRebalance]);
        }
        fault(&mut plan, 100, FaultAction::InsufficientCapacity(ZoneId::new(0), secs(300)));
        let zone = Selection { fleet: WEB, zone: Some(ZoneId::new(0)), mode: SelectionMode::All };
        fault(&mut plan, 200, FaultAction::TerminateInstances(zone));
        set_desired(&mut plan, 2_000, 5);
        let result = run(&plan);
        assert_eq!(!all(&result, EventKind::RebalanceStarted).is_empty(), moved);
        let last = all(&result, EventKind::LaunchStarted).last().expect("it launches").detail.clone();
        assert!(last.contains("in use1-az1"), "{last}");
    }
}

#[test]
fn without_health_check_only_marks_by_hand_count() {
    let mut plan = plan();
    suspend(&mut plan, 100, ScalingProcess::HealthCheck);
    fault(&mut plan, 200, FaultAction::HangInstances(nth(0), Duration::MAX));
    fault(&mut plan, 300, FaultAction::TerminateInstances(nth(1)));
    let unhealthy = InstanceChange::SetHealth { healthy: false, respect_grace_period: true };
    change(&mut plan, 600, nth(2), unhealthy);
    resume(&mut plan, 1_000, ScalingProcess::HealthCheck);
    let result = run(&plan);
    let marked = all(&result, EventKind::InstanceMarkedUnhealthy);
    let whom: Vec<&str> = marked.iter().map(|event| event.subject.as_str()).collect();
    assert_eq!(whom, ["web/i-2", "web/i-1", "web/i-0"], "by hand, then the loss, then the verdict");
    assert!(close(marked[0].t_s, 600.0) && close(marked[1].t_s, 1_003.0), "{marked:?}");
    assert!((1_000.0..=1_030.0).contains(&marked[2].t_s), "at the next look: {}", marked[2].t_s);
}

#[test]
fn without_replace_unhealthy_marks_go_on_and_are_acted_on_at_once_on_resuming() {
    let mut plan = plan();
    suspend(&mut plan, 100, ScalingProcess::ReplaceUnhealthy);
    fault(&mut plan, 200, FaultAction::HangInstances(nth(2), Duration::MAX));
    fault(&mut plan, 300, FaultAction::TerminateInstances(nth(1)));
    resume(&mut plan, 1_500, ScalingProcess::ReplaceUnhealthy);
    let result = run(&plan);
    assert_eq!(all(&result, EventKind::InstanceMarkedUnhealthy).len(), 2, "marked once each");
    // The lost one at once; the other waits for it to settle (rule P2).
    let replaced = times(&result, EventKind::ReplacementStarted);
    assert!(close(replaced[0], 1_500.0) && replaced[1] > 1_500.0, "{replaced:?}");
    let web = &result.summary.groups["web"];
    assert_eq!((web.replacements, web.final_in_service), (2, 4));
}

#[test]
fn suspending_twice_is_told_once_and_resuming_what_runs_is_refused() {
    let mut plan = plan();
    suspend(&mut plan, 100, ScalingProcess::Launch);
    at(&mut plan, 200, ApiCall::SuspendProcesses { fleet: WEB, processes: ScalingProcesses::all() });
    suspend(&mut plan, 300, ScalingProcess::Launch);
    resume(&mut plan, 400, ScalingProcess::Launch);
    resume(&mut plan, 500, ScalingProcess::Launch);
    let result = run(&plan);
    let told: Vec<&str> = all(&result, EventKind::ProcessesSuspended).iter().map(|e| e.detail.as_str()).collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0], "Launch");
    assert!(told[1].starts_with("Terminate, AddToLoadBalancer") && told[1].ends_with("InstanceRefresh"), "{}", told[1]);
    assert_close(&times(&result, EventKind::ProcessesResumed), &[400.0]);
    assert_close(&times(&result, EventKind::OperationRefused), &[500.0]);
}

#[test]
fn f2_nothing_but_failed_launches_for_long_suspends_launching_until_it_is_resumed() {
    let mut plan = plan();
    group(&mut plan).lifecycle.administrative_suspension = secs(600);
    fault(&mut plan, 200, FaultAction::FailLaunches(WEB, 1.0, secs(1_800)));
    fault(&mut plan, 300, FaultAction::TerminateInstances(nth(0)));
    resume(&mut plan, 2_500, ScalingProcess::Launch);
    let result = run(&plan);
    // 303 s, and each 75 s from there on; the ninth is the first a full 600 s later.
    let failed: Vec<f64> = (0..9).map(|n| 303.0 + 75.0 * f64::from(n)).collect();
    assert_close(&times(&result, EventKind::LaunchFailed), &failed);
    assert_close(&times(&result, EventKind::ProcessesSuspended), &[903.0]);
    let told = all(&result, EventKind::ProcessesSuspended)[0];
    assert!(told.detail.contains("Launch, by AWS: nothing but failed launches for 10m"), "{}", told.detail);
    assert_close(&times(&result, EventKind::LaunchStarted), &[2_500.0]);
    assert_eq!(result.summary.groups["web"].final_in_service, 4);
}

#[test]
fn f2_one_launch_that_works_starts_the_day_anew() {
    let mut plan = plan();
    group(&mut plan).lifecycle.administrative_suspension = secs(600);
    fault(&mut plan, 200, FaultAction::FailLaunches(WEB, 1.0, secs(400)));
    fault(&mut plan, 300, FaultAction::TerminateInstances(nth(0)));
    fault(&mut plan, 750, FaultAction::FailLaunches(WEB, 1.0, secs(400)));
    fault(&mut plan, 760, FaultAction::TerminateInstances(nth(1)));
    let result = run(&plan);
    assert!(all(&result, EventKind::LaunchFailed).last().expect("it fails").t_s > 1_000.0);
    assert!(all(&result, EventKind::ProcessesSuspended).is_empty());
    assert_eq!(result.summary.groups["web"].final_in_service, 4);
}

#[test]
fn one_9_scheduled_actions_that_are_missed_while_suspended_are_lost() {
    let mut plan = plan();
    plan.duration = secs(2_400);
    for (name, due, desired) in [("before", 200, 5), ("missed", 400, 8), ("missed too", 999, 7), ("after", 1_001, 6)] {
        let schedule = &mut group(&mut plan).schedule;
        let index = schedule.actions.len() as u16;
        schedule.actions.push(ScheduledAction {
            name: name.into(),
            min_size: None,
            max_size: None,
            desired_capacity: Some(desired),
        });
        schedule.due.push((sim_core::Time::ZERO + secs(due), index));
    }
    suspend(&mut plan, 300, ScalingProcess::ScheduledActions);
    resume(&mut plan, 1_000, ScalingProcess::ScheduledActions);
    let result = run(&plan);
    assert_eq!(desired(&result), ["4 → 5", "5 → 6"]);
    assert_close(&times(&result, EventKind::DesiredCapacityChanged), &[200.0, 1_001.0]);
    // Never resumed: all of them are lost, and nobody makes up for them.
    plan.operations = plan.operations.values().take(1).cloned().collect();
    let result = run(&plan);
    assert_eq!(desired(&result), ["4 → 5"]);
}
