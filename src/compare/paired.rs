//! Paired tests on fold scores.

use crate::gate;

/// The outcome of a paired test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedTest {
    /// Mean difference, second minus first.
    pub difference: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// Pairs.
    pub n: usize,
}

/// The corrected resampled t-test of Nadeau and Bengio (2003), for scores on the same folds.
///
/// Folds share training rows, so the naive paired t-test finds differences that are not there; the
/// variance is therefore taken times `1/k + n_test/n_train` instead of `1/k`. With `k`-fold
/// cross-validation `n_test/n_train` is `1/(k − 1)` of the fold count of one repeat, `folds`. `None` for
/// fewer than two finite pairs. Two runs that are equal on every fold have p = 1.
pub fn corrected_t(first: &[f64], second: &[f64], folds: usize) -> Option<PairedTest> {
    let test = gate::corrected_t(second, first, folds)?;
    Some(PairedTest { difference: test.difference, p: test.p(), n: test.freedom as usize + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference: t = d / sqrt((1/5 + 1/4) s²), SciPy 1.17 `2 * stats.t.sf(abs(t), 4)`.
    #[test]
    fn agrees_with_the_formula_evaluated_in_scipy() {
        let first = [0.90, 0.91, 0.88, 0.93, 0.92];
        let second = [0.92, 0.92, 0.91, 0.93, 0.95];
        let test = corrected_t(&first, &second, 5).unwrap();
        assert!((test.difference - 0.018).abs() < 1e-12);
        assert!((test.p - 0.108_700_951_324_923_43).abs() < 1e-9, "{}", test.p);
    }

    #[test]
    fn nothing_to_compare_is_no_test() {
        assert_eq!(corrected_t(&[0.9], &[0.8], 5), None);
        assert_eq!(corrected_t(&[0.9, f64::NAN], &[0.8, 0.8], 5), None);
        assert_eq!(corrected_t(&[0.9, 0.8], &[0.9, 0.8], 2).map(|test| test.p), Some(1.0));
    }
}
