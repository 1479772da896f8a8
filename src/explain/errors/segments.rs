//! The weakest segments: parts of the rows, in words of one or two columns, where the model is worse than elsewhere.
//!
//! A search over many segments always finds a bad one. Each therefore has a p-value for the whole search: how often
//! the worst segment of shuffled losses is as bad. Its score's interval is that of the rows in it, once chosen.

use super::bins::{Binned, SegmentCondition};
use super::rows::{LossKind, row_losses};
use super::search::{Found, Search};
use crate::data::Table;
use crate::domain::{Labels, Prediction};
use crate::explain::ExplainError;
use crate::metrics;
use crate::numeric::{Rng, quantile_sorted};
use rayon::prelude::*;

/// Fewer rows make no segment.
const MIN_ROWS: usize = 10;

/// What to look for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SegmentOptions {
    /// The smallest share of the rows, in (0, 0.5].
    pub min_share: f64,
    /// Segments at most.
    pub count: usize,
    /// Bootstrap draws of a segment's score.
    pub draws: usize,
    /// Shuffles of the losses for the p-values.
    pub shuffles: usize,
    /// Seed of draws and shuffles.
    pub seed: u64,
}

impl Default for SegmentOptions {
    fn default() -> Self {
        Self { min_share: 0.05, count: 5, draws: 500, shuffles: 99, seed: 0 }
    }
}

/// The rows to look at.
#[derive(Debug, Clone, Copy)]
pub struct Segmented<'a> {
    /// These rows and no others.
    pub table: &'a Table,
    /// Columns that may define a segment; free text never does.
    pub columns: &'a [usize],
    /// Their truth.
    pub truth: &'a Labels,
    /// What the model says of them.
    pub prediction: &'a Prediction,
    /// Row weights.
    pub weights: Option<&'a [f64]>,
    /// The metric of a segment's score.
    pub metric: &'a str,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Segments {
    /// The loss that was searched on.
    pub kind: LossKind,
    /// Its mean over all rows.
    pub mean_loss: f64,
    /// The score of all rows.
    pub score: f64,
    /// Weakest first; none if no part is worse than the whole.
    pub segments: Vec<Segment>,
}

/// A part of the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// All hold: one or two.
    pub conditions: Vec<SegmentCondition>,
    /// Its rows, ascending.
    pub rows: Vec<u32>,
    /// Share of all rows.
    pub share: f64,
    /// Mean loss.
    pub mean_loss: f64,
    /// How many standard errors the mean loss is above that of all rows.
    pub excess: f64,
    /// Probability that a search in shuffled losses finds a segment as bad.
    pub p: f64,
    /// The metric on its rows; NaN where it is not defined.
    pub score: f64,
    /// Lower end of the 95 % interval of the score (bootstrap percentiles); NaN where most draws have none.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// Finds the weakest segments, by trees of depth 2 on the loss of each row.
///
/// # Errors
/// When rows, truth, prediction or weights do not belong together, a column or option is out of range, or the
/// metric does not suit.
pub fn weakest_segments(
    rows: &Segmented<'_>,
    options: &SegmentOptions,
) -> Result<Segments, ExplainError> {
    let n = rows.truth.len();
    check(rows, options)?;
    let losses = row_losses(rows.truth, rows.prediction)?;
    let score = metrics::score(rows.metric, rows.truth, rows.prediction, rows.weights)?;
    let columns: Vec<Binned> =
        rows.columns.iter().filter_map(|&idx| Binned::new(&rows.table.columns[idx])).collect();
    let min_rows = ((options.min_share * n as f64).ceil() as usize).max(MIN_ROWS);
    let search = Search { columns: &columns, weights: rows.weights, min_rows };
    let found = search.run(&losses.values, options.count);
    let chance =
        if found.is_empty() { vec![] } else { by_chance(&search, &losses.values, options) };
    let all: Vec<u32> = (0..n as u32).collect();
    let one = |(number, found): (usize, Found)| {
        let worse = chance.iter().filter(|&&excess| excess >= found.excess).count();
        let (score, lower, upper) = interval(rows, &found.rows, options, number)?;
        Ok(Segment {
            conditions: found
                .sides
                .iter()
                .map(|(column, bins)| columns[*column].condition(bins))
                .collect(),
            share: found.rows.len() as f64 / n as f64,
            mean_loss: mean_of(&losses.values, &found.rows, rows.weights),
            excess: found.excess,
            p: (1 + worse) as f64 / (1 + chance.len()) as f64,
            rows: found.rows,
            score,
            lower,
            upper,
        })
    };
    let segments = found.into_iter().enumerate().map(one).collect::<Result<_, ExplainError>>()?;
    let mean_loss = mean_of(&losses.values, &all, rows.weights);
    Ok(Segments { kind: losses.kind, mean_loss, score, segments })
}

fn check(rows: &Segmented<'_>, options: &SegmentOptions) -> Result<(), ExplainError> {
    let n = rows.truth.len();
    if n == 0 {
        return Err(ExplainError::NoRows { what: "rows", mend: "give rows with known truth" });
    }
    if rows.table.n_rows != n {
        let text = format!("{} rows in the table, {n} of truth", rows.table.n_rows);
        return Err(ExplainError::Shape(text));
    }
    if let Some(idx) = rows.columns.iter().find(|&&idx| idx >= rows.table.columns.len()) {
        return Err(ExplainError::Shape(format!("column {idx} of {}", rows.table.columns.len())));
    }
    if !(options.min_share > 0.0 && options.min_share <= 0.5) {
        let (value, mend) = (options.min_share.to_string(), "a share in (0, 0.5], such as 0.05");
        return Err(ExplainError::Option { name: "min_share", value, mend });
    }
    Ok(())
}

/// The excess of the worst segment in each of some shuffles of the losses.
fn by_chance(search: &Search<'_>, losses: &[f64], options: &SegmentOptions) -> Vec<f64> {
    let one = |number: usize| {
        let mut shuffled = losses.to_vec();
        Rng::stream(options.seed, "segment chance", number as u64).shuffle(&mut shuffled);
        search.worst(&shuffled)
    };
    (0..options.shuffles).into_par_iter().map(one).collect()
}

/// The score of some rows with its interval.
fn interval(
    rows: &Segmented<'_>,
    inside: &[u32],
    options: &SegmentOptions,
    number: usize,
) -> Result<(f64, f64, f64), ExplainError> {
    let rows_of = |drawn: &[usize]| -> Result<f64, ExplainError> {
        let weights: Option<Vec<f64>> =
            rows.weights.map(|weights| drawn.iter().map(|&row| weights[row]).collect());
        if weights.as_ref().is_some_and(|weights| weights.iter().all(|&weight| weight == 0.0)) {
            return Ok(f64::NAN);
        }
        let truth = rows.truth.take(drawn);
        let prediction = take(rows.prediction, drawn);
        Ok(metrics::score(rows.metric, &truth, &prediction, weights.as_deref())?)
    };
    let inside: Vec<usize> = inside.iter().map(|&row| row as usize).collect();
    let draw = |draw: usize| {
        let label = format!("segment {number}");
        let mut rng = Rng::stream(options.seed, &label, draw as u64);
        let drawn: Vec<usize> = inside.iter().map(|_| inside[rng.below(inside.len())]).collect();
        rows_of(&drawn)
    };
    let drawn = (0..options.draws).into_par_iter().map(draw).collect::<Result<Vec<f64>, _>>()?;
    let mut drawn: Vec<f64> = drawn.into_iter().filter(|score| !score.is_nan()).collect();
    drawn.sort_by(f64::total_cmp);
    let score = rows_of(&inside)?;
    if 2 * drawn.len() <= options.draws {
        return Ok((score, f64::NAN, f64::NAN));
    }
    Ok((score, quantile_sorted(&drawn, 0.025), quantile_sorted(&drawn, 0.975)))
}

/// Some rows of a prediction.
fn take(prediction: &Prediction, rows: &[usize]) -> Prediction {
    match prediction {
        Prediction::Values(values) => {
            Prediction::Values(rows.iter().map(|&row| values[row]).collect())
        }
        Prediction::Classes { codes, scores, probabilities, n_classes } => {
            let n = *n_classes;
            let cells = |scores: &Vec<f64>| {
                rows.iter().flat_map(|&row| &scores[row * n..(row + 1) * n]).copied().collect()
            };
            Prediction::Classes {
                codes: rows.iter().map(|&row| codes[row]).collect(),
                scores: scores.as_ref().map(cells),
                probabilities: *probabilities,
                n_classes: n,
            }
        }
    }
}

fn mean_of(losses: &[f64], rows: &[u32], weights: Option<&[f64]>) -> f64 {
    let weight = |row: u32| weights.map_or(1.0, |weights| weights[row as usize]);
    let total: f64 = rows.iter().map(|&row| weight(row)).sum();
    rows.iter().map(|&row| weight(row) * losses[row as usize]).sum::<f64>() / total
}
