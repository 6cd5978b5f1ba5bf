//! Scaling a group: notifications of alarms become a new desired capacity, and simple policies their cooldown.

use super::policy::{self, Capacity, Refusal};
use super::{Activity, Event, Groups, Invocation, Row, State, sent, settings};
use crate::plan::{AdjustmentType, AutoScaling, Comparison, FleetId, Policy, PolicyKind, ScalingProcess};
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::{Duration, Time};

impl Groups {
    /// An alarm's action has arrived; those of the same instant are decided together (rule C2).
    pub(super) fn invoked(&mut self, id: FleetId, invocation: Invocation, cx: &mut Cx) {
        let fleet = &mut self.fleets[id];
        if fleet.invoked.is_empty() {
            cx.list.soon(sent(Event::Decide(id)));
        }
        fleet.invoked.push(invocation);
    }

    /// Decides on the notifications of this instant: the largest capacity wins.
    pub(super) fn decide(&mut self, id: FleetId, cx: &mut Cx) {
        let now = cx.now();
        let plan = cx.plan;
        let invoked = std::mem::take(&mut self.fleets[id].invoked);
        let Some(group) = settings(plan, id) else { return };
        let mut best: Option<(u32, Invocation)> = None;
        let mut refusals: Vec<(Invocation, Refusal)> = Vec::new();
        for invocation in invoked {
            let Some(policy) = group.policies.get(invocation.policy as usize) else { continue };
            if self.suspended(id, ScalingProcess::AlarmNotification) {
                refusals.push((invocation, Refusal::Suspended));
                continue;
            }
            let alarm = &plan.alarms[invocation.alarm];
            let offset = cx.datapoints.notified(invocation.alarm) - alarm.threshold;
            let below = matches!(alarm.comparison, Comparison::LessThan | Comparison::LessThanOrEqual);
            let capacity = self.capacity(id, group, warmup(policy, group), now);
            let decided = self.permitted(id, policy::decide(policy, capacity, offset, below, now));
            match (decided, best) {
                (Err(refusal), _) => refusals.push((invocation, refusal)),
                (Ok(wanted), Some((most, _))) if wanted <= most => {
                    refusals.push((invocation, Refusal::Outvoted(most)));
                }
                (Ok(wanted), earlier) => {
                    if let Some((_, outvoted)) = earlier {
                        refusals.push((outvoted, Refusal::Outvoted(wanted)));
                    }
                    best = Some((wanted, invocation));
                }
            }
        }
        for (invocation, refusal) in refusals {
            self.refuse(id, group, invocation, refusal, cx);
        }
        if let Some((wanted, invocation)) = best {
            self.apply(id, group, invocation, wanted, cx);
        }
    }

    /// What a policy wants, unless the group does not listen, or may not scale in while it is shifted away from a zone
    /// (rule A6).
    pub(super) fn permitted(&self, id: FleetId, decided: Result<u32, Refusal>) -> Result<u32, Refusal> {
        let fleet = &self.fleets[id];
        match decided {
            Ok(wanted) if wanted < fleet.desired && fleet.shift.is_some() => Err(Refusal::Shifted),
            _ => decided,
        }
    }

    /// What a policy with this warm-up finds.
    pub(super) fn capacity(&self, id: FleetId, group: &AutoScaling, warmup: Duration, now: Time) -> Capacity {
        let fleet = &self.fleets[id];
        let present = self.members(id).filter(|row| row.counts());
        let warm = present.clone().filter(|row| row.warm(warmup, now)).count() as u32;
        Capacity {
            desired: fleet.desired,
            min: group.min_size,
            max: group.max_size,
            warm,
            warming: present.count() as u32 - warm + fleet.retrying,
            leaving: self.members(id).filter(|row| row.leaving() && row.scale_in).count() as u32,
            busy: self.busy(id) || fleet.activity.is_some(),
            cooldown_until: fleet.cooldown_until,
        }
    }

    /// Writes a refusal down, unless the same was written for the same alarm before.
    fn refuse(&mut self, id: FleetId, group: &AutoScaling, invocation: Invocation, refusal: Refusal, cx: &mut Cx) {
        let index = invocation.policy as usize;
        let last = &mut self.fleets[id].refused[index];
        if *last == Some((refusal, invocation.cause)) {
            return;
        }
        *last = Some((refusal, invocation.cause));
        let now = cx.now();
        let detail = format!("{}: {}", group.policies[index].name, refusal.words(now));
        let name = cx.plan.fleets[id].name.as_str();
        cx.timeline.record(now, EventKind::PolicyIgnored, name, detail, invocation.cause);
    }

    /// Sets the desired capacity, and starts what follows from it.
    fn apply(&mut self, id: FleetId, group: &AutoScaling, invocation: Invocation, wanted: u32, cx: &mut Cx) {
        let now = cx.now();
        let plan = cx.plan;
        let name = plan.fleets[id].name.as_str();
        let index = invocation.policy as usize;
        let policy = &group.policies[index];
        let alarm = &plan.alarms[invocation.alarm];
        let value = cx.datapoints.notified(invocation.alarm);
        let detail = format!("{}: {}; {} is at {value:.2}", policy.name, asks(policy), alarm.name);
        let entry = cx.timeline.record(now, EventKind::PolicyInvoked, name, detail, invocation.cause);
        self.change(id, wanted, Some(policy), entry, cx);
    }

    /// A new desired capacity, and what follows from it; a simple policy's activity is followed by its cooldown.
    pub(super) fn change(&mut self, id: FleetId, wanted: u32, policy: Option<&Policy>, cause: EntryId, cx: &mut Cx) {
        let Some(group) = settings(cx.plan, id) else { return };
        let now = cx.now();
        let name = cx.plan.fleets[id].name.as_str();
        let fleet = &mut self.fleets[id];
        let before = std::mem::replace(&mut fleet.desired, wanted);
        fleet.refused.fill(None);
        let detail = format!("{before} → {wanted} (minimum {}, maximum {})", group.min_size, group.max_size);
        let entry = cx.timeline.record(now, EventKind::DesiredCapacityChanged, name, detail, cause);
        if let Some(PolicyKind::Simple { cooldown, .. }) = policy.map(|policy| &policy.kind) {
            let cooldown = cooldown.unwrap_or(group.default_cooldown);
            fleet.activity = Some(Activity { cooldown, out: wanted > before, cause: entry });
        }
        self.reconcile(id, entry, cx);
    }

    /// Starts the cooldown of a simple policy when its activity is over (§3.3).
    pub(super) fn settle(&mut self, id: FleetId, cx: &mut Cx) {
        let plan = cx.plan;
        let (Some(activity), Some(group)) = (self.fleets[id].activity, settings(plan, id)) else { return };
        let balanced = !plan.fleets[id].target_groups.is_empty();
        if self.goes_on(id, activity, balanced, group.cooldown_after_drain) {
            return;
        }
        let now = cx.now();
        let until = now.saturating_add(activity.cooldown);
        let fleet = &mut self.fleets[id];
        fleet.activity = None;
        fleet.cooldown_until = fleet.cooldown_until.max(until);
        if !activity.cooldown.is_zero() {
            let detail = format!("{} until {until}", activity.cooldown);
            let name = plan.fleets[id].name.as_str();
            cx.timeline.record(now, EventKind::CooldownStarted, name, detail, activity.cause);
        }
    }

    /// Whether the last instance of an activity has yet to finish launching or terminating. Behind a balancer a scale-in
    /// counts as finished when draining begins (2026 text), or when it ends (2023 text).
    fn goes_on(&self, id: FleetId, activity: Activity, balanced: bool, after_drain: bool) -> bool {
        if activity.out {
            let coming = |row: &Row| matches!(row.state, State::Pending | State::Waiting);
            return self.fleets[id].retrying > 0 || self.members(id).any(coming);
        }
        let mut leaving = self.members(id).filter(|row| row.leaving() && row.scale_in);
        match (balanced, after_drain) {
            (false, _) => leaving.next().is_some(),
            (true, true) => leaving.any(|row| !row.registered.is_empty()),
            (true, false) => false,
        }
    }
}

/// Rule C5: the policy's own warm-up, else the group's, else its cooldown. Simple policies know none.
pub(super) fn warmup(policy: &Policy, group: &AutoScaling) -> Duration {
    match policy.kind {
        PolicyKind::Step { warmup, .. } => warmup.or(group.default_instance_warmup).unwrap_or(group.default_cooldown),
        PolicyKind::Simple { .. } => Duration::ZERO,
    }
}

/// What a policy asks for, in words.
pub(super) fn asks(policy: &Policy) -> String {
    let unit = match policy.adjustment_type {
        AdjustmentType::ChangeInCapacity => "instances",
        AdjustmentType::ExactCapacity => "instances exactly",
        AdjustmentType::PercentChangeInCapacity => "%",
    };
    let signed = policy.adjustment_type != AdjustmentType::ExactCapacity;
    match &policy.kind {
        PolicyKind::Simple { adjustment, .. } if signed => format!("{adjustment:+} {unit}"),
        PolicyKind::Simple { adjustment, .. } => format!("{adjustment} {unit}"),
        PolicyKind::Step { steps, .. } => format!("step scaling in {unit}, {} steps", steps.len()),
    }
}
