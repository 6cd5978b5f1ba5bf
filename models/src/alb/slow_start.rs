//! Slow start: a new target's share grows linearly to its fair one.
//!
//! ```text
//!  TargetHealth: healthy, and another full target is ─► ramp ─┬─ SlowStartOver ─► full
//!                                                             └─ unhealthy or deregistered ─► off
//! ```
//! # Models      a ramp per node and target; smooth weighted round robin while any target of a node's view ramps; not for
//!   the targets of a batch that is registered with an empty group, nor where no full target is healthy
//! # Leaves out  other algorithms (AWS refuses them); switching it on in mid-run
//! # Source      Elastic Load Balancing user guide, "Slow start mode"; `aws/network.md` §3.8

use super::view::{Verdict, View};
use super::{Albs, Event};
use crate::event;
use crate::plan::{SlowStart, TargetGroupId};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::Time;

/// Slow start of a target group.
pub(super) struct SlowStarts {
    pub settings: SlowStart,
    /// When the group was last empty and got its first targets: those of that moment start at full weight.
    filled: Option<Time>,
    /// Targets of that moment that have not been ill since.
    exempt: Vec<InstanceId>,
    /// Targets in slow start, by how many nodes, and the entry that says so.
    ramping: Vec<(InstanceId, u32, EntryId)>,
}

/// A target in slow start, for one node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ramp {
    pub instance: InstanceId,
    since: Time,
}

impl SlowStarts {
    pub fn new(settings: SlowStart) -> Self {
        SlowStarts { settings, filled: None, exempt: Vec::new(), ramping: Vec::new() }
    }

    /// A target is registered; `alone`: with a group that was empty.
    pub fn registered(&mut self, instance: InstanceId, alone: bool, now: Time) {
        if alone {
            self.filled = Some(now);
        }
        if self.filled == Some(now) {
            self.exempt.push(instance);
        }
    }
}

impl View {
    /// Enters a target into slow start, if another is healthy and not in slow start itself.
    fn ramp(&mut self, instance: InstanceId, now: Time) -> bool {
        let ramps = |id: InstanceId| self.ramps.iter().any(|ramp| ramp.instance == id);
        let full =
            |target: &&(InstanceId, Verdict)| target.0 != instance && target.1 == Verdict::Healthy && !ramps(target.0);
        let may = !ramps(instance) && self.targets.iter().any(|target| full(&target));
        if may {
            self.ramps.push(Ramp { instance, since: now });
        }
        may
    }

    /// Weight of a target now: 1 if it is not in slow start.
    pub(super) fn ramped_weight(&self, instance: InstanceId, settings: &SlowStart, now: Time) -> f64 {
        let Some(ramp) = self.ramps.iter().find(|ramp| ramp.instance == instance) else { return 1.0 };
        let share = (now - ramp.since).as_secs_f64() / settings.duration.as_secs_f64();
        share.clamp(settings.least, 1.0)
    }

    /// The next target by smooth weighted round robin: each gains its weight, the richest is picked and pays for all.
    pub(super) fn pick_ramped(&mut self, settings: &SlowStart, now: Time) -> Option<InstanceId> {
        self.credits.resize(self.candidates.len(), 0.0);
        let (mut best, mut total) = (None, 0.0);
        for index in 0..self.candidates.len() {
            let weight = self.ramped_weight(self.candidates[index], settings, now);
            self.credits[index] += weight;
            total += weight;
            if best.is_none_or(|best: usize| self.credits[index] > self.credits[best]) {
                best = Some(index);
            }
        }
        let best = best?;
        self.credits[best] -= total;
        Some(self.candidates[best])
    }
}

impl Albs {
    /// A node has found a target healthy: it may begin its slow start there.
    pub(super) fn begin_slow_start(&mut self, index: u16, group_id: TargetGroupId, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        let group = &mut self.groups[group_id];
        let Some(slow) = &mut group.slow_start else { return };
        if slow.exempt.contains(&instance) || !self.nodes[index as usize].views[group_id].ramp(instance, now) {
            return;
        }
        let length = slow.settings.duration;
        cx.list.after(length, event::Event::Alb(Event::SlowStartOver { node: index, group: group_id, instance }));
        match slow.ramping.iter_mut().find(|entry| entry.0 == instance) {
            Some(entry) => entry.1 += 1,
            None => {
                let detail = format!("its share of {} grows for {length}", cx.plan.target_groups[group_id].name);
                let (name, cause) = (cx.name_of(instance), cx.blame.of_instance(instance));
                let entry = cx.timeline.record(now, EventKind::SlowStartBegan, name, detail, cause);
                slow.ramping.push((instance, 1, entry));
            }
        }
    }

    /// Targets of a group that are in slow start for some node.
    pub fn ramping(&self, group: TargetGroupId) -> u32 {
        self.groups[group].slow_start.as_ref().map_or(0, |slow| slow.ramping.len() as u32)
    }

    /// A target of the first batch that is ill, or goes, is like any other from then on.
    pub(super) fn end_exemption(&mut self, group_id: TargetGroupId, instance: InstanceId) {
        if let Some(slow) = &mut self.groups[group_id].slow_start {
            slow.exempt.retain(|&other| other != instance);
        }
    }

    /// The time of a slow start is over; it may have ended before and begun again.
    pub(super) fn slow_start_over(&mut self, index: u16, group_id: TargetGroupId, instance: InstanceId, cx: &mut Cx) {
        let Some(slow) = &self.groups[group_id].slow_start else { return };
        let (length, now) = (slow.settings.duration, cx.now());
        let view = &self.nodes[index as usize].views[group_id];
        if view.ramps.iter().any(|ramp| ramp.instance == instance && ramp.since + length <= now) {
            self.end_slow_start(index as usize, group_id, instance, "has its full share", cx);
        }
    }

    /// A target is in slow start no longer, for one node.
    pub(super) fn end_slow_start(
        &mut self,
        index: usize,
        group_id: TargetGroupId,
        instance: InstanceId,
        why: &str,
        cx: &mut Cx,
    ) {
        let view = &mut self.nodes[index].views[group_id];
        let before = view.ramps.len();
        view.ramps.retain(|ramp| ramp.instance != instance);
        if view.ramps.len() == before {
            return;
        }
        view.credits.clear();
        let Some(slow) = &mut self.groups[group_id].slow_start else { return };
        let Some(place) = slow.ramping.iter().position(|entry| entry.0 == instance) else { return };
        slow.ramping[place].1 -= 1;
        if slow.ramping[place].1 == 0 {
            let (_, _, began) = slow.ramping.remove(place);
            let detail = format!("{why} in {}", cx.plan.target_groups[group_id].name);
            let (now, name) = (cx.now(), cx.name_of(instance));
            cx.timeline.record(now, EventKind::SlowStartEnded, name, detail, began);
        }
    }
}
