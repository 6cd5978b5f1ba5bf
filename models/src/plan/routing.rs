//! How a target group's nodes choose beyond their algorithm: slow start, anomaly mitigation, stickiness, health thresholds
//! (network.md §3.7 to §3.11).

use super::EndpointId;
use sim_core::Duration;

/// Slow start (round robin only): a new target's share grows linearly to its fair one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowStart {
    /// `slow_start.duration_seconds`. 30 to 900 s.
    pub duration: Duration,
    /// Weight to begin with, against 1 of the others. Not documented; 0.01.
    pub least: f64,
}

/// Automatic target weights. Detection, step and ramp are not published by AWS: all modelling choices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetWeights {
    /// `load_balancing.algorithm.anomaly_mitigation`: whether anomalous targets lose weight.
    pub mitigation: bool,
    /// Time over which errors are counted; whole ticks of 5 s. 20 s.
    pub window: Duration,
    /// Error share above the median of the peers that is anomalous, at least. 0.05.
    pub margin: f64,
    /// The same in standard deviations of the peers, if that is more. 3.
    pub deviations: f64,
    /// Requests within the window below which nothing is said of a target. 10.
    pub least_requests: u32,
    /// Factor on the weight of an anomalous target per tick. 0.5.
    pub step: f64,
    /// Least weight, which keeps measuring. 0.02.
    pub floor: f64,
    /// Gain of weight per tick when no longer anomalous. 0.1.
    pub recovery: f64,
}

/// A tick of automatic target weights: weights are adjusted every 5 s (documented).
pub const TARGET_WEIGHTS_TICK: Duration = Duration::from_secs(5);

/// Stickiness of sessions to targets.
#[derive(Clone, Debug, PartialEq)]
pub enum Stickiness {
    /// `lb_cookie`: every answer renews it.
    LbCookie(Duration),
    /// `app_cookie`: begins when the target sets its own cookie, and is renewed when it sets it again.
    AppCookie {
        /// Its name.
        name: String,
        /// 1 s to 7 d.
        duration: Duration,
        /// Endpoints whose answers set it.
        set_by: Vec<EndpointId>,
    },
}

impl Stickiness {
    /// How long a cookie is good for.
    pub fn duration(&self) -> Duration {
        match self {
            Stickiness::LbCookie(duration) | Stickiness::AppCookie { duration, .. } => *duration,
        }
    }
}

/// `target_group_health`: thresholds below which a group is taken as unhealthy. Targets are counted per zone where
/// cross-zone is off, and over all enabled zones where it is on.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct GroupHealth {
    /// Below it, a node's addresses leave DNS.
    pub dns_failover: HealthThreshold,
    /// Below it, a node routes to all targets, healthy or not.
    pub unhealthy_state_routing: HealthThreshold,
}

/// Fewest healthy targets; missing either breaches it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HealthThreshold {
    /// `minimum_healthy_targets.count`. Default 1; none: off.
    pub count: Option<u32>,
    /// `minimum_healthy_targets.percentage` of the registered targets. Default off; 1 to 100.
    pub percentage: Option<u32>,
}

impl Default for HealthThreshold {
    fn default() -> Self {
        HealthThreshold { count: Some(1), percentage: None }
    }
}

impl HealthThreshold {
    /// Whether so many healthy ones of so many registered are enough.
    pub fn holds(&self, healthy: u32, registered: u32) -> bool {
        let enough = self.count.is_none_or(|count| healthy >= count);
        // In whole numbers, so that exactly the percentage is enough.
        let share =
            self.percentage.is_none_or(|least| u64::from(healthy) * 100 >= u64::from(least) * u64::from(registered));
        enough && share
    }
}

#[cfg(test)]
mod tests {
    use super::HealthThreshold;

    #[test]
    fn a_threshold_holds_at_its_minimum() {
        for (count, percentage, healthy, registered, expected) in [
            (Some(1), None, 1, 4, true),
            (Some(1), None, 0, 4, false),
            (Some(1), None, 0, 0, false),
            (Some(3), None, 3, 4, true),
            (Some(3), None, 2, 4, false),
            (None, None, 0, 4, true),
            (None, Some(50), 2, 4, true),
            (None, Some(51), 2, 4, false),
            // A third is less than 34 and more than 33 percent.
            (None, Some(33), 1, 3, true),
            (None, Some(34), 1, 3, false),
            (None, Some(100), 3, 3, true),
            (None, Some(1), 0, 3, false),
            (None, Some(1), 1, 100, true),
            (None, Some(1), 1, 101, false),
            (None, Some(50), 0, 0, true),
            // Either breach triggers.
            (Some(2), Some(25), 1, 4, false),
            (Some(1), Some(75), 2, 4, false),
            (Some(2), Some(50), 2, 4, true),
        ] {
            let threshold = HealthThreshold { count, percentage };
            assert_eq!(threshold.holds(healthy, registered), expected, "{threshold:?}: {healthy} of {registered}");
        }
    }
}
