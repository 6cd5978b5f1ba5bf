//! What an instance could do for requests, were there any: for traffic that is a rate.

use super::{Condition, Instances};
use crate::request::InstanceId;

impl Instances {
    /// Whether a process listens there, ill or well: what a caller without health checks can find.
    pub(crate) fn listens(&self, instance: InstanceId) -> bool {
        self.rows.get(instance).is_some_and(|row| row.condition() == Condition::Serving)
    }

    /// Whether a request that reaches its zone would be answered.
    pub(crate) fn answers(&self, instance: InstanceId) -> bool {
        self.listens(instance) && self.rows.get(instance).is_some_and(|row| row.frozen == 0 && row.cut_off == 0)
    }

    /// vCPUs' worth of work that it can do, and requests it can serve at once.
    pub(crate) fn strength(&self, instance: InstanceId) -> (f64, u32) {
        let Some(row) = self.rows.get(instance) else { return (0.0, 0) };
        let cpus = f64::from(row.vcpus) * row.speed * row.pace - row.stress;
        (cpus.max(0.0), row.workers)
    }
}
