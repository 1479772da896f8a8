//! The border of what some points in the plane dominate.

use std::collections::BTreeMap;

/// A float in the order of the reals; both zeros are one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key(f64);

impl Key {
    pub(super) fn new(x: f64) -> Self {
        Self(if x == 0.0 { 0.0 } else { x })
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Points of which none dominates another: from left to right they fall.
#[derive(Debug, Clone, Default)]
pub(super) struct Staircase(BTreeMap<Key, f64>);

impl Staircase {
    /// True if some point is neither to the right of nor above `(x, y)`; an equal one counts.
    pub(super) fn covers(&self, x: f64, y: f64) -> bool {
        self.0.range(..=Key::new(x)).next_back().is_some_and(|(_, &lowest)| lowest <= y)
    }

    /// Adds a point and takes out those that it covers. Gives the area within `corner` that only the new
    /// point dominates; 0 for one that is covered itself.
    pub(super) fn add(&mut self, (x, y): (f64, f64), corner: (f64, f64)) -> f64 {
        if self.covers(x, y) {
            return 0.0;
        }
        let mut top = self.0.range(..Key::new(x)).next_back().map_or(corner.1, |(_, &above)| above);
        let (mut left, mut area) = (x, 0.0);
        while let Some((&next, &below)) = self.0.range(Key::new(x)..).next() {
            if below < y {
                area += (next.0 - left) * (top - y);
                return self.keep(x, y, area);
            }
            area += (next.0 - left) * (top - y);
            (left, top) = (next.0, below);
            self.0.remove(&next);
        }
        area += (corner.0 - left) * (top - y);
        self.keep(x, y, area)
    }

    fn keep(&mut self, x: f64, y: f64, area: f64) -> f64 {
        self.0.insert(Key::new(x), y);
        area
    }
}
