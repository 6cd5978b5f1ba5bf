use super::*;

/// For each rule a path, a value as scenarios have it, and the lines that Terraform is told.
const CASES: &[(&str, &str, &[&str])] = &[
    ("auto_scaling_groups.web.min_size", "3", &["min_size = 3"]),
    ("auto_scaling_groups.web.max_size", "12", &["max_size = 12"]),
    ("auto_scaling_groups.web.desired_capacity", "4", &["desired_capacity = 4"]),
    ("auto_scaling_groups.web.default_cooldown", "\"5m\"", &["default_cooldown = 300"]),
    ("auto_scaling_groups.web.default_instance_warmup", "\"1m30s\"", &["default_instance_warmup = 90"]),
    ("auto_scaling_groups.web.health_check_type", "Elb", &["health_check_type = \"ELB\""]),
    ("auto_scaling_groups.web.health_check_grace_period", "\"120s\"", &["health_check_grace_period = 120"]),
    ("auto_scaling_groups.web.max_instance_lifetime", "\"7d\"", &["max_instance_lifetime = 604800"]),
    ("auto_scaling_groups.web.protect_from_scale_in", "true", &["protect_from_scale_in = true"]),
    ("auto_scaling_groups.web.capacity_rebalance", "false", &["capacity_rebalance = false"]),
    (
        "auto_scaling_groups.web.suspended_processes",
        "[AZRebalance, Launch]",
        &["suspended_processes = [\"AZRebalance\", \"Launch\"]"],
    ),
    (
        "auto_scaling_groups.web.termination_policies",
        "[OldestInstance, Default]",
        &["termination_policies = [\"OldestInstance\", \"Default\"]"],
    ),
    ("auto_scaling_groups.web.warm_pool.min_size", "2", &["warm_pool {", "min_size = 2"]),
    (
        "auto_scaling_groups.web.warm_pool.max_group_prepared_capacity",
        "8",
        &["warm_pool {", "max_group_prepared_capacity = 8"],
    ),
    ("auto_scaling_groups.web.warm_pool.pool_state", "Stopped", &["warm_pool {", "pool_state = \"Stopped\""]),
    (
        "auto_scaling_groups.web.warm_pool.reuse_on_scale_in",
        "true",
        &["warm_pool {", "instance_reuse_policy {", "reuse_on_scale_in = true"],
    ),
    (
        "auto_scaling_groups.web.instance_maintenance_policy.min_healthy_percentage",
        "90",
        &["instance_maintenance_policy {", "min_healthy_percentage = 90"],
    ),
    (
        "auto_scaling_groups.web.instance_maintenance_policy.max_healthy_percentage",
        "120",
        &["instance_maintenance_policy {", "max_healthy_percentage = 120"],
    ),
    (
        "auto_scaling_groups.web.policies.out.adjustment",
        "ChangeInCapacity(-2)",
        &["adjustment_type    = \"ChangeInCapacity\"", "scaling_adjustment = -2"],
    ),
    ("auto_scaling_groups.web.policies.out.cooldown", "\"2m\"", &["cooldown = 120"]),
    ("auto_scaling_groups.web.policies.out.enabled", "false", &["enabled = false"]),
    ("auto_scaling_groups.web.policies.out.min_adjustment_magnitude", "1", &["min_adjustment_magnitude = 1"]),
    (
        "auto_scaling_groups.web.policies.out.adjustment_type",
        "PercentChangeInCapacity",
        &["adjustment_type = \"PercentChangeInCapacity\""],
    ),
    (
        "auto_scaling_groups.web.policies.out.estimated_instance_warmup",
        "\"150s\"",
        &["estimated_instance_warmup = 150"],
    ),
    (
        "auto_scaling_groups.web.policies.out.metric_aggregation_type",
        "Maximum",
        &["metric_aggregation_type = \"Maximum\""],
    ),
    (
        "auto_scaling_groups.web.policies.cpu.disable_scale_in",
        "true",
        &["target_tracking_configuration {", "disable_scale_in = true"],
    ),
    (
        "auto_scaling_groups.web.policies.ahead.mode",
        "ForecastAndScale",
        &["predictive_scaling_configuration {", "mode = \"ForecastAndScale\""],
    ),
    (
        "auto_scaling_groups.web.policies.ahead.scheduling_buffer_time",
        "\"10m\"",
        &["predictive_scaling_configuration {", "scheduling_buffer_time = 600"],
    ),
    (
        "auto_scaling_groups.web.policies.ahead.max_capacity_buffer",
        "10",
        &["predictive_scaling_configuration {", "max_capacity_buffer = 10"],
    ),
    (
        "auto_scaling_groups.web.policies.ahead.max_capacity_breach_behavior",
        "IncreaseMaxCapacity",
        &["predictive_scaling_configuration {", "max_capacity_breach_behavior = \"IncreaseMaxCapacity\""],
    ),
    (
        "auto_scaling_groups.web.policies.cpu.target_value",
        "55.5",
        &["target_tracking_configuration {", "target_value = 55.5"],
    ),
    ("auto_scaling_groups.web.scheduled_actions.noon.min_size", "6", &["min_size = 6"]),
    ("auto_scaling_groups.web.scheduled_actions.noon.max_size", "9", &["max_size = 9"]),
    ("auto_scaling_groups.web.scheduled_actions.noon.desired_capacity", "8", &["desired_capacity = 8"]),
    ("auto_scaling_groups.web.scheduled_actions.noon.recurrence", "\"0 12 * * *\"", &["recurrence = \"0 12 * * *\""]),
    (
        "auto_scaling_groups.web.scheduled_actions.noon.time_zone",
        "\"Europe/Berlin\"",
        &["time_zone = \"Europe/Berlin\""],
    ),
    ("auto_scaling_groups.web.lifecycle_hooks.ready.heartbeat_timeout", "\"1h\"", &["heartbeat_timeout = 3600"]),
    ("auto_scaling_groups.web.lifecycle_hooks.ready.default_result", "Abandon", &["default_result = \"ABANDON\""]),
    ("alarms.hot.period", "\"1m\"", &["period = 60"]),
    ("alarms.hot.evaluation_periods", "3", &["evaluation_periods = 3"]),
    ("alarms.hot.datapoints_to_alarm", "2", &["datapoints_to_alarm = 2"]),
    ("alarms.hot.above", "70.5", &["comparison_operator = \"GreaterThanThreshold\"", "threshold           = 70.5"]),
    ("alarms.hot.at_or_above", "70", &["comparison_operator = \"GreaterThanOrEqualToThreshold\"", "= 70"]),
    ("alarms.hot.below", "0.25", &["comparison_operator = \"LessThanThreshold\"", "= 0.25"]),
    ("alarms.hot.at_or_below", "0", &["comparison_operator = \"LessThanOrEqualToThreshold\"", "= 0"]),
    ("alarms.hot.statistic", "Maximum", &["statistic = \"Maximum\""]),
    ("alarms.hot.treat_missing_data", "NotBreaching", &["treat_missing_data = \"notBreaching\""]),
    ("alarms.hot.actions_enabled", "true", &["actions_enabled = true"]),
    (
        "alarms.hot.evaluate_low_sample_count_percentile",
        "Ignore",
        &["evaluate_low_sample_count_percentiles = \"ignore\""],
    ),
    ("composite_alarms.all.rule", "\"ALARM(hot)\"", &["alarm_rule = \"ALARM(hot)\""]),
    ("composite_alarms.all.actions_enabled", "false", &["actions_enabled = false"]),
    ("composite_alarms.all.actions_suppressor_wait_period", "\"60s\"", &["actions_suppressor {", "wait_period = 60"]),
    (
        "composite_alarms.all.actions_suppressor_extension_period",
        "\"2m\"",
        &["actions_suppressor {", "extension_period = 120"],
    ),
    ("target_groups.web.deregistration_delay", "\"30s\"", &["deregistration_delay = 30"]),
    ("target_groups.web.slow_start", "\"45s\"", &["slow_start = 45"]),
    (
        "target_groups.web.algorithm",
        "LeastOutstandingRequests",
        &["load_balancing_algorithm_type = \"least_outstanding_requests\""],
    ),
    ("target_groups.web.cross_zone", "false", &["load_balancing_cross_zone_enabled = \"false\""]),
    ("target_groups.web.connection_termination", "true", &["connection_termination = true"]),
    ("target_groups.web.preserve_client_ip", "false", &["preserve_client_ip = \"false\""]),
    ("target_groups.web.stickiness", "\"1h\"", &["stickiness {", "cookie_duration = 3600"]),
    ("target_groups.web.stickiness.duration", "\"1d\"", &["stickiness {", "cookie_duration = 86400"]),
    ("target_groups.web.stickiness.name", "\"SESSION\"", &["stickiness {", "cookie_name = \"SESSION\""]),
    ("target_groups.web.health_check.interval", "\"10s\"", &["health_check {", "interval = 10"]),
    ("target_groups.web.health_check.timeout", "\"2s\"", &["health_check {", "timeout = 2"]),
    ("target_groups.web.health_check.healthy_threshold", "2", &["health_check {", "healthy_threshold = 2"]),
    ("target_groups.web.health_check.unhealthy_threshold", "5", &["health_check {", "unhealthy_threshold = 5"]),
    ("target_groups.web.health_check.protocol", "Http", &["health_check {", "protocol = \"HTTP\""]),
    ("load_balancers.www.idle_timeout", "\"2m\"", &["idle_timeout = 120"]),
    ("load_balancers.www.client_keep_alive", "\"1h\"", &["client_keep_alive = 3600"]),
    ("load_balancers.www.zonal_shift", "true", &["enable_zonal_shift = true"]),
    ("load_balancers.www.cross_zone", "true", &["enable_cross_zone_load_balancing = true"]),
    ("load_balancers.www.reserved_lcu", "100", &["minimum_load_balancer_capacity {", "capacity_units = 100"]),
    ("launch_templates.web.instance_type", "\"m5.large\"", &["instance_type = \"m5.large\""]),
    ("launch_templates.web.monitoring", "Detailed", &["monitoring {", "enabled = true"]),
    (
        "launch_templates.web.credit_specification.cpu_credits",
        "Unlimited",
        &["credit_specification {", "cpu_credits = \"unlimited\""],
    ),
    ("launch_templates.web.volume.size", "\"100GiB\"", &["block_device_mappings {", "ebs {", "volume_size = 100"]),
    ("launch_templates.web.volume.iops", "4000", &["block_device_mappings {", "ebs {", "iops = 4000"]),
    ("databases.orders.instance_class", "\"db.m5.large\"", &["instance_class = \"db.m5.large\""]),
];

fn one(path: &str, value: &str) -> String {
    of(&[(path.to_string(), value.to_string())])
}

#[test]
fn every_rule_gives_its_argument_in_the_providers_unit() {
    let mut used = vec![false; RULES.len()];
    for (path, value, lines) in CASES {
        let rule = RULES.iter().position(|rule| matched(rule.0, path).is_some());
        let rule = rule.unwrap_or_else(|| panic!("no rule for {path}"));
        used[rule] = true;
        let text = one(path, value);
        let mut rest = text.as_str();
        assert!(rest.contains(&format!("resource \"{}\" ", RULES[rule].1)), "{path}: {text}");
        for line in *lines {
            let at = rest.find(line).unwrap_or_else(|| panic!("{path}: no `{line}` in {text}"));
            rest = &rest[at..];
        }
        assert_eq!(text.matches('{').count(), text.matches('}').count(), "{text}");
    }
    let forgotten: Vec<&str> = used.iter().zip(RULES).filter(|(used, _)| !**used).map(|(_, rule)| rule.0).collect();
    assert!(forgotten.is_empty(), "no case for {forgotten:?}");
}

#[test]
fn what_terraform_has_no_word_for_stands_in_a_comment() {
    for (path, value) in [
        ("services.web.workers", "64"),
        ("clients.visitors.retry", "None"),
        ("alarms.hot.statistic", "TM(\"10%:90%\")"),
        ("auto_scaling_groups.web.min_size", "many"),
        ("auto_scaling_groups.web.policies.out.adjustment", "Unknown(2)"),
    ] {
        let text = one(path, value);
        assert_eq!(text.trim(), format!("# no Terraform argument: {path} = {value}"));
    }
}

#[test]
fn percentiles_are_extended_statistics() {
    assert!(one("alarms.slow.statistic", "P(99.9)").contains("extended_statistic = \"p99.9\""));
    assert!(one("alarms.slow.statistic", "P(\"95\")").contains("extended_statistic = \"p95\""));
}

#[test]
fn arguments_of_one_resource_stand_together_and_labels_are_legal() {
    let settings = [
        ("auto_scaling_groups.my web.policies.out", "Simple"),
        ("auto_scaling_groups.my web.policies.out.cooldown", "\"60s\""),
        ("auto_scaling_groups.my web.policies.out.adjustment", "PercentChangeInCapacity(50)"),
        ("alarms.9-hot.period", "\"60s\""),
    ];
    let text = of(&settings.map(|(path, value)| (path.to_string(), value.to_string())));
    assert_eq!(
        text,
        "\nresource \"aws_autoscaling_policy\" \"my_web-out\" {\n  cooldown           = 60\n  adjustment_type    = \
         \"PercentChangeInCapacity\"\n  scaling_adjustment = 50\n}\n\nresource \"aws_cloudwatch_metric_alarm\" \"_9-hot\" {\n  \
         period = 60\n}\n"
    );
}

#[test]
fn what_is_searched_is_found_where_the_scenario_says_it() {
    let flat = [
        ("a.policies.out", "Simple"),
        ("a.policies.out.cooldown", "\"60s\""),
        ("a.policies.out.adjustment", "ChangeInCapacity(3)"),
        ("a.policies.outer.cooldown", "\"9s\""),
        ("b.above", "70"),
    ]
    .map(|(path, value)| (path.to_string(), value.to_string()));
    let paths = |paths: &[&str]| -> Vec<String> { written_at(&flat, paths).into_iter().map(|one| one.0).collect() };
    assert_eq!(paths(&["a.policies.out.adjustment.0", "b.above"]), ["a.policies.out.adjustment", "b.above"]);
    assert_eq!(
        paths(&["a.policies.out", "a.policies.out.cooldown"]),
        ["a.policies.out", "a.policies.out.cooldown", "a.policies.out.adjustment"]
    );
    assert_eq!(paths(&["nowhere"]), Vec::<String>::new());
}
