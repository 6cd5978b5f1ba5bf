//! Mixed instances policies, Spot capacity and termination policies (scaling.md §1.1, §1.8, §1.13).

use super::{Dist, Profile};
use crate::units::{Dur, Money, Share};
use schemars::JsonSchema;
use serde::Deserialize;

/// `MixedInstancesPolicy`: several instance types and both purchase options in one group.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MixedInstancesPolicy {
    /// Instance types, the first with the highest priority; at most 40. Workers, backlog and connection pools of a service are
    /// those of the launch template's vCPUs, and grow with the vCPUs of a type (a modelling choice). Default: the launch
    /// template's type alone.
    #[serde(default)]
    pub overrides: Vec<InstanceOverride>,
    /// How much is On-Demand, and which pools are asked first.
    #[serde(default)]
    pub instances_distribution: InstancesDistribution,
}

/// An override: `(instance_type: "m5.xlarge", weighted_capacity: 2)`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstanceOverride {
    /// Such as `m5.large`; gives vCPUs and price.
    pub instance_type: String,
    /// vCPUs, 1 to 448. Default: those of the instance type.
    pub vcpus: Option<u32>,
    /// `WeightedCapacity`: units that one instance counts for, 1 to 999; for all overrides or for none. With weights
    /// `min_size`, `max_size`, `desired_capacity` and the adjustments of policies are units. Default 1.
    pub weighted_capacity: Option<u32>,
}

/// `InstancesDistribution`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstancesDistribution {
    /// `OnDemandBaseCapacity`: so much is On-Demand before the percentage counts. Default 0.
    pub on_demand_base_capacity: Option<u32>,
    /// `OnDemandPercentageAboveBaseCapacity`, 0 to 100, rounded up in favour of On-Demand. Default 100.
    pub on_demand_percentage_above_base_capacity: Option<u32>,
    /// `OnDemandAllocationStrategy`. Default Prioritized.
    pub on_demand_allocation_strategy: Option<OnDemandAllocation>,
    /// `SpotAllocationStrategy`. Default LowestPrice (of the API; AWS recommends PriceCapacityOptimized).
    pub spot_allocation_strategy: Option<SpotAllocation>,
    /// `SpotInstancePools`: over how many of the cheapest pools LowestPrice spreads, 1 to 20. Default 2.
    pub spot_instance_pools: Option<u32>,
    /// `SpotMaxPrice` per hour of an instance. Default: the On-Demand price of its type.
    pub spot_max_price: Option<Money>,
}

/// `OnDemandAllocationStrategy`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum OnDemandAllocation {
    /// In order of the overrides.
    Prioritized,
    /// The lowest price per unit of capacity.
    LowestPrice,
}

/// `SpotAllocationStrategy`. How much capacity a pool has AWS does not publish; here its rate of interruptions tells, in the
/// bands of the Spot Instance advisor, and its `capacity` where that is given (a modelling choice).
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum SpotAllocation {
    /// Evenly over the cheapest pools of a zone, by price per unit of capacity.
    LowestPrice,
    /// The pool with most capacity.
    CapacityOptimized,
    /// Among the pools with about as much capacity, in order of the overrides.
    CapacityOptimizedPrioritized,
    /// Among the pools with about as much capacity, the lowest price per unit of capacity.
    PriceCapacityOptimized,
}

/// A termination policy.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum TerminationPolicy {
    /// A custom policy: a Lambda function says which instances may go when the group scales in. Must be the first:
    /// `Lambda(ready: Idle())`.
    Lambda {
        /// Which instances it lets go. Default All.
        ready: Option<ReadyToTerminate>,
        /// From the question to its answer. Default Uniform(low: "0.1s", high: "2s") (a modelling choice).
        duration: Option<Dist>,
        /// Share of the questions at which it fails: nobody goes. Default 0.
        failure: Option<Share>,
        /// Until it is asked again when it has failed or let too few go, 1 s to a day. Default 60 s (AWS does not say).
        retry: Option<Dur>,
    },
    /// Allocation strategy, oldest launch template, next billing hour. Must be the last.
    Default,
    /// What brings the rest nearest to the allocation strategy.
    AllocationStrategy,
    /// The oldest version of the launch template.
    OldestLaunchTemplate,
    /// The oldest launch configuration; a scenario has launch templates alone, among which this decides nothing.
    OldestLaunchConfiguration,
    /// Closest to the next full hour of its running time.
    ClosestToNextInstanceHour,
    /// The latest launched.
    NewestInstance,
    /// The first launched.
    OldestInstance,
}

/// Which instances a custom termination policy lets go.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum ReadyToTerminate {
    /// All that it is asked about.
    All,
    /// Those without work, which it asks for itself.
    Idle {
        /// Requests, waiting or served, that an instance may still have. Default 0.
        at_most: Option<u32>,
    },
    /// Those that have run long enough.
    Running {
        /// Since EC2 reported them running.
        at_least: Dur,
    },
    /// Nobody: a scale-in waits until somebody changes that.
    Nobody,
}

/// What EC2 has of Spot capacity.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spot {
    /// How often EC2 takes a Spot Instance back in a month of 730 h, as the rate of a Poisson process of each instance.
    /// Default 0.05 (a modelling choice: AWS publishes bands alone).
    pub interruptions_per_month: Option<f64>,
    /// By how much the rebalance recommendation comes before the interruption notice. Default Uniform(low: "0s", high: "10m")
    /// (a modelling choice: AWS says that it can come earlier or at the same moment).
    pub recommendation_lead: Option<Dist>,
    /// Pools that differ.
    #[serde(default)]
    pub pools: Vec<SpotPool>,
}

/// A Spot pool: an instance type in a zone.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpotPool {
    /// Instance type.
    pub instance_type: String,
    /// Zone. Default: every zone that no other pool of this type names.
    pub zone: Option<String>,
    /// Spot over On-Demand price. Default: `spot_ratio` of `prices`.
    pub price_ratio: Option<Share>,
    /// How often EC2 takes an instance of it back in a month. Default: that of `spot`.
    pub interruptions_per_month: Option<f64>,
    /// Instances that EC2 can give out, over time, to the groups of the scenario together: `Steps([("0s", 20), ("1h", 4)])`.
    /// When it falls, those beyond it get the interruption notice. Default: as many as are wanted.
    pub capacity: Option<Profile>,
}
