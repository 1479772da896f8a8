//! The winner's curse: bootstrap bias-corrected cross-validation.

use super::SelectionBias;
use super::resample::repeat;
use super::scorer::Scorer;
use crate::domain::{Labels, Objective, Prediction};
use crate::metrics::{self, MetricError};
use crate::numeric::{mean, quantile_sorted};

/// Out-of-fold predictions of the runs that one was chosen from.
#[derive(Debug, Clone)]
pub struct Candidates<'a> {
    /// What they were chosen by.
    pub objective: &'a Objective,
    /// The truth of the rows.
    pub truth: &'a Labels,
    /// One prediction a run, over the same rows in the same order.
    pub predictions: Vec<&'a Prediction>,
    /// The chosen run's score, as its sweep reports it.
    pub selected: f64,
    /// Runs of the sweep; those without predictions are missing above.
    pub of: u64,
    /// Bootstrap draws; 500 do.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
}

/// The chosen run's score, corrected for having been chosen (BBC-CV; Tsamardinos, Greasidou and Borboudakis 2018,
/// Machine Learning 107, algorithm 4): in each draw the best run on the drawn rows is scored on the rows
/// that were not drawn. Their mean is the corrected score, their quantiles its interval.
///
/// Scores are over pooled out-of-fold rows, so a mean of folds' scores differs from them a little for metrics that
/// are no means. Runs whose predictions are not finite are never chosen. `None` if no draw has a value.
///
/// # Errors
/// When the metric does not fit the truth, or rows do not belong together.
pub fn corrected_by_selection(
    candidates: &Candidates<'_>,
) -> Result<Option<SelectionBias>, MetricError> {
    let Candidates { objective, truth, predictions, .. } = candidates;
    let mut scorers = Vec::new();
    let mut refused = None;
    for prediction in predictions {
        match metrics::score(&objective.metric, truth, prediction, None) {
            Ok(_) => scorers.push(Scorer::new(&objective.metric, truth, prediction, None)),
            Err(MetricError::NotFinite { .. }) => {}
            Err(error) => refused = Some(error),
        }
    }
    if let Some(error) = refused {
        return Err(error);
    }
    let rows = truth.len();
    let label = (candidates.seed, "gate selection", candidates.draws);
    let drawn = repeat(
        label,
        || (vec![0u32; rows], vec![0u32; rows]),
        |rng, (inside, outside)| {
            inside.fill(0);
            (0..rows).for_each(|_| inside[rng.below(rows)] += 1);
            for (out, times) in outside.iter_mut().zip(inside.iter()) {
                *out = u32::from(*times == 0);
            }
            let mut best = (f64::NAN, None);
            for (at, scorer) in scorers.iter().enumerate() {
                let score = scorer.score(inside);
                if objective.goal.better(score, best.0) {
                    best = (score, Some(at));
                }
            }
            best.1.map_or(f64::NAN, |at| scorers[at].score(outside))
        },
    );
    let mut scores: Vec<f64> = drawn.into_iter().filter(|score| score.is_finite()).collect();
    if scores.is_empty() {
        return Ok(None);
    }
    scores.sort_by(f64::total_cmp);
    Ok(Some(SelectionBias {
        metric: objective.metric.clone(),
        selected: candidates.selected,
        corrected: mean(&scores),
        lower: quantile_sorted(&scores, 0.025),
        upper: quantile_sorted(&scores, 0.975),
        runs: scorers.len() as u64,
        of: candidates.of,
    }))
}
