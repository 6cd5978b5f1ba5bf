//! Alarms: periods against the metric's own, and pairs that chase each other.

use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::resolve::context::show;
use models::arithmetic::{adjusted, step_of};
use models::plan::{
    Action, Alarm, AutoScaling, Comparison, Fleet, FleetId, Metric, Monitoring, Plan, Policy, PolicyKind, Sizing,
};

pub(super) fn alarms(plan: &Plan, root: Place<'_>, out: &mut Vec<Diagnostic>) {
    for alarm in plan.alarms.values() {
        let place = root.field("alarms").entry(&alarm.name);
        let fleet = match alarm.metric {
            Metric::Cpu(fleet) => fleet,
            Metric::Instance(fleet, _, metric) if metric.is_monitored() => fleet,
            _ => continue,
        };
        let fleet = &plan.fleets[fleet];
        if !place.is_written() {
            tracking(plan, alarm, fleet, root, out);
            continue;
        }
        if fleet.template.monitoring == Monitoring::Basic && alarm.period.as_secs_f64() < 300.0 {
            let message = format!(
                "alarm `{}` looks each {} at a metric that comes each 5 min",
                alarm.name,
                show(alarm.period.as_secs_f64())
            );
            let diagnostic =
                Diagnostic::warning(place.field("period").span(), message).label("four of five periods are empty");
            let help =
                format!("set `monitoring: Detailed` in the launch template of `{}`, or `period: \"300s\"`", fleet.name);
            out.push(diagnostic.help(help));
        }
        let scales = alarm.alarm_actions.iter().any(
            |action| matches!(action, Action::Scale { fleet: other, .. } if plan.fleets[*other].name != fleet.name),
        );
        if scales {
            let message = format!("alarm `{}` watches `{}` but scales another group", alarm.name, fleet.name);
            out.push(Diagnostic::warning(place.field("actions").span(), message).label("another group"));
        }
    }
}

/// Alarms that a target tracking policy has made: they look each minute, whatever the metric.
fn tracking(plan: &Plan, alarm: &Alarm, watched: &Fleet, root: Place<'_>, out: &mut Vec<Diagnostic>) {
    let rises = alarm.comparison == Comparison::GreaterThan;
    if watched.template.monitoring == Monitoring::Detailed || !rises {
        return;
    }
    for action in &alarm.alarm_actions {
        let Action::Scale { fleet, policy } = *action else { continue };
        let fleet = &plan.fleets[fleet];
        let Sizing::AutoScaling(group) = &fleet.sizing else { continue };
        let policies = root.field("auto_scaling_groups").entry(&fleet.name).field("policies");
        let Some(policy) = group.policies.get(policy) else { continue };
        let message = format!("policy `{}` looks each minute at a metric that comes each 5 min", policy.name);
        let diagnostic = Diagnostic::warning(policies.entry(&policy.name).field("metric").span(), message);
        let help = format!("set `monitoring: Detailed` in the launch template of `{}`", watched.name);
        out.push(diagnostic.label("slower, and of one datapoint in five").help(help));
    }
}

/// Pairs of alarms on one figure per instance that chase each other: what a scale-in leaves on those that stay is beyond
/// the threshold of the scale-out, or the other way round.
pub(super) fn flapping(plan: &Plan, id: FleetId, group: &AutoScaling, root: Place<'_>, out: &mut Vec<Diagnostic>) {
    let rises = |alarm: &&Alarm| matches!(alarm.comparison, Comparison::GreaterThan | Comparison::GreaterThanOrEqual);
    let falls = |alarm: &&Alarm| matches!(alarm.comparison, Comparison::LessThan | Comparison::LessThanOrEqual);
    for high in plan.alarms.values().filter(rises) {
        for low in plan.alarms.values().filter(falls).filter(|low| low.metric == high.metric) {
            let (Some(out_by), Some(in_by)) = (policy(high, id, group), policy(low, id, group)) else { continue };
            if !is_shared(high.metric, id, plan) || low.threshold <= 0.0 {
                continue;
            }
            let place = root.field("alarms").entry(&low.name);
            let at = ["below", "at_most"].into_iter().find(|field| place.field(field).is_written()).unwrap_or("metric");
            let at = place.field(at);
            // The fewest instances for which it happens: there it is worst.
            let sizes = || group.min_size.max(1)..=group.max_size.min(10_000);
            let after_in = sizes().find_map(|n| {
                let fewer = after(in_by, n, true, group)?;
                let found = low.threshold * f64::from(n) / f64::from(fewer);
                (fewer < n && found > high.threshold).then_some((n, fewer, found))
            });
            if let Some((n, fewer, found)) = after_in {
                let message = format!(
                    "alarms `{}` and `{}` chase each other: {} on {n} instances is {found:.0} on {fewer}, and more than {} adds some again",
                    high.name, low.name, low.threshold, high.threshold
                );
                let steady = high.threshold * f64::from(fewer) / f64::from(n);
                let help = format!("scale in below {steady:.0} at most, or by fewer instances at once");
                out.push(Diagnostic::warning(at.span(), message).label("flaps").help(help));
                continue;
            }
            let after_out = sizes().find_map(|n| {
                let more = after(out_by, n, false, group)?;
                let found = high.threshold * f64::from(n) / f64::from(more);
                (more > n && found < low.threshold).then_some((n, more, found))
            });
            if let Some((n, more, found)) = after_out {
                let message = format!(
                    "alarms `{}` and `{}` chase each other: {} on {n} instances is {found:.0} on {more}, and less than {} takes some away",
                    high.name, low.name, high.threshold, low.threshold
                );
                let help = format!("scale in below {found:.0} at most, or out by fewer instances at once");
                out.push(Diagnostic::warning(at.span(), message).label("flaps").help(help));
            }
        }
    }
}

/// The policy of the group that an alarm invokes.
fn policy<'p>(alarm: &Alarm, id: FleetId, group: &'p AutoScaling) -> Option<&'p Policy> {
    alarm.alarm_actions.iter().find_map(|action| match action {
        Action::Scale { fleet, policy } if *fleet == id => group.policies.get(*policy),
        _ => None,
    })
}

/// Whether a metric is work shared out among the instances of the group: fewer of them, and each has more.
fn is_shared(metric: Metric, id: FleetId, plan: &Plan) -> bool {
    match metric {
        Metric::Cpu(fleet) => fleet == id,
        Metric::Instance(fleet, None, metric) => fleet == id && metric.is_monitored(),
        Metric::RequestCountPerTarget(group) => plan.fleets[id].target_groups.contains(&group),
        _ => false,
    }
}

/// The capacity that a policy makes of `n` when the metric is at the threshold; none if it does nothing.
fn after(policy: &Policy, n: u32, below: bool, group: &AutoScaling) -> Option<u32> {
    let adjustment = match &policy.kind {
        PolicyKind::Simple { adjustment, .. } => *adjustment,
        PolicyKind::Step { steps, .. } => step_of(steps, 0.0, below)?,
        // These stop at their target.
        PolicyKind::TargetTracking(_) | PolicyKind::Predictive(_) => return None,
    };
    let wanted = adjusted(policy.adjustment_type, adjustment, n, policy.min_adjustment_magnitude);
    let capacity = wanted.clamp(i64::from(group.min_size.max(1)), i64::from(group.max_size.max(1)));
    u32::try_from(capacity).ok()
}
