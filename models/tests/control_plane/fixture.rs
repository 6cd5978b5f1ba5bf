//! The plan that the tests start from, and how they read a result.

use models::plan::*;
use models::result::{EventKind, RunResult, TimelineEvent};
use models::simulate;
use sim_core::dist::Dist;
use sim_core::{Duration, Table, Time};
use std::collections::BTreeMap;

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn phase(seconds: f64) -> Phase {
    Phase { duration: Dist::Constant(seconds), failure: 0.0 }
}

pub fn policy(name: &str, adjustment_type: AdjustmentType, adjustment: f64, cooldown: u64) -> Policy {
    let kind = PolicyKind::Simple { adjustment, cooldown: Some(secs(cooldown)) };
    Policy { name: name.into(), enabled: true, adjustment_type, min_adjustment_magnitude: 0, kind }
}

/// An alarm on the custom metric, N of N, one-minute periods.
pub fn alarm(name: &str, comparison: Comparison, threshold: f64, periods: u32, policy: usize) -> Alarm {
    Alarm {
        evaluation_periods: periods,
        datapoints_to_alarm: periods,
        comparison,
        alarm_actions: vec![Action::Scale { fleet: WEB, policy }],
        ..Alarm::new(name, Metric::Custom(CustomMetricId::new(0)), threshold)
    }
}

pub const WEB: FleetId = FleetId::new(0);

pub const ZONES: [&str; 2] = ["use1-az1", "use1-az2"];

/// Four instances over two zones behind a balancer, with light traffic: pending 6 s, boot 20 s, bootstrap 90 s.
pub fn plan() -> Plan {
    let near = Dist::Constant(0.0005);
    let zones: Vec<ZoneId> = (0..ZONES.len()).map(ZoneId::new).collect();
    let zone = |(index, name): (usize, &&str)| Zone {
        name: name.to_string(),
        region: RegionId::new(0),
        egress: Egress::Nat(NatId::new(index)),
    };
    let site = Site {
        name: "users".into(),
        to: Destination::Balancer(BalancerId::new(0)),
        timeout: secs(10),
        connect_timeout: secs(3),
        retry: Retry { attempts: 1, backoff: Backoff::Immediate },
        abandoned_work: AbandonedWork::Continues,
        resolvers: 10,
        dns_ttl: secs(60),
        ttl_violators: None,
        connections: None,
        request_bytes: 1_000,
        response_bytes: 1_000,
    };
    let template = LaunchTemplate {
        instance_type: "m5.large".into(),
        machine: Default::default(),
        vcpus: 2,
        monitoring: Monitoring::Detailed,
        pending: phase(6.0),
        boot: phase(20.0),
        bootstrap: phase(90.0),
        bootstrap_needs_egress: false,
        bootstrap_download_gb: 0.0,
        egress_timeout: secs(60),
        smoke_test: None,
        lifecycle_hook: None,
        name: "web".into(),
        release: Release::default(),
    };
    let group = AutoScaling {
        min_size: 2,
        max_size: 16,
        desired_capacity: 4,
        default_cooldown: secs(300),
        default_instance_warmup: None,
        elb_health_check: true,
        health_check_grace_period: secs(300),
        distribution: Distribution::BalancedBestEffort,
        health_poll: secs(30),
        loss_notice: Dist::Constant(3.0),
        action_delay: Dist::Constant(5.0),
        launch_retry: Dist::Constant(75.0),
        registration: Dist::Constant(2.0),
        termination: Dist::Constant(25.0),
        drain_early: false,
        cooldown_after_drain: false,
        policies: vec![],
        warm_pool: None,
        schedule: Schedule::default(),
        every_activity_cools_down: false,
        lifecycle: Lifecycle::default(),
        mixed: None,
        capacity_rebalance: false,
        termination_policies: vec![],
    };
    Plan {
        name: "control".into(),
        description: String::new(),
        seed: 1,
        duration: secs(3_600),
        starts_at: 0,
        warm_up: Duration::ZERO,
        drain: secs(60),
        series_interval: secs(60),
        regions: [Region { name: "us-east-1".into() }].into_iter().collect(),
        zones: ZONES.iter().enumerate().map(zone).collect(),
        network: Network {
            round_trip: zones.iter().map(|_| zones.iter().map(|_| near.clone()).collect()).collect(),
            retransmission_timeout: Duration::from_millis(200),
            retransmissions: 6,
        },
        nat_gateways: zones
            .iter()
            .map(|&zone| NatGateway { name: format!("nat-{}", zone.index() + 1), zone })
            .collect(),
        populations: [Population {
            name: "users".into(),
            arrivals: Arrivals::Open { rate: RateProfile::constant(2.0), process: Process::Poisson },
            site: SiteId::new(0),
            mix: vec![(EndpointId::new(0), 1.0)],
            patience: None,
            sessions: 0,
            round_trip: near,
        }]
        .into_iter()
        .collect(),
        sites: [site].into_iter().collect(),
        balancers: [Balancer {
            name: "www".into(),
            zones: zones.clone(),
            forward: vec![(TargetGroupId::new(0), 1)],
            idle_timeout: secs(60),
            connect_timeout: secs(10),
            dns_failover_delay: secs(10),
            dns_needs: DnsNeeds::AnyGroup,
            client_keep_alive: secs(3_600),
            listener: ListenerRules::default(),
            zonal_shift: ShiftSettings::default(),
            capacity: None,
            reserved_lcu: 0,
            kind: BalancerKind::Application,
        }]
        .into_iter()
        .collect(),
        target_groups: [TargetGroup {
            name: "web".into(),
            algorithm: Algorithm::RoundRobin,
            deregistration_delay: secs(60),
            cross_zone: true,
            stickiness: None,
            slow_start: None,
            target_weights: None,
            health: GroupHealth::default(),
            network: None,
            health_check: HealthCheck {
                protocol: CheckProtocol::Http,
                interval: secs(10),
                timeout: secs(5),
                healthy_threshold: 2,
                unhealthy_threshold: 3,
                dependencies: vec![],
                compute: Dist::Constant(0.001),
                registration_delay: secs(5),
            },
        }]
        .into_iter()
        .collect(),
        services: [Service {
            name: "web".into(),
            fleet: WEB,
            workers: 8,
            backlog: 100,
            when_full: WhenFull::Refuse,
            holds_worker: true,
            discovery: Discovery::RoundRobin,
            pools: Table::default(),
            sessions_on_instance: false,
            memory: None,
            endpoints: vec![EndpointId::new(0)],
        }]
        .into_iter()
        .collect(),
        endpoints: [Endpoint {
            name: "page".into(),
            service: ServiceId::new(0),
            weight: 1.0,
            error_rate: 0.0,
            steps: vec![Step::Compute(Dist::Constant(0.005))],
        }]
        .into_iter()
        .collect(),
        stores: Table::default(),
        fleets: [Fleet {
            name: "web".into(),
            template,
            later_templates: vec![],
            zones,
            target_groups: vec![TargetGroupId::new(0)],
            sizing: Sizing::AutoScaling(Box::new(group)),
        }]
        .into_iter()
        .collect(),
        alarms: Table::default(),
        composite_alarms: Table::default(),
        custom_metrics: Table::default(),
        cloudwatch: CloudWatch {
            ec2_delay: Dist::Constant(60.0),
            elb_delay: Dist::Constant(60.0),
            group_delay: Dist::Constant(15.0),
            rds_delay: Dist::Constant(60.0),
            custom_delay: Dist::Constant(10.0),
        },
        faults: Table::default(),
        operations: Table::default(),
        prices: Prices {
            instances: BTreeMap::new(),
            databases: BTreeMap::new(),
            database_storage_gb_month: 0.0,
            balancer_hour: 0.0,
            lcu_hour: 0.0,
            network_balancer_hour: 0.0,
            nlcu_hour: 0.0,
            classic_balancer_hour: 0.0,
            classic_balancer_gb: 0.0,
            nat_hour: 0.0,
            nat_gb: 0.0,
            inter_az_gb: 0.0,
            detailed_monitoring_month: 0.0,
            alarm_month: 0.0,
            volume_gb_month: 0.0,
            high_resolution_alarm_month: 0.0,
            composite_alarm_month: 0.0,
            custom_metric_month: 0.0,
            on_demand_ratio: 1.0,
            spot_ratio: 0.38,
        },
        spot: SpotMarket::default(),
        expectations: vec![],
        failures: Failures::default(),
    }
}

/// The settings of the one group.
pub fn group(plan: &mut Plan) -> &mut AutoScaling {
    match &mut plan.fleets[WEB].sizing {
        Sizing::AutoScaling(group) => group,
        Sizing::Fixed(_) => panic!("the plan has a group"),
    }
}

/// Gives the custom metric its course: `(from, value)`.
pub fn metric(plan: &mut Plan, course: &[(u64, f64)]) {
    let mut knots: Vec<(Time, f64)> = Vec::new();
    for &(from, value) in course {
        let at = Time::ZERO + secs(from);
        knots.extend(knots.last().map(|last| (at, last.1)));
        knots.push((at, value));
    }
    plan.custom_metrics = [CustomMetric::following("load", RateProfile { knots })].into_iter().collect();
}

pub fn fault(plan: &mut Plan, at: u64, action: FaultAction) {
    plan.faults.push(Fault { name: format!("{action:?}"), when: Occurrence::At(secs(at)), action });
}

/// Somebody calls the API.
pub fn at(plan: &mut Plan, seconds: u64, call: ApiCall) {
    plan.operations.push(Operation { name: format!("{call:?}"), at: secs(seconds), call });
}

/// A call about instances of the group.
pub fn change(plan: &mut Plan, seconds: u64, selection: Selection, change: InstanceChange) {
    at(plan, seconds, ApiCall::Instances { selection, change });
}

/// A new desired capacity, by hand.
pub fn set_desired(plan: &mut Plan, seconds: u64, capacity: u32) {
    at(plan, seconds, ApiCall::SetDesiredCapacity { fleet: WEB, capacity, honor_cooldown: false });
}

/// Changes of the desired capacity: `4 → 8`.
pub fn desired(result: &RunResult) -> Vec<String> {
    let words = |detail: &str| detail.split(" (").next().unwrap_or_default().to_owned();
    all(result, EventKind::DesiredCapacityChanged).iter().map(|event| words(&event.detail)).collect()
}

/// Any so many of the group.
pub fn any(count: u32) -> Selection {
    Selection { fleet: WEB, zone: None, mode: SelectionMode::Count(count) }
}

/// All of the group.
pub fn everyone() -> Selection {
    Selection { fleet: WEB, zone: None, mode: SelectionMode::All }
}

/// Of whom entries of a kind are.
pub fn whom(result: &RunResult, kind: EventKind) -> Vec<&str> {
    all(result, kind).iter().map(|event| event.subject.as_str()).collect()
}

/// The n-th instance of the group.
pub fn nth(ordinal: u32) -> Selection {
    Selection { fleet: WEB, zone: None, mode: SelectionMode::Nth(ordinal) }
}

/// Runs it under a fixed seed.
pub fn run(plan: &Plan) -> RunResult {
    simulate(plan, 7, 0, &mut ()).expect("nobody interrupts")
}

/// Entries of one kind.
pub fn all(result: &RunResult, kind: EventKind) -> Vec<&TimelineEvent> {
    result.timeline.iter().filter(|event| event.kind == kind).collect()
}

/// When they happened.
pub fn times(result: &RunResult, kind: EventKind) -> Vec<f64> {
    all(result, kind).iter().map(|event| event.t_s).collect()
}

/// Kinds from an entry back to its first cause.
pub fn chain(result: &RunResult, event: &TimelineEvent) -> Vec<EventKind> {
    let mut kinds = vec![event.kind];
    let mut cause = event.cause;
    while let Some(id) = cause {
        let event = &result.timeline[id as usize - 1];
        assert!(event.id == id && kinds.len() < 50, "causes lead back in time");
        kinds.push(event.kind);
        cause = event.cause;
    }
    kinds
}

/// Equal up to rounding.
pub fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-6
}

/// The same times, up to rounding.
#[track_caller]
pub fn assert_close(found: &[f64], expected: &[f64]) {
    let same = found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| close(*a, *b));
    assert!(same, "found {found:?}, expected {expected:?}");
}

/// Doubles above 90 for five minutes; the metric is there from 600 s to `until`.
pub fn spike(until: u64) -> Plan {
    let mut plan = plan();
    metric(&mut plan, &[(0, 50.0), (600, 95.0), (until, 50.0)]);
    group(&mut plan).policies = vec![policy("double", AdjustmentType::PercentChangeInCapacity, 100.0, 300)];
    plan.alarms = [alarm("load-high", Comparison::GreaterThan, 90.0, 5, 0)].into_iter().collect();
    plan
}
