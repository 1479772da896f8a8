//! What the figures ask of the store, and the answers, reduced to what can be drawn.

use super::column::{Column, Holds, field_of};
use super::field::Interpolated;
use super::table::{MOST_OTHERS, MOST_SCORED, Row, Table, sample};
use super::times::{Times, times};
use crate::compare::{PedAnovaOptions, ScoredPoint, ped_anova};
use crate::domain::{Objective, RunId, Status, SweepId, Value};
use crate::metrics;
use crate::space::Space;
use crate::spec::{self, Known, Overrides};
use crate::store::filter::Attribute;
use crate::store::{Cell, Field, SweepRow, TrialRow};
use crate::tui::ask::{Freshness, Reader, Trouble};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Runs that are looked at for the names of the sweep's metrics.
const LOOKED_AT: usize = 8;
/// Metrics beside the objectives.
const MOST_METRICS: usize = 40;
/// Other sweeps that are compared by their distribution.
const MOST_SWEEPS: usize = 5;
/// Steps of a distribution.
const MOST_STEPS: usize = 400;

/// A table that is the same as another if it is the very same.
#[derive(Debug, Clone)]
pub struct Handle(pub(super) Arc<Table>);

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A question of the figures.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// The runs of a sweep as columns.
    Table {
        /// The sweep.
        sweep: SweepId,
        /// Changes each time that twice as many runs have finished: a sweep that begins is read at once.
        wave: u32,
    },
    /// The first objective over two columns of a table.
    Field {
        /// The runs.
        of: Handle,
        /// The columns along the bottom and along the side.
        at: (usize, usize),
        /// Whether they are spread by the logarithm.
        logs: (bool, bool),
    },
    /// Which run was at work when.
    Times {
        /// The sweep.
        sweep: SweepId,
    },
    /// The scores of the other sweeps of the same objective.
    Others {
        /// The sweep.
        sweep: SweepId,
    },
}

/// An answer to it.
#[derive(Debug)]
pub enum Answer {
    /// The runs.
    Table(Handle),
    /// The interpolated scores.
    Field(Interpolated),
    /// Bars over time.
    Times(Times),
    /// The newest first.
    Others(Vec<Scores>),
}

/// The scores of a sweep's finished trials.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// The sweep's name.
    pub(super) name: String,
    /// How many there are.
    pub(super) n: usize,
    /// Score and share of trials at or below, ascending.
    pub(super) steps: Vec<(f64, f64)>,
}

impl Ask {
    /// Its place: a newer question there drives an older one out.
    pub fn slot(&self) -> u8 {
        match self {
            Self::Table { .. } => 100,
            Self::Field { .. } => 101,
            Self::Times { .. } => 102,
            Self::Others { .. } => 103,
        }
    }

    /// What makes its answer stale.
    pub fn freshness(&self) -> Freshness {
        match self {
            Self::Table { .. } | Self::Times { .. } => Freshness::Runs,
            Self::Field { .. } | Self::Others { .. } => Freshness::Still,
        }
    }

    /// True for work of more than a few milliseconds.
    pub fn is_slow(&self) -> bool {
        true
    }

    /// Answers it.
    pub(in crate::tui) fn answer(&self, reader: &Reader) -> Result<Answer, Trouble> {
        Ok(match self {
            Self::Table { sweep, .. } => Answer::Table(Handle(Arc::new(table(reader, *sweep)?))),
            Self::Field { of, at, logs } => Answer::Field(Interpolated::of(&of.0, *at, *logs)),
            Self::Times { sweep } => Answer::Times(times(reader, *sweep)?),
            Self::Others { sweep } => Answer::Others(others(reader, *sweep)?),
        })
    }
}

/// Runs that are kept, with what the sampler knows of them.
struct Kept {
    trials: Vec<(TrialRow, RunId)>,
    n_scored: usize,
    total_scored: usize,
    without_score: usize,
    total: usize,
}

fn is_scored(trial: &TrialRow) -> bool {
    trial.status == Some(Status::Done) && trial.loss.is_some_and(f64::is_finite)
}

fn kept(trials: Vec<TrialRow>) -> Kept {
    let with_run = trials.into_iter().filter_map(|trial| trial.run.map(|run| (trial, run)));
    let over = with_run.filter(|(trial, _)| trial.status.is_some_and(Status::is_over));
    let (mut scored, mut others): (Vec<_>, Vec<_>) = over.partition(|(trial, _)| is_scored(trial));
    let loss = |trial: &TrialRow| trial.loss.unwrap_or(f64::NAN);
    scored.sort_by(|a, b| loss(&a.0).total_cmp(&loss(&b.0)));
    let is_done = |of: &&(TrialRow, RunId)| of.0.status == Some(Status::Done);
    let without_score = others.iter().filter(is_done).count();
    let (total_scored, total) = (scored.len(), scored.len() + others.len());
    keep(&mut scored, MOST_SCORED);
    keep(&mut others, MOST_OTHERS);
    let n_scored = scored.len();
    scored.append(&mut others);
    Kept { trials: scored, n_scored, total_scored, without_score, total }
}

fn keep<T>(list: &mut Vec<T>, most: usize) {
    let mut wanted = sample(list.len(), most).into_iter().peekable();
    let mut at = 0;
    list.retain(|_| {
        at += 1;
        wanted.next_if_eq(&(at - 1)).is_some()
    });
}

fn table(reader: &Reader, id: SweepId) -> Result<Table, Trouble> {
    let store = &reader.store;
    let sweep = store.sweep_by_id(id)?;
    let same_name = store.sweeps()?.iter().filter(|other| other.name == sweep.name).count();
    let known = store.known_names()?;
    let all = store.trials(id)?;
    let runs = || all.iter().filter_map(|trial| trial.run).map(|run| run.0);
    let ids = (runs().min().unwrap_or(0), runs().max().unwrap_or(0));
    let kept = kept(all);
    let mut columns = params(&sweep, &kept, &known.metrics);
    columns.extend(measured(reader, &sweep, &kept)?);
    let row = |(trial, run): &(TrialRow, RunId)| Row {
        run: *run,
        trial: trial.number,
        status: trial.status.unwrap_or(Status::Queued),
    };
    Ok(Table {
        sweep: id,
        name: sweep.name,
        file: sweep.file,
        is_alone: same_name == 1,
        ids,
        objectives: sweep.objectives,
        rows: kept.trials.iter().map(row).collect(),
        n_scored: kept.n_scored,
        total_scored: kept.total_scored,
        without_score: kept.without_score,
        total: kept.total,
        is_live: store.driver(id)?.is_some(),
        columns,
    })
}

/// The search space as it is recorded; none if the record does not read, as of another version's.
fn space_of(sweep: &SweepRow) -> Option<Arc<Space>> {
    let (overrides, known) = (Overrides::default(), Known::built_in());
    let file = Path::new(&sweep.file);
    let parsed = spec::parse(&sweep.text, spec::Format::Toml, file, &overrides, &known);
    parsed.ok().map(|parsed| parsed.space)
}

/// The parameters, the most important first.
fn params(sweep: &SweepRow, kept: &Kept, metrics: &BTreeMap<String, i64>) -> Vec<Column> {
    let is_of = |space: &Arc<Space>| {
        kept.trials.iter().all(|(trial, _)| trial.point.0.len() == space.len())
    };
    let Some(space) = space_of(sweep).filter(is_of) else { return recorded(kept, metrics) };
    let of = |idx: usize| {
        let name = &space.dims()[idx].name;
        let value = |(trial, _): &(TrialRow, RunId)| {
            trial.params.get(name).filter(|_| trial.point.0[idx].is_some()).cloned()
        };
        let values: Vec<Option<Value>> = kept.trials.iter().map(value).collect();
        let mut column = Column::dimension(&space, idx, &values);
        column.call(field_of(name, metrics.contains_key(name)));
        column
    };
    let mut columns: Vec<Column> = (0..space.len()).map(of).filter(Column::has_values).collect();
    let Some(objective) = sweep.objectives.first() else { return columns };
    let scored = kept.trials[..kept.n_scored].iter().map(|(trial, _)| ScoredPoint {
        point: &trial.point,
        score: objective.goal.loss(trial.loss.unwrap_or(f64::NAN)),
    });
    let scored: Vec<ScoredPoint<'_>> = scored.collect();
    // Without importances, as with a single trial, they come as in the sweep file.
    let options = PedAnovaOptions { resamples: 0, ..PedAnovaOptions::default() };
    if let Ok(found) = ped_anova(&space, &scored, objective, &options) {
        for column in &mut columns {
            let own = found.params.iter().find(|param| param.id == column.name);
            column.importance = own.map(|param| param.share);
        }
        let share = |column: &Column| column.importance.unwrap_or(f64::NEG_INFINITY);
        columns.sort_by(|a, b| share(b).total_cmp(&share(a)));
    }
    columns
}

/// The parameters as the trials have them, by name: where there is no space to tell their kinds.
fn recorded(kept: &Kept, metrics: &BTreeMap<String, i64>) -> Vec<Column> {
    let of = |(trial, _): &(TrialRow, RunId)| -> Vec<String> {
        trial.params.iter().map(|(name, _)| name.to_string()).collect()
    };
    let names: BTreeSet<String> = kept.trials.iter().flat_map(of).collect();
    let column = |name: &String| {
        let value = |(trial, _): &(TrialRow, RunId)| trial.params.get(name).cloned();
        let values: Vec<Option<Value>> = kept.trials.iter().map(value).collect();
        let mut column = Column::values(name, &[], &values);
        column.call(field_of(name, metrics.contains_key(name)));
        column
    };
    names.iter().map(column).collect()
}

/// Objectives, metrics, seconds and the number of the trial.
fn measured(reader: &Reader, sweep: &SweepRow, kept: &Kept) -> Result<Vec<Column>, Trouble> {
    let ids: Vec<RunId> = kept.trials.iter().map(|(_, run)| *run).collect();
    let aims: Vec<&str> = sweep.objectives.iter().map(|aim| aim.metric.as_str()).collect();
    let mut names: Vec<String> = aims.iter().map(|name| (*name).to_string()).collect();
    let others = metric_names(reader, &ids)?;
    names.extend(others.into_iter().filter(|name| !aims.contains(&name.as_str())));
    let fields: Vec<Field> = names.iter().map(|name| Field::Metric(name.clone())).collect();
    let rows = reader.store.rows(&ids, &fields)?;
    let rows: BTreeMap<RunId, _> = rows.into_iter().map(|row| (row.id, row)).collect();
    let mut columns = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let number = |id: &RunId| match rows.get(id).and_then(|row| row.cells.get(at)) {
            Some(Cell::Number(value)) => *value,
            Some(Cell::Int(value)) => *value as f64,
            _ => f64::NAN,
        };
        let aim = sweep.objectives.get(at);
        let mut values: Vec<f64> = ids.iter().map(number).collect();
        if let Some(first) = aim.filter(|_| at == 0) {
            score(&mut values, kept, first);
        }
        let goal = || metrics::info(name).map(|info| info.goal);
        let holds = aim.map_or_else(|| Holds::Metric(goal()), |aim| Holds::Objective(aim.goal));
        columns.push(Column::numbers(name, holds, field_of_metric(name), values));
    }
    let seconds = |id: &RunId| rows.get(id).and_then(|row| row.seconds).unwrap_or(f64::NAN);
    let seconds = ids.iter().map(seconds).collect();
    let field = Field::Attribute(Attribute::Seconds);
    columns.push(Column::numbers("seconds", Holds::Seconds, field, seconds));
    let trials = kept.trials.iter().map(|(trial, _)| trial.number as f64).collect();
    let field = Field::Attribute(Attribute::Trial);
    columns.push(Column::numbers("trial", Holds::Trial, field, trials));
    let is_aim = |column: &Column| matches!(column.holds, Holds::Objective(_));
    columns.retain(|column| is_aim(column) || column.has_values());
    Ok(columns)
}

/// A trial's score is of all its replicates; a run's metric is the run's own.
fn score(values: &mut [f64], kept: &Kept, objective: &Objective) {
    for (value, (trial, _)) in values.iter_mut().zip(&kept.trials).take(kept.n_scored) {
        *value = objective.goal.loss(trial.loss.unwrap_or(f64::NAN));
    }
}

fn field_of_metric(name: &str) -> Field {
    match Attribute::parse(name) {
        Some(_) => Field::Metric(name.into()),
        None => Field::Name(name.into()),
    }
}

/// The metrics that some of the runs have.
fn metric_names(reader: &Reader, ids: &[RunId]) -> Result<Vec<String>, Trouble> {
    let every = ids.len().div_ceil(LOOKED_AT).max(1);
    let mut names = BTreeSet::new();
    for id in ids.iter().step_by(every) {
        names.extend(reader.store.run_by_id(*id)?.metrics.into_keys());
    }
    Ok(names.into_iter().take(MOST_METRICS).collect())
}

/// The newest other sweeps of the same objective.
fn others(reader: &Reader, id: SweepId) -> Result<Vec<Scores>, Trouble> {
    let sweeps = reader.store.sweeps()?;
    let own = sweeps.iter().find(|sweep| sweep.id == id).and_then(|own| own.objectives.first());
    let mut same: Vec<&SweepRow> = sweeps
        .iter()
        .filter(|sweep| sweep.id != id && own.is_some() && sweep.objectives.first() == own)
        .collect();
    same.sort_by_key(|sweep| std::cmp::Reverse(sweep.id));
    let mut found = Vec::new();
    for sweep in same.into_iter().take(MOST_SWEEPS) {
        let Some(objective) = sweep.objectives.first() else { continue };
        let losses = reader.store.losses(sweep.id)?.into_iter();
        let scores: Vec<f64> = losses.map(|loss| objective.goal.loss(loss)).collect();
        if !scores.is_empty() {
            let (n, steps) = (scores.len(), distribution(scores));
            found.push(Scores { name: sweep.name.clone(), n, steps });
        }
    }
    Ok(found)
}

/// The share of the values at or below each; ends are kept, in between at most so many.
pub(super) fn distribution(mut values: Vec<f64>) -> Vec<(f64, f64)> {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let n = values.len();
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for (at, value) in values.into_iter().enumerate() {
        let share = (at + 1) as f64 / n as f64;
        match steps.last_mut() {
            Some(last) if last.0 == value => last.1 = share,
            _ => steps.push((value, share)),
        }
    }
    if steps.len() > MOST_STEPS {
        let last = steps.len() - 1;
        let every = last as f64 / (MOST_STEPS - 1) as f64;
        steps = (0..MOST_STEPS)
            .map(|at| steps[((at as f64 * every).round() as usize).min(last)])
            .collect();
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_counts_ties_once_and_leaves_out_what_is_not_finite() {
        let found = distribution(vec![2.0, f64::NAN, 1.0, 2.0, f64::INFINITY, 5.0]);
        assert_eq!(found, vec![(1.0, 0.25), (2.0, 0.75), (5.0, 1.0)]);
        assert!(distribution(Vec::new()).is_empty());
        let many = distribution((0..10_000).map(f64::from).collect());
        assert_eq!((many.len(), many[0].0, many[399]), (400, 0.0, (9_999.0, 1.0)));
    }
}
