//! Operations: calls of the API that somebody makes at a time, by hand or by a script.

use super::{BalancerId, FleetId, RefreshPreferences, ScalingProcesses, Selection, ZoneId};
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
    /// A call about some of a group's instances (scaling.md §1.2, §1.4, §1.8).
    Instances {
        /// Which, of those in a state that the call is for.
        selection: Selection,
        /// What it does to them.
        change: InstanceChange,
    },
    /// SuspendProcesses (scaling.md §1.9).
    SuspendProcesses {
        /// The group.
        fleet: FleetId,
        /// Which.
        processes: ScalingProcesses,
    },
    /// ResumeProcesses.
    ResumeProcesses {
        /// The group.
        fleet: FleetId,
        /// Which.
        processes: ScalingProcesses,
    },
    /// StartZonalShift of Amazon Application Recovery Controller (scaling.md A6).
    StartZonalShift {
        /// What is shifted.
        resource: Shifted,
        /// Away from this zone.
        away_from: ZoneId,
        /// For so long.
        expires_in: Duration,
    },
    /// CancelZonalShift.
    CancelZonalShift {
        /// What is shifted no longer.
        resource: Shifted,
    },
}

/// What can be shifted away from a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shifted {
    /// An Auto Scaling group.
    Group(FleetId),
    /// A load balancer.
    Balancer(BalancerId),
}

/// What a call does to instances of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceChange {
    /// EnterStandby, with ShouldDecrementDesiredCapacity.
    EnterStandby {
        /// Whether the desired capacity falls with them, so that nothing is launched in their stead.
        decrement: bool,
    },
    /// ExitStandby: the desired capacity rises with them.
    ExitStandby,
    /// DetachInstances, with ShouldDecrementDesiredCapacity.
    Detach {
        /// Whether the desired capacity falls with them.
        decrement: bool,
    },
    /// AttachInstances: those detached before; the desired capacity rises with them.
    Attach,
    /// SetInstanceHealth.
    SetHealth {
        /// Healthy or Unhealthy.
        healthy: bool,
        /// ShouldRespectGracePeriod. Default true.
        respect_grace_period: bool,
    },
    /// SetInstanceProtection.
    SetProtection {
        /// ProtectedFromScaleIn.
        protected: bool,
    },
    /// TerminateInstanceInAutoScalingGroup, with ShouldDecrementDesiredCapacity.
    Terminate {
        /// Whether the desired capacity falls with them, so that they are not replaced.
        decrement: bool,
    },
}
