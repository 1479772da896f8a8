//! The end of a sweep that has no improvement worth having left to expect.
//!
//! What the model expects of the best point left, at two looks in a row, against half the noise of the best score: less could
//! not be told from luck (Makarova et al. 2022, arXiv 2104.08166, with the expected regret of Ishibashi et al. 2023, AISTATS, in
//! place of its upper bound; see [`crate::sweep::outlook`] for what that costs and saves). Scores of folds share training
//! rows, and the variance of their mean is larger than that of independent ones (Nadeau and Bengio 2003):
//! `(1/n + 1/(k − 1)) s²` for n scores over k folds.

use super::{DriveError, Driver};
use crate::data::FoldOptions;
use crate::sampler::Regret;
use crate::spec::{MinImprovement, Work};
use crate::store::StoreError;
use crate::sweep::{Best, StopReason};

/// The share of the noise that an improvement must have.
const SHARE: f64 = 0.5;

/// The end of a sweep whose improvement is not worth going on for, by all of some looks. `noise` is that of the best
/// score, where it is known.
pub(in crate::sweep) fn is_not_worth(
    rule: MinImprovement,
    looks: &[Regret],
    noise: Option<f64>,
) -> Option<StopReason> {
    let stop = |regret: &Regret| {
        let (least, share, is_noise) = match rule {
            MinImprovement::Score(score) => (score, 1.0, false),
            MinImprovement::Noise => (noise.unwrap_or(regret.noise), SHARE, true),
        };
        let left = regret.expected;
        (left < share * least).then_some(StopReason::Improvement { left, least, is_noise })
    };
    let stops: Option<Vec<StopReason>> = looks.iter().map(stop).collect();
    stops.and_then(|mut stops| stops.pop())
}

impl Driver<'_> {
    /// The rule `min_improvement`, if it is met for this best trial.
    pub(super) fn improvement_stop(
        &mut self,
        best: Option<&Best>,
    ) -> Result<Option<StopReason>, DriveError> {
        let Some(rule) = self.budget.min_improvement else { return Ok(None) };
        let (Some((n_told, looks)), Some(best)) = (self.asker.outlook(), best) else {
            return Ok(None);
        };
        if self.looked_at == Some((n_told, best.run)) {
            return Ok(None);
        }
        let noise = if rule == MinImprovement::Noise { self.noise(best)? } else { None };
        let stop = is_not_worth(rule, &looks, noise);
        if stop.is_none() {
            self.looked_at = Some((n_told, best.run));
        }
        Ok(stop)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_look_must_say_so() {
        let look = |expected, noise| Regret { expected, bound: 9.0, noise };
        let check = |rule, looks: &[Regret], noise, expected: Option<(f64, f64, bool)>| {
            let expected = expected.map(|(left, least, is_noise)| StopReason::Improvement {
                left,
                least,
                is_noise,
            });
            assert_eq!(is_not_worth(rule, looks, noise), expected, "{rule:?} {looks:?} {noise:?}");
        };
        let (by_noise, by_score) = (MinImprovement::Noise, MinImprovement::Score(0.3));
        let looks = [look(0.2, 0.5), look(0.1, 0.4)];
        check(by_noise, &looks, None, Some((0.1, 0.4, true)));
        check(by_noise, &looks, Some(0.4), None);
        check(by_noise, &looks, Some(0.41), Some((0.1, 0.41, true)));
        check(by_score, &looks, None, Some((0.1, 0.3, false)));
        check(by_score, &[look(0.3, 0.0), look(0.1, 0.0)], None, None);
        check(by_noise, &[look(0.0, 0.0), look(0.0, 0.0)], None, None);
        check(by_noise, &[], None, None);
    }
}
