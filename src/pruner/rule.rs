//! What a rule is told, and what it answers.

use super::curve::{Curve, Curves, Joined};
use crate::domain::{Goal, format_number};

/// Significant digits of the numbers in a verdict.
const DIGITS: usize = 4;

/// A rule with what it keeps of earlier trials.
pub(super) trait Rule: Send {
    /// Why the trial is hopeless at this value, if it is. Not asked about a step that came again.
    fn judge(&mut self, report: &Report<'_>) -> Option<String>;

    /// Takes in a trial that ran to its end.
    fn done(&mut self, trial: u64, curves: &Curves);

    /// Forgets an attempt that did not complete, as another one begins.
    fn forget(&mut self, trial: u64);

    /// Trial `i` may depend on trials up to `i − lag` alone.
    fn keep_lag(&mut self, _lag: u64) {}
}

/// One value of a running trial.
pub(super) struct Report<'a> {
    pub(super) trial: u64,
    /// All that the attempt has reported, this value included.
    pub(super) curves: &'a Curves,
    /// The context's number and its text.
    pub(super) context: (u32, &'a str),
    pub(super) step: i64,
    pub(super) value: f64,
    pub(super) joined: Joined,
    pub(super) goal: Goal,
}

impl Report<'_> {
    /// The curve of the value's own context.
    pub(super) fn curve(&self) -> &Curve {
        &self.curves.of[&self.context.0]
    }

    /// True if the value is the highest step of its curve.
    pub(super) fn is_newest(&self) -> bool {
        matches!(self.joined, Joined::Newest(_))
    }

    /// True if the value is the first of its interval of `every` steps, counted from the end of the warm-up.
    /// A check whose step brought no value is made up for at the next one.
    pub(super) fn opens_interval(&self, warmup: i64, every: i64) -> bool {
        let Joined::Newest(before) = self.joined else { return false };
        let Some(since) = self.step.checked_sub(warmup).filter(|since| *since >= 0) else {
            return false;
        };
        let start = warmup + since / every.max(1) * every.max(1);
        // Steps count from 0: a negative one never opened an interval.
        before.unwrap_or(-1).max(-1) < start
    }

    /// `median at step 12 of fold=0`.
    pub(super) fn place(&self, rule: &str) -> String {
        match self.context.1 {
            "" => format!("{rule} at step {}", self.step),
            context => format!("{rule} at step {} of {context}", self.step),
        }
    }
}

/// A number of a verdict.
pub(super) fn shown(value: f64) -> String {
    format_number(value, DIGITS)
}
