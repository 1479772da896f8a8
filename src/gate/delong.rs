//! The test of E. R. `DeLong`, D. M. `DeLong` and Clarke-Pearson (1988) for two correlated ROC areas, by midranks
//! (Sun and Xu 2014) in O(n log n).

use crate::numeric::normal_cdf;

/// Two ROC areas on the same rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeLong {
    /// Area of the first scores.
    pub first: f64,
    /// Area of the second scores.
    pub second: f64,
    /// Standard error of their difference.
    pub standard_error: f64,
    /// The difference in standard errors, first less second; 0 where there is none.
    pub z: f64,
    /// Two-sided p-value; 1 for equal areas without spread, 0 for unequal ones.
    pub p: f64,
}

/// Compares two scores of the same rows; `None` with fewer than two rows on either side, or scores that are not numbers.
pub fn delong(positive: &[bool], first: &[f64], second: &[f64]) -> Option<DeLong> {
    let hits = positive.iter().filter(|&&is| is).count();
    if hits < 2 || positive.len() - hits < 2 || first.iter().chain(second).any(|s| s.is_nan()) {
        return None;
    }
    let (a, b) = (Placements::of(positive, first), Placements::of(positive, second));
    let variance = a.covariance(&a) + b.covariance(&b) - 2.0 * a.covariance(&b);
    let standard_error = variance.max(0.0).sqrt();
    let difference = a.area - b.area;
    let z = if difference == 0.0 { 0.0 } else { difference / standard_error };
    let p = 2.0 * normal_cdf(-z.abs());
    Some(DeLong { first: a.area, second: b.area, standard_error, z, p })
}

/// Where each row stands among the rows of the other side, ties half.
struct Placements {
    area: f64,
    positives: Vec<f64>,
    negatives: Vec<f64>,
}

impl Placements {
    fn of(positive: &[bool], scores: &[f64]) -> Self {
        let all = midranks(scores);
        let side = |wanted: bool| -> (Vec<f64>, Vec<f64>) {
            let rows = || (0..scores.len()).filter(|&row| positive[row] == wanted);
            let own: Vec<f64> = rows().map(|row| scores[row]).collect();
            (rows().map(|row| all[row]).collect(), midranks(&own))
        };
        let (hits, own_hits) = side(true);
        let (misses, own_misses) = side(false);
        let (m, n) = (hits.len() as f64, misses.len() as f64);
        let positives: Vec<f64> =
            hits.iter().zip(&own_hits).map(|(all, own)| (all - own) / n).collect();
        let negatives: Vec<f64> =
            misses.iter().zip(&own_misses).map(|(all, own)| 1.0 - (all - own) / m).collect();
        Self { area: positives.iter().sum::<f64>() / m, positives, negatives }
    }

    fn covariance(&self, other: &Self) -> f64 {
        let part = |a: &[f64], b: &[f64]| {
            let products = a.iter().zip(b).map(|(a, b)| (a - self.area) * (b - other.area));
            let n = a.len() as f64;
            products.sum::<f64>() / (n - 1.0) / n
        };
        part(&self.positives, &other.positives) + part(&self.negatives, &other.negatives)
    }
}

/// Ranks from 1; equal values share their mean rank.
fn midranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = before as f64 + (tied.len() + 1) as f64 / 2.0;
        for &row in tied {
            ranks[row] = rank;
        }
        before += tied.len();
    }
    ranks
}
