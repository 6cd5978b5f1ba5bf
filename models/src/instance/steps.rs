//! Step programs: a call computes, asks, waits and joins until its program ends.

use super::{Event, Instances, announce};
use crate::cpu::Started;
use crate::plan::{EndpointId, StoreId};
use crate::program::Op;
use crate::request::*;
use crate::shared::Cx;
use crate::{Outcome, client, event, store};
use sim_core::{Substream, Words};

impl Instances {
    /// Goes on with the program of a call until it has to wait or ends.
    pub(super) fn run(&mut self, at: CallRef, cx: &mut Cx) {
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
                Op::Disk { operations, bytes } => {
                    let (operations, bytes) = (*operations, *bytes);
                    call.state = CallState::Waiting;
                    let instance = call.instance;
                    if row.io_paused > 0 {
                        row.io_held.push((at, false));
                        self.give_up_worker(at, instance, cx);
                        return;
                    }
                    let time = self.disk(instance, operations, bytes, now);
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
    pub(super) fn query(&mut self, at: CallRef, store: StoreId, instance: InstanceId, cx: &mut Cx) {
        cx.calls[at.id].state = CallState::AtStore(store);
        let (from, to) = (cx.place_of(instance), cx.store_place[store]);
        if !cx.connect(from, to, event::Event::Store(store::Event::Ask { store, call: at })) {
            let timeout = cx.plan.stores[store].connect_timeout;
            cx.list.after(timeout, event::Event::Store(store::Event::ConnectTimeout(at)));
        }
        self.give_up_worker(at, instance, cx);
    }

    /// A call that had a vCPU to itself has computed.
    pub(super) fn compute_done(&mut self, at: CallRef, cx: &mut Cx) {
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

    pub(super) fn sleep_done(&mut self, at: CallRef, cx: &mut Cx) {
        if self.held_back(at, Event::SleepDone(at), cx) {
            return;
        }
        let paused = cx.call(at).is_some_and(|call| self.rows[call.instance].io_paused > 0);
        if !(paused && self.waits_for_io(at, cx)) {
            self.next_step(at, cx);
        }
    }

    pub(super) fn cpu_due(&mut self, instance: InstanceId, epoch: u32, cx: &mut Cx) {
        let now = cx.now();
        while let Some(call) = self.rows[instance].cpu.due(now, epoch) {
            self.next_step(call, cx);
        }
        announce(&mut self.rows[instance].cpu, instance, cx);
    }

    /// A step is done: the first one may have been the last, by an error; else the next begins.
    pub(super) fn next_step(&mut self, at: CallRef, cx: &mut Cx) {
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

    pub(super) fn store_reply(&mut self, at: CallRef, outcome: Outcome, cx: &mut Cx) {
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
    pub(super) fn return_connection(&mut self, instance: InstanceId, store: StoreId, cx: &mut Cx) {
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
    pub(super) fn joined(&mut self, at: CallRef, outcome: Outcome, cx: &mut Cx) {
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

    /// Whether a call is over, or its machine frozen; the event then waits for the thaw.
    pub(super) fn held_back(&mut self, at: CallRef, event: Event, cx: &Cx) -> bool {
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
}
