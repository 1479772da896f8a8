//! Who survives: constraint domination, ranks, then crowding or reference directions.

use super::{Scored, niche};
use crate::numeric::{Losses, crowding_distances, non_domination_ranks};

/// How the last rank that does not fit is thinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Survival {
    /// By crowding distance (NSGA-II, Deb et al. 2002).
    Crowding,
    /// By niches around reference directions (NSGA-III, Deb and Jain 2014).
    References {
        /// Steps from one objective to another ([`das_dennis`](crate::numeric::das_dennis)).
        n_parts: usize,
    },
}

/// Ranks under constraint domination: first the feasible by non-domination, then the others by how much they
/// violate (Deb et al. 2002, VI-A). Losses of another length than the first point's, or with a NaN, come after
/// all the feasible ones.
pub fn constrained_ranks(population: &[Scored]) -> Vec<usize> {
    let (flat, n_objectives) = table(population);
    let violation = |i: usize| violation(&population[i]);
    let feasible: Vec<usize> = (0..population.len()).filter(|&i| violation(i) <= 0.0).collect();
    let values: Vec<f64> = feasible
        .iter()
        .flat_map(|&i| &flat[i * n_objectives..(i + 1) * n_objectives])
        .copied()
        .collect();
    let mut ranks = vec![0; population.len()];
    let mut next = 0;
    let found = non_domination_ranks(Losses::new(&values, n_objectives));
    for (&i, rank) in feasible.iter().zip(found) {
        ranks[i] = rank;
        next = next.max(rank + 1);
    }
    let mut others: Vec<usize> = (0..population.len()).filter(|&i| violation(i) > 0.0).collect();
    others.sort_by(|&a, &b| violation(a).total_cmp(&violation(b)));
    for (at, &i) in others.iter().enumerate() {
        if at > 0 && violation(i) > violation(others[at - 1]) {
            next += 1;
        }
        ranks[i] = next;
    }
    ranks
}

/// A violation that can be compared; without objectives a point counts as infinitely far off.
fn violation(scored: &Scored) -> f64 {
    let unusable = scored.violation.is_nan() || scored.losses.is_empty();
    if unusable { f64::INFINITY } else { scored.violation.max(0.0) }
}

/// All losses row by row; NaN in place of a row of another length than the first.
pub(super) fn table(population: &[Scored]) -> (Vec<f64>, usize) {
    let n_objectives =
        population.iter().map(|scored| scored.losses.len()).find(|&n| n > 0).unwrap_or(0);
    let mut flat = Vec::with_capacity(population.len() * n_objectives);
    for scored in population {
        if scored.losses.len() == n_objectives {
            flat.extend(&scored.losses);
        } else {
            flat.resize(flat.len() + n_objectives, f64::NAN);
        }
    }
    (flat, n_objectives)
}

/// Members of each rank, best rank first.
pub(super) fn by_rank(ranks: &[usize]) -> Vec<Vec<usize>> {
    let n_ranks = ranks.iter().max().map_or(0, |last| last + 1);
    let mut fronts = vec![Vec::new(); n_ranks];
    for (index, &rank) in ranks.iter().enumerate() {
        fronts[rank].push(index);
    }
    fronts.retain(|front| !front.is_empty());
    fronts
}

/// The `n` that survive, as indices in ascending order. `seed` and `generation` decide draws among niches.
pub fn survivors(
    population: &[Scored],
    n: usize,
    survival: &Survival,
    stream: (u64, u64),
) -> Vec<usize> {
    among(population, &constrained_ranks(population), n, (survival, stream))
}

/// The same with known ranks. Those of the ones that survive are then what they were.
pub(super) fn among(
    population: &[Scored],
    ranks: &[usize],
    n: usize,
    (survival, (seed, generation)): (&Survival, (u64, u64)),
) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::with_capacity(n);
    for front in by_rank(ranks) {
        let room = n - kept.len();
        if front.len() <= room {
            kept.extend(front);
            continue;
        }
        if room > 0 {
            let (flat, n_objectives) = table(population);
            let losses = Losses::new(&flat, n_objectives);
            let chosen = match survival {
                Survival::Crowding => least_crowded(losses, &front, room),
                Survival::References { n_parts } => {
                    let stream = (seed, generation);
                    niche::fill(losses, (&kept, &front), room, (*n_parts, stream))
                }
            };
            kept.extend(chosen);
        }
        break;
    }
    kept.sort_unstable();
    kept
}

fn least_crowded(losses: Losses<'_>, front: &[usize], room: usize) -> Vec<usize> {
    let distances = crowding_distances(losses, front);
    let mut order: Vec<usize> = (0..front.len()).collect();
    order.sort_by(|&a, &b| distances[b].total_cmp(&distances[a]));
    order.into_iter().take(room).map(|at| front[at]).collect()
}
