//! Exact Shapley values of linear models.

use super::attribution::{Attributions, Method, Scale, check_rows, output_classes};
use crate::explain::ExplainError;
use crate::trainer::Form;
use ndarray::{Array3, ArrayView2};

/// Attributions of a linear model against a background: `coef_j (x_j − mean_j)`, before the link (log odds for
/// a logistic regression). All background rows count, unlike in shap's `LinearExplainer`, whose masker draws 100.
///
/// # Errors
/// When the model is no linear one, there are no rows, or they do not fit the model.
pub fn linear(
    form: &Form,
    x: ArrayView2<'_, f64>,
    background: ArrayView2<'_, f64>,
) -> Result<Attributions, ExplainError> {
    let Form::Linear { coef, intercept, link } = form else {
        return Err(ExplainError::Form {
            method: "linear SHAP",
            form: form_word(form),
            mend: "use TreeSHAP for trees and kernel SHAP for anything",
        });
    };
    check_rows(x, background, Some(coef.ncols()))?;
    let means: Vec<f64> =
        background.columns().into_iter().map(|column| column.mean().unwrap_or(f64::NAN)).collect();
    let outputs = coef.nrows();
    let base = (0..outputs).map(|o| {
        intercept[o] + coef.row(o).iter().zip(&means).map(|(beta, mean)| beta * mean).sum::<f64>()
    });
    let values = Array3::from_shape_fn((x.nrows(), outputs, x.ncols()), |(row, o, j)| {
        coef[[o, j]] * (x[[row, j]] - means[j])
    });
    Ok(Attributions {
        method: Method::Linear,
        scale: Scale::of(link),
        classes: output_classes(link, outputs),
        base: base.collect(),
        values,
        errors: None,
    })
}

/// The form in words.
pub(super) fn form_word(form: &Form) -> &'static str {
    match form {
        Form::Constant { .. } => "a constant",
        Form::Linear { .. } => "a linear model",
        Form::Trees { .. } => "trees",
        Form::GaussianBayes { .. } => "naive Bayes",
        Form::Neighbors { .. } => "nearest neighbors",
        Form::Kernel(_) => "support vectors",
    }
}
