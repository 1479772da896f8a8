//! Support vector classification, one against one.

use super::logistic::CLASS_WEIGHT;
use super::require::{class_factors, damaged, matrix, to_json, two_classes};
use super::smo::{
    COEF0, DEGREE, Dual, GAMMA, KERNEL, Kernel, KernelSpace, Scored, Sigmoid, Stop, couple, solve,
    squares,
};
use super::svr::{C, MAX_ITER, TOL};
use super::{
    Args, Capabilities, Family, FitContext, FitError, Fold, Form, KernelClasses, KernelForm, Model,
    ParamDefault, ParamKind, ParamSpec,
};
use crate::domain::{Params, Prediction};
use crate::numeric::Rng;
use ndarray::{Array2, ArrayView2, Axis, Slice};
use serde::{Deserialize, Serialize};

/// Folds behind the probabilities of a pair of classes.
const PLATT_FOLDS: usize = 5;

/// Rows that are predicted at a time.
const BLOCK: usize = 256;

static PARAMS: [ParamSpec; 9] = [
    KERNEL,
    C,
    GAMMA,
    DEGREE,
    COEF0,
    CLASS_WEIGHT,
    ParamSpec {
        name: "probability",
        kinds: &[ParamKind::Bool],
        optional: false,
        default: ParamDefault::Bool(false),
        about: "whether to calibrate probabilities by 5 inner folds, which takes five times as long",
    },
    TOL,
    MAX_ITER,
];

/// scikit-learn's `SVC`: one machine per pair of classes, the class with most votes, the first of equals.
///
/// The solver is ours: linfa-svm fits two classes, ignores row weights and keeps the whole kernel matrix
/// whatever its size. A row's weight multiplies its `C`; `gamma = "scale"` and `class_weight = "balanced"`
/// go by weights too, where scikit-learn counts rows, so that a weight of 2 is the same as a row twice. Scores are decision values (for three classes or
/// more votes plus a squeezed sum of confidences, scikit-learn's `decision_function_shape="ovr"`), or with
/// `probability` Platt's probabilities, which may disagree with the votes on close rows, as scikit-learn's
/// do. The inner folds are drawn from the seed. Polls the flag every 1024 iterations of each machine.
#[derive(Debug)]
pub(super) struct Svm;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SvmModel {
    kernel: Kernel,
    n_classes: usize,
    n_features: usize,
    /// The classes that were present, ascending.
    classes: Vec<u32>,
    /// Support vectors of each of them.
    counts: Vec<usize>,
    /// Row-major support vectors, class by class.
    vectors: Vec<f64>,
    /// `(classes − 1) × vectors`: for a vector of class `c`, its coefficients against the other classes.
    coef: Vec<f64>,
    /// One a pair: (0, 1), (0, 2), …, (1, 2), …
    rho: Vec<f64>,
    /// One a pair; empty without probabilities.
    sigmoids: Vec<Sigmoid>,
}

/// One pair of classes: the rows of the first, then those of the second.
struct Pair<'a> {
    space: &'a KernelSpace<'a>,
    rows: Vec<usize>,
    n_first: usize,
    bounds: Vec<f64>,
    stop: Stop,
}

impl Family for Svm {
    fn name(&self) -> &'static str {
        "svm"
    }

    fn about(&self) -> &'static str {
        "support vector classification, one against one (own SMO)"
    }

    fn params(&self) -> &'static [ParamSpec] {
        &PARAMS
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            classification: true,
            regression: false,
            probabilities: false,
            weights: true,
            random: true,
        }
    }

    fn fit(
        &self,
        fold: &Fold,
        params: &Params,
        ctx: &mut FitContext<'_>,
    ) -> Result<Box<dyn Model>, FitError> {
        let (codes, n_classes) = fold.classes(self.name())?;
        fold.refuse_empty(self.name())?;
        ctx.check()?;
        let args = Args::new(params, &PARAMS);
        let weights = fold.row_weights();
        let present = two_classes(codes, &weights, n_classes, self.name())?;
        let balanced = args.word("class_weight") == "balanced";
        let factors = class_factors(&present, n_classes, balanced);
        let by_class: Vec<Vec<usize>> = present
            .iter()
            .map(|&(class, _)| {
                (0..codes.len()).filter(|&r| codes[r] == class && weights[r] > 0.0).collect()
            })
            .collect();
        let kernel = Kernel::from_args(&args, fold);
        let space = KernelSpace::new(fold, kernel, ctx.memory_mb)?;
        let stop = Stop { tol: args.float("tol"), max_iter: args.optional_int("max_iter") };
        let c = args.float("C");
        let k = present.len();
        // coefs[class][other] holds one coefficient a row of the class.
        let mut coefs: Vec<Vec<Vec<f64>>> = vec![Vec::new(); k];
        let (mut rho, mut sigmoids) = (Vec::new(), Vec::new());
        for first in 0..k {
            for second in first + 1..k {
                let rows = [&by_class[first][..], &by_class[second][..]].concat();
                let bound = |&row: &usize| c * weights[row] * factors[codes[row] as usize];
                let bounds = rows.iter().map(bound).collect();
                let pair =
                    Pair { space: &space, rows, n_first: by_class[first].len(), bounds, stop };
                let everything: Vec<usize> = (0..pair.rows.len()).collect();
                let (coef, pair_rho) = pair.solve(&everything, ctx)?;
                if args.flag("probability") {
                    let label = rho.len() as u64;
                    let scored =
                        pair.held_out(Rng::stream(ctx.seed, "platt", label), &weights, ctx)?;
                    sigmoids.push(Sigmoid::fit(&scored));
                }
                coefs[first].push(coef[..pair.n_first].to_vec());
                coefs[second].push(coef[pair.n_first..].to_vec());
                rho.push(pair_rho);
            }
        }
        let classes = present.iter().map(|&(class, _)| class).collect();
        let empty = SvmModel {
            kernel,
            n_classes,
            n_features: fold.x.ncols(),
            classes,
            counts: Vec::new(),
            vectors: Vec::new(),
            coef: Vec::new(),
            rho,
            sigmoids,
        };
        Ok(Box::new(empty.with_vectors(fold, &by_class, &coefs)))
    }

    fn load(&self, saved: &serde_json::Value) -> Result<Box<dyn Model>, serde_json::Error> {
        let model = SvmModel::deserialize(saved)?;
        let k = model.classes.len();
        let pairs = k * k.saturating_sub(1) / 2;
        let n = model.counts.iter().sum::<usize>();
        let sound = k >= 2
            && model.n_features > 0
            && model.counts.len() == k
            && model.vectors.len() == n * model.n_features
            && model.coef.len() == (k - 1) * n
            && model.rho.len() == pairs
            && (model.sigmoids.is_empty() || model.sigmoids.len() == pairs)
            && model.classes.iter().all(|&class| (class as usize) < model.n_classes);
        if sound { Ok(Box::new(model)) } else { Err(damaged("sizes do not match")) }
    }
}

impl Pair<'_> {
    /// `y α` of the rows at these positions, and rho.
    fn solve(&self, at: &[usize], ctx: &FitContext<'_>) -> Result<(Vec<f64>, f64), FitError> {
        let signs: Vec<f64> =
            at.iter().map(|&t| if t < self.n_first { 1.0 } else { -1.0 }).collect();
        let linear = vec![-1.0; at.len()];
        let bounds = at.iter().map(|&t| self.bounds[t]).collect();
        let dual = Dual { signs, linear, bounds };
        let mut rows = self.space.rows(at.iter().map(|&t| self.rows[t]).collect());
        let found = solve(&dual, &mut rows, self.stop, &mut || ctx.check())?;
        let coef = dual.signs.iter().zip(&found.alpha).map(|(y, alpha)| y * alpha).collect();
        Ok((coef, found.rho))
    }

    /// Decision values of every row by machines that did not see it.
    fn held_out(
        &self,
        mut rng: Rng,
        weights: &[f64],
        ctx: &FitContext<'_>,
    ) -> Result<Vec<Scored>, FitError> {
        let n = self.rows.len();
        let mut order: Vec<usize> = (0..n).collect();
        rng.shuffle(&mut order);
        let mut scored = Vec::with_capacity(n);
        for part in 0..PLATT_FOLDS {
            let (start, end) = (part * n / PLATT_FOLDS, (part + 1) * n / PLATT_FOLDS);
            // Ascending, so that the first class leads as in the whole problem.
            let mut train = [&order[..start], &order[end..]].concat();
            train.sort_unstable();
            let n_first = train.iter().filter(|&&t| t < self.n_first).count();
            let machine = if n_first > 0 && n_first < train.len() {
                Some(self.solve(&train, ctx)?)
            } else {
                None
            };
            for &t in &order[start..end] {
                let value = match &machine {
                    Some((coef, rho)) => {
                        let terms = train.iter().zip(coef).filter(|(_, c)| **c != 0.0);
                        let kernel = |&s: &usize| self.space.value(self.rows[t], self.rows[s]);
                        terms.map(|(s, c)| c * kernel(s)).sum::<f64>() - rho
                    }
                    // Only one class is left to learn from: its side, without a margin to speak of.
                    None if train.is_empty() => 0.0,
                    None => f64::from(u8::from(n_first > 0)) * 2.0 - 1.0,
                };
                let weight = weights[self.rows[t]];
                scored.push(Scored { value, first: t < self.n_first, weight });
            }
        }
        Ok(scored)
    }
}

impl SvmModel {
    /// Keeps the rows that any machine uses.
    fn with_vectors(
        mut self,
        fold: &Fold,
        by_class: &[Vec<usize>],
        coefs: &[Vec<Vec<f64>>],
    ) -> Self {
        let mut columns: Vec<Vec<f64>> = vec![Vec::new(); by_class.len() - 1];
        for (rows, coefs) in by_class.iter().zip(coefs) {
            let used: Vec<usize> =
                (0..rows.len()).filter(|&t| coefs.iter().any(|coef| coef[t] != 0.0)).collect();
            for (column, coef) in columns.iter_mut().zip(coefs) {
                column.extend(used.iter().map(|&t| coef[t]));
            }
            for &t in &used {
                self.vectors.extend(fold.x.row(rows[t]));
            }
            self.counts.push(used.len());
        }
        self.coef = columns.concat();
        self
    }

    /// Decision values of a block, `rows × pairs`; positive for the first class of the pair.
    fn decisions(&self, x: ArrayView2<'_, f64>, norms: &[f64]) -> Array2<f64> {
        let vectors = matrix(&self.vectors, self.n_features).expect("checked when made and loaded");
        let kernel = self.kernel.between(x, vectors, norms);
        let coef = matrix(&self.coef, norms.len());
        let mut start = 0;
        let mut sums = Vec::with_capacity(self.counts.len());
        for &count in &self.counts {
            let range = Slice::from(start..start + count);
            let kernel = kernel.slice_axis(Axis(1), range);
            let coef = coef.as_ref().map(|coef| coef.slice_axis(Axis(1), range));
            sums.push(coef.map(|coef| kernel.dot(&coef.t())));
            start += count;
        }
        let mut decisions = Array2::zeros((x.nrows(), self.rho.len()));
        for (pair, (first, second)) in pairs(self.classes.len()).enumerate() {
            let mut column = decisions.column_mut(pair);
            column.fill(-self.rho[pair]);
            for (class, other) in [(first, second - 1), (second, first)] {
                if let Some(sum) = &sums[class] {
                    column += &sum.column(other);
                }
            }
        }
        decisions
    }

    /// The class with most votes, as an index into `classes`, and the scores of one row.
    fn judge(&self, decisions: &[f64], scores: &mut [f64]) -> usize {
        let k = self.classes.len();
        let (mut votes, mut sums) = (vec![0.0; k], vec![0.0; k]);
        let mut pairwise = vec![0.0; if self.sigmoids.is_empty() { 0 } else { k * k }];
        for (pair, (first, second)) in pairs(k).enumerate() {
            let value = decisions[pair];
            votes[if value > 0.0 { first } else { second }] += 1.0;
            sums[first] += value;
            sums[second] -= value;
            if let Some(sigmoid) = self.sigmoids.get(pair) {
                let p = sigmoid.probability(value).clamp(1e-7, 1.0 - 1e-7);
                pairwise[first * k + second] = p;
                pairwise[second * k + first] = 1.0 - p;
            }
        }
        let shares = if !self.sigmoids.is_empty() {
            couple(&pairwise, k)
        } else if k == 2 {
            sums
        } else {
            // A vote outweighs any confidence: the squeezed sum is within ±1/3.
            votes.iter().zip(&sums).map(|(v, sum)| v + sum / (3.0 * (sum.abs() + 1.0))).collect()
        };
        for (&class, share) in self.classes.iter().zip(shares) {
            scores[class as usize] = share;
        }
        (1..k).fold(0, |best, class| if votes[class] > votes[best] { class } else { best })
    }

    /// The score of a class that was never seen: below all others.
    fn absent_score(&self) -> f64 {
        match (self.sigmoids.is_empty(), self.classes.len()) {
            (false, _) => 0.0,
            (true, 2) => f64::MIN,
            (true, _) => -1.0,
        }
    }
}

/// Pairs of classes in the order of `rho`.
fn pairs(k: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..k).flat_map(move |first| (first + 1..k).map(move |second| (first, second)))
}

impl Model for SvmModel {
    fn predict(&self, x: ArrayView2<'_, f64>) -> Prediction {
        let vectors = matrix(&self.vectors, self.n_features).expect("checked when made and loaded");
        let norms = squares(vectors);
        let mut codes = Vec::with_capacity(x.nrows());
        let mut scores = Vec::with_capacity(x.nrows() * self.n_classes);
        for block in x.axis_chunks_iter(Axis(0), BLOCK) {
            let decisions = self.decisions(block, &norms);
            for row in decisions.rows() {
                let start = scores.len();
                scores.resize(start + self.n_classes, self.absent_score());
                let row = row.to_vec();
                codes.push(self.classes[self.judge(&row, &mut scores[start..])]);
            }
        }
        let probabilities = !self.sigmoids.is_empty();
        Prediction::Classes {
            codes,
            scores: Some(scores),
            probabilities,
            n_classes: self.n_classes,
        }
    }

    fn save(&self) -> serde_json::Value {
        to_json(self)
    }

    fn n_bytes(&self) -> usize {
        (self.vectors.len() + self.coef.len() + self.rho.len() + 2 * self.sigmoids.len())
            * size_of::<f64>()
    }

    fn form(&self) -> Form {
        let vectors = matrix(&self.vectors, self.n_features).expect("checked when made and loaded");
        let machine = KernelClasses {
            classes: self.classes.clone(),
            n_classes: self.n_classes,
            counts: self.counts.clone(),
            sigmoids: self.sigmoids.iter().map(Sigmoid::parts).collect(),
        };
        Form::Kernel(KernelForm {
            kernel: self.kernel.kind(),
            vectors: vectors.to_owned(),
            coef: self.coef.clone(),
            rho: self.rho.clone(),
            machine: Some(machine),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Labels, Value};
    use std::sync::atomic::AtomicBool;

    fn fit(fold: &Fold, memory_mb: u64, probability: bool) -> Box<dyn Model> {
        let cancel = AtomicBool::new(false);
        let mut ctx = FitContext { seed: 5, memory_mb, interim: None, cancel: &cancel };
        let mut params = Params::default();
        params.set("probability", Value::Bool(probability));
        params.set("tol", Value::Float(1e-9));
        Svm.fit(fold, &params, &mut ctx).unwrap()
    }

    fn fold(n: usize) -> Fold {
        let mut rng = Rng::new(9);
        let codes: Vec<u32> = (0..n as u32).map(|row| row % 3).collect();
        let x = Array2::from_shape_fn((n, 3), |(row, j)| {
            rng.normal() + if codes[row] as usize == j { 2.0 } else { 0.0 }
        });
        Fold::new(x, Labels::Classes { codes, n_classes: 4, positive: 1 }, None)
    }

    #[test]
    fn probabilities_sum_to_one_and_come_back_from_a_file() {
        let fold = fold(90);
        let model = fit(&fold, 500, true);
        let predicted = model.predict(fold.x.view());
        let again = Svm.load(&model.save()).unwrap();
        assert_eq!(predicted, again.predict(fold.x.view()));
        assert_eq!(predicted, fit(&fold, 500, true).predict(fold.x.view()));
        let Prediction::Classes { codes, scores, probabilities, .. } = predicted else {
            unreachable!("classes were fitted")
        };
        assert!(probabilities);
        let mut agree = 0;
        for (row, code) in scores.unwrap().chunks_exact(4).zip(&codes) {
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9 && row[3] == 0.0, "{row:?}");
            agree += usize::from(row.iter().all(|&p| p <= row[*code as usize]));
        }
        assert!(agree > 80, "{agree}");
    }

    #[test]
    fn little_memory_changes_nothing_but_the_time() {
        // Half of 1 MB holds 156 of the 400 kernel rows of a pair at a time.
        let fold = fold(600);
        let scores = |memory_mb| match fit(&fold, memory_mb, false).predict(fold.x.view()) {
            Prediction::Classes { scores, .. } => scores.unwrap(),
            Prediction::Values(values) => values,
        };
        let pairs = scores(500).into_iter().zip(scores(1));
        assert!(pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) < 1e-6);
    }
}
