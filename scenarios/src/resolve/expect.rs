//! Expectations.

use super::context::Cx;
use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::schema::Expect;
use models::Outcome;
use models::plan::{Expectation, PopulationId, Quantity, RecoveryOf, StoreId};

pub(crate) fn resolve(cx: &mut Cx<'_>) -> Vec<Expectation> {
    let list = cx.root.field("expect");
    let whole = list.node().items().len() == cx.scenario.expect.len();
    let mut expectations = Vec::new();
    for (index, written) in cx.scenario.expect.iter().enumerate().take(10_000) {
        let place = if whole { list.item(index) } else { list };
        let text = cx.spelling(place);
        let (at_least, at_most) = bounds(cx, written, place);
        if let Some(quantity) = quantity(cx, written, place) {
            expectations.push(Expectation { text, quantity, at_least, at_most });
        }
    }
    expectations
}

fn bounds<'a>(cx: &mut Cx<'a>, written: &Expect, place: Place<'a>) -> (Option<f64>, Option<f64>) {
    use Expect as E;
    let (least, most) = match written {
        E::Recovery { within, .. } => return (None, Some(within.0)),
        E::Availability { at_least, at_most, .. }
        | E::LatencyMs { at_least, at_most, .. }
        | E::LatencyMeanMs { at_least, at_most }
        | E::GoodputPerS { at_least, at_most }
        | E::CommittedWritesLost { at_least, at_most, .. }
        | E::Failovers { at_least, at_most, .. }
        | E::UnavailableS { at_least, at_most, .. }
        | E::MaxInService { at_least, at_most, .. }
        | E::MinInService { at_least, at_most, .. }
        | E::FinalInService { at_least, at_most, .. }
        | E::Launches { at_least, at_most, .. }
        | E::Terminations { at_least, at_most, .. }
        | E::TakenFromPool { at_least, at_most, .. }
        | E::Refreshes { at_least, at_most, .. }
        | E::AlarmsRaised { at_least, at_most, .. }
        | E::FirstAlarmS { at_least, at_most, .. }
        | E::CostUsd { at_least, at_most }
        | E::OutcomeShare { at_least, at_most, .. }
        | E::ProbabilityOfWait { at_least, at_most, .. }
        | E::Utilisation { at_least, at_most, .. }
        | E::QueueingMeanMs { at_least, at_most, .. } => (*at_least, *at_most),
    };
    match (least, most) {
        (None, None) if !place.field("at_least").is_written() && !place.field("at_most").is_written() => {
            cx.error(place, "an expectation without a bound", "always holds", "add `at_least` or `at_most`");
        }
        (Some(low), Some(high)) if low > high => {
            cx.error(
                place.field("at_least"),
                format!("`at_least` {low} is above `at_most` {high}"),
                "can never hold",
                "swap them",
            );
        }
        _ => {}
    }
    let share = matches!(
        written,
        E::Availability { .. } | E::OutcomeShare { .. } | E::ProbabilityOfWait { .. } | E::Utilisation { .. }
    );
    for (field, value) in [("at_least", least), ("at_most", most)] {
        if let Some(value) = value.filter(|value| share && !(0.0..=1.0).contains(value)) {
            cx.error(
                place.field(field),
                format!("a share of {value}"),
                "outside 0 to 1",
                "shares lie from 0 to 1, such as 0.99",
            );
        }
    }
    (least, most)
}

fn quantity<'a>(cx: &mut Cx<'a>, written: &'a Expect, place: Place<'a>) -> Option<Quantity> {
    use Expect as E;
    let of = place.part("of", 0);
    let scenario = cx.scenario;
    let store =
        |cx: &mut Cx<'a>, name: &str| cx.find("database", "databases", &scenario.databases, name, of).map(StoreId::new);
    let alarm = |cx: &mut Cx<'a>, name: &str| super::composite::find(cx, name, of);
    Some(match written {
        E::Availability { of: None, .. } => Quantity::Availability(None),
        E::Availability { of: Some(name), .. } => {
            let id = cx.find("client population", "clients", &scenario.clients, name, of)?;
            Quantity::Availability(Some(PopulationId::new(id)))
        }
        E::LatencyMs { p, .. } => Quantity::LatencyMs(cx.number(place.part("p", 0), *p, 0.0, 100.0) / 100.0),
        E::LatencyMeanMs { .. } => Quantity::LatencyMeanMs,
        E::GoodputPerS { .. } => Quantity::GoodputPerS,
        E::CommittedWritesLost { of: None, .. } => Quantity::CommittedWritesLost(None),
        E::CommittedWritesLost { of: Some(name), .. } => Quantity::CommittedWritesLost(Some(store(cx, name)?)),
        E::Failovers { of: name, .. } => Quantity::Failovers(store(cx, name)?),
        E::UnavailableS { of: name, .. } => Quantity::UnavailableS(store(cx, name)?),
        E::Recovery { of: name, .. } => Quantity::RecoveryS(recovery(cx, name, of)?),
        E::MaxInService { of: name, .. } => Quantity::MaxInService(cx.fleet(name, of)?),
        E::MinInService { of: name, .. } => Quantity::MinInService(cx.fleet(name, of)?),
        E::FinalInService { of: name, .. } => Quantity::FinalInService(cx.fleet(name, of)?),
        E::Launches { of: name, .. } => Quantity::Launches(cx.group(name, of)?),
        E::Terminations { of: name, .. } => Quantity::Terminations(cx.group(name, of)?),
        E::TakenFromPool { of: name, .. } => {
            let id = cx.group(name, of)?;
            if cx.scenario.auto_scaling_groups.get(name).is_some_and(|group| group.warm_pool.is_none()) {
                cx.error(of, format!("group `{name}` has no warm pool"), "nothing to take from", "add `warm_pool: ()`");
            }
            Quantity::TakenFromPool(id)
        }
        E::Refreshes { of: name, ended, .. } => Quantity::Refreshes(cx.group(name, of)?, format!("{ended:?}")),
        E::AlarmsRaised { of: name, .. } => Quantity::AlarmsRaised(alarm(cx, name)?),
        E::FirstAlarmS { of: name, .. } => Quantity::FirstAlarmS(alarm(cx, name)?),
        E::CostUsd { .. } => Quantity::CostUsd,
        E::OutcomeShare { of: name, .. } => {
            let known: Vec<&str> = Outcome::ALL.iter().map(|outcome| outcome.name()).collect();
            if !known.contains(&name.as_str()) {
                let diagnostic =
                    Diagnostic::error(of.span(), format!("no outcome named `{name}`")).label("not an outcome");
                cx.say(diagnostic.help_names("outcome", name, &known));
            }
            Quantity::OutcomeShare(name.clone())
        }
        E::ProbabilityOfWait { of: name, .. } => Quantity::ProbabilityOfWait(station(cx, name, of)?),
        E::Utilisation { of: name, .. } => Quantity::Utilisation(station(cx, name, of)?),
        E::QueueingMeanMs { of: name, .. } => Quantity::QueueingMeanMs(station(cx, name, of)?),
    })
}

/// A service or a database by name.
fn station<'a>(cx: &mut Cx<'a>, name: &str, place: Place<'a>) -> Option<String> {
    let scenario = cx.scenario;
    if scenario.services.get(name).is_some() || scenario.databases.get(name).is_some() {
        return Some(name.to_owned());
    }
    unknown(cx, "service or database", &["services", "databases"], name, place);
    None
}

fn recovery<'a>(cx: &mut Cx<'a>, name: &str, place: Place<'a>) -> Option<RecoveryOf> {
    let scenario = cx.scenario;
    if let Some(index) = scenario.databases.iter().position(|entry| entry.0 == name) {
        return Some(RecoveryOf::Store(StoreId::new(index)));
    }
    if cx.fleets.iter().any(|fleet| fleet.0 == name) {
        return cx.group(name, place).map(RecoveryOf::Fleet);
    }
    if name == "users" {
        return Some(RecoveryOf::Users);
    }
    unknown(cx, "database or group", &["databases", "auto_scaling_groups"], name, place);
    None
}

fn unknown<'a>(cx: &mut Cx<'a>, what: &str, blocks: &[&str], name: &str, place: Place<'a>) {
    let mut known: Vec<&str> = Vec::new();
    for block in blocks {
        if cx.root.field(block).is_written() {
            known.extend(cx.root.field(block).node().keys());
        }
    }
    if !known.contains(&name) {
        let label = format!("not declared in `{}`", blocks.join("` or `"));
        let diagnostic = Diagnostic::error(place.span(), format!("no {what} named `{name}`")).label(label);
        cx.say(diagnostic.help_names(what, name, &known));
    }
}
