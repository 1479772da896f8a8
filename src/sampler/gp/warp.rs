//! Losses on the scale that the model sees: capped, made symmetric, standardized.
//!
//! The bad side is capped at `q50 + 5 (q50 − q10)`; failures count as the worst of what is left. Yeo and Johnson's
//! transformation (2000, Biometrika 87) by maximum likelihood then pulls in what is still long on one side.

use crate::numeric::quantile_sorted;

/// The cap, in units of the distance between median and lowest decile.
const CAP: f64 = 5.0;
/// Log likelihood that the transformation must gain to be used.
const GAIN: f64 = 1.0;
/// Losses beyond this are scaled before anything is squared.
const HUGE: f64 = 1e150;

/// How a standardized value relates to a loss.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Scale {
    /// Losses per unit before the transformation.
    unit: f64,
    /// The best value before the transformation.
    best: f64,
    power: f64,
    /// The spread that was divided by at last.
    sd: f64,
}

impl Scale {
    /// The loss that one unit of the standardized values is, at the best loss; 0 without a scale.
    pub(super) fn loss_per_unit(&self) -> f64 {
        let exponent = if self.best < 0.0 { 1.0 - self.power } else { self.power - 1.0 };
        let slope = (exponent * self.best.abs().ln_1p()).exp();
        self.unit * self.sd / slope
    }
}

/// Standardized losses in the order given; `None` for a failure. The scale is that of the losses marked as
/// `typical`. `warps` turns the transformation on. All are 0 if no loss is finite.
pub(super) fn standardize(
    losses: &[Option<f64>],
    typical: &[bool],
    warps: bool,
) -> (Vec<f64>, Scale) {
    let largest = losses.iter().flatten().fold(0.0, |max: f64, y| max.max(y.abs()));
    let shrink = if largest > HUGE { 1.0 / largest } else { 1.0 };
    let of = |marked: bool| {
        let pairs = losses.iter().zip(typical).filter(move |(_, typical)| **typical || !marked);
        pairs.filter_map(|(loss, _)| loss.map(|y| y * shrink)).collect::<Vec<f64>>()
    };
    let mut sorted = of(true);
    if sorted.is_empty() {
        sorted = of(false);
    }
    if sorted.is_empty() {
        return (vec![0.0; losses.len()], Scale::default());
    }
    sorted.sort_by(f64::total_cmp);
    let median = quantile_sorted(&sorted, 0.5);
    let cap = median + CAP * (median - quantile_sorted(&sorted, 0.1));
    let cap = if cap > median { cap } else { f64::INFINITY };
    let worst = of(false).into_iter().fold(f64::NEG_INFINITY, f64::max).min(cap);
    let mut values: Vec<f64> =
        losses.iter().map(|loss| loss.map_or(worst, |y| (y * shrink).min(cap))).collect();
    let marked = |values: &[f64]| -> Vec<f64> {
        let pairs = values.iter().zip(typical).filter(|(_, typical)| **typical);
        pairs.map(|(y, _)| *y).collect()
    };
    let spread = spread(&marked(&values), median);
    if spread.is_nan() || spread <= 0.0 {
        return (vec![0.0; values.len()], Scale::default());
    }
    for y in &mut values {
        *y = (*y - median) / spread;
    }
    let mut scale = Scale { unit: spread / shrink, best: sorted[0].min(cap), power: 1.0, sd: 1.0 };
    scale.best = (scale.best - median) / spread;
    if warps {
        let sample = marked(&values);
        let plain = log_likelihood(&sample, 1.0);
        let power = best_power(&sample);
        if log_likelihood(&sample, power) > plain + GAIN {
            for y in &mut values {
                *y = yeo_johnson(*y, power);
            }
            scale.power = power;
        }
    }
    scale.sd = center(&marked(&values), &mut values);
    (values, scale)
}

/// The median distance from the median, or the standard deviation where that is 0.
fn spread(values: &[f64], median: f64) -> f64 {
    let mut distances: Vec<f64> = values.iter().map(|y| (y - median).abs()).collect();
    distances.sort_by(f64::total_cmp);
    let mad = quantile_sorted(&distances, 0.5);
    let sd = (distances.iter().map(|d| d * d).sum::<f64>() / values.len() as f64).sqrt();
    if mad > 1e-3 * sd { mad } else { sd }
}

/// Takes the sample's mean to 0 and its variance to 1; returns the standard deviation.
fn center(sample: &[f64], values: &mut [f64]) -> f64 {
    let n = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / n;
    let sd = (sample.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / n).sqrt();
    let sd = if sd > 0.0 { sd } else { 1.0 };
    for y in values {
        *y = (*y - mean) / sd;
    }
    sd
}

/// Yeo and Johnson's transformation.
fn yeo_johnson(t: f64, power: f64) -> f64 {
    let part = |log: f64, power: f64| {
        if power.abs() < 1e-9 { log } else { (power * log).exp_m1() / power }
    };
    if t >= 0.0 { part(t.ln_1p(), power) } else { -part((-t).ln_1p(), 2.0 - power) }
}

fn log_likelihood(values: &[f64], power: f64) -> f64 {
    let n = values.len() as f64;
    let warped: Vec<f64> = values.iter().map(|&t| yeo_johnson(t, power)).collect();
    let mean = warped.iter().sum::<f64>() / n;
    let var = warped.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / n;
    let jacobian: f64 = values.iter().map(|t| t.signum() * t.abs().ln_1p()).sum();
    if var > 0.0 { -0.5 * n * var.ln() + (power - 1.0) * jacobian } else { f64::NEG_INFINITY }
}

/// The most likely power in `[−2, 1]` (golden section: the likelihood has one peak).
fn best_power(values: &[f64]) -> f64 {
    const RATIO: f64 = 0.618_033_988_749_894_8;
    let (mut low, mut high) = (-2.0, 1.0);
    for _ in 0..20 {
        let (left, right) = (high - RATIO * (high - low), low + RATIO * (high - low));
        if log_likelihood(values, left) < log_likelihood(values, right) {
            low = left;
        } else {
            high = right;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().map(|&y| Some(y)).collect()
    }

    fn all(losses: &[Option<f64>]) -> Vec<f64> {
        standardize(losses, &vec![true; losses.len()], true).0
    }

    #[test]
    fn a_crowd_does_not_move_the_scale() {
        let losses = some(&[0.0, 1.0, 2.0, 3.0, 0.1, 0.1, 0.1, 0.1]);
        let few = all(&losses[..4]);
        let typical: Vec<bool> = (0..8).map(|i| i < 4).collect();
        assert_eq!(standardize(&losses, &typical, true).0[..4], few);
    }

    #[test]
    fn failures_are_as_bad_as_the_worst_and_no_worse() {
        let warped = all(&[Some(1.0), None, Some(3.0), Some(2.0)]);
        assert_eq!(warped[1], warped[2]);
        assert!(warped[0] < warped[3] && warped[3] < warped[2]);
    }

    #[test]
    fn long_tails_are_pulled_in_and_order_is_kept() {
        let values: Vec<f64> = (0..40).map(|i| (f64::from(i) * 0.4).exp()).collect();
        let warped = all(&some(&values));
        assert!(warped.is_sorted() && warped.iter().all(|y| y.abs() < 3.0), "{warped:?}");
        let mean = warped.iter().sum::<f64>();
        assert!(mean.abs() < 1e-9);
    }

    #[test]
    fn values_without_a_scale_do_no_harm() {
        assert_eq!(all(&[None, None]), [0.0; 2]);
        assert_eq!(all(&some(&[2.0, 2.0, 2.0])), [0.0; 3]);
        for values in [[1e300, -1e300, 5.0], [1e-310, 2e-310, 0.0], [f64::MAX, f64::MIN, 0.0]] {
            let warped = all(&some(&values));
            assert!(warped.iter().all(|y| y.is_finite()), "{warped:?}");
        }
        let rare = all(&some(&[0.0, 0.0, 0.0, 0.0, 1.0]));
        assert!(rare[4] > rare[0] && rare[4].is_finite());
    }

    #[test]
    fn a_unit_is_worth_its_loss() {
        let values: Vec<f64> = (0..40).map(|i| (f64::from(i) * 0.2).exp()).collect();
        let typical = [true; 40];
        let (warped, scale) = standardize(&some(&values), &typical, true);
        let expect = (values[1] - values[0]) / (warped[1] - warped[0]);
        assert!(
            (scale.loss_per_unit() / expect - 1.0).abs() < 0.2,
            "{} {expect}",
            scale.loss_per_unit()
        );
        assert!(scale.power < 0.9);
    }

    #[test]
    fn the_transformation_agrees_with_scipy() {
        // scipy.stats.yeojohnson([-2, -0.5, 0, 1.5], lmbda=0.3) and lmbda=0, 2
        let check = |t, power, expect: f64| {
            assert!((yeo_johnson(t, power) - expect).abs() < 1e-12, "{}", yeo_johnson(t, power));
        };
        check(0.0, 0.3, 0.0);
        check(1.5, 0.0, 2.5f64.ln());
        check(-2.0, 2.0, -(3.0f64.ln()));
        check(1.5, 2.0, (2.5 * 2.5 - 1.0) / 2.0);
    }
}
