//! Instance refresh: what a new launch template brings, and how fast and how carefully a group is moved over to it.
//!
//! # Source      Amazon EC2 Auto Scaling user guide, "Instance refresh"; `aws/scaling.md` §1.11

use super::{AlarmId, ApiCall, EndpointId, Plan};
use sim_core::Duration;

impl Plan {
    /// Whether some refresh goes by that alarm.
    pub fn guards_refresh(&self, alarm: AlarmId) -> bool {
        self.operations.values().any(|operation| match &operation.call {
            ApiCall::StartInstanceRefresh { preferences, .. } => preferences.alarms.contains(&alarm),
            _ => false,
        })
    }
}

/// How instances of a launch template behave in service, where that differs from what their service says: a good or a
/// bad release of the software. Data of the scenario; AWS knows nothing of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// Its name; empty: the service as it is written.
    pub name: String,
    /// CPU work of every request, times this. 1.
    pub compute: f64,
    /// Whether its server process starts at all; one that does not refuses connections and fails every check. True.
    pub starts: bool,
    /// Share of an endpoint's requests that end in a 500, where it is not the endpoint's own.
    pub error_rate: Vec<(EndpointId, f64)>,
}

impl Default for Release {
    fn default() -> Self {
        Release { name: String::new(), compute: 1.0, starts: true, error_rate: Vec::new() }
    }
}

/// RefreshPreferences, with AWS's defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct RefreshPreferences {
    /// MinHealthyPercentage of the desired capacity, 0 to 100. 90.
    pub min_healthy_percentage: u32,
    /// MaxHealthyPercentage, 100 to 200; none is not 100: replacements are launched while their instances go (rule I2).
    pub max_healthy_percentage: Option<u32>,
    /// InstanceWarmup; none: the group's default instance warm-up, else its health check grace period.
    pub instance_warmup: Option<Duration>,
    /// CheckpointPercentages, ascending; a last one below 100 makes a partial refresh.
    pub checkpoint_percentages: Vec<u32>,
    /// CheckpointDelay. 3600 s.
    pub checkpoint_delay: Duration,
    /// BakeTime after the last replacement. 0.
    pub bake_time: Duration,
    /// SkipMatching: leaves instances alone that have the desired template already. False (console: true).
    pub skip_matching: bool,
    /// ScaleInProtectedInstances. Wait (console: Ignore).
    pub scale_in_protected: Unreplaced,
    /// StandbyInstances. Wait (console: Ignore).
    pub standby: Unreplaced,
    /// AutoRollback: a failure rolls back instead of leaving things as they are. False.
    pub auto_rollback: bool,
    /// AlarmSpecification: any of them in ALARM fails the refresh. At most 10.
    pub alarms: Vec<AlarmId>,
}

impl Default for RefreshPreferences {
    fn default() -> Self {
        RefreshPreferences {
            min_healthy_percentage: 90,
            max_healthy_percentage: None,
            instance_warmup: None,
            checkpoint_percentages: Vec::new(),
            checkpoint_delay: Duration::from_secs(3600),
            bake_time: Duration::ZERO,
            skip_matching: false,
            scale_in_protected: Unreplaced::Wait,
            standby: Unreplaced::Wait,
            auto_rollback: false,
            alarms: Vec::new(),
        }
    }
}

/// What a refresh does about instances that are protected from scale-in, or in standby.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Unreplaced {
    /// Replaces them all the same (AWS: Refresh for protected ones, Terminate for those in standby).
    Replace,
    /// Leaves them as they are.
    Ignore,
    /// Waits an hour for them to change, then fails. The default.
    #[default]
    Wait,
}
