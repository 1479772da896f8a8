//! One column of many runs: a metric, a parameter or an attribute, read the way that is fastest.

use super::filter::Field;
use super::filter::sql::{Known, joins};
use super::{StoreError, codec};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};

/// Below this share of all runs, single look-ups beat a pass over everything.
const FEW: i64 = 12;

/// Takes the place of a run in the list, and its value there.
type See<'a> = &'a mut dyn FnMut(usize, ValueRef<'_>);

/// As what a parameter is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Its number where it has one, else its text: what sorts.
    Sorting,
    /// As [`codec::EXACT`] has it.
    Exact,
}

/// Calls `see` with the place of every run of `ids` (newest first) that has a value in the column, in any order.
/// NaN and unknown names are missing. Of a name that is both, the metric counts, where it is a number.
pub(super) fn for_each(
    conn: &Connection,
    known: &Known,
    ids: &[i64],
    (field, form): (&Field, Form),
    see: See<'_>,
) -> Result<(), StoreError> {
    let (metric, param) = match field {
        Field::Attribute(attribute) => return attributes(conn, ids, attribute.sql(), see),
        Field::Metric(name) => (known.metrics.get(name), None),
        Field::Param(name) => (None, known.params.get(name)),
        Field::Name(name) => (known.metrics.get(name), known.params.get(name)),
    };
    match (metric, param) {
        (None, None) => Ok(()),
        (Some(metric), None) => scores(conn, ids, *metric, see),
        (None, Some(param)) => params_of(conn, ids, (*param, form), see),
        (Some(metric), Some(param)) => {
            let mut is_metric = vec![false; ids.len()];
            scores(conn, ids, *metric, &mut |place, value| {
                is_metric[place] = true;
                see(place, value);
            })?;
            params_of(conn, ids, (*param, form), &mut |place, value| {
                if !is_metric[place] {
                    see(place, value);
                }
            })
        }
    }
}

/// Finds the place of a run in a list that descends.
pub(super) struct Places<'a> {
    ids: &'a [i64],
    /// By number from the smallest on, where the numbers lie close together.
    dense: Vec<u32>,
}

impl<'a> Places<'a> {
    pub(super) fn new(ids: &'a [i64]) -> Self {
        let mut dense = Vec::new();
        if let (Some(high), Some(low)) = (ids.first(), ids.last()) {
            let span = (high - low + 1) as usize;
            if span <= 16 * ids.len() + 1024 {
                dense = vec![u32::MAX; span];
                for (place, id) in ids.iter().enumerate() {
                    dense[(id - low) as usize] = place as u32;
                }
            }
        }
        Self { ids, dense }
    }

    pub(super) fn of(&self, id: i64) -> Option<usize> {
        let low = *self.ids.last()?;
        if self.dense.is_empty() {
            return self.ids.binary_search_by(|other| id.cmp(other)).ok();
        }
        let offset = usize::try_from(id.checked_sub(low)?).ok()?;
        let place = *self.dense.get(offset)?;
        (place != u32::MAX).then_some(place as usize)
    }
}

/// True if the list is a small share of all runs.
pub(super) fn is_few(conn: &Connection, ids: &[i64]) -> Result<bool, StoreError> {
    let newest: Option<i64> =
        conn.prepare_cached("SELECT max(id) FROM run")?.query_row([], |row| row.get(0))?;
    Ok((ids.len() as i64).saturating_mul(FEW) < newest.unwrap_or(0))
}

fn scores(conn: &Connection, ids: &[i64], metric: i64, see: See<'_>) -> Result<(), StoreError> {
    if is_few(conn, ids)? {
        let sql = "SELECT score FROM summary
                   WHERE run = ?1 AND metric = ?2 AND score IS NOT NULL";
        return look_up(conn, sql, (ids, metric), see);
    }
    // The index has all that is asked for.
    let sql = "SELECT run, score FROM summary INDEXED BY summary_by_score
               WHERE metric = ?1 AND score IS NOT NULL";
    pass(conn, sql, (ids, metric), see)
}

fn params_of(
    conn: &Connection,
    ids: &[i64],
    (param, form): (i64, Form),
    see: See<'_>,
) -> Result<(), StoreError> {
    let value = match form {
        Form::Sorting => "coalesce(number, text)",
        Form::Exact => codec::EXACT,
    };
    if is_few(conn, ids)? {
        let sql = format!("SELECT {value} FROM param WHERE run = ?1 AND name = ?2");
        return look_up(conn, &sql, (ids, param), see);
    }
    // No index has a parameter by its name, and runs may have thousands of others: one look-up per run, which
    // is several times faster within one statement.
    let sql = format!(
        "SELECT p.run, {value} FROM run r INDEXED BY run_by_trial
         CROSS JOIN param p ON p.run = r.id AND p.name = ?1"
    );
    pass(conn, &sql, (ids, param), see)
}

/// One statement over runs and their values, of which those in the list are taken.
fn pass(
    conn: &Connection,
    sql: &str,
    (ids, name): (&[i64], i64),
    see: See<'_>,
) -> Result<(), StoreError> {
    let places = Places::new(ids);
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([name])?;
    while let Some(row) = rows.next()? {
        if let Some(place) = places.of(row.get(0)?) {
            see(place, row.get_ref(1)?);
        }
    }
    Ok(())
}

/// One look-up per run, from the oldest on, which is the order of the tables.
fn look_up(
    conn: &Connection,
    sql: &str,
    (ids, name): (&[i64], i64),
    see: See<'_>,
) -> Result<(), StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    for (place, id) in ids.iter().enumerate().rev() {
        let mut rows = statement.query(params![id, name])?;
        if let Some(row) = rows.next()? {
            see(place, row.get_ref(0)?);
        }
    }
    Ok(())
}

fn attributes(
    conn: &Connection,
    ids: &[i64],
    column: &str,
    see: See<'_>,
) -> Result<(), StoreError> {
    for_each_of(conn, ids, column, &mut |place, row| {
        see(place, row.get_ref(1)?);
        Ok(())
    })
}

/// Calls `see` with the place and the row of every run of `ids` (newest first): its number, then these columns
/// of the tables in [`super::filter::sql::RUNS`].
pub(super) fn for_each_of(
    conn: &Connection,
    ids: &[i64],
    columns: &str,
    see: &mut dyn FnMut(usize, &Row<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let select = format!("SELECT r.id, {columns} FROM run r{}", joins(columns));
    if is_few(conn, ids)? {
        let mut statement = conn.prepare_cached(&format!("{select} WHERE r.id = ?1"))?;
        for (place, id) in ids.iter().enumerate() {
            let mut rows = statement.query([id])?;
            if let Some(row) = rows.next()? {
                see(place, row)?;
            }
        }
        return Ok(());
    }
    let places = Places::new(ids);
    let mut statement = conn.prepare_cached(&select)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(place) = places.of(row.get(0)?) {
            see(place, row)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_in_dense_and_in_sparse_lists() {
        let check = |ids: &[i64], absent: &[i64]| {
            let places = Places::new(ids);
            for (place, id) in ids.iter().enumerate() {
                assert_eq!(places.of(*id), Some(place));
            }
            assert!(absent.iter().all(|id| places.of(*id).is_none()));
        };
        check(&[], &[0, 1]);
        check(&[9, 7, 3], &[i64::MIN, 2, 4, 8, 10, i64::MAX]);
        check(&[9_000_000, 4_000_000, 1], &[0, 2, 3_999_999, 9_000_001]);
    }
}
