//! Why there are no importances.

/// Why there are no importances.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportanceError {
    /// Too few trials.
    #[error(
        "{method} needs at least {needed} trials with a score, there {} {found}{}; mend: let the sweep run longer",
        if *found == 1 { "is" } else { "are" },
        not_finite(*left_out)
    )]
    Few {
        /// The method.
        method: &'static str,
        /// Trials that it needs.
        needed: usize,
        /// Trials with a finite score.
        found: usize,
        /// Trials whose score is NaN or infinite.
        left_out: usize,
    },
    /// Nothing differs.
    #[error(
        "all {trials} trials have the same score {score}, so no parameter made a difference; mend: score by a finer metric, or widen the ranges"
    )]
    Equal {
        /// How many.
        trials: usize,
        /// What they scored.
        score: String,
    },
    /// No dimension has two values.
    #[error(
        "the space has no parameter with more than one value; mend: give one a range in the sweep file"
    )]
    Constant,
    /// A point does not belong to the space.
    #[error("trial {at} is no point of the space: {why}")]
    Point {
        /// Its place in the list.
        at: usize,
        /// Why.
        why: String,
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
    /// The forest could not be fitted.
    #[error("the forest could not be fitted: {0}")]
    Fit(String),
}

fn not_finite(n: usize) -> String {
    match n {
        0 => String::new(),
        1 => " (1 score more is not finite)".into(),
        n => format!(" ({n} scores more are not finite)"),
    }
}
