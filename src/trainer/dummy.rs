//! The baseline that ignores the features: class shares, or the mean.

use super::require::{damaged, present_classes, to_json};
use super::{Capabilities, Family, FitContext, FitError, Fold, Form, Model, ParamSpec};
use crate::domain::{Labels, Params, Prediction};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

/// scikit-learn's `DummyClassifier(strategy="prior")` and `DummyRegressor(strategy="mean")`.
#[derive(Debug)]
pub(super) struct Dummy;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DummyModel {
    /// The weighted share of each class.
    Prior(Vec<f64>),
    /// The weighted mean.
    Mean(f64),
}

impl Family for Dummy {
    fn name(&self) -> &'static str {
        "dummy"
    }

    fn about(&self) -> &'static str {
        "baseline without features: class shares, or the mean (own)"
    }

    fn params(&self) -> &'static [ParamSpec] {
        &[]
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            classification: true,
            regression: true,
            probabilities: true,
            weights: true,
            random: false,
        }
    }

    fn fit(
        &self,
        fold: &Fold,
        _: &Params,
        ctx: &mut FitContext<'_>,
    ) -> Result<Box<dyn Model>, FitError> {
        ctx.check()?;
        fold.refuse_empty(self.name())?;
        let weights = fold.row_weights();
        let total: f64 = weights.iter().sum();
        Ok(Box::new(match &fold.y {
            Labels::Classes { codes, n_classes, .. } => {
                let mut prior = vec![0.0; *n_classes];
                for (class, weight) in present_classes(codes, &weights, *n_classes) {
                    prior[class as usize] = weight / total;
                }
                DummyModel::Prior(prior)
            }
            Labels::Values(values) => {
                let sum: f64 = values.iter().zip(weights.iter()).map(|(y, w)| w * y).sum();
                DummyModel::Mean(sum / total)
            }
        }))
    }

    fn load(&self, saved: &serde_json::Value) -> Result<Box<dyn Model>, serde_json::Error> {
        let model = DummyModel::deserialize(saved)?;
        if model == DummyModel::Prior(Vec::new()) {
            return Err(damaged("no classes"));
        }
        Ok(Box::new(model))
    }
}

impl Model for DummyModel {
    fn predict(&self, x: ArrayView2<'_, f64>) -> Prediction {
        match self {
            Self::Prior(prior) => {
                Prediction::from_probabilities(prior.repeat(x.nrows()), prior.len())
            }
            Self::Mean(mean) => Prediction::Values(vec![*mean; x.nrows()]),
        }
    }

    fn save(&self) -> serde_json::Value {
        to_json(self)
    }

    fn n_bytes(&self) -> usize {
        match self {
            Self::Prior(prior) => size_of_val(&prior[..]),
            Self::Mean(_) => size_of::<f64>(),
        }
    }

    fn form(&self) -> Form {
        match self {
            Self::Prior(prior) => Form::Constant { outputs: prior.clone(), is_classifier: true },
            Self::Mean(mean) => Form::Constant { outputs: vec![*mean], is_classifier: false },
        }
    }
}
