//! Elastic Beanstalk: what an environment is made of.
//!
//! ```text
//!  elastic_beanstalk: {"shop": (..)} ──expand──► auto_scaling_groups "shop" ◄─ policies Up, Down ◄─ alarms High, Low
//!                                                            └──────────► resolve, advice: as if they were written
//! ```
//! # Models      defaults of `aws:autoscaling:asg` and `aws:autoscaling:trigger`; each can be overridden
//! # Leaves out  deployments (`StartInstanceRefresh`, standby and launch templates have them piece by piece); enhanced health;
//!   measures other than NetworkOut and CPUUtilization, statistics other than Average, increments in percent
//! # Source      scaling.md §7.1

use crate::diagnostic::Diagnostic;
use crate::outline::{Field, Kind, Node, Place};
use crate::resolve::context::show;
use crate::schema::{
    Action, Adjustment, Alarm, AutoScalingGroup, BeanstalkMeasure, ElasticBeanstalk, MathTerm, Metric, MissingData,
    Monitoring, Named, Policy, Scenario, Statistic,
};
use crate::units::Dur;

const UP: &str = "AWSEBAutoScalingScaleUpPolicy";
const DOWN: &str = "AWSEBAutoScalingScaleDownPolicy";
const HIGH: &str = "AWSEBCloudwatchAlarmHigh";
const LOW: &str = "AWSEBCloudwatchAlarmLow";

/// Bytes of an answer, where nothing else is said: the default of clients.
const RESPONSE: f64 = 8192.0;

/// Puts the group, the policies and the alarms of every environment into the scenario and its outline, where mistakes in them
/// are then shown at the environment's own settings. Without environments nothing changes.
pub(crate) fn expand(scenario: &mut Scenario, root: &mut Node) -> Vec<Diagnostic> {
    let mut said = Vec::new();
    let Some(block) = root.field("elastic_beanstalk").cloned() else { return said };
    for (name, environment) in std::mem::take(&mut scenario.elastic_beanstalk).0 {
        let Some(entry) = block.entry(&name) else { continue };
        let place = Place::root(entry);
        check(&environment, place, &mut said);
        if scenario.auto_scaling_groups.get(&name).is_some() {
            let key = Place::root(&block).key(&name);
            let diagnostic = Diagnostic::error(key.span(), format!("there is an Auto Scaling group `{name}` already"));
            let help = "an environment makes a group of its own name; give one of the two another";
            said.push(diagnostic.label("second one").help(help));
            continue;
        }
        for (alarm, made) in alarms(scenario, &name, &environment, place, &mut said) {
            if scenario.alarms.get(&alarm).is_some() {
                let key = Place::root(root).field("alarms").key(&alarm);
                let message = format!("environment `{name}` makes an alarm of the name `{alarm}` too");
                said.push(
                    Diagnostic::error(key.span(), message).label("second one").help("give this one another name"),
                );
                continue;
            }
            scenario.alarms.0.push((alarm, made));
        }
        scenario.auto_scaling_groups.0.push((name, group(environment)));
    }
    // Those with a mistake too: whoever names one need not be told that it does not exist.
    for (key, entry) in block.entries() {
        let Some(name) = key.text() else { continue };
        let trigger = entry.field("trigger").unwrap_or(entry);
        add(root, "alarms", &block, named(key, format!("{name}-{HIGH}")), renamed(trigger, "upper_threshold", "above"));
        add(root, "alarms", &block, named(key, format!("{name}-{LOW}")), renamed(trigger, "lower_threshold", "below"));
        let mut of_group = renamed(entry, "cooldown", "default_cooldown");
        let policies = [(UP, "upper_breach_scale_increment"), (DOWN, "lower_breach_scale_increment")];
        let policies = policies.map(|(policy, field)| {
            let increment = trigger.field(field).map(|value| vec![field_of("adjustment", value)]);
            let value = Node { kind: Kind::Struct(None, increment.unwrap_or_default()), ..trigger.clone() };
            (named(key, policy.to_owned()), value)
        });
        if let Kind::Struct(_, fields) = &mut of_group.kind {
            let policies = Node { kind: Kind::Map(policies.into()), ..trigger.clone() };
            fields.push(field_of("policies", &policies));
        }
        add(root, "auto_scaling_groups", &block, key.clone(), of_group);
    }
    said
}

fn group(environment: ElasticBeanstalk) -> AutoScalingGroup {
    let trigger = &environment.trigger;
    let policy = |increment: Option<i32>, default| Policy::Simple {
        adjustment: Adjustment::ChangeInCapacity(f64::from(increment.unwrap_or(default))),
        cooldown: None,
        min_adjustment_magnitude: None,
        enabled: None,
    };
    let policies = Named(vec![
        (UP.to_owned(), policy(trigger.upper_breach_scale_increment, 1)),
        (DOWN.to_owned(), policy(trigger.lower_breach_scale_increment, -1)),
    ]);
    AutoScalingGroup {
        launch_template: environment.launch_template,
        min_size: environment.min_size.unwrap_or(1),
        max_size: environment.max_size.unwrap_or(4),
        zones: environment.zones,
        target_groups: environment.target_groups,
        default_cooldown: Some(environment.cooldown.unwrap_or(Dur(360.0))),
        health_check_type: environment.health_check_type,
        health_check_grace_period: environment.health_check_grace_period,
        scheduled_actions: environment.scheduled_actions,
        policies,
        ..AutoScalingGroup::default()
    }
}

/// A setting, its value if it is written, the least, the most, and how to write one.
type Bound<'a> = (Place<'a>, Option<f64>, f64, f64, fn(f64) -> String);

/// What Beanstalk bounds more narrowly than EC2 Auto Scaling and CloudWatch do.
fn check(environment: &ElasticBeanstalk, place: Place<'_>, said: &mut Vec<Diagnostic>) {
    let trigger = &environment.trigger;
    let of_trigger = place.field("trigger");
    let seconds = |value: Option<Dur>| value.map(|value| value.0);
    let count = |value: Option<u32>| value.map(f64::from);
    let plain = |value: f64| value.to_string();
    let bounds: [Bound<'_>; 7] = [
        (place.field("min_size"), count(environment.min_size), 1.0, 10_000.0, plain),
        (place.field("max_size"), count(environment.max_size), 1.0, 10_000.0, plain),
        (place.field("cooldown"), seconds(environment.cooldown), 0.0, 10_000.0, show),
        (of_trigger.field("period"), seconds(trigger.period), 60.0, 36_000.0, show),
        (of_trigger.field("evaluation_periods"), count(trigger.evaluation_periods), 1.0, 600.0, plain),
        (of_trigger.field("upper_threshold"), trigger.upper_threshold, 0.0, 2e7, plain),
        (of_trigger.field("lower_threshold"), trigger.lower_threshold, 0.0, 2e7, plain),
    ];
    for (at, value, low, high, text) in bounds {
        let Some(value) = value.filter(|value| !(low..=high).contains(value)) else { continue };
        let message = format!("{} is outside {} to {}", text(value), text(low), text(high));
        said.push(Diagnostic::error(at.span(), message).label("out of Elastic Beanstalk's range"));
    }
}

/// The two alarms by name; none where what they would watch is not known, which is said.
fn alarms(
    scenario: &Scenario,
    name: &str,
    environment: &ElasticBeanstalk,
    place: Place<'_>,
    said: &mut Vec<Diagnostic>,
) -> Vec<(String, Alarm)> {
    let trigger = &environment.trigger;
    let at = place.field("trigger");
    let mut error = |at: Place<'_>, message: String, label: &str, help: &str| {
        said.push(Diagnostic::error(at.span(), message).label(label).help(help));
        Vec::new()
    };
    let cpu = matches!(trigger.measure, Some(BeanstalkMeasure::CPUUtilization));
    if cpu && (trigger.upper_threshold.is_none() || trigger.lower_threshold.is_none()) {
        let help = "add both, such as `upper_threshold: 70, lower_threshold: 20`; Beanstalk's defaults are bytes";
        return error(at, "CPUUtilization without thresholds of its own".to_owned(), "which percentages?", help);
    }
    let (upper, lower) = (trigger.upper_threshold.unwrap_or(6e6), trigger.lower_threshold.unwrap_or(2e6));
    if lower >= upper {
        let message = format!("`lower_threshold` {lower} is not below `upper_threshold` {upper}");
        return error(at.field("lower_threshold"), message, "not below", "lower it, or raise `upper_threshold`");
    }
    let period = trigger.period.unwrap_or(Dur(300.0));
    let metric = match &trigger.measure {
        Some(BeanstalkMeasure::CPUUtilization) => Metric::Cpu { group: name.to_owned(), instance: None },
        measure => {
            let (target_group, size) = match measure {
                Some(BeanstalkMeasure::NetworkOut { target_group, response_size }) => (target_group, response_size),
                _ => (&None, &None),
            };
            let measured = at.field("measure");
            let own = &environment.target_groups;
            let Some(target_group) = target_group.as_ref().or(own.first()) else {
                let help = "name one in `target_groups`, or choose `trigger: (measure: CPUUtilization, \
                            upper_threshold: 70, lower_threshold: 20)`";
                let message = "NetworkOut cannot be known without a target group".to_owned();
                return error(measured, message, "whose requests?", help);
            };
            if !own.contains(target_group) {
                let message = format!("`{name}` does not register with target group `{target_group}`");
                return error(measured.part("target_group", 0), message, "not one of its `target_groups`", "");
            }
            // Where that does not exist, the group says so.
            if scenario.target_groups.get(target_group).is_none() {
                return Vec::new();
            }
            let bytes = size.map_or(RESPONSE, |size| size.0);
            let template = scenario.launch_templates.get(&environment.launch_template);
            let detailed = matches!(template.and_then(|template| template.monitoring), Some(Monitoring::Detailed));
            // A sample of NetworkOut is what went out since the sample before; Average is over samples.
            let samples = (period.0 / if detailed { 60.0 } else { 300.0 }).max(1.0);
            let requests = Metric::RequestCountPerTarget { target_group: target_group.clone() };
            let term = MathTerm { metric: Box::new(requests), statistic: Some(Statistic::Sum) };
            let expression = format!("requests * {bytes} / {samples}");
            Metric::Math { expression, metrics: Named(vec![("requests".to_owned(), term)]) }
        }
    };
    // Nobody's requests are no datapoint of the balancer's, but zero bytes of the instances'.
    let silence = |of_bytes| Some(if cpu { MissingData::Missing } else { of_bytes });
    let alarm = |which: &str, policy: &str, above, below, treat_missing_data| {
        let actions = vec![Action::Scale { group: name.to_owned(), policy: policy.to_owned() }];
        let alarm = Alarm {
            statistic: None,
            evaluation_periods: trigger.evaluation_periods.unwrap_or(1),
            datapoints_to_alarm: None,
            at_or_above: None,
            at_or_below: None,
            outside_band: None,
            above_band: None,
            below_band: None,
            evaluate_low_sample_count_percentile: None,
            actions_enabled: None,
            warm_up: None,
            ok_actions: Vec::new(),
            insufficient_data_actions: Vec::new(),
            metric: metric.clone(),
            period,
            above,
            below,
            treat_missing_data,
            actions,
        };
        (format!("{name}-{which}"), alarm)
    };
    vec![
        alarm(HIGH, UP, Some(upper), None, silence(MissingData::NotBreaching)),
        alarm(LOW, DOWN, None, Some(lower), silence(MissingData::Breaching)),
    ]
}

/// A key that stands where another does.
fn named(key: &Node, name: String) -> Node {
    Node { kind: Kind::Str(name), ..key.clone() }
}

fn field_of(name: &str, value: &Node) -> Field {
    Field { name: name.to_owned(), name_span: value.span.clone(), value: value.clone() }
}

/// The same with another name of one field.
fn renamed(node: &Node, from: &str, to: &str) -> Node {
    let mut node = node.clone();
    if let Kind::Struct(_, fields) = &mut node.kind {
        for field in fields.iter_mut().filter(|field| field.name == from) {
            to.clone_into(&mut field.name);
        }
    }
    node
}

/// An entry more in a block of the scenario, which stands where the environments do if it was not written.
fn add(root: &mut Node, name: &str, block: &Node, key: Node, value: Node) {
    let Kind::Struct(_, fields) = &mut root.kind else { return };
    if !fields.iter().any(|field| field.name == name) {
        fields.push(field_of(name, &Node { kind: Kind::Map(Vec::new()), ..block.clone() }));
    }
    let Some(field) = fields.iter_mut().find(|field| field.name == name) else { return };
    if let Kind::Map(entries) = &mut field.value.kind {
        // What the author wrote by that name stands first and stays.
        entries.push((key, value));
    }
}
