//! Runs as rows of a table: only those in view, and of each only what is shown.

use super::filter::sql::{Known, joins};
use super::filter::{Field, Kind};
use super::{Store, StoreError, codec};
use crate::domain::{RunId, Status, SweepId, Value};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, Row, params};

/// One value of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Cell {
    /// The run has no such metric, parameter or attribute.
    #[default]
    Missing,
    /// A metric that is not a number.
    Nan,
    /// The absent value of a parameter, which is a value.
    None,
    /// True or false.
    Bool(bool),
    /// A whole number; times are milliseconds since 1970 UTC.
    Int(i64),
    /// A number; infinities are numbers.
    Number(f64),
    /// A text.
    Text(String),
}

/// A run as a table shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// Number in this store.
    pub id: RunId,
    /// Made up or given.
    pub name: String,
    /// The experiment's name.
    pub experiment: String,
    /// The sweep's name, for a run of a sweep.
    pub sweep: Option<String>,
    /// The sweep's number.
    pub sweep_id: Option<SweepId>,
    /// The trial's number in its sweep.
    pub trial: Option<u64>,
    /// Which attempt at the trial, from 1.
    pub attempt: u32,
    /// Which of the trial's replicates, from 0.
    pub replicate: u32,
    /// State.
    pub status: Status,
    /// Why it failed, was pruned or killed.
    pub reason: Option<String>,
    /// Start, milliseconds since 1970 UTC.
    pub started: Option<i64>,
    /// End, milliseconds since 1970 UTC.
    pub ended: Option<i64>,
    /// Wall seconds.
    pub seconds: Option<f64>,
    /// Tags, sorted by key.
    pub tags: Vec<(String, String)>,
    /// True if it has a note.
    pub has_note: bool,
    /// True if it took its result over from an equal run.
    pub cached: bool,
    /// In the bin (`derby rm`).
    pub deleted: bool,
    /// The values of the columns that were asked for, in their order.
    pub cells: Vec<Cell>,
}

const BASE: &str =
    "r.id, r.name, e.name, s.name, r.sweep, r.trial, r.attempt, r.replicate, r.status, r.reason,
    r.started, r.ended, r.seconds, r.cached_from IS NOT NULL, r.deleted IS NOT NULL,
    EXISTS (SELECT 1 FROM note x WHERE x.run = r.id)";
/// Where the attributes that were asked for begin in a row.
const BASE_COLUMNS: usize = 16;

/// How the cell of a column is found.
enum Source {
    /// In the run's own row, behind [`BASE`].
    Attribute(usize, Kind),
    /// By the numbers of a metric and a parameter of that name.
    Named(Option<i64>, Option<i64>),
}

impl Store {
    /// These runs in the order given, binned ones too, each with a cell per column. Numbers that no run has are
    /// left out; a column that no run has is [`Cell::Missing`] everywhere, since a remembered table may
    /// outlive a name. What is not asked for costs nothing, however many parameters a run has.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn rows(&self, ids: &[RunId], columns: &[Field]) -> Result<Vec<RunRow>, StoreError> {
        self.read_at_once(|conn| {
            let (sources, attributes) = sources(conn, columns)?;
            let select = format!("{BASE}{attributes}");
            let sql = format!("SELECT {select} FROM run r{} WHERE r.id = ?1", joins(&select));
            let mut reader = Reader {
                run: conn.prepare_cached(&sql)?,
                tags: conn
                    .prepare_cached("SELECT key, value FROM tag WHERE run = ?1 ORDER BY key")?,
                score: conn
                    .prepare_cached("SELECT score FROM summary WHERE run = ?1 AND metric = ?2")?,
                param: conn.prepare_cached(&format!(
                    "SELECT {} FROM param WHERE run = ?1 AND name = ?2",
                    codec::EXACT
                ))?,
            };
            let mut rows = Vec::with_capacity(ids.len());
            for id in ids {
                rows.extend(reader.row(*id, &sources)?);
            }
            Ok(rows)
        })
    }
}

/// Where each column comes from, and the SQL of the attributes among them.
fn sources(conn: &Connection, columns: &[Field]) -> Result<(Vec<Source>, String), StoreError> {
    let known = Known::of(conn, columns)?;
    let mut sql = String::new();
    let mut n_attributes = 0;
    let mut source = |field: &Field| {
        let metric = |name| known.metrics.get(name).copied();
        let param = |name| known.params.get(name).copied();
        match field {
            Field::Attribute(attribute) => {
                sql.push_str(", ");
                sql.push_str(attribute.sql());
                n_attributes += 1;
                Source::Attribute(BASE_COLUMNS + n_attributes - 1, attribute.kind())
            }
            Field::Metric(name) => Source::Named(metric(name), None),
            Field::Param(name) => Source::Named(None, param(name)),
            Field::Name(name) => Source::Named(metric(name), param(name)),
        }
    };
    let sources = columns.iter().map(&mut source).collect();
    Ok((sources, sql))
}

/// The statements that make a row.
struct Reader<'a> {
    run: CachedStatement<'a>,
    tags: CachedStatement<'a>,
    score: CachedStatement<'a>,
    param: CachedStatement<'a>,
}

impl Reader<'_> {
    fn row(&mut self, id: RunId, sources: &[Source]) -> Result<Option<RunRow>, StoreError> {
        let mut rows = self.run.query([id.0])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let mut made = base(row)?;
        for source in sources {
            made.cells.push(match source {
                Source::Attribute(place, kind) => attribute_cell(row.get_ref(*place)?, *kind)?,
                Source::Named(metric, param) => {
                    named_cell((&mut self.score, &mut self.param), id, (*metric, *param))?
                }
            });
        }
        let mut rows = self.tags.query([id.0])?;
        while let Some(row) = rows.next()? {
            made.tags.push((row.get(0)?, row.get(1)?));
        }
        Ok(Some(made))
    }
}

fn base(row: &Row<'_>) -> Result<RunRow, StoreError> {
    Ok(RunRow {
        id: RunId(row.get(0)?),
        name: row.get(1)?,
        experiment: row.get(2)?,
        sweep: row.get(3)?,
        sweep_id: row.get::<_, Option<i64>>(4)?.map(SweepId),
        trial: row.get::<_, Option<i64>>(5)?.map(|trial| trial as u64),
        attempt: row.get(6)?,
        replicate: row.get(7)?,
        status: codec::status(row.get_ref(8)?.as_str().map_err(rusqlite::Error::from)?)?,
        reason: row.get(9)?,
        started: row.get(10)?,
        ended: row.get(11)?,
        seconds: row.get(12)?,
        cached: row.get(13)?,
        deleted: row.get(14)?,
        has_note: row.get(15)?,
        tags: Vec::new(),
        cells: Vec::new(),
    })
}

fn attribute_cell(value: ValueRef<'_>, kind: Kind) -> Result<Cell, StoreError> {
    Ok(match value {
        ValueRef::Null => Cell::Missing,
        ValueRef::Integer(value) if kind == Kind::Flag => Cell::Bool(value != 0),
        ValueRef::Integer(value) => Cell::Int(value),
        ValueRef::Real(value) => Cell::Number(value),
        text => Cell::Text(text.as_str().map_err(rusqlite::Error::from)?.into()),
    })
}

/// The metric where the run has it, else the parameter.
fn named_cell(
    (score, param): (&mut CachedStatement<'_>, &mut CachedStatement<'_>),
    run: RunId,
    (metric, name): (Option<i64>, Option<i64>),
) -> Result<Cell, StoreError> {
    if let Some(metric) = metric {
        let mut rows = score.query(params![run.0, metric])?;
        if let Some(row) = rows.next()? {
            let score: Option<f64> = row.get(0)?;
            return Ok(score.map_or(Cell::Nan, Cell::Number));
        }
    }
    let Some(name) = name else { return Ok(Cell::Missing) };
    let mut rows = param.query(params![run.0, name])?;
    let Some(row) = rows.next()? else { return Ok(Cell::Missing) };
    Ok(codec::exact_value(row.get_ref(0)?)?.map_or(Cell::Nan, Cell::from))
}

impl From<Value> for Cell {
    fn from(value: Value) -> Self {
        match value {
            Value::None => Self::None,
            Value::Bool(value) => Self::Bool(value),
            Value::Int(value) => Self::Int(value),
            Value::Float(value) => Self::Number(value),
            Value::Text(text) => Self::Text(text),
        }
    }
}
