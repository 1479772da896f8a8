//! What a report holds. Everything else in this module prints it.

use super::{Baseline, LimitResult, LimitStatus};
use crate::domain::{Goal, Objective, Params, RunId, RunRecord, Status, Summary};
use crate::gate::{Decision, Policy, Verdict};
use indexmap::IndexMap;
use serde::Serialize;

/// Raised when a key of the JSON report goes or changes its meaning; new keys do not raise it.
pub const SCHEMA_VERSION: u32 = 1;

/// A report of a sweep, of a gate, or of both. Numbers that are not finite are `null` in JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What a newer report of the same kind replaces it by: the sweep's name, or the model's.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// Version of derby.
    pub derby: String,
    /// When it was made, an ISO 8601 instant in UTC.
    pub created: Option<String>,
    /// The sweep, where there is one.
    pub sweep: Option<SweepSummary>,
    /// The run that the report is about: the gate's challenger, else the best of the sweep.
    pub run: Option<RunSummary>,
    /// The gate, where one was asked.
    pub gate: Option<Gate>,
    /// What the checks of the data found.
    pub data_checks: Vec<DataCheck>,
    /// What mattered among the parameters.
    pub importance: Option<Importance>,
    /// The same things in an older report.
    pub baseline: Option<Baseline>,
    /// What `--fail-on` asked for.
    pub limits: Vec<LimitResult>,
    /// Figures.
    pub plots: Vec<Plot>,
    /// What else there is to say, a line each.
    pub notes: Vec<String>,
}

/// What a score stands for where a run has one value of each metric.
pub const ONE_VALUE: &str = "one value a run";

/// A sweep in short.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SweepSummary {
    /// Its name.
    pub name: String,
    /// Its file, relative to the repository, for annotations.
    pub file: Option<String>,
    /// What it aims at; the first one orders the runs.
    pub objectives: Vec<Objective>,
    /// The sampler's name.
    pub sampler: String,
    /// Seed of the sampler.
    pub seed: Option<i64>,
    /// What a score stands for: `5 folds`, `3 replicates`, or [`ONE_VALUE`].
    pub evaluation: String,
    /// Runs by the word of their status; a status that no run has may be missing.
    pub counts: IndexMap<String, u64>,
    /// Wall seconds.
    pub seconds: Option<f64>,
    /// The data, unless the sweep runs a command.
    pub data: Option<DataSummary>,
    /// Why runs failed, the most frequent first.
    pub failures: Vec<Failure>,
    /// The best runs, in order.
    pub best: Vec<RunSummary>,
}

/// The data of a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataSummary {
    /// Its file or source, without secrets.
    pub name: String,
    /// Content hash, 64 hex digits.
    pub hash: String,
    /// Rows.
    pub rows: u64,
    /// Rows that the search never saw.
    pub holdout_rows: Option<u64>,
}

/// Why runs failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The reason, in one line.
    pub reason: String,
    /// How many runs.
    pub runs: u64,
}

/// A run in short. Its scores are those that its sweep selects by, never those of the holdout.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunSummary {
    /// Number in the store.
    pub run: RunId,
    /// Its name.
    pub name: String,
    /// State.
    pub status: Status,
    /// Configuration.
    pub params: Params,
    /// Scores and measures by metric.
    pub scores: IndexMap<String, Score>,
    /// Wall seconds.
    pub seconds: Option<f64>,
    /// Commit of the code.
    pub commit: Option<String>,
}

/// A metric of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// The one number of it: a mean over folds, or the last value.
    pub value: f64,
    /// Sample standard deviation of the values; none for fewer than two.
    pub sd: Option<f64>,
    /// Values.
    pub n: u64,
}

/// The gate: who stood against whom by which rules, and the verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gate {
    /// The registered model.
    pub model: String,
    /// Who wants in.
    pub challenger: Candidate,
    /// Who is in; none while there is no champion.
    pub champion: Option<Candidate>,
    /// The rules.
    pub policy: Policy,
    /// Identity of the rules, 64 hex digits.
    pub policy_digest: String,
    /// Scores on the holdout rows that neither was trained on.
    pub holdout_scores: Vec<HoldoutScore>,
    /// When the verdict was recorded, where it is not a fresh one.
    pub recorded: Option<String>,
    /// What the gate says.
    pub verdict: Verdict,
    /// The newest entry of the model's ledger, which anchors every entry before it.
    pub ledger: Option<LedgerHead>,
}

/// A model before the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// For people: `run 171`, `penguins@champion (version 3, run 88)`.
    pub label: String,
    /// Its run in this store.
    pub run: Option<RunId>,
    /// Its registered version.
    pub version: Option<u64>,
    /// Digest of its bundle, 64 hex digits.
    pub digest: Option<String>,
}

/// One metric on the holdout.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HoldoutScore {
    /// The metric.
    pub metric: String,
    /// Its direction, if known.
    pub goal: Option<Goal>,
    /// The challenger's score.
    pub challenger: f64,
    /// The champion's score.
    pub champion: Option<f64>,
}

/// The head of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerHead {
    /// Its file.
    pub file: String,
    /// Hash of the newest entry, 64 hex digits.
    pub head: String,
    /// Entries.
    pub entries: u64,
}

/// How bad a finding about the data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Pass,
    /// Worth knowing.
    Note,
    /// Worth a look.
    Warning,
    /// Not as it should be.
    Error,
}

/// What a check of the data found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataCheck {
    /// Stable: `missing`, `duplicates`, `leak`.
    pub id: String,
    /// The column that it is about.
    pub column: Option<String>,
    /// How bad it is.
    pub status: Level,
    /// The number that was judged.
    pub value: Option<f64>,
    /// What it was held against.
    pub threshold: Option<f64>,
    /// p-value, where the check is a test.
    pub p: Option<f64>,
    /// Rows that it looked at.
    pub n: Option<u64>,
    /// In words, one line.
    pub message: String,
    /// How long it took.
    pub seconds: Option<f64>,
}

/// What mattered among the parameters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Importance {
    /// The method's name: `PED-ANOVA`.
    pub method: String,
    /// The metric that it explains.
    pub metric: String,
    /// Runs that it was computed from.
    pub runs: u64,
    /// Parameters, the most important first.
    pub shares: Vec<Share>,
}

/// The importance of one parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    /// The parameter.
    pub param: String,
    /// Its share, in `[0, 1]`.
    pub share: f64,
    /// Lower end of its 95 % interval; none of few runs.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Runs that had the parameter at all.
    pub active: u64,
}

/// A figure. JSON names it only; HTML embeds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plot {
    /// Stable: `history`, `roc`.
    pub name: String,
    /// For people.
    pub title: String,
    /// Where it lies beside the report, as a relative path.
    pub file: Option<String>,
    /// The picture.
    #[serde(skip)]
    pub svg: String,
}

impl Report {
    /// An empty report.
    pub fn new(name: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            name: name.into(),
            title: title.into(),
            derby: env!("CARGO_PKG_VERSION").into(),
            created: None,
            sweep: None,
            run: None,
            gate: None,
            data_checks: Vec::new(),
            importance: None,
            baseline: None,
            limits: Vec::new(),
            plots: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// What a CI job ends with: 0 as it should be, 1 no run of the sweep is done, 3 the gate or a limit holds, 4 the
    /// gate rejects or a limit is broken.
    pub fn exit_code(&self) -> u8 {
        let decision = self.gate.as_ref().map(|gate| gate.verdict.decision);
        let limited = |status: LimitStatus| self.limits.iter().any(|limit| limit.status == status);
        let fruitless = self.sweep.as_ref().is_some_and(|sweep| sweep.done() == 0);
        match decision {
            Some(Decision::Reject) => 4,
            _ if limited(LimitStatus::Fail) => 4,
            None if fruitless => 1,
            Some(Decision::Hold) => 3,
            _ if limited(LimitStatus::Hold) => 3,
            _ => 0,
        }
    }
}

impl DataCheck {
    /// True if it found nothing, or could not be made: people need not read it.
    pub fn is_quiet(&self) -> bool {
        match self.status {
            Level::Pass => true,
            Level::Note => self.message.starts_with("not checked: "),
            Level::Warning | Level::Error => false,
        }
    }
}

impl SweepSummary {
    /// Runs with a score.
    pub fn done(&self) -> u64 {
        self.counts.get(Status::Done.word()).copied().unwrap_or(0)
    }

    /// Runs of any status.
    pub fn runs(&self) -> u64 {
        self.counts.values().sum()
    }
}

impl From<&Summary> for Score {
    fn from(summary: &Summary) -> Self {
        let sd = (summary.n > 1 && summary.sd.is_finite()).then_some(summary.sd);
        Self { value: summary.score, sd, n: summary.n }
    }
}

impl From<&RunRecord> for RunSummary {
    fn from(record: &RunRecord) -> Self {
        Self {
            run: record.id,
            name: record.name.clone(),
            status: record.status,
            params: record.params.clone(),
            scores: record.metrics.iter().map(|(name, sum)| (name.clone(), sum.into())).collect(),
            seconds: record.seconds,
            commit: record.git.as_ref().map(|git| git.commit.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_exit_code_follows_the_worst_news() {
        let check = |mut report: Report, decision: Option<Decision>, failed: bool, code: u8| {
            match (&mut report.gate, decision) {
                (Some(gate), Some(decision)) => gate.verdict.decision = decision,
                (gate, _) => *gate = None,
            }
            for limit in &mut report.limits {
                limit.status = if failed { LimitStatus::Fail } else { LimitStatus::Pass };
            }
            assert_eq!(report.exit_code(), code, "{decision:?} {failed}");
        };
        check(sample::full(), Some(Decision::Promote), false, 0);
        check(sample::full(), Some(Decision::Hold), false, 3);
        check(sample::full(), Some(Decision::Hold), true, 4);
        check(sample::full(), Some(Decision::Reject), false, 4);
        check(sample::full(), None, false, 0);
        check(sample::full(), None, true, 4);
        let mut barren = sample::full();
        barren.sweep.as_mut().unwrap().counts.swap_remove("done");
        check(barren, None, false, 1);
    }
}
