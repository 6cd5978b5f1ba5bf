//! Releases of a service, and instance refreshes (scaling.md §1.11).

use super::Named;
use crate::units::{Dur, Share};
use schemars::JsonSchema;
use serde::Deserialize;

/// A release of a service's software, good or bad: what differs from the service as it is written, on instances of the launch
/// templates that name it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// CPU work of every request, times this, 0.01 to 100. Default 1.
    pub compute: Option<f64>,
    /// Share of requests that end in a 500 after their first step, at every endpoint. Default: the endpoint's own.
    pub error_rate: Option<Share>,
    /// The same for single endpoints: `{"page": "20%"}`.
    #[serde(default)]
    pub error_rates: Named<Share>,
    /// Whether the server process starts at all; one that does not refuses connections, and fails checks and smoke test.
    /// Default true.
    pub starts: Option<bool>,
}

/// `RefreshPreferences`, with the API's defaults (the console has others where it says so).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshPreferences {
    /// `MinHealthyPercentage` of the desired capacity, 0 to 100. Default 90.
    pub min_healthy_percentage: Option<u32>,
    /// `MaxHealthyPercentage`, 100 to 200, at most 100 above the minimum. Default: none, which is not 100: instances are
    /// terminated and launched together.
    pub max_healthy_percentage: Option<u32>,
    /// `InstanceWarmup`. Default: the group's `default_instance_warmup`, else its `health_check_grace_period`.
    pub instance_warmup: Option<Dur>,
    /// `CheckpointPercentages`, ascending, 1 to 100; a last one below 100 makes a partial refresh. Default: none.
    pub checkpoint_percentages: Option<Vec<u32>>,
    /// `CheckpointDelay`, at most 48 h. Default 1 h.
    pub checkpoint_delay: Option<Dur>,
    /// `BakeTime`, at most 48 h. Default 0.
    pub bake_time: Option<Dur>,
    /// `SkipMatching`: leaves instances of the desired template alone. Default false (console: true).
    pub skip_matching: Option<bool>,
    /// `ScaleInProtectedInstances`. Default Wait (console: Ignore).
    pub scale_in_protected_instances: Option<ProtectedInstances>,
    /// `StandbyInstances`. Default Wait (console: Ignore).
    pub standby_instances: Option<StandbyInstances>,
    /// `AutoRollback`: a refresh that fails goes back; needs a `launch_template` other than the group's. Default false.
    pub auto_rollback: Option<bool>,
    /// `AlarmSpecification`: any of these in ALARM fails the refresh, in INSUFFICIENT_DATA holds it up; at most 10.
    /// Default: none.
    pub alarms: Option<Vec<String>>,
}

/// `ScaleInProtectedInstances`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum ProtectedInstances {
    /// Replaces them all the same.
    Refresh,
    /// Leaves them as they are.
    Ignore,
    /// Waits an hour for their protection to go, then fails.
    Wait,
}

/// `StandbyInstances`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum StandbyInstances {
    /// Terminates them.
    Terminate,
    /// Leaves them as they are.
    Ignore,
    /// Waits an hour for their return to service, then fails.
    Wait,
}
