//! Collecting from single machines: CPU, bytes on the network, credits, and what else EC2 or an agent says of each instance.
//!
//! # Models      CPU and bytes each 60 s (detailed) or 300 s (basic), from the first full period on; credit metrics each
//!   300 s, whatever the monitoring (rule B8)
//! # Source      `aws/scaling.md` §4, §6.2

use crate::datapoints::cadence;
use crate::plan::{FleetId, InstanceMetric, MachineMetric, Metric};
use crate::request::InstanceId;
use crate::world::World;
use sim_core::{Duration, Time};
use std::collections::BTreeMap;

/// Counters of instances as they stood at the last sampling.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks(BTreeMap<Counter, (Time, f64)>);

/// Of which metric (none: the CPU of a group), by which n-th instance, of which instance.
type Counter = (Option<InstanceMetric>, Option<u16>, InstanceId);

impl Marks {
    /// By how much a counter has grown in the period that ends now. None if it was not sampled when that period began: of its
    /// first period, or of the way back from standby, it saw a part, and EC2 reports from the first full one on. None either if
    /// it has fallen, for then another machine has taken its place.
    fn grown(
        &mut self,
        metric: Metric,
        instance: InstanceId,
        total: f64,
        (now, period): (Time, Duration),
    ) -> Option<f64> {
        let (metric, nth) = match metric {
            Metric::Instance(_, nth, metric) => (Some(metric), nth),
            _ => (None, None),
        };
        let (at, before) = self.0.insert((metric, nth, instance), (now, total))?;
        (now - at == period && before <= total).then_some(total - before)
    }
}

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

    /// CPUUtilization of a group's instances that have warmed up (rule C6), or of the n-th alone; none while its period goes on.
    pub(crate) fn cpu_samples(
        &mut self,
        chosen: (FleetId, Option<u16>),
        metric: Metric,
        now: Time,
    ) -> Option<Vec<f64>> {
        let period = self.period_that_ends(metric, now)?;
        let mut samples = Vec::new();
        for instance in self.those_sampled(chosen, now) {
            let work = self.instances.busy_ns(instance, now);
            let vcpus = self.shared.directory.vcpus(self.shared.plan, instance);
            let capacity = f64::from(vcpus) * period.nanos() as f64;
            let worked = self.marks.grown(metric, instance, work, (now, period));
            samples.extend(worked.map(|worked| 100.0 * worked / capacity));
        }
        Some(samples)
    }

    /// The same for NetworkIn and NetworkOut.
    pub(crate) fn network_samples(
        &mut self,
        chosen: (FleetId, Option<u16>),
        metric: Metric,
        now: Time,
    ) -> Option<Vec<f64>> {
        let period = self.period_that_ends(metric, now)?;
        let received = matches!(metric, Metric::Instance(_, _, InstanceMetric::NetworkIn));
        let mut samples = Vec::new();
        for instance in self.those_sampled(chosen, now) {
            let Some(bytes) = self.instances.bytes(instance) else { continue };
            let total = if received { bytes.received } else { bytes.sent };
            samples.extend(self.marks.grown(metric, instance, total as f64, (now, period)));
        }
        Some(samples)
    }

    /// The metric's period, if one ends now.
    fn period_that_ends(&self, metric: Metric, now: Time) -> Option<Duration> {
        let period = Duration::from_secs(u64::from(cadence(metric, self.shared.plan)));
        now.nanos().is_multiple_of(period.nanos()).then_some(period)
    }

    /// Instances of a group that have warmed up, or the n-th, warm or not.
    fn those_sampled(&self, (fleet, nth): (FleetId, Option<u16>), now: Time) -> Vec<InstanceId> {
        match nth {
            None => self.groups.measured(fleet, now),
            Some(_) => self.those_watched(fleet, nth),
        }
    }
}
