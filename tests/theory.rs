//! Closed formulas and small chains from queueing theory, to hold simulations against.

/// Stationary distribution of a birth–death process on `0..=most`. Source: Kleinrock, "Queueing Systems" vol. 1 (1975),
/// section 3.1, equation 3.11.
pub fn birth_death(most: usize, birth: impl Fn(usize) -> f64, death: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut weights = vec![1.0];
    for n in 1..=most {
        weights.push(weights[n - 1] * birth(n - 1) / death(n));
    }
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// Mean of a distribution on `0..`.
pub fn mean(distribution: &[f64]) -> f64 {
    distribution.iter().enumerate().map(|(n, p)| n as f64 * p).sum()
}

/// Erlang's loss formula: share refused by `servers` without a queue at `load` erlangs. Source: Erlang (1917), in the
/// recursion of Jagerman, Bell System Technical Journal 53 (1974).
pub fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, n| load * blocked / (f64::from(n) + load * blocked))
}

/// Erlang's delay formula: share that waits for one of `servers` at `load` erlangs. Source: Kleinrock vol. 1, equation
/// 3.40.
pub fn erlang_c(servers: u32, load: f64) -> f64 {
    let (blocked, servers) = (erlang_b(servers, load), f64::from(servers));
    servers * blocked / (servers - load * (1.0 - blocked))
}

/// Mean wait in M/G/1. Source: Pollaczek (1930) and Khinchine (1932); Kleinrock vol. 1, equation 5.70.
pub fn pollaczek_khinchine(arrivals: f64, service: f64, cv: f64) -> f64 {
    let load = arrivals * service;
    load * service * (1.0 + cv * cv) / (2.0 * (1.0 - load))
}

/// The root below 1 of σ = A*(μ − μσ), from which all of G/M/1 follows. `transform` is the Laplace transform of the
/// time between arrivals. Source: Kleinrock vol. 1, equation 6.25.
pub fn gm1_root(service_rate: f64, transform: impl Fn(f64) -> f64) -> f64 {
    (0..10_000).fold(0.5, |root, _| transform(service_rate * (1.0 - root)))
}

/// Mean response times at stations with a single server each, and the throughput, when `users` go round between them and
/// a thinking time. Source: Reiser and Lavenberg, Journal of the ACM 27 (1980): mean value analysis.
pub fn mean_value_analysis(users: u32, think: f64, demands: &[f64]) -> (Vec<f64>, f64) {
    let mut present = vec![0.0; demands.len()];
    let (mut responses, mut throughput) = (present.clone(), 0.0);
    for n in 1..=users {
        responses = demands.iter().zip(&present).map(|(demand, present)| demand * (1.0 + present)).collect();
        throughput = f64::from(n) / (think + responses.iter().sum::<f64>());
        present = responses.iter().map(|response| throughput * response).collect();
    }
    (responses, throughput)
}

/// Mean response of a station with `servers`, exponential service of `mean`, and arrivals of which each takes `phases`
/// exponential phases: the chain over phases and numbers, by sweeps until it stands still. Source: Neuts,
/// "Matrix-Geometric Solutions" (1981), chapter 1.
pub fn erlang_arrivals(arrivals: f64, phases: usize, servers: usize, service: f64) -> f64 {
    // State m counts phases: m / phases jobs are there, and m % phases phases of the next one have passed.
    let most = phases * 120;
    let (up, down) = (arrivals * phases as f64, |m: usize| ((m / phases).min(servers)) as f64 / service);
    let mut p = vec![1.0 / most as f64; most];
    for _ in 0..4000 {
        for m in 0..most {
            let below = if m > 0 { p[m - 1] * up } else { 0.0 };
            let above = if m + phases < most { p[m + phases] * down(m + phases) } else { 0.0 };
            p[m] = (below + above) / (if m + 1 < most { up } else { 0.0 } + down(m));
        }
    }
    let sum: f64 = p.iter().sum();
    let jobs: f64 = p.iter().enumerate().map(|(m, p)| (m / phases) as f64 * p).sum();
    jobs / sum / arrivals
}

#[test]
fn the_formulas_agree_where_they_meet() {
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6 * b.abs(), "{a} is not {b}");
    // M/M/3 as a chain and by Erlang.
    let chain = birth_death(400, |_| 2.0, |n| n.min(3) as f64);
    close(chain[3..].iter().sum(), erlang_c(3, 2.0));
    close(birth_death(3, |_| 2.0, |n| n as f64)[3], erlang_b(3, 2.0));
    // M/M/1 in three ways.
    close(pollaczek_khinchine(0.7, 1.0, 1.0), 0.7 / 0.3);
    close(gm1_root(1.0, |s| 0.7 / (0.7 + s)), 0.7);
    close(erlang_arrivals(0.5, 1, 1, 1.0), 2.0);
    // E4/M/1 as a chain and by its root; a machine and its repairman by a chain and by mean value analysis.
    close(erlang_arrivals(0.7, 4, 1, 1.0), 1.0 / (1.0 - gm1_root(1.0, |s| (2.8 / (2.8 + s)).powi(4))));
    let repair = birth_death(5, |n| (5 - n) as f64 / 3.0, |_| 1.0);
    close(1.0 - repair[0], mean_value_analysis(5, 3.0, &[1.0]).1);
}
