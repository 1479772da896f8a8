//! `wilcoxon`: a trial that is worse than the best one, value by value (Wilcoxon 1945, «Individual comparisons by
//! ranking methods»); for folds and seeds rather than for curves, whose values hang together.
//!
//! Exactly: the best trial is the completed one with the best mean over its values, the earlier on ties. At every
//! value, once `max(2, n_startup_steps)` (context, step) are common to both, the trial is hopeless iff the one-sided
//! signed-rank test of the differences (zeros split, see [`signed_rank`]) says worse with p < `p_threshold` and the
//! mean of the trial's values is worse than the best trial's. No verdict if either holds NaN or an infinity.
//! Beyond 128 pairs the test is made at every 64th part of them only, so that a long series costs little.

use super::curve::Curves;
use super::rule::{Report, Rule, shown};
use crate::domain::Goal;
use crate::numeric::{Alternative, signed_rank};

/// Pairs up to which every value is judged.
const EVERY: usize = 128;

/// How sure the rule must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WilcoxonOptions {
    /// A trial is stopped below this p-value; 0 to 1.
    pub p_threshold: f64,
    /// Pairs before any trial is judged; fewer than 2 counts as 2.
    pub n_startup_steps: u64,
}

impl Default for WilcoxonOptions {
    fn default() -> Self {
        Self { p_threshold: 0.1, n_startup_steps: 2 }
    }
}

/// The rule with the best trial.
pub(super) struct Wilcoxon {
    options: WilcoxonOptions,
    goal: Goal,
    best: Option<(u64, Curves)>,
}

impl Wilcoxon {
    pub(super) fn new(options: WilcoxonOptions, goal: Goal) -> Self {
        Self { options, goal, best: None }
    }
}

/// Differences at all common steps.
fn differences(own: &Curves, best: &Curves) -> Vec<f64> {
    let mut differences = Vec::new();
    for (context, curve) in &own.of {
        let Some(other) = best.of.get(context) else { continue };
        for (step, value) in &curve.values {
            differences.extend(other.values.get(step).map(|other| value - other));
        }
    }
    differences
}

impl Rule for Wilcoxon {
    fn judge(&mut self, report: &Report<'_>) -> Option<String> {
        let (number, best) = self.best.as_ref()?;
        let own = report.curves;
        let is_sparse = own.n > EVERY && !own.n.is_multiple_of(own.n / 64);
        if own.n_wild + best.n_wild > 0 || is_sparse || !self.goal.better(best.mean(), own.mean()) {
            return None;
        }
        let differences = differences(own, best);
        if (differences.len() as u64) < self.options.n_startup_steps.max(2) {
            return None;
        }
        let alternative = match self.goal {
            Goal::Maximize => Alternative::Less,
            Goal::Minimize => Alternative::Greater,
        };
        let p = signed_rank(&differences, alternative);
        (p < self.options.p_threshold).then(|| {
            format!(
                "{}: {}, mean so far {}, mean of trial {number} {}, p = {} over {} pairs",
                report.place("wilcoxon"),
                shown(report.value),
                shown(own.mean()),
                shown(best.mean()),
                shown(p),
                differences.len()
            )
        })
    }

    fn done(&mut self, trial: u64, curves: &Curves) {
        let mean = curves.mean();
        let is_better = match &self.best {
            None => !mean.is_nan(),
            Some((number, best)) => {
                self.goal.better(mean, best.mean()) || (mean == best.mean() && trial < *number)
            }
        };
        if is_better {
            self.best = Some((trial, curves.clone()));
        }
    }

    fn forget(&mut self, _trial: u64) {}
}
