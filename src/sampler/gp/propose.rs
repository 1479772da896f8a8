//! The search for the point with the largest expected improvement.
//!
//! Scrambled Sobol points, perturbations of the best points and all combinations of choices are screened; the best
//! of them climb by gradients in the continuous dimensions, in turn with sweeps over the discrete ones.

use super::belief::Belief;
use super::codec::{Axis, Codec};
use super::descent::{Limits, descend};
use super::region::Region;
use crate::numeric::Rng;
use crate::sampler::sobol;
use crate::space::Point;

/// Rounds of climbing and sweeping.
const ROUNDS: usize = 3;
/// How many of the best points are perturbed.
const PARENTS: usize = 5;
/// Spreads of the perturbations.
const SPREADS: [f64; 4] = [0.3, 0.1, 0.03, 0.01];
/// Expected number of coordinates that a perturbation moves.
const MOVED: f64 = 20.0;
const CLIMB: Limits = Limits { iterations: 40, slope: 1e-3, gain: 1e-5 };

/// How hard to search.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Sobol points.
    pub(super) sobol: usize,
    /// Perturbations of the best points.
    pub(super) near: usize,
    /// Points to climb from.
    pub(super) starts: usize,
}

/// A search of one ask.
pub(super) struct Search<'a, B> {
    pub(super) codec: &'a Codec,
    pub(super) belief: &'a B,
    /// Genes of told points, best first.
    pub(super) best: &'a [Vec<f64>],
    pub(super) combinations: &'a [Vec<(usize, f64)>],
    pub(super) region: &'a Region,
    pub(super) effort: Effort,
}

/// A point and its log expected improvement.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    pub(super) point: Point,
    pub(super) log_improvement: f64,
}

impl<B: Belief> Search<'_, B> {
    /// Proposals, the climbed ones first, each part best first.
    pub(super) fn run(&self, rng: &mut Rng) -> Vec<Proposal> {
        let mut scratch = B::Scratch::default();
        let pool = self.pool(rng);
        let rows: Vec<Vec<f64>> = pool.iter().map(|genes| self.codec.snapped(genes)).collect();
        let scores = self.belief.log_improvements(&rows, &mut scratch);
        let mut order: Vec<usize> = (0..pool.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        let starts = self.starts(&pool, &scores, &order, rng);
        let mut climbed: Vec<(f64, Vec<f64>)> = Vec::new();
        for start in starts {
            let mut genes = pool[start].clone();
            let value = self.polish(&mut genes, scores[start], rng, &mut scratch);
            climbed.push((value, genes));
        }
        climbed.sort_by(|a, b| b.0.total_cmp(&a.0));
        let proposal = |genes: &[f64], log_improvement: f64| Proposal {
            point: self.codec.point(genes),
            log_improvement,
        };
        let screened = order.iter().map(|&at| proposal(&pool[at], scores[at]));
        climbed.iter().map(|(value, genes)| proposal(genes, *value)).chain(screened).collect()
    }

    /// Genes to screen.
    fn pool(&self, rng: &mut Rng) -> Vec<Vec<f64>> {
        let mut pool = Vec::new();
        let seed = rng.bits();
        for i in 0..self.effort.sobol {
            let unit = sobol::unit_point(&self.codec.space, seed, i as u64);
            let mut genes = self.codec.genes_at(&unit);
            self.enclose(&mut genes);
            if !self.combinations.is_empty() {
                let combination = &self.combinations[i % self.combinations.len()];
                hold(&mut genes, combination);
            }
            pool.push(genes);
        }
        for i in 0..self.effort.near {
            let parent = &self.best[i % self.best.len().clamp(1, PARENTS)];
            pool.push(self.perturbed(parent, SPREADS[i % SPREADS.len()], rng));
        }
        for combination in self.combinations {
            let fits = |genes: &&Vec<f64>| {
                combination.iter().all(|&(entry, choice)| genes[entry] == choice)
            };
            let mut genes = self.best.iter().find(fits).unwrap_or(&self.best[0]).clone();
            hold(&mut genes, combination);
            pool.push(genes.clone());
            pool.push(self.perturbed_numbers(&genes, 0.1, rng));
        }
        if let Some((entry, choice)) = self.region.held {
            for genes in &mut pool {
                genes[entry] = choice;
            }
        }
        for genes in &mut pool {
            for ((gene, (_, axis)), &(low, high)) in
                genes.iter_mut().zip(&self.codec.axes).zip(&self.region.bounds)
            {
                if !matches!(axis, Axis::Choice(_)) {
                    *gene = gene.clamp(low, high);
                }
            }
        }
        pool
    }

    /// Moves numbers into the bounds, in proportion.
    fn enclose(&self, genes: &mut [f64]) {
        for ((gene, (_, axis)), (low, high)) in
            genes.iter_mut().zip(&self.codec.axes).zip(&self.region.bounds)
        {
            if !matches!(axis, Axis::Choice(_)) {
                *gene = low + *gene * (high - low);
            }
        }
    }

    fn perturbed(&self, parent: &[f64], spread: f64, rng: &mut Rng) -> Vec<f64> {
        let mut genes = self.perturbed_numbers(parent, spread, rng);
        let n_choices =
            self.codec.axes.iter().filter(|(_, a)| matches!(a, Axis::Choice(_))).count();
        for (gene, &(_, axis)) in genes.iter_mut().zip(&self.codec.axes) {
            if let Axis::Choice(n) = axis
                && rng.unit() * (2 * n_choices) as f64 <= 1.0
            {
                *gene = rng.below(n as usize) as f64;
            }
        }
        genes
    }

    fn perturbed_numbers(&self, parent: &[f64], spread: f64, rng: &mut Rng) -> Vec<f64> {
        let share = MOVED / parent.len() as f64;
        let mut genes = parent.to_vec();
        for ((gene, &(_, axis)), &(low, high)) in
            genes.iter_mut().zip(&self.codec.axes).zip(&self.region.bounds)
        {
            let normal = rng.normal();
            let moves = share >= 1.0 || rng.unit() < share;
            if moves && !matches!(axis, Axis::Choice(_)) {
                *gene = (*gene + spread * normal).clamp(low, high);
            }
        }
        genes
    }

    /// Where to climb from: the best, one per combination of choices, and draws by improvement.
    fn starts(
        &self,
        pool: &[Vec<f64>],
        scores: &[f64],
        order: &[usize],
        rng: &mut Rng,
    ) -> Vec<usize> {
        let n = self.effort.starts.min(pool.len());
        let mut starts: Vec<usize> = order.iter().copied().take(1).collect();
        let choices = |at: usize| {
            let axes = self.codec.axes.iter().zip(&pool[at]);
            axes.filter(|((_, a), _)| matches!(a, Axis::Choice(_)))
                .map(|(_, g)| *g)
                .collect::<Vec<_>>()
        };
        for &at in order {
            if starts.len() * 2 >= n {
                break;
            }
            if starts.iter().all(|&other| choices(other) != choices(at)) {
                starts.push(at);
            }
        }
        let top = order.first().map_or(0.0, |&at| scores[at]);
        let mut weights: Vec<f64> = scores.iter().map(|score| (score - top).exp()).collect();
        while starts.len() < n {
            for &at in &starts {
                weights[at] = 0.0;
            }
            if weights.iter().sum::<f64>() > 0.0 {
                starts.push(rng.weighted(&weights));
            } else {
                let Some(&next) = order.iter().find(|at| !starts.contains(at)) else { break };
                starts.push(next);
            }
        }
        starts
    }

    /// Climbs and sweeps until nothing changes; returns the value at the snapped point.
    fn polish(
        &self,
        genes: &mut Vec<f64>,
        start: f64,
        rng: &mut Rng,
        scratch: &mut B::Scratch,
    ) -> f64 {
        let mut value = start;
        for _ in 0..ROUNDS {
            let before = value;
            value = self.climb(genes, value, scratch);
            let swept = self.sweep(genes, value, rng, scratch);
            let has_swept = swept > value;
            value = swept;
            if !has_swept || value < before + 1e-3 {
                break;
            }
        }
        value
    }

    /// Gradient ascent in the dense dimensions that are active.
    fn climb(&self, genes: &mut Vec<f64>, value: f64, scratch: &mut B::Scratch) -> f64 {
        let mut row = self.codec.snapped(genes);
        let is_free =
            |&i: &usize| matches!(self.codec.axes[i].1, Axis::Dense(_)) && !row[i].is_nan();
        let free: Vec<usize> = (0..row.len()).filter(is_free).collect();
        if free.is_empty() {
            return value;
        }
        let mut x: Vec<f64> = free.iter().map(|&i| genes[i]).collect();
        let bounds: Vec<(f64, f64)> = free.iter().map(|&i| self.region.bounds[i]).collect();
        // √5/ℓ back to ℓ: near the optimum a step of a length scale is long.
        let scale = |&i: &usize| (1.0 / self.belief.scales()[i]).clamp(0.02, 0.5);
        let scales: Vec<f64> = free.iter().map(scale).collect();
        let mut evaluate = |x: &[f64], slopes: &mut [f64]| {
            free.iter().zip(x).for_each(|(&i, &x)| row[i] = x);
            let value = self.belief.log_improvement_slopes(&row, &free, scratch, slopes);
            for slope in slopes {
                *slope = -*slope;
            }
            -value
        };
        descend(&mut x, &bounds, &scales, CLIMB, &mut evaluate);
        let mut moved = genes.clone();
        free.iter().zip(&x).for_each(|(&i, &x)| moved[i] = x);
        let reached = self.belief.log_improvement(&self.codec.snapped(&moved), scratch);
        if reached > value {
            *genes = moved;
            return reached;
        }
        value
    }

    /// Tries the other levels of each discrete dimension.
    fn sweep(
        &self,
        genes: &mut [f64],
        mut value: f64,
        rng: &mut Rng,
        scratch: &mut B::Scratch,
    ) -> f64 {
        for entry in 0..genes.len() {
            let row = self.codec.snapped(genes);
            if row[entry].is_nan() || self.region.held.is_some_and(|(held, _)| held == entry) {
                continue;
            }
            let (low, high) = self.region.bounds[entry];
            let kept = genes[entry];
            let mut best = kept;
            for level in Codec::levels(self.codec.axes[entry].1, kept, rng) {
                let is_choice = matches!(self.codec.axes[entry].1, Axis::Choice(_));
                genes[entry] = if is_choice { level } else { level.clamp(low, high) };
                let found = self.belief.log_improvement(&self.codec.snapped(genes), scratch);
                if found > value {
                    (value, best) = (found, genes[entry]);
                }
            }
            genes[entry] = best;
        }
        value
    }
}

/// Sets choices.
fn hold(genes: &mut [f64], combination: &[(usize, f64)]) {
    for &(entry, choice) in combination {
        genes[entry] = choice;
    }
}
