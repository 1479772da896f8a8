//! Metrics of probabilities.

/// Mean of `-ln p(true class)`, probabilities clipped to `[eps, 1 - eps]` with the float's epsilon.
pub(super) fn log_loss(
    truth: &[u32],
    probabilities: &[f64],
    n_classes: usize,
    weights: Option<&[f64]>,
) -> f64 {
    weighted_mean(weights, truth.len(), |row| {
        let p = probabilities[row * n_classes + truth[row] as usize];
        -p.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
    })
}

/// Brier score. Three classes and more: the mean over rows of the squared distance to the true corner of
/// the simplex, in `[0, 2]`, which is scikit-learn's `brier_score_loss(scale_by_half=False)`. Two classes: half
/// of that, in `[0, 1]`, its usual `scale_by_half="auto"`.
pub(super) fn brier(
    truth: &[u32],
    probabilities: &[f64],
    n_classes: usize,
    weights: Option<&[f64]>,
) -> f64 {
    let half = if n_classes < 3 { 0.5 } else { 1.0 };
    half * weighted_mean(weights, truth.len(), |row| {
        let cells = &probabilities[row * n_classes..(row + 1) * n_classes];
        let distance = |(class, p): (usize, &f64)| {
            let corner = if class == truth[row] as usize { 1.0 } else { 0.0 };
            (p - corner) * (p - corner)
        };
        cells.iter().enumerate().map(distance).sum()
    })
}

/// The weighted mean of a value per row.
pub(super) fn weighted_mean(
    weights: Option<&[f64]>,
    n_rows: usize,
    value: impl Fn(usize) -> f64,
) -> f64 {
    match weights {
        None => (0..n_rows).map(value).sum::<f64>() / n_rows as f64,
        Some(weights) => {
            let sum: f64 =
                weights.iter().enumerate().map(|(row, weight)| weight * value(row)).sum();
            sum / weights.iter().sum::<f64>()
        }
    }
}
