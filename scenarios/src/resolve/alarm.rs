//! Alarms.

use super::context::{Cx, FleetKind};
use super::dist::uniform;
use super::metric::{cadence, metric, statistic};
use crate::outline::Place;
use crate::schema;
use models::plan::{
    Action, Alarm, AlarmId, CloudWatch, Comparison, CustomMetric, CustomMetricId, Ec2Action, InstanceMetric, Metric,
    MissingData, Store, StoreId,
};
use sim_core::{Duration, Table};

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

pub(crate) fn alarms(
    cx: &mut Cx<'_>,
    stores: &Table<StoreId, Store>,
    customs: &Table<CustomMetricId, CustomMetric>,
) -> Table<AlarmId, Alarm> {
    let mut alarms = Table::default();
    for (name, written) in cx.scenario.alarms.iter().take(10_000) {
        let place = cx.root.field("alarms").entry(name);
        let at = place.field("metric");
        let (first, math) = match &written.metric {
            schema::Metric::Math { expression, metrics } => super::math::resolve(cx, expression, metrics, at, stores),
            one => (metric(cx, one, at, stores), None),
        };
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
        let warm_up = written
            .warm_up
            .map_or(Duration::ZERO, |warm_up| cx.time(place.field("warm_up"), Some(warm_up), 0.0, 60.0, 2880.0 * 60.0));
        let alarm = Alarm {
            statistic: statistic(cx, written.statistic.as_ref(), place.field("statistic")),
            math,
            period,
            evaluation_periods,
            datapoints_to_alarm: datapoints,
            comparison,
            treat_missing_data: written.treat_missing_data.as_ref().map_or(MissingData::Missing, missing_data),
            low_samples_count: !matches!(
                written.evaluate_low_sample_count_percentile,
                Some(schema::LowSamples::Ignore)
            ),
            actions_enabled: written.actions_enabled.unwrap_or(true),
            warm_up,
            alarm_actions: actions(cx, &written.actions, place.field("actions")),
            ok_actions: actions(cx, &written.ok_actions, place.field("ok_actions")),
            insufficient_data_actions: actions(
                cx,
                &written.insufficient_data_actions,
                place.field("insufficient_data_actions"),
            ),
            ..Alarm::new(name, first.unwrap_or(Metric::Custom(CustomMetricId::new(0))), threshold)
        };
        if first.is_some() {
            resolution(cx, &alarm, customs, place);
            ec2_conditions(cx, &alarm, place);
        }
        if alarm.math.is_some() && written.statistic.is_some() {
            let help = "give each metric of the expression its own `statistic`";
            cx.error(place.field("statistic"), "an expression has no statistic", "not here", help);
        }
        band_conditions(cx, &alarm, place);
        alarms.push(alarm);
    }
    alarms
}

fn window<'a>(cx: &mut Cx<'a>, written: &schema::Alarm, place: Place<'a>) -> (Duration, u32) {
    let (period, at) = (written.period.0, place.field("period"));
    let n = cx.count(place.field("evaluation_periods"), Some(written.evaluation_periods), 1, 1, 8640);
    // A window of seven days is for periods of an hour and more.
    let most = if period >= 3600.0 { 7.0 * 86400.0 } else { 86400.0 };
    let fine = [10.0, 20.0, 30.0].contains(&period);
    if !fine && (period < 60.0 || period % 60.0 != 0.0) {
        let message = format!("an alarm period of {period} s is neither 10 s, 20 s, 30 s nor a multiple of 60 s");
        let help = "choose a multiple of 60 s; or 10 s, 20 s, 30 s for a metric of high resolution";
        cx.error(at, message, "10 s, 20 s, 30 s, 60 s, 120 s, ..", help);
    } else if period * f64::from(n) > most {
        let days = if most > 86400.0 { "seven days" } else { "a day" };
        let message = format!("{n} periods of {period} s are longer than {days}");
        let help = format!("with this period, at most {} evaluation periods", (most / period).floor());
        let label = "period × evaluation periods is at most 86400 s, seven days with periods of an hour and more";
        cx.error(at, message, label, &help);
    }
    (Duration::from_secs_f64(period), n)
}

/// An alarm of high resolution needs metrics of high resolution.
fn resolution<'a>(cx: &mut Cx<'a>, alarm: &Alarm, customs: &Table<CustomMetricId, CustomMetric>, place: Place<'a>) {
    if !alarm.is_high_resolution() {
        return;
    }
    let coarse = alarm.inputs().into_iter().map(|input| cadence(input.0, customs)).fold(0.0, f64::max);
    if coarse > alarm.period.as_secs_f64() {
        let message =
            format!("an alarm period of {} s on a metric that comes each {coarse} s", alarm.period.as_secs_f64());
        let help = format!(
            "choose a period of at least {coarse} s, or give a metric of your own in `metrics` a finer `resolution`"
        );
        cx.error(place.field("period"), message, "finer than the metric", &help);
    }
}

/// Rule M3, and where AWS allows no actions on instances at all.
fn ec2_conditions<'a>(cx: &mut Cx<'a>, alarm: &Alarm, place: Place<'a>) {
    let lists = [
        ("actions", &alarm.alarm_actions),
        ("ok_actions", &alarm.ok_actions),
        ("insufficient_data_actions", &alarm.insufficient_data_actions),
    ];
    for (field, actions) in lists {
        for action in actions {
            let Action::Ec2 { fleet, nth, what } = *action else { continue };
            let at = place.field(field);
            let of = |check| alarm.metric == Metric::Instance(fleet, Some(nth as u16), check);
            if alarm.math.is_some() {
                let help = "watch one metric, or use `Notify` or `Scale`";
                cx.error(at, "an alarm on metric math cannot act on an instance", "not with `Math`", help);
            } else if what == Ec2Action::Recover && !of(InstanceMetric::StatusCheckFailedSystem) {
                let help = "set `metric: StatusCheckFailed_System(..)` of the same instance";
                cx.error(at, "only a failed system status check can recover an instance", "another metric", help);
            } else if what == Ec2Action::Reboot && !of(InstanceMetric::StatusCheckFailedInstance) {
                let help = "set `metric: StatusCheckFailed_Instance(..)` of the same instance";
                cx.error(at, "only a failed instance status check can reboot an instance", "another metric", help);
            }
        }
    }
}

fn band_conditions<'a>(cx: &mut Cx<'a>, alarm: &Alarm, place: Place<'a>) {
    if !alarm.comparison.is_band() {
        return;
    }
    if alarm.is_high_resolution() {
        cx.error(place.field("period"), "an anomaly band below a minute", "too short", "choose 60 s or more");
    }
    let scales = |actions: &[Action]| actions.iter().any(|action| matches!(action, Action::Scale { .. }));
    for (field, actions) in [("actions", &alarm.alarm_actions), ("ok_actions", &alarm.ok_actions)] {
        if scales(actions) {
            let help = "use `Notify`, or compare with a fixed threshold";
            cx.error(place.field(field), "an alarm on an anomaly band cannot scale a group", "not with a band", help);
        }
    }
}

fn comparison<'a>(cx: &mut Cx<'a>, name: &str, written: &schema::Alarm, place: Place<'a>) -> (Comparison, f64) {
    let choices = [
        ("above", written.above, Comparison::GreaterThan),
        ("at_or_above", written.at_or_above, Comparison::GreaterThanOrEqual),
        ("below", written.below, Comparison::LessThan),
        ("at_or_below", written.at_or_below, Comparison::LessThanOrEqual),
        ("outside_band", written.outside_band, Comparison::OutsideBand),
        ("above_band", written.above_band, Comparison::AboveBand),
        ("below_band", written.below_band, Comparison::BelowBand),
    ];
    let mut given = choices.iter().filter_map(|(field, value, kind)| value.map(|value| (*field, *kind, value)));
    let all = "one of `above`, `at_or_above`, `below`, `at_or_below`";
    match (given.next(), given.next()) {
        (Some((field, kind, threshold)), None) => {
            // A band has a width.
            let least = if kind.is_band() { 0.0 } else { -1e15 };
            cx.number(place.field(field), threshold, least, 1e15);
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

/// How missing data are treated.
pub(super) fn missing_data(written: &schema::MissingData) -> MissingData {
    match written {
        schema::MissingData::Missing => MissingData::Missing,
        schema::MissingData::Ignore => MissingData::Ignore,
        schema::MissingData::Breaching => MissingData::Breaching,
        schema::MissingData::NotBreaching => MissingData::NotBreaching,
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
            schema::Action::Recover { instances, instance } => {
                actions.extend(ec2(cx, (instances, *instance), Ec2Action::Recover, at));
            }
            schema::Action::Reboot { instances, instance } => {
                actions.extend(ec2(cx, (instances, *instance), Ec2Action::Reboot, at));
            }
            schema::Action::Stop { group, instance } => {
                actions.extend(ec2(cx, (group, *instance), Ec2Action::Stop, at));
            }
            schema::Action::Terminate { group, instance } => {
                actions.extend(ec2(cx, (group, *instance), Ec2Action::Terminate, at));
            }
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

/// Something done to an instance.
fn ec2<'a>(cx: &mut Cx<'a>, (of, nth): (&str, u16), what: Ec2Action, place: Place<'a>) -> Option<Action> {
    let comes_back = matches!(what, Ec2Action::Recover | Ec2Action::Reboot);
    let field = if comes_back { "instances" } else { "group" };
    let fleet = cx.fleet(of, place.part(field, 0))?;
    if cx.fleets[fleet.index()].1 == FleetKind::Group {
        if comes_back {
            let message = format!("`{of}` is an Auto Scaling group: it replaces its members, nobody recovers them");
            cx.error(place.part(field, 0), message, "a group", "leave it to the group, or use `instances`");
            return None;
        }
    } else if let Some(count) =
        cx.scenario.instances.get(of).map(|set| set.count).filter(|count| u32::from(nth) >= *count)
    {
        let message = format!("`{of}` has {count} instances, and no {nth}");
        cx.error(place.part("instance", 1), message, "they are counted from 0", "");
    }
    Some(Action::Ec2 { fleet, nth: u32::from(nth), what })
}
