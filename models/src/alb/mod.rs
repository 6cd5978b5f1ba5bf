//! Application Load Balancers: a node per enabled zone, each with its own view of every target.
//!
//! ```text
//!  client ─► Request{node} ─route by this node's view─► instance::Deliver ─► Reply ─► client::Answer
//!               └ nobody: 503   └ silence: ConnectTimeout 504   └ IdleTimeout 504    └ refused, reset: 502
//!  group ──► Register ─► check::Start ─► TargetHealth{node} ─► candidates, DNS, group::Verdict
//!        └─► Deregister ─► draining ─► DrainDone (cuts what still runs: 502) ─► group::Drained
//! ```
//! # Models      cross-zone on and off; listener rules by endpoint; the routing algorithms; slow start; automatic target
//!   weights; both kinds of stickiness; thresholds of group health; deregistration delay; DNS failover of nodes; zonal
//!   shift; a capacity that scales (each in a file of its own)
//! # Leaves out  target optimizer; Lambda functions as targets; mutual TLS; WAF; retries of a failed connect
//! # Source      Elastic Load Balancing user guide, "Application Load Balancers"; `aws/network.md` §2, §3

mod capacity;
pub mod classic;
mod dns;
mod health;
mod listener;
pub mod nlb;
mod registration;
mod routing;
mod series;
mod shares;
mod shift;
mod slow_start;
mod sticky;
mod view;
mod weights;

pub use health::Hosts;

use crate::Outcome;
use crate::event::{self, events};
use crate::plan::*;
use crate::request::*;
use crate::shared::Cx;
use crate::timeline::EntryId;
use capacity::Capacity;
use listener::Listener;
use routing::{answers, mixed};
pub(crate) use series::balancing;
use shift::Shift;
use sim_core::{Duration, Lane, Stream, Table};
use slow_start::SlowStarts;
use sticky::Sticky;
use view::{Verdict, View};
use weights::Weights;

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
        /// A redirect on its way: to the client, and its new request back to the node.
        Redirected {
            /// Node.
            node: u16,
            /// Ways it has gone since the first request: odd ones to the client, even ones back.
            legs: u8,
            /// The request.
            request: RequestRef,
        },
        /// The slow start of a target is over for a node, unless it ended before.
        SlowStartOver {
            /// Node.
            node: u16,
            /// Target group.
            group: TargetGroupId,
            /// Target.
            instance: InstanceId,
        },
        /// Time to look at the errors of a group's targets.
        WeighTargets(TargetGroupId),
        /// Time to look at the load of a balancer that scales.
        Scale(u16),
        /// A zonal shift, begun or ended, takes effect.
        ShiftTakesEffect(u16),
        /// A zonal shift may have expired.
        ShiftExpires(u16),
        /// AWS has noticed that a zone is ill, or well again.
        Autoshift {
            /// Balancer.
            balancer: u16,
            /// Zone.
            zone: ZoneId,
        },
        /// A call of the API for a balancer.
        Operate {
            /// Balancer.
            balancer: u16,
            /// Which call.
            operation: OperationId,
            /// Its timeline entry.
            cause: EntryId,
        },
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
    /// Where every request goes, if there is nothing to decide: no rules, one target group, no limit to its capacity.
    only: Option<TargetGroupId>,
    listener: Listener,
    /// All groups that some rule forwards to.
    groups: Vec<TargetGroupId>,
    idle: Option<Lane>,
    connect: Lane,
    dns_delay: Duration,
    dns_needs: DnsNeeds,
    shift: Shift,
    capacity: Option<Capacity>,
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
    /// Whether a choice takes more than the algorithm: sticky sessions, slow start or weights of targets.
    choosy: bool,
    /// Whether answers matter: they carry cookies, or errors are counted.
    heeds: bool,
    sticky: Option<Sticky>,
    slow_start: Option<SlowStarts>,
    weights: Option<Box<Weights>>,
    /// What its service calls each endpoint: groups of one balancer may run versions of one service.
    answers: Table<EndpointId, EndpointId>,
    /// The same by service, if several stand behind it.
    mixed: Option<Table<ServiceId, Table<EndpointId, EndpointId>>>,
    /// Requests per instance since the last row of the series, where targets do not simply take turns.
    picked: Vec<u32>,
    /// Registered targets with the verdict that the API shows.
    registered: Vec<(InstanceId, Verdict)>,
    draining: Vec<(InstanceId, EntryId)>,
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
                    views: plan.target_groups.values().map(|group| View::new(group.health, classic)).collect(),
                    published: true,
                    dns_check_due: false,
                    picks: cx.stream(&format!("{}/{}", settings.name, plan.zones[zone].name), "routing"),
                });
            }
            // The idle timer can only decide where a caller would wait longer than it.
            let patient = plan
                .sites
                .values()
                .any(|site| site.to == Destination::Balancer(id) && site.timeout > settings.idle_timeout);
            let only = match settings.forward[..] {
                [(group, 1..)]
                    if matches!(settings.kind, BalancerKind::Application)
                        && Listener::is_plain(settings)
                        && settings.capacity.is_none() =>
                {
                    Some(group)
                }
                _ => None,
            };
            balancers.push(Balancer {
                only,
                listener: Listener::new(plan, settings),
                groups: settings.groups(),
                idle: patient.then(|| cx.list.lane(settings.idle_timeout)),
                connect: cx.list.lane(settings.connect_timeout),
                dns_delay: settings.dns_failover_delay,
                dns_needs: settings.dns_needs,
                shift: Shift::default(),
                capacity: settings.capacity.as_ref().map(Capacity::new),
            });
        }
        let groups = plan.target_groups.iter().map(|(id, group)| Group {
            answers: answers(plan, id),
            mixed: mixed(plan, id),
            picked: Vec::new(),
            algorithm: group.algorithm,
            cross_zone: group.cross_zone,
            delay: group.deregistration_delay,
            choosy: group.stickiness.is_some() || group.slow_start.is_some() || group.target_weights.is_some(),
            heeds: group.stickiness.is_some() || group.target_weights.is_some(),
            sticky: group.stickiness.clone().map(Sticky::new),
            slow_start: group.slow_start.map(SlowStarts::new),
            weights: group.target_weights.map(|settings| Box::new(Weights::new(settings))),
            registered: Vec::new(),
            draining: Vec::new(),
        });
        let flows = nlb::Flows::new(nodes.len());
        let surges = nodes.iter().map(|_| classic::Surge::default()).collect();
        Albs { nodes, balancers, groups: groups.collect(), flows, surges }
    }

    /// Handles one event.
    #[inline(always)]
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Request { node, request } => self.request(node, request, 0, cx),
            Event::Reply { call, outcome } => self.reply(call, outcome, cx),
            Event::Silent { call, connected } => self.silent(call, connected, cx),
            Event::ConnectTimeout(call) => self.connect_timeout(call, cx),
            Event::IdleTimeout(call) => self.give_up(call, Outcome::GatewayTimeout, cx),
            Event::TargetHealth { node, group, instance, healthy } => {
                self.target_health(node, group, instance, healthy, cx)
            }
            other => self.control(other, cx),
        }
    }

    /// What the control plane does.
    #[cold]
    #[inline(never)]
    fn control(&mut self, event: Event, cx: &mut Cx) {
        match event {
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
                self.zone_changed(zone, cx);
            }
            Event::Redirected { node, legs, request } => self.redirected(node, legs, request, cx),
            Event::SlowStartOver { node, group, instance } => self.slow_start_over(node, group, instance, cx),
            Event::WeighTargets(group) => self.weigh_targets(group, cx),
            Event::Scale(balancer) => self.scale(BalancerId::new(balancer as usize), cx),
            Event::Operate { balancer, operation, cause } => {
                self.operate(BalancerId::new(balancer as usize), operation, cause, cx)
            }
            Event::ShiftTakesEffect(balancer) => self.shift_takes_effect(BalancerId::new(balancer as usize), cx),
            Event::ShiftExpires(balancer) => self.shift_expires(BalancerId::new(balancer as usize), cx),
            Event::Autoshift { balancer, zone } => self.autoshift(BalancerId::new(balancer as usize), zone, cx),
            Event::Request { .. }
            | Event::Reply { .. }
            | Event::Silent { .. }
            | Event::ConnectTimeout(_)
            | Event::IdleTimeout(_)
            | Event::TargetHealth { .. } => {}
        }
    }

    /// What has to be watched from the beginning, once the first targets are registered.
    pub fn start(&mut self, cx: &mut Cx) {
        for (id, settings) in cx.plan.balancers.iter() {
            if settings.capacity.is_some() {
                cx.list.after(capacity::LOOK, event::Event::Alb(Event::Scale(id.index() as u16)));
            }
        }
        for (id, settings) in cx.plan.target_groups.iter() {
            if settings.target_weights.is_some() {
                cx.list.after(TARGET_WEIGHTS_TICK, event::Event::Alb(Event::WeighTargets(id)));
            }
            if settings.health != GroupHealth::default() {
                for node in 0..self.nodes.len() {
                    self.note_fail_open(node, id, cx);
                    self.dns_due(node, cx);
                }
            }
        }
    }
}
