//! The reaction chain of an incident: from the causes in the timeline to links with seconds.
//!
//! ```text
//!  what was done ─causes─► path back to the first cause ─► points ─┐
//!                       over · users back · full strength ─────────┴─ in order of time ─► links ─► phases
//! ```
//! # Models      the path to what users had to wait for, or, if they did not notice, to what full strength had to wait for;
//!   each moment between two links belongs to exactly one, and so does each request that failed
//! # Leaves out  chains beside it, which are counted

use super::chronicle::Chronicle;
use super::kind::{acts, detects, is_alarm};
use super::link::{Link, LinkKind, Phase, PhaseKind};
use crate::observe::{BadSpan, Losses};
use crate::result::{EventKind, Incident, TimelineEvent};

/// The machinery looks at strength and at users by the second, so what helped them may come so much later.
const LOOK_S: f64 = 1.0;

/// A moment that a link ends with.
#[derive(Clone, Debug)]
pub struct Point {
    /// When it was in fact; before the incident began if it was so already.
    pub at_s: f64,
    what: LinkKind,
    /// What it is part of.
    pub phase: PhaseKind,
    subject: String,
    event: Option<u32>,
}

/// What is done at the end of a chain, in order of time: of an instance that a balancer then finds healthy, that.
pub fn ends<'a>(entries: impl Iterator<Item = &'a TimelineEvent>) -> Vec<&'a TimelineEvent> {
    let acted: Vec<&TimelineEvent> = entries.filter(|entry| acts(entry)).collect();
    let serves_later = |entry: &TimelineEvent| {
        entry.kind == EventKind::InstanceInService
            && acted.iter().any(|other| {
                other.kind == EventKind::TargetHealthy && other.subject == entry.subject && other.id > entry.id
            })
    };
    acted.iter().filter(|entry| !serves_later(entry)).copied().collect()
}

/// The end that mattered: the last before users were back; if they noticed nothing, or were back before anything was done,
/// the last before full strength; without either the last of the first decision.
pub fn decisive<'a>(
    ends: &[&'a TimelineEvent],
    incident: &Incident,
    chronicle: &Chronicle<'a>,
) -> Option<&'a TimelineEvent> {
    let before = |at: f64| ends.iter().rfind(|end| end.t_s <= at + LOOK_S).copied();
    let noticed = incident.restored_s.filter(|at| *at > incident.t_s);
    let weak = incident.redundancy_restored_s.filter(|at| *at > incident.t_s);
    noticed.and_then(before).or_else(|| weak.and_then(before)).or_else(|| {
        let first = ends.first()?;
        let path = chronicle.path(first.id);
        let decision = path.iter().rfind(|entry| point(entry).is_some_and(|point| point.phase == PhaseKind::Decide));
        let same = |decision: &&TimelineEvent| ends_of(chronicle.descendants(decision.id));
        decision.and_then(same).or(Some(first))
    })
}

fn ends_of(entries: Vec<&TimelineEvent>) -> Option<&TimelineEvent> {
    ends(entries.into_iter()).last().copied()
}

/// The moments of a path, in order.
pub fn points(path: &[&TimelineEvent]) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for entry in path {
        let Some(point) = point(entry) else { continue };
        if point.what == LinkKind::Lost && points.is_empty() {
            // Nobody knew that it would come: it is what struck.
            continue;
        }
        let earlier = |what, at_s| Point { what, at_s, event: None, ..point.clone() };
        match (point.what, entry.since_s) {
            (LinkKind::Verdict, Some(at)) => points.push(earlier(LinkKind::FirstFailedCheck, at)),
            (LinkKind::Serving, Some(at)) => points.push(earlier(LinkKind::FirstPassingCheck, at)),
            (LinkKind::Alarm, Some(at)) => {
                points.push(earlier(LinkKind::FirstBreachingSample, at));
                points.extend(entry.published_s.map(|at| earlier(LinkKind::Published, at)));
            }
            // What is told as the failover's beginning is what it rests upon, too.
            (LinkKind::Decision, _) if entry.kind == EventKind::FailoverStarted => {
                points.push(Point { what: LinkKind::Verdict, phase: PhaseKind::Detect, ..point.clone() });
            }
            _ => {}
        }
        // A new capacity is part of the decision that was just told.
        let told =
            points.last().is_some_and(|last| last.what == LinkKind::Decision && point.what == LinkKind::Decision);
        if !told {
            points.push(point);
        }
    }
    points
}

/// The points from the last that the system came to know on: what came before led to something else.
pub fn newest_reaction(points: Vec<Point>) -> Vec<Point> {
    let is_known = |point: &Point| point.phase == PhaseKind::Detect;
    let last = points.iter().rposition(is_known).unwrap_or(0);
    let first = points[..last].iter().rposition(|point| !is_known(point)).map_or(0, |before| before + 1);
    points[first.min(last)..].to_vec()
}

/// What an entry is on a chain; nothing of what has no wait of its own.
fn point(entry: &TimelineEvent) -> Option<Point> {
    use EventKind as E;
    use LinkKind as L;
    use PhaseKind::{Act, Decide, Detect};
    let (what, phase) = match entry.kind {
        E::RunStarted | E::FaultStarted | E::PrimaryFailed | E::OutOfMemory => return None,
        E::InstanceLost => (L::Lost, Decide),
        E::RefreshStarted | E::CooldownStarted | E::FaultEnded => return None,
        E::AlarmState => (L::Alarm, Detect),
        E::TargetUnhealthy | E::StatusImpaired | E::NodeOutOfDns | E::TargetAnomalous => (L::Verdict, Detect),
        E::SpotRebalanceRecommended | E::SpotInterruptionNotice => (L::Notice, Detect),
        E::InstanceMarkedUnhealthy => (L::Noticed, Detect),
        E::PolicyInvoked | E::DesiredCapacityChanged | E::ReplacementStarted | E::RebalanceStarted => {
            (L::Decision, Decide)
        }
        E::FailoverStarted | E::StandbyFailed | E::ScheduledAction | E::OperationCalled | E::RefreshRollback => {
            (L::Decision, Decide)
        }
        E::ZonalShiftStarted | E::MitigationBegan => (L::Decision, Decide),
        E::LaunchStarted => (L::Launch, Act),
        E::LaunchFailed | E::BootstrapFailed | E::SmokeTestFailed => (L::FailedTry, Act),
        E::InstanceRunning => (L::Running, Act),
        E::InstanceBooted => (L::Booted, Act),
        E::BootstrapDone => (L::Bootstrapped, Act),
        E::SmokeTestPassed => (L::SmokeTested, Act),
        E::HookCompleted | E::HookTimedOut => (L::HookCompleted, Act),
        E::InstanceInService | E::TargetRegistered => (L::Registered, Act),
        E::TargetHealthy => (L::Serving, Act),
        E::StandbyPromoted => (L::Promoted, Act),
        E::FailoverCompleted | E::StoreRecovered => (L::StoreServing, Act),
        E::ProcessRestarted | E::InstanceRebooted | E::InstanceRecovered => (L::Restarted, Act),
        _ => (L::Step, Act),
    };
    Some(Point { at_s: entry.t_s, what, phase, subject: entry.subject.clone(), event: Some(entry.id) })
}

/// Puts the links into an incident. `over_s`: when the fault itself ended.
pub fn link(incident: &mut Incident, mut points: Vec<Point>, over_s: Option<f64>) {
    let start_s = incident.t_s;
    let milestone = |at_s, what, phase| Point { at_s, what, phase, subject: String::new(), event: None };
    let after = |at: &f64| *at > start_s;
    let users = incident.restored_s.filter(after).map(|at| milestone(at, LinkKind::UsersBack, PhaseKind::Restore));
    let is_struck = incident.fault != super::DEGRADATION;
    let strength = incident.redundancy_restored_s.filter(|at| after(at) && is_struck);
    let strength = strength.map(|at| milestone(at, LinkKind::RedundancyBack, PhaseKind::Redundancy));
    // The fault's own end is part of what users, or else strength, had to wait for.
    let next = |at: f64| users.iter().chain(&strength).filter(|point| point.at_s >= at).map(|point| point.phase).next();
    let over = over_s.filter(after);
    let over = over.map(|at| milestone(at, LinkKind::FaultOver, next(at).unwrap_or(PhaseKind::Restore)));
    // If nobody decided upon anything, it is what helped; else only what comes after all that was done is waited for.
    let decided = points.iter().any(|point| point.phase == PhaseKind::Decide);
    let acted_s = points.last().map_or(start_s, |point| point.at_s);
    let waits = |point: &Point| point.at_s >= acted_s || point.what == LinkKind::FaultOver && !decided;
    let (proper, beside): (Vec<_>, Vec<_>) = [over, users, strength].into_iter().flatten().partition(waits);
    points.extend(proper);
    // Stable: at the same moment the order of causes stays.
    points.sort_by(|a, b| a.at_s.max(start_s).total_cmp(&b.at_s.max(start_s)));
    let mut from_s = start_s;
    let mut links: Vec<Link> = Vec::new();
    for point in points {
        let link = point.link(start_s, from_s, false);
        from_s = link.to_s;
        links.push(link);
    }
    for point in beside {
        let at = links.partition_point(|link| link.to_s <= point.at_s);
        let from = links[..at].iter().rfind(|link| !link.beside).map_or(start_s, |link| link.to_s);
        links.insert(at, point.link(start_s, from, true));
    }
    incident.links = links;
}

impl Point {
    /// The link that ends with it.
    fn link(self, start_s: f64, from_s: f64, beside: bool) -> Link {
        let Point { at_s, what, phase, subject, event } = self;
        let (to_s, already) = (at_s.max(from_s), at_s < start_s);
        Link { what, phase, from_s, to_s, already, beside, subject, event, failed_requests: 0 }
    }
}

/// Gives each failed request of the stretches that users felt to the link during which it failed.
pub fn lose(incident: &mut Incident, felt: &[BadSpan], losses: &Losses) {
    let mut links: Vec<&mut Link> = incident.links.iter_mut().filter(|link| !link.beside).collect();
    let Some(last) = links.len().checked_sub(1) else { return };
    for span in felt {
        let mut left = span.failed;
        let mut at = 0;
        for (middle, failed) in losses.between(span.start_s, span.end_s) {
            at = links.partition_point(|link| link.to_s < middle).min(last);
            let failed = failed.min(left);
            links[at].failed_requests += failed;
            left -= failed;
        }
        // Buckets wider than a second may reach beyond the stretch.
        links[at].failed_requests += left;
    }
}

/// Sums the links up.
pub fn phases(links: &[Link]) -> Vec<Phase> {
    let sum = |phase: PhaseKind| {
        let of = || links.iter().filter(move |link| link.phase == phase && !link.beside);
        of().next()?;
        let seconds = of().map(Link::seconds).sum();
        Some(Phase { phase, seconds, failed_requests: of().map(|link| link.failed_requests).sum() })
    };
    PhaseKind::ALL.into_iter().filter_map(sum).collect()
}

/// The points of how a trouble was first found out, as far as it was before anything on the chain.
pub fn found_out(points: &[Point], effects: &[&TimelineEvent], chronicle: &Chronicle) -> Vec<Point> {
    if points.iter().any(|point| point.phase == PhaseKind::Detect) {
        return Vec::new();
    }
    let before = points.first().map_or(f64::INFINITY, |point| point.at_s);
    let Some(found) = effects.iter().find(|entry| detects(entry)) else { return Vec::new() };
    let known = self::points(&chronicle.path(found.id));
    known.into_iter().filter(|point| point.at_s <= before).collect()
}

/// The alarm that first told of a trouble that nothing was done about, and what led to it.
pub fn first_alarm<'a>(entries: &'a [TimelineEvent], chronicle: &Chronicle<'a>) -> Vec<&'a TimelineEvent> {
    entries.iter().find(|entry| is_alarm(entry)).map_or_else(Vec::new, |alarm| chronicle.path(alarm.id))
}
