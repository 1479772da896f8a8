//! Trials that were handed out by `derby ask`: they are left to whoever has them, and taken in once told or given back.

use super::record::{Ending, mean_score, outcome_of};
use super::{DriveError, Driver, OpenTrial, Task};
use crate::domain::Status;
use crate::sampler::Pruned;
use crate::store::TrialRow;
use crate::sweep::{Event, Observer, StopReason};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How often the record is looked at for what others told.
const LOOK: Duration = Duration::from_secs(1);
/// Trials that a warning names.
const NAMED: usize = 5;

/// Who has what, as the driver knows.
#[derive(Debug)]
pub(super) struct Outside {
    /// Handed out and not told.
    open: BTreeSet<u64>,
    /// Told in this session.
    told: BTreeSet<u64>,
    looked: Instant,
}

impl Outside {
    pub(super) fn new() -> Self {
        Self { open: BTreeSet::new(), told: BTreeSet::new(), looked: Instant::now() }
    }

    /// Leaves a trial to whoever has it.
    pub(super) fn leave(&mut self, trial: u64) {
        self.open.insert(trial);
    }

    /// How many trials others have.
    pub(super) fn n_open(&self) -> u64 {
        self.open.len() as u64
    }

    /// True if somebody told in this session how the trial ended.
    pub(super) fn has_told(&self, trial: u64) -> bool {
        self.told.contains(&trial)
    }
}

impl Driver<'_> {
    /// Says which trials are left alone.
    pub(super) fn say_handed_out(&self, observer: &mut dyn Observer) {
        let open = &self.outside.open;
        let Some(first) = open.first() else { return };
        let mut named: Vec<String> = open.iter().take(NAMED).map(u64::to_string).collect();
        if open.len() > NAMED {
            named.push("…".into());
        }
        let name = &self.spec.name;
        let (trials, are) = if open.len() == 1 { ("trial", "is") } else { ("trials", "are") };
        let text = format!(
            "{} {trials} ({}) {are} handed out and not told yet, and left to whoever has them; \
             derby ask {name} --open lists them, derby tell {name} {first} --give-back gives one back",
            open.len(),
            named.join(", ")
        );
        self.tell_observer(observer, &Event::Warned { text: &text });
    }

    /// Why a reproducible sweep cannot go on: all that it waits for is what others have.
    pub(super) fn waits_for_outside(&self) -> Option<StopReason> {
        let is_at_work = self.pool.n_running() > 0
            || !self.remote.is_idle()
            || !self.open.is_empty()
            || !self.tasks.is_empty();
        let first = self.outside.open.first().filter(|_| !is_at_work)?;
        Some(StopReason::Waits(*first))
    }

    /// Looks once more before the sweep ends for want of trials; true if there is news.
    pub(super) fn hear_last(
        &mut self,
        stop: &StopReason,
        observer: &mut dyn Observer,
    ) -> Result<bool, DriveError> {
        let is_wanting = matches!(
            stop,
            StopReason::HandedOut { .. }
                | StopReason::Waits(_)
                | StopReason::Complete(_)
                | StopReason::Repeating(_)
        );
        if !is_wanting {
            return Ok(false);
        }
        let before = self.outside.n_open();
        self.hear(observer)?;
        Ok(self.outside.n_open() < before)
    }

    /// Takes in what others told, every so often, and what they gave back.
    pub(super) fn hear_outside(&mut self, observer: &mut dyn Observer) -> Result<(), DriveError> {
        if self.outside.looked.elapsed() < LOOK {
            return Ok(());
        }
        self.hear(observer)
    }

    fn hear(&mut self, observer: &mut dyn Observer) -> Result<(), DriveError> {
        self.outside.looked = Instant::now();
        for number in self.outside.open.clone() {
            let Some(trial) = self.store.trial(self.row.id, number)? else { continue };
            if trial.is_handed_out() {
                continue;
            }
            self.outside.open.remove(&number);
            let params = self.asker.params(number);
            let open = OpenTrial { params, ended: BTreeMap::new(), has_begun: false };
            self.open.insert(number, open);
            if trial.handed.is_some() {
                self.outside.told.insert(number);
                self.take_in_told(&trial, observer)?;
            } else {
                // What was given back is an attempt at the first replicate.
                let attempt = |replicate| if replicate == 0 { trial.attempts + 1 } else { 1 };
                let task =
                    |replicate| Task { trial: number, replicate, attempt: attempt(replicate) };
                self.tasks.extend((0..self.spec.search.replicates).map(task));
            }
        }
        Ok(())
    }

    /// The end of a trial that somebody else has recorded.
    fn take_in_told(
        &mut self,
        trial: &TrialRow,
        observer: &mut dyn Observer,
    ) -> Result<(), DriveError> {
        let (Some(run), Some(status)) = (trial.run, trial.status) else { return Ok(()) };
        let metric = &self.spec.objectives[0].metric;
        let record = self.store.run_by_id(run)?;
        let has_score = matches!(status, Status::Done | Status::Infeasible);
        let value = record.metrics.get(metric).map(|summary| summary.score);
        let value = value.filter(|value| has_score && value.is_finite());
        if let Some(judge) = &self.judge {
            judge.begin(trial.number, 0);
            for (context, step, value) in self.store.series_after(run, metric, &BTreeMap::new())? {
                // It is over, so a verdict changes nothing; others are compared with it.
                judge.report((trial.number, 0), &context, step, value);
            }
        }
        let ending = Ending::Over {
            outcome: outcome_of(status, record.reason),
            score: value.map(|value| mean_score(self.progress.goal, &[value])),
            pruned: trial.pruned.map(|(step, loss)| Pruned { step, loss }),
            run,
        };
        let task = Task { trial: trial.number, replicate: 0, attempt: trial.attempts };
        self.conclude(task, ending, f64::NAN, observer)
    }
}
