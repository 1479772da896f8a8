//! Permutation importance (Breiman 2001): how much a score drops when a column is shuffled.
//!
//! The interval covers both what is random: the shuffles, and the rows. The variance of the mean over shuffles is
//! that between repeats over their number; the rows' is that of bootstrap draws (Efron 1979), each compared with the
//! same shuffle over all rows, so that no shuffle counts twice.

use super::ExplainError;
use crate::data::{Table, Values};
use crate::domain::{Goal, Labels, Prediction};
use crate::metrics::{self, MetricError};
use crate::numeric::{Rng, mean, sample_sd};
use ndarray::ArrayView2;
use rayon::prelude::*;

/// The two-sided 95 % quantile of the normal distribution.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// How often to shuffle, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermutationOptions {
    /// Shuffles of each column, at least 1.
    pub repeats: usize,
    /// Bootstrap draws of the rows; 0 leaves the rows' share out of the interval.
    pub draws: usize,
    /// Seed of shuffles and draws.
    pub seed: u64,
}

impl Default for PermutationOptions {
    fn default() -> Self {
        Self { repeats: 10, draws: 100, seed: 0 }
    }
}

/// What one column is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct PermutationImportance {
    /// The column, or the names of the columns that were shuffled together, joined by ` + `.
    pub name: String,
    /// One a metric, in the order asked for.
    pub scores: Vec<PermutedScore>,
}

/// How much one metric gets worse without a column. Positive: the model leans on it, whatever the metric's direction.
#[derive(Debug, Clone, PartialEq)]
pub struct PermutedScore {
    /// The metric.
    pub metric: String,
    /// Mean over the repeats.
    pub mean: f64,
    /// Standard deviation between the repeats, as scikit-learn gives it (divided by n).
    pub sd: f64,
    /// Standard error of the mean, shuffles and rows together.
    pub error: f64,
    /// Lower end of the 95 % interval.
    pub lower: f64,
    /// Upper end of the 95 % interval.
    pub upper: f64,
    /// The drop of each repeat.
    pub repeats: Vec<f64>,
}

/// Importance of columns of a table: raw cells are shuffled, so that all features made of a column move together.
///
/// `table` holds the rows to score on, best a holdout, and nothing else; `truth` is about the same rows. Every entry
/// of `columns` names columns that are shuffled together (one, or a cluster of correlated ones). Columns are
/// worked on in parallel, a copy of the table each; results do not depend on the number of cores.
///
/// # Errors
/// When a column is not there, an option is out of range, the model refuses the rows, or a metric has no value on them.
pub fn permutation<P, E>(
    table: &Table,
    rows: &Scored<'_>,
    columns: &[Vec<String>],
    predict: P,
) -> Result<Vec<PermutationImportance>, ExplainError>
where
    P: Fn(&Table) -> Result<Prediction, E> + Sync,
    E: std::fmt::Display,
{
    let indices =
        columns.iter().map(|names| find_all(table, names)).collect::<Result<Vec<_>, _>>()?;
    let said =
        |answer: Result<Prediction, E>| answer.map_err(|e| ExplainError::Predict(e.to_string()));
    let study = Study::new(rows, table.n_rows, &said(predict(table))?)?;
    let one = |(names, indices): (&Vec<String>, &Vec<usize>)| {
        let mut shuffled = table.clone();
        study.importance(names.join(" + "), &study.orders(&names.join("\n")), |order| {
            for &idx in indices {
                reorder(&table.columns[idx].values, order, &mut shuffled.columns[idx].values);
            }
            said(predict(&shuffled))
        })
    };
    columns.par_iter().zip(&indices).map(one).collect()
}

/// Importance of the features of a prepared matrix, as scikit-learn's `permutation_importance`. Every group lists
/// features that are shuffled together.
///
/// # Errors
/// As [`permutation`].
pub fn permutation_of_matrix<P>(
    x: ArrayView2<'_, f64>,
    rows: &Scored<'_>,
    groups: &[(String, Vec<usize>)],
    predict: P,
) -> Result<Vec<PermutationImportance>, ExplainError>
where
    P: Fn(ArrayView2<'_, f64>) -> Prediction + Sync,
{
    let features = groups.iter().flat_map(|(_, features)| features);
    if let Some(feature) = features.copied().find(|&feature| feature >= x.ncols()) {
        let text = format!("feature {feature} of {}", x.ncols());
        return Err(ExplainError::Shape(text));
    }
    let study = Study::new(rows, x.nrows(), &predict(x))?;
    let one = |(name, features): &(String, Vec<usize>)| {
        let mut shuffled = x.to_owned();
        study.importance(name.clone(), &study.orders(name), |order| {
            for &feature in features {
                let cells = order.iter().map(|&row| x[[row, feature]]);
                shuffled
                    .column_mut(feature)
                    .iter_mut()
                    .zip(cells)
                    .for_each(|(to, from)| *to = from);
            }
            Ok(predict(shuffled.view()))
        })
    };
    groups.par_iter().map(one).collect()
}

/// The rows that are scored, and by which metrics.
#[derive(Debug, Clone, Copy)]
pub struct Scored<'a> {
    /// The truth of the rows.
    pub truth: &'a Labels,
    /// Their weights.
    pub weights: Option<&'a [f64]>,
    /// Names of metrics.
    pub metrics: &'a [String],
    /// How often to shuffle.
    pub options: PermutationOptions,
}

fn find_all(table: &Table, names: &[String]) -> Result<Vec<usize>, ExplainError> {
    let find = |name: &String| {
        table.find(name).ok_or_else(|| {
            let known: Vec<&str> = table.columns.iter().map(|column| &*column.name).collect();
            ExplainError::Column { name: name.clone(), known: known.join(", ") }
        })
    };
    names.iter().map(find).collect()
}

/// Writes cells in another order.
fn reorder(from: &Values, order: &[usize], to: &mut Values) {
    match (from, to) {
        (Values::Numbers(from), Values::Numbers(to)) => {
            order.iter().zip(to).for_each(|(&row, cell)| *cell = from[row]);
        }
        (Values::Codes { codes: from, .. }, Values::Codes { codes: to, .. }) => {
            order.iter().zip(to).for_each(|(&row, cell)| *cell = from[row]);
        }
        _ => unreachable!("the copy of a column has its type"),
    }
}

/// What all columns share: the scores as they are, over all rows and over bootstrap draws.
struct Study<'a> {
    rows: &'a Scored<'a>,
    goals: Vec<Goal>,
    whole: Vec<f64>,
    /// Losses of the untouched prediction in each draw.
    draws: Vec<Vec<f64>>,
}

impl<'a> Study<'a> {
    fn new(
        rows: &'a Scored<'a>,
        n_rows: usize,
        untouched: &Prediction,
    ) -> Result<Self, ExplainError> {
        if n_rows == 0 {
            return Err(ExplainError::NoRows { what: "rows", mend: "give rows with known truth" });
        }
        if rows.truth.len() != n_rows {
            let text = format!("{n_rows} rows, {} of truth", rows.truth.len());
            return Err(ExplainError::Shape(text));
        }
        if rows.options.repeats == 0 {
            let mend = "at least 1";
            return Err(ExplainError::Option { name: "repeats", value: "0".into(), mend });
        }
        let goals = rows.metrics.iter().map(|name| {
            let whole = metrics::info(name).map(|info| info.goal);
            // An unknown name gets its message from the scorer below.
            whole.unwrap_or(Goal::Maximize)
        });
        let mut study = Self { rows, goals: goals.collect(), whole: vec![], draws: vec![] };
        study.whole = study.losses(untouched, rows.weights)?;
        for draw in 0..rows.options.draws {
            let weights = study.draw(draw as u64, n_rows);
            let losses = study.losses_of_draw(untouched, &weights)?;
            study.draws.push(losses);
        }
        Ok(study)
    }

    /// Row weights of a bootstrap draw: how often each row came, times its own weight.
    fn draw(&self, number: u64, n_rows: usize) -> Vec<f64> {
        let mut rng = Rng::stream(self.rows.options.seed, "permutation rows", number);
        let mut weights = vec![0.0; n_rows];
        for _ in 0..n_rows {
            let row = rng.below(n_rows);
            weights[row] += self.rows.weights.map_or(1.0, |weights| weights[row]);
        }
        weights
    }

    /// Scores, turned so that smaller is better.
    fn losses(
        &self,
        prediction: &Prediction,
        weights: Option<&[f64]>,
    ) -> Result<Vec<f64>, MetricError> {
        let scores = metrics::scores(self.rows.metrics, self.rows.truth, prediction, weights)?;
        scores.into_iter().zip(&self.goals).map(|(score, goal)| Ok(goal.loss(score?))).collect()
    }

    /// As [`Study::losses`]; NaN for a draw of rows that all weigh nothing.
    fn losses_of_draw(
        &self,
        prediction: &Prediction,
        weights: &[f64],
    ) -> Result<Vec<f64>, MetricError> {
        if weights.iter().all(|&weight| weight == 0.0) {
            return Ok(vec![f64::NAN; self.goals.len()]);
        }
        self.losses(prediction, Some(weights))
    }

    /// The shuffles of one column.
    fn orders(&self, column: &str) -> Vec<Vec<usize>> {
        let label = format!("permutation {column}");
        let order = |repeat| {
            let mut order: Vec<usize> = (0..self.rows.truth.len()).collect();
            Rng::stream(self.rows.options.seed, &label, repeat as u64).shuffle(&mut order);
            order
        };
        (0..self.rows.options.repeats).map(order).collect()
    }

    /// The importance of what `shuffled` predicts with rows in other orders.
    fn importance(
        &self,
        name: String,
        orders: &[Vec<usize>],
        mut shuffled: impl FnMut(&[usize]) -> Result<Prediction, ExplainError>,
    ) -> Result<PermutationImportance, ExplainError> {
        let n_metrics = self.goals.len();
        let mut drops = vec![vec![]; n_metrics];
        let mut strays = vec![vec![]; n_metrics];
        for (repeat, order) in orders.iter().enumerate() {
            let prediction = shuffled(order)?;
            let losses = self.losses(&prediction, self.rows.weights)?;
            for metric in 0..n_metrics {
                drops[metric].push(losses[metric] - self.whole[metric]);
            }
            let draws = self.draws.iter().enumerate().skip(repeat).step_by(orders.len());
            for (draw, untouched) in draws {
                // Drawn again, which is cheaper than to keep all draws of many rows.
                let weights = self.draw(draw as u64, self.rows.truth.len());
                let losses = self.losses_of_draw(&prediction, &weights)?;
                for metric in 0..n_metrics {
                    let drop = losses[metric] - untouched[metric];
                    strays[metric].push(drop - drops[metric][repeat]);
                }
            }
        }
        let metrics = self.rows.metrics.iter().zip(drops).zip(strays);
        let scores = metrics.map(|((metric, drops), strays)| sum_up(metric, drops, &strays));
        Ok(PermutationImportance { name, scores: scores.collect() })
    }
}

/// Mean, spread and interval of one metric.
fn sum_up(metric: &str, repeats: Vec<f64>, strays: &[f64]) -> PermutedScore {
    let n = repeats.len() as f64;
    let center = mean(&repeats);
    let squares: f64 = repeats.iter().map(|drop| (drop - center).powi(2)).sum();
    let between = if repeats.len() > 1 { squares / (n - 1.0) / n } else { 0.0 };
    // Draws without a score, as of one class only, say nothing.
    let strays: Vec<f64> = strays.iter().copied().filter(|stray| stray.is_finite()).collect();
    let rows = if strays.len() > 1 { sample_sd(&strays).powi(2) } else { 0.0 };
    let error = (between + rows).sqrt();
    PermutedScore {
        metric: metric.to_string(),
        mean: center,
        sd: (squares / n).sqrt(),
        error,
        lower: center - NORMAL_95 * error,
        upper: center + NORMAL_95 * error,
        repeats,
    }
}

#[cfg(test)]
#[path = "permutation_tests.rs"]
mod tests;
