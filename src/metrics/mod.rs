//! Scores: what a prediction is worth against the truth.
//!
//! Names and definitions are scikit-learn's; what it warns about as undefined is NaN here. Weights are
//! honoured by every metric or refused. [`series`] is about curves: windows, buckets, smoothing.

mod catalogue;
mod confusion;
mod error;
mod probability;
mod ranking;
mod regression;
mod score;
pub mod series;

pub use catalogue::{Info, Needs, catalogue, info};
pub use error::MetricError;
pub use score::{score, scores};
