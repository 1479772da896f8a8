//! A recorded run, fitted again: reproduction, the bundle of its model, and the evidence that a gate judges.

mod error;
mod recipe;
mod reproduce;

pub use error::CandidateError;
pub use recipe::{Ground, Recipe};
pub use reproduce::{Reproduction, ScoreDifference, reproduce};
