//! `bundle.json`: names, classes, files, digest.

use super::{BundleError, KeyKind};
use crate::domain::{Digest, DigestBuilder, Objective, Task};
use serde::{Deserialize, Serialize};
use std::path::{Component, Path};

/// What `format` says.
pub const FORMAT: &str = "derby-bundle";
/// The version of the format that this program writes, and the newest that it reads.
pub const VERSION: u64 = 1;
/// The name of the manifest.
pub(super) const FILE: &str = "bundle.json";
pub(super) const PIPELINE: &str = "pipeline.json";
pub(super) const SCHEMA: &str = "schema.json";
pub(super) const PROFILE: &str = "profile.json";
pub(super) const GOLDEN: &str = "golden.jsonl";
pub(super) const ROWS: &str = "rows.bin";
pub(super) const METRICS: &str = "metrics.json";
pub(super) const PROVENANCE: &str = "provenance.json";
pub(super) const CARD: &str = "MODEL_CARD.md";
/// Outside of the digest.
pub(super) const MEASURED: &str = "measured.json";
/// Outside of the digest.
pub(super) const VERDICT: &str = "gate.json";

/// The manifest of a bundle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u64,
    /// What is packed.
    pub kind: Kind,
    /// The derby that packed it.
    pub derby: String,
    /// The registered model.
    pub name: String,
    /// The task; none for a command that did not say.
    pub task: Option<Task>,
    /// The target column.
    pub target: Option<String>,
    /// Class names by code; empty for regression.
    pub classes: Vec<String>,
    /// The class that binary precision and kin are about.
    pub positive: Option<String>,
    /// What the sweep aimed at.
    pub objective: Objective,
    /// What it was trained on; none for a command.
    pub trained: Option<Trained>,
    /// All other hashed files, by name.
    pub files: Vec<FileEntry>,
}

/// What is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One fitted model.
    Model,
    /// Several that vote.
    Ensemble,
    /// The artifacts of a command.
    Command,
}

/// The rows behind a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trained {
    /// How many.
    pub rows: u64,
    /// How `rows.bin` names them.
    pub keys: KeyKind,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path in the folder, with `/`.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// BLAKE3, 64 hex digits.
    pub blake3: String,
}

/// The manifest as it is written, the digest last.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    manifest: &'a Manifest,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

/// What is read before the rest, since other versions may have another rest.
#[derive(Deserialize)]
struct Envelope {
    format: String,
    version: u64,
    digest: String,
}

impl Manifest {
    /// BLAKE3 over the manifest without its digest, which names every file with its hash.
    pub(super) fn digest(&self) -> Digest {
        DigestBuilder::new(FORMAT).bytes(&self.to_bytes(None)).finish()
    }

    pub(super) fn to_bytes(&self, digest: Option<Digest>) -> Vec<u8> {
        json_bytes(&Written { manifest: self, digest: digest.map(|digest| digest.hex()) })
    }

    /// Reads a manifest, to the last byte what was written.
    pub(super) fn from_bytes(dir: &Path, bytes: &[u8]) -> Result<(Self, Digest), BundleError> {
        let path = dir.display().to_string();
        let damaged = |what: String| BundleError::damaged(dir, FILE, what);
        let envelope: Envelope = serde_json::from_slice(bytes)
            .map_err(|error| damaged(format!("is no manifest: {error}")))?;
        if envelope.format != FORMAT {
            let what = format!("{FILE} has the format '{}'", envelope.format);
            return Err(BundleError::NotABundle { path, what });
        }
        if envelope.version > VERSION {
            return Err(BundleError::Newer { path, found: envelope.version, known: VERSION });
        }
        let manifest: Self = serde_json::from_slice(bytes)
            .map_err(|error| damaged(format!("is no manifest: {error}")))?;
        let digest = manifest.digest();
        let is_whole = manifest.to_bytes(Some(digest)) == bytes;
        if envelope.digest != digest.hex() || !is_whole {
            return Err(damaged("was changed: its digest is of another content".into()));
        }
        for file in &manifest.files {
            if !is_inside(&file.name) {
                return Err(damaged(format!("names the file '{}'", file.name)));
            }
        }
        Ok((manifest, digest))
    }
}

/// True for a path that stays in the folder.
pub(super) fn is_inside(name: &str) -> bool {
    let normal = |part: Component<'_>| matches!(part, Component::Normal(_));
    !name.is_empty() && !name.contains('\0') && Path::new(name).components().all(normal)
}

/// JSON as every file of a bundle is written: indented, a line feed at the end.
pub(super) fn json_bytes(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("plain data becomes JSON");
    bytes.push(b'\n');
    bytes
}
