//! Instance refresh: batches, order, checkpoints, baking, alarms, rollback, and what a release does.

use crate::fixture::*;
use models::plan::*;
use models::result::{EventKind, RunResult};
use sim_core::Duration;
use sim_core::dist::Dist;

const START: f64 = 600.0;

fn wishes() -> RefreshPreferences {
    RefreshPreferences { instance_warmup: Some(secs(60)), ..RefreshPreferences::default() }
}

fn call(plan: &mut Plan, at: u64, call: ApiCall) {
    plan.operations.push(Operation { name: format!("{call:?}"), at: secs(at), call });
}

/// The usual group, checked by EC2 alone, with a second template that takes 30 s instead of 6 to run, and a refresh at
/// 600 s. New ones are in service 32 s after their launch, and warm 60 s later.
fn refreshed(desired: u32, preferences: RefreshPreferences) -> Plan {
    let mut plan = plan();
    group(&mut plan).elb_health_check = false;
    group(&mut plan).desired_capacity = desired;
    let next = LaunchTemplate { name: "web-v2".into(), pending: phase(30.0), ..plan.fleets[WEB].template.clone() };
    plan.fleets[WEB].later_templates = vec![next];
    start(&mut plan, 600, 1, preferences);
    plan
}

fn start(plan: &mut Plan, at: u64, template: u16, preferences: RefreshPreferences) {
    let preferences = Box::new(preferences);
    call(plan, at, ApiCall::StartInstanceRefresh { fleet: WEB, template, preferences });
}

fn statuses(result: &RunResult) -> Vec<&str> {
    result.summary.groups["web"].refreshes.iter().map(|one| one.status.as_str()).collect()
}

fn subjects(result: &RunResult, kind: EventKind) -> Vec<&str> {
    all(result, kind).iter().map(|event| event.subject.as_str()).collect()
}

/// The first look at or after a time: each five seconds.
fn look(at: f64) -> f64 {
    START + ((at - START) / 5.0).ceil() * 5.0
}

#[test]
fn i1_one_at_a_time_is_terminated_and_launched_together_and_the_next_waits_for_its_warm_up() {
    let result = run(&refreshed(4, wishes()));
    // 32 s to service and 60 s of warm-up are seen at 95.
    let batches = [START, START + 95.0, START + 190.0, START + 285.0];
    assert_close(&times(&result, EventKind::RefreshBatch), &batches);
    assert_close(&times(&result, EventKind::InstanceTerminating), &batches);
    assert_close(&times(&result, EventKind::LaunchStarted), &batches);
    // Rule I6: the oldest first.
    assert_eq!(subjects(&result, EventKind::InstanceTerminating), ["web/i-0", "web/i-1", "web/i-2", "web/i-3"]);
    assert_close(&times(&result, EventKind::RefreshSucceeded), &[START + 380.0]);
    let web = &result.summary.groups["web"];
    assert_eq!((web.final_in_service, web.min_in_service, web.max_in_service), (4, 3, 4));
    let one = &web.refreshes[0];
    assert_eq!((one.status.as_str(), one.percentage_complete, one.replaced, one.instances), ("Successful", 100, 4, 4));
    assert_eq!(one.launch_template, "web-v2");
    let launched = all(&result, EventKind::LaunchStarted)[0];
    let expected =
        [EventKind::LaunchStarted, EventKind::RefreshBatch, EventKind::RefreshStarted, EventKind::OperationCalled];
    assert_eq!(chain(&result, launched), expected);
}

#[test]
fn i1_a_share_of_the_desired_capacity_goes_at_once() {
    for (desired, min, batches) in
        [(10, 50, vec![5, 5]), (10, 70, vec![3, 3, 3, 1]), (4, 0, vec![4]), (5, 50, vec![2, 2, 1])]
    {
        let preferences = RefreshPreferences { min_healthy_percentage: min, ..wishes() };
        let result = run(&refreshed(desired, preferences));
        let terminated = times(&result, EventKind::InstanceTerminating);
        let sizes: Vec<usize> = times(&result, EventKind::RefreshBatch)
            .iter()
            .map(|at| terminated.iter().filter(|t| close(**t, *at)).count())
            .collect();
        assert_eq!(sizes, batches, "{desired} at {min} %");
        assert_eq!(statuses(&result), ["Successful"]);
    }
}

#[test]
fn i1_at_a_hundred_percent_each_is_launched_before_another_goes() {
    for max in [None, Some(100), Some(110)] {
        let preferences = RefreshPreferences { min_healthy_percentage: 100, max_healthy_percentage: max, ..wishes() };
        let result = run(&refreshed(4, preferences));
        assert_close(&times(&result, EventKind::LaunchStarted)[..2], &[START, START + 95.0]);
        assert_close(&times(&result, EventKind::InstanceTerminating)[..2], &[START + 95.0, START + 190.0]);
        let web = &result.summary.groups["web"];
        assert_eq!((web.min_in_service, web.max_in_service, web.final_in_service), (4, 5, 4), "{max:?}");
        assert_eq!((web.launches, web.terminations), (4, 4), "{max:?}");
        assert_eq!(statuses(&result), ["Successful"]);
    }
}

#[test]
fn i2_an_explicit_maximum_of_a_hundred_terminates_first_where_it_can() {
    let preferences = RefreshPreferences { max_healthy_percentage: Some(100), ..wishes() };
    let result = run(&refreshed(10, preferences.clone()));
    assert_close(&times(&result, EventKind::InstanceTerminating)[..1], &[START]);
    // Drained for 60 s, terminated in 25: only then is its place free.
    assert_close(&times(&result, EventKind::LaunchStarted)[..1], &[START + 85.0]);
    // Where it cannot, for 90 % of four is four, it launches before it terminates.
    let result = run(&refreshed(4, preferences));
    assert_close(&times(&result, EventKind::LaunchStarted)[..1], &[START]);
    assert_close(&times(&result, EventKind::InstanceTerminating)[..1], &[START + 95.0]);
    assert_eq!(statuses(&result), ["Successful"]);
}

#[test]
fn both_bounds_away_from_a_hundred_replace_some_and_launch_some_ahead() {
    let preferences = RefreshPreferences { min_healthy_percentage: 80, max_healthy_percentage: Some(120), ..wishes() };
    let result = run(&refreshed(10, preferences));
    assert_close(&times(&result, EventKind::LaunchStarted)[..4], &[START; 4]);
    assert_close(&times(&result, EventKind::InstanceTerminating)[..4], &[START, START, START + 95.0, START + 95.0]);
    let web = &result.summary.groups["web"];
    assert_eq!((web.min_in_service, web.max_in_service, web.final_in_service, web.terminations), (8, 12, 10, 10));
    assert_eq!(statuses(&result), ["Successful"]);
}

#[test]
fn the_warm_up_is_the_refreshs_own_else_the_groups_else_its_grace_period() {
    for (own, default, expected) in [(Some(60), Some(100), 60.0), (None, Some(100), 100.0), (None, None, 300.0)] {
        let preferences = RefreshPreferences { instance_warmup: own.map(secs), ..wishes() };
        let mut plan = refreshed(4, preferences);
        group(&mut plan).default_instance_warmup = default.map(secs);
        let result = run(&plan);
        assert_close(&times(&result, EventKind::RefreshBatch)[1..2], &[look(START + 32.0 + expected)]);
    }
}

#[test]
fn i3_a_replacement_counts_when_it_passes_the_checks_too() {
    let mut plan = refreshed(4, wishes());
    group(&mut plan).elb_health_check = true;
    let result = run(&plan);
    // Up 140 s after its launch, long after its warm-up.
    let healthy = times(&result, EventKind::TargetHealthy)[0];
    assert!(healthy >= START + 140.0, "{healthy}");
    assert_close(&times(&result, EventKind::RefreshBatch)[1..2], &[look(healthy)]);
    assert_eq!(statuses(&result), ["Successful"]);
}

#[test]
fn i3_an_hour_without_health_after_the_warm_up_fails_it_or_takes_it_back() {
    for (auto_rollback, status) in [(false, "Failed"), (true, "RollbackSuccessful")] {
        let mut plan = refreshed(4, RefreshPreferences { auto_rollback, ..wishes() });
        plan.duration = secs(7_200);
        group(&mut plan).elb_health_check = true;
        plan.fleets[WEB].later_templates[0].release =
            Release { name: "v2".into(), starts: false, ..Release::default() };
        let result = run(&plan);
        assert_eq!(statuses(&result), [status]);
        let at = [times(&result, EventKind::RefreshFailed), times(&result, EventKind::RefreshRollback)].concat();
        assert_close(&at, &[START + 60.0 + 3_600.0]);
        assert_eq!(times(&result, EventKind::RefreshBatch).len(), 1 + usize::from(auto_rollback), "none went on");
        // Rule I3, retried: the group replaces what is unhealthy meanwhile, from the new template still.
        assert!(all(&result, EventKind::ReplacementStarted).len() > 3);
        assert_eq!(result.summary.groups["web"].final_in_service, 4);
    }
}

#[test]
fn i4_a_checkpoint_waits_and_several_passed_at_once_are_one() {
    let preferences = RefreshPreferences {
        min_healthy_percentage: 50,
        checkpoint_percentages: vec![20, 50, 100],
        checkpoint_delay: secs(300),
        ..wishes()
    };
    let result = run(&refreshed(4, preferences));
    // Two of four are half: 20 % and 50 % are passed at once, and the delay starts after the warm-up.
    let reached = all(&result, EventKind::RefreshCheckpoint);
    assert_close(&times(&result, EventKind::RefreshCheckpoint), &[START + 95.0]);
    assert!(reached[0].detail.contains("checkpoint of 50 %"), "{}", reached[0].detail);
    assert_close(&times(&result, EventKind::RefreshBatch), &[START, START + 395.0]);
    assert_close(&times(&result, EventKind::RefreshSucceeded), &[START + 490.0]);
}

#[test]
fn i4_a_last_checkpoint_below_a_hundred_is_the_end_and_its_template_the_groups() {
    let preferences = RefreshPreferences { checkpoint_percentages: vec![50], checkpoint_delay: secs(100), ..wishes() };
    let mut plan = refreshed(4, preferences);
    call(&mut plan, 2_000, ApiCall::SetDesiredCapacity { fleet: WEB, capacity: 5, honor_cooldown: false });
    let result = run(&plan);
    assert_eq!(times(&result, EventKind::RefreshBatch).len(), 2);
    assert_close(&times(&result, EventKind::RefreshSucceeded), &[START + 190.0 + 100.0]);
    let one = &result.summary.groups["web"].refreshes[0];
    assert_eq!((one.status.as_str(), one.percentage_complete), ("Successful", 50));
    assert_close(&times(&result, EventKind::InstanceInService)[2..], &[2_032.0]);
}

#[test]
fn it_bakes_before_it_succeeds_and_an_alarm_may_still_come() {
    let preferences = RefreshPreferences { bake_time: secs(600), ..wishes() };
    let result = run(&refreshed(4, preferences));
    assert_close(&times(&result, EventKind::RefreshBaking), &[START + 380.0]);
    assert_close(&times(&result, EventKind::RefreshSucceeded), &[START + 980.0]);
    let (mut plan, alarm) = guarded(&[(0, 50.0), (1_200, 95.0)]);
    preferences_of(&mut plan).bake_time = secs(900);
    preferences_of(&mut plan).alarms = vec![alarm];
    let result = run(&plan);
    assert_eq!(statuses(&result), ["Failed"]);
    let failed = times(&result, EventKind::RefreshFailed)[0];
    assert!((1_200.0..1_480.0).contains(&failed), "{failed}");
}

#[test]
fn skip_matching_leaves_alone_what_has_the_template_already() {
    for (template, skip_matching, replaced) in [(0, true, 0), (0, false, 4), (1, true, 4), (1, false, 4)] {
        let mut plan = refreshed(4, wishes());
        plan.operations = sim_core::Table::default();
        start(&mut plan, 600, template, RefreshPreferences { skip_matching, ..wishes() });
        let result = run(&plan);
        assert_eq!(statuses(&result), ["Successful"]);
        assert_eq!(result.summary.groups["web"].terminations, replaced, "{template} {skip_matching}");
    }
}

/// A refresh guarded by an alarm on the custom metric, which has this course; two looks of a minute make an alarm.
fn guarded(course: &[(u64, f64)]) -> (Plan, AlarmId) {
    let mut plan = refreshed(4, wishes());
    metric(&mut plan, course);
    let mut load = alarm("load-high", Comparison::GreaterThan, 90.0, 2, 0);
    load.alarm_actions = vec![Action::Notify];
    plan.alarms = [load].into_iter().collect();
    (plan, AlarmId::new(0))
}

fn preferences_of(plan: &mut Plan) -> &mut RefreshPreferences {
    match &mut plan.operations[OperationId::new(0)].call {
        ApiCall::StartInstanceRefresh { preferences, .. } => preferences,
        _ => panic!("the first call starts a refresh"),
    }
}

#[test]
fn i5_an_alarm_at_the_start_fails_it_before_anything_is_replaced() {
    let (mut plan, alarm) = guarded(&[(0, 95.0)]);
    preferences_of(&mut plan).alarms = vec![alarm];
    preferences_of(&mut plan).auto_rollback = true;
    let result = run(&plan);
    assert_eq!(statuses(&result), ["Failed"]);
    assert_close(&times(&result, EventKind::RefreshFailed), &[START]);
    assert_eq!(result.summary.groups["web"].launches, 0);
}

#[test]
fn i5_an_alarm_on_the_way_fails_it_or_takes_it_back_and_the_old_template_stays() {
    for auto_rollback in [false, true] {
        let (mut plan, alarm) = guarded(&[(0, 50.0), (640, 95.0), (1_000, 50.0)]);
        preferences_of(&mut plan).alarms = vec![alarm];
        preferences_of(&mut plan).auto_rollback = auto_rollback;
        call(&mut plan, 3_000, ApiCall::SetDesiredCapacity { fleet: WEB, capacity: 5, honor_cooldown: false });
        let result = run(&plan);
        let raised = times(&result, EventKind::AlarmState);
        let raised = raised.iter().find(|at| **at > START).copied().unwrap();
        let kind = if auto_rollback { EventKind::RefreshRollback } else { EventKind::RefreshFailed };
        assert_close(&times(&result, kind), &[look(raised)]);
        assert!(chain(&result, all(&result, kind)[0]).contains(&EventKind::AlarmState));
        let batches = times(&result, EventKind::RefreshBatch);
        let forth = batches.iter().filter(|at| **at < raised).count();
        let back = batches.len() - forth;
        assert!((1..4).contains(&forth), "{batches:?}");
        assert_eq!(back, if auto_rollback { forth } else { 0 }, "{batches:?}");
        let status = if auto_rollback { "RollbackSuccessful" } else { "Failed" };
        assert_eq!(statuses(&result), [status]);
        assert!(result.summary.groups["web"].refreshes[0].why.contains("load-high"));
        // The group launches from its own template again: 6 s to run.
        let last = times(&result, EventKind::InstanceInService).last().copied().unwrap();
        assert!(close(last, 3_008.0), "{last}");
    }
}

#[test]
fn i5_insufficient_data_holds_it_up_and_nothing_else() {
    let (mut plan, alarm) = guarded(&[(0, 50.0)]);
    preferences_of(&mut plan).alarms = vec![alarm];
    fault(&mut plan, 0, FaultAction::LoseMetrics(secs(1_500)));
    let result = run(&plan);
    assert_close(&times(&result, EventKind::RefreshWaiting), &[START]);
    assert!(all(&result, EventKind::RefreshWaiting)[0].detail.contains("INSUFFICIENT_DATA"));
    let first = times(&result, EventKind::RefreshBatch)[0];
    assert!(first > 1_500.0, "{first}");
    assert_eq!(statuses(&result), ["Successful"]);
}

#[test]
fn i6_what_is_launched_meanwhile_comes_from_the_new_template() {
    let mut plan = refreshed(4, wishes());
    call(&mut plan, 650, ApiCall::SetDesiredCapacity { fleet: WEB, capacity: 5, honor_cooldown: false });
    let result = run(&plan);
    let served = times(&result, EventKind::InstanceInService);
    assert!(served.iter().any(|at| close(*at, 682.0)), "{served:?}");
    // The refresh waits for it too, and has no need to replace it.
    assert_eq!(result.summary.groups["web"].terminations, 4);
    assert_eq!(statuses(&result), ["Successful"]);
}

#[test]
fn i6_the_warm_pool_comes_last() {
    let mut plan = refreshed(4, wishes());
    group(&mut plan).warm_pool = Some(WarmPool {
        state: PoolState::Stopped,
        min_size: 0,
        max_group_prepared_capacity: Some(6),
        reuse_on_scale_in: false,
        start: None,
        stop: Dist::Constant(10.0),
        volume_gb: 8.0,
    });
    let result = run(&plan);
    let done = START + 380.0;
    // One of two at a time; the next when it has run at 30 s and stopped at 40.
    assert_close(&times(&result, EventKind::WarmPoolLaunch), &[done, done + 40.0]);
    assert_close(&times(&result, EventKind::RefreshSucceeded), &[done + 80.0]);
    let from_pool =
        all(&result, EventKind::LaunchStarted).iter().filter(|e| e.detail.contains("from the warm")).count();
    assert_eq!(from_pool, 0, "what waits there is of the old template");
}

#[test]
fn cancelled_it_leaves_everything_as_it_is_and_another_may_start() {
    let mut plan = refreshed(4, wishes());
    start(&mut plan, 610, 1, wishes());
    call(&mut plan, 720, ApiCall::CancelInstanceRefresh { fleet: WEB });
    call(&mut plan, 730, ApiCall::CancelInstanceRefresh { fleet: WEB });
    call(&mut plan, 740, ApiCall::RollbackInstanceRefresh { fleet: WEB });
    start(&mut plan, 1_000, 1, RefreshPreferences { skip_matching: true, ..wishes() });
    let result = run(&plan);
    assert_close(&times(&result, EventKind::OperationRefused), &[610.0, 730.0, 740.0]);
    assert_close(&times(&result, EventKind::RefreshCancelled), &[720.0]);
    assert_eq!(statuses(&result), ["Cancelled", "Successful"]);
    // Two went over before it was cancelled, and only the other two afterwards.
    let web = &result.summary.groups["web"];
    assert_eq!((web.terminations, web.refreshes[1].instances, web.final_in_service), (4, 2, 4));
}

#[test]
fn cancelled_while_one_is_launched_ahead_the_group_is_as_large_as_it_was() {
    let preferences = RefreshPreferences { min_healthy_percentage: 100, ..wishes() };
    let mut plan = refreshed(4, preferences);
    call(&mut plan, 650, ApiCall::CancelInstanceRefresh { fleet: WEB });
    let result = run(&plan);
    let web = &result.summary.groups["web"];
    assert_eq!((web.launches, web.terminations, web.final_in_service), (1, 1, 4));
}

#[test]
fn rolled_back_by_hand_the_new_ones_are_replaced_and_the_others_left_alone() {
    for min_healthy_percentage in [50, 100] {
        let mut plan = refreshed(4, RefreshPreferences { min_healthy_percentage, ..wishes() });
        call(&mut plan, 650, ApiCall::RollbackInstanceRefresh { fleet: WEB });
        call(&mut plan, 660, ApiCall::RollbackInstanceRefresh { fleet: WEB });
        let result = run(&plan);
        assert_close(&times(&result, EventKind::RefreshRollback), &[650.0]);
        assert_eq!(statuses(&result), ["RollbackSuccessful"], "{min_healthy_percentage}");
        let gone = subjects(&result, EventKind::InstanceTerminating);
        let web = &result.summary.groups["web"];
        if min_healthy_percentage == 50 {
            // It is on its way back when it is asked again.
            assert_close(&times(&result, EventKind::OperationRefused), &[660.0]);
            // Two that were replaced, and the two that replaced them.
            assert_eq!(gone, ["web/i-0", "web/i-1", "web/i-4", "web/i-5"]);
        } else {
            // The one ahead had not taken anybody's place yet.
            assert_eq!(gone, ["web/i-4"]);
        }
        assert_eq!(web.final_in_service, 4);
    }
}

#[test]
fn an_instance_lost_during_a_refresh_is_replaced_from_the_new_template_and_the_refresh_goes_on() {
    let mut plan = refreshed(4, wishes());
    fault(&mut plan, 620, FaultAction::TerminateInstances(nth(3)));
    let result = run(&plan);
    assert_eq!(statuses(&result), ["Successful"]);
    let web = &result.summary.groups["web"];
    assert_eq!((web.final_in_service, web.launches), (4, 4), "the lost one needed no second replacement");
}

#[test]
fn a_launch_ahead_that_fails_is_tried_again() {
    let preferences = RefreshPreferences { min_healthy_percentage: 100, ..wishes() };
    let mut plan = refreshed(4, preferences);
    fault(&mut plan, 590, FaultAction::FailLaunches(WEB, 1.0, secs(200)));
    let result = run(&plan);
    assert_eq!(statuses(&result), ["Successful"]);
    let web = &result.summary.groups["web"];
    assert_eq!((web.min_in_service, web.final_in_service, web.terminations), (4, 4, 4));
    assert!(web.failed_launches >= 2, "{web:?}");
}

#[test]
fn nobody_to_replace_is_a_success_at_once() {
    let mut plan = refreshed(4, wishes());
    let settings = group(&mut plan);
    (settings.min_size, settings.desired_capacity) = (0, 0);
    let result = run(&plan);
    assert_close(&times(&result, EventKind::RefreshSucceeded), &[START]);
    assert_eq!(result.summary.groups["web"].refreshes[0].percentage_complete, 100);
}

#[test]
fn a_release_brings_its_own_errors_and_its_own_work() {
    let run_with = |release: Release| {
        let mut plan = plan();
        plan.endpoints[EndpointId::new(0)].error_rate = 0.1;
        plan.fleets[WEB].template.release = release;
        let result = run(&plan);
        let failed = result.summary.requests.failed as f64 / result.summary.requests.offered as f64;
        (failed, result.summary.queueing_ms["web"].utilisation)
    };
    let errs = |rate| Release { error_rate: vec![(EndpointId::new(0), rate)], ..Release::default() };
    let (usual, busy) = run_with(Release::default());
    assert!((usual - 0.1).abs() < 0.01, "{usual}");
    assert!(close(run_with(errs(0.0)).0, 0.0), "instead of the endpoint's own, not on top of it");
    let half = run_with(errs(0.5)).0;
    assert!((half - 0.5).abs() < 0.02, "{half}");
    for compute in [0.5, 2.0] {
        let worked = run_with(Release { compute, ..Release::default() }).1;
        // Checks of the target group share the CPU.
        assert!((worked / busy - compute).abs() < 0.02 * compute, "{worked} of {busy} for {compute}");
    }
}

#[test]
fn two_groups_refresh_without_each_other() {
    let mut plan = refreshed(4, RefreshPreferences { auto_rollback: true, ..wishes() });
    let other = Fleet { name: "api".into(), target_groups: vec![], ..plan.fleets[WEB].clone() };
    plan.fleets.push(other);
    let result = run(&plan);
    assert_eq!(statuses(&result), ["Successful"]);
    let api = &result.summary.groups["api"];
    assert_eq!((api.launches, api.refreshes.len()), (0, 0));
}

/// What somebody does to the first of the instances before the refresh.
fn kept(change: InstanceChange, protected: Unreplaced, standby: Unreplaced) -> Plan {
    let preferences = RefreshPreferences { scale_in_protected: protected, standby, ..wishes() };
    let mut plan = refreshed(4, preferences);
    plan.duration = secs(7_200);
    call(&mut plan, 300, ApiCall::Instances { selection: nth(0), change });
    plan
}

#[test]
fn protected_instances_are_waited_for_an_hour_or_left_or_replaced() {
    let protect = InstanceChange::SetProtection { protected: true };
    for (what, status, terminated) in
        [(Unreplaced::Wait, "Failed", 3), (Unreplaced::Ignore, "Successful", 3), (Unreplaced::Replace, "Successful", 4)]
    {
        let result = run(&kept(protect, what, Unreplaced::Wait));
        assert_eq!(statuses(&result), [status], "{what:?}");
        let web = &result.summary.groups["web"];
        assert_eq!((web.terminations, web.final_in_service), (terminated, 4), "{what:?}");
        if what == Unreplaced::Wait {
            // Three went over first; then it waited for an hour.
            assert_close(&times(&result, EventKind::RefreshWaiting), &[START + 285.0]);
            assert_close(&times(&result, EventKind::RefreshFailed), &[START + 285.0 + 3_600.0]);
        }
    }
    // Protection that goes in time lets it go on.
    let mut plan = kept(protect, Unreplaced::Wait, Unreplaced::Wait);
    let change = InstanceChange::SetProtection { protected: false };
    call(&mut plan, 2_000, ApiCall::Instances { selection: nth(0), change });
    let result = run(&plan);
    assert_eq!(statuses(&result), ["Successful"]);
    assert_close(&times(&result, EventKind::InstanceTerminating)[3..], &[2_005.0]);
}

#[test]
fn instances_in_standby_are_waited_for_an_hour_or_left_or_terminated() {
    let enter = InstanceChange::EnterStandby { decrement: true };
    for (what, status, terminated) in
        [(Unreplaced::Wait, "Failed", 3), (Unreplaced::Ignore, "Successful", 3), (Unreplaced::Replace, "Successful", 4)]
    {
        let result = run(&kept(enter, Unreplaced::Wait, what));
        assert_eq!(statuses(&result), [status], "{what:?}");
        let web = &result.summary.groups["web"];
        // One went into standby, and the desired capacity with it.
        assert_eq!((web.terminations, web.final_in_service), (terminated, 3), "{what:?}");
    }
}

#[test]
fn a_suspended_process_that_it_needs_pauses_it() {
    for process in [ScalingProcess::InstanceRefresh, ScalingProcess::Launch, ScalingProcess::Terminate] {
        let mut plan = refreshed(4, wishes());
        let processes: ScalingProcesses = [process].into_iter().collect();
        call(&mut plan, 500, ApiCall::SuspendProcesses { fleet: WEB, processes });
        call(&mut plan, 1_000, ApiCall::ResumeProcesses { fleet: WEB, processes });
        let result = run(&plan);
        assert_close(&times(&result, EventKind::RefreshWaiting), &[START]);
        assert_close(&times(&result, EventKind::RefreshBatch)[..1], &[1_005.0]);
        assert_eq!(statuses(&result), ["Successful"], "{process:?}");
    }
}

#[test]
fn a_maintenance_policy_of_the_group_leaves_the_refreshs_own_launches_alone() {
    let preferences = RefreshPreferences { min_healthy_percentage: 100, ..wishes() };
    let mut plan = refreshed(4, preferences);
    let policy = Maintenance { min_healthy_percentage: 100, max_healthy_percentage: 150 };
    group(&mut plan).lifecycle.maintenance = Some(policy);
    let result = run(&plan);
    let web = &result.summary.groups["web"];
    assert_eq!((web.launches, web.terminations, web.min_in_service, web.final_in_service), (4, 4, 4, 4));
    assert_eq!(statuses(&result), ["Successful"]);
}

#[test]
fn a_scale_in_takes_the_older_configuration_first() {
    // Half is of the new template when the refresh ends there; of two zones of two, one of each is of the old one.
    let preferences =
        RefreshPreferences { checkpoint_percentages: vec![50], checkpoint_delay: Duration::ZERO, ..wishes() };
    let mut plan = refreshed(4, preferences);
    call(&mut plan, 2_000, ApiCall::SetDesiredCapacity { fleet: WEB, capacity: 2, honor_cooldown: false });
    let result = run(&plan);
    let gone = all(&result, EventKind::InstanceTerminating);
    let scaled: Vec<&str> = gone.iter().filter(|e| e.t_s >= 2_000.0).map(|e| e.subject.as_str()).collect();
    assert_eq!(scaled.len(), 2);
    assert!(scaled.contains(&"web/i-2") && scaled.contains(&"web/i-3"), "{scaled:?}");
}

#[test]
fn i6_capacity_is_asked_for_the_type_of_the_template_that_the_group_has_by_then() {
    let shortage = |name: &str| FaultAction::PoolShortage {
        zone: ZoneId::new(0),
        instance_type: Some(name.into()),
        spot: None,
        duration: Duration::MAX,
    };
    for (scarce, zones) in [("m5.large", ["use1-az1", "use1-az2"]), ("m6i.large", ["use1-az2", "use1-az2"])] {
        let mut plan = refreshed(4, wishes());
        plan.fleets[WEB].later_templates[0].instance_type = "m6i.large".into();
        fault(&mut plan, 1_800, shortage(scarce));
        set_desired(&mut plan, 2_000, 6);
        let result = run(&plan);
        assert_eq!(statuses(&result), ["Successful"]);
        let launched = all(&result, EventKind::LaunchStarted);
        let last: Vec<&str> = launched[launched.len() - 2..].iter().map(|one| one.detail.as_str()).collect();
        for zone in zones {
            assert!(last.iter().any(|detail| detail.starts_with(&format!("in {zone}"))), "{scarce}: {last:?}");
        }
        assert_eq!(
            last.iter().filter(|detail| detail.starts_with("in use1-az1")).count(),
            usize::from(zones[0] == "use1-az1")
        );
    }
}
