//! The boosted model: a start and the sum of its trees.

use super::objective::{normalize, sigmoid};
use crate::domain::Prediction;
use crate::trainer::cart::Tree;
use crate::trainer::cart::tree::SavedTree;
use crate::trainer::{Form, Link, Model};
use ndarray::ArrayView2;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};

/// Rows that go through all trees before the next rows.
const BLOCK: usize = 128;

/// A fitted booster.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::trainer) struct BoostedModel {
    /// None for regression.
    n_classes: Option<usize>,
    n_features: usize,
    /// Scores before the first tree: one, or one a class from three classes on.
    start: Vec<f64>,
    /// Round by round, in each of them class by class.
    trees: Vec<Tree>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedBooster {
    version: u32,
    n_classes: Option<usize>,
    n_features: usize,
    start: Vec<f64>,
    trees: Vec<SavedTree>,
}

impl BoostedModel {
    /// A model of no tree.
    pub(in crate::trainer) fn new(
        n_classes: Option<usize>,
        n_features: usize,
        start: Vec<f64>,
    ) -> Self {
        Self { n_classes, n_features, start, trees: Vec::new() }
    }

    /// Adds the next tree: that of the next class, or of the next round.
    pub(in crate::trainer) fn push(&mut self, tree: Tree) {
        self.trees.push(tree);
    }

    /// Reads what [`Model::save`] wrote.
    pub(in crate::trainer) fn load(saved: &serde_json::Value) -> Result<Self, serde_json::Error> {
        let saved = SavedBooster::deserialize(saved)?;
        let width = match saved.n_classes {
            Some(n_classes) if n_classes > 2 => n_classes,
            Some(0) => 0,
            _ => 1,
        };
        if saved.version != 1
            || width == 0
            || saved.start.len() != width
            || saved.trees.len() % width != 0
        {
            return Err(serde_json::Error::custom("not a boosted model of version '1'"));
        }
        let trees = saved.trees.into_iter().map(|tree| tree.into_tree(saved.n_features, 1));
        let trees = trees.collect::<Result<_, _>>().map_err(serde_json::Error::custom)?;
        Ok(Self {
            n_classes: saved.n_classes,
            n_features: saved.n_features,
            start: saved.start,
            trees,
        })
    }

    /// Row-major `rows × width` scores.
    fn scores(&self, x: ArrayView2<'_, f64>) -> Vec<f64> {
        let (width, p) = (self.start.len(), x.ncols());
        let mut scores = self.start.repeat(x.nrows());
        let x = x.as_standard_layout();
        let Some(rows) = x.as_slice().filter(|rows| !rows.is_empty()) else { return scores };
        for (rows, scores) in rows.chunks(BLOCK * p).zip(scores.chunks_mut(BLOCK * width)) {
            for (number, tree) in self.trees.iter().enumerate() {
                for (row, scores) in rows.chunks_exact(p).zip(scores.chunks_exact_mut(width)) {
                    scores[number % width] += tree.leaf_of(row)[0];
                }
            }
        }
        scores
    }
}

impl Model for BoostedModel {
    fn predict(&self, x: ArrayView2<'_, f64>) -> Prediction {
        let mut scores = self.scores(x);
        match self.n_classes {
            None => Prediction::Values(scores),
            Some(1) => Prediction::from_probabilities(vec![1.0; scores.len()], 1),
            Some(2) => {
                let both = scores.iter().map(|&score| sigmoid(score)).flat_map(|p| [1.0 - p, p]);
                Prediction::from_probabilities(both.collect(), 2)
            }
            Some(n_classes) => {
                for row in scores.chunks_exact_mut(n_classes) {
                    normalize(row);
                }
                Prediction::from_probabilities(scores, n_classes)
            }
        }
    }

    fn save(&self) -> serde_json::Value {
        let saved = SavedBooster {
            version: 1,
            n_classes: self.n_classes,
            n_features: self.n_features,
            start: self.start.clone(),
            trees: self.trees.iter().map(Tree::to_saved).collect(),
        };
        serde_json::to_value(saved).expect("numbers and lists are always JSON")
    }

    fn n_bytes(&self) -> usize {
        self.trees.iter().map(Tree::n_bytes).sum::<usize>() + self.start.len() * size_of::<f64>()
    }

    fn form(&self) -> Form {
        let link = match self.n_classes {
            None => Link::Identity,
            Some(2) => Link::Sigmoid { classes: [0, 1], n_classes: 2 },
            Some(n_classes) => {
                Link::Softmax { classes: (0..n_classes as u32).collect(), n_classes }
            }
        };
        let trees = self.trees.iter().map(Tree::to_flat).collect();
        Form::Trees { trees, start: self.start.clone(), is_mean: false, link }
    }
}
