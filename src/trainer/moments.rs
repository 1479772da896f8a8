//! Means and centered second moments of a fold: computed once, shared by every trial on it.

use super::Fold;
use crate::domain::Labels;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, s};

/// Rows that are centered at a time.
const BLOCK: usize = 512;

/// Weighted means and centered products of the features and, in regression, the target.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Sum of the weights.
    pub total: f64,
    /// Weighted mean of each feature.
    pub mean: Vec<f64>,
    /// `Σ w (x − x̄)(x − x̄)ᵀ`, row-major `features × features`.
    pub gram: Vec<f64>,
    /// Weighted mean of the target; 0 in classification.
    pub target_mean: f64,
    /// `Σ w (x − x̄)(y − ȳ)`; zeros in classification.
    pub cross: Vec<f64>,
    /// `Σ w (y − ȳ)²`; 0 in classification.
    pub target_square: f64,
}

impl Moments {
    /// Means without products, for folds with so many features that their products would not fit.
    pub(super) fn means_only(fold: &Fold) -> Self {
        let weights = fold.row_weights();
        let total: f64 = weights.iter().sum();
        let mut mean = vec![0.0; fold.x.ncols()];
        for (row, &weight) in fold.x.rows().into_iter().zip(weights.iter()) {
            for (sum, x) in mean.iter_mut().zip(row) {
                *sum += weight * x;
            }
        }
        for sum in &mut mean {
            *sum /= total;
        }
        let target_sum: f64 = targets(fold).iter().zip(weights.iter()).map(|(y, w)| w * y).sum();
        Self {
            total,
            mean,
            gram: Vec::new(),
            target_mean: target_sum / total,
            cross: Vec::new(),
            target_square: 0.0,
        }
    }

    /// Sums over all rows of a fold. Centering comes before the products, so no digits cancel.
    pub(super) fn of(fold: &Fold) -> Self {
        let (n, d) = fold.x.dim();
        let weights = fold.row_weights();
        let Self { total, mean, target_mean, .. } = Self::means_only(fold);
        let values = targets(fold);
        // The target rides along as the last column, so that one product gives all sums.
        let mut gram = Array2::zeros((d + 1, d + 1));
        let mut block = Array2::zeros((BLOCK, d + 1));
        for start in (0..n).step_by(BLOCK) {
            let end = (start + BLOCK).min(n);
            let mut part = block.slice_mut(s![..end - start, ..]);
            for (mut target, row) in part.rows_mut().into_iter().zip(start..end) {
                let root = weights[row].sqrt();
                for ((cell, x), mean) in target.iter_mut().zip(fold.x.row(row)).zip(&mean) {
                    *cell = root * (x - mean);
                }
                target[d] = values.get(row).map_or(0.0, |y| root * (y - target_mean));
            }
            general_mat_mul(1.0, &part.t(), &part, 1.0, &mut gram);
        }
        let cross = gram.slice(s![..d, d]).to_vec();
        let target_square = gram[[d, d]];
        let gram = gram.slice(s![..d, ..d]).iter().copied().collect();
        Self { total, mean, gram, target_mean, cross, target_square }
    }
}

fn targets(fold: &Fold) -> &[f64] {
    match &fold.y {
        Labels::Values(values) => values,
        Labels::Classes { .. } => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn weights_count_as_repeated_rows() {
        let y = |v: &[f64]| Labels::Values(v.to_vec());
        let x = array![[1.0, 5.0], [2.0, 3.0], [4.0, 4.0]];
        let weighted = Fold::new(x, y(&[1.0, 2.0, 6.0]), Some(vec![2.0, 1.0, 1.0]));
        let x = array![[1.0, 5.0], [1.0, 5.0], [2.0, 3.0], [4.0, 4.0]];
        let repeated = Fold::new(x, y(&[1.0, 1.0, 2.0, 6.0]), None);
        let (a, b) = (Moments::of(&weighted), Moments::of(&repeated));
        assert_eq!((a.total, a.mean.clone(), a.target_mean), (4.0, vec![2.0, 4.25], 2.5));
        for (one, two) in a.gram.iter().chain(&a.cross).zip(b.gram.iter().chain(&b.cross)) {
            assert!((one - two).abs() < 1e-12, "{one} {two}");
        }
        assert!((a.target_square - b.target_square).abs() < 1e-12);
    }
}
