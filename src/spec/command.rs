//! `[command]` as data: what is executed, with which text, and where its metrics come from.

use super::sweep::DataSection;
use crate::domain::SummaryKind;
use std::path::PathBuf;
use std::time::Duration;

/// A checked `[command]`: any program is a trial.
#[derive(Debug, Clone)]
pub struct CommandSection {
    /// What is executed.
    pub run: Invocation,
    /// The folder that relative paths start from: the sweep file's.
    pub folder: PathBuf,
    /// Where it starts, as `cwd` says; relative to `folder`, which it is without. Always renders.
    pub cwd: Option<Text>,
    /// Variables added to the environment, in file order; one that names a parameter that is not active is left
    /// out.
    pub env: Vec<(String, Text)>,
    /// Files and folders (globs allowed, relative to `folder`) that are copied into the run's own folder,
    /// where the command then starts.
    pub copy: Vec<String>,
    /// Config files that are filled in.
    pub templates: Vec<ConfigTemplate>,
    /// Where metrics come from; never empty.
    pub metrics: Vec<MetricSource>,
    /// Which number of a metric's series is its score; the last value for metrics that are not named.
    pub summaries: Vec<(String, SummaryKind)>,
    /// Between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// Without output or metrics for so long, a run has failed.
    pub silence: Option<Duration>,
    /// How often a trial is run again.
    pub retries: Retries,
    /// Bytes of output that are kept of one run; beyond, the middle is left out.
    pub log_limit: u64,
    /// Data whose split is handed to every run, so that its predictions can be judged; `preprocess` and `metrics`
    /// of it are not used.
    pub data: Option<Box<DataSection>>,
}

/// How often a trial is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// After a failure of its own: exit status, missing metric, NaN.
    pub failed: u32,
    /// After a failure of the machine: killed from outside, exit status 75, no process or disk to be had.
    pub infrastructure: u32,
}

/// What is executed.
#[derive(Debug, Clone, PartialEq)]
pub enum Invocation {
    /// A program and its arguments. A group is left out as a whole when it names a parameter that is not
    /// active in the configuration; a lone argument is a group of one.
    Args(Vec<Vec<Text>>),
    /// A line for `sh -c`; values are quoted for the shell. Names no parameter that can be inactive.
    Shell(Text),
}

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub Vec<Piece>);

/// A part of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Literal(String),
    /// `{lr}`: the value of a parameter.
    Param(String),
    /// `{args}`: `--name=value` for every active parameter; stands alone as an argument.
    Args,
    /// `{args_no_hyphens}`: `name=value` for every active parameter; stands alone.
    ArgsNoHyphens,
    /// `{args_no_boolean_flags}`: as `{args}`, but a true boolean is `--name` and a false one nothing.
    ArgsNoBooleanFlags,
    /// `{args_json}`: all parameters as one JSON object.
    ArgsJson,
    /// `{json}`: the path of a JSON file with all parameters.
    Json,
    /// `{seed}`: the seed of the trial's replicate.
    Seed,
    /// `{trial}`: the trial's number.
    Trial,
    /// `{run}`: the run's number.
    Run,
    /// `{run_dir}`: the run's own folder.
    RunDir,
    /// `{artifacts}`: the folder whose files are kept.
    Artifacts,
    /// `{checkpoint}`: a folder that stays the same for every attempt of the trial.
    Checkpoint,
    /// `{template:NAME}`: the path of a filled-in config file.
    Template(String),
    /// `{env:NAME}`: a variable of derby's own environment; empty where it is not set.
    Env(String),
}

/// A config file that is filled in for every run.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigTemplate {
    /// Its name in `{template:NAME}`, and below the run's folder.
    pub name: String,
    /// The file with placeholders `{lr}`, relative to the sweep file's folder.
    pub from: PathBuf,
    /// Its text; a line that names a parameter that is not active is left out. In a template `{{` and unknown `{words}` stand for themselves, since YAML and JSON use braces.
    pub text: Text,
}

/// Where metrics come from.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricSource {
    /// Lines of JSON on stdout: `{"step": 3, "loss": 0.4}`.
    Jsonl,
    /// A regular expression on every line of stdout and stderr. Groups `name` and `value` make a metric, a
    /// group `step` its step; any other named group is a metric of that name.
    Regex(String),
    /// A file that grows.
    File {
        /// Its path, relative to the command's working folder. Always renders.
        path: Text,
        /// How it is written.
        format: FileFormat,
    },
    /// The exit status as the metric `exit_code`, which then is no failure.
    ExitCode,
}

/// The format of a file of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// A header, then one line a step.
    Csv,
    /// One JSON object a line.
    Jsonl,
}
