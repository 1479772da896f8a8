//! Variation: crossover and mutation of a point's place in the unit cube.

use super::Parents;
use crate::numeric::Rng;
use crate::space::{Point, Space};

/// One coordinate of the unit cube per dimension; `None` where it is inactive.
pub(super) type Genes = Vec<Option<f64>>;

/// Probability that a parameter of two parents is crossed at all, and that its two children are swapped.
const HALF: f64 = 0.5;
/// Closer than this, parents are the same.
const SAME: f64 = 1e-14;

pub(super) fn of(space: &Space, point: &Point) -> Genes {
    let gene =
        |(dim, coord): (&crate::space::Dimension, &Option<f64>)| coord.map(|x| dim.unit_of(x));
    space.dims().iter().zip(&point.0).map(gene).collect()
}

/// The point of some genes; what its choices make active and neither parent had is drawn anew.
pub(super) fn express(space: &Space, genes: &Genes, rng: &mut Rng) -> Point {
    let unit: Vec<f64> = genes.iter().map(|gene| gene.unwrap_or_else(|| rng.unit())).collect();
    space.from_unit(&unit)
}

/// One child of two parents: simulated binary crossover for numbers, either parent's value for choices. A
/// parameter that only one parent has comes from that one.
pub(super) fn cross(parents: &Parents<'_>, (one, other): (usize, usize), rng: &mut Rng) -> Genes {
    let (one, other) = (&parents.ranked.genes[one], &parents.ranked.genes[other]);
    let mut child = one.clone();
    for &dim in &parents.variable {
        child[dim] = match (one[dim], other[dim]) {
            (Some(a), Some(b)) if rng.unit() < HALF => {
                if parents.space.dims()[dim].is_categorical() {
                    Some(b)
                } else {
                    Some(simulated_binary(a, b, parents.options.eta_crossover, rng))
                }
            }
            (a, b) => a.or(b),
        };
    }
    child
}

/// A number near one of two parents: bounded simulated binary crossover (Deb and Agrawal 1995; the spread is
/// cut at the bounds as in Deb's NSGA-II code).
fn simulated_binary(a: f64, b: f64, eta: f64, rng: &mut Rng) -> f64 {
    let (low, high) = (a.min(b), a.max(b));
    let (u, take_low) = (rng.unit(), rng.unit() < HALF);
    if high - low <= SAME {
        return a;
    }
    let to_bound = if take_low { low } else { 1.0 - high };
    let beta = 1.0 + 2.0 * to_bound / (high - low);
    let alpha = 2.0 - beta.powf(-(eta + 1.0));
    let power = 1.0 / (eta + 1.0);
    let spread = if u <= 1.0 / alpha {
        (u * alpha).powf(power)
    } else {
        (1.0 / (2.0 - u * alpha)).powf(power)
    };
    let half = 0.5 * spread * (high - low);
    let middle = f64::midpoint(low, high);
    (if take_low { middle - half } else { middle + half }).clamp(0.0, 1.0)
}

/// Mutates every variable parameter with the same probability; a choice takes one of its other values.
pub(super) fn mutate(parents: &Parents<'_>, child: &mut Genes, rng: &mut Rng) {
    let n = parents.variable.len().max(1) as f64;
    let probability = parents.options.mutation.unwrap_or(1.0 / n);
    for &dim in &parents.variable {
        let Some(gene) = child[dim] else { continue };
        if rng.unit() >= probability {
            continue;
        }
        let dimension = &parents.space.dims()[dim];
        let mutated = if dimension.is_categorical() {
            other_value(gene, dimension.cardinality().unwrap_or(1) as usize, rng)
        } else {
            polynomial(gene, parents.options.eta_mutation, rng)
        };
        child[dim] = Some(mutated);
    }
}

fn other_value(gene: f64, n: usize, rng: &mut Rng) -> f64 {
    if n < 2 {
        return gene;
    }
    let own = ((gene * n as f64) as usize).min(n - 1);
    let other = rng.below(n - 1);
    let other = if other >= own { other + 1 } else { other };
    (other as f64 + 0.5) / n as f64
}

/// Bounded polynomial mutation (Deb and Deb 2014, equations 5 to 8).
fn polynomial(x: f64, eta: f64, rng: &mut Rng) -> f64 {
    let u = rng.unit();
    let power = 1.0 / (eta + 1.0);
    let delta = if u < 0.5 {
        let value = 2.0 * u + (1.0 - 2.0 * u) * (1.0 - x).powf(eta + 1.0);
        value.powf(power) - 1.0
    } else {
        let value = 2.0 * (1.0 - u) + 2.0 * (u - 0.5) * x.powf(eta + 1.0);
        1.0 - value.powf(power)
    };
    (x + delta).clamp(0.0, 1.0)
}
