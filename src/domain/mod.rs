//! Plain data that every stage shares: values, parameters, metrics, runs, predictions.
//!
//! Nothing here does I/O, asks a clock or draws a random number.

mod constraint;
mod digest;
mod metric;
mod params;
mod prediction;
mod run;
mod series;
mod value;

pub use constraint::{Bound, Constraint, total_violation};
pub use digest::{Digest, DigestBuilder};
pub use metric::{Goal, MetricPoint, Objective, Summary, fold_scores};
pub use params::Params;
pub use prediction::{Labels, Prediction, Task};
pub use run::{
    Exit, ExperimentId, GitState, KeptFile, Outcome, RunId, RunRecord, Status, SweepId, TrialState,
};
pub use series::{PointBatch, RunningSummary, SeriesKey, SeriesPoint, SummaryKind};
pub use value::{Value, format_count, format_number};
