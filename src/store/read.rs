//! Runs as they are read: whole records, references, series, environment, predictions, reuse.

use super::error::nearest;
use super::filter::sql::{Known, RUNS};
use super::{Store, StoreError, codec};
use crate::domain::MetricPoint;
use crate::domain::{
    Digest, GitState, Outcome, Params, RunId, RunRecord, Status, Summary, SweepId,
};
use indexmap::IndexMap;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::{BTreeMap, HashMap};

/// The artifact that holds out-of-fold predictions.
pub(super) const PREDICTIONS: &str = "predictions.f32";

/// A run whose results another run may take over.
#[derive(Debug, Clone)]
pub struct CachedRun {
    /// Its number.
    pub run: RunId,
    /// Summary of every metric.
    pub summaries: Vec<(String, Summary)>,
    /// Every point.
    pub points: Vec<MetricPoint>,
    /// The first objective turned so that smaller is better.
    pub loss: Option<f64>,
    /// The outcome, which is done.
    pub outcome: Outcome,
    /// Wall seconds that the work took.
    pub seconds: Option<f64>,
    /// CPU seconds that the work took.
    pub cpu_seconds: Option<f64>,
    /// Its out-of-fold predictions, where they were kept.
    pub predictions: Option<Vec<u8>>,
}

/// Everything about where a run ran.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEnvironment {
    /// Login name.
    pub user: String,
    /// Host name.
    pub host: String,
    /// Version of derby.
    pub version: String,
    /// The command line.
    pub argv: Vec<String>,
    /// Environment variables, without secrets.
    pub env: BTreeMap<String, String>,
    /// Commit, branch and whether the tree was dirty.
    pub git: Option<GitState>,
    /// The uncommitted diff.
    pub diff_text: Option<String>,
    /// The data's source, as the sweep file names it.
    pub source: Option<String>,
}

impl Store {
    /// A run by number, name, or the first digits of its uuid (at least four). Binned runs are found too.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`] with the nearest names, [`StoreError::AmbiguousRun`] with those that fit.
    pub fn run(&self, reference: &str) -> Result<RunRecord, StoreError> {
        let id = self.run_id(reference)?;
        self.run_by_id(id)
    }

    /// A run by its number.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`], or when the store cannot be read.
    pub fn run_by_id(&self, id: RunId) -> Result<RunRecord, StoreError> {
        self.read(|conn| records(conn, &[id.0]))?
            .pop()
            .ok_or_else(|| StoreError::NoSuchRun { reference: id.to_string(), near: Vec::new() })
    }

    /// The number of the run that a reference means; see [`Store::run`].
    ///
    /// # Errors
    /// As [`Store::run`].
    pub fn run_id(&self, reference: &str) -> Result<RunId, StoreError> {
        let wanted = reference.trim();
        self.read(|conn| {
            if let Ok(number) = wanted.trim_start_matches('#').parse::<i64>() {
                let fits = matching(conn, "id = ?1", &number)?;
                if let [(id, _)] = fits[..] {
                    return Ok(RunId(id));
                }
            }
            let mut fits = matching(conn, "name = ?1", &wanted)?;
            let is_uuid = |c: char| c.is_ascii_hexdigit() || c == '-';
            if fits.is_empty() && wanted.len() >= 4 && wanted.chars().all(is_uuid) {
                let prefix = wanted.to_ascii_lowercase();
                fits = matching(conn, "uuid >= ?1 AND uuid < ?1 || 'g'", &prefix)?;
            }
            match &fits[..] {
                [] => Err(not_found(conn, wanted)?),
                [(id, _)] => Ok(RunId(*id)),
                _ => Err(StoreError::AmbiguousRun {
                    reference: wanted.into(),
                    matches: fits.iter().map(|(id, name)| format!("{id} ({name})")).collect(),
                }),
            }
        })
    }

    /// Every point of one metric of a run, by context and step.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn series(&self, run: RunId, metric: &str) -> Result<Vec<MetricPoint>, StoreError> {
        self.read(|conn| points(conn, run, Some(metric)))
    }

    /// Every point of a run, metric by metric.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn all_points(&self, run: RunId) -> Result<Vec<MetricPoint>, StoreError> {
        self.read(|conn| points(conn, run, None))
    }

    /// Everything about where a run ran.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`], or when the store cannot be read.
    pub fn environment(&self, run: RunId) -> Result<RunEnvironment, StoreError> {
        let mut found = self.read(|conn| {
            let sql = format!(
                "SELECT c.argv AS argv, c.env AS env, d.source AS source, {RUNS} WHERE r.id = ?1"
            );
            let mut statement = conn.prepare_cached(&sql)?;
            let mut rows = statement.query([run.0])?;
            let missing = || StoreError::NoSuchRun { reference: run.to_string(), near: Vec::new() };
            let row = rows.next()?.ok_or_else(missing)?;
            Ok(RunEnvironment {
                user: row.get("user")?,
                host: row.get("host")?,
                version: row.get("version")?,
                argv: codec::json(&row.get::<_, String>("argv")?, "a command line")?,
                env: codec::json(&row.get::<_, String>("env")?, "an environment")?,
                git: git(row)?,
                diff_text: None,
                source: row.get("source")?,
            })
        })?;
        if let Some(address) = found.git.as_ref().and_then(|git| git.diff.as_ref()) {
            let bytes = self.objects.get(address)?;
            found.diff_text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        }
        Ok(found)
    }

    /// The out-of-fold predictions of a run, little-endian `f32`, where they were kept.
    ///
    /// # Errors
    /// When the store cannot be read or the object has changed.
    pub fn predictions(&self, run: RunId) -> Result<Option<Vec<u8>>, StoreError> {
        let address: Option<String> = self.read(|conn| {
            let sql = "SELECT digest FROM artifact WHERE run = ?1 AND path = ?2";
            let mut statement = conn.prepare_cached(sql)?;
            Ok(statement.query_row(params![run.0, PREDICTIONS], |row| row.get(0)).optional()?)
        })?;
        match address {
            Some(address) => self.objects.get(&address),
            None => Ok(None),
        }
    }

    /// A finished run of any sweep with that key, the oldest first: the one that did the work. What it broke there is no
    /// matter here.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn cached(&self, config_key: Digest) -> Result<Option<CachedRun>, StoreError> {
        let found = self.read(|conn| {
            let sql =
                "SELECT r.id, v.loss, r.seconds, r.cpu_seconds FROM run r LEFT JOIN trial_value v
                       ON v.sweep = r.sweep AND v.trial = r.trial AND v.objective = 0
                       WHERE r.config_key = ?1 AND r.status IN ('done', 'infeasible') AND r.deleted IS NULL
                       ORDER BY r.cached_from IS NOT NULL, r.id LIMIT 1";
            let mut statement = conn.prepare_cached(sql)?;
            let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
            let found = statement.query_row([config_key.as_bytes()], row).optional()?;
            let Some((id, loss, seconds, cpu_seconds)) = found else { return Ok(None) };
            let run = RunId(id);
            let summaries = summaries(conn, &format!("[{id}]"))?.remove(&id).unwrap_or_default();
            Ok(Some(CachedRun {
                run,
                summaries: summaries.into_iter().collect(),
                points: points(conn, run, None)?,
                loss,
                outcome: Outcome::Done,
                seconds,
                cpu_seconds,
                predictions: None,
            }))
        })?;
        found
            .map(|cached| Ok(CachedRun { predictions: self.predictions(cached.run)?, ..cached }))
            .transpose()
    }

    /// Drops the out-of-fold predictions of all but the best `best` runs of the sweep. Equal scores keep
    /// the earlier trial. Objects go unless another run refers to them.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn keep_predictions(&mut self, sweep: SweepId, best: u64) -> Result<(), StoreError> {
        let dropped: Vec<String> = self.write(|store| {
            let sql = "DELETE FROM artifact WHERE path = ?2 AND run IN (
                SELECT r.id FROM run r JOIN artifact a ON a.run = r.id AND a.path = ?2
                LEFT JOIN trial_value v ON v.sweep = r.sweep AND v.trial = r.trial AND v.objective = 0
                WHERE r.sweep = ?1
                ORDER BY r.status <> 'done', v.loss IS NULL, v.loss, r.trial, r.id LIMIT -1 OFFSET ?3) RETURNING digest";
            let mut statement = store.conn.prepare_cached(sql)?;
            let row = params![sweep.0, PREDICTIONS, best as i64];
            let rows = statement.query_map(row, |row| row.get(0))?;
            let mut digests: Vec<String> = rows.collect::<Result<_, _>>()?;
            digests.sort_unstable();
            digests.dedup();
            let sql = "SELECT 1 FROM artifact WHERE digest = ?1 LIMIT 1";
            let mut used = store.conn.prepare_cached(sql)?;
            let mut unused = Vec::new();
            for digest in digests {
                if !used.exists([&digest])? {
                    unused.push(digest);
                }
            }
            Ok(unused)
        })?;
        dropped.iter().try_for_each(|digest| self.objects.remove(digest))
    }

    /// Names of metrics and parameters in the store, for messages and completion.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn known_names(&self) -> Result<Known, StoreError> {
        self.read(Known::load)
    }
}

type Found = Vec<(i64, String)>;

fn matching(
    conn: &Connection,
    condition: &str,
    value: &dyn rusqlite::ToSql,
) -> Result<Found, StoreError> {
    let sql = format!("SELECT id, name FROM run WHERE {condition} ORDER BY id LIMIT 10");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([value], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn not_found(conn: &Connection, wanted: &str) -> Result<StoreError, StoreError> {
    let mut statement = conn.prepare_cached("SELECT name FROM run ORDER BY id DESC LIMIT 5000")?;
    let names: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    // Numbers are counted and not spelled: one that is near another says nothing about what was meant.
    let near = match wanted.trim_start_matches('#').parse::<i64>() {
        Ok(_) => Vec::new(),
        Err(_) => nearest(wanted, names.iter().map(String::as_str)),
    };
    Ok(StoreError::NoSuchRun { reference: wanted.into(), near })
}

/// Whole records of these runs, in the order given; unknown numbers are left out.
pub(super) fn records(conn: &Connection, ids: &[i64]) -> Result<Vec<RunRecord>, StoreError> {
    let list = codec::to_json(&ids)?;
    let sql = format!("SELECT {RUNS} WHERE r.id IN (SELECT value FROM json_each(?1))");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([&list])?;
    let mut found: HashMap<i64, RunRecord> = HashMap::with_capacity(ids.len());
    let mut contexts: HashMap<i64, Vec<String>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let record = base_record(conn, row, &mut contexts)?;
        found.insert(record.id.0, record);
    }
    let mut params = params_of(conn, &list)?;
    let mut metrics = summaries(conn, &list)?;
    let mut tags = tags(conn, &list)?;
    for (id, record) in &mut found {
        record.params = params.remove(id).unwrap_or_default();
        record.metrics = metrics.remove(id).unwrap_or_default();
        record.tags = tags.remove(id).unwrap_or_default();
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

fn base_record(
    conn: &Connection,
    row: &Row<'_>,
    contexts: &mut HashMap<i64, Vec<String>>,
) -> Result<RunRecord, StoreError> {
    let count = |name| row.get::<_, Option<i64>>(name).map(|value| value.map(|value| value as u64));
    let context: i64 = row.get("context")?;
    let argv = if let Some(argv) = contexts.get(&context) {
        argv.clone()
    } else {
        let sql = "SELECT argv FROM context WHERE id = ?1";
        let text: String = conn.prepare_cached(sql)?.query_row([context], |row| row.get(0))?;
        let argv: Vec<String> = codec::json(&text, "a command line")?;
        contexts.insert(context, argv.clone());
        argv
    };
    Ok(RunRecord {
        id: RunId(row.get("id")?),
        uuid: row.get("uuid")?,
        name: row.get("name")?,
        experiment: row.get("experiment")?,
        sweep: row.get("sweep")?,
        trial: count("trial")?,
        attempt: row.get("attempt")?,
        replicate: row.get("replicate")?,
        status: status(row)?,
        reason: row.get("reason")?,
        exit_code: row.get("exit_code")?,
        exit_signal: row.get("exit_signal")?,
        params: Params::default(),
        metrics: IndexMap::new(),
        tags: IndexMap::new(),
        note: row.get("note")?,
        data_hash: row.get("data_hash")?,
        schema_hash: row.get::<_, Option<String>>("schema_hash")?.filter(|hash| !hash.is_empty()),
        rows: count("rows")?,
        split: row.get("split")?,
        seed: row.get("seed")?,
        git: git(row)?,
        version: row.get("version")?,
        user: row.get("user")?,
        host: row.get("host")?,
        argv,
        cached_from: row.get::<_, Option<i64>>("cached_from")?.map(RunId),
        started: row.get("started")?,
        ended: row.get("ended")?,
        seconds: row.get("seconds")?,
        cpu_seconds: row.get("cpu_seconds")?,
        deleted: row.get::<_, Option<i64>>("deleted")?.is_some(),
    })
}

fn status(row: &Row<'_>) -> Result<Status, StoreError> {
    codec::status(&row.get::<_, String>("status")?)
}

fn git(row: &Row<'_>) -> Result<Option<GitState>, StoreError> {
    let Some(commit) = row.get("git_commit")? else { return Ok(None) };
    let (branch, diff) = (row.get("git_branch")?, row.get("git_diff")?);
    let dirty: Option<bool> = row.get("git_dirty")?;
    Ok(Some(GitState { commit, branch, dirty: dirty.unwrap_or(false), diff }))
}

const OF_RUNS: &str = "WHERE x.run IN (SELECT value FROM json_each(?1))";

fn params_of(conn: &Connection, list: &str) -> Result<HashMap<i64, Params>, StoreError> {
    let sql = format!(
        "SELECT x.run, n.name, x.kind, x.text FROM param x JOIN param_name n ON n.id = x.name {OF_RUNS}
         ORDER BY x.run, x.position"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([list])?;
    let mut found: HashMap<i64, Params> = HashMap::new();
    while let Some(row) = rows.next()? {
        let kind = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
        let value = codec::join_value(kind, row.get(3)?)?;
        found.entry(row.get(0)?).or_default().set(row.get::<_, String>(1)?, value);
    }
    Ok(found)
}

fn summaries(
    conn: &Connection,
    list: &str,
) -> Result<HashMap<i64, IndexMap<String, Summary>>, StoreError> {
    let sql = format!(
        "SELECT x.*, m.name FROM summary x JOIN metric m ON m.id = x.metric {OF_RUNS}
         ORDER BY x.run, x.position, m.name"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([list])?;
    let mut found: HashMap<i64, IndexMap<String, Summary>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let summary = codec::read_summary(row)?;
        found.entry(row.get("run")?).or_default().insert(row.get("name")?, summary);
    }
    Ok(found)
}

fn tags(
    conn: &Connection,
    list: &str,
) -> Result<HashMap<i64, IndexMap<String, String>>, StoreError> {
    let sql = format!("SELECT x.run, x.key, x.value FROM tag x {OF_RUNS} ORDER BY x.run, x.key");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([list])?;
    let mut found: HashMap<i64, IndexMap<String, String>> = HashMap::new();
    while let Some(row) = rows.next()? {
        found.entry(row.get(0)?).or_default().insert(row.get(1)?, row.get(2)?);
    }
    Ok(found)
}

fn points(
    conn: &Connection,
    run: RunId,
    metric: Option<&str>,
) -> Result<Vec<MetricPoint>, StoreError> {
    let sql = "SELECT m.name, p.context, p.step, p.value, p.special, p.ts
               FROM point p JOIN metric m ON m.id = p.metric
               WHERE p.run = ?1 AND (?2 IS NULL OR m.name = ?2)
               ORDER BY m.name, p.context, p.step, p.ts, p.value, p.special";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(params![run.0, metric], |row| {
        Ok(MetricPoint {
            metric: row.get(0)?,
            context: row.get(1)?,
            step: row.get(2)?,
            value: codec::join_float(row.get(3)?, row.get(4)?),
            ts: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
