//! Comparing runs: differences, paired tests, what parameters matter, ensembles. Pure: evidence in, findings out.

mod diff;
mod ensemble;
mod importance;
mod paired;

pub use diff::{Difference, differences};
pub use ensemble::{Ensemble, EnsembleError, EnsembleOptions, OutOfFoldView, select_ensemble};
pub use importance::{
    Direction, FanovaOptions, ImportanceError, ImportanceMethod, Importances, PAIRED, POOR_FOREST,
    PairImportance, ParamImportance, PedAnovaOptions, ScoredPoint, ShapOptions, VarianceParts,
    fanova, ped_anova, shap,
};
pub use paired::{PairedTest, corrected_t};
