//! Strategy parameters: weights of the ranks and learning rates, functions of dimension and population.

/// Weights and learning rates of one population size (equation numbers: Hansen 2016, arXiv 1604.00772).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rates {
    /// λ, points per generation.
    pub(super) population: usize,
    /// μ, how many of them make the next mean.
    pub(super) n_parents: usize,
    /// `μ_eff`, the parents' effective number.
    pub(super) mu_eff: f64,
    /// One weight per rank; the first μ sum to 1, those after them are 0 or negative.
    pub(super) weights: Vec<f64>,
    /// Rank-one update of C.
    pub(super) c_one: f64,
    /// Rank-μ update of C.
    pub(super) c_mu: f64,
    /// Cumulation of the step-size path.
    pub(super) c_sigma: f64,
    /// Damping of the step size.
    pub(super) d_sigma: f64,
    /// Cumulation of the covariance path.
    pub(super) c_c: f64,
    /// `E‖N(0, I)‖`.
    pub(super) chi: f64,
}

/// λ = 4 + ⌊3 ln d⌋ (equation 48).
pub(super) fn default_population(n_dims: usize) -> usize {
    4 + (3.0 * (n_dims.max(1) as f64).ln()).floor() as usize
}

/// `√d (1 − 1/4d + 1/21d²)`.
fn chi(d: f64) -> f64 {
    d.sqrt() * (1.0 - 1.0 / (4.0 * d) + 1.0 / (21.0 * d * d))
}

/// `d_σ` (equation 55).
fn damping(mu_eff: f64, d: f64, c_sigma: f64) -> f64 {
    1.0 + 2.0 * (((mu_eff - 1.0) / (d + 1.0)).max(0.0).sqrt() - 1.0).max(0.0) + c_sigma
}

impl Rates {
    /// Of a full covariance matrix with active (negative) weights: equations 48 to 58.
    pub(super) fn full(n_dims: usize, population: usize) -> Self {
        let (d, population) = (n_dims.max(1) as f64, population.max(2));
        let n_parents = population / 2;
        let half = f64::midpoint(population as f64, 1.0);
        let raw: Vec<f64> = (1..=population).map(|rank| half.ln() - (rank as f64).ln()).collect();
        let effective = |part: &[f64]| {
            let (sum, squares): (f64, f64) =
                part.iter().fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
            sum * sum / squares
        };
        let mu_eff = effective(&raw[..n_parents]);
        let mu_eff_minus = effective(&raw[n_parents..]);
        let c_one = 2.0 / ((d + 1.3).powi(2) + mu_eff);
        let c_mu = (2.0 * (mu_eff - 2.0 + 1.0 / mu_eff) / ((d + 2.0).powi(2) + mu_eff))
            .min(1.0 - c_one - 1e-8);
        // μ_eff is 1 with two parents or fewer, and then c_mu is 0 and nothing bounds the ratio.
        let ratio = if c_mu > 0.0 { c_one / c_mu } else { f64::INFINITY };
        let minus = (1.0 + ratio)
            .min(1.0 + 2.0 * mu_eff_minus / (mu_eff + 2.0))
            .min(if c_mu > 0.0 { (1.0 - c_one - c_mu) / (d * c_mu) } else { f64::INFINITY });
        let positive: f64 = raw.iter().filter(|w| **w > 0.0).sum();
        let negative: f64 = raw.iter().filter(|w| **w < 0.0).map(|w| w.abs()).sum();
        let weigh = |w: &f64| if *w >= 0.0 { w / positive } else { w * minus / negative };
        let c_sigma = (mu_eff + 2.0) / (d + mu_eff + 5.0);
        Self {
            population,
            n_parents,
            mu_eff,
            weights: raw.iter().map(weigh).collect(),
            c_one,
            c_mu,
            c_sigma,
            d_sigma: damping(mu_eff, d, c_sigma),
            c_c: (4.0 + mu_eff / d) / (d + 4.0 + 2.0 * mu_eff / d),
            chi: chi(d),
        }
    }

    /// Of a diagonal covariance matrix (sep-CMA-ES, Ros and Hansen 2008): no negative weights, faster rates.
    pub(super) fn separable(n_dims: usize, population: usize) -> Self {
        let (d, population) = (n_dims.max(1) as f64, population.max(2));
        let n_parents = population / 2;
        let top = (n_parents as f64 + 1.0).ln();
        let raw: Vec<f64> = (1..=n_parents).map(|rank| top - (rank as f64).ln()).collect();
        let total: f64 = raw.iter().sum();
        let mut weights: Vec<f64> = raw.iter().map(|w| w / total).collect();
        let mu_eff = 1.0 / weights.iter().map(|w| w * w).sum::<f64>();
        weights.resize(population, 0.0);
        let rank_mu = ((2.0 * mu_eff - 1.0) / ((d + 2.0).powi(2) + mu_eff)).min(1.0);
        let full = 2.0 / mu_eff / (d + 2f64.sqrt()).powi(2) + (1.0 - 1.0 / mu_eff) * rank_mu;
        let c_sigma = (mu_eff + 2.0) / (d + mu_eff + 3.0);
        Self {
            population,
            n_parents,
            mu_eff,
            weights,
            c_one: 2.0 / ((d + 1.3).powi(2) + mu_eff),
            c_mu: ((d + 2.0) / 3.0 * full).min(1.0),
            c_sigma,
            d_sigma: damping(mu_eff, d, c_sigma),
            c_c: 4.0 / (d + 4.0),
            chi: chi(d),
        }
    }
}

/// One weight per member, for its place in a ranking.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    /// For the mean: not negative, sum 1.
    pub(super) mean: Vec<f64>,
    /// For the covariance.
    pub(super) shape: Vec<f64>,
}

impl Weights {
    /// Members of equal loss share what their ranks get together, so that no order is read into a plateau.
    pub(super) fn new(rates: &Rates, losses: &[f64]) -> Self {
        let mut shape = rates.weights.clone();
        shape.resize(losses.len(), 0.0);
        let mut mean: Vec<f64> = shape.clone();
        mean.iter_mut().skip(rates.n_parents).for_each(|w| *w = 0.0);
        let mut start = 0;
        while start < losses.len() {
            let tied = losses[start..].iter().take_while(|&&loss| loss == losses[start]).count();
            for weights in [&mut mean, &mut shape] {
                let part = &mut weights[start..start + tied];
                let share = part.iter().sum::<f64>() / tied as f64;
                if tied > 1 {
                    part.fill(share);
                }
            }
            start += tied.max(1);
        }
        Self { mean, shape }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_share_one_and_the_matrix_keeps_its_size() {
        for d in [1, 2, 10, 80] {
            let rates = Rates::full(d, default_population(d));
            let parents: f64 = rates.weights[..rates.n_parents].iter().sum();
            assert!((parents - 1.0).abs() < 1e-12, "{d}");
            assert!(rates.weights[rates.n_parents..].iter().all(|w| *w <= 0.0));
            assert!(rates.c_one + rates.c_mu <= 1.0 && rates.c_c <= 1.0);
            // No more is taken from C than is there: what is left of it stays positive.
            let kept = 1.0 - rates.c_one - rates.c_mu * rates.weights.iter().sum::<f64>();
            assert!(kept > 0.0 && kept <= 1.0 + 1e-12, "{d} {kept}");
        }
        assert_eq!(default_population(10), 10);
    }

    #[test]
    fn smallest_populations_are_finite() {
        for population in [0, 1, 2, 3] {
            for rates in [Rates::full(1, population), Rates::separable(1, population)] {
                assert!(rates.weights.iter().all(|w| w.is_finite()), "{rates:?}");
                assert!(rates.c_mu >= 0.0 && rates.d_sigma.is_finite());
            }
        }
    }
}
