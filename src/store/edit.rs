//! What people change about a run, and the cache of data hashes.

use super::{Store, StoreError};
use crate::data::{FileStamp, HashCache};
use crate::domain::{Digest, RunId};
use crate::host;
use rusqlite::{OptionalExtension, params};
use std::path::Path;

impl Store {
    /// Gives the run another name.
    ///
    /// # Errors
    /// When the name is empty, reads as a number or a sweep, holds control characters or belongs to another
    /// run, or the store cannot be written.
    pub fn rename(&mut self, run: RunId, name: &str) -> Result<(), StoreError> {
        let name = name.trim();
        if name.is_empty() {
            return Err(StoreError::Invalid("'' cannot name a run; give at least a letter".into()));
        }
        if name.trim_start_matches('#').parse::<i64>().is_ok() {
            return Err(StoreError::Invalid(format!(
                "'{name}' cannot name a run: a number means the run of that number; add a letter"
            )));
        }
        if name.starts_with("sweep:") {
            return Err(StoreError::Invalid(format!(
                "'{name}' cannot name a run: 'sweep:' stands before the name of a sweep; leave it out"
            )));
        }
        if name.chars().any(char::is_control) {
            return Err(StoreError::Invalid(format!(
                "'{}' cannot name a run: it holds control characters; leave them out",
                name.escape_debug()
            )));
        }
        self.change(run, |store| {
            let sql = "SELECT id FROM run WHERE name = ?2 AND id <> ?1 ORDER BY id LIMIT 1";
            let other: Option<i64> = store
                .conn
                .prepare_cached(sql)?
                .query_row(params![run.0, name], |row| row.get(0))
                .optional()?;
            if let Some(other) = other {
                return Err(StoreError::Invalid(format!(
                    "'{name}' is the name of run {other} already; choose another"
                )));
            }
            let sql = "UPDATE run SET name = ?2 WHERE id = ?1";
            Ok(store.conn.prepare_cached(sql)?.execute(params![run.0, name])?)
        })
    }

    /// Sets the run's note; an empty one removes it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn note(&mut self, run: RunId, text: &str) -> Result<(), StoreError> {
        self.change(run, |store| {
            if text.is_empty() {
                return Ok(store
                    .conn
                    .prepare_cached("DELETE FROM note WHERE run = ?1")?
                    .execute([run.0])?);
            }
            let sql = "INSERT OR REPLACE INTO note (run, text, changed) VALUES (?1, ?2, ?3)";
            Ok(store.conn.prepare_cached(sql)?.execute(params![run.0, text, host::now_ms()])?)
        })
    }

    /// Sets a tag; one of the same key is replaced.
    ///
    /// # Errors
    /// When the key is empty or the store cannot be written.
    pub fn tag(&mut self, run: RunId, key: &str, value: &str) -> Result<(), StoreError> {
        if key.is_empty() {
            return Err(StoreError::Invalid(format!("a tag needs a key before '={value}'")));
        }
        self.change(run, |store| {
            let sql = "INSERT OR REPLACE INTO tag (run, key, value) VALUES (?1, ?2, ?3)";
            Ok(store.conn.prepare_cached(sql)?.execute(params![run.0, key, value])?)
        })
    }

    /// Removes a tag. False if there was none.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn untag(&mut self, run: RunId, key: &str) -> Result<bool, StoreError> {
        let mut removed = 0;
        self.change(run, |store| {
            let sql = "DELETE FROM tag WHERE run = ?1 AND key = ?2";
            removed = store.conn.prepare_cached(sql)?.execute(params![run.0, key])?;
            Ok(removed)
        })?;
        Ok(removed > 0)
    }

    /// Puts a run into the bin, from where gc takes it in time. False if it was there.
    ///
    /// # Errors
    /// When the run is still at work or the store cannot be written.
    pub fn remove(&mut self, run: RunId) -> Result<bool, StoreError> {
        let mut moved = 0;
        self.change(run, |store| {
            let sql = "SELECT status FROM run WHERE id = ?1";
            let status: String =
                store.conn.prepare_cached(sql)?.query_row([run.0], |row| row.get(0))?;
            if status == "running" {
                return Err(StoreError::Invalid(format!(
                    "run '{run}' is still running; stop it before you remove it"
                )));
            }
            let sql = "UPDATE run SET deleted = ?2 WHERE id = ?1 AND deleted IS NULL";
            moved = store.conn.prepare_cached(sql)?.execute(params![run.0, host::now_ms()])?;
            Ok(moved)
        })?;
        Ok(moved > 0)
    }

    /// Takes a run out of the bin. False if it was not there.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn restore(&mut self, run: RunId) -> Result<bool, StoreError> {
        let mut moved = 0;
        self.change(run, |store| {
            let sql = "UPDATE run SET deleted = NULL WHERE id = ?1 AND deleted IS NOT NULL";
            moved = store.conn.prepare_cached(sql)?.execute([run.0])?;
            Ok(moved)
        })?;
        Ok(moved > 0)
    }

    /// Does one change of a run that exists, and marks it as changed if any row was.
    fn change(
        &mut self,
        run: RunId,
        work: impl FnOnce(&mut Self) -> Result<usize, StoreError>,
    ) -> Result<(), StoreError> {
        self.write(|store| {
            if !store.conn.prepare_cached("SELECT 1 FROM run WHERE id = ?1")?.exists([run.0])? {
                return Err(StoreError::NoSuchRun { reference: run.to_string(), near: Vec::new() });
            }
            if work(store)? > 0 {
                store.touch_run(run)?;
            }
            Ok(())
        })
    }
}

impl HashCache for Store {
    fn get(&self, path: &Path, stamp: FileStamp) -> Option<Digest> {
        let found = self.read(|conn| {
            let sql = "SELECT digest FROM hash_cache
                       WHERE path = ?1 AND size = ?2 AND mtime_ns = ?3 AND inode = ?4";
            let path = path.to_string_lossy();
            let row = params![path, stamp.size as i64, stamp.mtime_ns, stamp.inode as i64];
            Ok(conn
                .prepare_cached(sql)?
                .query_row(row, |row| row.get::<_, String>(0))
                .optional()?)
        });
        // A cache that cannot be read knows nothing, and the file is hashed.
        Digest::parse(&found.ok()??)
    }

    fn put(&mut self, path: &Path, stamp: FileStamp, digest: Digest) {
        let written = self.write(|store| {
            let sql = "INSERT OR REPLACE INTO hash_cache (path, size, mtime_ns, inode, digest)
                       VALUES (?1, ?2, ?3, ?4, ?5)";
            let (path, digest) = (path.to_string_lossy(), digest.hex());
            let row = params![path, stamp.size as i64, stamp.mtime_ns, stamp.inode as i64, digest];
            store.conn.prepare_cached(sql)?.execute(row)?;
            Ok(())
        });
        // What cannot be remembered is hashed again.
        written.ok();
    }
}
