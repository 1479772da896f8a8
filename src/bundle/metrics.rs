//! `metrics.json`: scores by how they were made, never side by side.

use crate::domain::Summary;
use crate::metrics;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// The scores that a bundle tells.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BundleMetrics {
    /// Means over the folds of the search, of models fitted on less than all search rows. The best of many trials
    /// looks better here than it is.
    pub cross_validation: IndexMap<String, Score>,
    /// Of the packed model on rows that no search saw.
    pub holdout: IndexMap<String, Score>,
}

/// One score; none where it is undefined.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The value.
    pub value: Option<f64>,
    /// Standard deviation over the folds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd: Option<f64>,
    /// Folds, or rows of the holdout.
    pub n: u64,
}

impl Score {
    /// A value over some rows.
    pub fn of(value: f64, n: u64) -> Self {
        Self { value: value.is_finite().then_some(value), sd: None, n }
    }

    /// The summary of a run's metric.
    pub fn of_summary(summary: &Summary) -> Self {
        let sd = summary.sd.is_finite().then_some(summary.sd);
        Self { sd, ..Self::of(summary.score, summary.n) }
    }
}

impl BundleMetrics {
    /// Leaves out what was measured by a clock: it differs from machine to machine, and has its place in
    /// `measured.json`.
    #[must_use]
    pub(super) fn without_times(mut self) -> Self {
        let is_time = |name: &str| {
            metrics::info(name).is_some_and(|info| info.measured) && name != "model_bytes"
        };
        self.cross_validation.retain(|name, _| !is_time(name));
        self.holdout.retain(|name, _| !is_time(name));
        self
    }
}
