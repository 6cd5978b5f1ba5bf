//! Where requests would go: the shares of target groups and targets, for traffic that is a rate and no requests.
//!
//! # Models      rules, redirects, fixed responses and weights of the forward action; a node's candidates, all alike
//! # Leaves out  stickiness, slow start and automatic target weights: over long spans they even out

use super::Albs;
use super::listener::Listener;
use crate::plan::*;
use crate::request::InstanceId;
use crate::shared::Cx;

/// What becomes of requests for an endpoint at a balancer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Split {
    /// Share that each target group is given.
    pub forwarded: Vec<(TargetGroupId, f64)>,
    /// Share that the balancer answers well by itself.
    pub answered: f64,
}

impl Albs {
    /// What becomes of requests for an endpoint: shares that add up to 1, or to less where the balancer refuses some.
    pub(crate) fn split(&self, balancer: BalancerId, endpoint: EndpointId, plan: &Plan) -> (EndpointId, Split) {
        let settings = &plan.balancers[balancer];
        let listener: &Listener = &self.balancers[balancer].listener;
        // As often as a client follows redirects.
        let endpoint = listener.followed(endpoint, 10);
        let rule = settings.listener.rules.iter().find(|rule| rule.endpoints.contains(&endpoint));
        let respond = |response: &Response| Split {
            forwarded: Vec::new(),
            answered: if matches!(response, Response::Fixed(200..=499)) { 1.0 } else { 0.0 },
        };
        let split = match (rule.map(|rule| &rule.action), &settings.listener.otherwise) {
            (Some(RuleAction::Forward { to, .. }), _) => by_weight(to),
            (Some(RuleAction::Respond(response)), _) | (None, Some(response)) => respond(response),
            (None, None) => by_weight(&settings.forward),
        };
        (endpoint, split)
    }

    /// The targets that a node routes to, in turn.
    pub(crate) fn candidates(&self, node: u16, group: TargetGroupId) -> &[InstanceId] {
        &self.nodes[node as usize].views[group].candidates
    }

    /// The endpoint that a target of a group runs for one of that name.
    pub(crate) fn endpoint_at(
        &self,
        group: TargetGroupId,
        target: InstanceId,
        endpoint: EndpointId,
        cx: &Cx,
    ) -> EndpointId {
        let row = &self.groups[group];
        match (&row.mixed, cx.directory.facts(target).service) {
            (Some(mixed), Some(service)) => mixed[service][endpoint],
            _ => row.answers[endpoint],
        }
    }
}

fn by_weight(to: &[(TargetGroupId, u32)]) -> Split {
    let total: u32 = to.iter().map(|entry| entry.1).sum();
    let share = |entry: &(TargetGroupId, u32)| (entry.0, f64::from(entry.1) / f64::from(total));
    let forwarded = to.iter().filter(|entry| entry.1 > 0).map(share).collect();
    Split { forwarded, answered: 0.0 }
}
