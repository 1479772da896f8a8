//! fANOVA (Hutter, Hoos and Leyton-Brown 2014): shares of the variance that a forest's score has over the space.
//!
//! The space is the unit cube, so that log-scaled ranges count by their logarithm and choices by equal cells; Optuna
//! measures by raw values instead.

use super::boxes::Boxes;
use super::forest::{Forest, Growth, MIN_TRIALS, MOST};
use super::intervals::{ENOUGH, Raw, around, ranked};
use super::{
    ImportanceError, ImportanceMethod, Importances, PairImportance, Scored, ScoredPoint,
    VarianceParts,
};
use crate::domain::Objective;
use crate::numeric::mean;
use crate::space::Space;
use rayon::prelude::*;

/// Parameters whose pairs fANOVA looks at: those of the largest shares.
pub const PAIRED: usize = 12;
/// Pairs that are told at most …
const SHOWN_PAIRS: usize = 5;
/// … and the share of the variance that they have at least.
const LEAST_PAIR: f64 = 0.01;

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

/// Importance by the share of the variance that each dimension explains by itself, and what pairs explain together.
///
/// Over 2,000 trials the forest learns from 2,000 of them, spread evenly. Intervals are the central 95 % of the trees,
/// each of which is grown on a bootstrap resample of the trials: those of a single tree's answer, so about a third
/// wider than the forest's own.
///
/// # Errors
/// With fewer than 4 scored trials, without a parameter of two values, when all scores are equal, or when a point is
/// not of the space.
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
    let all = Scored::new(space, trials, objective, (method, MIN_TRIALS))?;
    let scored = all.thinned(MOST);
    let FanovaOptions { trees, depth, seed } = *options;
    let forest = Forest::new(space, &scored, Growth { trees, depth, leaf: 1, seed })?;
    let bounds = vec![(0.0, 1.0); forest.dims.len()];
    let trees: Vec<(Boxes, f64)> = forest
        .trees
        .par_iter()
        .map(|tree| Boxes::new(tree, &bounds))
        .map(|boxes| (boxes.variance(), boxes))
        .filter(|(variance, _)| *variance > 0.0)
        .map(|(variance, boxes)| (boxes, variance))
        .collect();
    let shares: Vec<Vec<f64>> = trees
        .par_iter()
        .map(|(boxes, total)| boxes.marginals().into_iter().map(|part| part / total).collect())
        .collect();
    let of = |at: usize| shares.iter().map(move |shares| shares[at]).collect::<Vec<f64>>();
    let center = |at: usize| if shares.is_empty() { 0.0 } else { mean(&of(at)) };
    let raw: Vec<Raw> =
        forest.dims.iter().enumerate().map(|(at, &dim)| Raw { dim, value: center(at) }).collect();
    let again = if all.len() < ENOUGH { &[][..] } else { &shares[..] };
    let mut found = ranked(space, &scored, method, &raw, again);
    found.of = all.len();
    found.doubts.extend(forest.doubts());
    let pairs = pairs(&raw, &trees, &shares);
    found.explained = forest.r2;
    found.variance = Some(VarianceParts {
        alone: raw.iter().map(|raw| raw.value).sum(),
        // The sum of none is −0.
        pairs: pairs.iter().map(|pair| pair.value).sum::<f64>() + 0.0,
    });
    found.pairs = told(space, &scored, &pairs, all.len() >= ENOUGH);
    Ok(found)
}

/// What two dimensions explain only together.
struct Pair {
    dims: [usize; 2],
    value: f64,
    /// By tree.
    each: Vec<f64>,
}

/// All pairs of the dimensions of the largest shares, the largest first.
fn pairs(raw: &[Raw], trees: &[(Boxes, f64)], shares: &[Vec<f64>]) -> Vec<Pair> {
    let mut order: Vec<usize> = (0..raw.len()).collect();
    order.sort_by(|&a, &b| raw[b].value.total_cmp(&raw[a].value));
    order.truncate(PAIRED);
    order.sort_unstable();
    let both: Vec<[usize; 2]> = order
        .iter()
        .enumerate()
        .flat_map(|(at, &a)| order[at + 1..].iter().map(move |&b| [a, b]))
        .collect();
    let one = |([a, b], (boxes, total), shares): ([usize; 2], &(Boxes, f64), &Vec<f64>)| {
        (boxes.joint(a, b) / total - shares[a] - shares[b]).max(0.0)
    };
    let mut pairs: Vec<Pair> = both
        .into_par_iter()
        .map(|at| {
            let each = trees.iter().zip(shares).map(|(tree, shares)| one((at, tree, shares)));
            let each: Vec<f64> = each.collect();
            let value = if each.is_empty() { 0.0 } else { mean(&each) };
            Pair { dims: at.map(|at| raw[at].dim), value, each }
        })
        .collect();
    pairs.sort_by(|a, b| b.value.total_cmp(&a.value));
    pairs
}

/// The pairs that are worth telling.
fn told(
    space: &Space,
    scored: &Scored<'_>,
    pairs: &[Pair],
    has_intervals: bool,
) -> Vec<PairImportance> {
    let together = |pair: &Pair| {
        let [a, b] = pair.dims;
        scored.points.iter().filter(|point| point.0[a].is_some() && point.0[b].is_some()).count()
    };
    // What two that are never there together seem to explain is the forest's noise.
    let large = pairs.iter().filter(|pair| pair.value >= LEAST_PAIR && together(pair) > 0);
    let one = |pair: &Pair| {
        let [a, b] = pair.dims;
        PairImportance {
            ids: pair.dims.map(|dim| space.dims()[dim].id.clone()),
            names: pair.dims.map(|dim| space.dims()[dim].name.clone()),
            raw: pair.value,
            raw_interval: has_intervals.then(|| around(pair.value, pair.each.clone())).flatten(),
            is_conditional: space.needs(b).contains_key(&a) || space.needs(a).contains_key(&b),
            active: together(pair),
        }
    };
    large.take(SHOWN_PAIRS).map(one).collect()
}
