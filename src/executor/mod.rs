//! Executors: what carries out a trial.
//!
//! A [`Work`] turns one [`Assignment`] into an [`Execution`]; the [`Pool`] runs work on worker threads and
//! turns panics and timeouts into outcomes. Nothing here asks a sampler or writes the store.

mod cross_validation;
pub mod fake;
mod fold_cache;
mod function;
mod oof;
mod pool;

pub use cross_validation::{CrossValidation, CvSetup};
pub use function::{FUNCTIONS, TestFunction};
pub use oof::OutOfFold;
pub use pool::{Pool, quiet_panics};

use crate::domain::{MetricPoint, Outcome, Params, RunId, Summary};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

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
    /// Seed of every random stream of the trial.
    pub seed: u64,
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
}

/// The strings that a trial hangs on: when to stop, and how many workers stand idle.
#[derive(Debug)]
pub struct Control {
    cancel: Arc<AtomicBool>,
    reason: Mutex<Option<String>>,
    deadline: Option<Instant>,
    idle: Arc<AtomicIsize>,
}

impl Control {
    /// Controls for one attempt.
    pub fn new(timeout: Option<Duration>, idle: Arc<AtomicIsize>) -> Self {
        Self {
            cancel: Arc::new(AtomicBool::new(false)),
            reason: Mutex::new(None),
            deadline: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            idle,
        }
    }

    /// Controls that never stop anything, for work outside a pool.
    pub fn free() -> Self {
        Self::new(None, Arc::new(AtomicIsize::new(0)))
    }

    /// Asks the trial to stop; the first reason is kept.
    pub fn stop(&self, reason: &str) {
        let mut kept = self.reason.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.get_or_insert_with(|| reason.to_string());
        self.cancel.store(true, Ordering::Release);
    }

    /// True once the trial should end. Looks at the clock where there is a deadline.
    pub fn stopped(&self) -> bool {
        if self.cancel.load(Ordering::Acquire) {
            return true;
        }
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if late {
            self.stop(TIMEOUT);
        }
        late
    }

    /// The flag that fits poll.
    pub fn flag(&self) -> &AtomicBool {
        &self.cancel
    }

    /// How a stopped trial ended: a timeout is a failure, anything else came from outside.
    pub fn stopped_outcome(&self) -> Outcome {
        let kept = self.reason.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match kept.as_deref() {
            Some(TIMEOUT) => Outcome::Failed { reason: TIMEOUT.into() },
            reason => Outcome::Killed { reason: reason.unwrap_or("stopped").into() },
        }
    }

    /// Takes up to `most` idle workers; give them back with [`Control::give_back`].
    pub fn take_idle(&self, most: usize) -> usize {
        let mut taken = 0;
        while taken < most {
            let took = self.idle.fetch_update(Ordering::AcqRel, Ordering::Acquire, |idle| {
                (idle > 0).then(|| idle - 1)
            });
            if took.is_err() {
                break;
            }
            taken += 1;
        }
        taken
    }

    /// Gives borrowed workers back.
    pub fn give_back(&self, workers: usize) {
        self.idle.fetch_add(workers as isize, Ordering::AcqRel);
    }
}

/// The reason of a trial that ran past its time limit.
pub const TIMEOUT: &str = "ran past its time limit ([resources] timeout)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_beyond_the_end_of_time_is_none() {
        let control = Control::new(Some(Duration::MAX), Arc::default());
        assert!(!control.stopped());
    }
}
