//! A recorded run, fitted again: reproduction, the bundle of its model, and the evidence that a gate judges.

mod compared;
mod ensemble;
mod error;
mod evidence;
mod facts;
mod fitted;
mod judgement;
mod folds;
mod kept;
mod predictions;
mod recipe;
mod reproduce;
mod rival;
mod second;
mod slices;
mod speed;
mod voice;

pub use compared::Compared;
pub use ensemble::{ENSEMBLE_FILE, EnsembleFile, MemberOf};
pub use error::CandidateError;
pub use evidence::{Asked, Gathered};
pub use fitted::{FitRows, Fitted};
pub use folds::FoldModel;
pub use judgement::{Answer, HeldOutScore, ask, version_of};
pub use kept::{Kept, KeptError};
pub use predictions::{PREDICTIONS_FILE, PredictedRows};
pub use recipe::{Ground, Recipe};
pub use reproduce::{Reproduction, ScoreDifference, reproduce};
pub use rival::Rival;
