//! What fitted preprocessing computes, in plain numbers: for those who write it down elsewhere.

use super::Prep;
use super::category::{UNKNOWN, ordinal};
use super::number::NumberStep;
use super::part::Step;

/// One step over one column of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct PrepPart {
    /// The column of the table that it reads.
    pub source: String,
    /// The first column of the prepared matrix that it writes.
    pub first: usize,
    /// How many columns it writes.
    pub width: usize,
    /// What it computes.
    pub form: PrepForm,
}

/// What a step computes.
#[derive(Debug, Clone, PartialEq)]
pub enum PrepForm {
    /// One column of numbers from numbers, or from the seconds of dates.
    Number(NumberForm),
    /// Year, month, day, weekday (Monday is 0) and hour of a date in UTC, each then as a number.
    Dates(Vec<NumberForm>),
    /// 1 in the column of the cell's level, else 0; all 0 for an unknown level.
    OneHot {
        /// One a column.
        levels: Vec<String>,
        /// What a missing cell becomes.
        missing: MissingForm,
    },
    /// Numbers that stand for a level.
    Codes {
        /// The known levels.
        levels: Vec<String>,
        /// What a missing cell becomes.
        missing: MissingForm,
        /// Row-major `levels × width`.
        values: Vec<f64>,
        /// The `width` numbers of every other level.
        unknown: Vec<f64>,
    },
    /// 1 where the cell is missing, else 0.
    Indicator,
}

/// A column of numbers: `(x − shift) / by` of a cell that is clipped, or of what stands in for a missing one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberForm {
    /// Bounds that cells are clipped to.
    pub clip: Option<(f64, f64)>,
    /// Stands in for a missing cell, unclipped; without it a missing cell is an error.
    pub fill: Option<f64>,
    /// See the formula.
    pub shift: f64,
    /// See the formula.
    pub by: f64,
}

/// What becomes of a missing cell of a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingForm {
    /// It is an error.
    Refused,
    /// The same as an unknown level.
    Unknown,
    /// The same as the level of that index.
    Level(u32),
}

impl Prep {
    /// What is done to each column, in the order of the prepared matrix; a column has a second part if missing
    /// cells are marked.
    pub fn parts(&self) -> Vec<PrepPart> {
        let ends = self.parts.iter().skip(1).map(|part| part.first);
        let ends = ends.chain(std::iter::once(self.features.len()));
        let view = |(part, end): (&super::Part, usize)| PrepPart {
            source: part.source.clone(),
            first: part.first,
            width: end - part.first,
            form: part.step.form(),
        };
        self.parts.iter().zip(ends).map(view).collect()
    }
}

impl Step {
    fn form(&self) -> PrepForm {
        match self {
            Self::Number(step) => PrepForm::Number(step.form()),
            Self::Dates(steps) => PrepForm::Dates(steps.iter().map(NumberStep::form).collect()),
            Self::OneHot(levels) => {
                PrepForm::OneHot { levels: levels.names.clone(), missing: levels.missing() }
            }
            Self::Boolean(levels) => PrepForm::Codes {
                levels: levels.names.clone(),
                missing: levels.missing(),
                values: (0..levels.names.len()).map(|index| index as f64).collect(),
                // An unknown word is no better known than a missing one.
                unknown: vec![match levels.missing() {
                    MissingForm::Level(index) => f64::from(index),
                    MissingForm::Refused | MissingForm::Unknown => ordinal(UNKNOWN),
                }],
            },
            Self::Ordinal { levels, scale } => PrepForm::Codes {
                levels: levels.names.clone(),
                missing: levels.missing(),
                values: (0..levels.names.len()).map(|index| scale.apply(index as f64)).collect(),
                unknown: vec![scale.apply(ordinal(UNKNOWN))],
            },
            Self::Target { levels, encodings } => {
                let row = |index: u32| encodings.iter().map(move |encoding| encoding.value(index));
                PrepForm::Codes {
                    levels: levels.names.clone(),
                    missing: levels.missing(),
                    values: (0..levels.names.len() as u32).flat_map(row).collect(),
                    unknown: row(UNKNOWN).collect(),
                }
            }
            Self::Indicator => PrepForm::Indicator,
        }
    }
}
