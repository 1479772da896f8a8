//! What is kept beside a ledger: bundles of versions, by digest, and the keys of put-aside holdout rows.

use super::files::{copy_folder, make_folder, write_whole};
use super::{Ledger, LedgerError};
use crate::domain::{Digest, DigestBuilder};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Hex digits of a digest in a folder's name.
const NAME_DIGITS: usize = 16;
/// Bytes of a row's key.
const KEY_BYTES: usize = 8;

impl Ledger {
    /// The folder in which the bundle of this digest is kept, whether it is there or not.
    pub fn bundle_dir(&self, digest: Digest) -> PathBuf {
        self.kept().join(&digest.hex()[..NAME_DIGITS])
    }

    /// Keeps a copy of a bundle and returns its folder. One that is kept already is left as it is. The caller has
    /// verified `from`; here only its manifest's digest is compared.
    ///
    /// # Errors
    /// When `from` is another bundle, or cannot be read, or the copy cannot be written.
    pub fn keep_bundle(&self, from: &Path, digest: Digest) -> Result<PathBuf, LedgerError> {
        check_manifest(from, digest)?;
        let to = self.bundle_dir(digest);
        if to.exists() {
            check_manifest(&to, digest)?;
            return Ok(to);
        }
        make_folder(&self.folder)?;
        let kept = self.kept();
        fs::create_dir_all(&kept).map_err(LedgerError::io("create", &kept))?;
        match copy_folder(from, &to) {
            // Another process kept it meanwhile.
            Err(_) if to.exists() => check_manifest(&to, digest)?,
            copied => copied?,
        }
        Ok(to)
    }

    /// Keeps the keys (ascending, each once) of the rows that a gate compares on, so that a refresh knows which rows
    /// were used. Rows that are kept already are left as they are.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep_rows(&self, keys: &[u64]) -> Result<Digest, LedgerError> {
        let bytes = bytes_of(keys);
        let digest = rows_digest(keys);
        let path = self.rows_path(&digest.hex());
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(digest);
        }
        make_folder(&self.folder)?;
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(LedgerError::io("create", folder))?;
        write_whole(&path, &bytes)?;
        Ok(digest)
    }

    /// The keys of all rows that the gates of this period compared on, sorted, each once.
    ///
    /// # Errors
    /// When a file is gone, or holds other rows than the ledger says.
    pub fn used_rows(&self) -> Result<Vec<u64>, LedgerError> {
        let registry = self.registry();
        let mut all = Vec::new();
        let mut read: Vec<&str> = Vec::new();
        for gate in registry.gates().iter().filter(|gate| gate.what.epoch == registry.epoch()) {
            let Some(rows) = gate.what.holdout.as_deref().filter(|rows| !read.contains(rows))
            else {
                continue;
            };
            read.push(rows);
            let path = self.rows_path(rows);
            let wrong = |why: String| LedgerError::Keys { path: path.clone(), why };
            let bytes = fs::read(&path).map_err(|error| wrong(error.to_string()))?;
            let keys = keys_of(&bytes);
            if rows_digest(&keys).hex() != rows {
                return Err(wrong("its digest is not the one in the ledger".into()));
            }
            all.extend(keys);
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// The keys of all holdout rows that were put aside, sorted, each once.
    ///
    /// # Errors
    /// When a file is gone, or is not what the ledger says.
    pub fn retired_keys(&self) -> Result<Vec<u64>, LedgerError> {
        let mut all = Vec::new();
        for refresh in self.registry().refreshes() {
            all.extend(self.read_keys(refresh.what.epoch - 1, &refresh.what.retired)?);
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// Writes the keys of the rows that period `epoch` used. Returns their digest.
    pub(super) fn write_keys(&self, epoch: u64, keys: &[u64]) -> Result<Digest, LedgerError> {
        let kept = self.kept();
        fs::create_dir_all(&kept).map_err(LedgerError::io("create", &kept))?;
        let bytes = bytes_of(keys);
        write_whole(&self.keys_path(epoch), &bytes)?;
        Ok(keys_digest(&bytes))
    }

    fn read_keys(&self, epoch: u64, digest: &str) -> Result<Vec<u64>, LedgerError> {
        let path = self.keys_path(epoch);
        let wrong = |why: String| LedgerError::Keys { path: path.clone(), why };
        let bytes = fs::read(&path).map_err(|error| wrong(error.to_string()))?;
        let found = keys_digest(&bytes).hex();
        if found != digest {
            return Err(wrong("its digest is not the one in the ledger".into()));
        }
        Ok(keys_of(&bytes))
    }

    /// What is wrong with the files that the ledger speaks of, one sentence each.
    pub(super) fn check_kept(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for refresh in self.registry().refreshes() {
            let read = self.read_keys(refresh.what.epoch - 1, &refresh.what.retired);
            wrong.extend(read.err().map(|error| error.to_string()));
        }
        for (alias, number) in self.registry().aliases() {
            if let Err(error) = self.check_bundle(*number) {
                wrong.push(format!("alias '{alias}': {error}"));
            }
        }
        wrong
    }

    /// Checks that the bundle of a version is kept.
    pub(super) fn check_bundle(&self, version: u64) -> Result<(), LedgerError> {
        let bundle = &self.registry().version(version)?.version.bundle;
        let digest = Digest::parse(bundle).expect("the registry has checked it");
        let path = self.bundle_dir(digest);
        if !path.is_dir() {
            return Err(LedgerError::NoBundle { version, path });
        }
        check_manifest(&path, digest)
    }

    fn kept(&self) -> PathBuf {
        self.folder.join(self.model.as_str())
    }

    fn rows_path(&self, digest: &str) -> PathBuf {
        let name = digest.get(..NAME_DIGITS).unwrap_or(digest);
        self.kept().join("rows").join(format!("{name}.keys"))
    }

    fn keys_path(&self, epoch: u64) -> PathBuf {
        self.kept().join(format!("holdout-{epoch}.keys"))
    }
}

/// Keys as they are kept: eight bytes each, little-endian.
fn bytes_of(keys: &[u64]) -> Vec<u8> {
    keys.iter().flat_map(|key| key.to_le_bytes()).collect()
}

/// Reads [`bytes_of`]; the digest says whether all of it is there.
fn keys_of(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks::<KEY_BYTES>().0.iter().map(|key| u64::from_le_bytes(*key)).collect()
}

/// Identity of rows by their keys, ascending.
pub fn rows_digest(keys: &[u64]) -> Digest {
    let bytes = bytes_of(keys);
    DigestBuilder::new("holdout rows").bytes(&bytes).finish()
}

fn keys_digest(bytes: &[u8]) -> Digest {
    DigestBuilder::new("retired holdout rows").bytes(bytes).finish()
}

/// The manifest of a bundle names its digest.
fn check_manifest(folder: &Path, digest: Digest) -> Result<(), LedgerError> {
    let wrong = |why: String| {
        let (path, digest) = (folder.to_path_buf(), digest.short());
        LedgerError::OtherBundle { path, digest, why }
    };
    let manifest = folder.join("bundle.json");
    let bytes = match fs::read(&manifest) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(wrong("there is no 'bundle.json' in it".into()));
        }
        Err(error) => return Err(LedgerError::io("read", &manifest)(error)),
    };
    let manifest: serde_json::Value = serde_json::from_slice(&bytes)
        .map_err(|error| wrong(format!("its 'bundle.json' is no JSON: {error}")))?;
    let said = manifest.get("digest").and_then(|said| Digest::parse(said.as_str()?));
    match said {
        Some(said) if said == digest => Ok(()),
        Some(said) => Err(wrong(format!("its 'bundle.json' says {}", said.short()))),
        None => Err(wrong("its 'bundle.json' names no digest".into())),
    }
}
