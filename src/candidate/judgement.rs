//! A question to the gate as a transaction on the ledger: asked before, or judged and recorded.

use super::{Asked, CandidateError, Compared, Fitted, Gathered, Recipe};
use crate::bundle::Kind;
use crate::champion::{Judged, Ledger, LedgerError, Question, RunRef, Use, Version};
use crate::domain::Goal;
use crate::gate::{HoldoutUse, Verdict, spent_alpha};
use crate::metrics;
use indexmap::IndexMap;

/// How often a judgement is repeated when another process writes to the ledger in between.
const ATTEMPTS: usize = 5;

/// What the gate said, and where it is written.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The verdict.
    pub verdict: Verdict,
    /// Its entry in the ledger.
    pub entry: u64,
    /// When it was given, if the same had been asked before.
    pub recorded: Option<String>,
    /// Scores on the compared rows, by metric.
    pub scores: Vec<HeldOutScore>,
}

/// One metric on the compared rows.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOutScore {
    /// The metric.
    pub metric: String,
    /// Its direction.
    pub goal: Goal,
    /// The challenger's score.
    pub challenger: f64,
    /// The champion's.
    pub champion: Option<f64>,
}

/// Asks the gate. A question that was answered in this period of the holdout gets its recorded verdict and costs
/// nothing; a new one is judged with what is left of alpha, and recorded.
///
/// # Errors
/// When the evidence cannot be gathered, or the ledger cannot be written.
pub fn ask(ledger: &mut Ledger, asked: &Asked<'_>, why: &str) -> Result<Answer, CandidateError> {
    let gathered = Gathered::of(asked)?;
    let scores = gathered.compared.as_ref().map(held_out_scores).unwrap_or_default();
    let question = Question {
        challenger: asked.fitted.bundle.digest(),
        champion: asked.rival.map(|rival| rival.bundle.digest()),
        holdout: gathered.compared.as_ref().map(Compared::digest),
        policy: asked.policy.digest(),
    };
    for _ in 0..ATTEMPTS {
        let (epoch, number) = match ledger.registry().use_of(&question) {
            Use::Answered(gate) => {
                let verdict = gate.what.verdict.clone();
                let (entry, recorded) = (gate.seq, Some(gate.at.clone()));
                return Ok(Answer { verdict, entry, recorded, scores });
            }
            Use::New { epoch, number } => (epoch, number),
        };
        let holdout = gathered.compared.as_ref().map(|compared| HoldoutUse {
            digest: compared.digest().hex(),
            epoch,
            number,
            rows: compared.of as u64,
            trained_on: compared.trained_on as u64,
            retired: compared.retired as u64,
        });
        let alpha = spent_alpha(asked.policy.alpha, number);
        let verdict = gathered.judge(asked.policy, alpha, holdout);
        if let Some(compared) = &gathered.compared {
            ledger.keep_rows(&compared.sorted_keys())?;
        }
        let run = &asked.recipe.run;
        let judged = Judged {
            question: question.clone(),
            run: Some(RunRef { uuid: run.uuid.clone(), number: run.id.0 }),
            policy: asked.policy.clone(),
            data_hash: run.data_hash.clone(),
            verdict: verdict.clone(),
            why: why.into(),
        };
        match ledger.record_gate(judged) {
            Ok(entry) => return Ok(Answer { verdict, entry, recorded: None, scores }),
            // Somebody else asked meanwhile: this is the next use, with less alpha.
            Err(LedgerError::HeadMoved { .. }) => ledger.reload()?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(CandidateError::Busy { model: ledger.model().to_string() })
}

/// Every score that both predictions give, the measured ones aside.
fn held_out_scores(compared: &Compared) -> Vec<HeldOutScore> {
    let task = compared.truth.task();
    let weights = compared.weights.as_deref();
    let score = |metric: &str, prediction| {
        metrics::score(metric, &compared.truth, prediction, weights).ok().filter(|v| v.is_finite())
    };
    let champion = compared.champion.as_ref().and_then(|champion| champion.as_ref().ok());
    let fitting = metrics::catalogue().iter().filter(|info| info.fits(task) && !info.measured);
    fitting
        .filter_map(|info| {
            Some(HeldOutScore {
                metric: info.name.into(),
                goal: info.goal,
                challenger: score(info.name, &compared.challenger)?,
                champion: champion.and_then(|champion| score(info.name, champion)),
            })
        })
        .collect()
}

/// The challenger as a version to be registered.
pub fn version_of(recipe: &Recipe, fitted: &Fitted, scores: &[HeldOutScore], why: &str) -> Version {
    let bundle = &fitted.bundle;
    let run = &recipe.run;
    let manifest = bundle.manifest();
    let cross_validation: IndexMap<String, f64> =
        run.metrics.iter().map(|(name, summary)| (name.clone(), summary.score)).collect();
    Version {
        number: 0,
        bundle: bundle.digest().hex(),
        kind: match manifest.kind {
            Kind::Model => "model",
            Kind::Ensemble => "ensemble",
            Kind::Command => "command",
        }
        .into(),
        run: Some(RunRef { uuid: run.uuid.clone(), number: run.id.0 }),
        sweep: Some(recipe.row.name.clone()),
        sweep_digest: Some(recipe.row.digest.clone()),
        params: run.params.clone(),
        cross_validation,
        holdout: scores.iter().map(|score| (score.metric.clone(), score.challenger)).collect(),
        data_hash: run.data_hash.clone(),
        schema_hash: run.schema_hash.clone(),
        split: run.split.clone(),
        trained_rows: manifest.trained.as_ref().map(|trained| trained.rows),
        refit_all: false,
        why: why.into(),
    }
}
