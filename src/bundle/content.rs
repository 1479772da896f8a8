//! A file of a bundle, in memory or on disk.

use super::BundleError;
use super::manifest::FileEntry;
use crate::data;
use crate::domain::Digest;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A hashed file.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) entry: FileEntry,
    pub(super) content: Content,
}

/// Where its bytes are.
#[derive(Debug)]
pub(super) enum Content {
    Bytes(Vec<u8>),
    File(PathBuf),
}

impl Packed {
    pub(super) fn bytes(name: &str, bytes: Vec<u8>) -> Self {
        let entry = FileEntry {
            name: name.into(),
            size: bytes.len() as u64,
            blake3: Digest::of(&bytes).hex(),
        };
        Self { entry, content: Content::Bytes(bytes) }
    }

    /// A file on disk, read once for its hash.
    pub(super) fn file(name: &str, path: &Path) -> Result<Self, BundleError> {
        let (size, digest) = hash(path)?;
        let entry = FileEntry { name: name.into(), size, blake3: digest.hex() };
        Ok(Self { entry, content: Content::File(path.into()) })
    }

    /// Its bytes, wherever they are.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, BundleError> {
        match &self.content {
            Content::Bytes(bytes) => Ok(bytes.clone()),
            Content::File(path) => std::fs::read(path).map_err(BundleError::io("read", path)),
        }
    }

    /// Writes it as the file `path` for good.
    pub(super) fn write(&self, path: &Path) -> Result<(), BundleError> {
        let write = || -> io::Result<()> {
            let mut to = File::create(path)?;
            match &self.content {
                Content::Bytes(bytes) => to.write_all(bytes)?,
                Content::File(from) => {
                    io::copy(&mut File::open(from)?, &mut to)?;
                }
            }
            to.sync_all()
        };
        write().map_err(BundleError::io("write", path))?;
        if let Content::File(from) = &self.content
            && hash(path)?.1.hex() != self.entry.blake3
        {
            let what =
                format!("'{}' changed while it was packed; mend: export again", from.display());
            return Err(BundleError::Invalid(what));
        }
        Ok(())
    }
}

/// Size and hash of a file.
pub(super) fn hash(path: &Path) -> Result<(u64, Digest), BundleError> {
    let digest = data::hash_file(path, &mut data::NoCache)?;
    let size = path.metadata().map_err(BundleError::io("read", path))?.len();
    Ok((size, digest))
}
