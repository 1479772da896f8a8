//! Random binomial counts.

use super::Rng;
use statrs::function::gamma::ln_gamma;

impl Rng {
    /// The number of successes in `n` trials of probability `p` (0 or less: none; 1 or more: all).
    ///
    /// Inversion where the mean is below 10, else transformed rejection (Hörmann 1993, algorithm BTRD without
    /// its squeeze), so that the cost does not grow with `n`.
    pub fn binomial(&mut self, n: u64, p: f64) -> u64 {
        if n == 0 || p <= 0.0 {
            0
        } else if p >= 1.0 {
            n
        } else if p > 0.5 {
            n - self.binomial(n, 1.0 - p)
        } else if n as f64 * p < 10.0 {
            self.binomial_inverted(n, p)
        } else {
            self.binomial_rejected(n, p)
        }
    }

    fn binomial_inverted(&mut self, n: u64, p: f64) -> u64 {
        let odds = p / (1.0 - p);
        let first = (n as f64 * (-p).ln_1p()).exp();
        loop {
            let (mut left, mut chance) = (self.unit(), first);
            for k in 0..=n {
                if left < chance {
                    return k;
                }
                left -= chance;
                chance *= odds * (n - k) as f64 / (k + 1) as f64;
            }
        }
    }

    fn binomial_rejected(&mut self, n: u64, p: f64) -> u64 {
        let trials = n as f64;
        let spread = (trials * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * spread;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let center = trials * p + 0.5;
        let inner = 0.92 - 4.2 / b;
        let alpha = (2.83 + 5.1 / b) * spread;
        let log_odds = (p / (1.0 - p)).ln();
        let mode = ((trials + 1.0) * p).floor();
        let weight = |k: f64| k * log_odds - ln_gamma(k + 1.0) - ln_gamma(trials - k + 1.0);
        loop {
            let u = self.unit() - 0.5;
            let v = self.unit();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + center).floor();
            if !(k >= 0.0 && k <= trials) {
                continue;
            }
            let sure = us >= 0.07 && v <= inner;
            if sure || (v * alpha / (a / (us * us) + b)).ln() <= weight(k) - weight(mode) {
                return k as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::binomial_pmf;

    /// Pearson's chi-square over the outcomes with enough expected draws.
    fn check(n: u64, p: f64) {
        const DRAWS: usize = 100_000;
        let mut rng = Rng::stream(5, "binomial", n);
        let mut seen = vec![0.0; n as usize + 1];
        for _ in 0..DRAWS {
            seen[rng.binomial(n, p) as usize] += 1.0;
        }
        let (mut chi, mut freedom) = (0.0, -1.0);
        for (k, seen) in seen.iter().enumerate() {
            let expect = DRAWS as f64 * binomial_pmf(k as u64, n, p);
            if expect >= 10.0 {
                chi += (seen - expect).powi(2) / expect;
                freedom += 1.0;
            }
        }
        let z = (chi - freedom) / (2.0 * freedom).sqrt();
        assert!(z.abs() < 4.0, "n {n} p {p}: chi {chi} on {freedom}");
    }

    #[test]
    fn counts_follow_the_distribution() {
        for (n, p) in [(1, 0.5), (7, 0.2), (40, 0.9), (40, 0.5), (400, 0.03), (5000, 0.31)] {
            check(n, p);
        }
    }

    #[test]
    fn the_edges_are_certain() {
        let mut rng = Rng::new(0);
        assert_eq!([rng.binomial(0, 0.5), rng.binomial(9, 0.0), rng.binomial(9, 1.0)], [0, 0, 9]);
    }
}
