//! Series of a run as columns for charts, whole or from where a live one was left.

use super::{Store, StoreError, codec};
use crate::domain::{RunId, SeriesKey};
use crate::metrics::series::Series;
use rusqlite::{OptionalExtension, params};

/// What a series runs along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Axis {
    /// The step.
    #[default]
    Step,
    /// Milliseconds since 1970 UTC.
    Time,
}

impl Store {
    /// The series of a run, by metric and context: one seek each, however long they are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn series_keys(&self, run: RunId) -> Result<Vec<SeriesKey>, StoreError> {
        self.read(|conn| {
            let sql =
                "SELECT metric, context FROM point WHERE run = ?1 AND (metric, context) > (?2, ?3)
                       ORDER BY metric, context LIMIT 1";
            let mut next = conn.prepare_cached(sql)?;
            let mut name = conn.prepare_cached("SELECT name FROM metric WHERE id = ?1")?;
            let mut keys = Vec::new();
            let (mut metric, mut context) = (0_i64, String::new());
            loop {
                let after = params![run.0, metric, context];
                let found =
                    next.query_row(after, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
                let Some(found) = found else { break };
                (metric, context) = found;
                let metric = name.query_row([metric], |row| row.get(0))?;
                keys.push(SeriesKey { metric, context: context.clone() });
            }
            keys.sort();
            Ok(keys)
        })
    }

    /// A series along an axis, ascending, and the step and time of its last value in the order of steps. With
    /// `after`, which is such a step and time, only what lies behind: the tail of a series that grows. A value
    /// for an earlier step that comes late is not in the tail; the count of the summary tells.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn series_columns(
        &self,
        run: RunId,
        key: &SeriesKey,
        axis: Axis,
        after: Option<(i64, i64)>,
    ) -> Result<(Series, Option<(i64, i64)>), StoreError> {
        self.read(|conn| {
            let sql = "SELECT step, ts, value, special FROM point
                       WHERE run = ?1 AND metric = (SELECT id FROM metric WHERE name = ?2)
                         AND context = ?3 AND (step, ts) > (?4, ?5)";
            // The order of the key, without which SQLite would sort.
            let sql = format!("{sql} ORDER BY step, ts, value, special");
            let (step, ts) = after.unwrap_or((i64::MIN, i64::MIN));
            let mut statement = conn.prepare_cached(&sql)?;
            let mut rows = statement.query(params![run.0, key.metric, key.context, step, ts])?;
            let mut series = Series::default();
            let mut last = after;
            while let Some(row) = rows.next()? {
                let (step, ts): (i64, i64) = (row.get(0)?, row.get(1)?);
                series.xs.push(if axis == Axis::Step { step as f64 } else { ts as f64 });
                series.values.push(codec::join_float(row.get(2)?, row.get(3)?));
                last = Some((step, ts));
            }
            if axis == Axis::Time && !series.xs.is_sorted() {
                sort_by_x(&mut series);
            }
            Ok((series, last))
        })
    }
}

/// A step that was logged late stands where its time is.
fn sort_by_x(series: &mut Series) {
    let mut pairs: Vec<(f64, f64)> =
        series.xs.iter().copied().zip(series.values.iter().copied()).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    (series.xs, series.values) = pairs.into_iter().unzip();
}
