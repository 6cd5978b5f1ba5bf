//! Machines: CPU credits to the exact second, and what users see of them.

use crate::lab::{column, entries, first, is, plan, run};
use models::result::EventKind;

/// One t3.micro under constant load from outside: 2 vCPUs at a baseline of 10 %, 12 credits an hour.
fn stressed(settings: &str, load: &str, lasts: &str) -> String {
    format!(
        "duration: \"3h\",
         clients: {{ \"c\": (to: \"q\", arrivals: Even(\"0.01/s\"), timeout: Never) }},
         launch_templates: {{ \"t\": (instance_type: \"t3.micro\", credit_specification: ({settings})) }},
         instances: {{ \"q\": (count: 1, launch_template: \"t\") }},
         services: {{ \"q\": (runs_on: \"q\", workers: 1, endpoints: {{ \"e\": (steps: [Compute(\"1ms\")]) }}) }},
         faults: [At(\"0s\", CpuStress(All(\"q\"), \"{load}\", \"{lasts}\"))]"
    )
}

/// B1, B3: 60 credits last 60 / (2·u − 0.2) minutes; then the CPU shows its baseline and no more.
#[test]
fn b3_credits_last_as_long_as_arithmetic_says() {
    for (load, percent, expected) in [("100%", 100.0, 2000.0), ("50%", 50.0, 4500.0), ("60%", 60.0, 3600.0)] {
        let body = stressed("cpu_credits: Standard, initial_credits: 60, slide: \"0s\"", load, "150m");
        let result = run(&plan(&body), 1, 0);
        let ran_out = first(&result, EventKind::CreditsExhausted, 0.0);
        // To the millisecond; the requests, 10 µs of CPU a second, take 0.3 s of that.
        assert!((ran_out - expected).abs() < 0.5, "{load}: {ran_out} instead of {expected}");
        let cpu = column(&result, "cpu_percent.q");
        let interval = result.series.interval_s;
        let at = |t: f64| cpu[(t / interval) as usize];
        assert!((at(expected - 300.0) - percent).abs() < 0.1, "{load}: {} before", at(expected - 300.0));
        assert!((at(expected + 300.0) - 10.0).abs() < 0.1, "{load}: {} after", at(expected + 300.0));
        // Idle from 9000 s on: 0.1 credits take 30 s.
        let back = first(&result, EventKind::CreditsRestored, 0.0);
        assert!((back - 9030.0).abs() < 0.5, "{load}: back at {back}");
        let credits = result.summary.groups["q"].credits.expect("a burstable type");
        assert_eq!(credits.exhausted, 1);
        assert!((credits.limited_s - (back - ran_out)).abs() < 1e-6);
        // 5 minutes short of 30 at 12 an hour, from 0.1.
        assert!((credits.balance - 6.0).abs() < 0.05, "{load}: {}", credits.balance);
    }
}

/// B3: at or below the baseline nothing ever runs out.
#[test]
fn b3_at_the_baseline_credits_last_for_ever() {
    let body = stressed("cpu_credits: Standard, initial_credits: 5, slide: \"0s\"", "9.9%", "3h");
    let result = run(&plan(&body), 1, 0);
    assert!(entries(&result, EventKind::CreditsExhausted).is_empty());
}

/// B6: unlimited goes on at full speed; what a day of earning (288) cannot pay back is charged at 0.05 a vCPU-hour.
#[test]
fn b6_surplus_is_charged_beyond_a_day_of_earning() {
    let result = run(&plan(&stressed("initial_credits: 60", "100%", "3h")), 1, 0);
    let credits = result.summary.groups["q"].credits.expect("a burstable type");
    // 180 minutes at 1.8 beyond what is earned, less 60 there at the start.
    let beyond = 180.0 * 1.8 - 60.0;
    assert!((credits.surplus - beyond).abs() < 0.01, "{}", credits.surplus);
    is("charged", 0.0, credits.charged);
    assert!(!result.summary.cost_usd.by_part.contains_key("cpu_credits.q"));
    assert!(entries(&result, EventKind::CreditsExhausted).is_empty());
    let result = run(&plan(&stressed("initial_credits: 0, surplus_price: 0.096", "100%", "3h")), 1, 0);
    let credits = result.summary.groups["q"].credits.expect("a burstable type");
    assert!((credits.surplus - 288.0).abs() < 1e-6);
    assert!((credits.charged - (324.0 - 288.0)).abs() < 0.01, "{}", credits.charged);
    is("bill", credits.charged / 60.0 * 0.096, result.summary.cost_usd.by_part["cpu_credits.q"]);
}

/// B6: what is owed is charged when the instance goes.
#[test]
fn b6_what_is_owed_is_charged_at_the_end_of_the_instance() {
    let body = stressed("initial_credits: 0", "100%", "3h");
    let body = body.replace("faults: [", "faults: [At(\"1h\", TerminateInstances(All(\"q\"))), ");
    let credits = run(&plan(&body), 1, 0).summary.groups["q"].credits.expect("a burstable type");
    assert!((credits.charged - 108.0).abs() < 0.01, "{}", credits.charged);
    is("owed", 0.0, credits.surplus);
}

/// B5: a stopped T3 keeps what it has earned, and earns nothing meanwhile; a T2 starts with launch credits again.
#[test]
fn b5_a_stop_keeps_the_balance_of_later_families_alone() {
    for (kind, expected) in [("t3.micro", 100.0), ("t2.micro", 30.0)] {
        let body = format!(
            "duration: \"2h\", clients: {{ \"c\": (to: \"q\", arrivals: Even(\"0.01/s\"), timeout: \"1s\") }},
             launch_templates: {{ \"t\": (instance_type: \"{kind}\", pending: \"0s\", boot: \"0s\",
                                          credit_specification: (cpu_credits: Standard, initial_credits: 100)) }},
             instances: {{ \"q\": (count: 1, launch_template: \"t\") }},
             services: {{ \"q\": (runs_on: \"q\", endpoints: {{ \"e\": (steps: [Compute(\"1ms\")]) }}) }},
             faults: [At(\"0s\", StopInstances(All(\"q\"), \"119m\"))]"
        );
        let credits = run(&plan(&body), 1, 0).summary.groups["q"].credits.expect("a burstable type");
        // One minute of earning, less a few requests.
        assert!((credits.balance - expected).abs() < 0.21, "{kind}: {}", credits.balance);
    }
}

/// B7: switched to unlimited at half time the instance is at full speed at once.
#[test]
fn b7_a_switch_to_unlimited_gives_full_speed_at_once() {
    let body = stressed("cpu_credits: Standard, initial_credits: 60, slide: \"0s\"", "100%", "3h");
    let body = format!("{body}, operations: [At(\"1h\", ModifyCreditSpecification(\"q\", Unlimited))]");
    let result = run(&plan(&body), 1, 0);
    is("restored", 3600.0, first(&result, EventKind::CreditsRestored, 0.0));
    let cpu = column(&result, "cpu_percent.q");
    let at = |t: f64| cpu[(t / result.series.interval_s) as usize];
    assert!((at(3300.0) - 10.0).abs() < 0.1 && (at(3900.0) - 100.0).abs() < 0.1);
}

/// A job of 100 ms of CPU on 0.2 vCPUs takes half a second.
#[test]
fn at_the_baseline_work_takes_as_much_longer() {
    let body = "duration: \"100s\",
        clients: { \"c\": (to: \"q\", arrivals: Even(\"1/s\"), timeout: Never) },
        launch_templates: { \"t\": (instance_type: \"t3.micro\",
            credit_specification: (cpu_credits: Standard, slide: \"0s\", resume: 1000)) },
        instances: { \"q\": (count: 1, launch_template: \"t\") },
        services: { \"q\": (runs_on: \"q\", workers: 2, endpoints: { \"e\": (steps: [Compute(\"100ms\")]) }) }";
    let summary = run(&plan(body), 1, 0).summary;
    assert!((summary.latency_ms.mean - 500.0).abs() < 1e-3, "{}", summary.latency_ms.mean);
}

/// One instance whose process leaks; a request a second, evenly.
fn leaking(memory: &str, rest: &str) -> String {
    format!(
        "duration: \"1h\", warm_up: \"0s\",
         clients: {{ \"c\": (to: \"q\", arrivals: Even(\"1/s\"), timeout: Never) }},
         services: {{ \"q\": (instances: 1, vcpus: 4, workers: 4, memory: ({memory}),
                              endpoints: {{ \"e\": (steps: [Compute(\"10ms\")]) }}) }}, {rest}"
    )
}

/// 100 MiB, 1 MiB a second: 400 MiB are reached after 300 s, again and again; each time it is away for 10 s.
#[test]
fn a_leak_by_time_ends_the_process_to_the_nanosecond() {
    let memory = "base: \"100MiB\", leak_per_hour: \"3600MiB\", limit: \"400MiB\", restart: \"10s\"";
    let result = run(&plan(&leaking(memory, "")), 1, 0);
    let ends: Vec<f64> = entries(&result, EventKind::OutOfMemory).iter().map(|entry| entry.t_s).collect();
    assert_eq!(ends.len(), 11, "{ends:?}");
    for (index, end) in ends.iter().enumerate() {
        is("end", 300.0 + 310.0 * index as f64, *end);
    }
    is("restart", 310.0, first(&result, EventKind::ProcessRestarted, 0.0));
    let figures = result.summary.groups["q"].memory.expect("memory");
    assert_eq!(figures.oom_kills, 11);
    is("peak", 400.0, figures.peak_mib);
    is("limit", 400.0, figures.limit_mib);
    // Ten requests, one a second, meet nobody each time.
    let refused = result.summary.outcomes["refused"];
    assert!((109..=111).contains(&refused), "{refused}");
}

/// A leak of 1 MiB a request: the 301st finds no room.
#[test]
fn a_leak_by_request_counts_requests() {
    let memory = "base: \"100MiB\", leak_per_request: \"1MiB\", limit: \"400MiB\", restart: \"0s\"";
    let result = run(&plan(&leaking(memory, "")), 1, 0);
    let ends: Vec<f64> = entries(&result, EventKind::OutOfMemory).iter().map(|entry| entry.t_s).collect();
    assert_eq!(ends.len(), 11, "{ends:?}");
    let apart = ends[1] - ends[0];
    is("apart", 301.0, apart);
    // Each takes with it the one request that was there.
    assert_eq!(result.summary.groups["q"].memory.expect("memory").requests_lost, 11);
    assert_eq!(result.summary.outcomes["elb_502"], 11);
}

/// Requests in flight: nothing is left behind, and only as many at once as there is room for survive.
#[test]
fn memory_of_requests_in_flight_is_given_back() {
    let memory = |limit: &str| format!("base: \"100MiB\", per_request: \"50MiB\", limit: \"{limit}\"");
    // One at a time: 150 MiB at most.
    let figures =
        |limit: &str| run(&plan(&leaking(&memory(limit), "")), 1, 0).summary.groups["q"].memory.expect("memory");
    let enough = figures("150MiB");
    assert_eq!(enough.oom_kills, 0);
    is("peak", 150.0, enough.peak_mib);
    is("end", 100.0, enough.final_mib);
    assert!(figures("149MiB").oom_kills > 100);
}

/// A machine that hangs for want of memory answers nobody until it is rebooted, and its status check says so.
#[test]
fn m2_a_machine_out_of_memory_fails_its_check_until_it_is_rebooted() {
    let memory = "base: \"100MiB\", leak_per_hour: \"3600MiB\", limit: \"400MiB\", at_limit: Hangs";
    let rest = "operations: [At(\"10m\", RebootInstances(\"q\"))]";
    let result = run(&plan(&leaking(memory, rest).replace("1h", "14m").replace("Never", "\"5s\"")), 1, 0);
    is("hangs", 300.0, first(&result, EventKind::OutOfMemory, 0.0));
    let impaired = first(&result, EventKind::StatusImpaired, 0.0);
    assert!((300.0..=360.0).contains(&impaired), "{impaired}");
    is("reboots", 600.0, first(&result, EventKind::InstanceRebooted, 0.0));
    let ok = first(&result, EventKind::StatusOk, 0.0);
    assert!((600.0..=660.0).contains(&ok), "{ok}");
    let minutes = (ok - impaired) / 60.0;
    is("at the minute", minutes.round(), minutes);
    let back = first(&result, EventKind::ProcessRestarted, 600.0);
    assert!(back > 605.0 && back < 720.0, "{back}");
    // Fresh memory: it lasts for 300 s again.
    let ends = entries(&result, EventKind::OutOfMemory);
    assert_eq!(ends.len(), 1, "{ends:?}");
}

/// M4, M5: an instance of no group is moved to another host by itself; without recovery it stays away.
#[test]
fn m5_a_failed_host_is_recovered_from_outside_groups() {
    let body = |settings: &str| {
        format!(
            "duration: \"30m\", clients: {{ \"c\": (to: \"q\", arrivals: Even(\"1/s\"), timeout: \"2s\") }},
             launch_templates: {{ \"t\": (vcpus: 1, pending: \"7s\", boot: \"20s\", recovery_delay: \"90s\", {settings}) }},
             instances: {{ \"q\": (count: 1, launch_template: \"t\") }},
             services: {{ \"q\": (runs_on: \"q\", endpoints: {{ \"e\": (steps: [Compute(\"10ms\")]) }}) }},
             faults: [At(\"10m\", FailHost(Instance(\"q\", 0)))]"
        )
    };
    let result = run(&plan(&body("")), 1, 0);
    let impaired = first(&result, EventKind::StatusImpaired, 0.0);
    assert!((600.0..=660.0).contains(&impaired), "{impaired}");
    is("recovered", impaired + 90.0, first(&result, EventKind::InstanceRecovered, 0.0));
    is("serves", impaired + 117.0, first(&result, EventKind::ProcessRestarted, 0.0));
    // It was billed all the time.
    is("hours", 0.5, result.summary.groups["q"].instance_hours);
    let result = run(&plan(&body("auto_recovery: false")), 1, 0);
    assert!(entries(&result, EventKind::InstanceRecovered).is_empty());
    assert!(result.summary.availability < 0.34, "{}", result.summary.availability);
}

/// §1.4, M5: a member of a group is not recovered but replaced, some minutes after its check, and not within its grace.
#[test]
fn m5_a_member_of_a_group_is_replaced_instead() {
    let body = |fault: &str, grace: &str| {
        format!(
            "duration: \"40m\", clients: {{ \"c\": (to: \"q\", arrivals: Even(\"1/s\"), timeout: \"2s\") }},
             launch_templates: {{ \"t\": (vcpus: 1, pending: \"7s\", boot: \"20s\", status_check_notice: \"200s\") }},
             auto_scaling_groups: {{ \"q\": (launch_template: \"t\", min_size: 2, max_size: 2, health_poll: \"1s\", health_check_grace_period: \"{grace}\") }},
             services: {{ \"q\": (runs_on: \"q\", endpoints: {{ \"e\": (steps: [Compute(\"10ms\")]) }}) }},
             faults: [{fault}]"
        )
    };
    for (fault, what) in [
        ("At(\"10m\", FailHost(Instance(\"q\", 0)))", "host"),
        ("At(\"10m\", FreezeInstances(Instance(\"q\", 0)))", "freeze"),
        ("At(\"10m\", CutOffInstances(Instance(\"q\", 0)))", "network"),
        ("At(\"10m\", ImpairSystem(Instance(\"q\", 0)))", "system"),
    ] {
        let result = run(&plan(&body(fault, "300s")), 1, 0);
        let impaired = first(&result, EventKind::StatusImpaired, 0.0);
        assert!((600.0..=660.0).contains(&impaired), "{what}: {impaired}");
        let marked = first(&result, EventKind::InstanceMarkedUnhealthy, 0.0);
        assert!((impaired + 200.0..=impaired + 201.0).contains(&marked), "{what}: {marked} after {impaired}");
        assert!(entries(&result, EventKind::InstanceRecovered).is_empty(), "{what}");
        assert_eq!(result.summary.groups["q"].replacements, 1, "{what}");
        assert_eq!(result.summary.groups["q"].final_in_service, 2, "{what}");
    }
    // Over before the notice: nobody acts, and the check is in order again at its minute.
    let result = run(&plan(&body("At(\"10m\", FreezeInstances(Instance(\"q\", 0), \"2m\"))", "300s")), 1, 0);
    let (impaired, ok) = (first(&result, EventKind::StatusImpaired, 0.0), first(&result, EventKind::StatusOk, 0.0));
    is("two minutes", 120.0, ok - impaired);
    assert_eq!(result.summary.groups["q"].replacements, 0);
    // Over before the next minute's check: not even seen.
    let result = run(&plan(&body("At(\"10m\", FreezeInstances(Instance(\"q\", 0), \"0.001s\"))", "300s")), 1, 0);
    assert!(entries(&result, EventKind::StatusImpaired).is_empty());
}

/// Cut off, an instance answers nothing; what it was doing goes on when the network is back.
#[test]
fn a_machine_that_is_cut_off_goes_on_where_it_was() {
    let body = "duration: \"200s\", clients: { \"c\": (to: \"q\", arrivals: Even(\"1/s\"), timeout: \"20s\") },
        services: { \"q\": (instances: 1, vcpus: 1, endpoints: { \"e\": (steps: [Compute(\"100ms\")]) }) },
        faults: [At(\"100.05s\", CutOffInstances(All(\"q\"), \"10s\"))]";
    let summary = run(&plan(body), 1, 0).summary;
    // Ten arrive at a machine that nobody can reach; all others, that of the moment among them, are served.
    assert!((summary.requests.failed as i64 - 10).abs() <= 1, "{:?}", summary.outcomes);
    assert!(summary.latency_ms.max > 100.0 && summary.latency_ms.max < 10_200.0, "{}", summary.latency_ms.max);
}

/// A gp2 volume of 100 GiB (300 IOPS) under 1000 operations a second: its bucket of 5.4 million lasts 5.4e6 / 700 s.
#[test]
fn a_gp2_volume_bursts_until_its_bucket_is_empty() {
    let body = |kind: &str| {
        format!(
            "duration: \"3h\", clients: {{ \"c\": (to: \"q\", arrivals: Even(\"10/s\"), timeout: \"5s\") }},
             launch_templates: {{ \"t\": (vcpus: 1, volume: {kind}) }},
             instances: {{ \"q\": (count: 1, launch_template: \"t\") }},
             services: {{ \"q\": (runs_on: \"q\", workers: 1000, endpoints: {{ \"e\": (steps: [Disk(ops: 100)]) }}) }}"
        )
    };
    let result = run(&plan(&body("Gp2(size: \"100GiB\", latency: \"1ms\")")), 1, 0);
    // 100 operations at 3000 a second, and the latency.
    let p50 = column(&result, "latency_ms.p50");
    let at = |t: f64| p50[(t / result.series.interval_s) as usize];
    assert!((at(3600.0) - 34.333).abs() < 0.3, "{}", at(3600.0));
    let ends = 5.4e6 / 700.0;
    let failing = |t: f64| column(&result, "failed_per_s")[(t / result.series.interval_s) as usize] > 1.0;
    assert!(!failing(ends - 60.0) && failing(ends + 60.0), "{ends}");
    let volumes = result.summary.groups["q"].volumes.expect("a volume");
    assert_eq!(volumes.least_burst_percent, Some(0.0));
    // 100 GiB for 3 of 730 hours at 0.10.
    is("cost", 3.0 / 730.0 * 10.0, result.summary.cost_usd.by_part["ebs.q"]);
    // gp3 of the same size: 3000 IOPS without end, and cheaper.
    let result = run(&plan(&body("Gp3(size: \"100GiB\", latency: \"1ms\")")), 1, 0);
    is("availability", 1.0, result.summary.availability);
    let volumes = result.summary.groups["q"].volumes.expect("a volume");
    is("operations", result.summary.requests.offered as f64 * 100.0, volumes.operations);
    assert!((volumes.busy_s / 10_800.0 - 1.0 / 3.0).abs() < 1e-3, "{}", volumes.busy_s);
    is("cost", 3.0 / 730.0 * 8.0, result.summary.cost_usd.by_part["ebs.q"]);
}
