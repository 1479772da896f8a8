//! One-dimensional exponentials of distances, without an exponential per pair of points.
//!
//! `exp(−s |x − x′|)` is the lesser of `exp(−s x) exp(s x′)` and `exp(s x) exp(−s x′)`, so two exponentials per
//! coordinate stand for all pairs. Coordinates are taken from the middle of the unit interval, and scales are bounded,
//! so that no factor leaves the range of a float.

use super::kernel::exp_neg;
use super::points::Columns;

/// The largest scale `√5/λ`: both factors stay within `exp(±250)`.
pub(super) const STEEPEST: f64 = 500.0;
const MIDDLE: f64 = 0.5;

/// `exp(−s x)` and `exp(s x)` of one coordinate; both 0 where it is inactive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    pub(super) falling: f64,
    pub(super) rising: f64,
}

impl Side {
    /// Of a coordinate, NaN where inactive.
    pub(super) fn new(x: f64, scale: f64) -> Self {
        if x.is_nan() {
            return Self { falling: 0.0, rising: 0.0 };
        }
        let less = exp_neg((scale * (x - MIDDLE)).abs());
        let (falling, rising) = if x >= MIDDLE { (less, 1.0 / less) } else { (1.0 / less, less) };
        Self { falling, rising }
    }
}

/// The factors of all points, one column per numeric dimension; empty columns for choices.
#[derive(Debug, Clone, Default)]
pub(super) struct Sides {
    columns: Vec<(Vec<f64>, Vec<f64>)>,
}

impl Sides {
    /// Of points under scales, one per dimension.
    pub(super) fn new(points: &Columns, scales: &[f64]) -> Self {
        let column = |(column, &scale): (&super::points::Column, &f64)| {
            let n = if column.is_choice { 0 } else { points.len() };
            let side = |r: usize| Side::new(column.at(r), scale);
            (0..n).map(side).map(|side| (side.falling, side.rising)).unzip()
        };
        Self { columns: points.columns.iter().zip(scales).map(column).collect() }
    }

    /// Falling and rising factors of the first `n` points in dimension `i`.
    pub(super) fn column(&self, i: usize, n: usize) -> (&[f64], &[f64]) {
        let (falling, rising) = &self.columns[i];
        (&falling[..n.min(falling.len())], &rising[..n.min(rising.len())])
    }

    /// The factors of point `r` in dimension `i`.
    pub(super) fn at(&self, i: usize, r: usize) -> Side {
        let (falling, rising) = &self.columns[i];
        let entry = |column: &[f64]| column.get(r).copied().unwrap_or(0.0);
        Side { falling: entry(falling), rising: entry(rising) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::points::Column;
    use super::*;

    #[test]
    fn products_are_exponentials_of_distances() {
        let mut points = Columns::new(vec![Column::new(false, true)]);
        let xs = [0.0, 0.2, 0.5, 0.51, 1.0];
        for &x in &xs {
            points.push(&[x]);
        }
        points.push(&[f64::NAN]);
        for scale in [0.01, 3.0, STEEPEST] {
            let sides = Sides::new(&points, &[scale]);
            let (falling, rising) = sides.column(0, 6);
            for (i, &x) in xs.iter().enumerate() {
                let side = sides.at(0, i);
                for (j, &other) in xs.iter().enumerate() {
                    let found = (side.falling * rising[j]).min(side.rising * falling[j]);
                    let expect = (-scale * (x - other).abs()).exp();
                    assert!((found - expect).abs() <= 1e-13 * expect, "{x} {other}: {found}");
                }
                assert_eq!(side.falling * rising[5], 0.0);
            }
        }
    }
}
