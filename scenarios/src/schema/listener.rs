//! Listener rules, stickiness, slow start, weights and health thresholds of balancers and target groups
//! (network.md §3.5 to §3.11, §3.14, §6).

use super::ForwardTo;
use crate::units::{Dur, Rate, Share};
use schemars::JsonSchema;
use serde::Deserialize;

/// A listener rule: `(priority: 10, endpoints: ["order", "api-*"], action: Forward("api"))`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListenerRule {
    /// 1 to 50000, no two alike; the lowest is looked at first.
    pub priority: u32,
    /// Path condition: names of endpoints; `*` stands for any characters, `?` for one.
    pub endpoints: Vec<String>,
    /// What is done with what matches.
    pub action: ListenerAction,
}

/// What a listener does with a request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum ListenerAction {
    /// To a target group, or several with weights 0 to 999: `Forward({"blue": 90, "green": 10})`.
    Forward {
        /// Target group, or several with weights.
        to: ForwardTo,
        /// `TargetGroupStickinessConfig`: a session stays with its target group for so long, 1 s to 7 d. Default: off.
        stickiness: Option<Dur>,
    },
    /// An answer of the balancer's own: `FixedResponse(404)`.
    FixedResponse {
        /// Status: 200 to 299, 400 to 499, 502, 503 or 504.
        status: u32,
    },
    /// The client is told to ask for another endpoint, and does: `Redirect("page")`.
    Redirect {
        /// Endpoint.
        to: String,
    },
}

/// Which of a balancer's target groups a node needs in order to be in DNS. AWS documents both.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum DnsNeeds {
    /// One that passes its threshold.
    AnyGroup,
    /// All that have targets.
    EveryGroup,
}

/// How a balancer's capacity follows its load. AWS publishes no figures: a modelling choice throughout.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BalancerCapacity {
    /// Requests per second that it can take at the start, and never less. It grows to twice the load of the last minute.
    pub start: Rate,
    /// In how long it can double. Default 5 min.
    pub doubling: Option<Dur>,
    /// How long the load must be low before it shrinks. Default 1 h.
    pub shrink_after: Option<Dur>,
}

/// Stickiness of sessions to targets. A duration alone means `LbCookie`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Stickiness {
    /// `lb_cookie` for so long.
    Text(Dur),
    /// `lb_cookie`: every answer renews it.
    LbCookie {
        /// `stickiness.lb_cookie.duration_seconds`, 1 s to 7 d. Default 1 d.
        duration: Option<Dur>,
    },
    /// `app_cookie`: begins when the target sets its own cookie.
    AppCookie {
        /// Its name; not one of the balancer's own (`AWSALB…`).
        name: String,
        /// `stickiness.app_cookie.duration_seconds`, 1 s to 7 d. Default 1 d.
        duration: Option<Dur>,
        /// Endpoints whose answers set the cookie, and renew it. Default: all.
        set_by: Option<Vec<String>>,
    },
}

/// Automatic target weights. What AWS compares, how fast it acts and how far it goes is not published: the numbers are
/// modelling choices.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetWeights {
    /// `load_balancing.algorithm.anomaly_mitigation`: anomalous targets get less. Needs WeightedRandom. Default true; false
    /// only watches.
    pub mitigation: Option<bool>,
    /// Time over which errors are counted, 5 s to 10 min. Default 20 s.
    pub window: Option<Dur>,
    /// Error share above the median of the other targets that is anomalous, at least. Default 5 %.
    pub margin: Option<Share>,
    /// The same in standard deviations of the others, if that is more. Default 3.
    pub deviations: Option<f64>,
    /// Requests within the window below which nothing is said of a target. Default 10.
    pub least_requests: Option<u32>,
    /// Factor on the weight of an anomalous target every 5 s, 0 to 1. Default 0.5.
    pub step: Option<f64>,
    /// Least weight, above 0. Default 0.02.
    pub floor: Option<f64>,
    /// Gain of weight every 5 s when no longer anomalous. Default 0.1.
    pub recovery: Option<f64>,
}

/// `target_group_health`: thresholds of a group's health. Counted per zone where `cross_zone` is false, else over all zones.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetGroupHealth {
    /// Below it, a node leaves DNS. Must not be below `unhealthy_state_routing`.
    #[serde(default)]
    pub dns_failover: HealthThreshold,
    /// Below it, a node routes to all its targets, healthy or not.
    #[serde(default)]
    pub unhealthy_state_routing: HealthThreshold,
}

/// Fewest healthy targets. If both are set, either triggers.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthThreshold {
    /// `minimum_healthy_targets.count`. Default 1; `Off` in `dns_failover` only.
    pub count: Option<Minimum>,
    /// `minimum_healthy_targets.percentage` of the registered targets, 1 to 100. Default Off.
    pub percentage: Option<Minimum>,
}

/// A minimum, or none.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Minimum {
    /// So many, or so many percent.
    Number(u32),
    /// No minimum.
    Off,
}
