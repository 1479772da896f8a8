//! The state of a sweep as it was steered, folded from its history.

use super::Steer;
use super::range::{Ranges, bounds_of, ranged};
use crate::domain::{Params, RunId, SweepId};
use crate::space::{Point, Space};
use crate::spec::Budget;
use crate::store::{Store, StoreError, SweepEvent, SweepRow};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The kind of event that records a command that was taken.
pub(in crate::sweep) const STEERED: &str = "steered";

/// A command that was taken: the detail of a `steered` event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The command, parameters by their ids.
    pub command: Steer,
    /// Who asked.
    #[serde(default)]
    pub by: String,
    /// The number of the first trial for which it holds; for a point by hand, its own.
    pub from: u64,
    /// What it was before: a number, bounds, or null.
    #[serde(default)]
    pub was: Json,
    /// For trials, time and jobs: what the sweep file or the flags said then. The value holds after a restart as
    /// long as they still say so.
    #[serde(default)]
    pub own: Json,
    /// For a point by hand, where it is, in internal form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// When it was taken, milliseconds since 1970 UTC. Not part of the detail.
    #[serde(skip)]
    pub ts: i64,
}

/// How a sweep is steered now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Steering {
    /// True while nothing new is started.
    pub is_paused: bool,
    /// Who stopped the last session, if someone did.
    pub stopped_by: Option<String>,
    /// Trials at a time in the process that drives; `None` before the first session.
    pub jobs: Option<usize>,
    /// Trials in all; `None` without a limit, or before the first session.
    pub trials: Option<u64>,
    /// The time budget in seconds; `None` without one, or before the first session.
    pub time: Option<f64>,
    /// Changed ranges by the dimension's id, in the order of the first change.
    pub ranges: Ranges,
    /// Points by hand that were not asked yet, with the trial numbers that they will have.
    pub waiting: BTreeMap<u64, Params>,
    /// Everything that was taken, oldest first.
    pub steps: Vec<Step>,
    /// Points by hand by their trials, asked or not.
    pub(in crate::sweep) by_hand: BTreeMap<u64, Point>,
    /// Runs that a person stopped.
    pub(in crate::sweep) stopped: BTreeSet<RunId>,
    /// Start and end of every pause, milliseconds.
    pauses: Vec<(i64, Option<i64>)>,
}

/// What a restart takes over from the record.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sweep) struct Kept {
    pub(in crate::sweep) budget: Budget,
    pub(in crate::sweep) jobs: usize,
}

impl Steering {
    /// The state of a sweep.
    ///
    /// # Errors
    /// When the store cannot be read, or holds steering of a newer program.
    pub fn of(store: &Store, sweep: &SweepRow) -> Result<Self, StoreError> {
        let mut steering = Self::recorded(store, sweep.id)?;
        steering.forget_asked(sweep.trials);
        Ok(steering)
    }

    /// The state as the history has it: `waiting` holds what was asked, too.
    pub(in crate::sweep) fn recorded(store: &Store, sweep: SweepId) -> Result<Self, StoreError> {
        let mut steering = Self::default();
        for event in &store.events(sweep)? {
            steering.take(event)?;
        }
        Ok(steering)
    }

    /// Takes in the next event.
    pub(super) fn take(&mut self, event: &SweepEvent) -> Result<(), StoreError> {
        let detail = &event.detail;
        match event.kind.as_str() {
            "started" | "resumed" => {
                self.end_pause(event.ts);
                self.stopped_by = None;
                self.jobs = detail["jobs"].as_u64().map(|jobs| jobs as usize);
                self.trials = detail["trials"].as_u64();
                self.time = detail["time"].as_f64();
            }
            // A process that lost the sweep to another one says so too.
            "stopped" if detail["reason"] != "error" => self.end_pause(event.ts),
            STEERED => {
                let step = Step::deserialize(detail).map_err(|error| {
                    StoreError::Invalid(format!(
                        "steering of the sweep cannot be read: {error}; mend: a derby as new as the one that wrote it"
                    ))
                })?;
                self.apply(Step { ts: event.ts, ..step });
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes in a command that was taken.
    pub(in crate::sweep) fn apply(&mut self, step: Step) {
        match &step.command {
            Steer::Pause if !self.is_paused => {
                self.is_paused = true;
                self.pauses.push((step.ts, None));
            }
            Steer::Pause => {}
            Steer::Resume => self.end_pause(step.ts),
            Steer::Stop => self.stopped_by = Some(step.by.clone()),
            Steer::StopRun { run } => {
                self.stopped.insert(*run);
            }
            Steer::Trials { total } => self.trials = *total,
            Steer::Jobs { jobs } => self.jobs = Some(*jobs),
            Steer::Time { seconds } => self.time = *seconds,
            Steer::Try { params } => {
                self.by_hand.extend(step.point.clone().map(|point| (step.from, point)));
                self.waiting.insert(step.from, params.clone());
            }
            Steer::Range { parameter, low, high } => {
                self.ranges.insert(parameter.clone(), (*low, *high));
            }
        }
        self.steps.push(step);
    }

    fn end_pause(&mut self, ts: i64) {
        if let Some((_, end @ None)) = self.pauses.last_mut() {
            *end = Some(ts);
        }
        self.is_paused = false;
    }

    /// Points by hand below this number wait no more.
    pub(in crate::sweep) fn forget_asked(&mut self, n_asked: u64) {
        self.waiting = self.waiting.split_off(&n_asked);
    }

    /// The space of the sweep file, widened to everything that was searched: all trials lie in it.
    pub fn searched(&self, space: &Space) -> Space {
        let mut widest = Ranges::new();
        for step in &self.steps {
            let Steer::Range { parameter, low, high } = &step.command else { continue };
            let dim = space.dims().iter().find(|dim| dim.id == *parameter);
            let Some((least, most)) = dim.and_then(|dim| bounds_of(&dim.kind)) else { continue };
            let bounds = widest.entry(parameter.clone()).or_insert((least, most));
            *bounds = (bounds.0.min(*low), bounds.1.max(*high));
        }
        ranged(space, &widest).unwrap_or_else(|_| space.clone())
    }

    /// The trials from which on changed ranges hold.
    pub(in crate::sweep) fn range_changes(&self) -> BTreeSet<u64> {
        let ranges = self.steps.iter().filter(|step| matches!(step.command, Steer::Range { .. }));
        ranges.map(|step| step.from).collect()
    }

    /// Seconds of these sessions (start and end in milliseconds) up to a time in which the sweep was not paused.
    pub fn driven_seconds(&self, sessions: &[(i64, i64)], until: i64) -> f64 {
        let before = |&(start, end): &(i64, i64)| (start < until).then(|| (start, end.min(until)));
        let sessions: Vec<(i64, i64)> = sessions.iter().filter_map(before).collect();
        let all: i64 = sessions.iter().map(|(start, end)| (end - start).max(0)).sum();
        (all as f64 / 1000.0 - self.paused_seconds(&sessions)).max(0.0)
    }

    /// Seconds of these sessions (start and end in milliseconds) in which the sweep was paused.
    pub(in crate::sweep) fn paused_seconds(&self, sessions: &[(i64, i64)]) -> f64 {
        let overlap = |&(start, end): &(i64, i64)| -> i64 {
            let share = |&(from, to): &(i64, Option<i64>)| {
                (to.unwrap_or(i64::MAX).min(end)).saturating_sub(from.max(start)).max(0)
            };
            self.pauses.iter().map(share).sum()
        };
        sessions.iter().map(overlap).sum::<i64>() as f64 / 1000.0
    }

    /// Budget and jobs of the sweep file with what was steered since, as far as the file still says what it said
    /// then. `is_flag` tells which were given on the command line, which win.
    pub(in crate::sweep) fn kept(
        &self,
        own: &Kept,
        jobs: Option<usize>,
        is_flag: super::super::drive::Flags,
    ) -> Kept {
        let mut kept = own.clone();
        let last = |wanted: &dyn Fn(&Steer) -> bool, own: &Json| {
            let step = self.steps.iter().rfind(|step| wanted(&step.command));
            step.filter(|step| step.own == *own).map(|step| step.command.clone())
        };
        let is_trials = |steer: &Steer| matches!(steer, Steer::Trials { .. });
        let is_time = |steer: &Steer| matches!(steer, Steer::Time { .. });
        let is_jobs = |steer: &Steer| matches!(steer, Steer::Jobs { .. });
        if let Some(Steer::Trials { total }) = last(&is_trials, &own_trials(&own.budget))
            && !is_flag.trials
        {
            kept.budget.trials = total;
        }
        if let Some(Steer::Time { seconds }) = last(&is_time, &own_time(&own.budget))
            && !is_flag.time
        {
            kept.budget.time = seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
        }
        if let Some(Steer::Jobs { jobs }) = last(&is_jobs, &own_jobs(jobs))
            && !is_flag.jobs
        {
            kept.jobs = jobs;
        }
        kept
    }
}

/// The total of a sweep file, as steps record it.
pub(in crate::sweep) fn own_trials(budget: &Budget) -> Json {
    serde_json::json!(budget.trials)
}

/// The time budget of a sweep file in seconds, as steps record it.
pub(in crate::sweep) fn own_time(budget: &Budget) -> Json {
    serde_json::json!(budget.time.map(|time| time.as_secs_f64()))
}

/// The jobs of a sweep file, as steps record them.
pub(in crate::sweep) fn own_jobs(jobs: Option<usize>) -> Json {
    serde_json::json!(jobs)
}
