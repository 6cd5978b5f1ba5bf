//! A small result made by hand, for the tests of what shows results.

use models::architecture::*;
use models::result::*;
use std::collections::BTreeMap;

/// A summary of a run in which nothing happened.
pub fn quiet() -> Summary {
    Summary {
        schema: 1,
        scenario: "quiet".into(),
        description: String::new(),
        seed: 1,
        replication: 0,
        version: "0.1.0".into(),
        digest: "0123456789abcdef".into(),
        duration_s: 3600.0,
        warm_up_s: 0.0,
        requests: Requests::default(),
        outcomes: BTreeMap::new(),
        attempts: BTreeMap::new(),
        availability: 1.0,
        goodput_per_s: 0.0,
        latency_ms: Latency::default(),
        endpoints: BTreeMap::new(),
        clients: BTreeMap::new(),
        queueing_ms: BTreeMap::new(),
        groups: BTreeMap::new(),
        load_balancers: BTreeMap::new(),
        alarms: BTreeMap::new(),
        incidents: Vec::new(),
        databases: BTreeMap::new(),
        sessions_lost: 0,
        cost_usd: Cost::default(),
        expectations: Vec::new(),
        warnings: Vec::new(),
        run: RunFigures::default(),
    }
}

/// Of everything something.
pub fn result() -> RunResult {
    let latency = Latency { mean: 14.2, p50: 11.0, p90: 31.0, p95: 52.0, p99: 240.0, p999: 1900.0, max: 9988.0 };
    let outcomes: BTreeMap<String, u64> =
        [("ok", 990_000), ("elb_503", 7_000), ("timed_out", 3_000)].map(|(k, n)| (k.to_string(), n)).into();
    let traffic = |offered: u64| Traffic {
        requests: Requests { offered, succeeded: offered / 100 * 99, failed: offered / 100, in_flight: 0 },
        outcomes: outcomes.clone(),
        availability: 0.99,
        latency_ms: latency,
    };
    let summary = Summary {
        scenario: "sample <b>&\"".into(),
        description: "A link goes viral; the primary database dies in the heat of it.".into(),
        duration_s: 10_800.0,
        requests: Requests { offered: 1_000_012, succeeded: 990_000, failed: 10_000, in_flight: 12 },
        outcomes: outcomes.clone(),
        attempts: outcomes.clone(),
        availability: 0.99,
        goodput_per_s: 91.67,
        latency_ms: latency,
        endpoints: [("web.page".to_string(), traffic(900_000)), ("web.order".to_string(), traffic(100_000))].into(),
        clients: [("visitors".to_string(), traffic(1_000_000))].into(),
        queueing_ms: [(
            "web".to_string(),
            Queueing {
                wait: latency,
                probability_of_wait: 0.31,
                utilisation: 0.62,
                occupancy: 0.4,
                served: 1_000_000,
                refused: 0,
                mean_waiting: 1.4,
                mean_present: 9.0,
            },
        )]
        .into(),
        groups: [(
            "web".to_string(),
            Group {
                standby: 0,
                hook_waits: 0,
                hooks_abandoned: 0,
                hook_wait_s: 0.0,
                min_in_service: 3,
                max_in_service: 16,
                mean_in_service: 7.4,
                final_in_service: 4,
                launches: 12,
                failed_launches: 0,
                terminations: 12,
                replacements: 1,
                instance_hours: 22.2,
                ..Group::default()
            },
        )]
        .into(),
        load_balancers: [(
            "www".to_string(),
            BalancerFigures { requests: 1_000_000, elb_5xx: 7000, lcu_hours: 4.2, ..BalancerFigures::default() },
        )]
        .into(),
        alarms: [(
            "cpu-high".to_string(),
            vec![
                AlarmChange { t_s: 2340.0, from: "OK".into(), to: "ALARM".into() },
                AlarmChange { t_s: 4000.0, from: "ALARM".into(), to: "OK".into() },
            ],
        )]
        .into(),
        incidents: vec![
            Incident {
                fault: "fail_primary".into(),
                subject: "orders".into(),
                event: 4,
                t_s: 3000.0,
                detected_s: Some(3012.0),
                decided_s: Some(3012.0),
                acted_s: Some(3047.0),
                restored_s: Some(3047.0),
                redundancy_restored_s: Some(4080.0),
                failed_requests: 3000,
                ..Incident::default()
            },
            Incident {
                fault: "degradation".into(),
                subject: "users".into(),
                event: 2,
                t_s: 2000.0,
                detected_s: Some(2340.0),
                decided_s: Some(2340.0),
                acted_s: None,
                restored_s: Some(2492.0),
                redundancy_restored_s: None,
                failed_requests: 7000,
                ..Incident::default()
            },
        ],
        databases: [(
            "orders".to_string(),
            Database {
                failovers: 1,
                unavailable_s: 47.0,
                longest_outage_s: 47.0,
                committed_writes: 99_000,
                lost_writes: 0,
                failed_queries: 3000,
                primary_zone: "use1-az2".into(),
            },
        )]
        .into(),
        sessions_lost: 3,
        cost_usd: Cost {
            total: 6.1,
            by_part: [("instances.web".to_string(), 2.13), ("database.orders".to_string(), 3.97)].into(),
            per_hour: 2.03,
        },
        expectations: vec![
            ExpectationResult {
                text: "Availability(at_least: 0.99)".into(),
                held: true,
                value: Some(0.99),
                ..ExpectationResult::default()
            },
            ExpectationResult {
                text: "Recovery(of: \"orders\", within: \"30s\")".into(),
                held: false,
                value: Some(47.0),
                unit: Unit::S,
                ..ExpectationResult::default()
            },
        ],
        warnings: vec!["the run is shorter than ten times the longest alarm".into()],
        run: RunFigures { events: 12_000_000, requests_per_wall_s: 1_400_000.0, wall_s: 0.71, peak_rss_mb: 14.2 },
        ..quiet()
    };
    let event = |id, t_s, kind, subject: &str, detail: &str, cause| TimelineEvent {
        id,
        t_s,
        kind,
        subject: subject.into(),
        detail: detail.into(),
        cause,
        since_s: None,
        published_s: None,
        times: 1,
        until_s: None,
    };
    let timeline = vec![
        event(1, 0.0, EventKind::RunStarted, "sample", "", None),
        event(2, 2000.0, EventKind::DegradationStarted, "users", "success rate 91 % over 60 s", None),
        event(3, 2340.0, EventKind::AlarmState, "cpu-high", "OK → ALARM: 97 % above 90 %, 5 of 5", Some(2)),
        event(4, 3000.0, EventKind::FaultStarted, "orders", "the primary in use1-az1 fails", None),
        event(5, 3012.0, EventKind::FailoverStarted, "orders", "standby in use1-az2 takes over", Some(4)),
        event(6, 10_800.0, EventKind::RunEnded, "sample", "", None),
    ];
    let column = |name: &str, unit: &str, values: [f64; 3]| Column {
        name: name.into(),
        unit: unit.into(),
        values: values.into(),
    };
    let series = Series {
        interval_s: 60.0,
        columns: vec![
            column("offered_per_s", "1/s", [120.0, 121.0, 300.0]),
            column("succeeded_per_s", "1/s", [120.0, 121.0, 250.0]),
            column("latency_ms.p99", "ms", [f64::NAN, 120.0, 240.0]),
        ],
    };
    let latency_map = LatencyMap {
        interval_s: 60.0,
        edges_ms: vec![10.0, 100.0],
        rows: vec![vec![4000, 3200, 0], vec![4000, 3260, 0], vec![2000, 9000, 4000]],
    };
    RunResult { summary, timeline, series, latency_map, architecture: architecture() }
}

/// Two zones, a balancer, a group, a database with its standby.
fn architecture() -> Architecture {
    let zone = |name: &str| ZonePart { name: name.into(), region: 0 };
    let arrow = |from: &str, to: &str| Arrow { from: from.into(), to: to.into(), per_request: 1.0 };
    Architecture {
        regions: vec!["us-east-1".into()],
        zones: vec![zone("use1-az1"), zone("use1-az2")],
        clients: vec!["visitors".into()],
        load_balancers: vec![BalancerPart { name: "www".into(), kind: "Application".into(), zones: vec![0, 1] }],
        fleets: vec![FleetPart {
            name: "web".into(),
            auto_scaling: true,
            zones: vec![0, 1],
            instance_type: "m5.large".into(),
            min_size: 2,
            max_size: 8,
            configured: true,
            services: vec!["web".into()],
            target_groups: vec!["web".into()],
        }],
        stores: vec![StorePart {
            name: "orders".into(),
            managed: true,
            instance_class: "db.m5.large".into(),
            primary: Some(0),
            standby: Some(1),
        }],
        nat_gateways: Vec::new(),
        arrows: vec![
            arrow("clients.visitors", "load_balancers.www"),
            arrow("load_balancers.www", "fleets.web"),
            arrow("fleets.web", "databases.orders"),
        ],
        instances: (0..2)
            .map(|n| InstancePart {
                name: format!("web/i-{n}"),
                zone: Some(n),
                initial: true,
                ..InstancePart::default()
            })
            .collect(),
    }
}
