//! `derby best`: the best runs of a sweep.

use super::args::BestArgs;
use super::listing::{Shape, machine, table};
use super::out::{Role, safe};
use super::replicates::{Merged, best_trials, rows};
use super::text::nearest;
use super::{CliError, Exit, Ui};
use crate::domain::{Goal, RunRecord};
use crate::metrics;
use crate::numeric::{Losses, front};
use crate::store::{Store, SweepRow};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn run(ui: &Ui, args: &BestArgs) -> Result<Exit, CliError> {
    let store = ui.read_store()?;
    let sweep = named_or_newest(&store, args.sweep.as_deref())?;
    let (metric, goal) = match &args.metric {
        Some(metric) => (metric.clone(), goal_of(&sweep, metric)?),
        None => (sweep.objectives[0].metric.clone(), sweep.objectives[0].goal),
    };
    let trials = if args.front {
        front_of(&store, &sweep)?
    } else {
        best_trials(&store, &sweep, (&metric, goal), args.top)?
    };
    if trials.is_empty() {
        return Err(CliError::new(
            Exit::NoResult,
            format!("no run of sweep '{}' has a score of '{metric}'", sweep.name),
        )
        .hint(format!("derby runs sweep:{} shows what happened", sweep.name)));
    }
    let each = || trials.iter().flatten().cloned().collect::<Vec<_>>();
    if args.format.is_machine() {
        machine(ui, args.format, &each())?;
        return Ok(Exit::Done);
    }
    let (runs, merged) = if args.each { (each(), Merged::new()) } else { rows(trials) };
    let shown = if args.front {
        sweep.objectives.iter().map(|objective| objective.metric.clone()).collect()
    } else {
        vec![metric]
    };
    let shape = Shape { all: true, merged, each: args.each, ..Shape::of(shown) };
    table(ui, &runs, &shape)?;
    let next = format!("derby show {}", runs[0].id);
    ui.out.line(&format!(
        " {} of {}   next  {}",
        if args.front { "Pareto front" } else { "best" },
        safe(&sweep.name),
        ui.out.paint(Role::Accent, &next)
    ))?;
    Ok(Exit::Done)
}

/// The trials that no other one is better than in all objectives, the best by the first one first.
fn front_of(store: &Store, sweep: &SweepRow) -> Result<Vec<Vec<RunRecord>>, CliError> {
    let objectives = &sweep.objectives;
    if objectives.len() < 2 {
        let text = format!("sweep '{}' has one objective, and a front needs two", sweep.name);
        return Err(CliError::usage(text).hint(format!("derby best {}", sweep.name)));
    }
    let mut losses: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for objective in objectives {
        for (trial, score) in store.trial_scores(sweep.id, &objective.metric, None)? {
            losses.entry(trial).or_default().push(objective.goal.loss(score));
        }
    }
    losses.retain(|_, losses| losses.len() == objectives.len());
    let (numbers, losses): (Vec<u64>, Vec<Vec<f64>>) = losses.into_iter().unzip();
    let losses = losses.concat();
    let best = front(Losses::new(&losses, objectives.len()));
    let best: BTreeSet<u64> = best.into_iter().map(|place| numbers[place]).collect();
    let first = (objectives[0].metric.as_str(), objectives[0].goal);
    let mut trials = best_trials(store, sweep, first, 0)?;
    trials.retain(|runs| runs[0].trial.is_some_and(|trial| best.contains(&trial)));
    Ok(trials)
}

/// The goal of an objective of the sweep, or of a metric that derby knows.
pub(super) fn goal_of(sweep: &SweepRow, metric: &str) -> Result<Goal, CliError> {
    let objective = sweep.objectives.iter().find(|objective| objective.metric == metric);
    let known = || metrics::info(metric).map(|info| info.goal);
    objective.map(|objective| objective.goal).or_else(known).ok_or_else(|| {
        let near = nearest(metric, metrics::catalogue().iter().map(|info| info.name))
            .map(|near| format!("; did you mean '{near}'?"))
            .unwrap_or_default();
        CliError::usage(format!("unknown metric '{metric}'{near}")).hint(format!(
            "sweep '{}' aims at {}; derby show RUN lists what else a run has",
            sweep.name, sweep.objectives[0].metric
        ))
    })
}

/// The sweep that a reference means, `sweep:` in front or not; without one, the newest.
pub(super) fn named_or_newest(
    store: &Store,
    reference: Option<&str>,
) -> Result<SweepRow, CliError> {
    match reference {
        Some(reference) => Ok(store.sweep(reference.strip_prefix("sweep:").unwrap_or(reference))?),
        None => store.sweeps()?.into_iter().max_by_key(|sweep| sweep.id).ok_or_else(|| {
            CliError::new(Exit::Failed, "no sweep in this store")
                .hint("derby sweep FILE runs one; derby init DATA.csv writes a FILE")
        }),
    }
}
