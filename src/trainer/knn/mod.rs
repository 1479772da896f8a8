//! k nearest neighbors, for classes and for numbers.

mod search;

use super::require::{damaged, matrix, to_json};
use super::{
    Args, Capabilities, Family, FitContext, FitError, Fold, Form, Model, NeighborTruth,
    ParamDefault, ParamKind, ParamSpec,
};
use crate::domain::{Labels, Params, Prediction};
use ndarray::ArrayView2;
use search::{Index, Neighbor};
use serde::{Deserialize, Serialize};

static PARAMS: [ParamSpec; 3] = [
    ParamSpec {
        name: "n_neighbors",
        kinds: &[ParamKind::Int { low: 1, high: 1_000_000 }],
        optional: false,
        default: ParamDefault::Int(5),
        about: "how many neighbors vote",
    },
    ParamSpec {
        name: "weights",
        kinds: &[ParamKind::Word(&["uniform", "distance"])],
        optional: false,
        default: ParamDefault::Word("uniform"),
        about: "uniform, or distance: a vote counts 1/distance",
    },
    ParamSpec {
        name: "p",
        kinds: &[ParamKind::Int { low: 1, high: 2 }],
        optional: false,
        default: ParamDefault::Int(2),
        about: "1 for the sum of absolute differences, 2 for the Euclidean distance",
    },
];

/// scikit-learn's `KNeighborsClassifier` and `KNeighborsRegressor`; of equal distances the earlier row wins.
///
/// Few features and many rows are searched by linfa-nn's k-d tree, all else by blocks of a matrix product,
/// which linfa-nn's searches are many times slower than; the neighbors are the same either way. Fitting keeps
/// the rows and nothing else. Row weights are refused, as scikit-learn has no meaning for them here.
#[derive(Debug)]
pub(super) struct Knn;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KnnModel {
    n_neighbors: usize,
    /// Votes count 1/distance.
    by_distance: bool,
    manhattan: bool,
    n_features: usize,
    /// Row-major training rows.
    rows: Vec<f64>,
    truth: Truth,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Truth {
    Classes { codes: Vec<u32>, n_classes: usize },
    Values(Vec<f64>),
}

impl Family for Knn {
    fn name(&self) -> &'static str {
        "knn"
    }

    fn about(&self) -> &'static str {
        "k nearest neighbors (own blocked search; linfa-nn where features are few)"
    }

    fn params(&self) -> &'static [ParamSpec] {
        &PARAMS
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            classification: true,
            regression: true,
            probabilities: true,
            weights: false,
            random: false,
        }
    }

    fn fit(
        &self,
        fold: &Fold,
        params: &Params,
        ctx: &mut FitContext<'_>,
    ) -> Result<Box<dyn Model>, FitError> {
        fold.refuse_weights(self.name())?;
        fold.refuse_empty(self.name())?;
        ctx.check()?;
        let args = Args::new(params, &PARAMS);
        let n_neighbors = args.int("n_neighbors");
        let (n, d) = fold.x.dim();
        if n_neighbors > n {
            return Err(FitError::Unsuitable(format!(
                "'n_neighbors' is '{n_neighbors}', but there are {n} training rows; mend: a smaller \
                 'n_neighbors'"
            )));
        }
        Ok(Box::new(KnnModel {
            n_neighbors,
            by_distance: args.word("weights") == "distance",
            manhattan: args.int("p") == 1,
            n_features: d,
            rows: fold.x.iter().copied().collect(),
            truth: match &fold.y {
                Labels::Classes { codes, n_classes, .. } => {
                    Truth::Classes { codes: codes.clone(), n_classes: *n_classes }
                }
                Labels::Values(values) => Truth::Values(values.clone()),
            },
        }))
    }

    fn load(&self, saved: &serde_json::Value) -> Result<Box<dyn Model>, serde_json::Error> {
        let model = KnnModel::deserialize(saved)?;
        let sound = match &model.truth {
            Truth::Classes { codes, n_classes } => {
                model.fits(codes.len()) && codes.iter().all(|&code| (code as usize) < *n_classes)
            }
            Truth::Values(values) => model.fits(values.len()),
        };
        if sound { Ok(Box::new(model)) } else { Err(damaged("sizes do not match")) }
    }
}

impl KnnModel {
    fn fits(&self, n: usize) -> bool {
        self.n_features > 0
            && self.rows.len() == n * self.n_features
            && (1..=n).contains(&self.n_neighbors)
    }

    /// The share of the vote of each neighbor. Neighbors at distance 0 share it all.
    fn shares(&self, neighbors: &[Neighbor]) -> Vec<f64> {
        let weigh = |neighbor: &Neighbor| {
            if self.by_distance { 1.0 / neighbor.distance } else { 1.0 }
        };
        let mut shares: Vec<f64> = neighbors.iter().map(weigh).collect();
        if shares.iter().any(|share| share.is_infinite()) {
            for s in &mut shares {
                *s = f64::from(u8::from(s.is_infinite()));
            }
        }
        shares
    }
}

impl Model for KnnModel {
    fn predict(&self, x: ArrayView2<'_, f64>) -> Prediction {
        let rows = matrix(&self.rows, self.n_features).expect("checked when made and loaded");
        let index = Index { rows, manhattan: self.manhattan, k: self.n_neighbors };
        match &self.truth {
            Truth::Classes { codes, n_classes } => {
                let mut probabilities = vec![0.0; x.nrows() * n_classes];
                index.search(x, &mut |query, neighbors| {
                    let shares = self.shares(neighbors);
                    let target = &mut probabilities[query * n_classes..(query + 1) * n_classes];
                    for (neighbor, share) in neighbors.iter().zip(&shares) {
                        target[codes[neighbor.row] as usize] += share;
                    }
                    let total: f64 = target.iter().sum();
                    for p in target.iter_mut() {
                        *p /= total;
                    }
                });
                Prediction::from_probabilities(probabilities, *n_classes)
            }
            Truth::Values(values) => {
                let mut predicted = vec![0.0; x.nrows()];
                index.search(x, &mut |query, neighbors| {
                    let shares = self.shares(neighbors);
                    let sum: f64 =
                        neighbors.iter().zip(&shares).map(|(n, s)| values[n.row] * s).sum();
                    predicted[query] = sum / shares.iter().sum::<f64>();
                });
                Prediction::Values(predicted)
            }
        }
    }

    fn save(&self) -> serde_json::Value {
        to_json(self)
    }

    fn n_bytes(&self) -> usize {
        let truth = match &self.truth {
            Truth::Classes { codes, .. } => size_of_val(&codes[..]),
            Truth::Values(values) => size_of_val(&values[..]),
        };
        size_of_val(&self.rows[..]) + truth
    }

    fn form(&self) -> Form {
        let rows = matrix(&self.rows, self.n_features).expect("checked when made and loaded");
        let truth = match &self.truth {
            Truth::Classes { codes, n_classes } => {
                NeighborTruth::Classes { codes: codes.clone(), n_classes: *n_classes }
            }
            Truth::Values(values) => NeighborTruth::Values(values.clone()),
        };
        Form::Neighbors {
            k: self.n_neighbors,
            by_distance: self.by_distance,
            is_manhattan: self.manhattan,
            rows: rows.to_owned(),
            truth,
        }
    }
}
