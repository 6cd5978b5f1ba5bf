//! Operations: calls of the API at a time.

use super::CpuCredits;
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
}
