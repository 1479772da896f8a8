//! A fitted step bound to the column of a table, writing its cells of the matrix.

use super::super::{Column, ColumnType, Table, Values};
use super::category::{Levels, Mapped, REFUSED, ordinal};
use super::dates;
use super::error::PrepError;
use super::number::{Bad, NumberStep, Scale};
use super::target::Encoding;
use serde::{Deserialize, Serialize};

/// One step and where it reads and writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    /// The column that it reads.
    pub(super) source: String,
    /// The first column of the matrix that it writes.
    pub(super) first: usize,
    pub(super) step: Step,
}

/// What is done to a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// One column of numbers.
    Number(NumberStep),
    /// A column per part of a date.
    Dates(Vec<NumberStep>),
    /// 0 and 1.
    Boolean(Levels),
    /// A column per level.
    OneHot(Levels),
    /// The index of the level.
    Ordinal { levels: Levels, scale: Scale },
    /// A column per encoding.
    Target { levels: Levels, encodings: Vec<Encoding> },
    /// 1 where the cell is missing.
    Indicator,
}

/// The cells of a column as a step reads them.
enum Cells<'a> {
    Numbers(&'a [f64]),
    Levels(Mapped<'a>),
    /// For the indicator, which takes any column.
    Any(&'a Column),
    /// Numbers are wanted and the column has no cell at all.
    Nothing,
}

/// A part bound to a table.
pub(super) struct Bound<'a> {
    part: &'a Part,
    cells: Cells<'a>,
    bad: Bad,
}

impl<'a> Bound<'a> {
    /// Finds the column of a part.
    pub(super) fn new(part: &'a Part, table: &'a Table) -> Result<Self, PrepError> {
        let idx = table
            .find(&part.source)
            .ok_or_else(|| PrepError::LacksColumn { column: part.source.clone() })?;
        let column = &table.columns[idx];
        let cells = match &part.step {
            Step::Number(_) => numbers(column, ColumnType::Number)?,
            Step::Dates(_) => numbers(column, ColumnType::Date)?,
            Step::Boolean(levels)
            | Step::OneHot(levels)
            | Step::Ordinal { levels, .. }
            | Step::Target { levels, .. } => Cells::Levels(levels.bind(column)?),
            Step::Indicator => Cells::Any(column),
        };
        Ok(Self { part, cells, bad: Bad::default() })
    }

    /// Writes some rows into a block of the matrix, `width` cells a row.
    pub(super) fn write(&mut self, block: &mut [f64], width: usize, rows: &[usize]) {
        // The part may write nothing: a category without any level.
        let Some(out) = block.get_mut(self.part.first..) else { return };
        let bad = &mut self.bad;
        match (&self.part.step, &self.cells) {
            (Step::Number(step), Cells::Numbers(numbers)) => {
                step.write(rows.iter().map(|&row| numbers[row]), out, width, bad);
            }
            (Step::Number(step), _) => {
                step.write(rows.iter().map(|_| f64::NAN), out, width, bad);
            }
            (Step::Dates(steps), cells) => {
                let seconds: Vec<f64> = match cells {
                    Cells::Numbers(numbers) => rows.iter().map(|&row| numbers[row]).collect(),
                    _ => vec![f64::NAN; rows.len()],
                };
                dates::write(steps, &seconds, out, width, bad);
            }
            (Step::Indicator, Cells::Any(column)) => {
                for (slot, &row) in out.iter_mut().step_by(width).zip(rows) {
                    *slot = if column.is_missing(row) { 1.0 } else { 0.0 };
                }
            }
            (step, Cells::Levels(mapped)) => write_levels(step, mapped, (out, width), rows, bad),
            _ => {}
        }
    }

    /// Reports cells that could not be used, of `rows` rows.
    pub(super) fn finish(self, rows: usize) -> Result<(), PrepError> {
        let column = self.part.source.clone();
        let Bad { missing, infinite } = self.bad;
        if infinite > 0 {
            return Err(PrepError::Infinite { column, count: infinite, rows });
        }
        if missing > 0 {
            return Err(PrepError::Missing { column, count: missing, rows });
        }
        Ok(())
    }
}

fn write_levels(
    step: &Step,
    mapped: &Mapped<'_>,
    (out, width): (&mut [f64], usize),
    rows: &[usize],
    bad: &mut Bad,
) {
    let indices = rows.iter().map(|&row| mapped.index(row));
    bad.missing += indices.clone().filter(|&index| index == REFUSED).count();
    match step {
        Step::OneHot(levels) => {
            for (at, index) in indices.enumerate() {
                if (index as usize) < levels.names.len() {
                    out[at * width + index as usize] = 1.0;
                }
            }
        }
        Step::Boolean(_) => {
            // An unknown word is no better known than a missing one.
            let other = ordinal(mapped.missing());
            for (slot, index) in out.iter_mut().step_by(width).zip(indices) {
                *slot = if index < REFUSED { ordinal(index) } else { other };
            }
        }
        Step::Ordinal { scale, .. } => {
            for (slot, index) in out.iter_mut().step_by(width).zip(indices) {
                *slot = scale.apply(ordinal(index));
            }
        }
        Step::Target { encodings, .. } => {
            for (column, encoding) in encodings.iter().enumerate() {
                let slots = out[column..].iter_mut().step_by(width);
                for (slot, index) in slots.zip(indices.clone()) {
                    *slot = encoding.value(index);
                }
            }
        }
        Step::Number(_) | Step::Dates(_) | Step::Indicator => {}
    }
}

/// The numbers of a column. One without any cell may have been read as another type.
fn numbers(column: &Column, kind: ColumnType) -> Result<Cells<'_>, PrepError> {
    match &column.values {
        Values::Numbers(numbers) => Ok(Cells::Numbers(numbers)),
        Values::Codes { levels, .. } if levels.is_empty() => Ok(Cells::Nothing),
        Values::Codes { .. } => Err(PrepError::Kind {
            column: column.name.clone(),
            expected: if kind == ColumnType::Date { "dates" } else { "numbers" },
            found: "words",
            word: kind.word(),
        }),
    }
}
