//! Requests of EC2's application status check: served like any others.
//!
//! ```text
//!  Booted ─► phase ─► Probe (each interval) ─► deliver ─► answer ─► status::Answered
//! ```
//! # Models      one request per interval and machine, from the start of its operating system to its end; a worker serves it
//! # Source      `aws/scaling.md` §1.4

use super::{Event, Instances};
use crate::event;
use crate::request::{Call, InstanceId, Waiter};
use crate::shared::Cx;
use crate::status;
use sim_core::{Duration, Words};

impl Instances {
    /// The operating system is up: from now on the application is checked, if that is asked for and there is one.
    pub(super) fn watch_application(&mut self, instance: InstanceId, cx: &mut Cx) {
        let Some(check) = &cx.template_of(instance).machine.application_check else { return };
        let row = &mut self.rows[instance];
        if row.service.is_none() || std::mem::replace(&mut row.watched, true) {
            return;
        }
        let machine = row.machine;
        let share = cx.stream(&cx.name_of(instance), &format!("application check phase {machine}")).unit();
        let phase = Duration::from_secs_f64(check.interval.as_secs_f64() * share);
        cx.list.soon(event::Event::Status(status::Event::Watched(instance)));
        cx.list.after(phase, event::Event::Instance(Event::Probe { instance, machine }));
    }

    /// One request, unless the machine has gone.
    pub(super) fn probe(&mut self, instance: InstanceId, machine: u32, cx: &mut Cx) {
        let Some(check) = &cx.template_of(instance).machine.application_check else { return };
        let Some(row) = self.rows.get_mut(instance).filter(|row| row.machine == machine) else { return };
        let facts = cx.directory.facts(instance);
        let Some(&endpoint) = facts.service.and_then(|service| cx.plan.services[service].endpoints.first()) else {
            return;
        };
        row.probes += 1;
        let attempt = row.probes;
        let number = cx.directory.template(instance);
        let Some(&pc) = cx.program.application.get(&(facts.fleet, number)) else { return };
        cx.list.after(check.interval, event::Event::Instance(Event::Probe { instance, machine }));
        cx.list.after(check.timeout, event::Event::Status(status::Event::TimedOut { instance, attempt }));
        let luck = cx.stream(&cx.name_of(instance), &format!("application check {attempt}")).word();
        let call = Call::sent(Waiter::StatusCheck { attempt }, luck, pc, endpoint, instance, cx.now());
        let at = cx.new_call(call);
        self.deliver(at, cx);
    }
}
