//! Operations: calls of the API at a time, passed on to the part that they are for.
//!
//! ```text
//!  Call ─► timeline ─► group::Operate, … (the part reads the call from the plan)
//! ```
//! # Models      each call once, at its time
//! # Leaves out  throttling and failing of the API itself
//! # Source      the API reference of each part

use crate::event::{self, events};
use crate::group;
use crate::plan::{ApiCall, OperationId, Plan};
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;

events! {
    /// What happens to operations.
    pub enum Event {
        /// The call is made.
        Call(OperationId),
    }
}

/// Schedules every call of the plan.
pub fn start(cx: &mut Cx) {
    for (id, operation) in cx.plan.operations.iter() {
        cx.list.after(operation.at, event::Event::Operation(Event::Call(id)));
    }
}

/// Handles one event.
pub fn handle(event: Event, cx: &mut Cx) {
    let Event::Call(id) = event;
    let plan = cx.plan;
    let operation = &plan.operations[id];
    let now = cx.now();
    let subject = subject(&operation.call, plan).to_string();
    let cause = cx.timeline.record(now, EventKind::OperationCalled, subject, operation.name.clone(), EntryId::NONE);
    cx.list.soon(match operation.call {
        ApiCall::SetDesiredCapacity { fleet, .. }
        | ApiCall::ExecutePolicy { fleet, .. }
        | ApiCall::StartInstanceRefresh { fleet, .. }
        | ApiCall::CancelInstanceRefresh { fleet }
        | ApiCall::RollbackInstanceRefresh { fleet } => {
            event::Event::Group(group::Event::Operate { fleet, operation: id, cause })
        }
    });
}

/// What a call is about.
fn subject<'p>(call: &ApiCall, plan: &'p Plan) -> &'p str {
    match call {
        ApiCall::SetDesiredCapacity { fleet, .. }
        | ApiCall::ExecutePolicy { fleet, .. }
        | ApiCall::StartInstanceRefresh { fleet, .. }
        | ApiCall::CancelInstanceRefresh { fleet }
        | ApiCall::RollbackInstanceRefresh { fleet } => &plan.fleets[*fleet].name,
    }
}
