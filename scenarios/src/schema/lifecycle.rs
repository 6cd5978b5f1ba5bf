//! The life of an instance in an Auto Scaling group: hooks, maintenance, processes (scaling.md §1.2 to §1.9).

use super::{DefaultResult, Dist};
use crate::units::{Dur, Share};
use schemars::JsonSchema;
use serde::Deserialize;

/// A lifecycle hook of a group, and the handler that answers it (scaling.md §1.3).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum GroupHook {
    /// `autoscaling:EC2_INSTANCE_LAUNCHING`: holds a new instance in `Pending:Wait`.
    Launching {
        /// From the notification to the handler's answer.
        length: Dist,
        /// Share of answers that are ABANDON: terminated and launched again. Default 0.
        failure: Option<Share>,
        /// Share of handlers that never answer, so that the timeout decides. Default 0.
        no_answer: Option<Share>,
        /// `HeartbeatTimeout`. Default 3600 s, 30 s to 7200 s.
        heartbeat_timeout: Option<Dur>,
        /// `DefaultResult`: what the timeout does. Default Abandon.
        default_result: Option<DefaultResult>,
        /// Between two heartbeats of the handler while it works, shorter than the timeout: with them the wait may last
        /// 100 timeouts, 48 h at most. Default: none.
        heartbeat_interval: Option<Dur>,
    },
    /// `autoscaling:EC2_INSTANCE_TERMINATING`: holds an instance in `Terminating:Wait`, after draining.
    Terminating {
        /// From the notification to the handler's answer.
        length: Dist,
        /// Share of answers that are ABANDON: terminated all the same, and the hooks that are left are cancelled. Default 0.
        failure: Option<Share>,
        /// Share of handlers that never answer, so that the timeout decides. Default 0.
        no_answer: Option<Share>,
        /// `HeartbeatTimeout`. Default 3600 s, 30 s to 7200 s.
        heartbeat_timeout: Option<Dur>,
        /// `DefaultResult`: what the timeout does. Default Abandon.
        default_result: Option<DefaultResult>,
        /// Between two heartbeats of the handler while it works. Default: none.
        heartbeat_interval: Option<Dur>,
    },
}

/// `InstanceMaintenancePolicy`: bounds of every replacement, in percent of the desired capacity (scaling.md §1.5).
///
/// A minimum of 100 launches first; a maximum of 100 terminates and launches together; otherwise both, within the bounds.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstanceMaintenancePolicy {
    /// `MinHealthyPercentage`, 0 to 100.
    pub min_healthy_percentage: u32,
    /// `MaxHealthyPercentage`, 100 to 200, at most 100 above the minimum.
    pub max_healthy_percentage: u32,
}

/// `ImpairedZoneHealthCheckBehavior`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum ImpairedZone {
    /// Unhealthy instances of the zone are replaced, in the other zones.
    ReplaceUnhealthy,
    /// They are left alone until the shift is over.
    IgnoreUnhealthy,
}

/// A process of a group that can be suspended (scaling.md §1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum ScalingProcess {
    /// Adding instances: no scale-out, and what is unhealthy goes without a replacement. Resumed, all that is missing is
    /// launched at once.
    Launch,
    /// Removing instances: no scale-in, no replacement, and rebalancing adds without removing.
    Terminate,
    /// Registering new instances with the target groups; nor is it made up for later.
    AddToLoadBalancer,
    /// Listening to alarms.
    AlarmNotification,
    /// Balancing over zones.
    AZRebalance,
    /// Marking instances by the verdict of EC2 and of target groups.
    HealthCheck,
    /// Replacing marked instances.
    ReplaceUnhealthy,
    /// Scheduled actions; those missed are lost.
    ScheduledActions,
    /// Instance refreshes.
    InstanceRefresh,
}
