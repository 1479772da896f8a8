//! SHAP over a forest of the score: what each parameter adds to the score of a trial (Lundberg and Lee 2017).
//!
//! Trials are explained against other trials of the same sweep, exactly (interventional `TreeSHAP`): a parameter
//! outside the coalition takes the values of those. One that is inactive in a trial is no player there and adds
//! exactly nothing; where it is missing in the trials compared with, it takes the values of trials that have it. So
//! what a parent chooses is the parent's, and what a child does where it is there is the child's.

use super::forest::{Forest, Growth, MIN_TRIALS, MOST};
use super::intervals::{ENOUGH, Raw, ranked};
use super::scored::evenly;
use super::{Direction, ImportanceError, ImportanceMethod, Importances, Scored, ScoredPoint};
use crate::domain::Objective;
use crate::explain::shap::tree_interventional_of_partial;
use crate::numeric::{Rng, mean, spearman};
use crate::space::Space;
use crate::trainer::{FlatTree, Form, Link};
use ndarray::{Array2, Axis};
use rayon::prelude::*;

/// A leaf has at least this part of the trials: finer ones cost time and follow the noise.
const LEAF: usize = 250;
/// A rank correlation that makes a direction.
const CLEAR: f64 = 0.5;
/// Trials that it takes to tell a direction.
const FEW: usize = 5;

/// The forest, and the trials that are explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShapOptions {
    /// Trees, at least 1.
    pub trees: usize,
    /// Trials that are explained at most, at least 1, spread evenly.
    pub explained: usize,
    /// Trials that they are compared with at most, at least 1, spread evenly.
    pub background: usize,
    /// Seed of the forest, of inactive coordinates and of the intervals.
    pub seed: u64,
}

impl Default for ShapOptions {
    fn default() -> Self {
        Self { trees: 64, explained: 200, background: 64, seed: 0 }
    }
}

/// Importance by the mean of the absolute Shapley values over trials, in the unit of the score, with directions.
///
/// Over 2,000 trials the forest learns from 2,000 of them, spread evenly. Intervals are the central 95 % over the
/// trees, each of which is grown on a bootstrap resample of the trials and counts a resample of the explained ones,
/// with the signs that the whole forest gives.
///
/// # Errors
/// With fewer than 4 scored trials, without a parameter of two values, when all scores are equal, or when a point is
/// not of the space.
pub fn shap(
    space: &Space,
    trials: &[ScoredPoint<'_>],
    objective: &Objective,
    options: &ShapOptions,
) -> Result<Importances, ImportanceError> {
    for (name, value) in [
        ("trees", options.trees),
        ("explained", options.explained),
        ("background", options.background),
    ] {
        if value == 0 {
            let mend = "at least 1";
            return Err(ImportanceError::Option { name, value: "0".into(), mend });
        }
    }
    let method = ImportanceMethod::Shap;
    let all = Scored::new(space, trials, objective, (method, MIN_TRIALS))?;
    let scored = all.thinned(MOST);
    let leaf = (scored.len() / LEAF).max(1);
    let growth = Growth { trees: options.trees, depth: 64, leaf, seed: options.seed };
    let forest = Forest::new(space, &scored, growth)?;
    let values = Values::new(&forest, &scored, options)?;
    let raw: Vec<Raw> = (forest.dims.iter().enumerate())
        .map(|(at, &dim)| Raw { dim, value: values.mean_absolute(at) })
        .collect();
    let again = if all.len() < ENOUGH { vec![] } else { values.again(options.seed) };
    let mut found = ranked(space, &scored, method, &raw, &again);
    found.of = all.len();
    found.doubts.extend(forest.doubts());
    found.explained = forest.r2;
    for param in &mut found.params {
        param.raw *= forest.unit;
        param.raw_interval =
            param.raw_interval.map(|(low, high)| (low * forest.unit, high * forest.unit));
    }
    for (at, &dim) in forest.dims.iter().enumerate() {
        let param = found.params.iter_mut().find(|param| param.id == space.dims()[dim].id);
        if let Some(param) = param {
            param.direction = values.direction(space, &scored, (dim, at), objective);
        }
    }
    Ok(found)
}

/// Shapley values of losses, in the forest's unit.
struct Values {
    /// The trials that are explained.
    rows: Vec<usize>,
    /// Of the forest: `rows × dims`.
    whole: Array2<f64>,
    /// Of each tree.
    trees: Vec<Array2<f64>>,
}

impl Values {
    fn new(
        forest: &Forest,
        scored: &Scored<'_>,
        options: &ShapOptions,
    ) -> Result<Self, ImportanceError> {
        let n = scored.len();
        let rows: Vec<usize> = evenly(n, options.explained).collect();
        let others: Vec<usize> = evenly(n, options.background).collect();
        let mut x = forest.x.select(Axis(0), &rows);
        for (at, &dim) in forest.dims.iter().enumerate() {
            for (cell, &row) in x.column_mut(at).iter_mut().zip(&rows) {
                if scored.points[row].0[dim].is_none() {
                    *cell = f64::NAN;
                }
            }
        }
        let background = forest.x.select(Axis(0), &others);
        let one = |tree: &FlatTree| {
            let (trees, link) = (vec![tree.clone()], Link::Identity);
            let form = Form::Trees { trees, start: vec![0.0], is_mean: true, link };
            let made = tree_interventional_of_partial(&form, x.view(), background.view());
            made.map(|made| made.values.index_axis_move(Axis(1), 0))
        };
        let trees: Result<Vec<Array2<f64>>, _> = forest.trees.par_iter().map(one).collect();
        let trees = trees.map_err(|why| ImportanceError::Fit(why.to_string()))?;
        let mut whole = Array2::zeros(x.dim());
        for tree in &trees {
            whole += tree;
        }
        whole /= trees.len() as f64;
        Ok(Self { rows, whole, trees })
    }

    fn mean_absolute(&self, at: usize) -> f64 {
        self.whole.column(at).iter().map(|value| value.abs()).sum::<f64>() / self.rows.len() as f64
    }

    /// The mean of each tree's values by the forest's signs, over a resample of the rows: their mean over all trees
    /// and rows is the mean of the absolute values.
    fn again(&self, seed: u64) -> Vec<Vec<f64>> {
        let n = self.rows.len();
        let one = |(number, tree): (usize, &Array2<f64>)| {
            let mut rng = Rng::stream(seed, "shap resample", number as u64);
            let drawn: Vec<usize> = (0..n).map(|_| rng.below(n)).collect();
            let signed = |at: usize| {
                let parts = drawn.iter().map(|&row| {
                    let whole = self.whole[[row, at]];
                    if whole == 0.0 { 0.0 } else { whole.signum() * tree[[row, at]] }
                });
                (parts.sum::<f64>() / n as f64).max(0.0)
            };
            (0..self.whole.ncols()).map(signed).collect()
        };
        self.trees.iter().enumerate().map(one).collect()
    }

    /// Which values of a dimension are better, where it is active and made a difference.
    fn direction(
        &self,
        space: &Space,
        scored: &Scored<'_>,
        (dim, at): (usize, usize),
        objective: &Objective,
    ) -> Option<Direction> {
        let active = self.rows.iter().enumerate().filter_map(|(row, &trial)| {
            Some((scored.points[trial].0[dim]?, self.whole[[row, at]]))
        });
        let (coords, losses): (Vec<f64>, Vec<f64>) = active.unzip();
        if coords.len() < FEW || losses.iter().all(|loss| *loss == losses[0]) {
            return None;
        }
        if space.dims()[dim].is_categorical() {
            let mut seen = coords.clone();
            seen.sort_by(f64::total_cmp);
            seen.dedup();
            let of = |value: f64| {
                let there = coords.iter().zip(&losses).filter(|(coord, _)| **coord == value);
                mean(&there.map(|(_, loss)| *loss).collect::<Vec<_>>())
            };
            let best = seen.into_iter().min_by(|a, b| of(*a).total_cmp(&of(*b)))?;
            return Some(Direction::Value(space.dims()[dim].value(best)));
        }
        let rho = spearman(&coords, &losses);
        // In the metric's own sense: positive where larger values of the parameter raise it.
        let correlation = objective.goal.loss(rho);
        match rho {
            _ if !rho.is_finite() => None,
            _ if rho <= -CLEAR => Some(Direction::Higher { correlation }),
            _ if rho >= CLEAR => Some(Direction::Lower { correlation }),
            _ => Some(Direction::Mixed { correlation }),
        }
    }
}
