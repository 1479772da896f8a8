//! Asking and telling from outside: trials of a recorded sweep that others carry out.
//!
//! Nobody drives such a sweep. Every ask rebuilds the sampler from the record and records what it proposes, every tell
//! records a run and its score, each as one transaction: any number of processes may ask and tell at once. A trial
//! that was asked for and never told stays open, and the samplers count it as pending.

use super::asker::Next;
use super::drive::{is_not_worth, new_sweep, restored, standing};
use super::warm::{self, WarmStartError};
use super::{Plan, StopReason};
use crate::domain::{
    Goal, MetricPoint, Outcome, Params, RunId, RunningSummary, Summary, SummaryKind,
};
use crate::executor::TestFunction;
use crate::spec::{Sweep, Work};
use crate::store::{Finished, NewRun, NewTrial, Owner, RunContext, Store, StoreError, SweepRow};
use std::sync::Arc;

/// A trial that somebody else carries out.
#[derive(Debug, Clone, PartialEq)]
pub struct Errand {
    /// Its number in the sweep.
    pub trial: u64,
    /// The configuration.
    pub params: Params,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Done, failed, infeasible or pruned.
    pub outcome: Outcome,
    /// Metrics by name. A trial that is done has one for every objective.
    pub values: Vec<(String, f64)>,
    /// The step at which it was pruned.
    pub step: Option<i64>,
    /// How long it took.
    pub seconds: Option<f64>,
}

/// Why nothing was asked or told. The record is as it was.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An earlier sweep that is named cannot teach this one.
    #[error(transparent)]
    WarmStart(#[from] WarmStartError),
    /// A rule of the sweep ended it.
    #[error("nothing is left to ask for: {}", over(.reason, *.open))]
    Over {
        /// Which.
        reason: StopReason,
        /// Trials without an end.
        open: u64,
    },
    /// A reproducible sweep waits for results.
    #[error(
        "trial {next} may be asked for once the trials below {below} are told, which reproducible = true promises; tell trial {first} first"
    )]
    Waits {
        /// The trial that would be next.
        next: u64,
        /// What it depends on.
        below: u64,
        /// The first open one.
        first: u64,
    },
    /// No such trial.
    #[error("sweep '{sweep}' has no trial {trial}; {}", known(*.n))]
    Unknown {
        /// The sweep.
        sweep: String,
        /// The number that was given.
        trial: u64,
        /// How many there are.
        n: u64,
    },
    /// A second end.
    #[error("trial {trial} of sweep '{sweep}' ended already ({how}); every trial is told once")]
    Ended {
        /// The sweep.
        sweep: String,
        /// The trial.
        trial: u64,
        /// As what.
        how: String,
    },
    /// An objective without a value.
    #[error(
        "trial {trial} is told without '{metric}', an objective of the sweep; tell {metric}=VALUE, or --failed"
    )]
    Missing {
        /// The trial.
        trial: u64,
        /// The objective.
        metric: String,
    },
}

fn over(reason: &StopReason, open: u64) -> String {
    let reason = match reason {
        StopReason::Trials(n) if open > 0 => {
            format!("all {n} trials of the budget were asked for")
        }
        reason => reason.to_string(),
    };
    match open {
        0 => reason,
        1 => format!("{reason}, and 1 is not told yet"),
        n => format!("{reason}, and {n} are not told yet"),
    }
}

fn known(n: u64) -> String {
    match n {
        0 => "derby ask gives the first one".into(),
        1 => "the only one so far is 0".into(),
        n => format!("there are 0 to {}", n - 1),
    }
}

/// What there is to know of the work of a sweep that is not carried out here.
pub fn outside_plan(spec: &Sweep) -> Plan {
    debug_assert!(matches!(spec.work, Work::Elsewhere));
    Plan::bare(Arc::new(TestFunction::Noop), spec.digest)
}

/// Asks for the next trial, and makes the sweep where there is none yet.
///
/// # Errors
/// When nothing is left to ask for, a process drives the sweep, or the store cannot be written.
pub fn ask(store: &mut Store, spec: &Sweep, plan: &Plan) -> Result<Errand, OutsideError> {
    let taught = warm::before(store, spec, plan)?;
    store.batch(|store| {
        let row = store.begin_sweep(&new_sweep(spec, plan))?;
        check_idle(store, &row)?;
        warm::record(store, &row, taught.as_ref())?;
        next(store, spec, plan, &row)
    })?
}

/// Whoever drives a sweep carries its trials out himself.
fn check_idle(store: &Store, row: &SweepRow) -> Result<(), StoreError> {
    match store.driver(row.id)? {
        Some(by) => Err(StoreError::Held { sweep: row.name.clone(), by: Box::new(by) }),
        None => Ok(()),
    }
}

fn next(
    store: &mut Store,
    spec: &Sweep,
    plan: &Plan,
    row: &SweepRow,
) -> Result<Result<Errand, OutsideError>, StoreError> {
    let (mut asker, n_open) = restored(store, spec, plan, row)?;
    asker.is_ready();
    let told = asker.take_tells();
    store.tell(row.id, &told)?;
    let over = |reason| Ok(Err(OutsideError::Over { reason, open: n_open }));
    let progress = standing(store, spec, plan, row.id)?;
    if let Some(reason) = progress.stop(&spec.budget) {
        return over(reason);
    }
    if let (Some(rule), Some((_, looks))) = (spec.budget.min_improvement, asker.outlook())
        && let Some(reason) = is_not_worth(rule, &looks, None)
    {
        return over(reason);
    }
    let claimed = progress.counts.finished() + n_open;
    if let Some(most) = spec.budget.trials.filter(|&most| claimed >= most) {
        return over(StopReason::Trials(most));
    }
    loop {
        let proposal = match asker.next() {
            Next::Complete(n) => return over(StopReason::Complete(n)),
            Next::Repeating(n) => return over(StopReason::Repeating(n)),
            Next::Wait => {
                let (next, below) = (asker.n_asked(), asker.n_asked() + 1 - spec.search.lag.max(1));
                let first = asker.told_below();
                return Ok(Err(OutsideError::Waits { next, below, first }));
            }
            Next::Trial(proposal) => *proposal,
        };
        let trial = NewTrial {
            number: proposal.number,
            point: proposal.point,
            params: &proposal.params,
            config: proposal.config,
            pending: proposal.pending,
            same_as: proposal.same_as,
            made_by: proposal.made_by,
        };
        store.record_ask(row.id, &[trial])?;
        store.tell(row.id, &asker.take_tells())?;
        if proposal.same_as.is_none() {
            return Ok(Ok(Errand { trial: proposal.number, params: proposal.params }));
        }
    }
}

/// Tells how a trial ended: as a run of the sweep.
///
/// # Errors
/// When there is no such open trial, an objective has no value, a process drives the sweep, or the store cannot be
/// written.
pub fn tell(
    store: &mut Store,
    (spec, row): (&Sweep, &SweepRow),
    (trial, word): (u64, &Word),
    (owner, context): (&Owner, &RunContext),
) -> Result<RunId, OutsideError> {
    store.batch(|store| {
        check_idle(store, row)?;
        let trials = store.trials(row.id)?;
        let Some(known) = trials.get(trial as usize) else {
            let (sweep, n) = (row.name.clone(), trials.len() as u64);
            return Ok(Err(OutsideError::Unknown { sweep, trial, n }));
        };
        let ended = known.tell_seq.is_some() || known.status.is_some() || known.same_as.is_some();
        if ended {
            let how = match (known.same_as, known.status) {
                (Some(other), _) => format!("its configuration is that of trial {other}"),
                (None, Some(status)) => status.word().into(),
                (None, None) => "told".into(),
            };
            return Ok(Err(OutsideError::Ended { sweep: row.name.clone(), trial, how }));
        }
        let value = |metric: &str| word.values.iter().find(|(name, _)| name == metric);
        if word.outcome == Outcome::Done
            && let Some(lacking) = spec.objectives.iter().find(|o| value(&o.metric).is_none())
        {
            return Ok(Err(OutsideError::Missing { trial, metric: lacking.metric.clone() }));
        }
        let new = NewRun {
            sweep: Some(row.id),
            trial: Some(trial),
            attempt: known.attempts + 1,
            replicate: 0,
            is_queued: false,
            experiment: &row.experiment,
            name: None,
            parent: None,
            params: &known.params,
            seed: None,
            context,
            owner,
            cached_from: None,
        };
        let run = store.start_run(&new)?;
        let finished = finished(word, &spec.objectives[0].metric, spec.objectives[0].goal);
        let points = points(word);
        let summaries: Vec<_> = points.iter().map(summary).collect();
        let finished = Finished { points: &points, summaries: &summaries, ..finished };
        store.finish_run(run, new.attempt, owner, &finished)?;
        if !spec.search.reproducible {
            store.tell(row.id, &[trial])?;
        }
        Ok(Ok(run))
    })?
}

fn finished<'a>(word: &'a Word, metric: &str, goal: Goal) -> Finished<'a> {
    let value = word.values.iter().find(|(name, _)| name == metric).map(|&(_, value)| value);
    let loss = value.map(|value| goal.loss(value));
    let is_pruned = matches!(word.outcome, Outcome::Pruned { .. });
    Finished {
        seconds: word.seconds.unwrap_or(0.0),
        loss: loss.filter(|_| word.outcome == Outcome::Done),
        pruned: loss.filter(|_| is_pruned).map(|loss| (word.step.unwrap_or(0), loss)),
        ..Finished::without_values(&word.outcome)
    }
}

fn points(word: &Word) -> Vec<MetricPoint> {
    let step = word.step.unwrap_or(0);
    let point = |(metric, value): &(String, f64)| MetricPoint {
        metric: metric.clone(),
        context: String::new(),
        step,
        value: *value,
        ts: 0,
    };
    word.values.iter().map(point).collect()
}

fn summary(point: &MetricPoint) -> (String, Summary) {
    let mut running = RunningSummary::default();
    running.push(point.step, point.ts, point.value);
    (point.metric.clone(), running.summary(SummaryKind::Last))
}
