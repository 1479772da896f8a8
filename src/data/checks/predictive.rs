//! How well one column predicts the target: the predictive power score of Wetschoreck, Krabel and
//! Krishnamurthy (ppscore, 2020), `1 − err / err_naive` in cross-validation, not below 0.
//!
//! For classes the error is 1 − weighted F1 and the naive model the better of the commonest class and
//! random classes; for numbers it is the mean absolute error and the median. Where ppscore grows a full
//! tree, numbers here get one of limited depth, and texts the common label of each text.

use super::super::{Column, MISSING, Values};
use crate::domain::Labels;
use crate::numeric::quantile_sorted;

/// Parts of the cross-validation.
const FOLDS: usize = 4;
/// Levels of splits of the tree, more only where the classes outnumber its leaves.
const DEPTH: usize = 4;
/// Fewer rows than this say nothing.
const MIN_ROWS: usize = 20;

/// The score in `[0, 1]` over the given rows, whose order makes the folds.
pub(super) fn predictive_power(column: &Column, labels: &Labels, rows: &[usize]) -> f64 {
    let rows: Vec<usize> = rows.iter().copied().filter(|&row| !column.is_missing(row)).collect();
    if rows.len() < MIN_ROWS {
        return 0.0;
    }
    let target = Target::new(labels, &rows);
    let predicted = match &column.values {
        Values::Numbers(numbers) => {
            let x: Vec<f64> = rows.iter().map(|&row| numbers[row]).collect();
            by_tree(&x, &target)
        }
        Values::Codes { codes, levels } => {
            let x: Vec<u32> = rows.iter().map(|&row| codes[row]).collect();
            by_level(&x, levels.len(), &target)
        }
    };
    let naive = target.naive_error();
    if naive <= 0.0 {
        return 0.0;
    }
    (1.0 - target.error(&predicted) / naive).clamp(0.0, 1.0)
}

/// The labels of the rows at hand; classes as whole numbers, so that both tasks share the code.
struct Target {
    y: Vec<f64>,
    /// 0 for regression.
    n_classes: usize,
}

impl Target {
    fn new(labels: &Labels, rows: &[usize]) -> Self {
        match labels {
            Labels::Classes { codes, n_classes, .. } => Self {
                y: rows.iter().map(|&row| f64::from(codes[row])).collect(),
                n_classes: *n_classes,
            },
            Labels::Values(values) => {
                Self { y: rows.iter().map(|&row| values[row]).collect(), n_classes: 0 }
            }
        }
    }

    /// What to say of rows with these labels: the commonest class, the first of equals, or the median.
    fn prediction(&self, labels: &[f64]) -> f64 {
        if self.n_classes == 0 {
            let mut sorted = labels.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            return quantile_sorted(&sorted, 0.5);
        }
        let counts = self.counts(labels);
        let most = counts.iter().copied().max().unwrap_or(0);
        counts.iter().position(|&count| count == most).unwrap_or(0) as f64
    }

    fn counts(&self, labels: &[f64]) -> Vec<usize> {
        let mut counts = vec![0; self.n_classes];
        for &label in labels {
            counts[label as usize] += 1;
        }
        counts
    }

    fn error(&self, predicted: &[f64]) -> f64 {
        if self.n_classes > 0 {
            return 1.0 - self.weighted_f1(predicted);
        }
        let total: f64 = self.y.iter().zip(predicted).map(|(y, p)| (y - p).abs()).sum();
        total / self.y.len() as f64
    }

    fn weighted_f1(&self, predicted: &[f64]) -> f64 {
        let (truth, said) = (self.counts(&self.y), self.counts(predicted));
        let hits: Vec<f64> =
            self.y.iter().zip(predicted).filter(|(y, p)| y == p).map(|(y, _)| *y).collect();
        let hits = self.counts(&hits);
        let f1 = |class: usize| match truth[class] + said[class] {
            0 => 0.0,
            sum => 2.0 * hits[class] as f64 / sum as f64,
        };
        let sum: f64 = (0..self.n_classes).map(|class| f1(class) * truth[class] as f64).sum();
        sum / self.y.len() as f64
    }

    fn naive_error(&self) -> f64 {
        let constant = vec![self.prediction(&self.y); self.y.len()];
        let error = self.error(&constant);
        if self.n_classes == 0 {
            return error;
        }
        // A random permutation has precision and recall of p_k in class k, so a weighted F1 of Σ p_k².
        let n = self.y.len() as f64;
        let random: f64 = self.counts(&self.y).iter().map(|&c| (c as f64 / n).powi(2)).sum();
        error.min(1.0 - random)
    }

    /// Levels of splits.
    fn depth(&self) -> usize {
        DEPTH.max(self.n_classes.next_power_of_two().trailing_zeros() as usize)
    }
}

/// Cross-validated prediction of the label by the level; unseen levels get the naive one.
fn by_level(x: &[u32], n_levels: usize, target: &Target) -> Vec<f64> {
    let mut predicted = vec![0.0; x.len()];
    for fold in 0..FOLDS {
        let mut of_level: Vec<Vec<f64>> = vec![Vec::new(); n_levels];
        let mut all = Vec::with_capacity(x.len());
        for (idx, &code) in x.iter().enumerate().filter(|(idx, _)| idx % FOLDS != fold) {
            debug_assert_ne!(code, MISSING, "missing rows were left out");
            of_level[code as usize].push(target.y[idx]);
            all.push(target.y[idx]);
        }
        let naive = target.prediction(&all);
        let of_level: Vec<f64> = of_level
            .iter()
            .map(|labels| if labels.is_empty() { naive } else { target.prediction(labels) })
            .collect();
        for idx in (fold..x.len()).step_by(FOLDS) {
            predicted[idx] = of_level[x[idx] as usize];
        }
    }
    predicted
}

/// Cross-validated prediction of the label by a tree on one number.
fn by_tree(x: &[f64], target: &Target) -> Vec<f64> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
    let mut predicted = vec![0.0; x.len()];
    for fold in 0..FOLDS {
        let train: Vec<usize> = order.iter().copied().filter(|idx| idx % FOLDS != fold).collect();
        let sorted_x: Vec<f64> = train.iter().map(|&idx| x[idx]).collect();
        let sorted_y: Vec<f64> = train.iter().map(|&idx| target.y[idx]).collect();
        let mut leaves = Vec::new();
        grow(&sorted_x, &sorted_y, target, target.depth(), f64::INFINITY, &mut leaves);
        for idx in (fold..x.len()).step_by(FOLDS) {
            let leaf = leaves.partition_point(|(upper, _)| *upper < x[idx]);
            predicted[idx] = leaves[leaf.min(leaves.len() - 1)].1;
        }
    }
    predicted
}

/// Appends the leaves of a tree, ascending, as (largest x, prediction).
fn grow(
    x: &[f64],
    y: &[f64],
    target: &Target,
    depth: usize,
    upper: f64,
    leaves: &mut Vec<(f64, f64)>,
) {
    let split = if depth == 0 { None } else { best_split(x, y, target) };
    let Some(at) = split else {
        leaves.push((upper, target.prediction(y)));
        return;
    };
    let middle = f64::midpoint(x[at - 1], x[at]);
    // Two neighboring floats may have no middle, and infinite cells have none.
    let threshold = if middle.is_finite() && middle < x[at] { middle } else { x[at - 1] };
    grow(&x[..at], &y[..at], target, depth - 1, threshold, leaves);
    grow(&x[at..], &y[at..], target, depth - 1, upper, leaves);
}

/// The cut between different x that gains most: Gini for classes, squares for numbers.
fn best_split(x: &[f64], y: &[f64], target: &Target) -> Option<usize> {
    if x.first() == x.last() {
        return None;
    }
    // Both criteria maximise Σ over sides of S / n, where S is Σ count² or (Σ y)². Centered labels keep
    // the squares small.
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    let mut left = Side::new(target.n_classes);
    let mut right = Side::new(target.n_classes);
    for &label in y {
        right.add(label, mean);
    }
    let mut best = (right.gain() + 1e-12 * right.gain().abs(), None);
    for at in 1..x.len() {
        left.add(y[at - 1], mean);
        right.remove(y[at - 1], mean);
        if x[at - 1] < x[at] {
            let gain = left.gain() + right.gain();
            if gain > best.0 {
                best = (gain, Some(at));
            }
        }
    }
    best.1
}

/// Running sums of one side of a cut.
struct Side {
    counts: Vec<f64>,
    n: f64,
    sum: f64,
}

impl Side {
    fn new(n_classes: usize) -> Self {
        Self { counts: vec![0.0; n_classes], n: 0.0, sum: 0.0 }
    }

    fn add(&mut self, label: f64, mean: f64) {
        self.change(label, mean, 1.0);
    }

    fn remove(&mut self, label: f64, mean: f64) {
        self.change(label, mean, -1.0);
    }

    /// For classes `sum` is Σ count², kept up to date by (c ± 1)² − c².
    fn change(&mut self, label: f64, mean: f64, sign: f64) {
        self.n += sign;
        if self.counts.is_empty() {
            self.sum += sign * (label - mean);
        } else {
            let count = &mut self.counts[label as usize];
            self.sum += 2.0 * sign * *count + 1.0;
            *count += sign;
        }
    }

    fn gain(&self) -> f64 {
        if self.n == 0.0 {
            0.0
        } else if self.counts.is_empty() {
            self.sum * self.sum / self.n
        } else {
            self.sum / self.n
        }
    }
}

/// Weighted F1 of the commonest class, for comparison with scikit-learn.
#[cfg(test)]
pub(super) fn commonest_f1(labels: &Labels) -> f64 {
    let rows: Vec<usize> = (0..labels.len()).collect();
    let target = Target::new(labels, &rows);
    target.weighted_f1(&vec![target.prediction(&target.y); rows.len()])
}
