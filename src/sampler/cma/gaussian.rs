//! The search distribution of the numbers, `N(m, σ² C)`, and its update by one ranked generation.

use super::rates::{Rates, Weights};
use crate::numeric::symmetric_eigen;

/// Stands for eigenvalues below 0, and keeps a norm from being 0 in a quotient.
const TINY: f64 = 1e-8;
/// Largest step size; beyond it points overflow.
const SIGMA_MAX: f64 = 1e32;

/// The covariance matrix and its root.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// All entries, row by row.
    Full {
        /// C.
        matrix: Vec<f64>,
        /// Eigenvectors, one after the other.
        vectors: Vec<f64>,
        /// Square roots of the eigenvalues.
        scales: Vec<f64>,
    },
    /// The diagonal.
    Diagonal {
        /// Variances.
        variances: Vec<f64>,
        /// Their roots.
        scales: Vec<f64>,
    },
}

/// One point of a generation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    /// Coordinates as drawn, before rounding; NaN where inactive.
    pub(super) x: Vec<f64>,
    /// Smaller is better; infinite for a failure.
    pub(super) loss: f64,
    /// Not drawn from the present distribution: its step is cut to a length that a draw could have.
    pub(super) foreign: bool,
}

/// The distribution with its evolution paths.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Gaussian {
    pub(super) rates: Rates,
    pub(super) mean: Vec<f64>,
    pub(super) sigma: f64,
    pub(super) shape: Shape,
    pub(super) path_sigma: Vec<f64>,
    pub(super) path_c: Vec<f64>,
    /// Generations told.
    pub(super) generation: u64,
}

impl Gaussian {
    /// With the identity as covariance.
    pub(super) fn new(mean: Vec<f64>, sigma: f64, population: usize, separable: bool) -> Self {
        let d = mean.len();
        let rates =
            if separable { Rates::separable(d, population) } else { Rates::full(d, population) };
        let shape = if separable {
            Shape::Diagonal { variances: vec![1.0; d], scales: vec![1.0; d] }
        } else {
            let identity: Vec<f64> =
                (0..d * d).map(|at| f64::from(u8::from(at / d == at % d))).collect();
            Shape::Full { matrix: identity.clone(), vectors: identity, scales: vec![1.0; d] }
        };
        let path = vec![0.0; d];
        Self { rates, mean, sigma, shape, path_sigma: path.clone(), path_c: path, generation: 0 }
    }

    /// With a covariance matrix, row by row; its diagonal only if the distribution is separable.
    pub(super) fn with_covariance(mut self, matrix: Vec<f64>) -> Self {
        let d = self.mean.len();
        self.shape = match self.shape {
            Shape::Full { .. } => decompose(matrix, d),
            Shape::Diagonal { .. } => diagonal((0..d).map(|i| matrix[i * d + i]).collect()),
        };
        self
    }

    /// `σ C^½ z` added to the mean.
    pub(super) fn at(&self, z: &[f64], stretch: f64) -> Vec<f64> {
        let step = self.root(z);
        let sigma = self.sigma * stretch;
        self.mean.iter().zip(step).map(|(mean, step)| mean + sigma * step).collect()
    }

    /// `B D z`, distributed as `N(0, C)` for standard normal `z`.
    fn root(&self, z: &[f64]) -> Vec<f64> {
        match &self.shape {
            Shape::Diagonal { scales, .. } => z.iter().zip(scales).map(|(z, s)| z * s).collect(),
            Shape::Full { vectors, scales, .. } => {
                let d = z.len();
                let mut y = vec![0.0; d];
                for ((z, scale), vector) in z.iter().zip(scales).zip(vectors.chunks_exact(d.max(1)))
                {
                    add_scaled(&mut y, z * scale, vector);
                }
                y
            }
        }
    }

    /// `C^-½ y`.
    fn whiten(&self, y: &[f64]) -> Vec<f64> {
        match &self.shape {
            Shape::Diagonal { scales, .. } => y.iter().zip(scales).map(|(y, s)| y / s).collect(),
            Shape::Full { vectors, scales, .. } => {
                let d = y.len();
                let mut white = vec![0.0; d];
                for (scale, vector) in scales.iter().zip(vectors.chunks_exact(d.max(1))) {
                    let along: f64 = vector.iter().zip(y).map(|(v, y)| v * y).sum();
                    add_scaled(&mut white, along / scale, vector);
                }
                white
            }
        }
    }

    /// Mahalanobis distance of a point from the mean in units of σ; inactive coordinates do not count.
    pub(super) fn distance(&self, x: &[f64]) -> f64 {
        norm(&self.whiten(&self.step(x)))
    }

    fn step(&self, x: &[f64]) -> Vec<f64> {
        let delta =
            |(x, mean): (&f64, &f64)| if x.is_nan() { 0.0 } else { (x - mean) / self.sigma };
        x.iter().zip(&self.mean).map(delta).collect()
    }

    /// The variance of coordinate `i` in units of σ².
    pub(super) fn variance(&self, i: usize) -> f64 {
        match &self.shape {
            Shape::Full { matrix, .. } => matrix[i * self.mean.len() + i],
            Shape::Diagonal { variances, .. } => variances[i],
        }
    }

    /// Standard deviations along the principal axes in units of σ.
    pub(super) fn scales(&self) -> &[f64] {
        match &self.shape {
            Shape::Full { scales, .. } | Shape::Diagonal { scales, .. } => scales,
        }
    }

    /// Length beyond which a foreign step is cut: `√d + 2d/(d + 2)` (Hansen 2011, arXiv 1110.4181).
    pub(super) fn longest_step(&self) -> f64 {
        let d = self.mean.len() as f64;
        d.sqrt() + 2.0 * d / (d + 2.0)
    }

    /// Takes in a generation, best first. `weights` has one weight per member.
    pub(super) fn update(&mut self, members: &[Member], weights: &Weights) {
        self.generation += 1;
        let mut steps: Vec<Vec<f64>> = members.iter().map(|member| self.step(&member.x)).collect();
        let mut lengths = Vec::with_capacity(steps.len());
        for (step, member) in steps.iter_mut().zip(members) {
            let mut length = norm(&self.whiten(step));
            let longest = self.longest_step();
            if member.foreign && length > longest {
                for y in step.iter_mut() {
                    *y *= longest / length;
                }
                length = longest;
            }
            lengths.push(length);
        }
        let mut mean_step = vec![0.0; self.mean.len()];
        for (step, &weight) in steps.iter().zip(&weights.mean) {
            add_scaled(&mut mean_step, weight, step);
        }
        add_scaled(&mut self.mean, self.sigma, &mean_step);
        let h_sigma = self.update_sigma(&unbiased(&mean_step, members, weights));
        let rates = &self.rates;
        let gain = h_sigma * (rates.c_c * (2.0 - rates.c_c) * rates.mu_eff).sqrt();
        for (path, step) in self.path_c.iter_mut().zip(&mean_step) {
            *path = (1.0 - rates.c_c) * *path + gain * step;
        }
        self.update_shape(&steps, &lengths, weights, h_sigma);
    }

    /// Cumulative step-size adaptation (equations 43 and 44); gives `h_σ`.
    fn update_sigma(&mut self, step: &[f64]) -> f64 {
        let known: Vec<f64> = step.iter().map(|y| if y.is_nan() { 0.0 } else { *y }).collect();
        let white = self.whiten(&known);
        let rates = &self.rates;
        let gain = (rates.c_sigma * (2.0 - rates.c_sigma) * rates.mu_eff).sqrt();
        for ((path, white), step) in self.path_sigma.iter_mut().zip(&white).zip(step) {
            if !step.is_nan() {
                *path = (1.0 - rates.c_sigma) * *path + gain * white;
            }
        }
        let length = norm(&self.path_sigma);
        let change = rates.c_sigma / rates.d_sigma * (length / rates.chi - 1.0);
        self.sigma = (self.sigma * change.exp()).min(SIGMA_MAX);
        let generations = 2.0 * (self.generation as f64 + 1.0);
        let left = length / (1.0 - (1.0 - rates.c_sigma).powf(generations)).sqrt();
        let right = (1.4 + 2.0 / (self.mean.len() as f64 + 1.0)) * rates.chi;
        f64::from(u8::from(left < right))
    }

    /// Covariance matrix adaptation (equations 46 and 47).
    fn update_shape(&mut self, steps: &[Vec<f64>], lengths: &[f64], weights: &Weights, h: f64) {
        let (rates, d) = (&self.rates, self.mean.len());
        let delta = (1.0 - h) * rates.c_c * (2.0 - rates.c_c);
        let total: f64 = weights.shape.iter().sum();
        let kept = 1.0 + rates.c_one * delta - rates.c_one - rates.c_mu * total;
        let scaled = |(&w, length): (&f64, &f64)| {
            if w >= 0.0 { w } else { w * d as f64 / (length * length + TINY) }
        };
        let own: Vec<f64> = weights.shape.iter().zip(lengths).map(scaled).collect();
        let path = &self.path_c;
        self.shape = match std::mem::replace(&mut self.shape, diagonal(Vec::new())) {
            Shape::Diagonal { mut variances, .. } => {
                for (i, variance) in variances.iter_mut().enumerate() {
                    let rank_mu: f64 = steps.iter().zip(&own).map(|(y, w)| w * y[i] * y[i]).sum();
                    *variance =
                        kept * *variance + rates.c_one * path[i] * path[i] + rates.c_mu * rank_mu;
                }
                diagonal(variances)
            }
            Shape::Full { mut matrix, .. } => {
                for entry in &mut matrix {
                    *entry *= kept;
                }
                add_outer(&mut matrix, rates.c_one, path);
                for (step, weight) in steps.iter().zip(&own) {
                    add_outer(&mut matrix, rates.c_mu * weight, step);
                }
                decompose(matrix, d)
            }
        };
    }

    /// False once a number overflowed.
    pub(super) fn is_finite(&self) -> bool {
        self.sigma.is_finite()
            && self.sigma > 0.0
            && self.mean.iter().chain(self.scales()).all(|x| x.is_finite())
    }
}

/// The mean's step for the path: where a coordinate is inactive in some parents, the others stand for them
/// with the variance that all would have had. NaN where it was active in none.
fn unbiased(step: &[f64], members: &[Member], weights: &Weights) -> Vec<f64> {
    if members.iter().all(|member| member.x.iter().all(|x| !x.is_nan())) {
        return step.to_vec();
    }
    let total: f64 = weights.mean.iter().map(|w| w * w).sum();
    let scale = |(i, step): (usize, &f64)| {
        let active = members.iter().zip(&weights.mean).filter(|(member, _)| !member.x[i].is_nan());
        let share = active.map(|(_, w)| w * w).sum::<f64>() / total;
        if share > 0.0 { step / share.sqrt() } else { f64::NAN }
    };
    step.iter().enumerate().map(scale).collect()
}

fn diagonal(variances: Vec<f64>) -> Shape {
    let scales = variances.iter().map(|&v| if v < 0.0 { TINY } else { v }.sqrt()).collect();
    Shape::Diagonal { variances, scales }
}

/// The matrix, made symmetric and positive, with its root.
fn decompose(mut matrix: Vec<f64>, d: usize) -> Shape {
    for row in 0..d {
        for column in 0..row {
            let both = f64::midpoint(matrix[row * d + column], matrix[column * d + row]);
            matrix[row * d + column] = both;
            matrix[column * d + row] = both;
        }
    }
    if d == 0 || matrix.iter().any(|x| !x.is_finite()) {
        return Shape::Full { matrix, vectors: vec![0.0; d * d], scales: vec![f64::NAN; d] };
    }
    let eigen = symmetric_eigen(&matrix, d);
    let negative = eigen.values.iter().any(|&value| value < 0.0);
    let scales: Vec<f64> =
        eigen.values.iter().map(|&v| if v < 0.0 { TINY } else { v }.sqrt()).collect();
    if negative {
        matrix.fill(0.0);
        for (vector, scale) in eigen.vectors.iter().zip(&scales) {
            add_outer(&mut matrix, scale * scale, vector);
        }
    }
    Shape::Full { matrix, vectors: eigen.vectors.concat(), scales }
}

fn add_outer(matrix: &mut [f64], factor: f64, vector: &[f64]) {
    for (row, &left) in matrix.chunks_exact_mut(vector.len().max(1)).zip(vector) {
        add_scaled(row, factor * left, vector);
    }
}

fn add_scaled(to: &mut [f64], factor: f64, vector: &[f64]) {
    for (to, x) in to.iter_mut().zip(vector) {
        *to += factor * x;
    }
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}
