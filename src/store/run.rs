//! Runs as they are written: started under a lease, finished once, or found dead.

use super::lease::stale_runs;
use super::{Owner, Store, StoreError};
use crate::domain::{Digest, Outcome, Params, RunId, Summary, SweepId};
use crate::host::{self, Git};
use rusqlite::{OptionalExtension, params};
use std::collections::BTreeMap;

/// Why a run that lost its process was killed.
pub(super) const LOST: &str = "the process ended while it ran";

/// Where and on what a run runs. Equal contexts are stored once, so runs of one sweep share theirs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunContext {
    /// Login name.
    pub user: String,
    /// Host name.
    pub host: String,
    /// What git says.
    pub git: Option<Git>,
    /// The command line, without secrets.
    pub argv: Vec<String>,
    /// Environment variables, without secrets.
    pub env: BTreeMap<String, String>,
    /// Version of derby.
    pub version: String,
    /// Content hash of the data, 64 hex digits; without it the run has no data.
    pub data_hash: Option<String>,
    /// Schema hash of the data, 64 hex digits.
    pub schema_hash: Option<String>,
    /// Rows of the data.
    pub rows: Option<u64>,
    /// Where the data came from, as the sweep file names it.
    pub source: Option<String>,
    /// Digest of the split, 64 hex digits.
    pub split: Option<String>,
}

/// A run about to start.
#[derive(Debug, Clone)]
pub struct NewRun<'a> {
    /// Its sweep and trial; `None` for a run of its own.
    pub sweep: Option<SweepId>,
    /// The trial's number.
    pub trial: Option<u64>,
    /// Which attempt at the trial, from 1.
    pub attempt: u32,
    /// The experiment's name.
    pub experiment: &'a str,
    /// A name of its own; by default one is made up.
    pub name: Option<&'a str>,
    /// The configuration.
    pub params: &'a Params,
    /// Seed of the trainer.
    pub seed: Option<i64>,
    /// Where and on what.
    pub context: &'a RunContext,
    /// Who claims it.
    pub owner: &'a Owner,
    /// The run that this one repeats without work.
    pub cached_from: Option<RunId>,
    /// The run that it is a part of.
    pub parent: Option<RunId>,
}

/// One value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricPoint {
    /// The metric's name.
    pub metric: String,
    /// What it was measured on: `fold=0`, or nothing.
    pub context: String,
    /// The step; may be negative.
    pub step: i64,
    /// The value; NaN and the infinities are kept.
    pub value: f64,
    /// When, milliseconds since 1970 UTC.
    pub ts: i64,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Finished<'a> {
    /// The outcome.
    pub outcome: &'a Outcome,
    /// Values of metrics, fold by fold or step by step.
    pub points: &'a [MetricPoint],
    /// Summary of every metric, in the order in which they are shown.
    pub summaries: &'a [(String, Summary)],
    /// Wall seconds.
    pub seconds: f64,
    /// CPU seconds.
    pub cpu_seconds: Option<f64>,
    /// Out-of-fold predictions as little-endian `f32`.
    pub predictions: Option<&'a [u8]>,
    /// The first objective turned so that smaller is better.
    pub loss: Option<f64>,
    /// Equal keys promise equal results in any sweep; `None` for a run that no other may reuse.
    pub config_key: Option<Digest>,
}

impl Store {
    /// Makes a running run with its parameters, claimed by its owner.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn start_run(&mut self, new: &NewRun<'_>) -> Result<RunId, StoreError> {
        self.write(|store| {
            let context = store.context_id(new.context)?;
            let experiment = store.interned.experiment(&store.conn, new.experiment)?;
            let owner = store.owner_id(new.owner)?;
            let uuid = super::fresh_uuid();
            let name = new.name.map_or_else(|| super::name::made_up(&uuid), String::from);
            let change = store.next_change()?;
            let sql =
                "INSERT INTO run (uuid, name, experiment, sweep, trial, attempt, parent, status,
                       context, seed, cached_from, started, change_seq)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'running', ?8, ?9, ?10, ?11, ?12)";
            store.conn.prepare_cached(sql)?.execute(params![
                uuid,
                name,
                experiment,
                new.sweep.map(|sweep| sweep.0),
                new.trial.map(|trial| trial as i64),
                new.attempt,
                new.parent.map(|run| run.0),
                context,
                new.seed,
                new.cached_from.map(|run| run.0),
                host::now_ms(),
                change,
            ])?;
            let run = store.conn.last_insert_rowid();
            store.write_params(run, new.params)?;
            store.write_input(run, new.context)?;
            let sql = "INSERT OR REPLACE INTO lease (kind, target, owner, attempt)
                       VALUES ('run', ?1, ?2, ?3)";
            store.conn.prepare_cached(sql)?.execute(params![run, owner, new.attempt])?;
            Ok(RunId(run))
        })
    }

    /// Ends a run with all that it brought, as one transaction. False, and nothing written, if the attempt
    /// is stale: the run is over already or another owner holds it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn finish_run(
        &mut self,
        run: RunId,
        attempt: u32,
        owner: &Owner,
        finished: &Finished<'_>,
    ) -> Result<bool, StoreError> {
        if !self.read(|_| self.holds(run, attempt, owner))? {
            return Ok(false);
        }
        // Outside the transaction, so that no other process waits for the disk. Fenced off in between,
        // it is an object without a reference, which gc takes.
        let predictions = match finished.predictions {
            Some(bytes) => Some((self.objects.put(bytes)?, bytes.len())),
            None => None,
        };
        self.write(|store| {
            if !store.holds(run, attempt, owner)? {
                return Ok(false);
            }
            store.close_run(run, finished)?;
            store.write_points(run, finished.points)?;
            store.write_summaries(run, finished.summaries)?;
            if let Some((digest, size)) = &predictions {
                store.write_artifact(run, super::read::PREDICTIONS, digest, *size as u64)?;
            }
            Ok(true)
        })
    }

    /// Adds points to a running run, for series that are worth showing before its end. False if the
    /// attempt is stale.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn add_points(
        &mut self,
        run: RunId,
        attempt: u32,
        owner: &Owner,
        points: &[MetricPoint],
    ) -> Result<bool, StoreError> {
        self.write(|store| {
            if !store.holds(run, attempt, owner)? {
                return Ok(false);
            }
            store.write_points(run, points)?;
            store.touch_run(run)?;
            Ok(true)
        })
    }

    /// Kills the running runs of the sweep whose process is dead or silent for too long; their trials
    /// are missing again. Returns the trials' numbers.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn recover(&mut self, sweep: SweepId, now: i64) -> Result<Vec<u64>, StoreError> {
        self.write(|store| {
            let stale = stale_runs(&store.conn, Some(sweep), now)?;
            for &(run, _) in &stale {
                let change = store.next_change()?;
                let sql =
                    "UPDATE run SET status = 'killed', reason = ?2, ended = ?3, change_seq = ?4
                           WHERE id = ?1";
                store.conn.prepare_cached(sql)?.execute(params![run, LOST, now, change])?;
                store.drop_lease(run)?;
            }
            let mut numbers: Vec<u64> =
                stale.iter().filter_map(|(_, trial)| trial.map(|number| number as u64)).collect();
            numbers.sort_unstable();
            numbers.dedup();
            Ok(numbers)
        })
    }

    fn holds(&self, run: RunId, attempt: u32, owner: &Owner) -> Result<bool, StoreError> {
        let sql =
            "SELECT 1 FROM lease l JOIN owner o ON o.id = l.owner JOIN run r ON r.id = l.target
                   WHERE l.kind = 'run' AND l.target = ?1 AND l.attempt = ?2 AND o.uuid = ?3
                     AND r.status = 'running'";
        let mut statement = self.conn.prepare_cached(sql)?;
        let found =
            statement.query_row(params![run.0, attempt, owner.uuid], |_| Ok(())).optional()?;
        Ok(found.is_some())
    }

    fn close_run(&mut self, run: RunId, finished: &Finished<'_>) -> Result<(), StoreError> {
        let change = self.next_change()?;
        let sql =
            "UPDATE run SET status = ?2, reason = ?3, ended = ?4, seconds = ?5, cpu_seconds = ?6,
                   config_key = ?7, change_seq = ?8 WHERE id = ?1 RETURNING sweep, trial";
        let row = params![
            run.0,
            finished.outcome.status().word(),
            finished.outcome.reason(),
            host::now_ms(),
            finished.seconds,
            finished.cpu_seconds,
            finished.config_key.as_ref().map(Digest::as_bytes),
            change,
        ];
        let (sweep, trial): (Option<i64>, Option<i64>) =
            self.conn.prepare_cached(sql)?.query_row(row, |row| Ok((row.get(0)?, row.get(1)?)))?;
        if let (Some(sweep), Some(trial)) = (sweep, trial)
            && let Some(loss) = finished.loss.filter(|loss| !loss.is_nan())
        {
            let sql = "INSERT OR REPLACE INTO trial_value (sweep, trial, objective, loss)
                       VALUES (?1, ?2, 0, ?3)";
            self.conn.prepare_cached(sql)?.execute(params![sweep, trial, loss])?;
        }
        self.drop_lease(run.0)
    }

    fn drop_lease(&self, run: i64) -> Result<(), StoreError> {
        let sql = "DELETE FROM lease WHERE kind = 'run' AND target = ?1";
        self.conn.prepare_cached(sql)?.execute([run])?;
        Ok(())
    }
}
