//! What texts about Network and Classic Load Balancers, connections and SDK retries mean.

use models::plan::*;
use scenarios::{Report, Source, compile};
use sim_core::Duration;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn compiled(client: &str, balancer: &str, group: &str, rest: &str) -> Result<Plan, Report> {
    compiled_with("", client, balancer, group, rest)
}

fn compiled_with(more: &str, client: &str, balancer: &str, group: &str, rest: &str) -> Result<Plan, Report> {
    let groups = if balancer.starts_with("Classic") {
        ("target_groups: {},".to_string(), "")
    } else {
        (format!("target_groups: {{ \"web\": ({group}) }},"), "target_groups: [\"web\"],")
    };
    let text = format!(
        "Scenario(schema: 1, name: \"t\", duration: \"1m\", {more} regions: {{ \"r\": (zones: [\"a\", \"b\"]) }},
            clients: {{ \"c\": (to: \"lb\", arrivals: Poisson(\"1/s\"), {client}) }}, load_balancers: {{ \"lb\": {balancer} }}, {}
            services: {{ \"web\": (instances: 2, {} {rest} workers: 10, backlog: 5, endpoints: {{ \"p\": (steps: [Compute(\"1ms\")]) }}) }})",
        groups.0, groups.1
    );
    compile(&Source { name: "t.ron".to_owned(), text, dir: None }, &[]).map(|compiled| compiled.plan)
}

fn plan(client: &str, balancer: &str, group: &str, rest: &str) -> Plan {
    compiled(client, balancer, group, rest).unwrap_or_else(|report| panic!("{report}"))
}

const LB: BalancerId = BalancerId::new(0);
const GROUP: TargetGroupId = TargetGroupId::new(0);

#[test]
fn health_checks_have_the_defaults_of_their_load_balancer() {
    // Balancer, group's check, protocol, timeout, healthy and unhealthy threshold, registration delay, cross-zone.
    let table = [
        ("Application(forward_to: \"web\")", "", CheckProtocol::Http, 5, 5, 2, 5, true),
        ("Network(forward_to: \"web\")", "", CheckProtocol::Tcp, 10, 5, 2, 90, false),
        ("Network(forward_to: \"web\", cross_zone: true)", "", CheckProtocol::Tcp, 10, 5, 2, 90, true),
        ("Network(forward_to: \"web\")", "health_check: (protocol: Http)", CheckProtocol::Http, 6, 5, 2, 90, false),
        (
            "Network(forward_to: \"web\", cross_zone: true)",
            "cross_zone: false",
            CheckProtocol::Tcp,
            10,
            5,
            2,
            90,
            false,
        ),
        ("Classic(instances: [\"web\"])", "", CheckProtocol::Http, 5, 10, 2, 5, false),
    ];
    for (balancer, group, protocol, timeout, healthy, unhealthy, registration, cross_zone) in table {
        let plan = plan("", balancer, group, "");
        let group = &plan.target_groups[GROUP];
        let check = &group.health_check;
        assert_eq!((check.protocol, check.timeout, check.interval), (protocol, secs(timeout), secs(30)), "{balancer}");
        assert_eq!((check.healthy_threshold, check.unhealthy_threshold), (healthy, unhealthy), "{balancer}");
        assert_eq!((check.registration_delay, group.cross_zone), (secs(registration), cross_zone), "{balancer}");
    }
}

#[test]
fn load_balancers_have_the_defaults_of_their_kind() {
    let network = plan("", "Network(forward_to: \"web\")", "", "");
    let balancer = &network.balancers[LB];
    assert_eq!(balancer.idle_timeout, secs(350));
    let BalancerKind::Network(settings) = &balancer.kind else { panic!("{:?}", balancer.kind) };
    assert_eq!((settings.zonal_affinity, settings.secondary_ips, settings.ports), (0.0, 0, 55_000));
    let group = network.target_groups[GROUP].network.expect("it stands behind one");
    assert!(group.unhealthy_termination && !group.connection_termination && group.preserve_client_ip);
    for (policy, share) in
        [("AnyAvailabilityZone", 0.0), ("PartialAvailabilityZoneAffinity", 0.85), ("AvailabilityZoneAffinity", 1.0)]
    {
        let plan = plan("", &format!("Network(forward_to: \"web\", client_routing_policy: {policy})"), "", "");
        let BalancerKind::Network(settings) = &plan.balancers[LB].kind else { panic!("a network load balancer") };
        assert_eq!(settings.zonal_affinity, share, "{policy}");
    }
    let classic = plan("", "Classic(instances: [\"web\"])", "", "");
    let BalancerKind::Classic(settings) = classic.balancers[LB].kind else { panic!("a classic load balancer") };
    // Ten workers and a backlog of five.
    assert_eq!((settings.surge_queue, settings.instance_capacity), (1024, 15));
    assert_eq!(classic.target_groups[GROUP].deregistration_delay, Duration::ZERO, "draining is off");
    assert_eq!(classic.fleets.values().next().map(|fleet| fleet.target_groups.clone()), Some(vec![GROUP]));
}

#[test]
fn sdk_retries_have_the_attempts_of_their_mode_and_year() {
    let table = [
        ("Sdk()", 3, SdkMode::Standard, SdkEra::From2026),
        ("Sdk(era: 2025)", 5, SdkMode::Legacy, SdkEra::Before2026),
        ("Sdk(era: 2025, mode: Standard)", 3, SdkMode::Standard, SdkEra::Before2026),
        ("Sdk(mode: Adaptive, era: 2026)", 3, SdkMode::Adaptive, SdkEra::From2026),
        ("Sdk(dynamodb: true)", 4, SdkMode::Standard, SdkEra::From2026),
        ("Sdk(dynamodb: true, era: 2025, mode: Adaptive)", 3, SdkMode::Adaptive, SdkEra::Before2026),
        ("Sdk(mode: Legacy)", 5, SdkMode::Legacy, SdkEra::From2026),
        ("Sdk(max_attempts: 7)", 7, SdkMode::Standard, SdkEra::From2026),
    ];
    for (text, attempts, mode, era) in table {
        let plan = plan(&format!("retry: {text}"), "Application(forward_to: \"web\")", "", "");
        let retry = &plan.sites[SiteId::new(0)].retry;
        let Backoff::Sdk(sdk) = retry.backoff else { panic!("{text}: {retry:?}") };
        assert_eq!((retry.attempts, sdk.mode, sdk.era), (attempts, mode, era), "{text}");
    }
}

#[test]
fn caches_keep_answers_as_long_as_their_style_says() {
    let table = [
        ("", Some(60)),
        ("dns_ttl: \"5s\"", Some(5)),
        ("dns_ttl: \"5s\", dns_cache: Browser", Some(60)),
        ("dns_ttl: \"5m\", dns_cache: Browser", Some(300)),
        ("dns_ttl: \"5m\", dns_cache: Jvm()", Some(30)),
        ("dns_cache: Jvm(ttl: \"5s\")", Some(5)),
        ("dns_cache: Forever", None),
    ];
    for (text, seconds) in table {
        let plan = plan(text, "Application(forward_to: \"web\")", "", "");
        assert_eq!(plan.sites[SiteId::new(0)].dns_ttl, seconds.map_or(Duration::MAX, secs), "{text}");
    }
}

#[test]
fn connections_are_modelled_only_where_the_scenario_says_so() {
    let site = |client: &str| plan(client, "Application(forward_to: \"web\")", "", "").sites[SiteId::new(0)].clone();
    assert!(site("").connections.is_none());
    let kept = site("connections: KeepAlive(tls: Tls12), sessions: 70");
    let connections = kept.connections.expect("it says so");
    assert_eq!((connections.round_trips, connections.keep_alive.map(|keep| keep.pools)), (3, Some(70)));
    assert_eq!(site("connections: KeepAlive()").connections.unwrap().keep_alive.map(|keep| keep.pools), Some(100));
    let each = site("connections: PerRequest(tls: Tls13, syn: LinearFirst), connect_timeout: Never");
    assert_eq!(each.connect_timeout, Duration::MAX);
    assert!(each.connections.is_some_and(|c| c.keep_alive.is_none() && c.round_trips == 2));
    assert_eq!(site("connect_timeout: Never").connect_timeout, secs(127), "the kernel's last SYN");
}

#[test]
fn metrics_are_those_of_the_kind_of_load_balancer() {
    let (alb, nlb) = ("Application(forward_to: \"web\")", "Network(forward_to: \"web\")");
    let classic = "Classic(instances: [\"web\"])";
    let table = [
        ("SurgeQueueLength", [false, false, true]),
        ("SpilloverCount", [false, false, true]),
        ("BackendConnectionErrors", [false, false, true]),
        ("NewFlowCount", [false, true, false]),
        ("ActiveFlowCount", [false, true, false]),
        ("TCP_ELB_Reset_Count", [false, true, false]),
        ("TCP_Target_Reset_Count", [false, true, false]),
        ("PortAllocationErrorCount", [false, true, false]),
        ("TCP_Client_Reset_Count", [false, true, false]),
        ("ZonalHealthStatus", [false, true, false]),
        ("NewConnectionCount", [true, false, false]),
        ("ActiveConnectionCount", [true, false, false]),
        ("ProcessedBytes", [true, true, true]),
    ];
    for (metric, expected) in table {
        for (balancer, expected) in [alb, nlb, classic].into_iter().zip(expected) {
            let alarm = format!(
                "\"a\": (metric: {metric}(load_balancer: \"lb\"), period: \"60s\", evaluation_periods: 1, above: 1)"
            );
            let found = compiled_with(&format!("alarms: {{ {alarm} }},"), "", balancer, "", "");
            let found = match found {
                Ok(_) => true,
                Err(report) if report.to_string().contains("does not count that") => false,
                Err(report) => panic!("{report}"),
            };
            assert_eq!(found, expected, "{metric} of {balancer}");
        }
    }
}

#[test]
fn contradictions_are_errors() {
    let network = "Network(forward_to: \"web\")";
    let table = [
        (network, "stickiness: \"1m\"", "is not for target groups behind a Network"),
        (network, "algorithm: RoundRobin", "is not for target groups behind a Network"),
        ("Application(forward_to: \"web\")", "connection_termination: true", "behind a Network Load Balancer"),
        ("Network(forward_to: \"web\", idle_timeout: \"59s\")", "", "outside"),
        ("Network(forward_to: \"web\", secondary_ips: 8)", "", "outside"),
        ("Classic(instances: [])", "", "names no instances"),
        ("Classic(instances: [\"wbe\"])", "", "named `wbe`"),
        ("Classic(instances: [\"web\", \"web\"])", "", "listed twice"),
        ("Classic(instances: [\"web\"], health_check: (interval: \"5s\"))", "", "not below"),
        ("Classic(instances: [\"web\"], health_check: (timeout: \"61s\", interval: \"300s\"))", "", "outside"),
        ("Classic(instances: [\"web\"], listener: Tcp, stickiness: \"1m\")", "", "HTTP listener"),
        ("Classic(instances: [\"web\"], connection_draining: \"0s\")", "", "outside"),
        ("Network(forward_to: \"web\", listener: Tls, idle_timeout: \"350s\")", "", "cannot be changed"),
        ("Network(forward_to: \"web\", autoshift: true)", "", "`autoshift` without `zonal_shift`"),
        ("Network(forward_to: \"web\", zonal_shift: true, cross_zone: true)", "", "cannot be shifted like that"),
        ("Network(forward_to: \"web\", zonal_shift: true)", "cross_zone: true", "cannot be shifted like that"),
    ];
    for (balancer, group, words) in table {
        match compiled("", balancer, group, "") {
            Ok(_) => panic!("{balancer} with ({group}) was taken"),
            Err(report) => assert!(report.to_string().contains(words), "{balancer}: {report}"),
        }
    }
}

#[test]
fn a_network_load_balancer_can_be_shifted_where_it_leaves_connections_alone() {
    let shift = "operations: [At(\"10s\", StartZonalShift(\"lb\", \"a\", \"2m\"))],";
    for (balancer, group) in [
        ("Network(forward_to: \"web\", zonal_shift: true)", ""),
        (
            "Network(forward_to: \"web\", zonal_shift: true, cross_zone: true)",
            "unhealthy_connection_termination: false",
        ),
        ("Network(forward_to: \"web\", zonal_shift: true, cross_zone: true)", "cross_zone: false"),
    ] {
        let plan = compiled_with(shift, "", balancer, group, "").unwrap_or_else(|report| panic!("{report}"));
        assert!(plan.balancers[LB].zonal_shift.enabled && !plan.balancers[LB].zonal_shift.autoshift, "{balancer}");
    }
    let auto = "Network(forward_to: \"web\", zonal_shift: true, autoshift: true, zonal_shift_propagation: \"7s\")";
    let settings = plan("", auto, "", "").balancers[LB].zonal_shift.clone();
    assert!(settings.autoshift && settings.propagation == secs(7) && settings.autoshift_detection == secs(300));
    // What cannot be shifted is told how it could be, or that it never can.
    for (balancer, help) in [
        ("Network(forward_to: \"web\")", "add `zonal_shift: true` to the load balancer"),
        ("Application(forward_to: \"web\")", "add `zonal_shift: true` to the load balancer"),
        ("Classic(instances: [\"web\"])", "has no zonal shift"),
    ] {
        let report = compiled_with(shift, "", balancer, "", "").expect_err("it is not enabled").to_string();
        assert!(
            report.contains("zonal shift is not enabled for `lb`") && report.contains(help),
            "{balancer}: {report}"
        );
    }
}

#[test]
fn a_tls_listener_is_written_as_one() {
    for (text, listener) in
        [("", FlowListener::Tcp), ("listener: Tcp", FlowListener::Tcp), ("listener: Tls", FlowListener::Tls)]
    {
        let plan = plan("", &format!("Network(forward_to: \"web\", {text})"), "", "");
        let BalancerKind::Network(settings) = &plan.balancers[LB].kind else { panic!("a network load balancer") };
        assert_eq!((settings.listener, plan.balancers[LB].idle_timeout), (listener, secs(350)), "{text}");
    }
}

#[test]
fn a_server_says_how_long_it_keeps_connections() {
    let service =
        |rest: &str| plan("", "Application(forward_to: \"web\")", "", rest).services[ServiceId::new(0)].clone();
    assert!(service("").keep_alive.is_none());
    let ms = Duration::from_millis;
    for (text, timeout, lag) in [
        ("keep_alive: \"5s\",", secs(5), ms(1)),
        ("keep_alive: \"75s\", keep_alive_lag: \"0s\",", secs(75), Duration::ZERO),
        // The usual lag is half of one that is very short.
        ("keep_alive: \"1ms\",", ms(1), Duration::from_micros(500)),
    ] {
        let found = service(text).keep_alive.expect("it is written");
        assert_eq!((found.timeout, found.lag), (timeout, lag), "{text}");
    }
    for (text, words) in [
        ("keep_alive: \"0s\",", "outside"),
        ("keep_alive_lag: \"1ms\",", "`keep_alive_lag` without `keep_alive`"),
        ("keep_alive: \"1s\", keep_alive_lag: \"1s\",", "not shorter than `keep_alive`"),
    ] {
        let report = compiled("", "Application(forward_to: \"web\")", "", text).expect_err(text).to_string();
        assert!(report.contains(words), "{text}: {report}");
    }
}

#[test]
fn s312_a_server_that_closes_first_is_warned_of_with_the_numbers() {
    let warnings = |balancer: &str, rest: &str| {
        let group = "target_groups: { \"web\": (deregistration_delay: \"1m\") },";
        let text = format!(
            "Scenario(schema: 1, name: \"t\", duration: \"1m\", regions: {{ \"r\": (zones: [\"a\", \"b\"], intra_az_rtt: \"0.5ms\", inter_az_rtt: \"2ms\") }},
                clients: {{ \"c\": (to: \"lb\", arrivals: Poisson(\"1/s\")) }}, load_balancers: {{ \"lb\": {balancer} }}, {group}
                services: {{ \"web\": (instances: 2, target_groups: [\"web\"], {rest} endpoints: {{ \"p\": (steps: [Compute(\"1ms\")]) }}) }})"
        );
        let compiled = compile(&Source { name: "t.ron".to_owned(), text, dir: None }, &[]);
        compiled.unwrap_or_else(|report| panic!("{report}")).warnings.to_string()
    };
    let alb = "Application(forward_to: \"web\")";
    let told = warnings(alb, "keep_alive: \"5s\",");
    for words in [
        "`web` closes connections at rest after 5 s, and `lb` keeps them for 60 s",
        // The farthest round trip and the lag.
        "a request within about 3 ms of that is a 502",
        "keep connections for longer than 60 s, or lower `idle_timeout` of `lb`",
    ] {
        assert!(told.contains(words), "{told}");
    }
    let shorter = "Application(forward_to: \"web\", idle_timeout: \"4s\")";
    let network = "Network(forward_to: \"web\")";
    for (balancer, rest, warned) in [
        (alb, "", false),
        (alb, "keep_alive: \"60s\",", true),
        (alb, "keep_alive: \"61s\",", false),
        (shorter, "keep_alive: \"5s\",", false),
        (network, "keep_alive: \"5s\",", false),
    ] {
        assert_eq!(warnings(balancer, rest).contains("closes connections at rest"), warned, "{balancer} {rest}");
    }
}
