//! What starts next, and where: the rest of open trials first, then what the sampler proposes.

use super::remote::Spot;
use super::{DriveError, Driver, OpenTrial, Task};
use crate::domain::{Outcome, Params, RunId};
use crate::executor::{Assignment, Execution, OutOfFold};
use crate::host;
use crate::store::{NewRun, NewTrial, Owner};
use crate::sweep::asker::{Next, Proposal};
use crate::sweep::{Event, Observer, StopReason};
use std::collections::BTreeMap;

impl Driver<'_> {
    /// Where the next run can start: here, else at a worker.
    pub(super) fn free_place(&self) -> Option<Spot> {
        if self.pool.n_free() > 0 {
            return Some(Spot::Here);
        }
        // How far a run at a worker gets before it hears a verdict depends on the machines.
        let stays = self.spec.search.reproducible && self.judge.is_some();
        if stays { None } else { self.remote.free_worker() }
    }

    /// Starts one run, or learns why none can start. False if nothing was started.
    pub(super) fn start_next(
        &mut self,
        spot: &Spot,
        observer: &mut dyn Observer,
    ) -> Result<bool, DriveError> {
        if let Some(stop) = self.budget_stop()? {
            self.stop = Some(stop);
            return Ok(false);
        }
        let has_begun = |task: &Task| self.open.get(&task.trial).is_some_and(|open| open.has_begun);
        let goes_on = self.tasks.front().is_some_and(has_begun);
        if !goes_on && self.uses_up_budget(self.n_begun()) {
            return Ok(false);
        }
        if let Some(task) = self.tasks.pop_front() {
            self.begin(task, spot, observer)?;
            return Ok(true);
        }
        if self.spec.search.reproducible {
            if !self.asker.is_ready() {
                self.stop = self.waits_for_outside();
                return Ok(false);
            }
            // Before the ask that knows of them is recorded.
            self.record_tells()?;
            self.stop = self.ruled_stop()?;
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
                self.start(*proposal, spot, observer)?;
                Ok(true)
            }
        }
    }

    fn n_begun(&self) -> usize {
        self.open.values().filter(|open| open.has_begun).count()
    }

    fn budget_stop(&mut self) -> Result<Option<StopReason>, DriveError> {
        let budget = &self.budget;
        if let Some(limit) = budget.time {
            let spent = self.earlier_seconds + self.watch.elapsed().as_secs_f64();
            if spent >= limit.as_secs_f64() {
                return Ok(Some(StopReason::Time(limit.as_secs_f64())));
            }
        }
        if !self.spec.search.reproducible {
            if let Some(stop) = self.progress.stop(budget) {
                return Ok(Some(stop));
            }
            let best = self.progress.best.first().cloned();
            if let Some(stop) = self.improvement_stop(best.as_ref())? {
                return Ok(Some(stop));
            }
        }
        let total = self.budget.trials.unwrap_or_default();
        let stop = match self.outside.n_open() {
            0 => StopReason::Trials(total),
            open => StopReason::HandedOut { total, open },
        };
        Ok(self.uses_up_budget(0).then_some(stop))
    }

    /// The rule that ends a reproducible sweep. Whether trial `i` is asked for depends on the same trials
    /// as what it is, so that a sweep has the same trials whatever number of workers it has.
    fn ruled_stop(&mut self) -> Result<Option<StopReason>, DriveError> {
        while let Some(entry) = self.unruled.first_entry()
            && *entry.key() < self.asker.told_below()
        {
            let (outcome, best) = entry.remove();
            self.ruled.finish(&outcome, best);
        }
        if let Some(stop) = self.ruled.stop(&self.budget) {
            return Ok(Some(stop));
        }
        let best = self.ruled.best.first().cloned();
        self.improvement_stop(best.as_ref())
    }

    /// True if the finished trials, those that others have, and so many more use up the budget.
    pub(super) fn uses_up_budget(&self, more: usize) -> bool {
        let claimed = self.progress.counts.finished() + self.outside.n_open() + more as u64;
        self.budget.trials.is_some_and(|most| claimed >= most)
    }

    /// Records what the sampler proposed, and begins it.
    fn start(
        &mut self,
        proposal: Proposal,
        spot: &Spot,
        observer: &mut dyn Observer,
    ) -> Result<(), DriveError> {
        let number = proposal.number;
        let trial = NewTrial {
            number,
            point: proposal.point,
            params: &proposal.params,
            config: proposal.config,
            pending: proposal.pending,
            same_as: proposal.same_as,
            made_by: proposal.made_by,
        };
        if let Err(error) = self.store.record_ask(self.row.id, &[trial]) {
            // The number is taken where another process asks now, which is not the store's fault.
            return Err(match self.store.beat(&self.options.owner) {
                Ok(false) => DriveError::TakenOver(self.spec.name.clone()),
                _ => error.into(),
            });
        }
        host::fault("asked");
        self.record_tells()?;
        if let Some(of) = proposal.same_as {
            self.progress.counts.duplicates += 1;
            self.tell_observer(observer, &Event::Duplicate { trial: number, of });
            return Ok(());
        }
        let open = OpenTrial { params: proposal.params, ended: BTreeMap::new(), has_begun: false };
        self.open.insert(number, open);
        let task = |replicate| Task { trial: number, replicate, attempt: 1 };
        // In front of what waits: the replicates of one trial run together.
        for replicate in (1..self.spec.search.replicates).rev() {
            self.tasks.push_front(task(replicate));
        }
        self.begin(task(0), spot, observer)
    }

    /// Takes over the result of an equal run, or claims a worker and hands the run over.
    fn begin(
        &mut self,
        task: Task,
        spot: &Spot,
        observer: &mut dyn Observer,
    ) -> Result<(), DriveError> {
        let Some(open) = self.open.get_mut(&task.trial) else { return Ok(()) };
        open.has_begun = true;
        let params = open.params.clone();
        if task.attempt == 1 && self.reuse(task, &params, observer)? {
            return Ok(());
        }
        let run = self.start_run(task, &params, (spot, None))?;
        host::fault("claimed");
        if let Some(judge) = &self.judge {
            judge.begin(task.trial, task.replicate);
        }
        if let Spot::There(owner) = spot {
            self.remote.hand(run, task, owner);
            return Ok(());
        }
        self.at_work.insert(run, task);
        self.pool.submit(self.assignment(run, task, params));
        Ok(())
    }

    /// The run of a task, as executors take it.
    pub(super) fn assignment(&self, run: RunId, task: Task, params: Params) -> Assignment {
        let Task { trial, replicate, attempt } = task;
        let seed = self.spec.search.seed + u64::from(replicate);
        Assignment { run, trial, attempt, params, seed, replicate }
    }

    fn start_run(
        &mut self,
        task: Task,
        params: &Params,
        (spot, cached_from): (&Spot, Option<RunId>),
    ) -> Result<RunId, DriveError> {
        let owner: &Owner = match spot {
            Spot::Here => &self.options.owner,
            Spot::There(owner) => owner,
        };
        let seed = self.spec.search.seed + u64::from(task.replicate);
        let new = NewRun {
            sweep: Some(self.row.id),
            trial: Some(task.trial),
            attempt: task.attempt,
            replicate: task.replicate,
            is_queued: matches!(spot, Spot::There(_)),
            experiment: &self.row.experiment,
            name: None,
            parent: None,
            params,
            seed: Some(seed as i64),
            context: &self.options.context,
            owner,
            cached_from,
        };
        // Between the ask and the run another process may have taken the sweep over, and started the trial itself.
        let (sweep, driver) = (self.row.id, &self.options.owner);
        let started = self.store.batch(|store| {
            if !store.is_driver(sweep, driver)? {
                return Ok(None);
            }
            store.start_run(&new).map(Some)
        })?;
        started.ok_or_else(|| DriveError::TakenOver(self.spec.name.clone()))
    }

    /// Takes over the result of an equal run of another sweep, where there is one.
    fn reuse(
        &mut self,
        task: Task,
        params: &Params,
        observer: &mut dyn Observer,
    ) -> Result<bool, DriveError> {
        let seed = self.spec.search.seed + u64::from(task.replicate);
        if self.spec.search.reproducible && self.judge.is_some() {
            // Whether it would be stopped must not depend on what other sweeps left in the store.
            return Ok(false);
        }
        let Some(key) = self.plan.config_key(params, seed) else { return Ok(false) };
        let Some(cached) = self.store.cached(key)? else { return Ok(false) };
        let run = self.start_run(task, params, (&Spot::Here, Some(cached.run)))?;
        if let Some(judge) = &self.judge {
            judge.begin(task.trial, task.replicate);
            let metric = &self.spec.objectives[0].metric;
            for point in cached.points.iter().filter(|point| point.metric == *metric) {
                // It is done already, so a verdict changes nothing; others are compared with it.
                let of = (task.trial, task.replicate);
                judge.report(of, &point.context, point.step, point.value);
            }
        }
        let execution = Execution {
            points: cached.points,
            summaries: cached.summaries,
            predictions: cached.predictions.as_deref().and_then(OutOfFold::decode),
            ..Execution::without_values(Outcome::Done)
        };
        self.progress.counts.cached += u64::from(task.replicate == 0);
        let assignment = self.assignment(run, task, params.clone());
        self.record(&assignment, execution, observer)?;
        Ok(true)
    }
}
