//! The default for several objectives: a rule that was measured, told in words.
//!
//! Up to three objectives the Gaussian processes' expected hypervolume improvement is ahead of all others by far while a
//! fit is affordable; then NSGA-II goes on from everything that was told, which costs nothing and finds what the models
//! cannot see. Beyond three objectives TPE begins and NSGA-III goes on.

use super::nsga::Nsga;
use super::{Bayes, Pruned, Sampler, SamplerOptions, Setup, Told, Tpe};
use crate::space::Point;

/// Most objectives of the models.
const MODELED: usize = 3;
/// Trials that the models ask for. From half of them on every fourth trial is a child of NSGA-II.
const MODELED_TRIALS: usize = 300;
/// Trials that TPE asks for with more objectives.
const TPE_TRIALS: usize = 300;
/// Every so many trials one is another sampler's.
const ASIDE: u64 = 4;

/// The sampler of the rule. Every part is told everything.
pub struct Several {
    first: Box<dyn Sampler>,
    then: Nsga,
    n_told: usize,
    is_modeled: bool,
}

/// The sampler for several objectives where none is named.
pub fn several(setup: Setup, options: &SamplerOptions) -> Several {
    let is_modeled = setup.n_objectives <= MODELED;
    let (first, then): (Box<dyn Sampler>, Nsga) = if is_modeled {
        let models = Bayes::new(setup.clone(), options.gp.clone());
        (Box::new(models), Nsga::new(setup, options.nsga.clone()))
    } else {
        let tpe = Tpe::new(setup.clone(), options.tpe.clone());
        (Box::new(tpe), Nsga::by_references(setup, options.nsga.clone()))
    };
    Several { first, then, n_told: 0, is_modeled }
}

impl Several {
    /// Who asks for trial `number` and why, in words.
    pub fn why(&self, number: u64) -> &'static str {
        match (self.is_modeled, self.takes_first(number), self.is_early()) {
            (true, true, _) => {
                "expected hypervolume improvement: no more than three objectives, and a fit is affordable"
            }
            (true, false, true) => "NSGA-II, every fourth trial: what the models cannot see",
            (true, false, false) => "NSGA-II: so many trials that a fit costs more than it gains",
            (false, true, _) => "TPE: more than three objectives, few trials",
            (false, false, _) => "NSGA-III: more than three objectives, many trials",
        }
    }

    fn is_early(&self) -> bool {
        self.n_told < if self.is_modeled { MODELED_TRIALS } else { TPE_TRIALS }
    }

    fn takes_first(&self, number: u64) -> bool {
        let is_aside =
            self.is_modeled && 2 * self.n_told >= MODELED_TRIALS && number % ASIDE == ASIDE - 1;
        self.is_early() && !is_aside
    }
}

impl Sampler for Several {
    fn ask(&mut self, number: u64, pending: &[Point]) -> Option<Point> {
        if self.takes_first(number) {
            self.first.ask(number, pending)
        } else {
            self.then.ask(number, pending)
        }
    }

    fn tell(&mut self, told: &Told) {
        self.n_told += 1;
        // Once the first one is never asked again it need not know.
        if self.is_early() {
            self.first.tell(told);
        }
        self.then.tell(told);
    }

    fn tell_pruned(&mut self, told: &Told, pruned: Pruned) {
        self.n_told += 1;
        if self.is_early() {
            self.first.tell_pruned(told, pruned);
        }
        self.then.tell_pruned(told, pruned);
    }
}
