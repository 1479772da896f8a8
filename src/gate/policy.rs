//! What a challenger must show: the `[gate]` section of a sweep file, checked.

use crate::domain::{Digest, DigestBuilder, Objective};
use serde::{Deserialize, Serialize};

/// The rules of a gate. Its digest is part of what makes two uses of a holdout the same use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The metric that challenger and champion are compared by, and its direction.
    pub objective: Objective,
    /// How they are compared.
    pub rule: Rule,
    /// The chance of a false promotion that is accepted over all uses of a holdout, in `(0, 0.5)`.
    pub alpha: f64,
    /// Bootstrap draws.
    pub draws: u32,
    /// Seed of the draws.
    pub seed: u64,
    /// How bounds are made from the draws.
    pub interval: Interval,
    /// Holdout rows that are needed at least; with fewer the gate holds.
    pub min_rows: u64,
    /// Thresholds, in file order.
    pub require: Vec<Requirement>,
    /// Parts of the holdout on which the challenger may not be much worse.
    pub slices: Option<SliceRule>,
    /// The largest expected calibration error, in `[0, 1]`.
    pub max_ece: Option<f64>,
    /// True if findings of level error in the data's checks reject.
    pub data_checks: bool,
    /// Who promotes.
    pub approval: Approval,
}

/// How a challenger is compared with the champion.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Rule {
    /// The lower bound of the gain is above `min_gain`.
    Superior {
        /// In units of the metric, at least 0.
        min_gain: f64,
    },
    /// The lower bound of the gain is above `-margin`.
    NonInferior {
        /// In units of the metric, above 0.
        margin: f64,
    },
    /// No comparison: thresholds only.
    Absolute,
}

/// How a bound is made from bootstrap draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// Quantiles of the draws (Efron 1979).
    Percentile,
    /// Bias-corrected and accelerated (Efron 1987).
    Bca,
}

/// A threshold: `recall >= 0.95`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Requirement {
    /// A metric on the holdout, or a measure: `predict_us`, `predict_p95_us`, `bundle_bytes`, `ece`.
    pub metric: String,
    /// The comparison.
    pub comparator: Comparator,
    /// The threshold.
    pub value: f64,
}

/// A comparison of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparator {
    /// `>=`
    #[serde(rename = ">=")]
    AtLeast,
    /// `>`
    #[serde(rename = ">")]
    Above,
    /// `<=`
    #[serde(rename = "<=")]
    AtMost,
    /// `<`
    #[serde(rename = "<")]
    Below,
}

/// No slice of these columns may be worse than the champion by more than `max_drop`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SliceRule {
    /// Categorical, boolean or numeric columns (numbers are cut at their quartiles).
    pub columns: Vec<String>,
    /// In units of the metric, at least 0.
    pub max_drop: f64,
    /// Smaller slices are left out.
    pub min_rows: u64,
}

/// Who promotes after the gate says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// A person: `derby champion approve`.
    Manual,
    /// The gate's verdict is enough.
    Automatic,
}

impl Comparator {
    /// True if `value` is on the right side of the threshold; NaN never is.
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::AtLeast => value >= threshold,
            Self::Above => value > threshold,
            Self::AtMost => value <= threshold,
            Self::Below => value < threshold,
        }
    }

    /// How it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::AtMost => "<=",
            Self::Below => "<",
        }
    }
}

impl Rule {
    /// The word of the sweep file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Superior { .. } => "superior",
            Self::NonInferior { .. } => "non_inferior",
            Self::Absolute => "absolute",
        }
    }

    /// The gain that the lower bound must exceed; none without a comparison.
    pub fn bar(self) -> Option<f64> {
        match self {
            Self::Superior { min_gain } => Some(min_gain),
            Self::NonInferior { margin } => Some(-margin),
            Self::Absolute => None,
        }
    }
}

impl Policy {
    /// The default policy for an objective: `superior` at 5 %, 10,000 draws, 50 rows.
    pub fn new(objective: Objective) -> Self {
        Self {
            objective,
            rule: Rule::Superior { min_gain: 0.0 },
            alpha: 0.05,
            draws: 10_000,
            seed: 0,
            interval: Interval::Percentile,
            min_rows: 50,
            require: Vec::new(),
            slices: None,
            max_ece: None,
            data_checks: true,
            approval: Approval::Manual,
        }
    }

    /// Identity of the rules. Who approves is no part of it: the verdict is the same.
    pub fn digest(&self) -> Digest {
        let rules = Self { approval: Approval::Manual, ..self.clone() };
        let text = serde_json::to_string(&rules).expect("words and numbers are always JSON");
        DigestBuilder::new("gate policy").text(&text).finish()
    }
}
