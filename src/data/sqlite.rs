//! Reads a table or a query of a `SQLite` database, never writing to it.

use super::source::Scan;
use super::source_build::{Cell, TableBuilder};
use super::{Error, SourceOptions};
use crate::domain::{Digest, DigestBuilder};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement};

/// An open database and the query that makes the table.
#[derive(Debug)]
pub(super) struct SqliteSource {
    connection: Connection,
    query: String,
    shown: String,
    digest: std::cell::Cell<Option<Digest>>,
}

impl SqliteSource {
    pub(super) fn open(options: &SourceOptions) -> Result<Self, Error> {
        let shown = options.shown.clone();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&options.path, flags)
            .map_err(|error| not_opened(&shown, &error))?;
        // One read transaction, so that both scans see the same rows.
        connection.execute_batch("BEGIN").map_err(|error| not_opened(&shown, &error))?;
        let tables = tables(&connection).map_err(|error| not_opened(&shown, &error))?;
        let query = match (&options.query, &options.table) {
            (Some(_), Some(table)) => {
                return Err(Error::source(
                    shown,
                    format!("both a query and the table '{table}' are given"),
                    "keep one of 'table' and 'query'",
                ));
            }
            (Some(query), None) => query.clone(),
            (None, table) => select_all(table.as_deref(), &tables, &shown)?,
        };
        Ok(Self { connection, query, shown, digest: std::cell::Cell::new(None) })
    }

    fn failed(&self, error: &rusqlite::Error) -> Error {
        let what = format!("the query '{}' fails: {error}", self.query);
        Error::source(&self.shown, what, "try the query in the sqlite3 shell")
    }

    fn prepare(&self) -> Result<Statement<'_>, Error> {
        let statement =
            self.connection.prepare(&self.query).map_err(|error| self.failed(&error))?;
        if statement.readonly() && statement.column_count() > 0 {
            return Ok(statement);
        }
        let what = format!("the query '{}' returns no rows or would write", self.query);
        Err(Error::source(&self.shown, what, "give one SELECT"))
    }

    fn columns(
        &self,
        statement: &Statement<'_>,
        builder: &mut TableBuilder<'_>,
    ) -> Result<Vec<usize>, Error> {
        let mut names: Vec<String> = Vec::new();
        for name in statement.column_names() {
            let name = name.trim().to_string();
            if name.is_empty() || names.contains(&name) {
                return Err(Error::source(
                    &self.shown,
                    format!("the query gives the column name '{name}' twice or leaves it empty"),
                    "name the columns with AS",
                ));
            }
            names.push(name);
        }
        Ok(names.iter().map(|name| builder.column(name)).collect())
    }

    fn cell<'a>(&self, name: &str, row: usize, value: ValueRef<'a>) -> Result<Cell<'a>, Error> {
        Ok(match value {
            ValueRef::Null => Cell::Null("NULL"),
            ValueRef::Integer(number) => Cell::Int(number),
            ValueRef::Real(number) => Cell::Float(number),
            ValueRef::Text(bytes) => Cell::Text(std::str::from_utf8(bytes).map_err(|_| {
                let place = format!("{}, column '{name}'", self.place(row));
                let text = String::from_utf8_lossy(bytes);
                Error::source(place, format!("'{text}' is not UTF-8"), "store the text as UTF-8")
            })?),
            ValueRef::Blob(bytes) => {
                return Err(Error::source(
                    format!("{}, column '{name}'", self.place(row)),
                    format!("holds a blob of {} bytes", bytes.len()),
                    "leave the column out with a 'query', or convert it there",
                ));
            }
        })
    }
}

impl Scan for SqliteSource {
    fn scan(&self, builder: &mut TableBuilder<'_>) -> Result<(), Error> {
        let mut statement = self.prepare()?;
        let columns = self.columns(&statement, builder)?;
        let names: Vec<String> = statement.column_names().iter().map(ToString::to_string).collect();
        let mut digest = DigestBuilder::new("rows");
        for name in &names {
            digest.text(name);
        }
        let mut rows = statement.query([]).map_err(|error| self.failed(&error))?;
        while let Some(row) = rows.next().map_err(|error| self.failed(&error))? {
            let row_idx = builder.row();
            let place = || self.place(row_idx);
            for (idx, &column) in columns.iter().enumerate() {
                let value = row.get_ref(idx).map_err(|error| self.failed(&error))?;
                add_to_digest(&mut digest, value);
                builder.push(column, self.cell(&names[idx], row_idx, value)?, &place)?;
            }
            builder.end_full_row();
        }
        self.digest.set(Some(digest.finish()));
        Ok(())
    }

    fn place(&self, row: usize) -> String {
        format!("{}, row {}", self.shown, row + 1)
    }

    fn digest(&self) -> Digest {
        self.digest.get().unwrap_or_else(|| Digest::of(b""))
    }
}

/// A tag keeps an integer, the same real and the same text apart.
fn add_to_digest(digest: &mut DigestBuilder, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => digest.int(0),
        ValueRef::Integer(number) => digest.int(1).int(number),
        ValueRef::Real(number) => digest.int(2).float(number),
        ValueRef::Text(bytes) => digest.int(3).bytes(bytes),
        ValueRef::Blob(bytes) => digest.int(4).bytes(bytes),
    };
}

fn not_opened(shown: &str, error: &rusqlite::Error) -> Error {
    if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) {
        return Error::source(
            shown,
            "is not a SQLite database",
            "give a database, or say which format the file has",
        );
    }
    let what = format!("the database does not open: {error}");
    Error::source(shown, what, "check the path and its permissions")
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') \
               AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

fn select_all(table: Option<&str>, tables: &[String], shown: &str) -> Result<String, Error> {
    let listed = if tables.is_empty() {
        "the database holds no tables".to_string()
    } else {
        format!("tables there: '{}'", tables.join("', '"))
    };
    let name = match (table, tables) {
        (Some(name), _) if tables.iter().any(|t| t.eq_ignore_ascii_case(name)) => name,
        (Some(name), _) => {
            let what = format!("no table '{name}'");
            return Err(Error::source(shown, what, format!("name one that is there; {listed}")));
        }
        (None, [only]) => only,
        (None, _) => {
            let what = "neither 'table' nor 'query' is given";
            return Err(Error::source(shown, what, format!("set 'table' or 'query'; {listed}")));
        }
    };
    Ok(format!("SELECT * FROM \"{}\"", name.replace('"', "\"\"")))
}
