//! Load balancers and target groups (network.md §2, §3).

use super::{
    BalancerCapacity, CheckProtocol, ClassicLoadBalancer, Dist, DnsNeeds, ListenerAction, ListenerRule, Named,
    NetworkLoadBalancer, Stickiness, TargetGroupHealth, TargetWeights,
};
use crate::units::Dur;
use schemars::JsonSchema;
use serde::Deserialize;

/// A load balancer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
// There are few of them, and each is read once.
#[allow(clippy::large_enum_variant)]
pub enum LoadBalancer {
    /// An Application Load Balancer: one node in each zone.
    Application {
        /// Default action: target group, or several with weights 0 to 999: `{"blue": 90, "green": 10}`. There is no failover
        /// between them. Either this or `default` is required.
        forward_to: Option<ForwardTo>,
        /// Enabled zones, at least two where `regions` has two. Default: all.
        zones: Option<Vec<String>>,
        /// `idle_timeout.timeout_seconds`: no byte from the target for so long is a 504. Default 60 s, 1 s to 4000 s.
        idle_timeout: Option<Dur>,
        /// TCP connect to a target that does not answer, then 504. Default 10 s, fixed by AWS.
        connect_timeout: Option<Dur>,
        /// From the loss of a node, or of its last healthy target, to its leaving DNS. Default 10 s (undocumented; a
        /// modelling choice).
        dns_failover_delay: Option<Dur>,
        /// Which target groups a node needs in order to be in DNS. Default AnyGroup.
        dns_failover_needs: Option<DnsNeeds>,
        /// Rules, looked at by priority before the default action.
        #[serde(default)]
        rules: Vec<ListenerRule>,
        /// Default action in the stead of `forward_to`: a fixed response or a redirect.
        default: Option<ListenerAction>,
        /// `TargetGroupStickinessConfig` of `forward_to`: a session stays with its target group for so long, 1 s to 7 d.
        /// Default: off; required if one of several target groups has stickiness.
        stickiness: Option<Dur>,
        /// `client_keep_alive.seconds`: a client's connection is closed with the first answer after so long. Default
        /// 3600 s, 60 s to 604,800 s. For clients that keep connections.
        client_keep_alive: Option<Dur>,
        /// `zonal_shift.config.enabled`. Default false.
        zonal_shift: Option<bool>,
        /// Zonal autoshift: AWS itself shifts away from a zone that is ill. Default false.
        autoshift: Option<bool>,
        /// From a zone's trouble, or its end, to AWS acting on it. Default 5 min (undocumented; a modelling choice).
        autoshift_detection: Option<Dur>,
        /// From a zonal shift to its effect. Default 10 s (undocumented; a modelling choice).
        zonal_shift_propagation: Option<Dur>,
        /// A capacity that follows the load; what comes beyond it is rejected. Default: no limit (a modelling choice).
        capacity: Option<BalancerCapacity>,
        /// LCU reservation: so many are billed at least, 100 or more. Default: none.
        reserved_lcu: Option<u32>,
    },
    /// A Network Load Balancer: binds each connection to a target.
    Network(Box<NetworkLoadBalancer>),
    /// A Classic Load Balancer, the previous generation: has a surge queue.
    Classic(Box<ClassicLoadBalancer>),
}

/// Where a balancer forwards to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum ForwardTo {
    /// One target group.
    Text(String),
    /// Several with weights.
    Map(Named<u32>),
}

/// A target group.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetGroup {
    /// `load_balancing.algorithm.type`. Default RoundRobin.
    pub algorithm: Option<Algorithm>,
    /// `deregistration_delay.timeout_seconds`. Default 300 s, 0 to 3600 s.
    pub deregistration_delay: Option<Dur>,
    /// `load_balancing.cross_zone.enabled`. Default true; behind a Network Load Balancer, what that says.
    pub cross_zone: Option<bool>,
    /// `stickiness`: a duration for `lb_cookie`, 1 s to 7 d; `LbCookie` or `AppCookie`. Default: off.
    pub stickiness: Option<Stickiness>,
    /// `slow_start.duration_seconds`: the share of a new target grows for so long, 30 s to 900 s, or 0. RoundRobin only.
    /// Default 0: off.
    pub slow_start: Option<Dur>,
    /// Weight with which slow start begins, above 0 to 1. Default 0.01 (undocumented; a modelling choice).
    pub slow_start_weight: Option<f64>,
    /// Automatic target weights: `()` for anomaly mitigation. Default: off, and nobody watches.
    pub target_weights: Option<TargetWeights>,
    /// Thresholds of the group's health.
    #[serde(default)]
    pub target_group_health: TargetGroupHealth,
    /// `deregistration_delay.connection_termination.enabled`, behind a Network Load Balancer: connections are reset at the
    /// end of the delay. Default false: they live on.
    pub connection_termination: Option<bool>,
    /// `target_health_state.unhealthy.connection_termination.enabled`, behind a Network Load Balancer: connections to an
    /// unhealthy target are reset. Default true.
    pub unhealthy_connection_termination: Option<bool>,
    /// `preserve_client_ip.enabled`, behind a Network Load Balancer. Where it is not, ports towards a target can run out.
    /// Default true.
    pub preserve_client_ip: Option<bool>,
    /// Health checks.
    #[serde(default)]
    pub health_check: HealthCheck,
}

/// How a node picks among its targets.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Algorithm {
    /// In turn.
    RoundRobin,
    /// Fewest requests in progress, as the node counts them.
    LeastOutstandingRequests,
    /// Uniformly at random.
    WeightedRandom,
}

/// Health checks of a target group.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// `HealthCheckIntervalSeconds`. Default 30 s, 5 s to 300 s.
    pub interval: Option<Dur>,
    /// `HealthCheckProtocol`. Default Http; Tcp behind a Network Load Balancer.
    pub protocol: Option<CheckProtocol>,
    /// `HealthCheckTimeoutSeconds`. Default 5 s (behind a Network Load Balancer 6 s for Http, 10 s for Tcp), 2 s to 120 s,
    /// shorter than the interval.
    pub timeout: Option<Dur>,
    /// Passes in a row that make an unhealthy target healthy. Default 5 (Terraform sends 3; Classic: 10), 2 to 10.
    pub healthy_threshold: Option<u32>,
    /// Failures in a row that make a healthy target unhealthy. Default 2 (Terraform sends 3), 2 to 10.
    pub unhealthy_threshold: Option<u32>,
    /// Whether the check asks stores too. Default Shallow.
    pub depth: Option<Depth>,
    /// CPU work of answering a check. Default 1 ms (a modelling choice).
    pub compute: Option<Dist>,
    /// From registration to the first check. Default 5 s (AWS gives no figure; a modelling choice); behind a Network Load
    /// Balancer 90 s (AWS: it can take minutes).
    pub registration_delay: Option<Dur>,
}

/// Whether a health check asks stores too.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Depth {
    /// The process alone.
    Shallow,
    /// The process, and each of these stores.
    Deep {
        /// Names of stores.
        stores: Vec<String>,
    },
}
