//! Arguments of the program and of every verb. The doc comments are the help text.

use super::ask_args::{AskArgs, SamplerArgs, TellArgs};
use super::insight_args::{EnsembleArgs, ErrorsArgs, ExplainArgs, ImportanceArgs};
use super::model_args::{
    ChampionArgs, ExportArgs, GateArgs, HoldoutArgs, PredictArgs, ReportFileArgs, ReproduceArgs,
    VerifyArgs,
};
use super::out::ColorChoice;
use super::plot::PlotArgs;
use super::report_args::ReportArgs;
use super::script_args::{ArtifactsArgs, LogArgs, LogsArgs, RunArgs};
use super::steer_args::SteerArgs;
use super::tui_args::TuiArgs;
use clap::{Args, Parser, Subcommand, ValueHint};
use std::path::PathBuf;

/// Sweeps training configurations, tracks every run in SQLite, and compares them honestly
///
/// Start with `derby sweep sweeps/breast_cancer.toml`, or with a data file of your own: `derby init DATA.csv`.
/// Runs live in `.derby/` of the project's folder, found by walking up from here.
#[derive(Debug, Parser)]
#[command(name = "derby", version, after_help = super::error::EXIT_CODES, max_term_width = 100)]
#[command(infer_subcommands = true)]
pub(super) struct Cli {
    /// The store's folder [default: the nearest .derby above this folder]
    #[arg(long, global = true, env = "DERBY_STORE", hide_env_values = true)]
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath, help_heading = "Global options")]
    pub(super) store: Option<PathBuf>,
    /// When to use color: auto, always or never
    #[arg(long, global = true, value_enum, default_value = "auto", hide_possible_values = true)]
    #[arg(value_name = "WHEN", help_heading = "Global options")]
    pub(super) color: ColorChoice,
    /// What to do; the terminal UI without one
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Look at runs, steer sweeps and promote in the terminal; so does `derby` alone
    Tui(TuiArgs),
    /// Run a sweep, or go on with it
    Sweep(SweepArgs),
    /// Steer a sweep while it runs: pause, stop, more trials, a point by hand, another range
    Steer(SteerArgs),
    /// Ask for trials of a sweep that others carry out
    Ask(AskArgs),
    /// Tell how a trial that was asked for ended
    Tell(TellArgs),
    /// Search by asking and telling over JSON lines, from any language, without a store
    Sampler(SamplerArgs),
    /// Run any command once, and record it
    Run(RunArgs),
    /// Record metrics from inside a script that derby runs
    Log(LogArgs),
    /// Check a sweep file, and its data against it, and say all that is wrong
    Check(CheckArgs),
    /// Show the search space of a sweep file: its size, its ranges, some samples
    Space(SpaceArgs),
    /// Profile a data file and check its quality
    Data(DataArgs),
    /// Write a commented sweep file for a data file
    Init(InitArgs),
    /// List runs
    #[command(visible_alias = "ls")]
    Runs(RunsArgs),
    /// Show everything about a run, or a sweep
    Show(ShowArgs),
    /// Print the output of a run
    Logs(LogsArgs),
    /// List, print or copy the files that a run left behind
    Artifacts(ArtifactsArgs),
    /// Compare two or more runs
    Diff(DiffArgs),
    /// Print the best runs of a sweep
    Best(BestArgs),
    /// List sweeps
    Sweeps(SweepsArgs),
    /// Judge whether a run may replace the champion: exit code 0, 3 or 4
    Gate(GateArgs),
    /// See how often a holdout was asked, and start anew on new rows
    Holdout(HoldoutArgs),
    /// Show which columns a model leans on, or why it predicted what it did
    Explain(ExplainArgs),
    /// Show where a model errs: confusion or residuals, worst rows, weakest segments
    Errors(ErrorsArgs),
    /// Show which parameters made the difference in a sweep
    Importance(ImportanceArgs),
    /// Choose runs of a sweep that are better together, and record them as one run
    Ensemble(EnsembleArgs),
    /// See, promote, approve and roll back the models in use
    Champion(ChampionArgs),
    /// Train a recorded run again and compare every score and prediction to the bit
    Reproduce(ReproduceArgs),
    /// Pack a model as a folder, or write it for other programs
    Export(ExportArgs),
    /// Check a packed model: every file's hash, and that it predicts as it did
    Verify(VerifyArgs),
    /// Predict the rows of a file
    Predict(PredictArgs),
    /// List the model families, or the parameters of one
    Models(ModelsArgs),
    /// Write a note on a run
    Note(NoteArgs),
    /// Add tags to a run, or take them off
    Tag(TagArgs),
    /// Give a run another name
    Rename(RenameArgs),
    /// Move runs to the bin, or back
    Rm(RmArgs),
    /// Check, back up, clean or merge the store
    Store(StoreArgs),
    /// Draw a figure of a sweep, of runs or of a verdict as SVG or PNG
    Plot(PlotArgs),
    /// Write a report of a sweep or a run in many forms, and compare it with an older one
    Report(ReportArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Man(ManArgs),
    /// Wait for the end of the derby that started this, and kill the runs that it leaves behind
    #[command(hide = true)]
    Reaper(ReaperArgs),
    /// Carry out one trial of a built-in model, as standard input says, for a sweep that isolates its trials
    #[command(hide = true)]
    Trial(TrialArgs),
}

/// How a listing is printed.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(super) struct Format {
    /// Print one JSON array of whole objects
    #[arg(long, conflicts_with_all = ["jsonl", "csv"])]
    pub(super) json: bool,
    /// Print one JSON object a line
    #[arg(long, conflicts_with = "csv")]
    pub(super) jsonl: bool,
    /// Print comma-separated values
    #[arg(long)]
    pub(super) csv: bool,
}

impl Format {
    /// True if a program reads it.
    pub(super) fn is_machine(self) -> bool {
        self.json || self.jsonl || self.csv
    }
}

/// Changes to a sweep file from the command line.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct OverrideArgs {
    /// Change any key of the file, e.g. --set search.seed=3: a sweep of its own
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
}

/// Arguments of `derby sweep`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(Debug, Args)]
pub(super) struct SweepArgs {
    /// The sweep file: TOML, YAML or JSON
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
    /// How many trials to run in all
    #[arg(long, value_name = "N")]
    pub(super) trials: Option<String>,
    /// Wall time of the sweep, e.g. 90s, 10m, 1h30m
    #[arg(long, value_name = "TIME")]
    pub(super) time: Option<String>,
    /// Stop after so many trials without a better score
    #[arg(long, value_name = "N")]
    pub(super) patience: Option<String>,
    /// Stop once the score is this good
    #[arg(long, value_name = "SCORE", allow_hyphen_values = true)]
    pub(super) target: Option<String>,
    /// Stop after so many failed trials
    #[arg(long, value_name = "N")]
    pub(super) max_failed: Option<String>,
    /// Stop once no improvement above this is to be expected: a number, or noise for that of the best score
    #[arg(long, value_name = "LEAST")]
    pub(super) min_improvement: Option<String>,
    /// Trials at a time [default: all cores]
    #[arg(long, short, value_name = "N")]
    pub(super) jobs: Option<String>,
    /// Wall time of one trial
    #[arg(long, value_name = "TIME")]
    pub(super) timeout: Option<String>,
    /// Memory that one fit may plan for, e.g. 2GB [default: half of what is free, shared by all jobs]
    #[arg(long, value_name = "SIZE")]
    pub(super) memory: Option<String>,
    /// Run the failed trials of earlier sessions again
    #[arg(long)]
    pub(super) retry_failed: bool,
    /// Cores of one run of a command [default: the machine's, shared by all jobs]
    #[arg(long, value_name = "N")]
    pub(super) cpus: Option<String>,
    /// GPUs of one run: how many (0.5: two runs share one), or the devices to share out, e.g. 0-3
    #[arg(long, value_name = "GPUS")]
    pub(super) gpus: Option<String>,
    /// Run every trial of a built-in model in a process of its own: a crash costs one trial, a timeout
    /// ends any fit, and each trial reads the data anew (about 10 ms for a small file)
    #[arg(long)]
    pub(super) isolate: bool,
    /// Time between two samples of a run's CPU, memory and disk, or false for none
    #[arg(long, value_name = "TIME")]
    pub(super) monitor: Option<String>,
    /// An earlier sweep whose trials teach the sampler before its first one: a sweep of its own
    #[arg(long, value_name = "SWEEP")]
    pub(super) warm_start: Option<String>,
    /// Changes
    #[command(flatten)]
    pub(super) overrides: OverrideArgs,
    /// Then judge the best run against the champion: exit code 0 promote, 3 hold, 4 reject; a verdict to
    /// promote is carried out as [gate] approval says
    #[arg(long)]
    pub(super) gate: bool,
    /// Reports
    #[command(flatten)]
    pub(super) reports: ReportFileArgs,
    /// Print no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Print the result as one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Arguments of `derby check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The sweep files
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) files: Vec<PathBuf>,
    /// Changes
    #[command(flatten)]
    pub(super) overrides: OverrideArgs,
    /// Look at the file alone, not at its data
    #[arg(long)]
    pub(super) no_data: bool,
    /// Print one JSON array: every file with its problems
    #[arg(long)]
    pub(super) json: bool,
}

/// Arguments of `derby space`.
#[derive(Debug, Args)]
pub(super) struct SpaceArgs {
    /// The sweep file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
    /// How many sample configurations to print
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub(super) samples: usize,
    /// Changes
    #[command(flatten)]
    pub(super) overrides: OverrideArgs,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Arguments of `derby data`.
#[derive(Debug, Args)]
pub(super) struct DataArgs {
    /// A data file (CSV, TSV, JSON, JSON lines, SQLite), or a sweep file whose [data] to read
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
    /// The target column, for the checks that need one
    #[arg(long, value_name = "COLUMN")]
    pub(super) target: Option<String>,
    /// Table of a SQLite file
    #[arg(long, value_name = "TABLE")]
    pub(super) table: Option<String>,
    /// Query on a SQLite file
    #[arg(long, value_name = "SQL", conflicts_with = "table")]
    pub(super) query: Option<String>,
    /// Print one JSON object: identity, profile, findings
    #[arg(long)]
    pub(super) json: bool,
    /// Print the profile as comma-separated values
    #[arg(long, conflicts_with = "json")]
    pub(super) csv: bool,
}

/// Arguments of `derby init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The data file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) data: PathBuf,
    /// The target column [default: guessed from names and types]
    #[arg(long, value_name = "COLUMN")]
    pub(super) target: Option<String>,
    /// Table of a SQLite file
    #[arg(long, value_name = "TABLE")]
    pub(super) table: Option<String>,
    /// Query on a SQLite file
    #[arg(long, value_name = "SQL", conflicts_with = "table")]
    pub(super) query: Option<String>,
    /// The sweep file to write [default: sweeps/NAME.toml]
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    pub(super) force: bool,
}

/// Arguments of `derby runs`.
#[derive(Debug, Args)]
#[command(after_help = super::runs::FILTER_HELP)]
pub(super) struct RunsArgs {
    /// Which runs, e.g. 'accuracy > 0.98 and (model = svm or C < 1)'; see below
    pub(super) filter: Vec<String>,
    /// Sort by a metric, a parameter or an attribute; '-' in front sorts descending
    #[arg(long, short, value_name = "COLUMN", allow_hyphen_values = true)]
    pub(super) sort: Vec<String>,
    /// Show these columns only
    #[arg(long, short, value_name = "A,B", value_delimiter = ',')]
    pub(super) columns: Vec<String>,
    /// Show columns that are equal in all rows, too
    #[arg(long)]
    pub(super) all_columns: bool,
    /// Show the first N rows, best first where a sweep's objective says what is best
    #[arg(long, short = 'n', value_name = "N")]
    pub(super) top: Option<usize>,
    /// Show the runs in the bin, and no others
    #[arg(long)]
    pub(super) deleted: bool,
    /// Show a row for each replicate of a trial instead of their mean
    #[arg(long)]
    pub(super) each: bool,
    /// Output
    #[command(flatten)]
    pub(super) format: Format,
}

/// Arguments of `derby show`.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// A run (12, its name, the start of its uuid) or a sweep (sweep:NAME)
    #[arg(value_name = "RUN|SWEEP")]
    pub(super) reference: String,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Arguments of `derby diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The runs: 12, a name, or the start of a uuid; differences are counted from the first
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    pub(super) runs: Vec<String>,
    /// Show equal rows, too
    #[arg(long)]
    pub(super) all: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// Print comma-separated values
    #[arg(long, conflicts_with = "json")]
    pub(super) csv: bool,
}

/// Arguments of `derby best`.
#[derive(Debug, Args)]
pub(super) struct BestArgs {
    /// The sweep [default: the newest]
    pub(super) sweep: Option<String>,
    /// Rank by another metric
    #[arg(long, value_name = "METRIC")]
    pub(super) metric: Option<String>,
    /// How many
    #[arg(long, short = 'n', default_value_t = 1, value_name = "N")]
    pub(super) top: usize,
    /// The Pareto front of several objectives: every run that no other one beats in all of them
    #[arg(long, conflicts_with_all = ["metric", "top"])]
    pub(super) front: bool,
    /// Show a row for each replicate of a trial instead of their mean
    #[arg(long)]
    pub(super) each: bool,
    /// Output
    #[command(flatten)]
    pub(super) format: Format,
}

/// Arguments of `derby sweeps`.
#[derive(Debug, Args)]
pub(super) struct SweepsArgs {
    /// Output
    #[command(flatten)]
    pub(super) format: Format,
}

/// Arguments of `derby models`.
#[derive(Debug, Args)]
pub(super) struct ModelsArgs {
    /// The family whose parameters to list
    pub(super) family: Option<String>,
    /// Print one JSON array
    #[arg(long)]
    pub(super) json: bool,
}

/// Arguments of `derby note`.
#[derive(Debug, Args)]
pub(super) struct NoteArgs {
    /// A run: 12, its name, or the start of its uuid
    pub(super) run: String,
    /// The text; an empty one takes the note away
    pub(super) text: String,
}

/// Arguments of `derby tag`.
#[derive(Debug, Args)]
pub(super) struct TagArgs {
    /// A run: 12, its name, or the start of its uuid
    pub(super) run: String,
    /// Tags: KEY or KEY=VALUE
    #[arg(required = true, value_name = "TAG")]
    pub(super) tags: Vec<String>,
    /// Take the tags off
    #[arg(long)]
    pub(super) remove: bool,
}

/// Arguments of `derby rename`.
#[derive(Debug, Args)]
pub(super) struct RenameArgs {
    /// A run: 12, its name, or the start of its uuid
    pub(super) run: String,
    /// Its new name
    pub(super) name: String,
}

/// Arguments of `derby rm`.
#[derive(Debug, Args)]
pub(super) struct RmArgs {
    /// The runs: 12, a name, or the start of a uuid
    #[arg(required = true, value_name = "RUN")]
    pub(super) runs: Vec<String>,
    /// Take them out of the bin again
    #[arg(long)]
    pub(super) restore: bool,
}

/// Arguments of `derby store`.
#[derive(Debug, Args)]
pub(super) struct StoreArgs {
    /// What to do
    #[command(subcommand)]
    pub(super) command: StoreCommand,
}

/// The verbs of `derby store`.
#[derive(Debug, Subcommand)]
pub(super) enum StoreCommand {
    /// Look for damage: database, objects, leases
    Check {
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Copy the whole store while it is in use
    Backup {
        /// The folder to write
        #[arg(value_hint = ValueHint::DirPath)]
        to: PathBuf,
    },
    /// Empty the bin of what lies there for 30 days, and drop what nothing refers to
    Gc {
        /// Empty the whole bin
        #[arg(long)]
        all: bool,
        /// Only say what would go
        #[arg(long)]
        dry_run: bool,
    },
    /// Take over the runs of another store; twice is the same as once
    Merge {
        /// The other store's folder
        #[arg(value_hint = ValueHint::DirPath)]
        from: PathBuf,
    },
}

/// Arguments of `derby completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

/// Arguments of `derby man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The folder
    #[arg(value_hint = ValueHint::DirPath)]
    pub(super) folder: PathBuf,
}

/// Arguments of `derby reaper`.
#[derive(Debug, Args)]
pub(super) struct ReaperArgs {
    /// What marks the processes of that derby: the value of their `DERBY_OWNER`
    pub(super) marker: String,
}

/// Arguments of `derby trial`.
#[derive(Debug, Args)]
pub(super) struct TrialArgs {
    /// The file that its result is written to
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) result: PathBuf,
}
