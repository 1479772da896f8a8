//! What was told: where, how good, and which points can no longer be new.

use super::axis::Place;
use crate::space::Point;
use std::collections::HashSet;

/// All told trials in tell order.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    trials: Vec<Trial>,
    points: HashSet<u64>,
}

/// A told trial.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    pub(super) place: Place,
    /// Infinite for a failure.
    pub(super) loss: f64,
}

impl Record {
    pub(super) fn push(&mut self, point: &Point, place: Place, loss: f64) {
        self.trials.push(Trial { place, loss });
        self.points.insert(hash(point));
    }

    pub(super) fn len(&self) -> usize {
        self.trials.len()
    }

    pub(super) fn has(&self, point: &Point) -> bool {
        self.points.contains(&hash(point))
    }

    /// How many different points were told.
    pub(super) fn n_points(&self) -> usize {
        self.points.len()
    }

    /// Trials that have a loss, best first, of equal ones the oldest.
    pub(super) fn ranked(&self) -> Vec<&Trial> {
        let mut scored: Vec<&Trial> =
            self.trials.iter().filter(|trial| trial.loss.is_finite()).collect();
        scored.sort_by(|a, b| a.loss.total_cmp(&b.loss));
        scored
    }
}

/// 64 bits of a point.
fn hash(point: &Point) -> u64 {
    let step = 0x9e37_79b9_7f4a_7c15;
    let bits = |coord: &Option<f64>| coord.map_or(u64::MAX, f64::to_bits);
    point.0.iter().fold(step, |state, coord| scatter(state ^ bits(coord)).wrapping_add(step))
}

/// A bijective scramble of 64 bits (the finalizer of `SplitMix64`; Steele, Lea and Flood 2014).
fn scatter(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
