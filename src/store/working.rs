//! Runs of a sweep that are at work, and those that ended last: what a screen shows of thousands.

use super::lease::live_owner;
use super::{Owner, Store, StoreError, codec};
use crate::domain::{RunId, Status, SweepId};
use crate::host;
use rusqlite::{OptionalExtension, params};

/// A queued or running run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunAtWork {
    /// Its number.
    pub run: RunId,
    /// Its name.
    pub name: String,
    /// The trial.
    pub trial: Option<u64>,
    /// Which of the trial's replicates, from 0.
    pub replicate: u32,
    /// Queued or running.
    pub status: Status,
    /// Start, milliseconds since 1970 UTC.
    pub started: Option<i64>,
    /// The process that has it; `None` if that is dead or silent for too long: nobody works at it.
    pub owner: Option<Owner>,
    /// The metric that was asked for, or else the one with the most values; none before the first value.
    pub latest: Option<Latest>,
}

/// How far a series has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Latest {
    /// The metric.
    pub metric: String,
    /// How many values there are.
    pub n: u64,
    /// The last one.
    pub value: f64,
}

impl Store {
    /// The queued and running runs of a sweep, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn runs_at_work(
        &self,
        sweep: SweepId,
        metric: &str,
        limit: usize,
    ) -> Result<Vec<RunAtWork>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT r.id AS run, r.name, r.trial, r.replicate, r.status, r.started,
                         o.host, o.pid, o.pid_start, o.uuid, o.expires
                       FROM run r LEFT JOIN lease l ON l.kind = 'run' AND l.target = r.id
                       LEFT JOIN owner o ON o.id = l.owner
                       WHERE r.sweep = ?1 AND r.status IN ('queued', 'running')
                       ORDER BY r.id LIMIT ?2";
            let latest =
                "SELECT m.name, s.n, s.last FROM summary s JOIN metric m ON m.id = s.metric
                          WHERE s.run = ?1 ORDER BY m.name = ?2 DESC, s.n DESC, m.id LIMIT 1";
            let mut latest = conn.prepare_cached(latest)?;
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query(params![sweep.0, limit as i64])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let run: i64 = row.get("run")?;
                let is_held = row.get::<_, Option<String>>("uuid")?.is_some();
                let owner = if is_held { live_owner(row, host::now_ms())? } else { None };
                let last = latest.query_row(params![run, metric], |row| {
                    Ok(Latest {
                        metric: row.get(0)?,
                        n: row.get::<_, i64>(1)? as u64,
                        value: row.get::<_, Option<f64>>(2)?.unwrap_or(f64::NAN),
                    })
                });
                found.push(RunAtWork {
                    run: RunId(run),
                    name: row.get("name")?,
                    trial: row.get::<_, Option<i64>>("trial")?.map(|trial| trial as u64),
                    replicate: row.get("replicate")?,
                    status: codec::status(&row.get::<_, String>("status")?)?,
                    started: row.get("started")?,
                    owner,
                    latest: last.optional()?,
                });
            }
            Ok(found)
        })
    }

    /// The runs of a sweep that ended last, the latest first, at most `limit`. Binned ones are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_ended(&self, sweep: SweepId, limit: usize) -> Result<Vec<RunId>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT id FROM run WHERE sweep = ?1 AND deleted IS NULL
                         AND status NOT IN ('queued', 'running')
                       ORDER BY ended DESC, id DESC LIMIT ?2";
            let mut statement = conn.prepare_cached(sql)?;
            let rows = statement
                .query_map(params![sweep.0, limit as i64], |row| Ok(RunId(row.get(0)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
