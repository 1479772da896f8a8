//! The normal distribution, cut to `[0, 1]` where drawn from.

use crate::numeric::Rng;
use statrs::function::erf::erfc;
use std::f64::consts::FRAC_1_SQRT_2;

/// ln √(2π).
pub(super) const LOG_SQRT_TAU: f64 = 0.918_938_533_204_672_8;
/// Beyond this many standard deviations the tail is below 1e-15 of the whole.
const FAR: f64 = 8.0;
/// A draw that missed `[0, 1]` so many times ends at the nearer end.
const MAX_TRIES: usize = 100;

/// The probability that a standard normal number is in `[a, b]`, exact in both tails.
pub(super) fn mass(a: f64, b: f64) -> f64 {
    if a > 0.0 {
        upper_tail(a) - upper_tail(b)
    } else if b < 0.0 {
        upper_tail(-b) - upper_tail(-a)
    } else {
        1.0 - upper_tail(-a) - upper_tail(b)
    }
}

/// The probability beyond `z`; 0 beyond [`FAR`] where nothing would notice, since `mass` of a cell that
/// far out is floored by its caller.
fn upper_tail(z: f64) -> f64 {
    if z > FAR { 0.0 } else { 0.5 * erfc(z * FRAC_1_SQRT_2) }
}

/// A draw from the normal distribution with this mean in `[0, 1]`, conditional on `[0, 1]`. At least a
/// third of the tries hit for standard deviations up to 1.
pub(super) fn draw(mean: f64, sd: f64, rng: &mut Rng) -> f64 {
    let mut last = mean;
    for _ in 0..MAX_TRIES {
        last = mean + sd * rng.normal();
        if (0.0..=1.0).contains(&last) {
            return last;
        }
    }
    last.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masses_agree_with_the_tables() {
        // scipy.stats.norm: cdf(1) - cdf(-1), sf(3) - sf(4), cdf(0.5) - cdf(-8)
        let check = |a: f64, b: f64, expect: f64| {
            assert!((mass(a, b) / expect - 1.0).abs() < 1e-9, "{} for {expect}", mass(a, b));
        };
        check(-1.0, 1.0, 0.682_689_492_137_085_9);
        check(3.0, 4.0, 0.001_318_226_789_787_976_5);
        check(-4.0, -3.0, 0.001_318_226_789_787_976_5);
        check(-9.0, 0.5, 0.691_462_461_274_013_1);
    }

    #[test]
    fn draws_stay_inside_and_fill_the_interval() {
        let mut rng = Rng::new(1);
        let draws: Vec<f64> = (0..20_000).map(|_| draw(0.0, 1.0, &mut rng)).collect();
        assert!(draws.iter().all(|x| (0.0..=1.0).contains(x)));
        // scipy.stats.truncnorm(0, 1).mean()
        let mean = draws.iter().sum::<f64>() / 2e4;
        assert!((mean - 0.459_862_196).abs() < 0.008, "{mean}");
    }
}
