//! Expectations: what must hold, of a figure at the end or at all times, in every run or in a share of all runs.
//!
//! ```text
//!  Expectation ─┬─ over: each run, a share of all runs, their mean            Limits: a quantity and its limits
//!               └─ requirement ─┬─ Limits                                     Temporal: a rule about a condition
//!                               └─ Temporal ─► TemporalRule ─► Condition ─► Measure   Measure: users' last seconds, or a level
//! ```

use super::{AlarmRef, FleetId, PopulationId, StoreId, TargetGroupId};
use crate::result::{Over, Unit};
use sim_core::{Duration, Time};

/// One expectation.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// As written, for the report.
    pub text: String,
    /// What is required of a run.
    pub requirement: Requirement,
    /// Of which runs.
    pub over: Over,
}

/// What is required of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Requirement {
    /// A figure of the summary and its limits.
    Limits(Limits),
    /// Something about the course of the run.
    Temporal(Temporal),
}

/// A figure of the summary and its limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// What is looked at.
    pub quantity: Quantity,
    /// Smallest value that holds, if any.
    pub at_least: Option<f64>,
    /// Largest value that holds, if any.
    pub at_most: Option<f64>,
}

/// A rule about the course of a run, judged between two times.
#[derive(Clone, Debug, PartialEq)]
pub struct Temporal {
    /// The rule.
    pub rule: TemporalRule,
    /// From here on; never before the end of the warm-up.
    pub from: Time,
    /// Until here; at most the end of the run.
    pub until: Time,
}

/// A rule about the course of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum TemporalRule {
    /// The condition holds all the time.
    Always(Condition),
    /// No stretch in which the condition holds is longer than this. Zero: it never holds.
    Never(Condition, Duration),
    /// The condition holds at some time.
    Eventually(Condition),
    /// So long after each trigger at the latest the condition holds, and has been back for good.
    BackWithin {
        /// The longest time it may take.
        within: Duration,
        /// What it is counted from.
        of: Trigger,
        /// What must hold then.
        to: Condition,
        /// How long it must then last.
        stays: Duration,
    },
    /// The level turns, from up to down or from down to up, at most so often in any stretch of that length.
    Turns {
        /// The level.
        of: Measure,
        /// How often.
        at_most: u32,
        /// Length of the stretch.
        per: Duration,
    },
}

/// What a rule counts from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trigger {
    /// Each fault's start.
    AnyFault,
    /// Each fault's end.
    FaultOver,
    /// An alarm goes into ALARM.
    Alarm(AlarmRef),
    /// A time of the run.
    At(Time),
}

/// What is true or false at any time.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A measure against a limit.
    Compare(Measure, Order, f64),
    /// The alarm is in ALARM.
    InAlarm(AlarmRef),
    /// All of them.
    All(Vec<Condition>),
    /// At least one of them.
    Any(Vec<Condition>),
    /// It is not so.
    Not(Box<Condition>),
}

/// How a measure is compared with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Order {
    Below,
    AtMost,
    AtLeast,
    Above,
}

impl Order {
    /// Whether it is so.
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Order::Below => value < limit,
            Order::AtMost => value <= limit,
            Order::AtLeast => value >= limit,
            Order::Above => value > limit,
        }
    }
}

/// What can be measured at any time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// Of the requests that ended in the last seconds.
    Users(UserFigure, Duration),
    /// Requests on their way.
    InFlight,
    /// Desired capacity of a group.
    Desired(FleetId),
    /// Instances (capacity units) in service and healthy.
    InService(FleetId),
    /// Targets registered with a target group that the API shows healthy.
    HealthyTargets(TargetGroupId),
    /// Targets registered with a target group.
    RegisteredTargets(TargetGroupId),
    /// 1 while a store takes queries, else 0.
    Available(StoreId),
}

/// A figure of the requests that ended in a stretch of seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UserFigure {
    /// Latency quantile (0 to 1) of the succeeded, milliseconds.
    LatencyMs(f64),
    /// Mean latency of the succeeded, milliseconds.
    LatencyMeanMs,
    /// Succeeded over ended.
    Availability,
    /// Succeeded per second.
    GoodputPerS,
    /// Born per second.
    OfferedPerS,
}

impl Expectation {
    /// The quantity and its largest value that holds, if it is about one in every run.
    pub fn at_most(&self) -> Option<(&Quantity, f64)> {
        match &self.requirement {
            Requirement::Limits(limits) => Some((&limits.quantity, limits.at_most?)),
            Requirement::Temporal(_) => None,
        }
    }
}

/// A figure of the summary that can be required.
#[derive(Clone, Debug, PartialEq)]
pub enum Quantity {
    /// Share of ended requests that succeeded; of one population, or of all.
    Availability(Option<PopulationId>),
    /// Latency quantile (0 to 1) of succeeded requests, milliseconds.
    LatencyMs(f64),
    /// Mean latency of succeeded requests, milliseconds.
    LatencyMeanMs,
    /// Succeeded requests per second.
    GoodputPerS,
    /// Committed writes lost by the store, or by all.
    CommittedWritesLost(Option<StoreId>),
    /// Failovers of a store.
    Failovers(StoreId),
    /// Seconds the store accepted no writes, in all.
    UnavailableS(StoreId),
    /// Longest time from a fault on the thing to its being restored, seconds. Infinite if it never was.
    RecoveryS(RecoveryOf),
    /// Largest number of instances in service at once.
    MaxInService(FleetId),
    /// Smallest number of instances in service at any time after the start.
    MinInService(FleetId),
    /// Number in service at the end.
    FinalInService(FleetId),
    /// Launches (after the start) of a group.
    Launches(FleetId),
    /// Terminations of a group.
    Terminations(FleetId),
    /// Launches of a group that came from its warm pool.
    TakenFromPool(FleetId),
    /// Instance refreshes of a group that ended with this status.
    Refreshes(FleetId, String),
    /// Times an alarm went into ALARM.
    AlarmsRaised(AlarmRef),
    /// First time an alarm went into ALARM, seconds. Infinite if never.
    FirstAlarmS(AlarmRef),
    /// Total cost, USD.
    CostUsd,
    /// Share of ended requests that ended in this outcome (the name in `outcomes`).
    OutcomeShare(String),
    /// Probability that a request waits for a worker of the service or store.
    ProbabilityOfWait(String),
    /// Utilisation (0 to 1) of the service or store.
    Utilisation(String),
    /// Mean wait before first service, milliseconds, of the service or store.
    QueueingMeanMs(String),
    /// Any figure by its path in the results.
    Figure(String),
}

impl Quantity {
    /// The unit of its values.
    pub fn unit(&self) -> Unit {
        match self {
            Quantity::Availability(_)
            | Quantity::OutcomeShare(_)
            | Quantity::ProbabilityOfWait(_)
            | Quantity::Utilisation(_) => Unit::Share,
            Quantity::LatencyMs(_) | Quantity::LatencyMeanMs | Quantity::QueueingMeanMs(_) => Unit::Ms,
            Quantity::GoodputPerS => Unit::PerS,
            Quantity::UnavailableS(_) | Quantity::RecoveryS(_) | Quantity::FirstAlarmS(_) => Unit::S,
            Quantity::CostUsd => Unit::Usd,
            Quantity::Figure(path) => crate::figure::unit(path),
            _ => Unit::Number,
        }
    }
}

/// Whose recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryOf {
    /// A store: until it takes writes again.
    Store(StoreId),
    /// A group: until as many are in service and healthy as desired.
    Fleet(FleetId),
    /// Users: until requests succeed again.
    Users,
}
