//! Spot Instances: notices, interruptions, and replacements ahead of them.

use crate::fixture::*;
use crate::mixed::{mixed, own, policy_of};
use models::plan::*;
use models::result::EventKind;

/// Four Spot Instances of one type.
fn spot() -> Plan {
    let mut plan = mixed();
    plan.duration = secs(1_800);
    let policy = policy_of(&mut plan);
    (policy.on_demand_base_capacity, policy.on_demand_percentage_above_base_capacity) = (0, 0);
    policy.overrides = vec![own("m5.large", 2, 1)];
    plan
}

fn interrupt(plan: &mut Plan, at: u64, mode: SelectionMode, before: u64) {
    let selection = Selection { fleet: WEB, zone: None, mode };
    fault(plan, at, FaultAction::InterruptSpot(selection, secs(before)));
}

#[test]
fn s1_two_minutes_from_the_notice_to_the_end_and_p5_replaced_only_after_it() {
    let mut plan = spot();
    interrupt(&mut plan, 600, SelectionMode::Nth(1), 120);
    let result = run(&plan);
    assert_close(&times(&result, EventKind::SpotRebalanceRecommended), &[600.0]);
    assert_close(&times(&result, EventKind::SpotInterruptionNotice), &[600.0]);
    assert_close(&times(&result, EventKind::InstanceLost), &[720.0]);
    // Noticed 3 s later; pending for 6 s, registered after 2 s.
    assert_close(&times(&result, EventKind::LaunchStarted), &[723.0]);
    assert_close(&times(&result, EventKind::InstanceInService), &[731.0]);
    let lost = all(&result, EventKind::InstanceLost)[0];
    let expected = [
        EventKind::InstanceLost,
        EventKind::SpotInterruptionNotice,
        EventKind::SpotRebalanceRecommended,
        EventKind::FaultStarted,
    ];
    assert_eq!(chain(&result, lost), expected);
    assert!(lost.detail.contains("Spot interruption"), "{}", lost.detail);
    let group = &result.summary.groups["web"];
    assert_eq!((group.min_in_service, group.replacements, group.bought["m5.large spot"].interruptions), (3, 1, 1));
    assert_eq!(result.summary.incidents[0].detected_s, Some(600.0));
    assert_eq!(result.summary.incidents[0].decided_s, Some(723.0));
}

#[test]
fn the_recommendation_comes_at_once_and_the_notice_two_minutes_before_the_end() {
    for before in [120, 121, 600, 900] {
        let mut plan = spot();
        interrupt(&mut plan, 300, SelectionMode::Count(2), before);
        let result = run(&plan);
        let end = 300.0 + before as f64;
        assert_close(&times(&result, EventKind::SpotRebalanceRecommended), &[300.0; 2]);
        assert_close(&times(&result, EventKind::SpotInterruptionNotice), &[end - 120.0; 2]);
        assert_close(&times(&result, EventKind::InstanceLost), &[end; 2]);
    }
}

#[test]
fn s2_with_rebalancing_the_replacement_serves_before_the_old_one_goes() {
    let mut plan = spot();
    group(&mut plan).capacity_rebalance = true;
    interrupt(&mut plan, 600, SelectionMode::Nth(1), 600);
    let result = run(&plan);
    // 6 s pending, 2 s registration, 20 s boot, 90 s bootstrap, and two passing checks after that.
    assert_close(&times(&result, EventKind::LaunchStarted), &[600.0]);
    assert_close(&times(&result, EventKind::InstanceInService), &[608.0]);
    let going = all(&result, EventKind::InstanceTerminating);
    assert_eq!(going.len(), 1);
    assert!(going[0].t_s > 716.0 && going[0].t_s < 740.0, "{}", going[0].t_s);
    assert!(going[0].subject == "web/i-1" && going[0].detail.starts_with("web/i-4 took over"), "{going:?}");
    let group = &result.summary.groups["web"];
    assert_eq!((group.min_in_service, group.max_in_service, group.final_in_service), (4, 5, 4));
    assert_eq!((group.launches, group.terminations, group.replacements), (1, 1, 1));
    assert!(all(&result, EventKind::InstanceLost).is_empty(), "it is gone before EC2 takes it back");
    assert!(result.summary.requests.failed == 0);
}

#[test]
fn s2_a_replacement_that_comes_too_late_is_the_replacement_all_the_same() {
    let mut plan = spot();
    plan.fleets[WEB].template.bootstrap = phase(200.0);
    group(&mut plan).capacity_rebalance = true;
    interrupt(&mut plan, 600, SelectionMode::Nth(1), 120);
    let result = run(&plan);
    assert_close(&times(&result, EventKind::InstanceLost), &[720.0]);
    let group = &result.summary.groups["web"];
    assert_eq!((group.launches, group.final_in_service), (1, 4), "one launch, ahead of the interruption");
    // The one at risk and its replacement are in service together from 608 s to 723 s.
    assert_eq!((group.min_in_service, group.max_in_service), (4, 5));
}

#[test]
fn s2_the_group_exceeds_its_maximum_by_a_tenth_of_the_desired_capacity_and_by_one_at_least() {
    for (size, beyond) in [(4, 1), (10, 1), (20, 2), (39, 3)] {
        let mut plan = spot();
        let settings = group(&mut plan);
        (settings.desired_capacity, settings.max_size, settings.capacity_rebalance) = (size, size, true);
        interrupt(&mut plan, 600, SelectionMode::All, 900);
        let result = run(&plan);
        let early = all(&result, EventKind::LaunchStarted).iter().filter(|event| close(event.t_s, 600.0)).count();
        assert_eq!(early as u32, beyond, "a group of {size}");
        let group = &result.summary.groups["web"];
        assert!(group.max_in_service <= size + beyond, "{group:?}");
        assert_eq!(group.final_in_service, size);
    }
    // With room below the maximum all are replaced at once.
    let mut plan = spot();
    let settings = group(&mut plan);
    (settings.desired_capacity, settings.max_size, settings.capacity_rebalance) = (10, 40, true);
    interrupt(&mut plan, 600, SelectionMode::All, 900);
    assert_close(&times(&run(&plan), EventKind::LaunchStarted), &[600.0; 10]);
}

#[test]
fn s2_only_a_pool_as_available_or_more_will_do() {
    let pool = |zone: usize, rate| SpotPool {
        instance_type: "m5.large".into(),
        zone: Some(ZoneId::new(zone)),
        price_ratio: None,
        interruptions_per_month: Some(rate),
        capacity: None,
    };
    // Instance 0 is in the first zone. There is no more of that; the other zone is as calm, or not.
    for (other, ahead) in [(1e-6, true), (0.06, false)] {
        let mut plan = spot();
        plan.spot.pools = vec![pool(0, 1e-6), pool(1, other)];
        group(&mut plan).capacity_rebalance = true;
        let zone = ZoneId::new(0);
        let shortage = FaultAction::PoolShortage { zone, instance_type: None, spot: None, duration: secs(10_000) };
        fault(&mut plan, 100, shortage);
        interrupt(&mut plan, 600, SelectionMode::Nth(0), 300);
        let result = run(&plan);
        let launched = times(&result, EventKind::LaunchStarted);
        assert_eq!(launched[0] < 601.0, ahead, "{launched:?}");
        let refused = all(&result, EventKind::LaunchFailed);
        assert_eq!(refused.iter().any(|event| event.detail.contains("interrupted more often")), !ahead);
        // At the recommendation and at the notice, and after its death wherever there is any.
        assert_close(&launched, if ahead { &[600.0] } else { &[903.0] });
        assert_eq!(times(&result, EventKind::LaunchFailed).len(), if ahead { 0 } else { 2 });
    }
}

#[test]
fn draining_does_not_hold_the_interruption_back() {
    let mut plan = spot();
    group(&mut plan).capacity_rebalance = true;
    plan.target_groups[TargetGroupId::new(0)].deregistration_delay = secs(3_600);
    interrupt(&mut plan, 300, SelectionMode::Nth(0), 400);
    let result = run(&plan);
    assert!(times(&result, EventKind::InstanceTerminating)[0] < 450.0);
    assert_close(&times(&result, EventKind::InstanceLost), &[700.0]);
    let lost = all(&result, EventKind::InstanceLost)[0];
    assert!(lost.detail.contains("Spot interruption"), "{}", lost.detail);
    assert_eq!(result.summary.groups["web"].launches, 1, "it is not replaced twice");
}

#[test]
fn interruptions_come_at_the_rate_of_the_pool() {
    let mut plan = spot();
    plan.duration = secs(24 * 3_600);
    let settings = group(&mut plan);
    (settings.desired_capacity, settings.max_size, settings.min_size) = (50, 60, 50);
    // One in ten hours for each of fifty instances: 120 in a day, with a standard deviation of 11.
    plan.spot.interruptions_per_month = 73.0;
    plan.populations[PopulationId::new(0)].arrivals =
        Arrivals::Open { rate: RateProfile::constant(0.01), process: Process::Poisson };
    let result = run(&plan);
    let interruptions = result.summary.groups["web"].bought["m5.large spot"].interruptions;
    assert!((90..=150).contains(&interruptions), "{interruptions}");
    let (recommended, noticed) =
        (times(&result, EventKind::SpotRebalanceRecommended), times(&result, EventKind::SpotInterruptionNotice));
    assert!(recommended.len() >= noticed.len());
    assert_eq!(result.summary.groups["web"].final_in_service, 50);
}

#[test]
fn a_pool_that_shrinks_takes_back_what_it_gave_out() {
    let mut plan = spot();
    plan.spot.pools = vec![SpotPool {
        instance_type: "m5.large".into(),
        zone: Some(ZoneId::new(0)),
        price_ratio: None,
        interruptions_per_month: None,
        capacity: Some(RateProfile {
            knots: [(0, 2.0), (600, 2.0), (600, 0.0), (1_200, 0.0), (1_200, 9.0)]
                .map(|(at, value)| (sim_core::Time::ZERO + secs(at), value))
                .to_vec(),
        }),
    }];
    let result = run(&plan);
    assert_close(&times(&result, EventKind::SpotInterruptionNotice), &[600.0; 2]);
    let launched = all(&result, EventKind::LaunchStarted);
    assert!(launched[..2].iter().all(|event| event.detail.contains("use1-az2")), "{launched:?}");
    // A3: when the pool has capacity again, the balance over zones is restored.
    let moved = times(&result, EventKind::RebalanceStarted);
    assert!(moved.first().is_some_and(|&at| at > 1_200.0 && at < 1_320.0), "{moved:?}");
    assert_eq!(result.summary.groups["web"].final_in_service, 4);
}

#[test]
fn an_interruption_strikes_spot_instances_alone() {
    let mut plan = mixed();
    group(&mut plan).desired_capacity = 8;
    plan.duration = secs(900);
    interrupt(&mut plan, 300, SelectionMode::All, 120);
    let result = run(&plan);
    assert_eq!(times(&result, EventKind::SpotInterruptionNotice).len(), 3, "five are On-Demand");
    // Instance 0 is On-Demand.
    let mut plan = mixed();
    plan.duration = secs(900);
    interrupt(&mut plan, 300, SelectionMode::Nth(0), 120);
    let result = run(&plan);
    assert!(all(&result, EventKind::SpotInterruptionNotice).is_empty());
    let struck = all(&result, EventKind::FaultStarted)[0];
    assert!(struck.detail.contains("no instance to strike"), "{}", struck.detail);
}
