//! A scenario that needs nothing beside it: its text with all changes made, and the data files it reads.
//!
//! ```text
//!  Source ──--set──► text ──outline──► paths of CSV files ──read──► scenario.1.csv, scenario.2.csv, …
//!                      └──────────────── each path replaced ──────► text that can stand in any folder
//! ```
//! # Models      the same plan from the bundle as from the source; a file named twice is there once
//! # Leaves out  compression: a series of a day is a few kilobytes

use crate::diagnostic::{Diagnostic, Report};
use crate::outline::Node;
use crate::{Source, parse, set};
use std::path::{Path, PathBuf};

/// A scenario and what it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The scenario; its paths lead to `files`.
    pub text: String,
    /// Names and contents, in the order in which the text mentions them.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Packs a scenario that compiles, with settings changed as by `--set`.
///
/// # Errors
/// If a setting or a file cannot be had.
pub fn bundle(source: &Source, sets: &[(String, String)]) -> Result<Bundle, Report> {
    let mut text = set::apply(source, sets)?;
    let report = |diagnostic| Report { source: source.name.clone(), text: text.clone(), diagnostics: vec![diagnostic] };
    let root = parse(&text).map_err(report)?;
    let mut mentions = Vec::new();
    find(&root, &mut mentions);
    let mut known: Vec<&str> = Vec::new();
    let mut files = Vec::new();
    let mut places = Vec::new();
    for node in &mentions {
        let Some(path) = node.text() else { continue };
        let number = known.iter().position(|other| *other == path).unwrap_or(known.len());
        let name = format!("scenario.{}.csv", number + 1);
        if number == known.len() {
            known.push(path);
            let full = source.dir.as_deref().map_or_else(|| PathBuf::from(path), |dir: &Path| dir.join(path));
            let bytes = std::fs::read(&full).map_err(|error| {
                report(
                    Diagnostic::error(node.span.clone(), format!("cannot read `{path}`: {error}")).label("this file"),
                )
            })?;
            files.push((name.clone(), bytes));
        }
        places.push((node.span.clone(), name));
    }
    // From the end, so that the places before stay where they are.
    for (span, name) in places.into_iter().rev() {
        text.replace_range(span, &format!("\"{name}\""));
    }
    Ok(Bundle { text, files })
}

/// Whether a file of that name may be part of a bundle beside its `scenario.ron`.
pub fn is_part(name: &str) -> bool {
    let number = name.strip_prefix("scenario.").and_then(|rest| rest.strip_suffix(".csv"));
    number.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The values that are paths of files, in the order of the text.
fn find<'a>(node: &'a Node, found: &mut Vec<&'a Node>) {
    let is_csv = node.name() == Some("Csv");
    for field in node.fields() {
        if field.value.text().is_some() && (field.name == "csv" || (is_csv && field.name == "path")) {
            found.push(&field.value);
        } else {
            find(&field.value, found);
        }
    }
    if node.fields().is_empty() {
        node.children().into_iter().for_each(|child| find(child, found));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(dir: &Path, text: &str) -> Source {
        Source { name: "x.ron".into(), text: text.into(), dir: Some(dir.to_owned()) }
    }

    #[test]
    fn files_come_along_once_each_and_the_text_leads_to_them() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("data")).unwrap();
        std::fs::write(dir.path().join("data/a.csv"), "timestamp,value\n0,1\n").unwrap();
        std::fs::write(dir.path().join("b.csv"), "timestamp,value\n0,2\n").unwrap();
        let text = r#"Scenario(name: "a.csv", metrics: {"m": (csv: "data/a.csv"), "n": (csv: "b.csv")}, // data/a.csv
            clients: {"c": (arrivals: Poisson(Csv(path: "data/a.csv")))})"#;
        let packed = bundle(&source(dir.path(), text), &[]).unwrap();
        let names: Vec<&str> = packed.files.iter().map(|file| file.0.as_str()).collect();
        assert_eq!(names, ["scenario.1.csv", "scenario.2.csv"]);
        assert_eq!(packed.files[1].1, b"timestamp,value\n0,2\n");
        let changed =
            text.replacen("\"data/a.csv\"", "\"scenario.1.csv\"", 2).replace("\"b.csv\"", "\"scenario.2.csv\"");
        assert_eq!(packed.text, changed);
        assert!(names.iter().all(|name| is_part(name)));
    }

    #[test]
    fn a_file_that_has_gone_is_told_with_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let report = bundle(&source(dir.path(), "Scenario(metrics: {\"m\": (csv: \"gone.csv\")})"), &[]).unwrap_err();
        assert!(report.render(false).contains("gone.csv"), "{}", report.render(false));
    }

    #[test]
    fn only_numbered_files_are_parts() {
        assert!(!is_part("scenario.csv") && !is_part("scenario..csv") && !is_part("scenario.x.csv"));
    }
}
