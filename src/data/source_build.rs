//! Takes cells in row order and grows columns: numbers as long as every cell parses, else texts.
//!
//! A column that turns out to be text after some numbers is read a second time, so that no cell is ever
//! kept as a string of its own: a table of numbers costs 8 bytes a cell.

use super::infer::{self, Texts, Typed};
use super::{Column, ColumnType, Error, NULL_SPELLINGS, SourceOptions, Table, Values};
use crate::domain::Value;
use indexmap::IndexMap;
use std::borrow::Cow;
use std::collections::HashMap;

/// One cell as a reader delivers it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'a> {
    /// A null of the format itself, with the spelling to report.
    Null(&'a str),
    /// Text, which may spell a number, a date or a missing cell.
    Text(&'a str),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
}

/// Distinct texts numbered in order of appearance.
#[derive(Debug, Default)]
pub(super) struct Interner {
    codes: HashMap<Box<str>, u32>,
    pub(super) cells: Vec<u32>,
}

#[derive(Debug)]
enum Cells {
    /// Only numbers so far; `seen` is true after the first that is not missing.
    Numbers { values: Vec<f64>, seen: bool },
    /// Texts.
    Texts(Interner),
    /// A text came after numbers.
    Reread,
}

#[derive(Debug)]
struct Draft {
    name: String,
    forced: Option<ColumnType>,
    cells: Cells,
    nulls: IndexMap<String, usize>,
    /// Complete after the first scan.
    done: bool,
}

/// Grows a table.
#[derive(Debug)]
pub(super) struct TableBuilder<'a> {
    options: &'a SourceOptions,
    nulls: Vec<&'a str>,
    /// A null spelling that parses as a number must be looked for before parsing.
    numeric_nulls: bool,
    drafts: Vec<Draft>,
    by_name: HashMap<String, usize>,
    n_rows: usize,
    expected_rows: usize,
    discard: bool,
    second: bool,
}

impl<'a> TableBuilder<'a> {
    pub(super) fn new(options: &'a SourceOptions) -> Self {
        let nulls: Vec<&str> = match &options.null_values {
            Some(own) => own.iter().map(|text| text.trim()).collect(),
            None => NULL_SPELLINGS.to_vec(),
        };
        let is_number = |text: &&str| text.parse::<f64>().is_ok_and(|v| !v.is_nan());
        Self {
            options,
            numeric_nulls: nulls.iter().any(is_number),
            nulls,
            drafts: Vec::new(),
            by_name: HashMap::new(),
            n_rows: 0,
            expected_rows: 0,
            discard: false,
            second: false,
        }
    }

    /// A builder that keeps nothing, for a scan that is only after the digest.
    pub(super) fn discarding(options: &'a SourceOptions) -> Self {
        Self { discard: true, ..Self::new(options) }
    }

    /// Says how many rows to make room for.
    pub(super) fn expect_rows(&mut self, rows: usize) {
        self.expected_rows = rows;
    }

    /// The index of a column, made on first sight with all earlier cells missing.
    pub(super) fn column(&mut self, name: &str) -> usize {
        if let Some(&idx) = self.by_name.get(name) {
            return idx;
        }
        let forced = self.options.types.get(name).copied();
        let mut nulls = IndexMap::new();
        if self.n_rows > 0 {
            nulls.insert(String::new(), self.n_rows);
        }
        let cells = match forced {
            None | Some(ColumnType::Number) => Cells::Numbers {
                values: filled(f64::NAN, self.n_rows, self.expected_rows),
                seen: false,
            },
            Some(_) => Cells::Texts(Interner::missing(self.n_rows, self.expected_rows)),
        };
        self.drafts.push(Draft { name: name.into(), forced, cells, nulls, done: false });
        self.by_name.insert(name.into(), self.drafts.len() - 1);
        self.drafts.len() - 1
    }

    /// Adds the next cell of a column; `place` makes the place for an error.
    pub(super) fn push(
        &mut self,
        column: usize,
        cell: Cell<'_>,
        place: &dyn Fn() -> String,
    ) -> Result<(), Error> {
        let draft = &mut self.drafts[column];
        if draft.done || self.discard {
            return Ok(());
        }
        let text = match cell {
            Cell::Null(spelling) => {
                draft.push_missing(spelling);
                return Ok(());
            }
            Cell::Text(text) => {
                let text = text.trim_ascii();
                if self.numeric_nulls && self.nulls.contains(&text) {
                    draft.push_missing(text);
                    return Ok(());
                }
                if draft.push_number(text.parse().ok()) {
                    return Ok(());
                }
                if self.nulls.contains(&text) || draft.is_nan(text) {
                    draft.push_missing(text);
                    return Ok(());
                }
                Cow::Borrowed(text)
            }
            Cell::Int(number) => {
                if draft.push_number(Some(number as f64)) {
                    return Ok(());
                }
                Cow::Owned(number.to_string())
            }
            Cell::Float(number) => {
                if number.is_nan() {
                    draft.push_missing("NaN");
                    return Ok(());
                }
                if draft.push_number(Some(number)) {
                    return Ok(());
                }
                Cow::Owned(Value::Float(number).to_string())
            }
        };
        draft.push_text(&text, place)
    }

    /// Ends a row that gave every column a cell.
    pub(super) fn end_full_row(&mut self) {
        self.n_rows += 1;
    }

    /// Ends a row; columns without a cell get a missing one.
    pub(super) fn end_row(&mut self) {
        self.n_rows += 1;
        let n_rows = self.n_rows;
        for draft in self.drafts.iter_mut().filter(|draft| !draft.done) {
            if draft.len().is_some_and(|len| len < n_rows) {
                draft.push_missing("");
            }
        }
    }

    /// True if the column already has a cell in the row that is open.
    pub(super) fn has_cell(&self, column: usize) -> bool {
        let draft = &self.drafts[column];
        !draft.done && draft.len().is_some_and(|len| len > self.n_rows)
    }

    /// The row that is open.
    pub(super) fn row(&self) -> usize {
        self.n_rows
    }

    /// Prepares the second scan; false if none is needed.
    pub(super) fn start_reread(&mut self) -> bool {
        let mut needed = false;
        for draft in &mut self.drafts {
            if matches!(draft.cells, Cells::Reread) {
                draft.cells = Cells::Texts(Interner::missing(0, self.n_rows));
                draft.nulls.clear();
                needed = true;
            } else {
                draft.done = true;
            }
        }
        if needed {
            self.n_rows = 0;
            self.second = true;
        }
        needed
    }

    /// True in the second scan, where readers need not repeat their checks.
    pub(super) fn is_second(&self) -> bool {
        self.second
    }

    /// Types the columns.
    pub(super) fn finish(self, place: &dyn Fn(usize) -> String) -> Result<Table, Error> {
        let n_rows = self.n_rows;
        let mut columns = Vec::with_capacity(self.drafts.len());
        for draft in self.drafts {
            columns.push(draft.finish(place)?);
        }
        Ok(Table { columns, n_rows })
    }
}

impl Draft {
    /// Takes a number if the column still holds numbers. `false` leaves the cell to the caller.
    fn push_number(&mut self, number: Option<f64>) -> bool {
        match (&mut self.cells, number) {
            (Cells::Numbers { values, seen }, Some(number)) if !number.is_nan() => {
                values.push(number);
                *seen = true;
                true
            }
            _ => false,
        }
    }

    /// True for a spelling of «not a number» in a column of numbers.
    fn is_nan(&self, text: &str) -> bool {
        matches!(self.cells, Cells::Numbers { .. }) && text.parse::<f64>().is_ok_and(f64::is_nan)
    }

    fn push_missing(&mut self, spelling: &str) {
        match &mut self.cells {
            Cells::Numbers { values, .. } => values.push(f64::NAN),
            Cells::Texts(texts) => texts.cells.push(super::MISSING),
            Cells::Reread => {}
        }
        match self.nulls.get_mut(spelling) {
            Some(count) => *count += 1,
            None => drop(self.nulls.insert(spelling.into(), 1)),
        }
    }

    fn push_text(&mut self, text: &str, place: &dyn Fn() -> String) -> Result<(), Error> {
        match &mut self.cells {
            Cells::Texts(texts) => texts.push(text),
            Cells::Reread => {}
            Cells::Numbers { .. } if self.forced == Some(ColumnType::Number) => {
                return Err(Error::source(
                    format!("{}, column '{}'", place(), self.name),
                    format!("'{text}' is not a number"),
                    format!("correct the cell, add '{text}' to null_values, or drop the type"),
                ));
            }
            Cells::Numbers { seen: true, .. } => self.cells = Cells::Reread,
            Cells::Numbers { values, .. } => {
                let mut texts = Interner::missing(values.len(), values.capacity());
                texts.push(text);
                self.cells = Cells::Texts(texts);
            }
        }
        Ok(())
    }

    /// Cells so far; unknown once the column waits for the second scan.
    fn len(&self) -> Option<usize> {
        match &self.cells {
            Cells::Numbers { values, .. } => Some(values.len()),
            Cells::Texts(texts) => Some(texts.cells.len()),
            Cells::Reread => None,
        }
    }

    fn finish(self, place: &dyn Fn(usize) -> String) -> Result<Column, Error> {
        let mut nulls: Vec<_> = self.nulls.into_iter().collect();
        nulls.sort();
        let Typed { kind, values, date_style } = match self.cells {
            Cells::Numbers { mut values, .. } => {
                values.shrink_to_fit();
                Typed::plain(ColumnType::Number, Values::Numbers(values))
            }
            Cells::Texts(texts) => {
                infer::type_texts(&self.name, texts.into_texts(), self.forced, place)?
            }
            Cells::Reread => {
                return Err(Error::Invalid(format!(
                    "column '{}' was not read again; mend: report this as a bug",
                    self.name
                )));
            }
        };
        Ok(Column { name: self.name, kind, values, null_spellings: nulls, date_style })
    }
}

impl Interner {
    fn missing(n_rows: usize, capacity: usize) -> Self {
        Self { codes: HashMap::new(), cells: filled(super::MISSING, n_rows, capacity) }
    }

    fn push(&mut self, text: &str) {
        let code = if let Some(&code) = self.codes.get(text) {
            code
        } else {
            let code = self.codes.len() as u32;
            self.codes.insert(text.into(), code);
            code
        };
        self.cells.push(code);
    }

    /// The texts in order of appearance, with a code per cell.
    fn into_texts(self) -> Texts {
        let mut pairs: Vec<(u32, Box<str>)> =
            self.codes.into_iter().map(|(text, code)| (code, text)).collect();
        pairs.sort_unstable_by_key(|(code, _)| *code);
        let mut codes = self.cells;
        codes.shrink_to_fit();
        Texts { codes, levels: pairs.into_iter().map(|(_, text)| text.into_string()).collect() }
    }
}

/// `n` equal values in a vector with room for `capacity`.
fn filled<T: Copy>(value: T, n: usize, capacity: usize) -> Vec<T> {
    let mut values = Vec::with_capacity(capacity.max(n));
    values.resize(n, value);
    values
}
