//! Operations: calls of the API that somebody makes at a time, by hand or by a script.

use super::{FleetId, RefreshPreferences};
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
    /// StartInstanceRefresh (scaling.md §1.11); refused while another of the group is in progress.
    StartInstanceRefresh {
        /// The group.
        fleet: FleetId,
        /// DesiredConfiguration: the number of its launch template.
        template: u16,
        /// Preferences.
        preferences: Box<RefreshPreferences>,
    },
    /// CancelInstanceRefresh: what has been replaced stays as it is.
    CancelInstanceRefresh {
        /// The group.
        fleet: FleetId,
    },
    /// RollbackInstanceRefresh.
    RollbackInstanceRefresh {
        /// The group.
        fleet: FleetId,
    },
}
