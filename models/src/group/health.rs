//! The health of a group's instances: losses, verdicts, marks, and replacement.

use super::replacement::{Health, Standing, allowance, marks};
use super::{Event, Groups, State, seconds, sent, settings};
use crate::plan::{FleetId, TargetGroupId};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{event, launch};
use sim_core::{Duration, Time};

impl Groups {
    /// An instance is gone, in fact: it is billed no longer. Its group will notice (rule P1).
    pub(super) fn lost(&mut self, instance: InstanceId, cause: EntryId, cx: &mut Cx) {
        let now = cx.now();
        let row = &self.rows[instance];
        if row.lost || matches!(row.state, State::Gone | State::Stopped) || row.state.in_pool() {
            return;
        }
        let (id, state) = (row.fleet, row.state);
        let what = match (state, row.running) {
            _ if row.reclaimed() => "Spot interruption: EC2 has taken it back",
            (State::Terminating | State::TerminatingWait, _) => "gone while it was being terminated",
            (State::EnteringStandby | State::Standby, _) => "gone, while in standby",
            (State::Detaching | State::Detached, _) => "gone, while detached",
            (State::InService, _) => "gone, while in service",
            (_, Some(_)) => "gone, before it came into service",
            (_, None) => "gone, before it was running",
        };
        self.stop_meter(instance, now);
        let name = cx.name_of(instance);
        let entry = cx.timeline.record(now, EventKind::InstanceLost, name, what, cause);
        let row = &mut self.rows[instance];
        row.lost = true;
        row.ready = false;
        row.entry = entry;
        cx.list.soon(event::Event::Launch(launch::Event::Abandon(instance)));
        if state == State::Detached {
            row.state = State::Gone;
            self.fleets[id].detached.retain(|one| *one != instance);
            return;
        }
        if settings(cx.plan, id).is_some() {
            let (delay, stream) = &mut self.fleets[id].draws.loss_notice;
            let delay = delay.duration(stream);
            cx.list.after(delay, sent(Event::LossNoticed { instance, cause: entry }));
        } else {
            row.state = State::Stopped;
            row.running = None;
        }
    }

    /// The group notices a loss: it acts at once, without grace and without batches (rules H3, P1, P5).
    pub(super) fn loss_noticed(&mut self, instance: InstanceId, cause: EntryId, cx: &mut Cx) {
        let now = cx.now();
        let row = &self.rows[instance];
        let (id, state) = (row.fleet, row.state);
        match state {
            State::Terminating | State::TerminatingWait => return self.terminated(instance, cx),
            State::Pending | State::Waiting | State::InService => {}
            // Nobody looks after it in standby (rule H4), and outside the group nobody ever does.
            _ => return,
        }
        if row.marked.is_none() && !self.heeds(instance, cx) {
            return;
        }
        let name = cx.name_of(instance);
        let kind = EventKind::InstanceMarkedUnhealthy;
        let told = self.rows[instance].marked.filter(|mark| mark.1 == cause);
        let entry = match told {
            Some(_) => cause,
            None => cx.timeline.record(now, kind, name.as_str(), "EC2: it is not running any more", cause),
        };
        if !self.may_replace(id) {
            self.rows[instance].marked = Some((now, entry));
            return;
        }
        self.deregister(instance, entry, cx);
        let extra = self.rows[instance].extra;
        self.remove(instance, now);
        let fleet = &mut self.fleets[id];
        fleet.counters.terminations += 1;
        fleet.counters.replacements += 1;
        let missing = !extra && self.short(id);
        let entry = if missing {
            let detail = format!("{name} is lost: replaced at once");
            let subject = cx.plan.fleets[id].name.clone();
            cx.timeline.record(now, EventKind::ReplacementStarted, subject, detail, entry)
        } else {
            entry
        };
        self.reconcile(id, entry, cx);
    }

    /// Whether instances are missing.
    fn short(&self, id: FleetId) -> bool {
        let there = self.members(id).filter(|row| row.fills()).map(|row| row.units()).sum::<u32>();
        there + self.fleets[id].retrying < self.fleets[id].desired
    }

    /// A target group has changed its verdict. It is acted on at the group's next look.
    pub(super) fn verdict(&mut self, group: TargetGroupId, instance: InstanceId, healthy: bool, cause: EntryId) {
        let row = &mut self.rows[instance];
        row.unhealthy.retain(|one| one.0 != group);
        if healthy {
            if !row.passed.contains(&group) {
                row.passed.push(group);
            }
            let attached = &mut self.fleets[row.fleet].attached;
            if !attached.contains(&group) {
                attached.push(group);
            }
        } else {
            row.unhealthy.push((group, cause));
        }
    }

    /// The group's look at its instances: marks those found unhealthy, and replaces as many as it may.
    pub(super) fn poll(&mut self, id: FleetId, cx: &mut Cx) {
        let plan = cx.plan;
        let Some(group) = settings(plan, id) else { return };
        cx.list.after(group.health_poll.max(Duration::from_secs(1)), sent(Event::Poll(id)));
        let now = cx.now();
        for index in 0..self.fleets[id].members.len() {
            let instance = self.fleets[id].members[index];
            let row = &self.rows[instance];
            if row.state != State::InService || row.marked.is_some() || row.lost {
                continue;
            }
            let verdict = row.unhealthy.iter().find(|one| self.fleets[id].attached.contains(&one.0));
            let health = Health {
                since: row.entered,
                impaired: row.impaired.is_some(),
                target_unhealthy: !row.unhealthy.is_empty(),
                attached: verdict.is_some(),
            };
            let heeds = self.heeds(instance, cx);
            if !heeds || !marks(health, group.elb_health_check, group.health_check_grace_period, now) {
                if marks(health, group.elb_health_check, Duration::ZERO, now) {
                    let cause = row.impaired.or(verdict.map(|verdict| verdict.1)).unwrap_or(EntryId::NONE);
                    let (reason, detail) = match row.entered {
                        _ if !heeds => (
                            "suspended",
                            "unhealthy, and the group does not look: suspended, or shifted away".to_string(),
                        ),
                        Some(entered) => {
                            let until = entered.saturating_add(group.health_check_grace_period);
                            ("grace", format!("unhealthy, and in its grace period until {until}"))
                        }
                        None => ("grace", "unhealthy, and not in service yet".to_string()),
                    };
                    let name = cx.name_of(instance);
                    cx.timeline.held_back(now, &name, reason, &detail, cause);
                }
                continue;
            }
            let (what, cause) = match (row.impaired, verdict) {
                (Some(cause), _) => ("EC2: its status checks are impaired".to_string(), cause),
                (None, Some(&(target_group, cause))) => {
                    (format!("ELB: unhealthy in target group {}", plan.target_groups[target_group].name), cause)
                }
                (None, None) => continue,
            };
            let detail = match row.entered {
                Some(entered) => format!("{what}; {} in service", seconds(now - entered)),
                None => what,
            };
            let name = cx.name_of(instance);
            let entry = cx.timeline.record(now, EventKind::InstanceMarkedUnhealthy, name, detail, cause);
            self.rows[instance].marked = Some((now, entry));
        }
        self.replace(id, cx);
    }

    /// How many of these may go where so many units may: at least one, if any.
    fn batch(&self, marked: &[&(Time, InstanceId, EntryId)], mut units: u32) -> usize {
        let mut may = 0;
        for &&(_, instance, _) in marked {
            let weight = self.rows[instance].units();
            if units == 0 || (may > 0 && weight > units) {
                break;
            }
            units = units.saturating_sub(weight);
            may += 1;
        }
        may
    }

    /// Marked instances in service, the longest marked first.
    pub(super) fn marked(&self, id: FleetId) -> Vec<(Time, InstanceId, EntryId)> {
        let mut marked: Vec<_> = self.fleets[id]
            .members
            .iter()
            .filter(|&&member| self.rows[member].state == State::InService && !self.rows[member].lost)
            .filter_map(|&member| self.rows[member].marked.map(|(since, entry)| (since, member, entry)))
            .collect();
        marked.sort_unstable_by_key(|one| (one.0, one.1));
        marked
    }

    /// New instances that have yet to pass their initial health check and their warm-up.
    pub(super) fn unsettled(&self, id: FleetId, cx: &Cx) -> u32 {
        self.fleets[id].members.iter().filter(|&&member| self.is_unsettled(member, cx)).count() as u32
    }

    /// Whether it is new, and has yet to pass its initial health check and its warm-up.
    pub(super) fn is_unsettled(&self, instance: InstanceId, cx: &Cx) -> bool {
        let row = &self.rows[instance];
        let Some(group) = settings(cx.plan, row.fleet) else { return false };
        let checked: &[TargetGroupId] = if group.elb_health_check { &self.fleets[row.fleet].checked } else { &[] };
        let warmup = group.default_instance_warmup.unwrap_or(Duration::ZERO);
        row.unsettled(checked, warmup, group.health_check_grace_period, cx.now())
    }

    /// Replaces marked instances: terminated and launched together (rule P3), or as the maintenance policy has it.
    pub(super) fn replace(&mut self, id: FleetId, cx: &mut Cx) {
        let now = cx.now();
        let plan = cx.plan;
        let Some(group) = settings(plan, id) else { return };
        if !self.may_replace(id) {
            for (_, instance, cause) in self.marked(id) {
                let name = cx.name_of(instance);
                cx.timeline.held_back(now, &name, "suspended", "unhealthy, and not replaced: suspended", cause);
            }
            return;
        }
        if let Some(policy) = group.lifecycle.maintenance {
            return self.replace_within(id, policy, cx);
        }
        let marked = self.marked(id);
        if marked.is_empty() {
            return;
        }
        let standing = Standing {
            desired: self.fleets[id].desired,
            healthy: self
                .members(id)
                .filter(|row| row.state == State::InService && row.marked.is_none())
                .map(|row| row.units())
                .sum(),
            busy: self.busy(id),
            unsettled: self.unsettled(id, cx),
        };
        // Marks set by hand go at once (rule P1), and all others by batches.
        let (at_once, batched): (Vec<_>, Vec<_>) = marked.iter().partition(|one| self.rows[one.1].custom);
        let may = self.batch(&batched, allowance(standing));
        let total = batched.len();
        for &&(_, instance, cause) in &batched[may..] {
            let name = cx.name_of(instance);
            cx.timeline.held_back(now, &name, "batch", "unhealthy, and waits: others are replaced first", cause);
        }
        let batched = batched.iter().take(may).map(|&one| (one, may));
        for (&(since, instance, cause), may) in at_once.iter().map(|&one| (one, total)).chain(batched) {
            let name = cx.name_of(instance);
            let mut detail = format!("{name} is unhealthy: terminated and replaced");
            if now > since {
                detail += &format!(", {} after its mark", seconds(now - since));
            }
            if total > may {
                detail += &format!("; {may} of {total} at a time");
            }
            let subject = plan.fleets[id].name.as_str();
            let entry = cx.timeline.record(now, EventKind::ReplacementStarted, subject, detail, cause);
            self.fleets[id].counters.replacements += 1;
            self.terminate(instance, "unhealthy", entry, cx);
            self.reconcile(id, entry, cx);
        }
    }
}
