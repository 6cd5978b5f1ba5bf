//! What one node knows of one target group, and how it picks a target from that.
//!
//! ```text
//!  targets with a verdict each ──refresh──► candidates: the healthy ones, or all when it fails open ──pick──► target
//! ```
//! # Models      round robin per node and target group; least outstanding requests, ties at random; uniform random; fail-open
//!   below the group's threshold; targets of a zone that is shifted away from
//! # Leaves out  what changes a verdict: `health`; shares in slow start: `slow_start`; weights: `weights`
//! # Source      Elastic Load Balancing user guide, "Target groups", routing algorithms; `aws/network.md` §3.6, §3.11

use super::slow_start::Ramp;
use crate::plan::{Algorithm, GroupHealth};
use crate::request::InstanceId;
use sim_core::{Stream, Words};

/// What one node knows of one target group.
pub(super) struct View {
    health: GroupHealth,
    /// Targets in scope and not draining, in order of registration, with this node's verdict.
    pub(super) targets: Vec<(InstanceId, Verdict)>,
    /// Those it routes to: the healthy ones, or all when it fails open.
    pub(super) candidates: Vec<InstanceId>,
    pub(super) next: usize,
    pub(super) failing_open: bool,
    /// Never fails open: a Classic Load Balancer.
    pub(super) shut: bool,
    /// In-progress requests per instance, for least outstanding requests.
    pub(super) outstanding: Vec<u32>,
    /// Targets that a zonal shift leaves out.
    pub(super) away: Vec<InstanceId>,
    /// Targets in slow start.
    pub(super) ramps: Vec<Ramp>,
    /// What each candidate has coming to it by smooth weighted round robin.
    pub(super) credits: Vec<f64>,
}

/// A node's verdict on a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Initial,
    Healthy,
    Unhealthy,
}

impl View {
    pub fn new(health: GroupHealth, shut: bool) -> Self {
        View {
            health,
            shut,
            targets: Vec::new(),
            candidates: Vec::new(),
            next: 0,
            failing_open: false,
            outstanding: Vec::new(),
            away: Vec::new(),
            ramps: Vec::new(),
            credits: Vec::new(),
        }
    }

    /// Targets that requests go to.
    pub(super) fn refresh(&mut self) {
        let open = self.fails_open();
        self.credits.clear();
        self.candidates.clear();
        let View { targets, candidates, away, .. } = self;
        let fit = targets.iter().filter(|target| open || target.1 == Verdict::Healthy).map(|target| target.0);
        if open || away.is_empty() {
            return candidates.extend(fit);
        }
        candidates.extend(fit.clone().filter(|target| !away.contains(target)));
        // A shift away from all there is has no effect.
        if candidates.is_empty() {
            candidates.extend(fit);
        }
    }

    /// Healthy targets, and targets in all.
    pub(super) fn counts(&self) -> (u32, u32) {
        let healthy = self.targets.iter().filter(|target| target.1 == Verdict::Healthy).count();
        (healthy as u32, self.targets.len() as u32)
    }

    pub(super) fn has_healthy(&self) -> bool {
        self.targets.iter().any(|target| target.1 == Verdict::Healthy)
    }

    /// Whether the group may keep this node in DNS; none if it has no target in scope, and no say.
    pub(super) fn fit_for_dns(&self) -> Option<bool> {
        let (healthy, registered) = self.counts();
        (registered > 0).then(|| self.health.dns_failover.holds(healthy, registered))
    }

    /// Too few healthy targets, but some that were judged: all registered ones are tried. Only new ones: 503 (not documented).
    pub(super) fn fails_open(&self) -> bool {
        let (healthy, registered) = self.counts();
        !self.shut
            && !self.health.unhealthy_state_routing.holds(healthy, registered)
            && self.targets.iter().any(|target| target.1 != Verdict::Initial)
    }

    #[inline]
    pub(super) fn pick(&mut self, algorithm: Algorithm, picks: &mut Stream) -> Option<InstanceId> {
        let count = self.candidates.len();
        if count == 0 {
            return None;
        }
        match algorithm {
            Algorithm::RoundRobin => {
                self.next = if self.next + 1 >= count { 0 } else { self.next + 1 };
                Some(self.candidates[self.next])
            }
            Algorithm::WeightedRandom => Some(self.candidates[picks.below(count as u32) as usize]),
            Algorithm::LeastOutstandingRequests => {
                let load = |target: InstanceId| self.outstanding.get(target.index()).copied().unwrap_or(0);
                let least = self.candidates.iter().map(|&target| load(target)).min()?;
                let ties = self.candidates.iter().filter(|&&target| load(target) == least);
                let pick = picks.below(ties.clone().count() as u32) as usize;
                ties.copied().nth(pick)
            }
        }
    }

    #[inline]
    pub(super) fn count(&mut self, target: InstanceId, change: i32) {
        if self.outstanding.len() <= target.index() {
            self.outstanding.resize(target.index() + 1, 0);
        }
        let count = &mut self.outstanding[target.index()];
        *count = count.saturating_add_signed(change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::HealthThreshold;

    const H: Verdict = Verdict::Healthy;
    const U: Verdict = Verdict::Unhealthy;
    const I: Verdict = Verdict::Initial;

    fn ids(numbers: &[usize]) -> Vec<InstanceId> {
        numbers.iter().map(|&number| InstanceId::new(number)).collect()
    }

    fn view(verdicts: &[Verdict], away: &[usize], least: u32) -> View {
        let routing = HealthThreshold { count: Some(least), percentage: None };
        let mut view = View::new(GroupHealth { unhealthy_state_routing: routing, ..GroupHealth::default() }, false);
        view.targets = verdicts.iter().enumerate().map(|(index, verdict)| (InstanceId::new(index), *verdict)).collect();
        view.away = ids(away);
        view.refresh();
        view
    }

    #[test]
    fn candidates_are_the_healthy_or_all_and_none_of_only_new_ones() {
        for (verdicts, away, least, expected) in [
            (&[H, H, H][..], &[][..], 1, &[0, 1, 2][..]),
            (&[H, U, I], &[], 1, &[0]),
            // Nobody is healthy, somebody was judged: fail open, to new ones too.
            (&[U, U, I], &[], 1, &[0, 1, 2]),
            (&[I, I], &[], 1, &[]),
            (&[], &[], 1, &[]),
            // Below the threshold, at it.
            (&[H, U, U], &[], 2, &[0, 1, 2]),
            (&[H, H, U], &[], 2, &[0, 1]),
            // Only healthy and new ones, too few: judged ones there are.
            (&[H, I], &[], 2, &[0, 1]),
            // A zonal shift takes off what lies there, but not the last.
            (&[H, H, H], &[1], 1, &[0, 2]),
            (&[H, U, H], &[0, 2], 1, &[0, 2]),
            (&[H, H], &[0, 1], 1, &[0, 1]),
            // Failing open takes no notice of it.
            (&[U, U], &[1], 1, &[0, 1]),
        ] {
            let view = view(verdicts, away, least);
            assert_eq!(view.candidates, ids(expected), "{verdicts:?} without {away:?}, at least {least}");
        }
    }

    #[test]
    fn least_outstanding_requests_takes_the_least_and_ties_at_random() {
        let mut picks = Stream::new(1, 0, "test", "picks");
        let mut view = view(&[H, H, H], &[], 1);
        view.count(InstanceId::new(0), 1);
        view.count(InstanceId::new(1), 2);
        let pick = |view: &mut View, picks: &mut Stream| view.pick(Algorithm::LeastOutstandingRequests, picks);
        assert_eq!(pick(&mut view, &mut picks), Some(InstanceId::new(2)));
        view.count(InstanceId::new(2), 1);
        let mut counts = [0; 3];
        (0..1_000).for_each(|_| counts[pick(&mut view, &mut picks).expect("three").index()] += 1);
        assert!(counts[1] == 0 && counts[0] > 400 && counts[2] > 400, "{counts:?}");
        // What was given up twice is not counted below zero.
        view.count(InstanceId::new(2), -5);
        assert_eq!(pick(&mut view, &mut picks), Some(InstanceId::new(2)));
    }

    #[test]
    fn nobody_is_picked_from_nobody() {
        let mut picks = Stream::new(1, 0, "test", "picks");
        for algorithm in [Algorithm::RoundRobin, Algorithm::LeastOutstandingRequests, Algorithm::WeightedRandom] {
            assert_eq!(view(&[I], &[], 1).pick(algorithm, &mut picks), None, "{algorithm:?}");
        }
    }

    #[test]
    fn a_node_has_no_say_in_dns_about_a_group_without_targets() {
        assert_eq!(view(&[], &[], 1).fit_for_dns(), None);
        assert_eq!(view(&[I], &[], 1).fit_for_dns(), Some(false));
        assert_eq!(view(&[U, H], &[], 1).fit_for_dns(), Some(true));
    }
}
