//! `threshold`: a trial whose value leaves given bounds.
//!
//! Exactly: at the first value of each interval of `interval_steps` from `n_warmup_steps` on, a trial is hopeless
//! iff the value is NaN, below `lower` or above `upper`, whatever the goal.

use super::curve::Curves;
use super::rule::{Report, Rule, shown};

/// The bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThresholdOptions {
    /// The lowest value that is allowed.
    pub lower: Option<f64>,
    /// The highest.
    pub upper: Option<f64>,
    /// No trial is judged below this step.
    pub n_warmup_steps: i64,
    /// Steps between two judgements, counted from the warm-up; at least 1.
    pub interval_steps: i64,
}

impl Default for ThresholdOptions {
    fn default() -> Self {
        Self { lower: None, upper: None, n_warmup_steps: 0, interval_steps: 1 }
    }
}

impl Rule for ThresholdOptions {
    fn judge(&mut self, report: &Report<'_>) -> Option<String> {
        if !report.opens_interval(self.n_warmup_steps, self.interval_steps) {
            return None;
        }
        let (place, value) = (|| report.place("threshold"), report.value);
        if value.is_nan() {
            return Some(format!("{}: the value is NaN", place()));
        }
        if let Some(lower) = self.lower.filter(|lower| value < *lower) {
            return Some(format!("{}: {} is below {}", place(), shown(value), shown(lower)));
        }
        let upper = self.upper.filter(|upper| value > *upper)?;
        Some(format!("{}: {} is above {}", place(), shown(value), shown(upper)))
    }

    fn done(&mut self, _trial: u64, _curves: &Curves) {}

    fn forget(&mut self, _trial: u64) {}
}
