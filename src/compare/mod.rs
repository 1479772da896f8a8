//! Comparing runs: differences, paired tests, what parameters matter, ensembles. Pure: evidence in, findings out.

mod diff;
mod ensemble;
mod paired;

pub use diff::{Difference, differences};
pub use ensemble::{Ensemble, EnsembleError, EnsembleOptions, OutOfFoldView, select_ensemble};
pub use paired::{PairedTest, corrected_t};
