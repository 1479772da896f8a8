//! Gradient boosting: rounds of small trees, each a step down the loss.

use super::cart::Target;
use super::cart::boost::{Bins, BoostGrower, BoostedModel, Objective, Penalties, Sample};
use super::decision_tree::{check_memory, n_classes};
use super::{
    Args, Capabilities, Family, FitContext, FitError, Fold, Model, ParamDefault, ParamKind,
    ParamSpec,
};
use crate::domain::Params;
use crate::numeric::Rng;

/// The family `gradient_boosting`, with `XGBoost`'s names and one thread.
///
/// Its rounds are boosting iterations. It polls for cancellation before each tree.
#[derive(Debug)]
pub(super) struct GradientBoosting;

const fn float(
    name: &'static str,
    kinds: &'static [ParamKind],
    default: f64,
    about: &'static str,
) -> ParamSpec {
    ParamSpec { name, kinds, optional: false, default: ParamDefault::Float(default), about }
}

const fn int(
    name: &'static str,
    kinds: &'static [ParamKind],
    default: i64,
    about: &'static str,
) -> ParamSpec {
    ParamSpec { name, kinds, optional: false, default: ParamDefault::Int(default), about }
}

const SHARE: &[ParamKind] = &[ParamKind::Float { low: 0.0, high: 1.0, open_low: true }];
const PENALTY: &[ParamKind] = &[ParamKind::Float { low: 0.0, high: 1e300, open_low: false }];

const PARAMS: &[ParamSpec] = &[
    int(
        "n_estimators",
        &[ParamKind::Int { low: 1, high: 100_000 }],
        100,
        "rounds; one tree each, one a class from 3 on",
    ),
    float("learning_rate", SHARE, 0.1, "share of a Newton step that each tree goes"),
    int(
        "max_depth",
        &[ParamKind::Int { low: 1, high: 64 }],
        6,
        "splits from the root to a leaf at most",
    ),
    float("subsample", SHARE, 1.0, "share of the rows that each round sees"),
    float("colsample_bytree", SHARE, 1.0, "share of the features that each tree sees"),
    float(
        "min_child_weight",
        PENALTY,
        1.0,
        "least sum of second derivatives on each side of a split",
    ),
    float("reg_lambda", PENALTY, 1.0, "L2 penalty on leaves"),
    float("reg_alpha", PENALTY, 0.0, "L1 penalty on leaves"),
    float("gamma", PENALTY, 0.0, "least gain of a split"),
    int(
        "max_bin",
        &[ParamKind::Int { low: 2, high: 256 }],
        256,
        "bins that the values of a feature are cut into",
    ),
];

impl Family for GradientBoosting {
    fn name(&self) -> &'static str {
        "gradient_boosting"
    }

    fn about(&self) -> &'static str {
        "gradient boosting on histograms (XGBoost's method), derby's own"
    }

    fn params(&self) -> &'static [ParamSpec] {
        PARAMS
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            classification: true,
            regression: true,
            probabilities: true,
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
        let args = Args::new(params, PARAMS);
        if fold.x.is_empty() {
            return Err(FitError::Unsuitable(
                "boosting needs at least one row and one feature".into(),
            ));
        }
        let (n, p) = fold.x.dim();
        let penalties = penalties(&args);
        let target = Target::new(fold, false);
        let per_row = target.width() * 2 * size_of::<f64>();
        check_memory(BoostGrower::n_bytes(n, p, penalties.max_depth) + n * per_row, ctx.memory_mb)?;
        let bins = Bins::new(fold, &target.weights, args.int("max_bin"));
        let shares = [args.float("subsample"), args.float("colsample_bytree")];
        let mut rounds = Rounds::new(fold, &target, shares, BoostGrower::new(&bins, penalties));
        let n_rounds = args.int("n_estimators") as u64;
        for round in 0..n_rounds {
            rounds.next(round, ctx)?;
            if round + 1 < n_rounds {
                ctx.round(round + 1, &|x| rounds.model.predict(x))?;
            }
        }
        ctx.ended(n_rounds);
        Ok(Box::new(rounds.model))
    }

    fn load(&self, saved: &serde_json::Value) -> Result<Box<dyn Model>, serde_json::Error> {
        Ok(Box::new(BoostedModel::load(saved)?))
    }
}

fn penalties(args: &Args<'_>) -> Penalties {
    Penalties {
        max_depth: args.int("max_depth"),
        min_child_weight: args.float("min_child_weight"),
        reg_lambda: args.float("reg_lambda"),
        reg_alpha: args.float("reg_alpha"),
        gamma: args.float("gamma"),
        learning_rate: args.float("learning_rate"),
    }
}

/// The state between rounds.
struct Rounds<'a> {
    fold: &'a Fold,
    grower: BoostGrower<'a>,
    objective: Objective<'a>,
    model: BoostedModel,
    scores: Vec<f64>,
    /// Rows with a positive weight.
    rows: Vec<u32>,
    gradients: Vec<[f64; 2]>,
    subsample: f64,
    colsample: f64,
}

impl<'a> Rounds<'a> {
    fn new(
        fold: &'a Fold,
        target: &'a Target<'_>,
        shares: [f64; 2],
        grower: BoostGrower<'a>,
    ) -> Self {
        let n = fold.x.nrows();
        let mut objective = Objective::new(&fold.y, &target.weights);
        let start = objective.start();
        let scores = start.repeat(n);
        objective.show(&scores);
        let model = BoostedModel::new(n_classes(&fold.y), fold.x.ncols(), start);
        let rows =
            (0u32..).zip(&target.weights).filter(|(_, w)| **w > 0.0).map(|(row, _)| row).collect();
        let [subsample, colsample] = shares;
        let gradients = vec![[0.0; 2]; n];
        Self { fold, grower, objective, model, scores, rows, gradients, subsample, colsample }
    }

    /// Grows the trees of a round.
    fn next(&mut self, round: u64, ctx: &FitContext<'_>) -> Result<(), FitError> {
        let width = self.objective.width();
        let mut rng = Rng::stream(ctx.seed, "subsample", round);
        let seen = choose(self.rows.len(), self.subsample, &mut rng);
        let (mut rows, mut others) = (Vec::with_capacity(seen.len()), Vec::new());
        let mut next = seen.iter().peekable();
        for (place, &row) in self.rows.iter().enumerate() {
            let sampled = next.next_if(|&&chosen| chosen == place).is_some();
            if sampled { rows.push(row) } else { others.push(row) }
        }
        for class in 0..width {
            ctx.check()?;
            for &row in &rows {
                self.gradients[row as usize] = self.objective.gradient(row as usize, class);
            }
            let number = round * width as u64 + class as u64;
            let mut rng = Rng::stream(ctx.seed, "colsample", number);
            let features = choose(self.fold.x.ncols(), self.colsample, &mut rng);
            let sample = Sample { rows: &rows, features: &features, gradients: &self.gradients };
            let scores = &mut self.scores;
            let tree =
                self.grower.grow(&sample, |row, step| scores[row as usize * width + class] += step);
            let tree = tree.ok_or_else(|| runaway(round))?;
            for &row in &others {
                let step = tree.leaf_of(&self.fold.x.row(row as usize).to_vec())[0];
                self.scores[row as usize * width + class] += step;
            }
            self.model.push(tree);
        }
        let loss = self.objective.show(&self.scores);
        if !loss.is_finite() {
            return Err(runaway(round));
        }
        Ok(())
    }
}

fn runaway(round: u64) -> FitError {
    FitError::NotConverged(format!(
        "the loss is not finite in round '{}'; mend: a lower learning_rate, a higher reg_lambda or smaller numbers",
        round + 1
    ))
}

/// A share of `0..n`, rounded and at least one, drawn without replacement, ascending.
fn choose(n: usize, share: f64, rng: &mut Rng) -> Vec<usize> {
    let wanted = ((share * n as f64).round() as usize).clamp(1, n);
    if wanted == n {
        return (0..n).collect();
    }
    let mut chosen = Vec::with_capacity(wanted);
    for item in 0..n {
        // selection sampling (Knuth, TAOCP 2, algorithm S)
        if rng.below(n - item) < wanted - chosen.len() {
            chosen.push(item);
        }
    }
    chosen
}
