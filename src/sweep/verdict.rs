//! Whether a finished trial keeps the constraints of its sweep: the one place that decides.
//!
//! The verdict is the status of the trial's runs, [`Status::Infeasible`](crate::domain::Status::Infeasible), so that whoever
//! looks for the best among the runs that are done finds none that breaks a constraint. The samplers learn by how much;
//! that is worked out from the recorded metrics, the mean over replicates.

use crate::domain::{Constraint, SweepId};
use crate::spec::nearest;
use crate::store::{Store, StoreError};
use std::collections::BTreeMap;

/// The scores of every finished trial, or of one, by the metrics of the constraints: one each, none where the trial, or
/// one of its replicates, has none.
///
/// # Errors
/// When the store cannot be read.
pub fn constrained_scores(
    store: &Store,
    sweep: SweepId,
    (constraints, trial): (&[Constraint], Option<u64>),
) -> Result<BTreeMap<u64, Vec<Option<f64>>>, StoreError> {
    let mut found: BTreeMap<u64, Vec<Option<f64>>> = BTreeMap::new();
    for (place, constraint) in constraints.iter().enumerate() {
        for (trial, score) in store.trial_scores(sweep, &constraint.metric, trial)? {
            let scores = found.entry(trial).or_insert_with(|| vec![None; constraints.len()]);
            scores[place] = Some(score);
        }
    }
    Ok(found)
}

/// By how much they violate each constraint ([`Constraint::violation`]).
pub(super) fn violations(
    store: &Store,
    sweep: SweepId,
    of: (&[Constraint], Option<u64>),
) -> Result<BTreeMap<u64, Vec<f64>>, StoreError> {
    let scores = constrained_scores(store, sweep, of)?.into_iter();
    Ok(scores.map(|(trial, scores)| (trial, violated(of.0, Some(&scores)))).collect())
}

/// By how much a trial violates each constraint, by its scores of them; NaN without a finite one.
pub fn violated(constraints: &[Constraint], scores: Option<&Vec<Option<f64>>>) -> Vec<f64> {
    let one = |(at, c): (usize, &Constraint)| c.violation(scores.and_then(|scores| scores[at]));
    constraints.iter().enumerate().map(one).collect()
}

/// What a trial breaks, in words; `None` if it keeps all.
pub fn broken(constraints: &[Constraint], scores: Option<&Vec<Option<f64>>>) -> Option<String> {
    let score = |place: usize| scores.and_then(|scores| scores.get(place).copied().flatten());
    let wrong = constraints.iter().enumerate().filter_map(|(at, c)| c.broken(score(at)));
    let wrong: Vec<String> = wrong.collect();
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

/// What is wrong with constraints of whose metric no finished trial has a value, in words: then every trial breaks them,
/// whatever its configuration. Nothing before any trial has finished.
///
/// # Errors
/// When the store cannot be read.
pub fn unreported(
    store: &Store,
    sweep: SweepId,
    constraints: &[Constraint],
) -> Result<Vec<String>, StoreError> {
    if constraints.is_empty() {
        return Ok(Vec::new());
    }
    let seen = store.sweep_metrics(sweep)?;
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    let lacks = |one: &&Constraint| !seen.is_empty() && !seen.contains(&&*one.metric);
    let text = |one: &Constraint| {
        let near = nearest(&one.metric, &seen);
        let near = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
        format!(
            "no trial so far has a value of '{}', which {one} needs{near} (metrics seen: {})",
            one.metric,
            seen.join(", ")
        )
    };
    Ok(constraints.iter().filter(lacks).map(text).collect())
}

/// Records whether a trial keeps the constraints whose last run has just been recorded with a score. What it breaks, in
/// words, if it breaks any. Doing so again changes nothing.
pub(super) fn settle(
    store: &mut Store,
    sweep: SweepId,
    (constraints, trial): (&[Constraint], u64),
) -> Result<Option<String>, StoreError> {
    if constraints.is_empty() {
        return Ok(None);
    }
    let scores = constrained_scores(store, sweep, (constraints, Some(trial)))?;
    let reason = broken(constraints, scores.get(&trial));
    if let Some(reason) = &reason {
        store.mark_infeasible(sweep, trial, reason)?;
    }
    Ok(reason)
}
