//! `asha`: asynchronous successive halving that stops instead of promoting (Jamieson & Talwalkar 2016, «Non-stochastic
//! best arm identification»; Li et al. 2020, «A system for massively parallel hyperparameter tuning», the stopping
//! variant of section 3).
//!
//! Exactly: rung k is at step r·eta^(s+k), with r = `min_steps` and s = `min_early_stopping_rate`. A trial joins a
//! rung with its first value at or after it that is not NaN, and survives iff it is among the best
//! max(1, ⌊m/eta⌋) of the m values in that rung, its own included; ties survive. Nobody waits: a value is compared
//! with those that are there, of running, stopped and failed trials too. NaN alone at a rung is hopeless. In a rung
//! of at most `bootstrap` values all are hopeless.
//!
//! `min_steps` auto is 1% of the highest step that a completed trial reached, at least 1, fixed when it is first
//! needed; nobody is stopped before. Values before `grace` join rungs and stop nobody; auto is 5% of that highest
//! step, at least 1, so that a slow starter is not taken for a loser.
//!
//! A trial with several contexts, as folds are, is judged in its first alone: who got through that has had all the
//! rungs, and those of each further fold, among survivors only, would leave next to nobody.

use super::curve::Curves;
use super::rule::{Report, Rule, shown};
use crate::domain::Goal;
use std::collections::{BTreeMap, HashMap};

/// The rungs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AshaOptions {
    /// One of so many survives a rung; at least 2.
    pub eta: i64,
    /// The lowest rung, at least 1; none means 1% of the steps of a completed trial.
    pub min_steps: Option<i64>,
    /// So many rungs are left out at the bottom.
    pub min_early_stopping_rate: u32,
    /// Values in a rung before any survives it.
    pub bootstrap: u64,
    /// No trial is stopped below this step; none means 5% of the steps of a completed trial.
    pub grace: Option<i64>,
}

impl Default for AshaOptions {
    fn default() -> Self {
        Self { eta: 3, min_steps: None, min_early_stopping_rate: 0, bootstrap: 0, grace: None }
    }
}

/// The rule with its rungs.
pub(super) struct Asha {
    options: AshaOptions,
    word: String,
    min_steps: Option<i64>,
    /// The highest step of a completed trial.
    longest: Option<i64>,
    /// Values of each rung, ascending, by context.
    rungs: HashMap<u32, Vec<Vec<f64>>>,
    /// What each trial left in the rungs, from the lowest, by trial and context.
    joined: BTreeMap<(u64, u32), Vec<f64>>,
    /// The context that each trial is judged in.
    first: HashMap<u64, u32>,
}

impl Asha {
    pub(super) fn new(options: AshaOptions, word: String) -> Self {
        Self {
            options,
            word,
            min_steps: options.min_steps,
            longest: None,
            rungs: HashMap::new(),
            joined: BTreeMap::new(),
            first: HashMap::new(),
        }
    }

    fn n_joined(&self, report: &Report<'_>) -> usize {
        self.joined.get(&(report.trial, report.context.0)).map_or(0, Vec::len)
    }

    /// The step of a rung; none beyond all steps.
    fn step_of(&self, min_steps: i64, rung: usize) -> Option<i64> {
        let exponent =
            self.options.min_early_stopping_rate.checked_add(u32::try_from(rung).ok()?)?;
        self.options.eta.checked_pow(exponent)?.checked_mul(min_steps)
    }

    fn grace(&self) -> i64 {
        self.options
            .grace
            .unwrap_or_else(|| self.longest.map_or(1, |longest| (longest / 20).max(1)))
    }

    /// Puts a value into its rung and says why it does not survive it.
    fn join(&mut self, report: &Report<'_>, rung: usize, value: f64) -> Option<String> {
        let rungs = self.rungs.entry(report.context.0).or_default();
        rungs.resize_with(rungs.len().max(rung + 1), Vec::new);
        let values = &mut rungs[rung];
        values.insert(values.partition_point(|other| other.total_cmp(&value).is_lt()), value);
        self.joined.entry((report.trial, report.context.0)).or_default().push(value);
        let n = values.len();
        if n as u64 <= self.options.bootstrap {
            return Some(format!("rung {rung} has {n} of its first {}", self.options.bootstrap));
        }
        let n_best = (n / self.options.eta.max(1) as usize).max(1);
        let bar = match report.goal {
            Goal::Minimize => values[n_best - 1],
            Goal::Maximize => values[n - n_best],
        };
        report.goal.better(bar, value).then(|| {
            let value = shown(value);
            format!(
                "{value} is not among the best {n_best} of {n} in rung {rung}, from {}",
                shown(bar)
            )
        })
    }
}

impl Rule for Asha {
    fn judge(&mut self, report: &Report<'_>) -> Option<String> {
        let first = *self.first.entry(report.trial).or_insert(report.context.0);
        if !report.is_newest() || first != report.context.0 {
            return None;
        }
        if self.min_steps.is_none() {
            self.min_steps = self.longest.map(|longest| (longest / 100).max(1));
        }
        let min_steps = self.min_steps?;
        loop {
            let rung = self.n_joined(report);
            let start = self.step_of(min_steps, rung).filter(|start| report.step >= *start)?;
            let mut from = report.curve().values.range(start..);
            let Some((&step, &value)) = from.find(|(_, value)| !value.is_nan()) else {
                return (report.step >= self.grace())
                    .then(|| format!("{}: NaN at rung {rung}", report.place(&self.word)));
            };
            let hopeless = self.join(report, rung, value);
            if let (Some(why), true) = (hopeless, step >= self.grace()) {
                return Some(format!("{}: {why}", report.place(&self.word)));
            }
        }
    }

    fn done(&mut self, _trial: u64, curves: &Curves) {
        self.longest = self.longest.max(curves.highest());
    }

    fn forget(&mut self, trial: u64) {
        self.first.remove(&trial);
        let keys: Vec<_> =
            self.joined.range((trial, 0)..=(trial, u32::MAX)).map(|(&key, _)| key).collect();
        for key in keys {
            let values = self.joined.remove(&key).unwrap_or_default();
            let rungs = self.rungs.entry(key.1).or_default();
            for (rung, value) in rungs.iter_mut().zip(values) {
                let place = rung.partition_point(|other| other.total_cmp(&value).is_lt());
                rung.remove(place);
            }
        }
    }
}
