//! When a run is over, and how large the next one is (BIPOP, Hansen 2009).

use super::gaussian::Gaussian;
use crate::numeric::Rng;

/// What ends a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stop {
    /// Standard deviation of every coordinate below which nothing is gained.
    pub(super) x: f64,
    /// Range of losses, relative to the largest of them, below which they count as equal.
    pub(super) f: f64,
}

/// Standard deviation beyond which a run diverges.
const TOO_WIDE: f64 = 1e4;
/// Condition number of `C^½` beyond which draws lose their accuracy.
const TOO_NARROW: f64 = 1e14;

/// The best and worst loss of the latest generations of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Trace(Vec<(f64, f64)>);

impl Trace {
    pub(super) fn push(&mut self, best: f64, worst: f64) {
        self.0.push((best, worst));
    }

    /// True if the losses of the last `10 + 30 d / λ` generations are alike.
    fn is_flat(&self, gaussian: &Gaussian, tolerance: f64) -> bool {
        let d = gaussian.mean.len() as f64;
        let span = 10 + (30.0 * d / gaussian.rates.population as f64).ceil() as usize;
        if self.0.len() <= span {
            return false;
        }
        let latest = &self.0[self.0.len() - span..];
        let low = latest.iter().fold(f64::INFINITY, |low, (best, _)| low.min(*best));
        let high = latest.iter().fold(f64::NEG_INFINITY, |high, (_, worst)| high.max(*worst));
        high - low <= tolerance * low.abs().max(high.abs())
    }
}

impl Stop {
    /// True once a run cannot find more.
    pub(super) fn is_over(&self, gaussian: &Gaussian, trace: &Trace) -> bool {
        if !gaussian.is_finite() || trace.is_flat(gaussian, self.f) {
            return true;
        }
        let scales = gaussian.scales();
        let largest = scales.iter().fold(0.0, |a: f64, b| a.max(*b));
        let smallest = scales.iter().fold(f64::INFINITY, |a: f64, b| a.min(*b));
        let d = gaussian.mean.len();
        let is_small =
            d > 0 && (0..d).all(|i| gaussian.sigma * gaussian.variance(i).sqrt() < self.x);
        is_small || gaussian.sigma * largest > TOO_WIDE || largest > TOO_NARROW * smallest
    }
}

/// The budgets of the two regimes.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Bipop {
    /// Runs started so far after the first.
    pub(super) n_restarts: u64,
    n_large: u32,
    spent_large: u64,
    spent_small: u64,
    is_small: bool,
}

/// How a run begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) population: usize,
    pub(super) sigma: f64,
}

impl Bipop {
    /// The next run after one of `spent` trials: the regime that has spent less gets it. The large one doubles
    /// λ every time; the small one draws λ and σ between the default and half the large λ.
    pub(super) fn next(&mut self, spent: u64, base: Scale, rng: &mut Rng) -> Scale {
        self.n_restarts += 1;
        if self.is_small {
            self.spent_small += spent;
        } else if self.n_restarts > 1 {
            self.spent_large += spent;
        }
        self.is_small = self.n_large > 0 && self.spent_small < self.spent_large;
        if !self.is_small {
            self.n_large += 1;
            let population = base.population << self.n_large.min(12);
            return Scale { population, sigma: base.sigma };
        }
        let u = rng.unit();
        let ratio = 0.5 * f64::from(1u32 << self.n_large.min(12));
        let population = base.population as f64 * ratio.powf(u * u);
        let sigma = base.sigma * 10f64.powf(-2.0 * rng.unit());
        Scale { population: population.floor().max(2.0) as usize, sigma }
    }
}
