//! The loop itself.

mod resume;

use super::asker::{Asker, Next, Proposal};
use super::{Best, Event, Observer, Plan, Progress, StopReason};
use crate::domain::{Objective, Outcome, Params, RunId, Status, SweepId};
use crate::executor::{Assignment, Execution, Message, OutOfFold, Pool};
use crate::host::{self, Interrupts};
use crate::spec::Sweep;
use crate::store::{
    Finished, NewRun, NewSweep, NewTrial, Owner, RunContext, Store, StoreError, SweepRow,
};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// How long the loop sleeps when nothing happens: the progress line's frame and Ctrl-C's delay.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often the leases are renewed, and how long they last without.
const BEAT: Duration = Duration::from_secs(10);
const LEASE_MS: i64 = 60_000;
/// After the second interrupt, how long a fit has to notice before its run is given up.
const GRACE: Duration = Duration::from_secs(5);
/// The reason on runs that the second interrupt ended.
const INTERRUPTED: &str = "interrupted";

/// How to drive.
pub struct Options {
    /// Trials at a time.
    pub jobs: usize,
    /// Who drives, for leases.
    pub owner: Owner,
    /// What every run records about its surroundings.
    pub context: RunContext,
    /// Ctrl-C and kin.
    pub interrupts: Interrupts,
}

/// What a session of a sweep came to.
#[derive(Debug)]
pub struct Report {
    /// The sweep.
    pub sweep: SweepId,
    /// Why it stopped.
    pub stop: StopReason,
    /// Counts and best runs, earlier sessions included.
    pub progress: Progress,
    /// Wall seconds of this session.
    pub seconds: f64,
    /// Reasons of failed trials with how often each occurred, most frequent first; this session only.
    pub failures: Vec<(String, u64)>,
}

/// What stops the loop itself, in contrast to a trial.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No worker threads.
    #[error("could not start {jobs} worker threads: {source}; mend: a smaller --jobs")]
    Threads {
        /// How many were asked for.
        jobs: usize,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Another process drives the sweep now.
    #[error(
        "another process took over sweep '{0}': this one did not renew its lease in time; mend: the same command again"
    )]
    TakenOver(String),
    /// The sampler of the sweep file does not exist.
    #[error("unknown sampler '{0}'")]
    Sampler(String),
}

struct Driver<'a> {
    store: &'a mut Store,
    spec: &'a Sweep,
    plan: &'a Plan,
    options: &'a Options,
    row: SweepRow,
    asker: Asker,
    pool: Pool,
    progress: Progress,
    /// Trials that an earlier session claimed and did not finish, with their next attempt.
    lost: VecDeque<(u64, u32)>,
    /// Claimed in this session and not recorded yet.
    at_work: BTreeMap<u64, (RunId, u32)>,
    earlier_seconds: f64,
    started: Instant,
    last_beat: Instant,
    failures: BTreeMap<String, u64>,
    /// Score and trial of the runs whose predictions are kept, best first.
    kept: Vec<(f64, u64)>,
    /// What the stop rules of a reproducible sweep go by: the ends of the trials that the sampler was told
    /// of, in the order of their numbers. The others wait in `unruled`.
    ruled: Progress,
    unruled: BTreeMap<u64, (Outcome, Option<Best>)>,
    stopping_since: Option<Instant>,
    stop: Option<StopReason>,
}

/// Runs a sweep until a rule of its budget, its space or an interrupt stops it.
///
/// # Errors
/// When the store cannot be written, another process drives the sweep, or no threads can be had. Whatever
/// was recorded before stays, and the same call goes on from there.
pub fn drive(
    store: &mut Store,
    spec: &Sweep,
    plan: &Plan,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Report, DriveError> {
    // As one, so that a process that is refused leaves the sweep's budget and text alone.
    let row = store.batch(|store| {
        let row = store.begin_sweep(&new_sweep(spec, plan))?;
        store.acquire_driver(row.id, &options.owner, LEASE_MS)?;
        Ok(row)
    })?;
    let result = Driver::resume(store, spec, plan, options, row.clone())
        .and_then(|driver| driver.run(observer));
    let released = store.release_driver(row.id, &options.owner);
    let report = result?;
    released?;
    Ok(report)
}

fn new_sweep(spec: &Sweep, plan: &Plan) -> NewSweep {
    NewSweep {
        name: spec.name.clone(),
        experiment: spec.experiment.clone(),
        model: spec.model.clone(),
        digest: plan.identity.hex(),
        file: spec.file.display().to_string(),
        text: spec.text.clone(),
        sampler: spec.search.sampler.clone(),
        seed: spec.search.seed,
        objectives: spec.objectives.clone(),
        total: spec.budget.trials,
    }
}

impl Driver<'_> {
    fn run(mut self, observer: &mut dyn Observer) -> Result<Report, DriveError> {
        let finished = self.progress.counts.finished();
        let lost = self.lost.len() as u64;
        let kind = if self.asker.n_asked() == 0 { "started" } else { "resumed" };
        let detail = serde_json::json!({
            "finished": finished, "lost": lost, "jobs": self.options.jobs,
            "trials": self.spec.budget.trials, "version": env!("CARGO_PKG_VERSION"),
        });
        self.store.add_event(self.row.id, kind, &detail)?;
        self.tell_observer(observer, &Event::Started { finished, lost });
        let result = self.turn_until_stopped(observer);
        self.pool.stop_all("the sweep ended");
        let stop = match &result {
            Ok(stop) => stop.to_string(),
            Err(error) => error.to_string(),
        };
        let seconds = self.started.elapsed().as_secs_f64();
        let word = result.as_ref().map_or("error", StopReason::word);
        let detail = serde_json::json!({ "reason": word, "text": stop, "seconds": seconds });
        let recorded = self.store.add_event(self.row.id, "stopped", &detail);
        let stop = result?;
        recorded?;
        if self.plan.keep_predictions > 0 {
            self.store.keep_predictions(self.row.id, self.plan.keep_predictions)?;
        }
        if self.pool.n_running() == 0 {
            self.pool.join();
        }
        let mut failures: Vec<(String, u64)> = self.failures.into_iter().collect();
        failures.sort_by_key(|failure| std::cmp::Reverse(failure.1));
        Ok(Report { sweep: self.row.id, stop, progress: self.progress, seconds, failures })
    }

    fn turn_until_stopped(
        &mut self,
        observer: &mut dyn Observer,
    ) -> Result<StopReason, DriveError> {
        loop {
            self.heed_interrupts(observer);
            while self.stop.is_none() && self.pool.n_free() > 0 {
                if !self.start_next(observer)? {
                    break;
                }
                // Trials that are taken over from equal runs never leave this loop.
                self.heed_interrupts(observer);
                self.beat()?;
            }
            if self.pool.n_running() == 0
                && let Some(stop) = self.stop.clone()
            {
                return Ok(stop);
            }
            if self.stopping_since.is_some_and(|since| since.elapsed() > GRACE) {
                self.give_up()?;
                return Ok(self
                    .stop
                    .clone()
                    .unwrap_or(StopReason::Interrupted { terminated: false }));
            }
            match self.pool.next(PATIENCE) {
                Some(Message::Ended(assignment, execution)) => {
                    self.record(&assignment, &execution, observer)?;
                }
                Some(Message::Report { .. }) => {}
                None => self.tell_observer(observer, &Event::Tick),
            }
            self.beat()?;
        }
    }

    /// Starts one trial, or learns why none can start. False if nothing was started.
    fn start_next(&mut self, observer: &mut dyn Observer) -> Result<bool, DriveError> {
        if let Some(stop) = self.budget_stop() {
            self.stop = Some(stop);
            return Ok(false);
        }
        if self.uses_up_budget(self.at_work.len()) {
            return Ok(false);
        }
        if let Some((number, attempt)) = self.lost.pop_front() {
            let params = self.asker.params(number);
            self.claim(number, attempt, params)?;
            return Ok(true);
        }
        if self.spec.search.reproducible {
            if !self.asker.is_ready() {
                return Ok(false);
            }
            // Before the ask that knows of them is recorded.
            self.record_tells()?;
            self.stop = self.ruled_stop();
            if self.stop.is_some() {
                return Ok(false);
            }
        }
        match self.asker.next() {
            Next::Wait => Ok(false),
            Next::Complete(n) => {
                self.stop = Some(StopReason::Complete(n));
                Ok(false)
            }
            Next::Repeating(n) => {
                self.stop = Some(StopReason::Repeating(n));
                Ok(false)
            }
            Next::Trial(proposal) => {
                self.start(*proposal, observer)?;
                Ok(true)
            }
        }
    }

    fn budget_stop(&self) -> Option<StopReason> {
        let budget = &self.spec.budget;
        if let Some(limit) = budget.time {
            let spent = self.earlier_seconds + self.started.elapsed().as_secs_f64();
            if spent >= limit.as_secs_f64() {
                return Some(StopReason::Time(limit.as_secs_f64()));
            }
        }
        if !self.spec.search.reproducible
            && let Some(stop) = self.progress.stop(budget)
        {
            return Some(stop);
        }
        self.uses_up_budget(0).then(|| StopReason::Trials(budget.trials.unwrap_or_default()))
    }

    /// The rule that ends a reproducible sweep. Whether trial `i` is asked for depends on the same trials
    /// as what it is, so that a sweep has the same trials whatever number of workers it has.
    fn ruled_stop(&mut self) -> Option<StopReason> {
        while let Some(entry) = self.unruled.first_entry()
            && *entry.key() < self.asker.told_below()
        {
            let (outcome, best) = entry.remove();
            self.ruled.finish(&outcome, best);
        }
        self.ruled.stop(&self.spec.budget)
    }

    /// True if the finished trials and so many more use up the budget.
    fn uses_up_budget(&self, more: usize) -> bool {
        let claimed = self.progress.counts.finished() + more as u64;
        self.spec.budget.trials.is_some_and(|most| claimed >= most)
    }

    fn start(&mut self, proposal: Proposal, observer: &mut dyn Observer) -> Result<(), DriveError> {
        let number = proposal.number;
        let trial = NewTrial {
            number,
            point: proposal.point,
            params: &proposal.params,
            config: proposal.config,
            pending: proposal.pending,
            same_as: proposal.same_as,
            arm: None,
        };
        self.store.record_ask(self.row.id, &[trial])?;
        host::fault("asked");
        self.record_tells()?;
        if let Some(of) = proposal.same_as {
            self.progress.counts.duplicates += 1;
            self.tell_observer(observer, &Event::Duplicate { trial: number, of });
            return Ok(());
        }
        if self.reuse(number, &proposal.params, observer)? {
            return Ok(());
        }
        self.claim(number, 1, proposal.params)
    }

    /// Records the claim of a worker and hands the trial over.
    fn claim(&mut self, number: u64, attempt: u32, params: Params) -> Result<(), DriveError> {
        let run = self.start_run(number, attempt, &params, None)?;
        host::fault("claimed");
        let seed = self.spec.search.seed;
        self.at_work.insert(number, (run, attempt));
        self.pool.submit(Assignment { run, trial: number, attempt, params, seed, replicate: 0 });
        Ok(())
    }

    fn start_run(
        &mut self,
        trial: u64,
        attempt: u32,
        params: &Params,
        cached_from: Option<RunId>,
    ) -> Result<RunId, DriveError> {
        let new = NewRun {
            sweep: Some(self.row.id),
            trial: Some(trial),
            attempt,
            replicate: 0,
            is_queued: false,
            experiment: &self.row.experiment,
            name: None,
            parent: None,
            params,
            seed: Some(self.spec.search.seed as i64),
            context: &self.options.context,
            owner: &self.options.owner,
            cached_from,
        };
        Ok(self.store.start_run(&new)?)
    }

    /// Takes over the result of an equal run of another sweep, where there is one.
    fn reuse(
        &mut self,
        number: u64,
        params: &Params,
        observer: &mut dyn Observer,
    ) -> Result<bool, DriveError> {
        let Some(key) = self.plan.config_key(params, self.spec.search.seed) else {
            return Ok(false);
        };
        let Some(cached) = self.store.cached(key)? else { return Ok(false) };
        let run = self.start_run(number, 1, params, Some(cached.run))?;
        let execution = Execution {
            points: cached.points,
            summaries: cached.summaries,
            predictions: cached.predictions.as_deref().and_then(OutOfFold::decode),
            ..Execution::without_values(Outcome::Done)
        };
        let (seed, params) = (self.spec.search.seed, params.clone());
        let assignment = Assignment { run, trial: number, attempt: 1, params, seed, replicate: 0 };
        self.progress.counts.cached += 1;
        self.record(&assignment, &execution, observer)?;
        Ok(true)
    }

    /// Commits a result, then tells it.
    fn record(
        &mut self,
        assignment: &Assignment,
        execution: &Execution,
        observer: &mut dyn Observer,
    ) -> Result<(), DriveError> {
        let Objective { metric, goal } = &self.spec.objectives[0];
        let is_done = execution.outcome == Outcome::Done;
        let score = execution.score(metric).filter(|score| is_done && score.is_finite());
        let loss = score.map(|score| goal.loss(score));
        let keeps = score.is_some_and(|score| self.keeps_predictions(score, assignment.trial));
        let predictions = execution.predictions.as_ref().filter(|_| keeps).map(OutOfFold::encode);
        let finished = Finished {
            outcome: &execution.outcome,
            points: &execution.points,
            summaries: &execution.summaries,
            seconds: execution.seconds,
            cpu_seconds: Some(execution.cpu_seconds),
            predictions: predictions.as_deref(),
            loss,
            sd: None,
            pruned: None,
            exit: None,
            artifacts: &[],
            config_key: self.plan.config_key(&assignment.params, assignment.seed),
        };
        let (run, attempt) = (assignment.run, assignment.attempt);
        host::fault("ended");
        let was_ours = self.store.finish_run(run, attempt, &self.options.owner, &finished)?;
        host::fault("recorded");
        self.at_work.remove(&assignment.trial);
        if !was_ours {
            return self.fenced_off(assignment);
        }
        if execution.outcome.status() == Status::Killed {
            return Ok(());
        }
        self.asker.finish(assignment.trial, loss);
        self.record_tells()?;
        if let Outcome::Failed { reason } = &execution.outcome {
            *self.failures.entry(reason.clone()).or_default() += 1;
        }
        let summary = execution.summaries.iter().find(|(name, _)| name == metric);
        let best = score.zip(summary).map(|(score, (_, summary))| Best {
            run,
            trial: assignment.trial,
            score,
            sd: summary.sd,
            params: assignment.params.clone(),
        });
        let is_best = self.count(assignment.trial, &execution.outcome, best);
        let (trial, params) = (assignment.trial, &assignment.params);
        let outcome = &execution.outcome;
        let event = Event::Finished { run, trial, outcome, score, params, is_best };
        self.tell_observer(observer, &event);
        Ok(())
    }

    fn record_tells(&mut self) -> Result<(), DriveError> {
        let tells = self.asker.take_tells();
        if !tells.is_empty() {
            self.store.tell(self.row.id, &tells)?;
        }
        Ok(())
    }

    /// Counts the end of a trial. True if it is the new best.
    fn count(&mut self, trial: u64, outcome: &Outcome, best: Option<Best>) -> bool {
        if self.spec.search.reproducible {
            self.unruled.insert(trial, (outcome.clone(), best.clone()));
        }
        self.progress.finish(outcome, best)
    }

    /// Another process thought this one dead and ended the run. If it did not take the sweep over, the
    /// trial is missing again.
    fn fenced_off(&mut self, assignment: &Assignment) -> Result<(), DriveError> {
        if !self.store.beat(&self.options.owner)? {
            return Err(DriveError::TakenOver(self.spec.name.clone()));
        }
        self.lost.push_back((assignment.trial, assignment.attempt + 1));
        Ok(())
    }

    /// True if a run with this score is among those whose predictions are kept; of equal scores the
    /// earlier trial is. The store drops the rest at the end; this spares most of the writing.
    fn keeps_predictions(&mut self, score: f64, trial: u64) -> bool {
        let goal = self.progress.goal;
        let keep = self.plan.keep_predictions as usize;
        let place = self.kept.partition_point(|&(kept, by)| {
            goal.better(kept, score) || (kept == score && by < trial)
        });
        self.kept.insert(place, (score, trial));
        self.kept.truncate(keep);
        place < keep
    }

    fn heed_interrupts(&mut self, observer: &mut dyn Observer) {
        let interrupts = &self.options.interrupts;
        let running = self.pool.n_running();
        if interrupts.count() > 0 && self.stop.is_none() {
            self.stop = Some(StopReason::Interrupted { terminated: interrupts.terminated() });
            self.tell_observer(observer, &Event::Interrupted { running });
        }
        if interrupts.count() > 1 && self.stopping_since.is_none() && running > 0 {
            self.stopping_since = Some(Instant::now());
            // Whatever else had ended the sweep: trials are cut off, and the same command goes on.
            self.stop = Some(StopReason::Interrupted { terminated: interrupts.terminated() });
            self.pool.stop_all(INTERRUPTED);
            self.tell_observer(observer, &Event::Stopping { running });
        }
    }

    /// Records runs as killed whose fit does not notice that it should end.
    fn give_up(&mut self) -> Result<(), DriveError> {
        let outcome = Outcome::Killed { reason: INTERRUPTED.into() };
        for (run, attempt) in std::mem::take(&mut self.at_work).into_values() {
            let finished = Finished::without_values(&outcome);
            self.store.finish_run(run, attempt, &self.options.owner, &finished)?;
        }
        Ok(())
    }

    fn beat(&mut self) -> Result<(), DriveError> {
        if self.last_beat.elapsed() >= BEAT {
            self.last_beat = Instant::now();
            if !self.store.beat(&self.options.owner)? {
                return Err(DriveError::TakenOver(self.spec.name.clone()));
            }
        }
        Ok(())
    }

    fn tell_observer(&self, observer: &mut dyn Observer, event: &Event<'_>) {
        observer.event(event, &self.progress, self.pool.n_running());
    }
}
