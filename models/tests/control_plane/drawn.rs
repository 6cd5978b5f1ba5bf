//! Drawn plans: whatever the settings and the faults, what must always hold.

use crate::fixture::*;
use models::plan::*;
use models::result::EventKind;
use models::simulate;
use sim_core::dist::Dist;
use sim_core::{Stream, Words};
use std::collections::BTreeMap;

/// A plan with drawn settings and faults.
pub fn drawn(seed: u64) -> Plan {
    let mut stream = Stream::new(seed, 0, "control plane", "plan");
    let mut below = |n: u32| stream.below(n);
    let mut plan = plan();
    plan.duration = secs(5_400);
    metric(&mut plan, &[(0, 50.0), (600, 95.0), (600 + u64::from(below(1_500)), 10.0)]);
    let settings = group(&mut plan);
    settings.min_size = below(4);
    settings.desired_capacity = settings.min_size + below(8);
    settings.max_size = settings.desired_capacity + below(12);
    settings.elb_health_check = below(2) == 0;
    settings.health_check_grace_period = secs(u64::from(below(3)) * 150);
    settings.cooldown_after_drain = below(2) == 0;
    settings.drain_early = below(2) == 0;
    settings.default_instance_warmup = (below(2) == 0).then(|| secs(u64::from(below(300))));
    settings.loss_notice = Dist::LognormalQuantiles { median: 3.0, p95: 20.0 };
    settings.launch_retry = Dist::Uniform { low: 60.0, high: 96.0 };
    settings.termination = Dist::Uniform { low: 20.0, high: 60.0 };
    if below(4) == 0 {
        settings.distribution = Distribution::BalancedOnly;
    }
    let steps = vec![
        StepAdjustment { lower: None, upper: Some(-15.0), adjustment: -2.0 },
        StepAdjustment { lower: Some(-15.0), upper: Some(0.0), adjustment: -1.0 },
        StepAdjustment { lower: Some(0.0), upper: Some(4.0), adjustment: 30.0 },
        StepAdjustment { lower: Some(4.0), upper: None, adjustment: 60.0 },
    ];
    let stepped = Policy {
        name: "steps".into(),
        enabled: true,
        adjustment_type: AdjustmentType::PercentChangeInCapacity,
        min_adjustment_magnitude: below(3),
        kind: PolicyKind::Step { steps, warmup: None, aggregation: MetricAggregation::default() },
    };
    let simple = policy("simple", AdjustmentType::PercentChangeInCapacity, 100.0, 120);
    settings.policies = vec![
        if below(2) == 0 { simple } else { stepped },
        policy("shrink", AdjustmentType::ChangeInCapacity, -2.0, 60),
    ];
    plan.alarms =
        [alarm("load-high", Comparison::GreaterThan, 90.0, 2, 0), alarm("load-low", Comparison::LessThan, 30.0, 2, 1)]
            .into_iter()
            .collect();
    let template = &mut plan.fleets[WEB].template;
    template.bootstrap_needs_egress = below(2) == 0;
    template.pending.failure = f64::from(below(3)) * 0.1;
    template.bootstrap.failure = f64::from(below(3)) * 0.1;
    template.smoke_test = (below(2) == 0).then_some(Phase { duration: Dist::Constant(15.0), failure: 0.2 });
    template.lifecycle_hook = (below(2) == 0).then(|| LifecycleHook {
        heartbeat_timeout: secs(200),
        continue_by_default: below(2) == 0,
        heartbeat_interval: None,
    });
    for _ in 0..below(6) {
        let zone = ZoneId::new(below(2) as usize);
        let lasts = secs(u64::from(below(1_200)));
        let some = Selection { fleet: WEB, zone: None, mode: SelectionMode::Count(1 + below(4)) };
        let action = match below(8) {
            0 => FaultAction::ZonePowerLoss(zone, lasts),
            1 => FaultAction::TerminateInstances(some),
            2 => FaultAction::HangInstances(some, lasts),
            3 => FaultAction::InsufficientCapacity(zone, lasts),
            4 => FaultAction::FailLaunches(WEB, 0.7, lasts),
            5 => FaultAction::FailNat(NatId::new(zone.index()), lasts),
            6 => FaultAction::LoseMetrics(lasts),
            _ => FaultAction::ZonePartition(zone, lasts),
        };
        fault(&mut plan, u64::from(below(4_000)), action);
    }
    plan
}

#[test]
fn whatever_is_drawn_a_group_keeps_its_bounds_and_every_instance_its_order() {
    let stage = |kind| match kind {
        EventKind::LaunchStarted => Some(0),
        EventKind::InstanceRunning => Some(1),
        EventKind::InstanceInService => Some(2),
        EventKind::InstanceTerminating => Some(3),
        EventKind::InstanceTerminated => Some(4),
        _ => None,
    };
    for seed in 0..80 {
        let mut plan = drawn(seed);
        let (min, max) = (group(&mut plan).min_size, group(&mut plan).max_size);
        let result = run(&plan);
        let column = |name: &str| result.series.get(&format!("group.web.{name}")).unwrap().values.clone();
        let bounds = f64::from(min)..=f64::from(max);
        assert!(column("desired").iter().all(|desired| bounds.contains(desired)), "seed {seed}");
        let most = f64::from(max + (max / 10).max(1));
        let present = column("in_service").into_iter().zip(column("pending")).map(|(a, b)| a + b);
        assert!(present.into_iter().all(|present| present <= most), "seed {seed}");
        let mut stages: BTreeMap<&str, i32> = BTreeMap::new();
        for event in &result.timeline {
            assert!(event.cause.is_none_or(|cause| cause < event.id), "seed {seed}: {event:?}");
            if let Some(next) = stage(event.kind) {
                let last = stages.insert(event.subject.as_str(), next);
                assert!(last.is_none_or(|last| last < next), "seed {seed}: {event:?} after stage {last:?}");
            }
        }
        let web = &result.summary.groups["web"];
        assert!(web.replacements <= web.terminations && web.failed_launches <= web.launches, "seed {seed}: {web:?}");
        assert!(web.instance_hours <= 1.5 * (most + 20.0), "seed {seed}: {web:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let plan = spike(3_600);
    let digest = |seed| simulate(&plan, seed, 0, &mut ()).unwrap().summary.digest;
    assert_eq!(digest(7), digest(7));
    assert_ne!(digest(7), digest(8));
}
