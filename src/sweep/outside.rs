//! Asking and telling from outside: trials of a recorded sweep that others carry out.
//!
//! Every ask rebuilds the sampler from the record and records what it proposes, every tell records a run and its
//! score, each as one transaction: any number of processes may ask and tell at once. A trial that was asked for and
//! never told stays open, the samplers count it as pending, and nobody else carries it out: not a process that drives
//! the sweep either, which takes in what others tell meanwhile.
//!
//! A trial that is given back is recorded as an attempt that was killed. Its number, point and place among the asks
//! stay, and the next ask hands it out again before the sampler is asked: so what the sampler proposes is a function of
//! the results alone, whoever came and went.

use super::asker::Next;
use super::drive::{Restored, is_not_worth, new_sweep, restored, standing};
use super::steer::asker;
use super::warm::{self, WarmStartError};
use super::{Plan, StopReason, verdict};
use crate::domain::{
    Constraint, Goal, MetricPoint, Outcome, Params, RunId, RunningSummary, Status, Summary,
    SummaryKind, SweepId,
};
use crate::executor::TestFunction;
use crate::spec::{Sweep, Work};
use crate::store::{
    Finished, NewRun, NewTrial, Owner, RunContext, Store, StoreError, SweepRow, TrialRow,
};
use std::sync::Arc;

/// A trial that somebody else carries out.
#[derive(Debug, Clone, PartialEq)]
pub struct Errand {
    /// The sweep.
    pub sweep: SweepId,
    /// Its number in the sweep.
    pub trial: u64,
    /// Which attempt at it this is, from 1.
    pub attempt: u32,
    /// The configuration.
    pub params: Params,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Done, failed, infeasible or pruned; or killed, which gives the trial back.
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
    /// Given back by somebody who does not have it.
    #[error(
        "trial {trial} of sweep '{sweep}' is handed out to nobody: it was given back, or derby sweep carries it out"
    )]
    NotHanded {
        /// The sweep.
        sweep: String,
        /// The trial.
        trial: u64,
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
    /// A constraint without a value.
    #[error(
        "trial {trial} is told without '{metric}', which the constraint {constraint} bounds; tell {metric}=VALUE too, or --infeasible alone",
        metric = .constraint.metric
    )]
    Unbounded {
        /// The trial.
        trial: u64,
        /// The constraint.
        constraint: Constraint,
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
    let Restored { mut asker, n_open, missing } = restored(store, spec, plan, row)?;
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
    if let Some(missing) = missing {
        return hand_out(store, row.id, missing).map(Ok);
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
            let new = Missing { trial: proposal.number, params: proposal.params, attempts: 0 };
            return hand_out(store, row.id, new).map(Ok);
        }
    }
}

/// A trial that is open and that nobody carries out.
#[derive(Debug)]
pub(super) struct Missing {
    pub(super) trial: u64,
    pub(super) params: Params,
    /// Attempts at it so far.
    pub(super) attempts: u32,
}

fn hand_out(store: &mut Store, sweep: SweepId, new: Missing) -> Result<Errand, StoreError> {
    store.hand_out(sweep, new.trial, Some(&asker()))?;
    Ok(Errand { sweep, trial: new.trial, attempt: new.attempts + 1, params: new.params })
}

/// Tells how a trial ended, as a run of the sweep; or gives it back.
///
/// # Errors
/// When there is no such open trial, an objective has no value, a process that drives the sweep carries it out, or the
/// store cannot be written.
pub fn tell(
    store: &mut Store,
    (spec, row): (&Sweep, &SweepRow),
    (trial, word): (u64, &Word),
    (owner, context): (&Owner, &RunContext),
) -> Result<RunId, OutsideError> {
    store.batch(|store| {
        let known = match open_trial(store, row, trial)? {
            Ok(known) => known,
            Err(error) => return Ok(Err(error)),
        };
        let is_driven = store.driver(row.id)?.is_some();
        if known.handed.is_none() {
            // Then it is that process's own.
            check_idle(store, row)?;
        }
        if let Err(error) = check_word(spec, (trial, word)) {
            return Ok(Err(error));
        }
        let gives_back = matches!(word.outcome, Outcome::Killed { .. });
        if gives_back && known.handed.is_none() {
            return Ok(Err(OutsideError::NotHanded { sweep: row.name.clone(), trial }));
        }
        let run = record(store, (spec, row), (&known, word), (owner, context))?;
        if gives_back {
            store.hand_out(row.id, trial, None)?;
        } else if known.handed.is_none() {
            // Whoever gave it back, or lost it, was done with it all the same.
            store.hand_out(row.id, trial, Some(&asker()))?;
        }
        if !gives_back && !spec.search.reproducible && !is_driven {
            store.tell(row.id, &[trial])?;
        }
        Ok(Ok(run))
    })?
}

/// The trial, if it has not ended.
fn open_trial(
    store: &Store,
    row: &SweepRow,
    trial: u64,
) -> Result<Result<TrialRow, OutsideError>, StoreError> {
    let sweep = row.name.clone();
    let Some(known) = store.trial(row.id, trial)? else {
        return Ok(Err(OutsideError::Unknown { sweep, trial, n: row.trials }));
    };
    let has_ended = known.status.is_some_and(|status| status != Status::Killed);
    if known.tell_seq.is_none() && known.same_as.is_none() && !has_ended {
        return Ok(Ok(known));
    }
    let how = match (known.same_as, known.status) {
        (Some(other), _) => format!("its configuration is that of trial {other}"),
        (None, Some(status)) => status.word().into(),
        (None, None) => "told".into(),
    };
    Ok(Err(OutsideError::Ended { sweep, trial, how }))
}

/// A trial that is done has a value of every metric that counts.
fn check_word(spec: &Sweep, (trial, word): (u64, &Word)) -> Result<(), OutsideError> {
    if word.outcome != Outcome::Done {
        return Ok(());
    }
    let lacks = |metric: &str| word.values.iter().all(|(name, _)| name != metric);
    if let Some(lacking) = spec.objectives.iter().find(|o| lacks(&o.metric)) {
        return Err(OutsideError::Missing { trial, metric: lacking.metric.clone() });
    }
    if let Some(lacking) = spec.search.constraints.iter().find(|c| lacks(&c.metric)) {
        return Err(OutsideError::Unbounded { trial, constraint: lacking.clone() });
    }
    Ok(())
}

/// Records what is told as a run that begins and ends.
fn record(
    store: &mut Store,
    (spec, row): (&Sweep, &SweepRow),
    (known, word): (&TrialRow, &Word),
    (owner, context): (&Owner, &RunContext),
) -> Result<RunId, StoreError> {
    let new = NewRun {
        sweep: Some(row.id),
        trial: Some(known.number),
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
    if word.outcome == Outcome::Done {
        verdict::settle(store, row.id, (&spec.search.constraints[..], known.number))?;
    }
    Ok(run)
}

/// The trials of a sweep that somebody outside has, by number.
///
/// # Errors
/// When the store cannot be read.
pub fn handed_out(store: &Store, sweep: SweepId) -> Result<Vec<TrialRow>, StoreError> {
    let trials = store.trials(sweep)?.into_iter();
    Ok(trials.filter(TrialRow::is_handed_out).collect())
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
