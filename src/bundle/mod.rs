//! Bundles: what a model is packed in, one folder that predicts anywhere.
//!
//! | file | what it holds |
//! |---|---|
//! | `bundle.json` | the manifest: format, names, classes, every other file with its hash, the digest |
//! | `pipeline.json` | members: weight, family, parameters, fitted preprocessing, fitted model |
//! | `schema.json` | the columns that it reads, as the training rows had them |
//! | `profile.json` | a reference for drift: features, target and predictions |
//! | `golden.jsonl` | some raw rows with what it predicts for them, to the last bit |
//! | `metrics.json` | scores, cross-validation and holdout apart |
//! | `provenance.json` | run, sweep, data, split, seed, git |
//! | `rows.bin` | keys of the rows that it was trained on, sorted `u64` in little-endian order |
//! | `artifacts/…` | what a command left behind, in place of the files of a model |
//! | `MODEL_CARD.md` | all that for people |
//! | `measured.json` | times and hosts; outside of the digest |
//! | `gate.json` | the newest verdict of a gate on it, if there is one; outside of the digest |
//!
//! Equal input gives equal bytes and one digest, which is the identity of a version. The digest covers the manifest,
//! and through it every hashed file.

mod build;
mod card;
mod command;
mod content;
mod drift;
mod error;
mod golden;
mod keys;
mod manifest;
mod member;
mod metrics;
pub mod mlflow;
pub mod onnx;
mod pipeline;
mod predict;
mod provenance;
mod read;
mod verify;
mod write;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use build::{BundleParts, Profiled};
pub use command::CommandParts;
pub use drift::{Drift, Profile, ProfileOf};
pub use error::BundleError;
pub use golden::Golden;
pub use keys::KeyKind;
pub use manifest::{FORMAT, FileEntry, Kind, Manifest, Trained, VERSION};
pub use member::{FitRequest, Member};
pub use metrics::{BundleMetrics, Score};
pub use pipeline::Pipeline;
pub use predict::{OutputFormat, PredictOptions, Predicted, predict_file};
pub use provenance::{Measured, Provenance};
pub use read::FileCheck;
pub use verify::Verification;
pub use write::Beside;

use crate::data::{Schema, Table};
use crate::domain::{Digest, Prediction};
use content::Packed;

/// A model with all that it needs, or the artifacts of a command.
#[derive(Debug)]
pub struct Bundle {
    manifest: Manifest,
    digest: Digest,
    model: Option<Model>,
    metrics: BundleMetrics,
    provenance: Provenance,
    /// All hashed files but the manifest, in order.
    files: Vec<Packed>,
}

/// What a bundle of a model has and one of a command has not.
#[derive(Debug)]
struct Model {
    pipeline: Pipeline,
    schema: Schema,
    profile: Profile,
    golden: Vec<Golden>,
    trained_on: Vec<u64>,
}

impl Bundle {
    /// Its identity.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Names, classes, files.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Scores, cross-validation and holdout apart.
    pub fn metrics(&self) -> &BundleMetrics {
        &self.metrics
    }

    /// Where it comes from.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Bytes of all hashed files, the manifest included.
    pub fn n_bytes(&self) -> u64 {
        let files: u64 = self.manifest.files.iter().map(|file| file.size).sum();
        files + self.manifest.to_bytes(Some(self.digest)).len() as u64
    }

    /// The fitted members; none for a command.
    pub fn pipeline(&self) -> Option<&Pipeline> {
        self.model.as_ref().map(|model| &model.pipeline)
    }

    /// The columns that it reads; none for a command.
    pub fn schema(&self) -> Option<&Schema> {
        self.model.as_ref().map(|model| &model.schema)
    }

    /// The reference for drift; none for a command.
    pub fn profile(&self) -> Option<&Profile> {
        self.model.as_ref().map(|model| &model.profile)
    }

    /// Keys of the rows that it was trained on, ascending and each once; empty for a command.
    pub fn trained_on(&self) -> &[u64] {
        self.model.as_ref().map_or(&[], |model| &model.trained_on)
    }

    /// How those keys were made. Keys of two kinds cannot be compared.
    pub fn key_kind(&self) -> Option<&KeyKind> {
        self.manifest.trained.as_ref().map(|trained| &trained.keys)
    }

    /// Predicts rows of a table; columns are found by name. Codes are those of the manifest's classes.
    ///
    /// # Errors
    /// For a command, and as [`Pipeline::predict`].
    pub fn predict(&self, table: &Table, rows: &[usize]) -> Result<Prediction, BundleError> {
        self.model()?.pipeline.predict(table, rows)
    }

    /// As [`predict`](Self::predict), with codes of other classes, which must hold all of the bundle's.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), and when a class of the bundle is not among them.
    pub fn predict_as(
        &self,
        table: &Table,
        rows: &[usize],
        classes: &[String],
    ) -> Result<Prediction, BundleError> {
        let prediction = self.predict(table, rows)?;
        pipeline::recoded(prediction, &self.manifest.classes, classes)
    }

    /// The bytes of a command's artifact, if it has one of that name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn artifact(&self, name: &str) -> Result<Option<Vec<u8>>, BundleError> {
        let name = format!("artifacts/{name}");
        let packed = self.files.iter().find(|packed| packed.entry.name == name);
        packed.map(content::Packed::to_bytes).transpose()
    }

    fn model(&self) -> Result<&Model, BundleError> {
        self.model.as_ref().ok_or_else(|| BundleError::Command { name: self.manifest.name.clone() })
    }
}
