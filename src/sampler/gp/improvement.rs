//! The logarithm of expected improvement, with tails that do not underflow.
//!
//! `h(z) = φ(z) + z Φ(z)` is the improvement of a standard normal over `−z`; `log h` and its derivative
//! `Φ/h` follow from the scaled complementary error function (Ament et al. 2023, arXiv:2310.20708).

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

/// ln √(2π).
const LOG_SQRT_TAU: f64 = 0.918_938_533_204_672_8;
/// √(π/2).
const SQRT_HALF_PI: f64 = 1.253_314_137_315_500_3;
/// Above it `h` is summed directly.
const DIRECT: f64 = -1.0;
/// Below it the error function is summed, above it its complement is a continued fraction.
const SMALL: f64 = 1.5;
/// Below it the asymptotic series of `h/φ` is exact to a float.
const SERIES: f64 = -30.0;

/// `(log h(z), Φ(z)/h(z), φ(z)/h(z))`: the value and what its derivatives are made of.
pub(super) fn log_h(z: f64) -> (f64, f64, f64) {
    let log_phi = -0.5 * z * z - LOG_SQRT_TAU;
    if z > DIRECT {
        let (density, below) = (log_phi.exp(), normal_below(z));
        let h = density + z * below;
        return (h.ln(), below / h, density / h);
    }
    let mills = SQRT_HALF_PI * erfcx(-z * FRAC_1_SQRT_2);
    let share = if z > SERIES {
        1.0 + z * mills
    } else {
        // 1 − |z| M(|z|) = z⁻² (1 − 3 z⁻² (1 − 5 z⁻² (1 − …)))
        let inverse = 1.0 / (z * z);
        let series =
            [13.0, 11.0, 9.0, 7.0, 5.0, 3.0].iter().fold(1.0, |sum, k| 1.0 - k * inverse * sum);
        inverse * series
    };
    (log_phi + share.ln(), mills / share, 1.0 / share)
}

/// `exp(x²) erfc(x)` for `x ≥ 0`.
fn erfcx(x: f64) -> f64 {
    if x < SMALL {
        return (x * x).exp() * (1.0 - erf_small(x));
    }
    // The continued fraction 1/√π · 1/(x + ½/(x + 1/(x + 3/2/(x + …)))), from its far end.
    let n = if x > 20.0 { 10 } else { 70 };
    let tail = (1..=n).rev().fold(x, |sum, k| x + 0.5 * f64::from(k) / sum);
    0.5 * FRAC_2_SQRT_PI / tail
}

/// Φ(z).
fn normal_below(z: f64) -> f64 {
    let x = z.abs() * FRAC_1_SQRT_2;
    let beyond = if x < SMALL { 1.0 - erf_small(x) } else { (-x * x).exp() * erfcx(x) };
    if z < 0.0 { 0.5 * beyond } else { 1.0 - 0.5 * beyond }
}

/// The error function near 0: `2x/√π exp(−x²) Σ (2x²)ᵏ / (2k + 1)!!` (Abramowitz and Stegun 7.1.6), all terms positive.
fn erf_small(x: f64) -> f64 {
    let square = 2.0 * x * x;
    let sum = (1..=30).rev().fold(1.0, |sum, k| 1.0 + sum * square / f64::from(2 * k + 1));
    FRAC_2_SQRT_PI * x * (-x * x).exp() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Case {
        z: f64,
        log_h: f64,
        slope: f64,
    }

    #[test]
    fn agrees_with_mpmath_from_the_bulk_to_the_far_tail() {
        let text = include_str!("../../../tests/fixtures/gp/improvement.json");
        let all: serde_json::Value = serde_json::from_str(text).unwrap();
        let cases: Vec<Case> = serde_json::from_value(all["log_h"].clone()).unwrap();
        assert!(cases.len() > 40);
        for Case { z, log_h: expect, slope } in cases {
            let (value, ratio, _) = log_h(z);
            assert!(
                (value - expect).abs() <= 1e-13 * (1.0 + expect.abs()),
                "{z}: {value} not {expect}"
            );
            assert!((ratio / slope - 1.0).abs() <= 1e-12, "{z}: {ratio} not {slope}");
        }
    }
}
