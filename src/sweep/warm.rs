//! Warm start: trials of earlier sweeps that teach the sampler before the first ask.
//!
//! What was taken in is an event of the sweep's history, written with the sweep itself: whoever goes on teaches the same,
//! whatever became of the earlier sweeps. Trials are carried over parameter by parameter, by name within the branch
//! that they are in:
//!
//! * A value that the parameter cannot have here leaves the trial out, and so does a parameter that the trial knows
//!   nothing of: its value there was one that nobody recorded, and an invented one would be a false observation. Two
//!   things are known: a family's parameter that a sweep file leaves out has its default, and `assume` says the rest.
//! * A score without the metrics that the constraints here bound says nothing of what is searched for: it is left out.
//! * What a trial has and this sweep has not is not looked at. A parameter with one value, which the trial does not
//!   know of, gets that.
//!
//! Scores are mapped by the names of their metrics: the earlier sweep must have every objective of this one, in any order
//! and beside others. A trial that lacks one of them counts as failed. Scores teach as they are, whatever data, folds and
//! seeds they come from; where the data is another it is said.
//! Trials that a sweep was itself taught by are not its own, and not handed on.

mod gather;
mod map;

#[cfg(test)]
mod tests;

use gather::gather;

use super::Plan;
use crate::domain::{Objective, SweepId};
use crate::sampler::{Pruned, Told};
use crate::space::Point;
use crate::spec::Sweep;
use crate::store::{Store, StoreError, SweepRow};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The kind of event that records what was taken in.
const WARM_STARTED: &str = "warm-started";

/// What teaches a sweep: the detail of a `warm-started` event.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Taught {
    /// One entry an earlier sweep, in the order of the file.
    pub sweeps: Vec<Teacher>,
}

/// An earlier sweep and what was taken from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Teacher {
    /// Its name.
    pub name: String,
    /// Its identity across stores.
    pub uuid: String,
    /// How many of its trials had ended, repeated configurations left out.
    pub ended: u64,
    /// How many have a value that a parameter cannot have here.
    #[serde(default)]
    pub outside: u64,
    /// How many know nothing of a parameter of this sweep.
    #[serde(default)]
    pub unknown: u64,
    /// Parameters that trials were left out for, by their ids here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub misfits: Vec<String>,
    /// What else there is to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What was taken, in the order in which the earlier sweep learned of it.
    pub trials: Vec<Lesson>,
}

/// A trial of an earlier sweep, in the space of this one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// Its number there.
    pub number: u64,
    /// Where it is here.
    pub point: Point,
    /// The objective turned so that smaller is better; none for a trial that failed or was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// The losses of the objectives beside the first, in the order of this sweep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<f64>,
    /// Spread of its replicates' scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd: Option<f64>,
    /// How far a pruned one came: step and loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruned: Option<(i64, f64)>,
    /// By how much it violates each constraint of this sweep; none where a value is no number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Option<f64>>,
}

/// Why a sweep cannot learn from another one.
#[derive(Debug, thiserror::Error)]
pub enum WarmStartError {
    /// There is no such sweep, or the store cannot be read.
    #[error("[search] warm_start: {0}")]
    Store(#[from] StoreError),
    /// The only sweep of that name is the one that is to begin.
    #[error(
        "[search] warm_start: '{0}' is this sweep itself, and the store has no earlier one of that name; mend: name another sweep (`derby sweeps` lists them), or leave it out"
    )]
    Itself(String),
    /// Two references mean one sweep.
    #[error("[search] warm_start: '{0}' and '{1}' are the same sweep; mend: leave one out")]
    Twice(String, String),
    /// It searched for something else.
    #[error(
        "[search] warm_start: '{name}' has {theirs} and this sweep {ours}, whose scores cannot be compared; mend: name a sweep that has every objective of this one, with the same goal"
    )]
    Objective {
        /// The earlier sweep.
        name: String,
        /// What it searched for.
        theirs: String,
        /// What this one searches for.
        ours: String,
    },
    /// It has no results.
    #[error(
        "[search] warm_start: no trial of '{0}' has ended; mend: run it first, or leave it out"
    )]
    Nothing(String),
    /// None of its trials lies in the space of this sweep.
    #[error("[search] warm_start: none of the {ended} trials of '{name}' can be used: {why}")]
    NoneFits {
        /// The earlier sweep.
        name: String,
        /// Its trials.
        ended: u64,
        /// What is wrong, with the mend.
        why: String,
    },
    /// There is nothing left to try.
    #[error(
        "[search] warm_start: all {0} configurations of the space were tried in the earlier sweeps; mend: widen the space, or leave warm_start out to try them again"
    )]
    NothingLeft(u128),
}

/// What teaches a sweep that is about to begin; `None` for one that goes on, or that nothing teaches.
///
/// # Errors
/// See [`WarmStartError`].
pub(super) fn before(
    store: &Store,
    spec: &Sweep,
    plan: &Plan,
) -> Result<Option<Taught>, WarmStartError> {
    let is_known = store.same_sweep(&spec.name, &plan.identity.hex())?.is_some();
    if is_known { Ok(None) } else { gather(store, spec, plan) }
}

/// Records what teaches a sweep that has just begun.
pub(super) fn record(
    store: &mut Store,
    row: &SweepRow,
    taught: Option<&Taught>,
) -> Result<(), StoreError> {
    match taught.filter(|_| row.is_new) {
        Some(taught) => store.add_event(row.id, WARM_STARTED, &serde_json::json!(taught)),
        None => Ok(()),
    }
}

impl Taught {
    /// What teaches a sweep; `None` for one that started from nothing.
    ///
    /// # Errors
    /// When the store cannot be read, or a newer program wrote it.
    pub fn of(store: &Store, sweep: SweepId) -> Result<Option<Self>, StoreError> {
        let events = store.events(sweep)?;
        let Some(event) = events.into_iter().find(|event| event.kind == WARM_STARTED) else {
            return Ok(None);
        };
        let unreadable = |error: serde_json::Error| {
            StoreError::Invalid(format!(
                "the warm start of the sweep cannot be read: {error}; mend: a derby as new as the one that wrote it"
            ))
        };
        serde_json::from_value(event.detail).map(Some).map_err(unreadable)
    }

    /// Everything that was taken, in order.
    pub(super) fn into_lessons(self) -> Vec<Lesson> {
        self.sweeps.into_iter().flat_map(|teacher| teacher.trials).collect()
    }
}

impl Lesson {
    pub(super) fn told(&self) -> Told {
        let constraints = self.constraints.iter().map(|c| c.unwrap_or(f64::NAN)).collect();
        let further = self.further.clone();
        let told = Told::new(self.number, self.point.clone(), self.loss);
        Told { sd: self.sd, further, constraints, ..told }
    }

    pub(super) fn pruned(&self) -> Option<Pruned> {
        self.pruned.map(|(step, loss)| Pruned { step, loss })
    }
}

impl fmt::Display for Teacher {
    /// `'old': 41 of 50 trials used, 9 outside the ranges (C)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, ended, outside, unknown, misfits, trials, .. } = self;
        let word = if *ended == 1 { "trial" } else { "trials" };
        write!(f, "'{name}': {} of {ended} {word} used", trials.len())?;
        if *outside > 0 {
            write!(f, ", {outside} outside the ranges")?;
        }
        if *unknown > 0 {
            write!(f, ", {unknown} without a value")?;
        }
        if misfits.is_empty() { Ok(()) } else { write!(f, " ({})", misfits.join(", ")) }
    }
}

/// `the objective 'maximize accuracy'`, or several.
fn words(objectives: &[Objective]) -> String {
    let word = if objectives.len() == 1 { "objective" } else { "objectives" };
    let each = objectives.iter().map(|o| format!("'{} {}'", o.goal.word(), o.metric));
    format!("the {word} {}", each.collect::<Vec<_>>().join(", "))
}
