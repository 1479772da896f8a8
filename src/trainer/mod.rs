//! Model families: one file and one line in [`catalogue`] each.
//!
//! A family declares its parameters, fits on a [`Fold`] and hands back a [`Model`] that predicts and can
//! be saved. Every fit is deterministic: same fold, same parameters, same seed, same bits.
//!
//! | family | served by | why |
//! |---|---|---|
//! | `dummy` | own | two sums |
//! | `linear` | nalgebra | QR in blocks of rows and an SVD: exact, the shortest solution where features depend |
//! | `elastic_net` | linfa-elasticnet | its descent is scikit-learn's; weights and speed come from the problem that it is given |
//! | `logistic` | argmin | linfa-logistic ignores row weights and cannot be stopped |
//! | `naive_bayes` | own | linfa-bayes ignores row weights |
//! | `knn` | own, linfa-nn | matrix products beat linfa-nn's search but for few features, where its k-d tree serves |
//! | `svm`, `svr` | own | linfa-svm: two classes, no row weights, always the whole kernel matrix |

mod args;
mod form;
mod moments;
mod require;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod reference;
mod dummy;
mod elastic_net;
mod knn;
mod linear;
mod logistic;
mod naive_bayes;
mod smo;
mod svm;
mod svr;
mod cart;
mod decision_tree;
mod gradient_boosting;
mod random_forest;

pub use args::Args;
pub use form::{
    FlatTree, Form, GaussianClass, KernelClasses, KernelForm, KernelKind, Link, NeighborTruth,
};
pub use moments::Moments;

use crate::domain::{Labels, Params, Prediction, Task};
use ndarray::{Array2, ArrayView2};
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

/// The kind and bounds of a family's parameter, which the sweep file is checked against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParamKind {
    /// A float in `[low, high]`, or `(low, high]` where `open_low`.
    Float {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
        /// True if `low` itself is not allowed.
        open_low: bool,
    },
    /// An integer in `[low, high]`.
    Int {
        /// Lower bound.
        low: i64,
        /// Upper bound.
        high: i64,
    },
    /// A boolean.
    Bool,
    /// One of some words.
    Word(&'static [&'static str]),
}

/// One parameter of a family.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamSpec {
    /// scikit-learn's name where it has one.
    pub name: &'static str,
    /// Kinds that are allowed, tried in order: `max_features` takes a word, a count or a share.
    pub kinds: &'static [ParamKind],
    /// True if `"none"` is allowed.
    pub optional: bool,
    /// The value of a parameter that the sweep file leaves out.
    pub default: ParamDefault,
    /// One line for `derby families` and the docs.
    pub about: &'static str,
}

/// The default of a parameter, writable in a constant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParamDefault {
    /// The absent value.
    None,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A word.
    Word(&'static str),
}

/// What a family can do.
#[allow(clippy::struct_excessive_bools, reason = "a row of a table, not the state of a machine")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Fits classes.
    pub classification: bool,
    /// Fits numbers.
    pub regression: bool,
    /// Its class scores are probabilities whatever its parameters.
    pub probabilities: bool,
    /// Honours row weights. A family that does not refuses them.
    pub weights: bool,
    /// Draws random numbers, so that the seed matters.
    pub random: bool,
}

/// The rows that a model is fitted on, already numeric, and what is derived from them once.
///
/// Trials that share preprocessing share a fold, so anything that depends on the rows alone is kept here.
#[derive(Debug)]
pub struct Fold {
    /// `rows × features`, row-major, all finite.
    pub x: Array2<f64>,
    /// One label a row.
    pub y: Labels,
    /// One weight a row, all finite and not negative, their sum positive.
    pub weights: Option<Vec<f64>>,
    /// Row order of each feature, ascending: feature-major `features × rows`. See [`Fold::sorted`].
    sorted: OnceLock<Vec<u32>>,
    /// See [`Fold::moments`].
    moments: OnceLock<Moments>,
    /// See [`Fold::products`].
    products: OnceLock<Vec<f64>>,
}

/// What the executor hands to a fit.
pub struct FitContext<'a> {
    /// Seed of the fit's random streams.
    pub seed: u64,
    /// Memory that the fit may plan for, in MB (10^6 bytes); over it, [`FitError::TooLarge`].
    pub memory_mb: u64,
    /// Judges the model while it grows, where somebody wants to; see [`FitContext::round`].
    pub interim: Option<&'a mut dyn Interim>,
    /// Set when the fit should end early; families poll it at the granularity that they document.
    pub cancel: &'a AtomicBool,
}

/// Who looks at a model while it is fitted, round by round.
///
/// A round is what a family repeats: a boosting iteration, a tree of a forest, an iteration of the optimizer.
/// Families without rounds never call this. The fit lends its model as a function, so that it sees no test row.
pub trait Interim {
    /// True if the model after so many rounds is to be reported. Asked once a round, so it must cost nothing.
    fn wants(&self, rounds: u64) -> bool;
    /// Takes the model after so many rounds, and says whether to go on.
    fn report(&mut self, rounds: u64, predict: &PredictRows<'_>) -> Signal;
    /// Takes the number of rounds of the fitted model.
    fn ended(&mut self, rounds: u64);
}

/// The model as it is now: predicts `rows × features`.
pub type PredictRows<'a> = dyn Fn(ArrayView2<'_, f64>) -> Prediction + 'a;

/// The answer to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Go on.
    Continue,
    /// A pruner stops the trial.
    Prune,
    /// The sweep stops.
    Cancel,
}

/// Why a fit gave no model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FitError {
    /// The parameters do not suit the data.
    #[error("{0}")]
    Unsuitable(String),
    /// The iteration ended without a usable model.
    #[error("did not converge: {0}")]
    NotConverged(String),
    /// It would not fit in memory.
    #[error("needs about {needed_mb} MB for {what}, over the limit of {limit_mb} MB; mend: {mend}")]
    TooLarge {
        /// What is large.
        what: String,
        /// The estimate in MB (10^6 bytes).
        needed_mb: u64,
        /// The limit in MB.
        limit_mb: u64,
        /// How to make it smaller.
        mend: String,
    },
    /// The context asked for an end.
    #[error("stopped")]
    Stopped(Signal),
}

/// A model family.
pub trait Family: Send + Sync {
    /// The name in the sweep file.
    fn name(&self) -> &'static str;
    /// One line on what it is and which implementation serves it.
    fn about(&self) -> &'static str;
    /// Its parameters.
    fn params(&self) -> &'static [ParamSpec];
    /// What it can do.
    fn capabilities(&self) -> Capabilities;
    /// Fits a model. `params` holds checked values; a missing one means its default.
    ///
    /// # Errors
    /// When the parameters do not suit the data, the iteration fails, memory would run out or `ctx` stops it.
    fn fit(
        &self,
        fold: &Fold,
        params: &Params,
        ctx: &mut FitContext<'_>,
    ) -> Result<Box<dyn Model>, FitError>;
    /// Reads what [`Model::save`] wrote.
    ///
    /// # Errors
    /// When the value is not such a model.
    fn load(&self, saved: &serde_json::Value) -> Result<Box<dyn Model>, serde_json::Error>;
}

/// A fitted model.
pub trait Model: Send + Sync {
    /// Predicts `rows × features`.
    fn predict(&self, x: ArrayView2<'_, f64>) -> Prediction;
    /// The model as JSON; reading it back predicts the same to the bit.
    fn save(&self) -> serde_json::Value;
    /// Bytes that the fitted numbers take, without overheads; the metric `model_bytes`.
    fn n_bytes(&self) -> usize;
    /// The model as a formula, for exporters and explainers.
    fn form(&self) -> Form;
}

impl Fold {
    /// Wraps prepared rows.
    pub fn new(x: Array2<f64>, y: Labels, weights: Option<Vec<f64>>) -> Self {
        Self {
            x,
            y,
            weights,
            sorted: OnceLock::new(),
            moments: OnceLock::new(),
            products: OnceLock::new(),
        }
    }

    /// The task of its labels.
    pub fn task(&self) -> Task {
        self.y.task()
    }

    /// Row indices of each feature in ascending order of value, ties in row order; feature-major, so
    /// feature `j` has `sorted()[j * rows..(j + 1) * rows]`. Made once and kept.
    pub fn sorted(&self) -> &[u32] {
        self.sorted.get_or_init(|| {
            let mut orders = Vec::with_capacity(self.x.len());
            for column in self.x.columns() {
                orders.extend(cart::ascending(column));
            }
            orders
        })
    }

    /// Means and centered products of its columns. Made once and kept.
    pub fn moments(&self) -> &Moments {
        self.moments.get_or_init(|| Moments::of(self))
    }

    /// Inner products of all pairs of rows, `rows × rows`. Made once and kept, so only for small folds.
    pub fn products(&self) -> &[f64] {
        self.products.get_or_init(|| self.x.dot(&self.x.t()).into_raw_vec_and_offset().0)
    }

    /// Bytes that it holds, the order of its rows and what is kept by now included.
    pub fn n_bytes(&self) -> usize {
        let products = self.products.get().map_or(0, |products| size_of_val(&products[..]));
        self.x.len() * (size_of::<f64>() + size_of::<u32>())
            + self.y.len() * size_of::<f64>()
            + products
    }
}

/// Every family, in the order in which help lists them.
pub fn catalogue() -> &'static [&'static dyn Family] {
    &[
        &dummy::Dummy,
        &linear::Linear,
        &elastic_net::ElasticNet,
        &logistic::Logistic,
        &naive_bayes::NaiveBayes,
        &knn::Knn,
        &svm::Svm,
        &svr::Svr,
        &decision_tree::DecisionTree,
        &random_forest::RandomForest,
        &gradient_boosting::GradientBoosting,
    ]
}

/// The family of that name.
pub fn family(name: &str) -> Option<&'static dyn Family> {
    catalogue().iter().copied().find(|family| family.name() == name)
}
