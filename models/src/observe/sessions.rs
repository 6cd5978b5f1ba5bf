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
    /// A request of a session has reached an instance. True if the session begins there: it is new, or its state is
    /// elsewhere (and so of no use).
    pub fn reached(&mut self, request: &Request, service: ServiceId, instance: InstanceId) -> bool {
        if request.user == 0 {
            return false;
        }
        self.at.insert((request.site, service, request.user), instance) != Some(instance)
    }
}
