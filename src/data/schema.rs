//! What the columns of new rows must hold, as the training rows did.

use super::{ColumnType, DateStyle, MISSING, NULL_SPELLINGS, SourceOptions, Table, Values};
use serde::{Deserialize, Serialize};

/// Columns that a model reads, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// In the order of the training data.
    pub columns: Vec<ColumnSchema>,
    /// Spellings of a missing cell, compared after trimming.
    pub null_values: Vec<String>,
}

/// One column that a model reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnSchema {
    /// Its name.
    pub name: String,
    /// What it means.
    pub kind: ColumnType,
    /// How dates are spelled; ISO dates are understood as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_style: Option<DateStyle>,
    /// The texts of the training rows, in order; both words of a boolean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
    /// True if the training rows lack some cells.
    pub has_missing: bool,
    /// Least and greatest finite number; dates in seconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
}

impl Schema {
    /// Describes some columns as some rows of a table show them. `source` says how the table was read.
    pub fn of(table: &Table, columns: &[usize], rows: &[usize], source: &SourceOptions) -> Self {
        let null_values = match &source.null_values {
            Some(own) => own.iter().map(|text| text.trim().to_string()).collect(),
            None => NULL_SPELLINGS.iter().map(ToString::to_string).collect(),
        };
        let describe = |&idx: &usize| ColumnSchema::of(&table.columns[idx], rows);
        Self { columns: columns.iter().map(describe).collect(), null_values }
    }

    /// The column of that name.
    pub fn find(&self, name: &str) -> Option<&ColumnSchema> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl ColumnSchema {
    fn of(column: &super::Column, rows: &[usize]) -> Self {
        let mut made = Self {
            name: column.name.clone(),
            kind: column.kind,
            date_style: column.date_style,
            levels: Vec::new(),
            has_missing: rows.iter().any(|&row| column.is_missing(row)),
            range: None,
        };
        match &column.values {
            Values::Numbers(numbers) => {
                let cells = rows.iter().map(|&row| numbers[row] + 0.0);
                made.range = cells.filter(|value| value.is_finite()).fold(None, |range, value| {
                    let (low, high) = range.unwrap_or((value, value));
                    Some((value.min(low), value.max(high)))
                });
            }
            Values::Codes { levels, .. } if column.kind == ColumnType::Boolean => {
                made.levels.clone_from(levels);
            }
            Values::Codes { codes, levels } => {
                let mut is_seen = vec![false; levels.len()];
                for code in rows.iter().map(|&row| codes[row]).filter(|&code| code != MISSING) {
                    is_seen[code as usize] = true;
                }
                let seen = levels.iter().zip(is_seen).filter(|(_, is_seen)| *is_seen);
                made.levels = seen.map(|(level, _)| level.clone()).collect();
            }
        }
        made
    }
}
