//! Expectations: what must hold at the end of a run.

use crate::units::Dur;
use schemars::JsonSchema;
use serde::Deserialize;

/// One expectation: a figure of the summary, with the smallest and the largest value that hold.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Expect {
    /// Share of ended requests that succeeded, 0 to 1.
    Availability {
        /// Population. Default: all.
        of: Option<String>,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Latency percentile of succeeded requests, milliseconds: `LatencyMs(p: 99, at_most: 250)`.
    LatencyMs {
        /// Percentile, 0 to 100.
        p: f64,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Mean latency of succeeded requests, milliseconds.
    LatencyMeanMs {
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Succeeded requests per second.
    GoodputPerS {
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Committed writes lost.
    CommittedWritesLost {
        /// Database. Default: all.
        of: Option<String>,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Failovers of a database.
    Failovers {
        /// Database.
        of: String,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Seconds a database accepted no writes, in all.
    UnavailableS {
        /// Database.
        of: String,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Longest time from a fault to its being restored: `Recovery(of: "orders", within: "2m")`.
    Recovery {
        /// Database, group, or `users` (until requests succeed again).
        of: String,
        /// At most so long.
        within: Dur,
    },
    /// Largest number of instances in service at once.
    MaxInService {
        /// Group or set.
        of: String,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Smallest number of instances in service after the start.
    MinInService {
        /// Group or set.
        of: String,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Number in service at the end.
    FinalInService {
        /// Group or set.
        of: String,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Launches after the start.
    Launches {
        /// Auto Scaling group.
        of: String,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Terminations.
    Terminations {
        /// Auto Scaling group.
        of: String,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Launches of a group that came from its warm pool.
    TakenFromPool {
        /// Auto Scaling group.
        of: String,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Instance refreshes of a group that ended so: `Refreshes(of: "web", ended: RollbackSuccessful, at_least: 1)`.
    Refreshes {
        /// Auto Scaling group.
        of: String,
        /// How.
        ended: RefreshEnd,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Times an alarm went into ALARM.
    AlarmsRaised {
        /// Alarm.
        of: String,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// First time an alarm went into ALARM, seconds; infinite if never.
    FirstAlarmS {
        /// Alarm.
        of: String,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Total cost, USD.
    CostUsd {
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Share of ended requests with this outcome, 0 to 1.
    OutcomeShare {
        /// Outcome: `ok`, `target_5xx`, `elb_503`, `timed_out` and so on, as in the results.
        of: String,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Probability that a request waits for a worker, 0 to 1.
    ProbabilityOfWait {
        /// Service or database.
        of: String,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Utilisation, 0 to 1.
    Utilisation {
        /// Service or database.
        of: String,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
    /// Mean wait before first service, milliseconds.
    QueueingMeanMs {
        /// Service or database.
        of: String,
        /// Smallest value that holds.
        at_least: Option<f64>,
        /// Largest value that holds.
        at_most: Option<f64>,
    },
}

/// How an instance refresh ended.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum RefreshEnd {
    /// All is replaced, or what the last checkpoint wants.
    Successful,
    /// An alarm, or an hour without health.
    Failed,
    /// By hand.
    Cancelled,
    /// Back where it came from.
    RollbackSuccessful,
    /// Not even that.
    RollbackFailed,
}
