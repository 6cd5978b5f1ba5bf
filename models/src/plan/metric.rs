//! Metrics: what CloudWatch can be asked for, by namespace, and how the samples of a period become one value.
//!
//! # Models      the metrics of AWS/EC2, AWS/AutoScaling, AWS/ApplicationELB and AWS/RDS whose source is modelled; custom
//!   metrics measured on services or fed from a series; every statistic of the user guide
//! # Leaves out  metrics of what is not modelled: operations of single disks, network packets
//! # Source      `aws/scaling.md` §1.14, §4, §5.1; `aws/network.md` §3.13

use super::{BalancerId, CustomMetricId, FleetId, MachineMetric, RateProfile, ServiceId, StoreId, TargetGroupId};
use sim_core::{Duration, Time};

/// What can be watched; names and units as in CloudWatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// CPUUtilization averaged over the fleet's instances, percent.
    Cpu(FleetId),
    /// GroupInServiceInstances.
    InServiceInstances(FleetId),
    /// GroupDesiredCapacity.
    DesiredCapacity(FleetId),
    /// RequestCount of the balancer: requests for which a target was chosen. Absent without traffic.
    RequestCount(BalancerId),
    /// HTTPCode_ELB_5XX_Count of the balancer. Absent when zero.
    Elb5xx(BalancerId),
    /// RequestCountPerTarget of the target group (per minute).
    RequestCountPerTarget(TargetGroupId),
    /// TargetResponseTime of the target group, seconds. Absent without traffic.
    TargetResponseTime(TargetGroupId),
    /// HTTPCode_Target_5XX_Count. Absent when zero.
    Target5xx(TargetGroupId),
    /// HealthyHostCount: one sample per node.
    HealthyHostCount(TargetGroupId),
    /// UnHealthyHostCount: one sample per node.
    UnHealthyHostCount(TargetGroupId),
    /// Requests waiting for a worker, averaged over the service's instances; a custom metric.
    QueueDepth(ServiceId),
    /// DatabaseConnections of a store.
    DatabaseConnections(StoreId),
    /// CPUUtilization of a store with vCPUs, percent.
    DatabaseCpu(StoreId),
    /// A metric of the scenario's own.
    Custom(CustomMetricId),
    /// A metric of the fleet's single machines, averaged over them.
    Machine(FleetId, MachineMetric),
    /// Another metric of AWS/AutoScaling.
    Group(FleetId, GroupMetric),
    /// Another metric of AWS/ApplicationELB, of a balancer.
    Balancer(BalancerId, BalancerMetric),
    /// Another metric of AWS/ApplicationELB, of a target group.
    Targets(TargetGroupId, TargetsMetric),
    /// Another metric of AWS/EC2: of the n-th instance ever launched in a fleet (from 0), or of all of the fleet.
    Instance(FleetId, Option<u16>, InstanceMetric),
}

/// Metrics of an Auto Scaling group (scaling.md §1.14). Units: instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupMetric {
    /// GroupMinSize.
    MinSize,
    /// GroupMaxSize.
    MaxSize,
    /// GroupPendingInstances. Those that a launch hook holds are not among them (§1.3).
    Pending,
    /// GroupStandbyInstances.
    Standby,
    /// GroupTerminatingInstances.
    Terminating,
    /// GroupTotalInstances: in service, pending and terminating.
    Total,
    /// WarmPoolMinSize. Absent without a warm pool.
    PoolMinSize,
    /// WarmPoolDesiredCapacity. Absent without a warm pool.
    PoolDesired,
    /// WarmPoolPendingCapacity. Absent without a warm pool.
    PoolPending,
    /// WarmPoolTerminatingCapacity. Absent without a warm pool.
    PoolTerminating,
    /// WarmPoolWarmedCapacity. Absent without a warm pool.
    PoolWarmed,
    /// WarmPoolTotalCapacity. Absent without a warm pool.
    PoolTotal,
    /// GroupAndWarmPoolDesiredCapacity. Absent without a warm pool.
    WithPoolDesired,
    /// GroupAndWarmPoolTotalCapacity. Absent without a warm pool.
    WithPoolTotal,
}

/// Metrics of a load balancer (network.md §3.13). All absent without traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BalancerMetric {
    /// HTTPCode_ELB_502_Count. Absent when zero.
    Elb502,
    /// HTTPCode_ELB_503_Count. Absent when zero.
    Elb503,
    /// HTTPCode_ELB_504_Count. Absent when zero.
    Elb504,
    /// HTTPCode_Target_5XX_Count over all target groups. Absent when zero.
    Target5xx,
    /// ProcessedBytes.
    ProcessedBytes,
    /// ConsumedLCUs, over the minute.
    ConsumedLcus,
    /// HTTPCode_ELB_3XX_Count: redirects. Absent when zero.
    Elb3xx,
    /// HTTPCode_ELB_4XX_Count: fixed responses, and 460. Absent when zero.
    Elb4xx,
    /// RejectedConnectionCount: requests beyond the capacity. Absent when zero.
    Rejected,
    /// RuleEvaluations. Absent when zero.
    RuleEvaluations,
    /// SurgeQueueLength of a Classic Load Balancer: the most that waited at one node. Absent when zero.
    SurgeQueueLength,
    /// SpilloverCount. Absent when zero.
    Spillover,
    /// BackendConnectionErrors. Absent when zero.
    BackendConnectionErrors,
    /// NewFlowCount of a Network Load Balancer. Always there.
    NewFlows,
    /// ActiveFlowCount. Always there.
    ActiveFlows,
    /// TCP_ELB_Reset_Count. Always there.
    ElbResets,
    /// TCP_Target_Reset_Count. Always there.
    TargetResets,
    /// PortAllocationErrorCount. Always there.
    PortAllocationErrors,
}

/// Metrics of a target group (network.md §3.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetsMetric {
    /// RequestCount of the target group. Absent without traffic.
    RequestCount,
    /// HTTPCode_Target_2XX_Count. Absent when zero.
    Target2xx,
    /// TargetConnectionErrorCount: connections that were not made. Absent when zero.
    ConnectionErrors,
    /// UnhealthyRoutingRequestCount: requests routed while failing open. Absent when zero.
    UnhealthyRouting,
    /// HealthyStateRouting: zones that route to healthy targets alone.
    HealthyStateRouting,
    /// UnhealthyStateRouting: zones that fail open.
    UnhealthyStateRouting,
    /// HealthyStateDNS: zones whose node is fit for DNS.
    HealthyStateDns,
    /// UnhealthyStateDNS: zones whose node is not.
    UnhealthyStateDns,
    /// AnomalousHostCount: targets that fail clearly more than their peers.
    Anomalous,
    /// MitigatedHostCount: targets that get less for it.
    Mitigated,
    /// NonStickyRequestCount: requests of sessions for which a new target was chosen. Absent when zero.
    NonSticky,
    /// ActiveZonalShiftHostCount: targets in a zone that is shifted away from.
    ZonalShift,
}

/// Metrics of an instance (scaling.md §4, M1, M2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstanceMetric {
    /// CPUUtilization, percent; of one instance. That of a group is [`Metric::Cpu`].
    Cpu,
    /// StatusCheckFailed: 1 if either check fails. Each 60 s, whatever the monitoring.
    StatusCheckFailed,
    /// StatusCheckFailed_System.
    StatusCheckFailedSystem,
    /// StatusCheckFailed_Instance.
    StatusCheckFailedInstance,
    /// NetworkIn: bytes received in the period of the monitoring. Of a group: the mean of its instances that have warmed up.
    NetworkIn,
    /// NetworkOut: bytes sent.
    NetworkOut,
}

impl InstanceMetric {
    /// Whether it comes as often as the monitoring says (rule M1); status checks come each 60 s.
    pub fn is_monitored(self) -> bool {
        matches!(self, InstanceMetric::Cpu) || self.is_of_network()
    }

    /// Whether it is counted in bytes.
    pub fn is_of_network(self) -> bool {
        matches!(self, InstanceMetric::NetworkIn | InstanceMetric::NetworkOut)
    }
}

/// A metric of the scenario's own: measured on a service, or fed from a series.
#[derive(Clone, Debug)]
pub struct CustomMetric {
    /// Its name in the scenario.
    pub name: String,
    /// Its unit, for axes; empty for none.
    pub unit: String,
    /// Where its values come from.
    pub source: Source,
    /// Width of its base period: 60 s (standard resolution), or 1 s, 5 s, 10 s, 20 s, 30 s (high).
    pub resolution: Duration,
}

impl CustomMetric {
    /// A metric of standard resolution that follows a profile.
    pub fn following(name: impl Into<String>, profile: RateProfile) -> CustomMetric {
        let source = Source::Profile(profile);
        CustomMetric { name: name.into(), unit: String::new(), source, resolution: Duration::from_secs(60) }
    }
}

/// Where a custom metric's values come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A value over time (a profile as for rates; negative values allowed): one sample per base period, as at its start.
    Profile(RateProfile),
    /// Samples with their timestamps, ascending. A base period without one has no datapoint.
    Points(Vec<(Time, f64)>),
    /// Measured on a service at the end of each base period.
    Emitted {
        /// The service.
        service: ServiceId,
        /// What is measured.
        value: Emitted,
        /// Who sends a sample.
        per: Per,
    },
}

/// What a service can say of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emitted {
    /// Gauge: requests that wait or are worked on.
    InFlight,
    /// Gauge: requests that wait for a worker.
    QueueDepth,
    /// Gauge: workers occupied, in percent of all.
    BusyWorkers,
    /// Gauge: sessions whose state is there.
    Sessions,
    /// Counter: requests that began service in the base period, health checks among them.
    Started,
    /// Counter: requests turned away in the base period.
    Refused,
}

/// Who sends a sample of an emitted metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Each running instance its own: their average is the backlog per instance.
    Instance,
    /// One for the whole service: the sum.
    Service,
}

/// How the samples of a period become one value.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Statistic {
    /// Sum over SampleCount.
    #[default]
    Average,
    /// Sum.
    Sum,
    /// Smallest.
    Minimum,
    /// Largest.
    Maximum,
    /// Number of samples.
    SampleCount,
    /// `pNN.NN`, 0 to 100.
    Percentile(f64),
    /// Of the samples within bounds only: `TM`, `WM`, `TC`, `TS`, `PR`. `IQM` is `TM(25%:75%)`, `tm90` is `TM(0%:90%)`.
    Within(Within, Bounds),
}

impl Statistic {
    /// Whether it asks for single values.
    pub fn is_extended(self) -> bool {
        matches!(self, Statistic::Percentile(_) | Statistic::Within(..))
    }
}

/// What is made of the samples within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// TM: their mean.
    TrimmedMean,
    /// WM: the mean of all, those outside set to the nearest one inside.
    WinsorizedMean,
    /// TC: their number.
    TrimmedCount,
    /// TS: their sum.
    TrimmedSum,
    /// PR: their share of all samples, in percent. Bounds are values.
    PercentileRank,
}

/// Bounds of a statistic: shares of the ordered samples, or values. The lower one is exclusive, the upper one inclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bounds {
    /// From the lower to the upper percentile, 0 to 100.
    Percent(f64, f64),
    /// From the lower to the upper value; infinite where there is no bound.
    Values(f64, f64),
}
