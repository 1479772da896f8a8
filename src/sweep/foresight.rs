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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Goal, Outcome};
    use crate::pruner::{RaceOptions, Setting};
    use crate::spec::Search;

    fn judge() -> Arc<SweepJudge> {
        let search = Search {
            sampler: "tpe".into(),
            grid_steps: 5,
            seed: 0,
            reproducible: false,
            lag: 1,
            replicates: 1,
            pruner: Some(Setting::Race(RaceOptions::default())),
            warm_start: None,
            constraints: Vec::new(),
        };
        Arc::new(SweepJudge::new(&search, Goal::Maximize, "sweep").unwrap())
    }

    /// A trial with these values of its folds, four of which are all.
    fn run(judge: &SweepJudge, trial: u64, values: &[f64]) {
        judge.begin(trial, 0);
        for (fold, &value) in values.iter().enumerate() {
            judge.report((trial, 0), &format!("fold={fold}"), 0, value);
        }
        let reason = String::new();
        let ended = if values.len() == 4 { Outcome::Done } else { Outcome::Pruned { reason } };
        judge.end(trial, &ended);
    }

    #[test]
    fn a_forecast_goes_by_what_was_told_before_and_is_never_the_best() {
        let judge = judge();
        run(&judge, 0, &[0.9, 0.8, 0.7, 0.6]);
        run(&judge, 1, &[0.7, 0.6, 0.5, 0.4]);
        run(&judge, 2, &[0.5, 0.5]);
        run(&judge, 3, &[0.99, 0.99]);
        let mut foresight = Foresight::new(Some(judge));
        foresight.note_stopped(2, 2);
        assert_eq!(foresight.of(2), None, "nobody is known to have been there");
        foresight.note_score(0, -0.75);
        foresight.note_stopped(2, 2);
        // 0.35 behind the one that is known, on the two folds that both have.
        assert!((foresight.of(2).unwrap() + 0.75 - 0.35).abs() < 1e-12);
        foresight.note_score(1, -0.55);
        foresight.note_stopped(4, 2);
        assert!((foresight.of(4).unwrap() + 0.4).abs() < 1e-12, "what repeats it, too");
        foresight.note_stopped(3, 3);
        assert_eq!(foresight.of(3), Some(-0.75), "as good as the best at most");
        assert_eq!(Foresight::default().of(0), None);
    }
}
