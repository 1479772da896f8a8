//! The list of metrics: direction, tasks and what each needs from a prediction.

use crate::domain::{Goal, Prediction, Task};

/// What a metric reads from a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Predicted classes.
    Labels,
    /// Scores per class that rank rows; probabilities serve too.
    Scores,
    /// Probabilities per class.
    Probabilities,
    /// Predicted numbers.
    Values,
    /// No prediction: it is measured while a run works.
    Nothing,
}

/// One metric.
#[allow(clippy::struct_excessive_bools)] // Independent facts, one column of a table each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The name in sweep files.
    pub name: &'static str,
    /// The direction in which it gets better.
    pub goal: Goal,
    /// True if it is defined for two classes.
    pub binary: bool,
    /// True if it is defined for three classes and more.
    pub multiclass: bool,
    /// True if it is defined for numbers.
    pub regression: bool,
    /// What it reads.
    pub needs: Needs,
    /// True if it is measured while a run works (time, size), so that no score exists.
    pub measured: bool,
    /// One line for help.
    pub about: &'static str,
}

impl Info {
    /// True if it is defined for any classification.
    pub fn classification(&self) -> bool {
        self.binary || self.multiclass
    }

    /// True if it is defined for the task.
    pub fn fits(&self, task: Task) -> bool {
        match task {
            Task::Binary => self.binary,
            Task::Multiclass => self.multiclass,
            Task::Regression => self.regression,
        }
    }

    /// True if the prediction holds what it reads.
    pub fn is_served_by(&self, prediction: &Prediction) -> bool {
        match (self.needs, prediction) {
            (Needs::Labels, Prediction::Classes { .. })
            | (Needs::Values, Prediction::Values(_)) => true,
            (Needs::Scores, Prediction::Classes { scores, .. }) => scores.is_some(),
            (Needs::Probabilities, Prediction::Classes { scores, probabilities, .. }) => {
                scores.is_some() && *probabilities
            }
            _ => false,
        }
    }
}

#[derive(Clone, Copy)]
enum On {
    Binary,
    Multiclass,
    Classes,
    Numbers,
    All,
}

const fn entry(name: &'static str, goal: Goal, on: On, needs: Needs, about: &'static str) -> Info {
    Info {
        name,
        goal,
        binary: matches!(on, On::Binary | On::Classes | On::All),
        multiclass: matches!(on, On::Multiclass | On::Classes | On::All),
        regression: matches!(on, On::Numbers | On::All),
        needs,
        measured: matches!(needs, Needs::Nothing),
        about,
    }
}

const MAX: Goal = Goal::Maximize;
const MIN: Goal = Goal::Minimize;

static CATALOGUE: &[Info] = &[
    entry("accuracy", MAX, On::Classes, Needs::Labels, "share of rows whose class is right"),
    entry(
        "balanced_accuracy",
        MAX,
        On::Classes,
        Needs::Labels,
        "mean recall of the classes that occur in the truth",
    ),
    entry("precision", MAX, On::Binary, Needs::Labels, "precision of the positive class"),
    entry("recall", MAX, On::Binary, Needs::Labels, "recall of the positive class"),
    entry("f1", MAX, On::Binary, Needs::Labels, "F1 of the positive class"),
    entry(
        "precision_macro",
        MAX,
        On::Classes,
        Needs::Labels,
        "mean precision of the classes in truth or prediction",
    ),
    entry(
        "recall_macro",
        MAX,
        On::Classes,
        Needs::Labels,
        "mean recall of the classes in truth or prediction",
    ),
    entry(
        "f1_macro",
        MAX,
        On::Classes,
        Needs::Labels,
        "mean F1 of the classes in truth or prediction",
    ),
    entry(
        "precision_weighted",
        MAX,
        On::Classes,
        Needs::Labels,
        "precision averaged by how often each class is true",
    ),
    entry(
        "recall_weighted",
        MAX,
        On::Classes,
        Needs::Labels,
        "recall averaged by how often each class is true",
    ),
    entry(
        "f1_weighted",
        MAX,
        On::Classes,
        Needs::Labels,
        "F1 averaged by how often each class is true",
    ),
    entry("mcc", MAX, On::Classes, Needs::Labels, "Matthews correlation coefficient"),
    entry(
        "log_loss",
        MIN,
        On::Classes,
        Needs::Probabilities,
        "cross-entropy in nats; probabilities clipped to the float's epsilon",
    ),
    entry(
        "brier",
        MIN,
        On::Classes,
        Needs::Probabilities,
        "mean squared error of the probabilities (scikit-learn's brier_score_loss)",
    ),
    entry(
        "roc_auc",
        MAX,
        On::Classes,
        Needs::Scores,
        "area under the ROC curve; three classes and more: mean of one-vs-rest",
    ),
    entry(
        "roc_auc_weighted",
        MAX,
        On::Multiclass,
        Needs::Scores,
        "one-vs-rest ROC areas averaged by how often each class is true",
    ),
    entry(
        "average_precision",
        MAX,
        On::Classes,
        Needs::Scores,
        "area under the precision-recall steps; three classes and more: mean of one-vs-rest",
    ),
    entry("r2", MAX, On::Numbers, Needs::Values, "coefficient of determination"),
    entry("rmse", MIN, On::Numbers, Needs::Values, "root mean squared error"),
    entry("mae", MIN, On::Numbers, Needs::Values, "mean absolute error"),
    entry(
        "mape",
        MIN,
        On::Numbers,
        Needs::Values,
        "mean absolute percentage error, as a share (0.1 is 10 %)",
    ),
    entry("median_absolute_error", MIN, On::Numbers, Needs::Values, "median absolute error"),
    entry("max_error", MIN, On::Numbers, Needs::Values, "largest absolute error"),
    entry("fit_seconds", MIN, On::All, Needs::Nothing, "wall seconds of the fit"),
    entry("predict_us", MIN, On::All, Needs::Nothing, "microseconds per predicted row"),
    entry("model_bytes", MIN, On::All, Needs::Nothing, "bytes of the fitted numbers"),
];

/// Every metric, in the order in which help lists them.
pub fn catalogue() -> &'static [Info] {
    CATALOGUE
}

/// The metric of that name.
pub fn info(name: &str) -> Option<&'static Info> {
    CATALOGUE.iter().find(|info| info.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_metric_has_a_task() {
        for (idx, one) in catalogue().iter().enumerate() {
            assert!(catalogue()[idx + 1..].iter().all(|other| other.name != one.name));
            assert!(one.classification() || one.regression, "{}", one.name);
            assert_eq!(one.measured, one.needs == Needs::Nothing);
        }
    }

    #[test]
    fn decision_values_serve_ranking_but_not_log_loss() {
        let prediction = Prediction::Classes {
            codes: vec![0],
            scores: Some(vec![-1.0, 1.0]),
            probabilities: false,
            n_classes: 2,
        };
        let served = |name| info(name).is_some_and(|info| info.is_served_by(&prediction));
        assert!(served("roc_auc") && served("accuracy"));
        assert!(!served("log_loss") && !served("rmse") && !served("fit_seconds"));
    }
}
