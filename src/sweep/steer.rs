//! Steering: what a person asks of a sweep while it runs, who may ask what, and how it is answered.
//!
//! A [`Steer`] is posted to the store's control table; the process that drives the sweep takes it, answers it,
//! and appends it to the sweep's history as an event of kind `steered` ([`Step`]). Whatever must hold after a
//! restart is folded from that history ([`Steering`]).

mod range;
mod state;

#[cfg(test)]
mod tests;

pub(super) use range::{ranged, with_range};
pub(super) use state::{Kept, STEERED, own_jobs, own_time, own_trials};
pub use state::{Steering, Step};

use crate::domain::{Params, RunId, SweepId};
use crate::host;
use crate::space::{Point, Space};
use crate::store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Most trials at a time; as `[resources] jobs`.
pub const MOST_JOBS: usize = 65_536;

/// What can be asked of a sweep: the content of `control.command`, tagged by `do`. Each is idempotent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Steer {
    /// Starts nothing new; what runs ends.
    Pause,
    /// Goes on after a pause.
    Resume,
    /// Finishes what runs, then ends the sweep, as the first Ctrl-C does.
    Stop,
    /// Ends one run; its trial is over and not tried again.
    StopRun {
        /// The run.
        run: RunId,
    },
    /// Sets how many trials there are in all.
    Trials {
        /// The new total; none takes the limit away.
        total: Option<u64>,
    },
    /// Sets how many trials are at work at a time in the process that drives the sweep.
    Jobs {
        /// How many, at least 1.
        jobs: usize,
    },
    /// Sets the time budget of all sessions together.
    Time {
        /// Seconds; none takes the limit away.
        seconds: Option<f64>,
    },
    /// A point by hand, which is asked next.
    Try {
        /// The whole configuration; what has one value only may be left out.
        params: Params,
    },
    /// Narrows or widens a range for what is asked next.
    Range {
        /// The dimension's id, or its name where only one has it.
        parameter: String,
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
}

/// What became of a command: the content of `control.answer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// True if it holds now.
    pub ok: bool,
    /// What holds now; or why not, with the mend.
    pub text: String,
}

impl Answer {
    /// Reads the answer of a command; `None` for one that is no answer to a [`Steer`].
    pub fn of(answer: &serde_json::Value) -> Option<Self> {
        Self::deserialize(answer).ok()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::json!({ "ok": self.ok, "text": self.text })
    }
}

impl Steer {
    /// Reads a command of the control table; `None` for one that is no steering.
    pub fn of(command: &serde_json::Value) -> Option<Self> {
        Self::deserialize(command).ok()
    }

    /// Posts it to the process that drives the sweep. `by` is who asks; see [`asker`].
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn post(&self, store: &mut Store, sweep: SweepId, by: &str) -> Result<i64, StoreError> {
        let mut command = serde_json::json!(self);
        command["by"] = by.into();
        store.post_command(sweep, &command)
    }

    /// True if it means nothing while nobody drives the sweep; the others are taken at its next start.
    pub fn needs_driver(&self) -> bool {
        matches!(self, Self::Pause | Self::Resume | Self::Stop | Self::StopRun { .. })
    }

    /// Whether it can be asked of a sweep with this space (that of its file) and state.
    ///
    /// # Errors
    /// Why not, with the mend.
    pub fn check(&self, space: &Space, steering: &Steering) -> Result<(), String> {
        match self {
            Self::Trials { total: Some(0) } => {
                Err("'0' trials; mend: at least 1, or `stop` to end the sweep".into())
            }
            Self::Jobs { jobs } if !(1..=MOST_JOBS).contains(jobs) => {
                Err(format!("'{jobs}' jobs; mend: a number from 1 to {MOST_JOBS}"))
            }
            Self::Time { seconds: Some(seconds) } if !is_time(*seconds) => {
                Err(format!("a time of '{seconds}' s; mend: a time above 0, like 90s or 1h30m"))
            }
            Self::Try { params } => self::point(space, steering, params).map(|_| ()),
            Self::Range { parameter, low, high } => {
                with_range(space, &steering.ranges, parameter, (*low, *high)).map(|_| ())
            }
            _ => Ok(()),
        }
    }
}

fn is_time(seconds: f64) -> bool {
    seconds > 0.0 && std::time::Duration::try_from_secs_f64(seconds).is_ok()
}

/// The point of a configuration by hand. It may lie in the space as it is searched now, or in that of the file.
pub(super) fn point(space: &Space, steering: &Steering, params: &Params) -> Result<Point, String> {
    let now = ranged(space, &steering.ranges)?;
    let mend = |error| format!("{error}; mend: give every parameter a value of its range");
    now.point(params).or_else(|error| space.point(params).map_err(|_| mend(error)))
}

/// Who asks, as it is recorded: `ada@host`.
pub fn asker() -> String {
    format!("{}@{}", host::user(), host::hostname())
}

impl fmt::Display for Steer {
    /// As `derby steer SWEEP …` takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pause => f.write_str("pause"),
            Self::Resume => f.write_str("resume"),
            Self::Stop => f.write_str("stop"),
            Self::StopRun { run } => write!(f, "stop-run {run}"),
            Self::Trials { total: Some(total) } => write!(f, "trials {total}"),
            Self::Trials { total: None } => f.write_str("trials none"),
            Self::Jobs { jobs } => write!(f, "jobs {jobs}"),
            Self::Time { seconds: Some(seconds) } => write!(f, "time {seconds}s"),
            Self::Time { seconds: None } => f.write_str("time none"),
            Self::Try { params } => write!(f, "try {params}"),
            Self::Range { parameter, low, high } => write!(f, "range {parameter} {low} {high}"),
        }
    }
}
