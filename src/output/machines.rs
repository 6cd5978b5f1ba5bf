//! What single machines went through, by fleet: CPU credits.

use super::units;
use models::result::Summary;

/// A table: title, heads, and a row per fleet that has something to say.
pub struct Sheet {
    /// Title of the section.
    pub title: &'static str,
    /// Heads of the columns, the first empty.
    pub heads: &'static [&'static str],
    /// Rows, the name first.
    pub rows: Vec<Vec<String>>,
}

/// Every sheet that has rows.
pub fn sheets(summary: &Summary) -> Vec<Sheet> {
    let mut sheets = vec![credits(summary)];
    sheets.retain(|sheet| !sheet.rows.is_empty());
    sheets
}

fn credits(summary: &Summary) -> Sheet {
    let rows = summary.groups.iter().filter_map(|(name, group)| {
        let credits = group.credits?;
        Some(vec![
            units::plain(name).to_string(),
            units::figure(credits.spent),
            units::figure(credits.balance),
            format!("{}×", credits.exhausted),
            match credits.limited_s {
                0.0 => "–".to_string(),
                seconds => units::seconds(seconds),
            },
            units::figure(credits.surplus),
            units::figure(credits.charged),
        ])
    });
    Sheet {
        title: "CPU credits",
        heads: &["", "spent", "left each", "ran out", "slowed for", "surplus owed", "charged"],
        rows: rows.collect(),
    }
}
