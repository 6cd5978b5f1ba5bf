//! Application Load Balancers: a node per enabled zone, each with its own view of every target.
//!
//! ```text
//!  client ─► Request{node} ─route by this node's view─► instance::Deliver ─► Reply ─► client::Answer
//!               └ nobody: 503   └ silence: ConnectTimeout 504   └ IdleTimeout 504    └ refused, reset: 502
//!  group ──► Register ─► check::Start ─► TargetHealth{node} ─► candidates, DNS, group::Verdict
//!        └─► Deregister ─► draining ─► DrainDone (cuts what still runs: 502) ─► group::Drained
//! ```
//! # Models      cross-zone on and off; round robin per node and target group; least outstanding requests; uniform random;
//!   weighted target groups; duration-cookie stickiness; fail-open; deregistration delay; DNS failover of nodes
//! # Leaves out  slow start, automatic target weights, listener rules by path, LCU capacity limits; retries of a failed connect
//! # Source      Elastic Load Balancing user guide, "Application Load Balancers"; `aws/network.md` §2, §3

use crate::environment::Environment;
use crate::event::{self, events};
use crate::network::Place;
use crate::plan::*;
use crate::request::*;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{Outcome, client, group, health_check, instance};
use sim_core::{Duration, Lane, Stream, Table, Time, Words};
use std::collections::BTreeMap;

events! {
    /// What happens to balancers.
    pub enum Event {
        /// A request reaches a node.
        Request {
            /// Over all nodes of all balancers.
            node: u16,
            /// The request.
            request: RequestRef,
        },
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
        /// TCP connect to a target ran out.
        ConnectTimeout(CallRef),
        /// No byte within the idle timeout.
        IdleTimeout(CallRef),
        /// A node has changed its mind about a target.
        TargetHealth {
            /// Node.
            node: u16,
            /// Target group.
            group: TargetGroupId,
            /// Target.
            instance: InstanceId,
            /// Healthy from now on, or unhealthy.
            healthy: bool,
        },
        /// RegisterTargets.
        Register {
            /// Target group.
            group: TargetGroupId,
            /// Target.
            instance: InstanceId,
            /// Timeline entry that led to it.
            cause: EntryId,
        },
        /// DeregisterTargets.
        Deregister {
            /// Target group.
            group: TargetGroupId,
            /// Target.
            instance: InstanceId,
            /// Timeline entry that led to it.
            cause: EntryId,
        },
        /// The deregistration delay is over, or nothing is left to wait for.
        DrainDone {
            /// Target group.
            group: TargetGroupId,
            /// Target.
            instance: InstanceId,
        },
        /// Time to look whether a node belongs into DNS.
        Dns(u16),
        /// Something happened to a zone.
        ZoneChanged(ZoneId),
    }
}

/// All balancers and target groups.
pub struct Albs {
    nodes: Vec<Node>,
    balancers: Table<BalancerId, Balancer>,
    groups: Table<TargetGroupId, Group>,
}

struct Balancer {
    /// Target groups with cumulated weight.
    forward: Vec<(u32, TargetGroupId)>,
    idle: Option<Lane>,
    connect: Lane,
    dns_delay: Duration,
}

struct Node {
    balancer: BalancerId,
    zone: ZoneId,
    views: Table<TargetGroupId, View>,
    /// In the answers of public DNS.
    published: bool,
    dns_check_due: bool,
    picks: Stream,
}

/// What one node knows of one target group.
#[derive(Default)]
struct View {
    /// Targets in scope and not draining, in order of registration, with this node's verdict.
    targets: Vec<(InstanceId, Verdict)>,
    /// Those it routes to: the healthy ones, or all when it fails open.
    candidates: Vec<InstanceId>,
    next: usize,
    failing_open: bool,
    /// In-progress requests per instance, for least outstanding requests.
    outstanding: Vec<u32>,
}

/// A node's verdict on a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Initial,
    Healthy,
    Unhealthy,
}

struct Group {
    algorithm: Algorithm,
    cross_zone: bool,
    delay: Duration,
    stickiness: Option<Duration>,
    /// What its service calls each endpoint: groups of one balancer may run versions of one service.
    answers: Table<EndpointId, EndpointId>,
    /// Registered targets with the verdict that the API shows.
    registered: Vec<(InstanceId, Verdict)>,
    draining: Vec<(InstanceId, EntryId)>,
    /// Session to its target and the end of the cookie.
    sticky: BTreeMap<(SiteId, u32), (InstanceId, Time)>,
}

impl Albs {
    /// Balancers of the plan; every node is in DNS.
    pub fn new(cx: &mut Cx) -> Self {
        let plan = cx.plan;
        let mut nodes = Vec::new();
        let mut balancers = Table::default();
        for (id, settings) in plan.balancers.iter() {
            for &zone in &settings.zones {
                nodes.push(Node {
                    balancer: id,
                    zone,
                    views: plan.target_groups.ids().map(|_| View::default()).collect(),
                    published: true,
                    dns_check_due: false,
                    picks: cx.stream(&format!("{}/{}", settings.name, plan.zones[zone].name), "routing"),
                });
            }
            let mut sum = 0;
            let forward = settings.forward.iter().filter(|entry| entry.1 > 0).map(|&(group, weight)| {
                sum += weight;
                (sum, group)
            });
            // The idle timer can only decide where a caller would wait longer than it.
            let patient = plan
                .sites
                .values()
                .any(|site| site.to == Destination::Balancer(id) && site.timeout > settings.idle_timeout);
            balancers.push(Balancer {
                forward: forward.collect(),
                idle: patient.then(|| cx.list.lane(settings.idle_timeout)),
                connect: cx.list.lane(settings.connect_timeout),
                dns_delay: settings.dns_failover_delay,
            });
        }
        let groups = plan.target_groups.iter().map(|(id, group)| Group {
            answers: answers(plan, id),
            algorithm: group.algorithm,
            cross_zone: group.cross_zone,
            delay: group.deregistration_delay,
            stickiness: group.stickiness,
            registered: Vec::new(),
            draining: Vec::new(),
            sticky: BTreeMap::new(),
        });
        Albs { nodes, balancers, groups: groups.collect() }
    }

    /// Handles one event.
    #[inline(always)]
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Request { node, request } => self.request(node, request, cx),
            Event::Reply { call, outcome } => self.reply(call, outcome, cx),
            Event::Silent { call, connected } => self.silent(call, connected, cx),
            Event::ConnectTimeout(call) => {
                if let Some(row) = cx.call(call) {
                    cx.observe.not_connected(row.target_group);
                }
                self.give_up(call, Outcome::GatewayTimeout, cx);
            }
            Event::IdleTimeout(call) => self.give_up(call, Outcome::GatewayTimeout, cx),
            Event::TargetHealth { node, group, instance, healthy } => {
                self.target_health(node, group, instance, healthy, cx)
            }
            Event::Register { group, instance, cause } => self.register(group, instance, cause, false, cx),
            Event::Deregister { group, instance, cause } => self.deregister(group, instance, cause, cx),
            Event::DrainDone { group, instance } => self.drain_done(group, instance, cx),
            Event::Dns(node) => self.dns(node, cx),
            Event::ZoneChanged(zone) => {
                for node in 0..self.nodes.len() {
                    if self.nodes[node].zone == zone {
                        self.dns_due(node, cx);
                    }
                }
                let groups: Vec<TargetGroupId> = self.groups.ids().collect();
                for group in groups {
                    let targets: Vec<InstanceId> = self.groups[group].registered.iter().map(|t| t.0).collect();
                    targets.into_iter().for_each(|instance| self.show(group, instance, cx));
                }
            }
        }
    }

    /// A request reaches a node: pick a target and pass it on.
    fn request(&mut self, index: u16, at: RequestRef, cx: &mut Cx) {
        let Some(&request) = cx.request(at) else { return };
        let now = cx.now();
        let node = &mut self.nodes[index as usize];
        if cx.environment.disturbed && !cx.environment.powered(node.zone) {
            return;
        }
        let balancer = &self.balancers[node.balancer];
        let group_id = match balancer.forward[..] {
            [only] => only.1,
            [] => return self.respond(index, at, cx.caller_place(&request), Outcome::ServiceUnavailable, cx),
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

    /// A target has answered: count it, and pass the answer on.
    fn reply(&mut self, at: CallRef, outcome: Outcome, cx: &mut Cx) {
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
    fn respond(&mut self, index: u16, at: RequestRef, to: Place, outcome: Outcome, cx: &mut Cx) {
        let node = &self.nodes[index as usize];
        if matches!(outcome, Outcome::BadGateway | Outcome::ServiceUnavailable | Outcome::GatewayTimeout) {
            cx.observe.elb_5xx(node.balancer, outcome);
        }
        let from = cx.nodes[index as usize].place;
        cx.send(from, to, event::Event::Client(client::Event::Answer { request: at, outcome }));
    }

    #[cold]
    #[inline(never)]
    fn silent(&mut self, at: CallRef, connected: bool, cx: &mut Cx) {
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
    fn give_up(&mut self, at: CallRef, outcome: Outcome, cx: &mut Cx) {
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
    fn settle(&mut self, call: &Call, cx: &mut Cx) {
        let group = &self.groups[call.target_group];
        if group.algorithm == Algorithm::LeastOutstandingRequests {
            self.nodes[call.node as usize].views[call.target_group].count(call.instance, -1);
        }
        if !group.draining.is_empty() {
            self.drained_early(call.target_group, call.instance, cx);
        }
    }

    /// Registers a target with every node in whose scope it lies. `healthy` at the start of a run.
    #[cold]
    #[inline(never)]
    pub fn register(
        &mut self,
        group_id: TargetGroupId,
        instance: InstanceId,
        cause: EntryId,
        healthy: bool,
        cx: &mut Cx,
    ) {
        let group = &mut self.groups[group_id];
        if group.registered.iter().any(|target| target.0 == instance) {
            return;
        }
        let verdict = if healthy { Verdict::Healthy } else { Verdict::Initial };
        group.registered.push((instance, verdict));
        let cross_zone = group.cross_zone;
        let zone = cx.directory.facts(instance).zone;
        for index in 0..self.nodes.len() {
            let node = &mut self.nodes[index];
            let settings = &cx.plan.balancers[node.balancer];
            let forwards = settings.forward.iter().any(|entry| entry.0 == group_id);
            let enabled = zone.is_none_or(|zone| settings.zones.contains(&zone));
            let in_scope = cross_zone || zone.is_none_or(|zone| zone == node.zone);
            if forwards && enabled && in_scope {
                node.views[group_id].targets.push((instance, verdict));
                node.views[group_id].refresh();
                let start = health_check::Event::Start { node: index as u16, group: group_id, instance, healthy };
                cx.hand_over(event::Event::Check(start));
            }
        }
        if !healthy {
            let name = cx.name_of(instance);
            let detail = format!("registered with target group {}", cx.plan.target_groups[group_id].name);
            let now = cx.now();
            cx.timeline.record(now, EventKind::TargetRegistered, name, detail, cause);
        }
        self.count_hosts(group_id, cx);
    }

    #[cold]
    #[inline(never)]
    fn deregister(&mut self, group_id: TargetGroupId, instance: InstanceId, cause: EntryId, cx: &mut Cx) {
        let group = &mut self.groups[group_id];
        let before = group.registered.len();
        group.registered.retain(|target| target.0 != instance);
        if group.registered.len() == before {
            cx.hand_over(event::Event::Group(group::Event::Drained { group: group_id, instance }));
            return;
        }
        let delay = group.delay;
        let name = cx.name_of(instance);
        let detail = format!("draining from target group {}, at most {delay}", cx.plan.target_groups[group_id].name);
        let now = cx.now();
        let entry = cx.timeline.record(now, EventKind::TargetDraining, name, detail, cause);
        group.draining.push((instance, entry));
        for index in 0..self.nodes.len() {
            let view = &mut self.nodes[index].views[group_id];
            view.targets.retain(|target| target.0 != instance);
            view.refresh();
            self.note_fail_open(index, group_id, cx);
            self.dns_due(index, cx);
        }
        cx.hand_over(event::Event::Check(health_check::Event::Stop { group: group_id, instance }));
        cx.list.after(delay, event::Event::Alb(Event::DrainDone { group: group_id, instance }));
        self.count_hosts(group_id, cx);
        self.drained_early(group_id, instance, cx);
    }

    /// Ends draining at once when nothing is in flight, where the group's fleet asks for that or the host is gone.
    #[cold]
    #[inline(never)]
    fn drained_early(&mut self, group_id: TargetGroupId, instance: InstanceId, cx: &mut Cx) {
        if !self.groups[group_id].draining.iter().any(|entry| entry.0 == instance) {
            return;
        }
        let fleet = &cx.plan.fleets[cx.directory.facts(instance).fleet];
        let early = match &fleet.sizing {
            Sizing::AutoScaling(settings) => settings.drain_early,
            Sizing::Fixed(_) => true,
        };
        if early && !self.in_flight(group_id, instance, cx).any(|_| true) {
            self.drain_done(group_id, instance, cx);
        }
    }

    fn in_flight<'a>(
        &self,
        group: TargetGroupId,
        instance: InstanceId,
        cx: &'a Cx,
    ) -> impl Iterator<Item = CallRef> + 'a {
        cx.calls
            .iter()
            .filter(move |(_, call)| {
                call.instance == instance && call.target_group == group && matches!(call.waiter, Waiter::Node(_))
            })
            .map(|(id, _)| CallRef { id, generation: cx.calls.generation(id) })
    }

    /// The deregistration delay is over: what still runs is cut.
    #[cold]
    #[inline(never)]
    fn drain_done(&mut self, group_id: TargetGroupId, instance: InstanceId, cx: &mut Cx) {
        let draining = &mut self.groups[group_id].draining;
        let Some(index) = draining.iter().position(|entry| entry.0 == instance) else { return };
        let (_, cause) = draining.remove(index);
        let cut: Vec<CallRef> = self.in_flight(group_id, instance, cx).collect();
        for &at in &cut {
            self.give_up(at, Outcome::BadGateway, cx);
        }
        let detail = match cut.len() {
            0 => "deregistered, nothing was in flight".to_string(),
            1 => "deregistered, 1 request was cut".to_string(),
            n => format!("deregistered, {n} requests were cut"),
        };
        let (now, name) = (cx.now(), cx.name_of(instance));
        cx.timeline.record(now, EventKind::TargetDeregistered, name, detail, cause);
        cx.hand_over(event::Event::Group(group::Event::Drained { group: group_id, instance }));
    }

    /// A node has changed its mind about a target.
    #[cold]
    #[inline(never)]
    fn target_health(&mut self, index: u16, group_id: TargetGroupId, instance: InstanceId, healthy: bool, cx: &mut Cx) {
        let view = &mut self.nodes[index as usize].views[group_id];
        let Some(target) = view.targets.iter_mut().find(|target| target.0 == instance) else { return };
        target.1 = if healthy { Verdict::Healthy } else { Verdict::Unhealthy };
        view.refresh();
        self.note_fail_open(index as usize, group_id, cx);
        self.dns_due(index as usize, cx);
        self.show(group_id, instance, cx);
        self.count_hosts(group_id, cx);
    }

    /// The verdict that the API shows: healthy if any node sees it so. A node whose zone is out tells nobody what it sees;
    /// if no node can speak, what was shown last stands.
    fn show(&mut self, group_id: TargetGroupId, instance: InstanceId, cx: &mut Cx) {
        let speaks = |node: &&Node| cx.environment.zones[node.zone].reachable();
        let seen = |verdict| {
            self.nodes.iter().filter(speaks).any(|node| node.views[group_id].targets.contains(&(instance, verdict)))
        };
        if self.nodes.iter().filter(speaks).all(|node| node.views[group_id].targets.iter().all(|t| t.0 != instance)) {
            return;
        }
        let shown = match () {
            () if seen(Verdict::Healthy) => Verdict::Healthy,
            () if seen(Verdict::Initial) => Verdict::Initial,
            () => Verdict::Unhealthy,
        };
        let group = &mut self.groups[group_id];
        let Some(target) = group.registered.iter_mut().find(|target| target.0 == instance) else { return };
        if target.1 == shown {
            return;
        }
        target.1 = shown;
        if shown == Verdict::Initial {
            return;
        }
        let check = &cx.plan.target_groups[group_id].health_check;
        let (kind, detail) = match shown {
            Verdict::Healthy => (EventKind::TargetHealthy, "passes its health checks".to_string()),
            _ => {
                let failed = check.unhealthy_threshold;
                (EventKind::TargetUnhealthy, format!("failed {failed} health checks in a row"))
            }
        };
        let (now, name) = (cx.now(), cx.name_of(instance));
        let cause = cx.blame.of_instance(instance);
        let entry = cx.timeline.record(now, kind, name, detail, cause);
        let healthy = shown == Verdict::Healthy;
        let verdict = group::Event::Verdict { group: group_id, instance, healthy, cause: entry };
        cx.hand_over(event::Event::Group(verdict));
    }

    fn note_fail_open(&mut self, index: usize, group_id: TargetGroupId, cx: &mut Cx) {
        let node = &mut self.nodes[index];
        let view = &mut node.views[group_id];
        let open = view.fails_open();
        if open == view.failing_open {
            return;
        }
        view.failing_open = open;
        let subject = format!("{}/{}", cx.plan.balancers[node.balancer].name, cx.plan.zones[node.zone].name);
        let name = &cx.plan.target_groups[group_id].name;
        let (kind, detail) = match open {
            true => (EventKind::FailOpen, format!("no target of {name} is healthy: routes to all of them")),
            false => (EventKind::FailOpenEnded, format!("routes to healthy targets of {name} again")),
        };
        let now = cx.now();
        cx.timeline.record(now, kind, subject, detail, EntryId::NONE);
    }

    /// Looks at a node's place in DNS after the time that takes.
    #[cold]
    #[inline(never)]
    fn dns_due(&mut self, index: usize, cx: &mut Cx) {
        let node = &mut self.nodes[index];
        let delay = self.balancers[node.balancer].dns_delay;
        if !std::mem::replace(&mut node.dns_check_due, true) {
            cx.list.after(delay, event::Event::Alb(Event::Dns(index as u16)));
        }
    }

    /// A node is in DNS if it can be reached and some target group has a healthy target for it; all are if none is.
    #[cold]
    #[inline(never)]
    fn dns(&mut self, index: u16, cx: &mut Cx) {
        let node = &mut self.nodes[index as usize];
        node.dns_check_due = false;
        let balancer = node.balancer;
        let reachable = cx.environment.zones[node.zone].reachable();
        let groups = &cx.plan.balancers[balancer].forward;
        let healthy = groups.iter().any(|entry| node.views[entry.0].has_healthy());
        let fit = reachable && healthy;
        if fit != node.published {
            node.published = fit;
            let subject = format!("{}/{}", cx.plan.balancers[balancer].name, cx.plan.zones[node.zone].name);
            let (kind, detail) = match (fit, reachable) {
                (true, _) => (EventKind::NodeBackInDns, "in DNS again"),
                (false, false) => (EventKind::NodeOutOfDns, "left DNS: its zone cannot be reached"),
                (false, true) => (EventKind::NodeOutOfDns, "left DNS: no healthy target"),
            };
            let cause = cx.blame.of_zone(node.zone);
            let now = cx.now();
            cx.timeline.record(now, kind, subject, detail, cause);
        }
        self.publish(balancer, cx);
    }

    /// Writes the public answer of a balancer.
    fn publish(&mut self, balancer: BalancerId, cx: &mut Cx) {
        let of = |node: &Node| node.balancer == balancer;
        let fit: Vec<u16> =
            (0u16..).zip(&self.nodes).filter(|(_, node)| of(node) && node.published).map(|(index, _)| index).collect();
        cx.dns[balancer] = if fit.is_empty() {
            (0u16..).zip(&self.nodes).filter(|(_, node)| of(node)).map(|(index, _)| index).collect()
        } else {
            fit
        };
    }

    /// Tells observation how many targets are healthy, per zone.
    fn count_hosts(&mut self, group_id: TargetGroupId, cx: &mut Cx) {
        let now = cx.now();
        let mut starved = false;
        for node in &self.nodes {
            let settings = &cx.plan.balancers[node.balancer];
            starved |= settings.forward.iter().any(|entry| entry.0 == group_id) && !node.views[group_id].has_healthy();
        }
        cx.observe.starved(group_id, starved, now);
    }

    /// What each node that can be reached and forwards to a target group sees of it.
    pub fn hosts(
        &self,
        group_id: TargetGroupId,
        plan: &Plan,
        environment: &Environment,
    ) -> impl Iterator<Item = Hosts> {
        let knows = move |node: &&Node| {
            environment.zones[node.zone].reachable()
                && plan.balancers[node.balancer].forward.iter().any(|entry| entry.0 == group_id)
        };
        let seen = move |node: &Node| {
            let view = &node.views[group_id];
            let count = |verdict: Verdict| view.targets.iter().filter(|target| target.1 == verdict).count() as u32;
            Hosts {
                healthy: count(Verdict::Healthy),
                unhealthy: count(Verdict::Unhealthy),
                fails_open: view.failing_open,
                in_dns: node.published,
            }
        };
        self.nodes.iter().filter(knows).map(seen)
    }

    /// Registered targets with whether the API shows them healthy.
    pub fn targets(&self, group_id: TargetGroupId) -> impl Iterator<Item = (InstanceId, bool)> {
        self.groups[group_id].registered.iter().map(|target| (target.0, target.1 == Verdict::Healthy))
    }
}

/// What a node sees of a target group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// Healthy targets.
    pub healthy: u32,
    /// Unhealthy targets.
    pub unhealthy: u32,
    /// Routes to all of them.
    pub fails_open: bool,
    /// Its address is in DNS.
    pub in_dns: bool,
}

/// Whether a request belongs to a session that could stick: those of services that call are strangers.
fn is_session(request: &Request) -> bool {
    request.user != 0 && request.parent == CallRef::NONE
}

/// For every endpoint, the one of the same name in the service that runs behind a target group; itself if there is none.
fn answers(plan: &Plan, group: TargetGroupId) -> Table<EndpointId, EndpointId> {
    let behind = |service: &Service| plan.fleets[service.fleet].target_groups.contains(&group);
    let service = plan.services.iter().find(|(_, service)| behind(service)).map(|(id, _)| id);
    let twin = |asked: &Endpoint| {
        let same = |endpoint: &Endpoint| Some(endpoint.service) == service && endpoint.name == asked.name;
        plan.endpoints.iter().find(|(_, endpoint)| same(endpoint)).map(|(id, _)| id)
    };
    plan.endpoints.iter().map(|(id, endpoint)| twin(endpoint).unwrap_or(id)).collect()
}

impl View {
    /// Targets that requests go to.
    fn refresh(&mut self) {
        let open = self.fails_open();
        self.candidates.clear();
        self.candidates
            .extend(self.targets.iter().filter(|target| open || target.1 == Verdict::Healthy).map(|target| target.0));
    }

    fn has_healthy(&self) -> bool {
        self.targets.iter().any(|target| target.1 == Verdict::Healthy)
    }

    /// No healthy target, but some that were judged: all registered ones are tried. Only new ones: 503 (not documented).
    fn fails_open(&self) -> bool {
        !self.has_healthy() && self.targets.iter().any(|target| target.1 == Verdict::Unhealthy)
    }

    #[inline]
    fn pick(&mut self, algorithm: Algorithm, picks: &mut Stream) -> Option<InstanceId> {
        let count = self.candidates.len();
        if count == 0 {
            return None;
        }
        match algorithm {
            Algorithm::RoundRobin => {
                self.next = if self.next + 1 >= count { 0 } else { self.next + 1 };
                Some(self.candidates[self.next])
            }
            Algorithm::WeightedRandom => Some(self.candidates[picks.below(count as u32) as usize]),
            Algorithm::LeastOutstandingRequests => {
                let load = |target: InstanceId| self.outstanding.get(target.index()).copied().unwrap_or(0);
                let least = self.candidates.iter().map(|&target| load(target)).min()?;
                let ties = self.candidates.iter().filter(|&&target| load(target) == least);
                let pick = picks.below(ties.clone().count() as u32) as usize;
                ties.copied().nth(pick)
            }
        }
    }

    #[inline]
    fn count(&mut self, target: InstanceId, change: i32) {
        if self.outstanding.len() <= target.index() {
            self.outstanding.resize(target.index() + 1, 0);
        }
        let count = &mut self.outstanding[target.index()];
        *count = count.saturating_add_signed(change);
    }
}
