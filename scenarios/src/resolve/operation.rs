//! Operations.

use super::context::Cx;
use super::{fault, lifecycle, refresh};
use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::schema::{self, LoadBalancer};
use models::plan::{
    ApiCall, Balancer, BalancerId, Fleet, FleetId, InstanceChange, Operation, OperationId, PolicyKind,
    ScalingProcesses, Shifted, Sizing,
};
use sim_core::{Duration, Table};

pub(crate) fn resolve(
    cx: &mut Cx<'_>,
    fleets: &Table<FleetId, Fleet>,
    balancers: &Table<BalancerId, Balancer>,
) -> Table<OperationId, Operation> {
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
        if let Some(call) = self::call(cx, call, at, (fleets, balancers)) {
            operations.push(Operation { name, at: Duration::from_secs_f64(time.0), call });
        }
    }
    operations
}

fn call<'a>(
    cx: &mut Cx<'a>,
    written: &'a schema::ApiCall,
    place: Place<'a>,
    (fleets, balancers): (&Table<FleetId, Fleet>, &Table<BalancerId, Balancer>),
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
            if fleets.get(fleet).is_some_and(|fleet| fleet.mixed().is_some()) {
                let help = "choose a group without a `mixed_instances_policy`";
                let message = "an instance refresh of a group of several instance types";
                cx.error(first("group"), message, "has a mixed policy: not modelled", help);
            }
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
        Written::ModifyCreditSpecification { group, cpu_credits } => {
            let fleet = cx.fleet(group, first("group"))?;
            if fleets.get(fleet).is_some_and(|fleet| fleet.burstable().is_none()) {
                let message = format!("the instances of `{group}` have no CPU credits");
                cx.error(first("group"), message, "not of a burstable type", "choose a T2, T3, T3a or T4g type");
            }
            ApiCall::ModifyCreditSpecification { fleet, unlimited: *cpu_credits == schema::CpuCredits::Unlimited }
        }
        Written::RebootInstances { group, number } => {
            ApiCall::RebootInstances { fleet: cx.fleet(group, first("group"))?, nth: *number }
        }
        Written::EnterStandby { which, decrement } => {
            let decrement = decrement.unwrap_or(true);
            instances(cx, which, place, fleets, InstanceChange::EnterStandby { decrement })?
        }
        Written::ExitStandby { which } => instances(cx, which, place, fleets, InstanceChange::ExitStandby)?,
        Written::DetachInstances { which, decrement } => {
            let decrement = decrement.unwrap_or(true);
            instances(cx, which, place, fleets, InstanceChange::Detach { decrement })?
        }
        Written::AttachInstances { which } => instances(cx, which, place, fleets, InstanceChange::Attach)?,
        Written::SetInstanceHealth { which, health, respect_grace_period } => {
            let healthy = *health == schema::HealthStatus::Healthy;
            let respect_grace_period = respect_grace_period.unwrap_or(true);
            instances(cx, which, place, fleets, InstanceChange::SetHealth { healthy, respect_grace_period })?
        }
        Written::SetInstanceProtection { which, protected } => {
            instances(cx, which, place, fleets, InstanceChange::SetProtection { protected: *protected })?
        }
        Written::TerminateInstance { which, decrement } => {
            let decrement = decrement.unwrap_or(false);
            instances(cx, which, place, fleets, InstanceChange::Terminate { decrement })?
        }
        Written::SuspendProcesses { group, processes } => {
            ApiCall::SuspendProcesses { fleet: cx.group(group, first("group"))?, processes: some_or_all(processes) }
        }
        Written::ResumeProcesses { group, processes } => {
            ApiCall::ResumeProcesses { fleet: cx.group(group, first("group"))?, processes: some_or_all(processes) }
        }
        Written::StartZonalShift { resource, away_from, expires_in } => {
            let shifted = shifted(cx, resource, first("resource"), (fleets, balancers))?;
            let zone = cx.zone(away_from, place.part("away_from", 1))?;
            let zones = match shifted {
                Shifted::Group(fleet) => fleets.get(fleet).map(|fleet| &fleet.zones),
                Shifted::Balancer(balancer) => balancers.get(balancer).map(|balancer| &balancer.zones),
            };
            if zones.is_some_and(|zones| !zones.contains(&zone)) {
                let message = format!("`{resource}` has nothing in {away_from}");
                cx.error(place.part("away_from", 1), message, "not one of its zones", "name one of its zones");
            }
            let expires_in = cx.time(place.part("expires_in", 2), Some(*expires_in), 0.0, 60.0, 3.0 * 86_400.0);
            ApiCall::StartZonalShift { resource: shifted, away_from: zone, expires_in }
        }
        Written::CancelZonalShift { resource } => {
            let resource = shifted(cx, resource, first("resource"), (fleets, balancers))?;
            ApiCall::CancelZonalShift { resource }
        }
    })
}

/// A call about instances, which only a group has.
fn instances<'a>(
    cx: &mut Cx<'a>,
    which: &'a schema::Which,
    place: Place<'a>,
    fleets: &Table<FleetId, Fleet>,
    change: InstanceChange,
) -> Option<ApiCall> {
    let at = place.part("which", 0);
    let selection = fault::selection(cx, which, at, fleets)?;
    let name = cx.fleets[selection.fleet.index()].0.clone();
    cx.group(&name, at.part("group", 0))?;
    Some(ApiCall::Instances { selection, change })
}

/// AWS takes an empty list for all of them.
fn some_or_all(written: &[schema::ScalingProcess]) -> ScalingProcesses {
    if written.is_empty() { ScalingProcesses::all() } else { lifecycle::processes(written) }
}

/// A group or balancer that may be shifted.
fn shifted<'a>(
    cx: &mut Cx<'a>,
    name: &str,
    place: Place<'a>,
    (fleets, balancers): (&Table<FleetId, Fleet>, &Table<BalancerId, Balancer>),
) -> Option<Shifted> {
    let balancer = cx.scenario.load_balancers.iter().position(|entry| entry.0 == name).map(BalancerId::new);
    let group = cx.scenario.auto_scaling_groups.get(name).is_some();
    if let Some(id) = balancer {
        if group {
            let message = format!("`{name}` is both a load balancer and an Auto Scaling group");
            cx.error(place, message, "which one?", "give one of them another name");
            return None;
        }
        if balancers.get(id).is_some_and(|balancer| !balancer.zonal_shift.enabled) {
            let help = match cx.scenario.load_balancers.get(name) {
                Some(LoadBalancer::Classic(_)) => "a Classic Load Balancer has no zonal shift: shift another resource",
                _ => "add `zonal_shift: true` to the load balancer",
            };
            cx.error(place, format!("zonal shift is not enabled for `{name}`"), "cannot be shifted", help);
        }
        return Some(Shifted::Balancer(id));
    }
    let fleet = cx.group(name, place)?;
    if let Some(Sizing::AutoScaling(group)) = fleets.get(fleet).map(|fleet| &fleet.sizing)
        && group.lifecycle.zonal_shift.is_none()
    {
        let help = "add `zonal_shift: ReplaceUnhealthy` (or `IgnoreUnhealthy`) to the group";
        cx.error(place, format!("zonal shift is not enabled for `{name}`"), "cannot be shifted", help);
    }
    Some(Shifted::Group(fleet))
}
