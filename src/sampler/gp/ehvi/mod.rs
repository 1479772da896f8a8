//! Bayesian optimization of up to three objectives, and with constraints: the point with the largest log expected
//! hypervolume improvement, times the probability that it is feasible.
//!
//! Every objective and every constraint has a Gaussian process of its own, fitted as [`Gp`](super::Gp)'s is: objectives
//! capped and standardized, not transformed; constraints as `sign(c) log(1 + |c|/s)`, which keeps the border at 0
//! (Eriksson and Poloczek 2021, arXiv:2002.08526). The front is that of the posterior means at the feasible trials. The
//! volume is a weighted one (Zitzler, Brockhoff and Thiele 2007, EMO, LNCS 4403): that within a reference point just beyond
//! the front's worst values, and once more that within the worst of all trials ([`Ehvi::bounds`]). Running trials are
//! believed to come out at their means: they join the front, and the doubt around them is gone. With one objective this
//! is the expected improvement on the best feasible trial.

mod cells;
mod either;
mod gain;
mod models;
#[cfg(test)]
mod tests;

pub use self::either::Bayes;

use self::cells::{Bound, Cells};
use self::gain::Gain;
use self::models::Models;
use super::codec::Codec;
use super::posterior::Scratch;
use super::propose::{Effort, Search};
use super::region::Region;
use super::{GpOptions, MAX_PENDING};
use crate::numeric::{Losses, Rng, front};
use crate::sampler::unseen::Unseen;
use crate::sampler::{Sampler, Setup, Told, sobol};
use crate::space::Point;

/// The reference lies so far beyond the worst of the front, as a share of the front's range.
const BEYOND: f64 = 0.1;
/// A front's range counts as at least this, in standard deviations of all losses.
const LEAST_RANGE: f64 = 0.5;
/// What volume counts as far as the worst of all trials; near the front it counts 1 more. Without it a front that is
/// one corner as yet, with hardly a range, would never be left again, since all else lies beyond the reference; at a
/// tenth, parts of a broken front were missed. With it alone the ends of a front would draw most asks: the least doubt
/// of whether an objective gets lower still is worth as much there as the distance to the reference is long.
const FAR: f64 = 1.0;
/// Members of the front that are kept for the boxes.
const MAX_FRONT: usize = 120;

/// The sampler.
#[derive(Debug, Clone)]
pub struct Ehvi {
    setup: Setup,
    options: GpOptions,
    codec: Codec,
    combinations: Vec<Vec<(usize, f64)>>,
    models: Models,
    unseen: Unseen,
}

/// What an ask knows of the told trials.
struct State {
    gain: Gain,
    /// Trials to start from, best first.
    order: Vec<usize>,
}

impl Ehvi {
    /// A sampler without a history.
    pub fn new(setup: Setup, options: GpOptions) -> Self {
        let codec = Codec::new(setup.space.clone());
        Self {
            combinations: codec.combinations(),
            models: Models::new(&codec, &options, (setup.n_objectives, setup.seed)),
            unseen: Unseen::new(&setup.space),
            setup,
            options,
            codec,
        }
    }

    fn n_startup(&self) -> usize {
        self.options.n_startup.unwrap_or_else(|| (self.codec.len() + 2).clamp(5, 12))
    }

    fn proposals(&mut self, pending: &[Point], rng: &mut Rng) -> Vec<Point> {
        let running: Vec<Vec<f64>> =
            pending.iter().rev().take(MAX_PENDING).map(|point| self.codec.row(point)).collect();
        let State { gain, order } = self.state(&running, rng);
        let rows = order.iter().map(|&at| &self.models.rows()[at]);
        let best: Vec<Vec<f64>> = rows.map(|row| self.codec.genes(row, rng)).collect();
        let effort = Effort {
            sobol: self.options.n_candidates / 2,
            near: self.options.n_candidates.div_ceil(2).max(1),
            starts: self.options.n_starts.max(1),
        };
        let search = Search {
            codec: &self.codec,
            belief: &gain,
            best: &best,
            combinations: &self.combinations,
            region: &Region::whole(self.codec.len()),
            effort,
        };
        search.run(rng).into_iter().map(|proposal| proposal.point).collect()
    }

    /// The models, the boxes to improve on, and the told trials: the front in random order, then the others from the
    /// least violation on.
    fn state(&mut self, running: &[Vec<f64>], rng: &mut Rng) -> State {
        let m = self.setup.n_objectives;
        let fitted = self.models.fitted(&self.codec);
        let is_feasible: Vec<bool> =
            fitted.subset.iter().map(|&at| self.models.is_feasible(at)).collect();
        let means: Vec<f64> = (0..fitted.subset.len())
            .flat_map(|i| (0..m).map(move |j| (i, j)))
            .map(|(i, j)| if is_feasible[i] { fitted.means[j][i] } else { f64::NAN })
            .collect();
        let any = is_feasible.contains(&true);
        let mut members = if any { front(Losses::new(&means, m)) } else { Vec::new() };
        members.retain(|&i| is_feasible[i]);
        rng.shuffle(&mut members);
        let mut order: Vec<usize> = members.iter().map(|&i| fitted.subset[i]).collect();
        let mut others: Vec<usize> =
            fitted.subset.iter().copied().filter(|at| !order.contains(at)).collect();
        others.sort_by(|&a, &b| self.models.violation(a).total_cmp(&self.models.violation(b)));
        order.extend(others);

        let pend = |model: super::Posterior, rng: &mut Rng| model.with_pending(running, 1, rng);
        let models: Vec<_> = fitted.posteriors.into_iter().map(|p| pend(p, rng)).collect();
        let scales = mean_scales(&models);
        let mut objectives = models;
        let constraints = objectives.split_off(m);
        let worst: Vec<f64> =
            (0..m).map(|j| fitted.means[j].iter().copied().fold(f64::MIN, f64::max)).collect();
        let cells = any.then(|| {
            members.truncate(MAX_FRONT);
            let mut rows: Vec<f64> =
                members.iter().flat_map(|&i| means[i * m..(i + 1) * m].to_vec()).collect();
            let bounds = self.bounds(&rows, &worst);
            let mut scratch = Scratch::default();
            for row in running {
                let holds = |model: &super::Posterior, s: &mut Scratch| model.at(row, s).0 <= 0.0;
                if constraints.iter().all(|model| holds(model, &mut scratch)) {
                    rows.extend(objectives.iter().map(|model| model.at(row, &mut scratch).0));
                }
            }
            Cells::new(Losses::new(&rows, m), &bounds)
        });
        State { gain: Gain { objectives, constraints, cells, scales }, order }
    }

    /// Within which points volume counts, and how much: a tenth of the front's range beyond its worst values, and again
    /// as far as the worst of all trials ([`FAR`]).
    fn bounds(&self, rows: &[f64], worst: &[f64]) -> Vec<Bound> {
        let m = self.setup.n_objectives;
        let near = |j: usize| {
            let along = || rows.iter().skip(j).step_by(m).copied();
            let (low, high) = (along().fold(f64::MAX, f64::min), along().fold(f64::MIN, f64::max));
            high + BEYOND * (high - low).max(LEAST_RANGE)
        };
        let near = Bound { at: (0..m).map(near).collect(), weight: 0.0 };
        if m == 1 {
            return vec![near];
        }
        let far = near.at.iter().zip(worst).map(|(near, worst)| near.max(*worst)).collect();
        vec![near, Bound { at: far, weight: FAR.ln() }]
    }
}

fn mean_scales(models: &[super::Posterior]) -> Vec<f64> {
    let n = models.len().max(1) as f64;
    let d = models.first().map_or(0, |model| model.kernel.joint.len());
    (0..d).map(|i| models.iter().map(|model| model.kernel.joint[i]).sum::<f64>() / n).collect()
}

impl Sampler for Ehvi {
    fn ask(&mut self, number: u64, pending: &[Point]) -> Option<Point> {
        let mut rng = Rng::stream(self.setup.seed, "ehvi", number);
        let started = self.models.len() + pending.len() >= self.n_startup();
        if !started || self.models.n_scored() < 2 || self.codec.len() == 0 {
            let unit = sobol::unit_point(&self.setup.space, self.setup.seed, number);
            let point = self.setup.space.from_unit(&unit);
            return self.unseen.pick([point], pending, &mut rng);
        }
        let proposals = self.proposals(pending, &mut rng);
        self.unseen.pick(proposals, pending, &mut rng)
    }

    fn tell(&mut self, told: &Told) {
        self.models.push(self.codec.row(&told.point), told);
        self.unseen.tell(&told.point);
    }
}
