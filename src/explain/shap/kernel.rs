//! Shapley values of anything that predicts: all coalitions, or orders drawn at random.
//!
//! With all coalitions the weighted regression of kernel SHAP (Lundberg and Lee 2017, theorem 2) has the Shapley
//! values themselves as its solution, so they are summed directly. Beyond [`EXACT_GROUPS`] players they are averaged
//! over random orders, each together with its reverse (Mitchell et al. 2022, antithetic sampling); every order sums
//! to the output exactly, and the pairs give standard errors.

use super::attribution::{Attributions, Groups, Method, Scale, check_rows};
use crate::domain::Prediction;
use crate::explain::ExplainError;
use crate::numeric::Rng;
use ndarray::{Array2, Array3, ArrayView1, ArrayView2};
use rayon::prelude::*;

/// So many groups are the most whose coalitions are all tried: 2048.
pub const EXACT_GROUPS: usize = 11;

/// Rows that are predicted at a time.
const BATCH_ROWS: usize = 16_384;

/// How much is sampled where not all coalitions are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KernelOptions {
    /// Pairs of orders for each row, at least 2.
    pub pairs: usize,
    /// Seed of the orders.
    pub seed: u64,
}

impl Default for KernelOptions {
    fn default() -> Self {
        Self { pairs: 32, seed: 0 }
    }
}

/// Attributions of any model, a group of features a player: give the groups of [`Groups::by_source`] to explain by
/// columns of the table. Outputs are probabilities or scores of all classes, or the number.
///
/// A model that gives neither probabilities nor scores is explained by its votes.
///
/// # Errors
/// When there are no rows, groups and rows do not fit together, fewer than 2 pairs are asked for, or the model
/// predicts numbers that are not finite.
pub fn kernel(
    predict: &(dyn Fn(ArrayView2<'_, f64>) -> Prediction + Sync),
    x: ArrayView2<'_, f64>,
    background: ArrayView2<'_, f64>,
    groups: &Groups,
    options: &KernelOptions,
) -> Result<Attributions, ExplainError> {
    check_rows(x, background, None)?;
    groups.check(x.ncols())?;
    if options.pairs < 2 {
        let mend = "at least 2, since the spread between pairs is the standard error";
        return Err(ExplainError::Option { name: "pairs", value: options.pairs.to_string(), mend });
    }
    let Outputs { numbers, scale, classes } = outputs_of(predict(background))?;
    let width = classes.len().max(1);
    let base = mean_rows(&numbers, width);
    let game = Game { predict, background: background.reborrow(), groups, width, base: &base };
    let shape = (x.nrows(), width, groups.len());
    let mut values = Array3::zeros(shape);
    let is_exact = groups.len() <= EXACT_GROUPS;
    let mut errors = (!is_exact).then(|| Array3::zeros(shape));
    // Phi and its errors of each row, `groups × outputs`.
    let one = |number: usize| {
        if is_exact {
            return Ok((game.all_coalitions(x.row(number))?, vec![]));
        }
        let rng = Rng::stream(options.seed, "kernel shap", number as u64);
        game.sampled(x.row(number), options.pairs, rng)
    };
    let found =
        (0..x.nrows()).into_par_iter().map(one).collect::<Result<Vec<_>, ExplainError>>()?;
    for (number, (phi, error)) in found.iter().enumerate() {
        fill(&mut values, number, |output, group| phi[group * width + output]);
        if let Some(errors) = &mut errors {
            fill(errors, number, |output, group| error[group * width + output]);
        }
    }
    let method = if is_exact { Method::KernelExact } else { Method::KernelSampled };
    Ok(Attributions { method, scale, classes, base, values, errors })
}

fn fill(cells: &mut Array3<f64>, row: usize, value: impl Fn(usize, usize) -> f64) {
    let (_, outputs, groups) = cells.dim();
    for output in 0..outputs {
        for group in 0..groups {
            cells[[row, output, group]] = value(output, group);
        }
    }
}

/// Row-major outputs of a prediction, with their scale and the classes that they are of.
struct Outputs {
    numbers: Vec<f64>,
    scale: Scale,
    classes: Vec<u32>,
}

fn outputs_of(prediction: Prediction) -> Result<Outputs, ExplainError> {
    let (numbers, scale, classes) = match prediction {
        Prediction::Values(values) => (values, Scale::Value, vec![]),
        Prediction::Classes { codes, scores, probabilities, n_classes } => {
            let is_probability = probabilities || scores.is_none();
            let scores = scores.unwrap_or_else(|| {
                let mut votes = vec![0.0; codes.len() * n_classes];
                codes
                    .iter()
                    .enumerate()
                    .for_each(|(row, &c)| votes[row * n_classes + c as usize] = 1.0);
                votes
            });
            let scale = if is_probability { Scale::Probability } else { Scale::Score };
            (scores, scale, (0..n_classes as u32).collect())
        }
    };
    match numbers.iter().find(|value| !value.is_finite()) {
        Some(value) => {
            let what = "a prediction of the model".to_string();
            Err(ExplainError::NotFinite { what, value: value.to_string() })
        }
        None => Ok(Outputs { numbers, scale, classes }),
    }
}

fn mean_rows(numbers: &[f64], width: usize) -> Vec<f64> {
    let mut sums = vec![0.0; width];
    for row in numbers.chunks_exact(width) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    let rows = (numbers.len() / width) as f64;
    sums.into_iter().map(|sum| sum / rows).collect()
}

/// The game of one model: a coalition is worth the mean output with its groups taken from the row.
struct Game<'a> {
    predict: &'a (dyn Fn(ArrayView2<'_, f64>) -> Prediction + Sync),
    background: ArrayView2<'a, f64>,
    groups: &'a Groups,
    width: usize,
    base: &'a [f64],
}

impl Game<'_> {
    /// The worth of coalitions, `coalitions × outputs`; the model sees many of them at a time.
    fn worth(
        &self,
        row: ArrayView1<'_, f64>,
        coalitions: &[Vec<bool>],
    ) -> Result<Vec<f64>, ExplainError> {
        let rows = self.background.nrows();
        let mut worth = Vec::with_capacity(coalitions.len() * self.width);
        for some in coalitions.chunks((BATCH_ROWS / rows).max(1)) {
            let mut mixed = Array2::zeros((some.len() * rows, row.len()));
            for (mut cells, number) in mixed.rows_mut().into_iter().zip(0..) {
                let inside = &some[number / rows];
                for (feature, cell) in cells.iter_mut().enumerate() {
                    *cell = if inside[self.groups.of[feature]] {
                        row[feature]
                    } else {
                        self.background[[number % rows, feature]]
                    };
                }
            }
            let numbers = outputs_of((self.predict)(mixed.view()))?.numbers;
            if numbers.len() != some.len() * rows * self.width {
                let text =
                    format!("{} numbers predicted for {} rows", numbers.len(), mixed.nrows());
                return Err(ExplainError::Shape(text));
            }
            worth.extend(
                numbers
                    .chunks_exact(rows * self.width)
                    .flat_map(|rows| mean_rows(rows, self.width)),
            );
        }
        Ok(worth)
    }

    /// Shapley values over all coalitions, `groups × outputs`.
    fn all_coalitions(&self, row: ArrayView1<'_, f64>) -> Result<Vec<f64>, ExplainError> {
        let (m, width) = (self.groups.len(), self.width);
        let inside = |code: usize| (0..m).map(|group| code >> group & 1 == 1).collect();
        let coalitions: Vec<Vec<bool>> = (0..1usize << m).map(inside).collect();
        let worth = self.worth(row, &coalitions)?;
        // |S|! (m − |S| − 1)! / m!
        let mut weights = vec![1.0 / m as f64];
        for size in 1..m {
            weights.push(weights[size - 1] * size as f64 / (m - size) as f64);
        }
        let mut phi = vec![0.0; m * width];
        for code in 0..1usize << m {
            for group in (0..m).filter(|group| code >> group & 1 == 0) {
                let (with, weight) = (code | 1 << group, weights[code.count_ones() as usize]);
                for output in 0..width {
                    let gain = worth[with * width + output] - worth[code * width + output];
                    phi[group * width + output] += weight * gain;
                }
            }
        }
        Ok(phi)
    }

    /// Means over pairs of orders and their standard errors, `groups × outputs`.
    fn sampled(
        &self,
        row: ArrayView1<'_, f64>,
        pairs: usize,
        mut rng: Rng,
    ) -> Result<(Vec<f64>, Vec<f64>), ExplainError> {
        let (m, width) = (self.groups.len(), self.width);
        let everything = self.worth(row, &[vec![true; m]])?;
        let mut order: Vec<usize> = (0..m).collect();
        let (mut sums, mut squares) = (vec![0.0; m * width], vec![0.0; m * width]);
        for _ in 0..pairs {
            rng.shuffle(&mut order);
            let mut pair = vec![0.0; m * width];
            for _ in 0..2 {
                self.add_order(row, &order, &everything, &mut pair)?;
                order.reverse();
            }
            for ((sum, square), gain) in sums.iter_mut().zip(&mut squares).zip(pair) {
                *sum += gain / 2.0;
                *square += gain * gain / 4.0;
            }
        }
        let n = pairs as f64;
        let error = |(sum, square): (&f64, &f64)| {
            ((square - sum * sum / n).max(0.0) / (n - 1.0) / n).sqrt()
        };
        let errors = sums.iter().zip(&squares).map(error).collect();
        Ok((sums.iter().map(|sum| sum / n).collect(), errors))
    }

    /// Adds what each group brings when groups join in this order.
    fn add_order(
        &self,
        row: ArrayView1<'_, f64>,
        order: &[usize],
        everything: &[f64],
        gains: &mut [f64],
    ) -> Result<(), ExplainError> {
        let mut inside = vec![false; order.len()];
        let joined = order[..order.len() - 1].iter().map(|&group| {
            inside[group] = true;
            inside.clone()
        });
        let joined: Vec<Vec<bool>> = joined.collect();
        let mut worth = self.base.to_vec();
        worth.extend(self.worth(row, &joined)?);
        worth.extend(everything);
        for (at, &group) in order.iter().enumerate() {
            for output in 0..self.width {
                let (before, after) = (at * self.width + output, (at + 1) * self.width + output);
                gains[group * self.width + output] += worth[after] - worth[before];
            }
        }
        Ok(())
    }
}
