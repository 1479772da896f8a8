//! NSGA-II and NSGA-III: who survives, what the survivors' children are, and the samplers made of both.
//!
//! All but the sampler ([`Nsga`]) are functions. A generation's children are a function of (parents, seed,
//! generation), one child of (parents, seed, number), so any number of workers can ask for children of the same
//! parents, and a search is rebuilt from its record. Every objective is minimized.

mod genes;
mod niche;
mod sampler;
mod select;

pub use sampler::Nsga;
pub use select::{Survival, constrained_ranks, survivors};

use self::genes::Genes;
use super::sobol;
use crate::numeric::{Losses, Rng, crowding_distances};
use crate::space::{Point, Space};
use std::borrow::Cow;

/// A point with what it was found to be worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Where it is.
    pub point: Point,
    /// Its objectives, turned so that smaller is better; with a NaN it comes after all others.
    pub losses: Vec<f64>,
    /// By how much it violates the constraints in all; 0 or less where it satisfies them, NaN counts as infinite.
    pub violation: f64,
}

/// Control parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct NsgaOptions {
    /// How many survive.
    pub population: usize,
    /// Quasi-random trials before the first child.
    pub n_startup: usize,
    /// Results that make a generation: `population` is the textbook's, 1 is steady-state.
    pub step: usize,
    /// Probability that a child has two parents.
    pub crossover: f64,
    /// Distribution index of the simulated binary crossover: the larger, the closer to a parent.
    pub eta_crossover: f64,
    /// Distribution index of the polynomial mutation.
    pub eta_mutation: f64,
    /// Probability that a parameter mutates; `None` for one over the number of parameters.
    pub mutation: Option<f64>,
    /// Who survives; tournaments follow it.
    pub survival: Survival,
}

impl Default for NsgaOptions {
    fn default() -> Self {
        Self {
            population: 20,
            n_startup: 20,
            step: 1,
            crossover: 0.9,
            eta_crossover: 20.0,
            eta_mutation: 20.0,
            mutation: None,
            survival: Survival::Crowding,
        }
    }
}

/// A population's genes and how its members compete.
#[derive(Debug, Clone)]
struct Ranked {
    genes: Vec<Genes>,
    /// Smaller wins.
    ranks: Vec<usize>,
    /// Among equals in rank, larger wins.
    crowding: Vec<f64>,
}

impl Ranked {
    fn new(space: &Space, population: &[Scored], survival: &Survival) -> Self {
        let ranks = constrained_ranks(population);
        let crowding = match survival {
            Survival::Crowding => crowding(population, &ranks),
            Survival::References { .. } => vec![0.0; population.len()],
        };
        let genes = population.iter().map(|scored| genes::of(space, &scored.point)).collect();
        Self { genes, ranks, crowding }
    }
}

/// Parents, ranked once for all their children.
#[derive(Debug, Clone)]
pub struct Parents<'a> {
    space: &'a Space,
    options: &'a NsgaOptions,
    ranked: Cow<'a, Ranked>,
    variable: Vec<usize>,
}

impl<'a> Parents<'a> {
    /// Ranks a population.
    pub fn new(space: &'a Space, population: &[Scored], options: &'a NsgaOptions) -> Self {
        let ranked = Ranked::new(space, population, &options.survival);
        Self::of(space, Cow::Owned(ranked), options)
    }

    fn of(space: &'a Space, ranked: Cow<'a, Ranked>, options: &'a NsgaOptions) -> Self {
        let is_variable = |dim: &usize| !space.dims()[*dim].is_constant();
        let variable = (0..space.len()).filter(is_variable).collect();
        Self { space, options, ranked, variable }
    }

    /// The child of trial `number`. Without parents it is a point of the quasi-random sequence.
    pub fn child(&self, seed: u64, number: u64) -> Point {
        if self.ranked.genes.is_empty() {
            return self.space.from_unit(&sobol::unit_point(self.space, seed, number));
        }
        self.born(&mut Rng::stream(seed, "nsga child", number))
    }

    /// The next child of a stream. There must be parents.
    fn born(&self, rng: &mut Rng) -> Point {
        let (one, other) = (self.tournament(rng), self.tournament(rng));
        let mut child = if rng.unit() < self.options.crossover {
            genes::cross(self, (one, other), rng)
        } else {
            self.ranked.genes[one].clone()
        };
        genes::mutate(self, &mut child, rng);
        genes::express(self.space, &child, rng)
    }

    /// The better of two random parents.
    fn tournament(&self, rng: &mut Rng) -> usize {
        let Ranked { genes, ranks, crowding } = &*self.ranked;
        let (a, b) = (rng.below(genes.len()), rng.below(genes.len()));
        let order = ranks[a].cmp(&ranks[b]).then(crowding[b].total_cmp(&crowding[a]));
        if order.is_le() { a } else { b }
    }
}

/// The children of generation `generation`, as many as there are parents: those of the trials numbered
/// `generation · n ..`.
pub fn generation(
    space: &Space,
    population: &[Scored],
    options: &NsgaOptions,
    seed: u64,
    generation: u64,
) -> Vec<Point> {
    let parents = Parents::new(space, population, options);
    let n = population.len() as u64;
    let first = generation.wrapping_mul(n);
    (0..n).map(|child| parents.child(seed, first.wrapping_add(child))).collect()
}

/// Crowding distances within each rank.
fn crowding(population: &[Scored], ranks: &[usize]) -> Vec<f64> {
    let (flat, n_objectives) = select::table(population);
    let losses = Losses::new(&flat, n_objectives);
    let mut distances = vec![0.0; population.len()];
    for members in select::by_rank(ranks) {
        for (member, distance) in members.iter().zip(crowding_distances(losses, &members)) {
            distances[*member] = distance;
        }
    }
    distances
}

#[cfg(test)]
mod tests;
