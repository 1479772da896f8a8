//! Merges another store into this one: by uuid, so that twice is once.

use super::maintain::absolute;
use super::open::{DB_FILE, uri_path};
use super::{Mode, Store, StoreError, maintain};
use crate::domain::Status;
use rusqlite::{Connection, params};
use std::path::Path;

/// What a merge brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MergeReport {
    /// Runs that were new here.
    pub runs: u64,
    /// Runs that were here already.
    pub known: u64,
    /// Runs still at work over there; a later merge brings them.
    pub unfinished: u64,
    /// Sweeps that were new here.
    pub sweeps: u64,
    /// Objects copied.
    pub objects: u64,
}

/// Numbers over there and here, for the time of one merge.
const MAPS: &str = "
    CREATE TEMP TABLE IF NOT EXISTS map_sweep (old INTEGER PRIMARY KEY, new INTEGER NOT NULL);
    CREATE TEMP TABLE IF NOT EXISTS map_run (old INTEGER PRIMARY KEY, new INTEGER NOT NULL);
    DELETE FROM map_sweep; DELETE FROM map_run;";

const NAMES: &str = "
    INSERT OR IGNORE INTO main.experiment (name, lifecycle, created)
      SELECT name, lifecycle, created FROM src.experiment ORDER BY id;
    INSERT OR IGNORE INTO main.metric (name) SELECT name FROM src.metric ORDER BY id;
    INSERT OR IGNORE INTO main.param_name (name) SELECT name FROM src.param_name ORDER BY id;
    INSERT OR IGNORE INTO main.dataset (digest, schema_digest, rows, source)
      SELECT digest, schema_digest, rows, source FROM src.dataset ORDER BY id;
    INSERT OR IGNORE INTO main.context
        (digest, user, host, git_commit, git_branch, git_dirty, git_diff, argv, env, version)
      SELECT digest, user, host, git_commit, git_branch, git_dirty, git_diff, argv, env, version
      FROM src.context ORDER BY id;";

/// A sweep of the same file is the same sweep as long as one record only goes further than the other:
/// where both have trials that the other lacks, or one number means two configurations, it stays apart.
const SAME_SWEEP: &str = "
    SELECT m.id FROM main.sweep m WHERE m.digest = ?2 AND m.name = ?3
      AND NOT EXISTS (SELECT 1 FROM main.trial a JOIN src.trial b
        ON b.sweep = ?1 AND b.number = a.number AND b.config <> a.config WHERE a.sweep = m.id)
      AND (NOT EXISTS (SELECT 1 FROM main.trial a WHERE a.sweep = m.id AND NOT EXISTS
             (SELECT 1 FROM src.trial b WHERE b.sweep = ?1 AND b.number = a.number))
        OR NOT EXISTS (SELECT 1 FROM src.trial b WHERE b.sweep = ?1 AND NOT EXISTS
             (SELECT 1 FROM main.trial a WHERE a.sweep = m.id AND a.number = b.number)))
    ORDER BY m.id DESC LIMIT 1";

const ADD_SWEEP: &str = "
    INSERT INTO main.sweep (uuid, name, experiment, model, digest, file, text, sampler, seed, objectives,
        total, created)
      SELECT s.uuid, s.name, (SELECT id FROM main.experiment WHERE name = e.name), s.model, s.digest, s.file,
        s.text, s.sampler, s.seed, s.objectives, s.total, s.created
      FROM src.sweep s JOIN src.experiment e ON e.id = s.experiment WHERE s.id = ?1";

/// Behind the trials that are here already; they keep their places in both orders.
const TRIALS: &str = "
    INSERT INTO main.trial (sweep, number, point, params, config, pending, same_as, arm, pruned_step,
        pruned_loss, handed, handed_to, ask_seq, tell_seq)
      SELECT ?2, t.number, t.point, t.params, t.config, t.pending, t.same_as, t.arm, t.pruned_step,
        t.pruned_loss, t.handed, t.handed_to,
        (SELECT coalesce(max(ask_seq), -1) FROM main.trial WHERE sweep = ?2)
          + row_number() OVER (ORDER BY t.ask_seq),
        CASE WHEN t.tell_seq IS NOT NULL THEN
          (SELECT coalesce(max(tell_seq), -1) FROM main.trial WHERE sweep = ?2)
          + row_number() OVER (ORDER BY t.tell_seq IS NULL, t.tell_seq) END
      FROM src.trial t WHERE t.sweep = ?1
        AND NOT EXISTS (SELECT 1 FROM main.trial m WHERE m.sweep = ?2 AND m.number = t.number)
      ORDER BY t.number";

const VALUES: &str = "
    INSERT OR IGNORE INTO main.trial_value (sweep, trial, objective, loss, sd)
      SELECT ?2, v.trial, v.objective, v.loss, v.sd FROM src.trial_value v
      JOIN src.trial b ON b.sweep = ?1 AND b.number = v.trial
      JOIN main.trial a ON a.sweep = ?2 AND a.number = b.number AND a.config = b.config WHERE v.sweep = ?1";

const HISTORY: [&str; 2] = [
    "INSERT INTO main.sweep_event (sweep, ts, kind, detail)
       SELECT ?2, ts, kind, detail FROM src.sweep_event x WHERE sweep = ?1 AND NOT EXISTS
         (SELECT 1 FROM main.sweep_event y WHERE y.sweep = ?2 AND y.ts = x.ts AND y.kind = x.kind
            AND y.detail = x.detail) ORDER BY id",
    "INSERT INTO main.sweep_session (sweep, owner, started, ended)
       SELECT ?2, owner, started, ended FROM src.sweep_session x WHERE sweep = ?1 AND NOT EXISTS
         (SELECT 1 FROM main.sweep_session y WHERE y.sweep = ?2 AND y.owner = x.owner
            AND y.started = x.started) ORDER BY id",
];

/// Where two copies of one sweep went different ways, a run keeps the sweep but not the trial's number,
/// which means another configuration here.
const ADD_RUNS: &str = "
    INSERT INTO main.run (uuid, name, experiment, sweep, trial, attempt, status, reason, deleted, context,
        seed, config_key, started, ended, seconds, cpu_seconds, replicate, exit_code, exit_signal, change_seq)
      SELECT r.uuid, r.name, (SELECT id FROM main.experiment WHERE name = e.name),
        (SELECT new FROM map_sweep WHERE old = r.sweep),
        (SELECT a.number FROM map_sweep x JOIN src.trial b ON b.sweep = x.old AND b.number = r.trial
          JOIN main.trial a ON a.sweep = x.new AND a.number = b.number AND a.config = b.config
          WHERE x.old = r.sweep), r.attempt, r.status, r.reason, r.deleted,
        (SELECT id FROM main.context WHERE digest = c.digest), r.seed, r.config_key, r.started, r.ended,
        r.seconds, r.cpu_seconds, r.replicate, r.exit_code, r.exit_signal, ?1
      FROM src.run r JOIN src.experiment e ON e.id = r.experiment JOIN src.context c ON c.id = r.context
      WHERE r.status NOT IN ('queued', 'running')
        AND NOT EXISTS (SELECT 1 FROM main.run m WHERE m.uuid = r.uuid)
      ORDER BY r.id";

/// What hangs on the new runs. `?1` is the change number that marks them.
const ADD_DETAILS: [&str; 9] = [
    "INSERT INTO map_run SELECT r.id, m.id FROM src.run r JOIN main.run m ON m.uuid = r.uuid
       WHERE m.change_seq = ?1",
    "UPDATE main.run SET
       parent = (SELECT m.id FROM map_run x JOIN src.run r ON r.id = x.old JOIN src.run p ON p.id = r.parent
         JOIN main.run m ON m.uuid = p.uuid WHERE x.new = run.id),
       cached_from = (SELECT m.id FROM map_run x JOIN src.run r ON r.id = x.old
         JOIN src.run p ON p.id = r.cached_from JOIN main.run m ON m.uuid = p.uuid WHERE x.new = run.id)
       WHERE change_seq = ?1",
    "INSERT INTO main.run_input (run, dataset, role, split)
       SELECT x.new, d.id, i.role, i.split FROM src.run_input i JOIN map_run x ON x.old = i.run
       JOIN src.dataset o ON o.id = i.dataset JOIN main.dataset d
         ON d.digest = o.digest AND d.schema_digest = o.schema_digest AND d.source = o.source WHERE ?1 > 0",
    "INSERT INTO main.param (run, name, position, kind, number, text)
       SELECT x.new, n.id, p.position, p.kind, p.number, p.text FROM src.param p
       JOIN map_run x ON x.old = p.run JOIN src.param_name o ON o.id = p.name
       JOIN main.param_name n ON n.name = o.name WHERE ?1 > 0",
    "INSERT INTO main.tag SELECT x.new, t.key, t.value FROM src.tag t JOIN map_run x ON x.old = t.run
       WHERE ?1 > 0",
    "INSERT INTO main.note SELECT x.new, t.text, t.changed FROM src.note t JOIN map_run x ON x.old = t.run
       WHERE ?1 > 0",
    "INSERT INTO main.point (run, metric, context, step, ts, value, special)
       SELECT x.new, m.id, p.context, p.step, p.ts, p.value, p.special FROM src.point p
       JOIN map_run x ON x.old = p.run JOIN src.metric o ON o.id = p.metric
       JOIN main.metric m ON m.name = o.name WHERE ?1 > 0",
    "INSERT INTO main.summary (run, metric, position, score, n, mean, sd, last, min, max)
       SELECT x.new, m.id, p.position, p.score, p.n, p.mean, p.sd, p.last, p.min, p.max FROM src.summary p
       JOIN map_run x ON x.old = p.run JOIN src.metric o ON o.id = p.metric
       JOIN main.metric m ON m.name = o.name WHERE ?1 > 0",
    "INSERT INTO main.artifact SELECT x.new, a.path, a.digest, a.size FROM src.artifact a
       JOIN map_run x ON x.old = a.run WHERE ?1 > 0",
];

impl Store {
    /// Brings in everything that the store in the folder `from` has and this one lacks. Runs keep their
    /// uuid and get numbers of this store; a second merge changes nothing.
    ///
    /// # Errors
    /// When `from` is no store of this schema, or one of them cannot be read or written.
    pub fn merge(&mut self, from: &Path) -> Result<MergeReport, StoreError> {
        let other = Self::open(from, Mode::ReadOnly)?; // its checks, and its objects
        let objects = self.copy_objects(&other)?;
        let is_immutable = !other.shares_memory()?;
        let flags = if is_immutable { "immutable=1" } else { "mode=ro" };
        let uri = format!("file:{}?{flags}", uri_path(&absolute(&from.join(DB_FILE))?));
        drop(other);
        self.read(|conn| Ok(conn.execute("ATTACH ?1 AS src", [&uri]).map(|_| ())?))?;
        let result = self.write(merge_rows);
        // Whatever came of it, the other file is let go; cached statements on it go first.
        self.conn.flush_prepared_statement_cache();
        let detached = self.read(|conn| Ok(conn.execute_batch("DETACH src")?));
        let report = result?;
        detached?;
        Ok(MergeReport { objects, ..report })
    }

    /// False for a store that was opened as unchanging.
    fn shares_memory(&self) -> Result<bool, StoreError> {
        self.read(|conn| {
            let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            Ok(mode == "wal")
        })
    }

    fn copy_objects(&self, other: &Self) -> Result<u64, StoreError> {
        let present = self.objects.list()?;
        let mut copied = 0;
        for address in other.read(maintain::references)?.keys() {
            if present.contains_key(address) {
                continue;
            }
            if let Some(bytes) = other.objects.get(address)? {
                self.objects.put(&bytes)?;
                copied += 1;
            }
        }
        Ok(copied)
    }
}

fn merge_rows(store: &mut Store) -> Result<MergeReport, StoreError> {
    let change = store.next_change()?;
    let conn = &store.conn;
    conn.execute_batch(MAPS)?;
    conn.execute_batch(NAMES)?;
    let sweeps = merge_sweeps(conn)?;
    let over: i64 = conn.query_row("SELECT count(*) FROM src.run", [], |row| row.get(0))?;
    let open = "SELECT count(*) FROM src.run WHERE status IN (?1, ?2)";
    let words = [Status::Queued.word(), Status::Running.word()];
    let unfinished: i64 = conn.query_row(open, words, |row| row.get(0))?;
    let runs = conn.execute(ADD_RUNS, [change])? as u64;
    for sql in ADD_DETAILS {
        conn.execute(sql, [change])?;
    }
    let unfinished = unfinished as u64;
    Ok(MergeReport { runs, known: over as u64 - unfinished - runs, unfinished, sweeps, objects: 0 })
}

fn merge_sweeps(conn: &Connection) -> Result<u64, StoreError> {
    let mut statement = conn.prepare("SELECT id, uuid, digest, name FROM src.sweep ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?))
    })?;
    let sweeps: Vec<(i64, String, String, String)> = rows.collect::<Result<_, _>>()?;
    let mut added = 0;
    for (old, uuid, digest, name) in sweeps {
        let first =
            |sql: &str, values: &[&dyn rusqlite::ToSql]| -> Result<Option<i64>, StoreError> {
                let mut statement = conn.prepare(sql)?;
                let mut rows = statement.query(values)?;
                Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
            };
        let by_uuid = first("SELECT id FROM main.sweep WHERE uuid = ?1", &[&uuid])?;
        let found = match by_uuid {
            Some(id) => Some(id),
            None => first(SAME_SWEEP, &[&old, &digest, &name])?,
        };
        let new = if let Some(id) = found {
            id
        } else {
            conn.execute(ADD_SWEEP, [old])?;
            added += 1;
            conn.last_insert_rowid()
        };
        conn.execute("INSERT INTO map_sweep VALUES (?1, ?2)", [old, new])?;
        conn.execute(TRIALS, [old, new])?;
        conn.execute(VALUES, [old, new])?;
        for sql in HISTORY {
            conn.execute(sql, params![old, new])?;
        }
    }
    Ok(added)
}
