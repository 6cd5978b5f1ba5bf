//! Target tracking: the two alarms that each policy makes.
//!
//! # Models      AlarmHigh above the target, AlarmLow below a share of it, with the periods that captures show
//! # Leaves out  AWS's own tuning of them
//! # Source      scaling.md §3.5, "Generated alarms"

use super::context::Cx;
use super::{alarm, metric};
use crate::outline::Place;
use crate::schema::{self, TrackedMetric};
use models::plan::{
    Action, Alarm, AlarmId, Comparison, CustomMetric, CustomMetricId, Fleet, FleetId, InstanceMetric, Math, Metric,
    MissingData, PolicyKind, Sizing, Statistic, Store, StoreId, TargetGroupId,
};
use sim_core::{Duration, Table};

/// Makes the alarms of every target tracking policy that is enabled: ordinary ones, after those that are written.
pub(super) fn alarms(
    cx: &mut Cx<'_>,
    fleets: &Table<FleetId, Fleet>,
    alarms: &mut Table<AlarmId, Alarm>,
    stores: &Table<StoreId, Store>,
    customs: &Table<CustomMetricId, CustomMetric>,
) {
    let scenario = cx.scenario;
    for (id, fleet) in fleets.iter() {
        let Sizing::AutoScaling(group) = &fleet.sizing else { continue };
        let Some(written) = scenario.auto_scaling_groups.get(&fleet.name) else { continue };
        let place = cx.root.field("auto_scaling_groups").entry(&fleet.name).field("policies");
        for (index, ((name, settings), policy)) in written.policies.iter().zip(&group.policies).enumerate() {
            let PolicyKind::TargetTracking(tracking) = &policy.kind else { continue };
            let place = place.entry(name);
            let schema::Policy::TargetTracking {
                metric,
                alarm_low_share,
                alarm_high_periods,
                alarm_low_periods,
                treat_missing_data,
                ..
            } = settings
            else {
                continue;
            };
            let watched = tracked(cx, metric, (id, fleet), place.field("metric"), stores, customs);
            let share = alarm_low_share.map_or(0.7, |share| share.0);
            if share <= 0.0 || share >= 1.0 {
                let at = place.field("alarm_low_share");
                cx.error(at, format!("a share of {share}"), "between 0 and 1", "choose `\"70%\"` or `\"90%\"`");
            }
            let high = cx.count(place.field("alarm_high_periods"), *alarm_high_periods, 3, 1, 1440);
            let low = cx.count(place.field("alarm_low_periods"), *alarm_low_periods, 15, 1, 1440);
            let Some((metric, math, statistic, period)) = watched.filter(|_| policy.enabled) else { continue };
            for (field, periods) in [("alarm_high_periods", high), ("alarm_low_periods", low)] {
                let most = 86400.0 / period.as_secs_f64();
                if f64::from(periods) > most {
                    let message = format!("{periods} periods of {period} are longer than a day");
                    let help = format!("with this period, at most {}", most.floor());
                    cx.error(place.field(field), message, "at most 86400 s", &help);
                }
            }
            let of = |which: &str, comparison, threshold, periods| Alarm {
                statistic,
                math: math.clone(),
                period,
                evaluation_periods: periods,
                datapoints_to_alarm: periods,
                comparison,
                treat_missing_data: treat_missing_data.as_ref().map_or(MissingData::Missing, alarm::missing_data),
                alarm_actions: vec![Action::Scale { fleet: id, policy: index }],
                ..Alarm::new(format!("TargetTracking-{}-{which}-{name}", fleet.name), metric, threshold)
            };
            let mut made = vec![of("AlarmHigh", Comparison::GreaterThan, tracking.target, high)];
            if tracking.scale_in {
                made.push(of("AlarmLow", Comparison::LessThan, tracking.target * share, low));
            }
            for alarm in made {
                if scenario.alarms.get(&alarm.name).is_some() {
                    let at = cx.root.field("alarms").key(&alarm.name);
                    let message = format!("policy `{name}` makes an alarm of the name `{}` too", alarm.name);
                    cx.error(at, message, "second one", "give this one another name");
                }
                cx.made_alarms.push(alarm.name.clone());
                alarms.push(alarm);
            }
        }
    }
}

/// A metric or an expression over several, by which statistic, over which period.
type Tracked = (Metric, Option<Math>, Statistic, Duration);

/// What is tracked.
fn tracked<'a>(
    cx: &mut Cx<'a>,
    written: &'a TrackedMetric,
    (id, fleet): (FleetId, &Fleet),
    place: Place<'a>,
    stores: &Table<StoreId, Store>,
    customs: &Table<CustomMetricId, CustomMetric>,
) -> Option<Tracked> {
    let minute = Duration::from_secs(60);
    Some(match written {
        TrackedMetric::ASGAverageCPUUtilization => (Metric::Cpu(id), None, Statistic::Average, minute),
        TrackedMetric::ASGAverageNetworkIn => {
            (Metric::Instance(id, None, InstanceMetric::NetworkIn), None, Statistic::Average, minute)
        }
        TrackedMetric::ASGAverageNetworkOut => {
            (Metric::Instance(id, None, InstanceMetric::NetworkOut), None, Statistic::Average, minute)
        }
        TrackedMetric::ALBRequestCountPerTarget { target_group } => {
            let group = own_target_group(cx, target_group.as_deref(), &fleet.name, place)?;
            (Metric::RequestCountPerTarget(group), None, Statistic::Sum, minute)
        }
        TrackedMetric::Customized { metric: written, statistic, period } => {
            let at = place.part("metric", 0);
            let (watched, math) = match written {
                schema::Metric::Math { expression, metrics } => {
                    super::math::resolve(cx, expression, metrics, at, stores)
                }
                one => (metric::metric(cx, one, at, stores), None),
            };
            let at = place.field("period");
            let seconds = period.map_or(60.0, |period| period.0);
            // Finer than a minute only where the metric itself is (2026 text).
            let fine = [10.0, 20.0, 30.0].contains(&seconds)
                && watched.is_some_and(|watched| metric::cadence(watched, customs) <= seconds);
            if !fine && (seconds < 60.0 || seconds % 60.0 != 0.0 || seconds > 3600.0) {
                let message = format!("a period of {seconds} s is not a multiple of 60 s up to an hour");
                let help = "choose a multiple of 60 s; 10, 20 or 30 s for a custom metric of that resolution";
                cx.error(at, message, "60 s, 120 s, ..", help);
            }
            let statistic = metric::statistic(cx, statistic.as_ref(), place.field("statistic"));
            (watched?, math, statistic, Duration::from_secs_f64(seconds))
        }
    })
}

/// A target group that the group of this name is registered with: the one of this name, or its only one.
pub(super) fn own_target_group<'a>(
    cx: &mut Cx<'a>,
    name: Option<&str>,
    group: &str,
    place: Place<'a>,
) -> Option<TargetGroupId> {
    let scenario = cx.scenario;
    let own = &scenario.auto_scaling_groups.get(group)?.target_groups;
    let id = |name: &str| scenario.target_groups.iter().position(|group| group.0 == name).map(TargetGroupId::new);
    let Some(name) = name else {
        if own.len() != 1 {
            let message = format!("which target group of `{group}`?");
            cx.error(place, message, "needs one", "name one of the group's own `target_groups` in parentheses");
        }
        return own.first().and_then(|name| id(name));
    };
    let at = place.part("target_group", 0);
    let found = cx.find("target group", "target_groups", &scenario.target_groups, name, at).map(TargetGroupId::new)?;
    if !own.iter().any(|own| own == name) {
        let message = format!("`{group}` is not registered with target group `{name}`");
        cx.error(at, message, "another group's", "name one of the group's own `target_groups`");
    }
    Some(found)
}
