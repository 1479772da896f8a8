//! The search space: dimensions, conditions, and the unit cube that samplers think in.
//!
//! A [`Space`] is a flat list of dimensions in which parents stand before their children. A point holds
//! one coordinate per dimension in *internal form*: the number itself for floats and integers, the index
//! for choices, and `None` where the dimension is inactive under the point's other coordinates.

mod dimension;
mod error;
mod grid;
mod point;
mod size;
mod tree;
mod validate;

pub use dimension::{Condition, Dimension, Kind};
pub use error::{PointProblem, SpaceError};
pub use point::Point;
pub use size::Size;
pub use tree::Row;

use std::collections::BTreeMap;

/// A conditional search space.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Space {
    dims: Vec<Dimension>,
}

impl Space {
    /// Checks the dimensions and makes them a space.
    ///
    /// # Errors
    /// When an id occurs twice, a parent stands behind its child, two dimensions that can both be active
    /// share a name, a condition names a value that its parent never takes, or a range, step or choice is
    /// empty, not finite or too fine for a float.
    pub fn new(dims: Vec<Dimension>) -> Result<Self, SpaceError> {
        validate::validate(&dims)?;
        Ok(Self { dims })
    }

    /// The dimensions, parents before children.
    pub fn dims(&self) -> &[Dimension] {
        &self.dims
    }

    /// What people call each dimension; see [`shown_names`].
    pub fn shown_names(&self) -> Vec<&str> {
        shown_names(self.dims.iter().map(|dim| (dim.id.as_str(), dim.name.as_str())))
    }

    /// How many dimensions there are.
    pub fn len(&self) -> usize {
        self.dims.len()
    }

    /// True without dimensions.
    pub fn is_empty(&self) -> bool {
        self.dims.is_empty()
    }

    /// True if dimension `idx` is active under the coordinates of the dimensions before it. A dimension
    /// whose parent is inactive is inactive.
    pub fn is_active(&self, idx: usize, coords: &[Option<f64>]) -> bool {
        self.dims[idx].when.iter().all(|condition| {
            let parent = coords.get(condition.parent).copied().flatten();
            parent.is_some_and(|coord| condition.any_of.contains(&coord))
        })
    }

    /// True if some point has dimension `idx`: no two conditions on its way contradict each other.
    pub fn is_reachable(&self, idx: usize) -> bool {
        self.needs(idx).values().all(|coords| !coords.is_empty())
    }

    /// The coordinates that the ancestors of dimension `idx` must have for it to be active, by dimension;
    /// none are left for one that contradictory conditions name.
    pub fn needs(&self, idx: usize) -> BTreeMap<usize, Vec<f64>> {
        validate::needs(&self.dims, idx)
    }

    /// The point at `unit` of the unit cube, one number in `[0, 1]` per dimension; those of inactive
    /// dimensions are not read, and a missing one counts as 0.5.
    pub fn from_unit(&self, unit: &[f64]) -> Point {
        let mut coords = Vec::with_capacity(self.dims.len());
        for (idx, dim) in self.dims.iter().enumerate() {
            let active = self.is_active(idx, &coords);
            coords.push(active.then(|| dim.value_at(unit.get(idx).copied().unwrap_or(0.5))));
        }
        Point(coords)
    }

    /// The point's place in the unit cube; 0.5 for inactive dimensions.
    pub fn to_unit(&self, point: &Point) -> Vec<f64> {
        let coords = self.dims.iter().zip(&point.0);
        coords.map(|(dim, coord)| coord.map_or(0.5, |coord| dim.unit_of(coord))).collect()
    }
}

/// What people call dimensions of these ids and names: by the name where no other has it, else by the id, which says
/// the branch.
pub fn shown_names<'a>(dims: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<&'a str> {
    let dims: Vec<(&str, &str)> = dims.collect();
    let n = |name: &str| dims.iter().filter(|dim| dim.1 == name).count();
    dims.iter().map(|(id, name)| if n(name) > 1 { *id } else { *name }).collect()
}

#[cfg(test)]
mod tests;
