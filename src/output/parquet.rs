//! Parquet: tables with types, for DuckDB, pandas, polars and whatever else reads columns.
//!
//! ```text
//!  Table { columns: name, Text │ Whole │ Number; about } ──bytes──► one file, GZIP inside
//! ```
//! # Models      a value that is not there, or is no number, is null; what the table is about stands in the file's own metadata;
//!   the same table gives the same bytes
//! # Leaves out  nested columns, times and decimals: figures are numbers in the unit of their name, as in the CSV files
//! # Source      Apache Parquet format, <https://parquet.apache.org/docs/file-format/>

use crate::Failure;
use ::parquet::basic::{Compression, GzipLevel, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::{Type, TypePtr};
use std::sync::Arc;

/// Rows that are written together; a reader may skip the others.
const GROUP: usize = 1 << 16;

/// A table, column by column. All columns are of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Names and values.
    pub columns: Vec<(String, Column)>,
    /// What it is about: names and texts that go into the file's metadata.
    pub about: Vec<(String, String)>,
}

/// The values of one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Text.
    Text(Vec<Option<String>>),
    /// Whole numbers.
    Whole(Vec<Option<i64>>),
    /// Numbers; those that are not finite become null.
    Number(Vec<f64>),
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Column::Text(values) => values.len(),
            Column::Whole(values) => values.len(),
            Column::Number(values) => values.len(),
        }
    }
}

impl Table {
    /// Adds a column.
    pub fn push(&mut self, name: impl Into<String>, column: Column) {
        self.columns.push((name.into(), column));
    }

    /// The file.
    ///
    /// # Errors
    /// If two columns share a name, or are not of one length.
    pub fn bytes(&self) -> Result<Vec<u8>, Failure> {
        let rows = self.columns.first().map_or(0, |column| column.1.len());
        for (at, (name, column)) in self.columns.iter().enumerate() {
            if column.len() != rows {
                return Err(Failure::new(format!("the column `{name}` has {} rows and not {rows}", column.len())));
            }
            if self.columns[..at].iter().any(|other| other.0 == *name) {
                return Err(Failure::new(format!("two columns are named `{name}`")));
            }
        }
        self.write(rows).map_err(|error| Failure::new(format!("cannot make a Parquet file: {error}")))
    }

    fn write(&self, rows: usize) -> Result<Vec<u8>, ParquetError> {
        let about = self.about.iter().map(|(name, text)| KeyValue::new(name.clone(), text.clone())).collect();
        let properties = WriterProperties::builder()
            .set_created_by(format!("sim version {}", env!("CARGO_PKG_VERSION")))
            .set_compression(Compression::GZIP(GzipLevel::default()))
            .set_key_value_metadata(Some(about))
            .build();
        let mut file = SerializedFileWriter::new(Vec::new(), self.schema()?, Arc::new(properties))?;
        for start in (0..rows).step_by(GROUP) {
            let mut group = file.next_row_group()?;
            for (_, column) in &self.columns {
                let end = (start + GROUP).min(rows);
                match column {
                    Column::Text(values) => put::<ByteArrayType, _>(&mut group, &values[start..end], |text| {
                        text.as_ref().map(|text| ByteArray::from(text.as_str()))
                    })?,
                    Column::Whole(values) => put::<Int64Type, _>(&mut group, &values[start..end], |value| *value)?,
                    Column::Number(values) => put::<DoubleType, _>(&mut group, &values[start..end], |value| {
                        value.is_finite().then_some(*value)
                    })?,
                }
            }
            group.close()?;
        }
        file.into_inner()
    }

    fn schema(&self) -> Result<TypePtr, ParquetError> {
        let field = |(name, column): &(String, Column)| {
            let (physical, logical) = match column {
                Column::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
                Column::Whole(_) => (Physical::INT64, None),
                Column::Number(_) => (Physical::DOUBLE, None),
            };
            let field = Type::primitive_type_builder(name, physical).with_logical_type(logical);
            field.with_repetition(Repetition::OPTIONAL).build().map(Arc::new)
        };
        let fields = self.columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
        Type::group_type_builder("sim").with_fields(fields).build().map(Arc::new)
    }
}

/// Writes the next column of a group.
fn put<T: DataType, V>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[V],
    value: impl Fn(&V) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let found: Vec<Option<T::T>> = values.iter().map(value).collect();
    let there: Vec<i16> = found.iter().map(|value| i16::from(value.is_some())).collect();
    let found: Vec<T::T> = found.into_iter().flatten().collect();
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("more columns than the schema has".into()));
    };
    column.typed::<T>().write_batch(&found, Some(&there), None)?;
    column.close()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::Field;
    use bytes::Bytes;

    fn table() -> Table {
        let mut table = Table::default();
        table.push("cell", Column::Whole(vec![Some(0), None, Some(-7)]));
        table.push("a.b/c \"d\"", Column::Text(vec![Some("60s".into()), Some(String::new()), None]));
        table.push("availability", Column::Number(vec![0.999, f64::NAN, f64::INFINITY]));
        table.about.push(("sim.scenario".into(), "x".into()));
        table
    }

    #[test]
    fn what_is_written_is_read_back() {
        let reader = SerializedFileReader::new(Bytes::from(table().bytes().unwrap())).unwrap();
        let about = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
        assert!(about.contains(&KeyValue::new("sim.scenario".into(), Some("x".into()))));
        let rows: Vec<Vec<(String, Field)>> =
            reader.get_row_iter(None).unwrap().map(|row| row.unwrap().into_columns()).collect();
        let names: Vec<&str> = rows[0].iter().map(|field| field.0.as_str()).collect();
        assert_eq!(names, ["cell", "a.b/c \"d\"", "availability"]);
        let values: Vec<Vec<Field>> =
            rows.into_iter().map(|row| row.into_iter().map(|field| field.1).collect()).collect();
        let text = |text: &str| Field::Str(text.into());
        assert_eq!(
            values,
            [
                vec![Field::Long(0), text("60s"), Field::Double(0.999)],
                vec![Field::Null, text(""), Field::Null],
                vec![Field::Long(-7), Field::Null, Field::Null],
            ]
        );
    }

    #[test]
    fn the_same_table_gives_the_same_bytes() {
        assert_eq!(table().bytes().unwrap(), table().bytes().unwrap());
    }

    #[test]
    fn many_rows_are_several_groups_and_none_is_lost() {
        let mut table = Table::default();
        let rows = 2 * GROUP + 1;
        table.push("n", Column::Whole((0..rows as i64).map(Some).collect()));
        let reader = SerializedFileReader::new(Bytes::from(table.bytes().unwrap())).unwrap();
        assert_eq!((reader.num_row_groups(), reader.metadata().file_metadata().num_rows()), (3, rows as i64));
        let last = reader.get_row_iter(None).unwrap().last().unwrap().unwrap().into_columns();
        assert_eq!(last[0].1, Field::Long(rows as i64 - 1));
    }

    #[test]
    fn a_table_without_rows_is_a_file_all_the_same() {
        let mut table = Table::default();
        table.push("n", Column::Number(vec![]));
        let reader = SerializedFileReader::new(Bytes::from(table.bytes().unwrap())).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }

    #[test]
    fn a_table_that_is_none_is_refused() {
        let mut twice = table();
        twice.push("cell", Column::Number(vec![1.0; 3]));
        assert!(twice.bytes().unwrap_err().to_string().contains("two columns are named `cell`"));
        let mut short = table();
        short.push("n", Column::Number(vec![1.0]));
        assert!(short.bytes().unwrap_err().to_string().contains("1 rows and not 3"));
    }
}
