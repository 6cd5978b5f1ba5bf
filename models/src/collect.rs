//! Collecting: what CloudWatch is given at each minute, read off the parts without disturbing them.
//!
//! # Models      EC2 metrics each 60 s (detailed) or 300 s (basic), status checks and all else each 60 s; counts of errors and
//!   of requests exist only when not zero, response times only with traffic (as AWS leaves them absent); metrics that services
//!   emit, as often as their resolution says
//! # Source      `aws/scaling.md` §5.1, `aws/network.md` §3.13

use crate::alb::Hosts;
use crate::observe::Minute;
use crate::plan::{
    BalancerId, BalancerMetric, Emitted, FleetId, GroupMetric, InstanceMetric, Metric, Per, ServiceId, Source,
    StatusCheck, TargetGroupId, TargetsMetric,
};
use crate::request::InstanceId;
use crate::world::World;
use sim_core::{Duration, Time};

impl World<'_> {
    /// A minute is over: samples of every metric that an alarm watches.
    pub(crate) fn collect(&mut self) {
        let now = self.shared.now();
        let watched: Vec<Metric> = self.cloudwatch.watched().to_vec();
        for metric in watched {
            let samples = match metric {
                Metric::Cpu(fleet) => match self.cpu_samples((fleet, None), metric, now) {
                    Some(samples) => samples,
                    None => continue,
                },
                Metric::InServiceInstances(fleet) => vec![f64::from(self.groups.metrics(fleet).in_service)],
                Metric::DesiredCapacity(fleet) => vec![f64::from(self.groups.metrics(fleet).desired)],
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
                Metric::HealthyHostCount(group) => self.hosts(group).map(|node| f64::from(node.healthy)).collect(),
                Metric::UnHealthyHostCount(group) => self.hosts(group).map(|node| f64::from(node.unhealthy)).collect(),
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
                Metric::Group(fleet, metric) => self.group_metric(fleet, metric),
                Metric::Balancer(balancer, metric) => self.balancer_metric(balancer, metric),
                Metric::Targets(group, metric) => self.targets_metric(group, metric),
                Metric::Instance(fleet, nth, metric) => match self.instance_metric(fleet, nth, metric, now) {
                    Some(samples) => samples,
                    None => continue,
                },
                // CloudWatch reads the scenario's own series by itself, and services emit theirs.
                Metric::Custom(_) => continue,
                Metric::Machine(fleet, metric) => self.machine_samples(fleet, metric, now),
            };
            let World { shared, cloudwatch, .. } = self;
            cloudwatch.record(metric, &samples, shared);
        }
        let plan = self.shared.plan;
        for balancer in plan.balancers.ids() {
            let counts = self.shared.observe.balancer(balancer);
            counts.minute = Minute { bytes_before: counts.bytes, ..Minute::default() };
            self.shared.observe.edge(balancer).minute = Default::default();
        }
        for group in plan.target_groups.ids() {
            let counts = self.shared.observe.target_group(group);
            counts.minute = Minute::default();
            counts.response.clear();
        }
    }

    /// What each node that can tell sees of a target group.
    fn hosts(&self, group: TargetGroupId) -> impl Iterator<Item = Hosts> {
        self.albs.hosts(group, &self.shared.environment)
    }

    fn group_metric(&self, fleet: FleetId, metric: GroupMetric) -> Vec<f64> {
        let metrics = self.groups.metrics(fleet);
        let value = match metric {
            GroupMetric::MinSize => metrics.min,
            GroupMetric::MaxSize => metrics.max,
            GroupMetric::Pending => metrics.pending,
            GroupMetric::Terminating => metrics.terminating,
            GroupMetric::Total => metrics.total,
            GroupMetric::Standby => metrics.standby,
            _ => return self.pool_metric(fleet, metric).into_iter().map(f64::from).collect(),
        };
        vec![f64::from(value)]
    }

    /// Of a warm pool, and of a group with its pool; none without a pool.
    fn pool_metric(&self, fleet: FleetId, metric: GroupMetric) -> Option<u32> {
        let pool = self.groups.pool_counts(fleet, self.shared.plan)?;
        let group = self.groups.metrics(fleet);
        Some(match metric {
            GroupMetric::PoolMinSize => pool.min_size,
            GroupMetric::PoolDesired => pool.desired,
            GroupMetric::PoolPending => pool.pending,
            GroupMetric::PoolTerminating => pool.terminating,
            GroupMetric::PoolWarmed => pool.warmed,
            GroupMetric::PoolTotal => pool.total(),
            GroupMetric::WithPoolDesired => group.desired + pool.desired,
            GroupMetric::WithPoolTotal => group.total + pool.total(),
            _ => return None,
        })
    }

    fn balancer_metric(&mut self, balancer: BalancerId, metric: BalancerMetric) -> Vec<f64> {
        let counts = self.shared.observe.balancer(balancer);
        let minute = counts.minute;
        let bytes = counts.bytes - minute.bytes_before;
        match metric {
            BalancerMetric::Elb502 => counted(minute.elb_502),
            BalancerMetric::Elb503 => counted(minute.elb_503),
            BalancerMetric::Elb504 => counted(minute.elb_5xx - minute.elb_502 - minute.elb_503),
            BalancerMetric::Target5xx => counted(minute.target_5xx),
            BalancerMetric::ProcessedBytes => counted(bytes),
            BalancerMetric::ConsumedLcus if minute.requests == 0 => Vec::new(),
            BalancerMetric::Elb3xx => counted(minute.codes.redirects),
            BalancerMetric::Elb4xx => counted(minute.codes.elb_4xx),
            BalancerMetric::Rejected => counted(minute.codes.rejected),
            BalancerMetric::RuleEvaluations => counted(minute.codes.rule_evaluations),
            BalancerMetric::ConsumedLcus => vec![crate::cost::lcus(minute.requests as f64, bytes as f64, 60.0)],
            BalancerMetric::SurgeQueueLength => {
                let now = self.albs.surge_queue(balancer, &self.shared);
                counted(self.shared.observe.edge(balancer).minute.surge_queue_length.max(now))
            }
            BalancerMetric::Spillover => counted(self.shared.observe.edge(balancer).minute.spillover),
            BalancerMetric::BackendConnectionErrors => {
                counted(self.shared.observe.edge(balancer).minute.backend_connection_errors)
            }
            BalancerMetric::NewFlows => vec![self.shared.observe.edge(balancer).minute.new_flows as f64],
            BalancerMetric::ActiveFlows => vec![self.albs.active_flows(balancer, &self.shared) as f64],
            BalancerMetric::ElbResets => vec![self.shared.observe.edge(balancer).minute.elb_resets as f64],
            BalancerMetric::TargetResets => vec![self.shared.observe.edge(balancer).minute.target_resets as f64],
            BalancerMetric::PortAllocationErrors => {
                vec![self.shared.observe.edge(balancer).minute.port_allocation_errors as f64]
            }
        }
    }

    fn targets_metric(&mut self, group: TargetGroupId, metric: TargetsMetric) -> Vec<f64> {
        let counts = self.shared.observe.target_group(group);
        let (minute, responses) = (counts.minute, counts.response.count());
        let nodes = |state: fn(&Hosts) -> bool| vec![self.hosts(group).filter(state).count() as f64];
        let anomalies = self.albs.anomalies(group);
        match metric {
            TargetsMetric::RequestCount => counted(minute.requests),
            TargetsMetric::Target2xx => counted(responses - minute.target_5xx),
            TargetsMetric::ConnectionErrors => counted(minute.connection_errors),
            TargetsMetric::UnhealthyRouting => counted(minute.fail_open),
            TargetsMetric::HealthyStateRouting => nodes(|node| !node.fails_open),
            TargetsMetric::UnhealthyStateRouting => nodes(|node| node.fails_open),
            TargetsMetric::HealthyStateDns => nodes(|node| node.in_dns),
            TargetsMetric::UnhealthyStateDns => nodes(|node| !node.in_dns),
            TargetsMetric::Anomalous => anomalies.iter().map(|hosts| f64::from(hosts.0)).collect(),
            TargetsMetric::Mitigated => anomalies.iter().map(|hosts| f64::from(hosts.1)).collect(),
            TargetsMetric::NonSticky => counted(minute.not_sticky),
            TargetsMetric::ZonalShift => vec![f64::from(self.albs.shifted_hosts(group, &self.shared))],
        }
    }

    /// Samples of an instance, or of each of a fleet; none before the metric's own period is over.
    fn instance_metric(
        &mut self,
        fleet: FleetId,
        nth: Option<u16>,
        metric: InstanceMetric,
        now: Time,
    ) -> Option<Vec<f64>> {
        let chosen = self.those_watched(fleet, nth);
        let failed = |failed: bool| f64::from(u8::from(failed));
        Some(match metric {
            InstanceMetric::Cpu => return self.cpu_samples((fleet, nth), Metric::Instance(fleet, nth, metric), now),
            InstanceMetric::StatusCheckFailed
            | InstanceMetric::StatusCheckFailedInstance
            | InstanceMetric::StatusCheckFailedSystem => {
                let asked: &[StatusCheck] = match metric {
                    InstanceMetric::StatusCheckFailedSystem => &[StatusCheck::System],
                    InstanceMetric::StatusCheckFailedInstance => &[StatusCheck::Instance],
                    _ => &StatusCheck::ALL,
                };
                let fails = |instance| {
                    // A boot that failed is known to the group alone.
                    let boot = asked.contains(&StatusCheck::Instance)
                        && self.groups.is_impaired(instance)
                        && !self.status.fails(instance, StatusCheck::System);
                    boot || asked.iter().any(|&check| self.status.fails(instance, check))
                };
                chosen.iter().map(|&instance| failed(fails(instance))).collect()
            }
            InstanceMetric::NetworkIn | InstanceMetric::NetworkOut => {
                return self.network_samples((fleet, nth), Metric::Instance(fleet, nth, metric), now);
            }
        })
    }

    /// The running instances of a fleet, or the n-th ever launched alone.
    pub(crate) fn those_watched(&self, fleet: FleetId, nth: Option<u16>) -> Vec<InstanceId> {
        let mut chosen = self.groups.running(fleet);
        if let Some(nth) = nth {
            chosen.retain(|&instance| self.shared.directory.facts(instance).ordinal == u32::from(nth));
        }
        chosen
    }

    /// So much time is over: services send the metrics of that resolution.
    pub(crate) fn emit(&mut self, resolution: Duration) {
        let plan = self.shared.plan;
        for (id, metric) in plan.custom_metrics.iter() {
            let Source::Emitted { service, value, per } = metric.source else { continue };
            if metric.resolution != resolution {
                continue;
            }
            let samples = match per {
                Per::Service => {
                    let total = self.service_value(service, value);
                    let before = match value {
                        Emitted::Started | Emitted::Refused => std::mem::replace(&mut self.emitted[id], total),
                        _ => 0.0,
                    };
                    vec![total - before]
                }
                Per::Instance => {
                    let running = self.groups.running(plan.services[service].fleet);
                    running.into_iter().map(|instance| self.instance_value(instance, service, value)).collect()
                }
            };
            let World { shared, cloudwatch, .. } = self;
            cloudwatch.record_custom(id, &samples, shared);
        }
    }

    /// The level of a service, or its count since the start.
    fn service_value(&mut self, service: ServiceId, value: Emitted) -> f64 {
        if value == Emitted::Sessions {
            return self.shared.observe.sessions(service, None) as f64;
        }
        let station = self.shared.observe.service(service);
        match value {
            Emitted::InFlight => (station.waiting.now() + station.busy.now()) as f64,
            Emitted::QueueDepth => station.waiting.now() as f64,
            Emitted::BusyWorkers => 100.0 * station.busy.now() as f64 / (station.workers.now() as f64).max(1.0),
            Emitted::Sessions => 0.0,
            Emitted::Started => station.all_served() as f64,
            Emitted::Refused => station.all_refused() as f64,
        }
    }

    /// The level of one instance; counters are the service's alone.
    fn instance_value(&self, instance: InstanceId, service: ServiceId, value: Emitted) -> f64 {
        let (waiting, busy) = (f64::from(self.instances.waiting(instance)), f64::from(self.instances.busy(instance)));
        match value {
            Emitted::InFlight => waiting + busy,
            Emitted::QueueDepth => waiting,
            Emitted::BusyWorkers => 100.0 * busy / f64::from(self.shared.plan.services[service].workers).max(1.0),
            Emitted::Sessions => self.shared.observe.sessions(service, Some(instance)) as f64,
            Emitted::Started | Emitted::Refused => 0.0,
        }
    }
}

/// A count that is absent when zero.
fn counted(count: u64) -> Vec<f64> {
    if count == 0 { Vec::new() } else { vec![count as f64] }
}
