//! Arguments of `derby report`. The doc comments are the help text.

#![expect(clippy::doc_markdown, reason = "backticks would stand in the help text")]

use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Arguments of `derby report`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ReportArgs {
    /// A sweep, or a run [default: the newest sweep]
    #[arg(value_name = "SWEEP|RUN")]
    pub(super) of: Option<String>,
    /// A file to write: .md, .html, .json, .xml (JUnit), .prom (OpenMetrics), .txt; may be repeated
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Vec<PathBuf>,
    /// An older report.json: shows metrics and parameters old, new and change
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) baseline: Option<PathBuf>,
    /// What must not be, e.g. 'roc_auc drop > 0.01', 'rmse rise > 2%' or 'accuracy < 0.9'; may be repeated
    #[arg(long, value_name = "LIMIT")]
    pub(super) fail_on: Vec<String>,
    /// The title, in place of the sweep's name
    #[arg(long, value_name = "TEXT")]
    pub(super) title: Option<String>,
    /// Print the JSON Schema of report.json
    #[arg(long, exclusive = true)]
    pub(super) schema: bool,
}

/// Below the options of `derby report --help`.
const HELP: &str = "\
The report has the newest verdict of the gate on these runs, and ends as it says: 0 promote or no verdict,
3 hold, 4 reject or a limit of --fail-on is broken; 1 if no run is done. Times beyond a limit hold (3).

Examples:
  derby report mnist
  derby report mnist -o report.html -o report.json
  derby report mnist --baseline main.json --fail-on 'roc_auc drop > 0.01' -o report.md";
