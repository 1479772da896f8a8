//! What a set of runs has: names that differ among them, and values to complete what is typed.

use super::columns::{self, Form, Places};
use super::filter::sql::Known;
use super::filter::{Field, Kind};
use super::{Query, Store, StoreError, codec, ids};
use crate::domain::Value;
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
        self.read_at_once(|conn| {
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
        self.read_at_once(|conn| {
            let known = Known::of(conn, std::slice::from_ref(field))?;
            let runs = ids::run_ids(conn, &Query::default())?;
            let mut counts: HashMap<Key, u64> = HashMap::new();
            columns::for_each(conn, &known, &runs, (field, Form::Exact), &mut |_, value| {
                if let Some(key) = Key::of(value) {
                    *counts.entry(key).or_default() += 1;
                }
            })?;
            let is_flag = matches!(field, Field::Attribute(of) if of.kind() == Kind::Flag);
            let mut texts: BTreeMap<String, u64> = BTreeMap::new();
            for (key, count) in counts {
                *texts.entry(key.text(is_flag)).or_default() += count;
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
        self.read_at_once(|conn| {
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

/// A value that can be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Nan,
    Int(i64),
    Number(u64),
    Text(Box<str>),
    Word(Box<str>),
}

impl Key {
    /// Of a value as [`codec::EXACT`] or an attribute has it; none for NULL.
    fn of(value: ValueRef<'_>) -> Option<Self> {
        let text = |bytes| String::from_utf8_lossy(bytes).into();
        Some(match value {
            ValueRef::Null => return None,
            ValueRef::Integer(value) => Self::Int(value),
            ValueRef::Real(value) => Self::number(value),
            ValueRef::Text(bytes) => Self::Text(text(bytes)),
            ValueRef::Blob(bytes) => Self::Word(text(bytes)),
        })
    }

    /// Equal for equal numbers.
    fn number(value: f64) -> Self {
        Self::Number((value + 0.0).to_bits())
    }

    fn text(self, is_flag: bool) -> String {
        match self {
            Self::Nan => "nan".into(),
            Self::Int(value) if is_flag => (value != 0).to_string(),
            Self::Int(value) => value.to_string(),
            Self::Number(bits) => Value::Float(f64::from_bits(bits)).to_string(),
            Self::Text(text) | Self::Word(text) => text.into(),
        }
    }
}

impl Seen {
    fn param(&mut self, value: ValueRef<'_>) {
        self.present += 1;
        match value {
            ValueRef::Integer(_) | ValueRef::Real(_) => self.has_number = true,
            ValueRef::Blob(b"none") => {}
            _ => self.has_other = true,
        }
        if self.differs {
            return;
        }
        let is_known = match (&self.first, value) {
            (Some(Key::Text(first)), ValueRef::Text(text)) => first.as_bytes() == text,
            (Some(Key::Word(first)), ValueRef::Blob(text)) => first.as_bytes() == text,
            _ => false,
        };
        if !is_known {
            self.meet(match value {
                ValueRef::Integer(value) => Key::number(value as f64), // 1 and 1.0 are the same
                value => Key::of(value).unwrap_or(Key::Nan),
            });
        }
    }

    fn metric(&mut self, value: ValueRef<'_>) {
        self.present += 1;
        if !self.differs {
            self.meet(Key::of(value).unwrap_or(Key::Nan));
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
    let mut seen: Vec<Seen> = Vec::new();
    let mut take = |row: &Row<'_>| -> Result<(), StoreError> {
        let name = row.get::<_, i64>(1)? as usize;
        if name >= seen.len() {
            seen.resize_with(name + 1, Seen::default);
        }
        match kind {
            NameKind::Param => seen[name].param(row.get_ref(2)?),
            NameKind::Metric => seen[name].metric(row.get_ref(2)?),
        }
        Ok(())
    };
    let select = match kind {
        NameKind::Param => format!("SELECT run, name, {} FROM param", codec::EXACT),
        NameKind::Metric => "SELECT run, metric, score FROM summary".to_string(),
    };
    // Runs that lie close together are one stretch of the table; others are looked up one by one.
    if (high - low) as usize <= 4 * runs.len() {
        let range = match kind {
            // The index is a third of the table, so for most runs all of it is less to read.
            NameKind::Metric if !columns::is_few(conn, runs)? => {
                "INDEXED BY summary_by_score WHERE metric > 0 AND +run BETWEEN ?1 AND ?2"
            }
            _ => "WHERE run BETWEEN ?1 AND ?2",
        };
        let places = Places::new(runs);
        let mut statement = conn.prepare_cached(&format!("{select} {range}"))?;
        let mut rows = statement.query(params![low, high])?;
        while let Some(row) = rows.next()? {
            if places.of(row.get(0)?).is_some() {
                take(row)?;
            }
        }
        return Ok(seen);
    }
    let mut statement = conn.prepare_cached(&format!("{select} WHERE run = ?1"))?;
    for run in runs.iter().rev() {
        let mut rows = statement.query([run])?;
        while let Some(row) = rows.next()? {
            take(row)?;
        }
    }
    Ok(seen)
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
