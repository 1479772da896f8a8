//! A recorded run, fitted again: reproduction, the bundle of its model, and the evidence that a gate judges.

mod ensemble;
mod error;
mod fitted;
mod predictions;
mod recipe;
mod reproduce;

pub use error::CandidateError;
pub use fitted::{FitRows, Fitted};
pub use predictions::{PREDICTIONS_FILE, PredictedRows};
pub use recipe::{Ground, Recipe};
pub use reproduce::{Reproduction, ScoreDifference, reproduce};
