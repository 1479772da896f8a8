//! Variances that borrow strength from each other: empirical Bayes with an inverse-gamma prior (Smyth 2004, «Linear
//! models and empirical Bayes methods for assessing differential expression in microarray experiments», section 6.2).

use super::{mean, quantile_sorted, sample_sd};
use statrs::function::gamma::digamma;

/// Variances below this share of their median are taken for it: a logarithm near −∞ would rule the fit.
const LEAST: f64 = 1e-5;
/// From here on the asymptotic series of the trigamma function is exact to the float's precision.
const SERIES_FROM: f64 = 15.0;

/// What variances of one kind are worth before any is measured: `freedom / scaled χ²` with this variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VariancePrior {
    /// The prior variance.
    pub variance: f64,
    /// Its degrees of freedom; 0 knows nothing.
    pub freedom: f64,
}

impl VariancePrior {
    /// A prior that knows nothing.
    pub const FLAT: Self = Self { variance: 0.0, freedom: 0.0 };

    /// The prior that variances with `freedom` degrees each come from, by the moments of their logarithms (equation in
    /// section 6.2). Values that are not positive and finite are left out. It knows at most as much as all of them
    /// together say.
    pub fn fit(variances: &[f64], freedom: f64) -> Self {
        let mut known: Vec<f64> =
            variances.iter().copied().filter(|v| v.is_finite() && *v > 0.0).collect();
        known.sort_by(f64::total_cmp);
        let usable = freedom > 0.0 && freedom.is_finite();
        if known.len() < 2 || !usable {
            return known
                .first()
                .filter(|_| usable)
                .map_or(Self::FLAT, |&variance| Self { variance, freedom });
        }
        let least = LEAST * quantile_sorted(&known, 0.5);
        let half = freedom / 2.0;
        let shift = digamma(half) - half.ln();
        let logs: Vec<f64> = known.iter().map(|v| v.max(least).ln() - shift).collect();
        let most = freedom * known.len() as f64;
        let spread = sample_sd(&logs).powi(2) - trigamma(half);
        // No more spread than samples of one variance have.
        let prior = if spread > 0.0 { (2.0 * trigamma_inverse(spread)).min(most) } else { most };
        let log = mean(&logs) + digamma(prior / 2.0) - (prior / 2.0).ln();
        let is_one = spread <= 0.0;
        let variance = if is_one { mean(&logs).exp() } else { log.exp() };
        Self { variance, freedom: prior }
    }

    /// The posterior of a variance of which `freedom` degrees measured this sum of squares: the moderated variance and
    /// its degrees of freedom.
    #[must_use]
    pub fn moderate(self, sum_of_squares: f64, freedom: f64) -> Self {
        let total = self.freedom + freedom;
        let variance = (self.freedom * self.variance + sum_of_squares) / total;
        Self { variance, freedom: total }
    }
}

/// The derivative of the digamma function, for positive `x` (Abramowitz and Stegun 6.4.6 and 6.4.12).
fn trigamma(x: f64) -> f64 {
    let (mut x, mut sum) = (x, 0.0);
    while x < SERIES_FROM {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let q = 1.0 / (x * x);
    let tail = q * (1.0 / 6.0 - q * (1.0 / 30.0 - q * (1.0 / 42.0 - q / 30.0)));
    sum + (1.0 + 0.5 / x + tail) / x
}

/// Where the trigamma function has a positive value: bisection in logarithms, to the float's precision.
fn trigamma_inverse(value: f64) -> f64 {
    let (mut low, mut high) = (-80.0_f64, 80.0_f64);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if trigamma(middle.exp()) > value { low = middle } else { high = middle }
    }
    f64::midpoint(low, high).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trigamma_and_its_inverse() {
        // SciPy 1.17: special.polygamma(1, x)
        for (x, expect) in [
            (0.5, 4.934_802_200_544_68),
            (2.0, 0.644_934_066_848_226_6),
            (40.0, 0.025_315_103_841_291_032),
        ] {
            assert!((trigamma(x) - expect).abs() < 1e-13 * expect, "{x}: {}", trigamma(x));
            assert!((trigamma_inverse(expect) - x).abs() < 1e-10 * x);
        }
    }

    #[test]
    fn a_prior_of_nothing_and_of_one() {
        assert_eq!(VariancePrior::fit(&[], 4.0), VariancePrior::FLAT);
        assert_eq!(VariancePrior::fit(&[0.0, f64::NAN], 4.0), VariancePrior::FLAT);
        assert_eq!(VariancePrior::fit(&[2.0], 4.0), VariancePrior { variance: 2.0, freedom: 4.0 });
        assert_eq!(VariancePrior::fit(&[2.0, 3.0], 0.0), VariancePrior::FLAT);
        let alike = VariancePrior::fit(&[2.0; 5], 4.0);
        assert_eq!(alike.freedom, 20.0);
        let moderated = VariancePrior { variance: 2.0, freedom: 4.0 }.moderate(3.0, 1.0);
        assert_eq!(moderated, VariancePrior { variance: 2.2, freedom: 5.0 });
    }
}
