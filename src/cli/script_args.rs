//! Arguments of the verbs around commands: `run`, `log`, `logs`, `artifacts`. The doc comments are the help text.
#![expect(clippy::doc_markdown, reason = "backticks would stand in the help text")]

use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Arguments of `derby run`.
#[derive(Debug, Args)]
#[command(after_help = RUN_HELP)]
#[command(
    override_usage = "derby run [OPTIONS] -- <COMMAND>...\n       derby run [OPTIONS] --resume <RUN>"
)]
pub(super) struct RunArgs {
    /// A parameter, typed as in TOML: recorded, in DERBY_PARAM_NAME, and wherever COMMAND says {NAME}
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    pub(super) params: Vec<String>,
    /// The run's name [default: one is made up]
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Tags: KEY or KEY=VALUE
    #[arg(long = "tag", value_name = "TAG")]
    pub(super) tags: Vec<String>,
    /// A note on the run
    #[arg(long, value_name = "TEXT")]
    pub(super) note: Option<String>,
    /// The experiment that the run belongs to [default: default]
    #[arg(long, value_name = "NAME")]
    pub(super) experiment: Option<String>,
    /// The run that this one is a part of
    #[arg(long, value_name = "RUN", conflicts_with = "resume")]
    pub(super) parent: Option<String>,
    /// Where metrics come from: jsonl, exit_code, regex:PATTERN or file:PATH [default: jsonl]
    #[arg(long, value_name = "SOURCE")]
    pub(super) metrics: Vec<String>,
    /// The seed, in DERBY_SEED and {seed} [default: 0]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u32>,
    /// Wall time, e.g. 90s, 10m, 1h30m; then the command is ended
    #[arg(long, value_name = "TIME")]
    pub(super) timeout: Option<String>,
    /// Time between two samples of CPU, memory and disk, or false for none [default: 10s]
    #[arg(long, value_name = "TIME")]
    pub(super) monitor: Option<String>,
    /// Try a run again: its parameters, tags, command and checkpoint folder, unless they are given
    #[arg(long, value_name = "RUN")]
    pub(super) resume: Option<String>,
    /// Print nothing but what the command prints
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// The program and its arguments
    #[arg(required_unless_present = "resume", trailing_var_arg = true, value_hint = ValueHint::CommandWithArguments)]
    #[arg(value_name = "COMMAND")]
    pub(super) command: Vec<String>,
}

/// Below the options of `derby run --help`.
const RUN_HELP: &str = "\
Metrics are the lines of JSON that the command prints, like {\"step\": 3, \"loss\": 0.4}, and what it
hands to derby log. In COMMAND, {NAME} is a parameter and {args} is --NAME=VALUE for each; {seed},
{run}, {run_dir}, {artifacts}, {checkpoint} and {json} are what DERBY_SEED and kin say. Other braces
stay as they are. Files in the folder DERBY_ARTIFACTS are kept; DERBY_CHECKPOINT is the same folder
for every attempt (--resume).
Exit code: the command's own, 128 + its signal if one ended it, 127 if it cannot be started; 130
after Ctrl-C, 143 after a termination.
Examples:
  derby run -p lr=0.1 -- python train.py --lr {lr}
  derby run -p lr=0.1 -p depth=3 --tag baseline -- ./train {args}
  derby run --metrics 'regex:loss: (?<loss>\\S+)' -- ./train
  derby run --resume 12";

/// Arguments of `derby log`.
#[derive(Debug, Args)]
#[command(after_help = LOG_HELP)]
pub(super) struct LogArgs {
    /// Metrics, and step=N, fold=N or context=TEXT that they belong to
    #[arg(required = true, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    pub(super) pairs: Vec<String>,
}

/// Below the options of `derby log --help`.
const LOG_HELP: &str = "\
For scripts that derby runs: derby run, or a sweep with [command]. Without a step, a metric counts
its values from 0.
Examples:
  derby log loss=0.4 accuracy=0.91 step=3
  derby log accuracy=0.88 fold=2";

/// Arguments of `derby logs`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct LogsArgs {
    /// A run: 12, its name, or the start of its uuid
    pub(super) run: String,
    /// Go on printing until the run is over
    #[arg(long, short)]
    pub(super) follow: bool,
    /// What the command wrote to stdout, and nothing else
    #[arg(long, conflicts_with = "stderr")]
    pub(super) stdout: bool,
    /// What the command wrote to stderr, and nothing else
    #[arg(long)]
    pub(super) stderr: bool,
    /// The last so many lines
    #[arg(long, short = 'n', value_name = "N")]
    pub(super) lines: Option<usize>,
    /// Put the time since the run's start, and the stream, before each line
    #[arg(long)]
    pub(super) times: bool,
}

/// Arguments of `derby artifacts`.
#[derive(Debug, Args)]
#[command(after_help = ARTIFACTS_HELP)]
pub(super) struct ArtifactsArgs {
    /// A run: 12, its name, or the start of its uuid
    pub(super) run: String,
    /// The file to print
    pub(super) path: Option<String>,
    /// Write to this file; without PATH, copy all files into this folder
    #[arg(long, short, value_name = "FILE|FOLDER", value_hint = ValueHint::AnyPath)]
    pub(super) output: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long)]
    pub(super) force: bool,
    /// Print one JSON array: path, digest, size
    #[arg(long, conflicts_with_all = ["path", "output"])]
    pub(super) json: bool,
}

/// Below the options of `derby artifacts --help`.
const ARTIFACTS_HELP: &str = "\
Examples:
  derby artifacts 12
  derby artifacts 12 model.bin -o best.bin
  derby artifacts 12 -o files/";
