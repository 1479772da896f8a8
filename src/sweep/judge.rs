//! The pruner of a sweep, as its trials and its record meet it.

use crate::domain::{Goal, Outcome, Status};
use crate::executor::{Assignment, Judging};
use crate::pruner::{Judge, TrialEnd};
use crate::sampler::Pruned;
use crate::spec::Search;
use crate::store::{TrialRow, TrialSeries};
use std::collections::BTreeMap;

/// Judges values of the first objective of all trials. A replicate is a context of its own.
pub(super) struct SweepJudge {
    judge: Judge,
    replicates: u32,
}

impl SweepJudge {
    /// The judge that the sweep file asks for. `key` is the sweep's identity.
    pub(super) fn new(search: &Search, goal: Goal, key: &str) -> Option<Self> {
        let setting = search.pruner.clone()?;
        let judge = Judge::new(setting, goal, key);
        let judge = if search.reproducible { judge.with_lag(search.lag) } else { judge };
        Some(Self { judge, replicates: search.replicates })
    }

    /// Puts back what earlier sessions measured, trial by trial.
    pub(super) fn restore(&self, trials: &[TrialRow], series: &[TrialSeries]) {
        let mut by_trial: BTreeMap<u64, Vec<&TrialSeries>> = BTreeMap::new();
        for series in series {
            by_trial.entry(series.trial).or_default().push(series);
        }
        for trial in trials.iter().filter(|trial| trial.same_as.is_none()) {
            let end = match trial.status {
                Some(Status::Done) => TrialEnd::Done,
                Some(Status::Pruned) => TrialEnd::Pruned,
                Some(Status::Failed | Status::Infeasible) => TrialEnd::Failed,
                _ => continue,
            };
            let mut own = by_trial.remove(&trial.number).unwrap_or_default();
            own.sort_by_key(|series| (series.replicate, in_order(&series.context)));
            let values: Vec<(String, i64, f64)> = own
                .into_iter()
                .flat_map(|series| {
                    let context = self.context(series.replicate, &series.context);
                    series.values.iter().map(move |&(step, value)| (context.clone(), step, value))
                })
                .collect();
            self.judge.restore(trial.number, &values, end);
        }
    }

    pub(super) fn begin(&self, trial: u64, replicate: u32) {
        if replicate == 0 {
            self.judge.begin(trial);
        }
    }

    pub(super) fn end(&self, trial: u64, outcome: &Outcome) {
        let end = match outcome {
            Outcome::Done => TrialEnd::Done,
            Outcome::Pruned { .. } => TrialEnd::Pruned,
            Outcome::Failed { .. } | Outcome::Infeasible { .. } => TrialEnd::Failed,
            Outcome::Killed { .. } => return,
        };
        self.judge.finish(trial, end);
    }

    /// How far a pruned trial came; `None` if it had reported no number.
    pub(super) fn stopped_at(&self, trial: u64, goal: Goal) -> Option<Pruned> {
        let (step, value) = self.judge.stopped_at(trial)?;
        let loss = goal.loss(value);
        loss.is_finite().then_some(Pruned { step, loss })
    }

    /// The loss that a pruned trial would have come to, by completed ones with their losses.
    pub(super) fn forecast(&self, trial: u64, done: &[(u64, f64)]) -> Option<f64> {
        self.judge.forecast(trial, done)
    }

    /// How many contexts a completed trial reported.
    pub(super) fn n_contexts(&self, trial: u64) -> usize {
        self.judge.n_contexts(trial)
    }

    /// Why a run is hopeless with this value, if it is.
    pub(super) fn report(
        &self,
        (trial, replicate): (u64, u32),
        context: &str,
        step: i64,
        value: f64,
    ) -> Option<String> {
        self.judge.report(trial, &self.context(replicate, context), step, value)
    }

    fn context(&self, replicate: u32, context: &str) -> String {
        match (self.replicates, context) {
            (..=1, context) => context.to_string(),
            (_, "") => format!("replicate={replicate}"),
            (_, context) => format!("replicate={replicate} {context}"),
        }
    }
}

/// `fold=9` comes before `fold=10`, as when it was measured: sums over folds are the same to the bit.
fn in_order(context: &str) -> (&str, u64, &str) {
    let text = context.trim_end_matches(|c: char| c.is_ascii_digit());
    (text, context[text.len()..].parse().unwrap_or(0), context)
}

impl Judging for SweepJudge {
    fn judge(
        &self,
        assignment: &Assignment,
        context: &str,
        step: i64,
        value: f64,
    ) -> Option<String> {
        self.report((assignment.trial, assignment.replicate), context, step, value)
    }
}
