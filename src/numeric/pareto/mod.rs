//! Several objectives at once: who dominates whom, how spread a front is, how much volume it holds.
//!
//! Everything is minimized. Points are the rows of a [`Losses`] table; one with a NaN takes no part: it comes
//! after all others and dominates nothing.

mod crowding;
mod hypervolume;
mod ranks;
mod simplex;
mod staircase;

pub use crowding::crowding_distances;
pub use hypervolume::hypervolume;
pub use ranks::{front, non_domination_ranks};
pub use simplex::das_dennis;

use std::cmp::Ordering;

/// Losses of some points, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Losses<'a> {
    values: &'a [f64],
    n_objectives: usize,
}

impl<'a> Losses<'a> {
    /// Rows of `n_objectives` values each; an incomplete last row is left out.
    pub fn new(values: &'a [f64], n_objectives: usize) -> Self {
        Self { values, n_objectives }
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.n_objectives).unwrap_or(0)
    }

    /// True without points.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many objectives there are.
    pub fn n_objectives(&self) -> usize {
        self.n_objectives
    }

    /// The losses of one point.
    pub fn row(&self, index: usize) -> &'a [f64] {
        &self.values[index * self.n_objectives..(index + 1) * self.n_objectives]
    }

    /// Points without a NaN, by their first loss, then the second, and so on.
    fn in_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> =
            (0..self.len()).filter(|&i| self.row(i).iter().all(|x| !x.is_nan())).collect();
        order.sort_by(|&a, &b| lexicographic(self.row(a), self.row(b)));
        order
    }
}

/// True if `a` is nowhere worse than `b` and somewhere better.
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    let no_worse = a.iter().zip(b).all(|(a, b)| a <= b);
    no_worse && a.iter().zip(b).any(|(a, b)| a < b)
}

/// Zeros of both signs are the same number here, as they are for dominance.
fn lexicographic(a: &[f64], b: &[f64]) -> Ordering {
    let unequal = a.iter().zip(b).find(|(a, b)| a != b);
    unequal.map_or(Ordering::Equal, |(a, b)| a.total_cmp(b))
}
