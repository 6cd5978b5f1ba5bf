//! Parts that break and are repaired, and what a database costs in time.

use crate::lab::{agrees, agrees_within, is, plan, run, runs, share};
use crate::theory::{erlang_b, pollaczek_khinchine};

/// A = MTTF/(MTTF+MTTR), for the time and (Poisson arrivals see time averages; Wolff, Operations Research 30, 1982) for the
/// requests. Source: Barlow and Proschan, "Statistical Theory of Reliability" (1975), section 7.2.
#[test]
fn a_single_store() {
    let body = "duration: \"50000s\",
        clients: { \"c\": (to: \"web\", arrivals: Poisson(\"1/s\")) },
        regions: { \"r\": (zones: [\"a\"], intra_az_rtt: \"0s\") },
        databases: { \"db\": Rds(instance_class: \"db.m5.large\", recovery: Exp(mean: \"10s\")) },
        services: { \"web\": (instances: 1, endpoints: { \"page\": (steps: [Query(\"db\", Read, \"1ms\")]) }) },
        faults: [Random(mttf: Exp(mean: \"40s\"), action: FailPrimary(\"db\"))]";
    let runs = runs(body, 16);
    agrees(&runs, "time", 0.2, |s| s.databases["db"].unavailable_s / s.duration_s);
    agrees(&runs, "requests", 0.2, |s| share(s, "database_unavailable"));
    agrees(&runs, "availability", 0.8, |s| s.availability);
}

/// The same for a server that is stopped and started again, and, for one that hangs, for the requests of patient users: a
/// request fails that comes while it hangs and finds more than its timeout left, e^(−t/MTTR) of them.
#[test]
fn a_single_server() {
    let body = |fault: &str| {
        format!(
            "duration: \"50000s\",
             clients: {{ \"c\": (to: \"web\", arrivals: Poisson(\"1/s\"), timeout: \"2s\") }},
             launch_templates: {{ \"t\": (vcpus: 4, pending: \"0s\", boot: \"0s\") }},
             instances: {{ \"web\": (count: 1, launch_template: \"t\") }},
             services: {{ \"web\": (runs_on: \"web\", workers: 1000, endpoints: {{ \"page\": (steps: [Compute(\"1ms\")]) }}) }},
             faults: [Random(mttf: Exp(mean: \"40s\"), mttr: Exp(mean: \"10s\"), action: {fault}(All(\"web\")))]"
        )
    };
    let stopped = runs(&body("StopInstances"), 16);
    agrees(&stopped, "stopped", 0.2, |s| 1.0 - s.availability);
    agrees(&stopped, "in service", 0.8, |s| s.groups["web"].mean_in_service);
    agrees(&stopped, "refused", 0.2, |s| share(s, "refused"));
    let hangs = runs(&body("HangInstances"), 16);
    let late = 0.2 * (-0.2f64).exp();
    let samples: Vec<f64> = hangs.iter().map(|run| share(&run.summary, "timed_out")).collect();
    agrees_within(0.08, "hangs", late, &samples);
}

/// A Multi-AZ database with every part of its failover constant: the outage is their sum, less the detection if it was told
/// to; the applications find the new primary when their own answer has expired, each at its own moment within 10 s.
#[test]
fn a_failover_takes_the_sum_of_its_parts() {
    let body = |fault: &str| {
        format!(
            "duration: \"600s\",
             regions: {{ \"r\": (zones: [\"a\", \"b\"]) }},
             clients: {{ \"c\": (to: \"web\", arrivals: Even(\"100/s\")) }},
             databases: {{ \"db\": Rds(instance_class: \"db.m5.large\", multi_az: Standby, standby_rebuild: \"100s\",
                 failover: Split(detection: \"10s\", promotion: \"20s\", dns_flip: \"5s\"), reconnect: AfterDnsCache(ttl: \"10s\")) }},
             services: {{ \"web\": (instances: 10, endpoints: {{ \"page\": (steps: [Query(\"db\", Write, \"1ms\")]) }}) }},
             faults: [At(\"100s\", {fault}(\"db\"))]"
        )
    };
    for (fault, outage) in [("FailPrimary", 35.0), ("RebootWithFailover", 25.0)] {
        let run = run(&plan(&body(fault)), 1, 0);
        let db = &run.summary.databases["db"];
        is("unavailable", outage, db.unavailable_s);
        is("longest", outage, db.longest_outage_s);
        assert_eq!((db.failovers, db.lost_writes, db.primary_zone.as_str()), (1, 0, "b"));
        // Between those without and those with the longest cache.
        let failed = run.summary.requests.failed;
        assert!((100 * outage as u64..100 * (outage as u64 + 10)).contains(&failed), "{failed}");
        assert_eq!(failed, run.summary.outcomes["database_unavailable"]);
        // What is on its way at the end is answered while the run drains, after the figures are closed.
        assert!(run.summary.requests.succeeded - db.committed_writes <= 1);
    }
}

/// A write is acknowledged when both have it: the primary's work, a round trip between the zones, and the standby's write.
/// A read takes the primary's work alone. With the query's own way there and back inside a zone, or between zones.
#[test]
fn a_commit_waits_for_the_standby() {
    for (kind, zone, standby, expected) in [
        ("Read", "a", "Standby", 3.0 + 0.4),
        ("Write", "a", "Standby", 3.0 + 0.4 + 1.5 + 2.0),
        ("Write", "a", "None", 3.0 + 0.4),
        ("Write", "b", "Standby", 3.0 + 1.5 + 1.5 + 2.0),
    ] {
        let body = format!(
            "duration: \"100s\", warm_up: \"10s\",
             regions: {{ \"r\": (zones: [\"a\", \"b\"], intra_az_rtt: \"0.4ms\", inter_az_rtt: \"1.5ms\") }},
             clients: {{ \"c\": (to: \"web\", arrivals: Even(\"10/s\"), round_trip: \"0s\") }},
             databases: {{ \"db\": Rds(instance_class: \"db.m5.large\", multi_az: {standby}, zone: \"{zone}\", standby_write: \"2ms\") }},
             services: {{ \"web\": (instances: 1, zones: [\"a\"], endpoints: {{ \"page\": (steps: [Query(\"db\", {kind}, \"3ms\")]) }}) }}"
        );
        let latency = run(&plan(&body), 1, 0).summary.latency_ms;
        is(kind, expected, latency.mean);
        is(kind, expected, latency.max);
    }
}

/// A database has no queue: beyond its connections it refuses, a share of B(c, λ/μ) (Erlang's loss formula).
#[test]
fn connections_run_out() {
    let body = "duration: \"1000s\", warm_up: \"10s\",
        regions: { \"r\": (zones: [\"a\"], intra_az_rtt: \"0s\") },
        clients: { \"c\": (to: \"web\", arrivals: Poisson(\"100/s\"), round_trip: \"0s\") },
        databases: { \"db\": Rds(instance_class: \"db.m5.large\", max_connections: 3) },
        services: { \"web\": (instances: 1, workers: 100000, endpoints: { \"page\": (steps: [Query(\"db\", Read, Lognormal(mean: \"20ms\", cv: 0.8))]) }) }";
    let runs = runs(body, 8);
    agrees(&runs, "refused", erlang_b(3, 2.0), |s| share(s, "connections_exhausted"));
    agrees(&runs, "connections", 2.0 * (1.0 - erlang_b(3, 2.0)) / 3.0, |s| s.queueing_ms["db"].utilisation);
}

/// A plain store does queue: M/G/1 at a single connection.
#[test]
fn a_plain_store_queues() {
    for (demand, cv) in
        [("Erlang(k: 3, mean: \"10ms\")", (1.0f64 / 3.0).sqrt()), ("Lognormal(mean: \"10ms\", cv: 1.2)", 1.2)]
    {
        let body = format!(
            "duration: \"1000s\", warm_up: \"20s\",
             clients: {{ \"c\": (to: \"web\", arrivals: Poisson(\"60/s\"), timeout: Never) }},
             databases: {{ \"db\": Plain(connections: 1) }},
             services: {{ \"web\": (instances: 1, workers: 100000, backlog: Unbounded,
                                    endpoints: {{ \"page\": (steps: [Query(\"db\", Read, {demand})]) }}) }}"
        );
        let runs = runs(&body, 12);
        let samples: Vec<f64> = runs.iter().map(|run| run.summary.queueing_ms["db"].wait.mean).collect();
        agrees_within(0.08, demand, 1000.0 * pollaczek_khinchine(60.0, 0.01, cv), &samples);
    }
}
