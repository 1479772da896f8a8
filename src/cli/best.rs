//! `derby best`: the best runs of a sweep.

use super::args::BestArgs;
use super::feasible::{constraints_of, nothing_to_choose};
use super::front::Front;
use super::listing::{Shape, machine, table};
use super::out::{Role, safe};
use super::replicates::{Merged, best_trials, rows};
use super::text::nearest;
use super::{CliError, Exit, Ui};
use crate::domain::Goal;
use crate::metrics;
use crate::store::{Store, SweepRow};

pub(super) fn run(ui: &Ui, args: &BestArgs) -> Result<Exit, CliError> {
    let store = ui.read_store()?;
    let sweep = named_or_newest(&store, args.sweep.as_deref())?;
    let (metric, goal) = match &args.metric {
        Some(metric) => (metric.clone(), goal_of(&sweep, metric)?),
        None => (sweep.objectives[0].metric.clone(), sweep.objectives[0].goal),
    };
    let front = if args.front { Some(front_of(&store, &sweep)?) } else { None };
    let trials = if let Some(front) = &front {
        front.trials.clone()
    } else {
        best_trials(&store, &sweep, (&metric, goal), args.top)?
    };
    if trials.is_empty() {
        return Err(nothing_to_choose(&store, &sweep, &metric));
    }
    let each = || trials.iter().flatten().cloned().collect::<Vec<_>>();
    if args.format.is_machine() {
        machine(ui, args.format, &each())?;
        return Ok(Exit::Done);
    }
    let (runs, merged) = if args.each { (each(), Merged::new()) } else { rows(trials) };
    let has_several = sweep.objectives.len() > 1 && args.metric.is_none();
    let shown = if has_several {
        sweep.objectives.iter().map(|objective| objective.metric.clone()).collect()
    } else {
        vec![metric]
    };
    let shape = Shape { all: true, merged, each: args.each, ..Shape::of(shown) };
    table(ui, &runs, &shape)?;
    if let Some(front) = &front {
        ui.out.line(&format!(" front  {}", safe(&front.words())))?;
    } else if has_several {
        let text = format!(
            " by {} alone; derby best {} --front shows the trials that are best in several ways",
            sweep.objectives[0].metric, sweep.name
        );
        ui.out.line(&ui.out.paint(Role::Warn, &safe(&text)))?;
    }
    let next = format!("derby show {}", runs[0].id);
    ui.out.line(&format!(
        " {} of {}   next  {}",
        if args.front { "Pareto front" } else { "best" },
        safe(&sweep.name),
        ui.out.paint(Role::Accent, &next)
    ))?;
    Ok(Exit::Done)
}

fn front_of(store: &Store, sweep: &SweepRow) -> Result<Front, CliError> {
    Front::of(store, sweep)?.ok_or_else(|| {
        let text = format!("sweep '{}' has one objective, and a front needs two", sweep.name);
        CliError::usage(text).hint(format!("derby best {}", sweep.name))
    })
}

/// The goal of an objective of the sweep, or of a metric that derby knows.
pub(super) fn goal_of(sweep: &SweepRow, metric: &str) -> Result<Goal, CliError> {
    let objective = sweep.objectives.iter().find(|objective| objective.metric == metric);
    let known = || metrics::info(metric).map(|info| info.goal);
    // Of a metric that only a constraint names, the better side is the one that keeps it.
    let constraint = || {
        let of = constraints_of(sweep).into_iter().find(|one| one.metric == metric)?;
        Some(of.bound.goal())
    };
    let goal = objective.map(|objective| objective.goal).or_else(known).or_else(constraint);
    goal.ok_or_else(|| {
        let near = nearest(metric, metrics::catalogue().iter().map(|info| info.name))
            .map(|near| format!("; did you mean '{near}'?"))
            .unwrap_or_default();
        let aims: Vec<&str> = sweep.objectives.iter().map(|aim| aim.metric.as_str()).collect();
        CliError::usage(format!("unknown metric '{metric}'{near}")).hint(format!(
            "sweep '{}' aims at {}; derby show RUN lists what else a run has",
            sweep.name,
            aims.join(" and ")
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
