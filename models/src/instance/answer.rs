//! The end of a call: its worker goes to the next, its answer to whoever waits.

use super::Instances;
use crate::alb::{classic, nlb};
use crate::request::*;
use crate::shared::Cx;
use crate::{Outcome, alb, client, event, health_check};

impl Instances {
    /// A call is done with: its worker goes to the next, its answer to whoever waits.
    pub(super) fn finish(&mut self, at: CallRef, outcome: Outcome, cx: &mut Cx) {
        let now = cx.now();
        let call = &mut cx.calls[at.id];
        let instance = call.instance;
        let branch = matches!(call.waiter, Waiter::Branch(_));
        let held = std::mem::take(&mut call.holds_worker);
        if !branch && let Some(service) = self.rows[instance].service {
            cx.observe.service(service).finished(now, held);
        }
        if !branch && self.rows[instance].reckons {
            self.reckon_end(instance, at, outcome, cx);
        }
        self.answer(at, outcome, cx);
        if held {
            self.rows[instance].busy -= 1;
            self.dispatch(instance, cx);
        }
    }

    /// The answer goes to whoever waits; the row goes too, unless a balancer node still has to read it.
    pub(super) fn answer(&mut self, at: CallRef, outcome: Outcome, cx: &mut Cx) {
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
            Waiter::Flow { .. } => {
                let to = cx.nodes[node as usize].place;
                cx.send(from, to, event::Event::Nlb(nlb::Event::Reply { call: at, outcome }));
            }
            Waiter::Classic(_) => {
                let to = cx.nodes[node as usize].place;
                cx.send(from, to, event::Event::Classic(classic::Event::Reply { call: at, outcome }));
            }
            Waiter::Nobody => {
                cx.calls.remove(at.id);
            }
        }
    }
}

/// A call comes to nothing: whoever waits finds out by a timer.
pub(super) fn vanish(at: CallRef, connected: bool, cx: &mut Cx) {
    let call = &mut cx.calls[at.id];
    call.state = CallState::Travelling;
    call.holds_worker = false;
    match call.waiter {
        Waiter::Node(_) => cx.hand_over(event::Event::Alb(alb::Event::Silent { call: at, connected })),
        Waiter::Flow { .. } => cx.hand_over(event::Event::Nlb(nlb::Event::Silent { call: at, connected })),
        Waiter::Classic(_) => cx.hand_over(event::Event::Classic(classic::Event::Silent { call: at, connected })),
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
