//! Composite alarms, and their rules from text.
//!
//! ```text
//!  "ALARM(a) AND NOT (OK(b) OR ALARM(c))" ──► or ► and ► not ► STATE(name) │ TRUE │ FALSE │ parentheses
//! ```

use super::context::Cx;
use crate::outline::Place;
use crate::schema;
use models::plan::{AlarmId, AlarmRef, AlarmState, CompositeAlarm, CompositeId, Rule, Suppressor};
use sim_core::Table;

/// Alarms in one rule, at most (§5.7).
const MOST_CHILDREN: usize = 100;
/// Parentheses in parentheses, at most.
const DEEPEST: usize = 100;

pub(super) fn resolve(cx: &mut Cx<'_>) -> Table<CompositeId, CompositeAlarm> {
    let block = cx.root.field("composite_alarms");
    let mut alarms: Table<CompositeId, CompositeAlarm> = Table::default();
    for (name, written) in cx.scenario.composite_alarms.iter().take(10_000) {
        let place = block.entry(name);
        if cx.scenario.alarms.get(name).is_some() {
            let message = format!("there is an alarm named `{name}` already");
            cx.error(block.key(name), message, "second of that name", "rename one of them");
        }
        let rule = rule(cx, &written.rule, place.field("rule"));
        let suppressor = suppressor(cx, written, place);
        let notifies_alarm = notifies(cx, &written.actions, place.field("actions"));
        let notifies_ok = notifies(cx, &written.ok_actions, place.field("ok_actions"));
        alarms.push(CompositeAlarm {
            name: name.to_owned(),
            rule,
            actions_enabled: written.actions_enabled.unwrap_or(true),
            notifies_alarm,
            notifies_ok,
            suppressor,
        });
    }
    circles(cx, &alarms);
    alarms
}

fn notifies<'a>(cx: &mut Cx<'a>, actions: &[schema::Action], place: Place<'a>) -> bool {
    if actions.iter().any(|action| !matches!(action, schema::Action::Notify)) {
        let help = "let the metric alarms it is made of act, and this one `Notify`";
        cx.error(place, "a composite alarm can only notify", "not an action of a composite alarm", help);
    }
    if actions.len() > 5 {
        cx.error(place, format!("{} actions", actions.len()), "too many", "an alarm has at most 5 actions per state");
    }
    !actions.is_empty()
}

fn suppressor<'a>(cx: &mut Cx<'a>, written: &'a schema::CompositeAlarm, place: Place<'a>) -> Option<Suppressor> {
    let periods = [
        ("actions_suppressor_wait_period", written.actions_suppressor_wait_period),
        ("actions_suppressor_extension_period", written.actions_suppressor_extension_period),
    ];
    let times = periods.map(|(field, period)| cx.time(place.field(field), period, 60.0, 0.0, 86400.0));
    let Some(name) = &written.actions_suppressor else {
        for (field, period) in periods {
            if period.is_some() {
                let help = "add `actions_suppressor`, or leave it out";
                cx.error(place.field(field), format!("`{field}` without a suppressor"), "nobody to wait for", help);
            }
        }
        return None;
    };
    let alarm = find(cx, name, place.field("actions_suppressor"))?;
    Some(Suppressor { alarm, wait: times[0], extension: times[1] })
}

/// An alarm of either kind by its name.
pub(super) fn find<'a>(cx: &mut Cx<'a>, name: &str, place: Place<'a>) -> Option<AlarmRef> {
    let scenario = cx.scenario;
    if let Some(index) = scenario.alarms.iter().position(|alarm| alarm.0 == name) {
        return Some(AlarmRef::Metric(AlarmId::new(index)));
    }
    if let Some(made) = cx.made_alarms.iter().position(|made| made == name) {
        return Some(AlarmRef::Metric(AlarmId::new(scenario.alarms.iter().count() + made)));
    }
    if let Some(index) = scenario.composite_alarms.iter().position(|alarm| alarm.0 == name) {
        return Some(AlarmRef::Composite(CompositeId::new(index)));
    }
    let mut known: Vec<&str> = Vec::new();
    for block in ["alarms", "composite_alarms"] {
        if cx.root.field(block).is_written() {
            known.extend(cx.root.field(block).node().keys());
        }
    }
    if !known.contains(&name) {
        let diagnostic = crate::diagnostic::Diagnostic::error(place.span(), format!("no alarm named `{name}`"));
        let label = "not declared in `alarms` or `composite_alarms`";
        cx.say(diagnostic.label(label).help_names("alarm", name, &known));
    }
    None
}

fn rule<'a>(cx: &mut Cx<'a>, text: &str, place: Place<'a>) -> Rule {
    let parsed = tokens(text).and_then(|tokens| {
        let mut parser = Parser { tokens, at: 0, depth: 0, names: Vec::new() };
        let shape = parser.or()?;
        match parser.tokens.get(parser.at) {
            Some(token) => Err(format!("`{token}` is one too many")),
            None => Ok((shape, parser.names)),
        }
    });
    let (shape, names) = match parsed {
        Ok(parsed) => parsed,
        Err(message) => {
            let help = "such as `ALARM(cpu-high) AND NOT OK(hosts-low)`; states are ALARM, OK, INSUFFICIENT_DATA";
            cx.error(place, format!("cannot read the rule: {message}"), "this rule", help);
            return Rule::Is(false);
        }
    };
    let mut children = names.clone();
    children.sort_unstable();
    children.dedup();
    if children.len() > MOST_CHILDREN {
        let message = format!("a rule over {} alarms", children.len());
        cx.error(place, message, "at most 100", "make composite alarms of parts of it");
    }
    let found: Vec<Option<AlarmRef>> = names.iter().map(|name| find(cx, name, place)).collect();
    linked(&shape, &found)
}

/// A rule whose alarms are numbers into a list of names.
#[derive(Debug, PartialEq)]
enum Shape {
    Is(bool),
    In(usize, AlarmState),
    Not(Box<Shape>),
    And(Vec<Shape>),
    Or(Vec<Shape>),
}

fn linked(shape: &Shape, found: &[Option<AlarmRef>]) -> Rule {
    let all = |shapes: &[Shape]| shapes.iter().map(|shape| linked(shape, found)).collect();
    match shape {
        Shape::Is(holds) => Rule::Is(*holds),
        // An alarm that is none has been told.
        Shape::In(name, state) => found[*name].map_or(Rule::Is(false), |alarm| Rule::In(alarm, *state)),
        Shape::Not(inner) => Rule::Not(Box::new(linked(inner, found))),
        Shape::And(shapes) => Rule::And(all(shapes)),
        Shape::Or(shapes) => Rule::Or(all(shapes)),
    }
}

/// Words, parentheses, and names in quotes (which keep them, to be told from words).
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' => 1,
            '"' => match rest[1..].find('"') {
                Some(end) => end + 2,
                None => return Err("a name in quotes does not end".to_owned()),
            },
            _ => rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"')).unwrap_or(rest.len()),
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<String>,
    at: usize,
    depth: usize,
    names: Vec<String>,
}

impl Parser {
    fn takes(&mut self, word: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| token.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn needs(&mut self, word: &str) -> Result<(), String> {
        if self.takes(word) {
            return Ok(());
        }
        Err(self
            .tokens
            .get(self.at)
            .map_or(format!("`{word}` is missing at its end"), |token| format!("`{word}` is missing before `{token}`")))
    }

    fn or(&mut self) -> Result<Shape, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("more than {DEEPEST} parentheses in each other"));
        }
        let mut parts = vec![self.and()?];
        while self.takes("OR") {
            parts.push(self.and()?);
        }
        self.depth -= 1;
        Ok(if parts.len() == 1 { parts.remove(0) } else { Shape::Or(parts) })
    }

    fn and(&mut self) -> Result<Shape, String> {
        let mut parts = vec![self.not()?];
        while self.takes("AND") {
            parts.push(self.not()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Shape::And(parts) })
    }

    fn not(&mut self) -> Result<Shape, String> {
        let mut negated = false;
        while self.takes("NOT") {
            negated = !negated;
        }
        let inner = self.primary()?;
        Ok(if negated { Shape::Not(Box::new(inner)) } else { inner })
    }

    fn primary(&mut self) -> Result<Shape, String> {
        if self.takes("(") {
            let inner = self.or()?;
            self.needs(")")?;
            return Ok(inner);
        }
        let word = self.tokens.get(self.at).cloned().ok_or("it ends too early")?;
        self.at += 1;
        let state = match word.to_ascii_uppercase().as_str() {
            "TRUE" => return Ok(Shape::Is(true)),
            "FALSE" => return Ok(Shape::Is(false)),
            "ALARM" => AlarmState::Alarm,
            "OK" => AlarmState::Ok,
            "INSUFFICIENT_DATA" => AlarmState::InsufficientData,
            _ => return Err(format!("`{word}` is neither a state nor TRUE or FALSE")),
        };
        self.needs("(")?;
        // A name may hold spaces without quotes, as AWS allows.
        let mut name = String::new();
        while let Some(token) = self.tokens.get(self.at).filter(|token| !matches!(token.as_str(), "(" | ")")) {
            let token = token.trim_matches('"');
            name = if name.is_empty() { token.to_owned() } else { format!("{name} {token}") };
            self.at += 1;
        }
        if name.is_empty() {
            return Err(format!("`{word}` of which alarm?"));
        }
        self.needs(")")?;
        self.names.push(name);
        Ok(Shape::In(self.names.len() - 1, state))
    }
}

/// Refuses composite alarms that are made of themselves.
fn circles(cx: &mut Cx<'_>, alarms: &Table<CompositeId, CompositeAlarm>) {
    let mut left: Vec<CompositeId> = alarms.ids().collect();
    loop {
        let ready = |id: &CompositeId| {
            let children = alarms[*id].rule.children();
            !children.iter().any(|child| matches!(child, AlarmRef::Composite(of) if left.contains(of)))
        };
        match left.iter().position(ready) {
            Some(index) => left.remove(index),
            None => break,
        };
    }
    if let Some(first) = left.first() {
        let names: Vec<&str> = left.iter().map(|id| alarms[*id].name.as_str()).collect();
        let place = cx.root.field("composite_alarms").entry(&alarms[*first].name).field("rule");
        let message = format!("composite alarms in a circle: `{}`", names.join("`, `"));
        cx.error(place, message, "made of itself in the end", "name metric alarms in the rule of one of them");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, names: Vec::new() };
        let shape = parser.or()?;
        match parser.tokens.get(parser.at) {
            Some(token) => Err(format!("`{token}` is one too many")),
            None => Ok(written(&shape, &parser.names)),
        }
    }

    fn written(shape: &Shape, names: &[String]) -> String {
        let all = |shapes: &[Shape], by: &str| {
            let parts: Vec<String> = shapes.iter().map(|shape| written(shape, names)).collect();
            format!("({})", parts.join(by))
        };
        match shape {
            Shape::Is(holds) => holds.to_string(),
            Shape::In(name, state) => format!("{state:?}<{}>", names[*name]),
            Shape::Not(inner) => format!("!{}", written(inner, names)),
            Shape::And(shapes) => all(shapes, " & "),
            Shape::Or(shapes) => all(shapes, " | "),
        }
    }

    #[test]
    fn rules_are_read_not_before_and_before_or() {
        let table = [
            ("ALARM(a)", "Alarm<a>"),
            ("ALARM(\"a b\") AND OK(c d)", "(Alarm<a b> & Ok<c d>)"),
            ("ALARM(a) OR OK(b) AND INSUFFICIENT_DATA(c)", "(Alarm<a> | (Ok<b> & InsufficientData<c>))"),
            ("(ALARM(a) OR OK(b)) AND TRUE", "((Alarm<a> | Ok<b>) & true)"),
            ("NOT ALARM(a) AND NOT NOT OK(b)", "(!Alarm<a> & Ok<b>)"),
            ("NOT (ALARM(a) OR FALSE)", "!(Alarm<a> | false)"),
            ("alarm(a) and not ok( b )", "(Alarm<a> & !Ok<b>)"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused_with_a_reason() {
        let table = [
            ("", "ends too early"),
            ("ALARM", "`(` is missing at its end"),
            ("ALARM()", "of which alarm?"),
            ("ALARM(a", "`)` is missing"),
            ("ALARM(a) OK(b)", "`OK` is one too many"),
            ("ALARM(a) AND", "ends too early"),
            ("cpu-high", "neither a state"),
            ("ALARM(\"a)", "does not end"),
            ("ALARM(a(b))", "`)` is missing before `(`"),
        ];
        for (text, expected) in table {
            let message = read(text).unwrap_err();
            assert!(message.contains(expected), "{text}: {message}");
        }
        assert!(read(&"(".repeat(100_000)).is_err(), "no stack is deep enough for that");
    }
}
