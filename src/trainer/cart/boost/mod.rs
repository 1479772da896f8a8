//! Gradient boosting on histograms: bins, objectives, and trees of Newton steps.
//!
//! The method is that of Chen and Guestrin, "`XGBoost`: A Scalable Tree Boosting System" (2016): second-order
//! gains, L1 and L2 penalties, depth-wise trees; a sibling's histogram is its parent's minus its brother's.
//!
//! Why not the crate hessboost (0.4.6 was read): its features, labels and weights are `f32`, which merges
//! neighbouring values that a table of `f64` tells apart; its round hook must be `Send`, which a fit's
//! interim reports are not, so that reporting would need a thread of its own; and its trees would change under a
//! recorded sweep whenever the crate, two months old, changes its arithmetic.
//!
//! Gradients are summed as whole numbers (see [`Quantum`]), so a histogram does not depend on the order of
//! its rows and the subtraction is exact.

mod bins;
mod grow;
mod model;
mod objective;

pub(in crate::trainer) use bins::Bins;
pub(in crate::trainer) use grow::{BoostGrower, Penalties, Sample};
pub(in crate::trainer) use model::BoostedModel;
pub(in crate::trainer) use objective::Objective;

/// The unit in which gradients or Hessians are summed: a power of two, so fine that a sum of all of them
/// keeps 61 bits and cannot overflow.
#[derive(Debug, Clone, Copy)]
struct Quantum {
    units: f64,
    size: f64,
}

impl Quantum {
    /// For numbers whose sizes add up to `total`, which is finite.
    fn new(total: f64) -> Self {
        let exponent = if total > 0.0 { 60 - total.log2().ceil() as i32 } else { 0 };
        let exponent = exponent.clamp(-960, 960);
        Self { units: 2f64.powi(exponent), size: 2f64.powi(-exponent) }
    }

    fn count(self, value: f64) -> i64 {
        (value * self.units).round_ties_even() as i64
    }

    fn value(self, count: i64) -> f64 {
        count as f64 * self.size
    }
}
