//! The end of a sweep that has no improvement worth having left to expect.
//!
//! What the model expects of the best point left, against half the noise of the best score: less could not be told from
//! luck (Makarova et al. 2022, arXiv 2104.08166, with the expected regret of Ishibashi et al. 2023, arXiv 2307.00285, in
//! place of its upper bound; see [`crate::sweep::outlook`] for what that costs and saves). Scores of folds share training
//! rows, and the variance of their mean is larger than that of independent ones (Nadeau and Bengio 2003):
//! `(1/n + 1/(k − 1)) s²` for n scores over k folds.

use super::{DriveError, Driver};
use crate::data::FoldOptions;
use crate::spec::{MinImprovement, Work};
use crate::store::StoreError;
use crate::sweep::{Best, StopReason};

/// The share of the noise that an improvement must have.
const SHARE: f64 = 0.5;

impl Driver<'_> {
    /// The rule `min_improvement`, if it is met for this best trial.
    pub(super) fn improvement_stop(
        &mut self,
        best: Option<&Best>,
    ) -> Result<Option<StopReason>, DriveError> {
        let Some(rule) = self.budget.min_improvement else { return Ok(None) };
        let (Some((n_told, regret)), Some(best)) = (self.asker.outlook(), best) else {
            return Ok(None);
        };
        if self.looked_at == Some((n_told, best.run)) {
            return Ok(None);
        }
        let (least, is_noise) = match rule {
            MinImprovement::Score(score) => (score, false),
            MinImprovement::Noise => (self.noise(best)?.unwrap_or(regret.noise), true),
        };
        let share = if is_noise { SHARE } else { 1.0 };
        let left = regret.expected;
        if left < share * least {
            return Ok(Some(StopReason::Improvement { left, least, is_noise }));
        }
        self.looked_at = Some((n_told, best.run));
        Ok(None)
    }

    /// Standard error of a trial's score, by its folds or its replicates; `None` without either.
    fn noise(&self, best: &Best) -> Result<Option<f64>, StoreError> {
        let replicates = f64::from(self.spec.search.replicates);
        let by_seed =
            (replicates > 1.0 && best.sd.is_finite()).then(|| best.sd / replicates.sqrt());
        let by_fold = if self.plan.has_folds { self.fold_noise(best)? } else { None };
        Ok(by_seed.into_iter().chain(by_fold).reduce(f64::max))
    }

    fn fold_noise(&self, best: &Best) -> Result<Option<f64>, StoreError> {
        let run = self.store.run_by_id(best.run)?;
        let Some(summary) = run.metrics.get(&self.spec.objectives[0].metric) else {
            return Ok(None);
        };
        let n = summary.n as f64;
        let k = match &self.spec.work {
            Work::Models(section) => match section.split.folds {
                FoldOptions::Made { k, .. } => k as f64,
                FoldOptions::Column(_) | FoldOptions::File { .. } => n,
            },
            _ => n,
        };
        let variance = (1.0 / n + 1.0 / (k - 1.0)) * summary.sd * summary.sd;
        Ok(Some(variance.sqrt()).filter(|noise| noise.is_finite()))
    }
}
