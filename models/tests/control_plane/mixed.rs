//! Mixed instances policies: what is bought, where, and what it costs.

use crate::fixture::*;
use models::plan::*;
use models::result::{EventKind, RunResult};

pub fn own(name: &str, vcpus: u32, weighted_capacity: u32) -> InstanceOverride {
    InstanceOverride { instance_type: name.into(), vcpus, weighted_capacity, credits: None }
}

/// Types of two vCPUs, half of it Spot beyond the first two, a Spot market where nothing is taken back.
pub fn mixed() -> Plan {
    let mut plan = plan();
    let prices = [("m5.large", 0.10), ("c5.large", 0.08), ("r5.large", 0.12), ("m5.2xlarge", 0.40)];
    plan.prices.instances = prices.iter().map(|(name, usd)| (name.to_string(), *usd)).collect();
    plan.spot.interruptions_per_month = 0.0;
    group(&mut plan).mixed = Some(Box::new(MixedInstances {
        overrides: vec![own("m5.large", 2, 1), own("c5.large", 2, 1), own("r5.large", 2, 1)],
        on_demand_base_capacity: 2,
        on_demand_percentage_above_base_capacity: 50,
        on_demand_allocation: OnDemandAllocation::Prioritized,
        spot_allocation: SpotAllocation::LowestPrice,
        spot_instance_pools: 2,
        spot_max_price: None,
    }));
    plan
}

pub fn policy_of(plan: &mut Plan) -> &mut MixedInstances {
    group(plan).mixed.as_mut().expect("a mixed instances policy")
}

/// Capacity wanted from the start.
fn sized(mut plan: Plan, desired: u32) -> Plan {
    let group = group(&mut plan);
    (group.desired_capacity, group.max_size) = (desired, desired.max(16));
    plan
}

/// Instances at the end by pool, from what they ran: the plan lasts an hour.
fn hours(result: &RunResult) -> Vec<(&str, f64)> {
    let bought = &result.summary.groups["web"].bought;
    bought.iter().map(|(name, one)| (name.as_str(), (one.instance_hours * 1e3).round() / 1e3)).collect()
}

#[test]
fn s3_the_first_instances_are_bought_by_base_percentage_and_strategy() {
    let result = run(&sized(mixed(), 8));
    // 2 + ceil(6 × 50 %) On-Demand, all of the first type; 3 Spot over the two cheapest pools of each zone.
    assert_eq!(hours(&result), [("c5.large spot", 2.0), ("m5.large on_demand", 5.0), ("m5.large spot", 1.0)]);
    let cost = &result.summary.cost_usd.by_part;
    assert!(close(cost["instances.web.on_demand"], 0.5), "{cost:?}");
    assert!(close(cost["instances.web.spot"], 0.38 * (2.0 * 0.08 + 0.10)), "{cost:?}");
    assert!(!cost.contains_key("instances.web"), "{cost:?}");
}

#[test]
fn each_strategy_takes_its_own_pools() {
    /// Strategy, SpotInstancePools, hours by pool.
    type Case<'a> = (SpotAllocation, u32, &'a [(&'a str, f64)]);
    let cases: [Case; 5] = [
        (SpotAllocation::LowestPrice, 1, &[("c5.large spot", 6.0)]),
        (SpotAllocation::LowestPrice, 3, &[("c5.large spot", 2.0), ("m5.large spot", 2.0), ("r5.large spot", 2.0)]),
        (SpotAllocation::CapacityOptimized, 2, &[("r5.large spot", 6.0)]),
        (SpotAllocation::CapacityOptimizedPrioritized, 2, &[("m5.large spot", 6.0)]),
        (SpotAllocation::PriceCapacityOptimized, 2, &[("m5.large spot", 6.0)]),
    ];
    for (strategy, pools, expected) in cases {
        let mut plan = sized(mixed(), 6);
        let pool = |name: &str, rate| SpotPool {
            instance_type: name.into(),
            zone: None,
            price_ratio: None,
            interruptions_per_month: Some(rate),
            capacity: None,
        };
        // So rare that none happens in an hour; c5 is in the worst band, and r5 the calmest of the best.
        plan.spot.pools = vec![pool("m5.large", 1e-3), pool("c5.large", 0.06), pool("r5.large", 1e-6)];
        let mix = policy_of(&mut plan);
        (mix.on_demand_base_capacity, mix.on_demand_percentage_above_base_capacity) = (0, 0);
        (mix.spot_allocation, mix.spot_instance_pools) = (strategy, pools);
        assert_eq!(hours(&run(&plan)), expected, "{strategy:?} over {pools}");
    }
}

#[test]
fn on_demand_by_lowest_price_and_savings_are_taken_off() {
    let mut plan = sized(mixed(), 4);
    let mix = policy_of(&mut plan);
    mix.on_demand_percentage_above_base_capacity = 100;
    mix.on_demand_allocation = OnDemandAllocation::LowestPrice;
    plan.prices.on_demand_ratio = 0.6;
    let result = run(&plan);
    assert_eq!(hours(&result), [("c5.large on_demand", 4.0)]);
    assert!(close(result.summary.cost_usd.by_part["instances.web.on_demand"], 4.0 * 0.08 * 0.6));
}

#[test]
fn s5_weights_count_units_and_overshoot_by_less_than_the_heaviest() {
    let mut plan = sized(mixed(), 10);
    let mix = policy_of(&mut plan);
    mix.overrides = vec![own("m5.2xlarge", 8, 4), own("m5.large", 2, 1)];
    mix.on_demand_percentage_above_base_capacity = 100;
    let result = run(&plan);
    assert_eq!(hours(&result), [("m5.2xlarge on_demand", 3.0)], "12 units for 10");
    assert_eq!(result.summary.groups["web"].max_in_service, 3);
    let last = result.series.get("group.web.in_service").unwrap().values.last().copied();
    assert_eq!(last, Some(12.0), "the series counts units");
    assert_eq!(result.series.get("group.web.desired").unwrap().values.last().copied(), Some(10.0));
    // At the maximum size too.
    group(&mut plan).max_size = 10;
    assert_eq!(hours(&run(&plan)), [("m5.2xlarge on_demand", 3.0)]);
}

#[test]
fn a_scale_in_leaves_what_would_fall_below_the_desired_units() {
    let mut plan = sized(mixed(), 12);
    let mix = policy_of(&mut plan);
    mix.overrides = vec![own("m5.2xlarge", 8, 4)];
    mix.on_demand_percentage_above_base_capacity = 100;
    metric(&mut plan, &[(0, 50.0), (600, 10.0)]);
    // 12 units less three: one of four would leave eight, which is below nine.
    group(&mut plan).policies = vec![policy("less", AdjustmentType::ChangeInCapacity, -3.0, 10_000)];
    plan.alarms = [alarm("low", Comparison::LessThan, 20.0, 1, 0)].into_iter().collect();
    let result = run(&plan);
    assert_eq!(times(&result, EventKind::DesiredCapacityChanged).len(), 1);
    assert_eq!(result.summary.groups["web"].terminations, 0);
    group(&mut plan).policies = vec![policy("less", AdjustmentType::ChangeInCapacity, -4.0, 10_000)];
    assert_eq!(run(&plan).summary.groups["web"].terminations, 1);
}

#[test]
fn larger_types_have_more_workers_and_their_cpu_is_measured_against_their_own_vcpus() {
    let mut plan = sized(mixed(), 2);
    group(&mut plan).min_size = 1;
    policy_of(&mut plan).overrides = vec![own("m5.2xlarge", 8, 1)];
    plan.populations[PopulationId::new(0)].arrivals =
        Arrivals::Open { rate: RateProfile::constant(400.0), process: Process::Poisson };
    plan.duration = secs(600);
    let result = run(&plan);
    // 400/s × 5 ms = 2 vCPUs of 16.
    let cpu = &result.series.get("cpu_percent.web").unwrap().values;
    assert!(cpu[2..].iter().all(|percent| (percent - 12.5).abs() < 1.5), "{cpu:?}");
    // Eight workers for two vCPUs are 32 for eight.
    let queue = &result.summary.queueing_ms["web"];
    let busy = 400.0 * 0.005;
    assert!((queue.occupancy - busy / 64.0).abs() < 0.01, "{}", queue.occupancy);
}

#[test]
fn f3_other_pools_of_the_zone_come_first_and_then_other_zones() {
    let shortage = |instance_type: Option<&str>, spot| FaultAction::PoolShortage {
        zone: ZoneId::new(0),
        instance_type: instance_type.map(String::from),
        spot,
        duration: secs(2_000),
    };
    let cases: [(FaultAction, &str, &str); 4] = [
        (shortage(Some("c5.large"), Some(true)), "m5.large Spot in use1-az1", "no c5.large Spot in use1-az1"),
        (shortage(Some("c5.large"), None), "m5.large Spot in use1-az1", "no c5.large Spot in use1-az1"),
        (shortage(None, Some(true)), "c5.large Spot in use1-az2", "no r5.large Spot in use1-az1"),
        (shortage(None, Some(false)), "c5.large Spot in use1-az1", ""),
    ];
    for (action, place, passed) in cases {
        let mut plan = sized(mixed(), 4);
        let mix = policy_of(&mut plan);
        (mix.on_demand_base_capacity, mix.on_demand_percentage_above_base_capacity) = (0, 0);
        mix.spot_instance_pools = 1;
        plan.duration = secs(900);
        let name = format!("{action:?}");
        fault(&mut plan, 100, action);
        // Instance 0 is in the first zone, where the launch goes first.
        fault(&mut plan, 200, FaultAction::TerminateInstances(nth(0)));
        let result = run(&plan);
        let launched = all(&result, EventKind::LaunchStarted);
        assert_eq!(launched.len(), 1, "{name}");
        assert!(launched[0].detail.starts_with(place), "{name}: {}", launched[0].detail);
        assert!(launched[0].detail.contains(passed), "{name}: {}", launched[0].detail);
    }
}

#[test]
fn without_spot_capacity_anywhere_nothing_on_demand_takes_its_place() {
    let mut plan = sized(mixed(), 6);
    for zone in 0..2 {
        let zone = ZoneId::new(zone);
        let shortage = FaultAction::PoolShortage { zone, instance_type: None, spot: Some(true), duration: secs(600) };
        fault(&mut plan, 100, shortage);
    }
    let spot = Selection { fleet: WEB, zone: None, mode: SelectionMode::All };
    fault(&mut plan, 200, FaultAction::InterruptSpot(spot, secs(120)));
    let result = run(&plan);
    let launched = all(&result, EventKind::LaunchStarted);
    assert_eq!(launched.len(), 2, "{launched:?}");
    assert!(launched.iter().all(|one| one.detail.contains(" Spot in ") && one.t_s > 700.0), "{launched:?}");
    let failed = all(&result, EventKind::LaunchFailed);
    // Two slots, tried every 75 s from 323 s on until the shortage is over at 700 s.
    assert_eq!(failed.len(), 2 * 6, "{failed:?}");
    assert!(failed[0].detail.starts_with("no c5.large Spot in use1-az") && failed[0].detail.contains(" and 3 more"));
    let bought = &result.summary.groups["web"].bought;
    let sum = |of: fn(&models::result::Bought) -> u32| bought.values().map(of).sum::<u32>();
    assert_eq!((sum(|one| one.failed_launches), sum(|one| one.launches), sum(|one| one.interruptions)), (12, 14, 2));
}

#[test]
fn above_the_maximum_price_nothing_is_bought() {
    let mut plan = sized(mixed(), 4);
    let mix = policy_of(&mut plan);
    (mix.on_demand_base_capacity, mix.on_demand_percentage_above_base_capacity) = (0, 50);
    mix.spot_max_price = Some(0.0304);
    plan.duration = secs(300);
    // 0.38 × 0.08 is just that; the next one costs more.
    let exactly = run(&plan).summary.groups["web"].bought.keys().cloned().collect::<Vec<_>>();
    assert_eq!(exactly, ["c5.large spot", "m5.large on_demand"]);
    policy_of(&mut plan).spot_max_price = Some(0.03);
    let result = run(&plan);
    assert_eq!(result.summary.groups["web"].max_in_service, 2, "On-Demand alone");
    let failed = all(&result, EventKind::LaunchFailed);
    assert!(failed[0].detail.contains("above the maximum price"), "{}", failed[0].detail);
}

#[test]
fn a_scale_in_restores_the_ratio_within_the_largest_zone() {
    let mut plan = sized(mixed(), 8);
    metric(&mut plan, &[(0, 50.0), (600, 10.0)]);
    group(&mut plan).policies = vec![policy("less", AdjustmentType::ChangeInCapacity, -4.0, 10_000)];
    plan.alarms = [alarm("low", Comparison::LessThan, 20.0, 1, 0)].into_iter().collect();
    let result = run(&plan);
    // 5 and 3 become 3 and 1.
    let ran = |wanted: &str| {
        let bought = result.summary.groups["web"].bought.iter().filter(|one| one.0.ends_with(wanted));
        bought.map(|one| one.1.instance_hours).sum::<f64>()
    };
    assert_eq!(result.summary.groups["web"].terminations, 4);
    assert!(ran("on_demand") > 3.0 && ran("on_demand") < 3.8, "{}", ran("on_demand"));
    assert!(ran("spot") > 1.0 && ran("spot") < 1.8, "{}", ran("spot"));
}

#[test]
fn termination_policies_decide_who_goes() {
    for (policies, gone) in [
        (vec![TerminationPolicy::OldestInstance], ["web/i-0", "web/i-1", "web/i-2", "web/i-3"]),
        (vec![TerminationPolicy::NewestInstance], ["web/i-4", "web/i-5", "web/i-6", "web/i-7"]),
    ] {
        // Four more for a while, and then four less.
        let mut plan = plan();
        plan.duration = secs(2_400);
        metric(&mut plan, &[(0, 50.0), (300, 95.0), (400, 50.0), (1_200, 5.0)]);
        let step = |name, by| policy(name, AdjustmentType::ChangeInCapacity, by, 600);
        group(&mut plan).policies = vec![step("more", 4.0), step("less", -4.0)];
        group(&mut plan).termination_policies = policies.clone();
        plan.alarms =
            [alarm("high", Comparison::GreaterThan, 90.0, 1, 0), alarm("low", Comparison::LessThan, 20.0, 1, 1)]
                .into_iter()
                .collect();
        let result = run(&plan);
        let mut names: Vec<&str> =
            all(&result, EventKind::InstanceTerminating).iter().map(|e| e.subject.as_str()).collect();
        names.truncate(4);
        names.sort_unstable();
        assert_eq!(names, gone, "{policies:?}");
    }
}
