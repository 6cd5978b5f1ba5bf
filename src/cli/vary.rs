//! A scenario of which some settings are varied: from `--vary` and from the file of a study, for `sim sweep` and `sim tune`.
//!
//! ```text
//!  FILE, --set, --vary ──► Varied { source, set, axes } ──values──► plan
//! ```
//! # Models      the command line has the last word over the file
//! # Leaves out  which values are tried: designs (`sweep`) and searches (`tune`)

use super::options::Changes;
use super::source;
use super::study_file::{Study, StudyFile};
use super::terminal::Terminal;
use crate::Failure;
use crate::experiment::sweep::axis::{Axis, Value};
use models::plan::Plan;
use scenarios::{Compiled, Source};
use std::path::Path;

/// A scenario and what is varied in it.
#[derive(Debug)]
pub struct Varied {
    /// The scenario.
    pub source: Source,
    /// Changes made in all cells.
    pub set: Vec<(String, String)>,
    /// What is varied.
    pub axes: Vec<Axis>,
}

/// How the values of an axis are read: path, values, folder of files.
pub type Reader = fn(&str, &str, &Path) -> Result<Axis, String>;

impl Varied {
    /// Reads what is varied; `name` is the scenario where there is no file of a study.
    ///
    /// # Errors
    /// If the scenario cannot be read, or an axis is none, or there is none.
    pub fn load<T: Study>(
        name: &str,
        file: Option<&StudyFile<T>>,
        (vary, changes): (&[String], &Changes),
        reader: Reader,
        terminal: &Terminal,
    ) -> Result<Varied, Failure> {
        let scenario = file.map_or_else(|| name.to_string(), StudyFile::scenario);
        let source = source::load(&scenario).map_err(|report| rendered(&report, terminal))?;
        let (mut set, mut axes) = (Vec::new(), Vec::new());
        if let Some(StudyFile { body, folder }) = file {
            set.extend(body.set().iter().map(|(path, value)| (path.clone(), value.clone())));
            for (path, values) in body.vary() {
                let axis = reader(path, values, folder);
                axes.push(axis.map_err(|why| Failure::new(format!("cannot vary `{path}`: {why}")))?);
            }
        }
        set.extend(changes.assignments());
        for text in vary {
            let wrong = |why| Failure::new(format!("cannot vary `{text}`: {why}"));
            let (path, values) =
                text.split_once('=').ok_or_else(|| wrong("expected `path=values`, such as `duration=1h,2h`".into()))?;
            let axis = reader(path.trim(), values.trim(), Path::new(".")).map_err(wrong)?;
            axes.retain(|other: &Axis| other.path != axis.path);
            axes.push(axis);
        }
        if axes.is_empty() {
            return Err(Failure::new("nothing to vary").help("say what with `--vary path=a,b,c`"));
        }
        Ok(Varied { source, set, axes })
    }

    /// The scenario as it is, without what is varied.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn base(&self, terminal: &Terminal) -> Result<Compiled, Failure> {
        scenarios::compile(&self.source, &self.set).map_err(|report| rendered(&report, terminal))
    }

    /// All assignments with these values of the axes.
    pub fn assignments(&self, values: &[Value]) -> Vec<(String, String)> {
        let varied = self.axes.iter().zip(values).map(|(axis, value)| (axis.path.clone(), value.text.clone()));
        self.set.iter().cloned().chain(varied).collect()
    }

    /// The plan with these values of the axes, or why there is none.
    ///
    /// # Errors
    /// The first mistake, in words.
    pub fn plan(&self, values: &[Value]) -> Result<Plan, String> {
        match scenarios::compile(&self.source, &self.assignments(values)) {
            Ok(compiled) => Ok(compiled.plan),
            Err(report) => {
                let first = report.diagnostics.iter().find(|d| d.severity == scenarios::Severity::Error);
                Err(first.map_or_else(|| report.to_string(), |d| d.message.clone()))
            }
        }
    }

    /// Whether each axis can be set at all, by one of a few values of it: a path that does not exist is a mistake of the
    /// command and not of a cell.
    ///
    /// # Errors
    /// What is wrong with the first value of an axis of which none can be set.
    pub fn check<'v>(
        &self,
        values: impl Fn(usize) -> Box<dyn Iterator<Item = &'v Value> + 'v>,
        terminal: &Terminal,
    ) -> Result<(), Failure> {
        for (at, axis) in self.axes.iter().enumerate() {
            let mut first = None;
            let mut tried: Vec<&str> = Vec::new();
            for value in values(at) {
                if tried.len() >= 8 || tried.contains(&value.text.as_str()) {
                    continue;
                }
                tried.push(&value.text);
                let own = (axis.path.clone(), value.text.clone());
                let all: Vec<(String, String)> = self.set.iter().cloned().chain([own]).collect();
                match scenarios::compile(&self.source, &all) {
                    Ok(_) => {
                        first = None;
                        break;
                    }
                    Err(report) => first = first.or(Some(report)),
                }
            }
            if let Some(report) = first {
                return Err(rendered(&report, terminal));
            }
        }
        Ok(())
    }
}

/// A report as the terminal shows it.
pub fn rendered(report: &scenarios::Report, terminal: &Terminal) -> Failure {
    Failure::Rendered(report.render(terminal.error_has_color()))
}
