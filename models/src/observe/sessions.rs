//! Sessions kept in the memory of instances.

use crate::plan::{ServiceId, SiteId};
use crate::request::{InstanceId, Request};
use std::collections::BTreeMap;

/// Where each session lives.
#[derive(Debug, Default)]
pub struct Sessions {
    at: BTreeMap<(SiteId, ServiceId, u32), InstanceId>,
    /// Sessions whose state is gone.
    pub lost: u64,
}

impl Sessions {
    /// A request of a session has reached an instance: its state is there from now on, and of no use elsewhere.
    pub fn reached(&mut self, request: &Request, service: ServiceId, instance: InstanceId) {
        if request.user != 0 {
            self.at.insert((request.site, service, request.user), instance);
        }
    }

    /// How many live with a service, or on one of its instances.
    pub fn count(&self, service: ServiceId, instance: Option<InstanceId>) -> usize {
        let here = |(key, at): &(&(SiteId, ServiceId, u32), &InstanceId)| {
            key.1 == service && instance.is_none_or(|instance| **at == instance)
        };
        self.at.iter().filter(here).count()
    }

    /// An instance is gone, and with it the sessions whose state is there.
    pub fn gone(&mut self, instance: InstanceId) {
        let before = self.at.len();
        self.at.retain(|_, at| *at != instance);
        self.lost += (before - self.at.len()) as u64;
    }
}
