//! What `sim check` tells people: a line per scenario, and below it what does not hold.

use super::{Checked, Outcome, tally};
use crate::output::table::{BAD, BOLD, CARE, DIM, GOOD, WIDTH, paint, wrap};
use crate::output::units;
use std::fmt::Write;

/// Columns of the labels of what was found.
const LABEL: usize = 7;

/// All of them, and a sentence at the end if there are several.
pub fn page(checked: &[Checked]) -> String {
    let mut text: String = checked.iter().map(one).collect();
    if checked.len() > 1 {
        let style = if checked.iter().all(|one| one.verdict == Outcome::Held) { GOOD } else { BOLD };
        let _ = writeln!(text, "{}", paint(&tally(checked), style));
    }
    text
}

/// `✓ twitter-spike  4 expectations held`, and below it those that did not.
fn one(one: &Checked) -> String {
    let (sign, _) = one.verdict.sign();
    let (sign, style) = match one.verdict {
        Outcome::Held if one.expectations.is_empty() => ("–", CARE),
        Outcome::Held => (sign, GOOD),
        Outcome::NotProven => (sign, CARE),
        _ => (sign, BAD),
    };
    let quiet = if one.verdict == Outcome::Held { DIM } else { style };
    let mut tally = one.tally();
    if one.replications > 1 {
        tally.push_str(&format!(", {} replications", one.replications));
    }
    let mut text = format!("{} {}  {}\n", paint(sign, style), one.name(), paint(&tally, quiet));
    for expected in one.open() {
        let style = if expected.verdict == Outcome::NotProven { CARE } else { BAD };
        let sign = expected.verdict.sign().0;
        let lines = wrap(&units::plain(&expected.text), WIDTH - 6);
        for (index, line) in lines.iter().enumerate() {
            let mark = if index == 0 { paint(sign, style) } else { " ".into() };
            let _ = writeln!(text, "    {mark} {line}");
        }
        for (label, line) in expected.lines() {
            let lines = if label == "again" { vec![line] } else { wrap(&units::plain(&line), WIDTH - 8 - LABEL) };
            for (index, line) in lines.iter().enumerate() {
                let label = if index == 0 { label } else { "" };
                let line = if label == "again" { paint(&units::plain(line), DIM) } else { line.clone() };
                let _ = writeln!(text, "      {}{line}", paint(&format!("{label:<LABEL$}"), DIM));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn what_does_not_hold_is_told_with_when_and_how_to_see_it_again() {
        let text = anstream::adapter::strip_str(&page(&sample::checked())).to_string();
        assert_eq!(
            text,
            "\
✓ quiet  1 expectation held
✗ spike (a/spike.ron)  1 of 4 expectations held, 20 replications
    ✗ BackWithin(within: \"120s\", to: Below(P99, \"500ms\"))
      runs   held in 18 of 20
      found  FailPrimary(\"orders\") at 0:50:00: due by 0:52:00, back at 0:52:23, 2 m 23 s after it,
             in replication 3
      again  sim run a/spike.ron --replication 3
    ? InRuns(0.95, Availability(at_least: 0.99))
      runs   not proven with 20 runs: held in 20, so in at least 86.1 % of all runs at 95 %; 59
             runs would do, if it holds in the others
    ✗ Availability(at_least: 100%, of: \"a,b:c\")
      runs   held in 0 of 20
      found  0.5, in replication 0
      again  sim run a/spike.ron
✗ bad.ron  could not be run
3 scenarios: 1 held, 1 not held, 1 could not be run
"
        );
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
    }
}
