//! The samplers: a population that follows the record.
//!
//! The first trials are quasi-random, every other one is a child of the survivors of all that was told. Results count
//! whenever they come, so any number of trials can be at work, and a generation is a number of results, not a
//! round of trials. With one result a generation the search is steady-state: a child can be a parent as soon as
//! it is told, which spends a small budget better (Durillo et al. 2009, EMO).

use super::{NsgaOptions, Parents, Ranked, Scored, Survival, survivors};
use crate::numeric::Rng;
use crate::sampler::unseen::Unseen;
use crate::sampler::{Sampler, Setup, Told, sobol};
use crate::space::Point;
use std::borrow::Cow;

/// Children drawn until one is new.
const TRIES: usize = 8;

/// The NSGA-II sampler; with [`Survival::References`] NSGA-III.
#[derive(Debug, Clone)]
pub struct Nsga {
    setup: Setup,
    options: NsgaOptions,
    /// Survivors, then what was told since.
    population: Vec<Scored>,
    n_told: usize,
    /// Results since the last generation.
    n_since: usize,
    generation: u64,
    /// The population's ranks, made when first needed.
    ranked: Option<Ranked>,
    unseen: Unseen,
}

impl Nsga {
    /// A sampler without a history.
    pub fn new(setup: Setup, options: NsgaOptions) -> Self {
        let unseen = Unseen::new(&setup.space);
        Self {
            setup,
            options,
            population: Vec::new(),
            n_told: 0,
            n_since: 0,
            generation: 0,
            ranked: None,
            unseen,
        }
    }

    /// NSGA-III with about as many reference directions as survivors.
    pub fn by_references(setup: Setup, options: &NsgaOptions) -> Self {
        let n_parts = n_parts(setup.n_objectives, options.population);
        let survival = Survival::References { n_parts };
        Self::new(setup, NsgaOptions { survival, ..options.clone() })
    }

    fn select(&mut self) {
        let stream = (self.setup.seed, self.generation);
        let most = self.options.population.max(2);
        if self.population.len() > most {
            let kept = survivors(&self.population, most, &self.options.survival, stream);
            let mut is_kept = vec![false; self.population.len()];
            for &at in &kept {
                is_kept[at] = true;
            }
            let mut flags = is_kept.into_iter();
            self.population.retain(|_| flags.next().unwrap_or(false));
        }
        self.generation += 1;
        self.n_since = 0;
    }
}

impl Sampler for Nsga {
    fn ask(&mut self, number: u64, pending: &[Point]) -> Option<Point> {
        let (space, seed) = (&self.setup.space, self.setup.seed);
        let mut rng = Rng::stream(seed, "nsga", number);
        let starts = self.n_told + pending.len() < self.options.n_startup;
        if starts || self.population.len() < 2 {
            let point = space.from_unit(&sobol::unit_point(space, seed, number));
            return self.unseen.pick([point], pending, &mut rng);
        }
        let ranked = self
            .ranked
            .get_or_insert_with(|| Ranked::new(space, &self.population, &self.options.survival));
        let parents = Parents::of(space, Cow::Borrowed(ranked), &self.options);
        let mut births = Rng::stream(seed, "nsga child", number);
        let children = (0..TRIES).map(|_| parents.born(&mut births));
        self.unseen.pick(children, pending, &mut rng)
    }

    fn tell(&mut self, told: &Told) {
        self.n_told += 1;
        self.unseen.tell(&told.point);
        let losses = told.losses().filter(|losses| losses.len() == self.setup.n_objectives);
        if let Some(losses) = losses {
            let (point, violation) = (told.point.clone(), told.violation());
            self.population.push(Scored { point, losses, violation });
            self.ranked = None;
        }
        self.n_since += 1;
        if self.n_since >= self.options.step {
            self.select();
        }
    }
}

/// The most steps from one objective to another with no more reference directions than survivors.
fn n_parts(n_objectives: usize, population: usize) -> usize {
    let n_directions = |parts: usize| {
        // C(parts + m − 1, m − 1), a whole number after every factor.
        (1..n_objectives as u128).fold(1u128, |n, k| n.saturating_mul(parts as u128 + k) / k)
    };
    (1..population.max(2))
        .take_while(|&n| n_directions(n) <= population as u128)
        .last()
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_about_as_many_as_survivors() {
        assert_eq!(n_parts(2, 50), 49);
        assert_eq!(n_parts(3, 91), 12);
        assert_eq!(n_parts(3, 90), 11);
        assert_eq!(n_parts(5, 100), 4);
        assert_eq!((n_parts(1, 10), n_parts(40, 10), n_parts(0, 2)), (9, 1, 1));
    }
}
