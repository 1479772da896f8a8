//! From the record back to a driver: what was tried, told and counted, and what is still missing.

use super::record::{mean_score, outcome_of};
use super::remote::recover;
use super::steered::{GRID, Stopwatch, outlook_over, sampler_over};
use super::{DriveError, Driver, OpenTrial, Options, Task};
use crate::domain::{Goal, Outcome, RunId, Status, SweepId};
use crate::executor::{Judging, Pool};
use crate::sampler::Pruned;
use crate::spec::Sweep;
use crate::store::{Store, StoreError, SweepRow, TrialRow, TrialRun};
use crate::sweep::asker::{Asker, Beside, End, Fate, Remembered, Score, Steered};
use crate::sweep::judge::SweepJudge;
use crate::sweep::outside::Missing;
use crate::sweep::steer::{Kept, Steering, ranged};
use crate::sweep::warm::{Lesson, Taught};
use crate::sweep::{Best, Plan, Progress, verdict};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// How an earlier session left a trial.
#[derive(Debug, Clone, PartialEq)]
enum Left {
    /// It is over, with this score or none.
    Over(Option<Score>),
    /// Replicates are missing, and which run is their last attempt.
    Open,
}

impl<'a> Driver<'a> {
    /// Rebuilds asker and progress from the record.
    pub(super) fn resume(
        store: &'a mut Store,
        spec: &'a Sweep,
        plan: &'a Plan,
        options: &'a Options,
        row: SweepRow,
    ) -> Result<Self, DriveError> {
        recover(store, row.id)?;
        let metric = &spec.objectives[0].metric;
        let mut trials = store.trials(row.id)?;
        let mut runs = by_trial(store.trial_runs(row.id, metric)?);
        if options.retry_failed {
            forget_failures(store, &row, &mut trials, &mut runs)?;
        }
        let steering = Steering::recorded(store, row.id)?;
        let stopped = &steering.stopped;
        let left: Vec<Left> =
            trials.iter().map(|trial| left(trial, &runs, (spec, plan), stopped)).collect();
        let judge = SweepJudge::new(&spec.search, spec.objectives[0].goal, &row.digest);
        if let Some(judge) = &judge {
            judge.restore(&trials, &store.trial_series(row.id, metric)?);
            record_pruned(store, row.id, (judge, spec.objectives[0].goal), &mut trials)?;
        }
        let lessons = Taught::of(store, row.id)?.map(Taught::into_lessons).unwrap_or_default();
        settle_rest(store, row.id, (spec, &left), &mut trials)?;
        let beside = beside(store, row.id, (spec, None))?;
        let judge = judge.map(Arc::new);
        let start = (&steering, lessons, judge.clone());
        let asker = asker(spec, start, (&trials, &left), beside)?;
        let paused = steering.paused_seconds(&store.sweep_sessions(row.id)?);
        let earlier_seconds = (store.sweep_seconds(row.id)? - paused).max(0.0);
        let own = Kept { budget: spec.budget.clone(), jobs: options.jobs };
        let Kept { budget, jobs } = steering.kept(&own, spec.resources.jobs, options.flags);
        let jobs = jobs.min(plan.most_jobs);
        store.set_total(row.id, budget.trials)?;
        let judging = judge.clone().map(|judge| judge as Arc<dyn Judging>);
        let pool = Pool::start(jobs, &plan.work, spec.resources.timeout, judging)
            .map_err(|source| DriveError::Threads { jobs, source })?;
        let mut driver = Self {
            steering,
            budget,
            heard: None,
            watch: Stopwatch::start(),
            progress: Progress::new(spec.objectives[0].goal),
            tasks: VecDeque::new(),
            open: BTreeMap::new(),
            at_work: BTreeMap::new(),
            remote: super::remote::Remote::new(),
            outside: super::outside::Outside::new(),
            started: Instant::now(),
            last_beat: Instant::now(),
            failures: BTreeMap::new(),
            kept: Vec::new(),
            ruled: Progress::new(spec.objectives[0].goal),
            unruled: BTreeMap::new(),
            has_doubted: false,
            stopping_since: None,
            stop: None,
            looked_at: None,
            judge,
            store,
            spec,
            plan,
            options,
            row,
            asker,
            pool,
            earlier_seconds,
        };
        driver.recount(&trials, &left, &runs)?;
        driver.record_tells()?;
        Ok(driver)
    }

    /// Counts what earlier sessions finished, in the order in which it was told.
    fn recount(
        &mut self,
        trials: &[TrialRow],
        left: &[Left],
        runs: &BTreeMap<u64, Vec<TrialRun>>,
    ) -> Result<(), DriveError> {
        let mut ended: Vec<(&TrialRow, Option<Score>)> = Vec::new();
        for (trial, left) in trials.iter().zip(left) {
            match left {
                _ if trial.same_as.is_some() => self.progress.counts.duplicates += 1,
                Left::Over(score) => ended.push((trial, *score)),
                Left::Open if trial.handed.is_some() => self.outside.leave(trial.number),
                Left::Open => self.reopen(trial, runs.get(&trial.number).map_or(&[][..], |r| r)),
            }
        }
        ended.sort_by_key(|(trial, _)| (trial.tell_seq.unwrap_or(u64::MAX), trial.number));
        for (trial, score) in ended {
            let runs_of = runs.get(&trial.number).map_or(&[][..], |runs| runs);
            let outcome = ended_as(trial, runs_of, &self.steering.stopped);
            if let Some(score) = score.filter(|_| trial.loss.is_none()) {
                // A worker recorded the last run, and nobody was left to record the trial.
                let score = (Some(score.loss), score.sd);
                self.store.score_trial(self.row.id, trial.number, score, None)?;
            }
            let goal = self.progress.goal;
            let score = score.filter(|_| outcome == Outcome::Done);
            let best = score.and_then(|score| best(trial, score, runs, goal));
            if let Some(best) = &best {
                self.keeps_predictions(best.score, trial.number);
            }
            self.progress.counts.cached += u64::from(trial.is_cached);
            self.count(trial.number, &outcome, best);
        }
        if self.plan.has_folds && self.spec.search.replicates == 1 {
            let metric = &self.spec.objectives[0].metric;
            for best in &mut self.progress.best {
                let record = self.store.run_by_id(best.run)?;
                best.sd = record.metrics.get(metric).map_or(f64::NAN, |summary| summary.sd);
            }
        }
        Ok(())
    }

    /// Puts an unfinished trial back: what its replicates brought, what runs elsewhere, what is missing.
    fn reopen(&mut self, trial: &TrialRow, runs: &[TrialRun]) {
        let mut open = OpenTrial {
            params: self.asker.params(trial.number),
            ended: BTreeMap::new(),
            has_begun: false,
        };
        for replicate in 0..self.spec.search.replicates {
            let last = runs.iter().rfind(|run| run.replicate == replicate);
            let attempt = last.map_or(0, |run| run.attempt);
            let task = Task { trial: trial.number, replicate, attempt };
            match last.map(|run| (run.run, run.status, run.score)) {
                Some((run, Status::Done, score)) => {
                    open.ended.insert(replicate, (run, score));
                }
                Some((run, Status::Queued | Status::Running, _)) => {
                    open.has_begun = true;
                    self.remote.adopt(run, task);
                }
                _ => self.tasks.push_back(task.again()),
            }
        }
        self.open.insert(trial.number, open);
    }
}

/// A sweep as its record has it, for a process that does not drive it.
pub(in crate::sweep) struct Restored {
    pub(in crate::sweep) asker: Asker,
    /// Trials without an end.
    pub(in crate::sweep) n_open: u64,
    /// The first of them that nobody carries out, as a whole.
    pub(in crate::sweep) missing: Option<Missing>,
}

/// The asker of a sweep and its open trials.
///
/// # Errors
/// When the store cannot be read, or the record does not fit the sweep file.
pub(in crate::sweep) fn restored(
    store: &Store,
    spec: &Sweep,
    plan: &Plan,
    row: &SweepRow,
) -> Result<Restored, StoreError> {
    let trials = store.trials(row.id)?;
    let runs = by_trial(store.trial_runs(row.id, &spec.objectives[0].metric)?);
    let steering = Steering::recorded(store, row.id)?;
    let left: Vec<Left> =
        trials.iter().map(|trial| left(trial, &runs, (spec, plan), &steering.stopped)).collect();
    let is_open =
        |(trial, left): &(&TrialRow, &Left)| trial.same_as.is_none() && **left == Left::Open;
    let n_open = trials.iter().zip(&left).filter(is_open).count() as u64;
    // What replicates of it brought would be lost if it were handed out.
    let is_free = |trial: &TrialRow| {
        let runs = runs.get(&trial.number).map_or(&[][..], |runs| runs);
        trial.handed.is_none() && runs.iter().all(|run| run.status == Status::Killed)
    };
    let mut missing = trials.iter().zip(&left).filter(is_open).filter(|(trial, _)| is_free(trial));
    let missing = missing.next().map(|(trial, _)| Missing {
        trial: trial.number,
        params: trial.params.clone(),
        attempts: trial.attempts,
    });
    let lessons = Taught::of(store, row.id)?.map(Taught::into_lessons).unwrap_or_default();
    let beside = beside(store, row.id, (spec, None))?;
    let asker =
        asker(spec, (&steering, lessons, None), (&trials, &left), beside).map_err(|error| {
            match error {
                DriveError::Store(error) => error,
                other => StoreError::Invalid(other.to_string()),
            }
        })?;
    Ok(Restored { asker, n_open, missing })
}

/// What was measured beside the first objective, of every trial or of one.
pub(super) fn beside(
    store: &Store,
    sweep: SweepId,
    (spec, trial): (&Sweep, Option<u64>),
) -> Result<BTreeMap<u64, Beside>, StoreError> {
    let mut found: BTreeMap<u64, Beside> = BTreeMap::new();
    for (place, objective) in spec.objectives.iter().skip(1).enumerate() {
        for (trial, score) in store.trial_scores(sweep, &objective.metric, trial)? {
            let losses = &mut found.entry(trial).or_default().further;
            // A trial that lacks one of them has not got all in the end.
            if losses.len() == place {
                losses.push(objective.goal.loss(score));
            }
        }
    }
    let of = (&spec.search.constraints[..], trial);
    for (trial, constraints) in verdict::violations(store, sweep, of)? {
        found.entry(trial).or_default().constraints = constraints;
    }
    Ok(found)
}

/// How a sweep stands, for a process that does not drive it.
///
/// # Errors
/// When the store cannot be read.
pub(in crate::sweep) fn standing(
    store: &Store,
    spec: &Sweep,
    plan: &Plan,
    sweep: SweepId,
) -> Result<Progress, StoreError> {
    let goal = spec.objectives[0].goal;
    let mut progress = Progress::new(goal);
    let runs = by_trial(store.trial_runs(sweep, &spec.objectives[0].metric)?);
    let stopped = Steering::recorded(store, sweep)?.stopped;
    let mut trials = store.trials(sweep)?;
    trials.sort_by_key(|trial| (trial.tell_seq.unwrap_or(u64::MAX), trial.number));
    for trial in trials {
        let score = match left(&trial, &runs, (spec, plan), &stopped) {
            _ if trial.same_as.is_some() => {
                progress.counts.duplicates += 1;
                continue;
            }
            Left::Open => continue,
            Left::Over(score) => score,
        };
        let runs_of = runs.get(&trial.number).map_or(&[][..], |runs| runs);
        let outcome = ended_as(&trial, runs_of, &stopped);
        let score = score.filter(|_| outcome == Outcome::Done);
        let best = score.and_then(|score| best(&trial, score, &runs, goal));
        progress.finish(&outcome, best);
    }
    Ok(progress)
}

/// The outcome of a trial that is over. One that a person stopped counts as one that a rule did.
fn ended_as(trial: &TrialRow, runs: &[TrialRun], stopped: &BTreeSet<RunId>) -> Outcome {
    match trial.status {
        Some(Status::Killed) if runs.iter().any(|run| stopped.contains(&run.run)) => {
            Outcome::Pruned { reason: String::new() }
        }
        Some(Status::Queued | Status::Running | Status::Killed) => {
            Outcome::Failed { reason: String::new() }
        }
        Some(status) => outcome_of(status, None),
        // Told, and its run was purged since.
        None if trial.loss.is_some() => Outcome::Done,
        None => Outcome::Failed { reason: String::new() },
    }
}

/// Every trial's runs.
fn by_trial(runs: Vec<TrialRun>) -> BTreeMap<u64, Vec<TrialRun>> {
    let mut found: BTreeMap<u64, Vec<TrialRun>> = BTreeMap::new();
    for run in runs {
        found.entry(run.trial).or_default().push(run);
    }
    found
}

/// A trial as one of the best, with the run that stands for it; none if all its runs were purged.
fn best(
    trial: &TrialRow,
    score: Score,
    runs: &BTreeMap<u64, Vec<TrialRun>>,
    goal: Goal,
) -> Option<Best> {
    Some(Best {
        run: runs.get(&trial.number).and_then(|runs| best_of(runs)).or(trial.run)?,
        trial: trial.number,
        score: goal.loss(score.loss),
        sd: score.sd.unwrap_or(f64::NAN),
        params: trial.params.clone(),
    })
}

/// The run that stands for a trial: the first replicate that ended well.
fn best_of(runs: &[TrialRun]) -> Option<RunId> {
    runs.iter().find(|run| run.status == Status::Done).map(|run| run.run)
}

/// Makes failed trials missing again.
fn forget_failures(
    store: &mut Store,
    row: &SweepRow,
    trials: &mut [TrialRow],
    runs: &mut BTreeMap<u64, Vec<TrialRun>>,
) -> Result<(), StoreError> {
    let failed: Vec<u64> = trials
        .iter()
        .filter(|trial| trial.same_as.is_none() && trial.loss.is_none())
        .filter(|trial| runs.get(&trial.number).is_some_and(|runs| has_failed(runs)))
        .map(|trial| trial.number)
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    store.untell(row.id, &failed)?;
    store.add_event(row.id, "retried", &serde_json::json!({ "trials": failed }))?;
    for number in failed {
        if let Some(trial) = trials.get_mut(number as usize) {
            trial.tell_seq = None;
            trial.handed = None;
            trial.status = Some(Status::Killed);
        }
        for run in runs.get_mut(&number).into_iter().flatten() {
            if run.status == Status::Failed {
                run.status = Status::Killed;
            }
        }
    }
    Ok(())
}

/// True if the last attempt of a replicate failed.
fn has_failed(runs: &[TrialRun]) -> bool {
    runs.iter().any(|run| {
        let is_last = !runs.iter().any(|o| o.replicate == run.replicate && o.attempt > run.attempt);
        is_last && run.status == Status::Failed
    })
}

/// How a trial was left. One that the sampler was told of is over: its runs may have been purged.
/// So is one of which a person stopped a run.
fn left(
    trial: &TrialRow,
    runs: &BTreeMap<u64, Vec<TrialRun>>,
    (spec, plan): (&Sweep, &Plan),
    stopped: &BTreeSet<RunId>,
) -> Left {
    let told = trial.loss.map(|loss| Score { loss, sd: trial.sd });
    if trial.tell_seq.is_some() || trial.same_as.is_some() {
        return Left::Over(told);
    }
    if trial.handed.is_some() {
        // What is told of it is final: others know nothing of retries and replicates.
        return match trial.status {
            Some(Status::Done | Status::Infeasible) => Left::Over(told),
            Some(Status::Failed | Status::Pruned) => Left::Over(None),
            None | Some(Status::Killed | Status::Queued | Status::Running) => Left::Open,
        };
    }
    let runs = runs.get(&trial.number).map_or(&[][..], |runs| runs);
    let mut scores = Vec::new();
    for replicate in 0..spec.search.replicates {
        let Some(last) = runs.iter().rfind(|run| run.replicate == replicate) else {
            continue;
        };
        match last.status {
            Status::Failed if last.attempt > plan.retries.failed => return Left::Over(None),
            Status::Pruned => return Left::Over(None),
            Status::Infeasible => return Left::Over(told),
            Status::Killed if stopped.contains(&last.run) => return Left::Over(None),
            Status::Done => scores.push(last.score),
            _ => {}
        }
    }
    if scores.len() < spec.search.replicates as usize {
        return Left::Open;
    }
    let scores: Option<Vec<f64>> = scores.into_iter().collect();
    let goal = spec.objectives[0].goal;
    Left::Over(told.or_else(|| scores.map(|scores| mean_score(goal, &scores))))
}

fn asker(
    spec: &Sweep,
    (steering, lessons, judge): (&Steering, Vec<Lesson>, Option<Arc<SweepJudge>>),
    (trials, left): (&[TrialRow], &[Left]),
    beside: BTreeMap<u64, Beside>,
) -> Result<Asker, DriveError> {
    let misfit = |why: String| StoreError::Invalid(format!("the steering of the sweep: {why}"));
    let space = if steering.ranges.is_empty() {
        Arc::clone(&spec.space)
    } else {
        Arc::new(ranged(&spec.space, &steering.ranges).map_err(misfit)?)
    };
    let sampler = sampler_over(spec, &space)?;
    let lag = spec.search.reproducible.then_some(spec.search.lag);
    let steered = Steered {
        by_hand: steering.by_hand.clone(),
        changes: steering.range_changes(),
        is_grid: spec.search.sampler == GRID,
    };
    let outlook = outlook_over(spec, &spec.budget, &space);
    let asker = Asker::new(sampler, space, spec.points.clone(), lag)
        .with_beside((spec.objectives.len() - 1, spec.search.constraints.len()), beside);
    let asker = asker.steered(steered).with_outlook(outlook).with_judge(judge);
    let mut asker = asker.taught(lessons);
    asker.restore(remembered(trials, left)?);
    Ok(asker)
}

/// Completes pruned trials of which a worker recorded the last run, with nobody left to record the trial.
fn record_pruned(
    store: &mut Store,
    sweep: SweepId,
    (judge, goal): (&SweepJudge, Goal),
    trials: &mut [TrialRow],
) -> Result<(), StoreError> {
    for trial in trials {
        let is_unknown = trial.tell_seq.is_none() && trial.pruned.is_none();
        if trial.status != Some(Status::Pruned) || !is_unknown {
            continue;
        }
        if let Some(Pruned { step, loss }) = judge.stopped_at(trial.number, goal) {
            trial.pruned = Some((step, loss));
            store.score_trial(sweep, trial.number, (None, None), trial.pruned)?;
        }
    }
    Ok(())
}

/// Settles trials of which a worker recorded the last run, with nobody left to record the trial.
fn settle_rest(
    store: &mut Store,
    sweep: SweepId,
    (spec, left): (&Sweep, &[Left]),
    trials: &mut [TrialRow],
) -> Result<(), StoreError> {
    for (trial, left) in trials.iter_mut().zip(left) {
        let is_new = trial.tell_seq.is_none() && trial.status == Some(Status::Done);
        if !is_new || !matches!(left, Left::Over(Some(_))) {
            continue;
        }
        let of = (&spec.search.constraints[..], trial.number);
        if verdict::settle(store, sweep, of)?.is_some() {
            trial.status = Some(Status::Infeasible);
        }
    }
    Ok(())
}

/// How a trial ended, given the one that was executed for it.
fn end(left: &Left, executed: Option<&TrialRow>) -> End {
    let pruned = executed.and_then(|trial| trial.pruned);
    let pruned = pruned.map(|(step, loss)| Pruned { step, loss });
    match left {
        Left::Over(score) => End::Over(Fate::new(*score, pruned)),
        Left::Open => End::Open,
    }
}

/// The record as the asker wants it; a trial that repeats another ended when that one did.
fn remembered(trials: &[TrialRow], left: &[Left]) -> Result<Vec<Remembered>, StoreError> {
    let remember = |(place, trial): (usize, &TrialRow)| {
        let original = trial.same_as.map_or(Some(place), |number| Some(number as usize));
        match original.and_then(|original| left.get(original)) {
            Some(left) if trial.number == place as u64 => Ok(Remembered {
                point: trial.point.clone(),
                same_as: trial.same_as,
                end: end(left, original.and_then(|original| trials.get(original))),
                tell_seq: trial.tell_seq,
                arm: trial.made_by.as_ref().map(|made_by| Arc::clone(&made_by.arm)),
            }),
            _ => Err(StoreError::Invalid(format!(
                "the record of the sweep has a gap before trial {}; `derby store check` tells more, and \
                 the sweep can start anew in another store: --store",
                trial.number
            ))),
        }
    };
    trials.iter().enumerate().map(remember).collect()
}
