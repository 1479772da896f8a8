//! The default for several objectives: a rule that was measured, told in words.
//!
//! Up to three objectives the Gaussian processes' expected hypervolume improvement is ahead of all others by far while a
//! fit is affordable; then NSGA-II goes on from everything that was told, which costs nothing and finds what the models
//! cannot see. Beyond three objectives TPE begins and NSGA-III goes on.

use super::nsga::Nsga;
use super::{Bayes, Chosen, Pruned, Sampler, SamplerOptions, Setup, Told, Tpe};
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
    /// Trials before the models have anything to go by.
    n_first: usize,
    chosen: Option<Chosen>,
}

impl Several {
    /// A sampler without a history.
    pub fn new(setup: Setup, options: &SamplerOptions) -> Self {
        let is_modeled = setup.n_objectives <= MODELED;
        let mut n_first = 0;
        let (first, then): (Box<dyn Sampler>, Nsga) = if is_modeled {
            let models = Bayes::new(setup.clone(), options.gp.clone());
            n_first = models.n_startup();
            (Box::new(models), Nsga::new(setup, options.nsga.clone()))
        } else {
            let tpe = Tpe::new(setup.clone(), options.tpe.clone());
            (Box::new(tpe), Nsga::by_references(setup, &options.nsga))
        };
        Self { first, then, n_told: 0, is_modeled, n_first, chosen: None }
    }

    /// Who asks for trial `number` while so many are at work, and why.
    fn choice(&self, number: u64, n_pending: usize) -> Chosen {
        if self.n_told + n_pending < self.n_first {
            let why = format!("one of the first {} points, spread evenly", self.n_first);
            return Chosen { arm: "sobol".into(), why };
        }
        let (arm, why) = match (self.is_modeled, self.takes_first(number), self.is_early()) {
            (true, true, _) => (
                "gp",
                "no more than three objectives, and a fit is affordable: expected hypervolume improvement",
            ),
            (true, false, true) => ("nsga-ii", "every fourth trial: what the models cannot see"),
            (true, false, false) => {
                ("nsga-ii", "so many trials that a fit costs more than it gains")
            }
            (false, true, _) => ("tpe", "more than three objectives, few trials"),
            (false, false, _) => ("nsga-iii", "more than three objectives, many trials"),
        };
        Chosen { arm: arm.into(), why: why.into() }
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
        self.chosen = Some(self.choice(number, pending.len()));
        if self.takes_first(number) {
            self.first.ask(number, pending)
        } else {
            self.then.ask(number, pending)
        }
    }

    fn chosen(&self) -> Option<Chosen> {
        self.chosen.clone()
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
