//! Arguments of the verbs that let others carry out trials: `sampler`, `ask`, `tell`. The doc comments are the help
//! text.

use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Arguments of `derby sampler`.
#[derive(Debug, Args)]
#[command(after_help = SAMPLER_HELP)]
pub(super) struct SamplerArgs {
    /// The sampler, where the first line names none
    #[arg(long, value_name = "NAME")]
    pub(super) sampler: Option<String>,
}

/// Below the options of `derby sampler --help`.
const SAMPLER_HELP: &str = r#"One line of JSON in, exactly one line out, until standard input ends. Nothing is stored.

  {"space": {...}, "direction": "minimize", "seed": 1, "sampler": "auto", "budget": 300}
      begins; only "space" is needed         ->  {"ok": true, "name": "derby", "version": ...}
  {"ask": true}                              ->  {"id": 0, "params": {"x": 0.25, "kernel": "rbf"}}
  {"tell": {"id": 0, "value": 0.31}}         ->  {"ok": true}
  {"tell": {"id": 0, "state": "failed"}}     ->  {"ok": true}
  {"tell": {"id": 0, "state": "pruned", "value": 0.7, "step": 4}}
  {"best": true}                             ->  {"id": 0, "params": {...}, "value": 0.31}

With several directions a tell has "values": [0.31, 12], and {"front": true} asks for the trials
that none beats in all of them. "constraints": [-0.2] in a tell are met up to 0. "options" in the
first line sets control parameters, for ablations: {"auto.credit": 0, "auto.gp": false}.

Asks may come before the tells of earlier ones, in any number, and tells in any order. A line
that is wrong is answered by {"error": "..."} and changes nothing. Once all points of a finite
space were asked for, the answer to an ask has "exhausted": true beside its error. The same lines
get the same answers.

The space, by parameter, those that others hang on first:
  {"x": {"type": "float", "low": 0, "high": 1, "log": false, "step": null},
   "n": {"type": "int", "low": 1, "high": 64, "log": true},
   "kernel": {"type": "categorical", "choices": ["rbf", "linear"]},
   "gamma": {"type": "float", "low": 1e-5, "high": 10, "log": true, "when": {"kernel": ["rbf"]}}}

Example:
  echo '{"space": {"x": {"type": "float", "low": 0, "high": 1}}}' | derby sampler"#;

/// Arguments of `derby ask`.
#[derive(Debug, Args)]
#[command(after_help = ASK_HELP)]
pub(super) struct AskArgs {
    /// The sweep file, or the name of a sweep that was asked before
    #[arg(value_name = "SWEEP", value_hint = ValueHint::FilePath)]
    pub(super) sweep: String,
    /// How many trials to ask for
    #[arg(long, short = 'n', value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(super) count: u64,
    /// Change any key of the file, e.g. --set search.seed=3: a sweep of its own
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// List the trials that were handed out and not told yet, instead of asking for one
    #[arg(long, conflicts_with_all = ["count", "args"])]
    pub(super) open: bool,
    /// Print one JSON object a trial
    #[arg(long, conflicts_with = "args")]
    pub(super) json: bool,
    /// Print the number, then --NAME=VALUE for every parameter, one trial a line
    #[arg(long)]
    pub(super) args: bool,
}

/// Below the options of `derby ask --help`.
const ASK_HELP: &str = "\
Trials that others carry out: a cluster's queue, a person in a laboratory, any program. The sweep
file needs [params] and [objective], and no [command]; with one, `derby sweep` can go on with the
same sweep, and leaves alone what others have. Any number of trials may be open, and any number of
processes may ask at once. A trial belongs to whoever asked for it until it is told or given back;
what was given back, or left by a sweep that was cut off, is handed out first.
Of [budget], trials, patience, target and max_failed hold. With [search] constraints, such as
purity >= 0.9, a tell also names the metrics that they bound: derby tell wetlab 0 0.82 purity=0.95.
Exit code: 5 once nothing is left to ask for: the budget's trials, or all points of the space.
Example:
  derby ask sweeps/wetlab.toml
  derby tell wetlab 0 0.82
  derby ask wetlab --open";

/// Arguments of `derby tell`.
#[derive(Debug, Args)]
#[command(after_help = TELL_HELP)]
#[command(group = clap::ArgGroup::new("end").args(["failed", "infeasible", "pruned", "give_back"]))]
pub(super) struct TellArgs {
    /// The sweep's name, its file, or its number
    #[arg(value_name = "SWEEP", value_hint = ValueHint::FilePath)]
    pub(super) sweep: String,
    /// The trial's number, as `derby ask` printed it
    #[arg(value_name = "TRIAL")]
    pub(super) trial: u64,
    /// The objective's value, or values in the order of the objectives; NAME=VALUE for any metric
    #[arg(value_name = "VALUE", allow_negative_numbers = true)]
    pub(super) values: Vec<String>,
    /// The trial failed
    #[arg(long, value_name = "REASON", num_args = 0..=1, default_missing_value = "told so")]
    pub(super) failed: Option<String>,
    /// The configuration breaks a constraint
    #[arg(long, value_name = "REASON", num_args = 0..=1, default_missing_value = "told so")]
    pub(super) infeasible: Option<String>,
    /// The trial was stopped at this step, with VALUE so far
    #[arg(long, value_name = "STEP", allow_negative_numbers = true)]
    pub(super) pruned: Option<i64>,
    /// Nobody carries the trial out any more: the next ask, or `derby sweep`, gets it
    #[arg(long, value_name = "REASON", num_args = 0..=1, default_missing_value = "given back")]
    pub(super) give_back: Option<String>,
    /// How long it took
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(super) seconds: Option<f64>,
    /// Print a JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Below the options of `derby tell --help`.
const TELL_HELP: &str = "\
Every trial is told once. One of which nothing is to be had but that should not be tried again is
told with --failed; --give-back keeps its number and its parameters, and counts as an attempt that
was killed. Of several sweeps of one name that is meant in which the trial is open.
Examples:
  derby tell wetlab 0 0.82
  derby tell wetlab 1 yield=0.82 purity=0.97
  derby tell wetlab 2 --failed 'the pump broke'
  derby tell wetlab 3 0.4 --pruned 12
  derby tell wetlab 4 --give-back 'the node went away'";

/// The file that was meant, if there is one of that name.
pub(super) fn file_of(sweep: &str) -> Option<PathBuf> {
    let file = PathBuf::from(sweep);
    file.is_file().then_some(file)
}
