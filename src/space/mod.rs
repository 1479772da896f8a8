//! The search space: dimensions, conditions, and the unit cube that samplers think in.
//!
//! A [`Space`] is a flat list of dimensions in which parents stand before their children. A point holds
//! one coordinate per dimension in *internal form*: the number itself for floats and integers, the index
//! for choices, and `None` where the dimension is inactive under the point's other coordinates.

mod dimension;
mod point;

pub use dimension::{Condition, Dimension, Kind};
pub use point::Point;

use crate::domain::{Params, Value};

/// A conditional search space.
#[derive(Debug, Clone, Default)]
pub struct Space {
    dims: Vec<Dimension>,
}
