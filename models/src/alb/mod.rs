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

pub mod classic;
mod dns;
mod health;
pub mod nlb;
mod registration;
mod routing;
mod view;

pub use health::Hosts;

use crate::Outcome;
use crate::event::events;
use crate::plan::*;
use crate::request::*;
use crate::shared::Cx;
use crate::timeline::EntryId;
use routing::answers;
use sim_core::{Duration, Lane, Stream, Table, Time};
use std::collections::BTreeMap;
use view::{Verdict, View};

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
    flows: nlb::Flows,
    /// By node.
    surges: Vec<classic::Surge>,
}

struct Balancer {
    /// Target groups with cumulated weight; empty for those that do not work request by request.
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
            let classic = matches!(settings.kind, BalancerKind::Classic(_));
            for &zone in &settings.zones {
                nodes.push(Node {
                    balancer: id,
                    zone,
                    views: plan.target_groups.ids().map(|_| View { shut: classic, ..View::default() }).collect(),
                    published: true,
                    dns_check_due: false,
                    picks: cx.stream(&format!("{}/{}", settings.name, plan.zones[zone].name), "routing"),
                });
            }
            let mut sum = 0;
            let by_request = matches!(settings.kind, BalancerKind::Application);
            let forward = settings.forward.iter().filter(|entry| entry.1 > 0 && by_request).map(|&(group, weight)| {
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
        let flows = nlb::Flows::new(nodes.len());
        let surges = nodes.iter().map(|_| classic::Surge::default()).collect();
        Albs { nodes, balancers, groups: groups.collect(), flows, surges }
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
}
