//! What the trials of a sweep scored by an objective or any other metric, and which of them have no say.

use crate::domain::{Objective, Status};
use crate::numeric;
use crate::space::Point;
use crate::store::{Store, StoreError, SweepRow};
use std::collections::BTreeMap;

/// Where the trials that are done were, with their scores by a metric; equal trials count once, replicates by their
/// mean.
///
/// # Errors
/// When the store cannot be read.
pub fn scores(
    store: &Store,
    sweep: &SweepRow,
    objective: &Objective,
) -> Result<Vec<(Point, f64)>, StoreError> {
    if sweep.objectives[0] == *objective {
        let scored = store.scored_points(sweep.id)?.into_iter();
        return Ok(scored.map(|(point, loss)| (point, objective.goal.loss(loss))).collect());
    }
    let mut others: BTreeMap<u64, BTreeMap<u32, f64>> = BTreeMap::new();
    for run in store.trial_runs(sweep.id, &objective.metric)? {
        if let (Status::Done, Some(score)) = (run.status, run.score) {
            others.entry(run.trial).or_default().insert(run.replicate, score);
        }
    }
    let mean =
        |scores: &BTreeMap<u32, f64>| numeric::mean(&scores.values().copied().collect::<Vec<_>>());
    let trials = store.trials(sweep.id)?.into_iter();
    let done = trials.filter(|t| t.same_as.is_none() && t.status == Some(Status::Done));
    let with_score =
        done.filter_map(|trial| Some((trial.point, others.get(&trial.number).map(mean)?)));
    Ok(with_score.collect())
}

/// The trials beside `used` that have a finite score, by why they do not count: `failed` 12, `pruned` 30.
///
/// # Errors
/// When the store cannot be read.
pub fn left_out(
    store: &Store,
    sweep: &SweepRow,
    used: usize,
) -> Result<Vec<(&'static str, u64)>, StoreError> {
    let mut counts: BTreeMap<Status, u64> = BTreeMap::new();
    let mut repeats = 0;
    for trial in store.trials(sweep.id)? {
        if trial.same_as.is_some() {
            repeats += 1;
        } else {
            *counts.entry(trial.status.unwrap_or(Status::Queued)).or_default() += 1;
        }
    }
    let done = counts.remove(&Status::Done).unwrap_or(0);
    let mut found: Vec<(&'static str, u64)> =
        counts.into_iter().map(|(status, n)| (status.word(), n)).collect();
    found.push(("done without a finite score", done.saturating_sub(used as u64)));
    found.push(("like another trial", repeats));
    found.retain(|(_, n)| *n > 0);
    Ok(found)
}
