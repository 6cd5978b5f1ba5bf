//! The links of a reaction chain, as plain data.

use serde::{Deserialize, Serialize};

/// One link: what was waited for, and for how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// What was reached at its end.
    pub what: LinkKind,
    /// What it is part of.
    pub phase: PhaseKind,
    /// When the one before it ended; of the first, when the incident began.
    pub from_s: f64,
    /// When it was reached; the same as `from_s` if it took no time.
    pub to_s: f64,
    /// It was so before the incident began: an alarm that was up, say.
    #[serde(default, skip_serializing_if = "is_false")]
    pub already: bool,
    /// It came while the chain was waiting for something else: users were back while a replacement still booted, say. Such a
    /// link lies beside the others, and is in no sum.
    #[serde(default, skip_serializing_if = "is_false")]
    pub beside: bool,
    /// To whom: `web/i-3`, `cpu-high`, `orders`; empty of users and of strength.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// Id of the timeline event that says so, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u32>,
    /// Requests that failed while it was waited for.
    pub failed_requests: u64,
}

impl Link {
    /// How long it took.
    pub fn seconds(&self) -> f64 {
        self.to_s - self.from_s
    }
}

/// What a link ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// A health check has failed for the first time.
    FirstFailedCheck,
    /// The first period beyond an alarm's threshold is over.
    FirstBreachingSample,
    /// Its datapoint can be read.
    Published,
    /// An alarm is in ALARM: as many periods as it asks for, and it has looked.
    Alarm,
    /// A balancer, a status check or a database has made up its mind.
    Verdict,
    /// EC2 announces a Spot interruption, or that one is likely.
    Notice,
    /// What was announced has happened: EC2 has taken the instance back.
    Lost,
    /// The group has noticed.
    Noticed,
    /// A policy, a replacement, a failover, an operation has been decided upon.
    Decision,
    /// A launch has begun.
    Launch,
    /// A launch, a boot or a test has failed, and another has to do.
    FailedTry,
    /// EC2 reports the instance running.
    Running,
    /// Its operating system is up.
    Booted,
    /// It is configured, its server process starts.
    Bootstrapped,
    /// Its application has passed its test.
    SmokeTested,
    /// A lifecycle hook has been completed, or has run out.
    HookCompleted,
    /// In service in its group, and registered with what balances the load.
    Registered,
    /// A health check has passed for the first time.
    FirstPassingCheck,
    /// It serves.
    Serving,
    /// The standby is the primary.
    Promoted,
    /// The database takes queries again.
    StoreServing,
    /// The server process, or the whole instance, has been started again.
    Restarted,
    /// What the fault did is over by itself.
    FaultOver,
    /// Users are served as before.
    UsersBack,
    /// Full strength again.
    RedundancyBack,
    /// Something else that the timeline tells.
    Step,
}

/// What a link is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseKind {
    /// Until the system knew.
    Detect,
    /// Until it had decided.
    Decide,
    /// Until what it decided upon was done.
    Act,
    /// Until users were back.
    Restore,
    /// Until strength was full.
    Redundancy,
}

impl PhaseKind {
    /// All, in order.
    pub const ALL: [PhaseKind; 5] =
        [PhaseKind::Detect, PhaseKind::Decide, PhaseKind::Act, PhaseKind::Restore, PhaseKind::Redundancy];
}

/// The links of one part of a chain, summed up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Which.
    pub phase: PhaseKind,
    /// How long its links took.
    pub seconds: f64,
    /// Requests that failed meanwhile.
    pub failed_requests: u64,
}

fn is_false(value: &bool) -> bool {
    !value
}
