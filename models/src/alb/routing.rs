//! A request through a node: to a target, and its answer back.
//!
//! ```text
//!  Request{node} ─target group by weight, sticky target or pick─► instance::Deliver ─► Reply ─► client::Answer
//!       └ nobody: 503   └ silence: ConnectTimeout 504   └ IdleTimeout 504    └ refused, reset: 502
//! ```
//! # Models      weighted target groups; duration-cookie stickiness; connect and idle timers; the codes a node answers with
//! # Leaves out  retries of a failed connect
//! # Source      Elastic Load Balancing user guide, "Application Load Balancers"; `aws/network.md` §3.5, §3.9, §3.12

use super::{Albs, Event};
use crate::network::Place;
use crate::plan::*;
use crate::request::*;
use crate::shared::Cx;
use crate::{Outcome, client, event, instance};
use sim_core::{Table, Words};

impl Albs {
    /// A request reaches a node: pick a target and pass it on.
    pub(super) fn request(&mut self, index: u16, at: RequestRef, cx: &mut Cx) {
        let Some(&request) = cx.request(at) else { return };
        let now = cx.now();
        let node = &mut self.nodes[index as usize];
        if cx.environment.disturbed && !cx.environment.powered(node.zone) {
            return;
        }
        let balancer = &self.balancers[node.balancer];
        let group_id = match balancer.forward[..] {
            [only] => only.1,
            [] => return self.other_kind(index, at, cx),
            _ => {
                let pick = node.picks.below(balancer.forward[balancer.forward.len() - 1].0);
                balancer.forward.iter().find(|entry| pick < entry.0).map_or(balancer.forward[0].1, |entry| entry.1)
            }
        };
        let group = &mut self.groups[group_id];
        let view = &mut node.views[group_id];
        let sticky = group.stickiness.and_then(|_| group.sticky.get(&(request.site, request.user)).copied());
        let target = match sticky {
            Some((target, end)) if is_session(&request) && end > now && view.candidates.contains(&target) => {
                Some(target)
            }
            _ => view.pick(group.algorithm, &mut node.picks),
        };
        let Some(target) = target else {
            return self.respond(index, at, cx.caller_place(&request), Outcome::ServiceUnavailable, cx);
        };
        if let Some(length) = group.stickiness
            && is_session(&request)
        {
            group.sticky.insert((request.site, request.user), (target, now + length));
        }
        if group.algorithm == Algorithm::LeastOutstandingRequests {
            view.count(target, 1);
        }
        let (idle, connect) = (balancer.idle, balancer.connect);
        let bytes = cx.plan.sites[request.site].bytes();
        cx.observe.routed(node.balancer, group_id, view.failing_open, bytes);
        let endpoint = group.answers[request.endpoint];
        let pc = cx.program.endpoint[endpoint];
        let call = cx.new_call(Call {
            waiter: Waiter::Node(at),
            luck: request.luck,
            queued_at: now,
            sent_at: now,
            until: now,
            pc,
            pending: 0,
            outcome: Outcome::Ok,
            state: CallState::Travelling,
            holds_worker: false,
            instance: target,
            node: index,
            target_group: group_id,
            endpoint,
        });
        let row = &mut cx.requests[at.id];
        row.call = call;
        row.instance = target.index() as u32;
        let (from, to) = (cx.nodes[index as usize].place, cx.place_of(target));
        if !cx.connect(from, to, event::Event::Instance(instance::Event::Deliver(call))) {
            cx.calls[call.id].state = CallState::Lost;
            cx.list.via(connect, event::Event::Alb(Event::ConnectTimeout(call)));
        }
        if let Some(lane) = idle {
            cx.list.via(lane, event::Event::Alb(Event::IdleTimeout(call)));
        }
    }

    /// A request reaches a node that does not work request by request, or has nowhere to send it.
    #[cold]
    #[inline(never)]
    fn other_kind(&mut self, index: u16, at: RequestRef, cx: &mut Cx) {
        let plan = cx.plan;
        match &plan.balancers[self.nodes[index as usize].balancer].kind {
            BalancerKind::Network(settings) => self.flow(index, at, settings, cx),
            BalancerKind::Classic(_) => self.surge(index, at, cx),
            BalancerKind::Application => {
                if let Some(row) = cx.request(at) {
                    self.respond(index, at, cx.caller_place(row), Outcome::ServiceUnavailable, cx);
                }
            }
        }
    }

    /// A target has answered: count it, and pass the answer on.
    pub(super) fn reply(&mut self, at: CallRef, outcome: Outcome, cx: &mut Cx) {
        let Some(&call) = cx.call(at) else { return };
        cx.calls.remove(at.id);
        // One that was given up while its answer was on the way has been settled then.
        if call.waiter != Waiter::Nobody {
            self.settle(&call, cx);
        }
        let node = &self.nodes[call.node as usize];
        if cx.environment.disturbed && !cx.environment.powered(node.zone) {
            return;
        }
        let seen = match outcome {
            Outcome::Refused => {
                cx.observe.not_connected(call.target_group);
                Outcome::BadGateway
            }
            other => other,
        };
        let answered = !matches!(seen, Outcome::BadGateway | Outcome::Abandoned);
        if answered {
            let now = cx.now();
            cx.observe.responded(node.balancer, call.target_group, now - call.sent_at, outcome);
        }
        if let Waiter::Node(request) = call.waiter
            && let Some(row) = cx.request(request)
        {
            self.respond(call.node, request, cx.caller_place(row), seen, cx);
        }
    }

    /// Sends an answer to the caller.
    pub(super) fn respond(&mut self, index: u16, at: RequestRef, to: Place, outcome: Outcome, cx: &mut Cx) {
        let node = &self.nodes[index as usize];
        if matches!(outcome, Outcome::BadGateway | Outcome::ServiceUnavailable | Outcome::GatewayTimeout) {
            cx.observe.elb_5xx(node.balancer, outcome);
        }
        let from = cx.nodes[index as usize].place;
        cx.send(from, to, event::Event::Client(client::Event::Answer { request: at, outcome }));
    }

    #[cold]
    #[inline(never)]
    pub(super) fn silent(&mut self, at: CallRef, connected: bool, cx: &mut Cx) {
        let Some(call) = cx.call_mut(at) else { return };
        call.state = CallState::Lost;
        let call = *call;
        let balancer = &self.balancers[self.nodes[call.node as usize].balancer];
        if !connected {
            cx.list.via(balancer.connect, event::Event::Alb(Event::ConnectTimeout(at)));
        } else if balancer.idle.is_none() {
            // Every caller gives up before the idle timer would.
            cx.calls.remove(at.id);
            self.settle(&call, cx);
        }
    }

    /// A node waits no longer for a call, and answers in its stead: a timer has run out (504), or draining is over (502).
    /// A server that still works on it does so for nobody.
    #[cold]
    #[inline(never)]
    pub(super) fn give_up(&mut self, at: CallRef, outcome: Outcome, cx: &mut Cx) {
        let Some(&call) = cx.call(at) else { return };
        let Waiter::Node(request) = call.waiter else { return };
        self.settle(&call, cx);
        if call.state == CallState::Lost {
            cx.calls.remove(at.id);
        } else {
            cx.calls[at.id].waiter = Waiter::Nobody;
        }
        if let Some(row) = cx.request(request) {
            self.respond(call.node, request, cx.caller_place(row), outcome, cx);
        }
    }

    /// A call is no longer in progress for its node.
    // Inlined, so that of a call only what is read here is copied.
    #[inline(always)]
    pub(super) fn settle(&mut self, call: &Call, cx: &mut Cx) {
        let group = &self.groups[call.target_group];
        if group.algorithm == Algorithm::LeastOutstandingRequests {
            self.nodes[call.node as usize].views[call.target_group].count(call.instance, -1);
        }
        if !group.draining.is_empty() {
            self.drained_early(call.target_group, call.instance, cx);
        }
    }
}

/// Whether a request belongs to a session that could stick: those of services that call are strangers.
pub(super) fn is_session(request: &Request) -> bool {
    request.user != 0 && request.parent == CallRef::NONE
}

/// For every endpoint, the one of the same name in the service that runs behind a target group; itself if there is none.
pub(super) fn answers(plan: &Plan, group: TargetGroupId) -> Table<EndpointId, EndpointId> {
    let behind = |service: &Service| plan.fleets[service.fleet].target_groups.contains(&group);
    let service = plan.services.iter().find(|(_, service)| behind(service)).map(|(id, _)| id);
    let twin = |asked: &Endpoint| {
        let same = |endpoint: &Endpoint| Some(endpoint.service) == service && endpoint.name == asked.name;
        plan.endpoints.iter().find(|(_, endpoint)| same(endpoint)).map(|(id, _)| id)
    };
    plan.endpoints.iter().map(|(id, endpoint)| twin(endpoint).unwrap_or(id)).collect()
}
