//! Bayesian optimization with a Gaussian process over the whole conditional space.
//!
//! Losses are capped, transformed and standardized ([`warp`]); the kernel is a Matérn-5/2 over all dimensions plus
//! one over each of them ([`kernel`]); its parameters maximize the posterior, length scales sharing a prior mean
//! ([`fit`]). The next point has the largest log expected improvement on the least posterior mean ([`posterior`],
//! [`propose`]). Where it differs from a plain process:
//!
//! * The sum over dimensions learns main effects from few points; a dimension that is inactive has no effect.
//! * Half of the asks stay in a trust region, in six dimensions and more ([`region`]).
//! * Once the best basin has nothing more to give, by the model or because nothing got better for long, 60 % of the
//!   asks look elsewhere: at another value of a choice, or beyond a cut through a number.
//! * Where transformed losses show noise, plain ones are modeled instead.
//! * The many points around the best one count as few in the scale and the fit, else the rest looks flat ([`record`]).
//! * Where the model sees noise, no fourth point is asked for next to three: a plateau looks like noise too.
//! * Running points: the posterior mean is believed for up to four, more are drawn from the posterior.
//!
//! All randomness of an ask is from the stream of (seed, trial number), and parameters are a function of the record
//! ([`chain`]). Beyond `max_points` trials the model sees the best half, the newest quarter and
//! a sample of the others; parameters are fitted to at most 150 of these.
//!
//! # Ablation
//!
//! Normalized regret (0 the optimum, 1 a median random point), medians of 3 to 5 seeds of the problems that the parts
//! were chosen on: differences below a factor 2 mean nothing, and the gains are optimistic.
//!
//! | part | trials | without | with |
//! |---|---|---|---|
//! | main effects | 100 | levy8 0.0205, styblinski10 0.261, ackley10 0.197 | 0.0015, 0.108, 0.573 |
//! | looking elsewhere | 100 | mixed categorical 0.1318 | 0.0001 |
//! | shared prior of scales | 50 | ackley10 0.723, styblinski10 0.313, levy8 0.009 | 0.314, 0.208, 0.086 |
//! | trust region in half the asks | 100 | ackley10 0.573, styblinski10 0.108 | 0.208, 0.154 |
//! | plateaus | 100 | SVM 0.0127, elastic net 0.0600, noisy branin 0.0475 | 0.0026, 0.0432, 0.0210 |

mod belief;
mod chain;
mod chol;
mod codec;
mod descent;
mod ehvi;
mod fit;
mod improvement;
mod kernel;
mod outlook;
mod points;
mod posterior;
mod propose;
mod record;
mod region;
mod sides;
mod warp;

#[cfg(test)]
mod tests;

pub use self::ehvi::{Bayes, Ehvi};

use self::chain::Chain;
use self::codec::Codec;
use self::fit::{Fit, Prior};
use self::kernel::Kernel;
pub use self::outlook::Regret;
use self::posterior::Posterior;
use self::propose::{Effort, Proposal, Search};
use self::record::{FITTED, Lens, Record};
use self::region::Region;
use super::grid::Tree;
use super::{Sampler, Setup, Told, sobol};
use crate::domain::{Digest, DigestBuilder};
use crate::numeric::Rng;
use crate::space::{Point, Size};
use std::collections::BTreeSet;

/// Priors of the kernel's parameters.
const PRIOR: Prior = Prior {
    scale: (-0.7, 1.0),
    single_scale: (-0.7, 1.0),
    own: [0.3, 0.3],
    joint_var: (-0.5, 1.0),
    single_var: (-0.5, 1.0),
    noise: (-8.0, 3.0),
};
/// Most dimensions of a kernel with main effects.
const MAX_ADDITIVE: usize = 64;
/// Most running points that the model takes in, the newest first.
const MAX_PENDING: usize = 32;
/// Trials beyond which fewer points are screened, down to half as many.
const SCREENED_IN_FULL: usize = 150;
/// Ways in which many running points may turn out.
const DREAMS: usize = 8;
/// Random points tried for one that was not asked for yet, once no proposal is.
const FRESH_TRIES: usize = 32;
/// Finite spaces up to this size are walked for a point that is left.
const WALKABLE: u128 = 100_000;
/// Dimensions from which there is a trust region.
const TRUST_FROM: usize = 6;
/// Log expected improvement, in standard deviations of losses, below which the best basin has nothing more to give.
const CONVERGED: f64 = -6.0;
/// Trials without progress after which the same is assumed, or twice the dimensions if that is more.
const STALE: usize = 10;
/// Noise, as a share of the variance of losses, from which crowds are avoided.
const NOISY: f64 = 1e-4;
/// Noise, as a share of the variance of transformed losses, from which they are not transformed: what has the same noise
/// everywhere has not once the good end is stretched, and a little luck among the best becomes much.
const PLAIN_FROM: f64 = 0.03;
/// So near in every coordinate, so many trials are a crowd.
const NEAR: f64 = 0.01;
const NEAR_MOST: usize = 3;
/// For how many trials the same other basin is looked for.
const CAMPAIGN: u64 = 20;
/// Beyond so many trials a fit that starts anew does so from one place.
const ONE_START_FROM: usize = 100;
/// Into how few of its steps a second fit at the same number of trials is cut: it starts near its end.
const HASTE: usize = 3;
/// Steps of a fit from one start at most, where they are cheap.
const FIT_STEPS: usize = 40;

/// Control parameters; the default is what the ablation in the module's docs chose.
#[derive(Debug, Clone, PartialEq)]
pub struct GpOptions {
    /// Sobol points before the model starts; `None` depends on the dimensions.
    pub n_startup: Option<usize>,
    /// Whether the kernel has a part that is a sum over dimensions.
    pub additive: bool,
    /// Whether losses are transformed towards a normal distribution; those of several objectives never are.
    pub warp: bool,
    /// Most points that the model is fitted to.
    pub max_points: usize,
    /// Points climbed from in an ask.
    pub n_starts: usize,
    /// Points screened in an ask.
    pub n_candidates: usize,
    /// Running points up to which their means are believed; more are drawn.
    pub n_believed: usize,
    /// Share of the asks that stay in a trust region, in six dimensions and more.
    pub trust_share: f64,
    /// Share of the asks that look for another basin once the best one is exhausted.
    pub elsewhere_share: f64,
}

impl Default for GpOptions {
    fn default() -> Self {
        Self {
            n_startup: None,
            additive: true,
            warp: true,
            max_points: 300,
            n_starts: 6,
            n_candidates: 512,
            n_believed: 4,
            trust_share: 0.5,
            elsewhere_share: 0.6,
        }
    }
}

/// What the model expected of the last point that it proposed for the whole space or its trust region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Expected improvement on the best loss, in units of the loss.
    pub improvement: f64,
    /// Fitted standard deviation of the noise of one loss near the best one, in units of the loss. An improvement
    /// far below it cannot be told from luck.
    pub noise: f64,
}

/// Parameters of the kernel.
#[derive(Debug, Clone, PartialEq)]
struct Fitted {
    /// Logarithms, as [`Fit`] has them.
    theta: Vec<f64>,
    /// Whether they are for transformed losses.
    warps: bool,
}

/// What the told losses are modeled by.
#[derive(Debug, Clone)]
struct Model {
    kernel: Kernel,
    /// Whether losses are transformed.
    warps: bool,
}

/// The Gaussian-process sampler.
#[derive(Debug, Clone)]
pub struct Gp {
    setup: Setup,
    options: GpOptions,
    codec: Codec,
    combinations: Vec<Vec<(usize, f64)>>,
    fit: Fit,
    record: Record,
    chain: Chain<Fitted>,
    /// The number of points; `None` if that is no finite number that could be used up.
    size: Option<u128>,
    seen: BTreeSet<Digest>,
    /// All points, laid out when first needed.
    tree: Option<Tree>,
    outlook: Option<Outlook>,
}

impl Gp {
    /// A sampler without a history.
    pub fn new(setup: Setup, options: GpOptions) -> Self {
        let size = match setup.space.size() {
            Size::Finite(n) => Some(n),
            Size::Infinite => None,
        };
        let codec = Codec::new(setup.space.clone());
        let is_additive = options.additive && (2..=MAX_ADDITIVE).contains(&codec.len());
        Self {
            fit: Fit::new(&PRIOR, codec.len(), is_additive),
            combinations: codec.combinations(),
            setup,
            options,
            codec,
            record: Record::default(),
            chain: Chain::default(),
            size,
            seen: BTreeSet::new(),
            tree: None,
            outlook: None,
        }
    }

    /// What the model expects of its last proposal; `None` before the first one. A sweep may stop once the
    /// improvement has been far below the noise, or below what matters, for a while.
    pub fn outlook(&self) -> Option<Outlook> {
        self.outlook
    }

    /// Sobol points before the model starts.
    pub(super) fn n_startup(&self) -> usize {
        self.options.n_startup.unwrap_or_else(|| (self.codec.len() + 2).clamp(5, 12))
    }

    fn lens(&self, warps: bool) -> Lens<'_> {
        Lens { codec: &self.codec, most: self.options.max_points.max(4), warps }
    }

    /// Parameters for `n` trials: a function of the first `n` trials alone, whenever it is asked for.
    fn parameters(&mut self, n: usize) -> Fitted {
        let mut chain = std::mem::take(&mut self.chain);
        let fitted = chain.parameters(n, |at, size, before: Option<Fitted>| match before {
            Some(Fitted { theta, warps: false }) => self.fitted_to(size, false, &[theta], 1),
            Some(Fitted { theta, warps: true }) => self.unless_noisy(size, &[theta]),
            None => self.unless_noisy(size, &self.cold_starts(at, size)),
        });
        self.chain = chain;
        fitted
    }

    /// Parameters for the first `size` trials with transformed losses, or with plain ones where the others show noise.
    fn unless_noisy(&self, size: usize, starts: &[Vec<f64>]) -> Fitted {
        let fitted = self.fitted_to(size, self.options.warp, starts, 1);
        if !fitted.warps || self.fit.kernel(&fitted.theta).noise < PLAIN_FROM {
            return fitted;
        }
        self.fitted_to(size, false, &[fitted.theta], HASTE)
    }

    /// The most likely parameters for the first `size` trials that are found from these starts, in a `haste`-th of the
    /// steps.
    fn fitted_to(&self, size: usize, warps: bool, starts: &[Vec<f64>], haste: usize) -> Fitted {
        let steps = self.fit_steps(size).div_ceil(haste);
        let search = |data: &fit::Data<'_>| self.fit.search(data, starts, steps);
        Fitted { theta: self.record.fit_view(size, self.lens(warps), search), warps }
    }

    /// The model of all told trials.
    fn model(&mut self) -> Model {
        let Fitted { theta, warps } = self.parameters(self.record.len());
        Model { kernel: self.fit.kernel(&theta), warps }
    }

    /// The share of the variance of losses that the model takes for noise; `None` before it starts.
    pub(crate) fn noise_share(&mut self) -> Option<f64> {
        if self.record.len() < self.n_startup() || self.record.n_scored < 2 || self.codec.len() == 0
        {
            return None;
        }
        let Model { kernel, .. } = self.model();
        Some(kernel.noise / (kernel.noise + kernel.variance()))
    }

    /// The prior's mode and, where trials are few enough for a second optimum, a draw from the prior.
    fn cold_starts(&self, at: usize, size: usize) -> Vec<Vec<f64>> {
        if size > ONE_START_FROM {
            return vec![self.fit.mode().to_vec()];
        }
        let mut rng = Rng::stream(self.setup.seed, "gp fit", at as u64);
        let draw = |(mean, sd): (&f64, &f64)| mean + 0.7 * sd * rng.normal();
        let drawn = self.fit.mode().iter().zip(self.fit.sds()).map(draw).collect();
        vec![self.fit.mode().to_vec(), drawn]
    }

    /// Fewer steps where each is dear, by arithmetic and not by a clock.
    fn fit_steps(&self, n: usize) -> usize {
        let n = n.min(FITTED) as f64;
        let cost = n * n * n + 20.0 * n * n * self.codec.len() as f64;
        ((2e8 / cost) as usize).clamp(4, FIT_STEPS)
    }

    fn proposals(&mut self, number: u64, pending: &[Point], rng: &mut Rng) -> Vec<Proposal> {
        let model = self.model();
        let kernel = &model.kernel;
        let d = self.codec.len();
        let trusts = d >= TRUST_FROM && rng.unit() < self.options.trust_share;
        let region = if trusts {
            Region::trust(&self.codec, &self.record, kernel, self.n_startup())
        } else {
            Region::whole(d)
        };
        let (proposals, per_unit) = self.search(&model, &region, pending, rng);
        let top = proposals.first().map_or(f64::NEG_INFINITY, |proposal| proposal.log_improvement);
        let noise = per_unit * (kernel.noise - fit::NOISE_FLOOR).max(0.0).sqrt();
        self.outlook = Some(Outlook { improvement: per_unit * top.exp(), noise });
        let proposals = self.uncrowded(proposals, kernel);
        let is_exhausted = top <= CONVERGED || self.record.n_stale() >= (2 * d).max(STALE);
        if !is_exhausted || rng.unit() >= self.options.elsewhere_share {
            return proposals;
        }
        let mut stream = Rng::stream(self.setup.seed, "gp elsewhere", number / CAMPAIGN);
        let region = Region::elsewhere(&self.codec, &self.record, kernel, &mut stream);
        let (proposals, _) = self.search(&model, &region, pending, rng);
        self.uncrowded(proposals, kernel)
    }

    /// Puts proposals last where several trials are already: a model that takes a plateau for noise would ask for the
    /// same point for ever. Without noise, crowds are how the best point is approached.
    fn uncrowded(&self, proposals: Vec<Proposal>, kernel: &Kernel) -> Vec<Proposal> {
        if kernel.noise < NOISY {
            return proposals;
        }
        let is_free = |proposal: &Proposal| {
            self.record.n_near(&self.codec.row(&proposal.point), NEAR) < NEAR_MOST
        };
        let (mut free, crowded): (Vec<Proposal>, Vec<Proposal>) =
            proposals.into_iter().partition(is_free);
        free.extend(crowded);
        free
    }

    /// Points screened: fewer where each is dear.
    fn n_candidates(&self) -> usize {
        let n = self.record.len().min(self.options.max_points).max(1);
        let most = self.options.n_candidates;
        (most * SCREENED_IN_FULL / n).clamp(most.div_ceil(2), most)
    }

    /// Proposals in a region, and the loss that one unit of the model's scale is at the best point.
    fn search(
        &self,
        model: &Model,
        region: &Region,
        pending: &[Point],
        rng: &mut Rng,
    ) -> (Vec<Proposal>, f64) {
        let (posterior, best, per_unit) = self.posterior(model, region, rng);
        let running: Vec<Vec<f64>> =
            pending.iter().rev().take(MAX_PENDING).map(|point| self.codec.row(point)).collect();
        let n_dreams = if running.len() > self.options.n_believed { DREAMS } else { 1 };
        let posterior = posterior.with_pending(&running, n_dreams, rng);
        let n_candidates = self.n_candidates();
        let effort = Effort {
            sobol: n_candidates / 2,
            near: n_candidates.div_ceil(2).max(1),
            starts: self.options.n_starts.max(1),
        };
        let search = Search {
            codec: &self.codec,
            belief: &posterior,
            best: &best,
            combinations: &self.combinations,
            region,
            effort,
        };
        (search.run(rng), per_unit)
    }

    /// The model, and genes of the told points in it: those inside the region first, each part by its means.
    fn posterior(
        &self,
        model: &Model,
        region: &Region,
        rng: &mut Rng,
    ) -> (Posterior, Vec<Vec<f64>>, f64) {
        self.record.view(self.record.len(), self.lens(model.warps), |view| {
            let mut posterior = Posterior::new(&view.data, model.kernel.clone());
            let means = posterior.means(&view.data);
            let row = |i: usize| &self.record.rows[view.subset[i]];
            let mut order: Vec<usize> = (0..means.len()).collect();
            let is_outside = |i: usize| region.is_local && !region.contains(row(i));
            order.sort_by(|&a, &b| {
                is_outside(a).cmp(&is_outside(b)).then(means[a].total_cmp(&means[b]))
            });
            if region.is_local {
                let inside = order.first().filter(|&&i| !is_outside(i));
                // Nothing is known in there: better than usual is good enough.
                let best = inside.map_or(0.0, |&i| means[i]);
                posterior = posterior.with_best(best);
            }
            let genes = order.iter().map(|&i| self.codec.genes(row(i), rng)).collect();
            (posterior, genes, view.scale.loss_per_unit())
        })
    }

    /// The first point that was not asked for yet, else another such point. `None` once every point of the space
    /// is told or pending.
    fn fresh(
        &mut self,
        proposals: impl Iterator<Item = Point>,
        pending: &[Point],
        rng: &mut Rng,
    ) -> Option<Point> {
        let at_work: BTreeSet<Digest> = pending.iter().map(key).collect();
        let n_new = at_work.iter().filter(|key| !self.seen.contains(*key)).count();
        if self.size.is_some_and(|size| (self.seen.len() + n_new) as u128 >= size) {
            return None;
        }
        let seen = &self.seen;
        let is_fresh = |point: &Point| {
            let key = key(point);
            !seen.contains(&key) && !at_work.contains(&key)
        };
        let space = &self.setup.space;
        let start = u128::from(rng.bits());
        let mut random = || {
            let unit: Vec<f64> = space.dims().iter().map(|_| rng.unit()).collect();
            space.from_unit(&unit)
        };
        let found = { proposals }.find(&is_fresh);
        let found = found.or_else(|| (0..FRESH_TRIES).map(|_| random()).find(&is_fresh));
        if found.is_some() || self.size.is_none_or(|size| size > WALKABLE) {
            return found.or_else(|| Some(random()));
        }
        let tree = self.tree.get_or_insert_with(|| Tree::new(space, WALKABLE as usize));
        let start = start % tree.len().max(1);
        let walk = (0..tree.len()).map(|step| (start + step) % tree.len());
        walk.filter_map(|index| tree.point(index)).find(is_fresh).or_else(|| Some(random()))
    }
}

impl Sampler for Gp {
    fn ask(&mut self, number: u64, pending: &[Point]) -> Option<Point> {
        let mut rng = Rng::stream(self.setup.seed, "gp", number);
        let started = self.record.len() + pending.len() >= self.n_startup();
        if !started || self.record.n_scored < 2 || self.codec.len() == 0 {
            let unit = sobol::unit_point(&self.setup.space, self.setup.seed, number);
            let point = self.setup.space.from_unit(&unit);
            return self.fresh(std::iter::once(point), pending, &mut rng);
        }
        let proposals = self.proposals(number, pending, &mut rng);
        self.fresh(proposals.into_iter().map(|proposal| proposal.point), pending, &mut rng)
    }

    fn tell(&mut self, told: &Told) {
        self.record.push(self.codec.row(&told.point), told.loss, told.sd);
        self.seen.insert(key(&told.point));
    }
}

fn key(point: &Point) -> Digest {
    let mut digest = DigestBuilder::new("point");
    for coord in &point.0 {
        match coord {
            Some(value) => digest.float(*value),
            None => digest.text("inactive"),
        };
    }
    digest.finish()
}
