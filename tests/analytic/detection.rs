//! How long health checks take to find out. I is the interval, F and H the thresholds, τ the timeout, φ the phase of the
//! checks, uniform over the interval. Source: `aws/network.md` §3.4, from the ELB user guide's description of checks.

use crate::lab::{agrees_within, entries, first, runs};
use models::result::{EventKind, RunResult};

/// Two instances behind a balancer, and one fault. Checks cost nothing, so that their times are exact.
fn watched(check: &str, service: &str, faults: &str) -> Vec<RunResult> {
    let body = format!(
        "duration: \"300s\",
         clients: {{ \"c\": (to: \"lb\", arrivals: Even(\"1/s\"), timeout: Never) }},
         load_balancers: {{ \"lb\": Application(forward_to: \"web\") }},
         target_groups: {{ \"web\": (health_check: ({check}, compute: \"0s\")) }},
         services: {{ \"web\": (target_groups: [\"web\"], {service}) }},
         faults: [{faults}]"
    );
    runs(&body, 200)
}

const IDLE: &str = "instances: 2, endpoints: { \"page\": (steps: [Sleep(\"1ms\")]) }";
const CHECK: &str = "interval: \"10s\", timeout: \"4s\", unhealthy_threshold: 3, healthy_threshold: 3";

/// The times from `start` to the first entry of a kind are uniform over `low..low + 10`.
fn uniform(what: &str, runs: &[RunResult], kind: EventKind, start: impl Fn(&RunResult) -> f64, low: f64) {
    let times: Vec<f64> = runs.iter().map(|run| first(run, kind, start(run)) - start(run)).collect();
    for &time in &times {
        assert!((low - 1e-6..low + 10.0 + 1e-6).contains(&time), "{what}: {time} is outside {low} + [0, 10)");
    }
    agrees_within(0.8 / (low + 5.0), what, low + 5.0, &times);
    // The quarters are as full as they should be: 50 ± 4.5 standard deviations of 6.1.
    for quarter in 0..4 {
        let start = low + 2.5 * f64::from(quarter);
        let count = times.iter().filter(|&&time| (start..start + 2.5).contains(&time)).count();
        assert!((23..=77).contains(&count), "{what}: {count} of 200 in the quarter from {start}");
    }
}

/// Silence: φ + (F−1)·I + τ.
#[test]
fn a_silent_target() {
    for fault in [
        "HangInstances(Instance(\"web\", 0))",
        "FreezeInstances(Instance(\"web\", 1))",
        "TerminateInstances(AnyOf(\"web\", 1))",
    ] {
        let runs = watched(CHECK, IDLE, &format!("At(\"60s\", {fault})"));
        uniform(fault, &runs, EventKind::TargetUnhealthy, |_| 60.0, 24.0);
        assert!(runs.iter().all(|run| entries(run, EventKind::TargetUnhealthy).len() == 1));
    }
}

/// A target that refuses is found a timeout sooner: φ + (F−1)·I. Its only worker is taken by the first request, at 1 s.
#[test]
fn a_refusing_target() {
    let full = "instances: 1, workers: 1, backlog: 0, endpoints: { \"page\": (steps: [Sleep(\"1h\")]) }";
    let runs = watched(CHECK, full, "");
    uniform("refused", &runs, EventKind::TargetUnhealthy, |_| 1.0, 20.0);
}

/// Back again: H passes in a row are needed, of which the first may be the check that was waiting when it came back, so
/// that it takes between (H−1)·I − τ and that much and an interval.
#[test]
fn a_target_that_comes_back() {
    let runs = watched(CHECK, IDLE, "At(\"60s\", HangInstances(Instance(\"web\", 0), \"100s\"))");
    uniform("back", &runs, EventKind::TargetHealthy, |_| 160.0, 16.0);
}

/// A group of one whose instance is killed: the replacement's way into service.
fn replaced(bootstrap: &str) -> Vec<RunResult> {
    let body = format!(
        "duration: \"300s\",
         clients: {{ \"c\": (to: \"lb\", arrivals: Even(\"1/s\")) }},
         load_balancers: {{ \"lb\": Application(forward_to: \"web\") }},
         target_groups: {{ \"web\": (health_check: (interval: \"10s\", timeout: \"4s\", unhealthy_threshold: 2,
             healthy_threshold: 3, compute: \"0s\", registration_delay: \"5s\")) }},
         launch_templates: {{ \"web\": (vcpus: 1, pending: \"10s\", boot: \"0s\", bootstrap: \"{bootstrap}\") }},
         auto_scaling_groups: {{ \"web\": (launch_template: \"web\", min_size: 1, max_size: 1, target_groups: [\"web\"],
             loss_notice: \"1s\", registration: \"0s\") }},
         services: {{ \"web\": (runs_on: \"web\", endpoints: {{ \"page\": (steps: [Sleep(\"1ms\")]) }}) }},
         faults: [At(\"60s\", TerminateInstances(All(\"web\")))]"
    );
    runs(&body, 200)
}

/// One pass admits a new target, whatever the healthy threshold: registration delay + φ.
#[test]
fn a_new_target() {
    let runs = replaced("0s");
    let registered = |run: &RunResult| first(run, EventKind::TargetRegistered, 60.0);
    uniform("new", &runs, EventKind::TargetHealthy, registered, 5.0);
    for run in &runs {
        assert!((registered(run) - 71.0).abs() < 1e-6, "lost at 60 s, noticed after 1 s, running after 10 s");
        assert!(entries(run, EventKind::TargetUnhealthy).is_empty());
    }
}

/// Registered before its process is up: while it has failed fewer than F checks it is new, and the first pass admits it;
/// after F failures it is unhealthy, and needs H passes. With 20 s to come up and checks 5 s + φ after registration, half
/// of the targets fail once and are healthy 20 s to 25 s after registration; the other half fail twice, and take 45 s to
/// 50 s.
#[test]
fn a_target_that_is_not_up_yet() {
    let runs = replaced("20s");
    let mut late = 0;
    for run in &runs {
        let registered = first(run, EventKind::TargetRegistered, 60.0);
        let time = first(run, EventKind::TargetHealthy, registered) - registered;
        let failed = entries(run, EventKind::TargetUnhealthy).len();
        assert_eq!(failed, usize::from(time > 40.0), "healthy after {time}");
        let range = if failed > 0 { 45.0..50.0 } else { 20.0..25.0 };
        assert!(range.contains(&time), "{time}");
        late += failed;
    }
    // Binomial with n = 200 and ½: 100 ± 4.5 standard deviations of 7.1.
    assert!((68..=132).contains(&late), "{late} of 200 late");
}
