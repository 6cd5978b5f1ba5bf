//! Instance refresh: a group is moved over to another launch template, batch by batch, and back again if it goes wrong.
//!
//! ```text
//!  Start ─► look each 5 s ─► batch ─► terminate │ launch ahead ─► healthy and warmed up ─► next ─┐
//!             │                 ▲                                                                │
//!             │                 └──────────── checkpoint, delay ◄────────────────────────────────┤
//!  alarm ─────┤                                                    warm pool ─► baking ─► Successful
//!  an hour ───┴─► Failed │ rollback: the same, back to the old template
//! ```
//! # Models      batches by MinHealthyPercentage and MaxHealthyPercentage (`batch`); instance warm-up; checkpoints; baking;
//!   skipping of matching instances; alarms; automatic rollback; the new template for whatever is launched meanwhile
//!   (rule I6), which becomes the group's own only when the refresh has succeeded; the warm pool at the end
//! # Leaves out  checkpoints that come again when the group grows; ReplaceRootVolume; the limit of 14 days
//! # Source      Amazon EC2 Auto Scaling user guide, "Instance refresh"; `aws/scaling.md` §1.11
//!
//! What AWS leaves open: how often it looks; that a rollback has neither checkpoints nor baking; that the checkpoint of 100 %
//! delays nothing.

use super::batch::{self, Batch};
use super::lifecycle::Purpose;
use super::{Event, Groups, Row, State, sent, settings};
use crate::alarm;
use crate::plan::{ApiCall, FleetId, OperationId, Plan, RefreshPreferences, ScalingProcess, Unreplaced};
use crate::request::InstanceId;
use crate::result::{EventKind, RefreshFigures};
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::{Duration, Time};

/// Between two looks of a refresh at its group. Not documented; a modelling choice.
const LOOK: Duration = Duration::from_secs(5);

/// What does not come back to health within this time after its warm-up fails the refresh (rule I3).
const PATIENCE: Duration = Duration::from_secs(3600);

/// A refresh under way.
pub(super) struct Refresh {
    /// The n-th of its group: looks of earlier ones are void.
    number: u16,
    operation: OperationId,
    /// Template of the group before, and the one wanted now.
    from: u16,
    to: u16,
    back: bool,
    /// Instances of this number and above were launched since it began.
    mark: usize,
    phase: Phase,
    /// Instances to replace, and replaced.
    total: u32,
    replaced: u32,
    checkpoints: usize,
    /// Launched ahead in the open batch.
    ahead: u32,
    open: bool,
    /// The open batch, or the wait for another, began then.
    since: Time,
    /// An instance ahead that came to nothing is launched again from then on.
    relaunch: Time,
    /// What it waits for, as last written down.
    waits: Option<Wait>,
    /// Why it goes back.
    why: String,
    started: Time,
    entry: EntryId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Replacing,
    /// At a checkpoint until then.
    Checkpoint(Time),
    /// The group is done: the warm pool.
    Pool,
    Baking(Time),
}

/// What holds a refresh up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Alarm,
    Health,
    /// Instances that are protected from scale-in, or in standby.
    Kept,
    Suspended,
}

/// How a refresh ended, as AWS spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Successful,
    Failed,
    Cancelled,
    RollbackSuccessful,
    RollbackFailed,
}

/// The preferences of the call that started a refresh.
fn preferences(plan: &Plan, operation: OperationId) -> Option<&RefreshPreferences> {
    match &plan.operations[operation].call {
        ApiCall::StartInstanceRefresh { preferences, .. } => Some(preferences),
        _ => None,
    }
}

impl Refresh {
    /// Whether an instance is of those to replace; whether it may be is another question.
    fn replaces(&self, instance: InstanceId, row: &Row, skip_matching: bool) -> bool {
        match self.back {
            true => row.template != self.to,
            false => instance.index() < self.mark && !(skip_matching && row.template == self.to),
        }
    }
}

impl Groups {
    /// The launch template that a group launches from: of a refresh under way, else its own.
    pub(super) fn current_template(&self, id: FleetId) -> u16 {
        let fleet = &self.fleets[id];
        fleet.refresh.as_ref().map_or(fleet.template, |refresh| refresh.to)
    }

    /// Whether an instance needs no refresh as far as its age goes; its template is another question.
    pub(super) fn is_current(&self, id: FleetId, instance: InstanceId) -> bool {
        let refresh = self.fleets[id].refresh.as_ref();
        refresh.is_none_or(|refresh| refresh.back || instance.index() >= refresh.mark)
    }

    /// StartInstanceRefresh.
    pub(super) fn start_refresh(
        &mut self,
        id: FleetId,
        operation: OperationId,
        template: u16,
        cause: EntryId,
        cx: &mut Cx,
    ) -> Result<(), String> {
        let Some(wishes) = preferences(cx.plan, operation) else { return Ok(()) };
        if self.fleets[id].refresh.is_some() {
            return Err("InstanceRefreshInProgress: another instance refresh is in progress".to_string());
        }
        let now = cx.now();
        let fleet = &mut self.fleets[id];
        let number = fleet.refreshes.len() as u16;
        fleet.refresh = Some(Box::new(Refresh {
            number,
            operation,
            from: fleet.template,
            to: template,
            back: false,
            mark: self.rows.len(),
            phase: Phase::Replacing,
            total: 0,
            replaced: 0,
            checkpoints: 0,
            ahead: 0,
            open: false,
            since: now,
            relaunch: now,
            waits: None,
            why: String::new(),
            started: now,
            entry: cause,
        }));
        let total = self.to_replace(id, wishes, cx).len() as u32 + self.kept(id, wishes);
        let plan_fleet = &cx.plan.fleets[id];
        let bounds = match wishes.max_healthy_percentage {
            Some(max) => format!("{} % to {max} % healthy", wishes.min_healthy_percentage),
            None => format!("at least {} % healthy", wishes.min_healthy_percentage),
        };
        let detail = match total {
            0 => format!("to {}: every instance matches already", plan_fleet.template(template).name),
            _ => format!("to {}: {total} instances, {bounds}", plan_fleet.template(template).name),
        };
        let entry = cx.timeline.record(now, EventKind::RefreshStarted, plan_fleet.name.as_str(), detail, cause);
        if let Some(refresh) = &mut self.fleets[id].refresh {
            refresh.total = total;
            refresh.entry = entry;
        }
        // Rule I5: they must not be in ALARM when it starts.
        if let Some((name, cause)) = self.alarmed(wishes, cx.plan, alarm::State::Alarm) {
            let why = format!("alarm {name} is in ALARM at the start");
            self.end_refresh(id, Status::Failed, &why, cause, cx);
            return Ok(());
        }
        cx.list.after(LOOK, sent(Event::RefreshLook { fleet: id, number }));
        self.step(id, cx);
        Ok(())
    }

    /// CancelInstanceRefresh: what has been replaced stays as it is.
    pub(super) fn cancel_refresh(&mut self, id: FleetId, cause: EntryId, cx: &mut Cx) -> Result<(), String> {
        if self.fleets[id].refresh.is_none() {
            return Err("ActiveInstanceRefreshNotFound: no instance refresh is in progress".to_string());
        }
        self.end_refresh(id, Status::Cancelled, "by hand", cause, cx);
        Ok(())
    }

    /// RollbackInstanceRefresh.
    pub(super) fn rollback_refresh(&mut self, id: FleetId, cause: EntryId, cx: &mut Cx) -> Result<(), String> {
        match &self.fleets[id].refresh {
            None => Err("ActiveInstanceRefreshNotFound: no instance refresh is in progress".to_string()),
            Some(refresh) if refresh.back => Err("IrreversibleInstanceRefresh: it rolls back already".to_string()),
            Some(refresh) if refresh.from == refresh.to => {
                Err("IrreversibleInstanceRefresh: it has no other configuration to go back from".to_string())
            }
            Some(_) => {
                self.roll_back(id, "by hand", cause, cx);
                Ok(())
            }
        }
    }

    /// An alarm that some refresh goes by has changed.
    pub(super) fn alarm_told(&mut self, alarm: crate::plan::AlarmId, state: u8, cause: EntryId) {
        if let Some(told) = self.alarms.get_mut(alarm) {
            *told = (alarm::State::of(state), cause);
        }
    }

    /// A look at the group.
    pub(super) fn look(&mut self, id: FleetId, number: u16, cx: &mut Cx) {
        if self.fleets[id].refresh.as_ref().is_some_and(|refresh| refresh.number == number) {
            cx.list.after(LOOK, sent(Event::RefreshLook { fleet: id, number }));
            self.step(id, cx);
        }
    }

    /// Goes on as far as it can.
    fn step(&mut self, id: FleetId, cx: &mut Cx) {
        let plan = cx.plan;
        let now = cx.now();
        let Some(refresh) = &self.fleets[id].refresh else { return };
        let Some(wishes) = preferences(plan, refresh.operation) else { return };
        let phase = refresh.phase;
        // §1.9: its own process, and those that it cannot do without.
        let needs = [ScalingProcess::InstanceRefresh, ScalingProcess::Launch, ScalingProcess::Terminate];
        if needs.iter().any(|&process| self.suspended(id, process)) {
            return self.wait(id, Wait::Suspended, "waits: a process that it needs is suspended", None, cx);
        }
        if !refresh.back {
            if let Some((name, cause)) = self.alarmed(wishes, plan, alarm::State::Alarm) {
                let why = format!("alarm {name} is in ALARM");
                return self.refresh_failed(id, wishes, &why, cause, cx);
            }
            if let Some((name, cause)) = self.alarmed(wishes, plan, alarm::State::InsufficientData) {
                let why = format!("waits: alarm {name} is in INSUFFICIENT_DATA");
                return self.wait(id, Wait::Alarm, &why, Some(cause), cx);
            }
        }
        match phase {
            Phase::Replacing => self.replace_batch(id, wishes, cx),
            Phase::Checkpoint(until) if now >= until => {
                self.enter_phase(id, Phase::Replacing, now);
                self.replace_batch(id, wishes, cx);
            }
            Phase::Pool => self.replace_pool(id, wishes, cx),
            Phase::Baking(until) if now >= until => self.succeed(id, cx),
            Phase::Checkpoint(_) | Phase::Baking(_) => {}
        }
    }

    /// The replacing of the group itself: waits for the open batch, closes it, opens the next.
    fn replace_batch(&mut self, id: FleetId, wishes: &RefreshPreferences, cx: &mut Cx) {
        let now = cx.now();
        let warmup = self.refresh_warmup(id, wishes, cx.plan);
        if !self.is_settled(id, warmup, cx) {
            self.relaunch_ahead(id, wishes, cx);
            return self.lose_patience(id, wishes, warmup, cx);
        }
        self.close_batch(id, cx);
        let due = self.to_replace(id, wishes, cx).len() as u32;
        let kept = self.kept(id, wishes);
        let left = due + kept;
        let Some(refresh) = &mut self.fleets[id].refresh else { return };
        refresh.replaced = refresh.total.saturating_sub(left);
        let (replaced, total) = (refresh.replaced, refresh.total);
        let points: &[u32] = if refresh.back { &[] } else { &wishes.checkpoint_percentages };
        let before = refresh.checkpoints;
        refresh.checkpoints = batch::checkpoints_reached(points, before, replaced, total);
        let reached = refresh.checkpoints;
        let wanted = batch::wanted(total, points);
        if reached > before && total > 0 && left > 0 {
            let until = now.saturating_add(wishes.checkpoint_delay);
            let detail = format!(
                "{} %: {replaced} of {total} replaced; waits {} for the checkpoint of {} %",
                batch::percentage(replaced, total),
                wishes.checkpoint_delay,
                points[reached - 1]
            );
            self.note(id, EventKind::RefreshCheckpoint, &detail, None, cx);
            if !wishes.checkpoint_delay.is_zero() {
                return self.enter_phase(id, Phase::Checkpoint(until), now);
            }
        }
        if left == 0 || replaced >= wanted {
            let whole = left == 0;
            let next = if whole { Phase::Pool } else { Phase::Baking(now.saturating_add(wishes.bake_time)) };
            self.enter_phase(id, next, now);
            return if whole { self.replace_pool(id, wishes, cx) } else { self.bake(id, wishes, cx) };
        }
        if due == 0 {
            let why = format!("waits: {kept} protected from scale-in or in standby");
            self.wait(id, Wait::Kept, &why, None, cx);
            return self.lose_patience(id, wishes, Duration::ZERO, cx);
        }
        self.open_batch(id, wishes, warmup, wanted - replaced, cx);
    }

    /// Those that had been launched ahead are up: as many of the old ones go.
    fn close_batch(&mut self, id: FleetId, cx: &mut Cx) {
        let Some(refresh) = &mut self.fleets[id].refresh else { return };
        if !refresh.open {
            return;
        }
        refresh.open = false;
        refresh.since = cx.now();
        let entry = refresh.entry;
        refresh.ahead = 0;
        for new in self.ahead(id) {
            self.rows[new].ahead = false;
            // One whose place was given up meanwhile (it was lost, say) has been made up for.
            if let Some(old) = self.rows[new].replaces {
                self.terminate(old, "instance refresh: its replacement is in service", entry, cx);
            }
        }
    }

    /// Instances that were launched ahead and have not taken their place yet.
    fn ahead(&self, id: FleetId) -> Vec<InstanceId> {
        self.fleets[id].members.iter().copied().filter(|&one| self.rows[one].ahead).collect()
    }

    fn open_batch(&mut self, id: FleetId, wishes: &RefreshPreferences, warmup: Duration, most: u32, cx: &mut Cx) {
        let now = cx.now();
        let desired = self.fleets[id].desired;
        let old = self.to_replace(id, wishes, cx);
        let ill = old.iter().filter(|one| !one.0).count() as u32;
        let healthy = self.members(id).filter(|row| self.is_fit(id, row, warmup, cx)).count() as u32;
        let most = most.min(old.len() as u32);
        let size = batch::batch(desired, wishes.min_healthy_percentage, wishes.max_healthy_percentage);
        let at_once = batch::may_go(size, desired, healthy, ill).min(most);
        let ahead = size.ahead.min(most - at_once);
        if at_once + ahead == 0 {
            let why = format!("waits: {healthy} of {desired} healthy, {} % wanted", wishes.min_healthy_percentage);
            self.wait(id, Wait::Health, &why, None, cx);
            return self.lose_patience(id, wishes, warmup, cx);
        }
        let Some(refresh) = &mut self.fleets[id].refresh else { return };
        refresh.open = true;
        refresh.since = now;
        refresh.ahead = ahead;
        refresh.waits = None;
        let (replaced, total) = (refresh.replaced, refresh.total);
        let Batch { terminate_first, .. } = size;
        let how = match (at_once, ahead, terminate_first) {
            (n, 0, false) => format!("replaces {n}"),
            (n, 0, true) => format!("terminates {n}, then launches"),
            (0, n, _) => format!("launches {n}, then terminates"),
            (n, m, _) => format!("replaces {n}, and launches {m} ahead"),
        };
        let detail = format!("{how}; {} % done, {replaced} of {total}", batch::percentage(replaced, total));
        let entry = self.note(id, EventKind::RefreshBatch, &detail, None, cx);
        self.blame_release(id, entry, cx);
        for &(_, instance) in old.iter().take(at_once as usize) {
            self.terminate(instance, "instance refresh", entry, cx);
            // Its place is kept until it is gone.
            self.rows[instance].keeps_place = terminate_first && self.rows[instance].leaving();
        }
        self.reconcile(id, entry, cx);
        for &(_, instance) in old.iter().skip(at_once as usize).take(ahead as usize) {
            self.launch_ahead(id, instance, entry, cx);
        }
    }

    /// One instance beyond the desired capacity, for the place of another.
    fn launch_ahead(&mut self, id: FleetId, old: InstanceId, cause: EntryId, cx: &mut Cx) {
        let before = self.rows.len();
        self.launch(id, Purpose::Ahead(old), cause, cx);
        for index in before..self.rows.len() {
            self.rows[InstanceId::new(index)].ahead = true;
        }
    }

    /// Launches ahead that came to nothing are made up for, a while later.
    fn relaunch_ahead(&mut self, id: FleetId, wishes: &RefreshPreferences, cx: &mut Cx) {
        let now = cx.now();
        let there = self.members(id).filter(|row| row.ahead && row.counts()).count() as u32;
        let Some(refresh) = &mut self.fleets[id].refresh else { return };
        let (missing, entry) = (refresh.ahead.saturating_sub(there), refresh.entry);
        if !refresh.open || missing == 0 || now < refresh.relaunch {
            return;
        }
        let (delay, stream) = &mut self.fleets[id].draws.launch_retry;
        let again = now + delay.duration(stream);
        if let Some(refresh) = &mut self.fleets[id].refresh {
            refresh.relaunch = again;
        }
        let mut old = self.to_replace(id, wishes, cx);
        old.retain(|one| !self.members(id).any(|row| row.replaces == Some(one.1) && row.counts()));
        for &(_, instance) in old.iter().take(missing as usize) {
            self.launch_ahead(id, instance, entry, cx);
        }
    }

    /// The warm pool comes last (rule I6), in batches of the same share.
    fn replace_pool(&mut self, id: FleetId, wishes: &RefreshPreferences, cx: &mut Cx) {
        let Some(counts) = self.pool_counts(id, cx.plan) else { return self.bake(id, wishes, cx) };
        let Some(refresh) = &self.fleets[id].refresh else { return };
        let entry = refresh.entry;
        let stays = |member: InstanceId| self.rows[member].state != State::WarmTerminating;
        let members = self.fleets[id].pool.members.iter().copied().filter(|&member| stays(member));
        let old: Vec<InstanceId> =
            members.filter(|&one| refresh.replaces(one, &self.rows[one], wishes.skip_matching)).collect();
        let ready = counts.warmed >= counts.desired;
        if old.is_empty() && ready {
            return self.bake(id, wishes, cx);
        }
        if !ready {
            return self.lose_patience(id, wishes, Duration::ZERO, cx);
        }
        let size = batch::batch(counts.desired, wishes.min_healthy_percentage, None).at_once.max(1);
        let detail = format!("warm pool: replaces {} of {}", (size as usize).min(old.len()), old.len());
        let entry = self.note(id, EventKind::RefreshBatch, &detail, Some(entry), cx);
        self.fleets[id].pool.because = entry;
        if let Some(refresh) = &mut self.fleets[id].refresh {
            refresh.since = cx.now();
        }
        for &instance in old.iter().take(size as usize) {
            self.terminate_in_pool(instance, "instance refresh", entry, cx);
        }
        self.tend_pool(id, cx);
    }

    /// All is replaced: baking, if any is wanted, then the end.
    fn bake(&mut self, id: FleetId, wishes: &RefreshPreferences, cx: &mut Cx) {
        let now = cx.now();
        let Some(refresh) = &self.fleets[id].refresh else { return };
        if refresh.back || wishes.bake_time.is_zero() {
            return self.succeed(id, cx);
        }
        let detail = format!("{} replaced; bakes for {}", refresh.replaced, wishes.bake_time);
        self.note(id, EventKind::RefreshBaking, &detail, None, cx);
        self.enter_phase(id, Phase::Baking(now.saturating_add(wishes.bake_time)), now);
    }

    fn succeed(&mut self, id: FleetId, cx: &mut Cx) {
        let Some(refresh) = &self.fleets[id].refresh else { return };
        let status = if refresh.back { Status::RollbackSuccessful } else { Status::Successful };
        let entry = refresh.entry;
        self.end_refresh(id, status, "", entry, cx);
    }

    fn refresh_failed(&mut self, id: FleetId, wishes: &RefreshPreferences, why: &str, cause: EntryId, cx: &mut Cx) {
        let Some(refresh) = &self.fleets[id].refresh else { return };
        match (refresh.back, wishes.auto_rollback && refresh.from != refresh.to) {
            (true, _) => self.end_refresh(id, Status::RollbackFailed, why, cause, cx),
            (false, true) => self.roll_back(id, why, cause, cx),
            (false, false) => self.end_refresh(id, Status::Failed, why, cause, cx),
        }
    }

    /// Everything that the new template has brought is replaced by the old one.
    fn roll_back(&mut self, id: FleetId, why: &str, cause: EntryId, cx: &mut Cx) {
        let now = cx.now();
        let mark = self.rows.len();
        let Some(refresh) = &mut self.fleets[id].refresh else { return };
        let Some(wishes) = preferences(cx.plan, refresh.operation) else { return };
        refresh.why = why.to_string();
        let done = batch::percentage(refresh.replaced, refresh.total);
        refresh.back = true;
        refresh.to = refresh.from;
        refresh.mark = mark;
        refresh.phase = Phase::Replacing;
        refresh.open = false;
        refresh.ahead = 0;
        refresh.replaced = 0;
        refresh.since = now;
        refresh.waits = None;
        let to = refresh.to;
        let ahead = self.ahead(id);
        let total = (self.to_replace(id, wishes, cx).len() - ahead.len()) as u32;
        let name = cx.plan.fleets[id].template(to).name.as_str();
        let detail = format!("{why}: rolls back from {done} % to {name}, {total} instances");
        let entry = self.note(id, EventKind::RefreshRollback, &detail, Some(cause), cx);
        if let Some(refresh) = &mut self.fleets[id].refresh {
            refresh.total = total;
        }
        // Nobody waits for those any more.
        for instance in ahead {
            self.rows[instance].ahead = false;
            if self.rows[instance].counts() {
                self.terminate(instance, "instance refresh: rolled back", entry, cx);
            }
        }
        self.step(id, cx);
    }

    fn end_refresh(&mut self, id: FleetId, status: Status, why: &str, cause: EntryId, cx: &mut Cx) {
        let now = cx.now();
        let Some(refresh) = self.fleets[id].refresh.take() else { return };
        if status == Status::Successful {
            self.fleets[id].template = refresh.to;
        }
        let (replaced, total) = (refresh.replaced, refresh.total);
        let done = format!("{} %: {replaced} of {total} replaced", batch::percentage(replaced, total));
        let kind = match status {
            Status::Successful | Status::RollbackSuccessful => EventKind::RefreshSucceeded,
            Status::Failed | Status::RollbackFailed => EventKind::RefreshFailed,
            Status::Cancelled => EventKind::RefreshCancelled,
        };
        let took = format!("{status:?} after {}", now - refresh.started);
        let detail = if why.is_empty() { format!("{took}, {done}") } else { format!("{took}: {why}; {done}") };
        let entry = cx.timeline.record(now, kind, cx.plan.fleets[id].name.as_str(), detail, cause);
        let figures = RefreshFigures { ended_s: Some(now.as_secs_f64()), ..refresh.figures(id, cx.plan) };
        let why = if why.is_empty() { refresh.why } else { why.to_string() };
        self.fleets[id].refreshes.push(RefreshFigures { status: format!("{status:?}"), why, ..figures });
        let members = self.fleets[id].members.clone();
        for member in members {
            let row = &mut self.rows[member];
            if std::mem::take(&mut row.ahead) {
                (row.extra, row.replaces) = (false, None);
            }
            row.keeps_place = false;
        }
        self.reconcile(id, entry, cx);
    }

    /// Members to replace, with whether each is healthy and warmed up: the others first, then the oldest (rule I6).
    fn to_replace(&self, id: FleetId, wishes: &RefreshPreferences, cx: &Cx) -> Vec<(bool, InstanceId)> {
        let Some(refresh) = &self.fleets[id].refresh else { return Vec::new() };
        let warmup = self.refresh_warmup(id, wishes, cx.plan);
        let members = self.fleets[id].members.iter().copied();
        let mut old: Vec<(bool, InstanceId)> = members
            .filter(|&member| {
                let row = &self.rows[member];
                let may = match row.state {
                    State::Standby => wishes.standby == Unreplaced::Replace,
                    _ => row.counts() && (!row.protected || wishes.scale_in_protected == Unreplaced::Replace),
                };
                may && refresh.replaces(member, row, wishes.skip_matching)
            })
            .map(|member| (self.is_fit(id, &self.rows[member], warmup, cx), member))
            .collect();
        old.sort_unstable();
        old
    }

    /// Members that it waits for: protected from scale-in, or in standby, and not to be ignored.
    fn kept(&self, id: FleetId, wishes: &RefreshPreferences) -> u32 {
        let Some(refresh) = &self.fleets[id].refresh else { return 0 };
        let kept = self.fleets[id].members.iter().filter(|&&member| {
            let row = &self.rows[member];
            let waits = match row.state {
                State::EnteringStandby | State::Standby => wishes.standby == Unreplaced::Wait,
                _ => row.counts() && row.protected && wishes.scale_in_protected == Unreplaced::Wait,
            };
            waits && refresh.replaces(member, row, wishes.skip_matching)
        });
        kept.count() as u32
    }

    /// In service, and nothing bad is known of it.
    fn is_well(&self, id: FleetId, row: &Row, plan: &Plan) -> bool {
        let checked = settings(plan, id).is_some_and(|group| group.elb_health_check);
        let passed = !checked || row.unhealthy.is_empty() && row.has_passed(&self.fleets[id].checked);
        row.state == State::InService && !row.lost && row.marked.is_none() && row.impaired.is_none() && passed
    }

    /// Rule I3: healthy, and its warm-up is over.
    fn is_fit(&self, id: FleetId, row: &Row, warmup: Duration, cx: &Cx) -> bool {
        self.is_well(id, row, cx.plan) && row.warm(warmup, cx.now())
    }

    /// Whether all that was launched since it began is fit, and nothing is missing.
    fn is_settled(&self, id: FleetId, warmup: Duration, cx: &Cx) -> bool {
        let fleet = &self.fleets[id];
        let Some(refresh) = &fleet.refresh else { return true };
        let new = fleet.members.iter().filter(|one| one.index() >= refresh.mark).map(|&one| &self.rows[one]);
        let unfit = new.clone().filter(|row| row.counts() && !self.is_fit(id, row, warmup, cx)).count();
        let ahead = self.members(id).filter(|row| row.ahead && row.counts()).count() as u32;
        let filled = self.members(id).filter(|row| row.fills()).count() as u32;
        unfit == 0 && ahead >= refresh.ahead && filled >= fleet.desired && fleet.retrying == 0
    }

    /// Rule I3: an hour without progress, warm-up left out, fails it.
    fn lose_patience(&mut self, id: FleetId, wishes: &RefreshPreferences, warmup: Duration, cx: &mut Cx) {
        let Some(refresh) = &self.fleets[id].refresh else { return };
        let entry = refresh.entry;
        if cx.now() >= refresh.since.saturating_add(warmup).saturating_add(PATIENCE) {
            let why = "the group did not come back to health within an hour";
            self.refresh_failed(id, wishes, why, entry, cx);
        }
    }

    /// Writes down what holds it up, once.
    fn wait(&mut self, id: FleetId, what: Wait, why: &str, cause: Option<EntryId>, cx: &mut Cx) {
        let now = cx.now();
        let Some(refresh) = &mut self.fleets[id].refresh else { return };
        if matches!(what, Wait::Alarm | Wait::Suspended) {
            // Nobody's patience wears out over a metric that is missing, or over what was asked for.
            refresh.since = now;
        }
        if refresh.waits.replace(what) != Some(what) {
            self.note(id, EventKind::RefreshWaiting, why, cause, cx);
        }
    }

    /// An entry about the refresh, caused by what it did last unless said otherwise.
    fn note(&mut self, id: FleetId, kind: EventKind, detail: &str, cause: Option<EntryId>, cx: &mut Cx) -> EntryId {
        let now = cx.now();
        let Some(refresh) = &mut self.fleets[id].refresh else { return EntryId::NONE };
        let cause = cause.filter(|cause| cause.known().is_some()).unwrap_or(refresh.entry);
        refresh.entry = cx.timeline.record(now, kind, cx.plan.fleets[id].name.as_str(), detail, cause);
        refresh.entry
    }

    fn enter_phase(&mut self, id: FleetId, phase: Phase, now: Time) {
        if let Some(refresh) = &mut self.fleets[id].refresh {
            refresh.phase = phase;
            refresh.since = now;
        }
    }

    /// InstanceWarmup, else the group's default warm-up, else its grace period.
    fn refresh_warmup(&self, id: FleetId, wishes: &RefreshPreferences, plan: &Plan) -> Duration {
        let group = settings(plan, id);
        let usual = group.map(|group| group.default_instance_warmup.unwrap_or(group.health_check_grace_period));
        wishes.instance_warmup.or(usual).unwrap_or(Duration::ZERO)
    }

    /// The first of its alarms in a state, with the entry that says so.
    fn alarmed<'p>(
        &self,
        wishes: &RefreshPreferences,
        plan: &'p Plan,
        state: alarm::State,
    ) -> Option<(&'p str, EntryId)> {
        let told = |id: &crate::plan::AlarmId| (plan.alarms[*id].name.as_str(), self.alarms[*id]);
        wishes.alarms.iter().map(told).find(|(_, told)| told.0 == state).map(|(name, told)| (name, told.1))
    }

    /// What alarms see of another release is the refresh's doing.
    fn blame_release(&self, id: FleetId, entry: EntryId, cx: &mut Cx) {
        let Some(refresh) = &self.fleets[id].refresh else { return };
        let fleet = &cx.plan.fleets[id];
        if fleet.template(refresh.from).release != fleet.template(refresh.to).release {
            let until = cx.now().saturating_add(PATIENCE);
            cx.blame.fleet(id, entry, until);
        }
    }

    /// All refreshes of a group, the one under way last.
    pub(super) fn refresh_figures(&self, id: FleetId, plan: &Plan) -> Vec<RefreshFigures> {
        let fleet = &self.fleets[id];
        let open = fleet.refresh.as_ref().map(|refresh| refresh.figures(id, plan));
        fleet.refreshes.iter().cloned().chain(open).collect()
    }
}

impl Refresh {
    fn figures(&self, id: FleetId, plan: &Plan) -> RefreshFigures {
        let wanted = match &plan.operations[self.operation].call {
            ApiCall::StartInstanceRefresh { template, .. } => *template,
            _ => self.to,
        };
        RefreshFigures {
            launch_template: plan.fleets[id].template(wanted).name.clone(),
            started_s: self.started.as_secs_f64(),
            ended_s: None,
            status: match (self.back, self.phase) {
                (true, _) => "RollbackInProgress",
                (false, Phase::Baking(_)) => "Baking",
                (false, _) => "InProgress",
            }
            .to_string(),
            percentage_complete: batch::percentage(self.replaced, self.total),
            replaced: self.replaced,
            instances: self.total,
            why: self.why.clone(),
        }
    }
}
