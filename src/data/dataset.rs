//! Gives every column its role and makes a [`Dataset`].

use super::dataset_target::{self, Target};
use super::hash::{id_hash, row_hashes};
use super::source::place_of_row;
use super::split::group_keys;
use super::{
    Column, ColumnType, DataOptions, Dataset, Error, MISSING, Provenance, Table, Values, read,
    schema_digest,
};
use crate::domain::Value;
use std::collections::HashMap;

/// Reads the source and decides the role of each column.
///
/// Free text, columns without a value and columns with a role of their own (time, group, id, weights)
/// are no features.
///
/// # Errors
/// When the source cannot be read, a role does not fit the data, or no feature is left.
pub fn load(options: &DataOptions) -> Result<Dataset, Error> {
    let (mut table, content) = read(&options.source)?;
    let n_read = table.n_rows as u64;
    if options.drop_missing_target
        && let Some(target) = table.find(&options.target)
    {
        table = table.without_missing(target);
    }
    let roles = Roles::new(options, &table);
    let target = roles.find("target", &options.target)?;
    for name in &options.ignore {
        roles.find("ignore", name)?;
    }
    roles.check_apart()?;
    let features = roles.features(target)?;
    let Target { labels, classes } = dataset_target::labels(&roles, target)?;
    let weights = roles.optional("weights", options.weights.as_deref())?;
    let group = roles.optional("group", options.group.as_deref())?;
    let time = roles.optional("time", options.time.as_deref())?;
    let id = roles.optional("id", options.id.as_deref())?;
    let weights = weights.map(|idx| roles.weights(idx)).transpose()?;
    let groups = group.map(|idx| roles.groups(idx)).transpose()?;
    let group_keys = group.map(|idx| group_keys(&table.columns[idx]));
    let time = time.map(|idx| roles.times(idx)).transpose()?;
    let row_keys = match id {
        Some(idx) => roles.id_keys(idx)?,
        None => content_keys(&table, &options.ignore),
    };
    let provenance = Provenance {
        content,
        schema: schema_digest(&table),
        rows: n_read,
        source: options.source.shown.clone(),
    };
    Ok(Dataset {
        table,
        features,
        target,
        labels,
        classes,
        weights,
        groups,
        group_keys,
        time,
        row_keys,
        provenance,
    })
}

/// A hash of each row's content, the ignored columns aside.
pub(super) fn content_keys(table: &Table, ignored: &[String]) -> Vec<u64> {
    let kept = |&idx: &usize| !ignored.contains(&table.columns[idx].name);
    let columns: Vec<usize> = (0..table.columns.len()).filter(kept).collect();
    row_hashes(table, &columns)
}

/// The text of a cell as an identifier or label: numbers in their shortest spelling.
pub(super) fn cell_text(column: &Column, row: usize) -> Option<String> {
    match &column.values {
        Values::Numbers(numbers) if numbers[row].is_nan() => None,
        Values::Numbers(numbers) => Some(Value::Float(numbers[row]).to_string()),
        Values::Codes { codes, .. } if codes[row] == MISSING => None,
        Values::Codes { codes, levels } => Some(levels[codes[row] as usize].clone()),
    }
}

/// A table with the roles that the sweep file gives.
pub(super) struct Roles<'a> {
    pub(super) options: &'a DataOptions,
    pub(super) table: &'a Table,
}

impl<'a> Roles<'a> {
    fn new(options: &'a DataOptions, table: &'a Table) -> Self {
        Self { options, table }
    }

    pub(super) fn column(&self, idx: usize) -> &'a Column {
        &self.table.columns[idx]
    }

    fn find(&self, key: &'static str, name: &str) -> Result<usize, Error> {
        self.table.find(name).ok_or_else(|| {
            let what = format!("no such column in '{}'", self.options.source.shown);
            Error::role(key, name, what, self.table.name_mend(name))
        })
    }

    fn optional(&self, key: &'static str, name: Option<&str>) -> Result<Option<usize>, Error> {
        name.map(|name| self.find(key, name)).transpose()
    }

    /// Columns with a role besides the target.
    fn taken(&self) -> [(&'static str, Option<&'a String>); 4] {
        let options = self.options;
        [
            ("weights", options.weights.as_ref()),
            ("group", options.group.as_ref()),
            ("time", options.time.as_ref()),
            ("id", options.id.as_ref()),
        ]
    }

    /// The target has no other role, and is not ignored.
    fn check_apart(&self) -> Result<(), Error> {
        let target = &self.options.target;
        let clash = self.taken().into_iter().find(|(_, name)| *name == Some(target));
        let key =
            clash.map(|(key, _)| key).or(self.options.ignore.contains(target).then_some("ignore"));
        match key {
            Some(key) => Err(Error::role(
                "target",
                target,
                format!("the same column stands under '{key}'"),
                format!("name another target, or remove it from '{key}'"),
            )),
            None => Ok(()),
        }
    }

    fn features(&self, target: usize) -> Result<Vec<usize>, Error> {
        let features = match &self.options.features {
            Some(names) => self.named_features(names, target)?,
            None => (0..self.table.columns.len())
                .filter(|&idx| idx != target && self.unfit(idx).is_none())
                .collect(),
        };
        if features.is_empty() {
            let reasons: Vec<String> = (0..self.table.columns.len())
                .filter(|&idx| idx != target)
                .take(10)
                .filter_map(|idx| Some(format!("'{}' {}", self.column(idx).name, self.unfit(idx)?)))
                .collect();
            let why = if reasons.is_empty() {
                "the target is the only column".into()
            } else {
                reasons.join(", ")
            };
            return Err(Error::source(
                &self.options.source.shown,
                format!("no feature is left: {why}"),
                "ignore fewer columns, make texts a category under 'types', or check the delimiter",
            ));
        }
        Ok(features)
    }

    fn named_features(&self, names: &[String], target: usize) -> Result<Vec<usize>, Error> {
        let mut features = Vec::with_capacity(names.len());
        for name in names {
            let idx = self.find("features", name)?;
            let why = if idx == target { Some("is the target") } else { self.unfit(idx) };
            if let Some(why) = why {
                return Err(Error::role(
                    "features",
                    name,
                    format!("the column {why}"),
                    FEATURE_MEND,
                ));
            }
            features.push(idx);
        }
        features.sort_unstable();
        features.dedup();
        Ok(features)
    }

    /// Why a column is no feature.
    fn unfit(&self, idx: usize) -> Option<&'static str> {
        let column = self.column(idx);
        if self.options.ignore.contains(&column.name) {
            return Some("is ignored");
        }
        if let Some((key, _)) = self.taken().iter().find(|(_, name)| *name == Some(&column.name)) {
            return Some(match *key {
                "weights" => "holds the weights",
                "group" => "is the group",
                "time" => "is the time",
                _ => "is the id",
            });
        }
        match column.kind {
            ColumnType::Text => Some("is free text"),
            _ if (0..column.len()).all(|row| column.is_missing(row)) => Some("has no values"),
            _ => None,
        }
    }

    /// The place of a row for messages.
    pub(super) fn place(&self, row: usize) -> String {
        place_of_row(&self.options.source, row)
    }

    /// Fails on cells for which `bad` is true, with their number and the first place.
    pub(super) fn refuse(
        &self,
        key: &'static str,
        idx: usize,
        problem: (&str, &str),
        bad: impl Fn(usize) -> bool,
    ) -> Result<(), Error> {
        let mut rows = (0..self.table.n_rows).filter(|&row| bad(row));
        let Some(first) = rows.next() else { return Ok(()) };
        let (what, mend) = problem;
        let n = 1 + rows.count();
        let cells = if n == 1 { "cell is" } else { "cells are" };
        let what = format!("{n} {cells} {what}, first at {}", self.place(first));
        Err(Error::role(key, &self.column(idx).name, what, mend))
    }

    fn refuse_missing(&self, key: &'static str, idx: usize) -> Result<(), Error> {
        let column = self.column(idx);
        let mend = "fill the cells or remove these rows";
        self.refuse(key, idx, ("missing", mend), |row| column.is_missing(row))
    }

    /// The numbers of a column that must hold some.
    fn numbers(&self, key: &'static str, idx: usize) -> Result<&'a [f64], Error> {
        let column = self.column(idx);
        match &column.values {
            Values::Numbers(numbers) => Ok(numbers),
            Values::Codes { .. } => {
                let what = format!("the column is {}, not numbers", column.kind.word());
                Err(Error::role(key, &column.name, what, "name a column of numbers"))
            }
        }
    }

    fn weights(&self, idx: usize) -> Result<Vec<f64>, Error> {
        self.refuse_missing("weights", idx)?;
        let weights = self.numbers("weights", idx)?;
        let mend = "weights are finite numbers of at least 0";
        self.refuse("weights", idx, ("infinite", mend), |row| weights[row].is_infinite())?;
        self.refuse("weights", idx, ("negative", mend), |row| weights[row] < 0.0)?;
        if weights.iter().sum::<f64>() > 0.0 {
            return Ok(weights.to_vec());
        }
        let name = &self.column(idx).name;
        Err(Error::role("weights", name, "every weight is '0'", "give some rows a weight"))
    }

    fn groups(&self, idx: usize) -> Result<Vec<u32>, Error> {
        self.refuse_missing("group", idx)?;
        Ok(match &self.column(idx).values {
            Values::Codes { codes, .. } => codes.clone(),
            Values::Numbers(numbers) => {
                let distinct = distinct_sorted(numbers);
                let code = |v: &f64| distinct.partition_point(|d| d.total_cmp(v).is_lt()) as u32;
                numbers.iter().map(|v| code(&(v + 0.0))).collect()
            }
        })
    }

    fn times(&self, idx: usize) -> Result<Vec<f64>, Error> {
        self.refuse_missing("time", idx)?;
        let times = self.numbers("time", idx)?;
        let mend = "a time is a date or a finite number";
        self.refuse("time", idx, ("infinite", mend), |row| times[row].is_infinite())?;
        Ok(times.to_vec())
    }

    fn id_keys(&self, idx: usize) -> Result<Vec<u64>, Error> {
        self.refuse_missing("id", idx)?;
        let column = self.column(idx);
        let mut first_rows: HashMap<u64, usize> = HashMap::with_capacity(column.len());
        let mut keys = Vec::with_capacity(column.len());
        for row in 0..column.len() {
            let text = cell_text(column, row).unwrap_or_default();
            let key = id_hash(&text);
            if let Some(first) = first_rows.insert(key, row) {
                let (first, second) = (self.place(first), self.place(row));
                return Err(Error::role(
                    "id",
                    &column.name,
                    format!("'{text}' identifies two rows, at {first} and at {second}"),
                    "name a column without repeated values, or leave 'id' out",
                ));
            }
            keys.push(key);
        }
        Ok(keys)
    }
}

const FEATURE_MEND: &str = "remove it from 'features'; a text can be made a category under 'types'";

/// The distinct numbers in ascending order, NaN left out, both zeros as one.
pub(super) fn distinct_sorted(numbers: &[f64]) -> Vec<f64> {
    let mut distinct: Vec<f64> = numbers.iter().filter(|v| !v.is_nan()).map(|v| v + 0.0).collect();
    distinct.sort_unstable_by(f64::total_cmp);
    distinct.dedup();
    distinct
}
