//! Target encoding: a category's level becomes the smoothed mean of the target.
//!
//! Micci-Barreca 2001, equations 5 and 6, with the empirical-Bayes weight that scikit-learn's `TargetEncoder` calls
//! `smooth="auto"`. Rows of the fit get encodings of the four inner folds that they are not in.

use super::super::Dataset;
use super::super::split::inner_folds;
use super::category::{UNKNOWN, fit_levels};
use super::error::PrepError;
use super::number::Scale;
use super::part::Step;
use super::{FeatureKind, Job};
use crate::domain::Labels;
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;

/// Inner folds, scikit-learn's default.
const INNER_FOLDS: usize = 5;

/// The encodings of one output column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Encoding {
    /// By index of the level.
    levels: Vec<f64>,
    /// For every other level.
    mean: f64,
    scale: Scale,
}

impl Encoding {
    /// The prepared value of a level.
    pub(super) fn value(&self, index: u32) -> f64 {
        self.scale.apply(self.levels.get(index as usize).copied().unwrap_or(self.mean))
    }
}

/// The inner folds of the training rows, made when the first column asks.
pub(super) struct InnerFolds<'a> {
    ds: &'a Dataset,
    rows: &'a [usize],
    seed: u64,
    made: OnceCell<Vec<usize>>,
}

impl<'a> InnerFolds<'a> {
    pub(super) fn new(ds: &'a Dataset, rows: &'a [usize], seed: u64) -> Self {
        Self { ds, rows, seed, made: OnceCell::new() }
    }

    fn get(&self) -> &[usize] {
        self.made.get_or_init(|| {
            let folds = inner_folds(self.ds, self.rows, INNER_FOLDS, self.seed);
            folds.into_iter().map(Option::unwrap_or_default).collect()
        })
    }
}

/// A fitted category with the values of the rows that it was fitted on.
pub(super) struct Fitted {
    pub(super) step: Step,
    pub(super) names: Vec<(String, FeatureKind)>,
    pub(super) out_of_fold: Vec<Vec<f64>>,
}

/// Fits one column per class for three classes and more, else one: of the second class, or of the number.
pub(super) fn fit(
    ds: &Dataset,
    job: &Job<'_>,
    inner: &InnerFolds<'_>,
) -> Result<Fitted, PrepError> {
    let levels = fit_levels(job)?;
    let mapped = levels.bind(job.column)?;
    let indices: Vec<u32> = job.rows.iter().map(|&row| mapped.index(row)).collect();
    let n_levels = levels.names.len();
    let folds = inner.get();
    let (mut encodings, mut out_of_fold, mut names) = (vec![], vec![], vec![]);
    for (suffix, target) in targets(ds, job.rows) {
        let (full, mean) = encode(&indices, &target, n_levels, |_| true, 0.0);
        let mut values = vec![0.0; target.len()];
        for fold in 0..INNER_FOLDS {
            let (part, part_mean) =
                encode(&indices, &target, n_levels, |at| folds[at] != fold, mean);
            for at in (0..values.len()).filter(|&at| folds[at] == fold) {
                let index = indices[at] as usize;
                values[at] = part.get(index).copied().unwrap_or(part_mean);
            }
        }
        let scale = Scale::fit(&mut values.clone(), job.settings);
        out_of_fold.push(values.into_iter().map(|value| scale.apply(value)).collect());
        encodings.push(Encoding { levels: full, mean, scale });
        names.push((suffix, FeatureKind::Target));
    }
    Ok(Fitted { step: Step::Target { levels, encodings }, names, out_of_fold })
}

/// The numbers to average for each output column, with what stands behind the column's name.
fn targets(ds: &Dataset, rows: &[usize]) -> Vec<(String, Vec<f64>)> {
    match &ds.labels {
        Labels::Values(values) => {
            vec![(String::new(), rows.iter().map(|&row| values[row]).collect())]
        }
        Labels::Classes { codes, n_classes, .. } => {
            let is = |class: usize| -> Vec<f64> {
                rows.iter().map(|&row| f64::from(u8::from(codes[row] as usize == class))).collect()
            };
            if *n_classes <= 2 {
                return vec![(String::new(), is(1))];
            }
            let name = |class: usize| match ds.classes.get(class) {
                Some(name) => format!(":{name}"),
                None => format!(":{class}"),
            };
            (0..*n_classes).map(|class| (name(class), is(class))).collect()
        }
    }
}

/// The encoding of each level from the rows that `keep` names, and their mean; `fallback` without rows.
fn encode(
    indices: &[u32],
    target: &[f64],
    n_levels: usize,
    keep: impl Fn(usize) -> bool,
    fallback: f64,
) -> (Vec<f64>, f64) {
    let kept = || (0..target.len()).filter(|&at| keep(at));
    let n = kept().count();
    if n == 0 {
        return (vec![fallback; n_levels], fallback);
    }
    let mean = kept().map(|at| target[at]).sum::<f64>() / n as f64;
    let variance =
        kept().map(|at| (target[at] - mean) * (target[at] - mean)).sum::<f64>() / n as f64;
    let known = || kept().filter(|&at| indices[at] != UNKNOWN);
    let (mut counts, mut means) = (vec![0.0; n_levels], vec![0.0; n_levels]);
    for at in known() {
        counts[indices[at] as usize] += 1.0;
        means[indices[at] as usize] += target[at];
    }
    for (mean, count) in means.iter_mut().zip(&counts) {
        *mean /= count;
    }
    let mut squares = vec![0.0; n_levels];
    for at in known() {
        let level = indices[at] as usize;
        squares[level] += (target[at] - means[level]) * (target[at] - means[level]);
    }
    let encoding = (0..n_levels).map(|level| {
        let (count, own) = (counts[level], means[level]);
        let weight = variance * count / (variance * count + squares[level] / count);
        // NaN for a level without rows, and where the target does not vary at all.
        if weight.is_nan() { mean } else { weight * own + (1.0 - weight) * mean }
    });
    (encoding.collect(), mean)
}
