//! What `sim check` tells: of each scenario and expectation whether it holds, in the form that the reader wants.
//!
//! ```text
//!  Checked[] ─┬─► text (terminal)      ├─► json          ├─► github: annotations at the lines of the expectations
//!             ├─► markdown: a table and what is broken, for a pull request
//!             ├─► junit: a suite per scenario, a case per expectation
//!             └─► html: one page that opens anywhere
//! ```
//! # Models      the same words everywhere; nothing that differs from one time to the next, so that two answers can be compared
//! # Leaves out  how long it took: that is no part of an answer

pub mod github;
pub mod html;
pub mod junit;
pub mod markdown;
pub mod text;

#[cfg(test)]
mod sample;

use super::{units, verdicts};
use crate::experiment::{Standing, Verdict};
use models::result::{Breach, Unit};
use serde::Serialize;

/// What came of one scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    /// As the user named it.
    pub file: String,
    /// The file it came from; none of a built-in one or of standard input.
    #[serde(skip)]
    pub path: Option<String>,
    /// The scenario's own name; empty if it could not be read.
    pub scenario: String,
    /// How it stands.
    pub verdict: Outcome,
    /// Seed.
    pub seed: Option<u64>,
    /// Replications made.
    pub replications: u32,
    /// Digest of replication 0.
    pub digest: Option<String>,
    /// Its expectations.
    pub expectations: Vec<Expected>,
    /// Why it could not be run.
    pub error: Option<String>,
    /// The same, place by place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<Mistake>,
}

/// How a scenario, or an expectation, stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All is as expected.
    Held,
    /// Nothing is broken, but not all is proven.
    NotProven,
    /// Something is not as expected.
    NotHeld,
    /// It could not be run.
    Failed,
}

/// Where something stands in a file: lines and columns from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Line of its beginning.
    pub line: usize,
    /// Column of its beginning.
    pub column: usize,
    /// Line of its end.
    pub end_line: usize,
    /// Column behind its end.
    pub end_column: usize,
}

/// Something wrong in a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Line from 1, if it is about a place.
    pub line: Option<usize>,
    /// Column from 1.
    pub column: Option<usize>,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// What came of one expectation.
#[derive(Clone, Debug, Serialize)]
pub struct Expected {
    /// As written.
    pub text: String,
    /// How it stands.
    pub verdict: Outcome,
    /// Replications in which it held.
    pub held: u32,
    /// Of so many.
    pub of: u32,
    /// What was found in words.
    pub found: String,
    /// What the replications prove of all runs, in words; if there is more to say than what was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proven: Option<String>,
    /// The first value that did not hold, or that of the first replication.
    pub value: Option<f64>,
    /// Its unit.
    #[serde(skip_serializing_if = "Unit::is_number")]
    pub unit: Unit,
    /// When it was first broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breach: Option<Breach>,
    /// The first replication in which it did not hold.
    pub replication: Option<u32>,
    /// The command that makes this replication again.
    pub again: Option<String>,
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
}

impl Expected {
    /// What is to be told of a verdict. `again` makes the command for a replication.
    pub fn of(verdict: &Verdict, place: Place, again: &dyn Fn(u32) -> String) -> Expected {
        let shown = &verdict.shown;
        let replication = (verdict.held < verdict.of).then_some(verdict.replication);
        Expected {
            text: shown.text.clone(),
            verdict: match verdict.standing {
                Standing::Held => Outcome::Held,
                Standing::NotProven => Outcome::NotProven,
                Standing::Broken => Outcome::NotHeld,
            },
            held: verdict.held,
            of: verdict.of,
            found: verdicts::found(shown),
            proven: verdicts::proven(verdict),
            value: shown.value,
            unit: shown.unit,
            breach: shown.breach.clone(),
            replication,
            again: replication.map(again),
            place,
        }
    }

    /// What is to be said below it: what was found, what it proves, in which replication, and how to see it again.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        // Of several runs what was found in one is told with its number.
        match (&self.proven, self.replication) {
            (None, _) => lines.push(("found", self.found.clone())),
            (Some(proven), None) => lines.push(("runs", proven.clone())),
            (Some(proven), Some(replication)) => {
                lines.push(("runs", proven.clone()));
                lines.push(("found", format!("{}, in replication {replication}", self.found)));
            }
        }
        for (_, line) in &mut lines {
            // The words are the label's own.
            if let Some(rest) = line.strip_prefix("found ") {
                *line = rest.to_owned();
            }
        }
        if let Some(again) = &self.again {
            lines.push(("again", again.clone()));
        }
        lines
    }

    /// The same in one line.
    pub fn sentence(&self) -> String {
        match (&self.proven, self.replication) {
            (None, _) => self.found.clone(),
            (Some(proven), None) => proven.clone(),
            (Some(proven), Some(replication)) => format!("{proven}; in replication {replication} {}", self.found),
        }
    }
}

impl Outcome {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Outcome::Held => "held",
            Outcome::NotProven => "not proven",
            Outcome::NotHeld => "not held",
            Outcome::Failed => "could not be run",
        }
    }

    /// The sign, and the class on a page of HTML.
    pub fn sign(self) -> (&'static str, &'static str) {
        match self {
            Outcome::Held => ("✓", "good"),
            Outcome::NotProven => ("?", "care"),
            Outcome::NotHeld | Outcome::Failed => ("✗", "bad"),
        }
    }
}

impl Checked {
    /// How all of its expectations stand together.
    pub fn worst(expectations: &[Expected]) -> Outcome {
        let any = |outcome| expectations.iter().any(|one| one.verdict == outcome);
        match (any(Outcome::NotHeld), any(Outcome::NotProven)) {
            (true, _) => Outcome::NotHeld,
            (_, true) => Outcome::NotProven,
            _ => Outcome::Held,
        }
    }

    /// The scenario's name, with the file where it does not say it.
    pub fn name(&self) -> String {
        let (name, file) = (units::plain(&self.scenario), units::plain(&self.file));
        // Two files may call themselves the same.
        let is_told = file.trim_end_matches(".ron") == name;
        match name.as_str() {
            "" => file,
            _ if is_told => name,
            _ => format!("{name} ({file})"),
        }
    }

    /// How many expectations held, in words.
    pub fn tally(&self) -> String {
        let held = self.expectations.iter().filter(|expected| expected.verdict == Outcome::Held).count();
        let all = units::plural(self.expectations.len() as u64, "expectation");
        match self.verdict {
            Outcome::Failed => "could not be run".into(),
            _ if self.expectations.is_empty() => "expects nothing".into(),
            Outcome::Held => format!("{all} held"),
            Outcome::NotProven => format!("{held} of {all} held, the others are not proven"),
            Outcome::NotHeld => format!("{held} of {all} held"),
        }
    }

    /// The expectations that did not hold.
    pub fn open(&self) -> impl Iterator<Item = &Expected> {
        self.expectations.iter().filter(|expected| expected.verdict != Outcome::Held)
    }
}

/// What came of all of them, in words: `24 scenarios: 22 held, 1 not held, 1 could not be run`.
pub fn tally(checked: &[Checked]) -> String {
    let mut parts = Vec::new();
    for outcome in [Outcome::Held, Outcome::NotProven, Outcome::NotHeld, Outcome::Failed] {
        let count = checked.iter().filter(|one| one.verdict == outcome).count();
        if count > 0 {
            parts.push(format!("{count} {}", outcome.words()));
        }
    }
    format!("{}: {}", units::plural(checked.len() as u64, "scenario"), parts.join(", "))
}
