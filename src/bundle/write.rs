//! Writes a bundle as a folder, whole or not at all.

use super::manifest::{self, json_bytes};
use super::{Bundle, BundleError, Measured};
use crate::domain::Digest;
use serde_json::Value;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What stands beside a bundle in its folder, outside of the digest.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// What was measured.
    pub measured: &'a Measured,
    /// The newest verdict of a gate, as its ledger has it.
    pub verdict: Option<&'a Value>,
}

impl Bundle {
    /// As [`write_with`](Self::write_with), without a verdict.
    ///
    /// # Errors
    /// When something else than a bundle stands there, or the system refuses a file.
    pub fn write(&self, dir: &Path, measured: &Measured) -> Result<Digest, BundleError> {
        self.write_with(dir, Beside { measured, verdict: None })
    }

    /// Writes the folder, in place of a bundle that is there. Until all is written, that one stays.
    ///
    /// # Errors
    /// When something else than a bundle stands there, or the system refuses a file.
    pub fn write_with(&self, dir: &Path, beside_it: Beside<'_>) -> Result<Digest, BundleError> {
        let is_there = check_place(dir)?;
        let fresh = beside(dir, "new");
        let made = self.fill(&fresh, beside_it).and_then(|()| put(&fresh, dir, is_there));
        if made.is_err() {
            fs::remove_dir_all(&fresh).ok(); // only what this call wrote
        }
        made.map(|()| self.digest())
    }

    fn fill(&self, dir: &Path, beside: Beside<'_>) -> Result<(), BundleError> {
        fs::create_dir_all(dir).map_err(BundleError::io("create", dir))?;
        for file in &self.files {
            let path = dir.join(&file.entry.name);
            let folder = path.parent().unwrap_or(dir);
            fs::create_dir_all(folder).map_err(BundleError::io("create", folder))?;
            file.write(&path)?;
        }
        write_file(&dir.join(manifest::MEASURED), &json_bytes(beside.measured))?;
        if let Some(verdict) = beside.verdict {
            write_file(&dir.join(manifest::VERDICT), &json_bytes(verdict))?;
        }
        // Last, so that a folder with a manifest has all the rest.
        let bytes = self.manifest.to_bytes(Some(self.digest()));
        write_file(&dir.join(manifest::FILE), &bytes)?;
        sync_folder(dir)
    }
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), BundleError> {
    let written = File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(BundleError::io("write", path))
}

fn sync_folder(dir: &Path) -> Result<(), BundleError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(BundleError::io("write", dir))
}

/// A name beside the folder that nobody else uses.
fn beside(dir: &Path, what: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(dir.file_name().unwrap_or_default());
    name.push(format!(".{what}-{}", uuid::Uuid::now_v7().simple()));
    dir.with_file_name(name)
}

fn put(fresh: &Path, dir: &Path, is_there: bool) -> Result<(), BundleError> {
    if !is_there {
        fs::rename(fresh, dir).map_err(BundleError::io("write", dir))?;
        return sync_parent(dir);
    }
    let old = beside(dir, "old");
    fs::rename(dir, &old).map_err(BundleError::io("replace", dir))?;
    if let Err(error) = fs::rename(fresh, dir) {
        fs::rename(&old, dir).ok(); // back as it was, as far as the system lets us
        return Err(BundleError::io("write", dir)(error));
    }
    fs::remove_dir_all(&old).map_err(BundleError::io("remove", &old))?;
    sync_parent(dir)
}

fn sync_parent(dir: &Path) -> Result<(), BundleError> {
    match dir.parent() {
        Some(parent) if parent.as_os_str().is_empty() => sync_folder(Path::new(".")),
        Some(parent) => sync_folder(parent),
        None => Ok(()),
    }
}

/// True if a bundle stands there that may be replaced; an error if something else does.
fn check_place(dir: &Path) -> Result<bool, BundleError> {
    let occupied = |what: String| BundleError::Occupied { path: dir.display().to_string(), what };
    if dir.file_name().is_none() {
        return Err(occupied("is no name for a folder".into()));
    }
    let kind = match fs::symlink_metadata(dir) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
            let Some(parent) = parent else { return Ok(false) };
            fs::create_dir_all(parent).map_err(BundleError::io("create", parent))?;
            return Ok(false);
        }
        Err(error) => return Err(BundleError::io("write", dir)(error)),
    };
    if !kind.is_dir() {
        return Err(occupied("is there and is no folder".into()));
    }
    let is_empty = fs::read_dir(dir).map_err(BundleError::io("read", dir))?.next().is_none();
    if is_empty {
        fs::remove_dir(dir).map_err(BundleError::io("replace", dir))?;
        return Ok(false);
    }
    let path = dir.join(manifest::FILE);
    let found =
        fs::read(&path).ok().and_then(|bytes| manifest::Manifest::from_bytes(dir, &bytes).ok());
    let Some((found, _)) = found else {
        return Err(occupied("is there and is no bundle".into()));
    };
    match foreign_files(dir, &found)?.first() {
        Some(name) => {
            Err(occupied(format!("holds '{name}', which is no part of the bundle there")))
        }
        None => Ok(true),
    }
}

/// The files in a bundle's folder that are no part of it, nor what derby writes beside it.
pub(super) fn foreign_files(
    dir: &Path,
    manifest: &manifest::Manifest,
) -> Result<Vec<String>, BundleError> {
    let mut names = names_in(dir, dir)?;
    let known = |name: &String| {
        [manifest::FILE, manifest::MEASURED, manifest::VERDICT].contains(&name.as_str())
            || manifest.files.iter().any(|file| file.name == *name)
    };
    names.retain(|name| !known(name));
    Ok(names)
}

/// The files below a folder, as paths with `/`, sorted.
fn names_in(root: &Path, dir: &Path) -> Result<Vec<String>, BundleError> {
    let mut names = Vec::new();
    let failed = |error| BundleError::io("read", dir)(error);
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            names.extend(names_in(root, &entry.path())?);
        } else {
            let path = entry.path();
            let inside = path.strip_prefix(root).unwrap_or(&path);
            names.push(inside.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
