//! EC2's status checks: each minute of every instance, and what follows from them.
//!
//! ```text
//!  instance ──Changed──► at its next minute: Check ─► impaired │ ok ──a few minutes──► Acts ─┬─► group::Impaired
//!                                                                                           └─► instance::Recover
//! ```
//! # Models      rule M2: system, instance and attached EBS checks with states ok and impaired, seen at the minute; the
//!   application check by its own answers (`application`); an impaired member of a group becomes known to it a few minutes
//!   later (§1.4; the EBS check where the group asks for it), one of a fixed set is recovered if its host has failed (rules
//!   M4, M5); agents that fall silent (`agent`); an instance whose checks nothing can change makes no event
//! # Leaves out  scheduled events; `insufficient-data`, which nobody acts upon: a zone that is cut off is in that state
//! # Source      EC2 user guide, "Status checks for your instances", "Automatic instance recovery"; `aws/scaling.md` §1.4, §4

mod agent;
mod application;

use crate::event::{self, events};
use crate::plan::{Sizing, StatusCheck};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{group, instance};
use sim_core::{Duration, Words};
use std::collections::BTreeMap;

events! {
    /// What happens to status checks.
    pub enum Event {
        /// Something that a check looks at has gone wrong, or come right again.
        Changed {
            /// Instance.
            instance: InstanceId,
            /// Which check sees it.
            check: StatusCheck,
            /// Wrong or right.
            ill: bool,
            /// Timeline entry of what did it.
            cause: EntryId,
        },
        /// The check is made.
        Check {
            /// Instance.
            instance: InstanceId,
            /// Which check.
            check: StatusCheck,
            /// The change it is to find.
            change: u16,
        },
        /// It has been impaired long enough for somebody to act.
        Acts {
            /// Instance.
            instance: InstanceId,
            /// Which check.
            check: StatusCheck,
            /// The episode.
            change: u16,
        },
        /// The machine is gone or has a new host: nothing is wrong with it any more.
        Cleared(InstanceId),
        /// It has a new host or has rebooted, and its volumes are what they were.
        Rebooted(InstanceId),
        /// A machine has started whose application is to be checked.
        Watched(InstanceId),
        /// The application has answered a request of its check, or turned it away.
        Answered {
            /// Instance.
            instance: InstanceId,
            /// Which request.
            attempt: u32,
            /// Whether as it should.
            ok: bool,
        },
        /// A request of the application check has had its time.
        TimedOut {
            /// Instance.
            instance: InstanceId,
            /// Which request.
            attempt: u32,
        },
    }
}

/// Between two checks.
const MINUTE: Duration = Duration::from_secs(60);

/// All status checks.
#[derive(Debug, Default)]
pub struct StatusChecks {
    /// By instance and check; only those that ever changed.
    rows: Vec<[Row; StatusCheck::ALL.len()]>,
    /// Applications that are checked.
    watches: BTreeMap<InstanceId, application::Watch>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    /// Things that are wrong.
    ill: u32,
    /// Changes so far.
    changes: u16,
    impaired: bool,
    /// Latest change, or what was last written down.
    cause: EntryId,
}

impl Default for Row {
    fn default() -> Self {
        Row { ill: 0, changes: 0, impaired: false, cause: EntryId::NONE }
    }
}

impl StatusChecks {
    /// Handles one event.
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Changed { instance, check: StatusCheck::Agent, ill, cause } => {
                self.keep_alive(instance, ill, cause, cx);
            }
            Event::Changed { instance, check, ill, cause } => {
                let row = self.row(instance, check);
                row.ill = if ill { row.ill + 1 } else { row.ill.saturating_sub(1) };
                if ill {
                    row.cause = cause;
                }
                self.look(instance, check, cx);
            }
            Event::Check { instance, check, change } => self.check(instance, check, change, cx),
            Event::Acts { instance, check: StatusCheck::Agent, change } => self.falls_silent(instance, change, cx),
            Event::Acts { instance, check, change } => {
                let row = *self.row(instance, check);
                if row.impaired && row.changes == change {
                    act(instance, check, row.cause, cx);
                }
            }
            Event::Cleared(instance) => self.clear(instance, |_| true, cx),
            Event::Rebooted(instance) => self.clear(instance, |check| check != StatusCheck::AttachedEbs, cx),
            Event::Watched(instance) => self.watched(instance, cx),
            Event::Answered { instance, attempt, ok } => self.conclude(instance, attempt, ok, cx),
            Event::TimedOut { instance, attempt } => self.conclude(instance, attempt, false, cx),
        }
    }

    /// Nothing is wrong any more of what these checks look at.
    fn clear(&mut self, instance: InstanceId, checks: impl Fn(StatusCheck) -> bool, cx: &mut Cx) {
        self.start_grace(instance, cx);
        for check in StatusCheck::ALL.into_iter().filter(|&check| checks(check)) {
            if self.row(instance, check).ill == 0 {
                continue;
            }
            self.row(instance, check).ill = 0;
            match check {
                StatusCheck::Agent => self.sends_again(instance, cx),
                _ => self.look(instance, check, cx),
            }
        }
    }

    /// Whether a check of the instance fails: what its metric says.
    pub fn fails(&self, instance: InstanceId, check: StatusCheck) -> bool {
        self.rows.get(instance.index()).is_some_and(|rows| rows[check as usize].impaired)
    }

    /// Has the check made at the instance's next minute.
    fn look(&mut self, instance: InstanceId, check: StatusCheck, cx: &mut Cx) {
        let phase = cx.stream(&cx.name_of(instance), "status check phase").unit();
        let phase = (MINUTE.nanos() as f64 * phase) as u64;
        let row = self.row(instance, check);
        row.changes = row.changes.wrapping_add(1);
        let into = (cx.now().nanos() + MINUTE.nanos() - phase) % MINUTE.nanos();
        let next = Duration::from_nanos(MINUTE.nanos() - into);
        cx.list.after(next, event::Event::Status(Event::Check { instance, check, change: row.changes }));
    }

    fn check(&mut self, instance: InstanceId, check: StatusCheck, change: u16, cx: &mut Cx) {
        let now = cx.now();
        let row = self.row(instance, check);
        let ill = row.ill > 0;
        if row.changes != change || row.impaired == ill {
            return;
        }
        row.impaired = ill;
        let (kind, verdict) = match ill {
            true => (EventKind::StatusImpaired, "impaired"),
            false => (EventKind::StatusOk, "ok again"),
        };
        let entry = cx.timeline.record(
            now,
            kind,
            cx.name_of(instance),
            format!("{} status check {verdict}", check.name()),
            row.cause,
        );
        row.cause = entry;
        let member = is_member(instance, cx);
        if member && !is_heeded(instance, check, cx) {
            return;
        }
        let template = cx.template_of(instance);
        if !ill {
            let other = |&check: &StatusCheck| self.fails(instance, check) && is_heeded(instance, check, cx);
            if member && !StatusCheck::EC2.iter().any(other) {
                cx.list.soon(event::Event::Group(group::Event::StatusOk(instance)));
            }
            return;
        }
        let (delay, purpose) = match (member, check) {
            (true, _) => (&template.machine.status_notice, "status notice"),
            (false, StatusCheck::System) if template.machine.auto_recovery => {
                (&template.machine.recovery_delay, "recovery delay")
            }
            (false, _) => return,
        };
        let delay = delay.sampler().duration(&mut cx.stream(&cx.name_of(instance), &format!("{purpose} {change}")));
        cx.list.after(delay, event::Event::Status(Event::Acts { instance, check, change }));
    }

    fn row(&mut self, instance: InstanceId, check: StatusCheck) -> &mut Row {
        if self.rows.len() <= instance.index() {
            self.rows.resize(instance.index() + 1, Default::default());
        }
        &mut self.rows[instance.index()][check as usize]
    }
}

/// What follows from an impaired check: a group replaces, and elsewhere EC2 recovers from a failed host by itself (rule M5).
fn act(instance: InstanceId, check: StatusCheck, cause: EntryId, cx: &mut Cx) {
    if is_member(instance, cx) {
        cx.list.soon(event::Event::Group(group::Event::Impaired { instance, cause }));
    } else if check == StatusCheck::System {
        recover(instance, cause, cx);
    }
}

/// Moves an instance to another host: in effect an unplanned reboot, id and volumes kept (rule M4).
pub fn recover(instance: InstanceId, cause: EntryId, cx: &mut Cx) {
    cx.list.soon(event::Event::Instance(instance::Event::Recover { instance, cause }));
}

/// Whether the instance's group goes by a check: the one of volumes only where it is asked to.
fn is_heeded(instance: InstanceId, check: StatusCheck, cx: &Cx) -> bool {
    match &cx.plan.fleets[cx.directory.facts(instance).fleet].sizing {
        Sizing::AutoScaling(group) => check != StatusCheck::AttachedEbs || group.lifecycle.ebs_health_check,
        Sizing::Fixed(_) => false,
    }
}

/// Whether a group looks after it; such an instance is never recovered (rule M5).
fn is_member(instance: InstanceId, cx: &Cx) -> bool {
    matches!(cx.plan.fleets[cx.directory.facts(instance).fleet].sizing, Sizing::AutoScaling(_))
}
