//! Where a bundle comes from, and what was measured of it.

use crate::domain::GitState;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// `provenance.json`: all that it takes to make the model again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The sweep's name.
    pub sweep: Option<String>,
    /// The sweep's identity, 64 hex digits.
    pub sweep_digest: Option<String>,
    /// The sweep file.
    pub sweep_file: Option<String>,
    /// The source of the data as the sweep file names it; the file's name alone where that is an absolute path.
    pub source: Option<String>,
    /// Content hash of the data, 64 hex digits.
    pub data_hash: Option<String>,
    /// Schema hash of the data, 64 hex digits.
    pub schema_hash: Option<String>,
    /// Rows of the data.
    pub data_rows: Option<u64>,
    /// Digest of the split, 64 hex digits.
    pub split: Option<String>,
    /// Seed of the trainer.
    pub seed: Option<u64>,
    /// The derby that ran the sweep.
    pub derby: String,
    /// Licence of the data.
    pub licence: Option<String>,
}

/// `measured.json`: what differs although the model is the same, outside of the digest: equal input gives equal bundles,
/// whoever makes them, at whichever commit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The run's identity (UUID v7).
    #[serde(default)]
    pub run: Option<String>,
    /// The code's state when the run was made.
    #[serde(default)]
    pub git: Option<GitState>,
    /// Measurements by name and unit: `predict_us`, `predict_p95_us`, `fit_seconds`.
    pub values: IndexMap<String, f64>,
    /// The host.
    pub host: Option<String>,
    /// When, as an ISO time.
    pub at: Option<String>,
}

impl Provenance {
    /// Keeps absolute paths, which name users and machines, out of the bundle.
    #[must_use]
    pub(super) fn portable(mut self) -> Self {
        if let Some(source) = &mut self.source
            && let path = std::path::Path::new(source.as_str())
            && path.is_absolute()
            && let Some(name) = path.file_name()
        {
            *source = name.to_string_lossy().into_owned();
        }
        self
    }
}
