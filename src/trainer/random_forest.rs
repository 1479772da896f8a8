//! Random forests: trees on bootstrap samples, features drawn at every node (Breiman 2001).

use super::cart::{CartModel, CartOptions, Grower, Target, Tree, params};
use super::decision_tree::{check_memory, n_classes};
use super::{
    Args, Capabilities, Family, FitContext, FitError, Fold, Model, ParamDefault, ParamKind,
    ParamSpec, Signal,
};
use crate::domain::{Labels, Params, Value};
use crate::numeric::Rng;
use std::sync::atomic::Ordering;

/// The family `random_forest`.
///
/// Tree `i` has a random stream of its own, so the forest does not depend on the order of the work. After
/// each tree, a fit polls for cancellation and reports (trees so far, loss so far): the share of wrong rows
/// or the mean squared error over the rows that some tree did not see, over all rows without bootstrap.
#[derive(Debug)]
pub(super) struct RandomForest;

const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        name: "n_estimators",
        kinds: &[ParamKind::Int { low: 1, high: 100_000 }],
        optional: false,
        default: ParamDefault::Int(100),
        about: "number of trees",
    },
    params::CRITERION,
    params::MAX_DEPTH,
    params::MIN_SAMPLES_SPLIT,
    params::MIN_SAMPLES_LEAF,
    params::MAX_FEATURES_AUTO,
    ParamSpec {
        name: "bootstrap",
        kinds: &[ParamKind::Bool],
        optional: false,
        default: ParamDefault::Bool(true),
        about: "each tree sees rows drawn with replacement",
    },
    ParamSpec {
        name: "max_samples",
        kinds: &[
            ParamKind::Int { low: 1, high: 1_000_000_000 },
            ParamKind::Float { low: 0.0, high: 1.0, open_low: true },
        ],
        optional: true,
        default: ParamDefault::None,
        about: "rows drawn for each tree: as many as there are (none), a count or a share; needs bootstrap",
    },
    params::CCP_ALPHA,
    params::CLASS_WEIGHT,
];

impl Family for RandomForest {
    fn name(&self) -> &'static str {
        "random_forest"
    }

    fn about(&self) -> &'static str {
        "random forest of exact trees, derby's own"
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
        let mut options = CartOptions::new(&args, fold)?;
        options.growth.shuffled = true;
        let n_draws = n_draws(&args, fold.x.nrows())?;
        let target = Target::new(fold, options.balanced);
        let votes = fold.x.nrows() * (target.width() + 1) * size_of::<f64>();
        check_memory(Grower::n_bytes(fold, &options.growth, true) + votes, ctx.memory_mb)?;
        let grower = Grower::new(fold, options.growth, ctx.cancel);
        let mut progress = Progress::new(fold, target.width());
        let mut trees = Vec::new();
        for number in 0..args.int("n_estimators") as u64 {
            if ctx.cancel.load(Ordering::Relaxed) {
                return Err(FitError::Stopped(Signal::Cancel));
            }
            let mut rng = Rng::stream(ctx.seed, "tree", number);
            let counts = n_draws.map(|n| draw(&target.weights, n, &mut rng));
            let tree = match &counts {
                Some(counts) => grower.grow(&target.times(counts), &mut rng)?,
                None => grower.grow(&target, &mut rng)?,
            };
            if let Some(loss) = progress.add(&tree, counts.as_deref()) {
                match (ctx.report)(number + 1, loss) {
                    Signal::Continue => {}
                    signal => return Err(FitError::Stopped(signal)),
                }
            }
            trees.push(tree);
        }
        Ok(Box::new(CartModel::new(n_classes(&fold.y), fold.x.ncols(), trees)))
    }

    fn load(&self, saved: &serde_json::Value) -> Result<Box<dyn Model>, serde_json::Error> {
        Ok(Box::new(CartModel::load(saved)?))
    }
}

/// Rows to draw for a tree; none without bootstrap.
fn n_draws(args: &Args<'_>, n: usize) -> Result<Option<usize>, FitError> {
    let value = args.value("max_samples");
    if !args.flag("bootstrap") {
        return if value == Value::None {
            Ok(None)
        } else {
            Err(FitError::Unsuitable(format!(
                "max_samples '{value}' needs bootstrap; mend: bootstrap = true, or max_samples = \"none\""
            )))
        };
    }
    match value {
        Value::Int(count) if usize::try_from(count).is_ok_and(|count| count <= n) => {
            Ok(Some(count as usize))
        }
        Value::Int(_) => Err(FitError::Unsuitable(format!(
            "max_samples '{value}' is more than the {n} rows of the training fold; mend: at most {n}, or a share in (0, 1]"
        ))),
        Value::Float(share) => Ok(Some(((share * n as f64).round() as usize).clamp(1, n))),
        _ => Ok(Some(n)),
    }
}

/// How often each row is drawn. Drawn again if all draws hit rows of weight 0, which would leave no tree.
fn draw(weights: &[f64], n: usize, rng: &mut Rng) -> Vec<u32> {
    loop {
        let mut counts = vec![0; weights.len()];
        for _ in 0..n {
            counts[rng.below(weights.len())] += 1;
        }
        if counts.iter().zip(weights).any(|(&count, &weight)| count > 0 && weight > 0.0) {
            return counts;
        }
    }
}

/// The out-of-bag loss while trees are added.
struct Progress<'a> {
    fold: &'a Fold,
    width: usize,
    sums: Vec<f64>,
    votes: Vec<u32>,
}

impl<'a> Progress<'a> {
    fn new(fold: &'a Fold, width: usize) -> Self {
        let n = fold.x.nrows();
        Self { fold, width, sums: vec![0.0; n * width], votes: vec![0; n] }
    }

    /// Adds a tree's votes on the rows that it did not see; the loss, if some row has a vote.
    fn add(&mut self, tree: &Tree, counts: Option<&[u32]>) -> Option<f64> {
        let (mut loss, mut weight) = (0.0, 0.0);
        let mut buffer = Vec::with_capacity(self.fold.x.ncols());
        for (at, row) in self.fold.x.rows().into_iter().enumerate() {
            let sums = &mut self.sums[at * self.width..(at + 1) * self.width];
            if counts.is_none_or(|counts| counts[at] == 0) {
                let row = row.to_slice().unwrap_or_else(|| {
                    buffer.clear();
                    buffer.extend(row.iter().copied());
                    &buffer
                });
                sums.iter_mut().zip(tree.leaf_of(row)).for_each(|(sum, leaf)| *sum += leaf);
                self.votes[at] += 1;
            }
            if self.votes[at] > 0 {
                let w = self.fold.weights.as_ref().map_or(1.0, |weights| weights[at]);
                loss += w * row_loss(&self.fold.y, at, sums, f64::from(self.votes[at]));
                weight += w;
            }
        }
        (weight > 0.0).then(|| loss / weight)
    }
}

/// 1 for a wrong class, the squared error of a number.
fn row_loss(y: &Labels, at: usize, sums: &[f64], votes: f64) -> f64 {
    match y {
        Labels::Classes { codes, .. } => {
            let own = codes[at] as usize;
            let beaten = sums
                .iter()
                .enumerate()
                .any(|(class, &sum)| sum > sums[own] || (sum == sums[own] && class < own));
            f64::from(u8::from(beaten))
        }
        Labels::Values(values) => (values[at] - sums[0] / votes).powi(2),
    }
}
