//! Incidents: what went wrong, when the system knew, decided and acted, and when users and redundancy were back.
//!
//! ```text
//!  FaultStarted ─causes─► … ─► first verdict (detected) ─► first decision ─► last thing done (acted)
//!  users' bad stretches ─────► restored        weakness of what was struck ─► redundancy restored
//! ```
//! # Models      each fault opens an incident; a stretch of at least ten bad seconds that no fault explains is one too
//! # Leaves out  slow answers (they count as good)

use crate::fault::selection;
use crate::observe::BadSpan;
use crate::plan::{FaultAction, FleetId, Plan, StoreId, ZoneId};
use crate::result::{EventKind, Incident, TimelineEvent};
use crate::world::World;

/// A degradation without a fault counts from this many bad seconds on.
const DEGRADATION_S: u32 = 10;
/// Users may still feel a fault when it has been acted upon for this long (timeouts run out), in seconds.
const AFTERMATH_S: f64 = 60.0;

/// All incidents, in order of time.
pub fn incidents(world: &World) -> Vec<Incident> {
    let entries = world.shared.timeline.entries();
    let plan = world.shared.plan;
    let spans = world.shared.observe.users.spans();
    let mut explained = vec![false; spans.len()];
    let mut incidents = Vec::new();
    for opened in entries.iter().filter(|entry| entry.kind == EventKind::FaultStarted) {
        let chain = descendants(entries, opened.id);
        let mut incident = Incident {
            fault: opened.detail.clone(),
            subject: opened.subject.clone(),
            event: opened.id,
            t_s: opened.t_s,
            ..Incident::default()
        };
        if let Some(fault) = plan.faults.values().find(|fault| opened.detail.starts_with(&fault.name)) {
            incident.fault = fault.name.clone();
            incident.redundancy_restored_s = redundancy(world, &fault.action, opened.t_s);
        }
        incident.detected_s = first(&chain, detects);
        incident.decided_s = first(&chain, decides);
        incident.acted_s = chain.iter().filter(|entry| acts(entry.kind)).map(|entry| entry.t_s).next_back();
        if incident.acted_s.is_none() && incident.decided_s.is_some() {
            // Somebody did it, on another chain: what was struck is at full strength again.
            incident.acted_s = incident.redundancy_restored_s.filter(|restored| *restored > opened.t_s);
        }
        let over = chain.iter().filter(|entry| entry.kind == EventKind::FaultEnded).map(|entry| entry.t_s);
        let until = over.chain(incident.acted_s).fold(opened.t_s, f64::max) + AFTERMATH_S;
        felt(&mut incident, spans, &mut explained, until);
        incidents.push(incident);
    }
    for (span, _) in spans.iter().zip(&explained).filter(|(span, known)| !**known && span.bad_s >= DEGRADATION_S) {
        incidents.push(degradation(entries, span, plan));
    }
    incidents.sort_by(|a, b| a.t_s.total_cmp(&b.t_s));
    incidents
}

/// What users felt of a fault: bad stretches that began while it was at work.
fn felt(incident: &mut Incident, spans: &[BadSpan], explained: &mut [bool], until: f64) {
    let mut restored = incident.t_s;
    for (span, known) in spans.iter().zip(explained) {
        if span.end_s > incident.t_s && span.start_s <= until {
            // A stretch that began before was there already, and is not this fault's alone.
            *known |= span.start_s + 1.0 >= incident.t_s;
            restored = restored.max(span.end_s);
            incident.failed_requests += span.failed;
        }
    }
    incident.restored_s = Some(restored);
}

fn degradation(entries: &[TimelineEvent], span: &BadSpan, plan: &Plan) -> Incident {
    let inside = |entry: &&TimelineEvent| entry.t_s >= span.start_s && entry.t_s <= span.end_s;
    let during: Vec<&TimelineEvent> = entries.iter().filter(inside).collect();
    if let Some(refresh) = refreshing(entries, span.start_s) {
        return refreshed(entries, refresh, span);
    }
    Incident {
        fault: "degradation".to_string(),
        subject: plan.name.clone(),
        event: during.first().map_or(0, |entry| entry.id),
        t_s: span.start_s,
        detected_s: first(&during, detects),
        decided_s: first(&during, decides),
        acted_s: during.iter().filter(|entry| acts(entry.kind)).map(|entry| entry.t_s).next_back(),
        restored_s: Some(span.end_s),
        redundancy_restored_s: Some(span.end_s),
        failed_requests: span.failed,
    }
}

/// The refresh that was under way at a moment and that an alarm then stopped: what users felt was its release.
fn refreshing(entries: &[TimelineEvent], at: f64) -> Option<&TimelineEvent> {
    let started = entries.iter().rfind(|entry| entry.kind == EventKind::RefreshStarted && entry.t_s <= at)?;
    let ended = |entry: &&TimelineEvent| {
        let ends = [EventKind::RefreshSucceeded, EventKind::RefreshFailed, EventKind::RefreshCancelled];
        entry.subject == started.subject && ends.contains(&entry.kind) && entry.id > started.id
    };
    let over = entries.iter().find(ended).is_some_and(|entry| entry.t_s <= at);
    let blamed = descendants(entries, started.id).iter().any(|entry| entry.kind == EventKind::AlarmState);
    (blamed && !over).then_some(started)
}

/// The incident that a bad release was: from its first bad second to the last.
fn refreshed(entries: &[TimelineEvent], started: &TimelineEvent, span: &BadSpan) -> Incident {
    let chain = descendants(entries, started.id);
    let stops = |kind| matches!(kind, EventKind::RefreshRollback | EventKind::RefreshFailed);
    let decided = first(&chain, stops);
    let after = |entry: &&&TimelineEvent| acts(entry.kind) && decided.is_some_and(|at| entry.t_s >= at);
    let to = started.detail.split(':').next().unwrap_or_default();
    Incident {
        fault: format!("instance refresh {to}"),
        subject: started.subject.clone(),
        event: started.id,
        t_s: span.start_s,
        detected_s: first(&chain, |kind| kind == EventKind::AlarmState),
        decided_s: decided,
        acted_s: chain.iter().filter(after).map(|entry| entry.t_s).find(|at| *at > span.start_s),
        restored_s: Some(span.end_s),
        redundancy_restored_s: first(&chain, |kind| {
            matches!(kind, EventKind::RefreshSucceeded | EventKind::RefreshFailed | EventKind::RefreshCancelled)
        }),
        failed_requests: span.failed,
    }
}

/// Everything that an entry led to, itself left out, in order of time.
fn descendants(entries: &[TimelineEvent], root: u32) -> Vec<&TimelineEvent> {
    let mut inside = vec![false; entries.len() + 1];
    inside[root as usize] = true;
    let mut chain = Vec::new();
    // Causes come before their effects, so one pass finds all.
    for entry in entries {
        if entry.cause.is_some_and(|cause| inside[cause as usize]) {
            inside[entry.id as usize] = true;
            chain.push(entry);
        }
    }
    chain
}

fn first(chain: &[&TimelineEvent], wanted: fn(EventKind) -> bool) -> Option<f64> {
    // An alarm that goes back to OK, or knows nothing, tells nobody that something is wrong.
    let silent = |entry: &TimelineEvent| entry.kind == EventKind::AlarmState && !entry.detail.contains("→ ALARM:");
    chain.iter().find(|entry| wanted(entry.kind) && !silent(entry)).map(|entry| entry.t_s)
}

/// The system knows.
fn detects(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::StatusImpaired
            | EventKind::TargetUnhealthy
            | EventKind::InstanceMarkedUnhealthy
            | EventKind::FailoverStarted
            | EventKind::AlarmState
            | EventKind::NodeOutOfDns
            | EventKind::TargetAnomalous
            | EventKind::ZonalShiftStarted
            | EventKind::BootstrapFailed
            | EventKind::SmokeTestFailed
            | EventKind::LaunchFailed
            | EventKind::StandbyFailed
            | EventKind::SpotRebalanceRecommended
            | EventKind::SpotInterruptionNotice
    )
}

/// The system has decided.
fn decides(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::ReplacementStarted
            | EventKind::LaunchStarted
            | EventKind::FailoverStarted
            | EventKind::DesiredCapacityChanged
            | EventKind::StandbyFailed
            | EventKind::RebalanceStarted
            | EventKind::MitigationBegan
            | EventKind::ZonalShiftStarted
            | EventKind::InstanceRebooted
            | EventKind::InstanceRecovered
    )
}

/// The system has done it.
fn acts(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::ProcessRestarted
            | EventKind::InstanceInService
            | EventKind::TargetHealthy
            | EventKind::FailoverCompleted
            | EventKind::StoreRecovered
    )
}

/// When everything that the fault struck was at full strength again; the moment of the fault if it never was weak.
fn redundancy(world: &World, action: &FaultAction, at: f64) -> Option<f64> {
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
