//! What a listener does with a request: rules by endpoint, and the actions of the balancer's own.
//!
//! ```text
//!  Request ─► first rule whose path condition matches, else the default ─┬─ forward: group by cookie, else by weight
//!                                                                        ├─ fixed-response ─► client::Answer
//!                                                                        └─ redirect ─► client ─► asks again
//! ```
//! # Models      priorities; conditions on endpoints; weighted forward with `AWSALBTG` stickiness; fixed responses;
//!   redirects, each a round trip of the client's; rule evaluations; rejection beyond the capacity
//! # Leaves out  conditions on hosts, headers, methods and addresses; redirects to another balancer; authentication
//! # Source      Elastic Load Balancing user guide, "Listener rules"; `aws/network.md` §3.5, §3.9

use super::sticky::{Jar, is_session};
use super::{Albs, Event};
use crate::plan::*;
use crate::request::{Request, RequestRef};
use crate::shared::Cx;
use crate::{Outcome, event};
use sim_core::{Table, Time, Words};

/// A listener's rules, ready for use.
pub(super) struct Listener {
    /// For each endpoint: which action, and how many rules were looked at to find it.
    routes: Table<EndpointId, (usize, u32)>,
    /// The actions of the rules, and last the default.
    actions: Vec<Deed>,
}

enum Deed {
    Forward(Forward),
    Respond(Response),
}

struct Forward {
    /// Target groups with cumulated weight.
    to: Vec<(u32, TargetGroupId)>,
    /// Which group a session stays with, if it does.
    cookies: Option<Jar<TargetGroupId>>,
}

impl Forward {
    fn deed(to: &[(TargetGroupId, u32)], stickiness: Option<sim_core::Duration>) -> Deed {
        let mut sum = 0;
        let to = to.iter().filter(|entry| entry.1 > 0).map(|&(group, weight)| {
            sum += weight;
            (sum, group)
        });
        Deed::Forward(Forward { to: to.collect(), cookies: stickiness.map(Jar::new) })
    }

    /// The group for a request: the one of its cookie, else one by weight. None if there is none to choose from.
    fn choose(&mut self, request: &Request, picks: &mut sim_core::Stream, now: Time) -> Option<TargetGroupId> {
        let to = &self.to;
        // A group that has left the rule, or whose weight is 0 by now, is chosen no more; here rules do not change.
        if let Some(cookies) = &mut self.cookies
            && is_session(request)
        {
            let known = cookies.get(request, now);
            let group = known.or_else(|| by_weight(to, picks))?;
            cookies.put(request, group, now);
            return Some(group);
        }
        by_weight(to, picks)
    }
}

fn by_weight(to: &[(u32, TargetGroupId)], picks: &mut sim_core::Stream) -> Option<TargetGroupId> {
    match to {
        [] => None,
        [only] => Some(only.1),
        [first, .., last] => {
            let pick = picks.below(last.0);
            Some(to.iter().find(|entry| pick < entry.0).map_or(first.1, |entry| entry.1))
        }
    }
}

impl Listener {
    /// Whether all requests take the default action, and that is to forward.
    pub fn is_plain(settings: &Balancer) -> bool {
        settings.listener.rules.is_empty() && settings.listener.otherwise.is_none()
    }

    /// The listener of a balancer.
    pub fn new(plan: &Plan, settings: &Balancer) -> Self {
        let ListenerRules { rules, stickiness, otherwise } = &settings.listener;
        let mut actions: Vec<Deed> = rules
            .iter()
            .map(|rule| match &rule.action {
                RuleAction::Forward { to, stickiness } => Forward::deed(to, *stickiness),
                RuleAction::Respond(response) => Deed::Respond(*response),
            })
            .collect();
        actions.push(match otherwise {
            Some(response) => Deed::Respond(*response),
            None => Forward::deed(&settings.forward, *stickiness),
        });
        let route = |endpoint| {
            let first = rules.iter().position(|rule| rule.endpoints.contains(&endpoint));
            let evaluated = first.map_or(rules.len(), |index| index + 1);
            (first.unwrap_or(rules.len()), evaluated as u32)
        };
        Listener { routes: plan.endpoints.ids().map(route).collect(), actions }
    }

    /// The endpoint that is asked for after so many redirects.
    pub fn followed(&self, endpoint: EndpointId, redirects: u8) -> EndpointId {
        (0..redirects).fold(endpoint, |at, _| match &self.actions[self.routes[at].0] {
            Deed::Respond(Response::Redirect(next)) => *next,
            _ => at,
        })
    }
}

impl Albs {
    /// The target group for a request that asks for this endpoint; none if the node has answered it itself.
    // The way of balancers with rules or weights: out of the way of those that have neither.
    #[inline(never)]
    pub(super) fn listen(
        &mut self,
        index: u16,
        at: RequestRef,
        request: &Request,
        (endpoint, legs): (EndpointId, u8),
        cx: &mut Cx,
    ) -> Option<TargetGroupId> {
        let now = cx.now();
        let node = &mut self.nodes[index as usize];
        let balancer_id = node.balancer;
        if !matches!(cx.plan.balancers[balancer_id].kind, BalancerKind::Application) {
            self.other_kind(index, at, cx);
            return None;
        }
        let balancer = &mut self.balancers[balancer_id];
        if let Some(capacity) = &mut balancer.capacity
            && !capacity.admits(now)
        {
            cx.observe.rejected(balancer_id);
            let to = cx.caller_place(request);
            self.answer(index, at, to, Outcome::ServiceUnavailable, cx);
            return None;
        }
        let carried = cx.connections.of(at).is_some();
        let (action, evaluated) = balancer.listener.routes[endpoint];
        cx.observe.rules_evaluated(balancer_id, evaluated);
        let response = match &mut balancer.listener.actions[action] {
            Deed::Forward(forward) => match forward.choose(request, &mut node.picks, now) {
                Some(group) => {
                    cx.observe.balancer(balancer_id).connections.carried += u64::from(carried);
                    return Some(group);
                }
                None => Response::Fixed(503),
            },
            Deed::Respond(response) => *response,
        };
        let to = cx.caller_place(request);
        match response {
            Response::Fixed(code) => {
                let counts = &mut cx.observe.balancer(balancer_id).connections;
                counts.answered += 1;
                counts.carried += u64::from(carried);
                self.respond(index, at, to, outcome(code), cx)
            }
            Response::Redirect(_) => {
                cx.observe.redirected(balancer_id);
                let from = cx.nodes[index as usize].place;
                let event = Event::Redirected { node: index, legs: legs.saturating_add(1), request: at };
                cx.send(from, to, event::Event::Alb(event));
            }
        }
        None
    }

    /// A redirect has reached the client, which asks again; or that has come back to the node.
    pub(super) fn redirected(&mut self, index: u16, legs: u8, at: RequestRef, cx: &mut Cx) {
        if legs.is_multiple_of(2) {
            return self.request(index, at, legs, cx);
        }
        let Some(request) = cx.request(at) else { return };
        let from = cx.caller_place(request);
        let to = cx.nodes[index as usize].place;
        let event = Event::Redirected { node: index, legs: legs.saturating_add(1), request: at };
        cx.send(from, to, event::Event::Alb(event));
    }
}

/// How a fixed response ends a request.
fn outcome(code: u16) -> Outcome {
    match code {
        200..=299 => Outcome::Ok,
        400..=499 => Outcome::ClientError,
        502 => Outcome::BadGateway,
        504 => Outcome::GatewayTimeout,
        _ => Outcome::ServiceUnavailable,
    }
}
