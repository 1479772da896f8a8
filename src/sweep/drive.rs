//! The loop itself.

mod improvement;
mod live;
mod outside;
mod record;
mod remote;
mod resume;
mod start;
mod steered;

use super::asker::Asker;
use super::judge::SweepJudge;
use super::steer::Steering;
use super::warm::{self, Taught, WarmStartError};
use super::{Best, Event, Observer, Plan, Progress, StopReason, worker};
use crate::domain::{Outcome, Params, RunId, SweepId};
use crate::executor::Pool;
use crate::host::Interrupts;
use crate::spec::{Budget, Sweep};
use crate::store::{Finished, NewSweep, Owner, RunContext, Store, StoreError, SweepRow};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) use improvement::is_not_worth;
pub(super) use live::take_in;
pub(super) use record::{finished, forgiven};
pub(super) use resume::{Restored, restored, standing};
pub(super) use steered::Stopwatch;

/// How long the loop sleeps when nothing happens: the progress line's frame and Ctrl-C's delay.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);
/// How often the leases are renewed, and how long they last without.
pub(super) const BEAT: Duration = Duration::from_secs(10);
pub(super) const LEASE_MS: i64 = 60_000;
/// After the second interrupt, how long a fit has to notice before its run is given up.
pub(super) const GRACE: Duration = Duration::from_secs(5);
/// The reason on runs that the second interrupt ended.
pub(super) const INTERRUPTED: &str = "interrupted";

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
    /// Runs failed trials of earlier sessions again.
    pub retry_failed: bool,
    /// What the command line says itself, which no earlier steering overrules.
    pub flags: Flags,
}

/// Which limits were given on the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// Trials in all.
    pub trials: bool,
    /// The time budget.
    pub time: bool,
    /// Trials at a time.
    pub jobs: bool,
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
    /// How many trials others were handed and have not told.
    pub handed_out: u64,
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
    /// An earlier sweep that is named cannot teach this one.
    #[error(transparent)]
    WarmStart(#[from] WarmStartError),
    /// A race without folds.
    #[error(
        "the pruner 'race' compares trials fold by fold after {min} or more, and trial {trial} reported {n}; \
         mend: report the folds, as lines like {{\"fold\": 0, \"loss\": 0.4}}, or take another pruner"
    )]
    NoFolds {
        /// The trial.
        trial: u64,
        /// How many it reported.
        n: usize,
        /// How many come before a verdict.
        min: u64,
    },
    /// The sampler of the sweep file does not exist.
    #[error("unknown sampler '{0}'")]
    Sampler(String),
}

/// One run that is to be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Task {
    trial: u64,
    replicate: u32,
    attempt: u32,
}

impl Task {
    fn again(self) -> Self {
        Self { attempt: self.attempt + 1, ..self }
    }
}

/// A trial that was asked for and has not ended.
#[derive(Debug)]
struct OpenTrial {
    params: Params,
    /// Replicates that ended with a score: their run, and the score where it is a number.
    ended: BTreeMap<u32, (RunId, Option<f64>)>,
    /// True once a replicate was started in this session: the others follow, whatever the budget says.
    has_begun: bool,
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
    /// Runs that wait for a free worker: of trials that just began, that an earlier session left
    /// unfinished, or that are tried again.
    tasks: VecDeque<Task>,
    open: BTreeMap<u64, OpenTrial>,
    /// Started here in this session and not recorded yet.
    at_work: BTreeMap<RunId, Task>,
    remote: remote::Remote,
    /// Trials that were handed out by `derby ask`.
    outside: outside::Outside,
    judge: Option<Arc<SweepJudge>>,
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
    /// After how many tells, and for which best run, the improvement that is left was last found worth going on for.
    looked_at: Option<(u64, RunId)>,
    /// True once it was warned of a constraint on a metric that there is not.
    has_doubted: bool,
    stopping_since: Option<Instant>,
    stop: Option<StopReason>,
    /// What was steered so far, and the budget that follows.
    steering: Steering,
    budget: Budget,
    /// The store's version when commands were last looked for.
    heard: Option<i64>,
    watch: steered::Stopwatch,
}

/// Runs a sweep until a rule of its budget, its space or an interrupt stops it. While another process
/// drives it, this one executes trials for it, and takes over when it ends.
///
/// # Errors
/// When the store cannot be written, another process takes the sweep over, or no threads can be had.
/// Whatever was recorded before stays, and the same call goes on from there.
pub fn drive(
    store: &mut Store,
    spec: &Sweep,
    plan: &Plan,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Report, DriveError> {
    loop {
        let taught = warm::before(store, spec, plan)?;
        let row = match claim_sweep(store, (spec, plan), options, taught.as_ref()) {
            Ok(row) => row,
            Err(error @ StoreError::Held { .. }) => {
                let StoreError::Held { by, .. } = &error else { return Err(error.into()) };
                let held = store.same_sweep(&spec.name, &plan.identity.hex())?;
                let Some(sweep) = held else { return Err(error.into()) };
                let place = worker::Place { store, spec, plan, options };
                match worker::work_along(place, (sweep, by), observer)? {
                    Some(report) => return Ok(report),
                    None => continue, // the driver is gone
                }
            }
            Err(error) => return Err(error.into()),
        };
        let result = Driver::resume(store, spec, plan, options, row.clone())
            .and_then(|driver| driver.run(observer));
        let released = store.release_driver(row.id, &options.owner);
        let report = result?;
        released?;
        return Ok(report);
    }
}

/// Makes the sweep ours. As one, so that a process that is refused leaves its budget and text alone, and no sweep
/// begins without what teaches it.
fn claim_sweep(
    store: &mut Store,
    (spec, plan): (&Sweep, &Plan),
    options: &Options,
    taught: Option<&Taught>,
) -> Result<SweepRow, StoreError> {
    store.batch(|store| {
        let row = store.begin_sweep(&new_sweep(spec, plan))?;
        store.acquire_driver(row.id, &options.owner, LEASE_MS)?;
        warm::record(store, &row, taught)?;
        Ok(row)
    })
}

pub(super) fn new_sweep(spec: &Sweep, plan: &Plan) -> NewSweep {
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
        let lost = self.open.len() as u64;
        let kind = if self.asker.n_asked() == 0 { "started" } else { "resumed" };
        let detail = serde_json::json!({
            "finished": finished, "lost": lost, "jobs": self.pool.jobs(),
            "trials": self.budget.trials, "time": self.budget.time.map(|time| time.as_secs_f64()),
            "version": env!("CARGO_PKG_VERSION"),
        });
        self.store.add_event(self.row.id, kind, &detail)?;
        self.say_taught(observer)?;
        self.begin_steering(observer)?;
        self.tell_observer(observer, &Event::Started { finished, lost });
        self.say_handed_out(observer);
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
        let handed_out = self.outside.n_open();
        let (sweep, progress) = (self.row.id, self.progress);
        Ok(Report { sweep, stop, progress, seconds, failures, handed_out })
    }

    /// Says what earlier sweeps teach; at the first start all there is to know.
    fn say_taught(&self, observer: &mut dyn Observer) -> Result<(), DriveError> {
        let Some(taught) = Taught::of(self.store, self.row.id)? else { return Ok(()) };
        for teacher in &taught.sweeps {
            let mut lines = vec![format!("from {teacher}")];
            if self.asker.n_asked() == 0 {
                lines.extend(teacher.notes.iter().cloned());
            }
            for text in lines {
                self.tell_observer(observer, &Event::Taught { text: &text });
            }
        }
        Ok(())
    }

    fn turn_until_stopped(
        &mut self,
        observer: &mut dyn Observer,
    ) -> Result<StopReason, DriveError> {
        loop {
            self.heed_interrupts(observer);
            self.heed_commands(observer)?;
            self.look_around(observer)?;
            self.hear_outside(observer)?;
            let is_exhausted =
                matches!(self.stop, Some(StopReason::Complete(_) | StopReason::Repeating(_)));
            if is_exhausted && !self.tasks.is_empty() {
                // Nothing new is to come, but the last trials are tried again.
                self.stop = None;
            }
            while self.stop.is_none()
                && !self.steering.is_paused
                && let Some(place) = self.free_place()
            {
                if !self.start_next(&place, observer)? {
                    break;
                }
                // Trials that are taken over from equal runs never leave this loop.
                self.heed_interrupts(observer);
                self.heed_commands(observer)?;
                self.beat()?;
            }
            if let Some(stop) = self.stop.clone()
                && self.pool.n_running() == 0
                && (self.remote.is_idle() || matches!(stop, StopReason::Interrupted { .. }))
            {
                if self.hear_last(&stop, observer)? {
                    self.stop = None;
                    continue;
                }
                return Ok(stop);
            }
            if self.is_out_of_patience() {
                self.give_up()?;
                return Ok(self
                    .stop
                    .clone()
                    .unwrap_or(StopReason::Interrupted { terminated: false }));
            }
            match self.pool.next(self.remote.patience()) {
                Some(message) => {
                    let owner = &self.options.owner;
                    let ended = take_in(self.store, &mut self.pool, owner, message)?;
                    if let Some((assignment, execution)) = ended {
                        self.record(&assignment, *execution, observer)?;
                    }
                }
                None => self.tell_observer(observer, &Event::Tick),
            }
            self.beat()?;
        }
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

    /// True if what was asked to stop takes too long: after a while, or at the third interrupt.
    fn is_out_of_patience(&self) -> bool {
        let Some(since) = self.stopping_since else { return false };
        since.elapsed() > GRACE + self.plan.grace || self.options.interrupts.count() > 2
    }

    /// Records runs as killed whose fit does not notice that it should end.
    fn give_up(&mut self) -> Result<(), DriveError> {
        let outcome = Outcome::Killed { reason: INTERRUPTED.into() };
        for (run, task) in std::mem::take(&mut self.at_work) {
            let finished = Finished::without_values(&outcome);
            self.store.finish_run(run, task.attempt, &self.options.owner, &finished)?;
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
        observer.event(event, &self.progress, self.pool.n_running() + self.remote.n_handed());
    }
}
