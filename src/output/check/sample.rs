//! Scenarios that were checked, for the tests of what is told of them.

use super::{Checked, Expected, Mistake, Outcome, Place};
use crate::experiment::{Proof, Standing, Verdict};
use models::result::{Breach, BreachKind, ExpectationResult, Struck};

/// One that holds, one that does not, and one that cannot run.
pub fn checked() -> Vec<Checked> {
    let digest = Some("0123456789abcdef".to_string());
    let held =
        expected("Availability(at_least: 0.9)", Standing::Held, (1, 1), Proof::Each { share_at_least: 0.05 }, 40);
    let quiet = Checked {
        file: "quiet.ron".into(),
        path: Some("quiet.ron".into()),
        scenario: "quiet".into(),
        verdict: Outcome::Held,
        seed: Some(1),
        replications: 1,
        digest: digest.clone(),
        expectations: vec![held],
        error: None,
        mistakes: Vec::new(),
    };
    let each = |share_at_least| Proof::Each { share_at_least };
    let text = "BackWithin(within: \"120s\", to: Below(P99, \"500ms\"))";
    let mut late = expected(text, Standing::Broken, (18, 20), each(0.7), 57);
    late.place.end_line = 58;
    let runs = Proof::InRuns { share: 0.95, confidence: 0.95, proven: 0.861, needs: Some(59) };
    let expectations = vec![
        expected("CommittedWritesLost(at_most: 0)", Standing::Held, (20, 20), each(0.86), 56),
        late,
        expected("InRuns(0.95, Availability(at_least: 0.99))", Standing::NotProven, (20, 20), runs, 59),
        expected("Availability(at_least: 100%, of: \"a,b:c\")", Standing::Broken, (0, 20), each(0.0), 60),
    ];
    let spike = Checked {
        file: "a/spike.ron".into(),
        path: Some("a/spike.ron".into()),
        scenario: "spike".into(),
        verdict: Checked::worst(&expectations),
        replications: 20,
        expectations,
        ..quiet.clone()
    };
    let message = "no group named `wbe`\r\na group with a similar name exists: `web`".into();
    let bad = Checked {
        file: "bad.ron".into(),
        path: Some("x,y:z%.ron".into()),
        scenario: String::new(),
        verdict: Outcome::Failed,
        seed: None,
        replications: 0,
        digest: None,
        expectations: Vec::new(),
        error: Some("error: no group named `wbe`\n".into()),
        mistakes: vec![Mistake { line: Some(3), column: Some(7), message }],
    };
    vec![quiet, spike, bad]
}

fn expected(text: &str, standing: Standing, (held, of): (u32, u32), proof: Proof, line: usize) -> Expected {
    let after = Some(Struck { what: "FailPrimary(\"orders\")".into(), t_s: 3000.0 });
    let late = Breach { kind: BreachKind::Late, from_s: 3120.0, until_s: 3143.0, at_end: false, times: 1, after };
    let breach = text.starts_with("BackWithin").then_some(late);
    let replication = if held == 0 { 0 } else { 3 };
    let shown = ExpectationResult { text: text.into(), value: Some(0.5), breach, ..ExpectationResult::default() };
    let verdict = Verdict { standing, held, of, replication, shown, proof };
    let place = Place { line, column: 9, end_line: line, end_column: 9 + text.len() };
    let again = |replication| match replication {
        0 => "sim run a/spike.ron".to_string(),
        n => format!("sim run a/spike.ron --replication {n}"),
    };
    Expected::of(&verdict, place, &again)
}
