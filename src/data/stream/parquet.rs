//! Apache Parquet in blocks, only the columns that are read.

use super::super::parquet::{Cells, failed, held, names_of};
use super::super::{Error, Schema, SourceOptions};
use super::blocks::Block;
use super::cells::Rows;
use super::{Parsed, Source, head};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use std::fs::File;
use std::sync::{Mutex, PoisonError};

/// Rows of a block.
const BLOCK_ROWS: usize = 8192;

/// A Parquet file, decoded by one thread at a time.
pub(super) struct ParquetRows<'a> {
    reader: Mutex<(ParquetRecordBatchReader, usize)>,
    shown: String,
    schema: &'a Schema,
    ignored: Vec<String>,
}

impl<'a> ParquetRows<'a> {
    pub(super) fn open(options: &SourceOptions, schema: &'a Schema) -> Result<Self, Error> {
        let shown = options.shown.clone();
        let file = File::open(&options.path)
            .map_err(|source| Error::Io { path: shown.clone(), source })?;
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| failed(&shown, e))?;
        let names = names_of(builder.schema(), &shown)?;
        head::check_columns(&shown, schema, &names)?;
        let read = (0..names.len()).filter(|&idx| schema.find(&names[idx]).is_some());
        let mask = ProjectionMask::roots(builder.parquet_schema(), read);
        let builder = builder.with_projection(mask).with_batch_size(BLOCK_ROWS);
        let reader = builder.build().map_err(|error| failed(&shown, error))?;
        let ignored = head::others(schema, &names);
        Ok(Self { reader: Mutex::new((reader, 0)), shown, schema, ignored })
    }
}

impl Source for ParquetRows<'_> {
    fn next(&self) -> Result<Option<Block>, Error> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(batch) = reader.0.next() else { return Ok(None) };
        let batch = batch.map_err(|error| failed(&self.shown, error))?;
        let first_row = reader.1;
        reader.1 += batch.num_rows();
        Ok(Some(Block::Arrow { batch, first_row }))
    }

    fn parse(
        &self,
        block: &Block,
        from: usize,
        limit: usize,
        rows: &mut Rows<'_>,
    ) -> Result<Parsed, Error> {
        let mut parsed =
            Parsed { present: vec![true; self.schema.columns.len()], ..Parsed::default() };
        let Block::Arrow { batch, .. } = block else { return Ok(parsed) };
        let schema = batch.schema();
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            let wanted = self.schema.columns.iter().position(|c| c.name == *field.name());
            let Some(wanted) = wanted else { continue };
            columns.push((wanted, Cells::new(array).ok_or_else(|| held(&self.shown, field))?));
        }
        let end = batch.num_rows().min(from.saturating_add(limit));
        for row in from..end {
            for (column, cells) in &columns {
                rows.push(*column, cells.cell(row));
            }
            rows.end_full_row();
        }
        parsed.next = (end < batch.num_rows()).then_some(end);
        Ok(parsed)
    }

    fn ignored(&self) -> Vec<String> {
        self.ignored.clone()
    }
}
