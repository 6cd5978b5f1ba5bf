//! Stations whose jobs share the processors.

use crate::lab::{agrees, is, run, runs};
use crate::theory::{birth_death, mean};
use models::result::{RunResult, Summary};

/// A station `q` whose `workers` share `vcpus`, with further top-level settings.
fn shared(rate: &str, workers: u32, vcpus: u32, demand: &str, more: &str) -> Vec<RunResult> {
    let body = format!(
        "duration: \"1000s\", warm_up: \"40s\", {more}
         clients: {{ \"c\": (to: \"q\", arrivals: Poisson(\"{rate}\"), timeout: Never) }},
         services: {{ \"q\": (instances: 1, workers: {workers}, vcpus: {vcpus}, backlog: Unbounded,
                              endpoints: {{ \"job\": (steps: [Compute({demand})]) }}) }}"
    );
    runs(&body, 16)
}

const DEMANDS: [&str; 4] = [
    "Exp(mean: \"10ms\")",
    "\"10ms\"",
    "Hyperexponential(mean: \"10ms\", cv: 2.5)",
    "Lognormal(mean: \"10ms\", cv: 0.8)",
];

fn utilisation(summary: &Summary) -> f64 {
    summary.queueing_ms["q"].utilisation
}

/// M/G/1-PS: mean sojourn E[S]/(1−ρ), whatever the distribution. Source: Kleinrock vol. 2 (1976), equation 4.17.
#[test]
fn processor_sharing_is_insensitive() {
    for demand in DEMANDS {
        let runs = shared("65/s", 100_000, 1, demand, "");
        agrees(&runs, demand, 10.0 / 0.35, |s| s.latency_ms.mean);
        agrees(&runs, demand, 0.65, utilisation);
        agrees(&runs, demand, 0.65 / 0.35, |s| s.queueing_ms["q"].mean_present);
    }
}

/// Two processors, each job at most one: a symmetric queue of capacity min(n, 2), so that the number present is that of
/// M/M/2 whatever the distribution. Source: Kelly, "Reversibility and Stochastic Networks" (1979), section 3.3.
#[test]
fn two_processors_are_insensitive_too() {
    let p = birth_death(400, |_| 140.0, |n| n.min(2) as f64 * 100.0);
    for demand in DEMANDS {
        let runs = shared("140/s", 100_000, 2, demand, "");
        agrees(&runs, demand, mean(&p), |s| s.queueing_ms["q"].mean_present);
        agrees(&runs, demand, 1000.0 * mean(&p) / 140.0, |s| s.latency_ms.mean);
        agrees(&runs, demand, 0.7, utilisation);
    }
}

/// At most k jobs share: with exponential demands the number present is that of M/M/1, and whoever finds k or more has
/// to wait: P(wait) = P(N ≥ k) = ρ^k. Source: Avi-Itzhak and Halfin, "Response times in gated M/G/1 queues" (1988).
#[test]
fn sharing_by_a_limited_number() {
    let runs = shared("70/s", 4, 1, "Exp(mean: \"10ms\")", "");
    agrees(&runs, "W", 1000.0 / 30.0, |s| s.latency_ms.mean);
    agrees(&runs, "P(N ≥ 4)", 0.7f64.powi(4), |s| s.queueing_ms["q"].probability_of_wait);
    agrees(&runs, "utilisation", 0.7, utilisation);
}

/// Background load of half a processor: n jobs get n/(n+½) of it.
#[test]
fn background_load_takes_its_share() {
    let stress = "faults: [At(\"0s\", CpuStress(All(\"q\"), \"50%\"))],";
    let p = birth_death(2000, |_| 60.0, |n| 100.0 * n as f64 / (n as f64 + 0.5));
    let runs = shared("60/s", 100_000, 1, "Exp(mean: \"10ms\")", stress);
    agrees(&runs, "W", 1000.0 * mean(&p) / 60.0, |s| s.latency_ms.mean);
    // It takes what is left too: half a processor when idle, all of it otherwise.
    agrees(&runs, "utilisation", 1.0 - 0.5 * p[0], utilisation);
}

/// A processor at 80 % of its speed: M/M/1 with 0.8 μ, by sharing and one at a time.
#[test]
fn a_slow_processor_takes_longer() {
    let slow = "faults: [At(\"0s\", SlowInstances(All(\"q\"), \"80%\"))],";
    for workers in [1, 100_000] {
        let runs = shared("55/s", workers, 1, "Exp(mean: \"10ms\")", slow);
        agrees(&runs, "W", 1000.0 / 25.0, |s| s.latency_ms.mean);
        agrees(&runs, "utilisation", 55.0 / 80.0, utilisation);
    }
}

/// A store with vCPUs of its own shares them as a machine does.
#[test]
fn a_store_shares_its_processors() {
    let body = "duration: \"1000s\", warm_up: \"40s\",
        clients: { \"c\": (to: \"web\", arrivals: Poisson(\"65/s\"), timeout: Never) },
        databases: { \"db\": Plain(connections: 1000, vcpus: 1) },
        services: { \"web\": (instances: 1, workers: 100000, vcpus: 1, backlog: Unbounded,
                              endpoints: { \"job\": (steps: [Query(\"db\", Read, \"10ms\")]) }) }";
    let runs = runs(body, 16);
    agrees(&runs, "W", 10.0 / 0.35, |s| s.latency_ms.mean);
    agrees(&runs, "utilisation", 0.65, |s| s.queueing_ms["db"].utilisation);
    agrees(&runs, "L", 0.65 / 0.35, |s| s.queueing_ms["db"].mean_present);
}

/// Jobs by hand: 30 ms of work at 10 ms and again at 20 ms, on one processor: the first has 20 ms left then and gets them
/// by 60 ms, the second is done at 70 ms. A freeze of a second in between delays both by a second, no more and no less.
#[test]
fn two_jobs_by_hand() {
    let body = |faults: &str| {
        format!(
            "duration: \"1s\", drain: \"10s\",
             clients: {{ \"c\": (to: \"q\", arrivals: Even(Steps([(\"0s\", \"100/s\"), (\"25ms\", \"0/s\")])), timeout: Never) }},
             services: {{ \"q\": (instances: 1, workers: 9, vcpus: 1, endpoints: {{ \"job\": (steps: [Compute(\"30ms\")]) }}) }},
             faults: [{faults}]"
        )
    };
    let s = run(&crate::lab::plan(&body("")), 1, 0).summary;
    assert_eq!((s.requests.succeeded, s.latency_ms.max), (2, 50.0));
    is("mean", 50.0, s.latency_ms.mean);
    let s = run(&crate::lab::plan(&body("At(\"25ms\", FreezeInstances(All(\"q\"), \"1s\"))")), 1, 0).summary;
    is("mean", 1050.0, s.latency_ms.mean);
}
