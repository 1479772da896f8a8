//! Probabilities from decision values: Platt's sigmoid, and coupling of pairwise probabilities.

use serde::{Deserialize, Serialize};

/// `P(first class | f) = 1 / (1 + exp(a f + b))`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(in super::super) struct Sigmoid {
    a: f64,
    b: f64,
}

/// One decision value with its truth.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Scored {
    /// The decision value.
    pub(in super::super) value: f64,
    /// True for the first class.
    pub(in super::super) first: bool,
    /// The row's weight.
    pub(in super::super) weight: f64,
}

impl Sigmoid {
    /// `(a, b)` of `1/(1 + e^(a f + b))`.
    pub(in super::super) fn parts(&self) -> (f64, f64) {
        (self.a, self.b)
    }

    /// Fits by Newton's method with backtracking (Lin, Lin and Weng 2007, algorithm 1).
    pub(in super::super) fn fit(scored: &[Scored]) -> Self {
        let total = |first: bool| -> f64 {
            scored.iter().filter(|s| s.first == first).map(|s| s.weight).sum()
        };
        let (n_first, n_second) = (total(true), total(false));
        let targets = [1.0 / (n_second + 2.0), (n_first + 1.0) / (n_first + 2.0)];
        let target = |s: &Scored| targets[usize::from(s.first)];
        let loss = |fit: Self| -> f64 {
            let one = |s: &Scored| {
                let z = fit.a * s.value + fit.b;
                s.weight * (target(s) * z + (-z).max(0.0) + (-z.abs()).exp().ln_1p())
            };
            scored.iter().map(one).sum()
        };
        let mut fit = Self { a: 0.0, b: ((n_second + 1.0) / (n_first + 1.0)).ln() };
        let mut value = loss(fit);
        for _ in 0..100 {
            let (mut haa, mut hbb, mut hab) = (1e-12, 1e-12, 0.0);
            let (mut ga, mut gb) = (0.0, 0.0);
            for s in scored {
                let p = fit.probability(s.value);
                let (slope, curve) = (s.weight * (target(s) - p), s.weight * p * (1.0 - p));
                haa += s.value * s.value * curve;
                hbb += curve;
                hab += s.value * curve;
                ga += s.value * slope;
                gb += slope;
            }
            if ga.abs() < 1e-5 && gb.abs() < 1e-5 {
                break;
            }
            let determinant = haa * hbb - hab * hab;
            let da = -(hbb * ga - hab * gb) / determinant;
            let db = -(haa * gb - hab * ga) / determinant;
            let descent = ga * da + gb * db;
            let mut step = 1.0;
            let next = loop {
                let next = Self { a: fit.a + step * da, b: fit.b + step * db };
                let new = loss(next);
                if new < value + 1e-4 * step * descent {
                    value = new;
                    break Some(next);
                }
                step /= 2.0;
                if step < 1e-10 {
                    break None;
                }
            };
            let Some(next) = next else { break };
            fit = next;
        }
        fit
    }

    /// The probability of the first class.
    pub(in super::super) fn probability(self, value: f64) -> f64 {
        let z = self.a * value + self.b;
        if z >= 0.0 { (-z).exp() / (1.0 + (-z).exp()) } else { 1.0 / (1.0 + z.exp()) }
    }
}

/// Class probabilities from those of pairs (Wu, Lin and Weng 2004, algorithm 2).
///
/// `pairwise[i * k + j]` is the probability of class `i` given that it is `i` or `j`.
pub(in super::super) fn couple(pairwise: &[f64], k: usize) -> Vec<f64> {
    if k == 2 {
        return vec![pairwise[1], pairwise[2]];
    }
    let mut q = vec![0.0; k * k];
    for t in 0..k {
        for j in (0..k).filter(|&j| j != t) {
            q[t * k + t] += pairwise[j * k + t] * pairwise[j * k + t];
            q[t * k + j] = -pairwise[j * k + t] * pairwise[t * k + j];
        }
    }
    let mut p = vec![1.0 / k as f64; k];
    for _ in 0..k.max(100) {
        let mut qp: Vec<f64> =
            q.chunks_exact(k).map(|row| row.iter().zip(&p).map(|(a, b)| a * b).sum()).collect();
        let mut pqp: f64 = p.iter().zip(&qp).map(|(a, b)| a * b).sum();
        let error = qp.iter().map(|v| (v - pqp).abs()).fold(0.0, f64::max);
        if error < 0.005 / k as f64 {
            break;
        }
        for t in 0..k {
            let row = &q[t * k..(t + 1) * k];
            let change = (pqp - qp[t]) / row[t];
            p[t] += change;
            let scale = 1.0 + change;
            pqp = (pqp + change * (change * row[t] + 2.0 * qp[t])) / (scale * scale);
            for ((v, coefficient), share) in qp.iter_mut().zip(row).zip(p.iter_mut()) {
                *v = (*v + change * coefficient) / scale;
                *share /= scale;
            }
        }
    }
    p
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sigmoid_finds_the_logit_of_its_data() {
        let mut scored = Vec::new();
        for i in 0..2000 {
            let value = f64::from(i % 40) / 10.0 - 2.0;
            let p = 1.0 / (1.0 + (-1.5 * value + 0.5f64).exp());
            scored.push(Scored { value, first: true, weight: p });
            scored.push(Scored { value, first: false, weight: 1.0 - p });
        }
        let fit = Sigmoid::fit(&scored);
        assert!((fit.a + 1.5).abs() < 0.02 && (fit.b - 0.5).abs() < 0.02, "{fit:?}");
    }

    #[test]
    fn coupling_recovers_consistent_probabilities() {
        let truth = [0.5, 0.3, 0.2];
        let mut pairwise = vec![0.0; 9];
        for i in 0..3 {
            for j in 0..3 {
                pairwise[i * 3 + j] = truth[i] / (truth[i] + truth[j]);
            }
        }
        let found = couple(&pairwise, 3);
        assert!(found.iter().zip(truth).all(|(a, b)| (a - b).abs() < 2e-3), "{found:?}");
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(couple(&[0.0, 0.7, 0.3, 0.0], 2), [0.7, 0.3]);
    }
}
