//! Apache Parquet, by the `parquet` and `arrow` crates; flat columns only.

use super::source::Scan;
use super::source_build::{Cell, TableBuilder};
use super::{Error, SourceOptions};
use crate::domain::Digest;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fmt::Display;
use std::fs::File;
use std::path::PathBuf;

/// A Parquet file, read in batches.
#[derive(Debug)]
pub(super) struct ParquetSource {
    path: PathBuf,
    shown: String,
    digest: Digest,
}

impl ParquetSource {
    pub(super) fn open(options: &SourceOptions) -> Result<Self, Error> {
        let mut cache = super::NoCache;
        let digest = super::hash_file(&options.path, &mut cache)?;
        Ok(Self { path: options.path.clone(), shown: options.shown.clone(), digest })
    }

    fn failed(&self, error: impl Display) -> Error {
        failed(&self.shown, error)
    }

    fn add_batch(&self, builder: &mut TableBuilder<'_>, batch: &RecordBatch) -> Result<(), Error> {
        let schema = batch.schema();
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            let cells = Cells::new(array).ok_or_else(|| held(&self.shown, field))?;
            columns.push((builder.column(field.name()), cells));
        }
        for row in 0..batch.num_rows() {
            let row_idx = builder.row();
            let place = || self.place(row_idx);
            for (column, cells) in &columns {
                builder.push(*column, cells.cell(row), &place)?;
            }
            builder.end_full_row();
        }
        Ok(())
    }
}

impl Scan for ParquetSource {
    fn scan(&self, builder: &mut TableBuilder<'_>) -> Result<(), Error> {
        let file = File::open(&self.path)
            .map_err(|source| Error::Io { path: self.shown.clone(), source })?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| self.failed(e))?;
        names_of(reader.schema(), &self.shown)?;
        let n_rows = reader.metadata().file_metadata().num_rows();
        builder.expect_rows(usize::try_from(n_rows).unwrap_or(0));
        for batch in reader.build().map_err(|error| self.failed(error))? {
            self.add_batch(builder, &batch.map_err(|error| self.failed(error))?)?;
        }
        Ok(())
    }

    fn place(&self, row: usize) -> String {
        format!("{}, row {}", self.shown, row + 1)
    }

    fn digest(&self) -> Digest {
        self.digest
    }
}

pub(super) fn failed(shown: &str, error: impl Display) -> Error {
    let what = format!("is not a readable Parquet file: {error}");
    Error::source(shown, what, "write it again, or convert it to CSV")
}

/// A column of a kind that no cell has.
pub(super) fn held(shown: &str, field: &Field) -> Error {
    let what = format!("column '{}' holds {}", field.name(), field.data_type());
    Error::source(shown, what, "leave the column out or flatten it")
}

/// The column names, each given and given once.
pub(super) fn names_of(schema: &Schema, shown: &str) -> Result<Vec<String>, Error> {
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    for (idx, name) in names.iter().enumerate() {
        if name.trim().is_empty() || names[..idx].contains(name) {
            let what = format!("the column name '{name}' is empty or given twice");
            return Err(Error::source(shown, what, "give every column a name"));
        }
    }
    Ok(names)
}

/// A column of a batch in one of the shapes that cells have.
pub(super) enum Cells {
    Ints(ArrayRef),
    Floats(ArrayRef),
    Texts(ArrayRef),
}

impl Cells {
    /// None for nested and binary columns.
    pub(super) fn new(array: &ArrayRef) -> Option<Self> {
        let kind = array.data_type();
        if matches!(kind, DataType::Binary | DataType::LargeBinary | DataType::BinaryView)
            || matches!(kind, DataType::FixedSizeBinary(_))
            || kind.is_nested()
        {
            return None;
        }
        if kind.is_integer() && *kind != DataType::UInt64 {
            return cast(array, &DataType::Int64).ok().map(Self::Ints);
        }
        if kind.is_numeric() {
            return cast(array, &DataType::Float64).ok().map(Self::Floats);
        }
        // A timestamp with a zone counts from 1970 UTC all the same; naming the zone needs tables of zones.
        if let DataType::Timestamp(unit, Some(_)) = kind {
            let counts = cast(array, &DataType::Int64).ok()?;
            return Self::new(&cast(&counts, &DataType::Timestamp(*unit, None)).ok()?);
        }
        // Dates and times become ISO texts, which are inferred as dates again.
        cast(array, &DataType::Utf8).ok().map(Self::Texts)
    }

    pub(super) fn cell(&self, row: usize) -> Cell<'_> {
        let (Self::Ints(array) | Self::Floats(array) | Self::Texts(array)) = self;
        if array.is_null(row) {
            return Cell::Null("null");
        }
        match self {
            Self::Ints(array) => Cell::Int(array.as_primitive::<Int64Type>().value(row)),
            Self::Floats(array) => Cell::Float(array.as_primitive::<Float64Type>().value(row)),
            Self::Texts(array) => Cell::Text(array.as_string::<i32>().value(row)),
        }
    }
}
