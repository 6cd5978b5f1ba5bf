//! Rules about the course of a run: whether they held, and when they were first broken.
//!
//! ```text
//!  Condition ──truth──► Truth ─┐
//!  timeline ──triggers─────────┼─► judge ──► Finding: held, value, first breach, how many
//!  steps of a level ───────────┘
//! ```
//! # Models      limits are inclusive: a stretch as long as is allowed is allowed, and back at the very deadline is in time. A
//!   deadline beyond the end is judged only if it is met already; what lasts at the end is judged by its length so far
//! # Leaves out  what happened before the warm-up was over

use crate::plan::{AlarmRef, Condition, Temporal, TemporalRule, Trigger};
use crate::result::{Breach, BreachKind, EventKind, Struck};
use crate::truth::{Stretch, Truth};
use crate::world::World;
use sim_core::{Duration, Time};

/// What came of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Whether it held.
    pub held: bool,
    /// Seconds, or a number of turns; none if it never happened.
    pub value: Option<f64>,
    /// The first time it did not.
    pub breach: Option<Breach>,
    /// Why there was nothing, or not all, to judge.
    pub note: String,
}

/// Judges a rule by a world that has run.
pub fn judge(world: &World, temporal: &Temporal) -> Finding {
    let plan = world.shared.plan;
    let end = Time::ZERO + plan.duration;
    let from = temporal.from.max(Time::ZERO + plan.warm_up);
    let span = (from, temporal.until.min(end).max(from));
    match &temporal.rule {
        TemporalRule::Always(that) => never(&truth(world, that).not(), Duration::ZERO, span),
        TemporalRule::Never(that, longest) => never(&truth(world, that), *longest, span),
        TemporalRule::Eventually(that) => eventually(&truth(world, that), span),
        TemporalRule::BackWithin { within, of, to, stays } => {
            back(&truth(world, to), &triggers(world, *of, span), *within, *stays, end)
        }
        TemporalRule::Turns { of, at_most, per } => {
            let steps = world.monitor.as_ref().map_or(&[][..], |monitor| monitor.steps(*of));
            turns(steps, *at_most, *per, span)
        }
    }
}

/// When a condition held.
fn truth(world: &World, condition: &Condition) -> Truth {
    match condition {
        Condition::Compare(measure, order, limit) => {
            world.monitor.as_ref().map(|monitor| monitor.truth(*measure, *order, *limit)).unwrap_or_default()
        }
        Condition::InAlarm(alarm) => in_alarm(world, *alarm),
        Condition::All(parts) | Condition::Any(parts) => {
            let parts: Vec<Truth> = parts.iter().map(|part| truth(world, part)).collect();
            Truth::joined(&parts, matches!(condition, Condition::All(_)))
        }
        Condition::Not(part) => truth(world, part).not(),
    }
}

fn in_alarm(world: &World, alarm: AlarmRef) -> Truth {
    let changes = match alarm {
        AlarmRef::Metric(id) => world.alarms.changes(id),
        AlarmRef::Composite(id) => world.alarms.composite_changes_of(id),
    };
    let mut truth = Truth::default();
    truth.note(Time::ZERO, false);
    changes.iter().for_each(|change| truth.note(seconds(change.t_s), change.to == "ALARM"));
    truth
}

/// The moments that a rule counts from, in order.
fn triggers(world: &World, trigger: Trigger, (from, until): Stretch) -> Vec<(Time, String)> {
    let of_kind = |kind: EventKind| {
        let entries = world.shared.timeline.entries().iter().filter(move |entry| entry.kind == kind);
        entries.map(|entry| (seconds(entry.t_s), entry.detail.clone())).collect::<Vec<_>>()
    };
    let mut struck = match trigger {
        Trigger::AnyFault => of_kind(EventKind::FaultStarted),
        Trigger::FaultOver => of_kind(EventKind::FaultEnded),
        Trigger::At(at) => vec![(at, String::new())],
        Trigger::Alarm(alarm) => {
            let name = match alarm {
                AlarmRef::Metric(id) => &world.shared.plan.alarms[id].name,
                AlarmRef::Composite(id) => &world.shared.plan.composite_alarms[id].name,
            };
            let raised = in_alarm(world, alarm).stretches(true, Time::ZERO, until);
            raised.into_iter().map(|stretch| (stretch.0, format!("alarm {name}"))).collect()
        }
    };
    struck.retain(|one| one.0 >= from && one.0 < until);
    struck
}

/// No stretch is longer than `longest`. The value is the longest one.
fn never(truth: &Truth, longest: Duration, (from, until): Stretch) -> Finding {
    let stretches = truth.stretches(true, from, until);
    let length = |stretch: &Stretch| stretch.1 - stretch.0;
    let mut broken = stretches.iter().filter(|stretch| length(stretch) > longest);
    let first = broken.next().copied();
    let times = u32::from(first.is_some()) + broken.count() as u32;
    let breach = first.map(|(start, end)| Breach {
        from_s: start.as_secs_f64(),
        until_s: end.as_secs_f64(),
        at_end: end == until,
        times,
        ..Breach::default()
    });
    let most = stretches.iter().map(length).max().unwrap_or_default();
    Finding { held: breach.is_none(), value: Some(most.as_secs_f64()), breach, note: String::new() }
}

/// It holds at some time. The value is the first.
fn eventually(truth: &Truth, (from, until): Stretch) -> Finding {
    let first = truth.stretches(true, from, until).first().map(|stretch| stretch.0.as_secs_f64());
    let breach = first.is_none().then(|| Breach {
        kind: BreachKind::Missed,
        from_s: from.as_secs_f64(),
        until_s: until.as_secs_f64(),
        at_end: true,
        times: 1,
        ..Breach::default()
    });
    Finding { held: first.is_some(), value: first, breach, note: String::new() }
}

/// Back within some time of each trigger. The value is the longest time it took.
fn back(truth: &Truth, struck: &[(Time, String)], within: Duration, stays: Duration, end: Time) -> Finding {
    let (mut longest, mut breach, mut times, mut open) = (Some(0.0f64), None, 0, 0u32);
    for (at, name) in struck {
        let deadline = at.saturating_add(within);
        let bad = truth.stretches(false, *at, end);
        // What was bad at the deadline; else what became bad again before it had stayed good for long enough.
        let good_since = bad.iter().take_while(|bad| bad.0 <= deadline).last().map_or(*at, |bad| bad.1);
        let late = bad.iter().find(|bad| {
            // What is bad until the end is not back by then.
            let at_deadline = bad.0 <= deadline && (bad.1 > deadline || bad.1 >= end);
            at_deadline || bad.0 > deadline && good_since <= deadline && bad.0 < good_since.saturating_add(stays)
        });
        if deadline > end {
            // Nobody knows whether what is not back would have been in time.
            if good_since >= end && !bad.is_empty() {
                open += 1;
            } else {
                longest = longest.map(|longest: f64| longest.max((good_since - *at).as_secs_f64()));
            }
            continue;
        }
        let Some(&(start, until)) = late else {
            longest = longest.map(|longest| longest.max((good_since - *at).as_secs_f64()));
            continue;
        };
        let again = (until < end).then(|| (until - *at).as_secs_f64());
        longest = longest.zip(again).map(|(longest, again)| longest.max(again));
        times += 1;
        breach.get_or_insert_with(|| Breach {
            kind: if start > deadline { BreachKind::Relapsed } else { BreachKind::Late },
            from_s: start.max(deadline).as_secs_f64(),
            until_s: until.as_secs_f64(),
            at_end: until == end,
            after: Some(Struck { what: name.clone(), t_s: at.as_secs_f64() }),
            times: 0,
        });
    }
    if let Some(breach) = &mut breach {
        breach.times = times;
    }
    let note = match (struck.is_empty(), open) {
        (true, _) => "nothing struck, so there was nothing to come back from".to_owned(),
        (_, 0) => String::new(),
        (_, 1) => "one was struck so late that the run ended before its deadline, and is not judged".to_owned(),
        (_, n) => format!("{n} were struck so late that the run ended before their deadlines, and are not judged"),
    };
    Finding { held: breach.is_none(), value: longest, breach, note }
}

/// Turns at most so often in any stretch of a length. The value is the most there were in one.
fn turns(steps: &[(Time, f64)], at_most: u32, per: Duration, (from, until): Stretch) -> Finding {
    let mut turned: Vec<Time> = Vec::new();
    let (mut before, mut up): (Option<f64>, Option<bool>) = (None, None);
    for &(at, value) in steps.iter().filter(|step| step.0 < until) {
        let last = before.replace(value);
        let Some(last) = last.filter(|last| *last != value && at >= from) else { continue };
        let rises = value > last;
        if up.replace(rises).is_some_and(|was| was != rises) {
            turned.push(at);
        }
    }
    let (mut most, mut breach, mut first) = (0, None, 0);
    for (index, &at) in turned.iter().enumerate() {
        // A turn exactly so long ago is no part of the stretch.
        while turned[first].saturating_add(per) <= at {
            first += 1;
        }
        let count = (index - first + 1) as u32;
        most = most.max(count);
        if count > at_most {
            let (from_s, until_s) = (turned[first].as_secs_f64(), at.as_secs_f64());
            let kind = BreachKind::Turned;
            breach.get_or_insert(Breach { kind, from_s, until_s, ..Breach::default() }).times += 1;
        }
    }
    Finding { held: breach.is_none(), value: Some(f64::from(most)), breach, note: String::new() }
}

fn seconds(s: f64) -> Time {
    Time::ZERO + Duration::from_secs_f64(s)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> Time {
        Time::ZERO + Duration::from_secs(s)
    }

    fn secs(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    /// True from the start, and turned at each of these.
    fn turning(from: bool, turns: &[u64]) -> Truth {
        let mut truth = Truth::default();
        truth.note(at(0), from);
        let mut holds = from;
        for &turn in turns {
            holds = !holds;
            truth.note(at(turn), holds);
        }
        truth
    }

    /// Whether it held, the value, and the first breach: from, until, at the end, how many.
    type Short = (bool, Option<f64>, Option<(f64, f64, bool, u32)>);

    fn short(finding: &Finding) -> Short {
        let breach = finding.breach.as_ref().map(|one| (one.from_s, one.until_s, one.at_end, one.times));
        (finding.held, finding.value, breach)
    }

    #[test]
    fn a_stretch_as_long_as_is_allowed_is_allowed() {
        let table: [(&[u64], u64, Short); 9] = [
            (&[], 0, (true, Some(0.0), None)),
            (&[100, 160], 60, (true, Some(60.0), None)),
            (&[100, 161], 60, (false, Some(61.0), Some((100.0, 161.0, false, 1)))),
            (&[100, 101], 0, (false, Some(1.0), Some((100.0, 101.0, false, 1)))),
            // What touches the end is judged by its length so far.
            (&[940], 60, (true, Some(60.0), None)),
            (&[939], 60, (false, Some(61.0), Some((939.0, 1000.0, true, 1)))),
            // Two short ones are no long one; the longest is told, the first of the long ones shown.
            (&[100, 150, 160, 210], 60, (true, Some(50.0), None)),
            (&[100, 170, 200, 290, 300, 310], 60, (false, Some(90.0), Some((100.0, 170.0, false, 2)))),
            // Before the beginning nothing is judged.
            (&[0, 70], 60, (true, Some(60.0), None)),
        ];
        for (turns, longest, expected) in table {
            let found = never(&turning(false, turns), secs(longest), (at(10), at(1000)));
            assert_eq!(short(&found), expected, "{turns:?} no longer than {longest}");
        }
    }

    #[test]
    fn always_is_never_otherwise() {
        let broken = never(&turning(true, &[500, 501]).not(), Duration::ZERO, (at(0), at(1000)));
        assert_eq!(short(&broken), (false, Some(1.0), Some((500.0, 501.0, false, 1))));
        assert!(never(&turning(true, &[]).not(), Duration::ZERO, (at(0), at(1000))).held);
    }

    #[test]
    fn eventually_is_before_the_end_and_not_at_it() {
        for (turns, expected) in [
            (&[][..], (false, None, Some((0.0, 1000.0, true, 1)))),
            (&[999], (true, Some(999.0), None)),
            (&[1000], (false, None, Some((0.0, 1000.0, true, 1)))),
            (&[5, 6], (true, Some(5.0), None)),
        ] {
            let found = eventually(&turning(false, turns), (at(0), at(1000)));
            assert_eq!(short(&found), expected, "{turns:?}");
        }
    }

    #[test]
    fn back_at_the_very_deadline_is_in_time() {
        let fault = |s| (at(s), "F".to_owned());
        type Row<'a> = (&'a [u64], &'a [u64], u64, u64, Short, &'a str);
        let table: [Row<'_>; 14] = [
            // It never was bad; it was bad and came back; at the deadline; after it; never.
            (&[], &[100], 60, 0, (true, Some(0.0), None), ""),
            (&[110, 150], &[100], 60, 0, (true, Some(50.0), None), ""),
            (&[100, 160], &[100], 60, 0, (true, Some(60.0), None), ""),
            (&[100, 161], &[100], 60, 0, (false, Some(61.0), Some((160.0, 161.0, false, 1))), ""),
            (&[100], &[100], 60, 0, (false, None, Some((160.0, 1000.0, true, 1))), ""),
            // What was bad before the fault need not be the fault's, and must be good in time all the same.
            (&[50, 150], &[100], 60, 0, (true, Some(50.0), None), ""),
            // What turns bad after the deadline is another matter, unless it is to stay good for a while.
            (&[110, 150, 180, 190], &[100], 60, 0, (true, Some(50.0), None), ""),
            (&[110, 150, 180, 190], &[100], 60, 30, (true, Some(50.0), None), ""),
            (&[110, 150, 180, 190], &[100], 60, 31, (false, Some(90.0), Some((180.0, 190.0, false, 1))), ""),
            // Several faults: each is judged, the longest told, the first shown.
            (&[110, 120, 310, 400], &[100, 300], 60, 0, (false, Some(100.0), Some((360.0, 400.0, false, 1))), ""),
            (&[110, 200, 310, 400], &[100, 300], 60, 0, (false, Some(100.0), Some((160.0, 200.0, false, 2))), ""),
            // A deadline beyond the end: back already, or not judged.
            (&[960, 970], &[950], 60, 0, (true, Some(20.0), None), ""),
            (
                &[960],
                &[950],
                60,
                0,
                (true, Some(0.0), None),
                "one was struck so late that the run ended before its deadline, and is not judged",
            ),
            (&[100], &[], 60, 0, (true, Some(0.0), None), "nothing struck, so there was nothing to come back from"),
        ];
        for (turns, faults, within, stays, expected, note) in table {
            let struck: Vec<_> = faults.iter().map(|&s| fault(s)).collect();
            let found = back(&turning(true, turns), &struck, secs(within), secs(stays), at(1000));
            let case = format!("{turns:?} struck at {faults:?}, within {within}, staying {stays}");
            assert_eq!((short(&found), found.note.as_str()), (expected, note), "{case}");
        }
        // A deadline at the very end is judged.
        let found = back(&turning(true, &[950]), &[fault(940)], secs(60), secs(0), at(1000));
        assert_eq!(short(&found), (false, None, Some((1000.0, 1000.0, true, 1))));
    }

    #[test]
    fn turns_are_counted_in_any_stretch_and_not_from_hour_to_hour() {
        let steps = |list: &[(u64, f64)]| list.iter().map(|&(s, value)| (at(s), value)).collect::<Vec<_>>();
        // Up at 100, then turns at 200, 300 and 400.
        let wave = steps(&[(0, 2.0), (100, 4.0), (200, 3.0), (300, 5.0), (350, 6.0), (400, 4.0)]);
        for (at_most, per, expected) in [
            (3, 1000, (true, Some(3.0), None)),
            (2, 1000, (false, Some(3.0), Some((200.0, 400.0, false, 1)))),
            // Turns exactly so far apart are not in one stretch.
            (2, 200, (true, Some(2.0), None)),
            (2, 201, (false, Some(3.0), Some((200.0, 400.0, false, 1)))),
            (0, 1, (false, Some(1.0), Some((200.0, 200.0, false, 3)))),
        ] {
            let found = turns(&wave, at_most, secs(per), (at(0), at(1000)));
            assert_eq!(short(&found), expected, "{at_most} per {per}");
        }
        let growth = steps(&[(0, 2.0), (100, 4.0), (200, 8.0)]);
        assert_eq!(short(&turns(&growth, 0, secs(1000), (at(0), at(1000)))), (true, Some(0.0), None));
        // The rise before the beginning is no direction to turn from.
        assert_eq!(short(&turns(&wave, 0, secs(1000), (at(150), at(300)))), (true, Some(0.0), None));
        assert_eq!(short(&turns(&[], 0, secs(1000), (at(0), at(1000)))), (true, Some(0.0), None));
    }
}
