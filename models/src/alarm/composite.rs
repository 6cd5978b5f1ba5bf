//! Composite alarms: a rule over the states of other alarms; a suppressor can hold their notifications back.
//!
//! ```text
//!  a child changes ─► rule ─► state ─┬─ no suppressor ─────────────────────────────────► notifies
//!                                    ├─ suppressor in ALARM ─► suppressed ─leaves it─► X ─┐
//!                                    └─ else ─► W ─ over ─────────────────────────────────┴► notifies of the state then
//! ```
//! # Models      re-evaluation at once when a child changes, in an order in which every rule sees its children's new states;
//!   ActionsSuppressor with its wait period W and its extension period X
//! # Leaves out  replacement of the suppressor; actions other than notifications, which AWS does not allow here
//! # Source      CloudWatch user guide, "Combining alarms" and "Composite alarm suppression"; `aws/scaling.md` §5.7

use super::{Alarms, Event};
use crate::event;
use crate::plan::{AlarmRef, AlarmState as State, CompositeAlarm, CompositeId, Plan, Rule, Suppressor};
use crate::result::{AlarmChange, EventKind};
use crate::shared::Cx;
use crate::timeline::EntryId;

/// A composite alarm at work.
pub(super) struct Row {
    pub state: State,
    pub changes: Vec<AlarmChange>,
    /// Timeline entry of the last change.
    pub entry: EntryId,
    hold: Hold,
    /// Counts holds, so that a timer of one that was dropped is told from its successor's.
    holds: u32,
}

/// What holds the actions back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// Nothing.
    None,
    /// W: the suppressor may follow.
    Wait,
    /// The suppressor is in ALARM.
    Suppressed,
    /// X: the composite may follow.
    Extension,
}

impl Row {
    pub fn new() -> Self {
        let (state, entry) = (State::InsufficientData, EntryId::NONE);
        Row { state, changes: Vec::new(), entry, hold: Hold::None, holds: 0 }
    }
}

/// Composite alarms in an order in which each comes after all it is made of.
pub(super) fn order(plan: &Plan) -> Vec<CompositeId> {
    let mut order: Vec<CompositeId> = Vec::new();
    let mut left: Vec<CompositeId> = plan.composite_alarms.ids().collect();
    while !left.is_empty() {
        let ready = |id: &CompositeId| {
            let children = plan.composite_alarms[*id].rule.children();
            !children.iter().any(|child| matches!(child, AlarmRef::Composite(of) if left.contains(of)))
        };
        // A circle is refused by whoever makes a plan; here it is cut, lest nothing come of it at all.
        let next = left.iter().copied().find(ready).unwrap_or(left[0]);
        left.retain(|id| *id != next);
        order.push(next);
    }
    order
}

impl Alarms {
    /// Alarms have changed: whatever is made of them is evaluated anew.
    pub(super) fn reconsider(&mut self, first: Option<AlarmRef>, cx: &mut Cx) {
        let plan = cx.plan;
        let mut changed: Vec<AlarmRef> = first.into_iter().collect();
        let all = first.is_none();
        for at in 0..self.order.len() {
            let id = self.order[at];
            let alarm = &plan.composite_alarms[id];
            let children = alarm.rule.children();
            let touched = all || children.iter().any(|child| changed.contains(child));
            let state = if self.holds(&alarm.rule) { State::Alarm } else { State::Ok };
            if touched && state != self.composites[id].state {
                let cause = children.iter().filter(|child| changed.contains(child)).map(|&child| self.entry(child));
                let cause = cause.max().unwrap_or(EntryId::NONE);
                self.composite_changes(id, state, cause, cx);
                changed.push(AlarmRef::Composite(id));
            }
        }
        // Suppressors last, so that all states are the new ones; a change of theirs in the same instant counts as earlier.
        for (id, alarm) in plan.composite_alarms.iter() {
            if let Some(suppressor) = alarm.suppressor.filter(|suppressor| changed.contains(&suppressor.alarm)) {
                self.suppressor_changed(id, alarm, suppressor, cx);
            }
        }
    }

    /// Whether a rule holds.
    fn holds(&self, rule: &Rule) -> bool {
        match rule {
            Rule::Is(holds) => *holds,
            Rule::In(alarm, state) => self.state_of(*alarm) == *state,
            Rule::Not(rule) => !self.holds(rule),
            Rule::And(rules) => rules.iter().all(|rule| self.holds(rule)),
            Rule::Or(rules) => rules.iter().any(|rule| self.holds(rule)),
        }
    }

    fn composite_changes(&mut self, id: CompositeId, state: State, cause: EntryId, cx: &mut Cx) {
        let plan = cx.plan;
        let (now, alarm) = (cx.now(), &plan.composite_alarms[id]);
        let suppressed = alarm.suppressor.filter(|_| alarm.actions_enabled);
        let in_alarm = suppressed.is_some_and(|suppressor| self.state_of(suppressor.alarm) == State::Alarm);
        let then = match suppressed {
            _ if !alarm.notifies(state) => String::new(),
            None => "; notifies".to_string(),
            Some(suppressor) if in_alarm => format!("; suppressed by {}", name(suppressor.alarm, plan)),
            Some(suppressor) => format!("; waits {} for {}", suppressor.wait, name(suppressor.alarm, plan)),
        };
        let row = &mut self.composites[id];
        let (from, to) = (row.state.name(), state.name());
        let detail = format!("{from} → {to}: {}{then}", self.why(&alarm.rule, plan));
        let entry = cx.timeline.record(now, EventKind::AlarmState, alarm.name.as_str(), detail, cause);
        let row = &mut self.composites[id];
        row.changes.push(AlarmChange { t_s: now.as_secs_f64(), from: from.to_string(), to: to.to_string() });
        (row.state, row.entry) = (state, entry);
        match suppressed {
            None => {}
            Some(_) if in_alarm => self.hold(id, Hold::Suppressed, None, cx),
            Some(suppressor) => self.hold(id, Hold::Wait, Some(suppressor.wait), cx),
        }
    }

    fn suppressor_changed(&mut self, id: CompositeId, alarm: &CompositeAlarm, suppressor: Suppressor, cx: &mut Cx) {
        let plan = cx.plan;
        let in_alarm = self.state_of(suppressor.alarm) == State::Alarm;
        let row = &self.composites[id];
        let by = name(suppressor.alarm, plan);
        let (hold, wait, detail) = match row.hold {
            Hold::Wait | Hold::Extension if in_alarm => {
                (Hold::Suppressed, None, format!("actions suppressed by {by}, in ALARM"))
            }
            Hold::Suppressed if !in_alarm => {
                let extension = suppressor.extension;
                (
                    Hold::Extension,
                    Some(extension),
                    format!("{by} has left ALARM; actions held back for {extension} more"),
                )
            }
            _ => return,
        };
        let cause = self.entry(suppressor.alarm);
        let now = cx.now();
        cx.timeline.record(now, EventKind::AlarmActions, alarm.name.as_str(), detail, cause);
        self.hold(id, hold, wait, cx);
    }

    /// Begins a hold; the one before is dropped.
    fn hold(&mut self, id: CompositeId, hold: Hold, wait: Option<sim_core::Duration>, cx: &mut Cx) {
        let row = &mut self.composites[id];
        row.hold = hold;
        row.holds += 1;
        if let Some(wait) = wait {
            let over = Event::HoldOver { composite: id, hold: row.holds };
            cx.list.after(wait, event::Event::Alarm(over));
        }
    }

    /// A hold is over: actions are taken on the state of now.
    pub(super) fn hold_over(&mut self, id: CompositeId, hold: u32, cx: &mut Cx) {
        let plan = cx.plan;
        let row = &mut self.composites[id];
        if row.holds != hold || row.hold == Hold::Suppressed {
            return;
        }
        row.hold = Hold::None;
        let alarm = &plan.composite_alarms[id];
        if alarm.notifies(row.state) {
            let now = cx.now();
            let detail = format!("nothing holds its actions back any more: notifies of {}", row.state.name());
            cx.timeline.record(now, EventKind::AlarmActions, alarm.name.as_str(), detail, row.entry);
        }
    }

    /// Why a rule holds or does not, in words: the states of its children.
    fn why(&self, rule: &Rule, plan: &Plan) -> String {
        const MOST: usize = 4;
        let mut children = rule.children();
        children.dedup();
        let more = children.len().saturating_sub(MOST);
        let said = children.iter().take(MOST).map(|&child| {
            let state = self.state_of(child).name();
            format!("{} is {state}", name(child, plan))
        });
        let said = said.collect::<Vec<_>>().join(", ");
        match (said.is_empty(), more) {
            (true, _) => "always".to_string(),
            (false, 0) => said,
            (false, more) => format!("{said}, {more} more"),
        }
    }

    fn state_of(&self, alarm: AlarmRef) -> State {
        match alarm {
            AlarmRef::Metric(id) => self.state(id),
            AlarmRef::Composite(id) => self.composites[id].state,
        }
    }

    fn entry(&self, alarm: AlarmRef) -> EntryId {
        match alarm {
            AlarmRef::Metric(id) => self.rows[id].entry,
            AlarmRef::Composite(id) => self.composites[id].entry,
        }
    }

    /// State of a composite alarm.
    pub fn composite_state(&self, alarm: CompositeId) -> State {
        self.composites[alarm].state
    }

    /// Changes of state of a composite alarm, in order.
    pub fn composite_changes_of(&self, alarm: CompositeId) -> &[AlarmChange] {
        &self.composites[alarm].changes
    }
}

impl CompositeAlarm {
    /// Whether it has something to do when it enters a state.
    fn notifies(&self, state: State) -> bool {
        let wanted = match state {
            State::Alarm => self.notifies_alarm,
            State::Ok => self.notifies_ok,
            State::InsufficientData => false,
        };
        self.actions_enabled && wanted
    }
}

fn name(alarm: AlarmRef, plan: &Plan) -> &str {
    match alarm {
        AlarmRef::Metric(id) => &plan.alarms[id].name,
        AlarmRef::Composite(id) => &plan.composite_alarms[id].name,
    }
}
