//! What the sweeps that a file names have to teach.

use super::map::{Map, Misfit, Source};
use super::{Lesson, Taught, Teacher, WarmStartError, words};
use crate::domain::{Constraint, Digest, Params, Status, Value};
use crate::space::Size;
use crate::spec::Sweep;
use crate::store::{Store, StoreError, SweepRow, TrialRow};
use crate::sweep::{Plan, constrained_scores, violated};
use std::collections::{BTreeMap, BTreeSet};

/// Reads the trials of the sweeps that the file names, for a sweep that is about to begin; `None` if it names none.
///
/// # Errors
/// When one of them does not exist, searched for something else, or has no trial that lies in the space.
pub(in crate::sweep) fn gather(
    store: &Store,
    spec: &Sweep,
    plan: &Plan,
) -> Result<Option<Taught>, WarmStartError> {
    let Some(warm) = &spec.search.warm_start else { return Ok(None) };
    let mut seen: Vec<(String, &str)> = Vec::new();
    let mut taught = Taught::default();
    for reference in &warm.from {
        let row = find(store, spec, reference)?;
        if let Some((_, first)) = seen.iter().find(|(uuid, _)| *uuid == row.uuid) {
            return Err(WarmStartError::Twice((*first).into(), reference.clone()));
        }
        seen.push((row.uuid.clone(), reference));
        taught.sweeps.push(teacher(store, spec, plan, &row)?);
    }
    let points = taught.sweeps.iter().flat_map(|teacher| &teacher.trials);
    let known: BTreeSet<Digest> =
        points.map(|lesson| spec.space.params(&lesson.point).digest()).collect();
    match spec.space.size() {
        Size::Finite(size) if known.len() as u128 >= size => Err(WarmStartError::NothingLeft(size)),
        _ => Ok(Some(taught)),
    }
}

fn find(store: &Store, spec: &Sweep, reference: &str) -> Result<SweepRow, WarmStartError> {
    let name = reference.strip_prefix("sweep:").unwrap_or(reference);
    store.sweep(reference).map_err(|error| match error {
        StoreError::NoSuchSweep { .. } if name == spec.name => WarmStartError::Itself(name.into()),
        error => error.into(),
    })
}

fn teacher(
    store: &Store,
    spec: &Sweep,
    plan: &Plan,
    row: &SweepRow,
) -> Result<Teacher, WarmStartError> {
    if spec.objectives.iter().any(|objective| !row.objectives.contains(objective)) {
        let (theirs, ours) = (words(&row.objectives), words(&spec.objectives));
        return Err(WarmStartError::Objective { name: row.name.clone(), theirs, ours });
    }
    let mut trials = store.trials(row.id)?;
    trials.retain(has_ended);
    trials.sort_by_key(|trial| (trial.tell_seq.unwrap_or(u64::MAX), trial.number));
    if trials.is_empty() {
        return Err(WarmStartError::Nothing(row.name.clone()));
    }
    let mut teacher = Teacher {
        name: row.name.clone(),
        uuid: row.uuid.clone(),
        ended: trials.len() as u64,
        outside: 0,
        unknown: 0,
        misfits: Vec::new(),
        notes: Vec::new(),
        trials: Vec::new(),
    };
    let losses = Losses::of(store, spec, row)?;
    let is_first = losses.is_first;
    let (map, mut filled, mut misfits) = (Map::new(spec), BTreeMap::new(), Vec::new());
    let constraints = &spec.search.constraints[..];
    let scores = constrained_scores(store, row.id, (constraints, None))?;
    for trial in &trials {
        let scores = scores.get(&trial.number);
        if let Some(metric) = unmeasured(constraints, trial, scores) {
            misfits.push(Misfit::Unmeasured { metric });
            continue;
        }
        match map.point(&trial.params, &mut filled) {
            Ok(point) => {
                let (loss, further) = losses.of_trial(trial);
                teacher.trials.push(Lesson {
                    number: trial.number,
                    point,
                    loss,
                    further,
                    constraints: violations(constraints, trial, scores),
                    sd: trial.sd.filter(|sd| is_first && sd.is_finite()),
                    pruned: trial
                        .pruned
                        .filter(|(_, loss)| is_first && trial.loss.is_none() && loss.is_finite()),
                });
            }
            Err(misfit) => misfits.push(misfit),
        }
    }
    teacher.leave_out(&misfits);
    if teacher.trials.is_empty() {
        let why = why_none(&misfits, &row.name);
        return Err(WarmStartError::NoneFits { name: row.name.clone(), ended: teacher.ended, why });
    }
    teacher.notes.extend(filled.iter().map(filled_in));
    teacher.notes.extend(not_looked_at(spec, &trials));
    teacher.notes.extend(other_data(store, plan, &trials)?);
    Ok(teacher)
}

/// The losses of an earlier sweep's trials by the objectives of this one.
struct Losses {
    /// True if the first objective is the first one there, whose loss stands in the trial.
    is_first: bool,
    /// Of every other objective of this sweep, by trial.
    others: Vec<BTreeMap<u64, f64>>,
}

impl Losses {
    fn of(store: &Store, spec: &Sweep, row: &SweepRow) -> Result<Self, StoreError> {
        let is_first = spec.objectives.first() == row.objectives.first();
        let mut others = Vec::new();
        for objective in spec.objectives.iter().skip(usize::from(is_first)) {
            let scores = store.trial_scores(row.id, &objective.metric, None)?.into_iter();
            others.push(scores.map(|(trial, score)| (trial, objective.goal.loss(score))).collect());
        }
        Ok(Self { is_first, others })
    }

    /// All losses of a trial; none if one of them is missing.
    fn of_trial(&self, trial: &TrialRow) -> (Option<f64>, Vec<f64>) {
        let first = self.is_first.then_some(trial.loss).into_iter();
        let others = self.others.iter().map(|losses| losses.get(&trial.number).copied());
        let usable = |loss: Option<f64>| loss.filter(|x| x.is_finite() && trial.loss.is_some());
        let losses: Option<Vec<f64>> = first.chain(others).map(usable).collect();
        let mut losses = losses.unwrap_or_default().into_iter();
        (losses.next(), losses.collect())
    }
}

/// True for a trial whose end says something of its configuration.
fn has_ended(trial: &TrialRow) -> bool {
    let is_lost = matches!(
        trial.status,
        Some(Status::Failed | Status::Infeasible | Status::Pruned) if trial.tell_seq.is_some()
    );
    trial.same_as.is_none() && (trial.loss.is_some() || is_lost)
}

/// The metric of a constraint that a trial with a score says nothing of.
fn unmeasured(
    constraints: &[Constraint],
    trial: &TrialRow,
    scores: Option<&Vec<Option<f64>>>,
) -> Option<String> {
    trial.loss?;
    let has = |at: usize| scores.is_some_and(|scores| scores[at].is_some());
    let lacking = constraints.iter().enumerate().find(|(at, _)| !has(*at));
    lacking.map(|(_, constraint)| constraint.metric.clone())
}

/// By how much a trial with a score violates the constraints.
fn violations(
    constraints: &[Constraint],
    trial: &TrialRow,
    scores: Option<&Vec<Option<f64>>>,
) -> Vec<Option<f64>> {
    let scores = scores.filter(|_| trial.loss.is_some());
    let found = scores.map(|scores| violated(constraints, Some(scores))).unwrap_or_default();
    found.into_iter().map(|violation| Some(violation).filter(|c| c.is_finite())).collect()
}

impl Teacher {
    fn leave_out(&mut self, misfits: &[Misfit]) {
        let mut ids: BTreeSet<&str> = BTreeSet::new();
        for misfit in misfits {
            let (count, id) = match misfit {
                Misfit::Outside { id, .. } => (&mut self.outside, id),
                Misfit::Unknown { id } | Misfit::Unmeasured { metric: id } => {
                    (&mut self.unknown, id)
                }
            };
            *count += 1;
            ids.insert(id);
        }
        self.misfits = ids.into_iter().map(String::from).collect();
    }
}

/// What keeps most of the trials out, and the mend.
fn why_none(misfits: &[Misfit], name: &str) -> String {
    let unknown = misfits.iter().find_map(|misfit| match misfit {
        Misfit::Unknown { id } => Some(id),
        Misfit::Outside { .. } | Misfit::Unmeasured { .. } => None,
    });
    if let Some(id) = unknown {
        return format!(
            "'{id}' is searched here, and they say nothing of it; mend: say which value they had, warm_start = {{ from = \"{name}\", assume = {{ {id} = … }} }}"
        );
    }
    match misfits.first() {
        Some(Misfit::Outside { id, value }) => format!(
            "'{id}' cannot be '{value}' here, or another value of theirs; mend: widen its range, or leave warm_start out"
        ),
        Some(Misfit::Unmeasured { metric }) => format!(
            "a constraint here bounds '{metric}', and they have no such metric; mend: leave warm_start out"
        ),
        _ => "none is there".into(),
    }
}

/// A value that was not said, in words.
fn filled_in((id, source): (&String, &Source)) -> String {
    match source {
        Source::Assumed(value) => format!("'{id}' was not searched there; {value} is assumed"),
        Source::Default(value) => {
            format!("'{id}' was not searched there; it had its default {value}")
        }
        Source::Only(value) => {
            format!("'{id}' is not recorded there, and {value} is its only value here")
        }
    }
}

/// The parameters of theirs that vary and that no dimension here has.
fn not_looked_at(spec: &Sweep, trials: &[TrialRow]) -> Option<String> {
    let mut values: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut dropped: BTreeSet<&str> = BTreeSet::new();
    let is_here = |name: &str| spec.space.dims().iter().any(|dim| dim.name == name);
    let params = trials.iter().flat_map(|trial: &TrialRow| Params::iter(&trial.params));
    for (name, value) in params.filter(|(name, _)| !is_here(name)) {
        if !values.entry(name).or_insert(value).same(value) {
            dropped.insert(name);
        }
    }
    let names: Vec<String> = dropped.into_iter().map(|name| format!("'{name}'")).collect();
    (!names.is_empty())
        .then(|| format!("{} varied there and is not looked at here", names.join(", ")))
}

/// That the scores are those of other data or of another split.
fn other_data(
    store: &Store,
    plan: &Plan,
    trials: &[TrialRow],
) -> Result<Option<String>, StoreError> {
    let Some(data) = &plan.data else { return Ok(None) };
    let Some(run) = trials.iter().find_map(|trial| trial.run) else { return Ok(None) };
    let run = store.run_by_id(run)?;
    let (now, theirs) = (data.provenance.content, run.data_hash.as_deref().and_then(Digest::parse));
    Ok(match theirs {
        Some(theirs) if theirs != now => Some(format!(
            "its scores are of other data, {} instead of {}; they teach where to look, and are not compared",
            theirs.short(),
            now.short()
        )),
        Some(_) if run.split.as_deref() != Some(&data.split.hex()) => {
            Some("its scores are of another split of the same data".into())
        }
        _ => None,
    })
}
