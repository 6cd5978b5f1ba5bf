//! Zones that go dark, are cut off, or turn grey; gateways and capacity that are missing.

use crate::lab::{column, entries, first, is, plan, run};
use models::result::{EventKind, RunResult};
use models::{Progress, RequestRecord, Watcher};
use std::ops::ControlFlow;

/// Six servers over two zones behind a balancer.
fn two_zones(duration: &str, clients: &str, template: &str, group: &str, faults: &str) -> String {
    format!(
        "duration: \"{duration}\", series_interval: \"10s\",
         regions: {{ \"r\": (zones: [\"a\", \"b\"]) }},
         clients: {{ \"c\": (to: \"lb\", arrivals: Even(\"100/s\"), {clients}) }},
         load_balancers: {{ \"lb\": Application(forward_to: \"web\") }},
         target_groups: {{ \"web\": (health_check: (interval: \"10s\", timeout: \"5s\")) }},
         launch_templates: {{ \"web\": (vcpus: 2, pending: \"5s\", boot: \"20s\", {template}) }},
         auto_scaling_groups: {{ \"web\": (launch_template: \"web\", min_size: 6, max_size: 12, target_groups: [\"web\"], {group}) }},
         services: {{ \"web\": (runs_on: \"web\", endpoints: {{ \"page\": (steps: [Compute(\"2ms\")]) }}) }},
         {faults}"
    )
}

/// Keeps the requests that failed.
#[derive(Default)]
struct Failures(Vec<RequestRecord>);

impl Watcher for Failures {
    fn progress(&mut self, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn request(&mut self, record: RequestRecord) {
        if !record.outcome.is_ok() {
            self.0.push(record);
        }
    }
    fn wants_requests(&self) -> bool {
        true
    }
}

fn at(run: &RunResult, name: &str, t_s: f64) -> f64 {
    column(run, name)[(t_s / run.series.interval_s) as usize]
}

/// A zone without power takes exactly the instances in it; with the other zone out of capacity nobody replaces them.
#[test]
fn a_dark_zone_takes_its_own_instances() {
    let faults = "faults: [At(\"0s\", InsufficientCapacity(\"b\")), At(\"100s\", ZonePowerLoss(\"a\", \"200s\"))]";
    let run = run(&plan(&two_zones("600s", "", "", "", faults)), 1, 0);
    assert_eq!(entries(&run, EventKind::InstanceLost).len(), 3);
    assert_eq!((at(&run, "targets.web.a.registered", 90.0), at(&run, "targets.web.b.registered", 90.0)), (3.0, 3.0));
    assert_eq!((at(&run, "targets.web.a.registered", 250.0), at(&run, "targets.web.b.healthy", 250.0)), (0.0, 3.0));
    assert_eq!(run.summary.groups["web"].min_in_service, 3);
    assert_eq!(run.summary.groups["web"].final_in_service, 6, "replaced when the power is back");
    assert_eq!(at(&run, "targets.web.a.healthy", 590.0), 3.0);
}

/// With best effort, what cannot be launched in one zone is launched in the other.
#[test]
fn no_capacity_in_one_zone_is_found_in_the_other() {
    let faults = "faults: [At(\"0s\", InsufficientCapacity(\"a\")), At(\"100s\", TerminateInstances(All(group: \"web\", in_zone: \"a\")))]";
    let best = run(&plan(&two_zones("600s", "", "", "", faults)), 1, 0);
    assert_eq!((at(&best, "targets.web.a.healthy", 590.0), at(&best, "targets.web.b.healthy", 590.0)), (0.0, 6.0));
    let only = run(&plan(&two_zones("600s", "", "", "distribution: BalancedOnly", faults)), 1, 0);
    assert_eq!((at(&only, "targets.web.a.healthy", 590.0), at(&only, "targets.web.b.healthy", 590.0)), (0.0, 3.0));
    assert!(only.summary.groups["web"].failed_launches > 0);
}

/// Clients that hold a dead node's address fail to connect until DNS has changed (10 s) and their answer has expired (60 s).
/// Without the cache turning to the other address after a failure it could not be sooner; with it, it is not later.
#[test]
fn stale_dns_answers_die_out() {
    for fault in ["ZonePowerLoss", "ZonePartition"] {
        let faults = format!("faults: [At(\"100s\", {fault}(\"a\"))]");
        let body = two_zones("400s", "timeout: \"5s\", connect_timeout: \"2s\"", "", "", &faults);
        let mut failures = Failures::default();
        let result = models::simulate(&plan(&body), 1, 0, &mut failures).expect("nobody interrupts");
        let failed = |name: &'static str| failures.0.iter().filter(move |record| record.outcome.name() == name);
        let of_dns = failed("connect_timeout").chain(failed("stale_dns"));
        assert!(of_dns.clone().count() > 50, "{:?}", result.summary.outcomes);
        for record in of_dns {
            is("given up after", 2.0, (record.ended - record.born).as_secs_f64());
            let born = record.born.as_secs_f64();
            assert!((100.0..=170.0).contains(&born), "{born}");
        }
        for record in failed("stale_dns") {
            assert!(record.ended.as_secs_f64() >= 110.0, "the node is out of DNS after 10 s");
        }
        // Nothing fails before the fault, or after everybody knows.
        assert!(failures.0.iter().all(|record| (95.0..175.0).contains(&record.born.as_secs_f64())));
        is("out of DNS", 110.0, first(&result, EventKind::NodeOutOfDns, 100.0));
    }
}

/// Cut off and back again: nothing in the zone is lost, its targets fail their checks and pass them again.
#[test]
fn a_partition_heals() {
    let faults = "faults: [At(\"100s\", ZonePartition(\"a\", \"100s\"))]";
    let run = run(&plan(&two_zones("400s", "", "", "health_check_type: Ec2", faults)), 1, 0);
    assert!(entries(&run, EventKind::InstanceLost).is_empty());
    assert_eq!(run.summary.groups["web"].min_in_service, 6);
    // A node in a zone that is cut off tells nobody what it sees: the other one's verdicts are shown.
    assert_eq!((at(&run, "targets.web.a.healthy", 180.0), at(&run, "targets.web.b.healthy", 180.0)), (0.0, 3.0));
    assert_eq!((at(&run, "targets.web.a.healthy", 390.0), at(&run, "targets.web.b.healthy", 390.0)), (3.0, 3.0));
    assert_eq!(entries(&run, EventKind::NodeBackInDns).len(), 1);
    assert_eq!(column(&run, "failed_per_s").iter().skip(30).sum::<f64>(), 0.0, "all is well from 300 s on");
}

/// A grey zone adds its latency to each way in or out: twice, there and back.
#[test]
fn a_grey_zone_is_slower_by_its_latency() {
    let body = |fault: &str| {
        format!(
            "duration: \"100s\",
             regions: {{ \"r\": (zones: [\"a\"]) }},
             clients: {{ \"c\": (to: \"web\", arrivals: Even(\"10/s\"), round_trip: \"20ms\") }},
             services: {{ \"web\": (instances: 1, endpoints: {{ \"page\": (steps: [Compute(\"2ms\")]) }}) }},
             faults: [{fault}]"
        )
    };
    is("well", 22.0, run(&plan(&body("")), 1, 0).summary.latency_ms.mean);
    let grey = run(&plan(&body("At(\"0s\", ZoneGrey(zone: \"a\", latency: \"7ms\"))")), 1, 0).summary.latency_ms;
    is("grey", 36.0, grey.mean);
    // A lost packet is sent again after 200 ms: with a loss of p each way, 2·p of the requests once, roughly.
    let lossy = run(&plan(&body("At(\"0s\", ZoneGrey(zone: \"a\", loss: \"10%\"))")), 1, 0).summary.latency_ms;
    assert!((lossy.p50 - 22.0).abs() < 0.2 && (lossy.max - 222.0) > -1e-6, "{lossy:?}");
    let half = run(&plan(&body("At(\"0s\", ZoneGrey(zone: \"a\", latency: \"7ms\", duration: \"50s\"))")), 1, 0)
        .summary
        .latency_ms;
    assert!((half.mean - 29.0).abs() < 0.1, "{half:?}");
}

/// No way out, no packages: replacements do not come up until the gateway is back.
#[test]
fn bootstraps_need_a_way_out() {
    let faults = "nat_gateways: { \"n\": (zone: \"a\", serves: [\"a\", \"b\"]) },
        faults: [At(\"100s\", FailNat(\"n\", \"600s\")), At(\"200s\", TerminateInstances(AnyOf(\"web\", 2)))]";
    let group = "health_check_type: Elb, health_check_grace_period: \"60s\"";
    let template = "bootstrap: \"30s\", bootstrap_needs_egress: true";
    let run = run(&plan(&two_zones("1500s", "", template, group, faults)), 1, 0);
    assert!(!entries(&run, EventKind::BootstrapFailed).is_empty());
    let up: Vec<f64> = entries(&run, EventKind::BootstrapDone).iter().map(|entry| entry.t_s).collect();
    assert!(!up.is_empty() && up.iter().all(|&time| time > 700.0), "{up:?}");
    assert_eq!(at(&run, "targets.web.a.healthy", 600.0) + at(&run, "targets.web.b.healthy", 600.0), 4.0);
}
