//! From the record back to a driver: what was tried, told and counted, and what is still missing.

use super::{DriveError, Driver, Options};
use crate::domain::{Outcome, Status};
use crate::executor::Pool;
use crate::host;
use crate::sampler;
use crate::spec::Sweep;
use crate::store::{Store, StoreError, SweepRow, TrialRow};
use crate::sweep::asker::{Asker, End, Remembered};
use crate::sweep::{Best, Plan, Progress};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

impl<'a> Driver<'a> {
    /// Rebuilds asker and progress from the record.
    pub(super) fn resume(
        store: &'a mut Store,
        spec: &'a Sweep,
        plan: &'a Plan,
        options: &'a Options,
        row: SweepRow,
    ) -> Result<Self, DriveError> {
        store.recover(Some(row.id), host::now_ms())?;
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
        asker.restore(remembered(&trials)?);
        let earlier_seconds = store.sweep_seconds(row.id)?;
        let pool = Pool::start(options.jobs, &plan.work, spec.resources.timeout, None)
            .map_err(|source| DriveError::Threads { jobs: options.jobs, source })?;
        let mut driver = Self {
            progress: Progress::new(spec.objectives[0].goal),
            lost: VecDeque::new(),
            at_work: BTreeMap::new(),
            started: Instant::now(),
            last_beat: Instant::now(),
            failures: BTreeMap::new(),
            kept: Vec::new(),
            ruled: Progress::new(spec.objectives[0].goal),
            unruled: BTreeMap::new(),
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
        driver.record_tells()?;
        Ok(driver)
    }

    /// Counts what earlier sessions finished, in the order in which it was told.
    fn recount(&mut self, trials: &[TrialRow]) -> Result<(), DriveError> {
        let mut ended: Vec<&TrialRow> = Vec::new();
        for trial in trials {
            if trial.same_as.is_some() {
                self.progress.counts.duplicates += 1;
            } else if is_over(trial) {
                ended.push(trial);
            } else {
                self.lost.push_back((trial.number, trial.attempts + 1));
            }
        }
        ended.sort_by_key(|trial| (trial.tell_seq.unwrap_or(u64::MAX), trial.number));
        for trial in ended {
            let outcome = match trial.status {
                Some(Status::Done) => Outcome::Done,
                Some(Status::Pruned | Status::Infeasible) => {
                    Outcome::Pruned { reason: String::new() }
                }
                // Told, and its run was purged since.
                None if trial.loss.is_some() => Outcome::Done,
                _ => Outcome::Failed { reason: String::new() },
            };
            let best = trial.loss.zip(trial.run).map(|(loss, run)| Best {
                run,
                trial: trial.number,
                score: self.progress.goal.loss(loss),
                sd: f64::NAN,
                params: self.asker.params(trial.number),
            });
            if let Some(best) = &best {
                self.keeps_predictions(best.score, trial.number);
            }
            self.progress.counts.cached += u64::from(trial.is_cached);
            self.count(trial.number, &outcome, best);
        }
        let metric = &self.spec.objectives[0].metric;
        for best in &mut self.progress.best {
            let record = self.store.run_by_id(best.run)?;
            best.sd = record.metrics.get(metric).map_or(f64::NAN, |summary| summary.sd);
        }
        Ok(())
    }
}

/// True for a trial with a result, or one that the sampler was told of: its run may have been purged.
fn is_over(trial: &TrialRow) -> bool {
    let ended = |status: Status| status.is_over() && status != Status::Killed;
    trial.status.is_some_and(ended) || trial.tell_seq.is_some()
}

/// The record as the asker wants it; a trial that repeats another ended when that one did.
fn remembered(trials: &[TrialRow]) -> Result<Vec<Remembered>, StoreError> {
    let remember = |(place, trial): (usize, &TrialRow)| {
        let original = trial.same_as.map_or(Some(trial), |number| trials.get(number as usize));
        match original {
            Some(original) if trial.number == place as u64 => Ok(Remembered {
                point: trial.point.clone(),
                same_as: trial.same_as,
                end: if is_over(original) { End::Over(original.loss) } else { End::Open },
                tell_seq: trial.tell_seq,
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
