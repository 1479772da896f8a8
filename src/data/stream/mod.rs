//! New rows for a model, read in blocks on all cores in constant memory, in the order of the file.
//!
//! Cells are read by the [`Schema`] of the training data, never typed anew: the same file gives the same bits here
//! and through [`read`](super::read()).

mod blocks;
mod cells;
mod csv;
mod head;
mod json;
mod ordered;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(test)]
mod tests;

use super::source::format_of;
use super::source_build::Cell;
use super::{ColumnType, Error, Format, Schema, SourceOptions, Table, Values};
use blocks::{Block, TextBlocks};
use cells::{Reading, Rows, UnknownTexts, Wrong};
use std::sync::{Mutex, PoisonError};

/// Texts of a column, not seen in training, that a report lists.
const LISTED_TEXTS: usize = 20;

/// How a stream works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamSettings {
    /// Most rows of a batch.
    pub batch_rows: usize,
    /// Worker threads, at least 1.
    pub threads: usize,
}

impl Default for StreamSettings {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { batch_rows: 8192, threads }
    }
}

/// Some rows, ready for a model.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The columns of the schema.
    pub table: Table,
    places: Places<'a>,
}

/// Where rows stand, for messages.
#[derive(Debug)]
struct Places<'a> {
    shown: &'a str,
    block: &'a Block,
    /// Where each row begins in a text.
    starts: Vec<u32>,
    first_row: usize,
}

impl Batch<'_> {
    /// The place of a row of the batch: `x.csv, line 7`.
    pub fn place(&self, row: usize) -> String {
        self.places.of(row)
    }
}

impl Places<'_> {
    fn of(&self, row: usize) -> String {
        let start = self.starts.get(row).map(|&start| start as usize);
        let (bytes, first_line) = self.block.text();
        match start {
            Some(start) => {
                let before = blocks::lines(&bytes[..start]);
                format!("{}, line {}", self.shown, first_line + before)
            }
            None => format!("{}, row {}", self.shown, self.first_row + row + 1),
        }
    }
}

/// What came by, beside the rows themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Streamed {
    /// Rows.
    pub rows: u64,
    /// In the order of the schema.
    pub columns: Vec<ColumnNotes>,
    /// Columns of the source that the schema does not name: in the order of a header; of JSON, whose objects have
    /// keys of their own each, the first 100 in alphabetical order.
    pub ignored: Vec<String>,
}

/// What is notable about the cells of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnNotes {
    /// The column.
    pub name: String,
    /// Missing cells.
    pub missing: u64,
    /// Cells with a text that the training rows did not have.
    pub unknown: u64,
    /// The first such texts with their counts, at most 20.
    pub unknown_texts: Vec<(String, u64)>,
    /// Numbers and dates outside the range of the training rows.
    pub outside: u64,
}

/// What one batch adds to [`Streamed`].
#[derive(Debug, Default)]
struct Notes {
    rows: u64,
    missing: Vec<u64>,
    outside: Vec<u64>,
    unknown: Vec<UnknownTexts>,
    /// Columns that had a key; for JSON, where each object has keys of its own.
    present: Vec<bool>,
}

/// A source that is read block by block.
trait Source: Sync {
    /// Takes the next block; called by one thread at a time.
    fn next(&self) -> Result<Option<Block>, Error>;
    /// Checks and converts a block once, on the thread that works on it.
    fn prepare(&self, block: Block) -> Result<Block, Error> {
        Ok(block)
    }
    /// Parses rows of a block from an offset, at most so many; the offset behind them, and where they began.
    fn parse(
        &self,
        block: &Block,
        from: usize,
        limit: usize,
        rows: &mut Rows<'_>,
    ) -> Result<Parsed, Error>;
    /// Columns that came by and are not in the schema.
    fn ignored(&self) -> Vec<String>;
}

/// What [`Source::parse`] found.
#[derive(Debug, Default)]
struct Parsed {
    /// The offset behind the rows; none at the end of the block.
    next: Option<usize>,
    starts: Vec<u32>,
    present: Vec<bool>,
}

/// Reads rows by a schema, hands batches to `work` on several threads, and its answers in order to `take`, with the
/// number of rows before them.
///
/// CSV, JSON lines and, with the cargo feature, Parquet. Other columns of the source are ignored, their order too.
///
/// # Errors
/// When the source cannot be read, lacks columns of the schema (all are named) or has cells of the wrong type (the
/// first of each column in the batch are named); whatever `work` and `take` answer. The first error in the order of
/// the rows wins, whatever the threads.
pub fn stream<T: Send, E: From<Error> + Send>(
    options: &SourceOptions,
    schema: &Schema,
    settings: StreamSettings,
    work: &(impl Fn(&Batch<'_>) -> Result<T, E> + Sync),
    take: &mut impl FnMut(u64, T) -> Result<(), E>,
) -> Result<Streamed, E> {
    let own;
    let schema = match &options.null_values {
        Some(nulls) => {
            let null_values = nulls.iter().map(|text| text.trim().to_string()).collect();
            own = Schema { columns: schema.columns.clone(), null_values };
            &own
        }
        None => schema,
    };
    let reading = Reading::new(schema);
    let source = open(options, schema)?;
    let source = source.as_ref();
    let mut total = Streamed::new(schema);
    let mut present = vec![false; schema.columns.len()];
    let job = |block: Block| work_block(source, &reading, &options.shown, settings, block, work);
    ordered::run(settings.threads.max(1), &|| source.next(), &job, &mut |answers| {
        for (answer, notes) in answers {
            let first = total.rows;
            total.add(&notes);
            present.iter_mut().zip(&notes.present).for_each(|(all, one)| *all |= one);
            take(first, answer)?;
        }
        Ok(())
    })?;
    if total.rows > 0 {
        head::check_present(&options.shown, schema, &present)?;
    }
    total.ignored = source.ignored();
    Ok(total)
}

/// Parses and works on one block, batch by batch.
fn work_block<T, E: From<Error>>(
    source: &dyn Source,
    reading: &Reading<'_>,
    shown: &str,
    settings: StreamSettings,
    block: Block,
    work: &impl Fn(&Batch<'_>) -> Result<T, E>,
) -> Result<Vec<(T, Notes)>, E> {
    let block = &source.prepare(block)?;
    let mut answers = Vec::new();
    let mut from = Some(0);
    let mut first_row = block.first_row();
    while let Some(offset) = from {
        let mut rows = reading.rows();
        let parsed = source.parse(block, offset, settings.batch_rows.max(1), &mut rows)?;
        from = parsed.next;
        let places = Places { shown, block, starts: parsed.starts, first_row };
        first_row += rows.n_rows();
        if !rows.wrong.is_empty() {
            return Err(wrong_cells(reading.schema, &rows.wrong, &places).into());
        }
        if rows.n_rows() == 0 {
            continue;
        }
        let (table, unknown) = rows.finish();
        let notes = Notes::of(reading.schema, &table, unknown, parsed.present);
        let answer = work(&Batch { table, places })?;
        answers.push((answer, notes));
    }
    Ok(answers)
}

/// One error for every column with a cell of the wrong type.
fn wrong_cells(schema: &Schema, wrong: &[Wrong], places: &Places<'_>) -> Error {
    let mut wrong: Vec<&Wrong> = wrong.iter().collect();
    wrong.sort_by_key(|wrong| (wrong.row, wrong.column));
    let first = places.of(wrong[0].row);
    let each: Vec<String> = wrong
        .iter()
        .map(|wrong| {
            let column = &schema.columns[wrong.column];
            let kind = if column.kind == ColumnType::Date { "a date" } else { "a number" };
            let place = places.of(wrong.row);
            let place = if place == first { String::new() } else { format!(" ({place})") };
            format!("column '{}' holds '{}', which is not {kind}{place}", column.name, wrong.text)
        })
        .collect();
    Error::source(
        first,
        each.join("; "),
        "correct the cells, empty them if unknown, or train a model on columns of this type",
    )
}

fn open<'a>(options: &'a SourceOptions, schema: &'a Schema) -> Result<Box<dyn Source + 'a>, Error> {
    let format = format_of(options)?;
    super::source::refuse_foreign_keys(options, format)?;
    if let Some(name) = options.types.keys().next() {
        let what = "column types are those of the model";
        return Err(Error::role("types", name, what, "remove 'types'"));
    }
    match format {
        Format::Csv => Ok(Box::new(csv::CsvRows::open(options, schema)?)),
        Format::JsonLines => Ok(Box::new(json::JsonRows::open(options, schema)?)),
        Format::Parquet => open_parquet(options, schema),
        Format::Json | Format::Sqlite => Err(Error::source(
            &options.shown,
            "is no table that can be read row by row",
            "give CSV, JSON lines (one object a line) or Parquet",
        )),
    }
}

#[cfg(feature = "parquet")]
fn open_parquet<'a>(
    options: &'a SourceOptions,
    schema: &'a Schema,
) -> Result<Box<dyn Source + 'a>, Error> {
    Ok(Box::new(parquet::ParquetRows::open(options, schema)?))
}

#[cfg(not(feature = "parquet"))]
fn open_parquet<'a>(
    options: &'a SourceOptions,
    _: &'a Schema,
) -> Result<Box<dyn Source + 'a>, Error> {
    Err(super::source::no_parquet(options))
}

/// Reads rows that are given as JSON objects, one a line: a few rows in memory, by the way of a stream.
///
/// # Errors
/// As [`stream`]; places begin with `shown`.
pub fn table_of_objects(text: &str, shown: &str, schema: &Schema) -> Result<Table, Error> {
    let reading = Reading::new(schema);
    let source = json::JsonRows::of_text(shown, schema);
    let block = Block::Text { bytes: text.as_bytes().to_vec(), first_line: 1 };
    let mut rows = reading.rows();
    let parsed = source.parse(&block, 0, usize::MAX, &mut rows)?;
    let places = Places { shown, block: &block, starts: parsed.starts, first_row: 0 };
    if !rows.wrong.is_empty() {
        return Err(wrong_cells(schema, &rows.wrong, &places));
    }
    if rows.n_rows() > 0 {
        head::check_present(shown, schema, &parsed.present)?;
    }
    Ok(rows.finish().0)
}

impl Streamed {
    fn new(schema: &Schema) -> Self {
        let named = |name: &String| ColumnNotes { name: name.clone(), ..ColumnNotes::default() };
        let columns = schema.columns.iter().map(|c| named(&c.name)).collect();
        Self { columns, ..Self::default() }
    }

    fn add(&mut self, notes: &Notes) {
        self.rows += notes.rows;
        for (idx, column) in self.columns.iter_mut().enumerate() {
            column.missing += notes.missing[idx];
            column.outside += notes.outside[idx];
        }
        for (idx, texts) in &notes.unknown {
            let column = &mut self.columns[*idx];
            for (text, count) in texts {
                column.unknown += count;
                let listed = &mut column.unknown_texts;
                match listed.iter().position(|(known, _)| known == text) {
                    Some(at) => listed[at].1 += count,
                    None if listed.len() < LISTED_TEXTS => listed.push((text.clone(), *count)),
                    None => {}
                }
            }
        }
    }
}

impl Notes {
    fn of(schema: &Schema, table: &Table, unknown: Vec<UnknownTexts>, present: Vec<bool>) -> Self {
        let missing = table.columns.iter().map(|column| column.n_missing() as u64).collect();
        let outside = |(column, schema): (&super::Column, &super::ColumnSchema)| match (
            &column.values,
            schema.range,
        ) {
            (Values::Numbers(numbers), Some((low, high))) => {
                numbers.iter().filter(|&&value| value < low || value > high).count() as u64
            }
            _ => 0,
        };
        let outside = table.columns.iter().zip(&schema.columns).map(outside).collect();
        Self { rows: table.n_rows as u64, missing, outside, unknown, present }
    }
}

/// Blocks of a text behind a lock, since workers take them in turn.
fn next_of(blocks: &Mutex<TextBlocks>) -> Result<Option<Block>, Error> {
    blocks.lock().unwrap_or_else(PoisonError::into_inner).next()
}
