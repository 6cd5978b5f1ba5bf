//! Scenarios as commands see them: found, compiled, and their diagnostics told.
//!
//! # Models      a name that is no file is looked up among those built in; `-` is standard input
//! # Leaves out  the language itself (`scenarios`)

use super::terminal::Terminal;
use crate::Failure;
use models::plan::Plan;
use scenarios::outline::Node;
use scenarios::{Bundle, Diagnostic, Report, Severity, Source};
use serde::Serialize;
use std::io::Read;

/// The commented scenario that `sim new` writes.
pub const STARTER: &str = include_str!("starter.ron");

/// A stream longer than this is no scenario.
const MOST_BYTES: u64 = 16 << 20;

/// A scenario that can run.
#[derive(Debug)]
pub struct Compiled {
    /// What is run.
    pub plan: Plan,
    /// What is legal but unwise, one sentence each.
    pub warnings: Vec<String>,
    /// The text it came from, and the changes made to it.
    written: (Source, Vec<(String, String)>),
}

impl Compiled {
    /// The text it came from, and the changes made to it.
    pub fn written(&self) -> (&Source, &[(String, String)]) {
        (&self.written.0, &self.written.1)
    }

    /// The scenario as it is run, seed and changes included, and the files it reads: to be left beside its results.
    ///
    /// # Errors
    /// If a file that it read is gone by now.
    pub fn bundle(&self, seed: u64, terminal: &Terminal) -> Result<Bundle, Failure> {
        let (source, sets) = &self.written;
        let own = (seed != self.plan.seed).then(|| ("seed".to_string(), seed.to_string()));
        let sets: Vec<_> = sets.iter().cloned().chain(own).collect();
        scenarios::bundle(source, &sets).map_err(|report| Failure::Rendered(report.render(terminal.error_has_color())))
    }
}

/// A diagnostic, for machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// `error` or `warning`.
    pub severity: &'static str,
    /// What is wrong.
    pub message: String,
    /// What stands at the place.
    pub label: String,
    /// Line from 1, if it is about a place.
    pub line: Option<usize>,
    /// Column from 1, in characters.
    pub column: Option<usize>,
    /// What to do about it.
    pub help: Vec<String>,
}

/// Finds a scenario.
pub fn load(name: &str) -> Result<Source, Report> {
    if name == "-" {
        return stream("standard input", &mut std::io::stdin());
    }
    // What a shell passes for `<(command)` is neither a file nor a folder.
    let is_stream = std::fs::metadata(name).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    match std::fs::File::open(name) {
        Ok(mut file) if is_stream => stream(name, &mut file),
        _ => scenarios::load(name),
    }
}

/// Reads a scenario to the end of a stream.
fn stream(name: &str, from: &mut dyn Read) -> Result<Source, Report> {
    let complain = |message: String| Err(Report::whole(name, Diagnostic::whole(message)));
    let mut text = String::new();
    match from.take(MOST_BYTES).read_to_string(&mut text) {
        Ok(read) if read as u64 == MOST_BYTES => {
            complain(format!("more than {} MiB are no scenario", MOST_BYTES >> 20))
        }
        Ok(_) => Ok(Source { name: name.into(), text, dir: Some(".".into()) }),
        Err(error) => complain(format!("cannot read it: {}", crate::failure::reason(&error))),
    }
}

/// Finds a scenario and turns it into a plan, with values changed.
///
/// # Errors
/// All mistakes at once.
pub fn compile(name: &str, assignments: &[(String, String)], terminal: &Terminal) -> Result<Compiled, Failure> {
    let rendered = |report: Report| Failure::Rendered(report.render(terminal.error_has_color()));
    compile_source(load(name).map_err(rendered)?, assignments, terminal)
}

/// The same for a scenario that has been found already.
///
/// # Errors
/// All mistakes at once.
pub fn compile_source(
    source: Source,
    assignments: &[(String, String)],
    terminal: &Terminal,
) -> Result<Compiled, Failure> {
    let compiled = scenarios::compile(&source, assignments)
        .map_err(|report| Failure::Rendered(report.render(terminal.error_has_color())))?;
    let warnings = diagnoses(&compiled.warnings).iter().map(Diagnosis::sentence).collect();
    Ok(Compiled { plan: compiled.plan, warnings, written: (source, assignments.to_vec()) })
}

/// All that is to be said about a scenario, warnings included: as a report, if there is anything.
pub fn diagnose(name: &str, assignments: &[(String, String)]) -> Option<Report> {
    let report = match load(name).and_then(|source| scenarios::compile(&source, assignments)) {
        Ok(compiled) => compiled.warnings,
        Err(report) => report,
    };
    (!report.diagnostics.is_empty()).then_some(report)
}

/// The diagnostics of a report, for machines.
pub fn diagnoses(report: &Report) -> Vec<Diagnosis> {
    let diagnosis = |diagnostic: &Diagnostic| {
        let place = diagnostic.span.as_ref().map(|span| place(&report.text, span.start));
        Diagnosis {
            severity: if diagnostic.severity == Severity::Error { "error" } else { "warning" },
            message: diagnostic.message.clone(),
            label: diagnostic.label.clone(),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            help: diagnostic.help.clone(),
        }
    };
    report.diagnostics.iter().map(diagnosis).collect()
}

impl Diagnosis {
    /// In one line: `line 12: the grace period is shorter than the boot (help: …)`.
    fn sentence(&self) -> String {
        let mut text = self.line.map_or_else(String::new, |line| format!("line {line}: "));
        text.push_str(&self.message);
        if !self.label.is_empty() {
            text.push_str(&format!(", {}", self.label));
        }
        if !self.help.is_empty() {
            text.push_str(&format!(" ({})", self.help.join("; ")));
        }
        text
    }
}

/// Line and column of a byte, both from 1.
pub fn place(text: &str, at: usize) -> (usize, usize) {
    let before: &str = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// Names of the built-in scenarios and what they show.
pub fn library() -> Vec<(&'static str, String)> {
    let describe = |text: &str| {
        let outline = Node::parse(text).ok()?;
        Some(outline.field("description")?.text()?.to_string())
    };
    scenarios::library().iter().map(|(name, text)| (*name, describe(text).unwrap_or_default())).collect()
}

/// The text of a built-in scenario.
///
/// # Errors
/// If there is none of that name.
pub fn built_in(name: &str) -> Result<&'static str, Failure> {
    let plain = name.strip_suffix(".ron").unwrap_or(name);
    let all = scenarios::library();
    if let Some((_, text)) = all.iter().find(|(known, _)| *known == plain) {
        return Ok(text);
    }
    let known: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let help = match scenarios::diagnostic::nearest(plain, &known) {
        Some(near) => format!("there is `{near}`; `sim list` shows all"),
        None => "`sim list` shows all".into(),
    };
    Err(Failure::new(format!("no built-in scenario named `{plain}`")).help(help))
}

/// The reference of the language.
pub fn reference() -> String {
    scenarios::reference()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters() {
        assert_eq!(place("ab\n日本x", 3 + 6), (2, 3));
        assert_eq!(place("ab", 99), (1, 3));
    }
}
