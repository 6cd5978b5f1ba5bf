//! One station, first come first served. λ is the arrival rate, μ the service rate of one server, ρ the utilisation.

use crate::lab::{agrees, agrees_within, is, runs, share};
use crate::theory::{birth_death, erlang_b, erlang_c, gm1_root, mean, pollaczek_khinchine};
use models::result::{Queueing, RunResult, Summary};

/// A station `q` with some arrivals, servers with a vCPU each, a backlog, and a service time.
fn station(arrivals: &str, servers: u32, backlog: &str, demand: &str) -> Vec<RunResult> {
    let body = format!(
        "duration: \"1300s\", warm_up: \"50s\",
         clients: {{ \"c\": (to: \"q\", arrivals: {arrivals}, timeout: Never) }},
         services: {{ \"q\": (instances: 1, workers: {servers}, vcpus: {servers}, backlog: {backlog},
                              endpoints: {{ \"job\": (steps: [Compute({demand})]) }}) }}"
    );
    runs(&body, 16)
}

fn q(summary: &Summary) -> Queueing {
    summary.queueing_ms["q"]
}

/// M/M/1: W = 1/(μ−λ), exponential; Wq = ρW; P(wait) = ρ; L = λW. Source: Kleinrock vol. 1, section 3.2.
#[test]
fn mm1() {
    let runs = station("Poisson(\"70/s\")", 1, "Unbounded", "Exp(mean: \"10ms\")");
    let response = 1000.0 / 30.0;
    agrees(&runs, "W", response, |s| s.latency_ms.mean);
    agrees(&runs, "Wq", 0.7 * response, |s| q(s).wait.mean);
    agrees(&runs, "P(wait)", 0.7, |s| q(s).probability_of_wait);
    agrees(&runs, "utilisation", 0.7, |s| q(s).utilisation);
    agrees(&runs, "occupancy", 0.7, |s| q(s).occupancy);
    agrees(&runs, "L", 0.7 / 0.3, |s| q(s).mean_present);
    agrees(&runs, "Lq", 0.7 / 0.3 - 0.7, |s| q(s).mean_waiting);
    agrees(&runs, "median of W", response * 2f64.ln(), |s| s.latency_ms.p50);
    agrees(&runs, "p90 of W", response * 10f64.ln(), |s| s.latency_ms.p90);
    agrees(&runs, "p99 of W", response * 100f64.ln(), |s| s.latency_ms.p99);
    agrees(&runs, "goodput", 70.0, |s| s.goodput_per_s);
}

/// L = λW in every single run, up to those present at its ends. Source: Little, Operations Research 9 (1961).
#[test]
fn littles_law() {
    for run in station("Poisson(\"60/s\")", 1, "Unbounded", "Lognormal(mean: \"10ms\", cv: 1.2)") {
        let s = &run.summary;
        let rate = s.requests.succeeded as f64 / (s.duration_s - s.warm_up_s);
        let (l, lw) = (q(s).mean_present, rate * s.latency_ms.mean / 1000.0);
        assert!((l - lw).abs() < 0.005 * l, "L = {l}, λW = {lw}");
        let (lq, lwq) = (q(s).mean_waiting, rate * q(s).wait.mean / 1000.0);
        assert!((lq - lwq).abs() < 0.01 * lq, "Lq = {lq}, λWq = {lwq}");
    }
}

/// M/M/c: P(wait) = C(c, λ/μ), Wq = P(wait)/(cμ−λ). Source: Kleinrock vol. 1, section 3.5.
#[test]
fn mmc() {
    for (servers, rate) in [(2, 150.0), (5, 400.0)] {
        let runs = station(&format!("Poisson(\"{rate}/s\")"), servers, "Unbounded", "Exp(mean: \"10ms\")");
        let waits = erlang_c(servers, rate / 100.0);
        let wait = 1000.0 * waits / (f64::from(servers) * 100.0 - rate);
        agrees(&runs, "P(wait)", waits, |s| q(s).probability_of_wait);
        agrees(&runs, "Wq", wait, |s| q(s).wait.mean);
        agrees(&runs, "W", wait + 10.0, |s| s.latency_ms.mean);
        agrees(&runs, "utilisation", rate / 100.0 / f64::from(servers), |s| q(s).utilisation);
    }
}

/// M/M/c/K: the share refused is the probability of K in the chain; the served wait as the chain says. Source: Kleinrock
/// vol. 1, section 3.7 onwards.
#[test]
fn mmck() {
    let runs = station("Poisson(\"220/s\")", 2, "4", "Exp(mean: \"10ms\")");
    let p = birth_death(6, |_| 220.0, |n| n.min(2) as f64 * 100.0);
    let accepted = 220.0 * (1.0 - p[6]);
    agrees(&runs, "refused", p[6], |s| share(s, "refused"));
    agrees(&runs, "W", 1000.0 * mean(&p) / accepted, |s| s.latency_ms.mean);
    agrees(&runs, "utilisation", accepted / 200.0, |s| q(s).utilisation);
    agrees(&runs, "L", mean(&p), |s| q(s).mean_present);
    for run in &runs {
        assert_eq!(q(&run.summary).refused, run.summary.outcomes["refused"]);
    }
}

/// M/G/c/c: Erlang's loss formula, whatever the distribution. Source: Sevastyanov, Theory of Probability and its
/// Applications 2 (1957).
#[test]
fn erlang_loss_is_insensitive() {
    for demand in ["Exp(mean: \"10ms\")", "Hyperexponential(mean: \"10ms\", cv: 2.5)", "\"10ms\""] {
        let runs = station("Poisson(\"250/s\")", 3, "0", demand);
        agrees(&runs, demand, erlang_b(3, 2.5), |s| share(s, "refused"));
        agrees(&runs, demand, 10.0, |s| s.latency_ms.mean);
    }
}

/// M/G/1: Wq = ρE[S](1+cv²)/(2(1−ρ)).
#[test]
fn mg1() {
    let cases = [
        ("\"10ms\"", 0.0),
        ("Erlang(k: 4, mean: \"10ms\")", 0.5),
        ("Gamma(mean: \"10ms\", cv: 0.7)", 0.7),
        ("Lognormal(mean: \"10ms\", cv: 1.2)", 1.2),
        ("Hyperexponential(mean: \"10ms\", cv: 2)", 2.0),
        ("Uniform(low: \"0ms\", high: \"20ms\")", 1.0 / 3f64.sqrt()),
    ];
    for (demand, cv) in cases {
        let runs = station("Poisson(\"60/s\")", 1, "Unbounded", demand);
        let samples: Vec<f64> = runs.iter().map(|run| q(&run.summary).wait.mean).collect();
        agrees_within(0.08, demand, 1000.0 * pollaczek_khinchine(60.0, 0.01, cv), &samples);
        agrees(&runs, demand, 0.6, |s| q(s).probability_of_wait);
    }
}

/// D/M/1: σ = e^(−μ(1−σ)/λ), P(wait) = σ, Wq = σ/(μ(1−σ)). Source: Kleinrock vol. 1, section 6.4.
#[test]
fn dm1() {
    let runs = station("Even(\"80/s\")", 1, "Unbounded", "Exp(mean: \"10ms\")");
    let root = gm1_root(100.0, |s| (-s / 80.0).exp());
    agrees(&runs, "P(wait)", root, |s| q(s).probability_of_wait);
    agrees(&runs, "Wq", 10.0 * root / (1.0 - root), |s| q(s).wait.mean);
}

/// D/D/1 below saturation: nobody ever waits.
#[test]
fn dd1_has_no_queue() {
    for run in station("Even(\"90/s\")", 1, "Unbounded", "\"10ms\"") {
        let s = &run.summary;
        assert_eq!((s.latency_ms.max, q(s).wait.max, q(s).probability_of_wait), (10.0, 0.0, 0.0));
        // One more or less where an arrival falls on the end.
        assert!(s.requests.succeeded.abs_diff(90 * 1250) <= 1, "{:?}", s.requests);
        assert!((q(s).utilisation - 0.9).abs() < 1e-5, "{}", q(s).utilisation);
    }
}

/// M/M/c+M: the chain with deaths min(n, c)μ + (n−c)⁺θ; the share that leaves is θ·E[queue]/λ. Source: Palm (1957);
/// Garnett, Mandelbaum and Reiman, Manufacturing & Service Operations Management 4 (2002).
#[test]
fn erlang_a() {
    let body = "duration: \"1300s\", warm_up: \"50s\",
        clients: { \"c\": (to: \"q\", arrivals: Poisson(\"220/s\"), timeout: Never, patience: Exp(mean: \"20ms\")) },
        services: { \"q\": (instances: 1, workers: 2, vcpus: 2, backlog: Unbounded,
                            endpoints: { \"job\": (steps: [Compute(Exp(mean: \"10ms\"))]) }) }";
    let runs = runs(body, 16);
    let p = birth_death(200, |_| 220.0, |n| n.min(2) as f64 * 100.0 + n.saturating_sub(2) as f64 * 50.0);
    let queue: f64 = p.iter().enumerate().map(|(n, p)| n.saturating_sub(2) as f64 * p).sum();
    agrees(&runs, "left", 50.0 * queue / 220.0, |s| share(s, "abandoned"));
    agrees(&runs, "queue", queue, |s| q(s).mean_waiting);
    agrees(&runs, "L", mean(&p), |s| q(s).mean_present);
    agrees(&runs, "busy", (mean(&p) - queue) / 2.0, |s| q(s).utilisation);
}

/// A warm-up deletes what came before: the counts are those of the observed time alone.
#[test]
fn warm_up_is_not_counted() {
    let body = |warm_up: &str| {
        format!(
            "duration: \"200s\", warm_up: \"{warm_up}\", clients: {{ \"c\": (to: \"q\", arrivals: Even(\"10/s\"), timeout: Never) }},
             services: {{ \"q\": (instances: 1, workers: 1, vcpus: 1, endpoints: {{ \"job\": (steps: [Compute(\"20ms\")]) }}) }}"
        )
    };
    // At 100 s exactly, the thousandth request is born, which counts.
    let (all, half) = (runs(&body("0s"), 1), runs(&body("100s"), 1));
    assert_eq!((all[0].summary.requests.offered, half[0].summary.requests.offered), (1999, 1000));
    is("utilisation", 0.2, q(&half[0].summary).utilisation);
    assert_eq!((q(&all[0].summary).served, q(&half[0].summary).served), (1999, 1000));
}
