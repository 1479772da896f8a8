//! Arguments of the verbs that look into models and sweeps: explain, errors, importance, ensemble. The doc comments
//! are the help text.

use crate::compare::ImportanceMethod;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Arguments of `derby explain`.
#[derive(Debug, Args)]
#[command(after_help = EXPLAIN_HELP)]
pub(super) struct ExplainArgs {
    /// A run, a sweep (its best run), MODEL@ALIAS, MODEL/VERSION, or a bundle's folder
    #[arg(value_name = "RUN|BUNDLE")]
    pub(super) reference: String,
    /// The rows
    #[command(flatten)]
    pub(super) rows: RowsArgs,
    /// Attribute every prediction to the columns (SHAP) instead of shuffling columns
    #[arg(long)]
    pub(super) shap: bool,
    /// Explain the prediction of one row, the first being 1, column by column
    #[arg(long, value_name = "N", conflicts_with_all = ["csv", "metric", "repeats", "together"])]
    pub(super) row: Option<usize>,
    /// The class to explain [default: all; with --row the predicted one]
    #[arg(long, value_name = "CLASS")]
    pub(super) class: Option<String>,
    /// The metric whose drop is measured [default: what the sweep aimed at]
    #[arg(long, value_name = "METRIC", conflicts_with = "shap")]
    pub(super) metric: Option<String>,
    /// Shuffles of each column
    #[arg(long, value_name = "N", default_value_t = 10, conflicts_with = "shap")]
    pub(super) repeats: usize,
    /// Shuffle columns together whose rank correlation is at least this
    #[arg(long, value_name = "R", conflicts_with = "shap")]
    pub(super) together: Option<f64>,
    /// Rows to explain at most, drawn at random [default: 10000; with --shap 200, or 20 where it is sampled]
    #[arg(long, value_name = "N")]
    pub(super) max_rows: Option<usize>,
    /// Columns to list; 0: all
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub(super) top: usize,
    /// Seed of shuffles and draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
    /// Print one JSON object
    #[arg(long, conflicts_with = "csv")]
    pub(super) json: bool,
    /// Print comma-separated values
    #[arg(long)]
    pub(super) csv: bool,
}

/// Below the options of `derby explain --help`.
const EXPLAIN_HELP: &str = "\
A run is explained on the search rows, each by the fold's model that has not seen it; nothing looks
at the holdout unless --holdout says so. A bundle is explained on the rows of --data.

Examples:
  derby explain 171                           which columns the score leans on
  derby explain 171 --shap --row 17           why row 17 got its prediction
  derby explain iris@champion --data new.csv";

/// Which rows a model is looked at on.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RowsArgs {
    /// These rows, target included: CSV, TSV, JSON lines
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) data: Option<PathBuf>,
    /// The holdout's rows, by the model fitted on the search rows: whoever mends a model by what he sees there
    /// has used the holdout up
    #[arg(long, conflicts_with = "data")]
    pub(super) holdout: bool,
}

/// Arguments of `derby errors`.
#[derive(Debug, Args)]
#[command(after_help = ERRORS_HELP)]
pub(super) struct ErrorsArgs {
    /// A run, a sweep (its best run), MODEL@ALIAS, MODEL/VERSION, or a bundle's folder
    #[arg(value_name = "RUN|BUNDLE")]
    pub(super) reference: String,
    /// The rows
    #[command(flatten)]
    pub(super) rows: RowsArgs,
    /// The metric of the segments [default: what the sweep aimed at]
    #[arg(long, value_name = "METRIC")]
    pub(super) metric: Option<String>,
    /// Worst rows to list
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    pub(super) top: usize,
    /// Weakest segments to list
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(super) segments: usize,
    /// Seed of draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Below the options of `derby errors --help`.
const ERRORS_HELP: &str = "\
A run is looked at on the search rows, each predicted by the fold's model that has not seen it;
nothing looks at the holdout unless --holdout says so. Rows count from 1.

Examples:
  derby errors 171
  derby errors iris@champion --data new.csv --json";

/// Arguments of `derby importance`.
#[derive(Debug, Args)]
#[command(after_help = IMPORTANCE_HELP)]
pub(super) struct ImportanceArgs {
    /// The sweep [default: the newest]
    pub(super) sweep: Option<String>,
    /// ped-anova (what the best trials have in common), fanova (what moves the score) or shap (what moved
    /// the score of the trials, and which way)
    #[arg(long, value_name = "METHOD", default_value = "ped-anova")]
    #[arg(value_parser = ImportanceMethod::KEYS, hide_possible_values = true)]
    pub(super) method: String,
    /// Another objective of the sweep, or any other metric [default: the first objective]
    #[arg(long, value_name = "METRIC")]
    pub(super) metric: Option<String>,
    /// The share of trials that count as the best, for ped-anova [default: 0.1]
    #[arg(long, value_name = "SHARE")]
    pub(super) best: Option<f64>,
    /// Print one JSON object
    #[arg(long, conflicts_with = "csv")]
    pub(super) json: bool,
    /// Print comma-separated values
    #[arg(long)]
    pub(super) csv: bool,
}

/// Below the options of `derby importance --help`.
const IMPORTANCE_HELP: &str = "\
The methods ask different questions and may disagree. PED-ANOVA: which parameters set the best
trials apart from the rest. fANOVA: which share of the score's variance over the whole space each
explains by itself, and which pairs more together. SHAP: how much each moved the score of the trials
that were made, and which values were better. fANOVA and SHAP ask a random forest that learns the
score, from 2,000 trials at most.

Trials that have a finite score count, whether they keep constraints or not; failed, pruned and
killed ones do not. Intervals of 95 % say how much other such trials would change it, not whether
the method or the forest is right (PED-ANOVA: 500 bootstrap resamples; fANOVA and SHAP: the forest's
64 trees, each on a resample; 10 trials or more). A parameter that matters not at all has an
interval near 0, not one that reaches it. A conditional parameter is judged where it is active, and
a forest cannot take the choice that activates it for its own work.

Examples:
  derby importance
  derby importance mnist --method shap
  derby importance mnist --method fanova --metric log_loss --json";

/// Arguments of `derby ensemble`.
#[derive(Debug, Args)]
#[command(after_help = ENSEMBLE_HELP)]
pub(super) struct EnsembleArgs {
    /// The sweep [default: the newest]
    pub(super) sweep: Option<String>,
    /// Models that are added one by one, each as often as it helps
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(super) rounds: usize,
    /// Choose among so many of the best runs
    #[arg(long, short = 'n', value_name = "N", default_value_t = 50)]
    pub(super) top: usize,
    /// Name of the ensemble's run [default: made up]
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Below the options of `derby ensemble --help`.
const ENSEMBLE_HELP: &str = "\
The ensemble is a run of its own, which can be gated, exported and predicted with as any other. Its
score is of the out-of-fold predictions that it was chosen on, so it flatters; the nested score does
not.

Examples:
  derby ensemble mnist --name blend
  derby gate blend";
