//! One decision tree: exact CART of our own, deterministic and as fast as sorted lists allow.

use super::cart::{CartModel, CartOptions, Grower, Target, params};
use super::{Args, Capabilities, Family, FitContext, FitError, Fold, Model, ParamSpec};
use crate::domain::{Labels, Params};
use crate::numeric::Rng;

/// The family `decision_tree`. A fit polls for cancellation at every node and reports no steps.
#[derive(Debug)]
pub(super) struct DecisionTree;

const PARAMS: &[ParamSpec] = &[
    params::CRITERION,
    params::MAX_DEPTH,
    params::MIN_SAMPLES_SPLIT,
    params::MIN_SAMPLES_LEAF,
    params::MAX_FEATURES,
    params::CCP_ALPHA,
    params::CLASS_WEIGHT,
];

impl Family for DecisionTree {
    fn name(&self) -> &'static str {
        "decision_tree"
    }

    fn about(&self) -> &'static str {
        "decision tree with exact splits (CART), derby's own"
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
        let options = CartOptions::new(&Args::new(params, PARAMS), fold)?;
        check_memory(Grower::n_bytes(fold, &options.growth, false), ctx.memory_mb)?;
        let target = Target::new(fold, options.balanced);
        let mut rng = Rng::stream(ctx.seed, "tree", 0);
        let tree = Grower::new(fold, options.growth, ctx.cancel).grow_only(&target, &mut rng)?;
        Ok(Box::new(CartModel::new(n_classes(&fold.y), fold.x.ncols(), vec![tree])))
    }

    fn load(&self, saved: &serde_json::Value) -> Result<Box<dyn Model>, serde_json::Error> {
        Ok(Box::new(CartModel::load(saved)?))
    }
}

/// The number of classes, none for regression.
pub(super) fn n_classes(y: &Labels) -> Option<usize> {
    match y {
        Labels::Classes { n_classes, .. } => Some(*n_classes),
        Labels::Values(_) => None,
    }
}

/// Refuses what would not fit in memory.
pub(super) fn check_memory(n_bytes: usize, limit_mb: u64) -> Result<(), FitError> {
    let needed_mb = (n_bytes as u64).div_ceil(1_000_000);
    if needed_mb <= limit_mb {
        return Ok(());
    }
    Err(FitError::TooLarge {
        what: "sorted features".into(),
        needed_mb,
        limit_mb,
        mend: "fewer rows, fewer features or a higher memory limit".into(),
    })
}
