//! Scaling policies: simple, step, target tracking, predictive.

use super::context::{Cx, show};
use super::fleet::MOST;
use super::profile::{self, Meaning};
use super::schedule;
use super::target_tracking::own_target_group;
use crate::outline::Place;
use crate::schema::{self, Adjustment};
use models::plan::{
    AdjustmentType, FleetId, InstanceMetric, Metric, MetricAggregation, MetricAggregationType, Policy, PolicyKind,
    Predictive, StepAdjustment, TargetGroupId, TargetTracking, TargetsMetric,
};
use sim_core::Duration;

/// A policy of a group, by the names of both.
pub(super) fn resolve<'a>(
    cx: &mut Cx<'a>,
    (group, name): (&str, &str),
    policy: &'a schema::Policy,
    place: Place<'a>,
) -> Policy {
    let name = name.to_owned();
    let of = |enabled: &Option<bool>, kind| Policy {
        name: name.clone(),
        enabled: enabled.unwrap_or(true),
        adjustment_type: AdjustmentType::ChangeInCapacity,
        min_adjustment_magnitude: 0,
        kind,
    };
    match policy {
        schema::Policy::Simple { adjustment, cooldown, min_adjustment_magnitude, enabled } => {
            let at = place.part("adjustment", 0);
            let (adjustment_type, adjustment) = match *adjustment {
                Adjustment::ChangeInCapacity(by) => (AdjustmentType::ChangeInCapacity, by),
                Adjustment::ExactCapacity(to) => (AdjustmentType::ExactCapacity, to),
                Adjustment::PercentChangeInCapacity(percent) => (AdjustmentType::PercentChangeInCapacity, percent),
            };
            check_adjustment(cx, at, adjustment_type, adjustment);
            let cooldown = cooldown.map(|time| cx.time(place.field("cooldown"), Some(time), 0.0, 0.0, 86400.0));
            Policy {
                adjustment_type,
                min_adjustment_magnitude: magnitude(cx, place, adjustment_type, *min_adjustment_magnitude),
                ..of(enabled, PolicyKind::Simple { adjustment, cooldown })
            }
        }
        schema::Policy::Step {
            adjustment_type,
            steps,
            estimated_instance_warmup,
            min_adjustment_magnitude,
            metric_aggregation_type,
            metric_aggregation_periods,
            enabled,
        } => {
            let adjustment_type = match adjustment_type {
                schema::AdjustmentType::ChangeInCapacity => AdjustmentType::ChangeInCapacity,
                schema::AdjustmentType::ExactCapacity => AdjustmentType::ExactCapacity,
                schema::AdjustmentType::PercentChangeInCapacity => AdjustmentType::PercentChangeInCapacity,
            };
            let warmup = warmup(cx, place, *estimated_instance_warmup);
            let steps = self::steps(cx, steps, place.part("steps", 1), adjustment_type);
            let at = place.field("metric_aggregation_periods");
            let aggregation = MetricAggregation {
                of: match metric_aggregation_type {
                    None | Some(schema::MetricAggregationType::Average) => MetricAggregationType::Average,
                    Some(schema::MetricAggregationType::Minimum) => MetricAggregationType::Minimum,
                    Some(schema::MetricAggregationType::Maximum) => MetricAggregationType::Maximum,
                },
                periods: cx.count(at, *metric_aggregation_periods, 1, 1, 100),
            };
            Policy {
                adjustment_type,
                min_adjustment_magnitude: magnitude(cx, place, adjustment_type, *min_adjustment_magnitude),
                ..of(enabled, PolicyKind::Step { steps, warmup, aggregation })
            }
        }
        schema::Policy::TargetTracking {
            target_value,
            disable_scale_in,
            estimated_instance_warmup,
            scale_in_most,
            scale_in_pause,
            enabled,
            ..
        } => {
            let tracking = TargetTracking {
                target: target(cx, place, *target_value),
                scale_in: !disable_scale_in.unwrap_or(false),
                warmup: warmup(cx, place, *estimated_instance_warmup),
                scale_in_most: cx.count(place.field("scale_in_most"), *scale_in_most, MOST, 1, MOST),
                scale_in_pause: cx.time(place.field("scale_in_pause"), *scale_in_pause, 180.0, 0.0, 86400.0),
            };
            of(enabled, PolicyKind::TargetTracking(tracking))
        }
        schema::Policy::Predictive { metric_pair, target_value, enabled, .. } => {
            let (pair, load, counted) = pair(cx, metric_pair, group, place.field("metric_pair"));
            let target = target(cx, place, *target_value);
            of(enabled, PolicyKind::Predictive(Box::new(predictive(cx, policy, place, (pair, load, counted), target))))
        }
    }
}

fn warmup<'a>(cx: &mut Cx<'a>, place: Place<'a>, written: Option<crate::units::Dur>) -> Option<Duration> {
    written.map(|time| cx.time(place.field("estimated_instance_warmup"), Some(time), 0.0, 0.0, 3600.0))
}

fn target<'a>(cx: &mut Cx<'a>, place: Place<'a>, value: f64) -> f64 {
    let sound = value > 0.0 && value <= 1e15;
    if !sound {
        let help = "choose the value of the metric that the group should have";
        cx.error(place.field("target_value"), format!("a target of {value}"), "must be above 0", help);
    }
    if sound { value } else { 1.0 }
}

/// The name of a pair, its load, and whether that is counted.
fn pair<'a>(
    cx: &mut Cx<'a>,
    written: &'a schema::MetricPair,
    group: &str,
    place: Place<'a>,
) -> (&'static str, Metric, bool) {
    let fleet = FleetId::new(cx.fleets.iter().position(|fleet| fleet.0 == group).unwrap_or(0));
    let network = |metric| Metric::Instance(fleet, None, metric);
    match written {
        schema::MetricPair::ASGCPUUtilization => ("ASGCPUUtilization", Metric::Cpu(fleet), false),
        schema::MetricPair::ASGNetworkIn => ("ASGNetworkIn", network(InstanceMetric::NetworkIn), true),
        schema::MetricPair::ASGNetworkOut => ("ASGNetworkOut", network(InstanceMetric::NetworkOut), true),
        schema::MetricPair::ALBRequestCount { target_group } => {
            let own = own_target_group(cx, target_group.as_deref(), group, place);
            let own = own.unwrap_or(TargetGroupId::new(0));
            ("ALBRequestCount", Metric::Targets(own, TargetsMetric::RequestCount), true)
        }
    }
}

fn predictive<'a>(
    cx: &mut Cx<'a>,
    policy: &'a schema::Policy,
    place: Place<'a>,
    (pair, load, counted): (&'static str, Metric, bool),
    target: f64,
) -> Predictive {
    let none = Predictive {
        pair,
        load,
        counted,
        target,
        scales: false,
        buffer: Duration::from_secs(300),
        raises_max: None,
        history: Vec::new(),
    };
    let schema::Policy::Predictive {
        mode,
        scheduling_buffer_time,
        max_capacity_breach_behavior,
        max_capacity_buffer,
        history,
        ..
    } = policy
    else {
        return none;
    };
    let raises = matches!(max_capacity_breach_behavior, Some(schema::MaxCapacityBreachBehavior::IncreaseMaxCapacity));
    let at = place.field("max_capacity_buffer");
    if max_capacity_buffer.is_some() && !raises {
        let help = "add `max_capacity_breach_behavior: IncreaseMaxCapacity`";
        cx.error(at, "`max_capacity_buffer` without IncreaseMaxCapacity", "buffers nothing", help);
    }
    let buffer = cx.count(at, *max_capacity_buffer, 0, 0, 100);
    let at = place.field("scheduling_buffer_time");
    if scheduling_buffer_time.is_some_and(|time| time.0.fract() != 0.0) {
        cx.error(at, "`scheduling_buffer_time` must be whole seconds", "not whole seconds", "");
    }
    Predictive {
        scales: matches!(mode, Some(schema::PredictiveMode::ForecastAndScale)),
        buffer: cx.time(at, *scheduling_buffer_time, 300.0, 0.0, 3600.0),
        raises_max: raises.then_some(f64::from(buffer)),
        history: history.as_ref().map_or_else(Vec::new, |written| self::history(cx, written, place.field("history"))),
        ..none
    }
}

/// Loads of the whole hours of the clock before the start, oldest first.
fn history<'a>(cx: &mut Cx<'a>, written: &'a schema::History, place: Place<'a>) -> Vec<f64> {
    let length = written.length.0;
    if !(3600.0..=14.0 * 86400.0).contains(&length) {
        let help = "a forecast uses no more than 14 days, and needs one";
        cx.error(place.field("length"), format!("a history of {}", show(length)), "1 h to 14 d", help);
        return Vec::new();
    }
    // Waves are laid out over the time that is read.
    let horizon = std::mem::replace(&mut cx.horizon, length);
    let load = profile::resolve(cx, &written.load, place.field("load"), Meaning::Metric);
    cx.horizon = horizon;
    if load.knots.iter().any(|knot| knot.1 < 0.0) {
        cx.error(place.field("load"), "a load below zero", "negative", "a load cannot be negative");
    }
    let offset = schedule::starts_at(cx.scenario).rem_euclid(3600) as f64;
    let area = |end: f64| profile::mean(&load, end) * end;
    let begins = (1..).map(|hour| length - offset - f64::from(hour) * 3600.0).take_while(|begins| *begins >= 0.0);
    let mut hours: Vec<f64> = begins.map(|begins| (area(begins + 3600.0) - area(begins)) / 3600.0).collect();
    hours.reverse();
    hours
}

fn magnitude<'a>(cx: &mut Cx<'a>, place: Place<'a>, kind: AdjustmentType, value: Option<u32>) -> u32 {
    let at = place.field("min_adjustment_magnitude");
    if value.is_some() && kind != AdjustmentType::PercentChangeInCapacity {
        cx.error(
            at,
            "`min_adjustment_magnitude` without a percentage",
            "only for percentages",
            "use it with PercentChangeInCapacity",
        );
    }
    cx.count(at, value, 0, 0, MOST)
}

fn check_adjustment<'a>(cx: &mut Cx<'a>, place: Place<'a>, kind: AdjustmentType, value: f64) {
    let (low, high) = match kind {
        AdjustmentType::ChangeInCapacity => (-f64::from(MOST), f64::from(MOST)),
        AdjustmentType::ExactCapacity => (0.0, f64::from(MOST)),
        AdjustmentType::PercentChangeInCapacity => (-100.0, 1e6),
    };
    cx.number(place, value, low, high);
    if value.fract() != 0.0 {
        cx.error(
            place,
            format!("{value} is not a whole number"),
            "not whole",
            "adjustments are whole instances or whole percents",
        );
    }
    if value == 0.0 && kind != AdjustmentType::ExactCapacity {
        cx.error(place, "an adjustment of nothing", "zero", "choose how many to add, or a negative number to remove");
    }
}

/// The rules of scaling.md §3.4.
fn steps<'a>(
    cx: &mut Cx<'a>,
    written: &[schema::StepAdjustment],
    place: Place<'a>,
    kind: AdjustmentType,
) -> Vec<StepAdjustment> {
    if written.is_empty() {
        cx.error(place, "a step policy without steps", "empty", "add one, such as `(lower: 0, adjustment: 1)`");
    }
    if written.len() > 20 {
        cx.error(place, format!("{} steps", written.len()), "too many", "a step policy has at most 20");
    }
    let mut order: Vec<usize> = (0..written.len()).collect();
    let low = |index: usize| written[index].lower.unwrap_or(f64::NEG_INFINITY);
    order.sort_by(|a, b| low(*a).total_cmp(&low(*b)));
    for (rank, &index) in order.iter().enumerate() {
        let (step, at) = (written[index], place.item(index));
        check_adjustment(cx, at.field("adjustment"), kind, step.adjustment);
        let (lower, upper) = (low(index), step.upper.unwrap_or(f64::INFINITY));
        if lower == f64::NEG_INFINITY && upper == f64::INFINITY {
            cx.error(
                at,
                "a step without bounds",
                "needs `lower` or `upper`",
                "add `lower: 0` for above the threshold, `upper: 0` for below",
            );
        } else if lower >= upper {
            cx.error(at, format!("`lower` {lower} is not below `upper` {upper}"), "an empty step", "");
        }
        let next = order.get(rank + 1).map(|next| (written[*next], place.item(*next)));
        if let Some((next, at)) = next {
            let next_low = next.lower.unwrap_or(f64::NEG_INFINITY);
            if next_low < upper {
                cx.error(
                    at,
                    "steps overlap",
                    "begins before another ends",
                    "let each step begin where the one before ends",
                );
            } else if next_low > upper {
                cx.error(
                    at,
                    format!("a gap between steps from {upper} to {next_low}"),
                    "begins later than another ends",
                    "let each step begin where the one before ends",
                );
            }
        }
        if rank == 0 && lower < 0.0 && lower.is_finite() {
            cx.error(
                at,
                "a negative `lower` needs a step below it without `lower`",
                "lowest step",
                "leave `lower` out here",
            );
        }
        if next.is_none() && upper > 0.0 && upper.is_finite() {
            cx.error(
                at,
                "a positive `upper` needs a step above it without `upper`",
                "highest step",
                "leave `upper` out here",
            );
        }
    }
    order
        .into_iter()
        .map(|i| StepAdjustment { lower: written[i].lower, upper: written[i].upper, adjustment: written[i].adjustment })
        .collect()
}
