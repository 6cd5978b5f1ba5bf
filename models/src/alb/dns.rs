//! Which nodes public DNS answers with.
//!
//! ```text
//!  health, zones ─► due ─delay─► Dns(node) ─► in or out ─► the balancer's public answer (all nodes if none is fit)
//! ```
//! # Models      nodes leave DNS when their zone cannot be reached or no target group has a healthy target for them
//! # Source      Elastic Load Balancing user guide, "Target group health"; `aws/network.md` §2, §3.11

use super::{Albs, Event, Node};
use crate::event;
use crate::plan::BalancerId;
use crate::result::EventKind;
use crate::shared::Cx;

impl Albs {
    /// Looks at a node's place in DNS after the time that takes.
    #[cold]
    #[inline(never)]
    pub(super) fn dns_due(&mut self, index: usize, cx: &mut Cx) {
        let node = &mut self.nodes[index];
        let delay = self.balancers[node.balancer].dns_delay;
        if !std::mem::replace(&mut node.dns_check_due, true) {
            cx.list.after(delay, event::Event::Alb(Event::Dns(index as u16)));
        }
    }

    /// A node is in DNS if it can be reached and some target group has a healthy target for it; all are if none is.
    #[cold]
    #[inline(never)]
    pub(super) fn dns(&mut self, index: u16, cx: &mut Cx) {
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
}
