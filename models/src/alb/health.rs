//! What the nodes make of the targets' health, and what of that the API and the metrics show.
//!
//! ```text
//!  TargetHealth{node} ─► this node's view: candidates, fail-open, DNS ─► verdict of the API ─► group::Verdict
//! ```
//! # Models      a verdict per node and target; the API shows the best of them; fail-open; HealthyHostCount per node
//! # Source      Elastic Load Balancing user guide, "Health checks for your target groups"; `aws/network.md` §3.4, §3.11, §3.15

use super::view::Verdict;
use super::{Albs, Node};
use crate::environment::Environment;
use crate::plan::*;
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{event, group};

impl Albs {
    /// A node has changed its mind about a target.
    #[cold]
    #[inline(never)]
    pub(super) fn target_health(
        &mut self,
        index: u16,
        group_id: TargetGroupId,
        instance: InstanceId,
        healthy: bool,
        cx: &mut Cx,
    ) {
        let view = &mut self.nodes[index as usize].views[group_id];
        let Some(target) = view.targets.iter_mut().find(|target| target.0 == instance) else { return };
        target.1 = if healthy { Verdict::Healthy } else { Verdict::Unhealthy };
        view.refresh();
        if healthy {
            self.begin_slow_start(index, group_id, instance, cx);
        } else {
            self.end_exemption(group_id, instance);
            self.end_slow_start(index as usize, group_id, instance, "is unhealthy", cx);
        }
        self.note_fail_open(index as usize, group_id, cx);
        self.dns_due(index as usize, cx);
        self.show(group_id, instance, cx);
        self.count_hosts(group_id, cx);
        if !healthy {
            self.unhealthy_flows(index, group_id, instance, cx);
        }
        self.dequeue(index, cx);
    }

    /// The verdict that the API shows: healthy if any node sees it so. A node whose zone is out tells nobody what it sees;
    /// if no node can speak, what was shown last stands.
    pub(super) fn show(&mut self, group_id: TargetGroupId, instance: InstanceId, cx: &mut Cx) {
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
        if let Some(first) = cx.blame.first_check(group_id, instance, healthy) {
            cx.timeline.began(entry, first, None);
        }
        let verdict = group::Event::Verdict { group: group_id, instance, healthy, cause: entry };
        cx.hand_over(event::Event::Group(verdict));
    }

    pub(super) fn note_fail_open(&mut self, index: usize, group_id: TargetGroupId, cx: &mut Cx) {
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
            true if !view.has_healthy() => {
                (EventKind::FailOpen, format!("no target of {name} is healthy: routes to all of them"))
            }
            true => {
                let (healthy, registered) = view.counts();
                let few =
                    format!("{healthy} of {registered} targets of {name} are healthy, too few: routes to all of them");
                (EventKind::FailOpen, few)
            }
            false => (EventKind::FailOpenEnded, format!("routes to healthy targets of {name} again")),
        };
        let now = cx.now();
        cx.timeline.record(now, kind, subject, detail, EntryId::NONE);
    }

    /// Tells observation how many targets are healthy, per zone.
    pub(super) fn count_hosts(&mut self, group_id: TargetGroupId, cx: &mut Cx) {
        let now = cx.now();
        let mut starved = false;
        for node in &self.nodes {
            starved |= self.balancers[node.balancer].groups.contains(&group_id) && !node.views[group_id].has_healthy();
        }
        cx.observe.starved(group_id, starved, now);
    }

    /// What each node that can be reached and forwards to a target group sees of it.
    pub fn hosts<'a>(
        &'a self,
        group_id: TargetGroupId,
        environment: &'a Environment,
    ) -> impl Iterator<Item = Hosts> + use<'a> {
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
        self.knowing(group_id, environment).map(seen)
    }

    /// Nodes that know a group and can speak.
    fn knowing<'a>(&'a self, group: TargetGroupId, environment: &'a Environment) -> impl Iterator<Item = &'a Node> {
        let knows = move |node: &&Node| {
            environment.zones[node.zone].reachable() && self.balancers[node.balancer].groups.contains(&group)
        };
        self.nodes.iter().filter(knows)
    }

    /// HealthyStateDNS, UnhealthyStateDNS, HealthyStateRouting and UnhealthyStateRouting: zones that meet the thresholds of
    /// a group, and zones that do not. A zone without a target in scope is in neither.
    pub fn states(&self, group: TargetGroupId, environment: &Environment) -> [u32; 4] {
        let mut states = [0; 4];
        for node in self.knowing(group, environment) {
            let view = &node.views[group];
            if let Some(fit) = view.fit_for_dns() {
                states[usize::from(!fit)] += 1;
                states[2 + usize::from(view.fails_open())] += 1;
            }
        }
        states
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
