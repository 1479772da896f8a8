//! Evidence beside the holdout: equal folds, seeds, and the winner's curse.

use super::{CandidateError, Fitted, Recipe, Rival};
use crate::domain::{RunId, RunRecord, Status, fold_scores};
use crate::executor::OutOfFold;
use crate::gate::{Candidates, FoldPair, Replicates, SelectionBias, corrected_by_selection};
use crate::store::Store;

/// Draws of the correction for selection.
const DRAWS: usize = 500;

/// Scores of both on the folds of one split; none where they have other folds.
pub(super) fn folds(
    store: &Store,
    recipe: &Recipe,
    rival: Option<&Rival>,
    metric: &str,
) -> Result<Option<FoldPair>, CandidateError> {
    let Some(other) = rival.and_then(|rival| rival.run) else { return Ok(None) };
    let theirs = store.run_by_id(other)?;
    if theirs.split.is_none() || theirs.split != recipe.run.split {
        return Ok(None);
    }
    let scores = |run: RunId| -> Result<Vec<(String, f64)>, CandidateError> {
        let points = store.series(run, metric)?;
        Ok(fold_scores(&points).iter().map(|p| (p.context.clone(), p.value)).collect())
    };
    let (own, theirs) = (scores(recipe.run.id)?, scores(other)?);
    let same = own.len() == theirs.len() && own.iter().zip(&theirs).all(|(a, b)| a.0 == b.0);
    if own.len() < 2 || !same {
        return Ok(None);
    }
    let repeats = own.iter().filter(|(context, _)| context.ends_with(".0")).count().max(1);
    let values = |scores: Vec<(String, f64)>| scores.into_iter().map(|(_, value)| value).collect();
    let n_folds = own.len() / repeats;
    Ok(Some(FoldPair { challenger: values(own), champion: values(theirs), n_folds }))
}

/// Scores of both over their seeds; none where either has one only.
pub(super) fn replicates(
    store: &Store,
    recipe: &Recipe,
    rival: Option<&Rival>,
    metric: &str,
) -> Result<Option<Replicates>, CandidateError> {
    let Some(other) = rival.and_then(|rival| rival.run) else { return Ok(None) };
    let own = seeds(store, &recipe.run, metric)?;
    let theirs = seeds(store, &store.run_by_id(other)?, metric)?;
    let enough = own.len() > 1 && theirs.len() > 1;
    Ok(enough.then_some(Replicates { challenger: own, champion: theirs }))
}

/// The scores of all replicates of a run's trial.
fn seeds(store: &Store, run: &RunRecord, metric: &str) -> Result<Vec<f64>, CandidateError> {
    let (Some(sweep), Some(trial)) = (store.sweep_of(run.id)?, run.trial) else {
        return Ok(Vec::new());
    };
    let runs = store.trial_runs(sweep, metric)?;
    let its = runs.into_iter().filter(|r| r.trial == trial && r.status == Status::Done);
    Ok(its.filter_map(|r| r.score).collect())
}

/// The run's score corrected for having been chosen among those whose predictions are kept.
pub(super) fn selection(
    store: &Store,
    recipe: &Recipe,
    fitted: &Fitted,
) -> Result<Option<SelectionBias>, CandidateError> {
    let (Some(ground), Some(sweep)) = (&fitted.ground, store.sweep_of(recipe.run.id)?) else {
        return Ok(None);
    };
    let objective = &recipe.row.objectives[0];
    let runs = store.trial_runs(sweep, &objective.metric)?;
    let done: Vec<RunId> =
        runs.iter().filter(|run| run.status == Status::Done).map(|run| run.run).collect();
    // Nobody chose a run that is not the best, so nothing flatters it.
    let own = recipe.run.metrics.get(&objective.metric).map_or(f64::NAN, |summary| summary.score);
    let scores = runs.iter().filter(|run| run.status == Status::Done);
    if scores.filter_map(|run| run.score).any(|score| objective.goal.better(score, own)) {
        return Ok(None);
    }
    let mut kept: Vec<OutOfFold> = Vec::new();
    for run in &done {
        let bytes = store.predictions(*run)?;
        let decoded = bytes.and_then(|bytes| OutOfFold::decode(&bytes));
        match (decoded, kept.first()) {
            (Some(matrix), Some(first)) if matrix.rows != first.rows => {}
            (Some(matrix), _) => kept.push(matrix),
            (None, _) => {}
        }
    }
    if kept.len() < 2 {
        return Ok(None);
    }
    let rows: Vec<usize> = kept[0].rows.iter().map(|&row| row as usize).collect();
    if rows.iter().any(|&row| row >= ground.data.labels.len()) {
        return Ok(None);
    }
    let truth = ground.data.labels.take(&rows);
    let predictions: Vec<_> = kept.iter().map(|matrix| matrix.prediction(&truth)).collect();
    let candidates = Candidates {
        objective,
        truth: &truth,
        predictions: predictions.iter().collect(),
        selected: own,
        of: done.len() as u64,
        draws: DRAWS,
        seed: recipe.sweep.search.seed,
    };
    // A metric that these predictions cannot give has no correction.
    Ok(corrected_by_selection(&candidates).unwrap_or(None))
}
