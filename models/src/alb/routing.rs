//! A request through a node: to a target, and its answer back.
//!
//! ```text
//!  Request{node} ─target group by the listener, sticky target or pick─► instance::Deliver ─► Reply ─► client::Answer
//!       └ nobody: 503   └ silence: ConnectTimeout 504   └ IdleTimeout 504    └ refused, reset: 502
//! ```
//! # Models      the choice of a target: a session's, one in slow start, by weight, or by the algorithm; connect and idle
//!   timers; the codes a node answers with
//! # Leaves out  retries of a failed connect
//! # Source      Elastic Load Balancing user guide, "Application Load Balancers"; `aws/network.md` §3.5, §3.9, §3.12

use super::sticky::is_session;
use super::{Albs, Event, Group};
use crate::network::Place;
use crate::plan::*;
use crate::request::*;
use crate::shared::Cx;
use crate::{Outcome, client, event, instance};
use sim_core::Table;

impl Albs {
    /// A request reaches a node: pick a target and pass it on. `legs`: ways it has gone for redirects.
    #[inline(always)]
    pub(super) fn request(&mut self, index: u16, at: RequestRef, legs: u8, cx: &mut Cx) {
        let Some(&request) = cx.request(at) else { return };
        let now = cx.now();
        let node = &self.nodes[index as usize];
        if cx.environment.disturbed && !cx.environment.powered(node.zone) {
            return;
        }
        let endpoint = match legs {
            0 => request.endpoint,
            _ => self.balancers[node.balancer].listener.followed(request.endpoint, legs / 2),
        };
        let group_id = match self.balancers[node.balancer].only {
            Some(only) => only,
            None => match self.listen(index, at, &request, (endpoint, legs), cx) {
                Some(group) => group,
                None => return,
            },
        };
        let target = match &self.groups[group_id] {
            group if group.choosy => self.choose(index, group_id, &request, cx),
            group => {
                let node = &mut self.nodes[index as usize];
                node.views[group_id].pick(group.algorithm, &mut node.picks)
            }
        };
        let Some(target) = target else {
            cx.observe.balancer(self.nodes[index as usize].balancer).connections.answered += 1;
            return self.respond(index, at, cx.caller_place(&request), Outcome::ServiceUnavailable, cx);
        };
        let node = &mut self.nodes[index as usize];
        let view = &mut node.views[group_id];
        let group = &self.groups[group_id];
        if group.algorithm == Algorithm::LeastOutstandingRequests {
            view.count(target, 1);
            if !group.choosy {
                self.groups[group_id].pick_counted(target);
            }
        }
        let group = &self.groups[group_id];
        let balancer = &self.balancers[node.balancer];
        let (idle, connect) = (balancer.idle, balancer.connect);
        let bytes = cx.plan.sites[request.site].bytes();
        cx.observe.routed(node.balancer, group_id, view.failing_open, bytes);
        let endpoint = match &group.mixed {
            None => group.answers[endpoint],
            Some(mixed) => answer_of(mixed, target, endpoint, cx),
        };
        let pc = cx.program.endpoint[endpoint];
        let call = cx.new_call(Call {
            node: index,
            target_group: group_id,
            ..Call::sent(Waiter::Node(at), request.luck, pc, endpoint, target, now)
        });
        let row = &mut cx.requests[at.id];
        row.call = call;
        row.instance = target.index() as u32;
        let (from, to) = (cx.nodes[index as usize].place, cx.place_of(target));
        let backend = &mut node.backends[target.index()];
        backend.spare -= 1;
        if backend.spare < 0 && self.find_backend(index, target, cx) {
            return self.meets_close(index, call, cx);
        }
        if !cx.connect(from, to, event::Event::Instance(instance::Event::Deliver(call))) {
            cx.calls[call.id].state = CallState::Lost;
            cx.list.via(connect, event::Event::Alb(Event::ConnectTimeout(call)));
        }
        if let Some(lane) = idle {
            cx.list.via(lane, event::Event::Alb(Event::IdleTimeout(call)));
        }
    }

    /// A target in a group where more counts than the algorithm: the session's, or one by share or weight.
    #[inline(never)]
    fn choose(&mut self, index: u16, id: TargetGroupId, request: &Request, cx: &mut Cx) -> Option<InstanceId> {
        let now = cx.now();
        let node = &mut self.nodes[index as usize];
        let view = &mut node.views[id];
        let group = &self.groups[id];
        if let Some(sticky) = &group.sticky
            && is_session(request)
        {
            let known = sticky.jar.get(request, now).filter(|target| view.candidates.contains(target));
            if let Some(target) = known {
                self.groups[id].pick_counted(target);
                return known;
            }
            cx.observe.not_sticky(id);
        }
        let target = match (&group.slow_start, &group.weights) {
            (Some(slow), _) if !view.ramps.is_empty() => view.pick_ramped(&slow.settings, now),
            (_, Some(weights)) if weights.uneven => weights.pick(&view.candidates, &mut node.picks),
            _ => view.pick(group.algorithm, &mut node.picks),
        };
        if let Some(target) = target {
            self.groups[id].pick_counted(target);
        }
        target
    }

    /// A request reaches a node that does not work request by request, or has nowhere to send it.
    #[cold]
    #[inline(never)]
    pub(super) fn other_kind(&mut self, index: u16, at: RequestRef, cx: &mut Cx) {
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
            // Its connection is at rest.
            self.nodes[call.node as usize].backends[call.instance.index()].spare += 1;
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
        if self.groups[call.target_group].heeds {
            let request = match call.waiter {
                Waiter::Node(request) => cx.request(request).copied(),
                _ => None,
            };
            self.heed(&call, request.as_ref(), outcome, cx);
        }
        let node = &self.nodes[call.node as usize];
        let answered = !matches!(seen, Outcome::BadGateway | Outcome::Abandoned);
        if answered {
            let now = cx.now();
            cx.observe.responded(node.balancer, call.target_group, now - call.sent_at, outcome);
        } else {
            self.backend_gone(&call);
        }
        if let Waiter::Node(request) = call.waiter
            && let Some(row) = cx.request(request)
        {
            self.respond(call.node, request, cx.caller_place(row), seen, cx);
        }
    }

    /// Sends an answer to the caller, and counts it if the node made it.
    pub(super) fn respond(&mut self, index: u16, at: RequestRef, to: Place, outcome: Outcome, cx: &mut Cx) {
        let node = &self.nodes[index as usize];
        match outcome {
            Outcome::BadGateway | Outcome::ServiceUnavailable | Outcome::GatewayTimeout => {
                cx.observe.elb_5xx(node.balancer, outcome);
            }
            Outcome::ClientError => cx.observe.elb_4xx(node.balancer),
            _ => {}
        }
        self.answer(index, at, to, outcome, cx);
    }

    /// Sends an answer to the caller.
    pub(super) fn answer(&mut self, index: u16, at: RequestRef, to: Place, outcome: Outcome, cx: &mut Cx) {
        let from = cx.nodes[index as usize].place;
        cx.send(from, to, event::Event::Client(client::Event::Answer { request: at, outcome }));
    }

    /// No connection to a target came about in time.
    #[cold]
    #[inline(never)]
    pub(super) fn connect_timeout(&mut self, at: CallRef, cx: &mut Cx) {
        let Some(&call) = cx.call(at) else { return };
        if call.waiter != Waiter::Nobody {
            cx.observe.not_connected(call.target_group);
            if self.groups[call.target_group].heeds {
                self.heed(&call, None, Outcome::GatewayTimeout, cx);
            }
        }
        self.give_up(at, Outcome::GatewayTimeout, cx);
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

impl Group {
    /// Counts a target that was chosen.
    fn pick_counted(&mut self, target: InstanceId) {
        if self.picked.len() <= target.index() {
            self.picked.resize(target.index() + 1, 0);
        }
        self.picked[target.index()] += 1;
    }
}

/// For every endpoint, the one of the same name in the service that runs behind a target group; itself if there is none.
pub(super) fn answers(plan: &Plan, group: TargetGroupId) -> Table<EndpointId, EndpointId> {
    twins(plan, behind(plan, group).first().copied())
}

/// The same for each service, if several run behind a target group.
pub(super) fn mixed(plan: &Plan, group: TargetGroupId) -> Option<Table<ServiceId, Table<EndpointId, EndpointId>>> {
    let several = behind(plan, group).len() > 1;
    several.then(|| plan.services.ids().map(|service| twins(plan, Some(service))).collect())
}

/// The endpoint that a target's own service has for one of that name.
#[cold]
#[inline(never)]
fn answer_of(
    mixed: &Table<ServiceId, Table<EndpointId, EndpointId>>,
    target: InstanceId,
    endpoint: EndpointId,
    cx: &Cx,
) -> EndpointId {
    cx.directory.facts(target).service.map_or(endpoint, |service| mixed[service][endpoint])
}

/// The services that run behind a target group.
pub(super) fn behind(plan: &Plan, group: TargetGroupId) -> Vec<ServiceId> {
    let behind = |service: &Service| plan.fleets[service.fleet].target_groups.contains(&group);
    plan.services.iter().filter(|(_, service)| behind(service)).map(|(id, _)| id).collect()
}

fn twins(plan: &Plan, service: Option<ServiceId>) -> Table<EndpointId, EndpointId> {
    let twin = |asked: &Endpoint| {
        let same = |endpoint: &Endpoint| Some(endpoint.service) == service && endpoint.name == asked.name;
        plan.endpoints.iter().find(|(_, endpoint)| same(endpoint)).map(|(id, _)| id)
    };
    plan.endpoints.iter().map(|(id, endpoint)| twin(endpoint).unwrap_or(id)).collect()
}
