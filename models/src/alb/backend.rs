//! Connections that a node keeps to its targets: how many there are, and the race with a target that closes them first.
//!
//! ```text
//!  request ─► one that is at rest ─┬─ still open ──────────────────► instance::Deliver ─► Reply ─► at rest again
//!               └ none: a new one  └─ the target is closing it ────► MeetsClosed ─► reset: 502
//!  each minute: those at rest grow older; at the idle timeout, or at the target's keep-alive, they are closed
//! ```
//! # Models      the one used last goes first (a modelling choice), so that the others can grow old; how old they are is known
//!   to the minute, and exactly where the target's keep-alive is modelled; a request that is on its way while the target closes
//!   its connection is reset
//! # Leaves out  connections opened in advance (it opens none); HTTP/2 and gRPC to targets; opening takes no time
//! # Source      Elastic Load Balancing user guide, "Application Load Balancers" (request routing), "Troubleshoot your Application
//!   Load Balancers" (HTTP 502); `aws/network.md` §3.5, §3.12, §3.13

use super::{Albs, Event};
use crate::plan::{BalancerId, BalancerKind, ServerKeepAlive};
use crate::request::{Call, CallRef, CallState, InstanceId, NO_NODE, Waiter};
use crate::shared::Cx;
use crate::{Outcome, event};
use sim_core::{Duration, Table, Time};

/// Connections of one node to one target.
#[derive(Clone, Debug, Default)]
pub(super) struct Backend {
    /// At rest, and used since the last minute began. Below zero for the moment in which one has to be found.
    // All that the request path touches: one less, one more.
    pub(super) spare: i32,
    /// At rest for longer: since when, and how many. The one used last is on top.
    old: Vec<(Time, u32)>,
}

impl Backend {
    /// Takes the youngest one that is not closed for its age, if there is one; says since when it has been at rest.
    fn take(&mut self, now: Time, closes: Duration) -> Option<Time> {
        let (since, count) = self.old.last_mut()?;
        if now - *since >= closes {
            // Those below are older still.
            self.old.clear();
            return None;
        }
        let since = *since;
        *count -= 1;
        if *count == 0 {
            self.old.pop();
        }
        Some(since)
    }

    /// One comes to rest, and its age counts from now.
    fn rest(&mut self, now: Time) {
        self.spare -= 1;
        self.old.push((now, 1));
    }

    /// How many are at rest.
    fn at_rest(&self, now: Time, closes: Duration) -> u64 {
        let open = self.old.iter().filter(|(since, _)| now - *since < closes);
        self.spare.max(0) as u64 + open.map(|(_, count)| u64::from(*count)).sum::<u64>()
    }

    /// A minute is over.
    fn age(&mut self, now: Time, closes: Duration) {
        self.old.retain(|(since, _)| now - *since < closes);
        if self.spare > 0 {
            self.old.push((now, self.spare as u32));
            self.spare = 0;
        }
    }
}

/// Connections that are open at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Active {
    /// From clients to the balancer.
    pub from_clients: u64,
    /// From the balancer to targets.
    pub to_targets: u64,
}

impl Active {
    /// ActiveConnectionCount.
    pub fn all(self) -> u64 {
        self.from_clients + self.to_targets
    }
}

impl Albs {
    /// No connection to a target that was used within the minute is at rest: takes an older one, or opens one. Says whether
    /// the target is about to close the one that was taken.
    #[cold]
    #[inline(never)]
    pub(super) fn find_backend(&mut self, index: u16, target: InstanceId, cx: &mut Cx) -> bool {
        let now = cx.now();
        let closes = self.closes(index, target, cx);
        let node = &mut self.nodes[index as usize];
        let balancer = node.balancer;
        let backend = &mut node.backends[target.index()];
        backend.spare = 0;
        let Some(since) = backend.take(now, closes) else {
            cx.observe.balancer(balancer).connections.to_targets += 1;
            return false;
        };
        let Some(keep_alive) = keep_alive(target, cx) else { return false };
        // The target counts from its answer's departure, the node from its arrival; a request has a way to go too.
        let round_trip = match cx.directory.facts(target).zone {
            Some(zone) => cx.plan.network.round_trip[self.nodes[index as usize].zone][zone].mean(),
            None => 0.0,
        };
        now - since + Duration::from_secs_f64(round_trip) >= keep_alive.timeout
    }

    /// A request has gone out by a connection that its target closes meanwhile.
    #[cold]
    #[inline(never)]
    pub(super) fn meets_close(&mut self, index: u16, call: CallRef, cx: &mut Cx) {
        let Some(row) = cx.call(call) else { return };
        let (from, to) = (cx.nodes[index as usize].place, cx.place_of(row.instance));
        cx.send(from, to, event::Event::Alb(Event::MeetsClosed(call)));
    }

    /// It has arrived where nobody holds the connection any more: reset.
    pub(super) fn met_closed(&mut self, at: CallRef, cx: &mut Cx) {
        let Some(&call) = cx.call(at) else { return };
        cx.observe.met_closed(self.nodes[call.node as usize].balancer);
        let (from, to) = (cx.place_of(call.instance), cx.nodes[call.node as usize].place);
        cx.send(from, to, event::Event::Alb(Event::Reply { call: at, outcome: Outcome::BadGateway }));
    }

    /// A connection is gone with the answer that did not come.
    #[cold]
    #[inline(never)]
    pub(super) fn backend_gone(&mut self, call: &Call) {
        if call.waiter != Waiter::Nobody {
            self.nodes[call.node as usize].backends[call.instance.index()].spare -= 1;
        }
    }

    /// An answer has come by a connection whose age matters to the moment.
    pub(super) fn backend_rests(&mut self, call: &Call, now: Time) {
        self.nodes[call.node as usize].backends[call.instance.index()].rest(now);
    }

    /// A target is deregistered: nobody keeps a connection to it.
    pub(super) fn close_backends(&mut self, target: InstanceId) {
        let backends = self.nodes.iter_mut().filter_map(|node| node.backends.get_mut(target.index()));
        backends.for_each(|backend| *backend = Backend::default());
    }

    /// After so long at rest a connection is closed, by the node or by the target; the node knows.
    fn closes(&self, index: u16, target: InstanceId, cx: &Cx) -> Duration {
        let idle = cx.plan.balancers[self.nodes[index as usize].balancer].idle_timeout;
        keep_alive(target, cx).map_or(idle, |server| idle.min(server.timeout + server.lag))
    }

    /// The targets that a node may have connections to, each once.
    fn reached(&self, index: u16) -> Vec<InstanceId> {
        let views = self.nodes[index as usize].views.values();
        let mut targets: Vec<InstanceId> = views.flat_map(|view| &view.targets).map(|target| target.0).collect();
        targets.sort_unstable();
        targets.dedup();
        targets
    }

    /// Nodes of Application Load Balancers.
    fn by_request(&self, cx: &Cx) -> Vec<u16> {
        let by_request = |index: &u16| {
            matches!(cx.plan.balancers[self.nodes[*index as usize].balancer].kind, BalancerKind::Application)
        };
        (0..self.nodes.len() as u16).filter(by_request).collect()
    }

    /// A minute is over: connections at rest grow older.
    pub fn age_backends(&mut self, cx: &Cx) {
        let now = cx.now();
        for index in self.by_request(cx) {
            for target in self.reached(index) {
                let closes = self.closes(index, target, cx);
                self.nodes[index as usize].backends[target.index()].age(now, closes);
            }
        }
    }

    /// Connections of every Application Load Balancer that are open now. A caller that keeps none has one for each request
    /// that is under way.
    pub fn active_connections(&self, cx: &Cx) -> Table<BalancerId, Active> {
        let now = cx.now();
        let mut active: Table<BalancerId, Active> = cx.plan.balancers.iter().map(|_| Active::default()).collect();
        for (_, call) in cx.calls.iter() {
            let Waiter::Node(request) = call.waiter else { continue };
            if call.node == NO_NODE || call.state == CallState::Lost {
                continue;
            }
            let active = &mut active[self.nodes[call.node as usize].balancer];
            active.to_targets += 1;
            active.from_clients += u64::from(cx.request(request).is_some() && cx.connections.of(request).is_none());
        }
        let by_request = self.by_request(cx);
        for &index in &by_request {
            let balancer = self.nodes[index as usize].balancer;
            for target in self.reached(index) {
                let backend = &self.nodes[index as usize].backends[target.index()];
                active[balancer].to_targets += backend.at_rest(now, self.closes(index, target, cx));
            }
        }
        for row in cx.connections.rows() {
            if let Some(node) = row.node()
                && by_request.contains(&node)
                && row.is_open(now, cx.plan.balancers[self.nodes[node as usize].balancer].idle_timeout)
            {
                active[self.nodes[node as usize].balancer].from_clients += 1;
            }
        }
        active
    }
}

/// How a target's server keeps connections, if that is modelled.
pub(super) fn keep_alive(target: InstanceId, cx: &Cx) -> Option<ServerKeepAlive> {
    cx.directory.facts(target).service.and_then(|service| cx.plan.services[service].keep_alive)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    const IDLE: Duration = Duration::from_secs(60);

    #[test]
    fn a_connection_at_rest_is_there_until_its_idle_timeout_and_not_at_it() {
        let mut backend = Backend { spare: 3, old: Vec::new() };
        backend.age(at(60), IDLE);
        assert_eq!((backend.spare, backend.at_rest(at(119), IDLE), backend.at_rest(at(120), IDLE)), (0, 3, 0));
        // Two are used meanwhile, and one of them again.
        assert_eq!(backend.take(at(100), IDLE), Some(at(60)));
        assert_eq!(backend.take(at(110), IDLE), Some(at(60)));
        backend.spare = 1;
        assert_eq!(backend.at_rest(at(119), IDLE), 2);
        backend.age(at(120), IDLE);
        assert_eq!((backend.at_rest(at(120), IDLE), backend.old.len()), (1, 1));
        assert_eq!(backend.take(at(180), IDLE), None, "closed at its idle timeout");
        assert!(backend.old.is_empty());
    }

    #[test]
    fn the_connection_used_last_goes_first() {
        let mut backend = Backend::default();
        for second in [1, 2, 3] {
            backend.spare += 1;
            backend.rest(at(second));
        }
        assert_eq!(backend.spare, 0);
        let taken: Vec<Option<Time>> = (0..4).map(|_| backend.take(at(10), IDLE)).collect();
        assert_eq!(taken, [Some(at(3)), Some(at(2)), Some(at(1)), None]);
        // A short keep-alive has closed the older ones, and with the first that is too old all below it.
        for second in [1, 7] {
            backend.spare += 1;
            backend.rest(at(second));
        }
        let closes = Duration::from_secs(5);
        assert_eq!(backend.at_rest(at(10), closes), 1);
        assert_eq!(backend.take(at(10), closes), Some(at(7)));
        assert_eq!(backend.take(at(10), closes), None);
        assert!(backend.old.is_empty());
    }
}
