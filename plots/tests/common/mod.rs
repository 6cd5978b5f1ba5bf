//! A result as a run of `twitter-spike` would yield it, made by formulas: three hours in rows of ten seconds, two faults,
//! a failover, three alarms.

use models::result::*;
use std::collections::BTreeMap;

const ROWS: usize = 1080;
const ROW_S: f64 = 10.0;

/// A value per row from a function of the time in seconds.
fn column(name: &str, unit: &str, f: impl Fn(f64) -> f64) -> Column {
    Column { name: name.into(), unit: unit.into(), values: (0..ROWS).map(|i| f(i as f64 * ROW_S)).collect() }
}

/// Noise between −1 and 1, the same each time.
fn noise(t: f64, salt: f64) -> f64 {
    let x = sim_core::math::sin((t + salt * 977.0) * 12.9898) * 43_758.547;
    (x - x.floor()) * 2.0 - 1.0
}

/// 120/s, a rise at 0:30 to 2000/s, held for half an hour, then a slow decay.
fn offered(t: f64) -> f64 {
    let m = t / 60.0;
    let shape = match m {
        m if m < 30.0 => 0.0,
        m if m < 38.0 => (m - 30.0) / 8.0,
        m if m < 68.0 => 1.0,
        m => sim_core::math::exp(-(m - 68.0) / 25.0),
    };
    (120.0 + 1880.0 * shape) * (1.0 + 0.03 * noise(t, 1.0))
}

/// Steps as `(from minute, value)`.
fn steps(t: f64, list: &[(f64, f64)]) -> f64 {
    list.iter().rev().find(|(m, _)| t / 60.0 >= *m).map_or(0.0, |(_, v)| *v)
}

fn desired(t: f64) -> f64 {
    steps(
        t,
        &[
            (0.0, 4.0),
            (38.5, 8.0),
            (48.5, 16.0),
            (96.0, 14.0),
            (107.0, 12.0),
            (118.0, 10.0),
            (129.0, 8.0),
            (140.0, 6.0),
            (151.0, 4.0),
        ],
    )
}

fn in_service(t: f64) -> f64 {
    steps(
        t,
        &[
            (0.0, 4.0),
            (41.3, 8.0),
            (51.6, 16.0),
            (96.0, 14.0),
            (104.2, 13.0),
            (107.0, 11.0),
            (109.0, 12.0),
            (118.0, 10.0),
            (129.0, 8.0),
            (140.0, 6.0),
            (151.0, 4.0),
        ],
    )
}

fn overload(t: f64) -> f64 {
    (offered(t) / (in_service(t).max(1.0) * 165.0)).min(6.0)
}

fn down(t: f64) -> bool {
    (3000.0..3046.0).contains(&t)
}

/// The run.
pub fn spike() -> RunResult {
    let gone = |t: f64| if down(t) { offered(t) * 0.9 } else { 0.0 };
    let excess = |t: f64| (offered(t) - in_service(t) * 165.0).max(0.0) * if down(t) { 0.1 } else { 1.0 };
    let timed_out = move |t: f64| excess(t) * 0.8;
    let rejected = move |t: f64| excess(t) * 0.2;
    let failed = move |t: f64| (gone(t) + timed_out(t) + rejected(t)).min(offered(t));
    let latency = |scale: f64| {
        move |t: f64| {
            if down(t) {
                return f64::NAN;
            }
            let rho = overload(t);
            scale
                * if rho < 1.0 { 1.0 / (1.0 - 0.85 * rho) } else { 8.0 + 60.0 * (rho - 1.0) }
                * (1.0 + 0.1 * noise(t, scale))
        }
    };
    let cpu = |t: f64| (overload(t) * 92.0 * (1.0 + 0.04 * noise(t, 7.0))).min(100.0);
    let alarm = |from: f64, to: f64| {
        move |t: f64| if t < 300.0 { -1.0 } else { f64::from(u8::from((from..to).contains(&(t / 60.0)))) }
    };
    let mut columns = vec![
        column("offered_per_s", "1/s", offered),
        column("succeeded_per_s", "1/s", move |t| offered(t) - failed(t)),
        column("failed_per_s", "1/s", failed),
        column("failed_per_s.client_timeout", "1/s", timed_out),
        column("failed_per_s.elb_503", "1/s", rejected),
        column("failed_per_s.database_unavailable", "1/s", gone),
        column("latency_ms.p50", "ms", latency(9.0)),
        column("latency_ms.p95", "ms", latency(31.0)),
        column("latency_ms.p99", "ms", latency(58.0)),
        column("group.web.desired", "1", desired),
        column("group.web.in_service", "1", in_service),
        column("group.web.pending", "1", |t| {
            steps(t, &[(38.5, 4.0), (39.2, 0.0), (48.5, 8.0), (49.3, 0.0), (104.4, 1.0), (105.0, 0.0)])
        }),
        column("group.web.booting", "1", |t| {
            steps(t, &[(39.2, 4.0), (41.3, 0.0), (49.3, 8.0), (51.6, 0.0), (105.0, 1.0), (107.0, 0.0)])
        }),
        column("group.web.unhealthy", "1", |t| steps(t, &[(104.2, 1.0), (105.7, 0.0)])),
        column("group.web.terminating", "1", |t| {
            steps(
                t,
                &[
                    (96.0, 2.0),
                    (97.0, 0.0),
                    (107.0, 2.0),
                    (108.0, 0.0),
                    (118.0, 2.0),
                    (119.0, 0.0),
                    (129.0, 2.0),
                    (130.0, 0.0),
                    (140.0, 2.0),
                    (141.0, 0.0),
                    (151.0, 2.0),
                    (152.0, 0.0),
                ],
            )
        }),
        column("cpu_percent.web", "%", cpu),
        column("alarm.cpu-high.state", "1", alarm(38.0, 56.0)),
        column("alarm.cpu-high.value", "%", cpu),
        column("alarm.cpu-high.threshold", "%", |_| 90.0),
        column("alarm.cpu-low.state", "1", alarm(95.0, 180.0)),
        column("alarm.cpu-low.value", "%", cpu),
        column("alarm.cpu-low.threshold", "%", |_| 30.0),
        column("alarm.slow-pages.state", "1", alarm(35.0, 53.0)),
        column("alarm.slow-pages.value", "ms", latency(58.0)),
        column("alarm.slow-pages.threshold", "ms", |_| 500.0),
        column("database.orders.available", "1", |t| f64::from(u8::from(!down(t)))),
        column("database.orders.primary_zone", "1", |t| {
            if t < 3000.0 {
                0.0
            } else if down(t) {
                f64::NAN
            } else {
                1.0
            }
        }),
        column("database.orders.standby", "1", |t| f64::from(u8::from(!(3000.0..4200.0).contains(&t)))),
        column("database.orders.connections", "1", |t| if down(t) { 0.0 } else { (offered(t) * 0.006).ceil() }),
        column("cost_usd_per_h", "USD/h", |t| 0.6 + 0.096 * in_service(t)),
    ];
    for (zone, share) in [("use1-az1", 0.5), ("use1-az2", 0.5)] {
        let healthy = move |t: f64| (in_service(t) * share + if zone == "use1-az1" { 0.5 } else { 0.0 }).floor();
        columns.push(column(&format!("targets.web.{zone}.healthy"), "1", healthy));
        columns.push(column(&format!("targets.web.{zone}.registered"), "1", move |t| {
            healthy(t).max((desired(t) * share).floor())
        }));
    }
    let mut total = 0.0;
    let cost = (0..ROWS)
        .map(|i| {
            total += (0.6 + 0.096 * in_service(i as f64 * ROW_S)) * ROW_S / 3600.0;
            total
        })
        .collect();
    columns.push(Column { name: "cost_usd".into(), unit: "USD".into(), values: cost });

    use EventKind::*;
    let mut timeline = Vec::new();
    let mut event = |m: f64, kind, subject: &str| {
        let id = timeline.len() as u32 + 1;
        timeline.push(TimelineEvent {
            id,
            t_s: m * 60.0,
            kind,
            subject: subject.into(),
            detail: String::new(),
            cause: None,
            since_s: None,
            published_s: None,
            times: 1,
            until_s: None,
        });
    };
    event(0.0, RunStarted, "twitter-spike");
    event(35.2, DegradationStarted, "visitors");
    event(38.0, AlarmState, "cpu-high");
    event(38.5, DesiredCapacityChanged, "web");
    for i in 0..4 {
        event(38.5, LaunchStarted, &format!("web/i-{}", 5 + i));
    }
    for i in 0..4 {
        event(41.1 + 0.1 * f64::from(i), InstanceInService, &format!("web/i-{}", 5 + i));
    }
    event(48.5, DesiredCapacityChanged, "web");
    for i in 0..8 {
        event(48.5, LaunchStarted, &format!("web/i-{}", 9 + i));
    }
    event(50.0, FaultStarted, "orders");
    event(50.0, PrimaryFailed, "orders");
    event(50.2, FailoverStarted, "orders");
    event(50.76, FailoverCompleted, "orders");
    for i in 0..8 {
        event(51.2 + 0.1 * f64::from(i), InstanceInService, &format!("web/i-{}", 9 + i));
    }
    event(54.0, DegradationEnded, "visitors");
    event(70.0, StandbyInSync, "orders");
    for m in [96.0, 107.0, 118.0, 129.0, 140.0, 151.0] {
        event(m, DesiredCapacityChanged, "web");
        event(m, InstanceTerminating, "web/i-9");
    }
    event(104.0, FaultStarted, "web/i-3");
    event(104.2, TargetUnhealthy, "web/i-3");
    event(104.3, InstanceMarkedUnhealthy, "web/i-3");
    event(104.4, ReplacementStarted, "web/i-3");
    event(104.4, LaunchStarted, "web/i-17");
    event(107.0, InstanceInService, "web/i-17");
    timeline.sort_by(|a, b| a.t_s.total_cmp(&b.t_s));
    for (i, event) in timeline.iter_mut().enumerate() {
        event.id = i as u32 + 1;
    }
    let id_of =
        |kind, subject: &str| timeline.iter().position(|e| e.kind == kind && e.subject == subject).unwrap() as u32 + 1;
    let incident = |fault: &str, subject: &str, event, m: f64, restored: f64| Incident {
        fault: fault.into(),
        subject: subject.into(),
        event,
        t_s: m * 60.0,
        detected_s: Some(m * 60.0 + 12.0),
        decided_s: Some(m * 60.0 + 12.0),
        acted_s: Some(restored - 1.0),
        restored_s: Some(restored),
        redundancy_restored_s: Some(restored + 1154.0),
        failed_requests: 61_000,
        ..Incident::default()
    };
    let incidents = vec![
        incident("degradation", "visitors", 2, 35.2, 3240.0),
        incident("FailPrimary(\"orders\")", "orders", id_of(FaultStarted, "orders"), 50.0, 3046.0),
        incident("KillInstance(\"web\")", "web/i-3", id_of(FaultStarted, "web/i-3"), 104.0, 6420.0),
    ];
    let databases = BTreeMap::from([(
        "orders".to_owned(),
        Database {
            failovers: 1,
            unavailable_s: 45.6,
            longest_outage_s: 45.6,
            primary_zone: "use1-az2".into(),
            ..Database::default()
        },
    )]);
    RunResult {
        summary: Summary { incidents, databases, ..summary() },
        timeline,
        series: Series { interval_s: ROW_S, columns },
        latency_map: LatencyMap::default(),
        architecture: Architecture::default(),
    }
}

/// A summary of nothing in particular.
pub fn summary() -> Summary {
    Summary {
        schema: 1,
        scenario: "twitter-spike".into(),
        description: String::new(),
        seed: 42,
        replication: 0,
        version: "0.1.0".into(),
        digest: "8c7f31d09ab2e456".into(),
        duration_s: ROWS as f64 * ROW_S,
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
        cost_usd: Cost { total: 5.31, ..Cost::default() },
        expectations: Vec::new(),
        warnings: Vec::new(),
        run: RunFigures::default(),
    }
}

/// A run without a single column or event.
pub fn empty() -> RunResult {
    RunResult {
        summary: Summary { duration_s: 0.0, ..summary() },
        timeline: Vec::new(),
        series: Series::default(),
        latency_map: LatencyMap::default(),
        architecture: Architecture::default(),
    }
}

/// The spike with its values changed.
pub fn changed(f: impl Fn(usize, f64) -> f64) -> RunResult {
    let mut result = spike();
    for column in &mut result.series.columns {
        for (row, value) in column.values.iter_mut().enumerate() {
            *value = f(row, *value);
        }
    }
    result
}

/// The spike cut to its first rows.
pub fn cut(rows: usize) -> RunResult {
    let mut result = spike();
    for column in &mut result.series.columns {
        column.values.truncate(rows);
    }
    result
}
