//! Why something cannot be explained.

use crate::metrics::MetricError;

/// Why something cannot be explained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// No rows to explain or to compare with.
    #[error("there are no {what} to explain with; mend: {mend}")]
    NoRows {
        /// Which rows.
        what: &'static str,
        /// What to do.
        mend: &'static str,
    },
    /// Rows, columns or outputs do not belong together.
    #[error("rows and model do not fit together: {0}")]
    Shape(String),
    /// A column that is to be shuffled is not there.
    #[error("no column '{name}' to explain; mend: one of {known}")]
    Column {
        /// The name as given.
        name: String,
        /// All names.
        known: String,
    },
    /// An option is out of range.
    #[error("'{name}' cannot be {value}; mend: {mend}")]
    Option {
        /// The option.
        name: &'static str,
        /// The value as given.
        value: String,
        /// What it may be.
        mend: &'static str,
    },
    /// A number of the model, of a prediction or of a row is NaN or infinite.
    #[error("{what} is not finite ('{value}'); mend: look at the fit, which diverged")]
    NotFinite {
        /// Whose number.
        what: String,
        /// The number.
        value: String,
    },
    /// The model has another form than the method needs.
    #[error("{method} does not explain {form}; mend: {mend}")]
    Form {
        /// The method.
        method: &'static str,
        /// The form of the model.
        form: &'static str,
        /// What does.
        mend: &'static str,
    },
    /// The score could not be computed.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// The model refused the rows.
    #[error("the model could not predict: {0}")]
    Predict(String),
}
