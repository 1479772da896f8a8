//! Mixtures of product kernels over a conditional space.
//!
//! One component per trial and one prior component, which comes last. A component has a kernel of its own
//! for every dimension that was active in its trial and the prior's kernel for the others, so that all
//! components give a density to every point, and a choice stays tied to the dimensions below it.

use super::Row;
use super::axis::Axis;
use super::history::Sample;
use super::normal;
use crate::numeric::Rng;
use crate::space::{Point, Space};

/// Mean and standard deviation of the prior's kernel on `[0, 1]`.
const PRIOR: (f64, f64) = (0.5, 1.0);
/// No kernel is narrower than one part in so many of the range, however many there are.
const MAGIC: f64 = 100.0;
/// Cells narrower than this many standard deviations take a series for their mass, off by less than 3e-4 of it.
const NARROW: f64 = 0.75;
/// A component this far below the largest one (in nats) adds nothing to a sum in double precision.
const NEGLIGIBLE: f64 = 38.0;

/// A mixture density.
#[derive(Debug, Clone)]
pub(super) struct Parzen {
    weights: Vec<f64>,
    log_weights: Vec<f64>,
    kernels: Vec<Kernels>,
}

/// The kernels of all components along one axis.
#[derive(Debug, Clone)]
enum Kernels {
    Constant,
    Numeric {
        mean: Vec<f64>,
        sd: Vec<f64>,
        inverse_sd: Vec<f64>,
        /// Minus the logarithms of sd, √2π and the mass within `[0, 1]`.
        log_norm: Vec<f64>,
    },
    Choice {
        /// The trial's choice; `None` for the prior's kernel.
        picked: Vec<Option<u32>>,
        n: usize,
        /// Probability of the trial's own choice, and of each other one.
        hit: f64,
        miss: f64,
    },
}

/// A point with its row.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) point: Point,
    pub(super) row: Row,
}

impl Parzen {
    /// The density of some trials; the prior component has weight 1.
    pub(super) fn new(axes: &[Axis], samples: &[Sample<'_>]) -> Self {
        let mut weights: Vec<f64> = samples.iter().map(|s| s.weight).collect();
        weights.push(1.0);
        let total: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= total;
        }
        let log_weights = weights.iter().map(|w| w.ln()).collect();
        let kernels = axes
            .iter()
            .enumerate()
            .map(|(idx, axis)| match axis {
                Axis::Constant(_) => Kernels::Constant,
                Axis::Numeric(_) => numeric(idx, samples),
                Axis::Choice(n) => choice(idx, *n, samples),
            })
            .collect();
        Self { weights, log_weights, kernels }
    }

    /// Draws a component.
    pub(super) fn component(&self, rng: &mut Rng) -> usize {
        rng.weighted(&self.weights)
    }

    /// Draws a point from one component, its standard deviations times `shrink`.
    pub(super) fn draw(
        &self,
        place: (&Space, &[Axis]),
        component: usize,
        shrink: f64,
        rng: &mut Rng,
    ) -> Candidate {
        let (space, axes) = place;
        let mut coords = vec![None; axes.len()];
        let mut row = vec![f64::NAN; axes.len()];
        for (idx, (axis, kernels)) in axes.iter().zip(&self.kernels).enumerate() {
            if !space.is_active(idx, &coords) {
                continue;
            }
            let coord = match (axis, kernels) {
                (Axis::Constant(value), _) => *value,
                (Axis::Numeric(scale), Kernels::Numeric { mean, sd, .. }) => {
                    let at = normal::draw(mean[component], sd[component] * shrink, rng);
                    space.dims()[idx].snap(scale.value(at))
                }
                (_, kernels) => kernels.draw_choice(component, rng),
            };
            coords[idx] = Some(coord);
            row[idx] = axis.position(coord);
        }
        Candidate { point: Point(coords), row }
    }

    /// The logarithm of the density (of the probability, along discrete axes) at every candidate.
    pub(super) fn log_density(&self, axes: &[Axis], candidates: &[Candidate]) -> Vec<f64> {
        let n = self.log_weights.len();
        let mut sums = self.log_weights.repeat(candidates.len());
        for (idx, (axis, kernels)) in axes.iter().zip(&self.kernels).enumerate() {
            let mut known: Vec<(f64, Vec<f64>)> = Vec::new();
            for (candidate, sums) in candidates.iter().zip(sums.chunks_exact_mut(n)) {
                let Some(coord) = candidate.point.0[idx] else { continue };
                let at = candidate.row[idx];
                match axis {
                    Axis::Constant(_) => {}
                    Axis::Choice(_) => kernels.add_choice(at, sums),
                    Axis::Numeric(scale) => match scale.cell(coord) {
                        None => kernels.add_density(at, sums),
                        Some(cell) => {
                            if !known.iter().any(|(value, _)| *value == at) {
                                known.push((at, kernels.masses(cell)));
                            }
                            let found = known.iter().find(|(value, _)| *value == at);
                            let masses = found.map_or(&[][..], |(_, masses)| masses);
                            sums.iter_mut().zip(masses).for_each(|(sum, mass)| *sum += mass);
                        }
                    },
                }
            }
        }
        sums.chunks_exact(n).map(log_sum_exp).collect()
    }
}

impl Kernels {
    fn draw_choice(&self, component: usize, rng: &mut Rng) -> f64 {
        let Self::Choice { picked, n, hit, .. } = self else { return 0.0 };
        let index = match picked[component] {
            None => rng.below(*n),
            Some(own) if rng.unit() < *hit => own as usize,
            Some(own) => {
                let other = rng.below(n - 1);
                if other < own as usize { other } else { other + 1 }
            }
        };
        index as f64
    }

    fn add_choice(&self, at: f64, sums: &mut [f64]) {
        let Self::Choice { picked, n, hit, miss } = self else { return };
        let (log_hit, log_miss, log_prior) = (hit.ln(), miss.ln(), -(*n as f64).ln());
        for (sum, own) in sums.iter_mut().zip(picked) {
            *sum += match own {
                None => log_prior,
                Some(own) if f64::from(*own) == at => log_hit,
                Some(_) => log_miss,
            };
        }
    }

    fn add_density(&self, at: f64, sums: &mut [f64]) {
        let Self::Numeric { mean, inverse_sd, log_norm, .. } = self else { return };
        for (((sum, mean), inverse), norm) in
            sums.iter_mut().zip(mean).zip(inverse_sd).zip(log_norm)
        {
            let z = (at - mean) * inverse;
            *sum += norm - 0.5 * z * z;
        }
    }

    /// The log probability of one cell under every component.
    fn masses(&self, (a, b): (f64, f64)) -> Vec<f64> {
        let Self::Numeric { mean, sd, inverse_sd, log_norm } = self else { return Vec::new() };
        let log_width = (b - a).ln();
        (0..mean.len())
            .map(|j| {
                if b - a < NARROW * sd[j] {
                    let z = (f64::midpoint(a, b) - mean[j]) * inverse_sd[j];
                    return log_norm[j] + log_width + narrow_cell(z, (b - a) * inverse_sd[j]);
                }
                let mass =
                    normal::mass((a - mean[j]) * inverse_sd[j], (b - mean[j]) * inverse_sd[j]);
                mass.max(f64::MIN_POSITIVE).ln() + log_norm[j] + sd[j].ln() + normal::LOG_SQRT_TAU
            })
            .collect()
    }
}

/// ln of the mean of `exp(-u²/2)` over `u` within `h / 2` of `z`.
///
/// With `u = z + t` that is `exp(-z²/2)` times the mean of `exp(-z t)`, a hyperbolic sine, times the mean of
/// `exp(-t²/2)` under the weights `exp(-z t)`, to first order `1 - E[t²] / 2`.
fn narrow_cell(z: f64, h: f64) -> f64 {
    let a = 0.5 * z.abs() * h;
    let tilted = if a < 0.1 {
        let square = a * a;
        square * (1.0 / 6.0 - square / 180.0) - h * h * (1.0 / 24.0 + square / 180.0)
    } else {
        let e = (-2.0 * a).exp();
        let second = h * h * (0.25 - 0.5 * (1.0 + e) / ((1.0 - e) * a) + 0.5 / (a * a));
        a + ((1.0 - e) / (2.0 * a)).ln() - 0.5 * second
    };
    tilted - 0.5 * z * z
}

/// Kernels of a choice (Optuna 5): every row is 1/k everywhere for k kernels, plus 1 at the trial's own
/// choice. With more choices than kernels the first part is scaled down to the weight of one observation,
/// or a choice of many would never learn.
fn choice(idx: usize, n: usize, samples: &[Sample<'_>]) -> Kernels {
    let active = samples.iter().filter(|s| !s.row[idx].is_nan()).count();
    let each = (1.0 / (active + 1) as f64).min(1.0 / n as f64);
    let total = 1.0 + each * n as f64;
    let own = |sample: &Sample<'_>| (!sample.row[idx].is_nan()).then(|| sample.row[idx] as u32);
    let mut picked: Vec<Option<u32>> = samples.iter().map(own).collect();
    picked.push(None);
    Kernels::Choice { picked, n, hit: (1.0 + each) / total, miss: each / total }
}

fn numeric(idx: usize, samples: &[Sample<'_>]) -> Kernels {
    let at = |sample: &Sample<'_>| sample.row[idx];
    let mut mean: Vec<f64> = samples.iter().map(at).collect();
    let mut sd = bandwidths(&mean);
    for (mean, sd) in mean.iter_mut().zip(&mut sd) {
        if mean.is_nan() {
            (*mean, *sd) = PRIOR;
        }
    }
    mean.push(PRIOR.0);
    sd.push(PRIOR.1);
    let log_norm = mean
        .iter()
        .zip(&sd)
        .map(|(mean, sd)| {
            let inside = normal::mass(-mean / sd, (1.0 - mean) / sd);
            -sd.ln() - inside.ln() - normal::LOG_SQRT_TAU
        })
        .collect();
    let inverse_sd = sd.iter().map(|sd| 1.0 / sd).collect();
    Kernels::Numeric { mean, sd, inverse_sd, log_norm }
}

/// The standard deviation of every kernel: the distance to the farther neighbor, where the two outermost
/// look inward only, clipped from below ("magic clip"). NaN positions (inactive) take no part.
fn bandwidths(means: &[f64]) -> Vec<f64> {
    // Positions are in [0, 1], so their bits sort as they do; the low bits carry the index, which makes one
    // plain integer sort of it.
    const INDEX: u64 = (1 << 14) - 1;
    let key = |(index, mean): (usize, &f64)| (mean.to_bits() & !INDEX) | index as u64 & INDEX;
    let active = means.iter().enumerate().filter(|(_, mean)| !mean.is_nan());
    let mut sorted: Vec<u64> = active.map(key).collect();
    sorted.sort_unstable();
    let n = sorted.len();
    let floor = 1.0 / (n as f64 + 2.0).min(MAGIC);
    let value = |rank: usize| means[(sorted[rank] & INDEX) as usize];
    let mut sd = vec![1.0; means.len()];
    for rank in 0..n {
        let here = value(rank);
        let left = if rank > 0 { Some(here - value(rank - 1)) } else { None };
        let right = if rank + 1 < n { Some(value(rank + 1) - here) } else { None };
        let distance = match (left, right) {
            (None, None) => here.max(1.0 - here),
            (left, right) => left.unwrap_or(0.0).max(right.unwrap_or(0.0)),
        };
        sd[(sorted[rank] & INDEX) as usize] = distance.clamp(floor, 1.0);
    }
    sd
}

fn log_sum_exp(terms: &[f64]) -> f64 {
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    let parts = terms.iter().map(|t| t - largest).filter(|&t| t > -NEGLIGIBLE);
    largest + parts.map(f64::exp).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::conformance::{choice, float, int, log_int, when};
    use crate::sampler::tpe::axis;

    fn space() -> Space {
        Space::new(vec![
            choice("c", 3),
            when(int("n", 1, 6), 0, &[1.0]),
            when(log_int("m", 1, 9), 0, &[2.0]),
        ])
        .unwrap()
    }

    fn candidate(space: &Space, coords: &[Option<f64>]) -> Candidate {
        let point = Point(coords.to_vec());
        Candidate { row: axis::row(&axis::axes(space), &point), point }
    }

    fn samples(seen: &[Candidate]) -> Vec<Sample<'_>> {
        seen.iter().map(|c| Sample { row: &c.row, weight: 0.5 }).collect()
    }

    #[test]
    fn probabilities_of_a_finite_space_sum_to_one() {
        let space = space();
        let axes = axis::axes(&space);
        let seen = [
            candidate(&space, &[Some(0.0), None, None]),
            candidate(&space, &[Some(1.0), Some(2.0), None]),
            candidate(&space, &[Some(1.0), Some(5.0), None]),
            candidate(&space, &[Some(2.0), None, Some(9.0)]),
        ];
        let samples = samples(&seen);
        let mut all = vec![candidate(&space, &[Some(0.0), None, None])];
        all.extend((1..=6).map(|n| candidate(&space, &[Some(1.0), Some(f64::from(n)), None])));
        all.extend((1..=9).map(|m| candidate(&space, &[Some(2.0), None, Some(f64::from(m))])));
        for n in 0..=4 {
            let parzen = Parzen::new(&axes, &samples[..n]);
            let total: f64 = parzen.log_density(&axes, &all).iter().map(|l| l.exp()).sum();
            assert!((total - 1.0).abs() < 2e-3, "{n} trials: {total}");
        }
    }

    #[test]
    fn a_float_density_integrates_to_one() {
        let space = Space::new(vec![float("x", 0.0, 1.0)]).unwrap();
        let axes = axis::axes(&space);
        let seen: Vec<Candidate> =
            [0.0, 0.02, 0.4].iter().map(|x| candidate(&space, &[Some(*x)])).collect();
        let samples = samples(&seen);
        let parzen = Parzen::new(&axes, &samples);
        let grid: Vec<Candidate> =
            (0..2000).map(|i| candidate(&space, &[Some((f64::from(i) + 0.5) / 2000.0)])).collect();
        let mean = parzen.log_density(&axes, &grid).iter().map(|l| l.exp()).sum::<f64>() / 2000.0;
        assert!((mean - 1.0).abs() < 1e-5, "{mean}");
    }

    #[test]
    fn narrow_cells_have_the_mass_of_the_normal_distribution() {
        for h in [0.01, 0.1, 0.4, 0.75] {
            for z in [0.0, 0.1, 0.26, 0.27, 1.0, -2.5, 5.0, -6.0] {
                let mass = normal::mass(z - h / 2.0, z + h / 2.0);
                let found = (narrow_cell(z, h) - normal::LOG_SQRT_TAU).exp() * h;
                assert!((found / mass - 1.0).abs() < 3e-4, "{z} {h}: {found} for {mass}");
            }
        }
    }

    #[test]
    fn widths_are_the_farther_neighbors_distance() {
        let check = |means: &[f64], expect: &[f64]| {
            let found = bandwidths(means);
            assert!(found.iter().zip(expect).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        };
        // The two outermost look inward, the clip is 1 / (n + 2), NaN takes no part.
        check(&[0.9, 0.1, f64::NAN, 0.5], &[0.4, 0.4, 1.0, 0.4]);
        check(&[0.5, 0.5, 0.5], &[0.2, 0.2, 0.2]);
        check(&[0.3], &[0.7]);
    }
}
