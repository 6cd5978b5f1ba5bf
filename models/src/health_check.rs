//! Target health checks: a balancer node's only way of knowing that a target is ill.
//!
//! ```text
//!  Start ─► Probe ─► instance::Deliver ─► Reply │ Timeout ──streak reaches a threshold──► alb::TargetHealth
//!             └──────────── every interval, whatever the last answer took ◄─┘
//! ```
//! # Models      one timer per node and target, phases spread over the interval; the check is a real request that takes
//!   a worker; consecutive results flip the verdict; a fresh target needs one pass; shallow and deep checks
//! # Leaves out  TLS; matcher codes; checks of targets in zones that are not enabled
//! # Source      Elastic Load Balancing user guide, "Health checks for Application Load Balancer target groups"

use crate::event::{self, events};
use crate::plan::{CheckProtocol, EndpointId, TargetGroupId};
use crate::request::*;
use crate::shared::{Cx, NodeFacts};
use crate::{alb, instance};
use sim_core::{Duration, Lane, Pool, Stream, Table, Time, Words, id_type};

id_type! {
    /// Row of a check: one node watching one target.
    pub struct CheckId(u32);
}

events! {
    /// What happens to checks.
    pub enum Event {
        /// A node begins to watch a target.
        Start {
            /// Node.
            node: u16,
            /// Target group.
            group: TargetGroupId,
            /// Target.
            instance: InstanceId,
            /// Taken as healthy from the start.
            healthy: bool,
        },
        /// All nodes stop watching a target.
        Stop {
            /// Target group.
            group: TargetGroupId,
            /// Target.
            instance: InstanceId,
        },
        /// A check is due.
        Probe {
            /// Row.
            check: CheckId,
            /// Generation of the row.
            generation: u32,
        },
        /// An answer.
        Reply {
            /// Row.
            check: u32,
            /// Attempt of the row.
            attempt: u32,
            /// Whether it is a good one.
            ok: bool,
        },
        /// No answer in time.
        Timeout {
            /// Row.
            check: u32,
            /// Attempt of the row.
            attempt: u32,
        },
    }
}

/// All checks.
pub struct HealthChecks {
    checks: Pool<CheckId, Check>,
    groups: Table<TargetGroupId, Settings>,
    phases: Stream,
    demands: Stream,
    /// Attempts are numbered over all checks, so that none is ever taken for another.
    attempts: u32,
}

struct Settings {
    interval: Lane,
    timeout: Lane,
    period: Duration,
    registration_delay: Duration,
    healthy_threshold: u32,
    unhealthy_threshold: u32,
    protocol: CheckProtocol,
}

#[derive(Clone, Copy)]
struct Check {
    node: u16,
    group: TargetGroupId,
    instance: InstanceId,
    /// The attempt that is out; 0 if none.
    attempt: u32,
    passes: u32,
    failures: u32,
    verdict: Option<bool>,
    /// When the first of these passes or failures was.
    since: Time,
}

impl HealthChecks {
    /// Checks of the plan's target groups; nobody is watched yet.
    pub fn new(cx: &mut Cx) -> Self {
        let plan = cx.plan;
        let groups = plan.target_groups.values().map(|group| {
            let check = &group.health_check;
            Settings {
                interval: cx.list.lane(check.interval),
                timeout: cx.list.lane(check.timeout),
                period: check.interval,
                registration_delay: check.registration_delay,
                healthy_threshold: check.healthy_threshold,
                unhealthy_threshold: check.unhealthy_threshold,
                protocol: check.protocol,
            }
        });
        let groups = groups.collect();
        HealthChecks {
            checks: Pool::default(),
            groups,
            phases: cx.stream("health checks", "phases"),
            demands: cx.stream("health checks", "demands"),
            attempts: 0,
        }
    }

    /// Handles one event.
    #[inline(never)]
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Start { node, group, instance, healthy } => self.start(node, group, instance, healthy, cx),
            Event::Stop { group, instance } => {
                let stopped: Vec<CheckId> = self
                    .checks
                    .iter()
                    .filter(|(_, check)| check.group == group && check.instance == instance)
                    .map(|(id, _)| id)
                    .collect();
                stopped.into_iter().for_each(|check| {
                    self.checks.remove(check);
                });
            }
            Event::Probe { check, generation } => self.probe(check, generation, cx),
            Event::Reply { check, attempt, ok } => self.conclude(check, attempt, ok, cx),
            Event::Timeout { check, attempt } => self.conclude(check, attempt, false, cx),
        }
    }

    fn start(&mut self, node: u16, group: TargetGroupId, instance: InstanceId, healthy: bool, cx: &mut Cx) {
        let settings = &self.groups[group];
        let check = self.checks.insert(Check {
            node,
            group,
            instance,
            attempt: 0,
            passes: 0,
            failures: 0,
            verdict: healthy.then_some(true),
            since: Time::ZERO,
        });
        let generation = self.checks.generation(check);
        let phase = Duration::from_secs_f64(settings.period.as_secs_f64() * self.phases.unit());
        let first = if healthy { phase } else { settings.registration_delay + phase };
        cx.list.after(first, event::Event::Check(Event::Probe { check, generation }));
    }

    fn probe(&mut self, id: CheckId, generation: u32, cx: &mut Cx) {
        if self.checks.generation(id) != generation {
            return;
        }
        let check = &mut self.checks[id];
        let settings = &self.groups[check.group];
        cx.list.via(settings.interval, event::Event::Check(Event::Probe { check: id, generation }));
        let NodeFacts { zone, place, .. } = cx.nodes[check.node as usize];
        if cx.environment.disturbed && !cx.environment.powered(zone) {
            return;
        }
        // A timeout as long as the interval, or longer: what is still out by now has failed.
        if check.attempt != 0 {
            let (number, attempt) = (id.index() as u32, check.attempt);
            self.conclude(number, attempt, false, cx);
        }
        let check = &mut self.checks[id];
        let settings = &self.groups[check.group];
        self.attempts = self.attempts.wrapping_add(1).max(1);
        check.attempt = self.attempts;
        let (number, attempt, now) = (id.index() as u32, check.attempt, cx.now());
        cx.list.via(settings.timeout, event::Event::Check(Event::Timeout { check: number, attempt }));
        if settings.protocol == CheckProtocol::Tcp {
            let (node, instance) = (check.node, check.instance);
            let knock = instance::Event::Knock { node, instance, check: number, attempt };
            let to = cx.place_of(instance);
            // One that nobody hears runs into its timeout.
            cx.connect(place, to, event::Event::Instance(knock));
            return;
        }
        let pc = cx.program.check[check.group];
        let call = cx.new_call(Call {
            node: check.node,
            target_group: check.group,
            ..Call::sent(
                Waiter::Check { check: number, attempt },
                self.demands.word(),
                pc,
                EndpointId::new(0),
                check.instance,
                now,
            )
        });
        let (from, to) = (place, cx.place_of(check.instance));
        if !cx.connect(from, to, event::Event::Instance(instance::Event::Deliver(call))) {
            cx.calls.remove(call.id);
        }
    }

    /// Counts one result, and tells the node when a threshold is reached.
    fn conclude(&mut self, check: u32, attempt: u32, ok: bool, cx: &mut Cx) {
        let id = CheckId::new(check as usize);
        if !self.checks.contains(id) {
            return;
        }
        let check = &mut self.checks[id];
        if check.attempt != attempt {
            return;
        }
        check.attempt = 0;
        let settings = &self.groups[check.group];
        (check.passes, check.failures) = if ok { (check.passes + 1, 0) } else { (0, check.failures + 1) };
        if check.passes + check.failures == 1 {
            check.since = cx.now();
        }
        let verdict = match check.verdict {
            None if ok => true,
            Some(false) if check.passes >= settings.healthy_threshold => true,
            None | Some(true) if check.failures >= settings.unhealthy_threshold => false,
            _ => return,
        };
        check.verdict = Some(verdict);
        let (node, group, instance) = (check.node, check.group, check.instance);
        cx.blame.streak(group, instance, verdict, check.since);
        let health = alb::Event::TargetHealth { node, group, instance, healthy: verdict };
        cx.hand_over(event::Event::Alb(health));
    }
}
