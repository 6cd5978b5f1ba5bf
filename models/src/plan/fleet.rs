//! Fleets: Auto Scaling groups and fixed sets of instances, with what an instance is and how one comes up.

use super::{
    Lifecycle, MixedInstances, Predictive, Release, Schedule, TargetGroupId, TargetTracking, TerminationPolicy,
    WarmPool, ZoneId,
};
use sim_core::Duration;
use sim_core::dist::Dist;

/// A set of like instances running one service.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// Its name in the scenario.
    pub name: String,
    /// What an instance is.
    pub template: LaunchTemplate,
    /// Launch templates that it can be moved to (by an instance refresh); number 1 is the first of them, 0 is `template`.
    pub later_templates: Vec<LaunchTemplate>,
    /// Zones it is spread over; empty: nowhere in particular, no network delay.
    pub zones: Vec<ZoneId>,
    /// Target groups its instances are registered with.
    pub target_groups: Vec<TargetGroupId>,
    /// How many, and who sees to that.
    pub sizing: Sizing,
}

impl Fleet {
    /// The launch template of that number.
    pub fn template(&self, number: u16) -> &LaunchTemplate {
        (number as usize).checked_sub(1).and_then(|later| self.later_templates.get(later)).unwrap_or(&self.template)
    }

    /// The terms of the first burstable type that its instances may be of; its surplus credits are billed by them.
    pub fn burstable(&self) -> Option<super::Credits> {
        match self.mixed() {
            Some(mixed) => mixed.overrides.iter().find_map(|own| own.credits),
            None => self.templates().find_map(|template| template.machine.credits),
        }
    }

    /// All launch templates, in order of their numbers.
    pub fn templates(&self) -> impl Iterator<Item = &LaunchTemplate> {
        std::iter::once(&self.template).chain(&self.later_templates)
    }
}

/// How many instances, and who sees to that.
#[derive(Clone, Debug)]
pub enum Sizing {
    /// So many from the start; nobody replaces them.
    Fixed(u32),
    /// An Auto Scaling group.
    AutoScaling(Box<AutoScaling>),
}

/// A launch template and the phases of coming up (scaling.md §0, §6, §7).
#[derive(Clone, Debug)]
pub struct LaunchTemplate {
    /// Its name in the scenario; empty for a set of instances that names none.
    pub name: String,
    /// Such as `m5.large`; names the price.
    pub instance_type: String,
    /// vCPUs.
    pub vcpus: u32,
    /// Memory, CPU credits, volume.
    pub machine: super::Machine,
    /// CloudWatch metrics each 300 s (Basic, the default) or 60 s (Detailed).
    pub monitoring: Monitoring,
    /// RunInstances to `running`, in seconds. LN(6, 20).
    pub pending: Phase,
    /// `running` to the operating system up, in seconds. LN(20, 60).
    pub boot: Phase,
    /// Configuration after boot, in seconds. 0 with a golden image.
    pub bootstrap: Phase,
    /// Whether bootstrap downloads from outside and so needs egress from its zone.
    pub bootstrap_needs_egress: bool,
    /// What bootstrap downloads, in GB, for the cost of NAT data. A modelling choice; 0.5.
    pub bootstrap_download_gb: f64,
    /// A failed download gives up after this long. 60 s.
    pub egress_timeout: Duration,
    /// Test of the application before it goes into service, in seconds; none: no test.
    pub smoke_test: Option<Phase>,
    /// Launch lifecycle hook: the group holds the instance in `Pending:Wait` until bootstrap and smoke test have passed.
    pub lifecycle_hook: Option<LifecycleHook>,
    /// The release of the service that it brings.
    pub release: Release,
}

/// One phase of coming up.
#[derive(Clone, Debug)]
pub struct Phase {
    /// How long, in seconds.
    pub duration: Dist,
    /// Probability that it fails at its end.
    pub failure: f64,
}

/// A launch lifecycle hook (scaling.md §1.3).
#[derive(Clone, Copy, Debug)]
pub struct LifecycleHook {
    /// Heartbeat timeout. Default 3600 s, 30 to 7200.
    pub heartbeat_timeout: Duration,
    /// What the timeout does: CONTINUE puts it in service all the same; ABANDON (the default) replaces it.
    pub continue_by_default: bool,
    /// Between two heartbeats of the bootstrap script, from the end of the boot on; none: it sends none.
    pub heartbeat_interval: Option<Duration>,
}

/// CloudWatch monitoring of instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Monitoring {
    /// A datapoint each 300 s, free.
    #[default]
    Basic,
    /// A datapoint each 60 s.
    Detailed,
}

/// An Auto Scaling group (scaling.md §1).
#[derive(Clone, Debug)]
pub struct AutoScaling {
    /// MinSize.
    pub min_size: u32,
    /// MaxSize.
    pub max_size: u32,
    /// DesiredCapacity at the start. Default MinSize.
    pub desired_capacity: u32,
    /// DefaultCooldown. 300 s.
    pub default_cooldown: Duration,
    /// DefaultInstanceWarmup; none: not set.
    pub default_instance_warmup: Option<Duration>,
    /// Whether a target group's verdict counts, besides EC2's.
    pub elb_health_check: bool,
    /// HealthCheckGracePeriod: API default 0, console and Terraform 300 s.
    pub health_check_grace_period: Duration,
    /// Whether a failed launch tries the other zones.
    pub distribution: Distribution,
    /// Between two looks of the group at its instances' health. Not documented; 30 s.
    pub health_poll: Duration,
    /// Loss of an instance to the group's noticing, in seconds. LN(3, 20) capped at 60.
    pub loss_notice: Dist,
    /// Alarm action to the scaling activity's start, in seconds. U(4, 22).
    pub action_delay: Dist,
    /// Failed launch to the next try, in seconds. 60 × U(1, 1.6).
    pub launch_retry: Dist,
    /// `running` to registered with the target groups, in seconds. U(0, 5).
    pub registration: Dist,
    /// Termination without draining: the activity's length in seconds. U(20, 60).
    pub termination: Dist,
    /// Whether draining ends as soon as nothing is in flight. AWS keeps the full delay; default off.
    pub drain_early: bool,
    /// When a simple policy's scale-in cooldown starts: at the start of draining (2026 text, the default) or at its end (2023 text).
    pub cooldown_after_drain: bool,
    /// Scaling policies.
    pub policies: Vec<Policy>,
    /// Scheduled actions, and when each is due.
    pub schedule: Schedule,
    /// Whether capacity changed by schedule, by forecast, by hand or by a step or target tracking policy is followed by the
    /// default cooldown too. Not documented; false: only that of simple policies (§3.3).
    pub every_activity_cools_down: bool,
    /// Hooks, protection, replacement, suspended processes.
    pub lifecycle: Lifecycle,
    /// WarmPool; none: no pool.
    pub warm_pool: Option<WarmPool>,
    /// MixedInstancesPolicy; none: the template's instance type, On-Demand.
    pub mixed: Option<Box<MixedInstances>>,
    /// CapacityRebalance: a Spot Instance at risk is replaced before it is taken back (rule S2). Default false.
    pub capacity_rebalance: bool,
    /// TerminationPolicies, in the order in which they apply; empty: the default policy alone.
    pub termination_policies: Vec<TerminationPolicy>,
}

impl Fleet {
    /// The mixed instances policy, if it has one.
    pub fn mixed(&self) -> Option<&MixedInstances> {
        match &self.sizing {
            Sizing::AutoScaling(group) => group.mixed.as_deref(),
            Sizing::Fixed(_) => None,
        }
    }

    /// vCPUs that a unit of its size brings at least: those of an instance, but under a mixed instances policy.
    pub fn vcpus_per_unit(&self) -> f64 {
        let own = f64::from(self.template.vcpus);
        let units = self.mixed().into_iter().flat_map(|mixed| &mixed.overrides);
        let least = units.map(|one| f64::from(one.vcpus) / f64::from(one.weighted_capacity)).reduce(f64::min);
        least.unwrap_or(own)
    }
}

/// What a failed launch does about zones (scaling.md A2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Distribution {
    /// Tries the other zones. The default.
    #[default]
    BalancedBestEffort,
    /// Keeps trying the same zone.
    BalancedOnly,
}

/// A scaling policy (scaling.md §3).
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name in the scenario.
    pub name: String,
    /// Enabled. Default true.
    pub enabled: bool,
    /// AdjustmentType of the simple adjustment or of all steps; of no meaning to the other kinds.
    pub adjustment_type: AdjustmentType,
    /// MinAdjustmentMagnitude: smallest change of a percentage. Default 0.
    pub min_adjustment_magnitude: u32,
    /// PolicyType.
    pub kind: PolicyKind,
}

/// PolicyType, with its settings.
#[derive(Clone, Debug)]
pub enum PolicyKind {
    /// One adjustment, then a cooldown.
    Simple {
        /// Instances, exact capacity or percent.
        adjustment: f64,
        /// Cooldown; none: the group's default.
        cooldown: Option<Duration>,
    },
    /// Adjustment by how far the metric is beyond the threshold; no cooldown.
    Step {
        /// Steps, ascending, without gaps.
        steps: Vec<StepAdjustment>,
        /// EstimatedInstanceWarmup; none: the group's default warm-up, else its cooldown (rule C5).
        warmup: Option<Duration>,
        /// How the newest datapoints of the alarm become the value that chooses the step.
        aggregation: MetricAggregation,
    },
    /// Keeps a metric at a target, by two alarms of its own.
    TargetTracking(TargetTracking),
    /// Raises capacity ahead of the hours that a forecast says will need it.
    Predictive(Box<Predictive>),
}

/// How the newest datapoints of an alarm become the value that chooses a step (§3.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetricAggregation {
    /// MetricAggregationType. Default Average.
    pub of: MetricAggregationType,
    /// How many of the alarm's newest periods are aggregated. Not documented; 0 and 1 are the newest alone.
    pub periods: u32,
}

/// MetricAggregationType.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricAggregationType {
    /// Their mean.
    #[default]
    Average,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
}

/// One step of step scaling; bounds are offsets from the alarm's threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepAdjustment {
    /// MetricIntervalLowerBound; none: minus infinity.
    pub lower: Option<f64>,
    /// MetricIntervalUpperBound; none: infinity.
    pub upper: Option<f64>,
    /// Instances, exact capacity or percent.
    pub adjustment: f64,
}

/// AdjustmentType.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdjustmentType {
    /// Add or remove so many.
    ChangeInCapacity,
    /// Set to so many.
    ExactCapacity,
    /// Add or remove a percentage of the current capacity, rounded by AWS's rule.
    PercentChangeInCapacity,
}
