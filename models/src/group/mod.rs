//! Fleets: Auto Scaling groups, which keep as many instances as desired, and fixed sets, which nobody keeps.
//!
//! ```text
//!  alarm ─► Invoke ─► policy ─► desired ─┐            ┌─► launch::Begin ─► Running ─► HookDone ─► Enter: in service
//!  alb ───► Verdict ─► Poll ─► mark ─────┼─ reconcile ┤                                              └─► alb::Register
//!  fault ─► Lost ─► LossNoticed ─────────┤            └─► alb::Deregister ─► Drained ─► Terminated ─► instance::Gone
//!  Balance (zones) ──────────────────────┘
//! ```
//! # Models      launches over zones, with retries; lifecycle hooks; grace, marks and replacement in batches or by a maintenance
//!   policy; standby, detaching, protection, suspended processes, maximum lifetime, zonal shift; simple and step scaling with
//!   cooldown and warm-up, target tracking, scheduled actions, forecasts; scale-in by termination policies, after draining;
//!   rebalancing of zones; several instance types and Spot Instances; warm pools; instance refresh
//! # Leaves out  warm pools and instance refreshes of groups of several instance types
//! # Source      Amazon EC2 Auto Scaling user guide; `aws/scaling.md` §1 to §3.4, §8

mod allocation;
mod balance;
mod batch;
mod custom;
mod fleet;
mod health;
mod hooks;
mod lifecycle;
mod lifetime;
mod maintenance;
mod mixed;
mod operate;
mod placement;
mod policy;
mod predictive;
mod processes;
mod refresh;
mod replacement;
mod report;
mod row;
mod scaling;
mod schedule;
mod shift;
mod spot;
mod standby;
mod target_tracking;
mod termination;
mod warm_pool;

use crate::event::{self, events};
use crate::plan::*;
use crate::request::InstanceId;
use crate::shared::Cx;
use crate::timeline::EntryId;
use fleet::{Activity, Asker, Fleet, Invocation, settings};
use lifecycle::Purpose;
pub use policy::{adjusted, step_of};
use row::{Row, State};
use sim_core::{Duration, Table, Time, TimeWeighted, Words};
pub use spot::SPOT_NOTICE;

events! {
    /// What happens to fleets.
    pub enum Event {
        /// A target has been deregistered (drained) from a target group.
        Drained {
            /// Target group.
            group: TargetGroupId,
            /// Target.
            instance: InstanceId,
        },
        /// The verdict on a target that the API shows has changed.
        Verdict {
            /// Target group.
            group: TargetGroupId,
            /// Target.
            instance: InstanceId,
            /// Healthy or unhealthy.
            healthy: bool,
            /// Timeline entry of the change.
            cause: EntryId,
        },
        /// EC2 reports `running`.
        Running(InstanceId),
        /// EC2 could not bring it to `running`.
        NotRunning(InstanceId),
        /// Bootstrap and smoke test are over: the launch hook may complete.
        HookDone {
            /// Instance.
            instance: InstanceId,
            /// CONTINUE or ABANDON.
            ok: bool,
        },
        /// The hook's heartbeat timeout is over.
        HookTimeout(InstanceId),
        /// Registration has been asked for: in service.
        Enter(InstanceId),
        /// EC2's status checks have been impaired long enough for the group to know.
        Impaired {
            /// Instance.
            instance: InstanceId,
            /// Timeline entry of what is wrong.
            cause: EntryId,
        },
        /// The instance is gone (terminated, stopped, its zone without power); the group has yet to notice.
        Lost {
            /// Instance.
            instance: InstanceId,
            /// Timeline entry of what took it.
            cause: EntryId,
        },
        /// The group notices that an instance is gone.
        LossNoticed {
            /// Instance.
            instance: InstanceId,
            /// Timeline entry of the loss.
            cause: EntryId,
        },
        /// An alarm's action has arrived.
        Invoke {
            /// Group.
            fleet: FleetId,
            /// Index into its policies.
            policy: u16,
            /// The alarm.
            alarm: AlarmId,
            /// Timeline entry of the alarm's change.
            cause: EntryId,
        },
        /// All notifications of this instant have arrived.
        Decide(FleetId),
        /// A failed launch is tried again.
        Retry {
            /// Group.
            fleet: FleetId,
            /// Timeline entry of the failure.
            cause: EntryId,
        },
        /// EC2 has terminated it.
        Terminated(InstanceId),
        /// The group looks at the health of its instances.
        Poll(FleetId),
        /// The group looks at its balance over zones.
        Balance(FleetId),
        /// Somebody calls its API.
        Operate {
            /// Group.
            fleet: FleetId,
            /// What is called.
            operation: OperationId,
            /// Timeline entry of the call.
            cause: EntryId,
        },
        /// A hook of the group has been answered, or its time is over.
        HookOver {
            /// Instance.
            instance: InstanceId,
            /// Index into the group's hooks.
            hook: u16,
            /// The wait of the instance that it belongs to.
            round: u8,
            /// CONTINUE, ABANDON, or no answer.
            result: u8,
        },
        /// The bootstrap script has begun to send heartbeats.
        Heartbeats(InstanceId),
        /// The group looks at the age of its instances.
        Lifetime(FleetId),
        /// A zonal shift has run its time.
        ShiftOver {
            /// Group.
            fleet: FleetId,
            /// Which of its shifts.
            number: u16,
        },
        /// The next scheduled action runs.
        Scheduled(FleetId),
        /// A forecast is made anew.
        Forecast {
            /// Group.
            fleet: FleetId,
            /// Index into its policies.
            policy: u16,
        },
        /// An hour of a forecast is about to begin.
        HourAhead {
            /// Group.
            fleet: FleetId,
            /// Index into its policies.
            policy: u16,
        },
        /// EC2 recommends to replace a Spot Instance.
        SpotRecommended {
            /// Instance.
            instance: InstanceId,
            /// Timeline entry of what raised the risk.
            cause: EntryId,
        },
        /// EC2 gives notice that it takes a Spot Instance back.
        SpotNotice {
            /// Instance.
            instance: InstanceId,
            /// Timeline entry of what led to it.
            cause: EntryId,
        },
        /// EC2 takes a Spot Instance back.
        SpotReclaimed {
            /// Instance.
            instance: InstanceId,
            /// Timeline entry of the notice.
            cause: EntryId,
        },
        /// A failed launch over several pools is tried again.
        RetryPool {
            /// Group.
            fleet: FleetId,
            /// Timeline entry of the failure.
            cause: EntryId,
            /// Units of capacity.
            units: u32,
            /// Purchase option.
            spot: bool,
        },
        /// EC2 looks at the pools whose capacity changes.
        SpotMarket,
        /// Its status checks are in order again, before the group has marked it.
        StatusOk(InstanceId),
        /// An instance of a warm pool has stopped.
        PoolStopped(InstanceId),
        /// A failed launch into the warm pool is tried again.
        PoolRetry(FleetId),
        /// The instance refresh under way looks at its group.
        RefreshLook {
            /// Group.
            fleet: FleetId,
            /// The n-th refresh of the group.
            number: u16,
        },
        /// An alarm that refreshes go by has changed its state.
        AlarmTold {
            /// Alarm.
            alarm: AlarmId,
            /// Its state: 0 OK, 1 ALARM, 2 INSUFFICIENT_DATA.
            state: u8,
            /// Timeline entry of the change.
            cause: EntryId,
        },
        /// The function of a custom termination policy answers.
        TerminationAnswered {
            /// Group.
            fleet: FleetId,
            /// Timeline entry of the question.
            cause: EntryId,
        },
        /// It is to be asked again.
        TerminationAgain {
            /// Group.
            fleet: FleetId,
            /// Timeline entry of its last answer.
            cause: EntryId,
        },
    }
}

/// All fleets and their instances.
pub struct Groups {
    fleets: Table<FleetId, Fleet>,
    rows: Table<InstanceId, Row>,
    /// What alarms have told that refreshes go by.
    alarms: Table<AlarmId, (crate::alarm::State, EntryId)>,
}

/// A length as read by people: `12.3 s`.
fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn sent(event: Event) -> event::Event {
    event::Event::Group(event)
}

impl Groups {
    /// Fleets of the plan, without instances.
    pub fn new(cx: &mut Cx) -> Self {
        let plan = cx.plan;
        let mut fleets = Table::default();
        for (id, fleet) in plan.fleets.iter() {
            fleets.push(Fleet::new(id, fleet, cx));
        }
        let unknown = |_| (crate::alarm::State::InsufficientData, EntryId::NONE);
        Groups { fleets, rows: Table::default(), alarms: plan.alarms.ids().map(unknown).collect() }
    }

    /// Puts every fleet's first instances into service, spread over its zones, and returns them; groups begin to look
    /// after them, each at its own second.
    pub fn start(&mut self, cx: &mut Cx) -> Vec<InstanceId> {
        let plan = cx.plan;
        let mut all = Vec::new();
        for (id, settings) in plan.fleets.iter() {
            let mixed = Self::mixed(id, plan);
            for _ in 0..self.fleets[id].desired {
                let zone = placement::order(&self.zone_counts(id, plan), Distribution::BalancedOnly).first().copied();
                let instance = match mixed {
                    None => self.enter(id, zone, cx),
                    Some(mixed) => match self.first_mixed(id, mixed, cx) {
                        Some(instance) => instance,
                        None => break,
                    },
                };
                let row = &mut self.rows[instance];
                row.state = State::InService;
                row.running = Some(cx.now());
                row.initial = true;
                row.ready = true;
                row.registered.clone_from(&settings.target_groups);
                row.passed.clone_from(&settings.target_groups);
                all.push(instance);
            }
            if self.fleets[id].desired > 0 {
                self.fleets[id].attached.clone_from(&settings.target_groups);
            }
            if let Some(group) = self::settings(plan, id) {
                let phases = &mut self.fleets[id].draws.phases;
                let poll = Duration::from_secs_f64(group.health_poll.as_secs_f64() * phases.unit());
                let balance = Duration::from_secs_f64(balance::BALANCE.as_secs_f64() * phases.unit());
                cx.list.after(poll, sent(Event::Poll(id)));
                if settings.zones.len() > 1 {
                    cx.list.after(balance, sent(Event::Balance(id)));
                }
                if group.lifecycle.max_instance_lifetime.is_some() {
                    let first = Duration::from_secs_f64(lifetime::LOOK.as_secs_f64() * phases.unit());
                    cx.list.after(first, sent(Event::Lifetime(id)));
                }
                self.next_scheduled(id, cx);
                self.start_forecasts(id, cx);
            }
            self.start_pool(id, cx);
            if mixed.is_some() {
                // Units are no instances.
                let there = self.counts(id).in_service;
                self.fleets[id].in_service = TimeWeighted::new(f64::from(there), cx.now());
                self.reconcile(id, EntryId::NONE, cx);
            }
            self.count(id, cx.now());
        }
        self.watch_market(cx);
        all
    }

    /// Handles one event.
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        if self.handle_pool(event, cx) {
            return;
        }
        let fleet = match event {
            Event::Drained { instance, .. }
            | Event::Verdict { instance, .. }
            | Event::Running(instance)
            | Event::NotRunning(instance)
            | Event::HookDone { instance, .. }
            | Event::HookTimeout(instance)
            | Event::Enter(instance)
            | Event::Impaired { instance, .. }
            | Event::StatusOk(instance)
            | Event::Lost { instance, .. }
            | Event::LossNoticed { instance, .. }
            | Event::PoolStopped(instance)
            | Event::HookOver { instance, .. }
            | Event::Heartbeats(instance)
            | Event::SpotRecommended { instance, .. }
            | Event::SpotNotice { instance, .. }
            | Event::SpotReclaimed { instance, .. }
            | Event::Terminated(instance) => match self.rows.get(instance) {
                Some(row) => row.fleet,
                None => return,
            },
            Event::Invoke { fleet, .. }
            | Event::Decide(fleet)
            | Event::Retry { fleet, .. }
            | Event::RetryPool { fleet, .. }
            | Event::Poll(fleet)
            | Event::Balance(fleet)
            | Event::Operate { fleet, .. }
            | Event::PoolRetry(fleet)
            | Event::RefreshLook { fleet, .. }
            | Event::Lifetime(fleet)
            | Event::ShiftOver { fleet, .. }
            | Event::TerminationAnswered { fleet, .. }
            | Event::TerminationAgain { fleet, .. }
            | Event::Scheduled(fleet)
            | Event::Forecast { fleet, .. }
            | Event::HourAhead { fleet, .. } => fleet,
            Event::AlarmTold { alarm, state, cause } => return self.alarm_told(alarm, state, cause),
            Event::SpotMarket => return self.market(cx),
        };
        match event {
            Event::Drained { group, instance } => self.drained(group, instance, cx),
            Event::Verdict { group, instance, healthy, cause } => self.verdict(group, instance, healthy, cause),
            Event::Running(instance) => self.now_running(instance, cx),
            Event::NotRunning(instance) => self.not_running(instance, cx),
            Event::HookDone { instance, ok } => self.hook_done(instance, ok, cx),
            Event::HookTimeout(instance) => self.hook_timeout(instance, cx),
            Event::Enter(instance) => self.enter_service(instance, cx),
            Event::Impaired { instance, cause } => self.rows[instance].impaired = Some(cause),
            Event::StatusOk(instance) => self.rows[instance].impaired = None,
            Event::Lost { instance, cause } => self.lost(instance, cause, cx),
            Event::LossNoticed { instance, cause } => self.loss_noticed(instance, cause, cx),
            Event::Invoke { fleet, policy, alarm, cause } => {
                self.invoked(fleet, Invocation { by: Asker::Alarm { policy, alarm }, cause }, cx);
            }
            Event::Decide(fleet) => self.decide(fleet, cx),
            Event::Retry { fleet, cause } => {
                self.fleets[fleet].retrying -= 1;
                self.reconcile(fleet, cause, cx);
            }
            Event::Terminated(instance) => self.terminated(instance, cx),
            Event::Poll(fleet) => self.poll(fleet, cx),
            Event::Balance(fleet) => self.balance(fleet, cx),
            Event::HookOver { instance, hook, round, result } => self.hook_over(instance, hook, round, result, cx),
            Event::Heartbeats(instance) => self.heartbeats(instance),
            Event::Lifetime(fleet) => self.look_at_ages(fleet, cx),
            Event::ShiftOver { fleet, number } => self.shift_over(fleet, number, cx),
            Event::Operate { fleet, operation, cause } => self.operate(fleet, operation, cause, cx),
            Event::PoolRetry(fleet) => self.pool_retry(fleet, cx),
            Event::RefreshLook { fleet, number } => self.look(fleet, number, cx),
            Event::PoolStopped(_) | Event::AlarmTold { .. } => {}
            Event::Scheduled(fleet) => self.scheduled(fleet, cx),
            Event::Forecast { fleet, policy } => self.forecast(fleet, policy, cx),
            Event::HourAhead { fleet, policy } => self.hour_ahead(fleet, policy, cx),
            Event::SpotRecommended { instance, cause } => self.recommended(instance, cause, cx),
            Event::SpotNotice { instance, cause } => self.noticed(instance, cause, cx),
            Event::SpotReclaimed { instance, cause } => self.reclaimed(instance, cause, cx),
            Event::RetryPool { fleet, cause, units, spot } => {
                self.pool_retried(fleet, units, spot);
                self.reconcile(fleet, cause, cx);
            }
            Event::SpotMarket => {}
            Event::TerminationAnswered { fleet, cause } => self.termination_answered(fleet, cause, cx),
            Event::TerminationAgain { fleet, cause } => self.termination_again(fleet, cause, cx),
        }
        self.tend_pool(fleet, cx);
        self.rebalance_capacity(fleet, cx);
        self.settle(fleet, cx);
        self.count(fleet, cx.now());
    }

    /// Launches what is missing and terminates what is too much.
    fn reconcile(&mut self, id: FleetId, cause: EntryId, cx: &mut Cx) {
        let plan = cx.plan;
        if settings(plan, id).is_none() {
            return;
        }
        self.fleets[id].pool.because = cause;
        if let Some(mixed) = Self::mixed(id, plan) {
            return self.reconcile_mixed(id, mixed, cause, cx);
        }
        let fleet = &self.fleets[id];
        let there = fleet.retrying + self.members(id).filter(|row| row.fills()).count() as u32;
        if there < fleet.desired {
            for _ in there..fleet.desired {
                if self.suspended(id, ScalingProcess::Launch) {
                    // Perhaps by the failure of the one before.
                    return;
                }
                if !self.leave_pool(id, cause, cx) {
                    self.launch(id, Purpose::Missing, cause, cx);
                }
            }
            return;
        }
        // Those still coming up are left to come up; the next look is when they are in service.
        let in_service = self.members(id).filter(|row| row.state == State::InService && !row.extra).count() as u32;
        if self.suspended(id, ScalingProcess::Terminate) {
            return;
        }
        for _ in self.fleets[id].desired..in_service {
            if !self.scale_in(id, cause, cx) {
                return;
            }
        }
    }

    /// Whether a scaling activity or a replacement is in progress.
    fn busy(&self, id: FleetId) -> bool {
        let moving = |row: &Row| matches!(row.state, State::Pending | State::Waiting) || row.leaving();
        self.fleets[id].retrying > 0 || self.members(id).any(moving)
    }

    fn members(&self, id: FleetId) -> impl Iterator<Item = &Row> + Clone {
        self.fleets[id].members.iter().map(|&instance| &self.rows[instance])
    }

    /// Instances per zone of a fleet, those being terminated left out.
    fn zone_counts(&self, id: FleetId, plan: &Plan) -> Vec<(ZoneId, u32)> {
        let members = self.members(id).filter(|row| row.counts());
        let count = |zone| members.clone().filter(|row| row.zone == Some(zone)).count() as u32;
        plan.fleets[id].zones.iter().map(|&zone| (zone, count(zone))).collect()
    }

    /// Notes how many are in service.
    fn count(&mut self, id: FleetId, now: Time) {
        let count = self.counts(id).in_service;
        let fleet = &mut self.fleets[id];
        fleet.in_service.set(f64::from(count), now);
        fleet.in_service_min = fleet.in_service_min.min(count);
    }

    /// Enters an instance everywhere.
    fn enter(&mut self, fleet: FleetId, zone: Option<ZoneId>, cx: &mut Cx) -> InstanceId {
        let template = self.current_template(fleet);
        let instance = cx.directory.enter(fleet, zone, template);
        self.fleets[fleet].members.push(instance);
        let mut row = Row::new(fleet, zone, template);
        row.protected = settings(cx.plan, fleet).is_some_and(|group| group.lifecycle.protected_from_scale_in);
        let at = self.rows.push(row);
        assert_eq!(at, instance, "instances are entered by their groups alone");
        instance
    }
}

/// Whether EC2 can launch the instance type of a group's launch template of that number in a zone.
fn has_capacity((id, template): (FleetId, u16), zone: ZoneId, cx: &Cx) -> bool {
    cx.environment.has_capacity(zone, &cx.plan.fleets[id].template(template).instance_type, false)
}
