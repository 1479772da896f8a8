//! Which runs a query means, as numbers: sorted lists, counts, what has changed. No record is read.

use super::filter::sql::{Compiled, Known, joins};
use super::{Query, Store, StoreError, codec, order};
use crate::domain::{RunId, Status};
use crate::host;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params, params_from_iter};

impl Store {
    /// The numbers of the runs that a query asks for, in its order: what a table of any length scrolls over.
    ///
    /// # Errors
    /// As [`Store::runs`].
    pub fn run_ids(&self, query: &Query) -> Result<Vec<RunId>, StoreError> {
        let ids = self.read_at_once(|conn| run_ids(conn, query))?;
        Ok(ids.into_iter().map(RunId).collect())
    }

    /// How many runs fit; sort and limit do not matter.
    ///
    /// # Errors
    /// As [`Store::runs`].
    pub fn count(&self, query: &Query) -> Result<u64, StoreError> {
        self.read_at_once(|conn| {
            let known = Known::for_filter(conn, query.filter.as_ref())?;
            let (sql, values) = select(query, &known, ("count(*)", ""))?;
            let mut statement = conn.prepare_cached(&sql)?;
            let count: i64 = statement.query_row(params_from_iter(values), |row| row.get(0))?;
            Ok(count as u64)
        })
    }

    /// How many of the runs that fit are in each state, in the order of [`Status::ALL`]; only states that
    /// occur. Sort and limit do not matter.
    ///
    /// # Errors
    /// As [`Store::runs`].
    pub fn status_counts(&self, query: &Query) -> Result<Vec<(Status, u64)>, StoreError> {
        self.read_at_once(|conn| {
            let known = Known::for_filter(conn, query.filter.as_ref())?;
            // Counted here: GROUP BY would sort all runs first.
            let (sql, values) = select(query, &known, ("r.status", ""))?;
            let mut statement = conn.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(values))?;
            let mut counts = [0_u64; Status::ALL.len()];
            while let Some(row) = rows.next()? {
                let word = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
                counts[codec::status(word)? as usize] += 1;
            }
            let counts = Status::ALL.into_iter().zip(counts);
            Ok(counts.filter(|(_, count)| *count > 0).collect())
        })
    }

    /// The runs that have changed since [`Store::change_seq`] was `since`, the earliest change first, at most
    /// `limit`. Binned runs are among them; purged ones leave no trace. No index has the changes, so this
    /// passes over all runs: about as long as counting them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn changed_runs(&self, since: i64, limit: usize) -> Result<Vec<RunId>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT id FROM run WHERE change_seq > ?1 ORDER BY change_seq, id LIMIT ?2";
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut statement = conn.prepare_cached(sql)?;
            let rows = statement.query_map(params![since, limit], |row| Ok(RunId(row.get(0)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// The runs of a query, sorted and cut.
pub(super) fn run_ids(conn: &Connection, query: &Query) -> Result<Vec<i64>, StoreError> {
    let known = Known::for_filter(conn, query.filter.as_ref())?;
    for (column, _) in &query.sort {
        known.check_field(column, &[])?;
    }
    let is_sorted = (!query.sort.is_empty() || query.ranking.is_some()) && query.limit != Some(0);
    let limit = query.limit.filter(|_| !is_sorted);
    let mut ids = fitting(conn, query, &known, limit)?;
    if is_sorted {
        let mut keys = Vec::new();
        if query.feasible_first || query.ranking.is_some() {
            keys.extend(order::feasibility(conn, &ids)?);
        }
        if let Some(ranking) = &query.ranking {
            keys.extend(ranking.keys(conn, &known, &ids)?);
        }
        order::sort(conn, &known, &mut ids, (keys, &query.sort))?;
        ids.truncate(query.limit.unwrap_or(usize::MAX));
    }
    Ok(ids)
}

/// The runs that fit, newest first.
fn fitting(
    conn: &Connection,
    query: &Query,
    known: &Known,
    limit: Option<usize>,
) -> Result<Vec<i64>, StoreError> {
    let (sql, mut values) = select(query, known, ("r.id", "ORDER BY r.id DESC LIMIT ?"))?;
    values.push(limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX)).into());
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(row.get(0)?);
    }
    Ok(ids)
}

/// The statement that reads `columns` of the runs that fit, with what comes behind the conditions.
fn select(
    query: &Query,
    known: &Known,
    (columns, tail): (&str, &str),
) -> Result<(String, Vec<Sql>), StoreError> {
    let mut condition = Compiled::new(known, host::now_ms());
    condition.text.push_str(match (query.only_deleted, query.include_deleted) {
        (true, _) => "r.deleted IS NOT NULL",
        (false, true) => "1",
        (false, false) => "r.deleted IS NULL",
    });
    if let Some(filter) = &query.filter {
        known.check(filter)?;
        condition.text.push_str(" AND ");
        condition.condition(filter);
    }
    let Compiled { text, values, .. } = condition;
    let joins = joins(&text);
    Ok((format!("SELECT {columns} FROM run r{joins} WHERE {text} {tail}"), values))
}
