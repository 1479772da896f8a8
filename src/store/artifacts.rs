//! Files that runs leave behind.

use super::{Store, StoreError};
use crate::domain::RunId;
use rusqlite::{OptionalExtension, params};
use std::io::Read;
use std::path::PathBuf;

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Artifact {
    /// Its name: a path with `/`.
    pub path: String,
    /// BLAKE3, 64 hex digits.
    pub digest: String,
    /// Bytes.
    pub size: u64,
}

impl Store {
    /// The files of a run, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn artifacts(&self, run: RunId) -> Result<Vec<Artifact>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT path, digest, size FROM artifact WHERE run = ?1 ORDER BY path";
            let mut statement = conn.prepare_cached(sql)?;
            let rows = statement.query_map([run.0], |row| {
                let size = row.get::<_, i64>(2)? as u64;
                Ok(Artifact { path: row.get(0)?, digest: row.get(1)?, size })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Opens a file of a run for reading; none if the run has no such file.
    ///
    /// # Errors
    /// When the store cannot be read, or the object is missing.
    pub fn open_artifact(
        &self,
        run: RunId,
        path: &str,
    ) -> Result<Option<Box<dyn Read>>, StoreError> {
        let digest: Option<String> = self.read(|conn| {
            let sql = "SELECT digest FROM artifact WHERE run = ?1 AND path = ?2";
            let mut statement = conn.prepare_cached(sql)?;
            Ok(statement.query_row(params![run.0, path], |row| row.get(0)).optional()?)
        })?;
        let Some(digest) = digest else { return Ok(None) };
        if let Some(file) = self.objects.open(&digest) {
            return Ok(Some(Box::new(file)));
        }
        match self.objects.get(&digest)? {
            Some(bytes) => Ok(Some(Box::new(std::io::Cursor::new(bytes)))),
            None => Err(StoreError::Invalid(format!(
                "'{path}' of run {run} is missing from the store's objects; \
                 restore it from a backup, or merge a store that has it"
            ))),
        }
    }

    /// The folder of a run's working files: `runs/ID` in the store's folder.
    pub fn run_folder(&self, run: RunId) -> PathBuf {
        self.path.join("runs").join(run.to_string())
    }
}
