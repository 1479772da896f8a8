//! A process that executes trials of a sweep which another one drives.
//!
//! It says how many runs it can take, takes up what the driver queues for it, records what comes of it under
//! its own lease, and leaves when the driver is gone, its own budget is met or it is interrupted.

use super::drive::{
    BEAT, DriveError, GRACE, INTERRUPTED, Options, Report, Stopwatch, finished, forgiven, standing,
    take_in,
};
use super::steer::{Kept, Steer, Steering};
use super::{Event, Observer, Plan, Progress, StopReason, handed_out, verdict};
use crate::domain::{Outcome, RunId, SweepId};
use crate::executor::{Assignment, Execution, Pool, Stop};
use crate::spec::Sweep;
use crate::store::{Finished, Owner, QueuedRun, Store};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often the worker looks for new runs.
const PATIENCE: Duration = Duration::from_millis(50);

/// Where a worker works.
pub(super) struct Place<'a> {
    pub(super) store: &'a mut Store,
    pub(super) spec: &'a Sweep,
    pub(super) plan: &'a Plan,
    pub(super) options: &'a Options,
}

struct Worker<'a> {
    place: Place<'a>,
    sweep: SweepId,
    owner: Owner,
    pool: Pool,
    at_work: BTreeMap<RunId, Assignment>,
    progress: Progress,
    started: Instant,
    last_beat: Instant,
    stopping_since: Option<Instant>,
    /// How the sweep is steered, as of this version of the store.
    steering: Steering,
    heard: Option<i64>,
    /// How many steps of steering there were when it came: an older stop is not meant for it.
    n_steps_before: usize,
    watch: Stopwatch,
}

/// Works for the process that drives the sweep until that is gone (`None`), or until something ends this one.
///
/// # Errors
/// As [`super::drive()`].
pub(super) fn work_along(
    place: Place<'_>,
    (sweep, driver): (SweepId, &Owner),
    observer: &mut dyn Observer,
) -> Result<Option<Report>, DriveError> {
    let options = place.options;
    let pool = Pool::start(options.jobs, &place.plan.work, place.spec.resources.timeout, None)
        .map_err(|source| DriveError::Threads { jobs: options.jobs, source })?;
    let progress = Progress::new(place.spec.objectives[0].goal);
    let mut worker = Worker {
        sweep,
        owner: options.owner.clone(),
        pool,
        at_work: BTreeMap::new(),
        progress,
        started: Instant::now(),
        last_beat: Instant::now(),
        stopping_since: None,
        steering: Steering::default(),
        heard: None,
        n_steps_before: usize::MAX,
        watch: Stopwatch::start(),
        place,
    };
    worker.place.store.offer_worker(sweep, &worker.owner, options.jobs)?;
    worker.tell(observer, &Event::Joined { pid: driver.pid, host: &driver.host });
    let result = worker.turn(observer);
    worker.pool.stop_all(INTERRUPTED);
    worker.place.store.withdraw_worker(&worker.owner)?;
    let Some(stop) = result? else { return Ok(None) };
    let Place { store, spec, plan, .. } = worker.place;
    let progress = standing(store, spec, plan, sweep)?;
    let seconds = worker.started.elapsed().as_secs_f64();
    if worker.pool.n_running() == 0 {
        worker.pool.join();
    }
    let handed_out = handed_out(store, sweep)?.len() as u64;
    Ok(Some(Report { sweep, stop, progress, seconds, failures: Vec::new(), handed_out }))
}

impl Worker<'_> {
    fn turn(&mut self, observer: &mut dyn Observer) -> Result<Option<StopReason>, DriveError> {
        loop {
            let interrupted = self.interrupted(observer);
            let is_alone = self.place.store.driver(self.sweep)?.is_none();
            // After that look, so that what the driver took before it went is known.
            self.follow()?;
            let asked = self.asked_to_stop();
            let stop = interrupted.or(asked).or(self.own_budget()?);
            if stop.is_none() && !is_alone {
                self.take_up()?;
            }
            if self.at_work.is_empty() && (stop.is_some() || is_alone) {
                return Ok(stop);
            }
            if self.stopping_since.is_some_and(|at| at.elapsed() > GRACE + self.place.plan.grace) {
                self.give_up()?;
                return Ok(stop);
            }
            self.heed_commands()?;
            match self.pool.next(PATIENCE) {
                Some(message) => {
                    let store = &mut *self.place.store;
                    let ended = take_in(store, &mut self.pool, &self.owner, message)?;
                    if let Some((assignment, execution)) = ended {
                        self.record(&assignment, &execution, observer)?;
                    }
                }
                None => self.tell(observer, &Event::Tick),
            }
            if self.last_beat.elapsed() >= BEAT {
                self.last_beat = Instant::now();
                self.place.store.beat(&self.owner)?; // false: it drives nothing
            }
        }
    }

    /// Learns how the sweep is steered, if anything has changed.
    fn follow(&mut self) -> Result<(), DriveError> {
        let version = Some(self.place.store.data_version()?);
        if version != self.heard {
            self.heard = version;
            let was_paused = self.steering.is_paused;
            self.steering = Steering::recorded(self.place.store, self.sweep)?;
            self.n_steps_before = self.n_steps_before.min(self.steering.steps.len());
            if self.steering.is_paused != was_paused {
                self.watch.set_paused(!was_paused);
            }
        }
        Ok(())
    }

    fn asked_to_stop(&self) -> Option<StopReason> {
        let new = self.steering.steps.iter().skip(self.n_steps_before);
        let stop = new.rev().find(|step| step.command == Steer::Stop)?;
        Some(StopReason::Asked(stop.by.clone()))
    }

    fn take_up(&mut self) -> Result<(), DriveError> {
        let free = self.pool.n_free();
        if free == 0 {
            return Ok(());
        }
        for queued in self.place.store.take_queued(&self.owner, free)? {
            let QueuedRun { run, trial, attempt, replicate, seed, params } = queued;
            let assignment = Assignment { run, trial, attempt, params, seed, replicate };
            self.at_work.insert(run, assignment.clone());
            self.pool.submit(assignment);
        }
        Ok(())
    }

    /// Writes the run, and the trial's score where it has one run.
    fn record(
        &mut self,
        assignment: &Assignment,
        execution: &Execution,
        observer: &mut dyn Observer,
    ) -> Result<(), DriveError> {
        self.at_work.remove(&assignment.run);
        let objective = &self.place.spec.objectives[0];
        let is_done = execution.outcome == Outcome::Done;
        let score = execution.score(&objective.metric);
        let score = score.filter(|score| is_done && score.is_finite());
        let is_whole = self.place.spec.search.replicates == 1;
        let mut outcome = forgiven(execution, assignment.attempt, self.place.plan.retries);
        let finished = Finished {
            loss: score.filter(|_| is_whole).map(|score| objective.goal.loss(score)),
            config_key: self.place.plan.config_key(&assignment.params, assignment.seed),
            ..finished(execution, &outcome)
        };
        let (run, attempt) = (assignment.run, assignment.attempt);
        let (sweep, owner) = (self.sweep, &self.owner);
        let of = (&self.place.spec.search.constraints[..], assignment.trial);
        let (written, broken) = self.place.store.batch(|store| {
            let written = store.finish_run(run, attempt, owner, &finished)?;
            let is_scored = written && finished.loss.is_some();
            let broken = if is_scored { verdict::settle(store, sweep, of)? } else { None };
            Ok((written, broken))
        })?;
        if let Some(reason) = broken {
            outcome = Outcome::Infeasible { reason };
        }
        if written {
            self.place.plan.work.settled(assignment);
            self.progress.finish(&outcome, None);
            let (trial, params) = (assignment.trial, &assignment.params);
            let (outcome, is_best) = (&outcome, false);
            self.tell(observer, &Event::Finished { run, trial, outcome, score, params, is_best });
        }
        Ok(())
    }

    /// Stops the runs that the driver wants stopped.
    fn heed_commands(&mut self) -> Result<(), DriveError> {
        if self.at_work.is_empty() {
            return Ok(());
        }
        for command in self.place.store.open_commands(self.sweep)? {
            let run = command.command["stop"].as_i64().map(RunId);
            let Some(run) = run.filter(|run| self.at_work.contains_key(run)) else { continue };
            let text = |key: &str| command.command[key].as_str().map(String::from);
            let stop = match text("pruned") {
                Some(reason) => Stop::Pruned(reason),
                None => Stop::Killed(text("reason").unwrap_or_else(|| "stopped".into())),
            };
            self.pool.stop(run, &stop);
            self.place.store.acknowledge(command.id, &serde_json::json!("stopping"))?;
        }
        Ok(())
    }

    fn interrupted(&mut self, observer: &mut dyn Observer) -> Option<StopReason> {
        let interrupts = &self.place.options.interrupts;
        let running = self.pool.n_running();
        if interrupts.count() > 1 && self.stopping_since.is_none() {
            self.stopping_since = Some(Instant::now());
            self.pool.stop_all(INTERRUPTED);
            self.tell(observer, &Event::Stopping { running });
        }
        let terminated = interrupts.terminated();
        (interrupts.count() > 0).then_some(StopReason::Interrupted { terminated })
    }

    /// The rule of this process's own budget that is met.
    fn own_budget(&self) -> Result<Option<StopReason>, DriveError> {
        let Place { spec, options, .. } = &self.place;
        let own = Kept { budget: spec.budget.clone(), jobs: options.jobs };
        let Kept { budget, .. } = self.steering.kept(&own, spec.resources.jobs, options.flags);
        if let Some(limit) = budget.time
            && self.watch.elapsed() >= limit
        {
            return Ok(Some(StopReason::Time(limit.as_secs_f64())));
        }
        let Some(most) = budget.trials else { return Ok(None) };
        let finished = self.place.store.n_told(self.sweep)?;
        Ok((finished >= most).then_some(StopReason::Trials(most)))
    }

    fn give_up(&mut self) -> Result<(), DriveError> {
        let outcome = Outcome::Killed { reason: INTERRUPTED.into() };
        for (run, assignment) in std::mem::take(&mut self.at_work) {
            let finished = Finished::without_values(&outcome);
            self.place.store.finish_run(run, assignment.attempt, &self.owner, &finished)?;
        }
        Ok(())
    }

    fn tell(&self, observer: &mut dyn Observer, event: &Event<'_>) {
        observer.event(event, &self.progress, self.pool.n_running());
    }
}
