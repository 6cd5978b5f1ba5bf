//! Metrics and alarms of CloudWatch (scaling.md §5).

use super::{Dist, Profile};
use crate::units::Dur;
use schemars::JsonSchema;
use serde::Deserialize;

/// An alarm. Exactly one of `above`, `at_or_above`, `below`, `at_or_below` is needed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// What it watches.
    pub metric: Metric,
    /// How the samples of a period become one value. Default Average.
    pub statistic: Option<Statistic>,
    /// `Period`: a multiple of 60 s; period × evaluation periods at most one day.
    pub period: Dur,
    /// `EvaluationPeriods`: N, at least 1.
    pub evaluation_periods: u32,
    /// `DatapointsToAlarm`: M, 1 to N. Default N.
    pub datapoints_to_alarm: Option<u32>,
    /// `GreaterThanThreshold`.
    pub above: Option<f64>,
    /// `GreaterThanOrEqualToThreshold`.
    pub at_or_above: Option<f64>,
    /// `LessThanThreshold`.
    pub below: Option<f64>,
    /// `LessThanOrEqualToThreshold`.
    pub at_or_below: Option<f64>,
    /// `TreatMissingData`. Default Missing.
    pub treat_missing_data: Option<MissingData>,
    /// `AlarmActions`, at most 5.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// `OKActions`, at most 5.
    #[serde(default)]
    pub ok_actions: Vec<Action>,
    /// `InsufficientDataActions`, at most 5.
    #[serde(default)]
    pub insufficient_data_actions: Vec<Action>,
}

/// What can be watched.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Metric {
    /// CPUUtilization averaged over the instances, percent.
    Cpu {
        /// Auto Scaling group or set of instances.
        group: String,
    },
    /// GroupInServiceInstances.
    InServiceInstances {
        /// Auto Scaling group.
        group: String,
    },
    /// GroupDesiredCapacity.
    DesiredCapacity {
        /// Auto Scaling group.
        group: String,
    },
    /// RequestCount: requests for which a target was chosen. Absent without traffic.
    RequestCount {
        /// Load balancer.
        load_balancer: String,
    },
    /// HTTPCode_ELB_5XX_Count. Absent when zero.
    Elb5xx {
        /// Load balancer.
        load_balancer: String,
    },
    /// RequestCountPerTarget, per minute.
    RequestCountPerTarget {
        /// Target group.
        target_group: String,
    },
    /// TargetResponseTime, seconds. Absent without traffic.
    TargetResponseTime {
        /// Target group.
        target_group: String,
    },
    /// HTTPCode_Target_5XX_Count. Absent when zero.
    Target5xx {
        /// Target group.
        target_group: String,
    },
    /// HealthyHostCount.
    HealthyHostCount {
        /// Target group.
        target_group: String,
    },
    /// UnHealthyHostCount.
    UnHealthyHostCount {
        /// Target group.
        target_group: String,
    },
    /// Requests waiting for a worker, averaged over the service's instances; a custom metric.
    QueueDepth {
        /// Service.
        service: String,
    },
    /// DatabaseConnections.
    DatabaseConnections {
        /// Database.
        database: String,
    },
    /// CPUUtilization of a database with `vcpus`, percent.
    DatabaseCpu {
        /// Database.
        database: String,
    },
    /// CPUCreditUsage of burstable instances, on average: credits spent in 300 s.
    CpuCreditUsage {
        /// Auto Scaling group or set of instances.
        group: String,
    },
    /// CPUCreditBalance of burstable instances, on average, each 300 s.
    CpuCreditBalance {
        /// Auto Scaling group or set of instances.
        group: String,
    },
    /// CPUSurplusCreditBalance of unlimited instances, on average, each 300 s.
    CpuSurplusCreditBalance {
        /// Auto Scaling group or set of instances.
        group: String,
    },
    /// CPUSurplusCreditsCharged of unlimited instances, on average: credits charged in 300 s.
    CpuSurplusCreditsCharged {
        /// Auto Scaling group or set of instances.
        group: String,
    },
    /// mem_used_percent of the CloudWatch agent, percent of the instance's memory, each 60 s. The service needs `memory`.
    MemoryUsed {
        /// Auto Scaling group or set of instances.
        group: String,
    },
    /// BurstBalance of the instances' gp2 volumes, percent, on average, each 60 s.
    BurstBalance {
        /// Auto Scaling group or set of instances.
        group: String,
    },
    /// A metric of the scenario's own, from `metrics`.
    Custom {
        /// Its name.
        name: String,
    },
}

/// A metric fed from a series instead of measured.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomMetric {
    /// Its value over time.
    pub values: Profile,
}

/// How the samples of a period become one value.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Statistic {
    /// Sum over SampleCount.
    Average,
    /// Sum.
    Sum,
    /// Smallest.
    Minimum,
    /// Largest.
    Maximum,
    /// Number of samples.
    SampleCount,
    /// A percentile, 0 to 100: `P(99.9)` or `P("99.9")`.
    P(Percentile),
}

/// A percentile: a number or a text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Percentile {
    /// Such as `99.9`.
    Number(f64),
    /// Such as `"99.9"` or `"p99.9"`.
    Text(String),
}

/// `TreatMissingData`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum MissingData {
    /// Keeps the state while anything is known, INSUFFICIENT_DATA when nothing is.
    Missing,
    /// Keeps the state.
    Ignore,
    /// Counts as beyond the threshold.
    Breaching,
    /// Counts as within.
    NotBreaching,
}

/// What an alarm does.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Action {
    /// Invokes a policy: `Scale("web", "double")`; repeated each minute while the state lasts.
    Scale {
        /// Auto Scaling group.
        group: String,
        /// Policy of that group.
        policy: String,
    },
    /// A notification: an entry in the timeline.
    Notify,
}

/// How late metrics are published, counted from the end of their period. AWS publishes none of these figures.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloudWatch {
    /// AWS/EC2. Default Uniform(low: "60s", high: "120s").
    pub ec2_delay: Option<Dist>,
    /// AWS/ApplicationELB. Default Uniform(low: "60s", high: "180s").
    pub elb_delay: Option<Dist>,
    /// AWS/AutoScaling group metrics. Default Uniform(low: "15s", high: "60s").
    pub group_delay: Option<Dist>,
    /// AWS/RDS. Default Uniform(low: "60s", high: "120s").
    pub rds_delay: Option<Dist>,
    /// Custom metrics and queue depths. Default Uniform(low: "5s", high: "30s").
    pub custom_delay: Option<Dist>,
}
