//! Scaling a group: notifications of alarms become a new desired capacity, and simple policies their cooldown.

use super::policy::{self, Capacity, Refusal};
use super::target_tracking;
use super::{Activity, Asker, Event, Groups, Invocation, Row, State, sent, settings};
use crate::plan::{
    AdjustmentType, AlarmId, AutoScaling, Comparison, FleetId, MetricAggregation, MetricAggregationType, Policy,
    PolicyKind, ScalingProcess, TargetTracking,
};
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::{Duration, Time};

impl Groups {
    /// Somebody wishes for another capacity; wishes of the same instant are decided together (rule C2).
    pub(super) fn invoked(&mut self, id: FleetId, invocation: Invocation, cx: &mut Cx) {
        let fleet = &mut self.fleets[id];
        if fleet.invoked.is_empty() {
            cx.list.soon(sent(Event::Decide(id)));
        }
        fleet.invoked.push(invocation);
    }

    /// Decides on the wishes of this instant: the largest capacity wins.
    pub(super) fn decide(&mut self, id: FleetId, cx: &mut Cx) {
        let plan = cx.plan;
        let invoked = std::mem::take(&mut self.fleets[id].invoked);
        let Some(group) = settings(plan, id) else { return };
        let mut best: Option<(u32, Invocation)> = None;
        let mut refusals: Vec<(Invocation, Refusal)> = Vec::new();
        for invocation in invoked {
            if let Asker::Alarm { policy, .. } = invocation.by
                && group.policies.len() <= policy as usize
            {
                continue;
            }
            match (self.wish(id, group, invocation.by, cx), best) {
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

    /// The capacity that one asks for, if it is another than the desired one.
    fn wish(&self, id: FleetId, group: &AutoScaling, by: Asker, cx: &Cx) -> Result<u32, Refusal> {
        let now = cx.now();
        let fleet = &self.fleets[id];
        let (policy, alarm) = match by {
            Asker::Alarm { policy, alarm } => (policy, alarm),
            Asker::Schedule { wanted, .. } => {
                return if wanted == fleet.desired { Err(Refusal::Enough) } else { Ok(wanted) };
            }
            Asker::Forecast { wanted, .. } => {
                return if wanted > fleet.desired { Ok(wanted) } else { Err(Refusal::Enough) };
            }
        };
        let settings = &group.policies[policy as usize];
        if !settings.enabled {
            return Err(Refusal::Disabled);
        }
        if self.suspended(id, ScalingProcess::AlarmNotification) {
            return Err(Refusal::Suspended);
        }
        let wanted = match &settings.kind {
            PolicyKind::TargetTracking(tracking) => self.tracked(id, group, (policy, tracking), alarm, cx)?,
            _ => {
                let watched = &cx.plan.alarms[alarm];
                let below = is_below(watched.comparison);
                let capacity = self.capacity(id, warmup(settings, group), now);
                policy::decide(settings, capacity, aggregated(settings, alarm, cx) - watched.threshold, below, now)?
            }
        };
        // Of a forecast and a policy that would take away, too, the larger capacity counts (rule C2).
        let least = fleet.forecasts.iter().filter_map(|one| one.floor(now)).max().unwrap_or(0).min(fleet.max);
        if wanted < fleet.desired && wanted < least {
            return if least < fleet.desired { Ok(least) } else { Err(Refusal::Forecast(least)) };
        }
        self.permitted(id, Ok(wanted))
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
    pub(super) fn capacity(&self, id: FleetId, warmup: Duration, now: Time) -> Capacity {
        let fleet = &self.fleets[id];
        let present = self.members(id).filter(|row| row.counts());
        let units = |row: &Row| row.purchase.weight;
        let warm = present.clone().filter(|row| row.warm(warmup, now)).map(units).sum::<u32>();
        let leaving = self.members(id).filter(|row| row.leaving() && row.scale_in);
        Capacity {
            desired: fleet.desired,
            min: fleet.min,
            max: fleet.max,
            warm,
            warming: present.map(units).sum::<u32>() - warm + fleet.retrying,
            leaving: leaving.map(units).sum(),
            busy: self.busy(id) || fleet.activity.is_some(),
            cooldown_until: fleet.cooldown_until,
        }
    }

    /// Writes a refusal down, unless the same was written for the same state of the alarm before.
    pub(super) fn refuse(
        &mut self,
        id: FleetId,
        group: &AutoScaling,
        invocation: Invocation,
        refusal: Refusal,
        cx: &mut Cx,
    ) {
        let now = cx.now();
        let asker = match invocation.by {
            Asker::Alarm { policy, .. } | Asker::Forecast { policy, .. } => {
                let told = &mut self.fleets[id].refused[policy as usize];
                told.retain(|one| one.1 == invocation.cause);
                if let Some(one) = told.iter().find(|one| one.0.is_like(refusal)) {
                    return cx.timeline.again(one.2, now);
                }
                &group.policies[policy as usize].name
            }
            Asker::Schedule { action, .. } => &group.schedule.actions[action as usize].name,
        };
        let words = match refusal {
            Refusal::Stays(other) => format!("{} does not want to scale in", group.policies[other as usize].name),
            Refusal::Unknown(other) => format!("{} has no data", group.policies[other as usize].name),
            other => other.words(now),
        };
        let name = cx.plan.fleets[id].name.as_str();
        let detail = format!("{asker}: {words}");
        let entry = cx.timeline.record(now, EventKind::PolicyIgnored, name, detail, invocation.cause);
        if let Asker::Alarm { policy, .. } | Asker::Forecast { policy, .. } = invocation.by {
            self.fleets[id].refused[policy as usize].push((refusal, invocation.cause, entry));
        }
    }

    /// Sets the desired capacity, and starts what follows from it.
    fn apply(&mut self, id: FleetId, group: &AutoScaling, invocation: Invocation, wanted: u32, cx: &mut Cx) {
        let now = cx.now();
        let plan = cx.plan;
        let name = plan.fleets[id].name.as_str();
        let (policy, alarm) = match invocation.by {
            Asker::Alarm { policy, alarm } => (policy, alarm),
            Asker::Schedule { .. } => return self.change(id, wanted, None, invocation.cause, cx),
            Asker::Forecast { policy, .. } => {
                let detail = format!(
                    "{}: the forecast for the hour ahead asks for {wanted}",
                    group.policies[policy as usize].name
                );
                let entry = cx.timeline.record(now, EventKind::PolicyInvoked, name, detail, invocation.cause);
                return self.change(id, wanted, None, entry, cx);
            }
        };
        let policy = &group.policies[policy as usize];
        let watched = &plan.alarms[alarm];
        let detail = match &policy.kind {
            PolicyKind::TargetTracking(tracking) => {
                let (value, below) = (cx.datapoints.notified(alarm), is_below(watched.comparison));
                let capacity = self.capacity(id, warmup(policy, group), now);
                format!("{}: {}", policy.name, target_tracking::asks(tracking, capacity, value, below))
            }
            _ => {
                let value = aggregated(policy, alarm, cx);
                let asks = asks(policy, value - watched.threshold, is_below(watched.comparison));
                format!("{}: {asks}; {} is at {value:.2}", policy.name, watched.name)
            }
        };
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
        // What a new capacity does not change stays told.
        let stays = |refusal: Refusal| matches!(refusal, Refusal::AboveMax(..));
        fleet.refused.iter_mut().for_each(|told| told.retain(|one| stays(one.0)));
        let detail = format!("{before} → {wanted} (minimum {}, maximum {})", fleet.min, fleet.max);
        let entry = cx.timeline.record(now, EventKind::DesiredCapacityChanged, name, detail, cause);
        let cooldown = match policy.map(|policy| &policy.kind) {
            Some(PolicyKind::Simple { cooldown, .. }) => Some(cooldown.unwrap_or(group.default_cooldown)),
            _ => group.every_activity_cools_down.then_some(group.default_cooldown),
        };
        if let Some(cooldown) = cooldown {
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
        if self.asks(id) {
            return true;
        }
        let mut leaving = self.members(id).filter(|row| row.leaving() && row.scale_in);
        match (balanced, after_drain) {
            (false, _) => leaving.next().is_some(),
            (true, true) => leaving.any(|row| !row.registered.is_empty()),
            (true, false) => false,
        }
    }
}

/// Rule C5: the policy's own warm-up, else the group's, else its cooldown. Simple and predictive policies know none.
pub(super) fn warmup(policy: &Policy, group: &AutoScaling) -> Duration {
    match &policy.kind {
        PolicyKind::Step { warmup, .. } | PolicyKind::TargetTracking(TargetTracking { warmup, .. }) => {
            warmup.or(group.default_instance_warmup).unwrap_or(group.default_cooldown)
        }
        PolicyKind::Simple { .. } | PolicyKind::Predictive(_) => Duration::ZERO,
    }
}

/// Whether an alarm is one of the kind "less than".
pub(super) fn is_below(comparison: Comparison) -> bool {
    matches!(comparison, Comparison::LessThan | Comparison::LessThanOrEqual)
}

/// The value that chooses a step: that of the notification, or an aggregate over the alarm's newest periods (§3.4).
fn aggregated(policy: &Policy, alarm: AlarmId, cx: &Cx) -> f64 {
    let notified = cx.datapoints.notified(alarm);
    let PolicyKind::Step { aggregation: MetricAggregation { of, periods }, .. } = policy.kind else { return notified };
    if periods <= 1 {
        return notified;
    }
    let newest: Vec<f64> = cx.datapoints.read(alarm, periods, cx.now()).values.into_iter().flatten().collect();
    if newest.is_empty() {
        return notified;
    }
    match of {
        MetricAggregationType::Average => newest.iter().sum::<f64>() / newest.len() as f64,
        MetricAggregationType::Minimum => newest.iter().copied().fold(f64::INFINITY, f64::min),
        MetricAggregationType::Maximum => newest.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    }
}

/// What a policy asks for, in words, when the metric is so far from the threshold (`below`: an alarm of the kind "less than").
pub(super) fn asks(policy: &Policy, offset: f64, below: bool) -> String {
    let adjustment = match &policy.kind {
        PolicyKind::Simple { adjustment, .. } => *adjustment,
        PolicyKind::Step { steps, .. } => policy::step_of(steps, offset, below).unwrap_or(0.0),
        PolicyKind::TargetTracking(tracking) => return format!("target {}", tracking.target),
        PolicyKind::Predictive(predictive) => return format!("forecast of {}", predictive.pair),
    };
    match policy.adjustment_type {
        AdjustmentType::ChangeInCapacity => format!("{adjustment:+} instances"),
        AdjustmentType::ExactCapacity => format!("{adjustment} instances exactly"),
        AdjustmentType::PercentChangeInCapacity => format!("{adjustment:+} %"),
    }
}
