//! Network Load Balancers: a node per zone that binds each connection to a target by a hash, and then only passes on.
//!
//! ```text
//!  client ─► Request{node} ─ flow known: its target │ new: hash over the candidates ─► instance::Deliver ─► Reply ─► Answer
//!               └ idle too long, no target, no port: reset       └ silence: the caller's own timers
//!  TargetHealth, DrainDone ─► flows to the target: reset, or left alone as the target group says
//! ```
//! # Models      flows of kept connections, and one flow per request without them; a hash over the healthy targets of the node;
//!   idle timeout; termination of flows to unhealthy and to deregistered targets; ports towards a target; capacity units;
//!   zonal shift and the health of zones as for all balancers.
//!   Nodes, views, registration and DNS are those of all balancers, so they stand in one component
//! # Leaves out  UDP listeners, as no caller speaks UDP; what a TLS listener takes to decrypt (its capacity units are there);
//!   `unhealthy.draining`, which is but a name for the state; where a flow without a target goes is not documented: it is reset
//! # Source      Elastic Load Balancing user guide, "Network Load Balancers"; `aws/network.md` §4

use super::Albs;
use crate::connection::Peer;
use crate::event::{self, events};
use crate::plan::*;
use crate::request::*;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{Outcome, client, instance};
use sim_core::{Duration, Substream, Words};

/// Purpose of the draw that stands for the hash of a flow; the attempt comes on top.
const FLOW: u32 = 0x4e4c_0000;
/// Ports run out within a minute too.
const MINUTE: u64 = 60_000_000_000;

events! {
    /// What happens to nodes that work by connection.
    pub enum Event {
        /// A target has answered, refused or reset.
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
        /// A caller has closed a kept connection.
        Closed {
            /// Node.
            node: u16,
            /// Target group.
            group: TargetGroupId,
            /// Target.
            instance: InstanceId,
        },
    }
}

/// Flows of every node.
#[derive(Debug, Default)]
pub(super) struct Flows {
    /// By node, then by instance.
    nodes: Vec<Vec<Ports>>,
}

/// Ports of a node towards one target.
#[derive(Clone, Copy, Debug, Default)]
struct Ports {
    active: u32,
    minute: u64,
    opened: u32,
}

impl Flows {
    pub(super) fn new(nodes: usize) -> Self {
        Flows { nodes: vec![Vec::new(); nodes] }
    }

    fn ports(&mut self, node: u16, target: InstanceId) -> &mut Ports {
        let row = &mut self.nodes[node as usize];
        if row.len() <= target.index() {
            row.resize(target.index() + 1, Ports::default());
        }
        &mut row[target.index()]
    }
}

impl Albs {
    /// Handles what happens to nodes that work by connection.
    #[inline(never)]
    pub fn handle_flow(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Reply { call, outcome } => self.flow_reply(call, outcome, cx),
            Event::Silent { call, connected } => self.flow_silent(call, connected, cx),
            Event::Closed { node, instance, .. } => self.flow_ended(node, instance, cx),
        }
    }

    /// A request reaches a node: by a flow that it knows, or by a new one.
    pub(super) fn flow(&mut self, index: u16, at: RequestRef, settings: &NetworkBalancer, cx: &mut Cx) {
        let Some(&request) = cx.request(at) else { return };
        let now = cx.now();
        let balancer = self.nodes[index as usize].balancer;
        let connection = cx.connections.of(at);
        let known = connection.and_then(|connection| cx.connections.get(connection)).copied();
        let bound = known.and_then(|row| row.target);
        let idle =
            known.is_some_and(|row| bound.is_some() && now - row.used > cx.plan.balancers[balancer].idle_timeout);
        if connection.is_some() && known.is_none() || idle {
            // The node has forgotten it.
            return self.reset(index, at, cx);
        }
        let (group_id, target) = match bound {
            Some(bound) => bound,
            None => match self.bind(index, &request, settings, cx) {
                Some(bound) => bound,
                None => return self.reset(index, at, cx),
            },
        };
        let node = &mut self.nodes[index as usize];
        if let Some(row) = connection.and_then(|connection| cx.connections.get_mut(connection)) {
            row.target = Some((group_id, target));
            row.used = now;
        }
        let bytes = cx.plan.sites[request.site].bytes();
        cx.observe.routed(balancer, group_id, node.views[group_id].failing_open, bytes);
        let endpoint = self.groups[group_id].answers[request.endpoint];
        let waiter = Waiter::Flow { request: at, own: connection.is_none() };
        let call = cx.new_call(Call {
            node: index,
            target_group: group_id,
            ..Call::sent(waiter, request.luck, cx.program.endpoint[endpoint], endpoint, target, now)
        });
        let row = &mut cx.requests[at.id];
        row.call = call;
        row.instance = target.index() as u32;
        let (from, to) = (cx.nodes[index as usize].place, cx.place_of(target));
        let deliver = event::Event::Instance(instance::Event::Deliver(call));
        if bound.is_some() {
            cx.send(from, to, deliver);
        } else if !cx.connect(from, to, deliver) {
            self.flow_silent(call, false, cx);
        }
    }

    /// Binds a new flow to a target, by a hash; none if there is no target or no port left.
    fn bind(
        &mut self,
        index: u16,
        request: &Request,
        settings: &NetworkBalancer,
        cx: &mut Cx,
    ) -> Option<(TargetGroupId, InstanceId)> {
        let now = cx.now();
        let node = &mut self.nodes[index as usize];
        let balancer = node.balancer;
        let mut hash = Substream::new(request.luck, FLOW + u32::from(request.attempt));
        let forward = &cx.plan.balancers[balancer].forward;
        let weights: u32 = forward.iter().map(|entry| entry.1).sum();
        let group_id = match forward[..] {
            [] => return None,
            [only] => only.0,
            _ => {
                let mut pick = hash.below(weights.max(1));
                let beyond = |entry: &&(TargetGroupId, u32)| {
                    let here = pick < entry.1;
                    pick = pick.wrapping_sub(entry.1);
                    here
                };
                forward.iter().find(beyond).map_or(forward[0].0, |entry| entry.0)
            }
        };
        let candidates = &node.views[group_id].candidates;
        if candidates.is_empty() {
            return None;
        }
        let target = candidates[hash.below(candidates.len() as u32) as usize];
        let preserved = cx.plan.target_groups[group_id].network.is_none_or(|network| network.preserve_client_ip);
        let ports = self.flows.ports(index, target);
        let minute = now.nanos() / MINUTE;
        if ports.minute != minute {
            (ports.minute, ports.opened) = (minute, 0);
        }
        let most = settings.ports.saturating_mul(1 + settings.secondary_ips);
        if !preserved && (ports.active >= most || ports.opened >= most) {
            cx.observe.edge(balancer).port_allocation_error();
            return None;
        }
        ports.active += 1;
        ports.opened += 1;
        cx.observe.edge(balancer).flow_opened();
        Some((group_id, target))
    }

    /// A flow is over.
    fn flow_ended(&mut self, index: u16, target: InstanceId, cx: &mut Cx) {
        let ports = self.flows.ports(index, target);
        ports.active = ports.active.saturating_sub(1);
        cx.observe.edge(self.nodes[index as usize].balancer).flow_closed();
    }

    /// A node answers with RST.
    fn reset(&mut self, index: u16, at: RequestRef, cx: &mut Cx) {
        cx.observe.edge(self.nodes[index as usize].balancer).reset(true);
        self.answer_flow(index, at, Outcome::ConnectionReset, cx);
    }

    fn answer_flow(&mut self, index: u16, at: RequestRef, outcome: Outcome, cx: &mut Cx) {
        if let Some(row) = cx.request(at) {
            self.respond(index, at, cx.caller_place(row), outcome, cx);
        }
    }

    /// A target has answered: the node passes it on.
    fn flow_reply(&mut self, at: CallRef, outcome: Outcome, cx: &mut Cx) {
        let Some(&call) = cx.call(at) else { return };
        cx.calls.remove(at.id);
        let Waiter::Flow { request, own } = call.waiter else { return };
        if own {
            self.flow_ended(call.node, call.instance, cx);
        }
        let node = &self.nodes[call.node as usize];
        let (zone, balancer) = (node.zone, node.balancer);
        let seen = match outcome {
            Outcome::BadGateway => Outcome::ConnectionReset,
            other => other,
        };
        if matches!(seen, Outcome::ConnectionReset | Outcome::Refused) {
            cx.observe.edge(balancer).reset(false);
        }
        if !self.groups[call.target_group].draining.is_empty() {
            self.drained_early(call.target_group, call.instance, cx);
        }
        if cx.environment.powered(zone) {
            self.answer_flow(call.node, request, seen, cx);
        }
    }

    /// The host of a call does not answer. A new connection meets silence, which its caller's timers end; one that stood
    /// hangs until its flow is reset.
    fn flow_silent(&mut self, at: CallRef, connected: bool, cx: &mut Cx) {
        let Some(call) = cx.call_mut(at) else { return };
        call.state = CallState::Lost;
        let call = *call;
        let Waiter::Flow { request, own } = call.waiter else { return };
        let connection = cx.connections.of(request).and_then(|connection| cx.connections.get(connection));
        if connected || connection.is_some_and(|row| row.served) {
            return;
        }
        cx.calls.remove(at.id);
        if own {
            self.flow_ended(call.node, call.instance, cx);
        }
        if cx.request(request).is_some() {
            cx.hand_over(event::Event::Client(client::Event::Unanswered(request)));
        }
    }

    /// Resets the flows of one node, or of all, to a target; says how many.
    fn terminate(&mut self, index: Option<u16>, group: TargetGroupId, target: InstanceId, cx: &mut Cx) -> usize {
        let of_node = |node: u16| index.is_none_or(|index| index == node);
        let here = |call: &Call| {
            call.instance == target
                && call.target_group == group
                && of_node(call.node)
                && matches!(call.waiter, Waiter::Flow { .. })
        };
        let calls: Vec<CallRef> = cx
            .calls
            .iter()
            .filter(|(_, call)| here(call))
            .map(|(id, _)| CallRef { id, generation: cx.calls.generation(id) })
            .collect();
        let flows = cx
            .connections
            .find(|row| row.target == Some((group, target)) && matches!(row.peer, Peer::Node(node) if of_node(node)));
        let mut ended = flows.len();
        for at in calls {
            let Some(&call) = cx.call(at) else { continue };
            let Waiter::Flow { request, own } = call.waiter else { continue };
            if call.state == CallState::Lost {
                cx.calls.remove(at.id);
            } else {
                cx.calls[at.id].waiter = Waiter::Nobody;
            }
            if own {
                ended += 1;
                self.flow_ended(call.node, target, cx);
            }
            self.reset(call.node, request, cx);
        }
        for connection in flows {
            if let Some(row) = cx.connections.close(connection)
                && let Peer::Node(node) = row.peer
            {
                self.flow_ended(node, target, cx);
            }
        }
        ended
    }

    /// A node has found a target unhealthy: its flows are reset, unless the target group says otherwise.
    #[cold]
    #[inline(never)]
    pub(super) fn unhealthy_flows(&mut self, index: u16, group: TargetGroupId, target: InstanceId, cx: &mut Cx) {
        let Some(network) = cx.plan.target_groups[group].network else { return };
        if !network.unhealthy_termination {
            return;
        }
        let cause = cx.blame.of_instance(target);
        let ended = self.terminate(Some(index), group, target, cx);
        self.note_terminated(index, target, ended, cause, cx);
    }

    /// The deregistration delay of a target is over: its flows are reset where the target group says so. How many are
    /// left to themselves otherwise.
    #[cold]
    #[inline(never)]
    pub(super) fn drained_flows(&mut self, group: TargetGroupId, target: InstanceId, cx: &mut Cx) -> String {
        if cx.plan.target_groups[group].network.is_some_and(|network| network.connection_termination) {
            let ended = self.terminate(None, group, target, cx);
            return match ended {
                1 => "deregistered, 1 connection was reset".to_string(),
                n => format!("deregistered, {n} connections were reset"),
            };
        }
        // What its host never answered it will never answer.
        let lost = |call: &Call| call.instance == target && call.target_group == group && call.state == CallState::Lost;
        let lost: Vec<CallId> = cx.calls.iter().filter(|(_, call)| lost(call)).map(|(id, _)| id).collect();
        for id in lost {
            let call = cx.calls.remove(id);
            if matches!(call.waiter, Waiter::Flow { own: true, .. }) {
                self.flow_ended(call.node, target, cx);
            }
        }
        let open = cx.connections.find(|row| row.target == Some((group, target))).len();
        match open {
            0 => "deregistered, no connection was open".to_string(),
            1 => "deregistered, 1 connection lives on".to_string(),
            n => format!("deregistered, {n} connections live on"),
        }
    }

    fn note_terminated(&mut self, index: u16, target: InstanceId, ended: usize, cause: EntryId, cx: &mut Cx) {
        if ended == 0 {
            return;
        }
        let node = &self.nodes[index as usize];
        let subject = format!("{}/{}", cx.plan.balancers[node.balancer].name, cx.plan.zones[node.zone].name);
        let connections = if ended == 1 { "connection" } else { "connections" };
        let detail = format!("resets {ended} {connections} to {}, which is unhealthy", cx.name_of(target));
        let now = cx.now();
        cx.timeline.record(now, EventKind::ConnectionsReset, subject, detail, cause);
    }

    /// Flows of a balancer that are alive: those of requests under way, and kept ones that no node has forgotten.
    pub fn active_flows(&self, balancer: BalancerId, cx: &Cx) -> u64 {
        let now = cx.now();
        let idle: Duration = cx.plan.balancers[balancer].idle_timeout;
        let here = |node: u16| self.nodes[node as usize].balancer == balancer;
        let kept = cx.connections.find(|row| {
            row.target.is_some() && now - row.used <= idle && matches!(row.peer, Peer::Node(node) if here(node))
        });
        let own = cx.calls.iter().filter(|(_, call)| {
            matches!(call.waiter, Waiter::Flow { own: true, .. }) && call.node != NO_NODE && here(call.node)
        });
        (kept.len() + own.count()) as u64
    }
}
