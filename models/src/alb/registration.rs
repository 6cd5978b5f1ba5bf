//! Targets that come and go.
//!
//! ```text
//!  group ──► Register ─► check::Start of every node in scope
//!        └─► Deregister ─► draining ─► DrainDone (cuts what still runs: 502) ─► group::Drained
//! ```
//! # Models      registration with every node in scope; deregistration delay; draining that ends early
//! # Source      Elastic Load Balancing user guide, "Target groups"; `aws/network.md` §3.4, §3.10

use super::view::Verdict;
use super::{Albs, Event};
use crate::plan::*;
use crate::request::*;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{Outcome, event, group, health_check};

impl Albs {
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
        let alone = group.registered.is_empty();
        group.registered.push((instance, verdict));
        if let Some(slow) = &mut group.slow_start {
            slow.registered(instance, alone, cx.now());
        }
        if let Some(weights) = &mut group.weights {
            weights.forget(instance);
        }
        let cross_zone = group.cross_zone;
        let zone = cx.directory.facts(instance).zone;
        for index in 0..self.nodes.len() {
            let node = &mut self.nodes[index];
            let settings = &cx.plan.balancers[node.balancer];
            let forwards = self.balancers[node.balancer].groups.contains(&group_id);
            let enabled = zone.is_none_or(|zone| settings.zones.contains(&zone));
            let in_scope = cross_zone || zone.is_none_or(|zone| zone == node.zone);
            if forwards && enabled && in_scope {
                if node.backends.len() <= instance.index() {
                    node.backends.resize_with(instance.index() + 1, Default::default);
                }
                node.views[group_id].targets.push((instance, verdict));
                node.views[group_id].refresh();
                if self.balancers[node.balancer].shift.away.is_some() {
                    self.shift_view(index, group_id, cx);
                }
                let start = health_check::Event::Start { node: index as u16, group: group_id, instance, healthy };
                cx.hand_over(event::Event::Check(start));
            }
        }
        if !healthy {
            // One more that is not healthy yet lowers the share of the healthy ones.
            (0..self.nodes.len()).for_each(|index| self.note_fail_open(index, group_id, cx));
            let name = cx.name_of(instance);
            let detail = format!("registered with target group {}", cx.plan.target_groups[group_id].name);
            let now = cx.now();
            cx.timeline.record(now, EventKind::TargetRegistered, name, detail, cause);
        }
        self.count_hosts(group_id, cx);
    }

    #[cold]
    #[inline(never)]
    pub(super) fn deregister(&mut self, group_id: TargetGroupId, instance: InstanceId, cause: EntryId, cx: &mut Cx) {
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
        self.end_exemption(group_id, instance);
        for index in 0..self.nodes.len() {
            self.end_slow_start(index, group_id, instance, "is deregistered", cx);
            let view = &mut self.nodes[index].views[group_id];
            view.targets.retain(|target| target.0 != instance);
            view.away.retain(|target| *target != instance);
            view.refresh();
            self.note_fail_open(index, group_id, cx);
            self.dns_due(index, cx);
            self.dequeue(index as u16, cx);
        }
        cx.hand_over(event::Event::Check(health_check::Event::Stop { group: group_id, instance }));
        cx.list.after(delay, event::Event::Alb(Event::DrainDone { group: group_id, instance }));
        self.count_hosts(group_id, cx);
        self.drained_early(group_id, instance, cx);
    }

    /// Ends draining at once when nothing is in flight, where the group's fleet asks for that or the host is gone.
    #[cold]
    #[inline(never)]
    pub(super) fn drained_early(&mut self, group_id: TargetGroupId, instance: InstanceId, cx: &mut Cx) {
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
                call.instance == instance
                    && call.target_group == group
                    && matches!(call.waiter, Waiter::Node(_) | Waiter::Flow { .. } | Waiter::Classic(_))
            })
            .map(|(id, _)| CallRef { id, generation: cx.calls.generation(id) })
    }

    /// The deregistration delay is over: what still runs is cut.
    #[cold]
    #[inline(never)]
    pub(super) fn drain_done(&mut self, group_id: TargetGroupId, instance: InstanceId, cx: &mut Cx) {
        let draining = &mut self.groups[group_id].draining;
        let Some(index) = draining.iter().position(|entry| entry.0 == instance) else { return };
        let (_, cause) = draining.remove(index);
        let cut: Vec<CallRef> = self.in_flight(group_id, instance, cx).collect();
        for &at in &cut {
            match cx.calls[at.id].waiter {
                Waiter::Classic(_) => self.cut_classic(at, cx),
                _ => self.give_up(at, Outcome::BadGateway, cx),
            }
        }
        let detail = match cut.len() {
            _ if cx.plan.target_groups[group_id].network.is_some() => self.drained_flows(group_id, instance, cx),
            0 => "deregistered, nothing was in flight".to_string(),
            1 => "deregistered, 1 request was cut".to_string(),
            n => format!("deregistered, {n} requests were cut"),
        };
        self.close_backends(instance);
        let (now, name) = (cx.now(), cx.name_of(instance));
        cx.timeline.record(now, EventKind::TargetDeregistered, name, detail, cause);
        cx.hand_over(event::Event::Group(group::Event::Drained { group: group_id, instance }));
    }
}
