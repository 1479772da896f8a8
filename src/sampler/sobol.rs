//! Owen-scrambled Sobol points over the flattened space: trial `i` is point `i` of the sequence.
//!
//! The crate's sequence (Burley 2020) has 256 dimensions, 2^16 points and 24 bits. Constant dimensions use
//! up none of the 256; dimensions beyond them are random. A new scramble starts every 2^16 points. The
//! bits below 2^-24 are random, which keeps the stratification and gives floats their full resolution.

use super::{Sampler, Setup, Told};
use crate::numeric::Rng;
use crate::space::{Point, Space};
use sobol_burley::NUM_DIMENSIONS;

/// Points before a new scramble.
const EPOCH: u64 = 1 << 16;

/// The Sobol sampler.
#[derive(Debug, Clone)]
pub struct Sobol {
    setup: Setup,
}

impl Sobol {
    /// A sampler whose scramble is drawn from the seed.
    pub fn new(setup: Setup) -> Self {
        Self { setup }
    }
}

impl Sampler for Sobol {
    fn ask(&mut self, number: u64, _pending: &[Point]) -> Option<Point> {
        let unit = unit_point(&self.setup.space, self.setup.seed, number);
        Some(self.setup.space.from_unit(&unit))
    }

    fn tell(&mut self, _told: &Told) {}
}

/// Point `number` of the seed's sequence, in the unit cube of the space.
pub(super) fn unit_point(space: &Space, seed: u64, number: u64) -> Vec<f64> {
    let scramble = Rng::stream(seed, "sobol", number / EPOCH).bits() as u32;
    let mut low_bits = Rng::stream(seed, "sobol low bits", number);
    let index = (number % EPOCH) as u32;
    let mut next = 0;
    let at = |dim: &crate::space::Dimension| {
        if dim.is_constant() {
            return 0.5;
        }
        let random = low_bits.unit();
        let axis = next;
        next += 1;
        if axis >= NUM_DIMENSIONS {
            return random;
        }
        let high = f64::from(sobol_burley::sample(index, axis, scramble));
        (high + random / f64::from(1u32 << 24)).min(1.0 - f64::EPSILON / 2.0)
    };
    space.dims().iter().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::conformance::{constant, float, setup};

    fn units(n_dims: usize, numbers: std::ops::Range<u64>) -> Vec<Vec<f64>> {
        let mut dims = vec![constant("fixed")];
        dims.extend((0..n_dims).map(|i| float(&format!("x{i}"), 0.0, 1.0)));
        let setup = setup(dims, 5);
        numbers.map(|number| unit_point(&setup.space, 5, number)).collect()
    }

    #[test]
    fn sixteen_points_stratify_every_axis_and_the_first_plane() {
        for start in [0, EPOCH, 3 * EPOCH + 64] {
            let points = units(5, start..start + 16);
            for axis in 1..=5 {
                let mut strata: Vec<usize> =
                    points.iter().map(|p| (p[axis] * 16.0) as usize).collect();
                strata.sort_unstable();
                assert_eq!(strata, (0..16).collect::<Vec<_>>(), "axis {axis} from {start}");
            }
            let cell = |p: &Vec<f64>| (p[1] * 4.0) as usize * 4 + (p[2] * 4.0) as usize;
            let mut cells: Vec<usize> = points.iter().map(cell).collect();
            cells.sort_unstable();
            assert_eq!(cells, (0..16).collect::<Vec<_>>(), "plane from {start}");
        }
    }

    #[test]
    fn more_than_256_dimensions_are_padded() {
        let points = units(300, 0..64);
        assert!(points.iter().flatten().all(|u| (0.0..1.0).contains(u)));
        let mean = points.iter().map(|p| p[300]).sum::<f64>() / 64.0;
        assert!((mean - 0.5).abs() < 0.15, "{mean}");
    }
}
