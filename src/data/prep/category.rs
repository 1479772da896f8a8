//! Categories and booleans: levels, what stands in for a missing cell, one-hot and ordinal codes.

use super::super::{Column, ColumnType, MISSING, Values};
use super::error::PrepError;
use super::form::MissingForm;
use super::number::Scale;
use super::part::Step;
use super::settings::Impute;
use super::{FeatureKind, Job};
use crate::domain::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The index of a level that was not there at the fit.
pub(super) const UNKNOWN: u32 = u32::MAX;
/// The index of a missing cell that nothing stands in for.
pub(super) const REFUSED: u32 = u32::MAX - 1;
/// Most columns that one category may become.
const MAX_ONE_HOT: usize = 1000;
/// The level of a missing cell that is imputed with a constant.
const MISSING_LEVEL: &str = "missing";

/// The fitted levels of a category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Levels {
    /// The texts; an index into them is what encodings work on.
    pub(super) names: Vec<String>,
    /// What a missing cell becomes.
    fill: Fill,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fill {
    /// An error.
    Refuse,
    /// Like a level that was not there at the fit.
    Unknown,
    /// A level.
    Level(u32),
}

/// A column of a table, its codes to be read as indices of fitted [`Levels`].
pub(super) struct Mapped<'a> {
    codes: &'a [u32],
    /// Index by code of the table's column.
    map: Vec<u32>,
    /// Index of a missing cell.
    missing: u32,
}

impl Mapped<'_> {
    /// The index of a row's level, [`UNKNOWN`] or [`REFUSED`].
    pub(super) fn index(&self, row: usize) -> u32 {
        match self.codes.get(row) {
            // A column without any cell has no codes at all.
            None | Some(&MISSING) => self.missing,
            Some(&code) => self.map[code as usize],
        }
    }

    /// The index of a missing cell.
    pub(super) fn missing(&self) -> u32 {
        self.missing
    }
}

impl Levels {
    /// Takes the levels that occur in the training rows, sorted, or all of the column.
    fn fit(job: &Job<'_>, all: bool) -> Result<Self, PrepError> {
        job.check_missing()?;
        let Values::Codes { codes, levels } = &job.column.values else {
            return Ok(Self { names: vec![], fill: Fill::Unknown });
        };
        let mut counts = vec![0usize; levels.len()];
        let mut n_missing = 0;
        for &row in job.rows {
            match codes[row] {
                MISSING => n_missing += 1,
                code => counts[code as usize] += 1,
            }
        }
        let kept = || counts.iter().enumerate().filter(|(_, n)| all || **n > 0);
        let mut names: Vec<String> = kept().map(|(code, _)| levels[code].clone()).collect();
        let kept_counts: Vec<usize> = kept().map(|(_, n)| *n).collect();
        let fill = match job.settings.impute {
            Impute::None => Fill::Refuse,
            Impute::Constant => {
                let text =
                    job.settings.fill.as_ref().map_or(MISSING_LEVEL.into(), Value::to_string);
                // A level of its own only where the training rows have such cells.
                let wanted = n_missing > 0 || (all && job.any_missing);
                constant(&mut names, text, all, wanted)
            }
            _ => most_frequent(&kept_counts),
        };
        Ok(Self { names, fill })
    }

    /// The fate of a missing cell for exporters.
    pub(super) fn missing(&self) -> MissingForm {
        match self.fill {
            Fill::Refuse => MissingForm::Refused,
            Fill::Unknown => MissingForm::Unknown,
            Fill::Level(index) => MissingForm::Level(index),
        }
    }

    /// Reads a table's column through these levels.
    pub(super) fn bind<'a>(&self, column: &'a Column) -> Result<Mapped<'a>, PrepError> {
        let missing = match self.fill {
            Fill::Refuse => REFUSED,
            Fill::Unknown => UNKNOWN,
            Fill::Level(index) => index,
        };
        match &column.values {
            Values::Codes { codes, levels } => {
                let index: BTreeMap<&str, u32> =
                    self.names.iter().map(String::as_str).zip(0..).collect();
                let map = levels
                    .iter()
                    .map(|level| index.get(level.as_str()).copied().unwrap_or(UNKNOWN))
                    .collect();
                Ok(Mapped { codes, map, missing })
            }
            Values::Numbers(numbers) if numbers.iter().all(|number| number.is_nan()) => {
                Ok(Mapped { codes: &[], map: vec![], missing })
            }
            Values::Numbers(_) => Err(PrepError::Kind {
                column: column.name.clone(),
                expected: "categories",
                found: "numbers",
                word: ColumnType::Category.word(),
            }),
        }
    }
}

/// The most frequent level, the first of several; without cells the first level, or like an unknown one.
fn most_frequent(counts: &[usize]) -> Fill {
    let best = (0..counts.len()).rev().max_by_key(|&index| counts[index]);
    best.map_or(Fill::Unknown, |index| Fill::Level(index as u32))
}

/// The level of the constant, added where it is wanted: at its place, or at the end where all levels keep theirs.
fn constant(names: &mut Vec<String>, text: String, at_end: bool, wanted: bool) -> Fill {
    let index = match names.iter().position(|name| *name == text) {
        Some(index) => index,
        None if !wanted => return Fill::Unknown,
        None => {
            let sorted = names.partition_point(|name| *name < text);
            let index = if at_end { names.len() } else { sorted };
            names.insert(index, text);
            index
        }
    };
    Fill::Level(index as u32)
}

/// The levels of the training rows, for target encoding.
pub(super) fn fit_levels(job: &Job<'_>) -> Result<Levels, PrepError> {
    Levels::fit(job, false)
}

/// A step with a column per level of the training rows, and their names.
pub(super) fn fit_one_hot(job: &Job<'_>) -> Result<(Step, Vec<(String, FeatureKind)>), PrepError> {
    let levels = Levels::fit(job, false)?;
    let count = levels.names.len();
    if count > MAX_ONE_HOT {
        let column = job.column.name.clone();
        return Err(PrepError::TooManyLevels { column, count, limit: MAX_ONE_HOT });
    }
    let names = levels.names.iter().map(|name| (format!("={name}"), FeatureKind::OneHot)).collect();
    Ok((Step::OneHot(levels), names))
}

/// A step with the index of the level among all of the column.
pub(super) fn fit_ordinal(job: &Job<'_>) -> Result<Step, PrepError> {
    let levels = Levels::fit(job, true)?;
    let mapped = levels.bind(job.column)?;
    let mut values: Vec<f64> = job.rows.iter().map(|&row| ordinal(mapped.index(row))).collect();
    let scale = Scale::fit(&mut values, job.settings);
    Ok(Step::Ordinal { levels, scale })
}

/// The number of an index.
pub(super) fn ordinal(index: u32) -> f64 {
    if index >= REFUSED { -1.0 } else { f64::from(index) }
}

/// A step with 0 for the first and 1 for the second of a boolean's words, in their order.
pub(super) fn fit_boolean(job: &Job<'_>) -> Result<Step, PrepError> {
    let mut levels = Levels::fit(job, true)?;
    let Values::Codes { levels: words, .. } = &job.column.values else {
        return Ok(Step::Boolean(levels));
    };
    if job.settings.impute == Impute::Constant {
        levels.names.clone_from(words);
        levels.fill = boolean_constant(job, words)?;
    }
    Ok(Step::Boolean(levels))
}

/// The fill of a boolean: one of its words, a boolean, 0 or 1; the first word by default.
fn boolean_constant(job: &Job<'_>, words: &[String]) -> Result<Fill, PrepError> {
    let Some(value) = &job.settings.fill else { return Ok(Fill::Level(0)) };
    let by_word = words.iter().position(|word| *word == value.to_string());
    let index = match value {
        _ if by_word.is_some() => by_word,
        Value::Bool(flag) => Some(usize::from(*flag)),
        other => other.as_i64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n < 2),
    };
    match index {
        Some(index) => Ok(Fill::Level(index as u32)),
        None if !job.any_missing => Ok(Fill::Refuse),
        None => Err(PrepError::Fill {
            column: job.column.name.clone(),
            kind: job.column.kind.word(),
            value: value.to_string(),
        }),
    }
}
