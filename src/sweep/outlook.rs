//! What a sweep still has to gain, looked at every few tells.
//!
//! It is looked at after fixed numbers of tells, so that it is a function of the record like everything that is asked:
//! whoever goes on finds what was found, whatever was running when it ended.

use crate::sampler::{Gp, GpOptions, Regret, Sampler, Setup};

/// Tells before which no model is trusted (Makarova et al. 2022 wait for as many).
const FIRST: u64 = 20;
/// Tells between two looks, up to [`MANY`] tells; then twice as many with every doubling, as looks become dearer.
const STEP: u64 = 5;
const MANY: u64 = 100;

/// A model beside the sampler.
pub(super) struct Outlook {
    model: Gp,
    /// Looks before so many tells are skipped: those of an earlier session that did not end the sweep.
    from: u64,
    latest: Option<(u64, Regret)>,
}

impl Outlook {
    pub(super) fn new(setup: Setup) -> Self {
        let model = Gp::new(setup, GpOptions { warp: false, ..GpOptions::default() });
        Self { model, from: 0, latest: None }
    }

    /// The model, to be told what the sampler is told.
    pub(super) fn model(&mut self) -> &mut dyn Sampler {
        &mut self.model
    }

    /// What the last look found, and after how many tells it was.
    pub(super) fn latest(&self) -> Option<(u64, Regret)> {
        self.latest
    }

    /// So many tells are a repetition, of which the last look alone counts.
    pub(super) fn skip_to(&mut self, n_known: u64) {
        self.from = (0..=n_known).rev().find(|&n| is_due(n)).unwrap_or(0);
    }

    /// Looks at what is left if that is due after so many tells.
    pub(super) fn look(&mut self, n_told: u64) {
        if n_told >= self.from && is_due(n_told) {
            self.latest = self.model.regret().map(|regret| (n_told, regret));
        }
    }
}

fn is_due(n_told: u64) -> bool {
    let step = STEP << (n_told / MANY).max(1).ilog2();
    n_told >= FIRST && n_told.is_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_become_rarer() {
        let due: Vec<u64> = (0..1000).filter(|&n| is_due(n)).collect();
        assert_eq!(due[..3], [20, 25, 30]);
        assert!(due.contains(&195) && !due.contains(&205) && due.contains(&210));
        assert!(!due.contains(&410) && due.contains(&420) && due.len() < 120, "{}", due.len());
    }
}
