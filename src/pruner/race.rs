//! `race`: a trial that can no longer win, judged after each fold against the best finished trial on the same folds
//! (racing: Maron & Moore 1994, «Hoeffding races»; Birattari et al. 2002, «A racing algorithm for configuring
//! metaheuristics»; a t-test in place of theirs, as Moore & Lee 1994 have it).
//!
//! Exactly: let the best trial be the completed one with the best mean over its K folds, and `d` the differences to it,
//! positive where the trial is worse, on the m folds seen so far. The mean difference over all K folds has the estimate
//! `mean(d)` with the standard error `s·√((1/m)(1 − m/K))`, a finite population of K folds (Cochran 1977, section 2.5).
//! `s²` is moderated: the variance of `d`, shrunk to the variances of the differences that completed trials show, as
//! far as these are alike ([`VariancePrior`]), so that few folds suffice where a trial is far behind. It is hopeless
//! iff the probability that its mean over all folds is better than the best one's, by Student's t with the degrees of
//! freedom of both, is below `alpha` divided by the number of folds after which it is judged: `min_folds` to K − 1. So
//! `alpha` bounds the probability that a trial is stopped that would have been better.
//!
//! Never stopped are a trial that is better on the folds so far, one in a sweep with fewer than `n_startup_trials`
//! completed trials, and one of which a value, or of the best trial, is no finite number.
//!
//! A fold is a context. It counts once it is over: with its value where folds have one value each, else when the next
//! one begins. In a sweep with a lag, trial `i` is compared with trials up to `i − lag` alone, which are over when it
//! begins, so that a verdict does not depend on who finished first.

use super::curve::{Curve, Curves};
use super::rule::{Report, Rule, shown};
use crate::domain::Goal;
use crate::numeric::{self, VariancePrior, student_t_cdf};
use std::collections::BTreeMap;

/// Completed trials whose differences tell of the variance, the newest.
const MOST: usize = 500;

/// How sure the rule must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RaceOptions {
    /// The probability that a trial is stopped that would have been better than the best; 0 to 1.
    pub alpha: f64,
    /// Folds before a trial is judged; at least 1.
    pub min_folds: u64,
    /// Completed trials before any trial is judged; at least 2.
    pub n_startup_trials: u64,
}

impl Default for RaceOptions {
    fn default() -> Self {
        Self { alpha: 0.05, min_folds: 2, n_startup_trials: 5 }
    }
}

/// The losses of a completed trial by context.
type Losses = BTreeMap<u32, f64>;

/// The rule with the completed trials.
pub(super) struct Race {
    options: RaceOptions,
    goal: Goal,
    /// A trial is compared with those whose numbers are lower by this.
    lag: Option<u64>,
    done: BTreeMap<u64, Losses>,
    /// True once a completed trial had several values of one fold.
    has_steps: bool,
    /// The context of values that are of no fold.
    whole: Option<u32>,
}

/// A trial against the best one.
struct Standing {
    best: u64,
    /// Folds of the best trial.
    n_folds: usize,
    /// Worse is positive.
    differences: Vec<f64>,
    prior: VariancePrior,
}

impl Race {
    pub(super) fn new(options: RaceOptions, goal: Goal) -> Self {
        Self { options, goal, lag: None, done: BTreeMap::new(), has_steps: false, whole: None }
    }

    /// The completed trials that a trial is compared with.
    fn rivals(&self, trial: u64) -> impl DoubleEndedIterator<Item = (u64, &Losses)> {
        let end = self.lag.map_or(u64::MAX, |lag| (trial + 1).saturating_sub(lag.max(1)));
        self.done.range(..end).map(|(&number, losses)| (number, losses))
    }

    fn standing(&self, trial: u64, own: &Losses) -> Option<Standing> {
        let n = self.rivals(trial).take(self.options.n_startup_trials.max(2) as usize).count();
        if (n as u64) < self.options.n_startup_trials.max(2) {
            return None;
        }
        let (best, losses) = self.rivals(trial).min_by(|(_, a), (_, b)| better(a, b))?;
        let differences = |of: &Losses| -> Vec<f64> {
            let common = of.iter().filter_map(|(context, loss)| Some(loss - losses.get(context)?));
            common.collect()
        };
        let whole = self.rivals(trial).rev().take(MOST);
        let whole = whole.filter(|(number, of)| *number != best && of.len() == losses.len());
        let variances: Vec<f64> = whole
            .map(|(_, of)| differences(of))
            .filter(|d| d.len() == losses.len())
            .map(|d| numeric::sample_sd(&d).powi(2))
            .collect();
        let prior = VariancePrior::fit(&variances, losses.len() as f64 - 1.0);
        Some(Standing { best, n_folds: losses.len(), differences: differences(own), prior })
    }

    /// The losses of the folds that are over.
    fn folds(&self, report: &Report<'_>) -> Losses {
        let has_steps = self.has_steps || report.curves.of.values().any(has_steps);
        let mut losses = self.losses(report.curves);
        if has_steps {
            losses.remove(&report.context.0);
        }
        losses
    }

    /// The last loss of every fold.
    fn losses(&self, curves: &Curves) -> Losses {
        let folds = curves.of.iter().filter(|(context, _)| Some(**context) != self.whole);
        let last = |curve: &Curve| curve.values.last_key_value().map(|(_, &v)| self.goal.loss(v));
        folds.filter_map(|(&context, curve)| Some((context, last(curve)?))).collect()
    }
}

fn has_steps(curve: &Curve) -> bool {
    curve.values.len() > 1
}

/// The mean loss.
fn loss(of: &Losses) -> f64 {
    of.values().sum::<f64>() / of.len() as f64
}

/// More folds first, then by the mean.
fn better(a: &Losses, b: &Losses) -> std::cmp::Ordering {
    b.len().cmp(&a.len()).then(loss(a).total_cmp(&loss(b)))
}

impl Standing {
    /// The probability that the mean over all folds is better than the best trial's; `None` where nothing can be said
    /// or the trial is no worse so far.
    fn chance(&self) -> Option<f64> {
        let (m, n_folds) = (self.differences.len(), self.n_folds as f64);
        let mean = numeric::mean(&self.differences);
        let is_known = m > 0 && m < self.n_folds && mean > 0.0 && mean.is_finite();
        if !is_known {
            return None;
        }
        let squares = self.differences.iter().map(|d| (d - mean).powi(2)).sum();
        let moderated = self.prior.moderate(squares, m as f64 - 1.0);
        let error = (moderated.variance / m as f64 * (1.0 - m as f64 / n_folds)).sqrt();
        let is_known = error > 0.0 && moderated.freedom > 0.0;
        is_known.then(|| student_t_cdf(-mean / error, moderated.freedom))
    }
}

impl Rule for Race {
    fn judge(&mut self, report: &Report<'_>) -> Option<String> {
        if report.context.1.is_empty() {
            self.whole = Some(report.context.0);
            return None;
        }
        if report.curves.n_wild > 0 {
            return None;
        }
        let own = self.folds(report);
        let least = self.options.min_folds.max(1);
        if (own.len() as u64) < least {
            return None;
        }
        let standing = self.standing(report.trial, &own)?;
        let n_seen = standing.differences.len();
        if n_seen < own.len() || (n_seen as u64) < least {
            return None;
        }
        let chance = standing.chance()?;
        let n_looks = standing.n_folds as f64 - least as f64;
        (chance < self.options.alpha / n_looks).then(|| {
            let goal = self.goal;
            let behind = numeric::mean(&standing.differences);
            format!(
                "race after {}: {} over {n_seen} of {} folds, {} behind trial {} there, chance to win {}",
                report.context.1,
                shown(goal.loss(loss(&own))),
                standing.n_folds,
                shown(behind),
                standing.best,
                shown(chance)
            )
        })
    }

    fn done(&mut self, trial: u64, curves: &Curves) {
        let losses = self.losses(curves);
        if curves.n_wild == 0 && losses.len() > 1 {
            self.has_steps |= curves.of.values().any(has_steps);
            self.done.insert(trial, losses);
        }
    }

    fn forget(&mut self, trial: u64) {
        self.done.remove(&trial);
    }

    fn keep_lag(&mut self, lag: u64) {
        self.lag = Some(lag);
    }
}
