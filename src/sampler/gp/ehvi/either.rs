//! The Gaussian-process sampler that the search needs: of one objective, or of several or with constraints.

use super::Ehvi;
use crate::sampler::gp::{Gp, GpOptions};
use crate::sampler::{Pruned, Sampler, Setup, Told};
use crate::space::Point;

/// [`Gp`] for one objective, [`Ehvi`] for several. Whether there are constraints shows when the first trial is told with
/// a loss; with constraints [`Ehvi`] takes over.
#[derive(Debug, Clone)]
pub struct Bayes {
    setup: Setup,
    options: GpOptions,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// Until the first loss, with the failures so far.
    Open(Box<Gp>, Vec<Told>),
    Plain(Box<Gp>),
    Volume(Box<Ehvi>),
}

impl Bayes {
    /// A sampler without a history.
    pub fn new(setup: Setup, options: GpOptions) -> Self {
        let (a, b) = (setup.clone(), options.clone());
        let kind = if setup.n_objectives > 1 {
            Kind::Volume(Box::new(Ehvi::new(a, b)))
        } else {
            Kind::Open(Box::new(Gp::new(a, b)), Vec::new())
        };
        Self { setup, options, kind }
    }

    /// Quasi-random trials before the first model.
    pub fn n_startup(&self) -> usize {
        match &self.kind {
            Kind::Open(gp, _) | Kind::Plain(gp) => gp.n_startup(),
            Kind::Volume(ehvi) => ehvi.n_startup(),
        }
    }

    /// The share of the variance of losses that the model takes for noise; `None` before it starts, and with several
    /// objectives or constraints.
    pub(crate) fn noise_share(&mut self) -> Option<f64> {
        match &mut self.kind {
            Kind::Open(gp, _) | Kind::Plain(gp) => gp.noise_share(),
            Kind::Volume(_) => None,
        }
    }

    /// Settles the kind once a trial is told with a loss.
    fn settle(&mut self, told: &Told) {
        let Kind::Open(gp, failures) = &mut self.kind else { return };
        if told.loss.is_none() {
            failures.push(told.clone());
        } else if told.constraints.is_empty() {
            self.kind = Kind::Plain(gp.clone());
        } else {
            let mut made = Ehvi::new(self.setup.clone(), self.options.clone());
            for told in failures {
                made.tell(told);
            }
            self.kind = Kind::Volume(Box::new(made));
        }
    }

    fn sampler(&mut self) -> &mut dyn Sampler {
        match &mut self.kind {
            Kind::Open(gp, _) | Kind::Plain(gp) => &mut **gp,
            Kind::Volume(ehvi) => &mut **ehvi,
        }
    }
}

impl Sampler for Bayes {
    fn ask(&mut self, number: u64, pending: &[Point]) -> Option<Point> {
        self.sampler().ask(number, pending)
    }

    fn tell(&mut self, told: &Told) {
        self.settle(told);
        self.sampler().tell(told);
    }

    fn tell_pruned(&mut self, told: &Told, pruned: Pruned) {
        self.settle(told);
        self.sampler().tell_pruned(told, pruned);
    }
}
