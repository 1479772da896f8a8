//! Random forests: trees on bootstrap samples, features drawn at every node (Breiman 2001).

use super::cart::{CartModel, CartOptions, Grower, Target, params};
use super::decision_tree::{check_memory, n_classes};
use super::{
    Args, Capabilities, Family, FitContext, FitError, Fold, Model, ParamDefault, ParamKind,
    ParamSpec,
};
use crate::domain::{Params, Value};
use crate::numeric::Rng;

/// The family `random_forest`.
///
/// Tree `i` has a random stream of its own, so the forest does not depend on the order of the work. Its rounds
/// are trees: the first of them are a smaller forest. It polls for cancellation before each tree.
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
        check_memory(Grower::n_bytes(fold, &options.growth, true), ctx.memory_mb)?;
        let grower = Grower::new(fold, options.growth, ctx.cancel);
        let mut model = CartModel::new(n_classes(&fold.y), fold.x.ncols(), Vec::new());
        let n_trees = args.int("n_estimators") as u64;
        for number in 0..n_trees {
            ctx.check()?;
            let mut rng = Rng::stream(ctx.seed, "tree", number);
            let counts = n_draws.map(|n| draw(&target.weights, n, &mut rng));
            let tree = match &counts {
                Some(counts) => grower.grow(&target.times(counts), &mut rng)?,
                None => grower.grow(&target, &mut rng)?,
            };
            model.push(tree);
            if number + 1 < n_trees {
                ctx.round(number + 1, &|x| model.predict(x))?;
            }
        }
        ctx.ended(n_trees);
        Ok(Box::new(model))
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
