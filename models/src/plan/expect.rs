//! Expectations: what must hold at the end of a run.

use super::{AlarmRef, FleetId, PopulationId, StoreId};

/// One expectation.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// As written, for the report.
    pub text: String,
    /// What is looked at.
    pub quantity: Quantity,
    /// Smallest value that holds, if any.
    pub at_least: Option<f64>,
    /// Largest value that holds, if any.
    pub at_most: Option<f64>,
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
