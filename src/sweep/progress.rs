//! Where a sweep stands: counts and the best runs so far.

use super::StopReason;
use crate::domain::{Goal, Outcome, Params, RunId, Status};
use crate::spec::Budget;

/// How many of the best runs are kept for the final block.
const N_BEST: usize = 3;

/// A run among the best.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// The run.
    pub run: RunId,
    /// Its trial.
    pub trial: u64,
    /// Its score.
    pub score: f64,
    /// Spread of the folds' scores; NaN for a single one.
    pub sd: f64,
    /// Its configuration.
    pub params: Params,
}

/// Trials by ending.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ended with a score.
    pub done: u64,
    /// Failed.
    pub failed: u64,
    /// Stopped by a rule.
    pub pruned: u64,
    /// Against a constraint.
    pub infeasible: u64,
    /// Equal to an earlier trial and not executed.
    pub duplicates: u64,
    /// Taken over from an equal run of another sweep.
    pub cached: u64,
}

impl Counts {
    /// Trials that count against the budget.
    pub fn finished(&self) -> u64 {
        self.done + self.failed + self.pruned + self.infeasible
    }
}

/// The state that stop rules and the progress line read.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Direction of the first objective.
    pub goal: Goal,
    /// Counts.
    pub counts: Counts,
    /// The best runs, best first; of equal scores the earlier trial first.
    pub best: Vec<Best>,
    /// Finished trials since the best score last got better.
    pub since_better: u64,
}

impl Progress {
    /// Nothing has happened yet.
    pub fn new(goal: Goal) -> Self {
        Self { goal, counts: Counts::default(), best: Vec::new(), since_better: 0 }
    }

    /// Takes in the ending of a trial. `best` is given for a trial with a score that keeps
    /// its constraints. True if it is the new best.
    pub fn finish(&mut self, outcome: &Outcome, best: Option<Best>) -> bool {
        match outcome.status() {
            Status::Done => self.counts.done += 1,
            Status::Failed => self.counts.failed += 1,
            Status::Pruned => self.counts.pruned += 1,
            Status::Infeasible => self.counts.infeasible += 1,
            Status::Killed | Status::Queued | Status::Running => return false,
        }
        self.since_better += 1;
        best.is_some_and(|best| self.rank(best))
    }

    fn rank(&mut self, new: Best) -> bool {
        let goal = self.goal;
        let before = |a: &Best, b: &Best| {
            goal.better(a.score, b.score) || (a.score == b.score && a.trial < b.trial)
        };
        let leads = self.best.first().is_none_or(|best| goal.better(new.score, best.score));
        let place = self.best.iter().position(|other| before(&new, other));
        self.best.insert(place.unwrap_or(self.best.len()), new);
        self.best.truncate(N_BEST);
        if leads {
            self.since_better = 0;
        }
        leads
    }

    /// The rule of the budget that is met, if any. Time is looked at elsewhere: it needs a clock.
    pub fn stop(&self, budget: &Budget) -> Option<StopReason> {
        if let Some(target) = budget.target {
            let reached = |best: &Best| !self.goal.better(target, best.score);
            if self.best.first().is_some_and(reached) {
                return Some(StopReason::Target(target));
            }
        }
        if budget.max_failed.is_some_and(|most| self.counts.failed >= most) {
            return Some(StopReason::Failures(self.counts.failed));
        }
        if budget.patience.is_some_and(|most| self.since_better >= most && !self.best.is_empty()) {
            return Some(StopReason::Patience(self.since_better));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(scores: &[f64]) -> Progress {
        let mut progress = Progress::new(Goal::Maximize);
        for (trial, &score) in scores.iter().enumerate() {
            let (run, trial) = (RunId(trial as i64), trial as u64);
            let best = Best { run, trial, score, sd: f64::NAN, params: Params::default() };
            progress.finish(&Outcome::Done, Some(best));
        }
        progress
    }

    #[test]
    fn the_earlier_of_equal_scores_leads() {
        let trials: Vec<u64> =
            progress(&[1.0, 3.0, 2.0, 3.0, 0.0]).best.iter().map(|best| best.trial).collect();
        assert_eq!(trials, [1, 3, 2]);
    }

    #[test]
    fn every_rule_stops() {
        let check = |budget: Budget, scores: &[f64], expected: Option<StopReason>| {
            assert_eq!(progress(scores).stop(&budget), expected, "{budget:?}");
        };
        let patience = || Budget { patience: Some(2), ..Budget::default() };
        check(patience(), &[1.0, 0.5], None);
        check(patience(), &[1.0, 0.5, 1.0], Some(StopReason::Patience(2)));
        let target = || Budget { target: Some(0.9), ..Budget::default() };
        check(target(), &[0.8], None);
        check(target(), &[0.9], Some(StopReason::Target(0.9)));
        let mut failing = progress(&[]);
        failing.finish(&Outcome::Failed { reason: "x".into() }, None);
        let budget = Budget { max_failed: Some(1), ..Budget::default() };
        assert_eq!(failing.stop(&budget), Some(StopReason::Failures(1)));
    }
}
