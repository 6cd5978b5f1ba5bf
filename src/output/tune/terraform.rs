//! The winner's settings as arguments of Terraform resources.
//!
//! ```text
//!  auto_scaling_groups.web.policies.out.cooldown = "2m" ──rule──► resource "aws_autoscaling_policy" "web-out" { cooldown = 120 }
//! ```
//! # Models      one rule per setting that the AWS provider has an argument for, in the provider's units and words
//! # Leaves out  the arguments that were not searched: the snippet is merged into resources that are there; what has no
//!   argument stands in a comment
//! # Source      HashiCorp, AWS provider for Terraform, version 5: aws_autoscaling_group, aws_autoscaling_policy,
//!   aws_autoscaling_schedule, aws_autoscaling_lifecycle_hook, aws_cloudwatch_metric_alarm,
//!   aws_cloudwatch_composite_alarm, aws_lb, aws_elb, aws_lb_target_group, aws_launch_template, aws_db_instance

use super::told::Told;
use crate::output::units;
use std::collections::BTreeMap;
use std::fmt::Write;

/// How a value of a scenario becomes one of Terraform.
#[derive(Clone, Copy, Debug)]
enum As {
    /// A duration as a number of seconds.
    Seconds,
    /// A number as it is.
    Number,
    /// A size as whole GiB.
    Gib,
    /// A text as it is; true and false as text too.
    Text,
    /// `true` or `false`.
    Bool,
    /// One of some words: ours and theirs.
    Word(&'static [(&'static str, &'static str)]),
    /// A list of such words.
    Words(&'static [(&'static str, &'static str)]),
    /// `ChangeInCapacity(2)`: two arguments.
    Adjustment,
    /// A threshold, and the operator that the setting's name says.
    Threshold(&'static str),
    /// `P(99)` is an extended statistic, `Average` is not.
    Statistic,
}

/// A setting's path, with `*` for names; a resource; the argument, with its blocks before it.
type Rule = (&'static str, &'static str, &'static str, As);

const GROUP: &str = "aws_autoscaling_group";
const POLICY: &str = "aws_autoscaling_policy";
const SCHEDULE: &str = "aws_autoscaling_schedule";
const HOOK: &str = "aws_autoscaling_lifecycle_hook";
const ALARM: &str = "aws_cloudwatch_metric_alarm";
const COMPOSITE: &str = "aws_cloudwatch_composite_alarm";
const TARGETS: &str = "aws_lb_target_group";
const BALANCER: &str = "aws_lb";
const TEMPLATE: &str = "aws_launch_template";
const DATABASE: &str = "aws_db_instance";

const ADJUSTMENTS: &[(&str, &str)] = &[
    ("ChangeInCapacity", "ChangeInCapacity"),
    ("PercentChangeInCapacity", "PercentChangeInCapacity"),
    ("ExactCapacity", "ExactCapacity"),
];
const PROCESSES: &[(&str, &str)] = &[
    ("Launch", "Launch"),
    ("Terminate", "Terminate"),
    ("AddToLoadBalancer", "AddToLoadBalancer"),
    ("AlarmNotification", "AlarmNotification"),
    ("AZRebalance", "AZRebalance"),
    ("HealthCheck", "HealthCheck"),
    ("InstanceRefresh", "InstanceRefresh"),
    ("ReplaceUnhealthy", "ReplaceUnhealthy"),
    ("ScheduledActions", "ScheduledActions"),
];
const TERMINATION: &[(&str, &str)] = &[
    ("Default", "Default"),
    ("AllocationStrategy", "AllocationStrategy"),
    ("ClosestToNextInstanceHour", "ClosestToNextInstanceHour"),
    ("NewestInstance", "NewestInstance"),
    ("OldestInstance", "OldestInstance"),
    ("OldestLaunchConfiguration", "OldestLaunchConfiguration"),
    ("OldestLaunchTemplate", "OldestLaunchTemplate"),
];
const MISSING: &[(&str, &str)] =
    &[("Missing", "missing"), ("Ignore", "ignore"), ("Breaching", "breaching"), ("NotBreaching", "notBreaching")];
const ALGORITHMS: &[(&str, &str)] = &[
    ("RoundRobin", "round_robin"),
    ("LeastOutstandingRequests", "least_outstanding_requests"),
    ("WeightedRandom", "weighted_random"),
];

/// The rules, the first that fits.
const RULES: &[Rule] = &[
    ("auto_scaling_groups.*.min_size", GROUP, "min_size", As::Number),
    ("auto_scaling_groups.*.max_size", GROUP, "max_size", As::Number),
    ("auto_scaling_groups.*.desired_capacity", GROUP, "desired_capacity", As::Number),
    ("auto_scaling_groups.*.default_cooldown", GROUP, "default_cooldown", As::Seconds),
    ("auto_scaling_groups.*.default_instance_warmup", GROUP, "default_instance_warmup", As::Seconds),
    (
        "auto_scaling_groups.*.health_check_type",
        GROUP,
        "health_check_type",
        As::Word(&[("Ec2", "EC2"), ("Elb", "ELB")]),
    ),
    ("auto_scaling_groups.*.health_check_grace_period", GROUP, "health_check_grace_period", As::Seconds),
    ("auto_scaling_groups.*.max_instance_lifetime", GROUP, "max_instance_lifetime", As::Seconds),
    ("auto_scaling_groups.*.protect_from_scale_in", GROUP, "protect_from_scale_in", As::Bool),
    ("auto_scaling_groups.*.capacity_rebalance", GROUP, "capacity_rebalance", As::Bool),
    ("auto_scaling_groups.*.suspended_processes", GROUP, "suspended_processes", As::Words(PROCESSES)),
    ("auto_scaling_groups.*.termination_policies", GROUP, "termination_policies", As::Words(TERMINATION)),
    ("auto_scaling_groups.*.warm_pool.min_size", GROUP, "warm_pool.min_size", As::Number),
    (
        "auto_scaling_groups.*.warm_pool.max_group_prepared_capacity",
        GROUP,
        "warm_pool.max_group_prepared_capacity",
        As::Number,
    ),
    (
        "auto_scaling_groups.*.warm_pool.pool_state",
        GROUP,
        "warm_pool.pool_state",
        As::Word(&[("Stopped", "Stopped"), ("Running", "Running"), ("Hibernated", "Hibernated")]),
    ),
    (
        "auto_scaling_groups.*.warm_pool.reuse_on_scale_in",
        GROUP,
        "warm_pool.instance_reuse_policy.reuse_on_scale_in",
        As::Bool,
    ),
    (
        "auto_scaling_groups.*.instance_maintenance_policy.min_healthy_percentage",
        GROUP,
        "instance_maintenance_policy.min_healthy_percentage",
        As::Number,
    ),
    (
        "auto_scaling_groups.*.instance_maintenance_policy.max_healthy_percentage",
        GROUP,
        "instance_maintenance_policy.max_healthy_percentage",
        As::Number,
    ),
    ("auto_scaling_groups.*.policies.*.adjustment", POLICY, "scaling_adjustment", As::Adjustment),
    ("auto_scaling_groups.*.policies.*.cooldown", POLICY, "cooldown", As::Seconds),
    ("auto_scaling_groups.*.policies.*.enabled", POLICY, "enabled", As::Bool),
    ("auto_scaling_groups.*.policies.*.min_adjustment_magnitude", POLICY, "min_adjustment_magnitude", As::Number),
    ("auto_scaling_groups.*.policies.*.adjustment_type", POLICY, "adjustment_type", As::Word(ADJUSTMENTS)),
    ("auto_scaling_groups.*.policies.*.estimated_instance_warmup", POLICY, "estimated_instance_warmup", As::Seconds),
    (
        "auto_scaling_groups.*.policies.*.metric_aggregation_type",
        POLICY,
        "metric_aggregation_type",
        As::Word(&[("Average", "Average"), ("Minimum", "Minimum"), ("Maximum", "Maximum")]),
    ),
    (
        "auto_scaling_groups.*.policies.*.disable_scale_in",
        POLICY,
        "target_tracking_configuration.disable_scale_in",
        As::Bool,
    ),
    (
        "auto_scaling_groups.*.policies.*.mode",
        POLICY,
        "predictive_scaling_configuration.mode",
        As::Word(&[("ForecastOnly", "ForecastOnly"), ("ForecastAndScale", "ForecastAndScale")]),
    ),
    (
        "auto_scaling_groups.*.policies.*.scheduling_buffer_time",
        POLICY,
        "predictive_scaling_configuration.scheduling_buffer_time",
        As::Seconds,
    ),
    (
        "auto_scaling_groups.*.policies.*.max_capacity_buffer",
        POLICY,
        "predictive_scaling_configuration.max_capacity_buffer",
        As::Number,
    ),
    (
        "auto_scaling_groups.*.policies.*.max_capacity_breach_behavior",
        POLICY,
        "predictive_scaling_configuration.max_capacity_breach_behavior",
        As::Word(&[("HonorMaxCapacity", "HonorMaxCapacity"), ("IncreaseMaxCapacity", "IncreaseMaxCapacity")]),
    ),
    ("auto_scaling_groups.*.policies.*.target_value", POLICY, "target_tracking_configuration.target_value", As::Number),
    ("auto_scaling_groups.*.scheduled_actions.*.min_size", SCHEDULE, "min_size", As::Number),
    ("auto_scaling_groups.*.scheduled_actions.*.max_size", SCHEDULE, "max_size", As::Number),
    ("auto_scaling_groups.*.scheduled_actions.*.desired_capacity", SCHEDULE, "desired_capacity", As::Number),
    ("auto_scaling_groups.*.scheduled_actions.*.recurrence", SCHEDULE, "recurrence", As::Text),
    ("auto_scaling_groups.*.scheduled_actions.*.time_zone", SCHEDULE, "time_zone", As::Text),
    ("auto_scaling_groups.*.lifecycle_hooks.*.heartbeat_timeout", HOOK, "heartbeat_timeout", As::Seconds),
    (
        "auto_scaling_groups.*.lifecycle_hooks.*.default_result",
        HOOK,
        "default_result",
        As::Word(&[("Abandon", "ABANDON"), ("Continue", "CONTINUE")]),
    ),
    ("alarms.*.period", ALARM, "period", As::Seconds),
    ("alarms.*.evaluation_periods", ALARM, "evaluation_periods", As::Number),
    ("alarms.*.datapoints_to_alarm", ALARM, "datapoints_to_alarm", As::Number),
    ("alarms.*.above", ALARM, "threshold", As::Threshold("GreaterThanThreshold")),
    ("alarms.*.at_or_above", ALARM, "threshold", As::Threshold("GreaterThanOrEqualToThreshold")),
    ("alarms.*.below", ALARM, "threshold", As::Threshold("LessThanThreshold")),
    ("alarms.*.at_or_below", ALARM, "threshold", As::Threshold("LessThanOrEqualToThreshold")),
    ("alarms.*.statistic", ALARM, "statistic", As::Statistic),
    ("alarms.*.treat_missing_data", ALARM, "treat_missing_data", As::Word(MISSING)),
    ("alarms.*.actions_enabled", ALARM, "actions_enabled", As::Bool),
    (
        "alarms.*.evaluate_low_sample_count_percentile",
        ALARM,
        "evaluate_low_sample_count_percentiles",
        As::Word(&[("Evaluate", "evaluate"), ("Ignore", "ignore")]),
    ),
    ("composite_alarms.*.rule", COMPOSITE, "alarm_rule", As::Text),
    ("composite_alarms.*.actions_enabled", COMPOSITE, "actions_enabled", As::Bool),
    ("composite_alarms.*.actions_suppressor_wait_period", COMPOSITE, "actions_suppressor.wait_period", As::Seconds),
    (
        "composite_alarms.*.actions_suppressor_extension_period",
        COMPOSITE,
        "actions_suppressor.extension_period",
        As::Seconds,
    ),
    ("target_groups.*.deregistration_delay", TARGETS, "deregistration_delay", As::Seconds),
    ("target_groups.*.slow_start", TARGETS, "slow_start", As::Seconds),
    ("target_groups.*.algorithm", TARGETS, "load_balancing_algorithm_type", As::Word(ALGORITHMS)),
    ("target_groups.*.cross_zone", TARGETS, "load_balancing_cross_zone_enabled", As::Text),
    ("target_groups.*.connection_termination", TARGETS, "connection_termination", As::Bool),
    ("target_groups.*.preserve_client_ip", TARGETS, "preserve_client_ip", As::Text),
    ("target_groups.*.stickiness", TARGETS, "stickiness.cookie_duration", As::Seconds),
    ("target_groups.*.stickiness.duration", TARGETS, "stickiness.cookie_duration", As::Seconds),
    ("target_groups.*.stickiness.name", TARGETS, "stickiness.cookie_name", As::Text),
    ("target_groups.*.health_check.interval", TARGETS, "health_check.interval", As::Seconds),
    ("target_groups.*.health_check.timeout", TARGETS, "health_check.timeout", As::Seconds),
    ("target_groups.*.health_check.healthy_threshold", TARGETS, "health_check.healthy_threshold", As::Number),
    ("target_groups.*.health_check.unhealthy_threshold", TARGETS, "health_check.unhealthy_threshold", As::Number),
    (
        "target_groups.*.health_check.protocol",
        TARGETS,
        "health_check.protocol",
        As::Word(&[("Http", "HTTP"), ("Tcp", "TCP")]),
    ),
    ("load_balancers.*.idle_timeout", BALANCER, "idle_timeout", As::Seconds),
    ("load_balancers.*.client_keep_alive", BALANCER, "client_keep_alive", As::Seconds),
    ("load_balancers.*.zonal_shift", BALANCER, "enable_zonal_shift", As::Bool),
    ("load_balancers.*.cross_zone", BALANCER, "enable_cross_zone_load_balancing", As::Bool),
    ("load_balancers.*.reserved_lcu", BALANCER, "minimum_load_balancer_capacity.capacity_units", As::Number),
    ("launch_templates.*.instance_type", TEMPLATE, "instance_type", As::Text),
    (
        "launch_templates.*.monitoring",
        TEMPLATE,
        "monitoring.enabled",
        As::Word(&[("Basic", "false"), ("Detailed", "true")]),
    ),
    (
        "launch_templates.*.credit_specification.cpu_credits",
        TEMPLATE,
        "credit_specification.cpu_credits",
        As::Word(&[("Standard", "standard"), ("Unlimited", "unlimited")]),
    ),
    ("launch_templates.*.volume.size", TEMPLATE, "block_device_mappings.ebs.volume_size", As::Gib),
    ("launch_templates.*.volume.iops", TEMPLATE, "block_device_mappings.ebs.iops", As::Number),
    ("databases.*.instance_class", DATABASE, "instance_class", As::Text),
];

/// What a rule makes of a value: arguments with their blocks.
type Arguments = Vec<(String, String)>;

/// The snippet.
pub fn snippet(told: &Told<'_>) -> String {
    let paths: Vec<&str> = told.axes.iter().map(|axis| axis.path.as_str()).collect();
    let mut text = format!(
        "# Settings found by `sim tune` {} for `{}`, seed {}: merge the arguments into the resources of these kinds.\n",
        env!("CARGO_PKG_VERSION"),
        told.scenario,
        told.seeds[0]
    );
    text.push_str(&of(&written_at(told.flat, &paths)));
    text
}

/// What a scenario says at and below some paths; where it says nothing there, what they are a part of.
fn written_at(flat: &[(String, String)], paths: &[&str]) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for path in paths {
        let below = |one: &&(String, String)| one.0 == *path || one.0.starts_with(&format!("{path}."));
        let mut some: Vec<&(String, String)> = flat.iter().filter(below).collect();
        if some.is_empty() {
            let above = |one: &&(String, String)| path.starts_with(&format!("{}.", one.0));
            some.extend(flat.iter().filter(above).max_by_key(|one| one.0.len()));
        }
        for one in some {
            if !found.iter().any(|other| other.0 == one.0) {
                found.push(one.clone());
            }
        }
    }
    found
}

/// The resources for some settings, and comments for those that have none.
fn of(settings: &[(String, String)]) -> String {
    let mut resources: Vec<((&str, String), Arguments)> = Vec::new();
    let mut unknown = Vec::new();
    for (path, value) in settings {
        let Some((resource, label, arguments)) = translated(path, value) else {
            // `Simple` before the settings of a simple policy is no setting by itself.
            let is_head = settings.iter().any(|other| other.0.starts_with(&format!("{path}.")));
            if !is_head {
                unknown.push(format!("# no Terraform argument: {path} = {}\n", units::plain(value)));
            }
            continue;
        };
        match resources.iter_mut().find(|known| known.0 == (resource, label.clone())) {
            Some(known) => known.1.extend(arguments),
            None => resources.push(((resource, label), arguments)),
        }
    }
    let mut text = String::new();
    for ((resource, label), arguments) in resources {
        let _ = writeln!(text, "\nresource \"{resource}\" \"{label}\" {{");
        block(&arguments, 1, &mut text);
        text.push_str("}\n");
    }
    if !unknown.is_empty() {
        text.push('\n');
    }
    text.extend(unknown);
    text
}

/// The resource, its label and the arguments of one setting; none if Terraform has none.
fn translated(path: &str, value: &str) -> Option<(&'static str, String, Arguments)> {
    RULES.iter().find_map(|(pattern, resource, argument, kind)| {
        let names = matched(pattern, path)?;
        let arguments = argued(argument, *kind, value)?;
        // Names of policies are their own within a group alone.
        Some((*resource, label(&names.join("-")), arguments))
    })
}

/// The names in a path that fits a pattern.
fn matched<'a>(pattern: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), path.split('.').collect());
    let fits = pattern.len() == path.len() && pattern.iter().zip(&path).all(|(one, other)| *one == "*" || one == other);
    fits.then(|| pattern.iter().zip(path).filter(|(one, _)| **one == "*").map(|(_, name)| name).collect())
}

/// A name as Terraform allows it.
fn label(name: &str) -> String {
    let mut label: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' }).collect();
    if !label.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        label.insert(0, '_');
    }
    label
}

/// The arguments that a value becomes; none if it is of a kind that Terraform has no word for.
fn argued(argument: &str, kind: As, value: &str) -> Option<Arguments> {
    let plain = value.trim().trim_matches('"');
    let quoted = |text: &str| format!("{text:?}");
    let one = |text: String| Some(vec![(argument.to_string(), text)]);
    let word = |words: &[(&str, &str)], own: &str| {
        words
            .iter()
            .find(|(ours, _)| *ours == own)
            .map(|(_, theirs)| if matches!(*theirs, "true" | "false") { (*theirs).to_string() } else { quoted(theirs) })
    };
    match kind {
        As::Seconds => {
            let seconds = scenarios::units::duration(plain).ok()?;
            one(figure(seconds))
        }
        As::Number => one(figure(plain.parse().ok()?)),
        As::Gib => one(figure((scenarios::units::size(plain).ok()? / f64::from(1 << 30)).ceil())),
        As::Text => one(quoted(plain)),
        As::Bool => matches!(plain, "true" | "false").then(|| vec![(argument.to_string(), plain.to_string())]),
        As::Word(words) => one(word(words, plain)?),
        As::Words(words) => {
            let inner = plain.strip_prefix('[')?.strip_suffix(']')?;
            let all: Option<Vec<String>> =
                inner.split(',').map(str::trim).filter(|item| !item.is_empty()).map(|item| word(words, item)).collect();
            one(format!("[{}]", all?.join(", ")))
        }
        As::Adjustment => {
            let (name, rest) = plain.split_once('(')?;
            let number: f64 = rest.strip_suffix(')')?.trim().trim_matches('"').parse().ok()?;
            let name = word(ADJUSTMENTS, name.trim())?;
            Some(vec![("adjustment_type".into(), name), (argument.to_string(), figure(number))])
        }
        As::Threshold(operator) => Some(vec![
            ("comparison_operator".into(), quoted(operator)),
            (argument.to_string(), figure(plain.parse().ok()?)),
        ]),
        As::Statistic => {
            const PLAIN: [&str; 5] = ["Average", "Minimum", "Maximum", "Sum", "SampleCount"];
            match PLAIN.contains(&plain) {
                true => one(quoted(plain)),
                false => Some(vec![("extended_statistic".into(), quoted(&extended(plain)?))]),
            }
        }
    }
}

/// A percentile as CloudWatch spells it; none for what is none.
fn extended(statistic: &str) -> Option<String> {
    let (name, rest) = statistic.split_once('(')?;
    let number: f64 = rest.strip_suffix(')')?.trim().trim_matches('"').parse().ok()?;
    (name == "P").then(|| format!("p{}", figure(number)))
}

/// A number without the digits that only rounding left.
fn figure(x: f64) -> String {
    let rounded = (x * 1e6).round() / 1e6;
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
}

/// Arguments, and the blocks that some of them stand in.
fn block(arguments: &[(String, String)], depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    let own: Vec<&(String, String)> = arguments.iter().filter(|(name, _)| !name.contains('.')).collect();
    let width = own.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in &own {
        let _ = writeln!(text, "{indent}{name:width$} = {value}");
    }
    let mut inner: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    for (name, value) in arguments {
        if let Some((head, rest)) = name.split_once('.') {
            inner.entry(head).or_default().push((rest.to_string(), value.clone()));
        }
    }
    for (name, arguments) in inner {
        let _ = writeln!(text, "{indent}{name} {{");
        block(&arguments, depth + 1, text);
        let _ = writeln!(text, "{indent}}}");
    }
}

#[cfg(test)]
mod tests;
