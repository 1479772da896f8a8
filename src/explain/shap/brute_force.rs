//! The definition of Shapley values, summed over all coalitions: the oracle of the tests.

/// Values of a game of `n` players; `worth` gets a bit a player.
pub(super) fn shapley(n: usize, worth: impl Fn(usize) -> f64) -> Vec<f64> {
    let factorial = |k: usize| (1..=k).map(|i| i as f64).product::<f64>();
    let value = |player: usize| {
        (0..1usize << n)
            .filter(|code| code >> player & 1 == 0)
            .map(|code| {
                let size = code.count_ones() as usize;
                let weight = factorial(size) * factorial(n - size - 1) / factorial(n);
                weight * (worth(code | 1 << player) - worth(code))
            })
            .sum()
    };
    (0..n).map(value).collect()
}
