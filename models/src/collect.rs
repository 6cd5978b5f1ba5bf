//! Collecting: what CloudWatch is given at each minute, read off the parts without disturbing them.
//!
//! # Models      EC2 metrics each 60 s (detailed) or 300 s (basic), all else each 60 s; counts of errors and of requests
//!   exist only when not zero, response times only with traffic (as AWS leaves them absent)
//! # Source      `aws/scaling.md` §5.1, `aws/network.md` §3.13

use crate::plan::{Metric, Monitoring};
use crate::request::InstanceId;
use crate::world::World;
use sim_core::Duration;

impl World<'_> {
    /// A minute is over: samples of every metric that an alarm watches.
    pub(crate) fn collect(&mut self) {
        let now = self.shared.now();
        let watched: Vec<Metric> = self.cloudwatch.watched().to_vec();
        for metric in watched {
            let samples = match metric {
                Metric::Cpu(fleet) => {
                    let template = &self.shared.plan.fleets[fleet].template;
                    let period = match template.monitoring {
                        Monitoring::Detailed => Duration::from_secs(60),
                        Monitoring::Basic => Duration::from_secs(300),
                    };
                    if !now.nanos().is_multiple_of(period.nanos()) {
                        continue;
                    }
                    let mut samples = Vec::new();
                    for instance in self.groups.measured(fleet, now) {
                        let vcpus = self.shared.template_of(instance).vcpus;
                        let capacity = f64::from(vcpus) * period.nanos() as f64;
                        let (before, work) = self.cpu_since_mark(instance, now);
                        samples.extend(before.map(|before| 100.0 * (work - before) / capacity));
                    }
                    samples
                }
                Metric::InServiceInstances(fleet) => vec![f64::from(self.groups.counts(fleet).in_service)],
                Metric::DesiredCapacity(fleet) => vec![f64::from(self.groups.counts(fleet).desired)],
                Metric::RequestCount(balancer) => counted(self.shared.observe.balancer(balancer).minute.requests),
                Metric::Elb5xx(balancer) => counted(self.shared.observe.balancer(balancer).minute.elb_5xx),
                Metric::RequestCountPerTarget(group) => {
                    let requests = self.shared.observe.target_group(group).minute.requests;
                    let healthy = self.albs.targets(group).filter(|target| target.1).count();
                    let targets = if healthy > 0 { healthy } else { self.albs.targets(group).count() };
                    if requests == 0 || targets == 0 { Vec::new() } else { vec![requests as f64 / targets as f64] }
                }
                Metric::Target5xx(group) => counted(self.shared.observe.target_group(group).minute.target_5xx),
                Metric::TargetResponseTime(group) => {
                    let World { shared, cloudwatch, .. } = self;
                    let response = std::mem::replace(
                        &mut shared.observe.target_group(group).response,
                        sim_core::Histogram::new(1),
                    );
                    let cx = shared;
                    if !response.is_empty() {
                        cloudwatch.record_histogram(metric, &response, 1e-9, cx);
                    }
                    cx.observe.target_group(group).response = response;
                    continue;
                }
                Metric::HealthyHostCount(group) => {
                    match self.albs.hosts(group, self.shared.plan, &self.shared.environment) {
                        Some((healthy, _)) => vec![f64::from(healthy)],
                        None => Vec::new(),
                    }
                }
                Metric::UnHealthyHostCount(group) => {
                    match self.albs.hosts(group, self.shared.plan, &self.shared.environment) {
                        Some((_, unhealthy)) => vec![f64::from(unhealthy)],
                        None => Vec::new(),
                    }
                }
                Metric::QueueDepth(service) => {
                    let fleet = self.shared.plan.services[service].fleet;
                    let waiting = |&instance: &InstanceId| f64::from(self.instances.waiting(instance));
                    self.groups.running(fleet).iter().map(waiting).collect()
                }
                Metric::DatabaseConnections(store) => vec![f64::from(self.stores.busy_connections(store))],
                Metric::DatabaseCpu(store) => match self.stores.cpu(store, now) {
                    Some((work, vcpus)) => {
                        let before = std::mem::replace(&mut self.store_marks[store], work);
                        vec![100.0 * (work - before) / (f64::from(vcpus) * 60e9)]
                    }
                    None => Vec::new(),
                },
                // CloudWatch reads the scenario's own series by itself.
                Metric::Custom(_) => continue,
                Metric::Machine(fleet, metric) => self.machine_samples(fleet, metric, now),
            };
            let World { shared, cloudwatch, .. } = self;
            cloudwatch.record(metric, &samples, shared);
        }
        let plan = self.shared.plan;
        for balancer in plan.balancers.ids() {
            self.shared.observe.balancer(balancer).minute = Default::default();
        }
        for group in plan.target_groups.ids() {
            let counts = self.shared.observe.target_group(group);
            counts.minute = Default::default();
            counts.response.clear();
        }
    }

    /// CPU work of an instance at the last sampling (none if it was not there for the whole period) and now.
    fn cpu_since_mark(&mut self, instance: InstanceId, now: sim_core::Time) -> (Option<f64>, f64) {
        let work = self.instances.busy_ns(instance, now);
        let index = instance.index();
        if self.cpu_marks.len() <= index {
            self.cpu_marks.resize(index + 1, f64::NAN);
        }
        let before = std::mem::replace(&mut self.cpu_marks[index], work);
        // A NaN mark: this is its first period, of which it saw a part; EC2 reports it from its first full one.
        let known = before.is_finite() && before <= work;
        (known.then_some(before), work)
    }
}

/// A count that is absent when zero.
fn counted(count: u64) -> Vec<f64> {
    if count == 0 { Vec::new() } else { vec![count as f64] }
}
