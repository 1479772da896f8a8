//! Hyperparameter importance: which parameters made the difference in a sweep.
//!
//! The methods ask different questions and disagree, so the method is part of the answer. PED-ANOVA: which
//! parameters separate the best trials from the rest, wherever the sampler looked. fANOVA: which share of the
//! score's variance over the whole space each parameter explains by itself, by a model of the score. SHAP: how much
//! each parameter moved the score of the trials that were made, and which way, by a model of the score.
//!
//! Every answer has intervals of 95 % that say how much other trials of the same kind would change it, and says over
//! which trials it speaks. A conditional parameter never gets credit for its parent's choice: PED-ANOVA compares
//! trials that have it, the model of the others cannot see whether it is there.

mod boxes;
mod error;
mod fanova;
mod forest;
mod intervals;
mod ped_anova;
mod scored;
mod shap;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod truth_tests;

pub use error::ImportanceError;
pub use fanova::{FanovaOptions, PAIRED, fanova};
pub use forest::POOR_FOREST;
pub use ped_anova::{PedAnovaOptions, ped_anova};
pub use shap::{ShapOptions, shap};

use scored::Scored;

use crate::domain::{Objective, Value};
use crate::space::{Point, Space, shown_names};

/// Which question was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportanceMethod {
    /// Watanabe, Bansal and Hutter 2023; conditional parameters as in Optuna 5.
    PedAnova,
    /// Hutter, Hoos and Leyton-Brown 2014.
    Fanova,
    /// Lundberg and Lee 2017, over a forest.
    Shap,
}

impl ImportanceMethod {
    /// All methods, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::PedAnova, Self::Fanova, Self::Shap];

    /// Their names on a command line.
    pub const KEYS: [&'static str; 3] =
        [Self::PedAnova.key(), Self::Fanova.key(), Self::Shap.key()];

    /// The name on a command line.
    pub const fn key(self) -> &'static str {
        match self {
            Self::PedAnova => "ped-anova",
            Self::Fanova => "fanova",
            Self::Shap => "shap",
        }
    }

    /// The method of a name on a command line.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.key() == key)
    }

    /// The one after it, around.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::PedAnova => Self::Fanova,
            Self::Fanova => Self::Shap,
            Self::Shap => Self::PedAnova,
        }
    }

    /// Asks the method with its default options.
    ///
    /// # Errors
    /// As [`ped_anova`], [`fanova`] and [`shap`].
    pub fn ask(
        self,
        space: &Space,
        trials: &[ScoredPoint<'_>],
        objective: &Objective,
        seed: u64,
    ) -> Result<Importances, ImportanceError> {
        match self {
            Self::PedAnova => {
                let options = PedAnovaOptions { seed, ..PedAnovaOptions::default() };
                ped_anova(space, trials, objective, &options)
            }
            Self::Fanova => {
                let options = FanovaOptions { seed, ..FanovaOptions::default() };
                fanova(space, trials, objective, &options)
            }
            Self::Shap => {
                let options = ShapOptions { seed, ..ShapOptions::default() };
                shap(space, trials, objective, &options)
            }
        }
    }

    /// The name for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::PedAnova => "PED-ANOVA",
            Self::Fanova => "fANOVA",
            Self::Shap => "SHAP",
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

impl<'a> ScoredPoint<'a> {
    /// Of each point with its score.
    pub fn all(scored: &'a [(Point, f64)]) -> Vec<Self> {
        scored.iter().map(|(point, score)| Self { point, score: *score }).collect()
    }
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
    /// What the method computes, before it is made a share: a divergence, a share of the variance, or the mean
    /// absolute Shapley value in the unit of the score.
    pub raw: f64,
    /// 95 % interval of `share`, which it holds; none with fewer than 10 trials.
    pub interval: Option<(f64, f64)>,
    /// 95 % interval of `raw`.
    pub raw_interval: Option<(f64, f64)>,
    /// Trials in which the dimension was active.
    pub active: usize,
    /// Which values are better, by SHAP.
    pub direction: Option<Direction>,
}

/// Which values of a parameter are better.
#[derive(Debug, Clone, PartialEq)]
pub enum Direction {
    /// Higher ones.
    Higher {
        /// Spearman's ρ of the values with what they add to the metric.
        correlation: f64,
    },
    /// Lower ones.
    Lower {
        /// As above.
        correlation: f64,
    },
    /// Neither: the correlation is below ½.
    Mixed {
        /// As above.
        correlation: f64,
    },
    /// Of a choice, this one on average.
    Value(Value),
}

impl Direction {
    /// The word for people.
    pub fn word(&self) -> String {
        match self {
            Self::Higher { .. } => "higher".into(),
            Self::Lower { .. } => "lower".into(),
            Self::Mixed { .. } => "mixed".into(),
            Self::Value(value) => value.to_string(),
        }
    }

    /// The word, with an arrow where there is a way.
    pub fn arrow(&self) -> String {
        match self {
            Self::Higher { .. } => "↑ higher".into(),
            Self::Lower { .. } => "↓ lower".into(),
            Self::Mixed { .. } | Self::Value(_) => self.word(),
        }
    }

    /// Spearman's ρ of the values with what they add to the metric; none for a choice.
    pub fn correlation(&self) -> Option<f64> {
        match self {
            Self::Higher { correlation }
            | Self::Lower { correlation }
            | Self::Mixed { correlation } => Some(*correlation),
            Self::Value(_) => None,
        }
    }
}

/// What two dimensions explain together, beyond what each explains by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct PairImportance {
    /// Their ids.
    pub ids: [String; 2],
    /// Their names.
    pub names: [String; 2],
    /// Share of the variance.
    pub raw: f64,
    /// 95 % interval of it.
    pub raw_interval: Option<(f64, f64)>,
    /// True where one of them is there only for some values of the other: they belong together by construction.
    pub is_conditional: bool,
    /// Trials in which both were active.
    pub active: usize,
}

/// Where the variance of fANOVA's forest comes from, in shares of it; what is left takes more parameters together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VarianceParts {
    /// Parameters by themselves.
    pub alone: f64,
    /// Pairs of the [`PAIRED`] parameters that explain most by themselves.
    pub pairs: f64,
}

/// The importance of all dimensions that have more than one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Importances {
    /// How they were made.
    pub method: ImportanceMethod,
    /// Most important first.
    pub params: Vec<ParamImportance>,
    /// Trials that were used.
    pub trials: usize,
    /// Trials with a finite score; more than were used where the method takes some of many.
    pub of: usize,
    /// Repetitions behind the intervals; 0 where there are none.
    pub repeats: usize,
    /// What of unseen trials the forest explains (R²); none of PED-ANOVA, which has none, and of few trials.
    pub explained: Option<f64>,
    /// Of fANOVA.
    pub variance: Option<VarianceParts>,
    /// The strongest interactions by fANOVA.
    pub pairs: Vec<PairImportance>,
    /// What makes the answer doubtful, for people; empty if nothing does.
    pub doubts: Vec<String>,
}

impl Importances {
    /// What people call each parameter; see [`shown_names`].
    pub fn names(&self) -> Vec<&str> {
        shown_names(self.params.iter().map(|param| (param.id.as_str(), param.name.as_str())))
    }

    /// Names of the two of a pair, as in [`Self::names`].
    pub fn names_of<'a>(&'a self, pair: &'a PairImportance) -> [&'a str; 2] {
        let names = self.names();
        let place = |id: &String| self.params.iter().position(|param| param.id == *id);
        [0, 1].map(|at| place(&pair.ids[at]).map_or(&*pair.ids[at], |place| names[place]))
    }

    /// Over which trials it speaks: `2,000 of 10,000 trials, spread evenly`.
    pub fn over(&self, count: impl Fn(u64) -> String) -> String {
        let (used, all) = (self.trials as u64, self.of as u64);
        match (used, all) {
            (1, 1) => "1 trial".into(),
            _ if used == all => format!("{} trials", count(all)),
            _ => format!("{} of {} trials, spread evenly", count(used), count(all)),
        }
    }

    /// How the intervals were made, for people; none without.
    pub fn intervals(&self) -> Option<String> {
        let n = self.repeats;
        (n > 0).then(|| match self.method {
            ImportanceMethod::PedAnova => format!("{n} bootstrap resamples of the trials"),
            ImportanceMethod::Fanova | ImportanceMethod::Shap => {
                format!("{n} trees, each grown on a bootstrap resample of the trials")
            }
        })
    }
}
