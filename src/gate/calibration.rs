//! Expected calibration error, and how much of it is chance.

use super::resample::repeat;
use crate::domain::{Labels, Prediction};
use crate::numeric::quantile_sorted;

/// Bins of equal mass.
const BINS: usize = 10;
/// Perfectly calibrated samples that are drawn.
const SAMPLES: usize = 1_000;

/// How far probabilities are from shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Expected calibration error over ten bins of equal mass.
    pub error: f64,
    /// What a perfectly calibrated model with the same probabilities stays below 95 times in 100, on as many rows.
    pub chance: f64,
    /// Rows.
    pub rows: usize,
}

impl Calibration {
    /// A lower bound of the true error at 95 %: what is seen is at most the true error and chance together.
    pub fn lower(&self) -> f64 {
        (self.error - self.chance).max(0.0)
    }
}

/// Calibration of the positive class's probability for two classes, of the predicted class's for more; `None`
/// without probabilities. `weights` count rows.
///
/// Bins are scikit-learn's `calibration_curve(strategy="quantile")`: edges at the deciles, so that equal
/// probabilities are never split. Chance is drawn from the probabilities themselves (consistency resampling,
/// Bröcker and Smith 2007).
pub fn calibration(
    truth: &Labels,
    prediction: &Prediction,
    weights: Option<&[f64]>,
    seed: u64,
) -> Option<Calibration> {
    let (
        Labels::Classes { codes, positive, .. },
        Prediction::Classes { codes: said, scores: Some(scores), probabilities: true, n_classes },
    ) = (truth, prediction)
    else {
        return None;
    };
    let is_binary = *n_classes == 2;
    let class = |row: usize| if is_binary { *positive } else { said[row] };
    let claims: Vec<f64> =
        (0..codes.len()).map(|row| scores[row * n_classes + class(row) as usize]).collect();
    let hits: Vec<bool> = (0..codes.len()).map(|row| codes[row] == class(row)).collect();
    if claims.is_empty() || claims.iter().any(|claim| !claim.is_finite()) {
        return None;
    }
    let bins = Bins::new(&claims, weights);
    let error = bins.error(|row| hits[row]);
    let mut by_chance = repeat(
        (seed, "gate calibration", SAMPLES),
        || (),
        |rng, ()| bins.error(|row| rng.unit() < claims[row]),
    );
    by_chance.sort_by(f64::total_cmp);
    Some(Calibration { error, chance: quantile_sorted(&by_chance, 0.95), rows: claims.len() })
}

struct Bins<'a> {
    claims: &'a [f64],
    weights: Option<&'a [f64]>,
    of_row: Vec<u8>,
}

impl<'a> Bins<'a> {
    fn new(claims: &'a [f64], weights: Option<&'a [f64]>) -> Self {
        let mut sorted = claims.to_vec();
        sorted.sort_by(f64::total_cmp);
        let edges: Vec<f64> =
            (1..BINS).map(|at| quantile_sorted(&sorted, at as f64 / BINS as f64)).collect();
        let of_row =
            claims.iter().map(|claim| edges.partition_point(|edge| edge < claim) as u8).collect();
        Self { claims, weights, of_row }
    }

    fn error(&self, mut hit: impl FnMut(usize) -> bool) -> f64 {
        let mut gaps = [0.0; BINS];
        let mut total = 0.0;
        for row in 0..self.claims.len() {
            let weight = self.weights.map_or(1.0, |weights| weights[row]);
            let seen = if hit(row) { 1.0 } else { 0.0 };
            gaps[self.of_row[row] as usize] += weight * (seen - self.claims[row]);
            total += weight;
        }
        gaps.iter().map(|gap| gap.abs()).sum::<f64>() / total
    }
}
