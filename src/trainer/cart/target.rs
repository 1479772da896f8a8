//! Labels and row weights in the shape that growing reads.

use crate::domain::Labels;
use crate::trainer::Fold;

/// What the rows should say, and how much each of them counts.
#[derive(Debug, Clone)]
pub(in crate::trainer) struct Target<'a> {
    /// The labels.
    pub(in crate::trainer) y: &'a Labels,
    /// One weight a row; rows of weight 0 are left out.
    pub(in crate::trainer) weights: Vec<f64>,
    /// True if every row counts once, which saves looking the weights up.
    pub(in crate::trainer) unit: bool,
}

impl<'a> Target<'a> {
    /// The labels of a fold with its weights, and with class weights on top if `balanced`.
    pub(in crate::trainer) fn new(fold: &'a Fold, balanced: bool) -> Self {
        let mut weights = fold.weights.clone().unwrap_or_else(|| vec![1.0; fold.y.len()]);
        if balanced {
            balance(&fold.y, &mut weights);
        }
        Self { y: &fold.y, unit: weights.iter().all(|&weight| weight == 1.0), weights }
    }

    /// The same labels, each row counted some number of times over.
    pub(in crate::trainer) fn times(&self, counts: &[u32]) -> Self {
        let weights = self.weights.iter().zip(counts).map(|(w, &n)| w * f64::from(n)).collect();
        Self { y: self.y, weights, unit: false }
    }

    /// Numbers a leaf: one a class, or one.
    pub(in crate::trainer) fn width(&self) -> usize {
        match self.y {
            Labels::Classes { n_classes, .. } => *n_classes,
            Labels::Values(_) => 1,
        }
    }
}

/// Multiplies the weights so that every class that is present has the same share (scikit-learn's
/// `class_weight="balanced"`, with weights for counts).
fn balance(y: &Labels, weights: &mut [f64]) {
    let Labels::Classes { codes, n_classes, .. } = y else { return };
    let mut sums = vec![0.0; *n_classes];
    for (&code, &weight) in codes.iter().zip(weights.iter()) {
        sums[code as usize] += weight;
    }
    let total: f64 = sums.iter().sum();
    let present = sums.iter().filter(|&&sum| sum > 0.0).count() as f64;
    for (&code, weight) in codes.iter().zip(weights.iter_mut()) {
        if *weight > 0.0 {
            *weight *= total / (present * sums[code as usize]);
        }
    }
}
