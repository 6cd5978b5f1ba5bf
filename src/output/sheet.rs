//! A table that a page, a report and a pull request show alike.
//!
//! ```text
//!  Sheet { title, heads, rows, note } ──► text (terminal) │ html │ markdown
//! ```
//! # Models      one content, three forms: what stands in one stands in all
//! # Leaves out  pictures

use super::table::{BAD, Cell, DIM, GOOD, TITLE, Table, WIDTH, paint, wrap};
use super::{html, markdown, units};
use anstyle::Style;
use std::fmt::Write as _;
use std::io::{self, Write};

/// A table with its title.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Title of the section.
    pub title: String,
    /// Heads of the columns.
    pub heads: Vec<String>,
    /// How many columns, from the left, are names rather than figures.
    pub names: usize,
    /// Rows.
    pub rows: Vec<Row>,
    /// A word below it.
    pub note: Option<String>,
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its cells, as many as there are heads.
    pub cells: Vec<String>,
    /// What is to be thought of it.
    pub mark: Mark,
}

/// What is to be thought of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Nothing in particular.
    #[default]
    Plain,
    /// What is wanted.
    Good,
    /// What is not.
    Bad,
    /// What could be luck.
    Dim,
}

impl Mark {
    fn style(self) -> Style {
        match self {
            Mark::Plain => Style::new(),
            Mark::Good => GOOD,
            Mark::Bad => BAD,
            Mark::Dim => DIM,
        }
    }
}

impl Sheet {
    /// A sheet without rows.
    pub fn new(title: impl Into<String>, heads: &[&str], names: usize) -> Sheet {
        let heads = heads.iter().map(|head| (*head).to_string()).collect();
        Sheet { title: title.into(), heads, names, rows: Vec::new(), note: None }
    }

    /// Adds a row.
    pub fn push(&mut self, cells: Vec<String>, mark: Mark) {
        self.rows.push(Row { cells, mark });
    }

    /// For the terminal; nothing without rows.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", paint(&self.title, TITLE))?;
        let mut table = Table::new(self.names);
        table.head(&self.heads.iter().map(String::as_str).collect::<Vec<_>>());
        for row in &self.rows {
            table.row(row.cells.iter().map(|text| Cell::new(units::plain(text), row.mark.style())));
        }
        table.lines().iter().try_for_each(|line| writeln!(out, "{line}"))?;
        let note = self.note.iter().flat_map(|note| wrap(&units::plain(note), WIDTH - 2));
        note.into_iter().try_for_each(|line| writeln!(out, "  {}", paint(&line, DIM)))
    }

    /// For a report; nothing without rows.
    pub fn html(&self, body: &mut String) {
        let heads: Vec<&str> = self.heads.iter().map(String::as_str).collect();
        let rows = self.rows.iter().map(|row| row.cells.clone()).collect();
        html::table(body, &self.title, &heads, rows);
        if let Some(note) = self.note.as_ref().filter(|_| !self.rows.is_empty()) {
            let _ = writeln!(body, "<p class=\"dim\">{}</p>", html::escape(note));
        }
    }

    /// For a pull request; nothing without rows.
    pub fn markdown(&self, out: &mut String) {
        let rows: Vec<Vec<String>> = self.rows.iter().map(|row| row.cells.clone()).collect();
        markdown::table(out, &self.title, &self.heads, self.names, &rows);
        if let Some(note) = self.note.as_ref().filter(|_| !rows.is_empty()) {
            let _ = writeln!(out, "\n{}", markdown::escape(note));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_says_the_same_in_every_form() {
        let mut sheet = Sheet::new("Cells", &["cell", "cost"], 1);
        sheet.note = Some("front: <best>".into());
        let forms = |sheet: &Sheet| {
            let (mut text, mut body, mut out) = (Vec::new(), String::new(), String::new());
            sheet.text(&mut text).unwrap();
            sheet.html(&mut body);
            sheet.markdown(&mut out);
            [String::from_utf8(text).unwrap(), body, out]
        };
        assert_eq!(forms(&sheet), ["", "", ""], "nothing without rows");
        sheet.push(vec!["7".into(), "1.5 ± 0.1".into()], Mark::Good);
        for form in forms(&sheet) {
            for part in ["Cells", "cost", "1.5 ± 0.1", "front: "] {
                assert!(form.contains(part), "no {part} in {form}");
            }
        }
        assert!(forms(&sheet)[1].contains("&lt;best&gt;"));
    }
}
