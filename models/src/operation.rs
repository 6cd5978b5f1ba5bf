//! Operations: calls of the API at a time, passed on to the part that they are for.
//!
//! ```text
//!  Call ─► timeline ─► group::Operate, … (the part reads the call from the plan)
//! ```
//! # Models      each call once, at its time
//! # Leaves out  throttling and failing of the API itself
//! # Source      the API reference of each part

use crate::event::{self, events};
use crate::plan::{ApiCall, FleetId, OperationId, Plan, Selection, Shifted};
use crate::request::InstanceId;
use crate::result::EventKind;
use crate::shared::Cx;
use crate::timeline::EntryId;
use crate::{alb, group, instance};

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
    let fleet = match operation.call {
        ApiCall::StartZonalShift { resource: Shifted::Balancer(balancer), .. }
        | ApiCall::CancelZonalShift { resource: Shifted::Balancer(balancer) } => {
            let balancer = balancer.index() as u16;
            cx.list.soon(event::Event::Alb(alb::Event::Operate { balancer, operation: id, cause }));
            return;
        }
        ApiCall::ModifyCreditSpecification { fleet, .. } => return each(fleet, None, id, cause, cx),
        ApiCall::RebootInstances { fleet, nth } => return each(fleet, nth, id, cause, cx),
        ApiCall::SetDesiredCapacity { fleet, .. }
        | ApiCall::ExecutePolicy { fleet, .. }
        | ApiCall::SuspendProcesses { fleet, .. }
        | ApiCall::ResumeProcesses { fleet, .. }
        | ApiCall::StartInstanceRefresh { fleet, .. }
        | ApiCall::CancelInstanceRefresh { fleet }
        | ApiCall::RollbackInstanceRefresh { fleet } => fleet,
        ApiCall::Instances { selection: Selection { fleet, .. }, .. } => fleet,
        ApiCall::StartZonalShift { resource: Shifted::Group(fleet), .. }
        | ApiCall::CancelZonalShift { resource: Shifted::Group(fleet) } => fleet,
    };
    cx.list.soon(event::Event::Group(group::Event::Operate { fleet, operation: id, cause }));
}

/// A call about instances of a fleet, one or all: each is told, and knows whether it is concerned.
fn each(fleet: FleetId, nth: Option<u32>, operation: OperationId, cause: EntryId, cx: &mut Cx) {
    for index in 0..cx.directory.len() {
        let instance = InstanceId::new(index);
        let facts = cx.directory.facts(instance);
        if facts.fleet == fleet && nth.is_none_or(|nth| facts.ordinal == nth) {
            let event = instance::Event::Operate { instance, operation, cause };
            cx.list.soon(event::Event::Instance(event));
        }
    }
}

/// What a call is about.
fn subject<'p>(call: &ApiCall, plan: &'p Plan) -> &'p str {
    match call {
        ApiCall::SetDesiredCapacity { fleet, .. }
        | ApiCall::ExecutePolicy { fleet, .. }
        | ApiCall::StartInstanceRefresh { fleet, .. }
        | ApiCall::CancelInstanceRefresh { fleet }
        | ApiCall::RollbackInstanceRefresh { fleet }
        | ApiCall::ModifyCreditSpecification { fleet, .. }
        | ApiCall::RebootInstances { fleet, .. }
        | ApiCall::SuspendProcesses { fleet, .. }
        | ApiCall::ResumeProcesses { fleet, .. }
        | ApiCall::Instances { selection: Selection { fleet, .. }, .. } => &plan.fleets[*fleet].name,
        ApiCall::StartZonalShift { resource, .. } | ApiCall::CancelZonalShift { resource } => match resource {
            Shifted::Group(fleet) => &plan.fleets[*fleet].name,
            Shifted::Balancer(balancer) => &plan.balancers[*balancer].name,
        },
    }
}
