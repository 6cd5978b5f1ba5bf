//! Scratch.
use models::plan::*;
use sim_core::dist::Dist;
use sim_core::{Duration, Table, Time};
use std::collections::BTreeMap;

fn zero() -> Phase { Phase { duration: Dist::Constant(0.0), failure: 0.0 } }

fn main() {
    let arg = |n: usize, d: f64| std::env::args().nth(n).and_then(|x| x.parse().ok()).unwrap_or(d);
    let minutes = arg(1, 10.0);
    let full = arg(2, 1.0) > 0.5;
    let n = arg(3, 8.0) as u32;
    let scale = f64::from(n) / 8.0;
    let hop = if full { Dist::Constant(0.0005) } else { Dist::Constant(0.0) };
    let zone = ZoneId::new(0);
    let mut t = Table::default();
    let mut row = Table::default();
    row.push(hop.clone());
    t.push(row);
    let plan = Plan {
        name: "farm".into(), description: String::new(), seed: 1,
        duration: Duration::from_secs_f64(minutes * 60.0), warm_up: Duration::ZERO, drain: Duration::from_secs(60),
        series_interval: Duration::from_secs(10),
        regions: [Region { name: "r".into() }].into_iter().collect(),
        zones: [Zone { name: "z".into(), region: RegionId::new(0), egress: Egress::InternetGateway }].into_iter().collect(),
        network: Network { round_trip: t, retransmission_timeout: Duration::from_millis(200), retransmissions: 6 },
        nat_gateways: Table::default(),
        populations: [Population { name: "u".into(), arrivals: Arrivals::Open { rate: RateProfile::constant(2000.0*scale), process: Process::Poisson },
            site: SiteId::new(0), mix: vec![(EndpointId::new(0), 1.0)], patience: None, sessions: 0, round_trip: hop.clone() }].into_iter().collect(),
        sites: [Site { name: "u".into(), to: if full { Destination::Balancer(BalancerId::new(0)) } else { Destination::Service(ServiceId::new(0)) },
            timeout: if full { Duration::from_secs(10) } else { Duration::MAX }, connect_timeout: Duration::from_secs(3),
            retry: Retry { attempts: 1, backoff: Backoff::Immediate }, abandoned_work: AbandonedWork::Continues, resolvers: 1, dns_ttl: Duration::from_secs(60),
            request_bytes: 1000, response_bytes: 10000 }].into_iter().collect(),
        balancers: [Balancer { name: "lb".into(), zones: vec![zone], forward: vec![(TargetGroupId::new(0), 1)],
            idle_timeout: if full { Duration::from_secs(60) } else { Duration::MAX }, connect_timeout: Duration::from_secs(10), dns_failover_delay: Duration::from_secs(10) }].into_iter().collect(),
        target_groups: [TargetGroup { name: "tg".into(), algorithm: Algorithm::RoundRobin, deregistration_delay: Duration::from_secs(300), cross_zone: true, stickiness: None,
            health_check: HealthCheck { interval: Duration::from_secs(if full {30} else {1_000_000}), timeout: Duration::from_secs(5), healthy_threshold: 5, unhealthy_threshold: 2, dependencies: vec![], compute: Dist::Constant(0.001), registration_delay: Duration::from_secs(5) } }].into_iter().collect(),
        services: [Service { name: "s".into(), fleet: FleetId::new(0), workers: 2, backlog: u32::MAX, holds_worker: false, discovery: Discovery::RoundRobin,
            pools: [u32::MAX].into_iter().collect(), sessions_on_instance: false, endpoints: vec![EndpointId::new(0)] }].into_iter().collect(),
        endpoints: [Endpoint { name: "e".into(), service: ServiceId::new(0), weight: 1.0, error_rate: 0.0, steps: vec![
            Step::Compute(Dist::Exponential { mean: 0.006 }), Step::Query { store: StoreId::new(0), kind: QueryKind::Read, demand: Dist::Exponential { mean: 0.004 } }] }].into_iter().collect(),
        stores: [Store { name: "db".into(), zone: Some(zone), connections: (32.0*scale) as u32, queue: true, connect_timeout: Duration::from_secs(3), vcpus: None, rds: None, instance_class: String::new(), query_bytes: 4096, allocated_storage: 0.0 }].into_iter().collect(),
        fleets: [Fleet { name: "f".into(), template: LaunchTemplate { instance_type: "m5.large".into(), vcpus: 2, monitoring: Monitoring::Detailed, pending: zero(), boot: zero(), bootstrap: zero(), bootstrap_needs_egress: false, bootstrap_download_gb: 0.0, egress_timeout: Duration::from_secs(60), smoke_test: None, lifecycle_hook: None }, zones: vec![zone], target_groups: vec![TargetGroupId::new(0)], sizing: Sizing::Fixed(n) }].into_iter().collect(),
        alarms: Table::default(), custom_metrics: Table::default(),
        cloudwatch: CloudWatch { ec2_delay: Dist::Constant(60.0), elb_delay: Dist::Constant(60.0), group_delay: Dist::Constant(60.0), rds_delay: Dist::Constant(60.0), custom_delay: Dist::Constant(60.0) },
        faults: Table::default(),
        prices: Prices { instances: BTreeMap::new(), databases: BTreeMap::new(), database_storage_gb_month: 0.0, balancer_hour: 0.0, lcu_hour: 0.0, nat_hour: 0.0, nat_gb: 0.0, inter_az_gb: 0.0, detailed_monitoring_month: 0.0, alarm_month: 0.0 },
        expectations: vec![],
    };
    let _ = Time::ZERO;
    let start = std::time::Instant::now();
    let r = models::simulate(&plan, 1, 0, &mut ()).unwrap();
    let s = r.summary;
    let w = start.elapsed().as_secs_f64();
    println!("{:.2} M req/s, {} events/req, mean {:.4} ms p99 {:.3} avail {} digest {} q {:?}", s.requests.succeeded as f64 / w / 1e6, s.run.events as f64 / s.requests.succeeded as f64, s.latency_ms.mean, s.latency_ms.p99, s.availability, s.digest, s.queueing_ms);
}
