//! Alarms of CloudWatch, composite ones too, and how late metrics are (scaling.md §5).

use super::{Dist, Metric, Statistic};
use crate::units::Dur;
use schemars::JsonSchema;
use serde::Deserialize;

/// An alarm. Exactly one of `above`, `at_or_above`, `below`, `at_or_below`, `outside_band`, `above_band`, `below_band` is
/// needed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// What it watches.
    pub metric: Metric,
    /// How the samples of a period become one value. Default Average.
    pub statistic: Option<Statistic>,
    /// `Period`: 10 s, 20 s, 30 s (of a metric of such resolution), or a multiple of 60 s; period × evaluation periods at most
    /// one day, seven days with periods of an hour and more.
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
    /// `LessThanLowerOrGreaterThanUpperThreshold`: outside the anomaly band of so many standard deviations. The band is a
    /// stand-in for AWS's unpublished model: mean and deviation of the same hour on earlier days (at most two weeks), on the
    /// first day of all hours so far, from the fourth hour on. Period at least 60 s; no `Scale` actions.
    pub outside_band: Option<f64>,
    /// `GreaterThanUpperThreshold` of the anomaly band.
    pub above_band: Option<f64>,
    /// `LessThanLowerThreshold` of the anomaly band.
    pub below_band: Option<f64>,
    /// `TreatMissingData`. Default Missing.
    pub treat_missing_data: Option<MissingData>,
    /// `EvaluateLowSampleCountPercentile`, for percentiles: whether few samples count. Default Evaluate.
    pub evaluate_low_sample_count_percentile: Option<LowSamples>,
    /// `ActionsEnabled`. Default true.
    pub actions_enabled: Option<bool>,
    /// Evaluation is held back for so long after the start: 1 to 2880 minutes. Default: not at all.
    pub warm_up: Option<Dur>,
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
    /// Moves an instance of a fixed set to another host: `Recover("db", 0)`. Only of an alarm on its
    /// `StatusCheckFailed_System`.
    Recover {
        /// Set of instances.
        instances: String,
        /// The n-th of them, from 0.
        instance: u16,
    },
    /// Reboots an instance of a fixed set. Only of an alarm on its `StatusCheckFailed_Instance`.
    Reboot {
        /// Set of instances.
        instances: String,
        /// The n-th of them, from 0.
        instance: u16,
    },
    /// Stops an instance.
    Stop {
        /// Auto Scaling group or set of instances.
        group: String,
        /// The n-th instance ever launched there, from 0.
        instance: u16,
    },
    /// Terminates an instance.
    Terminate {
        /// Auto Scaling group or set of instances.
        group: String,
        /// The n-th instance ever launched there, from 0.
        instance: u16,
    },
}

/// `EvaluateLowSampleCountPercentile`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum LowSamples {
    /// A percentile counts however few samples it rests on.
    Evaluate,
    /// The state is kept while a percentile p rests on fewer than 10 / (1 − p) samples (below p50: 10 / p).
    Ignore,
}

/// A composite alarm: a rule over the states of other alarms. Evaluated whenever one of them changes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompositeAlarm {
    /// `AlarmRule`: `"ALARM(cpu-high) AND (NOT OK(hosts-low) OR INSUFFICIENT_DATA(load))"`, also `TRUE` and `FALSE`; names with
    /// spaces or parentheses in quotes. At most 100 alarms, composite ones among them.
    pub rule: String,
    /// `ActionsEnabled`. Default true.
    pub actions_enabled: Option<bool>,
    /// `AlarmActions`: `[Notify]`.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// `OKActions`: `[Notify]`.
    #[serde(default)]
    pub ok_actions: Vec<Action>,
    /// `ActionsSuppressor`: while this alarm is in ALARM, actions are held back.
    pub actions_suppressor: Option<String>,
    /// `ActionsSuppressorWaitPeriod`: how long actions wait for the suppressor to follow. Default 60 s.
    pub actions_suppressor_wait_period: Option<Dur>,
    /// `ActionsSuppressorExtensionPeriod`: how long actions are held back still when the suppressor has left ALARM. Default
    /// 60 s.
    pub actions_suppressor_extension_period: Option<Dur>,
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
