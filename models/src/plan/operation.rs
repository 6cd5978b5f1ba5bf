//! Operations: calls of the API that somebody makes at a time, by hand or by a script.

use super::FleetId;
use sim_core::Duration;

/// One call at one time.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Readable name: its own spelling in the scenario, such as `SetDesiredCapacity("web", 6)`.
    pub name: String,
    /// When it is made.
    pub at: Duration,
    /// What is called.
    pub call: ApiCall,
}

/// What is called.
#[derive(Clone, Debug, PartialEq)]
pub enum ApiCall {
    /// SetDesiredCapacity (scaling.md §3.8).
    SetDesiredCapacity {
        /// The group.
        fleet: FleetId,
        /// DesiredCapacity; AWS refuses what is outside MinSize and MaxSize.
        capacity: u32,
        /// HonorCooldown: refused while a cooldown runs. Default false.
        honor_cooldown: bool,
    },
    /// ExecutePolicy (scaling.md §3.8).
    ExecutePolicy {
        /// The group.
        fleet: FleetId,
        /// Index into its policies.
        policy: usize,
        /// HonorCooldown; simple policies only. Default false.
        honor_cooldown: bool,
        /// MetricValue less BreachThreshold; step policies only.
        breach: f64,
    },
    /// ModifyInstanceCreditSpecification of every instance of the fleet (scaling.md B7).
    ModifyCreditSpecification {
        /// The fleet, of a burstable type.
        fleet: FleetId,
        /// Unlimited, or standard.
        unlimited: bool,
    },
    /// RebootInstances: one, or all of the fleet.
    RebootInstances {
        /// The fleet.
        fleet: FleetId,
        /// The n-th instance ever launched, from 0; none: all.
        nth: Option<u32>,
    },
}
