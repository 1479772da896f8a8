//! Arguments of `derby plot`. The doc comments are the help text.

use crate::compare::ImportanceMethod;
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Every figure.
pub(super) const KINDS: [&str; 14] = [
    "history",
    "importance",
    "parallel",
    "slice",
    "contour",
    "curves",
    "pareto",
    "timeline",
    "roc",
    "pr",
    "calibration",
    "confusion",
    "residuals",
    "gate",
];

/// Arguments of `derby plot`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(in crate::cli) struct PlotArgs {
    /// The figure, one of those below
    #[arg(value_parser = PossibleValuesParser::new(KINDS), hide_possible_values = true)]
    pub(super) kind: String,
    /// A sweep [default: the newest]; for curves, gate and figures of predictions, runs too
    #[arg(value_name = "SWEEP|RUN")]
    pub(super) of: Vec<String>,
    /// The metric of curves or importance [default: the objective]; for pareto, that of an axis: twice for both
    #[arg(long, value_name = "METRIC")]
    pub(super) metric: Vec<String>,
    /// How importance is told: ped-anova, fanova or shap [default: ped-anova]
    #[arg(long, value_name = "METHOD")]
    #[arg(value_parser = ImportanceMethod::KEYS, hide_possible_values = true)]
    pub(super) method: Option<String>,
    /// A parameter of parallel, slice or contour, e.g. svm.C [default: the most important]; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(super) param: Vec<String>,
    /// The class of roc, pr or calibration [default: the positive one; every one, of three or more]
    #[arg(long, value_name = "CLASS")]
    pub(super) class: Option<String>,
    /// The file to write; its extension says SVG or PNG
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: PathBuf,
}

/// Below the options of `derby plot --help`.
const HELP: &str = "\
Figures of a sweep:
  history      scores by trial, and the best so far
  importance   which parameters made the difference
  parallel     a line for each run through its parameters
  slice        the score by each parameter
  contour      the score over two parameters
  curves       a metric of each run by step; of runs too
  pareto       one metric against another, and the front
  timeline     when each run was at work
Figures of out-of-fold predictions, of the best runs of a sweep or of runs; never of the holdout:
  roc, pr      true and false positives; precision and recall
  calibration  what predicted probabilities come true
  confusion    predicted by true class
  residuals    what is left of the target
Figure of a verdict:
  gate         the newest one that is recorded: the gain, its bounds, the slices

Examples:
  derby plot history mnist -o history.svg
  derby plot contour mnist --param svm.C --param svm.gamma -o contour.png
  derby plot roc 12 13 -o roc.svg
  derby plot curves 12 13 --metric val_loss -o curves.png";
