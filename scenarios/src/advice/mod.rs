//! Advice: settings that are legal but probably not meant, with the scenario's own numbers.
//!
//! ```text
//!  Plan (values) + places ──► warnings, each with the figures it compares
//! ```
//! # Models      what the plan alone can tell: times of coming up against grace periods and cooldowns, periods of metrics and
//!   alarms, pairs of alarms that chase each other, single points of failure, offered load against capacity, who closes a
//!   connection first
//! # Leaves out  what only a run can tell (retries, queues, failures on top of each other)
//! # Source      scaling.md §1.4 H6, §3.2 and §3.3, network.md §2, §3.10, §3.12 and §9, data-and-resilience.md §16.7

mod alarms;
mod connections;
mod launches;
mod load;
mod network;
mod targets;

use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use models::plan::{Plan, Sizing};

pub(crate) fn advise(plan: &Plan, root: Place<'_>) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for (id, fleet) in plan.fleets.iter() {
        if let Sizing::AutoScaling(group) = &fleet.sizing {
            launches::coming_up(plan, fleet, group, root, &mut out);
            load::loss_of_a_zone(plan, id, group, root, &mut out);
            alarms::flapping(plan, id, group, root, &mut out);
        }
        load::capacity(plan, id, fleet, root, &mut out);
    }
    alarms::alarms(plan, root, &mut out);
    network::egress(plan, root, &mut out);
    network::names(plan, root, &mut out);
    targets::target_groups(plan, root, &mut out);
    connections::keep_alive(plan, root, &mut out);
    out
}
