//! The first objective between the runs, over two columns: weighted by inverse distance, as `derby plot contour` does.

use super::table::Table;
use crate::plot::{Spot, field};

/// Cells of the field along an axis of numbers: what a large terminal has.
const CELLS: (usize, usize) = (72, 36);

/// Values on a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Interpolated {
    /// The columns along the bottom and along the side.
    pub(super) at: (usize, usize),
    pub(super) logs: (bool, bool),
    /// Row by row, the lowest first.
    pub(super) values: Vec<f64>,
    /// Values in a row.
    pub(super) columns: usize,
    /// Runs that have both.
    pub(super) n: usize,
}

impl Interpolated {
    pub(super) fn of(table: &Table, at: (usize, usize), logs: (bool, bool)) -> Self {
        let none = Self { at, logs, values: Vec::new(), columns: 0, n: 0 };
        let (Some(x), Some(y)) = (table.columns.get(at.0), table.columns.get(at.1)) else {
            return none;
        };
        let Some(score) = table.objective().map(|at| &table.columns[at]) else { return none };
        let spot = |row: usize| {
            let (across, up) = (x.at(row), y.at(row));
            let has = across.is_finite() && up.is_finite();
            // A run that went astray would color everything around it, so scores end with the axis.
            let place = (x.share(across, logs.0), y.share(up, logs.1));
            has.then(|| (place.0, place.1, score.at(row)))
        };
        let spots: Vec<Spot> =
            (0..table.n_scored).filter_map(spot).filter(|spot| spot.2.is_finite()).collect();
        if spots.is_empty() {
            return none;
        }
        let cells =
            |words: &[String], most: usize| if words.is_empty() { most } else { words.len() };
        let size = (cells(&x.words, CELLS.0), cells(&y.words, CELLS.1));
        Self { values: field(&spots, size), columns: size.0, n: spots.len(), ..none }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_near_its_runs_and_within_their_scores() {
        let values = field(&[(0.1, 0.1, 1.0), (0.9, 0.9, 3.0)], (10, 10));
        assert!((values[11] - 1.0).abs() < 0.01 && (values[88] - 3.0).abs() < 0.01);
        assert!(values.iter().all(|value| (1.0..=3.0).contains(value)));
        assert!((values[45] - 2.0).abs() < 0.2, "{}", values[45]);
    }
}
