//! Network and Classic Load Balancers, and clients that keep connections: rule by rule, at the edges.

use crate::fixture::*;
use models::plan::*;
use models::result::{EventKind, RunResult};
use models::{Progress, RequestRecord, Watcher, simulate};
use sim_core::dist::Dist;
use sim_core::math::pow;
use sim_core::{Duration, Time};
use std::ops::ControlFlow;

pub const GROUP: TargetGroupId = TargetGroupId::new(0);
pub const LB: BalancerId = BalancerId::new(0);
pub const SITE: SiteId = SiteId::new(0);
pub const SERVICE: ServiceId = ServiceId::new(0);

/// Every request of a run.
#[derive(Default)]
struct All(Vec<RequestRecord>);

impl Watcher for All {
    fn progress(&mut self, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn request(&mut self, record: RequestRecord) {
        self.0.push(record);
    }
    fn wants_requests(&self) -> bool {
        true
    }
}

/// The run, and its requests by their birth.
pub fn watched(plan: &Plan) -> (RunResult, Vec<RequestRecord>) {
    let mut all = All::default();
    let result = simulate(plan, 7, 0, &mut all).expect("nobody interrupts");
    all.0.sort_by_key(|record| record.born);
    (result, all.0)
}

pub fn outcome(result: &RunResult, name: &str) -> u64 {
    result.summary.outcomes.get(name).copied().unwrap_or(0)
}

/// So many instances for good, a request each `every_ms`.
pub fn fixed(instances: u32, every_ms: u64, lasts: u64) -> Plan {
    let mut plan = plan();
    plan.fleets[WEB].sizing = Sizing::Fixed(instances);
    plan.duration = secs(lasts);
    let rate = RateProfile::constant(1e3 / every_ms as f64);
    plan.populations[PopulationId::new(0)].arrivals = Arrivals::Open { rate, process: Process::Even };
    plan
}

pub fn network(plan: &mut Plan) -> &mut NetworkGroup {
    let balancer = &mut plan.balancers[LB];
    balancer.kind = BalancerKind::Network(NetworkBalancer {
        listener: FlowListener::Tcp,
        zonal_affinity: 0.0,
        secondary_ips: 0,
        ports: 55_000,
    });
    balancer.idle_timeout = secs(350);
    let group = &mut plan.target_groups[GROUP];
    group.health_check.protocol = CheckProtocol::Tcp;
    group.network.insert(NetworkGroup {
        unhealthy_termination: true,
        connection_termination: false,
        preserve_client_ip: true,
    })
}

fn classic(plan: &mut Plan, capacity: u32, surge_queue: u32) -> &mut ClassicBalancer {
    let settings =
        ClassicBalancer { listener: Listener::Http, surge_queue, instance_capacity: capacity, connect_retry: secs(1) };
    plan.balancers[LB].kind = BalancerKind::Classic(settings);
    // One node, so that one queue.
    plan.balancers[LB].zones.truncate(1);
    plan.fleets[WEB].zones.truncate(1);
    match &mut plan.balancers[LB].kind {
        BalancerKind::Classic(settings) => settings,
        _ => unreachable!("just set"),
    }
}

pub fn keep_alive(plan: &mut Plan, pools: u32) -> &mut KeepAlive {
    let keep_alive = Some(KeepAlive { pools, idle_timeout: Duration::MAX, resend: false });
    let connections = &mut plan.sites[SITE].connections;
    let connections = connections.insert(Connections {
        round_trips: 1,
        syn: SynRetries::Exponential,
        retransmission_limit: Duration::from_millis(924_600),
        keep_alive,
    });
    connections.keep_alive.as_mut().expect("just set")
}

#[test]
fn nlb_binds_each_flow_to_a_target_by_a_hash() {
    let mut plan = fixed(4, 100, 600);
    network(&mut plan);
    let (result, requests) = watched(&plan);
    assert_eq!(outcome(&result, "ok"), result.summary.requests.offered);
    // Without kept connections each request is a flow of its own, and all targets of both zones get their part.
    let edge = result.summary.load_balancers["www"].edge;
    assert_eq!(edge.new_flows, result.summary.requests.offered);
    for instance in 0..4 {
        let share = requests.iter().filter(|request| request.instance == instance).count() as f64;
        let share = share / requests.len() as f64;
        assert!((share - 0.25).abs() < 0.03, "instance {instance} got {share}");
    }
    // One kept connection is one flow, and stays with one target.
    keep_alive(&mut plan, 1);
    let (result, requests) = watched(&plan);
    assert_eq!(result.summary.load_balancers["www"].edge.new_flows, 1);
    assert!(requests.iter().all(|request| request.instance == requests[0].instance));
}

#[test]
fn nlb_without_cross_zone_sends_to_targets_of_its_zone_alone() {
    let mut plan = fixed(3, 100, 600);
    network(&mut plan);
    plan.target_groups[GROUP].cross_zone = false;
    // Three instances over two zones: 1/(Z n_z) each, so one of them gets half.
    let (_, requests) = watched(&plan);
    let share = |instance| requests.iter().filter(|r| r.instance == instance).count() as f64 / requests.len() as f64;
    let mut shares = [share(0), share(1), share(2)];
    shares.sort_by(f64::total_cmp);
    assert!(shares[2] > 0.40 && shares[0] > 0.15 && shares[1] < 0.35, "{shares:?}");
}

#[test]
fn nlb_idle_timeout_resets_what_comes_later() {
    // Gap between requests, idle timeout, share that is reset.
    for (gap, idle, reset) in [(349, 350, false), (350, 350, false), (360, 350, true), (70, 60, true)] {
        let mut plan = fixed(4, gap * 1000, gap * 10 + 1);
        network(&mut plan);
        plan.balancers[LB].idle_timeout = secs(idle);
        keep_alive(&mut plan, 1);
        let result = run(&plan);
        let resets = outcome(&result, "connection_reset");
        // Each second request finds its connection forgotten; the one after it has a new one.
        let expected = if reset { result.summary.requests.offered / 2 } else { 0 };
        assert_eq!(resets, expected, "each {gap} s, idle timeout {idle} s");
        keep_alive(&mut plan, 1).resend = true;
        assert_eq!(outcome(&run(&plan), "connection_reset"), 0, "sent again, nobody notices");
    }
}

#[test]
fn nlb_tcp_checks_do_not_see_a_process_that_hangs() {
    for (protocol, unhealthy) in [(CheckProtocol::Tcp, false), (CheckProtocol::Http, true)] {
        let mut plan = fixed(2, 1000, 600);
        network(&mut plan);
        plan.target_groups[GROUP].health_check.protocol = protocol;
        fault(&mut plan, 100, FaultAction::HangInstances(nth(0), secs(150)));
        let result = run(&plan);
        assert_eq!(!all(&result, EventKind::TargetUnhealthy).is_empty(), unhealthy, "{protocol:?}");
        let lost = outcome(&result, "timed_out");
        if unhealthy { assert!(lost < 40, "{lost}") } else { assert!(lost > 50, "{lost}") }
    }
    // A machine that stands still as a whole accepts nothing.
    let mut plan = fixed(2, 1000, 600);
    network(&mut plan);
    fault(&mut plan, 100, FaultAction::FreezeInstances(nth(0), secs(400)));
    assert!(!all(&run(&plan), EventKind::TargetUnhealthy).is_empty());
}

#[test]
fn nlb_unhealthy_target_loses_its_connections_unless_termination_is_off() {
    for termination in [true, false] {
        let mut plan = fixed(2, 500, 600);
        network(&mut plan).unhealthy_termination = termination;
        plan.target_groups[GROUP].health_check.protocol = CheckProtocol::Http;
        plan.sites[SITE].timeout = Duration::MAX;
        keep_alive(&mut plan, 20);
        fault(&mut plan, 100, FaultAction::HangInstances(nth(0), secs(200)));
        let result = run(&plan);
        let resets = outcome(&result, "connection_reset");
        let noted = all(&result, EventKind::ConnectionsReset);
        if termination {
            assert!(resets > 0 && !noted.is_empty(), "{resets} resets");
            assert!(noted[0].detail.contains("resets"), "{}", noted[0].detail);
        } else {
            assert_eq!((resets, noted.len()), (0, 0), "connections hang until the process goes on");
            assert_eq!(outcome(&result, "ok"), result.summary.requests.offered);
        }
    }
}

#[test]
fn nlb_deregistration_leaves_connections_alone_unless_termination_is_on() {
    for (termination, words) in [(false, "live"), (true, "reset")] {
        let mut plan = plan();
        plan.populations[PopulationId::new(0)].arrivals =
            Arrivals::Open { rate: RateProfile::constant(20.0), process: Process::Even };
        network(&mut plan).connection_termination = termination;
        keep_alive(&mut plan, 40);
        metric(&mut plan, &[(0, 50.0), (600, 10.0)]);
        group(&mut plan).policies = vec![policy("in", AdjustmentType::ChangeInCapacity, -1.0, 300)];
        plan.alarms = [alarm("low", Comparison::LessThan, 20.0, 2, 0)].into_iter().collect();
        plan.target_groups[GROUP].health_check.registration_delay = secs(60);
        let result = run(&plan);
        let done = all(&result, EventKind::TargetDeregistered);
        assert!(!done.is_empty() && done[0].detail.contains(words), "{:?}", done.first().map(|e| &e.detail));
    }
}

#[test]
fn nlb_ports_towards_a_target_run_out_only_where_addresses_are_not_preserved() {
    // Preserved, ports, secondary addresses, errors expected. 600 flows a minute over two targets from two nodes: 150 each.
    for (preserved, ports, secondary, errors) in
        [(false, 100, 0, true), (false, 100, 7, false), (true, 100, 0, false), (false, 100_000, 0, false)]
    {
        let mut plan = fixed(2, 100, 300);
        network(&mut plan).preserve_client_ip = preserved;
        let settings =
            NetworkBalancer { listener: FlowListener::Tcp, zonal_affinity: 0.0, secondary_ips: secondary, ports };
        plan.balancers[LB].kind = BalancerKind::Network(settings);
        let result = run(&plan);
        let found = result.summary.load_balancers["www"].edge.port_allocation_errors;
        assert_eq!(found > 0, errors, "preserved {preserved}, {ports} ports, {secondary} more: {found}");
        assert_eq!(outcome(&result, "connection_reset"), found);
    }
}

#[test]
fn nlb_without_targets_resets_and_stays_in_dns() {
    let mut plan = fixed(0, 1000, 300);
    network(&mut plan);
    let result = run(&plan);
    assert_eq!(outcome(&result, "connection_reset"), result.summary.requests.offered);
}

#[test]
fn nlb_new_flow_to_a_silent_target_ends_by_the_connect_timeout() {
    let mut plan = fixed(2, 1000, 400);
    network(&mut plan);
    plan.target_groups[GROUP].health_check.interval = secs(300);
    fault(&mut plan, 100, FaultAction::ZonePowerLoss(ZoneId::new(0), Duration::MAX));
    let (result, requests) = watched(&plan);
    assert!(outcome(&result, "connect_timeout") + outcome(&result, "stale_dns") > 0);
    for request in requests.iter().filter(|request| request.outcome.name() == "connect_timeout") {
        let took = (request.ended - request.born).as_secs_f64();
        assert!((took - 3.0).abs() < 0.01, "{took}");
    }
}

#[test]
fn classic_surge_queue_holds_so_many_and_turns_the_rest_away() {
    // Capacity of the one instance, length of the queue.
    for (capacity, queue) in [(4, 10), (1, 0), (3, 1024)] {
        let mut plan = fixed(1, 100, 200);
        classic(&mut plan, capacity, queue);
        plan.sites[SITE].timeout = Duration::MAX;
        plan.balancers[LB].idle_timeout = secs(4_000);
        plan.target_groups[GROUP].health_check.protocol = CheckProtocol::Tcp;
        // From 50 s on nobody is served: 1,500 requests come until the end.
        fault(&mut plan, 50, FaultAction::HangInstances(nth(0), secs(1_000)));
        let result = run(&plan);
        let edge = result.summary.load_balancers["www"].edge;
        let offered = 1_500;
        let expected = offered - u64::from(capacity) - u64::from(queue);
        let spilled = outcome(&result, "surge_queue_full");
        assert!(spilled.abs_diff(expected) <= 1, "{spilled} turned away, not {expected}");
        assert_eq!((edge.spillover, edge.surge_queue_length), (spilled, u64::from(queue)));
        assert_eq!(all(&result, EventKind::SurgeQueueFull).len(), 1);
    }
}

#[test]
fn classic_surge_queue_is_a_bounded_fifo() {
    // M/M/1/K: two workers of the theory would need M/M/c/K. Gross and Harris, "Fundamentals of Queueing Theory", §2.5.
    let (arrivals, service_s, queue) = (9.0, 0.1, 4);
    let mut plan = fixed(1, 1000, 40_000);
    plan.populations[PopulationId::new(0)].arrivals =
        Arrivals::Open { rate: RateProfile::constant(arrivals), process: Process::Poisson };
    plan.services[SERVICE].workers = 1;
    plan.services[SERVICE].backlog = 0;
    plan.endpoints[EndpointId::new(0)].steps = vec![Step::Compute(Dist::Exponential { mean: service_s })];
    // A check may not take the one worker.
    plan.target_groups[GROUP].health_check.protocol = CheckProtocol::Tcp;
    plan.target_groups[GROUP].health_check.unhealthy_threshold = 10;
    plan.fleets[WEB].template.vcpus = 1;
    let none = Dist::Constant(0.0);
    plan.network.round_trip = plan.zones.iter().map(|_| plan.zones.iter().map(|_| none.clone()).collect()).collect();
    plan.populations[PopulationId::new(0)].round_trip = none;
    plan.sites[SITE].timeout = secs(60);
    plan.balancers[LB].idle_timeout = secs(100);
    plan.target_groups[GROUP].cross_zone = true;
    classic(&mut plan, 1, queue);
    let result = run(&plan);
    let rho: f64 = arrivals * service_s;
    let places = f64::from(queue) + 1.0;
    let lost = (1.0 - rho) * pow(rho, places) / (1.0 - pow(rho, places + 1.0));
    let found = outcome(&result, "surge_queue_full") as f64 / result.summary.requests.offered as f64;
    assert!((found - lost).abs() < 0.006, "{found} lost, theory {lost}");
    // Little: mean number in the system over the accepted rate.
    let power = |k: u32| pow(rho, f64::from(k));
    let sum: f64 = (0..=queue + 1).map(power).sum();
    let present: f64 = (0..=queue + 1).map(|k| f64::from(k) * power(k) / sum).sum();
    let theory_ms = 1e3 * present / (arrivals * (1.0 - lost));
    let mean_ms = result.summary.latency_ms.mean;
    assert!((mean_ms - theory_ms).abs() < 0.03 * theory_ms, "{mean_ms} ms, theory {theory_ms} ms");
}

#[test]
fn classic_never_fails_open() {
    let mut plan = fixed(2, 1000, 600);
    classic(&mut plan, 100, 1024);
    fault(&mut plan, 100, FaultAction::HangInstances(Selection { mode: SelectionMode::All, ..nth(0) }, secs(300)));
    let result = run(&plan);
    assert!(outcome(&result, "elb_503") > 200, "{:?}", result.summary.outcomes);
    assert!(all(&result, EventKind::FailOpen).is_empty());
    assert_eq!(result.summary.load_balancers["www"].fail_open, 0);
}

#[test]
fn classic_idle_timeout_is_a_504_in_the_queue_and_at_the_instance() {
    let mut plan = fixed(1, 1000, 100);
    classic(&mut plan, 1, 1024);
    plan.sites[SITE].timeout = Duration::MAX;
    plan.balancers[LB].idle_timeout = secs(60);
    plan.target_groups[GROUP].health_check.protocol = CheckProtocol::Tcp;
    fault(&mut plan, 10, FaultAction::HangInstances(nth(0), secs(1_000)));
    let (result, requests) = watched(&plan);
    assert!(outcome(&result, "elb_504") > 80, "{:?}", result.summary.outcomes);
    for request in requests.iter().filter(|request| request.outcome.name() == "elb_504") {
        let took = (request.ended - request.born).as_secs_f64();
        assert!((took - 60.0).abs() < 0.01, "{took}");
    }
}

#[test]
fn classic_tries_refused_connections_again() {
    // The balancer takes instances for roomier than they are.
    let mut plan = fixed(2, 10, 60);
    classic(&mut plan, 50, 1024);
    plan.services[SERVICE].workers = 1;
    plan.services[SERVICE].backlog = 0;
    plan.target_groups[GROUP].health_check.protocol = CheckProtocol::Tcp;
    plan.target_groups[GROUP].health_check.unhealthy_threshold = 10;
    plan.endpoints[EndpointId::new(0)].steps = vec![Step::Compute(Dist::Exponential { mean: 0.015 })];
    let result = run(&plan);
    let edge = result.summary.load_balancers["www"].edge;
    assert!(edge.backend_connection_errors > 500, "{edge:?}");
    assert_eq!(outcome(&result, "elb_502") + outcome(&result, "refused"), 0, "nobody outside notices");
    assert_eq!(outcome(&result, "ok"), result.summary.requests.offered, "{:?}", result.summary.outcomes);
}

#[test]
fn classic_tcp_listener_goes_in_turn_and_closes_on_overflow() {
    let mut plan = fixed(2, 100, 200);
    classic(&mut plan, 2, 5).listener = Listener::Tcp;
    plan.sites[SITE].timeout = Duration::MAX;
    plan.target_groups[GROUP].health_check.protocol = CheckProtocol::Tcp;
    fault(&mut plan, 100, FaultAction::HangInstances(Selection { mode: SelectionMode::All, ..nth(0) }, secs(1_000)));
    let (result, requests) = watched(&plan);
    assert!(outcome(&result, "connection_reset") > 900 && outcome(&result, "surge_queue_full") == 0);
    let before: Vec<u32> =
        requests.iter().filter(|r| r.born < Time::ZERO + secs(90)).map(|request| request.instance).collect();
    assert!(before.windows(2).all(|pair| pair[0] != pair[1]), "in turn");
}

#[test]
fn keep_alive_pays_for_a_connection_once() {
    // Round trips of the handshake, latency of the first and of later requests. 0.5 ms to the node, 0.5 ms to the target.
    for round_trips in [1, 2, 3] {
        let mut plan = fixed(2, 1000, 30);
        plan.network.round_trip[ZoneId::new(0)] = [Dist::Constant(0.0), Dist::Constant(0.0)].into_iter().collect();
        plan.network.round_trip[ZoneId::new(1)] = [Dist::Constant(0.0), Dist::Constant(0.0)].into_iter().collect();
        plan.populations[PopulationId::new(0)].round_trip = Dist::Constant(0.040);
        keep_alive(&mut plan, 1);
        if let Some(connections) = &mut plan.sites[SITE].connections {
            connections.round_trips = round_trips;
        }
        let (_, requests) = watched(&plan);
        for (index, request) in requests.iter().enumerate() {
            let took = (request.ended - request.born).as_secs_f64();
            let handshake = if index == 0 { 0.040 * f64::from(round_trips) } else { 0.0 };
            assert!((took - 0.045 - handshake).abs() < 1e-6, "request {index}: {took}");
        }
        // Without keep-alive each pays.
        if let Some(connections) = &mut plan.sites[SITE].connections {
            connections.keep_alive = None;
        }
        let (_, requests) = watched(&plan);
        let each = 0.045 + 0.040 * f64::from(round_trips);
        assert!(requests.iter().all(|r| ((r.ended - r.born).as_secs_f64() - each).abs() < 1e-6));
    }
}

#[test]
fn established_connections_ignore_dns_until_client_keep_alive_ends_them() {
    // A node without a healthy target of its own leaves DNS; who is connected to it goes on getting its 503s.
    let lost = |keep: Option<u64>| {
        let mut plan = fixed(2, 250, 1_200);
        plan.target_groups[GROUP].cross_zone = false;
        plan.sites[SITE].dns_ttl = secs(10);
        // Patient enough for the node's 504: a client that gives up closes its connection, and asks DNS again.
        plan.sites[SITE].timeout = secs(30);
        if let Some(seconds) = keep {
            plan.balancers[LB].client_keep_alive = secs(seconds);
            keep_alive(&mut plan, 20);
        }
        fault(&mut plan, 100, FaultAction::StopInstances(nth(0), secs(900)));
        let (_, requests) = watched(&plan);
        let late = |r: &&RequestRecord| !r.outcome.is_ok() && r.born > Time::ZERO + secs(200);
        requests.iter().filter(late).count()
    };
    let (none, short, long) = (lost(None), lost(Some(120)), lost(Some(3_600)));
    assert_eq!(none, 0, "new connections follow DNS");
    assert!(short < long / 3, "{short} with 120 s, {long} with 3600 s");
    assert!(long > 300, "{long}");
}

#[test]
fn alb_closes_idle_connections_and_the_client_knows() {
    // Requests come 61 s after one another on an idle timeout of 60 s: a new connection each time, and no error.
    let mut plan = fixed(2, 61_000, 1_000);
    keep_alive(&mut plan, 1);
    let (result, requests) = watched(&plan);
    assert_eq!(outcome(&result, "ok"), result.summary.requests.offered);
    let first = requests[0].ended - requests[0].born;
    assert!(requests.iter().all(|r| r.ended - r.born == first), "each opens a connection");
}

#[test]
fn a_syn_is_repeated_until_the_kernel_gives_up() {
    for (syn, gives_up) in [(SynRetries::Exponential, 127.0), (SynRetries::LinearFirst, 131.0)] {
        assert_eq!(syn.waits_s().iter().sum::<u64>() as f64, gives_up);
        let mut plan = fixed(2, 10_000, 600);
        keep_alive(&mut plan, 1);
        if let Some(connections) = &mut plan.sites[SITE].connections {
            (connections.syn, connections.keep_alive) = (syn, None);
        }
        plan.sites[SITE].timeout = Duration::MAX;
        plan.sites[SITE].connect_timeout = Duration::MAX;
        plan.sites[SITE].dns_ttl = secs(3_600);
        plan.balancers[LB].zones.truncate(1);
        fault(&mut plan, 95, FaultAction::ZonePartition(ZoneId::new(0), secs(200)));
        let (_, requests) = watched(&plan);
        let at = |seconds: u64| {
            requests.iter().find(|r| r.born == Time::ZERO + secs(seconds)).map(|r| (r.ended - r.born).as_secs_f64())
        };
        // Born at 100 s, in the dark from 95 to 295 s: in vain.
        assert!(at(100).is_some_and(|took| (took - gives_up).abs() < 1e-3), "{:?}", at(100));
        // Born at 250 s: SYNs at 250, 251, 253, 257, 265, 281, 313 s, or 1 s apart first: 255, 257, 261, 269, 285, 317 s.
        let expected = if syn == SynRetries::Exponential { 63.0 } else { 67.0 };
        let took = at(250).expect("it was offered");
        assert!(took > expected && took < expected + 0.1, "{took}");
    }
}

#[test]
fn a_request_on_a_dead_connection_hangs_until_the_kernel_gives_up() {
    let mut plan = fixed(2, 5_000, 400);
    keep_alive(&mut plan, 1);
    if let Some(connections) = &mut plan.sites[SITE].connections {
        connections.retransmission_limit = secs(100);
    }
    plan.sites[SITE].timeout = Duration::MAX;
    plan.balancers[LB].zones.truncate(1);
    fault(&mut plan, 101, FaultAction::ZonePowerLoss(ZoneId::new(0), secs(250)));
    let (_, requests) = watched(&plan);
    let hung = requests.iter().find(|r| r.born >= Time::ZERO + secs(102)).expect("they go on");
    let took = (hung.ended - hung.born).as_secs_f64();
    assert_eq!((hung.outcome.name(), took.round()), ("connection_reset", 100.0));
}

#[test]
fn holders_of_old_dns_answers_go_on_to_a_node_that_has_left() {
    let stale = |violators: Option<TtlViolators>, ttl: Duration| {
        let mut plan = fixed(2, 250, 1_200);
        plan.target_groups[GROUP].cross_zone = false;
        plan.sites[SITE].dns_ttl = ttl;
        plan.sites[SITE].ttl_violators = violators;
        fault(&mut plan, 100, FaultAction::StopInstances(nth(0), secs(900)));
        let (_, requests) = watched(&plan);
        let late = |r: &&RequestRecord| !r.outcome.is_ok() && r.born > Time::ZERO + secs(200);
        requests.iter().filter(late).count()
    };
    let violators = |share| Some(TtlViolators { share, hold: Dist::Constant(86_400.0) });
    assert_eq!(stale(None, secs(60)), 0);
    assert!(stale(None, Duration::MAX) > 800, "for ever");
    assert!(stale(violators(1.0), secs(60)) > 800, "all of them violate it");
    assert_eq!(stale(violators(0.0), secs(60)), 0);
}

#[test]
fn a_service_that_sheds_load_says_so() {
    for (when_full, expected) in
        [(WhenFull::Refuse, "elb_502"), (WhenFull::Throttle { retry_after: None }, "throttled")]
    {
        let mut plan = fixed(1, 10, 60);
        plan.services[SERVICE].workers = 1;
        plan.services[SERVICE].backlog = 0;
        plan.services[SERVICE].when_full = when_full;
        plan.target_groups[GROUP].health_check.protocol = CheckProtocol::Tcp;
        plan.target_groups[GROUP].health_check.unhealthy_threshold = 10;
        plan.endpoints[EndpointId::new(0)].steps = vec![Step::Compute(Dist::Constant(0.030))];
        let result = run(&plan);
        assert!(outcome(&result, expected) > 3_000, "{:?}", result.summary.outcomes);
    }
}

#[test]
fn sdk_clients_retry_as_often_as_their_mode_says() {
    // Everything fails; attempts per request while the quota lasts, and when it is gone.
    for (mode, era, attempts, limited) in [
        (SdkMode::Legacy, SdkEra::Before2026, 5, false),
        (SdkMode::Standard, SdkEra::Before2026, 3, true),
        (SdkMode::Standard, SdkEra::From2026, 3, true),
    ] {
        let mut plan = fixed(1, 1_000, 600);
        plan.endpoints[EndpointId::new(0)].error_rate = 1.0;
        plan.sites[SITE].resolvers = 1;
        plan.sites[SITE].retry = Retry { attempts, backoff: Backoff::Sdk(Sdk { mode, era, dynamodb: false }) };
        let result = run(&plan);
        let offered = result.summary.requests.offered;
        let made: u64 = result.summary.attempts.values().sum();
        let cost = if era == SdkEra::From2026 { 14 } else { 5 };
        let expected = if limited { offered + 500 / cost } else { offered * u64::from(attempts) };
        // The last of them have no time left to retry.
        assert!(made <= expected && made + 10 > expected, "{mode:?} {era:?}: {made} attempts, not {expected}");
    }
}

#[test]
fn nlb_weights_are_shares_of_flows() {
    let mut plan = fixed(2, 20, 600);
    network(&mut plan);
    let twin = TargetGroup { name: "green".into(), ..plan.target_groups[GROUP].clone() };
    let twin = plan.target_groups.push(twin);
    let fleet = Fleet { name: "green".into(), target_groups: vec![twin], ..plan.fleets[WEB].clone() };
    let fleet = plan.fleets.push(fleet);
    let service = Service { name: "green".into(), fleet, endpoints: vec![], ..plan.services[SERVICE].clone() };
    let service = plan.services.push(service);
    let endpoint = Endpoint { service, ..plan.endpoints[EndpointId::new(0)].clone() };
    let endpoint = plan.endpoints.push(endpoint);
    plan.services[service].endpoints = vec![endpoint];
    plan.balancers[LB].forward = vec![(GROUP, 300), (twin, 100)];
    let (result, requests) = watched(&plan);
    assert_eq!(outcome(&result, "ok"), result.summary.requests.offered);
    let green = requests.iter().filter(|request| request.instance >= 2).count() as f64 / requests.len() as f64;
    assert!((green - 0.25).abs() < 0.01, "{green}");
}

#[test]
fn nlb_zonal_affinity_keeps_lookups_in_their_zone() {
    // A service in both zones calls another behind an internal load balancer, zone by zone.
    let share = |affinity: f64| {
        let mut plan = fixed(2, 20, 1_200);
        plan.balancers[LB].kind = BalancerKind::Application;
        let inner = TargetGroup { name: "inner".into(), cross_zone: false, ..plan.target_groups[GROUP].clone() };
        let inner = plan.target_groups.push(inner);
        plan.target_groups[inner].network =
            Some(NetworkGroup { unhealthy_termination: true, connection_termination: false, preserve_client_ip: true });
        let balancer = Balancer {
            name: "inner".into(),
            forward: vec![(inner, 1)],
            kind: BalancerKind::Network(NetworkBalancer {
                listener: FlowListener::Tcp,
                zonal_affinity: affinity,
                secondary_ips: 0,
                ports: 55_000,
            }),
            ..plan.balancers[LB].clone()
        };
        let balancer = plan.balancers.push(balancer);
        let fleet = Fleet { name: "inner".into(), target_groups: vec![inner], ..plan.fleets[WEB].clone() };
        let fleet = plan.fleets.push(fleet);
        let service = Service { name: "inner".into(), fleet, endpoints: vec![], ..plan.services[SERVICE].clone() };
        let service = plan.services.push(service);
        let answer = plan.endpoints.push(Endpoint { service, ..plan.endpoints[EndpointId::new(0)].clone() });
        plan.services[service].endpoints = vec![answer];
        let to = Destination::Balancer(balancer);
        let site = Site { name: "call".into(), to, resolvers: 16, dns_ttl: secs(1), ..plan.sites[SITE].clone() };
        let site = plan.sites.push(site);
        plan.endpoints[EndpointId::new(0)].steps = vec![Step::Call { site, endpoint: answer }];
        // What stays in its zone costs nothing to send: half of the rest of the lookups stay by chance.
        let result = run(&plan);
        assert!(outcome(&result, "ok") + 5 > result.summary.requests.offered, "{:?}", result.summary.outcomes);
        let near = Dist::Constant(0.0);
        let far = Dist::Constant(1.0);
        let zones = [ZoneId::new(0), ZoneId::new(1)];
        plan.network.round_trip = zones
            .iter()
            .map(|a| zones.iter().map(|b| if a == b { near.clone() } else { far.clone() }).collect())
            .collect();
        // The slow ones are those whose inner call went to the other zone: two more hops of half a second each.
        plan.target_groups[GROUP].cross_zone = false;
        let (_, requests) = watched(&plan);
        let slow = requests.iter().filter(|r| (r.ended - r.born).as_secs_f64() > 0.5).count();
        1.0 - slow as f64 / requests.len() as f64
    };
    for (affinity, expected) in [(0.0, 0.5), (0.85, 0.925), (1.0, 1.0)] {
        let found = share(affinity);
        assert!((found - expected).abs() < 0.06, "affinity {affinity}: {found} stay, not {expected}");
    }
}

#[test]
fn network_and_classic_prices() {
    let mut plan = fixed(2, 100, 3_600);
    plan.prices.network_balancer_hour = 0.0225;
    plan.prices.nlcu_hour = 0.006;
    plan.prices.classic_balancer_hour = 0.025;
    plan.prices.classic_balancer_gb = 0.008;
    network(&mut plan);
    // 10 new flows a second of 800, hardly any at once, 36,000 × 2,000 bytes = 0.072 GB of 1 GB: the bytes decide.
    let result = run(&plan);
    let requests = result.summary.requests.offered as f64;
    let units = requests * 2_000.0 / 1e9;
    let figures = result.summary.load_balancers["www"];
    assert!((figures.lcu_hours - units).abs() < 1e-5, "{} and {units}", figures.lcu_hours);
    let usd = result.summary.cost_usd.by_part["load_balancer.www"];
    assert!((usd - (0.0225 + 0.006 * units)).abs() < 1e-7, "{usd}");
    // Small ones: the new flows decide.
    (plan.sites[SITE].request_bytes, plan.sites[SITE].response_bytes) = (50, 50);
    let figures = run(&plan).summary.load_balancers["www"];
    assert!((figures.lcu_hours - 10.0 / 800.0).abs() < 1e-4, "{}", figures.lcu_hours);
    (plan.sites[SITE].request_bytes, plan.sites[SITE].response_bytes) = (1_000, 1_000);
    plan.target_groups[GROUP].network = None;
    classic(&mut plan, 100, 1024);
    let usd = run(&plan).summary.cost_usd.by_part["load_balancer.www"];
    assert!((usd - (0.025 + 0.008 * units)).abs() < 1e-6, "{usd}");
}

#[test]
fn classic_sessions_stay_with_their_instance() {
    for (stickiness, moves) in [(Some(secs(600)), false), (None, true)] {
        let mut plan = fixed(4, 100, 300);
        plan.populations[PopulationId::new(0)].sessions = 1;
        plan.target_groups[GROUP].stickiness = stickiness.map(Stickiness::LbCookie);
        classic(&mut plan, 100, 1024);
        let (_, requests) = watched(&plan);
        let moved = requests.iter().any(|request| request.instance != requests[0].instance);
        assert_eq!(moved, moves, "{stickiness:?}");
    }
}
