//! CloudWatch alarms: M of N datapoints beyond a threshold change a state, and states have actions.
//!
//! ```text
//!  Evaluate (each 60 s) ─► slots of datapoints ─► state ─┬─ changed ─► timeline, actions of the new state
//!                                                        └─ same ────► Auto Scaling actions once more
//!                               action ─► action delay ─► group::Invoke
//! ```
//! # Models      three states; M of N; the four treatments of missing data, with the evaluation range and the guard against
//!   premature alarms; looks each minute with a phase per alarm; repeated Auto Scaling actions
//! # Leaves out  composite alarms, anomaly bands, metric math, EC2 actions, low-sample percentiles
//! # Source      CloudWatch user guide, "Using Amazon CloudWatch alarms"; `aws/scaling.md` §5.2 to §5.5

use crate::datapoints::retrieved;
use crate::event::{self, events};
use crate::group;
use crate::plan::{Action, Alarm, AlarmId, Comparison, FleetId, Metric, MissingData, Plan, Sizing, TargetGroupId};
use crate::result::{AlarmChange, EventKind};
use crate::shared::Cx;
use crate::timeline::EntryId;
use sim_core::dist::Sampler;
use sim_core::{Duration, Stream, Table, Words};

events! {
    /// What happens to alarms.
    pub enum Event {
        /// Time to look at the metric.
        Evaluate(AlarmId),
    }
}

/// State of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Within the threshold.
    Ok,
    /// Beyond it.
    Alarm,
    /// Nothing known.
    InsufficientData,
}

impl State {
    /// As AWS spells it.
    pub fn name(self) -> &'static str {
        match self {
            State::Ok => "OK",
            State::Alarm => "ALARM",
            State::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    /// As a number for those who are told: 0, 1, 2.
    pub fn told(self) -> u8 {
        match self {
            State::Ok => 0,
            State::Alarm => 1,
            State::InsufficientData => 2,
        }
    }

    /// From the number told.
    pub fn of(told: u8) -> Self {
        match told {
            0 => State::Ok,
            1 => State::Alarm,
            _ => State::InsufficientData,
        }
    }

    /// As a number for the series: 0, 1, and −1 where nothing is known.
    pub fn code(self) -> f64 {
        match self {
            State::Ok => 0.0,
            State::Alarm => 1.0,
            State::InsufficientData => -1.0,
        }
    }
}

/// All alarms.
pub struct Alarms {
    rows: Table<AlarmId, Row>,
}

struct Row {
    state: State,
    /// Timeline entry of the last change.
    entry: EntryId,
    changes: Vec<AlarmChange>,
    /// Newest value seen.
    value: Option<f64>,
    /// From an action to the group's acting on it.
    delays: Stream,
}

impl Alarms {
    /// Alarms of the plan, all in INSUFFICIENT_DATA.
    pub fn new(cx: &Cx) -> Self {
        let rows = cx.plan.alarms.values().map(|alarm| Row {
            state: State::InsufficientData,
            entry: EntryId::NONE,
            changes: Vec::new(),
            value: None,
            delays: cx.stream(&alarm.name, "action delay"),
        });
        Alarms { rows: rows.collect() }
    }

    /// Each looks once a minute, at its own second (rule E1).
    pub fn start(&mut self, cx: &mut Cx) {
        for (id, alarm) in cx.plan.alarms.iter() {
            let phase = cx.stream(&alarm.name, "evaluation").unit() * 60.0;
            cx.list.after(Duration::from_secs_f64(phase), event::Event::Alarm(Event::Evaluate(id)));
        }
    }

    /// Handles one event.
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Evaluate(alarm) => self.evaluate(alarm, cx),
        }
    }

    fn evaluate(&mut self, id: AlarmId, cx: &mut Cx) {
        let now = cx.now();
        cx.list.after(Duration::from_secs(60), event::Event::Alarm(Event::Evaluate(id)));
        let plan = cx.plan;
        let alarm = &plan.alarms[id];
        let values = cx.datapoints.slots(id, retrieved(alarm.evaluation_periods), now);
        let row = &mut self.rows[id];
        row.value = values.iter().flatten().next().copied().or(row.value);
        let beyond = |value| breaches(alarm.comparison, alarm.threshold, value);
        let slots: Vec<Option<bool>> = values.iter().map(|value| value.map(beyond)).collect();
        let (n, m) = (alarm.evaluation_periods, alarm.datapoints_to_alarm);
        let state = evaluate(&slots, n, m, alarm.treat_missing_data, row.state);
        let changed = state != row.state;
        let actions = match state {
            State::Ok => &alarm.ok_actions,
            State::Alarm => &alarm.alarm_actions,
            State::InsufficientData => &alarm.insufficient_data_actions,
        };
        if changed {
            let notifies = if actions.contains(&Action::Notify) { "; notifies" } else { "" };
            let detail =
                format!("{} → {}: {}{notifies}", row.state.name(), state.name(), reason(alarm, &slots, row.value));
            let cause = match state {
                State::Alarm => watched_fleet(cx, alarm.metric).map(|fleet| cx.blame.of_fleet(fleet, now)),
                _ => Some(row.entry),
            };
            let cause = cause.unwrap_or(EntryId::NONE);
            row.entry = cx.timeline.record(now, EventKind::AlarmState, alarm.name.as_str(), detail, cause);
            let (from, to) = (row.state.name().to_string(), state.name().to_string());
            row.changes.push(AlarmChange { t_s: now.as_secs_f64(), from, to });
            row.state = state;
            if plan.guards_refresh(id) {
                let told = group::Event::AlarmTold { alarm: id, state: state.told(), cause: row.entry };
                cx.list.soon(event::Event::Group(told));
            }
        }
        cx.datapoints.notify(id, row.value.unwrap_or(f64::NAN));
        cx.datapoints.note_state(id, state);
        for action in actions {
            let Action::Scale { fleet, policy } = *action else { continue };
            let delay = action_delay(fleet, plan).map_or(Duration::ZERO, |delay| delay.duration(&mut row.delays));
            let invoke = group::Event::Invoke { fleet, policy: policy as u16, alarm: id, cause: row.entry };
            cx.list.after(delay, event::Event::Group(invoke));
        }
    }

    /// Its state.
    pub fn state(&self, alarm: AlarmId) -> State {
        self.rows[alarm].state
    }

    /// Its changes of state, in order.
    pub fn changes(&self, alarm: AlarmId) -> &[AlarmChange] {
        &self.rows[alarm].changes
    }

    /// The newest value it has seen.
    pub fn value(&self, alarm: AlarmId) -> Option<f64> {
        self.rows[alarm].value
    }
}

fn action_delay(fleet: FleetId, plan: &Plan) -> Option<Sampler> {
    match &plan.fleets[fleet].sizing {
        Sizing::AutoScaling(settings) => Some(settings.action_delay.sampler()),
        Sizing::Fixed(_) => None,
    }
}

/// Whether a value lies beyond the threshold.
pub fn breaches(comparison: Comparison, threshold: f64, value: f64) -> bool {
    match comparison {
        Comparison::GreaterThan => value > threshold,
        Comparison::GreaterThanOrEqual => value >= threshold,
        Comparison::LessThan => value < threshold,
        Comparison::LessThanOrEqual => value <= threshold,
    }
}

/// Why the state is what it is, in words.
fn reason(alarm: &Alarm, slots: &[Option<bool>], value: Option<f64>) -> String {
    let real = slots.iter().flatten().count();
    let breaching = slots.iter().flatten().take(alarm.evaluation_periods as usize).filter(|beyond| **beyond).count();
    let sign = match alarm.comparison {
        Comparison::GreaterThan => ">",
        Comparison::GreaterThanOrEqual => "≥",
        Comparison::LessThan => "<",
        Comparison::LessThanOrEqual => "≤",
    };
    let newest = value.map_or(String::new(), |value| format!(", newest {}", number(value)));
    match real.min(alarm.evaluation_periods as usize) {
        0 => "no datapoints".to_string(),
        seen => format!("{breaching} of {seen} datapoints {sign} {}{newest}", number(alarm.threshold)),
    }
}

/// A number with two decimals at most.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// The state that follows from the newest periods (`slots[0]` is the newest, none is missing, true is beyond the
/// threshold), N, M and the treatment of missing data. `slots` are the R periods retrieved.
///
/// Source: `aws/scaling.md` §5.4, which reproduces both tables of the CloudWatch user guide.
pub fn evaluate(slots: &[Option<bool>], n: u32, m: u32, missing: MissingData, state: State) -> State {
    let (n, m) = (n as usize, m as usize);
    let real = slots.iter().flatten().count();
    let alarm_if = |alarm: bool| if alarm { State::Alarm } else { State::Ok };
    if real >= n {
        // Enough is known: what is missing does not matter.
        return alarm_if(slots.iter().flatten().take(n).filter(|beyond| **beyond).count() >= m);
    }
    let breaching = slots.iter().flatten().filter(|beyond| **beyond).count();
    let oldest = slots.iter().rposition(|slot| *slot == Some(true)).map_or(0, |index| index + 1);
    match missing {
        MissingData::Breaching => alarm_if(breaching + (n - real) >= m),
        MissingData::NotBreaching => alarm_if(breaching >= m),
        MissingData::Missing if real == 0 => State::InsufficientData,
        MissingData::Ignore if real == 0 => state,
        _ if breaching >= m => State::Alarm,
        _ if breaching < real => State::Ok,
        // All that is known breaches, and it is too little: premature, unless the oldest is old enough.
        MissingData::Missing if oldest >= m => State::Alarm,
        _ => state,
    }
}

/// The fleet whose condition a metric shows: a fault that slowed it is what the alarm is about.
fn watched_fleet(cx: &Cx, metric: Metric) -> Option<FleetId> {
    let of_group = |group: TargetGroupId| {
        cx.plan.fleets.iter().find(|(_, fleet)| fleet.target_groups.contains(&group)).map(|(id, _)| id)
    };
    match metric {
        Metric::Cpu(fleet) => Some(fleet),
        Metric::QueueDepth(service) => Some(cx.plan.services[service].fleet),
        Metric::TargetResponseTime(group) | Metric::Target5xx(group) => of_group(group),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Datapoints as AWS's tables write them, oldest first: `0` within, `X` beyond, `-` missing.
    fn slots(text: &str) -> Vec<Option<bool>> {
        let slot = |letter| match letter {
            'X' => Some(true),
            '0' => Some(false),
            _ => None,
        };
        text.chars().rev().map(slot).collect()
    }

    /// The state under each treatment, in the order of AWS's columns.
    fn states(text: &str, n: u32, m: u32, before: State) -> [State; 4] {
        [MissingData::Missing, MissingData::Ignore, MissingData::Breaching, MissingData::NotBreaching]
            .map(|missing| evaluate(&slots(text), n, m, missing, before))
    }

    use State::{Alarm, InsufficientData, Ok};

    #[test]
    fn the_first_table_of_the_user_guide_three_of_three() {
        // CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data", N = M = 3.
        for before in [Ok, Alarm, InsufficientData] {
            let table = [
                ("0-X-X", [Ok, Ok, Ok, Ok]),
                ("----0", [Ok, Ok, Ok, Ok]),
                ("-----", [InsufficientData, before, Alarm, Ok]),
                ("0XX-X", [Alarm, Alarm, Alarm, Alarm]),
                ("--X--", [Alarm, before, Alarm, Ok]),
            ];
            for (text, expected) in table {
                assert_eq!(states(text, 3, 3, before), expected, "{text} from {before:?}");
            }
        }
    }

    #[test]
    fn the_second_table_of_the_user_guide_two_of_three() {
        for before in [Ok, Alarm, InsufficientData] {
            let table = [
                ("0-X-X", [Alarm, Alarm, Alarm, Alarm]),
                ("00X0X", [Alarm, Alarm, Alarm, Alarm]),
                ("0-X--", [Ok, Ok, Alarm, Ok]),
                ("----0", [Ok, Ok, Alarm, Ok]),
                ("---X-", [Alarm, before, Alarm, Ok]),
            ];
            for (text, expected) in table {
                assert_eq!(states(text, 3, 2, before), expected, "{text} from {before:?}");
            }
        }
    }

    #[test]
    fn one_breaching_datapoint_alone_is_premature_until_it_is_as_old_as_m() {
        for (text, expected) in [("----X", Ok), ("---X-", Ok), ("--X--", Alarm), ("-X---", Alarm)] {
            assert_eq!(states(text, 3, 3, Ok)[0], expected, "{text}");
        }
    }

    #[test]
    fn only_the_newest_n_count_when_enough_is_known() {
        assert_eq!(states("XXX00", 3, 2, Ok), [Ok; 4], "two of the newest three are fine");
        assert_eq!(states("0XX0X", 3, 2, Ok), [Alarm; 4]);
        assert_eq!(states("X-X-X", 3, 3, Ok), [Alarm; 4], "missing ones are passed over");
        assert_eq!(states("X00", 1, 1, Ok), [Ok; 4]);
    }

    #[test]
    fn the_threshold_itself_breaches_only_where_the_comparison_includes_it() {
        let table = [
            (Comparison::GreaterThan, [false, false, true]),
            (Comparison::GreaterThanOrEqual, [false, true, true]),
            (Comparison::LessThan, [true, false, false]),
            (Comparison::LessThanOrEqual, [true, true, false]),
        ];
        for (comparison, expected) in table {
            let beyond = [-3.0, -2.5, -2.0].map(|value| breaches(comparison, -2.5, value));
            assert_eq!(beyond, expected, "{comparison:?}");
        }
    }
}
