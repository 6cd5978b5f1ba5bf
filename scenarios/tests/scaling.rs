//! What target tracking, scheduled actions and forecasts of a text mean.

use models::plan::{Action, Comparison, Metric, Plan, PolicyKind, Sizing, Statistic};
use scenarios::{Report, Source, compile};

fn plan(head: &str, group: &str) -> Plan {
    let text = format!(
        r#"Scenario(schema: 1, name: "test", duration: "2d", {head}
            regions: {{ "us-east-1": (zones: ["use1-az1", "use1-az2"]) }},
            clients: {{ "users": (to: "www", arrivals: Poisson("1/s")) }},
            load_balancers: {{ "www": Application(forward_to: "web") }},
            target_groups: {{ "web": () }},
            launch_templates: {{ "web": (instance_type: "m5.large", monitoring: Detailed) }},
            metrics: {{ "load": (values: Constant(50)), "fast": (values: Constant(50), resolution: "10s") }},
            auto_scaling_groups: {{ "web": (launch_template: "web", target_groups: ["web"], min_size: 2, max_size: 8, {group}) }},
            services: {{ "web": (runs_on: "web", endpoints: {{ "page": (steps: [Compute("1ms")]) }}) }},
        )"#
    );
    let source = Source { name: "test.ron".to_owned(), text, dir: None };
    compile(&source, &[]).unwrap_or_else(|report: Report| panic!("{report}")).plan
}

fn group(plan: &Plan) -> &models::plan::AutoScaling {
    match &plan.fleets.values().next().unwrap().sizing {
        Sizing::AutoScaling(group) => group,
        Sizing::Fixed(_) => panic!("a group"),
    }
}

#[test]
fn target_tracking_makes_two_alarms_by_the_captures() {
    let plan = plan(
        "",
        r#"policies: {
            "cpu": TargetTracking(metric: ASGAverageCPUUtilization, target_value: 50),
            "old": TargetTracking(metric: ALBRequestCountPerTarget(), target_value: 1000, alarm_low_share: "90%"),
            "own": TargetTracking(metric: Customized(metric: Custom("load"), statistic: Maximum, period: "120s"), target_value: 10,
                                  disable_scale_in: true, alarm_high_periods: 2),
            "off": TargetTracking(metric: ASGAverageCPUUtilization, target_value: 50, enabled: false),
        }"#,
    );
    let alarms: Vec<_> = plan.alarms.values().collect();
    let names: Vec<&str> = alarms.iter().map(|alarm| alarm.name.as_str()).collect();
    let expected = [
        "TargetTracking-web-AlarmHigh-cpu",
        "TargetTracking-web-AlarmLow-cpu",
        "TargetTracking-web-AlarmHigh-old",
        "TargetTracking-web-AlarmLow-old",
        "TargetTracking-web-AlarmHigh-own",
    ];
    assert_eq!(names, expected, "none without scale-in, none of a policy that is not enabled");
    let of = |index: usize| {
        let alarm = alarms[index];
        (
            alarm.comparison,
            alarm.threshold,
            alarm.period.as_secs_f64(),
            alarm.evaluation_periods,
            alarm.datapoints_to_alarm,
        )
    };
    assert_eq!(of(0), (Comparison::GreaterThan, 50.0, 60.0, 3, 3));
    assert_eq!(of(1), (Comparison::LessThan, 35.0, 60.0, 15, 15));
    assert_eq!(of(2), (Comparison::GreaterThan, 1000.0, 60.0, 3, 3));
    assert_eq!(of(3), (Comparison::LessThan, 900.0, 60.0, 15, 15));
    assert_eq!(of(4), (Comparison::GreaterThan, 10.0, 120.0, 2, 2));
    assert!(matches!(alarms[0].metric, Metric::Cpu(_)) && alarms[0].statistic == Statistic::Average);
    assert!(matches!(alarms[2].metric, Metric::RequestCountPerTarget(_)) && alarms[2].statistic == Statistic::Sum);
    assert!(matches!(alarms[4].metric, Metric::Custom(_)) && alarms[4].statistic == Statistic::Maximum);
    assert!(matches!(alarms[4].alarm_actions[..], [Action::Scale { policy: 2, .. }]));
    let PolicyKind::TargetTracking(own) = &group(&plan).policies[2].kind else { panic!("target tracking") };
    assert!(!own.scale_in && own.target == 10.0);
}

#[test]
fn a_schedule_is_laid_out_over_the_run_by_the_clock() {
    // From Monday 08:00 in Berlin (07:00 UTC) to Wednesday.
    let plan = plan(
        r#"starts_at: "2026-03-02T08:00:00+01:00","#,
        r#"scheduled_actions: {
            "morning": (recurrence: "0 8 * * *", time_zone: "Europe/Berlin", min_size: 4),
            "late": (recurrence: "0 8 * * *", time_zone: "Europe/Berlin", start_time: "1s", min_size: 4),
            "once": (start_time: "2026-03-02T12:30:00Z", max_size: 6),
            "after": (start_time: "90m", desired_capacity: 5),
            "until": (recurrence: "*/30 * * * *", end_time: "30m", desired_capacity: 3),
        }"#,
    );
    assert_eq!(plan.starts_at, 1_772_434_800);
    let schedule = &group(&plan).schedule;
    let due: Vec<(&str, f64)> = schedule
        .due
        .iter()
        .map(|(at, action)| (schedule.actions[*action as usize].name.as_str(), at.as_secs_f64() / 3600.0))
        .collect();
    let expected = [
        ("morning", 0.0),
        ("until", 0.0),
        ("until", 0.5),
        ("after", 1.5),
        ("once", 5.5),
        ("morning", 24.0),
        ("late", 24.0),
        ("morning", 48.0),
        ("late", 48.0),
    ];
    assert_eq!(due, expected, "order of time, then of the file");
    assert_eq!(schedule.actions[2].max_size, Some(6));
}

#[test]
fn a_history_is_cut_into_the_hours_of_the_clock() {
    // Half past seven: the hour that is under way is not whole, and of thirty hours 29 are.
    let plan = plan(
        r#"starts_at: "2026-03-02T07:30:00Z","#,
        r#"policies: { "ahead": Predictive(metric_pair: ASGCPUUtilization, target_value: 50, mode: ForecastAndScale,
            scheduling_buffer_time: "10m", max_capacity_breach_behavior: IncreaseMaxCapacity, max_capacity_buffer: 10,
            history: (length: "30h", load: Ramp(from: 0, to: 3000, over: "30h"))) }"#,
    );
    let PolicyKind::Predictive(predictive) = &group(&plan).policies[0].kind else { panic!("predictive scaling") };
    assert!(predictive.scales && predictive.raises_max == Some(10.0));
    assert_eq!(predictive.buffer.as_secs_f64(), 600.0);
    assert_eq!(predictive.history.len(), 29);
    // 100 per hour: the last whole hour runs from 28.5 h to 29.5 h of the history.
    assert!((predictive.history[28] - 2900.0).abs() < 1e-6, "{}", predictive.history[28]);
    assert!((predictive.history[0] - 100.0).abs() < 1e-6, "{}", predictive.history[0]);
}

#[test]
fn the_load_of_a_forecast_is_cpu_or_the_requests_of_a_target_group() {
    let plan = plan(
        "",
        r#"policies: { "cpu": Predictive(metric_pair: ASGCPUUtilization, target_value: 50),
                       "requests": Predictive(metric_pair: ALBRequestCount(), target_value: 1000) }"#,
    );
    let of = |index: usize| match &group(&plan).policies[index].kind {
        PolicyKind::Predictive(one) => (one.pair, one.load, one.counted, one.scales, one.buffer.as_secs_f64()),
        _ => panic!("predictive scaling"),
    };
    let (cpu, web) = (Metric::Cpu(models::plan::FleetId::new(0)), models::plan::TargetGroupId::new(0));
    let requests = Metric::Targets(web, models::plan::TargetsMetric::RequestCount);
    assert_eq!(of(0), ("ASGCPUUtilization", cpu, false, false, 300.0));
    assert_eq!(of(1), ("ALBRequestCount", requests, true, false, 300.0));
}

#[test]
fn target_tracking_takes_what_an_alarm_can_watch_expressions_and_high_resolution_too() {
    let plan = plan(
        "",
        r#"policies: {
            "fine": TargetTracking(metric: Customized(metric: Custom("fast"), period: "10s"), target_value: 50),
            "math": TargetTracking(target_value: 100, metric: Customized(metric: Math("a / b", {
                "a": (metric: RequestCount(load_balancer: "www"), statistic: Sum),
                "b": (metric: InServiceInstances(group: "web")) }))),
        }"#,
    );
    let alarms: Vec<_> = plan.alarms.values().collect();
    assert!(alarms[0].is_high_resolution() && alarms[0].math.is_none());
    assert_eq!(alarms[2].math.as_ref().unwrap().terms.len(), 2);
    assert_eq!((alarms[3].threshold, alarms[3].evaluation_periods), (70.0, 15));
}

#[test]
fn a_scenario_without_a_clock_starts_on_a_monday() {
    let plan = plan("", "");
    assert_eq!(plan.starts_at, 1_772_409_600);
    assert_eq!(plan.starts_at.rem_euclid(86_400), 0);
    // 1970 began on a Thursday.
    assert_eq!((plan.starts_at / 86_400 + 4) % 7, 1);
}
