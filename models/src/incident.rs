//! Incidents: what went wrong, when the system knew, decided and acted, and when users and redundancy were back.
//!
//! ```text
//!  FaultStarted ─causes─► … ─► first verdict (detected) ─► first decision ─► last thing done (acted)
//!  users' bad stretches ─────► restored        weakness of what was struck ─► redundancy restored
//!                       └────► the chain that mattered, link by link (`chain`)
//! ```
//! # Models      each fault opens an incident; a stretch of at least ten bad seconds that no fault explains is one too
//! # Leaves out  slow answers (they count as good)

mod chain;
mod chronicle;
mod kind;
mod link;
mod struck;

pub use link::{Link, LinkKind, Phase, PhaseKind};
pub use struck::{fleet_recovery, store_recovery};

use crate::observe::{BadSpan, Users};
use crate::plan::Plan;
use crate::result::{EventKind, Incident, TimelineEvent};
use crate::world::World;
use chain::Point;
use chronicle::Chronicle;
use kind::{acts, decides, detects};
use struck::redundancy;

/// What an incident without a fault is called.
const DEGRADATION: &str = "degradation";
/// A degradation without a fault counts from this many bad seconds on.
const DEGRADATION_S: u32 = 10;
/// Users may still feel a fault when it has been acted upon for this long (timeouts run out), in seconds.
const AFTERMATH_S: f64 = 60.0;

/// All incidents, in order of time.
pub fn incidents(world: &World) -> Vec<Incident> {
    let chronicle = Chronicle::new(world.shared.timeline.entries());
    let users = &world.shared.observe.users;
    let spans = users.spans();
    let mut explained = vec![false; spans.len()];
    let mut incidents = Vec::new();
    for opened in chronicle.entries.iter().filter(|entry| entry.kind == EventKind::FaultStarted) {
        incidents.push(struck_by(world, opened, &chronicle, &mut explained));
    }
    for (span, _) in spans.iter().zip(&explained).filter(|(span, known)| !**known && span.bad_s >= DEGRADATION_S) {
        incidents.push(degradation(&chronicle, span, users, world.shared.plan));
    }
    incidents.sort_by(|a, b| a.t_s.total_cmp(&b.t_s));
    incidents
}

/// The incident that a fault was.
fn struck_by(world: &World, opened: &TimelineEvent, chronicle: &Chronicle, explained: &mut [bool]) -> Incident {
    let plan = world.shared.plan;
    let users = &world.shared.observe.users;
    let effects = chronicle.descendants(opened.id);
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
    incident.detected_s = first(&effects, detects);
    incident.decided_s = first(&effects, decides);
    incident.acted_s = effects.iter().rfind(|entry| acts(entry)).map(|entry| entry.t_s);
    if incident.acted_s.is_none() && incident.decided_s.is_some() {
        // Somebody did it, on another chain: what was struck is at full strength again.
        incident.acted_s = incident.redundancy_restored_s.filter(|restored| *restored > opened.t_s);
    }
    let over_s = effects.iter().rfind(|entry| entry.kind == EventKind::FaultEnded).map(|entry| entry.t_s);
    let until = over_s.into_iter().chain(incident.acted_s).fold(opened.t_s, f64::max) + AFTERMATH_S;
    let felt = felt(&mut incident, users.spans(), explained, until);
    let ends = chain::ends(effects.iter().copied());
    incident.other_chains = ends.len().saturating_sub(1) as u32;
    let points = match chain::decisive(&ends, &incident, chronicle) {
        Some(end) => chain::points(&chronicle.path(end.id)),
        // Nothing was done; but perhaps it was known, and something was decided.
        None => chain::points(&last_known(&effects, chronicle)),
    };
    let known = chain::found_out(&points, &effects, chronicle);
    chain::link(&mut incident, known.into_iter().chain(points).collect(), over_s);
    chain::lose(&mut incident, &felt, &users.losses);
    incident.phases = chain::phases(&incident.links);
    incident
}

/// The path to the first decision, or to the first verdict, of a fault upon which nothing was done.
fn last_known<'a>(effects: &[&'a TimelineEvent], chronicle: &Chronicle<'a>) -> Vec<&'a TimelineEvent> {
    let found = effects.iter().find(|entry| decides(entry)).or(effects.iter().find(|entry| detects(entry)));
    found.map_or_else(Vec::new, |entry| chronicle.path(entry.id))
}

/// What users felt of a fault: bad stretches that began while it was at work.
fn felt(incident: &mut Incident, spans: &[BadSpan], explained: &mut [bool], until: f64) -> Vec<BadSpan> {
    let mut restored = incident.t_s;
    let mut felt = Vec::new();
    for (span, known) in spans.iter().zip(explained) {
        if span.end_s > incident.t_s && span.start_s <= until {
            // A stretch that began before was there already, and is not this fault's alone.
            *known |= span.start_s + 1.0 >= incident.t_s;
            restored = restored.max(span.end_s);
            incident.failed_requests += span.failed;
            felt.push(*span);
        }
    }
    incident.restored_s = Some(restored);
    felt
}

/// The incident that a bad stretch was which no fault explains.
fn degradation(chronicle: &Chronicle, span: &BadSpan, users: &Users, plan: &Plan) -> Incident {
    let during = chronicle.between(span.start_s, span.end_s);
    let refresh = refreshing(chronicle, span.start_s);
    let (mut incident, ends) = match refresh {
        Some(refresh) => refreshed(chronicle, refresh, span),
        None => {
            let incident = Incident {
                fault: DEGRADATION.to_string(),
                subject: plan.name.clone(),
                event: during.first().map_or(0, |entry| entry.id),
                t_s: span.start_s,
                acted_s: during.iter().rfind(|entry| acts(entry)).map(|entry| entry.t_s),
                restored_s: Some(span.end_s),
                redundancy_restored_s: Some(span.end_s),
                failed_requests: span.failed,
                ..Incident::default()
            };
            (incident, chain::ends(during.iter()))
        }
    };
    let decisive = chain::decisive(&ends, &incident, chronicle);
    let path = decisive.map_or_else(|| chain::first_alarm(during, chronicle), |end| chronicle.path(end.id));
    let points = chain::newest_reaction(chain::points(&path));
    if refresh.is_none() {
        known_and_decided(&mut incident, &points, during);
    }
    incident.other_chains = ends.len().saturating_sub(1) as u32;
    chain::link(&mut incident, points, None);
    chain::lose(&mut incident, std::slice::from_ref(span), &users.losses);
    incident.phases = chain::phases(&incident.links);
    incident
}

/// When a degradation was known and decided upon: on its chain, for what else went on meanwhile may have had other reasons.
fn known_and_decided(incident: &mut Incident, points: &[Point], during: &[TimelineEvent]) {
    let on_chain = |phase| points.iter().rfind(|point| point.phase == phase).map(|point| point.at_s);
    incident.detected_s = on_chain(PhaseKind::Detect);
    incident.decided_s = on_chain(PhaseKind::Decide);
    if incident.detected_s.is_none() {
        incident.detected_s = during.iter().find(|entry| detects(entry)).map(|entry| entry.t_s);
    }
    if incident.decided_s.is_none() {
        let known = |entry: &&TimelineEvent| incident.detected_s.is_some_and(|at| entry.t_s >= at);
        incident.decided_s = during.iter().filter(known).find(|entry| decides(entry)).map(|entry| entry.t_s);
    }
}

/// The refresh that was under way at a moment and that an alarm then stopped: what users felt was its release.
fn refreshing<'a>(chronicle: &Chronicle<'a>, at: f64) -> Option<&'a TimelineEvent> {
    let entries = chronicle.entries;
    let started = entries.iter().rfind(|entry| entry.kind == EventKind::RefreshStarted && entry.t_s <= at)?;
    let ended = |entry: &&TimelineEvent| {
        let ends = [EventKind::RefreshSucceeded, EventKind::RefreshFailed, EventKind::RefreshCancelled];
        entry.subject == started.subject && ends.contains(&entry.kind) && entry.id > started.id
    };
    let over = entries.iter().find(ended).is_some_and(|entry| entry.t_s <= at);
    let blamed = chronicle.descendants(started.id).iter().any(|entry| entry.kind == EventKind::AlarmState);
    (blamed && !over).then_some(started)
}

/// The incident that a bad release was: from its first bad second to the last; and what was done about it.
fn refreshed<'a>(
    chronicle: &Chronicle<'a>,
    started: &TimelineEvent,
    span: &BadSpan,
) -> (Incident, Vec<&'a TimelineEvent>) {
    let effects = chronicle.descendants(started.id);
    let stops = |entry: &TimelineEvent| matches!(entry.kind, EventKind::RefreshRollback | EventKind::RefreshFailed);
    let ended = |entry: &TimelineEvent| {
        matches!(entry.kind, EventKind::RefreshSucceeded | EventKind::RefreshFailed | EventKind::RefreshCancelled)
    };
    let decided = first(&effects, stops);
    let after = |entry: &&&TimelineEvent| acts(entry) && decided.is_some_and(|at| entry.t_s >= at);
    let to = started.detail.split(':').next().unwrap_or_default();
    let incident = Incident {
        fault: format!("instance refresh {to}"),
        subject: started.subject.clone(),
        event: started.id,
        t_s: span.start_s,
        detected_s: first(&effects, kind::is_alarm),
        decided_s: decided,
        acted_s: effects.iter().filter(after).map(|entry| entry.t_s).find(|at| *at > span.start_s),
        restored_s: Some(span.end_s),
        redundancy_restored_s: first(&effects, ended),
        failed_requests: span.failed,
        ..Incident::default()
    };
    (incident, chain::ends(effects.into_iter().filter(|entry| entry.t_s >= span.start_s)))
}

fn first(entries: &[&TimelineEvent], wanted: fn(&TimelineEvent) -> bool) -> Option<f64> {
    entries.iter().find(|entry| wanted(entry)).map(|entry| entry.t_s)
}
