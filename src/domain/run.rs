//! Identifiers, states and the record of a run.

use super::{Params, Summary};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

id!(
    /// A run's number in its store.
    RunId
);
id!(
    /// A sweep's number in its store.
    SweepId
);
id!(
    /// An experiment's number in its store.
    ExperimentId
);

/// The state of a run as it is stored. That a running one has gone stale follows from its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Asked for, not started.
    Queued,
    /// At work.
    Running,
    /// Ended with a score.
    Done,
    /// Ended without one; the reason says why.
    Failed,
    /// Stopped early by a rule.
    Pruned,
    /// Ended from outside: an interrupt, a signal, a lost process.
    Killed,
    /// The configuration breaks a constraint.
    Infeasible,
}

impl Status {
    /// Every status, in the order in which summaries list them.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Pruned,
        Self::Killed,
        Self::Infeasible,
    ];

    /// The stored word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Pruned => "pruned",
            Self::Killed => "killed",
            Self::Infeasible => "infeasible",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// True once nothing more can happen to the run.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// How one attempt at a trial ended. A failure is data, not an error of the program.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It ended with its metrics.
    Done,
    /// It could not produce a score.
    Failed {
        /// Why, in one line.
        reason: String,
    },
    /// A rule stopped it.
    Pruned {
        /// Which rule, at which step.
        reason: String,
    },
    /// It was stopped from outside.
    Killed {
        /// By what.
        reason: String,
    },
    /// The configuration breaks a constraint.
    Infeasible {
        /// Which one.
        reason: String,
    },
}

impl Outcome {
    /// The status that is stored for it.
    pub fn status(&self) -> Status {
        match self {
            Self::Done => Status::Done,
            Self::Failed { .. } => Status::Failed,
            Self::Pruned { .. } => Status::Pruned,
            Self::Killed { .. } => Status::Killed,
            Self::Infeasible { .. } => Status::Infeasible,
        }
    }

    /// The reason, where there is one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Done => None,
            Self::Failed { reason }
            | Self::Pruned { reason }
            | Self::Killed { reason }
            | Self::Infeasible { reason } => Some(reason),
        }
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// A file that a run leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// Its name in the store: a path with `/`.
    pub name: String,
    /// Where it is now.
    pub file: PathBuf,
}

/// Where a trial stands, from the sampler's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrialState {
    /// Asked, not told yet.
    Pending,
    /// Told to the sampler.
    Told,
    /// Equal to an earlier trial; never executed.
    Duplicate,
}

/// A run as listings and `--json` show it. The keys are stable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunRecord {
    /// Number in this store.
    pub id: RunId,
    /// Identity across stores (UUID v7).
    pub uuid: String,
    /// Made up or given.
    pub name: String,
    /// The experiment's name.
    pub experiment: String,
    /// The sweep's name, for a run of a sweep.
    pub sweep: Option<String>,
    /// The trial's number in its sweep.
    pub trial: Option<u64>,
    /// Which attempt at the trial, from 1.
    pub attempt: u32,
    /// Which of the trial's replicates, from 0.
    #[serde(default)]
    pub replicate: u32,
    /// State.
    pub status: Status,
    /// Why it failed, was pruned or killed.
    pub reason: Option<String>,
    /// Exit status of its process, where it had one that ended by itself.
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// The signal that ended its process.
    #[serde(default)]
    pub exit_signal: Option<i32>,
    /// Configuration.
    pub params: Params,
    /// Summary of every metric.
    pub metrics: IndexMap<String, Summary>,
    /// Tags, sorted by key.
    pub tags: IndexMap<String, String>,
    /// Free text.
    pub note: Option<String>,
    /// Content hash of the data, 64 hex digits.
    pub data_hash: Option<String>,
    /// Schema hash of the data, 64 hex digits.
    pub schema_hash: Option<String>,
    /// Rows of the data.
    pub rows: Option<u64>,
    /// Digest of the split, 64 hex digits.
    pub split: Option<String>,
    /// Seed of the trainer.
    pub seed: Option<i64>,
    /// Commit, branch and whether the tree was dirty.
    pub git: Option<GitState>,
    /// Version of derby.
    pub version: String,
    /// Login name.
    pub user: String,
    /// Host name.
    pub host: String,
    /// The command line.
    pub argv: Vec<String>,
    /// The run that this one repeats without work.
    pub cached_from: Option<RunId>,
    /// Start, milliseconds since 1970 UTC.
    pub started: Option<i64>,
    /// End, milliseconds since 1970 UTC.
    pub ended: Option<i64>,
    /// Wall seconds.
    pub seconds: Option<f64>,
    /// CPU seconds.
    pub cpu_seconds: Option<f64>,
    /// In the bin (`derby rm`).
    pub deleted: bool,
}

/// What git said when a run started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitState {
    /// Full commit hash.
    pub commit: String,
    /// Branch, or none when detached.
    pub branch: Option<String>,
    /// True if tracked files differ from the commit.
    pub dirty: bool,
    /// BLAKE3 hex of the stored uncommitted diff.
    #[serde(default)]
    pub diff: Option<String>,
}
