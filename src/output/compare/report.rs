//! `report.html` of a comparison, and the same as Markdown for a pull request.
//!
//! # Models      the words and tables of the page; the plots inside the file
//! # Leaves out  what only machines want: `compare.json` has it

use super::{Page, better, sentence};
use crate::experiment::compare::Difference;
use crate::output::{html, markdown};
use std::fmt::Write;

/// The report.
pub fn html(page: &Page<'_>, plots: &[(String, Vec<u8>)]) -> String {
    let mut body = String::new();
    let (a, b) = (html::escape(&page.names.0), html::escape(&page.names.1));
    let what = html::escape(&page.what());
    let _ = writeln!(body, "<h1>A: {a}, B: {b}</h1>\n<p class=\"dim\">{what}</p>\n<ul class=\"lead\">");
    for difference in page.shown() {
        let class = match (difference.is_significant(), better(difference)) {
            (false, _) => "dim",
            (true, true) => "good",
            (true, false) => "bad",
        };
        let _ = writeln!(body, "<li class=\"{class}\">{}</li>", html::escape(&sentence(difference)));
    }
    let _ = writeln!(body, "</ul>");
    page.settings_sheet().html(&mut body);
    page.figures_sheet().html(&mut body);
    page.limits_sheet().html(&mut body);
    if !plots.is_empty() {
        let _ = writeln!(body, "<h2>Plots</h2>");
        html::figures(&mut body, plots, |stem| stem == "over-time");
        let _ = writeln!(body, "<div class=\"pair\">");
        html::figures(&mut body, plots, |stem| stem != "over-time");
        let _ = writeln!(body, "</div>");
    }
    html::document(&format!("{} and {}", page.names.0, page.names.1), &body)
}

impl Page<'_> {
    /// For a pull request.
    pub fn markdown(&self) -> String {
        let (a, b) = (markdown::escape(&self.names.0), markdown::escape(&self.names.1));
        let mut out = format!("## A: {a}, B: {b}\n\n{}\n\n", markdown::escape(&self.what()));
        let sign = |difference: &Difference| match (difference.is_significant(), better(difference)) {
            (false, _) => "·",
            (true, true) => "✓",
            (true, false) => "✗",
        };
        for difference in self.shown() {
            let _ = writeln!(out, "- {} {}", sign(difference), markdown::escape(&sentence(difference)));
        }
        for sheet in [self.settings_sheet(), self.figures_sheet(), self.limits_sheet()] {
            sheet.markdown(&mut out);
        }
        out
    }
}
