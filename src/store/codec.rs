//! How values of the domain are written in columns, and read back.

use super::StoreError;
use crate::domain::{Status, Summary, Value};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Row, params};
use serde::de::DeserializeOwned;

pub(super) fn json<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| unreadable(what, text))
}

pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Invalid(format!("a value cannot be written as JSON: {error}")))
}

pub(super) fn unreadable(what: &'static str, value: &str) -> StoreError {
    StoreError::Unreadable { what, value: value.chars().take(80).collect() }
}

pub(super) fn status(word: &str) -> Result<Status, StoreError> {
    Status::parse(word).ok_or_else(|| unreadable("a status", word))
}

/// Kind, number and text of a parameter's value.
pub(super) fn split_value(value: &Value) -> (&'static str, Option<f64>, String) {
    let kind = match value {
        Value::None => "none",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::Text(_) => "text",
    };
    (kind, value.as_f64(), value.to_string())
}

/// The inverse of [`split_value`]; the text is exact for every kind.
pub(super) fn join_value(kind: &str, text: String) -> Result<Value, StoreError> {
    let parsed = match kind {
        "none" => Some(Value::None),
        "bool" => text.parse().ok().map(Value::Bool),
        "int" => text.parse().ok().map(Value::Int),
        "float" => text.parse().ok().map(Value::Float),
        "text" => return Ok(Value::Text(text)),
        _ => None,
    };
    parsed.ok_or_else(|| unreadable("a parameter", &text))
}

/// The value of a parameter as one column of SQL: what is neither number nor text is a blob of its word.
pub(super) const EXACT: &str =
    "CASE kind WHEN 'float' THEN number WHEN 'int' THEN CAST(text AS INTEGER)
    WHEN 'text' THEN text ELSE CAST(text AS BLOB) END";

/// Reads [`EXACT`]; none for NULL.
pub(super) fn exact_value(value: ValueRef<'_>) -> Result<Option<Value>, StoreError> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Some(match value {
        ValueRef::Null => return Ok(None),
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Real(value) => Value::Float(value),
        ValueRef::Text(bytes) => Value::Text(text(bytes)),
        ValueRef::Blob(b"none") => Value::None,
        ValueRef::Blob(bytes) => join_value("bool", text(bytes))?,
    }))
}

/// A metric's value as a key can hold it: the number, and what it is instead of one.
pub(super) fn split_float(value: f64) -> (f64, i64) {
    if value.is_nan() {
        (0.0, 1)
    } else if value.is_infinite() {
        (0.0, if value > 0.0 { 2 } else { 3 })
    } else {
        (value, 0)
    }
}

/// The inverse of [`split_float`].
pub(super) fn join_float(value: f64, special: i64) -> f64 {
    match special {
        1 => f64::NAN,
        2 => f64::INFINITY,
        3 => f64::NEG_INFINITY,
        _ => value,
    }
}

pub(super) fn write_summary(
    statement: &mut CachedStatement<'_>,
    (run, metric, position): (i64, i64, usize),
    summary: &Summary,
) -> Result<(), StoreError> {
    let Summary { score, n, mean, sd, last, min, max } = summary;
    let row = params![run, metric, position as i64, score, *n as i64, mean, sd, last, min, max];
    statement.execute(row)?; // SQLite turns NaN into NULL
    Ok(())
}

/// Reads the columns of `summary`; NULL is NaN.
pub(super) fn read_summary(row: &Row<'_>) -> Result<Summary, StoreError> {
    let float = |name| row.get::<_, Option<f64>>(name).map(|value| value.unwrap_or(f64::NAN));
    Ok(Summary {
        score: float("score")?,
        n: row.get::<_, i64>("n")? as u64,
        mean: float("mean")?,
        sd: float("sd")?,
        last: float("last")?,
        min: float("min")?,
        max: float("max")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_back() {
        let values = [
            Value::None,
            Value::Bool(true),
            Value::Int(i64::MIN),
            Value::Float(1e-300),
            Value::Float(5.0),
            Value::Text("none".into()),
        ];
        for value in values {
            let (kind, _, text) = split_value(&value);
            assert_eq!(join_value(kind, text).unwrap(), value);
        }
        assert!(join_value("int", "x".into()).is_err());
    }

    #[test]
    fn floats_read_back() {
        for value in [0.0, -1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let (number, special) = split_float(value);
            assert_eq!(join_float(number, special).to_bits(), value.to_bits());
        }
    }
}
