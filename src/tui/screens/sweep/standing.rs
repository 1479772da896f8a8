//! How a sweep stands, in words and numbers: what head, footer and keys go by.

use super::load::{Ends, History, State};
use crate::domain::Status;
use crate::report::words;
use crate::spec;
use crate::store::SweepRow;
use crate::tui::theme::{Role, Theme};

/// Ends that the pace is taken from.
const PACE: usize = 60;

/// What is known of a sweep.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing<'a> {
    pub(super) row: &'a SweepRow,
    pub(super) state: Option<&'a State>,
    pub(super) ends: Option<&'a Ends>,
    pub(super) history: Option<&'a History>,
    pub(super) plan: Option<&'a spec::Sweep>,
    pub(super) now_ms: i64,
}

/// What a sweep does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// A process drives it.
    Running,
    /// A process drives it and starts nothing new.
    Paused,
    /// All trials have ended.
    Finished,
    /// Nobody drives it, and trials are missing.
    Stopped,
    /// Nobody drives it, and runs are marked as running.
    Stale,
}

impl Doing {
    /// Its glyph, its word and its color.
    pub(super) fn show(self, theme: &Theme) -> (&'static str, &'static str, Role) {
        match self {
            Self::Running => (theme.glyph("●", "*"), "running", Role::Live),
            Self::Paused => (theme.glyph("‖", "="), "PAUSED", Role::Warn),
            Self::Finished => (theme.glyph("✓", "+"), "finished", Role::Good),
            Self::Stopped => (theme.glyph("◌", "o"), "stopped", Role::Muted),
            Self::Stale => ("!", "stale", Role::Warn),
        }
    }
}

impl Standing<'_> {
    /// Runs in a state.
    pub(super) fn count(&self, status: Status) -> u64 {
        self.row.counts.get(&status).copied().unwrap_or(0)
    }

    /// Trials that ended and are not tried again. Until they were read, runs stand for them.
    pub(super) fn finished(&self) -> u64 {
        let over = [Status::Done, Status::Failed, Status::Pruned, Status::Infeasible];
        let runs: u64 = over.into_iter().map(|status| self.count(status)).sum();
        let asked = self.row.trials.saturating_sub(self.row.duplicates);
        match (self.plan, self.history) {
            (Some(plan), Some(history)) if plan.search.replicates > 1 => history.ended,
            _ => runs.min(asked),
        }
    }

    /// Trials there will be, as far as there is a limit.
    pub(super) fn total(&self) -> Option<u64> {
        let steered = self.state.filter(|state| state.driver.is_some());
        steered.and_then(|state| state.steering.trials).or(self.row.total)
    }

    /// True if the last session ended because there was nothing left to do.
    fn is_complete(&self) -> bool {
        let cut_off = ["asked", "interrupted", "terminated", "error", ""];
        let stopped = self.state.and_then(|state| state.stopped.as_ref());
        stopped.is_some_and(|stopped| !cut_off.contains(&stopped.reason.as_str()))
    }

    /// What it does.
    pub(super) fn doing(&self) -> Doing {
        let at_work = self.count(Status::Running) + self.count(Status::Queued) > 0;
        match self.state {
            Some(State { driver: Some(_), steering, .. }) if steering.is_paused => Doing::Paused,
            Some(State { driver: Some(_), .. }) => Doing::Running,
            Some(_) if at_work => Doing::Stale,
            None if at_work => Doing::Running,
            _ if self.total().is_some_and(|total| self.finished() >= total) => Doing::Finished,
            _ if self.is_complete() => Doing::Finished,
            _ => Doing::Stopped,
        }
    }

    /// True if a process drives it.
    pub(super) fn is_driven(&self) -> bool {
        self.state.is_some_and(|state| state.driver.is_some())
    }

    /// Wall seconds of all its sessions.
    pub(super) fn seconds(&self) -> Option<f64> {
        let state = self.state?;
        let open = state.since.map_or(0, |since| (self.now_ms - since).max(0));
        Some(state.seconds + open as f64 / 1e3)
    }

    /// Runs per second, lately.
    pub(super) fn pace(&self) -> Option<f64> {
        let rows = self.ends?.rows.iter().take(PACE);
        let ended: Vec<i64> = rows.filter_map(|row| row.ended).collect();
        let (last, first) = (ended.first()?, ended.last()?);
        // A pause, or a crash, is no pace: what is running counts up to now.
        let end = if self.is_driven() { (*last).max(self.now_ms - 60_000) } else { *last };
        let span = (end - first) as f64 / 1e3;
        (ended.len() > 1 && span > 0.0).then(|| (ended.len() - 1) as f64 / span)
    }

    /// Seconds until it ends, by trials or by time, whichever is sooner.
    pub(super) fn eta(&self) -> Option<f64> {
        if self.doing() != Doing::Running {
            return None;
        }
        let left = self.total().map(|total| total.saturating_sub(self.finished()) as f64);
        let by_trials = left.zip(self.pace()).map(|(left, pace)| left / pace);
        let limit = self.state.and_then(|state| state.steering.time);
        let by_time = limit.zip(self.seconds()).map(|(limit, spent)| (limit - spent).max(0.0));
        match (by_trials, by_time) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// `137/200`.
    pub(super) fn progress(&self) -> String {
        let finished = words::count(self.finished());
        match self.total() {
            Some(total) => format!("{finished}/{}", words::count(total)),
            None => finished,
        }
    }
}

/// `41.2/s`, or `4.5/min` for trials that take longer than a second.
pub(super) fn pace(rate: f64) -> String {
    use crate::domain::format_number;
    match rate {
        rate if rate >= 1.0 => format!("{}/s", format_number(rate, 3)),
        rate if rate * 60.0 >= 1.0 => format!("{}/min", format_number(rate * 60.0, 2)),
        rate => format!("{}/h", format_number(rate * 3600.0, 2)),
    }
}

/// How long ago: `40s`, `12m`, `3h`, `2d`.
pub(super) fn ago(ms: i64, now_ms: i64) -> String {
    let seconds = (now_ms - ms).max(0) / 1000;
    match seconds {
        s if s < 60 => format!("{s}s"),
        s if s < 3600 => format!("{}m", s / 60),
        s if s < 86_400 => format!("{}h", s / 3600),
        s => format!("{}d", s / 86_400),
    }
}

/// Glyph and color of a status.
pub(super) fn glyph(status: Status, theme: &Theme) -> (&'static str, Role) {
    match status {
        Status::Running => (theme.glyph("●", "*"), Role::Live),
        Status::Queued => (theme.glyph("◌", "o"), Role::Muted),
        Status::Done => (theme.glyph("✓", "+"), Role::Good),
        Status::Pruned | Status::Infeasible => (theme.glyph("⊘", "/"), Role::Warn),
        Status::Failed => (theme.glyph("✗", "x"), Role::Bad),
        Status::Killed => (theme.glyph("✗", "x"), Role::Muted),
    }
}
