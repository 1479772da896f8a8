//! `median`: the percentile rule at 50 (Golovin et al. 2017, «Google Vizier», section 3.2.2).
//!
//! Vizier compares means of curves up to the step; the rule here takes the trial's best value and the others'
//! values at the step, as is usual now. See [`super::percentile`] for the exact rule.

use super::PercentileOptions;

/// When curves are compared with those of completed trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MedianOptions {
    /// Completed trials before any is judged.
    pub n_startup_trials: u64,
    /// No trial is judged below this step.
    pub n_warmup_steps: i64,
    /// Steps between two judgements, counted from the warm-up; at least 1.
    pub interval_steps: i64,
    /// Completed trials that must have a value at the step; at least 1.
    pub n_min_trials: u64,
}

impl Default for MedianOptions {
    fn default() -> Self {
        Self { n_startup_trials: 5, n_warmup_steps: 0, interval_steps: 1, n_min_trials: 1 }
    }
}

impl MedianOptions {
    /// The same rule by its general name.
    pub(super) fn as_percentile(self) -> PercentileOptions {
        PercentileOptions { percentile: 50.0, when: self }
    }
}
