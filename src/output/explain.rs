//! Why something happened: answers from the causes in the timeline, in words a colleague would use.
//!
//! ```text
//!  `#8` `41:20` `50:03-50:47` `incident 2` `web/i-3` ──ask──► Question ──answer──► Explanation ──► text │ JSON
//! ```
//! # Models      each answer is sections of steps: when, how long after the one before, whom, what
//! # Leaves out  causes that the timeline does not know

mod answer;
mod ask;

pub use answer::{Told, answer};
pub use ask::Question;

use super::table::{BOLD, CARE, Cell, DIM, TITLE, Table, WIDTH, paint, wrap};
use super::units;
use serde::Serialize;
use std::io::{self, Write};

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Explanation {
    /// What was asked.
    pub asked: String,
    /// The answer in sentences.
    pub says: Vec<String>,
    /// What it rests upon.
    pub sections: Vec<Section>,
}

/// A part of an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Section {
    /// What it tells.
    pub title: String,
    /// In order of time.
    pub steps: Vec<Step>,
}

/// Something that happened, or that did not.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Step {
    /// When.
    pub t_s: f64,
    /// How long it took: since the step before.
    pub took_s: Option<f64>,
    /// Id of the timeline event.
    pub event: Option<u32>,
    /// What.
    pub what: String,
    /// To whom.
    pub whom: String,
    /// In words.
    pub words: String,
    /// Requests that failed meanwhile.
    pub lost: u64,
}

/// A moment: `41:20`, from an hour on `1:12:00`.
pub fn moment(t_s: f64) -> String {
    let clock = units::clock(t_s);
    clock.strip_prefix("0:").map_or(clock.clone(), String::from)
}

/// Writes an answer for people.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    for (i, sentence) in explanation.says.iter().enumerate() {
        for line in wrap(sentence, WIDTH) {
            writeln!(out, "{}", if i == 0 { paint(&line, BOLD) } else { line })?;
        }
    }
    for section in &explanation.sections {
        writeln!(out, "\n{}", paint(&section.title, TITLE))?;
        let mut table = Table::new(6);
        let room = room(section);
        for step in &section.steps {
            let took = step.took_s.map_or_else(String::new, |took| match took {
                took if took < 0.0005 => "at once".to_string(),
                took => format!("+{}", units::seconds(took)),
            });
            let id = step.event.map_or_else(String::new, |id| format!("#{id}"));
            let mut words = step.words.clone();
            if step.lost > 0 {
                let lost = format!("{} lost", units::plural(step.lost, "request"));
                words = if words.is_empty() { lost } else { format!("{words}; {lost}") };
            }
            let style = if step.lost > 0 { CARE } else { DIM };
            for (i, line) in wrap(&words, room).into_iter().enumerate() {
                let names = if i == 0 {
                    [
                        Cell::new(moment(step.t_s), DIM),
                        took.clone().into(),
                        step.what.clone().into(),
                        step.whom.clone().into(),
                        Cell::new(&id, DIM),
                    ]
                } else {
                    [""; 5].map(Cell::from)
                };
                table.row(names.into_iter().chain([Cell::new(line, style)]));
            }
        }
        for line in table.lines() {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// What the words have left of the width.
fn room(section: &Section) -> usize {
    let widest = |text: fn(&Step) -> usize| section.steps.iter().map(text).max().unwrap_or(0);
    let names = widest(|step| moment(step.t_s).chars().count())
        + widest(|step| step.what.chars().count())
        + widest(|step| step.whom.chars().count())
        + 27;
    WIDTH.saturating_sub(names).max(28)
}
