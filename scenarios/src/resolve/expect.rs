//! Expectations.

use super::condition::{amount, condition, measure, trigger};
use super::context::{Cx, show};
use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::schema::Expect;
use crate::units::{Amount, Dur, Share};
use models::Outcome;
use models::figure;
use models::plan::{
    Expectation, Limits, Plan, PopulationId, Quantity, RecoveryOf, Requirement, StoreId, Temporal, TemporalRule,
};
use models::result::Over;
use sim_core::{Duration, Time};

/// Confidence of what is said about all runs there could be, unless it is said.
const CONFIDENCE: f64 = 0.95;

/// Seconds that what is back must stay, unless it is said: a fault may take a while to be felt. A modelling choice.
const STAYS_S: f64 = 60.0;

/// Expectations, and where which paths of figures stand: whether there are such figures is known when the plan is.
pub(crate) fn resolve<'a>(cx: &mut Cx<'a>) -> (Vec<Expectation>, Vec<(String, Place<'a>)>) {
    let list = cx.root.field("expect");
    let scenario = cx.scenario;
    let places = places(list, scenario.expect.len());
    let (mut expectations, mut figures) = (Vec::new(), Vec::new());
    for (written, place) in scenario.expect.iter().zip(places).take(10_000) {
        let text = cx.spelling(place);
        let (over, that, inner) = over(cx, written, place);
        if let Expect::Figure { of, .. } = that {
            figures.push((of.clone(), inner.part("of", 0)));
        }
        let Some(requirement) = requirement(cx, that, inner) else { continue };
        let over = match (over, &requirement) {
            (Over::Mean { confidence, .. }, Requirement::Limits(limits)) => {
                Over::Mean { at_least: limits.at_least, at_most: limits.at_most, confidence }
            }
            (over, _) => over,
        };
        expectations.push(Expectation { text, requirement, over });
    }
    (expectations, figures)
}

/// Where each expectation stands: those that could not be read are left out, as they are among the expectations.
fn places<'a>(list: Place<'a>, count: usize) -> Vec<Place<'a>> {
    let mut places: Vec<Place<'a>> = (0..list.node().items().len()).map(|index| list.item(index)).collect();
    if places.len() != count {
        places.retain(|place| crate::decode::decode::<Expect>(place.node()).0.is_some());
    }
    places.resize(count, list);
    places
}

/// Says which paths lead to no figure of any run.
pub(crate) fn check_figures<'a>(cx: &mut Cx<'a>, plan: &Plan, figures: &[(String, Place<'a>)]) {
    if figures.is_empty() {
        return;
    }
    let known = figure::known(plan);
    for (path, place) in figures.iter().filter(|(path, _)| !known.has(path)) {
        let names: Vec<&str> = known.names.iter().map(String::as_str).collect();
        let diagnostic = Diagnostic::error(place.span(), format!("no figure named `{path}` in the results"));
        // There are hundreds: those that begin alike are told.
        let known: Vec<&str> = alike(path, &names);
        let diagnostic = diagnostic.label("not in `summary.json`");
        cx.say(if known.is_empty() {
            diagnostic.help("`replications.csv` of `sim run .. --replications 2` has the names of all")
        } else {
            diagnostic.help_names("figure", path, &known)
        });
    }
}

/// The known names below the longest part of a path that any of them begins with; the similar one first of all.
fn alike<'a>(path: &str, names: &[&'a str]) -> Vec<&'a str> {
    let near = crate::diagnostic::nearest(path, names);
    let cuts: Vec<usize> = path.match_indices('.').map(|(at, _)| at).collect();
    let below = cuts
        .iter()
        .rev()
        .map(|&cut| &path[..=cut])
        .map(|stem| names.iter().copied().filter(|name| name.starts_with(stem)).collect::<Vec<&str>>());
    let mut alike = below.filter(|found| !found.is_empty()).find(|found| found.len() <= 40).unwrap_or_default();
    if let Some(near) = near.filter(|near| !alike.contains(near)) {
        alike.insert(0, near);
    }
    alike
}

/// Of which runs something is required, and what.
fn over<'a>(cx: &mut Cx<'a>, written: &'a Expect, place: Place<'a>) -> (Over, &'a Expect, Place<'a>) {
    let sure = |cx: &mut Cx<'a>, written: Option<Share>, at: Place<'a>| {
        let confidence = written.map_or(CONFIDENCE, |share| share.0);
        if !(0.5..1.0).contains(&confidence) {
            let message = format!("a confidence of {confidence}");
            cx.error(at, message, "not from 0.5 to below 1", "choose one such as 0.95");
        }
        confidence
    };
    let nested = |cx: &mut Cx<'a>, that: &Expect, at: Place<'a>| {
        if matches!(that, Expect::InRuns { .. } | Expect::Mean { .. }) {
            let help = "name what must hold in a single run";
            cx.error(at, "a requirement of many runs inside of another", "already about many runs", help);
        }
    };
    match written {
        Expect::InRuns { share, that, confidence } => {
            let at = place.part("that", 1);
            nested(cx, that, at);
            if share.0 <= 0.0 || share.0 >= 1.0 {
                let help = if share.0 >= 1.0 {
                    "no number of runs proves it of all; leave `InRuns` out, and it must hold in each that is made"
                } else {
                    "choose a share between 0 and 1, such as 0.95"
                };
                let message = format!("a share of {} of all runs", share.0);
                cx.error(place.part("share", 0), message, "cannot be proven or fail", help);
            }
            let confidence = sure(cx, *confidence, place.part("confidence", 2));
            (Over::InRuns { share: share.0, confidence }, that, at)
        }
        Expect::Mean { of, confidence } => {
            let at = place.part("of", 0);
            nested(cx, of, at);
            use Expect as E;
            if matches!(
                **of,
                E::Always { .. }
                    | E::Never { .. }
                    | E::Eventually { .. }
                    | E::BackWithin { .. }
                    | E::ChangesOfDirection { .. }
            ) {
                let help = "write `InRuns(share, ..)` for how often it must hold";
                cx.error(at, "the mean of a rule that holds or does not", "not a figure with bounds", help);
            }
            let confidence = sure(cx, *confidence, place.part("confidence", 1));
            (Over::Mean { at_least: None, at_most: None, confidence }, of, at)
        }
        other => (Over::Each, other, place),
    }
}

/// What is required of a run.
fn requirement<'a>(cx: &mut Cx<'a>, written: &'a Expect, place: Place<'a>) -> Option<Requirement> {
    use Expect as E;
    let that_at = place.part("that", 0);
    let (rule, from, until, position) = match written {
        E::InRuns { .. } | E::Mean { .. } => return None,
        E::Always { that, from, until } => (condition(cx, that, that_at).map(TemporalRule::Always), from, *until, 1),
        E::Never { that, longer_than, from, until } => {
            let longest = duration(*longer_than);
            let rule = condition(cx, that, that_at).map(|that| TemporalRule::Never(that, longest));
            shorter_than_run(cx, *longer_than, place.part("longer_than", 1));
            (rule, from, *until, 2)
        }
        E::Eventually { that, by, from } => {
            if let Some(by) = by.filter(|by| by.0 > cx.horizon) {
                beyond(cx, by, place.part("by", 1));
            }
            let rule = condition(cx, that, that_at).map(TemporalRule::Eventually);
            // `by` stands before `from`.
            return Some(Requirement::Temporal(between(cx, rule?, *from, *by, place.part("from", 2))));
        }
        E::BackWithin { within, of, to, stays } => {
            shorter_than_run(cx, Some(*within), place.part("within", 0));
            let of = trigger(cx, of.as_ref(), place.part("of", 1));
            let to = condition(cx, to, place.part("to", 2));
            let (within, stays) = (duration(Some(*within)), duration(Some(stays.unwrap_or(Dur(STAYS_S)))));
            let rule = TemporalRule::BackWithin { within, of: of?, to: to?, stays };
            return Some(Requirement::Temporal(between(cx, rule, None, None, place)));
        }
        E::ChangesOfDirection { of, at_most, per, from, until } => {
            let at = place.part("of", 0);
            let measured = measure(cx, of, at);
            if let Some(models::plan::Measure::Users(..) | models::plan::Measure::InFlight) = measured {
                let help = "choose a level, such as `Desired(..)` or `InService(..)`";
                cx.error(at, "figures of users turn all the time", "not a level", help);
            }
            if per.0 <= 0.0 {
                cx.error(
                    place.part("per", 2),
                    "a stretch of no length",
                    "no time at all",
                    "write one such as `\"1h\"`",
                );
            }
            let per = duration(Some(*per));
            (measured.map(|of| TemporalRule::Turns { of, at_most: *at_most, per }), from, *until, 3)
        }
        _ => {
            let quantity = quantity(cx, written, place);
            return limits(cx, written, quantity, place).map(Requirement::Limits);
        }
    };
    if let Some(until) = until.filter(|until| until.0 > cx.horizon) {
        beyond(cx, until, place.part("until", position + 1));
    }
    Some(Requirement::Temporal(between(cx, rule?, *from, until, place.part("from", position))))
}

fn duration(written: Option<Dur>) -> Duration {
    Duration::from_secs_f64(written.map_or(0.0, |dur| dur.0))
}

fn beyond<'a>(cx: &mut Cx<'a>, at: Dur, place: Place<'a>) {
    let message = format!("{} is beyond the end of the run", show(at.0));
    cx.error(place, message, "never comes", "choose a time within `duration`");
}

/// What takes longer than the run can never be broken.
fn shorter_than_run<'a>(cx: &mut Cx<'a>, length: Option<Dur>, place: Place<'a>) {
    if let Some(length) = length.filter(|length| length.0 >= cx.horizon) {
        let message = format!("{} is no shorter than the run", show(length.0));
        cx.error(place, message, "can never be broken", "choose a time within `duration`");
    }
}

fn between<'a>(cx: &mut Cx<'a>, rule: TemporalRule, from: Option<Dur>, until: Option<Dur>, at: Place<'a>) -> Temporal {
    let end = until.map_or(cx.horizon, |until| until.0);
    let warm_up = cx.scenario.warm_up.map_or(0.0, |warm_up| warm_up.0);
    if from.is_some_and(|from| from.0 >= end) || end <= warm_up {
        let message = format!("nothing between {} and {}", show(from.map_or(warm_up, |from| from.0)), show(end));
        cx.error(at, message, "nothing to judge", "begin before the end, and after the warm-up");
    }
    Temporal { rule, from: Time::ZERO + duration(from), until: Time::ZERO + Duration::from_secs_f64(end) }
}

/// A quantity with its bounds.
fn limits<'a>(cx: &mut Cx<'a>, written: &Expect, quantity: Option<Quantity>, place: Place<'a>) -> Option<Limits> {
    let (least, most) = match bounds(written) {
        Ok(within) => {
            return Some(Limits { quantity: quantity?, at_least: None, at_most: Some(within.0) });
        }
        Err(bounds) => bounds,
    };
    if least.is_none()
        && most.is_none()
        && !place.field("at_least").is_written()
        && !place.field("at_most").is_written()
    {
        cx.error(place, "an expectation without a bound", "always holds", "add `at_least` or `at_most`");
    }
    let unit = quantity.as_ref()?.unit();
    let mut value = |written: Option<&Amount>, field| amount(cx, written?, unit, place.field(field));
    let (at_least, at_most) = (value(least, "at_least"), value(most, "at_most"));
    if let (Some(low), Some(high)) = (at_least, at_most)
        && low > high
    {
        cx.error(
            place.field("at_least"),
            format!("`at_least` {low} is above `at_most` {high}"),
            "can never hold",
            "swap them",
        );
    }
    Some(Limits { quantity: quantity?, at_least, at_most })
}

/// The bounds as written; or the one time of `Recovery`.
fn bounds(written: &Expect) -> Result<Dur, (Option<&Amount>, Option<&Amount>)> {
    use Expect as E;
    match written {
        E::Recovery { within, .. } => Ok(*within),
        E::Figure { at_least, at_most, .. }
        | E::Availability { at_least, at_most, .. }
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
        | E::QueueingMeanMs { at_least, at_most, .. } => Err((at_least.as_ref(), at_most.as_ref())),
        E::InRuns { .. }
        | E::Mean { .. }
        | E::Always { .. }
        | E::Never { .. }
        | E::Eventually { .. }
        | E::BackWithin { .. }
        | E::ChangesOfDirection { .. } => Err((None, None)),
    }
}

fn quantity<'a>(cx: &mut Cx<'a>, written: &'a Expect, place: Place<'a>) -> Option<Quantity> {
    use Expect as E;
    let of = place.part("of", 0);
    let scenario = cx.scenario;
    let store =
        |cx: &mut Cx<'a>, name: &str| cx.find("database", "databases", &scenario.databases, name, of).map(StoreId::new);
    let alarm = |cx: &mut Cx<'a>, name: &str| super::composite::find(cx, name, of);
    Some(match written {
        // Rules about the course of a run, and requirements of many runs, are no quantities.
        E::InRuns { .. }
        | E::Mean { .. }
        | E::Always { .. }
        | E::Never { .. }
        | E::Eventually { .. }
        | E::BackWithin { .. }
        | E::ChangesOfDirection { .. } => return None,
        E::Figure { of: name, .. } => Quantity::Figure(name.clone()),
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
