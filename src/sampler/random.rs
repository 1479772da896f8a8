//! Uniform random points: every trial's point depends on the seed and its number only.
//!
//! In a small finite space points repeat as independent draws do; who runs the trials decides what to do
//! with a repetition.

use super::{Sampler, Setup, Told};
use crate::numeric::Rng;
use crate::space::Point;

/// The random sampler.
#[derive(Debug, Clone)]
pub struct Random {
    setup: Setup,
}

impl Random {
    /// A sampler that is uniform over the unit cube of the space.
    pub fn new(setup: Setup) -> Self {
        Self { setup }
    }
}

impl Sampler for Random {
    fn ask(&mut self, number: u64, _pending: &[Point]) -> Option<Point> {
        let mut rng = Rng::stream(self.setup.seed, "random", number);
        let unit: Vec<f64> = self.setup.space.dims().iter().map(|_| rng.unit()).collect();
        Some(self.setup.space.from_unit(&unit))
    }

    fn tell(&mut self, _told: &Told) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::conformance::{float, int, setup};

    #[test]
    fn draws_are_uniform() {
        let mut random = Random::new(setup(vec![float("x", 0.0, 1.0), int("n", 1, 4)], 3));
        let points: Vec<Point> = (0..4000).filter_map(|number| random.ask(number, &[])).collect();
        let mean = points.iter().filter_map(|p| p.0[0]).sum::<f64>() / 4000.0;
        assert!((mean - 0.5).abs() < 0.02, "{mean}");
        let twos = points.iter().filter(|p| p.0[1] == Some(2.0)).count();
        assert!((900..1100).contains(&twos), "{twos}");
    }
}
