//! From the record back to a driver: what was tried, told and counted, and what is still missing.

use super::{DriveError, Driver, Options};
use crate::domain::{Outcome, Status};
use crate::executor::Pool;
use crate::host;
use crate::sampler;
use crate::spec::Sweep;
use crate::store::{Store, StoreError, SweepRow, TrialRow};
use crate::sweep::asker::{Asker, Remembered};
use crate::sweep::{Best, Plan, Progress};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

impl<'a> Driver<'a> {
    /// Rebuilds asker and progress from the record.
    fn resume(
        store: &'a mut Store,
        spec: &'a Sweep,
        plan: &'a Plan,
        options: &'a Options,
        row: SweepRow,
    ) -> Result<Self, DriveError> {
        store.recover(row.id, host::now_ms())?;
        let trials = store.trials(row.id)?;
        let setup = sampler::Setup {
            space: Arc::clone(&spec.space),
            seed: spec.search.seed,
            budget: spec.budget.trials,
        };
        let sampler_options = sampler::SamplerOptions {
            grid_steps: spec.search.grid_steps,
            ..sampler::SamplerOptions::default()
        };
        let sampler = sampler::make(&spec.search.sampler, setup, &sampler_options)
            .ok_or_else(|| DriveError::Sampler(spec.search.sampler.clone()))?;
        let lag = spec.search.reproducible.then_some(spec.search.lag);
        let mut asker = Asker::new(sampler, Arc::clone(&spec.space), spec.points.clone(), lag);
        asker.restore(remembered(&trials));
        let earlier_seconds = store.sweep_seconds(row.id)?;
        let pool = Pool::start(options.jobs, &plan.work, spec.resources.timeout)
            .map_err(|source| DriveError::Threads { jobs: options.jobs, source })?;
        let mut driver = Self {
            progress: Progress::new(spec.objectives[0].goal),
            lost: VecDeque::new(),
            at_work: BTreeMap::new(),
            started: Instant::now(),
            last_beat: Instant::now(),
            failures: BTreeMap::new(),
            kept_scores: Vec::new(),
            stopping_since: None,
            stop: None,
            store,
            spec,
            plan,
            options,
            row,
            asker,
            pool,
            earlier_seconds,
        };
        driver.recount(&trials)?;
        Ok(driver)
    }

    /// Counts what earlier sessions finished, in the order in which it was told.
    fn recount(&mut self, trials: &[TrialRow]) -> Result<(), DriveError> {
        let mut ended: Vec<&TrialRow> = Vec::new();
        for trial in trials {
            match trial.status {
                _ if trial.same_as.is_some() => self.progress.counts.duplicates += 1,
                Some(status) if status.is_over() && status != Status::Killed => ended.push(trial),
                _ => self.lost.push_back((trial.number, trial.attempts + 1)),
            }
        }
        ended.sort_by_key(|trial| (trial.tell_seq.unwrap_or(u64::MAX), trial.number));
        for trial in ended {
            let outcome = match trial.status {
                Some(Status::Done) => Outcome::Done,
                Some(Status::Failed) => Outcome::Failed { reason: String::new() },
                _ => Outcome::Pruned { reason: String::new() },
            };
            let best = trial.loss.zip(trial.run).map(|(loss, run)| Best {
                run,
                trial: trial.number,
                score: self.progress.goal.loss(loss),
                sd: f64::NAN,
                params: self.asker.params(trial.number),
            });
            if let Some(best) = &best {
                self.keeps_predictions(best.score);
            }
            self.progress.finish(&outcome, best);
        }
        let metric = &self.spec.objectives[0].metric;
        for best in &mut self.progress.best {
            let record = self.store.run_by_id(best.run)?;
            best.sd = record.metrics.get(metric).map_or(f64::NAN, |summary| summary.sd);
        }
        Ok(())
    }
}

/// The record as the asker wants it; a trial that repeats another ended when that one did.
fn remembered(trials: &[TrialRow]) -> Vec<Remembered> {
    let ended = |trial: &TrialRow| {
        let over = trial.status.is_some_and(|status| status.is_over() && status != Status::Killed);
        over.then_some(trial.loss)
    };
    let remember = |trial: &TrialRow| {
        let original = trial.same_as.map_or(trial, |number| &trials[number as usize]);
        Remembered {
            point: trial.point.clone(),
            same_as: trial.same_as,
            ended: ended(original),
            tell_seq: trial.tell_seq,
        }
    };
    trials.iter().map(remember).collect()
}
