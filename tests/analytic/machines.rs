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
