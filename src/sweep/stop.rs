//! Why a sweep stopped: a value with a text, not a flag.

use crate::domain::format_number;
use std::fmt;

/// The reason that ended a sweep, or this session of it.
#[derive(Debug, Clone, PartialEq)]
pub enum StopReason {
    /// The trials of the budget are done.
    Trials(u64),
    /// The same, but for those that were handed out (`derby ask`) and not told yet.
    HandedOut {
        /// Trials of the budget.
        total: u64,
        /// How many of them others have.
        open: u64,
    },
    /// A reproducible sweep goes on after this trial, which was handed out and not told yet.
    Waits(u64),
    /// The time of the budget is over, in seconds.
    Time(f64),
    /// No better score in so many trials.
    Patience(u64),
    /// The score is good enough.
    Target(f64),
    /// Too many failures.
    Failures(u64),
    /// No improvement worth having is to be expected.
    Improvement {
        /// How much better the best point left is expected to be.
        left: f64,
        /// How much better it would have to be; or the noise of the best score, half of which it would have to be.
        least: f64,
        /// True for the noise.
        is_noise: bool,
    },
    /// Every configuration of the space was tried.
    Complete(u64),
    /// The sampler gave only configurations that were tried before, so many times in a row.
    Repeating(u64),
    /// A person asked for it (`derby steer SWEEP stop`): who.
    Asked(String),
    /// Ctrl-C, or SIGTERM or SIGHUP.
    Interrupted {
        /// True for SIGTERM and SIGHUP.
        terminated: bool,
    },
}

impl StopReason {
    /// True if it ended before its time, by a person or for one; the same command goes on.
    pub fn is_cut_off(&self) -> bool {
        matches!(self, Self::Asked(_) | Self::Interrupted { .. } | Self::Waits(_))
    }

    /// The word that the record keeps.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Trials(_) => "trials",
            Self::HandedOut { .. } => "handed_out",
            Self::Waits(_) => "waits",
            Self::Time(_) => "time",
            Self::Patience(_) => "patience",
            Self::Target(_) => "target",
            Self::Failures(_) => "failures",
            Self::Improvement { .. } => "improvement",
            Self::Complete(_) => "complete",
            Self::Repeating(_) => "repeating",
            Self::Asked(_) => "asked",
            Self::Interrupted { .. } => "interrupted",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trials(1) => f.write_str("the one trial of the budget is done"),
            Self::Trials(n) => write!(f, "all {n} trials of the budget are done"),
            Self::HandedOut { total, open } if open >= total => {
                write!(f, "all {total} trials of the budget are handed out and not told yet")
            }
            Self::HandedOut { total, open } => {
                let are = if *open == 1 { "is" } else { "are" };
                let done = total - open;
                write!(
                    f,
                    "of the budget's {total} trials, {done} ended and {open} {are} handed out and not told yet"
                )
            }
            Self::Waits(trial) => write!(
                f,
                "trial {trial} is handed out and not told yet, and reproducible = true waits for it"
            ),
            Self::Time(seconds) => write!(f, "the time budget of {seconds:.0} s is over"),
            Self::Patience(1) => f.write_str("no better score in 1 trial (patience)"),
            Self::Patience(n) => write!(f, "no better score in {n} trials (patience)"),
            Self::Target(value) => write!(f, "the target of {value} is reached"),
            Self::Failures(1) => f.write_str("1 trial failed (max_failed)"),
            Self::Failures(n) => write!(f, "{n} trials failed (max_failed)"),
            Self::Improvement { left, least, is_noise } => {
                let (left, least) = (format_number(*left, 2), format_number(*least, 2));
                let under = if *is_noise { "under half the noise of" } else { "under" };
                write!(
                    f,
                    "nothing better by more than {left} is to be expected, {under} {least} (min_improvement)"
                )
            }
            Self::Complete(1) => f.write_str("the one configuration of the space was tried"),
            Self::Complete(n) => write!(f, "all {n} configurations of the space were tried"),
            Self::Repeating(1) => {
                f.write_str("the last proposal was a configuration already tried")
            }
            Self::Repeating(n) => {
                write!(f, "the last {n} proposals were configurations already tried")
            }
            Self::Asked(by) => write!(f, "stopped by {by}"),
            Self::Interrupted { .. } => f.write_str("interrupted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        let check = |reason: StopReason, text: &str| assert_eq!(reason.to_string(), text);
        check(StopReason::Trials(1), "the one trial of the budget is done");
        check(StopReason::Trials(2), "all 2 trials of the budget are done");
        check(StopReason::Patience(1), "no better score in 1 trial (patience)");
        check(StopReason::Failures(1), "1 trial failed (max_failed)");
        let improvement =
            |is_noise| StopReason::Improvement { left: 0.001_234, least: 0.0041, is_noise };
        check(
            improvement(true),
            "nothing better by more than 0.0012 is to be expected, under half the noise of 0.0041 (min_improvement)",
        );
        check(
            improvement(false),
            "nothing better by more than 0.0012 is to be expected, under 0.0041 (min_improvement)",
        );
        check(StopReason::Complete(1), "the one configuration of the space was tried");
        check(StopReason::Complete(6), "all 6 configurations of the space were tried");
        check(StopReason::Repeating(1), "the last proposal was a configuration already tried");
    }
}
