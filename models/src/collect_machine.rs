//! Collecting from single machines: CPU credits, and what else EC2 or an agent says of each instance.
//!
//! # Models      credit metrics each 300 s, whatever the monitoring (rule B8)
//! # Source      `aws/scaling.md` §4, §6.2

use crate::plan::{FleetId, MachineMetric};
use crate::world::World;
use sim_core::Time;

impl World<'_> {
    /// One sample per running instance that has the metric.
    pub(crate) fn machine_samples(&mut self, fleet: FleetId, metric: MachineMetric, now: Time) -> Vec<f64> {
        if !now.nanos().is_multiple_of(metric.period().nanos()) {
            return Vec::new();
        }
        let running = self.groups.running(fleet);
        let World { instances, shared, .. } = self;
        running.into_iter().filter_map(|instance| instances.sample(instance, metric, now, shared)).collect()
    }
}
