//! Termination policies: which instance a scale-in takes.
//!
//! ```text
//!  unprotected ─► largest zone ─► purchase option that must shrink ─► policies in list order ─► at random
//! ```
//! # Models      all named policies, in list order; the default policy with all its steps, in AWS's order; balance over
//!   zones before any policy (those that a Lambda function names: `custom`)
//! # Leaves out  launch configurations, which came before launch templates
//! # Source      Amazon EC2 Auto Scaling user guide, "Configure termination policies for Amazon EC2 Auto Scaling";
//!   `aws/scaling.md` §1.8

use crate::plan::{TerminationPolicy, ZoneId};

/// A candidate for termination: in service and not protected from scale-in.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Its zone.
    pub zone: Option<ZoneId>,
    /// Nanoseconds since it began to run.
    pub ran_ns: u64,
    /// Version of the launch template that it was launched from; the lowest is the oldest.
    pub version: u32,
    /// Whether it is a Spot Instance.
    pub spot: bool,
    /// Its pool's place in the order of the allocation strategy: the last one fits the least. 0 without a mixed instances
    /// policy.
    pub misfit: u32,
}

const HOUR: u64 = 3_600_000_000_000;

/// The one to terminate. `counts` are all instances of the group by zone, `shrink` the purchase option that must shrink (true:
/// Spot), if one must; `pick(n)` gives one of 0 … n − 1 and is asked only when several are equal to the end.
pub fn victim(
    candidates: &[Candidate],
    counts: &[(ZoneId, u32)],
    policies: &[TerminationPolicy],
    shrink: Option<bool>,
    mut pick: impl FnMut(u32) -> u32,
) -> Option<usize> {
    let size = |candidate: &Candidate| {
        candidate.zone.and_then(|zone| counts.iter().find(|count| count.0 == zone)).map_or(0, |count| count.1)
    };
    let mut left: Vec<usize> = (0..candidates.len()).collect();
    // The balance over zones comes first, whatever the policy.
    keep_first(&mut left, |index| std::cmp::Reverse(size(&candidates[index])));
    if let Some(spot) = shrink {
        keep_first(&mut left, |index| candidates[index].spot != spot);
    }
    let default = [TerminationPolicy::Default];
    for policy in if policies.is_empty() { &default } else { policies } {
        apply(*policy, candidates, &mut left);
    }
    let choice = if left.len() > 1 { pick(left.len() as u32) as usize } else { 0 };
    left.get(choice).copied()
}

/// Keeps those that a policy would take first.
fn apply(policy: TerminationPolicy, candidates: &[Candidate], left: &mut Vec<usize>) {
    let version = |index: usize| candidates[index].version;
    match policy {
        TerminationPolicy::Default => {
            apply(TerminationPolicy::AllocationStrategy, candidates, left);
            keep_first(left, version);
            apply(TerminationPolicy::ClosestToNextInstanceHour, candidates, left);
        }
        TerminationPolicy::AllocationStrategy => keep_first(left, |index| std::cmp::Reverse(candidates[index].misfit)),
        TerminationPolicy::OldestLaunchTemplate => keep_first(left, version),
        // A scenario has launch templates alone.
        TerminationPolicy::OldestLaunchConfiguration => {}
        // A full hour is the farthest away.
        TerminationPolicy::ClosestToNextInstanceHour => {
            keep_first(left, |index| HOUR - candidates[index].ran_ns % HOUR)
        }
        TerminationPolicy::NewestInstance => keep_first(left, |index| candidates[index].ran_ns),
        TerminationPolicy::OldestInstance => keep_first(left, |index| std::cmp::Reverse(candidates[index].ran_ns)),
    }
}

/// Keeps those with the smallest key.
fn keep_first<K: Ord>(left: &mut Vec<usize>, key: impl Fn(usize) -> K) {
    if let Some(first) = left.iter().map(|&index| key(index)).min() {
        left.retain(|&index| key(index) == first);
    }
}

#[cfg(test)]
mod tests {
    use super::TerminationPolicy::*;
    use super::*;

    fn zone(index: usize) -> ZoneId {
        ZoneId::new(index)
    }

    fn zones(counts: &[u32]) -> Vec<(ZoneId, u32)> {
        counts.iter().enumerate().map(|(index, &count)| (zone(index), count)).collect()
    }

    fn one(index: usize, seconds: u64) -> Candidate {
        Candidate { zone: Some(zone(index)), ran_ns: seconds * 1_000_000_000, version: 1, spot: false, misfit: 0 }
    }

    fn candidates(list: &[(usize, u64)]) -> Vec<Candidate> {
        list.iter().map(|&(index, s)| one(index, s)).collect()
    }

    /// The choice where nothing is left to chance.
    #[track_caller]
    fn chosen(list: &[Candidate], counts: &[u32], policies: &[TerminationPolicy], shrink: Option<bool>) -> usize {
        victim(list, &zones(counts), policies, shrink, |_| panic!("one is first: nothing to draw")).unwrap()
    }

    #[test]
    fn the_largest_zone_comes_first_whatever_the_policy() {
        // The one of zone 0 is the oldest, the newest and the closest to its hour in turn; zone 1 is larger.
        for policy in [Default, OldestInstance, NewestInstance, ClosestToNextInstanceHour] {
            for s in [3_599, 1, 7_199] {
                let list = candidates(&[(0, s), (1, 10), (1, 20)]);
                assert_ne!(chosen(&list, &[1, 2], &[policy], None), 0, "{policy:?}");
            }
        }
    }

    #[test]
    fn a_zone_whose_instances_are_all_protected_is_no_candidate() {
        // Zone 0 has five instances, but only zone 1 has unprotected ones.
        assert_eq!(chosen(&candidates(&[(1, 10), (1, 20)]), &[5, 2], &[], None), 1);
    }

    #[test]
    fn the_default_policy_ends_with_the_next_hour() {
        let list = candidates(&[(0, 3_500), (0, 3_600), (0, 7_199), (0, 100)]);
        assert_eq!(chosen(&list, &[4], &[Default], None), 2, "one second from its second hour");
        let fresh = candidates(&[(0, 3_600), (0, 3_601)]);
        assert_eq!(chosen(&fresh, &[2], &[], None), 1, "a full hour is the farthest; no list is the default");
    }

    #[test]
    fn at_random_among_equals_alone() {
        let list = candidates(&[(0, 60), (1, 60), (0, 60), (1, 60)]);
        let mut asked = Vec::new();
        let choice = victim(&list, &zones(&[2, 2]), &[Default], None, |n| {
            asked.push(n);
            3
        });
        assert_eq!((choice, asked), (Some(3), vec![4]));
        let same = candidates(&[(0, 60), (0, 60)]);
        for policy in [OldestLaunchTemplate, OldestLaunchConfiguration, AllocationStrategy, OldestInstance] {
            assert_eq!(victim(&same, &zones(&[2]), &[policy], None, |n| n - 1), Some(1), "{policy:?}");
        }
    }

    #[test]
    fn the_purchase_option_that_must_shrink_comes_before_the_policies() {
        let spot = |seconds| Candidate { spot: true, ..one(0, seconds) };
        let list = [one(0, 500), spot(100), one(0, 50), spot(200)];
        assert_eq!(chosen(&list, &[4], &[OldestInstance], Some(true)), 3);
        assert_eq!(chosen(&list, &[4], &[NewestInstance], Some(false)), 2);
        assert_eq!(chosen(&list, &[4], &[OldestInstance], None), 0);
        // No Spot Instance is left in the largest zone: the balance over zones goes first.
        let elsewhere = [one(0, 500), one(0, 400), Candidate { spot: true, ..one(1, 900) }];
        assert_eq!(chosen(&elsewhere, &[2, 1], &[OldestInstance], Some(true)), 0);
    }

    #[test]
    fn default_aligns_to_the_allocation_strategy_before_configuration_and_hour() {
        let pool = |misfit, version, seconds| Candidate { misfit, version, ..one(0, seconds) };
        let list = [pool(0, 1, 3_599), pool(2, 3, 10), pool(2, 2, 5), pool(2, 2, 6)];
        assert_eq!(chosen(&list, &[4], &[Default], None), 3);
        assert_eq!(chosen(&list, &[4], &[AllocationStrategy, NewestInstance], None), 2);
    }

    #[test]
    fn the_oldest_version_of_the_launch_template_goes_before_the_next_hour() {
        let of = |version, seconds| Candidate { version, ..one(0, seconds) };
        let list = [of(2, 3_599), of(1, 20), of(3, 30), of(1, 10)];
        assert_eq!(chosen(&list, &[4], &[Default], None), 1);
        assert_eq!(chosen(&list, &[4], &[OldestLaunchTemplate, NewestInstance], None), 3);
        // Without launch configurations that policy decides nothing, and the next one does.
        assert_eq!(chosen(&list, &[4], &[OldestLaunchConfiguration, OldestInstance], None), 0);
    }

    #[test]
    fn policies_apply_in_list_order() {
        let of = |version, seconds| Candidate { version, ..one(0, seconds) };
        let list = [of(1, 10), of(1, 20), of(2, 5), of(2, 30)];
        assert_eq!(chosen(&list, &[4], &[OldestLaunchTemplate, OldestInstance], None), 1);
        assert_eq!(chosen(&list, &[4], &[OldestLaunchTemplate, NewestInstance], None), 0);
        assert_eq!(chosen(&list, &[4], &[OldestInstance, OldestLaunchTemplate], None), 3);
        assert_eq!(chosen(&list, &[4], &[NewestInstance, Default], None), 2);
    }

    #[test]
    fn nobody_to_terminate_and_no_zones_at_all() {
        assert_eq!(victim(&[], &zones(&[1]), &[OldestInstance], Some(true), |_| 0), None);
        let nowhere = [Candidate { zone: None, ..one(0, 5) }, Candidate { zone: None, ..one(0, 6) }];
        assert_eq!(chosen(&nowhere, &[], &[Default], None), 1);
    }
}
