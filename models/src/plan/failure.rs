//! Failure processes: what breaks by itself over the years, how often, and for how long. A run does not look at them.

use super::{BalancerId, FaultAction, FleetId, NatId, RegionId, ServiceId, StoreId, ZoneId};
use sim_core::Duration;
use sim_core::dist::Dist;

/// All failure processes of the scenario, for long horizons.
#[derive(Clone, Debug)]
pub struct Failures {
    /// Ways in which parts fail.
    pub modes: Vec<FailureMode>,
    /// The rate at which traffic comes all the time.
    pub traffic: Traffic,
    /// What heals by nobody is put right by hand so long after its last fault ended. A modelling choice; 4 h.
    pub restored_by_hand: Duration,
    /// Whether the scenario says anything of failures: if not, all of this is the default.
    pub written: bool,
}

impl Default for Failures {
    fn default() -> Self {
        let restored_by_hand = Duration::from_secs(4 * 3600);
        Failures { modes: Vec::new(), traffic: Traffic::Mean, restored_by_hand, written: false }
    }
}

/// The rate at which traffic comes all the time, read off the scenario's profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Traffic {
    /// The average over the scenario's duration.
    #[default]
    Mean,
    /// The largest within it.
    Peak,
}

/// One way in which like parts fail.
#[derive(Clone, Debug)]
pub struct FailureMode {
    /// Readable name, such as `host of web`.
    pub name: String,
    /// What fails.
    pub part: Failing,
    /// Mean time between failures of one part, in seconds: failures come as a Poisson process. Infinite: never.
    pub mtbf_s: f64,
    /// Time to repair in seconds; none: the control plane, or EC2 or RDS itself, brings back what was lost.
    pub mttr: Option<Dist>,
    /// Whether nobody but the defaults says how often.
    pub assumed: bool,
}

/// What fails.
#[derive(Clone, Debug)]
pub enum Failing {
    /// The host under an instance: each running instance of the fleet.
    Host(FleetId),
    /// The process on an instance, which accepts and never answers: each running instance of the fleet.
    Process(FleetId),
    /// A zone: power, and with it all that is inside.
    Zone(ZoneId),
    /// A NAT gateway.
    Nat(NatId),
    /// A load balancer, as a service of its region.
    Balancer(BalancerId),
    /// The host of a primary.
    Primary(StoreId),
    /// The host of a standby.
    Standby(StoreId),
    /// All of a region.
    Region(RegionId),
    /// A change to a service gone wrong: this share of its work fails, wherever it runs.
    Change(ServiceId, f64),
    /// A fault of the scenario's own.
    Other(FaultAction),
}
