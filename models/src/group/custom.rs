//! Custom termination policies: a Lambda function says which instances may go.
//!
//! ```text
//!  scale_in ─► asked ─(its length)─► TerminationAnswered ─┬─ names some ─► scale_in among them ─► too few? ─┐
//!                                                        └─ fails ──────────────────────────────────────────┴─► asked again
//! ```
//! # Models      the function is asked when the group scales in; it fails at times; of the instances it names the policies
//!   after it choose, the largest zone first as ever; what it does not let go stays until it is asked again. It may go by the
//!   work that instances have, which groups know nothing of: it asks them itself
//! # Leaves out  the questions of an instance refresh, of the maximum lifetime and of rebalancing; instances that it names
//!   though they were not suggested
//! # Source      Amazon EC2 Auto Scaling user guide, "Create a custom termination policy with Lambda"; `aws/scaling.md` §1.8

use super::{Event, Groups, State, seconds, sent, settings};
use crate::plan::{FleetId, Plan, Ready, TerminationFunction};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::Words;

/// Where the question to a group's function stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Question {
    /// There is none.
    #[default]
    None,
    /// It has been asked: the answer is on its way.
    Asked,
    /// It has named these.
    Answered(Vec<InstanceId>),
    /// It has failed, or named too few, and will be asked again.
    Waits,
}

/// The function of a group that has one.
fn function(id: FleetId, plan: &Plan) -> Option<&TerminationFunction> {
    settings(plan, id)?.lifecycle.termination_function.as_ref()
}

impl Groups {
    /// Work of a fleet's instances, as its function finds it when it looks: requests waiting and served.
    pub fn look_at_work(&mut self, id: FleetId, work: Vec<(InstanceId, u32)>) {
        self.fleets[id].work = work;
    }

    /// Those that the group's function lets go, of those that it would take; none while it has not answered. Asks it, if need be.
    pub(super) fn may_go(&mut self, id: FleetId, able: &mut Vec<InstanceId>, cause: EntryId, cx: &mut Cx) -> bool {
        if function(id, cx.plan).is_none() {
            return true;
        }
        match &self.fleets[id].question {
            Question::Answered(named) => {
                able.retain(|instance| named.contains(instance));
                !able.is_empty()
            }
            Question::Asked | Question::Waits => false,
            Question::None => {
                self.ask(id, cause, cx);
                false
            }
        }
    }

    /// Whether an answer is on its way, without which a scale-in has not begun.
    pub(super) fn asks(&self, id: FleetId) -> bool {
        self.fleets[id].question == Question::Asked
    }

    fn ask(&mut self, id: FleetId, cause: EntryId, cx: &mut Cx) {
        let (length, stream) = &mut self.fleets[id].draws.question;
        let length = length.duration(stream);
        self.fleets[id].question = Question::Asked;
        let detail =
            format!("{} may go: its function is asked which, and answers in {}", self.surplus(id), seconds(length));
        let name = cx.plan.fleets[id].name.as_str();
        let entry = cx.timeline.record(cx.list.now(), EventKind::TerminationAsked, name, detail, cause);
        cx.list.after(length, sent(Event::TerminationAnswered { fleet: id, cause: entry }));
    }

    /// The function has answered, or failed to.
    pub(super) fn termination_answered(&mut self, id: FleetId, cause: EntryId, cx: &mut Cx) {
        let Some(function) = function(id, cx.plan) else { return };
        let now = cx.now();
        let fails = self.fleets[id].draws.question.1.chance(function.failure);
        let named = if fails { Vec::new() } else { self.named(id, function.ready, cx) };
        let count = named.len();
        self.fleets[id].question = Question::Answered(named);
        self.reconcile(id, cause, cx);
        let left = self.surplus(id);
        self.fleets[id].question = Question::None;
        if left == 0 {
            return;
        }
        let why = match fails {
            true => "its function failed: nobody goes".to_string(),
            false => format!("its function let {count} go, {left} too few"),
        };
        let detail = format!("{why}; asked again in {}", seconds(function.retry));
        let name = cx.plan.fleets[id].name.as_str();
        let entry = cx.timeline.record(now, EventKind::TerminationRefused, name, detail, cause);
        self.fleets[id].question = Question::Waits;
        cx.list.after(function.retry, sent(Event::TerminationAgain { fleet: id, cause: entry }));
    }

    /// It is time to ask again, if there are still too many.
    pub(super) fn termination_again(&mut self, id: FleetId, cause: EntryId, cx: &mut Cx) {
        self.fleets[id].question = Question::None;
        self.reconcile(id, cause, cx);
    }

    /// Those in service that the function names.
    fn named(&self, id: FleetId, ready: Ready, cx: &Cx) -> Vec<InstanceId> {
        let now = cx.now();
        let fleet = &self.fleets[id];
        let fits = |instance: InstanceId| match ready {
            Ready::All => true,
            Ready::Nobody => false,
            Ready::Idle { at_most } => fleet.work.iter().any(|one| one.0 == instance && one.1 <= at_most),
            Ready::Running { at_least } => self.rows[instance].running.is_some_and(|since| now - since >= at_least),
        };
        let in_service = fleet.members.iter().copied().filter(|&member| self.rows[member].state == State::InService);
        in_service.filter(|&instance| fits(instance)).collect()
    }
}
