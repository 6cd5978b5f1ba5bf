//! Scheduled actions: when each is due within the run.

use super::context::Cx;
use super::dist::uniform;
use super::fleet::MOST;
use crate::clock::{Cron, Moment, zone};
use crate::diagnostic::Diagnostic;
use crate::outline::Place;
use crate::schema::{self, AutoScalingGroup, Scenario};
use models::plan::{Schedule, ScheduledAction};
use sim_core::{Duration, Time};

/// `2026-03-02T00:00:00Z`, a Monday: what the clock shows at the start of a scenario that does not say.
const MONDAY: i64 = 1_772_409_600;

/// More occurrences than this are no schedule.
const MOST_DUE: usize = 1_000_000;

/// What the clock shows at the start: seconds since 1970.
pub(super) fn starts_at(scenario: &Scenario) -> i64 {
    match scenario.starts_at {
        Some(Moment::Clock(seconds)) => seconds,
        _ => MONDAY,
    }
}

/// Checks the start.
pub(super) fn check_start(cx: &mut Cx<'_>) {
    let place = cx.root.field("starts_at");
    if let Some(Moment::After(_)) = cx.scenario.starts_at {
        let help = "write a date and time with `Z` or an offset, such as `\"2026-03-02T08:00:00Z\"`";
        cx.error(place, "`starts_at` is a date, not a duration", "after what?", help);
    }
    if starts_at(cx.scenario) < 0 {
        cx.error(place, "a start before 1970", "too early", "choose a later date");
    }
}

/// The scheduled actions of a group.
pub(super) fn resolve<'a>(cx: &mut Cx<'a>, group: &'a AutoScalingGroup, place: Place<'a>) -> Schedule {
    let delay = place.field("scheduled_action_delay");
    let mut schedule = Schedule {
        delay: cx.dist(delay, group.scheduled_action_delay.as_ref(), uniform(0.0, 5.0)),
        ..Schedule::default()
    };
    for (index, (name, written)) in (0_u16..1000).zip(group.scheduled_actions.iter()) {
        let place = place.field("scheduled_actions").entry(name);
        sizes(cx, written, place);
        let due = due(cx, written, place);
        schedule.due.extend(due.into_iter().map(|at| (at, index)));
        schedule.actions.push(ScheduledAction {
            name: name.to_owned(),
            min_size: written.min_size,
            max_size: written.max_size,
            desired_capacity: written.desired_capacity,
        });
    }
    schedule.due.sort_unstable();
    schedule
}

/// What an action sets has to be something, and not to contradict itself.
fn sizes<'a>(cx: &mut Cx<'a>, written: &schema::ScheduledAction, place: Place<'a>) {
    let sizes = [written.min_size, written.max_size, written.desired_capacity];
    if sizes.iter().all(Option::is_none) {
        let help = "add at least one of `min_size`, `max_size`, `desired_capacity`";
        cx.error(place, "a scheduled action that sets nothing", "no size", help);
    }
    for (field, size) in ["min_size", "max_size", "desired_capacity"].into_iter().zip(sizes) {
        cx.count(place.field(field), size, 0, 0, MOST);
    }
    let [min, max, desired] = sizes;
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        let message = format!("`min_size` {min} is above `max_size` {max}");
        cx.error(place.field("min_size"), message, "more than the maximum", "lower `min_size` or raise `max_size`");
    } else if let Some(desired) = desired
        && (min.is_some_and(|min| desired < min) || max.is_some_and(|max| desired > max))
    {
        let message = format!("`desired_capacity` {desired} is outside the bounds of its own action");
        let at = place.field("desired_capacity");
        cx.error(at, message, "outside the bounds", "choose a value from `min_size` to `max_size`");
    }
}

/// When an action is due, within the run.
fn due<'a>(cx: &mut Cx<'a>, written: &'a schema::ScheduledAction, place: Place<'a>) -> Vec<Time> {
    let start = starts_at(cx.scenario);
    let run = start..=start.saturating_add(cx.horizon as i64);
    let clock = |moment: Option<Moment>| moment.map(|moment| moment.clock(start));
    let (from, to) = (clock(written.start_time), clock(written.end_time));
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        let at = place.field("end_time");
        cx.error(at, "`end_time` is not after `start_time`", "ends before it begins", "choose a later one");
        return Vec::new();
    }
    let Some(recurrence) = &written.recurrence else {
        for field in ["end_time", "time_zone"] {
            if place.field(field).is_written() {
                let help = "add a `recurrence`, or leave it out";
                cx.error(place.field(field), format!("`{field}` without a recurrence"), "of no effect", help);
            }
        }
        let Some(at) = from else {
            if !place.field("start_time").is_written() {
                let help = "add `start_time: \"2026-03-02T08:00:00Z\"`, or `recurrence: \"0 8 * * *\"`";
                cx.error(place, "a scheduled action without a time", "when?", help);
            }
            return Vec::new();
        };
        if !run.contains(&at) && !cx.failed() {
            let diagnostic = Diagnostic::warning(place.field("start_time").span(), "an action outside the run");
            cx.say(diagnostic.label("never happens").help("the run lasts `duration` from `starts_at` on"));
            return Vec::new();
        }
        // A time after the start keeps its fractions.
        let after = match written.start_time {
            Some(Moment::After(seconds)) => seconds,
            _ => (at - start) as f64,
        };
        return vec![Time::ZERO + Duration::from_secs_f64(after.max(0.0))];
    };
    let at = place.field("recurrence");
    let cron = match Cron::read(recurrence) {
        Ok(cron) => cron,
        Err(why) => {
            let help = "minute, hour, day of the month, month, day of the week, such as `\"0 8 * * MON-FRI\"`";
            cx.error(at, format!("`{recurrence}` is no recurrence"), &why, help);
            return Vec::new();
        }
    };
    let name = written.time_zone.as_deref().unwrap_or("UTC");
    let Some(zone) = zone(name) else {
        let help = "names of the IANA data base, such as `\"Europe/Berlin\"` or `\"America/New_York\"`";
        cx.error(place.field("time_zone"), format!("no time zone named `{name}`"), "unknown", help);
        return Vec::new();
    };
    let from = from.unwrap_or(start).max(start);
    let to = to.unwrap_or(*run.end()).min(*run.end());
    let moments = cron.moments(&zone, from, to, MOST_DUE);
    if moments.len() > MOST_DUE {
        let message = format!("more than {MOST_DUE} occurrences");
        cx.error(at, message, "too many", "let it recur less often, or shorten `duration`");
        return Vec::new();
    }
    if moments.is_empty() && !cx.failed() {
        let diagnostic = Diagnostic::warning(at.span(), "a recurrence that does not happen within the run");
        cx.say(diagnostic.label("never happens").help("the run lasts `duration` from `starts_at` on"));
    }
    moments.into_iter().map(|second| Time::ZERO + Duration::from_secs((second - start) as u64)).collect()
}
