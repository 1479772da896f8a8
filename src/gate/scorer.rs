//! One model's score over rows that count several times, with everything sorted beforehand.

use super::sums::{losses, reads_classes};
use crate::domain::{Labels, Prediction};
use crate::metrics;

/// Marks an entry of a ranked list: the row is of the class.
const IN_CLASS: u32 = 1 << 31;
/// Marks an entry of a ranked list: the next row has another score.
const LAST_OF_TIE: u32 = 1 << 30;

/// A model's rows, ready to be scored under many multiplicities.
pub(super) enum Scorer<'a> {
    /// A mean of losses, or its root.
    Mean { losses: Vec<f64>, is_root: bool },
    /// Areas under curves of ranked rows.
    Ranked { kind: Area, lists: Vec<Vec<u32>> },
    /// Counts of truth and prediction.
    Classes { metric: &'a str, truth: &'a [u32], said: &'a [u32], n_classes: usize, positive: u32 },
    /// Everything else, and weighted rows.
    Whole { metric: &'a str, truth: &'a Labels, said: &'a Prediction, weights: Option<&'a [f64]> },
}

/// Which area, and how classes are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Area {
    Roc,
    RocWeighted,
    Precision,
}

impl<'a> Scorer<'a> {
    /// Prepares a metric that has a value on all rows, as [`metrics::score`] says.
    pub(super) fn new(
        metric: &'a str,
        truth: &'a Labels,
        said: &'a Prediction,
        weights: Option<&'a [f64]>,
    ) -> Self {
        if weights.is_some() {
            return Self::Whole { metric, truth, said, weights };
        }
        if metric != "r2"
            && let Some(losses) = losses(metric, truth, said)
        {
            return Self::Mean { losses, is_root: metric == "rmse" };
        }
        let kind = match metric {
            "roc_auc" => Some(Area::Roc),
            "roc_auc_weighted" => Some(Area::RocWeighted),
            "average_precision" => Some(Area::Precision),
            _ => None,
        };
        match (truth, said, kind) {
            (
                Labels::Classes { codes, n_classes, positive },
                Prediction::Classes { scores: Some(scores), .. },
                Some(kind),
            ) if codes.len() < LAST_OF_TIE as usize => {
                let classes =
                    if *n_classes > 2 { 0..*n_classes as u32 } else { *positive..*positive + 1 };
                let lists = classes.map(|class| ranked(codes, scores, *n_classes, class)).collect();
                Self::Ranked { kind, lists }
            }
            (
                Labels::Classes { codes: truth, n_classes, positive },
                Prediction::Classes { codes: said, .. },
                None,
            ) if reads_classes(metric) => {
                Self::Classes { metric, truth, said, n_classes: *n_classes, positive: *positive }
            }
            _ => Self::Whole { metric, truth, said, weights },
        }
    }

    /// The score of the rows, each as often as `times` says. NaN where it has none.
    pub(super) fn score(&self, times: &[u32]) -> f64 {
        match self {
            Self::Mean { losses, is_root } => {
                let sum: f64 = losses.iter().zip(times).map(|(x, &n)| x * f64::from(n)).sum();
                let mean = sum / times.iter().map(|&n| f64::from(n)).sum::<f64>();
                if *is_root { mean.sqrt() } else { mean }
            }
            Self::Ranked { kind, lists } => {
                let areas: Vec<Areas> = lists.iter().map(|list| Areas::of(list, times)).collect();
                kind.average(&areas)
            }
            Self::Classes { metric, truth, said, n_classes, positive } => {
                let mut counts = vec![0u64; n_classes * n_classes];
                for row in 0..truth.len() {
                    counts[truth[row] as usize * n_classes + said[row] as usize] +=
                        u64::from(times[row]);
                }
                score_counts(metric, &counts, *n_classes, *positive)
            }
            Self::Whole { metric, truth, said, weights } => {
                let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
                let drawn: Vec<f64> =
                    times.iter().enumerate().map(|(row, &n)| f64::from(n) * weight(row)).collect();
                metrics::score(metric, truth, said, Some(&drawn)).unwrap_or(f64::NAN)
            }
        }
    }
}

/// A metric of predicted classes from a confusion matrix, the truth by rows.
fn score_counts(metric: &str, counts: &[u64], n_classes: usize, positive: u32) -> f64 {
    let drawn: Vec<usize> = (0..counts.len()).filter(|&at| counts[at] > 0).collect();
    let codes = |of: fn(usize, usize) -> usize| -> Vec<u32> {
        drawn.iter().map(|&at| of(at, n_classes) as u32).collect()
    };
    let truth = Labels::Classes { codes: codes(|at, n| at / n), n_classes, positive };
    let said = Prediction::Classes {
        codes: codes(|at, n| at % n),
        scores: None,
        probabilities: false,
        n_classes,
    };
    let weights: Vec<f64> = drawn.iter().map(|&at| counts[at] as f64).collect();
    metrics::score(metric, &truth, &said, Some(&weights)).unwrap_or(f64::NAN)
}

/// Rows from the best score of `class` to the worst, with marks.
fn ranked(truth: &[u32], scores: &[f64], n_classes: usize, class: u32) -> Vec<u32> {
    let Some(_) = scores.get(class as usize).filter(|_| (class as usize) < n_classes) else {
        return Vec::new();
    };
    let score = |row: u32| scores[row as usize * n_classes + class as usize];
    let mut rows: Vec<u32> = (0..truth.len() as u32).collect();
    rows.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
    let last = rows.len().saturating_sub(1);
    (0..rows.len())
        .map(|at| {
            let row = rows[at];
            let is_last = at == last || score(rows[at + 1]) != score(row);
            let side = if truth[row as usize] == class { IN_CLASS } else { 0 };
            row | side | if is_last { LAST_OF_TIE } else { 0 }
        })
        .collect()
}

/// Both areas of one class; the formulas are those of [`metrics`].
#[derive(Debug, Clone, Copy)]
struct Areas {
    roc: f64,
    precision: f64,
    positives: u64,
}

impl Areas {
    fn of(list: &[u32], times: &[u32]) -> Self {
        let (mut tp, mut fp, mut hit, mut miss, mut twice) = (0u64, 0u64, 0u64, 0u64, 0u64);
        let mut precision = 0.0;
        for &entry in list {
            let count = u64::from(times[(entry & (LAST_OF_TIE - 1)) as usize]);
            let side = u64::from(entry >> 31);
            hit += count * side;
            miss += count * (1 - side);
            if entry & LAST_OF_TIE != 0 {
                twice += miss * (2 * tp + hit);
                tp += hit;
                fp += miss;
                if hit > 0 {
                    precision += hit as f64 * (tp as f64 / (tp + fp) as f64);
                }
                (hit, miss) = (0, 0);
            }
        }
        let roc = twice as f64 / (2.0 * tp as f64 * fp as f64);
        let precision = if tp > 0 { precision / tp as f64 } else { 0.0 };
        Self { roc, precision, positives: tp }
    }
}

impl Area {
    fn average(self, areas: &[Areas]) -> f64 {
        let mean = |of: fn(&Areas) -> f64| areas.iter().map(of).sum::<f64>() / areas.len() as f64;
        match self {
            Self::Roc => mean(|area| area.roc),
            Self::RocWeighted => {
                let present = || areas.iter().filter(|area| area.positives > 0);
                let sum: f64 = present().map(|area| area.positives as f64 * area.roc).sum();
                sum / present().map(|area| area.positives as f64).sum::<f64>()
            }
            // As the metric has it: one class of two is 0 without positives, a mean over classes is undefined.
            Self::Precision if areas.len() > 1 && areas.iter().any(|area| area.positives == 0) => {
                f64::NAN
            }
            Self::Precision => mean(|area| area.precision),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Rng;

    /// Every metric under multiplicities is the metric of the repeated rows.
    #[test]
    fn counting_a_row_twice_is_having_it_twice() {
        let mut rng = Rng::new(9);
        for n_classes in [2usize, 3] {
            let n = 60;
            let mut codes: Vec<u32> = (0..n).map(|_| rng.below(n_classes) as u32).collect();
            codes[..3].copy_from_slice(&[0, 1, n_classes as u32 - 1]);
            let mut p = Vec::new();
            for _ in 0..n {
                let row: Vec<f64> = (0..n_classes).map(|_| (rng.below(6) + 1) as f64).collect();
                let sum: f64 = row.iter().sum();
                p.extend(row.iter().map(|x| x / sum));
            }
            let truth = Labels::Classes { codes, n_classes, positive: 1 };
            let said = Prediction::from_probabilities(p, n_classes);
            check(&mut rng, &truth, &said);
        }
        let truth = Labels::Values((0..40).map(|_| rng.normal()).collect());
        let said = Prediction::Values((0..40).map(|_| rng.normal()).collect());
        check(&mut rng, &truth, &said);
    }

    fn check(rng: &mut Rng, truth: &Labels, said: &Prediction) {
        let mut times: Vec<u32> = (0..truth.len()).map(|_| rng.below(3) as u32).collect();
        times[..3].fill(1);
        let rows: Vec<usize> =
            (0..truth.len()).flat_map(|row| vec![row; times[row] as usize]).collect();
        let (truth_drawn, said_drawn) =
            (truth.take(&rows), super::super::resample::take(said, &rows));
        let fits = |info: &&metrics::Info| info.fits(truth.task()) && !info.measured;
        for info in metrics::catalogue().iter().filter(fits) {
            let expect = metrics::score(info.name, &truth_drawn, &said_drawn, None).unwrap();
            let found = Scorer::new(info.name, truth, said, None).score(&times);
            assert!((found - expect).abs() < 1e-10, "{}: {found} {expect}", info.name);
        }
    }
}
