//! The life of an instance in an Auto Scaling group: hooks, protection, replacement, and what a group may be told to stop.

use sim_core::Duration;
use sim_core::dist::Dist;

/// What concerns the life of the instances of a group (scaling.md §1.2, §1.3, §1.5, §1.9, §1.12).
#[derive(Clone, Debug)]
pub struct Lifecycle {
    /// Lifecycle hooks of the group, besides the one of the launch template; at most 50.
    pub hooks: Vec<Hook>,
    /// InstanceMaintenancePolicy; none: health replaces by a tenth at a time.
    pub maintenance: Option<Maintenance>,
    /// NewInstancesProtectedFromScaleIn; those there from the start too.
    pub protected_from_scale_in: bool,
    /// MaxInstanceLifetime; none: any age.
    pub max_instance_lifetime: Option<Duration>,
    /// ScalingProcesses suspended from the start.
    pub suspended: ScalingProcesses,
    /// AvailabilityZoneImpairmentPolicy; none: zonal shift is not enabled.
    pub zonal_shift: Option<ImpairedZone>,
    /// So long nothing but failed launches, and AWS may suspend `Launch` (rule F2). About 24 h.
    pub administrative_suspension: Duration,
    /// HealthCheckType EBS: whether an impaired attached EBS status check counts. Default false.
    pub ebs_health_check: bool,
    /// The Lambda function of a custom termination policy; none: the named policies decide among all.
    pub termination_function: Option<TerminationFunction>,
}

/// A custom termination policy (scaling.md §1.8): a Lambda function that says which instances may go. It is asked when the
/// group scales in; of those it names, the policies after it choose.
#[derive(Clone, Debug)]
pub struct TerminationFunction {
    /// Which instances it names.
    pub ready: Ready,
    /// From the question to its answer, in seconds. A modelling choice; U(0.1, 2).
    pub length: Dist,
    /// Probability that it fails or runs out of time: nobody goes.
    pub failure: f64,
    /// Until it is asked again, when it has failed or named too few. AWS goes on asking, and does not say how often; 60 s.
    pub retry: Duration,
}

/// What a custom termination policy lets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// All that it is asked about.
    All,
    /// Those with at most so many requests in flight: work is waited for.
    Idle {
        /// Requests waiting or served.
        at_most: u32,
    },
    /// Those that have run for at least so long.
    Running {
        /// Since EC2 reported them running.
        at_least: Duration,
    },
    /// Nobody.
    Nobody,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Lifecycle {
            hooks: Vec::new(),
            maintenance: None,
            protected_from_scale_in: false,
            max_instance_lifetime: None,
            suspended: ScalingProcesses::NONE,
            zonal_shift: None,
            administrative_suspension: Duration::from_secs(86_400),
            ebs_health_check: false,
            termination_function: None,
        }
    }
}

/// A lifecycle hook of a group, and whoever answers it (scaling.md §1.3).
#[derive(Clone, Debug)]
pub struct Hook {
    /// Its name in the scenario.
    pub name: String,
    /// LifecycleTransition.
    pub transition: Transition,
    /// HeartbeatTimeout. 3600 s, 30 to 7200.
    pub heartbeat_timeout: Duration,
    /// DefaultResult: whether a timeout counts as CONTINUE. Default ABANDON.
    pub continue_by_default: bool,
    /// Between two heartbeats of the handler while it works; none: it sends none.
    pub heartbeat_interval: Option<Duration>,
    /// From the notification to the handler's answer, in seconds.
    pub length: Dist,
    /// Probability that it answers ABANDON.
    pub failure: f64,
    /// Probability that it never answers: the timeout decides.
    pub no_answer: f64,
}

/// LifecycleTransition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// autoscaling:EC2_INSTANCE_LAUNCHING.
    Launching,
    /// autoscaling:EC2_INSTANCE_TERMINATING.
    Terminating,
}

/// The longest that a hook with this timeout may wait, however many heartbeats it gets: 48 hours or 100 timeouts.
pub fn longest_wait(heartbeat_timeout: Duration) -> Duration {
    let hundred = Duration::from_nanos(heartbeat_timeout.nanos().saturating_mul(100));
    hundred.min(Duration::from_secs(172_800))
}

/// InstanceMaintenancePolicy, in percent of the desired capacity (scaling.md §1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maintenance {
    /// MinHealthyPercentage, 0 to 100.
    pub min_healthy_percentage: u32,
    /// MaxHealthyPercentage, 100 to 200, at most 100 above the minimum.
    pub max_healthy_percentage: u32,
}

/// ImpairedZoneHealthCheckBehavior: what becomes of unhealthy instances in a zone that is shifted away from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImpairedZone {
    /// They are replaced, in the other zones.
    ReplaceUnhealthy,
    /// They are left alone until the shift is over.
    IgnoreUnhealthy,
}

/// A process of an Auto Scaling group that can be suspended (scaling.md §1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalingProcess {
    /// Adds instances.
    Launch,
    /// Removes instances.
    Terminate,
    /// Registers instances that enter service.
    AddToLoadBalancer,
    /// Accepts notifications of alarms.
    AlarmNotification,
    /// Balances over zones.
    AzRebalance,
    /// Marks instances unhealthy by EC2's and the target groups' verdicts.
    HealthCheck,
    /// Replaces instances that are marked.
    ReplaceUnhealthy,
    /// Acts at scheduled times.
    ScheduledActions,
    /// Replaces instances by an instance refresh.
    InstanceRefresh,
}

impl ScalingProcess {
    /// All, as AWS lists them.
    pub const ALL: [ScalingProcess; 9] = [
        ScalingProcess::Launch,
        ScalingProcess::Terminate,
        ScalingProcess::AddToLoadBalancer,
        ScalingProcess::AlarmNotification,
        ScalingProcess::AzRebalance,
        ScalingProcess::HealthCheck,
        ScalingProcess::ReplaceUnhealthy,
        ScalingProcess::ScheduledActions,
        ScalingProcess::InstanceRefresh,
    ];

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            ScalingProcess::Launch => "Launch",
            ScalingProcess::Terminate => "Terminate",
            ScalingProcess::AddToLoadBalancer => "AddToLoadBalancer",
            ScalingProcess::AlarmNotification => "AlarmNotification",
            ScalingProcess::AzRebalance => "AZRebalance",
            ScalingProcess::HealthCheck => "HealthCheck",
            ScalingProcess::ReplaceUnhealthy => "ReplaceUnhealthy",
            ScalingProcess::ScheduledActions => "ScheduledActions",
            ScalingProcess::InstanceRefresh => "InstanceRefresh",
        }
    }
}

/// A set of processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScalingProcesses(u16);

impl ScalingProcesses {
    /// None of them.
    pub const NONE: ScalingProcesses = ScalingProcesses(0);

    /// All of them: what AWS takes an empty list to mean.
    pub fn all() -> ScalingProcesses {
        ScalingProcess::ALL.into_iter().collect()
    }

    /// Whether the process is among them.
    pub fn contains(self, process: ScalingProcess) -> bool {
        self.0 & (1 << process as u16) != 0
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// With these too.
    #[must_use]
    pub fn with(self, others: ScalingProcesses) -> ScalingProcesses {
        ScalingProcesses(self.0 | others.0)
    }

    /// Without these.
    #[must_use]
    pub fn without(self, others: ScalingProcesses) -> ScalingProcesses {
        ScalingProcesses(self.0 & !others.0)
    }

    /// Those in both.
    #[must_use]
    pub fn both(self, others: ScalingProcesses) -> ScalingProcesses {
        ScalingProcesses(self.0 & others.0)
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = ScalingProcess> {
        ScalingProcess::ALL.into_iter().filter(move |process| self.contains(*process))
    }

    /// Their names, with commas.
    pub fn names(self) -> String {
        self.iter().map(ScalingProcess::name).collect::<Vec<_>>().join(", ")
    }
}

impl FromIterator<ScalingProcess> for ScalingProcesses {
    fn from_iter<I: IntoIterator<Item = ScalingProcess>>(processes: I) -> Self {
        ScalingProcesses(processes.into_iter().fold(0, |all, process| all | 1 << process as u16))
    }
}
