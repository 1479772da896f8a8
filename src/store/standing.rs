//! How far a sweep is, counted in trials, and how its last session ended.

use super::{Store, StoreError, SweepEvent, codec};
use crate::domain::SweepId;
use rusqlite::params;

impl Store {
    /// Trials that are over and not tried again, configurations that were tried before left out: those that the
    /// sampler was told of, and those whose runs say so. Runs in the bin count.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn trials_over(&self, sweep: SweepId, replicates: u32) -> Result<u64, StoreError> {
        self.read(|conn| {
            // A run that a person stopped is recorded with the number of its trial.
            let sql = "SELECT count(*) FROM trial t WHERE t.sweep = ?1 AND t.same_as IS NULL AND (
                 t.tell_seq IS NOT NULL
                 OR EXISTS (SELECT 1 FROM run r WHERE r.sweep = t.sweep AND r.trial = t.number
                      AND r.status IN ('failed', 'pruned', 'infeasible')
                      AND NOT EXISTS (SELECT 1 FROM run l WHERE l.sweep = r.sweep AND l.trial = r.trial
                        AND l.replicate = r.replicate AND l.attempt > r.attempt))
                 OR (SELECT count(DISTINCT r.replicate) FROM run r WHERE r.sweep = t.sweep
                      AND r.trial = t.number AND r.status = 'done') >= ?2
                 OR EXISTS (SELECT 1 FROM sweep_event e WHERE e.sweep = t.sweep AND e.kind = 'steered'
                      AND json_extract(e.detail, '$.command.do') = 'stop-run'
                      AND json_extract(e.detail, '$.from') = t.number))";
            let row = params![sweep.0, replicates];
            let n: i64 = conn.prepare_cached(sql)?.query_row(row, |row| row.get(0))?;
            Ok(n as u64)
        })
    }

    /// The last beginning or end of a session of the sweep.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_session(&self, sweep: SweepId) -> Result<Option<SweepEvent>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT ts, kind, detail FROM sweep_event WHERE sweep = ?1
                         AND kind IN ('started', 'resumed', 'stopped') ORDER BY id DESC LIMIT 1";
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query([sweep.0])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let detail = codec::json(&row.get::<_, String>(2)?, "an event")?;
            Ok(Some(SweepEvent { ts: row.get(0)?, kind: row.get(1)?, detail }))
        })
    }

    /// True if a range of the sweep was ever changed by steering.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_ranged(&self, sweep: SweepId) -> Result<bool, StoreError> {
        self.read(|conn| {
            let sql =
                "SELECT EXISTS (SELECT 1 FROM sweep_event WHERE sweep = ?1 AND kind = 'steered'
                         AND json_extract(detail, '$.command.do') = 'range')";
            Ok(conn.prepare_cached(sql)?.query_row([sweep.0], |row| row.get(0))?)
        })
    }
}
