//! DNS answers as clients keep them: a balancer's name leads to one of its nodes until the answer expires.

use super::Caller;
use crate::plan::BalancerId;
use crate::shared::Cx;
use sim_core::{Duration, Time, Words};

/// One cache of a balancer's DNS answer.
#[derive(Clone, Copy)]
pub(super) struct Resolver {
    pub(super) expires: Time,
    pub(super) node: Option<u16>,
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
        let resolver = &mut self.resolvers[index];
        if now >= resolver.expires || resolver.node.is_none() {
            let answer = &cx.dns[balancer];
            if answer.is_empty() {
                return resolver.node;
            }
            resolver.node = Some(answer[self.dns.below(answer.len() as u32) as usize]);
            while resolver.expires <= now {
                resolver.expires += self.dns_ttl.max(Duration::from_nanos(1));
            }
        }
        resolver.node
    }
}
