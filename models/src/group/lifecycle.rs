//! The life of an instance in its group: launch, hook, registration, service, draining, termination, and the loss of it.

use super::placement::{self, Candidate};
use super::{Event, Groups, State, has_capacity, seconds, sent, settings};
use crate::plan::{Distribution, FleetId, TargetGroupId, ZoneId};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{alb, event, instance, launch};
use sim_core::{Time, Words};

impl Groups {
    /// One launch activity: an instance, or a failure that is tried again. `rebalance` names the only zone that will do.
    pub(super) fn launch(&mut self, id: FleetId, rebalance: Option<ZoneId>, cause: EntryId, cx: &mut Cx) {
        let plan = cx.plan;
        let Some(group) = settings(plan, id) else { return };
        let counts = self.zone_counts(id, plan);
        let fleet = &mut self.fleets[id];
        fleet.counters.launches += 1;
        // Drawn for each activity, so that the n-th of a group has the same luck whatever happened before it.
        let refused = fleet.draws.launch_failure.chance(cx.environment.launch_failure[id]);
        let mut order = placement::order(&counts, group.distribution);
        if let Some(only) = rebalance {
            order = vec![only];
        }
        let usable = order.iter().position(|&zone| has_capacity(zone, cx));
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
                    (format!("no capacity in {}{kept}", full.join(", ")), blamed)
                }
            };
            let name = plan.fleets[id].name.as_str();
            self.launch_failed(id, name, &why, rebalance.is_none(), blamed.unwrap_or(cause), cx);
            return;
        }
        let zone = usable.map(|index| order[index]);
        let instance = self.enter(id, zone, cx);
        let mut detail = format!("desired capacity {}, {}", self.fleets[id].desired, self.summary(id));
        if let Some(zone) = zone {
            detail = format!("in {}; {detail}", plan.zones[zone].name);
        }
        if let Some(passed) = usable.filter(|&passed| passed > 0) {
            let names: Vec<&str> = order[..passed].iter().map(|&zone| plan.zones[zone].name.as_str()).collect();
            detail += &format!("; no capacity in {}", names.join(", "));
        }
        let (now, name) = (cx.now(), cx.name_of(instance));
        let entry = cx.timeline.record(now, EventKind::LaunchStarted, name, detail, cause);
        let row = &mut self.rows[instance];
        row.entry = entry;
        row.extra = rebalance.is_some();
        cx.blame.instance(instance, entry);
        cx.list.soon(event::Event::Launch(launch::Event::Begin(instance)));
    }

    /// A launch beyond the desired capacity, that a refresh makes, in that zone if it can; one that fails is its to try again.
    pub(super) fn launch_extra(&mut self, id: FleetId, zone: Option<ZoneId>, cause: EntryId, cx: &mut Cx) {
        let order = placement::order(&self.zone_counts(id, cx.plan), Distribution::BalancedBestEffort);
        let mut wishes = zone.into_iter().chain(order.iter().copied());
        let zone = wishes.find(|&zone| has_capacity(zone, cx)).or(order.first().copied());
        self.launch(id, zone, cause, cx);
    }

    /// Writes a failed launch down and, if the slot is still wanted, has it tried again later (rule F1).
    fn launch_failed(&mut self, id: FleetId, subject: &str, why: &str, again: bool, cause: EntryId, cx: &mut Cx) {
        let now = cx.now();
        let fleet = &mut self.fleets[id];
        fleet.counters.failed_launches += 1;
        if !again {
            cx.timeline.record(now, EventKind::LaunchFailed, subject, why, cause);
            return;
        }
        let (delay, stream) = &mut fleet.draws.launch_retry;
        let delay = delay.duration(stream);
        fleet.retrying += 1;
        let detail = format!("{why}; next try in {}", seconds(delay));
        let entry = cx.timeline.record(now, EventKind::LaunchFailed, subject, detail, cause);
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
                match cx.template_of(instance).lifecycle_hook {
                    Some(hook) => {
                        row.state = State::Waiting;
                        row.hook_until = now.saturating_add(hook.heartbeat_timeout);
                        cx.list.after(hook.heartbeat_timeout, sent(Event::HookTimeout(instance)));
                    }
                    None => self.proceed(instance, cx),
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
        let (id, again, cause) = (row.fleet, !row.extra, row.entry);
        self.remove(instance, cx.now());
        let name = cx.name_of(instance);
        self.launch_failed(id, &name, "EC2 did not bring it to running", again, cause, cx);
    }

    /// Bootstrap and smoke test are over.
    pub(super) fn hook_done(&mut self, instance: InstanceId, ok: bool, cx: &mut Cx) {
        let row = &mut self.rows[instance];
        row.ready |= ok && matches!(row.state, State::Pending | State::Waiting | State::InService);
        row.entry = cx.blame.of_instance(instance);
        match (row.state, ok) {
            (State::Waiting, true) => self.proceed(instance, cx),
            (State::Waiting, false) => self.abandon(instance, "launch hook: ABANDON", cx),
            _ => {}
        }
    }

    /// The hook has waited long enough: its default result.
    pub(super) fn hook_timeout(&mut self, instance: InstanceId, cx: &mut Cx) {
        let row = &self.rows[instance];
        let Some(hook) = cx.template_of(instance).lifecycle_hook else { return };
        if cx.now() < row.hook_until {
            return;
        }
        match (row.state, hook.continue_by_default) {
            (State::Waiting, true) => self.proceed(instance, cx),
            (State::Waiting, false) => {
                let why = format!("launch hook: no result within {}, ABANDON by default", hook.heartbeat_timeout);
                self.abandon(instance, &why, cx);
            }
            _ => {}
        }
    }

    /// Registration, if there is anything to register with; then it is in service.
    fn proceed(&mut self, instance: InstanceId, cx: &mut Cx) {
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
        row.extra = false;
        let id = row.fleet;
        row.registered.clone_from(&cx.plan.fleets[id].target_groups);
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
        for &group in &cx.plan.fleets[id].target_groups {
            let register = alb::Event::Register { group, instance, cause: entry };
            cx.list.soon(event::Event::Alb(register));
        }
        self.reconcile(id, entry, cx);
    }

    /// A launch that its hook gave up: terminated, and tried again after a while.
    fn abandon(&mut self, instance: InstanceId, why: &str, cx: &mut Cx) {
        let row = &self.rows[instance];
        let (id, again, cause) = (row.fleet, !row.extra, cx.blame.of_instance(instance));
        let name = cx.name_of(instance);
        self.launch_failed(id, &name, why, again, cause, cx);
        self.terminate(instance, why, cause, cx);
    }

    /// Takes one out of service by the default termination policy.
    pub(super) fn scale_in(&mut self, id: FleetId, cause: EntryId, cx: &mut Cx) {
        let now = cx.now();
        let counts = self.zone_counts(id, cx.plan);
        let able: Vec<InstanceId> = self.fleets[id]
            .members
            .iter()
            .copied()
            .filter(|&member| self.rows[member].state == State::InService && !self.rows[member].lost)
            .collect();
        let candidates: Vec<Candidate> = able
            .iter()
            .map(|&member| {
                let row = &self.rows[member];
                Candidate { zone: row.zone, ran_ns: row.running.map_or(0, |since| (now - since).nanos()) }
            })
            .collect();
        let choice = &mut self.fleets[id].draws.choice;
        let Some(index) = placement::victim(&candidates, &counts, |n| choice.below(n)) else { return };
        self.rows[able[index]].scale_in = true;
        let why = format!("desired capacity {}, {}", self.fleets[id].desired, self.summary(id));
        self.terminate(able[index], &why, cause, cx);
    }

    /// Begins to terminate: out of the target groups first (rule R4), then EC2.
    pub(super) fn terminate(&mut self, instance: InstanceId, why: &str, cause: EntryId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        row.state = State::Terminating;
        self.fleets[row.fleet].counters.terminations += 1;
        let name = cx.name_of(instance);
        let entry = cx.timeline.record(now, EventKind::InstanceTerminating, name, why, cause);
        row.entry = entry;
        cx.list.soon(event::Event::Launch(launch::Event::Abandon(instance)));
        for &group in &row.registered {
            let deregister = alb::Event::Deregister { group, instance, cause: entry };
            cx.list.soon(event::Event::Alb(deregister));
        }
        if row.registered.is_empty() {
            self.end(instance, cx);
        }
    }

    /// A target group has let go of it.
    pub(super) fn drained(&mut self, group: TargetGroupId, instance: InstanceId, cx: &mut Cx) {
        let row = &mut self.rows[instance];
        if row.state != State::Terminating || row.registered.is_empty() {
            return;
        }
        row.registered.retain(|one| *one != group);
        if row.registered.is_empty() {
            self.end(instance, cx);
        }
    }

    /// TerminateInstances; or back into the warm pool.
    fn end(&mut self, instance: InstanceId, cx: &mut Cx) {
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
        if row.state != State::Terminating {
            return;
        }
        let (id, cause) = (row.fleet, row.entry);
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
        }
    }
}
