//! Application Load Balancers, rule by rule (network.md §3.5 to §3.12, §6): small scenarios, run, and looked at.

use models::plan::Plan;
use models::result::{EventKind, RunResult, TimelineEvent};
use models::{Progress, RequestRecord, Watcher};
use std::ops::ControlFlow;

/// The plan of a scenario, given by everything but its head.
fn plan(body: &str) -> Plan {
    let text = format!("Scenario(schema: 1, name: \"lab\", {body})");
    let source = scenarios::Source { name: "lab.ron".into(), text, dir: None };
    match scenarios::compile(&source, &[]) {
        Ok(compiled) => compiled.plan,
        Err(report) => panic!("{report}\n{}", source.text),
    }
}

/// The mistakes of a scenario, as they are told.
fn mistakes(body: &str) -> String {
    let text = format!("Scenario(schema: 1, name: \"lab\", {body})");
    let source = scenarios::Source { name: "lab.ron".into(), text, dir: None };
    match scenarios::compile(&source, &[]) {
        Ok(_) => panic!("nothing wrong with\n{}", source.text),
        Err(report) => report.to_string(),
    }
}

fn run(body: &str) -> RunResult {
    models::simulate(&plan(body), 1, 0, &mut ()).expect("nobody interrupts")
}

/// Every request: when it was born, and the number of the instance that last worked on it.
#[derive(Default)]
struct Seen(Vec<(f64, u32)>);

impl Watcher for Seen {
    fn progress(&mut self, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn request(&mut self, request: RequestRecord) {
        self.0.push((request.born.as_secs_f64(), request.instance));
    }
    fn wants_requests(&self) -> bool {
        true
    }
}

fn seen(body: &str) -> Vec<(f64, u32)> {
    let mut seen = Seen::default();
    models::simulate(&plan(body), 1, 0, &mut seen).expect("nobody interrupts");
    seen.0
}

/// The share of some instances in the requests of a time.
fn share(seen: &[(f64, u32)], from: f64, to: f64, instances: &[u32]) -> f64 {
    let within = seen.iter().filter(|(born, _)| (from..to).contains(born));
    let theirs = within.clone().filter(|(_, instance)| instances.contains(instance)).count();
    theirs as f64 / within.count() as f64
}

fn all(run: &RunResult, kind: EventKind) -> Vec<&TimelineEvent> {
    run.timeline.iter().filter(|entry| entry.kind == kind).collect()
}

/// Some targets behind a balancer over two zones: settings of the target group, of the balancer, faults, and how many.
fn farm(count: u32, group: &str, balancer: &str, rest: &str) -> String {
    format!(
        "duration: \"20m\", regions: {{ \"r\": (zones: [\"a\", \"b\"]) }},
         clients: {{ \"c\": (to: \"www\", arrivals: Even(\"20/s\"), timeout: \"5s\", sessions: 100) }},
         load_balancers: {{ \"www\": Application(forward_to: \"web\", {balancer}) }},
         target_groups: {{ \"web\": ({group} health_check: (interval: \"5s\", timeout: \"2s\", healthy_threshold: 2, unhealthy_threshold: 2)) }},
         instances: {{ \"web\": (count: {count}, vcpus: 2, target_groups: [\"web\"]) }},
         services: {{ \"web\": (runs_on: \"web\", workers: 8, endpoints: {{ \"page\": (steps: [Compute(\"5ms\")]) }}) }},
         {rest}"
    )
}

#[test]
fn s38_slow_start_is_for_targets_that_come_back_beside_full_ones() {
    // What hangs for two minutes is unhealthy, and comes back.
    let hang = |which: &str| format!("faults: [At(\"5m\", HangInstances({which}, \"2m\"))]");
    for (which, fewest, most) in
        [("Instance(\"web\", 1)", 1, 1), ("AnyOf(\"web\", 2, \"a\")", 2, 2), ("All(\"web\")", 3, 4)]
    {
        let result = run(&farm(4, "slow_start: \"60s\",", "", &hang(which)));
        let (began, ended) = (all(&result, EventKind::SlowStartBegan), all(&result, EventKind::SlowStartEnded));
        assert!((fewest..=most).contains(&began.len()), "{which}: {began:#?}");
        assert_eq!(began.len(), ended.len(), "{which}");
        // The first batch of an empty group starts at its full share.
        assert!(began.iter().all(|entry| entry.t_s > 420.0), "{began:#?}");
        for entry in ended {
            let cause = &result.timeline[entry.cause.expect("its beginning") as usize - 1];
            let lasted = entry.t_s - cause.t_s;
            // Two nodes begin within an interval of checks or two.
            assert!((60.0..=71.0).contains(&lasted), "{which}: {lasted}");
            assert!(entry.detail.contains("full share"), "{}", entry.detail);
        }
    }
    assert!(all(&run(&farm(4, "", "", &hang("Instance(\"web\", 1)"))), EventKind::SlowStartBegan).is_empty());
}

#[test]
fn s38_the_share_of_a_target_in_slow_start_grows_in_a_straight_line() {
    let faults = "faults: [At(\"5m\", HangInstances(Instance(\"web\", 1), \"2m\"))]";
    let body = farm(4, "slow_start: \"400s\",", "", faults).replace("Even(\"20/s\")", "Even(\"200/s\")");
    let began = all(&run(&body), EventKind::SlowStartBegan)[0].t_s;
    let seen = seen(&body);
    for quarter in 0..4 {
        let from = began + 10.0 + 95.0 * f64::from(quarter);
        // In the middle of the window, its weight against three full ones.
        let weight = (from + 45.0 - began - 3.0) / 400.0;
        let (found, expected) = (share(&seen, from, from + 90.0, &[1]), weight / (3.0 + weight));
        assert!((found - expected).abs() < 0.012, "quarter {quarter}: {found} and {expected}");
    }
    let after = share(&seen, began + 420.0, 1_200.0, &[1]);
    assert!((after - 0.25).abs() < 0.005, "{after}");
}

#[test]
fn s38_slow_start_ends_with_illness_and_begins_anew() {
    let faults = "faults: [At(\"5m\", HangInstances(Instance(\"web\", 1), \"1m\")), At(\"7m\", HangInstances(Instance(\"web\", 1), \"1m\"))]";
    let result = run(&farm(4, "slow_start: \"300s\",", "", faults));
    let ended = all(&result, EventKind::SlowStartEnded);
    assert_eq!(all(&result, EventKind::SlowStartBegan).len(), 2);
    assert_eq!(ended.len(), 2);
    assert!(ended[0].detail.contains("unhealthy") && ended[0].t_s < 450.0, "{ended:#?}");
    assert!(ended[1].detail.contains("full share") && ended[1].t_s > 780.0, "{ended:#?}");
}

#[test]
fn s39_sessions_stay_and_move_only_when_their_target_is_ill() {
    let moved = |group: &str, faults: &str| {
        let result = run(&farm(4, group, "", faults));
        assert_eq!(result.summary.requests.failed, result.summary.outcomes.get("timed_out").copied().unwrap_or(0));
        result.summary.load_balancers["www"].not_sticky
    };
    let hang = "faults: [At(\"5m\", HangInstances(Instance(\"web\", 1), \"2m\"))]";
    // Each of the hundred sessions is new once.
    assert_eq!(moved("stickiness: \"1h\",", ""), 100);
    assert_eq!(moved("stickiness: LbCookie(),", ""), 100);
    assert_eq!(moved("stickiness: AppCookie(name: \"SESSION\", duration: \"1h\"),", ""), 100);
    // A quarter of them or so has to move, once: nobody goes back.
    for group in ["stickiness: \"1h\",", "stickiness: AppCookie(name: \"SESSION\", duration: \"1h\"),"] {
        let with_illness = moved(group, hang);
        assert!((110..=170).contains(&with_illness), "{group} {with_illness}");
    }
    // A cookie of a second is over before its session comes again, five seconds later on average.
    assert!(moved("stickiness: \"1s\",", "") > 15_000);
    // No endpoint that is asked sets the cookie in less than ever.
    let login = "stickiness: AppCookie(name: \"SESSION\", set_by: [\"login\"]),";
    let body =
        farm(4, login, "", "").replace("{ \"page\":", "{ \"login\": (weight: 0, steps: [Compute(\"5ms\")]), \"page\":");
    let result = run(&body);
    assert_eq!(result.summary.load_balancers["www"].not_sticky, result.summary.load_balancers["www"].requests);
}

#[test]
fn s39_an_application_cookie_begins_with_the_endpoint_that_sets_it() {
    let login = "stickiness: AppCookie(name: \"SESSION\", duration: \"1h\", set_by: [\"login\"]),";
    let body = farm(4, login, "", "")
        .replace("{ \"page\":", "{ \"login\": (weight: 0.05, steps: [Compute(\"5ms\")]), \"page\":");
    let figures = run(&body).summary.load_balancers["www"];
    // A session logs in after twenty requests on average; before that it is nobody's.
    assert!((1_000..=4_000).contains(&figures.not_sticky), "{figures:?}");
    assert!(figures.requests > 20_000, "{figures:?}");
}

#[test]
fn s39_contradictions_are_refused() {
    for (group, message) in [
        ("stickiness: \"1h\", cross_zone: false,", "with `cross_zone: false`"),
        ("stickiness: \"1h\", algorithm: WeightedRandom,", "with WeightedRandom"),
        ("slow_start: \"60s\", algorithm: LeastOutstandingRequests,", "needs the algorithm RoundRobin"),
        ("slow_start: \"60s\", algorithm: WeightedRandom,", "needs the algorithm RoundRobin"),
        ("slow_start: \"29s\",", "outside"),
        ("slow_start: \"901s\",", "outside"),
        ("slow_start_weight: 0.5,", "without `slow_start`"),
        ("target_weights: (),", "needs the algorithm WeightedRandom"),
        ("stickiness: \"0s\",", "outside"),
        ("stickiness: LbCookie(\"8d\"),", "outside"),
        ("stickiness: AppCookie(name: \"AWSALBAPP\"),", "cannot name the cookie"),
        ("stickiness: AppCookie(name: \"\"),", "cannot name the cookie"),
        ("stickiness: AppCookie(name: \"S\", set_by: [\"nowhere\"]),", "no endpoint named `nowhere`"),
        ("target_group_health: (unhealthy_state_routing: (count: 2)),", "below the 2"),
        (
            "target_group_health: (dns_failover: (percentage: 10), unhealthy_state_routing: (percentage: 11)),",
            "below the 11",
        ),
        ("target_group_health: (unhealthy_state_routing: (count: Off)),", "cannot be off"),
        ("target_group_health: (dns_failover: (percentage: 101)),", "outside"),
        ("target_group_health: (dns_failover: (count: 0)),", "outside"),
    ] {
        let told = mistakes(&farm(4, group, "", ""));
        assert!(told.contains(message), "{group}\n{told}");
    }
    // What is legal at its bounds.
    for group in [
        "slow_start: \"0s\",",
        "slow_start: \"30s\",",
        "slow_start: \"900s\", stickiness: \"7d\",",
        "target_weights: (mitigation: false),",
        "target_group_health: (dns_failover: (count: 2), unhealthy_state_routing: (count: 2)),",
        "target_group_health: (dns_failover: (count: Off, percentage: Off)),",
    ] {
        plan(&farm(4, group, "", ""));
    }
}

#[test]
fn s39_weighted_groups_keep_their_sessions_when_told_to() {
    let body = |stickiness: &str| {
        format!(
            "duration: \"10m\",
             clients: {{ \"c\": (to: \"www\", arrivals: Even(\"50/s\"), sessions: 200) }},
             load_balancers: {{ \"www\": Application(forward_to: {{\"one\": 1, \"two\": 1}}, {stickiness}) }},
             target_groups: {{ \"one\": (), \"two\": () }},
             services: {{ \"v1\": (instances: 1, target_groups: [\"one\"], sessions_on_instance: true, endpoints: {{ \"page\": (steps: [Compute(\"1ms\")]) }}),
                          \"v2\": (instances: 1, target_groups: [\"two\"], sessions_on_instance: true, endpoints: {{ \"page\": (steps: [Compute(\"1ms\")], error_rate: \"100%\") }}) }}"
        )
    };
    // Without, every session meets the bad version sooner or later; with it, half of the sessions always do.
    let plain = run(&body("")).summary;
    let sticky = run(&body("stickiness: \"1h\"")).summary;
    let share = |summary: &models::result::Summary| summary.requests.failed as f64 / summary.requests.offered as f64;
    assert!((share(&plain) - 0.5).abs() < 0.02, "{}", share(&plain));
    // Two hundred coins, thrown once each: a wider spread than thirty thousand.
    assert!((share(&sticky) - 0.5).abs() < 0.15 && (share(&sticky) - 0.5).abs() > 0.0, "{}", share(&sticky));
    let sticky_group = mistakes(&body("").replace("\"two\": ()", "\"two\": (stickiness: \"1h\")"));
    assert!(sticky_group.contains("has stickiness, the forward action to it has none"), "{sticky_group}");
    let app = body("stickiness: \"1h\"").replace("\"two\": ()", "\"two\": (stickiness: AppCookie(name: \"S\"))");
    assert!(mistakes(&app).contains("application cookie"));
}

#[test]
fn s311_a_group_fails_open_below_its_threshold_and_not_at_it() {
    let hang = |count: u32| format!("faults: [At(\"5m\", HangInstances(AnyOf(\"web\", {count}), \"3m\"))]");
    for (threshold, count, opens) in [
        ("", 3, false),
        ("", 4, true),
        ("dns_failover: (count: 2), unhealthy_state_routing: (count: 2)", 2, false),
        ("dns_failover: (count: 2), unhealthy_state_routing: (count: 2)", 3, true),
        // Two of four are exactly the half.
        ("dns_failover: (percentage: 50), unhealthy_state_routing: (percentage: 50)", 2, false),
        ("dns_failover: (percentage: 51), unhealthy_state_routing: (percentage: 51)", 2, true),
        ("dns_failover: (percentage: 51), unhealthy_state_routing: (percentage: 50)", 2, false),
        // Either breach triggers.
        ("dns_failover: (count: 3, percentage: 25), unhealthy_state_routing: (count: 3, percentage: 25)", 2, true),
        ("dns_failover: (count: 1, percentage: 75), unhealthy_state_routing: (count: 1, percentage: 75)", 2, true),
    ] {
        let result = run(&farm(4, &format!("target_group_health: ({threshold}),"), "", &hang(count)));
        let found = all(&result, EventKind::FailOpen);
        assert_eq!(!found.is_empty(), opens, "{threshold}, {count} ill: {found:#?}");
        assert_eq!(found.len(), all(&result, EventKind::FailOpenEnded).len());
        assert_eq!(result.summary.load_balancers["www"].fail_open > 0, opens);
    }
}

#[test]
fn s311_a_node_leaves_dns_below_its_threshold() {
    let ill = "faults: [At(\"5m\", HangInstances(AnyOf(\"web\", 1, \"a\"), \"3m\"))]";
    for (group, leaves) in [
        ("cross_zone: false,", false),
        ("cross_zone: false, target_group_health: (dns_failover: (count: 2)),", true),
        ("cross_zone: false, target_group_health: (dns_failover: (percentage: 50)),", false),
        ("cross_zone: false, target_group_health: (dns_failover: (percentage: 51)),", true),
        // All zones count together: three of four are left.
        ("target_group_health: (dns_failover: (count: 3)),", false),
    ] {
        let result = run(&farm(4, group, "", ill));
        let out = all(&result, EventKind::NodeOutOfDns);
        let expected: &[&str] = if leaves { &["www/a"] } else { &[] };
        assert_eq!(out.iter().map(|entry| entry.subject.as_str()).collect::<Vec<_>>(), expected, "{group}");
        assert_eq!(out.len(), all(&result, EventKind::NodeBackInDns).len(), "{group}");
    }
    // Off: never, though nobody is left there.
    let zone = "faults: [At(\"5m\", HangInstances(AnyOf(\"web\", 2, \"a\"), \"3m\"))]";
    let result = run(&farm(4, "cross_zone: false, target_group_health: (dns_failover: (count: Off)),", "", zone));
    assert!(all(&result, EventKind::NodeOutOfDns).is_empty());
    let result = run(&farm(4, "cross_zone: false,", "", zone));
    assert_eq!(all(&result, EventKind::NodeOutOfDns).len(), 1);
}

#[test]
fn s2_the_address_of_a_zone_without_targets_stays_published_and_answers_503() {
    let mut body =
        farm(2, "cross_zone: false,", "", "faults: [At(\"5m\", HangInstances(Instance(\"web\", 0), \"1m\"))]");
    body = body.replace("(count: 2, vcpus: 2, target", "(count: 2, vcpus: 2, zones: [\"a\"], target");
    let result = run(&body);
    assert!(all(&result, EventKind::NodeOutOfDns).iter().all(|entry| entry.subject != "www/b"));
    let share = result.summary.outcomes["elb_503"] as f64 / result.summary.requests.offered as f64;
    assert!((share - 0.5).abs() < 0.1, "half of the clients meet the empty zone: {share}");
}

#[test]
fn s124_which_groups_dns_asks_for() {
    let body = |needs: &str| {
        format!(
            "duration: \"10m\", regions: {{ \"r\": (zones: [\"a\", \"b\"]) }},
             clients: {{ \"c\": (to: \"www\", arrivals: Even(\"20/s\"), timeout: \"2s\") }},
             load_balancers: {{ \"www\": Application(forward_to: \"one\", dns_failover_needs: {needs},
                 rules: [(priority: 1, endpoints: [\"b\"], action: Forward(\"two\"))]) }},
             target_groups: {{ \"one\": (cross_zone: false, health_check: (interval: \"5s\", timeout: \"2s\")),
                               \"two\": (cross_zone: false, health_check: (interval: \"5s\", timeout: \"2s\")), \"none\": () }},
             services: {{ \"one\": (instances: 2, target_groups: [\"one\"], endpoints: {{ \"a\": (steps: [Compute(\"1ms\")]) }}),
                          \"two\": (instances: 2, target_groups: [\"two\"], endpoints: {{ \"b\": (steps: [Compute(\"1ms\")]) }}) }},
             faults: [At(\"2m\", HangInstances(AnyOf(\"two\", 1, \"a\"), \"3m\"))]"
        )
    };
    assert!(all(&run(&body("AnyGroup")), EventKind::NodeOutOfDns).is_empty());
    assert_eq!(all(&run(&body("EveryGroup")), EventKind::NodeOutOfDns).len(), 1);
}

/// Two services behind one balancer, with rules.
fn shop(rules: &str, action: &str, mix: &str) -> String {
    format!(
        "duration: \"2m\",
         clients: {{ \"c\": (to: \"www\", arrivals: Even(\"20/s\"), retry: Immediate(attempts: 3), round_trip: \"10ms\", {mix}) }},
         load_balancers: {{ \"www\": Application({action}, rules: [{rules}]) }},
         target_groups: {{ \"web\": (), \"api\": () }},
         services: {{ \"web\": (instances: 2, target_groups: [\"web\"], endpoints: {{ \"page\": (steps: [Compute(\"1ms\")]), \"old\": (weight: 0, steps: [Compute(\"1ms\")]) }}),
                      \"api\": (instances: 2, target_groups: [\"api\"], endpoints: {{ \"api-orders\": (weight: 3, steps: [Compute(\"1ms\")]), \"api-users\": (steps: [Compute(\"1ms\")]) }}) }}"
    )
}

#[test]
fn s35_rules_lead_each_endpoint_to_its_own_service() {
    let api = "(priority: 10, endpoints: [\"api-*\"], action: Forward(\"api\"))";
    let result = run(&shop(api, "forward_to: \"web\"", ""));
    let (web, api) = (result.summary.queueing_ms["web"].served, result.summary.queueing_ms["api"].served);
    // And some health checks.
    assert!((result.summary.requests.offered..result.summary.requests.offered + 40).contains(&(web + api)));
    let share = api as f64 / (web + api) as f64;
    assert!((share - 0.8).abs() < 0.03, "weights 1, 3 and 1: {share}");
    assert_eq!(result.summary.requests.failed, 0);
}

#[test]
fn s35_the_lowest_priority_wins_and_the_default_comes_last() {
    let teapot = "(priority: 5, endpoints: [\"api-users\"], action: FixedResponse(418))";
    let api = "(priority: 10, endpoints: [\"api-*\"], action: Forward(\"api\"))";
    for rules in [format!("{teapot}, {api}"), format!("{api}, {teapot}")] {
        let result = run(&shop(
            &rules,
            "default: FixedResponse(503)",
            "mix: { \"api-orders\": 1, \"api-users\": 1, \"page\": 1 }",
        ));
        let outcomes = &result.summary.outcomes;
        assert_eq!(outcomes.len(), 3, "{outcomes:?}");
        let figures = result.summary.load_balancers["www"];
        assert_eq!(figures.elb_4xx, outcomes["elb_4xx"], "a 4xx is not tried again");
        // Three attempts each.
        assert_eq!(figures.elb_5xx, 3 * outcomes["elb_503"]);
        assert_eq!(figures.requests, outcomes["ok"]);
    }
}

#[test]
fn s35_a_redirect_costs_the_client_a_round_trip() {
    let rule = "(priority: 1, endpoints: [\"old\"], action: Redirect(\"page\"))";
    let rest = "(priority: 2, endpoints: [\"page\"], action: Forward(\"web\"))";
    let asked = |name: &str| {
        run(&shop(&format!("{rule}, {rest}"), "default: FixedResponse(404)", &format!("mix: {{ \"{name}\": 1 }}")))
            .summary
    };
    let (page, old) = (asked("page"), asked("old"));
    assert_eq!((page.requests.failed, old.requests.failed), (0, 0));
    let more = old.latency_ms.mean - page.latency_ms.mean;
    assert!((more - 10.0).abs() < 0.2, "{more} ms");
    assert_eq!(old.load_balancers["www"].redirects, old.requests.offered);
    assert!(old.endpoints.contains_key("web.old"), "counted as what the client asked for: {:?}", old.endpoints.keys());
}

#[test]
fn s35_rules_that_lead_nowhere_are_told() {
    let api = "(priority: 10, endpoints: [\"api-*\"], action: Forward(\"api\"))";
    let to_web = "forward_to: \"web\"";
    for (rules, action, mix, message) in [
        (
            "(priority: 1, endpoints: [\"nothing\"], action: Forward(\"api\"))",
            to_web,
            "",
            "no endpoint named `nothing`",
        ),
        ("(priority: 1, endpoints: [\"x*\"], action: Forward(\"api\"))", to_web, "", "no endpoint matches `x*`"),
        ("(priority: 1, endpoints: [], action: Forward(\"api\"))", to_web, "", "without a condition"),
        ("(priority: 0, endpoints: [\"*\"], action: Forward(\"api\"))", to_web, "", "outside"),
        ("(priority: 1, endpoints: [\"page\"], action: FixedResponse(301))", to_web, "", "status 301"),
        ("(priority: 1, endpoints: [\"page\"], action: FixedResponse(500))", to_web, "", "status 500"),
        (
            "(priority: 1, endpoints: [\"page\"], action: Redirect(\"old\")), (priority: 2, endpoints: [\"old\"], action: Redirect(\"page\"))",
            to_web,
            "",
            "redirects go round in a circle",
        ),
        (
            "(priority: 1, endpoints: [\"old\"], action: Redirect(\"old\"))",
            to_web,
            "",
            "redirects go round in a circle",
        ),
        (&format!("{api}, {api}"), to_web, "", "two rules with priority 10"),
        (api, to_web, "mix: { \"nothing\": 1 }", "nobody answers for endpoint `nothing`"),
        // The default leads pages to a service that has none.
        (api, "forward_to: \"api\"", "mix: { \"page\": 1 }", "nobody answers for endpoint `page`"),
        (api, "forward_to: {\"web\": 1, \"api\": 1}", "", "which has no such endpoint"),
        (api, "idle_timeout: \"60s\"", "", "without a default action"),
        (api, "forward_to: \"web\", default: FixedResponse(404)", "", "both `forward_to` and `default`"),
        (api, "default: Forward(\"web\")", "", "is for what is not forwarded"),
    ] {
        let told = mistakes(&shop(rules, action, mix));
        assert!(told.contains(message), "{message}:\n{told}");
    }
}

#[test]
fn s6_a_zonal_shift_takes_a_zone_out_of_dns_and_of_every_nodes_choice() {
    let shift = "operations: [At(\"5m\", StartZonalShift(\"www\", \"a\", \"5m\"))]";
    for group in ["", "cross_zone: false,"] {
        let mut body = farm(4, group, "zonal_shift: true", shift);
        body = body
            .replace("sessions: 100", "dns_ttl: \"10s\"")
            .replace("duration: \"20m\"", "duration: \"20m\", series_interval: \"10s\"");
        let result = run(&body);
        let times = |kind| all(&result, kind).iter().map(|entry| entry.t_s).collect::<Vec<f64>>();
        // Ten seconds for it to take effect, each way.
        assert_eq!(times(EventKind::ZonalShiftStarted), [310.0], "{group}");
        assert_eq!(times(EventKind::ZonalShiftEnded), [610.0], "{group}");
        assert_eq!(times(EventKind::NodeOutOfDns), [310.0], "{group}");
        assert_eq!(times(EventKind::NodeBackInDns), [610.0], "{group}");
        assert_eq!(result.summary.requests.failed, 0);
        // Caches of ten seconds, then nothing more goes there; after the end, half of it does again.
        let share = |from: f64, to: f64| share(&seen(&body), from, to, &[0, 2]);
        assert!((share(200.0, 300.0) - 0.5).abs() < 0.1, "{group}");
        assert_eq!(share(325.0, 600.0), 0.0, "{group}");
        assert!((share(700.0, 1_100.0) - 0.5).abs() < 0.1, "{group}");
        let shifted = &result.series.get("balancer.www.shifted").expect("a column").values;
        assert_eq!((shifted[29], shifted[31], shifted[59], shifted[61]), (0.0, 1.0, 1.0, 0.0));
    }
}

#[test]
fn s6_a_shift_is_refused_cancelled_extended() {
    let told = mistakes(&farm(4, "", "", "operations: [At(\"5m\", StartZonalShift(\"www\", \"a\", \"5m\"))]"));
    assert!(told.contains("zonal shift is not enabled for `www`"), "{told}");
    for (calls, refused, ended) in [
        ("At(\"5m\", StartZonalShift(\"www\", \"a\", \"10m\")), At(\"6m\", CancelZonalShift(\"www\"))", 0, Some(370.0)),
        ("At(\"5m\", CancelZonalShift(\"www\"))", 1, None),
        // One zone at a time.
        (
            "At(\"5m\", StartZonalShift(\"www\", \"a\", \"3m\")), At(\"6m\", StartZonalShift(\"www\", \"b\", \"3m\"))",
            1,
            Some(490.0),
        ),
        // The same zone again moves the end, later or earlier.
        (
            "At(\"5m\", StartZonalShift(\"www\", \"a\", \"3m\")), At(\"6m\", StartZonalShift(\"www\", \"a\", \"10m\"))",
            0,
            Some(970.0),
        ),
        (
            "At(\"5m\", StartZonalShift(\"www\", \"a\", \"10m\")), At(\"6m\", StartZonalShift(\"www\", \"a\", \"1m\"))",
            0,
            Some(430.0),
        ),
    ] {
        let result = run(&farm(4, "", "zonal_shift: true", &format!("operations: [{calls}]")));
        assert_eq!(all(&result, EventKind::OperationRefused).len(), refused, "{calls}");
        assert_eq!(all(&result, EventKind::ZonalShiftEnded).first().map(|entry| entry.t_s), ended, "{calls}");
    }
}

#[test]
fn s6_a_shift_changes_nothing_where_nothing_else_is_left() {
    let shift = "operations: [At(\"5m\", StartZonalShift(\"www\", \"a\", \"5m\"))]";
    // All targets in the zone that is shifted away from.
    let single = farm(2, "", "zonal_shift: true", shift)
        .replace("(count: 2, vcpus: 2, target", "(count: 2, vcpus: 2, zones: [\"a\"], target");
    assert_eq!(run(&single).summary.requests.failed, 0);
    // Failing open: all registered targets are used, those of the zone too.
    let open = "operations: [At(\"5m\", StartZonalShift(\"www\", \"a\", \"5m\"))],
                faults: [At(\"4m\", SlowInstances(All(\"web\"), \"0.1%\", \"5m\"))]";
    let result = run(&farm(4, "", "zonal_shift: true", open));
    assert!(result.summary.load_balancers["www"].fail_open > 0);
}

#[test]
fn s6_autoshift_leaves_an_ill_zone_and_comes_back() {
    let grey = "faults: [At(\"3m\", ZoneGrey(zone: \"a\", loss: \"5%\", duration: \"8m\"))]";
    let result = run(&farm(4, "", "zonal_shift: true, autoshift: true", grey));
    let times = |kind| all(&result, kind).iter().map(|entry| entry.t_s).collect::<Vec<f64>>();
    assert_eq!(times(EventKind::ZonalShiftStarted), [180.0 + 300.0 + 10.0]);
    assert_eq!(times(EventKind::ZonalShiftEnded), [660.0 + 300.0 + 10.0]);
    assert!(all(&run(&farm(4, "", "zonal_shift: true", grey)), EventKind::ZonalShiftStarted).is_empty());
    // Over before anybody has noticed.
    let short = grey.replace("8m", "4m");
    assert!(
        all(&run(&farm(4, "", "zonal_shift: true, autoshift: true", &short)), EventKind::ZonalShiftStarted).is_empty()
    );
    assert!(mistakes(&farm(4, "", "autoshift: true", grey)).contains("without `zonal_shift`"));
    // A customer's shift comes first, and the autoshift goes on after it.
    let both = format!("{grey}, operations: [At(\"9m\", StartZonalShift(\"www\", \"b\", \"2m\"))]");
    let result = run(&farm(4, "", "zonal_shift: true, autoshift: true", &both));
    let began = all(&result, EventKind::ZonalShiftStarted);
    let zones: Vec<&str> = began.iter().map(|entry| entry.detail.rsplit(' ').next().unwrap_or("")).collect();
    assert_eq!(zones, ["a", "b", "a"], "{began:#?}");
}

#[test]
fn s37_anomalies_are_found_in_groups_of_three_and_mitigated_where_that_is_on() {
    let body = |good: u32, weights: &str| {
        format!(
            "duration: \"10m\", clients: {{ \"c\": (to: \"www\", arrivals: Even(\"60/s\")) }},
             load_balancers: {{ \"www\": Application(forward_to: \"web\") }},
             target_groups: {{ \"web\": (algorithm: WeightedRandom, {weights}) }},
             instances: {{ \"good\": (count: {good}, vcpus: 2, target_groups: [\"web\"]), \"bad\": (count: 1, vcpus: 2, target_groups: [\"web\"]) }},
             services: {{ \"good\": (runs_on: \"good\", endpoints: {{ \"page\": (steps: [Compute(\"1ms\")]) }}),
                          \"bad\": (runs_on: \"bad\", endpoints: {{ \"page\": (steps: [Compute(\"1ms\")], error_rate: \"50%\") }}) }}"
        )
    };
    let found = |good: u32, weights: &str| {
        let result = run(&body(good, weights));
        let share = result.summary.requests.failed as f64 / result.summary.requests.offered as f64;
        (all(&result, EventKind::TargetAnomalous).len(), all(&result, EventKind::MitigationBegan).len(), share)
    };
    let (anomalous, mitigated, share) = found(3, "target_weights: ()");
    assert_eq!((anomalous, mitigated), (1, 1));
    assert!(share < 0.012, "an eighth without weights, next to nothing with them: {share}");
    let (anomalous, mitigated, share) = found(3, "target_weights: (mitigation: false)");
    assert_eq!((anomalous, mitigated), (1, 0));
    assert!((share - 0.125).abs() < 0.01, "{share}");
    // Two targets are too few to compare.
    let (anomalous, _, share) = found(1, "target_weights: ()");
    assert_eq!(anomalous, 0);
    assert!((share - 0.25).abs() < 0.01, "{share}");
    assert_eq!(found(3, "").0, 0);
}

#[test]
fn s312_a_client_that_gives_up_first_is_a_460() {
    let hang = "faults: [At(\"5m\", HangInstances(All(\"web\"), \"1m\"))]";
    let result = run(&farm(4, "", "", hang));
    let timed_out = result.summary.outcomes["timed_out"];
    assert_eq!(result.summary.load_balancers["www"].elb_460, timed_out);
    assert!(timed_out > 500);
    // The balancer gives up before its client does: 504, and no 460.
    let result = run(&farm(4, "", "idle_timeout: \"2s\"", hang));
    assert_eq!(result.summary.load_balancers["www"].elb_460, 0);
    assert!(result.summary.outcomes["elb_504"] > 500);
}

#[test]
fn s314_a_balancer_at_its_capacity_rejects_and_grows() {
    let body = |capacity: &str| {
        format!(
            "duration: \"40m\",
             clients: {{ \"c\": (to: \"www\", arrivals: Even(Steps([(\"0s\", \"20/s\"), (\"10m\", \"200/s\")]))) }},
             load_balancers: {{ \"www\": Application(forward_to: \"web\", {capacity}) }},
             target_groups: {{ \"web\": () }},
             services: {{ \"web\": (instances: 4, target_groups: [\"web\"], endpoints: {{ \"page\": (steps: [Compute(\"1ms\")]) }}) }}"
        )
    };
    let result = run(&body("capacity: (start: \"50/s\")"));
    let figures = result.summary.load_balancers["www"];
    assert!(figures.rejected > 0 && figures.rejected == result.summary.outcomes["elb_503"], "{figures:?}");
    assert_eq!(figures.elb_5xx, 0, "what is rejected is no answer of the balancer's");
    // Twice every five minutes: from 50/s to 200/s takes ten.
    let overloaded = all(&result, EventKind::BalancerOverloaded);
    let last = overloaded.last().expect("some").t_s;
    assert!((1_140.0..=1_320.0).contains(&last), "{last}");
    assert_eq!(run(&body("")).summary.requests.failed, 0);
    assert_eq!(run(&body("capacity: (start: \"300/s\")")).summary.requests.failed, 0);
    let reserved = run(&body("reserved_lcu: 100")).summary.load_balancers["www"].lcu_hours;
    assert!((reserved - 100.0 * 40.0 / 60.0).abs() < 1e-6, "{reserved}");
    assert!(mistakes(&body("reserved_lcu: 99")).contains("outside"));
}

#[test]
fn s313_an_alarm_on_anomalous_hosts_makes_the_balancer_look() {
    let body = |alarm: &str| {
        format!(
            "duration: \"20m\", clients: {{ \"c\": (to: \"www\", arrivals: Even(\"60/s\"), sessions: 50) }},
             load_balancers: {{ \"www\": Application(forward_to: \"web\") }},
             target_groups: {{ \"web\": () }},
             instances: {{ \"good\": (count: 3, vcpus: 2, target_groups: [\"web\"]), \"bad\": (count: 1, vcpus: 2, target_groups: [\"web\"]) }},
             services: {{ \"good\": (runs_on: \"good\", endpoints: {{ \"page\": (steps: [Compute(\"1ms\")]) }}),
                          \"bad\": (runs_on: \"bad\", endpoints: {{ \"page\": (steps: [Compute(\"1ms\")], error_rate: \"50%\") }}) }},
             alarms: {{ \"odd\": (metric: {alarm}, statistic: Maximum, period: \"60s\", evaluation_periods: 1, above: 0, actions: [Notify]) }}"
        )
    };
    let raised = |alarm: &str| {
        let result = run(&body(alarm));
        result.summary.alarms["odd"].iter().filter(|change| change.to == "ALARM").count()
    };
    assert_eq!(raised("AnomalousHostCount(\"web\")"), 1, "one target of four fails half of its requests");
    assert_eq!(raised("MitigatedHostCount(\"web\")"), 0, "nothing is mitigated by round robin");
    assert_eq!(raised("NonStickyRequestCount(\"web\")"), 0, "there are no cookies");
}
