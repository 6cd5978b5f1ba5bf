//! CloudWatch alarms: M of N datapoints beyond a threshold change a state, and states have actions.
//!
//! ```text
//!  Evaluate (each 60 s; 10 s) ─► reading ─► state ─┬─ changed ─► timeline, actions of the new state, composite alarms
//!                                                  └─ same ────► Auto Scaling actions once more, each minute
//!                               action ─► action delay ─► group::Invoke │ at once ─► the instance
//! ```
//! # Models      three states; M of N; the four treatments of missing data (`missing`); looks each minute, of high resolution
//!   each ten seconds, with a phase per alarm; repeated Auto Scaling actions; EC2 actions; percentiles of few samples;
//!   warm-up; anomaly bands (`band`); composite alarms (`composite`)
//! # Leaves out  windows of several days, which AWS looks at by the hour
//! # Source      CloudWatch user guide, "Using Amazon CloudWatch alarms"; `aws/scaling.md` §5.2 to §5.7

mod band;
mod composite;
mod ec2;
mod missing;

pub use crate::plan::AlarmState as State;
pub use missing::{breaches, evaluate};

use crate::datapoints::{Reading, enough_samples, retrieved};
use crate::event::{self, events};
use crate::group;
use crate::plan::{
    Action, Alarm, AlarmId, AlarmRef, Comparison, CompositeId, FleetId, Metric, Plan, Sizing, TargetGroupId,
};
use crate::result::{AlarmChange, EventKind};
use crate::shared::Cx;
use crate::timeline::EntryId;
use band::Band;
use sim_core::dist::Sampler;
use sim_core::{Duration, Stream, Table, Time, Words};

events! {
    /// What happens to alarms.
    pub enum Event {
        /// Time to look at the metric.
        Evaluate(AlarmId),
        /// What held a composite alarm's actions back is over.
        HoldOver {
            /// The composite alarm.
            composite: CompositeId,
            /// Which of its holds.
            hold: u32,
        },
    }
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
    composites: Table<CompositeId, composite::Row>,
    /// Composite alarms, each after all it is made of.
    order: Vec<CompositeId>,
}

struct Row {
    state: State,
    /// Timeline entry of the last change.
    entry: EntryId,
    changes: Vec<AlarmChange>,
    /// Newest value seen.
    value: Option<f64>,
    /// When Auto Scaling actions were last taken.
    acted: Time,
    /// What the metric is expected to be, if it is compared with that.
    band: Option<Band>,
    /// Bounds of the newest period.
    bounds: Option<(f64, f64)>,
    /// From an action to the group's acting on it.
    delays: Stream,
}

/// Between two repetitions of an Auto Scaling action.
const REPEAT: Duration = Duration::from_secs(60);

impl Alarms {
    /// Alarms of the plan, all in INSUFFICIENT_DATA.
    pub fn new(cx: &Cx) -> Self {
        let rows = cx.plan.alarms.values().map(|alarm| Row {
            state: State::InsufficientData,
            entry: EntryId::NONE,
            changes: Vec::new(),
            value: None,
            acted: Time::ZERO,
            band: alarm.comparison.is_band().then(Band::default),
            bounds: None,
            delays: cx.stream(&alarm.name, "action delay"),
        });
        let composites = cx.plan.composite_alarms.values().map(|_| composite::Row::new());
        Alarms { rows: rows.collect(), composites: composites.collect(), order: composite::order(cx.plan) }
    }

    /// Each looks once a minute (of high resolution, each ten seconds), at its own second (rule E1).
    pub fn start(&mut self, cx: &mut Cx) {
        for (id, alarm) in cx.plan.alarms.iter() {
            let phase = cx.stream(&alarm.name, "evaluation").unit() * cadence(alarm).as_secs_f64();
            cx.list.after(Duration::from_secs_f64(phase), event::Event::Alarm(Event::Evaluate(id)));
        }
        self.reconsider(None, cx);
    }

    /// Handles one event.
    pub fn handle(&mut self, event: Event, cx: &mut Cx) {
        match event {
            Event::Evaluate(alarm) => self.evaluate(alarm, cx),
            Event::HoldOver { composite, hold } => self.hold_over(composite, hold, cx),
        }
    }

    fn evaluate(&mut self, id: AlarmId, cx: &mut Cx) {
        let now = cx.now();
        let plan = cx.plan;
        let alarm = &plan.alarms[id];
        cx.list.after(cadence(alarm), event::Event::Alarm(Event::Evaluate(id)));
        if now < Time::ZERO + alarm.warm_up {
            return;
        }
        let reading = cx.datapoints.read(id, retrieved(alarm.evaluation_periods), now);
        let row = &mut self.rows[id];
        row.value = reading.values.iter().flatten().next().copied().or(row.value);
        let slots = row.judge(alarm, &reading);
        let (n, m) = (alarm.evaluation_periods, alarm.datapoints_to_alarm);
        let few = !alarm.low_samples_count && !enough_samples(alarm.statistic, reading.samples);
        let state = match few && slots.iter().any(Option::is_some) {
            true => row.state,
            false => evaluate(&slots, n, m, alarm.treat_missing_data, row.state),
        };
        let changed = state != row.state;
        let actions = match state {
            _ if !alarm.actions_enabled => &[][..],
            State::Ok => &alarm.ok_actions,
            State::Alarm => &alarm.alarm_actions,
            State::InsufficientData => &alarm.insufficient_data_actions,
        };
        if changed {
            let reason = reason(alarm, &slots, row);
            let detail = format!("{} → {}: {reason}{}", row.state.name(), state.name(), ec2::announced(actions, cx));
            let cause = match state {
                // What slows a fleet makes no metric fall.
                State::Alarm if alarm.comparison.is_below() => None,
                State::Alarm => watched_fleet(cx, alarm.metric).map(|fleet| cx.blame.of_fleet(fleet, now)),
                _ => Some(row.entry),
            };
            let cause = cause.unwrap_or(EntryId::NONE);
            row.entry = cx.timeline.record(now, EventKind::AlarmState, alarm.name.as_str(), detail, cause);
            if state == State::Alarm
                && let Some(first) = first_breaching(alarm, &slots, &reading)
            {
                cx.timeline.began(row.entry, first, cx.datapoints.published(id, first, now));
            }
            let (from, to) = (row.state.name().to_string(), state.name().to_string());
            row.changes.push(AlarmChange { t_s: now.as_secs_f64(), from, to });
            row.state = state;
            if plan.guards_refresh(id) {
                let told = group::Event::AlarmTold { alarm: id, state: state.told(), cause: row.entry };
                cx.list.soon(event::Event::Group(told));
            }
        }
        if !changed && state == State::Ok && m > 1 {
            short_of(alarm, &slots, row, cx);
        }
        cx.datapoints.notify(id, row.value.unwrap_or(f64::NAN));
        cx.datapoints.note_state(id, state);
        // A state that was never entered has no actions; one that was has those of Auto Scaling each minute (§5.5).
        if row.entry != EntryId::NONE && (changed || now >= row.acted + REPEAT) {
            row.acted = now;
            for action in actions {
                match *action {
                    Action::Scale { fleet, policy } => {
                        let delay =
                            action_delay(fleet, plan).map_or(Duration::ZERO, |delay| delay.duration(&mut row.delays));
                        let invoke = group::Event::Invoke { fleet, policy: policy as u16, alarm: id, cause: row.entry };
                        cx.list.after(delay, event::Event::Group(invoke));
                    }
                    Action::Ec2 { fleet, nth, what } if changed => ec2::act(fleet, nth, what, row.entry, cx),
                    Action::Ec2 { .. } | Action::Notify => {}
                }
            }
        }
        if changed {
            self.reconsider(Some(AlarmRef::Metric(id)), cx);
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

    /// The band that the newest value was compared with; none without one, or before it is known.
    pub fn bounds(&self, alarm: AlarmId) -> Option<(f64, f64)> {
        self.rows[alarm].bounds
    }
}

impl Row {
    /// Which periods are beyond the threshold, newest first; of a band, none where it is not known yet.
    fn judge(&mut self, alarm: &Alarm, reading: &Reading) -> Vec<Option<bool>> {
        let Some(band) = &mut self.band else {
            let beyond = |value| breaches(alarm.comparison, alarm.threshold, value);
            return reading.values.iter().map(|value| value.map(beyond)).collect();
        };
        let period = (alarm.period.nanos() / 1_000_000_000) as u32;
        if let Some(&Some(newest)) = reading.values.first() {
            band.learn(reading.end, period, newest);
        }
        let slots = (0u32..).zip(&reading.values).map(|(slot, value)| {
            let end = reading.end.checked_sub(slot * period)?;
            let (lower, upper) = band.at(end, alarm.threshold)?;
            let value = (*value)?;
            Some(match alarm.comparison {
                Comparison::AboveBand => value > upper,
                Comparison::BelowBand => value < lower,
                _ => value > upper || value < lower,
            })
        });
        let slots = slots.collect();
        self.bounds = band.at(reading.end, alarm.threshold);
        slots
    }
}

/// Writes down that an alarm sees periods beyond its threshold, and too few of them.
fn short_of(alarm: &Alarm, slots: &[Option<bool>], row: &Row, cx: &mut Cx) {
    let newest = slots.iter().flatten().take(alarm.evaluation_periods as usize);
    if newest.filter(|beyond| **beyond).count() > 0 {
        let detail = format!("{}; {} are needed", reason(alarm, slots, row), alarm.datapoints_to_alarm);
        cx.timeline.held_back(cx.now(), &alarm.name, "datapoints", &detail, row.entry);
    }
}

/// When the first of the breaching periods that make an alarm ended.
fn first_breaching(alarm: &Alarm, slots: &[Option<bool>], reading: &Reading) -> Option<Time> {
    let known = (0u32..).zip(slots).filter_map(|(slot, beyond)| Some((slot, (*beyond)?)));
    let (slot, _) = known.take(alarm.evaluation_periods as usize).filter(|(_, beyond)| *beyond).last()?;
    let period = alarm.period.nanos() / 1_000_000_000;
    let end = u64::from(reading.end).checked_sub(u64::from(slot) * period)?;
    Some(Time::ZERO + Duration::from_secs(end))
}

/// Between two looks (rule E1).
fn cadence(alarm: &Alarm) -> Duration {
    Duration::from_secs(if alarm.is_high_resolution() { 10 } else { 60 })
}

fn action_delay(fleet: FleetId, plan: &Plan) -> Option<Sampler> {
    match &plan.fleets[fleet].sizing {
        Sizing::AutoScaling(settings) => Some(settings.action_delay.sampler()),
        Sizing::Fixed(_) => None,
    }
}

/// Why the state is what it is, in words.
fn reason(alarm: &Alarm, slots: &[Option<bool>], row: &Row) -> String {
    let real = slots.iter().flatten().count();
    let breaching = slots.iter().flatten().take(alarm.evaluation_periods as usize).filter(|beyond| **beyond).count();
    let threshold = number(alarm.threshold);
    let beyond = match (alarm.comparison, row.bounds) {
        (Comparison::GreaterThan, _) => format!("> {threshold}"),
        (Comparison::GreaterThanOrEqual, _) => format!("≥ {threshold}"),
        (Comparison::LessThan, _) => format!("< {threshold}"),
        (Comparison::LessThanOrEqual, _) => format!("≤ {threshold}"),
        (Comparison::OutsideBand, Some((lower, upper))) => format!("outside {} to {}", number(lower), number(upper)),
        (Comparison::AboveBand, Some((_, upper))) => format!("above the band's {}", number(upper)),
        (Comparison::BelowBand, Some((lower, _))) => format!("below the band's {}", number(lower)),
        (_, None) => "outside the band".to_string(),
    };
    let newest = row.value.map_or(String::new(), |value| format!(", newest {}", number(value)));
    match real.min(alarm.evaluation_periods as usize) {
        0 => "no datapoints".to_string(),
        seen => format!("{breaching} of {seen} datapoints {beyond}{newest}"),
    }
}

/// A number with two decimals at most.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// The fleet whose condition a metric shows: a fault that slowed it is what the alarm is about.
fn watched_fleet(cx: &Cx, metric: Metric) -> Option<FleetId> {
    let of_group = |group: TargetGroupId| {
        cx.plan.fleets.iter().find(|(_, fleet)| fleet.target_groups.contains(&group)).map(|(id, _)| id)
    };
    match metric {
        Metric::Cpu(fleet) => Some(fleet),
        Metric::Instance(fleet, _, metric) if metric.is_monitored() => Some(fleet),
        Metric::QueueDepth(service) => Some(cx.plan.services[service].fleet),
        Metric::TargetResponseTime(group) | Metric::Target5xx(group) => of_group(group),
        _ => None,
    }
}
