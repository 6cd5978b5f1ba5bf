//! Scheduled actions: new bounds or another desired capacity at a time of the clock.
//!
//! ```text
//!  plan.schedule.due ─(late by up to 120 s)─► Scheduled ─► bounds ─► wish ─► scaling (the largest of one instant wins)
//! ```
//! # Models      any subset of minimum, maximum and desired capacity; order kept; a desired capacity that follows its bounds;
//!   no regard for cooldowns; actions that AWS would refuse
//! # Leaves out  creating and deleting actions during the run
//! # Source      Amazon EC2 Auto Scaling user guide, "Scheduled scaling"; `aws/scaling.md` §3.6

use super::{Asker, Event, Groups, Invocation, sent, settings};
use crate::plan::{FleetId, ScalingProcess, ScheduledAction};
use crate::result::EventKind;
use crate::shared::Cx;
use sim_core::Duration;

/// An action runs within seconds, at the latest so much after it was due.
const LATEST: Duration = Duration::from_secs(120);

impl Groups {
    /// Lets the next action run when it is due, or somewhat later; never before those that were due earlier.
    pub(super) fn next_scheduled(&mut self, id: FleetId, cx: &mut Cx) {
        let Some(group) = settings(cx.plan, id) else { return };
        let fleet = &mut self.fleets[id];
        let Some(&(at, _)) = group.schedule.due.get(fleet.scheduled) else { return };
        let (delay, stream) = &mut fleet.draws.schedule;
        let due = at.saturating_add(delay.duration(stream).min(LATEST));
        cx.list.at(due.max(cx.now()), sent(Event::Scheduled(id)));
    }

    /// A scheduled action runs.
    pub(super) fn scheduled(&mut self, id: FleetId, cx: &mut Cx) {
        let plan = cx.plan;
        let Some(group) = settings(plan, id) else { return };
        let fleet = &mut self.fleets[id];
        let Some(&(at, index)) = group.schedule.due.get(fleet.scheduled) else { return };
        fleet.scheduled += 1;
        let action = &group.schedule.actions[index as usize];
        let now = cx.now();
        let name = plan.fleets[id].name.as_str();
        let late = (now - at).as_secs_f64();
        let detail = match late {
            0.0 => asks(action),
            late => format!("{}; {late:.1} s late", asks(action)),
        };
        let (kind, none) = (EventKind::ScheduledAction, crate::timeline::EntryId::NONE);
        let lost = fleet
            .suspended
            .contains(ScalingProcess::ScheduledActions)
            .then(|| "ScheduledActions is suspended".to_string());
        match lost.map_or_else(|| bounds(action, fleet.min, fleet.max, fleet.desired), Err) {
            Ok((min, max, wanted)) => {
                let cause = cx.timeline.record(now, kind, name, detail, none);
                (fleet.min, fleet.max) = (min, max);
                if wanted != fleet.desired {
                    self.invoked(id, Invocation { by: Asker::Schedule { action: index, wanted }, cause }, cx);
                }
            }
            Err(why) => {
                let cause = cx.timeline.record(now, kind, name, detail, none);
                cx.timeline.record(now, EventKind::OperationRefused, name, format!("{}: {why}", action.name), cause);
            }
        }
        self.next_scheduled(id, cx);
    }
}

/// MinSize, MaxSize and desired capacity after an action, or why AWS refuses it. A desired capacity that the action does not
/// name follows the bounds.
fn bounds(action: &ScheduledAction, min: u32, max: u32, desired: u32) -> Result<(u32, u32, u32), String> {
    let (min, max) = (action.min_size.unwrap_or(min), action.max_size.unwrap_or(max));
    if min > max {
        return Err(format!("a minimum of {min} is above the maximum of {max}"));
    }
    match action.desired_capacity {
        Some(wanted) if wanted < min || wanted > max => Err(format!("{wanted} is outside {min} to {max}")),
        Some(wanted) => Ok((min, max, wanted)),
        None => Ok((min, max, desired.clamp(min, max))),
    }
}

/// What an action sets, in words.
fn asks(action: &ScheduledAction) -> String {
    let part = |what: &str, value: Option<u32>| value.map(|value| format!("{what} {value}"));
    let parts = [
        part("minimum", action.min_size),
        part("maximum", action.max_size),
        part("desired capacity", action.desired_capacity),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("{}: {}", action.name, parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn desired_capacity_follows_its_bounds_and_what_contradicts_itself_is_refused() {
        // Of a group of 2 to 10 with 5: (minimum, maximum, desired) that an action sets, and what comes of it.
        type Case = ([Option<u32>; 3], Option<(u32, u32, u32)>);
        let table: [Case; 12] = [
            ([Some(8), None, None], Some((8, 10, 8))),
            ([Some(5), None, None], Some((5, 10, 5))),
            ([Some(3), None, None], Some((3, 10, 5))),
            ([None, Some(4), None], Some((2, 4, 4))),
            ([None, Some(5), None], Some((2, 5, 5))),
            ([None, Some(20), None], Some((2, 20, 5))),
            ([None, None, Some(10)], Some((2, 10, 10))),
            ([None, None, Some(2)], Some((2, 10, 2))),
            ([None, None, Some(11)], None),
            ([None, Some(12), Some(11)], Some((2, 12, 11))),
            ([Some(11), None, None], None),
            ([Some(0), Some(0), Some(0)], Some((0, 0, 0))),
        ];
        for ([min_size, max_size, desired_capacity], expected) in table {
            let action = ScheduledAction { name: "action".into(), min_size, max_size, desired_capacity };
            assert_eq!(bounds(&action, 2, 10, 5).ok(), expected, "{action:?}");
        }
    }

    #[test]
    fn an_action_says_what_it_sets_and_no_more() {
        let action =
            ScheduledAction { name: "morning".into(), min_size: Some(4), max_size: None, desired_capacity: Some(6) };
        assert_eq!(asks(&action), "morning: minimum 4, desired capacity 6");
    }
}
