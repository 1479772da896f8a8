//! What both kinds of `TreeSHAP` read of a model.

use super::attribution::Scale;
use super::linear::form_word;
use crate::explain::ExplainError;
use crate::trainer::{FlatTree, Form, Link};
use ndarray::{Array3, ArrayView2};
use rayon::prelude::*;

/// A sum of trees, seen as raw outputs before the link.
pub(super) struct TreeSum<'a> {
    pub(super) trees: &'a [FlatTree],
    pub(super) start: &'a [f64],
    is_mean: bool,
    pub(super) link: &'a Link,
}

impl<'a> TreeSum<'a> {
    /// The trees of a model over so many features.
    pub(super) fn new(form: &'a Form, features: usize) -> Result<Self, ExplainError> {
        let Form::Trees { trees, start, is_mean, link } = form else {
            return Err(ExplainError::Form {
                method: "TreeSHAP",
                form: form_word(form),
                mend: "use linear SHAP for linear models and kernel SHAP for anything",
            });
        };
        let used = trees.iter().flat_map(|tree| tree.feature.iter().flatten());
        if let Some(feature) = used.copied().find(|&feature| feature as usize >= features) {
            let text = format!("the trees ask for feature {feature}, the rows have {features}");
            return Err(ExplainError::Shape(text));
        }
        Ok(Self { trees, start, is_mean: *is_mean, link })
    }

    /// What the attributions sum to.
    pub(super) fn scale(&self) -> Scale {
        Scale::of(self.link)
    }

    /// Raw outputs.
    pub(super) fn outputs(&self) -> usize {
        self.start.len()
    }

    /// What a leaf's numbers are multiplied with.
    pub(super) fn share(&self) -> f64 {
        if self.is_mean { 1.0 / self.trees.len() as f64 } else { 1.0 }
    }

    /// The first output that tree `number` adds to; it adds to as many as its leaves are wide.
    pub(super) fn first_output(&self, number: usize) -> usize {
        if self.is_mean { 0 } else { number % self.outputs() }
    }

    /// Mean raw outputs of some rows.
    pub(super) fn mean_outputs(&self, rows: ArrayView2<'_, f64>) -> Vec<f64> {
        let mut sums = vec![0.0; self.outputs()];
        for (number, tree) in self.trees.iter().enumerate() {
            let first = self.first_output(number);
            for row in rows.rows() {
                let mut node = 0;
                while let Some(feature) = tree.feature[node] {
                    node = child(tree, node, row[feature as usize]);
                }
                let leaf = leaf_value(tree, node);
                sums[first..].iter_mut().zip(leaf).for_each(|(sum, value)| *sum += value);
            }
        }
        let scale = self.share() / rows.nrows() as f64;
        sums.iter().zip(self.start).map(|(sum, start)| start + sum * scale).collect()
    }

    /// Attributions row by row, on all cores; `explain` fills row-major `outputs × features` zeros.
    pub(super) fn per_row(
        &self,
        x: ArrayView2<'_, f64>,
        explain: impl Fn(&[f64], &mut [f64]) + Sync,
    ) -> Array3<f64> {
        let (rows, outputs, features) = (x.nrows(), self.outputs(), x.ncols());
        let mut values = vec![0.0; rows * outputs * features];
        let cells = values.par_chunks_mut((outputs * features).max(1));
        cells.enumerate().for_each(|(row, cells)| explain(&x.row(row).to_vec(), cells));
        let values = Array3::from_shape_vec((rows, outputs, features), values);
        values.expect("the cells were made for this shape")
    }
}

/// Where a value goes from a split.
pub(super) fn child(tree: &FlatTree, node: usize, value: f64) -> usize {
    let goes_left = value <= tree.threshold[node];
    if goes_left { tree.left[node] as usize } else { tree.right[node] as usize }
}

/// The numbers of a leaf.
pub(super) fn leaf_value(tree: &FlatTree, node: usize) -> &[f64] {
    &tree.value[node * tree.width..(node + 1) * tree.width]
}
