//! The scenario language: schema, diagnostics, resolution, and the built-in library.
//!
//! ```text
//!  name or path ──load──► Source ──(--set)──► text ──ron, outline──► tree ──decode──► schema::Scenario
//!                                                                     │                     │
//!                                       Diagnostics ◄── places ───────┴──────resolve────────┴──► Plan, warnings
//! ```
//! # Models      two stages: what the user wrote, then what it means
//! # Leaves out  running anything; formatting of scenarios
//! # Source      design.md §4

pub mod clock;
pub mod diagnostic;
pub mod outline;
pub mod schema;
pub mod units;

mod advice;
mod beanstalk;
mod bundle;
mod choices;
mod decode;
mod flat;
mod fragment;
mod library;
mod reference;
mod resolve;
mod set;

pub use bundle::{Bundle, bundle, is_part};
pub use choices::{Choice, choices};
pub use diagnostic::{Diagnostic, Report, Severity};
pub use flat::settings;
pub use fragment::{fragment, read_back};
pub use library::library;
pub use reference::reference;
pub use resolve::SCHEMA;

use models::plan::Plan;
use outline::{Node, Place};
use std::path::{Path, PathBuf};

/// A scenario's text, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Path or built-in name, for messages.
    pub name: String,
    /// The text.
    pub text: String,
    /// Folder that paths in the scenario start from; none for a built-in one.
    pub dir: Option<PathBuf>,
}

/// A scenario ready to run.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What the world is built from.
    pub plan: Plan,
    /// What is legal but probably not meant.
    pub warnings: Report,
}

/// Scenarios larger than this are something else.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Finds a scenario: a file; else one built in; else one in the folder `scenarios`. `.ron` may be left out.
///
/// # Errors
/// Where there is none of that name, or it cannot be read as text.
pub fn load(path_or_name: &str) -> Result<Source, Report> {
    let complain = |diagnostic| Err(Report::whole(path_or_name, diagnostic));
    if path_or_name.is_empty() {
        return complain(Diagnostic::whole("the name of the scenario is empty"));
    }
    let path = Path::new(path_or_name);
    let with_ending = PathBuf::from(format!("{path_or_name}.ron"));
    if path.is_file() {
        return read(path);
    }
    let plain = path_or_name.strip_suffix(".ron").unwrap_or(path_or_name);
    if let Some((name, text)) = library().iter().find(|scenario| scenario.0 == plain) {
        return Ok(Source { name: format!("{name}.ron"), text: (*text).to_owned(), dir: None });
    }
    for path in [with_ending.clone(), Path::new("scenarios").join(path), Path::new("scenarios").join(with_ending)] {
        if path.is_file() {
            return read(&path);
        }
    }
    if path.is_dir() {
        return complain(Diagnostic::whole(format!("`{path_or_name}` is a folder")).help("name a scenario file in it"));
    }
    let names: Vec<&str> = library().iter().map(|scenario| scenario.0).collect();
    let diagnostic = Diagnostic::whole(format!("no scenario named `{path_or_name}`"));
    let diagnostic = diagnostic.help("neither a file of that name, nor one in `scenarios/`, nor a built-in one");
    complain(diagnostic.help_names("built-in scenario", plain, &names))
}

fn read(path: &Path) -> Result<Source, Report> {
    let name = path.display().to_string();
    let complain = |message: String| Report::whole(&name, Diagnostic::whole(message));
    let size = std::fs::metadata(path).map_err(|error| complain(format!("cannot read it: {error}")))?.len();
    if size > MOST_BYTES {
        return Err(complain(format!("{size} bytes are more than a scenario can have")));
    }
    let bytes = std::fs::read(path).map_err(|error| complain(format!("cannot read it: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        complain(format!("not a text in UTF-8: line {line} has other bytes"))
    })?;
    // A byte order mark is no part of the text.
    let text = text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned);
    let dir = path.parent().map(Path::to_owned);
    Ok(Source { name, text, dir })
}

/// Turns a source, with settings changed by `--set path=value`, into a plan.
///
/// # Errors
/// All mistakes of the text at once.
pub fn compile(source: &Source, sets: &[(String, String)]) -> Result<Compiled, Report> {
    let (name, text) = if sets.is_empty() {
        (source.name.clone(), source.text.clone())
    } else {
        (format!("{} with --set", source.name), set::apply(source, sets)?)
    };
    let report = |mut diagnostics: Vec<Diagnostic>| {
        diagnostics.sort_by_key(|diagnostic| diagnostic.span.as_ref().map_or(0, |span| span.start));
        // One setting may stand for several things, such as both alarms of an environment.
        diagnostics.dedup();
        Report { source: name.clone(), text: text.clone(), diagnostics }
    };
    let mut root = parse(&text).map_err(|diagnostic| report(vec![diagnostic]))?;
    let (scenario, mut diagnostics) = decode::decode::<schema::Scenario>(&root);
    let Some(mut scenario) = scenario else { return Err(report(diagnostics)) };
    diagnostics.extend(beanstalk::expand(&mut scenario, &mut root));
    let (plan, more) = resolve::resolve(&scenario, &root, &text, source.dir.as_deref());
    diagnostics.extend(more);
    match plan {
        Some(plan) if diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Warning) => {
            diagnostics.extend(advice::advise(&plan, Place::root(&root)));
            Ok(Compiled { plan, warnings: report(diagnostics) })
        }
        _ => Err(report(diagnostics)),
    }
}

/// Syntax, checked by `ron`, and the outline.
pub(crate) fn parse(text: &str) -> Result<Node, Diagnostic> {
    if text.trim().is_empty() {
        return Err(Diagnostic::whole("the scenario is empty").help("`sim new FILE` starts one"));
    }
    if let Err(error) = ron::from_str::<serde::de::IgnoredAny>(text) {
        let at = offset(text, error.span.start.line, error.span.start.col);
        let end = offset(text, error.span.end.line, error.span.end.col).max(at + 1);
        return Err(Diagnostic::error(at..end, "not valid RON").label(error.code.to_string().to_lowercase()));
    }
    Node::parse(text).map_err(|at| Diagnostic::error(at..at + 1, "not valid RON").label("cannot be read from here"))
}

/// Byte of a line and column that count from 1, columns in characters.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let rest = text.get(start..).unwrap_or("");
    start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at)
}
