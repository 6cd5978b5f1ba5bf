//! Warm pools: size, scale-out, refill, reuse, hooks, and the bill by state.

use crate::fixture::*;
use models::plan::*;
use models::result::{EventKind, RunResult};
use sim_core::dist::Dist;

fn pool(state: PoolState) -> WarmPool {
    WarmPool {
        state,
        min_size: 0,
        max_group_prepared_capacity: None,
        reuse_on_scale_in: false,
        start: None,
        stop: Dist::Constant(10.0),
        volume_gb: 8.0,
    }
}

/// The usual group with a pool, and a desired capacity set at these times.
fn pooled(pool: WarmPool, desired: &[(u64, u32)]) -> Plan {
    let mut plan = plan();
    group(&mut plan).warm_pool = Some(pool);
    group(&mut plan).elb_health_check = false;
    for &(at, capacity) in desired {
        let call = ApiCall::SetDesiredCapacity { fleet: WEB, capacity, honor_cooldown: false };
        plan.operations.push(Operation { name: format!("{call:?}"), at: secs(at), call });
    }
    plan
}

fn hooked(plan: &mut Plan) {
    let template = &mut plan.fleets[WEB].template;
    template.smoke_test = Some(phase(15.0));
    let (heartbeat_timeout, heartbeat_interval) = (secs(3_600), None);
    template.lifecycle_hook = Some(LifecycleHook { heartbeat_timeout, continue_by_default: false, heartbeat_interval });
}

fn taken(result: &RunResult) -> Vec<f64> {
    let launches = all(result, EventKind::LaunchStarted);
    launches.iter().filter(|e| e.detail.starts_with("from the warm pool")).map(|e| e.t_s).collect()
}

fn figures(result: &RunResult) -> models::result::PoolFigures {
    result.summary.groups["web"].warm_pool.expect("the group has a pool")
}

#[test]
fn the_size_is_what_is_missing_to_the_prepared_capacity_and_the_minimum_at_least() {
    // (minimum, prepared, desired, maximum) → size
    let table = [
        ((0, None, 4, 16), 12),
        ((0, None, 16, 16), 0),
        ((3, None, 16, 16), 3),
        ((0, Some(6), 4, 16), 2),
        ((0, Some(6), 6, 16), 0),
        ((0, Some(6), 9, 16), 0),
        ((2, Some(6), 9, 16), 2),
        ((2, Some(6), 4, 16), 2),
        ((5, Some(6), 4, 16), 5),
        ((0, Some(0), 0, 16), 0),
        ((0, None, 0, 0), 0),
    ];
    for ((min_size, max_group_prepared_capacity, desired, max), expected) in table {
        let pool = WarmPool { min_size, max_group_prepared_capacity, ..pool(PoolState::Stopped) };
        assert_eq!(pool.size(desired, max), expected, "{min_size} {max_group_prepared_capacity:?} {desired} {max}");
    }
}

#[test]
fn scale_out_takes_from_the_pool_first_and_starts_faster() {
    // Running at 0.8 of 6 s; its server is up at 0.8 of 26 s, without bootstrap.
    let table = [
        (PoolState::Stopped, None, 600.0 + 4.8 + 2.0),
        (PoolState::Hibernated, None, 600.0 + 4.8 + 2.0),
        (PoolState::Running, Some(3.0), 600.0 + 3.0 + 2.0),
        // A start of its own is split as a cold one is, 6 to 20.
        (PoolState::Stopped, Some(26.0), 600.0 + 6.0 + 2.0),
    ];
    for (state, start, in_service) in table {
        let start = start.map(Dist::Constant);
        let result = run(&pooled(WarmPool { start, ..pool(state) }, &[(600, 6)]));
        assert_close(&taken(&result), &[600.0, 600.0]);
        assert_close(&times(&result, EventKind::InstanceInService), &[in_service; 2]);
        assert!(all(&result, EventKind::BootstrapDone).is_empty(), "{state:?}: configured before");
        let pool = figures(&result);
        assert_eq!((pool.taken, pool.cold, pool.launches, pool.final_size), (2, 0, 0, 10), "{state:?}");
        assert_eq!(result.summary.groups["web"].launches, 2);
        let event = all(&result, EventKind::InstanceInService)[0];
        let mut expected = vec![EventKind::InstanceInService];
        if state != PoolState::Running {
            // Without a hook it is in service as soon as it runs.
            expected.push(EventKind::InstanceRunning);
        }
        expected.extend([EventKind::LaunchStarted, EventKind::DesiredCapacityChanged, EventKind::OperationCalled]);
        assert_eq!(chain(&result, event), expected, "{state:?}");
    }
}

#[test]
fn an_empty_pool_launches_cold() {
    let small = WarmPool { max_group_prepared_capacity: Some(5), ..pool(PoolState::Stopped) };
    let result = run(&pooled(small, &[(600, 7)]));
    assert_close(&taken(&result), &[600.0]);
    assert_close(&times(&result, EventKind::LaunchStarted), &[600.0; 3]);
    assert_close(&times(&result, EventKind::InstanceInService), &[606.8, 608.0, 608.0]);
    let pool = figures(&result);
    assert_eq!((pool.taken, pool.cold, pool.final_size), (1, 2, 0));
}

#[test]
fn the_pool_refills_up_to_its_minimum_and_its_hook_fires_on_entering_and_on_leaving() {
    let small = WarmPool { min_size: 2, max_group_prepared_capacity: Some(6), ..pool(PoolState::Stopped) };
    let mut plan = pooled(small, &[(600, 6), (1_200, 7)]);
    hooked(&mut plan);
    let result = run(&plan);
    // Leaving: running at 4.8, booted at 20.8, tested for 15, registered in 2.
    let served = times(&result, EventKind::InstanceInService);
    assert_close(&served, &[600.0 + 37.8, 600.0 + 37.8, 1_200.0 + 37.8]);
    assert_close(&times(&result, EventKind::WarmPoolLaunch), &[600.0, 600.0, 1_200.0]);
    // Entering: 6, 20, 90 and 15, then 10 to stop.
    assert_close(&times(&result, EventKind::InstanceWarmed), &[741.0, 741.0, 1_341.0]);
    assert_eq!(times(&result, EventKind::SmokeTestPassed).len(), 6, "each tested twice, or once so far");
    let pool = figures(&result);
    assert_eq!((pool.final_size, pool.final_warmed, pool.launches), (2, 2, 3));
    let warmed = all(&result, EventKind::InstanceWarmed)[0];
    assert!(chain(&result, warmed).contains(&EventKind::WarmPoolLaunch), "{warmed:?}");
}

#[test]
fn without_a_hook_an_instance_is_stopped_before_its_bootstrap_is_done() {
    let small = WarmPool { min_size: 1, max_group_prepared_capacity: Some(5), ..pool(PoolState::Stopped) };
    let result = run(&pooled(small.clone(), &[(600, 5), (1_200, 6)]));
    // The second one was launched at 600, ran at 606, and had stopped at 616.
    assert_close(&times(&result, EventKind::InstanceWarmed)[..1], &[616.0]);
    assert_close(&taken(&result), &[600.0, 1_200.0]);
    assert_close(&times(&result, EventKind::InstanceInService)[1..], &[1_200.0 + 6.8]);
    // So that it bootstraps when it is in service already.
    assert_close(&times(&result, EventKind::BootstrapDone), &[1_200.0 + 20.8 + 90.0]);
    // Where it goes on running the bootstrap goes on too.
    let running = WarmPool { state: PoolState::Running, start: Some(Dist::Constant(3.0)), ..small };
    let result = run(&pooled(running, &[(600, 5), (640, 6)]));
    assert_close(&times(&result, EventKind::BootstrapDone)[..1], &[600.0 + 116.0]);
    assert_close(&taken(&result), &[600.0, 640.0]);
}

#[test]
fn reuse_puts_back_what_is_scaled_in_and_else_it_is_terminated_and_launched_anew() {
    for reuse_on_scale_in in [true, false] {
        let small = WarmPool { reuse_on_scale_in, max_group_prepared_capacity: Some(6), ..pool(PoolState::Stopped) };
        let mut plan = pooled(small, &[(600, 2)]);
        hooked(&mut plan);
        let result = run(&plan);
        let pool = figures(&result);
        assert_eq!((pool.final_size, pool.final_warmed), (4, 4), "reuse {reuse_on_scale_in}");
        if reuse_on_scale_in {
            // Drained for 60 s, stopped in 10.
            assert_close(&times(&result, EventKind::WarmPoolReturn), &[660.0; 2]);
            assert_close(&times(&result, EventKind::InstanceWarmed), &[670.0; 2]);
            assert!(all(&result, EventKind::InstanceTerminated).is_empty());
            assert_eq!((pool.returned, pool.launches), (2, 0));
        } else {
            assert_close(&times(&result, EventKind::InstanceTerminated), &[685.0; 2]);
            assert_close(&times(&result, EventKind::WarmPoolLaunch), &[600.0; 2]);
            assert_eq!((pool.returned, pool.launches), (0, 2));
        }
    }
}

#[test]
fn an_instance_that_came_back_serves_again_with_a_fresh_warm_up_and_grace() {
    let small = WarmPool { reuse_on_scale_in: true, ..pool(PoolState::Stopped) };
    let mut plan = pooled(small, &[(600, 2), (1_200, 6)]);
    group(&mut plan).elb_health_check = true;
    let result = run(&plan);
    let back: Vec<&str> = all(&result, EventKind::WarmPoolReturn).iter().map(|e| e.subject.as_str()).collect();
    let again: Vec<&str> = all(&result, EventKind::InstanceInService).iter().map(|e| e.subject.as_str()).collect();
    assert!(back.iter().all(|name| again.contains(name)), "{back:?} and {again:?}");
    assert!(all(&result, EventKind::BootstrapDone).is_empty(), "configured once and for all");
    assert!(all(&result, EventKind::InstanceMarkedUnhealthy).is_empty());
    assert_eq!(result.summary.groups["web"].final_in_service, 6);
}

#[test]
fn a_pool_that_is_not_ready_is_too_large_when_the_group_has_grown_without_it() {
    let small = WarmPool { max_group_prepared_capacity: Some(6), ..pool(PoolState::Stopped) };
    let mut plan = pooled(small, &[(600, 2), (610, 6)]);
    hooked(&mut plan);
    let result = run(&plan);
    // At 600 two join the two in the pool; at 610 two come from it, two cold, and those on their way into it are too many.
    assert_close(&times(&result, EventKind::WarmPoolLaunch), &[600.0; 2]);
    assert_close(&taken(&result), &[610.0; 2]);
    let gone: Vec<_> =
        all(&result, EventKind::InstanceTerminating).into_iter().filter(|e| e.detail.contains("Warmed:Term")).collect();
    assert_eq!(gone.iter().map(|e| e.t_s).collect::<Vec<_>>(), [610.0; 2]);
    assert_eq!((figures(&result).final_size, figures(&result).cold), (0, 2));
    assert_eq!(result.summary.groups["web"].final_in_service, 6);
}

#[test]
fn h4_what_is_stopped_is_neither_struck_nor_checked_and_what_runs_is() {
    let dark = FaultAction::ZonePowerLoss(ZoneId::new(0), secs(600));
    for (state, lost) in [(PoolState::Stopped, 2), (PoolState::Running, 2 + 6)] {
        let mut plan = pooled(pool(state), &[]);
        fault(&mut plan, 600, dark.clone());
        let result = run(&plan);
        assert_eq!(all(&result, EventKind::InstanceLost).len(), lost, "{state:?}");
        // Two replacements, both from the pool of the zone that has power.
        let launched = all(&result, EventKind::LaunchStarted);
        assert!(launched[..2].iter().all(|e| e.detail.contains("(Warmed:") && e.detail.contains("use1-az2")));
        assert_eq!(figures(&result).final_size, 12, "{state:?}");
    }
}

#[test]
fn a_failed_launch_into_the_pool_is_tried_again_while_it_is_wanted() {
    let small = WarmPool { min_size: 2, max_group_prepared_capacity: Some(6), ..pool(PoolState::Stopped) };
    let mut plan = pooled(small, &[(600, 5)]);
    fault(&mut plan, 500, FaultAction::FailLaunches(WEB, 1.0, secs(200)));
    let result = run(&plan);
    // A start from the pool is no RunInstances; the launch that refills it is, and 75 s is the retry.
    assert_close(&taken(&result), &[600.0]);
    assert_close(&times(&result, EventKind::LaunchFailed), &[600.0, 675.0]);
    assert_close(&times(&result, EventKind::WarmPoolLaunch), &[750.0]);
    assert_eq!(figures(&result).final_warmed, 2);
}

#[test]
fn a_smoke_test_that_fails_abandons_the_launch_into_the_pool() {
    let small = WarmPool { min_size: 2, max_group_prepared_capacity: Some(6), ..pool(PoolState::Stopped) };
    let mut plan = pooled(small, &[(600, 5)]);
    hooked(&mut plan);
    plan.fleets[WEB].template.smoke_test = Some(Phase { duration: Dist::Constant(15.0), failure: 1.0 });
    plan.duration = secs(800);
    let result = run(&plan);
    let failed = all(&result, EventKind::LaunchFailed);
    assert!(failed.iter().any(|e| close(e.t_s, 600.0 + 131.0) && e.detail.contains("warm pool")), "{failed:?}");
    assert!(all(&result, EventKind::InstanceWarmed).is_empty());
}

#[test]
fn a_stopped_pool_costs_its_volumes_and_a_running_one_its_hours() {
    let cost = |state: PoolState, volume_gb: f64| {
        let mut plan = pooled(WarmPool { volume_gb, ..pool(state) }, &[]);
        plan.prices.instances.insert("m5.large".into(), 1.0);
        plan.prices.volume_gb_month = 730.0;
        run(&plan).summary.cost_usd.by_part.get("warm_pool.web").copied().unwrap_or(0.0)
    };
    // Twelve instances for an hour.
    assert!(close(cost(PoolState::Stopped, 0.0), 0.0));
    assert!(close(cost(PoolState::Hibernated, 0.0), 0.0));
    assert!(close(cost(PoolState::Running, 0.0), 12.0));
    assert!(close(cost(PoolState::Stopped, 2.0), 24.0));
}

#[test]
fn stopping_is_free_and_hibernating_is_not() {
    let billed = |state: PoolState| {
        let small =
            WarmPool { min_size: 1, max_group_prepared_capacity: Some(5), stop: Dist::Constant(100.0), ..pool(state) };
        let mut plan = pooled(small, &[(600, 5)]);
        hooked(&mut plan);
        figures(&run(&plan)).billed_instance_hours * 3_600.0
    };
    // Running from 606 to 731, when its test is done.
    assert!(close(billed(PoolState::Stopped), 125.0));
    assert!(close(billed(PoolState::Hibernated), 225.0));
}
