//! CPU credits as CloudWatch shows them, and the launch credits of T2 (scaling.md §6.2, rules B4, B8, M1).

use crate::lab::{column, plan, run};
use models::result::RunResult;

/// The newest value that an alarm had seen at `seconds`.
fn seen(run: &RunResult, alarm: &str, seconds: f64) -> f64 {
    column(run, &format!("alarm.{alarm}.value"))[(seconds / run.series.interval_s) as usize]
}

/// Alarms on every metric of credits of fleet `q`, by their sum.
fn watched(fleets: &[&str]) -> String {
    let metrics = ["CpuCreditUsage", "CpuCreditBalance", "CpuSurplusCreditBalance", "CpuSurplusCreditsCharged"];
    let one = |metric: &str, fleet: &str| {
        format!(
            "\"{metric}-{fleet}\": (metric: {metric}(group: \"{fleet}\"), statistic: Sum, period: \"300s\", \
             evaluation_periods: 1, above: 1e9)"
        )
    };
    let all: Vec<String> = fleets.iter().flat_map(|fleet| metrics.map(|metric| one(metric, fleet))).collect();
    format!("cloudwatch: (ec2_delay: \"0s\"), alarms: {{ {} }}", all.join(", "))
}

/// One t3.micro (2 vCPUs, 12 credits an hour, 288 at most) under so much load, whatever its monitoring.
fn stressed(settings: &str, load: &str, monitoring: &str) -> RunResult {
    let body = format!(
        "duration: \"4h\", {},
         clients: {{ \"c\": (to: \"q\", arrivals: Even(\"0.001/s\")) }},
         launch_templates: {{ \"t\": (instance_type: \"t3.micro\", monitoring: {monitoring}, credit_specification: ({settings})) }},
         instances: {{ \"q\": (count: 1, launch_template: \"t\") }},
         services: {{ \"q\": (runs_on: \"q\", endpoints: {{ \"e\": (steps: [Compute(\"1ms\")]) }}) }},
         faults: [At(\"0s\", CpuStress(All(\"q\"), \"{load}\"))]",
        watched(&["q"])
    );
    run(&plan(&body), 1, 0)
}

/// B8, M1: each 300 s, whatever the monitoring; both metrics of surplus are of unlimited instances alone.
#[test]
fn b8_the_four_metrics_of_credits_by_arithmetic() {
    for monitoring in ["Basic", "Detailed"] {
        // Half of two vCPUs: 5 spent and 1 earned in 300 s.
        let run = stressed("cpu_credits: Standard, initial_credits: 100, slide: \"0s\"", "50%", monitoring);
        for k in 1..=20 {
            let at = 300.0 * f64::from(k) + 90.0;
            let value = |metric: &str| seen(&run, &format!("{metric}-q"), at);
            assert!((value("CpuCreditUsage") - 5.0).abs() < 0.01, "{monitoring} {k}: {}", value("CpuCreditUsage"));
            let left = 100.0 - 4.0 * f64::from(k);
            assert!((value("CpuCreditBalance") - left).abs() < 0.1, "{monitoring} {k}: {}", value("CpuCreditBalance"));
            // A datapoint stays what it is for five minutes.
            assert_eq!(value("CpuCreditBalance"), seen(&run, "CpuCreditBalance-q", at + 150.0), "{monitoring} {k}");
            assert!(value("CpuSurplusCreditBalance").is_nan() && value("CpuSurplusCreditsCharged").is_nan());
        }
        // Both vCPUs at full speed: 10 spent and 1 earned. From nothing, 288 of surplus are there after 32 periods.
        let run = stressed("", "100%", monitoring);
        for k in [1, 10, 32, 33, 40] {
            let at = 300.0 * f64::from(k) + 90.0;
            let value = |metric: &str| seen(&run, &format!("{metric}-q"), at);
            let surplus = (9.0 * f64::from(k)).min(288.0);
            let charged = if k > 32 { 9.0 } else { 0.0 };
            let expected = [
                ("CpuCreditUsage", 10.0),
                ("CpuCreditBalance", 0.0),
                ("CpuSurplusCreditBalance", surplus),
                ("CpuSurplusCreditsCharged", charged),
            ];
            for (metric, expected) in expected {
                assert!((value(metric) - expected).abs() < 0.02, "{monitoring} {metric} {k}: {}", value(metric));
            }
        }
    }
}

/// So many t2.micro in each fleet, one fleet per zone; 6 credits an hour, 30 at a start that gets launch credits.
fn launched(zones: &str, fleets: &[(&str, u32, &str)], duration: &str, faults: &str) -> RunResult {
    let names: Vec<&str> = fleets.iter().map(|fleet| fleet.0).collect();
    let sets: Vec<String> = fleets
        .iter()
        .map(|(name, count, zone)| format!("\"{name}\": (count: {count}, launch_template: \"t\", zones: [\"{zone}\"])"))
        .collect();
    let body = format!(
        "duration: \"{duration}\", series_interval: \"60s\", regions: {{ {zones} }}, {},
         launch_templates: {{ \"t\": (instance_type: \"t2.micro\", pending: \"0s\", boot: \"0s\") }},
         instances: {{ {} }}, faults: [{faults}]",
        watched(&names),
        sets.join(", ")
    );
    run(&plan(&body), 1, 0)
}

/// B4: 100 starts per Region within 24 hours get launch credits.
#[test]
fn b4_a_hundred_starts_a_day_and_region_get_launch_credits() {
    let one = "\"r1\": (zones: [\"a\", \"b\"])";
    let two = "\"r1\": (zones: [\"a\"]), \"r2\": (zones: [\"b\"])";
    // Zones, counts, and how many of each fleet got 30.
    for (zones, counts, lucky) in [
        (one, (99, 1), (99, 1)),
        (one, (100, 1), (100, 0)),
        (one, (75, 75), (75, 25)),
        (two, (75, 75), (75, 75)),
        (two, (101, 100), (100, 100)),
    ] {
        let run = launched(zones, &[("q", counts.0, "a"), ("s", counts.1, "b")], "10m", "");
        for (fleet, count, lucky) in [("q", counts.0, lucky.0), ("s", counts.1, lucky.1)] {
            // Half a credit earned in 300 s by each.
            let expected = 30.0 * f64::from(lucky) + 0.5 * f64::from(count);
            let found = seen(&run, &format!("CpuCreditBalance-{fleet}"), 400.0);
            assert!((found - expected).abs() < 0.01, "{zones} {counts:?} {fleet}: {found}, not {expected}");
        }
    }
}

/// B4: starts are forgotten after 24 hours, to the minute; B5: a T2 that stops loses what it had.
#[test]
fn b4_the_hundred_starts_are_counted_within_24_hours() {
    let one = "\"r1\": (zones: [\"a\"])";
    for (stop, expected) in [("23h", 0.0), ("23h49m", 0.0), ("23h51m", 30.0), ("24h", 30.0)] {
        // Down for ten minutes; the hundred others started at 0.
        let faults = format!("At(\"{stop}\", StopInstances(All(\"s\"), \"10m\"))");
        let run = launched(one, &[("q", 100, "a"), ("s", 1, "a")], "25h", &faults);
        assert!((seen(&run, "CpuCreditBalance-s", 3690.0) - 6.0).abs() < 0.6, "the 101st start began with none");
        let found = seen(&run, "CpuCreditBalance-s", 88_290.0);
        assert!((expected..expected + 9.0).contains(&found), "{stop}: {found}");
    }
}

/// Rules B2 and B6 of a mixed group: credits are those of the type that an instance really is.
#[test]
fn b2_in_a_mixed_group_credits_go_by_the_override() {
    let group = |own: &str, overrides: &str| {
        let body = format!(
            "duration: \"30m\",
             clients: {{ \"c\": (to: \"q\", arrivals: Even(\"0.1/s\")) }},
             launch_templates: {{ \"t\": (instance_type: \"{own}\") }},
             auto_scaling_groups: {{ \"q\": (launch_template: \"t\", min_size: 1, max_size: 1,
                 mixed_instances_policy: (overrides: [{overrides}])) }},
             services: {{ \"q\": (runs_on: \"q\", endpoints: {{ \"e\": (steps: [Compute(\"1ms\")]) }}) }},
             faults: [At(\"0s\", CpuStress(All(\"q\"), \"100%\"))]"
        );
        run(&plan(&body), 1, 0).summary.groups["q"].credits
    };
    let of = |name: &str| format!("(instance_type: \"{name}\")");
    assert!(group("t3.micro", &of("m5.large")).is_none(), "an m5 has no credits, whatever the template says");
    // 30 minutes of two vCPUs, less 12, 36 credits an hour: t3.micro, t3.large.
    for (name, owed) in [("t3.micro", 54.0), ("t3.large", 42.0)] {
        let credits = group("m5.large", &of(name)).expect("burstable");
        assert!((credits.surplus - owed).abs() < 0.1, "{name}: {}", credits.surplus);
    }
}
