//! What the compare screen asks of the store, and the answers.

use super::curve::{self, RunCurve};
use super::predicted::{self, Ranks, Slices};
use crate::domain::{Goal, MetricPoint, RunId, RunRecord, Status, SweepId, Value, fold_scores};
use crate::space::Row;
use crate::spec::{self, Format, Known, Overrides};
use crate::store::{Query, Store, StoreError, SweepRow, filter};
use crate::tui::ask::{Freshness, Reader, Trouble};
use indexmap::IndexSet;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Values of a metric beyond which its folds are not read: that many are no folds but a log.
const MOST_VALUES: u64 = 200_000;
/// Runs of a sweep, and the newest of all, that are offered to be added.
const OFFERED: usize = 100;

/// A question of the screen. Runs come in ascending order, so that another order of the columns asks for nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// The runs.
    Runs {
        /// Which.
        ids: Vec<RunId>,
        /// True if one of them is at work.
        live: bool,
    },
    /// The scores of every metric by fold.
    Folds {
        /// Which runs.
        ids: Vec<RunId>,
        /// True if one of them is at work.
        live: bool,
    },
    /// The curves of a metric.
    Curves {
        /// Which runs.
        ids: Vec<RunId>,
        /// Of what.
        metric: String,
        /// True if one of them is at work.
        live: bool,
    },
    /// ROC and precision by recall of what they predict out of fold.
    Ranks(Vec<RunId>),
    /// A metric on parts of the data.
    Slices {
        /// Which runs.
        ids: Vec<RunId>,
        /// Of what.
        metric: String,
    },
    /// Runs that could be added.
    Offers {
        /// Those that are there.
        ids: Vec<RunId>,
        /// Their sweep, and what it aims at.
        sweep: Option<(String, String, Goal)>,
        /// Champions.
        champions: Vec<RunId>,
    },
    /// The run that a text means.
    Find(String),
}

/// What is known of a run.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its record.
    pub record: RunRecord,
    /// What its sweep aims at, and in which direction.
    pub objectives: Vec<(String, Goal)>,
    /// Parameters that are its model's own, which may be other ones than another model's of the same name.
    pub own: BTreeSet<String>,
}

/// The scores of a metric by fold: context and score. None where there are too many values to be folds.
pub type FoldScores = Option<Vec<(String, f64)>>;

/// The scores of every metric by fold, by run.
pub type Folds = BTreeMap<String, BTreeMap<RunId, FoldScores>>;

/// A run that could be added: its number, and words about it.
pub type Offer = (RunId, String, String);

/// An answer to it.
#[derive(Debug)]
pub enum Answer {
    /// The runs; one that is gone is left out.
    Runs(BTreeMap<RunId, Found>),
    /// Scores by fold.
    Folds(Folds),
    /// Curves by run.
    Curves(BTreeMap<RunId, RunCurve>),
    /// ROC and kin.
    Ranks(Box<Ranks>),
    /// Scores by part of the data.
    Slices(Slices),
    /// Runs that could be added.
    Offers(Vec<Offer>),
    /// A run.
    Find(RunId),
}

impl Ask {
    /// Its place: a newer question there drives an older one out.
    pub fn slot(&self) -> u8 {
        match self {
            Self::Runs { .. } => 0,
            Self::Folds { .. } => 1,
            Self::Curves { .. } => 2,
            Self::Ranks(_) => 3,
            Self::Slices { .. } => 4,
            Self::Offers { .. } => 5,
            Self::Find(_) => 6,
        }
    }

    /// What makes its answer stale.
    pub fn freshness(&self) -> Freshness {
        match self {
            Self::Runs { live: true, .. }
            | Self::Folds { live: true, .. }
            | Self::Curves { live: true, .. } => Freshness::Points,
            Self::Runs { .. } | Self::Folds { .. } | Self::Curves { .. } => Freshness::Runs,
            _ => Freshness::Still,
        }
    }

    /// True for work of more than a few milliseconds.
    pub fn is_slow(&self) -> bool {
        !matches!(self, Self::Runs { .. } | Self::Find(_))
    }

    /// Answers it.
    pub(in crate::tui) fn answer(&self, reader: &Reader) -> Result<Answer, Trouble> {
        let store = &reader.store;
        Ok(match self {
            Self::Runs { ids, .. } => Answer::Runs(runs(store, ids)?),
            Self::Folds { ids, .. } => Answer::Folds(folds(store, ids)?),
            Self::Curves { ids, metric, .. } => {
                let mut curves = BTreeMap::new();
                for run in records(store, ids)? {
                    let mut series = Vec::new();
                    for key in store.series_of(run.id, metric)? {
                        let stamped = store.stamped_series(run.id, &key)?;
                        series.push((key.context, stamped));
                    }
                    curves.insert(run.id, curve::of_series(series, run.started));
                }
                Answer::Curves(curves)
            }
            Self::Ranks(ids) => Answer::Ranks(Box::new(predicted::ranks(store, ids)?)),
            Self::Slices { ids, metric } => Answer::Slices(predicted::slices(store, ids, metric)?),
            Self::Offers { ids, sweep, champions } => {
                Answer::Offers(offers(store, ids, sweep.as_ref(), champions)?)
            }
            Self::Find(text) => Answer::Find(store.run_id(text)?),
        })
    }
}

/// Those of the runs that there are still.
pub(super) fn records(store: &Store, ids: &[RunId]) -> Result<Vec<RunRecord>, StoreError> {
    let mut records = Vec::with_capacity(ids.len());
    for id in ids {
        match store.run_by_id(*id) {
            Ok(record) => records.push(record),
            Err(StoreError::NoSuchRun { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(records)
}

fn runs(store: &Store, ids: &[RunId]) -> Result<BTreeMap<RunId, Found>, StoreError> {
    let mut found = BTreeMap::new();
    let mut branches: BTreeMap<SweepId, Vec<Row>> = BTreeMap::new();
    for record in records(store, ids)? {
        let sweep = store.sweep_of(record.id)?;
        let sweep = sweep.map(|sweep| store.sweep_by_id(sweep)).transpose()?;
        let mut own = BTreeSet::new();
        if let (Some(row), Some(Value::Text(model))) = (&sweep, record.params.get("model")) {
            let tree = branches.entry(row.id).or_insert_with(|| tree(row));
            let is_own = |dim: &&Row| dim.branch.as_ref() == Some(model);
            own.extend(tree.iter().filter(is_own).map(|dim| dim.name.clone()));
        }
        let objectives = sweep.map(|sweep| sweep.objectives).unwrap_or_default();
        let objectives = objectives.into_iter().map(|one| (one.metric, one.goal)).collect();
        found.insert(record.id, Found { record, objectives, own });
    }
    Ok(found)
}

/// The space of a sweep as it is recorded; empty if its file does not check here and now.
fn tree(row: &SweepRow) -> Vec<Row> {
    let (overrides, known) = (Overrides::default(), Known::built_in());
    let sweep = spec::parse(&row.text, Format::Toml, Path::new(&row.file), &overrides, &known);
    sweep.map(|sweep| sweep.space.tree()).unwrap_or_default()
}

fn folds(store: &Store, ids: &[RunId]) -> Result<Folds, StoreError> {
    let records = records(store, ids)?;
    let names: IndexSet<&String> = records.iter().flat_map(|run| run.metrics.keys()).collect();
    let mut found = Folds::new();
    for name in names {
        let mut by_run = BTreeMap::new();
        for run in &records {
            let Some(summary) = run.metrics.get(name) else { continue };
            let scores = if summary.n > MOST_VALUES {
                None
            } else {
                let points = store.series(run.id, name)?;
                let score = |point: &MetricPoint| (point.context.clone(), point.value);
                Some(fold_scores(&points).into_iter().map(score).collect())
            };
            by_run.insert(run.id, scores);
        }
        found.insert(name.clone(), by_run);
    }
    Ok(found)
}

/// Champions first, then the best of the sweep, then the newest of all.
fn offers(
    store: &Store,
    ids: &[RunId],
    sweep: Option<&(String, String, Goal)>,
    champions: &[RunId],
) -> Result<Vec<Offer>, StoreError> {
    let mut order: IndexSet<RunId> = champions.iter().copied().collect();
    let metric = sweep.map(|(_, metric, _)| filter::Field::Metric(metric.clone()));
    if let Some((name, _, goal)) = sweep {
        let of_sweep = filter::Expr::Compare {
            field: filter::Field::Attribute(filter::Attribute::Sweep),
            op: filter::Op::Eq,
            value: filter::Literal::Text(name.clone()),
        };
        let sort = metric.iter().map(|field| (field.clone(), *goal == Goal::Maximize)).collect();
        let query = Query {
            filter: Some(of_sweep),
            sort,
            feasible_first: true,
            limit: Some(OFFERED),
            ..Query::default()
        };
        order.extend(store.run_ids(&query)?);
    }
    order.extend(store.run_ids(&Query { limit: Some(OFFERED), ..Query::default() })?);
    let wanted: Vec<RunId> = order.into_iter().filter(|id| !ids.contains(id)).collect();
    let columns = [filter::Field::Name("model".into())].into_iter().chain(metric);
    let rows = store.rows(&wanted, &columns.collect::<Vec<_>>())?;
    let offer = |row: crate::store::RunRow| {
        let mut about = vec![row.name.clone()];
        about.extend(row.sweep.clone());
        let mut cells = row.cells.iter();
        if let Some(crate::store::Cell::Text(model)) = cells.next() {
            about.push(model.clone());
        }
        let score = match (cells.next(), sweep) {
            (Some(crate::store::Cell::Number(score)), Some((_, metric, _))) => {
                format!("{metric} {}", crate::report::words::measured(metric, *score))
            }
            _ => String::new(),
        };
        if row.status != Status::Done {
            about.push(row.status.word().into());
        }
        if champions.contains(&row.id) {
            about.push("champion".into());
        }
        (row.id, score, about.join("  "))
    };
    Ok(rows.into_iter().map(offer).collect())
}
