//! What the search climbs: the log of an expected improvement, whatever is improved on.

use super::posterior::{Posterior, Scratch};

/// A log expected improvement over rows.
pub(super) trait Belief {
    /// Room for one evaluation.
    type Scratch: Default;

    /// Of many rows.
    fn log_improvements(&self, rows: &[Vec<f64>], scratch: &mut Self::Scratch) -> Vec<f64>;

    /// Of one row.
    fn log_improvement(&self, row: &[f64], scratch: &mut Self::Scratch) -> f64;

    /// Of one row, with its slopes along the entries `free` of the row.
    fn log_improvement_slopes(
        &self,
        row: &[f64],
        free: &[usize],
        scratch: &mut Self::Scratch,
        slopes: &mut [f64],
    ) -> f64;

    /// √5 over the length scale of each entry of a row.
    fn scales(&self) -> &[f64];
}

impl Belief for Posterior {
    type Scratch = Scratch;

    fn log_improvements(&self, rows: &[Vec<f64>], scratch: &mut Scratch) -> Vec<f64> {
        Posterior::log_improvements(self, rows, scratch)
    }

    fn log_improvement(&self, row: &[f64], scratch: &mut Scratch) -> f64 {
        Posterior::log_improvement(self, row, scratch)
    }

    fn log_improvement_slopes(
        &self,
        row: &[f64],
        free: &[usize],
        scratch: &mut Scratch,
        slopes: &mut [f64],
    ) -> f64 {
        Posterior::log_improvement_slopes(self, row, free, scratch, slopes)
    }

    fn scales(&self) -> &[f64] {
        &self.kernel.joint
    }
}
