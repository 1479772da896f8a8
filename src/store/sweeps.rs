//! Sweeps: begin or resume one, its events, and how it stands.

use super::error::nearest;
use super::{Store, StoreError, codec, fresh_uuid};
use crate::domain::{Goal, Objective, RunId, Status, SweepId};
use crate::host;
use indexmap::IndexMap;
use rusqlite::{Connection, Row, params};

/// A sweep about to begin or to go on.
#[derive(Debug, Clone)]
pub struct NewSweep {
    /// The sweep's name.
    pub name: String,
    /// The experiment's name.
    pub experiment: String,
    /// The registered model.
    pub model: String,
    /// Identity, 64 hex digits.
    pub digest: String,
    /// The file, as the user named it.
    pub file: String,
    /// Its canonical text.
    pub text: String,
    /// The sampler's name.
    pub sampler: String,
    /// The seed.
    pub seed: u64,
    /// What to optimize; the first one ranks.
    pub objectives: Vec<Objective>,
    /// How many trials are meant to run.
    pub total: Option<u64>,
}

/// A sweep with how it stands.
#[derive(Debug, Clone)]
pub struct SweepRow {
    /// Number in this store.
    pub id: SweepId,
    /// Identity across stores.
    pub uuid: String,
    /// Its name; several may share it, and the name alone means the newest.
    pub name: String,
    /// The experiment's name.
    pub experiment: String,
    /// The registered model.
    pub model: String,
    /// Identity of the search, 64 hex digits.
    pub digest: String,
    /// The file, as the user named it.
    pub file: String,
    /// Its canonical text.
    pub text: String,
    /// The sampler's name.
    pub sampler: String,
    /// The seed.
    pub seed: u64,
    /// What it optimizes.
    pub objectives: Vec<Objective>,
    /// How many trials are meant to run.
    pub total: Option<u64>,
    /// When it began, milliseconds since 1970 UTC.
    pub created: i64,
    /// True if this call made it; false for one that goes on.
    pub is_new: bool,
    /// Trials asked for.
    pub trials: u64,
    /// Trials equal to earlier ones.
    pub duplicates: u64,
    /// Runs per status, in the order of [`Status::ALL`]; only those that occur, binned runs left out.
    pub counts: IndexMap<Status, u64>,
    /// The run with the best first objective, and its score in the metric's own direction.
    pub best: Option<(RunId, f64)>,
}

/// Something that happened to a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepEvent {
    /// When, milliseconds since 1970 UTC.
    pub ts: i64,
    /// What: started, resumed, stopped, budget, …
    pub kind: String,
    /// More about it.
    pub detail: serde_json::Value,
}

const COLUMNS: &str = "SELECT s.*, e.name AS experiment_name,
    (SELECT count(*) FROM trial t WHERE t.sweep = s.id) AS trials,
    (SELECT count(*) FROM trial t WHERE t.sweep = s.id AND t.same_as IS NOT NULL) AS duplicates
    FROM sweep s JOIN experiment e ON e.id = s.experiment";

impl Store {
    /// Finds the sweep of that name and digest, to go on with it, or makes one. The same name with
    /// another digest is a sweep of its own.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn begin_sweep(&mut self, new: &NewSweep) -> Result<SweepRow, StoreError> {
        self.write(|store| {
            let sql = "SELECT id FROM sweep WHERE digest = ?1 AND name = ?2 ORDER BY id DESC LIMIT 1";
            let mut statement = store.conn.prepare_cached(sql)?;
            let found = statement.query_row(params![new.digest, new.name], |row| row.get::<_, i64>(0));
            drop(statement);
            match found {
                Ok(id) => {
                    // Budget, registered model and file may change while a sweep lives.
                    let sql = "UPDATE sweep SET total = ?2, file = ?3, text = ?4, model = ?5 WHERE id = ?1";
                    let total = new.total.map(|total| total as i64);
                    let row = params![id, total, new.file, new.text, new.model];
                    store.conn.prepare_cached(sql)?.execute(row)?;
                    by_id(&store.conn, SweepId(id))
                }
                Err(rusqlite::Error::QueryReturnedNoRows) => {
                    let id = store.insert_sweep(new)?;
                    Ok(SweepRow { is_new: true, ..by_id(&store.conn, id)? })
                }
                Err(error) => Err(error.into()),
            }
        })
    }

    fn insert_sweep(&mut self, new: &NewSweep) -> Result<SweepId, StoreError> {
        let experiment = self.interned.experiment(&self.conn, &new.experiment)?;
        let sql = "INSERT INTO sweep (uuid, name, experiment, model, digest, file, text, sampler, seed,
                   objectives, total, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        self.conn.prepare_cached(sql)?.execute(params![
            fresh_uuid(),
            new.name,
            experiment,
            new.model,
            new.digest,
            new.file,
            new.text,
            new.sampler,
            new.seed as i64,
            codec::to_json(&new.objectives)?,
            new.total.map(|total| total as i64),
            host::now_ms(),
        ])?;
        Ok(SweepId(self.conn.last_insert_rowid()))
    }

    /// Sets how many trials are meant to run.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn set_total(&mut self, sweep: SweepId, total: Option<u64>) -> Result<(), StoreError> {
        self.write(|store| {
            let sql = "UPDATE sweep SET total = ?2 WHERE id = ?1";
            let total = total.map(|total| total as i64);
            store.conn.prepare_cached(sql)?.execute(params![sweep.0, total])?;
            Ok(())
        })
    }

    /// Appends to the sweep's history: started, resumed, stopped with its reason, a changed budget.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn add_event(
        &mut self,
        sweep: SweepId,
        kind: &str,
        detail: &serde_json::Value,
    ) -> Result<(), StoreError> {
        self.write(|store| {
            let sql = "INSERT INTO sweep_event (sweep, ts, kind, detail) VALUES (?1, ?2, ?3, ?4)";
            let row = params![sweep.0, host::now_ms(), kind, detail.to_string()];
            store.conn.prepare_cached(sql)?.execute(row)?;
            Ok(())
        })
    }

    /// The sweep's history, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn events(&self, sweep: SweepId) -> Result<Vec<SweepEvent>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT ts, kind, detail FROM sweep_event WHERE sweep = ?1 ORDER BY id";
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query([sweep.0])?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                let detail = codec::json(&row.get::<_, String>(2)?, "an event")?;
                events.push(SweepEvent { ts: row.get(0)?, kind: row.get(1)?, detail });
            }
            Ok(events)
        })
    }

    /// A sweep by name (the newest of that name), number, or first digits of its digest; a leading
    /// `sweep:` is fine.
    ///
    /// # Errors
    /// [`StoreError::NoSuchSweep`] with the nearest names.
    pub fn sweep(&self, reference: &str) -> Result<SweepRow, StoreError> {
        let wanted = reference.strip_prefix("sweep:").unwrap_or(reference);
        self.read(|conn| {
            let sql = "SELECT id, name, digest FROM sweep ORDER BY id DESC";
            let mut statement = conn.prepare_cached(sql)?;
            let rows =
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let known: Vec<(i64, String, String)> = rows.collect::<Result<_, _>>()?;
            let hex = wanted.strip_prefix("b3:").unwrap_or(wanted);
            let find =
                |fits: &dyn Fn(&(i64, String, String)) -> bool| known.iter().find(|row| fits(row));
            let found = find(&|row| row.1 == wanted)
                .or_else(|| find(&|row| row.0.to_string() == wanted))
                .or_else(|| find(&|row| hex.len() >= 6 && row.2.starts_with(hex)));
            match found {
                Some((id, ..)) => by_id(conn, SweepId(*id)),
                None => Err(StoreError::NoSuchSweep {
                    reference: wanted.into(),
                    near: nearest(wanted, known.iter().map(|row| row.1.as_str())),
                }),
            }
        })
    }

    /// All sweeps of that name, newest first; a leading `sweep:` is fine.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sweeps_named(&self, name: &str) -> Result<Vec<SweepRow>, StoreError> {
        let name = name.strip_prefix("sweep:").unwrap_or(name);
        self.read(|conn| {
            let sql = format!("{COLUMNS} WHERE s.name = ?1 ORDER BY s.id DESC");
            let mut statement = conn.prepare_cached(&sql)?;
            let mut rows = statement.query([name])?;
            let mut sweeps = Vec::new();
            while let Some(row) = rows.next()? {
                sweeps.push(read(conn, row)?);
            }
            Ok(sweeps)
        })
    }

    /// The sweep of that name and digest, the newest where a merge brought several.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn same_sweep(&self, name: &str, digest: &str) -> Result<Option<SweepId>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT max(id) FROM sweep WHERE digest = ?1 AND name = ?2";
            let id: Option<i64> =
                conn.prepare_cached(sql)?.query_row(params![digest, name], |row| row.get(0))?;
            Ok(id.map(SweepId))
        })
    }

    /// The names of all metrics that finished trials of a sweep have, in alphabetical order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sweep_metrics(&self, sweep: SweepId) -> Result<Vec<String>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT DISTINCT m.name FROM run r JOIN summary s ON s.run = r.id
                       JOIN metric m ON m.id = s.metric
                       WHERE r.sweep = ?1 AND r.status IN ('done', 'infeasible') ORDER BY m.name";
            let mut statement = conn.prepare_cached(sql)?;
            let names = statement.query_map([sweep.0], |row| row.get(0))?;
            Ok(names.collect::<Result<_, _>>()?)
        })
    }

    /// A sweep by its number.
    ///
    /// # Errors
    /// [`StoreError::NoSuchSweep`], or when the store cannot be read.
    pub fn sweep_by_id(&self, id: SweepId) -> Result<SweepRow, StoreError> {
        self.read(|conn| by_id(conn, id))
    }

    /// All sweeps, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sweeps(&self) -> Result<Vec<SweepRow>, StoreError> {
        self.read(|conn| {
            let sql = format!("{COLUMNS} ORDER BY s.id DESC");
            let mut statement = conn.prepare_cached(&sql)?;
            let mut rows = statement.query([])?;
            let mut sweeps = Vec::new();
            while let Some(row) = rows.next()? {
                sweeps.push(read(conn, row)?);
            }
            Ok(sweeps)
        })
    }
}

fn by_id(conn: &Connection, id: SweepId) -> Result<SweepRow, StoreError> {
    let sql = format!("{COLUMNS} WHERE s.id = ?1");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([id.0])?;
    match rows.next()? {
        Some(row) => read(conn, row),
        None => Err(StoreError::NoSuchSweep { reference: id.to_string(), near: Vec::new() }),
    }
}

fn read(conn: &Connection, row: &Row<'_>) -> Result<SweepRow, StoreError> {
    let id = SweepId(row.get("id")?);
    let objectives: Vec<Objective> =
        codec::json(&row.get::<_, String>("objectives")?, "the objectives of a sweep")?;
    Ok(SweepRow {
        id,
        uuid: row.get("uuid")?,
        name: row.get("name")?,
        experiment: row.get("experiment_name")?,
        model: row.get("model")?,
        digest: row.get("digest")?,
        file: row.get("file")?,
        text: row.get("text")?,
        sampler: row.get("sampler")?,
        seed: row.get::<_, i64>("seed")? as u64,
        total: row.get::<_, Option<i64>>("total")?.map(|total| total as u64),
        created: row.get("created")?,
        is_new: false,
        trials: row.get::<_, i64>("trials")? as u64,
        duplicates: row.get::<_, i64>("duplicates")? as u64,
        counts: counts(conn, id)?,
        best: best(conn, id, objectives.first().map(|objective| objective.goal))?,
        objectives,
    })
}

fn counts(conn: &Connection, sweep: SweepId) -> Result<IndexMap<Status, u64>, StoreError> {
    let sql =
        "SELECT status, count(*) FROM run WHERE sweep = ?1 AND deleted IS NULL GROUP BY status";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([sweep.0])?;
    let mut found = IndexMap::new();
    while let Some(row) = rows.next()? {
        let status = codec::status(&row.get::<_, String>(0)?)?;
        found.insert(status, row.get::<_, i64>(1)? as u64);
    }
    let position = |status: &Status| Status::ALL.iter().position(|other| other == status);
    found.sort_by(|a, _, b, _| position(a).cmp(&position(b)));
    Ok(found)
}

fn best(
    conn: &Connection,
    sweep: SweepId,
    goal: Option<Goal>,
) -> Result<Option<(RunId, f64)>, StoreError> {
    let Some(goal) = goal else { return Ok(None) };
    // Of equal scores the earlier trial is the better one: it came with less search.
    let sql = "SELECT r.id, v.loss FROM trial_value v
               JOIN run r ON r.sweep = v.sweep AND r.trial = v.trial AND r.status = 'done'
               WHERE v.sweep = ?1 AND v.objective = 0 AND r.deleted IS NULL
               ORDER BY v.loss, v.trial, r.id LIMIT 1";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([sweep.0])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let loss: f64 = row.get(1)?;
    let score = match goal {
        Goal::Maximize => -loss,
        Goal::Minimize => loss,
    };
    Ok(Some((RunId(row.get(0)?), score)))
}
