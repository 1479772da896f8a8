//! Lists of runs: filtered, sorted, cut.

use super::filter::sql::{Compiled, Known, RUNS};
use super::filter::{Expr, Field};
use super::{Store, StoreError, read};
use crate::domain::RunRecord;
use crate::host;
use rusqlite::params_from_iter;

/// What runs are sorted by: an attribute, a metric or a parameter. [`Field::parse`] reads one.
pub type Column = Field;

/// Which runs, in which order.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Only those that fit.
    pub filter: Option<Expr>,
    /// Columns and whether each descends; missing values come last either way. Ties, and runs without
    /// any sort, come newest first.
    pub sort: Vec<(Column, bool)>,
    /// At most so many.
    pub limit: Option<usize>,
    /// Runs in the bin too.
    pub include_deleted: bool,
    /// Runs in the bin and no others, whatever `include_deleted` says.
    pub only_deleted: bool,
}

impl Store {
    /// The runs that a query asks for.
    ///
    /// # Errors
    /// [`StoreError::Filter`] for names that no run has, or when the store cannot be read.
    pub fn runs(&self, query: &Query) -> Result<Vec<RunRecord>, StoreError> {
        self.read(|conn| {
            let known = Known::load(conn)?;
            let mut sql = compile(query, &known, "SELECT r.id")?;
            sql.text.push_str(" ORDER BY ");
            for (column, descending) in &query.sort {
                known.check_field(column, &[])?;
                sql.order(column, *descending);
            }
            sql.text.push_str("r.id DESC LIMIT ?");
            let limit = query.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
            sql.values.push(limit.into());
            let mut statement = conn.prepare(&sql.text)?;
            let rows = statement.query_map(params_from_iter(sql.values), |row| row.get(0))?;
            let ids: Vec<i64> = rows.collect::<Result<_, _>>()?;
            read::records(conn, &ids)
        })
    }

    /// How many runs fit; sort and limit do not matter.
    ///
    /// # Errors
    /// As [`Store::runs`].
    pub fn count(&self, query: &Query) -> Result<u64, StoreError> {
        self.read(|conn| {
            let known = Known::load(conn)?;
            let sql = compile(query, &known, "SELECT count(*)")?;
            let mut statement = conn.prepare(&sql.text)?;
            let count: i64 = statement.query_row(params_from_iter(sql.values), |row| row.get(0))?;
            Ok(count as u64)
        })
    }
}

fn compile<'a>(query: &Query, known: &'a Known, select: &str) -> Result<Compiled<'a>, StoreError> {
    let mut sql = Compiled::new(known, host::now_ms());
    let (_, tables) = RUNS.split_once("FROM run").unwrap_or_default();
    let shown = match (query.only_deleted, query.include_deleted) {
        (true, _) => "r.deleted IS NOT NULL",
        (false, true) => "1",
        (false, false) => "r.deleted IS NULL",
    };
    sql.text = format!("{select} FROM run{tables} WHERE {shown}");
    if let Some(filter) = &query.filter {
        known.check(filter)?;
        sql.text.push_str(" AND ");
        sql.condition(filter);
    }
    Ok(sql)
}
