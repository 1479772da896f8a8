//! The right method for a model.

use super::attribution::{Attributions, Groups};
use super::kernel::{KernelOptions, kernel};
use super::linear::linear;
use super::tree_interventional::tree_interventional;
use crate::explain::ExplainError;
use crate::numeric::Rng;
use crate::trainer::{Form, Model};
use ndarray::ArrayView2;

/// Attributions of any model by groups of features, by the exact method where its form has one.
///
/// Linear models and trees are explained before their link (log odds, scores), all others by their probabilities or
/// numbers. Every method plays the interventional game against the same background.
///
/// # Errors
/// When there are no rows, or rows, groups and model do not fit together.
pub fn shap(
    model: &dyn Model,
    x: ArrayView2<'_, f64>,
    background: ArrayView2<'_, f64>,
    groups: &Groups,
    options: &KernelOptions,
) -> Result<Attributions, ExplainError> {
    let form = model.form();
    match form {
        Form::Linear { .. } => linear(&form, x, background)?.grouped(groups),
        Form::Trees { .. } => tree_interventional(&form, x, background)?.grouped(groups),
        _ => kernel(&|rows| model.predict(rows), x, background, groups, options),
    }
}

/// Some of so many rows, drawn without replacement, ascending: a background that can be afforded.
pub fn background_rows(n_rows: usize, at_most: usize, seed: u64) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..n_rows).collect();
    if n_rows > at_most {
        Rng::stream(seed, "shap background", 0).shuffle(&mut rows);
        rows.truncate(at_most);
        rows.sort_unstable();
    }
    rows
}
