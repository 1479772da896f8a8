//! Runs of one trial with several replicates as one row.

use super::CliError;
use crate::domain::{Goal, RunId, RunRecord, Status, Summary};
use crate::numeric;
use crate::store::{Column, Store, SweepRow};
use indexmap::{IndexMap, IndexSet};
use std::collections::BTreeMap;

/// What rows of several runs stand for: how many replicates ended with a score, by the number of the row's run.
pub(super) type Merged = BTreeMap<RunId, usize>;

/// Puts the runs of each trial with replicates together, at the place of the first.
pub(super) fn grouped(
    store: &Store,
    runs: Vec<RunRecord>,
) -> Result<(Vec<RunRecord>, Merged), CliError> {
    let ids: Vec<RunId> = runs.iter().map(|run| run.id).collect();
    let trials = store.replicated(&ids)?;
    let mut groups: IndexMap<Result<(i64, u64), RunId>, Vec<RunRecord>> = IndexMap::new();
    for run in runs {
        let key = trials.get(&run.id).map_or(Err(run.id), |(sweep, trial)| Ok((sweep.0, *trial)));
        groups.entry(key).or_default().push(run);
    }
    let mut merged = Merged::new();
    let rows = groups.into_iter().filter_map(|(key, runs)| match key {
        Ok(_) => row(runs, &mut merged),
        Err(_) => runs.into_iter().next(),
    });
    Ok((rows.collect(), merged))
}

/// One row of the runs of a trial: means over the last attempt of every replicate that ended with a score.
pub(super) fn row(runs: Vec<RunRecord>, merged: &mut Merged) -> Option<RunRecord> {
    let seconds: Vec<f64> = runs.iter().filter_map(|run| run.seconds).collect();
    let mut last: BTreeMap<u32, RunRecord> = BTreeMap::new();
    for run in runs {
        let is_older = |other: &RunRecord| (other.attempt, other.id) > (run.attempt, run.id);
        if !last.get(&run.replicate).is_some_and(is_older) {
            last.insert(run.replicate, run);
        }
    }
    let last: Vec<RunRecord> = last.into_values().collect();
    let has_ended = |run: &&RunRecord| matches!(run.status, Status::Done | Status::Infeasible);
    let done: Vec<&RunRecord> = last.iter().filter(has_ended).collect();
    // What stands out is the one that is not done.
    let odd = last.iter().find(|run| run.status == Status::Running);
    let odd = odd.or_else(|| last.iter().find(|run| run.status != Status::Done));
    let first = done.first().copied().or(odd)?;
    let mut row = first.clone();
    if let Some(odd) = odd {
        (row.status, row.reason) = (odd.status, odd.reason.clone());
    }
    if !done.is_empty() {
        row.metrics = means(&done);
    }
    row.seconds = (!seconds.is_empty()).then(|| seconds.iter().sum());
    merged.insert(row.id, done.len());
    Some(row)
}

fn means(done: &[&RunRecord]) -> IndexMap<String, Summary> {
    let names: IndexSet<&String> = done.iter().flat_map(|run| run.metrics.keys()).collect();
    let summary = |name: &String| {
        let all = done.iter().filter_map(|run| run.metrics.get(name));
        let scores: Vec<f64> = all.map(|summary| summary.score).collect();
        let sd = if scores.len() > 1 { numeric::sample_sd(&scores) } else { f64::NAN };
        let mean = numeric::mean(&scores);
        let of = |pick: fn(f64, f64) -> f64| scores.iter().copied().fold(f64::NAN, pick);
        Summary {
            score: mean,
            n: scores.len() as u64,
            mean,
            sd,
            last: scores.last().copied().unwrap_or(f64::NAN),
            min: of(f64::min),
            max: of(f64::max),
        }
    };
    names.into_iter().map(|name| (name.clone(), summary(name))).collect()
}

/// Sorts rows by a column if it is a metric: means differ from the scores by which the runs came. What breaks a
/// constraint comes last if `feasible_first` says so.
pub(super) fn sort_rows(rows: &mut [RunRecord], by: Option<&(Column, bool)>, feasible_first: bool) {
    let Some((Column::Metric(name) | Column::Name(name), descending)) = by else { return };
    let goal = if *descending { Goal::Maximize } else { Goal::Minimize };
    let loss = |run: &RunRecord| {
        let score = run.metrics.get(name).map_or(f64::NAN, |summary| summary.score);
        // NaN comes last either way.
        let is_behind = feasible_first && run.status == Status::Infeasible;
        if score.is_nan() { (2, 0.0) } else { (u8::from(is_behind), goal.loss(score)) }
    };
    if !rows.iter().any(|run| run.metrics.contains_key(name)) {
        return;
    }
    rows.sort_by(|a, b| {
        let (a, b) = (loss(a), loss(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
}

/// The runs of each of the best `top` trials (0: all) that ended with a score and keep the constraints, best trial first; of equal ones
/// the earlier first. A trial with replicates counts by their mean.
pub(super) fn best_trials(
    store: &Store,
    sweep: &SweepRow,
    (metric, goal): (&str, Goal),
    top: usize,
) -> Result<Vec<Vec<RunRecord>>, CliError> {
    let trials = store.trials(sweep.id)?;
    let mut runs: BTreeMap<u64, BTreeMap<u32, (RunId, Option<f64>)>> = BTreeMap::new();
    for run in store.trial_runs(sweep.id, metric)? {
        // Later attempts come later, and take the place of earlier ones.
        let of_trial = runs.entry(run.trial).or_default();
        match run.status {
            Status::Done => of_trial.insert(run.replicate, (run.run, run.score)),
            _ => of_trial.remove(&run.replicate),
        };
    }
    let is_objective = sweep.objectives.first().is_some_and(|objective| objective.metric == metric);
    let mut ranked: Vec<(f64, Vec<RunId>)> = Vec::new();
    for trial in trials.iter().filter(|trial| trial.status == Some(Status::Done)) {
        let Some(of_trial) = runs.remove(&trial.number).filter(|runs| !runs.is_empty()) else {
            continue;
        };
        let scores: Option<Vec<f64>> = of_trial.values().map(|(_, score)| *score).collect();
        let loss = match trial.loss {
            Some(loss) if is_objective => loss,
            _ => scores.map_or(f64::NAN, |scores| goal.loss(numeric::mean(&scores))),
        };
        if loss.is_finite() {
            ranked.push((loss, of_trial.into_values().map(|(run, _)| run).collect()));
        }
    }
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    let mut best = Vec::new();
    for (_, ids) in ranked {
        let records = ids.into_iter().map(|run| store.run_by_id(run));
        let mut records = records.collect::<Result<Vec<_>, _>>()?;
        records.retain(|run| !run.deleted);
        if !records.is_empty() {
            best.push(records);
        }
        if top > 0 && best.len() == top {
            break;
        }
    }
    Ok(best)
}

/// The rows of such trials.
pub(super) fn rows(trials: Vec<Vec<RunRecord>>) -> (Vec<RunRecord>, Merged) {
    let mut merged = Merged::new();
    let rows = trials.into_iter().filter_map(|mut runs| match runs.len() {
        1 => runs.pop(),
        _ => row(runs, &mut merged),
    });
    (rows.collect(), merged)
}
