//! A portfolio: a Gaussian process, TPE and CMA-ES, each of which learns from every trial, whoever made it.
//!
//! * The first points are Sobol points; a space of a handful of points is walked.
//! * Each arm has a share of the asks by the kind of space and the length of the record ([`regime`]): the process
//!   first, TPE and CMA-ES later, the more of them where there are choices or none, and where the process sees noise.
//! * While nothing gets better, some asks go to searches from scratch ([`restart`]) and to small steps around the best
//!   point ([`polish`]): models that agree on a basin, or see noise in it, would stay as they are.
//! * Shares are multiplied by how much more than the average an arm's recent trials gained ([`credit`]), with a floor.
//! * Whose turn it is, is drawn from the stream of (seed, trial number). What was chosen and why is in
//!   [`Sampler::chosen`], and the record of it in [`Told::arm`]: a sampler rebuilt from the record by tells
//!   answers the same.
//!
//! The process never sees more than [`GpOptions::max_points`](super::GpOptions::max_points) trials and its share falls
//! with the length of the record, which bounds the time of an ask.

mod credit;
mod polish;
mod regime;
mod restart;
#[cfg(test)]
mod tests;

use self::credit::Credit;
use self::polish::Polish;
use self::regime::Regime;
use self::restart::{Restart, is_same};
use super::grid::Tree;
use super::{Bayes, Chosen, Cma, Pruned, Sampler, SamplerOptions, Setup, Told, Tpe};
use crate::numeric::Rng;
use crate::space::{Point, Size};
use std::sync::Arc;

/// Spaces with at most so many points are walked: a model of them has nothing to say before they are used up.
const HANDFUL: u128 = 12;
/// Trials before which TPE and CMA-ES have no model.
const MODELS_FROM: usize = 10;
/// Trials without progress that are borne at least.
const PATIENCE: usize = 20;
/// Trials at the end of the budget that are for what is known.
const LAST: u64 = 30;

/// Control parameters; the default is what the ablation in the module's docs chose.
#[derive(Debug, Clone, PartialEq)]
pub struct AutoOptions {
    /// Whether the Gaussian process takes part.
    pub gp: bool,
    /// Whether TPE takes part.
    pub tpe: bool,
    /// Whether CMA-ES takes part.
    pub cma: bool,
    /// Share of the asks for searches from scratch while nothing gets better.
    pub restart: f64,
    /// Share of the asks for small steps around the best point while nothing gets better.
    pub polish: f64,
    /// The power of the gains in the shares; 0 goes by the kind of space alone.
    pub credit: f64,
    /// Trials after which a gain counts half.
    pub half_life: f64,
    /// The least share of an arm, as a part of its share without credit.
    pub floor: f64,
}

impl Default for AutoOptions {
    fn default() -> Self {
        Self {
            gp: true,
            tpe: true,
            cma: true,
            restart: 0.3,
            polish: 0.15,
            credit: 1.0,
            half_life: 20.0,
            floor: 0.3,
        }
    }
}

/// A part of the portfolio that has a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arm {
    Gp,
    Tpe,
    Cma,
    Restart,
    Polish,
}

impl Arm {
    const ALL: [Self; 5] = [Self::Gp, Self::Tpe, Self::Cma, Self::Restart, Self::Polish];
    const N: usize = Self::ALL.len();

    /// Its name among the samplers.
    fn name(self) -> &'static str {
        match self {
            Self::Gp => "gp",
            Self::Tpe => "tpe",
            Self::Cma => "cma-es",
            Self::Restart => "restart",
            Self::Polish => "polish",
        }
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|arm| arm.name() == name)
    }
}

/// The sampler that chooses among others.
#[derive(Debug, Clone)]
pub struct Auto {
    setup: Setup,
    options: AutoOptions,
    regime: Regime,
    gp: Bayes,
    tpe: Tpe,
    cma: Cma,
    restart: Restart,
    polish: Polish,
    credit: Credit,
    best: Option<(Point, f64)>,
    n_told: usize,
    /// The share of the losses' variance that the process takes for noise.
    noise: f64,
    /// Trials with a loss that break a constraint.
    n_infeasible: usize,
    /// All points and which of them were told, where these are a handful.
    handful: Option<Vec<(Point, bool)>>,
    chosen: Option<Chosen>,
}

impl Auto {
    /// A sampler without a history.
    pub fn new(setup: Setup, options: &SamplerOptions) -> Self {
        let (space, own) = (&setup.space, options.auto.clone());
        let is_small = matches!(space.size(), Size::Finite(size) if size <= HANDFUL);
        let points = || {
            let tree = Tree::new(space, HANDFUL as usize);
            (0..tree.len()).filter_map(|i| tree.point(i)).map(|point| (point, false)).collect()
        };
        Self {
            regime: Regime::of(space),
            gp: Bayes::new(setup.clone(), options.gp.clone()),
            tpe: Tpe::new(setup.clone(), options.tpe.clone()),
            cma: Cma::new(setup.clone(), options.cma.clone()),
            polish: Polish::new(),
            restart: Restart::new(setup.clone(), options.gp.clone(), 0),
            credit: Credit::new(own.half_life),
            best: None,
            n_told: 0,
            noise: 0.0,
            n_infeasible: 0,
            handful: is_small.then(points),
            chosen: None,
            options: own,
            setup,
        }
    }

    /// The shares of the arms at this length of the record: by the kind of space, and with credit.
    fn shares(&self) -> ([f64; Arm::N], [f64; Arm::N]) {
        let has_models = self.n_told >= MODELS_FROM;
        let options = &self.options;
        let takes_part = [options.gp, options.tpe && has_models, options.cma && has_models];
        let by_kind = self.regime.shares(self.n_told, self.noise);
        let mut before = [0.0; Arm::N];
        for (i, _) in takes_part.into_iter().enumerate().filter(|(_, takes_part)| *takes_part) {
            before[i] = by_kind[i];
        }
        before = scaled(before);
        let is_stale = self.credit.n_stale() >= self.patience();
        let anew = if is_stale && self.has_time() { options.restart.clamp(0.0, 1.0) } else { 0.0 };
        let polish = if is_stale { options.polish.clamp(0.0, 1.0 - anew) } else { 0.0 };
        before = before.map(|share| (1.0 - anew - polish) * share);
        before[Arm::Restart as usize] = anew;
        before[Arm::Polish as usize] = polish;
        let lift = |arm| before[arm as usize] * self.credit.lift(arm).powf(self.options.credit);
        let lifted = scaled(Arm::ALL.map(lift));
        let floor = self.options.floor.clamp(0.0, 1.0);
        let after = std::array::from_fn(|i| floor * before[i] + (1.0 - floor) * lifted[i]);
        (before, after)
    }

    /// Trials without progress after which it is time to start from scratch beside.
    fn patience(&self) -> usize {
        (2 * self.regime.n_dims).max(PATIENCE)
    }

    /// Whether so much of the budget is left that a search from scratch can come to something.
    fn has_time(&self) -> bool {
        self.setup.budget.is_none_or(|n| n.saturating_sub(self.n_told as u64) >= LAST)
    }

    /// Whose turn it is, and why.
    fn draw(&self, number: u64) -> (Arm, String) {
        let (before, after) = self.shares();
        if after.iter().sum::<f64>() <= 0.0 {
            return (Arm::Gp, "no other arm takes part".into());
        }
        let drawn = Rng::stream(self.setup.seed, "auto", number).weighted(&after);
        let arm = Arm::ALL[drawn];
        let (won, of) = self.credit.last(arm);
        let percent = |share: f64| (100.0 * share).round();
        let noise = match percent(self.noise) {
            0.0 => String::new(),
            share => format!(" with {share} % noise"),
        };
        let record = match of {
            0 => "none of its trials is told yet".into(),
            _ => format!("{won} of its last {of} trials improved on the best"),
        };
        let why = format!(
            "{} % of the asks: {} % in {} at {} trials{noise}, and {record}",
            percent(after[drawn]),
            percent(before[drawn]),
            self.regime.words(),
            self.n_told,
        );
        (arm, why)
    }

    fn ask_arm(&mut self, arm: Arm, number: u64, pending: &[Point]) -> Option<Point> {
        let is_known = |point: &Point| self.cma.has(point) || pending.contains(point);
        match arm {
            Arm::Gp => self.gp.ask(number, pending),
            Arm::Tpe => self.tpe.ask(number, pending),
            Arm::Cma => self.cma.ask(number, pending),
            Arm::Restart => self.restart.ask(number, pending).filter(|point| !is_known(point)),
            Arm::Polish => {
                let mut rng = Rng::stream(self.setup.seed, "auto polish", number);
                let (best, _) = self.best.as_ref()?;
                self.polish.ask(&self.setup.space, best, &mut rng, is_known)
            }
        }
    }

    fn choose(&mut self, arm: &str, why: String) {
        self.chosen = Some(Chosen { arm: Arc::from(arm), why });
    }

    /// The next point of a handful.
    fn walk(&mut self, pending: &[Point]) -> Option<Point> {
        let points = self.handful.as_ref()?;
        let left = points.iter().find(|(point, told)| !told && !pending.contains(point));
        let point = left.map(|(point, _)| point.clone())?;
        let why = match points.len() {
            1 => "the only point of the space".into(),
            n => format!("the space has {n} points, one after the other"),
        };
        self.choose("grid", why);
        Some(point)
    }

    /// Keeps the best point; true if this is it.
    fn note_best(&mut self, told: &Told) -> bool {
        let Some(loss) = told.loss.filter(|loss| loss.is_finite()) else { return false };
        let before = self.best.as_ref();
        let improved = before.is_none_or(|(_, best)| loss < *best);
        if improved {
            if before.is_none_or(|(point, _)| !is_same(&self.setup.space, point, &told.point)) {
                self.polish.enter();
            }
            self.best = Some((told.point.clone(), loss));
        }
        improved
    }

    fn push(&mut self, told: &Told) {
        self.n_told += 1;
        let arm = told.arm.as_deref().and_then(Arm::of);
        self.credit.tell(arm, told.loss);
        let improved = self.note_best(told);
        if arm == Some(Arm::Polish) {
            self.polish.tell(improved);
        }
        if arm == Some(Arm::Restart) {
            self.restart.tell(told);
        }
        if let Some((best, _)) = &self.best {
            self.restart.go_on(self.patience(), best);
        }
        for (point, is_told) in self.handful.iter_mut().flatten() {
            *is_told |= *point == told.point;
        }
    }
}

impl Sampler for Auto {
    fn ask(&mut self, number: u64, pending: &[Point]) -> Option<Point> {
        self.chosen = None;
        if self.handful.is_some() {
            return self.walk(pending);
        }
        let n_first = self.gp.n_startup();
        if self.n_told + pending.len() < n_first || self.credit.n_scored() < 2 {
            let is_first = self.n_told + pending.len() < n_first;
            let (arm, why) = match (is_first, self.n_infeasible) {
                (true, _) => ("sobol", format!("one of the first {n_first} points, spread evenly")),
                (false, 0 | 1) => ("sobol", "too few trials have a result".into()),
                (false, _) => (
                    "gp",
                    "hardly a trial keeps the constraints: where one most likely does".into(),
                ),
            };
            let point = self.gp.ask(number, pending)?;
            self.choose(arm, why);
            return Some(point);
        }
        self.noise = self.gp.noise_share().unwrap_or(0.0);
        let (arm, why) = self.draw(number);
        let point = self.ask_arm(arm, number, pending);
        let Some(point) = point else {
            // These know nothing of what was tried; the others say that nothing is left.
            let is_blind = matches!(arm, Arm::Restart | Arm::Polish);
            let point = self.gp.ask(number, pending).filter(|_| is_blind)?;
            self.choose(Arm::Gp.name(), format!("{} came to known points only", arm.name()));
            return Some(point);
        };
        self.choose(arm.name(), why);
        Some(point)
    }

    fn tell(&mut self, told: &Told) {
        self.tpe.tell(told);
        self.gp.tell(told);
        self.cma.tell(told);
        // What violates a constraint earns nothing, and a search from scratch counts it as failed.
        self.n_infeasible += usize::from(told.loss.is_some() && told.violation() > 0.0);
        let failed = (told.violation() > 0.0).then(|| Told { loss: None, ..told.clone() });
        self.push(failed.as_ref().unwrap_or(told));
    }

    fn tell_pruned(&mut self, told: &Told, pruned: Pruned) {
        self.gp.tell_pruned(told, pruned);
        self.tpe.tell_pruned(told, pruned);
        self.cma.tell_pruned(told, pruned);
        self.push(told);
    }

    fn chosen(&self) -> Option<Chosen> {
        self.chosen.clone()
    }
}

/// Shares that add up to 1; all 0 if they are.
fn scaled(shares: [f64; Arm::N]) -> [f64; Arm::N] {
    let sum: f64 = shares.iter().sum();
    if sum > 0.0 { shares.map(|share| share / sum) } else { shares }
}
