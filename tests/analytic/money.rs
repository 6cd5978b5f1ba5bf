//! What is billed, what is mixed, and how long the way into service is: sums that can be done by hand.

use crate::lab::{entries, first, is, plan, run};
use models::result::EventKind;

/// Ten hours of three m5.large and a balancer at the prices given, and nothing else.
#[test]
fn instance_hours_cost_what_they_cost() {
    let body = "duration: \"10h\",
        clients: { \"c\": (to: \"q\", arrivals: Even(\"0.01/s\")) },
        services: { \"q\": (instances: 3, instance_type: \"m5.large\", endpoints: { \"e\": (steps: [Compute(\"1ms\")]) }) },
        prices: (instances: { \"m5.large\": 0.1 })";
    let summary = run(&plan(body), 1, 0).summary;
    is("instances", 3.0, summary.cost_usd.by_part["instances.q"]);
    is("instance hours", 30.0, summary.groups["q"].instance_hours);
    is("total", 3.0, summary.cost_usd.total);
    is("per hour", 0.3, summary.cost_usd.per_hour);
}

/// Endpoints get their shares by weight, or by the client's own mix.
#[test]
fn weights_are_shares() {
    let body = |mix: &str| {
        format!(
            "duration: \"200s\", clients: {{ \"c\": (to: \"q\", arrivals: Even(\"100/s\"), {mix}) }},
             services: {{ \"q\": (instances: 1, vcpus: 9, endpoints: {{ \"a\": (weight: 3, steps: [Compute(\"1ms\")]), \"b\": (steps: [Compute(\"2ms\")]),
                          \"z\": (weight: 0, steps: [Compute(\"9ms\")]) }}) }}"
        )
    };
    for (mix, share) in [("", 0.75), ("mix: { \"a\": 1, \"b\": 9 }", 0.1)] {
        let summary = run(&plan(&body(mix)), 1, 0).summary;
        let found = summary.endpoints["q.a"].requests.offered as f64 / summary.requests.offered as f64;
        // Binomial with n = 20,000: standard deviations of 0.31 % and 0.21 %.
        assert!((found - share).abs() < 0.013, "{mix}: {found}");
        assert!(!summary.endpoints.contains_key("q.z"));
        is("a", 1.0, summary.endpoints["q.a"].latency_ms.mean);
        is("b", 2.0, summary.endpoints["q.b"].latency_ms.mean);
    }
}

/// The way into service, each part constant: notice of the loss, pending, boot, bootstrap, smoke test, and then, since the
/// test implies a launch hook, registration and in service; the first check admits it, 5 s and a phase later.
#[test]
fn the_way_into_service_is_the_sum_of_its_parts() {
    let body = "duration: \"600s\",
        clients: { \"c\": (to: \"lb\", arrivals: Even(\"1/s\")) },
        load_balancers: { \"lb\": Application(forward_to: \"w\") },
        target_groups: { \"w\": (health_check: (interval: \"10s\", timeout: \"4s\", unhealthy_threshold: 10, compute: \"0s\")) },
        launch_templates: { \"t\": (vcpus: 1, pending: \"7s\", boot: \"20s\", bootstrap: \"30s\", smoke_test: \"5s\") },
        auto_scaling_groups: { \"w\": (launch_template: \"t\", min_size: 2, max_size: 2, target_groups: [\"w\"],
            loss_notice: \"3s\", registration: \"2s\") },
        services: { \"w\": (runs_on: \"w\", endpoints: { \"e\": (steps: [Compute(\"5ms\")]) }) },
        faults: [At(\"100s\", TerminateInstances(AnyOf(\"w\", 1)))]";
    for seed in 0..20 {
        let run = run(&plan(body), seed, 0);
        let at = |kind| first(&run, kind, 100.0);
        for (kind, expected) in [
            (EventKind::InstanceLost, 100.0),
            (EventKind::InstanceMarkedUnhealthy, 103.0),
            (EventKind::LaunchStarted, 103.0),
            (EventKind::InstanceRunning, 110.0),
            (EventKind::InstanceBooted, 130.0),
            (EventKind::BootstrapDone, 160.0),
            (EventKind::SmokeTestPassed, 165.0),
            (EventKind::InstanceInService, 167.0),
            (EventKind::TargetRegistered, 167.0),
        ] {
            is(&format!("{kind:?}"), expected, at(kind));
        }
        assert!((172.0..182.0).contains(&at(EventKind::TargetHealthy)), "{}", at(EventKind::TargetHealthy));
        assert_eq!(entries(&run, EventKind::LaunchStarted).len(), 1);
        let incident = &run.summary.incidents[0];
        is("struck", 100.0, incident.t_s);
        is("detected", 103.0, incident.detected_s.expect("detected"));
        is("decided", 103.0, incident.decided_s.expect("decided"));
    }
}

/// Deregistration: what is in flight may end within the delay; what lasts longer is cut, with a 502.
#[test]
fn draining_waits_for_its_delay_and_no_longer() {
    let body = |delay: &str| {
        format!(
            "duration: \"40m\", drain: \"100s\",
             cloudwatch: (custom_delay: \"1s\"),
             clients: {{ \"c\": (to: \"lb\", arrivals: Even(\"10/s\"), timeout: Never) }},
             load_balancers: {{ \"lb\": Application(forward_to: \"w\") }},
             target_groups: {{ \"w\": (deregistration_delay: \"{delay}\", health_check: (compute: \"0s\")) }},
             metrics: {{ \"m\": (values: Steps([(\"0s\", 0), (\"10m\", 1), (\"11m\", 0)])) }},
             alarms: {{ \"a\": (metric: Custom(\"m\"), period: \"60s\", evaluation_periods: 1, above: 0.5, actions: [Scale(\"w\", \"in\")]) }},
             launch_templates: {{ \"t\": (vcpus: 1) }},
             auto_scaling_groups: {{ \"w\": (launch_template: \"t\", min_size: 1, max_size: 2, desired_capacity: 2, target_groups: [\"w\"],
                 policies: {{ \"in\": Simple(adjustment: ChangeInCapacity(-1)) }}) }},
             services: {{ \"w\": (runs_on: \"w\", workers: 1000, endpoints: {{ \"e\": (steps: [Sleep(\"20s\")]) }}) }}"
        )
    };
    for (delay, seconds, cut) in [("30s", 30.0, 0), ("5s", 5.0, 75), ("0s", 0.0, 100)] {
        let run = run(&plan(&body(delay)), 1, 0);
        let draining = first(&run, EventKind::TargetDraining, 0.0);
        is("delay", seconds, first(&run, EventKind::TargetDeregistered, 0.0) - draining);
        // Half of ten a second go there and stay for 20 s: 100 at the start of draining, fewer by five each second.
        let failed = run.summary.requests.failed;
        assert!(failed.abs_diff(cut) <= 1, "{failed} cut after {delay}");
        assert_eq!(run.summary.outcomes.get("elb_502").copied().unwrap_or(0), failed);
        assert_eq!(run.summary.groups["w"].final_in_service, 1);
    }
}

/// §5.9: detailed monitoring by the month and instance, of those that have it alone.
#[test]
fn s5_9_detailed_monitoring_is_billed_by_the_instance_and_month() {
    let body = |monitoring: &str, prices: &str| {
        format!(
            "duration: \"2h\", prices: ({prices}),
             clients: {{ \"c\": (to: \"q\", arrivals: Even(\"0.1/s\")) }},
             launch_templates: {{ \"t\": (vcpus: 1{monitoring}) }},
             instances: {{ \"q\": (count: 3, launch_template: \"t\") }},
             services: {{ \"q\": (runs_on: \"q\", endpoints: {{ \"e\": (steps: [Compute(\"1ms\")]) }}) }}"
        )
    };
    let bill = |monitoring: &str, prices: &str| {
        run(&plan(&body(monitoring, prices)), 1, 0).summary.cost_usd.by_part.get("monitoring").copied()
    };
    // Six instance hours of the 730 of a month.
    is("detailed", 6.0 / 730.0 * 2.10, bill(", monitoring: Detailed", "").expect("it is billed"));
    is(
        "its own price",
        6.0 / 730.0 * 3.65,
        bill(", monitoring: Detailed", "detailed_monitoring_month: 3.65").expect("it is billed"),
    );
    assert_eq!(bill("", ""), None, "basic monitoring is free");
    assert_eq!(bill(", monitoring: Basic", ""), None);
}

/// §8: drain_early ends draining with the last request in flight; else it lasts as long as it is set, empty or not.
#[test]
fn s8_drain_early_ends_with_the_last_request() {
    let body = |early: bool, sleep: &str| {
        format!(
            "duration: \"40m\", drain: \"100s\",
             clients: {{ \"c\": (to: \"lb\", arrivals: Even(\"10/s\"), timeout: Never) }},
             load_balancers: {{ \"lb\": Application(forward_to: \"w\") }},
             target_groups: {{ \"w\": (deregistration_delay: \"60s\", health_check: (compute: \"0s\")) }},
             launch_templates: {{ \"t\": (vcpus: 1) }},
             auto_scaling_groups: {{ \"w\": (launch_template: \"t\", min_size: 1, max_size: 2, desired_capacity: 2,
                 target_groups: [\"w\"], drain_early: {early}) }},
             operations: [At(\"10m\", SetDesiredCapacity(\"w\", 1))],
             services: {{ \"w\": (runs_on: \"w\", workers: 1000, endpoints: {{ \"e\": (steps: [Sleep(\"{sleep}\")]) }}) }}"
        )
    };
    for (early, sleep, least, most) in
        [(false, "20s", 60.0, 60.0), (true, "20s", 19.0, 20.1), (true, "1ms", 0.0, 0.2), (true, "90s", 60.0, 60.0)]
    {
        let run = run(&plan(&body(early, sleep)), 1, 0);
        let draining = first(&run, EventKind::TargetDraining, 0.0);
        let lasted = first(&run, EventKind::TargetDeregistered, 0.0) - draining;
        assert!((least - 1e-9..=most + 1e-9).contains(&lasted), "{early} {sleep}: {lasted}");
    }
}
