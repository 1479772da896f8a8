//! The model of one tree or of many: the mean of their leaves.

use super::Tree;
use super::tree::SavedTree;
use crate::domain::Prediction;
use crate::trainer::{Form, Link, Model};
use ndarray::ArrayView2;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};

/// Rows that go through one tree before the next tree: their answers stay in the cache.
const BLOCK: usize = 128;

/// Trees that vote with equal weight.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::trainer) struct CartModel {
    /// None for regression.
    n_classes: Option<usize>,
    n_features: usize,
    trees: Vec<Tree>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedCart {
    version: u32,
    n_classes: Option<usize>,
    n_features: usize,
    trees: Vec<SavedTree>,
}

impl CartModel {
    /// Puts trees of the same shape together.
    pub(in crate::trainer) fn new(
        n_classes: Option<usize>,
        n_features: usize,
        trees: Vec<Tree>,
    ) -> Self {
        Self { n_classes, n_features, trees }
    }

    /// Reads what [`Model::save`] wrote.
    pub(in crate::trainer) fn load(saved: &serde_json::Value) -> Result<Self, serde_json::Error> {
        let saved = SavedCart::deserialize(saved)?;
        let (n_classes, n_features) = (saved.n_classes, saved.n_features);
        if saved.version != 1 || saved.trees.is_empty() || n_classes == Some(0) {
            return Err(serde_json::Error::custom("not a model of trees of version '1'"));
        }
        let width = n_classes.unwrap_or(1);
        let trees = saved.trees.into_iter().map(|tree| tree.into_tree(n_features, width));
        let trees = trees.collect::<Result<_, _>>().map_err(serde_json::Error::custom)?;
        Ok(Self { n_classes, n_features, trees })
    }

    /// Adds a tree of the same shape.
    pub(in crate::trainer) fn push(&mut self, tree: Tree) {
        self.trees.push(tree);
    }

    /// Means of the leaves, row-major `rows × width`.
    fn means(&self, x: ArrayView2<'_, f64>) -> Vec<f64> {
        let (width, p) = (self.n_classes.unwrap_or(1), x.ncols());
        let mut means = vec![0.0; x.nrows() * width];
        let x = x.as_standard_layout();
        let Some(rows) = x.as_slice().filter(|rows| !rows.is_empty()) else { return means };
        for (rows, means) in rows.chunks(BLOCK * p).zip(means.chunks_mut(BLOCK * width)) {
            for tree in &self.trees {
                for (row, mean) in rows.chunks_exact(p).zip(means.chunks_exact_mut(width)) {
                    mean.iter_mut().zip(tree.leaf_of(row)).for_each(|(sum, leaf)| *sum += leaf);
                }
            }
        }
        if self.trees.len() > 1 {
            let n = self.trees.len() as f64;
            for mean in &mut means {
                *mean /= n;
            }
        }
        means
    }
}

impl Model for CartModel {
    fn predict(&self, x: ArrayView2<'_, f64>) -> Prediction {
        let means = self.means(x);
        match self.n_classes {
            Some(n_classes) => Prediction::from_probabilities(means, n_classes),
            None => Prediction::Values(means),
        }
    }

    fn save(&self) -> serde_json::Value {
        let trees = self.trees.iter().map(Tree::to_saved).collect();
        let saved =
            SavedCart { version: 1, n_classes: self.n_classes, n_features: self.n_features, trees };
        serde_json::to_value(saved).expect("numbers and lists are always JSON")
    }

    fn n_bytes(&self) -> usize {
        self.trees.iter().map(Tree::n_bytes).sum()
    }

    fn form(&self) -> Form {
        let width = self.n_classes.unwrap_or(1);
        let link = self.n_classes.map_or(Link::Identity, |_| Link::Probabilities);
        let trees = self.trees.iter().map(Tree::to_flat).collect();
        Form::Trees { trees, start: vec![0.0; width], is_mean: true, link }
    }
}
