//! The application status check: what EC2 makes of the answers that it gets or misses.
//!
//! ```text
//!  instance ─► (each interval) request ─► Answered │ TimedOut ─► conclude ─streak─► impaired │ ok
//! ```
//! # Models      requests that the application serves like any others; failures count when the grace is over, answers at once;
//!   consecutive failures and successes to their thresholds
//! # Leaves out  HTTPS, and a matcher other than 200
//! # Source      EC2 user guide, "Status checks for your instances" (application status checks, 2026); `aws/scaling.md` §1.4

use super::StatusChecks;
use crate::plan::StatusCheck;
use crate::request::InstanceId;
use crate::shared::Cx;
use sim_core::Time;

/// What is known of one application.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watch {
    /// Failures count from here on.
    grace_until: Time,
    /// The latest request of which the end is known.
    concluded: u32,
    /// Failures, and answers, in a row.
    failures: u32,
    successes: u32,
}

impl StatusChecks {
    /// A machine has started: nothing is known of its application, or no longer.
    pub(super) fn watched(&mut self, instance: InstanceId, cx: &mut Cx) {
        self.watches.entry(instance).or_default();
        self.start_grace(instance, cx);
        if self.row(instance, StatusCheck::Application).ill > 0 {
            self.found(instance, false, cx);
        }
    }

    /// The time begins in which failures do not count, of an application that is watched.
    pub(super) fn start_grace(&mut self, instance: InstanceId, cx: &Cx) {
        let Some(watch) = self.watches.get_mut(&instance) else { return };
        let Some(check) = &cx.template_of(instance).machine.application_check else { return };
        *watch =
            Watch { grace_until: cx.now().saturating_add(check.grace), concluded: watch.concluded, ..Watch::default() };
    }

    /// The end of one request is known.
    pub(super) fn conclude(&mut self, instance: InstanceId, attempt: u32, ok: bool, cx: &mut Cx) {
        let Some(check) = &cx.template_of(instance).machine.application_check else { return };
        let Some(watch) = self.watches.get_mut(&instance).filter(|watch| watch.concluded < attempt) else { return };
        watch.concluded = attempt;
        match ok {
            true => (watch.failures, watch.successes) = (0, watch.successes + 1),
            false if cx.now() < watch.grace_until => watch.successes = 0,
            false => (watch.failures, watch.successes) = (watch.failures + 1, 0),
        }
        let (fails, passes) = (watch.failures >= check.failures, watch.successes >= check.successes);
        match self.row(instance, StatusCheck::Application).ill > 0 {
            false if fails => self.found(instance, true, cx),
            true if passes => self.found(instance, false, cx),
            _ => {}
        }
    }

    /// Its status changes at once: there is no other check to wait for.
    fn found(&mut self, instance: InstanceId, ill: bool, cx: &mut Cx) {
        let cause = cx.blame.of_instance(instance);
        let row = self.row(instance, StatusCheck::Application);
        row.ill = u32::from(ill);
        if ill {
            row.cause = cause;
        }
        row.changes = row.changes.wrapping_add(1);
        let change = row.changes;
        self.check(instance, StatusCheck::Application, change, cx);
    }
}
