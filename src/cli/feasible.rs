//! The constraints of a sweep in words: what they are, what a trial makes of them, which one comes nearest.

use super::out::safe;
use super::{CliError, Exit};
use crate::domain::{Constraint, RunId, RunRecord, Status, total_violation};
use crate::spec;
use crate::store::{Store, SweepRow};
use crate::sweep::{broken, constrained_scores, unreported, violated};

/// The constraints of a recorded sweep.
pub(super) fn constraints_of(sweep: &SweepRow) -> Vec<Constraint> {
    spec::recorded_constraints(&sweep.text)
}

/// `latency_ms <= 50 · recall >= 0.9`; empty without any.
pub(super) fn words(constraints: &[Constraint]) -> String {
    let texts: Vec<String> = constraints.iter().map(ToString::to_string).collect();
    safe(&texts.join(" · "))
}

/// Of the trials that have a score and break a constraint the one that violates them least in all; of equal ones the
/// better one, then the earlier one.
pub(super) struct Nearest {
    /// Its first run.
    pub(super) run: RunId,
    /// What it breaks.
    pub(super) broken: String,
}

impl Nearest {
    /// `run 12 comes nearest: latency_ms 63 is above 50`.
    pub(super) fn words(&self) -> String {
        format!("run {} comes nearest: {}", self.run, safe(&self.broken))
    }
}

/// The trial that comes nearest to keeping the constraints; none where no trial with a score breaks any.
pub(super) fn nearest(store: &Store, sweep: &SweepRow) -> Result<Option<Nearest>, CliError> {
    let constraints = constraints_of(sweep);
    if constraints.is_empty() {
        return Ok(None);
    }
    let scores = constrained_scores(store, sweep.id, (&constraints, None))?;
    let violation = |number: u64| total_violation(&violated(&constraints, scores.get(&number)));
    let trials = store.trials(sweep.id)?;
    let infeasible = trials.iter().filter(|t| t.status == Some(Status::Infeasible));
    let scored = infeasible.filter_map(|t| Some((violation(t.number), t.loss?, t.number)));
    let least = scored.min_by(|a, b| {
        a.0.total_cmp(&b.0).then_with(|| a.1.total_cmp(&b.1)).then_with(|| a.2.cmp(&b.2))
    });
    let Some((_, _, number)) = least else { return Ok(None) };
    let runs = store.trial_runs(sweep.id, &sweep.objectives[0].metric)?;
    let run = runs.iter().find(|r| r.trial == number && r.status == Status::Infeasible);
    let broken = broken(&constraints, scores.get(&number));
    Ok(run.zip(broken).map(|(run, broken)| Nearest { run: run.run, broken }))
}

/// Why a sweep has no best run by a metric.
pub(super) fn nothing_to_choose(store: &Store, sweep: &SweepRow, metric: &str) -> CliError {
    let text = match nearest(store, sweep) {
        Err(error) => return error,
        Ok(Some(nearest)) => format!(
            "no trial of sweep '{}' keeps its constraints ({}); {}",
            sweep.name,
            words(&constraints_of(sweep)),
            nearest.words()
        ),
        Ok(None) => format!("no run of sweep '{}' has a score of '{metric}'", sweep.name),
    };
    let mut error = CliError::new(Exit::NoResult, text);
    match unreported(store, sweep.id, &constraints_of(sweep)) {
        Ok(texts) => error = texts.into_iter().fold(error, CliError::hint),
        Err(error) => return error.into(),
    }
    error.hint(format!("derby runs sweep:{} shows what happened", sweep.name))
}

/// What a run's trial makes of each constraint of its sweep: the constraint, the score, the violation.
pub(super) fn of_run(
    store: &Store,
    run: &RunRecord,
) -> Result<Vec<(Constraint, Option<f64>, f64)>, CliError> {
    let (Some(sweep), Some(trial)) = (store.sweep_of(run.id)?, run.trial) else {
        return Ok(Vec::new());
    };
    let constraints = constraints_of(&store.sweep_by_id(sweep)?);
    if constraints.is_empty() || !matches!(run.status, Status::Done | Status::Infeasible) {
        return Ok(Vec::new());
    }
    let mut scores = constrained_scores(store, sweep, (&constraints, Some(trial)))?;
    let scores = scores.remove(&trial).unwrap_or_else(|| vec![None; constraints.len()]);
    let with_score = constraints.into_iter().zip(scores);
    Ok(with_score
        .map(|(constraint, score)| {
            let violation = constraint.violation(score);
            (constraint, score, violation)
        })
        .collect())
}

/// The same as `--json` shows it.
pub(super) fn json_of_run(store: &Store, run: &RunRecord) -> Result<serde_json::Value, CliError> {
    let one = |(constraint, score, violation): &(Constraint, Option<f64>, f64)| {
        serde_json::json!({
            "constraint": constraint.to_string(), "metric": constraint.metric,
            "score": score, "violation": violation,
        })
    };
    Ok(of_run(store, run)?.iter().map(one).collect())
}
