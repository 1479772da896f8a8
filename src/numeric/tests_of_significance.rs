//! Tail probabilities of test statistics; the door to statrs.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Two-sided p-value of a t statistic with `freedom` degrees; NaN for freedom that is not positive.
pub fn student_t_two_sided(t: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |dist| 2.0 * dist.sf(t.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        // SciPy 1.17: 2 * stats.t.sf(2.0, 4) and 2 * stats.t.sf(0.5, 30)
        assert!((student_t_two_sided(2.0, 4.0) - 0.116_116_523_516_815_94).abs() < 1e-12);
        assert!((student_t_two_sided(-0.5, 30.0) - 0.620_723_004_885_127_2).abs() < 1e-10);
        assert!(student_t_two_sided(1.0, 0.0).is_nan());
    }
}
