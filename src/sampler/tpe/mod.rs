//! TPE.
mod axis;
mod history;
mod normal;
mod parzen;

use self::axis::Axis;
use self::history::{History, Sample};
use self::parzen::{Candidate, Parzen};
use super::grid::Tree;
use super::{Sampler, Setup, Told, sobol};
use crate::domain::{Digest, DigestBuilder};
use crate::numeric::Rng;
use crate::space::{Point, Size};
use std::collections::BTreeSet;

/// A point in the estimator's coordinates, NaN where inactive.
type Row = Vec<f64>;

/// Trials that are told or at work at most this many count as running points.
const MAX_PENDING: usize = 1000;
/// Trials of a branch before a model of it alone is made.
const BRANCH_STARTUP: usize = 5;
/// Random points tried for one that was not asked for yet, once no candidate is.
const FRESH_TRIES: usize = 32;
/// Finite spaces up to this size are walked for a point that is left.
const WALKABLE: u128 = 100_000;

/// Control parameters; the default is what the ablation in the module's docs chose.
#[derive(Debug, Clone, PartialEq)]
pub struct TpeOptions {
    /// Sobol points before the model starts.
    pub n_startup: usize,
    /// Share of the trials that count as good.
    pub gamma: f64,
    /// Most trials that count as good.
    pub max_below: usize,
    /// Candidates an ask.
    pub n_candidates: usize,
    /// Candidates an ask from 50 trials on.
    pub n_candidates_late: usize,
    /// Share of the candidates that come from the best trial's kernel with `local_shrink`.
    pub local_share: f64,
    /// Factor on the standard deviations of local candidates.
    pub local_shrink: f64,
    /// Weight good trials by how far they are below the threshold instead of by age.
    pub weigh_by_improvement: bool,
    /// Smallest standard deviation of a kernel, as a share of the range.
    pub min_sd: f64,
    /// Exponent of the magic clip.
    pub clip_power: f64,
    /// Share of the asks that search one branch of a conditional space by itself.
    pub branch_share: f64,
}

impl Default for TpeOptions {
    fn default() -> Self {
        Self {
            n_startup: 10,
            gamma: 0.1,
            max_below: 25,
            n_candidates: 24,
            n_candidates_late: 24,
            local_share: 0.0,
            local_shrink: 0.3,
            weigh_by_improvement: false,
            min_sd: 0.01,
            clip_power: 1.0,
            branch_share: 0.0,
        }
    }
}

/// The TPE sampler.
#[derive(Debug, Clone)]
pub struct Tpe {
    setup: Setup,
    options: TpeOptions,
    axes: Vec<Axis>,
    /// Choices that are always active and have children.
    roots: Vec<usize>,
    history: History,
    /// The number of points; `None` if that is no finite number that could be used up.
    size: Option<u128>,
    /// Told points of a finite space.
    told: BTreeSet<Digest>,
    /// All points, laid out when first needed.
    tree: Option<Tree>,
}

impl Tpe {
    /// A sampler without a history.
    pub fn new(setup: Setup, options: TpeOptions) -> Self {
        let size = match setup.space.size() {
            Size::Finite(n) => Some(n),
            Size::Infinite => None,
        };
        let axes = axis::axes(&setup.space);
        let history = History::new(options.max_below);
        let dims = setup.space.dims();
        let has_child = |dim: usize| dims.iter().any(|d| d.when.iter().any(|c| c.parent == dim));
        let is_root = |&dim: &usize| dims[dim].when.is_empty() && has_child(dim);
        let roots = (0..dims.len())
            .filter(is_root)
            .filter(|&dim| matches!(axes[dim], Axis::Choice(_)))
            .collect();
        Self { setup, options, axes, roots, history, size, told: BTreeSet::new(), tree: None }
    }

    /// Candidates, best first.
    fn candidates(&self, number: u64, pending: &[Point], rng: &mut Rng) -> Vec<Candidate> {
        let started = self.history.len() + pending.len() >= self.options.n_startup;
        if !started || self.history.n_scored() == 0 {
            return vec![self.sobol(number, None)];
        }
        let running: Vec<Row> =
            pending.iter().rev().take(MAX_PENDING).map(|p| axis::row(&self.axes, p)).collect();
        if !self.roots.is_empty() && rng.unit() < self.options.branch_share {
            return self.one_branch(number, &running, rng);
        }
        let n_scored = self.history.n_scored();
        let n_good = (self.options.gamma * n_scored as f64).ceil() as usize;
        let n_good = n_good.clamp(1, self.options.max_below);
        let (mut good, threshold) = self.history.below(n_good);
        let prior = self.weigh_good(&mut good, threshold);
        let bad = self.history.above(n_good, |rank, n| age_weight(rank, n + running.len()));
        self.proposals(&good, prior, bad, &running, rng)
    }

    /// The point of the quasi-random sequence, with one choice held.
    fn sobol(&self, number: u64, held: Option<(usize, f64)>) -> Candidate {
        let space = &self.setup.space;
        let mut unit = sobol::unit_point(space, self.setup.seed, number);
        if let Some((dim, value)) = held {
            unit[dim] = space.dims()[dim].unit_of(value);
        }
        let point = space.from_unit(&unit);
        Candidate { row: axis::row(&self.axes, &point), point }
    }

    /// Searches one branch, drawn evenly, as if it were the whole space: a branch whose first few points were
    /// unlucky gets the trials to show what it can do.
    fn one_branch(&self, number: u64, running: &[Row], rng: &mut Rng) -> Vec<Candidate> {
        let dim = self.roots[rng.below(self.roots.len())];
        let Axis::Choice(n) = self.axes[dim] else { return vec![self.sobol(number, None)] };
        let value = rng.below(n) as f64;
        let inside = |row: &Row| row[dim] == value;
        let (good, bad) = self.history.branch(inside, self.options.gamma);
        if good.is_empty() || good.len() + bad.len() < BRANCH_STARTUP {
            return vec![self.sobol(number, Some((dim, value)))];
        }
        let running: Vec<Row> = running.iter().filter(|row| inside(row)).cloned().collect();
        let mut drawn = self.proposals(&good, 1.0, bad, &running, rng);
        drawn.retain(|candidate| inside(&candidate.row));
        if drawn.is_empty() { vec![self.sobol(number, Some((dim, value)))] } else { drawn }
    }

    /// Draws from the density of good points, sorted by how much better it is than that of bad points.
    fn proposals<'a>(
        &self,
        good: &[Sample<'_>],
        prior: f64,
        mut bad: Vec<Sample<'a>>,
        running: &'a [Row],
        rng: &mut Rng,
    ) -> Vec<Candidate> {
        let options = &self.options;
        let best = (0..good.len()).min_by(|&a, &b| cmp_loss(&good[a], &good[b])).unwrap_or(0);
        let low = Parzen::new(&self.axes, good, prior, options);
        bad.extend(running.iter().map(|row| Sample { row, weight: 1.0, loss: None }));
        let high = Parzen::new(&self.axes, &bad, 1.0, options);

        let many =
            if self.history.len() < 50 { options.n_candidates } else { options.n_candidates_late };
        let n_local = (many as f64 * options.local_share) as usize;
        let place = (&*self.setup.space, &self.axes[..]);
        let mut drawn: Vec<Candidate> = Vec::with_capacity(many);
        for idx in 0..many {
            let local = idx < n_local;
            let component = if local { best } else { low.component(rng) };
            let shrink = if local { options.local_shrink } else { 1.0 };
            drawn.push(low.draw(place, component, shrink, rng));
        }
        let l = low.log_density(&self.axes, &drawn);
        let g = high.log_density(&self.axes, &drawn);
        let mut order: Vec<usize> = (0..drawn.len()).collect();
        order.sort_by(|&a, &b| (l[b] - g[b]).total_cmp(&(l[a] - g[a])));
        order.into_iter().map(|idx| drawn[idx].clone()).collect()
    }

    /// Weighs the good trials; returns the weight of the prior component.
    fn weigh_good(&self, good: &mut [Sample<'_>], threshold: Option<f64>) -> f64 {
        let n = good.len();
        if self.options.weigh_by_improvement
            && let Some(threshold) = threshold
        {
            let mut total = 0.0;
            for sample in good.iter_mut() {
                sample.weight = threshold - sample.loss.unwrap_or(threshold);
                total += sample.weight;
            }
            if total > 0.0 && total.is_finite() {
                good.iter_mut().for_each(|s| s.weight *= n as f64 / total);
                return 1.0;
            }
        }
        good.iter_mut().enumerate().for_each(|(rank, s)| s.weight = age_weight(rank, n));
        1.0
    }

    /// The first candidate that was not asked for yet, else another such point, else a repetition. `None`
    /// once every point of the space is told or pending.
    fn fresh(
        &mut self,
        candidates: Vec<Candidate>,
        pending: &[Point],
        rng: &mut Rng,
    ) -> Option<Point> {
        let first = candidates.first().map(|c| c.point.clone());
        let Some(size) = self.size else { return first };
        let at_work: BTreeSet<Digest> = pending.iter().map(key).collect();
        let n_new = at_work.iter().filter(|key| !self.told.contains(*key)).count();
        if (self.told.len() + n_new) as u128 >= size {
            return None;
        }
        let told = &self.told;
        let is_fresh = |point: &Point| {
            let key = key(point);
            !told.contains(&key) && !at_work.contains(&key)
        };
        let space = &self.setup.space;
        let mut random = || {
            let unit: Vec<f64> = space.dims().iter().map(|_| rng.unit()).collect();
            space.from_unit(&unit)
        };
        let drawn = candidates.into_iter().map(|c| c.point).find(&is_fresh);
        let drawn = drawn.or_else(|| (0..FRESH_TRIES).map(|_| random()).find(&is_fresh));
        if drawn.is_some() || size > WALKABLE {
            return drawn.or(first);
        }
        let tree = self.tree.get_or_insert_with(|| Tree::new(space, WALKABLE as usize));
        let start = u128::from(rng.bits()) % tree.len().max(1);
        let walk = (0..tree.len()).map(|step| (start + step) % tree.len());
        walk.filter_map(|index| tree.point(index)).find(is_fresh).or(first)
    }
}

impl Sampler for Tpe {
    fn ask(&mut self, number: u64, pending: &[Point]) -> Option<Point> {
        let mut rng = Rng::stream(self.setup.seed, "tpe", number);
        let candidates = self.candidates(number, pending, &mut rng);
        self.fresh(candidates, pending, &mut rng)
    }

    fn tell(&mut self, told: &Told) {
        self.history.push(told.number, axis::row(&self.axes, &told.point), told.loss);
        if self.size.is_some() {
            self.told.insert(key(&told.point));
        }
    }
}

/// Weight by age (Optuna): 1 for the newest 25, then falling linearly to `1 / n`.
fn age_weight(rank: usize, n: usize) -> f64 {
    const FULL: usize = 25;
    let n_ramp = n.saturating_sub(FULL);
    if rank >= n_ramp {
        return 1.0;
    }
    let low = 1.0 / n as f64;
    if n_ramp == 1 { low } else { low + (1.0 - low) * rank as f64 / (n_ramp - 1) as f64 }
}

fn cmp_loss(a: &Sample<'_>, b: &Sample<'_>) -> std::cmp::Ordering {
    a.loss.unwrap_or(f64::INFINITY).total_cmp(&b.loss.unwrap_or(f64::INFINITY))
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
