//! Samplers: which configuration to try next.
//!
//! A sampler is a function of the space, the told history in tell order, what is pending at the ask, the
//! trial's number and the seed. It draws every random number of an ask from a stream of (seed, trial
//! number), so a sampler rebuilt from the record goes on exactly as the one that was lost.

use crate::space::{Point, Space};
use std::sync::Arc;

/// What became of a trial, as a sampler learns it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The trial's number.
    pub number: u64,
    /// Where it was.
    pub point: Point,
    /// The objective turned so that smaller is better; `None` for a trial that failed or is infeasible.
    pub loss: Option<f64>,
}

/// The search strategy.
pub trait Sampler: Send {
    /// The point of trial `number`, given the points still at work; `None` once the space is used up.
    fn ask(&mut self, number: u64, pending: &[Point]) -> Option<Point>;

    /// Takes in a result. The order of calls is the order of the record.
    fn tell(&mut self, told: &Told);
}

/// What a sampler is made from.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where to search.
    pub space: Arc<Space>,
    /// Seed of every stream.
    pub seed: u64,
    /// How many trials the sweep means to run, where it says.
    pub budget: Option<u64>,
}
