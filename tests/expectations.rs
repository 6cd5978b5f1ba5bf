//! Rules about the course of a run: judged by what a trace of every request shows, and without a trace of their own.

use crate::lab::{plan, run};
use models::plan::Plan;
use models::result::{ExpectationResult, Over, RunResult};
use models::{Progress, RequestRecord, Watcher};
use std::ops::ControlFlow;

/// Two servers, of which one is frozen for 50 s from 1 min on; its requests fail or wait until the check finds out.
const BODY: &str = "duration: \"5m\", series_interval: \"7s\",
    regions: { \"r\": (zones: [\"x\", \"y\"]) },
    clients: { \"c\": (to: \"www\", arrivals: Poisson(\"50/s\"), timeout: \"3s\") },
    load_balancers: { \"www\": Application(forward_to: \"web\") },
    target_groups: { \"web\": (health_check: (interval: \"5s\", timeout: \"2s\", healthy_threshold: 2, unhealthy_threshold: 2)) },
    services: { \"web\": (instances: 2, vcpus: 2, target_groups: [\"web\"],
                          endpoints: { \"page\": (steps: [Compute(Exp(mean: \"10ms\"))]) }) },
    faults: [ At(\"1m\", FreezeInstances(Instance(\"web\", 0), \"50s\")) ],";

fn with(expect: &str) -> Plan {
    plan(&format!("{BODY} expect: [{expect}]"))
}

fn judged(expect: &str) -> ExpectationResult {
    run(&with(expect), 3, 0).summary.expectations.remove(0)
}

/// Every request of a run.
struct Records(Vec<RequestRecord>);

impl Watcher for Records {
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

/// The requests that ended in the `seconds` before each second of the run: the 99 % quantile of the latency of those that
/// succeeded (ms), and the share of them.
fn by_hand(seconds: u64) -> Vec<(f64, f64)> {
    let mut records = Records(Vec::new());
    models::simulate(&with(""), 3, 0, &mut records).unwrap();
    let second = |record: &RequestRecord| record.ended.nanos().div_ceil(1_000_000_000);
    let of = |now: u64| {
        let ended: Vec<&RequestRecord> =
            records.0.iter().filter(|one| (now.saturating_sub(seconds) + 1..=now).contains(&second(one))).collect();
        let mut ms: Vec<f64> = ended
            .iter()
            .filter(|one| one.outcome.is_ok())
            .map(|one| (one.ended - one.born).as_secs_f64() * 1e3)
            .collect();
        ms.sort_by(f64::total_cmp);
        let rank = ((0.99 * ms.len() as f64).ceil() as usize).max(1);
        (ms[rank - 1], ms.len() as f64 / ended.len() as f64)
    };
    (1..=300).map(of).collect()
}

#[test]
fn users_are_followed_second_by_second_as_a_trace_shows_them() {
    for over in [1, 10, 60] {
        let figures = by_hand(over);
        let slowest = figures.iter().map(|one| one.0).fold(0.0, f64::max);
        let worst = figures.iter().map(|one| one.1).fold(1.0, f64::min);
        assert!(slowest > 50.0 && worst < 0.95, "{slowest} ms, {worst}: nothing happened that could be missed");
        // Buckets are within 0.8 % of what is in them.
        for (limit, held) in [(slowest * 1.009, true), (slowest * 0.991, false)] {
            let found = judged(&format!("Never(Above(P99(over: \"{over}s\"), {limit}))"));
            assert_eq!(found.held, held, "p99 over {over} s above {limit}: {found:?}");
        }
        for (limit, held) in [(worst, true), (worst + 1e-9, false)] {
            let found = judged(&format!("Never(Below(Availability(over: \"{over}s\"), {limit}))"));
            assert_eq!(found.held, held, "availability over {over} s below {limit}: {found:?}");
        }
        // When it first was so, and for how long.
        let limit = (1.0 + worst) / 2.0;
        let bad = |second: usize| figures[second - 1].1 < limit;
        let from = (1..=300).find(|&second| bad(second)).unwrap();
        let until = (from..=300).find(|&second| !bad(second)).unwrap();
        let breach = judged(&format!("Never(Below(Availability(over: \"{over}s\"), {limit}))")).breach.unwrap();
        assert_eq!((breach.from_s, breach.until_s), (from as f64, until as f64), "over {over} s");
    }
}

#[test]
fn levels_are_followed_at_the_very_moment() {
    let result = run(&with("Never(Below(HealthyTargets(\"web\"), 2))"), 3, 0);
    let found = &result.summary.expectations[0];
    let entry = |kind| result.timeline.iter().find(|entry| entry.kind == kind).unwrap().t_s;
    use models::result::EventKind::{TargetHealthy, TargetUnhealthy};
    let (down, up) = (entry(TargetUnhealthy), entry(TargetHealthy));
    assert!(down > 60.0 && up > 110.0 && down.fract() != 0.0, "{down} {up}");
    let breach = found.breach.as_ref().unwrap();
    assert!((breach.from_s - down).abs() < 1e-9 && (breach.until_s - up).abs() < 1e-9, "{breach:?}, {down} to {up}");
    let length = up - down;
    for (longest, held) in [(length + 1e-6, true), (length - 1e-6, false)] {
        let found = judged(&format!("Never(Below(HealthyTargets(\"web\"), 2), \"{longest}s\")"));
        assert_eq!(found.held, held, "no longer than {longest} s: {found:?}");
    }
}

#[test]
fn a_fault_is_come_back_from_or_not() {
    let found = judged("BackWithin(\"60s\", AnyFault, AtLeast(HealthyTargets(\"web\"), 2))");
    let took = found.value.unwrap();
    assert!(found.held == (took <= 60.0) && took > 50.0, "{found:?}");
    let late = judged(&format!("BackWithin(\"{}s\", AnyFault, AtLeast(HealthyTargets(\"web\"), 2))", took - 0.5));
    let breach = late.breach.unwrap();
    let struck = breach.after.unwrap();
    assert!(!late.held && (struck.t_s, struck.what.contains("FreezeInstances")) == (60.0, true), "{struck:?}");
    assert!((breach.until_s - breach.from_s - 0.5).abs() < 1e-6, "{} {}", breach.from_s, breach.until_s);
    let over = judged("BackWithin(\"60s\", FaultOver, AtLeast(HealthyTargets(\"web\"), 2))");
    assert!((over.value.unwrap() - (took - 50.0)).abs() < 1e-6, "{over:?}");
    assert!(judged("Eventually(Below(HealthyTargets(\"web\"), 2), \"2m\")").held);
    assert!(!judged("Eventually(Below(HealthyTargets(\"web\"), 2), \"1m\")").held);
}

/// What is followed is read from what is counted anyway.
#[test]
fn expectations_disturb_nothing() {
    let bare = run(&with(""), 3, 0);
    let full = run(
        &with(
            "Never(Above(P99, \"1s\"), \"9s\"), Always(Below(InFlight, 900)), ChangesOfDirection(InService(\"web\"), 9, \"1h\"),
             BackWithin(\"60s\", AnyFault, AtLeast(Availability, 0.9)), Figure(of: \"outcomes.ok\", at_least: 1)",
        ),
        3,
        0,
    );
    let without = |mut result: RunResult| {
        result.summary.expectations.clear();
        result
    };
    assert_eq!(full.summary.expectations.len(), 5);
    assert_eq!(format!("{:?}", without(bare)), format!("{:?}", without(full)));
}

/// Every figure that a run comes up with is one that can be asked for before it runs.
#[test]
fn every_figure_of_a_run_is_known_before_it() {
    for name in
        ["az-outage", "surge-queue", "spot-wave", "warm-pool", "memory-leak", "instance-refresh", "sticky-sessions"]
    {
        let compiled = scenarios::compile(&scenarios::load(name).unwrap(), &[]).unwrap();
        let short = Plan { duration: compiled.plan.duration / 2, ..compiled.plan };
        let known = models::figure::known(&short);
        let found = models::figure::figures(&run(&short, 1, 0).summary);
        let unknown: Vec<&String> = found.keys().filter(|name| !known.has(name)).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
        assert!(!known.has("latency_ms.p98") && !known.has("incidents.") && !known.has("groups.web"));
    }
}

#[test]
fn a_figure_that_is_left_out_because_it_is_zero_is_zero() {
    for (path, value) in
        [("outcomes.elb_504", Some(0.0)), ("groups.web.standby", Some(0.0)), ("requests.offered", None)]
    {
        let found = judged(&format!("Figure(of: \"{path}\", at_most: 0)"));
        assert_eq!((found.held, found.value.filter(|_| value.is_some())), (value.is_some(), value), "{path}");
    }
}

#[test]
fn what_is_about_many_runs_says_so_in_the_results() {
    let found = judged("InRuns(0.9, Availability(at_least: \"10%\"))");
    assert_eq!((found.held, found.over), (true, Over::InRuns { share: 0.9, confidence: 0.95 }));
    let found = judged("Mean(CostUsd(at_least: \"$0.01\", at_most: 5))");
    assert_eq!(found.over, Over::Mean { at_least: Some(0.01), at_most: Some(5.0), confidence: 0.95 });
}
