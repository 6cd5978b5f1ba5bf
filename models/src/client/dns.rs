//! DNS answers as clients keep them: a balancer's name leads to one of its nodes until the answer expires.
//!
//! # Models      caches of several callers each; time to live, or the holding time of a browser, a JVM, a violator, for ever
//! # Leaves out  negative answers: a balancer's name always has one
//! # Source      `aws/network.md` §2, §10.1

use super::Caller;
use crate::plan::{BalancerId, Site};
use crate::shared::Cx;
use sim_core::{Duration, Stream, Time, Words};

/// One cache of a balancer's DNS answer.
#[derive(Clone, Copy)]
pub(super) struct Resolver {
    pub(super) expires: Time,
    pub(super) node: Option<u16>,
}

impl Resolver {
    /// Whether it answers without asking.
    #[inline]
    pub(super) fn is_fresh(&self, now: Time) -> bool {
        now < self.expires && self.node.is_some()
    }
}

/// How long each cache keeps an answer, where they differ.
pub(super) fn holds(site: &Site, caches: usize, cx: &Cx) -> Vec<Duration> {
    let Some(violators) = &site.ttl_violators else { return Vec::new() };
    let mut stream = cx.stream(&site.name, "dns violators");
    let hold = violators.hold.sampler();
    let of = |stream: &mut Stream| {
        let violates = stream.chance(violators.share);
        // Drawn in any case, so that another share leaves the holding times alone.
        let held = hold.duration(stream);
        if violates { held } else { site.dns_ttl }
    };
    (0..caches).map(|_| of(&mut stream)).collect()
}

impl Caller {
    #[inline]
    pub(super) fn resolver_of(&self, luck: u64, user: u32) -> usize {
        let of = if user == 0 { (luck >> 32) as u32 } else { user };
        of as usize % self.resolvers.len()
    }

    /// The node that this request's cache answers with; asks public DNS when the answer has expired.
    #[inline]
    pub(super) fn resolve(&mut self, balancer: BalancerId, luck: u64, user: u32, now: Time, cx: &Cx) -> Option<u16> {
        let index = self.resolver_of(luck, user);
        let resolver = &self.resolvers[index];
        if !resolver.is_fresh(now) {
            self.refresh(index, balancer, now, cx);
        }
        self.resolvers[index].node
    }

    /// Asks public DNS: one address of the answer, until it expires.
    #[cold]
    #[inline(never)]
    pub(super) fn refresh(&mut self, index: usize, balancer: BalancerId, now: Time, cx: &Cx) {
        let answer = &cx.dns[balancer];
        if answer.is_empty() {
            return;
        }
        let hold = self.holds.get(index).copied().unwrap_or(self.dns_ttl).max(Duration::from_nanos(1));
        let resolver = &mut self.resolvers[index];
        resolver.node = Some(answer[self.dns.below(answer.len() as u32) as usize]);
        while resolver.expires <= now {
            resolver.expires += hold;
        }
    }
}
