//! Mixed instances policies, Spot capacity, and the policies by which a scale-in chooses (scaling.md §1.1, §1.8, §1.13).

use super::{RateProfile, ZoneId};
use sim_core::dist::Dist;

/// MixedInstancesPolicy: several instance types and both purchase options in one group.
#[derive(Clone, Debug, PartialEq)]
pub struct MixedInstances {
    /// Instance types, the first with the highest priority. At least one.
    pub overrides: Vec<InstanceOverride>,
    /// OnDemandBaseCapacity: so many units are On-Demand before the percentage counts. Default 0.
    pub on_demand_base_capacity: u32,
    /// OnDemandPercentageAboveBaseCapacity, 0 to 100. Default 100.
    pub on_demand_percentage_above_base_capacity: u32,
    /// OnDemandAllocationStrategy. Default prioritized.
    pub on_demand_allocation: OnDemandAllocation,
    /// SpotAllocationStrategy. Default of the API: lowest-price.
    pub spot_allocation: SpotAllocation,
    /// SpotInstancePools: over how many of the cheapest pools lowest-price spreads. 1 to 20, default 2.
    pub spot_instance_pools: u32,
    /// SpotMaxPrice in USD per hour of an instance; none: the On-Demand price of its type.
    pub spot_max_price: Option<f64>,
}

/// One override: an instance type, and what it counts for.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceOverride {
    /// Such as `m5.large`; names the price.
    pub instance_type: String,
    /// vCPUs.
    pub vcpus: u32,
    /// WeightedCapacity: units of capacity that one instance counts for. 1 to 999, default 1.
    pub weighted_capacity: u32,
    /// CPU credits of the type, if it is burstable.
    pub credits: Option<super::Credits>,
}

/// OnDemandAllocationStrategy: which type an On-Demand launch asks for first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnDemandAllocation {
    /// In order of the overrides.
    #[default]
    Prioritized,
    /// The lowest price per unit of capacity.
    LowestPrice,
}

/// SpotAllocationStrategy: which pool a Spot launch asks for first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SpotAllocation {
    /// Evenly over the cheapest pools, by price per unit of capacity.
    #[default]
    LowestPrice,
    /// The pool with most capacity.
    CapacityOptimized,
    /// Among the pools with about as much capacity, in order of the overrides.
    CapacityOptimizedPrioritized,
    /// Among the pools with about as much capacity, the lowest price per unit of capacity.
    PriceCapacityOptimized,
}

/// A termination policy (scaling.md §1.8). A custom one (a Lambda function) stands in `Lifecycle::termination_function`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminationPolicy {
    /// Allocation strategy, oldest configuration, next billing hour.
    Default,
    /// What brings the rest nearest to the allocation strategy.
    AllocationStrategy,
    /// The oldest version of the launch template.
    OldestLaunchTemplate,
    /// The oldest launch configuration. A scenario has launch templates alone, among which this decides nothing.
    OldestLaunchConfiguration,
    /// Closest to the next full hour of its running time.
    ClosestToNextInstanceHour,
    /// The latest launched.
    NewestInstance,
    /// The first launched.
    OldestInstance,
}

/// What EC2 has of Spot capacity.
#[derive(Clone, Debug, PartialEq)]
pub struct SpotMarket {
    /// Share of the instances of a pool that EC2 takes back in a month of 730 h, as the rate of a Poisson process for each.
    /// AWS publishes bands only; 0.05, a modelling choice.
    pub interruptions_per_month: f64,
    /// By how much the rebalance recommendation comes before the interruption notice, in seconds. AWS says that it can come
    /// earlier or at the same moment, not by how much; U(0, 600), a modelling choice.
    pub recommendation_lead: Dist,
    /// Pools that differ.
    pub pools: Vec<SpotPool>,
}

/// A Spot pool that differs from the usual: an instance type in a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct SpotPool {
    /// Instance type.
    pub instance_type: String,
    /// Zone; none: all zones, where no pool of that zone is named.
    pub zone: Option<ZoneId>,
    /// Spot over On-Demand price; none: as everywhere.
    pub price_ratio: Option<f64>,
    /// Share taken back in a month; none: as everywhere.
    pub interruptions_per_month: Option<f64>,
    /// Instances that EC2 can give out over time, taken from the scenario's groups together; none: as many as are wanted.
    pub capacity: Option<RateProfile>,
}

impl Default for SpotMarket {
    fn default() -> Self {
        SpotMarket {
            interruptions_per_month: 0.05,
            recommendation_lead: Dist::Uniform { low: 0.0, high: 600.0 },
            pools: Vec::new(),
        }
    }
}

impl SpotMarket {
    /// What is said of a pool: of the type in that zone, else of the type in all zones.
    pub fn pool(&self, instance_type: &str, zone: Option<ZoneId>) -> Option<&SpotPool> {
        let of_type = || self.pools.iter().filter(|pool| pool.instance_type == instance_type);
        of_type().find(|pool| pool.zone.is_some() && pool.zone == zone).or_else(|| of_type().find(|p| p.zone.is_none()))
    }

    /// Share of a pool's instances that EC2 takes back in a month.
    pub fn interruptions(&self, instance_type: &str, zone: Option<ZoneId>) -> f64 {
        let own = self.pool(instance_type, zone).and_then(|pool| pool.interruptions_per_month);
        own.unwrap_or(self.interruptions_per_month)
    }
}
