//! Shapley values of predictions (Lundberg and Lee 2017): what each feature adds to one prediction.
//!
//! For a row, the attributions and the base sum to the output: `base + Σ values = output`. All methods
//! here but [`tree_path_dependent`] answer the same question: a feature that is left out takes the values of the
//! background rows, whatever the other features are (the interventional game). They therefore agree
//! where more than one can be used.
//!
//! | method | for | cost | exact |
//! |---|---|---|---|
//! | [`linear`] | linear and logistic regression | rows × features | yes |
//! | [`tree_interventional`] | trees, forests, boosting | rows × background × leaves reached | yes |
//! | [`tree_path_dependent`] | trees, forests, boosting | rows × leaves × depth² | yes, of its own game |
//! | [`kernel`] | anything that predicts | 2^groups or draws × groups, × background predictions | up to 11 groups |

mod attribution;
mod choose;
mod kernel;
mod linear;
mod quadrature;
mod tree;
mod tree_interventional;
mod tree_path;

#[cfg(test)]
mod brute_force;
#[cfg(test)]
mod tests;

pub use attribution::{Attributions, Groups, Method, Scale};
pub use choose::{background_rows, shap};
pub use kernel::{EXACT_GROUPS, KernelOptions, kernel};
pub use linear::linear;
pub use tree_interventional::{tree_interventional, tree_interventional_of_partial};
pub use tree_path::tree_path_dependent;
