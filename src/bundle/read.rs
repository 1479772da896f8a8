//! Reads a bundle, checking every hash.

use super::content::{Content, Packed, hash};
use super::manifest::{self, FileEntry, Manifest};
use super::verify::CHANGED;
use super::write::foreign_files;
use super::{Bundle, BundleError, Kind, Measured, Model, golden, keys};
use serde::de::DeserializeOwned;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

impl Bundle {
    /// Reads a folder that [`write`](Self::write) made.
    ///
    /// # Errors
    /// When it is no bundle or one of a newer format, or a file is missing or not what was packed: it is named.
    pub fn read(dir: &Path) -> Result<Self, BundleError> {
        let (manifest, digest) = read_manifest(dir)?;
        let mut files = Vec::with_capacity(manifest.files.len());
        for entry in &manifest.files {
            check_file(dir, entry)?;
            let path = dir.join(&entry.name);
            files.push(Packed { entry: entry.clone(), content: Content::File(path) });
        }
        let is_model = manifest.kind != Kind::Command;
        let model = is_model.then(|| read_model(dir, &manifest)).transpose()?;
        let metrics = read_json(dir, &manifest, manifest::METRICS)?;
        let provenance = read_json(dir, &manifest, manifest::PROVENANCE)?;
        Ok(Self { manifest, digest, model, metrics, provenance, files })
    }

    /// Compares every file of a folder with its hash, where [`read`](Self::read) stops at the first that differs.
    ///
    /// # Errors
    /// As [`read_manifest`](Self::read_manifest).
    pub fn check_files(dir: &Path) -> Result<FileCheck, BundleError> {
        let (manifest, _) = read_manifest(dir)?;
        let wrong = manifest.files.iter().filter_map(|entry| check_file(dir, entry).err());
        Ok(FileCheck { wrong: wrong.collect(), foreign: foreign_files(dir, &manifest)? })
    }

    /// Reads names and digest only, without a look at the other files.
    ///
    /// # Errors
    /// When it is no bundle, one of a newer format, or its manifest was changed.
    pub fn read_manifest(dir: &Path) -> Result<(Manifest, crate::domain::Digest), BundleError> {
        read_manifest(dir)
    }

    /// Reads what was measured of a bundle, which is not part of it; nothing if nobody did.
    ///
    /// # Errors
    /// When the file is there and holds no measurements.
    pub fn read_measured(dir: &Path) -> Result<Measured, BundleError> {
        let path = dir.join(manifest::MEASURED);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                BundleError::damaged(dir, manifest::MEASURED, format!("cannot be read: {error}"))
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Measured::default()),
            Err(error) => Err(BundleError::io("read", &path)(error)),
        }
    }

    /// Reads the verdict that lies beside a bundle, if there is one.
    ///
    /// # Errors
    /// When the file is there and is no JSON.
    pub fn read_verdict(dir: &Path) -> Result<Option<serde_json::Value>, BundleError> {
        let path = dir.join(manifest::VERDICT);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
                BundleError::damaged(dir, manifest::VERDICT, format!("cannot be read: {error}"))
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(BundleError::io("read", &path)(error)),
        }
    }
}

/// What [`Bundle::check_files`] found.
#[derive(Debug)]
pub struct FileCheck {
    /// Files that are missing or not what was packed.
    pub wrong: Vec<BundleError>,
    /// Files in the folder that are no part of the bundle, nor written beside it by derby.
    pub foreign: Vec<String>,
}

fn check_file(dir: &Path, entry: &FileEntry) -> Result<(), BundleError> {
    let path = dir.join(&entry.name);
    if !path.is_file() {
        return Err(BundleError::damaged(dir, &entry.name, "is missing"));
    }
    let (size, found) = hash(&path)?;
    if found.hex() != entry.blake3 || size != entry.size {
        return Err(BundleError::damaged(dir, &entry.name, CHANGED));
    }
    Ok(())
}

fn read_manifest(dir: &Path) -> Result<(Manifest, crate::domain::Digest), BundleError> {
    let path = dir.join(manifest::FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind()) => {
            let what = if dir.is_dir() {
                format!("it holds no {}", manifest::FILE)
            } else if dir.exists() {
                "it is no folder".into()
            } else {
                "there is no such folder".into()
            };
            return Err(BundleError::NotABundle { path: dir.display().to_string(), what });
        }
        Err(error) => return Err(BundleError::io("read", &path)(error)),
    };
    Manifest::from_bytes(dir, &bytes)
}

fn read_model(dir: &Path, manifest: &Manifest) -> Result<Model, BundleError> {
    let golden = read_bytes(dir, manifest, manifest::GOLDEN)?;
    let rows = read_bytes(dir, manifest, manifest::ROWS)?;
    Ok(Model {
        pipeline: read_json(dir, manifest, manifest::PIPELINE)?,
        schema: read_json(dir, manifest, manifest::SCHEMA)?,
        profile: read_json(dir, manifest, manifest::PROFILE)?,
        golden: golden::from_bytes(&golden)
            .map_err(|error| unreadable(dir, manifest::GOLDEN, &error.to_string()))?,
        trained_on: keys::from_bytes(&rows)
            .map_err(|error| unreadable(dir, manifest::ROWS, &error.to_string()))?,
    })
}

fn unreadable(dir: &Path, file: &str, error: &str) -> BundleError {
    BundleError::damaged(dir, file, format!("cannot be read: {error}"))
}

fn read_bytes(dir: &Path, manifest: &Manifest, file: &str) -> Result<Vec<u8>, BundleError> {
    if manifest.files.iter().all(|entry| entry.name != file) {
        return Err(BundleError::damaged(dir, manifest::FILE, format!("does not name '{file}'")));
    }
    let path = dir.join(file);
    fs::read(&path).map_err(BundleError::io("read", &path))
}

fn read_json<T: DeserializeOwned>(
    dir: &Path,
    manifest: &Manifest,
    file: &str,
) -> Result<T, BundleError> {
    let bytes = read_bytes(dir, manifest, file)?;
    serde_json::from_slice(&bytes).map_err(|error| unreadable(dir, file, &error.to_string()))
}
