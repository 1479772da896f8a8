//! Samplers: which configuration to try next.
//!
//! A sampler is a function of the space, the told history in tell order, what is pending at the ask, the
//! trial's number and the seed. It draws every random number of an ask from a stream of (seed, trial
//! number), so a sampler rebuilt from the record goes on exactly as the one that was lost.

mod auto;
mod cma;
mod gp;
mod grid;
mod nsga;
mod random;
mod session;
mod several;
mod sobol;
mod tpe;
mod unseen;
pub mod wire;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod conformance_several;
#[cfg(test)]
mod earlier;

pub use auto::{Auto, AutoOptions};
pub use cma::{Cma, CmaOptions};
pub use gp::{Bayes, Ehvi, Gp, GpOptions, Regret};
pub use grid::{Grid, grid_len};
pub use nsga::{
    Nsga, NsgaOptions, Parents, Scored, Survival, constrained_ranks, generation, survivors,
};
pub use random::Random;
pub use session::{Asked, Best, DEFAULT, End, Member, Session, SessionError, Start};
pub use several::Several;
pub use sobol::Sobol;
pub use tpe::{Tpe, TpeOptions};

use crate::domain::total_violation;
use crate::space::{Point, Space};
use std::sync::Arc;

/// What became of a trial, as a sampler learns it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    /// The trial's number.
    pub number: u64,
    /// Where it was.
    pub point: Point,
    /// The first objective turned so that smaller is better; `None` for a trial that failed.
    pub loss: Option<f64>,
    /// The other objectives, turned likewise; empty for a trial that failed and in a search for one objective.
    pub further: Vec<f64>,
    /// The values of the constraints, each satisfied up to 0; empty without constraints.
    pub constraints: Vec<f64>,
    /// Spread of the scores of its replicates, for samplers that model noise; `None` without replicates.
    pub sd: Option<f64>,
    /// The part of the sampler that made the point ([`Chosen::arm`]); `None` where that is not known, or somebody else
    /// made it. It earns nobody credit then and teaches all parts.
    pub arm: Option<Arc<str>>,
}

impl Told {
    /// What became of a trial with at most one objective and without constraints or replicates.
    pub fn new(number: u64, point: Point, loss: Option<f64>) -> Self {
        Self { number, point, loss, ..Self::default() }
    }

    /// The losses of all objectives; `None` for a trial that failed, or one of them is no finite number.
    pub fn losses(&self) -> Option<Vec<f64>> {
        let losses: Vec<f64> = self.loss.iter().chain(&self.further).copied().collect();
        (self.loss.is_some() && losses.iter().all(|loss| loss.is_finite())).then_some(losses)
    }

    /// By how much the constraints are violated in all: 0 where all are satisfied, infinite where a value is NaN.
    pub fn violation(&self) -> f64 {
        total_violation(&self.constraints)
    }

    /// The loss as a sampler needs it that knows no more than which trial is better: that of a trial that violates
    /// constraints is larger than that of any other, and grows with the violation.
    pub fn comparable_loss(&self) -> Option<f64> {
        let violation = self.violation();
        if violation <= 0.0 {
            return self.loss;
        }
        let share = if violation.is_finite() { violation / (1.0 + violation) } else { 1.0 };
        self.loss.map(|_| 1e300 * (1.0 + share))
    }
}

/// How far a trial came that was stopped early.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pruned {
    /// The step of its last report.
    pub step: i64,
    /// The last report, turned so that smaller is better.
    pub loss: f64,
}

/// Which of its parts a sampler let make a point, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The part's name, which goes into [`Told::arm`].
    pub arm: Arc<str>,
    /// The reason, in words.
    pub why: String,
}

/// The search strategy.
pub trait Sampler: Send {
    /// The point of trial `number`, given the points still at work; `None` once the space is used up.
    fn ask(&mut self, number: u64, pending: &[Point]) -> Option<Point>;

    /// Takes in a result. The order of calls is the order of the record.
    fn tell(&mut self, told: &Told);

    /// Which part made the point of the last ask; `None` for a sampler without parts.
    fn chosen(&self) -> Option<Chosen> {
        None
    }

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
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// Where to search.
    pub space: Arc<Space>,
    /// Seed of every stream.
    pub seed: u64,
    /// How many trials the sweep means to run, where it says.
    pub budget: Option<u64>,
    /// How many objectives there are; what a trial is told with has as many losses.
    pub n_objectives: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self { space: Arc::default(), seed: 0, budget: None, n_objectives: 1 }
    }
}

/// Version of all samplers together, part of a sweep's identity: it goes up whenever any sampler would
/// answer differently to the same record.
pub const VERSION: u32 = 4;

/// What a sweep file can say about samplers.
#[derive(Debug, Clone, PartialEq)]
pub struct SamplerOptions {
    /// Values per range for the grid sampler; 0 counts as 1.
    pub grid_steps: usize,
    /// Control parameters of the sampler that chooses among others.
    pub auto: AutoOptions,
    /// Control parameters of the Gaussian-process sampler.
    pub gp: GpOptions,
    /// Control parameters of the TPE sampler.
    pub tpe: TpeOptions,
    /// Control parameters of the CMA-ES sampler.
    pub cma: CmaOptions,
    /// Control parameters of NSGA-II and NSGA-III; the latter sets the survival.
    pub nsga: NsgaOptions,
}

impl Default for SamplerOptions {
    fn default() -> Self {
        Self {
            grid_steps: 5,
            auto: AutoOptions::default(),
            gp: GpOptions::default(),
            tpe: TpeOptions::default(),
            cma: CmaOptions::default(),
            nsga: NsgaOptions::default(),
        }
    }
}

/// The names that [`make`] knows.
pub fn names() -> &'static [&'static str] {
    &["auto", "cma-es", "gp", "grid", "nsga-ii", "nsga-iii", "random", "sobol", "tpe"]
}

/// True if what a sampler is told changes what it asks for: all do but those that walk a plan of their own.
pub fn learns(name: &str) -> bool {
    !matches!(name, "grid" | "random" | "sobol")
}

/// The names of samplers that search for several objectives at once.
pub fn names_for_several() -> &'static [&'static str] {
    &["auto", "gp", "grid", "nsga-ii", "nsga-iii", "random", "sobol", "tpe"]
}

/// For how many objectives at once the sampler of this name searches; 0 if there is none.
pub fn most_objectives(name: &str) -> usize {
    match name {
        "gp" => 3,
        name if names_for_several().contains(&name) => usize::MAX,
        name => usize::from(names().contains(&name)),
    }
}

/// Makes a sampler by its name; `None` if there is none of that name.
pub fn make(name: &str, setup: Setup, options: &SamplerOptions) -> Option<Box<dyn Sampler>> {
    Some(match name {
        "auto" if setup.n_objectives > 1 => Box::new(Several::new(setup, options)),
        "auto" => Box::new(Auto::new(setup, options)),
        "cma-es" => Box::new(Cma::new(setup, options.cma.clone())),
        "gp" => Box::new(Bayes::new(setup, options.gp.clone())),
        "grid" => Box::new(Grid::new(&setup.space, options.grid_steps)),
        "nsga-ii" => Box::new(Nsga::new(setup, options.nsga.clone())),
        "nsga-iii" => Box::new(Nsga::by_references(setup, &options.nsga)),
        "random" => Box::new(Random::new(setup)),
        "sobol" => Box::new(Sobol::new(setup)),
        "tpe" => Box::new(Tpe::new(setup, options.tpe.clone())),
        _ => return None,
    })
}
