//! Losses with their first and second derivatives: logistic, softmax, squared error.

use crate::domain::Labels;

/// A loss over the rows of a fold, at the scores that it was last shown.
#[derive(Debug)]
pub(in crate::trainer) struct Objective<'a> {
    y: &'a Labels,
    weights: &'a [f64],
    width: usize,
    /// `rows × width`: probabilities, or residuals of numbers.
    current: Vec<f64>,
}

/// The smallest Hessian of a row, so that a step never divides by 0.
const MIN_HESSIAN: f64 = 1e-16;
/// The smallest share of a class at the start: one that no row has still gets a finite score.
const MIN_SHARE: f64 = 1e-12;

impl<'a> Objective<'a> {
    /// The loss that suits the labels: logistic for two classes, softmax for more, squared error for numbers.
    pub(in crate::trainer) fn new(y: &'a Labels, weights: &'a [f64]) -> Self {
        let width = width(y);
        Self { y, weights, width, current: vec![0.0; y.len() * width] }
    }

    /// Scores a row: one tree a round each.
    pub(in crate::trainer) fn width(&self) -> usize {
        self.width
    }

    /// The scores before the first round: the mean, or the logarithms of the class shares.
    pub(in crate::trainer) fn start(&self) -> Vec<f64> {
        let total: f64 = self.weights.iter().sum();
        match self.y {
            Labels::Values(values) => {
                vec![
                    values
                        .iter()
                        .zip(self.weights)
                        .map(|(value, weight)| value * weight)
                        .sum::<f64>()
                        / total,
                ]
            }
            Labels::Classes { codes, n_classes, .. } => {
                let mut shares = vec![0.0; *n_classes];
                for (&code, weight) in codes.iter().zip(self.weights) {
                    shares[code as usize] += weight / total;
                }
                let logs: Vec<f64> = shares.iter().map(|share| share.max(MIN_SHARE).ln()).collect();
                if self.width == 1 && *n_classes == 2 { vec![logs[1] - logs[0]] } else { logs }
            }
        }
    }

    /// Moves to new scores, row-major `rows × width`; the weighted mean loss there.
    pub(in crate::trainer) fn show(&mut self, scores: &[f64]) -> f64 {
        let rows = self.current.chunks_exact_mut(self.width).zip(scores.chunks_exact(self.width));
        let (mut loss, mut total) = (0.0, 0.0);
        for (row, (current, scores)) in rows.enumerate() {
            let row_loss = match self.y {
                Labels::Values(values) => {
                    current[0] = scores[0] - values[row];
                    current[0] * current[0]
                }
                Labels::Classes { codes, .. } if current.len() == 1 => {
                    logistic(current, scores[0], codes[row])
                }
                Labels::Classes { codes, .. } => softmax(current, scores, codes[row]),
            };
            loss += self.weights[row] * row_loss;
            total += self.weights[row];
        }
        loss / total
    }

    /// First and second derivative of a row's loss by its score of `class`, times its weight.
    pub(in crate::trainer) fn gradient(&self, row: usize, class: usize) -> [f64; 2] {
        let current = self.current[row * self.width + class];
        let [gradient, hessian] = match self.y {
            Labels::Values(_) => [current, 1.0],
            Labels::Classes { codes, .. } => {
                let own = if self.width == 1 { 1 } else { class as u32 };
                let hit = f64::from(u8::from(codes[row] == own));
                // softmax: twice the diagonal of the Hessian, which bounds the whole matrix
                let factor = if self.width == 1 { 1.0 } else { 2.0 };
                [current - hit, (factor * current * (1.0 - current)).max(MIN_HESSIAN)]
            }
        };
        [gradient * self.weights[row], hessian * self.weights[row]]
    }
}

/// Scores a row.
pub(in crate::trainer) fn width(y: &Labels) -> usize {
    match y {
        Labels::Classes { n_classes, .. } if *n_classes > 2 => *n_classes,
        Labels::Classes { .. } | Labels::Values(_) => 1,
    }
}

/// The probability of the second class, from its log-odds.
pub(in crate::trainer) fn sigmoid(score: f64) -> f64 {
    let e = (-score.abs()).exp();
    if score >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// Scores to probabilities, in place; the logarithm of the sum of exponentials.
pub(in crate::trainer) fn normalize(scores: &mut [f64]) -> f64 {
    let high = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for score in scores.iter_mut() {
        *score = (*score - high).exp();
    }
    let sum: f64 = scores.iter().sum();
    for score in scores {
        *score /= sum;
    }
    high + sum.ln()
}

fn logistic(current: &mut [f64], score: f64, code: u32) -> f64 {
    current[0] = sigmoid(score);
    score.max(0.0) - score * f64::from(code) + (-score.abs()).exp().ln_1p()
}

fn softmax(current: &mut [f64], scores: &[f64], code: u32) -> f64 {
    current.copy_from_slice(scores);
    normalize(current) - scores[code as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(y: &Labels, scores: &[f64]) {
        let weights = vec![0.5; y.len()];
        let mut objective = Objective::new(y, &weights);
        let total: f64 = weights.iter().sum();
        for at in 0..scores.len() {
            let (row, class) = (at / objective.width(), at % objective.width());
            let step = 1e-5;
            let mut moved = scores.to_vec();
            moved[at] += step;
            let above = objective.show(&moved) * total;
            moved[at] -= 2.0 * step;
            let below = objective.show(&moved) * total;
            objective.show(scores);
            let slope = (above - below) / (2.0 * step);
            // the squared error is reported whole and lowered by half of it
            let slope = if matches!(y, Labels::Values(_)) { slope / 2.0 } else { slope };
            let [gradient, hessian] = objective.gradient(row, class);
            assert!((gradient - slope).abs() < 1e-8, "{gradient} {slope}");
            assert!(hessian > 0.0);
        }
    }

    #[test]
    fn gradients_are_slopes_of_the_loss() {
        check(&Labels::Values(vec![1.0, -2.0]), &[0.3, 0.4]);
        check(&Labels::Classes { codes: vec![0, 1], n_classes: 2, positive: 1 }, &[0.7, -3.0]);
        let scores = [0.1, -0.5, 2.0, 0.0, 0.0, 0.3];
        check(&Labels::Classes { codes: vec![2, 0], n_classes: 3, positive: 1 }, &scores);
    }

    #[test]
    fn the_start_is_the_best_constant() {
        let y = Labels::Classes { codes: vec![0, 1, 1, 1], n_classes: 2, positive: 1 };
        assert!((Objective::new(&y, &[1.0; 4]).start()[0] - 3f64.ln()).abs() < 1e-12);
        let y = Labels::Values(vec![1.0, 5.0]);
        assert_eq!(Objective::new(&y, &[3.0, 1.0]).start(), [2.0]);
    }
}
