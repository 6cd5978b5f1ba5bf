//! The control loop end to end: what alarms, policies, groups and launches do, second by second, in small plans whose
//! delays are constant, so that every link of a chain can be checked against the rule that it follows.

use models::plan::*;
use models::result::{EventKind, RunResult, TimelineEvent};
use models::simulate;
use sim_core::dist::Dist;
use sim_core::{Duration, Stream, Table, Time, Words};
use std::collections::BTreeMap;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn phase(seconds: f64) -> Phase {
    Phase { duration: Dist::Constant(seconds), failure: 0.0 }
}

fn policy(name: &str, adjustment_type: AdjustmentType, adjustment: f64, cooldown: u64) -> Policy {
    let kind = PolicyKind::Simple { adjustment, cooldown: Some(secs(cooldown)) };
    Policy { name: name.into(), adjustment_type, min_adjustment_magnitude: 0, kind }
}

/// An alarm on the custom metric, N of N, one-minute periods.
fn alarm(name: &str, comparison: Comparison, threshold: f64, periods: u32, policy: usize) -> Alarm {
    Alarm {
        name: name.into(),
        metric: Metric::Custom(CustomMetricId::new(0)),
        statistic: Statistic::Average,
        period: secs(60),
        evaluation_periods: periods,
        datapoints_to_alarm: periods,
        comparison,
        threshold,
        treat_missing_data: MissingData::Missing,
        alarm_actions: vec![Action::Scale { fleet: WEB, policy }],
        ok_actions: vec![],
        insufficient_data_actions: vec![],
    }
}

const WEB: FleetId = FleetId::new(0);
const ZONES: [&str; 2] = ["use1-az1", "use1-az2"];

/// Four instances over two zones behind a balancer, with light traffic: pending 6 s, boot 20 s, bootstrap 90 s.
fn plan() -> Plan {
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
        request_bytes: 1_000,
        response_bytes: 1_000,
    };
    let template = LaunchTemplate {
        instance_type: "m5.large".into(),
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
    };
    Plan {
        name: "control".into(),
        description: String::new(),
        seed: 1,
        duration: secs(3_600),
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
        }]
        .into_iter()
        .collect(),
        target_groups: [TargetGroup {
            name: "web".into(),
            algorithm: Algorithm::RoundRobin,
            deregistration_delay: secs(60),
            cross_zone: true,
            stickiness: None,
            health_check: HealthCheck {
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
            holds_worker: true,
            discovery: Discovery::RoundRobin,
            pools: Table::default(),
            sessions_on_instance: false,
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
            zones,
            target_groups: vec![TargetGroupId::new(0)],
            sizing: Sizing::AutoScaling(Box::new(group)),
        }]
        .into_iter()
        .collect(),
        alarms: Table::default(),
        custom_metrics: Table::default(),
        cloudwatch: CloudWatch {
            ec2_delay: Dist::Constant(60.0),
            elb_delay: Dist::Constant(60.0),
            group_delay: Dist::Constant(15.0),
            rds_delay: Dist::Constant(60.0),
            custom_delay: Dist::Constant(10.0),
        },
        faults: Table::default(),
        prices: Prices {
            instances: BTreeMap::new(),
            databases: BTreeMap::new(),
            database_storage_gb_month: 0.0,
            balancer_hour: 0.0,
            lcu_hour: 0.0,
            nat_hour: 0.0,
            nat_gb: 0.0,
            inter_az_gb: 0.0,
            detailed_monitoring_month: 0.0,
            alarm_month: 0.0,
        },
        expectations: vec![],
    }
}

/// The settings of the one group.
fn group(plan: &mut Plan) -> &mut AutoScaling {
    match &mut plan.fleets[WEB].sizing {
        Sizing::AutoScaling(group) => group,
        Sizing::Fixed(_) => panic!("the plan has a group"),
    }
}

/// Gives the custom metric its course: `(from, value)`.
fn metric(plan: &mut Plan, course: &[(u64, f64)]) {
    let mut knots: Vec<(Time, f64)> = Vec::new();
    for &(from, value) in course {
        let at = Time::ZERO + secs(from);
        knots.extend(knots.last().map(|last| (at, last.1)));
        knots.push((at, value));
    }
    plan.custom_metrics = [CustomMetric { name: "load".into(), value: RateProfile { knots } }].into_iter().collect();
}

fn fault(plan: &mut Plan, at: u64, action: FaultAction) {
    plan.faults.push(Fault { name: format!("{action:?}"), when: Occurrence::At(secs(at)), action });
}

fn run(plan: &Plan) -> RunResult {
    simulate(plan, 7, 0, &mut ()).expect("nobody interrupts")
}

fn all(result: &RunResult, kind: EventKind) -> Vec<&TimelineEvent> {
    result.timeline.iter().filter(|event| event.kind == kind).collect()
}

fn times(result: &RunResult, kind: EventKind) -> Vec<f64> {
    all(result, kind).iter().map(|event| event.t_s).collect()
}

/// Kinds from an entry back to its first cause.
fn chain(result: &RunResult, event: &TimelineEvent) -> Vec<EventKind> {
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

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-6
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64]) {
    let same = found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| close(*a, *b));
    assert!(same, "found {found:?}, expected {expected:?}");
}

/// Doubles above 90 for five minutes; the metric is there from 600 s to `until`.
fn spike(until: u64) -> Plan {
    let mut plan = plan();
    metric(&mut plan, &[(0, 50.0), (600, 95.0), (until, 50.0)]);
    group(&mut plan).policies = vec![policy("double", AdjustmentType::PercentChangeInCapacity, 100.0, 300)];
    plan.alarms = [alarm("load-high", Comparison::GreaterThan, 90.0, 5, 0)].into_iter().collect();
    plan
}

#[test]
fn a_spike_goes_from_metric_to_service_link_by_link() {
    let result = run(&spike(1_000));
    // Five periods from 600 s end at 900 s; the last datapoint can be read at 910 s, and the alarm looks once a minute.
    let raised = all(&result, EventKind::AlarmState).into_iter().find(|e| e.detail.contains("→ ALARM")).unwrap();
    assert!((910.0..970.0).contains(&raised.t_s), "{}", raised.t_s);
    let t0 = raised.t_s + 5.0;
    assert_close(&times(&result, EventKind::PolicyInvoked)[..1], &[t0]);
    assert_close(&times(&result, EventKind::DesiredCapacityChanged)[..1], &[t0]);
    assert_close(&times(&result, EventKind::LaunchStarted), &[t0; 4]);
    assert_close(&times(&result, EventKind::InstanceRunning), &[t0 + 6.0; 4]);
    // Rule R1: in service long before the application is up.
    assert_close(&times(&result, EventKind::InstanceInService), &[t0 + 8.0; 4]);
    assert_close(&times(&result, EventKind::InstanceBooted), &[t0 + 26.0; 4]);
    assert_close(&times(&result, EventKind::BootstrapDone), &[t0 + 116.0; 4]);
    let healthy: Vec<&TimelineEvent> = all(&result, EventKind::TargetHealthy);
    assert_eq!(healthy.len(), 4);
    for target in healthy {
        assert!(target.t_s >= t0 + 116.0 && target.t_s < t0 + 160.0, "{}", target.t_s);
        let kinds = chain(&result, target);
        assert_eq!(kinds.last(), Some(&EventKind::AlarmState), "{kinds:?}");
        assert!(kinds.contains(&EventKind::DesiredCapacityChanged), "{kinds:?}");
    }
    let web = &result.summary.groups["web"];
    assert_eq!((web.max_in_service, web.final_in_service, web.launches, web.failed_launches), (8, 8, 4, 0));
}

#[test]
fn the_cooldown_starts_in_service_blocks_for_its_length_and_says_so_once() {
    let result = run(&spike(3_600));
    let invoked = times(&result, EventKind::PolicyInvoked);
    let [first, second] = invoked[..] else { panic!("4 → 8 → 16 and no more: {invoked:?}") };
    let cooldowns = times(&result, EventKind::CooldownStarted);
    assert_close(&cooldowns, &[first + 8.0, second + 8.0]);
    // Repeated each minute: the first repeat after the cooldown's end.
    assert!(second >= cooldowns[0] + 300.0 && second < cooldowns[0] + 360.0, "{second}");
    assert!(close((second - first) % 60.0, 0.0) || close((second - first) % 60.0, 60.0), "whole minutes apart");
    let ignored: Vec<&str> = all(&result, EventKind::PolicyIgnored).iter().map(|e| e.detail.as_str()).collect();
    assert_eq!(ignored.len(), 3, "each reason once: {ignored:?}");
    assert!(ignored[0].contains("cooldown until"), "{ignored:?}");
    assert!(ignored[1].contains("cooldown until"), "{ignored:?}");
    assert!(ignored[2].contains("already at the maximum of 16"), "{ignored:?}");
    let desired: Vec<&str> =
        all(&result, EventKind::DesiredCapacityChanged).iter().map(|e| e.detail.split(' ').next().unwrap()).collect();
    assert_eq!(desired, ["4", "8"]);
}

#[test]
fn a_launch_hook_holds_the_instance_until_its_smoke_test_has_passed() {
    let mut plan = spike(1_000);
    let template = &mut plan.fleets[WEB].template;
    template.smoke_test = Some(phase(15.0));
    template.lifecycle_hook = Some(LifecycleHook { heartbeat_timeout: secs(3_600), continue_by_default: false });
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
    template.lifecycle_hook = Some(LifecycleHook { heartbeat_timeout: secs(3_600), continue_by_default: false });
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
        template.lifecycle_hook = Some(LifecycleHook { heartbeat_timeout: secs(100), continue_by_default: continues });
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

fn nth(ordinal: u32) -> Selection {
    Selection { fleet: WEB, zone: None, mode: SelectionMode::Nth(ordinal) }
}

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
    template.lifecycle_hook = Some(LifecycleHook { heartbeat_timeout: secs(3_600), continue_by_default: false });
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

/// Falls below 30 at 600 s; takes two away.
fn shrink(after_drain: bool) -> Plan {
    let mut plan = plan();
    metric(&mut plan, &[(0, 50.0), (600, 10.0), (1_000, 50.0)]);
    let group = group(&mut plan);
    group.policies = vec![policy("shrink", AdjustmentType::ChangeInCapacity, -1.0, 100)];
    group.cooldown_after_drain = after_drain;
    plan.alarms = [alarm("load-low", Comparison::LessThan, 30.0, 1, 0)].into_iter().collect();
    plan
}

#[test]
fn a_scale_in_drains_and_its_cooldown_starts_as_either_text_says() {
    for (after_drain, cooldown_from) in [(false, 0.0), (true, 60.0)] {
        let result = run(&shrink(after_drain));
        let t0 = times(&result, EventKind::PolicyInvoked)[0];
        assert!(close(times(&result, EventKind::InstanceTerminating)[0], t0));
        assert!(close(times(&result, EventKind::TargetDeregistered)[0], t0 + 60.0));
        assert!(close(times(&result, EventKind::InstanceTerminated)[0], t0 + 85.0));
        assert!(close(times(&result, EventKind::CooldownStarted)[0], t0 + cooldown_from), "{after_drain}");
        // The repeats, on whole minutes: at 60 s busy, at 120 s free unless the cooldown began at the end of draining.
        let next = times(&result, EventKind::PolicyInvoked)[1];
        assert!(close(next, t0 + if after_drain { 180.0 } else { 120.0 }), "{after_drain}: {next} after {t0}");
        assert_eq!(result.summary.groups["web"].final_in_service, 2);
    }
}

#[test]
fn scale_in_takes_from_the_largest_zone() {
    let mut plan = shrink(false);
    group(&mut plan).desired_capacity = 3;
    let result = run(&plan);
    let gone = all(&result, EventKind::InstanceTerminating);
    assert_eq!(gone.len(), 1, "3 → 2, the minimum");
    assert!(["web/i-0", "web/i-2"].contains(&gone[0].subject.as_str()), "one of use1-az1: {}", gone[0].subject);
}

#[test]
fn step_scaling_goes_by_the_size_of_the_breach_and_counts_what_is_warming() {
    let mut plan = plan();
    metric(&mut plan, &[(0, 50.0), (600, 75.0), (840, 95.0)]);
    let steps = vec![
        StepAdjustment { lower: Some(0.0), upper: Some(20.0), adjustment: 1.0 },
        StepAdjustment { lower: Some(20.0), upper: None, adjustment: 4.0 },
    ];
    group(&mut plan).policies = vec![Policy {
        name: "steps".into(),
        adjustment_type: AdjustmentType::ChangeInCapacity,
        min_adjustment_magnitude: 0,
        kind: PolicyKind::Step { steps, warmup: Some(secs(1_000)) },
    }];
    plan.alarms = [alarm("load-high", Comparison::GreaterThan, 70.0, 1, 0)].into_iter().collect();
    plan.duration = secs(1_500);
    let result = run(&plan);
    let desired: Vec<&str> =
        all(&result, EventKind::DesiredCapacityChanged).iter().map(|e| e.detail.split(" (").next().unwrap()).collect();
    // Four warm instances and one warming: the higher step wants 4 + 4, so three more.
    assert_eq!(desired, ["4 → 5", "5 → 8"]);
    assert_eq!(result.summary.groups["web"].final_in_service, 8);
    let ignored = all(&result, EventKind::PolicyIgnored);
    assert!(ignored.iter().all(|e| e.detail.contains("under way")), "{ignored:?}");
    assert!(all(&result, EventKind::CooldownStarted).is_empty());
}

#[test]
fn late_metrics_delay_the_alarm_and_lost_ones_leave_it_without_data() {
    let raised = |plan: &Plan| {
        let result = run(plan);
        let state = |to: &str| {
            let changes = &result.summary.alarms["load-high"];
            changes.iter().find(|change| change.to == to && change.t_s > 300.0).map(|change| change.t_s)
        };
        (state("ALARM"), state("INSUFFICIENT_DATA"))
    };
    let on_time = raised(&spike(3_600)).0.unwrap();
    let mut late = spike(3_600);
    fault(&mut late, 300, FaultAction::DelayMetrics(secs(240), Duration::MAX));
    // Four minutes late, less one: four breaching datapoints, the oldest as old as M, and nothing known to the contrary
    // after them, are an alarm (§5.4).
    assert!(close(raised(&late).0.unwrap(), on_time + 180.0));
    let mut lost = spike(3_600);
    fault(&mut lost, 400, FaultAction::LoseMetrics(Duration::MAX));
    let (alarm, blind) = raised(&lost);
    assert_eq!(alarm, None);
    assert!(blind.is_some_and(|at| at > 600.0), "{blind:?}");
}

#[test]
fn cpu_alarms_see_what_instances_did_a_publication_later() {
    let mut plan = plan();
    let everyone = Selection { fleet: WEB, zone: None, mode: SelectionMode::All };
    fault(&mut plan, 600, FaultAction::CpuStress(everyone, 80.0, secs(900)));
    group(&mut plan).policies = vec![policy("more", AdjustmentType::ChangeInCapacity, 1.0, 10_000)];
    let mut high = alarm("cpu-high", Comparison::GreaterThan, 70.0, 2, 0);
    high.metric = Metric::Cpu(WEB);
    plan.alarms = [high].into_iter().collect();
    let result = run(&plan);
    let raised = result.summary.alarms["cpu-high"].iter().find(|change| change.to == "ALARM").unwrap().t_s;
    // Two periods from 600 s end at 720 s, and can be read 60 s later.
    assert!((780.0..840.0).contains(&raised), "{raised}");
    assert_eq!(result.summary.groups["web"].final_in_service, 5);
}

#[test]
fn publication_in_the_usual_time_never_looks_like_missing_data() {
    let mut plan = plan();
    plan.cloudwatch.ec2_delay = Dist::Uniform { low: 60.0, high: 120.0 };
    plan.cloudwatch.elb_delay = Dist::Uniform { low: 60.0, high: 180.0 };
    let mut requests = alarm("requests", Comparison::LessThan, 1.0, 1, 0);
    requests.metric = Metric::RequestCount(BalancerId::new(0));
    let mut cpu = alarm("cpu", Comparison::GreaterThan, 70.0, 3, 0);
    cpu.metric = Metric::Cpu(WEB);
    plan.alarms = [requests, cpu].into_iter().collect();
    let result = run(&plan);
    for name in ["requests", "cpu"] {
        let changes = &result.summary.alarms[name];
        assert!(changes.len() == 1 && changes[0].to == "OK", "{name}: {changes:?}");
    }
}

#[test]
fn basic_monitoring_under_an_alarm_of_its_own_period_is_seen_at_every_look() {
    let mut plan = plan();
    plan.fleets[WEB].template.monitoring = Monitoring::Basic;
    let everyone = Selection { fleet: WEB, zone: None, mode: SelectionMode::All };
    fault(&mut plan, 600, FaultAction::CpuStress(everyone, 80.0, Duration::MAX));
    let mut high = alarm("cpu-high", Comparison::GreaterThan, 70.0, 1, 0);
    high.metric = Metric::Cpu(WEB);
    high.period = secs(300);
    plan.alarms = [high].into_iter().collect();
    let result = run(&plan);
    let changes = &result.summary.alarms["cpu-high"];
    let states: Vec<&str> = changes.iter().map(|change| change.to.as_str()).collect();
    assert_eq!(states, ["OK", "ALARM"]);
    // The period from 600 s ends at 900 s, and can be read 60 s later.
    assert!((960.0..1_020.0).contains(&changes[1].t_s), "{}", changes[1].t_s);
}

#[test]
fn c2_of_policies_invoked_at_one_instant_the_largest_capacity_wins() {
    let mut plan = spike(700);
    group(&mut plan).policies = vec![
        policy("little", AdjustmentType::ChangeInCapacity, 1.0, 300),
        policy("much", AdjustmentType::ChangeInCapacity, 3.0, 300),
        policy("less", AdjustmentType::ChangeInCapacity, -1.0, 300),
    ];
    let raise = |policy| alarm("load-high", Comparison::GreaterThan, 90.0, 1, policy);
    // Alarms of one name look at the same second.
    plan.alarms = [raise(0), raise(1), raise(2)].into_iter().collect();
    plan.duration = secs(900);
    let result = run(&plan);
    let desired = all(&result, EventKind::DesiredCapacityChanged);
    assert!(desired.len() == 1 && desired[0].detail.starts_with("4 → 7"), "{desired:?}");
    let ignored: Vec<&str> = all(&result, EventKind::PolicyIgnored).iter().map(|e| e.detail.as_str()).collect();
    assert!(ignored[0].starts_with("little: another policy asks for 7"), "{ignored:?}");
    assert!(ignored[1].starts_with("less: another policy asks for 7"), "{ignored:?}");
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
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let plan = spike(3_600);
    let digest = |seed| simulate(&plan, seed, 0, &mut ()).unwrap().summary.digest;
    assert_eq!(digest(7), digest(7));
    assert_ne!(digest(7), digest(8));
}

/// A plan with drawn settings and faults.
fn drawn(seed: u64) -> Plan {
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
        adjustment_type: AdjustmentType::PercentChangeInCapacity,
        min_adjustment_magnitude: below(3),
        kind: PolicyKind::Step { steps, warmup: None },
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
    template.lifecycle_hook =
        (below(2) == 0).then(|| LifecycleHook { heartbeat_timeout: secs(200), continue_by_default: below(2) == 0 });
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
