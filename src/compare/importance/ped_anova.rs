//! PED-ANOVA (Watanabe, Bansal and Hutter 2023), number for number as Optuna 5 computes it.
//!
//! `Σ_x p(x) (p_top(x) / p(x) − 1)²` over a grid of at most 50 values, with Parzen estimators of the best trials and
//! of all of them. A conditional dimension counts where it is active, its divergence times `α² / β`, the shares of
//! the best and of all trials that are there (theorem 4.2 of conditional PED-ANOVA, Watanabe et al. 2026).

use super::{ImportanceError, ImportanceMethod, Importances, Scored, ScoredPoint, ranked};
use crate::domain::Objective;
use crate::space::{Dimension, Kind, Space};
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

/// Which trials are the best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PedAnovaOptions {
    /// Share of the trials that count as the best, in (0, 1).
    pub top: f64,
}

impl Default for PedAnovaOptions {
    fn default() -> Self {
        Self { top: 0.1 }
    }
}

/// Importance by how the best trials differ from all.
///
/// # Errors
/// With fewer than 2 scored trials, without a parameter of two values, or when a point is not of the space.
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
    let is_top = best(&scored.losses, options.top);
    let n_top = is_top.iter().filter(|top| **top).count();
    let share = n_top as f64 / is_top.len() as f64;
    let dims = space.dims().iter().enumerate().filter(|(_, dim)| !dim.is_constant());
    let raw = dims.map(|(idx, dim)| {
        let all = scored.points.iter().zip(&is_top);
        let active: Vec<(f64, bool)> =
            all.filter_map(|(point, &top)| point.0[idx].map(|coord| (coord, top))).collect();
        let n_best = active.iter().filter(|(_, top)| *top).count();
        if active.len() < MIN_ACTIVE || n_best == 0 {
            return (idx, 0.0, None);
        }
        let alpha = n_best as f64 / n_top as f64;
        let beta = active.len() as f64 / is_top.len() as f64;
        let grid = Grid::new(dim);
        let (top, local) = (grid.density(&active, true), grid.density(&active, false));
        let terms = top.iter().zip(&local).map(|(t, l)| {
            let (t, l) = (t + TINY, l + TINY);
            l * (t / l - 1.0).powi(2)
        });
        (idx, share * share * alpha * alpha / beta * terms.sum::<f64>(), None)
    });
    let raw = raw.collect();
    let mut found = ranked(space, &scored, method, raw);
    if n_top < FEW_TOP {
        let count =
            if n_top == 1 { "1 trial counts".into() } else { format!("{n_top} trials count") };
        found.doubts.push(format!(
            "only {count} as the best; {} or more make it steadier",
            (FEW_TOP as f64 / options.top).ceil()
        ));
    }
    Ok(found)
}

/// True for the best share of the trials, rounded up, and those equal to the last of them.
fn best(losses: &[f64], share: f64) -> Vec<bool> {
    let mut sorted = losses.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted[((share * losses.len() as f64).ceil() as usize).max(1) - 1];
    losses.iter().map(|loss| *loss <= cut).collect()
}

/// The values at which densities of one dimension are compared.
struct Grid {
    n: usize,
    is_categorical: bool,
    is_log: bool,
    low: f64,
    high: f64,
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
        Self { n, is_categorical: dim.is_categorical(), is_log, low, high }
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

    /// The Parzen estimate over the grid of the best of some coordinates, or of all of them.
    fn density(&self, active: &[(f64, bool)], top_only: bool) -> Vec<f64> {
        let mut counts = vec![0usize; self.n];
        let wanted = active.iter().filter(|(_, top)| *top || !top_only);
        wanted.for_each(|(coord, _)| counts[self.place(*coord)] += 1);
        let total = counts.iter().sum::<usize>();
        let seen: Vec<(f64, f64)> = (0..self.n)
            .filter(|&at| counts[at] > 0)
            .map(|at| (at as f64, counts[at] as f64))
            .collect();
        let all = total as f64 + 1.0; // the prior weighs as much as one trial
        if self.is_categorical {
            return self.categorical(&seen, all);
        }
        let spread = scott(&seen, total);
        let (first, last) = (0.0, (self.n - 1) as f64);
        let prior = (f64::midpoint(first, last), last - first + 1.0, 1.0);
        let kernels = seen.iter().map(|&(at, count)| (at, spread, count)).chain([prior]);
        let mut density = vec![0.0; self.n];
        for (mean, sd, weight) in kernels {
            let z = |x: f64| (x - mean) / sd;
            let whole = mass(z(first - 0.5), z(last + 0.5));
            for (at, cell) in density.iter_mut().enumerate() {
                let at = at as f64;
                *cell += weight / all * mass(z(at - 0.5), z(at + 0.5)) / whole;
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
    let upper = |z: f64| 0.5 * erfc(z * FRAC_1_SQRT_2);
    if a > 0.0 { upper(a) - upper(b) } else { upper(-b) - upper(-a) }
}
