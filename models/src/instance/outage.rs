//! Outages that an instance survives: its process ends and comes back, it reboots, moves to another host, or is cut off.
//!
//! ```text
//!  out of memory ─► end_process (refuses) ─► Restart ─► Up
//!  Reboot ────────► end_process (absent)  ─► Restart ─► Up           FailHost ─► end_process, silently ─► Recover ─► Restart
//! ```
//! # Models      requests in flight reset (or left without an answer, where the host failed); a reboot takes as long as a boot,
//!   a recovery as long as a launch and a boot, so many of them a day (rule M4); auto-healing stops and starts; id, balance of
//!   credits and bill go on, memory does not
//! # Leaves out  user data at a reboot; the stop that a recovery may need
//! # Source      EC2 user guide, "Reboot your instance", "Recover your instance"; `aws/scaling.md` M3, M4

use super::answer::vanish;
use super::{Condition, Event, Instance, Instances};
use crate::plan::StatusCheck;
use crate::request::*;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{Outcome, client, event, status};
use sim_core::Duration;

/// The time in which recoveries are counted (rule M4).
const DAY: Duration = Duration::from_secs(86_400);

impl Instance {
    /// What it would do with a connection, could anybody reach it.
    pub(super) fn condition(&self) -> Condition {
        if self.cut_off > 0 { self.behind } else { self.condition }
    }

    pub(super) fn set_condition(&mut self, condition: Condition) {
        if self.cut_off > 0 {
            self.behind = condition;
        } else {
            self.condition = condition;
        }
    }
}

impl Instances {
    /// The server process ends, with all it was doing; the machine stays.
    pub(super) fn end_process(&mut self, instance: InstanceId, silent: bool, next: Condition, cx: &mut Cx) {
        let now = cx.now();
        let row = &mut self.rows[instance];
        if row.condition() == Condition::Serving
            && let Some(service) = row.service
        {
            cx.observe.service(service).capacity(now, -i64::from(row.workers), -i64::from(row.vcpus));
            cx.observe.sessions_gone(instance);
        }
        row.set_condition(next);
        row.life += 1;
        row.cpu.clear(now);
        let (waiting, busy) = (std::mem::take(&mut row.waiting), std::mem::take(&mut row.busy));
        row.queue.clear();
        row.held.clear();
        for pool in &mut row.pools {
            pool.used = 0;
            pool.queue.clear();
        }
        self.drop_calls(instance, silent, waiting, busy, cx);
        cx.hand_over(event::Event::Client(client::Event::Discovered { instance, there: false }));
    }

    /// Every call on an instance ends: with a reset, or without anybody's hearing of it.
    pub(super) fn drop_calls(&mut self, instance: InstanceId, silent: bool, waiting: u32, busy: u32, cx: &mut Cx) {
        let now = cx.now();
        let here: Vec<CallRef> = cx
            .calls
            .iter()
            .filter(|(_, call)| {
                call.instance == instance && !matches!(call.state, CallState::Travelling | CallState::Lost)
            })
            .map(|(id, _)| CallRef { id, generation: cx.calls.generation(id) })
            .collect();
        if let Some(service) = cx.directory.facts(instance).service {
            let branch = |at: &&CallRef| matches!(cx.calls[at.id].waiter, Waiter::Branch(_));
            let present = here.len() - here.iter().filter(branch).count();
            cx.observe.service(service).lost(now, waiting, busy, present as u32);
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
    }

    /// The process comes back, unless something else has become of it.
    pub(super) fn restart(&mut self, instance: InstanceId, life: u32, cx: &mut Cx) {
        let row = &mut self.rows[instance];
        if row.life != life || row.condition() == Condition::Serving {
            return;
        }
        let (now, cause) = (cx.now(), cx.blame.of_instance(instance));
        let detail = "its process serves again";
        let entry = cx.timeline.record(now, EventKind::ProcessRestarted, cx.name_of(instance), detail, cause);
        cx.blame.instance(instance, entry);
        cx.hand_over(event::Event::Instance(Event::Up(instance)));
    }

    /// RebootInstances: what stood still no longer does.
    pub(super) fn reboot(&mut self, instance: InstanceId, cause: EntryId, cx: &mut Cx) {
        let Some(length) = self.boot_time(instance, false, cx) else { return };
        let (now, name) = (cx.now(), cx.name_of(instance));
        let detail = format!("reboots: serves again in {:.1} s", length.as_secs_f64());
        let entry = cx.timeline.record(now, EventKind::InstanceRebooted, name, detail, cause);
        self.comes_back(instance, entry, length, cx);
    }

    /// Moved to another host, by EC2 itself or by an alarm (rules M3 to M5), so many times a day.
    pub(super) fn recover(&mut self, instance: InstanceId, cause: EntryId, cx: &mut Cx) {
        let (now, name) = (cx.now(), cx.name_of(instance));
        let limit = cx.template_of(instance).machine.recoveries_per_day;
        self.recoveries.retain(|one| now < one.1.saturating_add(DAY));
        let before = self.recoveries.iter().filter(|one| one.0 == instance).count();
        if before >= limit as usize {
            let detail = format!("not recovered: {before} recoveries within 24 h are the limit");
            cx.timeline.record(now, EventKind::RecoveryRefused, name, detail, cause);
            return;
        }
        let Some(length) = self.boot_time(instance, true, cx) else { return };
        self.recoveries.push((instance, now));
        let detail = format!("on another host, in effect rebooted: serves again in {:.1} s", length.as_secs_f64());
        let entry = cx.timeline.record(now, EventKind::InstanceRecovered, name, detail, cause);
        self.rows[instance].host_failed = false;
        self.comes_back(instance, entry, length, cx);
    }

    /// Auto-healing: stopped and started, on whatever host there is.
    pub(super) fn heal(&mut self, instance: InstanceId, cause: EntryId, cx: &mut Cx) {
        let Some(healing) =
            cx.template_of(instance).machine.converge.as_ref().and_then(|one| one.auto_healing.as_ref())
        else {
            return;
        };
        let Some(length) = self.boot_time(instance, true, cx) else { return };
        let (now, name) = (cx.now(), cx.name_of(instance));
        let purpose = format!("auto-healing {}", self.rows[instance].boots);
        let length = length + healing.stop.sampler().duration(&mut cx.stream(&name, &purpose));
        let detail = format!("auto-healing stops and starts it: serves again in {:.1} s", length.as_secs_f64());
        let entry = cx.timeline.record(now, EventKind::InstanceRebooted, name, detail, cause);
        self.rows[instance].host_failed = false;
        self.comes_back(instance, entry, length, cx);
    }

    /// How long it takes to come back; none if there is nothing to bring back.
    fn boot_time(&mut self, instance: InstanceId, moves: bool, cx: &Cx) -> Option<Duration> {
        let row = self.rows.get_mut(instance)?;
        let unable = !row.there || row.host_failed && !moves;
        if unable {
            return None;
        }
        row.boots += 1;
        let template = cx.template_of(instance);
        let mut stream = cx.stream(&cx.name_of(instance), &format!("reboot {}", row.boots));
        let mut length = template.boot.duration.sampler().duration(&mut stream);
        if moves {
            length += template.pending.duration.sampler().duration(&mut stream);
        }
        Some(length)
    }

    fn comes_back(&mut self, instance: InstanceId, entry: EntryId, length: Duration, cx: &mut Cx) {
        cx.blame.instance(instance, entry);
        let row = &mut self.rows[instance];
        row.frozen = row.cut_off;
        self.end_process(instance, false, Condition::Absent, cx);
        self.disturb(instance, cx);
        if std::mem::take(&mut self.rows[instance].suspect) {
            let paused = self.rows[instance].io_paused > 0;
            let event = if paused { status::Event::Rebooted(instance) } else { status::Event::Cleared(instance) };
            cx.list.soon(event::Event::Status(event));
        }
        let life = self.rows[instance].life;
        cx.list.after(length, event::Event::Instance(Event::Restart { instance, life }));
    }

    /// The host under it fails: it is gone from the network at once, and for EC2 it still runs.
    pub(super) fn host_fails(&mut self, instance: InstanceId, cause: EntryId, cx: &mut Cx) {
        let row = &mut self.rows[instance];
        if !row.there || std::mem::replace(&mut row.host_failed, true) {
            return;
        }
        self.end_process(instance, true, Condition::Absent, cx);
        self.ill(instance, StatusCheck::System, true, cause, cx);
        self.ill(instance, StatusCheck::Instance, true, cause, cx);
    }

    /// Its network fails, or works again: what it was doing waits.
    pub(super) fn cut_off(&mut self, instance: InstanceId, cut: bool, cause: EntryId, cx: &mut Cx) {
        let row = &mut self.rows[instance];
        if cut {
            if row.cut_off == 0 {
                row.behind = row.condition;
                row.condition = Condition::Absent;
            }
            row.cut_off += 1;
        } else if row.cut_off == 0 {
            // It was another machine that was cut off.
            return;
        } else {
            row.cut_off -= 1;
            if row.cut_off == 0 {
                row.condition = row.behind;
            }
        }
        self.freeze(instance, cut, cx);
        // Checked by ARP (rule M2).
        self.ill(instance, StatusCheck::Instance, cut, cause, cx);
    }

    /// Tells the status checks.
    pub(super) fn ill(&mut self, instance: InstanceId, check: StatusCheck, ill: bool, cause: EntryId, cx: &mut Cx) {
        self.rows[instance].suspect |= ill;
        let machine = &cx.template_of(instance).machine;
        let heals = machine.converge.as_ref().is_some_and(|converge| converge.auto_healing.is_some());
        // With its machine the agent falls silent too.
        if check == StatusCheck::Instance && heals {
            let agent = StatusCheck::Agent;
            cx.list.soon(event::Event::Status(status::Event::Changed { instance, check: agent, ill, cause }));
        }
        cx.list.soon(event::Event::Status(status::Event::Changed { instance, check, ill, cause }));
    }
}
