//! Wilcoxon's signed-rank test (Wilcoxon 1945, Biometrics Bulletin 1), zeros split between both signs.

use statrs::distribution::{ContinuousCDF, Normal};

/// Up to this many differences the exact distribution serves where there are no ties or zeros.
const EXACT: usize = 50;
/// And up to this many where there are.
const EXACT_WITH_TIES: usize = 13;

/// Which way the differences are if the null hypothesis is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    /// Negative.
    Less,
    /// Positive.
    Greater,
}

/// One-sided p-value that differences are symmetric about 0; NaN without differences or with a NaN among them.
///
/// The statistic is the sum of the ranks of |d| (ties share their mean rank) where d > 0, plus half of those where
/// d = 0. Its distribution is exact for up to 50 differences, with ties or zeros up to 13; beyond that a normal
/// one with the variance corrected for ties, without a continuity correction: the choices of SciPy 1.17 for
/// `zero_method="zsplit"`.
pub fn signed_rank(differences: &[f64], alternative: Alternative) -> f64 {
    if differences.is_empty() || differences.iter().any(|d| d.is_nan()) {
        return f64::NAN;
    }
    let ranked = Ranked::of(differences);
    let n = differences.len();
    let is_plain = ranked.ties == 0.0 && ranked.n_zeros == 0;
    if n <= EXACT_WITH_TIES || (is_plain && n <= EXACT) {
        ranked.exact(alternative)
    } else {
        ranked.normal(alternative)
    }
}

/// Ranks of absolute differences, in quarters so that half of a shared rank is a whole number.
struct Ranked {
    /// Of the differences that are not zero.
    quarters: Vec<usize>,
    n_zeros: usize,
    /// Of the zeros' half ranks, which go to both signs alike.
    fixed: usize,
    /// The statistic.
    plus: usize,
    /// Σ t³ − t over groups of t equal absolute differences.
    ties: f64,
}

impl Ranked {
    fn of(differences: &[f64]) -> Self {
        let mut sorted = differences.to_vec();
        sorted.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        let mut ranked = Self { quarters: Vec::new(), n_zeros: 0, fixed: 0, plus: 0, ties: 0.0 };
        let mut first = 0;
        for group in sorted.chunk_by(|a, b| a.abs() == b.abs()) {
            let size = group.len();
            let quarters = 2 * (2 * first + size + 1);
            first += size;
            ranked.ties += (size as f64).powi(3) - size as f64;
            if group[0] == 0.0 {
                ranked.n_zeros = size;
                ranked.fixed = size * quarters / 2;
                continue;
            }
            ranked.quarters.extend(std::iter::repeat_n(quarters, size));
            ranked.plus += quarters * group.iter().filter(|d| **d > 0.0).count();
        }
        ranked.plus += ranked.fixed;
        ranked
    }

    /// The share of all choices of signs whose statistic is at least as extreme.
    fn exact(&self, alternative: Alternative) -> f64 {
        let most: usize = self.quarters.iter().sum();
        let mut chances = vec![0.0; most + 1];
        chances[0] = 1.0;
        let mut reach = 0;
        for &quarters in &self.quarters {
            reach += quarters;
            for sum in (0..=reach).rev() {
                let with = if sum >= quarters { chances[sum - quarters] } else { 0.0 };
                chances[sum] = 0.5 * (chances[sum] + with);
            }
        }
        let free = self.plus - self.fixed;
        let tail = match alternative {
            Alternative::Greater => &chances[free..],
            Alternative::Less => &chances[..=free],
        };
        tail.iter().sum::<f64>().min(1.0)
    }

    fn normal(&self, alternative: Alternative) -> f64 {
        let n = (self.quarters.len() + self.n_zeros) as f64;
        let mean = n * (n + 1.0) / 4.0;
        let sd = ((n * (n + 1.0) * (2.0 * n + 1.0) - self.ties / 2.0) / 24.0).sqrt();
        let above = self.plus as f64 / 4.0 - mean;
        let z = match alternative {
            Alternative::Greater => above,
            Alternative::Less => -above,
        };
        Normal::standard().sf(z / sd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Case {
        differences: Vec<f64>,
        less: f64,
        greater: f64,
    }

    #[test]
    fn agrees_with_scipy() {
        let text = include_str!("../../tests/fixtures/pruners.json");
        let all: serde_json::Value = serde_json::from_str(text).unwrap();
        let cases: Vec<Case> = serde_json::from_value(all["signed_rank"].clone()).unwrap();
        assert!(cases.len() > 30);
        for Case { differences, less, greater } in cases {
            for (alternative, expect) in
                [(Alternative::Less, less), (Alternative::Greater, greater)]
            {
                let p = signed_rank(&differences, alternative);
                assert!((p - expect).abs() <= 1e-10, "{differences:?}: {p} not {expect}");
            }
        }
    }

    #[test]
    fn without_differences_nothing_is_known() {
        assert!(signed_rank(&[], Alternative::Less).is_nan());
        assert!(signed_rank(&[1.0, f64::NAN], Alternative::Less).is_nan());
        assert_eq!(
            signed_rank(&[0.0; 20], Alternative::Less),
            signed_rank(&[0.0; 20], Alternative::Greater)
        );
    }
}
