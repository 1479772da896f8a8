//! When parameters are fitted, and what a fit starts from.
//!
//! Fits are at fixed numbers of trials, each from the one before it and every sixth from nothing, so that the parameters
//! for a record are a function of the record alone: a sampler made anew from it comes to the same ones after six fits at
//! most.

/// From this many trials on, a fit starts from the one before it.
const CHAIN_FROM: usize = 40;
/// A chain of fits starts anew after so many.
const CHAIN: usize = 6;

/// The newest fit, of which the next ones are made.
#[derive(Debug, Clone)]
pub(super) struct Chain<P> {
    /// Its number among all fits, and what came of it.
    newest: Option<(usize, P)>,
}

impl<P> Default for Chain<P> {
    fn default() -> Self {
        Self { newest: None }
    }
}

impl<P: Clone> Chain<P> {
    /// Parameters for `n` trials. `fit` makes those of a fit from its number, the trials it sees and the fit before it,
    /// if it is to start from that one.
    pub(super) fn parameters(
        &mut self,
        n: usize,
        mut fit: impl FnMut(usize, usize, Option<P>) -> P,
    ) -> P {
        let (last, sizes) = fit_sizes(n);
        let first = if sizes(last) < CHAIN_FROM { last } else { last - last % CHAIN };
        let (mut at, mut before) = match self.newest.take() {
            Some((at, found)) if (first..=last).contains(&at) => (at, Some(found)),
            _ => (first, None),
        };
        let mut found = match before.take() {
            Some(found) => found,
            None => fit(at, sizes(at), None),
        };
        while at < last {
            at += 1;
            let continues = sizes(at) >= CHAIN_FROM && !at.is_multiple_of(CHAIN);
            found = fit(at, sizes(at), continues.then_some(found));
        }
        self.newest = Some((last, found.clone()));
        found
    }
}

/// The number of the last fit for `n` trials, and how many trials each fit sees.
fn fit_sizes(n: usize) -> (usize, impl Fn(usize) -> usize) {
    let mut sizes = vec![2];
    loop {
        let last = sizes[sizes.len() - 1];
        let next = last + (last / 25).clamp(1, 25);
        if next > n {
            break;
        }
        sizes.push(next);
    }
    (sizes.len() - 1, move |at| sizes[at].min(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a fit of `n` trials was made of: the sizes since the last start from nothing.
    fn sizes(chain: &mut Chain<Vec<usize>>, n: usize) -> Vec<usize> {
        chain.parameters(n, |_, size, before| {
            let mut sizes = before.unwrap_or_default();
            sizes.push(size);
            sizes
        })
    }

    #[test]
    fn parameters_are_a_function_of_the_record_alone() {
        let mut grown = Chain::default();
        for n in 2..900 {
            let found = sizes(&mut grown, n);
            assert_eq!(sizes(&mut Chain::default(), n), found, "{n}");
            assert!(found.len() <= CHAIN && found.is_sorted(), "{n}: {found:?}");
            assert!(found.iter().all(|&size| size <= n), "{n}: {found:?}");
        }
        assert_eq!(sizes(&mut grown, 100), sizes(&mut Chain::default(), 100), "a shorter record");
    }

    #[test]
    fn long_records_are_fitted_seldom() {
        let (last, sizes) = fit_sizes(1000);
        assert!(last < 140 && sizes(last) > 960, "{last}");
    }

    #[test]
    fn short_records_are_fitted_from_nothing_at_every_trial() {
        let mut chain = Chain::default();
        assert!((2..CHAIN_FROM).all(|n| sizes(&mut chain, n) == [n]));
        assert!((CHAIN_FROM..200).any(|n| sizes(&mut chain, n).len() == CHAIN));
    }
}
