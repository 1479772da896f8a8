//! The end of a run: what it means for its trial, and the record of both.

use super::resume::beside;
use super::{DriveError, Driver, Task};
use crate::domain::{Constraint, Goal, Objective, Outcome, Params, RunId, Status, SweepId};
use crate::executor::{Assignment, Execution, OutOfFold, Stop};
use crate::host;
use crate::numeric;
use crate::pruner::Setting;
use crate::sampler::Pruned;
use crate::spec::Retries;
use crate::store::{Finished, Store, StoreError};
use crate::sweep::asker::{Fate, Score};
use crate::sweep::{Best, Event, Observer, verdict};

/// What the end of a run means for its trial.
#[derive(Debug)]
pub(super) enum Ending {
    /// The same again: a retry.
    Again,
    /// Other replicates are missing.
    More,
    /// From outside, or after the trial's own end: nothing follows.
    Cut,
    /// It is over.
    Over {
        outcome: Outcome,
        score: Option<Score>,
        /// How far a pruned one came.
        pruned: Option<Pruned>,
        /// The first replicate's run.
        run: RunId,
    },
}

impl Ending {
    /// Finds out whether a trial that has a score keeps the constraints, and records it.
    pub(super) fn settle(
        &mut self,
        store: &mut Store,
        sweep: SweepId,
        of: (&[Constraint], u64),
    ) -> Result<(), StoreError> {
        if let Self::Over { outcome: outcome @ Outcome::Done, score: Some(_), .. } = self
            && let Some(reason) = verdict::settle(store, sweep, of)?
        {
            *outcome = Outcome::Infeasible { reason };
        }
        Ok(())
    }
}

impl Driver<'_> {
    /// Commits a result, then tells it.
    pub(super) fn record(
        &mut self,
        assignment: &Assignment,
        mut execution: Execution,
        observer: &mut dyn Observer,
    ) -> Result<(), DriveError> {
        let (run, attempt) = (assignment.run, assignment.attempt);
        let task = Task { trial: assignment.trial, replicate: assignment.replicate, attempt };
        execution.outcome = forgiven(&execution, attempt, self.plan.retries);
        let metric = &self.spec.objectives[0].metric;
        let own = execution.score(metric).filter(|score| score.is_finite());
        let mut ending =
            self.ending(task, run, (&execution.outcome, own, execution.is_infrastructure));
        let written = self.write(assignment, &execution, &mut ending)?;
        self.at_work.remove(&run);
        if !written {
            return self.fenced_off(task);
        }
        self.plan.work.settled(assignment);
        let spread = execution.summaries.iter().find(|(name, _)| name == metric);
        let sd = spread.map_or(f64::NAN, |(_, summary)| summary.sd);
        self.conclude(task, ending, sd, observer)
    }

    /// Writes the run and, with its last replicate, the trial. False if the attempt is stale.
    fn write(
        &mut self,
        assignment: &Assignment,
        execution: &Execution,
        ending: &mut Ending,
    ) -> Result<bool, DriveError> {
        let Objective { metric, .. } = &self.spec.objectives[0];
        let is_done = execution.outcome == Outcome::Done;
        let own = execution.score(metric).filter(|score| is_done && score.is_finite());
        let (score, pruned) = match ending {
            Ending::Over { score, pruned, .. } => (*score, *pruned),
            _ => (None, None),
        };
        let keeps = own.is_some_and(|score| self.keeps_predictions(score, assignment.trial));
        let predictions = execution.predictions.as_ref().filter(|_| keeps).map(OutOfFold::encode);
        let finished = Finished {
            predictions: predictions.as_deref(),
            loss: score.map(|score| score.loss),
            sd: score.and_then(|score| score.sd),
            pruned: pruned.map(|pruned| (pruned.step, pruned.loss)),
            config_key: self.plan.config_key(&assignment.params, assignment.seed),
            ..finished(execution, &execution.outcome)
        };
        host::fault("ended");
        let (run, attempt) = (assignment.run, assignment.attempt);
        let (owner, sweep) = (&self.options.owner, self.row.id);
        let of = (&self.spec.search.constraints[..], assignment.trial);
        let written = self.store.batch(|store| {
            let written = store.finish_run(run, attempt, owner, &finished)?;
            if written {
                ending.settle(store, sweep, of)?;
            }
            Ok(written)
        })?;
        host::fault("recorded");
        Ok(written)
    }

    /// How far a pruned trial came, as a loss.
    fn stopped_at(&self, trial: u64, outcome: &Outcome) -> Option<Pruned> {
        let Outcome::Pruned { .. } = outcome else { return None };
        self.judge.as_ref()?.stopped_at(trial, self.progress.goal)
    }

    /// What the end of a run with this score means for its trial.
    pub(super) fn ending(
        &mut self,
        task: Task,
        run: RunId,
        (outcome, score, is_infrastructure): (&Outcome, Option<f64>, bool),
    ) -> Ending {
        let goal = self.progress.goal;
        let retries = self.plan.retries;
        let replicates = self.spec.search.replicates as usize;
        let pruned = self.stopped_at(task.trial, outcome);
        let Some(open) = self.open.get_mut(&task.trial) else { return Ending::Cut };
        match outcome {
            Outcome::Killed { .. } if self.steering.stopped.contains(&run) => {
                Ending::Over { outcome: outcome.clone(), score: None, pruned, run }
            }
            Outcome::Killed { .. } if is_infrastructure => Ending::Again,
            Outcome::Killed { .. } => Ending::Cut,
            Outcome::Failed { .. } if !is_infrastructure && task.attempt <= retries.failed => {
                Ending::Again
            }
            // A worker found that it breaks a constraint; the sampler learns its score all the same.
            Outcome::Infeasible { .. } if score.is_some() => {
                let score = score.map(|score| mean_score(goal, &[score]));
                Ending::Over { outcome: outcome.clone(), score, pruned: None, run }
            }
            Outcome::Failed { .. } | Outcome::Pruned { .. } | Outcome::Infeasible { .. } => {
                Ending::Over { outcome: outcome.clone(), score: None, pruned, run }
            }
            Outcome::Done => {
                open.ended.insert(task.replicate, (run, score));
                if open.ended.len() < replicates {
                    return Ending::More;
                }
                let (first, _) = open.ended.values().next().copied().unwrap_or((run, None));
                let scores: Option<Vec<f64>> =
                    open.ended.values().map(|(_, score)| *score).collect();
                let score = scores.map(|scores| mean_score(goal, &scores));
                Ending::Over { outcome: Outcome::Done, score, pruned: None, run: first }
            }
        }
    }

    /// Draws the consequences of a recorded end. `sd` is the spread within the run.
    pub(super) fn conclude(
        &mut self,
        task: Task,
        ending: Ending,
        sd: f64,
        observer: &mut dyn Observer,
    ) -> Result<(), DriveError> {
        let (outcome, score, pruned, run) = match ending {
            Ending::Cut | Ending::More => return Ok(()),
            Ending::Again => {
                self.tasks.push_front(task.again());
                return Ok(());
            }
            Ending::Over { outcome, score, pruned, run } => (outcome, score, pruned, run),
        };
        let Some(open) = self.open.remove(&task.trial) else { return Ok(()) };
        self.drop_rest(task.trial)?;
        if let Some(judge) = &self.judge {
            judge.end(task.trial, &outcome);
        }
        let folds = self.check_folds(task.trial, &outcome);
        if self.spec.objectives.len() > 1 || !self.spec.search.constraints.is_empty() {
            let of = (self.spec, Some(task.trial));
            let beside = beside(self.store, self.row.id, of)?.remove(&task.trial);
            let beside = beside.unwrap_or_default();
            if matches!(outcome, Outcome::Infeasible { .. }) && score.is_some() {
                self.doubt_constraints(&beside.constraints, observer)?;
            }
            self.asker.measured(task.trial, beside);
        }
        self.asker.finish(task.trial, Fate::new(score, pruned));
        self.record_tells()?;
        if let Outcome::Failed { reason } = &outcome {
            *self.failures.entry(reason.clone()).or_default() += 1;
        }
        let own_score = score.map(|score| self.progress.goal.loss(score.loss));
        let sd = if self.plan.has_folds { sd } else { f64::NAN };
        let is_feasible = outcome == Outcome::Done;
        if !is_feasible {
            self.kept.retain(|(_, trial)| *trial != task.trial);
        }
        let best = own_score.filter(|_| is_feasible).map(|value| Best {
            run,
            trial: task.trial,
            score: value,
            sd: score.and_then(|score| score.sd).unwrap_or(sd),
            params: open.params.clone(),
        });
        let is_best = match &outcome {
            // By hand: it counts as one that a rule stopped.
            Outcome::Killed { reason } => {
                self.count(task.trial, &Outcome::Pruned { reason: reason.clone() }, best)
            }
            _ => self.count(task.trial, &outcome, best),
        };
        self.announce((run, task.trial), (&outcome, own_score, is_best), &open.params, observer);
        folds
    }

    /// Warns, once a session, of a constraint on a metric that no trial has had so far, given by how much one violates
    /// each: a name that is misspelled costs the whole budget.
    fn doubt_constraints(
        &mut self,
        violations: &[f64],
        observer: &mut dyn Observer,
    ) -> Result<(), DriveError> {
        let constraints = &self.spec.search.constraints;
        let has_all =
            violations.len() == constraints.len() && !violations.iter().any(|v| v.is_nan());
        if self.has_doubted || has_all {
            return Ok(());
        }
        // What one trial has is no misspelled name, so one look is enough.
        self.has_doubted = true;
        for text in verdict::unreported(self.store, self.row.id, constraints)? {
            let text = format!("{text}; a trial without one is infeasible");
            self.tell_observer(observer, &Event::Warned { text: &text });
        }
        Ok(())
    }

    /// A race goes by folds, and whether a command reports any shows with its first trial.
    fn check_folds(&self, trial: u64, outcome: &Outcome) -> Result<(), DriveError> {
        let (Some(Setting::Race(race)), Some(judge)) = (&self.spec.search.pruner, &self.judge)
        else {
            return Ok(());
        };
        if self.outside.has_told(trial) {
            return Ok(()); // of the end alone
        }
        let n = judge.n_contexts(trial);
        if *outcome == Outcome::Done && n as u64 <= race.min_folds {
            return Err(DriveError::NoFolds { trial, n, min: race.min_folds });
        }
        Ok(())
    }

    fn announce(
        &self,
        (run, trial): (RunId, u64),
        (outcome, score, is_best): (&Outcome, Option<f64>, bool),
        params: &Params,
        observer: &mut dyn Observer,
    ) {
        let event = Event::Finished { run, trial, outcome, score, params, is_best };
        self.tell_observer(observer, &event);
    }

    /// Ends the other replicates of a trial that is over before they are.
    fn drop_rest(&mut self, trial: u64) -> Result<(), DriveError> {
        if self.spec.search.replicates == 1 {
            return Ok(());
        }
        let reason = "another replicate ended its trial";
        self.tasks.retain(|task| task.trial != trial);
        for (&run, _) in self.at_work.iter().filter(|(_, task)| task.trial == trial) {
            self.pool.stop(run, &Stop::Killed(reason.into()));
        }
        Ok(self.stop_handed(trial, reason)?)
    }

    pub(super) fn record_tells(&mut self) -> Result<(), DriveError> {
        let tells = self.asker.take_tells();
        if !tells.is_empty() {
            self.store.tell(self.row.id, &tells)?;
        }
        Ok(())
    }

    /// Counts the end of a trial. True if it is the new best.
    pub(super) fn count(&mut self, trial: u64, outcome: &Outcome, best: Option<Best>) -> bool {
        if self.spec.search.reproducible {
            self.unruled.insert(trial, (outcome.clone(), best.clone()));
        }
        self.progress.finish(outcome, best)
    }

    /// Another process thought this one dead and ended the run. If it did not take the sweep over, the
    /// trial is missing again.
    fn fenced_off(&mut self, task: Task) -> Result<(), DriveError> {
        if !self.store.beat(&self.options.owner)? {
            return Err(DriveError::TakenOver(self.spec.name.clone()));
        }
        if let Some(open) = self.open.get_mut(&task.trial) {
            open.ended.remove(&task.replicate);
            self.tasks.push_back(task.again());
        }
        Ok(())
    }

    /// True if a run with this score is among those whose predictions are kept; of equal scores the
    /// earlier trial is. The store drops the rest at the end; this spares most of the writing.
    pub(super) fn keeps_predictions(&mut self, score: f64, trial: u64) -> bool {
        let goal = self.progress.goal;
        let keep = self.plan.keep_predictions as usize;
        let place = self.kept.partition_point(|&(kept, by)| {
            goal.better(kept, score) || (kept == score && by < trial)
        });
        self.kept.insert(place, (score, trial));
        self.kept.truncate(keep);
        place < keep
    }
}

/// Mean and spread of the replicates' scores, as a loss.
pub(super) fn mean_score(goal: Goal, scores: &[f64]) -> Score {
    let mean = numeric::mean(scores);
    let sd = (scores.len() > 1).then(|| numeric::sample_sd(scores));
    Score { loss: goal.loss(mean), sd }
}

/// The record of a run with this outcome, as far as it hangs on the run alone.
pub(in crate::sweep) fn finished<'a>(
    execution: &'a Execution,
    outcome: &'a Outcome,
) -> Finished<'a> {
    Finished {
        points: &execution.points,
        summaries: &execution.summaries,
        seconds: execution.seconds,
        cpu_seconds: Some(execution.cpu_seconds),
        exit: execution.exit,
        artifacts: &execution.artifacts,
        ..Finished::without_values(outcome)
    }
}

/// The outcome that is recorded of an attempt: a failure of the machine that is forgiven is not the trial's own,
/// and whoever resumes must see that it is missing.
pub(in crate::sweep) fn forgiven(execution: &Execution, attempt: u32, retries: Retries) -> Outcome {
    match &execution.outcome {
        Outcome::Failed { reason }
            if execution.is_infrastructure && attempt <= retries.infrastructure =>
        {
            Outcome::Killed { reason: reason.clone() }
        }
        outcome => outcome.clone(),
    }
}

/// The outcome that a stored status stands for.
pub(super) fn outcome_of(status: Status, reason: Option<String>) -> Outcome {
    let reason = reason.unwrap_or_default();
    match status {
        Status::Done => Outcome::Done,
        Status::Pruned => Outcome::Pruned { reason },
        Status::Infeasible => Outcome::Infeasible { reason },
        Status::Killed | Status::Queued | Status::Running => Outcome::Killed { reason },
        Status::Failed => Outcome::Failed { reason },
    }
}
