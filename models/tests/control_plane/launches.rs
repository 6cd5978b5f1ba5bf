//! Launches: hooks, failures, zones without capacity, bootstraps without a way out.

use crate::fixture::*;
use models::plan::*;
use models::result::EventKind;
use sim_core::dist::Dist;

#[test]
fn a_launch_hook_holds_the_instance_until_its_smoke_test_has_passed() {
    let mut plan = spike(1_000);
    let template = &mut plan.fleets[WEB].template;
    template.smoke_test = Some(phase(15.0));
    template.lifecycle_hook =
        Some(LifecycleHook { heartbeat_timeout: secs(3_600), continue_by_default: false, heartbeat_interval: None });
    let result = run(&plan);
    let t0 = times(&result, EventKind::PolicyInvoked)[0];
    assert_close(&times(&result, EventKind::SmokeTestPassed), &[t0 + 131.0; 4]);
    assert_close(&times(&result, EventKind::InstanceInService), &[t0 + 133.0; 4]);
    assert_close(&times(&result, EventKind::CooldownStarted), &[t0 + 133.0]);
    let busy = all(&result, EventKind::PolicyIgnored);
    assert!(busy[0].detail.contains("in progress"), "{}", busy[0].detail);
}

#[test]
fn a_failing_smoke_test_abandons_the_launch_and_tries_again_later() {
    let mut plan = spike(1_000);
    plan.duration = secs(1_500);
    let template = &mut plan.fleets[WEB].template;
    template.smoke_test = Some(Phase { duration: Dist::Constant(15.0), failure: 1.0 });
    template.lifecycle_hook =
        Some(LifecycleHook { heartbeat_timeout: secs(3_600), continue_by_default: false, heartbeat_interval: None });
    let result = run(&plan);
    let t0 = times(&result, EventKind::PolicyInvoked)[0];
    let failed = all(&result, EventKind::LaunchFailed);
    assert!(failed.iter().take(4).all(|e| close(e.t_s, t0 + 131.0) && e.detail.contains("ABANDON")), "{failed:?}");
    let launched = times(&result, EventKind::LaunchStarted);
    assert_close(&launched[4..8], &[t0 + 131.0 + 75.0; 4]);
    assert!(all(&result, EventKind::InstanceInService).is_empty(), "none of them ever served");
    assert_eq!(result.summary.groups["web"].max_in_service, 4);
}

#[test]
fn a_hook_without_a_result_ends_at_its_heartbeat_timeout() {
    for (continues, in_service) in [(true, 8), (false, 4)] {
        let mut plan = spike(1_000);
        plan.duration = secs(1_200);
        let template = &mut plan.fleets[WEB].template;
        template.bootstrap = phase(10_000.0);
        template.lifecycle_hook = Some(LifecycleHook {
            heartbeat_timeout: secs(100),
            continue_by_default: continues,
            heartbeat_interval: None,
        });
        let result = run(&plan);
        let t0 = times(&result, EventKind::PolicyInvoked)[0];
        if continues {
            assert_close(&times(&result, EventKind::InstanceInService), &[t0 + 108.0; 4]);
        } else {
            assert_close(&times(&result, EventKind::LaunchFailed)[..4], &[t0 + 106.0; 4]);
        }
        assert_eq!(result.summary.groups["web"].final_in_service, in_service, "continues: {continues}");
    }
}

#[test]
fn a2_without_capacity_in_one_zone_best_effort_takes_the_other_and_a3_comes_back() {
    let mut plan = plan();
    fault(&mut plan, 200, FaultAction::InsufficientCapacity(ZoneId::new(0), secs(1_000)));
    let zone = Selection { fleet: WEB, zone: Some(ZoneId::new(0)), mode: SelectionMode::All };
    fault(&mut plan, 300, FaultAction::TerminateInstances(zone));
    let result = run(&plan);
    let launched = all(&result, EventKind::LaunchStarted);
    assert!(launched[..2].iter().all(|e| close(e.t_s, 303.0) && e.detail.contains("in use1-az2")), "{launched:?}");
    assert!(launched[0].detail.contains("no capacity in use1-az1"), "{}", launched[0].detail);
    assert!(all(&result, EventKind::LaunchFailed).is_empty());
    // Two and two again, one at a time, each launched before another goes.
    let rebalanced = all(&result, EventKind::RebalanceStarted);
    assert_eq!(rebalanced.len(), 2, "{rebalanced:?}");
    assert!((1_200.0..1_260.0).contains(&rebalanced[0].t_s), "{}", rebalanced[0].t_s);
    assert!(launched[2..].iter().all(|e| e.detail.contains("in use1-az1")), "{launched:?}");
    let terminating = all(&result, EventKind::InstanceTerminating);
    assert_eq!(terminating.len(), 2);
    assert!(close(terminating[0].t_s, launched[2].t_s + 8.0), "launch first, then terminate");
    let web = &result.summary.groups["web"];
    assert_eq!((web.max_in_service, web.final_in_service, web.min_in_service), (4, 4, 2));
}

#[test]
fn a2_balanced_only_waits_for_its_zone_and_f1_tries_again() {
    let mut plan = plan();
    group(&mut plan).distribution = Distribution::BalancedOnly;
    fault(&mut plan, 200, FaultAction::InsufficientCapacity(ZoneId::new(0), secs(300)));
    fault(&mut plan, 300, FaultAction::TerminateInstances(nth(0)));
    let result = run(&plan);
    assert_close(&times(&result, EventKind::LaunchFailed), &[303.0, 378.0, 453.0]);
    assert_close(&times(&result, EventKind::LaunchStarted), &[528.0]);
    let failed = all(&result, EventKind::LaunchFailed)[0];
    assert!(failed.detail.contains("no capacity in use1-az1"), "{}", failed.detail);
    let web = &result.summary.groups["web"];
    assert_eq!((web.launches, web.failed_launches, web.final_in_service), (4, 3, 4));
}

#[test]
fn launches_that_fail_are_tried_again_until_the_fault_is_over() {
    let mut plan = plan();
    fault(&mut plan, 200, FaultAction::FailLaunches(WEB, 1.0, secs(200)));
    fault(&mut plan, 300, FaultAction::TerminateInstances(nth(0)));
    let result = run(&plan);
    assert_close(&times(&result, EventKind::LaunchFailed), &[303.0, 378.0]);
    assert_close(&times(&result, EventKind::LaunchStarted), &[453.0]);
}

#[test]
fn a5_a_dark_zone_is_replaced_in_the_other_and_filled_again_afterwards() {
    let mut plan = plan();
    fault(&mut plan, 600, FaultAction::ZonePowerLoss(ZoneId::new(1), secs(900)));
    let result = run(&plan);
    let launched = all(&result, EventKind::LaunchStarted);
    assert!(launched[..2].iter().all(|e| close(e.t_s, 603.0) && e.detail.contains("in use1-az1")), "{launched:?}");
    assert_eq!(all(&result, EventKind::InstanceLost).len(), 2);
    let rebalanced = times(&result, EventKind::RebalanceStarted);
    assert!(rebalanced[0] >= 1_500.0 && rebalanced[0] < 1_560.0, "{rebalanced:?}");
    assert_eq!(result.summary.groups["web"].final_in_service, 4);
}

#[test]
fn without_its_nat_gateway_a_bootstrap_gives_up_and_names_it() {
    let mut plan = plan();
    let template = &mut plan.fleets[WEB].template;
    template.bootstrap_needs_egress = true;
    template.lifecycle_hook =
        Some(LifecycleHook { heartbeat_timeout: secs(3_600), continue_by_default: false, heartbeat_interval: None });
    fault(&mut plan, 200, FaultAction::FailNat(NatId::new(0), secs(400)));
    fault(&mut plan, 300, FaultAction::TerminateInstances(nth(0)));
    let result = run(&plan);
    let failed = all(&result, EventKind::BootstrapFailed);
    // Noticed at 303, running 309, booted 329, given up 60 s later.
    assert!(close(failed[0].t_s, 389.0), "{failed:?}");
    assert!(failed[0].detail.contains("NAT gateway nat-1"), "{}", failed[0].detail);
    assert_eq!(chain(&result, failed[0])[1], EventKind::FaultStarted);
    assert_close(&times(&result, EventKind::LaunchStarted)[..2], &[303.0, 389.0 + 75.0]);
    // The second finds the gateway down as well; the third comes up.
    assert_eq!(failed.len(), 2);
    assert_eq!(result.summary.groups["web"].final_in_service, 4);
}

#[test]
fn a_gateway_that_fails_during_the_bootstrap_fails_it_too() {
    let mut plan = plan();
    plan.fleets[WEB].template.bootstrap_needs_egress = true;
    group(&mut plan).elb_health_check = false;
    fault(&mut plan, 300, FaultAction::TerminateInstances(nth(0)));
    fault(&mut plan, 400, FaultAction::FailNat(NatId::new(0), secs(400)));
    let result = run(&plan);
    // Booted at 329, 90 s of bootstrap, 60 s of waiting.
    assert_close(&times(&result, EventKind::BootstrapFailed), &[329.0 + 90.0 + 60.0]);
    assert!(all(&result, EventKind::BootstrapDone).is_empty());
    // Without a hook it is in service all the same, and never healthy.
    assert_eq!(result.summary.groups["web"].final_in_service, 4);
    assert!(all(&result, EventKind::TargetHealthy).is_empty());
}

#[test]
fn r1_without_a_hook_an_instance_is_in_service_before_its_application_is_up() {
    let mut plan = plan();
    plan.duration = secs(900);
    set_desired(&mut plan, 300, 5);
    let result = run(&plan);
    // 6 s to running, 2 s to be registered; 20 s of boot and 90 s of bootstrap go on beside that.
    assert_close(&times(&result, EventKind::InstanceInService), &[308.0]);
    assert!(all(&result, EventKind::InstanceInService)[0].detail.contains("not up yet"));
    let healthy = times(&result, EventKind::TargetHealthy);
    assert!(healthy[0] >= 300.0 + 6.0 + 20.0 + 90.0, "traffic comes later: {healthy:?}");
    // With a hook it is the other way round.
    plan.fleets[WEB].template.lifecycle_hook =
        Some(LifecycleHook { heartbeat_timeout: secs(3_600), continue_by_default: false, heartbeat_interval: None });
    let result = run(&plan);
    assert_close(&times(&result, EventKind::InstanceInService), &[300.0 + 6.0 + 20.0 + 90.0 + 2.0]);
}
