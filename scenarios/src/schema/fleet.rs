//! Launch templates, fixed sets of instances, Auto Scaling groups and their policies (scaling.md §1, §3, §6).

use super::{
    ApplicationStatusCheck, Converge, CreditSpecification, Dist, GroupHook, History, ImpairedZone,
    InstanceMaintenancePolicy, MaxCapacityBreachBehavior, MetricAggregationType, MetricPair, MissingData,
    MixedInstancesPolicy, Named, PredictiveMode, ScalingProcess, ScheduledAction, TerminationPolicy, TrackedMetric,
    Volume, WarmPool,
};
use crate::units::{Dur, Share, Size};
use schemars::JsonSchema;
use serde::Deserialize;

/// What an instance is, and how one comes up.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LaunchTemplate {
    /// Such as `m5.large`; gives vCPUs and price. Needed unless `vcpus` is given.
    pub instance_type: Option<String>,
    /// vCPUs, 1 to 448. Default: those of the instance type.
    pub vcpus: Option<u32>,
    /// CloudWatch metrics each 300 s (Basic) or 60 s (Detailed). Default Basic.
    pub monitoring: Option<Monitoring>,
    /// RunInstances to `running`. Default Lognormal(median: "6s", p95: "20s") (scaling.md §0).
    pub pending: Option<Dist>,
    /// `running` to the operating system up. Default Lognormal(median: "20s", p95: "60s") (scaling.md §0).
    pub boot: Option<Dist>,
    /// Configuration after boot; 0 with a golden image. Default 0.
    pub bootstrap: Option<Dist>,
    /// Whether bootstrap downloads from outside and so needs egress from its zone. Default false.
    pub bootstrap_needs_egress: Option<bool>,
    /// What bootstrap downloads, for the cost of NAT data. Default `"500MB"` (a modelling choice).
    pub bootstrap_download: Option<Size>,
    /// A failed download gives up after so long. Default 60 s (a modelling choice).
    pub egress_timeout: Option<Dur>,
    /// Test of the application before it goes into service: a launch hook, with AWS's defaults unless `lifecycle_hook` says
    /// otherwise. Default: none.
    pub smoke_test: Option<Dist>,
    /// Share of launches that fail at the end of `pending`. Default 0.
    pub pending_failure: Option<Share>,
    /// Share of boots that fail. Default 0.
    pub boot_failure: Option<Share>,
    /// Share of bootstraps that fail. Default 0.
    pub bootstrap_failure: Option<Share>,
    /// Share of smoke tests that fail. Default 0.
    pub smoke_test_failure: Option<Share>,
    /// Launch lifecycle hook: holds the instance in `Pending:Wait` until bootstrap and smoke test have passed. Default: one if
    /// there is a `smoke_test`, else none.
    pub lifecycle_hook: Option<LifecycleHook>,
    /// CPU credits of a burstable type. Default: as AWS has it for the type.
    pub credit_specification: Option<CreditSpecification>,
    /// Memory of an instance. Default: the type's.
    pub memory: Option<Size>,
    /// Configuration management that converges again and again. Default: none; what `bootstrap` has done stays.
    pub converge: Option<Converge>,
    /// EBS volume of an instance, for `Disk` steps. Default: none, free of charge.
    pub volume: Option<Volume>,
    /// `MaintenanceOptions.AutoRecovery`: whether an instance of no group moves to another host when its own fails. Default
    /// true.
    pub auto_recovery: Option<bool>,
    /// A failed system status check to the beginning of that recovery. Default Uniform(low: "60s", high: "180s") (undocumented).
    pub recovery_delay: Option<Dist>,
    /// Recoveries of one instance within 24 h, by EC2 itself or by an alarm, 0 to 1000. Default 3 (unverified: AWS says that
    /// attempts a day are limited).
    pub recoveries_per_day: Option<u32>,
    /// EC2's application status check: HTTP requests to the service, from beside the instance. Default: none.
    pub application_status_check: Option<ApplicationStatusCheck>,
    /// An impaired status check to its group's knowing of it. Default Uniform(low: "180s", high: "300s") ("a few minutes",
    /// scaling.md §1.4).
    pub status_check_notice: Option<Dist>,
    /// One of the `releases` of the service that runs on its instances. Default: the service as it is written.
    pub release: Option<String>,
}

/// CloudWatch monitoring of instances.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Monitoring {
    /// A datapoint each 300 s, free.
    Basic,
    /// A datapoint each 60 s.
    Detailed,
}

/// A launch lifecycle hook (scaling.md §1.3).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifecycleHook {
    /// `HeartbeatTimeout`. Default 3600 s, 30 s to 7200 s.
    pub heartbeat_timeout: Option<Dur>,
    /// `DefaultResult`: what the timeout does. Default Abandon.
    pub default_result: Option<DefaultResult>,
    /// Between two heartbeats that the bootstrap script sends while it works, shorter than the timeout: with them the wait may
    /// last 100 timeouts, 48 h at most. Default: none.
    pub heartbeat_interval: Option<Dur>,
}

/// What a lifecycle hook's timeout does.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum DefaultResult {
    /// In service all the same.
    Continue,
    /// Terminated and replaced.
    Abandon,
}

/// A fixed set of instances: nobody replaces them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Instances {
    /// How many, 1 to 100,000.
    pub count: u32,
    /// Launch template. Default: the settings here.
    pub launch_template: Option<String>,
    /// Such as `m5.large`. Default: the template's.
    pub instance_type: Option<String>,
    /// vCPUs. Default: the template's, or those of the instance type.
    pub vcpus: Option<u32>,
    /// Zones to spread over. Default: all.
    pub zones: Option<Vec<String>>,
    /// Target groups to register with. Default: none.
    #[serde(default)]
    pub target_groups: Vec<String>,
}

/// An Auto Scaling group.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoScalingGroup {
    /// Launch template.
    pub launch_template: String,
    /// `MinSize`.
    pub min_size: u32,
    /// `MaxSize`, at most 100,000.
    pub max_size: u32,
    /// `DesiredCapacity` at the start. Default `min_size`.
    pub desired_capacity: Option<u32>,
    /// Zones to spread over. Default: all.
    pub zones: Option<Vec<String>>,
    /// Target groups to register with. Default: none.
    #[serde(default)]
    pub target_groups: Vec<String>,
    /// `DefaultCooldown`. Default 300 s.
    pub default_cooldown: Option<Dur>,
    /// `DefaultInstanceWarmup`, 0 to 3600 s. Default: not set.
    pub default_instance_warmup: Option<Dur>,
    /// `HealthCheckType`: what counts besides EC2's own verdict. Default Ec2: nothing.
    pub health_check_type: Option<HealthCheckType>,
    /// `HealthCheckGracePeriod`. Default 300 s (Terraform and console; the bare API has 0).
    pub health_check_grace_period: Option<Dur>,
    /// `CapacityDistributionStrategy`: whether a failed launch tries the other zones. Default BalancedBestEffort.
    pub distribution: Option<Distribution>,
    /// Between two looks at the instances' health. Default 30 s (undocumented).
    pub health_poll: Option<Dur>,
    /// Loss of an instance to the group's noticing. Default Lognormal(median: "3s", p95: "20s") (scaling.md §0).
    pub loss_notice: Option<Dist>,
    /// Alarm action to the scaling activity's start. Default Uniform(low: "4s", high: "22s") (scaling.md §0).
    pub action_delay: Option<Dist>,
    /// Failed launch to the next try. Default Uniform(low: "60s", high: "96s") (scaling.md §1.7).
    pub launch_retry: Option<Dist>,
    /// `running` to registered with the target groups. Default Uniform(low: "0s", high: "5s") (scaling.md §0).
    pub registration: Option<Dist>,
    /// Termination without draining. Default Uniform(low: "20s", high: "60s") (scaling.md §0).
    pub termination: Option<Dist>,
    /// Whether draining ends as soon as nothing is in flight. Default false (scaling.md §8).
    pub drain_early: Option<bool>,
    /// When a scale-in cooldown starts: false at the start of draining (documentation of 2026), true at its end (2023).
    /// Default false.
    pub cooldown_after_drain: Option<bool>,
    /// Scaling policies.
    #[serde(default)]
    pub policies: Named<Policy>,
    /// Scheduled actions.
    #[serde(default)]
    pub scheduled_actions: Named<ScheduledAction>,
    /// How late scheduled actions run, at most 120 s. Default Uniform(low: "0s", high: "5s") (AWS: seconds, at most two
    /// minutes).
    pub scheduled_action_delay: Option<Dist>,
    /// Whether capacity changed by a schedule, a forecast, a hand, or a step or target tracking policy is followed by the default
    /// cooldown too. Default false: only that of simple policies (undocumented).
    pub every_activity_cools_down: Option<bool>,
    /// Lifecycle hooks, besides the one of the launch template that the bootstrap answers; at most 50 in all.
    #[serde(default)]
    pub lifecycle_hooks: Named<GroupHook>,
    /// `InstanceMaintenancePolicy`. Default: none; what is unhealthy is replaced by a tenth of the group at a time.
    pub instance_maintenance_policy: Option<InstanceMaintenancePolicy>,
    /// `NewInstancesProtectedFromScaleIn` (the first ones too). Default false.
    pub protect_from_scale_in: Option<bool>,
    /// `MaxInstanceLifetime`, a day to a year. Default: any age.
    pub max_instance_lifetime: Option<Dur>,
    /// Processes that are suspended from the start. Default: none.
    #[serde(default)]
    pub suspended_processes: Vec<ScalingProcess>,
    /// `AvailabilityZoneImpairmentPolicy`: enables zonal shift, and says what becomes of unhealthy instances in a zone shifted
    /// away from. Default: not enabled.
    pub zonal_shift: Option<ImpairedZone>,
    /// So long nothing but failed launches, and AWS suspends `Launch`. Default 24 h (AWS: "may", after about a day).
    pub administrative_suspension: Option<Dur>,
    /// Instances that wait beside it for a scale-out. Default: none.
    pub warm_pool: Option<WarmPool>,
    /// `MixedInstancesPolicy`: several instance types, On-Demand and Spot. Default: the launch template's type, On-Demand.
    pub mixed_instances_policy: Option<MixedInstancesPolicy>,
    /// `CapacityRebalance`: a Spot Instance at risk is replaced before EC2 takes it back. Default false.
    pub capacity_rebalance: Option<bool>,
    /// `TerminationPolicies`, in the order in which they apply, after the balance over zones. Default `[Default]`.
    pub termination_policies: Option<Vec<TerminationPolicy>>,
}

/// `HealthCheckType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum HealthCheckType {
    /// EC2's own verdict alone.
    Ec2,
    /// The target groups' too.
    Elb,
    /// The attached EBS status check too.
    Ebs,
    /// `ELB,EBS`: both.
    ElbAndEbs,
}

impl HealthCheckType {
    /// Whether the verdict of target groups counts.
    pub(crate) fn has_elb(self) -> bool {
        matches!(self, HealthCheckType::Elb | HealthCheckType::ElbAndEbs)
    }

    /// Whether the attached EBS status check counts.
    pub(crate) fn has_ebs(self) -> bool {
        matches!(self, HealthCheckType::Ebs | HealthCheckType::ElbAndEbs)
    }
}

/// `CapacityDistributionStrategy`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Distribution {
    /// Tries the other zones.
    BalancedBestEffort,
    /// Keeps trying the same one.
    BalancedOnly,
}

/// A scaling policy.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Policy {
    /// One adjustment, then a cooldown (scaling.md §3.3).
    Simple {
        /// What it changes.
        adjustment: Adjustment,
        /// `Cooldown`. Default: the group's.
        cooldown: Option<Dur>,
        /// `MinAdjustmentMagnitude`: smallest change of a percentage. Default 0.
        min_adjustment_magnitude: Option<u32>,
        /// `Enabled`. Default true.
        enabled: Option<bool>,
    },
    /// An adjustment by how far the metric is beyond the threshold; no cooldown (scaling.md §3.4).
    Step {
        /// `AdjustmentType` of all steps.
        adjustment_type: AdjustmentType,
        /// Steps, ascending, without gaps; at most 20.
        steps: Vec<StepAdjustment>,
        /// `EstimatedInstanceWarmup`. Default: the group's default warm-up, else its cooldown.
        estimated_instance_warmup: Option<Dur>,
        /// `MinAdjustmentMagnitude`: smallest change of a percentage. Default 0.
        min_adjustment_magnitude: Option<u32>,
        /// `MetricAggregationType`: how the alarm's newest periods become the value that chooses the step. Default Average.
        metric_aggregation_type: Option<MetricAggregationType>,
        /// How many of the alarm's newest periods these are. Default 1 (undocumented).
        metric_aggregation_periods: Option<u32>,
        /// `Enabled`. Default true.
        enabled: Option<bool>,
    },
    /// Keeps a metric at a target (scaling.md §3.5). Makes two alarms: `TargetTracking-GROUP-AlarmHigh-POLICY` above the target,
    /// and `TargetTracking-GROUP-AlarmLow-POLICY` below a share of it, unless `disable_scale_in`.
    TargetTracking {
        /// What it keeps at the target.
        metric: TrackedMetric,
        /// `TargetValue`, in the metric's unit; above 0.
        target_value: f64,
        /// `DisableScaleIn`: whether it never takes capacity away. Default false.
        disable_scale_in: Option<bool>,
        /// `EstimatedInstanceWarmup`. Default: the group's default warm-up, else its cooldown.
        estimated_instance_warmup: Option<Dur>,
        /// Threshold of AlarmLow as a share of the target. Default `"70%"`, as seen on groups since 2023; `"90%"` in older ones
        /// (undocumented).
        alarm_low_share: Option<Share>,
        /// Periods of AlarmHigh, all of which must be above. Default 3 (undocumented).
        alarm_high_periods: Option<u32>,
        /// Periods of AlarmLow, all of which must be below. Default 15 (undocumented).
        alarm_low_periods: Option<u32>,
        /// `TreatMissingData` of both. Default Missing (undocumented).
        treat_missing_data: Option<MissingData>,
        /// Most instances that one decision takes away. Default: as many as the arithmetic says (undocumented).
        scale_in_most: Option<u32>,
        /// After a scale-in's last termination nothing more is taken away for so long, so that the metric shows what it left.
        /// Default 180 s (a modelling choice).
        scale_in_pause: Option<Dur>,
        /// `Enabled`. Default true.
        enabled: Option<bool>,
    },
    /// Raises capacity ahead of the hours that will need it, and never lowers it (scaling.md §3.7). The forecast is the mean of
    /// the same hour of the days before: a modelling choice, for AWS's own model is not published.
    Predictive {
        /// `PredefinedMetricPairSpecification`.
        metric_pair: MetricPair,
        /// `TargetValue`: load per instance that is aimed at, in the unit of the pair; above 0.
        target_value: f64,
        /// `Mode`. Default ForecastOnly.
        mode: Option<PredictiveMode>,
        /// `SchedulingBufferTime`: how long before its hour capacity is asked for, 0 to 3600 s. Default 300 s.
        scheduling_buffer_time: Option<Dur>,
        /// `MaxCapacityBreachBehavior`. Default HonorMaxCapacity.
        max_capacity_breach_behavior: Option<MaxCapacityBreachBehavior>,
        /// `MaxCapacityBuffer`: how far above a forecast `max_size` is raised, 0 to 100 percent; only with IncreaseMaxCapacity.
        /// Default 0.
        max_capacity_buffer: Option<u32>,
        /// Load from before the run. Default: none; the run's own first 24 hours have to do.
        history: Option<History>,
        /// `Enabled`. Default true.
        enabled: Option<bool>,
    },
}

/// What a simple policy changes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Adjustment {
    /// Add (or, negative, remove) so many.
    ChangeInCapacity(f64),
    /// Set to so many.
    ExactCapacity(f64),
    /// Add (or remove) so many percent: 100 doubles.
    PercentChangeInCapacity(f64),
}

/// `AdjustmentType`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum AdjustmentType {
    /// Add or remove so many.
    ChangeInCapacity,
    /// Set to so many.
    ExactCapacity,
    /// Add or remove so many percent.
    PercentChangeInCapacity,
}

/// A step; bounds are offsets from the alarm's threshold.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepAdjustment {
    /// `MetricIntervalLowerBound`. Default: minus infinity.
    pub lower: Option<f64>,
    /// `MetricIntervalUpperBound`. Default: infinity.
    pub upper: Option<f64>,
    /// By the policy's `adjustment_type`.
    pub adjustment: f64,
}
