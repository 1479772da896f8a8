//! Preprocessing: from the cells of some rows to one matrix of numbers.
//!
//! All statistics come from the rows that are fitted on, unweighted. Per column, in this order: dates become
//! parts or a number, outliers are clipped, missing cells imputed, categories encoded, and numbers scaled (dates,
//! ordinal codes and target encodings too; not one-hot, boolean and indicator columns).
//!
//! The rest of the table decides only the shape: an indicator stands for each column with a missing cell in any
//! row, and ordinal codes count all levels of the column, so that folds agree on them.

mod category;
mod dates;
mod error;
mod form;
mod number;
mod part;
mod settings;
mod target;

pub use error::PrepError;
pub use form::{MissingForm, NumberForm, PrepForm, PrepPart};
pub use settings::choices;

use super::{Column, ColumnType, Dataset, PrepChoice, Table, Values};
use ndarray::Array2;
use number::NumberStep;
use part::{Bound, Part, Step};
use serde::{Deserialize, Serialize};
use settings::{DateMode, Encode, Settings};

/// Rows that are written at a time: a block of some hundred columns stays in the cache, since columns are
/// read along and rows are written along.
const BLOCK_ROWS: usize = 128;

/// Fitted preprocessing; saved with a model, it prepares new rows to the bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prep {
    features: Vec<Feature>,
    parts: Vec<Part>,
}

/// One column of the prepared matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// `age`, `color=red`, `when:month`, `age:missing`; with target encoding of many classes `city:CLASS`.
    pub name: String,
    /// The column of the table that it comes from.
    pub source: String,
    /// What it is.
    pub kind: FeatureKind,
}

/// What a prepared column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    /// A number of the table.
    Number,
    /// A part of a date, or its seconds.
    Date,
    /// 0 or 1 for the two words of a boolean.
    Boolean,
    /// 1 where a category has one level.
    OneHot,
    /// The index of a category's level; −1 if it is unknown.
    Ordinal,
    /// The smoothed mean of the target per level.
    Target,
    /// 1 where a cell is missing.
    Indicator,
}

impl Prep {
    /// Fits on some rows of a data set and prepares these rows.
    ///
    /// Target encodings of the rows themselves are out-of-fold (5 inner folds by `seed`), so the matrix is not what
    /// [`Prep::transform`] makes of the same rows. Rows must be below the table's count.
    ///
    /// # Errors
    /// When a setting does not suit its column, cells are missing or infinite and nothing handles them, or no
    /// feature is left.
    pub fn fit_transform(
        ds: &Dataset,
        rows: &[usize],
        choices: &[PrepChoice],
        seed: u64,
    ) -> Result<(Self, Array2<f64>), PrepError> {
        if rows.is_empty() {
            return Err(PrepError::NoRows);
        }
        let settings = settings::by_feature(ds, choices)?;
        let mut prep = Self { features: vec![], parts: vec![] };
        let mut out_of_fold = vec![];
        let inner = target::InnerFolds::new(ds, rows, seed);
        for (&idx, settings) in ds.features.iter().zip(&settings) {
            let column = &ds.table.columns[idx];
            let job = Job { column, rows, settings, any_missing: column.n_missing() > 0 };
            let first = prep.features.len();
            prep.add(ds, &job, &inner, &mut out_of_fold, first)?;
            if settings.indicator && job.any_missing {
                prep.push(&job, Step::Indicator, vec![(":missing".into(), FeatureKind::Indicator)]);
            }
        }
        if prep.features.is_empty() {
            return Err(PrepError::NoFeatures);
        }
        let mut matrix = prep.transform(&ds.table, rows)?;
        for (at, values) in out_of_fold {
            for (cell, value) in matrix.column_mut(at).iter_mut().zip(values) {
                *cell = value;
            }
        }
        Ok((prep, matrix))
    }

    /// Prepares rows of a table, `rows × features`; columns are found by name, others are left alone.
    ///
    /// Unknown categories are all zeros one-hot, −1 as ordinal codes and the overall mean as target encodings.
    /// An unknown word of a boolean is imputed like a missing cell, −1 where nothing is imputed.
    ///
    /// # Errors
    /// When a column is absent or of another type, or cells are missing or infinite and nothing handles them.
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<Array2<f64>, PrepError> {
        let width = self.features.len();
        let mut cells = vec![0.0; rows.len() * width];
        let mut bound = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            bound.push(Bound::new(part, table)?);
        }
        if width > 0 {
            for (block, rows) in cells.chunks_mut(BLOCK_ROWS * width).zip(rows.chunks(BLOCK_ROWS)) {
                for part in &mut bound {
                    part.write(block, width, rows);
                }
            }
        }
        for part in bound {
            part.finish(rows.len())?;
        }
        let matrix = Array2::from_shape_vec((rows.len(), width), cells);
        Ok(matrix.expect("the cells were made for this shape"))
    }

    /// The columns of the prepared matrix, in order.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The columns of a table that [`Prep::transform`] reads, each once, in order.
    pub fn sources(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.parts.iter().map(|part| part.source.as_str()).collect();
        names.dedup(); // the parts of a column stand together
        names
    }

    /// Fits the parts of one column, its indicator apart.
    fn add(
        &mut self,
        ds: &Dataset,
        job: &Job<'_>,
        inner: &target::InnerFolds<'_>,
        out_of_fold: &mut Vec<(usize, Vec<f64>)>,
        first: usize,
    ) -> Result<(), PrepError> {
        let plain = |kind| vec![(String::new(), kind)];
        match (&job.column.values, job.column.kind, job.settings.encode) {
            (Values::Numbers(_), ColumnType::Date, _) => self.add_date(job)?,
            (Values::Numbers(numbers), _, _) => {
                let step = NumberStep::fit(job.gather(numbers), job)?;
                self.push(job, Step::Number(step), plain(FeatureKind::Number));
            }
            (Values::Codes { .. }, ColumnType::Boolean, _) => {
                self.push(job, category::fit_boolean(job)?, plain(FeatureKind::Boolean));
            }
            (Values::Codes { .. }, ColumnType::Text, _) => {
                return Err(PrepError::Text { column: job.column.name.clone() });
            }
            (Values::Codes { .. }, _, Encode::None) => {}
            (Values::Codes { .. }, _, Encode::OneHot) => {
                let (step, names) = category::fit_one_hot(job)?;
                self.push(job, step, names);
            }
            (Values::Codes { .. }, _, Encode::Ordinal) => {
                self.push(job, category::fit_ordinal(job)?, plain(FeatureKind::Ordinal));
            }
            (Values::Codes { .. }, _, Encode::Target) => {
                let fitted = target::fit(ds, job, inner)?;
                out_of_fold.extend((first..).zip(fitted.out_of_fold));
                self.push(job, fitted.step, fitted.names);
            }
        }
        Ok(())
    }

    fn add_date(&mut self, job: &Job<'_>) -> Result<(), PrepError> {
        let Values::Numbers(seconds) = &job.column.values else { return Ok(()) };
        match job.settings.dates {
            DateMode::None => {}
            DateMode::Number => {
                let step = NumberStep::fit(job.gather(seconds), job)?;
                self.push(job, Step::Number(step), vec![(String::new(), FeatureKind::Date)]);
            }
            DateMode::Parts => {
                let step = dates::fit(&job.gather(seconds), job)?;
                let names = dates::PARTS.map(|part| (format!(":{part}"), FeatureKind::Date));
                self.push(job, step, names.to_vec());
            }
        }
        Ok(())
    }

    /// Appends a step and its features, named by what stands behind the column's name.
    fn push(&mut self, job: &Job<'_>, step: Step, suffixes: Vec<(String, FeatureKind)>) {
        let source = job.column.name.clone();
        self.parts.push(Part { source: source.clone(), first: self.features.len(), step });
        self.features.extend(suffixes.into_iter().map(|(suffix, kind)| Feature {
            name: format!("{source}{suffix}"),
            source: source.clone(),
            kind,
        }));
    }
}

/// One column to fit.
struct Job<'a> {
    column: &'a Column,
    rows: &'a [usize],
    settings: &'a Settings,
    /// True if any row of the table, fitted on or not, lacks the cell.
    any_missing: bool,
}

impl Job<'_> {
    fn gather<T: Copy>(&self, cells: &[T]) -> Vec<T> {
        self.rows.iter().map(|&row| cells[row]).collect()
    }

    /// Refuses missing cells where nothing is imputed. All rows count, so that every fold answers alike.
    fn check_missing(&self) -> Result<(), PrepError> {
        if self.any_missing && self.settings.impute == settings::Impute::None {
            return Err(PrepError::Missing {
                column: self.column.name.clone(),
                count: self.column.n_missing(),
                rows: self.column.len(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
