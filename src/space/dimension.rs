//! One dimension: its range, its scale, and when it is active.

use crate::domain::Value;

/// The values that a dimension can take.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A float in `[low, high]`; with `step`, one of `low, low + step, …`.
    Float {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
        /// Uniform in the logarithm; `low` is then positive and there is no step.
        log: bool,
        /// Distance between neighbouring values.
        step: Option<f64>,
    },
    /// An integer in `[low, high]`, one of `low, low + step, …`.
    Int {
        /// Smallest value.
        low: i64,
        /// Largest value.
        high: i64,
        /// Uniform in the logarithm; `low` is then at least 1 and `step` is 1.
        log: bool,
        /// Distance between neighbouring values, at least 1.
        step: i64,
    },
    /// One of some values, without an order. A boolean is a choice of `false` and `true`, a fixed
    /// parameter a choice of one.
    Choice {
        /// The values; never empty, all different.
        values: Vec<Value>,
    },
}

/// A dimension is active only where its parent has one of these coordinates (internal form).
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Index of the parent dimension, smaller than the child's.
    pub parent: usize,
    /// The parent's coordinates under which the child is active.
    pub any_of: Vec<f64>,
}

/// One dimension of a space.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    /// Unique in the space: `svm.C`, `preprocess.scale`, `model`.
    pub id: String,
    /// The parameter's name as runs record it: `C`, `scale`, `model`. Dimensions of branches that
    /// exclude each other may share it.
    pub name: String,
    /// The values it can take.
    pub kind: Kind,
    /// All must hold for the dimension to be active.
    pub when: Vec<Condition>,
}
