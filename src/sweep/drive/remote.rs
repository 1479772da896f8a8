//! Other processes that work for this one: who they are, what they were handed, how it stands.

use super::record::outcome_of;
use super::{DriveError, Driver, PATIENCE, Task};
use crate::domain::{RunId, Status, SweepId};
use crate::host;
use crate::store::{Owner, Store, StoreError, Worker};
use crate::sweep::Observer;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often workers are looked for while there are none.
const LOOK: Duration = Duration::from_secs(1);
/// How often their runs are looked at while there are some.
const CLOSE_LOOK: Duration = Duration::from_millis(50);

/// Where a run starts.
#[derive(Debug, Clone)]
pub(super) enum Spot {
    /// In this process.
    Here,
    /// At this worker.
    There(Owner),
}

/// A run at a worker.
#[derive(Debug)]
struct Handed {
    task: Task,
    /// The highest step of each context that was judged.
    seen: BTreeMap<String, i64>,
    /// True once it was asked to stop.
    is_stopping: bool,
}

/// The workers of the sweep and what they do.
#[derive(Debug)]
pub(super) struct Remote {
    workers: Vec<Worker>,
    handed: BTreeMap<RunId, Handed>,
    looked: Instant,
    recovered: Instant,
}

impl Remote {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { workers: Vec::new(), handed: BTreeMap::new(), looked: now, recovered: now }
    }

    /// How many runs are at workers.
    pub(super) fn n_handed(&self) -> usize {
        self.handed.len()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.handed.is_empty()
    }

    /// How long the loop may wait for its own trials.
    pub(super) fn patience(&self) -> Duration {
        if self.workers.is_empty() && self.handed.is_empty() { PATIENCE } else { CLOSE_LOOK }
    }

    /// A worker with a free slot, the one with the most.
    pub(super) fn free_worker(&self) -> Option<Spot> {
        let free = |worker: &&Worker| worker.slots.saturating_sub(worker.busy);
        let worker = self.workers.iter().max_by_key(free)?;
        (free(&worker) > 0).then(|| Spot::There(worker.owner.clone()))
    }

    /// Remembers a run that was queued for a worker.
    pub(super) fn hand(&mut self, run: RunId, task: Task, owner: &Owner) {
        for worker in self.workers.iter_mut().filter(|worker| worker.owner.uuid == owner.uuid) {
            worker.busy += 1; // until the next look
        }
        self.adopt(run, task);
    }

    /// The trial of a run at a worker.
    pub(super) fn trial_of(&self, run: RunId) -> Option<u64> {
        self.handed.get(&run).map(|handed| handed.task.trial)
    }

    /// Asks the worker of a run to stop it; nothing happens if none has it.
    pub(super) fn stop_one(
        &mut self,
        store: &mut Store,
        sweep: SweepId,
        run: RunId,
        reason: &str,
    ) -> Result<(), StoreError> {
        let Some(handed) = self.handed.get_mut(&run) else { return Ok(()) };
        handed.is_stopping = true;
        let command = serde_json::json!({ "stop": run, "reason": reason });
        store.post_command(sweep, &command).map(|_| ())
    }

    /// Takes over a run that a worker has of an earlier driver.
    pub(super) fn adopt(&mut self, run: RunId, task: Task) {
        self.handed.insert(run, Handed { task, seen: BTreeMap::new(), is_stopping: false });
    }
}

/// Ends what processes left behind that are gone, and makes their trials missing again. In this order: dead
/// in between, the next process does both again.
pub(super) fn recover(store: &mut Store, sweep: SweepId) -> Result<(), StoreError> {
    let now = host::now_ms();
    let lost = store.lost_owners(Some(sweep), now)?;
    end_strays(&lost);
    let mut since = store.recover(Some(sweep), now)?.owners;
    host::fault("recovered");
    since.retain(|owner| !lost.contains(owner));
    end_strays(&since);
    Ok(())
}

fn end_strays(owners: &[String]) {
    for owner in owners {
        host::kill_marked(&format!("DERBY_OWNER={owner}"));
    }
}

impl Driver<'_> {
    /// Looks for workers and at their runs, every so often.
    pub(super) fn look_around(&mut self, observer: &mut dyn Observer) -> Result<(), DriveError> {
        let is_alone = self.remote.workers.is_empty() && self.remote.handed.is_empty();
        let pause = if is_alone { LOOK } else { CLOSE_LOOK };
        if self.remote.looked.elapsed() < pause {
            return Ok(());
        }
        self.remote.looked = Instant::now();
        self.remote.workers = self.store.workers(self.row.id)?;
        if self.remote.handed.is_empty() {
            return Ok(());
        }
        if self.remote.recovered.elapsed() >= LOOK {
            self.remote.recovered = Instant::now();
            recover(self.store, self.row.id)?;
        }
        self.judge_handed()?;
        let runs: Vec<RunId> = self.remote.handed.keys().copied().collect();
        for stands in self.store.handed(&runs)? {
            if stands.status.is_over() {
                self.take_back(stands.run, stands.status, stands.reason, observer)?;
            }
        }
        Ok(())
    }

    /// The end of a run that a worker has recorded.
    fn take_back(
        &mut self,
        run: RunId,
        status: Status,
        reason: Option<String>,
        observer: &mut dyn Observer,
    ) -> Result<(), DriveError> {
        let Some(handed) = self.remote.handed.remove(&run) else { return Ok(()) };
        let task = handed.task;
        let record = self.store.run_by_id(run)?;
        let summary = record.metrics.get(&self.spec.objectives[0].metric);
        let own = summary.map(|summary| summary.score).filter(|score| score.is_finite());
        let sd = summary.map_or(f64::NAN, |summary| summary.sd);
        let outcome = outcome_of(status, reason);
        // Whatever killed it there, the trial is missing, and somebody else can have it.
        let is_infrastructure = status == Status::Killed && !handed.is_stopping;
        let ending = self.ending(task, run, (&outcome, own, is_infrastructure));
        if let super::record::Ending::Over { score, pruned, .. } = &ending {
            let score = (score.map(|score| score.loss), score.and_then(|score| score.sd));
            let pruned = pruned.map(|pruned| (pruned.step, pruned.loss));
            self.store.score_trial(self.row.id, task.trial, score, pruned)?;
        }
        self.conclude(task, ending, sd, observer)
    }

    /// Has new values of handed runs judged; the hopeless ones are asked to stop.
    fn judge_handed(&mut self) -> Result<(), StoreError> {
        let Some(judge) = &self.judge else { return Ok(()) };
        let metric = &self.spec.objectives[0].metric;
        for (&run, handed) in self.remote.handed.iter_mut().filter(|(_, run)| !run.is_stopping) {
            for (context, step, value) in self.store.series_after(run, metric, &handed.seen)? {
                let of = (handed.task.trial, handed.task.replicate);
                if let Some(reason) = judge.report(of, &context, step, value) {
                    handed.is_stopping = true;
                    let command = serde_json::json!({ "stop": run, "pruned": reason });
                    self.store.post_command(self.row.id, &command)?;
                    break;
                }
                handed.seen.insert(context, step);
            }
        }
        Ok(())
    }

    /// Asks the workers to stop the runs of a trial.
    pub(super) fn stop_handed(&mut self, trial: u64, reason: &str) -> Result<(), StoreError> {
        let runs = self.remote.handed.iter_mut();
        for (&run, handed) in runs.filter(|(_, handed)| handed.task.trial == trial) {
            handed.is_stopping = true;
            let command = serde_json::json!({ "stop": run, "reason": reason });
            self.store.post_command(self.row.id, &command)?;
        }
        Ok(())
    }
}
