//! At the door: the backlog, the workers, and those who leave the queue.

use super::answer::vanish;
use super::{Condition, Instances, announce};
use crate::Outcome;
use crate::plan::{ServiceId, WhenFull};
use crate::request::*;
use crate::shared::Cx;

impl Instances {
    /// A call arrives at the door.
    pub(super) fn deliver(&mut self, at: CallRef, cx: &mut Cx) {
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
                if row.reckons {
                    self.reckon_arrival(id, at, cx);
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
                if self.rows[id].reckons {
                    self.reckon_arrival(id, at, cx);
                }
            }
            Condition::Serving | Condition::Refusing => {
                if row.condition == Condition::Serving
                    && let Some(service) = row.service
                {
                    cx.observe.service(service).refused();
                }
                let seen = self.turned_away(id, cx);
                self.answer(at, seen, cx);
            }
            Condition::Absent => vanish(at, false, cx),
        }
    }

    /// What becomes of a request that finds no room.
    #[cold]
    #[inline(never)]
    fn turned_away(&self, instance: InstanceId, cx: &Cx) -> Outcome {
        let row = &self.rows[instance];
        let sheds = |service: ServiceId| matches!(cx.plan.services[service].when_full, WhenFull::Throttle { .. });
        match row.service {
            Some(service) if row.condition == Condition::Serving && sheds(service) => Outcome::Throttled,
            _ => Outcome::Refused,
        }
    }

    /// Where the service says so, a call that waits gives its worker to the next.
    #[inline]
    pub(super) fn give_up_worker(&mut self, at: CallRef, instance: InstanceId, cx: &mut Cx) {
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
    pub(super) fn dispatch(&mut self, instance: InstanceId, cx: &mut Cx) {
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

    /// A call that gave its worker up needs one again.
    pub(super) fn requeue(&mut self, at: CallRef, cx: &mut Cx) {
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

    /// Nobody waits for a call any more: it is dropped where it stands.
    pub(super) fn cancel(&mut self, at: CallRef, cx: &mut Cx) {
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
    pub(super) fn leave(&mut self, at: CallRef, cx: &mut Cx) {
        let Some(call) = cx.call(at) else { return };
        if call.state == CallState::Queued {
            let instance = call.instance;
            self.withdraw(at, CallState::Queued, instance, cx);
            self.finish(at, Outcome::Abandoned, cx);
        }
    }

    /// Takes a call out of whatever it waits for here. False if it is on the wire and cannot be taken.
    pub(super) fn withdraw(&mut self, at: CallRef, state: CallState, instance: InstanceId, cx: &mut Cx) -> bool {
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

    #[inline]
    pub(super) fn remember_session(&self, instance: InstanceId, at: CallRef, cx: &mut Cx) {
        if self.rows[instance].keeps_sessions {
            self.keep_session(instance, at, cx);
        }
    }

    pub(super) fn keep_session(&self, instance: InstanceId, at: CallRef, cx: &mut Cx) {
        let Some(service) = self.rows[instance].service else { return };
        let call = &cx.calls[at.id];
        let (Waiter::Node(request) | Waiter::Direct(request) | Waiter::Flow { request, .. } | Waiter::Classic(request)) =
            call.waiter
        else {
            return;
        };
        let Some(&request) = cx.request(request) else { return };
        // Another service that calls is no user.
        if request.parent == CallRef::NONE {
            cx.observe.session_at(&request, service, instance);
        }
    }
}
