//! From a checked sweep file to work that can start: data read, holdout and folds cut, metrics chosen.

use super::handed::Handed;
use crate::data::{self, Dataset, Split};
use crate::domain::{Digest, DigestBuilder, Params, Task};
use crate::executor::{
    CrossValidation, CvSetup, ISOLATED_GRACE, Isolated, IsolatedSetup, Judged, ProcessError,
    ProcessSetup, ProcessWork, TestFunction, Work,
};
use crate::host::{self, GpuError, GpuSlots};
use crate::metrics;
use crate::pruner::Setting as Pruner;
use crate::spec::{CommandSection, DataSection, Retries, Sweep, Work as SpecWork};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Prepared folds are kept up to this many bytes: enough for every fold of small data, two of large.
const CACHE_BYTES: usize = 128 << 20;

/// Without `[resources] memory`, all fits together plan for half of what the machine has free.
const MEMORY_SHARE: u64 = 2;
/// Digits of a sweep's digest that name its checkpoints.
const CHECKPOINT_DIGITS: usize = 16;

/// A sweep that is ready to start.
pub struct Plan {
    /// What a trial does.
    pub work: Arc<dyn Work>,
    /// Identity of the sweep: its file and the content of its data.
    pub identity: Digest,
    /// How many of the best runs keep their out-of-fold predictions.
    pub keep_predictions: u64,
    /// The data, for built-in models.
    pub data: Option<PlannedData>,
    /// How often a trial is tried again.
    pub retries: Retries,
    /// How long a trial that is asked to stop may take.
    pub grace: Duration,
    /// Most trials at a time: where runs have GPUs, as many as there are for.
    pub most_jobs: usize,
    /// True if a run's values of the objective are those of folds, so that their spread is one of scores.
    pub has_folds: bool,
}

/// What infrastructure may fail where nothing is said.
pub(super) const RETRIES: Retries = Retries { failed: 0, infrastructure: 3 };

/// What the record and the opening lines say about the data.
#[derive(Debug, Clone)]
pub struct PlannedData {
    /// Source, content and schema hash, rows.
    pub provenance: data::Provenance,
    /// The task.
    pub task: Task,
    /// Class names by code.
    pub classes: Vec<String>,
    /// Rows that the search may see.
    pub n_search: usize,
    /// Rows kept apart.
    pub n_holdout: usize,
    /// Folds, repeats included.
    pub n_folds: usize,
    /// Digest of holdout and folds.
    pub split: Digest,
    /// What the split has to say.
    pub notes: Vec<String>,
    /// Base of the identity of a configuration across sweeps; none for a command, whose code may change.
    key: Option<Digest>,
    /// Where it was read from.
    source: data::SourceOptions,
}

/// Where a sweep runs, and how much of it at a time.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder of the store.
    pub store: PathBuf,
    /// What marks the processes of this one: the uuid of its owner.
    pub owner: String,
    /// Trials at a time.
    pub jobs: usize,
    /// GPUs to share out.
    pub gpus: Option<GpuSlots>,
}

impl Place {
    /// A place with as many jobs as the sweep file says, or as cores and GPUs allow.
    ///
    /// # Errors
    /// When runs want more GPUs than there are.
    pub fn new(sweep: &Sweep, store: PathBuf, owner: String) -> Result<Self, PlanError> {
        let resources = &sweep.resources;
        let gpus = match &resources.gpus {
            None => None,
            Some(wanted) => {
                let devices = wanted.devices.clone().unwrap_or_else(host::gpus);
                Some(GpuSlots::new(devices, wanted.per_run)?)
            }
        };
        let by_cores = (host::n_cores() / resources.cpus.unwrap_or(1)).max(1);
        let most = gpus.as_ref().map_or(usize::MAX, GpuSlots::n_slots);
        // Cores are shared out where GPUs do the work: a run for every slot.
        let by_default = if gpus.is_some() && resources.cpus.is_none() { most } else { by_cores };
        let jobs = resources.jobs.unwrap_or(by_default).min(most).max(1);
        Ok(Self { store, owner, jobs, gpus })
    }
}

/// Memory that one of `jobs` fits may plan for, in MB: what the sweep file says, else a share of what is free.
pub fn memory_mb(sweep: &Sweep, jobs: usize) -> u64 {
    let share = || host::free_memory_mb() / MEMORY_SHARE / jobs as u64;
    sweep.resources.memory_mb.unwrap_or_else(share)
}

/// Why a checked sweep file cannot start.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The data does not do.
    #[error(transparent)]
    Data(#[from] data::Error),
    /// The split does not do.
    #[error(transparent)]
    Split(#[from] data::SplitError),
    /// A metric does not fit the task.
    #[error("metric '{metric}' does not fit {task}; mend: one of {fitting}", task = task.word())]
    Metric {
        /// The metric.
        metric: String,
        /// The task of the data.
        task: Task,
        /// Metrics that fit.
        fitting: String,
    },
    /// The command cannot be executed.
    #[error(transparent)]
    Command(#[from] ProcessError),
    /// There are not enough GPUs.
    #[error("[resources] gpus: {0}")]
    Gpus(#[from] GpuError),
    /// A pruner compares folds, and there are too few.
    #[error(
        "[search] pruner: 'race' compares trials fold by fold after {} or more, and {}; mend: {}, or another pruner",
        folds(*min as usize), there_are(*n), if *n > 1 { "more folds" } else { "a sweep of models" }
    )]
    Race {
        /// Folds of a trial.
        n: usize,
        /// Folds before a trial is judged.
        min: u64,
    },
    /// The file describes no work.
    #[error(
        "'{}' has [params] and nothing to run; mend: add [command], or let others carry out its trials: derby ask, derby tell",
        file.display()
    )]
    Elsewhere {
        /// The sweep file.
        file: PathBuf,
    },
    /// A family cannot do the task.
    #[error("model '{family}' does not do {task}; mend: take [models.{family}] out, or one of {fitting}", task = task.word())]
    Family {
        /// The family.
        family: String,
        /// The task of the data.
        task: Task,
        /// Families that can.
        fitting: String,
    },
}

impl Plan {
    /// Reads the data and gets everything ready.
    ///
    /// # Errors
    /// When the data, the split, a metric, a family or the command does not do; nothing has been recorded then.
    pub fn new(sweep: &Sweep, place: &Place) -> Result<Self, PlanError> {
        match &sweep.work {
            SpecWork::Function(name) => {
                check_race(sweep, 0)?;
                let function = TestFunction::named(name).unwrap_or(TestFunction::Noop);
                let (identity, work) = (sweep.digest, Arc::new(function));
                Ok(Self::bare(work, identity))
            }
            SpecWork::Elsewhere => Err(PlanError::Elsewhere { file: sweep.file.clone() }),
            SpecWork::Command(section) => Self::command(sweep, section, place),
            SpecWork::Models(section) => Self::models(sweep, section, place),
        }
    }

    fn command(sweep: &Sweep, section: &CommandSection, place: &Place) -> Result<Self, PlanError> {
        let resources = &sweep.resources;
        let handed = section.data.as_deref().map(|data| Handed::new(data, &place.store));
        let handed = handed.transpose()?;
        let setup = ProcessSetup {
            handed: handed.as_ref().map(Handed::files).unwrap_or_default(),
            objectives: sweep.objectives.iter().map(|objective| objective.metric.clone()).collect(),
            store: place.store.clone(),
            checkpoint_key: sweep.digest.hex()[..CHECKPOINT_DIGITS].into(),
            owner: place.owner.clone(),
            cpus: resources.cpus.unwrap_or_else(|| (host::n_cores() / place.jobs).max(1)),
            gpu_slots: place.gpus.clone(),
            monitor: resources.monitor,
        };
        let most_jobs = place.gpus.as_ref().map_or(usize::MAX, GpuSlots::n_slots);
        let work = ProcessWork::new(section, setup)?;
        let work = Arc::new(work);
        let Some(handed) = handed else {
            let bare = Self::bare(work, sweep.digest);
            return Ok(Self { retries: section.retries, grace: section.grace, most_jobs, ..bare });
        };
        let identity = with_data(sweep.digest, &handed.data, &handed.split);
        let data = Some(PlannedData {
            key: None,
            ..planned_data(&handed.data, &handed.split, handed.section, (&[], Judged::Nothing))
        });
        let bare = Self::bare(work, identity);
        Ok(Self { retries: section.retries, grace: section.grace, most_jobs, data, ..bare })
    }

    /// Work without data.
    pub fn bare(work: Arc<dyn Work>, identity: Digest) -> Self {
        Self {
            work,
            identity,
            keep_predictions: 0,
            data: None,
            retries: RETRIES,
            grace: Duration::ZERO,
            most_jobs: usize::MAX,
            has_folds: false,
        }
    }

    fn models(sweep: &Sweep, section: &DataSection, place: &Place) -> Result<Self, PlanError> {
        let data = data::load(&section.data)?;
        let task = data.labels.task();
        check_families(&sweep.space, task)?;
        let metrics = chosen_metrics(sweep, section, task)?;
        let split = data::split(&data, &section.split)?;
        let judged = match &sweep.search.pruner {
            None => Judged::Nothing,
            Some(pruner) if pruner.wants_rounds() => Judged::Rounds,
            Some(_) => Judged::Folds,
        };
        let planned = planned_data(&data, &split, section, (&metrics, judged));
        check_race(sweep, planned.n_folds)?;
        let identity = with_data(sweep.digest, &data, &split);
        let memory_mb = memory_mb(sweep, place.jobs);
        let isolate = sweep.resources.isolate;
        let work: Arc<dyn Work> = if isolate {
            // Every process reads the data itself.
            Arc::new(Isolated::new(IsolatedSetup {
                file: sweep.file.clone(),
                text: sweep.text.clone(),
                identity,
                memory_mb,
                n_folds: planned.n_folds,
                // With a pruner one fold follows the other.
                most_helpers: match judged {
                    Judged::Nothing => planned.n_folds.saturating_sub(1),
                    Judged::Folds | Judged::Rounds => 0,
                },
                store: place.store.clone(),
                owner: place.owner.clone(),
                monitor: sweep.resources.monitor,
            })?)
        } else {
            Arc::new(CrossValidation::new(CvSetup {
                data,
                split,
                blocks: section.preprocess.clone(),
                metrics,
                n_objectives: sweep.objectives.len(),
                memory_mb,
                cache_bytes: CACHE_BYTES,
                judged,
            }))
        };
        Ok(Self {
            keep_predictions: section.keep_predictions,
            data: Some(planned),
            has_folds: true,
            grace: if isolate { ISOLATED_GRACE } else { Duration::ZERO },
            ..Self::bare(work, identity)
        })
    }

    /// The identity of a configuration across sweeps: equal keys mean equal data, split, metrics,
    /// preprocessing, parameters, seed and version. `None` where nothing is worth keeping.
    pub fn config_key(&self, params: &Params, seed: u64) -> Option<Digest> {
        let data = self.data.as_ref()?;
        let mut digest = DigestBuilder::new("configuration");
        digest.bytes(data.key?.as_bytes()).bytes(params.digest().as_bytes()).int(seed as i64);
        Some(digest.finish())
    }

    /// True if the data file still has the content that the sweep was started with. A file that is gone
    /// or cannot be read has not.
    pub fn data_is_unchanged(&self, cache: &mut dyn data::HashCache) -> bool {
        self.data.as_ref().is_none_or(|planned| {
            data::unchanged(&planned.provenance, &planned.source, cache).unwrap_or(false)
        })
    }
}

/// A race needs a fold to save after those that it judges by.
fn check_race(sweep: &Sweep, n: usize) -> Result<(), PlanError> {
    match &sweep.search.pruner {
        Some(Pruner::Race(race)) if n as u64 <= race.min_folds => {
            Err(PlanError::Race { n, min: race.min_folds })
        }
        _ => Ok(()),
    }
}

fn folds(n: usize) -> String {
    if n == 1 { "1 fold".into() } else { format!("{n} folds") }
}

fn there_are(n: usize) -> String {
    if n == 0 { "there are none".into() } else { format!("there are {n}") }
}

/// Identity of a sweep over data: its file, the content and the split.
fn with_data(sweep: Digest, data: &Dataset, split: &Split) -> Digest {
    DigestBuilder::new("sweep with data")
        .bytes(sweep.as_bytes())
        .bytes(data.provenance.content.as_bytes())
        .bytes(data.provenance.schema.as_bytes())
        .bytes(split.digest.as_bytes())
        .finish()
}

fn planned_data(
    data: &Dataset,
    split: &Split,
    section: &DataSection,
    (metrics, judged): (&[&'static str], Judged),
) -> PlannedData {
    let mut key = DigestBuilder::new("configuration base");
    key.text(env!("CARGO_PKG_VERSION"))
        .bytes(data.provenance.content.as_bytes())
        .bytes(data.provenance.schema.as_bytes())
        .bytes(split.digest.as_bytes())
        .text(data.labels.task().word())
        .text(&data.table.columns[data.target].name)
        .text(section.data.weights.as_deref().unwrap_or_default());
    for &feature in &data.features {
        key.text(&data.table.columns[feature].name);
    }
    for metric in metrics {
        key.text(metric);
    }
    for block in &section.preprocess {
        key.text(&block.prefix).text(&block.columns.clone().unwrap_or_default().join("\n"));
    }
    if judged == Judged::Rounds {
        // A run from a sweep without one has no curves to judge others by.
        key.text("rounds");
    }
    if let crate::domain::Labels::Classes { positive, .. } = &data.labels {
        key.int(i64::from(*positive));
    }
    PlannedData {
        provenance: data.provenance.clone(),
        task: data.labels.task(),
        classes: data.classes.clone(),
        n_search: split.search.len(),
        n_holdout: split.holdout.len(),
        n_folds: split.folds.len(),
        split: split.digest,
        notes: split.notes.clone(),
        key: Some(key.finish()),
        source: section.data.source.clone(),
    }
}

/// The objectives, then what `[data] metrics` names, else everything that fits the task; then what constraints bound.
fn chosen_metrics(
    sweep: &Sweep,
    section: &DataSection,
    task: Task,
) -> Result<Vec<&'static str>, PlanError> {
    let fits = |info: &&metrics::Info| info.fits(task);
    let fitting = || {
        let names: Vec<&str> = metrics::catalogue().iter().filter(fits).map(|i| i.name).collect();
        names.join(", ")
    };
    let mut chosen: Vec<&'static str> = Vec::new();
    let objectives = sweep.objectives.iter().map(|objective| objective.metric.as_str());
    let add = |chosen: &mut Vec<&'static str>, name: &str| {
        let Some(info) = metrics::info(name).filter(fits) else {
            return Err(PlanError::Metric { metric: name.into(), task, fitting: fitting() });
        };
        if !chosen.contains(&info.name) {
            chosen.push(info.name);
        }
        Ok(())
    };
    for name in objectives.chain(section.metrics.iter().map(String::as_str)) {
        add(&mut chosen, name)?;
    }
    if section.metrics.is_empty() {
        for info in metrics::catalogue().iter().filter(fits) {
            if !chosen.contains(&info.name) {
                chosen.push(info.name);
            }
        }
    }
    for constraint in &sweep.search.constraints {
        add(&mut chosen, &constraint.metric)?;
    }
    Ok(chosen)
}

fn check_families(space: &crate::space::Space, task: Task) -> Result<(), PlanError> {
    let can = |family: &&dyn crate::trainer::Family| {
        let can = family.capabilities();
        if task.is_classification() { can.classification } else { can.regression }
    };
    let models = space.dims().iter().find(|dim| dim.id == "model");
    let Some(crate::space::Kind::Choice { values }) = models.map(|dim| &dim.kind) else {
        return Ok(());
    };
    for value in values {
        let family = crate::trainer::family(&value.to_string());
        if family.is_some_and(|family| !can(&family)) {
            let all = crate::trainer::catalogue().iter().copied();
            let names: Vec<&str> = all.filter(can).map(crate::trainer::Family::name).collect();
            let (family, fitting) = (value.to_string(), names.join(", "));
            return Err(PlanError::Family { family, task, fitting });
        }
    }
    Ok(())
}
