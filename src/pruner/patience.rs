//! `patience`: a trial that no longer gets better (Prechelt 1998, «Early stopping – but when?», rule UP), by itself
//! or before another rule is asked.
//!
//! Exactly: with more than `patience + 1` values, a trial stagnates iff the best of its last `patience + 1` values
//! is worse than the best of all values before them by more than `min_delta`; NaN is left out. It is hopeless if it
//! stagnates and the wrapped rule, where there is one, finds so at this value; the wrapped rule sees no other values.

use super::Setting;
use super::curve::{Curves, best};
use super::rule::{Report, Rule, shown};
use crate::domain::Goal;
use std::collections::BTreeMap;
use std::ops::Bound;

/// How long a trial may stagnate.
#[derive(Debug, Clone, PartialEq)]
pub struct PatienceOptions {
    /// Values that may pass without a better one.
    pub patience: usize,
    /// By how much worse the newer values must be; not negative.
    pub min_delta: f64,
    /// The rule that decides about a trial that stagnates.
    pub wrapped: Option<Box<Setting>>,
}

impl Default for PatienceOptions {
    fn default() -> Self {
        Self { patience: 5, min_delta: 0.0, wrapped: None }
    }
}

/// The best value of a curve before the window.
struct Before {
    rewrites: u64,
    end: i64,
    best: f64,
}

/// The rule with what it keeps of running curves.
pub(super) struct Patience {
    /// Values that may pass without a better one.
    n_values: usize,
    min_delta: f64,
    wrapped: Option<Box<dyn Rule>>,
    /// By trial and context.
    before: BTreeMap<(u64, u32), Before>,
}

impl Patience {
    pub(super) fn new(options: &PatienceOptions, wrapped: Option<Box<dyn Rule>>) -> Self {
        let &PatienceOptions { patience, min_delta, wrapped: _ } = options;
        Self { n_values: patience, min_delta, wrapped, before: BTreeMap::new() }
    }

    /// The best value at steps below `end`; only those that left the window since the last call are looked at.
    fn best_before(&mut self, report: &Report<'_>, end: i64) -> f64 {
        let curve = report.curve();
        let fresh = Before { rewrites: curve.rewrites, end: i64::MIN, best: f64::NAN };
        let kept = self.before.entry((report.trial, report.context.0)).or_insert(fresh);
        if kept.rewrites != curve.rewrites {
            *kept = Before { rewrites: curve.rewrites, end: i64::MIN, best: f64::NAN };
        }
        let left = curve.values.range((Bound::Included(kept.end), Bound::Excluded(end)));
        let newer = best(report.goal, left.map(|(_, value)| *value));
        kept.best = best(report.goal, [kept.best, newer].into_iter());
        kept.end = end;
        kept.best
    }
}

impl Rule for Patience {
    fn judge(&mut self, report: &Report<'_>) -> Option<String> {
        let curve = report.curve();
        if !report.is_newest() || curve.values.len() <= self.n_values.saturating_add(1) {
            return None;
        }
        let window = || curve.values.iter().rev().take(self.n_values + 1);
        let (&start, _) = curve.values.iter().nth_back(self.n_values)?;
        let newer = best(report.goal, window().map(|(_, value)| *value));
        let older = self.best_before(report, start);
        let stagnates = match report.goal {
            Goal::Minimize => older + self.min_delta < newer,
            Goal::Maximize => older - self.min_delta > newer,
        };
        if !stagnates {
            return None;
        }
        match &mut self.wrapped {
            Some(rule) => rule.judge(report),
            None => Some(format!(
                "{}: best of the last {} values {}, best before {}",
                report.place("patience"),
                self.n_values + 1,
                shown(newer),
                shown(older)
            )),
        }
    }

    fn done(&mut self, trial: u64, curves: &Curves) {
        self.drop_curves(trial);
        if let Some(rule) = &mut self.wrapped {
            rule.done(trial, curves);
        }
    }

    fn forget(&mut self, trial: u64) {
        self.drop_curves(trial);
        if let Some(rule) = &mut self.wrapped {
            rule.forget(trial);
        }
    }
}

impl Patience {
    fn drop_curves(&mut self, trial: u64) {
        let keys: Vec<_> =
            self.before.range((trial, 0)..=(trial, u32::MAX)).map(|(&key, _)| key).collect();
        for key in keys {
            self.before.remove(&key);
        }
    }
}
