//! One Gaussian process per objective and per constraint, over the same trials.

use crate::numeric::Rng;
use crate::sampler::Told;
use crate::sampler::gp::chain::Chain;
use crate::sampler::gp::codec::Codec;
use crate::sampler::gp::fit::{Data, Fit};
use crate::sampler::gp::posterior::Posterior;
use crate::sampler::gp::{FIT_STEPS, GpOptions, MAX_ADDITIVE, PRIOR, warp};
use crate::sampler::nsga::{Scored, constrained_ranks};
use crate::space::Point;
use std::collections::BTreeSet;

/// All told trials and the parameters that were fitted to them.
#[derive(Debug, Clone)]
pub(super) struct Models {
    fit: Fit,
    options: GpOptions,
    n_objectives: usize,
    seed: u64,
    rows: Vec<Vec<f64>>,
    trials: Vec<Trial>,
    n_scored: usize,
    n_constraints: usize,
    /// The fits of each output.
    chains: Vec<Chain<Vec<f64>>>,
}

/// How a trial came out.
#[derive(Debug, Clone)]
struct Trial {
    /// Empty for a failure.
    losses: Vec<f64>,
    constraints: Vec<f64>,
    violation: f64,
}

/// The models of an ask.
pub(super) struct Fitted {
    /// The trials that they see.
    pub(super) subset: Vec<usize>,
    /// Those of objectives, then those of constraints.
    pub(super) posteriors: Vec<Posterior>,
    /// Their means at those trials.
    pub(super) means: Vec<Vec<f64>>,
}

impl Models {
    pub(super) fn new(codec: &Codec, options: &GpOptions, (m, seed): (usize, u64)) -> Self {
        let is_additive = options.additive && (2..=MAX_ADDITIVE).contains(&codec.len());
        Self {
            fit: Fit::new(&PRIOR, codec.len(), is_additive),
            options: options.clone(),
            n_objectives: m,
            seed,
            rows: Vec::new(),
            trials: Vec::new(),
            n_scored: 0,
            n_constraints: 0,
            chains: Vec::new(),
        }
    }

    pub(super) fn rows(&self) -> &[Vec<f64>] {
        &self.rows
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn n_scored(&self) -> usize {
        self.n_scored
    }

    pub(super) fn is_feasible(&self, at: usize) -> bool {
        self.violation(at) <= 0.0
    }

    /// By how much a trial violates the constraints in all; infinite for a failure.
    pub(super) fn violation(&self, at: usize) -> f64 {
        self.trials[at].violation
    }

    pub(super) fn push(&mut self, row: Vec<f64>, told: &Told) {
        let losses = told.losses().filter(|losses| losses.len() == self.n_objectives);
        let usable = losses.is_some() && told.constraints.iter().all(|c| c.is_finite());
        self.n_scored += usize::from(usable);
        self.n_constraints = self.n_constraints.max(told.constraints.len());
        let trial = if usable {
            let constraints = told.constraints.clone();
            Trial { losses: losses.unwrap_or_default(), constraints, violation: told.violation() }
        } else {
            Trial { losses: Vec::new(), constraints: Vec::new(), violation: f64::INFINITY }
        };
        self.rows.push(row);
        self.trials.push(trial);
    }

    /// The models of all trials.
    pub(super) fn fitted(&mut self, codec: &Codec) -> Fitted {
        let n = self.len();
        let n_outputs = self.n_objectives + self.n_constraints;
        self.chains.resize_with(n_outputs, Chain::default);
        let thetas: Vec<Vec<f64>> = (0..n_outputs).map(|k| self.parameters(k, n, codec)).collect();
        let subset = self.subset(n);
        let noise = vec![1.0; subset.len()];
        let points = self.points(&subset, codec);
        let (mut posteriors, mut means) = (Vec::new(), Vec::new());
        for (k, theta) in thetas.iter().enumerate() {
            let y = self.values(k, &subset);
            let data = Data { points: &points, y: &y, noise: &noise };
            let posterior = Posterior::new(&data, self.fit.kernel(theta));
            means.push(posterior.means(&data));
            posteriors.push(posterior);
        }
        Fitted { subset, posteriors, means }
    }

    fn points(&self, subset: &[usize], codec: &Codec) -> crate::sampler::gp::points::Columns {
        let mut points = codec.columns();
        for &at in subset {
            points.push(&self.rows[at]);
        }
        points
    }

    /// Parameters of output `k` for `n` trials, a function of these trials alone.
    fn parameters(&mut self, k: usize, n: usize, codec: &Codec) -> Vec<f64> {
        let mut chain = std::mem::take(&mut self.chains[k]);
        let theta = chain.parameters(n, |at, size, before| {
            let starts = before.map_or_else(|| self.cold_starts(k, at), |theta| vec![theta]);
            let subset = self.subset(size);
            let (points, noise) = (self.points(&subset, codec), vec![1.0; subset.len()]);
            let y = self.values(k, &subset);
            let data = Data { points: &points, y: &y, noise: &noise };
            self.fit.search(&data, &starts, self.fit_steps(size, codec.len()))
        });
        self.chains[k] = chain;
        theta
    }

    fn cold_starts(&self, k: usize, at: usize) -> Vec<Vec<f64>> {
        let mut rng = Rng::stream(self.seed, "ehvi fit", (at * 64 + k) as u64);
        let draw = |(mean, sd): (&f64, &f64)| mean + 0.7 * sd * rng.normal();
        let drawn = self.fit.mode().iter().zip(self.fit.sds()).map(draw).collect();
        vec![self.fit.mode().to_vec(), drawn]
    }

    /// Fewer steps where each is dear.
    fn fit_steps(&self, n: usize, d: usize) -> usize {
        let n = n.min(self.options.max_points) as f64;
        let cost = n * n * n + 20.0 * n * n * d as f64;
        ((2e9 / cost) as usize).clamp(4, FIT_STEPS)
    }

    /// Which of the first `n` trials the models see: all, or the half of the best ranks, the newest quarter and a sample
    /// of the others.
    fn subset(&self, n: usize) -> Vec<usize> {
        let most = self.options.max_points.max(4);
        if n <= most {
            return (0..n).collect();
        }
        let scored = |trial: &Trial| Scored {
            point: Point::default(),
            losses: trial.losses.clone(),
            violation: trial.violation,
        };
        let population: Vec<Scored> = self.trials[..n].iter().map(scored).collect();
        let ranks = constrained_ranks(&population);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&at| (ranks[at], std::cmp::Reverse(at)));
        let mut chosen: BTreeSet<usize> = order[..most / 2].iter().copied().collect();
        chosen.extend(n - most / 4..n);
        let mut rest: Vec<(u64, usize)> =
            (0..n).filter(|at| !chosen.contains(at)).map(|at| (scatter(at as u64), at)).collect();
        rest.sort_unstable();
        chosen.extend(rest.iter().take(most - chosen.len()).map(|&(_, at)| at));
        chosen.into_iter().collect()
    }

    /// What output `k` was at these trials, on its model's scale.
    fn values(&self, k: usize, subset: &[usize]) -> Vec<f64> {
        let trials = || subset.iter().map(|&at| &self.trials[at]);
        if k < self.n_objectives {
            let losses: Vec<Option<f64>> = trials().map(|t| t.losses.get(k).copied()).collect();
            // Volume is traded between objectives: a transformation of one would bend every trade, and the more so
            // the more trials crowd on a part of the front.
            let warps = self.options.warp && self.n_objectives == 1;
            return warp::standardize(&losses, &vec![true; losses.len()], warps).0;
        }
        let told: Vec<Option<f64>> =
            trials().map(|t| t.constraints.get(k - self.n_objectives).copied()).collect();
        about_zero(&told)
    }
}

/// A constraint's values, long tails pulled in, with the border where it was; a failure counts as the worst one, and as
/// a violation.
fn about_zero(values: &[Option<f64>]) -> Vec<f64> {
    let mut sizes: Vec<f64> =
        values.iter().flatten().map(|c| c.abs()).filter(|size| *size > 0.0).collect();
    sizes.sort_by(f64::total_cmp);
    let unit = sizes.get(sizes.len() / 2).copied().unwrap_or(1.0);
    let pulled = |c: f64| (c.abs() / unit).min(1e300).ln_1p().copysign(c);
    let warped: Vec<Option<f64>> = values.iter().map(|c| c.map(pulled)).collect();
    let known: Vec<f64> = warped.iter().flatten().copied().collect();
    let n = known.len().max(1) as f64;
    let rms = (known.iter().map(|c| c * c).sum::<f64>() / n).sqrt();
    let rms = if rms > 0.0 { rms } else { 1.0 };
    let worst = known.iter().copied().fold(0.5, f64::max);
    warped.into_iter().map(|c| c.unwrap_or(worst) / rms).collect()
}

/// A bijective scramble of 64 bits (the finalizer of `SplitMix64`; Steele, Lea and Flood 2014).
fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
