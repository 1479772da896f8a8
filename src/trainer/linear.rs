//! Ordinary least squares, and the model that every linear regression ends in.

use super::require::{damaged, to_json};
use super::{
    Args, Capabilities, Family, FitContext, FitError, Fold, Form, Link, Model, Moments,
    ParamDefault, ParamKind, ParamSpec,
};
use crate::domain::{Params, Prediction};
use crate::numeric::Triangle;
use ndarray::{Array2, ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

/// Whether the plane may miss the origin; shared by the linear families.
pub(super) const FIT_INTERCEPT: ParamSpec = ParamSpec {
    name: "fit_intercept",
    kinds: &[ParamKind::Bool],
    optional: false,
    default: ParamDefault::Bool(true),
    about: "whether to fit a constant term",
};

static PARAMS: [ParamSpec; 1] = [FIT_INTERCEPT];

/// Least squares, as scikit-learn's `LinearRegression`.
///
/// The rows, weighted by `√w` after weighted centering, go through a QR decomposition block by block; the
/// triangle is solved by SVD (nalgebra), so that dependent features get the solution of least norm. Polls
/// the flag every 4096 rows.
#[derive(Debug)]
pub(super) struct Linear;

/// `x·coef + intercept`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LinearModel {
    pub(super) coef: Vec<f64>,
    pub(super) intercept: f64,
}

impl Family for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn about(&self) -> &'static str {
        "ordinary least squares (nalgebra)"
    }

    fn params(&self) -> &'static [ParamSpec] {
        &PARAMS
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            classification: false,
            regression: true,
            probabilities: false,
            weights: true,
            random: false,
        }
    }

    fn fit(
        &self,
        fold: &Fold,
        params: &Params,
        ctx: &mut FitContext<'_>,
    ) -> Result<Box<dyn Model>, FitError> {
        let values = fold.values(self.name())?;
        fold.refuse_empty(self.name())?;
        let centered = Args::new(params, &PARAMS).flag("fit_intercept");
        Ok(Box::new(least_squares(fold, values, centered, ctx)?))
    }

    fn load(&self, saved: &serde_json::Value) -> Result<Box<dyn Model>, serde_json::Error> {
        LinearModel::load(saved)
    }
}

/// Fits by QR and SVD; see [`Linear`].
pub(super) fn least_squares(
    fold: &Fold,
    values: &[f64],
    centered: bool,
    ctx: &FitContext<'_>,
) -> Result<LinearModel, FitError> {
    let (n, d) = fold.x.dim();
    let weights = fold.row_weights();
    let (mean, target_mean) = if centered {
        let Moments { mean, target_mean, .. } = Moments::means_only(fold);
        (mean, target_mean)
    } else {
        (vec![0.0; d], 0.0)
    };
    let mut triangle = Triangle::new(d + 1);
    for (row, x) in fold.x.rows().into_iter().enumerate() {
        if row % 4096 == 0 {
            ctx.check()?;
        }
        let root = weights[row].sqrt();
        let target = std::iter::once(root * (values[row] - target_mean));
        triangle.push(x.iter().zip(&mean).map(|(x, mean)| root * (x - mean)).chain(target));
    }
    // scikit-learn's cut for singular values.
    let coef = triangle.least_squares(f64::EPSILON * n.max(d) as f64);
    Ok(LinearModel::through(coef, &mean, target_mean))
}

impl LinearModel {
    /// The plane with these slopes through the point of means.
    pub(super) fn through(coef: Vec<f64>, mean: &[f64], target_mean: f64) -> Self {
        let offset: f64 = coef.iter().zip(mean).map(|(w, x)| w * x).sum();
        Self { intercept: target_mean - offset, coef }
    }

    /// Reads a saved one.
    pub(super) fn load(saved: &serde_json::Value) -> Result<Box<dyn Model>, serde_json::Error> {
        let model = Self::deserialize(saved)?;
        if model.coef.is_empty() {
            return Err(damaged("no coefficients"));
        }
        Ok(Box::new(model))
    }
}

impl Model for LinearModel {
    fn predict(&self, x: ArrayView2<'_, f64>) -> Prediction {
        let values = x.dot(&ArrayView1::from(&self.coef)) + self.intercept;
        Prediction::Values(values.into_iter().collect())
    }

    fn save(&self) -> serde_json::Value {
        to_json(self)
    }

    fn n_bytes(&self) -> usize {
        size_of_val(&self.coef[..]) + size_of::<f64>()
    }

    fn form(&self) -> Form {
        let coef = Array2::from_shape_vec((1, self.coef.len()), self.coef.clone());
        let coef = coef.expect("one row of all coefficients");
        Form::Linear { coef, intercept: vec![self.intercept], link: Link::Identity }
    }
}
