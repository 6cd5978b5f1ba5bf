//! Retries, backoff, timeouts, and work that nobody waits for any more.

use crate::lab::{agrees, agrees_within, is, plan, run, runs, share};
use models::{Progress, RequestRecord, Watcher};
use std::ops::ControlFlow;

/// Keeps every request.
#[derive(Default)]
struct Recorder(Vec<RequestRecord>);

impl Watcher for Recorder {
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

/// With attempts that fail independently with probability p, at most n of them: a share 1−pⁿ succeeds, after
/// (1−pⁿ)/(1−p) attempts on average (a geometric distribution cut off at n).
#[test]
fn success_after_several_attempts() {
    for (p, n) in [(0.3f64, 3u32), (0.6, 2), (0.5, 5)] {
        let body = format!(
            "duration: \"300s\",
             clients: {{ \"c\": (to: \"q\", arrivals: Poisson(\"100/s\"), timeout: Never, retry: Immediate(attempts: {n})) }},
             services: {{ \"q\": (instances: 1, workers: 1000, vcpus: 1, backlog: Unbounded,
                 endpoints: {{ \"job\": (error_rate: \"{}%\", steps: [Compute(\"1ms\")]) }}) }}",
            p * 100.0
        );
        let runs = runs(&body, 8);
        agrees(&runs, "succeeded", 1.0 - p.powi(n as i32), |s| s.availability);
        agrees(&runs, "attempts", (1.0 - p.powi(n as i32)) / (1.0 - p), |s| {
            s.attempts.values().sum::<u64>() as f64 / s.requests.offered as f64
        });
        for run in &runs {
            let s = &run.summary;
            assert_eq!(s.attempts["ok"], s.requests.succeeded);
            // Failed requests have failed n times.
            assert!(s.attempts["target_5xx"] >= u64::from(n) * s.requests.failed);
        }
    }
}

/// Waits between attempts: b·2ⁱ up to the cap without jitter; half of that on average with full jitter, three quarters with
/// equal jitter. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
#[test]
fn backoff_waits_as_it_says() {
    let last = |retry: &str| {
        let body = format!(
            "duration: \"2000s\", drain: \"1000s\",
             clients: {{ \"c\": (to: \"q\", arrivals: Even(\"1/s\"), timeout: Never, retry: {retry}) }},
             services: {{ \"q\": (instances: 1, workers: 400, vcpus: 400, backlog: Unbounded,
                 endpoints: {{ \"job\": (error_rate: \"100%\", steps: [Compute(\"1ms\")]) }}) }}"
        );
        let mut recorder = Recorder::default();
        models::simulate(&plan(&body), 1, 0, &mut recorder).expect("nobody interrupts");
        assert_eq!(recorder.0.len(), 1999);
        assert!(
            recorder.0.iter().filter(|record| record.born.as_secs_f64() < 1900.0).all(|record| record.attempts == 6)
        );
        let early = recorder.0.into_iter().filter(|record| record.born.as_secs_f64() < 1900.0);
        early.map(|record| (record.ended - record.born).as_secs_f64() - 0.006).collect::<Vec<f64>>()
    };
    for wait in last("Immediate(attempts: 6)") {
        is("at once", 0.0, wait);
    }
    for wait in last("Fixed(attempts: 6, delay: \"250ms\")") {
        is("fixed", 1.25, wait);
    }
    // 0.1 + 0.2 + 0.4 + 0.5 + 0.5.
    for wait in last("Backoff(attempts: 6, base: \"100ms\", cap: \"500ms\", jitter: None)") {
        is("no jitter", 1.7, wait);
    }
    let full = last("Backoff(attempts: 6, base: \"100ms\", cap: \"500ms\")");
    agrees_within(0.05, "full jitter", 0.85, &full);
    let equal = last("Backoff(attempts: 6, base: \"100ms\", cap: \"500ms\", jitter: Equal)");
    agrees_within(0.05, "equal jitter", 1.275, &equal);
    assert!(equal.iter().all(|&wait| (0.85..1.7).contains(&wait)));
    // U(b, 3·previous), the first from the base itself: means 2b, then (b + 3·previous)/2, far below a cap of 100 s.
    let decorrelated = last("Backoff(attempts: 6, base: \"100ms\", cap: \"100s\", jitter: Decorrelated)");
    let means = (0..5).scan(0.1, |previous, _| {
        *previous = (0.1 + 3.0 * *previous) / 2.0;
        Some(*previous)
    });
    agrees_within(0.08, "decorrelated jitter", means.sum(), &decorrelated);
}

/// Users that give up after t while the server works on: the queue is the same M/M/1, so a share e^(−(μ−λ)t) is given up,
/// and the server is as busy as if all had waited.
#[test]
fn abandoned_work_still_costs() {
    let body = |abandoned: &str| {
        format!(
            "duration: \"1300s\", warm_up: \"50s\",
             clients: {{ \"c\": (to: \"q\", arrivals: Poisson(\"70/s\"), timeout: \"50ms\", abandoned_work: {abandoned}) }},
             services: {{ \"q\": (instances: 1, workers: 1, vcpus: 1, backlog: Unbounded,
                                  endpoints: {{ \"job\": (steps: [Compute(Exp(mean: \"10ms\"))]) }}) }}"
        )
    };
    let works_on = runs(&body("Continues"), 16);
    let late = (-30.0f64 * 0.05).exp();
    agrees(&works_on, "given up", late, |s| share(s, "timed_out"));
    agrees(&works_on, "utilisation", 0.7, |s| s.queueing_ms["q"].utilisation);
    for run in &works_on {
        assert!(run.summary.latency_ms.max <= 50.0, "{:?}", run.summary.latency_ms);
    }
    // Dropped at the deadline, waiting or in service: the unfinished work seen on arrival has density p·λ·e^(−(μ−λ)x) up to
    // t and the atom p of an idle server, and beyond t, since nobody accepted stays longer than t, there is none. Of those who
    // find x, e^(−μ(t−x)) are late. Source: Kleinrock vol. 1, section 5.12, by level crossing (Brill, 1975).
    let cancelled = runs(&body("IsCancelled"), 16);
    let (l, m, t) = (70.0, 100.0, 0.05f64);
    let idle = 1.0 / (1.0 + l * (1.0 - (-(m - l) * t).exp()) / (m - l));
    // P(late) = p e^(−μt) + ∫₀ᵗ pλe^(−(μ−λ)x) e^(−μ(t−x)) dx = p e^(−μt) + p e^(−μt)(e^(λt) − 1) = p e^(−(μ−λ)t).
    agrees(&cancelled, "given up", idle * (-(m - l) * t).exp(), |s| share(s, "timed_out"));
    agrees(&cancelled, "utilisation", 1.0 - idle, |s| s.queueing_ms["q"].utilisation);
}

/// A timeout of a single slow request: over at the deadline to the nanosecond, and the retry is a request of its own.
#[test]
fn timeouts_are_exact() {
    let body = "duration: \"20s\", drain: \"100s\",
        clients: { \"c\": (to: \"q\", arrivals: Even(\"0.1/s\"), timeout: \"2s\", retry: Fixed(attempts: 3, delay: \"500ms\")) },
        services: { \"q\": (instances: 1, workers: 10, vcpus: 10,
                            endpoints: { \"job\": (steps: [Sleep(\"30s\")]) }) }";
    let mut recorder = Recorder::default();
    let result = models::simulate(&plan(body), 1, 0, &mut recorder).expect("nobody interrupts");
    let [only] = recorder.0[..] else { panic!("{:?}", recorder.0) };
    is("born", 10.0, only.born.as_secs_f64());
    // Three attempts of 2 s, two waits of 0.5 s.
    is("ended", 17.0, only.ended.as_secs_f64());
    assert_eq!((only.attempts, result.summary.attempts["timed_out"]), (3, 3));
    assert_eq!(run(&plan(body), 1, 0).summary.digest, result.summary.digest);
}
