//! Executors: what carries out a trial.
//!
//! A [`Work`] turns one [`Assignment`] into an [`Execution`]; the [`Pool`] runs work on worker threads and
//! turns panics and timeouts into outcomes. Nothing here asks a sampler or writes the store.

mod control;
mod cross_validation;
pub mod fake;
mod fold_cache;
mod function;
mod isolated;
mod oof;
mod pool;
mod process;
mod rounds;

pub use control::{Control, Ears, Stop, TIMEOUT};
pub use cross_validation::{CrossValidation, CvSetup, Judged};
pub use function::{FUNCTIONS, TestFunction};
pub use isolated::{ISOLATED_GRACE, Isolated, IsolatedSetup, TrialOrder, carry_out_order};
pub use oof::OutOfFold;
pub use pool::{Judging, Message, Pool, carry_out, quiet_panics};
pub use process::{
    HandedFile, Passing, ProcessError, ProcessSetup, ProcessWork, clean_run_folder, run_folder,
};

pub use crate::domain::{Exit, KeptFile};

use crate::domain::{MetricPoint, Outcome, Params, RunId, Summary};

/// One attempt at one trial, claimed for a worker.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The run that records the attempt.
    pub run: RunId,
    /// The trial's number in its sweep.
    pub trial: u64,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The configuration.
    pub params: Params,
    /// Seed of every random stream of the run.
    pub seed: u64,
    /// Which of the trial's replicates, from 0.
    pub replicate: u32,
}

/// What one attempt left behind.
#[derive(Debug, Clone)]
pub struct Execution {
    /// How it ended.
    pub outcome: Outcome,
    /// Every measured value.
    pub points: Vec<MetricPoint>,
    /// One summary a metric.
    pub summaries: Vec<(String, Summary)>,
    /// Wall seconds.
    pub seconds: f64,
    /// CPU seconds of all threads that worked on it.
    pub cpu_seconds: f64,
    /// Out-of-fold predictions.
    pub predictions: Option<OutOfFold>,
    /// How its process ended, where it had one.
    pub exit: Option<Exit>,
    /// Files to keep.
    pub artifacts: Vec<KeptFile>,
    /// True if the machine failed and not the configuration: the trial may be tried again.
    pub is_infrastructure: bool,
}

impl Execution {
    /// An attempt that ended without any value.
    pub fn without_values(outcome: Outcome) -> Self {
        Self {
            outcome,
            points: Vec::new(),
            summaries: Vec::new(),
            seconds: 0.0,
            cpu_seconds: 0.0,
            predictions: None,
            exit: None,
            artifacts: Vec::new(),
            is_infrastructure: false,
        }
    }

    /// The score of a metric, where it was measured.
    pub fn score(&self, metric: &str) -> Option<f64> {
        self.summaries.iter().find(|(name, _)| name == metric).map(|(_, summary)| summary.score)
    }
}

/// Carries out trials. Shared by all worker threads.
pub trait Work: Send + Sync {
    /// Carries out one attempt. A failure is an outcome; a panic is caught by the pool.
    fn run(&self, assignment: &Assignment, control: &Control) -> Execution;

    /// Told once the run is recorded: whatever it left lying about can go.
    fn settled(&self, _assignment: &Assignment) {}
}
