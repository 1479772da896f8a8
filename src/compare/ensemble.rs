//! Ensembles by greedy forward selection with replacement (Caruana et al. 2004) over out-of-fold predictions.
//!
//! The score of the selected ensemble is optimistic, since it was selected on these rows: [`Ensemble::nested`] is the
//! honest one, from selections that did not see the rows that they are scored on, and the gate judges on a holdout.

use crate::domain::{Labels, Prediction};
use crate::metrics::{self, Info, MetricError};
use crate::numeric::Rng;
use rayon::prelude::*;

/// Below so many rows the selection is bagged by default, since it overfits them.
const FEW_ROWS: usize = 1000;
/// Parts of the rows for the nested score.
const NESTED_FOLDS: usize = 5;
/// How far the probabilities of a row may be from 1 in 32 bits.
const SUM_SLACK: f32 = 1e-3;

/// The out-of-fold predictions of one run: a score per class, or one number.
#[derive(Debug, Clone, Copy)]
pub struct OutOfFoldView<'a> {
    /// The data row that each matrix row is about, ascending.
    pub rows: &'a [u32],
    /// Columns.
    pub width: usize,
    /// Row-major `rows × width`.
    pub values: &'a [f32],
}

/// How the ensemble is selected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EnsembleOptions {
    /// Models that are added, with replacement; the best prefix is kept.
    pub rounds: usize,
    /// Only so many of the best runs are looked at.
    pub candidates: usize,
    /// Selections from a random half of the runs each, whose weights are averaged; 1 is a single selection from all.
    pub bags: usize,
    /// Seed of bags and nested parts.
    pub seed: u64,
}

impl EnsembleOptions {
    /// 50 rounds from the 50 best, in 20 bags for fewer than 1000 rows.
    pub fn for_rows(rows: usize) -> Self {
        let bags = if rows < FEW_ROWS { 20 } else { 1 };
        Self { rounds: 50, candidates: 50, bags, seed: 0 }
    }
}

/// A selected ensemble.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensemble {
    /// Runs by their place in the pool with their weights, which sum to 1; heaviest first.
    pub members: Vec<(usize, f64)>,
    /// Its out-of-fold score, optimistic.
    pub score: f64,
    /// Its score where the selection did not see the rows; `None` with too few rows for five parts.
    pub nested: Option<f64>,
    /// The best run by itself.
    pub best_single: (usize, f64),
    /// The mean of all runs that were looked at.
    pub uniform: f64,
    /// The score after each round of the selection; of the first bag where there are several.
    pub history: Vec<f64>,
    /// Runs that were looked at, best first.
    pub considered: Vec<usize>,
    /// Runs that were not, and why.
    pub refused: Vec<(usize, String)>,
    /// Runs whose scores are no probabilities, so that they vote with their class.
    pub voters: Vec<usize>,
}

/// Why there is no ensemble.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnsembleError {
    /// No run could be used.
    #[error(
        "no run can be in an ensemble: {0}; mend: keep out-of-fold predictions of at least one run that is done"
    )]
    Empty(String),
    /// The truth is not about the rows of the predictions.
    #[error("truth and out-of-fold predictions do not fit together: {0}")]
    Shape(String),
    /// An option is out of range.
    #[error("'{name}' cannot be 0; mend: at least 1")]
    Option {
        /// The option.
        name: &'static str,
    },
    /// The score could not be computed.
    #[error(transparent)]
    Metric(#[from] MetricError),
}

/// Selects an ensemble from the out-of-fold predictions of runs.
///
/// `truth` and `weights` are about the rows of the first run's predictions, in that order. Runs on other rows are
/// refused, as are those that are not finite. Ties go to the run that is better by itself, then to the first.
///
/// # Errors
/// When no run can be used, the metric has no value, or the truth is about other rows.
pub fn select_ensemble(
    pool: &[OutOfFoldView<'_>],
    truth: &Labels,
    weights: Option<&[f64]>,
    metric: &str,
    options: &EnsembleOptions,
) -> Result<Ensemble, EnsembleError> {
    check(pool, truth, weights, options)?;
    let info = metrics::info(metric).filter(|info| !info.measured);
    let Some(info) = info else {
        // The scorer has the message for a name that is no metric of predictions.
        let nothing = prediction(&vec![0.0; pool[0].values.len()], pool[0].width, truth);
        metrics::score(metric, truth, &nothing, weights)?;
        return Err(EnsembleError::Shape(format!("'{metric}' is no metric of predictions")));
    };
    let mut refused = vec![];
    let mut usable = vec![];
    for (at, run) in pool.iter().enumerate() {
        match Member::new(at, run, &pool[0], truth) {
            Ok(member) => usable.push(member),
            Err(why) => refused.push((at, why)),
        }
    }
    if usable.is_empty() {
        let why = refused.first().map_or(String::new(), |(_, why)| why.clone());
        return Err(EnsembleError::Empty(why));
    }
    let task = Selection { truth, weights, info, width: pool[0].width, options };
    let mut singles = vec![];
    for member in &usable {
        singles.push(task.loss(&member.values)?);
    }
    let mut order: Vec<usize> = (0..usable.len()).collect();
    order.sort_by(|&a, &b| singles[a].total_cmp(&singles[b]));
    order.truncate(options.candidates);
    let members: Vec<&Member> = order.iter().map(|&at| &usable[at]).collect();
    let (shares, history) = task.bagged(&members)?;
    let score = |values: &[f64]| task.loss(values).map(|loss| info.goal.loss(loss));
    let mut chosen: Vec<(usize, f64)> =
        members.iter().zip(&shares).map(|(m, &w)| (m.at, w)).collect();
    chosen.retain(|(_, weight)| *weight > 0.0);
    chosen.sort_by(|a, b| b.1.total_cmp(&a.1));
    Ok(Ensemble {
        members: chosen,
        score: score(&mix(&members, &shares))?,
        nested: task.nested(&members)?,
        best_single: (members[0].at, info.goal.loss(singles[order[0]])),
        uniform: score(&mix(&members, &vec![1.0 / members.len() as f64; members.len()]))?,
        history: history.into_iter().map(|loss| info.goal.loss(loss)).collect(),
        considered: members.iter().map(|member| member.at).collect(),
        refused,
        voters: members.iter().filter(|member| member.votes).map(|member| member.at).collect(),
    })
}

fn check(
    pool: &[OutOfFoldView<'_>],
    truth: &Labels,
    weights: Option<&[f64]>,
    options: &EnsembleOptions,
) -> Result<(), EnsembleError> {
    let zero =
        [("rounds", options.rounds), ("candidates", options.candidates), ("bags", options.bags)];
    if let Some((name, _)) = zero.into_iter().find(|(_, value)| *value == 0) {
        return Err(EnsembleError::Option { name });
    }
    let Some(first) = pool.first() else {
        return Err(EnsembleError::Empty("the pool has none".into()));
    };
    let width = match truth {
        Labels::Classes { n_classes, .. } => *n_classes,
        Labels::Values(_) => 1,
    };
    let n_weights = weights.map_or(first.rows.len(), <[f64]>::len);
    if truth.len() != first.rows.len() || n_weights != first.rows.len() || width != first.width {
        return Err(EnsembleError::Shape(format!(
            "{} rows × {} predicted, {} rows × {width} of truth, {n_weights} weights",
            first.rows.len(),
            first.width,
            truth.len(),
        )));
    }
    Ok(())
}

/// One run that can be chosen.
struct Member {
    /// Its place in the pool.
    at: usize,
    /// Row-major `rows × width`.
    values: Vec<f64>,
    votes: bool,
}

impl Member {
    fn new(
        at: usize,
        run: &OutOfFoldView<'_>,
        first: &OutOfFoldView<'_>,
        truth: &Labels,
    ) -> Result<Self, String> {
        if run.rows != first.rows || run.width != first.width {
            return Err("its predictions are of other rows or classes than the first run's".into());
        }
        if run.values.len() != run.rows.len() * run.width {
            return Err("its predictions are damaged".into());
        }
        if let Some(value) = run.values.iter().find(|value| !value.is_finite()) {
            return Err(format!("it predicted '{value}'"));
        }
        let is_probability = |row: &[f32]| {
            row.iter().all(|p| (-SUM_SLACK..=1.0 + SUM_SLACK).contains(p))
                && (row.iter().sum::<f32>() - 1.0).abs() <= SUM_SLACK
        };
        let votes = !matches!(truth, Labels::Values(_))
            && !run.values.chunks_exact(run.width).all(is_probability);
        let wide = |row: &[f32]| -> Vec<f64> { row.iter().map(|&v| f64::from(v)).collect() };
        let values = run
            .values
            .chunks_exact(run.width)
            .flat_map(|row| if votes { vote(row) } else { wide(row) });
        Ok(Self { at, values: values.collect(), votes })
    }
}

/// 1 for the first of the greatest scores.
fn vote(row: &[f32]) -> Vec<f64> {
    let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let winner = row.iter().position(|&score| score == best).unwrap_or(0);
    (0..row.len()).map(|class| if class == winner { 1.0 } else { 0.0 }).collect()
}

/// The weighted sum of members.
fn mix(members: &[&Member], weights: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; members.first().map_or(0, |member| member.values.len())];
    for (member, &weight) in members.iter().zip(weights).filter(|(_, weight)| **weight > 0.0) {
        sums.iter_mut().zip(&member.values).for_each(|(sum, value)| *sum += weight * value);
    }
    sums
}

/// Numbers as a prediction of the truth's kind. Means of 32-bit probabilities end within `[0, 1]`.
fn prediction(values: &[f64], width: usize, truth: &Labels) -> Prediction {
    match truth {
        Labels::Values(_) => Prediction::Values(values.to_vec()),
        Labels::Classes { .. } => {
            let clipped = values.iter().map(|p| p.clamp(0.0, 1.0)).collect();
            Prediction::from_probabilities(clipped, width)
        }
    }
}

/// What is selected for.
struct Selection<'a> {
    truth: &'a Labels,
    weights: Option<&'a [f64]>,
    info: &'a Info,
    width: usize,
    options: &'a EnsembleOptions,
}

impl Selection<'_> {
    /// The score of a mean, turned so that smaller is better; NaN counts as the worst.
    fn loss(&self, values: &[f64]) -> Result<f64, MetricError> {
        let said = prediction(values, self.width, self.truth);
        let score = metrics::score(self.info.name, self.truth, &said, self.weights)?;
        Ok(if score.is_nan() { f64::INFINITY } else { self.info.goal.loss(score) })
    }

    /// Weights of the members, and the loss after each round of the first bag.
    fn bagged(&self, members: &[&Member]) -> Result<(Vec<f64>, Vec<f64>), MetricError> {
        let mut shares = vec![0.0; members.len()];
        let mut first = vec![];
        let bags = if members.len() < 2 { 1 } else { self.options.bags };
        for bag in 0..bags {
            let mut places: Vec<usize> = (0..members.len()).collect();
            if bags > 1 {
                Rng::stream(self.options.seed, "ensemble bag", bag as u64).shuffle(&mut places);
                places.truncate(members.len().div_ceil(2));
                places.sort_unstable();
            }
            let some: Vec<&Member> = places.iter().map(|&place| members[place]).collect();
            let (counts, history) = self.greedy(&some)?;
            let total: usize = counts.iter().sum();
            for (&place, count) in places.iter().zip(counts) {
                shares[place] += count as f64 / (total * bags) as f64;
            }
            if bag == 0 {
                first = history;
            }
        }
        Ok((shares, first))
    }

    /// How often each member is in the best prefix, and the loss after each round.
    fn greedy(&self, members: &[&Member]) -> Result<(Vec<usize>, Vec<f64>), MetricError> {
        let mut sums = vec![0.0; members[0].values.len()];
        let (mut chosen, mut history) = (vec![], vec![]);
        for round in 0..self.options.rounds {
            let n = (round + 1) as f64;
            let with = |member: &&Member| {
                let mean = |(sum, value): (&f64, &f64)| (sum + value) / n;
                self.loss(&sums.iter().zip(&member.values).map(mean).collect::<Vec<f64>>())
            };
            let losses = members.par_iter().map(with).collect::<Result<Vec<f64>, _>>()?;
            let best = first_smallest(&losses);
            sums.iter_mut().zip(&members[best].values).for_each(|(sum, value)| *sum += value);
            chosen.push(best);
            history.push(losses[best]);
        }
        chosen.truncate(first_smallest(&history) + 1);
        let mut counts = vec![0; members.len()];
        for at in chosen {
            counts[at] += 1;
        }
        Ok((counts, history))
    }

    /// The score of five selections, each scored on the fifth of the rows that it did not see.
    fn nested(&self, members: &[&Member]) -> Result<Option<f64>, MetricError> {
        let n = self.truth.len();
        let mut rows: Vec<usize> = (0..n).collect();
        Rng::stream(self.options.seed, "ensemble nested", 0).shuffle(&mut rows);
        let part = |fold: usize, inside: bool| -> Vec<usize> {
            let mut part: Vec<usize> = rows
                .iter()
                .enumerate()
                .filter(|(at, _)| (at % NESTED_FOLDS == fold) == inside)
                .map(|(_, &row)| row)
                .collect();
            part.sort_unstable();
            part
        };
        if n < 4 * NESTED_FOLDS {
            return Ok(None);
        }
        let mut values = vec![0.0; n * self.width];
        for fold in 0..NESTED_FOLDS {
            let seen = part(fold, false);
            let taken: Vec<Member> =
                members.iter().map(|member| member.take(&seen, self.width)).collect();
            let weights: Option<Vec<f64>> =
                self.weights.map(|weights| seen.iter().map(|&row| weights[row]).collect());
            if weights.as_ref().is_some_and(|weights| weights.iter().all(|&w| w == 0.0)) {
                return Ok(None);
            }
            let truth = self.truth.take(&seen);
            let inner = Selection { truth: &truth, weights: weights.as_deref(), ..*self };
            let (shares, _) = inner.bagged(&taken.iter().collect::<Vec<_>>())?;
            let mixed = mix(members, &shares);
            for row in part(fold, true) {
                let cells = row * self.width..(row + 1) * self.width;
                values[cells.clone()].copy_from_slice(&mixed[cells]);
            }
        }
        let loss = self.loss(&values)?;
        Ok(loss.is_finite().then(|| self.info.goal.loss(loss)))
    }
}

impl Member {
    fn take(&self, rows: &[usize], width: usize) -> Self {
        let cells = rows.iter().flat_map(|&row| &self.values[row * width..(row + 1) * width]);
        Self { at: self.at, values: cells.copied().collect(), votes: self.votes }
    }
}

fn first_smallest(losses: &[f64]) -> usize {
    let mut best = 0;
    for (at, loss) in losses.iter().enumerate() {
        if *loss < losses[best] {
            best = at;
        }
    }
    best
}

#[cfg(test)]
#[path = "ensemble_tests.rs"]
mod tests;
