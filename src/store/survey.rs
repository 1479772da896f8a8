//! What a set of runs has: names that differ among them, and values to complete what is typed.

use super::columns::{self, Form, Places};
use super::filter::Field;
use super::filter::sql::Known;
use super::{Query, Store, StoreError, ids};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};
use std::collections::{BTreeMap, HashMap};

/// A parameter or a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// A parameter.
    Param,
    /// A metric.
    Metric,
}

/// A parameter or metric that some of a set of runs have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Varying {
    /// Its name.
    pub name: String,
    /// Which of both it is.
    pub kind: NameKind,
    /// How many of the runs have it, NaN among them.
    pub present: u64,
    /// True if all runs that have it agree on its value; all NaN is agreement.
    pub is_constant: bool,
    /// True for a metric, and for a parameter whose values are numbers, or none here and there.
    pub is_numeric: bool,
}

impl Store {
    /// The parameters, then the metrics, of the runs of a query, each in the order in which the store first saw
    /// them. This reads every value of these runs, about 0.2 µs each: where that is too long, a limit and
    /// no sort make it the newest so many.
    ///
    /// # Errors
    /// As [`Store::runs`].
    pub fn varying(&self, query: &Query) -> Result<Vec<Varying>, StoreError> {
        self.read(|conn| {
            let mut runs = ids::run_ids(conn, query)?;
            runs.sort_unstable_by(|a, b| b.cmp(a));
            let known = Known::load(conn)?;
            let params = survey(conn, &runs, NameKind::Param)?;
            let metrics = survey(conn, &runs, NameKind::Metric)?;
            let mut found = named(&known.params, &params, NameKind::Param);
            found.extend(named(&known.metrics, &metrics, NameKind::Metric));
            Ok(found)
        })
    }

    /// Values of a column that begin with `prefix`, whatever the case of ASCII letters, and how many runs have
    /// each: most frequent first, then by text, at most `limit`. Runs in the bin do not count; a parameter
    /// has its exact text, and a name that no run has, no values.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn values(
        &self,
        field: &Field,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        self.read(|conn| {
            let known = Known::of(conn, std::slice::from_ref(field))?;
            let runs = ids::run_ids(conn, &Query::default())?;
            let mut counts: HashMap<Key, u64> = HashMap::new();
            columns::for_each(conn, &known, &runs, (field, Form::Exact), &mut |_, value| {
                count_value(&mut counts, value);
            })?;
            let is_param = matches!(field, Field::Param(_) | Field::Name(_));
            let mut texts: BTreeMap<String, u64> = BTreeMap::new();
            for (key, count) in counts {
                *texts.entry(key.text(is_param)).or_default() += count;
            }
            Ok(completions(texts, prefix, limit))
        })
    }

    /// Keys of tags that begin with `prefix`, as [`Store::values`] gives values.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn tag_keys(&self, prefix: &str, limit: usize) -> Result<Vec<(String, u64)>, StoreError> {
        let sql = "SELECT t.key, count(*) FROM tag t JOIN run r ON r.id = t.run
                   WHERE r.deleted IS NULL AND ?1 = '' GROUP BY t.key";
        self.counted(sql, "", (prefix, limit))
    }

    /// Values of a tag that begin with `prefix`, as [`Store::values`] gives values.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn tag_values(
        &self,
        key: &str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let sql = "SELECT t.value, count(*) FROM tag t JOIN run r ON r.id = t.run
                   WHERE r.deleted IS NULL AND t.key = ?1 GROUP BY t.value";
        self.counted(sql, key, (prefix, limit))
    }

    fn counted(
        &self,
        sql: &str,
        key: &str,
        (prefix, limit): (&str, usize),
    ) -> Result<Vec<(String, u64)>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(sql)?;
            let row = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64));
            let texts = statement.query_map([key], row)?.collect::<Result<_, _>>()?;
            Ok(completions(texts, prefix, limit))
        })
    }
}

/// What is known of a name while values come.
#[derive(Debug, Clone, Default)]
struct Seen {
    present: u64,
    first: Option<Key>,
    differs: bool,
    has_number: bool,
    has_other: bool,
}

/// A value that can be compared; numbers of whatever kind are equal where they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Nan,
    Int(i64),
    Number(u64),
    Text(Box<str>),
}

impl Key {
    fn number(value: f64) -> Self {
        Self::Number((value + 0.0).to_bits())
    }

    fn text(self, has_kind: bool) -> String {
        match self {
            Self::Nan => "nan".into(),
            Self::Int(value) => value.to_string(),
            Self::Number(bits) => crate::domain::Value::Float(f64::from_bits(bits)).to_string(),
            Self::Text(text) if has_kind => {
                text.split_once(':').map_or("", |(_, text)| text).to_string()
            }
            Self::Text(text) => text.into(),
        }
    }
}

impl Seen {
    fn number(&mut self, value: f64) {
        self.present += 1;
        self.has_number = true;
        if !self.differs {
            self.meet(Key::number(value));
        }
    }

    fn other(&mut self, kind: &str, text: &str) {
        self.present += 1;
        self.has_other |= kind != "none";
        if self.differs {
            return;
        }
        match &self.first {
            Some(Key::Text(first)) if first.split_once(':') == Some((kind, text)) => {}
            _ => self.meet(Key::Text(format!("{kind}:{text}").into())),
        }
    }

    fn meet(&mut self, key: Key) {
        match &self.first {
            Some(first) => self.differs |= *first != key,
            None => self.first = Some(key),
        }
    }
}

/// What the runs, newest first, have, by the number of the name.
fn survey(conn: &Connection, runs: &[i64], kind: NameKind) -> Result<Vec<Seen>, StoreError> {
    let (Some(high), Some(low)) = (runs.first(), runs.last()) else { return Ok(Vec::new()) };
    let (columns, table, see): (_, _, fn(&mut Seen, &Row<'_>) -> rusqlite::Result<()>) = match kind
    {
        NameKind::Param => ("run, name, number, kind, text", "param", see_param),
        NameKind::Metric => ("run, metric, score", "summary", see_metric),
    };
    let mut seen: Vec<Seen> = Vec::new();
    let mut take = |row: &Row<'_>| -> Result<(), StoreError> {
        let name = row.get::<_, i64>(1)? as usize;
        if name >= seen.len() {
            seen.resize_with(name + 1, Seen::default);
        }
        Ok(see(&mut seen[name], row)?)
    };
    // Runs that lie close together are one stretch of the table; others are looked up one by one.
    if (high - low) as usize <= 4 * runs.len() {
        let places = Places::new(runs);
        let is_most = !columns::is_few(conn, runs)?;
        // The index is a third of the table.
        let index =
            if is_most && kind == NameKind::Metric { " INDEXED BY summary_by_score" } else { "" };
        let hidden = if index.is_empty() { "" } else { "+" };
        let metric = if index.is_empty() { "" } else { "metric > 0 AND " };
        let sql = format!(
            "SELECT {columns} FROM {table}{index} WHERE {metric}{hidden}run BETWEEN ?1 AND ?2"
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let mut rows = statement.query(params![low, high])?;
        while let Some(row) = rows.next()? {
            if places.of(row.get(0)?).is_some() {
                take(row)?;
            }
        }
        return Ok(seen);
    }
    let sql = format!("SELECT {columns} FROM {table} WHERE run = ?1");
    let mut statement = conn.prepare_cached(&sql)?;
    for run in runs.iter().rev() {
        let mut rows = statement.query([run])?;
        while let Some(row) = rows.next()? {
            take(row)?;
        }
    }
    Ok(seen)
}

fn see_param(seen: &mut Seen, row: &Row<'_>) -> rusqlite::Result<()> {
    match row.get_ref(2)? {
        ValueRef::Real(number) => seen.number(number),
        _ => seen.other(row.get_ref(3)?.as_str()?, row.get_ref(4)?.as_str()?),
    }
    Ok(())
}

fn see_metric(seen: &mut Seen, row: &Row<'_>) -> rusqlite::Result<()> {
    match row.get_ref(2)? {
        ValueRef::Real(score) => seen.number(score),
        _ => {
            seen.present += 1;
            seen.meet(Key::Nan);
        }
    }
    Ok(())
}

fn named(names: &BTreeMap<String, i64>, seen: &[Seen], kind: NameKind) -> Vec<Varying> {
    let mut sorted: Vec<(i64, &String)> = names.iter().map(|(name, id)| (*id, name)).collect();
    sorted.sort_unstable();
    let varying = |(id, name): (i64, &String)| {
        let seen = seen.get(id as usize).filter(|seen| seen.present > 0)?;
        Some(Varying {
            name: name.clone(),
            kind,
            present: seen.present,
            is_constant: !seen.differs,
            is_numeric: kind == NameKind::Metric || seen.has_number && !seen.has_other,
        })
    };
    sorted.into_iter().filter_map(varying).collect()
}

fn count_value(counts: &mut HashMap<Key, u64>, value: ValueRef<'_>) {
    let key = match value {
        ValueRef::Null => return,
        ValueRef::Integer(value) => Key::Int(value),
        ValueRef::Real(value) => Key::number(value),
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            Key::Text(String::from_utf8_lossy(text).into())
        }
    };
    *counts.entry(key).or_default() += 1;
}

fn completions(texts: BTreeMap<String, u64>, prefix: &str, limit: usize) -> Vec<(String, u64)> {
    let begins = |text: &str| {
        text.as_bytes()
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    let mut found: Vec<(String, u64)> =
        texts.into_iter().filter(|(text, _)| begins(text)).collect();
    found.sort_by(|a, b| b.1.cmp(&a.1)); // stable: by text where equal
    found.truncate(limit);
    found
}
