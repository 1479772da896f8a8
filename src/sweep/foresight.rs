//! What stopped trials would have come to, as samplers are told it.
//!
//! A forecast is made when a trial is told, from the trials that were told before it: whoever replays the record makes
//! the same one. No forecast is better than the best score by then, since nobody measured that.

use super::judge::SweepJudge;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Scored trials, the newest, that a forecast goes by.
const MOST: usize = 1000;

/// The forecasts of a sweep's stopped trials.
#[derive(Default)]
pub(super) struct Foresight {
    /// Who saw how trials got where they did.
    judge: Option<Arc<SweepJudge>>,
    /// Trials with a score and their losses, in the order in which they were told.
    scored: Vec<(u64, f64)>,
    best: Option<f64>,
    forecasts: BTreeMap<u64, f64>,
}

impl Foresight {
    pub(super) fn new(judge: Option<Arc<SweepJudge>>) -> Self {
        Self { judge, ..Self::default() }
    }

    /// Takes in a trial with a score.
    pub(super) fn note_score(&mut self, number: u64, loss: f64) {
        if self.judge.is_some() {
            self.scored.push((number, loss));
            self.best = Some(self.best.map_or(loss, |best| best.min(loss)));
        }
    }

    /// Takes in a stopped trial; `executed` is the one that was executed for it.
    pub(super) fn note_stopped(&mut self, number: u64, executed: u64) {
        let Some(judge) = &self.judge else { return };
        let known = &self.scored[self.scored.len().saturating_sub(MOST)..];
        if let (Some(loss), Some(best)) = (judge.forecast(executed, known), self.best) {
            self.forecasts.insert(number, loss.max(best));
        }
    }

    /// The loss that a stopped trial would have come to, where that can be said.
    pub(super) fn of(&self, number: u64) -> Option<f64> {
        self.forecasts.get(&number).copied()
    }
}
