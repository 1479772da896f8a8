//! A point of a space in internal form, and its way to parameters and back.

use super::{Dimension, PointProblem, Space, SpaceError};
use crate::domain::Params;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One coordinate per dimension; `None` where the dimension is inactive.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Point(pub Vec<Option<f64>>);

impl Space {
    /// Names and values of the active dimensions, in order.
    pub fn params(&self, point: &Point) -> Params {
        let coords = self.dims.iter().zip(&point.0);
        coords.filter_map(|(dim, coord)| coord.map(|c| (dim.name.clone(), dim.value(c)))).collect()
    }

    /// The point of some parameters. One that has only one value may be left out.
    ///
    /// # Errors
    /// Names every parameter that is unknown, missing or out of range.
    pub fn point(&self, params: &Params) -> Result<Point, SpaceError> {
        let mut reading = Reading::new(self, params);
        for (idx, dim) in self.dims.iter().enumerate() {
            let coord = reading.coord(idx, dim);
            reading.coords.push(coord);
        }
        reading.strangers();
        if reading.problems.is_empty() {
            Ok(Point(reading.coords))
        } else {
            Err(SpaceError::Point(reading.problems))
        }
    }

    /// Checks that a point is active exactly where it should be and that every coordinate is in range and
    /// on its grid.
    ///
    /// # Errors
    /// Names every dimension that is wrong.
    pub fn check(&self, point: &Point) -> Result<(), SpaceError> {
        if point.0.len() != self.len() {
            let text = format!("a point of {} coordinates, not {}", point.0.len(), self.len());
            return Err(SpaceError::Point(vec![PointProblem { name: String::new(), text }]));
        }
        let mut problems = Vec::new();
        for (idx, (dim, coord)) in self.dims.iter().zip(&point.0).enumerate() {
            let text = match (coord, self.is_active(idx, &point.0[..idx])) {
                (None, true) => format!("'{}' is missing", dim.id),
                (Some(_), false) => format!("'{}' is not active here; leave it out", dim.id),
                (Some(coord), true) if dim.on_grid(*coord) != Some(*coord) => {
                    format!("'{}' cannot be {coord}; {}", dim.id, dim.allowed())
                }
                _ => continue,
            };
            problems.push(PointProblem { name: dim.name.clone(), text });
        }
        if problems.is_empty() { Ok(()) } else { Err(SpaceError::Point(problems)) }
    }
}

impl Dimension {
    /// What it takes, as the end of a message.
    fn allowed(&self) -> String {
        match &self.kind {
            super::Kind::Choice { values } if values.len() == 1 => {
                format!("it is fixed to {}", self.kind.words())
            }
            super::Kind::Choice { values } => {
                let words: Vec<String> = values.iter().map(ToString::to_string).collect();
                format!("it is one of {}", words.join(", "))
            }
            _ => format!("its range is {}", self.kind.words()),
        }
    }
}

/// Parameters on their way to a point.
struct Reading<'a> {
    space: &'a Space,
    params: &'a Params,
    coords: Vec<Option<f64>>,
    /// Dimensions whose coordinate could not be told; nothing is said about their children.
    unclear: Vec<bool>,
    used: BTreeSet<&'a str>,
    problems: Vec<PointProblem>,
}

impl<'a> Reading<'a> {
    fn new(space: &'a Space, params: &'a Params) -> Self {
        Self {
            space,
            params,
            coords: Vec::with_capacity(space.len()),
            unclear: vec![false; space.len()],
            used: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    fn coord(&mut self, idx: usize, dim: &'a Dimension) -> Option<f64> {
        let mut waits = dim.when.iter();
        if waits.any(|condition| self.unclear[condition.parent]) {
            self.unclear[idx] = true;
            self.used.insert(&dim.name);
            return None;
        }
        if !self.space.is_active(idx, &self.coords) {
            return None;
        }
        self.used.insert(&dim.name);
        let text = match self.params.get(&dim.name) {
            None if dim.is_constant() => return Some(dim.nth(0)),
            None => format!("'{}' is missing; {}", dim.name, dim.allowed()),
            Some(value) => match dim.coord(value) {
                Some(coord) => return Some(coord),
                None => format!("'{}' cannot be '{value}'; {}", dim.name, dim.allowed()),
            },
        };
        self.unclear[idx] = true;
        self.problems.push(PointProblem { name: dim.name.clone(), text });
        None
    }

    /// Parameters that no active dimension took.
    fn strangers(&mut self) {
        for (name, _) in self.params.iter() {
            if self.used.contains(name) {
                continue;
            }
            let text = if self.space.dims.iter().any(|dim| dim.name == name) {
                format!("'{name}' is not active with these values; leave it out")
            } else {
                let known: BTreeSet<&str> =
                    self.space.dims.iter().map(|d| d.name.as_str()).collect();
                let known: Vec<&str> = known.into_iter().collect();
                format!("unknown parameter '{name}'; the space has {}", known.join(", "))
            };
            self.problems.push(PointProblem { name: name.into(), text });
        }
    }
}
