//! Parquet in the wide form: a row per interval, a column per figure, as `series.csv` has it.
//!
//! # Models      `t_s` and then the columns by their names, gaps as null; units, scenario, seed and digest in the file's metadata

use crate::Failure;
use crate::output::parquet::{Column, Table};
use models::result::RunResult;

/// The file.
///
/// # Errors
/// If it cannot be made.
pub fn parquet(result: &RunResult) -> Result<Vec<u8>, Failure> {
    let (series, summary) = (&result.series, &result.summary);
    let mut table = Table::default();
    table.push("t_s", Column::Number((0..series.rows()).map(|row| row as f64 * series.interval_s).collect()));
    for column in &series.columns {
        table.push(&column.name, Column::Number(column.values.clone()));
        table.about.push((format!("unit.{}", column.name), column.unit.clone()));
    }
    let about = [
        ("scenario", summary.scenario.clone()),
        ("seed", summary.seed.to_string()),
        ("digest", summary.digest.clone()),
    ];
    table.about.extend(about.map(|(name, text)| (name.to_string(), text)));
    table.bytes()
}
