//! The values of a dimension on a grid.

use super::{Condition, Dimension, Kind, Size, Space};
use crate::domain::Value;

impl Space {
    /// Coordinates of a grid on dimension `idx`: all values of a choice, and of a range with at most `steps`
    /// values; otherwise `steps` of them, even on the range's own scale, the ends included.
    pub fn grid_levels(&self, idx: usize, steps: usize) -> Vec<f64> {
        let dim = &self.dims()[idx];
        let steps = steps.max(1);
        let all = dim.cardinality().filter(|&n| dim.is_categorical() || n <= steps as u64);
        if let Some(n) = all {
            return (0..n).map(|position| dim.nth(position)).collect();
        }
        let share = |i: usize| if steps == 1 { 0.5 } else { i as f64 / (steps - 1) as f64 };
        let level = |i: usize| match &dim.kind {
            Kind::Int { low, high, log: true, .. } => {
                let (low, high) = (*low as f64, *high as f64);
                dim.snap((low.ln() + share(i) * (high.ln() - low.ln())).exp())
            }
            Kind::Float { step: None, .. } => dim.value_at(share(i)),
            _ => {
                let last = dim.cardinality().unwrap_or(1) - 1;
                dim.nth((share(i) * last as f64).round() as u64)
            }
        };
        let mut levels: Vec<f64> = (0..steps).map(level).collect();
        levels.dedup();
        levels
    }

    /// The number of points of a grid with [`grid_levels`](Self::grid_levels) on every dimension. What waits
    /// for a value that the grid does not have is never reached.
    pub fn grid_size(&self, steps: usize) -> Size {
        let levels: Vec<Vec<f64>> =
            (0..self.len()).map(|idx| self.grid_levels(idx, steps)).collect();
        let on_levels = |condition: &Condition| {
            let found =
                |coord: &f64| levels[condition.parent].iter().position(|level| level == coord);
            let any_of = condition.any_of.iter().filter_map(found).map(|idx| idx as f64).collect();
            Condition { parent: condition.parent, any_of }
        };
        let dims = self.dims().iter().zip(&levels).map(|(dim, levels)| Dimension {
            id: dim.id.clone(),
            name: dim.name.clone(),
            kind: Kind::Choice {
                values: levels.iter().map(|&level| Value::Float(level)).collect(),
            },
            when: dim.when.iter().map(on_levels).collect(),
        });
        Space { dims: dims.collect() }.size()
    }
}
