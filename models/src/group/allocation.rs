//! Allocation of a mixed instances policy: how much of the capacity is On-Demand, and which pool a launch asks for first.
//!
//! ```text
//!  capacity T ─ S3 ─► On-Demand share │ Spot share      pools of a zone ─ strategy ─► order of the tries
//! ```
//! # Models      base and percentage; prioritized and lowest-price for On-Demand; lowest-price over the cheapest pools,
//!   capacity-optimized with and without priorities, price-capacity-optimized for Spot; prices per unit of capacity
//! # Leaves out  how AWS measures a pool's capacity, which it does not publish. Here it is known by the pool's rate of
//!   interruptions, in the bands that the Spot Instance advisor shows, and by its capacity where the scenario names it: a
//!   modelling choice
//! # Source      Amazon EC2 Auto Scaling user guide, "Auto Scaling groups with multiple instance types and purchase
//!   options" and "Allocation strategies"; `aws/scaling.md` §1.1, §1.13

use crate::plan::{OnDemandAllocation, SpotAllocation};

/// Units of a capacity of `total` that are to be On-Demand: rule S3. The percentage rounds up, in favour of On-Demand.
pub fn on_demand(total: u32, base: u32, percentage: u32) -> u32 {
    let above = u64::from(total.saturating_sub(base));
    let share = (above * u64::from(percentage.min(100))).div_ceil(100);
    total.min(base) + share as u32
}

/// A pool of one zone, as a launch finds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool {
    /// USD per hour of an instance.
    pub price: f64,
    /// Units that an instance counts for, at least 1.
    pub weight: u32,
    /// Share of its instances that EC2 takes back in a month.
    pub interruptions: f64,
    /// Instances that EC2 can still give out; infinite where nothing is said.
    pub spare: f64,
    /// Instances of the group that are there already.
    pub there: u32,
}

impl Pool {
    /// USD per hour of a unit.
    fn unit_price(&self) -> f64 {
        self.price / f64::from(self.weight.max(1))
    }
}

/// The band of the Spot Instance advisor that a rate of interruptions falls into: below 5 %, 5 to 10 %, … , above 20 %.
/// Pools of one band count as having about as much capacity.
pub fn band(interruptions: f64) -> u8 {
    [0.05, 0.10, 0.15, 0.20].iter().filter(|&&bound| interruptions > bound).count() as u8
}

/// Pools in the order in which an On-Demand launch tries them; equals in order of the overrides.
pub fn on_demand_order(pools: &[Pool], strategy: OnDemandAllocation) -> Vec<usize> {
    let mut order: Vec<usize> = (0..pools.len()).collect();
    if strategy == OnDemandAllocation::LowestPrice {
        order.sort_by(|&a, &b| pools[a].unit_price().total_cmp(&pools[b].unit_price()));
    }
    order
}

/// Pools in the order in which a Spot launch tries them; equals in order of the overrides. `cheapest`: SpotInstancePools.
pub fn spot_order(pools: &[Pool], strategy: SpotAllocation, cheapest: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..pools.len()).collect();
    let by_price = |&a: &usize, &b: &usize| pools[a].unit_price().total_cmp(&pools[b].unit_price());
    match strategy {
        SpotAllocation::LowestPrice => {
            order.sort_by(by_price);
            // Evenly over the cheapest; the others only when none of these has any.
            let spread = (cheapest.max(1) as usize).min(order.len());
            order[..spread].sort_by_key(|&index| pools[index].there);
        }
        SpotAllocation::CapacityOptimized => order.sort_by(|&a, &b| {
            let (a, b) = (&pools[a], &pools[b]);
            b.spare.total_cmp(&a.spare).then(a.interruptions.total_cmp(&b.interruptions))
        }),
        SpotAllocation::CapacityOptimizedPrioritized => order.sort_by_key(|&index| band(pools[index].interruptions)),
        SpotAllocation::PriceCapacityOptimized => {
            order.sort_by(|a, b| {
                band(pools[*a].interruptions).cmp(&band(pools[*b].interruptions)).then_with(|| by_price(a, b))
            });
        }
    }
    order
}

/// Units in one purchase option that are more than wanted: what must shrink to restore the ratio (§1.8, step 2). True for
/// Spot. When both are over, the one that is further over; equal: Spot, which is the less dependable.
pub fn surplus(on_demand: u32, spot: u32, on_demand_wanted: u32, spot_wanted: u32) -> Option<bool> {
    let over = (on_demand.saturating_sub(on_demand_wanted), spot.saturating_sub(spot_wanted));
    match over {
        (0, 0) => None,
        (fixed, taken) => Some(taken >= fixed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The user guide's table: totals, with On-Demand and Spot of each, by base and percentage.
    #[test]
    fn s3_the_examples_of_the_user_guide() {
        let table = [
            ((10, 50), [(10, 10), (20, 15), (30, 20), (40, 25)]),
            ((0, 0), [(10, 0), (20, 0), (30, 0), (40, 0)]),
            ((0, 60), [(10, 6), (20, 12), (30, 18), (40, 24)]),
            ((0, 100), [(10, 10), (20, 20), (30, 30), (40, 40)]),
            ((12, 0), [(10, 10), (20, 12), (30, 12), (40, 12)]),
        ];
        for ((base, percentage), totals) in table {
            for (total, expected) in totals {
                assert_eq!(on_demand(total, base, percentage), expected, "{total} with base {base} and {percentage} %");
            }
        }
    }

    #[test]
    fn s3_base_first_then_the_percentage_rounded_up() {
        for (total, base, percentage, expected) in [
            (0, 0, 100, 0),
            (0, 5, 50, 0),
            (4, 5, 0, 4),
            (5, 5, 0, 5),
            (6, 5, 0, 5),
            (6, 5, 1, 6),
            (10, 0, 100, 10),
            (10, 0, 0, 0),
            (10, 0, 25, 3),
            (10, 2, 25, 4),
            (10, 2, 50, 6),
            (11, 2, 50, 7),
            (12, 2, 10, 3),
            (13, 2, 10, 4),
            (101, 1, 33, 34),
            (100_000, 0, 99, 99_000),
            (u32::MAX, 0, 100, u32::MAX),
            (u32::MAX, 7, 99, 7 + 4_252_017_616),
            (10, 0, 250, 10),
        ] {
            assert_eq!(on_demand(total, base, percentage), expected, "{total} with base {base} and {percentage} %");
        }
    }

    fn pool(price: f64, interruptions: f64) -> Pool {
        Pool { price, weight: 1, interruptions, spare: f64::INFINITY, there: 0 }
    }

    #[test]
    fn on_demand_goes_by_priority_or_by_the_price_of_a_unit() {
        let heavy = Pool { weight: 4, ..pool(0.30, 0.0) };
        let pools = [pool(0.10, 0.0), pool(0.09, 0.0), heavy, pool(0.09, 0.0)];
        assert_eq!(on_demand_order(&pools, OnDemandAllocation::Prioritized), [0, 1, 2, 3]);
        assert_eq!(on_demand_order(&pools, OnDemandAllocation::LowestPrice), [2, 1, 3, 0], "0.075 a unit, then ties");
        assert_eq!(on_demand_order(&[], OnDemandAllocation::LowestPrice), [0; 0]);
    }

    #[test]
    fn lowest_price_spreads_evenly_over_the_cheapest_pools() {
        let mut pools = [pool(0.05, 0.3), pool(0.03, 0.3), pool(0.04, 0.3), pool(0.06, 0.0)];
        let mut launched = [0; 4];
        for _ in 0..7 {
            let first = spot_order(&pools, SpotAllocation::LowestPrice, 2)[0];
            launched[first] += 1;
            pools[first].there += 1;
        }
        assert_eq!(launched, [0, 4, 3, 0]);
        assert_eq!(spot_order(&pools, SpotAllocation::LowestPrice, 2), [2, 1, 0, 3], "the dearer ones last, by price");
        assert_eq!(spot_order(&pools, SpotAllocation::LowestPrice, 1), [1, 2, 0, 3]);
        assert_eq!(spot_order(&pools, SpotAllocation::LowestPrice, 20), [0, 3, 2, 1], "more pools than there are");
        assert_eq!(spot_order(&pools, SpotAllocation::LowestPrice, 0)[0], 1, "at least one");
        assert_eq!(spot_order(&[], SpotAllocation::LowestPrice, 2), [0; 0]);
    }

    #[test]
    fn capacity_optimized_takes_the_deepest_pool_whatever_its_price() {
        let few = Pool { spare: 3.0, ..pool(0.01, 0.0) };
        let pools = [few, pool(0.05, 0.12), pool(0.09, 0.04), pool(0.02, 0.04)];
        assert_eq!(spot_order(&pools, SpotAllocation::CapacityOptimized, 2), [2, 3, 1, 0]);
    }

    #[test]
    fn priorities_count_among_pools_of_one_band_alone() {
        let pools = [pool(0.01, 0.12), pool(0.05, 0.049), pool(0.03, 0.05), pool(0.02, 0.11)];
        assert_eq!(spot_order(&pools, SpotAllocation::CapacityOptimizedPrioritized, 2), [1, 2, 0, 3]);
        assert_eq!(spot_order(&pools, SpotAllocation::PriceCapacityOptimized, 2), [2, 1, 0, 3]);
    }

    #[test]
    fn prices_are_compared_by_unit() {
        let heavy = Pool { weight: 8, ..pool(0.20, 0.0) };
        let pools = [pool(0.03, 0.0), heavy];
        assert_eq!(spot_order(&pools, SpotAllocation::LowestPrice, 1), [1, 0]);
        assert_eq!(spot_order(&pools, SpotAllocation::PriceCapacityOptimized, 1), [1, 0]);
    }

    #[test]
    fn bands_include_their_upper_bound() {
        let bands = [0.0, 0.05, 0.051, 0.10, 0.15, 0.20, 0.21, 5.0].map(band);
        assert_eq!(bands, [0, 0, 1, 1, 2, 3, 4, 4]);
    }

    #[test]
    fn what_is_over_must_shrink_and_what_is_further_over_first() {
        assert_eq!(surplus(5, 5, 5, 5), None);
        assert_eq!(surplus(4, 5, 5, 5), None);
        assert_eq!(surplus(6, 5, 5, 5), Some(false));
        assert_eq!(surplus(4, 6, 5, 5), Some(true));
        assert_eq!(surplus(8, 6, 5, 5), Some(false));
        assert_eq!(surplus(6, 8, 5, 5), Some(true));
        assert_eq!(surplus(6, 6, 5, 5), Some(true), "equally over: Spot");
    }
}
