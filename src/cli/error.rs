//! What goes wrong at the command line: one text, hints, and an exit code.

use crate::bundle::BundleError;
use crate::candidate::CandidateError;
use crate::data;
use crate::spec::SpecError;
use crate::store::StoreError;
use crate::sweep::{DriveError, OutsideError, PlanError, WarmStartError};
use std::fmt;

/// Verb by outcome. The same table stands in `derby --help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done.
    Done = 0,
    /// It failed; all trials failed included.
    Failed = 1,
    /// Usage, or a sweep file that does not check.
    Usage = 2,
    /// The gate holds: not proven better.
    Held = 3,
    /// The gate rejects, or a check, a verification or a reproduction failed.
    Rejected = 4,
    /// A budget ran out with no result.
    NoResult = 5,
    /// A bug of ours.
    Bug = 70,
    /// Try again later.
    Later = 75,
    /// Ctrl-C; the same command goes on.
    Interrupted = 130,
    /// SIGTERM or SIGHUP; the same command goes on.
    Terminated = 143,
}

/// The text of `derby --help`.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
    0  done, or the gate promotes
    1  failed (also: every trial of a sweep failed)
    2  usage, or a sweep file that does not check
    3  the gate holds: not proven better (the champion stays)
    4  the gate rejects, or a check, a verification or a reproduction failed
    5  a budget ran out with no result
   70  a bug of derby
   75  try again later (the store is locked, or another process drives the sweep)
  130  interrupted by Ctrl-C; the same command goes on
  143  terminated; the same command goes on";

/// An error that ends the program.
#[derive(Debug)]
pub(super) struct CliError {
    /// The exit code.
    pub(super) exit: Exit,
    /// What failed, on which value.
    pub(super) text: String,
    /// What to do about it.
    pub(super) hints: Vec<String>,
    /// True if stdout went away.
    broken_pipe: bool,
}

impl CliError {
    /// An error without hints.
    pub(super) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into(), hints: Vec::new(), broken_pipe: false }
    }

    /// An error of usage.
    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// True if stdout went away, which ends the program quietly.
    pub(super) fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }

    /// The same with a hint.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.text)?;
        for hint in &self.hints {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl From<SpecError> for CliError {
    fn from(error: SpecError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<data::Error> for CliError {
    fn from(error: data::Error) -> Self {
        Self::new(Exit::Failed, error.to_string())
    }
}

impl From<PlanError> for CliError {
    fn from(error: PlanError) -> Self {
        let exit = match error {
            PlanError::Command(_)
            | PlanError::Gpus(_)
            | PlanError::Metric { .. }
            | PlanError::Race { .. }
            | PlanError::Elsewhere { .. }
            | PlanError::Family { .. } => Exit::Usage,
            PlanError::Data(_) | PlanError::Split(_) => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<WarmStartError> for CliError {
    fn from(error: WarmStartError) -> Self {
        match error {
            WarmStartError::Store(error) if !matches!(error, StoreError::NoSuchSweep { .. }) => {
                error.into()
            }
            error => Self::usage(error.to_string()),
        }
    }
}

impl From<OutsideError> for CliError {
    fn from(error: OutsideError) -> Self {
        let exit = match error {
            OutsideError::Store(error) => return error.into(),
            OutsideError::WarmStart(error) => return error.into(),
            OutsideError::Over { .. } => Exit::NoResult,
            OutsideError::Waits { .. } => Exit::Later,
            OutsideError::Unknown { .. }
            | OutsideError::Ended { .. }
            | OutsideError::NotHanded { .. }
            | OutsideError::Missing { .. }
            | OutsideError::Unbounded { .. } => Exit::Usage,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let exit = match &error {
            StoreError::Filter(_) => Exit::Usage,
            error if error.is_temporary() => Exit::Later,
            _ => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<DriveError> for CliError {
    fn from(error: DriveError) -> Self {
        match error {
            DriveError::Store(error) => error.into(),
            DriveError::WarmStart(error) => error.into(),
            DriveError::Sampler(_) | DriveError::NoFolds { .. } => Self::usage(error.to_string()),
            DriveError::TakenOver(_) => Self::new(Exit::Later, error.to_string()),
            DriveError::Threads { .. } => Self::new(Exit::Failed, error.to_string()),
        }
    }
}

impl From<CandidateError> for CliError {
    fn from(error: CandidateError) -> Self {
        match error {
            CandidateError::Store(error) => error.into(),
            CandidateError::Plan(error) => error.into(),
            CandidateError::Bundle(error) => error.into(),
            CandidateError::Ledger(error) => error.into(),
            error @ CandidateError::Busy { .. } => Self::new(Exit::Later, error.to_string()),
            error => Self::new(Exit::Failed, error.to_string()),
        }
    }
}

impl From<BundleError> for CliError {
    fn from(error: BundleError) -> Self {
        let exit = match error {
            BundleError::Damaged { .. } => Exit::Rejected,
            _ => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        let broken_pipe = error.kind() == std::io::ErrorKind::BrokenPipe;
        Self { broken_pipe, ..Self::new(Exit::Failed, error.to_string()) }
    }
}
