//! What is wanted of a figure: as little or as much of it as can be had, or no more or no less than a bound.
//!
//! ```text
//!  "minimize cost"          ──► Objective  { goal, metric }         better(a, b)
//!  "availability >= 99.9%"  ──► Constraint { metric, op, bound }    holds(value) · missed_by(value)
//! ```
//! # Models      figures by their names in `cells.csv`, or the short ones of `--metric`; bounds in the unit of the figure, or
//!   as people write them: `300ms`, `99.9%`, `$12`
//! # Leaves out  whether a run has the figure: only its results tell

use super::compare::full_name;
use super::metrics::{Unit, unit};
use std::fmt;
use std::ops::Range;

/// Which way a figure is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// As little as can be had.
    Minimize,
    /// As much as can be had.
    Maximize,
}

/// A figure to be made as small or as great as can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    /// Which way.
    pub goal: Goal,
    /// The figure's full name.
    pub metric: String,
}

/// How a figure and its bound compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `>=`
    AtLeast,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `<`
    Below,
}

/// A bound that a figure must keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// As written.
    pub text: String,
    /// The figure's full name.
    pub metric: String,
    /// How it compares with the bound.
    pub op: Op,
    /// The bound, in the unit of the figure.
    pub bound: f64,
}

/// A text that is no objective or no constraint: where, why, and what would be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The text.
    pub text: String,
    /// Bytes of it that are meant.
    pub at: Range<usize>,
    /// What is wrong there.
    pub message: String,
    /// What would be right.
    pub help: String,
}

impl Mistake {
    pub(crate) fn new(text: &str, at: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Mistake {
        Mistake { text: text.into(), at, message: message.into(), help: help.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = |text: &str| unicode_width::UnicodeWidthStr::width(text);
        let before = columns(self.text.get(..self.at.start).unwrap_or(""));
        let carets = columns(self.text.get(self.at.clone()).unwrap_or("")).max(1);
        writeln!(f, "{}", self.message)?;
        writeln!(f, "  {}\n  {:before$}{}", self.text, "", "^".repeat(carets))?;
        write!(f, "  = help: {}", self.help)
    }
}

impl std::error::Error for Mistake {}

impl Objective {
    /// Reads `minimize FIGURE` or `maximize FIGURE`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse(text: &str) -> Result<Objective, Mistake> {
        const HELP: &str = "write `minimize cost` or `maximize availability`";
        let (verb, rest) =
            text.trim_start().split_once(char::is_whitespace).unwrap_or((text.trim(), &text[text.len()..]));
        let place = place_of(text, verb);
        let goal = match verb {
            "minimize" | "minimise" => Goal::Minimize,
            "maximize" | "maximise" => Goal::Maximize,
            "" => return Err(Mistake::new(text, place, "nothing to minimize or to maximize", HELP)),
            _ if rest.trim().is_empty() => {
                let help = format!("write `minimize {verb}` or `maximize {verb}`");
                return Err(Mistake::new(text, place, "less of it, or more?", help));
            }
            _ => return Err(Mistake::new(text, place, format!("`{verb}` is no goal"), HELP)),
        };
        Ok(Objective { goal, metric: metric(text, rest, HELP)? })
    }

    /// As little of a figure as can be had; its name may be a short one.
    pub fn minimize(name: &str) -> Objective {
        Objective { goal: Goal::Minimize, metric: full_name(name.trim()) }
    }

    /// As much of a figure as can be had; its name may be a short one.
    pub fn maximize(name: &str) -> Objective {
        Objective { goal: Goal::Maximize, metric: full_name(name.trim()) }
    }

    /// Whether one value is better than another; one that is no number is better than none.
    pub fn is_better(&self, one: f64, other: f64) -> bool {
        match self.goal {
            Goal::Minimize => one < other || one.is_finite() && other.is_nan(),
            Goal::Maximize => one > other || one.is_finite() && other.is_nan(),
        }
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.goal {
            Goal::Minimize => "minimize",
            Goal::Maximize => "maximize",
        };
        write!(f, "{verb} {}", self.metric)
    }
}

impl Op {
    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Op::AtLeast => ">=",
            Op::AtMost => "<=",
            Op::Above => ">",
            Op::Below => "<",
        }
    }
}

impl Constraint {
    /// Reads `FIGURE >= BOUND`; also `<=`, `>` and `<`.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Constraint, Mistake> {
        Constraint::parse_in(text, &unit)
    }

    /// The same where figures have units that their names do not tell.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse_in(text: &str, unit: &dyn Fn(&str) -> Unit) -> Result<Constraint, Mistake> {
        const HELP: &str = "write `availability >= 0.999`, `p99 <= 300ms` or `cost < $12`";
        let Some(at) = text.find(['<', '>', '=', '≤', '≥']) else {
            return Err(Mistake::new(text, end_of(text), "expected `>=`, `<=`, `>` or `<`", HELP));
        };
        let end = at + text[at..].find(|c| !"<>=≤≥".contains(c)).unwrap_or(text.len() - at);
        let op = match &text[at..end] {
            ">=" | "≥" => Op::AtLeast,
            "<=" | "≤" => Op::AtMost,
            ">" => Op::Above,
            "<" => Op::Below,
            // An estimate is hardly ever equal to anything.
            sign => return Err(Mistake::new(text, at..end, format!("`{sign}` compares nothing here"), HELP)),
        };
        let metric = metric(text, &text[..at], HELP)?;
        let bound = bound(text, &text[end..], &metric, unit(&metric))?;
        Ok(Constraint { text: text.trim().into(), metric, op, bound })
    }

    /// Whether a value keeps the bound; one that is no number does not.
    pub fn holds(&self, value: f64) -> bool {
        match self.op {
            Op::AtLeast => value >= self.bound,
            Op::AtMost => value <= self.bound,
            Op::Above => value > self.bound,
            Op::Below => value < self.bound,
        }
    }

    /// How far a value is beyond the bound, in the unit of the figure: below nought where it is kept.
    pub fn excess(&self, value: f64) -> f64 {
        match self.op {
            Op::AtLeast | Op::Above => self.bound - value,
            Op::AtMost | Op::Below => value - self.bound,
        }
    }

    /// How far a value is from keeping the bound, in the unit of the figure: nought where it is kept (or met exactly), infinite
    /// for what is no number.
    pub fn missed_by(&self, value: f64) -> f64 {
        let missed = self.excess(value);
        if missed.is_nan() { f64::INFINITY } else { missed.max(0.0) }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The name of a figure, in full, from a part of `text`.
fn metric(text: &str, part: &str, help: &str) -> Result<String, Mistake> {
    let name = part.trim();
    let place = place_of(text, name);
    if name.is_empty() {
        return Err(Mistake::new(text, place, "expected the name of a figure", help));
    }
    if let Some(space) = name.find(char::is_whitespace) {
        let at = place.start + space;
        return Err(Mistake::new(text, at..place.end, "a figure has a name of one word", help));
    }
    Ok(full_name(name))
}

/// A bound from a part of `text`, in the unit of the figure.
fn bound(text: &str, part: &str, metric: &str, unit: Unit) -> Result<f64, Mistake> {
    const EACH_MS: [(&str, f64); 6] =
        [("us", 1e-3), ("µs", 1e-3), ("ms", 1.0), ("s", 1e3), ("m", 60e3), ("h", 3_600e3)];
    let written = part.trim();
    let place = place_of(text, written);
    let example = match unit {
        Unit::Milliseconds => "300ms",
        Unit::Seconds => "90s",
        Unit::Dollars => "$12",
        Unit::Share => "99.9%",
        Unit::Number => "100",
    };
    let help = format!("write a bound such as `{example}`");
    let wrong = |message: String| Mistake::new(text, place.clone(), message, help.clone());
    if written.is_empty() {
        return Err(wrong("expected a bound".into()));
    }
    let (dollars, rest) = match written.strip_prefix('$') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, written),
    };
    // `1e-3` has its e, `3e` has none: the longest beginning that is a number.
    let split = (1..=rest.len()).rev().filter(|at| rest.is_char_boundary(*at)).find(|at| {
        rest[..*at].parse::<f64>().is_ok_and(f64::is_finite) && !rest[..*at].ends_with(|c: char| c.is_alphabetic())
    });
    let Some(split) = split else { return Err(wrong(format!("`{written}` is no number"))) };
    let (number, suffix) = (rest[..split].parse::<f64>().unwrap_or(f64::NAN), rest[split..].trim());
    let each = EACH_MS.iter().find(|each| each.0 == suffix).map(|each| each.1);
    match (dollars, suffix, each, unit) {
        (true, "", _, Unit::Dollars) | (false, "", ..) => Ok(number),
        (false, "%", ..) => Ok(number / 100.0),
        (false, _, Some(ms), Unit::Milliseconds) => Ok(number * ms),
        (false, _, Some(ms), Unit::Seconds) => Ok(number * ms / 1e3),
        (true, ..) => Err(wrong(format!("`{metric}` is no money"))),
        (_, _, Some(_), _) => Err(wrong(format!("`{metric}` is no time"))),
        _ => Err(wrong(format!("`{suffix}` is no unit"))),
    }
}

/// Where a part of a text stands in it; for a part that is none of it, the end.
fn place_of(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    if start > text.len() { end_of(text) } else { start..start + part.len() }
}

fn end_of(text: &str) -> Range<usize> {
    let end = text.trim_end().len();
    end..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_are_read() {
        assert_eq!(Objective::parse("minimize cost"), Ok(Objective::minimize("cost_usd.total")));
        assert_eq!(Objective::parse("  maximise  availability "), Ok(Objective::maximize("availability")));
        assert_eq!(Objective::parse("minimize p99").unwrap().to_string(), "minimize latency_ms.p99");
        for (text, at, message) in [
            ("", 0..0, "nothing to minimize or to maximize"),
            ("cost", 0..4, "less of it, or more?"),
            (" lower cost", 1..6, "`lower` is no goal"),
            ("minimize", 8..8, "expected the name of a figure"),
            ("minimize cost availability", 13..26, "a figure has a name of one word"),
        ] {
            let mistake = Objective::parse(text).unwrap_err();
            assert_eq!((mistake.at.clone(), mistake.message.as_str()), (at, message), "{text}");
        }
    }

    #[test]
    fn constraints_are_read_in_the_unit_of_their_figure() {
        for (text, metric, op, bound) in [
            ("availability >= 0.999", "availability", Op::AtLeast, 0.999),
            ("availability≥99.9%", "availability", Op::AtLeast, 0.999),
            ("p99 <= 300ms", "latency_ms.p99", Op::AtMost, 300.0),
            ("p99<1.5s", "latency_ms.p99", Op::Below, 1500.0),
            ("latency_ms.p99 <= 300", "latency_ms.p99", Op::AtMost, 300.0),
            ("queueing_ms.web.p95 <= 500us", "queueing_ms.web.p95", Op::AtMost, 0.5),
            ("databases.orders.unavailable_s < 2m", "databases.orders.unavailable_s", Op::Below, 120.0),
            ("cost < $12.50", "cost_usd.total", Op::Below, 12.5),
            ("goodput > 1e3", "goodput_per_s", Op::Above, 1000.0),
            ("failed <= 0", "requests.failed", Op::AtMost, 0.0),
            ("profit >= -5", "profit", Op::AtLeast, -5.0),
        ] {
            let found = Constraint::parse(text).unwrap_or_else(|mistake| panic!("{text}: {mistake}"));
            assert_eq!((found.metric.as_str(), found.op), (metric, op), "{text}");
            assert!((found.bound - bound).abs() < 1e-12, "{text}: {}", found.bound);
        }
    }

    #[test]
    fn a_mistake_is_shown_at_its_place() {
        for (text, at, message) in [
            ("availability", 12..12, "expected `>=`, `<=`, `>` or `<`"),
            ("availability = 1", 13..14, "`=` compares nothing here"),
            ("availability >== 1", 13..16, "`>==` compares nothing here"),
            (">= 1", 0..0, "expected the name of a figure"),
            ("p99 <=", 6..6, "expected a bound"),
            ("p99 <= fast", 7..11, "`fast` is no number"),
            ("p99 <= 3 parsecs", 7..16, "`parsecs` is no unit"),
            ("p99 <= nan", 7..10, "`nan` is no number"),
            ("p99 <= inf", 7..10, "`inf` is no number"),
            ("p99 <= $3", 7..9, "`latency_ms.p99` is no money"),
            ("availability >= 3ms", 16..19, "`availability` is no time"),
            ("goodput_per_s > 3s", 16..18, "`goodput_per_s` is no time"),
            ("p99 <= $", 7..8, "`$` is no number"),
            ("the p99 <= 3", 3..7, "a figure has a name of one word"),
        ] {
            let mistake = Constraint::parse(text).unwrap_err();
            assert_eq!((mistake.at.clone(), mistake.message.as_str()), (at, message), "{text}");
        }
        let told = Constraint::parse("p99 <= fast").unwrap_err().to_string();
        assert_eq!(told, "`fast` is no number\n  p99 <= fast\n         ^^^^\n  = help: write a bound such as `300ms`");
    }

    #[test]
    fn bounds_are_kept_at_their_edges() {
        let of = |text: &str| Constraint::parse(text).unwrap();
        assert!(of("m >= 1").holds(1.0) && of("m <= 1").holds(1.0));
        assert!(!of("m > 1").holds(1.0) && !of("m < 1").holds(1.0));
        assert!(!of("m >= 1").holds(f64::NAN) && of("m >= 1").missed_by(f64::NAN).is_infinite());
        assert_eq!((of("m >= 1").missed_by(0.25), of("m <= 1").missed_by(0.25)), (0.75, 0.0));
    }

    #[test]
    fn better_is_less_or_more() {
        let (less, more) = (Objective::minimize("m"), Objective::maximize("m"));
        assert!(less.is_better(1.0, 2.0) && !less.is_better(2.0, 2.0) && more.is_better(2.0, 1.0));
        assert!(less.is_better(1.0, f64::NAN) && !less.is_better(f64::NAN, 1.0) && !more.is_better(f64::NAN, 1.0));
    }
}
