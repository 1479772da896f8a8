//! Samplers: which configuration to try next.
//!
//! A sampler is a function of the space, the told history in tell order, what is pending at the ask, the
//! trial's number and the seed. It draws every random number of an ask from a stream of (seed, trial
//! number), so a sampler rebuilt from the record goes on exactly as the one that was lost.

mod cma;
mod gp;
mod grid;
mod nsga;
mod random;
mod session;
mod sobol;
mod tpe;
pub mod wire;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod earlier;

pub use cma::{Cma, CmaOptions};
pub use gp::{Gp, GpOptions, Regret};
pub use grid::{Grid, grid_len};
pub use nsga::{NsgaOptions, Parents, Scored, Survival, constrained_ranks, generation, survivors};
pub use random::Random;
pub use session::{Asked, Best, DEFAULT, End, Session, SessionError, Start};
pub use sobol::Sobol;
pub use tpe::{Tpe, TpeOptions};

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
    /// Spread of the scores of its replicates, for samplers that model noise; `None` without replicates.
    pub sd: Option<f64>,
}

/// How far a trial came that was stopped early.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pruned {
    /// The step of its last report.
    pub step: i64,
    /// The last report, turned so that smaller is better.
    pub loss: f64,
}

/// The search strategy.
pub trait Sampler: Send {
    /// The point of trial `number`, given the points still at work; `None` once the space is used up.
    fn ask(&mut self, number: u64, pending: &[Point]) -> Option<Point>;

    /// Takes in a result. The order of calls is the order of the record.
    fn tell(&mut self, told: &Told);

    /// Takes in a trial that was stopped early; its `loss` is `None`. A sampler that makes nothing of the last
    /// report counts it as failed.
    fn tell_pruned(&mut self, told: &Told, pruned: Pruned) {
        let _ = pruned;
        self.tell(told);
    }

    /// Takes in a trial of an earlier sweep, before anything is asked or told. It counts as told; its number is the one
    /// that it had there, and says nothing about what this sampler asks for under it.
    fn learn(&mut self, earlier: &Told, pruned: Option<Pruned>) {
        match pruned {
            Some(pruned) => self.tell_pruned(earlier, pruned),
            None => self.tell(earlier),
        }
    }
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

/// Version of all samplers together, part of a sweep's identity: it goes up whenever any sampler would
/// answer differently to the same record.
pub const VERSION: u32 = 2;

/// What a sweep file can say about samplers.
#[derive(Debug, Clone, PartialEq)]
pub struct SamplerOptions {
    /// Values per range for the grid sampler; 0 counts as 1.
    pub grid_steps: usize,
    /// Control parameters of the Gaussian-process sampler.
    pub gp: GpOptions,
    /// Control parameters of the TPE sampler.
    pub tpe: TpeOptions,
    /// Control parameters of the CMA-ES sampler.
    pub cma: CmaOptions,
}

impl Default for SamplerOptions {
    fn default() -> Self {
        Self {
            grid_steps: 5,
            gp: GpOptions::default(),
            tpe: TpeOptions::default(),
            cma: CmaOptions::default(),
        }
    }
}

/// The names that [`make`] knows.
pub fn names() -> &'static [&'static str] {
    &["cma-es", "gp", "grid", "random", "sobol", "tpe"]
}

/// True if what a sampler is told changes what it asks for: all do but those that walk a plan of their own.
pub fn learns(name: &str) -> bool {
    !matches!(name, "grid" | "random" | "sobol")
}

/// The names of samplers that search for several objectives at once.
pub fn names_for_several() -> &'static [&'static str] {
    &[]
}

/// Makes a sampler by its name; `None` if there is none of that name.
pub fn make(name: &str, setup: Setup, options: &SamplerOptions) -> Option<Box<dyn Sampler>> {
    Some(match name {
        "cma-es" => Box::new(Cma::new(setup, options.cma.clone())),
        "gp" => Box::new(Gp::new(setup, options.gp.clone())),
        "grid" => Box::new(Grid::new(&setup.space, options.grid_steps)),
        "random" => Box::new(Random::new(setup)),
        "sobol" => Box::new(Sobol::new(setup)),
        "tpe" => Box::new(Tpe::new(setup, options.tpe.clone())),
        _ => return None,
    })
}
