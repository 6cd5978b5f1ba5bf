//! Application Load Balancers and target groups.

use super::{
    BalancerCapacity, BalancerKind, CheckProtocol, DnsNeeds, GroupHealth, ListenerRules, NetworkGroup, ShiftSettings,
    SlowStart, Stickiness, StoreId, TargetGroupId, TargetWeights, ZoneId,
};
use sim_core::Duration;
use sim_core::dist::Dist;

/// An Application Load Balancer (network.md §2, §3).
#[derive(Clone, Debug)]
pub struct Balancer {
    /// Its name in the scenario.
    pub name: String,
    /// Enabled zones: one node in each.
    pub zones: Vec<ZoneId>,
    /// Default forward action: target groups with their weights (0 to 999). No failover between them.
    pub forward: Vec<(TargetGroupId, u32)>,
    /// `idle_timeout.timeout_seconds`: no byte from the target for this long is a 504. Default 60 s, 1 to 4000.
    pub idle_timeout: Duration,
    /// TCP connect to a target that does not answer; then 504. Fixed at 10 s by AWS.
    pub connect_timeout: Duration,
    /// `client_keep_alive.seconds`: after so long, a client's connection is closed with the next answer. Default 3600 s,
    /// 60 to 604,800.
    pub client_keep_alive: Duration,
    /// What kind it is.
    pub kind: BalancerKind,
    /// From the loss of a node or of its last healthy target to its leaving DNS. Not documented; 10 s.
    pub dns_failover_delay: Duration,
    /// Which of its target groups a node needs in order to be in DNS.
    pub dns_needs: DnsNeeds,
    /// Rules, and what is done where none matches.
    pub listener: ListenerRules,
    /// Zonal shift.
    pub zonal_shift: ShiftSettings,
    /// Its capacity, if that is modelled.
    pub capacity: Option<BalancerCapacity>,
    /// LCU reservation: billed at least, in LCU. Default 0; at least 100 if any.
    pub reserved_lcu: u32,
}

/// A target group.
#[derive(Clone, Debug)]
pub struct TargetGroup {
    /// Its name in the scenario.
    pub name: String,
    /// How a node picks among its candidates. Default round robin.
    pub algorithm: Algorithm,
    /// `deregistration_delay.timeout_seconds`. Default 300 s, 0 to 3600.
    pub deregistration_delay: Duration,
    /// Whether a node's candidates are those of all enabled zones. Default on for an ALB.
    pub cross_zone: bool,
    /// Stickiness of sessions to targets. None: off.
    pub stickiness: Option<Stickiness>,
    /// Slow start. None: off.
    pub slow_start: Option<SlowStart>,
    /// Automatic target weights, where they are used or watched. None: nobody looks.
    pub target_weights: Option<TargetWeights>,
    /// Thresholds of the group's health.
    pub health: GroupHealth,
    /// Attributes of a group behind a Network Load Balancer.
    pub network: Option<NetworkGroup>,
    /// Health checks.
    pub health_check: HealthCheck,
}

/// How a node picks among its candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// In turn, per node and target group.
    #[default]
    RoundRobin,
    /// Fewest in-progress requests as this node counts them; ties at random.
    LeastOutstandingRequests,
    /// Uniformly at random.
    WeightedRandom,
}

/// Health checks of a target group (network.md §3.3, §3.4).
#[derive(Clone, Debug)]
pub struct HealthCheck {
    /// `HealthCheckProtocol`. Default HTTP; TCP behind a Network Load Balancer.
    pub protocol: CheckProtocol,
    /// `HealthCheckIntervalSeconds`. Default 30 s, 5 to 300.
    pub interval: Duration,
    /// `HealthCheckTimeoutSeconds`. Default 5 s, 2 to 120.
    pub timeout: Duration,
    /// Consecutive passes that make an unhealthy target healthy. Default 5, 2 to 10.
    pub healthy_threshold: u32,
    /// Consecutive failures that make a healthy target unhealthy. Default 2, 2 to 10.
    pub unhealthy_threshold: u32,
    /// Stores that the check asks too; empty is a shallow check.
    pub dependencies: Vec<StoreId>,
    /// CPU demand of answering a check, in seconds. A modelling choice; 1 ms.
    pub compute: Dist,
    /// From registration to the first check's phase. AWS gives no figure for an ALB; 5 s.
    pub registration_delay: Duration,
}
