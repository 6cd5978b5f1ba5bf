//! The life of an instance in an Auto Scaling group.

use super::context::{Cx, show};
use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::schema::{self, AutoScalingGroup, DefaultResult, GroupHook, HealthCheckType};
use crate::units::Dur;
use models::plan::{Hook, ImpairedZone, Lifecycle, Maintenance, ScalingProcess, ScalingProcesses, Transition};
use sim_core::Duration;

/// Hooks of a group, that of its launch template among them.
const MOST_HOOKS: usize = 50;

pub(crate) fn resolve<'a>(cx: &mut Cx<'a>, written: &'a AutoScalingGroup, place: Place<'a>) -> Lifecycle {
    let hooks_at = place.field("lifecycle_hooks");
    let hooks: Vec<Hook> =
        written.lifecycle_hooks.iter().map(|(name, written)| hook(cx, name, written, hooks_at.entry(name))).collect();
    let template = cx.scenario.launch_templates.get(&written.launch_template);
    let bootstrap = template.is_some_and(|template| template.lifecycle_hook.is_some() || template.smoke_test.is_some());
    let count = hooks.len() + usize::from(bootstrap);
    if count > MOST_HOOKS {
        cx.error(hooks_at, format!("{count} lifecycle hooks"), "too many", "a group has at most 50");
    }
    let maintenance = written.instance_maintenance_policy.map(|policy| {
        let at = place.field("instance_maintenance_policy");
        let (low, high) = (at.field("min_healthy_percentage"), at.field("max_healthy_percentage"));
        let min_healthy_percentage = cx.count(low, Some(policy.min_healthy_percentage), 90, 0, 100);
        let max_healthy_percentage = cx.count(high, Some(policy.max_healthy_percentage), 100, 100, 200);
        if max_healthy_percentage > min_healthy_percentage.saturating_add(100) {
            let message = format!("{min_healthy_percentage} % and {max_healthy_percentage} % are too far apart");
            cx.error(at, message, "more than 100 apart", "raise the minimum or lower the maximum");
        }
        Maintenance { min_healthy_percentage, max_healthy_percentage }
    });
    let max_instance_lifetime = written.max_instance_lifetime.map(|lifetime| {
        let at = place.field("max_instance_lifetime");
        cx.time(at, Some(lifetime), 0.0, 86_400.0, 86_400.0 * 365.0)
    });
    Lifecycle {
        hooks,
        maintenance,
        protected_from_scale_in: written.protect_from_scale_in.unwrap_or(false),
        max_instance_lifetime,
        suspended: processes(&written.suspended_processes),
        zonal_shift: written.zonal_shift.map(|behaviour| match behaviour {
            schema::ImpairedZone::ReplaceUnhealthy => ImpairedZone::ReplaceUnhealthy,
            schema::ImpairedZone::IgnoreUnhealthy => ImpairedZone::IgnoreUnhealthy,
        }),
        administrative_suspension: cx.time(
            place.field("administrative_suspension"),
            written.administrative_suspension,
            86_400.0,
            60.0,
            86_400.0 * 365.0,
        ),
        ebs_health_check: written.health_check_type.is_some_and(HealthCheckType::has_ebs),
        termination_function: None,
    }
}

fn hook<'a>(cx: &mut Cx<'a>, name: &str, written: &'a GroupHook, place: Place<'a>) -> Hook {
    let (
        transition,
        GroupHook::Launching { length, failure, no_answer, heartbeat_timeout, default_result, heartbeat_interval }
        | GroupHook::Terminating { length, failure, no_answer, heartbeat_timeout, default_result, heartbeat_interval },
    ) = (
        match written {
            GroupHook::Launching { .. } => Transition::Launching,
            GroupHook::Terminating { .. } => Transition::Terminating,
        },
        written,
    );
    let heartbeat_timeout = timeout(cx, place.field("heartbeat_timeout"), *heartbeat_timeout);
    let heartbeat_interval = interval(cx, place.field("heartbeat_interval"), *heartbeat_interval, heartbeat_timeout);
    let length_at = place.part("length", 0);
    let length = cx.needed_dist(length_at, length);
    let late = heartbeat_interval.is_none() && length.mean() > heartbeat_timeout.as_secs_f64();
    if late {
        let message = format!(
            "hook `{name}` takes {} on average, and its heartbeat timeout is {}",
            show(length.mean()),
            show(heartbeat_timeout.as_secs_f64())
        );
        let warning = Diagnostic::warning(length_at.span(), message).label("most handlers answer too late");
        cx.say(warning.help("raise `heartbeat_timeout`, or let the handler send heartbeats: `heartbeat_interval`"));
    }
    Hook {
        name: name.to_owned(),
        transition,
        heartbeat_timeout,
        continue_by_default: matches!(default_result, Some(DefaultResult::Continue)),
        heartbeat_interval,
        length,
        failure: failure.map_or(0.0, |share| share.0),
        no_answer: no_answer.map_or(0.0, |share| share.0),
    }
}

/// HeartbeatTimeout.
pub(crate) fn timeout<'a>(cx: &mut Cx<'a>, place: Place<'a>, written: Option<Dur>) -> Duration {
    cx.time(place, written, 3600.0, 30.0, 7200.0)
}

/// Heartbeats that come in time.
pub(crate) fn interval<'a>(
    cx: &mut Cx<'a>,
    place: Place<'a>,
    written: Option<Dur>,
    timeout: Duration,
) -> Option<Duration> {
    let interval = cx.time(place, Some(written?), 0.0, 1.0, 7200.0);
    if interval >= timeout {
        let message = format!(
            "heartbeats each {}, and the timeout is {}",
            show(interval.as_secs_f64()),
            show(timeout.as_secs_f64())
        );
        cx.error(place, message, "each comes too late", "send them more often than `heartbeat_timeout`");
    }
    Some(interval)
}

/// Processes of a list.
pub(crate) fn processes(written: &[schema::ScalingProcess]) -> ScalingProcesses {
    use schema::ScalingProcess as Written;
    let process = |written: &Written| match written {
        Written::Launch => ScalingProcess::Launch,
        Written::Terminate => ScalingProcess::Terminate,
        Written::AddToLoadBalancer => ScalingProcess::AddToLoadBalancer,
        Written::AlarmNotification => ScalingProcess::AlarmNotification,
        Written::AZRebalance => ScalingProcess::AzRebalance,
        Written::HealthCheck => ScalingProcess::HealthCheck,
        Written::ReplaceUnhealthy => ScalingProcess::ReplaceUnhealthy,
        Written::ScheduledActions => ScalingProcess::ScheduledActions,
        Written::InstanceRefresh => ScalingProcess::InstanceRefresh,
    };
    written.iter().map(process).collect()
}
