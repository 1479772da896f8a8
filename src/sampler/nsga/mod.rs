//! NSGA-II and NSGA-III as functions of populations: who survives, and what the survivors' children are.
//!
//! Nothing here holds a state. A generation's children are a function of (parents, seed, generation), one child
//! of (parents, seed, number), so any number of workers can ask for children of the same parents, and a search
//! is rebuilt from its record. Every objective is minimized.

mod genes;
mod niche;
mod select;

pub use select::{Survival, constrained_ranks, survivors};

use self::genes::Genes;
use super::sobol;
use crate::numeric::{Losses, Rng, crowding_distances};
use crate::space::{Point, Space};

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

/// Control parameters of the variation.
#[derive(Debug, Clone, PartialEq)]
pub struct NsgaOptions {
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
            crossover: 0.9,
            eta_crossover: 20.0,
            eta_mutation: 20.0,
            mutation: None,
            survival: Survival::Crowding,
        }
    }
}

/// Parents, ranked once for all their children.
#[derive(Debug, Clone)]
pub struct Parents<'a> {
    space: &'a Space,
    options: &'a NsgaOptions,
    genes: Vec<Genes>,
    /// Smaller wins.
    ranks: Vec<usize>,
    /// Among equals in rank, larger wins.
    crowding: Vec<f64>,
    variable: Vec<usize>,
}

impl<'a> Parents<'a> {
    /// Ranks a population.
    pub fn new(space: &'a Space, population: &[Scored], options: &'a NsgaOptions) -> Self {
        let ranks = constrained_ranks(population);
        let crowding = match options.survival {
            Survival::Crowding => crowding(population, &ranks),
            Survival::References { .. } => vec![0.0; population.len()],
        };
        let is_variable = |dim: &usize| !space.dims()[*dim].is_constant();
        Self {
            space,
            options,
            genes: population.iter().map(|scored| genes::of(space, &scored.point)).collect(),
            ranks,
            crowding,
            variable: (0..space.len()).filter(is_variable).collect(),
        }
    }

    /// The child of trial `number`. Without parents it is a point of the quasi-random sequence.
    pub fn child(&self, seed: u64, number: u64) -> Point {
        if self.genes.is_empty() {
            return self.space.from_unit(&sobol::unit_point(self.space, seed, number));
        }
        let mut rng = Rng::stream(seed, "nsga child", number);
        let (one, other) = (self.tournament(&mut rng), self.tournament(&mut rng));
        let mut child = if rng.unit() < self.options.crossover {
            genes::cross(self, (one, other), &mut rng)
        } else {
            self.genes[one].clone()
        };
        genes::mutate(self, &mut child, &mut rng);
        genes::express(self.space, &child, &mut rng)
    }

    /// The better of two random parents.
    fn tournament(&self, rng: &mut Rng) -> usize {
        let (a, b) = (rng.below(self.genes.len()), rng.below(self.genes.len()));
        let rank = self.ranks[a].cmp(&self.ranks[b]);
        let order = rank.then(self.crowding[b].total_cmp(&self.crowding[a]));
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
