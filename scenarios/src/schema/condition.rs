//! Conditions: what is true or false at any time of a run, for rules about its course.

use crate::units::{Amount, Dur};
use schemars::JsonSchema;
use serde::Deserialize;

/// What is true or false at any time of a run.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Condition {
    /// The measure is below the limit: `Below(P99, "500ms")`.
    Below {
        /// The measure.
        of: Measure,
        /// The limit, which is not below itself.
        limit: Amount,
    },
    /// The measure is at the limit or below.
    AtMost {
        /// The measure.
        of: Measure,
        /// The limit.
        limit: Amount,
    },
    /// The measure is at the limit or above.
    AtLeast {
        /// The measure.
        of: Measure,
        /// The limit.
        limit: Amount,
    },
    /// The measure is above the limit.
    Above {
        /// The measure.
        of: Measure,
        /// The limit, which is not above itself.
        limit: Amount,
    },
    /// The alarm is in ALARM.
    InAlarm {
        /// Alarm or composite alarm.
        of: String,
    },
    /// The database takes queries.
    Available {
        /// Database.
        of: String,
    },
    /// All of them.
    AllOf(Vec<Condition>),
    /// At least one of them.
    AnyOf(Vec<Condition>),
    /// It is not so.
    Not(Box<Condition>),
}

/// What can be measured at any time. `P50` to `OfferedPerS` are of the requests that ended in the last seconds, and looked at
/// once a second: a stretch in which none ended leaves them as they were, one in which all failed is infinitely slow. The
/// others are levels, and exact.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Measure {
    /// Median latency of the succeeded.
    P50 {
        /// Over so many of the last seconds. Default 10 s.
        over: Option<Dur>,
    },
    /// 90 % of the succeeded are at or below it.
    P90 {
        /// Over so many of the last seconds. Default 10 s.
        over: Option<Dur>,
    },
    /// 95 % of the succeeded are at or below it.
    P95 {
        /// Over so many of the last seconds. Default 10 s.
        over: Option<Dur>,
    },
    /// 99 % of the succeeded are at or below it.
    P99 {
        /// Over so many of the last seconds. Default 10 s.
        over: Option<Dur>,
    },
    /// 99.9 % of the succeeded are at or below it.
    P999 {
        /// Over so many of the last seconds. Default 10 s.
        over: Option<Dur>,
    },
    /// Mean latency of the succeeded.
    MeanLatency {
        /// Over so many of the last seconds. Default 10 s.
        over: Option<Dur>,
    },
    /// Share of the ended that succeeded.
    Availability {
        /// Over so many of the last seconds. Default 10 s.
        over: Option<Dur>,
    },
    /// Succeeded requests per second.
    GoodputPerS {
        /// Over so many of the last seconds. Default 10 s.
        over: Option<Dur>,
    },
    /// Requests born per second.
    OfferedPerS {
        /// Over so many of the last seconds. Default 10 s.
        over: Option<Dur>,
    },
    /// Requests on their way; looked at once a second.
    InFlight,
    /// Desired capacity.
    Desired {
        /// Auto Scaling group.
        of: String,
    },
    /// Instances (capacity units) in service and healthy.
    InService {
        /// Group or set.
        of: String,
    },
    /// Registered targets that the API shows healthy.
    HealthyTargets {
        /// Target group.
        of: String,
    },
    /// Registered targets.
    RegisteredTargets {
        /// Target group.
        of: String,
    },
}

/// What a rule counts from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Trigger {
    /// Each fault's start.
    AnyFault,
    /// Each fault's end, of those that have one.
    FaultOver,
    /// Each time the alarm goes into ALARM.
    Alarm {
        /// Alarm or composite alarm.
        of: String,
    },
    /// A time of the run.
    At(Dur),
}
