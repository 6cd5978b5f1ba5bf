//! A summary in Markdown: a table of the scenarios and what does not hold, for a pull request or the summary of a job.

use super::{Checked, Outcome, tally};
use crate::output::units;
use std::fmt::Write;

/// The summary.
pub fn summary(checked: &[Checked]) -> String {
    let mut text = format!("### {}\n\n", plain(&tally(checked)));
    text.push_str("| | scenario | expectations | seed | replications | digest |\n|---|---|---|---:|---:|---|\n");
    for one in checked {
        let seed = one.seed.map_or_else(|| "–".into(), |seed| seed.to_string());
        let digest = one.digest.as_ref().map_or_else(|| "–".into(), |digest| format!("`{digest}`"));
        let sign = emoji(one.verdict);
        let (name, tally) = (plain(&one.name()), plain(&one.tally()));
        let _ = writeln!(text, "| {sign} | {name} | {tally} | {seed} | {} | {digest} |", one.replications);
    }
    for one in checked.iter().filter(|one| one.verdict != Outcome::Held) {
        let _ = writeln!(text, "\n#### {} {}\n", emoji(one.verdict), plain(&one.name()));
        if let Some(error) = &one.error {
            let _ = writeln!(text, "{}", block(error));
        }
        for expected in one.open() {
            let _ = writeln!(text, "- {} {}", emoji(expected.verdict), code(&expected.text));
            for (label, line) in expected.lines() {
                let line = if label == "again" { code(&line) } else { plain(&line) };
                let _ = writeln!(text, "  - {label}: {line}");
            }
        }
    }
    text
}

fn emoji(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Held => "✅",
        Outcome::NotProven => "❔",
        Outcome::NotHeld => "❌",
        Outcome::Failed => "💥",
    }
}

/// Text that means itself, in a table too.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in units::plain(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '$' | '&' | '!' | '@') {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

/// Text in a code span that no backtick in it can end.
fn code(text: &str) -> String {
    let text = units::plain(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest == 0 { format!("{fence}{text}{fence}") } else { format!("{fence} {text} {fence}") }
}

/// Several lines as they are.
fn block(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_pull_request_is_told_what_is_broken() {
        assert_eq!(
            summary(&sample::checked()),
            "\
### 3 scenarios: 1 held, 1 not held, 1 could not be run

| | scenario | expectations | seed | replications | digest |
|---|---|---|---:|---:|---|
| ✅ | quiet | 1 expectation held | 1 | 1 | `0123456789abcdef` |
| ❌ | spike (a/spike.ron) | 1 of 4 expectations held | 1 | 20 | `0123456789abcdef` |
| 💥 | bad.ron | could not be run | – | 0 | – |

#### ❌ spike (a/spike.ron)

- ❌ `BackWithin(within: \"120s\", to: Below(P99, \"500ms\"))`
  - runs: held in 18 of 20
  - found: FailPrimary(\"orders\") at 0:50:00: due by 0:52:00, back at 0:52:23, 2 m 23 s after it, in replication 3
  - again: `sim run a/spike.ron --replication 3`
- ❔ `InRuns(0.95, Availability(at_least: 0.99))`
  - runs: not proven with 20 runs: held in 20, so in at least 86.1 % of all runs at 95 %; 59 runs would do, if it holds in the others
- ❌ `Availability(at_least: 100%, of: \"a,b:c\")`
  - runs: held in 0 of 20
  - found: 0.5, in replication 0
  - again: `sim run a/spike.ron`

#### 💥 bad.ron

```text
error: no group named `wbe`
```
"
        );
        assert_eq!((code("a`b"), plain("a|b_c")), ("`` a`b ``".to_string(), "a\\|b\\_c".to_string()));
    }
}
