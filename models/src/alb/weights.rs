//! Automatic target weights: targets that fail more than their peers are found, and get less where mitigation is on.
//!
//! ```text
//!  answers, connection failures ─► errors per target and tick ─WeighTargets, each 5 s─► anomalous? ─► weight down or up
//! ```
//! # Models      detection against the median and the spread of the peers, with three or more healthy targets; weights that
//!   fall by a factor to a floor and climb back; at most half of the targets mitigated, per zone where cross-zone is off
//! # Leaves out  statistics of single nodes (they are pooled); groups of Lambda functions
//! # Source      Elastic Load Balancing user guide, "Automatic Target Weights"; `aws/network.md` §3.7. What it compares, how
//!   fast it acts and how far it goes is not published: six parameters, all modelling choices

use super::view::Verdict;
use super::{Albs, Event};
use crate::event;
use crate::plan::{TARGET_WEIGHTS_TICK, TargetGroupId, TargetWeights, ZoneId};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::{Stream, Time, Words};
use std::collections::VecDeque;

/// Fewest healthy targets for which errors are compared.
const LEAST_TARGETS: usize = 3;

/// Watches the targets of a group.
pub(super) struct Weights {
    settings: TargetWeights,
    /// By index of the instance.
    targets: Vec<Watched>,
    /// Whether some weight is below 1.
    pub uneven: bool,
    anomalous: u32,
    mitigated: u32,
}

#[derive(Clone)]
struct Watched {
    /// Answers and errors since the last tick.
    now: (u32, u32),
    /// The same of the ticks within the window, newest first.
    past: VecDeque<(u32, u32)>,
    weight: f64,
    anomalous: bool,
    entry: EntryId,
}

impl Default for Watched {
    fn default() -> Self {
        Watched { now: (0, 0), past: VecDeque::new(), weight: 1.0, anomalous: false, entry: EntryId::NONE }
    }
}

impl Watched {
    /// Answers and errors within the window.
    fn sums(&self) -> (u32, u32) {
        self.past.iter().fold((0, 0), |sum, tick| (sum.0 + tick.0, sum.1 + tick.1))
    }
}

/// The standard deviation of a normal distribution in median absolute deviations.
const DEVIATION: f64 = 1.4826;

/// The middle of ascending values; of an even number the mean of the two in the middle.
fn median(ascending: &[f64]) -> f64 {
    let count = ascending.len();
    (ascending[(count - 1) / 2] + ascending[count / 2]) / 2.0
}

/// Which of these error shares are anomalous: farther above the median of the others than the margin and so many of
/// their standard deviations, which are reckoned from the median of how far they are from it: a second bad target among five
/// would otherwise hide the first, and be hidden by it. Fewer than two others say nothing.
fn outliers(settings: &TargetWeights, shares: &[f64]) -> Vec<bool> {
    let is_outlier = |index: usize| {
        let mut peers: Vec<f64> =
            shares.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, share)| *share).collect();
        if peers.len() + 1 < LEAST_TARGETS {
            return false;
        }
        peers.sort_by(f64::total_cmp);
        let middle = median(&peers);
        let mut away: Vec<f64> = peers.iter().map(|share| (share - middle).abs()).collect();
        away.sort_by(f64::total_cmp);
        shares[index] > middle + settings.margin.max(settings.deviations * DEVIATION * median(&away))
    };
    (0..shares.len()).map(is_outlier).collect()
}

impl Weights {
    pub fn new(settings: TargetWeights) -> Self {
        Weights { settings, targets: Vec::new(), uneven: false, anomalous: 0, mitigated: 0 }
    }

    fn target(&mut self, instance: InstanceId) -> &mut Watched {
        if self.targets.len() <= instance.index() {
            self.targets.resize_with(instance.index() + 1, Watched::default);
        }
        &mut self.targets[instance.index()]
    }

    /// Counts an answer.
    pub fn count(&mut self, instance: InstanceId, error: bool) {
        let now = &mut self.target(instance).now;
        now.0 += 1;
        now.1 += u32::from(error);
    }

    /// A target that was registered anew starts without a past.
    pub fn forget(&mut self, instance: InstanceId) {
        *self.target(instance) = Watched::default();
    }

    fn weight(&self, instance: InstanceId) -> f64 {
        self.targets.get(instance.index()).map_or(1.0, |target| target.weight)
    }

    /// One of the candidates, by weight.
    pub fn pick(&self, candidates: &[InstanceId], picks: &mut Stream) -> Option<InstanceId> {
        let total: f64 = candidates.iter().map(|&target| self.weight(target)).sum();
        let mut left = picks.unit() * total;
        for &target in candidates {
            left -= self.weight(target);
            if left < 0.0 {
                return Some(target);
            }
        }
        candidates.last().copied()
    }

    /// Moves the window on by a tick, and says of each of these healthy targets whether it is anomalous.
    fn judge(&mut self, healthy: &[InstanceId]) -> Vec<bool> {
        let ticks = (self.settings.window.nanos() / TARGET_WEIGHTS_TICK.nanos()).max(1) as usize;
        for target in &mut self.targets {
            target.past.push_front(std::mem::take(&mut target.now));
            target.past.truncate(ticks);
        }
        let sums: Vec<(u32, u32)> = healthy.iter().map(|&instance| self.target(instance).sums()).collect();
        let known: Vec<usize> = (0..sums.len()).filter(|&i| sums[i].0 >= self.settings.least_requests.max(1)).collect();
        let shares: Vec<f64> = known.iter().map(|&i| f64::from(sums[i].1) / f64::from(sums[i].0)).collect();
        let mut verdicts: Vec<bool> = healthy.iter().map(|&instance| self.target(instance).anomalous).collect();
        if healthy.len() < LEAST_TARGETS {
            return vec![false; healthy.len()];
        }
        // Of a target that gets next to nothing, nothing new is known: it stays what it was.
        for (outlier, &index) in outliers(&self.settings, &shares).iter().zip(&known) {
            verdicts[index] = *outlier;
        }
        verdicts
    }

    /// Moves the weights of one scope's targets: no more than half of them below 1.
    fn mitigate(&mut self, scope: &[InstanceId]) {
        let TargetWeights { step, floor, recovery, .. } = self.settings;
        let most = scope.len() / 2;
        let mut lowered = scope.iter().filter(|&&instance| self.weight(instance) < 1.0).count();
        let mut worst: Vec<InstanceId> =
            scope.iter().copied().filter(|instance| self.targets[instance.index()].anomalous).collect();
        let share = |instance: &InstanceId| {
            let (answers, errors) = self.targets[instance.index()].sums();
            f64::from(errors) / f64::from(answers.max(1))
        };
        worst.sort_by(|a, b| share(b).total_cmp(&share(a)).then(a.index().cmp(&b.index())));
        for &instance in scope {
            let target = self.target(instance);
            if !target.anomalous && target.weight < 1.0 {
                target.weight = (target.weight + recovery).min(1.0);
                lowered -= usize::from(target.weight >= 1.0);
            }
        }
        for instance in worst {
            let target = self.target(instance);
            if target.weight < 1.0 || lowered < most {
                lowered += usize::from(target.weight >= 1.0);
                target.weight = (target.weight * step).max(floor);
            }
        }
    }
}

impl Albs {
    /// Five seconds are over: which targets are anomalous, and what are they given?
    pub(super) fn weigh_targets(&mut self, group_id: TargetGroupId, cx: &mut Cx) {
        let now = cx.now();
        if now < Time::ZERO + cx.plan.duration {
            cx.list.after(TARGET_WEIGHTS_TICK, event::Event::Alb(Event::WeighTargets(group_id)));
        }
        let group = &mut self.groups[group_id];
        let Some(weights) = &mut group.weights else { return };
        let healthy: Vec<InstanceId> =
            group.registered.iter().filter(|target| target.1 == Verdict::Healthy).map(|target| target.0).collect();
        let verdicts = weights.judge(&healthy);
        let before: Vec<f64> = healthy.iter().map(|&instance| weights.weight(instance)).collect();
        // A target that is not healthy is the health check's business; it starts anew when it is back.
        for index in 0..weights.targets.len() {
            let instance = InstanceId::new(index);
            if !healthy.contains(&instance) {
                let watched = weights.target(instance);
                (watched.anomalous, watched.weight) = (false, 1.0);
            }
        }
        for (&instance, &anomalous) in healthy.iter().zip(&verdicts) {
            let watched = weights.target(instance);
            if watched.anomalous == anomalous {
                continue;
            }
            watched.anomalous = anomalous;
            let (answers, errors) = watched.sums();
            let (kind, detail) = match anomalous {
                true => {
                    (EventKind::TargetAnomalous, format!("{errors} of {answers} requests failed, far above its peers"))
                }
                false => (EventKind::TargetNormal, "fails no more than its peers".to_string()),
            };
            let cause = match cx.blame.of_instance(instance) {
                _ if !anomalous => watched.entry,
                EntryId::NONE => cx.blame.of_fleet(cx.directory.facts(instance).fleet, now),
                known => known,
            };
            let name = cx.name_of(instance);
            watched.entry = cx.timeline.record(now, kind, name, detail, cause);
        }
        if weights.settings.mitigation {
            if group.cross_zone {
                weights.mitigate(&healthy);
            } else {
                for zone in cx.plan.zones.ids().map(Some).chain([None::<ZoneId>]) {
                    let here = |instance: &&InstanceId| cx.directory.facts(**instance).zone == zone;
                    let scope: Vec<InstanceId> = healthy.iter().filter(here).copied().collect();
                    weights.mitigate(&scope);
                }
            }
        }
        for (&instance, before) in healthy.iter().zip(before) {
            let watched = weights.target(instance);
            let (kind, detail) = match (before < 1.0, watched.weight < 1.0) {
                (false, true) => (EventKind::MitigationBegan, "gets less traffic, step by step"),
                (true, false) => (EventKind::MitigationEnded, "gets its full share again"),
                _ => continue,
            };
            let (name, cause) = (cx.name_of(instance), watched.entry);
            cx.timeline.record(now, kind, name, detail, cause);
        }
        weights.anomalous = verdicts.iter().filter(|anomalous| **anomalous).count() as u32;
        weights.mitigated = healthy.iter().filter(|&&instance| weights.weight(instance) < 1.0).count() as u32;
        weights.uneven = weights.mitigated > 0;
    }

    /// AnomalousHostCount and MitigatedHostCount of a group, if its targets are watched.
    pub fn anomalies(&self, group: TargetGroupId) -> Option<(u32, u32)> {
        self.groups[group].weights.as_ref().map(|weights| (weights.anomalous, weights.mitigated))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::Duration;

    const SETTINGS: TargetWeights = TargetWeights {
        mitigation: true,
        window: Duration::from_secs(20),
        margin: 0.05,
        deviations: 3.0,
        least_requests: 10,
        step: 0.5,
        floor: 0.02,
        recovery: 0.1,
    };

    #[test]
    fn an_error_share_is_anomalous_only_clearly_above_its_peers() {
        for (shares, expected) in [
            (&[0.0, 0.0, 0.5][..], &[false, false, true][..]),
            // The margin itself is not above it.
            (&[0.0, 0.0, 0.05], &[false, false, false]),
            (&[0.0, 0.0, 0.051], &[false, false, true]),
            // All fail alike: nobody stands out.
            (&[1.0, 1.0, 1.0, 1.0], &[false; 4]),
            (&[0.0, 0.0, 0.0], &[false; 3]),
            // Two bad ones of five, or of ten, do not hide each other.
            (&[0.0, 0.0, 0.0, 0.5, 0.5], &[false, false, false, true, true]),
            (&[0.9, 0.0, 0.01, 0.0, 0.5], &[true, false, false, false, true]),
            (&[0.0, 0.0, 0.5, 0.5], &[false, false, true, true]),
            // More than half of all are no longer worse than their peers.
            (&[0.0, 0.0, 0.5, 0.5, 0.5], &[false; 5]),
            (
                &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.9, 0.9],
                &[false, false, false, false, false, false, false, false, true, true],
            ),
            // Too few to compare.
            (&[0.0, 1.0], &[false, false]),
            (&[1.0], &[false]),
            (&[], &[]),
        ] {
            assert_eq!(outliers(&SETTINGS, shares), expected, "{shares:?}");
        }
    }

    fn ids(count: usize) -> Vec<InstanceId> {
        (0..count).map(InstanceId::new).collect()
    }

    /// Weights of so many targets of which these are anomalous, tick by tick.
    fn course(count: usize, anomalous: &[usize], ticks: usize, weights: &mut Weights) -> Vec<Vec<f64>> {
        let scope = ids(count);
        let mut rows = Vec::new();
        for _ in 0..ticks {
            for &instance in &scope {
                weights.target(instance).anomalous = anomalous.contains(&instance.index());
            }
            weights.mitigate(&scope);
            rows.push(scope.iter().map(|&instance| weights.weight(instance)).collect());
        }
        rows
    }

    #[test]
    fn a_weight_halves_to_its_floor_and_climbs_back_in_tenths() {
        let mut weights = Weights::new(SETTINGS);
        let down = course(4, &[2], 7, &mut weights);
        let of_the_third: Vec<f64> = down.iter().map(|row| row[2]).collect();
        assert_eq!(of_the_third, [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.02, 0.02]);
        assert!(down.iter().all(|row| row[0] == 1.0 && row[1] == 1.0 && row[3] == 1.0));
        let up = course(4, &[], 11, &mut weights);
        assert!((up[0][2] - 0.12).abs() < 1e-12 && (up[8][2] - 0.92).abs() < 1e-12, "{up:?}");
        assert_eq!((up[9][2], up[10][2]), (1.0, 1.0));
    }

    #[test]
    fn no_more_than_half_of_a_scope_is_mitigated() {
        for (count, anomalous, expected) in
            [(5, vec![0, 1, 2], 2), (4, vec![0, 1, 2], 2), (3, vec![1, 2], 1), (1, vec![0], 0), (0, vec![], 0)]
        {
            let mut weights = Weights::new(SETTINGS);
            let rows = course(count, &anomalous, 3, &mut weights);
            let low = rows[2].iter().filter(|weight| **weight < 1.0).count();
            assert_eq!(low, expected, "{count} targets, {anomalous:?} anomalous: {rows:?}");
        }
    }

    #[test]
    fn one_that_recovers_still_counts_against_the_half() {
        let mut weights = Weights::new(SETTINGS);
        course(2, &[0], 3, &mut weights);
        let rows = course(2, &[1], 10, &mut weights);
        assert_eq!(rows[0][1], 1.0, "the other is still on its way up: {rows:?}");
        assert_eq!(rows[9][0], 1.0);
        assert!(rows[9][1] < 1.0, "{rows:?}");
    }

    #[test]
    fn nothing_is_said_of_few_targets_or_few_requests() {
        for (count, requests, anomalous) in [(2, 100, false), (3, 9, false), (3, 10, true)] {
            let mut weights = Weights::new(SETTINGS);
            for &instance in &ids(count) {
                (0..requests).for_each(|_| weights.count(instance, instance.index() == 0));
            }
            let verdicts = weights.judge(&ids(count));
            assert_eq!(verdicts[0], anomalous, "{count} targets with {requests} requests each");
            assert!(verdicts[1..].iter().all(|verdict| !verdict));
        }
    }

    #[test]
    fn what_lies_before_the_window_is_forgotten() {
        let mut weights = Weights::new(SETTINGS);
        (0..20).for_each(|_| weights.count(InstanceId::new(0), true));
        let sums: Vec<u32> = (0..5)
            .map(|_| {
                weights.judge(&ids(3));
                weights.target(InstanceId::new(0)).sums().1
            })
            .collect();
        assert_eq!(sums, [20, 20, 20, 20, 0], "four ticks of five seconds make twenty");
    }

    #[test]
    fn traffic_follows_the_weights() {
        let mut weights = Weights::new(SETTINGS);
        weights.target(InstanceId::new(1)).weight = 0.02;
        let mut picks = Stream::new(1, 0, "test", "picks");
        let candidates = ids(3);
        let mut counts = [0_u32; 3];
        for _ in 0..100_000 {
            counts[weights.pick(&candidates, &mut picks).expect("three candidates").index()] += 1;
        }
        let share = f64::from(counts[1]) / 100_000.0;
        assert!((share - 0.02 / 2.02).abs() < 0.001, "{counts:?}");
        assert_eq!(weights.pick(&[], &mut picks), None);
    }
}
