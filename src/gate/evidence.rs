//! What a gate judges: plain data, so that a verdict can be computed again from a record.

use super::{Check, HoldoutUse, Policy, SelectionBias};
use crate::domain::{Labels, Prediction};
use indexmap::IndexMap;

/// Everything that a verdict rests on.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// The compared rows with the challenger's predictions; none for a command that keeps no predictions.
    pub rows: Option<Scored<'a>>,
    /// The model that it would replace.
    pub champion: Champion<'a>,
    /// Checks that were made elsewhere, such as the schema, the golden rows and the data's checks; they enter as they are.
    pub facts: Vec<Check>,
    /// Measured numbers by name, such as `predict_p95_us`, `bundle_bytes` or what a command logged.
    pub measures: IndexMap<String, Measure>,
    /// The error probability of each bound of the gain, after spending ([`super::spent_alpha`]).
    pub alpha: f64,
    /// The holdout's identity and uses.
    pub holdout: Option<HoldoutUse>,
    /// The winner's curse.
    pub selection: Option<SelectionBias>,
    /// Scores of both on equal folds, for second opinions.
    pub folds: Option<FoldPair>,
    /// Scores of both over seeds: the comparison where there are no predictions.
    pub replicates: Option<Replicates>,
    /// Half width of the region of practical equivalence, in units of the metric.
    pub rope: f64,
}

/// Rows that neither model was trained on.
#[derive(Debug, Clone)]
pub struct Scored<'a> {
    /// The truth, `n` rows.
    pub truth: &'a Labels,
    /// Row weights.
    pub weights: Option<&'a [f64]>,
    /// What the challenger says of the rows, in the same order.
    pub challenger: &'a Prediction,
    /// How rows depend on each other.
    pub units: Units<'a>,
    /// Parts of the rows that are looked at by themselves.
    pub slices: Vec<Slice>,
}

/// The model in production.
#[derive(Debug, Clone, Copy)]
pub enum Champion<'a> {
    /// There is none yet.
    None,
    /// There is one that nothing can be compared with; the text says why: `its predictions are not kept`.
    Unscored(&'a str),
    /// What it says of the same rows, in the same order.
    Scored(&'a Prediction),
}

/// What is drawn as a whole.
#[derive(Debug, Clone, Copy)]
pub enum Units<'a> {
    /// Rows are independent.
    Rows,
    /// Rows of equal code belong together (patients, users): cluster bootstrap.
    Groups(&'a [u32]),
    /// Rows follow each other in time: circular block bootstrap.
    Time(&'a [f64]),
}

/// Rows of one level of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The column.
    pub column: String,
    /// The level, or the range of numbers, in words.
    pub value: String,
    /// The rows, ascending.
    pub rows: Vec<u32>,
}

/// One measured number of both models.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// The challenger's.
    pub challenger: f64,
    /// The champion's, if it is known.
    pub champion: Option<f64>,
}

/// Scores of both models on the same folds, in the same order.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldPair {
    /// The challenger's.
    pub challenger: Vec<f64>,
    /// The champion's.
    pub champion: Vec<f64>,
    /// Folds of one repeat.
    pub n_folds: usize,
}

/// Scores of both models over seeds, which are not paired.
#[derive(Debug, Clone, PartialEq)]
pub struct Replicates {
    /// The challenger's.
    pub challenger: Vec<f64>,
    /// The champion's.
    pub champion: Vec<f64>,
}

impl<'a> Evidence<'a> {
    /// Evidence of rows alone, at the policy's own alpha.
    pub fn new(policy: &Policy, rows: Option<Scored<'a>>, champion: Champion<'a>) -> Self {
        Self {
            rows,
            champion,
            facts: Vec::new(),
            measures: IndexMap::new(),
            alpha: policy.alpha,
            holdout: None,
            selection: None,
            folds: None,
            replicates: None,
            rope: 0.01,
        }
    }
}

impl<'a> Scored<'a> {
    /// Independent rows of equal weight, without slices.
    pub fn new(truth: &'a Labels, challenger: &'a Prediction) -> Self {
        Self { truth, weights: None, challenger, units: Units::Rows, slices: Vec::new() }
    }

    /// What does not belong together, if anything.
    pub(super) fn mismatch(&self, champion: Option<&Prediction>) -> Option<String> {
        let n = self.truth.len();
        let differ = |what: &str, len: usize| {
            (len != n).then(|| format!("{n} rows of truth, {len} of {what}"))
        };
        let units = match self.units {
            Units::Rows => None,
            Units::Groups(codes) => differ("groups", codes.len()),
            Units::Time(times) => differ("times", times.len()).or_else(|| {
                let row = times.iter().position(|time| !time.is_finite())?;
                Some(format!("row {row} has the time '{}'", times[row]))
            }),
        };
        let slice = || {
            let outside = |slice: &&Slice| slice.rows.iter().any(|&row| row as usize >= n);
            let slice = self.slices.iter().find(outside)?;
            Some(format!("slice '{}={}' has rows past {n}", slice.column, slice.value))
        };
        differ("the challenger", self.challenger.len())
            .or_else(|| champion.and_then(|champion| differ("the champion", champion.len())))
            .or_else(|| self.weights.and_then(|weights| differ("weights", weights.len())))
            .or(units)
            .or_else(slice)
    }
}
