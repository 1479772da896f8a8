//! Elastic net: least squares with an L1 and an L2 penalty.

use super::linear::{FIT_INTERCEPT, LinearModel, least_squares};
use super::{
    Args, Capabilities, Family, FitContext, FitError, Fold, Model, Moments, ParamDefault,
    ParamKind, ParamSpec,
};
use crate::domain::Params;
use crate::numeric::{Factor, symmetric_eigen};
use linfa::DatasetBase;
use linfa::traits::Fit;
use ndarray::{Array1, Array2, ShapeBuilder};

static PARAMS: [ParamSpec; 5] = [
    ParamSpec {
        name: "alpha",
        kinds: &[ParamKind::Float { low: 0.0, high: 1e12, open_low: false }],
        optional: false,
        default: ParamDefault::Float(1.0),
        about: "strength of the penalty",
    },
    ParamSpec {
        name: "l1_ratio",
        kinds: &[ParamKind::Float { low: 0.0, high: 1.0, open_low: false }],
        optional: false,
        default: ParamDefault::Float(0.5),
        about: "share of the L1 penalty: 0 is ridge, 1 is the lasso",
    },
    ParamSpec {
        name: "max_iter",
        kinds: &[ParamKind::Int { low: 1, high: 100_000_000 }],
        optional: false,
        default: ParamDefault::Int(1000),
        about: "sweeps over the coefficients at most",
    },
    ParamSpec {
        name: "tol",
        kinds: &[ParamKind::Float { low: 0.0, high: 1.0, open_low: true }],
        optional: false,
        default: ParamDefault::Float(1e-4),
        about: "duality gap at which to stop, as a share of the target's sum of squares",
    },
    FIT_INTERCEPT,
];

/// scikit-learn's `ElasticNet`: `1/(2n) ‖y − Xw‖² + α·l1_ratio ‖w‖₁ + α(1 − l1_ratio)/2 ‖w‖²`.
///
/// Coordinate descent is linfa's. linfa ignores row weights and works on all rows, so the problem that it
/// gets is another one with the same answer at every step: weighted and centered, and, where rows outnumber
/// features, rotated to as many rows as features by the eigenvectors of the fold's Gram matrix, which is
/// kept with the fold. Norms and inner products are those of the data, hence the iterates, the duality gap
/// and the stop are, too. Without an L1 part the answer is solved for directly; without a penalty it is
/// that of `linear`. Polls the flag before the descent.
#[derive(Debug)]
pub(super) struct ElasticNet;

/// Coordinate descent's input, centered and weighted so that all rows count the same.
struct Problem {
    /// Column-major, as the descent reads columns.
    x: Array2<f64>,
    y: Array1<f64>,
}

impl Family for ElasticNet {
    fn name(&self) -> &'static str {
        "elastic_net"
    }

    fn about(&self) -> &'static str {
        "linear regression with L1 and L2 penalties (linfa-elasticnet)"
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
        let (alpha, l1_ratio) = (args.float("alpha"), args.float("l1_ratio"));
        let centered = args.flag("fit_intercept");
        if alpha == 0.0 {
            return Ok(Box::new(least_squares(fold, values, centered, ctx)?));
        }
        let (n, d) = fold.x.dim();
        let own;
        let moments = if d > n {
            own = Moments::means_only(fold);
            &own
        } else {
            fold.moments()
        };
        let total = moments.total;
        let coef = if l1_ratio == 0.0 && d <= n {
            ridge(moments, alpha * total, centered)?
        } else {
            let problem = if d > n {
                Problem::wide(fold, values, moments, centered)
            } else {
                Problem::reduced(moments, centered)
            };
            problem.descend(alpha * total, &args)?
        };
        if centered {
            return Ok(Box::new(LinearModel::through(coef, &moments.mean, moments.target_mean)));
        }
        Ok(Box::new(LinearModel { coef, intercept: 0.0 }))
    }

    fn load(&self, saved: &serde_json::Value) -> Result<Box<dyn Model>, serde_json::Error> {
        LinearModel::load(saved)
    }
}

/// Gram matrix, cross products and the target's square, about the mean or the origin.
fn products(moments: &Moments, centered: bool) -> (Vec<f64>, Vec<f64>, f64) {
    let (mut gram, mut cross) = (moments.gram.clone(), moments.cross.clone());
    let mut square = moments.target_square;
    if !centered {
        let (d, mean) = (cross.len(), &moments.mean);
        for (i, row) in gram.chunks_exact_mut(d).enumerate() {
            for (g, m) in row.iter_mut().zip(mean) {
                *g += moments.total * mean[i] * m;
            }
        }
        for (c, m) in cross.iter_mut().zip(mean) {
            *c += moments.total * m * moments.target_mean;
        }
        square += moments.total * moments.target_mean * moments.target_mean;
    }
    (gram, cross, square)
}

/// Solves `(XᵀX + penalty·I) w = Xᵀy`.
fn ridge(moments: &Moments, penalty: f64, centered: bool) -> Result<Vec<f64>, FitError> {
    let (mut gram, cross, _) = products(moments, centered);
    let d = cross.len();
    for j in 0..d {
        gram[j * d + j] += penalty;
    }
    let factor = Factor::new(&gram, d).ok_or_else(|| {
        FitError::NotConverged(format!(
            "the features are dependent and 'alpha' ({:e}) is too small to tell them apart; mend: a larger \
             'alpha', or 'linear'",
            penalty / moments.total
        ))
    })?;
    Ok(factor.solve(&cross))
}

impl Problem {
    /// `d + 1` rows with the Gram matrix, cross products and target norm of all rows.
    fn reduced(moments: &Moments, centered: bool) -> Self {
        let (gram, cross, square) = products(moments, centered);
        let d = cross.len();
        let eigen = symmetric_eigen(&gram, d);
        let largest = eigen.values.iter().copied().fold(0.0, f64::max);
        let mut x = Array2::zeros((d + 1, d).f());
        let mut y = Array1::zeros(d + 1);
        for (row, (&value, vector)) in eigen.values.iter().zip(&eigen.vectors).enumerate() {
            if value <= largest * f64::EPSILON * d as f64 {
                continue;
            }
            let root = value.sqrt();
            for (cell, v) in x.row_mut(row).iter_mut().zip(vector) {
                *cell = root * v;
            }
            y[row] = vector.iter().zip(&cross).map(|(v, c)| v * c).sum::<f64>() / root;
        }
        y[d] = (square - y.dot(&y)).max(0.0).sqrt();
        Self { x, y }
    }

    /// The rows themselves.
    fn wide(fold: &Fold, values: &[f64], moments: &Moments, centered: bool) -> Self {
        let weights = fold.row_weights();
        let (n, d) = fold.x.dim();
        let mut x = Array2::zeros((n, d).f());
        for (j, mut column) in x.columns_mut().into_iter().enumerate() {
            let mean = if centered { moments.mean[j] } else { 0.0 };
            for ((cell, x), w) in column.iter_mut().zip(fold.x.column(j)).zip(weights.iter()) {
                *cell = w.sqrt() * (x - mean);
            }
        }
        let mean = if centered { moments.target_mean } else { 0.0 };
        let y = values.iter().zip(weights.iter()).map(|(y, w)| w.sqrt() * (y - mean)).collect();
        Self { x, y }
    }

    /// Minimizes `½‖y − Xw‖² + penalty (l1_ratio ‖w‖₁ + (1 − l1_ratio)/2 ‖w‖²)`.
    ///
    /// Both sides are brought to unit size first: linfa compares with an absolute epsilon.
    fn descend(self, penalty: f64, args: &Args<'_>) -> Result<Vec<f64>, FitError> {
        let Self { mut x, mut y } = self;
        let d = x.ncols();
        let x_size = x.columns().into_iter().map(|c| c.dot(&c)).fold(0.0, f64::max).sqrt();
        let y_size = y.dot(&y).sqrt();
        if x_size == 0.0 || y_size == 0.0 {
            return Ok(vec![0.0; d]);
        }
        x /= x_size;
        y /= y_size;
        let l1_ratio = args.float("l1_ratio");
        // w' = w·x_size/y_size turns the L1 part into λ/(x_size·y_size) and the L2 part into λ/x_size².
        let l1 = penalty * l1_ratio / (x_size * y_size);
        let l2 = penalty * (1.0 - l1_ratio) / (x_size * x_size);
        let n = x.nrows() as f64;
        let solver = linfa_elasticnet::ElasticNet::params()
            .with_intercept(false)
            .penalty((l1 + l2) / n)
            .l1_ratio(l1 / (l1 + l2))
            .max_iterations(u32::try_from(args.int("max_iter")).unwrap_or(u32::MAX))
            .tolerance(args.float("tol"));
        let found = solver
            .fit(&DatasetBase::new(x, y))
            .map_err(|error| FitError::NotConverged(format!("linfa-elasticnet: {error}")))?;
        Ok(found.hyperplane().iter().map(|w| w * y_size / x_size).collect())
    }
}
