//! What a fault strikes, and when that was at full strength again.

use crate::fault::selection;
use crate::plan::{FaultAction, FleetId, StoreId, ZoneId};
use crate::result::{EventKind, TimelineEvent};
use crate::world::World;

/// When everything that the fault struck was at full strength again; the moment of the fault if it never was weak.
pub fn redundancy(world: &World, action: &FaultAction, at: f64) -> Option<f64> {
    let (fleets, stores) = struck(world, action);
    let mut whole = at;
    for fleet in fleets {
        if let Some(end) = world.strength.fleets.get(fleet).and_then(|spans| spans.after(at)) {
            whole = whole.max(end?);
        }
    }
    for store in stores {
        if let Some(end) = world.strength.stores.get(store).and_then(|spans| spans.after(at)) {
            whole = whole.max(end?);
        }
    }
    Some(whole)
}

/// Fleets and stores that an action can weaken.
fn struck(world: &World, action: &FaultAction) -> (Vec<FleetId>, Vec<StoreId>) {
    let plan = world.shared.plan;
    let in_zone = |zone: ZoneId| {
        let fleets = plan.fleets.iter().filter(|(_, fleet)| fleet.zones.contains(&zone)).map(|(id, _)| id);
        let stores = plan.stores.iter().filter(|(_, store)| {
            store.zone == Some(zone) || store.rds.as_ref().is_some_and(|rds| rds.standby == Some(zone))
        });
        (fleets.collect(), stores.map(|(id, _)| id).collect())
    };
    match action {
        FaultAction::ZonePowerLoss(zone, _) | FaultAction::ZonePartition(zone, _) => in_zone(*zone),
        FaultAction::ZoneGrey { zone, .. }
        | FaultAction::PoolShortage { zone, .. }
        | FaultAction::InsufficientCapacity(zone, _) => in_zone(*zone),
        FaultAction::FailPrimary(store) | FaultAction::FailStandby(store) | FaultAction::RebootWithFailover(store) => {
            (Vec::new(), vec![*store])
        }
        FaultAction::FailLaunches(fleet, ..) => (vec![*fleet], Vec::new()),
        FaultAction::FailNat(nat, _) => {
            let behind = |zone: &ZoneId| plan.zones[*zone].egress == crate::plan::Egress::Nat(*nat);
            let fleets = plan.fleets.iter().filter(|(_, fleet)| fleet.zones.iter().any(behind)).map(|(id, _)| id);
            (fleets.collect(), Vec::new())
        }
        other => (selection(other).map(|selection| selection.fleet).into_iter().collect(), Vec::new()),
    }
}

/// Longest time from a fault on a store to its taking writes again, in seconds; infinite if it never did.
pub fn store_recovery(world: &World, store: StoreId) -> f64 {
    let name = &world.shared.plan.stores[store].name;
    let entries = world.shared.timeline.entries();
    let mut longest = 0.0f64;
    let of_store = |entry: &&TimelineEvent, kind| entry.subject == *name && entry.kind == kind;
    for failed in entries.iter().filter(|entry| of_store(entry, EventKind::PrimaryFailed)) {
        let back = entries
            .iter()
            .filter(|entry| entry.id > failed.id)
            .find(|entry| of_store(entry, EventKind::FailoverCompleted) || of_store(entry, EventKind::StoreRecovered));
        longest = longest.max(back.map_or(f64::INFINITY, |back| back.t_s - failed.t_s));
    }
    longest
}

/// Longest time from a fault on a fleet to its full strength, in seconds; infinite if it never came.
pub fn fleet_recovery(world: &World, fleet: FleetId) -> f64 {
    let plan = world.shared.plan;
    let mut longest = 0.0f64;
    for opened in world.shared.timeline.entries().iter().filter(|entry| entry.kind == EventKind::FaultStarted) {
        let Some(fault) = plan.faults.values().find(|fault| opened.detail.starts_with(&fault.name)) else { continue };
        if !struck(world, &fault.action).0.contains(&fleet) {
            continue;
        }
        if let Some(end) = world.strength.fleets.get(fleet).and_then(|spans| spans.after(opened.t_s)) {
            longest = longest.max(end.map_or(f64::INFINITY, |end| end - opened.t_s));
        }
    }
    longest
}
