//! What a person sees of a sweep: the page on the terminal, `report.html`, and Markdown for a pull request.
//!
//! # Models      the same tables in all three; the report has the plots inside
//! # Leaves out  what the files hold in full

use super::sheets::sheets;
use super::values;
use crate::experiment::sweep::found::Found;
use crate::experiment::sweep::manifest::AxisRecord;
use crate::output::sheet::Sheet;
use crate::output::table::{BOLD, DIM, paint};
use crate::output::{html, markdown, units};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

/// What is to be told.
#[derive(Debug)]
pub struct Page<'a> {
    found: &'a Found,
    sheets: Vec<Sheet>,
}

impl<'a> Page<'a> {
    /// What is told of a sweep with these figures.
    pub fn new(found: &'a Found, metrics: &[String]) -> Page<'a> {
        Page { found, sheets: sheets(found, metrics) }
    }

    /// How much was run, of what.
    fn what(&self) -> String {
        let manifest = &self.found.manifest;
        format!(
            "{} × {} · seed {} · sim {}",
            units::plural(self.found.cells.len() as u64, "cell"),
            units::plural(u64::from(manifest.replications), "replication"),
            manifest.seed,
            manifest.version
        )
    }

    /// Writes the page for the terminal, with the folder and the names of the files in it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write, folder: &Path, files: &[String]) -> io::Result<()> {
        writeln!(out, "{}", paint(&format!("{}, swept", units::plain(&self.found.manifest.scenario)), BOLD))?;
        writeln!(out, "{}", paint(&self.what(), DIM))?;
        self.sheets.iter().try_for_each(|sheet| sheet.text(out))?;
        writeln!(out, "\n{}  {}", paint(&format!("{}/", folder.display()), DIM), files.join("  "))
    }

    /// `report.html`, with the plots inside.
    pub fn html(&self, plots: &[(String, Vec<u8>)]) -> String {
        let manifest = &self.found.manifest;
        let mut body = String::new();
        let _ = writeln!(
            body,
            "<h1>{}, swept</h1>\n<p class=\"dim\">{}</p>\n<p class=\"dim\">Every cell meets the same chance. Figures are means \
             ± half the width of their 95 % intervals.</p>",
            html::escape(&manifest.scenario),
            html::escape(&self.what())
        );
        self.sheets.iter().for_each(|sheet| sheet.html(&mut body));
        if !plots.is_empty() {
            let _ = writeln!(body, "<h2>Plots</h2>\n<div class=\"pair\">");
            html::figures(&mut body, plots, |_| true);
            let _ = writeln!(body, "</div>");
        }
        let set = manifest.set.iter().map(|(path, value)| vec![path.clone(), value.clone()]).collect();
        html::table(&mut body, "Changed in all cells", &["path", "value"], set);
        let varied = |(at, axis): (usize, &AxisRecord)| vec![axis.path.clone(), values(self.found, at).join(", ")];
        let _ = writeln!(body, "<h2>Varied</h2>");
        html::rows(&mut body, "text", &["path", "values"], manifest.axes.iter().enumerate().map(varied).collect());
        html::document(&format!("{}, swept", manifest.scenario), &body)
    }

    /// For a pull request.
    pub fn markdown(&self) -> String {
        let scenario = markdown::escape(&self.found.manifest.scenario);
        let mut out = format!("## {scenario}, swept\n\n{}\n", markdown::escape(&self.what()));
        self.sheets.iter().for_each(|sheet| sheet.markdown(&mut out));
        out
    }
}
