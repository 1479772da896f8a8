//! The search distribution of the choices: one probability per value, moved by the ranking's natural gradient
//! (`CatCMA`, Hamano et al. 2024, arXiv 2405.09962; step size by ASNG, Akimoto et al. 2019).

use super::axis::Place;

/// Independent categorical distributions with one common adaptive step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Categories {
    /// One row of probabilities per choice.
    pub(super) rows: Vec<Vec<f64>>,
    /// Each row's floor.
    floors: Vec<f64>,
    /// Accumulated direction.
    path: Vec<f64>,
    /// How much of the path's length is from the accumulation itself.
    gamma: f64,
    /// Step size; it follows `inverse_step` one generation later, as in the package cmaes.
    step: f64,
    /// Inverse of the next step size.
    inverse_step: f64,
}

/// The path may be so much longer than at random before the step grows.
const ALPHA: f64 = 1.5;
const TINY: f64 = 1e-30;

impl Categories {
    /// Uniform over choices of so many values.
    pub(super) fn new(sizes: &[usize]) -> Self {
        let rows = sizes.iter().map(|&n| vec![1.0 / n as f64; n]).collect();
        let share = 1.0 - 0.73f64.powf(1.0 / sizes.len().max(1) as f64);
        let floors = sizes.iter().map(|&n| share / (n as f64 - 1.0).max(1.0)).collect();
        let n_free: usize = sizes.iter().map(|n| n - 1).sum();
        Self { rows, floors, path: vec![0.0; n_free], gamma: 0.0, step: 1.0, inverse_step: 1.0 }
    }

    /// Moves the rows to how often each value occurs among `best`, each value counted once before.
    pub(super) fn start_from(&mut self, best: &[&Place]) {
        for (index, row) in self.rows.iter_mut().enumerate() {
            let mut counts = vec![1.0; row.len()];
            for value in best.iter().filter_map(|place| place.choices[index]) {
                counts[value] += 1.0;
            }
            let total: f64 = counts.iter().sum();
            row.iter_mut().zip(&counts).for_each(|(q, count)| *q = count / total);
        }
        self.keep_floors();
    }

    /// Takes in a generation's choices with the weights of their ranks, 0 for all but the parents.
    pub(super) fn update(&mut self, members: &[(&[Option<usize>], f64)]) {
        if self.path.is_empty() {
            return;
        }
        let gradient = self.gradient(members);
        let direction = self.natural(&gradient);
        let length = direction.iter().map(|s| s * s).sum::<f64>().sqrt() + TINY;
        for (row, gradient) in self.rows.iter_mut().zip(&gradient) {
            row.iter_mut().zip(gradient).for_each(|(q, g)| *q += self.step / length * g);
        }
        self.step = 1.0 / self.inverse_step;
        let beta = self.step / (self.path.len() as f64).sqrt();
        let fresh = (beta * (2.0 - beta)).max(0.0).sqrt() / length;
        for (path, s) in self.path.iter_mut().zip(&direction) {
            *path = (1.0 - beta) * *path + fresh * s;
        }
        self.gamma = (1.0 - beta).powi(2) * self.gamma + beta * (2.0 - beta);
        let squared: f64 = self.path.iter().map(|s| s * s).sum();
        self.inverse_step *= (beta * (self.gamma - squared / ALPHA)).exp();
        self.keep_floors();
    }

    /// Weighted sum of `one-hot − q`; a member in which a choice is inactive says nothing of it.
    fn gradient(&self, members: &[(&[Option<usize>], f64)]) -> Vec<Vec<f64>> {
        let mut gradient: Vec<Vec<f64>> =
            self.rows.iter().map(|row| vec![0.0; row.len()]).collect();
        for (choices, weight) in members {
            for ((row, gradient), value) in self.rows.iter().zip(&mut gradient).zip(*choices) {
                let Some(value) = *value else { continue };
                gradient.iter_mut().zip(row).for_each(|(g, q)| *g -= weight * q);
                gradient[value] += weight;
            }
        }
        gradient
    }

    /// The gradient times the root of the Fisher information (Akimoto et al. 2019, appendix B).
    fn natural(&self, gradient: &[Vec<f64>]) -> Vec<f64> {
        let mut direction = Vec::with_capacity(self.path.len());
        for (row, gradient) in self.rows.iter().zip(gradient) {
            let last = row.len() - 1;
            let free: f64 = gradient[..last].iter().sum();
            let rest = row[last] + row[last].sqrt();
            let each = row[..last].iter().zip(gradient);
            direction.extend(each.map(|(q, g)| g / q.sqrt() + q.sqrt() * free / rest));
        }
        direction
    }

    fn keep_floors(&mut self) {
        for (row, &floor) in self.rows.iter_mut().zip(&self.floors) {
            for q in row.iter_mut() {
                *q = q.max(floor);
            }
            let total: f64 = row.iter().sum();
            let spare = total - floor * row.len() as f64;
            if spare > 0.0 {
                for q in row.iter_mut() {
                    *q -= (total - 1.0) * (*q - floor) / spare;
                }
            }
            let total: f64 = row.iter().sum();
            for q in row.iter_mut() {
                *q /= total;
            }
        }
    }
}
