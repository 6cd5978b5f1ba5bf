//! Connections of Application Load Balancers: how many there are on either side, what they cost, and who closes them first;
//! and what Network Load Balancers say of themselves.

use crate::edge::*;
use crate::fixture::*;
use models::plan::*;
use models::result::{BalancerFigures, Dimension, EventKind, RunResult};
use sim_core::dist::Dist;
use sim_core::{Duration, Time};

fn www(result: &RunResult) -> BalancerFigures {
    result.summary.load_balancers["www"]
}

/// New connections of clients, of the balancer, and most at once.
fn counted(result: &RunResult) -> (u64, u64, u64) {
    let counts = www(result).connections;
    (counts.new_client_connections, counts.new_target_connections, counts.most_active_connections)
}

/// Lets an alarm watch a metric, so that its values are in the series.
fn watch(plan: &mut Plan, metric: Metric, statistic: Statistic) {
    let name = format!("{}", plan.alarms.len());
    plan.alarms.push(Alarm { statistic, ..Alarm::new(name, metric, 1e12) });
}

/// Values of the n-th alarm, minute by minute.
fn values(result: &RunResult, alarm: usize) -> Vec<f64> {
    result.series.get(&format!("alarm.{alarm}.value")).expect("an alarm watches it").values.clone()
}

/// One node, one target.
fn single(every_ms: u64, lasts: u64) -> Plan {
    let mut plan = fixed(1, every_ms, lasts);
    plan.balancers[LB].zones.truncate(1);
    plan.fleets[WEB].zones.truncate(1);
    plan
}

/// A second population of callers, like the first but for its name.
fn second_population(plan: &mut Plan) -> SiteId {
    let site = plan.sites.push(Site { name: "more".into(), ..plan.sites[SITE].clone() });
    let first = plan.populations[PopulationId::new(0)].clone();
    plan.populations.push(Population { name: "more".into(), site, ..first });
    site
}

#[test]
fn s313_clients_without_keep_alive_open_a_connection_for_each_request() {
    let plan = fixed(2, 100, 600);
    let result = run(&plan);
    let (clients, targets, most) = counted(&result);
    assert_eq!(clients, result.summary.requests.offered);
    // Two nodes, two targets: a request takes 5 ms and comes every 100 ms, so that one connection of each pair does.
    assert_eq!((targets, most), (4, 4), "at the ends of minutes nothing is under way, and four are at rest");
}

#[test]
fn s313_kept_connections_of_clients_are_counted_as_they_are() {
    let mut plan = fixed(2, 100, 600);
    keep_alive(&mut plan, 3);
    let result = run(&plan);
    let (clients, targets, most) = counted(&result);
    assert_eq!(outcome(&result, "ok"), result.summary.requests.offered);
    assert_eq!(clients, 3);
    assert!((2..=4).contains(&targets) && most == 3 + targets, "{targets} to targets, {most} at once");
    // Those that pay for each of theirs have as many as requests.
    plan.sites[SITE].connections.as_mut().expect("they keep some").keep_alive = None;
    let result = run(&plan);
    assert_eq!(counted(&result).0, result.summary.requests.offered);
    // Of two populations each counts in its own way.
    let mut plan = fixed(2, 100, 600);
    let more = second_population(&mut plan);
    keep_alive(&mut plan, 3);
    plan.sites[more].connections = None;
    let result = run(&plan);
    assert_eq!(counted(&result).0, 3 + result.summary.clients["more"].requests.offered);
}

#[test]
fn s313_a_client_closes_what_it_has_kept_for_long_enough() {
    // A request every 20 s: within the balancer's idle timeout of 60 s, and beyond the client's own of 10 s.
    let mut plan = single(20_000, 601);
    watch(&mut plan, Metric::Balancer(LB, BalancerMetric::ActiveConnections), Statistic::Maximum);
    let keep = keep_alive(&mut plan, 1);
    keep.idle_timeout = secs(10);
    let result = run(&plan);
    assert_eq!(counted(&result).0, result.summary.requests.offered);
    keep_alive(&mut plan, 1).idle_timeout = secs(30);
    assert_eq!(counted(&run(&plan)).0, 1);
}

#[test]
fn s313_connections_at_rest_are_closed_at_the_idle_timeout_and_opened_again() {
    // Requests for two minutes and from the tenth on, one each 100 ms; nothing in between.
    let mut plan = single(100, 900);
    let at = |seconds| Time::ZERO + secs(seconds);
    let knots = [(0, 10.0), (120, 10.0), (120, 0.0), (600, 0.0), (600, 10.0)];
    let rate = RateProfile { knots: knots.iter().map(|&(seconds, rate)| (at(seconds), rate)).collect() };
    plan.populations[PopulationId::new(0)].arrivals = Arrivals::Open { rate, process: Process::Even };
    watch(&mut plan, Metric::Balancer(LB, BalancerMetric::ActiveConnections), Statistic::Maximum);
    watch(&mut plan, Metric::Balancer(LB, BalancerMetric::NewConnections), Statistic::Sum);
    // How long one has been at rest is known to the minute.
    for (idle_timeout, opened) in [(60, 2), (120, 2), (420, 2), (540, 1), (4_000, 1)] {
        plan.balancers[LB].idle_timeout = secs(idle_timeout);
        let result = run(&plan);
        assert_eq!(counted(&result).1, opened, "idle timeout {idle_timeout} s");
        assert!(values(&result, 0)[2..].iter().all(|value| *value == 1.0), "idle timeout {idle_timeout} s");
        // Clients' 600 a minute.
        let new = values(&result, 1);
        assert!(new.iter().any(|value| (*value - 600.0).abs() <= 1.0), "{new:?}");
    }
}

#[test]
fn s313_what_is_under_way_is_a_connection_on_either_side() {
    // Each request takes 150 s, one comes each 10 s: fifteen are under way.
    let mut plan = single(10_000, 900);
    plan.endpoints[EndpointId::new(0)].steps = vec![Step::Sleep(Dist::Constant(150.0))];
    plan.services[SERVICE].workers = 100;
    (plan.sites[SITE].timeout, plan.balancers[LB].idle_timeout) = (secs(1_000), secs(1_000));
    let result = run(&plan);
    let (clients, targets, most) = counted(&result);
    assert_eq!(clients, result.summary.requests.offered);
    // One more is at rest when the next is about to come.
    assert!((30..=31).contains(&most), "{most}");
    assert!((15..=16).contains(&targets), "{targets}: an answer makes room for the next");
    // A client that has given up is connected no more; the server works on.
    plan.sites[SITE].timeout = secs(100);
    let most = counted(&run(&plan)).2;
    assert!((25..=26).contains(&most), "{most}");
}

#[test]
fn s313_nobody_keeps_a_connection_to_a_target_that_is_gone() {
    let mut plan = plan();
    plan.duration = secs(900);
    watch(&mut plan, Metric::Balancer(LB, BalancerMetric::ActiveConnections), Statistic::Maximum);
    plan.balancers[LB].idle_timeout = secs(4_000);
    plan.sites[SITE].timeout = secs(5);
    set_desired(&mut plan, 300, 2);
    let result = run(&plan);
    let active = values(&result, 0);
    let last = *active.last().expect("rows");
    assert!(active.iter().any(|value| *value >= 8.0), "two nodes and four targets: {active:?}");
    assert!((4.0..8.0).contains(&last), "two nodes and two targets: {active:?}");
}

#[test]
fn s314_the_largest_dimension_of_the_hour_is_billed() {
    let bytes =
        |plan: &mut Plan, each| (plan.sites[SITE].request_bytes, plan.sites[SITE].response_bytes) = (each, each);
    // Ten new connections a second of 25.
    let mut plan = fixed(2, 100, 3_600);
    bytes(&mut plan, 50);
    let figures = www(&run(&plan));
    assert!((figures.lcu_hours - 0.4).abs() < 1e-3, "{}", figures.lcu_hours);
    assert_eq!(figures.billed_by, Some(Dimension::NewConnections));
    // The same by 300 kept ones, of 3,000: they are there from the first minute on.
    keep_alive(&mut plan, 300);
    plan.balancers[LB].idle_timeout = secs(600);
    let figures = www(&run(&plan));
    assert!((figures.lcu_hours - 0.1).abs() < 2e-3, "{}", figures.lcu_hours);
    assert_eq!(figures.billed_by, Some(Dimension::ActiveConnections));
    // 36,000 × 20 kB are 0.72 GB of one.
    bytes(&mut plan, 10_000);
    let figures = www(&run(&plan));
    assert!((figures.lcu_hours - 0.72).abs() < 1e-3, "{}", figures.lcu_hours);
    assert_eq!(figures.billed_by, Some(Dimension::ProcessedBytes));
    plan.balancers[LB].reserved_lcu = 100;
    assert_eq!(www(&run(&plan)).billed_by, Some(Dimension::Reservation));
    // A Classic one is billed by the GB.
    plan.balancers[LB].kind = BalancerKind::Classic(ClassicBalancer {
        listener: Listener::Http,
        surge_queue: 1024,
        instance_capacity: 100,
        connect_retry: secs(1),
    });
    assert_eq!((www(&run(&plan)).billed_by, www(&run(&plan)).lcu_hours), (None, 0.0));
}

/// A server that closes after 5 s; a request of 5 ms each so many milliseconds and microseconds more.
fn closing(every_ms: u64, more_us: i64) -> Plan {
    let mut plan = single(1, 600);
    let each = every_ms as f64 / 1e3 + more_us as f64 / 1e6;
    let rate = RateProfile::constant(1.0 / each);
    plan.populations[PopulationId::new(0)].arrivals = Arrivals::Open { rate, process: Process::Even };
    plan.services[SERVICE].keep_alive = Some(ServerKeepAlive { timeout: secs(5), lag: Duration::from_millis(1) });
    plan
}

#[test]
fn s312_a_request_that_meets_a_closing_connection_is_a_502_and_only_within_the_window() {
    // The server has the connection at rest from its answer to the next request's arrival: the time between two requests
    // less the 5 ms of work. It closes at 5 s; a round trip of 0.5 ms earlier the node still sends, and 1 ms later it knows.
    for (every_ms, more_us, lost) in [
        (4_000, 0, false),
        (5_005, -50, false),
        (5_005, 50, true),
        (5_005, 1_450, true),
        (5_005, 1_550, false),
        (6_000, 0, false),
    ] {
        let result = run(&closing(every_ms, more_us));
        let offered = result.summary.requests.offered;
        let (failed, figures) = (outcome(&result, "elb_502"), www(&result));
        // Each loss takes its connection along, so that the next request has a new one.
        assert_eq!(failed, if lost { offered / 2 } else { 0 }, "every {every_ms} ms {more_us:+} µs");
        assert_eq!(figures.connections.met_closed_connections, failed);
        assert_eq!((figures.elb_5xx, figures.target_5xx), (failed, 0), "it is the balancer's own");
        assert_eq!(failed + outcome(&result, "ok"), offered);
        let opened = figures.connections.new_target_connections;
        let expected = match (lost, every_ms) {
            (true, _) => offered.div_ceil(2),
            (false, 6_000) => offered,
            _ if more_us > 0 => offered,
            _ => 1,
        };
        assert_eq!(opened, expected, "every {every_ms} ms {more_us:+} µs");
    }
}

#[test]
fn s312_a_server_that_keeps_connections_for_longer_loses_nothing() {
    let lost = |keep_alive, idle_timeout| {
        let mut plan = closing(5_005, 50);
        plan.services[SERVICE].keep_alive =
            Some(ServerKeepAlive { timeout: keep_alive, lag: Duration::from_millis(1) });
        plan.balancers[LB].idle_timeout = secs(idle_timeout);
        outcome(&run(&plan), "elb_502")
    };
    assert!(lost(secs(5), 60) > 0);
    assert_eq!(lost(secs(65), 60), 0);
    // Or the node closes first.
    assert_eq!(lost(secs(5), 4), 0);
    // Nothing changes where nobody says how the server keeps connections.
    let mut plan = closing(5_005, 50);
    plan.services[SERVICE].keep_alive = Some(ServerKeepAlive { timeout: secs(65), lag: Duration::ZERO });
    let longer = run(&plan).summary.digest;
    plan.services[SERVICE].keep_alive = None;
    assert_eq!(run(&plan).summary.digest, longer);
}

#[test]
fn s312_a_502_of_a_closing_connection_is_no_connection_error_and_can_be_retried() {
    let mut plan = closing(5_005, 50);
    watch(&mut plan, Metric::Targets(GROUP, TargetsMetric::ConnectionErrors), Statistic::Sum);
    watch(&mut plan, Metric::Balancer(LB, BalancerMetric::Elb502), Statistic::Sum);
    plan.sites[SITE].retry.attempts = 2;
    let result = run(&plan);
    assert_eq!(outcome(&result, "ok"), result.summary.requests.offered);
    assert!(www(&result).connections.met_closed_connections > 0);
    assert!(values(&result, 0).iter().all(|value| value.is_nan()), "{:?}", values(&result, 0));
    assert!(values(&result, 1).iter().any(|value| *value >= 5.0), "{:?}", values(&result, 1));
}

#[test]
fn s102_a_caller_knows_that_a_server_has_closed_its_connection() {
    let closing = |every_ms, balancer: Option<bool>| {
        let mut plan = closing(every_ms, 0);
        keep_alive(&mut plan, 1);
        match balancer {
            Some(true) => {
                network(&mut plan);
            }
            Some(false) => {}
            None => plan.sites[SITE].to = Destination::Service(SERVICE),
        }
        plan
    };
    for every_ms in [4_000, 6_000] {
        let result = run(&closing(every_ms, Some(true)));
        let offered = result.summary.requests.offered;
        assert_eq!(outcome(&result, "ok"), offered);
        // By a Network Load Balancer the connection is the server's; by an Application one, the balancer's.
        assert_eq!(www(&result).edge.new_flows, if every_ms > 5_000 { offered } else { 1 }, "every {every_ms} ms");
        assert_eq!(counted(&run(&closing(every_ms, Some(false)))).0, 1);
        // Straight to the server a new one costs a round trip of 0.5 ms more.
        let direct = run(&closing(every_ms, None)).summary.latency_ms;
        assert!((direct.p50 - if every_ms > 5_000 { 6.0 } else { 5.5 }).abs() < 0.02, "{}", direct.p50);
    }
}

#[test]
fn s4_every_metric_of_a_network_load_balancer_has_the_value_that_aws_would_give_it() {
    let nlb = |metric| Metric::Balancer(LB, metric);
    // Ten requests a second, each a flow of 0.95 s; in the second half of the run one of two targets refuses them.
    let table = [
        (nlb(BalancerMetric::NewFlows), Statistic::Sum, 600.0, 600.0),
        (nlb(BalancerMetric::ActiveFlows), Statistic::Maximum, 9.5, 4.75),
        (nlb(BalancerMetric::ElbResets), Statistic::Sum, 0.0, 0.0),
        (nlb(BalancerMetric::TargetResets), Statistic::Sum, 0.0, 300.0),
        (nlb(BalancerMetric::ClientResets), Statistic::Sum, 0.0, 0.0),
        (nlb(BalancerMetric::PortAllocationErrors), Statistic::Sum, 0.0, 0.0),
        (nlb(BalancerMetric::ZonalHealth), Statistic::SampleCount, 2.0, 2.0),
        (nlb(BalancerMetric::ZonalHealth), Statistic::Minimum, 1.0, 0.0),
        (nlb(BalancerMetric::ZonalHealth), Statistic::Maximum, 1.0, 1.0),
        (nlb(BalancerMetric::ProcessedBytes), Statistic::Sum, 1.2e6, 1.2e6),
    ];
    let mut plan = fixed(2, 100, 900);
    network(&mut plan);
    plan.endpoints[EndpointId::new(0)].steps =
        vec![Step::Compute(Dist::Constant(0.001)), Step::Sleep(Dist::Constant(0.95))];
    (plan.services[SERVICE].workers, plan.sites[SITE].resolvers) = (100, 1_000);
    plan.target_groups[GROUP].cross_zone = false;
    plan.target_groups[GROUP].health_check.unhealthy_threshold = 10;
    plan.cloudwatch.elb_delay = Dist::Constant(0.0);
    // DNS keeps answering with both zones, so that the ill one goes on meeting nobody.
    plan.balancers[LB].dns_failover_delay = secs(3_600);
    // Its process hangs, and has no room for a request, nor for a check.
    plan.services[SERVICE].backlog = 0;
    plan.target_groups[GROUP].health_check.protocol = CheckProtocol::Http;
    fault(&mut plan, 420, FaultAction::HangInstances(nth(0), secs(3_600)));
    for (metric, statistic, ..) in table {
        watch(&mut plan, metric, statistic);
    }
    let result = run(&plan);
    for (index, (metric, statistic, well, ill)) in table.into_iter().enumerate() {
        let values = values(&result, index);
        let near = |found: f64, expected: f64| (found - expected).abs() <= (0.2 * expected).max(1.0) * 0.999;
        let (first, last) = (values[5], *values.last().expect("rows"));
        assert!(
            near(first, well) && near(last, ill),
            "{metric:?} {statistic:?}: {first} and {last}, not {well} and {ill}"
        );
    }
}

#[test]
fn s4_clients_that_give_up_reset_their_flows() {
    let mut plan = fixed(1, 1_000, 300);
    network(&mut plan);
    plan.endpoints[EndpointId::new(0)].steps = vec![Step::Sleep(Dist::Constant(5.0))];
    plan.sites[SITE].timeout = secs(4);
    let result = run(&plan);
    // The last ones give up after the run's end.
    let gave_up = outcome(&result, "timed_out");
    assert!(gave_up > 290 && gave_up - www(&result).edge.client_resets <= 5, "{gave_up}");
    plan.sites[SITE].timeout = secs(6);
    assert_eq!(www(&run(&plan)).edge.client_resets, 0);
}

#[test]
fn s6_a_network_load_balancer_is_shifted_for_new_connections_alone() {
    for cross_zone in [true, false] {
        let mut plan = fixed(4, 100, 1_200);
        network(&mut plan).unhealthy_termination = false;
        plan.target_groups[GROUP].cross_zone = cross_zone;
        plan.balancers[LB].zonal_shift =
            ShiftSettings { enabled: true, autoshift: false, autoshift_detection: secs(300), propagation: secs(10) };
        let away = ZoneId::new(0);
        let shift =
            ApiCall::StartZonalShift { resource: Shifted::Balancer(LB), away_from: away, expires_in: secs(400) };
        at(&mut plan, 300, shift);
        let (result, requests) = watched(&plan);
        assert_eq!(outcome(&result, "ok"), result.summary.requests.offered);
        assert_eq!(times(&result, EventKind::ZonalShiftStarted), [310.0]);
        assert_eq!(times(&result, EventKind::ZonalShiftEnded), [710.0]);
        // Instances 0 and 2 stand in the zone. Answers of DNS live for a minute.
        let there = |from: u64, to: u64| {
            let within = |born: Time| born >= Time::ZERO + secs(from) && born < Time::ZERO + secs(to);
            requests.iter().filter(|request| within(request.born) && request.instance % 2 == 0).count()
        };
        assert!(there(0, 300) > 1_000 && there(780, 1_200) > 1_500, "{} and {}", there(0, 300), there(780, 1_200));
        assert_eq!(there(375, 700), 0, "cross-zone {cross_zone}");
        // Flows that stand stay where they are.
        keep_alive(&mut plan, 20);
        let (result, requests) = watched(&plan);
        assert_eq!(outcome(&result, "ok"), result.summary.requests.offered);
        let there = |born: Time| born >= Time::ZERO + secs(375) && born < Time::ZERO + secs(700);
        let kept = requests.iter().filter(|request| there(request.born) && request.instance % 2 == 0).count();
        assert!(kept > 500, "{kept}");
    }
}

#[test]
fn s4_a_tls_listener_takes_more_capacity_units() {
    let mut plan = fixed(2, 100, 3_600);
    (plan.sites[SITE].request_bytes, plan.sites[SITE].response_bytes) = (50, 50);
    network(&mut plan);
    for (listener, new_per_s) in [(FlowListener::Tcp, 800.0), (FlowListener::Tls, 50.0)] {
        let BalancerKind::Network(settings) = &mut plan.balancers[LB].kind else { unreachable!("just set") };
        settings.listener = listener;
        let figures = www(&run(&plan));
        assert!((figures.lcu_hours - 10.0 / new_per_s).abs() < 1e-4, "{listener:?}: {}", figures.lcu_hours);
        assert_eq!(figures.billed_by, Some(Dimension::NewConnections));
    }
}

#[test]
fn s5_health_checks_that_come_to_no_connection_are_backend_connection_errors() {
    // Nobody asks for anything; the one instance is down from 300 s to 600 s, and then boots: thirty checks of one node, and some.
    let errors = |classic, protocol| {
        let mut plan = single(100, 900);
        plan.populations[PopulationId::new(0)].arrivals =
            Arrivals::Open { rate: RateProfile::constant(0.0), process: Process::Even };
        plan.target_groups[GROUP].health_check.protocol = protocol;
        if classic {
            plan.balancers[LB].kind = BalancerKind::Classic(ClassicBalancer {
                listener: Listener::Http,
                surge_queue: 1024,
                instance_capacity: 100,
                connect_retry: secs(1),
            });
        }
        fault(&mut plan, 300, FaultAction::StopInstances(nth(0), secs(300)));
        www(&run(&plan)).edge.backend_connection_errors
    };
    for protocol in [CheckProtocol::Http, CheckProtocol::Tcp] {
        let found = errors(true, protocol);
        assert!((30..=34).contains(&found), "{protocol:?}: {found}");
        assert_eq!(errors(false, protocol), 0, "{protocol:?}");
    }
}

#[test]
fn s11_gateways_cost_by_the_hour_begun_and_what_crosses_zones_at_both_ends() {
    let mut plan = plan();
    plan.duration = secs(5_400);
    (plan.prices.nat_hour, plan.prices.nat_gb, plan.prices.inter_az_gb) = (0.045, 0.045, 0.01);
    let part = |result: &RunResult, name: &str| result.summary.cost_usd.by_part.get(name).copied().unwrap_or(0.0);
    // Two gateways, an hour and a half: two hours begun. Nothing crosses zones that is billed: it comes by a balancer.
    let result = run(&plan);
    assert!((part(&result, "nat") - 4.0 * 0.045).abs() < 1e-12, "{}", part(&result, "nat"));
    assert_eq!(part(&result, "cross_zone_data"), 0.0);
    // Two instances more, each of which fetches half a GB by its zone's gateway.
    plan.fleets[WEB].template.bootstrap_needs_egress = true;
    plan.fleets[WEB].template.bootstrap_download_gb = 0.5;
    set_desired(&mut plan, 300, 6);
    let result = run(&plan);
    assert!((part(&result, "nat") - 4.0 * 0.045 - 2.0 * 0.5 * 0.045).abs() < 1e-12, "{}", part(&result, "nat"));
    // Calls from service to service: 2,000 bytes each, half of them to the other zone, at both ends.
    let mut plan = fixed(4, 100, 3_600);
    plan.prices.inter_az_gb = 0.01;
    let inner = Fleet { name: "inner".into(), target_groups: vec![], ..plan.fleets[WEB].clone() };
    let inner = plan.fleets.push(inner);
    let service = Service { name: "inner".into(), fleet: inner, endpoints: vec![], ..plan.services[SERVICE].clone() };
    let service = plan.services.push(service);
    let answer = plan.endpoints.push(Endpoint { service, ..plan.endpoints[EndpointId::new(0)].clone() });
    plan.services[service].endpoints = vec![answer];
    let to = Destination::Service(service);
    let site = plan.sites.push(Site { name: "call".into(), to, ..plan.sites[SITE].clone() });
    plan.endpoints[EndpointId::new(0)].steps = vec![Step::Call { site, endpoint: answer }];
    let result = run(&plan);
    let expected = result.summary.requests.offered as f64 / 2.0 * 2_000.0 * 2.0 / 1e9 * 0.01;
    let found = part(&result, "cross_zone_data");
    assert!((found - expected).abs() < 0.05 * expected, "{found}, not {expected}");
}
