//! What scales a group besides simple and step policies: target tracking, scheduled actions, forecasts (scaling.md §3.5 to
//! §3.7).

use super::{Metric, Profile, Statistic};
use crate::clock::Moment;
use crate::units::Dur;
use schemars::JsonSchema;
use serde::Deserialize;

/// `MetricAggregationType`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum MetricAggregationType {
    /// Their mean.
    Average,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
}

/// What target tracking keeps at its target.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum TrackedMetric {
    /// Average CPU utilisation of the group, percent.
    ASGAverageCPUUtilization,
    /// Bytes that an instance of the group receives per minute, on average (per 5 minutes with Basic monitoring).
    ASGAverageNetworkIn,
    /// Bytes that an instance of the group sends per minute, on average (per 5 minutes with Basic monitoring).
    ASGAverageNetworkOut,
    /// Requests per minute to a target.
    ALBRequestCountPerTarget {
        /// Target group (`ResourceLabel`): one of the group's. Default: the only one.
        target_group: Option<String>,
    },
    /// Any metric that an alarm can watch (`CustomizedMetricSpecification`); it should fall as capacity grows.
    Customized {
        /// The metric.
        metric: Metric,
        /// How the samples of a period become one value. Default Average.
        statistic: Option<Statistic>,
        /// Period. Default 60 s.
        period: Option<Dur>,
    },
}

/// A scheduled action: sets any of the three, at a time or again and again.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduledAction {
    /// `StartTime`: a date such as `"2026-03-02T08:00:00Z"`, or a time after the start such as `"30m"`. With a recurrence: not
    /// before. Needed without one.
    pub start_time: Option<Moment>,
    /// `EndTime`: with a recurrence, not after.
    pub end_time: Option<Moment>,
    /// `Recurrence`: minute, hour, day of the month, month, day of the week, such as `"0 8 * * MON-FRI"`.
    pub recurrence: Option<String>,
    /// `TimeZone` of the recurrence, such as `"Europe/Berlin"`. Default UTC. What the change of the clocks leaves out happens an
    /// hour later, what it repeats happens once (a modelling choice).
    pub time_zone: Option<String>,
    /// `MinSize`. Desired capacity follows.
    pub min_size: Option<u32>,
    /// `MaxSize`. Desired capacity follows.
    pub max_size: Option<u32>,
    /// `DesiredCapacity`.
    pub desired_capacity: Option<u32>,
}

/// `PredefinedMetricPairSpecification`: the load that is forecast and what it is spread by.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum MetricPair {
    /// Percent of CPU, of all instances together.
    ASGCPUUtilization,
    /// Bytes that all instances together receive per minute.
    ASGNetworkIn,
    /// Bytes that all instances together send per minute.
    ASGNetworkOut,
    /// Requests per minute to a target group.
    ALBRequestCount {
        /// Target group (`ResourceLabel`): one of the group's. Default: the only one.
        target_group: Option<String>,
    },
}

/// `Mode` of predictive scaling.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum PredictiveMode {
    /// Forecasts are written down and change nothing.
    ForecastOnly,
    /// Capacity is raised ahead of each hour.
    ForecastAndScale,
}

/// `MaxCapacityBreachBehavior`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum MaxCapacityBreachBehavior {
    /// `max_size` holds.
    HonorMaxCapacity,
    /// `max_size` is raised to a forecast near or above it, and stays there.
    IncreaseMaxCapacity,
}

/// Load from before the run.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// How long before the start it begins: 1 h to 14 d.
    pub length: Dur,
    /// The load over that time, from its beginning: of all instances together, in the unit of the pair (percent; bytes or
    /// requests per minute).
    pub load: Profile,
}
