//! One fitted model with its preprocessing.

use super::BundleError;
use crate::data::{Dataset, Prep, PrepChoice, Table};
use crate::domain::{Params, Prediction};
use crate::trainer::{self, FitContext, Fold, Model};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::atomic::AtomicBool;

/// What to fit on what.
#[derive(Debug, Clone)]
pub struct FitRequest<'a> {
    /// The data.
    pub data: &'a Dataset,
    /// Rows to fit on.
    pub rows: &'a [usize],
    /// Settings of preprocessing.
    pub choices: Vec<PrepChoice>,
    /// Name of the model family.
    pub family: &'a str,
    /// The configuration, as the run had it.
    pub params: &'a Params,
    /// Seed of the fit's random streams.
    pub seed: u64,
    /// Memory that the fit may plan for, in MB.
    pub memory_mb: u64,
    /// Set when the fit should end early.
    pub cancel: &'a AtomicBool,
}

/// A fitted model with its preprocessing.
pub struct Member {
    /// Name of the family.
    pub family: String,
    /// The configuration.
    pub params: Params,
    /// Fitted preprocessing.
    pub prep: Prep,
    model: Box<dyn Model>,
}

impl Member {
    /// Prepares the rows and fits the family on them, exactly as a fold of a cross-validation does.
    ///
    /// # Errors
    /// When there is no such family, preprocessing does not suit the rows, the fit fails or is canceled.
    pub fn fit(request: &FitRequest<'_>) -> Result<Self, BundleError> {
        let FitRequest { data, rows, seed, .. } = *request;
        let family = find(request.family)?;
        let (prep, x) = Prep::fit_transform(data, rows, &request.choices, seed)?;
        let weights = data.weights.as_ref();
        let weights = weights.map(|weights| rows.iter().map(|&row| weights[row]).collect());
        let fold = Fold::new(x, data.labels.take(rows), weights);
        let mut context = FitContext {
            seed,
            memory_mb: request.memory_mb,
            interim: None,
            cancel: request.cancel,
        };
        let model = family.fit(&fold, request.params, &mut context)?;
        let (family, params) = (request.family.into(), request.params.clone());
        Ok(Self { family, params, prep, model })
    }

    /// The fitted model, over the features of [`prep`](Self::prep).
    pub fn model(&self) -> &dyn Model {
        &*self.model
    }

    /// Predicts rows of a table.
    ///
    /// # Errors
    /// When a column is absent or of another type, cells are missing or infinite and nothing handles them.
    pub fn predict(&self, table: &Table, rows: &[usize]) -> Result<Prediction, BundleError> {
        let x = self.prep.transform(table, rows)?;
        Ok(self.model.predict(x.view()))
    }
}

fn find(name: &str) -> Result<&'static dyn trainer::Family, BundleError> {
    trainer::family(name).ok_or_else(|| BundleError::Family(name.into()))
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.family, self.params)
    }
}

/// A member as `pipeline.json` holds it.
#[derive(Serialize, Deserialize)]
struct Saved<P, Q> {
    family: String,
    params: P,
    prep: Q,
    model: serde_json::Value,
}

impl Serialize for Member {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let family = self.family.clone();
        let model = self.model.save();
        Saved { family, params: &self.params, prep: &self.prep, model }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved: Saved<Params, Prep> = Saved::deserialize(deserializer)?;
        let family = find(&saved.family).map_err(D::Error::custom)?;
        let model = family.load(&saved.model).map_err(D::Error::custom)?;
        Ok(Self { family: saved.family, params: saved.params, prep: saved.prep, model })
    }
}
