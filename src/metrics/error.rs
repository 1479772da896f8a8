//! Why a metric has no value.

use crate::domain::Task;

/// Why a metric has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// No metric has the name.
    #[error("no metric is called '{name}'; mend: one of {known}")]
    Unknown {
        /// The name as given.
        name: String,
        /// All names.
        known: String,
    },
    /// It is measured while a run works.
    #[error(
        "'{metric}' is measured while a run works and cannot be scored from a prediction; \
         mend: take it from the run's metrics"
    )]
    Measured {
        /// The metric.
        metric: &'static str,
    },
    /// It is not defined for the task.
    #[error("'{metric}' is not defined for {}; mend: {mend}", .task.word())]
    Task {
        /// The metric.
        metric: &'static str,
        /// The task of the labels.
        task: Task,
        /// Which metrics are.
        mend: String,
    },
    /// The prediction holds no probabilities, or no scores at all.
    #[error(
        "'{metric}' needs {what}, which the model does not give; \
         mend: a family with probabilities (svm: probability = true), or a metric of the predicted classes such as 'f1_macro'"
    )]
    Lacks {
        /// The metric.
        metric: &'static str,
        /// What is lacking.
        what: &'static str,
    },
    /// The prediction holds NaN or an infinite number.
    #[error(
        "'{metric}' has no value: {count} of {rows} predicted rows are not finite, the first is row {first}; \
         mend: look at the fit, which diverged"
    )]
    NotFinite {
        /// The metric.
        metric: &'static str,
        /// Rows with such a number.
        count: usize,
        /// Rows in all.
        rows: usize,
        /// The first such row, from 0.
        first: usize,
    },
    /// A probability lies outside 0 to 1.
    #[error("'{metric}' takes probabilities between 0 and 1, row {row} has '{value}'")]
    NotProbability {
        /// The metric.
        metric: &'static str,
        /// The row, from 0.
        row: usize,
        /// The value.
        value: String,
    },
    /// Truth, prediction and weights do not belong together.
    #[error("truth, prediction and weights do not fit together: {0}")]
    Shape(String),
    /// No rows.
    #[error("no rows to score")]
    Empty,
    /// The weights are no weights.
    #[error("row weights must be finite, not negative and not all 0: {0}")]
    Weights(String),
}
