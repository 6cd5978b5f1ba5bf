//! The life of an instance in its group: launch, hook, registration, service, draining, termination, and the loss of it.

use super::placement;
use super::termination::{Candidate, victim};
use super::{Event, Groups, State, has_capacity, seconds, sent, settings};
use crate::plan::{Distribution, FleetId, ScalingProcess, TargetGroupId, Transition, ZoneId};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{alb, event, instance, launch};
use sim_core::{Duration, Time, Words};

/// What a launch is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// An instance is missing: a failure is tried again.
    Missing,
    /// The balance over zones: no other zone will do.
    Rebalance(ZoneId),
    /// This one is to be replaced, and goes when the new one has settled.
    Ahead(InstanceId),
}

impl Groups {
    /// One launch activity: an instance, or a failure.
    pub(super) fn launch(&mut self, id: FleetId, purpose: Purpose, cause: EntryId, cx: &mut Cx) {
        let plan = cx.plan;
        let Some(group) = settings(plan, id) else { return };
        if let Some(mixed) = Self::mixed(id, plan) {
            self.launch_mixed(id, mixed, purpose, cause, cx);
            return;
        }
        let rebalance = if let Purpose::Rebalance(zone) = purpose { Some(zone) } else { None };
        let mut counts = self.zone_counts(id, plan);
        if let Purpose::Ahead(old) = purpose {
            // As if it were gone already.
            let zone = self.rows[old].zone;
            counts.iter_mut().filter(|count| Some(count.0) == zone).for_each(|count| count.1 -= 1);
        }
        let shifted = self.fleets[id].shift.map(|shift| shift.zone);
        counts.retain(|count| Some(count.0) != shifted);
        let asked = (id, self.current_template(id));
        let fleet = &mut self.fleets[id];
        fleet.counters.launches += 1;
        // Drawn for each activity, so that the n-th of a group has the same luck whatever happened before it.
        let failing = cx.environment.launch_failure[id];
        let mut refused = fleet.draws.launch_failure.chance(failing);
        let mut order = placement::order(&counts, group.distribution);
        if let Some(only) = rebalance {
            order = vec![only];
        }
        let mut usable = order.iter().position(|&zone| has_capacity(asked, zone, cx));
        if let Some(first) = usable.filter(|_| refused && group.distribution == Distribution::BalancedBestEffort) {
            // Rule A2: the other zones are tried before the activity counts as failed.
            let mut others = (first + 1..order.len()).filter(|&index| has_capacity(asked, order[index], cx));
            if let Some(index) = others.find(|_| !fleet.draws.other_zones.chance(failing)) {
                (refused, usable) = (false, Some(index));
            }
        }
        let nowhere = plan.fleets[id].zones.is_empty();
        if refused || usable.is_none() && !nowhere {
            let full: Vec<&str> = order.iter().map(|&zone| plan.zones[zone].name.as_str()).collect();
            let (why, blamed) = match refused {
                true => (
                    "the launch request failed".to_string(),
                    Some(cx.blame.of_launches(id)).filter(|entry| entry.known().is_some()),
                ),
                false => {
                    let kept = if group.distribution == Distribution::BalancedOnly {
                        ", and other zones are not tried"
                    } else {
                        ""
                    };
                    let blamed = order.iter().map(|&zone| cx.blame.of_zone(zone)).find(|entry| entry.known().is_some());
                    let why = match (full.is_empty(), shifted) {
                        (true, Some(zone)) => format!("shifted away from {}, its only zone", plan.zones[zone].name),
                        _ => format!("no capacity in {}{kept}", full.join(", ")),
                    };
                    (why, blamed)
                }
            };
            let name = plan.fleets[id].name.as_str();
            let again = (purpose == Purpose::Missing).then_some((1, false));
            self.launch_failed(id, name, &why, again, blamed.unwrap_or(cause), cx);
            return;
        }
        let zone = usable.map(|index| order[index]);
        let instance = self.enter(id, zone, cx);
        let mut detail = format!("desired capacity {}, {}", self.fleets[id].desired, self.summary(id));
        if let Some(zone) = zone {
            detail = format!("in {}; {detail}", plan.zones[zone].name);
        }
        if let Some(passed) = usable.filter(|&passed| passed > 0) {
            let (mut full, mut failed) = (Vec::new(), Vec::new());
            for &zone in &order[..passed] {
                let names = if has_capacity(asked, zone, cx) { &mut failed } else { &mut full };
                names.push(plan.zones[zone].name.as_str());
            }
            if !full.is_empty() {
                detail += &format!("; no capacity in {}", full.join(", "));
            }
            if !failed.is_empty() {
                detail += &format!("; the request failed in {}", failed.join(", "));
            }
        }
        let (now, name) = (cx.now(), cx.name_of(instance));
        let entry = cx.timeline.record(now, EventKind::LaunchStarted, name, detail, cause);
        let row = &mut self.rows[instance];
        row.entry = entry;
        row.extra = purpose != Purpose::Missing;
        if let Purpose::Ahead(old) = purpose {
            row.replaces = Some(old);
        }
        cx.blame.instance(instance, entry);
        cx.list.soon(event::Event::Launch(launch::Event::Begin(instance)));
    }

    /// Writes a failed launch down and, if the slot is still wanted, has it tried again later (rule F1).
    /// `again`: so many units of a purchase option (true: Spot).
    pub(super) fn launch_failed(
        &mut self,
        id: FleetId,
        subject: &str,
        why: &str,
        again: Option<(u32, bool)>,
        cause: EntryId,
        cx: &mut Cx,
    ) {
        let now = cx.now();
        let fleet = &mut self.fleets[id];
        fleet.counters.failed_launches += 1;
        if self.fails_for_good(id, now, cx) && !self.suspended(id, ScalingProcess::Launch) {
            let entry = cx.timeline.record(now, EventKind::LaunchFailed, subject, why, cause);
            let limit = settings(cx.plan, id).map_or(Duration::ZERO, |group| group.lifecycle.administrative_suspension);
            let why = format!(", by AWS: nothing but failed launches for {limit}");
            return self.suspend(id, [ScalingProcess::Launch].into_iter().collect(), &why, entry, cx);
        }
        let Some(again) = again else {
            cx.timeline.record(now, EventKind::LaunchFailed, subject, why, cause);
            return;
        };
        let fleet = &mut self.fleets[id];
        let (delay, stream) = &mut fleet.draws.launch_retry;
        let delay = delay.duration(stream);
        let detail = format!("{why}; next try in {}", seconds(delay));
        let entry = cx.timeline.record(now, EventKind::LaunchFailed, subject, detail, cause);
        if Self::mixed(id, cx.plan).is_some() {
            return self.retry_pool(id, delay, again, entry, cx);
        }
        self.fleets[id].retrying += 1;
        cx.list.after(delay, sent(Event::Retry { fleet: id, cause: entry }));
    }

    /// EC2 reports `running`: the hook holds it, or it goes on into service (rule R1).
    pub(super) fn now_running(&mut self, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        match row.state {
            State::Stopped => {
                row.state = State::InService;
                row.running = Some(now);
                row.lost = false;
                let name = cx.name_of(instance);
                let cause = cx.blame.of_instance(instance);
                cx.timeline.record(now, EventKind::InstanceInService, name, "running again", cause);
            }
            State::Pending if row.running.is_none() || row.resumes => {
                row.running = row.running.or(Some(now));
                row.resumes = false;
                if !self.held(instance, Transition::Launching, cx) {
                    self.proceed(instance, cx);
                }
            }
            _ => {}
        }
    }

    /// EC2 could not bring it up.
    pub(super) fn not_running(&mut self, instance: InstanceId, cx: &mut Cx) {
        let row = &mut self.rows[instance];
        if row.state != State::Pending || row.running.is_some() && !row.resumes {
            return;
        }
        let (id, again, cause) = (row.fleet, row.again(), row.entry);
        self.remove(instance, cx.now());
        let name = cx.name_of(instance);
        self.launch_failed(id, &name, "EC2 did not bring it to running", again, cause, cx);
    }

    /// Registration, if there is anything to register with; then it is in service.
    pub(super) fn proceed(&mut self, instance: InstanceId, cx: &mut Cx) {
        let row = &mut self.rows[instance];
        row.state = State::Pending;
        if cx.plan.fleets[row.fleet].target_groups.is_empty() {
            cx.list.soon(sent(Event::Enter(instance)));
        } else {
            let (delay, stream) = &mut self.fleets[row.fleet].draws.registration;
            let delay = delay.duration(stream);
            cx.list.after(delay, sent(Event::Enter(instance)));
        }
    }

    /// In service: grace and warm-up begin (rule R2), whether or not the application is up.
    pub(super) fn enter_service(&mut self, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        if row.state != State::Pending || row.lost {
            return;
        }
        row.state = State::InService;
        row.entered = Some(now);
        // One that was launched to replace another is more than is desired until it has settled.
        row.extra = row.replaces.is_some();
        let id = row.fleet;
        self.fleets[id].failing_since = None;
        let alone = self.suspended(id, ScalingProcess::AddToLoadBalancer);
        let row = &mut self.rows[instance];
        if !alone {
            row.registered.clone_from(&cx.plan.fleets[id].target_groups);
        }
        let app = if row.ready { "" } else { "; the application is not up yet" };
        // The latest of what led here: its bootstrap or test, else its launch.
        let cause = cx.blame.of_instance(instance);
        let ready = row.ready;
        let detail = format!("{}{app}", self.summary(id));
        let name = cx.name_of(instance);
        let entry = cx.timeline.record(now, EventKind::InstanceInService, name, detail, cause);
        self.rows[instance].entry = entry;
        if ready {
            cx.blame.instance(instance, entry);
        }
        for &group in &self.rows[instance].registered {
            let register = alb::Event::Register { group, instance, cause: entry };
            cx.list.soon(event::Event::Alb(register));
        }
        self.reconcile(id, entry, cx);
    }

    /// A launch that its hook gave up: terminated, and tried again after a while.
    pub(super) fn abandon(&mut self, instance: InstanceId, why: &str, cx: &mut Cx) {
        let row = &self.rows[instance];
        let (id, again, cause) = (row.fleet, row.again(), cx.blame.of_instance(instance));
        let name = cx.name_of(instance);
        self.launch_failed(id, &name, why, again, cause, cx);
        self.terminate(instance, why, cause, cx);
    }

    /// Takes one out of service by the group's termination policies; whether there was one that may go.
    pub(super) fn scale_in(&mut self, id: FleetId, cause: EntryId, cx: &mut Cx) -> bool {
        let now = cx.now();
        let Some(group) = settings(cx.plan, id) else { return false };
        let counts = self.zone_counts(id, cx.plan);
        // One whose units are more than there are too many would leave the group short.
        let surplus = self.surplus(id);
        let mut able: Vec<InstanceId> = self.fleets[id]
            .members
            .iter()
            .copied()
            .filter(|&member| {
                let row = &self.rows[member];
                row.state == State::InService && !row.lost && !row.protected && !row.extra && row.units() <= surplus
            })
            .collect();
        if !self.may_go(id, &mut able, cause, cx) {
            return false;
        }
        let template = self.current_template(id);
        let candidates: Vec<Candidate> = able
            .iter()
            .map(|&member| {
                let row = &self.rows[member];
                Candidate {
                    zone: row.zone,
                    ran_ns: row.running.map_or(0, |since| (now - since).nanos()),
                    // Another template than the group's is an older configuration.
                    version: u32::from(row.template == template),
                    spot: row.purchase.bought.spot,
                    misfit: self.misfit(id, row, cx),
                }
            })
            .collect();
        let shrink = self.must_shrink(id, cx.plan);
        let choice = &mut self.fleets[id].draws.choice;
        let policies = &group.termination_policies;
        let Some(index) = victim(&candidates, &counts, policies, shrink, |n| choice.below(n)) else {
            self.blocked(id, cause, cx);
            return false;
        };
        self.rows[able[index]].scale_in = true;
        let why = format!("desired capacity {}, {}", self.fleets[id].desired, self.summary(id));
        self.terminate(able[index], &why, cause, cx);
        true
    }

    /// Says, once for a desired capacity, that all who could go are protected (§1.8).
    fn blocked(&mut self, id: FleetId, cause: EntryId, cx: &mut Cx) {
        let (now, desired) = (cx.now(), self.fleets[id].desired);
        let protected = self.members(id).any(|row| row.state == State::InService && row.protected && !row.lost);
        if !protected || self.fleets[id].blocked_at.replace(desired) == Some(desired) {
            return;
        }
        let detail = format!("desired capacity {desired}, {}: all of them are protected", self.summary(id));
        let name = cx.plan.fleets[id].name.as_str();
        cx.timeline.record(now, EventKind::ScaleInBlocked, name, detail, cause);
    }

    /// It goes without waiting for the one launched to replace it, which then counts like any other.
    pub(super) fn unpair(&mut self, instance: InstanceId) {
        let fleet = self.rows[instance].fleet;
        for &member in &self.fleets[fleet].members {
            let row = &mut self.rows[member];
            if row.replaces == Some(instance) {
                (row.replaces, row.extra) = (None, false);
            }
        }
    }

    /// Begins to terminate: out of the target groups first (rule R4), then EC2.
    pub(super) fn terminate(&mut self, instance: InstanceId, why: &str, cause: EntryId, cx: &mut Cx) {
        let now = cx.now();
        self.unpair(instance);
        let row = &mut self.rows[instance];
        row.state = State::Terminating;
        self.fleets[row.fleet].counters.terminations += 1;
        let name = cx.name_of(instance);
        let entry = cx.timeline.record(now, EventKind::InstanceTerminating, name, why, cause);
        row.entry = entry;
        cx.list.soon(event::Event::Launch(launch::Event::Abandon(instance)));
        if self.deregister(instance, entry, cx) {
            self.release(instance, cx);
        }
    }

    /// Takes it out of its target groups; whether it was in none, so that nothing is to wait for.
    pub(super) fn deregister(&mut self, instance: InstanceId, cause: EntryId, cx: &mut Cx) -> bool {
        let row = &self.rows[instance];
        for &group in &row.registered {
            cx.list.soon(event::Event::Alb(alb::Event::Deregister { group, instance, cause }));
        }
        row.registered.is_empty()
    }

    /// A target group has let go of it.
    pub(super) fn drained(&mut self, group: TargetGroupId, instance: InstanceId, cx: &mut Cx) {
        let row = &mut self.rows[instance];
        let drains = matches!(row.state, State::Terminating | State::EnteringStandby | State::Detaching);
        if !drains || row.registered.is_empty() {
            return;
        }
        row.registered.retain(|one| *one != group);
        if row.registered.is_empty() {
            self.release(instance, cx);
        }
    }

    /// Its target groups have let go of it: it goes where it was going (rule R4: hooks only now).
    pub(super) fn release(&mut self, instance: InstanceId, cx: &mut Cx) {
        let row = &self.rows[instance];
        let (state, there) = (row.state, row.running.is_some() && !row.lost);
        match state {
            State::EnteringStandby => self.stand_by(instance, cx),
            State::Detaching => self.detached(instance, cx),
            _ if there && self.held(instance, Transition::Terminating, cx) => {}
            _ => self.end(instance, cx),
        }
    }

    /// TerminateInstances; or back into the warm pool.
    pub(super) fn end(&mut self, instance: InstanceId, cx: &mut Cx) {
        if self.put_back(instance, cx) {
            return;
        }
        let (delay, stream) = &mut self.fleets[self.rows[instance].fleet].draws.termination;
        let delay = delay.duration(stream);
        cx.list.after(delay, sent(Event::Terminated(instance)));
    }

    /// EC2 has terminated it.
    pub(super) fn terminated(&mut self, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        let row = &self.rows[instance];
        if !row.leaving() {
            return;
        }
        let (id, cause) = (row.fleet, row.entry);
        if row.scale_in {
            self.fleets[id].shrunk = Some(now);
        }
        let detail = match row.running {
            Some(since) if !row.lost => format!("ran for {}", seconds(now - since)),
            _ => "was not running".to_string(),
        };
        if !row.lost {
            cx.list.soon(event::Event::Instance(instance::Event::Gone { instance, silent: false }));
        }
        let name = cx.name_of(instance);
        let entry = cx.timeline.record(now, EventKind::InstanceTerminated, name, detail, cause);
        self.remove(instance, now);
        self.reconcile(id, entry, cx);
    }

    /// Takes it out of the group for good.
    pub(super) fn remove(&mut self, instance: InstanceId, now: Time) {
        self.stop_meter(instance, now);
        self.unpair(instance);
        let row = &mut self.rows[instance];
        row.state = State::Gone;
        row.registered.clear();
        row.unhealthy.clear();
        self.fleets[row.fleet].members.retain(|one| *one != instance);
    }

    /// Its running time ends.
    pub(super) fn stop_meter(&mut self, instance: InstanceId, now: Time) {
        let row = &mut self.rows[instance];
        if let Some(since) = row.running.filter(|_| !row.lost) {
            let ran = (now - since).as_secs_f64();
            let fleet = &mut self.fleets[row.fleet];
            fleet.ran_s += ran;
            fleet.billed_s[row.template as usize] += ran.max(super::report::LEAST_BILLED);
            self.bill(instance, ran);
        }
    }
}
