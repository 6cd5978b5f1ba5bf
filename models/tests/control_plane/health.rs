//! Health: losses, verdicts, grace, batches of replacements, and fleets that nobody looks after.

use crate::fixture::*;
use models::plan::*;
use models::result::EventKind;
use sim_core::Duration;
use sim_core::dist::Dist;

#[test]
fn a_lost_instance_is_noticed_and_replaced_at_once_in_its_zone() {
    let mut plan = plan();
    fault(&mut plan, 300, FaultAction::TerminateInstances(nth(1)));
    let result = run(&plan);
    assert_close(&times(&result, EventKind::InstanceLost), &[300.0]);
    assert_close(&times(&result, EventKind::InstanceMarkedUnhealthy), &[303.0]);
    assert_close(&times(&result, EventKind::LaunchStarted), &[303.0]);
    assert_close(&times(&result, EventKind::InstanceInService), &[311.0]);
    let launched = all(&result, EventKind::LaunchStarted)[0];
    assert!(launched.detail.contains("in use1-az2"), "the zone with fewest: {}", launched.detail);
    let expected = [
        EventKind::LaunchStarted,
        EventKind::ReplacementStarted,
        EventKind::InstanceMarkedUnhealthy,
        EventKind::InstanceLost,
        EventKind::FaultStarted,
    ];
    assert_eq!(chain(&result, launched), expected);
    let web = &result.summary.groups["web"];
    assert_eq!((web.replacements, web.terminations, web.final_in_service), (1, 1, 4));
    // Three all the time, one for 300 s, one from its running at 309 s on.
    let hours = (3.0 * 3_600.0 + 300.0 + (3_600.0 - 309.0)) / 3_600.0;
    assert!(close(web.instance_hours, hours), "{} and {hours}", web.instance_hours);
}

#[test]
fn an_instance_lost_while_it_comes_up_is_replaced_and_never_enters_service() {
    let mut plan = plan();
    fault(&mut plan, 300, FaultAction::TerminateInstances(nth(0)));
    fault(&mut plan, 305, FaultAction::TerminateInstances(nth(4)));
    let result = run(&plan);
    assert_close(&times(&result, EventKind::LaunchStarted), &[303.0, 308.0]);
    let running: Vec<&str> = all(&result, EventKind::InstanceRunning).iter().map(|e| e.subject.as_str()).collect();
    assert_eq!(running, ["web/i-5"], "what was still to come of web/i-4 is void");
    assert_eq!(result.summary.groups["web"].final_in_service, 4);
}

#[test]
fn an_unhealthy_target_is_marked_at_a_poll_drained_and_replaced() {
    let mut plan = plan();
    fault(&mut plan, 600, FaultAction::HangInstances(nth(2), Duration::MAX));
    let result = run(&plan);
    let unhealthy = all(&result, EventKind::TargetUnhealthy)[0];
    let marked = all(&result, EventKind::InstanceMarkedUnhealthy);
    assert_eq!(marked.len(), 1);
    let late = marked[0].t_s - unhealthy.t_s;
    assert!((0.0..=30.0).contains(&late), "the group looks each 30 s: {late}");
    // Rule P3: terminated and launched together.
    assert_close(&times(&result, EventKind::InstanceTerminating), &[marked[0].t_s]);
    assert_close(&times(&result, EventKind::LaunchStarted), &[marked[0].t_s]);
    // Rule R4: the full drain, then the termination.
    assert_close(&times(&result, EventKind::TargetDeregistered), &[marked[0].t_s + 60.0]);
    assert_close(&times(&result, EventKind::InstanceTerminated), &[marked[0].t_s + 85.0]);
    assert_eq!(result.summary.groups["web"].replacements, 1);
}

#[test]
fn without_the_elb_type_a_hanging_instance_stays() {
    let mut plan = plan();
    group(&mut plan).elb_health_check = false;
    fault(&mut plan, 600, FaultAction::HangInstances(nth(2), Duration::MAX));
    let result = run(&plan);
    assert!(!all(&result, EventKind::TargetUnhealthy).is_empty());
    assert!(all(&result, EventKind::InstanceMarkedUnhealthy).is_empty());
    assert_eq!(result.summary.groups["web"].launches, 0);
}

#[test]
fn h6_a_grace_period_shorter_than_the_boot_replaces_for_ever() {
    let launches = |grace: u64| {
        let mut plan = plan();
        plan.fleets[WEB].template.bootstrap = phase(300.0);
        group(&mut plan).health_check_grace_period = secs(grace);
        fault(&mut plan, 300, FaultAction::TerminateInstances(nth(0)));
        run(&plan).summary.groups["web"].launches
    };
    assert!(launches(60) >= 10, "each new instance is marked before it is up");
    assert_eq!(launches(400), 1);
}

#[test]
fn p2_many_unhealthy_at_once_are_replaced_one_by_one_each_after_the_last_is_healthy() {
    let mut plan = plan();
    let half = Selection { fleet: WEB, zone: Some(ZoneId::new(0)), mode: SelectionMode::All };
    fault(&mut plan, 600, FaultAction::HangInstances(half, Duration::MAX));
    let result = run(&plan);
    let replaced = times(&result, EventKind::ReplacementStarted);
    assert_eq!(replaced.len(), 2, "{replaced:?}");
    // The first of new targets is up after 116 s, and healthy at its next check.
    assert!(replaced[1] - replaced[0] >= 116.0, "{replaced:?}");
    assert!(all(&result, EventKind::ReplacementStarted)[0].detail.contains("1 of 2 at a time"));
}

#[test]
fn a_boot_that_fails_is_found_by_status_checks() {
    let mut plan = plan();
    plan.fleets[WEB].template.boot = Phase { duration: Dist::Constant(20.0), failure: 1.0 };
    group(&mut plan).elb_health_check = false;
    group(&mut plan).health_check_grace_period = Duration::ZERO;
    plan.duration = secs(700);
    fault(&mut plan, 100, FaultAction::TerminateInstances(nth(0)));
    let result = run(&plan);
    let marked = all(&result, EventKind::InstanceMarkedUnhealthy);
    assert!(marked[1].detail.contains("status checks"), "{marked:?}");
    // Down at 129 s, known three to five minutes later, acted on at the next look.
    assert!((309.0..=459.0).contains(&marked[1].t_s), "{}", marked[1].t_s);
}

#[test]
fn a_fixed_fleet_is_nobodys_to_replace_and_restarts_without_bootstrapping() {
    let mut plan = plan();
    plan.fleets[WEB].sizing = Sizing::Fixed(4);
    fault(&mut plan, 300, FaultAction::StopInstances(nth(0), secs(600)));
    let result = run(&plan);
    assert!(all(&result, EventKind::LaunchStarted).is_empty());
    assert_close(&times(&result, EventKind::InstanceRunning), &[906.0]);
    assert!(all(&result, EventKind::BootstrapDone).is_empty());
    assert_eq!(all(&result, EventKind::TargetHealthy).len(), 1);
    let web = &result.summary.groups["web"];
    assert_eq!((web.min_in_service, web.final_in_service), (3, 4));
    let hours = (3.0 * 3_600.0 + 300.0 + (3_600.0 - 906.0)) / 3_600.0;
    assert!(close(web.instance_hours, hours), "{} and {hours}", web.instance_hours);
}

#[test]
fn an_instance_that_is_up_is_not_started_a_second_time() {
    let mut plan = plan();
    plan.fleets[WEB].sizing = Sizing::Fixed(4);
    // Stopped inside a power loss: the zone's return starts it, and the end of the stop finds it up.
    fault(&mut plan, 300, FaultAction::ZonePowerLoss(ZoneId::new(0), secs(300)));
    fault(&mut plan, 310, FaultAction::StopInstances(nth(0), secs(600)));
    let result = run(&plan);
    assert_close(&times(&result, EventKind::InstanceRunning), &[606.0, 606.0]);
    assert_eq!(result.summary.groups["web"].final_in_service, 4);
}

#[test]
fn a_check_still_out_when_the_next_is_due_has_failed() {
    // A timeout that the interval cuts short, and the same as the interval: as if it were a little below it.
    let detected = |timeout: u64| {
        let mut plan = plan();
        let check = &mut plan.target_groups[TargetGroupId::new(0)].health_check;
        (check.interval, check.timeout) = (secs(10), secs(timeout));
        fault(&mut plan, 600, FaultAction::HangInstances(nth(2), Duration::MAX));
        times(&run(&plan), EventKind::TargetUnhealthy)[0]
    };
    let sound = detected(9);
    for timeout in [10, 15, 120] {
        assert!(close(detected(timeout), sound + 1.0), "{timeout}: {} and {sound}", detected(timeout));
    }
}

#[test]
fn h2_one_of_several_target_groups_is_enough_to_be_unhealthy() {
    for (second, marked) in [(false, 0), (true, 1)] {
        let mut plan = plan();
        // The second group's checks need a page that takes too long on an instance under stress.
        let mut strict = plan.target_groups[TargetGroupId::new(0)].clone();
        (strict.name, strict.health_check.timeout) = ("strict".into(), Duration::from_millis(5));
        strict.health_check.compute = Dist::Constant(0.004);
        plan.target_groups.push(strict);
        if second {
            plan.fleets[WEB].target_groups.push(TargetGroupId::new(1));
            plan.balancers[BalancerId::new(0)].forward.push((TargetGroupId::new(1), 1));
        }
        fault(&mut plan, 600, FaultAction::SlowInstances(nth(2), 0.2, Duration::MAX));
        plan.duration = secs(800);
        let result = run(&plan);
        let told = all(&result, EventKind::InstanceMarkedUnhealthy);
        assert_eq!(told.len(), marked, "{told:?}");
        assert!(told.iter().all(|e| e.subject == "web/i-2" && e.detail.contains("target group strict")), "{told:?}");
    }
}
