//! Markdown for pull requests and wikis: headings, tables and verdicts of a page, without its pictures.
//!
//! ```text
//!  page ──► # title, > sentence, | tables |, ✓ ✗        text ──escape──► what may stand in a table
//! ```
//! # Models      the flavour of GitHub and GitLab: tables with aligned figures
//! # Leaves out  what a reader of a diff would not look at: `report.html` has all

use std::fmt::Write;

/// Rows of a table beyond which the rest is counted.
const ROWS: usize = 60;

/// A heading and the table below it, or nothing if it has no rows. The first `names` columns are names (to the left), the
/// others figures (to the right).
pub fn table(out: &mut String, title: &str, heads: &[String], names: usize, rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n### {}\n", escape(title));
    let line = |cells: &[String]| cells.iter().map(|cell| format!(" {} |", escape(cell))).collect::<String>();
    let _ = writeln!(out, "|{}", line(heads));
    let rules: String = (0..heads.len()).map(|column| if column < names { " :-- |" } else { " --: |" }).collect();
    let _ = writeln!(out, "|{rules}");
    for row in rows.iter().take(ROWS) {
        let _ = writeln!(out, "|{}", line(row));
    }
    if rows.len() > ROWS {
        let _ = writeln!(out, "\nand {} more", rows.len() - ROWS);
    }
}

/// Text that is text in Markdown too, inside and outside of tables.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '@' => {
                safe.push('\\');
                safe.push(c);
            }
            '&' => safe.push_str("&amp;"),
            '\n' | '\r' => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_one_whatever_stands_in_it() {
        let mut out = String::new();
        let rows = [vec!["a|b".into(), "<i>1</i>".into()], vec!["c\nd".into(), "2".into()]];
        table(&mut out, "What *is*", &["".into(), "n".into()], 1, &rows);
        let expected = "\n### What \\*is\\*\n\n|  | n |\n| :-- | --: |\n| a\\|b | \\<i\\>1\\</i\\> |\n| c d | 2 |\n";
        assert_eq!(out, expected);
    }

    #[test]
    fn a_table_without_rows_is_not_shown_and_a_long_one_is_cut() {
        let mut out = String::new();
        table(&mut out, "x", &["n".into()], 0, &[]);
        assert_eq!(out, "");
        table(&mut out, "x", &["n".into()], 0, &vec![vec!["1".into()]; ROWS + 2]);
        assert!(out.ends_with("\nand 2 more\n"), "{out}");
    }
}
