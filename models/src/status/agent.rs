//! Agents of configuration management: a machine whose agent falls silent is stopped and started.
//!
//! ```text
//!  Changed{Agent} ─(about five minutes without a keep-alive)─► failed ─► instance::Heal ─► Rebooted ─► it sends again
//! ```
//! # Models      auto-healing by the agent alone, whatever the application does; an agent is silent with its machine
//! # Leaves out  instance-store-backed machines, which are replaced rather than stopped and started
//! # Source      AWS OpsWorks user guide, "Using Auto Healing to Replace Failed Instances"; `aws/scaling.md` §7.2

use super::{Event, StatusChecks};
use crate::plan::StatusCheck;
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{event, instance};

impl StatusChecks {
    /// Something has silenced an agent, or no longer does.
    pub(super) fn keep_alive(&mut self, instance: InstanceId, silent: bool, cause: EntryId, cx: &mut Cx) {
        let Some(healing) =
            cx.template_of(instance).machine.converge.as_ref().and_then(|one| one.auto_healing.as_ref())
        else {
            return;
        };
        let row = self.row(instance, StatusCheck::Agent);
        let before = row.ill;
        row.ill = if silent { before + 1 } else { before.saturating_sub(1) };
        match (before, row.ill) {
            (0, 1) => {
                row.cause = cause;
                row.changes = row.changes.wrapping_add(1);
                let acts = Event::Acts { instance, check: StatusCheck::Agent, change: row.changes };
                cx.list.after(healing.after, event::Event::Status(acts));
            }
            (1, 0) => self.sends_again(instance, cx),
            _ => {}
        }
    }

    /// It has been silent for so long that the machine has failed: auto-healing sets in.
    pub(super) fn falls_silent(&mut self, instance: InstanceId, change: u16, cx: &mut Cx) {
        let (now, name) = (cx.now(), cx.name_of(instance));
        let row = self.row(instance, StatusCheck::Agent);
        if row.ill == 0 || row.changes != change {
            return;
        }
        row.impaired = true;
        let detail = "its agent has sent no keep-alive for too long: failed";
        row.cause = cx.timeline.record(now, EventKind::StatusImpaired, name, detail, row.cause);
        cx.list.soon(event::Event::Instance(instance::Event::Heal { instance, cause: row.cause }));
    }

    /// Nothing silences it any more.
    pub(super) fn sends_again(&mut self, instance: InstanceId, cx: &mut Cx) {
        let (now, name) = (cx.now(), cx.name_of(instance));
        let row = self.row(instance, StatusCheck::Agent);
        row.changes = row.changes.wrapping_add(1);
        if std::mem::take(&mut row.impaired) {
            row.cause =
                cx.timeline.record(now, EventKind::StatusOk, name, "its agent sends keep-alives again", row.cause);
        }
    }
}
