//! Names and contexts that are written once and referred to by number.

use super::{RunContext, StoreError};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

/// Numbers already known to this connection. Void after a rollback.
#[derive(Debug, Default)]
pub(super) struct Interned {
    pub(super) metrics: HashMap<String, i64>,
    pub(super) params: HashMap<String, i64>,
    pub(super) experiments: HashMap<String, i64>,
    pub(super) owners: HashMap<String, i64>,
    /// The last context: a sweep's runs share it, and comparing is cheaper than hashing a long diff.
    pub(super) context: Option<(Box<RunContext>, i64)>,
    pub(super) datasets: HashMap<(String, String, String), i64>,
}

impl Interned {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn metric(&mut self, conn: &Connection, name: &str) -> Result<i64, StoreError> {
        let find = "SELECT id FROM metric WHERE name = ?1";
        let add = "INSERT INTO metric (name) VALUES (?1) RETURNING id";
        by_name(conn, &mut self.metrics, name, (find, add))
    }

    pub(super) fn param(&mut self, conn: &Connection, name: &str) -> Result<i64, StoreError> {
        let find = "SELECT id FROM param_name WHERE name = ?1";
        let add = "INSERT INTO param_name (name) VALUES (?1) RETURNING id";
        by_name(conn, &mut self.params, name, (find, add))
    }

    pub(super) fn experiment(&mut self, conn: &Connection, name: &str) -> Result<i64, StoreError> {
        if let Some(&id) = self.experiments.get(name) {
            return Ok(id);
        }
        let find = "SELECT id FROM experiment WHERE name = ?1";
        let found = conn.prepare_cached(find)?.query_row([name], |row| row.get(0)).optional()?;
        let id = match found {
            Some(id) => id,
            None => conn
                .prepare_cached(
                    "INSERT INTO experiment (name, created) VALUES (?1, ?2) RETURNING id",
                )?
                .query_row(params![name, crate::host::now_ms()], |row| row.get(0))?,
        };
        self.experiments.insert(name.into(), id);
        Ok(id)
    }
}

fn by_name(
    conn: &Connection,
    known: &mut HashMap<String, i64>,
    name: &str,
    (find, add): (&str, &str),
) -> Result<i64, StoreError> {
    if let Some(&id) = known.get(name) {
        return Ok(id);
    }
    let found = conn.prepare_cached(find)?.query_row([name], |row| row.get(0)).optional()?;
    let id = match found {
        Some(id) => id,
        None => conn.prepare_cached(add)?.query_row([name], |row| row.get(0))?,
    };
    known.insert(name.into(), id);
    Ok(id)
}
