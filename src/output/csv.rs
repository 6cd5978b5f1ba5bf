//! `series.csv` and `replications.csv`: plain tables that any spreadsheet or data frame reads.
//!
//! # Models      `series.csv`: one row per interval; `t_s` is the interval's beginning, the other columns are headed
//!   `name [unit]` (a plain number, unit `1`, by its name alone); an empty field where there is no value.
//!   `latency_map.csv`: one row per interval, a column per latency band.
//!   `replications.csv`: one row per replication and metric, `replication,metric,value`
//! # Source      RFC 4180 for the quotes; lines end in a plain newline

use crate::experiment::Replication;
use models::result::{LatencyMap, Series};
use std::fmt::Write;

/// `series.csv`.
pub fn series(series: &Series) -> String {
    let rows = series.rows();
    let mut text = String::with_capacity((rows + 1) * (series.columns.len() + 1) * 8);
    text.push_str("t_s");
    for column in &series.columns {
        text.push(',');
        text.push_str(&field(&match column.unit.as_str() {
            // A name that looks as if it had a unit gets one, so that the head can be read back.
            "" | "1" if !column.name.ends_with(']') => column.name.clone(),
            unit => format!("{} [{unit}]", column.name),
        }));
    }
    text.push('\n');
    for row in 0..rows {
        number(&mut text, row as f64 * series.interval_s);
        for column in &series.columns {
            text.push(',');
            number(&mut text, column.values.get(row).copied().unwrap_or(f64::NAN));
        }
        text.push('\n');
    }
    text
}

/// `latency_map.csv`: succeeded requests by latency band, one line per interval; nothing at all without traffic. Bands
/// that no request ever fell into are left out at both ends, but for the one below all others, whose upper edge is where
/// the next begins.
pub fn latency_map(map: &LatencyMap) -> Option<String> {
    let used = |band: &usize| map.rows.iter().any(|row| row.get(*band).is_some_and(|count| *count > 0));
    let mut bands = (0..=map.edges_ms.len()).filter(used);
    let first = bands.next()?;
    let last = bands.next_back().unwrap_or(first);
    let first = first.saturating_sub(1);
    let mut text = String::with_capacity(map.rows.len() * (last - first + 2) * 3);
    text.push_str("t_s");
    for band in first..=last {
        match map.edges_ms.get(band) {
            Some(edge) => _ = write!(text, ",up to {edge} ms"),
            None => text.push_str(",more"),
        }
    }
    text.push('\n');
    for (at, row) in map.rows.iter().enumerate() {
        number(&mut text, at as f64 * map.interval_s);
        for band in first..=last {
            let _ = write!(text, ",{}", row.get(band).copied().unwrap_or(0));
        }
        text.push('\n');
    }
    Some(text)
}

/// `replications.csv`.
pub fn replications(replications: &[Replication]) -> String {
    let mut text = String::from("replication,metric,value\n");
    for replication in replications {
        for (metric, value) in &replication.metrics {
            let _ = write!(text, "{},{},", replication.index, field(metric));
            number(&mut text, *value);
            text.push('\n');
        }
    }
    text
}

/// The shortest text that reads back as the same number; nothing for what is not finite.
pub fn number(text: &mut String, x: f64) {
    if x.is_finite() {
        let _ = write!(text, "{x}");
    }
}

/// A field, in quotes if it needs them. A spreadsheet takes what begins with `=`, `+`, `-` or `@` for a formula to be
/// worked out, so such a field is preceded by an apostrophe.
pub fn field(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_string() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::result::Column;

    #[test]
    fn units_stand_in_the_head_and_gaps_are_empty() {
        let column = |name: &str, unit: &str, values: &[f64]| Column {
            name: name.into(),
            unit: unit.into(),
            values: values.to_vec(),
        };
        let table = Series {
            interval_s: 10.0,
            columns: vec![
                column("offered_per_s", "1/s", &[120.5, 121.0]),
                column("group.web.desired", "1", &[4.0, f64::NAN]),
            ],
        };
        assert_eq!(series(&table), "t_s,offered_per_s [1/s],group.web.desired\n0,120.5,4\n10,121,\n");
    }

    #[test]
    fn bands_stand_by_their_upper_edges_without_the_empty_ones_at_the_ends() {
        let rows = vec![vec![0, 0, 3, 1, 0], vec![], vec![0, 0, 2, 0, 0]];
        let map = LatencyMap { interval_s: 5.0, edges_ms: vec![0.1, 0.133, 0.178, 0.237], rows };
        let expected = "t_s,up to 0.133 ms,up to 0.178 ms,up to 0.237 ms\n0,0,3,1\n5,0,0,0\n10,0,2,0\n";
        assert_eq!(latency_map(&map).unwrap(), expected);
        assert_eq!(latency_map(&LatencyMap { rows: vec![vec![]], ..map }), None);
    }

    #[test]
    fn names_cannot_break_the_table() {
        assert_eq!(field("a,b"), "\"a,b\"");
        assert_eq!(field("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(field("=1+1"), "'=1+1");
    }
}
