//! The warm pool of a group: instances launched and configured beforehand, that wait until the group scales out.
//!
//! ```text
//!  tend ─► launch::Prepare ─► Warmed:Pending ─hook─► Warmed:Pending:Wait ─► :Proceed ─► Warmed:Stopped │ Running │ Hibernated
//!  reconcile ─► leave ─► launch::Start ─► Pending ─hook again─► Pending:Wait ─► InService
//!  scale-in ─drained─► put back (reuse) ─► Warmed:Pending ─► …          too many ─► Warmed:Terminating
//! ```
//! # Models      the size by desired capacity; scale-out from the pool first, and cold when nobody in it is ready; refill;
//!   reuse on scale-in; the launch hook on entering and on leaving; instances that are stopped before their bootstrap is
//!   done where no hook holds them; no checks of those that are stopped (rule H4); the bill by state
//! # Leaves out  the pool's own balance over zones once it is filled; draining of a pool's quota; volumes' status checks
//! # Source      Amazon EC2 Auto Scaling user guide, "Warm pools"; `aws/scaling.md` §1.2, §1.10
//!
//! What AWS leaves open: any launch that fills the desired capacity takes from the pool, a replacement too, but for those
//! that move a group over zones; among instances of the zone that is due the one that has waited longest goes first;
//! surplus leaves by age, the newest first; a failed launch into the pool is tried again like one into the group.

use super::{Event, Groups, Row, State, has_capacity, placement, seconds, sent, settings};
use crate::plan::{Distribution, FleetId, Plan, PoolState, ScalingProcess, Transition, WarmPool, ZoneId};
use crate::request::InstanceId;
use crate::result::{EventKind, PoolFigures};
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{event, instance, launch};
use sim_core::dist::Sampler;
use sim_core::{Stream, Time, TimeWeighted, Words};

/// A pool: none of its instances is a member of the group.
pub(super) struct Pool {
    /// In the order in which they came.
    pub(super) members: Vec<InstanceId>,
    /// Failed launches that wait to be tried again.
    retrying: u32,
    /// What last changed the size that it should have.
    pub(super) because: EntryId,
    /// Launches into it, instances taken from it and put back into it.
    warmed: u32,
    taken: u32,
    returned: u32,
    /// Taken cold although a pool was there.
    missed: u32,
    billed_s: f64,
    held: TimeWeighted,
    launch_failure: Stream,
    stop: (Sampler, Stream),
}

/// Instances of a warm pool by state: the WarmPool metrics of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolCounts {
    /// WarmPoolMinSize.
    pub min_size: u32,
    /// WarmPoolDesiredCapacity: the size it should have now.
    pub desired: u32,
    /// WarmPoolPendingCapacity: on their way into it.
    pub pending: u32,
    /// WarmPoolWarmedCapacity: ready to be taken.
    pub warmed: u32,
    /// WarmPoolTerminatingCapacity.
    pub terminating: u32,
}

impl PoolCounts {
    /// WarmPoolTotalCapacity.
    pub fn total(self) -> u32 {
        self.pending + self.warmed + self.terminating
    }
}

impl Pool {
    pub(super) fn new(fleet: &crate::plan::Fleet, pool: Option<&WarmPool>, cx: &Cx) -> Pool {
        let none = sim_core::Dist::Constant(0.0);
        Pool {
            members: Vec::new(),
            retrying: 0,
            because: EntryId::NONE,
            warmed: 0,
            taken: 0,
            returned: 0,
            missed: 0,
            billed_s: 0.0,
            held: TimeWeighted::new(0.0, Time::ZERO),
            launch_failure: cx.stream(&fleet.name, "warm pool launch failure"),
            stop: (pool.map_or(&none, |pool| &pool.stop).sampler(), cx.stream(&fleet.name, "warm pool stop")),
        }
    }
}

/// The warm pool of a fleet, if it has one.
fn settings_of(plan: &Plan, id: FleetId) -> Option<(&WarmPool, u32)> {
    let group = settings(plan, id)?;
    group.warm_pool.as_ref().map(|pool| (pool, group.max_size))
}

impl State {
    /// Whether the instance belongs to a warm pool.
    pub(super) fn in_pool(self) -> bool {
        matches!(self, State::Warming | State::WarmWaiting | State::Stopping | State::Warmed | State::WarmTerminating)
    }
}

impl Groups {
    /// Instances of a group's warm pool by state; none without one.
    pub fn pool_counts(&self, id: FleetId, plan: &Plan) -> Option<PoolCounts> {
        let (pool, max_size) = settings_of(plan, id)?;
        let fleet = &self.fleets[id];
        let desired = pool.size(fleet.desired, max_size);
        let mut counts = PoolCounts { min_size: pool.min_size, desired, ..PoolCounts::default() };
        for &member in &fleet.pool.members {
            match self.rows[member].state {
                State::Warmed => counts.warmed += 1,
                State::WarmTerminating => counts.terminating += 1,
                _ => counts.pending += 1,
            }
        }
        Some(counts)
    }

    /// The pool is full when the run starts, spread over the group's zones.
    pub(super) fn start_pool(&mut self, id: FleetId, cx: &mut Cx) {
        let plan = cx.plan;
        let Some((pool, max_size)) = settings_of(plan, id) else { return };
        for _ in 0..pool.size(self.fleets[id].desired, max_size) {
            let zone = self.pool_zones(id, plan).first().copied();
            let instance = self.enter_pool(id, zone, cx);
            let row = &mut self.rows[instance];
            row.state = State::Warmed;
            row.running = (pool.state == PoolState::Running).then_some(Time::ZERO);
            cx.list.soon(event::Event::Launch(launch::Event::Stow { instance, configured: true }));
        }
        self.hold(id, cx.now());
    }

    /// What happens to an instance of a warm pool; false if it is in none.
    pub(super) fn handle_pool(&mut self, event: Event, cx: &mut Cx) -> bool {
        let (Event::Running(instance)
        | Event::NotRunning(instance)
        | Event::Impaired { instance, .. }
        | Event::Lost { instance, .. }
        | Event::LossNoticed { instance, .. }
        | Event::Terminated(instance)
        | Event::Drained { instance, .. }
        | Event::Enter(instance)
        | Event::PoolStopped(instance)) = event
        else {
            return false;
        };
        let Some(row) = self.rows.get(instance) else { return false };
        let (id, state) = (row.fleet, row.state);
        if !state.in_pool() {
            // A stop that was under way when the pool gave it up.
            return matches!(event, Event::PoolStopped(_));
        }
        let now = cx.now();
        match (event, state) {
            (Event::Running(_), State::Warming) => {
                self.rows[instance].running = Some(now);
                if !self.held(instance, Transition::Launching, cx) {
                    self.proceed_to_pool(instance, cx);
                }
            }
            (Event::NotRunning(_), State::Warming) => {
                let cause = self.rows[instance].entry;
                self.leave_for_good(instance, now);
                self.pool_launch_failed(id, &cx.name_of(instance), "EC2 did not bring it to running", cause, cx);
            }
            (Event::PoolStopped(_), State::Stopping) => self.warmed(instance, cx),
            // One that is stopped is neither checked nor struck (rule H4): its volume is there when it is started.
            (Event::Impaired { cause, .. }, State::WarmWaiting | State::Warmed)
                if self.rows[instance].running.is_some() =>
            {
                self.terminate_in_pool(instance, "its status checks are impaired", cause, cx);
            }
            (Event::Lost { cause, .. }, _) if self.rows[instance].running.is_some() || state == State::Warming => {
                let name = cx.name_of(instance);
                let entry = cx.timeline.record(now, EventKind::InstanceLost, name, "gone, in the warm pool", cause);
                self.leave_for_good(instance, now);
                self.fleets[id].pool.because = entry;
                cx.list.soon(event::Event::Launch(launch::Event::Abandon(instance)));
            }
            (Event::Terminated(_), State::WarmTerminating) => {
                let (name, cause) = (cx.name_of(instance), self.rows[instance].entry);
                let what = "it was in the warm pool";
                cx.timeline.record(now, EventKind::InstanceTerminated, name, what, cause);
                self.leave_for_good(instance, now);
            }
            _ => {}
        }
        self.tend_pool(id, cx);
        true
    }

    /// Launches what the pool lacks, and terminates what it has too much.
    pub(super) fn tend_pool(&mut self, id: FleetId, cx: &mut Cx) {
        let plan = cx.plan;
        let Some((pool, max_size)) = settings_of(plan, id) else { return };
        let size = pool.size(self.fleets[id].desired, max_size);
        // Those that are drained to come back have their place kept.
        let template = self.current_template(id);
        let back = |row: &Row| row.leaving() && row.scale_in && !row.lost && row.template == template;
        let there = |groups: &Groups| {
            let returning = if pool.reuse_on_scale_in { groups.members(id).filter(|row| back(row)).count() } else { 0 };
            groups.pool_there(id) + returning as u32
        };
        if !self.suspended(id, ScalingProcess::Launch) {
            for _ in there(self)..size {
                self.launch_into_pool(id, size, cx);
            }
        }
        if self.suspended(id, ScalingProcess::Terminate) {
            return self.hold(id, cx.now());
        }
        for _ in size..there(self) {
            let rows = &self.rows;
            let stays = |member: &&InstanceId| rows[**member].state != State::WarmTerminating;
            let Some(&last) = self.fleets[id].pool.members.iter().rev().find(stays) else { break };
            let why = format!("the warm pool needs {size}: desired capacity {}", self.fleets[id].desired);
            self.terminate_in_pool(last, &why, self.fleets[id].pool.because, cx);
        }
        self.hold(id, cx.now());
    }

    /// Instances that are in the pool to stay, or on their way, and launches that will be tried again.
    fn pool_there(&self, id: FleetId) -> u32 {
        let pool = &self.fleets[id].pool;
        let stays = |member: &&InstanceId| self.rows[**member].state != State::WarmTerminating;
        pool.members.iter().filter(stays).count() as u32 + pool.retrying
    }

    /// A launch that failed is tried again, if it is still wanted.
    pub(super) fn pool_retry(&mut self, id: FleetId, cx: &mut Cx) {
        self.fleets[id].pool.retrying -= 1;
        self.tend_pool(id, cx);
    }

    /// Brings an instance of the pool into the group, if one is ready; false if the launch has to be a cold one.
    pub(super) fn leave_pool(&mut self, id: FleetId, cause: EntryId, cx: &mut Cx) -> bool {
        let plan = cx.plan;
        let Some((pool, _)) = settings_of(plan, id) else { return false };
        let template = self.current_template(id);
        let ready = |groups: &Groups, member: InstanceId, zone: Option<ZoneId>| {
            let row = &groups.rows[member];
            row.state == State::Warmed && row.zone == zone && row.template == template && groups.is_current(id, member)
        };
        let mut zones: Vec<Option<ZoneId>> =
            placement::order(&self.zone_counts(id, plan), Distribution::BalancedBestEffort)
                .into_iter()
                .filter(|&zone| {
                    has_capacity((id, self.current_template(id)), zone, cx) && Some(zone) != self.shifted_away(id)
                })
                .map(Some)
                .collect();
        if plan.fleets[id].zones.is_empty() {
            zones.push(None);
        }
        let members = &self.fleets[id].pool.members;
        let found = zones.iter().find_map(|&zone| members.iter().copied().find(|&one| ready(self, one, zone)));
        let Some(instance) = found else {
            self.fleets[id].pool.missed += 1;
            return false;
        };
        let now = cx.now();
        self.bill_pool(instance, now);
        let fleet = &mut self.fleets[id];
        fleet.pool.members.retain(|&member| member != instance);
        fleet.members.push(instance);
        fleet.counters.launches += 1;
        fleet.pool.taken += 1;
        let left = fleet.pool.members.len();
        let row = &mut self.rows[instance];
        row.state = State::Pending;
        row.resumes = pool.state == PoolState::Running;
        row.running = row.resumes.then_some(now);
        let whereabouts = row.zone.map_or(String::new(), |zone| format!(" in {}", plan.zones[zone].name));
        let detail = format!(
            "from the warm pool ({}){whereabouts}, which keeps {left}; desired capacity {}, {}",
            pool.state.name(),
            self.fleets[id].desired,
            self.summary(id)
        );
        let entry = cx.timeline.record(now, EventKind::LaunchStarted, cx.name_of(instance), detail, cause);
        self.rows[instance].entry = entry;
        self.fleets[id].pool.because = entry;
        cx.blame.instance(instance, entry);
        cx.list.soon(event::Event::Launch(launch::Event::Start(instance)));
        true
    }

    /// Whether an instance that has been scaled in, and drained, goes back into the pool; then it does.
    pub(super) fn put_back(&mut self, instance: InstanceId, cx: &mut Cx) -> bool {
        let plan = cx.plan;
        let row = &self.rows[instance];
        let (id, cause) = (row.fleet, row.entry);
        let Some((pool, max_size)) = settings_of(plan, id) else { return false };
        let wanted = pool.reuse_on_scale_in && row.scale_in && !row.lost && row.template == self.current_template(id);
        let (there, size) = (self.pool_there(id), pool.size(self.fleets[id].desired, max_size));
        if !wanted || there >= size {
            return false;
        }
        let now = cx.now();
        self.stop_meter(instance, now);
        let configured = self.rows[instance].ready;
        let row = &mut self.rows[instance];
        let (zone, template, waits) = (row.zone, row.template, std::mem::take(&mut row.waits));
        *row = Row { running: Some(now), waits, state: State::Warming, ..Row::new(id, zone, template) };
        let fleet = &mut self.fleets[id];
        fleet.members.retain(|&member| member != instance);
        fleet.pool.members.insert(0, instance);
        fleet.pool.returned += 1;
        let detail = format!("back into the warm pool, which holds {} of {size}", there + 1);
        let entry = cx.timeline.record(now, EventKind::WarmPoolReturn, cx.name_of(instance), detail, cause);
        self.rows[instance].entry = entry;
        self.fleets[id].pool.because = entry;
        cx.list.soon(event::Event::Launch(launch::Event::Stow { instance, configured }));
        cx.list.soon(event::Event::Instance(instance::Event::Gone { instance, silent: false }));
        self.proceed_to_pool(instance, cx);
        self.reconcile(id, entry, cx);
        true
    }

    /// Warmed:Pending:Proceed: it is stopped, or goes on running.
    pub(super) fn proceed_to_pool(&mut self, instance: InstanceId, cx: &mut Cx) {
        let id = self.rows[instance].fleet;
        let Some((pool, _)) = settings_of(cx.plan, id) else { return };
        if pool.state == PoolState::Running {
            return self.warmed(instance, cx);
        }
        if pool.state == PoolState::Stopped {
            // `stopping` is free; one that is hibernated is paid for until it has written its memory down.
            self.bill_pool(instance, cx.now());
        }
        self.rows[instance].state = State::Stopping;
        // Without a hook that holds it, it is stopped in the midst of its bootstrap.
        cx.list.soon(event::Event::Launch(launch::Event::Abandon(instance)));
        let (delay, stream) = &mut self.fleets[id].pool.stop;
        let delay = delay.duration(stream);
        cx.list.after(delay, sent(Event::PoolStopped(instance)));
    }

    /// In the pool, ready to be taken.
    fn warmed(&mut self, instance: InstanceId, cx: &mut Cx) {
        let (now, id) = (cx.now(), self.rows[instance].fleet);
        let Some((pool, max_size)) = settings_of(cx.plan, id) else { return };
        if pool.state != PoolState::Running {
            self.bill_pool(instance, now);
        }
        self.rows[instance].state = State::Warmed;
        let counts = self.pool_counts(id, cx.plan).unwrap_or_default();
        let size = pool.size(self.fleets[id].desired, max_size);
        let detail = format!("{}: the warm pool has {} of {size} ready", pool.state.name(), counts.warmed);
        let cause = self.rows[instance].entry;
        let entry = cx.timeline.record(now, EventKind::InstanceWarmed, cx.name_of(instance), detail, cause);
        self.rows[instance].entry = entry;
    }

    fn launch_into_pool(&mut self, id: FleetId, size: u32, cx: &mut Cx) {
        let plan = cx.plan;
        let (now, cause) = (cx.now(), self.fleets[id].pool.because);
        let refused = self.fleets[id].pool.launch_failure.chance(cx.environment.launch_failure[id]);
        let order = self.pool_zones(id, plan);
        let usable = order.iter().copied().find(|&zone| has_capacity((id, self.current_template(id)), zone, cx));
        let name = plan.fleets[id].name.as_str();
        if refused {
            let blamed = Some(cx.blame.of_launches(id)).filter(|entry| entry.known().is_some());
            return self.pool_launch_failed(id, name, "the launch request failed", blamed.unwrap_or(cause), cx);
        }
        if usable.is_none() && !order.is_empty() {
            let full: Vec<&str> = order.iter().map(|&zone| plan.zones[zone].name.as_str()).collect();
            let why = format!("no capacity in {}", full.join(", "));
            let blamed = order.iter().map(|&zone| cx.blame.of_zone(zone)).find(|entry| entry.known().is_some());
            return self.pool_launch_failed(id, name, &why, blamed.unwrap_or(cause), cx);
        }
        let instance = self.enter_pool(id, usable, cx);
        self.fleets[id].pool.warmed += 1;
        let counts = self.pool_counts(id, plan).unwrap_or_default();
        let whereabouts = usable.map_or(String::new(), |zone| format!(" in {}", plan.zones[zone].name));
        let there = counts.pending + counts.warmed;
        let detail = format!("for the warm pool{whereabouts}: {there} of {size}, {} of them ready", counts.warmed);
        let entry = cx.timeline.record(now, EventKind::WarmPoolLaunch, cx.name_of(instance), detail, cause);
        self.rows[instance].entry = entry;
        cx.blame.instance(instance, entry);
        cx.list.soon(event::Event::Launch(launch::Event::Prepare(instance)));
    }

    fn pool_launch_failed(&mut self, id: FleetId, subject: &str, why: &str, cause: EntryId, cx: &mut Cx) {
        let (delay, stream) = &mut self.fleets[id].draws.launch_retry;
        let delay = delay.duration(stream);
        self.fleets[id].pool.retrying += 1;
        let detail = format!("{why}, for the warm pool; next try in {}", seconds(delay));
        cx.timeline.record(cx.now(), EventKind::LaunchFailed, subject, detail, cause);
        cx.list.after(delay, sent(Event::PoolRetry(id)));
    }

    pub(super) fn abandon_in_pool(&mut self, instance: InstanceId, why: &str, cx: &mut Cx) {
        let (id, cause) = (self.rows[instance].fleet, cx.blame.of_instance(instance));
        self.pool_launch_failed(id, &cx.name_of(instance), why, cause, cx);
        self.terminate_in_pool(instance, why, cause, cx);
    }

    /// Warmed:Terminating.
    pub(super) fn terminate_in_pool(&mut self, instance: InstanceId, why: &str, cause: EntryId, cx: &mut Cx) {
        let now = cx.now();
        let id = self.rows[instance].fleet;
        self.rows[instance].state = State::WarmTerminating;
        let detail = format!("Warmed:Terminating: {why}");
        let entry = cx.timeline.record(now, EventKind::InstanceTerminating, cx.name_of(instance), detail, cause);
        self.rows[instance].entry = entry;
        cx.list.soon(event::Event::Launch(launch::Event::Abandon(instance)));
        let (delay, stream) = &mut self.fleets[id].draws.termination;
        let delay = delay.duration(stream);
        cx.list.after(delay, sent(Event::Terminated(instance)));
    }

    fn leave_for_good(&mut self, instance: InstanceId, now: Time) {
        self.bill_pool(instance, now);
        let row = &mut self.rows[instance];
        row.state = State::Gone;
        let id = row.fleet;
        self.fleets[id].pool.members.retain(|&member| member != instance);
        self.hold(id, now);
    }

    /// What it ran for in the pool is billed, every start for a minute at least.
    fn bill_pool(&mut self, instance: InstanceId, now: Time) {
        let row = &mut self.rows[instance];
        if let Some(since) = row.running.take() {
            self.fleets[row.fleet].pool.billed_s += (now - since).as_secs_f64().max(super::report::LEAST_BILLED);
        }
    }

    fn hold(&mut self, id: FleetId, now: Time) {
        let pool = &mut self.fleets[id].pool;
        pool.held.set(pool.members.len() as f64, now);
    }

    /// Zones in the order in which the pool is filled: fewest of its own first, then fewest of the group.
    fn pool_zones(&self, id: FleetId, plan: &Plan) -> Vec<ZoneId> {
        let of_pool = |zone: ZoneId| {
            let members = self.fleets[id].pool.members.iter();
            members.filter(|&&member| self.rows[member].zone == Some(zone)).count() as u32
        };
        let mut counts = self.zone_counts(id, plan);
        counts.retain(|zone| Some(zone.0) != self.shifted_away(id));
        counts.sort_by_key(|zone| zone.1);
        for zone in &mut counts {
            zone.1 = of_pool(zone.0);
        }
        placement::order(&counts, Distribution::BalancedBestEffort)
    }

    /// The zone that the group is shifted away from.
    fn shifted_away(&self, id: FleetId) -> Option<ZoneId> {
        self.fleets[id].shift.map(|shift| shift.zone)
    }

    fn enter_pool(&mut self, id: FleetId, zone: Option<ZoneId>, cx: &mut Cx) -> InstanceId {
        let instance = self.enter(id, zone, cx);
        let fleet = &mut self.fleets[id];
        fleet.members.retain(|&member| member != instance);
        fleet.pool.members.push(instance);
        self.rows[instance].state = State::Warming;
        instance
    }

    /// Figures of a group's warm pool up to `now`; none without one.
    pub(super) fn pool_figures(&self, id: FleetId, plan: &Plan, now: Time) -> Option<PoolFigures> {
        let counts = self.pool_counts(id, plan)?;
        let pool = &self.fleets[id].pool;
        Some(PoolFigures {
            mean_size: pool.held.mean(now),
            final_warmed: counts.warmed,
            final_size: counts.total(),
            launches: pool.warmed,
            taken: pool.taken,
            returned: pool.returned,
            cold: pool.missed,
            billed_instance_hours: self.pool_billed_s(id, now) / 3_600.0,
        })
    }

    /// Seconds billed in the pool up to `now`.
    pub fn pool_billed_s(&self, id: FleetId, now: Time) -> f64 {
        let pool = &self.fleets[id].pool;
        let open = pool.members.iter().filter_map(|&member| self.rows[member].running);
        pool.billed_s + open.map(|since| (now - since).as_secs_f64().max(super::report::LEAST_BILLED)).sum::<f64>()
    }

    /// Seconds that instances were in the pool, in whatever state: those of their volumes.
    pub fn pool_held_s(&self, id: FleetId, now: Time) -> f64 {
        self.fleets[id].pool.held.integral(now)
    }

    /// How often an instance has been bootstrapped: launches that did not come from a pool, and those into it.
    pub fn bootstraps(&self, id: FleetId) -> u32 {
        let fleet = &self.fleets[id];
        fleet.counters.launches + fleet.pool.warmed - fleet.pool.taken
    }
}
