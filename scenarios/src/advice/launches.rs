//! Coming up: times of launches against grace periods, hooks and cooldowns.

use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::resolve::context::show;
use models::plan::{AdjustmentType, AutoScaling, Fleet, LaunchTemplate, Plan, PolicyKind};
use sim_core::Dist;

/// From `running` to answering: the 95th percentile of the sum, as if it were normal.
fn time_to_answer(template: &LaunchTemplate) -> f64 {
    let phases = [Some(&template.boot), Some(&template.bootstrap), template.smoke_test.as_ref()];
    let phases = || phases.iter().flatten().map(|phase| &phase.duration);
    let mean: f64 = phases().map(Dist::mean).sum();
    let variance: f64 = phases().map(Dist::variance).sum();
    mean + 1.645 * variance.max(0.0).sqrt()
}

pub(super) fn coming_up(plan: &Plan, fleet: &Fleet, group: &AutoScaling, root: Place<'_>, out: &mut Vec<Diagnostic>) {
    let place = root.field("auto_scaling_groups").entry(&fleet.name);
    let needed = time_to_answer(&fleet.template);
    let first_check = fleet.target_groups.iter().map(|group| {
        let check = &plan.target_groups[*group].health_check;
        check.registration_delay.as_secs_f64() + check.interval.as_secs_f64()
    });
    let first_check = first_check.fold(0.0, f64::max);
    let hook = fleet.template.lifecycle_hook;
    // With a hook the instance goes into service only when it answers; without one, as soon as it runs.
    let until_healthy = if hook.is_some() { first_check } else { needed + first_check };
    let grace = group.health_check_grace_period.as_secs_f64();
    if group.elb_health_check && grace < until_healthy {
        let message = format!(
            "health check grace period of {} is shorter than it takes to answer: {} in 95 of 100 launches",
            show(grace),
            show(until_healthy.round())
        );
        let diagnostic = Diagnostic::warning(place.field("health_check_grace_period").span(), message);
        let diagnostic = diagnostic.label("instances are replaced before they are up");
        out.push(diagnostic.help(format!("raise it to at least {}", show((until_healthy / 30.0).ceil() * 30.0))));
    }
    let alone = hook.filter(|hook| hook.heartbeat_interval.is_none());
    if let Some(hook) = alone.filter(|hook| hook.heartbeat_timeout.as_secs_f64() < needed) {
        let timeout = show(hook.heartbeat_timeout.as_secs_f64());
        let message = format!(
            "lifecycle hook ends after {timeout}, before bootstrap and test do: {} in 95 of 100 launches",
            show(needed.round())
        );
        let diagnostic =
            Diagnostic::warning(place.field("launch_template").span(), message).label("this template's hook");
        out.push(diagnostic.help("raise `heartbeat_timeout`"));
    }
    for policy in &group.policies {
        let PolicyKind::Simple { adjustment, cooldown } = policy.kind else { continue };
        let cooldown = cooldown.unwrap_or(group.default_cooldown).as_secs_f64();
        let grows = adjustment > 0.0 && policy.adjustment_type != AdjustmentType::ExactCapacity;
        // The cooldown starts when the launch is over, which without a hook is when the instance runs.
        let unfinished = if hook.is_some() { first_check } else { needed };
        if grows && cooldown < unfinished {
            let at = place.field("policies").entry(&policy.name);
            let message = format!(
                "cooldown of {} is over before a new instance answers: {} in 95 of 100 launches",
                show(cooldown),
                show(unfinished.round())
            );
            let diagnostic =
                Diagnostic::warning(at.field("cooldown").span(), message).label("may scale out again too early");
            out.push(diagnostic.help(format!("raise it to at least {}", show((unfinished / 30.0).ceil() * 30.0))));
        }
    }
}
