//! Hyperparameter importance: which parameters made the difference in a sweep.
//!
//! The methods ask different questions and disagree, so the method is part of the answer. PED-ANOVA: which
//! parameters separate the best trials from the rest, wherever the sampler looked. fANOVA: which share of the
//! score's variance over the whole space each parameter explains by itself, by a model of the score.

mod boxes;
mod fanova;
mod ped_anova;

#[cfg(test)]
mod tests;

pub use fanova::{FanovaOptions, fanova};
pub use ped_anova::{PedAnovaOptions, ped_anova};

use crate::domain::Objective;
use crate::space::{Dimension, Point, Space, SpaceError};

/// Which question was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportanceMethod {
    /// Watanabe, Bansal and Hutter 2023; conditional parameters as in Optuna 5.
    PedAnova,
    /// Hutter, Hoos and Leyton-Brown 2014.
    Fanova,
}

impl ImportanceMethod {
    /// The name for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::PedAnova => "PED-ANOVA",
            Self::Fanova => "fANOVA",
        }
    }
}

/// A finished trial: where it was and its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoredPoint<'a> {
    /// Where.
    pub point: &'a Point,
    /// The score, as the metric gives it.
    pub score: f64,
}

/// The importance of one dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamImportance {
    /// The dimension's id: `svm.C`.
    pub id: String,
    /// The parameter's name: `C`.
    pub name: String,
    /// Share of all, summing to 1 over the dimensions; all equal where nothing could be told apart.
    pub share: f64,
    /// What the method computes, before it is made a share: a divergence, or a share of the variance.
    pub raw: f64,
    /// Standard deviation of `raw` between the trees of fANOVA's forest.
    pub sd: Option<f64>,
    /// Trials in which the dimension was active.
    pub active: usize,
}

/// The importance of all dimensions that have more than one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Importances {
    /// How they were made.
    pub method: ImportanceMethod,
    /// Most important first.
    pub params: Vec<ParamImportance>,
    /// Trials with a finite score.
    pub trials: usize,
    /// What makes the answer doubtful, for people; empty if nothing does.
    pub doubts: Vec<String>,
}

/// Why there are no importances.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportanceError {
    /// Too few trials.
    #[error(
        "{method} needs at least {needed} trials with a score, there are {found}; mend: let the sweep run longer"
    )]
    Few {
        /// The method.
        method: &'static str,
        /// Trials that it needs.
        needed: usize,
        /// Trials with a finite score.
        found: usize,
    },
    /// No dimension has two values.
    #[error(
        "the space has no parameter with more than one value; mend: give one a range in the sweep file"
    )]
    Constant,
    /// A point does not belong to the space.
    #[error("trial {at} is no point of the space: {why}")]
    Point {
        /// Its place in the list.
        at: usize,
        /// Why.
        why: String,
    },
    /// An option is out of range.
    #[error("'{name}' cannot be {value}; mend: {mend}")]
    Option {
        /// The option.
        name: &'static str,
        /// The value as given.
        value: String,
        /// What it may be.
        mend: &'static str,
    },
    /// The forest could not be fitted.
    #[error("the forest of fANOVA could not be fitted: {0}")]
    Fit(String),
}

/// Trials with a finite score, turned so that smaller is better.
struct Scored<'a> {
    points: Vec<&'a Point>,
    losses: Vec<f64>,
}

impl<'a> Scored<'a> {
    fn new(
        space: &Space,
        trials: &[ScoredPoint<'a>],
        objective: &Objective,
        (method, needed): (ImportanceMethod, usize),
    ) -> Result<Self, ImportanceError> {
        for (at, trial) in trials.iter().enumerate() {
            let told = |why: SpaceError| ImportanceError::Point { at, why: why.to_string() };
            space.check(trial.point).map_err(told)?;
        }
        let finite = trials.iter().filter(|trial| trial.score.is_finite());
        let (points, losses): (Vec<_>, Vec<_>) =
            finite.map(|trial| (trial.point, objective.goal.loss(trial.score))).unzip();
        if points.len() < needed {
            let (method, found) = (method.word(), points.len());
            return Err(ImportanceError::Few { method, needed, found });
        }
        if space.dims().iter().all(Dimension::is_constant) {
            return Err(ImportanceError::Constant);
        }
        Ok(Self { points, losses })
    }

    fn active(&self, dim: usize) -> usize {
        self.points.iter().filter(|point| point.0[dim].is_some()).count()
    }
}

/// Shares and order.
fn ranked(
    space: &Space,
    scored: &Scored<'_>,
    method: ImportanceMethod,
    raw: Vec<(usize, f64, Option<f64>)>,
) -> Importances {
    let total: f64 = raw.iter().map(|(_, raw, _)| raw).sum();
    let (equal, mut doubts) = (1.0 / raw.len() as f64, vec![]);
    if total <= 0.0 {
        doubts.push("the trials do not tell any parameter from the others".to_string());
    }
    let one = |(idx, raw, sd): (usize, f64, Option<f64>)| ParamImportance {
        id: space.dims()[idx].id.clone(),
        name: space.dims()[idx].name.clone(),
        share: if total > 0.0 { raw / total } else { equal },
        raw,
        sd,
        active: scored.active(idx),
    };
    let mut params: Vec<ParamImportance> = raw.into_iter().map(one).collect();
    params.sort_by(|a, b| b.raw.total_cmp(&a.raw));
    Importances { method, params, trials: scored.points.len(), doubts }
}
