//! Why rows cannot be prepared.

/// Why rows cannot be prepared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepError {
    /// A setting has a value that it does not take.
    #[error("preprocess {key} = '{value}' is not allowed; mend: {must}")]
    Setting {
        /// The setting.
        key: String,
        /// Its value.
        value: String,
        /// What is allowed.
        must: String,
    },
    /// A block names a column that is no feature.
    #[error("preprocess names the column '{column}', which is no feature; mend: one of {known}")]
    NotAFeature {
        /// The column.
        column: String,
        /// The features.
        known: String,
    },
    /// Two blocks claim one column.
    #[error("two preprocess blocks claim {what}; mend: name each column in one block")]
    Twice {
        /// `column 'x'`, or all the rest.
        what: String,
    },
    /// Missing cells that nothing stands in for.
    #[error(
        "column '{column}' has {count} missing cells in {rows} rows and preprocess impute is 'none'; \
         mend: impute = \"median\", or a fill that suits the column"
    )]
    Missing {
        /// The column.
        column: String,
        /// Missing cells.
        count: usize,
        /// Rows looked at.
        rows: usize,
    },
    /// Infinite cells, or dates past the calendar.
    #[error(
        "column '{column}' has {count} infinite or unreadable cells in {rows} rows; \
         mend: outliers = \"iqr\" clips them, or mark them as null values"
    )]
    Infinite {
        /// The column.
        column: String,
        /// Such cells.
        count: usize,
        /// Rows looked at.
        rows: usize,
    },
    /// Numbers so large that their statistics overflow.
    #[error(
        "column '{column}' has numbers too large to scale; mend: outliers = \"iqr\", or other units"
    )]
    Overflow {
        /// The column.
        column: String,
    },
    /// A fill of the wrong type.
    #[error(
        "preprocess fill = '{value}' does not suit the {kind} column '{column}'; \
         mend: a [[preprocess]] block of its own for such columns"
    )]
    Fill {
        /// The column.
        column: String,
        /// Its type.
        kind: &'static str,
        /// The fill.
        value: String,
    },
    /// Too many levels for a column each.
    #[error(
        "column '{column}' has {count} levels in the training rows, over {limit} for one_hot; \
         mend: encode = \"target\" or \"ordinal\", or ignore the column"
    )]
    TooManyLevels {
        /// The column.
        column: String,
        /// Its levels.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// Free text as a feature.
    #[error(
        "column '{column}' is free text; mend: [data] types = {{ {column} = \"category\" }}, or ignore it"
    )]
    Text {
        /// The column.
        column: String,
    },
    /// Nothing to learn from.
    #[error(
        "preprocess leaves no feature; mend: other features, or encode and dates other than 'none'"
    )]
    NoFeatures,
    /// Nothing to fit on.
    #[error("no rows to fit preprocessing on")]
    NoRows,
    /// New data lacks a column.
    #[error(
        "the data has no column '{column}', which the model was trained on; mend: add it, empty if unknown"
    )]
    LacksColumn {
        /// The column.
        column: String,
    },
    /// New data has a column of another type.
    #[error(
        "column '{column}' holds {found}, the model was trained on {expected}; \
         mend: [data] types = {{ {column} = \"{word}\" }}"
    )]
    Kind {
        /// The column.
        column: String,
        /// What it should hold.
        expected: &'static str,
        /// What it holds.
        found: &'static str,
        /// The type to set.
        word: &'static str,
    },
}
