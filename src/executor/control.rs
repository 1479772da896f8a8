//! The strings that a running trial hangs on: when to stop, whom to tell, and how many workers stand idle.

use super::Assignment;
use crate::domain::{MetricPoint, Outcome, PointBatch, Summary};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The reason of a trial that ran past its time limit.
pub const TIMEOUT: &str = "ran past its time limit ([resources] timeout)";

/// Why a trial is stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// It ran past its time limit: a failure.
    Timeout,
    /// A pruner finds it hopeless: the rule and the step.
    Pruned(String),
    /// From outside: an interrupt, a command.
    Killed(String),
}

/// Who listens to a running trial.
pub trait Ears: Send + Sync {
    /// Takes values and the summaries of all metrics so far. Blocks while earlier ones are being written,
    /// so that a trial that says much waits instead of filling the memory.
    fn hear(&self, assignment: &Assignment, batch: PointBatch, summaries: Vec<(String, Summary)>);

    /// Judges a value of the first objective, in its own direction: why the trial is hopeless, if it is.
    fn judge(
        &self,
        assignment: &Assignment,
        context: &str,
        step: i64,
        value: f64,
    ) -> Option<String>;

    /// Takes the values of a part of the trial, a fold, that has ended and is judged next. They come again with the
    /// end of the trial: for who may have to do without that.
    fn part(&self, _part: usize, _values: &[MetricPoint]) {}

    /// True if a stop takes what was not handed over before: values must not wait then.
    fn is_impatient(&self) -> bool {
        false
    }
}

/// Controls of one attempt.
pub struct Control {
    cancel: AtomicBool,
    reason: Mutex<Option<Stop>>,
    deadline: Option<Instant>,
    idle: Arc<AtomicIsize>,
    ears: Option<(Assignment, Arc<dyn Ears>)>,
}

impl Control {
    /// Controls for one attempt.
    pub fn new(timeout: Option<Duration>, idle: Arc<AtomicIsize>) -> Self {
        Self {
            cancel: AtomicBool::new(false),
            reason: Mutex::new(None),
            deadline: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            idle,
            ears: None,
        }
    }

    /// The same with someone who listens.
    #[must_use]
    pub fn heard_by(mut self, assignment: &Assignment, ears: Arc<dyn Ears>) -> Self {
        self.ears = Some((assignment.clone(), ears));
        self
    }

    /// Controls that never stop anything, for work outside a pool.
    pub fn free() -> Self {
        Self::new(None, Arc::new(AtomicIsize::new(0)))
    }

    /// True if somebody listens, to whom values can be handed over.
    pub fn is_heard(&self) -> bool {
        self.ears.is_some()
    }

    /// True if values must be handed over before they are judged; see [`Ears::is_impatient`].
    pub fn is_impatient(&self) -> bool {
        self.ears.as_ref().is_some_and(|(_, ears)| ears.is_impatient())
    }

    /// Hands values over while the trial runs.
    pub fn report(&self, batch: PointBatch, summaries: Vec<(String, Summary)>) {
        if let Some((assignment, ears)) = &self.ears {
            ears.hear(assignment, batch, summaries);
        }
    }

    /// Has a value of the first objective judged. False if the trial must stop.
    pub fn judge(&self, context: &str, step: i64, value: f64) -> bool {
        let verdict = match &self.ears {
            Some((assignment, ears)) => ears.judge(assignment, context, step, value),
            None => None,
        };
        match verdict {
            Some(reason) => {
                self.stop(Stop::Pruned(reason));
                false
            }
            None => !self.stopped(),
        }
    }

    /// Tells the values of a part of the trial that has ended, before it is judged.
    pub fn part(&self, part: usize, values: impl FnOnce() -> Vec<MetricPoint>) {
        if let Some((_, ears)) = &self.ears {
            ears.part(part, &values());
        }
    }

    /// Asks the trial to stop; the first reason is kept.
    pub fn stop(&self, stop: Stop) {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(stop);
        self.cancel.store(true, Ordering::Release);
    }

    /// True once the trial should end. Looks at the clock where there is a deadline.
    pub fn stopped(&self) -> bool {
        if self.cancel.load(Ordering::Acquire) {
            return true;
        }
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if late {
            self.stop(Stop::Timeout);
        }
        late
    }

    /// When the trial's time is over.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The flag that fits poll.
    pub fn flag(&self) -> &AtomicBool {
        &self.cancel
    }

    /// How a stopped trial ended: a timeout is a failure.
    pub fn stopped_outcome(&self) -> Outcome {
        let kept = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.clone() {
            Some(Stop::Timeout) => Outcome::Failed { reason: TIMEOUT.into() },
            Some(Stop::Pruned(reason)) => Outcome::Pruned { reason },
            Some(Stop::Killed(reason)) => Outcome::Killed { reason },
            None => Outcome::Killed { reason: "stopped".into() },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_beyond_the_end_of_time_is_none() {
        let control = Control::new(Some(Duration::MAX), Arc::default());
        assert!(!control.stopped());
    }

    #[test]
    fn the_first_reason_is_kept() {
        let control = Control::free();
        control.stop(Stop::Pruned("median at step 3".into()));
        control.stop(Stop::Killed("interrupted".into()));
        assert_eq!(
            control.stopped_outcome(),
            Outcome::Pruned { reason: "median at step 3".into() }
        );
    }
}
