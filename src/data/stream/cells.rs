//! Grows a table of new rows by the schema of the training data: each cell is read as that one was.

use super::super::infer::is_boolean;
use super::super::infer_date::{self, DateStyle};
use super::super::source_build::Cell;
use super::super::{Column, ColumnSchema, ColumnType, MISSING, Schema, Table, Values};
use crate::domain::Value;
use std::borrow::Cow;
use std::collections::HashMap;

/// A schema made ready for reading.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) schema: &'a Schema,
    nulls: Vec<&'a str>,
    /// A null spelling that parses as a number must be looked for before parsing.
    has_numeric_nulls: bool,
    /// Code by text, for columns of texts.
    codes: Vec<HashMap<&'a str, u32>>,
    /// True for columns of booleans whose words are known in any case.
    folds_case: Vec<bool>,
}

/// A cell that is not of its column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) column: usize,
    pub(super) row: usize,
    pub(super) text: String,
}

/// A column and its texts that the training rows did not have, with their counts.
pub(super) type UnknownTexts = (usize, Vec<(String, u64)>);

/// Some rows on their way into a table.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    reading: &'a Reading<'a>,
    drafts: Vec<Draft>,
    done: usize,
    /// The first wrong cell of each column, in the order of their coming.
    pub(super) wrong: Vec<Wrong>,
}

#[derive(Debug)]
enum Draft {
    Numbers(Vec<f64>),
    Dates(Vec<f64>),
    Texts {
        cells: Vec<u32>,
        /// Texts that the training rows did not have; their codes follow those of the schema.
        unknown: Vec<String>,
        by_text: HashMap<String, u32>,
    },
}

impl<'a> Reading<'a> {
    pub(super) fn new(schema: &'a Schema) -> Self {
        let nulls: Vec<&str> = schema.null_values.iter().map(String::as_str).collect();
        let is_number = |text: &&str| text.parse::<f64>().is_ok_and(|v| !v.is_nan());
        let codes = |column: &'a ColumnSchema| column.levels.iter().map(String::as_str).zip(0..);
        let folds = |column: &ColumnSchema| {
            column.kind == ColumnType::Boolean && is_boolean(&column.levels)
        };
        Self {
            schema,
            has_numeric_nulls: nulls.iter().any(is_number),
            nulls,
            codes: schema.columns.iter().map(|column| codes(column).collect()).collect(),
            folds_case: schema.columns.iter().map(folds).collect(),
        }
    }

    pub(super) fn rows(&self) -> Rows<'_> {
        let draft = |column: &ColumnSchema| match column.kind {
            ColumnType::Number => Draft::Numbers(Vec::new()),
            ColumnType::Date => Draft::Dates(Vec::new()),
            ColumnType::Category | ColumnType::Boolean | ColumnType::Text => {
                Draft::Texts { cells: Vec::new(), unknown: Vec::new(), by_text: HashMap::new() }
            }
        };
        let drafts = self.schema.columns.iter().map(draft).collect();
        Rows { reading: self, drafts, done: 0, wrong: Vec::new() }
    }

    fn is_null(&self, text: &str) -> bool {
        self.nulls.contains(&text)
    }

    /// The code of a known text.
    fn code(&self, column: usize, text: &str) -> Option<u32> {
        let known = self.codes[column].get(text).copied();
        if known.is_some() || !self.folds_case[column] {
            return known;
        }
        let levels = &self.schema.columns[column].levels;
        let found = levels.iter().position(|level| level.eq_ignore_ascii_case(text));
        found.map(|code| code as u32)
    }
}

impl Rows<'_> {
    pub(super) fn n_rows(&self) -> usize {
        self.done
    }

    /// Adds the cell of a column in the row that is open; a cell of the wrong type is remembered.
    pub(super) fn push(&mut self, column: usize, cell: Cell<'_>) {
        let reading = self.reading;
        let taken = match &mut self.drafts[column] {
            Draft::Numbers(cells) => number(reading, cell).map(|value| cells.push(value)).is_some(),
            Draft::Dates(cells) => {
                let style = reading.schema.columns[column].date_style;
                date(reading, cell, style).map(|value| cells.push(value)).is_some()
            }
            Draft::Texts { cells, unknown, by_text } => {
                cells.push(match text_of(reading, cell) {
                    None => MISSING,
                    Some(text) => reading.code(column, &text).unwrap_or_else(|| {
                        unknown_code(unknown, by_text, &text)
                            + reading.schema.columns[column].levels.len() as u32
                    }),
                });
                true
            }
        };
        if !taken {
            self.push_wrong(column, cell);
        }
    }

    fn push_wrong(&mut self, column: usize, cell: Cell<'_>) {
        self.drafts[column].push_missing();
        if self.wrong.iter().all(|wrong| wrong.column != column) {
            let text = spelled(cell).into_owned();
            self.wrong.push(Wrong { column, row: self.done, text });
        }
    }

    /// True if the column has a cell in the row that is open.
    pub(super) fn has_cell(&self, column: usize) -> bool {
        self.drafts[column].len() > self.done
    }

    /// Ends a row; columns without a cell get a missing one.
    pub(super) fn end_row(&mut self) {
        self.done += 1;
        for draft in &mut self.drafts {
            if draft.len() < self.done {
                draft.push_missing();
            }
        }
    }

    /// Ends a row that gave every column a cell.
    pub(super) fn end_full_row(&mut self) {
        self.done += 1;
    }

    /// The table, and the texts of each column that the training rows did not have, with their counts.
    pub(super) fn finish(self) -> (Table, Vec<UnknownTexts>) {
        let mut unknown_texts = Vec::new();
        let mut columns = Vec::with_capacity(self.drafts.len());
        for ((idx, draft), schema) in
            self.drafts.into_iter().enumerate().zip(&self.reading.schema.columns)
        {
            let values = match draft {
                Draft::Numbers(cells) | Draft::Dates(cells) => Values::Numbers(cells),
                Draft::Texts { cells, unknown, .. } => {
                    if !unknown.is_empty() {
                        unknown_texts.push((idx, counted(&cells, &unknown, schema.levels.len())));
                    }
                    let mut levels = schema.levels.clone();
                    levels.extend(unknown);
                    Values::Codes { codes: cells, levels }
                }
            };
            columns.push(Column {
                name: schema.name.clone(),
                kind: schema.kind,
                values,
                null_spellings: Vec::new(),
                date_style: schema.date_style,
            });
        }
        (Table { columns, n_rows: self.done }, unknown_texts)
    }
}

impl Draft {
    fn push_missing(&mut self) {
        match self {
            Self::Numbers(cells) | Self::Dates(cells) => cells.push(f64::NAN),
            Self::Texts { cells, .. } => cells.push(MISSING),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Numbers(cells) | Self::Dates(cells) => cells.len(),
            Self::Texts { cells, .. } => cells.len(),
        }
    }
}

fn unknown_code(unknown: &mut Vec<String>, by_text: &mut HashMap<String, u32>, text: &str) -> u32 {
    if let Some(&code) = by_text.get(text) {
        return code;
    }
    let code = unknown.len() as u32;
    by_text.insert(text.into(), code);
    unknown.push(text.into());
    code
}

fn counted(cells: &[u32], unknown: &[String], n_known: usize) -> Vec<(String, u64)> {
    let mut counts = vec![0; unknown.len()];
    for &code in cells.iter().filter(|&&code| code != MISSING && code as usize >= n_known) {
        counts[code as usize - n_known] += 1;
    }
    unknown.iter().cloned().zip(counts).collect()
}

/// The number of a cell, NaN if it is missing; none if it is no number.
fn number(reading: &Reading<'_>, cell: Cell<'_>) -> Option<f64> {
    let text = match cell {
        Cell::Null(_) => return Some(f64::NAN),
        Cell::Int(value) => return Some(value as f64),
        Cell::Float(value) => return Some(value),
        Cell::Text(text) => text.trim_ascii(),
    };
    if reading.has_numeric_nulls && reading.is_null(text) {
        return Some(f64::NAN);
    }
    // A parsed NaN is a spelling of «missing», too.
    text.parse().ok().or_else(|| reading.is_null(text).then_some(f64::NAN))
}

/// The seconds of a date, NaN if it is missing; none if it is no date.
fn date(reading: &Reading<'_>, cell: Cell<'_>, style: Option<DateStyle>) -> Option<f64> {
    let text = match cell {
        Cell::Null(_) => return Some(f64::NAN),
        Cell::Int(_) => return None,
        Cell::Float(value) => return value.is_nan().then_some(value),
        Cell::Text(text) => text.trim_ascii(),
    };
    if reading.is_null(text) {
        return Some(f64::NAN);
    }
    let own = style.and_then(|style| infer_date::parse(text, style));
    own.or_else(|| infer_date::parse(text, DateStyle::Iso))
}

/// The text of a cell; none if it is missing.
fn text_of<'c>(reading: &Reading<'_>, cell: Cell<'c>) -> Option<Cow<'c, str>> {
    match cell {
        Cell::Null(_) => None,
        Cell::Float(value) if value.is_nan() => None,
        Cell::Text(text) => {
            let text = text.trim_ascii();
            (!reading.is_null(text)).then_some(Cow::Borrowed(text))
        }
        number => Some(spelled(number)),
    }
}

fn spelled(cell: Cell<'_>) -> Cow<'_, str> {
    match cell {
        Cell::Null(text) => Cow::Borrowed(text),
        Cell::Text(text) => Cow::Borrowed(text.trim_ascii()),
        Cell::Int(value) => Cow::Owned(value.to_string()),
        Cell::Float(value) => Cow::Owned(Value::Float(value).to_string()),
    }
}
