//! Bundles of commands: their artifacts, with the same manifest and provenance.

use super::content::Packed;
use super::manifest::is_inside;
use super::{Bundle, BundleError, BundleMetrics, FORMAT, Kind, Manifest, Provenance, VERSION};
use crate::domain::{KeptFile, Objective, Task};

/// What goes into a bundle of a command.
#[derive(Debug)]
pub struct CommandParts<'a> {
    /// The registered model.
    pub name: &'a str,
    /// What the run left behind; `predictions.csv` among them where it made one.
    pub artifacts: &'a [KeptFile],
    /// The task, target and classes, where the sweep says.
    pub task: Option<Task>,
    /// The target column.
    pub target: Option<String>,
    /// Class names by code.
    pub classes: Vec<String>,
    /// The class that binary precision and kin are about.
    pub positive: Option<String>,
    /// What the sweep aimed at.
    pub objective: Objective,
    /// Scores by how they were made.
    pub metrics: BundleMetrics,
    /// Where it comes from.
    pub provenance: Provenance,
}

impl Bundle {
    /// Packs the artifacts of a run, hashing each; their bytes stay where they are until [`write`](Self::write).
    ///
    /// # Errors
    /// When there are no artifacts, a name leads out of the folder or comes twice, or a file cannot be read.
    pub fn build_command(parts: CommandParts<'_>) -> Result<Self, BundleError> {
        if parts.artifacts.is_empty() {
            return Err(BundleError::Invalid(format!(
                "the run of '{}' left no artifacts behind, so there is nothing to export; \
                 mend: write the model to the folder in DERBY_ARTIFACTS",
                parts.name
            )));
        }
        let mut files: Vec<Packed> = Vec::with_capacity(parts.artifacts.len());
        for artifact in parts.artifacts {
            let name = format!("artifacts/{}", artifact.name);
            if !is_inside(&name) || files.iter().any(|file| file.entry.name == name) {
                return Err(BundleError::Invalid(format!(
                    "the artifact '{}' leads out of the folder or comes twice; mend: rename it",
                    artifact.name
                )));
            }
            files.push(Packed::file(&name, &artifact.file)?);
        }
        let manifest = Manifest {
            format: FORMAT.into(),
            version: VERSION,
            kind: Kind::Command,
            derby: env!("CARGO_PKG_VERSION").into(),
            name: parts.name.into(),
            task: parts.task,
            target: parts.target,
            classes: parts.classes,
            positive: parts.positive,
            objective: parts.objective,
            trained: None,
            files: Vec::new(),
        };
        let facts = (parts.metrics.without_times(), parts.provenance.portable());
        Ok(Self::seal(manifest, None, facts, files))
    }
}
