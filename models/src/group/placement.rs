//! Placement: which zone a launch goes to, and when a group is out of balance.
//!
//! # Models      fewest instances first; best effort over the other zones; rebalancing
//! # Leaves out  subnets
//! # Source      Amazon EC2 Auto Scaling user guide, "Availability Zone distribution"; `aws/scaling.md` §1.6

use crate::plan::{Distribution, ZoneId};

/// Zones in the order in which a launch tries them: fewest instances first (rule A1), ties in the plan's order (AWS:
/// any); under `BalancedOnly` the first alone (rule A2).
pub fn order(counts: &[(ZoneId, u32)], distribution: Distribution) -> Vec<ZoneId> {
    let mut zones = counts.to_vec();
    zones.sort_by_key(|zone| zone.1);
    let tries = match distribution {
        Distribution::BalancedBestEffort => zones.len(),
        Distribution::BalancedOnly => 1,
    };
    zones.into_iter().take(tries).map(|zone| zone.0).collect()
}

/// What a rebalance does: launches so many in the first zone, for as many that go from the second (rules A3, A4). None
/// when no usable zone has two instances fewer than the largest one.
pub fn rebalance(counts: &[(ZoneId, u32, bool)], max_size: u32) -> Option<(ZoneId, ZoneId, u32)> {
    let smallest = counts.iter().filter(|zone| zone.2).min_by_key(|zone| zone.1)?;
    // The first of several largest, as `min_by_key` gives the first of several smallest.
    let largest = counts.iter().rev().max_by_key(|zone| zone.1)?;
    let skew = largest.1 - smallest.1.min(largest.1);
    (skew > 1).then(|| (smallest.0, largest.0, (skew / 2).min((max_size / 10).max(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(index: usize) -> ZoneId {
        ZoneId::new(index)
    }

    fn zones(counts: &[u32]) -> Vec<(ZoneId, u32)> {
        counts.iter().enumerate().map(|(index, &count)| (zone(index), count)).collect()
    }

    fn usable(counts: &[(u32, bool)]) -> Vec<(ZoneId, u32, bool)> {
        counts.iter().enumerate().map(|(index, &(count, usable))| (zone(index), count, usable)).collect()
    }

    #[test]
    fn a1_fewest_instances_first_and_ties_in_the_plans_order() {
        let indices = |counts: &[u32]| {
            let zones = order(&zones(counts), Distribution::BalancedBestEffort);
            zones.into_iter().map(ZoneId::index).collect::<Vec<_>>()
        };
        assert_eq!(indices(&[3, 1, 2]), [1, 2, 0]);
        assert_eq!(indices(&[2, 2, 2]), [0, 1, 2]);
        assert_eq!(indices(&[1, 0, 0]), [1, 2, 0]);
        assert_eq!(indices(&[]), [0; 0]);
    }

    #[test]
    fn a2_balanced_only_tries_one_zone() {
        assert_eq!(order(&zones(&[3, 1, 2]), Distribution::BalancedOnly), [zone(1)]);
    }

    #[test]
    fn a3_a_skew_of_two_or_more_is_rebalanced_into_the_smallest_usable_zone() {
        let moves = |counts: &[(u32, bool)]| {
            rebalance(&usable(counts), 40).map(|(to, from, count)| (to.index(), from.index(), count))
        };
        assert_eq!(moves(&[(3, true), (3, true)]), None);
        assert_eq!(moves(&[(4, true), (3, true)]), None);
        assert_eq!(moves(&[(2, true), (4, true)]), Some((0, 1, 1)));
        assert_eq!(moves(&[(0, true), (6, true)]), Some((0, 1, 3)));
        assert_eq!(moves(&[(0, false), (6, true)]), None);
        assert_eq!(moves(&[(0, false), (2, true), (6, true)]), Some((1, 2, 2)));
        assert_eq!(moves(&[]), None);
    }

    #[test]
    fn a4_a_rebalance_exceeds_the_group_by_a_tenth_of_its_maximum_and_by_one_at_least() {
        let counts = usable(&[(0, true), (20, true)]);
        for (max, expected) in [(0, 1), (9, 1), (20, 2), (39, 3), (400, 10)] {
            assert_eq!(rebalance(&counts, max).unwrap().2, expected, "maximum {max}");
        }
    }
}
