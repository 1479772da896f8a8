//! The model of the score that fANOVA and SHAP ask: a random forest over the unit cube.
//!
//! Log-scaled ranges count by their logarithm and choices by equal cells. A dimension that is inactive in a trial gets
//! the coordinate of a random trial that has it: there the score does not depend on it, its distribution is the same
//! whether the parent lets it be or not, and so the forest cannot tell the parent's choice from it.

use super::{ImportanceError, Scored};
use crate::domain::{Labels, Params, Prediction, Value};
use crate::numeric::{Rng, mean};
use crate::space::Space;
use crate::trainer::{FitContext, FlatTree, Fold, Form, Model, family};
use ndarray::{Array2, Axis};
use std::sync::atomic::AtomicBool;

/// Memory of the forest, in MB.
const MEMORY_MB: u64 = 2000;
/// The forest learns from so many trials at most.
pub(super) const MOST: usize = 2_000;
/// Fewer trials make no forest.
pub(super) const MIN_TRIALS: usize = 4;
/// Fewer trials a dimension make it doubtful.
const TRIALS_PER_DIM: usize = 10;
/// With fewer trials none are kept apart to judge the forest.
const JUDGED_FROM: usize = 30;
/// Of so many trials one judges.
const JUDGES: usize = 3;
/// So few trials in a hundred, at least one, …
const OUTLIERS: usize = 1;
/// … that hold this share of the variance or more make it doubtful.
const OUTLYING: f64 = 0.5;
/// A forest that explains less of the variance of unseen trials is doubtful.
pub const POOR_FOREST: f64 = 0.5;

/// How the forest grows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Growth {
    pub(super) trees: usize,
    pub(super) depth: usize,
    /// Trials a leaf at least.
    pub(super) leaf: usize,
    pub(super) seed: u64,
}

/// The forest and what it learned from.
pub(super) struct Forest {
    /// The dimensions with more than one value, which are the features.
    pub(super) dims: Vec<usize>,
    /// `trials × dims`, in the unit interval, inactive ones filled.
    pub(super) x: Array2<f64>,
    /// The losses, measured from the middle of their range in this unit: within ±2.
    y: Vec<f64>,
    /// A power of two.
    pub(super) unit: f64,
    /// The trees of `y`, each grown on trials drawn with replacement.
    pub(super) trees: Vec<FlatTree>,
    /// The share of the variance of unseen trials that such a forest explains; none of few trials.
    pub(super) r2: Option<f64>,
}

impl Forest {
    pub(super) fn new(
        space: &Space,
        scored: &Scored<'_>,
        growth: Growth,
    ) -> Result<Self, ImportanceError> {
        let dims: Vec<usize> =
            (0..space.len()).filter(|&i| !space.dims()[i].is_constant()).collect();
        let x = encode(space, scored, &dims, growth.seed);
        let (y, unit) = measured(&scored.losses);
        let Form::Trees { trees, .. } = fit(x.clone(), &y, growth)?.form() else {
            return Err(ImportanceError::Fit("it is no forest".into()));
        };
        let r2 = judged(&x, &y, growth)?;
        Ok(Self { dims, x, y, unit, trees, r2 })
    }

    /// What makes the forest doubtful.
    pub(super) fn doubts(&self) -> Vec<String> {
        let mut doubts = vec![];
        let (trials, wanted) = (self.x.nrows(), TRIALS_PER_DIM * self.dims.len());
        if trials < wanted {
            let params = match self.dims.len() {
                1 => "1 parameter".into(),
                n => format!("{n} parameters"),
            };
            doubts.push(format!(
                "{trials} trials for {params}; {wanted} or more make the forest trustworthy"
            ));
        }
        if let Some(r2) = self.r2.filter(|r2| *r2 < POOR_FOREST) {
            doubts.push(format!(
                "the forest explains {:.0} % of the variance of unseen trials",
                100.0 * r2.max(0.0)
            ));
        }
        doubts.extend(outlying(&self.y));
        doubts
    }
}

/// Losses from the middle of their range, and their unit: the largest power of two in half of the range. Squares of
/// what comes out neither overflow nor vanish.
fn measured(losses: &[f64]) -> (Vec<f64>, f64) {
    let low = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let high = losses.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let power = (high / 2.0 - low / 2.0).log2().floor();
    let unit = power.clamp(f64::from(f64::MIN_EXP), f64::from(f64::MAX_EXP) - 1.0).exp2();
    let middle = high / unit / 2.0 + low / unit / 2.0;
    (losses.iter().map(|loss| loss / unit - middle).collect(), unit)
}

/// A note where very few trials hold most of the variance: a forest explains little but them.
fn outlying(y: &[f64]) -> Option<String> {
    let center = mean(y);
    let mut parts: Vec<f64> = y.iter().map(|y| (y - center).powi(2)).collect();
    parts.sort_unstable_by(|a, b| b.total_cmp(a));
    let few = (OUTLIERS * y.len() / 100).max(1);
    let share = parts[..few].iter().sum::<f64>() / parts.iter().sum::<f64>();
    let trials = if few == 1 { "1 trial holds".into() } else { format!("{few} trials hold") };
    (y.len() >= JUDGED_FROM && share >= OUTLYING).then(|| {
        format!(
            "{trials} {:.0} % of the score's variance; PED-ANOVA goes by ranks and is not moved by outliers",
            100.0 * share
        )
    })
}

fn encode(space: &Space, scored: &Scored<'_>, dims: &[usize], seed: u64) -> Array2<f64> {
    let mut x = Array2::from_elem((scored.len(), dims.len()), 0.5);
    for (at, &dim) in dims.iter().enumerate() {
        let unit = |coord: f64| space.dims()[dim].unit_of(coord);
        let known: Vec<f64> =
            scored.points.iter().filter_map(|point| point.0[dim].map(unit)).collect();
        if known.is_empty() {
            continue;
        }
        let mut rng = Rng::stream(seed, "inactive", dim as u64);
        for (row, point) in scored.points.iter().enumerate() {
            x[[row, at]] = point.0[dim].map_or_else(|| known[rng.below(known.len())], unit);
        }
    }
    x
}

fn fit(x: Array2<f64>, y: &[f64], growth: Growth) -> Result<Box<dyn Model>, ImportanceError> {
    let params: Params = [
        ("n_estimators", Value::Int(growth.trees as i64)),
        ("max_depth", Value::Int(growth.depth as i64)),
        ("min_samples_leaf", Value::Int(growth.leaf as i64)),
        ("max_features", Value::Float(1.0)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_string(), value))
    .collect();
    let cancel = AtomicBool::new(false);
    let mut ctx =
        FitContext { seed: growth.seed, memory_mb: MEMORY_MB, interim: None, cancel: &cancel };
    let forest = family("random_forest").expect("the catalogue has forests");
    let fold = Fold::new(x, Labels::Values(y.to_vec()), None);
    forest.fit(&fold, &params, &mut ctx).map_err(|why| ImportanceError::Fit(why.to_string()))
}

/// R² of a forest of the same kind on every third trial, which it is not shown.
fn judged(x: &Array2<f64>, y: &[f64], growth: Growth) -> Result<Option<f64>, ImportanceError> {
    if y.len() < JUDGED_FROM {
        return Ok(None);
    }
    let (judges, seen): (Vec<usize>, Vec<usize>) =
        (0..y.len()).partition(|row| row % JUDGES == JUDGES - 1);
    let of = |rows: &[usize]| -> Vec<f64> { rows.iter().map(|&row| y[row]).collect() };
    let growth = Growth { trees: growth.trees.div_ceil(4), ..growth };
    let model = fit(x.select(Axis(0), &seen), &of(&seen), growth)?;
    let Prediction::Values(told) = model.predict(x.select(Axis(0), &judges).view()) else {
        return Err(ImportanceError::Fit("it predicts no numbers".into()));
    };
    let truth = of(&judges);
    let center = mean(&truth);
    let whole: f64 = truth.iter().map(|y| (y - center).powi(2)).sum();
    let left: f64 = truth.iter().zip(&told).map(|(y, told)| (y - told).powi(2)).sum();
    Ok((whole > 0.0).then(|| 1.0 - left / whole))
}
