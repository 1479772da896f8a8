//! What the model believes at a point, and the log expected improvement there.

use super::chol::{Chol, dot};
use super::fit::{Data, extend};
use super::improvement::log_h;
use super::kernel::{Cross, Kernel, Placed};
use super::points::Columns;
use super::sides::Sides;
use crate::numeric::Rng;

/// The least variance at a point, as a share of the prior's.
const LEAST_VARIANCE: f64 = 1e-12;

/// A Gaussian process given values at points, and possibly given points without values.
///
/// With `u = L⁻¹ k(x)` and `v = L⁻¹ y` mean and variance are `u·v` and `k(x,x) − u·u`. A point without a value is one
/// more row of `L`; its entry of `v` is 0 if the mean is believed and standard normal if it is dreamed up.
#[derive(Debug, Clone)]
pub(super) struct Posterior {
    points: Columns,
    sides: Sides,
    pub(super) kernel: Kernel,
    chol: Chol,
    /// One per fantasy.
    dreams: Vec<Dream>,
    n_told: usize,
}

/// One way in which the pending points may turn out.
#[derive(Debug, Clone)]
struct Dream {
    v: Vec<f64>,
    alpha: Vec<f64>,
    /// The value to improve on.
    best: f64,
}

/// Room for one evaluation.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    cross: Cross,
    u: Vec<f64>,
    logs: Vec<(f64, f64, f64)>,
    weights: Vec<f64>,
}

impl Posterior {
    /// Conditions on values. The value to improve on is the least mean at an observed point.
    pub(super) fn new(data: &Data<'_>, kernel: Kernel) -> Self {
        let n = data.y.len();
        let mut chol = Chol::with_capacity(n + 8);
        let sides = kernel.sides(data.points);
        extend(&mut chol, data, &kernel, &sides, &mut Cross::default());
        let mut v = data.y.to_vec();
        chol.solve_lower(&mut v);
        let mut alpha = v.clone();
        chol.solve_upper(&mut alpha);
        let means = (0..n).map(|i| data.y[i] - kernel.noise * data.noise[i] * alpha[i]);
        let best = means.fold(f64::INFINITY, f64::min);
        let dreams = vec![Dream { v, alpha, best }];
        Self { points: data.points.clone(), sides, kernel, chol, dreams, n_told: n }
    }

    /// Means at the observed points.
    pub(super) fn means(&self, data: &Data<'_>) -> Vec<f64> {
        let alpha = &self.dreams[0].alpha;
        (0..self.n_told).map(|i| data.y[i] - self.kernel.noise * data.noise[i] * alpha[i]).collect()
    }

    /// Takes another value to improve on.
    pub(super) fn with_best(mut self, best: f64) -> Self {
        self.dreams[0].best = best;
        self
    }

    /// Adds points at work: with one dream their means are believed, with more they are drawn.
    pub(super) fn with_pending(
        mut self,
        rows: &[Vec<f64>],
        n_dreams: usize,
        rng: &mut Rng,
    ) -> Self {
        if rows.is_empty() {
            return self;
        }
        for row in rows {
            self.points.push(row);
        }
        let n = self.points.len();
        let noise = vec![1.0; n];
        let data = Data { points: &self.points, y: &[], noise: &noise };
        self.sides = self.kernel.sides(&self.points);
        extend(&mut self.chol, &data, &self.kernel, &self.sides, &mut Cross::default());
        let told = self.dreams[0].clone();
        let dream = |_| {
            let mut v = told.v.clone();
            v.extend(rows.iter().map(|_| if n_dreams > 1 { rng.normal() } else { 0.0 }));
            let mut best = told.best;
            for r in self.n_told..n {
                // The mean there given all rows before; noise is no improvement.
                let row = self.chol.row(r);
                let share = 1.0 - self.kernel.noise / (row[r] * row[r]).max(self.kernel.noise);
                best = best.min(dot(&row[..r], &v[..r]) + share.sqrt() * row[r] * v[r]);
            }
            let mut alpha = v.clone();
            self.chol.solve_upper(&mut alpha);
            Dream { v, alpha, best }
        };
        self.dreams = (0..n_dreams.max(1)).map(dream).collect();
        self
    }

    /// The value to improve on, on average over the dreams.
    pub(super) fn best(&self) -> f64 {
        self.dreams.iter().map(|dream| dream.best).sum::<f64>() / self.dreams.len() as f64
    }

    /// Mean and standard deviation, pending points included.
    pub(super) fn at(&self, row: &[f64], scratch: &mut Scratch) -> (f64, f64) {
        let sd = self.project(row, scratch, false);
        let mean: f64 = self.dreams.iter().map(|dream| dot(&scratch.u, &dream.v)).sum();
        (mean / self.dreams.len() as f64, sd)
    }

    /// Means and standard deviations of many rows, pending points included.
    pub(super) fn at_many(&self, rows: &[Vec<f64>], scratch: &mut Scratch) -> Vec<(f64, f64)> {
        let n = self.points.len();
        let many = self.projected(rows, scratch);
        let mean = |u: &[f64]| self.dreams.iter().map(|dream| dot(u, &dream.v)).sum::<f64>();
        let at = |u: &[f64]| (mean(u) / self.dreams.len() as f64, self.sd(u));
        many.chunks_exact(n.max(1)).map(at).collect()
    }

    /// Mean and standard deviation of a row; keeps in `scratch` what [`pull`](Self::pull) needs.
    pub(super) fn at_for_slopes(&self, row: &[f64], scratch: &mut Scratch) -> (f64, f64) {
        let sd = self.project(row, scratch, true);
        let mean: f64 = self.dreams.iter().map(|dream| dot(&scratch.u, &dream.v)).sum();
        self.chol.solve_upper(&mut scratch.u);
        (mean / self.dreams.len() as f64, sd)
    }

    /// Adds to `slopes` those of a function of mean and standard deviation `sd` at a row, along its entries `free`,
    /// from its derivatives by both.
    pub(super) fn pull(
        &self,
        (row, free): (&[f64], &[usize]),
        sd: f64,
        (by_mean, by_sd): (f64, f64),
        scratch: &mut Scratch,
        slopes: &mut [f64],
    ) {
        // ∂μ = α·∂k and ∂σ = −(K⁻¹k)·∂k / σ.
        scratch.weights.clear();
        scratch.weights.extend(scratch.u.iter().map(|w| -by_sd / sd * w));
        for dream in &self.dreams {
            let factor = by_mean / self.dreams.len() as f64;
            for (weight, alpha) in scratch.weights.iter_mut().zip(&dream.alpha) {
                *weight += factor * alpha;
            }
        }
        for (slope, &i) in slopes.iter_mut().zip(free) {
            *slope += self.kernel.slope(&self.points, &scratch.cross, row[i], i, &scratch.weights);
        }
    }

    /// `L⁻¹ k` of many rows.
    fn projected(&self, rows: &[Vec<f64>], scratch: &mut Scratch) -> Vec<f64> {
        let n = self.points.len();
        let mut many = Vec::with_capacity(rows.len() * n);
        for row in rows {
            self.kernel.cross(self.placed(), n, row, &mut scratch.cross, false);
            many.extend_from_slice(&scratch.cross.k);
        }
        // A batch at a time stays in the cache.
        many.chunks_mut(64 * n.max(1)).for_each(|batch| self.chol.solve_lower_many(batch));
        many
    }

    /// Fills `scratch` for a row and returns the standard deviation.
    fn project(&self, row: &[f64], scratch: &mut Scratch, slopes: bool) -> f64 {
        let n = self.points.len();
        self.kernel.cross(self.placed(), n, row, &mut scratch.cross, slopes);
        scratch.u.clear();
        scratch.u.extend_from_slice(&scratch.cross.k);
        self.chol.solve_lower(&mut scratch.u);
        self.sd(&scratch.u)
    }

    fn placed(&self) -> Placed<'_> {
        Placed { points: &self.points, sides: &self.sides }
    }

    fn sd(&self, u: &[f64]) -> f64 {
        let prior = self.kernel.variance();
        (prior - dot(u, u)).max(LEAST_VARIANCE * prior).sqrt()
    }

    /// The log expected improvement of a row.
    pub(super) fn log_improvement(&self, row: &[f64], scratch: &mut Scratch) -> f64 {
        let sd = self.project(row, scratch, false);
        self.average(&scratch.u, sd, &mut scratch.logs)
    }

    /// The log expected improvements of many rows.
    pub(super) fn log_improvements(&self, rows: &[Vec<f64>], scratch: &mut Scratch) -> Vec<f64> {
        let n = self.points.len();
        let many = self.projected(rows, scratch);
        let value = |u: &[f64]| self.average(u, self.sd(u), &mut scratch.logs);
        many.chunks_exact(n.max(1)).map(value).collect()
    }

    /// Log of the mean improvement over the dreams; `logs` keeps what the gradient needs of each.
    fn average(&self, u: &[f64], sd: f64, logs: &mut Vec<(f64, f64, f64)>) -> f64 {
        logs.clear();
        logs.extend(self.dreams.iter().map(|dream| log_h((dream.best - dot(u, &dream.v)) / sd)));
        let largest = logs.iter().fold(f64::NEG_INFINITY, |max, log| max.max(log.0));
        let sum: f64 = logs.iter().map(|log| (log.0 - largest).exp()).sum();
        largest + (sum / logs.len() as f64).ln() + sd.ln()
    }

    /// The log expected improvement and its slopes along the entries `free` of the row.
    pub(super) fn log_improvement_slopes(
        &self,
        row: &[f64],
        free: &[usize],
        scratch: &mut Scratch,
        slopes: &mut [f64],
    ) -> f64 {
        let sd = self.project(row, scratch, true);
        let value = self.average(&scratch.u, sd, &mut scratch.logs);
        let largest = scratch.logs.iter().fold(f64::NEG_INFINITY, |max, log| max.max(log.0));
        let shares: Vec<f64> = scratch.logs.iter().map(|log| (log.0 - largest).exp()).collect();
        let total: f64 = shares.iter().sum();
        // ∂ log EI = (−Φ ∂μ + φ ∂σ) / (σ h), and ∂σ = −(K⁻¹k)·∂k / σ.
        self.chol.solve_upper(&mut scratch.u);
        let density: f64 = scratch.logs.iter().zip(&shares).map(|(log, s)| log.2 * s).sum();
        let factor = -density / (total * sd * sd);
        scratch.weights.clear();
        scratch.weights.extend(scratch.u.iter().map(|w| factor * w));
        for ((dream, log), share) in self.dreams.iter().zip(&scratch.logs).zip(&shares) {
            let factor = -log.1 * share / (total * sd);
            for (weight, alpha) in scratch.weights.iter_mut().zip(&dream.alpha) {
                *weight += factor * alpha;
            }
        }
        for (slope, &i) in slopes.iter_mut().zip(free) {
            *slope = self.kernel.slope(&self.points, &scratch.cross, row[i], i, &scratch.weights);
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::super::points::Column;
    use super::*;

    fn posterior(n_dreams: usize) -> Posterior {
        let mut points = Columns::new(vec![Column::new(false, false), Column::new(false, true)]);
        let mut rng = Rng::new(1);
        let mut y = Vec::new();
        for i in 0..9 {
            let row = [rng.unit(), if i == 3 { f64::NAN } else { rng.unit() }];
            points.push(&row);
            y.push((5.0 * row[0]).sin() + if row[1].is_nan() { 0.0 } else { row[1] });
        }
        let kernel = Kernel {
            joint: vec![3.0, 2.0],
            single: vec![4.0, 1.0],
            joint_var: 0.7,
            single_var: 0.4,
            noise: 0.01,
        };
        let data = Data { points: &points, y: &y, noise: &[1.0; 9] };
        let pending = [vec![0.4, 0.4], vec![0.8, 0.1]];
        Posterior::new(&data, kernel).with_pending(&pending[..n_dreams.min(2)], n_dreams, &mut rng)
    }

    #[test]
    fn slopes_agree_with_differences_with_and_without_pending_points() {
        for n_dreams in [0, 1, 7] {
            let posterior = posterior(n_dreams);
            let mut scratch = Scratch::default();
            for row in [[0.3, 0.6], [0.9, 0.05]] {
                let mut slopes = [0.0; 2];
                let value =
                    posterior.log_improvement_slopes(&row, &[0, 1], &mut scratch, &mut slopes);
                assert_eq!(value, posterior.log_improvement(&row, &mut scratch));
                assert_eq!(value, posterior.log_improvements(&[row.to_vec()], &mut scratch)[0]);
                for i in 0..2 {
                    let (mut above, mut below) = (row, row);
                    above[i] += 1e-6;
                    below[i] -= 1e-6;
                    let rise = posterior.log_improvement(&above, &mut scratch)
                        - posterior.log_improvement(&below, &mut scratch);
                    let expect = rise / 2e-6;
                    assert!(
                        (slopes[i] - expect).abs() < 1e-5 * (1.0 + expect.abs()),
                        "{slopes:?} {expect}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_pending_point_takes_the_doubt_away_and_keeps_the_mean() {
        let mut scratch = Scratch::default();
        let row = [0.4, 0.4];
        let (mean, sd) = posterior(0).at(&row, &mut scratch);
        let (believed, less) = posterior(1).at(&row, &mut scratch);
        assert!((mean - believed).abs() < 1e-9 && less < 0.6 * sd, "{mean} {believed} {sd} {less}");
    }

    #[derive(serde::Deserialize)]
    struct Reference {
        x: Vec<Vec<f64>>,
        y: Vec<f64>,
        new: Vec<Vec<f64>>,
        joint: Vec<f64>,
        single: Vec<f64>,
        joint_var: f64,
        single_var: f64,
        noise: f64,
        plain: Expected,
        additive: Expected,
    }

    #[derive(serde::Deserialize)]
    struct Expected {
        likelihood: f64,
        mean: Vec<f64>,
        sd: Vec<f64>,
    }

    #[test]
    fn agrees_with_scikit_learn() {
        let text = include_str!("../../../tests/fixtures/gp/process.json");
        let reference: Reference = serde_json::from_str(text).unwrap();
        let mut points = Columns::new(vec![Column::new(false, false); 3]);
        reference.x.iter().for_each(|row| points.push(row));
        let noise = vec![1.0; reference.y.len()];
        let data = Data { points: &points, y: &reference.y, noise: &noise };
        let inverse = |scales: &[f64]| scales.iter().map(|l| 5f64.sqrt() / l).collect::<Vec<_>>();
        for (expect, is_additive) in [(&reference.plain, false), (&reference.additive, true)] {
            let kernel = Kernel {
                joint: inverse(&reference.joint),
                single: if is_additive { inverse(&reference.single) } else { Vec::new() },
                joint_var: reference.joint_var,
                single_var: if is_additive { reference.single_var } else { 0.0 },
                noise: reference.noise,
            };
            let likelihood = -super::super::fit::negative_log_likelihood(&data, &kernel);
            assert!((likelihood - expect.likelihood).abs() < 1e-9, "{likelihood}");
            let posterior = Posterior::new(&data, kernel);
            for (row, (mean, sd)) in reference.new.iter().zip(expect.mean.iter().zip(&expect.sd)) {
                let found = posterior.at(row, &mut Scratch::default());
                assert!(
                    (found.0 - mean).abs() < 1e-9 && (found.1 - sd).abs() < 1e-7,
                    "{found:?} {mean} {sd}"
                );
            }
        }
    }
}
