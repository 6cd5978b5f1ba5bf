//! Which nodes public DNS answers with.
//!
//! ```text
//!  health, zones ─► due ─delay─► Dns(node) ─► in or out ─► the balancer's public answer (all nodes if none is fit)
//! ```
//! # Models      nodes leave DNS when their zone cannot be reached or is shifted away from, and when too few targets are
//!   healthy for them: in all target groups, or in any one of them; a node without any target in scope stays
//! # Source      Elastic Load Balancing user guide, "Target group health"; `aws/network.md` §2, §3.11, §12.4

use super::{Albs, Event, Node};
use crate::event;
use crate::plan::{BalancerId, DnsNeeds};
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

    /// A node is in DNS if it can be reached and its target groups are healthy enough for it; all are if none is.
    #[cold]
    #[inline(never)]
    pub(super) fn dns(&mut self, index: u16, cx: &mut Cx) {
        self.nodes[index as usize].dns_check_due = false;
        let healthy = self.fit(&self.nodes[index as usize]);
        let node = &mut self.nodes[index as usize];
        let balancer = node.balancer;
        let reachable = cx.environment.zones[node.zone].reachable();
        let row = &self.balancers[balancer];
        let shifted = row.shift.away.is_some_and(|shift| shift.zone == node.zone);
        let fit = reachable && healthy && !shifted;
        if fit != node.published {
            node.published = fit;
            let subject = format!("{}/{}", cx.plan.balancers[balancer].name, cx.plan.zones[node.zone].name);
            let (kind, detail) = match (fit, reachable) {
                (true, _) => (EventKind::NodeBackInDns, "in DNS again"),
                (false, _) if shifted => (EventKind::NodeOutOfDns, "left DNS: traffic is shifted away from its zone"),
                (false, false) => (EventKind::NodeOutOfDns, "left DNS: its zone cannot be reached"),
                (false, true) if node.views.values().any(|view| view.has_healthy()) => {
                    (EventKind::NodeOutOfDns, "left DNS: too few healthy targets")
                }
                (false, true) => (EventKind::NodeOutOfDns, "left DNS: no healthy target"),
            };
            let cause = row.shift.away.filter(|_| shifted).map_or(cx.blame.of_zone(node.zone), |shift| shift.entry);
            let now = cx.now();
            cx.timeline.record(now, kind, subject, detail, cause);
        }
        self.publish(balancer, cx);
    }

    /// Whether the target groups of a node are healthy enough for it.
    fn fit(&self, node: &Node) -> bool {
        let row = &self.balancers[node.balancer];
        // Groups without a target in scope have no say: the address of a node with none at all stays published.
        let mut says = row.groups.iter().filter_map(|&group| node.views[group].fit_for_dns()).peekable();
        says.peek().is_none()
            || match row.dns_needs {
                DnsNeeds::AnyGroup => says.any(|fit| fit),
                DnsNeeds::EveryGroup => says.all(|fit| fit),
            }
    }

    /// ZonalHealthStatus: 1 from each zone that is healthy, 0 from each that is not. Of one that cannot be reached it is not
    /// documented who speaks for it: 0.
    pub fn zonal_health(&self, balancer: BalancerId, cx: &Cx) -> Vec<f64> {
        let here = self.nodes.iter().filter(|node| node.balancer == balancer);
        let healthy = |node: &Node| cx.environment.zones[node.zone].reachable() && self.fit(node);
        here.map(|node| f64::from(u8::from(healthy(node)))).collect()
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
