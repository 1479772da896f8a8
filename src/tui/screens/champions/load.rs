//! What the champions screen asks of ledgers and store, and the answers.

use crate::champion::{self, Ledger, LedgerError, ModelName, Report};
use crate::domain::{Digest, Goal, Objective, RunId, RunRecord};
use crate::host::clock;
use crate::store::filter::{Attribute, Pattern};
use crate::store::{Expr, Field, Query, Store, StoreError, SweepRow};
use crate::tui::ask::{Freshness, Reader, Trouble};
use std::path::Path;

/// Sweeps of a model that are looked at, the newest first.
const SWEEPS: usize = 8;
/// Best runs that are shown.
const BEST: usize = 40;
/// Judged runs that are shown, the newest first.
const JUDGED: usize = 20;

/// A question of the screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Which models there are, whether their ledgers have changed, and the model of a run.
    Models {
        /// The run.
        of: Option<RunId>,
    },
    /// A ledger.
    Book {
        /// The model.
        model: String,
        /// What its file was when it was last looked at: another one is another question.
        stamp: String,
    },
    /// Runs that could challenge.
    Rivals {
        /// The model.
        model: String,
        /// As of the ledger.
        stamp: String,
        /// A run that is shown whether or not it is among the best.
        picked: Option<RunId>,
    },
}

/// An answer to it.
#[derive(Debug)]
pub enum Answer {
    /// The models.
    Models(Models),
    /// A ledger.
    Book(Box<Book>),
    /// Runs.
    Rivals(Vec<Rival>),
}

/// The models that are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Models {
    /// Registered ones, by name.
    pub known: Vec<Stamped>,
    /// Models of sweeps that have no ledger, that of the newest sweep first.
    pub possible: Vec<String>,
    /// The model of the run that was asked about.
    pub of: Option<(RunId, String)>,
}

impl Models {
    /// True if the model has a ledger.
    pub(super) fn is_known(&self, model: &str) -> bool {
        self.known.iter().any(|one| one.model == model)
    }
}

/// A model and the state of its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamped {
    /// Its name.
    pub model: String,
    /// Size and time of its file, and the head that the store remembers.
    pub stamp: String,
}

/// A ledger, or what is wrong with it.
#[derive(Debug)]
pub struct Book {
    /// The model.
    pub model: String,
    /// The ledger, as far as it is sound.
    pub ledger: Result<Ledger, String>,
    /// The check of the ledger and of what is kept beside it.
    pub report: Option<Report>,
    /// Rows of the holdout that this period has used.
    pub used_rows: Result<usize, String>,
    /// The champion's run, where this store has it.
    pub run: Option<RunId>,
    /// True if there is no ledger at all.
    pub is_unknown: bool,
}

/// A run that could challenge.
#[derive(Debug, Clone)]
pub struct Rival {
    /// The run.
    pub record: RunRecord,
    /// What its sweep optimizes.
    pub objective: Option<Objective>,
}

impl Rival {
    /// Its score by the objective over the folds.
    pub fn score(&self) -> Option<f64> {
        let metric = &self.objective.as_ref()?.metric;
        self.record.metrics.get(metric).map(|summary| summary.score)
    }
}

impl Ask {
    /// Its place: a newer question there drives an older one out.
    pub fn slot(&self) -> u8 {
        match self {
            Self::Models { .. } => 0,
            Self::Book { .. } => 1,
            Self::Rivals { .. } => 2,
        }
    }

    /// What makes its answer stale. Whoever promotes lets the store remember the new head, which is a write.
    pub fn freshness(&self) -> Freshness {
        match self {
            Self::Models { .. } => Freshness::Points,
            Self::Book { .. } => Freshness::Still,
            Self::Rivals { .. } => Freshness::Runs,
        }
    }

    /// True for work of more than a few milliseconds.
    pub fn is_slow(&self) -> bool {
        !matches!(self, Self::Models { .. })
    }

    /// Answers it.
    pub(in crate::tui) fn answer(&self, reader: &Reader) -> Result<Answer, Trouble> {
        Ok(match self {
            Self::Models { of } => Answer::Models(models(reader, *of)?),
            Self::Book { model, .. } => Answer::Book(Box::new(book(reader, model)?)),
            Self::Rivals { model, picked, .. } => Answer::Rivals(rivals(reader, model, *picked)?),
        })
    }
}

fn models(reader: &Reader, of: Option<RunId>) -> Result<Models, Trouble> {
    let store = &reader.store;
    let mut sweeps = store.sweeps()?;
    sweeps.sort_by_key(|sweep| std::cmp::Reverse(sweep.id));
    let mut known = Vec::new();
    for model in Ledger::models(&reader.ledgers)? {
        known.push(stamped(reader, model.as_str())?);
    }
    let mut possible: Vec<String> = Vec::new();
    for sweep in &sweeps {
        let model = &sweep.model;
        if known.iter().any(|one| one.model == *model) || possible.contains(model) {
            continue;
        }
        // A ledger that the store remembers and that is gone is a loud thing, not a new beginning.
        if ModelName::parse(model).is_ok() && store.anchor(model)?.is_some() {
            known.push(stamped(reader, model)?);
        } else {
            possible.push(model.clone());
        }
    }
    let of = match of {
        Some(run) => model_of(store, run)?.map(|model| (run, model)),
        None => None,
    };
    Ok(Models { known, possible, of })
}

fn stamped(reader: &Reader, model: &str) -> Result<Stamped, Trouble> {
    let path = reader.ledgers.join(format!("{model}.jsonl"));
    let file = match std::fs::metadata(&path) {
        Ok(data) => {
            let changed = data.modified().map(clock::system_ms).unwrap_or_default();
            format!("{} {changed}", data.len())
        }
        Err(error) => error.kind().to_string(),
    };
    let head = reader.store.anchor(model)?.map(|head| head.hex()).unwrap_or_default();
    Ok(Stamped { model: model.into(), stamp: format!("{file} {head}") })
}

fn model_of(store: &Store, run: RunId) -> Result<Option<String>, StoreError> {
    match store.sweep_of(run)? {
        Some(sweep) => Ok(Some(store.sweep_by_id(sweep)?.model)),
        None => Ok(None),
    }
}

/// A ledger that is broken is an answer, not an error: the screen shows it.
fn book(reader: &Reader, model: &str) -> Result<Book, Trouble> {
    let name = ModelName::parse(model).map_err(LedgerError::from)?;
    let anchor = reader.store.anchor(model)?;
    let opened = Ledger::existing(&reader.ledgers, &name, anchor);
    let is_unknown = matches!(opened, Err(LedgerError::Unknown { .. }));
    let ledger = opened.map_err(|error| from_here(&error.to_string(), &reader.here));
    let heads: Vec<Digest> = anchor.into_iter().collect();
    let report = champion::verify(&reader.ledgers, &name, &heads).ok();
    let used_rows = match &ledger {
        Ok(ledger) => ledger.used_rows().map(|rows| rows.len()).map_err(|error| error.to_string()),
        Err(_) => Ok(0),
    };
    let run = match &ledger {
        Ok(ledger) => ledger
            .registry()
            .champion()
            .and_then(|champion| champion.version.run.as_ref())
            .and_then(|run| reader.store.run_id(&run.uuid).ok()),
        Err(_) => None,
    };
    Ok(Book { model: model.into(), ledger, report, used_rows, run, is_unknown })
}

/// Text with paths as they are seen from the folder where derby was started.
fn from_here(text: &str, here: &Path) -> String {
    let prefix = format!("{}/", here.display());
    text.replace(&prefix, "")
}

fn rivals(reader: &Reader, model: &str, picked: Option<RunId>) -> Result<Vec<Rival>, Trouble> {
    let store = &reader.store;
    let mut sweeps: Vec<SweepRow> =
        store.sweeps()?.into_iter().filter(|sweep| sweep.model == model).collect();
    sweeps.sort_by_key(|sweep| std::cmp::Reverse(sweep.id));
    let objective_of = |record: &RunRecord| {
        let own = sweeps.iter().find(|sweep| record.sweep.as_ref() == Some(&sweep.name));
        own.or(sweeps.first()).and_then(|sweep| sweep.objectives.first()).cloned()
    };
    let mut found: Vec<Rival> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for sweep in sweeps.iter().filter(|sweep| sweep.best.is_some()) {
        if names.contains(&sweep.name.as_str()) || names.len() == SWEEPS {
            continue;
        }
        names.push(&sweep.name);
        found.extend(best_of(store, sweep)?);
    }
    let main = sweeps.first().and_then(|sweep| sweep.objectives.first()).cloned();
    found.sort_by(|a, b| order(main.as_ref(), a, b));
    found.truncate(BEST);
    let judged = judged(reader, model)?;
    for id in picked.into_iter().chain(judged) {
        if found.iter().all(|rival| rival.record.id != id)
            && let Ok(record) = store.run_by_id(id)
        {
            let objective = objective_of(&record);
            found.push(Rival { record, objective });
        }
    }
    Ok(found)
}

/// Runs that the gate has judged, the newest first.
fn judged(reader: &Reader, model: &str) -> Result<Vec<RunId>, Trouble> {
    let name = ModelName::parse(model).map_err(LedgerError::from)?;
    let Ok(ledger) = Ledger::existing(&reader.ledgers, &name, None) else { return Ok(Vec::new()) };
    let uuids = ledger.registry().gates().iter().rev().filter_map(|gate| gate.what.run.as_ref());
    let runs = uuids.filter_map(|run| reader.store.run_id(&run.uuid).ok());
    Ok(runs.take(JUDGED).collect())
}

/// The best first; runs without a score, or with another metric, last; of equal ones the newest first.
fn order(main: Option<&Objective>, a: &Rival, b: &Rival) -> std::cmp::Ordering {
    let goal = main.map_or(Goal::Minimize, |objective| objective.goal);
    let loss = |rival: &Rival| match (main, rival.score()) {
        (Some(main), Some(score)) if rival.objective.as_ref() == Some(main) && !score.is_nan() => {
            goal.loss(score)
        }
        _ => f64::INFINITY,
    };
    loss(a).total_cmp(&loss(b)).then(b.record.id.0.cmp(&a.record.id.0))
}

fn best_of(store: &Store, sweep: &SweepRow) -> Result<Vec<Rival>, Trouble> {
    let Some(objective) = sweep.objectives.first() else { return Ok(Vec::new()) };
    let own = Expr::Text {
        field: Field::Attribute(Attribute::Sweep),
        pattern: Pattern::Exact(sweep.name.clone()),
    };
    let done = Expr::parse("status:done").map_err(|error| Trouble::Other(error.to_string()))?;
    let query = Query {
        filter: Some(Expr::And(Box::new(own), Box::new(done))),
        sort: vec![(Field::Metric(objective.metric.clone()), objective.goal == Goal::Maximize)],
        limit: Some(BEST),
        ..Query::default()
    };
    let records = match store.runs(&query) {
        Ok(records) => records,
        // A name that no run has: nothing has been measured yet.
        Err(StoreError::Filter(_)) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let rival = |record| Rival { record, objective: Some(objective.clone()) };
    Ok(records.into_iter().map(rival).collect())
}
