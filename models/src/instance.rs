//! Instances at work: workers, a bounded backlog, vCPUs that running requests share, and step programs.
//!
//! ```text
//!  Deliver ─► backlog ─► worker ─► steps ─┬─ Compute ─► cpu ─────────► ComputeDone │ CpuDue
//!                                         ├─ Query ───► pool ─► store ─► StoreReply
//!                                         ├─ Call ────► client ────────► CallAnswered
//!                                         ├─ Parallel ► branches here
//!                                         └─ Sleep ───► SleepDone
//!                     ─► answer to the node, the caller, the check or the forking call
//! ```
//! # Models      FCFS backlog before the workers; the worker held during a wait (default) or given up; connection
//!   pools per store; refusal when the backlog is full; machines frozen, slow, stressed, lost
//! # Leaves out  memory; disks; scheduling classes
//! # Source      the station of queueing theory (Kleinrock 1975), with AWS's states: EC2 user guide, "Instance lifecycle"

use crate::cpu::{Cpu, Started};
use crate::event::{self, events};
use crate::plan::{EndpointId, FaultAction, FaultId, LaunchTemplate, Plan, ServiceId, StoreId};
use crate::program::Op;
use crate::request::*;
use crate::shared::Cx;
use crate::{Outcome, alb, client, health_check, store};
use sim_core::{Duration, Stream, Substream, Table, Time, Words};
use std::collections::VecDeque;

events! {
    /// What happens on instances.
    pub enum Event {
        /// A call arrives.
        Deliver(CallRef),
        /// A call that had a vCPU to itself has computed.
        ComputeDone(CallRef),
        /// The sharing of an instance says that a call may have computed.
        CpuDue {
            /// Instance.
            instance: InstanceId,
            /// Announcement it belongs to.
            epoch: u32,
        },
        /// A store has answered.
        StoreReply {
            /// To which call.
            call: CallRef,
            /// How.
            outcome: Outcome,
        },
        /// A call to another service has ended.
        CallAnswered {
            /// The call that made it.
            call: CallRef,
            /// How.
            outcome: Outcome,
        },
        /// A sleep is over.
        SleepDone(CallRef),
        /// Nobody waits for this call any more, and it is to be dropped.
        Cancel(CallRef),
        /// The caller leaves if service has not begun.
        Leave(CallRef),
        /// The operating system is up: connections are refused from now on, no longer ignored.
        Booted(InstanceId),
        /// The server process is up.
        Up(InstanceId),
        /// A fault begins or ends to freeze, slow or stress it; the plan's fault says how.
        Disturb {
            /// Instance.
            instance: InstanceId,
            /// Which fault.
            fault: FaultId,
            /// Begins or ends.
            on: bool,
        },
        /// The instance is gone.
        Gone {
            /// Instance.
            instance: InstanceId,
            /// How its connections end.
            silent: bool,
        },
    }
}

/// What an instance does with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nobody there: packets vanish.
    Absent,
    /// Operating system without the process: refuses.
    Refusing,
    /// Serves.
    Serving,
}

/// All instances at work.
pub struct Instances {
    rows: Table<InstanceId, Instance>,
    errors: Table<EndpointId, Stream>,
}

struct Instance {
    /// What it runs, for all its life.
    service: Option<ServiceId>,
    /// Whether sessions are kept in its memory.
    keeps_sessions: bool,
    condition: Condition,
    workers: u32,
    busy: u32,
    backlog: u32,
    queue: VecDeque<CallRef>,
    waiting: u32,
    holds_worker: bool,
    cpu: Cpu,
    vcpus: u32,
    pools: Vec<Pool>,
    /// Faults that stop it.
    frozen: u32,
    stress: f64,
    speed: f64,
    /// How fast the work of its release is done: above 1 if that has less to do.
    pace: f64,
    /// What reached a frozen machine.
    held: Vec<Event>,
}

/// Connections to one store.
#[derive(Clone, Debug)]
struct Pool {
    limit: u32,
    used: u32,
    queue: VecDeque<CallRef>,
}

impl Instances {
    /// None yet.
    pub fn new(cx: &Cx) -> Self {
        let plan = cx.plan;
        let errors = plan.endpoints.values().map(|endpoint| {
            let name = format!("{}.{}", plan.services[endpoint.service].name, endpoint.name);
            cx.stream(&name, "errors")
        });
        Instances { rows: Table::default(), errors: errors.collect() }
    }

    /// Makes room for an instance that the directory has entered: not there yet.
    pub fn enter(&mut self, instance: InstanceId, cx: &Cx) {
        while self.rows.len() <= instance.index() {
            let facts = cx.directory.facts(InstanceId::new(self.rows.len()));
            let template = cx.template_of(InstanceId::new(self.rows.len()));
            self.rows.push(Instance::new(cx.plan, facts, template, cx.now()));
        }
    }

    /// Handles one event.
    #[inline(always)]
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Deliver(call) => self.deliver(call, cx),
            Event::ComputeDone(call) => self.compute_done(call, cx),
            Event::CpuDue { instance, epoch } => self.cpu_due(instance, epoch, cx),
            Event::StoreReply { call, outcome } => self.store_reply(call, outcome, cx),
            Event::CallAnswered { call, outcome } => self.joined(call, outcome, cx),
            Event::SleepDone(call) => self.sleep_done(call, cx),
            Event::Cancel(call) => self.cancel(call, cx),
            Event::Leave(call) => self.leave(call, cx),
            Event::Booted(_) | Event::Up(_) | Event::Disturb { .. } | Event::Gone { .. } => self.machine(event, cx),
        }
    }

    /// What happens to a machine as a whole.
    #[cold]
    #[inline(never)]
    fn machine(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Booted(instance) => {
                self.enter(instance, cx);
                self.rows[instance].condition = Condition::Refusing;
            }
            Event::Up(instance) => {
                self.enter(instance, cx);
                self.up(instance, cx);
            }
            Event::Disturb { instance, fault, on } => {
                self.enter(instance, cx);
                let plan = cx.plan;
                match plan.faults[fault].action {
                    FaultAction::HangInstances(..) | FaultAction::FreezeInstances(..) => self.freeze(instance, on, cx),
                    FaultAction::SlowInstances(_, factor, _) => {
                        self.slow(instance, if on { factor } else { 1.0 / factor }, cx);
                    }
                    FaultAction::CpuStress(_, percent, _) => {
                        let vcpus = f64::from(self.rows[instance].vcpus) * percent / 100.0;
                        self.stress(instance, if on { vcpus } else { -vcpus }, cx);
                    }
                    _ => {}
                }
            }
            Event::Gone { instance, silent } => {
                self.enter(instance, cx);
                self.gone(instance, silent, cx);
            }
            _ => {}
        }
    }

    /// A call arrives at the door.
    fn deliver(&mut self, at: CallRef, cx: &mut Cx) {
        let now = cx.now();
        let Some(call) = cx.call_mut(at) else { return };
        let id = call.instance;
        let Some(row) = self.rows.get_mut(id) else { return vanish(at, false, cx) };
        match row.condition {
            Condition::Serving if row.frozen == 0 && row.busy < row.workers => {
                call.queued_at = now;
                row.busy += 1;
                call.holds_worker = true;
                if let Some(service) = row.service {
                    cx.observe.service(service).arrived_and_started(now);
                }
                self.remember_session(id, at, cx);
                self.run(at, cx);
            }
            Condition::Serving if row.waiting < row.backlog => {
                call.queued_at = now;
                call.state = CallState::Queued;
                row.waiting += 1;
                row.queue.push_back(at);
                if let Some(service) = row.service {
                    cx.observe.service(service).arrived_and_waits(now);
                }
            }
            Condition::Serving | Condition::Refusing => {
                if row.condition == Condition::Serving
                    && let Some(service) = row.service
                {
                    cx.observe.service(service).refused();
                }
                self.answer(at, Outcome::Refused, cx);
            }
            Condition::Absent => vanish(at, false, cx),
        }
    }

    /// Goes on with the program of a call until it has to wait or ends.
    fn run(&mut self, at: CallRef, cx: &mut Cx) {
        let now = cx.now();
        loop {
            let shared = &mut *cx;
            let Some(call) = (shared.calls.generation(at.id) == at.generation).then(|| &mut shared.calls[at.id]) else {
                return;
            };
            let row = &mut self.rows[call.instance];
            match &shared.program.ops[call.pc as usize] {
                Op::Compute(demand) => {
                    let demand = demand.duration(&mut Substream::new(call.luck, call.pc));
                    call.state = CallState::Computing;
                    match row.cpu.start(now, at, demand) {
                        Started::Until(end) => {
                            call.until = end;
                            cx.list.at(end, event::Event::Instance(Event::ComputeDone(at)));
                        }
                        Started::Shared => {
                            let instance = call.instance;
                            announce(&mut row.cpu, instance, cx);
                        }
                    }
                    return;
                }
                Op::Query { store, .. } => {
                    let store = *store;
                    let instance = call.instance;
                    if let Some(pool) = row.pools.get_mut(store.index())
                        && pool.limit != u32::MAX
                    {
                        if pool.used == pool.limit {
                            call.state = CallState::PoolWait(store);
                            pool.queue.push_back(at);
                            self.give_up_worker(at, instance, cx);
                            return;
                        }
                        pool.used += 1;
                    }
                    self.query(at, store, instance, cx);
                    return;
                }
                Op::Call { .. } => {
                    call.state = CallState::Waiting;
                    call.pending = 1;
                    let instance = call.instance;
                    cx.hand_over(event::Event::Client(client::Event::Call(at)));
                    self.give_up_worker(at, instance, cx);
                    return;
                }
                Op::Sleep(time) => {
                    let time = time.duration(&mut Substream::new(call.luck, call.pc));
                    call.state = CallState::Waiting;
                    let instance = call.instance;
                    cx.list.after(time, event::Event::Instance(Event::SleepDone(at)));
                    self.give_up_worker(at, instance, cx);
                    return;
                }
                Op::Fork { first, count } => {
                    let (first, count) = (*first as usize, *count);
                    if count == 0 {
                        call.pc += 1;
                        continue;
                    }
                    call.state = CallState::Waiting;
                    call.pending = count;
                    let parent = *call;
                    self.give_up_worker(at, parent.instance, cx);
                    for branch in first..first + count as usize {
                        let pc = cx.program.branches[branch];
                        let waiter = Waiter::Branch(at);
                        let child = Call { waiter, pc, holds_worker: false, outcome: Outcome::Ok, ..parent };
                        let child = cx.new_call(child);
                        self.run(child, cx);
                    }
                    return;
                }
                Op::Return => {
                    let outcome = call.outcome;
                    self.finish(at, outcome, cx);
                    return;
                }
            }
        }
    }

    /// Sends a query on its way; the instance's connection is taken.
    fn query(&mut self, at: CallRef, store: StoreId, instance: InstanceId, cx: &mut Cx) {
        cx.calls[at.id].state = CallState::AtStore(store);
        let (from, to) = (cx.place_of(instance), cx.store_place[store]);
        if !cx.connect(from, to, event::Event::Store(store::Event::Ask { store, call: at })) {
            let timeout = cx.plan.stores[store].connect_timeout;
            cx.list.after(timeout, event::Event::Store(store::Event::ConnectTimeout(at)));
        }
        self.give_up_worker(at, instance, cx);
    }

    /// Where the service says so, a call that waits gives its worker to the next.
    #[inline]
    fn give_up_worker(&mut self, at: CallRef, instance: InstanceId, cx: &mut Cx) {
        let row = &mut self.rows[instance];
        if row.holds_worker {
            return;
        }
        let call = &mut cx.calls[at.id];
        if call.holds_worker {
            call.holds_worker = false;
            row.busy -= 1;
            if let Some(service) = row.service {
                let now = cx.now();
                cx.observe.service(service).released(now);
            }
            self.dispatch(instance, cx);
        }
    }

    /// Gives free workers to those who wait.
    fn dispatch(&mut self, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        loop {
            let row = &mut self.rows[instance];
            if row.busy >= row.workers || row.frozen > 0 || row.condition != Condition::Serving {
                return;
            }
            let Some(at) = row.queue.pop_front() else { return };
            let Some(call) = cx.call_mut(at) else { continue };
            let first = match call.state {
                CallState::Queued => true,
                CallState::Requeued => false,
                _ => continue,
            };
            row.waiting -= 1;
            row.busy += 1;
            call.holds_worker = true;
            let wait = now - call.queued_at;
            if let Some(service) = row.service {
                cx.observe.service(service).started_after(now, wait, first);
            }
            if first {
                self.remember_session(instance, at, cx);
            }
            self.run(at, cx);
        }
    }

    /// A call that had a vCPU to itself has computed.
    fn compute_done(&mut self, at: CallRef, cx: &mut Cx) {
        let now = cx.now();
        let Some(call) = cx.call(at) else { return };
        if call.state != CallState::Computing || call.until != now {
            return;
        }
        let row = &mut self.rows[call.instance];
        // It shares by now if the machine was disturbed meanwhile.
        if row.cpu.is_direct() {
            row.cpu.finish_direct(now);
            self.next_step(at, cx);
        }
    }

    fn sleep_done(&mut self, at: CallRef, cx: &mut Cx) {
        if !self.held_back(at, Event::SleepDone(at), cx) {
            self.next_step(at, cx);
        }
    }

    fn cpu_due(&mut self, instance: InstanceId, epoch: u32, cx: &mut Cx) {
        let now = cx.now();
        while let Some(call) = self.rows[instance].cpu.due(now, epoch) {
            self.next_step(call, cx);
        }
        announce(&mut self.rows[instance].cpu, instance, cx);
    }

    /// A step is done: the first one may have been the last, by an error; else the next begins.
    fn next_step(&mut self, at: CallRef, cx: &mut Cx) {
        let Some(call) = cx.call(at) else { return };
        let (endpoint, is_check) = (call.endpoint, matches!(call.waiter, Waiter::Check { .. }));
        // Whatever the first step was.
        if cx.environment.may_err[endpoint]
            && !is_check
            && cx.program.endpoint[endpoint] == call.pc
            && self.errs(endpoint, call.instance, cx)
        {
            return self.finish(at, Outcome::Target5xx, cx);
        }
        let call = &mut cx.calls[at.id];
        call.pc += 1;
        let pc = call.pc as usize;
        let needs_worker = !call.holds_worker && !matches!(call.waiter, Waiter::Branch(_));
        let ends = matches!(cx.program.ops[pc], Op::Return);
        if needs_worker && !ends {
            return self.requeue(at, cx);
        }
        self.run(at, cx);
    }

    /// Whether a request ends in an error: by the endpoint's share of them, or that of the instance's release.
    #[inline(never)]
    fn errs(&mut self, endpoint: EndpointId, instance: InstanceId, cx: &Cx) -> bool {
        let mut rate = cx.environment.error_rate[endpoint];
        let release = &cx.template_of(instance).release;
        if let Some(own) = release.error_rate.iter().find(|one| one.0 == endpoint) {
            // What faults have added stays.
            rate += own.1 - cx.plan.endpoints[endpoint].error_rate;
        }
        rate > 0.0 && self.errors[endpoint].chance(rate)
    }

    /// A call that gave its worker up needs one again.
    fn requeue(&mut self, at: CallRef, cx: &mut Cx) {
        let now = cx.now();
        let call = &mut cx.calls[at.id];
        let instance = call.instance;
        let row = &mut self.rows[instance];
        call.state = CallState::Requeued;
        call.queued_at = now;
        row.waiting += 1;
        row.queue.push_back(at);
        if let Some(service) = row.service {
            cx.observe.service(service).waits_again(now);
        }
        self.dispatch(instance, cx);
    }

    fn store_reply(&mut self, at: CallRef, outcome: Outcome, cx: &mut Cx) {
        let event = Event::StoreReply { call: at, outcome };
        if self.held_back(at, event, cx) {
            return;
        }
        let Some(call) = cx.call(at) else { return };
        let CallState::StoreAnswered(store) = call.state else { return };
        let instance = call.instance;
        self.return_connection(instance, store, cx);
        if outcome.is_ok() {
            self.next_step(at, cx);
        } else {
            self.finish(at, outcome, cx);
        }
    }

    /// A connection of the pool is free: the next query takes it.
    fn return_connection(&mut self, instance: InstanceId, store: StoreId, cx: &mut Cx) {
        let Some(pool) = self.rows[instance].pools.get_mut(store.index()) else { return };
        if pool.limit == u32::MAX {
            return;
        }
        while let Some(next) = pool.queue.pop_front() {
            if cx.call(next).is_some_and(|call| call.state == CallState::PoolWait(store)) {
                self.query(next, store, instance, cx);
                return;
            }
        }
        pool.used -= 1;
    }

    /// A branch or a call has ended: go on when the last has.
    fn joined(&mut self, at: CallRef, outcome: Outcome, cx: &mut Cx) {
        if self.held_back(at, Event::CallAnswered { call: at, outcome }, cx) {
            return;
        }
        let Some(call) = cx.call_mut(at) else { return };
        call.pending = call.pending.saturating_sub(1);
        if !outcome.is_ok() && call.outcome.is_ok() {
            call.outcome = outcome;
        }
        if call.pending > 0 {
            return;
        }
        let outcome = call.outcome;
        if outcome.is_ok() {
            self.next_step(at, cx);
        } else {
            // To its own caller a failed dependency is an error of this service.
            let seen = match outcome {
                Outcome::DatabaseUnavailable | Outcome::ConnectionsExhausted => outcome,
                _ => Outcome::Target5xx,
            };
            self.finish(at, seen, cx);
        }
    }

    /// A call is done with: its worker goes to the next, its answer to whoever waits.
    fn finish(&mut self, at: CallRef, outcome: Outcome, cx: &mut Cx) {
        let now = cx.now();
        let call = &mut cx.calls[at.id];
        let instance = call.instance;
        let branch = matches!(call.waiter, Waiter::Branch(_));
        let held = std::mem::take(&mut call.holds_worker);
        if !branch && let Some(service) = self.rows[instance].service {
            cx.observe.service(service).finished(now, held);
        }
        self.answer(at, outcome, cx);
        if held {
            self.rows[instance].busy -= 1;
            self.dispatch(instance, cx);
        }
    }

    /// The answer goes to whoever waits; the row goes too, unless a balancer node still has to read it.
    fn answer(&mut self, at: CallRef, outcome: Outcome, cx: &mut Cx) {
        let call = &mut cx.calls[at.id];
        call.state = CallState::Travelling;
        let (waiter, instance, node) = (call.waiter, call.instance, call.node);
        let from = cx.place_of(instance);
        match waiter {
            Waiter::Node(_) => {
                let to = cx.nodes[node as usize].place;
                cx.send(from, to, event::Event::Alb(alb::Event::Reply { call: at, outcome }));
            }
            Waiter::Direct(request) => {
                cx.calls.remove(at.id);
                if let Some(row) = cx.request(request) {
                    let to = cx.caller_place(row);
                    cx.send(from, to, event::Event::Client(client::Event::Answer { request, outcome }));
                }
            }
            Waiter::Check { check, attempt } => {
                let to = cx.nodes[node as usize].place;
                let ok = outcome.is_ok();
                cx.calls.remove(at.id);
                cx.send(from, to, event::Event::Check(health_check::Event::Reply { check, attempt, ok }));
            }
            Waiter::Branch(parent) => {
                cx.calls.remove(at.id);
                self.joined(parent, outcome, cx);
            }
            Waiter::Nobody => {
                cx.calls.remove(at.id);
            }
        }
    }

    /// Nobody waits for a call any more: it is dropped where it stands.
    fn cancel(&mut self, at: CallRef, cx: &mut Cx) {
        let Some(call) = cx.call(at) else { return };
        let (state, instance) = (call.state, call.instance);
        if matches!(state, CallState::Travelling | CallState::Lost) {
            return;
        }
        if self.withdraw(at, state, instance, cx) {
            if let Some(call) = cx.call_mut(at)
                && matches!(call.waiter, Waiter::Direct(_))
            {
                call.waiter = Waiter::Nobody;
            }
            self.finish(at, Outcome::Abandoned, cx);
        }
    }

    /// The client leaves the queue; one already served stays.
    fn leave(&mut self, at: CallRef, cx: &mut Cx) {
        let Some(call) = cx.call(at) else { return };
        if call.state == CallState::Queued {
            let instance = call.instance;
            self.withdraw(at, CallState::Queued, instance, cx);
            self.finish(at, Outcome::Abandoned, cx);
        }
    }

    /// Takes a call out of whatever it waits for here. False if it is on the wire and cannot be taken.
    fn withdraw(&mut self, at: CallRef, state: CallState, instance: InstanceId, cx: &mut Cx) -> bool {
        let now = cx.now();
        let row = &mut self.rows[instance];
        match state {
            CallState::Queued | CallState::Requeued => {
                row.waiting -= 1;
                row.queue.retain(|&other| other != at);
                if let Some(service) = row.service {
                    cx.observe.service(service).left(now);
                }
                true
            }
            CallState::Computing => {
                if row.cpu.is_direct() {
                    row.cpu.finish_direct(now);
                } else {
                    row.cpu.drop_job(now, at);
                    announce(&mut row.cpu, instance, cx);
                }
                true
            }
            CallState::PoolWait(store) => {
                if let Some(pool) = row.pools.get_mut(store.index()) {
                    pool.queue.retain(|&other| other != at);
                }
                true
            }
            CallState::AtStore(store) | CallState::StoreAnswered(store) => {
                // The store works on; the connection is free for the next.
                self.return_connection(instance, store, cx);
                true
            }
            CallState::Waiting => true,
            CallState::Travelling | CallState::Lost => false,
        }
    }

    fn up(&mut self, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        if row.condition == Condition::Serving {
            return;
        }
        row.condition = Condition::Serving;
        let capacity = row.vcpus;
        let workers = row.workers;
        if let Some(service) = row.service {
            cx.observe.service(service).capacity(now, i64::from(workers), i64::from(capacity));
        }
        if row.pace != 1.0 {
            self.disturb(instance, cx);
        }
        cx.hand_over(event::Event::Client(client::Event::Discovered { instance, there: true }));
    }

    /// The instance is gone, with everything on it.
    fn gone(&mut self, instance: InstanceId, silent: bool, cx: &mut Cx) {
        let now = cx.now();
        let facts = cx.directory.facts(instance);
        let row = &mut self.rows[instance];
        if row.condition == Condition::Serving
            && let Some(service) = facts.service
        {
            cx.observe.service(service).capacity(now, -i64::from(row.workers), -i64::from(row.vcpus));
            cx.observe.sessions_gone(instance);
        }
        row.condition = Condition::Absent;
        let busy_ns = row.cpu.busy(now);
        if let Some(service) = facts.service {
            cx.observe.service(service).worked(busy_ns);
        }
        let fresh = Instance::new(cx.plan, facts, cx.template_of(instance), now);
        let old = std::mem::replace(&mut self.rows[instance], fresh);
        let here: Vec<CallRef> = cx
            .calls
            .iter()
            .filter(|(_, call)| {
                call.instance == instance && !matches!(call.state, CallState::Travelling | CallState::Lost)
            })
            .map(|(id, _)| CallRef { id, generation: cx.calls.generation(id) })
            .collect();
        if let Some(service) = facts.service {
            let branch = |at: &&CallRef| matches!(cx.calls[at.id].waiter, Waiter::Branch(_));
            let present = here.len() - here.iter().filter(branch).count();
            cx.observe.service(service).lost(now, old.waiting, old.busy, present as u32);
        }
        for at in here {
            let Some(call) = cx.call(at) else { continue };
            if matches!(call.waiter, Waiter::Branch(_) | Waiter::Nobody) {
                cx.calls.remove(at.id);
            } else if silent {
                vanish(at, true, cx);
            } else {
                cx.calls[at.id].holds_worker = false;
                self.answer(at, Outcome::BadGateway, cx);
            }
        }
        cx.hand_over(event::Event::Client(client::Event::Discovered { instance, there: false }));
    }

    /// Freezes (or, counted down to none, thaws) a machine.
    fn freeze(&mut self, instance: InstanceId, frozen: bool, cx: &mut Cx) {
        self.enter(instance, cx);
        let row = &mut self.rows[instance];
        row.frozen = if frozen { row.frozen + 1 } else { row.frozen.saturating_sub(1) };
        self.disturb(instance, cx);
        let row = &mut self.rows[instance];
        if row.frozen == 0 {
            for event in std::mem::take(&mut row.held) {
                cx.hand_over(event::Event::Instance(event));
            }
            self.dispatch(instance, cx);
        }
    }

    /// Adds background load in vCPUs (negative to take it away).
    fn stress(&mut self, instance: InstanceId, vcpus: f64, cx: &mut Cx) {
        self.enter(instance, cx);
        // An instance that was lost meanwhile has forgotten its stress.
        self.rows[instance].stress = (self.rows[instance].stress + vcpus).max(0.0);
        self.disturb(instance, cx);
    }

    /// Multiplies the speed of its CPUs.
    fn slow(&mut self, instance: InstanceId, factor: f64, cx: &mut Cx) {
        self.enter(instance, cx);
        self.rows[instance].speed = (self.rows[instance].speed * factor).min(1.0);
        self.disturb(instance, cx);
    }

    /// Tells the CPU of the machine's condition.
    fn disturb(&mut self, instance: InstanceId, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        let direct: Vec<(CallRef, Duration)> = if row.cpu.is_direct() {
            cx.calls
                .iter()
                .filter(|(_, call)| call.instance == instance && call.state == CallState::Computing)
                .map(|(id, call)| (CallRef { id, generation: cx.calls.generation(id) }, call.until - now))
                .collect()
        } else {
            Vec::new()
        };
        let speed = if row.frozen > 0 { 0.0 } else { row.speed };
        // Rounding leaves crumbs when several disturbances come and go.
        let stress = if row.stress < 1e-9 { 0.0 } else { row.stress };
        let speed = if (speed - 1.0).abs() < 1e-9 { 1.0 } else { speed } * row.pace;
        row.cpu.disturb(now, stress, speed, &direct);
        announce(&mut row.cpu, instance, cx);
    }

    /// Whether a call is over, or its machine frozen; the event then waits for the thaw.
    fn held_back(&mut self, at: CallRef, event: Event, cx: &Cx) -> bool {
        let Some(call) = cx.call(at) else { return true };
        // One that is answered already, or lost with its host, goes on no more.
        if matches!(call.state, CallState::Travelling | CallState::Lost) {
            return true;
        }
        let row = &mut self.rows[call.instance];
        if row.frozen > 0 {
            row.held.push(event);
            return true;
        }
        false
    }

    #[inline]
    fn remember_session(&self, instance: InstanceId, at: CallRef, cx: &mut Cx) {
        if self.rows[instance].keeps_sessions {
            self.keep_session(instance, at, cx);
        }
    }

    fn keep_session(&self, instance: InstanceId, at: CallRef, cx: &mut Cx) {
        let Some(service) = self.rows[instance].service else { return };
        let call = &cx.calls[at.id];
        let (Waiter::Node(request) | Waiter::Direct(request)) = call.waiter else { return };
        let Some(&request) = cx.request(request) else { return };
        // Another service that calls is no user.
        if request.parent == CallRef::NONE {
            cx.observe.session_at(&request, service, instance);
        }
    }

    /// CPU work done by an instance since the beginning, in vCPU-nanoseconds.
    pub fn busy_ns(&mut self, instance: InstanceId, now: Time) -> f64 {
        self.rows.get_mut(instance).map_or(0.0, |row| row.cpu.busy(now))
    }

    /// Requests waiting for a worker.
    pub fn waiting(&self, instance: InstanceId) -> u32 {
        self.rows.get(instance).map_or(0, |row| row.waiting)
    }
}

impl Instance {
    fn new(plan: &Plan, facts: crate::directory::Facts, template: &LaunchTemplate, now: Time) -> Self {
        let vcpus = template.vcpus;
        let service = facts.service.map(|service| &plan.services[service]);
        let workers = service.map_or(0, |service| service.workers);
        let bounded = service.is_some_and(|service| service.pools.values().any(|&limit| limit != u32::MAX));
        // Branches run beside the worker that forked them, and checks need one too: only plain services are roomy.
        let parallel = service.is_some_and(|service| {
            service.endpoints.iter().any(|&endpoint| {
                plan.endpoints[endpoint].steps.iter().any(|step| matches!(step, crate::plan::Step::Parallel(_)))
            })
        });
        Instance {
            service: facts.service,
            keeps_sessions: service.is_some_and(|service| service.sessions_on_instance),
            condition: Condition::Absent,
            workers,
            busy: 0,
            backlog: service.map_or(0, |service| service.backlog),
            queue: VecDeque::new(),
            waiting: 0,
            holds_worker: service.is_none_or(|service| service.holds_worker),
            cpu: Cpu::new(vcpus, if parallel { u32::MAX } else { workers }, now),
            vcpus,
            pools: match service {
                Some(service) if bounded => {
                    service.pools.values().map(|&limit| Pool { limit, used: 0, queue: VecDeque::new() }).collect()
                }
                _ => Vec::new(),
            },
            frozen: 0,
            stress: 0.0,
            speed: 1.0,
            pace: 1.0 / template.release.compute,
            held: Vec::new(),
        }
    }
}

/// Announces the next completion of a shared CPU, if it has to be announced.
#[inline]
fn announce(cpu: &mut Cpu, instance: InstanceId, cx: &mut Cx) {
    if let Some((time, epoch)) = cpu.wake(cx.list.now()) {
        cx.list.at(time, event::Event::Instance(Event::CpuDue { instance, epoch }));
    }
}

/// A call comes to nothing: whoever waits finds out by a timer.
fn vanish(at: CallRef, connected: bool, cx: &mut Cx) {
    let call = &mut cx.calls[at.id];
    call.state = CallState::Travelling;
    call.holds_worker = false;
    match call.waiter {
        Waiter::Node(_) => cx.hand_over(event::Event::Alb(alb::Event::Silent { call: at, connected })),
        Waiter::Direct(request) => {
            cx.calls.remove(at.id);
            if cx.request(request).is_some() {
                cx.hand_over(event::Event::Client(client::Event::Unanswered(request)));
            }
        }
        _ => {
            cx.calls.remove(at.id);
        }
    }
}
