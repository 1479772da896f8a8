//! Opening a store: where it is, whether it may be used, its schema, and transactions.

use super::StoreError;
use super::intern::Interned;
use super::objects::Objects;
use crate::host::{FsKind, fs_kind};
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::{AccessFlags, access};
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The database in the store's folder.
pub(super) const DB_FILE: &str = "derby.db";
/// SQLite's write-ahead log beside it.
pub(super) const WAL_FILE: &str = "derby.db-wal";
/// «drby»: marks the file as ours.
const APPLICATION_ID: i64 = 0x6472_6279;
/// How long to wait for another writer.
const BUSY_MS: u64 = 5000;

const MIGRATION_SLICE: &[M<'_>] = &[
    M::up(include_str!("migrations/0001_first.sql")),
    M::up(include_str!("migrations/0002_commands.sql")),
    M::up(include_str!("migrations/0003_anchors.sql")),
    M::up(include_str!("migrations/0004_handed_out.sql")),
];
const MIGRATIONS: Migrations<'_> = Migrations::from_slice(MIGRATION_SLICE);
/// The schema that this program writes.
pub(super) const SCHEMA: i64 = MIGRATION_SLICE.len() as i64;

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Reading and writing.
    ReadWrite {
        /// Makes the store if there is none.
        create: bool,
    },
    /// Reading; works on read-only media too.
    ReadOnly,
}

/// One connection to a store.
pub struct Store {
    pub(super) conn: Connection,
    /// The folder, or `:memory:`.
    pub(super) path: PathBuf,
    pub(super) objects: Objects,
    pub(super) interned: Interned,
    busy_ms: u64,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in the folder `path` (a `.derby`), migrating an older schema when writing.
    ///
    /// # Errors
    /// When there is none, it lies on a network file system, has a newer schema, is damaged, locked, no
    /// store at all, or the system refuses.
    pub fn open(path: &Path, mode: Mode) -> Result<Self, StoreError> {
        let file = path.join(DB_FILE);
        if !file.exists() && mode != (Mode::ReadWrite { create: true }) {
            return Err(StoreError::Missing(path.into()));
        }
        if let FsKind::Network(kind) = fs_kind(path) {
            return Err(StoreError::Network { path: path.into(), kind });
        }
        let at = |error: StoreError| error.at(path, BUSY_MS);
        match mode {
            Mode::ReadWrite { .. } => Self::open_writable(path).map_err(at),
            Mode::ReadOnly => {
                let writable = access(path, AccessFlags::W_OK).is_ok();
                Self::open_readable(path, writable).map_err(at)
            }
        }
    }

    /// Where the store of a command is: the explicit one, else `DERBY_STORE`, else the nearest `.derby`
    /// upwards from `start`, else `start/.derby`, which need not exist.
    pub fn find(start: &Path, explicit: Option<&Path>) -> PathBuf {
        if let Some(path) = explicit {
            return path.into();
        }
        if let Some(path) = std::env::var_os("DERBY_STORE").filter(|path| !path.is_empty()) {
            return path.into();
        }
        let full = std::path::absolute(start).unwrap_or_else(|_| start.into());
        full.ancestors()
            .map(|folder| folder.join(".derby"))
            .find(|candidate| candidate.join(DB_FILE).is_file())
            .unwrap_or_else(|| start.join(".derby"))
    }

    /// A store that lives and dies with the value.
    ///
    /// # Errors
    /// When SQLite has no memory.
    pub fn in_memory() -> Result<Self, StoreError> {
        let mut store =
            Self::wrap(Connection::open_in_memory()?, ":memory:".as_ref(), Objects::memory());
        store.set_up()?;
        store.migrate()?;
        Ok(store)
    }

    /// The store's folder; `:memory:` for one in memory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn wrap(conn: Connection, path: &Path, objects: Objects) -> Self {
        conn.set_prepared_statement_cache_capacity(96);
        Self { conn, path: path.into(), objects, interned: Interned::default(), busy_ms: BUSY_MS }
    }

    fn open_writable(path: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(path).map_err(StoreError::io("create", path))?;
        let file = path.join(DB_FILE);
        let fresh = !file.exists();
        // One process at a time makes or migrates a store; the lock goes with the file handle.
        let lock_path = path.join("lock");
        let lock = fs::File::options().create(true).append(true).open(&lock_path);
        let lock = match lock {
            Ok(lock) => lock,
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(StoreError::ReadOnly(path.into()));
            }
            Err(error) => return Err(StoreError::io("open", &lock_path)(error)),
        };
        let held = Flock::lock(lock, FlockArg::LockExclusive)
            .map_err(|(_, errno)| StoreError::io("lock", &lock_path)(errno.into()))?;
        if fresh {
            let ignore = path.join(".gitignore");
            fs::write(&ignore, "*\n").map_err(StoreError::io("write", &ignore))?;
        }
        let conn = Connection::open(&file)?;
        let mut store = Self::wrap(conn, path, Objects::Folder(path.join("objects")));
        store.set_up()?;
        if store.conn.is_readonly("main")? {
            return Err(StoreError::ReadOnly(path.into()));
        }
        store.check_schema()?;
        store.conn.pragma_update(None, "journal_mode", "wal")?;
        store.conn.pragma_update(None, "synchronous", "normal")?;
        // A trial dirties about 25 pages in each of its two commits. Folding the log in waits for the disk,
        // so it happens every 100 trials and not, by SQLite's default of 1000 pages, every 20.
        store.conn.pragma_update(None, "wal_autocheckpoint", 5000)?;
        store.conn.pragma_update(None, "journal_size_limit", 32 << 20)?;
        store.migrate()?;
        drop(held);
        Ok(store)
    }

    /// Opens for reading. Where the folder cannot be written, SQLite cannot share memory with writers
    /// either, so the file is taken as unchanging.
    pub(super) fn open_readable(path: &Path, writable: bool) -> Result<Self, StoreError> {
        let file = path.join(DB_FILE);
        let wal = fs::metadata(path.join(WAL_FILE)).is_ok_and(|meta| meta.len() > 0);
        let shared = path.join("derby.db-shm").exists();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        let conn = if writable || (wal && shared) {
            Connection::open_with_flags(&file, flags)?
        } else if wal {
            return Err(StoreError::Unfinished(path.into()));
        } else {
            let full = std::path::absolute(&file).map_err(StoreError::io("find", &file))?;
            Connection::open_with_flags(format!("file:{}?immutable=1", uri_path(&full)), flags)?
        };
        let store = Self::wrap(conn, path, Objects::Folder(path.join("objects")));
        store.set_up()?;
        let found = store.check_schema()?;
        if found < SCHEMA {
            return Err(StoreError::Older { path: path.into(), found, known: SCHEMA });
        }
        Ok(store)
    }

    fn set_up(&self) -> Result<(), StoreError> {
        self.conn.busy_timeout(Duration::from_millis(self.busy_ms))?;
        self.conn.pragma_update(None, "foreign_keys", true)?;
        self.conn.pragma_update(None, "temp_store", "memory")?;
        Ok(())
    }

    /// The schema's number, after refusing files that are not ours and schemas from the future.
    fn check_schema(&self) -> Result<i64, StoreError> {
        let pragma = |name| self.conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (application, found) = (pragma("application_id")?, pragma("user_version")?);
        let tables: i64 =
            self.conn.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
        if application != APPLICATION_ID && (application != 0 || found != 0 || tables > 0) {
            let found =
                format!("a SQLite database of another program with {tables} tables and indexes");
            return Err(StoreError::Foreign { path: self.path.clone(), found });
        }
        if found > SCHEMA {
            return Err(StoreError::Newer { path: self.path.clone(), found, known: SCHEMA });
        }
        Ok(found)
    }

    fn migrate(&mut self) -> Result<(), StoreError> {
        if self.conn.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? == SCHEMA
        {
            return Ok(());
        }
        self.conn.pragma_update(None, "application_id", APPLICATION_ID)?;
        MIGRATIONS.to_latest(&mut self.conn).map_err(|error| match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => StoreError::Sql(err),
            other => StoreError::Invalid(format!("the store could not be migrated: {other}")),
        })
    }

    /// How long to wait for another writer before [`StoreError::Locked`]; 5 s unless set.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn set_busy_timeout(&mut self, wait: Duration) -> Result<(), StoreError> {
        self.busy_ms = wait.as_millis() as u64;
        Ok(self.conn.busy_timeout(wait)?)
    }

    /// Caps the database at so many pages, which then fails as a full disk does.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        Ok(self.conn.pragma_update(None, "max_page_count", pages)?)
    }

    /// Does several writes as one transaction. An error takes all of them back.
    ///
    /// # Errors
    /// Those of `work`, or of the commit.
    pub fn batch<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.write(work)
    }

    /// Runs `work` in a transaction that takes the write lock at once: in the batch around it, or its own.
    pub(super) fn write<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if !self.conn.is_autocommit() {
            return work(self);
        }
        let result = self.execute("BEGIN IMMEDIATE").and_then(|()| {
            let done = work(self)?;
            self.execute("COMMIT")?;
            Ok(done)
        });
        result.map_err(|error| {
            if !self.conn.is_autocommit() {
                // SQLite itself rolls back on the worst errors; a failure to do so here changes nothing.
                self.conn.execute_batch("ROLLBACK").ok();
            }
            self.interned.clear(); // ids handed out in the transaction are void
            error.at(&self.path, self.busy_ms)
        })
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        self.conn.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// Runs a read, with errors that name the store.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work(&self.conn).map_err(|error| error.at(&self.path, self.busy_ms))
    }

    /// Grows by one with every transaction that changes a run; readers compare it to skip a refresh.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn change_seq(&self) -> Result<i64, StoreError> {
        self.read(|conn| {
            let sql = "SELECT value FROM counter WHERE name = 'change'";
            Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        })
    }

    /// Runs a read of several statements on one state of the store. It is faster too: a statement by itself asks
    /// for the lock of readers, which costs more than finding a row.
    pub(super) fn read_at_once<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.read(|conn| {
            if !conn.is_autocommit() {
                return work(conn); // in the batch around it
            }
            let transaction = conn.unchecked_transaction()?;
            let result = work(conn)?;
            transaction.commit()?;
            Ok(result)
        })
    }

    /// Differs from before once another connection, of this process or any other, has changed the file. Costs
    /// a few microseconds; own writes do not count.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached("PRAGMA data_version")?;
            Ok(statement.query_row([], |row| row.get(0))?)
        })
    }

    /// Takes the next change number; inside a transaction.
    pub(super) fn next_change(&self) -> Result<i64, StoreError> {
        let sql = "UPDATE counter SET value = value + 1 WHERE name = 'change' RETURNING value";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }
}

/// A path as it may stand in a URI of SQLite's: percent-encoded where it must be.
pub(super) fn uri_path(path: &Path) -> String {
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;
    let mut text = String::new();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_') {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("writing to a string succeeds");
        }
    }
    text
}
