//! A first distribution out of trials that others made (warm-starting CMA-ES, Nomura et al. 2021,
//! arXiv 2012.06932).

use super::axis::Place;
use crate::numeric::symmetric_eigen;

/// The Gaussian of the best trials: mean, σ and C (row by row, determinant 1) of
/// `α² I + covariance`, over coordinates that are NaN where inactive.
pub(super) fn promising(
    best: &[&Place],
    n_numbers: usize,
    alpha: f64,
) -> (Vec<f64>, f64, Vec<f64>) {
    let n = best.len().max(1) as f64;
    let mut mean = vec![0.0; n_numbers];
    for (i, mean) in mean.iter_mut().enumerate() {
        let known: Vec<f64> =
            best.iter().map(|place| place.numbers[i]).filter(|x| !x.is_nan()).collect();
        *mean = if known.is_empty() { 0.5 } else { known.iter().sum::<f64>() / known.len() as f64 };
    }
    let mut covariance = vec![0.0; n_numbers * n_numbers];
    for place in best {
        let away =
            |i: usize| if place.numbers[i].is_nan() { 0.0 } else { place.numbers[i] - mean[i] };
        for row in 0..n_numbers {
            for column in 0..n_numbers {
                covariance[row * n_numbers + column] += away(row) * away(column) / n;
            }
        }
    }
    for i in 0..n_numbers {
        covariance[i * n_numbers + i] += alpha * alpha;
    }
    if n_numbers == 0 {
        return (mean, alpha, covariance);
    }
    let log_det: f64 =
        symmetric_eigen(&covariance, n_numbers).values.iter().map(|v| v.max(1e-300).ln()).sum();
    let root = (log_det / n_numbers.max(1) as f64).exp();
    for entry in &mut covariance {
        *entry /= root;
    }
    (mean, root.sqrt(), covariance)
}
