//! What scales a group besides simple and step policies: target tracking, scheduled actions, forecasts (scaling.md §3.5 to §3.7).

use super::Metric;
use sim_core::dist::Dist;
use sim_core::{Duration, Time};

/// Target tracking (scaling.md §3.5). Its two alarms are alarms of the plan like any other, made where the plan is made;
/// the one that is about "less than" is AlarmLow.
#[derive(Clone, Debug)]
pub struct TargetTracking {
    /// TargetValue, in the metric's unit; above zero.
    pub target: f64,
    /// Not DisableScaleIn: whether it also takes capacity away. Default true.
    pub scale_in: bool,
    /// EstimatedInstanceWarmup; none: the group's default warm-up, else its cooldown (rule C5).
    pub warmup: Option<Duration>,
    /// Most instances that one decision takes away. AWS is conservative but says no figure; default as many as the formula.
    pub scale_in_most: u32,
    /// After a scale-in's last termination nothing more is taken away for this long, so that the metric shows what it left.
    /// Not documented; 180 s, a period and the usual delay of its datapoint.
    pub scale_in_pause: Duration,
}

/// Scheduled actions of a group (scaling.md §3.6).
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The actions.
    pub actions: Vec<ScheduledAction>,
    /// When which action is due, within the run, in order of time and, within one instant, of the actions.
    pub due: Vec<(Time, u16)>,
    /// How late an action runs, in seconds; more than 120 s count as 120 s. Order is kept. U(0, 5).
    pub delay: Dist,
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule { actions: Vec::new(), due: Vec::new(), delay: Dist::Constant(0.0) }
    }
}

/// What a scheduled action sets; what is none stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledAction {
    /// Its name in the scenario.
    pub name: String,
    /// MinSize.
    pub min_size: Option<u32>,
    /// MaxSize.
    pub max_size: Option<u32>,
    /// DesiredCapacity.
    pub desired_capacity: Option<u32>,
}

/// Predictive scaling (scaling.md §3.7).
#[derive(Clone, Debug)]
pub struct Predictive {
    /// PredefinedMetricPairSpecification, in AWS's words.
    pub pair: &'static str,
    /// The metric whose sums over the instances, or over the requests, are the load.
    pub load: Metric,
    /// Whether the load is counted, and so per minute (requests, bytes), or a level (percent).
    pub counted: bool,
    /// TargetValue of the scaling metric: load per instance that is aimed at; above zero.
    pub target: f64,
    /// Mode is ForecastAndScale. Default false: ForecastOnly, which writes forecasts down and changes nothing.
    pub scales: bool,
    /// SchedulingBufferTime: how long before its hour capacity is there. 300 s, 0 to 3600.
    pub buffer: Duration,
    /// MaxCapacityBreachBehavior IncreaseMaxCapacity, with MaxCapacityBuffer in percent, 0 to 100; none: HonorMaxCapacity.
    pub raises_max: Option<f64>,
    /// Hourly loads from before the run, oldest first, the last for the last whole hour of the clock before the start.
    pub history: Vec<f64>,
}
