//! Metrics and alarms.

use super::context::Cx;
use super::dist::uniform;
use super::profile::{self, Meaning};
use crate::outline::Place;
use crate::schema;
use models::plan::{
    Action, Alarm, AlarmId, BalancerId, CloudWatch, Comparison, CustomMetric, CustomMetricId, MachineMetric, Metric,
    MissingData, ServiceId, Statistic, Store, StoreId, TargetGroupId,
};
use sim_core::{Duration, Table};

pub(crate) fn custom_metrics(cx: &mut Cx<'_>) -> Table<CustomMetricId, CustomMetric> {
    let mut metrics = Table::default();
    for (name, written) in cx.scenario.metrics.iter().take(10_000) {
        let place = cx.root.field("metrics").entry(name).field("values");
        let value = profile::resolve(cx, &written.values, place, Meaning::Metric);
        metrics.push(CustomMetric { name: name.to_owned(), value });
    }
    metrics
}

pub(crate) fn cloudwatch(cx: &mut Cx<'_>) -> CloudWatch {
    let (written, place) = (&cx.scenario.cloudwatch, cx.root.field("cloudwatch"));
    CloudWatch {
        ec2_delay: cx.dist(place.field("ec2_delay"), written.ec2_delay.as_ref(), uniform(60.0, 120.0)),
        elb_delay: cx.dist(place.field("elb_delay"), written.elb_delay.as_ref(), uniform(60.0, 180.0)),
        group_delay: cx.dist(place.field("group_delay"), written.group_delay.as_ref(), uniform(15.0, 60.0)),
        rds_delay: cx.dist(place.field("rds_delay"), written.rds_delay.as_ref(), uniform(60.0, 120.0)),
        custom_delay: cx.dist(place.field("custom_delay"), written.custom_delay.as_ref(), uniform(5.0, 30.0)),
    }
}

pub(crate) fn alarms(cx: &mut Cx<'_>, stores: &Table<StoreId, Store>) -> Table<AlarmId, Alarm> {
    let mut alarms = Table::default();
    for (name, written) in cx.scenario.alarms.iter().take(10_000) {
        let place = cx.root.field("alarms").entry(name);
        let metric = metric(cx, &written.metric, place.field("metric"), stores);
        let (comparison, threshold) = comparison(cx, name, written, place);
        let (period, evaluation_periods) = window(cx, written, place);
        let datapoints = written.datapoints_to_alarm.unwrap_or(evaluation_periods);
        if datapoints == 0 || datapoints > evaluation_periods {
            let message =
                format!("`datapoints_to_alarm` {datapoints} is outside 1 to `evaluation_periods` {evaluation_periods}");
            cx.error(
                place.field("datapoints_to_alarm"),
                message,
                "M of N, with M at most N",
                "lower it, or raise `evaluation_periods`",
            );
        }
        let alarm = Alarm {
            name: name.to_owned(),
            metric: metric.unwrap_or(Metric::Custom(CustomMetricId::new(0))),
            statistic: statistic(cx, written.statistic.as_ref(), place.field("statistic")),
            period,
            evaluation_periods,
            datapoints_to_alarm: datapoints,
            comparison,
            threshold,
            treat_missing_data: match written.treat_missing_data {
                None | Some(schema::MissingData::Missing) => MissingData::Missing,
                Some(schema::MissingData::Ignore) => MissingData::Ignore,
                Some(schema::MissingData::Breaching) => MissingData::Breaching,
                Some(schema::MissingData::NotBreaching) => MissingData::NotBreaching,
            },
            alarm_actions: actions(cx, &written.actions, place.field("actions")),
            ok_actions: actions(cx, &written.ok_actions, place.field("ok_actions")),
            insufficient_data_actions: actions(
                cx,
                &written.insufficient_data_actions,
                place.field("insufficient_data_actions"),
            ),
        };
        alarms.push(alarm);
    }
    alarms
}

fn window<'a>(cx: &mut Cx<'a>, written: &schema::Alarm, place: Place<'a>) -> (Duration, u32) {
    let (period, at) = (written.period.0, place.field("period"));
    let n = cx.count(place.field("evaluation_periods"), Some(written.evaluation_periods), 1, 1, 1440);
    if period < 60.0 || period % 60.0 != 0.0 {
        let message = format!("an alarm period of {period} s is not a multiple of 60 s");
        cx.error(
            at,
            message,
            "60 s, 120 s, ..",
            "choose a multiple of 60 s; metrics of finer resolution are not modelled",
        );
    } else if period * f64::from(n) > 86400.0 {
        let message = format!("{n} periods of {period} s are longer than a day");
        let help = format!("with {n} evaluation periods, at most {} s", (86400.0 / f64::from(n) / 60.0).floor() * 60.0);
        cx.error(at, message, "period × evaluation periods is at most 86400 s", &help);
    }
    (Duration::from_secs_f64(period), n)
}

fn comparison<'a>(cx: &mut Cx<'a>, name: &str, written: &schema::Alarm, place: Place<'a>) -> (Comparison, f64) {
    let choices = [
        ("above", written.above, Comparison::GreaterThan),
        ("at_or_above", written.at_or_above, Comparison::GreaterThanOrEqual),
        ("below", written.below, Comparison::LessThan),
        ("at_or_below", written.at_or_below, Comparison::LessThanOrEqual),
    ];
    let mut given = choices.iter().filter_map(|(field, value, kind)| value.map(|value| (*field, *kind, value)));
    let all = "one of `above`, `at_or_above`, `below`, `at_or_below`";
    match (given.next(), given.next()) {
        (Some((field, kind, threshold)), None) => {
            cx.number(place.field(field), threshold, -1e15, 1e15);
            (kind, threshold)
        }
        (Some(_), Some((field, ..))) => {
            cx.error(
                place.field(field),
                format!("alarm `{name}` has two thresholds"),
                "second one",
                &format!("keep {all}"),
            );
            (Comparison::GreaterThan, 0.0)
        }
        (None, _) => {
            if !choices.iter().any(|(field, ..)| place.field(field).is_written()) {
                cx.error(
                    cx.root.field("alarms").key(name),
                    format!("alarm `{name}` has no threshold"),
                    "when does it ring?",
                    &format!("add {all}"),
                );
            }
            (Comparison::GreaterThan, 0.0)
        }
    }
}

fn metric<'a>(
    cx: &mut Cx<'a>,
    written: &'a schema::Metric,
    place: Place<'a>,
    stores: &Table<StoreId, Store>,
) -> Option<Metric> {
    use schema::Metric as Written;
    let at = |field| place.part(field, 0);
    let scenario = cx.scenario;
    let balancer = |cx: &mut Cx<'a>, name: &str| {
        cx.find("load balancer", "load_balancers", &scenario.load_balancers, name, at("load_balancer"))
            .map(BalancerId::new)
    };
    let group = |cx: &mut Cx<'a>, name: &str| {
        cx.find("target group", "target_groups", &scenario.target_groups, name, at("target_group"))
            .map(TargetGroupId::new)
    };
    let store = |cx: &mut Cx<'a>, name: &str| {
        cx.find("database", "databases", &scenario.databases, name, at("database")).map(StoreId::new)
    };
    Some(match written {
        Written::Cpu { group } => Metric::Cpu(cx.fleet(group, at("group"))?),
        Written::InServiceInstances { group } => Metric::InServiceInstances(cx.group(group, at("group"))?),
        Written::DesiredCapacity { group } => Metric::DesiredCapacity(cx.group(group, at("group"))?),
        Written::RequestCount { load_balancer } => Metric::RequestCount(balancer(cx, load_balancer)?),
        Written::Elb5xx { load_balancer } => Metric::Elb5xx(balancer(cx, load_balancer)?),
        Written::RequestCountPerTarget { target_group } => Metric::RequestCountPerTarget(group(cx, target_group)?),
        Written::TargetResponseTime { target_group } => Metric::TargetResponseTime(group(cx, target_group)?),
        Written::Target5xx { target_group } => Metric::Target5xx(group(cx, target_group)?),
        Written::HealthyHostCount { target_group } => Metric::HealthyHostCount(group(cx, target_group)?),
        Written::UnHealthyHostCount { target_group } => Metric::UnHealthyHostCount(group(cx, target_group)?),
        Written::QueueDepth { service } => Metric::QueueDepth(ServiceId::new(cx.find(
            "service",
            "services",
            &scenario.services,
            service,
            at("service"),
        )?)),
        Written::DatabaseConnections { database } => Metric::DatabaseConnections(store(cx, database)?),
        Written::DatabaseCpu { database } => {
            let id = store(cx, database)?;
            if stores.get(id).is_some_and(|store| store.vcpus.is_none()) {
                cx.error(
                    at("database"),
                    format!("database `{database}` has no CPU to watch"),
                    "no `vcpus`",
                    "add `vcpus` to the database",
                );
            }
            Metric::DatabaseCpu(id)
        }
        Written::CpuCreditUsage { group } => machine(cx, group, MachineMetric::CreditUsage, at("group"))?,
        Written::CpuCreditBalance { group } => machine(cx, group, MachineMetric::CreditBalance, at("group"))?,
        Written::CpuSurplusCreditBalance { group } => {
            machine(cx, group, MachineMetric::SurplusCreditBalance, at("group"))?
        }
        Written::CpuSurplusCreditsCharged { group } => {
            machine(cx, group, MachineMetric::SurplusCreditsCharged, at("group"))?
        }
        Written::BurstBalance { group } => machine(cx, group, MachineMetric::BurstBalance, at("group"))?,
        Written::MemoryUsed { group } => machine(cx, group, MachineMetric::MemoryUsed, at("group"))?,
        Written::Custom { name } => {
            Metric::Custom(CustomMetricId::new(cx.find("metric", "metrics", &scenario.metrics, name, at("name"))?))
        }
    })
}

/// A metric of single machines.
fn machine<'a>(cx: &mut Cx<'a>, group: &str, metric: MachineMetric, place: Place<'a>) -> Option<Metric> {
    Some(Metric::Machine(cx.fleet(group, place)?, metric))
}

fn statistic<'a>(cx: &mut Cx<'a>, written: Option<&schema::Statistic>, place: Place<'a>) -> Statistic {
    use schema::Statistic as Written;
    match written {
        None | Some(Written::Average) => Statistic::Average,
        Some(Written::Sum) => Statistic::Sum,
        Some(Written::Minimum) => Statistic::Minimum,
        Some(Written::Maximum) => Statistic::Maximum,
        Some(Written::SampleCount) => Statistic::SampleCount,
        Some(Written::P(percentile)) => {
            let value = match percentile {
                schema::Percentile::Number(value) => *value,
                schema::Percentile::Text(text) => text.trim_start_matches(['p', 'P']).parse().unwrap_or(f64::NAN),
            };
            Statistic::Percentile(cx.number(place, value, 0.0, 100.0))
        }
    }
}

fn actions<'a>(cx: &mut Cx<'a>, written: &'a [schema::Action], place: Place<'a>) -> Vec<Action> {
    if written.len() > 5 {
        cx.error(place, format!("{} actions", written.len()), "too many", "an alarm has at most 5 actions per state");
    }
    let whole = place.node().items().len() == written.len();
    let mut actions = Vec::new();
    for (index, action) in written.iter().enumerate() {
        let at = if whole { place.item(index) } else { place };
        match action {
            schema::Action::Notify => actions.push(Action::Notify),
            schema::Action::Scale { group, policy } => {
                let Some(fleet) = cx.group(group, at.part("group", 0)) else { continue };
                if let Some(policy) = cx.policy(group, policy, at.part("policy", 1)) {
                    actions.push(Action::Scale { fleet, policy });
                }
            }
        }
    }
    actions
}
