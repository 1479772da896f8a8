//! Interventional `TreeSHAP` (Lundberg et al. 2020): trees against background rows.
//!
//! For a row `x` and a background row `b` a leaf is worth its value to the coalitions that hold all of `A`, the
//! features that must come from `x` to reach it, and none of `B`, those that must come from `b`. Its Shapley value is
//! `(|A|−1)! |B|! / (|A|+|B|)!` for each of `A` and `−|A|! (|B|−1)! / (|A|+|B|)!` for each of `B`.

use super::attribution::{Attributions, Method, check_rows, output_classes};
use super::tree::{TreeSum, child, leaf_value};
use crate::explain::ExplainError;
use crate::trainer::{FlatTree, Form};
use ndarray::ArrayView2;

/// Attributions of trees against background rows, exact: the same as over all coalitions.
///
/// In shap's terms `feature_perturbation="interventional"`; all background rows count.
///
/// # Errors
/// When the model has no trees, there are no rows, or they do not fit the model.
pub fn tree_interventional(
    form: &Form,
    x: ArrayView2<'_, f64>,
    background: ArrayView2<'_, f64>,
) -> Result<Attributions, ExplainError> {
    check_rows(x, background, None)?;
    duels(form, x, background)
}

/// As [`tree_interventional`], of rows that lack some features: one that is NaN in a row has the values of the
/// background there whatever the coalition, so it is no player of that row's game and gets exactly 0.
///
/// # Errors
/// When the model has no trees, there are no rows, they do not fit the model, or the background lacks a feature.
pub fn tree_interventional_of_partial(
    form: &Form,
    x: ArrayView2<'_, f64>,
    background: ArrayView2<'_, f64>,
) -> Result<Attributions, ExplainError> {
    let known = x.mapv(|value| if value.is_nan() { 0.0 } else { value });
    check_rows(known.view(), background, None)?;
    duels(form, x, background)
}

fn duels(
    form: &Form,
    x: ArrayView2<'_, f64>,
    background: ArrayView2<'_, f64>,
) -> Result<Attributions, ExplainError> {
    let sum = TreeSum::new(form, x.ncols())?;
    let background_rows: Vec<Vec<f64>> =
        background.rows().into_iter().map(|b| b.to_vec()).collect();
    let scale = sum.share() / background_rows.len() as f64;
    let features = x.ncols();
    let values = sum.per_row(x, |row, cells| {
        let mut sides = Sides { of: vec![Side::Open; features], taken: vec![] };
        for (number, tree) in sum.trees.iter().enumerate() {
            let cells = &mut cells[sum.first_output(number) * features..];
            for other in &background_rows {
                Duel { tree, row, other, scale, cells, sides: &mut sides }.node(0);
            }
        }
    });
    Ok(Attributions {
        method: Method::TreeInterventional,
        scale: sum.scale(),
        classes: output_classes(sum.link, sum.outputs()),
        base: sum.mean_outputs(background),
        values,
        errors: None,
    })
}

/// Where a feature's value comes from on the way to a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Either.
    Open,
    /// The row that is explained.
    Row,
    /// The background row.
    Other,
}

/// The sides taken so far.
struct Sides {
    of: Vec<Side>,
    /// Features with a side, in the order taken.
    taken: Vec<usize>,
}

/// One row against one background row in one tree.
struct Duel<'a> {
    tree: &'a FlatTree,
    row: &'a [f64],
    other: &'a [f64],
    scale: f64,
    /// `outputs × features`, from the tree's first output on.
    cells: &'a mut [f64],
    sides: &'a mut Sides,
}

impl Duel<'_> {
    fn node(&mut self, node: usize) {
        let Some(feature) = self.tree.feature[node] else { return self.leaf(node) };
        let feature = feature as usize;
        let other = child(self.tree, node, self.other[feature]);
        let value = self.row[feature];
        let row = if value.is_nan() { other } else { child(self.tree, node, value) };
        match self.sides.of[feature] {
            _ if row == other => self.node(row),
            Side::Row => self.node(row),
            Side::Other => self.node(other),
            Side::Open => {
                self.sides.taken.push(feature);
                for (side, next) in [(Side::Row, row), (Side::Other, other)] {
                    self.sides.of[feature] = side;
                    self.node(next);
                }
                self.sides.of[feature] = Side::Open;
                self.sides.taken.pop();
            }
        }
    }

    fn leaf(&mut self, node: usize) {
        let n = self.sides.taken.len();
        if n == 0 {
            return;
        }
        let a = self.sides.taken.iter().filter(|&&f| self.sides.of[f] == Side::Row).count();
        // 1 / (n C(n−1, a−1)) and 1 / (n C(n−1, a)): the factorials above without their size.
        let of_row = if a > 0 { 1.0 / (n as f64 * choose(n - 1, a - 1)) } else { 0.0 };
        let of_other = if a < n { -1.0 / (n as f64 * choose(n - 1, a)) } else { 0.0 };
        let features = self.row.len();
        let leaf = leaf_value(self.tree, node);
        for &feature in &self.sides.taken {
            let weight = if self.sides.of[feature] == Side::Row { of_row } else { of_other };
            for (output, value) in leaf.iter().enumerate() {
                self.cells[output * features + feature] += weight * self.scale * value;
            }
        }
    }
}

/// The binomial coefficient.
fn choose(n: usize, k: usize) -> f64 {
    (0..k.min(n - k)).fold(1.0, |product, i| product * (n - i) as f64 / (i + 1) as f64)
}
