//! Metrics that are functions of sums over rows: what a draw adds up, and the gain that follows.

use crate::domain::{Goal, Labels, Prediction};
use crate::metrics;
use std::collections::BTreeMap;

/// Combinations of truth and both predictions beyond which sums by unit do not pay.
const MAX_CELLS: usize = 31;

/// A combination of the true class and both predicted ones: truth, challenger, champion.
pub(super) type Cell = (u32, u32, u32);

/// What the sums are.
#[derive(Debug, Clone)]
pub(super) enum Formula {
    /// Champion's loss less challenger's.
    MeanDifference,
    /// Both squared errors.
    RootMeans,
    /// Both squared errors, the centered truth and its square.
    Determination,
    /// Weight per cell.
    Cells(CellFormula),
}

/// A metric of the predicted classes, from weights of cells.
#[derive(Debug, Clone)]
pub(super) struct CellFormula {
    pub(super) metric: String,
    pub(super) cells: Vec<Cell>,
    pub(super) n_classes: usize,
    pub(super) positive: u32,
}

/// The columns that are summed, row by row, and the metric's formula.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    pub(super) formula: Formula,
    pub(super) goal: Goal,
    /// Numbers a row, the last one its weight.
    pub(super) width: usize,
    /// Row-major.
    pub(super) rows: Vec<f64>,
}

/// The compared rows, all in one order.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) truth: &'a Labels,
    pub(super) weights: Option<&'a [f64]>,
    pub(super) challenger: &'a Prediction,
    pub(super) champion: &'a Prediction,
}

impl Pair<'_> {
    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }
}

/// The loss of each row, if the metric is its mean (or the root of it). Smaller is better.
pub(super) fn losses(metric: &str, truth: &Labels, prediction: &Prediction) -> Option<Vec<f64>> {
    match (truth, prediction) {
        (Labels::Values(truth), Prediction::Values(said)) => {
            let of: fn(f64, f64) -> f64 = match metric {
                "mae" => |y, p| (y - p).abs(),
                "mape" => |y, p| (y - p).abs() / y.abs().max(f64::EPSILON),
                "rmse" | "r2" => |y, p| (y - p).powi(2),
                _ => return None,
            };
            Some(truth.iter().zip(said).map(|(&y, &p)| of(y, p)).collect())
        }
        (Labels::Classes { codes: truth, n_classes, .. }, Prediction::Classes { scores, .. }) => {
            let scores = scores.as_deref()?;
            let of: fn(&[f64], usize) -> f64 = match metric {
                "log_loss" => |p, class| -p[class].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln(),
                "brier" => squared_distance,
                _ => return None,
            };
            let rows = scores.chunks_exact(*n_classes).zip(truth);
            Some(rows.map(|(p, &class)| of(p, class as usize)).collect())
        }
        _ => None,
    }
}

/// As scikit-learn halves it for two classes.
fn squared_distance(p: &[f64], truth: usize) -> f64 {
    let corner = |class| if class == truth { 1.0 } else { 0.0 };
    let sum: f64 = p.iter().enumerate().map(|(class, p)| (p - corner(class)).powi(2)).sum();
    if p.len() < 3 { sum / 2.0 } else { sum }
}

/// True if the metric reads predicted classes only.
pub(super) fn reads_classes(metric: &str) -> bool {
    metrics::info(metric).is_some_and(|info| info.needs == metrics::Needs::Labels)
}

impl Sums {
    /// The columns of a metric; none where it is no function of few sums.
    pub(super) fn new(metric: &str, goal: Goal, pair: Pair<'_>) -> Option<Self> {
        let n = pair.truth.len();
        if reads_classes(metric) {
            return Self::cells(metric, goal, pair);
        }
        let ours = losses(metric, pair.truth, pair.challenger)?;
        let theirs = losses(metric, pair.truth, pair.champion)?;
        let mut rows = Vec::new();
        let formula = match (metric, pair.truth) {
            ("rmse", _) => {
                for row in 0..n {
                    let w = pair.weight(row);
                    rows.extend([w * ours[row], w * theirs[row], w]);
                }
                Formula::RootMeans
            }
            ("r2", Labels::Values(truth)) => {
                let total: f64 = (0..n).map(|row| pair.weight(row)).sum();
                let mean = (0..n).map(|row| pair.weight(row) * truth[row]).sum::<f64>() / total;
                for row in 0..n {
                    let (w, y) = (pair.weight(row), truth[row] - mean);
                    rows.extend([w * ours[row], w * theirs[row], w * y, w * y * y, w]);
                }
                Formula::Determination
            }
            _ => {
                for row in 0..n {
                    let w = pair.weight(row);
                    rows.extend([w * (theirs[row] - ours[row]), w]);
                }
                Formula::MeanDifference
            }
        };
        let width = rows.len() / n.max(1);
        Some(Self { formula, goal, width, rows })
    }

    fn cells(metric: &str, goal: Goal, pair: Pair<'_>) -> Option<Self> {
        let (formula, places) = CellFormula::new(metric, pair)?;
        let width = formula.cells.len() + 1;
        if formula.cells.len() > MAX_CELLS {
            return None;
        }
        let mut rows = vec![0.0; width * places.len()];
        for (row, &place) in places.iter().enumerate() {
            rows[row * width + place] = pair.weight(row);
            rows[row * width + width - 1] = pair.weight(row);
        }
        Some(Self { formula: Formula::Cells(formula), goal, width, rows })
    }

    /// How much better the challenger is, from sums. NaN without weight.
    pub(super) fn gain(&self, totals: &[f64]) -> f64 {
        let weight = totals[self.width - 1];
        let lower_is_better = |ours: f64, theirs: f64| match self.goal {
            Goal::Minimize => theirs - ours,
            Goal::Maximize => ours - theirs,
        };
        match &self.formula {
            Formula::MeanDifference => {
                let gain = totals[0] / weight;
                if self.goal == Goal::Minimize { gain } else { -gain }
            }
            Formula::RootMeans => {
                let root = |sum: f64| (sum.max(0.0) / weight).sqrt();
                lower_is_better(root(totals[0]), root(totals[1]))
            }
            Formula::Determination => {
                let spread = (totals[3] - totals[2] * totals[2] / weight).max(0.0);
                let share = |residual: f64| match (residual, spread) {
                    (0.0, _) => 1.0,
                    (_, 0.0) => 0.0,
                    _ => 1.0 - residual / spread,
                };
                lower_is_better(share(totals[0]), share(totals[1]))
            }
            Formula::Cells(cells) => cells.gain(self.goal, &totals[..cells.cells.len()]),
        }
    }

    /// A row's numbers if both models changed places.
    pub(super) fn swapped(&self, row: &[f64], out: &mut [f64]) {
        out.copy_from_slice(row);
        match &self.formula {
            Formula::MeanDifference => out[0] = -row[0],
            Formula::RootMeans | Formula::Determination => out.swap(0, 1),
            Formula::Cells(cells) => {
                for (place, mirror) in cells.mirrors() {
                    out[place] = mirror.map_or(0.0, |mirror| row[mirror]);
                }
            }
        }
    }
}

impl CellFormula {
    /// The formula, and the cell of each row. Cells are closed under a change of places of both models.
    pub(super) fn new(metric: &str, pair: Pair<'_>) -> Option<(Self, Vec<usize>)> {
        let (
            Labels::Classes { codes: truth, n_classes, positive },
            Prediction::Classes { codes: ours, .. },
            Prediction::Classes { codes: theirs, .. },
        ) = (pair.truth, pair.challenger, pair.champion)
        else {
            return None;
        };
        let mut places: BTreeMap<Cell, usize> = BTreeMap::new();
        for row in 0..truth.len() {
            places.insert((truth[row], ours[row], theirs[row]), 0);
            places.insert((truth[row], theirs[row], ours[row]), 0);
        }
        for (at, place) in places.values_mut().enumerate() {
            *place = at;
        }
        let of_row =
            (0..truth.len()).map(|row| places[&(truth[row], ours[row], theirs[row])]).collect();
        let cells = places.into_keys().collect();
        let metric = metric.to_string();
        Some((Self { metric, cells, n_classes: *n_classes, positive: *positive }, of_row))
    }

    /// Each cell with the one of both models in each other's place.
    pub(super) fn mirrors(&self) -> impl Iterator<Item = (usize, Option<usize>)> + '_ {
        self.cells.iter().enumerate().map(|(place, &(truth, ours, theirs))| {
            (place, self.cells.binary_search(&(truth, theirs, ours)).ok())
        })
    }

    /// How much better the challenger is, from the weight of each cell.
    pub(super) fn gain(&self, goal: Goal, weights: &[f64]) -> f64 {
        if self.metric == "accuracy" {
            // The common case without a detour: whole counts make exact ties.
            let right = |pick: fn(&Cell) -> u32| -> f64 {
                let hits = self.cells.iter().zip(weights).filter(|(cell, _)| pick(cell) == cell.0);
                hits.map(|(_, weight)| weight).sum()
            };
            let difference = right(|cell| cell.1) - right(|cell| cell.2);
            let share = difference / weights.iter().sum::<f64>();
            return if goal == Goal::Maximize { share } else { -share };
        }
        let ours = self.score(weights, |cell| cell.1);
        let theirs = self.score(weights, |cell| cell.2);
        goal.loss(theirs) - goal.loss(ours)
    }

    fn score(&self, weights: &[f64], pick: fn(&Cell) -> u32) -> f64 {
        let drawn = || self.cells.iter().zip(weights).filter(|(_, weight)| **weight != 0.0);
        let truth = Labels::Classes {
            codes: drawn().map(|(cell, _)| cell.0).collect(),
            n_classes: self.n_classes,
            positive: self.positive,
        };
        let said = Prediction::Classes {
            codes: drawn().map(|(cell, _)| pick(cell)).collect(),
            scores: None,
            probabilities: false,
            n_classes: self.n_classes,
        };
        let weights: Vec<f64> = drawn().map(|(_, weight)| *weight).collect();
        metrics::score(&self.metric, &truth, &said, Some(&weights)).unwrap_or(f64::NAN)
    }
}
