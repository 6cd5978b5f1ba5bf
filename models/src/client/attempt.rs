//! Attempts: how one is sent, how long it may take, and what becomes of one that finds nobody.

use super::{Clients, Event, client};
use crate::event;
use crate::plan::*;
use crate::request::*;
use crate::shared::Cx;
use crate::{Outcome, alb, instance};
use sim_core::{Duration, Slot, Time, Words};
use std::collections::VecDeque;

/// The timers of a site's attempts, all of one length and so in the order of their ends. Nearly every attempt is over
/// before its time, so only the first that is not has a place in the event list.
pub(super) struct Timers {
    pub(super) timeout: Duration,
    pub(super) slot: Slot,
    pub(super) running: VecDeque<(Time, RequestRef)>,
}

impl Timers {
    #[inline]
    pub(super) fn start(&mut self, at: RequestRef, site: SiteId, cx: &mut Cx) {
        let end = cx.now() + self.timeout;
        if self.running.is_empty() {
            cx.list.set(self.slot, end, client(Event::TimersDue(site)));
        }
        self.running.push_back((end, at));
    }
}

impl Clients {
    /// Sends an attempt on its way.
    pub(super) fn attempt(&mut self, at: RequestRef, cx: &mut Cx) {
        let now = cx.now();
        let request = &mut cx.requests[at.id];
        request.attempt += 1;
        let Request { site, luck, user, .. } = *request;
        let caller = &mut self.sites[site];
        if caller.care.is_some() {
            return self.attempt_with_care(at, cx);
        }
        if let Some(timers) = &mut caller.timers {
            timers.start(at, site, cx);
        }
        let from = cx.caller_place(&cx.requests[at.id]);
        match caller.to {
            Destination::Balancer(balancer) => {
                let connected = match caller.resolve(balancer, luck, user, now, cx) {
                    Some(node) => {
                        let to = cx.nodes[node as usize].place;
                        cx.connect(from, to, event::Event::Alb(alb::Event::Request { node, request: at }))
                    }
                    None => false,
                };
                if !connected {
                    cx.list.via(caller.connect_timeout, client(Event::ConnectFailed(at)));
                }
            }
            Destination::Service(service) => {
                let Some(instance) = self.discovery[service].pick() else {
                    cx.hand_over(client(Event::Answer { request: at, outcome: Outcome::Refused }));
                    return;
                };
                self.send_to(instance, at, false, cx);
            }
        }
    }

    /// Sends a request straight to an instance; by an established connection it waits for the way to be free again.
    #[inline(always)]
    pub(super) fn send_to(&mut self, instance: InstanceId, at: RequestRef, established: bool, cx: &mut Cx) {
        let now = cx.now();
        let Request { site, luck, endpoint, .. } = cx.requests[at.id];
        let from = cx.caller_place(&cx.requests[at.id]);
        let caller = &self.sites[site];
        let pc = cx.program.endpoint[endpoint];
        let call = cx.new_call(Call::sent(Waiter::Direct(at), luck, pc, endpoint, instance, now));
        cx.requests[at.id].call = call;
        let to = cx.place_of(instance);
        if from != to && caller.population.is_none() {
            cx.cross_zone_bytes += u64::from(cx.plan.sites[site].bytes());
        }
        let deliver = event::Event::Instance(instance::Event::Deliver(call));
        if established {
            cx.send(from, to, deliver);
        } else if !cx.connect(from, to, deliver) {
            cx.calls.remove(call.id);
            cx.list.via(caller.connect_timeout, client(Event::ConnectFailed(at)));
        }
    }

    /// Ends the attempts whose time is up, and looks again when that of the next is.
    pub(super) fn timers_due(&mut self, site: SiteId, cx: &mut Cx) {
        let now = cx.now();
        while let Some(timers) = &mut self.sites[site].timers
            && let Some(&(end, at)) = timers.running.front()
        {
            if cx.request(at).is_some() {
                if end > now {
                    cx.list.set(timers.slot, end, client(Event::TimersDue(site)));
                    return;
                }
                timers.running.pop_front();
                self.timeout(at, cx);
            } else {
                timers.running.pop_front();
            }
        }
    }

    fn timeout(&mut self, at: RequestRef, cx: &mut Cx) {
        let Some(request) = cx.request(at) else { return };
        let call = request.call;
        // 460, if a node still had it in hand; by a flow, the client resets what comes after it has hung up.
        match cx.call(call) {
            Some(&Call { node, waiter: Waiter::Node(_), .. }) => {
                let balancer = cx.nodes[node as usize].balancer;
                cx.observe.client_gone(balancer);
            }
            Some(&Call { node, waiter: Waiter::Flow { .. }, .. }) => {
                let balancer = cx.nodes[node as usize].balancer;
                cx.observe.edge(balancer).client_gone();
            }
            _ => {}
        }
        let Some(request) = cx.request(at) else { return };
        if self.sites[request.site].cancels {
            cx.hand_over(event::Event::Instance(instance::Event::Cancel(call)));
        }
        self.conclude(at, Outcome::TimedOut, cx);
    }

    /// Nobody answered: the cache turns to another address of its answer, and the attempt is over.
    #[cold]
    #[inline(never)]
    pub(super) fn connect_failed(&mut self, at: RequestRef, cx: &mut Cx) {
        let Some(request) = cx.request(at) else { return };
        let request = *request;
        let caller = &mut self.sites[request.site];
        let Destination::Balancer(balancer) = caller.to else {
            return self.conclude(at, Outcome::ConnectTimeout, cx);
        };
        let index = caller.resolver_for(&request, cx.plan.zones.len());
        let failed = caller.resolvers[index].node;
        let stale = failed.is_some_and(|node| !cx.dns[balancer].contains(&node));
        let others: Vec<u16> = cx.dns[balancer].iter().copied().filter(|&node| Some(node) != failed).collect();
        if !others.is_empty() {
            let pick = caller.dns.below(others.len() as u32) as usize;
            caller.resolvers[index].node = Some(others[pick]);
        }
        self.conclude(at, if stale { Outcome::StaleDns } else { Outcome::ConnectTimeout }, cx);
    }
}
