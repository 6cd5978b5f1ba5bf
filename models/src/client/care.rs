//! Callers that take more care: they keep connections, retry as the SDKs do, or ask DNS from inside a zone.
//!
//! ```text
//!  attempt ─► rate limiter ─► kept connection ────────────────────────────────────► request ─► answer ─► pool
//!     Permitted ┘               └ none: DNS ─► SYN ─► Shake … Shake (round trips) ─┘            └ or closed, reset
//!                                              └ silence: SynDue 1, 2, 4 … s ─► ConnectDue │ 127 s: ConnectFailed
//! ```
//! # Models      pools of kept connections; handshakes; repeated SYNs; kept connections ignore DNS; what the other end closes;
//!   requests that hang on a dead connection until a timer or the kernel ends them
//! # Leaves out  limits of a pool; TCP keep-alive probes; the race with a server that closes a kept connection at that moment
//!   (that of a balancer's node with its target is in `alb::backend`); the way from a Network Load Balancer to its target in handshakes
//! # Source      `aws/network.md` §3.12, §10.1, §10.2

use super::retry::SdkClients;
use super::{Caller, Clients, Event, client};
use crate::Outcome;
use crate::alb::{self, nlb};
use crate::connection::{Connection, ConnectionRef, Peer};
use crate::event;
use crate::network::Place;
use crate::plan::*;
use crate::request::*;
use crate::shared::Cx;
use sim_core::{Duration, Lane, Stream, Words};

/// What a caller that takes more care has beyond the others.
pub(super) struct Care {
    kept: Option<Kept>,
    pub(super) sdk: Option<SdkClients>,
    /// Share of lookups answered with the node of the caller's own zone.
    affinity: f64,
    homes: Stream,
}

/// Connections of a caller.
struct Kept {
    settings: Connections,
    /// Those at rest, per pool; the last one used is on top.
    idle: Vec<Vec<ConnectionRef>>,
    /// None: the kernel's last SYN decides.
    timeout: Option<Lane>,
}

impl Care {
    /// What the site needs; none if it is like most.
    pub(super) fn of(site: &Site, cx: &mut Cx) -> Option<Box<Care>> {
        let affinity = match site.to {
            Destination::Balancer(id) => match &cx.plan.balancers[id].kind {
                BalancerKind::Network(settings) => settings.zonal_affinity,
                _ => 0.0,
            },
            Destination::Service(_) => 0.0,
        };
        let sdk = match site.retry.backoff {
            Backoff::Sdk(sdk) => Some(SdkClients::new(sdk, site.resolvers)),
            _ => None,
        };
        if site.connections.is_none() && sdk.is_none() && affinity == 0.0 {
            return None;
        }
        let kept = site.connections.clone().map(|settings| Kept {
            idle: vec![Vec::new(); settings.keep_alive.map_or(0, |keep| keep.pools.max(1)) as usize],
            settings,
            timeout: Some(site.connect_timeout.min(site.timeout))
                .filter(|&limit| limit != Duration::MAX)
                .map(|limit| cx.list.lane(limit)),
        });
        Some(Box::new(Care { kept, sdk, affinity, homes: cx.stream(&site.name, "zonal dns") }))
    }

    /// Sets of resolvers that a caller needs: one for each zone where the answer depends on that.
    pub(super) fn resolver_sets(&self, zones: usize) -> usize {
        if self.affinity > 0.0 { zones + 1 } else { 1 }
    }
}

/// The same member of a population for the same request or user.
pub(super) fn member(luck: u64, user: u32, members: usize) -> usize {
    let of = if user == 0 { (luck >> 32) as u32 } else { user };
    of as usize % members.max(1)
}

impl Caller {
    /// The cache of DNS answers that a request belongs to.
    pub(super) fn resolver_for(&self, request: &Request, zones: usize) -> usize {
        let Some(care) = &self.care else { return self.resolver_of(request.luck, request.user) };
        let sets = care.resolver_sets(zones);
        let each = self.resolvers.len() / sets;
        let set = if sets > 1 { (request.zone as usize).min(zones) } else { 0 };
        set * each + member(request.luck, request.user, each)
    }

    /// The node that this request's cache answers with.
    #[cold]
    fn resolve_with_care(&mut self, balancer: BalancerId, request: &Request, cx: &Cx) -> Option<u16> {
        let now = cx.now();
        let index = self.resolver_for(request, cx.plan.zones.len());
        if !self.resolvers[index].is_fresh(now) {
            let answer = &cx.dns[balancer];
            let home =
                answer.iter().copied().find(|&node| cx.nodes[node as usize].zone.index() == request.zone as usize);
            let care = self.care.as_deref_mut();
            let stays =
                home.is_some() && care.is_some_and(|care| care.affinity > 0.0 && care.homes.chance(care.affinity));
            self.refresh(index, balancer, now, cx);
            if stays {
                self.resolvers[index].node = home;
            }
        }
        self.resolvers[index].node
    }
}

impl Clients {
    /// Begins an attempt with care: it may have to wait for the rate limiter.
    #[cold]
    #[inline(never)]
    pub(super) fn attempt_with_care(&mut self, at: RequestRef, cx: &mut Cx) {
        let now = cx.now();
        let Some(&request) = cx.request(at) else { return };
        let sdk = self.sites[request.site].care.as_mut().and_then(|care| care.sdk.as_mut());
        match sdk.map(|sdk| sdk.permission(&request, now)) {
            Some(wait) if !wait.is_zero() => cx.list.after(wait, client(Event::Permitted(at))),
            _ => self.permitted(at, cx),
        }
    }

    /// The rate limiter lets an attempt go.
    #[cold]
    pub(super) fn permitted(&mut self, at: RequestRef, cx: &mut Cx) {
        let Some(&request) = cx.request(at) else { return };
        let caller = &mut self.sites[request.site];
        if let Some(timers) = &mut caller.timers {
            timers.start(at, request.site, cx);
        }
        if caller.care.as_ref().is_some_and(|care| care.kept.is_some()) {
            return self.connect(at, &request, cx);
        }
        let from = cx.caller_place(&request);
        match caller.to {
            Destination::Balancer(balancer) => {
                let node = caller.resolve_with_care(balancer, &request, cx);
                let connected = node.is_some_and(|node| {
                    let to = cx.nodes[node as usize].place;
                    cx.connect(from, to, event::Event::Alb(alb::Event::Request { node, request: at }))
                });
                if !connected {
                    cx.list.via(self.sites[request.site].connect_timeout, client(Event::ConnectFailed(at)));
                }
            }
            Destination::Service(service) => match self.discovery[service].pick() {
                Some(instance) => self.send_to(instance, at, false, cx),
                None => cx.hand_over(client(Event::Answer { request: at, outcome: Outcome::Refused })),
            },
        }
    }

    /// Takes a kept connection, or opens one.
    fn connect(&mut self, at: RequestRef, request: &Request, cx: &mut Cx) {
        let now = cx.now();
        let caller = &mut self.sites[request.site];
        let Some(kept) = caller.care.as_mut().and_then(|care| care.kept.as_mut()) else { return };
        let pool = member(request.luck, request.user, kept.idle.len());
        let keep = kept.settings.keep_alive.map_or(Duration::ZERO, |keep| keep.idle_timeout);
        while let Some(found) = kept.idle.get_mut(pool).and_then(Vec::pop) {
            let Some(&row) = cx.connections.get(found) else { continue };
            if now - row.used >= row.keep.min(closed_when_idle(&row, cx)) {
                close(found, cx);
                continue;
            }
            if let Some(row) = cx.connections.get_mut(found) {
                row.in_use = true;
            }
            cx.connections.bind(at, found);
            return self.send_by(found, at, cx);
        }
        let peer = match caller.to {
            Destination::Balancer(balancer) => caller.resolve_with_care(balancer, request, cx).map(Peer::Node),
            Destination::Service(service) => self.discovery[service].pick().map(Peer::Instance),
        };
        let Some(peer) = peer else {
            return cx.hand_over(client(Event::Answer { request: at, outcome: Outcome::Refused }));
        };
        let connection = cx.connections.open(Connection {
            pool: pool as u32,
            peer,
            target: None,
            opened: now,
            used: now,
            keep,
            in_use: true,
            established: false,
            served: false,
            last: false,
        });
        cx.connections.bind(at, connection);
        if let Some(lane) = self.kept(request.site).and_then(|kept| kept.timeout) {
            cx.list.via(lane, client(Event::ConnectDue(at)));
        }
        self.syn(at, 0, cx);
    }

    fn kept(&self, site: SiteId) -> Option<&Kept> {
        self.sites[site].care.as_ref().and_then(|care| care.kept.as_ref())
    }

    /// A request that waits for its connection, with that connection and the places of both ends.
    #[cold]
    fn handshake(&self, at: RequestRef, cx: &Cx) -> Option<(Request, ConnectionRef, Place, Place)> {
        let request = *cx.request(at)?;
        let connection = cx.connections.of(at)?;
        let row = cx.connections.get(connection)?;
        if row.established {
            return None;
        }
        Some((request, connection, cx.caller_place(&request), place_of(row.peer, cx)))
    }

    /// Sends a SYN, which nobody may hear; the kernel repeats it.
    #[cold]
    pub(super) fn syn(&mut self, at: RequestRef, tries: u8, cx: &mut Cx) {
        let Some((request, _, from, to)) = self.handshake(at, cx) else { return };
        let Some(kept) = self.kept(request.site) else { return };
        let waits = kept.settings.syn.waits_s();
        let Some(&wait) = waits.get(tries as usize) else { return self.connect_failed(at, cx) };
        let left = kept.settings.round_trips.max(1) * 2 - 1;
        if !cx.connect(from, to, client(Event::Shake { request: at, left })) {
            let wait = Duration::from_secs(wait);
            cx.list.after(wait, client(Event::SynDue { request: at, tries: tries + 1 }));
        }
    }

    /// A message of the handshake has arrived: at the other end if an odd number of them is left, else at the caller.
    pub(super) fn shake(&mut self, at: RequestRef, left: u8, cx: &mut Cx) {
        let Some((_, connection, here, there)) = self.handshake(at, cx) else { return };
        if left == 0 {
            if let Some(row) = cx.connections.get_mut(connection) {
                row.established = true;
                let to = row.node().map(|node| cx.nodes[node as usize].balancer);
                if let Some(to) = to.filter(|&to| matches!(cx.plan.balancers[to].kind, BalancerKind::Application)) {
                    cx.observe.balancer(to).connections.opened += 1;
                }
            }
            return self.send_by(connection, at, cx);
        }
        let (from, to) = if left % 2 == 1 { (there, here) } else { (here, there) };
        cx.send(from, to, client(Event::Shake { request: at, left: left - 1 }));
    }

    /// The connect timeout of an attempt is over.
    pub(super) fn connect_due(&mut self, at: RequestRef, cx: &mut Cx) {
        if self.handshake(at, cx).is_some() {
            self.connect_failed(at, cx);
        }
    }

    /// Sends a request by an established connection.
    #[cold]
    fn send_by(&mut self, connection: ConnectionRef, at: RequestRef, cx: &mut Cx) {
        let now = cx.now();
        let (Some(&request), Some(&row)) = (cx.request(at), cx.connections.get(connection)) else { return };
        let (from, to) = (cx.caller_place(&request), place_of(row.peer, cx));
        if !cx.network.passes(&cx.environment, from, to)
            && let Some(kept) = self.kept(request.site)
        {
            // Nobody acknowledges it: sooner or later the kernel gives up.
            let limit = kept.settings.retransmission_limit;
            cx.list.after(limit, client(Event::KernelGaveUp(at)));
        }
        match row.peer {
            Peer::Node(node) => {
                let keep_alive = cx.plan.balancers[cx.nodes[node as usize].balancer].client_keep_alive;
                if let Some(row) = cx.connections.get_mut(connection) {
                    row.last = now - row.opened >= keep_alive;
                }
                cx.send(from, to, event::Event::Alb(alb::Event::Request { node, request: at }));
            }
            Peer::Instance(instance) => self.send_to(instance, at, true, cx),
        }
    }

    /// The kernel has repeated a segment as often as it does: the connection is lost if the way is still barred.
    pub(super) fn kernel_gave_up(&mut self, at: RequestRef, cx: &mut Cx) {
        let (Some(&request), Some(connection)) = (cx.request(at), cx.connections.of(at)) else { return };
        let Some(row) = cx.connections.get(connection) else { return };
        let (from, to) = (cx.caller_place(&request), place_of(row.peer, cx));
        if !cx.network.passes(&cx.environment, from, to) {
            self.conclude(at, Outcome::ConnectionReset, cx);
        }
    }

    /// An attempt of a caller that takes care is over.
    #[cold]
    #[inline(never)]
    pub(super) fn conclude_with_care(&mut self, at: RequestRef, request: &Request, outcome: Outcome, cx: &mut Cx) {
        let now = cx.now();
        let reset = self.release(at, request, outcome, cx);
        let may_start = request.parent != CallRef::NONE || now < self.end;
        let caller = &mut self.sites[request.site];
        if reset && may_start {
            // Not an attempt that counts: the connection was closed before the request was read.
            let attempt = request.attempt - 1;
            let next = cx.new_request(Request { attempt, call: CallRef::NONE, ..*request });
            return self.attempt(next, cx);
        }
        let again = !outcome.is_ok() && outcome != Outcome::Abandoned && may_start;
        let again = again && u32::from(request.attempt) < caller.retry.attempts;
        let Some(sdk) = caller.care.as_mut().and_then(|care| care.sdk.as_mut()) else {
            if again {
                let wait = caller.backoff(u32::from(request.attempt), request.backoff_ns);
                return retry(request, wait, wait.nanos(), cx);
            }
            return self.end_request(request, outcome, cx);
        };
        sdk.answered(request, outcome, now);
        if again {
            let service = cx.plan.endpoints[request.endpoint].service;
            let hint = match cx.plan.services[service].when_full {
                WhenFull::Throttle { retry_after } if outcome == Outcome::Throttled => retry_after,
                _ => None,
            };
            if let Some((wait, cost)) = sdk.retry(request, outcome, hint, &mut caller.backoff) {
                return retry(request, wait, cost, cx);
            }
        }
        self.end_request(request, outcome, cx);
    }

    /// Gives the connection of an attempt back to its pool, or closes it. Says whether the attempt met a kept connection
    /// that was reset, and is to be sent again.
    fn release(&mut self, at: RequestRef, request: &Request, outcome: Outcome, cx: &mut Cx) -> bool {
        let now = cx.now();
        let Some(connection) = cx.connections.unbind(at) else { return false };
        let Some(kept) = self.sites[request.site].care.as_mut().and_then(|care| care.kept.as_mut()) else {
            return false;
        };
        let before = cx.connections.get(connection).copied();
        let answered = !matches!(
            outcome,
            Outcome::TimedOut
                | Outcome::ConnectTimeout
                | Outcome::StaleDns
                | Outcome::Refused
                | Outcome::ConnectionReset
                | Outcome::Abandoned
        );
        match (kept.settings.keep_alive, cx.connections.get_mut(connection)) {
            (Some(_), Some(row)) if answered && row.established && !row.last => {
                row.used = now;
                row.in_use = false;
                row.served = true;
                if let Some(idle) = kept.idle.get_mut(row.pool as usize) {
                    idle.push(connection);
                }
            }
            _ => close(connection, cx),
        }
        let resend = kept.settings.keep_alive.is_some_and(|keep| keep.resend);
        // One whose row is gone was reset together with its flow, after the request had been read.
        resend && outcome == Outcome::ConnectionReset && before.is_some_and(|row| row.served)
    }

    /// Whether a request that no instance works on waits in a queue that its caller can leave.
    pub(super) fn waits_in_surge_queue(&self, site: SiteId, cx: &Cx) -> bool {
        match self.sites[site].to {
            Destination::Balancer(id) => matches!(cx.plan.balancers[id].kind, BalancerKind::Classic(_)),
            Destination::Service(_) => false,
        }
    }

    /// An instance is gone, and says so to those who are connected to it, as far as they can be reached.
    pub(super) fn hang_up(&mut self, instance: InstanceId, cx: &mut Cx) {
        if cx.connections.count() == 0 {
            return;
        }
        let place = cx.place_of(instance);
        let found = cx.connections.find(|row| {
            let at_target = row.target.is_some_and(|target| target.1 == instance);
            row.peer == Peer::Instance(instance) || at_target
        });
        for connection in found {
            let Some(row) = cx.connections.get(connection) else { continue };
            let to = place_of(row.peer, cx);
            if row.established && cx.network.passes(&cx.environment, place, to) {
                close(connection, cx);
            }
        }
    }
}

/// Another attempt after a wait; `memo` is what the retry after it has to know of this one.
#[cold]
fn retry(request: &Request, wait: Duration, memo: u64, cx: &mut Cx) {
    let next = cx.new_request(Request { backoff_ns: memo, call: CallRef::NONE, ..*request });
    cx.list.after(wait, client(Event::Retry(next)));
}

/// After so much idle time the other end has closed a connection, and the caller knows: a server by its keep-alive, a balancer
/// by its idle timeout. A Network Load Balancer only forgets it: the caller finds out when it uses it.
fn closed_when_idle(row: &Connection, cx: &Cx) -> Duration {
    let by_server = |instance| {
        let service = cx.directory.facts(instance).service;
        let keep_alive = service.and_then(|service| cx.plan.services[service].keep_alive);
        keep_alive.map_or(Duration::MAX, |keep_alive| keep_alive.timeout)
    };
    let node = match row.peer {
        Peer::Node(node) => node,
        Peer::Instance(instance) => return by_server(instance),
    };
    let balancer = &cx.plan.balancers[cx.nodes[node as usize].balancer];
    match balancer.kind {
        BalancerKind::Network(_) => row.target.map_or(Duration::MAX, |(_, instance)| by_server(instance)),
        BalancerKind::Application | BalancerKind::Classic(_) => balancer.idle_timeout,
    }
}

fn place_of(peer: Peer, cx: &Cx) -> Place {
    match peer {
        Peer::Node(node) => cx.nodes[node as usize].place,
        Peer::Instance(instance) => cx.place_of(instance),
    }
}

/// Closes a connection, and the flow that it was at a node.
#[cold]
fn close(connection: ConnectionRef, cx: &mut Cx) {
    if let Some(row) = cx.connections.close(connection)
        && let (Peer::Node(node), Some((group, instance))) = (row.peer, row.target)
    {
        cx.hand_over(event::Event::Nlb(nlb::Event::Closed { node, group, instance }));
    }
}
