//! Upkeep: check, backup, gc.

use super::lease::stale_runs;
use super::open::DB_FILE;
use super::{Store, StoreError};
use crate::host;
use rusqlite::backup::Backup;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Data is damaged or lost.
    Error,
    /// Something is left over, or not as it should be.
    Warning,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub text: String,
    /// What mends it.
    pub mend: String,
}

/// What gc may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GcOptions {
    /// Only reports.
    pub dry_run: bool,
    /// Purges runs that have been in the bin for at least so many milliseconds.
    pub bin_older_ms: i64,
    /// Spares unreferenced objects younger than this many milliseconds: a run may be about to refer to
    /// them.
    pub object_grace_ms: i64,
}

impl Default for GcOptions {
    /// A month in the bin, an hour for objects.
    fn default() -> Self {
        Self { dry_run: false, bin_older_ms: 30 * 86_400_000, object_grace_ms: 3_600_000 }
    }
}

/// What gc took, or would take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GcReport {
    /// Runs purged from the bin.
    pub runs: u64,
    /// Objects removed.
    pub objects: u64,
    /// Their size in bytes.
    pub object_bytes: u64,
    /// By how many bytes the database shrank.
    pub database_bytes: u64,
}

impl Store {
    /// Looks for damage, lost and left-over objects, and runs without a process. Changes nothing.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn check(&self) -> Result<Vec<Finding>, StoreError> {
        let mut findings = self.read(|conn| {
            let mut findings = integrity(conn)?;
            findings.extend(foreign_keys(conn)?);
            findings.extend(stale(conn)?);
            Ok(findings)
        })?;
        let referenced = self.read(references)?;
        let present = self.objects.list()?;
        for (address, user) in &referenced {
            if !present.contains_key(address) {
                findings.push(Finding {
                    severity: Severity::Error,
                    text: format!("object '{address}' of {user} is missing"),
                    mend: "restore it from a backup, or merge a store that has it".into(),
                });
            }
        }
        let orphans: Vec<&(u64, i64)> = present
            .iter()
            .filter(|(key, _)| !referenced.contains_key(*key))
            .map(|(_, meta)| meta)
            .collect();
        if !orphans.is_empty() {
            let bytes: u64 = orphans.iter().map(|meta| meta.0).sum();
            findings.push(Finding {
                severity: Severity::Warning,
                text: format!("{} objects ({bytes} bytes) belong to no run", orphans.len()),
                mend: "run `derby store gc`".into(),
            });
        }
        Ok(findings)
    }

    /// Writes a copy of the store, objects included, into the new folder `to`. It gets its name once it is
    /// whole; other processes may go on writing meanwhile.
    ///
    /// # Errors
    /// When `to` exists or cannot be written.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        if to.exists() {
            return Err(StoreError::Invalid(format!(
                "'{}' exists; name a folder that does not, so that no older backup is lost",
                to.display()
            )));
        }
        let mut name = to.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.part", std::process::id()));
        let part = to.with_file_name(name);
        fs::create_dir_all(&part).map_err(StoreError::io("create", &part))?;
        let result = self
            .copy_into(&part)
            .and_then(|()| fs::rename(&part, to).map_err(StoreError::io("rename to", to)));
        if result.is_err() {
            fs::remove_dir_all(&part).ok(); // the error above says more than a failure here
        }
        result
    }

    fn copy_into(&self, folder: &Path) -> Result<(), StoreError> {
        let file = folder.join(DB_FILE);
        let at = |error: rusqlite::Error| StoreError::Sql(error).at(&file, 0);
        {
            let mut target = Connection::open(&file).map_err(at)?;
            let backup = Backup::new(&self.conn, &mut target).map_err(at)?;
            backup.run_to_completion(1024, Duration::ZERO, None).map_err(at)?;
        }
        let target = super::objects::Objects::Folder(folder.join("objects"));
        // After the database, so that no object which it refers to can be missing.
        for address in self.read(references)?.keys() {
            if let Some(bytes) = self.objects.get(address)? {
                target.put(&bytes)?;
            }
        }
        fs::File::open(&file)
            .and_then(|file| file.sync_all())
            .map_err(StoreError::io("sync", &file))
    }

    /// Purges old runs from the bin, removes objects that no run refers to, and gives free pages back.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn gc(&mut self, options: GcOptions) -> Result<GcReport, StoreError> {
        let mut report = GcReport::default();
        let limit = host::now_ms().saturating_sub(options.bin_older_ms);
        let condition = "deleted IS NOT NULL AND deleted <= ?1";
        if options.dry_run {
            let sql = format!("SELECT count(*) FROM run WHERE {condition}");
            let runs: i64 =
                self.read(|conn| Ok(conn.prepare(&sql)?.query_row([limit], |row| row.get(0))?))?;
            report.runs = runs as u64;
        } else {
            report.runs = self.write(|store| {
                let sql = format!("DELETE FROM run WHERE {condition}");
                let runs = store.conn.prepare(&sql)?.execute(params![limit])?;
                if runs > 0 {
                    store.next_change()?;
                }
                Ok(runs as u64)
            })?;
        }
        // A dry run counts what only the runs that it would purge refer to as used.
        let referenced = self.read(references)?;
        let young = host::clock::real_now_ms().saturating_sub(options.object_grace_ms);
        for (address, (size, used)) in self.objects.list()? {
            if referenced.contains_key(&address) || used > young {
                continue;
            }
            report.objects += 1;
            report.object_bytes += size;
            if !options.dry_run {
                self.objects.remove(&address)?;
            }
        }
        report.database_bytes = self.free_pages(options.dry_run)?;
        Ok(report)
    }

    fn free_pages(&self, dry_run: bool) -> Result<u64, StoreError> {
        self.read(|conn| {
            let pragma = |name| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            let (free, size) = (pragma("freelist_count")?, pragma("page_size")?);
            if free > 0 && !dry_run {
                conn.execute_batch("VACUUM")?;
            }
            Ok((free * size) as u64)
        })
    }
}

fn integrity(conn: &Connection) -> Result<Vec<Finding>, StoreError> {
    let mut statement = conn.prepare("PRAGMA integrity_check(20)")?;
    let lines: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let finding = |text: String| Finding {
        severity: Severity::Error,
        text: format!("the database is damaged: {text}"),
        mend: "go back to a backup, or merge what is left into a new store".into(),
    };
    Ok(lines.into_iter().filter(|line| line != "ok").map(finding).collect())
}

fn foreign_keys(conn: &Connection) -> Result<Vec<Finding>, StoreError> {
    let mut statement = conn.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    let mut broken: BTreeMap<(String, String), u64> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        *broken.entry((row.get(0)?, row.get(2)?)).or_default() += 1;
    }
    let finding = |((table, parent), count)| Finding {
        severity: Severity::Error,
        text: format!("{count} rows of '{table}' refer to rows of '{parent}' that are gone"),
        mend: "go back to a backup, or merge what is left into a new store".into(),
    };
    Ok(broken.into_iter().map(finding).collect())
}

fn stale(conn: &Connection) -> Result<Vec<Finding>, StoreError> {
    let runs = stale_runs(conn, None, host::now_ms())?;
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let shown: Vec<String> = runs.iter().take(5).map(|stale| stale.run.to_string()).collect();
    Ok(vec![Finding {
        severity: Severity::Warning,
        text: format!(
            "{} runs are marked running, but their process is gone: {}",
            runs.len(),
            shown.join(", ")
        ),
        mend:
            "run their sweep again, which finishes what is missing; `derby run` closes runs by hand"
                .into(),
    }])
}

/// The address of every object that something refers to, with what does.
pub(super) fn references(conn: &Connection) -> Result<BTreeMap<String, String>, StoreError> {
    let sql = "SELECT digest, 'run ' || run || ' (' || path || ')' FROM artifact UNION ALL
               SELECT git_diff, 'a recorded work tree' FROM context WHERE git_diff IS NOT NULL";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The folder as a path that does not depend on where the process stands.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, StoreError> {
    std::path::absolute(path).map_err(StoreError::io("find", path))
}
