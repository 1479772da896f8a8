//! Where an ask looks: everywhere, around the best point, or away from it.

use super::codec::{Axis, Codec};
use super::kernel::Kernel;
use super::record::Record;
use crate::numeric::Rng;

/// How far from the best point another basin is looked for, in the unit interval.
const AWAY: f64 = 0.15;
/// Half the side of the box in which another basin is looked for.
const HALF: f64 = 0.25;
/// First and largest side of the trust region, and the side at which it starts anew.
const SIDES: (f64, f64, f64) = (0.8, 1.6, 0.008);
/// Successes until the trust region grows.
const WINS: usize = 3;
/// Share of the best loss that a success improves on it.
const SUCCESS: f64 = 1e-3;

/// A part of the space.
#[derive(Debug, Clone)]
pub(super) struct Region {
    /// Per entry of a row; those of choices are not read.
    pub(super) bounds: Vec<(f64, f64)>,
    /// A choice that is held.
    pub(super) held: Option<(usize, f64)>,
    /// Whether to improve on the best point inside instead of the best of all.
    pub(super) is_local: bool,
}

impl Region {
    pub(super) fn whole(d: usize) -> Self {
        Self { bounds: vec![(0.0, 1.0); d], held: None, is_local: false }
    }

    pub(super) fn contains(&self, row: &[f64]) -> bool {
        let is_inside = |(&x, &(low, high)): (&f64, &(f64, f64))| {
            (low, high) == (0.0, 1.0) || x.is_nan() || (low..=high).contains(&x)
        };
        self.held.is_none_or(|(entry, choice)| row[entry] == choice)
            && row.iter().zip(&self.bounds).all(is_inside)
    }

    /// Away from the best point, for the trials of one `campaign`: where a choice has another value, or beyond a cut
    /// through a number; there around the best point of that part.
    pub(super) fn elsewhere(
        codec: &Codec,
        record: &Record,
        kernel: &Kernel,
        rng: &mut Rng,
    ) -> Self {
        let mut region = Self::whole(codec.len());
        let Some(best) = record.best(|_| true) else { return region };
        let row = &record.rows[best];
        let is_choice = |i: &usize| matches!(codec.axes[*i].1, Axis::Choice(_));
        let active = (0..row.len()).filter(|&i| !row[i].is_nan());
        let (choices, numbers): (Vec<usize>, Vec<usize>) = active.partition(is_choice);
        let takes_choice = numbers.is_empty() || rng.unit() < 0.5;
        if !choices.is_empty() && takes_choice {
            let entry = choices[rng.below(choices.len())];
            let Axis::Choice(n) = codec.axes[entry].1 else { return region };
            let other = rng.below(n.saturating_sub(1).max(1) as usize) as f64;
            region.held = Some((entry, if other < row[entry] { other } else { other + 1.0 }));
        } else if !numbers.is_empty() {
            let relevance: Vec<f64> = numbers.iter().map(|&i| kernel.joint[i]).collect();
            let entry = numbers[rng.weighted(&relevance)];
            let (below, above) = (row[entry] - AWAY, row[entry] + AWAY);
            let is_below = below >= 0.1 && (above > 0.9 || rng.unit() < 0.5);
            region.bounds[entry] =
                if is_below { (0.0, below.max(0.0)) } else { (above.min(1.0), 1.0) };
        }
        region.is_local = true;
        if let Some(inside) = record.best(|row| region.contains(row)) {
            region.narrow(codec, &record.rows[inside], |_| HALF);
        }
        region
    }

    /// The trust region around the best point (Eriksson et al. 2019, arXiv:1910.01739), longer where the function is
    /// smoother.
    pub(super) fn trust(codec: &Codec, record: &Record, kernel: &Kernel, n_startup: usize) -> Self {
        let d = codec.len();
        let mut region = Self::whole(d);
        let Some(best) = record.best(|_| true) else { return region };
        let logs: f64 = kernel.joint.iter().map(|scale| scale.ln()).sum();
        let (middle, half) = ((logs / d as f64).exp(), 0.5 * side(record, d, n_startup));
        let reach = |i: usize| half * (middle / kernel.joint[i]).clamp(0.3, 3.0);
        region.narrow(codec, &record.rows[best], reach);
        region
    }

    /// Cuts the bounds of numbers to `reach` around a row.
    fn narrow(&mut self, codec: &Codec, row: &[f64], reach: impl Fn(usize) -> f64) {
        for (i, (low, high)) in self.bounds.iter_mut().enumerate() {
            if !row[i].is_nan() && !matches!(codec.axes[i].1, Axis::Choice(_)) {
                (*low, *high) = ((row[i] - reach(i)).max(*low), (row[i] + reach(i)).min(*high));
            }
        }
    }
}

/// The trust region's side: it doubles after 3 successes in a row, halves after as many failures as dimensions, and
/// starts anew when it is tiny.
fn side(record: &Record, d: usize, n_startup: usize) -> f64 {
    let (first, largest, least) = SIDES;
    let (mut side, mut wins, mut fails, mut best) = (first, 0, 0, f64::INFINITY);
    for i in 0..record.len() {
        let loss = record.loss(i);
        let improves = loss < best - SUCCESS * best.abs() || best.is_infinite() && loss.is_finite();
        best = best.min(loss);
        if i < n_startup {
            continue;
        }
        (wins, fails) = if improves { (wins + 1, 0) } else { (0, fails + 1) };
        if wins == WINS {
            (side, wins) = ((side * 2.0).min(largest), 0);
        } else if fails == d.max(4) {
            (side, fails) = (side * 0.5, 0);
        }
        if side < least {
            side = first;
        }
    }
    side
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::conformance::{choice, float, setup};

    fn record(losses: &[f64]) -> Record {
        let mut record = Record::default();
        for (i, &loss) in losses.iter().enumerate() {
            record.push(vec![0.0, 0.1 * i as f64, 0.5], Some(loss), None);
        }
        record
    }

    fn kernel() -> Kernel {
        let joint = vec![1.0, 4.0, 1.0];
        Kernel { joint, single: Vec::new(), joint_var: 1.0, single_var: 0.0, noise: 1e-4 }
    }

    fn codec() -> Codec {
        Codec::new(setup(vec![choice("c", 3), float("x", 0.0, 1.0), float("y", 0.0, 1.0)], 1).space)
    }

    #[test]
    fn the_trust_region_grows_with_successes_and_shrinks_with_failures() {
        let falling: Vec<f64> = (0..8).map(|i| 10.0 - f64::from(i)).collect();
        assert_eq!(side(&record(&falling), 3, 2), 1.6);
        assert_eq!(side(&record(&[1.0; 10]), 3, 2), 0.2);
        let region = Region::trust(&codec(), &record(&[3.0, 2.0, 1.0, 2.0, 2.0]), &kernel(), 2);
        let (width, other) = (region.bounds[1].1 - region.bounds[1].0, region.bounds[2]);
        assert!(width < other.1 - other.0 && region.contains(&[2.0, 0.2, 0.5]), "{region:?}");
    }

    #[test]
    fn elsewhere_never_holds_the_best_point() {
        let (codec, record) = (codec(), record(&[3.0, 2.0, 1.0, 2.0, 2.0]));
        for seed in 0..50 {
            let region = Region::elsewhere(&codec, &record, &kernel(), &mut Rng::new(seed));
            assert!(region.is_local && !region.contains(&record.rows[2]), "{region:?}");
        }
    }
}
