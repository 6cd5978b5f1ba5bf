//! What was wrong once, each by the behaviour that was missed.

use crate::lab::{plan, run, runs};

/// Instances stand ready at time zero, before the first arrival.
#[test]
fn the_first_request_finds_its_server() {
    let body = "duration: \"10s\", clients: { \"c\": (to: \"q\", arrivals: Even(\"1/s\")) },
        services: { \"q\": (instances: 1, endpoints: { \"e\": (steps: [Compute(\"1ms\")]) }) }";
    let summary = run(&plan(body), 1, 0).summary;
    assert_eq!((summary.requests.offered, summary.requests.failed), (9, 0));
}

/// A user without thinking time who is refused without delay does not ask infinitely often in one instant.
#[test]
fn a_user_refused_at_once_does_not_stop_time() {
    let body = "duration: \"2s\", clients: { \"c\": (to: \"q\", arrivals: Closed(users: 2), patience: \"1s\") },
        services: { \"q\": (instances: 1, workers: 1, backlog: 0, endpoints: { \"e\": (steps: [Sleep(\"100ms\")]) }) }";
    let summary = run(&plan(body), 1, 0).summary;
    assert_eq!(summary.requests.succeeded, 20);
    assert!((1500..=2000).contains(&summary.outcomes["refused"]), "{:?}", summary.outcomes);
    // The same for an answer that takes no time.
    let body = "duration: \"2s\", clients: { \"c\": (to: \"q\", arrivals: Closed(users: 1)) },
        services: { \"q\": (instances: 1, endpoints: { \"e\": (steps: [Compute(\"0s\")]) }) }";
    assert_eq!(run(&plan(body), 1, 0).summary.requests.succeeded, 2000);
}

/// What slept, or waited for others, on an instance that is gone does not wake up and answer.
#[test]
fn the_dead_do_not_answer() {
    for (step, more) in [("Sleep(\"10s\")", ""), ("Call(to: \"b\", timeout: Never)", "")] {
        let body = format!(
            "duration: \"100s\", drain: \"200s\",
             regions: {{ \"r\": (zones: [\"x\", \"y\"]) }},
             clients: {{ \"c\": (to: \"lb\", arrivals: Even(\"10/s\"), timeout: Never) }},
             load_balancers: {{ \"lb\": Application(forward_to: \"a\") }},
             target_groups: {{ \"a\": (health_check: (interval: \"5s\", timeout: \"2s\")) }},
             services: {{
                 \"a\": (instances: 2, target_groups: [\"a\"], endpoints: {{ \"e\": (steps: [{step}]) }}),
                 \"b\": (instances: 1, zones: [\"x\"], endpoints: {{ \"e\": (steps: [Sleep(\"10s\")]) }}) }},
             faults: [At(\"50s\", TerminateInstances(Instance(\"a\", 0)))] {more}"
        );
        let summary = run(&plan(&body), 1, 0).summary;
        let station = summary.queueing_ms["a"];
        // Ten requests a second that stay ten seconds: 100 present, over two instances; those of the dead one fail.
        assert!((70.0..=100.0).contains(&station.mean_present), "{station:?}");
        assert!(summary.outcomes["elb_502"] >= 48, "{:?}", summary.outcomes);
    }
}

/// A call on its way to an instance that has not booted, whose caller gives up and has it dropped.
#[test]
fn a_call_to_an_instance_that_has_not_booted() {
    let body = "duration: \"200s\",
        clients: { \"c\": (to: \"lb\", arrivals: Even(\"20/s\"), timeout: \"1s\", abandoned_work: IsCancelled, retry: Immediate(attempts: 2)) },
        load_balancers: { \"lb\": Application(forward_to: \"w\") },
        target_groups: { \"w\": (health_check: (interval: \"5s\", timeout: \"2s\")) },
        launch_templates: { \"t\": (vcpus: 1, pending: \"1s\", boot: \"40s\") },
        auto_scaling_groups: { \"w\": (launch_template: \"t\", min_size: 2, max_size: 2, target_groups: [\"w\"]) },
        services: { \"w\": (runs_on: \"w\", endpoints: { \"e\": (steps: [Compute(\"5ms\")]) }) },
        faults: [At(\"60s\", TerminateInstances(All(\"w\")))]";
    for run in runs(body, 4) {
        let summary = run.summary;
        assert_eq!(summary.requests.in_flight, 0);
        assert!(summary.outcomes["timed_out"] > 100, "{:?}", summary.outcomes);
        assert!(summary.availability > 0.5, "{:?}", summary.outcomes);
    }
}

/// A session is lost at most once with the instance that holds it, however often it went to and fro before.
#[test]
fn a_session_is_lost_once() {
    let body = |requests: &str| {
        format!(
            "duration: \"100s\", clients: {{ \"c\": (to: \"q\", arrivals: Even(\"{requests}\"), sessions: 30) }},
             services: {{ \"q\": (instances: 3, sessions_on_instance: true, endpoints: {{ \"e\": (steps: [Compute(\"1ms\")]) }}) }},
             faults: [At(\"90s\", TerminateInstances(Instance(\"q\", 1)))]"
        )
    };
    for requests in ["10/s", "100/s"] {
        for run in runs(&body(requests), 4) {
            // A third of them, on average; binomial with standard deviation 2.6.
            let lost = run.summary.sessions_lost;
            assert!((1..=21).contains(&lost), "{lost} of 30");
        }
    }
}
