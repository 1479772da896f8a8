//! `percentile`: a trial whose best value is worse than a percentile of completed trials (after Golovin et al.
//! 2017, «Google Vizier», section 3.2.2).
//!
//! Exactly: once `n_startup_trials` trials have completed, at the first value of each interval of
//! `interval_steps` from `n_warmup_steps` on, let P be the percentile (linear interpolation; from the good end,
//! so that 25 keeps the best quarter) of the values of completed trials at this step and context, NaN left out.
//! The trial is hopeless iff its best value of any step is strictly worse than P, or if it has only NaN. No
//! verdict if fewer than `n_min_trials` have a value there. NumPy's interpolation makes P NaN as soon as one of
//! its neighbors is infinite; here P is the value itself where it falls on one.

use super::MedianOptions;
use super::curve::Curves;
use super::rule::{Report, Rule, shown};
use crate::domain::Goal;
use crate::numeric::quantile_sorted;
use std::collections::HashMap;

/// Which trials are kept, and when they are judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PercentileOptions {
    /// Percent of trials that survive, 0 to 100.
    pub percentile: f64,
    /// When curves are compared.
    pub when: MedianOptions,
}

impl Default for PercentileOptions {
    fn default() -> Self {
        Self { percentile: 25.0, when: MedianOptions::default() }
    }
}

/// The values of completed trials at one step of one context.
#[derive(Debug, Default)]
struct Others {
    /// Without NaN, ascending.
    sorted: Vec<f64>,
    n: u64,
}

/// The rule with the values of completed trials.
pub(super) struct Percentile {
    options: PercentileOptions,
    word: &'static str,
    n_done: u64,
    others: HashMap<(u32, i64), Others>,
}

impl Percentile {
    pub(super) fn new(options: PercentileOptions, word: &'static str) -> Self {
        Self { options, word, n_done: 0, others: HashMap::new() }
    }

    /// The value that a trial must reach; NaN if there is none.
    fn bar(&self, goal: Goal, others: &Others) -> f64 {
        let percentile = match goal {
            Goal::Minimize => self.options.percentile,
            Goal::Maximize => 100.0 - self.options.percentile,
        };
        quantile_sorted(&others.sorted, percentile / 100.0)
    }
}

impl Rule for Percentile {
    fn judge(&mut self, report: &Report<'_>) -> Option<String> {
        let when = &self.options.when;
        if self.n_done == 0
            || self.n_done < when.n_startup_trials
            || !report.opens_interval(when.n_warmup_steps, when.interval_steps)
        {
            return None;
        }
        let best = report.curve().best;
        if best.is_nan() {
            return Some(format!("{}: every value is NaN", report.place(self.word)));
        }
        let others = self.others.get(&(report.context.0, report.step))?;
        if others.n < when.n_min_trials {
            return None;
        }
        let bar = self.bar(report.goal, others);
        if bar.is_nan() || !report.goal.better(bar, best) {
            return None;
        }
        let what = match self.word {
            "median" => "median".to_string(),
            _ => format!("percentile {}", shown(self.options.percentile)),
        };
        Some(format!(
            "{}: {}, best so far {}, {what} of {} trials {}",
            report.place(self.word),
            shown(report.value),
            shown(best),
            others.sorted.len(),
            shown(bar)
        ))
    }

    fn done(&mut self, _trial: u64, curves: &Curves) {
        self.n_done += 1;
        for (&context, curve) in &curves.of {
            for (&step, &value) in curve.values.range(self.options.when.n_warmup_steps..) {
                let others = self.others.entry((context, step)).or_default();
                others.n += 1;
                if !value.is_nan() {
                    let place =
                        others.sorted.partition_point(|other| other.total_cmp(&value).is_lt());
                    others.sorted.insert(place, value);
                }
            }
        }
    }

    fn forget(&mut self, _trial: u64) {}
}
