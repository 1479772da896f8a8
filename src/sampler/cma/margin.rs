//! A floor under the probability of leaving a cell, so that a number with steps never gets stuck in one
//! (CMA-ES with margin, Hamano et al. 2022, arXiv 2205.13482).

use super::axis::Cells;
use super::gaussian::Gaussian;
use crate::numeric::{normal_cdf, normal_quantile};

/// Probabilities away from 0 and ½, where their quantile is finite.
const EDGE: f64 = 1e-10;

/// After an update: moves the mean and stretches single coordinates (`widths`, the paper's A) until every
/// neighboring cell has at least a probability of `margin / 2`, or `margin` at the range's end.
pub(super) fn correct(gaussian: &mut Gaussian, widths: &mut [f64], cells: &[&Cells], margin: f64) {
    for (i, cells) in cells.iter().enumerate() {
        let mean = gaussian.mean[i];
        let Some(limits) = cells.limits(mean) else { continue };
        let deviation = gaussian.sigma * gaussian.variance(i).sqrt();
        let (mean, width) = corrected(mean, deviation, widths[i], limits, margin);
        if mean.is_finite() && width.is_finite() && width > 0.0 {
            gaussian.mean[i] = mean;
            widths[i] = width;
        }
    }
}

/// Equations 8 to 21: the new mean and width of one coordinate.
fn corrected(
    mean: f64,
    deviation: f64,
    width: f64,
    (low, up): (f64, f64),
    margin: f64,
) -> (f64, f64) {
    let scale = deviation * width;
    let below = normal_cdf((low - mean) / scale);
    let above = 1.0 - normal_cdf((up - mean) / scale);
    if below.max(above) > 0.5 {
        if below.min(above) >= margin {
            return (mean, width);
        }
        let side = (mean - up).partial_cmp(&0.0).map_or(0.0, |order| f64::from(order as i8));
        return (up + side * scale * chi_root(margin), width);
    }
    let middle = 1.0 - (below + above);
    let (below, above) = (below.max(margin / 2.0), above.max(margin / 2.0));
    let excess = 1.0 - below - above - middle;
    let spare = below + middle + above - 1.5 * margin;
    let share = |p: f64| (p + excess * (p - margin / 2.0) / spare).clamp(EDGE, 0.5 - EDGE);
    let (to_low, to_up) = (chi_root(share(below)), chi_root(share(above)));
    let mean = (low * to_up + up * to_low) / (to_low + to_up);
    (mean, (up - low) / ((to_low + to_up) * deviation))
}

/// `√χ²₁⁻¹(1 − 2p)`, the standard normal's quantile of `1 − p`.
fn chi_root(p: f64) -> f64 {
    -normal_quantile(p)
}
