//! Annotations of GitHub Actions: what does not hold, at its line of the scenario.
//!
//! # Models      `::error file=…,line=…,endLine=…,col=…,endColumn=…,title=…::message`, one a line
//! # Source      GitHub docs, "Workflow commands for GitHub Actions"; its escapes are those of the toolkit's `command.ts`

use super::{Checked, tally};

/// All annotations, and a notice of what came of all.
pub fn annotations(checked: &[Checked]) -> String {
    let mut text = String::new();
    for one in checked {
        for mistake in &one.mistakes {
            let mut at = file(one);
            at.extend(mistake.line.map(|line| ("line", line.to_string())));
            at.extend(mistake.column.map(|column| ("col", column.to_string())));
            text.push_str(&command("error", at, &format!("{} cannot be run", one.file), &mistake.message));
        }
        if let (Some(error), true) = (&one.error, one.mistakes.is_empty()) {
            text.push_str(&command("error", file(one), &format!("{} cannot be run", one.file), error));
        }
        for expected in one.open() {
            let mut at = file(one);
            // Without a file there is nothing that a line could be of.
            if !at.is_empty() {
                let place = expected.place;
                at.extend([("line", place.line), ("endLine", place.end_line)].map(|(key, n)| (key, n.to_string())));
                if place.line == place.end_line {
                    let columns = [("col", place.column), ("endColumn", place.end_column)];
                    at.extend(columns.map(|(key, n)| (key, n.to_string())));
                }
            }
            let mut message = format!("{}\n{}", expected.text, expected.sentence());
            if let Some(again) = &expected.again {
                message.push_str(&format!("\n{again}"));
            }
            let title = format!("{}: {}", one.scenario, expected.verdict.words());
            text.push_str(&command("error", at, &title, &message));
        }
    }
    text.push_str(&command("notice", Vec::new(), "sim check", &tally(checked)));
    text
}

fn file(one: &Checked) -> Vec<(&'static str, String)> {
    one.path.iter().map(|path| ("file", path.clone())).collect()
}

fn command(level: &str, mut at: Vec<(&'static str, String)>, title: &str, message: &str) -> String {
    at.push(("title", title.to_owned()));
    let at: Vec<String> = at.iter().map(|(key, value)| format!("{key}={}", property(value))).collect();
    format!("::{level} {}::{}\n", at.join(","), data(message))
}

/// A message, in which line breaks and the sign of escapes are escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property, in which the signs that end it are escaped too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn annotations_stand_at_their_lines_and_escape_what_ends_them() {
        assert_eq!(
            annotations(&sample::checked()),
            "\
::error file=a/spike.ron,line=57,endLine=58,title=spike%3A not held::BackWithin(within: \"120s\", to: Below(P99, \"500ms\"))%0Aheld in 18 of 20; in replication 3 FailPrimary(\"orders\") at 0:50:00: due by 0:52:00, back at 0:52:23, 2 m 23 s after it%0Asim run a/spike.ron --replication 3
::error file=a/spike.ron,line=59,endLine=59,col=9,endColumn=51,title=spike%3A not proven::InRuns(0.95, Availability(at_least: 0.99))%0Anot proven with 20 runs: held in 20, so in at least 86.1 %25 of all runs at 95 %25; 59 runs would do, if it holds in the others
::error file=a/spike.ron,line=60,endLine=60,col=9,endColumn=50,title=spike%3A not held::Availability(at_least: 100%25, of: \"a,b:c\")%0Aheld in 0 of 20; in replication 0 found 0.5%0Asim run a/spike.ron
::error file=x%2Cy%3Az%25.ron,line=3,col=7,title=bad.ron cannot be run::no group named `wbe`%0D%0Aa group with a similar name exists: `web`
::notice title=sim check::3 scenarios: 1 held, 1 not held, 1 could not be run
"
        );
    }
}
