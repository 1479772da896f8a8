//! What finished trials scored, without what else is known of them: a hundred thousand are read in a moment.

use super::{Store, StoreError, codec};
use crate::domain::SweepId;
use crate::space::Point;

/// Trials of their own (no repeats) whose last attempt is done and that have a loss, by number.
const DONE: &str = "FROM trial_value v JOIN trial t ON t.sweep = v.sweep AND t.number = v.trial
    WHERE v.sweep = ?1 AND v.objective = 0 AND t.same_as IS NULL AND (SELECT status FROM run
      WHERE sweep = t.sweep AND trial = t.number ORDER BY attempt DESC, id DESC LIMIT 1) = 'done'
    ORDER BY t.number";
/// The same with those that break a constraint.
const SCORED: &str = "FROM trial_value v JOIN trial t ON t.sweep = v.sweep AND t.number = v.trial
    WHERE v.sweep = ?1 AND v.objective = 0 AND t.same_as IS NULL AND (SELECT status FROM run
      WHERE sweep = t.sweep AND trial = t.number ORDER BY attempt DESC, id DESC LIMIT 1)
      IN ('done', 'infeasible') ORDER BY t.number";

impl Store {
    /// The losses by the first objective of the sweep's finished trials, by number; smaller is better.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn losses(&self, sweep: SweepId) -> Result<Vec<f64>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(&format!("SELECT v.loss {DONE}"))?;
            let losses = statement.query_map([sweep.0], |row| row.get(0))?;
            Ok(losses.collect::<Result<_, _>>()?)
        })
    }

    /// Where the sweep's trials with a score were, and their losses by the first objective, by number. What breaks a
    /// constraint says as much about what matters as what keeps it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn scored_points(&self, sweep: SweepId) -> Result<Vec<(Point, f64)>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(&format!("SELECT t.point, v.loss {SCORED}"))?;
            let mut rows = statement.query([sweep.0])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let point = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
                found.push((codec::json(point, "a point")?, row.get(1)?));
            }
            Ok(found)
        })
    }
}
