//! How a sweep stands, in words and numbers: what head, footer and keys go by.

use super::load::{Ends, History, State, Work};
use crate::domain::Status;
use crate::spec;
use crate::store::SweepRow;
use crate::sweep::{Ahead, Doing, Pace, Reached};
use crate::tui::catalog;
use crate::tui::theme::{Role, Theme, signs};

/// What is known of a sweep.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing<'a> {
    pub(super) row: &'a SweepRow,
    /// How far it is, by the latest look.
    pub(super) reached: &'a Reached,
    pub(super) state: Option<&'a State>,
    pub(super) work: Option<&'a Work>,
    pub(super) ends: Option<&'a Ends>,
    pub(super) history: Option<&'a History>,
    pub(super) plan: Option<&'a spec::Sweep>,
    pub(super) now_ms: i64,
}

impl Standing<'_> {
    /// Runs in a state.
    pub(super) fn count(&self, status: Status) -> u64 {
        self.row.counts.get(&status).copied().unwrap_or(0)
    }

    /// Trials that are over.
    pub(super) fn finished(&self) -> u64 {
        self.reached.over
    }

    /// Trials there will be, as far as there is a limit.
    pub(super) fn total(&self) -> Option<u64> {
        self.reached.total
    }

    /// What it does.
    pub(super) fn doing(&self) -> Doing {
        self.reached.doing
    }

    /// True if a process drives it.
    pub(super) fn is_driven(&self) -> bool {
        self.reached.driver.is_some()
    }

    /// Trials that are open: at work, waiting for a place, or by hand and not asked yet.
    pub(super) fn open(&self) -> u64 {
        let asked = self.row.trials.saturating_sub(self.row.duplicates);
        let waiting = self.state.map_or(0, |state| state.steering.waiting.len() as u64);
        asked.saturating_sub(self.finished()) + waiting
    }

    /// Seconds of driving, pauses left out: what the time budget counts. None before the first session.
    pub(super) fn seconds(&self) -> Option<f64> {
        let state = self.state.filter(|state| !state.sessions.is_empty())?;
        Some(self.driven(state, self.now_ms))
    }

    /// Seconds of driving up to a time.
    fn driven(&self, state: &State, until: i64) -> f64 {
        let mut sessions = state.sessions.clone();
        // The end of a session that goes on is its last beat.
        if let Some(last) = sessions.last_mut().filter(|_| self.is_driven()) {
            last.1 = last.1.max(self.now_ms);
        }
        state.steering.driven_seconds(&sessions, until)
    }

    /// What ended lately, by seconds of driving.
    fn paced(&self) -> Option<(Pace, &State)> {
        let (ends, state) = (self.ends?, self.state?);
        let mut pace = Pace::default();
        for row in ends.rows.iter().rev() {
            let Some(at) = row.ended else { continue };
            pace.end(self.driven(state, at), row.seconds.filter(|_| !row.cached));
        }
        Some((pace, state))
    }

    /// Trials per second, lately; none while nobody drives it.
    pub(super) fn pace(&self) -> Option<f64> {
        let (pace, state) = self.paced().filter(|_| self.is_driven())?;
        let rate = pace.rate(self.driven(state, self.now_ms))?;
        Some(rate / self.reached.replicates.max(1) as f64)
    }

    /// Seconds until it ends, by trials or by time, whichever is sooner.
    pub(super) fn eta(&self) -> Option<f64> {
        if self.doing() != Doing::Running {
            return None;
        }
        let limit = self.state.and_then(|state| state.steering.time);
        let by_time = limit.zip(self.seconds()).map(|(limit, spent)| (limit - spent).max(0.0));
        match (self.by_trials(), by_time) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn by_trials(&self) -> Option<f64> {
        let (pace, state) = self.paced()?;
        let runs = self.reached.left()? * self.reached.replicates.max(1);
        let at_work = self.work.map_or(&[][..], |work| &work.runs);
        let alive = at_work.iter().filter(|run| run.owner.is_some());
        let running: Vec<f64> = alive
            .filter_map(|run| run.started)
            .map(|started| (self.now_ms - started).max(0) as f64 / 1e3)
            .collect();
        let slots = slots(state)?;
        pace.eta(Ahead { runs, slots, running: &running }, self.driven(state, self.now_ms))
    }

    /// `137/200`.
    pub(super) fn progress(&self) -> String {
        catalog::progress(self.reached)
    }
}

/// Runs that all processes together can have at a time.
pub(super) fn slots(state: &State) -> Option<usize> {
    state.reached.driver.as_ref()?;
    let others: usize = state.workers.iter().map(|worker| worker.slots).sum();
    Some(state.steering.jobs? + others)
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
    theme.sign(signs::status(status))
}
