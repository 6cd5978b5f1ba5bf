//! Verdicts on expectations in words: what was found, when, and what it proves.
//!
//! # Models      one line each, the same on the page, in the report and in what `sim check` hands on
//! # Leaves out  whether it holds: `experiment` decides that

use super::page::exact;
use super::table::{BAD, CARE, DIM, GOOD};
use super::units;
use crate::experiment::{Proof, Standing, Verdict};
use anstyle::Style;
use models::result::{Breach, BreachKind, ExpectationResult, Unit};

/// The sign of a standing, its style on the terminal, and its class on a page of HTML.
pub fn sign(standing: Standing) -> (&'static str, Style, &'static str) {
    match standing {
        Standing::Held => ("✓", GOOD, "good"),
        Standing::NotProven => ("?", CARE, "care"),
        Standing::Broken => ("✗", BAD, "bad"),
    }
}

/// The style of what was found.
pub fn style(standing: Standing) -> Style {
    if standing == Standing::Held { DIM } else { sign(standing).1 }
}

/// All in one line: what was found if it is about one run, else in how many it held and what that proves.
pub fn line(verdict: &Verdict) -> String {
    proven(verdict).unwrap_or_else(|| found(&verdict.shown))
}

/// What was found in a run, in the unit that people think in.
pub fn found(result: &ExpectationResult) -> String {
    let mut text = match (&result.breach, result.value) {
        (Some(breach), _) => broken(breach),
        (None, None) => "never happened".into(),
        (None, Some(value)) => format!("found {}", figure(result, value)),
    };
    if !result.note.is_empty() {
        text.push_str(&format!("; {}", result.note));
    }
    text
}

/// A value of an expectation with its unit.
fn figure(result: &ExpectationResult, value: f64) -> String {
    let what = result.text.split('(').next().unwrap_or_default();
    match result.unit {
        Unit::Ms => format!("{} ms", exact(value)),
        Unit::S if what.ends_with('S') || what == "Figure" => format!("{} s", exact(value)),
        Unit::S => units::seconds(value),
        Unit::Usd => format!("${}", exact(value)),
        _ => exact(value),
    }
}

/// When a rule was first broken.
fn broken(breach: &Breach) -> String {
    let (from, until) = (units::clock(breach.from_s), units::clock(breach.until_s));
    let length = units::seconds(breach.until_s - breach.from_s);
    let mut text = match (breach.kind, &breach.after) {
        (BreachKind::Lasted, _) if breach.at_end => format!("from {from} on for {length}, and still so at the end"),
        (BreachKind::Lasted, _) => format!("from {from} to {until}, for {length}"),
        (BreachKind::Missed, _) => format!("at no time from {from} to {until}"),
        (BreachKind::Turned, _) => format!("one turn too many from {from} to {until}"),
        (BreachKind::Late | BreachKind::Relapsed, after) => {
            let struck = after.clone().unwrap_or_default();
            let took = units::seconds(breach.until_s - struck.t_s);
            let what = if struck.what.is_empty() { String::new() } else { format!("{} at ", struck.what) };
            let ends = if breach.at_end {
                format!("not back when the run ended, {took} after it")
            } else {
                format!("back at {until}, {took} after it")
            };
            let due = if breach.kind == BreachKind::Late { "due by" } else { "bad from" };
            format!("{what}{}: {due} {from}, {ends}", units::clock(struck.t_s))
        }
    };
    if breach.times > 1 {
        text.push_str(&format!("; the first of {} times", breach.times));
    }
    text
}

/// What several runs, or the lack of them, say of all; nothing where a single run is all that is required.
pub fn proven(verdict: &Verdict) -> Option<String> {
    let (held, of) = (verdict.held, verdict.of);
    let text = match verdict.proof {
        Proof::Each { .. } if of == 1 => return None,
        Proof::Each { share_at_least } if held == of => {
            format!("held in all {of}, so in at least {} of runs at 95 %", units::percent(share_at_least))
        }
        Proof::Each { .. } => format!("held in {held} of {of}"),
        Proof::InRuns { share, confidence, proven, needs } => {
            let (proves, sure) = (units::percent(proven), units::level(confidence));
            match verdict.standing {
                Standing::Held => format!("held in {held} of {of}, so in at least {proves} of all runs at {sure}"),
                Standing::Broken => format!("held in {held} of {of}, fewer than {}", units::percent(share)),
                Standing::NotProven => {
                    let would = needs.map_or_else(String::new, |needs| {
                        format!("; {} would do, if it holds in the others", units::plural(needs, "run"))
                    });
                    format!(
                        "not proven with {}: held in {held}, so in at least {proves} of all runs at {sure}{would}",
                        units::plural(of.into(), "run")
                    )
                }
            }
        }
        Proof::Mean { mean: None, .. } => format!("no mean: it never happened in replication {}", verdict.replication),
        Proof::Mean { mean: Some(mean), half_width, confidence, needs } => {
            let mean = figure(&verdict.shown, mean);
            let half = half_width.map_or_else(String::new, |half| format!(" ± {}", exact(half)));
            let sure = units::level(confidence);
            match verdict.standing {
                Standing::NotProven => {
                    let would =
                        needs.map_or_else(String::new, |needs| format!("; about {} would do", units::count(needs)));
                    format!("not proven with {}: mean {mean}{half} at {sure}{would}", units::plural(of.into(), "run"))
                }
                _ => format!("mean {mean}{half} at {sure}, over {}", units::plural(of.into(), "run")),
            }
        }
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::result::Struck;

    fn verdict(standing: Standing, (held, of): (u32, u32), proof: Proof) -> Verdict {
        let shown = ExpectationResult { value: Some(0.5), ..ExpectationResult::default() };
        Verdict { standing, held, of, replication: 3, shown, proof }
    }

    #[test]
    fn what_a_number_of_runs_proves_is_said_plainly() {
        let in_runs = |proven, needs| Proof::InRuns { share: 0.95, confidence: 0.95, proven, needs };
        let mean = |mean, half_width, needs| Proof::Mean { mean, half_width, confidence: 0.95, needs };
        for (standing, runs, proof, says) in [
            (
                Standing::Held,
                (59, 59),
                in_runs(0.9505, None),
                "held in 59 of 59, so in at least 95.0 % of all runs at 95 %",
            ),
            (
                Standing::NotProven,
                (20, 20),
                in_runs(0.861, Some(59)),
                "not proven with 20 runs: held in 20, so in at least 86.1 % of all runs at 95 %; 59 runs would do, if it holds in the others",
            ),
            (Standing::Broken, (9, 10), in_runs(0.606, None), "held in 9 of 10, fewer than 95.0 %"),
            (
                Standing::NotProven,
                (1, 1),
                mean(Some(3.0), None, Some(10)),
                "not proven with 1 run: mean 3 at 95 %; about 10 would do",
            ),
            (Standing::Held, (9, 10), mean(Some(3.0), Some(0.25), None), "mean 3 ± 0.25 at 95 %, over 10 runs"),
            (Standing::Broken, (1, 2), mean(None, None, None), "no mean: it never happened in replication 3"),
            (Standing::Broken, (1, 2), Proof::Each { share_at_least: 0.2 }, "held in 1 of 2"),
            (Standing::Held, (1, 1), Proof::Each { share_at_least: 0.2 }, "found 0.5"),
        ] {
            assert_eq!(line(&verdict(standing, runs, proof)), says);
        }
    }

    #[test]
    fn a_breach_says_when_and_for_how_long() {
        let after = Some(Struck { what: "FailPrimary(\"orders\")".into(), t_s: 3000.0 });
        let breach = |kind, at_end, times| Breach { kind, from_s: 3120.0, until_s: 3143.0, at_end, times, after: None };
        for (breach, says) in [
            (breach(BreachKind::Lasted, false, 1), "from 0:52:00 to 0:52:23, for 23 s"),
            (
                breach(BreachKind::Lasted, true, 2),
                "from 0:52:00 on for 23 s, and still so at the end; the first of 2 times",
            ),
            (breach(BreachKind::Missed, true, 1), "at no time from 0:52:00 to 0:52:23"),
            (breach(BreachKind::Turned, false, 1), "one turn too many from 0:52:00 to 0:52:23"),
            (
                Breach { after: after.clone(), ..breach(BreachKind::Late, false, 1) },
                "FailPrimary(\"orders\") at 0:50:00: due by 0:52:00, back at 0:52:23, 2 m 23 s after it",
            ),
            (
                Breach { after: after.clone(), ..breach(BreachKind::Relapsed, false, 1) },
                "FailPrimary(\"orders\") at 0:50:00: bad from 0:52:00, back at 0:52:23, 2 m 23 s after it",
            ),
            (
                Breach { after, ..breach(BreachKind::Late, true, 1) },
                "FailPrimary(\"orders\") at 0:50:00: due by 0:52:00, not back when the run ended, 2 m 23 s after it",
            ),
        ] {
            assert_eq!(broken(&breach), says);
        }
    }
}
