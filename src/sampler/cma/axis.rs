//! Which coordinates the distribution has: numbers in the unit interval, smooth or in cells, and choices.

use super::category::Categories;
use crate::space::{Dimension, Kind, Point, Space};

/// A numeric dimension with more than one value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Number {
    /// Its index in the space.
    pub(super) dim: usize,
    pub(super) cells: Cells,
}

/// How a number's unit interval is cut.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cells {
    /// Not at all.
    Smooth,
    /// Into so many equal cells.
    Even(u64),
    /// Into one cell per whole number from `low`, with ends at `ln(v ± ½)`.
    Log { low: f64, n: u64 },
}

impl Cells {
    fn of(dim: &Dimension) -> Option<Self> {
        match (&dim.kind, dim.cardinality()) {
            (Kind::Choice { .. }, _) | (_, Some(1)) => None,
            (_, None) => Some(Self::Smooth),
            (Kind::Int { low, log: true, .. }, Some(n)) => Some(Self::Log { low: *low as f64, n }),
            (_, Some(n)) => Some(Self::Even(n)),
        }
    }

    /// The borders below and above the cell of `x`, as thresholds of the margin: at an end of the range both
    /// are the one border that there is. `None` for a smooth number.
    pub(super) fn limits(&self, x: f64) -> Option<(f64, f64)> {
        let n = match *self {
            Self::Smooth => return None,
            Self::Even(n) | Self::Log { n, .. } => n,
        };
        let cell = self.cell(x).min(n - 1);
        let border = |index: u64| self.border(index.min(n - 2));
        Some((border(cell.saturating_sub(1)), border(cell)))
    }

    fn cell(&self, x: f64) -> u64 {
        match *self {
            Self::Smooth => 0,
            Self::Even(n) => (x * n as f64).floor() as u64,
            Self::Log { low, n } => {
                let (start, width) = log_range(low, n);
                ((start + x * width).exp() - low + 0.5).floor() as u64
            }
        }
    }

    /// The border between cell `index` and the next.
    fn border(&self, index: u64) -> f64 {
        match *self {
            Self::Smooth => 0.0,
            Self::Even(n) => (index + 1) as f64 / n as f64,
            Self::Log { low, n } => {
                let (start, width) = log_range(low, n);
                ((low + index as f64 + 0.5).ln() - start) / width
            }
        }
    }
}

fn log_range(low: f64, n: u64) -> (f64, f64) {
    let start = (low - 0.5).ln();
    (start, (low + n as f64 - 0.5).ln() - start)
}

/// A choice with more than one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    /// Its index in the space.
    pub(super) dim: usize,
    /// How many values it has.
    pub(super) n: usize,
}

/// The distribution's coordinates in the space.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    pub(super) numbers: Vec<Number>,
    pub(super) choices: Vec<Choice>,
    n_dims: usize,
}

/// A point in the distribution's coordinates.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// One per number, NaN where inactive.
    pub(super) numbers: Vec<f64>,
    /// One per choice, `None` where inactive.
    pub(super) choices: Vec<Option<usize>>,
}

impl Frame {
    pub(super) fn new(space: &Space) -> Self {
        let (mut numbers, mut choices) = (Vec::new(), Vec::new());
        for (idx, dim) in space.dims().iter().enumerate() {
            if !space.is_reachable(idx) {
                continue;
            }
            if let Some(cells) = Cells::of(dim) {
                numbers.push(Number { dim: idx, cells });
            } else if let Some(n) = dim.cardinality().filter(|&n| n > 1) {
                choices.push(Choice { dim: idx, n: n as usize });
            }
        }
        Self { numbers, choices, n_dims: space.len() }
    }

    /// Numbers and choices together.
    pub(super) fn len(&self) -> usize {
        self.numbers.len() + self.choices.len()
    }

    /// All values of all choices alike.
    pub(super) fn uniform(&self) -> Categories {
        let sizes: Vec<usize> = self.choices.iter().map(|choice| choice.n).collect();
        Categories::new(&sizes)
    }

    /// True if the point has a number without cells.
    pub(super) fn is_smooth(&self, point: &Point) -> bool {
        let is_smooth = |number: &Number| number.cells == Cells::Smooth;
        self.numbers.iter().any(|number| is_smooth(number) && point.0[number.dim].is_some())
    }

    /// The unit cube's coordinates of numbers and choices.
    pub(super) fn unit(&self, numbers: &[f64], choices: &[usize]) -> Vec<f64> {
        let mut unit = vec![0.5; self.n_dims];
        for (number, x) in self.numbers.iter().zip(numbers) {
            unit[number.dim] = *x;
        }
        for (choice, value) in self.choices.iter().zip(choices) {
            unit[choice.dim] = (*value as f64 + 0.5) / choice.n as f64;
        }
        unit
    }

    /// Where a point is; the middle of its cell for a number that has cells.
    pub(super) fn place(&self, space: &Space, point: &Point) -> Place {
        let coord = |dim: usize| point.0.get(dim).copied().flatten();
        let number = |number: &Number| {
            coord(number.dim).map_or(f64::NAN, |x| space.dims()[number.dim].unit_of(x))
        };
        let choice = |choice: &Choice| {
            coord(choice.dim).map(|index| (index as usize).min(choice.n.saturating_sub(1)))
        };
        Place {
            numbers: self.numbers.iter().map(number).collect(),
            choices: self.choices.iter().map(choice).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::conformance::{choice, float, int, log_int, stepped, when};

    #[test]
    fn borders_are_where_the_value_changes() {
        for dim in [int("n", 3, 9), log_int("m", 1, 20), stepped("s", 0.0, 1.0, 0.1)] {
            let cells = Cells::of(&dim).unwrap();
            for at in 0..200 {
                let x = (f64::from(at) + 0.37) / 200.0;
                let (low, high) = cells.limits(x).unwrap();
                let own = dim.value_at(x);
                assert!(low == high || (low <= x && x <= high), "{dim:?} {x}");
                for border in [low, high] {
                    assert_ne!(dim.value_at(border - 1e-9), dim.value_at(border + 1e-9));
                }
                if low < high {
                    assert_eq!(own, dim.value_at(low + 1e-9));
                    assert_eq!(own, dim.value_at(high - 1e-9));
                }
            }
        }
    }

    #[test]
    fn constants_and_dimensions_out_of_reach_are_left_out() {
        let space = Space::new(vec![
            choice("k", 1),
            choice("c", 3),
            float("x", 0.0, 1.0),
            when(float("y", 0.0, 1.0), 1, &[2.0]),
        ])
        .unwrap();
        let frame = Frame::new(&space);
        assert_eq!((frame.numbers.len(), frame.choices.len(), frame.len()), (2, 1, 3));
        let point = space.from_unit(&frame.unit(&[0.25, 0.75], &[1]));
        let place = frame.place(&space, &point);
        assert_eq!(place.numbers[0], 0.25);
        assert!(place.numbers[1].is_nan());
        assert_eq!(place.choices, [Some(1)]);
    }
}
