//! CloudWatch: metrics that can be watched, how they are published, and alarms (scaling.md §5).

use super::{BalancerId, CustomMetricId, FleetId, RateProfile, ServiceId, StoreId, TargetGroupId};
use sim_core::Duration;
use sim_core::dist::Dist;

/// How CloudWatch behaves. Publication delays are from the end of a metric's period until it can be read; in seconds.
/// AWS publishes none of them (scaling.md §0).
#[derive(Clone, Debug)]
pub struct CloudWatch {
    /// AWS/EC2. U(60, 120).
    pub ec2_delay: Dist,
    /// AWS/ApplicationELB. U(60, 180).
    pub elb_delay: Dist,
    /// AWS/AutoScaling group metrics. U(15, 60).
    pub group_delay: Dist,
    /// AWS/RDS. U(60, 120).
    pub rds_delay: Dist,
    /// Custom metrics (and the queue depth that a service emits). U(5, 30).
    pub custom_delay: Dist,
}

/// An alarm (scaling.md §5.2).
#[derive(Clone, Debug)]
pub struct Alarm {
    /// Its name in the scenario.
    pub name: String,
    /// What it watches.
    pub metric: Metric,
    /// How the samples of a period become one value. Default Average.
    pub statistic: Statistic,
    /// Period: a multiple of 60 s.
    pub period: Duration,
    /// EvaluationPeriods: N.
    pub evaluation_periods: u32,
    /// DatapointsToAlarm: M; default N.
    pub datapoints_to_alarm: u32,
    /// ComparisonOperator.
    pub comparison: Comparison,
    /// Threshold, in the metric's unit.
    pub threshold: f64,
    /// TreatMissingData. Default missing.
    pub treat_missing_data: MissingData,
    /// AlarmActions.
    pub alarm_actions: Vec<Action>,
    /// OKActions.
    pub ok_actions: Vec<Action>,
    /// InsufficientDataActions.
    pub insufficient_data_actions: Vec<Action>,
}

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
    /// HealthyHostCount (minimum over the nodes).
    HealthyHostCount(TargetGroupId),
    /// UnHealthyHostCount (minimum over the nodes: all agree).
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
    Machine(FleetId, super::MachineMetric),
}

/// A metric fed from a series instead of measured.
#[derive(Clone, Debug)]
pub struct CustomMetric {
    /// Its name in the scenario.
    pub name: String,
    /// Its value over time (a profile as for rates; negative values allowed).
    pub value: RateProfile,
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
}

/// ComparisonOperator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// GreaterThanThreshold.
    GreaterThan,
    /// GreaterThanOrEqualToThreshold.
    GreaterThanOrEqual,
    /// LessThanThreshold.
    LessThan,
    /// LessThanOrEqualToThreshold.
    LessThanOrEqual,
}

/// TreatMissingData.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MissingData {
    /// Keeps the state while anything is known, INSUFFICIENT_DATA when nothing is.
    #[default]
    Missing,
    /// Keeps the state.
    Ignore,
    /// Counts as beyond the threshold.
    Breaching,
    /// Counts as within.
    NotBreaching,
}

/// What an alarm does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Invokes the group's policy with this index; repeated each minute while the state lasts.
    Scale {
        /// The group.
        fleet: FleetId,
        /// Index into its policies.
        policy: usize,
    },
    /// A notification: an entry in the timeline.
    Notify,
}
