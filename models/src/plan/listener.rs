//! Listener rules, zonal shift and capacity of an Application Load Balancer (network.md §3.1, §3.5, §3.9, §3.14, §6).

use super::{EndpointId, TargetGroupId};
use sim_core::Duration;

/// What a listener does with a request: the first rule that matches, in ascending priority; else the default action.
#[derive(Clone, Debug, Default)]
pub struct ListenerRules {
    /// In ascending priority.
    pub rules: Vec<ListenerRule>,
    /// `TargetGroupStickinessConfig` of the default forward action (cookie `AWSALBTG`): how long a session stays with its
    /// target group. 1 s to 7 d; none: off.
    pub stickiness: Option<Duration>,
    /// The default action, if it is not to forward.
    pub otherwise: Option<Response>,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct ListenerRule {
    /// 1 to 50,000, no two alike; the lowest is evaluated first.
    pub priority: u32,
    /// Its path condition: endpoints that match, of all services.
    pub endpoints: Vec<EndpointId>,
    /// What is done with those.
    pub action: RuleAction,
}

/// What a rule does.
#[derive(Clone, Debug)]
pub enum RuleAction {
    /// To target groups by weight; no failover between them.
    Forward {
        /// Target groups with their weights (0 to 999).
        to: Vec<(TargetGroupId, u32)>,
        /// `TargetGroupStickinessConfig`, as in [`ListenerRules::stickiness`].
        stickiness: Option<Duration>,
    },
    /// An answer of the balancer's own.
    Respond(Response),
}

/// An answer of the balancer's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// `fixed-response` with this status code: 2XX, 4XX, 502, 503 or 504.
    Fixed(u16),
    /// `redirect`: the client asks again, for this endpoint.
    Redirect(EndpointId),
}

/// When a node's place in DNS is lost to its target groups (network.md §12.4: AWS says both).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DnsNeeds {
    /// One target group that passes its threshold will do.
    #[default]
    AnyGroup,
    /// Every target group that has targets must pass its threshold.
    EveryGroup,
}

/// Zonal shift of a balancer (network.md §6).
#[derive(Clone, Debug, Default)]
pub struct ShiftSettings {
    /// `zonal_shift.config.enabled`. Default false; without it StartZonalShift is refused.
    pub enabled: bool,
    /// Zonal autoshift: AWS shifts away from a zone that is ill. Default false.
    pub autoshift: bool,
    /// From the zone's trouble, or its end, to AWS acting on it. Not documented; 300 s.
    pub autoshift_detection: Duration,
    /// From the call to its effect on DNS and nodes. Not documented; 10 s.
    pub propagation: Duration,
}

/// The capacity of a balancer that scales by itself (network.md §3.14). A modelling choice, off by default.
#[derive(Clone, Debug)]
pub struct BalancerCapacity {
    /// Requests per second that it can take at the start; never scales below.
    pub start: f64,
    /// In how long it can double. 300 s.
    pub doubling: Duration,
    /// How long the load must be low before it shrinks. 1 h.
    pub shrink_after: Duration,
}

impl super::Balancer {
    /// Every target group that some rule or the default action forwards to, each once.
    pub fn groups(&self) -> Vec<TargetGroupId> {
        let mut groups: Vec<TargetGroupId> = Vec::new();
        let of_rules = self.listener.rules.iter().filter_map(|rule| match &rule.action {
            RuleAction::Forward { to, .. } => Some(to),
            RuleAction::Respond(_) => None,
        });
        for entry in self.forward.iter().chain(of_rules.flatten()) {
            if !groups.contains(&entry.0) {
                groups.push(entry.0);
            }
        }
        groups
    }

    /// Whether some rule or the default action forwards to the group.
    pub fn forwards_to(&self, group: TargetGroupId) -> bool {
        self.groups().contains(&group)
    }
}
