//! Placement: which zone a launch goes to, when a group is out of balance, and which instance a scale-in takes.
//!
//! # Models      fewest instances first; best effort over the other zones; rebalancing; the default termination policy
//! # Leaves out  subnets; purchase options; other termination policies; scale-in protection
//! # Source      Amazon EC2 Auto Scaling user guide, "Availability Zone distribution" and "Termination policies";
//!   `aws/scaling.md` §1.6, §1.8

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

/// A candidate for termination.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Its zone.
    pub zone: Option<ZoneId>,
    /// Nanoseconds since it began to run.
    pub ran_ns: u64,
}

/// The default termination policy: the zone with most instances, then whoever is closest to the next hour of its running
/// time, then at random among equals. `counts` are the group's instances by zone; `pick(n)` gives one of 0 … n − 1.
///
/// Instances of one group have one launch template here, so that the step about the oldest configuration decides nothing.
pub fn victim(candidates: &[Candidate], counts: &[(ZoneId, u32)], mut pick: impl FnMut(u32) -> u32) -> Option<usize> {
    let size = |candidate: &Candidate| {
        candidate.zone.and_then(|zone| counts.iter().find(|count| count.0 == zone)).map_or(0, |count| count.1)
    };
    let to_hour = |candidate: &Candidate| HOUR - candidate.ran_ns % HOUR;
    let largest = candidates.iter().map(size).max()?;
    let there = || candidates.iter().enumerate().filter(|(_, candidate)| size(candidate) == largest);
    let closest = there().map(|(_, candidate)| to_hour(candidate)).min()?;
    let equals: Vec<usize> =
        there().filter(|(_, candidate)| to_hour(candidate) == closest).map(|(index, _)| index).collect();
    let choice = if equals.len() > 1 { pick(equals.len() as u32) as usize } else { 0 };
    equals.get(choice).copied()
}

const HOUR: u64 = 3_600_000_000_000;

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

    fn candidates(list: &[(usize, u64)]) -> Vec<Candidate> {
        list.iter().map(|&(index, s)| Candidate { zone: Some(zone(index)), ran_ns: s * 1_000_000_000 }).collect()
    }

    #[test]
    fn the_default_policy_takes_from_the_largest_zone_first() {
        // The one of zone 0 is closer to its hour, but zone 1 is larger.
        let list = candidates(&[(0, 3_599), (1, 10), (1, 20)]);
        assert_eq!(victim(&list, &zones(&[1, 2]), |_| 0), Some(2));
    }

    #[test]
    fn then_whoever_is_closest_to_its_next_hour() {
        let list = candidates(&[(0, 3_500), (0, 3_600), (0, 7_199), (0, 100)]);
        assert_eq!(victim(&list, &zones(&[4]), |_| 0), Some(2), "one second from its second hour");
        let fresh = candidates(&[(0, 3_600), (0, 3_601)]);
        assert_eq!(victim(&fresh, &zones(&[2]), |_| 0), Some(1), "a full hour is the farthest");
    }

    #[test]
    fn then_at_random_among_equals_alone() {
        let list = candidates(&[(0, 60), (1, 60), (0, 60), (1, 60)]);
        let mut asked = Vec::new();
        let chosen = victim(&list, &zones(&[2, 2]), |n| {
            asked.push(n);
            3
        });
        assert_eq!((chosen, asked), (Some(3), vec![4]));
        let single = candidates(&[(0, 60), (0, 61)]);
        assert_eq!(victim(&single, &zones(&[2]), |_| panic!("one is closest: nothing to draw")), Some(1));
    }

    #[test]
    fn nobody_to_terminate_and_no_zones_at_all() {
        assert_eq!(victim(&[], &zones(&[1]), |_| 0), None);
        let nowhere = [Candidate { zone: None, ran_ns: 5 }, Candidate { zone: None, ran_ns: 6 }];
        assert_eq!(victim(&nowhere, &[], |_| 0), Some(1));
    }
}
