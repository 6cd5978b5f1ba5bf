//! Operations: calls of the API at a time.

use super::{CpuCredits, RefreshPreferences, ScalingProcess, Which};
use crate::units::Dur;
use schemars::JsonSchema;
use serde::Deserialize;

/// When somebody calls the API, by hand or by a script, and what is called.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Operation {
    /// Once: `At("50m", SetDesiredCapacity("web", 6))`.
    At {
        /// When.
        time: Dur,
        /// What.
        call: ApiCall,
    },
}

/// What is called: names and settings of the AWS API.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum ApiCall {
    /// A new desired capacity for a group: `SetDesiredCapacity("web", 6)`. Refused outside its minimum and maximum.
    SetDesiredCapacity {
        /// Auto Scaling group.
        group: String,
        /// DesiredCapacity.
        desired_capacity: u32,
        /// Whether a running cooldown refuses it. Default false.
        honor_cooldown: Option<bool>,
    },
    /// A policy's adjustment without an alarm: `ExecutePolicy("web", "double")`.
    ExecutePolicy {
        /// Auto Scaling group.
        group: String,
        /// One of its policies, simple or step.
        policy: String,
        /// Whether a running cooldown refuses it; simple policies only. Default false.
        honor_cooldown: Option<bool>,
        /// MetricValue, of which the distance to `breach_threshold` picks the step. Step policies need it.
        metric_value: Option<f64>,
        /// BreachThreshold. Step policies need it.
        breach_threshold: Option<f64>,
    },
    /// Replaces a group's instances, batch by batch:
    /// `StartInstanceRefresh(group: "web", launch_template: "web-v2", preferences: (auto_rollback: true, alarms: ["5xx"]))`. Refused
    /// while another one of the group is in progress.
    StartInstanceRefresh {
        /// Auto Scaling group.
        group: String,
        /// The launch template it is moved to, which becomes the group's own if the refresh succeeds. Default: the one it has.
        launch_template: Option<String>,
        /// How fast, and how carefully.
        #[serde(default)]
        preferences: RefreshPreferences,
    },
    /// Ends the refresh in progress and leaves everything as it is: `CancelInstanceRefresh("web")`.
    CancelInstanceRefresh {
        /// Auto Scaling group.
        group: String,
    },
    /// Turns the refresh in progress round: `RollbackInstanceRefresh("web")`.
    RollbackInstanceRefresh {
        /// Auto Scaling group.
        group: String,
    },
    /// CPU credits of every instance of a group or set that is there: `ModifyCreditSpecification("web", Unlimited)`.
    ModifyCreditSpecification {
        /// Auto Scaling group or set of instances, of a burstable type.
        group: String,
        /// Standard or Unlimited.
        cpu_credits: CpuCredits,
    },
    /// Reboots instances: `RebootInstances("web", 2)`. A machine that stands still no longer does.
    RebootInstances {
        /// Auto Scaling group or set of instances.
        group: String,
        /// The n-th instance ever launched, from 0. Default: all.
        number: Option<u32>,
    },
    /// Instances in service go out of it and run on: `EnterStandby(AnyOf("web", 2))`. Refused if the desired capacity would fall
    /// below the minimum.
    EnterStandby {
        /// Which instances.
        which: Which,
        /// `ShouldDecrementDesiredCapacity`: false has replacements launched. Default true.
        decrement: Option<bool>,
    },
    /// Instances come back from standby, and the desired capacity rises with them: `ExitStandby(All("web"))`.
    ExitStandby {
        /// Which instances.
        which: Which,
    },
    /// Instances in service leave the group and run on: `DetachInstances(Instance("web", 0))`.
    DetachInstances {
        /// Which instances.
        which: Which,
        /// `ShouldDecrementDesiredCapacity`: false has replacements launched. Default true (the API has no default).
        decrement: Option<bool>,
    },
    /// Instances that were detached come back, and the desired capacity rises with them: `AttachInstances(All("web"))`.
    AttachInstances {
        /// Which instances.
        which: Which,
    },
    /// Marks instances, which are then replaced at once, or takes a mark back: `SetInstanceHealth(Instance("web", 0), Unhealthy)`.
    SetInstanceHealth {
        /// Which instances.
        which: Which,
        /// `HealthStatus`.
        health: HealthStatus,
        /// `ShouldRespectGracePeriod`: whether an instance in its grace period is left alone. Default true.
        respect_grace_period: Option<bool>,
    },
    /// Protects instances from scale-in, or no longer: `SetInstanceProtection(AnyOf("web", 2), true)`.
    SetInstanceProtection {
        /// Which instances.
        which: Which,
        /// `ProtectedFromScaleIn`.
        protected: bool,
    },
    /// `TerminateInstanceInAutoScalingGroup`: `TerminateInstance(Instance("web", 0))`.
    TerminateInstance {
        /// Which instances.
        which: Which,
        /// `ShouldDecrementDesiredCapacity`: false has them replaced. Default false (the API has no default).
        decrement: Option<bool>,
    },
    /// Has a group leave something alone: `SuspendProcesses("web", [ReplaceUnhealthy])`.
    SuspendProcesses {
        /// Auto Scaling group.
        group: String,
        /// Which. Default: all.
        #[serde(default)]
        processes: Vec<ScalingProcess>,
    },
    /// The end of that: `ResumeProcesses("web", [ReplaceUnhealthy])`.
    ResumeProcesses {
        /// Auto Scaling group.
        group: String,
        /// Which. Default: all.
        #[serde(default)]
        processes: Vec<ScalingProcess>,
    },
    /// Moves away from a zone for a while: `StartZonalShift("web", "use1-az1", "2h")`. The group or load
    /// balancer needs `zonal_shift`.
    StartZonalShift {
        /// Auto Scaling group or load balancer.
        resource: String,
        /// Zone.
        away_from: String,
        /// For so long, up to 3 days.
        expires_in: Dur,
    },
    /// Ends a zonal shift before its time: `CancelZonalShift("web")`.
    CancelZonalShift {
        /// Auto Scaling group or load balancer.
        resource: String,
    },
}

/// `HealthStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum HealthStatus {
    /// To be left alone.
    Healthy,
    /// To be replaced.
    Unhealthy,
}
