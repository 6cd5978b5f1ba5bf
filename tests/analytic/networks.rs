//! Several stations: tandems, closed loops, splitting, pools, calls and branches.

use crate::lab::{agrees, agrees_within, plan, run, runs};
use crate::theory::{birth_death, erlang_arrivals, mean_value_analysis, pollaczek_khinchine};
use rayon::prelude::*;

/// Two M/M/1 in a row, the worker given back during the query: product form, W = 1/(μ₁−λ) + 1/(μ₂−λ). Source: Jackson,
/// Operations Research 5 (1957).
#[test]
fn jackson_tandem() {
    let body = "duration: \"1300s\", warm_up: \"50s\",
        clients: { \"c\": (to: \"web\", arrivals: Poisson(\"60/s\"), timeout: Never) },
        databases: { \"db\": Plain(connections: 1) },
        services: { \"web\": (instances: 1, workers: 1, vcpus: 1, backlog: Unbounded, holds_worker: false, endpoints: {
            \"page\": (steps: [Compute(Exp(mean: \"10ms\")), Query(\"db\", Read, Exp(mean: \"11ms\"))]) }) }";
    let runs = runs(body, 16);
    let second = 1.0 / (1.0 / 0.011 - 60.0);
    agrees(&runs, "W", 1000.0 * (1.0 / 40.0 + second), |s| s.latency_ms.mean);
    agrees(&runs, "Wq of the second", 1000.0 * second * 0.66, |s| s.queueing_ms["db"].wait.mean);
    agrees(&runs, "P(wait) at the second", 0.66, |s| s.queueing_ms["db"].probability_of_wait);
    agrees(&runs, "utilisation of the second", 0.66, |s| s.queueing_ms["db"].utilisation);
}

/// The worker held during the query: M/G/1 whose service is the sum of both, of cv² = (a²+b²)/(a+b)². The CPU is busy for
/// the first part alone, the worker for both.
#[test]
fn a_worker_held_during_a_query() {
    let body = "duration: \"1300s\", warm_up: \"50s\",
        clients: { \"c\": (to: \"web\", arrivals: Poisson(\"60/s\"), timeout: Never) },
        databases: { \"db\": Plain(connections: 9) },
        services: { \"web\": (instances: 1, workers: 1, vcpus: 1, backlog: Unbounded, endpoints: {
            \"page\": (steps: [Compute(Exp(mean: \"6ms\")), Query(\"db\", Read, Exp(mean: \"4ms\"))]) }) }";
    let runs = runs(body, 16);
    let wait = 1000.0 * pollaczek_khinchine(60.0, 0.01, (52.0f64 / 100.0).sqrt());
    agrees(&runs, "Wq", wait, |s| s.queueing_ms["web"].wait.mean);
    agrees(&runs, "W", wait + 10.0, |s| s.latency_ms.mean);
    agrees(&runs, "CPU", 0.36, |s| s.queueing_ms["web"].utilisation);
    agrees(&runs, "worker", 0.6, |s| s.queueing_ms["web"].occupancy);
}

/// Machines and repairmen: N users that think for Z at c servers, the chain with births (N−n)/Z. Source: Kleinrock vol. 1,
/// section 3.8.
#[test]
fn closed_loop_at_one_station() {
    for (users, servers) in [(12u32, 1u32), (20, 2)] {
        let body = format!(
            "duration: \"2000s\", warm_up: \"50s\",
             clients: {{ \"c\": (to: \"q\", arrivals: Closed(users: {users}, think: Exp(mean: \"100ms\")), timeout: Never) }},
             services: {{ \"q\": (instances: 1, workers: {servers}, vcpus: {servers}, backlog: Unbounded,
                                  endpoints: {{ \"job\": (steps: [Compute(Exp(mean: \"10ms\"))]) }}) }}"
        );
        let runs = runs(&body, 8);
        let p = birth_death(
            users as usize,
            |n| f64::from(users - n as u32) * 10.0,
            |n| n.min(servers as usize) as f64 * 100.0,
        );
        let busy: f64 = p.iter().enumerate().map(|(n, p)| n.min(servers as usize) as f64 * p).sum();
        let throughput = busy * 100.0;
        agrees(&runs, "throughput", throughput, |s| s.goodput_per_s);
        agrees(&runs, "utilisation", busy / f64::from(servers), |s| s.queueing_ms["q"].utilisation);
        agrees(&runs, "W", 1000.0 * (f64::from(users) / throughput - 0.1), |s| s.latency_ms.mean);
        // An arrival sees the loop with one user less (Lavenberg and Reiser, 1980).
        let less = birth_death(
            users as usize - 1,
            |n| f64::from(users - 1 - n as u32) * 10.0,
            |n| n.min(servers as usize) as f64 * 100.0,
        );
        let waits = less[servers as usize..].iter().sum();
        agrees(&runs, "P(wait)", waits, |s| s.queueing_ms["q"].probability_of_wait);
    }
}

/// A closed loop through a web tier and a store, by mean value analysis; the web tier first come first served, or shared
/// (with constant demands, to which sharing is insensitive). Source: Baskett, Chandy, Muntz and Palacios, Journal of the
/// ACM 22 (1975).
#[test]
fn closed_loop_over_two_tiers() {
    for (workers, demand) in [(1, "Exp(mean: \"10ms\")"), (1000, "\"10ms\"")] {
        let body = format!(
            "duration: \"1500s\", warm_up: \"50s\",
             clients: {{ \"c\": (to: \"web\", arrivals: Closed(users: 10, think: Lognormal(mean: \"60ms\", cv: 1)), timeout: Never) }},
             databases: {{ \"db\": Plain(connections: 1) }},
             services: {{ \"web\": (instances: 1, workers: {workers}, vcpus: 1, backlog: Unbounded, holds_worker: false,
                 endpoints: {{ \"page\": (steps: [Compute({demand}), Query(\"db\", Read, Exp(mean: \"7ms\"))]) }}) }}"
        );
        let runs = runs(&body, 8);
        let (responses, throughput) = mean_value_analysis(10, 0.06, &[0.010, 0.007]);
        agrees(&runs, "throughput", throughput, |s| s.goodput_per_s);
        agrees(&runs, "W", 1000.0 * (responses[0] + responses[1]), |s| s.latency_ms.mean);
        agrees(&runs, "present at web or store", throughput * (responses[0] + responses[1]), |s| {
            s.queueing_ms["web"].mean_present
        });
        agrees(&runs, "present at the store", throughput * responses[1], |s| s.queueing_ms["db"].mean_present);
    }
}

/// Poisson arrivals dealt in turn to n servers reach each as an Erlang process of n phases (E_n/M/1); dealt at random they
/// stay Poisson (M/M/1). Directly, and through a balancer, which deals in turn too. Source: Kleinrock vol. 1, section 6.4.
#[test]
fn in_turn_is_better_than_at_random() {
    let direct = |discovery: &str| {
        format!(
            "duration: \"800s\", warm_up: \"40s\",
             clients: {{ \"c\": (to: \"q\", arrivals: Poisson(\"300/s\"), timeout: Never) }},
             services: {{ \"q\": (instances: 4, workers: 1, vcpus: 1, backlog: Unbounded, discovery: {discovery},
                                  endpoints: {{ \"job\": (steps: [Compute(Exp(mean: \"10ms\"))]) }}) }}"
        )
    };
    let balanced = |algorithm: &str| {
        format!(
            "duration: \"800s\", warm_up: \"40s\",
             clients: {{ \"c\": (to: \"lb\", arrivals: Poisson(\"300/s\"), timeout: Never) }},
             load_balancers: {{ \"lb\": Application(forward_to: \"q\") }},
             target_groups: {{ \"q\": (algorithm: {algorithm}, health_check: (interval: \"300s\", timeout: \"120s\", compute: \"0s\")) }},
             services: {{ \"q\": (instances: 4, target_groups: [\"q\"], workers: 1, vcpus: 1, backlog: Unbounded,
                                  endpoints: {{ \"job\": (steps: [Compute(Exp(mean: \"10ms\"))]) }}) }}"
        )
    };
    let in_turn = 1000.0 * erlang_arrivals(75.0, 4, 1, 0.01);
    for (body, theory) in [
        (direct("RoundRobin"), in_turn),
        (balanced("RoundRobin"), in_turn),
        (direct("Random"), 40.0),
        (balanced("WeightedRandom"), 40.0),
    ] {
        let runs = runs(&body, 12);
        agrees(&runs, &body, theory, |s| s.latency_ms.mean);
        agrees(&runs, &body, 0.75, |s| s.queueing_ms["q"].utilisation);
    }
    // To the one with the fewest requests in progress: between that and one queue for all, M/M/4.
    let runs = runs(&balanced("LeastOutstandingRequests"), 12);
    let fewest = runs.iter().map(|run| run.summary.latency_ms.mean).sum::<f64>() / 12.0;
    let one_queue = 10.0 + 1000.0 * crate::theory::erlang_c(4, 3.0) / 100.0;
    assert!(one_queue < fewest && fewest < in_turn, "{one_queue} < {fewest} < {in_turn}");
}

/// The bare farm: eight stations dealt to in turn are E8/M/2 each; of 32 connections at 25 % none is ever waited for, so the
/// query adds its 4 ms: 13.437 ms in all.
#[test]
fn bare_farm() {
    let source = scenarios::load("bare-farm").expect("a built-in scenario");
    let sets = [("duration".to_string(), "70s".to_string()), ("warm_up".to_string(), "10s".to_string())];
    let plan = scenarios::compile(&source, &sets).expect("a sound scenario").plan;
    let runs: Vec<_> = (0..16u32).into_par_iter().map(|replication| run(&plan, 1, replication)).collect();
    let theory = 1000.0 * erlang_arrivals(250.0, 8, 2, 0.006) + 4.0;
    assert!((theory - 13.437).abs() < 0.001, "{theory}");
    let samples: Vec<f64> = runs.iter().map(|run| run.summary.latency_ms.mean).collect();
    agrees_within(0.02, "mean response", theory, &samples);
}

/// A pool of one connection is a single server of its own: M/M/1 at the instance, however many connections the store has.
#[test]
fn a_pool_is_a_queue() {
    let body = "duration: \"1300s\", warm_up: \"50s\",
        clients: { \"c\": (to: \"web\", arrivals: Poisson(\"120/s\"), timeout: Never) },
        databases: { \"db\": Plain(connections: 99) },
        services: { \"web\": (instances: 2, workers: 100000, vcpus: 1, backlog: Unbounded, discovery: Random,
                              pools: { \"db\": 1 },
                              endpoints: { \"page\": (steps: [Query(\"db\", Read, Exp(mean: \"10ms\"))]) }) }";
    let runs = runs(body, 16);
    agrees(&runs, "W", 1000.0 / 40.0, |s| s.latency_ms.mean);
    agrees(&runs, "connections in use", 1.2, |s| 99.0 * s.queueing_ms["db"].utilisation);
}

/// Branches run at once and the last one counts: the largest of three exponentials has mean 11/6 (Rényi, 1953). A call to
/// another service adds that service's own M/M/1.
#[test]
fn branches_and_calls() {
    let body = "duration: \"700s\", warm_up: \"20s\",
        clients: { \"c\": (to: \"front\", arrivals: Poisson(\"60/s\"), timeout: Never) },
        databases: { \"db\": Plain(connections: 1000) },
        services: {
            \"front\": (instances: 1, workers: 100000, vcpus: 1, backlog: Unbounded, endpoints: { \"page\": (steps: [
                Parallel([[Query(\"db\", Read, Exp(mean: \"12ms\"))], [Sleep(Exp(mean: \"12ms\"))], [Query(\"db\", Read, Exp(mean: \"12ms\"))]]),
                Call(to: \"back\", timeout: Never) ]) }),
            \"back\": (instances: 1, workers: 1, vcpus: 1, backlog: Unbounded, endpoints: { \"item\": (steps: [Compute(Exp(mean: \"10ms\"))]) }),
        }";
    let runs = runs(body, 16);
    agrees(&runs, "W", 12.0 * 11.0 / 6.0 + 25.0, |s| s.latency_ms.mean);
    agrees(&runs, "of which back", 15.0, |s| s.queueing_ms["back"].wait.mean);
    agrees(&runs, "connections", 2.0 * 60.0 * 0.012, |s| s.queueing_ms["db"].mean_present);
    agrees(&runs, "sleeping or waiting", 60.0 * 0.047, |s| s.queueing_ms["front"].mean_present);
}

/// Constant delays add up to the nanosecond: client to node (half of 20 ms), node to target in another zone (half of 2 ms),
/// 5 ms of work, a query in the first zone (2 ms there and back, 3 ms of work), and the way back.
#[test]
fn constant_delays_add_up() {
    let body = "duration: \"100s\", warm_up: \"20s\",
        regions: { \"r\": (zones: [\"a\", \"b\"], intra_az_rtt: \"0.4ms\", inter_az_rtt: \"2ms\") },
        clients: { \"c\": (to: \"lb\", arrivals: Even(\"10/s\"), round_trip: \"20ms\") },
        load_balancers: { \"lb\": Application(forward_to: \"web\") },
        target_groups: { \"web\": (health_check: (compute: \"0s\")) },
        databases: { \"db\": Plain(connections: 1, zone: \"a\") },
        services: { \"web\": (instances: 1, zones: [\"b\"], target_groups: [\"web\"], workers: 9, vcpus: 9,
                              endpoints: { \"page\": (steps: [Compute(\"5ms\"), Query(\"db\", Read, \"3ms\")]) }) }";
    let run = run(&plan(body), 3, 0);
    let latency = run.summary.latency_ms;
    // The nodes take turns by DNS: one is in the target's zone, the other is not. Quantiles are exact to half a percent.
    assert!((latency.max - 32.0).abs() < 1e-9, "{latency:?}");
    assert!((latency.p50 - 32.0).abs() < 0.16 || (latency.p50 - 30.4).abs() < 0.16, "{latency:?}");
    assert!(30.4 < latency.mean && latency.mean < 32.0, "{latency:?}");
}
