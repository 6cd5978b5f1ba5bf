//! Classic Load Balancers: a node keeps what no instance has room for in a surge queue, and turns the rest away.
//!
//! ```text
//!  client ─► Request{node} ─ some instance has room ─► instance::Deliver ─► Reply ─► client::Answer
//!               ├ nobody healthy: 503                       └ refused: back to the head of the queue, another instance
//!               ├ none has room: surge queue (1,024) ◄──────┘                 │ silence: ConnectTimeout
//!               └ queue full: spillover, 503          ◄─ a slot is free: the first in the queue
//! ```
//! # Models      least outstanding requests (HTTP), round robin (TCP); a queue per node; retries of refused connections;
//!   idle timeout from arrival; cookie stickiness; no fail-open. Nodes, views, registration and DNS are those of all balancers
//! # Leaves out  the scaling of the balancer itself; kept connections of a TCP listener, whose requests are balanced one by one;
//!   connections opened in advance take no time, as all connections to targets here
//! # Source      Elastic Load Balancing user guide, "Classic Load Balancers"; `aws/network.md` §5

use super::Albs;
use super::sticky::is_session;
use crate::event::{self, events};
use crate::plan::*;
use crate::request::*;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{Outcome, instance};
use sim_core::{Stream, Time, Words};
use std::collections::VecDeque;

events! {
    /// What happens to nodes that queue.
    pub enum Event {
        /// An instance has answered, refused or reset.
        Reply {
            /// Its call.
            call: CallRef,
            /// How.
            outcome: Outcome,
        },
        /// The host of a call does not answer.
        Silent {
            /// Its call.
            call: CallRef,
            /// Whether a connection stood when it fell silent.
            connected: bool,
        },
        /// TCP connect to an instance ran out.
        ConnectTimeout(CallRef),
        /// A request has been at its node for the idle timeout.
        IdleTimeout {
            /// Node.
            node: u16,
            /// The request.
            request: RequestRef,
        },
        /// An instance that refused may be tried again.
        TryAgain(u16),
    }
}

/// The queue of a node.
#[derive(Debug, Default)]
pub(super) struct Surge {
    /// Requests that wait for room. One whose caller has gone is dropped when it is met.
    queue: VecDeque<RequestRef>,
    /// Connections per instance.
    outstanding: Vec<u32>,
    /// An instance that refused is left alone until then.
    shunned: Vec<Time>,
    next: usize,
    /// The entry that says that the queue is full, and requests turned away since.
    full: Option<(EntryId, u64)>,
}

impl Surge {
    fn outstanding(&mut self, target: InstanceId) -> &mut u32 {
        let needed = target.index() + 1;
        if self.outstanding.len() < needed {
            self.outstanding.resize(needed, 0);
            self.shunned.resize(needed, Time::ZERO);
        }
        &mut self.outstanding[target.index()]
    }

    fn shun(&mut self, target: InstanceId, until: Time) {
        self.outstanding(target);
        self.shunned[target.index()] = until;
    }

    fn has_room(&self, target: InstanceId, capacity: u32, now: Time) -> bool {
        let of = target.index();
        self.outstanding.get(of).is_none_or(|&count| count < capacity) && self.shunned.get(of).is_none_or(|&t| t <= now)
    }

    /// An instance with room.
    fn pick(
        &mut self,
        candidates: &[InstanceId],
        settings: &ClassicBalancer,
        now: Time,
        picks: &mut Stream,
    ) -> Option<InstanceId> {
        let room = |target: &InstanceId| self.has_room(*target, settings.instance_capacity, now);
        match settings.listener {
            Listener::Http => {
                let load = |target: &InstanceId| self.outstanding.get(target.index()).copied().unwrap_or(0);
                let least = candidates.iter().filter(|target| room(target)).map(load).min()?;
                let ties = candidates.iter().filter(|target| room(target) && load(target) == least);
                let pick = picks.below(ties.clone().count() as u32) as usize;
                ties.copied().nth(pick)
            }
            Listener::Tcp => {
                let count = candidates.len();
                let turn =
                    (1..=count).map(|step| (self.next + step) % count.max(1)).find(|&turn| room(&candidates[turn]))?;
                self.next = turn;
                Some(candidates[turn])
            }
        }
    }
}

impl Albs {
    /// Handles what happens to nodes that queue.
    #[inline(never)]
    pub fn handle_classic(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Reply { call, outcome } => self.classic_reply(call, outcome, cx),
            Event::Silent { call, connected } => self.classic_silent(call, connected, cx),
            Event::ConnectTimeout(call) => {
                if let Some(&row) = cx.call(call)
                    && row.state == CallState::Lost
                {
                    cx.calls.remove(call.id);
                    self.refused(&row, cx);
                }
            }
            Event::IdleTimeout { node, request } => self.classic_idle(node, request, cx),
            Event::TryAgain(node) => self.dequeue(node, cx),
        }
    }

    /// The settings of a node's balancer, and the one group that stands for its instances.
    fn classic(&self, index: u16, cx: &Cx) -> Option<(ClassicBalancer, TargetGroupId)> {
        let balancer = &cx.plan.balancers[self.nodes[index as usize].balancer];
        match balancer.kind {
            BalancerKind::Classic(settings) => Some((settings, balancer.forward.first()?.0)),
            _ => None,
        }
    }

    /// A request reaches a node.
    pub(super) fn surge(&mut self, index: u16, at: RequestRef, cx: &mut Cx) {
        let Some((settings, group)) = self.classic(index, cx) else {
            return self.turn_away(index, at, Outcome::ServiceUnavailable, cx);
        };
        if let Some(lane) = self.balancers[self.nodes[index as usize].balancer].idle {
            cx.list.via(lane, event::Event::Classic(Event::IdleTimeout { node: index, request: at }));
        }
        if self.nodes[index as usize].views[group].candidates.is_empty() {
            return self.turn_away(index, at, Outcome::ServiceUnavailable, cx);
        }
        if self.surges[index as usize].queue.is_empty()
            && let Some(target) = self.choose_with_room(index, at, &settings, group, cx)
        {
            return self.pass(index, at, target, group, cx);
        }
        let surge = &mut self.surges[index as usize];
        if surge.queue.len() >= settings.surge_queue as usize {
            surge.queue.retain(|&waiting| cx.request(waiting).is_some());
        }
        let balancer = self.nodes[index as usize].balancer;
        if surge.queue.len() >= settings.surge_queue as usize {
            cx.observe.edge(balancer).spilled();
            self.note_full(index, settings.surge_queue, cx);
            return self.turn_away(index, at, Outcome::SurgeQueueFull, cx);
        }
        surge.queue.push_back(at);
        let length = surge.queue.len() as u64;
        cx.observe.edge(balancer).surge(length);
        // Whoever waited for room that is there by now goes first.
        self.dequeue(index, cx);
    }

    /// The instance of the session's cookie, or the one whose turn it is.
    fn choose_with_room(
        &mut self,
        index: u16,
        at: RequestRef,
        settings: &ClassicBalancer,
        group_id: TargetGroupId,
        cx: &Cx,
    ) -> Option<InstanceId> {
        let request = *cx.request(at)?;
        let now = cx.now();
        let node = &mut self.nodes[index as usize];
        let group = &mut self.groups[group_id];
        let surge = &mut self.surges[index as usize];
        let candidates = &node.views[group_id].candidates;
        let mut session = group.sticky.as_mut().filter(|_| is_session(&request));
        let named = session
            .as_ref()
            .and_then(|sticky| sticky.jar.get(&request, now))
            .filter(|target| candidates.contains(target) && surge.has_room(*target, settings.instance_capacity, now));
        let target = match named {
            Some(target) => target,
            None => surge.pick(candidates, settings, now, &mut node.picks)?,
        };
        if let Some(sticky) = &mut session {
            sticky.jar.put(&request, target, now);
        }
        Some(target)
    }

    /// Passes a request on to an instance.
    fn pass(&mut self, index: u16, at: RequestRef, target: InstanceId, group_id: TargetGroupId, cx: &mut Cx) {
        let Some(&request) = cx.request(at) else { return };
        let now = cx.now();
        let balancer = self.nodes[index as usize].balancer;
        *self.surges[index as usize].outstanding(target) += 1;
        cx.observe.routed(balancer, group_id, false, cx.plan.sites[request.site].bytes());
        let endpoint = self.groups[group_id].answers[request.endpoint];
        let call = cx.new_call(Call {
            node: index,
            target_group: group_id,
            ..Call::sent(Waiter::Classic(at), request.luck, cx.program.endpoint[endpoint], endpoint, target, now)
        });
        let row = &mut cx.requests[at.id];
        row.call = call;
        row.instance = target.index() as u32;
        let (from, to) = (cx.nodes[index as usize].place, cx.place_of(target));
        if !cx.connect(from, to, event::Event::Instance(instance::Event::Deliver(call))) {
            self.classic_silent(call, false, cx);
        }
    }

    /// Requests that wait go where there is room; where nobody is healthy any more they are turned away.
    pub(super) fn dequeue(&mut self, index: u16, cx: &mut Cx) {
        let Some((settings, group)) = self.classic(index, cx) else { return };
        while let Some(&at) = self.surges[index as usize].queue.front() {
            if cx.request(at).is_none() {
                self.surges[index as usize].queue.pop_front();
            } else if self.nodes[index as usize].views[group].candidates.is_empty() {
                self.surges[index as usize].queue.pop_front();
                self.turn_away(index, at, Outcome::ServiceUnavailable, cx);
            } else if let Some(target) = self.choose_with_room(index, at, &settings, group, cx) {
                self.surges[index as usize].queue.pop_front();
                self.pass(index, at, target, group, cx);
            } else {
                return;
            }
        }
        self.note_empty(index, cx);
    }

    fn subject(&self, index: u16, cx: &Cx) -> String {
        let node = &self.nodes[index as usize];
        format!("{}/{}", cx.plan.balancers[node.balancer].name, cx.plan.zones[node.zone].name)
    }

    /// The first request is turned away since the queue was last empty.
    fn note_full(&mut self, index: u16, capacity: u32, cx: &mut Cx) {
        if let Some((_, spilled)) = &mut self.surges[index as usize].full {
            *spilled += 1;
            return;
        }
        let detail = format!("the surge queue is full with {capacity} requests: further ones are turned away");
        let (now, subject) = (cx.now(), self.subject(index, cx));
        let entry = cx.timeline.record(now, EventKind::SurgeQueueFull, subject, detail, EntryId::NONE);
        self.surges[index as usize].full = Some((entry, 1));
    }

    /// Nobody waits any more.
    fn note_empty(&mut self, index: u16, cx: &mut Cx) {
        let Some((cause, spilled)) = self.surges[index as usize].full.take() else { return };
        let requests = if spilled == 1 { "request" } else { "requests" };
        let detail = format!("the surge queue is empty again; {spilled} {requests} had been turned away");
        let (now, subject) = (cx.now(), self.subject(index, cx));
        cx.timeline.record(now, EventKind::SurgeQueueEmpty, subject, detail, cause);
    }

    /// A node answers in an instance's stead; a TCP listener closes the connection instead.
    fn turn_away(&mut self, index: u16, at: RequestRef, outcome: Outcome, cx: &mut Cx) {
        let tcp = self.classic(index, cx).is_some_and(|classic| classic.0.listener == Listener::Tcp);
        let seen = if tcp { Outcome::ConnectionReset } else { outcome };
        if seen == Outcome::SurgeQueueFull {
            cx.observe.elb_5xx(self.nodes[index as usize].balancer, seen);
        }
        if let Some(row) = cx.request(at) {
            self.respond(index, at, cx.caller_place(row), seen, cx);
        }
    }

    /// A connection to an instance has come to its end: there is room for another.
    fn leave(&mut self, call: &Call, cx: &mut Cx) {
        let outstanding = self.surges[call.node as usize].outstanding(call.instance);
        *outstanding = outstanding.saturating_sub(1);
        if !self.groups[call.target_group].draining.is_empty() {
            self.drained_early(call.target_group, call.instance, cx);
        }
    }

    fn classic_reply(&mut self, at: CallRef, outcome: Outcome, cx: &mut Cx) {
        let Some(&call) = cx.call(at) else { return };
        let Waiter::Classic(request) = call.waiter else { return };
        cx.calls.remove(at.id);
        if outcome == Outcome::Refused {
            return self.refused(&call, cx);
        }
        self.leave(&call, cx);
        let now = cx.now();
        let node = &self.nodes[call.node as usize];
        let (zone, balancer) = (node.zone, node.balancer);
        if !cx.environment.powered(zone) {
            return;
        }
        if !matches!(outcome, Outcome::BadGateway | Outcome::Abandoned) {
            cx.observe.responded(balancer, call.target_group, now - call.sent_at, outcome);
            // It answers: whatever it refused, it may have room again.
            self.surges[call.node as usize].shun(call.instance, Time::ZERO);
        }
        if let Some(row) = cx.request(request) {
            self.respond(call.node, request, cx.caller_place(row), outcome, cx);
        }
        self.dequeue(call.node, cx);
    }

    /// An instance took no connection: the request goes back to the head of the queue, and to another instance.
    fn refused(&mut self, call: &Call, cx: &mut Cx) {
        let Some((settings, _)) = self.classic(call.node, cx) else { return };
        let until = cx.now() + settings.connect_retry;
        self.leave(call, cx);
        let surge = &mut self.surges[call.node as usize];
        surge.shun(call.instance, until);
        let balancer = self.nodes[call.node as usize].balancer;
        cx.observe.edge(balancer).backend_connection_error();
        if let Waiter::Classic(request) = call.waiter
            && cx.request(request).is_some()
        {
            surge.queue.push_front(request);
            let length = surge.queue.len() as u64;
            cx.observe.edge(balancer).surge(length);
        }
        cx.list.after(settings.connect_retry, event::Event::Classic(Event::TryAgain(call.node)));
        self.dequeue(call.node, cx);
    }

    fn classic_silent(&mut self, at: CallRef, connected: bool, cx: &mut Cx) {
        let Some(call) = cx.call_mut(at) else { return };
        call.state = CallState::Lost;
        let call = *call;
        let balancer = &self.balancers[self.nodes[call.node as usize].balancer];
        if !connected {
            cx.list.via(balancer.connect, event::Event::Classic(Event::ConnectTimeout(at)));
        } else if balancer.idle.is_none() {
            // Every caller gives up before the idle timer would.
            cx.calls.remove(at.id);
            self.leave(&call, cx);
        }
    }

    /// The idle timeout of a request is over, in the queue or at an instance: 504.
    fn classic_idle(&mut self, index: u16, at: RequestRef, cx: &mut Cx) {
        let Some(&request) = cx.request(at) else { return };
        let queue = &mut self.surges[index as usize].queue;
        let waiting = queue.len();
        queue.retain(|&other| other != at);
        if queue.len() == waiting && !self.forsake(request.call, cx) {
            return;
        }
        self.turn_away(index, at, Outcome::GatewayTimeout, cx);
        self.dequeue(index, cx);
    }

    /// The node waits no longer for a call; a server that still works on it does so for nobody.
    fn forsake(&mut self, at: CallRef, cx: &mut Cx) -> bool {
        let Some(&call) = cx.call(at) else { return false };
        if !matches!(call.waiter, Waiter::Classic(_)) {
            return false;
        }
        if call.state == CallState::Lost {
            cx.calls.remove(at.id);
        } else {
            cx.calls[at.id].waiter = Waiter::Nobody;
        }
        self.leave(&call, cx);
        true
    }

    /// Draining is over: what still runs at an instance is cut.
    pub(super) fn cut_classic(&mut self, at: CallRef, cx: &mut Cx) {
        let Some(&call) = cx.call(at) else { return };
        let Waiter::Classic(request) = call.waiter else { return };
        if self.forsake(at, cx) {
            self.turn_away(call.node, request, Outcome::BadGateway, cx);
        }
    }

    /// Requests that wait at the nodes of a balancer now.
    pub fn surge_queue(&self, balancer: BalancerId, cx: &Cx) -> u64 {
        let here = self.nodes.iter().zip(&self.surges).filter(|(node, _)| node.balancer == balancer);
        let live = |surge: &Surge| surge.queue.iter().filter(|&&at| cx.request(at).is_some()).count();
        here.map(|(_, surge)| live(surge) as u64).max().unwrap_or(0)
    }
}
