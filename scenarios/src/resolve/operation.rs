//! Operations.

use super::context::Cx;
use super::refresh;
use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::schema;
use models::plan::{ApiCall, Fleet, FleetId, Operation, OperationId, PolicyKind, Sizing};
use sim_core::{Duration, Table};

pub(crate) fn resolve(cx: &mut Cx<'_>, fleets: &Table<FleetId, Fleet>) -> Table<OperationId, Operation> {
    let list = cx.root.field("operations");
    let whole = list.node().items().len() == cx.scenario.operations.len();
    let mut operations = Table::default();
    for (index, written) in cx.scenario.operations.iter().enumerate().take(10_000) {
        let place = if whole { list.item(index) } else { list };
        let schema::Operation::At { time, call } = written;
        if cx.horizon > 0.0 && time.0 > cx.horizon {
            let help = format!("the scenario ends at {}", super::context::show(cx.horizon));
            let diagnostic = Diagnostic::warning(place.part("time", 0).span(), "an operation after the end of the run");
            cx.say(diagnostic.label("never called").help(help));
        }
        let at = place.part("call", 1);
        let name = cx.spelling(at);
        if let Some(call) = self::call(cx, call, at, fleets) {
            operations.push(Operation { name, at: Duration::from_secs_f64(time.0), call });
        }
    }
    operations
}

fn call<'a>(
    cx: &mut Cx<'a>,
    written: &'a schema::ApiCall,
    place: Place<'a>,
    fleets: &Table<FleetId, Fleet>,
) -> Option<ApiCall> {
    use schema::ApiCall as Written;
    let first = |field| place.part(field, 0);
    Some(match written {
        Written::SetDesiredCapacity { group, desired_capacity, honor_cooldown } => {
            let fleet = cx.group(group, first("group"))?;
            if let Some(Sizing::AutoScaling(group)) = fleets.get(fleet).map(|fleet| &fleet.sizing)
                && group.min_size <= group.max_size
                && !(group.min_size..=group.max_size).contains(desired_capacity)
            {
                let message = format!("a desired capacity of {desired_capacity} would be refused");
                let help = format!("choose {} to {}, the group's bounds", group.min_size, group.max_size);
                let span = place.part("desired_capacity", 1).span();
                cx.say(Diagnostic::warning(span, message).label("outside the group's bounds").help(help));
            }
            let honor_cooldown = honor_cooldown.unwrap_or(false);
            ApiCall::SetDesiredCapacity { fleet, capacity: *desired_capacity, honor_cooldown }
        }
        Written::ExecutePolicy { group, policy, honor_cooldown, metric_value, breach_threshold } => {
            let fleet = cx.group(group, first("group"))?;
            let index = cx.policy(group, policy, place.part("policy", 1))?;
            let Some(Sizing::AutoScaling(settings)) = fleets.get(fleet).map(|fleet| &fleet.sizing) else { return None };
            let step = matches!(settings.policies.get(index)?.kind, PolicyKind::Step { .. });
            let breach = match (step, metric_value, breach_threshold) {
                (true, Some(value), Some(threshold)) if (value - threshold).is_finite() => value - threshold,
                (true, ..) => {
                    let message = format!("policy `{policy}` is one of steps and needs to know how far the metric is");
                    let help = "add `metric_value: .., breach_threshold: ..`, both finite";
                    cx.error(place, message, "without a breach", help);
                    return None;
                }
                (false, None, None) => 0.0,
                (false, ..) => {
                    let message = format!("policy `{policy}` is a simple one");
                    cx.error(place, message, "takes no metric value", "leave out metric_value and breach_threshold");
                    return None;
                }
            };
            let honor_cooldown = honor_cooldown.unwrap_or(false);
            ApiCall::ExecutePolicy { fleet, policy: index, honor_cooldown, breach }
        }
        Written::StartInstanceRefresh { group, launch_template, preferences } => {
            let fleet = cx.group(group, first("group"))?;
            let template = refresh::template(cx, group, launch_template.as_ref(), place)?;
            let preferences = refresh::preferences(cx, preferences, template != 0, place.field("preferences"));
            ApiCall::StartInstanceRefresh { fleet, template, preferences: Box::new(preferences) }
        }
        Written::CancelInstanceRefresh { group } => {
            ApiCall::CancelInstanceRefresh { fleet: cx.group(group, first("group"))? }
        }
        Written::RollbackInstanceRefresh { group } => {
            ApiCall::RollbackInstanceRefresh { fleet: cx.group(group, first("group"))? }
        }
    })
}
