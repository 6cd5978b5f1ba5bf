//! What one node knows of one target group, and how it picks a target from that.
//!
//! ```text
//!  targets with a verdict each ──refresh──► candidates: the healthy ones, or all when it fails open ──pick──► target
//! ```
//! # Models      round robin per node and target group; least outstanding requests, ties at random; uniform random
//! # Leaves out  what changes a verdict: `health`
//! # Source      Elastic Load Balancing user guide, "Target groups", routing algorithms; `aws/network.md` §3.6

use crate::plan::Algorithm;
use crate::request::InstanceId;
use sim_core::{Stream, Words};

/// What one node knows of one target group.
#[derive(Default)]
pub(super) struct View {
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
}

/// A node's verdict on a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Initial,
    Healthy,
    Unhealthy,
}

impl View {
    /// Targets that requests go to.
    pub(super) fn refresh(&mut self) {
        let open = self.fails_open();
        self.candidates.clear();
        self.candidates
            .extend(self.targets.iter().filter(|target| open || target.1 == Verdict::Healthy).map(|target| target.0));
    }

    pub(super) fn has_healthy(&self) -> bool {
        self.targets.iter().any(|target| target.1 == Verdict::Healthy)
    }

    /// No healthy target, but some that were judged: all registered ones are tried. Only new ones: 503 (not documented).
    pub(super) fn fails_open(&self) -> bool {
        !self.shut && !self.has_healthy() && self.targets.iter().any(|target| target.1 == Verdict::Unhealthy)
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
