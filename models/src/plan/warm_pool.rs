//! Warm pools: instances beside a group, launched and configured beforehand, and stopped (or kept running) until needed.
//!
//! # Source      Amazon EC2 Auto Scaling user guide, "Warm pools"; `aws/scaling.md` §1.10

use sim_core::dist::Dist;

/// The warm pool of a group.
#[derive(Clone, Debug)]
pub struct WarmPool {
    /// PoolState: how its instances wait. Default Stopped.
    pub state: PoolState,
    /// MinSize: at least so many wait, however large the group is. Default 0.
    pub min_size: u32,
    /// MaxGroupPreparedCapacity: group and pool together; none: the group's MaxSize.
    pub max_group_prepared_capacity: Option<u32>,
    /// InstanceReusePolicy.ReuseOnScaleIn: whether scale-in puts instances back instead of terminating them. Default false.
    pub reuse_on_scale_in: bool,
    /// Leaving the pool to the server process up, in seconds; none: 0.8 of `pending` and `boot` for stopped and hibernated
    /// ones. A modelling choice; for running ones U(1.9, 3.9), as measured.
    pub start: Option<Dist>,
    /// `running` to `stopped`, in seconds. Not documented; U(10, 40).
    pub stop: Dist,
    /// EBS volume of an instance, in GB: all that a stopped one costs. 8.
    pub volume_gb: f64,
}

/// How the instances of a warm pool wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PoolState {
    /// Stopped: nothing is paid but volumes. The default.
    #[default]
    Stopped,
    /// Running: paid in full.
    Running,
    /// Hibernated: as stopped, memory kept.
    Hibernated,
}

impl WarmPool {
    /// How many the pool holds beside a group of so many: never less than its minimum, else what is missing to the prepared
    /// capacity, which is the group's maximum unless given.
    pub fn size(&self, desired: u32, max_size: u32) -> u32 {
        let prepared = self.max_group_prepared_capacity.unwrap_or(max_size);
        prepared.saturating_sub(desired).max(self.min_size)
    }
}

impl PoolState {
    /// As AWS spells it in the life cycle.
    pub fn name(self) -> &'static str {
        match self {
            PoolState::Stopped => "Warmed:Stopped",
            PoolState::Running => "Warmed:Running",
            PoolState::Hibernated => "Warmed:Hibernated",
        }
    }
}
