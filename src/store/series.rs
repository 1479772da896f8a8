//! Series of a run as columns for charts, whole or from where a live one was left.

use super::{Store, StoreError, codec};
use crate::domain::{RunId, SeriesKey};
use crate::metrics::series::Series;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};

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
        self.read_at_once(|conn| {
            let mut metrics = conn.prepare_cached(
                "SELECT p.metric, m.name FROM point p JOIN metric m ON m.id = p.metric
                 WHERE p.run = ?1 AND p.metric > ?2 ORDER BY p.metric LIMIT 1",
            )?;
            let mut keys = Vec::new();
            let mut metric = 0_i64;
            loop {
                let found = metrics.query_row(params![run.0, metric], |row| {
                    Ok((row.get(0)?, row.get::<_, String>(1)?))
                });
                let Some((number, name)) = found.optional()? else { break };
                metric = number;
                keys.extend(keys_of(conn, run, (metric, &name))?);
            }
            keys.sort();
            Ok(keys)
        })
    }

    /// The series of a run that are of one metric, by context.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn series_of(&self, run: RunId, metric: &str) -> Result<Vec<SeriesKey>, StoreError> {
        self.read_at_once(|conn| {
            let mut number = conn.prepare_cached("SELECT id FROM metric WHERE name = ?1")?;
            let number: Option<i64> = number.query_row([metric], |row| row.get(0)).optional()?;
            number.map_or(Ok(Vec::new()), |number| keys_of(conn, run, (number, metric)))
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
        let (step, ts) = after.unwrap_or((i64::MIN, i64::MIN));
        let x = if axis == Axis::Step { "step" } else { "ts" };
        // Whether a value is a number shows in its type, which spares a column a row.
        let sql = format!(
            "SELECT {x}, CASE special WHEN 0 THEN value ELSE special END FROM point
             WHERE {OF_SERIES} AND step >= ?4 AND (step > ?4 OR ts > ?5)
             ORDER BY step, ts, value, special"
        );
        let last = format!(
            "SELECT step, ts FROM point WHERE {OF_SERIES} ORDER BY step DESC, ts DESC LIMIT 1"
        );
        self.read_at_once(|conn| {
            let mut statement = conn.prepare_cached(&sql)?;
            let of = params![run.0, key.metric, key.context, step, ts];
            let mut rows = statement.query(of)?;
            let mut series = Series::default();
            while let Some(row) = rows.next()? {
                series.xs.push(row.get::<_, i64>(0)? as f64);
                series.values.push(match row.get_ref(1)? {
                    ValueRef::Real(value) => value,
                    special => codec::join_float(0.0, special.as_i64().unwrap_or(1)),
                });
            }
            // A step that was logged late stands where its time is.
            if axis == Axis::Time {
                series.sort();
            }
            let of = params![run.0, key.metric, key.context];
            let mut statement = conn.prepare_cached(&last)?;
            let last = statement.query_row(of, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            Ok((series, last))
        })
    }

    /// A series by ascending step, each value with its time: for what needs more than one axis of it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn stamped_series(&self, run: RunId, key: &SeriesKey) -> Result<Vec<Stamped>, StoreError> {
        let sql = format!(
            "SELECT step, ts, value, special FROM point WHERE {OF_SERIES}
             ORDER BY step, ts, value, special"
        );
        self.read_at_once(|conn| {
            let mut statement = conn.prepare_cached(&sql)?;
            let found = statement.query_map(params![run.0, key.metric, key.context], |row| {
                Ok((row.get(0)?, row.get(1)?, codec::join_float(row.get(2)?, row.get(3)?)))
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }
}

/// The series of one metric, given by its number and name: one seek a context.
fn keys_of(
    conn: &Connection,
    run: RunId,
    (number, name): (i64, &str),
) -> Result<Vec<SeriesKey>, StoreError> {
    let first = "SELECT min(context) FROM point WHERE run = ?1 AND metric = ?2";
    let next = "SELECT min(context) FROM point WHERE run = ?1 AND metric = ?2 AND context > ?3";
    let (mut first, mut next) = (conn.prepare_cached(first)?, conn.prepare_cached(next)?);
    let mut keys = Vec::new();
    let mut context: Option<String> = first.query_row(params![run.0, number], |row| row.get(0))?;
    while let Some(found) = context {
        context = next.query_row(params![run.0, number, found], |row| row.get(0))?;
        keys.push(SeriesKey { metric: name.into(), context: found });
    }
    Ok(keys)
}

/// A value of a series: step, milliseconds since 1970 UTC, and the value.
pub type Stamped = (i64, i64, f64);

/// The points of one series.
const OF_SERIES: &str =
    "run = ?1 AND metric = (SELECT id FROM metric WHERE name = ?2) AND context = ?3";
