//! NetworkIn and NetworkOut of instances (scaling.md §4, M6), what tracks them (§3.5) and what forecasts them (§3.7).

use crate::lab::{column, entries, plan, run};
use models::result::{EventKind, RunResult};

/// Traffic of `rate` to two instances, requests of 1 KiB and answers of 10 KiB, for half an hour; alarms show the two metrics.
fn served(rate: &str, steps: &str, monitoring: &str) -> RunResult {
    let watch = |name: &str, metric: &str| {
        format!("\"{name}\": (metric: {metric}, period: \"300s\", evaluation_periods: 1, above: 1e15)")
    };
    let body = format!(
        "duration: \"30m\",
         cloudwatch: (ec2_delay: \"10s\"),
         alarms: {{ {}, {}, {} }},
         launch_templates: {{ \"t\": (vcpus: 1, pending: \"0s\", boot: \"0s\", monitoring: {monitoring}) }},
         instances: {{ \"g\": (launch_template: \"t\", count: 2), \"other\": (launch_template: \"t\", count: 1) }},
         databases: {{ \"db\": Plain(connections: 9, query_bytes: \"2KiB\") }},
         services: {{ \"s\": (runs_on: \"g\", endpoints: {{ \"e\": (steps: [{steps}]) }}),
                      \"o\": (runs_on: \"other\", endpoints: {{ \"e\": (steps: [Compute(\"1ms\")]) }}) }},
         clients: {{ \"c\": (to: \"s\", arrivals: Even({rate}), request_size: \"1KiB\", response_size: \"10KiB\") }}",
        watch("in", "NetworkIn(group: \"g\")"),
        watch("out", "NetworkOut(group: \"g\")"),
        watch("first", "NetworkOut(group: \"g\", instance: 0)"),
    );
    run(&plan(&body), 1, 0)
}

/// The last value that an alarm saw.
fn seen(run: &RunResult, alarm: &str) -> f64 {
    *column(run, &format!("alarm.{alarm}.value")).last().expect("a row")
}

/// M6, by arithmetic: 4/s to two instances are 120 requests of each a minute.
#[test]
fn m6_network_in_and_out_are_the_bytes_of_requests_answers_queries_and_calls() {
    const KIB: f64 = 1024.0;
    let call = "Call(to: \"o\", request_size: \"3KiB\", response_size: \"5KiB\")";
    // KiB in and out of one request.
    let table = [
        ("Compute(\"1ms\")", 1.0, 10.0),
        ("Query(\"db\", Read, \"1ms\")", 3.0, 10.0),
        ("Query(\"db\", Write, \"1ms\")", 1.0, 12.0),
        (call, 6.0, 13.0),
        ("Parallel([[Query(\"db\", Read, \"1ms\")], [Query(\"db\", Write, \"1ms\"), Sleep(\"1ms\")]])", 3.0, 12.0),
    ];
    for (steps, received, sent) in table {
        // Detailed: the mean of samples of a minute; Basic: one sample of five minutes.
        for (monitoring, minutes) in [("Detailed", 1.0), ("Basic", 5.0)] {
            let run = served("\"4/s\"", steps, monitoring);
            let requests = 120.0 * minutes;
            for (alarm, expected) in [("in", received), ("out", sent), ("first", sent)] {
                let (found, expected) = (seen(&run, alarm), expected * KIB * requests);
                // One request more or less lies across the end of a period.
                let within = 14.0 * KIB;
                assert!((found - expected).abs() <= within, "{steps} {monitoring} {alarm}: {found}, not {expected}");
            }
        }
    }
}

/// Silence is zero bytes, and no missing datapoint: the instances are there.
#[test]
fn m6_an_idle_instance_reports_zero_bytes() {
    let run = served("Steps([(\"0s\", \"4/s\"), (\"10m\", \"0/s\")])", "Compute(\"1ms\")", "Detailed");
    assert_eq!((seen(&run, "in"), seen(&run, "out")), (0.0, 0.0));
}

/// Work that nobody waits for any more is answered all the same, with the size that was asked for.
#[test]
fn m6_an_answer_to_a_caller_that_has_gone_is_sent_all_the_same() {
    let body = "duration: \"20m\", cloudwatch: (ec2_delay: \"10s\"),
         alarms: { \"out\": (metric: NetworkOut(group: \"g\"), period: \"60s\", evaluation_periods: 1, above: 1e15) },
         launch_templates: { \"t\": (vcpus: 1, pending: \"0s\", boot: \"0s\", monitoring: Detailed) },
         instances: { \"g\": (launch_template: \"t\", count: 1) },
         services: { \"s\": (runs_on: \"g\", workers: 99, endpoints: { \"e\": (steps: [Sleep(\"2s\")]) }) },
         clients: { \"c\": (to: \"s\", arrivals: Even(\"2/s\"), timeout: \"1s\", response_size: \"10KiB\") }";
    let run = run(&plan(body), 1, 0);
    assert_eq!(run.summary.requests.succeeded, 0);
    let found = seen(&run, "out");
    assert!((found - 120.0 * 10_240.0).abs() <= 10_240.0, "{found}");
}

/// A group that keeps NetworkIn or NetworkOut at a target: 20/s of 1 KiB in and 10 KiB out, over one instance at first.
fn tracked(policy: &str) -> RunResult {
    let body = format!(
        "duration: \"2h\",
         cloudwatch: (ec2_delay: \"10s\"),
         launch_templates: {{ \"t\": (vcpus: 1, pending: \"0s\", boot: \"0s\", monitoring: Detailed) }},
         auto_scaling_groups: {{ \"g\": (launch_template: \"t\", min_size: 1, max_size: 50, desired_capacity: 1,
             action_delay: \"0s\", termination: \"0s\", default_instance_warmup: \"180s\", policies: {{ \"p\": {policy} }}) }},
         services: {{ \"s\": (runs_on: \"g\", workers: 999, endpoints: {{ \"e\": (steps: [Compute(\"1ms\")]) }}) }},
         clients: {{ \"c\": (to: \"s\", arrivals: Even(\"20/s\"), request_size: \"1KiB\", response_size: \"10KiB\") }}"
    );
    run(&plan(&body), 1, 0)
}

/// T1 on bytes: 1200 requests a minute are 1,228,800 bytes in and 12,288,000 out; ceil(1 × metric / target).
#[test]
fn t1_target_tracking_of_network_in_and_out() {
    let table = [
        ("ASGAverageNetworkOut", 3.0e6, Some(5)),
        ("ASGAverageNetworkOut", 6.2e6, Some(2)),
        ("ASGAverageNetworkIn", 6.2e5, Some(2)),
        ("ASGAverageNetworkIn", 3.0e5, Some(5)),
        ("ASGAverageNetworkIn", 2.0e6, None),
    ];
    for (metric, target, expected) in table {
        let run = tracked(&format!("TargetTracking(metric: {metric}, target_value: {target})"));
        let capacity = entries(&run, EventKind::DesiredCapacityChanged).first().map(|entry| entry.detail.clone());
        let to = capacity.as_ref().and_then(|detail| detail.split_once("→ ")?.1.split(' ').next()?.parse().ok());
        assert_eq!(to, expected, "{metric} {target}: {capacity:?}");
        assert!(entries(&run, EventKind::DesiredCapacityChanged).len() <= 1, "{metric} {target} stays");
    }
}

/// The predictive pairs: 24 hours of history of so many bytes a minute, of all instances together.
#[test]
fn s3_7_a_forecast_of_bytes_raises_capacity_ahead_of_its_hour() {
    for pair in ["ASGNetworkIn", "ASGNetworkOut"] {
        let policy = format!(
            "Predictive(metric_pair: {pair}, target_value: 1e6, mode: ForecastAndScale,
                 history: (length: \"24h\", load: Constant(4.5e6)))"
        );
        let run = tracked(&policy);
        let last = *column(&run, "group.g.desired").last().expect("a row");
        assert_eq!(last, 5.0, "{pair}: 4.5 MB at 1 MB each");
    }
}
