//! A checked sweep.

use super::command::CommandSection;
use crate::data::{DataOptions, PrepBlock, SplitOptions};
use crate::domain::{Digest, Objective, Value};
use crate::gate::Policy;
use crate::pruner::Setting;
use crate::space::{Point, Space};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A sweep file without problems, paths resolved, defaults filled in.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// The sweep's name.
    pub name: String,
    /// The experiment; by default the name.
    pub experiment: String,
    /// The registered model that a champion is promoted to; by default the experiment.
    pub model: String,
    /// The file that it came from, as the user named it.
    pub file: PathBuf,
    /// The text of the file, `extends` and `--set` applied, as canonical TOML: kept with the sweep.
    pub text: String,
    /// What to optimize; the first one ranks runs.
    pub objectives: Vec<Objective>,
    /// What a trial does.
    pub work: Work,
    /// Where to search.
    pub space: Arc<Space>,
    /// Points to try first, in order.
    pub points: Vec<Point>,
    /// How to search.
    pub search: Search,
    /// When to stop.
    pub budget: Budget,
    /// What a trial may use.
    pub resources: Resources,
    /// What a challenger must show; none where the file has no such section.
    pub gate: Option<Policy>,
    /// What a file of another program says that has no meaning here, `FILE:LINE` first.
    pub notes: Vec<String>,
    /// Identity: objective, data, split, preprocess, space, points, sampler and seed. Not the name,
    /// budget or resources.
    pub digest: Digest,
}

/// What a trial does.
#[derive(Debug, Clone)]
pub enum Work {
    /// Fits built-in models by cross-validation.
    Models(Box<DataSection>),
    /// Evaluates a built-in test function, for trying samplers and measuring overhead.
    Function(String),
    /// Executes a program.
    Command(Box<CommandSection>),
    /// Nothing here: trials are asked for and told, and carried out elsewhere.
    Elsewhere,
}

/// Everything about data.
#[derive(Debug, Clone)]
pub struct DataSection {
    /// Source and roles.
    pub data: DataOptions,
    /// Holdout and folds.
    pub split: SplitOptions,
    /// Preprocessing blocks, in file order.
    pub preprocess: Vec<PrepBlock>,
    /// Metrics to record beside the objectives; empty means all that fit the task.
    pub metrics: Vec<String>,
    /// How many of the best runs keep their out-of-fold predictions.
    pub keep_predictions: u64,
    /// The licence of the data, which goes with every exported model.
    pub license: Option<String>,
}

/// The `[search]` section.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Name of the sampler.
    pub sampler: String,
    /// Values per range for the grid sampler.
    pub grid_steps: usize,
    /// Seed of the sampler and of every fit.
    pub seed: u64,
    /// Trial `i` depends on trials `0 ..= i - lag` only.
    pub reproducible: bool,
    /// See `reproducible`.
    pub lag: u64,
    /// Runs of each configuration, with seeds `seed`, `seed + 1`, …; a trial's score is their mean.
    pub replicates: u32,
    /// Which running trials are stopped as hopeless; none runs all to their end.
    pub pruner: Option<Setting>,
    /// Earlier sweeps whose trials teach the sampler.
    pub warm_start: Option<WarmStart>,
}

/// Where a sampler learns from before its first trial.
#[derive(Debug, Clone, PartialEq)]
pub struct WarmStart {
    /// Sweeps of the same store: names, numbers or the start of a digest, in order.
    pub from: Vec<String>,
    /// The values that parameters had in those trials that know nothing of them, by the dimension's id.
    pub assume: Vec<(String, Value)>,
}

/// The `[budget]` section: when a sweep stops. The first limit that is reached ends it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Budget {
    /// Executed trials, duplicates not counted.
    pub trials: Option<u64>,
    /// Wall time of this and all earlier sessions of the sweep.
    pub time: Option<Duration>,
    /// Trials in a row without a better score.
    pub patience: Option<u64>,
    /// A score that is good enough.
    pub target: Option<f64>,
    /// Failed trials.
    pub max_failed: Option<u64>,
    /// What an improvement must be worth to go on for.
    pub min_improvement: Option<MinImprovement>,
}

/// The improvement on the best score under which a sweep ends, once no more is to be expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MinImprovement {
    /// The noise of the best score: a smaller one could not be told from luck.
    Noise,
    /// So much of the objective.
    Score(f64),
}

/// The `[resources]` section.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resources {
    /// Trials at a time; by default all cores.
    pub jobs: Option<usize>,
    /// Wall time of one trial.
    pub timeout: Option<Duration>,
    /// Memory that one fit may plan for, in MB (10^6 bytes).
    pub memory_mb: Option<u64>,
    /// Cores of one run: `OMP_NUM_THREADS` and kin; by default the machine's shared by all jobs.
    pub cpus: Option<usize>,
    /// GPUs of one run.
    pub gpus: Option<GpuRequest>,
    /// Every built-in trial in a process of its own, which reads the sweep and the data anew: about 10 ms a
    /// trial for a small file (`sweeps/quick.toml`), and whatever the data takes to read.
    pub isolate: bool,
    /// Between two samples of a run's CPU, memory, disk and network; none takes no samples.
    pub monitor: Option<Duration>,
}

/// What a run wants of the machine's GPUs.
#[derive(Debug, Clone, PartialEq)]
pub struct GpuRequest {
    /// How many a run gets: whole ones, or a share below 1 of one.
    pub per_run: f64,
    /// Ids for `CUDA_VISIBLE_DEVICES` to choose from; none means what the machine has.
    pub devices: Option<Vec<String>>,
}
