//! What is left to find: how much better than the best told point the model thinks another one may be.

use super::fit::NOISE_FLOOR;
use super::posterior::Scratch;
use super::region::Region;
use super::{DREAMS, Gp};
use crate::numeric::Rng;
use std::f64::consts::PI;

/// Ways in which the most promising points may turn out.
const FUTURES: usize = 8 * DREAMS;
/// How many of the most promising points are drawn together.
const PROMISING: usize = 64;
/// Probability that the confidence bounds do not hold.
const DELTA: f64 = 0.1;
/// By how much the width of theory is cut (Srinivas et al. 2010; Makarova et al. 2022).
const CUT: f64 = 5.0;

/// What the best told point may lack, in units of the loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Regret {
    /// How much better the best of the most promising points is expected to be, all of them tried.
    pub expected: f64,
    /// The distance between the least upper confidence bound at a told point and the least lower one anywhere: the
    /// regret is below it with probability 0.9 (Makarova et al. 2022, arXiv 2104.08166, equation 3).
    pub bound: f64,
    /// Fitted standard deviation of the noise of one loss.
    pub noise: f64,
}

impl Gp {
    /// What the best told point may lack; `None` before the model starts. A function of what was told alone, and no ask
    /// depends on whether it is asked for. Where losses are transformed, distances are those near the best loss, which
    /// are the smallest.
    pub fn regret(&mut self) -> Option<Regret> {
        let n = self.record.len();
        if n < self.n_startup() || self.record.n_scored < 2 || self.codec.len() == 0 {
            return None;
        }
        let mut rng = Rng::stream(self.setup.seed, "gp regret", n as u64);
        let model = self.model();
        let region = Region::whole(self.codec.len());
        let (proposals, per_unit) = self.search(&model, &region, &[], &mut rng);
        let rows: Vec<Vec<f64>> =
            proposals.iter().map(|proposal| self.codec.row(&proposal.point)).collect();
        let (posterior, _, _) = self.posterior(&model, &region, &mut rng);
        let width = width(self.codec.len(), n);
        let mut scratch = Scratch::default();
        let mut least = (f64::INFINITY, f64::INFINITY);
        for row in &self.record.rows {
            let (mean, sd) = posterior.at(row, &mut scratch);
            least = (least.0.min(mean + width * sd), least.1.min(mean - width * sd));
        }
        for row in &rows {
            let (mean, sd) = posterior.at(row, &mut scratch);
            least.1 = least.1.min(mean - width * sd);
        }
        let best = posterior.best();
        let promising = &rows[..rows.len().min(PROMISING)];
        let futures = posterior.with_pending(promising, FUTURES, &mut rng);
        let regret = Regret {
            expected: per_unit * (best - futures.best()).max(0.0),
            bound: per_unit * (least.0 - least.1).max(0.0),
            noise: per_unit * (model.kernel.noise - NOISE_FLOOR).max(0.0).sqrt(),
        };
        let is_known = regret.bound.is_finite() && regret.expected.is_finite();
        is_known.then_some(regret)
    }
}

/// Half the width of a confidence interval in standard deviations, after `n` trials in `d` dimensions.
fn width(d: usize, n: usize) -> f64 {
    let trials = (n as f64).powi(2);
    (2.0 * (d as f64 * trials * PI * PI / (6.0 * DELTA)).ln() / CUT).sqrt()
}
