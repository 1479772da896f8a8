//! Scores by name.

use super::confusion::{Average, Counts, Part};
use super::error::MetricError;
use super::ranking::{self, Areas};
use super::{Info, Needs, catalogue, info, probability, regression};
use crate::domain::{Labels, Prediction, Task};
use std::cell::OnceCell;

/// The value of one metric. NaN where the metric is undefined on these rows: `roc_auc` with one class only,
/// a one-vs-rest mean with a class absent, `r2` of one row.
///
/// # Errors
/// When no such metric exists, it does not fit the task, the prediction lacks what it needs or is not
/// finite, or truth, prediction and weights do not belong together.
pub fn score(
    name: &str,
    truth: &Labels,
    prediction: &Prediction,
    weights: Option<&[f64]>,
) -> Result<f64, MetricError> {
    Scorer::new(truth, prediction, weights)?.score(name)
}

/// The values of several metrics, in the order of `names`, with counting and sorting done once.
///
/// # Errors
/// As [`score`]: for all when the rows do not belong together, else for each name by itself.
pub fn scores<S: AsRef<str>>(
    names: &[S],
    truth: &Labels,
    prediction: &Prediction,
    weights: Option<&[f64]>,
) -> Result<Vec<Result<f64, MetricError>>, MetricError> {
    let scorer = Scorer::new(truth, prediction, weights)?;
    Ok(names.iter().map(|name| scorer.score(name.as_ref())).collect())
}

/// Rows to score, with what several metrics share.
struct Scorer<'a> {
    truth: &'a Labels,
    prediction: &'a Prediction,
    weights: Option<&'a [f64]>,
    counts: OnceCell<Counts>,
    areas: OnceCell<Vec<Areas>>,
}

/// The views that the classification metrics work on.
#[derive(Clone, Copy)]
struct ClassRows<'a> {
    truth: &'a [u32],
    predicted: &'a [u32],
    scores: &'a [f64],
    n_classes: usize,
    positive: usize,
}

impl<'a> Scorer<'a> {
    fn new(
        truth: &'a Labels,
        prediction: &'a Prediction,
        weights: Option<&'a [f64]>,
    ) -> Result<Self, MetricError> {
        if truth.is_empty() {
            return Err(MetricError::Empty);
        }
        if truth.len() != prediction.len() {
            return Err(MetricError::Shape(format!(
                "{} rows of truth, {} of prediction",
                truth.len(),
                prediction.len()
            )));
        }
        check_codes(truth, prediction)?;
        if let Some(weights) = weights {
            check_weights(weights, truth.len())?;
        }
        Ok(Self { truth, prediction, weights, counts: OnceCell::new(), areas: OnceCell::new() })
    }

    fn score(&self, name: &str) -> Result<f64, MetricError> {
        let info = info(name).ok_or_else(|| unknown(name))?;
        if info.measured {
            return Err(MetricError::Measured { metric: info.name });
        }
        let task = self.truth.task();
        if !info.fits(task) {
            return Err(MetricError::Task { metric: info.name, task, mend: alternatives(task) });
        }
        match (self.truth, self.prediction) {
            (
                Labels::Classes { codes: truth, n_classes, positive },
                Prediction::Classes { codes: predicted, scores, .. },
            ) => {
                let scores = scores.as_deref().unwrap_or_default();
                self.check_served(info)?;
                let positive = *positive as usize;
                let classes =
                    ClassRows { truth, predicted, scores, n_classes: *n_classes, positive };
                Ok(self.classification(info.name, classes))
            }
            (Labels::Values(truth), Prediction::Values(predicted)) => {
                check_finite(info.name, predicted, 1)?;
                Ok(self.regression(info.name, truth, predicted))
            }
            _ => Err(MetricError::Shape("classes on one side, numbers on the other".into())),
        }
    }

    /// Refuses scores that are absent, not finite or no probabilities where the metric reads them.
    fn check_served(&self, info: &Info) -> Result<(), MetricError> {
        if !info.is_served_by(self.prediction) {
            let what = if info.needs == Needs::Probabilities { "probabilities" } else { "scores" };
            return Err(MetricError::Lacks { metric: info.name, what });
        }
        let Prediction::Classes { scores: Some(scores), n_classes, .. } = self.prediction else {
            return Ok(());
        };
        if info.needs == Needs::Labels {
            return Ok(());
        }
        check_finite(info.name, scores, *n_classes)?;
        // Rounding may leave a softmax a few ulps outside; anything more is no probability.
        let outside = |p: &f64| *p < -1e-9 || *p > 1.0 + 1e-9;
        match scores.iter().position(outside) {
            Some(cell) if info.needs == Needs::Probabilities => Err(MetricError::NotProbability {
                metric: info.name,
                row: cell / n_classes,
                value: scores[cell].to_string(),
            }),
            _ => Ok(()),
        }
    }

    fn classification(&self, name: &str, classes: ClassRows<'_>) -> f64 {
        let ClassRows { truth, scores, n_classes, positive, .. } = classes;
        match name {
            "log_loss" => probability::log_loss(truth, scores, n_classes, self.weights),
            "brier" => probability::brier(truth, scores, n_classes, self.weights),
            "roc_auc" => ranking::roc_macro(self.areas(classes)),
            "roc_auc_weighted" => ranking::roc_weighted(self.areas(classes)),
            "average_precision" if n_classes <= 2 => {
                self.areas(classes).first().map_or(f64::NAN, |area| area.precision)
            }
            "average_precision" => ranking::precision_macro(self.areas(classes)),
            _ => self.labels(name, positive, classes),
        }
    }

    fn labels(&self, name: &str, positive: usize, classes: ClassRows<'_>) -> f64 {
        let counts = self.counts.get_or_init(|| {
            Counts::new(classes.truth, classes.predicted, self.weights, classes.n_classes)
        });
        match name {
            "accuracy" => counts.accuracy(),
            "balanced_accuracy" => counts.balanced_accuracy(),
            "precision" => counts.part(Part::Precision, positive),
            "recall" => counts.part(Part::Recall, positive),
            "f1" => counts.part(Part::F1, positive),
            "precision_macro" => counts.average(Part::Precision, Average::Macro),
            "recall_macro" => counts.average(Part::Recall, Average::Macro),
            "f1_macro" => counts.average(Part::F1, Average::Macro),
            "precision_weighted" => counts.average(Part::Precision, Average::Weighted),
            "recall_weighted" => counts.average(Part::Recall, Average::Weighted),
            "f1_weighted" => counts.average(Part::F1, Average::Weighted),
            "mcc" => counts.mcc(),
            other => unreachable!("'{other}' is in the catalogue without a scorer"),
        }
    }

    fn regression(&self, name: &str, truth: &[f64], predicted: &[f64]) -> f64 {
        match name {
            "r2" => regression::r2(truth, predicted, self.weights),
            "rmse" => regression::rmse(truth, predicted, self.weights),
            "mae" => regression::mae(truth, predicted, self.weights),
            "mape" => regression::mape(truth, predicted, self.weights),
            "median_absolute_error" => {
                regression::median_absolute_error(truth, predicted, self.weights)
            }
            "max_error" => regression::max_error(truth, predicted, self.weights),
            other => unreachable!("'{other}' is in the catalogue without a scorer"),
        }
    }

    /// Areas of the positive class for two classes, of every class for more.
    fn areas(&self, classes: ClassRows<'_>) -> &[Areas] {
        self.areas.get_or_init(|| {
            let n_classes = classes.n_classes;
            let wanted = if n_classes > 2 {
                0..n_classes
            } else if classes.positive < n_classes {
                classes.positive..classes.positive + 1
            } else {
                return vec![];
            };
            wanted
                .map(|class| {
                    ranking::areas(classes.truth, classes.scores, n_classes, class, self.weights)
                })
                .collect()
        })
    }
}

fn unknown(name: &str) -> MetricError {
    let known: Vec<_> = catalogue().iter().map(|info| info.name).collect();
    MetricError::Unknown { name: name.into(), known: known.join(", ") }
}

fn alternatives(task: Task) -> String {
    let names = catalogue().iter().filter(|info| info.fits(task) && !info.measured);
    let names: Vec<_> = names.map(|info| info.name).collect();
    format!("one of {}", names.join(", "))
}

fn check_codes(truth: &Labels, prediction: &Prediction) -> Result<(), MetricError> {
    let (
        Labels::Classes { codes: truth, n_classes, .. },
        Prediction::Classes { codes, scores, n_classes: predicted, .. },
    ) = (truth, prediction)
    else {
        return Ok(());
    };
    if n_classes != predicted {
        let text = format!("{n_classes} classes in the truth, {predicted} in the prediction");
        return Err(MetricError::Shape(text));
    }
    let cells = codes.len() * n_classes;
    if let Some(scores) = scores
        && scores.len() != cells
    {
        let text = format!("{} scores where rows × classes is {cells}", scores.len());
        return Err(MetricError::Shape(text));
    }
    match truth.iter().chain(codes).find(|&&code| code as usize >= *n_classes) {
        Some(code) => {
            Err(MetricError::Shape(format!("class code '{code}' with {n_classes} classes")))
        }
        None => Ok(()),
    }
}

fn check_weights(weights: &[f64], n_rows: usize) -> Result<(), MetricError> {
    if weights.len() != n_rows {
        let text = format!("{n_rows} rows, {} weights", weights.len());
        return Err(MetricError::Shape(text));
    }
    if let Some(row) = weights.iter().position(|w| !w.is_finite() || *w < 0.0) {
        return Err(MetricError::Weights(format!("row {row} has '{}'", weights[row])));
    }
    if weights.iter().all(|&weight| weight == 0.0) {
        return Err(MetricError::Weights(format!("all {n_rows} are '0'")));
    }
    Ok(())
}

/// Refuses numbers that are not finite, `width` of them a row.
fn check_finite(metric: &'static str, numbers: &[f64], width: usize) -> Result<(), MetricError> {
    let width = width.max(1);
    let mut bad = numbers
        .chunks(width)
        .enumerate()
        .filter(|(_, row)| row.iter().any(|value| !value.is_finite()))
        .map(|(row, _)| row);
    let Some(first) = bad.next() else { return Ok(()) };
    let rows = numbers.len() / width;
    Err(MetricError::NotFinite { metric, count: 1 + bad.count(), rows, first })
}

#[cfg(test)]
#[path = "score_tests.rs"]
mod tests;
