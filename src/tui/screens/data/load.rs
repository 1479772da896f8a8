//! What the data screen asks: the data of a sweep read, profiled, checked and split, as `derby data` does it.

use crate::data::checks::{self, CheckOptions, Finding, Input};
use crate::data::{self, ColumnProfile, DataOptions, Dataset, SplitOptions, Table};
use crate::domain::{Labels, RunId, SweepId, Task};
use crate::report::words;
use crate::spec::{self, DataSection, Known, Overrides, Work};
use crate::store::{Expr, Query, Store, SweepRow};
use crate::tui::ask::{Freshness, Reader, Trouble};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Runs of a sweep that are looked at for the hash of the data that they saw.
const LOOKED_AT: usize = 20;

/// A question of the screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// The data of a sweep.
    Data(SweepId),
}

/// An answer to it.
#[derive(Debug)]
pub enum Answer {
    /// The data of a sweep.
    Data(SweepId, Arc<Loaded>),
}

/// The data of a sweep, or as much of it as there is.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The source as the sweep file names it; empty if the sweep has none.
    pub source: String,
    /// Why there is no more, with the mend: no data at all, a file that is missing, a role that does not fit.
    pub problem: Option<String>,
    /// The target column.
    pub target: String,
    /// What is predicted.
    pub task: Option<Task>,
    /// Rows.
    pub rows: u64,
    /// Columns that a model sees.
    pub features: Vec<String>,
    /// Every column.
    pub columns: Vec<ColumnProfile>,
    /// Classes with their counts; of all rows, and of the holdout.
    pub classes: Vec<(String, u64, u64)>,
    /// The class that binary metrics are about.
    pub positive: Option<String>,
    /// What the checks say, in their order.
    pub findings: Vec<Finding>,
    /// Content hash of the source now, 64 hex digits.
    pub content: String,
    /// Schema hash now.
    pub schema: String,
    /// What the newest run of the sweep saw: its number, content hash, schema hash and rows.
    pub recorded: Option<Recorded>,
    /// Holdout and folds, or why they cannot be cut.
    pub split: Option<Result<Cut, String>>,
}

/// What a run saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The run.
    pub run: RunId,
    /// Content hash.
    pub content: String,
    /// Schema hash.
    pub schema: Option<String>,
    /// Rows.
    pub rows: Option<u64>,
    /// Digest of the split.
    pub split: Option<String>,
}

/// Holdout and folds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Rows that a search may use.
    pub search: u64,
    /// Rows that it never sees.
    pub holdout: u64,
    /// Rows to fit on and to score on, by fold.
    pub folds: Vec<(String, u64, u64)>,
    /// Identity of the membership.
    pub digest: String,
    /// What a person should know.
    pub notes: Vec<String>,
}

impl Loaded {
    /// True if the data is not what the newest run saw.
    pub fn has_changed(&self) -> bool {
        let recorded = self.recorded.as_ref();
        recorded.is_some_and(|seen| !self.content.is_empty() && seen.content != self.content)
    }
}

impl Ask {
    /// Its place: a newer question there drives an older one out.
    pub fn slot(&self) -> u8 {
        0
    }

    /// What makes its answer stale.
    pub fn freshness(&self) -> Freshness {
        Freshness::Still
    }

    /// True for work of more than a few milliseconds.
    pub fn is_slow(&self) -> bool {
        true
    }

    /// Answers it.
    pub(in crate::tui) fn answer(&self, reader: &Reader) -> Result<Answer, Trouble> {
        let Self::Data(id) = self;
        let row =
            reader.store.sweeps()?.into_iter().find(|sweep| sweep.id == *id).ok_or_else(|| {
                Trouble::Other(format!(
                    "sweep {id} is not in this store any more; v chooses another"
                ))
            })?;
        let recorded = recorded(&reader.store, &row)?;
        let section = match section(&row, reader) {
            Ok(section) => section,
            Err(problem) => {
                let problem = Some(problem);
                let loaded = Loaded { problem, recorded, ..Loaded::default() };
                return Ok(Answer::Data(*id, Arc::new(loaded)));
            }
        };
        let key = key(reader, *id, &section);
        if let Some(kept) = kept(key.as_ref()).filter(|kept| kept.recorded == recorded) {
            return Ok(Answer::Data(*id, kept));
        }
        let loaded = Arc::new(load(&section, recorded));
        keep(key, &loaded);
        Ok(Answer::Data(*id, loaded))
    }
}

/// What an answer was made from: it is made again only if one of these has changed.
#[derive(Debug, Clone, PartialEq)]
struct Key {
    store: PathBuf,
    sweep: SweepId,
    file: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
}

/// The newest answer: going to another screen and back does not read the data again.
static KEPT: Mutex<Option<(Key, Arc<Loaded>)>> = Mutex::new(None);

fn key(reader: &Reader, sweep: SweepId, section: &DataSection) -> Option<Key> {
    let file = section.data.source.path.clone();
    let about = std::fs::metadata(&file).ok()?;
    let store = reader.store.path().to_path_buf();
    Some(Key { store, sweep, file, size: about.len(), modified: about.modified().ok() })
}

fn kept(key: Option<&Key>) -> Option<Arc<Loaded>> {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let (of, loaded) = kept.as_ref()?;
    (Some(of) == key).then(|| Arc::clone(loaded))
}

fn keep(key: Option<Key>, loaded: &Arc<Loaded>) {
    if let Some(key) = key {
        *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = Some((key, Arc::clone(loaded)));
    }
}

/// What a run with data saw: all runs of a sweep saw the same, the content is a part of what the sweep is.
fn recorded(store: &Store, sweep: &SweepRow) -> Result<Option<Recorded>, Trouble> {
    let mut runs: Vec<RunId> = sweep.best.iter().map(|(run, _)| *run).collect();
    let quoted = sweep.name.replace(['\\', '"'], "");
    if runs.is_empty()
        && let Ok(filter) = Expr::parse(&format!("sweep = \"{quoted}\""))
    {
        let query = Query { filter: Some(filter), limit: Some(LOOKED_AT), ..Query::default() };
        runs = store.run_ids(&query)?;
    }
    for id in runs {
        if store.sweep_of(id)? != Some(sweep.id) {
            continue;
        }
        let run = store.run_by_id(id)?;
        if let Some(content) = run.data_hash {
            let (schema, rows, split) = (run.schema_hash, run.rows, run.split);
            return Ok(Some(Recorded { run: id, content, schema, rows, split }));
        }
    }
    Ok(None)
}

/// The section of the sweep's file about data, paths resolved from where the file lies.
fn section(row: &SweepRow, reader: &Reader) -> Result<DataSection, String> {
    let (overrides, known) = (Overrides::default(), Known::built_in());
    let file = file_of(&row.file, reader);
    let sweep = spec::parse(&row.text, spec::Format::Toml, &file, &overrides, &known)
        .map_err(|error| format!("the file of sweep '{}' cannot be read: {error}", row.name))?;
    let name = words::clean(&row.name);
    match sweep.work {
        Work::Models(section) => Ok(*section),
        Work::Command(command) => command.data.map(|section| *section).ok_or_else(|| {
            format!("sweep '{name}' runs a command that reads its data itself; derby data FILE profiles a file")
        }),
        Work::Elsewhere => Err(format!("trials of sweep '{name}' are carried out elsewhere; derby data FILE profiles a file")),
        Work::Function(function) => {
            Err(format!("sweep '{name}' is of the function '{function}', which has no data"))
        }
    }
}

/// Where the sweep's file lies: by itself, beside the store, or from where derby was started.
fn file_of(named: &str, reader: &Reader) -> PathBuf {
    let named = Path::new(named);
    let beside = reader.store.path().parent().map(|folder| folder.join(named));
    match beside {
        _ if named.is_absolute() => named.to_path_buf(),
        Some(path) if path.parent().is_some_and(Path::is_dir) => path,
        _ => reader.here.join(named),
    }
}

/// Reads, profiles, checks and cuts the data. What fails is said, and what was read before it stays.
fn load(section: &DataSection, recorded: Option<Recorded>) -> Loaded {
    let options = &section.data;
    let mut loaded = Loaded {
        source: options.source.shown.clone(),
        target: options.target.clone(),
        recorded,
        ..Loaded::default()
    };
    match data::load(options) {
        Ok(dataset) => of_dataset(&mut loaded, &dataset, section),
        Err(error) => {
            loaded.problem = Some(error.to_string());
            // A role that does not fit leaves the table readable.
            if let Ok((table, content)) = data::read(&options.source) {
                loaded.content = content.hex();
                of_table(&mut loaded, &table);
                let check = CheckOptions { id: options.id.clone(), ..CheckOptions::default() };
                loaded.findings = checks::run(&Input::table(&table), &check, None);
            }
        }
    }
    loaded
}

fn of_table(loaded: &mut Loaded, table: &Table) {
    loaded.rows = table.n_rows as u64;
    loaded.schema = data::schema_digest(table).hex();
    loaded.columns = data::profile(table);
}

fn of_dataset(loaded: &mut Loaded, dataset: &Dataset, section: &DataSection) {
    of_table(loaded, &dataset.table);
    loaded.content = dataset.provenance.content.hex();
    let names = dataset.features.iter().map(|at| dataset.table.columns[*at].name.clone());
    loaded.features = names.collect();
    loaded.positive = dataset.positive().map(Into::into);
    loaded.task = Some(task(&section.data, dataset));
    let check = CheckOptions { id: section.data.id.clone(), ..CheckOptions::default() };
    loaded.findings = checks::run(&Input::dataset(dataset), &check, None);
    let (cut, holdout) = cut(dataset, &section.split);
    loaded.classes = classes(dataset, &holdout);
    loaded.split = Some(cut);
}

fn task(options: &DataOptions, dataset: &Dataset) -> Task {
    options.task.unwrap_or(match &dataset.labels {
        Labels::Classes { n_classes: 2, .. } => Task::Binary,
        Labels::Classes { .. } => Task::Multiclass,
        Labels::Values(_) => Task::Regression,
    })
}

/// Holdout and folds in numbers, and the rows of the holdout.
fn cut(dataset: &Dataset, options: &SplitOptions) -> (Result<Cut, String>, Vec<usize>) {
    match data::split(dataset, options) {
        Ok(split) => {
            let fold = |fold: &data::FoldRows| {
                (fold.name.clone(), fold.train.len() as u64, fold.test.len() as u64)
            };
            let cut = Cut {
                search: split.search.len() as u64,
                holdout: split.holdout.len() as u64,
                folds: split.folds.iter().map(fold).collect(),
                digest: split.digest.hex(),
                notes: split.notes,
            };
            (Ok(cut), split.holdout)
        }
        Err(error) => (Err(error.to_string()), Vec::new()),
    }
}

fn classes(dataset: &Dataset, holdout: &[usize]) -> Vec<(String, u64, u64)> {
    let Labels::Classes { codes, .. } = &dataset.labels else { return Vec::new() };
    let mut found: Vec<(String, u64, u64)> =
        dataset.classes.iter().map(|name| (name.clone(), 0, 0)).collect();
    for code in codes {
        if let Some(class) = found.get_mut(*code as usize) {
            class.1 += 1;
        }
    }
    for row in holdout {
        if let Some(class) = codes.get(*row).and_then(|code| found.get_mut(*code as usize)) {
            class.2 += 1;
        }
    }
    found
}
