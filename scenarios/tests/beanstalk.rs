//! What an environment of Elastic Beanstalk means (scaling.md §7.1).

use models::plan::{Action, AdjustmentType, Alarm, AutoScaling, Comparison, Metric, MissingData, Plan, PolicyKind};
use models::plan::{Sizing, Statistic};
use scenarios::{Report, Source, compile};

fn compiled(environment: &str, more: &str) -> Result<Plan, Report> {
    let text = format!(
        r#"Scenario(schema: 1, name: "test", duration: "2h",
            clients: {{ "users": (to: "web", arrivals: Poisson("1/s")) }},
            load_balancers: {{ "www": Application(forward_to: "web") }},
            target_groups: {{ "web": (), "other": () }},
            launch_templates: {{ "t": (instance_type: "m5.large"), "detailed": (instance_type: "m5.large", monitoring: Detailed) }},
            services: {{ "web": (runs_on: "shop", endpoints: {{ "page": (steps: [Compute("1ms")]) }}) }},
            elastic_beanstalk: {{ "shop": ({environment}) }}, {more}
        )"#
    );
    compile(&Source { name: "test.ron".to_owned(), text, dir: None }, &[]).map(|compiled| compiled.plan)
}

fn plan(environment: &str) -> Plan {
    compiled(environment, "").unwrap_or_else(|report| panic!("{report}"))
}

fn group(plan: &Plan) -> &AutoScaling {
    match &plan.fleets.values().next().unwrap().sizing {
        Sizing::AutoScaling(group) => group,
        Sizing::Fixed(_) => panic!("a group"),
    }
}

fn by(group: &AutoScaling, policy: usize) -> f64 {
    assert_eq!(group.policies[policy].adjustment_type, AdjustmentType::ChangeInCapacity);
    match group.policies[policy].kind {
        PolicyKind::Simple { adjustment, cooldown: None } => adjustment,
        ref other => panic!("{other:?}"),
    }
}

/// Comparison, threshold, period, periods, expression.
fn watches(alarm: &Alarm) -> (Comparison, f64, f64, u32, Option<&str>) {
    let math = alarm.math.as_ref().map(|math| math.text.as_str());
    (alarm.comparison, alarm.threshold, alarm.period.as_secs_f64(), alarm.evaluation_periods, math)
}

#[test]
fn an_environment_has_beanstalks_defaults() {
    let plan = plan(r#"launch_template: "t", target_groups: ["web"]"#);
    let fleet = plan.fleets.values().next().unwrap();
    assert_eq!((fleet.name.as_str(), fleet.template.name.as_str(), fleet.target_groups.len()), ("shop", "t", 1));
    let group = group(&plan);
    assert_eq!((group.min_size, group.max_size, group.desired_capacity), (1, 4, 1));
    assert_eq!(group.default_cooldown.as_secs_f64(), 360.0);
    assert!(!group.elb_health_check, "EC2 only");
    let names: Vec<&str> = group.policies.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["AWSEBAutoScalingScaleUpPolicy", "AWSEBAutoScalingScaleDownPolicy"]);
    assert_eq!((by(group, 0), by(group, 1)), (1.0, -1.0));
    let alarms: Vec<&Alarm> = plan.alarms.values().collect();
    let names: Vec<&str> = alarms.iter().map(|alarm| alarm.name.as_str()).collect();
    assert_eq!(names, ["shop-AWSEBCloudwatchAlarmHigh", "shop-AWSEBCloudwatchAlarmLow"]);
    // Basic monitoring: one sample in 300 s.
    let math = Some("requests * 8192 / 1");
    assert_eq!(watches(alarms[0]), (Comparison::GreaterThan, 6e6, 300.0, 1, math));
    assert_eq!(watches(alarms[1]), (Comparison::LessThan, 2e6, 300.0, 1, math));
    for (policy, alarm) in alarms.iter().enumerate() {
        let term = &alarm.math.as_ref().unwrap().terms[0];
        assert!(matches!(term.metric, Metric::RequestCountPerTarget(_)) && term.statistic == Statistic::Sum);
        assert!(matches!(alarm.alarm_actions[..], [Action::Scale { policy: p, .. }] if p == policy));
        assert_eq!(alarm.datapoints_to_alarm, 1);
    }
    let missing = [alarms[0].treat_missing_data, alarms[1].treat_missing_data];
    assert_eq!(missing, [MissingData::NotBreaching, MissingData::Breaching], "nobody's requests are no bytes");
}

#[test]
fn each_default_gives_way_to_its_own_field() {
    let own = plan(
        r#"launch_template: "detailed", target_groups: ["other", "web"], min_size: 2, max_size: 9, cooldown: "60s",
           health_check_type: Elb, health_check_grace_period: "10s",
           scheduled_actions: { "night": (start_time: "1h", min_size: 1) },
           trigger: (measure: NetworkOut(target_group: "web", response_size: "100KB"), upper_threshold: 20000000,
                     lower_threshold: 0, period: "10m", evaluation_periods: 3, upper_breach_scale_increment: 2,
                     lower_breach_scale_increment: -3)"#,
    );
    let made = group(&own);
    assert_eq!((made.min_size, made.max_size, made.desired_capacity), (2, 9, 2));
    assert_eq!((made.default_cooldown.as_secs_f64(), made.health_check_grace_period.as_secs_f64()), (60.0, 10.0));
    assert!(made.elb_health_check && made.schedule.actions.len() == 1);
    assert_eq!((by(made, 0), by(made, 1)), (2.0, -3.0));
    let alarms: Vec<&Alarm> = own.alarms.values().collect();
    // Detailed monitoring: a sample each minute, ten in a period, of which the Average is taken.
    let math = Some("requests * 100000 / 10");
    assert_eq!(watches(alarms[0]), (Comparison::GreaterThan, 2e7, 600.0, 3, math));
    assert_eq!(watches(alarms[1]), (Comparison::LessThan, 0.0, 600.0, 3, math));
    let web = own.target_groups.iter().find(|group| group.1.name == "web").unwrap().0;
    assert_eq!(alarms[0].math.as_ref().unwrap().terms[0].metric, Metric::RequestCountPerTarget(web));

    let cpu = plan(
        r#"launch_template: "t", target_groups: ["web"],
           trigger: (measure: CPUUtilization, upper_threshold: 70, lower_threshold: 20)"#,
    );
    let alarms: Vec<&Alarm> = cpu.alarms.values().collect();
    assert_eq!(watches(alarms[0]), (Comparison::GreaterThan, 70.0, 300.0, 1, None));
    assert_eq!(watches(alarms[1]), (Comparison::LessThan, 20.0, 300.0, 1, None));
    assert!(matches!(alarms[0].metric, Metric::Cpu(_)) && alarms[0].statistic == Statistic::Average);
    assert_eq!(alarms[1].treat_missing_data, MissingData::Missing);
}

#[test]
fn an_environment_can_be_named_wherever_a_group_can() {
    let more = r#"alarms: { "mine": (metric: Cpu("shop"), above: 90, period: "60s", evaluation_periods: 1,
                      actions: [Scale("shop", "AWSEBAutoScalingScaleUpPolicy")]) },
                  faults: [At("30m", TerminateInstances(AnyOf("shop", 1)))],"#;
    let found = compiled(r#"launch_template: "t", target_groups: ["web"]"#, more).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((found.alarms.len(), found.faults.len()), (3, 1));
}

#[test]
fn what_cannot_be_is_said_where_it_stands() {
    let thresholds = "measure: CPUUtilization, upper_threshold: 70, lower_threshold: 20";
    let table = [
        (r#"launch_template: "t""#, "", "NetworkOut cannot be known without a target group", "launch_template: \"t\""),
        (r#"launch_template: "t", trigger: (measure: CPUUtilization)"#, "", "thresholds of its own", "measure:"),
        (r#"launch_template: "x", target_groups: ["web"]"#, "", "no launch template named `x`", "\"x\""),
        (r#"launch_template: "t", target_groups: ["w"]"#, "", "no target group named `w`", "\"w\""),
        (
            r#"launch_template: "t", target_groups: ["web"], trigger: (measure: NetworkOut(target_group: "other"))"#,
            "",
            "does not register with target group `other`",
            "\"other\"",
        ),
        (r#"launch_template: "t", target_groups: ["web"], min_size: 0"#, "", "0 is outside 1 to 10000", "0"),
        (r#"launch_template: "t", target_groups: ["web"], max_size: 10001"#, "", "10001 is outside", "10001"),
        (r#"launch_template: "t", target_groups: ["web"], min_size: 5"#, "", "above `max_size` 4", "5"),
        (r#"launch_template: "t", target_groups: ["web"], cooldown: "3h""#, "", "is outside 0 s to", "\"3h\""),
        (r#"launch_template: "t", target_groups: ["web"], trigger: (period: "90s")"#, "", "period", "\"90s\""),
        (
            r#"launch_template: "t", target_groups: ["web"], trigger: (period: "1m", evaluation_periods: 601)"#,
            "",
            "601 is outside 1 to 600",
            "601",
        ),
        (
            r#"launch_template: "t", target_groups: ["web"], trigger: (upper_threshold: 20000001)"#,
            "",
            "is outside 0 to 20000000",
            "20000001",
        ),
        (
            r#"launch_template: "t", target_groups: ["web"], trigger: (upper_threshold: 2000000)"#,
            "",
            "`lower_threshold` 2000000 is not below",
            "upper_threshold",
        ),
        (r#"target_groups: ["web"]"#, "", "missing field `launch_template`", "target_groups"),
        (
            r#"launch_template: "t", target_groups: ["web"]"#,
            r#"auto_scaling_groups: { "shop": (launch_template: "t", min_size: 1, max_size: 1) },"#,
            "there is an Auto Scaling group `shop` already",
            "\"shop\"",
        ),
        (
            r#"launch_template: "t", target_groups: ["web"]"#,
            r#"alarms: { "shop-AWSEBCloudwatchAlarmLow": (metric: Cpu("shop"), above: 9, period: "60s", evaluation_periods: 1) },"#,
            "makes an alarm of the name `shop-AWSEBCloudwatchAlarmLow` too",
            "AWSEBCloudwatchAlarmLow",
        ),
        (
            &format!(r#"launch_template: "t", target_groups: ["web"], trigger: ({thresholds})"#),
            r#"operations: [At("1m", ExecutePolicy("shop", "nothing"))],"#,
            "group `shop` has no policy named `nothing`",
            "\"nothing\"",
        ),
    ];
    for (environment, more, message, marked) in table {
        let Err(report) = compiled(environment, more) else { panic!("{environment} compiles") };
        // A group without room between its bounds has no place for its desired capacity either.
        let told = if message.contains("max_size") { 2 } else { 1 };
        assert_eq!(report.diagnostics.len(), told, "one mistake, told once: {report}");
        let found = report.diagnostics.iter().find(|found| found.message.contains(message));
        let span = found.and_then(|found| found.span.clone()).unwrap_or_else(|| panic!("{message}: {report}"));
        assert!(report.text[span].contains(marked), "{report}");
    }
}
