//! Conditions, measures and triggers of rules about the course of a run; amounts in the unit of what they are compared with.

use super::context::{Cx, show};
use crate::decode::split_help;
use crate::outline::Place;
use crate::schema;
use crate::units::{self, Amount, Dur};
use models::plan::{Condition, Measure, Order, StoreId, TargetGroupId, Trigger, UserFigure};
use models::result::Unit;
use sim_core::{Duration, Time};

/// Seconds that users' figures are taken over, unless it is said. Long enough for a percentile, short enough to be prompt:
/// a modelling choice.
const OVER_S: f64 = 10.0;

pub(super) fn condition<'a>(cx: &mut Cx<'a>, written: &'a schema::Condition, place: Place<'a>) -> Option<Condition> {
    use schema::Condition as C;
    let of = place.part("of", 0);
    let compare = |cx: &mut Cx<'a>, measured: &'a schema::Measure, order: Order, limit: &Amount| {
        let measure = measure(cx, measured, of);
        let limit = amount(cx, limit, unit(measured), place.part("limit", 1));
        Some(Condition::Compare(measure?, order, limit?))
    };
    match written {
        C::Below { of, limit } => compare(cx, of, Order::Below, limit),
        C::AtMost { of, limit } => compare(cx, of, Order::AtMost, limit),
        C::AtLeast { of, limit } => compare(cx, of, Order::AtLeast, limit),
        C::Above { of, limit } => compare(cx, of, Order::Above, limit),
        C::InAlarm { of: name } => Some(Condition::InAlarm(super::composite::find(cx, name, of)?)),
        C::Available { of: name } => {
            let scenario = cx.scenario;
            let store = cx.find("database", "databases", &scenario.databases, name, of).map(StoreId::new)?;
            Some(Condition::Compare(Measure::Available(store), Order::AtLeast, 1.0))
        }
        C::AllOf(parts) => several(cx, parts, place).map(Condition::All),
        C::AnyOf(parts) => several(cx, parts, place).map(Condition::Any),
        C::Not(part) => condition(cx, part, place.item(0)).map(|part| Condition::Not(Box::new(part))),
    }
}

fn several<'a>(cx: &mut Cx<'a>, parts: &'a [schema::Condition], place: Place<'a>) -> Option<Vec<Condition>> {
    let list = place.item(0);
    if parts.is_empty() && list.node().items().is_empty() {
        cx.error(list, "no conditions", "an empty list", "name some");
    }
    let parts: Vec<Option<Condition>> =
        parts.iter().enumerate().map(|(index, part)| condition(cx, part, list.item(index))).collect();
    parts.into_iter().collect()
}

/// A measure, and its unit where it is compared.
pub(super) fn measure<'a>(cx: &mut Cx<'a>, written: &schema::Measure, place: Place<'a>) -> Option<Measure> {
    use schema::Measure as M;
    let name_at = place.part("of", 0);
    let users = |cx: &mut Cx<'a>, figure, over: &Option<Dur>| {
        let at = place.part("over", 0);
        let seconds = over.map_or(OVER_S, |over| over.0);
        if seconds.fract() != 0.0 || !(1.0..=3600.0).contains(&seconds) {
            let message = format!("figures of users over {}", show(seconds));
            cx.error(at, message, "not whole seconds up to an hour", "choose from `\"1s\"` to `\"1h\"`");
        }
        Some(Measure::Users(figure, Duration::from_secs_f64(seconds)))
    };
    match written {
        M::P50 { over } => users(cx, UserFigure::LatencyMs(0.5), over),
        M::P90 { over } => users(cx, UserFigure::LatencyMs(0.9), over),
        M::P95 { over } => users(cx, UserFigure::LatencyMs(0.95), over),
        M::P99 { over } => users(cx, UserFigure::LatencyMs(0.99), over),
        M::P999 { over } => users(cx, UserFigure::LatencyMs(0.999), over),
        M::MeanLatency { over } => users(cx, UserFigure::LatencyMeanMs, over),
        M::Availability { over } => users(cx, UserFigure::Availability, over),
        M::GoodputPerS { over } => users(cx, UserFigure::GoodputPerS, over),
        M::OfferedPerS { over } => users(cx, UserFigure::OfferedPerS, over),
        M::InFlight => Some(Measure::InFlight),
        M::Desired { of } => cx.group(of, name_at).map(Measure::Desired),
        M::InService { of } => cx.fleet(of, name_at).map(Measure::InService),
        M::HealthyTargets { of } => target_group(cx, of, name_at).map(Measure::HealthyTargets),
        M::RegisteredTargets { of } => target_group(cx, of, name_at).map(Measure::RegisteredTargets),
    }
}

fn target_group<'a>(cx: &mut Cx<'a>, name: &str, place: Place<'a>) -> Option<TargetGroupId> {
    let scenario = cx.scenario;
    cx.find("target group", "target_groups", &scenario.target_groups, name, place).map(TargetGroupId::new)
}

/// The unit that limits of a measure are in.
fn unit(measure: &schema::Measure) -> Unit {
    use schema::Measure as M;
    match measure {
        M::P50 { .. } | M::P90 { .. } | M::P95 { .. } | M::P99 { .. } | M::P999 { .. } | M::MeanLatency { .. } => {
            Unit::Ms
        }
        M::Availability { .. } => Unit::Share,
        M::GoodputPerS { .. } | M::OfferedPerS { .. } => Unit::PerS,
        _ => Unit::Number,
    }
}

/// The value of an amount in a unit.
pub(super) fn amount<'a>(cx: &mut Cx<'a>, written: &Amount, unit: Unit, place: Place<'a>) -> Option<f64> {
    let text = match written {
        Amount::Number(number) if unit == Unit::Share && !(0.0..=1.0).contains(number) => {
            let help = "shares lie from 0 to 1, such as 0.99";
            cx.error(place, format!("a share of {number}"), "outside 0 to 1", help);
            return None;
        }
        Amount::Number(number) => return Some(*number),
        Amount::Text(text) => text,
    };
    let read = match unit {
        Unit::Ms if text.trim().parse::<f64>().is_ok() => Err(crate::decode::with_help(
            &format!("`{text}` has no unit"),
            &format!("write `\"{text}ms\"` for milliseconds, or the number without quotes"),
        )),
        Unit::Ms => units::duration(text).map(|seconds| seconds * 1e3),
        Unit::S => units::duration(text),
        Unit::Share => units::share(text),
        Unit::PerS => units::rate(text),
        Unit::Usd => units::money(text),
        Unit::Number => Err(crate::decode::with_help(
            &format!("the text \"{text}\" where a number is compared"),
            "write a number without quotes",
        )),
    };
    match read {
        Ok(value) => Some(value),
        Err(message) => {
            let (message, help) = split_help(&message);
            cx.error(place, message, "no such amount", help);
            None
        }
    }
}

pub(super) fn trigger<'a>(cx: &mut Cx<'a>, written: Option<&schema::Trigger>, place: Place<'a>) -> Option<Trigger> {
    use schema::Trigger as T;
    match written {
        None | Some(T::AnyFault | T::FaultOver) => {
            if cx.scenario.faults.is_empty() && !cx.root.field("faults").is_written() {
                let help = "add `faults`, or count from `Alarm(..)` or `At(..)`";
                cx.error(place, "nothing to come back from: the scenario has no faults", "always holds", help);
            }
            let is_over = matches!(written, Some(T::FaultOver));
            Some(if is_over { Trigger::FaultOver } else { Trigger::AnyFault })
        }
        Some(T::Alarm { of }) => super::composite::find(cx, of, place.part("of", 0)).map(Trigger::Alarm),
        Some(T::At(at)) => {
            if at.0 >= cx.horizon {
                let message = format!("{} is beyond the end of the run", show(at.0));
                cx.error(place, message, "never comes", "choose a time within `duration`");
            }
            Some(Trigger::At(Time::ZERO + Duration::from_secs_f64(at.0)))
        }
    }
}
