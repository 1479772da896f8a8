//! What a sweep aims at, and how the values of one metric are summed up.

use serde::{Deserialize, Serialize};

/// The direction in which a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Larger is better.
    Maximize,
    /// Smaller is better.
    Minimize,
}

impl Goal {
    /// The value with its sign turned so that smaller is better. NaN stays NaN.
    pub fn loss(self, value: f64) -> f64 {
        match self {
            Self::Maximize => -value,
            Self::Minimize => value,
        }
    }

    /// True if `a` is strictly better than `b`. Anything beats NaN; NaN beats nothing.
    pub fn better(self, a: f64, b: f64) -> bool {
        !a.is_nan() && (b.is_nan() || self.loss(a) < self.loss(b))
    }

    /// The word of the sweep file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Maximize => "maximize",
            Self::Minimize => "minimize",
        }
    }
}

/// One thing that a sweep optimizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// The metric's name.
    pub metric: String,
    /// The direction.
    pub goal: Goal,
}

/// All values of one metric of one run in short.
///
/// For a built-in model the values are the folds' scores and `score` is their mean; for a series
/// `score` is the last value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The one number that tables and samplers use.
    pub score: f64,
    /// How many values there are.
    pub n: u64,
    /// Arithmetic mean of the finite values.
    pub mean: f64,
    /// Sample standard deviation (n − 1) of the finite values; NaN for fewer than two.
    pub sd: f64,
    /// The value at the largest (step, time, value).
    pub last: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

/// One measured value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    /// The metric's name.
    pub metric: String,
    /// What it was measured on: `fold=0`, or empty.
    pub context: String,
    /// Step of a series; 0 for a single value. Signed, and the same step may come twice.
    pub step: i64,
    /// The value; NaN and infinities are values.
    pub value: f64,
    /// Milliseconds since 1970 UTC; 0 stands for the end of the run.
    pub ts: i64,
}

/// The last value of each fold in points of one metric that are in the order of context and step.
pub fn fold_scores(points: &[MetricPoint]) -> Vec<&MetricPoint> {
    let mut last: Vec<&MetricPoint> = Vec::new();
    for point in points.iter().filter(|point| point.context.starts_with("fold=")) {
        match last.last_mut() {
            Some(before) if before.context == point.context => *before = point,
            _ => last.push(point),
        }
    }
    last
}

impl Summary {
    /// Sums up single values of a metric in order, as the folds of a trial give them: the score is
    /// the mean. NaN if any value is NaN.
    pub fn of_folds(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        let sd = if values.len() > 1 { (squares / (n - 1.0)).sqrt() } else { f64::NAN };
        Self {
            score: mean,
            n: values.len() as u64,
            mean,
            sd,
            last: values.last().copied().unwrap_or(f64::NAN),
            min: values.iter().copied().fold(f64::NAN, f64::min),
            max: values.iter().copied().fold(f64::NAN, f64::max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_of_a_fold_is_its_last_value() {
        let points =
            [("", 0), ("fold=0", 1), ("fold=0", 4), ("fold=1", 2)].map(|(context, step)| {
                MetricPoint {
                    metric: "f1".into(),
                    context: context.into(),
                    step,
                    value: 0.0,
                    ts: 0,
                }
            });
        let scores: Vec<_> =
            fold_scores(&points).iter().map(|point| (&*point.context, point.step)).collect();
        assert_eq!(scores, [("fold=0", 4), ("fold=1", 2)]);
    }

    #[test]
    fn better_treats_nan_as_worst() {
        assert!(Goal::Maximize.better(2.0, 1.0));
        assert!(Goal::Minimize.better(1.0, 2.0));
        assert!(Goal::Minimize.better(1.0, f64::NAN));
        assert!(!Goal::Minimize.better(f64::NAN, 1.0));
        assert!(!Goal::Maximize.better(1.0, 1.0));
    }
}
