//! Discovery: the instances that callers without a balancer know of.

use super::Clients;
use crate::plan::Discovery;
use crate::request::InstanceId;
use crate::shared::Cx;
use sim_core::{Stream, Words};

/// Instances that callers without a balancer know of.
pub(super) struct Directory {
    pub(super) instances: Vec<InstanceId>,
    pub(super) next: usize,
    pub(super) discovery: Discovery,
    pub(super) stream: Stream,
}

impl Directory {
    #[inline]
    pub(super) fn pick(&mut self) -> Option<InstanceId> {
        match self.discovery {
            _ if self.instances.is_empty() => None,
            Discovery::Random => Some(self.instances[self.stream.below(self.instances.len() as u32) as usize]),
            Discovery::RoundRobin => {
                self.next = if self.next + 1 >= self.instances.len() { 0 } else { self.next + 1 };
                Some(self.instances[self.next])
            }
        }
    }
}

impl Clients {
    #[cold]
    #[inline(never)]
    pub(super) fn discovered(&mut self, instance: InstanceId, there: bool, cx: &mut Cx) {
        let Some(service) = cx.directory.facts(instance).service else { return };
        let known = &mut self.discovery[service].instances;
        known.retain(|&other| other != instance);
        if there {
            known.push(instance);
        } else {
            self.hang_up(instance, cx);
        }
    }
}
