//! Explanations: what a model leans on, why it said what it said, and where it errs.
//!
//! * [`permutation`]: how much a score drops when one column of the table is shuffled, with an interval.
//! * [`shap`]: Shapley values of single predictions, exact for linear models and trees, by coalitions for the rest.
//! * [`errors`]: the confusion of classes, the worst rows and the weakest segments.
//!
//! Everything here is a function of a fitted model and rows; nothing reads a file or a store.

mod clusters;
mod error;
pub mod errors;
mod permutation;
pub mod shap;

pub use clusters::correlated_columns;
pub use error::ExplainError;
pub use permutation::{
    PermutationImportance, PermutationOptions, PermutedScore, Scored, permutation,
    permutation_of_matrix,
};
