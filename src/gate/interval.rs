//! Bounds from bootstrap draws.

use super::bootstrap::Gains;
use super::{Interval, influence};
use crate::numeric::{normal_cdf, normal_quantile, student_t_quantile};

/// Draws that must lie beyond a bound for it to be theirs alone.
const ENOUGH_BEYOND: f64 = 10.0;

/// One-sided bounds of a gain, each with error probability `alpha`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) lower: f64,
    pub(super) upper: f64,
    /// Standard deviation of the draws.
    pub(super) standard_error: f64,
    /// Draws in which the metric has no value.
    pub(super) undefined: usize,
}

/// Bounds of `gain`. Draws without a value count as the worst for either bound, so that a bound may be infinite.
///
/// * The probability is widened to `Φ(√(u/(u−1)) t_{α,u−1})` (Hesterberg 2015, the expanded percentile
///   interval): draws vary by `(u−1)/u` of the variance and know nothing of Student. `u` is the number of
///   independent units or three times the effective ones, whichever is less, so that thousands of rows of which ten
///   matter count as thirty.
/// * A bound is an order statistic, rounded outwards.
/// * Where fewer than ten draws lie beyond it, it is at least as far out as the normal approximation's.
pub(super) fn bounds(gains: &Gains, gain: f64, alpha: f64, interval: Interval) -> Bounds {
    let mut sorted: Vec<f64> = gains.draws.iter().copied().filter(|draw| !draw.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let undefined = gains.draws.len() - sorted.len();
    let standard_error = crate::numeric::sample_sd(&sorted);
    let units = (3.0 * gains.effective).min(gains.independent as f64).max(2.0);
    let widen = (units / (units - 1.0)).sqrt();
    let student = student_t_quantile(alpha, units - 1.0) * widen;
    let narrow = normal_cdf(student);
    let (low, high) = match interval {
        Interval::Percentile => (narrow, 1.0 - narrow),
        Interval::Bca => {
            let acceleration = influence::acceleration(&gains.influence);
            bca_levels(&sorted, gain, acceleration, narrow)
        }
    };
    let total = (sorted.len() + undefined) as f64;
    let reach = -student * standard_error;
    let mut lower = below(&sorted, undefined, low);
    let mut upper =
        -below(&sorted.iter().rev().map(|draw| -draw).collect::<Vec<_>>(), undefined, 1.0 - high);
    if low * (total + 1.0) < ENOUGH_BEYOND {
        lower = lower.min(gain - reach);
    }
    if (1.0 - high) * (total + 1.0) < ENOUGH_BEYOND {
        upper = upper.max(gain + reach);
    }
    Bounds { lower, upper, standard_error, undefined }
}

/// The order statistic at `level`, rounded down, with `undefined` values below all.
fn below(sorted: &[f64], undefined: usize, level: f64) -> f64 {
    let total = sorted.len() + undefined;
    let place = (level * (total + 1) as f64 + 1e-9).floor() as usize;
    match place.max(1).checked_sub(undefined + 1) {
        Some(at) => sorted.get(at).or(sorted.last()).copied().unwrap_or(f64::NEG_INFINITY),
        None => f64::NEG_INFINITY,
    }
}

/// The levels of a `BCa` interval (Efron 1987): ties with the gain count half.
pub(super) fn bca_levels(draws: &[f64], gain: f64, acceleration: f64, alpha: f64) -> (f64, f64) {
    let less = draws.iter().filter(|draw| **draw < gain).count() as f64;
    let equal = draws.iter().filter(|draw| **draw == gain).count() as f64;
    let bias = normal_quantile((less + equal / 2.0) / draws.len() as f64);
    let level = |alpha: f64| {
        let z = bias + normal_quantile(alpha);
        normal_cdf(bias + z / (1.0 - acceleration * z))
    };
    let (low, high) = (level(alpha), level(1.0 - alpha));
    // All draws on one side of the gain: no correction can be had from them, so the bounds are the extremes.
    if low.is_nan() || high.is_nan() { (0.0, 1.0) } else { (low, high) }
}
