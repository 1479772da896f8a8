//! The penalized log loss in blocks of rows, and the coordinates that make it round.

use super::super::Fold;
use crate::numeric::Factor;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

/// Rows per block: a block of features and its scores stay in cache between the two products.
const BLOCK: usize = 256;

/// Features up to which the full Gram matrix is used; above it, its diagonal.
const FULL_GRAM: usize = 512;

/// The problem in plain coefficients, `k` rows of `n_params`: features, then the intercept if there is one.
pub(super) struct Loss<'a> {
    pub(super) x: ArrayView2<'a, f64>,
    /// Index of each row's class among those present.
    pub(super) slots: Vec<usize>,
    /// Weight of each row; they sum to 1.
    pub(super) weights: Vec<f64>,
    /// 1 for two classes, else the number of classes.
    pub(super) k: usize,
    pub(super) n_params: usize,
    /// Factor of `‖W‖²/2`.
    pub(super) ridge: f64,
}

impl Loss<'_> {
    /// Room for the scores of a block.
    pub(super) fn scratch(&self) -> Array2<f64> {
        Array2::zeros((BLOCK.min(self.x.nrows()), self.k))
    }

    /// Mean log loss and penalty; overwrites `gradient`.
    pub(super) fn evaluate(
        &self,
        coefs: &[f64],
        gradient: &mut [f64],
        scratch: &mut Array2<f64>,
    ) -> f64 {
        let (n, d) = self.x.dim();
        let shape = (self.k, self.n_params);
        let coefs = ArrayView2::from_shape(shape, coefs).expect("k × n_params");
        let mut gradient = ArrayViewMut2::from_shape(shape, gradient).expect("k × n_params");
        gradient.fill(0.0);
        let slopes = coefs.slice(s![.., ..d]);
        let mut value = 0.5 * self.ridge * slopes.iter().map(|w| w * w).sum::<f64>();
        gradient.slice_mut(s![.., ..d]).scaled_add(self.ridge, &slopes);
        for start in (0..n).step_by(BLOCK) {
            let end = (start + BLOCK).min(n);
            let x = self.x.slice(s![start..end, ..]);
            let mut scores = scratch.slice_mut(s![..end - start, ..]);
            if self.n_params > d {
                scores.assign(&coefs.column(d));
                general_mat_mul(1.0, &x, &slopes.t(), 1.0, &mut scores);
            } else {
                general_mat_mul(1.0, &x, &slopes.t(), 0.0, &mut scores);
            }
            for (row, mut scores) in (start..end).zip(scores.rows_mut()) {
                let scores = scores.as_slice_mut().expect("a row of a standard layout");
                value += self.weights[row] * self.row_loss(row, scores);
                for residual in scores.iter_mut() {
                    *residual *= self.weights[row];
                }
            }
            if self.n_params > d {
                gradient
                    .column_mut(d)
                    .zip_mut_with(&scores.sum_axis(ndarray::Axis(0)), |g, r| *g += r);
            }
            let mut slopes = gradient.slice_mut(s![.., ..d]);
            general_mat_mul(1.0, &scores.t(), &x, 1.0, &mut slopes);
        }
        value
    }

    /// The loss of one row; turns its scores into probability minus truth.
    fn row_loss(&self, row: usize, scores: &mut [f64]) -> f64 {
        let slot = self.slots[row];
        if let [score] = scores {
            // exp of a negative number only, so nothing overflows.
            let small = (-score.abs()).exp();
            let upper = if *score >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
            let margin = if slot == 1 { *score } else { -*score };
            *score = upper - slot as f64;
            return small.ln_1p() + (-margin).max(0.0);
        }
        let own = scores[slot];
        let log_sum = softmax(scores);
        scores[slot] -= 1.0;
        log_sum - own
    }
}

/// Turns scores into probabilities and returns the logarithm of the sum of their exponentials.
pub(super) fn softmax(scores: &mut [f64]) -> f64 {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut total = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - largest).exp();
        total += *score;
    }
    for score in scores.iter_mut() {
        *score /= total;
    }
    largest + total.ln()
}

/// New coordinates `v = Lᵀw` per class, with `L Lᵀ` the Hessian at `w = 0`.
///
/// There all probabilities are equal, and for directions that sum to 0 over the classes (the only ones that
/// gradients have) the Hessian is `h·XᵀX + ridge` per class, with `h` = 1/4 for two classes and 1/k for k.
pub(super) enum Preconditioner {
    /// The Cholesky factor.
    Full(Factor),
    /// Square roots of the diagonal.
    Diagonal(Vec<f64>),
}

impl Preconditioner {
    pub(super) fn new(fold: &Fold, loss: &Loss<'_>) -> Self {
        let (d, p) = (fold.x.ncols(), loss.n_params);
        let h = if loss.k == 1 { 0.25 } else { 1.0 / loss.k as f64 };
        if d > FULL_GRAM {
            return Self::Diagonal(diagonal(loss, h));
        }
        let moments = fold.moments();
        let mut matrix = vec![0.0; p * p];
        let mut largest = 0.0f64;
        for i in 0..p {
            for j in 0..p {
                matrix[i * p + j] = match (i < d, j < d) {
                    (true, true) => {
                        h * (moments.gram[i * d + j] / moments.total
                            + moments.mean[i] * moments.mean[j])
                    }
                    (true, false) => h * moments.mean[i],
                    (false, true) => h * moments.mean[j],
                    (false, false) => h,
                };
            }
            if i < d {
                matrix[i * p + i] += loss.ridge;
            }
            largest = largest.max(matrix[i * p + i]);
        }
        // Only the speed depends on this, so dependent features may be nudged until the factor exists.
        for nudge in [0.0, 1e-14, 1e-11, 1e-8] {
            let mut nudged = matrix.clone();
            for j in 0..p {
                nudged[j * p + j] += nudge * largest.max(f64::MIN_POSITIVE);
            }
            if let Some(factor) = Factor::new(&nudged, p) {
                return Self::Full(factor);
            }
        }
        Self::Diagonal(diagonal(loss, h))
    }

    /// `v` to `w`.
    pub(super) fn to_coefs(&self, row: &mut [f64]) {
        match self {
            Self::Full(factor) => factor.solve_upper(row),
            Self::Diagonal(roots) => row.iter_mut().zip(roots).for_each(|(v, root)| *v /= root),
        }
    }

    /// The gradient by `w` to that by `v`.
    pub(super) fn to_scaled(&self, row: &mut [f64]) {
        match self {
            Self::Full(factor) => factor.solve_lower(row),
            Self::Diagonal(roots) => row.iter_mut().zip(roots).for_each(|(g, root)| *g /= root),
        }
    }

    /// The gradient by `v` back to that by `w`.
    pub(super) fn to_plain_gradient(&self, row: &mut [f64]) {
        match self {
            Self::Full(factor) => factor.multiply_lower(row),
            Self::Diagonal(roots) => row.iter_mut().zip(roots).for_each(|(g, root)| *g *= root),
        }
    }
}

/// Square roots of the Hessian's diagonal at the start; 1 for a feature that is 0 everywhere.
fn diagonal(loss: &Loss<'_>, h: f64) -> Vec<f64> {
    let d = loss.x.ncols();
    let mut sums = vec![0.0; loss.n_params];
    for (row, &weight) in loss.x.rows().into_iter().zip(&loss.weights) {
        for (sum, x) in sums.iter_mut().zip(row) {
            *sum += weight * x * x;
        }
    }
    for sum in sums.iter_mut().skip(d) {
        *sum = 1.0;
    }
    let root = |(j, sum): (usize, f64)| h * sum + if j < d { loss.ridge } else { 0.0 };
    let roots = sums.into_iter().enumerate().map(root);
    roots.map(|r| if r > 0.0 { r.sqrt() } else { 1.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn check_gradient(k: usize, n_params: usize) {
        let x = array![[1.0, -2.0], [0.5, 3.0], [-1.5, 0.25], [2.0, 1.0]];
        let slots = vec![0, 1, k.max(2) - 1, 0];
        let loss =
            Loss { x: x.view(), slots, weights: vec![0.1, 0.2, 0.3, 0.4], k, n_params, ridge: 0.3 };
        let coefs: Vec<f64> = (0..k * n_params).map(|i| 0.3 * i as f64 - 0.7).collect();
        let mut scratch = loss.scratch();
        let mut gradient = vec![0.0; coefs.len()];
        loss.evaluate(&coefs, &mut gradient, &mut scratch);
        let mut other = vec![0.0; coefs.len()];
        for j in 0..coefs.len() {
            let mut moved = coefs.clone();
            moved[j] += 1e-5;
            let up = loss.evaluate(&moved, &mut other, &mut scratch);
            moved[j] -= 2e-5;
            let down = loss.evaluate(&moved, &mut other, &mut scratch);
            let slope = (up - down) / 2e-5;
            assert!((slope - gradient[j]).abs() < 1e-8, "{k} {n_params} {j}: {slope} {gradient:?}");
        }
    }

    #[test]
    fn gradients_are_those_of_the_loss() {
        for (k, n_params) in [(1, 3), (1, 2), (3, 3), (4, 2)] {
            check_gradient(k, n_params);
        }
    }

    #[test]
    fn large_scores_do_not_overflow() {
        let mut scores = [1000.0, 0.0, -1000.0];
        assert_eq!(softmax(&mut scores), 1000.0);
        assert_eq!(scores, [1.0, 0.0, 0.0]);
    }
}
