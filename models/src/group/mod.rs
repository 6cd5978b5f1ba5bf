//! Fleets: Auto Scaling groups, which keep as many instances as desired, and fixed sets, which nobody keeps.
//!
//! ```text
//!  alarm ─► Invoke ─► policy ─► desired ─┐            ┌─► launch::Begin ─► Running ─► HookDone ─► Enter: in service
//!  alb ───► Verdict ─► Poll ─► mark ─────┼─ reconcile ┤                                              └─► alb::Register
//!  fault ─► Lost ─► LossNoticed ─────────┤            └─► alb::Deregister ─► Drained ─► Terminated ─► instance::Gone
//!  Balance (zones) ──────────────────────┘
//! ```
//! # Models      launches over zones, with retries; launch hooks; grace, marks and replacement in batches; simple and step
//!   scaling with cooldown and warm-up; scale-in by the default policy, after draining; rebalancing of zones
//! # Leaves out  warm pools, instance refresh, maximum lifetime, Spot, standby, protection, suspended processes, termination
//!   hooks, maintenance policies
//! # Source      Amazon EC2 Auto Scaling user guide; `aws/scaling.md` §1 to §3.4, §8

mod health;
mod lifecycle;
mod operate;
mod placement;
mod policy;
mod replacement;
mod report;
mod scaling;

use crate::event::{self, events};
use crate::plan::*;
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use policy::Refusal;
use report::Counters;
use sim_core::dist::Sampler;
use sim_core::{Duration, Stream, Table, Time, TimeWeighted, Words};

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
    }
}

/// All fleets and their instances.
pub struct Groups {
    fleets: Table<FleetId, Fleet>,
    rows: Table<InstanceId, Row>,
}

struct Fleet {
    desired: u32,
    /// Instances that are not yet terminated, in order of their launch.
    members: Vec<InstanceId>,
    /// Failed launches that wait to be tried again.
    retrying: u32,
    /// Target groups whose attachment is in service (rule H1).
    attached: Vec<TargetGroupId>,
    /// The simple policy whose activity is not over yet, to be followed by its cooldown.
    activity: Option<Activity>,
    cooldown_until: Time,
    /// Notifications of this instant.
    invoked: Vec<Invocation>,
    /// Last refusal per policy and the notification it answered: the same again is not written down again.
    refused: Vec<Option<(Refusal, EntryId)>>,
    counters: Counters,
    /// Its target groups that some balancer forwards to, and so checks.
    checked: Vec<TargetGroupId>,
    /// How long a new instance is kept out of the group's metrics.
    metric_warmup: Duration,
    /// Seconds of instances that have ended: billed, and run.
    billed_s: f64,
    ran_s: f64,
    in_service: TimeWeighted,
    in_service_min: u32,
    draws: Draws,
}

/// An alarm's action, as it arrived.
#[derive(Clone, Copy)]
struct Invocation {
    policy: u16,
    alarm: AlarmId,
    cause: EntryId,
}

/// A simple policy's scaling activity.
#[derive(Clone, Copy)]
struct Activity {
    cooldown: Duration,
    out: bool,
    cause: EntryId,
}

/// Delays of a group, each with its own stream.
struct Draws {
    loss_notice: (Sampler, Stream),
    launch_retry: (Sampler, Stream),
    registration: (Sampler, Stream),
    termination: (Sampler, Stream),
    launch_failure: Stream,
    choice: Stream,
    phases: Stream,
}

/// Where an instance is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Pending: not yet running, or (with `running`) on its way into service.
    Pending,
    /// Pending:Wait: the launch hook holds it.
    Waiting,
    /// InService.
    InService,
    /// Terminating.
    Terminating,
    /// An instance of a fixed fleet that is out.
    Stopped,
    /// Terminated.
    Gone,
}

struct Row {
    fleet: FleetId,
    zone: Option<ZoneId>,
    state: State,
    /// Began to run.
    running: Option<Time>,
    /// Entered service; none also for those that were there from the start.
    entered: Option<Time>,
    /// There from the start: past grace and warm-up.
    initial: bool,
    /// Its application is up.
    ready: bool,
    /// Launched beyond the desired capacity, to let another go.
    extra: bool,
    /// Being terminated by a scale-in.
    scale_in: bool,
    lost: bool,
    impaired: Option<EntryId>,
    /// Marked unhealthy at, and the entry that says so.
    marked: Option<(Time, EntryId)>,
    /// Target groups it is registered with or drains from.
    registered: Vec<TargetGroupId>,
    /// Target groups it has passed the checks of, once.
    passed: Vec<TargetGroupId>,
    /// Target groups that report it unhealthy, with the entry.
    unhealthy: Vec<(TargetGroupId, EntryId)>,
    /// What was last written down about it.
    entry: EntryId,
}

/// The settings of a fleet that is an Auto Scaling group.
fn settings(plan: &Plan, fleet: FleetId) -> Option<&AutoScaling> {
    match &plan.fleets[fleet].sizing {
        Sizing::AutoScaling(settings) => Some(settings),
        Sizing::Fixed(_) => None,
    }
}

/// Target groups of a fleet that some balancer forwards to.
fn checked(fleet: &crate::plan::Fleet, plan: &Plan) -> Vec<TargetGroupId> {
    let forwards = |group: &TargetGroupId| plan.balancers.values().any(|b| b.forward.iter().any(|to| to.0 == *group));
    fleet.target_groups.iter().copied().filter(forwards).collect()
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
            let stream = |purpose: &str| cx.stream(&fleet.name, purpose);
            let drawn = |dist: fn(&AutoScaling) -> &sim_core::Dist, purpose: &str| {
                let none = sim_core::Dist::Constant(0.0);
                (settings(plan, id).map_or(&none, dist).sampler(), stream(purpose))
            };
            let desired = match &fleet.sizing {
                Sizing::Fixed(count) => *count,
                Sizing::AutoScaling(settings) => settings.desired_capacity,
            };
            fleets.push(Fleet {
                desired,
                members: Vec::new(),
                retrying: 0,
                attached: Vec::new(),
                activity: None,
                cooldown_until: Time::ZERO,
                invoked: Vec::new(),
                refused: vec![None; settings(plan, id).map_or(0, |settings| settings.policies.len())],
                counters: Counters::default(),
                checked: checked(fleet, plan),
                metric_warmup: report::metric_warmup(id, plan),
                billed_s: 0.0,
                ran_s: 0.0,
                in_service: TimeWeighted::new(f64::from(desired), Time::ZERO),
                in_service_min: desired,
                draws: Draws {
                    loss_notice: drawn(|settings| &settings.loss_notice, "loss notice"),
                    launch_retry: drawn(|settings| &settings.launch_retry, "launch retry"),
                    registration: drawn(|settings| &settings.registration, "registration"),
                    termination: drawn(|settings| &settings.termination, "termination"),
                    launch_failure: stream("launch failure"),
                    choice: stream("termination choice"),
                    phases: stream("phases"),
                },
            });
        }
        Groups { fleets, rows: Table::default() }
    }

    /// Puts every fleet's first instances into service, spread over its zones, and returns them; groups begin to look
    /// after them, each at its own second.
    pub fn start(&mut self, cx: &mut Cx) -> Vec<InstanceId> {
        let plan = cx.plan;
        let mut all = Vec::new();
        for (id, settings) in plan.fleets.iter() {
            for _ in 0..self.fleets[id].desired {
                let zone = placement::order(&self.zone_counts(id, plan), Distribution::BalancedOnly).first().copied();
                let instance = self.enter(id, zone, cx);
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
                let balance = Duration::from_secs_f64(BALANCE.as_secs_f64() * phases.unit());
                cx.list.after(poll, sent(Event::Poll(id)));
                if settings.zones.len() > 1 {
                    cx.list.after(balance, sent(Event::Balance(id)));
                }
            }
            self.count(id, cx.now());
        }
        all
    }

    /// Handles one event.
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        let fleet = match event {
            Event::Drained { instance, .. }
            | Event::Verdict { instance, .. }
            | Event::Running(instance)
            | Event::NotRunning(instance)
            | Event::HookDone { instance, .. }
            | Event::HookTimeout(instance)
            | Event::Enter(instance)
            | Event::Impaired { instance, .. }
            | Event::Lost { instance, .. }
            | Event::LossNoticed { instance, .. }
            | Event::Terminated(instance) => match self.rows.get(instance) {
                Some(row) => row.fleet,
                None => return,
            },
            Event::Invoke { fleet, .. }
            | Event::Decide(fleet)
            | Event::Retry { fleet, .. }
            | Event::Poll(fleet)
            | Event::Balance(fleet)
            | Event::Operate { fleet, .. } => fleet,
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
            Event::Lost { instance, cause } => self.lost(instance, cause, cx),
            Event::LossNoticed { instance, cause } => self.loss_noticed(instance, cause, cx),
            Event::Invoke { fleet, policy, alarm, cause } => {
                self.invoked(fleet, Invocation { policy, alarm, cause }, cx);
            }
            Event::Decide(fleet) => self.decide(fleet, cx),
            Event::Retry { fleet, cause } => {
                self.fleets[fleet].retrying -= 1;
                self.reconcile(fleet, cause, cx);
            }
            Event::Terminated(instance) => self.terminated(instance, cx),
            Event::Poll(fleet) => self.poll(fleet, cx),
            Event::Balance(fleet) => self.balance(fleet, cx),
            Event::Operate { fleet, operation, cause } => self.operate(fleet, operation, cause, cx),
        }
        self.settle(fleet, cx);
        self.count(fleet, cx.now());
    }

    /// Launches what is missing and terminates what is too much.
    fn reconcile(&mut self, id: FleetId, cause: EntryId, cx: &mut Cx) {
        let plan = cx.plan;
        if settings(plan, id).is_none() {
            return;
        }
        let fleet = &self.fleets[id];
        let there = fleet.retrying + self.members(id).filter(|row| row.counts() && !row.extra).count() as u32;
        if there < fleet.desired {
            for _ in there..fleet.desired {
                self.launch(id, None, cause, cx);
            }
            return;
        }
        // Those still coming up are left to come up; the next look is when they are in service.
        let in_service = self.members(id).filter(|row| row.state == State::InService).count() as u32;
        for _ in self.fleets[id].desired..in_service {
            self.scale_in(id, cause, cx);
        }
    }

    /// Looks at the balance over zones, and moves instances if it is lost: rules A3, A4.
    fn balance(&mut self, id: FleetId, cx: &mut Cx) {
        cx.list.after(BALANCE, sent(Event::Balance(id)));
        let plan = cx.plan;
        let Some(group) = settings(plan, id) else { return };
        if self.busy(id) {
            return;
        }
        let counts: Vec<_> =
            self.zone_counts(id, plan).into_iter().map(|(zone, n)| (zone, n, has_capacity(zone, cx))).collect();
        let Some((to, from, count)) = placement::rebalance(&counts, group.max_size) else { return };
        let of = |zone: ZoneId| counts.iter().find(|one| one.0 == zone).map_or(0, |one| one.1);
        let (to_name, from_name) = (&plan.zones[to].name, &plan.zones[from].name);
        let detail = format!("{to_name} has {}, {from_name} {}: moves {count}, launching first", of(to), of(from));
        let (now, cause) = (cx.now(), cx.blame.of_zone(to));
        let name = plan.fleets[id].name.as_str();
        let entry = cx.timeline.record(now, EventKind::RebalanceStarted, name, detail, cause);
        for _ in 0..count {
            self.launch(id, Some(to), entry, cx);
        }
    }

    /// Whether a scaling activity or a replacement is in progress.
    fn busy(&self, id: FleetId) -> bool {
        let moving = |row: &Row| matches!(row.state, State::Pending | State::Waiting | State::Terminating);
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
        let instance = cx.directory.enter(fleet, zone);
        self.fleets[fleet].members.push(instance);
        let row = Row {
            fleet,
            zone,
            state: State::Pending,
            running: None,
            entered: None,
            initial: false,
            ready: false,
            extra: false,
            scale_in: false,
            lost: false,
            impaired: None,
            marked: None,
            registered: Vec::new(),
            passed: Vec::new(),
            unhealthy: Vec::new(),
            entry: EntryId::NONE,
        };
        let at = self.rows.push(row);
        assert_eq!(at, instance, "instances are entered by their groups alone");
        instance
    }
}

/// Between two looks at the balance over zones. Not documented; a modelling choice.
const BALANCE: Duration = Duration::from_secs(60);

/// Whether EC2 can launch in a zone.
fn has_capacity(zone: ZoneId, cx: &Cx) -> bool {
    cx.environment.powered(zone) && cx.environment.zones[zone].no_capacity == 0
}

impl Row {
    /// Whether it counts towards the desired capacity.
    fn counts(&self) -> bool {
        matches!(self.state, State::Pending | State::Waiting | State::InService)
    }

    /// Whether its warm-up is over.
    fn warm(&self, warmup: Duration, now: Time) -> bool {
        let past = self.entered.is_none_or(|entered| now >= entered.saturating_add(warmup));
        self.state == State::InService && (self.initial || past)
    }

    /// Whether it is new and has still to pass its warm-up and, within its grace, the first checks of `checked`.
    fn unsettled(&self, checked: &[TargetGroupId], warmup: Duration, grace: Duration, now: Time) -> bool {
        match self.state {
            State::Pending | State::Waiting => true,
            State::InService if self.marked.is_none() && !self.initial => {
                // Beyond its grace an instance is healthy or marked; one that nobody checks would be waited for in vain.
                let graced = self.entered.is_some_and(|entered| now < entered.saturating_add(grace));
                !self.warm(warmup, now) || graced && !self.has_passed(checked)
            }
            _ => false,
        }
    }

    fn has_passed(&self, checked: &[TargetGroupId]) -> bool {
        checked.iter().all(|group| self.passed.contains(group))
    }
}
