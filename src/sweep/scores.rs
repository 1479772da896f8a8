//! What the trials of a sweep scored by an objective or any other metric, and which of them have no say.

use crate::domain::{Objective, Status};
use crate::numeric;
use crate::space::Point;
use crate::store::{Store, StoreError, SweepRow};
use std::collections::BTreeMap;

/// Where the trials with a score were, whether they keep the constraints or not, with their scores by a metric; equal
/// trials count once, replicates by their mean.
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
        if let (Status::Done | Status::Infeasible, Some(score)) = (run.status, run.score) {
            others.entry(run.trial).or_default().insert(run.replicate, score);
        }
    }
    let mean =
        |scores: &BTreeMap<u32, f64>| numeric::mean(&scores.values().copied().collect::<Vec<_>>());
    let trials = store.trials(sweep.id)?.into_iter();
    let has_ended = |status| matches!(status, Some(Status::Done | Status::Infeasible));
    let done = trials.filter(|t| t.same_as.is_none() && has_ended(t.status));
    let with_score =
        done.filter_map(|trial| Some((trial.point, others.get(&trial.number).map(mean)?)));
    Ok(with_score.collect())
}

/// Why a trial has no say in what its sweep scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// It is not done.
    Status(Status),
    /// It is done and its score is missing or not finite.
    NotFinite,
    /// It is where another trial was.
    Repeated,
}

impl LeftOut {
    /// The name in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Status(status) => status.word(),
            Self::NotFinite => "not_finite",
            Self::Repeated => "repeated",
        }
    }

    /// The words for people, after a number.
    pub fn words(self) -> &'static str {
        match self {
            Self::Status(status) => status.word(),
            Self::NotFinite => "done without a finite score",
            Self::Repeated => "like another trial",
        }
    }
}

/// The trials beside `used` that have a finite score, by why they do not count: 12 failed, 30 pruned.
///
/// # Errors
/// When the store cannot be read.
pub fn left_out(
    store: &Store,
    sweep: &SweepRow,
    used: usize,
) -> Result<Vec<(LeftOut, u64)>, StoreError> {
    let mut counts: BTreeMap<Status, u64> = BTreeMap::new();
    let mut repeated = 0;
    for trial in store.trials(sweep.id)? {
        if trial.same_as.is_some() {
            repeated += 1;
        } else if trial.status == Some(Status::Infeasible) && trial.loss.is_some() {
            // What breaks a constraint has a say like what keeps it.
            *counts.entry(Status::Done).or_default() += 1;
        } else {
            *counts.entry(trial.status.unwrap_or(Status::Queued)).or_default() += 1;
        }
    }
    let done = counts.remove(&Status::Done).unwrap_or(0);
    let mut found: Vec<(LeftOut, u64)> =
        counts.into_iter().map(|(status, n)| (LeftOut::Status(status), n)).collect();
    found.push((LeftOut::NotFinite, done.saturating_sub(used as u64)));
    found.push((LeftOut::Repeated, repeated));
    found.retain(|(_, n)| *n > 0);
    Ok(found)
}
