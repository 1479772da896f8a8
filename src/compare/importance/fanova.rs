//! fANOVA (Hutter, Hoos and Leyton-Brown 2014): shares of the variance that a forest's score has over the space.
//!
//! The forest learns the score on the unit cube, so that log-scaled ranges count by their logarithm and choices by
//! equal cells; Optuna measures by raw values instead. A dimension that is inactive gets a random coordinate: there
//! the score does not depend on it, and so the forest learns that it does not.

use super::boxes::Boxes;
use super::{ImportanceError, ImportanceMethod, Importances, Scored, ScoredPoint, ranked};
use crate::domain::{Labels, Objective, Params, Value};
use crate::numeric::{Rng, mean};
use crate::space::Space;
use crate::trainer::{FitContext, Fold, Form, family};
use ndarray::Array2;
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// Fewer trials make no forest.
const MIN_TRIALS: usize = 4;
/// Fewer trials a dimension make it doubtful.
const TRIALS_PER_DIM: usize = 10;
/// Memory of the forest, in MB.
const MEMORY_MB: u64 = 2000;

/// The forest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FanovaOptions {
    /// Trees, at least 1.
    pub trees: usize,
    /// Their greatest depth, at least 1.
    pub depth: usize,
    /// Seed of the forest and of inactive coordinates.
    pub seed: u64,
}

impl Default for FanovaOptions {
    fn default() -> Self {
        Self { trees: 64, depth: 64, seed: 0 }
    }
}

/// Importance by the share of the variance that each dimension explains by itself; what only several explain
/// together is no one's.
///
/// # Errors
/// With fewer than 4 scored trials, without a parameter of two values, or when a point is not of the space.
pub fn fanova(
    space: &Space,
    trials: &[ScoredPoint<'_>],
    objective: &Objective,
    options: &FanovaOptions,
) -> Result<Importances, ImportanceError> {
    for (name, value) in [("trees", options.trees), ("depth", options.depth)] {
        if value == 0 {
            let mend = "at least 1";
            return Err(ImportanceError::Option { name, value: "0".into(), mend });
        }
    }
    let method = ImportanceMethod::Fanova;
    let scored = Scored::new(space, trials, objective, (method, MIN_TRIALS))?;
    let dims: Vec<usize> = (0..space.len()).filter(|&i| !space.dims()[i].is_constant()).collect();
    let Form::Trees { trees, .. } = forest(space, &scored, &dims, options)? else {
        return Err(ImportanceError::Fit("it is no forest".into()));
    };
    let bounds = vec![(0.0, 1.0); dims.len()];
    let one = |tree: &_| {
        let boxes = Boxes::new(tree, &bounds);
        let total = boxes.variance();
        (total > 0.0).then(|| boxes.marginals().into_iter().map(|part| part / total).collect())
    };
    let shares: Vec<Option<Vec<f64>>> = trees.par_iter().map(one).collect();
    let shares: Vec<Vec<f64>> = shares.into_iter().flatten().collect();
    let raw = dims.iter().enumerate().map(|(at, &idx)| {
        if shares.is_empty() {
            return (idx, 0.0, None);
        }
        let of_dim: Vec<f64> = shares.iter().map(|shares| shares[at]).collect();
        let center = mean(&of_dim);
        let squares: f64 = of_dim.iter().map(|share| (share - center).powi(2)).sum();
        (idx, center, Some((squares / of_dim.len() as f64).sqrt()))
    });
    let raw = raw.collect();
    let mut found = ranked(space, &scored, method, raw);
    let wanted = TRIALS_PER_DIM * dims.len();
    if found.trials < wanted {
        found.doubts.push(format!(
            "{} trials for {} parameters; {wanted} or more make the forest trustworthy",
            found.trials,
            dims.len()
        ));
    }
    Ok(found)
}

/// The forest of the scores over the unit cube.
fn forest(
    space: &Space,
    scored: &Scored<'_>,
    dims: &[usize],
    options: &FanovaOptions,
) -> Result<Form, ImportanceError> {
    let mut x = Array2::zeros((scored.points.len(), dims.len()));
    for (row, point) in scored.points.iter().enumerate() {
        let mut rng = Rng::stream(options.seed, "fanova inactive", row as u64);
        for (at, &idx) in dims.iter().enumerate() {
            let anywhere = rng.unit();
            x[[row, at]] = point.0[idx].map_or(anywhere, |coord| space.dims()[idx].unit_of(coord));
        }
    }
    let params: Params = [
        ("n_estimators", Value::Int(options.trees as i64)),
        ("max_depth", Value::Int(options.depth as i64)),
        ("max_features", Value::Float(1.0)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_string(), value))
    .collect();
    let cancel = AtomicBool::new(false);
    let mut ctx =
        FitContext { seed: options.seed, memory_mb: MEMORY_MB, interim: None, cancel: &cancel };
    let forest = family("random_forest").expect("the catalogue has forests");
    let fold = Fold::new(x, Labels::Values(scored.losses.clone()), None);
    let model = forest.fit(&fold, &params, &mut ctx);
    model.map(|model| model.form()).map_err(|why| ImportanceError::Fit(why.to_string()))
}
