//! Operations: calls of the API at a time.

use super::RefreshPreferences;
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
}
