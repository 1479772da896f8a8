//! Leases: which process drives a sweep or executes a run, and what others ask of it.

use super::{Store, StoreError};
use crate::domain::SweepId;
use crate::host;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// A process that claims work, recognizable after its id was reused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Host name.
    pub host: String,
    /// Process id.
    pub pid: u32,
    /// When it started, in ticks since boot.
    pub start: u64,
    /// Of this claim to work, so that two in one process differ.
    pub uuid: String,
}

impl Owner {
    /// This process, with a uuid of its own.
    pub fn this_process() -> Self {
        let (pid, start) = host::process_identity();
        Self { host: host::hostname(), pid, start, uuid: super::fresh_uuid() }
    }

    /// True if the process is on this machine and gone.
    fn is_dead(&self) -> bool {
        self.host == host::hostname() && !host::pid_alive(self.pid, self.start)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<(Self, i64)> {
        let owner = Self {
            host: row.get("host")?,
            pid: row.get("pid")?,
            start: row.get::<_, i64>("pid_start")? as u64,
            uuid: row.get("uuid")?,
        };
        Ok((owner, row.get("expires")?))
    }
}

/// How long a lease of an owner that was never given one lasts.
const DEFAULT_TTL_MS: i64 = 60_000;

/// A command that waits for the process that drives a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// Its number.
    pub id: i64,
    /// What to do.
    pub command: serde_json::Value,
    /// When it was posted, milliseconds since 1970 UTC.
    pub created: i64,
}

/// A command with what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PastCommand {
    /// Its number.
    pub id: i64,
    /// What to do.
    pub command: serde_json::Value,
    /// When it was posted, milliseconds since 1970 UTC.
    pub created: i64,
    /// When it was answered; `None` while it waits.
    pub acknowledged: Option<i64>,
    /// The answer.
    pub answer: Option<serde_json::Value>,
}

impl Store {
    /// Makes `owner` the one process that asks the sweep's sampler, for `ttl_ms` after each beat. Opens a
    /// session, which [`Store::sweep_seconds`] counts.
    ///
    /// # Errors
    /// [`StoreError::Held`] while another live process does; a dead or expired one is replaced.
    pub fn acquire_driver(
        &mut self,
        sweep: SweepId,
        owner: &Owner,
        ttl_ms: i64,
    ) -> Result<(), StoreError> {
        self.write(|store| {
            let now = host::now_ms();
            let holder = driver(&store.conn, sweep)?;
            if let Some((by, expires)) = &holder
                && by.uuid != owner.uuid
                && *expires > now
                && !by.is_dead()
            {
                let sql = "SELECT name FROM sweep WHERE id = ?1";
                let sweep =
                    store.conn.prepare_cached(sql)?.query_row([sweep.0], |row| row.get(0))?;
                return Err(StoreError::Held { sweep, by: Box::new(by.clone()) });
            }
            if holder.is_some_and(|(by, _)| by.uuid == owner.uuid) {
                return store.set_ttl(owner, ttl_ms, now).map(|_| ());
            }
            let id = store.set_ttl(owner, ttl_ms, now)?;
            let sql =
                "INSERT INTO sweep_session (sweep, owner, started, ended) VALUES (?1, ?2, ?3, ?3)";
            store.conn.prepare_cached(sql)?.execute(params![sweep.0, owner.uuid, now])?;
            let session = store.conn.last_insert_rowid();
            let sql = "INSERT OR REPLACE INTO lease (kind, target, owner, attempt, session)
                       VALUES ('sweep', ?1, ?2, 0, ?3)";
            store.conn.prepare_cached(sql)?.execute(params![sweep.0, id, session])?;
            Ok(())
        })
    }

    /// Moves the expiry of everything that `owner` holds. False if it drives no sweep any more because
    /// another process took over: it must stop.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn beat(&mut self, owner: &Owner) -> Result<bool, StoreError> {
        self.write(|store| {
            let now = host::now_ms();
            let sql = "UPDATE owner SET expires = ?2 + ttl WHERE uuid = ?1 RETURNING id";
            let mut statement = store.conn.prepare_cached(sql)?;
            let id: Option<i64> =
                statement.query_row(params![owner.uuid, now], |row| row.get(0)).optional()?;
            let sql = "UPDATE sweep_session SET ended = max(started, ?2) WHERE id IN
                       (SELECT session FROM lease WHERE kind = 'sweep' AND owner = ?1)";
            Ok(store.conn.prepare_cached(sql)?.execute(params![id, now])? > 0)
        })
    }

    /// Ends the session and frees the sweep; nothing happens if another process took over before.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn release_driver(&mut self, sweep: SweepId, owner: &Owner) -> Result<(), StoreError> {
        self.write(|store| {
            let now = host::now_ms();
            let sql = "DELETE FROM lease WHERE kind = 'sweep' AND target = ?1
                       AND owner = (SELECT id FROM owner WHERE uuid = ?2) RETURNING session";
            let mut statement = store.conn.prepare_cached(sql)?;
            let session: Option<Option<i64>> =
                statement.query_row(params![sweep.0, owner.uuid], |row| row.get(0)).optional()?;
            let sql = "UPDATE sweep_session SET ended = max(started, ?2) WHERE id = ?1";
            store.conn.prepare_cached(sql)?.execute(params![session.flatten(), now])?;
            Ok(())
        })
    }

    /// The process that drives the sweep, if it is alive.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn driver(&self, sweep: SweepId) -> Result<Option<Owner>, StoreError> {
        let held = self.read(|conn| driver(conn, sweep))?;
        let now = host::now_ms();
        Ok(held.filter(|(by, expires)| *expires > now && !by.is_dead()).map(|(by, _)| by))
    }

    /// True while the sweep's lease is this owner's, expired or not: nobody took it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_driver(&self, sweep: SweepId, owner: &Owner) -> Result<bool, StoreError> {
        let held = self.read(|conn| driver(conn, sweep))?;
        Ok(held.is_some_and(|(by, _)| by.uuid == owner.uuid))
    }

    /// Wall seconds of all sessions of the sweep, except the one that is going on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sweep_seconds(&self, sweep: SweepId) -> Result<f64, StoreError> {
        let open = self.driver(sweep)?.map(|owner| owner.uuid);
        self.read(|conn| {
            let sql =
                "SELECT coalesce(sum(ended - started), 0) FROM sweep_session s WHERE sweep = ?1
                       AND NOT (?2 IS NOT NULL AND EXISTS (SELECT 1 FROM lease
                         WHERE kind = 'sweep' AND target = ?1 AND session = s.id))";
            let ms: i64 =
                conn.prepare_cached(sql)?.query_row(params![sweep.0, open], |row| row.get(0))?;
            Ok(ms as f64 / 1000.0)
        })
    }

    /// Asks the process that drives the sweep for something. Commands are idempotent and taken in order.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn post_command(
        &mut self,
        sweep: SweepId,
        command: &serde_json::Value,
    ) -> Result<i64, StoreError> {
        self.write(|store| {
            let sql = "INSERT INTO control (sweep, command, created) VALUES (?1, ?2, ?3)";
            let row = params![sweep.0, command.to_string(), host::now_ms()];
            store.conn.prepare_cached(sql)?.execute(row)?;
            Ok(store.conn.last_insert_rowid())
        })
    }

    /// Commands that no one has answered, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn open_commands(&self, sweep: SweepId) -> Result<Vec<Command>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT id, command, created FROM control
                       WHERE sweep = ?1 AND acknowledged IS NULL ORDER BY id";
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query([sweep.0])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let command = super::codec::json(&row.get::<_, String>(1)?, "a command")?;
                found.push(Command { id: row.get(0)?, command, created: row.get(2)? });
            }
            Ok(found)
        })
    }

    /// The latest commands to a sweep, newest first; what its driver asks of its workers (`stop`) left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn commands(&self, sweep: SweepId, limit: usize) -> Result<Vec<PastCommand>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT id, command, created, acknowledged, answer FROM control
                       WHERE sweep = ?1 AND json_extract(command, '$.stop') IS NULL
                       ORDER BY id DESC LIMIT ?2";
            let mut statement = conn.prepare_cached(sql)?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![sweep.0, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(past_command(row)?);
            }
            Ok(found)
        })
    }

    /// A command by its number.
    ///
    /// # Errors
    /// When there is none, or the store cannot be read.
    pub fn command(&self, id: i64) -> Result<PastCommand, StoreError> {
        self.read(|conn| {
            let sql =
                "SELECT id, command, created, acknowledged, answer FROM control WHERE id = ?1";
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query([id])?;
            match rows.next()? {
                Some(row) => past_command(row),
                None => Err(StoreError::Invalid(format!("there is no command {id}"))),
            }
        })
    }

    /// Start and end of the sweep's sessions in milliseconds since 1970 UTC, oldest first; the end of one that is
    /// going on is its last beat.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sweep_sessions(&self, sweep: SweepId) -> Result<Vec<(i64, i64)>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT started, ended FROM sweep_session WHERE sweep = ?1 ORDER BY id";
            let mut statement = conn.prepare_cached(sql)?;
            let rows = statement.query_map([sweep.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Answers a command.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn acknowledge(
        &mut self,
        command: i64,
        answer: &serde_json::Value,
    ) -> Result<(), StoreError> {
        self.write(|store| {
            let sql = "UPDATE control SET acknowledged = ?2, answer = ?3
                       WHERE id = ?1 AND acknowledged IS NULL";
            let row = params![command, host::now_ms(), answer.to_string()];
            store.conn.prepare_cached(sql)?.execute(row)?;
            Ok(())
        })
    }

    fn set_ttl(&mut self, owner: &Owner, ttl: i64, now: i64) -> Result<i64, StoreError> {
        let id = self.owner_id(owner)?;
        let sql = "UPDATE owner SET ttl = ?2, expires = ?3 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute(params![id, ttl, now.saturating_add(ttl)])?;
        Ok(id)
    }

    /// The owner's row, made at its first claim.
    pub(super) fn owner_id(&mut self, owner: &Owner) -> Result<i64, StoreError> {
        if let Some(&id) = self.interned.owners.get(&owner.uuid) {
            return Ok(id);
        }
        let sql = "INSERT INTO owner (uuid, host, pid, pid_start, ttl, expires)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                   ON CONFLICT (uuid) DO UPDATE SET expires = max(expires, excluded.expires) RETURNING id";
        let expires = host::now_ms().saturating_add(DEFAULT_TTL_MS);
        let row =
            params![owner.uuid, owner.host, owner.pid, owner.start as i64, DEFAULT_TTL_MS, expires];
        let id = self.conn.prepare_cached(sql)?.query_row(row, |row| row.get(0))?;
        self.interned.owners.insert(owner.uuid.clone(), id);
        Ok(id)
    }
}

fn driver(conn: &Connection, sweep: SweepId) -> Result<Option<(Owner, i64)>, StoreError> {
    let sql = "SELECT o.* FROM lease l JOIN owner o ON o.id = l.owner
               WHERE l.kind = 'sweep' AND l.target = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([sweep.0], Owner::read).optional()?)
}

fn past_command(row: &Row<'_>) -> Result<PastCommand, StoreError> {
    let answer: Option<String> = row.get("answer")?;
    Ok(PastCommand {
        id: row.get("id")?,
        command: super::codec::json(&row.get::<_, String>("command")?, "a command")?,
        created: row.get("created")?,
        acknowledged: row.get("acknowledged")?,
        answer: answer.map(|text| super::codec::json(&text, "an answer")).transpose()?,
    })
}

/// The owner of a row, unless it is dead or expired.
pub(super) fn live_owner(row: &Row<'_>, now: i64) -> Result<Option<Owner>, StoreError> {
    let (owner, expires) = Owner::read(row)?;
    Ok((expires > now && !owner.is_dead()).then_some(owner))
}

/// A run without a live process.
pub(super) struct StaleRun {
    pub(super) run: i64,
    pub(super) trial: Option<i64>,
    /// False while it waits for its turn.
    pub(super) is_running: bool,
    /// The uuid of its owner, if that was a process of this host.
    pub(super) owner: Option<String>,
}

/// Runs that are marked as running and whose process is dead or silent for too long, by number.
pub(super) fn lost_runs(conn: &Connection, now: i64) -> Result<Vec<i64>, StoreError> {
    let stale = stale_runs(conn, None, now)?;
    Ok(stale.into_iter().filter(|run| run.is_running).map(|run| run.run).collect())
}

/// Runs whose lease is held by a dead or expired owner, or by none, among the queued and running ones of
/// a sweep (of all sweeps without one).
pub(super) fn stale_runs(
    conn: &Connection,
    sweep: Option<SweepId>,
    now: i64,
) -> Result<Vec<StaleRun>, StoreError> {
    let sql = "SELECT r.id AS run, r.trial, r.status = 'running' AS is_running, o.host, o.pid, o.pid_start, o.uuid, o.expires
               FROM run r LEFT JOIN lease l ON l.kind = 'run' AND l.target = r.id
               LEFT JOIN owner o ON o.id = l.owner
               WHERE r.status IN ('queued', 'running') AND (?1 IS NULL OR r.sweep = ?1) ORDER BY r.id";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([sweep.map(|sweep| sweep.0)])?;
    let mut stale = Vec::new();
    while let Some(row) = rows.next()? {
        let (run, trial) = (row.get("run")?, row.get("trial")?);
        let is_running = row.get("is_running")?;
        if row.get::<_, Option<String>>("uuid")?.is_none() {
            stale.push(StaleRun { run, trial, is_running, owner: None });
            continue;
        }
        let (owner, expires) = Owner::read(row)?;
        if expires <= now || owner.is_dead() {
            let owner = (owner.host == host::hostname()).then_some(owner.uuid);
            stale.push(StaleRun { run, trial, is_running, owner });
        }
    }
    Ok(stale)
}
