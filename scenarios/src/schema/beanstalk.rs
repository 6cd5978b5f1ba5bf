//! AWS Elastic Beanstalk: environments as presets of an Auto Scaling group, its policies and its alarms (scaling.md §7.1).

use super::{HealthCheckType, Named, ScheduledAction};
use crate::units::{Dur, Size};
use schemars::JsonSchema;
use serde::Deserialize;

/// An environment of Elastic Beanstalk: an Auto Scaling group of the same name with Beanstalk's defaults, the simple policies
/// `AWSEBAutoScalingScaleUpPolicy` and `AWSEBAutoScalingScaleDownPolicy`, and the alarms `NAME-AWSEBCloudwatchAlarmHigh` and
/// `NAME-AWSEBCloudwatchAlarmLow` that invoke them. Wherever a group is named, so can it be.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ElasticBeanstalk {
    /// Launch template.
    pub launch_template: String,
    /// Target groups to register with. Default: none.
    #[serde(default)]
    pub target_groups: Vec<String>,
    /// Zones to spread over. Default: all.
    pub zones: Option<Vec<String>>,
    /// `MinSize`, 1 to 10,000; capacity at the start. Default 1.
    pub min_size: Option<u32>,
    /// `MaxSize`, 1 to 10,000. Default 4.
    pub max_size: Option<u32>,
    /// `Cooldown`, 0 to 10,000 s. Default 360 s.
    pub cooldown: Option<Dur>,
    /// `HealthCheckType`. Default Ec2: an application that fails the balancer's checks is not replaced.
    pub health_check_type: Option<HealthCheckType>,
    /// `HealthCheckGracePeriod`. Default 300 s.
    pub health_check_grace_period: Option<Dur>,
    /// Scheduled actions. Default: none.
    #[serde(default)]
    pub scheduled_actions: Named<ScheduledAction>,
    /// What scales it. Default: NetworkOut with Beanstalk's thresholds.
    #[serde(default)]
    pub trigger: BeanstalkTrigger,
}

/// `aws:autoscaling:trigger`. A breach lasts `period` × `evaluation_periods` before anything changes (`BreachDuration`).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BeanstalkTrigger {
    /// `MeasureName`; of either the Average. Default `NetworkOut()`.
    pub measure: Option<BeanstalkMeasure>,
    /// `UpperThreshold`, 0 to 20,000,000. Default 6,000,000 (bytes); needed with another measure.
    pub upper_threshold: Option<f64>,
    /// `LowerThreshold`, 0 to 20,000,000. Default 2,000,000 (bytes); needed with another measure.
    pub lower_threshold: Option<f64>,
    /// `Period`, 1 to 600 minutes. Default 300 s.
    pub period: Option<Dur>,
    /// `EvaluationPeriods`, 1 to 600. Default 1.
    pub evaluation_periods: Option<u32>,
    /// `UpperBreachScaleIncrement`: instances that a breach of the upper threshold adds. Default 1.
    pub upper_breach_scale_increment: Option<i32>,
    /// `LowerBreachScaleIncrement`: instances that a breach of the lower threshold adds; negative, takes away. Default -1.
    pub lower_breach_scale_increment: Option<i32>,
}

/// `MeasureName`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum BeanstalkMeasure {
    /// Bytes that an instance sends in 300 s (Basic monitoring) or in 60 s (Detailed). The instances' own bytes are not
    /// counted; metric math stands in: requests per target × size of an answer (a modelling choice). What they send to others
    /// than their callers is not in it.
    NetworkOut {
        /// Target group whose requests are counted: one of the environment's. Default: the first.
        target_group: Option<String>,
        /// Size of an answer. Default `"8KiB"`, that of clients.
        response_size: Option<Size>,
    },
    /// Average CPU utilisation, percent.
    CPUUtilization,
}
