//! Failure processes for `sim availability`: what breaks by itself over the years (data-and-resilience.md §19, §22).
//!
//! AWS publishes no failure rates. Every default here is a modelling choice, chosen from the ranges that its source gives.

use super::{Dist, FaultAction, Named};
use crate::units::{Dur, Mtbf, Share};
use schemars::JsonSchema;
use serde::Deserialize;

/// What breaks by itself over the years, how often, and for how long: `sim availability` alone reads it. Failures of each part
/// come as a Poisson process; what is left out has its default, and `mtbf: "never"` switches it off.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Failures {
    /// The host under an EC2 instance, for each instance. Its group replaces it, or EC2 recovers it. Default mtbf 25 years
    /// (a modelling choice: 3 % to 5 % of hosts a year; data-and-resilience.md §19).
    pub hosts: Option<Losing>,
    /// The process on an instance hangs: it accepts and never answers, until its group replaces the instance or somebody
    /// restarts it. Default: never; mttr Lognormal(median: "30m", p95: "4h") (modelling choices).
    pub processes: Option<Breaking>,
    /// The power of a zone, and with it all that is inside. Default mtbf 10 years for each zone, mttr
    /// Lognormal(median: "1h", p95: "8h") (modelling choices: one event per Region in 1 to 3 years by the public list, in
    /// one of its three to six zones; data-and-resilience.md §19, §22).
    pub zones: Option<Breaking>,
    /// A NAT gateway. Default mtbf 20 years, mttr Lognormal(median: "15m", p95: "2h") (modelling choices).
    pub nat_gateways: Option<Breaking>,
    /// A load balancer as a whole, as a service of its Region. Default mtbf 20 years, mttr
    /// Lognormal(median: "30m", p95: "3h") (modelling choices).
    pub load_balancers: Option<Breaking>,
    /// The host of a database, of primary and standby each; plain databases never fail. RDS fails over, rebuilds and recovers
    /// as the database's own settings say. Default mtbf 25 years (a modelling choice: that of any other host).
    pub databases: Option<Losing>,
    /// All of a Region. Default mtbf 30 years, mttr Lognormal(median: "2h", p95: "10h") (modelling choices; some eight
    /// events in fourteen years by the public list, of which one in four stopped what was running; data-and-resilience.md §22).
    pub regions: Option<Breaking>,
    /// A deployment or a change by an operator that breaks a service wherever it runs, each service by itself. Default: never;
    /// mttr Lognormal(median: "20m", p95: "2h") (modelling choices).
    pub changes: Option<Changing>,
    /// Faults of one's own: `{"patching": (mtbf: "1y", action: RebootWithFailover("orders"))}`.
    #[serde(default)]
    pub others: Named<OtherFailure>,
    /// The rate at which traffic comes in all those years. Default Mean.
    pub traffic: Option<Traffic>,
    /// What nothing heals is put right by hand so long after its last fault ended. Default 4 h (a modelling choice).
    pub restored_by_hand: Option<Dur>,
}

/// A part that is lost, and brought back by the control plane.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Losing {
    /// Mean time between failures of one part: `"25y"`, `"180d"`, or `"never"`.
    pub mtbf: Option<Mtbf>,
}

/// A part that breaks, and is repaired.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Breaking {
    /// Mean time between failures of one part: `"25y"`, `"180d"`, or `"never"`.
    pub mtbf: Option<Mtbf>,
    /// Time to repair.
    pub mttr: Option<Dist>,
}

/// A change gone wrong.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changing {
    /// Mean time between bad changes of one service: `"1y"`, `"180d"`, or `"never"`.
    pub mtbf: Option<Mtbf>,
    /// Time until it is found and taken back.
    pub mttr: Option<Dist>,
    /// Share of the service's requests that fail meanwhile. Default 100 %.
    pub share: Option<Share>,
}

/// A fault that comes again and again.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherFailure {
    /// Mean time between failures.
    pub mtbf: Mtbf,
    /// Time to repair. Default: the action's own duration.
    pub mttr: Option<Dist>,
    /// What it does.
    pub action: FaultAction,
}

/// The rate at which traffic comes all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Traffic {
    /// The average of the scenario's arrivals over its duration.
    Mean,
    /// Their largest rate within it.
    Peak,
}
