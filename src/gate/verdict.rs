//! What a gate says: a decision, each check with its evidence, and what it would take.

use crate::domain::Goal;
use serde::{Deserialize, Serialize};

/// What becomes of a challenger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It may replace the champion.
    Promote,
    /// It is not proven better.
    Hold,
    /// It is worse, or a check failed.
    Reject,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// As it should be.
    Pass,
    /// Not proven: the gate holds.
    Hold,
    /// Not as it should be: the gate rejects.
    Fail,
    /// It does not apply; the detail says why.
    Skip,
}

/// One check with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Unique in a verdict, and stable: `gain`, `require:recall`, `slice:sex=male`, `schema`, `golden`.
    pub id: String,
    /// For people: `better on the holdout by roc_auc`.
    pub name: String,
    /// How it ended.
    pub status: CheckStatus,
    /// The number that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What it was held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// The evidence in words, one line.
    pub detail: String,
}

/// Challenger and champion by the objective, on the rows that neither was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The metric.
    pub metric: String,
    /// Its direction.
    pub goal: Goal,
    /// The challenger's score.
    pub challenger: f64,
    /// The champion's score.
    pub champion: f64,
    /// How much better the challenger is, whatever the direction: positive is better.
    pub gain: f64,
    /// One-sided lower bound of the gain at `1 - alpha`.
    pub lower: f64,
    /// One-sided upper bound of the gain at `1 - alpha`.
    pub upper: f64,
    /// The error probability of each bound; after spending.
    pub alpha: f64,
    /// Standard error of the gain (sd of the draws).
    pub standard_error: f64,
    /// Bootstrap draws.
    pub draws: u32,
    /// Rows that were compared.
    pub rows: u64,
    /// What was drawn: `rows, stratified by class`, `31 groups`, `blocks of 24 rows`.
    pub method: String,
    /// The smallest gain that such a holdout shows 4 times in 5.
    pub detectable: f64,
    /// Rows that it takes to show the gain that was seen 4 times in 5; none without a gain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_needed: Option<u64>,
}

/// Another method's view; it never decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opinion {
    /// Stable: `mcnemar`, `delong`, `nadeau_bengio`, `rope`, `unpaired`.
    pub id: String,
    /// The method's name: `McNemar, exact`.
    pub name: String,
    /// Two-sided p-value, where the method gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// In words, one line.
    pub detail: String,
}

/// The winner's curse: the best of many looks better than it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelectionBias {
    /// The metric.
    pub metric: String,
    /// The chosen run's score over the folds, as its sweep reports it.
    pub selected: f64,
    /// The same, corrected for having been chosen (Tsamardinos et al. 2018).
    pub corrected: f64,
    /// Lower bound of the corrected score at 95 %.
    pub lower: f64,
    /// Upper bound of the corrected score at 95 %.
    pub upper: f64,
    /// Runs that it was chosen from, as far as their predictions are kept.
    pub runs: u64,
    /// Runs of the sweep.
    pub of: u64,
}

/// The holdout, and how often it has been asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldoutUse {
    /// Identity of the rows that were compared, 64 hex digits.
    pub digest: String,
    /// The period between two refreshes, from 0.
    pub epoch: u64,
    /// Which use in this period, from 1; 0 without a champion, where no gain is tested.
    pub number: u64,
    /// Rows of the holdout.
    pub rows: u64,
    /// Rows that the challenger or the champion was trained on, and that were left out.
    pub trained_on: u64,
    /// Rows that an earlier period had used up, and that were left out.
    pub retired: u64,
}

/// What the gate says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The decision.
    pub decision: Decision,
    /// Why, in a sentence.
    pub reason: String,
    /// Every check, the comparison first.
    pub checks: Vec<Check>,
    /// The comparison, where there is a champion and a rule that compares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// Second opinions.
    #[serde(default)]
    pub opinions: Vec<Opinion>,
    /// The winner's curse, where predictions of a sweep are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<SelectionBias>,
    /// The holdout, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout: Option<HoldoutUse>,
}

impl Decision {
    /// The word in output, ledger and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Hold => "hold",
            Self::Reject => "reject",
        }
    }
}

impl CheckStatus {
    /// The word in output and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Hold => "hold",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}
