//! Whole scenarios at random, features on and off, and what must hold in all of them.

use crate::lab::{plan, run};
use models::result::{Requests, RunResult};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;

/// A scenario of a few minutes, as text, with the maximum of its group if it has one.
#[derive(Clone, Debug)]
struct Draft {
    zones: usize,
    balancer: bool,
    group: bool,
    target: String,
    clients: Vec<String>,
    service: String,
    steps: Vec<String>,
    store: Option<String>,
    faults: Vec<String>,
    warm_up: bool,
    policy: usize,
    kind: usize,
}

fn pick(options: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(options).prop_map(str::to_string)
}

/// Some of the options, in order.
fn some(options: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(pick(options), 0..=most)
}

const ARRIVALS: &[&str] = &[
    "Poisson(\"20/s\")",
    "Poisson(\"150/s\")",
    "Even(\"30/s\")",
    "Spike(base: \"5/s\", peak: \"200/s\", at: \"60s\", rise: \"10s\", hold: \"60s\", decay: \"20s\")",
    "Closed(users: 1)",
    "Closed(users: 40, think: Exp(mean: \"200ms\"))",
];
const CARE: &[&str] = &[
    "",
    "timeout: Never",
    "timeout: \"300ms\", retry: Immediate(attempts: 3)",
    "timeout: \"1s\", retry: Backoff(attempts: 4, base: \"50ms\"), abandoned_work: IsCancelled",
    "timeout: \"200ms\", abandoned_work: IsCancelled, retry: Fixed(attempts: 2, delay: \"10ms\")",
    "patience: Exp(mean: \"100ms\")",
    "patience: \"50ms\", timeout: \"100ms\", retry: Immediate(attempts: 2)",
    "sessions: 30, timeout: \"2s\", connect_timeout: \"500ms\", retry: Backoff(attempts: 3, base: \"20ms\", jitter: Decorrelated)",
    "connections: KeepAlive(), timeout: \"1s\", retry: Sdk(mode: Adaptive)",
    "connections: KeepAlive(pools: 3, idle_timeout: \"5s\", resend: true, tls: Tls12), retry: Sdk(era: 2025, mode: Standard)",
    "connections: PerRequest(tls: Tls13, syn: LinearFirst, retransmission_limit: \"20s\"), timeout: Never, connect_timeout: Never",
    "dns_cache: Jvm(ttl: \"5s\"), ttl_violators: (share: \"20%\", hold: \"10m\"), timeout: \"2s\", retry: Sdk()",
    "connections: KeepAlive(resend: true), timeout: \"400ms\", abandoned_work: IsCancelled, patience: \"90ms\"",
];
const SERVICE: &[&str] = &[
    "",
    "workers: 1, backlog: 0",
    "workers: 2, backlog: 5, holds_worker: false",
    "workers: 4, backlog: Unbounded, holds_worker: false",
    "workers: 50, backlog: 10, discovery: Random",
    "workers: 3, sessions_on_instance: true",
    "workers: 2, backlog: 3, when_full: Throttle(retry_after: \"1s\")",
];
const STEPS: &[&str] = &[
    "Compute(Exp(mean: \"5ms\"))",
    "Compute(\"20ms\")",
    "Compute(\"0s\")",
    "Sleep(Exp(mean: \"30ms\"))",
    "Parallel([[Compute(\"3ms\")], [Sleep(\"5ms\"), Compute(Exp(mean: \"2ms\"))]])",
    "Query",
    "Write",
    "ParallelQuery",
    "Call(to: \"back\")",
    "Call(to: \"back\", timeout: \"20ms\", retry: Immediate(attempts: 2), abandoned_work: IsCancelled)",
];
const STORES: &[&str] = &[
    "Plain(connections: 2)",
    "Plain(connections: 20, vcpus: 1)",
    "Rds(instance_class: \"db.m5.large\", max_connections: 5, vcpus: 2, recovery: \"20s\")",
    "Rds(instance_class: \"db.m5.large\", multi_az: Standby, failover: Uniform(low: \"5s\", high: \"15s\"), standby_rebuild: \"30s\", recovery: \"20s\")",
    "Rds(instance_class: \"db.m5.large\", multi_az: Standby, replication: Asynchronous(lag: Exp(mean: \"500ms\")), failover: \"5s\", standby_rebuild: \"20s\", recovery: \"20s\", reconnect: Never)",
];
/// `Z` stands for a zone, `W` for the fleet; those with a `Z` are left out without zones, those of the database without one.
const FAULTS: &[&str] = &[
    "At(\"70s\", TerminateInstances(AnyOf(\"web\", 1)))",
    "At(\"70s\", TerminateInstances(All(\"web\")))",
    "At(\"50s\", StopInstances(All(\"web\"), \"30s\"))",
    "At(\"60s\", HangInstances(AnyOf(\"web\", 1), \"40s\"))",
    "At(\"60s\", HangInstances(All(\"web\")))",
    "At(\"65s\", FreezeInstances(All(\"web\"), \"15s\"))",
    "At(\"62s\", FreezeInstances(Share(\"web\", \"50%\"), \"70s\"))",
    "At(\"40s\", SlowInstances(All(\"web\"), \"30%\", \"50s\"))",
    "At(\"45s\", CpuStress(All(\"web\"), \"90%\", \"60s\"))",
    "At(\"55s\", EndpointErrors(\"web\", \"page\", \"20%\", \"60s\"))",
    "At(\"60s\", ZonePowerLoss(\"z1\", \"60s\"))",
    "At(\"60s\", ZonePowerLoss(\"z2\"))",
    "At(\"80s\", ZonePartition(\"z1\", \"30s\"))",
    "At(\"75s\", ZonePartition(\"z2\", \"50s\"))",
    "At(\"50s\", ZoneGrey(zone: \"z1\", loss: \"20%\", latency: \"10ms\", duration: \"60s\"))",
    "At(\"90s\", InsufficientCapacity(\"z1\", \"30s\"))",
    "At(\"60s\", FailPrimary(\"db\"))",
    "At(\"70s\", RebootWithFailover(\"db\"))",
    "At(\"64s\", FailStandby(\"db\"))",
    "Random(mttf: Exp(mean: \"40s\"), action: FailPrimary(\"db\"))",
    "Random(mttf: Exp(mean: \"50s\"), mttr: Exp(mean: \"20s\"), action: HangInstances(AnyOf(\"web\", 1)))",
    "Random(mttf: Exp(mean: \"30s\"), mttr: Exp(mean: \"10s\"), action: StopInstances(AnyOf(\"web\", 1)))",
    "Random(mttf: Exp(mean: \"60s\"), mttr: \"10s\", action: ZonePowerLoss(\"z1\"))",
    "Random(mttf: Exp(mean: \"60s\"), mttr: \"10s\", action: ZonePartition(\"z1\"))",
    "At(\"60s\", FailNat(\"nat\", \"60s\"))",
    "At(\"60s\", FailLaunches(\"web\", \"60%\", \"60s\"))",
    "At(\"30s\", DelayMetrics(\"60s\", \"90s\"))",
    "At(\"30s\", LoseMetrics(\"60s\"))",
];

fn drafts() -> impl Strategy<Value = Draft> {
    let shape = (0usize..=3, any::<bool>(), any::<bool>(), any::<bool>(), 0usize..4, 0usize..5);
    let target = pick(&[
        "",
        "algorithm: LeastOutstandingRequests, deregistration_delay: \"10s\"",
        "algorithm: WeightedRandom, cross_zone: false, deregistration_delay: \"0s\"",
        "stickiness: \"20s\", deregistration_delay: \"30s\"",
    ]);
    let client = (pick(ARRIVALS), pick(CARE)).prop_map(|(arrivals, care)| format!("arrivals: {arrivals}, {care}"));
    let clients = prop::collection::vec(client, 1..=2);
    let rest = (clients, pick(SERVICE), prop::collection::vec(pick(STEPS), 1..=4), prop::option::of(pick(STORES)));
    (shape, target, rest, some(FAULTS, 4)).prop_map(|(shape, target, rest, faults)| Draft {
        zones: shape.0,
        balancer: shape.1,
        group: shape.2,
        target,
        clients: rest.0,
        service: rest.1,
        steps: rest.2,
        store: rest.3,
        faults,
        warm_up: shape.3,
        policy: shape.4,
        kind: shape.5,
    })
}

/// Most instances of the group.
const MAX: u32 = 5;

impl Draft {
    fn balanced(&self) -> bool {
        self.balancer && self.zones != 1
    }

    /// What stands between the parentheses of the scenario.
    fn body(&self) -> String {
        let store = self.store.as_ref().filter(|store| self.zones > 0 || store.starts_with("Plain"));
        let store = store.filter(|store| self.zones > 1 || !store.contains("Standby"));
        let rds = store.is_some_and(|store| store.starts_with("Rds"));
        let step = |step: &String| match (step.as_str(), store) {
            ("Query", Some(_)) => Some("Query(\"db\", Read, Exp(mean: \"8ms\"))".to_string()),
            ("Write", Some(_)) => Some("Query(\"db\", Write, Exp(mean: \"4ms\"))".to_string()),
            ("ParallelQuery", Some(_)) => Some(
                "Parallel([[Query(\"db\", Read, \"4ms\")], [Query(\"db\", Write, Exp(mean: \"4ms\"))]])".to_string(),
            ),
            ("Query" | "Write" | "ParallelQuery", None) => None,
            (other, _) => Some(other.to_string()),
        };
        let mut steps: Vec<String> = self.steps.iter().filter_map(step).collect();
        if steps.is_empty() {
            steps.push("Compute(\"1ms\")".to_string());
        }
        let calls = steps.iter().any(|step| step.starts_with("Call"));
        let fits = |fault: &&String| {
            (!fault.contains("\"z1\"") || self.zones > 0)
                && (!fault.contains("\"z2\"") || self.zones > 1)
                && (!fault.contains("\"db\"") || rds)
                && (!fault.contains("FailStandby") || store.is_some_and(|store| store.contains("Standby")))
                && (!fault.contains("WithFailover") || store.is_some_and(|store| store.contains("Standby")))
                && (!fault.contains("\"nat\"") || self.zones > 0)
                && (!fault.contains("FailLaunches") || self.group)
        };
        let faults: Vec<&str> = self.faults.iter().filter(fits).map(String::as_str).collect();
        let mut text = String::from("duration: \"150s\", drain: \"20s\", series_interval: \"1s\",\n");
        if self.warm_up {
            text += "warm_up: \"20s\",\n";
        }
        if self.zones > 0 {
            let zones: Vec<String> = (1..=self.zones).map(|zone| format!("\"z{zone}\"")).collect();
            text += &format!("regions: {{ \"r\": (zones: [{}]) }},\n", zones.join(", "));
            text += "nat_gateways: { \"nat\": (zone: \"z1\") },\n";
        }
        let classic = self.kind == 4;
        let (to, groups) = match (self.balanced(), classic) {
            (true, false) => ("lb", "target_groups: [\"web\"],"),
            (true, true) => ("lb", ""),
            (false, _) => ("web", ""),
        };
        let clients = self.clients.iter().enumerate();
        let clients: Vec<String> = clients.map(|(i, client)| format!("\"c{i}\": (to: \"{to}\", {client})")).collect();
        text += &format!("clients: {{ {} }},\n", clients.join(", "));
        if self.balanced() {
            let check = "interval: \"5s\", timeout: \"2s\", healthy_threshold: 2, unhealthy_threshold: 2";
            let flows = "connection_termination: true, deregistration_delay: \"10s\", preserve_client_ip: false";
            let (balancer, target) = match self.kind {
                3 => (
                    "Network(forward_to: \"web\", ports: 50, client_routing_policy: PartialAvailabilityZoneAffinity)",
                    flows,
                ),
                4 => ("", ""),
                _ => ("Application(forward_to: \"web\", client_keep_alive: \"60s\")", self.target.as_str()),
            };
            if classic {
                let listener = if self.policy == 0 { "Tcp" } else { "Http" };
                text += &format!(
                    "load_balancers: {{ \"lb\": Classic(instances: [\"web\"], listener: {listener}, surge_queue: 20, instance_capacity: 6,
                         cross_zone: true, connection_draining: \"10s\", health_check: ({check})) }},\n"
                );
            } else {
                text += &format!("load_balancers: {{ \"lb\": {balancer} }},\n");
                text += &format!(
                    "target_groups: {{ \"web\": ({target}, health_check: ({check}, registration_delay: \"5s\")) }},\n"
                )
                .replace("(, ", "(");
            }
        }
        let runs_on = if self.group {
            let egress = if self.zones > 0 { "bootstrap_needs_egress: true," } else { "" };
            text += &format!(
                "launch_templates: {{ \"web\": (vcpus: 2, monitoring: Detailed, pending: \"2s\", boot: \"5s\", bootstrap: \"3s\",
                     {egress} egress_timeout: \"10s\", boot_failure: \"5%\", bootstrap_failure: \"10%\") }},\n"
            );
            let checked = if self.balanced() { "health_check_type: Elb," } else { "" };
            let policies = [
                "\"p\": Simple(adjustment: PercentChangeInCapacity(50), cooldown: \"20s\", min_adjustment_magnitude: 1), \"q\": Simple(adjustment: ChangeInCapacity(-1), cooldown: \"20s\")",
                "\"p\": Simple(adjustment: ExactCapacity(5), cooldown: \"0s\"), \"q\": Simple(adjustment: PercentChangeInCapacity(-50))",
                "\"p\": Step(adjustment_type: ChangeInCapacity, estimated_instance_warmup: \"10s\", steps: [(lower: 0, upper: 20, adjustment: 1), (lower: 20, adjustment: 9)]), \"q\": Simple(adjustment: ExactCapacity(1))",
                "\"p\": Simple(adjustment: ChangeInCapacity(9)), \"q\": Step(adjustment_type: PercentChangeInCapacity, estimated_instance_warmup: \"10s\", steps: [(upper: 0, adjustment: -40)])",
            ];
            text += &format!(
                "auto_scaling_groups: {{ \"web\": (launch_template: \"web\", min_size: 1, max_size: {MAX}, desired_capacity: 2, {groups}
                     {checked} health_check_grace_period: \"15s\", health_poll: \"5s\", launch_retry: \"8s\", action_delay: \"1s\",
                     termination: \"5s\", policies: {{ {} }}) }},\n",
                policies[self.policy]
            );
            text += "cloudwatch: (ec2_delay: \"5s\", custom_delay: \"2s\"),
                alarms: {
                    \"high\": (metric: Cpu(group: \"web\"), period: \"60s\", evaluation_periods: 1, above: 40, actions: [Scale(\"web\", \"p\")]),
                    \"low\": (metric: QueueDepth(service: \"web\"), period: \"60s\", evaluation_periods: 1, at_or_below: 0,
                            treat_missing_data: Breaching, actions: [Scale(\"web\", \"q\")]) },\n";
            "runs_on: \"web\"".to_string()
        } else {
            format!("instances: 3, vcpus: 1, {groups}")
        };
        if let Some(store) = store {
            text += &format!("databases: {{ \"db\": {store} }},\n");
        }
        let pool = if store.is_some() && self.policy > 1 { "pools: { \"db\": 3 }," } else { "" };
        let back = if calls {
            "\"back\": (instances: 1, vcpus: 2, workers: 4, backlog: 20, endpoints: { \"item\": (error_rate: \"2%\", steps: [Compute(Exp(mean: \"4ms\"))]) })"
        } else {
            ""
        };
        text += &format!(
            "services: {{ \"web\": ({runs_on}, {} {pool} endpoints: {{ \"page\": (steps: [{}]), \"tiny\": (weight: 0.1, steps: [Compute(\"1ms\")]) }}), {back} }},\n",
            if self.service.is_empty() { String::new() } else { format!("{},", self.service) },
            steps.join(", ")
        );
        text += &format!("faults: [{}]", faults.join(", "));
        text.replace(", ,", ",").replace(",,", ",")
    }
}

fn balance(what: &str, requests: &Requests, outcomes: &BTreeMap<String, u64>, availability: f64) {
    let ended: u64 = outcomes.values().sum();
    assert_eq!(requests.offered, requests.succeeded + requests.failed + requests.in_flight, "{what}: {requests:?}");
    assert_eq!(ended, requests.succeeded + requests.failed, "{what}: {outcomes:?}");
    assert_eq!(outcomes.get("ok").copied().unwrap_or(0), requests.succeeded, "{what}: {outcomes:?}");
    let expected = if ended == 0 { 1.0 } else { requests.succeeded as f64 / ended as f64 };
    assert!((availability - expected).abs() < 1e-12, "{what}: {availability}");
}

/// Outcomes need something that can cause them; and whoever gives up in time has ended when the run has drained.
fn plausible(draft: &Draft, run: &RunResult) {
    let s = &run.summary;
    let (body, clients) = (draft.body(), draft.clients.join(" "));
    let possible = |outcome: &str| match outcome {
        "elb_502" => draft.balanced() || body.contains("faults: [A") || body.contains("faults: [R") || draft.group,
        "elb_503" | "elb_504" => draft.balanced(),
        "stale_dns" => draft.balanced() && draft.zones > 1,
        "database_unavailable" | "connections_exhausted" => body.contains("Rds("),
        "abandoned" => clients.contains("patience"),
        "timed_out" => draft.clients.iter().any(|client| !client.contains("Never")),
        "target_5xx" => ["Call(", "EndpointErrors"].iter().any(|cause| body.contains(cause)),
        _ => true,
    };
    for outcome in s.outcomes.keys().chain(s.attempts.keys()) {
        assert!(possible(outcome), "{outcome}: {:?}", s.outcomes);
    }
    // A rate limiter that has been throttled holds attempts back for as long as it takes.
    let held_back = clients.contains("Adaptive") && body.contains("Throttle");
    if !clients.contains("Never") && !held_back {
        assert_eq!(s.requests.in_flight, 0, "{:?}", s.requests);
    }
    let attempts: u64 = s.attempts.values().sum();
    assert!(attempts <= 6 * s.requests.offered, "{attempts} of {:?}", s.requests);
    if !["attempts", "Sdk(", "resend"].iter().any(|more| clients.contains(more)) {
        assert_eq!(attempts, s.requests.succeeded + s.requests.failed);
    }
    // Users of a closed loop have sessions, others where the scenario says so: 40 at most of each population, every one of
    // them lost at most once with each instance.
    let lost = s.groups.values().map(|group| u64::from(group.terminations)).sum::<u64>() + 40;
    let sessions = clients.contains("sessions") || clients.contains("Closed");
    let most = if sessions && body.contains("sessions_on_instance: true") { 80 * lost } else { 0 };
    assert!(s.sessions_lost <= most, "{}", s.sessions_lost);
    // Where nothing breaks, errs or gives up, and no queue is bounded, all is well.
    let calm = ["faults: []", "backlog: Unbounded"].iter().all(|part| body.contains(part))
        && ![
            "_failure",
            "Rds(",
            "Call(",
            "timeout: \"200ms",
            "timeout: \"300ms",
            "timeout: \"1s",
            "patience",
            "10s, retry",
        ]
        .iter()
        .any(|part| body.contains(part));
    // Ports and surge queues are bounded too.
    let calm = calm && (draft.kind < 3 || !draft.balanced());
    if calm && draft.clients.iter().all(|client| client.contains("timeout: Never")) {
        assert_eq!(s.requests.failed, 0, "{:?}", s.outcomes);
    }
}

/// What must hold in every result.
fn check(draft: &Draft, run: &RunResult) {
    let s = &run.summary;
    plausible(draft, run);
    balance("all", &s.requests, &s.outcomes, s.availability);
    for (name, traffic) in s.endpoints.iter().chain(&s.clients) {
        balance(name, &traffic.requests, &traffic.outcomes, traffic.availability);
    }
    assert_eq!(s.clients.values().map(|one| one.requests.offered).sum::<u64>(), s.requests.offered);
    assert_eq!(s.endpoints.values().map(|one| one.requests.failed).sum::<u64>(), s.requests.failed);
    assert!(s.attempts.values().sum::<u64>() >= s.requests.succeeded + s.requests.failed);
    assert!(s.attempts.get("ok").copied().unwrap_or(0) >= s.requests.succeeded);
    let l = s.latency_ms;
    let ladder = [0.0, l.p50, l.p90, l.p95, l.p99, l.p999, l.max];
    assert!(ladder.windows(2).all(|pair| pair[0] <= pair[1]) && l.mean <= l.max, "{l:?}");
    for (name, queue) in &s.queueing_ms {
        let what = format!("{name}: {queue:?}");
        for share in [queue.probability_of_wait, queue.utilisation, queue.occupancy] {
            assert!((0.0..=1.0 + 1e-9).contains(&share), "{what}");
        }
        assert!(queue.mean_waiting >= 0.0 && queue.mean_present >= queue.mean_waiting - 1e-9, "{what}");
        assert!(queue.wait.mean <= queue.wait.max && queue.wait.p50 <= queue.wait.p99, "{what}");
    }
    for (name, group) in &s.groups {
        assert!(
            group.min_in_service <= group.final_in_service && group.final_in_service <= group.max_in_service,
            "{group:?}"
        );
        let (least, most) = (f64::from(group.min_in_service), f64::from(group.max_in_service));
        assert!((least - 1e-9..=most + 1e-9).contains(&group.mean_in_service), "{group:?}");
        let bound = if name != "web" || !draft.group { 3 } else { MAX + 1 };
        assert!(group.max_in_service <= bound, "{name}: {group:?}");
        assert!(group.failed_launches <= group.launches, "{group:?}");
    }
    for (name, store) in &s.databases {
        assert!(store.committed_writes >= store.lost_writes, "{name}: {store:?}");
        assert!((0.0..=s.duration_s + 1e-9).contains(&store.unavailable_s), "{store:?}");
        assert!(store.longest_outage_s <= store.unavailable_s + 1e-9, "{store:?}");
    }
    for (name, balancer) in &s.load_balancers {
        assert!(balancer.fail_open <= balancer.requests, "{name}: {balancer:?}");
        assert!((0.0..=s.duration_s + 1e-9).contains(&balancer.no_healthy_target_s), "{name}: {balancer:?}");
    }
    for pair in run.timeline.windows(2) {
        assert!(pair[0].id < pair[1].id && pair[0].t_s <= pair[1].t_s, "{pair:?}");
    }
    for entry in &run.timeline {
        if let Some(cause) = entry.cause {
            let known = run.timeline.iter().find(|other| other.id == cause);
            let known = known.unwrap_or_else(|| panic!("no cause {cause} of {entry:?}"));
            assert!(known.id < entry.id && known.t_s <= entry.t_s, "{entry:?} before its cause {known:?}");
        }
    }
    for incident in &s.incidents {
        let links = [incident.detected_s, incident.restored_s, incident.redundancy_restored_s];
        // An alarm may be raised up to a minute before users feel a degradation that no fault explains.
        let least = if incident.fault == "degradation" { incident.t_s - 60.0 } else { incident.t_s };
        assert!(links.iter().flatten().all(|&time| time >= least - 1e-9), "{incident:?}");
        assert!(incident.failed_requests <= s.requests.failed || s.warm_up_s > 0.0, "{incident:?}");
    }
    assert!(s.cost_usd.total >= 0.0 && s.cost_usd.by_part.values().all(|&part| part >= 0.0), "{:?}", s.cost_usd);
    let sum: f64 = s.cost_usd.by_part.values().sum();
    assert!((sum - s.cost_usd.total).abs() < 1e-9 * sum.max(1.0), "{:?}", s.cost_usd);
    for column in &run.series.columns {
        assert_eq!(column.values.len(), run.series.rows(), "{}", column.name);
        let most = match column.name.as_str() {
            name if name.starts_with("cpu_percent.") => 100.0 + 1e-6,
            name if name.starts_with("group.web.desired") => f64::from(MAX),
            _ => f64::INFINITY,
        };
        let least = if column.name.ends_with(".state") { -1.0 } else { 0.0 };
        let fine = |value: &f64| value.is_nan() || (least..=most).contains(value) || column.name.starts_with("alarm.");
        assert!(column.values.iter().all(fine), "{}: {:?}", column.name, column.values);
    }
    // Every request is counted in some row: those born, and those ended while it ran.
    let offered: f64 = run.series.get("offered_per_s").map_or(0.0, |column| column.values.iter().sum());
    assert!(offered.round() as u64 >= s.requests.offered, "{offered} in the series, {:?}", s.requests);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, rng_seed: RngSeed::Fixed(1), failure_persistence: None, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn every_scenario_adds_up(draft in drafts(), seed in 0u64..1000) {
        let body = draft.body();
        let result = run(&plan(&body), seed, 0);
        let checked = std::panic::catch_unwind(|| check(&draft, &result));
        prop_assert!(checked.is_ok(), "seed {seed}\n{body}");
    }
}
