//! One scenario, one seed, one result: whoever runs it, with whatever watching, on however many threads.

use crate::lab::{plan, run};
use models::plan::Plan;
use models::result::RunResult;
use models::{Progress, RequestRecord, Watcher};
use rayon::prelude::*;
use std::ops::ControlFlow;

/// A bit of everything: a group that scales, alarms, a failover, retries, jitter, sessions, a grey zone.
const RICH: &str = "duration: \"20m\", warm_up: \"30s\",
    regions: { \"r\": (zones: [\"a\", \"b\"], inter_az_rtt: Lognormal(mean: \"1ms\", cv: 0.5)) },
    clients: {
        \"visitors\": (to: \"www\", arrivals: Spike(base: \"40/s\", peak: \"200/s\", at: \"3m\", rise: \"1m\", hold: \"6m\", decay: \"2m\"),
                     timeout: \"2s\", retry: Backoff(attempts: 3, base: \"100ms\"), sessions: 500),
        \"robots\": (to: \"www\", arrivals: Closed(users: 20, think: Exp(mean: \"1s\")), patience: \"1s\"),
    },
    load_balancers: { \"www\": Application(forward_to: \"web\") },
    target_groups: { \"web\": (algorithm: LeastOutstandingRequests, stickiness: \"60s\", deregistration_delay: \"20s\",
                             health_check: (interval: \"10s\", timeout: \"3s\")) },
    launch_templates: { \"web\": (vcpus: 2, monitoring: Detailed, bootstrap: \"20s\", boot_failure: \"10%\") },
    auto_scaling_groups: { \"web\": (launch_template: \"web\", min_size: 2, max_size: 6, target_groups: [\"web\"], health_check_type: Elb,
        health_check_grace_period: \"90s\", policies: { \"out\": Simple(adjustment: ChangeInCapacity(1), cooldown: \"60s\") }) },
    alarms: { \"busy\": (metric: Cpu(group: \"web\"), period: \"60s\", evaluation_periods: 2, above: 60, actions: [Scale(\"web\", \"out\")]) },
    databases: { \"orders\": Rds(instance_class: \"db.m5.large\", multi_az: Standby, vcpus: 2, max_connections: 60) },
    services: { \"web\": (runs_on: \"web\", workers: 8, backlog: 64, pools: { \"orders\": 6 }, endpoints: {
        \"page\": (weight: 3, error_rate: \"0.5%\", steps: [Compute(Lognormal(mean: \"8ms\", cv: 1)), Query(\"orders\", Read, Exp(mean: \"5ms\"))]),
        \"order\": (steps: [Compute(Exp(mean: \"5ms\")), Parallel([[Query(\"orders\", Write, Exp(mean: \"6ms\"))], [Sleep(\"10ms\"), Compute(\"1ms\")]])]) }) },
    faults: [At(\"8m\", FailPrimary(\"orders\")), At(\"12m\", ZoneGrey(zone: \"a\", loss: \"2%\", latency: \"3ms\", duration: \"2m\")),
             Random(mttf: Exp(mean: \"5m\"), action: TerminateInstances(AnyOf(\"web\", 1)))]";

/// Two stations and no control plane.
const BARE: &str = "duration: \"2m\",
    clients: { \"c\": (to: \"web\", arrivals: Poisson(\"300/s\"), timeout: Never) },
    databases: { \"db\": Plain(connections: 3) },
    services: { \"web\": (instances: 4, workers: 2, vcpus: 1, holds_worker: false, endpoints: {
        \"page\": (steps: [Compute(Exp(mean: \"9ms\")), Query(\"db\", Read, Exp(mean: \"7ms\"))]) }) }";

/// A zone goes dark under a fixed fleet.
const DARK: &str = "duration: \"10m\",
    regions: { \"r\": (zones: [\"a\", \"b\"]) },
    clients: { \"c\": (to: \"www\", arrivals: Poisson(\"50/s\"), timeout: \"3s\", retry: Immediate(attempts: 2)) },
    load_balancers: { \"www\": Application(forward_to: \"web\") },
    target_groups: { \"web\": (health_check: (interval: \"10s\")) },
    services: { \"web\": (instances: 4, target_groups: [\"web\"], vcpus: 2, endpoints: { \"page\": (steps: [Compute(Exp(mean: \"20ms\"))]) }) },
    faults: [At(\"3m\", ZonePowerLoss(\"a\", \"3m\"))]";

/// The result but for what is said of the run itself, as text: every figure to its last digit.
fn text(result: &RunResult) -> String {
    let mut result = result.clone();
    result.summary.run = Default::default();
    serde_json::to_string(&result).expect("plain data")
}

/// Wants every request, and looks often.
#[derive(Default)]
struct Curious(u64);

impl Watcher for Curious {
    fn progress(&mut self, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn request(&mut self, _: RequestRecord) {
        self.0 += 1;
    }
    fn wants_requests(&self) -> bool {
        true
    }
}

fn replications(plan: &Plan, threads: usize) -> Vec<String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| (0..4u32).into_par_iter().map(|replication| text(&run(plan, 5, replication))).collect())
}

#[test]
fn a_run_can_be_repeated_and_watched() {
    let plan = plan(RICH);
    let once = run(&plan, 5, 0);
    assert!(
        once.summary.requests.offered > 50_000 && once.timeline.len() > 20,
        "{:?}, {}",
        once.summary.requests,
        once.timeline.len()
    );
    assert_eq!(text(&once), text(&run(&plan, 5, 0)));
    let mut curious = Curious::default();
    let watched = models::simulate(&plan, 5, 0, &mut curious).expect("nobody interrupts");
    assert_eq!(text(&once), text(&watched));
    let requests = watched.summary.requests;
    assert!(curious.0 >= requests.succeeded + requests.failed);
}

#[test]
fn threads_do_not_matter() {
    let plan = plan(RICH);
    let (one, two) = (replications(&plan, 1), replications(&plan, 2));
    assert_eq!(one, two);
    for (index, text) in one.iter().enumerate() {
        assert!(!one[..index].contains(text), "replication {index} repeats an earlier one");
    }
}

#[test]
fn seeds_and_replications_matter() {
    let plan = plan(BARE);
    let digest = |seed, replication| run(&plan, seed, replication).summary.digest;
    let digests = [digest(1, 0), digest(1, 1), digest(2, 0), digest(2, 1), digest(1 << 40, 0)];
    for (index, digest) in digests.iter().enumerate() {
        assert!(!digests[..index].contains(digest), "{digests:?}");
    }
}

/// The same on every machine, in every profile. A change of these digests is a change of results: it belongs into the
/// changelog under that heading.
#[test]
fn digests_are_those_of_yesterday() {
    let digests = [BARE, DARK, RICH].map(|body| run(&plan(body), 5, 0).summary.digest);
    assert_eq!(digests, ["58240efb6b253ab1", "db1b509ad260e196", "adae9d9e0eef808b"]);
}

/// Common random numbers: what a population asks, and when, does not depend on who else is there or what policy holds.
#[test]
fn what_is_unrelated_changes_nothing() {
    struct Births(Vec<(u64, u16)>);
    impl Watcher for Births {
        fn progress(&mut self, _: Progress) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
        fn request(&mut self, record: RequestRecord) {
            if record.population == 0 {
                self.0.push((record.born.nanos(), record.endpoint));
            }
        }
        fn wants_requests(&self) -> bool {
            true
        }
    }
    let births = |body: &str| {
        let mut births = Births(Vec::new());
        models::simulate(&plan(body), 5, 0, &mut births).expect("nobody interrupts");
        births.0.sort_unstable();
        births.0
    };
    let body = |algorithm: &str, more_clients: &str, more_services: &str| {
        format!(
            "duration: \"3m\",
             clients: {{ \"a\": (to: \"www\", arrivals: Poisson(\"100/s\")), {more_clients} }},
             load_balancers: {{ \"www\": Application(forward_to: \"web\") }},
             target_groups: {{ \"web\": (algorithm: {algorithm}) }},
             services: {{ \"web\": (instances: 3, workers: 2, target_groups: [\"web\"], endpoints: {{
                 \"x\": (steps: [Compute(Exp(mean: \"10ms\"))]), \"y\": (weight: 2, steps: [Compute(Exp(mean: \"5ms\"))]) }}), {more_services} }}"
        )
    };
    let alone = births(&body("RoundRobin", "", ""));
    assert!(alone.len() > 17_000, "{}", alone.len());
    assert_eq!(alone, births(&body("LeastOutstandingRequests", "", "")));
    assert_eq!(alone, births(&body("WeightedRandom", "\"b\": (to: \"www\", arrivals: Poisson(\"50/s\"))", "")));
    let other = "\"zzz\": (instances: 1, endpoints: { \"e\": (steps: [Sleep(\"1ms\")]) })";
    assert_eq!(alone, births(&body("RoundRobin", "\"b\": (to: \"zzz\", arrivals: Closed(users: 5))", other)));

    // The work of each request is its own as well: with a processor for everybody the latencies are the demands, in the
    // same order, whether the others are there or not.
    let latencies = |more: &str| {
        let body = format!(
            "duration: \"1m\",
             clients: {{ \"a\": (to: \"web\", arrivals: Poisson(\"100/s\")), {more} }},
             services: {{ \"web\": (instances: 4, vcpus: 448, workers: 448, endpoints: {{
                 \"x\": (steps: [Compute(Exp(mean: \"10ms\")), Sleep(Exp(mean: \"3ms\"))]) }}) }}"
        );
        run(&plan(&body), 5, 0).summary.clients["a"].latency_ms
    };
    assert_eq!(latencies(""), latencies("\"b\": (to: \"web\", arrivals: Poisson(\"333/s\"))"));
}
