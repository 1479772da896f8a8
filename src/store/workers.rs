//! Processes that share a sweep: the driver queues runs for workers, and each takes up its own.

use super::lease::live_owner;
use super::{Owner, Store, StoreError, codec};
use crate::domain::{Params, RunId, Status, SweepId};
use crate::host;
use rusqlite::params;
use std::collections::BTreeMap;

/// A process that executes runs of a sweep which another one drives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// The process.
    pub owner: Owner,
    /// Runs that it can have at a time.
    pub slots: usize,
    /// Its queued and running runs.
    pub busy: usize,
}

/// A queued run that its worker has taken up.
#[derive(Debug, Clone, PartialEq)]
pub struct QueuedRun {
    /// The run.
    pub run: RunId,
    /// The trial.
    pub trial: u64,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Which replicate, from 0.
    pub replicate: u32,
    /// Its seed.
    pub seed: u64,
    /// The configuration.
    pub params: Params,
}

/// How a run that was handed to a worker stands.
#[derive(Debug, Clone, PartialEq)]
pub struct HandedRun {
    /// The run.
    pub run: RunId,
    /// Its state.
    pub status: Status,
    /// Why it failed, was pruned or killed.
    pub reason: Option<String>,
}

impl Store {
    /// Offers to execute `slots` runs of the sweep at a time.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn offer_worker(
        &mut self,
        sweep: SweepId,
        owner: &Owner,
        slots: usize,
    ) -> Result<(), StoreError> {
        self.write(|store| {
            let id = store.owner_id(owner)?;
            let sql = "INSERT OR REPLACE INTO worker (owner, sweep, slots) VALUES (?1, ?2, ?3)";
            store.conn.prepare_cached(sql)?.execute(params![id, sweep.0, slots as i64])?;
            Ok(())
        })
    }

    /// Takes the offer back; runs that were queued for the worker and not taken up are killed, which makes
    /// their trials missing again.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn withdraw_worker(&mut self, owner: &Owner) -> Result<(), StoreError> {
        self.write(|store| {
            let id = store.owner_id(owner)?;
            store.conn.prepare_cached("DELETE FROM worker WHERE owner = ?1")?.execute([id])?;
            let change = store.next_change()?;
            let sql = "UPDATE run SET status = 'killed', reason = 'its worker left', ended = ?2, change_seq = ?3
                       WHERE status = 'queued' AND id IN
                         (SELECT target FROM lease WHERE kind = 'run' AND owner = ?1)";
            let row = params![id, host::now_ms(), change];
            store.conn.prepare_cached(sql)?.execute(row)?;
            Ok(())
        })
    }

    /// The live workers of a sweep, in the order in which they came. Dead ones are struck off.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn workers(&mut self, sweep: SweepId) -> Result<Vec<Worker>, StoreError> {
        let (live, dead) = self.live_and_dead(sweep)?;
        if !dead.is_empty() {
            self.write(|store| {
                let mut strike =
                    store.conn.prepare_cached("DELETE FROM worker WHERE owner = ?1")?;
                dead.iter().try_for_each(|id| strike.execute([id]).map(|_| ()))?;
                Ok(())
            })?;
        }
        Ok(live)
    }

    /// As [`Store::workers`], for whoever only looks.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn workers_at_work(&self, sweep: SweepId) -> Result<Vec<Worker>, StoreError> {
        Ok(self.live_and_dead(sweep)?.0)
    }

    fn live_and_dead(&self, sweep: SweepId) -> Result<(Vec<Worker>, Vec<i64>), StoreError> {
        self.read(|conn| {
            let sql = "SELECT o.*, w.slots, (SELECT count(*) FROM lease l JOIN run r ON r.id = l.target
                         WHERE l.kind = 'run' AND l.owner = o.id AND r.status IN ('queued', 'running')) AS busy
                       FROM worker w JOIN owner o ON o.id = w.owner WHERE w.sweep = ?1 ORDER BY o.id";
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query([sweep.0])?;
            let (mut live, mut dead) = (Vec::new(), Vec::new());
            while let Some(row) = rows.next()? {
                match live_owner(row, host::now_ms())? {
                    Some(owner) => live.push(Worker {
                        owner,
                        slots: row.get::<_, i64>("slots")? as usize,
                        busy: row.get::<_, i64>("busy")? as usize,
                    }),
                    None => dead.push(row.get::<_, i64>("id")?),
                }
            }
            Ok((live, dead))
        })
    }

    /// Takes up at most `most` runs that are queued for this worker, oldest first.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn take_queued(
        &mut self,
        owner: &Owner,
        most: usize,
    ) -> Result<Vec<QueuedRun>, StoreError> {
        let queued: Vec<QueuedRun> = self.read(|conn| {
            let sql = "SELECT r.id, r.trial, r.attempt, r.replicate, r.seed, t.params
                       FROM lease l JOIN owner o ON o.id = l.owner JOIN run r ON r.id = l.target
                       JOIN trial t ON t.sweep = r.sweep AND t.number = r.trial
                       WHERE l.kind = 'run' AND o.uuid = ?1 AND r.status = 'queued' ORDER BY r.id LIMIT ?2";
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query(params![owner.uuid, most as i64])?;
            let mut queued = Vec::new();
            while let Some(row) = rows.next()? {
                queued.push(QueuedRun {
                    run: RunId(row.get(0)?),
                    trial: row.get::<_, i64>(1)? as u64,
                    attempt: row.get(2)?,
                    replicate: row.get(3)?,
                    seed: row.get::<_, Option<i64>>(4)?.unwrap_or_default() as u64,
                    params: codec::json(&row.get::<_, String>(5)?, "the parameters of a trial")?,
                });
            }
            Ok(queued)
        })?;
        if queued.is_empty() {
            return Ok(queued);
        }
        self.write(|store| {
            let mut taken = Vec::new();
            for run in queued {
                let change = store.next_change()?;
                let sql = "UPDATE run SET status = 'running', started = ?2, change_seq = ?3
                           WHERE id = ?1 AND status = 'queued'";
                let row = params![run.run.0, host::now_ms(), change];
                if store.conn.prepare_cached(sql)?.execute(row)? > 0 {
                    taken.push(run);
                }
            }
            Ok(taken)
        })
    }

    /// Values of a metric of a run past a step of each context, for whoever judges from afar.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn series_after(
        &self,
        run: RunId,
        metric: &str,
        seen: &BTreeMap<String, i64>,
    ) -> Result<Vec<(String, i64, f64)>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT p.context, p.step, p.value, p.special FROM point p
                       JOIN metric m ON m.id = p.metric WHERE p.run = ?1 AND m.name = ?2 AND p.step >= ?3
                       ORDER BY p.step, p.ts";
            // New contexts begin anywhere, so only a step that all known ones have passed can be skipped.
            let from = if seen.is_empty() { i64::MIN } else { seen.values().copied().min().unwrap_or(i64::MIN) };
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query(params![run.0, metric, from])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let (context, step): (String, i64) = (row.get(0)?, row.get(1)?);
                if seen.get(&context).is_none_or(|&last| step > last) {
                    found.push((context, step, codec::join_float(row.get(2)?, row.get(3)?)));
                }
            }
            Ok(found)
        })
    }

    /// How these runs stand.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn handed(&self, runs: &[RunId]) -> Result<Vec<HandedRun>, StoreError> {
        self.read(|conn| {
            let list = codec::to_json(&runs)?;
            let sql = "SELECT id, status, reason FROM run
                       WHERE id IN (SELECT value FROM json_each(?1)) ORDER BY id";
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query([list])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let status = codec::status(&row.get::<_, String>(1)?)?;
                found.push(HandedRun { run: RunId(row.get(0)?), status, reason: row.get(2)? });
            }
            Ok(found)
        })
    }
}
