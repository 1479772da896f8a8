//! Distribution functions of test statistics; a door to statrs.

use statrs::distribution::{
    Beta, Binomial, Continuous, ContinuousCDF, Discrete, DiscreteCDF, Normal, StudentsT,
};

/// P(Z ≤ z) of a standard normal.
pub fn normal_cdf(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// The standard normal's quantile; infinite at 0 and 1, NaN outside.
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let normal = Normal::standard();
    let z = normal.inverse_cdf(p);
    // One step of Newton's method takes the crate's approximation to the float's precision.
    if z.is_finite() { z - (normal.cdf(z) - p) / normal.pdf(z) } else { z }
}

/// P(T ≤ t) of Student's t with `freedom` degrees; NaN for freedom that is not positive.
pub fn student_t_cdf(t: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |dist| dist.cdf(t))
}

/// Degrees of freedom from which the series of [`student_t_quantile`] serves.
const MANY: f64 = 5_000.0;

/// The quantile of Student's t; NaN for freedom that is not positive or `p` outside `(0, 1)`.
pub fn student_t_quantile(p: f64, freedom: f64) -> f64 {
    if !(p > 0.0 && p < 1.0) {
        return f64::NAN;
    }
    if freedom >= MANY {
        return student_t_series(normal_quantile(p), freedom);
    }
    let Ok(dist) = StudentsT::new(0.0, 1.0, freedom) else { return f64::NAN };
    let mut t = dist.inverse_cdf(p);
    for _ in 0..3 {
        let step = (dist.cdf(t) - p) / dist.pdf(t);
        if !step.is_finite() {
            break;
        }
        t -= step;
    }
    t
}

/// Abramowitz and Stegun 26.7.5: from the normal quantile, in powers of `1/freedom`.
fn student_t_series(z: f64, freedom: f64) -> f64 {
    let q = z * z;
    let terms = [
        z,
        z * (q + 1.0) / 4.0,
        z * ((5.0 * q + 16.0) * q + 3.0) / 96.0,
        z * (((3.0 * q + 19.0) * q + 17.0) * q - 15.0) / 384.0,
    ];
    terms.iter().rev().fold(0.0, |sum, term| sum / freedom + term)
}

/// P(X ≤ k) of `n` trials with success probability `p`; NaN for a `p` that is none.
pub fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    Binomial::new(p, n).map_or(f64::NAN, |dist| dist.cdf(k))
}

/// P(X = k) of `n` trials with success probability `p`; NaN for a `p` that is none.
pub fn binomial_pmf(k: u64, n: u64, p: f64) -> f64 {
    Binomial::new(p, n).map_or(f64::NAN, |dist| dist.pmf(k))
}

/// Upper limit of a share of which `k` of `n` were seen, at confidence `1 - alpha` (Clopper and Pearson 1934).
pub fn share_upper(k: u64, n: u64, alpha: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    if k == 0 {
        return 1.0 - alpha.powf(1.0 / n as f64);
    }
    Beta::new(k as f64 + 1.0, (n - k) as f64).map_or(f64::NAN, |dist| dist.inverse_cdf(1.0 - alpha))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tails_of_t_agree_with_scipy() {
        let two_sided = |t: f64, freedom| 2.0 * student_t_cdf(-t.abs(), freedom);
        // SciPy 1.17: 2 * stats.t.sf(2.0, 4) and 2 * stats.t.sf(0.5, 30)
        assert!((two_sided(2.0, 4.0) - 0.116_116_523_516_815_94).abs() < 1e-12);
        assert!((two_sided(-0.5, 30.0) - 0.620_723_004_885_127_2).abs() < 1e-10);
        assert!(two_sided(1.0, 0.0).is_nan());
    }

    #[test]
    fn impossible_arguments_are_nan() {
        assert!(normal_quantile(1.5).is_nan() && student_t_quantile(0.5, 0.0).is_nan());
        assert!(student_t_cdf(0.0, -1.0).is_nan() && binomial_cdf(1, 2, f64::NAN).is_nan());
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(share_upper(3, 3, 0.05), 1.0);
    }
}
