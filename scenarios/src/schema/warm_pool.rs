//! Warm pools (scaling.md §1.10).

use super::Dist;
use crate::units::Size;
use schemars::JsonSchema;
use serde::Deserialize;

/// Instances beside a group, launched and configured beforehand; full when the run starts.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WarmPool {
    /// `PoolState`: how its instances wait. Default Stopped.
    pub state: Option<PoolState>,
    /// `MinSize`: at least so many wait, however large the group is. Default 0.
    pub min_size: Option<u32>,
    /// `MaxGroupPreparedCapacity`: group and pool together. Default: the group's `max_size`.
    pub max_group_prepared_capacity: Option<u32>,
    /// `InstanceReusePolicy.ReuseOnScaleIn`: whether scale-in puts instances back instead of terminating them. Default false.
    pub reuse_on_scale_in: Option<bool>,
    /// Leaving the pool to the server process up. Default: 0.8 of the template's `pending` and `boot` for stopped and
    /// hibernated instances (a modelling choice), Uniform(low: "1.9s", high: "3.9s") for running ones (scaling.md §6.1).
    pub start: Option<Dist>,
    /// `running` to `stopped`. Default Uniform(low: "10s", high: "40s") (a modelling choice).
    pub stop: Option<Dist>,
    /// EBS volume of an instance, all that a stopped one costs. Default `"8GB"`.
    pub volume: Option<Size>,
}

/// `PoolState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum PoolState {
    /// Nothing is paid but the volume.
    Stopped,
    /// Paid in full.
    Running,
    /// As Stopped, memory kept.
    Hibernated,
}
