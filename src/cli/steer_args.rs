//! Arguments of `derby steer`. The doc comments are the help text.

use clap::{Args, Subcommand};

/// Arguments of `derby steer`.
#[derive(Debug, Args)]
pub(super) struct SteerArgs {
    /// The sweep: its name, its number, or the start of its digest
    pub(super) sweep: String,
    /// What to ask
    #[command(subcommand)]
    pub(super) what: SteerCommand,
    /// Print one JSON object
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// What can be asked of a sweep.
#[derive(Debug, Subcommand)]
pub(super) enum SteerCommand {
    /// Start nothing new; what runs ends, and the process waits
    Pause,
    /// Go on after a pause
    Resume,
    /// Finish what runs, then end the sweep; the same `derby sweep FILE` goes on
    Stop,
    /// End one run; its trial is over and not tried again
    StopRun {
        /// The run: 12, its name, or the start of its uuid
        run: String,
    },
    /// Change how many trials there are in all
    Trials {
        /// The new total, +N for so many more, or none for no limit
        #[arg(value_name = "N")]
        total: String,
    },
    /// Change how many trials are at work at a time
    Jobs {
        /// How many
        #[arg(value_name = "N")]
        jobs: usize,
    },
    /// Change the time budget of all sessions together
    Time {
        /// A time like 90s, 10m or 1h30m, or none for no limit
        #[arg(value_name = "TIME")]
        time: String,
    },
    /// Ask a point next, e.g. try model=svm C=0.5 kernel=rbf
    Try {
        /// The whole configuration; what has one value only may be left out
        #[arg(required = true, value_name = "KEY=VALUE")]
        params: Vec<String>,
    },
    /// Narrow or widen a range for what is asked next
    Range {
        /// The parameter
        parameter: String,
        /// Smallest value
        #[arg(allow_negative_numbers = true)]
        low: f64,
        /// Largest value
        #[arg(allow_negative_numbers = true)]
        high: f64,
    },
    /// Show how the sweep is steered, and what was asked of it
    List,
}
