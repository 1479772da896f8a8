//! `derby runs`: which runs there are, filtered, sorted, cut to the columns that differ.

use super::args::RunsArgs;
use super::listing::{Hidden, Shape, csv_of, machine, table};
use super::out::Role;
use super::replicates::{Merged, grouped, sort_rows};
use super::show_curves::SYSTEM;
use super::text::{count, plural};
use super::{CliError, Exit, Ui};
use crate::domain::{Goal, Objective, RunRecord};
use crate::store::{Column, Expr, Query, Store, StoreError, SweepRow};
use indexmap::IndexSet;
use std::collections::BTreeMap;

/// Rows of a table when nobody says how many.
const DEFAULT_ROWS: usize = 20;

/// Metrics that runs by hand show.
const OWN_METRICS: usize = 3;

/// The filter language, below the options of `derby runs --help`.
pub(super) const FILTER_HELP: &str = "\
Filters:
  word                     in the name, model, sweep, status, tags or note
  sweep:NAME  tag:KEY[=VALUE]  status:failed  note:TEXT  name:PATTERN*  experiment:NAME
  status:stale             marked as running, but its process is gone (status:running has these too)
  auc > 0.95  C <= 1e-2  model = svm  kernel != rbf  kernel in [rbf, poly]  note contains slow
  has:auc  C is undefined  params.C  metrics.auc  seconds > 2  started > -6h
  and  or  not  ( )        side by side means and
Examples:
  derby runs sweep:digits --top 10
  derby runs 'roc_auc > 0.98 and (model = svm or C < 1)' --sort -roc_auc
  derby runs status:failed --columns model,reason";

pub(super) fn run(ui: &Ui, args: &RunsArgs) -> Result<Exit, CliError> {
    let store = ui.read_store()?;
    let filter = match args.filter.join(" ") {
        text if text.trim().is_empty() => None,
        text => Some(text.parse::<Expr>().map_err(|error| CliError::usage(error.to_string()))?),
    };
    let sweeps = store.sweeps()?;
    let objective = common_objective(&store, &sweeps, args, filter.as_ref())?;
    let objective = if is_measured(&store, objective.as_ref())? { objective } else { None };
    let is_machine = args.format.is_machine();
    let limit = match args.top {
        Some(0) => None,
        None if is_machine => None,
        top => Some(top.unwrap_or(DEFAULT_ROWS)),
    };
    let merges = !is_machine && !args.each && store.has_replicates()?;
    let query = Query {
        filter,
        sort: sort(args, objective.as_ref())?,
        feasible_first: args.sort.is_empty(),
        // Rows are cut to the limit once they are put together.
        limit: limit.filter(|_| !merges),
        only_deleted: args.deleted,
        ..Query::default()
    };
    let mut runs = store.runs(&query)?;
    check_columns(&store, &args.columns)?;
    if args.format.csv && !args.columns.is_empty() {
        ui.out.raw(&csv_of(&runs, &args.columns)?)?;
        return Ok(Exit::Done);
    }
    if machine(ui, args.format, &runs)? {
        return Ok(Exit::Done);
    }
    let mut total = store.count(&query)?;
    if runs.is_empty() {
        return nothing(ui, args, &store);
    }
    let mut merged = Merged::new();
    if merges {
        (runs, merged) = grouped(&store, runs)?;
        sort_rows(&mut runs, query.sort.first(), query.feasible_first);
        total = runs.len() as u64;
        runs.truncate(limit.unwrap_or(usize::MAX));
        merged.retain(|id, _| runs.iter().any(|run| run.id == *id));
    }
    let shape = Shape {
        metrics: metrics(args, objective.as_ref(), &sweeps, &runs),
        columns: args.columns.clone(),
        all: args.all_columns,
        aims: match objective {
            None if args.columns.is_empty() && args.sort.is_empty() && !args.all_columns => {
                aims(&sweeps, &runs)
            }
            _ => BTreeMap::new(),
        },
        merged,
        each: args.each,
    };
    let hidden = table(ui, &runs, &shape)?;
    footer(ui, args, &runs, total, &hidden)
}

/// The objective that all sweeps of the filter share: what «best first» means.
fn common_objective(
    store: &Store,
    sweeps: &[SweepRow],
    args: &RunsArgs,
    filter: Option<&Expr>,
) -> Result<Option<Objective>, CliError> {
    let one_of = |sweeps: &mut dyn Iterator<Item = &SweepRow>| {
        let objectives: Vec<&Objective> = sweeps.map(|sweep| &sweep.objectives[0]).collect();
        let same = objectives.windows(2).all(|pair| pair[0] == pair[1]);
        objectives.first().copied().filter(|_| same).cloned()
    };
    if let Some(shared) = one_of(&mut sweeps.iter()) {
        return Ok(Some(shared));
    }
    if args.filter.is_empty() {
        return Ok(None);
    }
    // Which sweeps the filter leaves is known from a few of its runs.
    let query = Query {
        filter: filter.cloned(),
        limit: Some(200),
        only_deleted: args.deleted,
        ..Query::default()
    };
    let names: IndexSet<String> =
        store.runs(&query)?.into_iter().filter_map(|run| run.sweep).collect();
    Ok(one_of(&mut sweeps.iter().filter(|sweep| names.contains(&sweep.name))))
}

/// True if a run has the objective: where all have failed, none does, and there is nothing to sort by.
fn is_measured(store: &Store, objective: Option<&Objective>) -> Result<bool, CliError> {
    let Some(Objective { metric, .. }) = objective else { return Ok(false) };
    let sort = vec![by_name(&format!("metrics.`{metric}`"), false)?];
    match store.runs(&Query { sort, limit: Some(0), ..Query::default() }) {
        Err(StoreError::Filter(_)) => Ok(false),
        found => Ok(found.map(|_| true)?),
    }
}

/// A column that no run has is a typo and no empty column.
fn check_columns(store: &Store, columns: &[String]) -> Result<(), CliError> {
    let sort = columns
        .iter()
        .filter(|name| name.as_str() != "tags")
        .map(|name| by_name(name, false))
        .collect::<Result<Vec<_>, _>>()?;
    store.runs(&Query { sort, limit: Some(0), ..Query::default() })?;
    Ok(())
}

/// A column by its name in the store or at the head of the table.
pub(super) fn by_name(name: &str, descending: bool) -> Result<(Column, bool), CliError> {
    let (name, descending) = match name {
        "run" => ("id", descending),
        "time" => ("seconds", descending),
        "age" => ("started", !descending),
        name => (name, descending),
    };
    let column = Column::parse(name).map_err(|error| CliError::usage(error.to_string()))?;
    Ok((column, descending))
}

/// What the user says, else best first, else newest first.
fn sort(args: &RunsArgs, objective: Option<&Objective>) -> Result<Vec<(Column, bool)>, CliError> {
    if args.sort.is_empty() {
        return match objective {
            Some(Objective { metric, goal }) => {
                Ok(vec![by_name(&format!("metrics.`{metric}`"), *goal == Goal::Maximize)?])
            }
            None => Ok(Vec::new()),
        };
    }
    let columns = args.sort.iter().map(|text| match text.strip_prefix('-') {
        Some(name) => by_name(name, true),
        None => by_name(text, false),
    });
    columns.collect()
}

/// The objective, or one metric per sweep, and whatever the runs are sorted by.
fn metrics(
    args: &RunsArgs,
    objective: Option<&Objective>,
    sweeps: &[SweepRow],
    runs: &[RunRecord],
) -> Vec<String> {
    let mut names: IndexSet<String> = objective.iter().map(|o| o.metric.clone()).collect();
    for name in &args.sort {
        let name = name.trim_start_matches('-').trim_start_matches("metrics.");
        if runs.iter().any(|run| run.metrics.contains_key(name)) {
            names.insert(name.to_string());
        }
    }
    if names.is_empty() {
        let listed =
            |sweep: &&SweepRow| runs.iter().any(|run| run.sweep.as_ref() == Some(&sweep.name));
        names.extend(sweeps.iter().filter(listed).map(|s| s.objectives[0].metric.clone()));
    }
    if names.is_empty() {
        // Runs by hand have no objective: what they measured first stands for it.
        let own = runs.iter().flat_map(|run| own_metrics(run).take(OWN_METRICS));
        let own: IndexSet<&str> = own.collect();
        names.extend(own.into_iter().take(OWN_METRICS).map(String::from));
    }
    names.into_iter().collect()
}

/// The metrics of the script's own.
pub(super) fn own_metrics(run: &RunRecord) -> impl Iterator<Item = &str> {
    run.metrics.keys().map(String::as_str).filter(|name| !name.starts_with(SYSTEM))
}

/// The metric of every listed sweep, if these are several.
fn aims(sweeps: &[SweepRow], runs: &[RunRecord]) -> BTreeMap<String, String> {
    let listed = |sweep: &&SweepRow| runs.iter().any(|run| run.sweep.as_ref() == Some(&sweep.name));
    let aims = sweeps.iter().filter(listed);
    aims.map(|sweep| (sweep.name.clone(), sweep.objectives[0].metric.clone())).collect()
}

fn nothing(ui: &Ui, args: &RunsArgs, store: &Store) -> Result<Exit, CliError> {
    let all = store.count(&Query::default())?;
    let binned = store.count(&Query { only_deleted: true, ..Query::default() })?;
    if args.deleted && binned == 0 {
        ui.out.line(" no runs in the bin")?;
    } else if args.deleted {
        let filter = args.filter.join(" ");
        ui.out.line(&format!(" 0 of {} in the bin match '{filter}'", plural(binned, "run")))?;
    } else if all == 0 && binned > 0 {
        let runs = plural(binned, "run");
        ui.out.line(&format!(" no runs but {runs} in the bin   next  derby runs --deleted"))?;
    } else if args.filter.is_empty() || all == 0 {
        ui.out.line(" no runs yet   next  derby sweep FILE (derby init DATA.csv writes one)")?;
    } else {
        ui.out.line(&format!(" 0 of {} runs match '{}'", count(all), args.filter.join(" ")))?;
    }
    Ok(Exit::Done)
}

fn footer(
    ui: &Ui,
    args: &RunsArgs,
    runs: &[RunRecord],
    total: u64,
    hidden: &Hidden,
) -> Result<Exit, CliError> {
    let shown = runs.len() as u64;
    let bin = if args.deleted { " in the bin" } else { "" };
    let mut parts = vec![format!("{} of {}{bin}", count(shown), count(total))];
    if shown < total && args.top.is_none() {
        parts.push("all: --top 0".into());
    }
    if !hidden.equal.is_empty() {
        parts.push(format!("equal in all rows: {} (--all-columns)", hidden.equal.join(", ")));
    }
    if !hidden.no_room.is_empty() {
        parts.push(format!("no room for {} (--columns A,B)", hidden.no_room.join(", ")));
    }
    ui.out.line(&ui.out.paint(Role::Muted, &format!(" {}", parts.join("; "))))?;
    Ok(Exit::Done)
}
