//! Searches from scratch, for when nothing gets better any more.
//!
//! Every arm that has learned that a basin is good goes on looking there. A Gaussian process that was told nothing finds
//! another basin as likely as the first one did. So a campaign has a process of its own, told of the campaign's own
//! trials only. It ends once its best loss stays, or once it has come to the best point that is known anyhow; then the
//! next one begins. What it finds, all other arms are told.

use crate::numeric::Rng;
use crate::sampler::{Gp, GpOptions, Sampler, Setup, Told};
use crate::space::{Point, Space};

/// So near in every number, and with the same choices, two points are in the same basin.
const SAME: f64 = 0.1;
/// Trials beyond the first points before a campaign can end.
const LEAST: usize = 6;

/// The campaign under way.
#[derive(Debug, Clone)]
pub(super) struct Restart {
    setup: Setup,
    options: GpOptions,
    index: u64,
    gp: Gp,
    n_told: usize,
    /// The best point of the campaign and its loss.
    best: Option<(Point, f64)>,
    /// Trials since the campaign's best loss got better.
    n_stale: usize,
}

impl Restart {
    pub(super) fn new(setup: Setup, options: GpOptions, index: u64) -> Self {
        let seed = Rng::stream(setup.seed, "auto restart", index).bits();
        let gp = Gp::new(Setup { seed, ..setup.clone() }, options.clone());
        Self { setup, options, index, gp, n_told: 0, best: None, n_stale: 0 }
    }

    pub(super) fn ask(&mut self, number: u64, pending: &[Point]) -> Option<Point> {
        // What others have at work is none of the first points of a campaign.
        let is_first = self.n_told < self.gp.n_startup();
        self.gp.ask(number, if is_first { &[] } else { pending })
    }

    /// Takes in a trial of the campaign.
    pub(super) fn tell(&mut self, told: &Told) {
        self.gp.tell(told);
        self.n_told += 1;
        self.n_stale += 1;
        let Some(loss) = told.loss.filter(|loss| loss.is_finite()) else { return };
        if self.best.as_ref().is_none_or(|(_, best)| loss < *best) {
            self.best = Some((told.point.clone(), loss));
            self.n_stale = 0;
        }
    }

    /// Begins the next campaign if this one has nothing more to give: no progress in `patience` trials, or its best
    /// point is where the best of all is.
    pub(super) fn go_on(&mut self, patience: usize, best: &Point) {
        let has_begun = self.n_told >= self.gp.n_startup() + LEAST;
        let is_known = |(point, _): &(Point, f64)| is_same(&self.setup.space, point, best);
        let is_over = self.n_stale >= patience || self.best.as_ref().is_some_and(is_known);
        if has_begun && is_over {
            *self = Self::new(self.setup.clone(), self.options.clone(), self.index + 1);
        }
    }
}

/// True for points with the same choices and numbers not far apart.
pub(super) fn is_same(space: &Space, a: &Point, b: &Point) -> bool {
    let (units, others) = (space.to_unit(a), space.to_unit(b));
    let pairs = a.0.iter().zip(&b.0).zip(units.iter().zip(&others));
    space.dims().iter().zip(pairs).all(|(dim, ((a, b), (unit, other)))| match (a, b) {
        (Some(a), Some(b)) if dim.is_categorical() => a == b,
        (Some(_), Some(_)) => (unit - other).abs() < SAME,
        (a, b) => a.is_none() && b.is_none(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::conformance::{choice, float, setup, when};

    #[test]
    fn points_of_a_basin_share_choices_and_are_near() {
        let below = when(float("y", 0.0, 1.0), 0, &[1.0]);
        let space = setup(vec![choice("c", 2), float("x", 0.0, 10.0), below], 1).space;
        let check = |a: [Option<f64>; 3], b: [Option<f64>; 3], same| {
            assert_eq!(is_same(&space, &Point(a.to_vec()), &Point(b.to_vec())), same);
        };
        check([Some(0.0), Some(2.0), None], [Some(0.0), Some(2.9), None], true);
        check([Some(0.0), Some(2.0), None], [Some(0.0), Some(3.1), None], false);
        check([Some(0.0), Some(2.0), None], [Some(1.0), Some(2.0), Some(0.5)], false);
        check([Some(1.0), Some(2.0), Some(0.1)], [Some(1.0), Some(2.0), Some(0.5)], false);
    }

    #[test]
    fn a_campaign_ends_without_progress_or_at_the_known_best() {
        let setup = setup(vec![float("x", 0.0, 1.0)], 1);
        let told = |number: u64, x: f64, loss| Told::new(number, Point(vec![Some(x)]), Some(loss));
        let index = |patience, x: f64, best: f64| {
            let mut restart = Restart::new(setup.clone(), GpOptions::default(), 0);
            for number in 0..14 {
                restart.tell(&told(number, x, 1.0));
                restart.go_on(patience, &Point(vec![Some(best)]));
            }
            restart.index
        };
        assert_eq!(index(20, 0.1, 0.9), 0);
        assert_eq!(index(13, 0.1, 0.9), 1);
        assert_eq!(index(20, 0.85, 0.9), 1);
    }
}
