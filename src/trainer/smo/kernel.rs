//! Kernels, and their matrix: whole where it is small, else rows on demand in a bounded cache.

use super::super::{Args, FitError, Fold, KernelKind, ParamDefault, ParamKind, ParamSpec};
use ndarray::{Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Bytes up to which the whole kernel matrix is made at once: 2 236 rows.
const WHOLE_BYTES: usize = 40_000_000;

/// Which kernel; shared by the two families, as are its parameters.
pub(in super::super) const KERNEL: ParamSpec = ParamSpec {
    name: "kernel",
    kinds: &[ParamKind::Word(&["rbf", "linear", "poly"])],
    optional: false,
    default: ParamDefault::Word("rbf"),
    about: "rbf, linear, or poly",
};

/// See its `about`.
pub(in super::super) const GAMMA: ParamSpec = ParamSpec {
    name: "gamma",
    kinds: &[
        ParamKind::Word(&["scale", "auto"]),
        ParamKind::Float { low: 0.0, high: 1e12, open_low: true },
    ],
    optional: false,
    default: ParamDefault::Word("scale"),
    about: "kernel coefficient; scale is 1 / (features × variance), auto is 1 / features",
};

/// See its `about`.
pub(in super::super) const DEGREE: ParamSpec = ParamSpec {
    name: "degree",
    kinds: &[ParamKind::Int { low: 1, high: 20 }],
    optional: false,
    default: ParamDefault::Int(3),
    about: "degree of the poly kernel",
};

/// See its `about`.
pub(in super::super) const COEF0: ParamSpec = ParamSpec {
    name: "coef0",
    kinds: &[ParamKind::Float { low: -1e12, high: 1e12, open_low: false }],
    optional: false,
    default: ParamDefault::Float(0.0),
    about: "constant term of the poly kernel",
};

/// A kernel of two rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Kernel {
    /// `x·z`.
    Linear,
    /// `exp(−gamma ‖x − z‖²)`.
    Rbf {
        /// See the formula.
        gamma: f64,
    },
    /// `(gamma x·z + coef0)^degree`.
    Poly {
        /// See the formula.
        gamma: f64,
        /// See the formula.
        coef0: f64,
        /// See the formula.
        degree: i32,
    },
}

impl Kernel {
    /// The kernel of a configuration. `scale` uses the weighted variance of all cells of the fold.
    pub(in super::super) fn from_args(args: &Args<'_>, fold: &Fold) -> Self {
        let gamma = || match args.value("gamma").as_str() {
            Some("auto") => 1.0 / fold.x.ncols() as f64,
            Some(_) => scale(fold),
            None => args.float("gamma"),
        };
        match args.word("kernel").as_str() {
            "linear" => Self::Linear,
            "poly" => Self::Poly {
                gamma: gamma(),
                coef0: args.float("coef0"),
                degree: args.int("degree") as i32,
            },
            _ => Self::Rbf { gamma: gamma() },
        }
    }

    /// The same for exporters.
    pub(in super::super) fn kind(self) -> KernelKind {
        match self {
            Self::Linear => KernelKind::Linear,
            Self::Rbf { gamma } => KernelKind::Rbf { gamma },
            Self::Poly { gamma, coef0, degree } => KernelKind::Poly { gamma, coef0, degree },
        }
    }

    /// The kernel from the inner product and the two squared norms.
    fn of(self, dot: f64, left: f64, right: f64) -> f64 {
        match self {
            Self::Linear => dot,
            Self::Rbf { gamma } => (-gamma * (left + right - 2.0 * dot).max(0.0)).exp(),
            Self::Poly { gamma, coef0, degree } => (gamma * dot + coef0).powi(degree),
        }
    }

    /// Kernel of every row of `x` with every row of `vectors`.
    pub(in super::super) fn between(
        self,
        x: ArrayView2<'_, f64>,
        vectors: ArrayView2<'_, f64>,
        squares: &[f64],
    ) -> Array2<f64> {
        let mut products = x.dot(&vectors.t());
        for (row, mut cells) in x.rows().into_iter().zip(products.rows_mut()) {
            let left = row.dot(&row);
            for (cell, &right) in cells.iter_mut().zip(squares) {
                *cell = self.of(*cell, left, right);
            }
        }
        products
    }
}

/// scikit-learn's `gamma="scale"`; 1 for features that never vary.
fn scale(fold: &Fold) -> f64 {
    let weights = fold.row_weights();
    let cells = weights.iter().sum::<f64>() * fold.x.ncols() as f64;
    let weighted = |of: &dyn Fn(f64) -> f64| {
        let rows = fold.x.rows().into_iter().zip(weights.iter());
        rows.map(|(row, w)| w * row.iter().map(|&x| of(x)).sum::<f64>()).sum::<f64>() / cells
    };
    let mean = weighted(&|x| x);
    let variance = weighted(&|x| (x - mean) * (x - mean));
    if variance > 0.0 { 1.0 / (fold.x.ncols() as f64 * variance) } else { 1.0 }
}

/// Squared norms of rows.
pub(in super::super) fn squares(x: ArrayView2<'_, f64>) -> Vec<f64> {
    x.rows().into_iter().map(|row| row.dot(&row)).collect()
}

/// The kernel over the rows of a fold.
pub(in super::super) struct KernelSpace<'a> {
    x: ArrayView2<'a, f64>,
    squares: Vec<f64>,
    kernel: Kernel,
    whole: Option<Cow<'a, [f64]>>,
    /// Bytes that cached rows may take.
    budget: usize,
}

impl<'a> KernelSpace<'a> {
    /// The kernel over a fold, whole if it is small; half the memory limit may go to it.
    pub(in super::super) fn new(
        fold: &'a Fold,
        kernel: Kernel,
        memory_mb: u64,
    ) -> Result<Self, FitError> {
        let (n, d) = fold.x.dim();
        let limit = usize::try_from(memory_mb).unwrap_or(usize::MAX).saturating_mul(1_000_000);
        let least = (n * d + 4 * n) * size_of::<f64>();
        if least > limit {
            return Err(FitError::TooLarge {
                what: format!("two rows of the {n} × {n} kernel matrix and a copy of the features"),
                needed_mb: least.div_ceil(1_000_000) as u64,
                limit_mb: memory_mb,
                mend: "a larger 'memory_mb', or fewer rows".into(),
            });
        }
        let whole_bytes = n * n * size_of::<f64>();
        let mut space = Self::lazy(fold.x.view(), kernel, limit / 2);
        if whole_bytes <= WHOLE_BYTES.min(limit / 2) {
            space.fill(fold.products(), n);
        }
        Ok(space)
    }

    /// Rows on demand.
    pub(super) fn lazy(x: ArrayView2<'a, f64>, kernel: Kernel, budget: usize) -> Self {
        Self { x, squares: squares(x), kernel, whole: None, budget }
    }

    fn fill(&mut self, products: &'a [f64], n: usize) {
        if self.kernel == Kernel::Linear {
            self.whole = Some(Cow::Borrowed(products));
            return;
        }
        let mut whole = vec![0.0; n * n];
        for i in 0..n {
            // The diagonal of the products is the norm that makes the distance to itself 0.
            let left = products[i * n + i];
            for j in 0..=i {
                let value = self.kernel.of(products[i * n + j], left, products[j * n + j]);
                whole[i * n + j] = value;
                whole[j * n + i] = value;
            }
        }
        self.whole = Some(Cow::Owned(whole));
    }

    /// The kernel of two rows.
    pub(in super::super) fn value(&self, i: usize, j: usize) -> f64 {
        if let Some(whole) = &self.whole {
            return whole[i * self.squares.len() + j];
        }
        let dot = self.x.row(i).dot(&self.x.row(j));
        self.kernel.of(dot, self.squares[i], self.squares[j])
    }

    /// The matrix over some rows, by their index in the fold.
    pub(in super::super) fn rows(&self, subset: Vec<usize>) -> Rows<'_> {
        let n = subset.len();
        let diagonal = subset.iter().map(|&row| self.value(row, row)).collect();
        let everything = n == self.squares.len() && subset.iter().copied().eq(0..n);
        let source = match &self.whole {
            Some(whole) if everything => Source::Whole(whole),
            Some(whole) => Source::Part { whole, n: self.squares.len() },
            None => Source::Features {
                x: self.x.select(Axis(0), &subset),
                squares: subset.iter().map(|&row| self.squares[row]).collect(),
                kernel: self.kernel,
            },
        };
        let capacity = (self.budget / (n.max(1) * size_of::<f64>())).max(2);
        Rows {
            source,
            subset,
            diagonal,
            made: vec![Vec::new(); n],
            used: vec![0; n],
            clock: 0,
            held: 0,
            capacity,
        }
    }
}

enum Source<'a> {
    /// All rows, already made.
    Whole(&'a [f64]),
    /// Some rows of a matrix that is already made.
    Part { whole: &'a [f64], n: usize },
    /// Features of the rows.
    Features { x: Array2<f64>, squares: Vec<f64>, kernel: Kernel },
}

/// Rows of a kernel matrix, made on demand; the one unused for longest gives way.
pub(in super::super) struct Rows<'a> {
    source: Source<'a>,
    subset: Vec<usize>,
    diagonal: Vec<f64>,
    /// Empty where it is not held.
    made: Vec<Vec<f64>>,
    used: Vec<u64>,
    clock: u64,
    held: usize,
    capacity: usize,
}

impl Rows<'_> {
    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.subset.len()
    }

    /// The kernel of each row with itself.
    pub(super) fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    /// A row that [`Rows::hold`] was last or next to last called for.
    pub(super) fn get(&self, i: usize) -> &[f64] {
        let n = self.subset.len();
        if let Source::Whole(whole) = self.source { &whole[i * n..][..n] } else { &self.made[i] }
    }

    /// Makes row `i` available without dropping row `keep`.
    pub(super) fn hold(&mut self, i: usize, keep: usize) {
        if matches!(self.source, Source::Whole(_)) {
            return;
        }
        self.clock += 1;
        self.used[i] = self.clock;
        if !self.made[i].is_empty() {
            return;
        }
        let mut row = if self.held < self.capacity {
            self.held += 1;
            Vec::new()
        } else {
            let candidates =
                (0..self.made.len()).filter(|&r| r != keep && !self.made[r].is_empty());
            candidates
                .min_by_key(|&r| self.used[r])
                .map(|oldest| std::mem::take(&mut self.made[oldest]))
                .unwrap_or_default()
        };
        row.clear();
        match &self.source {
            Source::Whole(_) => {}
            Source::Part { whole, n } => {
                let from = &whole[self.subset[i] * n..][..*n];
                row.extend(self.subset.iter().map(|&j| from[j]));
            }
            Source::Features { x, squares, kernel } => {
                let dots = x.dot(&x.row(i));
                let left = squares[i];
                row.extend(
                    dots.iter().zip(squares).map(|(&dot, &right)| kernel.of(dot, left, right)),
                );
                row[i] = self.diagonal[i];
            }
        }
        self.made[i] = row;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Labels;

    fn fold() -> Fold {
        let x = Array2::from_shape_fn((40, 3), |(i, j)| ((i * 7 + j * 3) % 11) as f64 / 3.0);
        Fold::new(x, Labels::Values(vec![0.0; 40]), None)
    }

    #[test]
    fn whole_part_and_rows_on_demand_agree() {
        let fold = fold();
        let kernels = [
            Kernel::Linear,
            Kernel::Rbf { gamma: 0.3 },
            Kernel::Poly { gamma: 0.5, coef0: 1.0, degree: 3 },
        ];
        for kernel in kernels {
            let whole = KernelSpace::new(&fold, kernel, 1000).unwrap();
            assert!(whole.whole.is_some());
            let lazy = KernelSpace::lazy(fold.x.view(), kernel, 3 * 20 * 8);
            let subset: Vec<usize> = (0..40).step_by(2).collect();
            let (mut a, mut b) = (whole.rows(subset.clone()), lazy.rows(subset.clone()));
            for i in (0..20).chain([3, 19, 3]) {
                a.hold(i, 0);
                b.hold(i, 0);
                for (j, (one, two)) in a.get(i).iter().zip(b.get(i)).enumerate() {
                    assert!((one - two).abs() < 1e-12 * one.abs().max(1.0), "{kernel:?}");
                    assert_eq!(*one, whole.value(subset[i], subset[j]));
                }
            }
            assert!(b.made.iter().filter(|row| !row.is_empty()).count() <= 3);
        }
    }

    #[test]
    fn too_little_memory_is_refused_with_numbers() {
        let fold = Fold::new(Array2::zeros((2000, 100)), Labels::Values(vec![0.0; 2000]), None);
        let refused = KernelSpace::new(&fold, Kernel::Linear, 1).map(|_| ());
        assert!(matches!(refused, Err(FitError::TooLarge { needed_mb: 2, limit_mb: 1, .. })));
    }
}
