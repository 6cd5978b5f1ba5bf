//! The page on the terminal after a search.
//!
//! # Models      at most 100 columns
//! # Leaves out  what the files hold in full

use super::sections::{self, Section, Tone};
use super::told::Told;
use crate::output::table::{BAD, BOLD, Cell, DIM, GOOD, TITLE, Table, WIDTH, paint, wrap};
use crate::output::units;
use anstyle::Style;
use std::io::{self, Write};
use std::path::Path;

/// Columns that can be left out and for which there is room all the same.
const SPARE: usize = 4;

/// Writes the page.
///
/// # Errors
/// Those of `out`.
pub fn write(told: &Told<'_>, out: &mut dyn Write, folder: &Path, files: &[String]) -> io::Result<()> {
    writeln!(out, "{}", paint(&format!("{}, tuned", units::plain(told.scenario)), BOLD))?;
    writeln!(out, "{}", paint(&sections::what(told), DIM))?;
    for section in sections::all(told) {
        part(&section, out)?;
    }
    writeln!(out, "\n{}", paint("To have it again", TITLE))?;
    writeln!(out, "  {}", sections::command(told))?;
    let folder_name = folder.display();
    let text = match &told.digest {
        Some(digest) => {
            format!("winner.ron was read back and run again: the same figures, digest {digest} of replication 0")
        }
        None => "winner.ron read back does not give the same figures: set the values above instead".into(),
    };
    let style = if told.digest.is_some() { DIM } else { BAD };
    writeln!(out, "  {}", paint(&text, style))?;
    writeln!(out, "\n{}  {}", paint(&format!("{folder_name}/"), DIM), files.join("  "))
}

fn part(section: &Section, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}", paint(&section.title, TITLE))?;
    for (tone, text) in &section.lines {
        for (n, line) in wrap(text, WIDTH - 4).into_iter().enumerate() {
            writeln!(out, "{}{}", if n == 0 { "  " } else { "    " }, paint(&line, style(*tone)))?;
        }
    }
    if !section.table.rows.is_empty() {
        let content = &section.table;
        let spare = if content.spare > SPARE { content.spare } else { 0 };
        let fits = |at: usize| at == 0 || at > spare;
        let kept = |cells: &[String]| -> Vec<String> {
            cells.iter().enumerate().filter(|(at, _)| fits(*at)).map(|(_, text)| text.clone()).collect()
        };
        let mut table = Table::new(content.names - spare);
        table.head(&kept(&content.titles).iter().map(String::as_str).collect::<Vec<_>>());
        for (tone, cells) in &content.rows {
            table.row(kept(cells).into_iter().map(|text| Cell::new(text, style(*tone))));
        }
        if spare > 0 {
            writeln!(out, "  {}", paint("values of each in summary.md and tune.json", DIM))?;
        }
        table.lines().iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    section.notes.iter().try_for_each(|note| writeln!(out, "  {}", paint(note, DIM)))
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Good => GOOD,
        Tone::Bad => BAD,
        Tone::Dim => DIM,
    }
}
