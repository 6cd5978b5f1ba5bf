//! Tables for the terminal: aligned columns, two spaces apart, cut to the width of the page.
//!
//! # Models      width as the terminal shows it, wide and combining characters included
//! # Leaves out  frames and wrapping: a line is a row

use anstyle::{Ansi256Color, Color, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Widest line of a page.
pub const WIDTH: usize = 100;

/// What is less important.
pub const DIM: Style = Style::new().dimmed();
/// Headings and what is most important.
pub const BOLD: Style = Style::new().bold();
/// What is as it should be.
pub const GOOD: Style = Style::new().fg_color(Some(Color::Ansi(anstyle::AnsiColor::Green)));
/// What is not.
pub const BAD: Style = Style::new().fg_color(Some(Color::Ansi(anstyle::AnsiColor::Red))).bold();
/// What deserves a look.
pub const CARE: Style = Style::new().fg_color(Some(Color::Ansi(anstyle::AnsiColor::Yellow)));
/// Titles of sections.
pub const TITLE: Style = Style::new().fg_color(Some(Color::Ansi256(Ansi256Color(39)))).bold();

/// Text in a style.
pub fn paint(text: &str, style: Style) -> String {
    if style == Style::new() || text.is_empty() { text.into() } else { format!("{style}{text}{style:#}") }
}

/// A cell.
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A cell in a style.
    pub fn new(text: impl Into<String>, style: Style) -> Cell {
        Cell { text: text.into(), style }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell::new(text, Style::new())
    }
}

/// A table whose first columns are names (to the left) and the others figures (to the right).
#[derive(Clone, Debug)]
pub struct Table {
    names: usize,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table of which the first `names` columns are names.
    pub fn new(names: usize) -> Table {
        Table { names, rows: Vec::new() }
    }

    /// Adds the row of column titles.
    pub fn head(&mut self, titles: &[&str]) {
        self.rows.push(titles.iter().map(|title| Cell::new(*title, DIM)).collect());
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Its lines, indented by two, styles included, without spaces at their ends.
    pub fn lines(&self) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns)
            .map(|c| self.rows.iter().filter_map(|row| row.get(c)).map(|cell| cell.text.width()).max().unwrap_or(0))
            .collect();
        // Figures are never cut; if the row is too wide, the widest name gives way, but not beyond recognition.
        let total = |widths: &[usize]| 2 + widths.iter().sum::<usize>() + 2 * columns.saturating_sub(1);
        while total(&widths) > WIDTH {
            let Some(widest) = (0..self.names.min(columns)).max_by_key(|&c| widths[c]) else { break };
            if widths[widest] <= 8 {
                break;
            }
            widths[widest] -= (total(&widths) - WIDTH).min(widths[widest] - 8);
        }
        self.rows.iter().map(|row| self.line(row, &widths)).collect()
    }

    fn line(&self, row: &[Cell], widths: &[usize]) -> String {
        let mut line = String::from("  ");
        for (c, cell) in row.iter().enumerate() {
            // The last column of a table of names alone is a sentence, whose beginning says most.
            let is_sentence = c + 1 == self.names && c + 1 == widths.len() && c > 0;
            let text = if is_sentence { cut_end(&cell.text, widths[c]) } else { cut(&cell.text, widths[c]) };
            let space = " ".repeat(widths[c].saturating_sub(text.width()));
            let text = paint(&text, cell.style);
            if c > 0 {
                line.push_str("  ");
            }
            match (c < self.names, c + 1 == row.len()) {
                (true, true) => line.push_str(&text),
                (true, false) => line.extend([text, space]),
                (false, _) => line.extend([space, text]),
            }
        }
        line.trim_end().to_string()
    }
}

/// Text of at most `width` columns; what does not fit is cut out of the middle, since names differ at their ends.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.into();
    }
    if width == 0 {
        return String::new();
    }
    let tail_room = (width - 1) / 2;
    let head_room = width - 1 - tail_room;
    let head = fitting(text.chars(), head_room);
    let tail: String = fitting(text.chars().rev(), tail_room).chars().rev().collect();
    format!("{head}…{tail}")
}

/// Text of at most `width` columns; what does not fit is cut off.
fn cut_end(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.into();
    }
    format!("{}…", fitting(text.chars(), width.saturating_sub(1)).trim_end())
}

/// As many of the characters as fit.
fn fitting(chars: impl Iterator<Item = char>, room: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect()
}

/// Text in lines of at most `width` columns, broken at spaces (not at those that tie a figure to its unit); a longer word
/// keeps its line for itself.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(|c: char| c.is_whitespace() && c != '\u{a0}').filter(|word| !word.is_empty()) {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_string());
        }
    }
    // What had to stay together has done so.
    lines.iter().map(|line| line.replace('\u{a0}', " ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_left_and_figures_right() {
        let mut table = Table::new(1);
        table.head(&["endpoint", "p50"]);
        table.row(["web.page".into(), "8 ms".into()]);
        table.row(["日本".into(), "120 ms".into()]);
        let plain: Vec<String> =
            table.lines().iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
        assert_eq!(plain, ["  endpoint     p50", "  web.page    8 ms", "  日本      120 ms"]);
    }

    #[test]
    fn a_name_too_long_for_the_page_loses_its_middle() {
        let mut table = Table::new(1);
        table.row([format!("{}-end", "x".repeat(200)).into(), "8 ms".into()]);
        let line = &table.lines()[0];
        assert_eq!(line.width(), WIDTH);
        assert!(line.contains('…') && line.contains("-end") && line.ends_with("8 ms"), "{line}");
    }

    #[test]
    fn a_sentence_too_long_for_the_page_loses_its_end() {
        let mut table = Table::new(2);
        table.row(["web".into(), "word ".repeat(40).into()]);
        let line = &table.lines()[0];
        assert!(line.width() <= WIDTH && line.starts_with("  web  word word") && line.ends_with('…'), "{line}");
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("after 6\u{a0}m 5 s", 8), ["after", "6 m 5 s"]);
    }
}
