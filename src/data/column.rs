//! Columns and tables in memory.

use super::DateStyle;
use serde::{Deserialize, Serialize};

/// The code of a missing value in [`Values::Codes`].
pub const MISSING: u32 = u32::MAX;

/// What a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Numbers.
    Number,
    /// Few distinct words.
    Category,
    /// Two words for yes and no.
    Boolean,
    /// A date or a time.
    Date,
    /// Free text; never a feature unless made a category.
    Text,
}

impl ColumnType {
    /// The word of the sweep file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Category => "category",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Text => "text",
        }
    }
}

/// The cells of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Numbers and dates (seconds since 1970 UTC); NaN is missing.
    Numbers(Vec<f64>),
    /// Categories, booleans and text: an index into `levels`, or [`MISSING`].
    Codes {
        /// One code a row.
        codes: Vec<u32>,
        /// The distinct texts, sorted, so that codes do not depend on row order.
        levels: Vec<String>,
    },
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name in the source.
    pub name: String,
    /// What it means.
    pub kind: ColumnType,
    /// Its cells.
    pub values: Values,
    /// The distinct spellings of missing cells (`""`, `NA`, …) with how often each occurs.
    pub null_spellings: Vec<(String, usize)>,
    /// How its source spells its dates; for columns of dates that were read from texts.
    pub date_style: Option<DateStyle>,
}

impl Column {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Numbers(numbers) => numbers.len(),
            Values::Codes { codes, .. } => codes.len(),
        }
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True if the cell is missing.
    pub fn is_missing(&self, row: usize) -> bool {
        match &self.values {
            Values::Numbers(numbers) => numbers[row].is_nan(),
            Values::Codes { codes, .. } => codes[row] == MISSING,
        }
    }

    /// Some rows of the column, in the order given. Levels stay as they are.
    fn take(mut self, rows: &[usize]) -> Self {
        match &mut self.values {
            Values::Numbers(numbers) => *numbers = rows.iter().map(|&row| numbers[row]).collect(),
            Values::Codes { codes, .. } => *codes = rows.iter().map(|&row| codes[row]).collect(),
        }
        self
    }

    /// How many cells are missing.
    pub fn n_missing(&self) -> usize {
        (0..self.len()).filter(|&row| self.is_missing(row)).count()
    }
}

/// Columns of equal length with different names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// In source order.
    pub columns: Vec<Column>,
    /// Rows.
    pub n_rows: usize,
}

impl Table {
    /// The rows whose cell in the column `idx` is not missing.
    #[must_use]
    pub fn without_missing(self, idx: usize) -> Self {
        let kept: Vec<usize> =
            (0..self.n_rows).filter(|&row| !self.columns[idx].is_missing(row)).collect();
        if kept.len() == self.n_rows {
            return self;
        }
        let columns = self.columns.into_iter().map(|column| column.take(&kept)).collect();
        Self { columns, n_rows: kept.len() }
    }

    /// The index of the column of that name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The mend for a column that is not there: the nearest name, and those that are.
    pub(super) fn name_mend(&self, name: &str) -> String {
        let lower = name.to_lowercase();
        let distance =
            |column: &&Column| strsim::damerau_levenshtein(&lower, &column.name.to_lowercase());
        let nearest = self.columns.iter().min_by_key(distance);
        let close = nearest.filter(|column| distance(column) <= (lower.chars().count() / 3).max(1));
        let listed: Vec<String> =
            self.columns.iter().take(LISTED).map(|column| format!("'{}'", column.name)).collect();
        let more = if self.columns.len() > LISTED { ", …" } else { "" };
        let columns = format!("columns there: {}{more}", listed.join(", "));
        match close {
            Some(column) => format!("did you mean '{}'? {columns}", column.name),
            None => format!("name one that is there; {columns}"),
        }
    }
}

/// Columns that a message lists.
const LISTED: usize = 30;
