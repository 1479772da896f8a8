//! Runs as they are written: started under a lease, finished once, or found dead.

use super::lease::stale_runs;
use super::{Owner, Store, StoreError};
use crate::domain::{
    Digest, Exit, KeptFile, MetricPoint, Outcome, Params, PointBatch, RunId, Status, Summary,
    SweepId,
};
use crate::host::{self, Git};
use rusqlite::{OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Which of the trial's replicates, from 0.
    pub replicate: u32,
    /// True for a run that its owner, another process, has yet to take up.
    pub is_queued: bool,
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
    /// The trial's score with this run, turned so that smaller is better: the first objective, over all
    /// replicates. None while other replicates are missing.
    pub loss: Option<f64>,
    /// Spread of the replicates' scores.
    pub sd: Option<f64>,
    /// How far a pruned trial came: step and loss.
    pub pruned: Option<(i64, f64)>,
    /// Exit status or signal of its process.
    pub exit: Option<Exit>,
    /// Files to keep; they are moved.
    pub artifacts: &'a [KeptFile],
    /// Equal keys promise equal results in any sweep; `None` for a run that no other may reuse.
    pub config_key: Option<Digest>,
}

/// What a recovery found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Trials that lost a run, ascending.
    pub trials: Vec<u64>,
    /// Uuids of the owners that are gone, of this host.
    pub owners: Vec<String>,
}

impl<'a> Finished<'a> {
    /// An ending without any value.
    pub fn without_values(outcome: &'a Outcome) -> Self {
        Self {
            outcome,
            points: &[],
            summaries: &[],
            seconds: 0.0,
            cpu_seconds: None,
            predictions: None,
            loss: None,
            sd: None,
            pruned: None,
            exit: None,
            artifacts: &[],
            config_key: None,
        }
    }
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
                       context, seed, cached_from, started, change_seq, replicate)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?13, ?8, ?9, ?10, ?11, ?12, ?14)";
            let status = if new.is_queued { Status::Queued } else { Status::Running };
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
                (!new.is_queued).then(host::now_ms),
                change,
                status.word(),
                new.replicate,
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
        let mut artifacts = Vec::with_capacity(finished.artifacts.len());
        for KeptFile { name, file } in finished.artifacts {
            artifacts.push((name, self.objects.take_file(file)?));
        }
        self.write(|store| {
            if !store.holds(run, attempt, owner)? {
                return Ok(false);
            }
            store.close_run(run, finished)?;
            for (name, (digest, size)) in &artifacts {
                store.write_artifact(run, name, digest, *size)?;
            }
            store.write_points(run, finished.points)?;
            store.write_summaries(run, finished.summaries)?;
            if let Some((digest, size)) = &predictions {
                store.write_artifact(run, super::read::PREDICTIONS, digest, *size as u64)?;
            }
            Ok(true)
        })
    }

    /// Adds values to a running run, with the summaries so far. False if the attempt is stale.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn add_points(
        &mut self,
        (run, attempt): (RunId, u32),
        owner: &Owner,
        batch: &PointBatch,
        summaries: &[(String, Summary)],
    ) -> Result<bool, StoreError> {
        self.write(|store| {
            if !store.holds(run, attempt, owner)? {
                return Ok(false);
            }
            store.write_batch(run, batch)?;
            store.write_summaries(run, summaries)?;
            store.touch_run(run)?;
            Ok(true)
        })
    }

    /// The processes of this host whose runs [`Store::recover`] would kill now. Whoever ends what they left
    /// behind does it before that: afterwards the record does not tell them any more.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn lost_owners(&self, sweep: Option<SweepId>, now: i64) -> Result<Vec<String>, StoreError> {
        let stale = self.read(|conn| stale_runs(conn, sweep, now))?;
        let owners: BTreeSet<String> = stale.into_iter().filter_map(|run| run.owner).collect();
        Ok(owners.into_iter().collect())
    }

    /// True for a run that is marked as at work and whose process is dead or silent for too long.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_lost(&self, run: RunId) -> Result<bool, StoreError> {
        let stale = self.read(|conn| stale_runs(conn, None, host::now_ms()))?;
        Ok(stale.iter().any(|stale| stale.run == run.0))
    }

    /// The runs that are marked as running and whose process is dead or silent for too long.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn lost_runs(&self) -> Result<BTreeSet<RunId>, StoreError> {
        let lost = self.read(|conn| super::lease::lost_runs(conn, host::now_ms()))?;
        Ok(lost.into_iter().map(RunId).collect())
    }

    /// Kills the queued and running runs of the sweep (of all sweeps without one) whose process is dead or
    /// silent for too long; their trials are missing again.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn recover(&mut self, sweep: Option<SweepId>, now: i64) -> Result<Recovered, StoreError> {
        if self.read(|conn| stale_runs(conn, sweep, now))?.is_empty() {
            return Ok(Recovered::default());
        }
        self.write(|store| {
            let stale = stale_runs(&store.conn, sweep, now)?;
            for run in &stale {
                let change = store.next_change()?;
                let sql =
                    "UPDATE run SET status = 'killed', reason = ?2, ended = ?3, change_seq = ?4
                           WHERE id = ?1";
                store.conn.prepare_cached(sql)?.execute(params![run.run, LOST, now, change])?;
                store.drop_lease(run.run)?;
            }
            let mut trials: Vec<u64> =
                stale.iter().filter_map(|run| run.trial.map(|number| number as u64)).collect();
            trials.sort_unstable();
            trials.dedup();
            let mut owners: Vec<String> = stale.into_iter().filter_map(|run| run.owner).collect();
            owners.sort_unstable();
            owners.dedup();
            Ok(Recovered { trials, owners })
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
                   config_key = ?7, change_seq = ?8, exit_code = ?9, exit_signal = ?10
                   WHERE id = ?1 RETURNING sweep, trial";
        let (code, signal) = match finished.exit {
            Some(Exit::Code(code)) => (Some(code), None),
            Some(Exit::Signal(signal)) => (None, Some(signal)),
            None => (None, None),
        };
        let row = params![
            run.0,
            finished.outcome.status().word(),
            finished.outcome.reason(),
            host::now_ms(),
            finished.seconds,
            finished.cpu_seconds,
            finished.config_key.as_ref().map(Digest::as_bytes),
            change,
            code,
            signal,
        ];
        let (sweep, trial): (Option<i64>, Option<i64>) =
            self.conn.prepare_cached(sql)?.query_row(row, |row| Ok((row.get(0)?, row.get(1)?)))?;
        if let (Some(sweep), Some(trial)) = (sweep, trial) {
            let score = (finished.loss, finished.sd);
            self.close_trial((sweep, trial), score, finished.pruned)?;
        }
        self.drop_lease(run.0)
    }

    pub(super) fn close_trial(
        &self,
        (sweep, number): (i64, i64),
        (loss, sd): (Option<f64>, Option<f64>),
        pruned: Option<(i64, f64)>,
    ) -> Result<(), StoreError> {
        if let Some(loss) = loss.filter(|loss| !loss.is_nan()) {
            let sql = "INSERT OR REPLACE INTO trial_value (sweep, trial, objective, loss, sd)
                       VALUES (?1, ?2, 0, ?3, ?4)";
            let sd = sd.filter(|sd| sd.is_finite());
            self.conn.prepare_cached(sql)?.execute(params![sweep, number, loss, sd])?;
        }
        if let Some((step, loss)) = pruned {
            let sql = "UPDATE trial SET pruned_step = ?3, pruned_loss = ?4
                       WHERE sweep = ?1 AND number = ?2";
            self.conn.prepare_cached(sql)?.execute(params![sweep, number, step, loss])?;
        }
        Ok(())
    }

    fn drop_lease(&self, run: i64) -> Result<(), StoreError> {
        let sql = "DELETE FROM lease WHERE kind = 'run' AND target = ?1";
        self.conn.prepare_cached(sql)?.execute([run])?;
        Ok(())
    }
}
