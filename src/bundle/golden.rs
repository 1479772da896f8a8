//! `golden.jsonl`: raw rows with their predictions, which a bundle must give again wherever it is read.

use super::{BundleError, Pipeline};
use crate::data::{Column, ColumnType, Dataset, MISSING, Schema, Values};
use crate::domain::{Labels, Prediction};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use time::OffsetDateTime;

/// Rows spread over the training rows.
const SPREAD: usize = 16;
/// Rows more: of each class, up to this many, and with missing cells, as many.
const SPECIAL: usize = 4;

/// One raw row and what is predicted for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Golden {
    /// Cells by column, as a JSON line has them.
    pub row: Map<String, Value>,
    /// The class or the number.
    pub prediction: Value,
    /// A number per class, where the model has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Vec<f64>>,
}

/// Picks rows and predicts them.
pub(super) fn make(
    data: &Dataset,
    rows: &[usize],
    pipeline: &Pipeline,
    schema: &Schema,
) -> Result<Vec<Golden>, BundleError> {
    let picked = pick(data, rows, schema);
    let prediction = pipeline.predict(&data.table, &picked)?;
    let columns: Vec<&Column> = schema
        .columns
        .iter()
        .filter_map(|column| Some(&data.table.columns[data.table.find(&column.name)?]))
        .collect();
    let cells = |row| columns.iter().map(|c| (c.name.clone(), cell(c, row))).collect();
    Ok(picked
        .iter()
        .enumerate()
        .map(|(at, &row)| {
            let (prediction, scores) = said(&prediction, at, &data.classes);
            Golden { row: cells(row), prediction, scores }
        })
        .collect())
}

/// Rows at equal distances, the first of some classes, and the first with missing cells; in the order given.
fn pick(data: &Dataset, rows: &[usize], schema: &Schema) -> Vec<usize> {
    let n = SPREAD.min(rows.len());
    let mut places: Vec<usize> = (0..n).map(|i| i * rows.len() / n).collect();
    if let Labels::Classes { codes, n_classes, .. } = &data.labels {
        let first = |class: usize| rows.iter().position(|&row| codes[row] as usize == class);
        places.extend((0..(*n_classes).min(SPECIAL)).filter_map(first));
    }
    let read: Vec<&Column> =
        data.table.columns.iter().filter(|c| schema.find(&c.name).is_some()).collect();
    let lacks = |place: &usize| read.iter().any(|column| column.is_missing(rows[*place]));
    places.extend((0..rows.len()).filter(lacks).take(SPECIAL));
    places.sort_unstable();
    places.dedup();
    places.into_iter().map(|place| rows[place]).collect()
}

/// A cell as JSON; infinite numbers as text, which reads back as one.
fn cell(column: &Column, row: usize) -> Value {
    match &column.values {
        Values::Codes { codes, .. } if codes[row] == MISSING => Value::Null,
        Values::Codes { codes, levels } => levels[codes[row] as usize].clone().into(),
        Values::Numbers(numbers) if numbers[row].is_nan() => Value::Null,
        Values::Numbers(numbers) if column.kind == ColumnType::Date => date(numbers[row]),
        Values::Numbers(numbers) => number(numbers[row]),
    }
}

fn number(value: f64) -> Value {
    Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number)
}

/// A date as an ISO text in UTC.
fn date(seconds: f64) -> Value {
    let whole = seconds.floor();
    let Ok(at) = OffsetDateTime::from_unix_timestamp(whole as i64) else { return Value::Null };
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    let part = seconds - whole;
    let fraction = if part > 0.0 { part.to_string() } else { String::new() };
    let fraction = fraction.trim_start_matches('0');
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}").into()
}

/// What a prediction says of one row.
pub(super) fn said(
    prediction: &Prediction,
    row: usize,
    classes: &[String],
) -> (Value, Option<Vec<f64>>) {
    match prediction {
        Prediction::Values(values) => (number(values[row]), None),
        Prediction::Classes { codes, scores, n_classes, .. } => {
            let own = scores.as_ref().map(|all| all[row * n_classes..][..*n_classes].to_vec());
            (classes[codes[row] as usize].clone().into(), own)
        }
    }
}

pub(super) fn to_bytes(golden: &[Golden]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for one in golden {
        bytes.extend(serde_json::to_vec(one).expect("plain data becomes JSON"));
        bytes.push(b'\n');
    }
    bytes
}

pub(super) fn from_bytes(bytes: &[u8]) -> Result<Vec<Golden>, serde_json::Error> {
    let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(serde_json::from_slice).collect()
}

/// The raw rows as JSON lines.
pub(super) fn lines(golden: &[Golden]) -> String {
    let row = |one: &Golden| Value::Object(one.row.clone()).to_string();
    golden.iter().map(row).collect::<Vec<_>>().join("\n")
}
