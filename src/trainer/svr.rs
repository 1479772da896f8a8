//! Support vector regression.

use super::require::{damaged, matrix, to_json};
use super::smo::{COEF0, DEGREE, Dual, GAMMA, KERNEL, Kernel, KernelSpace, Stop, solve, squares};
use super::{
    Args, Capabilities, Family, FitContext, FitError, Fold, Form, KernelForm, Model, ParamDefault,
    ParamKind, ParamSpec,
};
use crate::domain::{Params, Prediction};
use ndarray::{ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

/// How strongly errors count; shared with the classifier.
pub(super) const C: ParamSpec = ParamSpec {
    name: "C",
    kinds: &[ParamKind::Float { low: 0.0, high: 1e12, open_low: true }],
    optional: false,
    default: ParamDefault::Float(1.0),
    about: "inverse strength of the penalty",
};

/// The stop; shared with the classifier.
pub(super) const TOL: ParamSpec = ParamSpec {
    name: "tol",
    kinds: &[ParamKind::Float { low: 0.0, high: 1.0, open_low: true }],
    optional: false,
    default: ParamDefault::Float(1e-3),
    about: "violation of the optimality conditions at which to stop",
};

/// The limit; shared with the classifier.
pub(super) const MAX_ITER: ParamSpec = ParamSpec {
    name: "max_iter",
    kinds: &[ParamKind::Int { low: 1, high: 1_000_000_000_000 }],
    optional: true,
    default: ParamDefault::None,
    about: "pairs of coefficients to optimize at most; none for no limit",
};

static PARAMS: [ParamSpec; 8] = [
    KERNEL,
    C,
    ParamSpec {
        name: "epsilon",
        kinds: &[ParamKind::Float { low: 0.0, high: 1e12, open_low: false }],
        optional: false,
        default: ParamDefault::Float(0.1),
        about: "errors up to this cost nothing",
    },
    GAMMA,
    DEGREE,
    COEF0,
    TOL,
    MAX_ITER,
];

/// Epsilon-insensitive support vector regression, as scikit-learn's `SVR`.
///
/// The solver is ours: linfa-svm ignores row weights and keeps the whole kernel matrix whatever its size.
/// A row's weight multiplies its `C`. Polls the flag every 1024 iterations.
#[derive(Debug)]
pub(super) struct Svr;

/// `Σ coef K(vector, x) − rho`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SvrModel {
    kernel: Kernel,
    n_features: usize,
    /// Row-major support vectors.
    vectors: Vec<f64>,
    coef: Vec<f64>,
    rho: f64,
}

impl Family for Svr {
    fn name(&self) -> &'static str {
        "svr"
    }

    fn about(&self) -> &'static str {
        "support vector regression (own SMO)"
    }

    fn params(&self) -> &'static [ParamSpec] {
        &PARAMS
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            classification: false,
            regression: true,
            probabilities: false,
            weights: true,
            random: false,
        }
    }

    fn fit(
        &self,
        fold: &Fold,
        params: &Params,
        ctx: &mut FitContext<'_>,
    ) -> Result<Box<dyn Model>, FitError> {
        let values = fold.values(self.name())?;
        fold.refuse_empty(self.name())?;
        ctx.check()?;
        let args = Args::new(params, &PARAMS);
        let kernel = Kernel::from_args(&args, fold);
        let space = KernelSpace::new(fold, kernel, ctx.memory_mb)?;
        let weights = fold.row_weights();
        let used: Vec<usize> = (0..values.len()).filter(|&row| weights[row] > 0.0).collect();
        let (c, epsilon) = (args.float("C"), args.float("epsilon"));
        let (n, both) = (used.len(), || used.iter().chain(&used));
        let dual =
            Dual {
                signs: (0..2 * n).map(|t| if t < n { 1.0 } else { -1.0 }).collect(),
                linear: (0..2 * n)
                    .map(|t| {
                        if t < n {
                            epsilon - values[used[t]]
                        } else {
                            epsilon + values[used[t - n]]
                        }
                    })
                    .collect(),
                bounds: both().map(|&row| c * weights[row]).collect(),
            };
        let stop = Stop { tol: args.float("tol"), max_iter: args.optional_int("max_iter") };
        let mut rows = space.rows(used.clone());
        let found = solve(&dual, &mut rows, stop, &mut || ctx.check())?;
        let coef = |t: usize| found.alpha[t] - found.alpha[t + n];
        let support: Vec<usize> = (0..n).filter(|&t| coef(t) != 0.0).collect();
        let at: Vec<usize> = support.iter().map(|&t| used[t]).collect();
        Ok(Box::new(SvrModel {
            kernel,
            n_features: fold.x.ncols(),
            vectors: fold.x.select(Axis(0), &at).into_raw_vec_and_offset().0,
            coef: support.into_iter().map(coef).collect(),
            rho: found.rho,
        }))
    }

    fn load(&self, saved: &serde_json::Value) -> Result<Box<dyn Model>, serde_json::Error> {
        let model = SvrModel::deserialize(saved)?;
        if model.n_features == 0 || model.vectors.len() != model.n_features * model.coef.len() {
            return Err(damaged("sizes do not match"));
        }
        Ok(Box::new(model))
    }
}

impl Model for SvrModel {
    fn predict(&self, x: ArrayView2<'_, f64>) -> Prediction {
        let vectors = matrix(&self.vectors, self.n_features).expect("checked when made and loaded");
        let (norms, coef) = (squares(vectors), ArrayView1::from(&self.coef));
        let mut values = Vec::with_capacity(x.nrows());
        for block in x.axis_chunks_iter(Axis(0), 256) {
            let sums = self.kernel.between(block, vectors, &norms).dot(&coef);
            values.extend(sums.iter().map(|sum| sum - self.rho));
        }
        Prediction::Values(values)
    }

    fn save(&self) -> serde_json::Value {
        to_json(self)
    }

    fn n_bytes(&self) -> usize {
        (self.vectors.len() + self.coef.len() + 1) * size_of::<f64>()
    }

    fn form(&self) -> Form {
        let vectors = matrix(&self.vectors, self.n_features).expect("checked when made and loaded");
        Form::Kernel(KernelForm {
            kernel: self.kernel.kind(),
            vectors: vectors.to_owned(),
            coef: self.coef.clone(),
            rho: vec![self.rho],
            machine: None,
        })
    }
}
