//! Lifecycle hooks at launch and at termination: several at once, timeouts, heartbeats, results (§1.3).

use crate::fixture::*;
use models::plan::*;
use models::result::EventKind;
use sim_core::dist::Dist;

fn hook(name: &str, transition: Transition, length: f64) -> Hook {
    Hook {
        name: name.into(),
        transition,
        heartbeat_timeout: secs(3_600),
        continue_by_default: false,
        heartbeat_interval: None,
        length: Dist::Constant(length),
        failure: 0.0,
        no_answer: 0.0,
    }
}

/// One instance is lost at 300 s: its replacement begins to run at 309 s.
fn launching(hooks: Vec<Hook>) -> Plan {
    let mut plan = plan();
    group(&mut plan).lifecycle.hooks = hooks;
    fault(&mut plan, 300, FaultAction::TerminateInstances(nth(0)));
    plan.duration = secs(1_200);
    plan
}

/// One instance goes at 300 s: it is drained at 360 s, and takes 25 s to terminate.
fn terminating(hooks: Vec<Hook>) -> Plan {
    let mut plan = plan();
    group(&mut plan).lifecycle.hooks = hooks;
    set_desired(&mut plan, 300, 3);
    plan.duration = secs(1_200);
    plan
}

#[test]
fn launch_hooks_hold_until_the_last_of_them_has_said_continue() {
    let launch = Transition::Launching;
    for (lengths, over) in [(vec![40.0], 40.0), (vec![40.0, 70.0], 70.0), (vec![70.0, 40.0, 0.0], 70.0)] {
        let count = lengths.len();
        let hooks = lengths.iter().enumerate().map(|(i, &length)| hook(&format!("h{i}"), launch, length)).collect();
        let result = run(&launching(hooks));
        assert_close(&times(&result, EventKind::HookStarted), &[309.0]);
        assert_eq!(all(&result, EventKind::HookCompleted).len(), count);
        assert_close(&times(&result, EventKind::InstanceInService), &[309.0 + over + 2.0]);
        let web = &result.summary.groups["web"];
        assert_eq!((web.hook_waits, web.hooks_abandoned), (1, 0));
        assert!(close(web.hook_wait_s, over), "{}", web.hook_wait_s);
    }
}

#[test]
fn one_abandon_of_several_launch_hooks_is_enough_to_launch_again() {
    let mut bad = hook("bad", Transition::Launching, 40.0);
    bad.failure = 1.0;
    let mut plan = launching(vec![bad, hook("good", Transition::Launching, 300.0)]);
    plan.duration = secs(420);
    let result = run(&plan);
    let failed = all(&result, EventKind::LaunchFailed);
    assert_close(&times(&result, EventKind::LaunchFailed), &[349.0]);
    assert!(failed[0].detail.contains("bad: ABANDON after 40.0 s"), "{}", failed[0].detail);
    assert!(chain(&result, failed[0]).contains(&EventKind::HookCompleted));
    // Its termination, and the good hook's answer that comes too late, change nothing more.
    assert!(all(&result, EventKind::InstanceInService).is_empty());
    assert_eq!(result.summary.groups["web"].hooks_abandoned, 1);
    plan.duration = secs(430);
    assert_close(&times(&run(&plan), EventKind::LaunchStarted), &[303.0, 349.0 + 75.0]);
}

#[test]
fn a_launch_hook_without_an_answer_ends_by_its_default_result() {
    for (continues, in_service, failed) in [(true, vec![371.0], vec![]), (false, vec![], vec![369.0])] {
        let mut silent = hook("silent", Transition::Launching, 10.0);
        (silent.no_answer, silent.heartbeat_timeout, silent.continue_by_default) = (1.0, secs(60), continues);
        let mut plan = launching(vec![silent]);
        plan.duration = secs(400);
        let result = run(&plan);
        assert_close(&times(&result, EventKind::HookTimedOut), &[369.0]);
        assert_close(&times(&result, EventKind::InstanceInService), &in_service);
        assert_close(&times(&result, EventKind::LaunchFailed), &failed);
    }
}

#[test]
fn heartbeats_hold_a_launch_beyond_its_timeout_but_not_beyond_a_hundred() {
    let mut slow = hook("slow", Transition::Launching, 500.0);
    slow.heartbeat_timeout = secs(60);
    let result = run(&launching(vec![slow.clone()]));
    assert_close(&times(&result, EventKind::HookTimedOut)[..1], &[369.0]);
    slow.heartbeat_interval = Some(secs(30));
    let result = run(&launching(vec![slow.clone()]));
    assert_close(&times(&result, EventKind::InstanceInService), &[309.0 + 500.0 + 2.0]);
    assert!(all(&result, EventKind::HookTimedOut).is_empty());
    (slow.length, slow.heartbeat_timeout, slow.heartbeat_interval) = (Dist::Constant(9e9), secs(30), Some(secs(20)));
    let mut plan = launching(vec![slow]);
    plan.duration = secs(3_400);
    assert_close(&times(&run(&plan), EventKind::HookTimedOut), &[309.0 + 3_000.0]);
}

#[test]
fn the_bootstraps_hook_and_the_groups_hooks_must_all_continue() {
    for (own, over) in [(40.0, 110.0), (200.0, 200.0)] {
        let mut plan = launching(vec![hook("own", Transition::Launching, own)]);
        plan.fleets[WEB].template.lifecycle_hook = Some(LifecycleHook {
            heartbeat_timeout: secs(3_600),
            continue_by_default: false,
            heartbeat_interval: None,
        });
        // 20 s of boot and 90 s of bootstrap from 309 s on.
        assert_close(&times(&run(&plan), EventKind::InstanceInService), &[309.0 + over + 2.0]);
    }
}

#[test]
fn heartbeats_of_the_bootstrap_begin_with_it() {
    let plan = |heartbeats: bool, boot_fails: f64| {
        let mut plan = launching(vec![]);
        let template = &mut plan.fleets[WEB].template;
        template.bootstrap = phase(500.0);
        template.boot.failure = boot_fails;
        template.lifecycle_hook = Some(LifecycleHook {
            heartbeat_timeout: secs(100),
            continue_by_default: false,
            heartbeat_interval: heartbeats.then_some(secs(60)),
        });
        plan
    };
    let first = |plan: &Plan, kind| times(&run(plan), kind).first().copied();
    assert_eq!(first(&plan(false, 0.0), EventKind::LaunchFailed), Some(409.0));
    assert_eq!(first(&plan(true, 0.0), EventKind::LaunchFailed), None);
    assert_eq!(first(&plan(true, 0.0), EventKind::InstanceInService), Some(309.0 + 520.0 + 2.0));
    assert_eq!(first(&plan(true, 1.0), EventKind::LaunchFailed), Some(409.0), "nothing ran that could send any");
}

#[test]
fn r4_a_termination_hook_follows_the_drain_and_holds_the_termination() {
    let result = run(&terminating(vec![hook("save", Transition::Terminating, 40.0)]));
    assert_close(&times(&result, EventKind::InstanceTerminating), &[300.0]);
    assert_close(&times(&result, EventKind::TargetDeregistered), &[360.0]);
    assert_close(&times(&result, EventKind::HookStarted), &[360.0]);
    assert_close(&times(&result, EventKind::HookCompleted), &[400.0]);
    assert_close(&times(&result, EventKind::InstanceTerminated), &[425.0]);
    let gone = all(&result, EventKind::InstanceTerminated)[0];
    assert_eq!(chain(&result, gone)[1..3], [EventKind::HookCompleted, EventKind::HookStarted]);
    // Billed to the end: hooks are not free (rule R3).
    let hours = (3.0 * 1_200.0 + 425.0) / 3_600.0;
    assert!(close(result.summary.groups["web"].instance_hours, hours));
}

#[test]
fn an_abandon_at_termination_cancels_the_hooks_that_are_left() {
    for (failure, over) in [(0.0, 100.0), (1.0, 20.0)] {
        let mut first = hook("first", Transition::Terminating, 20.0);
        first.failure = failure;
        let result = run(&terminating(vec![first, hook("second", Transition::Terminating, 100.0)]));
        assert_close(&times(&result, EventKind::InstanceTerminated), &[360.0 + over + 25.0]);
        let told = all(&result, EventKind::HookCompleted);
        assert_eq!(told[0].detail.contains("cancelled"), failure > 0.0, "{}", told[0].detail);
        assert_eq!(told.len(), if failure > 0.0 { 1 } else { 2 });
        assert!(all(&result, EventKind::LaunchFailed).is_empty(), "both results terminate");
    }
}

#[test]
fn a_silent_termination_hook_lasts_its_timeout_whatever_the_default() {
    for continue_by_default in [true, false] {
        let mut silent = hook("silent", Transition::Terminating, 1.0);
        (silent.no_answer, silent.heartbeat_timeout, silent.continue_by_default) = (1.0, secs(60), continue_by_default);
        let result = run(&terminating(vec![silent]));
        assert_close(&times(&result, EventKind::HookTimedOut), &[420.0]);
        assert_close(&times(&result, EventKind::InstanceTerminated), &[445.0]);
    }
}

#[test]
fn an_instance_lost_in_terminating_wait_is_gone_without_its_hook() {
    let mut plan = terminating(vec![hook("long", Transition::Terminating, 500.0)]);
    let victim = {
        let result = run(&plan);
        whom(&result, EventKind::InstanceTerminating)[0].trim_start_matches("web/i-").parse().expect("a number")
    };
    fault(&mut plan, 400, FaultAction::TerminateInstances(nth(victim)));
    let result = run(&plan);
    assert_close(&times(&result, EventKind::InstanceTerminated), &[403.0]);
    assert!(all(&result, EventKind::HookCompleted).is_empty());
    assert_eq!(result.summary.groups["web"].final_in_service, 3);
}

#[test]
fn a_lost_instance_has_no_termination_hook_and_hooks_of_one_kind_do_not_run_for_the_other() {
    let result = run(&launching(vec![hook("save", Transition::Terminating, 500.0)]));
    assert!(all(&result, EventKind::HookStarted).is_empty());
    assert_close(&times(&result, EventKind::InstanceInService), &[311.0]);
    let result = run(&terminating(vec![hook("test", Transition::Launching, 500.0)]));
    assert!(all(&result, EventKind::HookStarted).is_empty());
    assert_close(&times(&result, EventKind::InstanceTerminated), &[385.0]);
}

#[test]
fn pending_wait_is_no_service_and_is_billed() {
    let mut plan = launching(vec![hook("test", Transition::Launching, 600.0)]);
    plan.duration = secs(800);
    let result = run(&plan);
    let web = &result.summary.groups["web"];
    assert_eq!((web.final_in_service, web.min_in_service), (3, 3));
    let hours = (3.0 * 800.0 + 300.0 + (800.0 - 309.0)) / 3_600.0;
    assert!(close(web.instance_hours, hours), "{}", web.instance_hours);
}
