//! Points as rows of the model and as genes of the search.
//!
//! A row has one number per dimension that is not constant: the place in the unit interval (the middle of the
//! cell where the dimension is discrete), the index of a choice, NaN where inactive. Genes are the same without NaN:
//! an inactive dimension keeps the gene that it would have if it became active.

use super::points::{Column, Columns};
use crate::numeric::Rng;
use crate::space::{Point, Space};
use std::sync::Arc;

/// Up to so many levels a discrete dimension is searched level by level.
const FEW: u64 = 16;
/// Choices are enumerated together up to so many combinations.
const MAX_COMBINATIONS: usize = 64;
/// Levels of a choice tried at once.
const MAX_TRIED: usize = 32;

/// How a dimension is searched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Axis {
    /// A float, or a discrete dimension with so many levels that it passes for one; the width of a cell.
    Dense(Option<f64>),
    /// A discrete dimension with few levels, in order.
    Few(u64),
    /// A choice of so many.
    Choice(u64),
}

/// The way from points to rows and back.
#[derive(Debug, Clone)]
pub(super) struct Codec {
    pub(super) space: Arc<Space>,
    /// Dimension and axis of each entry of a row.
    pub(super) axes: Vec<(usize, Axis)>,
}

impl Codec {
    pub(super) fn new(space: Arc<Space>) -> Self {
        let axis = |(idx, dim): (usize, &crate::space::Dimension)| {
            let axis = match dim.cardinality() {
                _ if dim.is_constant() => return None,
                Some(n) if dim.is_categorical() => Axis::Choice(n),
                Some(n) if n <= FEW => Axis::Few(n),
                Some(n) => Axis::Dense(Some(1.0 / n as f64)),
                None => Axis::Dense(None),
            };
            Some((idx, axis))
        };
        let axes = space.dims().iter().enumerate().filter_map(axis).collect();
        Self { space, axes }
    }

    /// Entries of a row.
    pub(super) fn len(&self) -> usize {
        self.axes.len()
    }

    /// No points yet.
    pub(super) fn columns(&self) -> Columns {
        let column = |(idx, axis): &(usize, Axis)| {
            let is_conditional = !self.space.dims()[*idx].when.is_empty();
            Column::new(matches!(axis, Axis::Choice(_)), is_conditional)
        };
        Columns::new(self.axes.iter().map(column).collect())
    }

    pub(super) fn row(&self, point: &Point) -> Vec<f64> {
        let entry = |&(idx, axis): &(usize, Axis)| {
            let coord = point.0.get(idx).copied().flatten();
            coord.map_or(f64::NAN, |coord| match axis {
                Axis::Choice(_) => coord,
                _ => self.space.dims()[idx].unit_of(coord),
            })
        };
        self.axes.iter().map(entry).collect()
    }

    /// The point that genes stand for.
    pub(super) fn point(&self, genes: &[f64]) -> Point {
        let mut unit = vec![0.5; self.space.len()];
        for (&(idx, axis), &gene) in self.axes.iter().zip(genes) {
            unit[idx] = match axis {
                Axis::Choice(_) => self.space.dims()[idx].unit_of(gene),
                _ => gene,
            };
        }
        self.space.from_unit(&unit)
    }

    /// Genes of a point; a random one where it is inactive.
    pub(super) fn genes(&self, row: &[f64], rng: &mut Rng) -> Vec<f64> {
        let gene = |(&(_, axis), &x): (&(usize, Axis), &f64)| match (x.is_nan(), axis) {
            (false, _) => x,
            (true, Axis::Choice(n)) => rng.below(n as usize) as f64,
            (true, _) => rng.unit(),
        };
        self.axes.iter().zip(row).map(gene).collect()
    }

    /// Genes from numbers in the unit cube of the space.
    pub(super) fn genes_at(&self, unit: &[f64]) -> Vec<f64> {
        let gene = |&(idx, axis): &(usize, Axis)| match axis {
            Axis::Choice(_) => self.space.dims()[idx].value_at(unit[idx]),
            _ => unit[idx],
        };
        self.axes.iter().map(gene).collect()
    }

    /// The row of the point that genes stand for.
    pub(super) fn snapped(&self, genes: &[f64]) -> Vec<f64> {
        self.row(&self.point(genes))
    }

    /// Levels of an axis to try in place of gene `x`, as genes.
    pub(super) fn levels(axis: Axis, x: f64, rng: &mut Rng) -> Vec<f64> {
        match axis {
            Axis::Choice(n) if n as usize > MAX_TRIED => {
                (0..MAX_TRIED).map(|_| rng.below(n as usize) as f64).collect()
            }
            Axis::Choice(n) => (0..n).map(|i| i as f64).filter(|&i| i != x).collect(),
            Axis::Few(n) => (0..n).map(|i| (i as f64 + 0.5) / n as f64).collect(),
            Axis::Dense(Some(cell)) => {
                [-1.0, 1.0].map(|side| (x + side * cell).clamp(0.0, 1.0)).to_vec()
            }
            Axis::Dense(None) => Vec::new(),
        }
    }

    /// All combinations of choices, as (entry, index) pairs; empty without choices or with too many.
    pub(super) fn combinations(&self) -> Vec<Vec<(usize, f64)>> {
        let mut all: Vec<Vec<(usize, f64)>> = vec![Vec::new()];
        for (entry, &(idx, axis)) in self.axes.iter().enumerate() {
            let Axis::Choice(n) = axis else { continue };
            let extend = |combination: &Vec<(usize, f64)>| {
                let mut coords = vec![None; idx];
                for (dim, fixed) in self.space.dims()[..idx].iter().enumerate() {
                    coords[dim] = fixed.is_constant().then(|| fixed.value_at(0.5));
                }
                for &(at, choice) in combination {
                    coords[self.axes[at].0] = Some(choice);
                }
                // A numeric parent is not settled here: the choice below it counts as active.
                let settled = self.space.dims()[idx]
                    .when
                    .iter()
                    .all(|c| self.space.dims()[c.parent].is_categorical());
                let is_active = !settled || self.space.is_active(idx, &coords);
                let values = if is_active { n } else { 1 };
                (0..values)
                    .map(|value| {
                        let mut longer = combination.clone();
                        if is_active {
                            longer.push((entry, value as f64));
                        }
                        longer
                    })
                    .collect::<Vec<_>>()
            };
            if all.len() as u128 * u128::from(n) > 16 * MAX_COMBINATIONS as u128 {
                return Vec::new();
            }
            all = all.iter().flat_map(extend).collect();
        }
        let usable = all.len() > 1 && all.len() <= MAX_COMBINATIONS;
        if usable { all } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::conformance::{choice, constant, float, int, setup, when};

    fn codec() -> Codec {
        let dims = vec![
            constant("k"),
            choice("model", 3),
            when(float("C", -1.0, 1.0), 1, &[0.0]),
            when(choice("opt", 3), 1, &[2.0]),
            when(float("momentum", 0.0, 1.0), 3, &[0.0]),
            int("n", 1, 100),
        ];
        Codec::new(setup(dims, 1).space)
    }

    #[test]
    fn points_come_back_from_their_rows() {
        let codec = codec();
        let mut rng = Rng::new(2);
        for _ in 0..50 {
            let unit: Vec<f64> = (0..6).map(|_| rng.unit()).collect();
            let point = codec.space.from_unit(&unit);
            let genes = codec.genes(&codec.row(&point), &mut rng);
            assert_eq!(codec.point(&genes), codec.point(&codec.genes_at(&unit)), "{point:?}");
        }
    }

    #[test]
    fn only_reachable_combinations_are_enumerated() {
        let found = codec().combinations();
        assert_eq!(found.len(), 5, "{found:?}");
        assert_eq!(found[4], [(0, 2.0), (2, 2.0)]);
        let wide = setup(vec![choice("c", 10_000)], 1);
        assert!(Codec::new(wide.space).combinations().is_empty());
    }
}
