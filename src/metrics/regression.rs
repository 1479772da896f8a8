//! Metrics of predicted numbers.

use super::probability::weighted_mean;

/// `1 − SS_res / SS_tot`; NaN below two rows; of a constant truth 1 if every row is right, else 0.
pub(super) fn r2(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> f64 {
    let n_rows = truth.len();
    if n_rows < 2 {
        return f64::NAN;
    }
    let mean = weighted_mean(weights, n_rows, |row| truth[row]);
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let (mut residual, mut total) = (0.0, 0.0);
    for row in 0..n_rows {
        residual += weight(row) * (truth[row] - predicted[row]).powi(2);
        total += weight(row) * (truth[row] - mean).powi(2);
    }
    if residual == 0.0 {
        1.0
    } else if total == 0.0 {
        0.0
    } else {
        1.0 - residual / total
    }
}

/// Root of the mean squared error.
pub(super) fn rmse(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> f64 {
    weighted_mean(weights, truth.len(), |row| (truth[row] - predicted[row]).powi(2)).sqrt()
}

/// Mean absolute error.
pub(super) fn mae(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> f64 {
    weighted_mean(weights, truth.len(), |row| (truth[row] - predicted[row]).abs())
}

/// Mean of `|y − ŷ| / max(|y|, eps)` with the float's epsilon.
pub(super) fn mape(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> f64 {
    weighted_mean(weights, truth.len(), |row| {
        (truth[row] - predicted[row]).abs() / truth[row].abs().max(f64::EPSILON)
    })
}

/// Median absolute error; with weights the averaged inverse of the weighted distribution function.
pub(super) fn median_absolute_error(
    truth: &[f64],
    predicted: &[f64],
    weights: Option<&[f64]>,
) -> f64 {
    let mut errors: Vec<(f64, f64)> = (0..truth.len())
        .map(|row| {
            ((truth[row] - predicted[row]).abs(), weights.map_or(1.0, |weights| weights[row]))
        })
        .filter(|error| error.1 != 0.0)
        .collect();
    errors.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some(last) = errors.last().map(|error| error.0) else { return f64::NAN };
    // Summed in sorted order, so that the total is the last value of the running sum to the bit.
    let half = errors.iter().map(|error| error.1).sum::<f64>() / 2.0;
    let mut below = 0.0;
    for (idx, error) in errors.iter().enumerate() {
        below += error.1;
        if below >= half {
            let next = errors.get(idx + 1).map_or(error.0, |next| next.0);
            let exact = below - half <= f64::EPSILON;
            return if exact { f64::midpoint(error.0, next) } else { error.0 };
        }
    }
    last
}

/// Largest absolute error among the rows with weight.
pub(super) fn max_error(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> f64 {
    (0..truth.len())
        .filter(|&row| weights.is_none_or(|weights| weights[row] != 0.0))
        .map(|row| (truth[row] - predicted[row]).abs())
        .fold(0.0, f64::max)
}
