//! PED-ANOVA (Watanabe, Bansal and Hutter 2023), number for number as Optuna 5 computes it.
//!
//! `Σ_x p(x) (p_top(x) / p(x) − 1)²` over a grid of at most 50 values, with Parzen estimators of the best trials and
//! of all of them. A conditional dimension counts where it is active, its divergence times `α² / β`, the shares of
//! the best and of all trials that are there (theorem 4.2 of conditional PED-ANOVA, Watanabe et al. 2026).

use super::intervals::{ENOUGH, Raw, ranked};
use super::{ImportanceError, ImportanceMethod, Importances, Scored, ScoredPoint};
use crate::domain::Objective;
use crate::numeric::Rng;
use crate::space::{Dimension, Kind, Space};
use rayon::prelude::*;
use statrs::function::erf::erfc;
use std::f64::consts::FRAC_1_SQRT_2;

/// Values of the grid at most.
const GRID: usize = 50;
/// A regime with fewer trials tells nothing.
const MIN_ACTIVE: usize = 2;
/// Fewer best trials make the estimate unsteady.
const FEW_TOP: usize = 5;
/// Keeps densities away from 0.
const TINY: f64 = 1e-12;

/// Which trials are the best, and how the interval is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PedAnovaOptions {
    /// Share of the trials that count as the best, in (0, 1).
    pub top: f64,
    /// Bootstrap resamples of the trials that the intervals come from; 0 for no intervals.
    pub resamples: usize,
    /// Seed of the resamples.
    pub seed: u64,
}

impl Default for PedAnovaOptions {
    fn default() -> Self {
        Self { top: 0.1, resamples: 500, seed: 0 }
    }
}

/// Importance by how the best trials differ from all.
///
/// Intervals are the central 95 % of the answers to resamples of the trials, drawn with replacement; the best are
/// chosen anew in each. Fewer than 10 trials have none.
///
/// # Errors
/// With fewer than 2 scored trials, without a parameter of two values, when all scores are equal, or when a point is
/// not of the space.
pub fn ped_anova(
    space: &Space,
    trials: &[ScoredPoint<'_>],
    objective: &Objective,
    options: &PedAnovaOptions,
) -> Result<Importances, ImportanceError> {
    if !(options.top > 0.0 && options.top < 1.0) {
        let (value, mend) = (options.top.to_string(), "a share between 0 and 1, such as 0.1");
        return Err(ImportanceError::Option { name: "top", value, mend });
    }
    let method = ImportanceMethod::PedAnova;
    let scored = Scored::new(space, trials, objective, (method, 2))?;
    let columns: Vec<Column> = (0..space.len())
        .filter(|&dim| !space.dims()[dim].is_constant())
        .map(|dim| Column::new(&scored, space, dim))
        .collect();
    let sorted = Sorted::new(&scored.losses);
    let ones = vec![1; scored.len()];
    let best = sorted.best(&ones, options.top);
    let raw: Vec<Raw> = columns
        .iter()
        .map(|column| Raw { dim: column.dim, value: column.divergence(&ones, &best) })
        .collect();
    let resamples = if scored.len() < ENOUGH { 0 } else { options.resamples as u64 };
    let again: Vec<Vec<f64>> = (0..resamples)
        .into_par_iter()
        .map(|number| {
            let mut rng = Rng::stream(options.seed, "ped-anova resample", number);
            let mut weights = vec![0; scored.len()];
            (0..scored.len()).for_each(|_| weights[rng.below(scored.len())] += 1);
            let best = sorted.best(&weights, options.top);
            columns.iter().map(|column| column.divergence(&weights, &best)).collect()
        })
        .collect();
    let mut found = ranked(space, &scored, method, &raw, &again);
    if best.count < FEW_TOP {
        let n = best.count;
        let count = if n == 1 { "1 trial counts".into() } else { format!("{n} trials count") };
        found.doubts.push(format!(
            "only {count} as the best; {} or more trials in all make it steadier",
            (FEW_TOP as f64 / options.top).ceil()
        ));
    }
    Ok(found)
}

/// The trials by their loss.
struct Sorted<'a> {
    losses: &'a [f64],
    order: Vec<u32>,
}

/// The best of some trials.
struct Best {
    /// True for those that are among them.
    is_top: Vec<bool>,
    /// How many they are, by weight.
    count: usize,
    /// Their share of all.
    share: f64,
}

impl<'a> Sorted<'a> {
    fn new(losses: &'a [f64]) -> Self {
        let mut order: Vec<u32> = (0..losses.len() as u32).collect();
        order.sort_by(|&a, &b| losses[a as usize].total_cmp(&losses[b as usize]));
        Self { losses, order }
    }

    /// The best share of the trials, each counted so often, rounded up, and those equal to the last of them.
    fn best(&self, weights: &[u32], share: f64) -> Best {
        let wanted = ((share * self.losses.len() as f64).ceil() as u32).max(1);
        let mut sums = self.order.iter().scan(0, |sum, &trial| {
            *sum += weights[trial as usize];
            Some((*sum, self.losses[trial as usize]))
        });
        let cut = sums.find(|(sum, _)| *sum >= wanted).map_or(f64::INFINITY, |(_, loss)| loss);
        let is_top: Vec<bool> = self.losses.iter().map(|loss| *loss <= cut).collect();
        let tops = is_top.iter().zip(weights).filter(|(top, _)| **top);
        let count = tops.map(|(_, weight)| *weight as usize).sum();
        Best { is_top, count, share: count as f64 / self.losses.len() as f64 }
    }
}

/// One dimension in all trials.
struct Column {
    dim: usize,
    /// False where nothing can be known of it.
    varied: bool,
    grid: Grid,
    /// Trials that have it, and their places on the grid.
    places: Vec<(u32, u16)>,
}

impl Column {
    fn new(scored: &Scored<'_>, space: &Space, dim: usize) -> Self {
        let grid = Grid::new(&space.dims()[dim]);
        let coords = scored.points.iter().map(|point| point.0[dim]).enumerate();
        let place =
            |(trial, coord): (usize, Option<f64>)| Some((trial as u32, grid.place(coord?) as u16));
        let places = coords.filter_map(place).collect();
        Self { dim, varied: scored.varied(dim), grid, places }
    }

    /// The divergence of the best from all where the dimension is active, by theorem 4.2.
    fn divergence(&self, weights: &[u32], best: &Best) -> f64 {
        let (mut all, mut top) = (vec![0usize; self.grid.n], vec![0usize; self.grid.n]);
        for &(trial, place) in &self.places {
            let weight = weights[trial as usize] as usize;
            all[usize::from(place)] += weight;
            if best.is_top[trial as usize] {
                top[usize::from(place)] += weight;
            }
        }
        let (n_active, n_best) = (all.iter().sum::<usize>(), top.iter().sum::<usize>());
        if !self.varied || n_active < MIN_ACTIVE || n_best == 0 {
            return 0.0;
        }
        let alpha = n_best as f64 / best.count as f64;
        let beta = n_active as f64 / best.is_top.len() as f64;
        let (top, local) = (self.grid.density(&top, n_best), self.grid.density(&all, n_active));
        let terms = top.iter().zip(&local).map(|(t, l)| {
            let (t, l) = (t + TINY, l + TINY);
            l * (t / l - 1.0).powi(2)
        });
        best.share * best.share * alpha * alpha / beta * terms.sum::<f64>()
    }
}

/// The values at which densities of one dimension are compared.
struct Grid {
    n: usize,
    is_categorical: bool,
    is_log: bool,
    low: f64,
    high: f64,
    /// The mass of each cell of a normal kernel as wide as the grid, around its middle.
    prior: Vec<f64>,
}

impl Grid {
    fn new(dim: &Dimension) -> Self {
        let (low, high, is_log, n) = match &dim.kind {
            Kind::Choice { values } => (0.0, 0.0, false, values.len()),
            Kind::Float { low, high, log, step: None } => (*low, *high, *log, GRID),
            Kind::Int { low, high, log: true, .. } => {
                let (low, high) = (*low as f64, *high as f64);
                let bits = ((high - low + 1.0).ln() / 2f64.ln()).ceil() as usize + 1;
                (low, high, true, bits.min(GRID))
            }
            // The last value of a step may lie below the bound.
            Kind::Float { low, high, .. } => (*low, dim.snap(*high), false, count(dim)),
            Kind::Int { low, high, .. } => (*low as f64, dim.snap(*high as f64), false, count(dim)),
        };
        let (low, high) = if is_log { (low.ln(), high.ln()) } else { (low, high) };
        let middle = (n as f64 - 1.0) / 2.0;
        let z = |x: f64| (x - middle) / n as f64;
        let whole = mass(z(-0.5), z(n as f64 - 0.5));
        let cell = |at: usize| mass(z(at as f64 - 0.5), z(at as f64 + 0.5)) / whole;
        let prior = (0..n).map(cell).collect();
        Self { n, is_categorical: dim.is_categorical(), is_log, low, high, prior }
    }

    /// The place of a coordinate; halfway between two it is the lower one.
    fn place(&self, coord: f64) -> usize {
        if self.is_categorical {
            return (coord as usize).min(self.n - 1);
        }
        let x = if self.is_log { coord.ln() } else { coord };
        let step = (self.high - self.low) / (self.n - 1) as f64;
        (((x - self.low) / step - 0.5).ceil().max(0.0) as usize).min(self.n - 1)
    }

    /// The Parzen estimate over the grid from the number of trials at each value.
    fn density(&self, counts: &[usize], total: usize) -> Vec<f64> {
        let seen: Vec<(f64, f64)> = (0..self.n)
            .filter(|&at| counts[at] > 0)
            .map(|at| (at as f64, counts[at] as f64))
            .collect();
        let all = total as f64 + 1.0; // the prior weighs as much as one trial
        if self.is_categorical {
            return self.categorical(&seen, all);
        }
        let spread = scott(&seen, total);
        // Kernels sit on the grid, so that the mass of a cell depends on its distance only.
        let above: Vec<f64> = (0..=self.n).map(|k| upper((k as f64 - 0.5) / spread)).collect();
        let cells: Vec<f64> = above.windows(2).map(|ends| ends[0] - ends[1]).collect();
        let mut density: Vec<f64> = self.prior.iter().map(|mass| mass / all).collect();
        for &(at, count) in &seen {
            let at = at as usize;
            let whole = 1.0 - above[at + 1] - above[self.n - at];
            let weight = count / all / whole;
            for (place, cell) in density.iter_mut().enumerate() {
                *cell += weight * cells[place.abs_diff(at)];
            }
        }
        density
    }

    /// Each value seen is a kernel that leaves a little to the others; the prior is even.
    fn categorical(&self, seen: &[(f64, f64)], all: f64) -> Vec<f64> {
        let kernels = seen.len() as f64 + 1.0;
        let rest = 1.0 / kernels;
        let row = 1.0 + rest * self.n as f64;
        let mut density = vec![1.0 / self.n as f64 / all; self.n];
        for &(at, count) in seen {
            for (value, cell) in density.iter_mut().enumerate() {
                let hit = if value == at as usize { 1.0 } else { 0.0 };
                *cell += count / all * (hit + rest) / row;
            }
        }
        density
    }
}

fn count(dim: &Dimension) -> usize {
    (dim.cardinality().unwrap_or(1) as usize).min(GRID)
}

/// Scott's bandwidth of counted grid places (Scott 1992), with Optuna's quartiles and smallest width.
fn scott(seen: &[(f64, f64)], total: usize) -> f64 {
    let n = total as f64;
    let mean = seen.iter().map(|(at, count)| at * count).sum::<f64>() / n;
    let squares: f64 = seen.iter().map(|(at, count)| (at - mean).powi(2) * count).sum();
    let sd = (squares / (n - 1.0).max(1.0)).sqrt();
    let sums: Vec<usize> = seen
        .iter()
        .scan(0, |sum, (_, count)| {
            *sum += *count as usize;
            Some(*sum)
        })
        .collect();
    let first = sums.partition_point(|&sum| sum < total / 4);
    let third = sums.partition_point(|&sum| sum <= total * 3 / 4).min(seen.len() - 1);
    let quartiles = seen[third].0 - seen[first].0;
    let width = 1.059 * (quartiles / 1.34).min(sd) * n.powf(-0.2);
    width.max(0.5 / 1.64)
}

/// The probability that a standard normal number is in `[a, b]`, exact in both tails.
fn mass(a: f64, b: f64) -> f64 {
    if a > 0.0 { upper(a) - upper(b) } else { upper(-b) - upper(-a) }
}

/// The probability that a standard normal number is above `z`.
fn upper(z: f64) -> f64 {
    0.5 * erfc(z * FRAC_1_SQRT_2)
}
