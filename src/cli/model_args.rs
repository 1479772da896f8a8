//! Arguments of the verbs around models: gate, champion, export and kin. The doc comments are the help text.

#![expect(clippy::doc_markdown, reason = "backticks would stand in the help text")]

use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

/// Arguments of `derby gate`.
#[derive(Debug, Args)]
#[command(after_help = GATE_HELP)]
pub(super) struct GateArgs {
    /// A sweep (its best run is the challenger) or a run [default: the newest sweep]
    #[arg(value_name = "SWEEP|RUN")]
    pub(super) challenger: Option<String>,
    /// What it would replace: champion, none, a run, MODEL@ALIAS, MODEL/VERSION, or a bundle's folder
    #[arg(long, value_name = "MODEL", default_value = "champion")]
    pub(super) against: String,
    /// The rules
    #[command(flatten)]
    pub(super) rules: RuleArgs,
    /// Why it is asked; recorded with the verdict
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(super) why: String,
    /// Carry a verdict to promote out: as [gate] approval says, the champion moves or the version waits
    #[arg(long)]
    pub(super) apply: bool,
    /// Reports
    #[command(flatten)]
    pub(super) reports: ReportFileArgs,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Below the options of `derby gate --help`.
const GATE_HELP: &str = "\
The rules stand in [gate] of the sweep file. Both models predict the holdout, which no search has seen, on
the rows that neither was trained on. Every new question spends a part of alpha; asking the same again
returns the recorded verdict. Exit codes: 0 promote, 3 hold (not proven better), 4 reject.

First, once a model: derby champion begin MODEL. Keys of [gate]: rule, min_gain, margin, metric, alpha,
draws, seed, interval, min_rows, require, slices, max_ece, data_checks, approval (manual, automatic).

Examples:
  derby gate                       the best run of the newest sweep against the champion
  derby gate 171 --against 88
  derby gate mnist --rule non_inferior --margin 0.005";

/// Changes to the rules from the command line.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RuleArgs {
    /// Another sweep file whose [gate] holds
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) policy: Option<PathBuf>,
    /// superior, non_inferior or absolute, in place of what the sweep file says
    #[arg(long, value_name = "RULE")]
    pub(super) rule: Option<String>,
    /// The margin of --rule non_inferior, in units of the metric
    #[arg(long, value_name = "X")]
    pub(super) margin: Option<f64>,
    /// The gain that --rule superior asks for, in units of the metric
    #[arg(long, value_name = "X")]
    pub(super) min_gain: Option<f64>,
}

/// Where reports go.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ReportFileArgs {
    /// Write a report; the extension says the form: .md, .html, .json, .xml (JUnit), .txt, metrics.txt
    #[arg(long = "report", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) report: Vec<PathBuf>,
}

/// Arguments of `derby champion`.
#[derive(Debug, Args)]
pub(super) struct ChampionArgs {
    /// What to do
    #[command(subcommand)]
    pub(super) command: ChampionCommand,
}

/// The verbs of `derby champion`.
#[derive(Debug, Subcommand)]
pub(super) enum ChampionCommand {
    /// List the registered models and their champions
    List {
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Register a model: begin its ledger, champions/MODEL.jsonl
    Begin {
        /// The model: `model` of the sweep file, by default its experiment
        model: String,
        /// Why
        #[arg(long, value_name = "TEXT", default_value = "")]
        why: String,
    },
    /// Show a model's champion, versions and aliases
    Show {
        /// A model, MODEL@ALIAS or MODEL/VERSION [default: the only model]
        model: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show who moved what, when and why
    History {
        /// The model [default: the only one]
        model: Option<String>,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Judge a run and make it the champion, if the gate says so
    Promote {
        /// A run, a sweep (its best run), or MODEL/VERSION
        #[arg(value_name = "RUN|SWEEP|VERSION")]
        what: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// The rules
        #[command(flatten)]
        rules: RuleArgs,
    },
    /// Let a version that waits become the champion
    Approve {
        /// MODEL/VERSION
        version: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Turn a version down
    Reject {
        /// MODEL/VERSION
        version: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Take a version out of use
    Retire {
        /// MODEL/VERSION
        version: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Make a rejected, retired or waiting version a candidate again
    Reopen {
        /// MODEL/VERSION
        version: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Go back to an earlier champion
    Rollback {
        /// The model [default: the only one]
        model: Option<String>,
        /// The version to go back to [default: the champion before]
        #[arg(long, value_name = "VERSION")]
        to: Option<u64>,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Set an alias of your own on a version, or remove it
    Alias {
        /// MODEL@ALIAS
        alias: String,
        /// The version
        #[arg(required_unless_present = "remove")]
        version: Option<u64>,
        /// Remove the alias
        #[arg(long, conflicts_with = "version")]
        remove: bool,
        /// Why
        #[arg(long, value_name = "TEXT", default_value = "")]
        why: String,
    },
    /// Check the hash chain of a ledger, and that a head which is known from elsewhere is in it
    Verify {
        /// The model [default: every model]
        model: Option<String>,
        /// A head that a report printed
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
        /// Take the ledger as it is now for the true one, where this store had seen another
        #[arg(long)]
        trust: bool,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
}

/// Arguments of `derby holdout`.
#[derive(Debug, Args)]
pub(super) struct HoldoutArgs {
    /// What to do
    #[command(subcommand)]
    pub(super) command: HoldoutCommand,
}

/// The verbs of `derby holdout`.
#[derive(Debug, Subcommand)]
pub(super) enum HoldoutCommand {
    /// Show how often a model's holdout was asked, and what alpha is left
    Show {
        /// The model [default: the only one]
        model: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Put the rows that were used aside and start anew on rows that came since
    Refresh {
        /// A sweep file, or a sweep of the store, with the data as it is now
        #[arg(value_name = "FILE|SWEEP")]
        sweep: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
}

/// Arguments of `derby export`.
#[derive(Debug, Args)]
#[command(after_help = EXPORT_HELP)]
pub(super) struct ExportArgs {
    /// A run, a sweep (its best run), MODEL@ALIAS, MODEL/VERSION, or a bundle's folder
    #[arg(value_name = "MODEL")]
    pub(super) reference: String,
    /// The folder to write; the file, for onnx
    #[arg(long, short, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) output: PathBuf,
    /// bundle (all that derby knows), onnx (one file for other programs) or mlflow (a pyfunc folder)
    #[arg(long, value_name = "FORMAT", default_value = "bundle")]
    #[arg(value_parser = ["bundle", "onnx", "mlflow"], hide_possible_values = true)]
    pub(super) format: String,
    /// Fit a run on all rows, the holdout's included: another model, which no gate has judged
    #[arg(long)]
    pub(super) refit_all: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Below the options of `derby export --help`.
const EXPORT_HELP: &str = "\
Examples:
  derby export 171 -o bundle && derby predict bundle new.csv | head
  derby export iris@champion --format onnx -o iris.onnx
  derby export iris@champion --format mlflow -o mlflow-model";

/// Arguments of `derby verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// A bundle's folder, MODEL@ALIAS or MODEL/VERSION
    #[arg(value_name = "BUNDLE")]
    pub(super) reference: String,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Arguments of `derby predict`.
#[derive(Debug, Args)]
#[command(after_help = PREDICT_HELP)]
pub(super) struct PredictArgs {
    /// A bundle's folder, MODEL@ALIAS, MODEL/VERSION, or a run
    #[arg(value_name = "MODEL")]
    pub(super) reference: String,
    /// The rows: CSV, TSV, JSON lines
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) data: PathBuf,
    /// The file to write, whole or not at all [default: standard output]
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
    /// csv or jsonl [default: by the output's extension, else csv]
    #[arg(long, value_name = "FORMAT", value_parser = ["csv", "jsonl"], hide_possible_values = true)]
    pub(super) format: Option<String>,
    /// Threads [default: all cores]
    #[arg(long, short, value_name = "N")]
    pub(super) jobs: Option<usize>,
}

/// Below the options of `derby predict --help`.
const PREDICT_HELP: &str = "\
One line for each row of the file, in its order: row (from 1), prediction, and p_CLASS for each
class where the model gives probabilities. Columns are found by name, and others are not read. What
is notable (words never seen, missing cells, columns not read) is said on standard error.

Examples:
  derby predict bundle new.csv | head
  derby predict iris@champion new.csv -o predictions.csv
  derby predict 171 new.jsonl --format jsonl";

/// Arguments of `derby reproduce`.
#[derive(Debug, Args)]
pub(super) struct ReproduceArgs {
    /// A run of a built-in model: 12, its name, or the start of its uuid
    pub(super) run: String,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}
