//! What is known before any result: which arm suits which space at which length of the record.

use crate::space::Space;

/// A space as the choice of an arm sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Regime {
    /// Dimensions with more than one value.
    pub(super) n_dims: usize,
    /// Those of them that are choices.
    pub(super) n_choices: usize,
    /// Whether the activity of a dimension depends on another one.
    pub(super) is_conditional: bool,
}

/// Shares by number of trials: so many, then the process, TPE and CMA-ES. In between they go by the logarithm of the number.
type Table = [(f64, [f64; 3]); 4];

const NUMBERS: Table = [
    (25.0, [0.92, 0.08, 0.0]),
    (60.0, [0.80, 0.10, 0.10]),
    (250.0, [0.50, 0.15, 0.35]),
    (1000.0, [0.15, 0.25, 0.60]),
];
const CHOICES: Table = [
    (25.0, [0.90, 0.10, 0.0]),
    (60.0, [0.70, 0.18, 0.12]),
    (250.0, [0.50, 0.30, 0.20]),
    (1000.0, [0.20, 0.50, 0.30]),
];

/// Shares where the process takes all that it sees for noise: it knows the least then, and the others rank trials, which
/// noise disturbs less.
const NOISE: [f64; 3] = [0.2, 0.3, 0.5];
/// The share of noise in the losses' variance at which shares are halfway to [`NOISE`].
const HALFWAY: f64 = 0.2;

impl Regime {
    pub(super) fn of(space: &Space) -> Self {
        let dims = space.dims();
        let counts = |idx: &usize| !dims[*idx].is_constant() && space.is_reachable(*idx);
        let free: Vec<usize> = (0..dims.len()).filter(counts).collect();
        Self {
            n_dims: free.len(),
            n_choices: free.iter().filter(|&&idx| dims[idx].is_categorical()).count(),
            is_conditional: free.iter().any(|&idx| !dims[idx].when.is_empty()),
        }
    }

    /// The shares of the process, TPE and CMA-ES at `n` trials, before credit, where the process takes `noise` of the
    /// losses' variance for noise. They add up to 1.
    pub(super) fn shares(self, n: usize, noise: f64) -> [f64; 3] {
        let (quiet, way) = (self.quiet_shares(n), noise / (noise + HALFWAY));
        std::array::from_fn(|i| (1.0 - way) * quiet[i] + way * NOISE[i])
    }

    /// The shares without noise.
    fn quiet_shares(self, n: usize) -> [f64; 3] {
        let table = if self.n_choices > 0 { &CHOICES } else { &NUMBERS };
        let n = n as f64;
        let next = table.iter().position(|&(at, _)| n < at);
        match next {
            Some(0) => table[0].1,
            None => table[table.len() - 1].1,
            Some(next) => {
                let ((from, before), (to, after)) = (table[next - 1], table[next]);
                let way = (n / from).ln() / (to / from).ln();
                std::array::from_fn(|i| before[i] + way * (after[i] - before[i]))
            }
        }
    }

    /// The kind of space, in words.
    pub(super) fn words(self) -> &'static str {
        match (self.is_conditional, self.n_choices) {
            (true, _) => "a space with conditions",
            (false, 0) => "a space of numbers",
            (false, n) if n == self.n_dims => "a space of choices",
            (false, _) => "a space of numbers and choices",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::conformance::{choice, constant, float, setup, when};

    #[test]
    fn spaces_are_told_apart() {
        let check = |dims, words| assert_eq!(Regime::of(&setup(dims, 1).space).words(), words);
        check(vec![float("x", 0.0, 1.0), constant("k")], "a space of numbers");
        check(vec![float("x", 0.0, 1.0), choice("c", 2)], "a space of numbers and choices");
        check(vec![choice("c", 2)], "a space of choices");
        let below = when(float("x", 0.0, 1.0), 0, &[1.0]);
        check(vec![choice("c", 2), below], "a space with conditions");
        check(Vec::new(), "a space of numbers");
    }

    #[test]
    fn shares_add_up_and_move_from_the_process_to_the_others() {
        let regime = Regime { n_dims: 3, n_choices: 0, is_conditional: false };
        for regime in [regime, Regime { n_choices: 2, ..regime }] {
            let mut last = f64::INFINITY;
            for n in [0, 10, 25, 26, 59, 60, 100, 250, 700, 1000, 20_000] {
                let shares = regime.shares(n, 0.0);
                assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{n}: {shares:?}");
                assert!(shares[0] <= last, "{n}");
                last = shares[0];
            }
        }
    }

    #[test]
    fn noise_takes_from_the_process_and_gives_to_the_others() {
        let regime = Regime { n_dims: 3, n_choices: 0, is_conditional: false };
        let shares = [0.0, 1e-3, HALFWAY, 0.5, 1.0].map(|noise| regime.shares(60, noise));
        assert!(shares.windows(2).all(|pair| pair[1][0] < pair[0][0]), "{shares:?}");
        assert!((shares[1][0] / shares[0][0] - 1.0).abs() < 0.05, "little noise changes little");
        assert!((shares[2][0] - f64::midpoint(shares[0][0], NOISE[0])).abs() < 1e-12);
        assert!(shares.iter().all(|of| (of.iter().sum::<f64>() - 1.0).abs() < 1e-12));
    }
}
