//! CSV in the long form: one value a row, as data frames like it.
//!
//! # Models      columns `t_s,series,unit,value`; a row for every value there is, none for a gap

use crate::output::csv::{field, number};
use models::result::Series;

/// The text.
pub fn text(series: &Series) -> String {
    let mut text = String::from("t_s,series,unit,value\n");
    for (t_s, column, value) in values(series) {
        number(&mut text, t_s);
        text.push_str(&format!(",{},{},", field(&column.name), field(&column.unit)));
        number(&mut text, value);
        text.push('\n');
    }
    text
}

/// Every value there is, column by column, in order of time.
pub fn values(series: &Series) -> impl Iterator<Item = (f64, &models::result::Column, f64)> {
    series.columns.iter().flat_map(move |column| {
        let timed =
            column.values.iter().enumerate().map(move |(row, value)| (row as f64 * series.interval_s, column, *value));
        timed.filter(|(_, _, value)| value.is_finite())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::result::Column;

    #[test]
    fn a_gap_has_no_row() {
        let column = Column { name: "a,b".into(), unit: "ms".into(), values: vec![1.5, f64::NAN, 2.0] };
        let series = Series { interval_s: 10.0, columns: vec![column] };
        assert_eq!(text(&series), "t_s,series,unit,value\n0,\"a,b\",ms,1.5\n20,\"a,b\",ms,2\n");
    }
}
