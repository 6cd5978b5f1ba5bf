//! Files of studies: a scenario's name with what is varied, kept beside it, for `sim sweep` and `sim tune`.
//!
//! ```ron
//! Sweep(
//!     scenario: "mine.ron",
//!     vary: { "alarms.hot.above": "50..90:10" },
//!     replications: 30,
//!     metrics: { "availability": "availability", "usd per million": "cost / requests.succeeded * 1e6" },
//!     objectives: ["minimize cost"],
//!     subject_to: ["availability >= 99.9%"],
//! )
//! ```
//! # Models      paths and values as `--vary` and `--set` have them; the scenario and blocks are looked for beside the file
//! # Leaves out  anything that the command line could not say

use super::terminal::Terminal;
use crate::Failure;
use crate::experiment::compare::full_name;
use crate::experiment::sweep::design::Sampling;
use crate::experiment::sweep::wish::View;
use scenarios::{Diagnostic, Report};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the files of all studies say.
pub trait Study: DeserializeOwned {
    /// The word that such a file begins with.
    const HEAD: &'static str;
    /// A file beside this one, or the name of a built-in scenario.
    fn scenario(&self) -> &str;
    /// Paths and their values.
    fn vary(&self) -> &BTreeMap<String, String>;
    /// Changes made in all cells.
    fn set(&self) -> &BTreeMap<String, String>;
}

/// A file and where it stands.
#[derive(Debug)]
pub struct StudyFile<T> {
    /// What it says.
    pub body: T,
    /// Its folder.
    pub folder: PathBuf,
}

/// What a sweep file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename = "Sweep")]
pub struct Sweep {
    /// A file beside this one, or the name of a built-in scenario.
    scenario: String,
    /// Paths and their values, in the order of the paths.
    vary: BTreeMap<String, String>,
    /// Changes made in all cells.
    #[serde(default)]
    set: BTreeMap<String, String>,
    /// How many replications of each cell.
    pub replications: Option<u32>,
    /// Points on drawn axes.
    pub points: Option<u32>,
    /// `Lhs` or `Sobol`.
    sampling: Option<Spread>,
    /// Seed.
    pub seed: Option<u64>,
    /// Figures to show.
    metrics: Option<Metrics>,
    /// `minimize FIGURE`, `maximize FIGURE`.
    #[serde(default)]
    objectives: Vec<String>,
    /// `FIGURE >= BOUND`.
    #[serde(default)]
    subject_to: Vec<String>,
}

/// Figures to show.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Metrics {
    /// By their names.
    Listed(Vec<String>),
    /// By names of one's own, with what they are: a figure's name or a formula.
    Named(BTreeMap<String, String>),
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Spread {
    Lhs,
    Sobol,
}

impl Sweep {
    /// What is asked of the sweep.
    pub fn view(&self) -> View {
        let (metrics, formulas) = match &self.metrics {
            None => Default::default(),
            Some(Metrics::Listed(names)) => (names.iter().map(|name| full_name(name)).collect(), BTreeMap::new()),
            Some(Metrics::Named(formulas)) => (formulas.keys().cloned().collect(), formulas.clone()),
        };
        View { metrics, formulas, objectives: self.objectives.clone(), subject_to: self.subject_to.clone() }
    }

    /// How points are spread.
    pub fn sampling(&self) -> Sampling {
        match self.sampling {
            Some(Spread::Sobol) => Sampling::Sobol,
            Some(Spread::Lhs) | None => Sampling::Lhs,
        }
    }
}

impl Study for Sweep {
    const HEAD: &'static str = "Sweep";

    fn scenario(&self) -> &str {
        &self.scenario
    }

    fn vary(&self) -> &BTreeMap<String, String> {
        &self.vary
    }

    fn set(&self) -> &BTreeMap<String, String> {
        &self.set
    }
}

/// What a tune file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename = "Tune")]
pub struct Tune {
    /// A file beside this one, or the name of a built-in scenario.
    scenario: String,
    /// Paths and what is searched, in the order of the paths.
    vary: BTreeMap<String, String>,
    /// Changes made in all settings.
    #[serde(default)]
    set: BTreeMap<String, String>,
    /// Figure of which less is better.
    pub minimize: Option<String>,
    /// Figure of which more is better.
    pub maximize: Option<String>,
    /// Constraints, such as `availability >= 0.999`.
    #[serde(default)]
    pub subject_to: Vec<String>,
    /// `400runs` or `10m`.
    pub budget: Option<String>,
    /// Seed.
    pub seed: Option<u64>,
    /// Replications of the winner.
    pub replications: Option<u32>,
    /// Further figures to show.
    pub metrics: Option<Vec<String>>,
}

impl Study for Tune {
    const HEAD: &'static str = "Tune";

    fn scenario(&self) -> &str {
        &self.scenario
    }

    fn vary(&self) -> &BTreeMap<String, String> {
        &self.vary
    }

    fn set(&self) -> &BTreeMap<String, String> {
        &self.set
    }
}

impl<T: Study> StudyFile<T> {
    /// The scenario, as a path from here or a name.
    pub fn scenario(&self) -> String {
        let beside = self.folder.join(self.body.scenario());
        if beside.is_file() { beside.display().to_string() } else { self.body.scenario().to_string() }
    }
}

/// Reads the file of a study; none if the file is something else, or none.
///
/// # Errors
/// If it begins like one and is none.
pub fn load<T: Study>(name: &str, terminal: &Terminal) -> Result<Option<StudyFile<T>>, Failure> {
    let path = Path::new(name);
    if !path.is_file() {
        return Ok(None);
    }
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(None) };
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    read(name, text, folder, terminal)
}

/// The same of a text that is there already.
///
/// # Errors
/// If it begins like the file of such a study and is none.
pub fn read<T: Study>(
    name: &str,
    text: String,
    folder: PathBuf,
    terminal: &Terminal,
) -> Result<Option<StudyFile<T>>, Failure> {
    let code = text.lines().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//"));
    if !code.is_some_and(|line| line.trim_start().starts_with(T::HEAD)) {
        return Ok(None);
    }
    match ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME).from_str(&text) {
        Ok(body) => Ok(Some(StudyFile { body, folder })),
        Err(error) => {
            let at = offset(&text, error.span.start.line, error.span.start.col);
            let diagnostic = Diagnostic::error(at..at + 1, error.code.to_string().to_lowercase()).label("here");
            let report = Report { source: name.into(), text, diagnostics: vec![diagnostic] };
            Err(Failure::Rendered(report.render(terminal.error_has_color())))
        }
    }
}

/// Byte of a line and column that count from 1; within the text.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let rest = text.get(start..).unwrap_or("");
    let at = start + rest.char_indices().nth(column.saturating_sub(1)).map_or(0, |(at, _)| at);
    at.min(text.len().saturating_sub(1))
}
