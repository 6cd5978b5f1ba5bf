//! CloudWatch: how metrics are published, and the alarms that watch them (scaling.md §5).

use super::{AlarmId, CompositeId, FleetId, Math, Metric, Statistic};
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
    /// What it watches; with `math`, the first of the metrics it is made of.
    pub metric: Metric,
    /// How the samples of a period become one value. Default Average.
    pub statistic: Statistic,
    /// An expression over several metrics, watched in place of one.
    pub math: Option<Math>,
    /// Period: 10 s, 20 s, 30 s or a multiple of 60 s.
    pub period: Duration,
    /// EvaluationPeriods: N.
    pub evaluation_periods: u32,
    /// DatapointsToAlarm: M; default N.
    pub datapoints_to_alarm: u32,
    /// ComparisonOperator.
    pub comparison: Comparison,
    /// Threshold, in the metric's unit; of the three comparisons with a band, its half width in standard deviations.
    pub threshold: f64,
    /// TreatMissingData. Default missing.
    pub treat_missing_data: MissingData,
    /// EvaluateLowSampleCountPercentile is `evaluate`. If not, a percentile of few samples keeps the state (§5.6).
    pub low_samples_count: bool,
    /// ActionsEnabled. Default true.
    pub actions_enabled: bool,
    /// Evaluation is held back for this long after the start (rule E3). Default none.
    pub warm_up: Duration,
    /// AlarmActions.
    pub alarm_actions: Vec<Action>,
    /// OKActions.
    pub ok_actions: Vec<Action>,
    /// InsufficientDataActions.
    pub insufficient_data_actions: Vec<Action>,
}

impl Alarm {
    /// An alarm without actions: Average over 60 s, 1 of 1, above `threshold`, all else as AWS has it by default.
    pub fn new(name: impl Into<String>, metric: Metric, threshold: f64) -> Alarm {
        Alarm {
            name: name.into(),
            metric,
            statistic: Statistic::Average,
            math: None,
            period: Duration::from_secs(60),
            evaluation_periods: 1,
            datapoints_to_alarm: 1,
            comparison: Comparison::GreaterThan,
            threshold,
            treat_missing_data: MissingData::Missing,
            low_samples_count: true,
            actions_enabled: true,
            warm_up: Duration::ZERO,
            alarm_actions: Vec::new(),
            ok_actions: Vec::new(),
            insufficient_data_actions: Vec::new(),
        }
    }

    /// Whether its period is below a minute: it is looked at each 10 s (rule E1).
    pub fn is_high_resolution(&self) -> bool {
        self.period < Duration::from_secs(60)
    }

    /// What it reads: metrics with their statistics; one, but for an expression.
    pub fn inputs(&self) -> Vec<(Metric, Statistic)> {
        match &self.math {
            None => vec![(self.metric, self.statistic)],
            Some(math) => math.terms.iter().map(|term| (term.metric, term.statistic)).collect(),
        }
    }
}

/// A composite alarm (scaling.md §5.7): a rule over the states of others; its actions notify only.
#[derive(Clone, Debug)]
pub struct CompositeAlarm {
    /// Its name in the scenario; no other alarm bears it.
    pub name: String,
    /// AlarmRule.
    pub rule: Rule,
    /// ActionsEnabled. Default true.
    pub actions_enabled: bool,
    /// Whether it notifies when it goes into ALARM.
    pub notifies_alarm: bool,
    /// Whether it notifies when it goes back to OK.
    pub notifies_ok: bool,
    /// ActionsSuppressor.
    pub suppressor: Option<Suppressor>,
}

/// Who holds a composite alarm's actions back, and for how long they wait for it.
#[derive(Clone, Copy, Debug)]
pub struct Suppressor {
    /// ActionsSuppressor: while it is in ALARM, actions are held back.
    pub alarm: AlarmRef,
    /// ActionsSuppressorWaitPeriod: W.
    pub wait: Duration,
    /// ActionsSuppressorExtensionPeriod: X.
    pub extension: Duration,
}

/// An alarm of either kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmRef {
    /// A metric alarm.
    Metric(AlarmId),
    /// A composite alarm.
    Composite(CompositeId),
}

/// State of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmState {
    /// Within the threshold.
    Ok,
    /// Beyond it.
    Alarm,
    /// Nothing known.
    InsufficientData,
}

/// AlarmRule.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// TRUE or FALSE.
    Is(bool),
    /// `ALARM(x)`, `OK(x)`, `INSUFFICIENT_DATA(x)`.
    In(AlarmRef, AlarmState),
    /// NOT.
    Not(Box<Rule>),
    /// AND, of at least two.
    And(Vec<Rule>),
    /// OR, of at least two.
    Or(Vec<Rule>),
}

impl Rule {
    /// The alarms it names, each as often as it does.
    pub fn children(&self) -> Vec<AlarmRef> {
        match self {
            Rule::Is(_) => Vec::new(),
            Rule::In(alarm, _) => vec![*alarm],
            Rule::Not(rule) => rule.children(),
            Rule::And(rules) | Rule::Or(rules) => rules.iter().flat_map(Rule::children).collect(),
        }
    }
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
    /// LessThanLowerOrGreaterThanUpperThreshold, of an anomaly band.
    OutsideBand,
    /// GreaterThanUpperThreshold, of an anomaly band.
    AboveBand,
    /// LessThanLowerThreshold, of an anomaly band.
    BelowBand,
}

impl Comparison {
    /// Whether it is with an anomaly band.
    pub fn is_band(self) -> bool {
        matches!(self, Comparison::OutsideBand | Comparison::AboveBand | Comparison::BelowBand)
    }

    /// Whether too little is what it is about.
    pub fn is_below(self) -> bool {
        matches!(self, Comparison::LessThan | Comparison::LessThanOrEqual | Comparison::BelowBand)
    }
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
    /// Something done to one instance (rule M3).
    Ec2 {
        /// Its fleet.
        fleet: FleetId,
        /// The n-th instance ever launched in the fleet, from 0.
        nth: u32,
        /// What is done.
        what: Ec2Action,
    },
}

/// What an alarm may do to an instance (rules M3, M4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ec2Action {
    /// Moves it to another host; in effect a reboot. Only for a failed system status check, and not for members of an Auto
    /// Scaling group.
    Recover,
    /// Only for a failed instance status check.
    Reboot,
    /// Stops it.
    Stop,
    /// Terminates it.
    Terminate,
}
