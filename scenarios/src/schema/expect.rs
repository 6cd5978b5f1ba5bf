//! Expectations: what must hold, of figures at the end of a run, of its course, and over many runs.

use super::{Condition, Measure, Trigger};
use crate::units::{Amount, Dur, Share};
use schemars::JsonSchema;
use serde::Deserialize;

/// One expectation: a figure of the results with the smallest and the largest value that hold (both may be written with
/// their unit: `"250ms"`, `"99.9%"`), or a rule about the course of the run (`Always` to `ChangesOfDirection`). `InRuns`
/// and `Mean` are about many runs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Expect {
    /// Any figure by its path in `summary.json`, the names there included:
    /// `Figure(of: "groups.web.launches", at_most: 9)`. Alarms and incidents have `alarms.<name>.raised`, `alarms.<name>.first_s`,
    /// `incidents.count` and `incidents.<fault>.<subject>.restored_after_s`; `replications.csv` has all the names.
    Figure {
        /// Path.
        of: String,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Holds in at least this share of all runs there could be, proven from those made: `InRuns(0.95, Availability(at_least: 0.999))`.
    InRuns {
        /// Share of the runs.
        share: Share,
        /// What must hold in so many of them: anything but `InRuns` and `Mean`.
        that: Box<Expect>,
        /// How sure it must be (Clopper and Pearson's exact bound). Default 0.95.
        confidence: Option<Share>,
    },
    /// The mean of a figure over all runs there could be lies within its bounds, proven from those made:
    /// `Mean(CostUsd(at_most: 12))`.
    Mean {
        /// The figure and its bounds.
        of: Box<Expect>,
        /// How sure it must be (Student's interval). Default 0.95.
        confidence: Option<Share>,
    },
    /// The condition holds all the time: `Always(AtLeast(InService("web"), 2))`.
    Always {
        /// The condition.
        that: Condition,
        /// From here on. Default the end of the warm-up.
        from: Option<Dur>,
        /// Until here. Default the end of the run.
        until: Option<Dur>,
    },
    /// The condition holds at no time, or for no longer than this at a stretch:
    /// `Never(Below(HealthyTargets("web"), 2), longer_than: ..)`.
    Never {
        /// The condition.
        that: Condition,
        /// The longest stretch that is allowed. Default 0.
        longer_than: Option<Dur>,
        /// From here on. Default the end of the warm-up.
        from: Option<Dur>,
        /// Until here. Default the end of the run.
        until: Option<Dur>,
    },
    /// The condition holds at some time: `Eventually(AtLeast(InService("web"), 16), by: ..)`.
    Eventually {
        /// The condition.
        that: Condition,
        /// At the latest here. Default the end of the run.
        by: Option<Dur>,
        /// From here on. Default the end of the warm-up.
        from: Option<Dur>,
    },
    /// So long after each fault at the latest the condition holds again: `BackWithin("120s", AnyFault, Below(P99, "500ms"))`.
    BackWithin {
        /// The longest time it may take. A deadline beyond the end of the run is not judged.
        within: Dur,
        /// What it is counted from. Default `AnyFault`.
        of: Option<Trigger>,
        /// What must hold again.
        to: Condition,
        /// How long it must last once it is back, and from the fault on where it was never gone. Default 60 s, so that what is
        /// felt only after a while does not escape.
        stays: Option<Dur>,
    },
    /// The level turns, from rising to falling or back, at most so often in any stretch of that length:
    /// `ChangesOfDirection(Desired("web"), 2, "1h")`.
    ChangesOfDirection {
        /// The level: any measure but those of users' requests.
        of: Measure,
        /// How often.
        at_most: u32,
        /// Length of the stretch.
        per: Dur,
        /// From here on. Default the end of the warm-up.
        from: Option<Dur>,
        /// Until here. Default the end of the run.
        until: Option<Dur>,
    },
    /// Share of ended requests that succeeded, 0 to 1.
    Availability {
        /// Population. Default: all.
        of: Option<String>,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Latency percentile of succeeded requests, milliseconds: `LatencyMs(p: 99, at_most: 250)`.
    LatencyMs {
        /// Percentile, 0 to 100.
        p: f64,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Mean latency of succeeded requests, milliseconds.
    LatencyMeanMs {
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Succeeded requests per second.
    GoodputPerS {
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Committed writes lost.
    CommittedWritesLost {
        /// Database. Default: all.
        of: Option<String>,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Failovers of a database.
    Failovers {
        /// Database.
        of: String,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Seconds a database accepted no writes, in all.
    UnavailableS {
        /// Database.
        of: String,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
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
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Smallest number of instances in service after the start.
    MinInService {
        /// Group or set.
        of: String,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Number in service at the end.
    FinalInService {
        /// Group or set.
        of: String,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Launches after the start.
    Launches {
        /// Auto Scaling group.
        of: String,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Terminations.
    Terminations {
        /// Auto Scaling group.
        of: String,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Launches of a group that came from its warm pool.
    TakenFromPool {
        /// Auto Scaling group.
        of: String,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Instance refreshes of a group that ended so: `Refreshes(of: "web", ended: RollbackSuccessful, at_least: 1)`.
    Refreshes {
        /// Auto Scaling group.
        of: String,
        /// How.
        ended: RefreshEnd,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Times an alarm went into ALARM.
    AlarmsRaised {
        /// Alarm.
        of: String,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// First time an alarm went into ALARM, seconds; infinite if never.
    FirstAlarmS {
        /// Alarm.
        of: String,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Total cost, USD.
    CostUsd {
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Share of ended requests with this outcome, 0 to 1.
    OutcomeShare {
        /// Outcome: `ok`, `target_5xx`, `elb_503`, `timed_out` and so on, as in the results.
        of: String,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Probability that a request waits for a worker, 0 to 1.
    ProbabilityOfWait {
        /// Service or database.
        of: String,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Utilisation, 0 to 1.
    Utilisation {
        /// Service or database.
        of: String,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
    },
    /// Mean wait before first service, milliseconds.
    QueueingMeanMs {
        /// Service or database.
        of: String,
        /// Smallest value that holds.
        at_least: Option<Amount>,
        /// Largest value that holds.
        at_most: Option<Amount>,
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
